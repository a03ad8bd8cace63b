"""networkx (pack "networkx"): graphs and their views.

All of it is Python, so what counts is what an attribute may be: data, a view, or one of the two functions by which
networkx itself freezes a graph and filters a view; never another function, nor what makes the dicts of a graph.
"""

from __future__ import annotations

from importlib import import_module
from types import FunctionType, MemberDescriptorType

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Constant, Kind, as_keys, attributes_of, bare, imported, kind_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "attribute", "kind", "row"]

TOPS = ("networkx",)
NEEDS = ()

_CORE, _REPORT, _FILTERS = "networkx.classes.coreviews", "networkx.classes.reportviews", "networkx.classes.filters"
_GRAPHS = {
    "networkx.classes.graph": ("Graph",),
    "networkx.classes.digraph": ("DiGraph",),
    "networkx.classes.multigraph": ("MultiGraph",),
    "networkx.classes.multidigraph": ("MultiDiGraph",),
    "networkx.algorithms.planarity": ("PlanarEmbedding",),
}
_MAPPINGS = (
    "AtlasView", "AdjacencyView", "MultiAdjacencyView", "UnionAtlas", "UnionAdjacency", "UnionMultiInner",
    "UnionMultiAdjacency", "FilterAtlas", "FilterAdjacency", "FilterMultiInner", "FilterMultiAdjacency",
)  # fmt: skip
_EDGES = ("EdgeView", "OutEdgeView", "InEdgeView", "MultiEdgeView", "OutMultiEdgeView", "InMultiEdgeView")
_REPORTS = (
    "NodeView", "NodeDataView", "DegreeView", "DiDegreeView", "InDegreeView", "OutDegreeView", "MultiDegreeView",
    "DiMultiDegreeView", "InMultiDegreeView", "OutMultiDegreeView", *_EDGES,
)  # fmt: skip
_EDGE_DATA = (
    "EdgeDataView", "OutEdgeDataView", "InEdgeDataView", "MultiEdgeDataView", "OutMultiEdgeDataView",
    "InMultiEdgeDataView",
)  # fmt: skip
_FUNCTIONS = {("networkx.classes.function", "frozen"), (_FILTERS, "no_filter")}
_LOOK = 4096  # what making a graph or a view counts for, in bytes that are copied
_CACHE = "__networkx_cache__"
_FORBIDDEN = object()  # a PlanarEmbedding's own method, until the instance has it


def _function(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def _is_graph(found: Any) -> bool:
    return type(found).__qualname__ in _GRAPHS.get(type(found).__module__, ())


def _is_mapping(found: Any) -> bool:
    return type(found) is dict or (type(found).__module__ == _CORE and type(found).__qualname__ in _MAPPINGS)


def _check(what: str, attributes: dict[str, Any]) -> None:
    """The parts that a graph or a view goes through are mappings; what lets nodes and edges through is networkx's;
    the rest are names of attributes, and nodes, which it looks up."""
    charge_copy(_LOOK)
    as_keys(attributes.values())
    for key, value in attributes.items():
        if key == "_nodes" and not _is_mapping(value):
            if type(value) is not list:
                raise CorruptError(f"{key} of a {what} are a dict, a view or a list")
            charge_copy(64 * len(value))
            attributes[key] = list(value)
            as_keys(value)
        if key in ("_node", "_adj", "_succ", "_pred", "_atlas", "_adjdict") and not _is_mapping(value):
            raise CorruptError(f"{key} of a {what} is a dict or a view")
        if key == "_graph" and not _is_graph(value):
            raise CorruptError(f"{key} of a {what} is a graph")
        if key.lstrip("_") in ("NODE_OK", "EDGE_OK"):
            shows = type(value).__module__ == _FILTERS and type(value).__qualname__ == "show_nodes"
            if not shows and value is not _function(_FILTERS, "no_filter"):
                raise CorruptError(f"{key} of a {what} is a filter of networkx")
        elif isinstance(value, (FunctionType, type)):
            raise CorruptError(f"{key:.100} of a {what} is a function or a class")


def _build_graph(graph: Any, state: Any) -> None:
    what = type(graph).__name__
    if type(state) is not dict or graph.__dict__:
        raise CorruptError(f"the state of a {what} is a dict, once")
    frozen = _function("networkx.classes.function", "frozen")
    instead = {id(frozen): frozen}
    if hasattr(graph, "_forbidden"):
        instead[id(_FORBIDDEN)] = graph._forbidden
    parts = {key: value for key, value in state.items() if key != _CACHE and id(value) not in instead}
    attributes = attributes_of(graph, parts)
    _check(what, attributes)
    if type(attributes.get("graph", {})) is not dict:
        raise CorruptError(f"the attributes of a {what} are a dict")
    for key, value in state.items():
        if id(value) in instead:  # in the place of what would change a graph that is frozen, or planar
            if type(key) is not str or not isinstance(getattr(type(graph), key, None), FunctionType):
                raise CorruptError(f"{key!r:.100} of a {what} is nothing to freeze")
            attributes[key] = instead[id(value)]
    graph.__dict__.update(attributes)
    if _CACHE in state:
        graph.__dict__[_CACHE] = {}


def _build_view(view: Any, state: Any) -> None:
    what = type(view).__name__
    parts = state if type(state) is tuple and len(state) == 2 else (state,)
    attributes = {}
    for part in parts:
        attributes.update(attributes_of(view, {} if part is None else part))
    _check(what, attributes)
    for key, value in attributes.items():
        slot = next((base.__dict__[key] for base in type(view).__mro__ if key in base.__dict__), None)
        if isinstance(slot, MemberDescriptorType):
            slot.__set__(view, value)
        else:
            view.__dict__[key] = value
    if type(view).__qualname__ in _EDGES:
        view._nodes_nbrs = view._adjdict.items


def _build_edge_data(view: Any, state: Any) -> None:
    """Made anew, as its own __setstate__ does, of a view of edges."""
    names = {"viewer", "nbunch", "data", "default", "keys"}
    if type(state) is not dict or not {"viewer"} <= set(state) <= names:
        raise CorruptError(f"the state of a {type(view).__name__} is what it was made of")
    viewer = state["viewer"]
    if type(viewer).__module__ != _REPORT or type(viewer).__qualname__ not in _EDGES or not _is_graph(viewer._graph):
        raise CorruptError(f"a {type(view).__name__} is made of a view of edges")
    nodes = state.get("nbunch")
    if nodes is not None:
        if type(nodes) is not dict:
            raise CorruptError(f"the nodes of a {type(view).__name__} are a dict")
        charge_copy(64 * len(nodes))
    charge_copy(_LOOK)
    as_keys(state.values())
    type(view).__init__(view, **state)


def row(module: str, name: str) -> Answer | None:
    known = (
        name in _GRAPHS.get(module, ()) or (module == _CORE and name in _MAPPINGS)
        or (module == _REPORT and name in (*_REPORTS, *_EDGE_DATA)) or (module, name) == (_FILTERS, "show_nodes")
    )  # fmt: skip
    if not known and (module, name) not in _FUNCTIONS:
        return None
    return imported(module, name, bare if known else lambda found: Constant(found, shared=True))


def attribute(instance: Any, name: str) -> Any:
    return _FORBIDDEN if _is_graph(instance) and name == "_forbidden" else None


KINDS: Kinds = {
    **{(module, name): Kind(_build_graph) for module, names in _GRAPHS.items() for name in names},
    **{(_CORE, name): Kind(_build_view) for name in _MAPPINGS},
    **{(_REPORT, name): Kind(_build_view) for name in _REPORTS},
    **{(_REPORT, name): Kind(_build_edge_data) for name in _EDGE_DATA},
    (_FILTERS, "show_nodes"): Kind(_build_view),
}


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
