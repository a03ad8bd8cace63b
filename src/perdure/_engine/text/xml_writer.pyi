from collections.abc import Callable
from typing import Any

from perdure._engine.graph.nodes import Graph

def write(graph: Graph, indent: str | None = None, forms: dict[str, Callable[..., Any]] | None = None) -> bytes: ...
