"""Marshal's streams: ours gives a value or an error that says so; where it gives a value, the standard module gives
the same one, be it of code. (The standard module is asked only then: it would crash on some of the others.)"""

import contextlib
import io
import marshal as standard
import pickle
import random
import re
import sys
from typing import Any

from tests.fuzz import mutation
from tests.fuzz.doors import Door
from tests.fuzz.mutation import Tokens

SOURCE = """
def outer(a, /, b, *rest, c=1.5, **more):
    try:
        x = [z for z in rest if z in {1, 2, ("a", 2.5)}]
    except ValueError:
        yield x[1:2]
    return lambda: (x, a)
class Class:
    method = lambda self: __class__
"""
CODE = compile(SOURCE, "s.py", "exec")
SMALL_CODE = compile("a.b", "", "eval")


def cycles() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    pair = ([], "pair")
    pair[0].append((pair, {"key": pair}))
    return [cycle, pair]


def values() -> list[Any]:
    shared = ("shared", 2.5)
    return [
        None, [True, False, ..., StopIteration], [0, -1, 2**31, -(2**31) - 1, 2**45, 2**60, -(10**40)], [1.5, 2j, 1 + 1j], ["", "a", "é", "text", "é" * 10],
        "x" * 17, "x" * 256, "\ud800", [b"", b"a", b"bytes" * 5], (), (1, 2), tuple(range(33)), [[], [1, [2, [3]]]], {}, {1: 2, "a": {"b": (1, 2)}},
        {(1, (2, 3)): 4, frozenset({5}): 6}, set(), {1, "a", (2,)}, frozenset(), frozenset({1, frozenset({2})}), [shared, shared, {shared: shared}],
        {i: i for i in range(70)}, {i: {j: str(j) for j in range(i)} for i in range(40, 44)}, {(i, i) for i in range(70)}, SMALL_CODE, [SMALL_CODE, {SMALL_CODE, 1}],
    ]  # fmt: skip


STREAMS = [  # types that are not written any more, and what has been the end of other readers
    b"I\1\0\0\0\0\0\0\x80", b"f\x031e3", b"x\x011\x02-2", b":N\xe9\1\0\0\0N", b"[\2\0\0\0\xbaNNNr\0\0\0\0", b"a\2\0\0\0\xe9z", b"l\0\0\0\0",
    b"\xfdz\1ai\1\0\0\x000", b"\xa9\1r\0\0\0\0", b"\xa9\1{r\0\0\0\0N0", b"\xbe\1\0\0\0r\0\0\0\0", b"\xa9\2[\1\0\0\0\xa9\1r\0\0\0\0r\1\0\0\0", b"{N0",
    b"(\xff\xff\xff\x7f", b"[\xff\xff\xff\x7fN", b"s\xff\xff\xff\x7f", b"l\xff\xff\xff\x7f", b"<\xff\xff\xff\x7fN", b"l\2\0\0\0\0\0\0\0",
    b"[\2\0\0\0" + b"\xa9\1N" + b"\xa9\2r\0\0\0\0r\0\0\0\0", b"[\3\0\0\0\xa9\1N\xa9\2r\0\0\0\0r\0\0\0\0{r\1\0\0\0N0",
    b"\xa9\1[\1\0\0\0\xa9\1r\0\0\0\0", b"[\2\0\0\0\xfb" + b"Nr\1\0\0\x000" + b"N",
]  # fmt: skip


def streams() -> list[bytes]:
    found = list(STREAMS)
    for value in values():
        found += [standard.dumps(value, version) for version in range(standard.version + 1)]
    found += [standard.dumps(cycle, 3) for cycle in cycles()]
    return [*dict.fromkeys(found), standard.dumps(CODE)]


# ---- doors ---------------------------------------------------------------------------------

class Into:
    """A file that has only what it must have."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def read(self, count: int) -> bytes:
        return self.file.read(count)

    def readinto(self, buffer) -> int:
        return self.file.readinto(buffer)


NANS = (b"G\x7f\xf8", b"G\xff\xf8", b"G\x7f\xff", b"G\xff\xff")


def as_pickle(value: Any) -> bytes:
    """Its structure, what is shared in it included; nothing for what pickle can't say (code)."""
    try:
        return pickle.dumps(value, 4)
    except Exception:
        return b""


def differ(one: Any, other: Any) -> bool:
    """A NaN's hash is its address: sets of several values come in any order then."""
    a, b = as_pickle(one), as_pickle(other)
    return a != b and not (any(nan in a for nan in NANS) and (b"\x8f" in a or b"\x91" in a))


def doors() -> list[Door]:
    import perdure
    from perdure import marshal

    # Slices are read by every version of ours; a single byte as bytes was not always the one that there is of it.
    strange = re.compile(rb"[:\xba]|[s\xf3]\x01\0\0\0" if sys.version_info < (3, 15) else rb"(?!)")

    def bytes_door(data: bytes) -> None:
        value = marshal.loads(data)
        if not strange.search(data) and as_pickle(value) and differ(value, standard.loads(data)):
            raise AssertionError("the standard module reads another value")

    def file_door(data: bytes) -> None:
        file = Into(data + b"rest")
        value = marshal.load(file)
        left = len(file.file.read())
        if differ(value, marshal.loads(data + b"rest")):
            raise AssertionError("the file reads as another value")
        if differ(value, marshal.loads((data + b"rest")[:len(data) + 4 - left])):
            raise AssertionError("the file is not left behind the value")

    def code_door(data: bytes) -> None:
        value = marshal.loads(data, trusted=perdure.TRUST_ALL)
        if type(value) is not type(CODE):
            return
        with contextlib.suppress(TypeError):  # a list among its constants
            hash(value)
        again = standard.loads(data)
        if value != again and again == standard.loads(data):  # with a NaN among its constants it equals no other
            raise AssertionError("the same code differs")

    allowed = (pickle.UnpicklingError,)
    return [Door("loads", bytes_door, allowed), Door("load", file_door, allowed), Door("loads, all trusted", code_door, allowed)]


# ---- mutation ------------------------------------------------------------------------------

LENGTHS = [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 255, 256, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 1]
TEXTS = [b"", b"a", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"nan", b"1e400", b"-1", b"a" * 16, b"a" * 17, b"\0\0", b"\1\0", b"\xff\x7f", b"\0\x80", b"b" * 300]
PLAIN = b"NTFS.0{}:"
COUNTED = dict.fromkeys(b"suatAl", 4) | dict.fromkeys(b"zZf", 1)
FIXED = {ord("i"): 4, ord("I"): 8, ord("g"): 8, ord("y"): 16, ord("r"): 4, ord("c"): 20}
SIZED = dict.fromkeys(b"([<>", 4) | {ord(")"): 1}


def tokens(stream: bytes) -> Tokens:
    """What begins with a type's code, and its argument; a byte that is no such code is one, too."""
    found, place = [], 0
    while place < len(stream):
        kind = stream[place] & 0x7F
        size = 1 + FIXED.get(kind, 0) + SIZED.get(kind, 0) + COUNTED.get(kind, 0)
        if kind in COUNTED:
            count = abs(int.from_bytes(stream[place + 1:place + size], "little", signed=COUNTED[kind] == 4))
            size += 2 * count if kind == ord("l") else count
        found.append(stream[place:place + size])
        place += size
    return found or [b""]


def token(rng: random.Random) -> bytes:
    """A type's code with an argument that fits it, mostly."""
    kind = rng.choice([*PLAIN, *COUNTED, *FIXED, *SIZED, *b"rrr((["])
    code = bytes([kind | (0x80 if rng.random() < 0.4 else 0)])
    if kind in COUNTED:
        text = rng.choice(TEXTS)
        count = len(text) // 2 if kind == ord("l") else len(text)
        if rng.random() < 0.2:
            count = rng.choice(LENGTHS)
        size = COUNTED[kind]
        return code + (count % 256**size).to_bytes(size, "little") + text
    size = FIXED.get(kind, 0) or SIZED.get(kind, 0)
    number = rng.randrange(5) if rng.random() < 0.8 else rng.choice(LENGTHS)
    return code + (number % 256**size).to_bytes(size, "little") if size else code


def mutate(rng: random.Random, pieces: Tokens, other: Tokens) -> Tokens:
    return mutation.mutate(rng, pieces, other, token)
