"""What a file says of itself: by which Python and packages it was written, when, and what the user adds.

JSON, so that any program reads it. It is under the seal, and never decides what may load.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

from perdure.errors import CorruptError, PerdureWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

__all__ = ["checked", "decoded", "encoded", "warn_of_versions"]

LONGEST = 1 << 20  # of what the user adds
# Packages whose pickles other releases read as well; of the rest a minor release may change what it keeps.
_READ_BY_OTHERS = frozenset(("numpy", "pandas", "pyarrow", "pytz", "dateutil"))


def checked(user: Mapping[str, Any] | None) -> Any:
    """The user's metadata, as JSON would give it back. Raises TypeError or ValueError for what JSON can't hold."""
    if user is None:
        return None
    if not hasattr(user, "keys") or not all(isinstance(key, str) for key in user):
        raise TypeError("metadata= is a dict with str keys")
    try:
        text = json.dumps(dict(user), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"metadata= holds what JSON can: {error}") from None
    if len(text) > LONGEST:
        raise ValueError(f"metadata= is at most {LONGEST} bytes of JSON: it is no place for data")
    return json.loads(text)


def encoded(protocol: int, modules: Iterable[str], user: Any) -> bytes:
    said: dict[str, Any] = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "protocol": protocol,
        "time": round(time.time(), 3),
    }
    if packages := _packages({module.partition(".")[0] for module in modules}):
        said["packages"] = packages
    if user is not None:
        said["user"] = user
    return json.dumps(said, separators=(",", ":")).encode()


def decoded(data: bytes) -> dict[str, Any]:
    """What `encoded` has written. Raises CorruptError."""
    try:
        found = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        raise CorruptError("the file's metadata are no JSON") from None
    if not isinstance(found, dict):
        raise CorruptError("the file's metadata are no JSON object")
    return found


def _packages(names: Iterable[str]) -> dict[str, str]:
    """The versions of imported packages that say them; the standard library is Python's."""
    found = {}
    for name in sorted(set(names) - sys.stdlib_module_names):
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str) and len(version) < 100:
            found[name] = version
    return found


def warn_of_versions(data: bytes, stacklevel: int) -> None:
    """Warns where a package is of another release than the one that wrote its objects, and that may matter."""
    saved = decoded(data).get("packages")
    if not isinstance(saved, dict):
        return
    for name, version in saved.items():
        if not isinstance(version, str):
            continue
        here = _packages([name]).get(name)
        if here is not None and _release(name, here) != _release(name, version):
            warnings.warn(
                f"this was saved with {name:.100} {version:.100}, and loaded with {here}: it may not be what it was",
                PerdureWarning,
                stacklevel=stacklevel + 1,
            )


def _release(name: str, version: str) -> list[str]:
    return version.split(".")[: 1 if name in _READ_BY_OTHERS else 2]
