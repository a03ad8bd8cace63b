"""The helpers that every pickler knows: copyreg's functions, getattr, defaultdict, numpy's `_reconstruct`. What they
look up, call and make goes through the policy, as if the stream had named it itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import tzinfo
from functools import cache
from importlib import import_module

from perdure._engine.reader.guard import charge_arguments, note_pending
from perdure.errors import CorruptError, UntrustedError
from perdure.policy.classes import is_class, new_of
from perdure.policy.names import own_name
from perdure.policy.partial import NewOf
from perdure.policy.rows import Callee, Constant, never

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.decide import Policy

__all__ = ["Enclosing", "Helpers"]

_BASES = frozenset((list, dict, set, frozenset, tuple, str, bytes, bytearray, int, float, complex))


class Enclosing:
    """A class that is not trusted, by its name: older protocols reach a nested class through it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Helpers:
    """The helpers of one policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def rows(self) -> dict[tuple[str, str], Callee]:
        """The callees by their names."""
        return {
            ("builtins", "getattr"): Callee("builtins.getattr", self.getattr),
            ("collections", "defaultdict"): Callee("collections.defaultdict", self.defaultdict, value=defaultdict),
            ("copyreg", "_reconstructor"): Callee("copyreg._reconstructor", self.reconstructor),
            ("copyreg", "__newobj__"): Callee("copyreg.__newobj__", self.newobj),
            ("copyreg", "__newobj_ex__"): Callee("copyreg.__newobj_ex__", self.newobj_ex),
            **{
                (module, "_reconstruct"): Callee(f"{module}._reconstruct", self.array)
                for module in ("numpy._core.multiarray", "numpy.core.multiarray")
            },
        }

    def getattr(self, *args: Any) -> Any:
        if len(args) == 2 and type(args[1]) is str:
            for table in self._policy.tables:  # a bound method, where a table makes the instance's methods itself
                found = table.attribute(*args) if hasattr(table, "attribute") else None
                if found is not None:
                    return found
        if len(args) != 2 or type(args[1]) is not str or not (is_class(args[0]) or type(args[0]) is Enclosing):
            raise UntrustedError("builtins.getattr stands only for a look-up in a trusted class", ("builtins.getattr",))
        outer: Any = args[0]
        module, name = own_name(outer) if is_class(outer) else (outer.module, outer.name)
        if args[1] == "__new__" and is_class(args[0]) and self._policy.known(module, f"{name}.__new__") is None:
            self._policy.class_answer(args[0])
            return NewOf(args[0])
        answer = self._policy.resolve(module, f"{name}.{args[1]}")
        return answer.value if type(answer) is Constant else answer

    def array(self, *args: Any) -> Any:
        return _array_maker()(self.makes, *args)

    def makes(self, cls: Any) -> bool:
        return bool(self._policy.class_answer(cls))

    def defaultdict(self, *args: Any) -> Any:
        """With no factory, or a class that the stream could have named itself: it will be called."""
        if len(args) > 1 or (args and args[0] is not None and not self._policy.is_nameable(args[0])):
            never("collections.defaultdict", args)
        return defaultdict(*args)

    def newobj(self, *args: Any) -> Any:
        return self.newobj_ex(args[0] if args else None, args[1:], {})

    def newobj_ex(self, cls: Any, args: Any, kwargs: Any) -> Any:
        if type(args) is not tuple or type(kwargs) is not dict:
            never("a class", (args, kwargs))
        charge_arguments(args)
        charge_arguments(tuple(kwargs.values()))
        answer = self._policy.class_answer(cls)
        if answer.new is not None:
            made = answer.new(*args, **kwargs)
            if answer.pending:
                note_pending()
            return made
        if answer.plain is None:
            raise UntrustedError(f"{answer.name} is no class that the policy lets the stream create", (answer.name,))
        return new_of(cls)(cls, *args, **kwargs)

    def reconstructor(self, cls: Any, base: Any, state: Any) -> Any:
        """As copyreg's, for a class whose first base in C is ``base``, and a state of just that type."""
        answer = self._policy.class_answer(cls)
        if base is object or (base is tzinfo and type(state) is tzinfo):
            return object.__new__(cls) if answer.plain is not None else self.newobj_ex(cls, (), {})
        if not is_class(base) or base not in _BASES or not issubclass(cls, base) or type(state) is not base:
            raise CorruptError("copyreg._reconstructor with a base that no pickler gives")
        if answer.plain is None and answer.new is None:
            raise UntrustedError(f"{answer.name} is no class that the policy lets the stream create", (answer.name,))
        if base is tuple and answer.plain is None:
            return answer.new(*state)  # type: ignore[misc]
        made = base.__new__(cls, state)
        if base.__init__ is not object.__init__:
            base.__init__(made, state)
        return made


@cache
def _array_maker() -> Any:
    return import_module("perdure.policy.tables.numpy").reconstruct
