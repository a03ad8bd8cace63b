from collections.abc import Callable
from typing import Any, Literal

class Callee:
    """A name that a stream may call."""

    name: str
    call: Callable[..., Any] | None
    new: Callable[..., Any] | None
    value: Any
    plain: type | None
    direct: Callable[..., Any] | None
    types: tuple[type, ...]
    hashes: bool
    arrays: bool
    pending: bool
    lends: bool
    def __init__(
        self,
        name: str,
        call: Callable[..., Any] | None = None,
        *,
        new: Callable[..., Any] | None = None,
        value: Any = ...,
        plain: type | None = None,
        direct: Callable[..., Any] | None = None,
        types: tuple[type, ...] = (),
        hashes: bool = False,
        arrays: bool = False,
        pending: bool = False,
        lends: bool = False,
    ) -> None: ...

class Constant:
    """A name that stands for a value."""

    value: Any
    shared: bool
    def __init__(self, value: Any, *, shared: bool = False) -> None: ...

class Kind:
    """What a stream may do to instances of a type."""

    build: Callable[[Any, Any], object] | Literal[True] | None
    call: Callable[[Any], Any] | None
    fill: bool
    unseen: bool
    pending: bool
    def __init__(
        self,
        build: Callable[[Any, Any], object] | Literal[True] | None = None,
        *,
        call: Callable[[Any], Any] | None = None,
        fill: bool = False,
        unseen: bool = False,
        pending: bool = False,
    ) -> None: ...

def charge_arguments(args: tuple[Any, ...]) -> None: ...
def charge_copy(size: int) -> None: ...
def charge_hashing(keys: list[Any], as_dict: bool = False) -> None: ...
def note_pending() -> None: ...
def charge_items(items: list[Any]) -> None: ...
def is_lent(value: Any) -> bool: ...
