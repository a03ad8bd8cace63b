"""Arrays, types and tables that pyarrow never writes. Some end the interpreter where they are believed; so each is
loaded in another one (`apart`), and used as far as it can be."""

import pickle
import struct

import pyarrow as pa

from tests.profile.forge import Call, New

__all__ = ["CASES", "SOUND", "Call", "New", "parts"]

LONG = 1 << 40


def node(dtype, length, buffers, children=(), dictionary=None, *, nulls=-1, offset=0):
    """The tuple that stands for an array, or the child of one; buffers are bytes."""
    held = [None if each is None else Call(pa.py_buffer, each) for each in buffers]
    return (dtype, length, nulls, offset, held, list(children), dictionary)


def parts(dtype, length, buffers, children=(), dictionary=None, **others):
    return Call(pa.lib._restore_array, node(dtype, length, buffers, children, dictionary, **others))


def ints(*values, size=4):
    return struct.pack(f"<{len(values)}{ {1: 'b', 4: 'i', 8: 'q'}[size] }", *values)


INTS = pa.int32()
EIGHT = pa.int8()
ITEMS = node(EIGHT, 3, [None, bytes(3)])
LIST = pa.list_(EIGHT)
TWO = pa.list_(EIGHT, 2)
PAIR = pa.struct([("x", EIGHT), ("y", pa.string())])
TEXTS = node(pa.string(), 2, [None, ints(0, 1, 2), b"ab"])
INDEXED = pa.dictionary(EIGHT, pa.string())
MAP = pa.map_(pa.string(), EIGHT)
ENTRY = MAP.field(0).type


def entries(valid=None, keys=None, length=2):
    keys = TEXTS if keys is None else keys
    return node(ENTRY, length, [valid], [keys, node(EIGHT, 2, [None, b"\1\2"])])


def deep(levels):
    dtype = Call(pa.lib.type_for_alias, "int8")
    for _ in range(levels):
        dtype = Call(pa.list_, Call(pa.field, "item", dtype, True, None))
    return dtype


def broad(levels):
    dtype = Call(pa.lib.type_for_alias, "int8")
    for _ in range(levels):
        field = Call(pa.field, "x", dtype, True, None)
        dtype = Call(pa.struct, [field] * 10)
    return dtype


COLUMN = pa.chunked_array([pa.array([1, 2])])
SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.int64())])

SOUND = {
    "numbers": parts(INTS, 2, [b"\3", ints(1, 2)], nulls=0),
    "numbers after an offset": parts(INTS, 1, [None, ints(1, 2)], offset=1),
    "bits": parts(pa.bool_(), 9, [None, b"\1\1"]),
    "text": parts(pa.string(), 2, [b"\2", ints(0, 1, 2), b"ab"], nulls=1),
    "text without data": parts(pa.string(), 2, [b"\0", ints(0, 0, 0), b""]),
    "no text": parts(pa.string(), 0, [None, ints(0), b""]),
    "large text": parts(pa.large_string(), 1, [None, ints(0, 2, size=8), b"ab"]),
    "a list": parts(LIST, 2, [None, ints(0, 1, 3)], [ITEMS]),
    "a list of two": parts(TWO, 1, [None], [ITEMS]),
    "a map": parts(MAP, 1, [None, ints(0, 2)], [entries()]),
    "pairs": parts(PAIR, 2, [None], [ITEMS, TEXTS]),
    "indices": parts(INDEXED, 2, [None, b"\0\1"], (), TEXTS),
}

HOSTILE = {
    # how many parts there are
    "no buffers": parts(INTS, 0, []),
    "one buffer": parts(INTS, 1, [None]),
    "a buffer too many": parts(INTS, 1, [None, ints(1), ints(1)]),
    "text of two buffers": parts(pa.string(), 1, [None, ints(0, 1)]),
    "text of no buffers": parts(pa.string(), 1, []),
    "nulls of no buffers": parts(pa.null(), 1, []),
    "a list of no buffers": parts(LIST, 1, [], [ITEMS]),
    "a list without a child": parts(LIST, 1, [None, ints(0, 1)]),
    "a list of two children": parts(LIST, 1, [None, ints(0, 1)], [ITEMS, ITEMS]),
    "a list of two of no buffers": parts(TWO, 1, [], [ITEMS]),
    "pairs of two buffers": parts(PAIR, 1, [None, None], [ITEMS, TEXTS]),
    "pairs of one child": parts(PAIR, 1, [None], [ITEMS]),
    "pairs of children in another order": parts(PAIR, 1, [None], [TEXTS, ITEMS]),
    "numbers with a child": parts(INTS, 1, [None, ints(1)], [ITEMS]),
    "indices without a dictionary": parts(INDEXED, 1, [None, b"\0"]),
    "indices of one buffer": parts(INDEXED, 1, [None], (), TEXTS),
    "numbers with a dictionary": parts(INTS, 1, [None, ints(1)], (), TEXTS),
    "a dictionary of another type": parts(INDEXED, 1, [None, b"\0"], (), ITEMS),
    "a map of numbers": parts(MAP, 1, [None, ints(0, 1)], [ITEMS]),
    "a map of pairs of another type": parts(MAP, 1, [None, ints(0, 1)], [node(PAIR, 2, [None], [ITEMS, TEXTS])]),
    "a map with a null key": parts(MAP, 1, [None, ints(0, 2)],
                                   [entries(keys=node(pa.string(), 2, [b"\1", ints(0, 1, 2), b"ab"]))]),
    "a map with a null entry": parts(MAP, 1, [None, ints(0, 2)], [entries(valid=b"\1")]),
    "a map with a null key, it says": parts(MAP, 1, [None, ints(0, 2)],
                                            [entries(keys=node(pa.string(), 2, [b"\1", ints(0, 1, 2), b"ab"], nulls=0),
                                                     length=1)]),
    "a list of a child of another type": parts(LIST, 1, [None, ints(0, 1)], [TEXTS]),
    "a tuple of six": Call(pa.lib._restore_array, (INTS, 1, 0, 0, [None], [])),
    "a list for a tuple": Call(pa.lib._restore_array, [INTS, 1, 0, 0, [None, None], [], None]),
    "a buffer that is bytes": Call(pa.lib._restore_array, (INTS, 1, 0, 0, [None, ints(1)], [], None)),
    "a type that is text": Call(pa.lib._restore_array, ("int32", 1, 0, 0, [None, None], [], None)),
    # lengths and sizes
    "a length below zero": parts(INTS, -1, [None, ints(1)]),
    "a long length": parts(INTS, LONG, [None, ints(1)]),
    "a length beyond 64 bits": parts(INTS, 1 << 64, [None, ints(1)]),
    "a length that overflows with its offset": parts(INTS, (1 << 63) - 1, [None, ints(1)], offset=1),
    "a length that overflows in bits": parts(pa.bool_(), 1 << 61, [None, b"\1"]),
    "a length that overflows in bytes": parts(INTS, 1 << 62, [None, ints(1)]),
    "an offset below zero": parts(INTS, 1, [None, ints(1)], offset=-1),
    "an offset beyond the end": parts(INTS, 1, [None, ints(1)], offset=1),
    "a length that is true": parts(INTS, True, [None, ints(1)]),
    "a length of text": parts(INTS, "1", [None, ints(1)]),
    "fewer bytes than numbers": parts(INTS, 3, [None, ints(1, 2)]),
    "no bytes": parts(INTS, 1, [None, b""]),
    "no buffer for numbers": parts(INTS, 1, [None, None]),
    "fewer bits than numbers": parts(pa.bool_(), 9, [None, b"\1"]),
    "fewer bits than valid ones": parts(EIGHT, 9, [b"\1", bytes(9)]),
    "no bits at all": parts(EIGHT, 9, [b"", bytes(9)]),
    "fewer offsets than texts": parts(pa.string(), 2, [None, ints(0, 1), b"ab"]),
    "no buffer for offsets": parts(pa.string(), 2, [None, None, b"ab"]),
    "small offsets of large text": parts(pa.large_string(), 2, [None, ints(0, 1, 2), b"ab"]),
    "fewer offsets than lists": parts(LIST, 2, [None, ints(0, 1)], [ITEMS]),
    "no offsets of lists": parts(LIST, 2, [None, None], [ITEMS]),
    "fewer items than lists of two": parts(TWO, 2, [None], [ITEMS]),
    "fewer items than lists of two after an offset": parts(TWO, 1, [None], [ITEMS], offset=1),
    "lists of so many that they overflow": parts(pa.list_(EIGHT, (1 << 31) - 1), 1 << 33, [None], [ITEMS]),
    "pairs longer than their fields": parts(PAIR, 3, [None], [ITEMS, TEXTS]),
    "pairs that start after their fields": parts(PAIR, 1, [None], [ITEMS, TEXTS], offset=2),
    "fewer bytes than decimals": parts(pa.decimal128(5, 2), 2, [None, bytes(31)]),
    "fewer bytes than bytes of three": parts(pa.binary(3), 2, [None, bytes(5)]),
    "fewer bytes than intervals": parts(pa.month_day_nano_interval(), 2, [None, bytes(31)]),
    # what is in the buffers
    "an offset in text beyond the end": parts(pa.string(), 2, [None, ints(0, 1, LONG >> 20), b"ab"]),
    "an offset in text beyond the end, in between": parts(pa.string(), 2, [None, ints(0, 1 << 30, 2), b"ab"]),
    "an offset in text below zero": parts(pa.string(), 2, [None, ints(-1 << 30, 0, 1), b"ab"]),
    "offsets in text that go back": parts(pa.string(), 2, [None, ints(1, 0, 2), b"ab"]),
    "an offset in a null text beyond the end": parts(pa.string(), 2, [b"\2", ints(0, 1 << 30, 2), b"ab"]),
    "an offset in large text beyond the end": parts(pa.large_string(), 1, [None, ints(0, LONG, size=8), b"ab"]),
    "an offset without text": parts(pa.string(), 1, [None, ints(0, 4), None]),
    "text that is none": parts(pa.string(), 1, [None, ints(0, 2), b"\xff\xfe"]),
    "an offset in lists beyond the end": parts(LIST, 2, [None, ints(0, 1, 4)], [ITEMS]),
    "an offset in lists far beyond": parts(LIST, 2, [None, ints(0, 1 << 30, 3)], [ITEMS]),
    "an offset in lists below zero": parts(LIST, 2, [None, ints(-5, 1, 3)], [ITEMS]),
    "an offset in large lists beyond": parts(pa.large_list(EIGHT), 1, [None, ints(0, LONG, size=8)], [ITEMS]),
    "an index beyond the dictionary": parts(INDEXED, 2, [None, b"\0\2"], (), TEXTS),
    "an index far beyond": parts(pa.dictionary(pa.int64(), pa.string()), 1, [None, ints(LONG, size=8)], (), TEXTS),
    "an index below zero": parts(INDEXED, 2, [None, b"\0\xff"], (), TEXTS),
    "an index in an empty dictionary": parts(INDEXED, 1, [None, b"\0"], (), node(pa.string(), 0, [None, ints(0), b""])),
    "a dictionary with an offset beyond": parts(INDEXED, 1, [None, b"\0"], (),
                                                node(pa.string(), 1, [None, ints(0, 1 << 30), b"ab"])),
    "a child with an offset beyond": parts(pa.list_(pa.string()), 1, [None, ints(0, 1)],
                                           [node(pa.string(), 1, [None, ints(0, 1 << 30), b"ab"])]),
    "a decimal of more digits": parts(pa.decimal128(3, 1), 1, [None, b"\xff" * 8 + bytes(8)]),
    "a time after midnight": parts(pa.time32("s"), 1, [None, ints(1 << 30)]),
    # types
    "a type by another name": Call(pa.lib.type_for_alias, "string_view"),
    "a type by no name": Call(pa.lib.type_for_alias, "os"),
    "a type by a number": Call(pa.lib.type_for_alias, 3),
    "times in a zone that is a path": Call(pa.timestamp, "s", "../../etc/passwd"),
    "times in a zone that is a path from the root": Call(pa.timestamp, "s", "/etc/localtime"),
    "times of no unit": Call(pa.timestamp, "D", None),
    "decimals of too many digits": Call(pa.decimal128, 39, 0),
    "decimals of a long scale": Call(pa.decimal128, 3, 1 << 30),
    "decimals of a scale below zero": Call(pa.decimal128, 3, -(1 << 30)),
    "bytes of less than nothing": Call(pa.binary, -5),
    "bytes of more than 31 bits": Call(pa.binary, 1 << 31),
    "lists of less than nothing": Call(pa.list_, EIGHT, -5),
    "indices that are text": Call(pa.dictionary, pa.string(), EIGHT, False),
    "a map of keys that may be null": Call(pa.map_, pa.field("key", pa.string()), pa.field("value", EIGHT)),
    "a map of types": Call(pa.map_, pa.string(), EIGHT),
    "a struct of types": Call(pa.struct, [pa.string()]),
    "a struct of pairs": Call(pa.struct, [("x", pa.string())]),
    "a field without a type": Call(pa.field, "x", None, True, None),
    "a field with a list as metadata": Call(pa.field, "x", EIGHT, True, [1]),
    "a field of a long name": Call(pa.field, "x" * 20_000, EIGHT, True, None),
    "a type of many levels": deep(100),
    "a type of very many fields": broad(20),
    # chunks and tables
    "chunks of two types": Call(pa.chunked_array, [pa.array([1]), pa.array(["a"])], pa.int64()),
    "chunks of another type": Call(pa.chunked_array, [pa.array([1])], pa.string()),
    "chunks that are lists": Call(pa.chunked_array, [[1, 2]], pa.int64()),
    "chunks without a type": Call(pa.chunked_array, [pa.array([1])]),
    "columns of two lengths": Call(pa.lib._reconstruct_table, [COLUMN, pa.chunked_array([pa.array([1])])], SCHEMA),
    "fewer columns than fields": Call(pa.lib._reconstruct_table, [COLUMN], SCHEMA),
    "columns of another type": Call(pa.lib._reconstruct_table, [COLUMN, pa.chunked_array([pa.array(["a", "b"])])],
                                    SCHEMA),
    "columns that are lists": Call(pa.lib._reconstruct_table, [[1], [2]], SCHEMA),
    "a batch of two lengths": Call(pa.lib._reconstruct_record_batch, [pa.array([1]), pa.array([1, 2])], SCHEMA),
    "a batch of chunks": Call(pa.lib._reconstruct_record_batch, [COLUMN, COLUMN], SCHEMA),
    "a schema of types": Call(pa.schema, [EIGHT], None),
    # buffers, and what is not for streams
    "a buffer of an address": Call(pa.foreign_buffer, 0, 100),
    "a buffer of text": Call(pa.py_buffer, "ab"),
    "a buffer of numbers": Call(pa.py_buffer, [1, 2]),
    "a file": Call(pa.OSFile, "/etc/passwd"),
    "a scalar": Call(pa.scalar, 1, EIGHT),
    "a helper as a value": [pa.lib._restore_array],
    "a type as a class": New(pa.DataType, None),
    "an array as a class": New(pa.Int64Array, None),
}  # fmt: skip


def _pandas():
    import pandas as pd

    text, arrow = pd.arrays.ArrowStringArray, pd.arrays.ArrowExtensionArray
    number, nothing = pd.ArrowDtype(pa.int64()), pd.StringDtype("pyarrow")
    values = pa.array([1, 2])
    return {
        "strings that are numbers": New(text, {"_pa_array": values, "_dtype": nothing}),
        "strings of a type of numbers": New(text, {"_pa_array": values, "_dtype": number}),
        "numbers of a type of strings": New(arrow, {"_pa_array": pa.array(["a"]), "_dtype": nothing}),
        "numbers of another type": New(arrow, {"_pa_array": pa.array(["a"]), "_dtype": number}),
        "numbers of a list": New(arrow, {"_pa_array": [1, 2], "_dtype": number}),
        "strings kept in Python": New(text, {"_pa_array": pa.array(["a"]), "_dtype": pd.StringDtype("python")}),
        "an array without a type": New(arrow, {"_pa_array": values}),
        "an array with a method": New(arrow, {"_pa_array": values, "_dtype": number, "copy": 1}),
        "a type of text": New(pd.ArrowDtype, {"pyarrow_dtype": "int64", "_storage": "pyarrow"}),
        "a type with more": New(pd.ArrowDtype, {"pyarrow_dtype": pa.int64(), "type": int}),
        "an array that was not filled in": Call(pd.Series._from_mgr, 1),
    }


HOSTILE |= _pandas()


def use(found):
    """What somebody might do with it, in C++."""
    if isinstance(found, (pa.Array, pa.ChunkedArray)):
        found.to_pylist()
        found.nbytes  # noqa: B018
        found.filter(pa.array([True] * len(found), pa.bool_()))
        found.unique()
        found.cast(pa.string())
    elif isinstance(found, pa.DataType):
        str(found)


def stream(value, protocol):
    return lambda: (pickle.dumps(value, protocol), None, use)


CASES = {
    f"{name}, protocol {protocol}": stream(value, protocol) for name, value in HOSTILE.items() for protocol in (2, 5)
}
