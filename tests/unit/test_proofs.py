"""What tables have proven in C: against the plain definition, on whatever arrays."""

import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perdure._engine.reader.proofs import are_slices, depth_of_tree


def depth(children: list[tuple[int, int] | None]) -> int:
    """Of a tree of nodes that have two children or none, -1 of what is none."""
    depths = {0: 0}
    for node, pair in enumerate(children):
        if node not in depths:
            return -1
        for child in pair or ():
            if child in depths or not node < child < len(children):
                return -1
            depths[child] = depths[node] + 1
    return max(depths[node] for node in range(len(children))) if children else -1


def asked(children: list[tuple[int, int] | None]) -> int:
    left = array("q", [-1 if pair is None else pair[0] for pair in children])
    right = array("q", [-1 if pair is None else pair[1] for pair in children])
    return depth_of_tree(left, right, bytes(pair is not None for pair in children))


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[int, int] | None]:
    """Trees, and such as have one wrong child."""
    nodes: list[tuple[int, int] | None] = [None]
    leaves = [0]
    for _ in range(draw(st.integers(0, 12))):
        node = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        nodes += [None, None]
        nodes[node] = (len(nodes) - 2, len(nodes) - 1)
        leaves += [len(nodes) - 2, len(nodes) - 1]
    if draw(st.booleans()):
        wrong = st.integers(-3, len(nodes) + 1) | st.sampled_from((-(2**63), 2**63 - 1))
        nodes[draw(st.integers(0, len(nodes) - 1))] = (draw(wrong), draw(wrong))
    return nodes


@given(trees())
def test_depth_of_tree(children: list[tuple[int, int] | None]) -> None:
    assert asked(children) == depth(children)


@pytest.mark.parametrize("parts", [
    (b"", b"", b""), (b"\0" * 8, b"\0" * 8, b"\0\0"), (b"\0" * 8, b"", b"\0"), ([1], [2], [0]), (None, b"", b""),
])  # fmt: skip
def test_no_tree(parts: tuple[object, object, object]) -> None:
    assert depth_of_tree(*parts) == -1


@given(st.data(), st.sampled_from((4, 8)), st.binary(max_size=40), st.booleans())
def test_are_slices(data: st.DataObject, width: int, text: bytes, ascii: bool) -> None:
    near = st.integers(0, len(text)) | st.integers(-2, len(text) + 2)
    places = data.draw(st.lists(near, max_size=8).map(sorted) | st.lists(near, max_size=8))
    start, count = data.draw(st.integers(-1, 9)), data.draw(st.integers(-1, 9))
    memory = struct.pack(f"={len(places)}{'iq'[width == 8]}", *places)
    chosen = places[start : start + count + 1]
    sound = start >= 0 and count >= 0 and len(chosen) == count + 1 and chosen == sorted(chosen)
    sound = sound and 0 <= chosen[0] and chosen[-1] <= len(text) and (text.isascii() or not ascii)
    assert are_slices(memory, width, start, count, text, ascii=ascii) == sound


def test_what_has_no_memory_has_no_slices() -> None:
    assert not are_slices(None, 4, 0, 0, b"", ascii=True)
    assert not are_slices(bytes(4), 4, 0, 0, None, ascii=True)
    assert not are_slices(bytes(8), 3, 0, 1, b"", ascii=True)
    assert not are_slices(bytes(4), 4, 2**62, 2**62, b"", ascii=True)
