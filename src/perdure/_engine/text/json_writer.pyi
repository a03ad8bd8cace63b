from collections.abc import Callable, Mapping
from typing import Any

from perdure._engine.graph.nodes import Graph

def write(
    graph: Graph,
    forms: Mapping[str, Callable[[str, list[Any], Any], list[tuple[str, Any]] | None]],
    *,
    sort_keys: bool = False,
    safe_integers: bool = False,
    inlined: bool = False,
) -> bytes: ...
