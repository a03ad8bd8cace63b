"""A compressed stream as a file, for whoever reads pickles from files.

Rules: nothing is decompressed before it is asked for, beyond one buffer; of what is asked for, one
piece at a time. A small file can't make a large line: where a reader has no length to go by, there is a limit.
"""

from __future__ import annotations

from io import BufferedReader, RawIOBase

from perdure.errors import CorruptError, LimitError, TruncatedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Readable(Protocol):
        def read(self, size: int, /) -> bytes: ...

    class Decompressor(Protocol):
        """The libraries' decompressors of one frame, as they agree."""

        @property
        def eof(self) -> bool: ...

        @property
        def needs_input(self) -> bool: ...

        @property
        def unused_data(self) -> bytes: ...

        def decompress(self, data: bytes, max_length: int) -> bytes: ...


__all__ = ["MEMORY", "Decompressed", "Frames"]

MEMORY = 128 << 20  # bytes that a decompressor may need, whatever a frame's head says
_BUFFER = 128 << 10  # bytes that are decompressed ahead
_PIECE = 1 << 20  # bytes that a library is asked for at once
_INPUT = 64 << 10  # compressed bytes that are read at once
_LINE = 64 << 20  # bytes of the longest line (protocol 0 has a string in one)
_FRAMES = 10_000  # frames that may be there whatever is in them: an empty one costs far more time than its bytes,
_SMALL = 256  # so that beyond these, one more may come for so many bytes made


class Decompressed(BufferedReader):
    """The file; ``close`` does not close what it reads from."""

    def __init__(self, frames: Frames) -> None:
        super().__init__(frames, _BUFFER)

    def readline(self, size: int | None = -1, /) -> bytes:
        if size is not None and 0 <= size <= _LINE:
            return super().readline(size)
        line = super().readline(_LINE + 1)
        if len(line) > _LINE:
            raise LimitError(f"a line of a compressed stream is longer than {_LINE} bytes", "memory")
        return line


class Frames(RawIOBase):
    """What the frames of a compressed stream make: see `Codec.reader`."""

    def __init__(
        self,
        name: str,
        decompressor: Callable[[], Decompressor],
        padded: bool,
        read: Callable[[int], bytes],
        length: int | None,
        limit: int | None,
    ) -> None:
        self._name = name
        self._new = decompressor
        self._padded = padded
        self._read = read
        self._left = length
        self._limit = limit
        self._input = b""  # read, and not yet given to a decompressor
        self._frame: Decompressor | None = None
        self._ended = 0  # frames
        self._made = 0  # bytes

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        view = memoryview(target).cast("B")
        if not view:
            return 0
        data = self._some(min(len(view), _PIECE))
        view[: len(data)] = data
        return len(data)

    def _some(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        while True:
            if self._frame is None:
                if not self._begins():
                    return b""
                self._frame = self._new()
            data = b""
            if self._frame.needs_input:
                data = self._input or self._more()
                self._input = b""
                if not data:
                    raise TruncatedError(f"the {self._name} stream ends before its end")
            if self._limit is not None:
                most = min(most, self._limit + 1 - self._made)
            try:
                made = self._frame.decompress(data, most)
            except Exception as error:  # whatever the library calls it
                raise self._converted(error) from error
            if self._frame.eof:
                self._input = self._frame.unused_data
                self._frame = None
                self._ended += 1
                if self._ended > _FRAMES + self._made // _SMALL:
                    raise LimitError(f"{self._ended} {self._name} frames with next to nothing in them", "frames")
            if made:
                self._made += len(made)
                if self._limit is not None and self._made > self._limit:
                    raise LimitError(
                        f"the {self._name} stream makes more than {self._limit} bytes "
                        "(limits={'expanded': bytes} allows more)", "expanded",
                    )
                return made

    def _begins(self) -> bool:
        """Whether one more frame does."""
        while True:
            self._input = self._input or self._more()
            if not self._input or not self._padded or not self._ended:
                return bool(self._input)
            self._input = self._input.lstrip(b"\0")
            if self._input:
                return True

    def _more(self) -> bytes:
        size = _INPUT if self._left is None else min(_INPUT, self._left)
        if not size:
            return b""
        data = self._read(size)
        if self._left is not None:
            if not data:
                raise TruncatedError(f"the {self._name} stream ends {self._left} bytes before its end")
            self._left -= len(data)
        return data

    def _converted(self, error: Exception) -> Exception:
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            return LimitError(f"the {self._name} stream needs too much memory: {error}", "memory")
        return CorruptError(f"no valid {self._name} stream: {error}")
