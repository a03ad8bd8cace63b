"""Forms: how a reader sees the objects that everybody knows, where a stream has a call with packed arguments.

A form is a tag and fields; both text formats write them. Rules:
- A form is for nodes of exactly one shape: what it writes leads back to the same nodes, or it is None and the object
  is written as any other.
- No object is built, nothing imported: a form goes from arguments to fields and back.

What is called is given as "module:qualname". Arguments and state are given as values where nodes are leaves (None,
bool, int, float, str; bytes; a memoryview of what a bytearray holds), tuples or dicts of those which nobody else
refers to; any other node as the node itself (graph.Node).
"""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from binascii import a2b_base64

from perdure._engine.text.patterns import numbers_in, with_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Fields = list[tuple[str, Any]] | None  # the tag first; values plain, or a Node
    Made = list[Any]  # how ("call" or "new"), callee, arguments, state
    Write = Callable[[Any, list[Any], Any], Fields]
    Read = Callable[[dict[str, Any]], Made]

__all__ = ["ARRAYS", "reading", "writing"]

ARRAYS = ("auto", "numbers", "base64")
NUMBERS = 500  # an array of no more is written as numbers, by "auto"


def writing(arrays: str = "auto") -> dict[str, Write]:
    """By the name of what is called: a function of (how, arguments, state) that gives the tag and the fields, or None.
    Under "" one of (callee, arguments, state), for a callee that is no name but an object."""
    numpy = Numpy(arrays)
    return _WRITING | {
        "numpy:dtype": numpy.write_dtype,
        "numpy._core.numeric:_frombuffer": numpy.write_array,
        "numpy._core.multiarray:scalar": numpy.write_scalar,
    }


def reading() -> dict[str, Read]:
    """By tag, for one text: a function that makes of {key: value} how an object is made, its callee, arguments and
    state. Values are given as to `writing`, lists and dicts for tuples. Raises ValueError where the fields are not
    the form's."""
    numpy = Numpy("auto")
    return _READING | {"$dtype": read_dtype, "$array": numpy.read_array, "$scalar": numpy.read_scalar}


def take(fields: dict[str, Any], *known: str) -> list[Any]:
    """The fields of those names, in this order, None where there is none; ValueError where there is another."""
    values = [fields.get(key) for key in known]
    if len(fields) > 1 and not fields.keys() <= set(known):
        raise ValueError(f"{next(key for key in fields if key not in known)!r:.50} is no field of it")
    return values


def expect(good: object, what: str) -> None:
    if not good:
        raise ValueError(f"{what} is expected")


def is_int(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


# -- dates and times

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
        if not is_node(args[1]):
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


def is_node(value: Any) -> bool:
    return hasattr(value, "kind")


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
    parts: list[Any] = [part.value if part.kind == "int" else None for part in offset.args]
    if offset.arguments.uses > 1 or not write_timedelta("call", parts, None) or not -1 <= parts[0] <= 0:
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
        or args[1] != 1 or callee.name != "builtins:getattr" or callee.how != "call" or callee.steps
    ):  # fmt: skip
        return None
    parts = callee.args
    if (
        len(parts) != 2 or parts[0].kind != "name" or parts[0].name != "zoneinfo:ZoneInfo" or parts[1].kind != "str"
        or parts[1].value != "_unpickle" or callee.arguments.uses > 1
    ):  # fmt: skip
        return None
    return [("$zoneinfo", args[0])]


def read_zoneinfo(fields: dict[str, Any]) -> Made:
    (key,) = take(fields, "$zoneinfo")
    expect(type(key) is str, "the name of a zone")
    zone = Name("zoneinfo:ZoneInfo")
    return ["call", ["call", "builtins:getattr", (zone, "_unpickle"), None], (key, 1), None]


class Name(str):
    """A class or function among arguments."""

    __slots__ = ()


# -- numbers, identifiers, paths, members


def whole(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError("digits are expected")
    return int(text)


def text_alone(tag: str, name: str) -> tuple[Write, Read]:
    """Of what is called with one string."""

    def write(how: Any, args: list[Any], state: Any) -> Fields:
        if how != "call" or state is not None or len(args) != 1 or type(args[0]) is not str:
            return None
        return [(tag, args[0])]

    def read(fields: dict[str, Any]) -> Made:
        (text,) = take(fields, tag)
        expect(type(text) is str, "a string")
        return ["call", name, (text,), None]

    return write, read


def write_uuid(how: Any, args: list[Any], state: Any) -> Fields:
    if how != "new" or args or type(state) is not dict or len(state) != 1:
        return None
    number = state.get("int")
    if type(number) is not int or number < 0 or number.bit_length() > 128:
        return None
    text = number.to_bytes(16, "big").hex()
    return [("$uuid", f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")]


def read_uuid(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$uuid")
    expect(type(text) is str and len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-",
           "a UUID with its four hyphens")  # fmt: skip
    number = bytes.fromhex(f"{text[:8]}{text[9:13]}{text[14:18]}{text[19:23]}{text[24:]}")
    expect(len(number) == 16, "a UUID without spaces")
    return ["new", "uuid:UUID", (), {"int": int.from_bytes(number, "big")}]


def write_fraction(how: Any, args: list[Any], state: Any) -> Fields:
    if (
        how != "call" or state is not None or len(args) != 2 or type(args[0]) is not int or type(args[1]) is not int
        or max(args[0].bit_length(), args[1].bit_length()) > 4000
    ):  # fmt: skip
        return None
    return [("$fraction", f"{args[0]}/{args[1]}")]


def read_fraction(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$fraction")
    expect(type(text) is str and len(text) < 4000, "numerator/denominator")
    above, _, below = text.partition("/")
    return ["call", "fractions:Fraction", (whole(above), whole(below)), None]


def write_complex(how: Any, args: list[Any], state: Any) -> Fields:
    if how != "call" or state is not None or len(args) != 2 or type(args[0]) is not float or type(args[1]) is not float:
        return None
    return [("$complex", args)]


def read_complex(fields: dict[str, Any]) -> Made:
    (parts,) = take(fields, "$complex")
    expect(type(parts) is list and len(parts) == 2 and all(type(part) is float for part in parts),
           "[real, imaginary], with points")  # fmt: skip
    return ["call", "builtins:complex", tuple(parts), None]


def path_of(tag: str, name: str) -> tuple[Write, Read]:
    """Of a path, which is called with its parts."""

    def write(how: Any, args: list[Any], state: Any) -> Fields:
        if how != "call" or state is not None or not all(type(arg) is str for arg in args):
            return None
        return [(tag, args)]

    def read(fields: dict[str, Any]) -> Made:
        (parts,) = take(fields, tag)
        expect(type(parts) is list and all(type(part) is str for part in parts), "the parts of a path")
        return ["call", name, tuple(parts), None]

    return write, read


def write_member(how: Any, args: list[Any], state: Any) -> Fields:
    """getattr(class, "NAME"), as members of an enum come from Python 3.12 on."""
    if how != "call" or state is not None or len(args) != 2 or type(args[1]) is not str:
        return None
    if getattr(args[0], "kind", None) != "name":
        return None
    return [("$member", args[0]), ("name", args[1])]


def read_member(fields: dict[str, Any]) -> Made:
    of, name = take(fields, "$member", "name")
    expect(getattr(of, "kind", None) == "name" and type(name) is str, "the name of a class, and a name in it")
    return ["call", "builtins:getattr", (of, name), None]


# -- numpy

# Characters of struct for what one number of a dtype is; the other ones go as base64.
_NUMBERS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip


class Numpy:
    """Of one text: dtypes are known again."""

    def __init__(self, arrays: str) -> None:
        self.arrays = arrays
        self.dtypes: dict[int, str | None] = {}

    def write_dtype(self, how: Any, args: list[Any], state: Any) -> Fields:
        text = dtype_text(how, args, state)
        return None if text is None else [("$dtype", text)]

    def dtype_of(self, node: Any) -> str | None:
        """"<f8" of the node of a dtype; None of any other."""
        if not is_node(node):
            return None
        index = node.index
        if index not in self.dtypes:
            self.dtypes[index] = dtype_of_node(node)
        return self.dtypes[index]

    def write_array(self, how: Any, args: list[Any], state: Any) -> Fields:
        if how != "call" or state is not None or len(args) != 4:
            return None
        data, dtype, shape, order = args
        if (
            not isinstance(data, (bytes, memoryview)) or type(shape) is not tuple or type(order) is not str
            or order not in ("C", "F") or not all(is_int(n, 0, 1 << 62) for n in shape)
        ):  # fmt: skip
            return None
        text = self.dtype_of(dtype)
        if text is None or math.prod(shape) * item_size(text) != len(data):
            return None
        fields: list[tuple[str, Any]] = [
            ("$array", self.numbers(data, text, math.prod(shape))),
            ("dtype", text if dtype.uses <= 1 else dtype),
            ("shape", shape),
        ]
        if order == "F":
            fields.append(("order", "F"))
        if isinstance(data, bytes):
            fields.append(("readonly", True))
        return fields

    def numbers(self, data: bytes | memoryview, dtype: str, count: int) -> tuple[Any, ...] | bytes:
        """What an array holds: numbers where they are few and tell all, or base64."""
        letter = _NUMBERS.get(dtype[1:])
        if letter is not None and (self.arrays == "numbers" or (self.arrays == "auto" and count <= NUMBERS)):
            layout = f"{'>' if dtype[0] == '>' else '<'}{count}{letter}"
            numbers = struct.unpack(layout, data)
            if letter not in "?ef" or struct.pack(layout, *numbers) == data:
                return numbers
        return b64encode(data)

    def read_array(self, fields: dict[str, Any]) -> Made:
        numbers, dtype, shape, order, readonly = take(fields, "$array", "dtype", "shape", "order", "readonly")
        text = dtype if type(dtype) is str else self.dtype_of(dtype)
        if type(text) is not str or not is_dtype(text):
            raise ValueError("a dtype of numbers, or of strings of one length, is expected")
        expect(type(shape) is list and len(shape) <= 64 and all(is_int(n, 0, 1 << 62) for n in shape),
               "a shape, a list of lengths,")  # fmt: skip
        expect(order in (None, "F") and readonly in (None, True), 'order, if it is there, is "F": "F"')
        count = math.prod(shape)
        if type(numbers) is str:
            size = count * item_size(text)
            expect(len(numbers) == (size + 2) // 3 * 4, f"base64 of {size} bytes, as shape and dtype say,")
            data = a2b_base64(numbers, strict_mode=True)
            expect(len(data) == size, f"base64 of {size} bytes, as shape and dtype say,")
        else:
            letter = _NUMBERS.get(text[1:])
            if type(numbers) is not list or letter is None:
                raise ValueError("a list of numbers, or base64, is expected")
            expect(len(numbers) == count, f"a list of {count} numbers, as the shape says,")
            data = packed(text[0], letter, numbers)
        made = made_dtype(text) if type(dtype) is str else dtype
        return ["call", "numpy._core.numeric:_frombuffer",
                (data if readonly else bytearray(data), made, tuple(shape), order or "C"), None]  # fmt: skip

    def write_scalar(self, how: Any, args: list[Any], state: Any) -> Fields:
        if how != "call" or state is not None or len(args) != 2 or type(args[1]) is not bytes:
            return None
        text = self.dtype_of(args[0])
        letter = None if text is None else _NUMBERS.get(text[1:])
        if text is None or letter is None or len(args[1]) != item_size(text):
            return None
        layout = f"{'>' if text[0] == '>' else '<'}{letter}"
        (number,) = struct.unpack(layout, args[1])
        if struct.pack(layout, number) != args[1]:
            return None
        return [("$scalar", number), ("dtype", text if args[0].uses <= 1 else args[0])]

    def read_scalar(self, fields: dict[str, Any]) -> Made:
        number, dtype = take(fields, "$scalar", "dtype")
        text = dtype if type(dtype) is str else self.dtype_of(dtype)
        letter = _NUMBERS.get(text[1:]) if type(text) is str and is_dtype(text) else None
        if letter is None or type(text) is not str:
            raise ValueError("a dtype of numbers is expected")
        made = made_dtype(text) if type(dtype) is str else dtype
        return ["call", "numpy._core.multiarray:scalar", (made, packed(text[0], letter, [number])), None]


def packed(order: str, letter: str, numbers: list[Any]) -> bytes:
    """The bytes of numbers; ValueError where one is none, or too large."""
    wanted = (bool,) if letter == "?" else (float, int) if letter in "efd" else (int,)
    if not all(type(number) in wanted for number in numbers):
        raise ValueError(f"numbers of the dtype are expected, each {wanted[0].__name__}")
    try:
        return struct.pack(f"{'>' if order == '>' else '<'}{len(numbers)}{letter}", *numbers)
    except struct.error as error:
        raise ValueError(str(error)) from None


def item_size(dtype: str) -> int:
    return int(dtype[2:]) * (4 if dtype[1] == "U" else 1)


def dtype_text(how: Any, args: Any, state: Any) -> str | None:
    """"<f8" of a dtype of numbers, or of strings of one length."""
    if how != "call" or len(args) != 3 or type(args[0]) is not str or args[1] is not False or args[2] is not True:
        return None
    text = args[0]
    if type(state) is not tuple or len(state) != 8 or state[1] not in ("<", ">", "|"):
        return None
    text = f"{state[1]}{text}"
    return text if state_of(text) == state and is_dtype(text) else None


def is_dtype(text: str) -> bool:
    if text[1:] in _NUMBERS or text[1:] in ("c8", "c16"):
        return (text[0] == "|") == (text[1:] in ("b1", "i1", "u1"))
    return (
        text[1:2] in ("U", "S") and text[2:].isascii() and text[2:].isdecimal() and text[2:] == str(int(text[2:]))
        and len(text) < 12 and (text[0] == "|") == (text[1] == "S")
    )  # fmt: skip


def state_of(text: str) -> tuple[Any, ...] | None:
    """What a dtype of that text is given as its state."""
    if text[1] == "U" and text[2:].isdecimal():
        return (3, text[0], None, None, None, 4 * int(text[2:]), 4, 8)
    if text[1] == "S" and text[2:].isdecimal():
        return (3, text[0], None, None, None, int(text[2:]), 1, 0)
    return (3, text[0], None, None, None, -1, -1, 0)


def dtype_of_node(node: Any) -> str | None:
    if node.kind != "object" or node.name != "numpy:dtype" or node.how != "call" or node.kwargs is not None:
        return None
    steps = node.steps
    if len(steps) != 1 or steps[0][0] != "state" or steps[0][1][0].kind != "tuple":
        return None
    values = []
    for one in (*node.args, *steps[0][1][0].items):
        if one.kind not in ("none", "bool", "int", "str"):
            return None
        values.append(one.value)
    return dtype_text("call", values[:3], tuple(values[3:]))


def made_dtype(text: str) -> Made:
    return ["call", "numpy:dtype", (text[1:], False, True), state_of(text)]


def read_dtype(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$dtype")
    expect(type(text) is str and is_dtype(text), "a dtype as numpy spells it: \"<f8\"")
    return made_dtype(text)


_DECIMAL = text_alone("$decimal", "decimal:Decimal")
_PATHS = {
    tag: (name, path_of(tag, name))
    for tag, name in (
        ("$posixpath", "pathlib:PosixPath"), ("$windowspath", "pathlib:WindowsPath"),
        ("$pureposixpath", "pathlib:PurePosixPath"), ("$purewindowspath", "pathlib:PureWindowsPath"),
    )
}  # fmt: skip
_WRITING: dict[str, Write] = {
    "": write_zoneinfo,
    DATETIME: write_datetime,
    DATE: write_date,
    TIME: write_time,
    "datetime:timedelta": write_timedelta,
    "datetime:timezone": write_timezone,
    "decimal:Decimal": _DECIMAL[0],
    "uuid:UUID": write_uuid,
    "fractions:Fraction": write_fraction,
    "builtins:complex": write_complex,
    "builtins:getattr": write_member,
} | {name: write for name, (write, _) in _PATHS.values()}
_READING: dict[str, Read] = {
    "$zoneinfo": read_zoneinfo,
    "$timezone": read_timezone,
    "$datetime": read_datetime,
    "$date": read_date,
    "$time": read_time,
    "$timedelta": read_timedelta,
    "$decimal": _DECIMAL[1],
    "$uuid": read_uuid,
    "$fraction": read_fraction,
    "$complex": read_complex,
    "$member": read_member,
} | {tag: read for tag, (_, (_, read)) in _PATHS.items()}
