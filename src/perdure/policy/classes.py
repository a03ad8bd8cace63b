"""What may be done to a class that somebody trusts, and to its instances.

Trusting a class lets a stream make instances, by ``__new__`` or a call, and fill in their state:
by the class's own ``__setstate__`` where it has one, else by attributes and slots. What the class
inherits from a type in C is held to what that type's pickles contain, for a length that is an
argument, or a state that is memory, is nothing that a class can be trusted with.
"""

from __future__ import annotations

import sys
from types import FunctionType

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

    def member(*args: Any) -> Any:
        return cls(args[0]) if len(args) == 1 else never(cls.__qualname__, args)

    return member


def trusted_class(cls: type) -> Callee:
    name = f"{cls.__module__}.{cls.__qualname__}"
    if is_enum(cls):
        return Callee(name, member_of(cls), value=cls)
    check = _constructor_check(cls)
    if check is None:
        return Callee(name, cls, value=cls, plain=cls)

    def call(*args: Any) -> Any:
        check(args)
        return cls(*args)

    def new(*args: Any, **kwargs: Any) -> Any:
        check((*args, *kwargs.values()))
        return cls.__new__(cls, *args, **kwargs)

    return Callee(name, call, new=new, value=cls)


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


def _constructor_check(cls: type) -> Callable[[tuple[Any, ...]], None] | None:
    """What a class's arguments must be where a type in C takes them as they come."""
    for base in type.__dict__["__mro__"].__get__(cls):
        if base in _CHECKS:
            return _CHECKS[base]
        if base.__module__ == "numpy" and base.__name__ == "ndarray":
            return _refuse_arrays
        own = _namespace(base)
        if isinstance(own.get("__init__"), FunctionType) or isinstance(own.get("__new__"), staticmethod):
            return None  # its own code takes them
    return None


def _refuse_arrays(args: tuple[Any, ...]) -> None:
    never("a subclass of ndarray, by its constructor,", args)  # of any size, with what was in memory


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
}
