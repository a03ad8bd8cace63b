"""Random object graphs with sharing and cycles, and the question whether two are the same graph.

A graph is drawn as a list of nodes. Immutable nodes hold earlier nodes; mutable ones
are made empty first and filled at the end with any nodes at all, so that sharing and
cycles arise through every kind of container and instance.

`isomorphic(a, b)` walks both graphs in step: same types, same values (floats by their
bits), same number of children, and one to one between the objects that have an
identity, so that what was shared is shared and what was apart is apart.
"""

import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import struct
import types
import uuid
from typing import Any

from hypothesis import strategies as st

from tests.property import kinds

EDGES = [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, -(2**63), 2**64,
         -128, -129, 2**2039, -(2**2039), 2**2040]
ANY_CHARACTER = st.characters(exclude_categories=())

integers = st.integers() | st.sampled_from(EDGES)
floats = st.floats() | st.sampled_from([0.0, -0.0, float("inf"), 5e-324, 1e308])
texts = (st.text(ANY_CHARACTER, max_size=20) | st.text("abc", max_size=300) | st.text("äß", max_size=300)
         | st.sampled_from(["", "x" * 255, "x" * 256, "é" * 127, "é" * 128, "\ud800", "\U0001f600", "\0\n\r\x1a\\", "a\ud800b"]))
blobs = st.binary(max_size=20) | st.sampled_from([b"", b"\xff" * 255, bytes(256), b"\n'\"\\"])
zones = st.none() | st.timedeltas(datetime.timedelta(hours=-23), datetime.timedelta(hours=23)).map(datetime.timezone)
decimals = st.decimals() | st.sampled_from([decimal.Decimal("sNaN7"), decimal.Decimal("-0E+5"), decimal.Decimal("-Infinity")])
named = st.sampled_from([int, dict, kinds.Plain, kinds.Data, types.SimpleNamespace, len, kinds.function, decimal.getcontext,
                         collections.OrderedDict, type(None), type(...), type(NotImplemented), functools.partial,
                         dict.fromkeys, str.join, kinds.SINGLETON, kinds.Colour])
members = st.sampled_from([*kinds.Colour, *kinds.Level, *kinds.Access, kinds.Access.READ | kinds.Access.WRITE])

hashable_leaves = st.one_of(
    st.none(), st.booleans(), st.just(...), st.just(NotImplemented), integers, floats, st.complex_numbers(), texts, blobs,
    st.datetimes(timezones=zones), st.dates(), st.times(timezones=zones), st.timedeltas(),
    decimals.filter(lambda d: not d.is_snan()), st.uuids(), st.fractions(),
    st.builds(range, st.integers(-5, 5), st.integers(-5, 5), st.sampled_from([-2, 1, 3])), named, members)
other_leaves = st.one_of(
    blobs.map(bytearray), decimals, st.builds(slice, st.none() | integers, st.none(), integers),
    st.lists(st.floats(width=64), max_size=4).map(lambda items: array.array("d", items)),
    st.binary(max_size=8).map(lambda raw: array.array("B", raw)))
leaves = hashable_leaves | other_leaves


class Drawing:
    """The nodes so far; `hashable` of them may be keys."""

    def __init__(self, draw):
        self.draw = draw
        self.nodes: list[Any] = []
        self.hashable: list[Any] = []
        self.open: list[Any] = []  # to be filled once all nodes exist

    def some(self, most: int = 4) -> list:
        pick = leaves if not self.nodes else leaves | st.sampled_from(Places(self.nodes))
        return unwrap(self.draw(st.lists(pick, max_size=most)))

    def one(self):
        pick = leaves if not self.nodes else leaves | st.sampled_from(Places(self.nodes))
        return unwrap([self.draw(pick)])[0]

    def keys(self, most: int = 4) -> list:
        pick = hashable_leaves if not self.hashable else hashable_leaves | st.sampled_from(Places(self.hashable))
        return unwrap(self.draw(st.lists(pick, max_size=most)))

    def any_text(self) -> str:
        return self.draw(st.sampled_from(["a", "b", "attribute", "ä"]))


class Place:
    """A node in a box, so that Hypothesis neither compares nor shows it."""

    def __init__(self, node):
        self.node = node

    def __repr__(self):
        return "a node"


def Places(nodes: list) -> list[Place]:
    return [Place(node) for node in nodes]


def unwrap(items: list) -> list:
    return [item.node if type(item) is Place else item for item in items]


FIXED = {  # made whole, of earlier nodes
    "tuple": lambda d: tuple(d.some(5)),
    "Pair": lambda d: kinds.Pair(d.one(), d.one()),
    "FrozenData": lambda d: kinds.FrozenData(d.one(), d.one()),
    "FrozenSlotData": lambda d: kinds.FrozenSlotData(d.one(), d.one()),
    "partial": lambda d: functools.partial(kinds.function, *d.some(2), **{d.any_text(): d.one()}),
    "deque, bounded": lambda d: collections.deque(d.some(4), maxlen=3),
}
FIXED_KEYS = {  # whole, and hashable
    "tuple of keys": lambda d: tuple(d.keys(4)),
    "frozenset": lambda d: frozenset(d.keys()),
    "frozenset subclass": lambda d: kinds.FrozenSetSubclass(d.keys()),
}
OPEN = {  # made empty, filled later
    "list": list, "dict": dict, "set": set, "OrderedDict": collections.OrderedDict, "deque": collections.deque,
    "Counter": collections.Counter, "list subclass": kinds.ListSubclass, "dict subclass": kinds.DictSubclass,
    "set subclass": kinds.SetSubclass, "SimpleNamespace": types.SimpleNamespace, "Slots": kinds.Slots,
    "SlotsAndDict": kinds.SlotsAndDict, "Data": lambda: kinds.Data(None), "SlotData": lambda: kinds.SlotData(None),
    "ReducedItems": kinds.ReducedItems, "exception": kinds.Failure, "Twig": kinds.Twig,
}
OPEN_KEYS = {  # empty first, hashable by identity
    "Plain": kinds.Plain, "StateTuple": kinds.StateTuple, "FalseState": kinds.FalseState, "Reduced": kinds.Reduced,
    "NewKeywords": lambda tag: kinds.NewKeywords(tag=tag), "ReducedWithSetter": kinds.ReducedWithSetter,
}
OPEN_VALUES = {  # a value, and attributes that come later
    "str subclass": lambda d: kinds.StrSubclass(d.draw(texts)), "int subclass": lambda d: kinds.IntSubclass(d.draw(integers)),
    "float subclass": lambda d: kinds.FloatSubclass(d.draw(floats)), "tuple subclass": lambda d: kinds.TupleSubclass(d.some()),
    "bytes subclass": lambda d: kinds.BytesSubclass(d.draw(blobs)),
    "defaultdict": lambda d: collections.defaultdict(d.draw(st.sampled_from(kinds.FACTORIES))),
}
KINDS = [*FIXED, *FIXED_KEYS, *OPEN, *OPEN_KEYS, *OPEN_VALUES]


@st.composite
def graphs(draw, most: int = 10, kinds_of_nodes: tuple[str, ...] = tuple(KINDS)) -> Any:
    d = Drawing(draw)
    for tag in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(kinds_of_nodes))
        if kind in FIXED:
            node = FIXED[kind](d)
        elif kind in FIXED_KEYS:
            node = FIXED_KEYS[kind](d)
            d.hashable.append(node)
        elif kind in OPEN_VALUES:
            node = OPEN_VALUES[kind](d)
            d.open.append(node)
        elif kind in OPEN_KEYS:
            node = OPEN_KEYS[kind](tag)
            d.open.append(node)
            d.hashable.append(node)
        else:
            node = OPEN[kind]()
            d.open.append(node)
        d.nodes.append(node)
    for node in d.open:
        fill(d, node)
    roots = [list(d.nodes), tuple(d.nodes)]
    if not any(isinstance(node, kinds.Twig) for node in d.nodes):  # whose parent nothing else may hold
        roots += [d.nodes[-1], d.nodes[0]]
    return unwrap([draw(st.sampled_from(Places(roots)))])[0]


def fill(d: Drawing, node: Any) -> None:
    if isinstance(node, kinds.ReducedItems):
        node.extend(d.some())
        node.pairs.update(zip(d.keys(), d.some(), strict=False))
    elif isinstance(node, list):
        node.extend(d.some(6))
    elif isinstance(node, collections.Counter):
        node.update(d.keys())
    elif isinstance(node, dict):
        node.update(zip(d.keys(6), d.some(6), strict=False))
    elif isinstance(node, set):
        node.update(d.keys())
    elif isinstance(node, collections.deque):
        node.extend(d.some())
    elif isinstance(node, kinds.Failure):
        node.args = tuple(d.some(2))
    elif isinstance(node, kinds.Twig):
        for child in [n for n in d.nodes if isinstance(n, kinds.Twig) and n is not node and n.above is None][:2]:
            if not leads_to(child, node):
                kinds.Twig.__init__(child, node) if not child.twigs else None
        return
    elif isinstance(node, (kinds.Slots, kinds.Data, kinds.SlotData)):
        for name in ("a", "b"):
            if isinstance(node, (kinds.Data, kinds.SlotData)) or d.draw(st.booleans()):
                setattr(node, name, d.one())
        if isinstance(node, kinds.SlotsAndDict):
            node.c = d.one()
    if hasattr(node, "__dict__") and not isinstance(node, (kinds.Data, kinds.FalseState)):
        for value in d.some(2):
            setattr(node, d.any_text(), value)


def leads_to(child: "kinds.Twig", node: "kinds.Twig") -> bool:
    above = node
    while above is not None:
        if above is child:
            return True
        above = above.above and above.above()
    return False


# The same graph? -------------------------------------------------------------------------------------

MISSING = enum.Enum("Missing", "SLOT").SLOT


def bits(x: float) -> bytes:
    return struct.pack("<d", x)


def sort_key(item: Any) -> Any:
    """A key that orders the elements of two sets alike; hashes play no part."""
    kind = type(item).__qualname__
    if isinstance(item, kinds.Tagged):
        return kind, str(item.tag)
    if isinstance(item, tuple):
        return kind, str([sort_key(i) for i in item])
    if isinstance(item, frozenset):
        return kind, str(sorted(map(sort_key, item)))
    if isinstance(item, complex):
        return kind, str((bits(item.real), bits(item.imag)))
    return kind, str(bits(item)) if type(item) is float else ascii(item)


def attributes(x: Any) -> list:
    """Names and values in __dict__ (in their order) and in slots."""
    names = [name for cls in type(x).__mro__ for name in _slots(cls)]
    return [*vars(x).items()] if not names and hasattr(x, "__dict__") else [
        *((name, getattr(x, name, MISSING)) for name in names), *getattr(x, "__dict__", {}).items()]


def _slots(cls: type) -> list[str]:
    slots = vars(cls).get("__slots__", ())
    return [name for name in ([slots] if isinstance(slots, str) else slots) if name not in ("__dict__", "__weakref__")]


BY_IDENTITY = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, enum.Enum, type(None), bool,
               type(...), type(NotImplemented), kinds.Singleton)
BY_VALUE = {
    int: lambda x: x, str: lambda x: x, bytes: lambda x: x, float: bits, range: lambda x: x,
    complex: lambda x: (bits(x.real), bits(x.imag)), decimal.Decimal: lambda x: x.as_tuple(), uuid.UUID: lambda x: (x.int, x.is_safe),
    fractions.Fraction: lambda x: (x.numerator, x.denominator), datetime.date: lambda x: x, datetime.timedelta: lambda x: x,
    datetime.datetime: lambda x: (x.replace(tzinfo=None), x.fold, repr(x.tzinfo)),
    datetime.time: lambda x: (x.replace(tzinfo=None), x.fold, repr(x.tzinfo)), datetime.timezone: repr,
}


def parts(x: Any, loosely: bool = False) -> tuple[Any, list]:
    """What must be equal in `x` by itself, and its children in an order that both graphs share."""
    children: list = []
    own: Any = None
    if isinstance(x, kinds.Twig):
        return None, [*x.twigs, x.above and x.above()]
    if isinstance(x, dict):
        items = list(x.items())
        if loosely and not isinstance(x, collections.OrderedDict):
            items.sort(key=lambda item: sort_key(item[0]))
        children = [part for item in items for part in item]
        own = getattr(x, "default_factory", None)
    elif isinstance(x, (set, frozenset)):
        children = sorted(x, key=sort_key)
    elif isinstance(x, (list, tuple, collections.deque)):
        children = list(x)
        own = getattr(x, "maxlen", None)
    elif isinstance(x, functools.partial):
        keywords = sorted(x.keywords) if loosely else list(x.keywords)
        children = [x.func, *x.args, *(x.keywords[name] for name in keywords)]
        own = keywords
    elif isinstance(x, slice):
        children = [x.start, x.stop, x.step]
    elif isinstance(x, BaseException):
        children = list(x.args)
    elif isinstance(x, (bytearray, array.array)):
        own = (getattr(x, "typecode", ""), bytes(x))
    elif isinstance(x, (kinds.StrSubclass, kinds.IntSubclass, kinds.BytesSubclass, kinds.FloatSubclass)):
        own = BY_VALUE[type(x).__base__](x)
    named = sorted(attributes(x), key=lambda item: item[0]) if loosely else attributes(x)
    return (own, [name for name, _ in named]), children + [value for _, value in named]


def difference(a: Any, b: Any, loosely: bool = False) -> str | None:
    """Where the graphs differ, in a few words; None if they are isomorphic.

    ``loosely``: neither the sharing of immutable objects counts, nor the order of plain dicts.
    """
    there: dict[int, int] = {}
    back: dict[int, int] = {}
    keep = []
    seen: set[tuple[int, int]] = set()  # pairs of immutable ones: a pair of tuples in tuples is met 2**depth times
    stack = [("root", a, b)]
    while stack:
        where, x, y = stack.pop()
        if type(x) is not type(y):
            return f"{where}: {type(x).__qualname__} became {type(y).__qualname__}"
        if isinstance(x, BY_IDENTITY):
            if x is not y and not (isinstance(x, types.BuiltinFunctionType) and x == y):  # methods of classes are made anew
                return f"{where}: {x!r} became {y!r}"
            continue
        value = BY_VALUE.get(type(x))
        if value is not None:
            if value(x) != value(y):
                return f"{where}: {x!r} became {y!r}"
            continue
        alone = isinstance(x, (tuple, frozenset)) and not x  # an empty one is one object in the whole process
        alone = alone or loosely and type(x) in (tuple, frozenset, slice, kinds.Pair)
        if not alone:
            if id(x) in there or id(y) in back:
                if there.get(id(x)) != id(y) or back.get(id(y)) != id(x):
                    return f"{where}: sharing of {type(x).__qualname__} is not what it was"
                continue
            there[id(x)], back[id(y)] = id(y), id(x)
            keep += [x, y]
        elif (id(x), id(y)) in seen:
            continue
        else:
            seen.add((id(x), id(y)))
            keep += [x, y]
        (own, children), (own_too, children_too) = parts(x, loosely), parts(y, loosely)
        if own != own_too or len(children) != len(children_too):
            return f"{where}: {own!r} and {len(children)} children became {own_too!r} and {len(children_too)}"
        stack += [(f"{where}/{type(x).__qualname__}[{i}]", *pair) for i, pair in enumerate(zip(children, children_too, strict=True))]
    return None


def isomorphic(a: Any, b: Any, loosely: bool = False) -> bool:
    found = difference(a, b, loosely)
    assert found is None, found
    return True
