"""A package that streams are trusted with, in part: whatever must stay out of reach writes down that it was reached.

`ran` is that list. Everything here is meant to be attacked; nothing here does any harm.
"""

import array
import collections
import decimal
import enum
import fractions
import functools
import os
import random
import subprocess
import types
import uuid
from os import system  # noqa: F401 (what a package merely imported)
from subprocess import Popen  # noqa: F401
from typing import NamedTuple

ran: list[str] = []


def function(*args: object) -> str:
    ran.append("a function of the package")
    return "harm"


def trusted_function(*args: object) -> tuple[object, ...]:
    return args


shell = functools.partial(function, "shell")


def __getattr__(name: str) -> object:
    if not name.startswith("__"):  # the import machinery asks for those
        ran.append(f"__getattr__ of the package, for {name}")
    raise AttributeError(name)


# ---- instances ---------------------------------------------------------------------------------


class Plain:
    pass


class Slotted:
    __slots__ = ("a", "b")


class Hooked:
    """Everything that setattr, instead of the instance's own dict, would set off."""

    @property
    def price(self) -> int:
        ran.append("a property's getter")
        return 1

    @price.setter
    def price(self, value: object) -> None:
        ran.append("a property's setter")

    def __setattr__(self, name: str, value: object) -> None:
        ran.append("__setattr__")

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        ran.append(f"__getattr__ for {name}")
        raise AttributeError(name)


class Restored:
    """A class with a __setstate__ of its own, which is what trusting it means."""

    def __setstate__(self, state: object) -> None:
        self.state = state


class Single:
    """One object, whoever asks; it is what the stream gets, but not the stream's."""

    only: "Single"
    setting = "as it was"

    def __reduce__(self) -> str:
        return "SINGLE"


SINGLE = Single.only = Single()
TABLE: dict[str, object] = {"setting": "as it was"}
NUMBERS = [1, 2, 3]


class Outer:
    class Inner:
        pass

    @staticmethod
    def helper(*args: object) -> str:
        ran.append("a static method")
        return "harm"

    @classmethod
    def maker(cls, *args: object) -> str:
        ran.append("a class method")
        return "harm"

    def method(self, *args: object) -> str:
        ran.append("a method")
        return "harm"

    shell = os.system
    other = subprocess.Popen
    module = os


# ---- classes' classes --------------------------------------------------------------------------


class Meta(type):
    def __getattr__(cls, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        ran.append(f"a metaclass's __getattr__ for {name}")
        raise AttributeError(name)

    @property
    def setting(cls) -> int:
        ran.append("a metaclass's property")
        return 1


class WithMeta(metaclass=Meta):
    pass


class Colour(enum.Enum):
    RED = 1
    GREEN = (2, "two")


class Access(enum.Flag):
    READ = 1
    WRITE = 2


# ---- what inherits from a type in C --------------------------------------------------------------


class List(list):
    pass


class Dict(dict):
    pass


class Set(set):
    pass


class Frozen(frozenset):
    pass


class Tuple(tuple):
    pass


class Text(str):
    pass


class Number(int):
    pass


class Bytes(bytes):
    pass


class ByteArray(bytearray):
    pass


class Deque(collections.deque):
    pass


class Ordered(collections.OrderedDict):
    pass


class Default(collections.defaultdict):
    pass


class Count(collections.Counter):
    pass


class Array(array.array):
    pass


class Fraction(fractions.Fraction):
    pass


class Decimal(decimal.Decimal):
    pass


class Random(random.Random):
    pass


class Uuid(uuid.UUID):
    pass


class Namespace(types.SimpleNamespace):
    pass


class Failure(Exception):
    pass


class Pair(NamedTuple):
    left: object
    right: object
