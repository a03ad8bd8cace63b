"""The trailer: what is encoded is decoded, and whatever else may come is a CorruptError."""

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perdure import CorruptError
from perdure.files.trailer import Digests, Trailer, decode, length_at_end


def made(buffers: list[tuple[int, int, int]] | None = None, length: int = 10_000, **more: Any) -> Trailer:
    buffers = buffers or []
    chunks = [bytes([i % 256]) * 32 for i in range(sum(-(-size // 1000) for _, size, _ in buffers))]
    return Trailer(length, Digests(1000, b"d" * 32, chunks), buffers=buffers, **more)


def whole(trailer: Trailer, seals: Any = ()) -> bytes:
    trailer.encode()
    return trailer.finish(seals)


@st.composite
def trailers(draw: st.DrawFn) -> tuple[Trailer, list[tuple[int, bytes, bytes]]]:
    buffers, place = [], 1
    for _ in range(draw(st.integers(0, 4))):
        place += draw(st.integers(0, 50))
        size = draw(st.integers(0, 3000))
        buffers.append((place, size, draw(st.integers(1, 3))))
        place += size + 1
    trailer = made(buffers, place + 5, meta=draw(st.binary(max_size=50)), purpose=draw(st.text(max_size=10)))
    seals = draw(st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=40), st.binary(max_size=70)), max_size=3))
    return trailer, seals


@given(trailers())
def test_what_is_encoded_is_decoded(given: tuple[Trailer, list[tuple[int, bytes, bytes]]]) -> None:
    trailer, seals = given
    data = whole(trailer, seals)
    found = decode(data)
    assert length_at_end(data[-16:]) == len(data)
    assert found.stream_length == trailer.stream_length and found.body == trailer.body and found.seals == seals
    assert list(found.buffers) == list(trailer.buffers) and found.meta == trailer.meta and found.purpose == trailer.purpose
    assert found.digests.skeleton == b"d" * 32 and list(found.digests.chunks) == list(trailer.digests.chunks)


SAMPLE = whole(made([(100, 2500, 1), (3000, 10, 2)], meta=b"{}", purpose="p"), [(1, b"k" * 8, b"s" * 32)])


def test_every_flipped_bit_is_found() -> None:
    for i in range(len(SAMPLE)):
        for bit in range(8):
            damaged = SAMPLE[:i] + bytes([SAMPLE[i] ^ 1 << bit]) + SAMPLE[i + 1 :]
            with pytest.raises(CorruptError):
                decode(damaged)


def test_every_truncation_is_found() -> None:
    for i in range(len(SAMPLE)):
        for cut in (SAMPLE[:i], SAMPLE[i + 1 :]):
            with pytest.raises(CorruptError):
                decode(cut)


def checked(front: bytes, rest: bytes = struct.pack("<I", 0)) -> bytes:
    """A trailer whose check and ends are right, whatever is between them."""
    data = front + rest
    data += hashlib.sha256(data).digest()[:16]
    return data + struct.pack("<Q8s", len(data) + 16, b"\x89END\r\n\x1a\n")


def front(records: bytes, length: int = 10_000, major: int = 1, minor: int = 0) -> bytes:
    return struct.pack("<8sHHQI", b"\x89PRD\r\n\x1a\n", major, minor, length, len(records)) + records


def record(tag: int, data: bytes) -> bytes:
    return struct.pack("<II", tag, len(data)) + data


DIGS = record(0x80000003, struct.pack("<BI", 1, 1000) + b"d" * 32)


def test_a_newer_minor_version_is_read_and_a_major_one_refused() -> None:
    assert decode(checked(front(DIGS, minor=9))).stream_length == 10_000
    with pytest.raises(CorruptError, match="newer"):
        decode(checked(front(DIGS, major=2)))


def test_an_unknown_record_is_passed_over_unless_it_is_critical() -> None:
    assert decode(checked(front(record(9, b"what") + DIGS))).meta == b""
    with pytest.raises(CorruptError, match="newer"):
        decode(checked(front(DIGS + record(0x80000009, b""))))


@pytest.mark.parametrize("records", [
    b"", record(1, b"{}"),  # no digests
    DIGS + DIGS, DIGS + record(1, b"{}"),  # twice, out of order
    DIGS + b"\0" * 7, DIGS + struct.pack("<II", 0x80000004, 10**6),  # cut short
    record(0x80000003, b"\1"), record(0x80000003, struct.pack("<BI", 9, 1000) + b"d" * 32),
    record(0x80000003, struct.pack("<BI", 1, 1000) + b"d" * 33),
    DIGS + record(0x80000004, b"\xff\xfe"),
    *(record(0x80000002, struct.pack("<QQB", *place)) + DIGS
      for place in ((0, 5, 1), (10, 9_991, 1), (10, 5, 0), (10, 5, 4), (2**63, 5, 1), (10, 2**63, 1), (10, 5, 1))),
    record(0x80000002, struct.pack("<QQB", 10, 5, 1) + struct.pack("<QQB", 14, 5, 1)) + DIGS,  # they overlap
    record(0x80000002, struct.pack("<QQB", 10, 5, 1)) + record(0x80000003, struct.pack("<BI", 1, 0) + b"d" * 64),
])  # fmt: skip
def test_records_that_are_none(records: bytes) -> None:
    with pytest.raises(CorruptError):
        decode(checked(front(records)))


@pytest.mark.parametrize("seals", [
    b"", struct.pack("<I", 1), struct.pack("<I", 2**32 - 1), struct.pack("<I", 0) + b"x",
    struct.pack("<IBBH", 1, 1, 255, 65535), struct.pack("<IBBH", 1, 1, 1, 1) + b"k",
])  # fmt: skip
def test_seals_that_are_none(seals: bytes) -> None:
    with pytest.raises(CorruptError):
        decode(checked(front(DIGS), seals))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for each in (data, checked(data), checked(front(data)), checked(front(DIGS), data)):
        try:
            decode(each)
        except CorruptError:
            pass
