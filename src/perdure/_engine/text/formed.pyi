from typing import Any

from perdure._engine.graph.assembly import Builder
from perdure._engine.graph.nodes import Node

def construct(builder: Builder, row: int, made: Any) -> int: ...
def node_of(builder: Builder, row: int) -> Node: ...
