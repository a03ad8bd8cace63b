"""The error tree: what code written for the standard modules catches, and what each error carries."""

import pickle

import pytest

import perdure
from perdure.errors import CorruptError, KeyFileError, LimitError, TamperedError, TruncatedError, UntrustedError


def test_standard_classes_are_the_same_objects() -> None:
    for name in ("PickleError", "PicklingError", "UnpicklingError"):
        assert getattr(perdure, name) is getattr(pickle, name)


@pytest.mark.parametrize("error", [CorruptError, LimitError, TamperedError, TruncatedError, UntrustedError])
def test_all_are_unpickling_errors(error: type[Exception]) -> None:
    assert issubclass(error, pickle.UnpicklingError)


def test_what_else_they_are() -> None:
    assert issubclass(CorruptError, ValueError)
    assert issubclass(TruncatedError, CorruptError)
    assert issubclass(TruncatedError, EOFError)
    assert not issubclass(UntrustedError, ValueError)
    assert issubclass(KeyFileError, OSError) and issubclass(KeyFileError, pickle.PickleError)


@pytest.mark.parametrize(("error", "attribute", "value", "default"), [
    (UntrustedError("m", ("os.system",)), "names", ("os.system",), ()),
    (LimitError("m", "depth"), "limit", "depth", ""),
    (CorruptError("m", 7), "offset", 7, None),
    (TruncatedError("m", 7), "offset", 7, None),
    (TamperedError("m", "model.sav"), "path", "model.sav", None),
    (KeyFileError("m", "own.key"), "path", "own.key", None),
    (KeyFileError("m", "own.key", 0o644), "mode", 0o644, None),
])
def test_what_they_carry(error: Exception, attribute: str, value: object, default: object) -> None:
    assert getattr(error, attribute) == value
    assert str(error) == "m"
    assert getattr(type(error)("m"), attribute) == default


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_they_can_be_pickled_as_multiprocessing_does(protocol: int) -> None:
    error = pickle.loads(pickle.dumps(CorruptError("bad", 7), protocol))
    assert (str(error), error.offset) == ("bad", 7)
    error = pickle.loads(pickle.dumps(KeyFileError("bad", "own.key", 0o644), protocol))
    assert (str(error), error.path, error.mode) == ("bad", "own.key", 0o644)
