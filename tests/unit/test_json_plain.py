"""Plain values are written at once; the text is the one that the graph of them would give."""

import json as standard
import random
import struct
import sys
import sysconfig
from typing import Any

import pytest

import perdure
from perdure import json
from perdure._engine.text import plain_writer
from perdure.formats import json_text
from perdure.graph import Graph

pytestmark = pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="free-threaded: every value goes by its graph")


class Plain:
    """Its __dict__ shares its keys with those of the class's other instances."""

    def __init__(self) -> None:
        self.number = 1
        self.text = "é"


def by_graph(value: Any, **options: Any) -> bytes:
    return json_text.write(Graph(perdure.dumps(value)), **options)


def at_once(value: Any, **options: Any) -> Any:
    return plain_writer.write(value, text=False, **options)


def holes() -> dict[str, int]:
    made = {str(i): i for i in range(9)}
    del made["0"], made["4"], made["8"]
    return made


def other_table() -> dict[Any, int]:
    made: dict[Any, int] = {1: 1, "a": 2, "b": 3}
    del made[1]  # its table stays one of any keys
    return made


VALUES = [
    None, True, False, 0, -0.0, "", [], {}, [[]], [{}], {"a": []}, {"a": {}}, [[], [], 1], holes(), other_table(), vars(Plain()), [vars(Plain())],
    [vars(Plain()), 1], {"$a": 1}, {"a": {"$perdure": 1}}, 2**62, -(2**63), 2**64, -(2**64), 10**4000, ["a" * n for n in range(70)],
    ["é" * n for n in range(70)], ["漢" * n for n in range(70)], ["😀" * n for n in range(70)], "a" * 10_000, "\n" * 10_000, "é" * 10_000,
    ["x" * 900, "é", "y" * 5000], ["x" * 5000 + '"'], ['"', "\\", "\x00", "\x1f", "\x7f", "\x80", "\u2028", "\ud7ff", "\ue000", "\uffff"],
    {"é": 1, "漢\n": 2, "": 3}, [1e15, 1e16, 1e17, 123456789012345680.0, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, 100.0, 0.1, 1 / 3],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_the_text_is_that_of_the_graph(value: Any) -> None:
    text = at_once(value)
    assert text == by_graph(value)
    assert standard.loads(text) == value
    as_str = plain_writer.write(value, text=True)
    assert (as_str.encode() if isinstance(as_str, str) else as_str) == text
    assert isinstance(as_str, str) == text.isascii()
    assert json.dumps(value) == text.decode()


@pytest.mark.parametrize("value", [
    (1,), {1}, b"a", {1: 1}, {"a": 1, 2: 2}, {None: 1}, float("nan"), float("inf"), [float("-inf")], "\ud800", ["é\udfff"], {"\ud800": 1},
    1j, [[{"a": (1,)}]], {"$perdure": 1}, [1 << 100_000], type("Str", (str,), {})("a"), type("Int", (int,), {})(1), type("List", (list,), {})(),
])  # fmt: skip
def test_what_is_not_plain_is_left_to_the_graph(value: Any) -> None:
    assert at_once(value) is None
    assert at_once([0, "a", value]) is None or value == {"$perdure": 1}
    assert at_once(value, sort_keys=True) is None


def test_what_is_there_twice_is_left_to_the_graph() -> None:
    twice = [1]
    circle: list[Any] = []
    circle.append({"a": circle})
    for value in ([twice, twice], {"a": twice, "b": [twice]}, circle, [*([[]] * 2)]):
        assert at_once(value) is None
    held = [[i] for i in range(500)]
    assert at_once([held[0], held[1]]) == b"[[0],[1]]"
    assert at_once(held) == by_graph(held)


@pytest.mark.parametrize("value", [*VALUES, {"b": 1, "a": {"d": 1, "c": [{"f": 1, "e": 2}]}, "": 0}, {"\U00010000": 1, "\ue000": 2, "a": 3}],
                         ids=range(len(VALUES) + 2))  # fmt: skip
def test_sorted(value: Any) -> None:
    assert at_once(value, sort_keys=True) == by_graph(value, sort_keys=True)
    if not isinstance(value, float):
        assert json.dumps(value, sort_keys=True) == standard.dumps(
            value, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )


def test_large_integers() -> None:
    for n in (2**53, -(2**53)):
        assert at_once([n], safe_integers=True) == b"[%d]" % n
        assert at_once([n + (1 if n > 0 else -1)], safe_integers=True) is None
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(700)
        assert at_once(10**800) is None
        assert json.loads(json.dumps(10**800)) == 10**800
    finally:
        sys.set_int_max_str_digits(limit)


def test_depth_costs_memory_alone() -> None:
    depth = 200_000
    value: Any = []
    for _ in range(depth):
        value = {"a": value} if _ % 2 else [value]
    text = at_once(value)
    assert text.count(b"[") == depth // 2 + 1
    while value:  # freed in steps, for versions that free by recursion
        value = value.pop() if isinstance(value, list) else value.pop("a")


def test_numbers_are_repr() -> None:
    rng = random.Random(1)
    floats = [struct.unpack("d", rng.randbytes(8))[0] for _ in range(20_000)]
    floats = [x for x in floats if x == x and abs(x) != float("inf")]
    floats += [round(rng.uniform(-1e5, 1e5), rng.randint(0, 9)) for _ in range(20_000)]
    floats += [float(rng.randint(-(10**18), 10**18) >> rng.randint(0, 60)) for _ in range(20_000)]
    assert json.dumps(floats) == str(floats).replace(" ", "")
    ints = [rng.randint(-(2**70), 2**70) >> rng.randint(0, 70) for _ in range(20_000)]
    ints += [sign * 10**k + d for k in range(25) for d in (-1, 0, 1) for sign in (1, -1)]
    assert json.dumps(ints) == str(ints).replace(" ", "")


def test_strings_at_the_end_of_a_page() -> None:
    """A string's last bytes are read sixteen or thirty-two at a time, never beyond its page."""
    rng = random.Random(2)
    strings = ["".join(rng.choices('abcdefgh"\\\n', (20,) * 8 + (1,) * 3, k=rng.randint(0, 90))) for _ in range(20_000)]
    assert json.dumps(strings) == standard.dumps(strings, separators=(",", ":"))
