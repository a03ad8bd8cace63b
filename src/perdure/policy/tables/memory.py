"""Whose memory an array has: what is proven of an array holds for as long as nobody else can write to it.

A stream may name an array, or the bytes under it, any number of times. Two arrays of one memory are two ways to
write to it: what one of them was proven to be, the other changes, whether a program writes to it or the library
itself, which sorts the indices of a sparse matrix in place. Rules:

- What others are indexed by goes through `own` before it is looked at.
- A stream makes no array that shows another array's memory (`exporter`), so that one with memory of its own is the
  only way to it.
"""

from __future__ import annotations

from importlib import import_module

from perdure._engine.reader.guard import charge_copy, is_lent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["exporter", "own"]


def _numpy() -> Any:
    return import_module("numpy")


def own(found: Any) -> Any:
    """The same items in memory that nothing else which the stream makes can write to.

    An array that has its own memory keeps it, and what the stream holds of it becomes read-only. Where the memory
    is the stream's bytes, or the caller's, there may be other arrays of it: the items are copied.
    """
    if found.base is None and found.flags.writeable and not is_lent(found):
        view = found.view()
        found.flags.writeable = False
        return view
    charge_copy(found.nbytes)
    return found.copy()


def exporter(buffer: Any) -> Any:
    """What an array may be made of: the buffer, or a copy of an array of the stream's, which has its own way to the
    memory. (A view that READONLY_BUFFER made is none: nothing writes through it.)"""
    if not isinstance(buffer, _numpy().ndarray) or is_lent(buffer):
        return buffer
    view = memoryview(buffer)
    charge_copy(view.nbytes)
    return bytearray(view)
