"""The disk begins early with a large file; what it reports is told, and no thread outlives the writing."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from errno import EINVAL, EIO, ENOSPC
from pathlib import Path

import pytest

import perdure
from perdure.files import syncing
from perdure.files.durable import opened

pytestmark = pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="no fdatasync here")

PIECE = bytes(1000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(syncing, "EVERY", 4000)
    (tmp_path / "model.sav").write_bytes(b"old")
    return tmp_path


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("perdure")]


def failing(monkeypatch: pytest.MonkeyPatch, error: OSError) -> list[int]:
    """Makes each sync fail; the descriptors that were asked for."""
    asked: list[int] = []

    def fail(descriptor: int) -> None:
        asked.append(descriptor)
        raise error

    monkeypatch.setattr(os, "fdatasync", fail)
    return asked


def until(condition: Callable[[], bool]) -> None:
    """A thread's work is waited for, never for a time that it might take."""
    moment = threading.Event()
    while not condition():
        moment.wait(0.001)


def test_one_call_at_a_time_each_after_so_many_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, may_end = threading.Semaphore(0), threading.Semaphore(0)

    def slow(descriptor: int) -> None:
        began.release()
        may_end.acquire()

    monkeypatch.setattr(os, "fdatasync", slow)
    with opened(folder / "model.sav") as file:
        file.write(PIECE * 3)
        assert threads() == []
        file.write(PIECE)
        began.acquire()
        for _ in range(20):
            file.write(PIECE)
        assert not began.acquire(blocking=False), "another call before the first had returned"
        may_end.release()
        assert file.early is not None
        until(file.early._call.done)  # type: ignore[union-attr]
        file.write(PIECE)
        began.acquire()
        assert len(threads()) == 1
        may_end.release()
    assert threads() == []
    assert (folder / "model.sav").read_bytes() == PIECE * 25


def test_small_files_and_those_that_need_not_last_have_no_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, OSError(EIO, "Input/output error"))
    perdure.dump([1, 2], folder / "model.sav")
    with opened(folder / "model.sav", durable=False) as file:
        file.write(PIECE * 10)
    assert not asked and "perdure-sync" not in str(threads())


def test_an_error_of_the_disk_is_told_by_the_next_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, OSError(ENOSPC, "No space left on device"))
    with pytest.raises(OSError, match="beside the old file's 3,") as caught, opened(folder / "model.sav") as file:
        file.write(PIECE * 5)
        assert file.early is not None
        until(file.early._call.done)  # type: ignore[union-attr]
        file.write(PIECE * 5)
    assert (caught.value.errno, caught.value.filename) == (ENOSPC, str(folder / "model.sav"))
    assert (folder / "model.sav").read_bytes() == b"old"
    assert os.listdir(folder) == ["model.sav"] and threads() == []


def test_an_error_of_the_disk_is_told_at_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that succeeds after it would hide it: Linux tells it once."""
    failing(monkeypatch, OSError(EIO, "Input/output error"))
    with pytest.raises(OSError, match="Input/output error") as caught, opened(folder / "model.sav") as file:
        file.write(PIECE * 5)
    assert (caught.value.errno, caught.value.filename) == (EIO, str(folder / "model.sav"))
    assert (folder / "model.sav").read_bytes() == b"old"
    assert os.listdir(folder) == ["model.sav"] and threads() == []


def test_dump_tells_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perdure.dump("old", folder / "model.sav")
    failing(monkeypatch, OSError(EIO, "Input/output error"))
    with pytest.raises(OSError, match=r"model\.sav") as caught:
        perdure.dump([bytes([i]) * 70_000 for i in range(9)], folder / "model.sav")
    assert caught.value.errno == EIO
    assert perdure.load(folder / "model.sav") == "old"
    assert os.listdir(folder) == ["model.sav"] and threads() == []


def test_a_file_system_without_such_a_call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, OSError(EINVAL, "Invalid argument"))
    with opened(folder / "model.sav") as file:
        for _ in range(20):
            file.write(PIECE)
            until(lambda: file.early._call is None or file.early._call.done())  # type: ignore[union-attr]
    assert len(asked) == 1 and (folder / "model.sav").read_bytes() == PIECE * 20


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1), MemoryError()])
def test_an_exception_ends_the_thread_before_the_file_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    began, may_end = threading.Semaphore(0), threading.Semaphore(0)
    open_at_the_end: list[bool] = []

    def slow(descriptor: int) -> None:
        began.release()
        may_end.acquire()
        os.fstat(descriptor)
        open_at_the_end.append(True)

    monkeypatch.setattr(os, "fdatasync", slow)
    with pytest.raises(type(error)) as caught, opened(folder / "model.sav") as file:
        file.write(PIECE * 5)
        began.acquire()
        threading.Timer(0.05, may_end.release).start()
        raise error
    assert caught.value is error and open_at_the_end == [True]
    assert (folder / "model.sav").read_bytes() == b"old"
    assert os.listdir(folder) == ["model.sav"] and threads() == []


def test_where_no_thread_can_be_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for syncing nor for digests: it takes longer, and that is all."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    value = [bytes([i]) * (1 << 21) for i in range(5)]
    perdure.dump(value, folder / "model.sav")
    assert perdure.load(folder / "model.sav") == value
    assert perdure.verify(folder / "model.sav")


def test_at_the_interpreters_end(folder: Path) -> None:
    code = """if True:
        import atexit, sys, perdure
        from perdure.files import syncing
        syncing.EVERY = 1 << 20
        @atexit.register
        def last():
            perdure.dump([bytes([i]) * (3 << 20) for i in range(4)], sys.argv[1])
            assert len(perdure.load(sys.argv[1])) == 4
            print("done")
        """
    done = subprocess.run([sys.executable, "-c", code, folder / "model.sav"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("done\n", "")
