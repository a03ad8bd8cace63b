"""What users install: a wheel and an sdist, each in a fresh environment, outside the tree, tested there."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.sources import PACKAGE, ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PACKAGE.exists(), reason="the sources are not here: an installed package is tested"),
]

SMOKE = """
import perdure, sys
from perdure import pickle
assert sys.argv[1] in perdure.__file__, perdure.__file__
value = {"rows": [(1, 2.5, "three"), None]}
assert pickle.loads(pickle.dumps(value)) == value
perdure.dump(value, "value.sav")
assert perdure.load("value.sav") == value
"""


def run(*command: str | Path, cwd: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PERDURE"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as a stranger has them: nothing compiled, no git."""
    copy = tmp_path_factory.mktemp("tree") / "perdure"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(
        ".git", ".venv*", "build", "dist", "*.so", "*.c", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"))
    return copy


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-c", f"from setuptools.build_meta import build_sdist; build_sdist({str(out)!r})", cwd=tree)
    return next(out.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", out, tree, cwd=out)
    return next(out.glob("*.whl"))


def test_sdist_holds_the_sources(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    for path in PACKAGE.rglob("*"):
        if path.suffix in (".py", ".pyi", ".pyx", ".pxd") or path.name == "py.typed":
            assert str(path.relative_to(ROOT)) in names
    assert {"LICENSE", "README.md", "Makefile", "pyproject.toml", "setup.py", "tests/conftest.py"} <= names
    assert not [name for name in names if name.endswith((".c", ".so", ".pyc"))]


def test_wheel_holds_the_engine_and_the_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for source in PACKAGE.rglob("*.pyx"):
        stem = str(source.relative_to(PACKAGE.parent).with_suffix(""))
        assert [name for name in names if name.startswith(stem + ".") and name.endswith((".so", ".pyd"))], stem
    assert "perdure/py.typed" in names
    assert {str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*.pyi")} <= names
    assert not [name for name in names if name.endswith((".c", ".pyx", ".pxd"))]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_installed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    package: Path = request.getfixturevalue(kind)
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = (sys.executable, "-m", "pip", "--python", python, "install", "-q")
    run(*install, package, cwd=tmp_path)
    run(python, "-c", SMOKE, environment.name, cwd=tmp_path)

    for folder in ("tests", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    run(*install, "--group", "test", cwd=tmp_path)
    run(python, "-m", "pytest", "-q", "tests/unit", cwd=tmp_path)
