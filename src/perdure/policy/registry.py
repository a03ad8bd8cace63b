"""Which tables know which library: the built-in profile's, and the packs.

A table is imported when a stream first names something of its library, or when somebody asks for a pack; the library
itself not before a name of it is known.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Kind

__all__ = ["known", "known_kind", "pack_of", "packs", "tables_of"]

# The built-in profile, by the first part of a module's name.
_STANDARD = (
    "argparse", "array", "collections", "datetime", "decimal", "fractions", "http", "ipaddress", "json",
    "logging", "os", "pathlib", "pytz", "random", "re", "signal", "socket", "statistics", "string", "time", "types",
    "urllib", "uuid", "zoneinfo",
)  # fmt: skip
_PROFILE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("builtins", "_codecs"), ("perdure.policy.tables.builtin",)),
    **dict.fromkeys(_STANDARD, ("perdure.policy.tables.standard",)),
    "dateutil": ("perdure.policy.tables.dateutil",),
    "perdure": ("perdure.policy.partial",),
    "numpy": ("perdure.policy.tables.numpy",),
    "pandas": ("perdure.policy.tables.pandas",),
    "pyarrow": ("perdure.policy.tables.pyarrow",),
    "scipy": ("perdure.policy.tables.sparse",),
}
# Packs of our own: tables that somebody has to ask for, or that others need.
_PACKS: dict[str, str | None] = {
    "lightgbm": "perdure.policy.tables.lightgbm",
    "networkx": "perdure.policy.tables.networkx",
    **dict.fromkeys(("numpy", "pandas", "pyarrow")),  # in the profile
    "scipy": "perdure.policy.tables.scipy",
    "sklearn": "perdure.policy.tables.sklearn",
    "statsmodels": "perdure.policy.tables.statsmodels",
    "torch": "perdure.policy.tables.torch",
    "xgboost": "perdure.policy.tables.xgboost",
}

_NOT_ASKED = object()
_decided: dict[tuple[str, str], Any] = {}


def known(module: str, name: str) -> Any:
    """What the profile's tables say of a name, by its new spelling: a Callee, a Constant, or None."""
    key = (module, name)
    found = _decided.get(key, _NOT_ASKED)
    if found is _NOT_ASKED:
        found = None
        for path in _PROFILE.get(module.partition(".")[0], ()):
            found = found or import_module(path).row(module, name)
        if found is not None:  # a stream may name anything: what is not known is not kept
            _decided[key] = found
    return found


def known_kind(cls: type, top: str) -> Kind | None:
    """What they say may be done to instances of a class, of a module whose name begins with ``top``."""
    for path in _PROFILE.get(top, ()):
        kind: Kind | None = import_module(path).kind(cls)
        if kind is not None:
            return kind
    return None


def pack_of(name: str) -> str | None:
    """The pack of a dotted name's library; None if there is none, or if the profile has all that it knows."""
    top = name.partition(".")[0]
    return top if _PACKS.get(top) else None


def packs() -> tuple[str, ...]:
    """The names of the packs that ``trusted=`` takes: perdure's own, and those that installed packages give by
    the entry point group ``perdure.packs``."""
    return tuple(sorted({*_PACKS, *(entry.name for entry in _entry_points())}))


def _entry_points() -> Any:
    from importlib.metadata import entry_points

    return entry_points(group="perdure.packs")


def tables_of(pack: str, seen: dict[str, Any]) -> dict[str, Any]:
    """Adds a pack's table and those that it needs."""
    if pack in seen:
        return seen
    if pack in _PACKS:
        path = _PACKS[pack]
        table = import_module(path) if path else None
    else:
        found = [entry for entry in _entry_points() if entry.name == pack]
        if not found:
            raise ValueError(f"there is no pack {pack!r:.100}; there are {', '.join(packs())}")
        table = found[0].load()
    seen[pack] = table
    for needed in table.NEEDS if table is not None else ():
        tables_of(needed, seen)
    return seen
