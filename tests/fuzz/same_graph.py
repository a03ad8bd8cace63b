"""Whether two graphs of nodes say the same: the same values, made in the same way, and shared where the others are."""

import struct
from typing import Any

from perdure.graph import Graph, Node

VALUES = ("none", "bool", "int", "float", "str")
OF_NOBODY = (*VALUES, "name", "extension")  # whether there is one or two of them is nobody's business
Part = tuple[str, Node]


def difference(one: Graph, other: Graph) -> str:
    """What differs, and where; nothing if nothing does."""
    partners: dict[int, int] = {}
    taken: dict[int, int] = {}
    waiting = [("root", one.root, other.root)]
    while waiting:
        place, a, b = waiting.pop()
        if a.kind != b.kind or said(a) != said(b):
            return f"{place}: {a!r} became {b!r}"
        parts, parts_too = parts_of(a), parts_of(b)
        if [what for what, _ in parts] != [what for what, _ in parts_too]:
            return f"{place}: a {a.kind} of {[what for what, _ in parts]} became one of {[what for what, _ in parts_too]}"
        alone = a.kind in OF_NOBODY or (a.kind == "tuple" and not parts)
        if not alone and (partners.get(a.index, b.index) != b.index or taken.get(b.index, a.index) != a.index):
            return f"{place}: {a!r} is one with others than {b!r} is"
        if a.index in partners and partners[a.index] == b.index:
            continue
        if parts or not alone:
            partners[a.index], taken[b.index] = b.index, a.index
        waiting += [(f"{place}.{what}", x, y) for (what, x), (_, y) in zip(parts, parts_too, strict=True)]
    return ""


def said(node: Node) -> Any:
    """What a node says by itself."""
    if node.kind == "float":
        return struct.pack("<d", node.value)
    if node.kind in ("string", "bytes", "bytearray"):
        return bytes(node.value)
    if node.kind in (*VALUES, "buffer", "extension"):
        return node.value
    if is_line(node):
        return node.value if isinstance(node.value, str) else node.value.value
    return "obj" if node.how == "inst" else node.how or node.name  # "obj" and "inst" are one thing in two opcodes


def is_line(node: Node) -> bool:
    """Whether it is an id that is a str: in protocol 0 that is no node."""
    return node.kind == "persistent" and (isinstance(node.value, str) or (node.value.kind == "str" and not node.value.steps))


def parts_of(node: Node) -> list[Part]:
    """What it is made of, and what is then done to it, in this order."""
    made: list[Node] = []
    if node.kind in ("tuple", "frozenset"):
        later = sum(len(nodes) for what, nodes in node.steps if what == "items")
        made = node.items[:len(node.items) - later]
    elif node.kind == "object":
        made = [node.callee, *(node.args if node.arguments is None else [node.arguments])]
        made += [] if node.kwargs is None else [node.kwargs]
    elif node.kind == "persistent" and not is_line(node):
        made = [node.value]
    found: list[Part] = [("made", each) for each in made]
    for what, nodes in node.steps:
        found += [(what, each) for each in (sum(map(list, nodes), []) if what == "pairs" else nodes)]
    return found
