from collections.abc import Callable, Mapping
from typing import Any, Protocol

class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...

_BufferCallback = Callable[[Any], object] | None

HIGHEST_PROTOCOL: int
DEFAULT_PROTOCOL: int
PROFILED: bool

class PicklerMemoProxy:
    """A Pickler's memo, to copy, clear or hand to another."""

    def __init__(self, pickler: Pickler) -> None: ...
    def clear(self) -> None: ...
    def copy(self) -> dict[int, tuple[int, Any]]: ...

class Pickler:
    """The standard module's Pickler."""

    bin: bool
    fast: bool
    dispatch_table: Mapping[type, Callable[[Any], Any]]
    memo: Any
    reducer_override: Callable[[Any], Any]
    def __init__(
        self,
        file: _Writable,
        protocol: int | None = None,
        fix_imports: bool = True,
        buffer_callback: _BufferCallback = None,
    ) -> None: ...
    def dump(self, obj: object, /) -> None: ...
    def clear_memo(self) -> None: ...
    def persistent_id(self, obj: Any) -> Any: ...

def dump(
    obj: object,
    file: _Writable,
    protocol: int | None = None,
    *,
    fix_imports: bool = True,
    buffer_callback: _BufferCallback = None,
    canonical: bool = False,
    path_notes: bool = False,
    write_large: Callable[[bytes, Any], object] | None = None,
    modules: set[str] | None = None,
) -> None: ...
def dumps(
    obj: object,
    protocol: int | None = None,
    *,
    fix_imports: bool = True,
    buffer_callback: _BufferCallback = None,
    canonical: bool = False,
    path_notes: bool = False,
) -> bytes: ...
