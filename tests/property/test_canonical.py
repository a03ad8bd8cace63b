"""The laws of canonical pickles, on random graphs: docs/canonical.md says what equal means.

- Equal values give equal bytes: in another copy of the graph, with sets and dicts filled
  in another order, in a process with another hash seed.
- What loads gives the same bytes again, and the standard library loads the same.
- Unequal values give unequal bytes.
"""

import functools
import hashlib
import os
import pickle
import random
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.property import kinds
from tests.property.graphs import KINDS, difference, graphs, isomorphic, parts

perdure = pytest.importorskip("perdure")

# A list of items in the order of a dict is what its reduce says, so those two are out (see docs).
DETERMINISTIC = tuple(k for k in KINDS if k not in ("StateTuple", "ReducedItems"))
any_graph = graphs(kinds_of_nodes=DETERMINISTIC, most=8)
protocols = st.integers(2, pickle.HIGHEST_PROTOCOL)


def canonical(graph, protocol=5):
    try:
        return perdure.dumps(graph, protocol, canonical=True)
    except pickle.PicklingError as error:  # two keys that are one value, with a nan in it
        assume("nan" not in str(error) and "twice" not in str(error) and "equal" not in str(error))
        raise


def copied(graph):
    try:
        return pickle.loads(pickle.dumps(graph, 5))
    except Exception:
        assume(False)


def refilled(graph, rng):
    """The same graph, with each set and dict emptied and filled again in another order."""
    seen, stack = set(), [graph]
    while stack:
        x = stack.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, (functools.partial, BaseException)):
            continue  # to look at their __dict__ is to change their state: none, then {}
        stack += parts(x)[1]
        if type(x) is set or type(x) is kinds.SetSubclass:
            items = list(x)
            rng.shuffle(items)
            x.clear()
            x.update(range(10**6, 10**6 + rng.randrange(50)))  # a larger table, other places
            x.clear()
            x.update(items)
        for d in [x] if type(x) is dict else [vars(x)] if hasattr(x, "__dict__") and not isinstance(x, type) else []:
            items = list(d.items())
            rng.shuffle(items)
            d.clear()
            d.update(items)
    return graph


@given(graph=any_graph, protocol=protocols)
def test_a_copy_gives_the_same_bytes(graph, protocol):
    first = copied(graph)
    assert canonical(first, protocol) == canonical(copied(first), protocol)


@given(graph=any_graph, protocol=protocols, seed=st.integers(0, 99))
def test_the_order_of_filling_plays_no_part(graph, protocol, seed):
    first = copied(graph)
    assert canonical(first, protocol) == canonical(refilled(copied(first), random.Random(seed)), protocol)


@given(graph=any_graph, protocol=protocols)
def test_what_loads_gives_the_same_bytes(graph, protocol):
    first = copied(graph)
    stream = canonical(first, protocol)
    assert canonical(pickle.loads(stream), protocol) == stream
    assert canonical(perdure.pickle.loads(stream), protocol) == stream


@given(graph=any_graph)
def test_what_loads_is_the_value(graph):
    """Compared as the plain stream's value is, once both are written canonically by pickle's own rules."""
    first = copied(graph)
    back = pickle.loads(canonical(first))
    assert type(back) is type(first)
    assert isomorphic(pickle.loads(canonical(back)), back)


@given(one=any_graph, other=any_graph)
def test_unequal_values_give_unequal_bytes(one, other):
    one, other = copied(one), copied(other)
    if canonical(one) == canonical(other):
        assert difference(pickle.loads(canonical(one)), pickle.loads(canonical(other))) is None


def test_what_is_told_apart():
    x = [1]
    values = [1, 1.0, True, "1", b"1", bytearray(b"1"), 0.0, -0.0, (1,), [1], {1}, frozenset([1]), {1: 1}, [x, x], [x, [1]], {1.0: 1},
              {True: 1}, kinds.Pair(1, 2), (1, 2), kinds.Data(1), kinds.SlotData(1), range(3), slice(3), None, ..., int, float]
    streams = [perdure.dumps(v, canonical=True) for v in values]
    assert len(set(streams)) == len(values)


def test_hash_seeds_play_no_part(tmp_path):
    streams: list[bytes] = []

    @settings(max_examples=int(os.environ.get("PERDURE_EXAMPLES", "60")), deadline=None)
    @given(graph=any_graph)
    def collect(graph):
        canonical(copied(graph))
        streams.append(pickle.dumps(copied(graph), 5))

    collect()
    file = tmp_path / "streams"
    file.write_bytes(pickle.dumps(streams))
    child = ("import hashlib, pickle, sys, perdure; import tests.property.kinds\n"
             "for s in pickle.load(open(sys.argv[1], 'rb')):\n"
             "    print(hashlib.sha256(perdure.dumps(pickle.loads(s), canonical=True)).hexdigest())")
    here = [hashlib.sha256(perdure.dumps(pickle.loads(s), canonical=True)).hexdigest() for s in streams]
    for seed in ("0", "1", "4294967295"):
        done = subprocess.run([sys.executable, "-c", child, str(file)], env={**os.environ, "PYTHONHASHSEED": seed},
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == here
