"""The standard library's value types, and pytz, which old pickles of pandas hold.

Opt-in, by name, because they hold something that the application calls later, or do much more than
hold values: functools.partial, operator's getters, itertools, bound methods, email, http.cookies.
"""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict
from importlib import import_module
from threading import Lock

from perdure._engine.reader.guard import charge_copy, charge_hashing
from perdure.errors import CorruptError
from perdure.policy.classes import MANY_DIGITS, check_calendar, check_numbers, static_attribute
from perdure.policy.rows import Callee, Kind, bare, class_row, fields, kind_in, never, too_much
from perdure.policy.tables.builtin import build_exception, exception_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["READING", "is_zone_key", "kind", "row"]


WIDE_SET = 1 << 20  # what compiling a set of many characters counts for
ANY_CASE = 1 << 16  # and that of a set of letters of any case
COMPILING = 4096  # what compiling any pattern counts for
SEEDING = 4096  # what making a generator counts for
READING = 8192  # what reading a time zone's file counts for, in bytes that are copied


def row(module: str, name: str) -> Answer | None:
    module = _ALIASES.get(module, module)
    make = _ROWS.get((module, name))
    if make is None:
        return None
    found: Any = import_module(module)
    for part in name.split("."):
        if isinstance(found, type):
            owner, _ = static_attribute(found, part)
            if owner is None:
                return None
        found = getattr(found, part, None)
    return None if found is None else make(found)


# ---- what most rows are made of --------------------------------------------------------------


def _sound(cls: type) -> Callee:
    """A class whose constructor in C takes any arguments, and makes nothing of those that it can't."""
    return Callee(_name(cls), cls, value=cls, plain=cls)


def _calendar(cls: type) -> Callee:
    """A date or a time: the engine reads most of them, by `plain`."""

    def call(*args: Any, **kwargs: Any) -> Any:
        check_calendar(args)
        return cls(*args, **kwargs)

    return Callee(_name(cls), call, new=call, value=cls, plain=cls)


def _called(*shapes: tuple[Any, ...]) -> Callable[[type], Callee]:
    """A class that is called with arguments of just these types."""

    def make(cls: type) -> Callee:
        def call(*args: Any) -> Any:
            types = tuple(map(type, args))
            if not any(_fits(types, shape) for shape in shapes):
                never(_name(cls), args)
            return cls(*args)

        return class_row(cls, call, new=call)

    return make


def _fits(types: tuple[type, ...], shape: tuple[Any, ...]) -> bool:
    return len(types) == len(shape) and all(
        issubclass(found, wanted) if isinstance(wanted, tuple) else found is wanted
        for found, wanted in zip(types, shape, strict=True)
    )


def _error(*shapes: tuple[Any, ...]) -> Callable[[type], Callee]:
    """An exception whose constructor is Python code, and calls methods of its arguments, or formats them."""

    def make(cls: type) -> Callee:
        row = _called(*shapes)(cls)
        return Callee(row.name, row.call, new=lambda *args: cls.__new__(cls, *args), value=cls)

    return make


def _texts(cls: type) -> Callee:
    """A path: any number of str."""

    def call(*args: Any) -> Any:
        if not all(type(arg) is str for arg in args):
            never(_name(cls), args)
        charge_copy(sum(8 * len(arg) + 128 for arg in args))
        return cls(*args)

    return class_row(cls, call)


def _member(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 1 or type(args[0]) not in (int, str):
            never(_name(cls), args)
        known = getattr(cls, "_flag_mask_", None)
        if known is not None and (args[0] < 0 or args[0] | known != known):
            never(_name(cls), args)  # flags remember every number that they are asked for
        return cls(args[0])

    return class_row(cls, call)


def _fields_of_text(count: int) -> Callable[[type], Callee]:
    def make(cls: type) -> Callee:
        kind = bytes if cls.__name__.endswith("Bytes") else str

        def new(*args: Any) -> Any:
            if len(args) != count or any(type(arg) is not kind and arg is not None for arg in args):
                never(_name(cls), args)
            return cls(*args)

        return class_row(cls, new, new=new)

    return make


def _name(cls: Any) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


# ---- numbers ---------------------------------------------------------------------------------


def _decimal(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 1 or type(args[0]) is not str:
            never("decimal.Decimal", args)
        if len(args[0]) > MANY_DIGITS:
            too_much("a number of so many digits is not read", "digits")
        return cls(args[0])

    return Callee("decimal.Decimal", call, value=cls, direct=cls, types=(str,))


def _fraction(cls: type) -> Callee:
    def of_two(numerator: int, denominator: int) -> Any:
        size = numerator.bit_length() + denominator.bit_length()
        if size > 1 << 20:
            too_much("a fraction of so many digits is not read", "digits")
        charge_copy(size * size >> 12)  # their greatest common divisor takes quadratic time
        return cls(numerator, denominator)

    def call(*args: Any) -> Any:
        if len(args) == 2 and type(args[0]) is int and type(args[1]) is int and args[1] > 0:
            return of_two(*args)
        if len(args) != 1 or type(args[0]) is not str:
            never("fractions.Fraction", args)
        numerator, slash, denominator = args[0].partition("/")
        sign = numerator[:1] == "-"
        if len(args[0]) > MANY_DIGITS:
            too_much("a fraction of so many digits is not read", "digits")
        digits = (numerator[sign:], denominator if slash else "1")
        if not all(part.isascii() and part.isdigit() for part in digits):
            raise CorruptError("a Fraction is pickled as two whole numbers")
        return of_two(int(numerator), int(digits[1]))

    return class_row(cls, call, new=call)


# ---- containers ------------------------------------------------------------------------------


def _ordered(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if not args:
            return cls()
        if len(args) == 1 and type(args[0]) is list:  # Python 2: a list of pairs
            pairs = args[0]
            charge_copy(256 * len(pairs))
            if all(type(pair) in (list, tuple) and len(pair) == 2 and type(pair[0]) in _SAFE_KEYS for pair in pairs):
                return cls(pairs)
        return never(_name(cls), args)

    return Callee(_name(cls), call, value=cls, plain=cls)


_SAFE_KEYS = frozenset((str, bytes, float, bool, type(None)))


def _counter(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if args and (len(args) != 1 or type(args[0]) is not dict):
            never(_name(cls), args)
        if args:
            charge_hashing(list(args[0]), as_dict=True)
        return cls(*args)

    return class_row(cls, call)


def _deque(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if (
            len(args) > 2
            or (args and type(args[0]) not in (list, tuple))
            or (len(args) == 2 and args[1] is not None and type(args[1]) is not int)
        ):
            never(_name(cls), args)
        return cls(*args)

    return class_row(cls, call)


def _user_string(cls: type) -> Callee:
    def new(*args: Any) -> Any:
        if args and (len(args) > 1 or type(args[0]) is not str):
            never("collections.UserString", args)
        return object.__new__(cls)

    return class_row(cls, None, new=new)


def _build_user(key: str, *types: type) -> Kind:
    """UserDict and its like: one attribute, of one of these types."""

    def build(instance: Any, state: Any) -> None:
        (value,) = fields(type(instance).__name__, state, **{key: types})
        instance.__dict__[key] = value

    return Kind(build, unseen=True)


def _build_ordered(instance: Any, state: Any) -> None:
    """The one attribute that people's pickles have on one: torch's, which tells of each module its version."""
    (found,) = fields("OrderedDict", state, _metadata=OrderedDict)
    instance.__dict__["_metadata"] = found


def _build_chain(instance: Any, state: Any) -> None:
    (maps,) = fields("ChainMap", state, maps=list)
    if not all(isinstance(each, dict) for each in maps):
        raise CorruptError("the maps of a ChainMap are dicts")
    instance.__dict__["maps"] = maps


def _build_names(instance: Any, state: Any) -> None:
    """Attributes that are names, none of them special."""
    if type(state) is not dict or not all(
        type(key) is str and not (key.startswith("__") and key.endswith("__")) for key in state
    ):
        raise CorruptError(f"the state of a {type(instance).__name__} is a dict of attributes")
    instance.__dict__.update(state)


def _build_template(instance: Any, state: Any) -> None:
    (template,) = fields("Template", state, template=str)
    instance.__dict__["template"] = template


# ---- times -----------------------------------------------------------------------------------


def _zone_info(cls: type) -> Callee:
    """ZoneInfo(key) with a key that names no path: a zone of the system's database or of tzdata."""

    def call(*args: Any) -> Any:
        if len(args) != 1 or type(args[0]) is not str:
            never("zoneinfo.ZoneInfo", args)
        charge_copy(READING)
        return cls(_zone_key(args[0]))

    return class_row(cls, call)


def _zone_info_unpickle(method: Any) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 2 or type(args[0]) is not str or args[1] not in (0, 1):
            never("zoneinfo.ZoneInfo._unpickle", args)
        cls = import_module("zoneinfo").ZoneInfo
        charge_copy(READING)
        return cls(_zone_key(args[0])) if args[1] else cls.no_cache(_zone_key(args[0]))

    return Callee("zoneinfo.ZoneInfo._unpickle", call)


_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}")


def is_zone_key(key: str) -> bool:
    return _ZONE.fullmatch(key) is not None


def _zone_key(key: str) -> str:
    if not is_zone_key(key):
        raise CorruptError("no name of a time zone")
    return key


def _pytz_utc(function: Any) -> Callee:
    return Callee("pytz._UTC", lambda *args: function() if not args else never("pytz._UTC", args))


def _pytz_zone(function: Any) -> Callee:
    def call(*args: Any) -> Any:
        known = import_module("pytz").all_timezones_set
        types = tuple(map(type, args))
        if not args or types not in ((str,), (str, int, int, str)) or args[0] not in known:
            never("pytz._p", args)
        zone = function(args[0])
        return zone if len(args) == 1 else _pytz_period(zone, *args[1:])

    return Callee("pytz._p", call)


def _pytz_period(zone: Any, offset: int, saving: int, name: str) -> Any:
    """One of a zone's periods. pytz itself would add one that is not there, to everybody's zone."""
    timedelta = import_module("datetime").timedelta
    wanted = (timedelta(seconds=offset), timedelta(seconds=saving))
    found = [each for key, each in zone._tzinfos.items() if key[:2] == wanted]
    exact = [each for each in found if each._tzname == name]
    if not found:
        raise CorruptError("no period of that time zone")
    return (exact or found)[0]


def _struct(cls: type) -> Callee:
    """struct_time and stat_result: a tuple of numbers and a dict of more of them."""

    def call(*args: Any) -> Any:
        if len(args) not in (1, 2) or type(args[0]) is not tuple or (len(args) == 2 and type(args[1]) is not dict):
            never(_name(cls), args)
        values = (*args[0], *(args[1].values() if len(args) == 2 else ()))
        if not all(type(value) in (int, float, str, type(None)) for value in values):
            raise CorruptError(f"the fields of a {cls.__name__} are numbers and names")
        return cls(*args)

    return class_row(cls, call)


# ---- identifiers, addresses, patterns --------------------------------------------------------


def _uuid(cls: type) -> Callee:
    return Callee("uuid.UUID", None, new=lambda *args: object.__new__(cls) if not args else never("UUID", args),
                  value=cls, plain=cls)  # fmt: skip


def _build_uuid(instance: Any, state: Any) -> None:
    uuid = import_module("uuid")
    if type(state) is not dict or not {"int"} <= set(state) <= {"int", "is_safe"}:
        raise CorruptError("the state of a UUID is its int, and whether it is safe")
    number, safety = state["int"], state.get("is_safe", uuid.SafeUUID.unknown.value)
    if type(number) is not int or not 0 <= number < 1 << 128:
        raise CorruptError("a UUID has 128 bits")
    object.__setattr__(instance, "int", number)
    object.__setattr__(instance, "is_safe", uuid.SafeUUID(safety) if type(safety) in (int, type(None)) else safety)
    if type(instance.is_safe) is not uuid.SafeUUID:
        raise CorruptError("is_safe of a UUID is a SafeUUID")


_QUIET = Lock()  # two threads that put filters back in turns would leave one of them for good


def _pattern(function: Any) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 2 or type(args[0]) not in (str, bytes) or type(args[1]) is not int:
            never("re._compile", args)
        text, flags = args
        shown = text if type(text) is str else text.decode("latin-1")
        if len(text) > 1 << 16 or shown.count("(") > 1000 or _nesting(shown) > 100 or flags & re.DEBUG:
            too_much("a pattern that is too large, too deep, or prints itself", "pattern")
        any_case = flags & re.IGNORECASE or "(?" in shown
        charge_copy(COMPILING + 128 * len(text) + (WIDE_SET if any_case else WIDE_SET >> 3) * _wide_sets(shown)
                    + (ANY_CASE * shown.count("[") if any_case else 0))  # fmt: skip
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as to how it is written, which whoever loads it can't help
            return re.compile(text, flags)

    return Callee("re._compile", call)


def _nesting(text: str) -> int:
    """Levels of parentheses, at most: some that are counted may open nothing, but none that opens is not."""
    deepest = depth = 0
    for place, char in enumerate(text):
        if char == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif char == ")" and text[place - 1 : place] not in ("\\", "["):
            depth -= 1
    return deepest


def _wide_sets(text: str) -> int:
    """How many sets may hold characters beyond latin-1, each of which takes a table of all of them."""
    sets = text.count("[")
    return sets if not text.isascii() or "\\u" in text or "\\U" in text or "\\N" in text else 0


# ---- arrays and generators -------------------------------------------------------------------

_ITEM_SIZES = {"b": 1, "B": 1, "u": 4, "w": 4, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8,
               "f": 4, "d": 8}  # fmt: skip


def _is_code(code: Any) -> bool:
    return type(code) is str and code in _ITEM_SIZES


def _array(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        """Of a type code and a list of items, as protocols 0 to 2 have it."""
        if len(args) != 2 or not _is_code(args[0]) or type(args[1]) not in (list, str, bytes):
            never("array.array", args)
        check_numbers("array.array", args[1])
        return cls(*args)

    return class_row(cls, call)


def _array_reconstructor(function: Any) -> Callee:
    def call(*args: Any) -> Any:
        array = import_module("array").array
        if (
            len(args) != 4 or args[0] is not array or not _is_code(args[1]) or type(args[2]) is not int
            or not 0 <= args[2] <= 21 or type(args[3]) is not bytes
        ):  # fmt: skip
            never("array._array_reconstructor", args)
        return function(*args)

    return Callee("array._array_reconstructor", call)


def _random(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        charge_copy(SEEDING)
        return cls(0) if not args else never("random.Random", args)

    return class_row(cls, call, new=call)


def _build_random(instance: Any, state: Any) -> None:
    if type(state) is not tuple or len(state) != 3 or state[0] not in (2, 3) or type(state[1]) is not tuple:
        raise CorruptError("the state of a Random is a version, its words, and a number")
    words = state[1]
    if (
        len(words) != 625 or not all(type(word) is int and 0 <= word < 1 << 32 for word in words[:624])
        or type(words[624]) is not int or not 0 <= words[624] <= 624 or type(state[2]) not in (float, type(None))
    ):  # fmt: skip
        raise CorruptError("the state of a Random has 624 words and a place among them")
    instance.setstate((3, words, state[2]))


def _build_normal(instance: Any, state: Any) -> None:
    if type(state) is not tuple or len(state) != 2:
        raise CorruptError("the state of a NormalDist is two numbers")
    mu, sigma = state if state[0] is not None else fields("NormalDist", state[1], _mu=float, _sigma=float)
    if type(mu) is not float or type(sigma) is not float or not sigma >= 0.0:
        raise CorruptError("a standard deviation is not negative")
    object.__setattr__(instance, "_mu", mu)
    object.__setattr__(instance, "_sigma", sigma)


def _namespace(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        return cls() if not args else never(_name(cls), args)

    return class_row(cls, call, new=call)


# ---- the table -------------------------------------------------------------------------------

_ALIASES = {"pathlib._local": "pathlib", "pathlib._abc": "pathlib", "_pydatetime": "datetime", "_pydecimal": "decimal",
            "zoneinfo._zoneinfo": "zoneinfo"}  # fmt: skip

_ROWS: dict[tuple[str, str], Any] = {
    **{("datetime", name): _calendar for name in ("date", "datetime", "time")},
    ("datetime", "timezone"): _sound,
    ("datetime", "tzinfo"): _namespace,
    ("datetime", "timedelta"): lambda cls: Callee(
        "datetime.timedelta", cls, value=cls, plain=cls, direct=cls, types=(int, int, int)
    ),
    ("zoneinfo", "ZoneInfo"): _zone_info,
    ("zoneinfo", "ZoneInfo._unpickle"): _zone_info_unpickle,
    ("zoneinfo", "ZoneInfoNotFoundError"): exception_row,
    ("zoneinfo._common", "ZoneInfoNotFoundError"): exception_row,
    ("pytz", "_UTC"): _pytz_utc,
    ("pytz", "_p"): _pytz_zone,
    ("decimal", "Decimal"): _decimal,
    ("fractions", "Fraction"): _fraction,
    **{("decimal", name): exception_row for name in (
        "Clamped", "InvalidOperation", "DivisionByZero", "Inexact", "Rounded", "Subnormal", "Overflow", "Underflow",
        "FloatOperation", "DecimalException", "ConversionSyntax", "DivisionImpossible", "DivisionUndefined",
        "InvalidContext",
    )},
    ("uuid", "UUID"): _uuid,
    **dict.fromkeys((
        ("uuid", "SafeUUID"), ("http", "HTTPStatus"), ("http", "HTTPMethod"), ("re", "RegexFlag"),
        ("signal", "Signals"), ("signal", "Handlers"), ("socket", "AddressFamily"), ("socket", "SocketKind"),
    ), _member),
    **{("pathlib", name): _texts for name in (
        "PurePath", "PurePosixPath", "PureWindowsPath", "Path", "PosixPath", "WindowsPath",
    )},
    ("collections", "OrderedDict"): _ordered,
    ("collections", "Counter"): _counter,
    ("collections", "deque"): _deque,
    ("collections", "ChainMap"): bare,
    ("collections", "UserDict"): bare,
    ("collections", "UserList"): bare,
    ("collections", "UserString"): _user_string,
    ("types", "SimpleNamespace"): _namespace,
    ("argparse", "Namespace"): bare,
    ("logging", "LogRecord"): bare,
    ("string", "Template"): bare,
    ("array", "array"): _array,
    ("array", "_array_reconstructor"): _array_reconstructor,
    **{("ipaddress", f"IPv{version}Address"): _called(((str, int),)) for version in (4, 6)},
    **{("ipaddress", f"IPv{version}{what}"): _called((str,))
       for version in (4, 6) for what in ("Network", "Interface")},
    **{("urllib.parse", f"{what}Result{kind}"): _fields_of_text(count)
       for what, count in (("Parse", 6), ("Split", 5), ("Defrag", 2)) for kind in ("", "Bytes")},
    ("time", "struct_time"): _struct,
    ("os", "stat_result"): _struct,
    ("re", "_compile"): _pattern,
    ("random", "Random"): _random,
    ("statistics", "NormalDist"): bare,
    **dict.fromkeys((("socket", "gaierror"), ("socket", "herror"), ("socket", "timeout")), exception_row),
    ("json.decoder", "JSONDecodeError"): _error((str, str, int)),
    ("re", "error"): _error((str,), (str, (str, bytes, type(None)), (int, type(None)))),
}  # fmt: skip

_EXCEPTION = Kind(build_exception)
KINDS: Kinds = {
    ("uuid", "UUID"): Kind(_build_uuid, unseen=True),
    ("collections", "OrderedDict"): Kind(_build_ordered, fill=True),
    ("collections", "defaultdict"): Kind(fill=True),
    ("collections", "deque"): Kind(fill=True),
    ("collections", "ChainMap"): Kind(_build_chain, unseen=True),
    ("collections", "UserDict"): _build_user("data", dict),
    ("collections", "UserList"): _build_user("data", list),
    ("collections", "UserString"): _build_user("data", str),
    ("types", "SimpleNamespace"): Kind(_build_names),
    ("argparse", "Namespace"): Kind(_build_names),
    ("logging", "LogRecord"): Kind(_build_names),
    ("string", "Template"): Kind(_build_template),
    ("random", "Random"): Kind(_build_random, unseen=True),
    ("statistics", "NormalDist"): Kind(_build_normal, unseen=True),
    **{key: _EXCEPTION for key, make in _ROWS.items() if make is exception_row},
    ("json.decoder", "JSONDecodeError"): _EXCEPTION,
    ("re", "error"): _EXCEPTION,
}


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
