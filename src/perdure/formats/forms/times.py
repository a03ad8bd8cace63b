"""Dates, times and zones."""

from __future__ import annotations

from perdure._engine.text.patterns import numbers_in, with_numbers
from perdure.formats.forms.fields import Name, expect, is_int, is_node, is_own, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.formats.forms.fields import Fields, Made, Read, Write

DATETIME = "datetime:datetime"
DATE = "datetime:date"
TIME = "datetime:time"


def is_packed(how: Any, args: list[Any], state: Any, size: int) -> bool:
    """Whether the arguments are so many bytes, and perhaps a zone."""
    return how == "call" and state is None and 1 <= len(args) <= 2 and type(args[0]) is bytes and len(args[0]) == size


def write_datetime(how: Any, args: list[Any], state: Any) -> Fields:
    if not is_packed(how, args, state, 10):
        return None
    packed = args[0]
    month = packed[2] & 127
    year = packed[0] << 8 | packed[1]
    if not is_date(year, month, packed[3]):
        return None
    micro = packed[7] << 16 | packed[8] << 8 | packed[9]
    if not is_clock(packed[4], packed[5], packed[6], micro):
        return None
    numbers = (year, month, packed[3], packed[4], packed[5], packed[6], micro)
    pattern = "0000-00-00T00:00:00.000000" if micro else "0000-00-00T00:00:00"
    text = with_numbers(pattern, numbers if micro else numbers[:6])
    return with_zone([("$datetime", text)], args, packed[2] >> 7)


def write_time(how: Any, args: list[Any], state: Any) -> Fields:
    if not is_packed(how, args, state, 6):
        return None
    packed = args[0]
    micro = packed[3] << 16 | packed[4] << 8 | packed[5]
    numbers = (packed[0] & 127, packed[1], packed[2], micro)
    if not is_clock(*numbers):
        return None
    text = with_numbers("00:00:00.000000" if micro else "00:00:00", numbers if micro else numbers[:3])
    return with_zone([("$time", text)], args, packed[0] >> 7)


def with_zone(fields: list[tuple[str, Any]], args: list[Any], fold: int) -> Fields:
    if len(args) == 2:
        if not is_node(args[1]) or args[1].kind in ("list", "dict"):
            return None
        fields.append(("zone", args[1]))
    if fold:
        fields.append(("fold", 1))
    return fields


def write_date(how: Any, args: list[Any], state: Any) -> Fields:
    if not is_packed(how, args, state, 4) or len(args) != 1:
        return None
    packed = args[0]
    year = packed[0] << 8 | packed[1]
    if not is_date(year, packed[2], packed[3]):
        return None
    return [("$date", with_numbers("0000-00-00", (year, packed[2], packed[3])))]


def is_date(year: int, month: int, day: int) -> bool:
    return 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31


def is_clock(hour: int, minute: int, second: int, micro: int) -> bool:
    return hour < 24 and minute < 60 and second < 60 and micro < 1_000_000


def clock(text: str, before: str = "") -> tuple[int, ...]:
    """The numbers of a text that ends with a time of day, its microseconds too, behind those of a pattern."""
    whole = len(text) == len(before) + 15
    numbers = numbers_in(text, before + ("00:00:00.000000" if whole else "00:00:00"))
    numbers = numbers if whole else (*numbers, 0)
    expect(is_clock(*numbers[-4:]), "a time of day")
    return numbers


def read_datetime(fields: dict[str, Any]) -> Made:
    text, zone, fold = take(fields, "$datetime", "zone", "fold")
    expect(type(text) is str, "a string")
    year, month, day, hour, minute, second, micro = clock(text, "0000-00-00T")
    expect(is_date(year, month, day), "a date")
    packed = (year >> 8, year & 255, month | fold_bit(fold), day, hour, minute, second, *thirds(micro))
    return zoned(DATETIME, bytes(packed), zone)


def read_time(fields: dict[str, Any]) -> Made:
    text, zone, fold = take(fields, "$time", "zone", "fold")
    expect(type(text) is str, "a string")
    hour, minute, second, micro = clock(text)
    return zoned(TIME, bytes((hour | fold_bit(fold), minute, second, *thirds(micro))), zone)


def thirds(micro: int) -> tuple[int, int, int]:
    return micro >> 16, micro >> 8 & 255, micro & 255


def fold_bit(fold: Any) -> int:
    expect(fold is None or (type(fold) is int and fold == 1), "fold, if it is there, is 1: 1")
    return 128 if fold else 0


def zoned(name: str, packed: bytes, zone: Any) -> Made:
    if zone is None:
        return ["call", name, (packed,), None]
    expect(is_node(zone), "a zone that is an object")
    return ["call", name, (packed, zone), None]


def read_date(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$date")
    expect(type(text) is str, "a string")
    year, month, day = numbers_in(text, "0000-00-00")
    expect(is_date(year, month, day), "a date")
    return ["call", DATE, (bytes((year >> 8, year & 255, month, day)),), None]


def write_timedelta(how: Any, args: list[Any], state: Any) -> Fields:
    if (
        how != "call" or state is not None or len(args) != 3 or not is_int(args[0], -999999999, 999999999)
        or not is_int(args[1], 0, 86399) or not is_int(args[2], 0, 999999)
    ):  # fmt: skip
        return None
    return [("$timedelta", args)]


def read_timedelta(fields: dict[str, Any]) -> Made:
    (parts,) = take(fields, "$timedelta")
    expect(type(parts) is list and len(parts) == 3 and all(type(part) is int for part in parts),
           "[days, seconds, microseconds]")  # fmt: skip
    return ["call", "datetime:timedelta", tuple(parts), None]


def write_timezone(how: Any, args: list[Any], state: Any) -> Fields:
    if how != "call" or state is not None or not 1 <= len(args) <= 2 or getattr(args[0], "kind", None) != "object":
        return None
    offset = args[0]
    if offset.name != "datetime:timedelta" or offset.how != "call" or offset.steps or offset.uses > 1:
        return None
    if offset.callee.steps or not is_own(offset.arguments):
        return None
    parts: list[Any] = [part.value if part.kind == "int" and not part.steps else None for part in offset.args]
    if not write_timedelta("call", parts, None) or not -1 <= parts[0] <= 0:
        return None
    fields = [("$timezone", offset_text(86400 * parts[0] + parts[1], parts[2]))]
    if len(args) == 2:
        if type(args[1]) is not str:
            return None
        fields.append(("name", args[1]))
    return fields


def offset_text(seconds: int, micro: int) -> str:
    """+HH:MM, with seconds and microseconds where there are any."""
    sign = "-" if seconds < 0 else "+"
    if seconds < 0:
        seconds, micro = (-seconds - 1, 1_000_000 - micro) if micro else (-seconds, 0)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
    if seconds % 60 or micro:
        text += f":{seconds % 60:02}"
    return text + (f".{micro:06}" if micro else "")


def read_timezone(fields: dict[str, Any]) -> Made:
    text, name = take(fields, "$timezone", "name")
    expect(type(text) is str and text[:1] in ("+", "-") and len(text) in (6, 9, 16), "+HH:MM")
    expect(name is None or type(name) is str, "a name, if there is one, that is a string")
    hour, minute, second, micro = clock(text[1:] + (":00" if len(text) == 6 else ""))
    micro += 1_000_000 * (hour * 3600 + minute * 60 + second)
    days, rest = divmod(-micro if text[0] == "-" else micro, 86_400_000_000)
    offset = ["call", "datetime:timedelta", (days, *divmod(rest, 1_000_000)), None]
    return ["call", "datetime:timezone", (offset,) if name is None else (offset, name), None]


def write_zoneinfo(callee: Any, args: list[Any], state: Any) -> Fields:
    """ZoneInfo._unpickle, which streams get by getattr."""
    if (
        state is not None or len(args) != 2 or type(args[0]) is not str or type(args[1]) is not int
        or args[1] != 1 or not is_node(callee) or callee.name != "builtins:getattr" or callee.how != "call"
        or callee.steps or callee.callee.steps
    ):  # fmt: skip
        return None
    parts = callee.args
    if (
        len(parts) != 2 or parts[0].kind != "name" or parts[0].name != "zoneinfo:ZoneInfo" or parts[1].kind != "str"
        or parts[1].value != "_unpickle" or parts[0].steps or parts[1].steps or not is_own(callee.arguments)
    ):  # fmt: skip
        return None
    return [("$zoneinfo", args[0])]


def read_zoneinfo(fields: dict[str, Any]) -> Made:
    (key,) = take(fields, "$zoneinfo")
    expect(type(key) is str, "the name of a zone")
    zone = Name("zoneinfo:ZoneInfo")
    return ["call", ["call", "builtins:getattr", (zone, "_unpickle"), None], (key, 1), None]


WRITING: dict[str, Write] = {
    "": write_zoneinfo,
    DATETIME: write_datetime,
    DATE: write_date,
    TIME: write_time,
    "datetime:timedelta": write_timedelta,
    "datetime:timezone": write_timezone,
}
READING: dict[str, Read] = {
    "$zoneinfo": read_zoneinfo,
    "$timezone": read_timezone,
    "$datetime": read_datetime,
    "$date": read_date,
    "$time": read_time,
    "$timedelta": read_timedelta,
}
