from collections.abc import Callable
from typing import Any

class Callee:
    """A name that a stream may call, and only call."""

    name: str
    call: Callable[..., Any]
    def __init__(self, name: str, call: Callable[..., Any]) -> None: ...

class Constant:
    """A name that stands for a value."""

    value: Any
    def __init__(self, value: Any) -> None: ...
