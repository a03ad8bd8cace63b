"""What the four formats have in common: a codec compresses a stream, reads one, and hides a trailer.

Rules: what comes out depends on what went in and the level alone (no time, no name, no system).
Whatever a format's library raises about the bytes becomes a CorruptError. The trailer lies in its
container as it is, never compressed: it is read and checked before any decompressor sees a byte.
"""

from __future__ import annotations

from perdure.files.compression.reading import Decompressed, Frames
from perdure.files.trailer import LONGEST, TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any, Protocol

    from perdure.files.compression.reading import Decompressor, Readable

    class Encoder(Protocol):
        """The libraries' compressors, as they agree."""

        def compress(self, data: Any, /) -> bytes: ...

        def flush(self) -> bytes: ...


__all__ = ["LONGEST", "TAIL", "Codec", "Compressor", "library", "parts"]

_PIECE = 1 << 20  # bytes given to a library at once: what it returns for them is in memory whole


class Codec:
    """One format, at one level. A subclass says what the format is."""

    name: str
    magic: bytes  # what a file begins with
    levels: range
    usual: int
    padded = False  # zero bytes may follow a frame

    def __init__(self, level: int | None = None) -> None:
        self.level = self.usual if level is None else level

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.level})"

    def compressor(self, write: Callable[[bytes], object]) -> Compressor:
        """An object whose ``write(data)`` and ``finish()`` send one frame, compressed, to ``write``."""
        return Compressor(self.encoder(), write)

    def reader(
        self, file: Readable | Callable[[int], bytes], length: int | None = None, *, limit: int | None = None
    ) -> Decompressed:
        """A binary file of what the next ``length`` bytes of ``file`` (or of what a read function gives)
        decompress to; ``None``: all that follow. Frames behind one another read as one.

        A small file may decompress to any amount. No more of it is made than is read; ``limit`` is the most
        bytes of it that may be.

        Its methods raise CorruptError for bytes that are none of the format's, TruncatedError where they end
        too early, LimitError beyond the limit and for a line or a dictionary out of proportion. Whether the last
        frame's checksum is right is known where ``read`` says that the end is reached.
        """
        self.check()
        read: Callable[[int], bytes] = getattr(file, "read", file)  # type: ignore[arg-type]
        return Decompressed(Frames(self.name, self.decompressor, self.padded, read, length, limit))

    # What each format does in its own way ----------------------------------------------------------------

    def check(self) -> None:
        """ModuleNotFoundError, which says what to install, where the format's library is not there."""
        raise NotImplementedError

    def encoder(self) -> Encoder:
        """A compressor of one frame."""
        raise NotImplementedError

    def decompressor(self) -> Decompressor:
        """A decompressor of one frame."""
        raise NotImplementedError

    def container(self, trailer: bytes) -> bytes:
        """The bytes at the end of a file that hold ``trailer`` where the format's own tools skip it."""
        raise NotImplementedError

    def container_length(self, trailer_length: int) -> int:
        """How many bytes they are."""
        raise NotImplementedError

    def contained(self, container: bytes, trailer_length: int) -> bytes:
        """What lies where the trailer would, in bytes that may be no container."""
        raise NotImplementedError


class Compressor:
    """Compresses what is written to it and passes it on."""

    def __init__(self, encoder: Encoder, write: Callable[[bytes], object]) -> None:
        self._encoder = encoder
        self._write = write

    def write(self, data: Any, /) -> int:
        """Takes bytes, or anything that has a contiguous buffer."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIECE):
            self._pass(self._encoder.compress(view[start : start + _PIECE]))
        return len(view)

    def finish(self) -> None:
        """Ends the frame; nothing can be written after it."""
        self._pass(self._encoder.flush())

    def _pass(self, data: bytes) -> None:
        if data:
            self._write(data)


def library(name: str, install: str, format_name: str) -> ModuleType:
    """The module of that name. ``install`` tells what to do where it is not there."""
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{format_name} needs the module {name}: {install}", name=error.name) from None


def parts(length: int, largest: int) -> Iterator[tuple[int, int]]:
    """Where the parts of a trailer of that length begin and end. All but the first are as large as they may be:
    the trailer's tail, its last 16 bytes, is never cut, and from the length follows where every part lies."""
    for stop in range(length % largest or largest, length + 1, largest):
        yield max(0, stop - largest), stop
