"""canonical=True on random graphs: bytes follow from the value alone.

The laws: what the standard library copies, in this process or in one with another hash
seed, gives the same bytes; what loads is the same graph, but for the sharing of values and
the order of dicts; instances that are told apart by their edges alone are given one order.
"""

import copy
import hashlib
import os
import pickle
import random
import subprocess
import sys

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import perdure
from tests.property import graphs as g
from tests.property.kinds import Plain

EXAMPLES = int(os.environ.get("PERDURE_EXAMPLES", "60"))
settings.register_profile("perdure", max_examples=EXAMPLES, deadline=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("perdure")

protocols = st.integers(0, pickle.HIGHEST_PROTOCOL)


def canonical(value, protocol=None):
    return perdure.dumps(value, protocol, canonical=True)


def copied(graph, protocol):
    """What the standard library makes of it: what it can't copy, or would not copy twice alike, is passed over."""
    try:
        return pickle.loads(pickle.dumps(graph, protocol))
    except Exception:
        assume(False)


def dumped(graph, protocol):
    try:
        return canonical(graph, protocol)
    except pickle.PicklingError as problem:
        assume("same value" not in str(problem))  # two nan keys: refused, and tested apart
        raise


@settings(max_examples=2 * EXAMPLES)
@given(graph=g.graphs(), protocol=protocols)
def test_copies_give_the_same_bytes(graph, protocol):
    same = copied(graph, protocol)  # one trip first: a reduce may drop things
    stream = dumped(same, protocol)
    assert canonical(same, protocol) == stream
    assert canonical(copied(same, protocol), protocol) == stream
    assert canonical(pickle.loads(stream), protocol) == stream
    assert canonical(perdure.loads(perdure.dumps(same, protocol), trusted=perdure.TRUST_ALL), protocol) == stream


@settings(max_examples=2 * EXAMPLES)
@given(graph=g.graphs(), protocol=protocols)
def test_what_loads_is_the_same_graph(graph, protocol):
    same = copied(graph, protocol)
    assert g.isomorphic(same, pickle.loads(dumped(same, protocol)), loosely=True)


# Plain values, built twice in different ways ----------------------------------------------------------

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9) | st.binary(max_size=9)
    | st.uuids() | st.decimals(allow_nan=False) | st.datetimes(timezones=g.zones))
keys = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
                    max_leaves=8)
values = st.recursive(
    keys | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.sets(keys, max_size=6)
    | st.dictionaries(keys, inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5), max_leaves=20)


def rebuilt(value, rng):
    """The same value of other objects, its sets and dicts filled in another order."""
    kind = type(value)
    if kind is str:
        text = "".join(list(value))
        return sys.intern(text) if rng.random() < 0.5 else text
    if kind is bytes:
        return bytes(bytearray(value))
    if kind in (list, tuple):
        return kind([rebuilt(item, rng) for item in value])
    if kind in (set, frozenset):
        items = [rebuilt(item, rng) for item in value]
        rng.shuffle(items)
        grown = {*range(1000, 1000 + rng.randrange(50)), *items}  # a table of another size
        return kind(grown.intersection(items) if rng.random() < 0.5 else items)
    if kind is dict:
        pairs = [(rebuilt(key, rng), rebuilt(item, rng)) for key, item in value.items()]
        rng.shuffle(pairs)
        return dict(pairs)
    return copy.copy(value)


def exact(value):
    """A form in which no two different values compare equal."""
    kind = type(value)
    if kind in (set, frozenset):
        return kind.__name__, sorted(map(repr, map(exact, value)))
    if kind is dict:
        return "dict", sorted(repr((exact(key), exact(item))) for key, item in value.items())
    if kind in (list, tuple):
        return kind.__name__, [exact(item) for item in value]
    return kind.__name__, ascii(value) if kind is not float else g.bits(value)


@settings(max_examples=4 * EXAMPLES)
@given(value=values, seed=st.integers(0, 100), protocol=protocols)
def test_how_a_value_was_built_is_no_matter(value, seed, protocol):
    other = rebuilt(value, random.Random(seed))
    assume(exact(value) == exact(other))  # 1 in a set of 1.0 and the like
    assert canonical(value, protocol) == canonical(other, protocol)


@given(one=values, other=values, protocol=protocols)
def test_unequal_values_give_unequal_bytes(one, other, protocol):
    assume(exact(one) != exact(other) and protocol)  # protocol 0 has one nan
    assert canonical(one, protocol) != canonical(other, protocol)


# Instances that nothing but their edges tells apart ------------------------------------------------------

@settings(max_examples=2 * EXAMPLES)
@given(data=st.data(), size=st.integers(1, 6))
def test_instances_alike_have_one_order(data, size):
    edges = data.draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=10))
    outside = data.draw(st.lists(st.integers(0, size - 1), max_size=2))

    def build(names):
        nodes = [Plain(None) for _ in range(size)]
        for node in nodes:
            node.to = set()
        for a, b in edges:
            nodes[names[a]].to.add(nodes[names[b]])
        return [set(nodes), [nodes[names[i]] for i in outside]]

    first = canonical(build(list(range(size))))
    for _ in range(3):
        assert canonical(build(random.sample(range(size), size))) == first


# Another process -------------------------------------------------------------------------------------------

CHILD = """if True:
    import hashlib, pickle, sys
    import perdure
    for protocol, stream in pickle.load(sys.stdin.buffer):
        value = pickle.loads(stream)
        print(hashlib.sha256(perdure.dumps(value, protocol, canonical=True)).hexdigest())"""


def test_bytes_are_the_same_in_every_process():
    cases, digests = [], []

    @settings(max_examples=4 * EXAMPLES, database=None)
    @given(graph=g.graphs() | values, protocol=protocols)
    def collect(graph, protocol):
        same = copied(graph, protocol)
        digests.append(hashlib.sha256(dumped(same, protocol)).hexdigest())
        cases.append((protocol, pickle.dumps(same, protocol)))

    collect()
    for seed in ("0", "1", "4000000000"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        answer = subprocess.run([sys.executable, "-c", CHILD], input=pickle.dumps(cases), env=env,
                                capture_output=True, check=True)
        assert answer.stdout.decode().split() == digests
