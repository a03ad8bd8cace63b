"""Files that `dump` writes at a path: they come back, the standard library reads them, and what was changed is found."""

import bz2
import gzip
import json
import lzma
import os
import pickle
import pickletools
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure import keys
from perdure.errors import PerdureWarning
from perdure.files.reading import Source

SUFFIXES = ("sav", "gz", "zst", "lz4", "xz")


class Model:
    """Which no policy lets through."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]


VALUE = Model({"small": [1, 2.5, None], "large": b"x" * 70_000, "larger": bytearray(b"y" * 200_000), "text": "t" * 100_000})


def codec_is_there(suffix: str) -> None:
    if suffix in ("zst", "lz4"):
        pytest.importorskip("lz4" if suffix == "lz4" else "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


@pytest.fixture(params=SUFFIXES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    codec_is_there(request.param)
    return tmp_path / f"model.{request.param}"


def test_ones_own_file_loads_in_full(path: Path) -> None:
    perdure.dump(VALUE, path, metadata={"kind": "test", "numbers": [1, 2]})
    assert perdure.load(path) == VALUE
    with pytest.raises(perdure.UntrustedError) as caught:
        perdure.load(path, key=False)
    assert "nobody whom you trust" in caught.value.__notes__[-1]


def test_a_fresh_process_loads_it(path: Path) -> None:
    perdure.dump(VALUE, path)
    code = f"import perdure, tests.unit.test_files as t; assert perdure.load({str(path)!r}) == t.VALUE"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_standard_library_reads_it(protocol: int, tmp_path: Path) -> None:
    value = {"small": [1, 2.5, None], "large": b"x" * 70_000, "text": "t" * 100_000, "again": bytearray(b"z" * 65_536)}
    perdure.dump(value, tmp_path / "v.sav", protocol)
    data = (tmp_path / "v.sav").read_bytes()
    assert pickle.loads(data) == value == perdure.load(tmp_path / "v.sav")
    with open(tmp_path / "v.sav", "rb") as file:
        assert pickle.load(file) == value
    assert sum(1 for _ in pickletools.genops(data)) > 10
    with open(os.devnull, "w") as nowhere:
        pickletools.dis(data, nowhere)


def test_large_buffers_begin_where_they_can_be_mapped(tmp_path: Path) -> None:
    perdure.dump(VALUE, tmp_path / "m.sav")
    with open(tmp_path / "m.sav", "rb") as file:
        trailer = Source(file).trailer
    assert trailer is not None and len(trailer.buffers) == 2
    data = (tmp_path / "m.sav").read_bytes()
    for (offset, length, _), letter in zip(trailer.buffers, b"xy", strict=True):
        assert offset % 64 == 0 and data[offset : offset + length] == bytes([letter]) * length


def outcome(path: Path) -> str:
    try:
        return "right" if perdure.load(path) == VALUE else "WRONG"
    except (perdure.CorruptError, perdure.TamperedError):
        return "found"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def damaged(data: bytes) -> list[tuple[str, bytes]]:
    """A bit flipped, the end cut off, something appended: at all of the first and last bytes and at others by chance."""
    chosen = random.Random(5)
    size = len(data)
    places = sorted({*range(min(200, size)), *range(max(size - 300, 0), size), *chosen.sample(range(size), min(200, size))})
    flips = [(f"bit at {i}", data[:i] + bytes([data[i] ^ 1 << chosen.randrange(8)]) + data[i + 1 :]) for i in places]
    return [*flips, *((f"cut at {i}", data[:i]) for i in places), ("appended", data + b"x"), ("twice", data + data)]


def test_damage_anywhere_is_found(path: Path) -> None:
    perdure.dump(VALUE, path)
    assert outcome(path) == "right"
    other = path.with_name(f"damaged{path.suffix}")
    for what, data in damaged(path.read_bytes()):
        other.write_bytes(data)
        assert outcome(other) == "found", what


def test_every_bit_of_a_small_file(path: Path) -> None:
    perdure.dump(Model((1, "two")), path, metadata={"k": "v"})
    data = path.read_bytes()
    for i in range(len(data)):
        for changed in (*(data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :] for bit in range(8)), data[:i]):
            path.write_bytes(changed)
            with pytest.raises((perdure.CorruptError, perdure.TamperedError)):
                perdure.load(path)


# ---- who vouches -----------------------------------------------------------------------------


def test_a_strangers_file_loads_by_policy(path: Path) -> None:
    stranger = keys.Key(os.urandom(32))
    perdure.dump({"rows": [1, 2]}, path, key=stranger)
    assert perdure.load(path) == {"rows": [1, 2]}
    perdure.dump(VALUE, path, key=stranger)
    with pytest.raises(perdure.UntrustedError) as caught:
        perdure.load(path)
    assert "no key" in caught.value.__notes__[-1]
    assert perdure.load(path, key=stranger) == perdure.load(path, trusted=[Model]) == VALUE


def test_a_file_without_a_seal_loads_by_policy(path: Path) -> None:
    perdure.dump(VALUE, path, key=False)
    with pytest.raises(perdure.UntrustedError):
        perdure.load(path)
    assert perdure.load(path, trusted=perdure.TRUST_ALL) == VALUE


FORGERIES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "another stream before the trailer": lambda own, other: other[: _stream(other)] + own[_stream(own) :],
    "another trailer behind the stream": lambda own, other: own[: _stream(own)] + other[_stream(other) :],
    "a second trailer": lambda own, other: own + other[_stream(other) :],
    "the trailer left out": lambda own, other: own[: _stream(own)],
}


def _stream(data: bytes) -> int:
    length = int.from_bytes(data[-16:-8], "little")
    return len(data) - length


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_file_builds_nothing(forgery: str, tmp_path: Path) -> None:
    perdure.dump(VALUE, tmp_path / "own.sav")
    perdure.dump(Model("what the forger wants"), tmp_path / "other.sav", key=keys.Key(os.urandom(32)))
    own, other = (tmp_path / "own.sav").read_bytes(), (tmp_path / "other.sav").read_bytes()
    (tmp_path / "forged.sav").write_bytes(FORGERIES[forgery](own, other))
    with pytest.raises((perdure.CorruptError, perdure.TamperedError, perdure.UntrustedError)):
        perdure.load(tmp_path / "forged.sav")


@pytest.mark.parametrize("trusted", [None, perdure.TRUST_ALL, [Model]])
def test_a_seal_of_ones_own_that_is_wrong_is_tampering(trusted: Any, tmp_path: Path) -> None:
    """The seal of one's own file behind a body that is not it, with a check that is right."""
    from perdure.files.trailer import decode

    path = tmp_path / "forged.sav"
    perdure.dump(VALUE, path)
    data = path.read_bytes()
    seals = decode(data[_stream(data) :]).seals
    perdure.dump(Model("what the forger wants"), path, key=False)
    forged = path.read_bytes()
    trailer = decode(forged[_stream(forged) :])
    path.write_bytes(forged[: _stream(forged)] + trailer.finish(seals))
    with pytest.raises(perdure.TamperedError) as caught:
        perdure.load(path, trusted=trusted)
    assert caught.value.path == str(path)


def test_a_bomb_behind_a_broken_seal_is_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    perdure.dump(b"\0" * (1 << 26), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 1
    path.write_bytes(data)
    with pytest.raises(perdure.CorruptError, match="digest"):
        perdure.load(path)


BOMB = bytes(70 << 20)  # some 70 KB, compressed: more than 64 MiB, and more than a hundred times as much


def test_a_strangers_file_makes_no_more_than_its_size_allows(path: Path) -> None:
    if path.suffix == ".sav":
        return
    perdure.dump(BOMB, path, key=keys.Key(os.urandom(32)))
    for given in ({}, {"trusted": [Model]}, {"limits": {"memory": 1}}):
        with pytest.raises(perdure.LimitError, match=r"makes more than 67108864 bytes .*'expanded'") as caught:
            perdure.load(path, **given)  # type: ignore[arg-type]
        assert caught.value.limit == "expanded"
    assert perdure.load(path, limits={"expanded": 71 << 20}) == BOMB
    assert perdure.load(path, trusted=perdure.TRUST_ALL) == BOMB
    with pytest.raises(perdure.LimitError):
        perdure.load(path, trusted=perdure.TRUST_ALL, limits={"expanded": 1 << 20})


def test_ones_own_file_makes_what_it_makes(path: Path) -> None:
    perdure.dump(BOMB, path)
    assert perdure.load(path) == BOMB
    if path.suffix != ".sav":
        with pytest.raises(perdure.LimitError):
            perdure.load(path, limits={"expanded": 1 << 20})


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_compressed_pickles_of_others_make_no_more_either(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(pack(pickle.dumps(BOMB)))
    with pytest.raises(perdure.LimitError) as caught:
        perdure.load(tmp_path / "f")
    assert caught.value.limit == "expanded"
    assert perdure.load(tmp_path / "f", limits={"expanded": 71 << 20}) == BOMB


def test_what_a_large_compressed_file_may_make_grows_with_it(tmp_path: Path) -> None:
    """A hundred times its own size: a megabyte of it may make a hundred, a tenth of it the least that any may."""
    value = [random.Random(5).randbytes(1 << 20), BOMB]
    (tmp_path / "f").write_bytes(gzip.compress(pickle.dumps(value), 1))
    assert perdure.load(tmp_path / "f") == value


# ---- other files -----------------------------------------------------------------------------


def test_files_of_others(tmp_path: Path) -> None:
    value = {"rows": list(range(1000))}
    for name, written in (("plain.pkl", pickle.dumps(value)), ("packed.pkl.gz", gzip.compress(pickle.dumps(value)))):
        (tmp_path / name).write_bytes(written)
        assert perdure.load(tmp_path / name) == value
    (tmp_path / "other.pkl").write_bytes(bz2.compress(pickle.dumps(value)))
    with pytest.raises(perdure.CorruptError):
        perdure.load(tmp_path / "other.pkl")
    with open(tmp_path / "several.pkl", "wb") as file:
        perdure.dump(1, file)
        perdure.dump(2, file)
    with open(tmp_path / "several.pkl", "rb") as file:
        assert [perdure.load(file), perdure.load(file)] == [1, 2]


def test_arguments_that_are_not_for_file_objects(tmp_path: Path) -> None:
    for given in ({"compress": "gzip"}, {"key": True}, {"metadata": {}}):
        with open(tmp_path / "f", "wb") as file, pytest.raises(ValueError, match="is for paths"):
            perdure.dump(1, file, **given)  # type: ignore[arg-type]
        assert (tmp_path / "f").read_bytes() == b""


@pytest.mark.parametrize("given", [{1: 2}, {"a": {1, 2}}, {"a": float("nan")}, {"a": b""}, [("a", 1)], {"a": "x" * (1 << 21)}])
def test_metadata_are_what_json_holds(given: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises((TypeError, ValueError), match="metadata="):
        perdure.dump(1, tmp_path / "f", metadata=given)
    assert (tmp_path / "f").read_bytes() == b"old"


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    perdure.dump(VALUE, tmp_path / "f", metadata={"author": "me"})
    with open(tmp_path / "f", "rb") as file:
        trailer = Source(file).trailer
    assert trailer is not None
    said = json.loads(trailer.meta)
    assert said["user"] == {"author": "me"} and said["protocol"] == 5 and "time" in said
    assert said["python"] == ".".join(map(str, sys.version_info[:3]))


def test_another_release_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tests"], "__version__", "1.2.3", raising=False)
    perdure.dump(VALUE, tmp_path / "f")
    assert perdure.load(tmp_path / "f") == VALUE
    monkeypatch.setattr(sys.modules["tests"], "__version__", "1.3.0")
    with pytest.warns(PerdureWarning, match=r"saved with tests 1\.2\.3, and loaded with 1\.3\.0"):
        assert perdure.load(tmp_path / "f") == VALUE


def test_buffers_of_the_callers(tmp_path: Path) -> None:
    """Out of band beside large ones in the stream: each finds its place."""
    value = [pickle.PickleBuffer(b"a" * 100_000), b"b" * 100_000, pickle.PickleBuffer(b"c" * 100_000)]
    buffers: list[pickle.PickleBuffer] = []
    perdure.dump(value, tmp_path / "f", 5, buffer_callback=buffers.append)
    found = perdure.load(tmp_path / "f", buffers=[bytes(each) for each in buffers])
    assert found == [b"a" * 100_000, b"b" * 100_000, b"c" * 100_000]


# ---- arrays ----------------------------------------------------------------------------------


def test_mapped_arrays(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    path = tmp_path / "m.sav"
    value = Model([np.arange(100_000.0), np.ones((300, 300), "f4"), np.arange(10)])
    perdure.dump(value, path)
    before = path.read_bytes()
    read = perdure.load(path, mmap_mode="r")
    for found, given in zip(read.value, value.value, strict=True):
        assert (found == given).all() and found.dtype == given.dtype
    assert not read.value[0].flags.writeable and read.value[0].ctypes.data % 64 == 0
    copied = perdure.load(path, mmap_mode="c")
    copied.value[0][:] = 7
    assert (perdure.load(path).value[0] == value.value[0]).all() and path.read_bytes() == before
    whole = perdure.load(path)
    whole.value[0][0] = 5  # memory of its own
    with pytest.raises(ValueError, match="mmap_mode"):
        perdure.load(path, mmap_mode="r+")  # type: ignore[arg-type]


def test_what_of_a_mapped_array_is_looked_at(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    path = tmp_path / "m.sav"
    perdure.dump(np.zeros(100_000), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert perdure.load(path, mmap_mode="r").sum() != 0
    assert perdure.load(path, verify=False).sum() != 0
    for more in ({"mmap_mode": "r", "verify": True}, {"verify": True}, {}):
        with pytest.raises(perdure.CorruptError):
            perdure.load(path, **more)


def test_a_compressed_file_is_not_mapped(tmp_path: Path) -> None:
    perdure.dump([1], tmp_path / "m.gz")
    with pytest.raises(ValueError, match="compressed"):
        perdure.load(tmp_path / "m.gz", mmap_mode="r")
    (tmp_path / "p.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match="mmap_mode"):
        perdure.load(tmp_path / "p.pkl", mmap_mode="r")


# ---- sealed bytes ----------------------------------------------------------------------------


def test_sealed_bytes() -> None:
    data = perdure.dumps(VALUE, key=True)
    assert perdure.loads(data) == pickle.loads(data) == perdure.loads(memoryview(data)) == VALUE
    with pytest.raises(perdure.UntrustedError):
        perdure.loads(data, key=False)
    strange = perdure.dumps(VALUE, key=os.urandom(32))
    with pytest.raises(perdure.UntrustedError):
        perdure.loads(strange)
    session = keys.own().for_purpose("session")
    sealed = perdure.dumps(VALUE, key=session)
    assert perdure.loads(sealed, key=session) == VALUE
    with pytest.raises(perdure.UntrustedError) as caught:
        perdure.loads(sealed)
    assert "purpose" in caught.value.__notes__[-1]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_damaged_bytes(protocol: int) -> None:
    data = perdure.dumps({"a": [1, 2]}, protocol, key=True)
    assert perdure.loads(data) == {"a": [1, 2]}
    start = 12 if protocol >= 2 else 10
    for i in range(start, len(data)):
        for changed in (data[:i] + bytes([data[i] ^ 4]) + data[i + 1 :], data[:i]):
            with pytest.raises((perdure.CorruptError, perdure.TamperedError)):
                perdure.loads(changed)
    for i in range(start):  # without its mark it is bare bytes, by policy
        try:
            assert perdure.loads(data[:i] + bytes([data[i] ^ 4]) + data[i + 1 :]) is not VALUE
        except (perdure.CorruptError, perdure.TamperedError, perdure.UntrustedError):
            pass


# ---- vouching --------------------------------------------------------------------------------


def test_verify_tells_who_vouches_and_builds_nothing(path: Path) -> None:
    perdure.dump(VALUE, path, metadata={"by": "me"})
    found = perdure.verify(path)
    assert found and found.by == "own" and found.metadata == {"by": "me"}
    assert found.compression == {"gz": "gzip", "zst": "zstd", "sav": ""}.get(path.suffix[1:], path.suffix[1:])
    stranger = keys.Key(os.urandom(32))
    perdure.dump(VALUE, path, key=stranger)
    assert not perdure.verify(path) and "no key" in perdure.verify(path).why
    assert perdure.verify(path, key=stranger).by == "own"
    data = path.read_bytes()
    for i in (20, len(data) // 2, len(data) - 30):
        path.write_bytes(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
        with pytest.raises((perdure.CorruptError, perdure.TamperedError)):
            perdure.verify(path)
    path.write_bytes(pickle.dumps(1))
    with pytest.raises(perdure.CorruptError):
        perdure.verify(path)


def test_a_publishers_file_loads_in_full_where_the_publisher_is_trusted(path: Path) -> None:
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    private = ed25519.Ed25519PrivateKey.generate()
    stranger = keys.Key(os.urandom(32))
    perdure.dump(VALUE, path, key=stranger, metadata={"kept": True})
    perdure.sign(path, private)
    with pytest.raises(perdure.UntrustedError):
        perdure.load(path)
    keys.trust_publisher(keys.public_key(private), "them")
    try:
        assert perdure.load(path) == VALUE
        found = perdure.verify(path)
        assert (found.by, found.name, found.metadata) == ("publisher", "them", {"kept": True})
        perdure.sign(path)
        assert perdure.verify(path).by == "own"
        assert perdure.load(path, key=stranger) == VALUE
    finally:
        keys.distrust("them")


def test_signing_a_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    perdure.dump(VALUE, path, key=False)
    perdure.sign(path)
    size = path.stat().st_size
    perdure.sign(path)
    assert path.stat().st_size == size and perdure.load(path) == VALUE
    with pytest.raises(TypeError):
        perdure.sign(path, False)
    with pytest.raises(ValueError, match="purpose"):
        perdure.sign(path, keys.own().for_purpose("session"))
