"""Paths that are no place for a file, and keys that are no keys: an error that names them, and nothing lost.

What a key file may be is held in test_keys.py, what the writing does in test_durable.py; here are the user's calls.
"""

import errno
import io
import os
import pickle
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure import keys
from perdure.errors import PerdureWarning

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file semantics")
not_root = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read and write everywhere")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    perdure.dump("old", tmp_path / "model.sav")
    return tmp_path


def unchanged(folder: Path) -> bool:
    return os.listdir(folder) == ["model.sav"] and perdure.load(folder / "model.sav") == "old"


# Paths -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "error"), [
    ("", FileNotFoundError), ("nowhere/model.sav", FileNotFoundError), ("folder/", IsADirectoryError),
    ("model.sav/below", NotADirectoryError), (".", IsADirectoryError), ("n" * 300, OSError),
])
def test_no_place_for_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: type[OSError]) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(error) as caught:
        perdure.dump([1, 2], name)
    assert caught.value.filename == name and unchanged(folder)
    with pytest.raises(OSError) as caught:
        perdure.load(name)
    assert caught.value.filename == name and unchanged(folder)


@pytest.mark.parametrize("path", ["a\0b", Path("a\0b")], ids=["str", "Path"])
def test_no_name_of_a_file(path: Any) -> None:
    for call in (lambda: perdure.dump(1, path), lambda: perdure.load(path)):
        with pytest.raises(ValueError, match="null"):
            call()


@posix
@not_root
def test_a_folder_that_takes_no_file(folder: Path) -> None:
    """Though the file itself may be written: nothing is ever written in place."""
    os.chmod(folder, 0o500)
    try:
        with pytest.raises(PermissionError, match="takes no new file") as caught:
            perdure.dump("new", folder / "model.sav")
    finally:
        os.chmod(folder, 0o700)
    assert caught.value.filename == str(folder / "model.sav") and unchanged(folder)


@posix
@not_root
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    os.chmod(folder / "model.sav", 0)
    with pytest.raises(PermissionError) as caught:
        perdure.load(folder / "model.sav")
    assert caught.value.filename == str(folder / "model.sav")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_device() -> None:
    with pytest.raises(OSError, match="/dev/full") as caught:
        perdure.dump([1, 2], "/dev/full")
    assert caught.value.errno == errno.ENOSPC and stat.S_ISCHR(os.stat("/dev/full").st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's limit and its error")
def test_a_disk_that_is_full(folder: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(OSError, match=r"model\.sav") as caught:
            perdure.dump(os.urandom(100_000), folder / "model.sav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert caught.value.errno == errno.EFBIG and unchanged(folder)


@posix
def test_a_pipe_is_written_through_and_read_as_a_stream(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    perdure.dump({"a": 1}, pipe)
    reader.join(10)
    (tmp_path / "copy").write_bytes(got[0])
    assert perdure.load(tmp_path / "copy") == pickle.loads(got[0]) == {"a": 1}
    for call in (perdure.load, perdure.verify, perdure.sign):
        writer = threading.Thread(target=lambda: ignored(lambda: pipe.write_bytes(got[0])))
        writer.start()
        with pytest.raises(OSError, match="read only once") as caught:
            call(pipe)
        writer.join(10)
        assert (caught.value.errno, caught.value.filename) == (errno.ESPIPE, str(pipe))
    writer = threading.Thread(target=lambda: pipe.write_bytes(got[0]))
    writer.start()
    with open(pipe, "rb") as file:
        assert perdure.load(file) == {"a": 1}
        file.read()
    writer.join(10)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


def ignored(call: Callable[[], object]) -> None:
    """A reader may go away before the writer is done."""
    try:
        call()
    except BrokenPipeError:
        pass


@posix
def test_what_holds_no_stream(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    for path in (tmp_path / "empty", "/dev/null"):
        with pytest.raises(EOFError) as caught:
            perdure.load(path)
        assert isinstance(caught.value, perdure.CorruptError)
    with pytest.raises(perdure.CorruptError):
        perdure.load("/dev/zero")


@posix
def test_standard_output(tmp_path: Path) -> None:
    """In a process of its own: to a pipe, and to a file that it does not replace."""
    code = "import perdure; perdure.dump({'a': 1}, '/dev/stdout')"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert pickle.loads(done.stdout) == {"a": 1}
    with open(tmp_path / "out", "wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
        assert os.path.samestat(os.fstat(out.fileno()), os.stat(tmp_path / "out"))
    assert perdure.load(tmp_path / "out") == {"a": 1}


# A sealed file, read by what reads bare streams -----------------------------------------------------------


class Model:
    pass


def test_an_unpickler_reads_the_stream_of_a_sealed_file(folder: Path) -> None:
    perdure.dump({"a": [1, b"x" * 100_000]}, folder / "model.sav")
    with open(folder / "model.sav", "rb") as file:
        unpickler = perdure.Unpickler(file)
        assert unpickler.load() == {"a": [1, b"x" * 100_000]}
        assert file.read(4) == b"\x89PRD"
        file.seek(-4, os.SEEK_CUR)
        with pytest.raises(perdure.UnpicklingError):
            unpickler.load()
        file.seek(0)
        assert perdure.load(file) == pickle.loads((folder / "model.sav").read_bytes())


def test_it_asks_the_policy_whoever_sealed(folder: Path) -> None:
    perdure.dump(Model(), folder / "model.sav")
    assert isinstance(perdure.load(folder / "model.sav"), Model)
    for read in (lambda file: perdure.Unpickler(file).load(), perdure.load):
        with open(folder / "model.sav", "rb") as file, pytest.raises(perdure.UntrustedError):
            read(file)
    sealed = io.BytesIO(perdure.dumps(Model(), key=True))
    with pytest.raises(perdure.UntrustedError):
        perdure.Unpickler(sealed).load()
    sealed.seek(0)
    assert isinstance(perdure.Unpickler(sealed, trusted=[Model]).load(), Model)


# Keys --------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a user's own key, in a home of this test's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PERDURE_HOME", str(home))
    monkeypatch.delenv("PERDURE_KEY", raising=False)
    keys.own()
    return home / "keys" / "own.key"


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


BAD_KEYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "world-readable": (lambda path: path.chmod(0o644), "others can read it: chmod 600"),
    "empty": (lambda path: path.write_bytes(b""), "is empty: a key file holds 32 bytes"),
    "too short": (lambda path: path.write_bytes(b"k" * 31), "is 31 bytes long: a key file holds 32 bytes"),
    "too long": (lambda path: path.write_bytes(b"k" * 33), "is 33 bytes long: a key file holds 32 bytes"),
    "a folder": (as_folder, "is a folder, not a key file"),
    "unreadable": (lambda path: path.chmod(0), "cannot be read"),
}


@posix
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=not_root) if kind == "unreadable" else kind for kind in BAD_KEYS
])
def test_a_bad_key(kind: str, folder: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for, it is an error; by default the file is written without a seal, and a warning says why; a file that it
    had sealed is a stranger's, and a refusal says why."""
    perdure.dump(Model(), folder / "model.sav")
    spoil, says = BAD_KEYS[kind]
    spoil(own)
    with pytest.raises(perdure.UntrustedError) as refused:
        perdure.load(folder / "model.sav")
    assert any(says in note for note in refused.value.__notes__)
    with pytest.raises(perdure.KeyFileError, match=says) as caught:
        perdure.dump("new", folder / "model.sav", key=True)
    assert caught.value.path == str(own)
    assert isinstance(perdure.load(folder / "model.sav", trusted=[Model]), Model)
    with pytest.raises(perdure.KeyFileError, match=says):
        perdure.dumps(1, key=True)
    with pytest.warns(PerdureWarning, match=f"gets no seal: .*{says}"):
        perdure.dump("new", folder / "model.sav")
    assert perdure.load(folder / "model.sav") == "new"
    assert not perdure.verify(folder / "model.sav")
