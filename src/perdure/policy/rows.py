"""What tables are made of: checked calls, and the errors of arguments that no pickler writes.

A table maps (module, name) to a row: a Callee, a Constant, or a function without arguments that makes
one when the name first comes, so that a table is read without importing its library.
"""

from __future__ import annotations

import sys
from functools import cached_property
from importlib import import_module
from types import GetSetDescriptorType, MemberDescriptorType

from perdure._engine.reader.guard import Callee, Constant, Kind, charge_hashing
from perdure.errors import CorruptError, LimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

__all__ = [
    "Callee", "Constant", "Kind", "as_keys", "attributes_of", "bare", "build_attributes", "class_row", "fields",
    "hides", "kind_in", "never", "only", "too_much",
]  # fmt: skip

Answer = Callee | Constant
Kinds = dict[tuple[str, str], Kind]
_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)


def never(what: str, args: Iterable[Any]) -> NoReturn:
    """Refuses arguments that no pickler writes; their types alone are said, they may be huge."""
    shown = ", ".join(type(arg).__name__ for arg in list(args)[:8])
    raise CorruptError(f"{what} is never pickled with arguments of these types: ({shown:.200})")


def too_much(what: str, limit: str) -> NoReturn:
    raise LimitError(what, limit)


def only(call: Callable[..., Any], name: str, *shapes: tuple[type | None, ...]) -> Callable[..., Any]:
    """``call``, for arguments of just these types; None in a shape stands for any type."""

    def checked(*args: Any) -> Any:
        for shape in shapes:
            if len(shape) == len(args) and all(
                want is None or type(arg) is want for want, arg in zip(shape, args, strict=True)
            ):
                return call(*args)
        return never(name, args)

    return checked


def class_row(
    cls: type, call: Callable[..., Any] | None, *, new: Callable[..., Any] | None = None, pending: bool = False
) -> Callee:
    """A class that may be a value too."""
    return Callee(f"{cls.__module__}.{cls.__qualname__}", call, new=new, value=cls, pending=pending)


def fields(what: str, state: Any, **types: type | tuple[type, ...]) -> list[Any]:
    """The values of a state dict that has just these keys, each of its types."""
    if type(state) is not dict or set(state) != set(types):
        raise CorruptError(f"the state of a {what} is a dict of {', '.join(types)}")
    for key, allowed in types.items():
        if type(state[key]) not in (allowed if isinstance(allowed, tuple) else (allowed,)):
            raise CorruptError(f"{key} of a {what} is a {type(state[key]).__name__:.100}")
    return [state[key] for key in types]


def imported(module: str, name: str, make: Callable[[Any], Answer]) -> Answer | None:
    """The row that ``make`` makes of what goes by a known name; None where the installed release has no such thing."""
    found = getattr(import_module(module), name, None)
    return None if found is None else make(found)


def bare(cls: type) -> Callee:
    """A class of plain objects: an instance without anything, for BUILD to fill in."""

    def new(*args: Any) -> Any:
        return object.__new__(cls) if not args else never(cls.__qualname__, args)

    return class_row(cls, None, new=new)


def hides(cls: type, name: str) -> bool:
    """Whether an attribute of an instance would take the place of something that its class can do. Nothing is
    run to find out: properties and slots come before the instance's dict, and a cached property lives in it."""
    for base in cls.__mro__:
        if name in base.__dict__:
            found = base.__dict__[name]
            return not isinstance(found, (property, cached_property, *_DESCRIPTORS)) and (
                callable(found) or hasattr(type(found), "__get__")
            )
    return False


def attributes_of(instance: Any, state: Any) -> dict[str, Any]:
    """A state as attributes by their names, none of them special, none of them hiding a method."""
    cls = type(instance)
    if type(state) is not dict:
        raise CorruptError(f"the state of a {cls.__name__:.100} is a dict of attributes")
    for key in state:
        if type(key) is not str or (key.startswith("__") and key.endswith("__")):
            raise CorruptError(f"the state of a {cls.__name__:.100} has a key that is no attribute's name")
        if hides(cls, key):
            raise CorruptError(f"the state of a {cls.__name__:.100} would hide its method {key:.100}")
    return {sys.intern(key): value for key, value in state.items()}


def as_keys(values: Iterable[Any]) -> None:
    """Charges for values that a library will use as keys: hashing tuples may take long, or overflow the C stack."""
    for value in values:
        if isinstance(value, (tuple, frozenset)):
            charge_hashing([value])


def build_attributes(instance: Any, state: Any) -> None:
    instance.__dict__.update(attributes_of(instance, state))


def kind_in(kinds: Kinds, cls: type) -> Kind | None:
    """The entry of a class in a table of kinds, if it is the class that goes by that name."""
    module, name = cls.__module__, cls.__qualname__
    kind = kinds.get((module, name)) if type(module) is str else None
    if kind is None:
        return None
    found: Any = sys.modules.get(module) or import_module(module)  # where it says that it lives
    for part in name.split("."):
        found = getattr(found, part, None)
    return kind if found is cls else None
