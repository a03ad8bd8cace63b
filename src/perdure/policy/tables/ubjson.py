"""UBJSON, as XGBoost writes and reads it: objects, arrays, and arrays of numbers that become numpy's.

Every length is held against the bytes that are there, and depth is bounded: XGBoost's own reader does neither.
"""

from __future__ import annotations

import struct
from importlib import import_module

from perdure.errors import CorruptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["read", "write"]

_DEEPEST = 32
_ARRAYS = {b"d": ">f4", b"D": ">f8", b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8"}
_SCALARS = {
    b"d": struct.Struct(">f"), b"D": struct.Struct(">d"), b"i": struct.Struct(">b"), b"U": struct.Struct(">B"),
    b"I": struct.Struct(">h"), b"l": struct.Struct(">i"), b"L": struct.Struct(">q"),
}  # fmt: skip
_WORDS = {b"Z": None, b"T": True, b"F": False}


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self.data) - self.place:
            raise CorruptError("UBJSON that says of more bytes than there are")
        self.place += size
        return self.data[self.place - size : self.place]

    def length(self) -> int:
        if self.take(1) != b"L":
            raise CorruptError("a length in UBJSON is of eight bytes")
        size = int.from_bytes(self.take(8), "big", signed=True)
        if not 0 <= size <= len(self.data) - self.place:
            raise CorruptError("UBJSON that says of more bytes than there are")
        return size

    def text(self) -> str:
        return str(self.take(self.length()), "utf-8")

    def value(self, depth: int) -> Any:
        mark = self.take(1)
        if depth > _DEEPEST:
            raise CorruptError("UBJSON that is too deep")
        if mark == b"{":
            return self.object(depth + 1)
        if mark == b"[":
            return self.array(depth + 1)
        if mark == b"S":
            return self.text()
        if mark in _WORDS:
            return _WORDS[mark]
        if mark in _SCALARS:
            (number,) = _SCALARS[mark].unpack(self.take(_SCALARS[mark].size))
            return number
        raise CorruptError("no value in UBJSON begins so")

    def object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.data[self.place : self.place + 1] != b"}":
            key = self.text()
            if key in found:
                raise CorruptError("UBJSON has a key twice")
            found[key] = self.value(depth)
        self.place += 1
        return found

    def array(self, depth: int) -> Any:
        mark = self.data[self.place : self.place + 1]
        if mark == b"$":
            self.place += 1
            dtype = import_module("numpy").dtype(_ARRAYS.get(self.take(1), "V0"))
            if dtype.itemsize == 0 or self.take(1) != b"#":
                raise CorruptError("an array in UBJSON has a type and a length")
            raw = self.take(self.length() * dtype.itemsize)
            return import_module("numpy").frombuffer(raw, dtype).astype(dtype.newbyteorder("="))
        if mark == b"#":
            self.place += 1
            return [self.value(depth) for _ in range(self.length())]
        found = []
        while self.data[self.place : self.place + 1] != b"]":
            found.append(self.value(depth))
        self.place += 1
        return found


def read(data: bytes) -> Any:
    """The one value that the bytes are: dicts, lists, str, numbers, and arrays of numpy's.

    >>> read(b"{L" + (1).to_bytes(8, "big") + b"ai\\x07}")
    {'a': 7}
    """
    reader = _Reader(data)
    try:
        found = reader.value(0)
    except UnicodeDecodeError as error:
        raise CorruptError("text in UBJSON is UTF-8") from error
    if reader.place != len(data):
        raise CorruptError("UBJSON goes on after its value")
    return found


def write(value: Any) -> bytearray:
    """The bytes of what `read` gives.

    >>> read(bytes(write({"a": [1, "b", None]})))
    {'a': [1, 'b', None]}
    """
    made = bytearray()
    _write(value, made)
    return made


def _length(size: int) -> bytes:
    return b"L" + size.to_bytes(8, "big")


def _write(value: Any, made: bytearray) -> None:
    if type(value) is dict:
        made += b"{"
        for key, item in value.items():
            made += _length(len(key.encode())) + key.encode()
            _write(item, made)
        made += b"}"
    elif type(value) is list:
        made += b"[#" + _length(len(value))
        for item in value:
            _write(item, made)
    elif type(value) is str:
        made += b"S" + _length(len(value.encode())) + value.encode()
    elif value is None or type(value) is bool:
        made += {None: b"Z", True: b"T", False: b"F"}[value]
    elif type(value) is int:
        made += b"L" + value.to_bytes(8, "big", signed=True)
    elif type(value) is float:
        made += b"D" + struct.pack(">d", value)
    else:  # an array of numpy's
        big = value.astype(value.dtype.newbyteorder(">"))
        code = next(code for code, text in _ARRAYS.items() if big.dtype == text)
        made += b"[$" + code + b"#" + _length(len(value)) + big.tobytes()
