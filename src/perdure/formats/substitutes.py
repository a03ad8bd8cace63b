"""Substitutes: what is written in place of an object that cannot be pickled, as `default=` says.

A pickle has no place for one but a persistent id, so it is written as that; the text's writer then takes each for what
stands in it.
"""

from __future__ import annotations

import copyreg
import io
import types

from perdure._engine.writer import pickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["dumps"]

_NATIVE = frozenset({
    type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset,
})  # fmt: skip
_BY_NAME: tuple[type, ...] = (type, types.FunctionType, types.BuiltinFunctionType)


def dumps(obj: object, default: Callable[[Any], object]) -> bytes:
    """The stream of an object in which each object that cannot be pickled is a persistent id: what ``default`` makes of
    it, once an object."""
    file = io.BytesIO()
    Substituting(file, default).dump(obj)
    return file.getvalue()


class Substituting(pickler.Pickler):
    """A pickler that asks for substitutes."""

    def __init__(self, file: Any, default: Callable[[Any], object]) -> None:
        super().__init__(file, 5)
        self.default = default
        self.known: dict[int, tuple[object, object]] = {}  # by id: the object, so that it stays, and its substitute

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) in _NATIVE:
            return None
        if id(obj) not in self.known:
            if can_be_pickled(obj):
                return None
            self.known[id(obj)] = obj, self.default(obj)
        return self.known[id(obj)][1]


def can_be_pickled(obj: Any) -> bool:
    """Whether an object says how, apart from what is in it."""
    try:
        if isinstance(obj, _BY_NAME):
            pickler.dumps(obj)
        elif type(obj) not in copyreg.dispatch_table:
            obj.__reduce_ex__(5)
    except Exception:
        return False
    return True
