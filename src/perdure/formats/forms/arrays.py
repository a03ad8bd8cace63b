"""numpy's arrays, numbers and dtypes."""

from __future__ import annotations

import math
import struct
from base64 import b64encode

from perdure._engine.text.base64 import decoded
from perdure.formats.forms.fields import expect, is_int, is_node, is_own, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.formats.forms.fields import Fields, Made

NUMBERS = 500  # an array of no more is written as numbers, by "auto"

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
            data = decoded(numbers)
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
    return text if is_dtype(text) and state_of(text) == state else None


def is_dtype(text: str) -> bool:
    if text[1:] in _NUMBERS or text[1:] in ("c8", "c16"):
        return (text[0] == "|") == (text[1:] in ("b1", "i1", "u1"))
    return (
        text[1:2] in ("U", "S") and len(text) < 12 and text[2:].isascii() and text[2:].isdecimal()
        and text[2:] == str(int(text[2:])) and (text[0] == "|") == (text[1] == "S")
    )  # fmt: skip


def state_of(text: str) -> tuple[Any, ...]:
    """What a dtype of that text is given as its state."""
    if text[1] == "U":
        return (3, text[0], None, None, None, 4 * int(text[2:]), 4, 8)
    if text[1] == "S":
        return (3, text[0], None, None, None, int(text[2:]), 1, 0)
    return (3, text[0], None, None, None, -1, -1, 0)


def dtype_of_node(node: Any) -> str | None:
    if node.kind != "object" or node.name != "numpy:dtype" or node.how != "call" or node.kwargs is not None:
        return None
    steps = node.steps
    if len(steps) != 1 or steps[0][0] != "state" or not is_own(steps[0][1][0]):
        return None
    if node.callee.steps or not is_own(node.arguments):
        return None
    values = []
    for one in (*node.args, *steps[0][1][0].items):
        if one.kind not in ("none", "bool", "int", "str") or one.steps:
            return None
        values.append(one.value)
    return dtype_text("call", values[:3], tuple(values[3:]))


def made_dtype(text: str) -> Made:
    return ["call", "numpy:dtype", (text[1:], False, True), state_of(text)]


def read_dtype(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$dtype")
    expect(type(text) is str and is_dtype(text), "a dtype as numpy spells it: \"<f8\"")
    return made_dtype(text)
