"""A stream on its way into a file: marked, padded, digested, and followed by its trailer (docs/file-format.md).

A large buffer goes to the file as it lies in memory; what else the stream has comes in pieces of some 64 KiB.
"""

from __future__ import annotations

from hashlib import sha256

from perdure.files import MARK
from perdure.files.digesting import CHUNK, Chunks
from perdure.files.trailer import ARRAY, BYTEARRAY, BYTES, Digests, Trailer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.files.trailer import Buffer

__all__ = ["Compressed", "Marked", "Padded", "marked"]

ALIGNMENT = 64
_PROTO = b"\x80"
_OF_BYTES = frozenset(b"B\x8e")  # BINBYTES, BINBYTES8
_BYTEARRAY8 = 0x96
_SHORT_BINBYTES, _SHORT_BINSTRING, _POP = b"C", b"U", b"0"


def marked(first: bytes) -> bytes:
    """A stream, or its first piece, with the mark."""
    at = 2 if first[:1] == _PROTO else 0
    return first[:at] + MARK + first[at:]


class Marked:
    """Puts the mark into what is written, and hands it on."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._begun = False

    def write(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            data = marked(data)
        self._write(data)


class Padded:
    """Where the engine writes a stream that is not compressed: `write` takes whole opcodes, `write_large` one opcode
    and its argument. ``put`` writes all of a buffer to the file."""

    def __init__(self, put: Callable[[Any], object], protocol: int) -> None:
        self._put = put
        self._pad = _SHORT_BINBYTES if protocol >= 3 else _SHORT_BINSTRING
        self._skeleton = sha256()
        self._chunks = Chunks()
        self._buffers: list[Buffer] = []
        self._length = 0

    def write(self, data: bytes) -> None:
        if not self._length:
            data = marked(data)
        self._skeleton.update(data)
        self._length += len(data)
        self._put(data)

    def write_large(self, header: bytes, payload: Any) -> None:
        """An opcode with a long argument; of bytes and buffers the argument is aligned."""
        kind = _kind_of(header, payload)
        if kind is None:
            self.write(header)
            self.write(payload)
            return
        self.write(self._padding(len(header)) + header)
        data = memoryview(payload).cast("B")
        self._buffers.append((self._length, len(data), kind))
        for start in range(0, len(data), CHUNK):
            part = data[start : start + CHUNK]
            self._chunks.add_one(part)
            self._put(part)
        self._length += len(data)

    def _padding(self, header: int) -> bytes:
        """What does nothing, so that what follows a header begins at a multiple of 64."""
        wanted = -(self._length + header) % ALIGNMENT
        if wanted == 0:
            return b""
        size = (wanted - 3) % ALIGNMENT
        return self._pad + bytes([size]) + bytes(size) + _POP

    def trailer(self) -> Trailer:
        """What is known of the stream, once it is written."""
        digests = Digests(CHUNK, self._skeleton.digest(), self._chunks.finish())
        return Trailer(self._length, digests, buffers=self._buffers)

    def close(self) -> None:
        """Ends the threads of a stream that is given up."""
        self._chunks.close()


def _kind_of(header: bytes, payload: Any) -> int | None:
    if header[0] in _OF_BYTES:
        return BYTES if isinstance(payload, bytes) else ARRAY
    if header[0] == _BYTEARRAY8:
        return BYTEARRAY if isinstance(payload, bytearray) else ARRAY
    return None


class Compressed:
    """Where a compressor writes: digested as it lies in the file."""

    def __init__(self, put: Callable[[Any], object], compression: str) -> None:
        self._put = put
        self._compression = compression
        self._skeleton = sha256()
        self._length = 0

    def write(self, data: Any) -> None:
        self._skeleton.update(data)
        self._length += len(data)
        self._put(data)

    def trailer(self) -> Trailer:
        return Trailer(self._length, Digests(CHUNK, self._skeleton.digest()), compression=self._compression)
