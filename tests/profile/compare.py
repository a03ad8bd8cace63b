"""Whether two objects that were loaded from one stream are the same, as far as their library goes."""

import numpy as np


def same(one: object, other: object, where: str = "it") -> None:
    assert type(one) is type(other), where
    if hasattr(one, "toarray") and hasattr(one, "nnz"):
        assert one.shape == other.shape and one.dtype == other.dtype, where
        same(one.toarray(), other.toarray(), where)
    elif isinstance(one, np.ndarray) and one.dtype == object:
        assert one.shape == other.shape, where
        for place, (left, right) in enumerate(zip(one.flat, other.flat, strict=True)):
            same(left, right, f"{where}[{place}]")
    elif isinstance(one, np.ma.MaskedArray):
        same(one.mask, other.mask, where)
        same(one.filled(0), other.filled(0), where)
    elif isinstance(one, (np.ndarray, np.generic)):
        assert one.dtype == other.dtype, where
        np.testing.assert_array_equal(one, other, where)
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            same(left, right, f"{where}[{place}]")
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            same(one[key], other[key], f"{where}[{key!r}]")
    elif isinstance(one, (int, str, bytes, type(None), type(...))):
        assert one == other, where
    elif isinstance(one, float):
        assert one == other or (one != one and other != other), where


_METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples", "kneighbors", "get_params")


def same_answers(one: object, other: object, given: object) -> None:
    """The same attributes, and the same answers to the same questions."""
    assert vars(one).keys() == vars(other).keys()
    for key in vars(one):
        same(vars(one)[key], vars(other)[key], key)
    for name in _METHODS:
        if hasattr(one, name):
            assert hasattr(other, name), name
            if name == "get_params":
                same(one.get_params(deep=False), other.get_params(deep=False))
                continue
            outcome, expected = answer(one, name, given), answer(other, name, given)
            same(outcome, expected, name)


def answer(found: object, name: str, given: object) -> object:
    try:
        return getattr(found, name)(given)
    except Exception as error:  # the same one, then
        return f"{type(error).__name__}: {error}"
