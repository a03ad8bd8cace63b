"""A file is replaced whole or not at all, and no failure leaves anything beside it."""

import array
import io
import os
import stat
import threading
from collections.abc import Iterator
from errno import EIO, ENOSPC
from pathlib import Path

import pytest

from perdure.files import durable
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


@pytest.mark.parametrize("call", ["open", pytest.param("fchmod", marks=posix), "write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(EIO, "Input/output error"), KeyboardInterrupt()])
def test_failing_system_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    os.chmod(folder / "model.sav", 0o640)
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


# The stream --------------------------------------------------------------------------------------------


def test_all_of_any_buffer_is_written_however_short_the_writes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: max(1, len(data) // 2)]))
    numbers = array.array("d", range(1000))
    with opened(folder / "model.sav") as file:
        assert file.write(numbers) == 8000
        assert file.write(b"") == 0
        assert file.write(memoryview(b"abcdef")[1:5]) == 4
        assert file.tell() == 8004
    assert (folder / "model.sav").read_bytes() == numbers.tobytes() + b"bcde"


def test_what_wraps_the_stream_closes_no_descriptor(folder: Path) -> None:
    with opened(folder / "model.sav") as file:
        with io.BufferedWriter(file) as wrapped:
            wrapped.write(b"new")
        os.fstat(file.fileno())
    assert (folder / "model.sav").read_bytes() == b"new"


def test_full_disk_tells_both_sizes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        if taken:
            raise OSError(ENOSPC, "No space left on device")
        taken.append(len(data) // 2)
        return taken[0]

    taken: list[int] = []
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=r"2,000 bytes .* old file's 3\b.*model\.sav") as caught:
        write(folder / "model.sav", bytes(4000))
    assert caught.value.errno == ENOSPC
    assert (folder / "model.sav").read_bytes() == b"old"


def test_a_write_of_nothing_is_no_endless_loop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, data: 0)
    with pytest.raises(OSError, match=r"model\.sav"):
        write(folder / "model.sav")


# Bad paths ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_full_device_names_itself() -> None:
    with pytest.raises(OSError, match="/dev/full") as caught:
        write("/dev/full")
    assert caught.value.errno == ENOSPC


@posix
def test_a_link_to_a_device_is_one(tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out:
        (tmp_path / "link").symlink_to(f"/dev/fd/{out.fileno()}")
        write(tmp_path / "link")
        assert os.path.samestat(os.fstat(out.fileno()), os.stat(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"new"


@pytest.mark.parametrize(("name", "error"), [("", FileNotFoundError), ("fresh/", IsADirectoryError)])
def test_names_of_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: type[OSError]) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(error) as caught:
        write(name)
    assert caught.value.filename == name
    assert os.listdir(folder) == ["model.sav"]


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_takes_no_file_is_named(folder: Path) -> None:
    os.chmod(folder, 0o500)
    try:
        with pytest.raises(PermissionError, match="takes no new file") as caught:
            write(folder / "model.sav")
    finally:
        os.chmod(folder, 0o700)
    assert caught.value.filename == str(folder / "model.sav")
    assert (folder / "model.sav").read_bytes() == b"old"


# Access ------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("mode", [0o600, 0o444, 0o666])
def test_nobody_may_read_more_of_the_new_file_while_it_is_written(folder: Path, mode: int) -> None:
    os.chmod(folder / "model.sav", mode)
    with opened(folder / "model.sav") as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder / "model.sav").st_mode) == mode


@posix
def test_a_group_that_cannot_be_kept_keeps_no_access(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    os.chmod(folder / "model.sav", 0o664)
    old = list(os.stat(folder / "model.sav"))
    old[5] += 1  # the group
    monkeypatch.setattr(os, "fchown", refuse)
    with durable.Replacement(str(folder / "model.sav"), os.stat_result(old)) as file:
        file.write(b"new")
    assert stat.S_IMODE(os.stat(folder / "model.sav").st_mode) == 0o644


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_the_new_file_to_the_old_ones_owner(folder: Path) -> None:
    os.chown(folder / "model.sav", 1234, 4321)
    write(folder / "model.sav")
    new = os.stat(folder / "model.sav")
    assert (new.st_uid, new.st_gid) == (1234, 4321)


@posix
def test_hard_links_part(folder: Path) -> None:
    os.link(folder / "model.sav", folder / "other")
    write(folder / "model.sav")
    assert (folder / "other").read_bytes() == b"old"


# Writers that died, and those that live -------------------------------------------------------------------


@pytest.fixture
def left(folder: Path) -> Iterator[list[Path]]:
    """What writers left that were killed at work."""
    paths = [folder / f".model.sav.perdure-tmp{number}" for number in (0, 1, 5)]
    for path in paths:
        path.write_bytes(b"half")
    yield paths


@posix
def test_the_next_writer_takes_away_what_dead_ones_left(folder: Path, left: list[Path]) -> None:
    write(folder / "other.sav")
    assert all(path.exists() for path in left)
    write(folder / "model.sav")
    assert sorted(os.listdir(folder)) == ["model.sav", "other.sav"]


@posix
def test_the_living_keep_theirs(folder: Path) -> None:
    with opened(folder / "model.sav") as one:
        one.write(b"first")
        with opened(folder / "model.sav") as other:
            other.write(b"second")
            assert len(os.listdir(folder)) == 3
        assert (folder / "model.sav").read_bytes() == b"second"
    assert (folder / "model.sav").read_bytes() == b"first"
    assert os.listdir(folder) == ["model.sav"]


@posix
def test_more_writers_than_names(folder: Path) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for number in range(70):
            stack.enter_context(opened(folder / "model.sav")).write(b"%d" % number)
        assert len(os.listdir(folder)) == 71
    assert (folder / "model.sav").read_bytes() == b"0"
    assert os.listdir(folder) == ["model.sav"]


@posix
def test_a_writer_that_was_taken_for_dead_starts_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the opening and the lock another writer may be quicker."""
    locked = durable._locked

    def sweep_first(descriptor: int) -> bool:
        if not swept:
            swept.append(True)
            durable._sweep(str(folder / ".model.sav.perdure-tmp0"))
            assert os.listdir(folder) == ["model.sav"]
        return locked(descriptor)

    swept: list[bool] = []
    monkeypatch.setattr(durable, "_locked", sweep_first)
    write(folder / "model.sav")
    assert swept and (folder / "model.sav").read_bytes() == b"new"
    assert os.listdir(folder) == ["model.sav"]


@posix
def test_a_failed_writer_leaves_the_file_that_has_its_name_now(folder: Path) -> None:
    """Its own may have been taken away: where locks hold on one machine only."""
    temporary = folder / ".model.sav.perdure-tmp0"
    with pytest.raises(ValueError, match="no"), opened(folder / "model.sav"):
        temporary.unlink()
        temporary.write_bytes(b"another's")
        raise ValueError("no")
    assert temporary.read_bytes() == b"another's"


@posix
def test_a_name_that_passed_on_while_it_was_swept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its writer put the file in place, and the next one took the name, before the lock was asked for."""
    import fcntl

    temporary = folder / ".model.sav.perdure-tmp0"
    temporary.write_bytes(b"finished")
    lock = fcntl.flock

    def finish_first(descriptor: int, operation: int) -> None:
        os.replace(temporary, folder / "model.sav")
        temporary.write_bytes(b"another's")
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", finish_first)
    durable._sweep(str(temporary))
    assert temporary.read_bytes() == b"another's"


@posix
def test_what_only_has_such_a_name_is_neither_followed_nor_waited_for(folder: Path) -> None:
    (folder / "precious").write_bytes(b"kept")
    (folder / ".model.sav.perdure-tmp0").symlink_to("precious")
    os.mkfifo(folder / ".model.sav.perdure-tmp1")
    write(folder / "model.sav")
    assert (folder / "model.sav").read_bytes() == b"new"
    assert (folder / "precious").read_bytes() == b"kept"


@posix
def test_a_file_system_without_locks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl
    from errno import ENOLCK

    def none(descriptor: int, operation: int) -> None:
        raise OSError(ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with opened(folder / "model.sav") as one, opened(folder / "model.sav") as other:
        one.write(b"first")
        other.write(b"second")
    assert (folder / "model.sav").read_bytes() == b"first"
    assert os.listdir(folder) == ["model.sav"]


@posix
def test_without_durability_nothing_is_synced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("synced"))
    with opened(folder / "model.sav", durable=False) as file:
        file.write(b"new")
    assert (folder / "model.sav").read_bytes() == b"new"


@posix
def test_a_folder_that_may_not_be_read_is_synced_with_all_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = os.open

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return opening(path, flags, mode)

    synced: list[str] = []
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "sync", lambda: synced.append("all"))
    write(folder / "model.sav")
    assert synced == ["all"]
    assert (folder / "model.sav").read_bytes() == b"new"


@posix
def test_a_rename_that_was_asked_for_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose answer was lost has renamed the file already."""
    replace = os.replace

    def twice(source: str, target: str) -> None:
        replace(source, target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", twice)
    write(folder / "model.sav")
    assert (folder / "model.sav").read_bytes() == b"new"
