from typing import Any

def define(
    what: int,
    name: str,
    role: int,
    accepts: int,
    *,
    text: bool = False,
    labelled: bool = False,
    attribute: Any = None,
    needed: bool = False,
    kind: int = ...,
    op: int = 0,
    stage: int = 0,
) -> None: ...
def define_form(name: str, attributes_of: tuple[str, ...], child: bool, parts: bool) -> None: ...
def number(text: str) -> int | float | bool: ...
def real(text: str) -> float: ...
