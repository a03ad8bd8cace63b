"""The standard library's value types load without an argument, as the standard module loads them."""

import argparse
import array
import collections
import datetime
import decimal
import fractions
import http
import ipaddress
import json
import logging
import os
import pathlib
import pickle
import random
import re
import signal
import socket
import statistics
import string
import sys
import time
import types
import urllib.parse
import uuid
import zoneinfo
from typing import Any

import pytest

import perdure


def noted() -> ValueError:
    error = ValueError("with a note", 2)
    error.add_note("a note")
    error.code = 7  # type: ignore[attr-defined]
    return error


VALUES: list[Any] = [
    # types and singletons
    type(None), type(...), type(NotImplemented), int, str, list, dict, object, set, NotImplemented, ...,
    # built-in types
    2**70, -1, 1.5, float("-inf"), complex(1, -0.0), b"", b"abc", bytearray(), bytearray(b"abc"), range(1, 10, 2),
    slice(None, 1, None), set(), {1, 2}, frozenset(), frozenset([1, (2, 3)]), {(1, 2): {3}},
    # numbers
    decimal.Decimal("1.50"), decimal.Decimal("NaN"), decimal.Decimal("-Infinity"), decimal.Decimal("1e-999"),
    fractions.Fraction(-3, 4), fractions.Fraction(2**100, 3**60), statistics.NormalDist(1, 2),
    # times
    datetime.date.min, datetime.date(2020, 2, 29), datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.timedelta.max,
    datetime.datetime(2020, 10, 25, 2, 30, fold=1), datetime.time(1, 2, 3, 4), datetime.UTC,
    datetime.timezone(datetime.timedelta(hours=1), "x"), datetime.time(1, tzinfo=datetime.UTC),
    time.gmtime(0), time.localtime(0), os.stat("/"),
    # containers
    collections.OrderedDict(), collections.OrderedDict(b=1, a=2), collections.Counter("abca"), collections.deque(),
    collections.deque([1, 2], 5), collections.defaultdict(), collections.defaultdict(list, a=[1]),
    collections.defaultdict(collections.Counter), collections.ChainMap({"a": 1}, {"b": 2}), collections.UserDict(a=1),
    collections.UserList([1]), collections.UserString("x"), types.SimpleNamespace(a=1, b=[2]), argparse.Namespace(c=3),
    array.array("d", [1, 2]), array.array("w" if sys.version_info >= (3, 13) else "u", "ab"), array.array("b"), array.array("Q", [2**64 - 1]),
    # identifiers, addresses, paths, patterns
    uuid.UUID(int=2**128 - 1), uuid.uuid5(uuid.NAMESPACE_DNS, "a"), uuid.SafeUUID.safe, pathlib.PurePath("a/b"),
    pathlib.PureWindowsPath("c:\\x"), pathlib.PurePosixPath("/"), pathlib.Path("."), ipaddress.ip_address("1.2.3.4"),
    ipaddress.ip_address("fe80::1%eth0"), ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::/0"),
    ipaddress.ip_interface("10.0.0.1/8"), urllib.parse.urlparse("http://a/b?c#d"), urllib.parse.urlsplit(b"http://a"),
    urllib.parse.urldefrag("http://a#b"), re.compile("(a+)|b", re.I), re.compile(b"x"), string.Template("$a"),
    # members of enums
    http.HTTPStatus.OK, re.I, re.I | re.M, signal.SIGINT, signal.SIG_DFL, socket.AF_INET, socket.SOCK_STREAM,
    # generators, records
    random.Random(3), logging.makeLogRecord({"msg": "x", "args": (1,)}),
    # exceptions
    ValueError("x"), noted(), OSError(2, "no", "f"), FileNotFoundError(2, "x"), BlockingIOError(1, "x"), KeyError(1),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "r"), UnicodeEncodeError("ascii", "\xe9", 0, 1, "r"), StopIteration(3),
    ImportError("x", name="n", path="p"), ModuleNotFoundError("x", name="y"), AttributeError("x"), NameError("n"),
    SyntaxError("m", ("f", 1, 2, "t")), ExceptionGroup("g", [ValueError(1)]), DeprecationWarning("d"),
    json.JSONDecodeError("m", "doc", 1), decimal.InvalidOperation("x"), socket.gaierror(1, "x"),
    zoneinfo.ZoneInfoNotFoundError("x"),
]  # fmt: skip

if "Europe/Paris" in zoneinfo.available_timezones():  # a system may come without them
    VALUES += [
        zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo.no_cache("Asia/Tokyo"),
        datetime.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
    ]  # fmt: skip


def same(a: Any, b: Any) -> bool:
    """Of one type, and equal, or pickled alike, or (what compares by identity) written alike."""
    return type(a) is type(b) and bool(a == b or pickle.dumps(a, 4) == pickle.dumps(b, 4) or repr(a) == repr(b))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", VALUES, ids=lambda value: re.sub(r" at 0x\w+", "", repr(value))[:50])
def test_loads_as_the_standard_module_loads_it(value: Any, protocol: int) -> None:
    for stream in (pickle.dumps(value, protocol), perdure.dumps(value, protocol)):
        assert same(perdure.loads(stream), pickle.loads(stream))
        assert perdure.untrusted(stream) == ()


@pytest.mark.parametrize("protocol", range(6))
def test_all_of_them_together(protocol: int) -> None:
    """Shared, and in one stream, as they come in real data."""
    values = [value for value in VALUES if not isinstance(value, random.Random)] * 2
    assert len(perdure.loads(pickle.dumps(values, protocol))) == len(values)


def called(name: str, *args: object) -> bytes:
    """A stream that calls a name with these arguments."""
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode() + pickle.dumps(args, 2)[2:-1] + b"R."


def built(name: str, state: object, made: bytes = b")\x81") -> bytes:
    """A stream that makes an instance and gives it this state."""
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode() + made + pickle.dumps(state, 2)[2:-1] + b"b."


UNSOUND = {
    "bytes of a length": called("builtins.bytes", 10**12),
    "bytearray of a length": called("builtins.bytearray", 10**12),
    "list": called("builtins.list", range(10**9)),
    "a codec": called("_codecs.encode", "x" * 100, "idna"),
    "type with three arguments": called("builtins.type", "X", (), {}),
    "type of a value": called("builtins.type", 1),
    "a range of no step": called("builtins.range", 1, 2, 0),
    "a huge exponent": called("fractions.Fraction", "1e999999999"),
    "a fraction of a tuple": called("fractions.Fraction", (1, 2)),
    "digits": called("decimal.Decimal", "9" * 10**6),
    "a decimal of a tuple": called("decimal.Decimal", (0, (1,), 10**9)),
    "a UUID too large": built("uuid.UUID", {"int": 2**128}),
    "a negative UUID": built("uuid.UUID", {"int": -1}),
    "a UUID with more": built("uuid.UUID", {"int": 1, "hex": 2}),
    "a UUID of slots": built("uuid.UUID", (None, {"int": 1})),
    "a zone out of the database": called("zoneinfo.ZoneInfo", "../../etc/passwd"),
    "an absolute zone": called("zoneinfo.ZoneInfo", "/etc/localtime"),
    "a zone of many letters": called("zoneinfo.ZoneInfo", "A" * 10**5),
    "an enum by the functional API": called("http.HTTPStatus", "X", "a b"),
    "no member": called("http.HTTPStatus", 9999),
    "a factory that is no class": called("collections.defaultdict", [1]),
    "a deque's length": called("collections.deque", [], -1),
    "an OrderedDict of lists as keys": called("collections.OrderedDict", [[(1, 2), 3]]),
    "a ChainMap of numbers": built("collections.ChainMap", {"maps": [1, 2]}),
    "a UserDict of a list": built("collections.UserDict", {"data": []}),
    "a dunder in a namespace": built("types.SimpleNamespace", {"__class__": 1}, b")R"),
    "a dunder in a LogRecord": built("logging.LogRecord", {"__reduce__": 1}),
    "a template's pattern": built("string.Template", {"template": "x", "pattern": 1}),
    "array of a type code": called("array.array", "d", 10**9),
    "array of another class": called("array._array_reconstructor", int, "d", 14, b""),
    "array of a machine format": called("array._array_reconstructor", array.array, "d", 99, b""),
    "array of half an item": called("array._array_reconstructor", array.array, "d", 16, b"x"),
    "Random at a place": built("random.Random", (3, (0,) * 624 + (625,), None), b")R"),
    "Random of few words": built("random.Random", (3, (0,) * 10, None), b")R"),
    "a negative deviation": built("statistics.NormalDist", (1.0, -1.0)),
    "a pattern that prints": called("re._compile", "a", re.DEBUG.value),
    "a deep pattern": called("re._compile", "(" * 200 + ")" * 200, 0),
    "a path of objects": called("pathlib.PurePath", 1),
    "an exception's cause": built("builtins.ValueError", {"__cause__": 1}, b")R"),
    "an exception's class": built("builtins.ValueError", {"__class__": 1}, b")R"),
    "an address of bytes": called("ipaddress.IPv4Address", b"1234"),
    "a parsed address of few parts": called("urllib.parse.ParseResult", "a"),
    "a time of objects": called("time.struct_time", ([],) * 9),
}


@pytest.mark.parametrize("stream", UNSOUND.values(), ids=UNSOUND)
def test_unsound_states_and_arguments(stream: bytes) -> None:
    for protocol in (b"\x80\x02", b"\x80\x04"):
        with pytest.raises((perdure.CorruptError, perdure.LimitError, perdure.UntrustedError)):
            perdure.loads(protocol + stream)
