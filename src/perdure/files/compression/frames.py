"""Zstandard (RFC 8878) and LZ4 frames. The trailer lies in a skippable frame, which the two formats share."""

from __future__ import annotations

import sys

from perdure.files.compression.codec import Codec, library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["SKIPPABLE", "Lz4", "Zstd"]

SKIPPABLE = b"\x50\x2a\x4d\x18"  # the first of sixteen marks; the length follows, four bytes


class _Framed(Codec):
    def container(self, trailer: bytes) -> bytes:
        return SKIPPABLE + len(trailer).to_bytes(4, "little") + trailer

    def container_length(self, trailer_length: int) -> int:
        return trailer_length + 8

    def contained(self, container: bytes, trailer_length: int) -> bytes:
        return container[8:]


class Zstd(_Framed):
    name = "zstd"
    magic = b"\x28\xb5\x2f\xfd"
    levels = range(-7, 23)
    usual = 3

    def check(self) -> None:
        _zstd()

    def encoder(self) -> Any:
        zstd = _zstd()
        what = zstd.CompressionParameter
        return zstd.ZstdCompressor(options={what.compression_level: self.level, what.checksum_flag: 1})

    def decompressor(self) -> Any:
        zstd = _zstd()
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27})  # what level 22 needs


class Lz4(_Framed):
    name = "lz4"
    magic = b"\x04\x22\x4d\x18"
    levels = range(13)
    usual = 0

    def check(self) -> None:
        _lz4()

    def encoder(self) -> _Lz4Frame:
        return _Lz4Frame(_lz4(), self.level)

    def decompressor(self) -> _Lz4Decompressor:
        return _Lz4Decompressor(_lz4())


class _Lz4Frame:
    """The library's, which wants to be asked for a frame's head."""

    def __init__(self, lz4: Any, level: int) -> None:
        self._encoder = lz4.LZ4FrameCompressor(
            compression_level=level, content_checksum=True, block_size=lz4.BLOCKSIZE_MAX1MB
        )
        self._head: bytes = self._encoder.begin()

    def compress(self, data: memoryview, /) -> bytes:
        made: bytes = self._encoder.compress(data)
        return self._headed(made)

    def flush(self) -> bytes:
        made: bytes = self._encoder.flush()
        return self._headed(made)

    def _headed(self, data: bytes) -> bytes:
        if self._head:
            data, self._head = self._head + data, b""
        return data


class _Lz4Decompressor:
    """The library's function, with the manners of the others' classes. (Its own class says that it needs input
    while it still holds what a limit made wait.)"""

    def __init__(self, lz4: Any) -> None:
        self._chunk = lz4.decompress_chunk
        self._context = lz4.create_decompression_context()
        self._left = b""
        self.eof = False
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        data = self._left + data
        made: bytes
        made, taken, self.eof = self._chunk(self._context, data, max_length=max_length)
        self._left = data[taken:]
        self.needs_input = not made  # what it has taken in may make more
        return made

    @property
    def unused_data(self) -> bytes:
        return self._left


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        return library("compression.zstd", "this Python was built without it", "zstd")
    return library("backports.zstd", "pip install 'perdure[zstd]'", "zstd")


def _lz4() -> Any:
    return library("lz4.frame", "pip install 'perdure[lz4]'", "lz4")
