"""The trailer of a durable file, as bytes and as what they say: docs/file-format.md.

Rules: any bytes may come; what is not a trailer in every length and number is a CorruptError. No length is believed
before what it counts is there.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct, error, unpack_from

from perdure.errors import CorruptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

__all__ = ["END", "HEAD", "LONGEST", "TAIL", "Buffer", "Digests", "Seal", "Trailer", "decode", "length_at_end"]

HEAD = b"\x89PRD\r\n\x1a\n"
TAIL = b"\x89END\r\n\x1a\n"
LONGEST = 64 << 20
MAJOR, MINOR = 1, 0
SHA256 = 1  # the one algorithm of digests so far
META, BUFS, DIGS, COMP, PURP = 1, 0x80000002, 0x80000003, 0x80000004, 0x80000005
CRITICAL = 0x80000000
SIZE = 32  # of a digest
CHECK = 16

_FRONT = Struct("<8sHHQI")  # head, version, lengths of the stream and the records
_RECORD = Struct("<II")
_BUFFER = Struct("<QQB")
_DIGESTS = Struct("<BI")
_SEAL = Struct("<BBH")
_COUNT = Struct("<I")
_BACK = Struct("<Q8s")
END = _BACK.size

Buffer = tuple[int, int, int]  # offset, length, kind
Seal = tuple[int, bytes, bytes]  # algorithm, key id, seal
ARRAY, BYTES, BYTEARRAY = 1, 2, 3  # kinds of buffers


class Digests:
    """The digests of a stream: of what is not in large buffers, and of those by chunks."""

    __slots__ = ("chunk", "chunks", "skeleton")

    def __init__(self, chunk: int, skeleton: bytes, chunks: Sequence[bytes] = ()) -> None:
        self.chunk, self.skeleton, self.chunks = chunk, skeleton, chunks


class Trailer:
    """What a trailer says. ``body`` are the bytes that seals are of."""

    __slots__ = ("body", "buffers", "compression", "digests", "meta", "purpose", "seals", "stream_length")

    def __init__(
        self,
        stream_length: int,
        digests: Digests,
        *,
        meta: bytes = b"",
        buffers: Sequence[Buffer] = (),
        compression: str = "",
        purpose: str = "",
    ) -> None:
        self.stream_length, self.digests, self.meta = stream_length, digests, meta
        self.buffers, self.compression, self.purpose = buffers, compression, purpose
        self.seals: list[Seal] = []
        self.body = b""

    def encode(self) -> bytes:
        """The body, which seals are made of."""
        digests = _DIGESTS.pack(SHA256, self.digests.chunk) + self.digests.skeleton + b"".join(self.digests.chunks)
        records = b"".join(
            _RECORD.pack(tag, len(data)) + data
            for tag, data in (
                (META, self.meta),
                (BUFS, b"".join(_BUFFER.pack(*buffer) for buffer in self.buffers)),
                (DIGS, digests),
                (COMP, self.compression.encode()),
                (PURP, self.purpose.encode()),
            )
            if data
        )
        self.body = _FRONT.pack(HEAD, MAJOR, MINOR, self.stream_length, len(records)) + records
        return self.body

    def finish(self, seals: Sequence[Seal] = ()) -> bytes:
        """The whole trailer, of the body and these seals."""
        self.seals = list(seals)
        parts = [self.body, _COUNT.pack(len(seals))]
        for algorithm, key, seal in seals:
            parts += [_SEAL.pack(algorithm, len(key), len(seal)), key, seal]
        whole = b"".join(parts)
        return whole + sha256(whole).digest()[:CHECK] + _BACK.pack(len(whole) + CHECK + END, TAIL)


def length_at_end(last: bytes) -> int | None:
    """The length of the trailer that a file's last 16 bytes are of; None if they are not."""
    if len(last) != END:
        return None
    length, tail = _BACK.unpack(last)
    return length if tail == TAIL else None


def _no(what: str) -> NoReturn:
    raise CorruptError(f"the file's trailer is damaged: {what}")


def decode(data: bytes) -> Trailer:
    """What a trailer says, whose check is right and whose parts agree."""
    try:
        head, major, minor, stream_length, size = _FRONT.unpack_from(data)
        length, tail = _BACK.unpack_from(data, len(data) - END)
    except error:
        _no("it is cut short")
    if head != HEAD or tail != TAIL or length != len(data):
        _no("its ends do not agree")
    if major != MAJOR:
        raise CorruptError(f"the file was written by a newer perdure (format {major}.{minor}; this one reads {MAJOR})")
    at = len(data) - END - CHECK
    if sha256(data[:at]).digest()[:CHECK] != data[at : at + CHECK]:
        _no("its check is wrong")
    end = _FRONT.size + size
    if end + _COUNT.size > at:
        _no("its records are longer than it is")
    found = Trailer(stream_length, Digests(0, b""))
    found.body = data[:end]
    _records(found, data, end)
    found.seals = _seals(data, end, at)
    return found


def _records(found: Trailer, data: bytes, end: int) -> None:
    place, before = _FRONT.size, -1
    while place < end:
        if end - place < _RECORD.size:
            _no("a record is cut short")
        tag, size = _RECORD.unpack_from(data, place)
        place += _RECORD.size
        if tag <= before or size > end - place:
            _no("its records are not in order, or longer than it is")
        record = data[place : place + size]
        place, before = place + size, tag
        if tag == META:
            found.meta = record
        elif tag == BUFS:
            found.buffers = _buffers(record, found.stream_length)
        elif tag == DIGS:
            found.digests = _digests(record, found.buffers)
        elif tag == COMP:
            found.compression = _text(record)
        elif tag == PURP:
            found.purpose = _text(record)
        elif tag & CRITICAL:
            raise CorruptError(f"the file was written by a newer perdure: it needs what record {tag:#x} means")
    if not found.digests.skeleton:
        _no("it has no digests")


def _text(record: bytes) -> str:
    try:
        return record.decode()
    except UnicodeDecodeError:
        _no("a text is none")


def _buffers(record: bytes, stream_length: int) -> list[Buffer]:
    if len(record) % _BUFFER.size:
        _no("a buffer's place is cut short")
    found: list[Buffer] = list(_BUFFER.iter_unpack(record))
    last = 0
    for offset, length, kind in found:
        if offset <= last or length > stream_length - offset or kind not in (ARRAY, BYTES, BYTEARRAY):
            _no("its buffers are not in the stream")
        last = offset + length
    return found


def _digests(record: bytes, buffers: Sequence[Buffer]) -> Digests:
    if len(record) < _DIGESTS.size + SIZE:
        _no("its digests are cut short")
    algorithm, chunk = _DIGESTS.unpack_from(record)
    if algorithm != SHA256:
        raise CorruptError(f"the file's digests are of an algorithm that this perdure does not know ({algorithm})")
    at = _DIGESTS.size + SIZE
    if buffers and not chunk:
        _no("a chunk has no size")
    count = sum(-(-length // chunk) for _, length, _ in buffers)
    if len(record) != at + SIZE * count:
        _no("it has not a digest for each chunk")
    return Digests(chunk, record[_DIGESTS.size : at], [record[i : i + SIZE] for i in range(at, len(record), SIZE)])


def _seals(data: bytes, place: int, end: int) -> list[Seal]:
    (count,) = unpack_from("<I", data, place)
    place += _COUNT.size
    found = []
    for _ in range(count):
        if end - place < _SEAL.size:
            _no("a seal is cut short")
        algorithm, key_size, seal_size = _SEAL.unpack_from(data, place)
        place += _SEAL.size
        if key_size + seal_size > end - place:
            _no("a seal is cut short")
        middle = place + key_size
        found.append((algorithm, data[place:middle], data[middle : middle + seal_size]))
        place = middle + seal_size
    if place != end:
        _no("there is something between its seals and its check")
    return found
