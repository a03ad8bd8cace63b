"""Replaces a file whole or not at all.

Rules: the old file is never opened for writing. The new one is complete and on disk, under
a name of its own in the same folder, before it takes the old one's name; whatever goes wrong
before that, a keyboard interrupt included, removes it. What is no regular file (a FIFO, a
terminal, anything under /dev) is written through and never renamed over.
"""

from __future__ import annotations

import os
import stat
import sys
from errno import EBADF, EDQUOT, EFBIG, EINVAL, EIO, EISDIR, ENOSPC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

__all__ = ["Replacement", "opened"]

_DEVICES = ("/dev/", "/proc/")  # their links lead to open files, whatever the name says
_MEMORY = "/dev/shm/"  # the one place among them that holds ordinary files
_DISK = (EDQUOT, EFBIG, EIO, ENOSPC)  # what a write may fail with


def opened(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> Replacement | BinaryIO:
    """A context manager that gives a binary file: what is written to it becomes the file at ``path``.

    Symbolic links are followed, so that a link stays a link and its target is replaced. A new
    file gets the permissions that ``open`` would give it; one that is replaced keeps its own.

    Raises IsADirectoryError for a folder, and any OSError of the writing with the path in it.
    """
    name = os.fsdecode(path)
    try:
        old = os.stat(name)
    except FileNotFoundError:
        return Replacement(name, None)
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), name)
    if not stat.S_ISREG(old.st_mode) or _is_device(name):
        return open(name, "wb")
    return Replacement(name, stat.S_IMODE(old.st_mode))


class Replacement:
    """The new file while it is being written; ``mode`` is the old one's permissions, if there is one."""

    def __init__(self, path: str, mode: int | None) -> None:
        self.path = path
        self.mode = mode

    def __enter__(self) -> BinaryIO:
        self.target = os.path.realpath(self.path)
        folder, name = os.path.split(self.target)
        # The name is cut so that it fits where 255 bytes are the limit, each character up to four.
        self.temporary = os.path.join(folder, f".{name[:48]}.tmp-{os.urandom(8).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self.temporary, flags, 0o666)
        except OSError as error:
            raise self._named(error) from None
        try:
            if self.mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, self.mode)
            self.file = os.fdopen(descriptor, "wb")
        except BaseException as error:
            os.close(descriptor)
            self._discard()
            if isinstance(error, OSError):
                raise self._named(error) from None
            raise
        return self.file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.file.flush()
                _to_disk(self.file.fileno())
                self.file.close()
                os.replace(self.temporary, self.target)
        except BaseException as failure:
            self._abandon()
            if isinstance(failure, OSError):
                raise self._named(failure) from None
            raise
        if error is None:
            self._name_to_disk()
        else:
            self._abandon()
            if isinstance(error, OSError) and error.errno in _DISK and error.filename is None:
                error.filename = self.path

    def _abandon(self) -> None:
        try:
            self.file.close()  # which may try once more to write what is left
        except OSError:
            pass
        self._discard()

    def _discard(self) -> None:
        try:
            os.unlink(self.temporary)
        except OSError:
            pass

    def _name_to_disk(self) -> None:
        """The new name is an entry of the folder, which the disk must have too."""
        if os.name == "nt":  # no folder can be opened there
            return
        try:
            folder = os.open(os.path.dirname(self.target), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            if error.errno in (EINVAL, EBADF):  # a file system that has no such thing
                return
            message = f"{os.strerror(error.errno or 0)}: the new file is in place, but may not outlast a power cut"
            raise OSError(error.errno, message, self.path) from None

    def _named(self, error: OSError) -> OSError:
        """The same error about the path that the caller knows."""
        return OSError(error.errno, error.strerror, self.path)


def _is_device(name: str) -> bool:
    absolute = os.path.abspath(name)
    return absolute.startswith(_DEVICES) and not absolute.startswith(_MEMORY)


def _to_disk(descriptor: int) -> None:
    if sys.platform == "darwin":  # where fsync leaves the data in the drive's cache
        from fcntl import F_FULLFSYNC, fcntl

        try:
            fcntl(descriptor, F_FULLFSYNC)
            return
        except OSError:  # a network file system
            pass
    os.fsync(descriptor)
