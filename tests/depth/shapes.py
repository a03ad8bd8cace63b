"""How to nest each kind of object, and how to step one level in.

Every shape: a function that makes so many levels, and one that gives the next level in,
or None in the middle.
"""

import collections
import operator
from typing import Any, NamedTuple


class Instance:
    def __init__(self, inner):
        self.inner = inner


class Slots:
    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner


class Named(NamedTuple):
    inner: Any


class ByArguments(Instance):
    def __reduce__(self):
        return ByArguments, (self.inner,)


class ByState(Instance):
    def __reduce__(self):
        return ByState, (None,), {"inner": self.inner}


class ByItems(list):
    def __reduce__(self):
        return ByItems, (), None, iter(self)


def of(wrap):
    def make(levels):
        x = None
        for _ in range(levels):
            x = wrap(x)
        return x

    return make


def frozensets(levels):
    x = None
    for level in range(levels):
        x = (x,) if level % 2 else frozenset((x,))
    return x


def sets(levels):
    x = None
    for level in range(levels):
        x = Instance(x) if level % 2 else {x}
    return x


inner = operator.attrgetter("inner")
first = operator.itemgetter(0)


def any_first(x):
    return next(iter(x))


SHAPES = {
    "list": (of(lambda x: [x]), first),
    "tuple": (of(lambda x: (x,)), first),
    "pair": (of(lambda x: (x, 1.5)), first),
    "dict": (of(lambda x: {"inner": x}), operator.itemgetter("inner")),
    "frozensets in tuples": (frozensets, any_first),
    "set in instance": (sets, lambda x: any_first(x) if type(x) is set else x.inner),
    "instance": (of(Instance), inner),
    "slots": (of(Slots), inner),
    "named tuple": (of(Named), first),
    "reduce arguments": (of(ByArguments), inner),
    "reduce state": (of(ByState), inner),
    "reduce items": (of(lambda x: ByItems([x])), first),
    "OrderedDict": (of(lambda x: collections.OrderedDict(inner=x)), operator.itemgetter("inner")),
}
