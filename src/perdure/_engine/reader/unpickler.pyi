from collections.abc import Iterable
from typing import Any, Protocol

from perdure._engine.reader.guard import Callee, Constant, Kind

class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...

class _Policy(Protocol):
    answers: dict[str, dict[str, Callee | Constant]]
    kinds: dict[type, Any]
    def resolve(self, module: str, name: str) -> Callee | Constant: ...
    def kind(self, cls: type) -> Kind | None: ...
    def adopt(self, found: Any) -> Callee | Constant: ...

class UnpicklerMemoProxy:
    """An Unpickler's memo, to copy, clear or hand to another."""

    def clear(self) -> None: ...
    def copy(self) -> dict[int, Any]: ...

class Unpickler:
    """The standard module's Unpickler."""

    memo: Any
    def __init__(
        self,
        file: _Readable,
        *,
        fix_imports: bool = True,
        encoding: str = "ASCII",
        errors: str = "strict",
        buffers: Iterable[Any] | None = (),
    ) -> None: ...
    def load(self) -> Any: ...
    def find_class(self, module_name: str, global_name: str, /) -> Any: ...
    def persistent_load(self, pid: Any, /) -> Any: ...

class PolicyUnpickler(Unpickler):
    """An Unpickler whose loads are those of load_policy."""

    def __init__(
        self,
        file: _Readable,
        policy: _Policy | None,
        *,
        fix_imports: bool = True,
        encoding: str = "ASCII",
        errors: str = "strict",
        buffers: Iterable[Any] | None = None,
        limits: dict[str, int] | None = None,
    ) -> None: ...

def load(
    file: _Readable,
    /,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = (),
) -> Any: ...
def loads(
    data: Any,
    /,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = (),
) -> Any: ...
def load_policy(
    file: _Readable,
    policy: _Policy | None,
    /,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = None,
    limits: dict[str, int] | None = None,
) -> Any: ...
def loads_policy(
    data: Any,
    policy: _Policy | None,
    /,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = None,
    limits: dict[str, int] | None = None,
) -> Any: ...
def empty_bytearray(size: int) -> bytearray: ...
