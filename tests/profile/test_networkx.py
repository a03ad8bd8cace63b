"""The pack "networkx": graphs and views load as by the standard module; what is no graph's attribute does not."""

import pickle

import pytest

import perdure
from perdure import CorruptError, LimitError, UntrustedError

nx = pytest.importorskip("networkx", reason="the pack's own library is not installed")

from tests.profile.forge import having, tampered
from tests.profile.networkx_cases import GRAPHS, content


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_and_views(name: str) -> None:
    for protocol in range(6):
        stream = pickle.dumps(GRAPHS[name], protocol)
        one, other = perdure.loads(stream, trusted=["networkx"]), pickle.loads(stream)
        assert type(one) is type(other)
        assert content(one) == content(other)
        if isinstance(one, nx.Graph):
            assert vars(one).keys() == vars(other).keys()
    with pytest.raises(UntrustedError):
        perdure.loads(stream)


def test_both_ends_of_an_edge_share_its_attributes() -> None:
    one = perdure.loads(pickle.dumps(GRAPHS["Graph"]), trusted=["networkx"])
    one[1][2]["weight"] = 9
    assert one[2][1]["weight"] == 9


def test_a_view_follows_its_graph() -> None:
    graph, edges = perdure.loads(pickle.dumps([GRAPHS["Graph"], GRAPHS["Graph"].edges]), trusted=["networkx"])
    graph.add_edge(7, 8)
    assert (7, 8) in edges


@pytest.mark.parametrize(
    "attributes",
    [
        {"node_dict_factory": list}, {"add_edge": nx.freeze}, {"nodes": print}, {"_adj": 3}, {"__class__": nx.DiGraph},
        {"graph": []}, {"number_of_nodes": nx.path_graph(2)}, {"edges": dict}, {"name_": pickle.loads},
    ],
    ids=lambda attributes: next(iter(attributes)),
)  # fmt: skip
def test_attributes_that_no_graph_has(attributes: dict[str, object]) -> None:
    stream = tampered(GRAPHS["Graph"], nx.Graph, having(**attributes))
    with pytest.raises((CorruptError, UntrustedError)):
        perdure.loads(stream, trusted=["networkx"])


@pytest.mark.parametrize(
    ("view", "attributes"),
    [
        ("Graph.adj", {"_atlas": 3}), ("Graph.edges", {"_graph": {}}), ("Graph.edges", {"_adjdict": []}),
        ("Graph.edges.data()", {"viewer": {}}), ("Graph.edges.data()", {"more": 1}),
        ("Graph.edges.data()", {"nbunch": [1]}), ("DiGraph.degree", {"_nodes": 3}),
    ],
)  # fmt: skip
def test_views_of_what_is_no_graph(view: str, attributes: dict[str, object]) -> None:
    found = GRAPHS[view]
    with pytest.raises(CorruptError):
        perdure.loads(tampered(found, type(found), having(**attributes)), trusted=["networkx"])


@pytest.mark.parametrize(
    ("view", "attributes"),
    [
        ("Graph.edges.data()", {"data": "DEEP"}), ("Graph.nodes.data()", {"_data": "DEEP"}),
        ("DiGraph.degree", {"_nodes": ["DEEP"]}), ("DiGraph.degree", {"_weight": "DEEP"}),
    ],
    ids=str,
)  # fmt: skip
def test_what_views_look_up_is_no_tuple_of_endless_depth(view: str, attributes: dict[str, object]) -> None:
    """hash() of one overflows the C stack; one that is less deep may ask for more than there is time."""
    found = GRAPHS[view]
    stream = tampered(found, type(found), having(**attributes))
    text = b"\x8c\x04DEEP"
    assert stream.count(text) == 1 and stream[2:3] == pickle.FRAME
    for tuples in (pickle.TUPLE1 * 100_000, (pickle.DUP + pickle.TUPLE2) * 60):
        with pytest.raises(LimitError):
            perdure.loads(stream[:2] + stream[11:].replace(text, b"N" + tuples), trusted=["networkx"])
