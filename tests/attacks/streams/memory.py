"""States that code in C would believe: sizes, positions, flags and pointers of numpy's arrays, dtypes and generators."""

from typing import Any

from tests.attacks.assembler import Code, array, build, call, doubled, dtype, get, name, new, pop, put, stream, value
from tests.attacks.streams.attack import CORRUPT, LIMIT, REFUSED, UNTRUSTED, VALUE, Family

family = Family("memory", needs="numpy")
add = family.add

BUFFER = name("numpy._core.numeric", "_frombuffer")
SCALAR = name("numpy._core.multiarray", "scalar")
RECONSTRUCT = name("numpy._core.multiarray", "_reconstruct")
NDARRAY = name("numpy", "ndarray")
MASKED = call(name("numpy.ma.core", "_mareconstruct"), name("numpy.ma.core", "MaskedArray"), NDARRAY, (0,), b"b")
NAMESPACE = call(name("types", "SimpleNamespace"))
U1, I8, F8, OBJECT = dtype("u1"), dtype("i8"), dtype("f8"), dtype("O")
HUGE = call(name("decimal", "Decimal"), "1e999999999")  # int() of it takes gigabytes


def record(fields: dict[str, tuple[Any, int]], size: int, flags: int = 0x1B, kind: str = "V8", names: Any = None) -> Code:
    """A structured dtype."""
    return dtype(kind, (3, "|", None, tuple(fields) if names is None else names, dict(fields), size, 1, flags))


# ---- arrays --------------------------------------------------------------------------------------------------
for _what, _state in {
    "too few bytes": (1, (1 << 20,), U1, False, b"abc"), "too many bytes": (1, (1,), U1, False, b"abc"), "a negative axis": (1, (-1,), U1, False, b""), "two negative axes": (1, (-2, -2), U1, False, b"abcd"),
    "a product that overflows": (1, (1 << 62, 4), U1, False, b""), "a product of nought": (1, (1 << 62, 1 << 62, 0), U1, False, b""), "an axis of 2**64": (1, (1 << 64,), U1, False, b""), "an axis of floats": (1, (1.0,), U1, False, b"a"),
    "an axis of bools": (1, (True,), U1, False, b"a"), "a list for the shape": (1, [1], U1, False, b"a"), "a number for the shape": (1, 1, U1, False, b"a"), "sixty-five axes": (1, (1,) * 65, U1, False, b"a"),
    "no axis": (1, (), U1, False, b""), "a str for bytes": (1, (1,), U1, False, "ab"), "a bytearray": (1, (1,), U1, False, bytearray(b"a")), "a memoryview": (1, (1,), U1, False, Code(value(bytearray(b"a")) + b"\x98")),
    "a list for bytes": (1, (1,), U1, False, [1]), "bytes for a list": (1, (1,), OBJECT, False, b"12345678"), "a short list": (1, (2,), OBJECT, False, [1]), "a long list": (1, (1,), OBJECT, False, [1, 2]), "a tuple of objects": (1, (1,), OBJECT, False, (1,)),
    "a dict of objects": (1, (1,), OBJECT, False, {0: 1}), "no dtype": (1, (1,), None, False, b"a"), "a dtype's name": (1, (1,), "u1", False, b"a"), "a scalar type": (1, (1,), name("numpy", "uint8"), False, b"a"),
    "version 2": (2, (1,), U1, False, b"a"), "a short state": (1, (1,), U1), "a long state": (1, (1,), U1, False, b"a", 6), "a dict": {"shape": (1,)}, "None": None, "the order an object": (1, (1,), U1, NAMESPACE, b"a"),
    "a subarray's dtype": (1, (2,), dtype("V3", (3, "|", (U1, (3,)), None, None, 3, 1, 0)), False, b"abcdef"), "a huge item, none of it": (1, (0,), dtype("V1", (3, "|", None, None, None, 2**31 - 1, 1, 0)), False, b""),
    "items of no size": (1, (1 << 40,), dtype("V0"), False, b""), "text of no size": (1, (1 << 40,), dtype("U0"), False, b""), "code points that are none": (1, (2,), dtype("U1"), False, b"\xff" * 8),
    "bools that are neither": (1, (64,), dtype("?"), False, bytes(range(2, 66))), "big-endian": (1, (2,), dtype("i8", (3, ">", None, None, None, -1, -1, 0)), False, b"\0" * 15), "objects, swapped": (1, (1,), dtype("O", (3, ">", None, None, None, -1, -1, 63)), False, [1]),
    "NaT's": (1, (1,), dtype("M8", (4, "<", None, None, None, -1, -1, 0, ({}, (b"D", 1, 1, 1)))), False, b"\xff" * 8),
}.items():  # fmt: skip
    add(f"array: {_what}", "an array whose parts disagree", stream(array(_state)), REFUSED | VALUE if _what in (
        "the order an object", "code points that are none", "bools that are neither", "NaT's", "big-endian", "objects, swapped", "sixty-five axes", "a product of nought", "an axis of bools", "a dict") else REFUSED)  # fmt: skip
    if type(_state) is tuple and len(_state) == 5:
        add(f"frombuffer: {_what}", "a view whose parts disagree with its buffer", stream(call(BUFFER, _state[4], _state[2], _state[1], "C")), REFUSED | VALUE)
for _what, _args in {
    "a class that is none": (name("builtins", "list"), (0,), b"b"), "a shape": (NDARRAY, (1 << 40,), b"b"), "objects": (NDARRAY, (0,), b"O"), "a shape of one": (NDARRAY, (1,), b"b"), "a scalar type": (name("numpy", "float64"), (0,), b"b"),
    "a dtype's class": (name("numpy", "dtype"), (0,), b"b"), "a Masked": (name("numpy.ma.core", "MaskedArray"), (0,), b"b"), "an instance": (NAMESPACE, (0,), b"b"), "an array for the shape": (NDARRAY, array((1, (1,), I8, False, b"\0" * 8)), b"b"),
    "2**60 leaves for the shape": (NDARRAY, doubled(60, 1), b"b"), "a keyword's str": (NDARRAY, (0,), "bb"), "four": (NDARRAY, (0,), b"b", 1), "a generator": (name("numpy.random", "PCG64"), (0,), b"b"),
}.items():  # fmt: skip
    add(f"_reconstruct: {_what}", "memory that nobody has written to", stream(call(RECONSTRUCT, *_args)))
for _cls in ("memmap", "recarray"):
    add(f"{_cls} of three axes", "an array of a class with methods of its own", stream(array((1, (1, 1, 1), F8, False, b"12345678"), name("numpy", _cls))), VALUE)
for _axes in ((), (1,), (1, 1, 1)):
    add(f"matrix of {len(_axes)} axes", "a matrix that numpy casts into too little memory", stream(array((1, _axes, F8, False, b"12345678"), name("numpy", "matrix"))), CORRUPT)
add("matrix of 2 axes", "a matrix as it should be", stream(array((1, (1, 1), F8, False, b"12345678"), name("numpy", "matrix"))), VALUE)
add("chararray of numbers", "text methods over numbers", stream(array((1, (1,), F8, False, b"12345678"), name("numpy.char", "chararray"))), REFUSED | VALUE)
add("recarray of records", "records whose fields hide methods", stream(array((1, (1,), record({"dtype": (U1, 0), "tobytes": (U1, 1)}, 8), False, b"12345678"), name("numpy", "recarray"))), VALUE)

# ---- views of a buffer ---------------------------------------------------------------------------------------
OBJECTS = array((1, (2,), OBJECT, False, [1, 2]))
for _what, _args in {
    "objects": (b"12345678", OBJECT, (1,), "C"), "records with objects": (b"12345678", record({"a": (OBJECT, 0)}, 8, 0x3F), (1,), "C"), "pointers shown": (OBJECTS, dtype("u8"), (2,), "C"), "pointers by memoryview": (Code(OBJECTS + b"\x98"), dtype("u8"), (2,), "C"),
    "records' pointers": (array((1, (1,), record({"a": (OBJECT, 0)}, 8, 0x3F), False, [(1,)])), dtype("u8"), (1,), "C"), "an object": (NAMESPACE, U1, (1,), "C"), "a str": ("abc", U1, (3,), "C"), "a list": ([1], U1, (1,), "C"), "a number": (8, U1, (8,), "C"),
    "one byte too many": (b"abc", U1, (2,), "C"), "one too few": (b"abc", U1, (4,), "C"), "not whole items": (b"abc", dtype("u2"), (1,), "C"), "an order that is none": (b"ab", U1, (2,), "X"), "an order of bytes": (b"ab", U1, (2,), b"C"),
    "order K": (b"ab", U1, (2,), "K"), "a negative axis": (b"ab", U1, (-2,), "C"), "minus one": (b"ab", U1, (-1,), "C"), "axes beyond all": (b"ab", U1, (1,) * 1000 + (2,), "C"), "a shape that overflows": (b"", U1, (1 << 40, 1 << 40, 0), "C"),
    "StringDType": (b"0123456789abcdef", call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), True), (1,), "C"), "a dtype's name": (b"ab", "u1", (2,), "C"), "a dtype's class": (b"ab", name("numpy", "dtype"), (2,), "C"), "3 arguments": (b"ab", U1, (2,)),
    "an array.array": (call(name("array", "array"), "d", [1.0]), F8, (1,), "C"), "the empty buffer": (b"", U1, (0,), "C"), "an empty buffer of nothing": (b"", dtype("V0"), (0,), "C"), "a bytearray, shown twice": (put(0, bytearray(b"ab")), U1, (2,), "C"),
}.items():  # fmt: skip
    add(f"view: {_what}", "memory of one thing shown as another", stream(call(BUFFER, *_args)), REFUSED | VALUE if _what in (
        "an array.array", "the empty buffer", "a bytearray, shown twice", "an empty buffer of nothing") else REFUSED)  # fmt: skip

for _what, _axes, _verdict in (
    ("as numpy writes it", (1, 0), VALUE), ("too few", (0,), CORRUPT), ("twice the same", (0, 0), CORRUPT), ("out of range", (0, 2), CORRUPT), ("negative", (0, -1), CORRUPT), ("none", None, CORRUPT), ("a list", [1, 0], CORRUPT), ("a bomb", doubled(60, 1), CORRUPT),
):  # fmt: skip
    add(f"view: order K, axes {_what}", "an order of axes that is none", stream(call(BUFFER, b"abcdef", U1, (2, 3), "K", _axes)), _verdict)

# ---- scalars ---------------------------------------------------------------------------------------------------
for _what, _args in {
    "short": (F8, b"1234"), "long": (F8, b"123456789"), "none": (F8,), "an object of bytes": (OBJECT, b"12345678"), "objects in a record": (record({"a": (OBJECT, 0)}, 8, 0x3F), b"12345678"), "a list": (F8, [1]), "a str": (F8, "1234567\u0100"),
    "a subarray": (dtype("V8", (3, "|", (U1, (8,)), None, None, 8, 1, 0)), b"12345678"), "text that is none": (dtype("U1"), b"\xff\xff\xff\xff"), "StringDType": (call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), True), b"0123456789abcdef"),
    "a class": (name("numpy", "float64"), b"12345678"), "an instance": (NAMESPACE, b""), "a helper": (OBJECT, name("copyreg", "_reconstructor")), "a function": (OBJECT, name("builtins", "eval")), "huge, of nothing": (dtype("V1", (3, "|", None, None, None, 2**31 - 1, 1, 0)), b""),
}.items():  # fmt: skip
    add(f"scalar: {_what}", "a scalar of other bytes than its dtype's", stream(call(SCALAR, *_args)), REFUSED | VALUE if _what in ("text that is none", "an object of bytes", "a subarray") else REFUSED)

# ---- dtypes ----------------------------------------------------------------------------------------------------
for _what, _code in {
    "a field beyond the end": record({"a": (F8, 4)}, 8), "a negative offset": record({"a": (F8, -8)}, 8), "an offset of 2**40": record({"a": (F8, 1 << 40)}, 8), "an offset of 2**31": record({"a": (F8, 2**31 - 4)}, 2**31 - 1),
    "objects that overlap numbers": record({"a": (OBJECT, 0), "b": (I8, 0)}, 8, 0x3F), "objects that overlap half": record({"a": (OBJECT, 0), "b": (I8, 4)}, 16, 0x3F), "objects that overlap objects": record({"a": (OBJECT, 0), "b": (OBJECT, 4)}, 16, 0x3F),
    "objects without their flag": record({"a": (OBJECT, 0)}, 8, 0), "objects in a subarray, without their flag": dtype("V16", (3, "|", (OBJECT, (2,)), None, None, 16, 1, 0)), "the objects' flag without objects": dtype("V8", (3, "|", None, None, None, 8, 1, 0x3F)),
    "numbers with the objects' flag": dtype("i8", (3, "<", None, None, None, -1, -1, 0x3F)), "objects without flags": dtype("O", (3, "|", None, None, None, -1, -1, 0)), "objects of another size": dtype("O", (3, "|", None, None, None, 4, 1, 63)),
    "a size of -1": record({"a": (U1, 0)}, -1), "a size of -4": dtype("S1", (3, "|", None, None, None, -4, 1, 0)), "a size of 2**31": dtype("V1", (3, "|", None, None, None, 1 << 31, 1, 0)), "a size of 2**70": dtype("V1", (3, "|", None, None, None, 1 << 70, 1, 0)),
    "text of 3 bytes": dtype("U1", (3, "<", None, None, None, 3, 4, 8)), "a double of 4": dtype("f8", (3, "<", None, None, None, 4, 4, 0)), "a double of 80": dtype("f8", (3, "<", None, None, None, 80, 4, 0)), "a size that is a float": dtype("V8", (3, "|", None, None, None, 8.0, 1, 0)),
    "names without fields": dtype("V8", (3, "|", None, ("a",), None, 8, 1, 0)), "fields without names": dtype("V8", (3, "|", None, None, {"a": (U1, 0)}, 8, 1, 0)), "a name without a field": record({"a": (U1, 0)}, 8, names=("a", "b")), "a field without a name": record({"a": (U1, 0), "b": (U1, 1)}, 8, names=("a",)),
    "a name twice": record({"a": (U1, 0)}, 8, names=("a", "a")), "no names": record({}, 8), "names of numbers": record({1: (U1, 0)}, 8, names=(1,)), "a list of names": record({"a": (U1, 0)}, 8, names=["a"]), "a field of a name": record({"a": ("u1", 0)}, 8), "a field of a class": record({"a": (name("numpy", "uint8"), 0)}, 8),
    "a field of three": dtype("V8", (3, "|", None, ("a",), {"a": (U1, 0, "title")}, 8, 1, 0)), "a title that is a name": dtype("V8", (3, "|", None, ("a", "b"), {"a": (U1, 0, "b"), "b": (U1, 1)}, 8, 1, 0)), "a title of a list": dtype("V8", (3, "|", None, ("a",), {"a": (U1, 0, [])}, 8, 1, 0)),
    "a field of four": dtype("V8", (3, "|", None, ("a",), {"a": (U1, 0, "t", 1)}, 8, 1, 0)), "aligned wrongly": record({"a": (U1, 0), "b": (F8, 1)}, 9, 0x80), "a subarray of 2**40": dtype("V8", (3, "|", (U1, (1 << 40,)), None, None, 8, 1, 0)),
    "a subarray that overflows": dtype("V8", (3, "|", (U1, (1 << 16, 1 << 16, 1 << 16)), None, None, 8, 1, 0)), "a negative subarray": dtype("V8", (3, "|", (U1, (-8,)), None, None, 8, 1, 0)), "a subarray of itself": dtype("V8", (3, "|", (get(0), (1,)), None, None, 8, 1, 0)),
    "a subarray of a list": dtype("V8", (3, "|", [U1, (8,)], None, None, 8, 1, 0)), "a subarray of many axes": dtype("V1", (3, "|", (U1, (1,) * 200), None, None, 1, 1, 0)), "a subarray and fields": dtype("V8", (3, "|", (U1, (8,)), ("a",), {"a": (U1, 0)}, 8, 1, 0)),
    "a subarray of a number": dtype("i8", (3, "<", (U1, (8,)), None, None, 8, 1, 0)), "fields of a number": dtype("i8", (3, "<", None, ("a",), {"a": (OBJECT, 0)}, 8, 1, 0)), "fields of an object": dtype("O", (3, "|", None, ("a",), {"a": (I8, 0)}, 8, 1, 0)),
    "version 9": dtype("V8", (9, "|", None, None, None, 8, 1, 0)), "version 1": dtype("V8", (1, "|", None, None, None, 8, 1)), "seven": dtype("V8", (3, "|", None, None, None, 8, 1)), "an order that is none": dtype("i8", (3, "x", None, None, None, -1, -1, 0)), "an order of many": dtype("i8", (3, "<" * 1000, None, None, None, -1, -1, 0)),
    "a time without a unit": dtype("M8", (3, "<", None, None, None, -1, -1, 0)), "a time of a unit that is none": dtype("M8", (4, "<", None, None, None, -1, -1, 0, ({}, (b"parsec", 1, 1, 1)))), "a time of a unit's number": dtype("M8", (4, "<", None, None, None, -1, -1, 0, ({}, (99, 1, 1, 1)))),
    "a time of nought": dtype("m8", (4, "<", None, None, None, -1, -1, 0, ({}, (b"s", 0, 1, 1)))), "a time of -1": dtype("m8", (4, "<", None, None, None, -1, -1, 0, ({}, (b"s", -1, 1, 1)))), "a time of 2**40": dtype("m8", (4, "<", None, None, None, -1, -1, 0, ({}, (b"s", 1 << 40, 1, 1)))),
    "a time of a dict": dtype("M8", (4, "<", None, None, None, -1, -1, 0, {})), "a number's metadata a list": dtype("i8", (4, "<", None, None, None, -1, -1, 0, [1])), "metadata of functions": dtype("i8", (4, "<", None, None, None, -1, -1, 0, {"a": name("builtins", "eval")})),
    "metadata": dtype("i8", (4, "<", None, None, None, -1, -1, 0, {"a": [1]})), "a state that is a list": dtype("i8", [3, "<", None, None, None, -1, -1, 0]), "a state of a dict": dtype("i8", {"a": 1}), "slots": dtype("i8", (None, {"names": ()})), "no state": dtype("i8", ()),
    "a record's": dtype("V8", (3, "|", None, ("a",), {"a": (U1, 0)}, 8, 1, 0x10)), "a record of its class": build(call(name("numpy", "dtype"), name("numpy", "record"), False, True), (3, "|", None, ("a",), {"a": (OBJECT, 0)}, 8, 1, 0)),
    "a copy that is none": build(call(name("numpy", "dtype"), "i8", False, False), (3, ">", None, None, None, -1, -1, 0)), "aligned, a record": call(name("numpy", "dtype"), "V8", True, True), "a size of many digits": dtype("S999999999999"), "S of 2**31": dtype("S2147483648"), "U of 2**30": dtype("U1073741824"),
    "a format of many": dtype("(2,3)i4"), "a format of commas": dtype("i4,i4"), "a format of braces": dtype("T{i:a:}"), "a format of a type": dtype("object"), "c": dtype("c"), "a pointer": dtype("P"), "a time with a huge number": dtype("M8[999999999s]"), "a time of words": dtype("M8[abc]"), "ratio": dtype("M8[1/3s]"),
}.items():  # fmt: skip
    add(f"dtype: {_what}", "a dtype whose parts lie", stream(put(0, U1), pop, _code), REFUSED | VALUE if _what in (
        "a record's", "metadata", "objects without their flag", "objects in a subarray, without their flag", "the objects' flag without objects", "numbers with the objects' flag", "objects without flags", "a size of -1",
        "a field of three", "a title that is a name", "a name twice", "no names", "a field without a name", "an offset of 2**31", "a record of its class", "a copy that is none", "aligned, a record", "a subarray of itself",
        "aligned wrongly", "a time with a huge number", "names without fields", "a subarray of many axes", "a field beyond the end", "c", "a pointer") else REFUSED)  # fmt: skip
add("dtype: shared", "a byte order for everybody's dtype of doubles", stream(put(0, name("numpy", "dtype")), pop, build(call(get(0), "f8", False, False), (3, ">", None, None, None, -1, -1, 0)), call(SCALAR, F8, b"12345678")), REFUSED | VALUE)

# Dtypes of dtypes: of 2**60 fields, of many levels.
PUT_FIELD = Code(b"q\0")


def nested(levels: int, leaf: str, width: int) -> bytes:
    """A dtype with ``width`` fields, each of them the one before, and so on."""
    parts = [put(0, dtype(leaf))]
    size = int(leaf[1:])
    for _ in range(levels):
        names = [f"f{i}" for i in range(width)]
        fields = {each: (get(0), i * size) for i, each in enumerate(names)}
        size *= width
        parts += [pop, put(0, record(fields, size, 0, kind=f"V{size}"))]  # type: ignore[arg-type]
    return stream(*parts)


add("dtype: 2**40 fields of no size", "hash, ==, repr of a dtype whose fields are shared", lambda: nested(40, "V0", 2), REFUSED | VALUE)
add("dtype: 2**20 fields", "hash, ==, repr of a dtype whose fields are shared", lambda: nested(20, "V1", 2), REFUSED | VALUE)
add("dtype: 2**40 fields, as a key", "the hash of a dtype whose fields are shared", lambda: nested(40, "V0", 2)[:-1] + b"}h\0K\1s.", REFUSED)
add("dtype: 20000 levels", "code in C that follows fields by recursion", lambda: nested(20_000, "V1", 1), REFUSED)
add("dtype: 20000 levels, as a key", "code in C that follows fields by recursion", lambda: nested(20_000, "V1", 1)[:-1] + b"}h\0K\1s.", REFUSED)

# ---- records with objects: items that numpy converts as it likes ----------------------------------------------
RECORD = record({"a": (OBJECT, 0), "b": (I8, 8)}, 16, 0x3F)
TEXT = record({"a": (OBJECT, 0), "b": (dtype("U4"), 8)}, 24, 0x3F)
TIME = record({"a": (OBJECT, 0), "b": (dtype("M8[s]"), 8)}, 16, 0x3F)
ROWS = record({"a": (OBJECT, 0), "b": (dtype("V16", (3, "|", (I8, (2,)), None, None, 16, 1, 0)), 8)}, 24, 0x3F)
BOMB = Code(b"}q\0" + b"".join(b"0}" + value("a") + get(i) + b"s" + value("b") + get(i) + b"s" + put(i + 1) for i in range(60)))
POISON = build(new(name("tests.attacks.victim", "Plain")), {"__array_interface__": {"data": (8, False), "shape": (2,), "typestr": "<i8", "version": 3}, "__array__": name("tests.attacks.victim", "Outer")})
for _what, _code, _item, _door in (
    ("int() of a Decimal", RECORD, (None, HUGE), "loads"), ("int() of an object", RECORD, (None, NAMESPACE), "loads"), ("int() of a list", RECORD, (None, [1]), "loads"), ("int() of text", RECORD, (None, "1" * 4000), "loads"), ("too large an int", RECORD, (None, 1 << 80), "loads"),
    ("repr of 2**60 dicts", TEXT, (None, BOMB), "loads"), ("str() of an exception", TEXT, (None, call(name("builtins", "ValueError"), BOMB)), "loads"), ("too long a text", TEXT, (None, "x" * 100), "loads"), ("a time of text", TIME, (None, "x"), "loads"), ("a time with a zone", TIME, (None, call(name("datetime", "datetime"), b"\x07\xe5\x0c\x1f\0\0\0\0\0\0", call(name("zoneinfo", "ZoneInfo"), "UTC"))), "loads"),
    ("too few fields", RECORD, (None,), "loads"), ("too many fields", RECORD, (None, 1, 2), "loads"), ("no tuple", RECORD, [None, 1], "loads"), ("a subarray of objects", ROWS, (None, array((1, (2,), OBJECT, False, [HUGE, HUGE]))), "loads"), ("a subarray of another shape", ROWS, (None, array((1, (3,), I8, False, b"\0" * 24))), "loads"),
    ("an address by __array_interface__", ROWS, (None, POISON), "package"), ("a number that says __array__", RECORD, (None, POISON), "package"), ("a text that says __array__", TEXT, (None, POISON), "package"),
):  # fmt: skip
    add(f"record: {_what}", "items of records are converted, by methods of the items", stream(array((1, (1,), _code, False, [_item]))), REFUSED | VALUE if "too long" in _what else REFUSED, door=_door)
LARGE = record({"a": (OBJECT, 0)}, 1 << 30, 0x3F)
add("record: of a gigabyte", "a record with room for more than it holds", stream(array((1, (1,), LARGE, False, [(None,)]))), LIMIT)
add("record: of a gigabyte, none", "an array of none of them, which has memory for one", stream(array((1, (0,), LARGE, False, []))), CORRUPT)
STRINGS = call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), True)
for _what, _items in {"an object": [NAMESPACE], "a number": [1], "bytes": [b"x"], "None": [None], "a bomb": [BOMB], "a surrogate": ["\ud800"], "a long one": ["x" * 100_000]}.items():
    add(f"StringDType: {_what}", "items of a dtype that turns anything into text", stream(array((1, (1,), STRINGS, False, _items))), REFUSED | VALUE if _what in ("a long one", "a surrogate") else REFUSED)
add("StringDType: missing", "a missing value that is a str", stream(array((1, (2,), call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), False, "gone"), False, ["a", "gone"]))), VALUE, needs="numpy.strings")  # numpy 2

# ---- masked arrays -----------------------------------------------------------------------------------------------
for _what, _state in {
    "a short mask": (1, (2,), U1, False, b"ab", b"\0", None), "a long mask": (1, (1,), U1, False, b"a", b"\0\0", None), "short data": (1, (2,), U1, False, b"a", b"\0\0", None), "a mask that is neither": (1, (2,), U1, False, b"ab", b"\x07\xff", None),
    "a fill of an object": (1, (1,), U1, False, b"a", b"\0", NAMESPACE), "a fill of objects": (1, (1,), U1, False, b"a", b"\0", array((1, (1,), OBJECT, False, [HUGE]))), "a fill of text": (1, (1,), U1, False, b"a", b"\0", "x"), "a fill of a record": (1, (1,), record({"a": (U1, 0)}, 8, 0x10), False, b"12345678", b"\0", (1,)),
    "a fill of another shape": (1, (1,), U1, False, b"a", b"\0", array((1, (3,), U1, False, b"abc"))), "objects": (1, (1,), OBJECT, False, [1], b"\0", None), "objects for the mask": (1, (1,), U1, False, b"a", [1], None), "a huge item": (1, (0,), record({"a": (U1, 0)}, 2**31 - 1, 0x10), False, b"", b"", None),
    "records with objects": (1, (1,), RECORD, False, [(None, 1)], b"\0\0", None), "a short state": (1, (1,), U1, False, b"a"), "a dict": {"_mask": 1}, "a subarray": (1, (1,), record({"a": (dtype("V8", (3, "|", (U1, (8,)), None, None, 8, 1, 0)), 0)}, 8, 0x10), False, b"12345678", b"\0" * 8, None),
    "a fill of NaN": (1, (1,), I8, False, b"12345678", b"\0", float("nan")), "a fill that overflows": (1, (1,), U1, False, b"a", b"\0", 1 << 80),
}.items():  # fmt: skip
    add(f"masked: {_what}", "a mask of another shape than the data, a fill value of another type", stream(build(MASKED, _state)), REFUSED | VALUE if _what in (
        "a mask that is neither", "a fill of text", "objects", "records with objects", "a subarray", "a fill of NaN", "a fill that overflows", "a fill of another shape") else REFUSED)  # fmt: skip
for _what, _args in {"a class that is none": (name("builtins", "list"), NDARRAY, (0,), b"b"), "a base that is none": (name("numpy.ma.core", "MaskedArray"), name("builtins", "list"), (0,), b"b"), "a shape": (name("numpy.ma.core", "MaskedArray"), NDARRAY, (1 << 30,), b"b"), "the constant": (call(name("numpy.ma.core", "MaskedConstant")), NDARRAY, (0,), b"b")}.items():
    add(f"_mareconstruct: {_what}", "a masked array of nothing", stream(call(name("numpy.ma.core", "_mareconstruct"), *_args)))

# ---- generators ------------------------------------------------------------------------------------------------
BITS = name("numpy.random._pickle", "__bit_generator_ctor")
KEY = [1] * 624
WORDS4 = array((1, (4,), dtype("u8"), False, b"\1" * 32))
MT = {"bit_generator": "MT19937", "state": {"key": KEY, "pos": 624}}
PHILOX = {"bit_generator": "Philox", "state": {"counter": WORDS4, "key": [1, 2]}, "buffer": WORDS4, "buffer_pos": 4, "has_uint32": 0, "uinteger": 0}
for _name, _what, _state in (
    ("MT19937", "a place too far", {**MT, "state": {"key": KEY, "pos": 10**9}}), ("MT19937", "a place of 625", {**MT, "state": {"key": KEY, "pos": 625}}), ("MT19937", "a negative place", {**MT, "state": {"key": KEY, "pos": -1}}), ("MT19937", "a short key", {**MT, "state": {"key": [1] * 10, "pos": 1}}),
    ("MT19937", "a key of objects", {**MT, "state": {"key": array((1, (624,), OBJECT, False, [None] * 624)), "pos": 1}}), ("MT19937", "a key of bytes", {**MT, "state": {"key": array((1, (624,), U1, False, b"\1" * 624)), "pos": 1}}), ("MT19937", "a key of two axes", {**MT, "state": {"key": array((1, (624, 1), dtype("u4"), False, b"\1" * 2496)), "pos": 1}}),
    ("MT19937", "a place of floats", {**MT, "state": {"key": KEY, "pos": 1.5}}), ("MT19937", "another's state", PHILOX), ("MT19937", "no name", {"state": {"key": KEY, "pos": 1}}), ("MT19937", "a list", [1]), ("MT19937", "its seeds a list", (MT, [1])), ("MT19937", "a key of -1", {**MT, "state": {"key": [-1] * 624, "pos": 1}}),
    ("Philox", "a place too far", {**PHILOX, "buffer_pos": 99}), ("Philox", "a negative place", {**PHILOX, "buffer_pos": -1}), ("Philox", "a short buffer", {**PHILOX, "buffer": [1]}), ("Philox", "a short key", {**PHILOX, "state": {"counter": [1] * 4, "key": [1]}}), ("Philox", "no buffer", {k: v for k, v in PHILOX.items() if k != "buffer"}),
    ("PCG64", "an even increment", {"bit_generator": "PCG64", "state": {"state": 1, "inc": 2}, "has_uint32": 0, "uinteger": 0}), ("PCG64", "a state of 2**200", {"bit_generator": "PCG64", "state": {"state": 1 << 200, "inc": 1}, "has_uint32": 0, "uinteger": 0}), ("PCG64", "a half that is 7", {"bit_generator": "PCG64", "state": {"state": 1, "inc": 1}, "has_uint32": 7, "uinteger": 1 << 40}),
    ("SFC64", "a short state", {"bit_generator": "SFC64", "state": {"state": [1]}, "has_uint32": 0, "uinteger": 0}), ("SFC64", "no half", {"bit_generator": "SFC64", "state": {"state": [1] * 4}}),
):  # fmt: skip
    add(f"{_name}: {_what}", "words and places of a generator in C", stream(build(call(BITS, _name), _state)), CORRUPT)
    add(f"Generator over {_name}: {_what}", "the same, as numpy 1 wrote it", stream(build(call(name("numpy.random._pickle", "__generator_ctor"), _name), _state)), CORRUPT)
    add(f"RandomState over {_name}: {_what}", "the same, by RandomState", stream(build(call(name("numpy.random._pickle", "__randomstate_ctor"), _name), _state)), CORRUPT)
add("RandomState: gauss", "a second half of a pair that is none", stream(build(call(name("numpy.random._pickle", "__randomstate_ctor"), "MT19937"), {**MT, "gauss": "x", "has_gauss": 1})), CORRUPT)
add("RandomState: many", "a flag that is a number", stream(build(call(name("numpy.random._pickle", "__randomstate_ctor"), "MT19937"), {**MT, "gauss": 0.0, "has_gauss": 1 << 40})), CORRUPT)
add("Generator's slots", "attributes of a generator in C", stream(build(call(name("numpy.random._pickle", "__generator_ctor"), "PCG64"), (None, {"_bit_generator": 1}))), CORRUPT)
add("a Generator without its state", "uninitialised by NEWOBJ", stream(new(name("numpy.random", "Generator"))), UNTRUSTED)
SEEDS = name("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence")
SEEDS_CLASS = name("numpy.random.bit_generator", "SeedSequence")
POOL = array((1, (4,), dtype("u4"), False, b"\1" * 16))
for _what, _args in {
    "no class": (name("builtins", "list"), 1, None), "a checksum of text": (SEEDS_CLASS, "x", None), "a short pool": (SEEDS_CLASS, 1, (1, 0, POOL, 400, ())), "a pool of another type": (SEEDS_CLASS, 1, (1, 0, array((1, (4,), F8, False, b"\1" * 32)), 4, ())), "a pool of objects": (SEEDS_CLASS, 1, (1, 0, OBJECTS, 2, ())),
    "a list for the pool": (SEEDS_CLASS, 1, (1, 0, [1] * 4, 4, ())), "entropy of text": (SEEDS_CLASS, 1, ("x", 0, POOL, 4, ())), "negative entropy": (SEEDS_CLASS, 1, (-1, 0, POOL, 4, ())), "entropy of objects": (SEEDS_CLASS, 1, ([NAMESPACE], 0, POOL, 4, ())), "a key of text": (SEEDS_CLASS, 1, (1, 0, POOL, 4, ("x",))),
    "a pool of 65535": (SEEDS_CLASS, 1, (1, 0, array((1, (65535,), dtype("u4"), False, b"\1" * 262140)), 65535, ())), "children of 2**40": (SEEDS_CLASS, 1, (1, 1 << 40, POOL, 4, ())), "a short state": (SEEDS_CLASS, 1, (1, 0)), "attributes": (SEEDS_CLASS, 1, {"pool": 1}),
}.items():  # fmt: skip
    add(f"SeedSequence: {_what}", "a pool of another size than is said", stream(call(SEEDS, *_args)), CORRUPT | LIMIT)
