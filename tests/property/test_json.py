"""Any graph of objects to JSON and back is the graph that pickle would give; so is any stream, of any protocol."""

import json as standard
import os
import pickle
from functools import cache
from importlib import resources

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import perdure
from perdure import json
from perdure._engine.text import plain_writer
from perdure.formats import json_text
from perdure.graph import Graph
from perdure.graph import dumps as stream_of
from tests.property.graphs import graphs, isomorphic, texts

few = settings(max_examples=int(os.environ.get("PERDURE_EXAMPLES", "150")), deadline=None,
               suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                                      HealthCheck.function_scoped_fixture])


def expected(graph, protocol=5):
    try:
        return pickle.loads(pickle.dumps(graph, protocol))
    except Exception:
        assume(False)


@cache
def validator():
    jsonschema = pytest.importorskip("jsonschema")
    schema = standard.loads(resources.files("perdure.formats").joinpath(json_text.SCHEMA).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@few
@given(graph=graphs())
def test_a_graph_comes_back_as_pickle_gives_it(graph):
    same = expected(graph)
    assert isomorphic(same, json.loads(json.dumps(graph), trusted=perdure.TRUST_ALL))


@few
@given(graph=graphs(), options=st.fixed_dictionaries({}, optional={
    "indent": st.sampled_from([0, 2, "\t"]), "ensure_ascii": st.just(True), "safe_integers": st.just(True),
    "arrays": st.sampled_from(["numbers", "base64"])}))
def test_whatever_the_options(graph, options):
    same = expected(graph)
    text = json.dumps(graph, **options)
    assert isomorphic(same, json.loads(text, trusted=perdure.TRUST_ALL))
    assert text.isascii() or "ensure_ascii" not in options


@few
@given(graph=graphs(), protocol=st.integers(0, 5))
def test_a_stream_of_any_protocol_goes_through_a_text(graph, protocol):
    same = expected(graph, protocol)
    text = json_text.write(Graph(pickle.dumps(graph, protocol)))
    assert isomorphic(same, pickle.loads(stream_of(json_text.read(text))))


native = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=40,
)


@few
@given(value=graphs() | native, options=st.fixed_dictionaries({}, optional={
    "sort_keys": st.just(True), "safe_integers": st.just(True)}))
def test_what_is_written_at_once_is_what_its_graph_gives(value, options):
    expected(value)
    text = plain_writer.write(value, text=False, **options)
    assert text is None or text == json_text.write(Graph(perdure.dumps(value)), **options)


@few
@given(graph=graphs())
def test_any_parser_reads_it(graph):
    expected(graph)
    text = json.dumps(graph)
    standard.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    text.encode()  # no lone surrogate stands in it


@few
@given(graph=graphs())
def test_the_schema_accepts_it(graph):
    expected(graph)
    validator().validate(standard.loads(json.dumps(graph)))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5), max_leaves=30)


@few
@given(value=plain, by=st.sampled_from(["orjson", "alone"]))
def test_plain_data_is_read_as_json_reads_it(value, by, monkeypatch):
    with monkeypatch.context() as patch:
        if by == "alone":
            patch.setattr(json, "orjson", None)
        text = standard.dumps(value)
        assert isomorphic(json.loads(text), standard.loads(text))
        ours = json.dumps(value)
        assert isomorphic(json.loads(ours), value)
        if '"$perdure"' not in ours:
            assert isomorphic(standard.loads(ours), value)


@few
@given(text=st.text(st.sampled_from('{}[]",:\\ud8é0123456789-.eE+ntrufalsNI$perdu \n'), max_size=30) | st.binary(max_size=20))
def test_any_text_is_read_or_refused_as_json_does(text):
    try:
        ours = json.loads(text)
    except perdure.UnpicklingError:
        ours = None
    try:
        theirs = standard.loads(text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError, RecursionError):
        assert ours is None
        return
    if ours is None:
        assert theirs is None or isinstance(text, bytes) or (isinstance(theirs, dict) and "$perdure" in theirs)
    else:
        assert isomorphic(ours, theirs)


