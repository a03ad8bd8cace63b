"""A file is replaced whole or not at all, and no failure leaves anything beside it."""

import os
import stat
import threading
from errno import EIO, ENOSPC
from pathlib import Path

import pytest

from perdure.files.durable import opened

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file semantics")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.sav").write_bytes(b"old")
    return tmp_path


def write(path: str | Path, content: bytes = b"new") -> None:
    with opened(path) as file:
        file.write(content)


def test_new_file(tmp_path: Path) -> None:
    write(tmp_path / "model.sav")
    assert (tmp_path / "model.sav").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["model.sav"]


def test_old_file_stays_until_the_new_one_is_whole(folder: Path) -> None:
    with opened(folder / "model.sav") as file:
        file.write(b"new")
        file.flush()
        assert (folder / "model.sav").read_bytes() == b"old"
    assert (folder / "model.sav").read_bytes() == b"new"


def test_relative_and_byte_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    write("model.sav", b"relative")
    assert Path("model.sav").read_bytes() == b"relative"
    with opened(os.fsencode("model.sav")) as file:
        file.write(b"bytes")
    assert Path("model.sav").read_bytes() == b"bytes"


def test_name_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    write(tmp_path / ("é" * 127))
    assert len(os.listdir(tmp_path)) == 1


@posix
def test_permissions(folder: Path) -> None:
    os.chmod(folder / "model.sav", 0o640)
    write(folder / "model.sav")
    assert stat.S_IMODE(os.stat(folder / "model.sav").st_mode) == 0o640
    before = os.umask(0o027)
    try:
        write(folder / "fresh.sav")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(folder / "fresh.sav").st_mode) == 0o640


@posix
def test_symbolic_link_stays_and_its_target_is_replaced(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "link").symlink_to("../model.sav")
    (folder / "sub" / "dangling").symlink_to("../fresh.sav")
    write(folder / "sub" / "link")
    write(folder / "sub" / "dangling")
    assert (folder / "sub" / "link").is_symlink()
    assert (folder / "model.sav").read_bytes() == (folder / "fresh.sav").read_bytes() == b"new"
    assert sorted(os.listdir(folder / "sub")) == ["dangling", "link"]


def test_folder_is_refused(folder: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        write(folder)
    assert caught.value.filename == str(folder)
    assert os.listdir(folder) == ["model.sav"]


def test_missing_folder_names_the_path_that_was_asked_for(folder: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write(folder / "nowhere" / "model.sav")
    assert caught.value.filename == str(folder / "nowhere" / "model.sav")


@posix
def test_fifo_is_written_through(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    write(fifo)
    reader.join(10)
    assert got == [b"new"]
    assert stat.S_ISFIFO(os.stat(fifo).st_mode)


@posix
def test_devices_are_written_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*paths: str) -> None:
        pytest.fail(f"renamed {paths}: as root, that would take the machine's device away")

    monkeypatch.setattr(os, "replace", never)
    write(os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    with open(tmp_path / "out", "wb") as out:
        write(f"/dev/fd/{out.fileno()}")
        assert os.path.samestat(os.fstat(out.fileno()), os.stat(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1), MemoryError()])
def test_exception_inside_leaves_the_old_file_and_nothing_else(folder: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, opened(folder / "model.sav") as file:
        file.write(b"half")
        raise error
    assert caught.value is error
    assert (folder / "model.sav").read_bytes() == b"old"
    assert os.listdir(folder) == ["model.sav"]


@pytest.mark.parametrize("call", ["open", "fchmod", "fdopen", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(EIO, "Input/output error"), KeyboardInterrupt()])
def test_failing_system_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(type(error)) as caught:
            write(folder / "model.sav")
    if isinstance(error, OSError):
        assert (caught.value.errno, caught.value.filename) == (EIO, str(folder / "model.sav"))
    assert (folder / "model.sav").read_bytes() == b"old"
    assert os.listdir(folder) == ["model.sav"]


def test_full_disk_names_the_path(folder: Path) -> None:
    with pytest.raises(OSError, match=r"model\.sav") as caught, opened(folder / "model.sav"):
        raise OSError(ENOSPC, "No space left on device")
    assert caught.value.errno == ENOSPC
    assert os.listdir(folder) == ["model.sav"]


@posix
def test_folder_that_cannot_be_synced_is_told_of_but_the_file_is_in_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def fail_on_folder(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_on_folder)
    with pytest.raises(OSError, match="in place") as caught:
        write(folder / "model.sav")
    assert caught.value.filename == str(folder / "model.sav")
    assert (folder / "model.sav").read_bytes() == b"new"
    assert os.listdir(folder) == ["model.sav"]


@posix
def test_order_is_write_sync_rename_sync(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        calls.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def note_replace(source: str, target: str) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    write(folder / "model.sav")
    assert calls == ["sync file", "rename", "sync folder"]
