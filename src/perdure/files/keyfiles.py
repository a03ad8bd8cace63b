"""Key files: where they lie, and how one is read and made.

Rules: what is opened is looked at, not what a name promised (``fstat``, never ``stat``). A file
that others can read, that another user owns, or that is no key is refused, and the message says
what to do. A new file is complete, on disk and readable by its owner alone before it has a name;
if another process was first, that process's file counts.
"""

from __future__ import annotations

import os
import stat
import sys
from errno import EMLINK, ENOSYS, ENOTSUP, EPERM
from functools import cache

from perdure.errors import KeyFileError
from perdure.files.durable import uninterrupted

__all__ = ["LENGTH", "default_home", "folder", "made", "names", "put", "read_public", "read_secret", "removed"]

LENGTH = 32  # bytes, of every key and of the seed of a signing one

_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)  # a FIFO or a terminal must not hold us up
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS = (EMLINK, ENOSYS, ENOTSUP, EPERM)  # what a file system without hard links says
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def folder() -> str:
    """The folder of the user's keys, which need not exist: ``keys`` in PERDURE_HOME or the user's data folder."""
    home = os.environ.get("PERDURE_HOME")
    if home:
        home = os.path.expanduser(home)
        if not os.path.isabs(home):  # else whoever owns the current folder would own the keys
            raise KeyFileError(f"PERDURE_HOME is not an absolute path: {home}", home)
    else:
        home = default_home()
        if not os.path.isabs(home):
            raise KeyFileError("this user has no home folder: set PERDURE_HOME to a folder, or PERDURE_KEY to a key")
    return os.path.join(home, "keys")


@cache
def default_home() -> str:
    """The user's data folder for perdure, by platformdirs where that is installed; the same without it."""
    try:
        from platformdirs import user_data_dir
    except ImportError:
        pass
    else:
        try:
            return user_data_dir("perdure", appauthor=False)
        except (OSError, RuntimeError, ValueError):  # a user without a home
            return ""
    if sys.platform == "win32":
        data = os.environ.get("LOCALAPPDATA", "") or os.path.expanduser(r"~\AppData\Local")
    else:
        usual = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share"
        chosen = os.environ.get("XDG_DATA_HOME", "")
        data = chosen if os.path.isabs(chosen) else os.path.expanduser(usual)
    return os.path.join(data, "perdure")


def names(place: str) -> list[str]:
    """The names of the files in the folder of keys; none if there is no such folder."""
    try:
        status = os.stat(place)
        if not stat.S_ISDIR(status.st_mode):
            raise KeyFileError(f"{place} is to be the folder of the keys, and is none", place, _mode(status))
        # Who can write here can put another file in a key's place.
        _check(status, place, _OTHERS_WRITE, "others can write to it", 0o700)
        return sorted(os.listdir(place))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _refused(error, place, "the folder of the keys cannot be read") from None


def read_secret(path: str) -> bytes:
    """The 32 bytes of a secret key's file, which holds them or their 64 hex digits."""
    secret = _content(path, _OTHERS, "others can read it", 0o600)
    if not any(secret):
        raise KeyFileError(f"{path} holds 32 zero bytes, which is no secret: remove it, or put the key back", path)
    return secret


def read_public(path: str) -> bytes:
    """The 32 bytes of a public key's file: anybody may read it, nobody else write it."""
    return _content(path, _OTHERS_WRITE, "others can write to it", 0o644)


def _content(path: str, forbidden: int, complaint: str, wanted: int) -> bytes:
    try:
        descriptor = os.open(path, _READ)
    except IsADirectoryError:
        raise KeyFileError(f"{path} is a folder, not a key file", path) from None
    except OSError as error:
        if os.path.isdir(path):  # which Windows says otherwise
            raise KeyFileError(f"{path} is a folder, not a key file", path) from None
        raise _refused(error, path, "the key file cannot be read") from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise KeyFileError(f"{path} is a folder, not a key file", path, _mode(status))
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileError(f"{path} is no regular file, so no key file", path, _mode(status))
        _check(status, path, forbidden, complaint, wanted)
        content = os.read(descriptor, 2 * LENGTH + 3)  # one more than any key file holds
    except KeyFileError:
        raise
    except OSError as error:
        raise _refused(error, path, "the key file cannot be read") from None
    finally:
        os.close(descriptor)
    if len(content) == LENGTH:
        return content
    digits = content.removesuffix(b"\n").removesuffix(b"\r")
    if len(digits) == 2 * LENGTH:
        try:
            key = bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            key = b""
        if len(key) == LENGTH:
            return key
    size = status.st_size
    raise KeyFileError(
        f"{path} is {'empty' if not size else f'{size} bytes long'}: a key file holds {LENGTH} bytes, "
        f"or {2 * LENGTH} hex digits", path, _mode(status),
    )


def _check(status: os.stat_result, path: str, forbidden: int, complaint: str, wanted: int) -> None:
    """Nobody else may have a say in it. (Where permissions are no modes, as on Windows, the system's lists count.)"""
    if os.name != "posix":
        return
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in (os.geteuid(), 0):
        raise KeyFileError(
            f"{path} belongs to user {status.st_uid}, not to user {os.geteuid()} who runs this: "
            f"give it to its user (chown {os.geteuid()}), or set PERDURE_HOME", path, mode,
        )
    if mode & forbidden:
        raise KeyFileError(f"{path} has mode {mode:04o}, so {complaint}: chmod {wanted:o} {path}", path, mode)


def put(place: str, name: str, content: bytes, mode: int = 0o600) -> bool:
    """Makes the file ``name``, all or nothing; False, and nothing is changed, if there is one."""
    temporary = _written(place, content, mode)
    final = os.path.join(place, name)
    try:
        if os.name == "nt":
            uninterrupted(os.rename, temporary, final)  # never over another file there
        else:
            uninterrupted(os.link, temporary, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in _NO_LINKS:
            message = "its file system has no hard links; set PERDURE_HOME to a folder on a local disk"
            raise KeyFileError(f"{final} cannot be made: {message}", final) from None
        raise _refused(error, final, "the key file cannot be made") from None
    finally:
        _unlinked(temporary)
    _names_to_disk(place)
    return True


def made(place: str, name: str, content: bytes, mode: int = 0o600) -> None:
    """Makes or replaces the file ``name``, all or nothing."""
    temporary = _written(place, content, mode)
    final = os.path.join(place, name)
    try:
        uninterrupted(os.replace, temporary, final)
    except OSError as error:
        _unlinked(temporary)
        raise _refused(error, final, "the key file cannot be made") from None
    _names_to_disk(place)


def removed(place: str, name: str) -> None:
    """Removes the file ``name``; if it is gone already, so much the better."""
    path = os.path.join(place, name)
    try:
        uninterrupted(os.unlink, path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refused(error, path, "the key file cannot be removed") from None
    _names_to_disk(place)


def _written(place: str, content: bytes, mode: int) -> str:
    """The path of a new file under a name of its own, with this content, on disk."""
    try:
        os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
        os.makedirs(place, 0o700, exist_ok=True)
        names(place)  # that nobody else can write there
        temporary = os.path.join(place, f".new-{os.urandom(8).hex()}")
        descriptor = os.open(temporary, _NEW, 0o600)
    except KeyFileError:
        raise
    except OSError as error:
        raise _refused(error, place, "no key can be made there") from None
    try:
        try:
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)  # whatever the umask takes away
            while content:
                content = content[os.write(descriptor, content):]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException as error:
        _unlinked(temporary)
        if isinstance(error, OSError):
            raise _refused(error, place, "no key can be made there") from None
        raise
    return temporary


def _unlinked(path: str) -> None:
    try:
        uninterrupted(os.unlink, path)
    except OSError:
        pass


def _names_to_disk(place: str) -> None:
    if os.name == "nt":  # no folder can be opened there
        return
    try:
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:  # the file is in place; what is lost by a power cut now was not used yet
        pass


def _refused(error: OSError, path: str, what: str) -> KeyFileError:
    """The same failure, with the path, its permissions where they are why, and the remedy."""
    message, mode = f"{path}: {what}: {error.strerror or error}", None
    if isinstance(error, PermissionError):
        try:
            status = os.stat(path)
        except OSError:
            pass
        else:
            mode = _mode(status)
            wanted = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
            message += f". It has mode {mode:04o}: chmod {wanted:o} {path}"
    return KeyFileError(message, path, mode)


def _mode(status: os.stat_result) -> int:
    return stat.S_IMODE(status.st_mode)
