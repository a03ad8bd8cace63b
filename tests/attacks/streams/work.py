"""Work and memory out of proportion: lengths, hashes, collisions, digits, copies, depth.

Most are small and double something at each step; the large ones are as large as they must be to show that something
grows with their square.
"""

from tests.attacks.assembler import (
    Code,
    array,
    build,
    call,
    chain,
    doubled,
    dtype,
    get,
    name,
    new,
    pop,
    put,
    stream,
    value,
)  # fmt: skip
from tests.attacks.streams.attack import CORRUPT, LIMIT, REFUSED, VALUE, Family

family = Family("work")
add = family.add

MODULUS = (1 << 61) - 1  # of the hash of a number
DEEP = 300_000
DICT, SET, LIST = Code(b"}("), Code(b"\x8f("), Code(b"(")


def std(path: str) -> Code:
    return name(*path.split(":"))


# ---- lengths -------------------------------------------------------------------------------------------------
# (tests/attacks/test_lengths.py counts the bytes that these cost.)
for _code, _size in ((b"B", 4), (b"\x8e", 8), (b"X", 4), (b"\x8d", 8), (b"\x96", 8), (b"T", 4), (b"\x8b", 4), (b"\x95", 8)):
    for _claim in ((1 << 8 * _size) - 1, 1 << 8 * _size - 1, (1 << 8 * _size - 1) - 1, 1 << 30):
        add(f"{_code!r} claims {_claim}", "a length without its bytes", b"\x80\x04" + _code + _claim.to_bytes(_size, "little") + b"few.", REFUSED)
for _what, _data in {
    "PUT of 2**32": b"\x80\x04]r\xff\xff\xff\xff.", "PUT of 2**63": b"]p9223372036854775806\n.", "PUT of 2**80": b"]p1208925819614629174706176\n.", "PUT of -1": b"]p-1\n.", "GET of 2**32": b"\x80\x04j\xff\xff\xff\xff.", "GET of -1": b"g-1\n.",
    "PUTs, far apart": b"\x80\x04(" + b"".join(b"Nr" + (i * 7919 * 1000).to_bytes(4, "little") for i in range(500)) + b"t.", "PUTs, ever farther": b"\x80\x04(" + b"".join(b"Nr" + (1 << i).to_bytes(4, "little") for i in range(32)) + b"t.",
}.items():  # fmt: skip
    add(_what, "an index of the memo for which there is no room", _data, REFUSED | VALUE)
for _what, _data in {
    "marks": b"(" * 1_000_000, "marks and a value": b"(" * 1_000_000 + b"N.", "marks, closed": b"(" * 1_000_000 + b"t" * 1_000_000 + b".", "marks, popped": b"(1" * 500_000 + b"N.", "lazy dicts": b"}(" * 500_000, "lazy dicts, closed": b"}(" * 300_000 + b"u" * 300_000 + b".",
    "sets": b"(" + b"\x8f" * 500_000 + b"l.", "empty lists": b"(" + b"]" * 500_000 + b"l.", "DUPs": b"(N" + b"2" * 1_000_000 + b"t.", "PROTOs": b"\x80\x04" * 500_000 + b"N.", "frames": b"\x95\0\0\0\0\0\0\0\0" * 100_000 + b"N.", "frames in frames": b"".join(b"\x95" + (900 - 9 * i).to_bytes(8, "little") for i in range(100)) + b"N.",
    "STOPs": b"N." * 100_000, "MEMOIZEs": b"N" + b"\x94" * 1_000_000 + b".", "names": b"\x80\x04" + b"ccollections\nOrderedDict\n0" * 40_000 + b"N.", "unknown names": b"\x80\x04" + b"".join(b"cx%d\ny\n0" % i for i in range(10)) + b"N.", "a name of a megabyte": b"\x80\x04c" + b"x" * 1_000_000 + b"\ny\n.",
    "an INT of a megabyte": b"I" + b"9" * 1_000_000 + b"\n.", "a LONG of 4000 digits": b"L" + b"9" * 4000 + b"L\n.", "a FLOAT of a megabyte": b"F" + b"9" * 1_000_000 + b"\n.", "a STRING of escapes": b"S'" + b"\\x41" * 200_000 + b"'\n.", "UNICODE of escapes": b"V" + b"\\U0010ffff" * 100_000 + b"\n.", "a GET of a megabyte": b"g" + b"9" * 1_000_000 + b"\n.",
    "an unending line": b"S'" + b"x" * 1_000_000, "LONG4 of a megabyte": b"\x8b" + (1_000_000).to_bytes(4, "little") + b"\x7f" * 1_000_000 + b".",
}.items():  # fmt: skip
    add(f"flood of {_what}", "one opcode, many times", _data, REFUSED | VALUE)

# ---- hashes ----------------------------------------------------------------------------------------------------
FS_LEVEL = Code(b"q\0" + b"0(" + get(0) + get(0) + b"\x85\x91")  # {x, (x,)}: a hash for each level, twice as many leaves
FS_BOMB = Code(b"(\x91" + FS_LEVEL * 40)
TUPLE_BOMB = doubled(60, 1)
TUPLE_DEEP = chain(DEEP, None, b"", b"\x85")
PAIR = name("tests.attacks.victim", "Pair")
HASHED = {
    "a dict's key": lambda key: stream(DICT, key, 1, Code(b"u")), "a dict's key, one": lambda key: stream(Code(b"}"), key, 1, Code(b"s")), "DICT": lambda key: stream(LIST, key, 1, Code(b"d")), "a set's item": lambda key: stream(SET, key, Code(b"\x90")), "a frozenset's item": lambda key: stream(LIST, key, Code(b"\x91")),
    "set()": lambda key: stream(call(std("builtins:set"), [key])), "frozenset()": lambda key: stream(call(std("builtins:frozenset"), [key])), "an OrderedDict's key": lambda key: stream(call(std("collections:OrderedDict")), LIST, key, 1, Code(b"u")), "OrderedDict()": lambda key: stream(call(std("collections:OrderedDict"), [(key, 1)])),
    "a defaultdict's key": lambda key: stream(call(std("collections:defaultdict")), LIST, key, 1, Code(b"u")), "a state's key": lambda key: stream(build(call(std("types:SimpleNamespace")), {key: 1})), "a state's key, in place": lambda key: stream(call(std("types:SimpleNamespace")), DICT, key, 1, Code(b"ub")),
    "a type code": lambda key: stream(call(std("array:array"), key, [])), "array's type code": lambda key: stream(call(std("array:_array_reconstructor"), std("array:array"), key, 1, b"")), "_reconstructor's base": lambda key: stream(call(std("copyreg:_reconstructor"), std("collections:OrderedDict"), key, {})),
    "_reconstructor's class": lambda key: stream(call(std("copyreg:_reconstructor"), key, std("builtins:object"), None)), "a member's value": lambda key: stream(call(std("http:HTTPStatus"), key)), "a pattern": lambda key: stream(call(std("re:_compile"), key, 0)), "a codec": lambda key: stream(call(std("_codecs:encode"), "a", key)),
    "an OSError's number": lambda key: stream(call(std("builtins:OSError"), key, "x")), "getattr's class": lambda key: stream(call(std("builtins:getattr"), key, "x")), "a zone": lambda key: stream(call(std("zoneinfo:ZoneInfo"), key)), "a seed": lambda key: stream(call(std("random:Random"), key)),
}  # fmt: skip
for _place, _make in HASHED.items():
    _verdict = REFUSED | VALUE if "OSError" in _place else REFUSED
    add(f"2**60 leaves as {_place}", "a hash of 2**60 steps", lambda make=_make: make(TUPLE_BOMB), _verdict)
    add(f"{DEEP} levels as {_place}", "a hash that overflows the C stack", lambda make=_make: make(TUPLE_DEEP), _verdict)
for _place in ("a dict's key", "a set's item", "a frozenset's item"):
    _make = HASHED[_place]
    add(f"frozensets of 2**40 leaves as {_place}", "a hash that the levels remember, but ==, and repr, do not", lambda make=_make: make(FS_BOMB), REFUSED | VALUE)
    add(f"named tuples as {_place}", "a hash of 2**40 steps", lambda make=_make: make(Code(b"N" + (b"q\0" + b"0" + PAIR + get(0) + get(0) + b"\x86\x81") * 40)), REFUSED, door="package")
    add(f"named tuples, deep, as {_place}", "a hash that overflows the C stack", lambda make=_make: make(put(1, PAIR) + pop + Code(b"N" + (b"q\0" + b"0" + get(1) + get(0) + b"N\x86\x81") * 100_000)), REFUSED, door="package")
    add(f"slices as {_place}", "slices can be hashed, since Python 3.12", lambda make=_make: make(put(1, std("builtins:slice")) + pop + Code(b"N" + (b"q\0" + b"0" + get(1) + get(0) + get(0) + get(0) + b"\x87R") * 40)), REFUSED)
    add(f"tuples in frozensets in tuples as {_place}", "2**60 steps, every other level remembered", lambda make=_make: make(Code(b"N" + (b"22\x87" + b"2\x86" * 8 + b"q\0" + b"0(" + get(0) + b"\x91") * 200)), REFUSED | VALUE)
add("two equal frozensets", "==, of 2**40 steps, between keys of one hash", stream(DICT, FS_BOMB, 1, FS_BOMB, 2, Code(b"u")), REFUSED)
add("two equal frozensets in a set", "==, of 2**40 steps, between items of one hash", stream(SET, FS_BOMB, FS_BOMB, Code(b"\x90")), REFUSED)
add("a key that is a bomb, for an instance", "an error's text with the repr of a key", stream(build(call(std("types:SimpleNamespace")), {call(std("builtins:ValueError"), doubled(60, [])): 1})), CORRUPT)
add("a key that is a bomb, for a trusted instance", "an error's text with the repr of a key", stream(build(new(name("tests.attacks.victim", "Plain")), {call(std("builtins:ValueError"), doubled(60, [])): 1})), CORRUPT, door="package")
add("a slot that is a bomb", "an error's text with the repr of a key", stream(build(new(name("tests.attacks.victim", "Plain")), (None, {call(std("builtins:ValueError"), doubled(60, [])): 1}))), CORRUPT, door="package")
for _what, _code in {"_reconstructor": call(std("copyreg:_reconstructor"), doubled(60, []), None, None), "__newobj__": call(std("copyreg:__newobj__"), doubled(60, [])), "__newobj_ex__": call(std("copyreg:__newobj_ex__"), doubled(60, []), (), {}),
                     "_reconstruct": call(name("numpy._core.multiarray", "_reconstruct"), doubled(60, []), (0,), b"b"), "Random": call(std("random:Random"), doubled(60, []))}.items():  # fmt: skip
    add(f"repr of what {_what} is given", "an error's text with the repr of an argument", stream(_code), REFUSED)
# A number's hash is not remembered: it is taken anew for each insertion.
LONG = 1 << 1_600_000
add("a long number as a key, often", "the hash of the same 200 KB, again and again", lambda: stream(put(0, LONG), pop, DICT, Code((get(0) + b"N") * 100_000 + b"u")), REFUSED)
add("a tuple of a long number, often", "the hash of the same 200 KB, again and again", lambda: stream(put(0, (LONG,)), pop, DICT, Code((get(0) + b"N") * 100_000 + b"u")), REFUSED)
add("a key that is a Fraction, often", "a hash by modular inversion", lambda: stream(put(0, call(std("fractions:Fraction"), "1" + "0" * 4000 + "1/3")), pop, DICT, Code((get(0) + b"N") * 200_000 + b"u")), REFUSED | VALUE)

# ---- collisions --------------------------------------------------------------------------------------------------
COUNT = 60_000
COLLIDING = {
    "numbers": lambda: [i * MODULUS for i in range(1, COUNT)],
    "negative numbers": lambda: [-i * MODULUS for i in range(1, COUNT)],
    "tuples of numbers": lambda: [(i * MODULUS,) for i in range(1, COUNT)],
    "frozensets of numbers": lambda: [frozenset((i * MODULUS,)) for i in range(1, 20_000)],
    "Decimals": lambda: [call(get(9), str(i * MODULUS)) for i in range(1, 20_000)],
    "Fractions": lambda: [call(get(8), f"{i * MODULUS}/1") for i in range(1, 5_000)],
    "UUIDs": lambda: [build(new(get(7)), {"int": i * MODULUS}) for i in range(1, 5_000)],
    "floats, as many as there are": lambda: [float(2.0 ** (61 * i)) for i in range(16)] * 1000,
    "addresses": lambda: [call(get(6), i * MODULUS) for i in range(1, 5_000)],
}
NAMES = put(9, std("decimal:Decimal")) + pop + put(8, std("fractions:Fraction")) + pop + put(7, std("uuid:UUID")) + pop + put(6, std("ipaddress:IPv6Address")) + pop
for _what, _keys in COLLIDING.items():
    _verdict = VALUE if _what == "floats, as many as there are" else REFUSED
    add(f"collisions of {_what} in a set", "keys of one hash: each is compared with all", lambda keys=_keys: stream(NAMES, SET, Code(b"".join(map(value, keys()))), Code(b"\x90")), _verdict)
    add(f"collisions of {_what} in a dict", "keys of one hash: each is compared with all", lambda keys=_keys: stream(NAMES, DICT, Code(b"".join(value(k) + b"N" for k in keys())), Code(b"u")), _verdict)
for _what, _data in {
    "a frozenset": lambda: stream(LIST, Code(b"".join(map(value, COLLIDING["numbers"]()))), Code(b"\x91")), "set()": lambda: stream(call(std("builtins:set"), COLLIDING["numbers"]())), "DICT": lambda: stream(LIST, Code(b"".join(value(k) + b"N" for k in COLLIDING["numbers"]())), Code(b"d")),
    "SETITEM": lambda: stream(Code(b"}" + b"".join(value(k) + b"Ns" for k in COLLIDING["numbers"]()))), "an OrderedDict": lambda: stream(call(std("collections:OrderedDict")), LIST, Code(b"".join(value(k) + b"N" for k in COLLIDING["numbers"]())), Code(b"u")),
    "batches": lambda: stream(Code(b"\x8f" + b"".join(b"(" + b"".join(map(value, COLLIDING["numbers"]()[i : i + 500])) + b"\x90" for i in range(0, COUNT, 500)))), "a defaultdict": lambda: stream(call(std("collections:defaultdict")), LIST, Code(b"".join(value(k) + b"N" for k in COLLIDING["numbers"]())), Code(b"u")),
}.items():  # fmt: skip
    add(f"collisions in {_what}", "keys of one hash: each is compared with all", _data, REFUSED)

# ---- digits --------------------------------------------------------------------------------------------------------
def digits(count: int, seed: int) -> int:
    """A number without a pattern that some algorithm might like."""
    number = seed
    while number.bit_length() < count:
        number = number * number + seed
    return number >> (number.bit_length() - count) | 1


add("Fraction of long numbers", "a greatest common divisor, by the square of the digits", lambda: stream(call(std("fractions:Fraction"), digits(4_000_000, 12345), digits(4_000_000, 54321))), REFUSED)
add("Fractions of the memo's numbers", "greatest common divisors of the same numbers", lambda: stream(put(0, (digits(100_000, 12345), digits(100_000, 54321))), put(1, std("fractions:Fraction")), LIST, Code((get(1) + get(0) + b"R") * 5000 + b"l")), REFUSED)
add("range of long numbers", "a division, by the square of the digits", lambda: stream(call(std("builtins:range"), 0, digits(8_000_000, 12345), digits(4_000_000, 54321))), REFUSED)
add("ranges of the memo's numbers", "divisions of the same numbers", lambda: stream(put(0, (0, digits(200_000, 12345), digits(100_000, 54321))), put(1, std("builtins:range")), LIST, Code((get(1) + get(0) + b"R") * 5000 + b"l")), REFUSED)
add("timedeltas of the memo's numbers", "days of many digits that seconds take back", lambda: stream(put(0, (1 << 3_000_000, -86400 << 3_000_000, 0)), put(1, std("datetime:timedelta")), LIST, Code((get(1) + get(0) + b"R") * 20_000 + b"l")), REFUSED)
add("Decimal of long text", "a number of a million digits", lambda: stream(call(std("decimal:Decimal"), "9" * 1_000_000)), LIMIT)
add("Decimals of the memo's text", "the same 60000 digits in many numbers", lambda: stream(put(0, ("9" * 60_000,)), put(1, std("decimal:Decimal")), LIST, Code((get(1) + get(0) + b"R") * 50_000 + b"l")), REFUSED)
add("a shape of long numbers", "a product, by the square of the digits", lambda: stream(array((1, (put(0, 1 << 4_000_000), *(get(0),) * 63), dtype("V1"), False, b""))), REFUSED, needs="numpy")
add("frombuffer's shape of long numbers", "a product, by the square of the digits", lambda: stream(call(name("numpy._core.numeric", "_frombuffer"), b"a", dtype("u1"), (put(0, 1 << 800_000), *(get(0),) * 500), "C")), REFUSED, needs="numpy")
add("a member of many digits", "a value that no member has, in an error's text", lambda: stream(call(std("http:HTTPStatus"), 1 << 4_000_000)), REFUSED)
add("addresses of many digits", "a number that no address has, in an error's text", lambda: stream(call(std("ipaddress:IPv6Address"), 1 << 4_000_000)), CORRUPT)

# ---- what a call makes of little -------------------------------------------------------------------------------------
def many(callee: Code, args: object = (), times: int = 250_000) -> bytes:
    """The same call, as often as that, for a few bytes each."""
    return stream(put(0, callee), pop, put(1, args), pop, LIST, Code((get(0) + get(1) + b"R") * times + b"l"))


for _what, _make in {
    "Random": lambda: many(std("random:Random")), "deque": lambda: many(std("collections:deque")), "SimpleNamespace": lambda: many(std("types:SimpleNamespace")), "OrderedDict": lambda: many(std("collections:OrderedDict")), "Counter": lambda: many(std("collections:Counter")),
    "ZoneInfo": lambda: many(std("zoneinfo:ZoneInfo._unpickle"), ("Europe/Berlin", 0), 100_000), "defaultdict": lambda: many(std("collections:defaultdict")), "path": lambda: many(std("pathlib:PurePosixPath"), ("a/" * 1000,), 50_000), "paths of many": lambda: many(std("pathlib:PurePosixPath"), ("a",) * 10_000, 20_000),
    "bytearrays": lambda: many(std("builtins:bytearray"), (b"x" * 100_000,), 50_000), "bytes": lambda: many(std("builtins:bytes"), (bytearray(b"x" * 100_000),), 50_000), "encode": lambda: many(std("_codecs:encode"), ("x" * 100_000, "latin1"), 50_000), "deques": lambda: many(std("collections:deque"), ([1] * 10_000,), 50_000),
    "sets": lambda: many(std("builtins:set"), (list(range(10_000)),), 50_000), "Counters": lambda: many(std("collections:Counter"), ({i: i for i in range(10_000)},), 50_000), "OrderedDicts": lambda: many(std("collections:OrderedDict"), ([(str(i), i) for i in range(10_000)],), 50_000), "arrays": lambda: many(std("array:array"), ("d", [1] * 10_000), 50_000),
    "arrays' bytes": lambda: many(std("array:_array_reconstructor"), (std("array:array"), "d", 16, b"12345678" * 10_000), 50_000), "errors' bytes": lambda: many(std("builtins:UnicodeDecodeError"), ("x", bytearray(b"x" * 100_000), 0, 1, "r"), 50_000), "groups": lambda: many(std("builtins:ExceptionGroup"), ("x", [call(std("builtins:ValueError"))] * 10_000), 50_000),
    "addresses": lambda: many(std("ipaddress:IPv6Network"), ("::/64",), 30_000), "patterns, the same": lambda: many(std("re:_compile"), ("[\0-\uffff]" * 10, 2), 100_000), "struct_time": lambda: many(std("time:struct_time"), ((1,) * 9, {})), "exceptions": lambda: many(std("builtins:ValueError"), ("x",)),
}.items():  # fmt: skip
    add(f"calls: {_what}", "memory or time for a call of a few bytes, over what the memo holds", _make, REFUSED | VALUE)
for _what, _make in {
    "RandomState": lambda: many(name("numpy.random._pickle", "__randomstate_ctor")), "Generator": lambda: many(name("numpy.random._pickle", "__generator_ctor")), "bit generators": lambda: many(name("numpy.random._pickle", "__bit_generator_ctor"), ("Philox",)), "dtypes": lambda: many(name("numpy", "dtype"), ("f8", False, True)),
    "errors' arrays": lambda: many(std("builtins:UnicodeDecodeError"), ("x", array((1, (100_000,), dtype("u1"), False, b"x" * 100_000)), 0, 1, "r"), 50_000), "masked arrays": lambda: many(name("numpy.ma.core", "_mareconstruct"), (name("numpy.ma.core", "MaskedArray"), name("numpy", "ndarray"), (0,), b"b"), 100_000),
    "scalars": lambda: many(name("numpy._core.multiarray", "scalar"), (dtype("S50000"), b"x" * 50_000), 100_000), "seeds": lambda: many(name("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"), (name("numpy.random.bit_generator", "SeedSequence"), 1, None), 100_000),
    "long entropy": lambda: many(name("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"), (name("numpy.random.bit_generator", "SeedSequence"), 1, ([(1 << 4000) + 1] * 999, 0, array((1, (128,), dtype("u4"), False, b"\1" * 512)), 128, ())), 10_000),
}.items():  # fmt: skip
    add(f"calls: {_what}", "memory or time for a call of a few bytes, over what the memo holds", _make, REFUSED | VALUE, needs="numpy")


def builds(make: Code, state: object, times: int = 50_000) -> bytes:
    """The same instance made and the same state given to it, as often as that."""
    return stream(put(0, make), pop, put(1, state), pop, LIST, Code((get(0) + b")R" + get(1) + b"b") * times + b"l"))


EMPTY_ARGS = (name("numpy", "ndarray"), (0,), b"b")


def arrays(state: object, times: int = 50_000) -> bytes:
    return stream(put(0, name("numpy._core.multiarray", "_reconstruct")), pop, put(2, EMPTY_ARGS), pop, put(1, state), pop, LIST, Code((get(0) + get(2) + b"R" + get(1) + b"b") * times + b"l"))


SWAPPED = dtype("i8", (3, ">", None, None, None, -1, -1, 0))
for _what, _make in {
    "arrays' bytes": lambda: arrays((1, (10_000,), dtype("f8"), False, b"12345678" * 10_000)), "arrays' text": lambda: arrays((1, (80_000,), dtype("u1"), False, "x" * 80_000)), "swapped arrays": lambda: arrays((1, (10_000,), SWAPPED, False, b"12345678" * 10_000)), "arrays' objects": lambda: arrays((1, (10_000,), dtype("O"), False, [1] * 10_000)),
    "small arrays": lambda: arrays((1, (1,), dtype("u1"), False, b"a"), 200_000), "records": lambda: arrays((1, (2000,), dtype("V8", (3, "|", None, ("a",), {"a": (dtype("O"), 0)}, 8, 1, 0x3F)), False, [(1,)] * 2000)), "strings": lambda: arrays((1, (2000,), call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), True), False, ["x" * 40] * 2000)),
    "dtypes' fields": lambda: stream(put(0, name("numpy", "dtype")), pop, put(2, ("V1", False, True)), pop, put(3, dtype("u1")), pop, put(1, (3, "|", None, tuple(f"f{i}" for i in range(2000)), {f"f{i}": (get(3), i) for i in range(2000)}, 2000, 1, 0x10)), pop, LIST, Code((get(0) + get(2) + b"R" + get(1) + b"b") * 50_000 + b"l")),
    "generators' words": lambda: builds(name("numpy.random._pickle", "__bit_generator_ctor"), {"bit_generator": "MT19937", "state": {"key": [1] * 624, "pos": 5}}, 20_000),
}.items():  # fmt: skip
    add(f"states: {_what}", "a state that the memo holds, copied into many", _make, REFUSED | VALUE, needs="numpy")
for _what, _make in {
    "Randoms": lambda: builds(std("random:Random"), (3, (1,) * 624 + (1,), None), 50_000), "namespaces": lambda: builds(std("types:SimpleNamespace"), {f"a{i}": i for i in range(2000)}), "exceptions": lambda: builds(std("builtins:ValueError"), {f"a{i}": i for i in range(2000)}),
}.items():  # fmt: skip
    add(f"states: {_what}", "a state that the memo holds, copied into many", _make, REFUSED | VALUE)
add("states: trusted instances", "a state that the memo holds, copied into many", lambda: builds(name("tests.attacks.victim", "Plain"), {f"a{i}": i for i in range(2000)}), REFUSED | VALUE, door="package")
for _what, _data in {
    "a list, by slices": stream(put(0, Code(b"]K\1a")), put(1, call(std("builtins:slice"), 0, 0, None)), pop, Code((get(1) + get(0) + b"s") * 40)), "a list, by APPENDS": stream(put(0, Code(b"]K\1a")), Code((b"(" + get(0) + b"e") * 100_000)), "tuples of the memo": stream(put(0, (1,) * 1000), Code((b"(" + get(0) * 200 + b"t" + b"q\0") * 100)),
}.items():  # fmt: skip
    add(f"doubling: {_what}", "twice as much for each few bytes", _data, REFUSED | VALUE)
for _kind in ("List", "ByteArray", "Array"):
    _start = {"List": call(name("tests.attacks.victim", "List")), "ByteArray": call(name("tests.attacks.victim", "ByteArray"), b"abcd"), "Array": call(name("tests.attacks.victim", "Array"), "d", [1.0])}[_kind]
    _fill = Code(b"K\1a") if _kind == "List" else Code()
    add(f"doubling: a trusted {_kind}, by slices", "twice as much for each few bytes", stream(put(0, _start), _fill, put(1, call(std("builtins:slice"), 0, 0, None)), pop, Code((get(1) + get(0) + b"s") * 40)), REFUSED, door="package")

# ---- patterns -----------------------------------------------------------------------------------------------------------
COMPILE = std("re:_compile")
for _what, _text, _flags in (
    ("wide sets, whatever the case", "[\0-\uffff]" * 5000, 2), ("wide sets", "[\0-\uffff]" * 5000, 0), ("wide sets by escapes", "[\\x00-\\uffff]" * 3000, 2), ("wide sets by large escapes", "[\\U00000000-\\U0010ffff]" * 2000, 2), ("sets of many", "[" + "".join(chr(i) for i in range(0x100, 0x8000)) + "]", 2), ("groups, deeper than they count", "(\\)" * 900, 0),
    ("groups in a set", "([)]" * 500, 0), ("groups", "(" * 90 + ")" * 90, 0), ("groups, more", "(" * 5000, 0), ("repeats of repeats", "(?:" * 90 + "a" + "{1,9}){1,9}" * 45, 0), ("alternatives", "|".join("a" * (i % 50) for i in range(3000)), 0), ("names", "".join(f"(?P<a{i}>)" for i in range(900)), 0),
    ("look-behinds", "(?<=" * 90 + "a" + ")" * 90, 0), ("conditions", "(a)" + "(?(1)b|c)" * 800, 0), ("a long one", "a" * 65_000, 2), ("a longer one", "a" * 200_000, 0), ("names of characters", "\\N{LATIN SMALL LETTER A}" * 2000, 0), ("repeats without end", "a" + "*" * 1000, 0), ("verbose comments", "#" * 60_000, 64),
):  # fmt: skip
    add(f"pattern: {_what}", "a pattern that takes long to compile, or deep recursion", lambda text=_text, flags=_flags: stream(call(COMPILE, text, flags)), REFUSED | VALUE)
add("patterns, each another", "many patterns of moderate cost", lambda: stream(put(0, COMPILE), pop, LIST, Code(b"".join(call(get(0), f"[\0-\uffff]{i}", 2) for i in range(2000)) + b"l")), REFUSED | VALUE)

# ---- depth ---------------------------------------------------------------------------------------------------------------
MILLION = 1_000_000
for _what, _data in {
    "lists": lambda: stream(Code(b"]" * MILLION + b"a" * (MILLION - 1))), "lists, LIST": lambda: stream(Code(b"(" * MILLION + b"l" * MILLION)), "tuples": lambda: stream(Code(b"N" + b"\x85" * MILLION)), "tuples, TUPLE": lambda: stream(Code(b"(" * MILLION + b"t" * MILLION)),
    "dicts": lambda: stream(Code(b"}N" * MILLION + b"}" + b"s" * MILLION)), "dicts, in place": lambda: stream(Code(b"}(N" * 500_000 + b"N" + b"u" * 500_000)), "frozensets": lambda: stream(Code(b"(" * MILLION + b"\x91" * MILLION)), "sets of frozensets": lambda: stream(Code(b"\x8f(" + b"(" * DEEP + b"\x91" * DEEP + b"\x90")),
    "lists and dicts": lambda: stream(Code(b"]}N" * 300_000 + b"N" + b"sa" * 300_000)), "memoized lists": lambda: stream(Code(b"]\x94" * 500_000 + b"a" * 499_999)), "unclosed lists": lambda: Code(b"](" * 500_000), "unclosed tuples": lambda: Code(b"(" * MILLION),
}.items():  # fmt: skip
    add(f"depth: {_what}", "a million levels: building them, and letting go of them", _data, REFUSED | VALUE)
G0, G1 = get(0), get(1)
CHAINS: dict[str, tuple[str, Code]] = {
    "deques": ("collections:deque", G1 + b")R" + G0 + b"a"), "deques, called": ("collections:deque", G1 + b"]" + G0 + b"a\x85R"),
    "defaultdicts": ("collections:defaultdict", G1 + b")R" + b"N" + G0 + b"s"), "slices": ("builtins:slice", G1 + G0 + b"NN\x87R"),
    "OrderedDicts": ("collections:OrderedDict", G1 + b")R" + b"N" + G0 + b"s"), "namespaces": ("types:SimpleNamespace", G1 + b")R}" + value("a") + G0 + b"sb"), "UserLists": ("collections:UserList", G1 + b")\x81}" + value("data") + b"]" + G0 + b"asb"),
    "Counters": ("collections:Counter", G1 + b"}N" + G0 + b"s\x85R"), "OSErrors' files": ("builtins:OSError", G1 + value(1) + value("x") + G0 + b"\x87R"), "AttributeErrors' objects": ("builtins:AttributeError", G1 + b")R}" + value("obj") + G0 + b"sb"),
    "ImportErrors' names": ("builtins:ImportError", G1 + b")R}" + value("name") + G0 + b"sb"), "exceptions' arguments": ("builtins:ValueError", G1 + G0 + b"\x85R"), "StopIterations": ("builtins:StopIteration", G1 + G0 + b"\x85R"), "exceptions' notes": ("builtins:ValueError", G1 + b")R}" + value("__notes__") + b"]" + G0 + b"asb"),
    "LogRecords": ("logging:LogRecord", G1 + b")\x81}" + value("a") + G0 + b"sb"), "argparse's": ("argparse:Namespace", G1 + b")\x81}" + value("a") + G0 + b"sb"), "ChainMaps": ("collections:ChainMap", G1 + b")\x81}" + value("maps") + b"]}" + value("a") + G0 + b"sasb"),
}  # fmt: skip
for _what, (_path, _level) in CHAINS.items():
    add(f"depth: {_what}", "levels whose destructor may call itself", lambda path=_path, level=_level: stream(put(1, std(path)), pop, None, Code((b"q\0" + b"0" + level) * DEEP)), REFUSED | VALUE)
add("depth: exception groups", "levels whose destructor may call itself", lambda: stream(put(1, std("builtins:ExceptionGroup")), pop, call(std("builtins:ValueError")), Code((b"q\0" + b"0" + G1 + value("x") + b"]" + G0 + b"a\x86R") * 100_000)), REFUSED | VALUE)
add("depth: object arrays", "levels whose destructor calls itself", lambda: stream(put(1, name("numpy._core.multiarray", "_reconstruct")), pop, put(2, EMPTY_ARGS), pop, put(3, dtype("O")), pop, put(4, (1,)), pop, None, Code((b"q\0" + b"0" + G1 + get(2) + b"R(K\1" + get(4) + get(3) + b"\x89]" + G0 + b"atb") * 100_000)), REFUSED | VALUE, needs="numpy")
add("depth: views of views", "a chain of buffers, each of the one before", lambda: stream(put(1, name("numpy._core.numeric", "_frombuffer")), pop, put(2, dtype("u1")), pop, put(3, (1,)), pop, b"a", Code((b"q\0" + b"0" + G1 + b"(" + G0 + get(2) + get(3) + value("C") + b"tR") * 100_000)), REFUSED | VALUE, needs="numpy")
add("depth: memoryviews", "a view of a view of a view", lambda: stream(bytearray(b"a"), Code(b"\x98" * 500_000)), REFUSED | VALUE)
add("depth: trusted instances", "levels whose destructor may call itself", lambda: stream(put(1, name("tests.attacks.victim", "Plain")), pop, None, Code((b"q\0" + b"0" + G1 + b")\x81}" + value("a") + G0 + b"sb") * DEEP)), REFUSED | VALUE, door="package")
add("depth: trusted slots", "levels whose destructor may call itself", lambda: stream(put(1, name("tests.attacks.victim", "Slotted")), pop, None, Code((b"q\0" + b"0" + G1 + b")\x81N}" + value("a") + G0 + b"s\x86b") * DEEP)), REFUSED | VALUE, door="package")
for _kind, _level in (("Deque", G1 + b")R" + G0 + b"a"), ("Default", G1 + b")R" + b"N" + G0 + b"s"), ("List", G1 + b")R" + G0 + b"a"), ("Dict", G1 + b")R" + b"N" + G0 + b"s"), ("Tuple", G1 + G0 + b"\x85\x85\x81")):
    add(f"depth: trusted {_kind}s", "levels whose destructor may call itself", lambda kind=_kind, level=_level: stream(put(1, name("tests.attacks.victim", kind)), pop, None, Code((b"q\0" + b"0" + level) * DEEP)), REFUSED | VALUE, door="package")
