"""References that no reference count shows: through weak references, and through hooks.

The writer leaves an object that is referred to once out of its memo. These are the
ways to reach such an object a second time, and the streams must be as C pickle's are:
what is one object stays one, what is endless for a memo-less writer ends.
"""

import io
import pickle
import weakref

import pytest

from tests.subject import subject

protocols = pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))

store: dict = {}


class Fetches:
    """Its state holds, every time, whatever stands in the store."""

    def __getstate__(self):
        return {"thing": store["thing"]}


class Makes:
    """Its reduce value is made anew each time, around something from the store."""

    def __reduce__(self):
        return Made, ([store["thing"]],)


class Made:
    def __init__(self, things):
        self.thing = things[0]


class Self:
    """Its reduce value leads back to itself through an object made anew."""

    def __reduce__(self):
        return Self, (), {"wrapped": [self]}


class Branch:
    def __init__(self, parent=None):
        self.children = []
        self.parent = parent and weakref.ref(parent)

    def add(self):
        child = Branch(self)
        self.children.append(child)
        return child

    def __getstate__(self):
        return {"children": self.children, "parent": self.parent and self.parent()}

    def __setstate__(self, state):
        self.children = state["children"]
        self.parent = state["parent"] and weakref.ref(state["parent"])
        self.held = state["parent"]


THINGS = {
    "list": lambda: [1, [2]], "dict": lambda: {"a": [1]}, "set": lambda: {"x"}, "tuple": lambda: ([1], 2),
    "bytearray": lambda: bytearray(b"b"), "instance": lambda: Branch(), "frozenset": lambda: frozenset([("a",)]),
    "text": lambda: "".join(["a", "bc"] * 9), "bytes": lambda: b"".join([b"ab"] * 9),
}


@protocols
@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS)
@pytest.mark.parametrize("hook", [Fetches, Makes])
def test_what_a_hook_fetches_is_the_same_object(make, hook, protocol):
    """Held by the graph once, fetched by a hook before, after, and within."""
    for order in ("before", "after", "both"):
        store["thing"] = make()
        graph = {"first": hook() if order != "after" else 0, "thing": [store["thing"]], "last": hook() if order != "before" else 0}
        thing = store["thing"]
        del thing  # the store and the graph: as few references as can be
        back = pickle.loads(subject.dumps(graph, protocol))
        for end in ("first", "last"):
            if back[end]:
                assert back[end].thing is back["thing"][0]


@protocols
def test_fetched_twice_and_held_nowhere_else(protocol):
    store["thing"] = [1]
    back = pickle.loads(subject.dumps([Fetches(), Fetches(), Makes()], protocol))
    assert back[0].thing is back[1].thing is back[2].thing


@protocols
def test_endless_through_a_fresh_object(protocol):
    one = Self()
    back = pickle.loads(subject.dumps(one, protocol))
    assert back.wrapped[0] is back


@protocols
def test_parents_by_weak_reference(protocol):
    root = Branch()
    leaf = root.add().add()
    root.add()
    for start in (root, leaf, [leaf, root], {"a": leaf, "b": root.children}):
        back = pickle.loads(subject.dumps(start, protocol))
        again = pickle.loads(pickle.dumps(start, protocol))
        assert outline(back) == outline(again)


def outline(value) -> list:
    """The shape of a graph of branches: each object's number in the order of first visits."""
    numbers: dict[int, int] = {}
    lines, stack, keep = [], [value], []
    while stack:
        x = stack.pop()
        keep.append(x)
        new = id(x) not in numbers
        lines.append((type(x).__name__, numbers.setdefault(id(x), len(numbers))))
        if new and isinstance(x, Branch):
            stack += [x.children, x.parent and x.parent()]
        elif new and isinstance(x, list):
            stack += x
        elif new and isinstance(x, dict):
            stack += x.values()
    return lines


@protocols
def test_a_temporary_s_address_is_used_again(protocol):
    """Each hook's list dies at once and the next may stand in its place: they are not one object."""
    class Fresh:
        def __reduce__(self):
            return list, ([len(store), "fresh"],)

    graph = [Fresh() for _ in range(100)]
    back = pickle.loads(subject.dumps(graph, protocol))
    assert len({id(item) for item in back}) == 100
    assert all(item == [len(store), "fresh"] for item in back)


@protocols
def test_persistent_id_and_override_may_fetch_too(protocol):
    class Hooked(subject.Pickler):
        def reducer_override(self, obj):
            return (list, ([store["thing"]],)) if isinstance(obj, Fetches) else NotImplemented

    store["thing"] = {"held": [1]}
    file = io.BytesIO()
    Hooked(file, protocol).dump([Fetches(), [store["thing"]], Fetches()])
    first, held, last = pickle.loads(file.getvalue())
    assert first[0] is held[0] is last[0]


@protocols
def test_fetched_across_dumps_of_one_pickler(protocol):
    store["thing"] = ["shared by two dumps"]
    file = io.BytesIO()
    pickler = subject.Pickler(file, protocol)
    pickler.dump([store["thing"]])
    pickler.dump([Fetches(), store["thing"]])
    unpickler = pickle.Unpickler(io.BytesIO(file.getvalue()))
    (first,), (fetched, second) = unpickler.load(), unpickler.load()
    assert first is second is fetched.thing


def test_beginning_anew_leaves_nothing_to_the_next_dump():
    """A tuple that holds itself through a subclass begins anew; the next dump asks its own callback."""
    class List(list):
        pass

    globals()["List"] = List
    List.__qualname__ = "List"
    try:
        cycle = (List(),)
        cycle[0].append(cycle)
        subject.dumps(cycle, 5)
        buffers: list = []
        stream = subject.dumps(pickle.PickleBuffer(b"outside"), 5, buffer_callback=buffers.append)
        assert len(buffers) == 1
        assert bytes(pickle.loads(stream, buffers=buffers)) == b"outside"
        subject.dumps(cycle, 5, buffer_callback=buffers.append)
        assert b"inside" in subject.dumps(pickle.PickleBuffer(b"inside"), 5)
    finally:
        del globals()["List"]
