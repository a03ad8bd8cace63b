"""Types that are written from their fields: the bytes must be those of the reduce answer."""

import collections
import decimal
import pickle
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perdure.pickle import dumps


@given(st.decimals() | st.builds(decimal.Decimal, st.tuples(
    st.sampled_from([0, 1]), st.lists(st.integers(0, 9), min_size=1, max_size=60).map(tuple), st.integers(-70, 5))))
@example(decimal.Decimal("-0"))
@example(decimal.Decimal("0.000000"))
@example(decimal.Decimal("0.0000000"))
@example(decimal.Decimal((0, (9,) * 38, -19)))
def test_a_decimal_is_written_as_it_says_itself(number: decimal.Decimal) -> None:
    text = str(number).encode()
    assert b"\x8c" + bytes([len(text)]) + text + b"\x85R" in dumps(number)


def test_a_decimal_follows_its_context() -> None:
    with decimal.localcontext() as context:
        context.capitals = 0
        assert b"1e+9" in dumps(decimal.Decimal("1E+9"))


def moved() -> collections.OrderedDict:
    made = collections.OrderedDict((f"key {i}", i) for i in range(10))
    made.move_to_end("key 3")
    made.move_to_end("key 8", last=False)
    return made


def holed() -> collections.OrderedDict:
    made = collections.OrderedDict((f"key {i}", i) for i in range(10))
    del made["key 4"]
    made["key 4"] = "again"
    return made


def below() -> collections.OrderedDict:
    """Its order is no longer that of the dict below from the sixth entry on."""
    made = collections.OrderedDict((f"key {i}", i) for i in range(10))
    made.move_to_end("key 5")
    return made


ORDERED: dict[str, Callable[[], collections.OrderedDict]] = {
    "empty": collections.OrderedDict,
    "one": lambda: collections.OrderedDict(a=1),
    "one nested": lambda: collections.OrderedDict(a=[1]),
    "nested first": lambda: collections.OrderedDict(a=[1], b=2, c=3),
    "nested last": lambda: collections.OrderedDict(a=1, b=2, c=[3]),
    "keys that are no leaves": lambda: collections.OrderedDict({"a": 1, (1, 2): 3, (3, (4,)): 5, "b": [6]}),
    "numbers as keys": lambda: collections.OrderedDict({1: 2, 3: [4], 5: 6}),
    "moved": moved,
    "holed": holed,
    "moved within": below,
    "a batch": lambda: collections.OrderedDict((str(i), i) for i in range(1000)),
    "two batches": lambda: collections.OrderedDict((str(i), i) for i in range(1001)),
    "two batches, nested": lambda: collections.OrderedDict((str(i), [i] if i > 990 else i) for i in range(2500)),
}


@pytest.mark.parametrize("name", ORDERED)
def test_an_ordered_dict_keeps_its_order(name: str) -> None:
    value = ORDERED[name]()
    back = pickle.loads(dumps(value))
    assert type(back) is collections.OrderedDict
    assert list(back.items()) == list(value.items())


@pytest.mark.parametrize("kind", [set, frozenset])
@pytest.mark.parametrize("items", [
    [], [1], range(5), range(127), range(128), range(129), range(1000), range(1001), range(5000),
    [(1, (2,)), "a", 3], [*range(100), (1, (2,)), *range(200, 230)], [("last", (1,))],
], ids=lambda items: f"{len(items)}")
def test_a_set_is_written_whole(kind: type, items: list) -> None:
    value = kind(items)
    twice = [value, value]
    back = pickle.loads(dumps(twice))
    assert back == twice and type(back[0]) is kind and back[0] is back[1]
    if kind is set and items:
        value.discard(items[len(items) // 2])
        assert pickle.loads(dumps(value)) == value
