"""dateutil: its time zones, and the parts of dates that pandas' offsets hold.

A zone that was read from a file is pickled whole: its transitions, and the file's name. pandas keeps what it makes of
the transitions for the whole process, by that name. So nothing of them is believed: the zone of that name in
this machine's database takes their place, as with zoneinfo, and no other file is ever opened.
"""

from __future__ import annotations

import datetime
from functools import cache
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, bare, class_row, fields, kind_in, never
from perdure.policy.tables.standard import READING, is_zone_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["kind", "row"]

_DAY = datetime.timedelta(days=1)
_MANY = 100  # characters of a name


@cache
def _find(module: str, name: str) -> Any:
    return getattr(import_module(module), name, None)


# ---- zones of a file -------------------------------------------------------------------------


def _zone(key: Any, filename: Any) -> Any:
    """The zone of a key of dateutil 3 and later, or of a file in some machine's database."""
    name = key
    if name is None and type(filename) is str:
        name = filename.rpartition("/zoneinfo/")[2].removeprefix("posix/")
    if type(name) is not str or not is_zone_key(name):
        shown = filename if type(filename) is str else type(filename).__name__
        raise CorruptError(f"a time zone of the file {shown:.100} is none of a database of time zones")
    charge_copy(8 * READING)  # dateutil is Python, where zoneinfo is C
    zone = _find("dateutil.tz", "gettz").nocache(name)
    if zone is None or type(zone) not in (_file_class(), _find("dateutil.tz", "tzutc")):
        raise CorruptError(f"there is no time zone {name:.100} in this machine's database")
    return zone


def _file_class() -> Any:
    return _find("dateutil.tz", "tzfile")


def _unpickle(*args: Any) -> Any:
    """dateutil 4: (class, key, filename, transitions)."""
    if len(args) != 4 or args[0] is not _file_class():
        never("dateutil.tz._tzfile._unpickle", args)
    return _zone(args[1], args[2])


def _file(cls: type) -> Callee:
    """dateutil 2: (None, filename), and a state with the transitions."""

    def call(*args: Any) -> Any:
        if len(args) != 2 or args[0] is not None:
            never("dateutil.tz.tzfile", args)
        return _zone(None, args[1])

    return class_row(cls, call)


class _Period:
    """Stands for one of dateutil 2's: a part of what is not read."""

    __slots__ = ()


_Period.__module__, _Period.__qualname__ = "dateutil.tz.tz", "_ttinfo"


def _period() -> Callee:
    return class_row(_Period, None, new=lambda *args: _Period() if not args else never("dateutil.tz.tz._ttinfo", args))


def _build_nothing(instance: Any, state: Any) -> None:
    if type(state) not in (dict, tuple):
        raise CorruptError("the state of a time zone is a dict")


# ---- other zones -----------------------------------------------------------------------------


def _utc(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        return cls() if not args else never("dateutil.tz.tzutc", args)

    return class_row(cls, call, new=call)


def _build_utc(instance: Any, state: Any) -> None:
    if state not in ({}, None):
        raise CorruptError("dateutil's UTC has no state")


def _blank(cls: Any) -> Callee:
    """An instance without anything, for BUILD to fill in."""
    return class_row(cls, None, new=lambda *args: cls.__new__(cls) if not args else never(cls.__qualname__, args))


def _is_name(value: Any) -> bool:
    return value is None or (type(value) is str and len(value) <= _MANY)


def _is_offset(value: Any) -> bool:
    return type(value) is datetime.timedelta and -_DAY < value < _DAY


def _offset(cls: Any) -> Callee:
    """(name, offset), of which dateutil keeps the last ones; dateutil 2 filled one in."""

    def call(*args: Any) -> Any:
        if len(args) != 2 or not _is_name(args[0]) or not _is_offset(args[1]):
            never("dateutil.tz.tzoffset", args)
        return cls(*args)

    return class_row(cls, call, new=_blank(cls).new)


def _build_offset(zone: Any, state: Any) -> None:
    name, offset = fields("tzoffset", state, _name=(str, type(None)), _offset=datetime.timedelta)
    if not _is_name(name) or not _is_offset(offset):
        raise CorruptError("the offset of a time zone is of less than a day")
    zone.__dict__.update(state)


def _build_local(zone: Any, state: Any) -> None:
    std, dst, saved, has, names = fields(
        "tzlocal", state, _std_offset=datetime.timedelta, _dst_offset=datetime.timedelta, _dst_saved=datetime.timedelta,
        _hasdst=bool, _tznames=tuple,
    )  # fmt: skip
    if not (_is_offset(std) and _is_offset(dst) and saved == dst - std and has == bool(saved)):
        raise CorruptError("the offsets of a tzlocal are of less than a day")
    if len(names) != 2 or not all(map(_is_name, names)):
        raise CorruptError("a tzlocal has two names")
    zone.__dict__.update(state)


def _build_rules(zone: Any, state: Any) -> None:
    """A tzrange, or a tzstr, which keeps the text that it was made of."""
    relative = _find("dateutil.relativedelta", "relativedelta")
    text = (str, type(None))
    types: dict[str, Any] = {
        "_std_abbr": text, "_dst_abbr": text, "_std_offset": datetime.timedelta, "_dst_offset": datetime.timedelta,
        "_start_delta": (relative, type(None), bool), "_end_delta": (relative, type(None), bool),
        "_dst_base_offset_": datetime.timedelta, "hasdst": bool,
    }  # fmt: skip
    if type(zone) is _find("dateutil.tz", "tzstr"):
        types["_s"] = str
    fields(type(zone).__name__, state, **types)
    if not (_is_offset(state["_std_offset"]) and _is_offset(state["_dst_offset"])):
        raise CorruptError("the offsets of a time zone are of less than a day")
    if state["hasdst"] and not (type(state["_start_delta"]) is type(state["_end_delta"]) is relative):
        raise CorruptError("a time zone with summer time has a start and an end of it")
    zone.__dict__.update(state)


# ---- parts of dates --------------------------------------------------------------------------


def _build_relativedelta(instance: Any, state: Any) -> None:
    numbers = {
        "years", "months", "days", "leapdays", "hours", "minutes", "seconds", "microseconds", "year", "month", "day",
        "hour", "minute", "second", "microsecond", "_has_time",
    }  # fmt: skip
    if type(state) is not dict or not set(state) <= numbers | {"weekday"}:
        raise CorruptError("the state of a relativedelta is a dict of its fields")
    for key, value in state.items():
        if key in numbers and value is not None and type(value) not in (int, float):
            raise CorruptError("the fields of a relativedelta are numbers")
    weekday = state.get("weekday")
    if weekday is not None and type(weekday).__name__ != "weekday":
        raise CorruptError("the weekday of a relativedelta is a weekday")
    instance.__dict__.update(state)


def _build_weekday(instance: Any, state: Any) -> None:
    slots = state[1] if type(state) is tuple and len(state) == 2 and state[0] is None else None
    weekday, n = fields("weekday", slots, weekday=int, n=(int, type(None)))
    if not 0 <= weekday <= 6:
        raise CorruptError("a weekday is one of seven")
    object.__setattr__(instance, "weekday", weekday)
    object.__setattr__(instance, "n", n)


# ---- the table -------------------------------------------------------------------------------

_ROWS: dict[tuple[str, str], Any] = {
    ("dateutil.tz.tz", "tzutc"): _utc,
    ("dateutil.tz.tz", "tzoffset"): _offset,
    ("dateutil.tz.tz", "tzlocal"): _blank,
    ("dateutil.tz.tz", "tzrange"): _blank,
    ("dateutil.tz.tz", "tzstr"): _blank,
    ("dateutil.relativedelta", "relativedelta"): bare,
    ("dateutil._common", "weekday"): bare,
    ("dateutil.relativedelta", "weekday"): bare,
}
_FILES = ("dateutil.tz.tz", "dateutil.tz._tzfile")  # where the class was found and is
KINDS: Kinds = {
    ("dateutil.tz.tz", "tzutc"): Kind(_build_utc),
    ("dateutil.tz.tz", "tzoffset"): Kind(_build_offset, unseen=True),
    ("dateutil.tz.tz", "tzlocal"): Kind(_build_local, unseen=True),
    ("dateutil.tz.tz", "tzrange"): Kind(_build_rules, unseen=True),
    ("dateutil.tz.tz", "tzstr"): Kind(_build_rules, unseen=True),
    ("dateutil.relativedelta", "relativedelta"): Kind(_build_relativedelta, unseen=True),
    ("dateutil._common", "weekday"): Kind(_build_weekday, unseen=True),
    **{(module, "tzfile"): Kind(_build_nothing, unseen=True) for module in _FILES},
}
_period_kind = Kind(_build_nothing, unseen=True)


def row(module: str, name: str) -> Answer | None:
    if (module, name) == ("dateutil.tz._tzfile", "_unpickle"):
        return Callee("dateutil.tz._tzfile._unpickle", _unpickle)
    if (module, name) == ("dateutil.tz.tz", "_ttinfo"):
        return _period()
    if name == "tzfile" and module in _FILES:
        return _file(_file_class())
    make = _ROWS.get((module, name))
    found = _find(module, name) if make is not None else None
    answer: Answer | None = make(found) if make is not None and found is not None else None
    return answer


def kind(cls: type) -> Kind | None:
    return _period_kind if cls is _Period else kind_in(KINDS, cls)
