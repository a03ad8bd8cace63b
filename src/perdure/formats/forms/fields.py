"""What a form is made of and from: the fields of a tag, and how an object is made."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Fields = list[tuple[str, Any]] | None  # the tag first; values plain, or a Node
    Made = list[Any]  # how ("call" or "new"), callee, arguments, state
    Write = Callable[[Any, list[Any], Any], Fields]
    Read = Callable[[dict[str, Any]], Made]


class Name(str):
    """A class or function among arguments."""

    __slots__ = ()


def take(fields: dict[str, Any], *known: str) -> list[Any]:
    """The fields of those names, in this order, None where there is none; ValueError where there is another."""
    values = [fields.get(key) for key in known]
    if len(fields) > 1 and not fields.keys() <= set(known):
        raise ValueError(f"{next(key for key in fields if key not in known)!r:.50} is no field of it")
    return values


def expect(good: object, what: str) -> None:
    if not good:
        raise ValueError(f"{what} is expected")


def is_int(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def is_node(value: Any) -> bool:
    return hasattr(value, "kind")


def is_own(node: Any) -> bool:
    """Whether a tuple goes without saying: nobody else holds it, and nothing is done to it."""
    return node.kind == "tuple" and node.uses <= 1 and not node.steps
