"""Keys that are large, and keys that stand in each other's way: hashing and comparing them again and again.

What each of these costs comes from the size of a key, or from the places of others in the table, not from equal hashes.
"""

import random
import struct
from functools import cache

from tests.attacks.assembler import Code, call, get, name, pop, put, stream, value
from tests.attacks.streams.attack import LIMIT, REFUSED, VALUE, Family
from tests.attacks.streams.work import MODULUS, digits

family = Family("weights")
add = family.add


def std(path: str) -> Code:
    return name(*path.split(":"))


def lab(path: str) -> Code:
    return name("tests.attacks.victim", path)


# ---- large keys, in containers that are too small for their keys to be counted --------------------------------------
G0, G1 = get(0), get(1)
CONTAINERS = {
    "frozensets": b"(" + G0 + b"\x91", "frozensets of both": b"(" + G0 + G1 + b"\x91", "dicts": b"(" + G0 + b"Nd", "dicts of both": b"(" + G0 + b"N" + G1 + b"Nd", "dicts in place": b"}(" + G0 + b"N" + G1 + b"Nu", "dicts of one": b"}" + G0 + b"Ns", "sets": b"\x8f(" + G0 + G1 + b"\x90",
    "set()": get(2) + b"]" + G0 + b"a\x85R", "OrderedDicts": get(3) + b")R" + G0 + b"Ns", "tuples in sets": b"(" + G0 + b"\x85" + G1 + b"\x85\x91", "one dict, often": b"",
}  # fmt: skip
KEYS = {
    "text": lambda: ("x" * 1_000_000, "x" * 1_000_000), "wide text": lambda: ("\u20ac" * 300_000, "\u20ac" * 300_000), "bytes": lambda: (b"x" * 1_000_000, b"x" * 1_000_000), "numbers": lambda: (1 << 4_000_000, 1 << 4_000_000), "numbers of one hash": lambda: (MODULUS << 4_000_000, MODULUS << 4_000_061),
    "Fractions": lambda: (call(std("fractions:Fraction"), digits(200_000, 12345), digits(200_000, 54321)),) * 2, "patterns": lambda: (call(std("re:_compile"), "a" * 60_000, 0), call(std("re:_compile"), "a" * 60_000, 0)),
    "tuples of text": lambda: (("x" * 1_000_000,), ("x" * 1_000_000,)), "tuples of numbers": lambda: ((1 << 4_000_000,), (1 << 4_000_000,)), "frozensets of text": lambda: (frozenset(("x" * 1_000_000,)), frozenset(("x" * 1_000_000,))), "long tuples": lambda: ((1,) * 200_000, (1,) * 200_000), "Decimals": lambda: (call(std("decimal:Decimal"), "7" * 99_000), call(std("decimal:Decimal"), "7" * 99_000)),
}  # fmt: skip
SETUP = put(2, std("builtins:set")) + pop + put(3, std("collections:OrderedDict")) + pop
for _what, _pair in KEYS.items():
    for _place, _code in CONTAINERS.items():
        if _code:
            _make = lambda pair=_pair, code=_code: stream(SETUP, put(0, pair()[0]), pop, put(1, pair()[1]), pop, Code(b"(" + code * 40_000 + b"l"))  # noqa: E731
        else:
            _make = lambda pair=_pair: stream(put(0, pair()[0]), pop, put(1, pair()[1]), pop, Code(b"}(" + (G0 + b"N" + G1 + b"N") * 40_000 + b"u"))  # noqa: E731
        add(f"{_what} in {_place}", "a large key, hashed or compared again and again", _make, REFUSED | VALUE if _what in ("patterns", "Fractions", "Decimals", "frozensets of text") else REFUSED | (VALUE if _place in ("OrderedDicts",) else frozenset()))
for _kind in ("Text", "Number", "Bytes"):
    _arg: object = {"Text": "x" * 1_000_000, "Number": 1 << 4_000_000, "Bytes": b"x" * 1_000_000}[_kind]
    for _place in ("frozensets of both", "dicts in place", "sets"):
        add(f"trusted {_kind}s in {_place}", "a large key, hashed or compared again and again", lambda kind=_kind, arg=_arg, code=CONTAINERS[_place]: stream(put(0, call(lab(kind), arg)), pop, put(1, call(lab(kind), arg)), pop, Code(b"(" + code * 40_000 + b"l")), REFUSED | VALUE, door="package")
add("sixty of one hash", "keys that differ in their last digits alone, too few to be counted", lambda: stream(Code(b"".join(put(i, (digits(300_000, 99) // MODULUS) * MODULUS + i * MODULUS) + pop for i in range(60))), Code(b"(" + (b"(" + b"".join(get(i) for i in range(60)) + b"\x91") * 3000 + b"l")), LIMIT)
add("a Decimal and Fractions", "== of numbers of one value, of other kinds", lambda: stream(Code(b"".join(put(i, call(std("decimal:Decimal"), "1" + "0" * (2000 + i))) + pop for i in range(30))), Code(b"(" + (b"(" + b"".join(get(i) for i in range(30)) + b"\x91") * 30_000 + b"l")), REFUSED | VALUE)


# ---- small numbers that stand in each other's way -----------------------------------------------------------------------
@cache
def dict_keys(bits: int = 15, filled: int = 17_500, count: int = 300) -> list[int]:
    """Keys that fill half of a dict's table in the order in which it looks for places, then others that have to pass
    nearly all of these."""
    size = 1 << bits
    place, places = 12345 & size - 1, {}
    for order in range(filled):
        places[place] = order
        place = 5 * place + 1 & size - 1
    run, chosen, chance = list(places), [], random.Random(1)
    while len(chosen) < count:
        key = run[chance.randrange(filled // 20)] + size * chance.randrange(1, 32)
        place, perturb = key & size - 1, key
        while perturb and place in places:
            perturb >>= 5
            place = 5 * place + perturb + 1 & size - 1
        if place in places and places[place] < filled // 10:
            chosen.append(key)
    return run + chosen * 40


@cache
def set_keys(bits: int = 15, filled: int = 17_500, count: int = 100) -> list[int]:
    """The same for a set, which looks at ten neighbours before it goes elsewhere."""
    size = 1 << bits
    place, taken, starts = 12345 & size - 1, {}, {}
    while len(taken) < filled:
        starts[place] = len(starts)
        for each in range(place, min(place + 10, size)):
            taken.setdefault(each)
        place = 5 * place + 1 & size - 1
    order, chosen, chance = list(starts), [], random.Random(1)

    def full(place: int) -> bool:
        return all(place + i in taken for i in range(10))

    while len(chosen) < count:
        key = order[chance.randrange(len(order) // 10)] + size * chance.randrange(1, 32)
        place, perturb = key & size - 1, key
        while perturb and full(place):
            perturb >>= 5
            place = 5 * place + 1 + perturb & size - 1
        if not perturb and starts.get(place, filled) < len(order) // 2:
            chosen.append(key)
    return list(taken) + chosen * 120


def pairs(keys: list[int], end: bytes = b"") -> Code:
    return Code(b"".join(value(key) + b"N" + end for key in keys))


IN_DICTS = {
    "a dict": lambda: stream(Code(b"}("), pairs(dict_keys()), Code(b"u")), "a dict, one by one": lambda: stream(Code(b"}"), pairs(dict_keys(), b"s")), "a dict, in batches": lambda: stream(Code(b"}" + b"".join(b"(" + pairs(dict_keys()[i : i + 700]) + b"u" for i in range(0, len(dict_keys()), 700)))),
    "a memoized dict": lambda: stream(put(0, Code(b"}")), Code(b"("), pairs(dict_keys()), Code(b"u")), "an OrderedDict": lambda: stream(call(std("collections:OrderedDict")), Code(b"("), pairs(dict_keys()), Code(b"u")), "a defaultdict": lambda: stream(call(std("collections:defaultdict")), Code(b"("), pairs(dict_keys()), Code(b"u")),
    "a dict whose first key is text": lambda: stream(Code(b"}(" + value("a") + b"N"), pairs(dict_keys()), Code(b"u")), "a dict of floats": lambda: stream(Code(b"}(" + b"".join(value(float(key)) + b"N" for key in dict_keys()) + b"u")), "a state": lambda: stream(call(std("types:SimpleNamespace")), Code(b"}("), pairs(dict_keys()), Code(b"ub")),
}  # fmt: skip
for _place, _make in IN_DICTS.items():
    # (A table that is made for all of them at once is of another size.)
    add(f"numbers in the way of others, {_place}", "keys of different hashes, for each of which thousands of places are looked at", _make, REFUSED | VALUE if _place in ("a dict", "a dict of floats") else REFUSED)
IN_SETS = {
    "a set": lambda: stream(Code(b"\x8f("), Code(b"".join(map(value, set_keys()))), Code(b"\x90")), "a set, in batches": lambda: stream(Code(b"\x8f" + b"".join(b"(" + b"".join(map(value, set_keys()[i : i + 700])) + b"\x90" for i in range(0, len(set_keys()), 700)))), "a set, one by one": lambda: stream(Code(b"\x8f" + b"".join(b"(" + value(key) + b"\x90" for key in set_keys()))),
    "a frozenset": lambda: stream(Code(b"("), Code(b"".join(map(value, set_keys()))), Code(b"\x91")), "set()": lambda: stream(call(std("builtins:set"), set_keys())), "frozenset()": lambda: stream(call(std("builtins:frozenset"), set_keys())), "a Python 2 set": lambda: stream(call(Code(b"c__builtin__\nset\n"), set_keys()), protocol=2),
}  # fmt: skip
for _place, _make in IN_SETS.items():
    add(f"numbers in the way of others, {_place}", "keys of different hashes, for each of which thousands of places are looked at", _make, LIMIT)
for _kind in ("Dict", "Ordered", "Default"):
    add(f"numbers in the way of others, a trusted {_kind}", "the same in a class of one's own", lambda kind=_kind: stream(call(lab(kind)), Code(b"("), pairs(dict_keys()), Code(b"u")), LIMIT, door="package")
    add(f"numbers in the way of others, a trusted {_kind}'s arguments", "the same by its constructor", lambda kind=_kind: stream(call(lab(kind), *((None,) if kind == "Default" else ()), [(key, None) for key in dict_keys()])), LIMIT, door="package")
for _kind in ("Set", "Frozen"):
    add(f"numbers in the way of others, a trusted {_kind}'s arguments", "the same by its constructor", lambda kind=_kind: stream(call(lab(kind), set_keys())), LIMIT, door="package")
add("numbers in the way of others, a trusted Set", "the same in a class of one's own", lambda: stream(call(lab("Set")), Code(b"(" + b"".join(map(value, set_keys())) + b"\x90")), LIMIT, door="package")
for _what, _offset in (("low", 1 << 20), ("high", 1 << 31)):
    add(f"memo indices in the way of others, {_what}", "the memo's own table", lambda offset=_offset: stream(Code(b"N" + b"".join(b"r" + struct.pack("<I", key + offset) for key in dict_keys()))), REFUSED | VALUE)
    add(f"memo indices in the way of others, {_what}, in the listing", "the memo of the pass over a refused stream", lambda offset=_offset: stream(name("os", "system"), Code(value("a") + b"2\x93" + value("b") + b"".join(b"r" + struct.pack("<I", key + offset) for key in dict_keys()))), REFUSED)
PAIRS = name("tests.attacks.victim.inheriting", "UserPairs")
for _what, _keys in {"numbers": lambda: [i * MODULUS for i in range(1, 40_000)], "tuples": lambda: [(i * MODULUS,) for i in range(1, 40_000)]}.items():
    add(f"collisions in what we can't look into, {_what}", "keys of one hash, in a mapping of somebody's own", lambda keys=_keys: stream(call(PAIRS), Code(b"".join(value(key) + b"Ns" for key in keys()))), LIMIT, door="package")
    add(f"collisions in two that we can't look into, {_what}", "the same in turns", lambda keys=_keys: stream(put(0, call(PAIRS)), pop, put(1, call(PAIRS)), pop, Code(b"(" + b"".join(get(i & 1) + value(key) + b"Ns0" for i, key in enumerate(keys())) + b"t")), LIMIT, door="package")
for _kind, _make in {"deque": lambda: call(std("collections:deque"), [None] * 100_000), "Deque": lambda: call(lab("Deque"), [None] * 100_000), "List": lambda: call(lab("List"), [None] * 100_000), "ByteArray": lambda: call(lab("ByteArray"), b"a" * 1000), "Array": lambda: call(lab("Array"), "d", [1.0] * 100)}.items():
    for _how, _items in {"at once": Code(b"(" + (value(500) + b"K\1") * 10_000 + b"u"), "one by one": Code((value(500) + b"K\1s") * 10_000)}.items():
        add(f"places of a {_kind}, {_how}", "SETITEMS on a sequence: the middle of a deque takes long to find", lambda make=_make, items=_items: stream(make(), items), REFUSED, door="package")

# ---- patterns: sets of letters of any case, prefixes, many small ones ---------------------------------------------------
COMPILE = std("re:_compile")
for _what, _text, _flags in (
    ("sets of any case", "[ks]" * 16_000, (2, 10, 18, 66, 26, 74)), ("sets by an inline flag", "(?i)" + "[ks]" * 15_000, (0, 8, 16, 64)), ("sets by a scoped flag", "(?i:" + "[ks]" * 15_000 + ")", (0, 8, 16, 64)), ("negated sets of any case", "[^ks]" * 12_000, (2, 10, 18)), ("ranges of any case", "[i-t]" * 12_000, (2, 10, 18)),
    ("classes of any case", "[\\wks]" * 10_000, (2, 10)), ("letters of any case", "k" * 60_000, (2, 10, 18)), ("a common prefix", "a" * 32_000 + "|" + "a" * 32_000, (0, 8, 16, 64, 24, 72, 80)), ("prefixes of many", "|".join(["a" * 600] * 100), (0, 8, 16, 64, 24)), ("prefixes that repeat", "ab" * 32_000, (0, 8, 16)),
):  # fmt: skip
    add(f"pattern: {_what}", "a pattern that takes long to compile, with other flags each time", lambda text=_text, flags=_flags: stream(put(0, COMPILE), pop, put(1, text), pop, Code(b"(" + b"".join(get(0) + get(1) + value(each) + b"\x86R" for each in flags) + b"l")), REFUSED | VALUE)
add("pattern: many small ones", "patterns of a few bytes, each another", lambda: stream(put(0, COMPILE), pop, Code(b"(" + b"".join(get(0) + value(str(i)) + b"K\0\x86R" for i in range(100_000)) + b"l")), REFUSED | VALUE)
