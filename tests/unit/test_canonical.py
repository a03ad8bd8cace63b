"""canonical=True, case by case: what is equal gives equal bytes, and what is not does not."""

import array
import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import io
import os
import pickle
import random
import subprocess
import sys
import threading
import time
import uuid
from typing import Any, NamedTuple

import numpy
import pytest

import perdure
from perdure._engine.writer.refinement import ranks_of

protocols = pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))


def canonical(value: object, protocol: int | None = None) -> bytes:
    return perdure.dumps(value, protocol, canonical=True)


class Thing:
    """Hashed by its identity."""


def thing(**state: object) -> Thing:
    made = Thing()
    vars(made).update(state)
    return made


class Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: Any
    b: Any = None


class Colour(enum.Enum):
    RED = 1


class OrderedSet(set):
    """A set with an order of its own, which it gives to pickle."""

    def __reduce__(self):
        return OrderedSet, (sorted(self, reverse=True),)


class SetSubclass(set):
    pass


class DictSubclass(dict):
    pass


def copied(text: str) -> str:
    """An equal string that is another object."""
    return "".join(list(text))


ZONE = datetime.timezone(datetime.timedelta(hours=2))
EQUAL = {  # pairs of makers whose values are equal
    "text, interned or not": lambda: ([sys.intern("some"), sys.intern("some")], [copied("some"), copied("some")]),
    "bytes": lambda: ([b"ab"] * 2, [bytes([97, 98]), bytes([97, 98])]),
    "tuples, shared or not": lambda: ([(1, "a")] * 2, [(1, copied("a")), tuple(iter([1, "a"]))]),
    "tuples around one list": lambda: (lambda x: ([(x,)] * 2, [(x,), (x,)]))([]),
    "nested tuples": lambda: ([((1, 2.5), ())] * 2, [((1, 2.5), ()), (tuple(iter([1, 2.5])), ())]),
    "named tuples": lambda: ([Point(1, 2)] * 2, [Point(1, 2), Point(1, 2)]),
    "long ints in tuples": lambda: ([(2**100,)] * 2, [(2**100,), (int(str(2**100)),)]),
    "frozensets": lambda: ([frozenset("abc")] * 2, [frozenset("cab"), frozenset("bca")]),
    "datetimes": lambda: ([datetime.datetime(2020, 1, 2, tzinfo=ZONE)] * 2,
                          [datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
                           for _ in range(2)]),
    "decimals": lambda: ([decimal.Decimal("1.50")] * 2, [decimal.Decimal("1.50"), decimal.Decimal("1.50")]),
    "fractions": lambda: ([fractions.Fraction(1, 3)] * 2, [fractions.Fraction(1, 3), fractions.Fraction(2, 6)]),
    "UUIDs": lambda: ([uuid.UUID(int=7)] * 2, [uuid.UUID(int=7), uuid.UUID(int=7)]),
    "complex": lambda: ([complex(1, -0.0)] * 2, [complex(1, -0.0), complex(1, -0.0)]),
    "ranges": lambda: ([range(5)] * 2, [range(5), range(0, 5, 1)]),
    "methods made anew": lambda: ([dict.fromkeys] * 2, [dict.fromkeys, dict.fromkeys]),
    "numpy's scalars": lambda: ([numpy.float32(1.5)] * 2, [numpy.float32(1.5), numpy.float32(1.5)]),
    "dicts": lambda: ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "dicts, mixed keys": lambda: ({1: 1, "b": 2, None: 3, (1, "x"): 4}, {(1, "x"): 4, None: 3, "b": 2, 1: 1}),
    "dict subclasses": lambda: (DictSubclass(a=1, b=2), DictSubclass(b=2, a=1)),
    "counters": lambda: (collections.Counter("aab"), collections.Counter("baa")),
    "defaultdicts": lambda: (collections.defaultdict(int, a=1, b=2), collections.defaultdict(int, b=2, a=1)),
    "attributes": lambda: (thing(a=1, b=2), thing(b=2, a=1)),
    "set subclasses": lambda: (SetSubclass("abc"), SetSubclass("cba")),
    "sets of mixed elements": lambda: ({1, "a", 2.5, None, (1,), b"x", Colour.RED, int, len},
                                       {len, int, Colour.RED, b"x", (1,), None, 2.5, "a", 1}),
    "nan": lambda: ([(float("nan"),)] * 2, [(float("nan"),), (float("nan"),)]),
    "arrays": lambda: (numpy.arange(6).reshape(2, 3), numpy.array([[0, 1, 2], [3, 4, 5]])),
}
UNEQUAL = {
    "1, 1.0 and True": lambda: ((1,), (1.0,), (True,)),
    "inside a list of tuples": lambda: ([(1,), (1,)], [(1,), (1.0,)], [(1,), (True,)]),
    "zeros": lambda: ([(0.0,), (0.0,)], [(0.0,), (-0.0,)], [(0,), (0.0,)]),
    "text and bytes": lambda: (["a", "a"], ["a", b"a"], [b"a", b"a"]),
    "a list twice, and two lists": lambda: ([[]] * 2, [[], []]),
    "an instance twice, and two": lambda: ([thing()] * 2, [thing(), thing()]),
    "tuples of one list, and of two": lambda: ([([],)] * 2, [([],), ([],)]),
    "bytearrays": lambda: ([bytearray(b"x")] * 2, [bytearray(b"x"), bytearray(b"x")]),
    "ordered dicts": lambda: (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    "named tuples and tuples": lambda: ([Point(1, 2)] * 2, [Point(1, 2), (1, 2)]),
    "frozensets and tuples": lambda: ([frozenset([1])] * 2, [frozenset([1]), (1,)]),
    "decimals": lambda: (decimal.Decimal("1.5"), decimal.Decimal("1.50")),
    "functions of one name": lambda: ([len, len], [len, max]),
    "a set's element elsewhere": lambda: (lambda a, b: ([{a, b}, a], [{a, b}, thing()]))(thing(), thing()),
    "who shares": lambda: (sharing(3, (0, 1)), sharing(3, (0, 1, 2)), sharing(3, ())),
    "rings": lambda: (rings(2, 3), rings(5), rings(2, 2, 1)),
}


def sharing(count: int, members: tuple[int, ...]) -> set[Thing]:
    shared = thing()
    return {thing(part=shared if i in members else thing()) for i in range(count)}


def rings(*sizes: int) -> set[Thing]:
    """Rings of instances that differ in nothing but in whom they are joined to."""
    every: list[Thing] = []
    for size in sizes:
        ring = [thing() for _ in range(size)]
        for one, other in zip(ring, ring[1:] + ring[:1], strict=True):
            one.next = other
        every += ring
    random.shuffle(every)
    return set(every)


@protocols
@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL)
def test_equal_values_give_equal_bytes(pair, protocol):
    one, other = pair()
    assert canonical(one, protocol) == canonical(other, protocol)


@protocols
@pytest.mark.parametrize("values", UNEQUAL.values(), ids=UNEQUAL)
def test_unequal_values_give_unequal_bytes(values, protocol):
    streams = [canonical(value, protocol) for value in values()]
    assert len(set(streams)) == len(streams)


@protocols
@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL)
def test_a_copy_gives_the_same_bytes(pair, protocol):
    for value in pair():
        stream = canonical(value, protocol)
        for same in (pickle.loads(stream), pickle.loads(pickle.dumps(value, protocol)), copy.deepcopy(value)):
            assert canonical(same, protocol) == stream


@protocols
def test_an_object_whose_own_arguments_lead_back_to_it_keeps_its_content(protocol):
    """Counter's argument is a dict made for the answer; here a key of it holds the Counter."""
    key = thing(tag=5)
    key.counter = counter = collections.Counter({key: 1})
    for value in (counter, key, [key, counter]):
        stream = canonical(value, protocol)
        for loaded in (pickle.loads(stream), perdure.loads(stream, trusted=perdure.TRUST_ALL)):
            if type(loaded) is list:
                loaded, found = loaded
            else:
                found = loaded if isinstance(loaded, collections.Counter) else loaded.counter
            assert [k.tag for k in found] == [5] and found[next(iter(found))] == 1


def test_fifty_answers_in_a_row_are_one():
    """Addresses, reference counts and what is left of the last dump: nothing shows."""
    def value():
        return [copied("text"), {copied("text"): thing(a=(1, copied("b")))}, {"x", copied("y"), (1, 2)}, str(10**20)]

    assert len({canonical(value()) for _ in range(50)}) == 1


def test_frames_do_not_depend_on_the_buffer():
    rng = random.Random(1)
    for _ in range(40):
        value = [rng.randbytes(rng.randrange(70)) for _ in range(rng.randrange(1500, 4500))]
        file = io.BytesIO()
        perdure.dump(value, file, canonical=True)
        once = canonical(value)
        assert once == canonical(value) == file.getvalue()


def test_a_small_program_gives_the_same_bytes_in_each_process():
    program = """if True:
        import perdure, decimal
        values = [{"a", "b", 3, (1, "x"), b"z", decimal.Decimal(2), int}, frozenset(map(str, range(100))),
                  {i if i % 2 else str(i): {str(i)} for i in range(50)}]
        print(perdure.dumps(values, canonical=True).hex())"""
    answers = {
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed},
                       capture_output=True, check=True).stdout
        for seed in ("0", "1", "77")
    }
    assert len(answers) == 1


# What loads ------------------------------------------------------------------------------------------

@protocols
def test_cycles_load(protocol):
    one: list = [{"a": {1, 2}}]
    one.append((one, thing(to=one)))
    back = pickle.loads(canonical(one, protocol))
    assert back[1][0] is back and back[1][1].to is back and back[0] == {"a": {1, 2}}
    assert canonical(back, protocol) == canonical(one, protocol)


@protocols
def test_values_that_share_much_stay_linear(protocol):
    pair: tuple = ("x",)
    for _ in range(60):
        pair = (pair, pair)
    assert len(canonical(pair, protocol)) < 1500
    frozen = frozenset(["x"])
    for _ in range(60):
        frozen = frozenset([frozen, (frozen,)])
    assert len(canonical(frozen, protocol)) < 10_000


def test_depth_is_no_matter():
    def make(step):
        value = ("end",)
        for _ in range(100_000):
            value = step(value)
        return value

    # Freed in the main thread: 3.13 itself recurses 10,000 levels deep there, whatever the stack's size.
    values = [make(step) for step in (lambda v: (v,), lambda v: (v, 1.5), lambda v: [v])]
    streams = []

    def run():
        for value in values:
            streams.append(canonical(value))

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert [len(s) > 200_000 for s in streams] == [True] * 3


def test_dicts_load_in_canonical_order():
    assert list(perdure.loads(canonical({"b": 1, "ä": 2, "a": 3}))) == ["a", "b", "ä"]
    assert list(perdure.loads(canonical({10: 1, 9: 2}))) == [9, 10]
    assert list(perdure.loads(canonical(collections.OrderedDict(b=1, a=2)), trusted=perdure.TRUST_ALL)) == ["b", "a"]


def test_a_set_with_an_order_of_its_own_keeps_it():
    assert b"c" in (stream := canonical(OrderedSet("abc"))) and stream.index(b"c\x94") < stream.index(b"a\x94")


def test_buffers_travel_apart():
    def dumped(value):
        buffers: list = []
        stream = perdure.dumps(value, 5, canonical=True, buffer_callback=buffers.append)
        return stream, [bytes(buffer.raw()) for buffer in buffers]

    assert dumped({"a": numpy.arange(5), "b": numpy.ones(3)}) == dumped({"b": numpy.ones(3), "a": numpy.arange(5)})


# Sets of what is mutable -------------------------------------------------------------------------------

def tree() -> Thing:
    root = thing(up=None, below=set())
    for i in range(5):
        child = thing(up=root, below=set())
        root.below.add(child)
        child.below.update(thing(up=child, below=set()) for _ in range(i % 3))
    return root


def peers() -> list[set[Thing]]:
    some = [thing() for _ in range(4)]
    return [set(some), {thing(peer=x) for x in some}]


def late() -> list:
    some = [thing() for _ in range(3)]
    return [set(some), random.choice(some)]


SETS = {
    "a tree with parents": tree,
    "two sets, paired": peers,
    "referred to later": late,
    "shared by two of three": lambda: sharing(3, random.choice([(0, 1), (1, 2), (0, 2)])),
    "a ring of two and one of three": lambda: rings(2, 3),
    "rings of three, three and six": lambda: rings(3, 6, 3),
    "frozen dataclasses": lambda: {Frozen(i, str(i)) for i in random.sample(range(20), 20)},
    "dicts by instances": lambda: {thing(n=i % 2): [i % 2] for i in range(6)},
    "tuples with lists' owners": lambda: {(i % 2, thing()) for i in range(6)},
    "nan keys": lambda: {float("nan"): i for i in random.sample(range(4), 4)},
    "frozenset of frozensets": lambda: frozenset(frozenset([thing(), i % 2]) for i in range(4)),
    "reduced to a set": lambda: {SetSubclass.__name__: SetSubclass(thing(n=i) for i in range(4))},
}


@protocols
@pytest.mark.parametrize("make", SETS.values(), ids=SETS)
def test_sets_of_mutable_objects_have_an_order(make, protocol):
    assert len({canonical(make(), protocol) for _ in range(20)}) == 1
    value = make()
    assert canonical(pickle.loads(canonical(value, protocol)), protocol) == canonical(value, protocol)
    assert canonical(pickle.loads(pickle.dumps(value, protocol)), protocol) == canonical(value, protocol)


def test_ranks_follow_the_graph_alone():
    rng = random.Random(2)
    for _ in range(200):
        n = rng.randrange(1, 9)
        edges = [(rng.randrange(n), rng.choice([b"a", b"b"]), rng.randrange(n)) for _ in range(rng.randrange(2 * n))]
        labels = [rng.choice([b"x", b"y"]) for _ in range(n)]
        forms = set()
        for _ in range(6):
            names = rng.sample(range(n), n)
            place = ranks_of([labels[names.index(i)] for i in range(n)],
                             rng.sample([(names[a], e, names[b]) for a, e, b in edges], len(edges)), range(n))
            assert sorted(place) == list(range(n))
            forms.add((tuple(sorted((place[names[a]], e, place[names[b]]) for a, e, b in edges)),
                       tuple(labels[names.index(place.index(i))] for i in range(n))))
        assert len(forms) == 1, (labels, edges)


# What fails ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("value", [
    {(float("nan"),), (float("nan"),)},
    {decimal.Decimal("nan"): 1, decimal.Decimal("nan"): 2},
], ids=["set", "dict"])
def test_keys_that_are_the_same_value_are_refused(value):
    with pytest.raises(pickle.PicklingError, match="same value"):
        canonical(value)


def test_errors_say_where():
    with pytest.raises(pickle.PicklingError, match=r"root\['a'\]\[0\]"):
        canonical({"b": 1, "a": [lambda: 0]})
    with pytest.raises(TypeError, match="cannot pickle"):
        canonical({thing(lock=threading.Lock()), thing()})


def test_the_next_dump_is_an_ordinary_one():
    value = {"b": "text", "a": [1, 2.5, ("x", "x")]}
    before = perdure.dumps(value)
    canonical(value)
    assert perdure.dumps(value) == before


# What it costs ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [
    lambda: {f"text {i}" for i in range(100_000)},
    lambda: {(i, str(i)) for i in range(30_000)},
    lambda: {Frozen(i) for i in range(10_000)},
    lambda: {thing(a=1) for i in range(2_000)},
    lambda: [array.array("d", [1.0]) for _ in range(10_000)],
], ids=["text", "tuples", "dataclasses", "alike", "arrays"])
def test_large_ones_take_seconds_at_most(make):
    value = make()
    start = time.perf_counter()
    canonical(value)
    assert time.perf_counter() - start < 20
