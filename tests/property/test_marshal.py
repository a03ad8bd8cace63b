"""What the standard marshal wrote reads as the same graph; any bytes at all give a value or an error of ours."""

import contextlib
import io
import marshal as standard
import os
import random
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import perdure
from perdure import marshal
from tests.fuzz import marshalling, mutation
from tests.property.graphs import isomorphic

settings.register_profile("marshal", max_examples=int(os.environ.get("PERDURE_EXAMPLES", "100")), deadline=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
with_profile = settings.get_profile("marshal")

integers = st.integers() | st.integers(-(2**200), 2**200) | st.sampled_from([2**15, -(2**15), 2**30, 2**31, -(2**31), 2**60, 2**63])
texts = st.text(st.characters(exclude_categories=()), max_size=20) | st.text("ab", max_size=300)
atoms = st.one_of(st.none(), st.booleans(), st.just(...), st.just(StopIteration), integers, st.floats(), st.complex_numbers(), texts,
                  texts.map(sys.intern), st.binary(max_size=300))
keys = st.recursive(atoms, lambda parts: st.lists(parts, max_size=4).map(tuple) | st.frozensets(parts, max_size=4), max_leaves=8)
values = st.recursive(
    atoms | keys,
    lambda parts: st.one_of(
        st.lists(parts, max_size=5), st.lists(parts, max_size=5).map(tuple), st.dictionaries(keys, parts, max_size=5),
        st.sets(keys, max_size=5), st.lists(parts, min_size=1, max_size=3).map(lambda some: some * 3),
    ),
    max_leaves=30,
)  # fmt: skip
versions = pytest.mark.parametrize("version", range(standard.version + 1))


@st.composite
def cyclic(draw) -> list:
    """Lists and dicts that hold one another and tuples of one another, in any way."""
    nodes: list = [draw(st.sampled_from([list, dict]))() for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(0, 5))):
        nodes.append(tuple(draw(st.lists(st.sampled_from(nodes), max_size=3))))
    for node in nodes:
        for part in draw(st.lists(st.sampled_from([None, 1.5, "text", *nodes]), max_size=4)):
            if isinstance(node, list):
                node.append(part)
            elif isinstance(node, dict):
                node[len(node)] = part
    return draw(st.sampled_from(nodes)) if draw(st.booleans()) else nodes


@versions
@given(value=values)
@with_profile
def test_what_the_standard_module_wrote(version, value):
    data = standard.dumps(value, version)
    expected = standard.loads(data)
    assert isomorphic(expected, marshal.loads(data))
    file = io.BytesIO(data + data)
    assert isomorphic(expected, marshal.load(file))
    assert file.tell() == len(data)


@pytest.mark.parametrize("version", range(3, standard.version + 1))
@given(value=cyclic())
@with_profile
def test_cycles(version, value):
    data = standard.dumps(value, version)
    assert isomorphic(standard.loads(data), marshal.loads(data))
    assert isomorphic(standard.loads(data), marshal.load(io.BytesIO(data)))


SEEDS = [marshalling.tokens(stream) for stream in marshalling.streams()]


@given(number=st.integers(0, 2**64), seed=st.sampled_from(SEEDS), other=st.sampled_from(SEEDS))
@with_profile
def test_mutants(number, seed, other):
    data = b"".join(mutation.mutate(random.Random(number), seed, other, marshalling.token))
    for door in marshalling.doors():
        with contextlib.suppress(*door.allowed):
            door.enter(data)


@given(data=st.binary(max_size=60))
@with_profile
def test_any_bytes(data):
    with contextlib.suppress(perdure.UnpicklingError):
        marshal.loads(data)
    with contextlib.suppress(perdure.UnpicklingError):
        marshal.load(io.BytesIO(data))
