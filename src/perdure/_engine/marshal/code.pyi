from typing import final

@final
class Code:
    co_argcount: int
    co_posonlyargcount: int
    co_kwonlyargcount: int
    co_stacksize: int
    co_flags: int
    co_firstlineno: int
    co_code: bytes
    co_consts: tuple[object, ...]
    co_names: tuple[str, ...]
    co_localsplusnames: tuple[str, ...]
    co_localspluskinds: bytes
    co_filename: str
    co_name: str
    co_qualname: str
    co_linetable: bytes
    co_exceptiontable: bytes
    @property
    def co_varnames(self) -> tuple[str, ...]: ...
    @property
    def co_cellvars(self) -> tuple[str, ...]: ...
    @property
    def co_freevars(self) -> tuple[str, ...]: ...
    @property
    def co_nlocals(self) -> int: ...
    def __init__(self, *args: object, **kwargs: object) -> None: ...
    def __hash__(self) -> int: ...
    def __eq__(self, value: object, /) -> bool: ...
