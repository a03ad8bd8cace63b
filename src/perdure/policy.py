"""What a stream may name, and what it may call: deny by default.

A policy is an object with one method that the engine calls, once per name and load:
``resolve(module, name)`` gives a Callee (a name that may be called, and only called), a
Constant (a name that is a value), or raises UntrustedError. Nothing is imported to decide.

Rules for the rows of the table:

- A row takes exactly the arguments that real pickles have, and checks their types; what real
  pickles never do (``bytes(10**12)``, ``encode(text, "idna")``) is refused.
- A row builds its value itself, from arguments that are built already.
"""

from __future__ import annotations

from perdure._engine.reader.guard import Callee, Constant
from perdure.errors import CorruptError, UntrustedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

__all__ = ["BUILT_IN", "TRUST_ALL", "Policy", "TrustAll"]


class TrustAll:
    """Everything loads, as with the standard module: for streams that you would run anyway."""

    def __repr__(self) -> str:
        return "perdure.TRUST_ALL"


TRUST_ALL = TrustAll()


def _refuse(what: str, args: tuple[Any, ...]) -> NoReturn:
    shown = ", ".join(type(arg).__name__ for arg in args[:8])
    raise CorruptError(f"{what} is never pickled with arguments of these types: ({shown:.200})")


def _set(*args: Any) -> set[Any]:
    if len(args) == 1 and type(args[0]) is list:
        return set(_hashable(args[0]))
    return _refuse("set", args)


def _frozenset(*args: Any) -> frozenset[Any]:
    if len(args) == 1 and type(args[0]) is list:
        return frozenset(_hashable(args[0]))
    return _refuse("frozenset", args)


def _hashable(items: list[Any]) -> list[Any]:
    """Sets of protocols 0 to 3 hash their items here, out of the machine's sight: only items
    whose hash costs no more than their size. (Tuples in sets go through ADDITEMS from protocol
    4 on; before, a flat tuple is what real data has.)"""
    for item in items:
        if type(item) is tuple:
            for part in item:
                if type(part) is tuple and any(type(deeper) is tuple for deeper in part):
                    raise CorruptError("tuples nested in tuples nested in tuples as items of a set")
    return items


def _bytes(*args: Any) -> bytes:
    return b"" if not args else _refuse("bytes", args)


def _bytearray(*args: Any) -> bytearray:
    if not args:
        return bytearray()
    if len(args) == 1 and type(args[0]) is bytes:
        return bytearray(args[0])
    if len(args) == 2 and type(args[0]) is str and args[1] in ("latin-1", "latin1"):
        return bytearray(args[0], "latin-1")
    return _refuse("bytearray", args)


def _encode(*args: Any) -> bytes:
    if len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1"):
        return args[0].encode("latin-1")
    return _refuse("_codecs.encode", args)


def _complex(*args: Any) -> complex:
    if len(args) == 2 and type(args[0]) is float and type(args[1]) is float:
        return complex(args[0], args[1])
    return _refuse("complex", args)


def _range(*args: Any) -> range:
    if len(args) == 3 and all(type(arg) is int for arg in args) and args[2] != 0:
        return range(*args)
    return _refuse("range", args)


def _slice(*args: Any) -> slice:
    if len(args) == 3:
        return slice(*args)
    return _refuse("slice", args)


_CALLEES: dict[tuple[str, str], Callable[..., Any]] = {
    ("builtins", "set"): _set,
    ("builtins", "frozenset"): _frozenset,
    ("builtins", "bytes"): _bytes,
    ("builtins", "bytearray"): _bytearray,
    ("builtins", "complex"): _complex,
    ("builtins", "range"): _range,
    ("builtins", "slice"): _slice,
    ("_codecs", "encode"): _encode,
}

_CONSTANTS: dict[tuple[str, str], Any] = {
    ("builtins", "Ellipsis"): ...,
    ("builtins", "NotImplemented"): NotImplemented,
}


class Policy:
    """The built-in profile: values of built-in types, and nothing else."""

    def __init__(self) -> None:
        self._decided: dict[tuple[str, str], Callee | Constant] = {
            **{key: Callee(".".join(key), call) for key, call in _CALLEES.items()},
            **{key: Constant(value) for key, value in _CONSTANTS.items()},
        }

    def resolve(self, module: str, name: str) -> Callee | Constant:
        """What the stream may do with a name; UntrustedError where it may do nothing."""
        found = self._decided.get((module, name))
        if found is None:
            full = f"{module:.200}.{name:.200}"
            raise UntrustedError(f"{full} is not trusted: built-in values alone are. trusted=perdure.TRUST_ALL "
                                 "loads it, and runs whatever else the stream says", (full,))
        return found


BUILT_IN = Policy()
