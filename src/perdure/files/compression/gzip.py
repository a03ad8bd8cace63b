"""gzip (RFC 1952). The trailer lies in the extra fields of empty members, behind the one that holds the stream."""

from __future__ import annotations

from perdure.files.compression.codec import Codec, library, parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["END", "Gzip"]

_PLAIN = b"\x1f\x8b\x08\x00" + bytes(5) + b"\xff"  # deflate; no name, no time, no system
_EXTRA = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff"
END = b"\x03\x00" + bytes(8)  # a last block with nothing in it, the checksum and the length of nothing
_PART = 65_000  # bytes of the trailer in one member: an extra field has at most 65,535
_BEFORE = len(_EXTRA) + 6  # bytes of a member before the trailer's: head, length, subfield, its length


class Gzip(Codec):
    name = "gzip"
    magic = b"\x1f\x8b\x08"
    levels = range(10)
    usual = 6
    padded = True

    def check(self) -> None:
        _zlib()

    def encoder(self) -> _Member:
        return _Member(_zlib(), self.level)

    def decompressor(self) -> _Decompressor:
        return _Decompressor(_zlib())

    def container(self, trailer: bytes) -> bytes:
        members = []
        for start, stop in parts(len(trailer), _PART):
            size = stop - start
            subfield = b"PD" + size.to_bytes(2, "little") + trailer[start:stop]
            members += [_EXTRA, len(subfield).to_bytes(2, "little"), subfield, END]
        return b"".join(members)

    def container_length(self, trailer_length: int) -> int:
        return trailer_length + (_BEFORE + len(END)) * -(-trailer_length // _PART)

    def contained(self, container: bytes, trailer_length: int) -> bytes:
        found = []
        at = 0
        for start, stop in parts(trailer_length, _PART):
            at += _BEFORE
            found.append(container[at : at + stop - start])
            at += stop - start + len(END)
        return b"".join(found)


class _Member:
    """Compresses to one member. The head is written here: zlib's tells the system that it was made on."""

    def __init__(self, zlib: Any, level: int) -> None:
        self._crc32 = zlib.crc32
        self._deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._head = _PLAIN
        self._sum = 0
        self._size = 0

    def compress(self, data: memoryview, /) -> bytes:
        self._sum = self._crc32(data, self._sum)
        self._size += len(data)
        return self._headed(self._deflate.compress(data))

    def flush(self) -> bytes:
        end = self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")
        return self._headed(self._deflate.flush() + end)

    def _headed(self, data: bytes) -> bytes:
        if self._head:
            data, self._head = self._head + data, b""
        return data


class _Decompressor:
    """zlib's, with the manners of the other libraries'."""

    def __init__(self, zlib: Any) -> None:
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        made: bytes = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = not made  # what it has taken in may make more
        return made

    @property
    def eof(self) -> bool:
        ended: bool = self._inflate.eof
        return ended

    @property
    def unused_data(self) -> bytes:
        unused: bytes = self._inflate.unused_data
        return unused


def _zlib() -> Any:
    return library("zlib", "this Python was built without it", "gzip")
