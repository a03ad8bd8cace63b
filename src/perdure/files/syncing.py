"""The disk begins while a large file is still being written, so that the sync at its end has little left to do.

Rules: one call at a time, by one thread, and none for small files. What it reports is never lost: Linux tells an error
of a disk once for each open file, so a sync after it would succeed. The thread has ended before the file is closed.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["NO_SUCH_SYNC", "EarlySync"]

NO_SUCH_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOTTY)  # a file system that has no such thing
EVERY = 32 << 20  # bytes that are written between two calls, at least


class EarlySync:
    """Syncs an open file's data now and then, beside whoever writes it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unsynced = 0
        self._pool: ThreadPoolExecutor | None = None
        self._call: Future[None] | None = None
        self._possible = hasattr(os, "fdatasync")  # macOS and Windows have none

    def wrote(self, size: int) -> None:
        """So many more bytes were. Raises the OSError of a sync that has failed."""
        self._unsynced += size
        if self._unsynced < EVERY or not self._possible:
            return
        if self._call is not None:
            if not self._call.done():
                return
            self._collect()
        self._unsynced = 0
        if self._possible:
            self._begin()

    def finish(self) -> None:
        """Waits for the call that is at work. Raises the OSError of a sync that has failed."""
        self._collect()
        self.close()

    def close(self) -> None:
        """Ends the thread, once its call has returned, and drops what that reports."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _begin(self) -> None:
        try:
            if self._pool is None:
                from concurrent.futures import ThreadPoolExecutor

                self._pool = ThreadPoolExecutor(1, "perdure-sync")
            self._call = self._pool.submit(os.fdatasync, self._descriptor)
        except RuntimeError:  # no thread is to be had: there are too many, or the interpreter is on its way out
            self._possible = False

    def _collect(self) -> None:
        call = self._call
        if call is None:
            return
        try:
            call.result()
        except OSError as error:
            if error.errno not in NO_SUCH_SYNC:
                raise
            self._possible = False  # the sync at the end says what that is worth
        self._call = None
