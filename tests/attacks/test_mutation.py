"""A container that its own element's hook changes while it is dumped.

Python allows it, so it must end in a stream that loads or in the RuntimeError that
iteration gives; never in memory that is no longer there (the sanitizers' run of this
file is what proves the last).
"""

import collections
import io
import pickle

import pytest

from tests.subject import subject

victim = None


class Meddler:
    """Changes `victim` when it is asked for its state."""

    def __init__(self, change, way):
        self.change = change
        self.way = way

    def meddle(self):
        change, self.change = self.change, None
        if change is not None:
            change(victim)

    def __reduce__(self):
        self.meddle()
        return self.way, ()


def nothing():
    return None


class StateMeddler(Meddler):
    def __reduce__(self):
        return object.__reduce_ex__(self, 2)

    def __getstate__(self):
        self.meddle()
        return {"change": None, "way": None}


class Holder:
    pass


def clear(x):
    x.clear()


def grow(x):
    for i in range(1000):
        if isinstance(x, (list, collections.deque)):
            x.append(str(i))
        elif isinstance(x, (set)):
            x.add(f"new {i}")
        else:
            x[f"new {i}"] = i


def replace(x):
    """The same size; other elements, at fresh addresses."""
    if isinstance(x, list):
        x[:] = [float(i) + 0.5 for i in range(len(x))]
    elif isinstance(x, collections.deque):
        size = len(x)
        x.clear()
        x.extend(float(i) for i in range(size))
    elif isinstance(x, set):
        size = len(x)
        x.clear()
        x.update(f"other {i}" for i in range(size))
    else:
        size = len(x)
        x.clear()
        x.update((f"other {i}", [i]) for i in range(size))


def shrink(x):
    while len(x) > 1:
        x.pop() if not isinstance(x, dict) else x.popitem()


def regrow(x):
    clear(x)
    grow(x)


CHANGES = [clear, grow, replace, shrink, regrow]
FILLERS = [lambda i: float(i), lambda i: i, lambda i: f"text {i}", lambda i: (i, float(i)), lambda i: frozenset([i])]
CONTAINERS = {
    "list": lambda items: list(items), "dict": lambda items: {f"key {i}": item for i, item in enumerate(items)},
    "dict of keys": lambda items: {item: i for i, item in enumerate(items)},
    "dict, int keys": lambda items: dict(enumerate(items)),
    "set": lambda items: set(items), "deque": lambda items: collections.deque(items),
    "OrderedDict": lambda items: collections.OrderedDict(enumerate(items)),
    "list subclass": lambda items: type("Sub", (list,), {"__reduce_ex__": lambda s, p: (list, (), None, iter(s))})(items),
}


def outcome(dumps):
    try:
        stream = dumps()
    except (RuntimeError, pickle.PicklingError) as error:  # "changed size during iteration", in some wording
        assert "RuntimeError" not in str(type(error)) or "chang" in str(error) or "mutated" in str(error), error
        return
    pickle.loads(stream)


def to_file(value, protocol):
    file = io.BytesIO()
    subject.dump(value, file, protocol)
    return file.getvalue()


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("change", CHANGES)
def test_mutated_by_an_element(make, change, protocol):
    global victim
    for kind in (Meddler, StateMeddler):
        for filler in FILLERS:
            for place in (0, 1, 7):
                for dumps in (subject.dumps, to_file):
                    items = [filler(i) for i in range(8)]
                    items[place] = kind(change, nothing)
                    victim = make(items)
                    outcome(lambda dumps=dumps: dumps(victim, protocol))


@pytest.mark.parametrize("change", CHANGES)
def test_attributes_changed_by_a_sibling(change):
    global victim
    for protocol in (0, 2, 5):
        holder = Holder()
        holder.first = Meddler(change, nothing)
        for i in range(6):
            setattr(holder, f"a{i}", [i])
        victim = vars(holder)
        outcome(lambda holder=holder, protocol=protocol: subject.dumps([holder, holder], protocol))


def test_state_dict_replaced_while_it_is_dumped():
    global victim
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        holder = Holder()
        holder.first = Meddler(lambda h: setattr(h, "__dict__", {"only": 1}), nothing)
        holder.second = [1, 2]
        victim = holder
        outcome(lambda holder=holder, protocol=protocol: subject.dumps(holder, protocol))


def test_tuple_elements_dropped_by_a_hook():
    """A tuple cannot change, but what its list holds can lose its last reference."""
    global victim
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        victim = [[object.__new__(Holder)] for _ in range(3)]
        items = (Meddler(clear, nothing), *[v[0] for v in victim], victim)
        outcome(lambda items=items, protocol=protocol: subject.dumps(items, protocol))


class Shrinking(pickle.Pickler if subject is pickle else subject.Pickler):
    """Changes what it is given by way of its hooks."""

    def persistent_id(self, obj):
        if isinstance(obj, float):
            victim.clear()
        return None


def test_cleared_by_persistent_id():
    global victim
    for make in (lambda: [0.5, 1.5, "x"], lambda: {0.5: 1.5, 2.5: 3.5}, lambda: {0.5, 1.5}, lambda: {1: 0.5}):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            victim = make()

            def dumps(protocol=protocol):
                file = io.BytesIO()
                Shrinking(file, protocol).dump(victim)
                return file.getvalue()

            outcome(dumps)
