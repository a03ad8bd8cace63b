"""perdure.pickle against the running Python's pickle, name for name."""

import inspect
import io
import pickle as standard
import subprocess
import sys

import pytest

from perdure import pickle


def test_every_public_name_is_there() -> None:
    assert sorted(pickle.__all__) == sorted(set(standard.__all__))
    for name in standard.__all__:
        assert hasattr(pickle, name), name


def test_every_constant_is_equal() -> None:
    for name in standard.__all__:
        if not callable(getattr(standard, name)):
            assert getattr(pickle, name) == getattr(standard, name), name


@pytest.mark.parametrize("name", ["format_version", "compatible_formats", "bytes_types"])
def test_what_people_use_beyond_all(name: str) -> None:
    assert getattr(pickle, name) == getattr(standard, name)


@pytest.mark.parametrize("name", ["encode_long", "decode_long", "whichmodule", "dispatch_table", "_Pickler"])
def test_what_is_the_standard_modules_own(name: str) -> None:
    assert getattr(pickle, name) is getattr(standard, name)


@pytest.mark.parametrize("name", ["PickleError", "PicklingError", "UnpicklingError", "PickleBuffer"])
def test_classes_that_are_the_same_objects(name: str) -> None:
    assert getattr(pickle, name) is getattr(standard, name)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match=r"perdure\.pickle.*'loadz'"):
        pickle.loadz  # noqa: B018


@pytest.mark.parametrize("name", ["dump", "dumps", "load", "loads"])
def test_signatures(name: str) -> None:
    """The standard arguments, with their kinds and defaults; perdure may have more, by keyword alone."""
    theirs = inspect.signature(getattr(standard, name)).parameters
    ours = inspect.signature(getattr(pickle, name)).parameters
    assert [(one.name, one.default) for one in theirs.values()] == [
        (one.name, one.default) for one in ours.values() if one.name in theirs
    ]
    assert all(one.kind is one.KEYWORD_ONLY for one in ours.values() if one.name not in theirs)


@pytest.mark.parametrize("protocol", range(standard.HIGHEST_PROTOCOL + 1))
def test_both_modules_read_each_other(protocol: int) -> None:
    value = {"a": [1, 2.5, None, True], "b": ("x", b"y", {3, 4}, frozenset())}
    assert standard.loads(pickle.dumps(value, protocol)) == value
    assert pickle.loads(standard.dumps(value, protocol)) == value


def test_files() -> None:
    file = io.BytesIO()
    pickle.dump([1], file)
    pickle.Pickler(file).dump("two")
    file.seek(0)
    assert pickle.load(file) == [1]
    assert pickle.Unpickler(file).load() == "two"


def test_importing_it_does_not_import_the_standard_module() -> None:
    code = "import sys, perdure.pickle; sys.exit('pickle' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
