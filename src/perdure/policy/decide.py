"""`Policy`: what a load may name, call and fill in.

Rules:

- A name is decided from its spelling first: only what could be allowed is imported, and nothing above it.
- Then the object is judged, not the spelling: a class by where it says that it was defined.
- The tables come first. What they know is made by our own code, whoever else trusts it.
"""

from __future__ import annotations

from types import MappingProxyType

from perdure.errors import CorruptError, UntrustedError
from perdure.policy.classes import is_class, is_enum, trusted_class, trusted_kind
from perdure.policy.helpers import Enclosing, Helpers
from perdure.policy.names import NOTHING, find, is_own_value, own_name, shown
from perdure.policy.partial import Deferred, deferred_kind, partial_row
from perdure.policy.registry import known, known_kind, pack_of
from perdure.policy.rows import Callee, Constant, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

    from perdure.policy.rows import Answer

__all__ = ["Policy"]


LONG_NAME = 500  # characters: each dot is looked at


class Policy:
    """The built-in profile, and what is trusted besides.

    ``objects`` are classes and functions, ``names`` dotted names, ``packages`` those of ``"pkg.*"``,
    ``packs`` are tables by the names of their packs.
    """

    def __init__(
        self,
        objects: Iterable[Any] = (),
        names: Iterable[str] = (),
        packages: Iterable[str] = (),
        packs: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._objects = {own_name(thing): thing for thing in objects}
        self._names = frozenset(names)
        self._packages = tuple(packages)
        self._packs = frozenset(packs)
        self.tables = tuple(table for table in packs.values() if table is not None)
        # What the engine may use again in later loads without asking: names that stand for the same at any
        # time, and kinds of types, which hold as long as the type is not changed.
        self.answers: dict[str, dict[str, Answer]] = {}
        self.kinds: dict[type, Any] = {}
        self._adopted: set[type] = set()
        helpers = Helpers(self)
        self._deferred = deferred_kind(helpers.newobj_ex)
        self._special = helpers.rows()

    # ---- what the engine asks

    def resolve(self, module: str, name: str) -> Answer:
        """What the stream may do with a name; UntrustedError where it may do nothing."""
        if len(module) > LONG_NAME or len(name) > LONG_NAME:
            self._refuse(module, name)
        found = self._special.get((module, name)) or self.known(module, name) or self._object(module, name)
        if found is not None:
            return self.answers.setdefault(module, {}).setdefault(name, found)
        return self._trusted(module, name) or self._enclosing(module, name) or self._last(module, name)

    def kind(self, cls: type) -> Kind | None:
        """What the stream may do to instances of a class; None: nothing."""
        kind = self._deferred if cls is Deferred else self._known_kind(cls)
        if kind is not None:
            return kind
        if cls in self._adopted:
            return trusted_kind(cls, self._known_kind)
        try:
            answer = self._trusted(*own_name(cls))
        except (ImportError, CorruptError, UntrustedError):
            return None
        return trusted_kind(cls, self._known_kind) if type(answer) is Callee and answer.value is cls else None

    def adopt(self, found: Any) -> Answer:
        """What an unpickler's own find_class stands for: a class that it gave is trusted."""
        if type(found) is Callee or type(found) is Constant:
            return found
        if is_class(found) or callable(found):
            key = own_name(found)
            row = self._special.get(key) or self.known(*key)
            if row is not None and (row.value if type(row) is Constant else _value(row)) is found:
                return row
            if self._objects.get(key) is found:
                return self._answer(found)
            if is_class(found) and not issubclass(found, type):
                self._adopted.add(found)
                return trusted_class(found)
        return Constant(found, shared=not is_class(found))

    def allows(self, module: str, name: str) -> bool:
        """Whether a name would be let through, as far as can be told without importing what is trusted."""
        if (module, name) in self._special or self.known(module, name) or self._object(module, name):
            return True
        return self._is_named(module, name) or self._enclosing(module, name) is not None or (module, name) == _PARTIAL

    # ---- refusals

    def advice(self, names: Iterable[str]) -> list[str]:
        """What to put into ``trusted=`` so that these names load: packs where there are some."""
        offered = ((pack_of(name), name) for name in names)  # a pack that is trusted already has not the name
        return list(dict.fromkeys(name if pack is None or pack in self._packs else pack for pack, name in offered))

    def _refuse(self, module: str, name: str) -> NoReturn:
        full = f"{module:.200}.{name:.200}"
        raise UntrustedError(
            f"{full} is not trusted, and nothing of it was imported or run; "
            f"if you trust it: trusted={self.advice([full])!r}",
            (full,),
        )

    # ---- names

    def _is_named(self, module: str, name: str) -> bool:
        """Whether ``trusted=`` holds the name, or its package."""
        return f"{module}.{name}" in self._names or any(
            module == package or module.startswith(package + ".") for package in self._packages
        )

    def known(self, module: str, name: str) -> Any:
        """The tables' answer, or None."""
        found = known(module, name)
        for table in self.tables:
            if found is None and module.partition(".")[0] in table.TOPS:
                found = table.row(module, name)
        return found

    def _known_kind(self, cls: type) -> Kind | None:
        """The tables' answer to what may be done to instances of a class."""
        top = own_name(cls)[0].partition(".")[0]
        kind = known_kind(cls, top)
        for table in self.tables:
            if kind is None and top in table.TOPS:
                kind = table.kind(cls)
        return kind

    def _trusted(self, module: str, name: str) -> Answer | None:
        """The answer for what ``trusted=`` names, or None."""
        found = self._object(module, name)
        if found is not None:
            return found
        if not self._is_named(module, name):
            return self._member(module, name)
        dotted = f"{module}.{name}"
        found = find(module, name)
        if is_class(found) and self._is_trusted_class(found, dotted):
            return trusted_class(found)
        if dotted in self._names and is_own_value(found, module):
            return self._answer(found)
        member = self._member(module, name)
        if member is None and found is not NOTHING:
            self._refuse(*own_name(found, default=(module, name)))
        return member

    def _object(self, module: str, name: str) -> Answer | None:
        """The answer for an object that ``trusted=`` holds, or None."""
        thing = self._objects.get((module, name))
        return None if thing is None else self._answer(thing)

    def _answer(self, thing: Any) -> Answer:
        if is_class(thing):
            return trusted_class(thing)
        if callable(thing):
            return Callee(".".join(own_name(thing, default=("", type(thing).__name__))), thing, value=thing)
        return Constant(thing, shared=True)

    def _is_trusted_class(self, cls: type, spelled: str) -> bool:
        module, name = own_name(cls)
        if issubclass(cls, type):
            return False
        if f"{module}.{name}" in self._names:
            return True
        if spelled in self._names and module.split(".")[0] == spelled.split(".")[0]:
            return True
        return any(module == package or module.startswith(package + ".") for package in self._packages)

    def _member(self, module: str, name: str) -> Constant | None:
        """A member of an enum that is known or trusted: its class, a dot and its name."""
        outer, dot, member = name.rpartition(".")
        if not dot:
            return None
        try:
            row = self.known(module, outer) or self._trusted(module, outer)
        except UntrustedError:
            return None
        cls = _value(row) if type(row) is Callee else None
        if is_class(cls) and is_enum(cls):
            found = cls.__members__.get(member)  # type: ignore[attr-defined]
            return None if found is None else Constant(found)
        return None

    def _last(self, module: str, name: str) -> Answer:
        """A functools.partial is at least that of a trusted class's ``__new__``."""
        if (module, name) == _PARTIAL:
            return partial_row(lambda found: self._refuse(module, name))
        return self._refuse(module, name)

    def _enclosing(self, module: str, name: str) -> Callee | None:
        """A class that is only on the way to one that is trusted: something for getattr, and nothing else."""
        start = f"{module}.{name}."
        inner = [".".join(key) for key in self._objects] + list(self._names)
        if any(dotted.startswith(start) for dotted in inner):
            return Callee(start[:-1], value=Enclosing(module, name))
        return None

    def class_answer(self, cls: Any) -> Callee:
        if is_class(cls):
            if cls in self._adopted:
                return trusted_class(cls)
            answer = self.resolve(*own_name(cls))
            if type(answer) is Callee and _value(answer) is cls:
                return answer
        raise UntrustedError(f"{shown(cls):.200} is no class that the policy lets the stream create")

    def is_nameable(self, cls: Any) -> bool:
        if not is_class(cls):
            return False
        return cls in self._adopted or _value(self.resolve(*own_name(cls))) is cls

_PARTIAL = ("functools", "partial")
def _value(row: Any) -> Any:
    return row.value if type(row) in (Callee, Constant) else None
