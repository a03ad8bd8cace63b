"""``progress=``: told in bytes, up to the end; what it raises ends the dump or the load, and harms nothing."""

import bz2
import gzip
import io
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure.files.progress import STEP

Tell = Callable[[int, int | None], object]

VALUES = {
    "one array": bytearray(9 << 20),
    "bytes": [bytes([i]) * (3 << 20) for i in range(4)],
    "small objects": [{"id": i, "name": f"name {i}", "value": i / 3} for i in range(60_000)],
    "nothing": None,
}


@pytest.fixture(params=VALUES)
def value(request: pytest.FixtureRequest) -> Any:
    return VALUES[request.param]


class Told:
    """What was told, held to the rules at once."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int | None]] = []

    def __call__(self, done: int, total: int | None) -> None:
        if self.calls:
            assert self.calls[-1][0] <= done
        assert total is None or done <= total
        self.calls.append((done, total))

    def check(self, size: int, total: int | None) -> None:
        """To the end, in steps of a MiB at least, the total always the same, but that it is known at the end."""
        assert self.calls[-1] == (size, size)
        assert {each[1] for each in self.calls[:-1]} <= {total}
        steps = [later[0] - before[0] for before, later in zip([(0, 0), *self.calls], self.calls[:-1], strict=False)]
        assert all(step >= STEP for step in steps)


@pytest.mark.parametrize("suffix", ["sav", "gz"])
def test_paths(value: Any, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v.{suffix}"
    told = Told()
    perdure.dump(value, path, progress=told)
    size = path.stat().st_size
    told.check(size, None)
    if suffix == "sav" and size > 4 * STEP:
        assert len(told.calls) >= 2
    for given in ({}, {"verify": False}, *([{"mmap_mode": "r"}] if suffix == "sav" else [])):
        told = Told()
        assert perdure.load(path, progress=told, **given) == value  # type: ignore[arg-type]
        told.check(size, size)
        if suffix == "sav" and size > 4 * STEP:
            assert len(told.calls) >= 2


def test_file_objects(value: Any, tmp_path: Path) -> None:
    told, file = Told(), io.BytesIO()
    perdure.dump(value, file, progress=told)
    size = file.tell()
    told.check(size, None)
    assert pickle.loads(file.getvalue()) == value
    file.write(pickle.dumps("the next"))
    (tmp_path / "v").write_bytes(file.getvalue())

    class Poor:
        """With no more than is demanded."""

        def __init__(self, file: Any) -> None:
            self.read, self.readline = file.read, file.readline

    with open(tmp_path / "v", "rb") as buffered, open(tmp_path / "v", "rb", buffering=0) as raw:
        for opened in (io.BytesIO(file.getvalue()), buffered, raw, Poor(io.BytesIO(file.getvalue()))):
            told = Told()
            assert perdure.load(opened, progress=told) == value
            assert told.calls[-1] == (size, size) and perdure.load(opened) == "the next"


def test_files_of_others(value: Any, tmp_path: Path) -> None:
    for written in (pickle.dumps(value), gzip.compress(pickle.dumps(value), 1)):
        (tmp_path / "v").write_bytes(written)
        told = Told()
        assert perdure.load(tmp_path / "v", progress=told) == value
        told.check(len(written), len(written))


class Enough(Exception):
    pass


def enough(done: int, total: int | None) -> None:
    raise Enough


@pytest.mark.parametrize("error", [Enough(), KeyboardInterrupt(), StopIteration(), OSError(5, "mine")])
@pytest.mark.parametrize("suffix", ["sav", "gz"])
def test_what_it_raises_ends_a_dump_and_leaves_the_old_file(
    value: Any, suffix: str, error: BaseException, tmp_path: Path
) -> None:
    def tell(done: int, total: int | None) -> None:
        raise error

    path = tmp_path / f"v.{suffix}"
    perdure.dump("old", path)
    with pytest.raises(type(error)) as caught:
        perdure.dump(value, path, progress=tell)
    assert caught.value is error
    assert perdure.load(path) == "old" and os.listdir(tmp_path) == [path.name]
    perdure.dump(value, path)
    with pytest.raises(type(error)) as caught:
        perdure.load(path, progress=tell)
    assert caught.value is error
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("perdure")]
    assert perdure.load(path) == value


def test_the_last_call_comes_before_the_file_takes_its_place(tmp_path: Path) -> None:
    perdure.dump("old", tmp_path / "v")
    with pytest.raises(Enough):
        perdure.dump("new", tmp_path / "v", progress=enough)
    assert perdure.load(tmp_path / "v") == "old"


@pytest.mark.parametrize("wrong", [3, "tqdm", True])
def test_what_is_no_function(wrong: Any, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"old")
    for call in (
        lambda: perdure.dump(1, tmp_path / "v", progress=wrong),
        lambda: perdure.dump(1, io.BytesIO(), progress=wrong),
        lambda: perdure.load(tmp_path / "v", progress=wrong),
        lambda: perdure.load(io.BytesIO(b"N."), progress=wrong),
    ):
        with pytest.raises(TypeError, match=r"progress= takes a function of \(done, total\)"):
            call()
    assert (tmp_path / "v").read_bytes() == b"old"


def test_what_is_no_file() -> None:
    with pytest.raises(TypeError, match="file must have a 'write' attribute"):
        perdure.dump(1, 7, progress=print)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="file must have 'read' and 'readline' attributes"):
        perdure.load(7, progress=print)  # type: ignore[arg-type]


def test_damage_is_found_all_the_same(tmp_path: Path) -> None:
    perdure.dump(VALUES["bytes"], tmp_path / "v")
    data = bytearray((tmp_path / "v").read_bytes())
    data[5 << 20] ^= 1
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(perdure.CorruptError, match="digest"):
        perdure.load(tmp_path / "v", progress=Told())
    (tmp_path / "other").write_bytes(bz2.compress(b"N."))
    with pytest.raises(perdure.CorruptError):
        perdure.load(tmp_path / "other", progress=Told())
