"""What may be done to a class that somebody trusts, and to its instances.

Trusting a class lets a stream make instances, by ``__new__`` or a call, and fill in their state:
by the class's own ``__setstate__`` where it has one, else by attributes and slots. What the class
inherits from a type in C is held to what that type's pickles contain, for a length that is an
argument, or a state that is memory, is nothing that a class can be trusted with.
"""

from __future__ import annotations

import sys
from collections import deque
from types import FunctionType

from perdure._engine.reader.guard import charge_copy, charge_hashing
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, never, too_much

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeGuard

__all__ = [
    "MANY_DIGITS", "check_calendar", "check_numbers", "is_class", "is_enum", "member_of", "mro_of", "names_of",
    "namespace", "new_of", "static_attribute", "trusted_class", "trusted_kind",
]  # fmt: skip

MANY_DIGITS = 100_000
MANY_PARTS = 1000  # of an enum's value
_Descriptor = type(type.__dict__["__dict__"])
_namespace = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__
_qualname = type.__dict__["__qualname__"].__get__


def namespace(cls: type) -> Any:
    """A class's own names, whatever its metaclass says."""
    return _namespace(cls)


def static_attribute(cls: type, name: str) -> tuple[type | None, Any]:
    """Where a class or its bases define a name, and as what; nothing is run."""
    for base in mro_of(cls):
        found = _namespace(base)
        if name in found:
            return base, found[name]
    return None, None


def mro_of(cls: type) -> tuple[type, ...]:
    mro: tuple[type, ...] = type.__dict__["__mro__"].__get__(cls)
    return mro


def is_class(thing: Any) -> TypeGuard[type]:
    """Whether something is a class, whatever it says of itself (isinstance would ask its ``__class__``)."""
    return issubclass(type(thing), type)


def names_of(cls: type) -> tuple[Any, Any]:
    """The module and qualified name that a class's own body gave it; its metaclass is not asked."""
    return _module(cls), _qualname(cls)


def new_of(cls: type) -> Any:
    """A class's ``__new__``, as the interpreter finds it for NEWOBJ."""
    _, new = static_attribute(cls, "__new__")
    return new.__func__ if type(new) is staticmethod else new


def is_enum(cls: type) -> bool:
    enum = sys.modules.get("enum")  # else there are none
    return enum is not None and issubclass(type(cls), enum.EnumMeta)


def member_of(cls: type) -> Callable[..., Any]:
    """Looks a member up by its value; the functional API, which makes classes, is out of reach.

    A value is of a type that members' values have: it is hashed, compared, and shown in an error.
    """
    known = {type(each._value_) for each in cls.__members__.values()}  # type: ignore[attr-defined]

    def member(*args: Any) -> Any:
        if len(args) != 1 or type(args[0]) not in known or not _is_flat(args[0]):
            never(cls.__qualname__, args)
        return cls(args[0])

    return member


def _is_flat(value: Any) -> bool:
    """Whether a container holds no more than other values do, and no containers; and a number is no larger."""
    if type(value) is int:
        return value.bit_length() <= MANY_PARTS
    if not isinstance(value, (tuple, list, dict, set, frozenset)):
        return True
    return len(value) <= MANY_PARTS and not any(isinstance(part, (tuple, list, dict, set, frozenset)) for part in value)


def trusted_class(cls: type) -> Callee:
    name = ".".join(map(str, names_of(cls)))
    if is_enum(cls):
        return Callee(name, member_of(cls), value=cls)
    check = _constructor_check(cls)
    if check is None:
        return Callee(name, cls, value=cls, plain=cls, lends=_lends(cls))

    def call(*args: Any) -> Any:
        check(args)
        return cls(*args)

    def new(*args: Any, **kwargs: Any) -> Any:
        check((*args, *kwargs.values()))
        return new_of(cls)(cls, *args, **kwargs)

    return Callee(name, call, new=new, value=cls)


def _lends(cls: type) -> bool:
    """Whether code of the class, or of its metaclass, chooses the instance that a call or ``__new__`` gives: then it
    may be one that the program has already."""
    _, call = static_attribute(type(cls), "__call__")
    _, new = static_attribute(cls, "__new__")
    return call is not type.__call__ or isinstance(new, staticmethod)


def trusted_kind(cls: type, known_kind: Callable[[type], Kind | None]) -> Kind | None:
    if is_enum(cls):
        return None
    owner, method = static_attribute(cls, "__setstate__")
    if owner is None or owner is BaseException:
        return Kind(True, fill=True)
    if isinstance(method, (staticmethod, classmethod)):
        return None
    known = known_kind(owner)
    if known is not None or str(names_of(owner)[0]).partition(".")[0] == "numpy":
        return known  # inherited from a type whose state is proven first
    return Kind(method, fill=True)


def _constructor_check(cls: type) -> Callable[[tuple[Any, ...]], None] | None:
    """What a class's arguments must be where a type in C, or one of ours, takes them as they come."""
    initialises = False
    for base in mro_of(cls):
        key = names_of(base)
        if str(key[0]).partition(".")[0] == "numpy":
            return _refuse_arguments
        if key in _OF_NEW:
            return _OF_NEW[key]
        if key in _OF_INIT:
            return None if initialises else _OF_INIT[key]
        own = _namespace(base)
        if isinstance(own.get("__new__"), staticmethod):
            return None  # its own code takes them
        initialises = initialises or isinstance(own.get("__init__"), FunctionType)
    return None


def _refuse_arguments(args: tuple[Any, ...]) -> None:
    """An array would be of any size, with what was in memory; a generator is seeded with anything."""
    if args:
        never("a subclass of one of numpy's, by its constructor,", args)


def _check_bytes(args: tuple[Any, ...]) -> None:
    if args and not (
        (len(args) == 1 and type(args[0]) in (bytes, bytearray))
        or (len(args) == 2 and type(args[0]) is str and args[1] in ("latin-1", "latin1", "ascii", "utf-8"))
    ):
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


def _check_fraction(args: tuple[Any, ...]) -> None:
    """Two whole numbers, or text of them: no exponents."""
    _check_number(args)
    if len(args) > 2 or any(type(arg) is str and not arg.lstrip("-").replace("/", "", 1).isdigit() for arg in args):
        never("a fraction", args)
    bits = sum(arg.bit_length() if type(arg) is int else 4 * len(arg) if type(arg) is str else 2048 for arg in args)
    if bits > 1 << 20:
        too_much("a fraction of so many digits is not read", "digits")
    charge_copy(bits * bits >> 12)  # a greatest common divisor takes quadratic time


def _check_items(args: tuple[Any, ...]) -> None:
    """An iterable that is as large as what it makes: no range."""
    if args and not isinstance(args[0], (list, tuple, set, frozenset, dict, deque)):
        never("a container", args)
    if len(args) > 1 and not (len(args) == 2 and (args[1] is None or type(args[1]) is int)):  # a deque's maxlen
        never("a container", args)


def _check_hashed(args: tuple[Any, ...]) -> None:
    _check_items(args)
    if args:
        charge_hashing(list(args[0]))


def _check_pairs(args: tuple[Any, ...]) -> None:
    """A dict's arguments: another, or a list of pairs; a defaultdict's factory stands before it."""
    if args and (args[0] is None or isinstance(args[0], type)):
        args = args[1:]
    if len(args) > 1 or (args and not isinstance(args[0], (list, tuple, dict))):
        never("a dict", args)
    if args and isinstance(args[0], dict):
        charge_hashing(list(args[0]), as_dict=True)
    elif args:
        if not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in args[0]):
            never("a dict", args)
        charge_hashing([pair[0] for pair in args[0]], as_dict=True)


def _check_counter(args: tuple[Any, ...]) -> None:
    if len(args) > 1 or (args and not isinstance(args[0], dict)):
        never("a Counter", args)
    if args:
        charge_hashing(list(args[0]), as_dict=True)


def _check_array(args: tuple[Any, ...]) -> None:
    if [*map(type, args)] not in ([str], [str, list], [str, bytes], [str, str]):
        never("an array", args)
    if len(args) == 2:
        check_numbers("an array", args[1])


def check_numbers(what: str, items: Any) -> None:
    """A list of an array's items: others would be converted one by one, by methods that may take long."""
    if type(items) is list and not {*map(type, items)} <= {int, float, str, bool}:
        never(what, items)


def _check_scalars(args: tuple[Any, ...]) -> None:
    """For constructors in Python of the standard library's, which call methods of what they are given, or show it."""
    for arg in args:
        if type(arg) not in (str, bytes, int, float, bool, type(None)):
            never("such a class", args)
        if type(arg) is int and arg.bit_length() > MANY_PARTS:
            too_much("a number of so many digits is not read", "digits")


def _check_maps(args: tuple[Any, ...]) -> None:
    if not all(type(arg) is dict for arg in args):
        never("a ChainMap", args)


def _check_seed(args: tuple[Any, ...]) -> None:
    if len(args) > 1 or (args and type(args[0]) not in (int, float, str, bytes, type(None))):
        never("a Random", args)


def check_calendar(args: tuple[Any, ...]) -> None:
    """The bytes of a date's or time's state: the types in C do not look at all of them."""
    state = args[0] if args and isinstance(args[0], (bytes, str)) else None
    if state is None:
        return
    raw = state.encode("latin-1") if isinstance(state, str) else state
    if len(raw) not in (4, 6, 10) or len(args) > 2:
        never("a date or a time", args)
    if len(raw) != 6:
        year, month, day = raw[0] << 8 | raw[1], raw[2] & 0x7F, raw[3]
        if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)):
            raise CorruptError("a date is out of range")
    if len(raw) != 4:
        hour, minute, second, *rest = raw[-6:]
        if (hour & 0x7F if len(raw) == 6 else hour) > 23 or minute > 59 or second > 59:
            raise CorruptError("a time is out of range")
        if rest[0] << 16 | rest[1] << 8 | rest[2] > 999_999:
            raise CorruptError("a time is out of range")


def days_in_month(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 30 + (month in (1, 3, 5, 7, 8, 10, 12)) - (month == 2) * (2 - leap)


# By the names of the types, which are not imported for it. What is made by __new__ is checked whatever a class
# does in an __init__ of its own; containers are filled by __init__.
_OF_NEW: dict[tuple[str, str], Callable[[tuple[Any, ...]], None]] = {
    **{("builtins", name): _check_number for name in ("int", "float", "complex")},
    ("builtins", "bytes"): _check_bytes,
    ("builtins", "str"): _check_text,
    ("builtins", "tuple"): _check_items,
    ("builtins", "frozenset"): _check_hashed,
    ("array", "array"): _check_array,
    ("decimal", "Decimal"): _check_number,
    ("fractions", "Fraction"): _check_fraction,
    ("random", "Random"): _check_seed,
    **{("pathlib", name): _check_scalars for name in ("PurePath", "Path")},
    ("pathlib._local", "PurePath"): _check_scalars,
    ("pathlib._local", "Path"): _check_scalars,
    **{("datetime", name): check_calendar for name in ("date", "time", "datetime")},
}
_OF_INIT: dict[tuple[str, str], Callable[[tuple[Any, ...]], None]] = {
    ("builtins", "bytearray"): _check_bytes,
    ("builtins", "list"): _check_items,
    ("builtins", "set"): _check_hashed,
    ("builtins", "dict"): _check_pairs,
    ("collections", "OrderedDict"): _check_pairs,
    ("collections", "defaultdict"): _check_pairs,
    ("collections", "Counter"): _check_counter,
    ("collections", "deque"): _check_items,
    ("collections", "ChainMap"): _check_maps,
    ("collections", "UserDict"): _check_pairs,
    ("collections", "UserList"): _check_items,
    ("collections", "UserString"): _check_scalars,
    ("json.decoder", "JSONDecodeError"): _check_scalars,
    ("logging", "LogRecord"): _check_scalars,
    ("re", "error"): _check_scalars,
    ("statistics", "NormalDist"): _check_scalars,
    ("string", "Template"): _check_scalars,
    ("uuid", "UUID"): _check_scalars,
    **{("ipaddress", f"IPv{version}{what}"): _check_scalars
       for version in (4, 6) for what in ("Address", "Network", "Interface")},
}
