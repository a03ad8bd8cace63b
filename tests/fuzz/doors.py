"""The ways into the reader, and what may come out of each.

- `perdure.loads`: a value, or one of the documented errors.
- `perdure.pickle`: a value, or an ordinary exception. SystemError (a broken promise of
  C code) and MemoryError (no stream here is long enough for one) are findings.

A hostile stream may call whatever it can name, so the standard doors find only what is
harmless: classes that cannot be changed, functions that cannot do anything, nothing
whose arguments alone cost memory or time.
"""

import collections
import copyreg
import datetime
import decimal
import io
import pickle
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.property import kinds
from tests.subject import subject

try:
    import perdure
    trusting_nobody: Callable | None = getattr(perdure, "loads", None)
except ImportError:
    trusting_nobody = None


class Door(NamedTuple):
    name: str
    enter: Callable[[bytes], Any]
    allowed: tuple[type[BaseException], ...]


def frozen(cls: type) -> type:
    """The same class, safe from BUILD: nothing can be set on it."""
    meta = type(cls)
    still = type("Still" + meta.__name__, (meta,), {"__setattr__": _refuse, "__delattr__": _refuse, "__module__": __name__})
    slots = {"__slots__": ()} if "__slots__" in vars(cls) else {}
    return still(cls.__name__, (cls,), {"__module__": cls.__module__, "__qualname__": cls.__qualname__, **slots})


def _refuse(cls, name, value=None):
    raise TypeError("this class stays as it is")


CLASSES = [kinds.Plain, kinds.Data, kinds.SlotData, kinds.FrozenData, kinds.FrozenSlotData, kinds.Slots, kinds.SlotsAndDict,
           kinds.StateTuple, kinds.FalseState, kinds.NewKeywords, kinds.ListSubclass, kinds.DictSubclass, kinds.SetSubclass,
           kinds.TupleSubclass, kinds.Twig, kinds.ReducedItems]
TABLE: dict[tuple[str, str], Any] = {(cls.__module__, cls.__qualname__): frozen(cls) for cls in CLASSES}
TABLE |= {("tests.property.kinds", name): getattr(kinds, name) for name in ("Pair", "Colour", "SINGLETON")}
TABLE |= {("builtins", c.__name__): c for c in (list, dict, set, frozenset, tuple, complex, object, float, bool)}
TABLE |= {(c.__module__, c.__qualname__): c for c in (
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal, uuid.UUID,
    collections.OrderedDict, collections.deque, copyreg.__newobj__, copyreg._reconstructor)}
TABLE["_codecs", "encode"] = lambda text, encoding="latin1": str(text)[:1000].encode("latin1", "replace")

class Reader(subject.Unpickler):
    def find_class(self, module, name):
        try:
            return TABLE[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is out of reach") from None

    def persistent_load(self, name):
        return "persistent", name


class Trickle:
    """A file that has only what it must have, and gives less than asked now and then."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)
        self.readline = self.file.readline

    def read(self, count: int) -> bytes:
        return self.file.read(count)


class Into(Trickle):
    def readinto(self, buffer) -> int:
        return self.file.readinto(buffer)


def several(make_file: Callable[[bytes], Any]) -> Callable[[bytes], list]:
    """One Unpickler, up to three streams one after the other, its memo going on."""

    def enter(data: bytes) -> list:
        reader = Reader(make_file(data), buffers=[b"one", bytearray(b"two"), b""])
        return [reader.load() for _ in range(1 + (len(data) & 1) * 2)]

    return enter


def touched(enter: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Look at every part of the value, too: what was built must be sound. (Each part once: repr takes
    2**40 steps for 40 pairs, each of the one before twice.)"""

    def look(data: bytes) -> None:
        value = enter(data)
        try:
            pickle.dumps(value, 2)
        except Exception:  # what its own classes do with odd states is their affair
            pass

    return look


def looked_at(data: bytes) -> None:
    """Every node, and the law: what a graph writes, another one writes again."""
    from perdure import graph

    g = graph.loads(data)
    for node in g:
        repr(node)
        list(node.parts)
    stream = g.dumps()
    if graph.loads(stream).dumps() != stream:
        raise AssertionError("the stream of a graph is not that of its own graph")


ORDINARY = (Exception,)
FORBIDDEN = (SystemError, MemoryError)


def register_extensions() -> None:
    """For the streams that name by number; of the process that fuzzes alone, for other tests count on an empty registry."""
    for name, code in (("Plain", 1), ("Slots", 0x102)):
        copyreg.add_extension("tests.property.kinds", name, code)
    copyreg.add_extension("nowhere", "Nothing", 0x10003)


def doors() -> list[Door]:
    register_extensions()
    found = [
        Door("Unpickler, BytesIO", touched(several(io.BytesIO)), ORDINARY),
        Door("Unpickler, read and readline", touched(several(Trickle)), ORDINARY),
        Door("Unpickler, readinto", touched(several(Into)), ORDINARY),
        Door("Unpickler, peek", touched(several(lambda data: io.BufferedReader(io.BytesIO(data), 64))), ORDINARY),
    ]
    if trusting_nobody is not None:
        found.append(Door("perdure.loads", touched(trusting_nobody), (pickle.UnpicklingError,)))
        found.append(Door("perdure.graph", looked_at, (pickle.UnpicklingError,)))
    return found
