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
from perdure._engine.writer import pickler as _writer
from perdure.graph.loading import load
from perdure.graph.paths import find, path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["KINDS", "Builder", "Graph", "Node", "add", "dump", "dumps", "find", "load", "loads", "path", "walk"]


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


def dump(g: Graph, file: Any, /) -> None:
    """Writes the stream of a graph to a binary file object. (At a path, :func:`perdure.dump` writes objects, with a
    trailer behind the stream.)"""
    file.write(g.dumps())


def add(g: Graph, value: Any, /) -> Node:
    """The node of any value that can be pickled, in a graph: to put in the place of another, or among its items.

    Raises PicklingError.

    >>> import pickle
    >>> g = loads(pickle.dumps({"a": [1, 2]}))
    >>> find(g, "root['a'][1]").replace(add(g, "two"))
    >>> pickle.loads(dumps(g))
    {'a': [1, 'two']}
    """
    return g.add(_writer.dumps(value, g.protocol))


def walk(node: Node, /) -> Iterator[Node]:
    """A node and all that it leads to, each once, what is written first coming first.

    >>> import pickle
    >>> [node.kind for node in walk(loads(pickle.dumps({"a": [1, 2]})).root)]
    ['dict', 'str', 'list', 'int', 'int']
    """
    seen: set[Node] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            yield here
            waiting += reversed(here.parts)
