"""Imports go one way. The table says what each part may name; the sources are held against it.

errors <- ops <- engine; the policy is handed to the engine, which never imports it; what looks
at a stream (graph, inspector) never reaches code that builds objects from one.
"""

from pathlib import Path

import pytest

from tests.sources import PACKAGE, imports

# Part -> the parts it may import, besides itself. A part is a module, or a folder with all in it.
ALLOWED = {
    "errors": set(),
    "ops": set(),
    "opcodes": set(),
    "_engine": {"errors", "opcodes"},
    "policy": {"errors", "_engine"},
    "packs": {"errors", "policy"},
    "files": {"errors"},
    "filing": {"errors", "_engine", "policy", "files"},
    "keys": {"errors", "files"},
    "pickle": {"errors", "opcodes", "_engine"},
    "marshal": {"_engine"},
    "graph": {"errors", "ops", "_engine", "files"},
    "xml": {"errors", "_engine", "files", "graph", "formats", "api"},
    "formats": {"errors", "graph", "policy", "_engine"},
    "json": {"errors", "_engine", "files", "graph", "formats", "api"},
    "conversion": {"errors", "_engine", "files", "filing", "graph", "formats", "marshal", "api"},
    "inspector": {"errors", "ops", "graph", "files"},
    "api": {"errors", "_engine", "policy", "files", "filing"},
    "cli": {"errors", "api", "graph", "formats", "inspector", "files", "policy"},
    "__init__": {"errors", "api", "filing", "keys", "policy", "pickle", "marshal", "graph", "json", "xml", "conversion"},
}

# Inside the engine: the halves meet in shared declarations, never in each other.
APART = [("reader", "writer"), ("graph", "reader"), ("graph", "writer"), ("text", "reader"), ("text", "writer")]

SOURCES = sorted(path for end in ("py", "pyi", "pyx", "pxd") for path in PACKAGE.rglob(f"*.{end}"))

pytestmark = pytest.mark.skipif(not SOURCES, reason="the sources are not here: an installed package is tested")


def part(module: str) -> str:
    return (module.split(".") + ["__init__"])[1]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].split(".")[0]
    assert own in ALLOWED, f"{own} is no part that the table knows"
    named = {part(module) for module in imports(path)} - {own}
    assert named <= ALLOWED[own], f"{path.name} imports {', '.join(sorted(named - ALLOWED[own]))}"


@pytest.mark.parametrize("looking", ["graph", "inspector"])
def test_looking_never_reaches_building(looking: str) -> None:
    waiting = [path for path in SOURCES if path.relative_to(PACKAGE).parts[0].split(".")[0] == looking]
    seen = set()
    while waiting:
        for module in imports(waiting.pop()) - seen:
            seen.add(module)
            base = PACKAGE.parent.joinpath(*module.split("."))
            waiting += [path for path in SOURCES if path.with_suffix("") in (base, base / "__init__")]
    assert not seen & {"perdure.api", "perdure.pickle", "perdure._engine.reader.unpickler"}


@pytest.mark.parametrize(("one", "other"), APART)
def test_halves_of_the_engine_stay_apart(one: str, other: str) -> None:
    for path in SOURCES:
        if path.parent == PACKAGE / "_engine" / one:
            assert not [module for module in imports(path) if module.startswith(f"perdure._engine.{other}")]


def test_the_table_has_no_circle() -> None:
    def reached(name: str) -> set[str]:
        return ALLOWED[name].union(*(reached(one) for one in ALLOWED[name]))  # a circle never ends

    for name in ALLOWED:
        assert name not in reached(name)
