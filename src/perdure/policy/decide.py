"""`Policy`: what a load may name, call and fill in; and what ``trusted=`` means.

Rules:

- A name is decided from its spelling first: only what could be allowed is imported, and nothing above it.
- Then the object is judged, not the spelling: a class by where it says that it was defined.
- The tables come first. What they know is made by our own code, whoever else trusts it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import tzinfo
from functools import cache
from importlib import import_module
from types import (
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)

from perdure._engine.reader.guard import charge_arguments, note_pending
from perdure.errors import CorruptError, UntrustedError
from perdure.policy.classes import (
    is_class,
    is_enum,
    names_of,
    new_of,
    static_attribute,
    trusted_class,
    trusted_kind,
)
from perdure.policy.partial import Deferred, NewOf, deferred_kind, partial_row
from perdure.policy.rows import Callee, Constant, Kind, never

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

    from perdure.policy.rows import Answer

__all__ = ["TRUST_ALL", "Policy", "TrustAll", "packs", "policy_for", "trust"]


class TrustAll:
    """Everything loads, as with the standard module: for streams that you would run anyway."""

    def __repr__(self) -> str:
        return "perdure.TRUST_ALL"


TRUST_ALL = TrustAll()

# The built-in profile: which tables know a library's names, by the first part of the module's name. A table
# is imported when a stream first names something of it; the library itself not before a name of it is known.
_STANDARD = (
    "argparse", "array", "collections", "datetime", "decimal", "fractions", "http", "ipaddress", "json",
    "logging", "os", "pathlib", "pytz", "random", "re", "signal", "socket", "statistics", "string", "time", "types",
    "urllib", "uuid", "zoneinfo",
)  # fmt: skip
_PROFILE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("builtins", "_codecs"), ("perdure.policy.tables.builtin",)),
    **dict.fromkeys(_STANDARD, ("perdure.policy.tables.standard",)),
    "dateutil": ("perdure.policy.tables.dateutil",),
    "perdure": ("perdure.policy.partial",),
    "numpy": ("perdure.policy.tables.numpy",),
    "pandas": ("perdure.policy.tables.pandas",),
    "pyarrow": ("perdure.policy.tables.pyarrow",),
    "scipy": ("perdure.policy.tables.sparse",),
}
# Packs of our own: tables that somebody has to ask for, or that others need.
_PACKS: dict[str, str | None] = {
    "lightgbm": "perdure.policy.tables.lightgbm",
    "networkx": "perdure.policy.tables.networkx",
    **dict.fromkeys(("numpy", "pandas", "pyarrow")),  # in the profile
    "scipy": "perdure.policy.tables.scipy",
    "sklearn": "perdure.policy.tables.sklearn",
    "statsmodels": "perdure.policy.tables.statsmodels",
    "torch": "perdure.policy.tables.torch",
    "xgboost": "perdure.policy.tables.xgboost",
}


LONG_NAME = 500  # characters: each dot is looked at


class Enclosing:
    """A class that is not trusted, by its name: older protocols reach a nested class through it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


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
        self._tables = tuple(table for table in packs.values() if table is not None)
        # What the engine may use again in later loads without asking: names that stand for the same at any
        # time, and kinds of types, which hold as long as the type is not changed.
        self.answers: dict[str, dict[str, Answer]] = {}
        self.kinds: dict[type, Any] = {}
        self._adopted: set[type] = set()
        self._deferred = deferred_kind(self._newobj_ex)
        self._special: dict[tuple[str, str], Callee] = {
            ("builtins", "getattr"): Callee("builtins.getattr", self._getattr),
            ("collections", "defaultdict"): Callee("collections.defaultdict", self._defaultdict, value=defaultdict),
            ("copyreg", "_reconstructor"): Callee("copyreg._reconstructor", self._reconstructor),
            ("copyreg", "__newobj__"): Callee("copyreg.__newobj__", self._newobj),
            ("copyreg", "__newobj_ex__"): Callee("copyreg.__newobj_ex__", self._newobj_ex),
            **{
                (f"numpy.{core}.multiarray", "_reconstruct"): Callee(
                    f"numpy.{core}.multiarray._reconstruct", self._array
                )
                for core in ("_core", "core")
            },
        }

    # ---- what the engine asks

    def resolve(self, module: str, name: str) -> Answer:
        """What the stream may do with a name; UntrustedError where it may do nothing."""
        if len(module) > LONG_NAME or len(name) > LONG_NAME:
            self._refuse(module, name)
        found = self._special.get((module, name)) or self._known(module, name) or self._object(module, name)
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
            row = self._special.get(key) or self._known(*key)
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
        if (module, name) in self._special or self._known(module, name) or self._object(module, name):
            return True
        return self._is_named(module, name) or self._enclosing(module, name) is not None or (module, name) == _PARTIAL

    # ---- refusals

    def advice(self, names: Iterable[str]) -> list[str]:
        """What to put into ``trusted=`` so that these names load: packs where there are some."""
        return list(dict.fromkeys(self._pack_of(name) or name for name in names))

    def _pack_of(self, name: str) -> str | None:
        """The pack of the name's library, unless it is trusted already, and has not the name."""
        top = name.partition(".")[0]
        return top if _PACKS.get(top) and top not in self._packs else None

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

    def _known(self, module: str, name: str) -> Any:
        """The tables' answer, or None."""
        found = known(module, name)
        for table in self._tables:
            if found is None and module.partition(".")[0] in table.TOPS:
                found = table.row(module, name)
        return found

    def _known_kind(self, cls: type) -> Kind | None:
        """The tables' answer to what may be done to instances of a class."""
        module, _ = own_name(cls)
        top = module.partition(".")[0]
        for path in _PROFILE.get(top, ()):
            kind: Kind | None = import_module(path).kind(cls)
            if kind is not None:
                return kind
        for table in self._tables:
            if top in table.TOPS:
                kind = table.kind(cls)
                if kind is not None:
                    return kind
        return None

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
        if dotted in self._names and _is_own_value(found, module):
            return self._answer(found)
        member = self._member(module, name)
        if member is None and found is not _NOTHING:
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
            row = self._known(module, outer) or self._trusted(module, outer)
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

    # ---- helpers that every pickler knows: what they look up goes through the policy

    def _getattr(self, *args: Any) -> Any:
        if len(args) == 2 and type(args[1]) is str:
            for table in self._tables:  # a bound method, where a table makes the instance's methods itself
                found = table.attribute(*args) if hasattr(table, "attribute") else None
                if found is not None:
                    return found
        if len(args) != 2 or type(args[1]) is not str or not (is_class(args[0]) or type(args[0]) is Enclosing):
            raise UntrustedError("builtins.getattr stands only for a look-up in a trusted class", ("builtins.getattr",))
        outer: Any = args[0]
        module, name = own_name(outer) if is_class(outer) else (outer.module, outer.name)
        if args[1] == "__new__" and is_class(args[0]) and self._known(module, f"{name}.__new__") is None:
            self._class_answer(args[0])
            return NewOf(args[0])
        answer = self.resolve(module, f"{name}.{args[1]}")
        return answer.value if type(answer) is Constant else answer

    def _array(self, *args: Any) -> Any:
        return _array_maker()(self._makes, *args)

    def _makes(self, cls: Any) -> bool:
        return bool(self._class_answer(cls))

    def _class_answer(self, cls: Any) -> Callee:
        if is_class(cls):
            if cls in self._adopted:
                return trusted_class(cls)
            answer = self.resolve(*own_name(cls))
            if type(answer) is Callee and _value(answer) is cls:
                return answer
        raise UntrustedError(f"{_shown(cls):.200} is no class that the policy lets the stream create")

    def _defaultdict(self, *args: Any) -> Any:
        """With no factory, or a class that the stream could have named itself: it will be called."""
        if len(args) > 1 or (args and args[0] is not None and not self._is_nameable(args[0])):
            never("collections.defaultdict", args)
        return defaultdict(*args)

    def _is_nameable(self, cls: Any) -> bool:
        if not is_class(cls):
            return False
        return cls in self._adopted or _value(self.resolve(*own_name(cls))) is cls

    def _newobj(self, *args: Any) -> Any:
        return self._newobj_ex(args[0] if args else None, args[1:], {})

    def _newobj_ex(self, cls: Any, args: Any, kwargs: Any) -> Any:
        if type(args) is not tuple or type(kwargs) is not dict:
            never("a class", (args, kwargs))
        charge_arguments(args)
        charge_arguments(tuple(kwargs.values()))
        answer = self._class_answer(cls)
        if answer.new is not None:
            made = answer.new(*args, **kwargs)
            if answer.pending:
                note_pending()
            return made
        if answer.plain is None:
            raise UntrustedError(f"{answer.name} is no class that the policy lets the stream create", (answer.name,))
        return new_of(cls)(cls, *args, **kwargs)

    def _reconstructor(self, cls: Any, base: Any, state: Any) -> Any:
        """As copyreg's, for a class whose first base in C is ``base``, and a state of just that type."""
        answer = self._class_answer(cls)
        if base is object or (base is tzinfo and type(state) is tzinfo):
            return object.__new__(cls) if answer.plain is not None else self._newobj_ex(cls, (), {})
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


_PARTIAL = ("functools", "partial")
_BASES = frozenset((list, dict, set, frozenset, tuple, str, bytes, bytearray, int, float, complex))
_NOTHING = object()
_IN_C: tuple[Any, ...] = (GetSetDescriptorType, MemberDescriptorType, WrapperDescriptorType)  # of types in C
_decided: dict[tuple[str, str], Any] = {}


def known(module: str, name: str) -> Any:
    """What the profile's tables say of a name, by its new spelling: a Callee, a Constant, or None."""
    key = (module, name)
    found = _decided.get(key, _NOTHING)
    if found is _NOTHING:
        found = None
        for path in _PROFILE.get(module.partition(".")[0], ()):
            found = found or import_module(path).row(module, name)
        if found is not None:  # a stream may name anything: what is not known is not kept
            _decided[key] = found
    return found


def _shown(thing: Any) -> str:
    """What something is called, at no cost: showing a value may take for ever."""
    return ".".join(own_name(thing)) if is_class(thing) else f"a {type(thing).__name__}"


def _value(row: Any) -> Any:
    return row.value if type(row) in (Callee, Constant) else None


def own_name(thing: Any, default: tuple[str, str] = ("", "")) -> tuple[str, str]:
    """The module and qualified name by which a class or function knows itself; no code of its own is asked, which
    could be that of a stand-in for something that would be imported or made now."""
    if is_class(thing):
        module, name = names_of(thing)
    elif _answers_by_itself(type(thing)):
        return default
    else:
        try:
            module, name = thing.__module__, thing.__qualname__
        except Exception:
            return default
    return (module, name) if type(module) is str and type(name) is str else default


def _answers_by_itself(cls: type) -> bool:
    """Whether asking instances of a class for their name could run Python code: a module's is its __getattr__."""
    if issubclass(cls, ModuleType) or static_attribute(cls, "__getattr__")[0] is not None:
        return True
    found = [static_attribute(cls, name) for name in ("__getattribute__", "__module__", "__qualname__")]
    return any(owner is not None and type(value) not in (str, *_IN_C) for owner, value in found)


def _is_own_value(found: Any, module: str) -> bool:
    """Whether something that is no class may go by a name in a module: a function of another library may not."""
    if found is _NOTHING or is_class(found) or issubclass(type(found), ModuleType):
        return False
    own, _ = own_name(found, default=(module, ""))
    return own.split(".")[0].lstrip("_") == module.split(".")[0].lstrip("_")


def find(module: str, name: str) -> Any:
    """The object of a name that could be trusted: through the module's own names and then through classes
    alone; nothing is run but the import. ``_NOTHING`` where there is none."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in (*module.split("."), *parts)):
        return _NOTHING
    if any(part.startswith("__") for part in module.split(".")[1:]):
        return _NOTHING  # __main__, which is a program, and __init__, which would run again
    loaded: Any = sys.modules.get(module)
    if loaded is None:
        loaded = import_module(module)
    if not issubclass(type(loaded), ModuleType):
        return _NOTHING
    found = ModuleType.__getattribute__(loaded, "__dict__").get(parts[0], _NOTHING)
    for part in parts[1:]:
        if not is_class(found):
            return _NOTHING
        cls = found
        owner, found = static_attribute(cls, part)
        if owner is None:
            return _NOTHING
        if type(found) is staticmethod:
            found = found.__func__
        elif type(found) is classmethod and type(found.__func__) is FunctionType:
            found = MethodType(found.__func__, cls)  # not by __get__, which of a property would give the value
    return found


# ---- trusted= ------------------------------------------------------------------------------

_trusted_by_all: tuple[Any, ...] = ()
_built_in = Policy()
_recent: dict[tuple[Any, ...], Policy] = {}  # the same classes are trusted again and again


def packs() -> tuple[str, ...]:
    """The names of the packs that ``trusted=`` takes: perdure's own, and those that installed packages give by
    the entry point group ``perdure.packs``."""
    return tuple(sorted({*_PACKS, *(entry.name for entry in _entry_points())}))


def _entry_points() -> Any:
    from importlib.metadata import entry_points

    return entry_points(group="perdure.packs")


def _tables_of(pack: str, seen: dict[str, Any]) -> dict[str, Any]:
    """Adds a pack's table and those that it needs."""
    if pack in seen:
        return seen
    if pack in _PACKS:
        path = _PACKS[pack]
        table = import_module(path) if path else None
    else:
        found = [entry for entry in _entry_points() if entry.name == pack]
        if not found:
            raise ValueError(f"there is no pack {pack!r:.100}; there are {', '.join(packs())}")
        table = found[0].load()
    seen[pack] = table
    for needed in table.NEEDS if table is not None else ():
        _tables_of(needed, seen)
    return seen


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
                _tables_of(item, tables)
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
