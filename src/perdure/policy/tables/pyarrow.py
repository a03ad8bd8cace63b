"""pyarrow: types, arrays, tables; and through them pandas' strings.

Arrow's code in C++ believes lengths, offsets and indices, and ends the interpreter where an array has another
number of buffers or children than its type. Rules:

- The layout is proven here, node by node: how many buffers and children, how large, of which types. Then pyarrow's
  own full validation looks at what is in them: offsets, indices of dictionaries, characters.
- Counts of nulls are not read, but counted.
- What lies in a buffer is kept where nothing else that the stream makes can write to it.
- A type is of bounded depth and breadth: C++ goes down it by recursion, and over all of it to compare two.
- Views, unions, runs and extension types are not known: few have them, and their layouts are proven by less.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pickle import PickleBuffer

from perdure._engine.reader.guard import charge_copy
from perdure._engine.reader.proofs import are_slices
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, never, too_much
from perdure.policy.tables.standard import is_zone_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from perdure.policy.rows import Answer, Kind

__all__ = ["kind", "row"]

NESTED = 32  # levels of types
MANY_FIELDS = 10_000  # of a type, with those within; a long name counts for several
LONG_NAME = 10_000
LARGE_METADATA = 1 << 16  # bytes, of a field
WORK = 256  # what looking at a field or a chunk is worth in bytes copied
LONG = 1 << 60
UNITS = ("s", "ms", "us", "ns")
DIGITS = {"decimal32": 9, "decimal64": 18, "decimal128": 38, "decimal256": 76}
# What str() gives for the types without parameters.
ALIASES = frozenset((
    "null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "halffloat", "float",
    "double", "string", "binary", "large_string", "large_binary", "date32[day]", "date64[ms]", "time32[s]",
    "time32[ms]", "time64[us]", "time64[ns]", "month_day_nano_interval",
    *(f"{kind}[{unit}]" for kind in ("timestamp", "duration") for unit in UNITS),
))  # fmt: skip
_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")


@cache
def _lib() -> Any:
    return import_module("pyarrow").lib


# ---- buffers ---------------------------------------------------------------------------------


def _buffer(given: Any) -> Any:
    if not isinstance(given, (bytes, bytearray, memoryview, PickleBuffer)):
        never("pyarrow.lib.py_buffer", [given])
    memory = memoryview(given)
    if not _is_fixed(memory):
        charge_copy(memory.nbytes)
        return _lib().py_buffer(memory.tobytes() if memory.readonly else bytearray(memory))
    return _lib().py_buffer(memory)


def _is_fixed(memory: memoryview) -> bool:
    """Whether it is the caller's, and nobody can write to it. An array that the stream makes of bytes may."""
    owner = memory.obj
    while isinstance(owner, memoryview):
        owner = owner.obj
    if not memory.readonly or isinstance(owner, (bytes, bytearray)) or hasattr(owner, "__array_interface__"):
        return False
    return bool(_lib().py_buffer(memory).address % 64 == 0)


# ---- types -----------------------------------------------------------------------------------


def _sized(dtype: Any) -> Any:
    """A type, if it is not larger than those that people make."""
    parts, left = [(dtype, 1)], MANY_FIELDS
    while parts:
        part, depth = parts.pop()
        if _layout(part) == "dictionary":
            inner = [part.index_type, part.value_type]
        else:
            fields = [part.field(i) for i in range(part.num_fields)]
            inner = [field.type for field in fields]
            left -= sum(len(field.name) for field in fields) >> 6
        left -= 1 + len(inner)
        if depth > NESTED or left < 0:
            too_much("a type of so many fields is not read", "depth")
        parts += [(each, depth + 1) for each in inner]
    charge_copy(WORK * (MANY_FIELDS - left))
    return dtype


def _is_type(value: Any) -> bool:
    return isinstance(value, _lib().DataType)


def _alias(name: Any) -> Any:
    if type(name) is not str or name not in ALIASES:
        raise CorruptError("no name of a type that pyarrow gives")
    return _lib().type_for_alias(name)


def _timestamp(unit: Any, zone: Any) -> Any:
    """Its zone is text, which names a file once that somebody asks for times."""
    if unit not in UNITS or not (
        zone is None or (type(zone) is str and (is_zone_key(zone) or _OFFSET.fullmatch(zone) is not None))
    ):
        raise CorruptError("a type of times has a unit, and the name of a time zone")
    return _lib().timestamp(unit, zone)


def _decimal(name: str) -> Callable[..., Any]:
    digits = DIGITS[name]

    def make(precision: Any, scale: Any) -> Any:
        """C++ has powers of ten for as many digits as there may be, and looks no further."""
        if not (type(precision) is type(scale) is int and 1 <= precision <= digits and 0 <= scale <= digits):
            raise CorruptError("a type of decimals has as many digits as it has room for")
        return getattr(_lib(), name)(precision, scale)

    return make


def _fixed_binary(width: Any) -> Any:
    if type(width) is not int or not 0 <= width < 1 << 31:
        raise CorruptError("a width is a number of bytes")
    return _lib().binary(width)


def _dictionary(index: Any, value: Any, ordered: Any) -> Any:
    if not (_is_type(index) and _is_type(value) and type(ordered) is bool and _is_index(index)):
        raise CorruptError("a type of dictionaries has one of whole numbers, and one of values")
    return _sized(_lib().dictionary(index, value, ordered))


def _is_index(dtype: Any) -> bool:
    return str(dtype).removeprefix("u") in ("int8", "int16", "int32", "int64")


def _list(value: Any, *size: Any) -> Any:
    if not (_is_type(value) or isinstance(value, _lib().Field)) or len(size) > 1:
        never("pyarrow.lib.list_", (value, *size))
    if size and not (type(size[0]) is int and 0 <= size[0] < 1 << 31):
        raise CorruptError("the size of a list is a number of items")
    return _sized(_lib().list_(value, *size))


def _large_list(value: Any) -> Any:
    if not (_is_type(value) or isinstance(value, _lib().Field)):
        never("pyarrow.lib.large_list", (value,))
    return _sized(_lib().large_list(value))


def _map(key: Any, item: Any) -> Any:
    field = _lib().Field
    if not isinstance(key, field) or not isinstance(item, field) or key.nullable:
        raise CorruptError("a type of maps has a field for keys, never null, and one for values")
    return _sized(_lib().map_(key, item))


def _struct(fields: Any) -> Any:
    return _sized(_lib().struct(_fields(fields)))


def _fields(fields: Any) -> Any:
    if type(fields) is not list or not all(isinstance(each, _lib().Field) for each in fields):
        raise CorruptError("fields are in a list")
    charge_copy(WORK * len(fields))
    return fields


def _field(name: Any, dtype: Any, nullable: Any, metadata: Any) -> Any:
    if type(name) is not str or not _is_type(dtype) or type(nullable) is not bool:
        never("pyarrow.lib.field", (name, dtype, nullable, metadata))
    if len(name) > LONG_NAME or _size_of(metadata) > LARGE_METADATA:
        too_much("a field of so long a name is not read", "memory")
    return _lib().field(name, dtype, nullable, metadata)


def _schema(fields: Any, metadata: Any) -> Any:
    charge_copy(_size_of(metadata))
    return _sized_schema(_lib().schema(_fields(fields), metadata))


def _sized_schema(schema: Any) -> Any:
    for field in schema:
        _sized(field.type)
    return schema


def _size_of(metadata: Any) -> int:
    if metadata is None:
        return 0
    if type(metadata) is not dict or not all(type(part) is bytes for item in metadata.items() for part in item):
        raise CorruptError("metadata are bytes by bytes")
    return sum(len(part) + 64 for item in metadata.items() for part in item)


# ---- arrays ----------------------------------------------------------------------------------


@cache
def _layouts() -> dict[int, str]:
    lib = _lib()
    named = {
        "text": ("STRING", "BINARY"),
        "large text": ("LARGE_STRING", "LARGE_BINARY"),
        "list": ("LIST", "MAP"),
        "large list": ("LARGE_LIST",),
        "sized list": ("FIXED_SIZE_LIST",),
        "struct": ("STRUCT",),
        "null": ("NA",),
        "dictionary": ("DICTIONARY",),
        "plain": (
            "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "HALF_FLOAT", "FLOAT",
            "DOUBLE", "DATE32", "DATE64", "TIME32", "TIME64", "TIMESTAMP", "DURATION", "INTERVAL_MONTH_DAY_NANO",
            "DECIMAL32", "DECIMAL64", "DECIMAL128", "DECIMAL256", "FIXED_SIZE_BINARY",
        ),
    }  # fmt: skip
    ids = {name: getattr(lib, f"Type_{name}", None) for names in named.values() for name in names}
    return {  # decimals of 32 and 64 bits are new
        number: layout for layout, names in named.items() for name in names if (number := ids[name]) is not None
    }


def _layout(dtype: Any) -> str:
    layout = _layouts().get(dtype.id)
    if layout is None:
        raise CorruptError("a type of arrays that is not known")
    return layout


_BUFFERS = {"text": 3, "large text": 3, "list": 2, "large list": 2, "plain": 2, "dictionary": 2}  # others have one
_WIDTH = {"text": 4, "large text": 8, "list": 4, "large list": 8}  # of an offset


def _restore_array(data: Any) -> Any:
    array, _ = _node(data, None)
    if not _is_ascii(array):
        array.validate(full=True)
    return array


def _is_ascii(array: Any) -> bool:
    """Whether it is text of ASCII, as most is, whose offsets are sound: found out ten times as fast as by C++."""
    layout = _layout(array.type)
    if "text" not in layout:
        return False
    _, offsets, text = array.buffers()
    return are_slices(offsets, _WIDTH[layout], array.offset, len(array), text, ascii="string" in str(array.type))


def _node(data: Any, wanted: Any) -> tuple[Any, list[Any]]:
    """An array of (type, length, nulls, offset, buffers, children, dictionary), and its children.

    Proven as far as pyarrow reads while it makes one; what its buffers hold is left to the full validation."""
    if type(data) is not tuple or len(data) != 7:
        raise CorruptError("the parts of an array are a tuple of seven")
    dtype, length, _, offset, buffers, children, dictionary = data
    if not _is_type(dtype) or (wanted is not None and not dtype.equals(wanted)):
        raise CorruptError("the type of an array, or of its child, is another")
    if not (type(length) is type(offset) is int and 0 <= length < LONG and 0 <= offset < LONG):
        raise CorruptError("an array has a length and an offset")
    layout = _layout(dtype)
    inner = [dtype.field(i).type for i in range(dtype.num_fields)] if layout != "dictionary" else []
    if type(children) is not list or len(children) != len(inner) or type(buffers) is not list:
        raise CorruptError("an array has as many children as its type")
    if (dictionary is not None) != (layout == "dictionary"):
        raise CorruptError("an array of indices has a dictionary, and no other")
    made = [_node(child, each) for child, each in zip(children, inner, strict=True)]
    arrays = [array for array, _ in made]
    if not length:
        offset = 0  # there may be no offsets, which C++ reads all the same
    parts = _buffers(dtype, layout, length, offset, buffers)
    _check_children(dtype, layout, offset + length, made)
    if layout == "dictionary":
        values, _ = _node(dictionary, dtype.value_type)
        array = _lib().DictionaryArray.from_buffers(dtype, length, parts, values, -1, offset)
    else:
        array = _lib().Array.from_buffers(dtype, length, parts, -1, offset, arrays)
    array.null_count  # noqa: B018 counted now, for C++ asks children for it, and ends where a map's have any
    return array, arrays


def _buffers(dtype: Any, layout: str, length: int, offset: int, buffers: Sequence[Any]) -> list[Any]:
    """As many as the type has, and each as large as the length says."""
    kind, end = _lib().Buffer, offset + length
    if len(buffers) != _BUFFERS.get(layout, 1) or not all(each is None or type(each) is kind for each in buffers):
        raise CorruptError("an array has as many buffers as its type")
    charge_copy(WORK + sum(each.size for each in buffers if each is not None))
    valid, *rest = buffers if length else (None, *buffers[1:])
    if layout == "null":
        valid = None
    _check_size(valid, end, 1)
    if valid is None and not rest:
        charge_copy(length)  # nothing in the stream is of this length
    if layout in _WIDTH:
        if length:
            _check_size(rest[0], end + 1, 8 * _WIDTH[layout], needed=True)
        else:
            rest[0] = _lib().py_buffer(bytes(8))
        if len(rest) == 2 and rest[1] is None:
            rest[1] = _lib().py_buffer(b"")
    elif rest:
        bits = (dtype.index_type if layout == "dictionary" else dtype).bit_width
        if bits == 0:
            charge_copy(length)
        if length:
            _check_size(rest[0], end, bits, needed=True)
        else:
            rest[0] = _lib().py_buffer(b"")
    return [valid, *rest]


def _check_size(buffer: Any, items: int, bits: int, *, needed: bool = False) -> None:
    if (buffer is None and needed) or (buffer is not None and 8 * buffer.size < items * bits):
        raise CorruptError(f"a buffer of an array has no room for {items} items")


def _check_children(dtype: Any, layout: str, end: int, made: list[tuple[Any, list[Any]]]) -> None:
    """What C++ believes of them while it makes an array, or forgets to look at."""
    if layout == "struct" and not all(len(array) >= end for array, _ in made):
        raise CorruptError("the fields of an array are shorter than it")
    if layout == "sized list":
        if len(made[0][0]) < end * dtype.list_size:
            raise CorruptError("an array of lists has not as many items")
    if dtype.id == _lib().Type_MAP:
        pairs, (keys, _) = made[0]
        if pairs.null_count or keys.null_count:
            raise CorruptError("an entry of a map, or its key, is null")


def _chunked_array(chunks: Any, dtype: Any) -> Any:
    if type(chunks) is not list or not _is_type(dtype):
        never("pyarrow.lib.chunked_array", (chunks, dtype))
    charge_copy(WORK * len(chunks))
    if not all(isinstance(chunk, _lib().Array) and chunk.type.equals(dtype) for chunk in chunks):
        raise CorruptError("the chunks of an array are arrays of its type")
    return _lib().chunked_array(chunks, dtype)


def _columns(name: str, of: str) -> Callable[..., Any]:
    def make(columns: Any, schema: Any) -> Any:
        lib = _lib()
        if type(columns) is not list or not isinstance(schema, lib.Schema) or len(columns) != len(schema):
            raise CorruptError("a table has as many columns as its schema")
        charge_copy(WORK * len(columns))
        for column, field in zip(columns, schema, strict=True):
            if not isinstance(column, getattr(lib, of)) or not column.type.equals(field.type):
                raise CorruptError("a column of a table is of another type")
        if len({len(column) for column in columns}) > 1:
            raise CorruptError("the columns of a table have one length")
        return getattr(lib, name).from_arrays(columns, schema=schema)

    return make


# ---- the table -------------------------------------------------------------------------------

_CALLS: dict[str, tuple[Callable[..., Any], int, int]] = {  # each with the least and the most arguments
    "py_buffer": (_buffer, 1, 1),
    "type_for_alias": (_alias, 1, 1),
    "timestamp": (_timestamp, 2, 2),
    **{name: (_decimal(name), 2, 2) for name in DIGITS},
    "binary": (_fixed_binary, 1, 1),
    "dictionary": (_dictionary, 3, 3),
    "list_": (_list, 1, 2),
    "large_list": (_large_list, 1, 1),
    "map_": (_map, 2, 2),
    "struct": (_struct, 1, 1),
    "field": (_field, 4, 4),
    "schema": (_schema, 2, 2),
    "_restore_array": (_restore_array, 1, 1),
    "chunked_array": (_chunked_array, 2, 2),
    "_reconstruct_table": (_columns("Table", "ChunkedArray"), 2, 2),
    "_reconstruct_record_batch": (_columns("RecordBatch", "Array"), 2, 2),
}


def row(module: str, name: str) -> Answer | None:
    if module != "pyarrow.lib" or name not in _CALLS:
        return None
    make, least, most = _CALLS[name]
    full = f"pyarrow.lib.{name}"
    getattr(_lib(), name)  # AttributeError of a release that has it not
    return Callee(full, lambda *args: make(*args) if least <= len(args) <= most else never(full, args))


def kind(cls: type) -> Kind | None:
    """Nothing of pyarrow's is filled in."""
    return None
