"""A stream as nodes: looked at, edited and written back, without anything being imported or called.

    from perdure import graph

    g = graph.loads(stream)
    g.root                                        # <dict of 2>
    graph.find(g, "root['users'][3].session")     # a Node, by its path
    graph.dumps(g)                                # the stream

docs/graph.md says what nodes there are.
"""

from __future__ import annotations

from perdure._engine.graph.assembly import Builder
from perdure._engine.graph.nodes import KINDS, Graph, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["KINDS", "Builder", "Graph", "Node", "dumps", "loads"]


def loads(data: Any, /) -> Graph:
    """The graph of a stream, any object of contiguous bytes, which the graph goes on using.

    Raises CorruptError, with the offset, where it is no sound stream.

    >>> import pickle
    >>> loads(pickle.dumps({"a": [1, 2]})).root.kind
    'dict'
    """
    return Graph(data)


def dumps(g: Graph, /) -> bytes:
    """The stream of a graph: byte for byte the one that it was read from, if a pickler wrote that and nothing was
    edited since; else one of the same objects.

    >>> import pickle
    >>> stream = pickle.dumps({"a": [1, 2]})
    >>> dumps(loads(stream)) == stream
    True
    """
    return g.dumps()
