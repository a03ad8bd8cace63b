"""How far a dump or a load is, told to a function of the caller's: ``progress(done, total)``, in bytes of the file.

Rules: it is called at most once for each MiB, and once at the end, where both numbers are the same; until then the
second is None where nobody knows it. What it raises ends the dump or the load, as any error does.
"""

from __future__ import annotations

from io import BufferedReader, RawIOBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Tell = Callable[[int, int | None], object]

__all__ = ["Progress", "Reading", "Writing", "checked", "counted"]

STEP = 1 << 20
_AHEAD = 128 << 10  # bytes that are read ahead, of a file that nobody else reads


def checked(progress: Tell) -> None:
    """TypeError for what can't be called, before anything is done."""
    if not callable(progress):
        raise TypeError(f"progress= takes a function of (done, total), not {type(progress).__name__}")


class Progress:
    """Counts, and tells. Without a function it does neither."""

    def __init__(self, tell: Tell | None, total: int | None = None) -> None:
        self._tell = tell
        self._total = total
        self._done = self._told = 0

    def __bool__(self) -> bool:
        return self._tell is not None

    def add(self, size: int) -> None:
        self._done += size
        if self._done - self._told >= STEP and self._tell is not None:
            self._told = self._done
            self._tell(self._done, self._total)

    def finish(self) -> None:
        if self._tell is not None:
            end = self._done if self._total is None else self._total
            self._tell(end, end)


class Writing:
    """A file object that is written to through this."""

    def __init__(self, file: Any, progress: Progress) -> None:
        write: Callable[[Any], object] | None = getattr(file, "write", None)
        if write is None:
            raise TypeError("file must have a 'write' attribute")
        self._write = write
        self._progress = progress

    def write(self, data: Any, /) -> object:
        result = self._write(data)
        self._progress.add(memoryview(data).nbytes)
        return result


class Reading:
    """A file object that is read through this, as far as it is asked to and no further. It has those methods that the
    file has, of those that make reading quick."""

    def __init__(self, file: Any, progress: Progress) -> None:
        if not hasattr(file, "read") or not hasattr(file, "readline"):
            raise TypeError("file must have 'read' and 'readline' attributes")
        self._file = file
        self._progress = progress
        if hasattr(file, "readinto"):
            self.readinto = self._readinto
        if hasattr(file, "peek"):
            self.peek = file.peek  # what it shows is read afterwards

    def read(self, size: int, /) -> Any:
        data = self._file.read(size)
        self._progress.add(len(data))
        return data

    def readline(self) -> Any:
        data = self._file.readline()
        self._progress.add(len(data))
        return data

    def _readinto(self, target: Any, /) -> Any:
        size = self._file.readinto(target)
        self._progress.add(size or 0)
        return size


def counted(file: Any, progress: Progress) -> Any:
    """A file of our own, counted as it is read; the same file where nobody wants to know."""
    return BufferedReader(_Counting(file, progress), _AHEAD) if progress else file


class _Counting(RawIOBase):
    def __init__(self, file: Any, progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        size: int = self._file.readinto(target)
        self._progress.add(size)
        return size
