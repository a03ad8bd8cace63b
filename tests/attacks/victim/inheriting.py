"""Classes that inherit constructors from those of the standard library that are written in Python."""

import argparse
import collections
import ipaddress
import json
import logging
import pathlib
import re
import statistics
import string
import types
import uuid

from tests.attacks import victim


class Noted:
    """A class that a stream may use as a value; nobody but the stream itself may call it."""

    def __init__(self, *args: object, **keywords: object) -> None:
        victim.ran.append("a class that a stream planted, for others to call")


class Uuid(uuid.UUID):
    pass


class Address4(ipaddress.IPv4Address):
    pass


class Address6(ipaddress.IPv6Address):
    pass


class Network4(ipaddress.IPv4Network):
    pass


class Network6(ipaddress.IPv6Network):
    pass


class Interface4(ipaddress.IPv4Interface):
    pass


class Interface6(ipaddress.IPv6Interface):
    pass


class DecodeError(json.JSONDecodeError):
    pass


class PatternError(re.error):
    pass


class UserText(collections.UserString):
    pass


class UserItems(collections.UserList):  # type: ignore[type-arg]
    pass


class UserPairs(collections.UserDict):  # type: ignore[type-arg]
    pass


class Chain(collections.ChainMap):  # type: ignore[type-arg]
    pass


class Template(string.Template):
    pass


class Normal(statistics.NormalDist):
    pass


class Record(logging.LogRecord):
    pass


class Path(pathlib.PurePosixPath):
    pass


class Arguments(argparse.Namespace):
    pass


class Space(types.SimpleNamespace):
    pass


CLASSES = (
    Uuid, Address4, Address6, Network4, Network6, Interface4, Interface6, DecodeError, PatternError, UserText, UserItems, UserPairs, Chain,
    Template, Normal, Record, Path, Arguments, Space,
)  # fmt: skip
