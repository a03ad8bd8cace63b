"""xz. The trailer is the content of one more stream, of one block of LZMA2 chunks that are stored, not compressed."""

from __future__ import annotations

from perdure.files.compression.codec import Codec, library, parts
from perdure.files.compression.reading import MEMORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["END", "Xz"]

_MAGIC = b"\xfd7zXZ\x00"
END = b"YZ"
_FLAGS = b"\x00\x01"  # the check of a block is a CRC32
# One filter (LZMA2, id 21, one byte of properties: a dictionary of 64 KiB), no lengths, zeros to a multiple of four.
_BLOCK = b"\x02\x00\x21\x01\x08\x00\x00\x00"
_PART = 1 << 16  # bytes in one chunk


class Xz(Codec):
    name = "xz"
    magic = _MAGIC
    levels = range(10)
    usual = 6
    padded = True

    def check(self) -> None:
        _lzma()

    def encoder(self) -> Any:
        lzma = _lzma()
        return lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC64, self.level)

    def decompressor(self) -> Any:
        lzma = _lzma()
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, MEMORY)

    def container(self, trailer: bytes) -> bytes:
        chunks = []
        for start, stop in parts(len(trailer), _PART):
            control = b"\x02" if start else b"\x01"  # stored; the first resets the dictionary
            chunks += [control, (stop - start - 1).to_bytes(2, "big"), trailer[start:stop]]
        size, index = _index(len(trailer))
        return b"".join([
            _MAGIC, _FLAGS, _crc(_FLAGS),
            _BLOCK, _crc(_BLOCK), *chunks, b"\x00", bytes(-size % 4), _crc(trailer),
            index, _crc(index),
            _crc(footer := (len(index) // 4).to_bytes(4, "little") + _FLAGS), footer, END,
        ])  # fmt: skip

    def container_length(self, trailer_length: int) -> int:
        size, index = _index(trailer_length)
        return 12 + size + -size % 4 + len(index) + 4 + 12

    def contained(self, container: bytes, trailer_length: int) -> bytes:
        at = 12 + len(_BLOCK) + 4
        found = []
        for start, stop in parts(trailer_length, _PART):
            at += 3
            found.append(container[at : at + stop - start])
            at += stop - start
        return b"".join(found)


def _index(length: int) -> tuple[int, bytes]:
    """The size of the block that holds so many bytes, without its padding but with its check, and the index
    that says so, without its own."""
    size = len(_BLOCK) + 4 + length + 3 * -(-length // _PART) + 1 + 4
    index = b"\x00\x01" + _number(size) + _number(length)
    return size, index + bytes(-len(index) % 4)


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _crc(data: bytes) -> bytes:
    from binascii import crc32

    return crc32(data).to_bytes(4, "little")


def _lzma() -> Any:
    return library("lzma", "this Python was built without it", "xz")
