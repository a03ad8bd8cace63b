"""Ours to the standard library, the standard library to ours, ours to ours: the same graph, at every protocol.

The same as what: as the graph that the standard library's own round trip gives. (It
drops what a class's reduce drops, a Counter's attributes say; it refuses a few cycles
through reduce arguments, and slots below protocol 2: such graphs are passed over.)
"""

import io
import os
import pickle

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.property.graphs import graphs, isomorphic
from tests.subject import subject

settings.register_profile("perdure", max_examples=int(os.environ.get("PERDURE_EXAMPLES", "60")), deadline=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("perdure")

protocols = pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))


def expected(graph, protocol):
    try:
        return pickle.loads(pickle.dumps(graph, protocol))
    except Exception:
        assume(False)


def python_loads(stream):
    return pickle._Unpickler(io.BytesIO(stream)).load()


@protocols
@given(graph=graphs())
def test_ours_is_read_by_the_standard_library(graph, protocol):
    same = expected(graph, protocol)
    stream = subject.dumps(graph, protocol)
    assert isomorphic(same, pickle.loads(stream))
    assert isomorphic(same, python_loads(stream))


@protocols
@given(graph=graphs())
def test_the_standard_librarys_is_read_by_ours(graph, protocol):
    same = expected(graph, protocol)
    assert isomorphic(same, subject.loads(pickle.dumps(graph, protocol)))


@protocols
@given(graph=graphs())
def test_ours_is_read_by_ours(graph, protocol):
    same = expected(graph, protocol)
    assert isomorphic(same, subject.loads(subject.dumps(graph, protocol)))


@protocols
@given(graph=graphs(most=6))
def test_files_give_the_same_as_bytes(graph, protocol):
    same = expected(graph, protocol)
    file = io.BytesIO()
    subject.dump(graph, file, protocol)
    subject.dump("next", file, protocol)
    file.seek(0)
    assert isomorphic(same, subject.load(file))
    assert subject.load(file) == "next"


@protocols
@given(graph=graphs(most=6))
def test_reused_pickler_and_unpickler_share_one_memo(graph, protocol):
    both = [graph, [graph, graph]]
    same = expected(both, protocol)
    file = io.BytesIO()
    pickler = subject.Pickler(file, protocol)
    for part in both:
        pickler.dump(part)
    for unpickler in (subject.Unpickler(io.BytesIO(file.getvalue())), pickle.Unpickler(io.BytesIO(file.getvalue()))):
        assert isomorphic(same, [unpickler.load(), unpickler.load()])
