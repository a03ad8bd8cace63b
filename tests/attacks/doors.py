"""The ways into perdure that the streams take, by name: each takes bytes and gives a value.

What a door lends to a stream (a class, a list, a function that a hook returns) stays the lender's: `LENT` is
compared before and after.
"""

import io
import os
import subprocess
from collections.abc import Callable
from typing import Any

import perdure
from tests.attacks import victim

__all__ = ["DOORS", "LENT", "lendable"]

LENT: dict[str, Any] = {
    "list": [1, 2, 3],
    "dict": {"setting": "as it was"},
    "set": {1, 2},
    "plain": victim.Plain(),
    "single": victim.SINGLE,
}
_ALSO: dict[str, Any] = {
    "function": victim.function,
    "shell": os.system,
    "class": victim.Plain,
    "popen": subprocess.Popen,
    "module": os,
    "method": LENT["list"].append,
    "meta": victim.WithMeta,
}
BUFFERS = [b"read only", bytearray(b"read and written"), LENT["list"], victim.function, victim.Plain]


class File:
    """A file with the two methods that it must have, which gives no more than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)
        self.readline = self.file.readline

    def read(self, count: int) -> bytes:
        return self.file.read(count)


def lend(key: object) -> Any:
    return {**LENT, **_ALSO}[key] if type(key) is str else key


def lendable() -> list[Any]:
    """All that a hook may give to a stream, so that it may be in the value."""
    return [*LENT.values(), *_ALSO.values(), *BUFFERS, victim.trusted_function]


class Persistent(perdure.Unpickler):
    def persistent_load(self, pid: object) -> Any:
        return lend(pid)


class Both(Persistent):
    """Its own policy too, whose classes may come after what persistent_load gave."""

    def find_class(self, module: str, name: str) -> Any:
        return vars(victim)[name] if module == "victim" else super().find_class(module, name)


class Finding(perdure.Unpickler):
    """Its own policy for names: ``lent`` gives what a door lends, ``victim`` the package's classes."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "lent":
            return lend(name)
        if module == "victim":
            return vars(victim)[name]
        return super().find_class(module, name)


def with_memo(data: bytes) -> Any:
    """A memo that the caller filled, with another unpickler's callees in it too."""
    first = perdure.Unpickler(io.BytesIO(b"\x80\x04ccollections\nOrderedDict\nq\x000ccopyreg\n_reconstructor\nq\x010N."))
    first.load()
    reader = perdure.Unpickler(io.BytesIO(data))
    given = first.memo.copy()
    given.update({10 + i: thing for i, thing in enumerate([*LENT.values(), *_ALSO.values()])})
    reader.memo = given
    return reader.load()


def twice(data: bytes) -> Any:
    """One unpickler, two streams through its memo."""
    reader = perdure.Unpickler(io.BytesIO(data))
    return [reader.load(), reader.load()]


def trusting(*trusted: Any) -> Callable[[bytes], Any]:
    return lambda data: perdure.loads(data, trusted=trusted)


DOORS: dict[str, Callable[[bytes], Any]] = {
    "loads": perdure.loads,
    "file": lambda data: perdure.load(File(data)),
    "python 2": lambda data: perdure.loads(data, encoding="latin-1"),
    "package": trusting("tests.attacks.victim.*"),
    "class": trusting(victim.Plain, victim.Outer, victim.WithMeta, victim.Colour, victim.Single, victim.Hooked),
    "name": trusting("tests.attacks.victim.Plain", "tests.attacks.victim.Outer", "tests.attacks.victim.TABLE"),
    "function": trusting(victim.trusted_function),
    "persistent_load": lambda data: Persistent(io.BytesIO(data), trusted=["tests.attacks.victim.*"]).load(),
    "both hooks": lambda data: Both(io.BytesIO(data)).load(),
    "untrusted": lambda data: list(perdure.untrusted(data)),
    "find_class": lambda data: Finding(io.BytesIO(data)).load(),
    "buffers": lambda data: perdure.loads(data, buffers=BUFFERS),
    "memo": with_memo,
    "twice": twice,
}
