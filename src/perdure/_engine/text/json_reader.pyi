from collections.abc import Callable, Mapping
from typing import Any

from perdure._engine.graph.nodes import Graph

def read(text: bytes, forms: Mapping[str, Callable[[dict[str, Any]], Any]]) -> Graph: ...
