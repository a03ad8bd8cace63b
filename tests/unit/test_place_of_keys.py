"""A key in an error's place: shown in full if it is short, and at a bounded cost whatever it is."""

import threading

import pytest

import perdure


def deep_key(levels):
    key = ()
    for _ in range(levels):
        key = (key, key)
    return key


@pytest.mark.parametrize("key, shown", [
    ("a b", "['a b']"), (7, "[7]"), ((1, "x"), "[(1, 'x')]"), ((1,), "[(1,)]"), (None, "[None]"), (2.5, "[2.5]"),
    (frozenset({1}), "[<frozenset object>]"), ("x" * 1000, "['" + "x" * 200 + "'...]"), (1 << 5000, "[<int>]")])
def test_the_key_is_shown(key, shown):
    with pytest.raises(Exception) as caught:
        perdure.dumps({key: threading.Lock()})
    assert "".join(caught.value.__notes__) == f"at root{shown}"


def test_a_key_whose_repr_would_take_for_ever_is_not_asked_for_it():
    with pytest.raises(TypeError) as caught:
        perdure.dumps({deep_key(24): threading.Lock()})  # hashing takes 2**24 steps, its repr took 2**28 characters
    assert len("".join(caught.value.__notes__)) < 1000
