"""Rules of the test run: no stale engine, slow tests only where they are asked for."""

import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from tests.sources import ENGINE, reach


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too (CI does)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="slow: run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_sessionstart() -> None:
    import perdure

    engine = Path(perdure.__file__).parent / "_engine"
    if engine == ENGINE and not os.environ.get("PERDURE_STALE_OK"):
        if stale := stale_modules(engine):
            pytest.exit(f"older than its sources, run make build: {', '.join(stale)} (PERDURE_STALE_OK=1 passes)", 3)


def stale_modules(engine: Path) -> list[str]:
    """The engine's modules whose compiled file is missing, or older than a source of theirs."""
    return [
        source.stem
        for source in sorted(engine.rglob("*.pyx"))
        if not (binary := source.with_suffix(EXTENSION_SUFFIXES[0])).exists()
        or binary.stat().st_mtime < max(path.stat().st_mtime for path in reach(source, (".pxd",)))
    ]
