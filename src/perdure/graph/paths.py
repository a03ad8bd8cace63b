"""Places in a graph as expressions, as errors say them: ``root['users'][3].session``.

``[key]`` is an item of a list or tuple, or a value of a dict, or of what an object was given in that way; ``.name`` an
attribute in an object's state; ``.__reduce__()[1][0]`` an argument of the call that makes an object.
"""

from __future__ import annotations

from ast import literal_eval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from perdure._engine.graph.nodes import Graph, Node

__all__ = ["find", "path"]

_ANSWER = ".__reduce__()"
_PLAIN = frozenset({"none", "bool", "int", "float", "str"})
_SEQUENCES = frozenset({"list", "tuple"})
_MAPPINGS = frozenset({"dict"})


def find(g: Graph, where: str, /) -> Node:
    """The node at a place: ``"root['users'][3].session"``.

    Raises LookupError where there is none, with how far it came, and ValueError for what is no such expression.

    >>> import pickle
    >>> from perdure import graph
    >>> g = graph.loads(pickle.dumps({"users": ["ada", "bob"]}))
    >>> graph.find(g, "root['users'][1]").value
    'bob'
    """
    node: Any = g.root
    end = 0
    for start, end, step in _steps(where):
        found = _answer(node, step) if isinstance(node, tuple) else _next(node, step)
        if found is None:
            raise LookupError(f"{where[:start]} has no {where[start:end]}")
        node = found
    if isinstance(node, tuple):
        raise ValueError(f"{where[:end]} is no node: [0], [1] or [2] follows")
    return node  # type: ignore[no-any-return]


def _steps(where: str) -> Iterator[tuple[int, int, Any]]:
    """Where each step begins and ends, and what it is: ``(key,)``, a name, or _ANSWER."""
    if not where.startswith("root"):
        raise ValueError(f"a place begins with root, not {where!r:.100}")
    at = len("root")
    while at < len(where):
        if where.startswith(_ANSWER, at):
            end, step = at + len(_ANSWER), _ANSWER
            yield at, end, step
        elif where[at] == ".":
            end = at + 1
            while end < len(where) and where[end] not in ".[":
                end += 1
            if end == at + 1:
                raise ValueError(f"a name is missing at {at} in {where!r:.100}")
            yield at, end, where[at + 1 : end]
        elif where[at] == "[":
            end = _closed(where, at)
            try:
                key = literal_eval(where[at + 1 : end - 1])
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                raise ValueError(f"{where[at:end]!r:.100} is no key that can be read") from None
            yield at, end, (key,)
        else:
            raise ValueError(f"{where[at:]!r:.100} is no place in {where[:at]!r:.100}")
        at = end


def _closed(where: str, at: int) -> int:
    """Behind the bracket that closes the one at an offset."""
    depth, quote = 0, ""
    while at < len(where):
        letter = where[at]
        if quote:
            if letter == "\\":
                at += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif letter == "[":
            depth += 1
        elif letter == "]":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    raise ValueError(f"a bracket is not closed in {where!r:.100}")


def _next(node: Node, step: Any) -> Node | tuple[Node | None, ...] | None:
    if step is _ANSWER:
        return (node.callee, node.arguments, node.state) if node.kind == "object" else None
    if isinstance(step, str):
        return _attribute(node, step)
    (key,) = step
    if node.kind == "dict" or node.kind == "object":
        found = _value(node, key)
        if found is not None or node.kind == "dict":
            return found
    items = node.items if node.kind in _SEQUENCES or node.kind == "object" else []
    if type(key) is int and -len(items) <= key < len(items):
        return items[key]
    return None


def _answer(answer: tuple[Node | None, ...], step: Any) -> Node | None:
    if isinstance(step, tuple) and step[0] in (0, 1, 2):
        return answer[step[0]]
    return None


def _attribute(node: Node, name: str) -> Node | None:
    """In a state that is a dict, or a pair of dicts of which one holds the slots."""
    state = node.state if node.kind == "object" else None
    if state is None:
        return None
    halves = state.items if state.kind == "tuple" and len(state) == 2 else [state]
    for half in reversed(halves):
        if half.kind == "dict" and (found := _value(half, name)) is not None:
            return found
    return None


def _value(node: Node, key: Any) -> Node | None:
    """The last one wins, as in a dict that is built."""
    found = None
    for each, value in node.pairs:
        if _is(each, key):
            found = value
    return found


def _is(node: Node, key: Any) -> bool:
    """Whether a node is the value of a literal."""
    if node.kind in _PLAIN:
        return type(node.value) is type(key) and bool(node.value == key)
    if node.kind == "bytes":
        return type(key) is bytes and bool(node.value == key)
    if node.kind == "tuple" and type(key) is tuple and len(node) == len(key):
        return all(map(_is, node.items, key))
    return False


def path(g: Graph, node: Node, /) -> str | None:
    """A place where a node is, the nearest to the root; None where it is none of the object, or in none that can be
    said: an element of a set, say.

    >>> import pickle
    >>> from perdure import graph
    >>> g = graph.loads(pickle.dumps({"users": ["ada", "bob"]}))
    >>> path(g, graph.find(g, "root['users'][1]"))
    "root['users'][1]"
    """
    ways: dict[Node, tuple[Node, str] | None] = {g.root: None}
    waiting = [g.root]
    for here in waiting:  # grows: the nearest come first
        if here == node:
            break
        for each, step in _steps_from(here):
            if each not in ways:
                ways[each] = here, step
                waiting.append(each)
    else:
        return None
    parts = []
    way = ways[node]
    while way is not None:
        parts.append(way[1])
        way = ways[way[0]]
    return "root" + "".join(reversed(parts))


def _steps_from(node: Node) -> Iterator[tuple[Node, str]]:
    if node.kind in _SEQUENCES:
        for i, each in enumerate(node.items):
            yield each, f"[{i}]"
    elif node.kind == "dict":
        yield from _values(node, "[{!r}]")
    elif node.kind == "object":
        yield from _steps_of_object(node)


def _steps_of_object(node: Node) -> Iterator[tuple[Node, str]]:
    state = node.state
    if state is not None:
        halves = state.items if state.kind == "tuple" and len(state) == 2 else [state]
        for half in halves:
            if half.kind == "dict":
                for value, name in _values(half, ".{}"):
                    if name[1:].isidentifier():
                        yield value, name
        yield state, f"{_ANSWER}[2]"
    yield from _values(node, "[{!r}]")
    for i, each in enumerate(node.items):
        yield each, f"[{i}]"
    yield node.callee, f"{_ANSWER}[0]"
    if node.arguments is not None:
        yield node.arguments, f"{_ANSWER}[1]"


def _values(node: Node, form: str) -> Iterator[tuple[Node, str]]:
    for key, value in node.pairs:
        literal = _literal(key)
        if literal is not None:
            yield value, form.format(*literal)


def _literal(node: Node, depth: int = 3) -> tuple[Any] | None:
    """The value of a key that can be written down, in a tuple; None where it can't."""
    if node.kind in _PLAIN:
        return (node.value,) if node.value == node.value else None
    if node.kind == "bytes":
        return (bytes(node.value),)
    if node.kind == "tuple" and depth:
        items = [_literal(each, depth - 1) for each in node.items]
        return None if None in items else (tuple([each[0] for each in items if each is not None]),)
    return None
