"""perdure's own calls: paths and file objects, what is trusted, and arguments that cannot be honoured yet."""

import inspect
import io
import operator
import os
import pickle
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

import perdure

VALUE = {"a": [1, 2.5, None, True, ("x", b"y")], "b": {3, 4}}


class Unpicklable:
    def __reduce__(self) -> str:
        raise ValueError("not me")


@pytest.mark.parametrize("protocol", [None, *range(pickle.HIGHEST_PROTOCOL + 1)])
def test_bytes(protocol: int | None) -> None:
    stream = perdure.dumps(VALUE, protocol)
    assert perdure.loads(stream, trusted=perdure.TRUST_ALL) == pickle.loads(stream) == VALUE


def test_built_in_values_need_no_trust() -> None:
    assert perdure.loads(perdure.dumps(VALUE)) == VALUE
    assert perdure.loads(bytearray(perdure.dumps(VALUE))) == VALUE
    assert perdure.loads(memoryview(perdure.dumps(VALUE))) == VALUE


@pytest.mark.parametrize("as_path", [str, Path])
def test_path(tmp_path: Path, as_path: type) -> None:
    path = as_path(tmp_path / "value.sav")
    perdure.dump(VALUE, path)
    assert perdure.load(path) == VALUE
    with open(path, "rb") as file:
        assert pickle.load(file) == VALUE
    assert os.listdir(tmp_path) == ["value.sav"]


def test_file_object_takes_several_streams() -> None:
    file = io.BytesIO()
    perdure.dump("one", file)
    perdure.dump("two", file)
    file.seek(0)
    assert [perdure.load(file), perdure.load(file)] == ["one", "two"]


def test_pickler_and_unpickler_share_a_memo() -> None:
    file = io.BytesIO()
    pickler = perdure.Pickler(file)
    shared = ["shared"]
    pickler.dump(shared)
    pickler.dump((shared, 2))
    file.seek(0)
    unpickler = perdure.Unpickler(file)
    first = unpickler.load()
    assert unpickler.load()[0] is first


def test_unpickler_asks_the_policy() -> None:
    stream = io.BytesIO(pickle.dumps(operator.attrgetter("real")))
    with pytest.raises(perdure.UntrustedError):
        perdure.Unpickler(stream).load()
    stream.seek(0)
    assert perdure.Unpickler(stream, trusted=perdure.TRUST_ALL).load()(3) == 3


def test_neither_path_nor_file() -> None:
    for call in (lambda: perdure.dump(1, 7), lambda: perdure.load(7)):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="file must have"):
            call()


def test_failing_dump_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "value.sav"
    perdure.dump("old", path)
    with pytest.raises(ValueError, match="not me"):
        perdure.dump([b"x" * 200_000, Unpicklable()], path)
    assert perdure.load(path) == "old"
    assert os.listdir(tmp_path) == ["value.sav"]


def test_buffers(tmp_path: Path) -> None:
    buffers: list[pickle.PickleBuffer] = []
    value = pickle.PickleBuffer(b"x" * 1000)
    stream = perdure.dumps(value, 5, buffer_callback=buffers.append)
    assert len(stream) < 100
    assert bytes(perdure.loads(stream, buffers=buffers)) == b"x" * 1000
    perdure.dump(value, tmp_path / "b.sav", 5, buffer_callback=buffers.append)
    assert bytes(perdure.load(tmp_path / "b.sav", buffers=buffers[1:])) == b"x" * 1000


def test_untrusted_name_is_refused_and_named() -> None:
    stream = pickle.dumps(operator.attrgetter("real"))
    with pytest.raises(perdure.UntrustedError, match=r"trusted=\['operator\.attrgetter'\]") as caught:
        perdure.loads(stream)
    assert caught.value.names == ("operator.attrgetter",)
    assert perdure.loads(stream, trusted=["operator.attrgetter"])(3) == 3
    assert perdure.loads(stream, trusted=perdure.TRUST_ALL)(3) == 3


@pytest.mark.parametrize("stream", [b"cos\nsystem\n(S'exit 1'\ntR.", b"(S'exit 1'\nios\nsystem\n."])
@pytest.mark.parametrize("protocol", [b"", b"\x80\x02", b"\x80\x04"])
def test_hostile_stream_runs_nothing(stream: bytes, protocol: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "system", lambda command: pytest.fail("it ran"))
    with pytest.raises(perdure.UntrustedError) as caught:
        perdure.loads(protocol + stream)
    assert caught.value.names == ("os.system",)


@pytest.mark.parametrize(("trusted", "error"), [
    ("sklearn", TypeError), (Fraction, TypeError), (True, TypeError), ([7], TypeError), ([type], TypeError),
    ([perdure.TRUST_ALL], TypeError), (["nosuchpack"], ValueError), (["a..b"], ValueError), ([".*"], ValueError),
], ids=repr)
def test_what_trusted_does_not_take(trusted: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        perdure.loads(b"N.", trusted=trusted)  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [
    {"compress": "zip"}, {"compress": 3.0}, {"compress": ("gzip", "best")}, {"key": "k" * 32}, {"key": b"k" * 31}, {"metadata": {1: 2}},
    {"progress": "tqdm"},
], ids=repr)
def test_dump_refuses_what_it_cannot_honour(tmp_path: Path, arguments: dict[str, object]) -> None:
    name = next(iter(arguments))
    with pytest.raises((TypeError, ValueError), match=name) as caught:
        perdure.dump(1, tmp_path / "value.sav", **arguments)  # type: ignore[arg-type]
    assert "kkk" not in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("arguments", [{"key": True}, {"mmap_mode": "r"}, {"verify": True}], ids=repr)
def test_load_of_a_file_object_refuses_what_is_for_paths(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(arguments))}="):
        perdure.load(io.BytesIO(b"N."), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("verify", ["yes", None, 2])
def test_verify_is_one_of_three(tmp_path: Path, verify: object) -> None:
    perdure.dump(1, tmp_path / "value.sav")
    with pytest.raises(ValueError, match="verify="):
        perdure.load(tmp_path / "value.sav", verify=verify)  # type: ignore[arg-type]


def test_a_suffix_asks_for_compression(tmp_path: Path) -> None:
    perdure.dump("one " * 1000, tmp_path / "value.sav.gz")
    assert (tmp_path / "value.sav.gz").read_bytes()[:2] == b"\x1f\x8b"
    perdure.dump(1, tmp_path / "plain.sav.gz", compress=False)
    assert (tmp_path / "plain.sav.gz").read_bytes()[:1] == b"\x80"
    assert perdure.load(tmp_path / "plain.sav.gz") == 1


def test_what_means_nothing_special_is_accepted(tmp_path: Path) -> None:
    perdure.dump(1, tmp_path / "value.sav", compress=None, key=False, metadata=None)
    assert perdure.load(tmp_path / "value.sav", key=False, verify=False, mmap_mode=None) == 1


def test_limits(tmp_path: Path) -> None:
    keys = perdure.dumps({(i, i): 0 for i in range(200)})
    (tmp_path / "keys.sav").write_bytes(keys)
    for load in (
        lambda limits: perdure.loads(keys, limits=limits),
        lambda limits: perdure.load(tmp_path / "keys.sav", limits=limits),
        lambda limits: perdure.Unpickler(io.BytesIO(keys), limits=limits).load(),
    ):
        assert len(load({"hashing": 10_000})) == len(load({"memory": 0})) == 200
        with pytest.raises(perdure.LimitError) as caught:
            load({"hashing": 100})
        assert caught.value.limit == "hashing"
        for limits in ({"hash": 1}, {"hashing": -1}, {"hashing": "1"}):
            with pytest.raises(ValueError, match="limits="):
                load(limits)
    copied = perdure.dumps(bytearray(b"abc"), 3)
    with pytest.raises(perdure.LimitError) as caught:
        perdure.loads(copied, limits={"memory": 2})
    assert caught.value.limit == "memory"


def test_joblibs_names(tmp_path: Path) -> None:
    path = tmp_path / "value.sav"
    perdure.dump(value=VALUE, filename=path, compress=3)  # type: ignore[call-arg]
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    assert perdure.load(filename=path, mmap_mode=None) == VALUE  # type: ignore[call-arg]
    perdure.dump(VALUE, filename=str(path), compress=("xz", 0), protocol=4)  # type: ignore[call-arg]
    assert perdure.load(path) == VALUE
    file = io.BytesIO()
    perdure.dump(VALUE, filename=file)  # type: ignore[call-arg]
    assert perdure.load(filename=io.BytesIO(file.getvalue())) == VALUE  # type: ignore[call-arg]


@pytest.mark.parametrize(("call", "says"), [
    (lambda path: perdure.load(path, ensure_native_byte_order="auto"), r"newbyteorder\('='\)"),
    (lambda path: perdure.load(path, "r"), "mmap_mode='r'"),
    (lambda path: perdure.dump(1, path, cache_size=3), "cache_size"),
    (lambda path: perdure.dump(1, path, ("gzip", 3)), "compress= goes by name"),
    (lambda path: perdure.dump(1, path, True), "compress= goes by name"),
    (lambda path: perdure.dump(1, io.BytesIO(), "gzip"), "compress= goes by name"),
    (lambda path: perdure.dump(1, path, None, 3), "by position"),
    (lambda path: perdure.dump(1, path, filename=path), "multiple values for argument 'file'"),
    (lambda path: perdure.dump(1, file=path, filename=path), "by two names"),
    (lambda path: perdure.dump(value=1), "missing 1 required positional argument: 'file'"),
    (lambda path: perdure.load(), "missing 1 required positional argument: 'file'"),
    (lambda path: perdure.load(path, mmap="r"), "unexpected keyword argument 'mmap'"),
])  # fmt: skip
def test_names_that_mean_nothing_here_say_what_to_do(call: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    perdure.dump("old", tmp_path / "value.sav")
    with pytest.raises(TypeError, match=says):
        call(tmp_path / "value.sav")
    assert perdure.load(tmp_path / "value.sav") == "old"


def test_the_calls_say_what_they_take() -> None:
    assert list(inspect.signature(perdure.dump).parameters)[:3] == ["obj", "file", "protocol"]
    assert list(inspect.signature(perdure.load).parameters)[:2] == ["file", "trusted"]


def test_a_warning_is_about_the_callers_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERDURE_KEY", "no key")
    with pytest.warns(perdure.PerdureWarning, match="no seal") as warned:
        perdure.dump(Fraction(1, 3), tmp_path / "value.sav")
    assert [each.filename for each in warned] == [__file__]
    monkeypatch.setattr(sys.modules["tests"], "__version__", "1.2.3", raising=False)
    perdure.dump(Unpicklable, tmp_path / "value.sav", key=False)
    monkeypatch.setattr(sys.modules["tests"], "__version__", "1.3.0")
    with pytest.warns(perdure.PerdureWarning, match="saved with") as warned:
        perdure.load(tmp_path / "value.sav", trusted=[Unpicklable])
    assert [each.filename for each in warned] == [__file__]
