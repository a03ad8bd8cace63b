"""The keyring: made once, refused when others can read it, kept when it rotates; no secret where it can be seen."""

import copy
import os
import pickle
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import perdure
from perdure import keys
from perdure.errors import KeyFileError
from perdure.files import keyfiles
from perdure.files.keys import Key, signing_key

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
not_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")

SECRET = bytes(range(32))
DIGITS = SECRET.hex()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERDURE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PERDURE_KEY", raising=False)
    return tmp_path / "home"


@pytest.fixture
def place(home: Path) -> Path:
    """The folder of keys, with an own key in it."""
    keys.own()
    return home / "keys"


def put(path: Path, content: bytes = SECRET, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


# A key by itself ---------------------------------------------------------------------------------------


def test_id_is_that_of_the_format() -> None:
    import hashlib

    assert Key(SECRET).id == hashlib.sha256(b"perdure key id" + SECRET).digest()[:8]


def test_repr_shows_no_secret() -> None:
    for shown in (repr(Key(SECRET, "team")), str(Key(SECRET)), f"{Key(SECRET).for_purpose('x')}"):
        assert DIGITS[:8] not in shown and Key(SECRET).id.hex() in shown


def test_hexadecimal() -> None:
    assert Key.from_hex(DIGITS) == Key.from_hex(DIGITS.upper()) == Key(SECRET)
    assert Key(SECRET).hex() == DIGITS


@pytest.mark.parametrize("bad", ["", DIGITS[:-1], DIGITS + "0", "g" * 64, DIGITS[:-2] + "  ", "٣" * 64, DIGITS + "\n"])
def test_what_is_no_hexadecimal_key_is_refused_and_not_shown(bad: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits") as caught:
        Key.from_hex(bad)
    assert not bad or bad not in str(caught.value)


def test_wrong_lengths_and_types() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        Key(bytes(31))
    with pytest.raises(TypeError, match="not str"):
        Key(DIGITS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not bytes"):
        Key.from_hex(SECRET)  # type: ignore[arg-type]


def test_equality_and_purpose() -> None:
    key = Key(SECRET)
    assert key == Key(SECRET) and hash(key) == hash(Key(SECRET))
    assert key != Key.random() and key != SECRET
    assert key.for_purpose("session") != key
    assert key.for_purpose("session").id == key.id
    with pytest.raises(TypeError, match="not bytes"):
        key.for_purpose(b"session")  # type: ignore[arg-type]


@pytest.mark.parametrize("take", [pickle.dumps, perdure.dumps, perdure.pickle.dumps, copy.copy])
def test_a_key_lands_in_no_pickle(take: object) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        take(Key(SECRET))  # type: ignore[operator]


# What key= takes ---------------------------------------------------------------------------------------


def test_signing_key(home: Path) -> None:
    assert signing_key(None) is None and signing_key(False) is None
    assert not home.exists()
    assert signing_key(True) == keys.own()
    assert signing_key(Key(SECRET)) == signing_key(SECRET) == signing_key(bytearray(SECRET)) == Key(SECRET)


@pytest.mark.parametrize(("bad", "error", "says"), [
    (DIGITS, TypeError, "from_hex"),
    (bytes(31), ValueError, "not 31"),
    (b"", ValueError, "not 0"),
    (1, TypeError, "not int"),
    (0, TypeError, "not int"),
    (object(), TypeError, "not object"),
    (Key, TypeError, "not type"),
])
def test_what_is_no_key(bad: object, error: type[Exception], says: str, home: Path) -> None:
    with pytest.raises(error, match=says) as caught:
        signing_key(bad)
    assert DIGITS not in str(caught.value)
    assert not home.exists()


# The user's own key ------------------------------------------------------------------------------------


def test_own_key_is_made_on_first_use_and_stays(home: Path) -> None:
    key = keys.own()
    assert keys.own() == key
    assert (home / "keys" / "own.key").read_bytes() == bytes.fromhex(key.hex())
    assert os.listdir(home / "keys") == ["own.key"]


@posix
@pytest.mark.parametrize("umask", [0, 0o777, 0o022])
def test_own_key_is_its_users_alone(home: Path, umask: int) -> None:
    home.mkdir(0o755)
    (home / "keys").mkdir(0o700)
    before = os.umask(umask)
    try:
        keys.own()
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "keys" / "own.key").stat().st_mode) == 0o600


@posix
def test_folders_are_its_users_alone(place: Path) -> None:
    assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_looking_makes_nothing(home: Path) -> None:
    ring = keys.known()
    assert ring.own is None and not ring.keys and not ring.publishers and not ring.problems
    assert not home.exists()
    assert keys.known(make=True).own is not None


def test_processes_that_start_at_once_make_one_key(home: Path) -> None:
    code = "import sys; from perdure import keys; sys.stdin.readline(); print(keys.own().hex())"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for process in started:
        process.stdin.write("\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    made = {process.communicate()[0] for process in started}
    assert made == {keys.own().hex() + "\n"}
    assert os.listdir(home / "keys") == ["own.key"]


def test_threads_that_start_at_once_make_one_key(home: Path) -> None:
    made: list[Key] = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        made.append(keys.own())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and set(made) == {keys.own()}


# Bad key files -----------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666, 0o601])
def test_a_key_that_others_can_read_is_refused(place: Path, mode: int) -> None:
    path = place / "own.key"
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode {mode:04o}.*chmod 600 ") as caught:
        keys.own()
    assert (caught.value.path, caught.value.mode) == (str(path), mode)
    assert keys.known().own is None and any("chmod 600" in problem for problem in keys.known().problems)
    path.chmod(0o600)
    assert keys.own().id in keys.known().keys


@pytest.mark.parametrize(("content", "says"), [
    (b"", "is empty"),
    (SECRET[:31], "31 bytes long"),
    (SECRET + b"\n", "33 bytes long"),
    (SECRET * 2, "64 bytes long"),
    (DIGITS[:-1].encode(), "63 bytes long"),
    (DIGITS.encode() + b"\n\n", "66 bytes long"),
    (b"x" * 5000, "5000 bytes long"),
    (bytes(32), "32 zero bytes"),
])
def test_what_is_no_key_file(place: Path, content: bytes, says: str) -> None:
    path = put(place / "own.key", content)
    with pytest.raises(KeyFileError, match=says) as caught:
        keys.own()
    assert caught.value.path == str(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_of_digits(place: Path, end: str) -> None:
    put(place / "own.key", (DIGITS + end).encode())
    assert keys.own() == Key(SECRET)


def test_a_folder_in_its_place(place: Path) -> None:
    (place / "own.key").unlink()
    (place / "own.key").mkdir()
    with pytest.raises(KeyFileError, match="is a folder"):
        keys.own()


@posix
def test_a_pipe_in_its_place_holds_nobody_up(place: Path) -> None:
    (place / "own.key").unlink()
    os.mkfifo(place / "own.key", 0o600)
    with pytest.raises(KeyFileError, match="no regular file"):
        keys.own()


@posix
def test_a_link_to_nowhere(place: Path) -> None:
    (place / "own.key").unlink()
    (place / "own.key").symlink_to(place / "gone")
    with pytest.raises(KeyFileError):
        keys.own()
    assert sorted(os.listdir(place)) == ["own.key"]


@posix
def test_a_link_to_a_key(place: Path, tmp_path: Path) -> None:
    (place / "own.key").unlink()
    (place / "own.key").symlink_to(put(tmp_path / "elsewhere"))
    assert keys.own() == Key(SECRET)
    (tmp_path / "elsewhere").chmod(0o644)
    keyfiles_forgotten()
    with pytest.raises(KeyFileError, match="mode 0644"):
        keys.own()


def keyfiles_forgotten() -> None:
    """A ring that was read is kept while the folder stays as it is, which a change elsewhere does not touch."""
    from perdure.files import keys as keyring

    keyring.changed()


@posix
def test_another_users_key(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyfiles_forgotten()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1 or 12345)
    if os.getuid() == 0:  # what root owns is anybody's to rely on
        assert keys.own()
        os.chown(place / "own.key", 54321, -1)
    with pytest.raises(KeyFileError, match="belongs to user|has mode"):
        keys.own()


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root gives files away")
def test_root_relies_on_nobody_elses_key(place: Path) -> None:
    os.chown(place / "own.key", 12345, -1)
    with pytest.raises(KeyFileError, match="belongs to user 12345, not to user 0"):
        keys.own()


@not_root
def test_a_key_that_its_user_cannot_read(place: Path) -> None:
    (place / "own.key").chmod(0)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keys.own()


@posix
def test_a_system_that_refuses_to_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, flags: int, mode: int = 0o777) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    (place / "own.key").chmod(0o200)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(KeyFileError, match="own.key.*Permission denied.*mode 0200: chmod 600 ") as caught:
        keys.own()
    assert caught.value.mode == 0o200


@posix
def test_a_folder_that_others_can_write_to(place: Path) -> None:
    place.chmod(0o770)
    with pytest.raises(KeyFileError, match="others can write to it: chmod 700 "):
        keys.own()
    assert "chmod 700" in keys.known().problems[0] and not keys.known().keys


def test_a_file_in_the_folders_place(home: Path) -> None:
    home.mkdir()
    put(home / "keys", b"")
    with pytest.raises(KeyFileError):
        keys.own()


def test_a_home_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "file")
    monkeypatch.setenv("PERDURE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(KeyFileError, match="key=False"):
        keys.own()
    keys.known()


@pytest.mark.parametrize("fails", ["write", "fsync", "link" if os.name == "posix" else "rename"])
def test_a_disk_that_fails_leaves_nothing(home: Path, fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, fails, fail)
        with pytest.raises(KeyFileError, match="No space left"):
            keys.own()
    assert os.listdir(home / "keys") == []
    assert keys.own()


@posix
def test_a_file_system_without_links(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(KeyFileError, match="hard links.*PERDURE_HOME"):
        keys.own()


def test_one_bad_file_leaves_the_others(place: Path) -> None:
    put(place / "broken.key", b"short")
    put(place / "broken.publisher", b"short")
    put(place / "notes.txt", b"no key")
    ring = keys.known()
    assert ring.own == keys.own() and len(ring.keys) == 1
    assert len(ring.problems) == 2 and all("broken" in problem for problem in ring.problems)


# Where the keys lie ------------------------------------------------------------------------------------


def test_relative_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERDURE_HOME", "home")
    with pytest.raises(KeyFileError, match="not an absolute path"):
        keys.own()
    assert "not an absolute path" in keys.known().problems[0]
    assert not os.listdir(tmp_path)


def test_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PERDURE_HOME", "~")
    assert keys.folder() == str(tmp_path / "keys")


@pytest.mark.parametrize("data", [None, "set", "", " ", "relative"])
def test_without_platformdirs_it_is_the_same_place(data: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("platformdirs")
    monkeypatch.setenv("HOME", str(tmp_path))
    if data is None:
        monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / data) if data == "set" else data)
    where = keyfiles.default_home.__wrapped__
    with_it = where()
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert where() == with_it


def test_platformdirs_knows_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    platformdirs = pytest.importorskip("platformdirs")

    def fail(*arguments: object, **named: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_data_dir", fail)
    assert keyfiles.default_home.__wrapped__() == ""


def test_no_home_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERDURE_HOME")
    monkeypatch.setattr("perdure.files.keyfiles.default_home", lambda: "~/.local/share/perdure")
    with pytest.raises(KeyFileError, match="no home folder.*PERDURE_HOME.*PERDURE_KEY"):
        keys.own()
    monkeypatch.setenv("PERDURE_KEY", DIGITS)
    assert keys.own() == Key(SECRET)


# PERDURE_KEY -------------------------------------------------------------------------------------------


def test_key_of_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERDURE_KEY", DIGITS)
    assert keys.own() == Key(SECRET)
    assert not home.exists()


def test_its_file(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "secret")
    monkeypatch.setenv("PERDURE_KEY", str(path))
    assert keys.own() == Key(SECRET)
    put(path, SECRET[::-1])
    assert keys.own() == Key(SECRET[::-1])
    if os.name == "posix":
        put(path, SECRET, 0o644)
        with pytest.raises(KeyFileError, match="chmod 600"):
            keys.own()
    path.unlink()
    with pytest.raises(KeyFileError, match="No such file"):
        keys.own()
    assert not home.exists()


def test_the_own_key_still_verifies(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = keys.own()
    monkeypatch.setenv("PERDURE_KEY", DIGITS)
    ring = keys.known()
    assert ring.own == Key(SECRET) and set(ring.keys) == {old.id, Key(SECRET).id}
    for change in (keys.new, lambda: keys.use("own")):
        with pytest.raises(ValueError, match="PERDURE_KEY"):
            change()


@pytest.mark.parametrize("bad", ["", DIGITS[:-1], DIGITS + "00", "secret", "keys/team.key", "g" * 64, " " + DIGITS])
def test_what_is_neither_digits_nor_a_path_is_refused_and_not_shown(
    bad: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys.own()
    monkeypatch.setenv("PERDURE_KEY", bad)
    with pytest.raises(KeyFileError, match="PERDURE_KEY is") as caught:
        keys.own()
    assert not bad or bad not in str(caught.value)
    ring = keys.known()
    assert ring.own is None and old.id in ring.keys and "PERDURE_KEY" in ring.problems[0]


# Rotation and shared keys ------------------------------------------------------------------------------


def test_rotation(place: Path) -> None:
    first = keys.own()
    second = keys.new()
    third = keys.new()
    assert keys.own() == third and len({first, second, third}) == 3
    assert set(keys.known().keys) == {first.id, second.id, third.id}


def test_two_that_rotate_at_once_lose_no_key(place: Path) -> None:
    made = [keys.own()]
    threads = [threading.Thread(target=lambda: made.append(keys.new())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.id for key in made} <= set(keys.known().keys)
    assert keys.own() in made


def test_rotation_needs_no_own_key_before(home: Path) -> None:
    assert keys.new() == keys.own()


def test_rotation_stops_at_a_key_that_cannot_be_read(place: Path) -> None:
    put(place / "own.key", b"short")
    with pytest.raises(KeyFileError, match="5 bytes long"):
        keys.new()
    assert (place / "own.key").read_bytes() == b"short"


def test_shared_key(place: Path) -> None:
    own, team = keys.own(), Key(SECRET)
    keys.add(team, "team")
    keys.add(team, "team")
    assert keys.own() == own and keys.known().keys[team.id].name == "team"
    assert keys.use("team") == keys.own() == team
    assert own.id in keys.known().keys
    assert keys.use(own.id.hex()) == keys.own() == own
    assert set(keys.known().keys) == {own.id, team.id}


@pytest.mark.parametrize("bad", ["", "own", ".hidden", "a/b", "..", "a" * 65, "a\n", "é", "Own", "0123456789abcdef", "0123456789ABCDEF"])
def test_names(bad: str, place: Path) -> None:
    for call in (lambda: keys.add(Key(SECRET), bad), lambda: keys.trust_publisher(SECRET, bad)):
        with pytest.raises(ValueError, match="not a name"):
            call()
    assert os.listdir(place) == ["own.key"]


def test_a_name_means_one_key(place: Path) -> None:
    keys.add(Key(SECRET), "team")
    with pytest.raises(ValueError, match="another key is called team"):
        keys.add(Key.random(), "team")
    with pytest.raises(TypeError, match="from_hex"):
        keys.add(DIGITS, "text")  # type: ignore[arg-type]
    with pytest.raises(LookupError, match="no key is called 'tema'; there are: own, team"):
        keys.use("tema")


def test_forgotten(place: Path) -> None:
    own, team = keys.own(), Key(SECRET)
    keys.add(team, "team")
    keys.use("team")
    for name in ("own", "team", team.id.hex()):
        with pytest.raises(ValueError, match="the key that seals"):
            keys.forget(name)
    keys.use(own.id.hex())
    keys.forget("team")
    assert set(keys.known().keys) == {own.id}
    assert DIGITS not in {path.read_bytes().hex() for path in place.iterdir()}
    with pytest.raises(LookupError):
        keys.forget("team")


def test_what_the_environment_seals_with_is_not_forgotten(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = keys.own()
    monkeypatch.setenv("PERDURE_KEY", DIGITS)
    with pytest.raises(ValueError, match="change PERDURE_KEY first"):
        keys.forget(Key(SECRET).id.hex())
    keys.forget(own.id.hex())
    assert set(keys.known().keys) == {Key(SECRET).id} and not os.listdir(place)


# What was read is kept, and read again when it changed -------------------------------------------------


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if each call came long after the last."""
    monkeypatch.setattr("perdure.files.keys._BRIEFLY", 0)


def settled(place: Path) -> None:
    """As if the folder had last changed long ago."""
    os.utime(place, (time.time() - 60,) * 2)


def test_what_was_read_is_kept(place: Path, looking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(place)
    ring = keys.known()
    monkeypatch.setattr("perdure.files.keys.names", None)
    assert keys.known() is ring and keys.known(make=True) is ring


def test_what_another_process_changed_is_read(place: Path, looking: None) -> None:
    settled(place)
    keys.known()
    put(place / "team.key")
    assert Key(SECRET).id in keys.known().keys
    settled(place)
    assert Key(SECRET).id in keys.known().keys
    (place / "team.key").unlink()
    assert Key(SECRET).id not in keys.known().keys


def test_the_folder_is_not_looked_at_all_the_time(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(place)
    ring = keys.known()
    monkeypatch.setattr("perdure.files.keys._BRIEFLY", 3600)
    monkeypatch.setattr(os, "stat", None)
    assert keys.known() is ring
    monkeypatch.undo()


def test_ones_own_changes_count_at_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(place)
    monkeypatch.setattr("perdure.files.keys._BRIEFLY", 3600)
    before = keys.own()
    assert before != keys.new() == keys.own()
    keys.trust_publisher(SECRET, "them")
    assert keys.publishers() == {SECRET: "them"}


def test_ones_first_key_counts_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though there was none a moment ago: what is dumped now is one's own to the next load."""
    monkeypatch.setattr("perdure.files.keys._BRIEFLY", 3600)
    assert keys.known().own is None
    own = keys.own()
    assert keys.known().own == own


def test_another_home_counts_at_once(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(place)
    own = keys.own()
    monkeypatch.setenv("PERDURE_KEY", DIGITS)
    assert keys.own() == Key(SECRET)
    monkeypatch.delenv("PERDURE_KEY")
    monkeypatch.setenv("PERDURE_HOME", str(tmp_path / "other"))
    assert keys.own() not in (own, Key(SECRET))


def test_a_key_given_is_known_too(place: Path) -> None:
    ring = keys.known()
    assert ring.accepting(None) is ring and ring.accepting(True) is ring
    assert set(ring.accepting(SECRET).keys) == {*ring.keys, Key(SECRET).id}
    assert ring.accepting(Key(SECRET).for_purpose("session")).purpose == "session"
    assert not ring.accepting(False).keys and not ring.accepting(False).publishers
    assert Key(SECRET).id not in ring.keys


def test_the_keyring_shows_no_secret(place: Path) -> None:
    shown = repr(keys.known())
    assert keys.own().id.hex() in shown and keys.own().hex() not in shown


# Publishers --------------------------------------------------------------------------------------------


def test_trust_and_distrust(place: Path) -> None:
    keys.trust_publisher(SECRET, "them")
    keys.trust_publisher(DIGITS, "them")
    assert keys.publishers() == {SECRET: "them"}
    with pytest.raises(ValueError, match="another publisher is called them"):
        keys.trust_publisher(SECRET[::-1], "them")
    keys.distrust("them")
    assert keys.publishers() == {}
    with pytest.raises(LookupError, match="no publisher is called 'them'; there are: none"):
        keys.distrust("them")


@posix
def test_a_publisher_that_others_can_change(place: Path) -> None:
    keys.trust_publisher(SECRET, "them")
    (place / "them.publisher").chmod(0o664)
    keyfiles_forgotten()
    assert keys.publishers() == {} and "chmod 644" in keys.known().problems[0]


@pytest.mark.parametrize(("bad", "error", "says"), [
    (bytes(31), ValueError, "not 31"),
    ("abc", ValueError, "64 hexadecimal digits"),
    (DIGITS + "\n", ValueError, "64 hexadecimal digits"),
    (7, TypeError, "not int"),
    (Key(SECRET), TypeError, "not Key"),
])
def test_what_is_no_public_key(bad: object, error: type[Exception], says: str, place: Path) -> None:
    with pytest.raises(error, match=says):
        keys.trust_publisher(bad, "them")  # type: ignore[arg-type]


def test_publishing_without_cryptography(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    monkeypatch.delitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", raising=False)
    with pytest.raises(ImportError, match="perdure\\[sign\\]"):
        keys.publisher_new("us")
    assert os.listdir(place) == ["own.key"]


def test_a_publisher_of_ones_own(place: Path) -> None:
    pytest.importorskip("cryptography")
    private = keys.publisher_new("us")
    assert keys.publishers() == {keys.public_key(private): "us"}
    assert keys.public_key(keys.publisher("us")) == keys.public_key(private)
    assert signing_key(private) is private
    assert keys.known().accepting(private).publishers[keys.public_key(private)]
    with pytest.raises(ValueError, match="there is a publisher called us"):
        keys.publisher_new("us")
    with pytest.raises(LookupError, match="no private key is called 'them'; there are: us"):
        keys.publisher("them")
    with pytest.raises(TypeError, match="private key"):
        signing_key(private.public_key())
    with pytest.raises(TypeError, match="stays with the publisher"):
        keys.trust_publisher(private, "them")  # type: ignore[arg-type]
    keys.trust_publisher(private.public_key(), "alias")
    if os.name == "posix":
        assert stat.S_IMODE((place / "us.private").stat().st_mode) == 0o600
        (place / "us.private").chmod(0o640)
        with pytest.raises(KeyFileError, match="chmod 600"):
            keys.publisher("us")


def test_importing_perdure_brings_no_keys() -> None:
    code = "import sys; before = set(sys.modules); import perdure; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"hashlib", "hmac", "cryptography", "perdure.keys", "perdure.files.keys"} & set(done.stdout.split())


def test_keys_bring_no_cryptography(place: Path) -> None:
    code = "import sys; from perdure import keys; keys.own(); keys.publishers(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cryptography" not in done.stdout.split()
