"""The law of graphs, on random ones: a pickler's stream comes back byte for byte, of any pickler and protocol; and what
a Builder makes of the nodes of one is a stream of the same object."""

import pickle
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perdure import graph
from tests.property.graphs import graphs, isomorphic
from tests.subject import subject

protocols = st.integers(0, pickle.HIGHEST_PROTOCOL)


def stream_of(module: Any, value: Any, protocol: int) -> bytes:
    try:
        return module.dumps(value, protocol)  # type: ignore[no-any-return]
    except Exception:  # not every kind goes by every protocol, or at all
        assume(False)
        raise


@pytest.mark.parametrize("module", [pickle, subject], ids=["pickle", "perdure"])
@given(value=graphs(), protocol=protocols)
def test_a_stream_comes_back_byte_for_byte(module: Any, value: Any, protocol: int) -> None:
    stream = stream_of(module, value, protocol)
    g = graph.loads(stream)
    assert graph.dumps(g) == stream
    assert g.end == len(stream)
    for node in graph.walk(g.root):
        assert node.kind in graph.KINDS


@given(value=graphs(), protocol=st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_what_a_builder_makes_anew_is_the_same_object(value: Any, protocol: int) -> None:
    g = graph.loads(stream_of(pickle, value, protocol))
    try:
        wanted = pickle.loads(graph.dumps(g))
    except Exception:  # pickle writes what it can't read where a tuple leads back to itself by a frozenset
        assume(False)
    assert isomorphic(wanted, pickle.loads(rebuilt(g).dumps()))


def rebuilt(g: graph.Graph) -> graph.Graph:
    """The same nodes, from nothing: each is begun before any is filled."""
    b = graph.Builder()
    nodes = list(graph.walk(g.root))
    made = {node: begun(b, node) for node in nodes}
    for node in nodes:
        if node.how is not None:
            parts = [node.callee, node.arguments, *([node.kwargs] if node.how == "new_ex" else [])]
            b.made_of(made[node], node.how, [made[part] for part in parts if part is not None])
        elif node.kind in ("tuple", "frozenset"):
            b.made_of(made[node], "items", [made[each] for each in node.items])
        elif node.kind == "persistent":
            b.made_of(made[node], "id", [made[node.value]])
        for what, step in node.steps:
            each = [part for pair in step for part in pair] if what == "pairs" else step
            b.fill(made[node], what, [made[part] for part in each])
    return b.finish(made[g.root])


def begun(b: graph.Builder, node: graph.Node) -> int:
    leaves = {"bool": b.boolean, "int": b.integer, "float": b.real, "str": b.text, "string": b.string, "bytes": b.octets,
              "bytearray": b.octet_array, "buffer": b.buffer, "extension": b.extension}  # fmt: skip
    if node.kind in leaves:
        return leaves[node.kind](node.value)
    if node.kind == "none":
        return b.none()
    if node.kind == "name":
        assert node.name is not None
        return b.name(*node.name.split(":"))
    return b.begin(node.kind)
