"""What nodes say, where they are, and what editing them does to the object."""

import collections
import dataclasses
import io
import pickle
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure import graph


@dataclasses.dataclass
class User:
    name: str
    session: Any = None


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a, self.b = 1, [2]


class Bag(list):  # type: ignore[type-arg]
    pass


def of(value: Any, protocol: int = 5) -> graph.Graph:
    return graph.loads(pickle.dumps(value, protocol))


def built(g: graph.Graph) -> Any:
    return pickle.loads(graph.dumps(g))


def value_of(protocol: int) -> dict[Any, Any]:
    """Slots are for protocol 2 on; keys of bytes are calls before 3."""
    value = {
        "users": [User("ada"), User("bob", {"id": b"\x01", (1, "x"): [None]})],
        3: (True, 1.5),
        "s": Slotted() if protocol >= 2 else None,
    }
    return value | {b"k": frozenset([7])} if protocol >= 3 else value


@pytest.mark.parametrize("protocol", range(6))
def test_find_by_the_places_that_errors_name(protocol: int) -> None:
    g = of(value_of(protocol), protocol)
    assert graph.find(g, "root") == g.root
    assert graph.find(g, "root['users'][0].name").value == "ada"
    assert graph.find(g, "root['users'][-1].session[(1, 'x')][0]").value is None
    assert graph.find(g, "root[3][1]").value == 1.5
    if protocol >= 2:
        assert graph.find(g, "root['s'].b[0]").value == 2
    for missing in (
        "root['nobody']",
        "root['users'][2]",
        "root['users'].name",
        "root[3].x",
        "root['users'][0].nothing",
        "root[True]",
    ):
        with pytest.raises(LookupError, match="has no"):
            graph.find(g, missing)
    for wrong in (
        "users",
        "root[",
        "root['a'",
        "root.",
        "root['users'][x]",
        "root x",
        "root['users'][0].__reduce__()",
        "root[[1, 2",
    ):
        with pytest.raises(ValueError):
            graph.find(g, wrong)


def test_arguments_have_places_too() -> None:
    g = of(collections.Counter("aab"))
    assert graph.find(g, "root.__reduce__()[0]").name == "collections:Counter"
    assert graph.find(g, "root.__reduce__()[1][0]['a']").value == 2


@pytest.mark.parametrize("protocol", range(6))
def test_every_place_that_path_says_is_found_again(protocol: int) -> None:
    g = of(value_of(protocol), protocol)
    said = 0
    for node in graph.walk(g.root):
        where = graph.path(g, node)
        if where is not None:
            assert graph.find(g, where) == node
            said += 1
    assert said > 20


def test_kinds_are_a_closed_list() -> None:
    g = of([value_of(5), bytearray(b"x"), {1}, 2 + 1j])
    assert {node.kind for node in g} <= set(graph.KINDS)
    assert len(g) == len(list(g))


def test_bytes_are_views_of_the_stream() -> None:
    stream = pickle.dumps([b"x" * 1000, bytearray(b"y" * 1000)], 5)
    for node in graph.loads(stream).root.items:
        assert isinstance(node.value, memoryview) and node.value.obj is stream and node.value.readonly


def test_shared_is_one_node_and_a_circle_ends() -> None:
    inner: list[Any] = []
    inner.append(inner)
    g = of([inner, inner])
    first, second = g.root.items
    assert first == second and first.uses == 3 and first.items == [first]
    assert len(list(graph.walk(g.root))) == 2


def test_how_objects_are_made() -> None:
    user = of(User("ada")).root
    assert (user.kind, user.how, user.name) == ("object", "new", f"{__name__}:User")
    assert [key.value for key, _ in user.state.pairs] == ["name", "session"]  # type: ignore[union-attr]
    bag = of(Bag([1, 2])).root
    assert [node.value for node in bag.items] == [1, 2] and [what for what, _ in bag.steps] == ["items"]
    old = of(User("ada"), 0).root
    assert (old.how, old.name) == ("call", f"{__name__}:User")
    instance = graph.loads(b"(iold\nThing\np0\n(dp1\nS'a'\np2\nI1\nsb.").root
    assert (instance.how, instance.name, instance.args) == ("inst", "old:Thing", [])
    assert bytes(instance.state.pairs[0][0].value) == b"a"  # type: ignore[union-attr]


def test_names_of_python_2_are_those_of_python_3() -> None:
    assert graph.loads(b"c__builtin__\nunicode\n.").root.name == "builtins:str"
    assert graph.loads(b"\x80\x04c__builtin__\nunicode\n.").root.name == "__builtin__:unicode"


def test_out_of_band_persistent_and_extension() -> None:
    node = graph.loads(b"\x80\x05\x97\x98.").root
    assert (node.kind, node.value) == ("buffer", True)
    assert graph.dumps(graph.loads(b"\x80\x05\x97\x98.")) == b"\x80\x05\x97\x98."
    assert graph.loads(b"Pid 7\n.").root.value == "id 7"
    assert graph.loads(b"K\x07Q.").root.value.value == 7
    assert graph.loads(b"\x82\x07.").root.value == 7


@pytest.mark.parametrize("protocol", range(6))
def test_edits(protocol: int) -> None:
    g = of(value_of(protocol), protocol)
    graph.find(g, "root['users'][1].session").replace(graph.add(g, {"id": 2}))
    users = graph.find(g, "root['users']")
    users.fill("items", [graph.add(g, User("eve")), *users.items])
    pair = graph.find(g, "root[3]")
    pair.fill("items", [*pair.items, *pair.items[:1], graph.add(g, "end")])
    g.root.fill("pairs", [pair for pair in g.root.pairs if pair[0].value != "s"])
    wanted = value_of(protocol) | {
        "users": [User("eve"), User("ada"), User("bob", {"id": 2})],
        3: (True, 1.5, True, "end"),
    }
    del wanted["s"]
    assert built(g) == wanted
    pair.fill("items", [])
    graph.find(g, "root['users'][0]").fill("state", [graph.add(g, {"name": "new", "session": 1})])
    assert built(g)[3] == () and built(g)["users"][0] == User("new", 1)
    g.root.replace(graph.add(g, None))
    assert g.root.kind == "none" and built(g) is None


def test_an_edit_shows_in_every_node_that_was_had_before() -> None:
    shared = [1]
    g = of([shared, shared])
    one, two = g.root.items
    one.replace(graph.add(g, "new"))
    assert two.value == "new" and built(g) == ["new", "new"]


def test_a_circle_is_closed_by_editing() -> None:
    g = of([(1,), ()])
    pair = g.root.items[0]
    pair.fill("items", [g.root])
    value = built(g)
    assert value[0][0] is value
    pair.fill("items", [pair])
    with pytest.raises(perdure.CorruptError, match="made of itself"):
        graph.dumps(g)


def test_edits_that_make_no_sense() -> None:
    g, other = of([{}, 1, "a"]), of([1])
    with pytest.raises(ValueError, match="another graph"):
        g.root.fill("items", [other.root])
    for node, what in ((g.root, "pairs"), (g.root.items[0], "items"), (g.root.items[1], "state"), (g.root, "call")):
        with pytest.raises(ValueError, match="has no such"):
            node.fill(what, [])
    with pytest.raises(TypeError):
        graph.Node()


def test_files(tmp_path: Path) -> None:
    value = {"a": b"x" * 1_000_000, "b": [1, 2]}
    for name, options in (("plain.sav", {}), ("packed.sav.gz", {"compress": "gzip"}), ("mine.sav", {"key": False})):
        perdure.dump(value, tmp_path / name, **options)
        g = graph.load(tmp_path / name)
        assert pickle.loads(graph.dumps(g)) == value
    with open(tmp_path / "two.pkl", "wb") as file:
        pickle.dump(1, file)
        graph.dump(of("two"), file)
    with open(tmp_path / "two.pkl", "rb") as file:
        assert [graph.load(file).root.value, graph.load(file).root.value] == [1, "two"]
    damaged = bytearray((tmp_path / "plain.sav").read_bytes())
    damaged[100_000] ^= 1
    (tmp_path / "plain.sav").write_bytes(damaged)
    with pytest.raises(perdure.CorruptError):
        graph.load(tmp_path / "plain.sav")
    assert graph.load(io.BytesIO(pickle.dumps([]))).root.kind == "list"


def test_what_a_builder_makes() -> None:
    b = graph.Builder()
    pair, items = b.begin("tuple"), b.begin("list")
    b.fill(
        items,
        "items",
        [pair, b.integer(-1), b.integer(1 << 70), b.text("é\ud800"), b.real(1.5), b.octets(b"x"), b.none()],
    )
    b.made_of(pair, "items", [items])
    third, args = b.begin("object"), b.begin("tuple")
    b.made_of(args, "items", [b.text("1/3")])
    b.made_of(third, "call", [b.name("fractions", "Fraction"), args])
    b.fill(items, "items", [third, third])
    value = pickle.loads(b.finish(pair).dumps())
    assert value[0][0] is value and value[0][-1] is value[0][-2] and str(value[0][-1]) == "1/3"
    assert value[0][1:7] == [-1, 1 << 70, "é\ud800", 1.5, b"x", None]
    with pytest.raises(ValueError):
        b.fill(items, "items", [10_000])
    with pytest.raises(KeyError):
        b.begin("thing")


def test_reprs_are_short() -> None:
    g = of([1, "a" * 1000, 1 << 100_000, (), {1: 2}, User("ada"), len, b"x"])
    assert [repr(node) for node in g.root.items] == [
        "<int 1>", "<str '" + "a" * 59 + ">", "<int of 100001 bits>", "<tuple of 0>", "<dict of 1>",
        f"<object {__name__}:User>", "<name builtins:len>", "<bytes>",
    ]  # fmt: skip


def test_numbers_of_the_memo_that_stand_in_each_others_way_cost_nothing() -> None:
    count = 20_000
    stream = b"(" + b"".join(b"Np%d\n" % (i << 40) for i in range(1, count)) + b"l."
    assert len(graph.loads(stream).root) == count - 1
