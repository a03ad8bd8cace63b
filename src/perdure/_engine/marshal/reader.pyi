from collections.abc import Mapping
from typing import Any, Protocol

class _TrustAll(Protocol):
    @property
    def trusts_all(self) -> bool: ...

class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readinto(self, buffer: memoryview, /) -> int: ...

def loads(
    data: Any, /, *, trusted: _TrustAll | None = None, limits: Mapping[str, int] | None = None, allow_code: bool = True
) -> Any: ...
def load(
    file: _Readable,
    /,
    *,
    trusted: _TrustAll | None = None,
    limits: Mapping[str, int] | None = None,
    allow_code: bool = True,
) -> Any: ...
