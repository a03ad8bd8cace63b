"""The package's face: public names, lazily found, and a cheap import."""

import subprocess
import sys

import pytest

import perdure


def test_every_public_name_is_there_and_listed() -> None:
    for name in perdure.__all__:
        assert getattr(perdure, name) is not None
        assert name in dir(perdure)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="'perdure' has no attribute 'lode'"):
        perdure.lode  # noqa: B018


def test_star() -> None:
    names: dict[str, object] = {}
    exec("from perdure import *", names)
    assert set(perdure.__all__) <= set(names)


def test_import_brings_nothing_heavy() -> None:
    """What `import pickle` costs is the measure: no typing, no re, none of what the doors need later."""
    code = "import sys; before = set(sys.modules); import perdure; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"re", "typing", "pickle", "struct", "contextlib"} & set(done.stdout.split())
