"""SHA-256 of what is written or read, large pieces on several cores at once."""

from __future__ import annotations

import os
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from typing import Any

__all__ = ["CHUNK", "Chunks", "digest"]

CHUNK = 4 << 20  # bytes, of each digest of a large buffer
THREADS = 4
WAITING = 16  # chunks that are not digested yet, at most: their memory is kept


def digest(data: Any) -> bytes:
    return sha256(data).digest()


class Chunks:
    """The digests of chunks, in their order; those of several are taken by threads of its own."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._found: list[Future[bytes] | bytes] = []

    def add(self, data: memoryview, chunk: int = CHUNK) -> None:
        """Digests a whole buffer, chunk by chunk; its memory must stay as it is until `finish`."""
        for start in range(0, len(data), chunk):
            self.add_one(data[start : start + chunk])

    def add_one(self, data: memoryview) -> None:
        if len(data) < CHUNK // 4:  # not worth a thread
            self._found.append(digest(data))
            return
        try:
            if self._pool is None:
                from concurrent.futures import ThreadPoolExecutor

                self._pool = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), "perdure-digest")
            self._found.append(self._pool.submit(digest, data))
        except RuntimeError:  # no thread is to be had: there are too many, or the interpreter is on its way out
            self._found.append(digest(data))
            return
        if len(self._found) > WAITING:
            waiting = self._found[-WAITING]
            if not isinstance(waiting, bytes):
                waiting.result()

    def finish(self) -> list[bytes]:
        """The digests."""
        try:
            return [each if isinstance(each, bytes) else each.result() for each in self._found]
        finally:
            self.close()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
