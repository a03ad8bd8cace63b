"""functools.partial, of the two things that pickles of trusted classes and of packs hold it for.

- of a function that may be a value: the partial itself, its arguments being data;
- of ``Class.__new__``, which is how protocols 2 and 3 write that an instance has arguments by name: called at
  once, without arguments. Nothing of it is a partial, nor a function: a `Deferred` stands for it, and REDUCE of one
  has the policy make the instance, as NEWOBJ_EX would.
"""

from __future__ import annotations

import functools

from perdure.errors import CorruptError, UntrustedError
from perdure.policy.classes import is_class, mro_of
from perdure.policy.rows import Callee, Kind, kind_in, never

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Kinds

__all__ = ["KINDS", "Deferred", "NewOf", "deferred_kind", "kind", "partial_row", "row"]


class NewOf:
    """Stands for ``Class.__new__`` in a stream, and can do nothing."""

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls


class Deferred:
    """Stands for ``partial(Class.__new__, Class, *args, **keywords)``; of no use but to REDUCE."""

    __slots__ = ("args", "keywords", "of")

    def __init__(self, of: NewOf) -> None:
        self.of = of
        self.args: tuple[Any, ...] | None = None
        self.keywords: dict[str, Any] = {}


def partial_row(is_function: Callable[[Any], bool]) -> Callee:
    """The row of functools.partial, for a pack that says which functions may be in one."""

    def call(*args: Any) -> Any:
        if len(args) == 1 and type(args[0]) is NewOf:
            return Deferred(args[0])
        if len(args) != 1 or not is_function(args[0]):
            never("functools.partial", args)
        return functools.partial(args[0])

    return Callee("functools.partial", call)


def _arguments(state: Any, function: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if type(state) is not tuple or len(state) != 4 or state[0] is not function or state[3] not in (None, {}):
        raise CorruptError("the state of a partial is its function, arguments and attributes")
    args, keywords = state[1], {} if state[2] is None else state[2]
    if type(args) is not tuple or type(keywords) is not dict or not all(type(key) is str for key in keywords):
        raise CorruptError("the state of a partial is its function, arguments and attributes")
    return args, dict(keywords)


def _build_partial(partial: Any, state: Any) -> None:
    if partial.args or partial.keywords:
        raise CorruptError("BUILD on a partial that has arguments already")
    args, keywords = _arguments(state, partial.func)
    type(partial).__setstate__(partial, (partial.func, args, keywords, None))


def _build_deferred(deferred: Deferred, state: Any) -> None:
    args, keywords = _arguments(state, deferred.of)
    cls = args[0] if args else None
    if deferred.args is not None or not is_class(cls) or deferred.of.cls not in mro_of(cls):
        raise CorruptError("an instance is made by the __new__ of its own class")
    deferred.args, deferred.keywords = args, keywords


def deferred_kind(make: Callable[[Any, Any, Any], Any]) -> Kind:
    """Of Deferred, for a policy whose ``make(cls, args, keywords)`` makes an instance, or refuses to."""

    def call(deferred: Deferred) -> Any:
        if deferred.args is None:
            raise UntrustedError("a partial is called that has no arguments")
        return make(deferred.args[0], deferred.args[1:], deferred.keywords)

    return Kind(_build_deferred, call=call, unseen=True)


KINDS: Kinds = {("functools", "partial"): Kind(_build_partial, unseen=True)}


def row(module: str, name: str) -> None:
    """Nothing of perdure's own is for streams to name."""


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
