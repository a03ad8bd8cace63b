from typing import Any

def loads(
    data: Any, limits: dict[str, int] | None = None, allow_code: bool = True, codes: list[Any] | None = None
) -> Any: ...
def load(
    file: Any, limits: dict[str, int] | None = None, allow_code: bool = True, codes: list[Any] | None = None
) -> Any: ...
