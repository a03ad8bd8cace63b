"""Rules of the test run: no stale engine, a keyring of its own, slow tests only where they are asked for."""

import os
import shutil
import tempfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from tests.sources import ENGINE, PACKAGE, reach


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too (CI does)")


def pytest_configure(config: pytest.Config) -> None:
    """A keyring for this run alone, that of its child processes too: the user's own is no test's business."""
    os.environ.pop("PERDURE_KEY", None)
    home = os.environ["PERDURE_HOME"] = tempfile.mkdtemp(prefix="perdure-tests-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="slow: run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_sessionstart() -> None:
    import perdure

    if Path(perdure.__file__).parent == PACKAGE and not os.environ.get("PERDURE_STALE_OK"):
        if stale := stale_modules():
            pytest.exit(f"older than its sources, run make build: {', '.join(stale)} (PERDURE_STALE_OK=1 passes)", 3)


def stale_modules() -> list[str]:
    """The engine's modules whose compiled file is missing, and the modules whose compiled file is older than a
    source of theirs. Those of the policy and of the forms are Python too, and may be missing."""
    stale = []
    for source in sorted((*ENGINE.rglob("*.pyx"), *(PACKAGE / "policy").rglob("*.py"), *(PACKAGE / "formats/forms").rglob("*.py"))):
        binary = source.with_suffix(EXTENSION_SUFFIXES[0])
        sources = reach(source, (".pxd",)) if source.suffix == ".pyx" else {source}
        if binary.exists():
            if binary.stat().st_mtime < max(path.stat().st_mtime for path in sources):
                stale.append(source.stem)
        elif source.suffix == ".pyx":
            stale.append(source.stem)
    return stale
