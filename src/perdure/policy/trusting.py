"""What ``trusted=`` and `trust` mean: a policy for what somebody has said."""

from __future__ import annotations

from perdure.policy.decide import Policy
from perdure.policy.names import own_name
from perdure.policy.registry import tables_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["TRUST_ALL", "TrustAll", "policy_for", "trust"]


class TrustAll:
    """Everything loads, as with the standard module: for streams that you would run anyway."""

    trusts_all = True  # by which the engine knows it, which imports no policy

    def __repr__(self) -> str:
        return "perdure.TRUST_ALL"


TRUST_ALL = TrustAll()

_trusted_by_all: tuple[Any, ...] = ()
_built_in = Policy()
_recent: dict[tuple[Any, ...], Policy] = {}  # the same classes are trusted again and again


def trust(*items: Any) -> None:
    """Adds to what every later load of this process trusts: see ``trusted=`` of :func:`perdure.load`.

    Raises TypeError or ValueError for what can't be trusted.

    >>> import perdure
    >>> class Point:
    ...     pass
    >>> perdure.trust(Point)
    """
    global _trusted_by_all, _built_in
    together = (*_trusted_by_all, *items)
    _built_in = _policy(together)
    _trusted_by_all = together
    _recent.clear()


def policy_for(trusted: Any, *, own: bool = False) -> Policy | None:
    """What the engine asks, or None for nobody; ``own``: one that nobody else uses."""
    if trusted is TRUST_ALL:
        return None
    if trusted is None:
        return _policy(_trusted_by_all) if own else _built_in
    if isinstance(trusted, (str, type)) or not hasattr(trusted, "__iter__"):
        raise TypeError(f"trusted= takes None, perdure.TRUST_ALL or an iterable: trusted=[{trusted!r:.100}]")
    items = tuple(trusted)
    try:
        found = None if own else _recent.get(items)
    except TypeError:
        return _policy((*_trusted_by_all, *items))  # for its error
    if found is None:
        found = _policy((*_trusted_by_all, *items))
        if len(_recent) >= 64:
            _recent.clear()
        if not own:
            _recent[items] = found
    return found


def _policy(items: tuple[Any, ...]) -> Policy:
    objects, names, packages = [], [], []
    tables: dict[str, Any] = {}
    for item in items:
        if isinstance(item, str):
            if "." not in item:
                tables_of(item, tables)
            elif item.endswith(".*"):
                packages.append(_checked(item[:-2], item))
            else:
                names.append(_checked(item, item))
        elif item is TRUST_ALL:
            raise TypeError("trusted=perdure.TRUST_ALL, not in a list: it leaves nothing to the rest")
        elif isinstance(item, type) and issubclass(item, type):
            raise TypeError(f"{item!r:.100} is a metaclass: whoever calls it makes classes")
        elif isinstance(item, type) or (callable(item) and own_name(item) != ("", "")):
            objects.append(item)
        else:
            raise TypeError(f"trusted= takes classes, functions and names, not {type(item).__name__:.100}")
    return Policy(objects, names, packages, tables)


def _checked(dotted: str, item: str) -> str:
    if not all(part.isidentifier() for part in dotted.split(".")):
        raise ValueError(f"{item!r:.100} is no dotted name")
    return dotted
