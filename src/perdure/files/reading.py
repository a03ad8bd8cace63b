"""A file on its way into objects: what it says of itself is proven before the first opcode is looked at.

Rules: the file is opened once, and all that is read of it is read through that. What is digested is what is loaded:
the same bytes, in memory of our own (but for mapped buffers). A large buffer leaves the stream, and comes back as one
that is out of band: in its place stands NEXT_BUFFER.
"""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from io import BytesIO

from perdure.errors import CorruptError
from perdure.files import MARK, is_marked
from perdure.files.compression import find_trailer, sniff
from perdure.files.digesting import Chunks, digest
from perdure.files.trailer import ARRAY, END, LONGEST, Trailer, decode, length_at_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from perdure.files.progress import Progress
    from perdure.files.trailer import Buffer

__all__ = ["LOST", "Source", "split"]

NEXT_BUFFER = b"\x97"
_ONCE = "what can be read only once can't be proven first: copy it to a file, or load the bare stream from an open file"
_SMALL = 64 << 20  # bytes that any compressed file may make
_TIMES = 100  # bytes that a byte of a larger one may
_PIECE = 1 << 20  # bytes at once, of what only has to be looked at
LOST = "the file begins as one that perdure wrote, and has lost its end: it was cut or appended to"


def split(data: Any) -> tuple[memoryview, Trailer]:
    """The stream and the trailer of marked bytes. Raises CorruptError."""
    view = memoryview(data).cast("B")
    length = length_at_end(bytes(view[-END:]))
    if length is None:
        raise CorruptError(LOST)
    if not 0 < length <= len(view):
        raise CorruptError("the trailer is longer than what it is the trailer of")
    trailer = decode(bytes(view[-length:]))
    stream = view[:-length]
    if len(stream) != trailer.stream_length or trailer.buffers or trailer.compression:
        raise CorruptError("the trailer is of another stream")
    if digest(stream) != trailer.digests.skeleton:
        raise CorruptError("the stream is damaged: its digest is another")
    return stream, trailer


class Source:
    """An open file of the new format, or a plain one (``trailer`` is None)."""

    def __init__(self, file: Any) -> None:
        self.file = file
        if not file.seekable():
            raise OSError(errno.ESPIPE, _ONCE, file.name)
        self.size = os.fstat(file.fileno()).st_size
        self.codec: Any = None
        self.trailer: Trailer | None = None
        start = self.read_at(0, 2 + len(MARK))
        if sniff(start) is not None:
            if (found := find_trailer(self.read_at, self.size)) is not None:
                self.codec, raw, end = found
                self._take(raw, end)
            return
        length = length_at_end(self.read_at(max(self.size - END, 0), END))
        if length is not None:
            if not 0 < length <= min(self.size, LONGEST):
                raise CorruptError("the file's trailer is longer than the file")
            self._take(self.read_at(self.size - length, length), self.size - length)
        elif is_marked(start):
            raise CorruptError(LOST)

    def _take(self, raw: bytes, end: int) -> None:
        trailer = decode(raw)
        if trailer.stream_length != end:
            raise CorruptError("the file's trailer is of a stream of another length")
        if bool(trailer.compression) != (self.codec is not None) or (self.codec and trailer.buffers):
            raise CorruptError("the file is compressed in another way than its trailer says")
        self.trailer = trailer

    def read_at(self, offset: int, size: int) -> bytes:
        """So many bytes of the file; fewer only where it ends."""
        parts, left = [], size
        while left > 0:
            part = os.pread(self.file.fileno(), min(left, 1 << 30), offset)
            if not part:
                break
            if len(part) == size:
                return part
            parts.append(part)
            offset, left = offset + len(part), left - len(part)
        return b"".join(parts)

    def stream(
        self, verify: bool, mapped: Any, empty: Callable[[int], bytearray], told: Progress
    ) -> tuple[bytes, list[Any]]:
        """The stream without its large buffers, and these. The stream is proven; the buffers too if ``verify``.
        ``mapped`` is the file's memory, in which buffers of arrays stay, or None; ``empty`` makes a bytearray."""
        assert self.trailer is not None
        skeleton = self._skeleton(self.trailer.buffers)
        if digest(skeleton) != self.trailer.digests.skeleton:
            raise CorruptError("the file is damaged: the digest of its stream is another")
        stream, writable = _without(skeleton, self.trailer.buffers)
        return stream, self._all(writable, verify, mapped, empty, told)

    def prove(self) -> None:
        """Looks at every byte, in pieces."""
        assert self.trailer is not None
        found, chunks, place = sha256(), Chunks(), 0
        wanted = self.trailer.digests
        try:
            for offset, length, _ in (*self.trailer.buffers, (self.trailer.stream_length, 0, 0)):
                while place < offset:
                    part = self._part(place, min(_PIECE, offset - place))
                    found.update(part)
                    place += len(part)
                for start in range(0, length, wanted.chunk or 1):
                    chunks.add_one(memoryview(self._part(place, min(wanted.chunk, length - start))))
                    place += min(wanted.chunk, length - start)
            if (found.digest(), chunks.finish()) != (wanted.skeleton, list(wanted.chunks)):
                raise CorruptError("the file is damaged: its digest is another")
        finally:
            chunks.close()

    def _part(self, offset: int, size: int) -> bytes:
        part = self.read_at(offset, size)
        if len(part) != size:
            raise CorruptError("the file has become shorter while it was read")
        return part

    def most(self) -> int:
        """How many bytes a compressed file may make whom nobody vouches for."""
        return max(_SMALL, _TIMES * self.size)

    def looked_at(self) -> bytes:
        """The stream of a file that is only looked at, whoever wrote it: proven if it has a trailer, and expanded."""
        data: bytes
        if self.trailer is not None:
            data = self.whole()
            return data if self.codec is None else self.codec.reader(BytesIO(data), limit=self.most()).read()
        codec = sniff(self.read_at(0, 2 + len(MARK)))
        if codec is None:
            return self.read_at(0, self.size)
        with open(self.file.fileno(), "rb", closefd=False) as file:
            data = codec.reader(file, limit=self.most()).read()
        return data

    def whole(self) -> bytes:
        """The stream as it is, proven: in memory, for what is read or expanded has to be what was proven."""
        assert self.trailer is not None
        data = self.read_at(0, self.trailer.stream_length)
        parts, place, chunks = [], 0, Chunks()
        for offset, length, _ in self.trailer.buffers:
            parts.append(data[place:offset])
            place = offset + length
            chunks.add(memoryview(data)[offset:place], self.trailer.digests.chunk)
        parts.append(data[place:])
        found = digest(b"".join(parts)), chunks.finish()
        if found != (self.trailer.digests.skeleton, list(self.trailer.digests.chunks)):
            raise CorruptError("the file is damaged: its digest is another")
        return data

    def _skeleton(self, buffers: Sequence[Buffer]) -> bytes:
        assert self.trailer is not None
        parts, place = [], 0
        for offset, length, _ in buffers:
            parts.append(self.read_at(place, offset - place))
            place = offset + length
        parts.append(self.read_at(place, self.trailer.stream_length - place))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _all(
        self, writable: list[bool], verify: bool, mapped: Any, empty: Callable[[int], bytearray], told: Progress
    ) -> list[Any]:
        assert self.trailer is not None
        size, digests, first = self.trailer.digests.chunk, self.trailer.digests.chunks, 0
        chunks = Chunks()
        wanted: list[bytes] = []
        made: list[Any] = []
        try:
            for (offset, length, kind), changes in zip(self.trailer.buffers, writable, strict=True):
                proven = verify
                if mapped is not None and kind == ARRAY:
                    held: Any = mapped[offset : offset + length]
                    told.add(length)
                elif changes:
                    held = empty(length)
                    view = memoryview(held)
                    for start in range(0, length, size):  # digested while the next one is read
                        part = view[start : start + size]
                        self._fill(part, offset + start)
                        if verify:
                            chunks.add_one(part)
                        told.add(len(part))
                    proven = False
                else:
                    held = self.read_at(offset, length)
                    told.add(length)
                if proven:
                    chunks.add(memoryview(held), size)
                made.append(held)
                following = first + -(-length // size)
                wanted += digests[first:following] if verify else []
                first = following
            if chunks.finish() != wanted:
                raise CorruptError("the file is damaged: the digest of a large buffer is another")
        finally:
            chunks.close()
        return made

    def _fill(self, memory: memoryview, offset: int) -> None:
        while len(memory):
            count = os.preadv(self.file.fileno(), [memory], offset)
            if count == 0:
                raise CorruptError("the file has become shorter while it was read")
            memory, offset = memory[count:], offset + count


def _without(skeleton: bytes, buffers: Sequence[Buffer]) -> tuple[bytes, list[bool]]:
    """A stream that asks for its large buffers where it had them, and which of them are a bytearray's."""
    if not buffers:
        return skeleton, []
    parts, writable = [], []
    place = gone = 0
    for offset, length, _ in buffers:
        at = offset - gone
        gone += length
        if skeleton[at - 9 : at - 8] in (b"\x8e", b"\x96") and skeleton[at - 8 : at] == length.to_bytes(8, "little"):
            header = 9
        elif skeleton[at - 5 : at - 4] == b"B" and skeleton[at - 4 : at] == length.to_bytes(8, "little")[:4]:
            header = 5
        else:
            raise CorruptError("the file's buffers are not where its trailer says")
        if at - header < place:
            raise CorruptError("the file's buffers are not where its trailer says")
        parts += [skeleton[place : at - header], NEXT_BUFFER]
        writable.append(skeleton[at - header] == 0x96)
        place = at
    return b"".join((*parts, skeleton[place:])), writable
