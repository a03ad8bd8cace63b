"""Classes of every shape that pickling knows, for the random graphs to hold.

Each class shows one way of giving and taking state. Instances that may sit in sets
carry `tag`, a number of their own, so that two graphs' sets can be paired without
relying on hashes.
"""

import collections
import dataclasses
import enum
import weakref
from typing import Any, NamedTuple


class Colour(enum.Enum):
    RED = 1
    GREEN = (2, "two")


class Level(enum.IntEnum):
    LOW = 0
    HIGH = 10**10


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    left: Any
    right: Any


class Tagged:
    def __init__(self, tag):
        self.tag = tag


class Plain(Tagged):
    pass


@dataclasses.dataclass
class Data:
    a: Any
    b: Any = None


@dataclasses.dataclass(slots=True)
class SlotData:
    a: Any
    b: Any = None


@dataclasses.dataclass(frozen=True)
class FrozenData:
    a: Any
    b: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlotData:
    a: Any
    b: Any = None


class Slots:
    __slots__ = ("__weakref__", "a", "b")


class SlotsAndDict(Slots):
    __slots__ = ("__dict__", "c")


class StateTuple(Tagged):
    """A state that is no dict, taken by __setstate__."""

    def __getstate__(self):
        return (self.tag, list(vars(self).items()))

    def __setstate__(self, state):
        self.tag, items = state
        vars(self).update(items)


class FalseState(Tagged):
    """State None is no BUILD at all: the tag comes through __new__."""

    def __new__(cls, tag):
        return object.__new__(cls)

    def __getnewargs__(self):
        return (self.tag,)


class NewKeywords(Tagged):
    def __new__(cls, *, tag):
        self = object.__new__(cls)
        self.tag = tag
        return self

    def __init__(self, *, tag):
        pass

    def __getnewargs_ex__(self):
        return (), {"tag": self.tag}


def rebuild(cls, tag):
    self = object.__new__(cls)
    self.tag = tag
    return self


def put_state(self, state):
    vars(self).update(state)


class Reduced(Tagged):
    """A reduce value made anew, with everything in it, each time it is asked for."""

    def __reduce__(self):
        return rebuild, (Reduced, self.tag), dict(vars(self))


class ReducedWithSetter(Tagged):
    def __reduce__(self):
        return rebuild, (ReducedWithSetter, self.tag), dict(vars(self)), None, None, put_state


class ReducedItems(list):
    """All six places of the reduce tuple but the setter."""

    def __init__(self, *items):
        super().__init__(items)
        self.pairs = {}

    def __setitem__(self, key, value):
        self.pairs[key] = value

    def __reduce__(self):
        state = {name: value for name, value in vars(self).items() if name != "pairs"}
        return ReducedItems, (), state or None, iter(list(self)), iter(list(self.pairs.items()))


class Singleton:
    def __reduce__(self):
        return "SINGLETON"


SINGLETON = Singleton()


class ListSubclass(list):
    pass


class DictSubclass(dict):
    pass


class SetSubclass(set):
    pass


class FrozenSetSubclass(frozenset):
    pass


class TupleSubclass(tuple):
    pass


class StrSubclass(str):
    pass


class IntSubclass(int):
    pass


class FloatSubclass(float):
    pass


class BytesSubclass(bytes):
    pass


class Failure(Exception):
    pass


class Twig:
    """A tree that knows its parents by weak reference, as an uncounted edge in the graph."""

    def __init__(self, parent=None):
        self.twigs = []
        self.above = None if parent is None else weakref.ref(parent)
        if parent is not None:
            parent.twigs.append(self)

    def __getstate__(self):
        return {"twigs": self.twigs, "parent": self.above and self.above()}

    def __setstate__(self, state):
        self.twigs = state["twigs"]
        parent = state["parent"]
        self.above = None if parent is None else weakref.ref(parent)


class Lender:
    """A hook that hands out, by itself, an object that the graph has held already."""

    lent: dict = {}

    def __init__(self, tag, thing):
        self.tag = tag
        Lender.lent[tag] = thing

    def __getstate__(self):
        return {"tag": self.tag, "thing": Lender.lent[self.tag]}

    def __setstate__(self, state):
        self.tag = state["tag"]
        Lender.lent[self.tag] = state["thing"]


def function(x):
    return x


FACTORIES = (list, dict, int, function, collections.OrderedDict)
