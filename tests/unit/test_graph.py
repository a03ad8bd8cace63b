"""Stream -> graph -> stream is exact; what is no stream is an error with its offset."""

import collections
import datetime
import decimal
import fractions
import pickle
from typing import Any

import pytest

import perdure
from perdure import graph
from perdure import pickle as perdure_pickle


class Plain:
    pass


class Listed(list):
    pass


class Setter:
    """Its state is set by a function, whose result the stream drops."""

    def __reduce__(self) -> Any:
        return (Setter, (), {"a": 1}, None, None, set_state)


class Inward:
    """Made by a call whose arguments lead back to it."""

    def __init__(self, box: list[Any] | None = None) -> None:
        self.box = [self] if box is None else box

    def __reduce__(self) -> Any:
        return Inward, (self.box,)


def set_state(obj: Any, state: Any) -> None:
    obj.state = state


def circles() -> list[Any]:
    inner: list[Any] = []
    pair = ([inner, 1], inner)
    inner += [pair, inner]
    long: list[Any] = []
    five = (1, 2, 3, 4, long)
    long.append(five)
    me = Plain()
    me.me = me  # type: ignore[attr-defined]
    me.all = [me]  # type: ignore[attr-defined]
    return [pair, inner, five, long, me, [me, me]]


VALUES: list[Any] = [
    None, True, 0, 255, 256, -1, 1 << 31, -(1 << 31), -(1 << 63), 1 << 2000, 1.5, float("nan"), "", "a", "é\ud800", "a" * 300,
    b"", b"x" * 300, b"x" * 100_000, bytearray(b"y" * 100_000), ["a" * 70_000, "b"], [True] * 2000,
    {i: str(i) for i in range(5000)}, (), (1,), (1, 2, 3), (1, 2, 3, 4), [()] * 3, {1, 2}, set(), frozenset([(1, 2)]),
    [[]] * 3, {"a": {"b": [1, {"c": ()}]}}, collections.OrderedDict(a=1), collections.deque([1, 2], 5),
    datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC), decimal.Decimal("1.5"), fractions.Fraction(1, 3),
    Listed([1, 2]), Setter(), [Setter(), Setter()], 1 + 2j, range(3), Plain, [int, len], Inward(), *circles(),
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("module", [pickle, perdure_pickle], ids=["pickle", "perdure"])
def test_a_stream_comes_back_byte_for_byte(module: Any, protocol: int) -> None:
    for value in VALUES:
        stream = module.dumps(value, protocol)
        assert graph.dumps(graph.loads(stream)) == stream, repr(value)[:80]


def test_a_canonical_stream_comes_back_byte_for_byte() -> None:
    for value in VALUES:
        try:
            stream = perdure.dumps(value, canonical=True)
        except perdure.PicklingError:
            continue
        assert graph.dumps(graph.loads(stream)) == stream


@pytest.mark.parametrize("stream", [
    b"", b".", b"]", b"N", b"K", b"K\x01", b"X\x05\0\0\0abc.", b"X\xff\xff\xff\xff.", b"\x8d" + b"\xff" * 8 + b".", b"\xff.",
    b"h\0.", b"g0\n.", b"gx\n.", b"I1x\n.", b"I" + b"1" * 5000 + b"\n.", b"F1.5.\n.", b"S'a\n.", b"cos\n.", b"c\xff\na\n.", b"(e.", b"Ne.",
    b"}(Nu.", b"}(Ne.", b"]Nb.", b"0.", b"1.", b"(1.", b"N(.", b"\x80\x06N.", b"\x95" + b"\xff" * 8 + b"N.",
    b"\x8c\x02\xc3\x28.", b"\x8c\x02\xc0\x80.", b"\x8c\x04\xf4\x90\x80\x80.", b"NN\x93.", b"\x82\0.", b"\x84\0\0\0\x80.", b"N\x98.", b"(o.",
    b"(i", b"q\0.", b"\x94.", b"R.", b"NR.", b"2.", b"V\\u12\n.",
])  # fmt: skip
def test_what_is_no_stream_is_said_with_its_place(stream: bytes) -> None:
    with pytest.raises(perdure.CorruptError) as caught:
        graph.loads(stream)
    assert isinstance(caught.value.offset, int)


def test_nothing_is_imported() -> None:
    import sys

    g = graph.loads(b"cantigravity_of_nobody\nfly\n(S'x'\ntR.")
    assert g.root.name == "antigravity_of_nobody:fly"
    assert "antigravity_of_nobody" not in sys.modules


def test_what_is_called_for_its_effect_stays() -> None:
    stream = b"cos\nsystem\n(S'true'\ntR0N."
    g = graph.loads(stream)
    assert g.root.kind == "none"
    assert [node.name for node in g if node.kind == "object"] == ["os:system"]
    assert graph.dumps(g) == stream
    below = b"(lcos\nsystem\n(S'true'\ntR0."
    assert graph.dumps(graph.loads(below)) == below


def test_memory_is_of_the_stream_not_of_what_it_claims() -> None:
    for stream in (b"\x8e" + (1 << 40).to_bytes(8, "little"), b"r\xff\xff\xff\x7f" + b"N", b"Nr\xff\xff\xff\x7f."):
        try:
            graph.loads(stream)
        except perdure.CorruptError:
            pass


def test_depth_is_no_matter() -> None:
    deep = b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b"."
    assert graph.dumps(graph.loads(deep)).endswith(b"a.")
    nested = b"(" * 100_000 + b"N" + b"t" * 100_000 + b"."
    assert graph.dumps(graph.loads(nested)) == nested


class SetApart:
    def __reduce__(self) -> Any:
        return SetApart, (), self.__dict__, None, None, set_apart


def set_apart(one: SetApart, state: Any) -> None:
    one.__dict__.update(state)


def test_a_call_for_its_effect_stays_though_what_it_was_given_is_got_next() -> None:
    one, shared = SetApart(), (None,)
    one.__dict__["a"] = shared
    node = graph.loads(pickle.dumps([one, shared])).root.items[0]
    assert [what for what, _ in node.steps] == ["call"]
