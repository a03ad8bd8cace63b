"""What a stream must leave alone, and how anyone would notice: audit events, shared state, the value itself."""

import collections
import copyreg
import datetime
import decimal
import importlib.util
import os
import random
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from perdure._engine.reader.guard import Callee, Constant, Kind
from perdure.policy.classes import mro_of, names_of, namespace
from tests.attacks import victim
from tests.attacks.doors import LENT
from tests.attacks.victim import lending

__all__ = ["Audit", "children", "differences", "faults", "shared_state", "use", "warm_up"]

# Raised by what merely looks at classes, or by array's own constructor.
HARMLESS_EVENTS = frozenset(("array.__new__", "object.__getattr__", "sys._getframe", "builtins.id"))
MODULES = (
    "argparse", "array", "builtins", "collections", "copyreg", "datetime", "decimal", "enum", "fractions", "http", "ipaddress", "json",
    "json.decoder", "logging", "os", "pathlib", "pickle", "random", "re", "signal", "socket", "statistics", "string", "subprocess",
    "time", "types", "urllib.parse", "uuid", "zoneinfo", "perdure", "perdure.errors", "perdure.policy.decide", "perdure.policy.trusting", "perdure.policy.registry",
    "perdure.policy.rows", "tests.attacks.victim", "tests.attacks.victim.asked", "tests.attacks.victim.elsewhere",
    "tests.attacks.victim.inheriting", "tests.attacks.victim.lending",
)  # fmt: skip
NUMPY = (
    "numpy", "numpy.ma", "numpy.ma.core", "numpy.random", "numpy.random._pickle", "numpy.random.bit_generator", "numpy.polynomial",
    "numpy.char", "numpy._core.multiarray", "numpy._core.numeric", "numpy._core._internal", "numpy._core.records", "tests.attacks.victim.arrays",
)  # fmt: skip


class Audit:
    """Events while it is armed; the one file that may be opened is one of the time zones."""

    def __init__(self) -> None:
        self.armed = False
        self.events: list[str] = []
        import zoneinfo

        # Those of the system and of the packages that hold them too, which may be installed.
        packages = [str(spec.submodule_search_locations[0]) for name in ("tzdata", "pytz")
                    if (spec := importlib.util.find_spec(name)) and spec.submodule_search_locations]  # fmt: skip
        self.zones = (*zoneinfo.TZPATH, *packages)
        sys.addaudithook(self.hook)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed or event in HARMLESS_EVENTS:
            return
        if event == "import" and str(args[0]).startswith("tzdata"):
            return  # a package of data, which need not be there
        if event == "open" and str(args[0]).startswith(self.zones) and args[1] in ("r", "rb", None):
            return
        if event == "os.listdir" and str(args[0]).startswith(self.zones):
            return  # the importer looks into the packages
        self.armed = False  # repr of an argument may raise events of its own
        self.events.append(f"{event} {str(args)[:100]}")
        self.armed = True


# ---- shared state ------------------------------------------------------------------------------


def shared_state() -> dict[str, Any]:
    """All that streams could reach and must leave as it is, in a form that can be compared."""
    state: dict[str, Any] = {
        "sys.modules": frozenset(sys.modules),
        "copyreg": (dict(copyreg.dispatch_table), dict(copyreg._extension_cache), dict(copyreg._inverted_registry)),
        "environ": dict(os.environ),
        "directory": (os.getcwd(), sorted(os.listdir())),
        "interpreter": (sys.path[:], sys.meta_path[:], sys.getrecursionlimit(), sys.stdout, sys.stderr, warnings.filters[:]),
        "threads": threading.active_count(),
        "decimal": repr(decimal.getcontext()),
        "random": hash(random.getstate()),
        "victim": (repr(victim.TABLE), repr(victim.NUMBERS), victim.ran[:]),
        "lent by classes": lending.state(),
        "lent": [repr(thing) for thing in LENT.values()],
        "lent attributes": [dict(getattr(thing, "__dict__", {})) for thing in LENT.values()],
    }
    classes: dict[type, None] = {}
    for path in (*MODULES, *NUMPY):
        module = sys.modules.get(path)
        if module is not None:
            names = vars(module)
            state[path] = {**names, "__warningregistry__": None}
            classes.update((value, None) for value in names.values() if issubclass(type(value), type))
    state |= {".".join(map(str, names_of(cls))): class_state(cls) for cls in classes}
    if "numpy" in sys.modules:
        state["numpy's own"] = numpy_state()
    return state


def class_state(cls: type) -> Any:
    """Names, members, and those that looking up a value made; by the type's own dict, no metaclass is asked.

    (A flag remembers what it is not, and each combination of its members; that is as many as there are.)
    """
    names = type.__dict__["__dict__"].__get__(cls)
    known = names.get("_flag_mask_", 0)
    own = names.copy()  # whose values are the same objects, when they are compared
    if "_member_map_" not in names:
        return own
    members = [(name, {**vars(each), "_inverted_": None}) for name, each in names.get("_member_map_", {}).items()]
    made = [each for each in names.get("_value2member_map_", ()) if not (known and (each | known == known or each == -1))]
    return own, members, len(made)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [
        f"sys.modules has {sorted(after[key] ^ before[key])} more or less" if key == "sys.modules" else f"{key} has changed"
        for key in found
    ]


def numpy_state() -> Any:
    import numpy

    singletons = []
    for char in "?bhilqBHILQefdgFDGSUVOMm":
        each = numpy.dtype(char)
        singletons.append((id(each), each.str, each.itemsize, each.flags, each.alignment, each.names, each.metadata, each.byteorder))
    masked = numpy.ma.masked
    return (singletons, numpy.random.get_state()[1].tobytes(), masked.data.tobytes(), masked.mask.tobytes(), repr(vars(masked)),
            str(numpy.geterr()))  # fmt: skip


MOST_PARTS = 2000


# ---- the value ---------------------------------------------------------------------------------

OF_THEIR_OWN = ("ipaddress",)  # keep functions of theirs in their attributes
FORBIDDEN = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, types.CodeType, types.FrameType,
    types.GeneratorType, types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType, property,
    staticmethod, classmethod, Callee, Constant, Kind,
)  # fmt: skip


def children(value: Any) -> Iterator[Any]:
    """What a value holds, by any way that does not run code of its own."""
    if isinstance(value, dict):
        yield from dict.keys(value)
        yield from dict.values(value)
        if isinstance(value, collections.defaultdict):
            yield value.default_factory
    elif isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        yield from type(value).__iter__(value)
    elif isinstance(value, slice):
        yield from (value.start, value.stop, value.step)
    elif isinstance(value, BaseException):
        yield value.args
    if isinstance(value, type):
        return
    for cls in mro_of(type(value)):
        for member in list(namespace(cls).values()):
            if isinstance(member, types.MemberDescriptorType):
                try:
                    yield member.__get__(value, type(value))
                except AttributeError:
                    pass
    try:
        yield from list(object.__getattribute__(value, "__dict__").values())
    except AttributeError:
        pass
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        yield value.dtype
        if value.dtype == object:
            yield from value.ravel().tolist()


def faults(value: Any, shown: frozenset[int], size: int) -> list[str]:
    """What a value holds that no stream of that size may give, but for what was ``shown`` to it; each part is looked
    at once, and not too many."""
    found: list[str] = []
    array = getattr(sys.modules.get("numpy"), "ndarray", ())
    seen: dict[int, Any] = {}
    pending = [value]
    while pending and len(seen) < MOST_PARTS:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part
        if isinstance(part, FORBIDDEN):
            if id(part) not in shown:
                found.append(f"the value holds {part!r:.100}")
            continue
        if isinstance(part, array) and part.nbytes > 16 * size + 1024:
            found.append(f"an array of {part.nbytes} bytes")
        if not any(names_of(cls)[0] in OF_THEIR_OWN for cls in mro_of(type(part))):
            pending.extend(children(part))
    return found


# What is done with a part of a value, as a program might: nothing of it may crash. Errors are the value's own affair.
def use(value: Any) -> None:
    """Uses each part of a value, of not too many."""
    seen: dict[int, Any] = {}
    pending = [value]
    while pending and len(seen) < MOST_PARTS:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part
        for cls, ways in USES.items():
            if isinstance(part, cls):
                for way in ways:
                    try:
                        way(part)
                    except Exception:
                        pass
        pending.extend(children(part))


def _mutate(values: Any) -> None:
    copied = values.copy()
    copied.clear()


USES: dict[type, list[Callable[[Any], Any]]] = {
    list: [len, list.copy],
    dict: [_mutate, lambda d: [d[key] for key in list(d)[:100]]],
    collections.OrderedDict: [lambda d: list(reversed(d)), lambda d: d.copy().popitem(), lambda d: d.move_to_end(next(iter(d)))],
    set: [_mutate, lambda s: [each in s for each in list(s)[:100]]],
    frozenset: [lambda s: [each in s for each in list(s)[:100]]],
    collections.deque: [_mutate, lambda d: d.rotate(1)],
    random.Random: [lambda r: [r.random() for _ in range(700)], lambda r: r.gauss(0, 1), lambda r: r.getstate()],
    decimal.Decimal: [str, hash, lambda d: d.compare(d)],
    BaseException: [lambda e: e.with_traceback(None), lambda e: e.add_note("x")],
    UnicodeError: [str],
    memoryview: [bytes, lambda m: m.format],
    datetime.date: [lambda d: d.ctime(), lambda d: d.isocalendar(), lambda d: d.timetuple(), lambda d: d.toordinal(), repr],
    datetime.time: [repr, hash, lambda t: t.isoformat(), lambda t: t.utcoffset()],
}


def add_numpy_uses() -> None:
    import numpy

    USES[numpy.ndarray] = [
        lambda a: a.tobytes() if a.nbytes < 1 << 24 else None,
        lambda a: a.tolist() if a.size < 1 << 16 else None,
        lambda a: repr(a.dtype),
        lambda a: a.copy() if a.nbytes < 1 << 24 else None,
        lambda a: a.sum(),
        lambda a: a.astype("S20") if a.size < 1 << 16 else None,
        lambda a: a.argsort() if a.size < 1 << 16 else None,
        lambda a: a.byteswap() if a.nbytes < 1 << 24 and a.dtype.kind != "T" else None,  # numpy's own crash with text
        lambda a: a[::-1].copy() if a.nbytes < 1 << 24 else None,
        lambda a: numpy.arange(a.size).reshape(a.shape)[a] if a.dtype == bool else None,
        lambda a: a.__reduce_ex__(5),
        lambda a: a.filled() if isinstance(a, numpy.ma.MaskedArray) else None,
    ]
    USES[numpy.dtype] = [repr, lambda d: d.__reduce__(), lambda d: numpy.zeros(2, d) if d.itemsize < 1 << 20 else None, hash,
                         lambda d: d.newbyteorder(), lambda d: d.fields]  # fmt: skip
    USES[numpy.generic] = [lambda s: s.item(), bytes, hash, lambda s: s.astype("S10")]
    USES[numpy.random.BitGenerator] = [lambda g: g.random_raw(2000), lambda g: g.state, lambda g: g.seed_seq.spawn(1)]
    USES[numpy.random.Generator] = [lambda g: g.random(2000), lambda g: g.normal(size=10)]
    USES[numpy.random.RandomState] = [lambda g: g.random_sample(2000), lambda g: g.normal(size=10)]
    USES[numpy.random.SeedSequence] = [lambda s: s.generate_state(8), lambda s: s.spawn(1)]


def warm_up() -> None:
    """Everything imported that a stream may import: what is imported after it is a finding."""
    for path in (*MODULES, "perdure.policy.tables.standard", "perdure.policy.tables.builtin", "perdure.api"):
        import_module(path)
    for path in ("encodings.raw_unicode_escape", "importlib.resources", "mmap", "unicodedata", "pytz", "dateutil.tz", "dateutil.relativedelta"):
        try:
            import_module(path)
        except ImportError:
            pass
    if find_spec("numpy") is None:
        return
    for path in (*NUMPY, "perdure.policy.tables.numpy", "numpy.polynomial.polynomial", "numpy.polynomial.chebyshev", "numpy.polynomial.legendre",
                 "numpy.polynomial.hermite", "numpy.polynomial.hermite_e", "numpy.polynomial.laguerre", "numpy.dtypes", "numpy.rec"):  # fmt: skip
        try:
            import_module(path)
        except ImportError:
            pass
    add_numpy_uses()

