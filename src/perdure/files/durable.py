"""Replaces a file whole or not at all.

Rules: the old file is never opened for writing. The new one is complete and on disk, under
a name of its own in the same folder, before it takes the old one's name; whatever goes wrong
before that, a keyboard interrupt included, removes it. What is no regular file (a FIFO, a
terminal, anything under /dev) is written through and never renamed over. An OSError is about
the path that the caller gave.

A temporary file is locked while it is written, by its open descriptor, so that the lock goes
with the process, however that ends. Whoever writes the same path next takes away each one that
it can lock. Their names are few and known, so that nobody lists the folder, which may be large;
hence a name may pass from one writer to the next, and nothing is done to it but by one who has
locked the file that it stands for.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
import time
from _pickle import PickleBuffer

from perdure.files.syncing import NO_SUCH_SYNC, EarlySync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

__all__ = ["Replacement", "Stream", "Through", "opened", "uninterrupted"]

_DEVICES = ("/dev/", "/proc/")  # their links lead to open files, whatever the name says
_MEMORY = "/dev/shm/"  # the one place among them that holds ordinary files
_DISK = (errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)  # what a write may fail with
_FULL = (errno.EDQUOT, errno.ENOSPC)
_CLOSED_FOLDER = (errno.EACCES, errno.EPERM, errno.EROFS)
_LOOKED_AT = 8  # names of temporary files that each writer looks at
_CROWD = 64  # names before those that are left to chance
_ACL = "system.posix_acl_access"


def opened(
    path: str | bytes | os.PathLike[str] | os.PathLike[bytes], *, durable: bool = True
) -> Replacement | Through:
    """A context manager that gives a binary file: what is written to it becomes the file at ``path``.

    Symbolic links are followed, so that a link stays a link and its target is replaced. A new
    file gets the permissions that ``open`` would give it; one that is replaced keeps its own.
    ``durable=False`` replaces it whole too, and waits for no disk: after a power cut the
    old file or the new one may be there, or on some file systems an empty one.

    Raises IsADirectoryError for a folder, and any OSError of the writing with the path in it.
    """
    name = os.fsdecode(path)
    if not name:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    try:
        old = os.stat(name)
    except FileNotFoundError:
        if name.endswith((os.sep, os.altsep or os.sep)):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name) from None
        return Replacement(name, None, durable)
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not stat.S_ISREG(old.st_mode) or _is_device(name):
        return Through(name)
    return Replacement(name, old, durable)


class Stream(io.RawIOBase):
    """An open file, unbuffered, of which ``write`` writes all that it is given. Closing it closes no
    descriptor: who opened that does."""

    def __init__(
        self, descriptor: int, path: str, old: int | None = None, early: EarlySync | None = None
    ) -> None:
        self.descriptor = descriptor
        self.path = path
        self.old = old  # the size of the file that is to be replaced
        self.early = early
        self.written = 0

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def tell(self) -> int:
        return self.written

    def write(self, data: Any, /) -> int:
        """All of ``data``, any object with contiguous bytes, without a copy of them; their number."""
        view = PickleBuffer(data).raw()
        length = view.nbytes
        done = 0
        try:
            while done < length:  # Linux writes 2,147,479,552 bytes at most at once, a full disk some
                count = os.write(self.descriptor, view[done:] if done else view)
                if count <= 0:
                    raise OSError(errno.EIO, "nothing was written, and no error told")
                done += count
                self.written += count
                if self.early is not None:
                    self.early.wrote(count)
        except OSError as error:
            raise OSError(error.errno, self._explained(error), self.path) from None
        return length

    def _explained(self, error: OSError) -> str:
        text = error.strerror or str(error)
        if error.errno in _FULL and self.old is not None:
            text += (
                f" for more than the {self.written:,} bytes that were written beside the old file's {self.old:,}, "
                "which stay until the new one is complete"
            )
        return text


class Through:
    """A FIFO or a device, which is written to as it is."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> Stream:
        self.file = open(self.path, "wb", buffering=0)
        return Stream(self.file.fileno(), self.path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.file.close()
        except OSError as failure:
            if error is None:
                raise _about(failure, self.path) from None
        if error is not None:
            _name_in(error, self.path)


class Replacement:
    """The new file while it is being written; ``old`` is what is known of the old one, if there is one."""

    descriptor: int | None = None
    folder: int | None = None  # a descriptor too
    temporary: str | None = None
    early: EarlySync | None = None

    def __init__(self, path: str, old: os.stat_result | None, durable: bool = True) -> None:
        self.path = path
        self.old = old
        self.durable = durable

    def __enter__(self) -> Stream:
        try:
            self.target = os.path.realpath(self.path)
            if self.durable and os.name != "nt":  # no folder can be opened there
                self._open_folder()
            self._open_temporary()
            assert self.descriptor is not None
            if self.durable:
                self.early = EarlySync(self.descriptor)
            return Stream(self.descriptor, self.path, None if self.old is None else self.old.st_size, self.early)
        except BaseException as error:
            self._clean()
            if isinstance(error, OSError):
                raise self._explained(error) from None
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._complete()
                self._sync_folder()
        except OSError as failure:
            raise _about(failure, self.path) from None
        finally:
            self._clean()
        if error is not None:
            _name_in(error, self.path)

    def __del__(self) -> None:
        # An interrupt at the very first moment of __exit__ comes before all that it does.
        if self.temporary is not None or self.descriptor is not None or self.folder is not None:
            self._clean()

    def _open_folder(self) -> None:
        """Before anything is written, so that it fails while the old file is there."""
        try:
            self.folder = os.open(os.path.dirname(self.target), os.O_RDONLY)
        except PermissionError:  # one may write in it, but not read it
            pass

    def _open_temporary(self) -> None:
        folder, name = os.path.split(self.target)
        # The name is cut so that it fits where 255 bytes are the limit, each character up to four.
        stem = os.path.join(folder, f".{name[:48]}.perdure-tmp")
        number = 0
        while self.descriptor is None or number < _LOOKED_AT:
            temporary = f"{stem}{number if number < _CROWD else os.urandom(8).hex()}"
            if self.descriptor is not None:
                _sweep(temporary)
            elif not self._claim(temporary):
                _sweep(temporary)
                self._claim(temporary)
            number += 1

    def _claim(self, temporary: str) -> bool:
        """Whether this writer has the name now. It lets go of it if another one, which thinks it abandoned,
        was first to lock it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self.temporary = temporary
        try:
            # What was private stays so from the first byte on; os.open closes it for programs that are run.
            self.descriptor = os.open(temporary, flags, 0o666 if self.old is None else 0o600)
        except OSError as error:
            self.temporary = None
            if error.errno == errno.EEXIST:
                return False
            raise
        if os.name != "nt" and not (_locked(self.descriptor) and _stands_for(temporary, self.descriptor)):
            os.close(self.descriptor)
            self.descriptor = self.temporary = None
            return False
        return True

    def _complete(self) -> None:
        """The new file to disk and into its place."""
        assert self.descriptor is not None and self.temporary is not None
        if self.old is not None and os.name != "nt":
            _give_access(self.descriptor, self.old, self.target)
        if self.durable:
            if self.early is not None:
                self.early.finish()
            _to_disk(self.descriptor)
        elif os.name != "nt":
            os.close(os.dup(self.descriptor))  # a network file system tells by closing what went wrong
        if os.name == "nt":  # what is open can't be renamed there
            descriptor, self.descriptor = self.descriptor, None
            os.close(descriptor)
            _replace_patiently(self.temporary, self.target)
        else:
            try:
                uninterrupted(os.replace, self.temporary, self.target)
            except FileNotFoundError:  # NFS says so when it has to ask twice
                if not _stands_for(self.target, self.descriptor):
                    raise
        self.temporary = None

    def _sync_folder(self) -> None:
        """The new name is an entry of the folder, which the disk must have too."""
        if not self.durable or os.name == "nt":
            return
        try:
            if self.folder is None:
                os.sync()  # of a folder that can't be opened
            else:
                os.fsync(self.folder)
        except OSError as error:
            if error.errno in NO_SUCH_SYNC:
                return
            message = f"{os.strerror(error.errno or 0)}: the new file is in place, but may not outlast a power cut"
            raise OSError(error.errno, message) from None

    def _clean(self) -> None:
        """Take away what is left: the temporary file if it has its name still, and the descriptors."""
        if self.early is not None:  # first, as its thread has the descriptor
            self.early.close()
            self.early = None
        if os.name == "nt":  # what is open can't be removed there
            descriptor, self.descriptor = self.descriptor, None
            _close(descriptor)
        if self.temporary is not None:
            if os.name == "nt":
                _unlink(self.temporary)
            elif self.descriptor is None:  # an interrupt came between the opening and its result
                _sweep(self.temporary)
            elif _stands_for(self.temporary, self.descriptor):
                _unlink(self.temporary)
            self.temporary = None
        descriptor, self.descriptor = self.descriptor, None  # never closed twice: its number may be another's by then
        _close(descriptor)
        folder, self.folder = self.folder, None
        _close(folder)

    def _explained(self, error: OSError) -> OSError:
        if error.errno in _CLOSED_FOLDER and error.filename is not None:
            folder = os.path.dirname(self.target)
            message = f"{error.strerror}: the new file is written beside the old one, and {folder!r} takes no new file"
            return OSError(error.errno, message, self.path)
        return _about(error, self.path)


def _about(error: OSError, path: str) -> OSError:
    """The same error about the path that the caller knows."""
    return OSError(error.errno, error.strerror, path)


def _name_in(error: BaseException, path: str) -> None:
    """An error that arose while the file was written says which file, if it is one of a disk's."""
    if isinstance(error, OSError) and error.errno in _DISK and error.filename is None:
        error.filename = path


def _is_device(name: str) -> bool:
    """Whether the path lies under /dev or /proc, or is a link that leads there."""
    absolute = os.path.abspath(name)
    for _ in range(40):  # as many links as Linux follows
        if absolute.startswith(_DEVICES):
            return not absolute.startswith(_MEMORY)
        try:
            link = os.readlink(absolute)
        except OSError:
            return False
        absolute = os.path.normpath(os.path.join(os.path.realpath(os.path.dirname(absolute)), link))
    return False


# Temporary files -----------------------------------------------------------------------------------------


def _locked(descriptor: int) -> bool:
    """Whether the lock was free. Where a file system has none, nobody can take a file for abandoned either."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EWOULDBLOCK)
    return True


def _stands_for(name: str, descriptor: int) -> bool:
    """Whether ``name`` is still that of the open file, which has others if it was renamed, or none."""
    try:
        return os.path.samestat(os.lstat(name), os.fstat(descriptor))
    except OSError:
        return False


def _sweep(temporary: str) -> None:
    """Take away a temporary file that nobody writes any more."""
    if not os.access(temporary, os.F_OK):  # the common case; quicker than an exception
        return
    try:
        if os.name == "nt":
            # What another process has open can't be removed there. It closes it before the renaming, soon.
            if time.time() - os.stat(temporary).st_mtime > 3600:
                os.unlink(temporary)
            return
        from fcntl import LOCK_EX, LOCK_NB, flock

        # For writing, as a lock on NFS demands; never through a link, nor waiting for a FIFO's reader.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
            if _stands_for(temporary, descriptor):
                os.unlink(temporary)
        finally:
            os.close(descriptor)
    except OSError:  # locked, another user's, gone
        pass


def _unlink(name: str) -> None:
    try:
        uninterrupted(os.unlink, name)
    except OSError:
        pass


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        try:
            os.close(descriptor)
        except OSError:
            pass


# System calls --------------------------------------------------------------------------------------------


def uninterrupted(call: Callable[..., None], *arguments: str) -> None:
    """Again after a signal, for the calls that Python itself doesn't repeat."""
    while True:
        try:
            return call(*arguments)
        except InterruptedError:
            pass


def _replace_patiently(source: str, target: str) -> None:
    """On Windows a scanner or a reader may have the old file open for a moment."""
    for wait in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6):
        try:
            return os.replace(source, target)
        except PermissionError:
            time.sleep(wait)
    os.replace(source, target)


def _to_disk(descriptor: int) -> None:
    """Once: after an error the system may have dropped what was to be written, and a second try succeed."""
    if sys.platform == "darwin":  # where fsync leaves the data in the drive's cache
        from fcntl import F_FULLFSYNC, fcntl

        try:
            fcntl(descriptor, F_FULLFSYNC)
            return
        except OSError as error:
            if error.errno not in NO_SUCH_SYNC:
                raise
    os.fsync(descriptor)


def _give_access(descriptor: int, old: os.stat_result, path: str) -> None:
    """The old file's permissions, and as far as this user may its owner, group and access list. Where the
    group or the list can't be kept, others than everybody lose what only those were given."""
    mode = stat.S_IMODE(old.st_mode)
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid) and not _give(descriptor, old):
        mode &= 0o707 | (mode & 0o007) << 3
    if hasattr(os, "getxattr"):
        try:
            access = os.getxattr(path, _ACL)
        except OSError:  # it has none, like most
            access = b""
        try:
            if access:
                os.setxattr(descriptor, _ACL, access)
            else:
                os.removexattr(descriptor, _ACL)  # the folder may give one to each new file
        except OSError:
            if access:
                mode &= 0o707 | (mode & 0o007) << 3
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:  # some file systems have one mode for all files
        os.fchmod(descriptor, mode)


def _give(descriptor: int, old: os.stat_result) -> bool:
    """Whether the file has the old one's group now."""
    for owner in (old.st_uid, -1):
        try:
            os.fchown(descriptor, owner, old.st_gid)
            return True
        except OSError:  # only root gives files away
            pass
    return False
