"""What may be done to a class that somebody trusts, and to its instances.

Trusting a class lets a stream make instances, by ``__new__`` or a call, and fill in their state:
by the class's own ``__setstate__`` where it has one, else by attributes and slots. What the class
inherits from a type in C is held to what that type's pickles contain, for a length that is an
argument, or a state that is memory, is nothing that a class can be trusted with.
"""

from __future__ import annotations

import sys
from types import FunctionType

from perdure._engine.reader.guard import charge_hashes
from perdure.policy.rows import Callee, Kind, never, too_much

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["MANY_DIGITS", "is_enum", "member_of", "namespace", "static_attribute", "trusted_class", "trusted_kind"]

MANY_DIGITS = 100_000
_Descriptor = type(type.__dict__["__dict__"])
_namespace = type.__dict__["__dict__"].__get__


def namespace(cls: type) -> Any:
    """A class's own names, whatever its metaclass says."""
    return _namespace(cls)


def static_attribute(cls: type, name: str) -> tuple[type | None, Any]:
    """Where a class or its bases define a name, and as what; nothing is run."""
    for base in type.__dict__["__mro__"].__get__(cls):
        found = _namespace(base)
        if name in found:
            return base, found[name]
    return None, None


def is_enum(cls: type) -> bool:
    enum = sys.modules.get("enum")  # else there are none
    return enum is not None and isinstance(cls, enum.EnumMeta)


def member_of(cls: type) -> Callable[..., Any]:
    """Looks a member up by its value; the functional API, which makes classes, is out of reach."""
    enum = sys.modules["enum"]
    flag = issubclass(cls, enum.Flag)

    def member(*args: Any) -> Any:
        if len(args) != 1 or not _is_plain(args[0], 3) or (flag and type(args[0]) is int and args[0] < 0):
            never(cls.__qualname__, args)
        return cls(args[0])

    return member


def _is_plain(value: Any, levels: int) -> bool:
    """Text, numbers, and small tuples of them: what can be hashed, compared and shown at no cost."""
    if type(value) is tuple:
        return levels > 0 and len(value) <= 100 and all(_is_plain(part, levels - 1) for part in value)
    return type(value) in (str, bytes, int, float, complex, bool, type(None))


def trusted_class(cls: type, known: Callable[[str, str], Any]) -> Callee:
    """The answer for a class; ``known`` is what the tables say of a name."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if is_enum(cls):
        return Callee(name, member_of(cls), value=cls)
    check = _constructor_check(cls, known)
    if check is None:
        return Callee(name, cls, value=cls, plain=cls)

    def call(*args: Any) -> Any:
        check(args)
        return cls(*args)

    def new(*args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            check((*args, *kwargs.values()))
        return cls.__new__(cls, *args, **kwargs)

    # Without arguments there is nothing to check, and the engine makes the instance itself.
    return Callee(name, call, new=new, value=cls, plain=cls if check is _check_items else None)


def trusted_kind(cls: type, known_kind: Callable[[type], Kind | None]) -> Kind | None:
    if is_enum(cls):
        return None
    owner, method = static_attribute(cls, "__setstate__")
    if owner is None or owner is BaseException:
        return Kind(True, fill=True)
    if isinstance(method, (staticmethod, classmethod)):
        return None
    known = known_kind(owner)
    if known is not None:
        return known  # inherited from a type whose state is proven first
    return Kind(method, fill=True)


def _constructor_check(cls: type, known: Callable[[str, str], Any]) -> Callable[[tuple[Any, ...]], None] | None:
    """What a class's arguments must be where a type takes them that the tables know, or one in C."""
    for base in type.__dict__["__mro__"].__get__(cls):
        own = _namespace(base)
        if base is not cls or base in _CHECKS:
            if base in _CHECKS:
                return _CHECKS[base]
            row = known(base.__module__, base.__qualname__)
            if row is not None and row.value is base and base is not object and not issubclass(base, BaseException):
                return _check_by(row, base)
        if isinstance(own.get("__init__"), FunctionType) or isinstance(own.get("__new__"), staticmethod):
            return None  # its own code takes them
    return None


def _check_by(row: Any, base: type) -> Callable[[tuple[Any, ...]], None]:
    """Arguments with which the table would make an instance of the base itself."""
    make = getattr(row, "call", None) or getattr(row, "new", None)

    def check(args: tuple[Any, ...]) -> None:
        if make is None:
            never(f"a class that inherits {base.__qualname__}, by its constructor,", args)
        if getattr(row, "hashes", False):
            _check_items(args)
        make(*args)

    return check


def _check_items(args: tuple[Any, ...]) -> None:
    """Lists, tuples and dicts are copied, and of sets and dicts hashed: as keys, or as pairs of a key and a value."""
    for arg in args:
        if type(arg) in (list, tuple):
            charge_hashes(arg)
            for part in arg:
                if type(part) is list:
                    charge_hashes(part)


def _check_bytes(args: tuple[Any, ...]) -> None:
    if args and type(args[0]) not in (bytes, bytearray, str):
        never("bytes", args)


def _check_text(args: tuple[Any, ...]) -> None:
    if len(args) > 1 or (args and not isinstance(args[0], (str, int, float))):
        never("str", args)


def _check_number(args: tuple[Any, ...]) -> None:
    for arg in args:
        if type(arg) not in (int, float, bool, str, complex):
            never("a number", args)
        if type(arg) is str and len(arg) > MANY_DIGITS:
            too_much("a number of so many digits is not read", "digits")


_CHECKS: dict[type, Callable[[tuple[Any, ...]], None]] = {
    bytes: _check_bytes,
    bytearray: _check_bytes,
    str: _check_text,
    int: _check_number,
    float: _check_number,
    complex: _check_number,
    **dict.fromkeys((list, tuple, dict, set, frozenset), _check_items),
}
