"""The documentation cannot drift: its examples run, its links lead somewhere, and no public name is missing."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import perdure
import perdure.json
import perdure.keys
import perdure.marshal
import perdure.pickle
import perdure.xml
from tests.sources import PACKAGE, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(not PACKAGE.exists(), reason="the sources are not here: an installed package is tested")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ``python`` blocks of a page, one after another, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    names: dict[str, object] = {"__name__": "example"}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], page, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", re.sub(FENCED, "", page.read_text()))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("module", "page"), [
    (perdure, "api.md"), (perdure.graph, "graph.md"), (perdure.json, "json.md"), (perdure.keys, "api.md"),
    (perdure.marshal, "marshal.md"), (perdure.pickle, "pickle.md"), (perdure.xml, "xml.md"),
])
def test_every_public_name_is_documented(module: object, page: str) -> None:
    opcodes = set(importlib.import_module("perdure.opcodes").__all__)
    text = re.sub(FENCED, "", (ROOT / "docs" / page).read_text())
    words = {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", code)}
    assert set(module.__all__) - opcodes - {"TRUE", "FALSE"} <= words


@pytest.mark.parametrize("module", [
    perdure, perdure.graph, perdure.json, perdure.keys, perdure.marshal, perdure.pickle, perdure.xml,
])
def test_every_public_name_says_what_it_does(module: object) -> None:
    for name in module.__all__:
        value = getattr(module, name)
        if getattr(value, "__module__", "").startswith("perdure"):
            assert value.__doc__, name


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_examples_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module(module)).failed == 0
