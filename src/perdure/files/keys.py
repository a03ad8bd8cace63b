"""The keyring: whose seals count as the user's own, and which key makes new ones.

Rules: to read the keyring makes nothing, not even a folder. One key seals; all that ever sealed
are kept and verify, until they are forgotten. What is wrong with one key file is no reason to
distrust the others: it is kept as a problem, and told where a seal is then not known. A secret
is in no repr, no message and no pickle.

In the folder of keys: ``own.key`` seals; ``<its id>.key`` are keys that were made to seal, ``<name>.key``
are shared ones; ``<name>.publisher`` is a trusted public key, ``<name>.private`` one's own private one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sys
import time

from perdure.errors import KeyFileError
from perdure.files.keyfiles import LENGTH, folder, made, names, put, read_public, read_secret, removed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Key", "Ring", "add", "changed", "forget", "known", "new", "own", "signing_key", "use"]

_OWN = "own"
_BRIEFLY = 0.01  # s in which the folder is not looked at again
_SETTLED = 2_000_000_000  # ns after which a folder's time tells one change from the next, on any file system
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID = re.compile(r"[0-9a-f]{16}")


class Key:
    """A secret of 32 bytes that seals and verifies. ``id`` is public: 8 bytes that tell keys apart.

    >>> key = Key.from_hex("00112233445566778899aabbccddeeff" * 2)
    >>> key
    <Key id=ec496250cf373ea8>

    Raises ValueError for anything but 32 bytes. ``for_purpose`` gives the same key for one use alone.
    """

    __slots__ = ("_mac", "_primed", "_secret", "id", "name", "purpose")

    def __init__(self, secret: bytes, name: str = "", purpose: str = "") -> None:
        if not isinstance(secret, bytes):
            raise TypeError(f"a key is made of bytes, not {type(secret).__name__}")
        if len(secret) != LENGTH:
            raise ValueError(f"a key is {LENGTH} bytes, not {len(secret)}")
        self._secret = secret
        self.id = hashlib.sha256(b"perdure key id" + secret).digest()[:8]
        self._mac = hmac.digest(secret, b"perdure file seal v1", "sha256")  # for seals.py, as the next
        self._primed: hmac.HMAC | None = None  # the MAC so far, of what all messages of this key begin with
        self.name = name
        self.purpose = purpose

    @classmethod
    def random(cls) -> Key:
        """A new key, in no keyring."""
        return cls(os.urandom(LENGTH))

    @classmethod
    def from_hex(cls, digits: str) -> Key:
        """The key that 64 hexadecimal digits spell; ValueError for anything else, which it never shows."""
        if not isinstance(digits, str):
            raise TypeError(f"the digits of a key are a str, not {type(digits).__name__}")
        try:
            secret = bytes.fromhex(digits) if len(digits) == 2 * LENGTH else b""
        except ValueError:
            secret = b""
        if len(secret) != LENGTH:
            raise ValueError(f"a key is {2 * LENGTH} hexadecimal digits, which these {len(digits)} characters are not")
        return cls(secret)

    def hex(self) -> str:
        """The secret, as 64 hexadecimal digits: for a vault or PERDURE_KEY, never for a log."""
        return self._secret.hex()

    def for_purpose(self, purpose: str) -> Key:
        """The same key, whose seals are good for this purpose alone, and which accepts no others.

        >>> Key.random().for_purpose("session").purpose
        'session'
        """
        if not isinstance(purpose, str):
            raise TypeError(f"a purpose is a str, not {type(purpose).__name__}")
        return Key(self._secret, self.name, purpose)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        purpose = f" for {self.purpose!r}" if self.purpose else ""
        return f"<Key id={self.id.hex()}{name}{purpose}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        return hmac.compare_digest(self._secret, other._secret) and self.purpose == other.purpose

    def __hash__(self) -> int:
        return hash((self.id, self.purpose))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is not pickled: it would lie readable in the pickle. Key.hex() gives it for a vault")


class Ring:
    """What the keyring holds. ``own`` seals (None: there is none yet); ``keys`` verify, by their id;
    ``publishers`` are the names of the trusted public keys; ``problems`` says what could not be read."""

    __slots__ = ("keys", "own", "problems", "publishers", "purpose", "refusal")

    def __init__(self) -> None:
        self.own: Key | None = None
        self.keys: dict[bytes, Key] = {}
        self.publishers: dict[bytes, str] = {}
        self.problems: tuple[str, ...] = ()
        self.purpose = ""
        self.refusal: KeyFileError | None = None  # why there is no key to seal with

    def accepting(self, key: object) -> Ring:
        """The ring for a ``load`` that was given ``key=``: with that key too, for its purpose; none for False."""
        if key is None or key is True:
            return self
        other = Ring()
        if key is False:
            other.problems = ("key=False accepts no seal",)
            return other
        given = signing_key(key)
        other.own, other.problems, other.refusal = self.own, self.problems, self.refusal
        other.keys, other.publishers = self.keys, self.publishers
        if isinstance(given, Key):
            other.keys = {**self.keys, given.id: given}
            other.purpose = given.purpose
        elif given is not None:
            other.publishers = {**self.publishers, given.public_key().public_bytes_raw(): "the key given"}
        return other

    def __repr__(self) -> str:
        keys, publishers = list(self.keys.values()), list(self.publishers.values())
        return f"<Ring own={self.own!r} keys={keys!r} publishers={publishers!r}>"


class _Kept:
    """A ring that was read, and all that it was read from, so that it is read again when any of that changes."""

    __slots__ = ("file", "file_stamp", "given", "home", "looked", "place", "ring", "stamp")

    def __init__(self, given: str | None, home: str | None, place: str) -> None:
        self.given, self.home, self.place = given, home, place
        self.file = _path(given) if given else ""
        self.stamp, self.file_stamp = _stamp(place), _stamp(self.file)
        self.looked = time.monotonic()
        self.ring = Ring()

    def settled(self) -> bool:
        """Whether the next change would be seen: two at once leave one time, and a ring with a problem is
        read each time, because ``chmod`` does not change the folder."""
        now = time.time_ns()
        stamps = (self.stamp, self.file_stamp)
        return not self.ring.problems and all(stamp is None or now - stamp[2] > _SETTLED for stamp in stamps)

    def unchanged(self) -> bool:
        now = time.monotonic()
        if now - self.looked < _BRIEFLY:
            return True
        self.looked = now
        return _stamp(self.place) == self.stamp and _stamp(self.file) == self.file_stamp


_last: _Kept | None = None


def known(make: bool = False) -> Ring:
    """Every key that verifies. ``make=True`` makes the user's own first, if there is none and can be one.

    Raises nothing: what is wrong stands in the ring's ``problems``. What another process changes is seen within
    a hundredth of a second.
    """
    global _last
    last, given, home = _last, os.environ.get("PERDURE_KEY"), os.environ.get("PERDURE_HOME")
    if last is not None and last.given == given and last.home == home and last.unchanged():
        if last.ring.own is not None or not make:
            return last.ring
    try:
        place = folder()
    except KeyFileError as error:
        return _ring(given, "", error)
    kept = _Kept(given, home, place)
    ring = kept.ring = _ring(given, place, None)
    if make and ring.own is None and ring.refusal is None:
        try:
            put(place, f"{_OWN}.key", os.urandom(LENGTH))
        except KeyFileError as error:
            ring.refusal = error
            ring.problems += (str(error),)
            return ring
        changed()
        return _ring(given, place, None)
    if kept.settled():
        _last = kept
    return ring


def own() -> Key:
    """The key that seals: PERDURE_KEY, or the user's own, which is made on first use.

    Raises KeyFileError if it cannot be read or made, or if others can read it.
    """
    ring = known(make=True)
    if ring.own is None:
        error = ring.refusal
        if error is None:  # another process removed it between our two looks
            raise KeyFileError("the key that seals was removed while it was being read", None)
        raise KeyFileError(f"{error} (key=False writes no seal)", error.path, error.mode)
    return ring.own


def new() -> Key:
    """Makes a new key that seals from now on; the present one only verifies.

    Raises ValueError where PERDURE_KEY says which key seals.
    """
    return _seal_with(os.urandom(LENGTH))


def use(name: str) -> Key:
    """From now on the key of that name or id seals; the present one only verifies.

    Raises LookupError if there is none, ValueError where PERDURE_KEY says which key seals.
    """
    return _seal_with(_named(name)._secret)


def add(key: Key, name: str) -> None:
    """Keeps a key that others sealed with: what it sealed counts as the user's own. :func:`use` seals with it.

    Raises ValueError if another key has that name.
    """
    if not isinstance(key, Key):
        raise TypeError(f"what is added is a Key, not {type(key).__name__}; Key.from_hex makes one of 64 digits")
    place = folder()
    if not put(place, f"{checked(name)}.key", key._secret):
        if read_secret(os.path.join(place, f"{name}.key")) != key._secret:
            raise ValueError(f"another key is called {name}: forget it first, or choose another name")
    changed()


def forget(name: str) -> None:
    """Removes the key of that name or id, under every name that it has: its seals are strangers' from now on.

    Raises LookupError if there is none, ValueError if it is the one that seals.
    """
    key, place = _named(name), folder()
    if key == known().own:
        first = "make another with new()" if os.environ.get("PERDURE_KEY") is None else "change PERDURE_KEY"
        raise ValueError(f"{name} is the key that seals: {first} first")
    for file in names(place):
        if file.endswith(".key"):
            try:
                same = read_secret(os.path.join(place, file)) == key._secret
            except KeyFileError:
                continue
            if same:
                removed(place, file)
    changed()


def signing_key(key: object) -> Key | Ed25519PrivateKey | None:
    """What ``key=`` of dump, dumps and load means: None and False no key, True the user's own."""
    if key is None or key is False:
        return None
    if key is True:
        return own()
    if isinstance(key, Key):
        return key
    if isinstance(key, (bytes, bytearray, memoryview)):
        return Key(bytes(key))
    if isinstance(key, str):
        raise TypeError("key= takes no str: perdure.keys.Key.from_hex(digits) makes a key of 64 hexadecimal digits")
    signing = sys.modules.get("cryptography.hazmat.primitives.asymmetric.ed25519")  # else it is no object of theirs
    if signing is not None:
        if isinstance(key, signing.Ed25519PrivateKey):
            private: Ed25519PrivateKey = key
            return private
        if isinstance(key, signing.Ed25519PublicKey):
            raise TypeError("key= takes a publisher's private key; a public one only verifies (trust_publisher)")
    raise TypeError(
        f"key= takes True, {LENGTH} bytes, a perdure.keys.Key or a publisher's private key, not {type(key).__name__}"
    )


def changed() -> None:
    """The keyring was changed by this process: what was read of it is out of date."""
    global _last
    _last = None


def checked(name: str) -> str:
    """The name, if a file can be called so and it is not taken by a rule."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a key is a str, not {type(name).__name__}")
    alike = name.lower()  # many file systems make no difference
    if not _NAME.fullmatch(name) or alike == _OWN or _ID.fullmatch(alike):
        raise ValueError(
            f"not a name for a key: {name!r}. One to 64 letters, digits, '.', '_', '-', the first a letter or digit; "
            f"{_OWN!r} and 16 hexadecimal digits mean other keys"
        )
    return name


def _named(name: str) -> Key:
    ring = known()
    for key in ring.keys.values():
        if name in (key.name, key.id.hex()):
            return key
    place = folder()
    if f"{name}.key" in names(place):  # it has another name too, or was refused: then this says why
        return Key(read_secret(os.path.join(place, f"{name}.key")), name)
    there = ", ".join(key.name for key in ring.keys.values())
    raise LookupError(f"no key is called {name!r}; there are: {there or 'none'}")


def _seal_with(secret: bytes) -> Key:
    if os.environ.get("PERDURE_KEY") is not None:
        raise ValueError("PERDURE_KEY says which key seals here: change or unset it")
    place, key = folder(), Key(secret, _OWN)
    # Every key is there under its id before it seals, and stays: whatever happens between two of these
    # steps, and if two processes do this at once, no key that sealed something is lost.
    put(place, f"{key.id.hex()}.key", secret)
    path = os.path.join(place, f"{_OWN}.key")
    if os.path.lexists(path):
        present = read_secret(path)
        put(place, f"{Key(present).id.hex()}.key", present)
    made(place, f"{_OWN}.key", secret)
    changed()
    return key


def _ring(given: str | None, place: str, nowhere: KeyFileError | None) -> Ring:
    """Reads the keyring: ``given`` is PERDURE_KEY, ``place`` the folder, ``nowhere`` why there is none."""
    ring = Ring()
    problems: list[KeyFileError] = []
    if given is not None:
        try:
            _hold(ring, _from_environment(given), sealing=True)
        except KeyFileError as error:
            ring.refusal = error
            problems.append(error)
    if nowhere is not None:
        files: list[str] = []
        problems.append(nowhere)
    else:
        try:
            files = names(place)
        except KeyFileError as error:
            files, nowhere = [], error
            problems.append(error)
    if given is None:
        ring.refusal = nowhere
    # Names before ids, so that a shared key which seals or sealed is called by its name; the own key first.
    for file in sorted(files, key=lambda file: (file != f"{_OWN}.key", _ID.fullmatch(file[:-4]) is not None, file)):
        name, dot, end = file.rpartition(".")
        if not name or dot + end not in (".key", ".publisher", ".private"):
            continue  # no file of ours, or one that is being made
        path = os.path.join(place, file)
        try:
            if end == "key":
                _hold(ring, Key(read_secret(path), name), sealing=name == _OWN and given is None)
            elif end == "publisher":
                ring.publishers[read_public(path)] = name
        except KeyFileError as error:
            if error.path == path and not os.path.lexists(path):
                continue  # forgotten meanwhile
            problems.append(error)
            if name == _OWN and end == "key" and given is None:
                ring.refusal = error
    ring.problems = tuple(map(str, problems))
    return ring


def _hold(ring: Ring, key: Key, sealing: bool) -> None:
    ring.keys.setdefault(key.id, key)
    if sealing:
        ring.own = key


def _from_environment(given: str) -> Key:
    """The key that PERDURE_KEY holds or names. Its value is not shown where it may be a mistyped key."""
    if len(given) == 2 * LENGTH:
        try:
            return Key(Key.from_hex(given)._secret, "PERDURE_KEY")
        except ValueError:
            pass
    path = _path(given)
    if not path:
        what = f"{len(given)} characters that are neither" if given else "empty, and is to be"
        digits = "64 hexadecimal digits nor" if given else "64 hexadecimal digits or"
        raise KeyFileError(f"PERDURE_KEY is {what} {digits} the absolute path of a key file")
    return Key(read_secret(path), "PERDURE_KEY")


def _path(given: str) -> str:
    """The path in PERDURE_KEY, if that is absolute: else whoever owns the current folder would say what the key is."""
    path = os.path.expanduser(given)
    return path if os.path.isabs(path) else ""


def _stamp(path: str) -> tuple[int, int, int, int] | None:
    if not path:
        return None
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns
