"""Reads the project's own sources: what imports what, in Python and in Cython."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "perdure"
ENGINE = PACKAGE / "_engine"

_STATEMENT = re.compile(r"^[ \t]*(?:from[ \t]+(\S+)[ \t]+)?(?:c?import)[ \t]+(\([^)]*\)|.+)", re.MULTILINE)


def imports(path: Path) -> frozenset[str]:
    """The perdure modules that a file names in import or cimport, as dotted names."""
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    found = _python(path) if path.suffix in (".py", ".pyi") else _cython(path)
    package = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
    names = set()
    for base, name in found:
        dots = len(base) - len(base.lstrip("."))
        if dots:
            base = ".".join([*package[: len(package) - dots + 1], base.lstrip(".")]).rstrip(".")
        whole = f"{base}.{name}".strip(".") if name else base
        names.add(whole if _exists(whole) else base)
    return frozenset(name for name in names if name.split(".")[0] == "perdure") - {module}


def _python(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)


def _cython(path: Path) -> Iterator[tuple[str, str]]:
    for base, names in _STATEMENT.findall(path.read_text()):
        for name in re.sub(r"[()\\\n]|#.*", " ", names).split(","):
            first = name.split()[0] if name.split() else ""
            yield (base, first) if base else (first, "")


def _exists(dotted: str) -> bool:
    path = PACKAGE.parent.joinpath(*dotted.split("."))
    return path.is_dir() or any(path.with_suffix(end).exists() for end in (".py", ".pyx", ".pxd"))


def reach(start: Path, ends: tuple[str, ...]) -> frozenset[Path]:
    """``start`` and the engine's files with these endings that it is made of, through all imports."""
    seen: set[Path] = set()
    waiting = [start, *map(start.with_suffix, ends)]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.exists():
            continue
        seen.add(path)
        names = [name.split(".")[2:] for name in imports(path) if name.startswith("perdure._engine.")]
        waiting += [ENGINE.joinpath(*name).with_suffix(end) for name in names for end in ends]
    return frozenset(seen)
