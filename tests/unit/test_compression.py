"""Codecs: what they write the formats' own tools read, and whatever they are given to read, they refuse by name."""

import io
import lzma
import random
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perdure._engine.reader.unpickler import load_policy
from perdure.errors import CorruptError, LimitError, TruncatedError
from perdure.files import compression
from perdure.files.compression import Codec, codec_for, find_trailer, sniff
from perdure.files.trailer import LONGEST, TAIL
from perdure.policy import policy_for

SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "lz4": ".lz4", "xz": ".xz"}
LEVELS = {"gzip": (0, 1, 9), "zstd": (-7, 1, 19), "lz4": (0, 3, 12), "xz": (0, 6)}


def is_there(name: str) -> bool:
    try:
        return codec_for(name, None) is not None
    except ModuleNotFoundError:
        return False


THERE = [
    pytest.param(name, marks=pytest.mark.skipif(not is_there(name), reason=f"no library for {name} here"))
    for name in SUFFIXES
]
each = pytest.mark.parametrize("name", THERE)
HERE = [name for name in SUFFIXES if is_there(name)]

NOISE = random.Random(5).randbytes(200_000)
SAMPLES = [b"", b"x", NOISE, b"abc" * 500_000, bytes(3 << 20), NOISE[:70_000] * 20]


def codec(name: str, level: int | None = None) -> Codec:
    found = codec_for(name if level is None else (name, level), None)
    assert found is not None
    return found


def compressed(of: Codec, *pieces: Any) -> bytes:
    out = io.BytesIO()
    compressor = of.compressor(out.write)
    for piece in pieces:
        compressor.write(piece)
    compressor.finish()
    return out.getvalue()


def trailer(size: int) -> bytes:
    return random.Random(size).randbytes(size - 16) + struct.pack("<Q", size) + TAIL


def found_in(data: bytes) -> tuple[Codec, bytes, int] | None:
    def read_at(offset: int, size: int) -> bytes:
        assert 0 <= offset and 0 <= size and offset + size <= len(data), "a read outside the file"
        assert size <= LONGEST + (1 << 20)
        return data[offset : offset + size]

    return find_trailer(read_at, len(data))


# What is asked for --------------------------------------------------------------------------------------


@each
def test_suffix_and_name_and_level_choose(name: str) -> None:
    for found in (codec_for(None, f"model.sav{SUFFIXES[name]}"), codec_for(None, Path("M" + SUFFIXES[name].upper()))):
        assert found is not None and found.name == name
    level = LEVELS[name][0]
    found = codec_for((name, level), "model.sav.gz")
    assert found is not None and (found.name, found.level) == (name, level)


@each
def test_a_number_is_the_level_of_the_suffix_or_of_gzip(name: str) -> None:
    level = LEVELS[name][1] or 6
    for path, expected in (("m" + SUFFIXES[name], name), ("m.sav", "gzip"), (None, "gzip")):
        found = codec_for(level, path)
        assert found is not None and (found.name, found.level) == (expected, level)
    with pytest.raises(ValueError, match=f"{name} has the levels"):
        codec_for(23, "m" + SUFFIXES[name])


@pytest.mark.parametrize(("name", "advice"), [("zlib", "gzip"), ("lzma", "xz"), (("zlib", 3), "gzip"), ("gz", "gzip")])
def test_what_others_call_it_is_answered_by_what_it_is_here(name: Any, advice: str) -> None:
    with pytest.raises(ValueError, match=f"'{advice}' is what compresses alike"):
        codec_for(name, None)


def test_no_suffix_and_false_choose_none() -> None:
    assert codec_for(0, "model.sav.gz") is None
    assert codec_for(None, "model.sav") is None
    assert codec_for(None, ".gz") is None  # a name, not a suffix
    assert codec_for(None, None) is None
    assert codec_for(False, b"model.sav.gz") is None


def test_true_is_zstd_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    found = codec_for(True, "model.xz")
    assert found is not None and found.name == ("zstd" if is_there("zstd") else "gzip")
    lacking(monkeypatch)
    found = codec_for(True, "model.xz")
    assert found is not None and found.name == "gzip"


@pytest.mark.parametrize("wrong", [1.0, b"gzip", ["zstd", 3], ("zstd",), ("zstd", 3, 3), (3, "zstd"), (None, 3), object()])
def test_what_says_nothing_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"compress= must be True, False, None, a name .*'zstd'"):
        codec_for(wrong, None)


@pytest.mark.parametrize("wrong", ["", "bz2", "GZIP", "zlib", ("bz2", 3)])
def test_other_names_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="compress= must name one of 'zstd', 'gzip', 'lz4', 'xz', not"):
        codec_for(wrong, None)


@pytest.mark.parametrize("name", SUFFIXES)
def test_levels_are_checked(name: str) -> None:
    for level in (-100, 23, 10**30):
        with pytest.raises(ValueError, match=f"{name} has the levels"):
            codec_for((name, level), None)
    for wrong in (True, 3.0, "3", None):
        with pytest.raises(TypeError, match="must be an int"):
            codec_for((name, wrong), None)  # type: ignore[arg-type]


def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python with none of the libraries."""
    for module in ("compression.zstd", "backports.zstd", "lz4.frame", "lzma"):
        monkeypatch.setitem(sys.modules, module, None)


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch)
    advice = "built without it" if sys.version_info >= (3, 14) else r"pip install 'perdure\[zstd\]'"
    for compress, path in (("zstd", None), (("zstd", 3), None), (None, "m.zst")):
        with pytest.raises(ModuleNotFoundError, match=advice):
            codec_for(compress, path)  # type: ignore[arg-type]
    with pytest.raises(ModuleNotFoundError, match=r"lz4 needs the module lz4.frame: pip install 'perdure\[lz4\]'"):
        codec_for("lz4", None)
    with pytest.raises(ModuleNotFoundError, match="xz needs the module lzma: this Python was built without it"):
        codec_for("xz", None)


def test_what_needs_no_library_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch)
    found = sniff(b"\x28\xb5\x2f\xfd\x24")
    assert found is not None and found.name == "zstd"
    file = b"\x28\xb5\x2f\xfd and so on" + found.container(trailer(100))
    assert found_in(file) is not None  # a seal can be checked before anything is decompressed
    with pytest.raises(ModuleNotFoundError):
        found.reader(io.BytesIO(file))


# Round trips --------------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("data", SAMPLES, ids=range(len(SAMPLES)))
def test_round_trip(name: str, data: bytes) -> None:
    for level in (None, *LEVELS[name]):
        packed = compressed(codec(name, level), data)
        assert codec(name).reader(io.BytesIO(packed), len(packed)).read() == data
        assert sniff(packed[:6]).name == name  # type: ignore[union-attr]


@given(st.sampled_from(HERE), st.lists(st.binary(max_size=300)))
def test_round_trip_of_pieces(name: str, pieces: list[bytes]) -> None:
    packed = compressed(codec(name), *pieces)
    assert codec(name).reader(io.BytesIO(packed)).read() == b"".join(pieces)


@each
def test_the_same_gives_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compressed(codec(name), *SAMPLES)
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert compressed(codec(name), *SAMPLES) == first


@each
def test_any_contiguous_buffer_is_written(name: str) -> None:
    import array

    numbers = array.array("d", range(1000))
    packed = compressed(codec(name), numbers, bytearray(b"ab"), memoryview(b"abcdef").cast("B", (2, 3)))
    assert codec(name).reader(io.BytesIO(packed)).read() == numbers.tobytes() + b"ab" + b"abcdef"


@each
def test_compressor_streams(name: str) -> None:
    """Much is passed on before it ends, and never all of it at once."""
    sizes: list[int] = []
    compressor = codec(name, LEVELS[name][0]).compressor(lambda data: sizes.append(len(data)))
    assert compressor.write(random.Random(6).randbytes(8 << 20)) == 8 << 20
    before = sum(sizes)
    compressor.finish()
    assert before > 4 << 20 and max(sizes) < 4 << 20


@each
def test_reader_reads_as_a_file_does(name: str) -> None:
    data = b"one\ntwo\n" + NOISE + b"\nthree"
    plain = io.BytesIO(data)
    packed = compressed(codec(name), data)
    file = io.BytesIO(b"before" + packed + b"behind")
    file.seek(6)
    reader = codec(name).reader(file, len(packed))
    assert reader.readline() == plain.readline()
    assert reader.readline(2) == plain.readline(2)
    assert reader.peek(1)[:1] == data[6:7]
    into = bytearray(5000)
    assert reader.readinto(into) == 5000 and into == plain.read(5000)
    assert reader.read(100_000) == plain.read(100_000)
    assert reader.read() == plain.read()
    assert reader.read(1) == reader.readline() == b""
    reader.close()
    assert file.read() == b"behind"


@each
def test_unpickler_reads_from_it(name: str) -> None:
    import pickle

    value = {"rows": list(range(100_000)), "text": "x" * 300_000, "noise": NOISE}
    for protocol in (0, 2, 5):
        packed = compressed(codec(name), pickle.dumps(value, protocol))
        for source in (io.BytesIO(packed), io.BytesIO(packed).read):
            assert load_policy(codec(name).reader(source, len(packed)), policy_for(None)) == value


# Files with a trailer -----------------------------------------------------------------------------------

SIZES = (16, 17, 18, 19, 1000, 64_999, 65_000, 65_001, 65_535, 65_536, 65_537, 131_073, 400_000)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SUFFIXES)
def test_trailer_is_found(name: str, size: int) -> None:
    of = next(codec for codec in map(sniff, MAGICS) if codec and codec.name == name)
    stream = of.magic + b" and what follows"
    container = of.container(trailer(size))
    assert len(container) == of.container_length(size)
    found = found_in(stream + container)
    assert found is not None and (found[0].name, *found[1:]) == (name, trailer(size), len(stream))


MAGICS = (b"\x1f\x8b\x08\x00\x00\x00", b"\x28\xb5\x2f\xfd\x00\x00", b"\x04\x22\x4d\x18\x64\x40", b"\xfd7zXZ\x00")


def unpack_with(tool: str, file: Path) -> bytes:
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} is not installed")
    for arguments, stdin in ((["-dc", str(file)], None), (["-dc"], file.read_bytes())):
        done = subprocess.run([path, *arguments], input=stdin, capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
    tested = subprocess.run([path, "-t", str(file)], capture_output=True, timeout=60)
    assert tested.returncode == 0, tested.stderr
    return done.stdout


@each
def test_tools_read_the_file(name: str, tmp_path: Path) -> None:
    data = b"".join(SAMPLES)
    for size in (16, 500, 65_001, 200_001):
        file = tmp_path / f"model{SUFFIXES[name]}"
        file.write_bytes(compressed(codec(name), data) + codec(name).container(trailer(size)))
        assert unpack_with(name, file) == data + (trailer(size) if name == "xz" else b"")


@each
def test_other_libraries_read_the_file(name: str) -> None:
    from importlib import import_module

    data = b"".join(SAMPLES)
    file = io.BytesIO(compressed(codec(name), data) + codec(name).container(trailer(131_073)))
    zstd = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    library = import_module({"zstd": zstd, "lz4": "lz4.frame", "xz": "lzma", "gzip": "gzip"}[name])
    assert library.open(file).read() == data + (trailer(131_073) if name == "xz" else b"")


@each
def test_tools_files_are_read(name: str, tmp_path: Path) -> None:
    if (tool := shutil.which(name)) is None:
        pytest.skip(f"{name} is not installed")
    file = tmp_path / "model"
    file.write_bytes(data := b"".join(SAMPLES))
    packed = subprocess.run([tool, "-c", str(file)], capture_output=True, check=True, timeout=60).stdout
    found = sniff(packed[:6])
    assert found is not None and found.name == name and found_in(packed) is None
    assert found.reader(io.BytesIO(packed)).read() == data
    assert found.reader(io.BytesIO(packed + packed)).read() == data + data


# Damage -------------------------------------------------------------------------------------------------


def outcome(name: str, data: bytes) -> bytes | None:
    """What a file holds by its trailer, or by its codec; None where it is refused."""
    try:
        found = found_in(data)
        of, length = (found[0], found[2]) if found else (sniff(data[:6]), len(data))
        return of.reader(io.BytesIO(data), length).read() if of else None
    except (CorruptError, LimitError):
        return None


@each
def test_a_flipped_bit_in_the_container_is_found(name: str) -> None:
    stream = compressed(codec(name), b"abc" * 100)
    container = codec(name).container(trailer(60))
    for bit in range(8 * len(container)):
        bad = bytearray(container)
        bad[bit // 8] ^= 1 << bit % 8
        try:
            found = found_in(stream + bad)
        except CorruptError:
            continue
        assert found is None or found[1] != trailer(60)  # a bit of the trailer itself: its own check finds it


@each
def test_a_cut_stream_ends_early(name: str) -> None:
    data = b"abcdefgh" * 200
    packed = compressed(codec(name), data)
    for size in range(len(packed)):
        reader = codec(name).reader(io.BytesIO(packed[:size]))
        if not size:
            assert reader.read() == b""
            continue
        with pytest.raises(TruncatedError):
            reader.read()
        with pytest.raises(TruncatedError):
            codec(name).reader(io.BytesIO(packed), size).read()
    with pytest.raises(TruncatedError, match="3 bytes before"):
        codec(name).reader(io.BytesIO(packed), len(packed) + 3).read()


@each
def test_a_cut_file_has_no_trailer(name: str) -> None:
    stream = compressed(codec(name), b"abc" * 100)
    file = stream + codec(name).container(trailer(60))
    for size in range(len(file)):
        try:
            assert found_in(file[:size]) is None
        except CorruptError:
            pass


@each
def test_a_flipped_bit_in_the_stream_never_raises_anything_else(name: str) -> None:
    packed = compressed(codec(name), NOISE[:40] + b"abc" * 30)
    for bit in range(8 * len(packed)):
        bad = bytearray(packed)
        bad[bit // 8] ^= 1 << bit % 8
        try:
            codec(name).reader(io.BytesIO(bad)).read()
        except (CorruptError, LimitError):
            pass


@given(st.binary(max_size=400), st.sampled_from(sorted(SUFFIXES)), st.binary(max_size=60), st.integers(0, 2**64 - 1), st.sampled_from([*range(40), 10**6]))
def test_any_end_is_a_trailer_or_none_or_corrupt(start: bytes, name: str, end: bytes, claim: int, cut: int) -> None:
    of = {codec.name: codec for codec in map(sniff, MAGICS) if codec}[name]
    for tail in (TAIL, struct.pack("<Q", claim) + TAIL, struct.pack("<Q", claim % 500) + TAIL):
        for data in (start + tail + end, start + of.container(start[:cut] + tail), of.magic + of.container(end + tail)[cut:]):
            try:
                found = found_in(data)
            except CorruptError:
                continue
            assert found is None or data.endswith(found[0].container(found[1]))


@given(st.sampled_from(HERE), st.binary(max_size=300), st.booleans())
def test_any_bytes_decompress_or_are_refused(name: str, data: bytes, begin: bool) -> None:
    of = codec(name)
    try:
        of.reader(io.BytesIO((of.magic if begin else b"") + data)).read(1 << 20)
    except (CorruptError, LimitError):
        pass


@pytest.mark.parametrize("length", [0, 15, LONGEST + 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("magic", MAGICS)
def test_a_length_is_checked_before_it_is_read(magic: bytes, length: int) -> None:
    of = sniff(magic)
    assert of is not None
    container = bytearray(of.container(trailer(100)))
    at = container.rfind(TAIL)
    container[at - 8 : at] = struct.pack("<Q", length)
    try:
        assert found_in(magic + container) is None
    except CorruptError:
        pass


def test_a_file_that_shrinks_is_corrupt() -> None:
    of = sniff(MAGICS[0])
    assert of is not None
    file = MAGICS[0] + of.container(trailer(100))
    with pytest.raises(CorruptError, match="shorter"):
        find_trailer(lambda offset, size: file[offset : offset + size][:50], len(file))


def test_the_two_that_share_a_frame_are_told_apart_by_their_beginning() -> None:
    of = sniff(MAGICS[1])
    assert of is not None
    for begin in (b"", b"\x80\x04N.", MAGICS[0]):
        with pytest.raises(CorruptError, match="does not begin so"):
            found_in(begin + of.container(trailer(100)))
    assert found_in(b"\x80\x04N." + trailer(100)) is None  # an uncompressed file's is somebody else's to find


# Bombs --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """80 MiB of zeros in each format."""
    return {name: compressed(codec(name), *[bytes(1 << 20)] * 80) for name in HERE}


class Counted(io.BytesIO):
    """A file that knows how far it was read."""

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None and 0 <= size <= 1 << 16
        return super().read(size)


@each
def test_no_more_is_decompressed_than_asked_for(name: str, bombs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    of = codec(name)
    made: list[int] = []

    def counting() -> Any:
        inner = of.decompressor()

        class Counting:
            eof = property(lambda self: inner.eof)
            needs_input = property(lambda self: inner.needs_input)
            unused_data = property(lambda self: inner.unused_data)

            def decompress(self, data: bytes, max_length: int) -> bytes:
                made.append(len(out := inner.decompress(data, max_length)))
                return out

        return Counting()

    def reader() -> compression.Decompressed:
        made.clear()
        return compression.Decompressed(compression.Frames(name, counting, of.padded, Counted(bombs[name]).read, None, None))

    for ask, most in (
        (lambda file: file.read(1), 1),
        (lambda file: file.peek(1), 1),
        (lambda file: file.readline(10), 10),
        (lambda file: file.readinto(bytearray(5 << 20)), 5 << 20),
        (lambda file: file.read(5 << 20), 5 << 20),
    ):
        ask(reader())
        assert most <= sum(made) <= most + (128 << 10)
    with pytest.raises(LimitError, match="a line"):
        reader().readline()
    assert sum(made) < 65 << 20


@each
def test_a_bomb_ends_in_an_error(name: str, bombs: dict[str, bytes]) -> None:
    for opcode in (b"", b"B\xff\xff\xff\xff", b"\x8e" + b"\xff" * 8, b"I", b"V", b"\x95" + struct.pack("<Q", 2**40)):
        packed = compressed(codec(name), b"\x80\x04" + opcode) + bombs[name]
        with pytest.raises((CorruptError, LimitError)):
            load_policy(codec(name).reader(io.BytesIO(packed)), policy_for(None))


@each
def test_there_is_a_limit_to_what_is_made(name: str, bombs: dict[str, bytes]) -> None:
    packed = compressed(codec(name), b"x" * 1000)
    assert codec(name).reader(io.BytesIO(packed), limit=1000).read() == b"x" * 1000
    with pytest.raises(LimitError, match="more than 999 bytes"):
        codec(name).reader(io.BytesIO(packed), limit=999).read()
    with pytest.raises(LimitError, match="more than 5000000 bytes"):
        codec(name).reader(io.BytesIO(bombs[name]), limit=5_000_000).read()


@each
def test_a_swarm_of_empty_frames_ends(name: str) -> None:
    empty = compressed(codec(name), b"")
    with pytest.raises(LimitError, match="frames"):
        codec(name).reader(io.BytesIO(empty * 20_000)).read(1)
    assert codec(name).reader(io.BytesIO(empty * 5_000 + compressed(codec(name), b"x"))).read() == b"x"


def test_a_dictionary_out_of_proportion_is_refused() -> None:
    encoder = lzma.LZMACompressor(lzma.FORMAT_XZ, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
    packed = bytearray(encoder.compress(b"abc") + encoder.flush())
    assert packed[14:16] == b"\x21\x01", "the filter is where it was"
    packed[16] = 34  # 512 MiB
    packed[20:24] = struct.pack("<I", zlib.crc32(packed[12:20]))
    with pytest.raises(LimitError, match="memory"):
        codec("xz").reader(io.BytesIO(packed)).read()
