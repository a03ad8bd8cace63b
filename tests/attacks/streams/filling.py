"""BUILD, APPENDS, SETITEMS and ADDITEMS on what is not the stream's: classes, functions, singletons, what is in use.

Each target is tried by every opcode that alters something, in each form that the engine has a short cut for.
"""

import pickle

from tests.attacks.assembler import (
    Code,
    append,
    array,
    build,
    call,
    dtype,
    filled,
    get,
    name,
    new,
    pop,
    put,
    stream,
    value,
)  # fmt: skip
from tests.attacks.streams.attack import CORRUPT, REFUSED, UNTRUSTED, VALUE, Family

family = Family("filling")
add = family.add

# The ways to alter a target that lies on the stack; each leaves it there.
WAYS: dict[str, Code] = {
    "BUILD": value({"x": 1}) + pickle.BUILD,
    "BUILD in place": Code(b"}(" + value("x") + value(1) + b"ub"),
    "BUILD of one": Code(b"}" + value("x") + value(1) + b"sb"),
    "slots": value((None, {"x": 1})) + pickle.BUILD,
    "slots in place": Code(b"N}(" + value("x") + value(1) + b"u\x86b"),
    "state and slots": value(({"y": 2}, {"x": 1})) + pickle.BUILD,
    "empty state": value({}) + pickle.BUILD,
    "no state": value(None) + pickle.BUILD,
    "a tuple": value((1, 2, 3)) + pickle.BUILD,
    "APPEND": value(1) + pickle.APPEND,
    "APPENDS": Code(b"(" + value(1) + b"e"),
    "APPENDS of nothing": Code(b"(e"),
    "SETITEM": Code(value("x") + value(1) + b"s"),
    "SETITEMS": Code(b"(" + value("x") + value(1) + b"u"),
    "ADDITEMS": Code(b"(" + value(1) + b"\x90"),
}
TARGETS: dict[str, Code] = {
    "a class": name("builtins", "list"),
    "a class with a kind": name("collections", "OrderedDict"),
    "a Python class": name("collections", "UserDict"),
    "an exception's class": name("builtins", "ValueError"),
    "an enum": name("http", "HTTPStatus"),
    "an enum's member": call(name("http", "HTTPStatus"), 200),
    "a member by name": name("http", "HTTPStatus.NOT_FOUND"),
    "a flag": call(name("re", "RegexFlag"), 2),
    "SafeUUID's member": call(name("uuid", "SafeUUID"), -1),
    "a helper": name("copyreg", "_reconstructor"),
    "another helper": name("_codecs", "encode"),
    "None": value(None),
    "True": value(True),
    "Ellipsis": name("builtins", "Ellipsis"),
    "a number": value(1 << 70),
    "a str": value("text"),
    "bytes": value(b"bytes"),
    "a tuple": value((1, 2)),
    "the empty tuple": Code(b")"),
    "a frozenset": value(frozenset((1,))),
    "a range": call(name("builtins", "range"), 0, 1, 1),
    "a slice": call(name("builtins", "slice"), 0, 1, 1),
    "a timezone": call(name("datetime", "timezone"), call(name("datetime", "timedelta"), 0, 0, 0)),
    "a date": call(name("datetime", "date"), b"\x07\xe5\x0c\x1f"),
    "a zone": call(name("zoneinfo", "ZoneInfo"), "UTC"),
    "a pattern": call(name("re", "_compile"), "a", 0),
    "a path": call(name("pathlib", "PurePosixPath"), "a"),
    "a Decimal": call(name("decimal", "Decimal"), "1.5"),
    "a Fraction": call(name("fractions", "Fraction"), "1/2"),
    "an address": call(name("ipaddress", "IPv4Address"), "1.2.3.4"),
    "a network": call(name("ipaddress", "IPv4Network"), "1.2.3.0/24"),
    "a URL's parts": new(name("urllib.parse", "DefragResult"), "a", "b"),
    "an array.array": call(name("array", "array"), "d", [1.0]),
    "struct_time": call(name("time", "struct_time"), (1,) * 9),
    "memoryview": Code(value(bytearray(b"abc")) + b"\x98"),
    "object()": call(name("builtins", "object")),
}
NUMPY: dict[str, Code] = {
    "ndarray's class": name("numpy", "ndarray"),
    "a scalar type": name("numpy", "float64"),
    "a ufunc": name("numpy", "add"),
    "masked": call(name("numpy.ma.core", "MaskedConstant")),
    "a scalar": call(name("numpy._core.multiarray", "scalar"), dtype("f8"), b"12345678"),
    "a bit generator's class": name("numpy.random", "PCG64"),
    "a StringDType": call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), True),
}
ALL_REFUSE = ("BUILD", "slots", "APPEND", "SETITEM", "ADDITEMS")
for _target, _code in TARGETS.items():
    for _way, _alter in WAYS.items():
        if _target in ("a class", "an enum's member", "a Python class", "a helper") or _way in ALL_REFUSE:
            add(f"{_way} on {_target}", f"alters {_target}", stream(_code, _alter), UNTRUSTED)
for _target, _code in NUMPY.items():
    for _way in ALL_REFUSE:
        add(f"{_way} on {_target}", f"alters {_target}", stream(_code, WAYS[_way]), REFUSED, needs="numpy")

# ---- what is this load's own, but not in that way ------------------------------------------------------------
OWN: dict[str, tuple[Code, tuple[str, ...]]] = {
    "a list": (Code(b"]"), ("APPEND", "APPENDS", "APPENDS of nothing")),
    "a dict": (Code(b"}"), ("SETITEM", "SETITEMS")),
    "a set": (Code(b"\x8f"), ("ADDITEMS",)),
    "an OrderedDict": (call(name("collections", "OrderedDict")), ("SETITEM", "SETITEMS")),
    "a deque": (call(name("collections", "deque")), ("APPEND", "APPENDS", "APPENDS of nothing")),
    "a bytearray": (value(bytearray(b"a")), ()),
    "a Counter": (call(name("collections", "Counter")), ()),
}
for _target, (_code, _right) in OWN.items():
    for _way, _alter in WAYS.items():
        if _way not in _right:
            add(f"{_way} on {_target}", "fills a container by another's opcode", stream(_code, _alter), REFUSED)
add("a list's item", "SETITEMS with a number as the key of a list", stream(filled([1, 2], (0, 3))), REFUSED)
add("a list's slice", "SETITEMS with a slice as the key of a list", stream(filled([1, 2], (call(name("builtins", "slice"), 0, 1, 1), [3]))), REFUSED)
add("odd items", "SETITEMS of three values", stream(Code(b"}(K\1K\2K\3u")), CORRUPT)
add("items without a target", "a mark with nothing under it", stream(Code(b"(K\1K\2u")), CORRUPT)
add("across a mark", "APPEND under a mark", stream(Code(b"](K\1a")), CORRUPT)
add("BUILD across a mark", "BUILD under a mark", stream(new(name("collections", "UserList")), Code(b"(}b")), CORRUPT)
add("a callee as state", "a helper as the state", stream(call(name("types", "SimpleNamespace")), name("copyreg", "_reconstructor") + b"b"), UNTRUSTED)
add("a state that is its own instance", "BUILD with the instance as the state", stream(put(0, call(name("types", "SimpleNamespace"))), get(0), Code(b"b")), CORRUPT)
add("a state that holds itself", "a state that is a cycle", stream(call(name("types", "SimpleNamespace")), put(0, {}), filled(Code(), ("a", get(0))), Code(b"b")), VALUE)
add("a state that is altered", "a state's dict, filled after BUILD took it",
    stream(put(1, call(name("types", "SimpleNamespace"))), put(0, {}), Code(b"b"), pop, filled(get(0), ("__class__", 1)), pop, get(1)), VALUE)  # fmt: skip

# ---- what is in use already: validated once, altered afterwards ------------------------------------------------
# Three ways to hold an instance by the stack and one hidden container alone, so that it has as few references as a
# fresh one: the memo's number given to another, a DUP gathered in a tuple that the memo keeps, a set.
NOTHING = put(0, None) + pop


def hidden(make: Code, holder: Code) -> Code:
    """``make``, held by ``holder``'s result (memo 1) and by the stack, and not by the memo."""
    return put(0, make) + pop + put(1, holder) + pop + get(0) + NOTHING


for _what, _make, _state in (
    ("a UserList", new(name("collections", "UserList")), {"data": []}),
    ("a ChainMap", new(name("collections", "ChainMap")), {"maps": []}),
    ("a Random", call(name("random", "Random")), (3, (1,) * 624 + (1,), None)),
    ("a UUID", new(name("uuid", "UUID")), {"int": 5}),
):  # fmt: skip
    for _how, _holder in {"a list": append([], get(0)), "a tuple": value((get(0),)), "a dict": value({1: get(0)})}.items():
        add(f"{_what} in {_how}", "fills what is in use: its memo number went to another", stream(hidden(_make, _holder), _state, Code(b"b"), pop, get(1)), CORRUPT)
    add(f"{_what}, doubled", "fills what is in use: a DUP of it in a tuple", stream(_make, Code(b"2\x85"), put(1), pop, _state, Code(b"b"), pop, get(1)), CORRUPT)
add("a UUID in a set", "changes the hash of a set's element", stream(build(new(name("uuid", "UUID")), {"int": 1}), put(0), pop, put(1, value({get(0)})), pop, get(0), NOTHING, {"int": 2}, Code(b"b"), pop, get(1)), CORRUPT)

VOID = (3, "|", None, None, None, 1 << 20, 1, 0)
D = dtype("V1")
BUFFER = name("numpy._core.numeric", "_frombuffer")
USED = {
    "an array": array((1, (1000,), get(0), False, b"x" * 1000)),
    "a buffer's array": call(BUFFER, b"a" * 1000, get(0), (1000,), "C"),
    "a scalar": call(name("numpy._core.multiarray", "scalar"), get(0), b"x"),
    "a list": value([get(0)]),
    "a structured dtype": dtype("V8", (3, "|", None, ("a",), {"a": (get(0), 0)}, 8, 1, 0)),
    "a subarray": dtype("V8", (3, "|", (get(0), (8,)), None, None, 8, 1, 0)),
}
for _what, _holder in USED.items():
    add(f"a dtype of {_what}", "makes the items of what exists larger: memory behind it is read",
        stream(hidden(D, _holder), VOID, Code(b"b"), pop, get(1)), CORRUPT, needs="numpy")  # fmt: skip
add("a dtype of a memoized array", "the same, while the memo holds the dtype",
    stream(put(0, D), pop, put(1, USED["an array"]), pop, build(get(0), VOID), pop, get(1)), CORRUPT, needs="numpy")  # fmt: skip
add("a dtype doubled", "the same, by DUP", stream(D + b"2\x85", put(1), pop, value(VOID) + b"b", pop, get(1)), CORRUPT, needs="numpy")
add("a dtype that the engine remembers", "the engine's own note of an item's size, made stale", stream(
    put(0, D), pop, put(1, USED["a buffer's array"]), pop, put(1, None), pop, get(0), NOTHING, value(VOID) + b"b", put(0), pop,
    call(BUFFER, b"a" * 64, get(0), (64,), "C")), REFUSED, needs="numpy")  # fmt: skip
add("a dtype twice", "one BUILD after the other, before it is used", stream(D, value(VOID) + b"b", value((3, "|", None, ("a",), {"a": (dtype("O"), 0)}, 8, 1, 0x3F)) + b"b"), REFUSED | VALUE, needs="numpy")
add("a dtype and back", "from objects to bytes", stream(D, value((3, "|", None, ("a",), {"a": (dtype("O"), 0)}, 8, 1, 0x3F)) + b"b", value((3, "|", None, None, None, 8, 1, 0)) + b"b"), REFUSED | VALUE, needs="numpy")
EMPTY = call(name("numpy._core.multiarray", "_reconstruct"), name("numpy", "ndarray"), (0,), b"b")
BYTES = (1, (4,), dtype("u1"), False, b"abcd")
add("an array twice", "another shape for an array that has one", stream(EMPTY, value(BYTES) + b"b", value((1, (2,), dtype("u1"), False, b"ab")) + b"b"), CORRUPT, needs="numpy")
add("an array of nothing twice", "another type for an array without items", stream(EMPTY, value((1, (0,), dtype("O"), False, [])) + b"b", value(BYTES) + b"b"), CORRUPT, needs="numpy")
add("an array of nothing of the same type", "another shape for one that looks as if it were new", stream(EMPTY, value((1, (0, 5), dtype("i1"), False, b"")) + b"b", value(BYTES) + b"b"), REFUSED | VALUE, needs="numpy")
add("an array in a list", "a shape for an array that a list holds", stream(hidden(EMPTY, value([get(0)])), BYTES, Code(b"b"), pop, get(1)), CORRUPT, needs="numpy")
add("an array as a buffer", "a shape for an array whose memory another one shows, which shows a copy", stream(hidden(EMPTY, call(BUFFER, get(0), dtype("u1"), (0,), "C")), BYTES, Code(b"b"), pop, get(1)), REFUSED | VALUE, needs="numpy")
add("an array as a read-only buffer", "the same, of a view that is no copy", stream(hidden(EMPTY, call(BUFFER, Code(value(get(0)) + b"\x98"), dtype("u1"), (0,), "C")), BYTES, Code(b"b"), pop, get(1)), CORRUPT, needs="numpy")
add("an array of a buffer", "BUILD on an array that shows a buffer", stream(call(BUFFER, b"abcd", dtype("u1"), (4,), "C"), value(BYTES) + b"b"), CORRUPT, needs="numpy")
add("an array in an array", "a shape for an array that is an item", stream(hidden(EMPTY, array((1, (1,), dtype("O"), False, [get(0)]))), BYTES, Code(b"b"), pop, get(1)), CORRUPT, needs="numpy")
add("an array of itself", "an array whose only item it is", stream(put(0, EMPTY), value((1, (1,), dtype("O"), False, [get(0)])) + b"b"), REFUSED | VALUE, needs="numpy")
MT = (call(name("numpy.random._pickle", "__bit_generator_ctor"), "MT19937"), {"bit_generator": "MT19937", "state": {"key": [1] * 624, "pos": 5}})
add("a bit generator in a Generator", "a state for the one that another uses", stream(hidden(MT[0], call(name("numpy.random._pickle", "__generator_ctor"), get(0))), MT[1], Code(b"b"), pop, get(1)), CORRUPT, needs="numpy")
SEEDS = call(name("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"), name("numpy.random.bit_generator", "SeedSequence"), 1, None)
add("a seed sequence in a generator", "a pool for one that is in use", stream(put(0, SEEDS), value((1, 0, array((1, (4,), dtype("u4"), False, b"\0" * 16)), 4, (), None)) + b"b", get(0), Code(b"\x85"), put(1), pop, pop, put(0, None), pop, get(1)), REFUSED | VALUE, needs="numpy")

# ---- BUILD's keys ------------------------------------------------------------------------------------------------
# Trusted classes; the door says how. What a class may be trusted with is in `trust`.
PLAIN = new(name("tests.attacks.victim", "Plain"))
SLOTTED = new(name("tests.attacks.victim", "Slotted"))
HOOKED = new(name("tests.attacks.victim", "Hooked"))
for _key in ("__class__", "__dict__", "__weakref__", b"x", 1, None, ("a",), 1.5, frozenset((1,))):
    for _way in ("BUILD", "in place", "of one", "slots", "slots in place"):
        _state = {
            "BUILD": value({_key: 1}) + b"b", "in place": Code(b"}(" + value(_key) + value(1) + b"ub"), "of one": Code(b"}" + value(_key) + value(1) + b"sb"),
            "slots": value((None, {_key: 1})) + b"b", "slots in place": Code(b"N}(" + value(_key) + value(1) + b"u\x86b"),
        }[_way]  # fmt: skip
        add(f"key {_key!r} {_way}", "an attribute that is more than one, on an instance of a trusted class", stream(PLAIN, _state), CORRUPT, door="package")
for _key in ("__class__", "__slots__", "__init__", "__reduce__", "missing"):
    add(f"slot {_key}", "slot state that is no slot", stream(SLOTTED, (None, {_key: 1}), Code(b"b")), CORRUPT, door="package")
    add(f"attribute {_key}", "attributes of an instance without a dict", stream(SLOTTED, {_key: 1}, Code(b"b")), CORRUPT, door="package")
for _way in ("BUILD", "BUILD in place", "BUILD of one", "slots", "slots in place"):
    _alter = Code(WAYS[_way].replace(value("x"), value("price")))
    add(f"{_way} on a property", "a property's setter", stream(HOOKED, _alter), REFUSED | VALUE, door="package")
    add(f"{_way} past __setattr__", "a class's __setattr__", stream(HOOKED, WAYS[_way]), REFUSED | VALUE, door="package")
for _key in ("__setstate__", "append", "extend", "add", "__setitem__", "__reduce_ex__", "__getattr__", "__call__"):
    _armed = stream(PLAIN, {_key: name("tests.attacks.victim", "Pair")}, Code(b"b"))
    add(f"planted {_key}", "a method planted in the instance, for a later opcode to call", stream(Code(_armed[2:-1]), value({"x": 1}) + b"b"), REFUSED | VALUE, door="package")
    for _way in ("APPENDS", "SETITEMS", "ADDITEMS", "APPEND"):
        add(f"planted {_key}, then {_way}", "a method planted in the instance, for a later opcode to call", stream(Code(_armed[2:-1]), WAYS[_way]), REFUSED | VALUE, door="package")
