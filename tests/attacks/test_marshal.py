"""Hostile marshal streams: each ends as its verdict says, in a thread with a small stack and with little memory."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.sources import ROOT

N = 200_000
M = 2**61 - 1  # every multiple has the same hash


def size(number: int) -> bytes:
    return number.to_bytes(4, "little")


def ref(number: int) -> bytes:
    return b"r" + size(number)


def long(number: int) -> bytes:
    digits = []
    while number:
        digits.append((number & 0x7FFF).to_bytes(2, "little"))
        number >>= 15
    return b"l" + size(len(digits)) + b"".join(digits)


def chain(link: bytes, end: bytes, count: int) -> bytes:
    """A list of values each of which holds the one before; then whatever else."""
    return b"[" + size(count + 2) + b"\xa9\1N" + b"".join(link % ref(i) for i in range(count)) + end


def flood(count: int) -> Iterator[bytes]:
    return (long(i * M) for i in range(1, count))


PATHS = b"\xa9\2%b%b"
DOUBLED = b"".join(PATHS % (ref(i), ref(i)) for i in range(60))

ATTACKS = {
    # lengths
    "a tuple of 2**31": (b"(\xff\xff\xff\x7f", "TruncatedError"),
    "lists of 2**31 in one another": (b"[\xff\xff\xff\x7f" * 1000, "TruncatedError"),
    "lists of all that is there, in one another": (b"".join(b"[" + size(N - 10_000) for _ in range(1000)) + b"N" * N, "TruncatedError"),
    "bytes of 2**31": (b"s\xff\xff\xff\x7f", "TruncatedError"),
    "text of 2**31": (b"u\xff\xff\xff\x7f", "TruncatedError"),
    "an int of 2**31 digits": (b"l\xff\xff\xff\x7f", "TruncatedError"),
    "a set of 2**31": (b"<\xff\xff\xff\x7fN", "TruncatedError"),
    # tuples that are not finished
    "a tuple that is its own key": (b"\xa9\1{r\0\0\0\0N0", "CorruptError"),
    "a tuple in its own key": (b"\xa9\1{)\1r\0\0\0\0N0", "CorruptError"),
    "a tuple in its own set": (b"\xa9\1<\1\0\0\0r\0\0\0\0", "CorruptError"),
    "a tuple in its own frozenset": (b"\xa9\1>\1\0\0\0)\2Nr\0\0\0\0", "CorruptError"),
    "a tuple in the slice that is its key": (b"\xa9\1{:Nr\0\0\0\0NN0", "CorruptError"),
    "a tuple that holds itself": (b"\xa9\1r\0\0\0\0", "CorruptError"),
    "a tuple that holds itself through a list, and not": (b"\xa9\2[\1\0\0\0\xa9\1r\0\0\0\0r\1\0\0\0", "CorruptError"),
    "a frozenset that holds itself": (b"\xbe\1\0\0\0r\0\0\0\0", "CorruptError"),
    # hashing
    "a key of 2**60 paths": (b"[\x3e\0\0\0\xa9\1N" + DOUBLED + b"{r\x3c\0\0\0N0", "ExcessError"),
    "frozensets of 2**60 paths": (
        b"[\x3e\0\0\0\xa9\1N" + b"".join(b"\xbe\2\0\0\0" + ref(i) + b")\1" + ref(i) for i in range(60)) + b"N", "ExcessError"),
    "a key of tuples in tuples": (chain(b"\xa9\1%b", b"{" + ref(N) + b"N0", N), "ExcessError"),
    "ints of one hash": (b"{" + b"".join(key + b"N" for key in flood(20_000)) + b"0", "ExcessError"),
    "a set of ints of one hash": (b"<" + size(19_999) + b"".join(flood(20_000)), "ExcessError"),
    "tuples of one hash": (b"<" + size(19_999) + b"".join(b")\2" + key + b"N" for key in flood(20_000)), "ExcessError"),
    # depth
    "tuples in tuples": (b")\1" * N + b"N", "ExcessError"),
    "lists in lists": (b"[\1\0\0\0" * N + b"N", "ExcessError"),
    "dicts in dicts": (b"{N" * N + b"N" + b"0" * N, "ExcessError"),
    "sets in sets": (b">\1\0\0\0" * N + b"N", "ExcessError"),
    "slices in slices": (b":" * N + b"N", "ExcessError"),
    "code in code": ((b"c" + bytes(20)) * N, "ExcessError"),
    "many tuples, each in the next": (chain(b"\xa9\1%b", b"N", N), "a value"),
    "many lists, each in the next": (chain(b"\xdb\1\0\0\0%b", b"N", N), "a value"),
    "many dicts, each in the next": (chain(b"\xfbN%b0", b"N", N), "a value"),
    "many slices, each in the next": (chain(b"\xba%bNN", b"N", N), "ExcessError"),
    "many frozensets, each in the next": (chain(b"\xbe\1\0\0\0%b", b"N", N), "ExcessError"),
    # what is malformed
    "NULL": (b"0", "MistypedError"),
    "NULL as a value": (b"{N0", "MistypedError"),
    "a digit too large": (b"l\2\0\0\0\1\0\xff\xff", "CorruptError"),
    "a highest digit of 0": (b"l\2\0\0\0\1\0\0\0", "CorruptError"),
    "text that is no UTF-8": (b"t\2\0\0\0\xc3\x28", "CorruptError"),
    "a reference to nothing": (ref(0), "CorruptError"),
    "a reference to what is not made yet": (b"\xbaNN" + ref(0), "CorruptError"),
    "an unhashable key": (b"{[\0\0\0\0N0", "MistypedError"),
}  # fmt: skip

PROGRAM = """
import os, sys, threading
from resource import RLIMIT_AS, setrlimit
from perdure import marshal
from tests.attacks.test_marshal import ATTACKS
setrlimit(RLIMIT_AS, (3 << 30, 3 << 30))
kept = []
def attempt(name):
    try:
        kept.append(marshal.loads(ATTACKS[name][0]))
        outcome = "a value"
    except Exception as error:
        outcome = type(error).__name__
    print(name, outcome, sep="\\t", flush=True)
    if "many" not in name or sys.version_info[:2] != (3, 13):  # whose trash can counts levels, and not bytes
        kept.clear()
threading.stack_size(512 * 1024)
for name in ATTACKS:
    thread = threading.Thread(target=attempt, args=(name,))
    thread.start()
    thread.join()
os._exit(0)
"""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """In one process: what crashes or never ends leaves the rest without an outcome."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=600)
    found = dict(line.split("\t") for line in done.stdout.splitlines())
    assert done.returncode == 0, f"after {list(found)[-1:]}: {done.stderr}"
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes[name] == ATTACKS[name][1]
