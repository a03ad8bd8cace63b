"""pandas' scalars and offsets: their constructors, which check what they are given, with arguments that are plain."""

from __future__ import annotations

from datetime import time, timedelta
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Constant, Kind, class_row, never
from perdure.policy.tables.pandas_arrays import CLOSED, check_zone
from perdure.policy.tables.pandas_names import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer

__all__ = ["KINDS", "ROWS"]

_LONG = 1 << 63
_NANOSECONDS = 10  # numpy's number for the resolution


def _is_long(value: Any) -> bool:
    return type(value) is int and -_LONG <= value < _LONG


def _is_resolution(value: Any) -> bool:
    return type(value) is int and 7 <= value <= _NANOSECONDS


# ---- scalars ---------------------------------------------------------------------------------


def _unpickle_timestamp(function: Any) -> Callee:
    """(nanoseconds or other units since 1970, a frequency that is no longer kept, zone, resolution)."""

    def call(*args: Any) -> Any:
        if not 3 <= len(args) <= 4 or not _is_long(args[0]) or not _is_resolution(*args[3:] or (_NANOSECONDS,)):
            never("pandas._libs.tslibs.timestamps._unpickle_timestamp", args)
        if args[2] is not None:
            check_zone(args[2])
        return function(args[0], None, *args[2:])

    # It takes any two numbers, and refuses what it has no use for.
    types = (int, type(None), type(None), int)
    return Callee("pandas._libs.tslibs.timestamps._unpickle_timestamp", call, direct=function, types=types)


def _timestamp(cls: type) -> Callee:
    """As 1.2 and older ones called it: (nanoseconds, frequency, zone)."""

    def call(*args: Any) -> Any:
        if len(args) != 3 or not _is_long(args[0]) or not (
            args[1] is None or isinstance(args[1], (str, find("BaseOffset")))
        ):  # fmt: skip
            never("pandas.Timestamp", args)
        made: Any = cls
        if args[2] is None:
            return made(args[0])
        check_zone(args[2])
        return made(args[0], tz=args[2])

    return class_row(cls, call)


def _unpickle_timedelta(function: Any) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 2 or not _is_long(args[0]) or not _is_resolution(args[1]):
            never("pandas._libs.tslibs.timedeltas._timedelta_unpickle", args)
        return function(*args)

    name = "pandas._libs.tslibs.timedeltas._timedelta_unpickle"
    return Callee(name, call, direct=function, types=(int, int))  # the same


def _timedelta(cls: type) -> Callee:
    """As 1.4 and older ones called it, with nanoseconds."""

    def call(*args: Any) -> Any:
        return cls(args[0]) if len(args) == 1 and _is_long(args[0]) else never("pandas.Timedelta", args)

    return class_row(cls, call)


def _period(cls: type) -> Callee:
    """(None, frequency, ordinal)."""

    base = find("BaseOffset")

    def call(*args: Any) -> Any:
        if len(args) != 3 or args[0] is not None or type(args[2]) is not int or not isinstance(args[1], base):
            never("pandas.Period", args)
        return cls(*args)

    return class_row(cls, call)


def _interval(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 3 or args[2] not in CLOSED or not all(_is_end(arg) for arg in args[:2]):
            never("pandas.Interval", args)
        return cls(*args)

    return class_row(cls, call)


def _is_end(value: Any) -> bool:
    if type(value) in (int, float) or type(value) in (find("Timestamp"), find("Timedelta")):
        return True
    return isinstance(value, import_module("numpy").number)


def _nat(function: Any) -> Callee:
    return Callee(
        "pandas._libs.tslibs.nattype._nat_unpickle",
        lambda *args: find("NaT") if len(args) == 1 and args[0] is None else never("_nat_unpickle", args),
    )


# ---- offsets ---------------------------------------------------------------------------------

# What comes after n and normalize, by its type or by a range of whole numbers; None may stand for any.
_MONTH, _WEEKDAY = range(1, 13), range(7)
_TIMES, _DAYS = "times", "days"
_BUSINESS, _CUSTOM = (timedelta,), (str, _DAYS, type(None), timedelta)
_OFFSETS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys((
        "BaseOffset", "Tick", "Day", "Hour", "Minute", "Second", "Milli", "Micro", "Nano", "MonthBegin", "MonthEnd",
        "BusinessMonthBegin", "BusinessMonthEnd",
    ), ()),
    **dict.fromkeys((
        "QuarterBegin", "QuarterEnd", "BQuarterBegin", "BQuarterEnd", "HalfYearBegin", "HalfYearEnd", "BHalfYearBegin",
        "BHalfYearEnd", "YearBegin", "YearEnd", "BYearBegin", "BYearEnd",
    ), (_MONTH,)),
    **dict.fromkeys(("SemiMonthBegin", "SemiMonthEnd"), (range(1, 28),)),
    **dict.fromkeys(("Week", "LastWeekOfMonth"), (_WEEKDAY,)),
    "WeekOfMonth": (range(4), _WEEKDAY),
    "FY5253": (_WEEKDAY, _MONTH, str),
    "FY5253Quarter": (_WEEKDAY, _MONTH, range(1, 5), str),
    "Easter": (range(1, 4),),
    "BusinessDay": _BUSINESS,
    "BusinessHour": (_TIMES, _TIMES, *_BUSINESS),
    **dict.fromkeys(("CustomBusinessDay", "CustomBusinessMonthBegin", "CustomBusinessMonthEnd"), _CUSTOM),
    "CustomBusinessHour": (*_CUSTOM[:3], _TIMES, _TIMES, timedelta),
}  # fmt: skip


def _offset(cls: type) -> Callee:
    shape = _OFFSETS[cls.__name__]

    def call(*args: Any) -> Any:
        if (
            len(args) not in (2, 2 + len(shape)) or not _is_long(args[0]) or type(args[1]) is not bool
            or not all(_is_argument(arg, wanted) for arg, wanted in zip(args[2:], shape, strict=False))
        ):  # fmt: skip
            never(f"pandas.offsets.{cls.__name__}", args)
        return cls(*args)

    return class_row(cls, call)


def _is_argument(value: Any, wanted: Any) -> bool:
    if value is None:
        return True
    if isinstance(wanted, range):
        return type(value) is int and value in wanted
    if wanted in (_TIMES, _DAYS):
        item_class, work = (time, 4096) if wanted is _TIMES else (import_module("numpy").datetime64, 512)
        if type(value) is not tuple:
            return False
        charge_copy(work * len(value))  # pandas goes over them, whenever they are given
        return all(type(item) is item_class for item in value)
    return type(value) is wanted and (wanted is not str or len(value) <= 100)


_PARTS = frozenset((
    "years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds",
    "year", "month", "day", "weekday", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond",
))  # fmt: skip


def _date_offset(cls: type) -> Callee:
    def new(*args: Any) -> Any:
        return cls() if not args else never("pandas.DateOffset", args)

    return class_row(cls, new, new=new)


def _build_date_offset(offset: Any, state: Any) -> None:
    """Made again from its parts; what they add up to was pickled along and is not read."""
    if type(state) is not dict or not {"n", "normalize"} <= set(state):
        raise CorruptError("the state of a DateOffset is a dict of its parts")
    parts = {key: value for key, value in state.items() if key in _PARTS}
    if not set(state) <= {*parts, "n", "normalize", "_offset", "_use_relativedelta", "kwds", "_cache"}:
        raise CorruptError("the state of a DateOffset is a dict of its parts")
    for key, value in parts.items():
        if not (_is_long(value) or type(value) is float or (key == "weekday" and type(value).__name__ == "weekday")):
            raise CorruptError("the parts of a DateOffset are numbers")
    if not _is_long(state["n"]) or type(state["normalize"]) is not bool:
        raise CorruptError("a DateOffset has a number of times, and is normalized or not")
    made: Any = type(offset)(state["n"], state["normalize"], **parts)
    find("BaseOffset").__init__(offset, state["n"], state["normalize"])
    offset.__dict__.update(made.__dict__)


ROWS: dict[str, Callable[[Any], Answer]] = {
    "Timestamp": _timestamp,
    "Timedelta": _timedelta,
    "Period": _period,
    "Interval": _interval,
    "NA": Constant,
    "NaT": Constant,
    "_unpickle_timestamp": _unpickle_timestamp,
    "_timedelta_unpickle": _unpickle_timedelta,
    "_nat_unpickle": _nat,
    **dict.fromkeys(_OFFSETS, _offset),
    "DateOffset": _date_offset,
}

KINDS: dict[str, Kind] = {"DateOffset": Kind(_build_date_offset, unseen=True)}
