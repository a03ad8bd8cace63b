"""The writer emits exactly the opcodes that the table says are written: seen in its streams."""

import copyreg
import io
import pickletools
from enum import IntEnum
from fractions import Fraction
from pickle import PickleBuffer

from perdure._engine.writer.pickler import Pickler, dumps
from perdure.ops import OPCODES


class Slots:
    __slots__ = ("a",)

    def __init__(self) -> None:
        self.a = 1


class Keywords:
    def __new__(cls, *, a: int) -> "Keywords":
        return super().__new__(cls)

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), {"a": 1}


class Registered(IntEnum):
    ONE = 0x01
    TWO = 0x0102
    FOUR = 0x01020304


class Persistent(Pickler):
    def persistent_id(self, obj: object) -> object:
        return "id" if obj == "mine" else None


def everything() -> list[object]:
    """Objects that make the writer use all it has, at one protocol or another."""
    cycle: tuple[list[object]] = ([],)
    cycle[0].append(cycle)
    long_cycle: tuple[list[object], int, int, int] = ([], 1, 2, 3)
    long_cycle[0].append(long_cycle)
    many = [[number] for number in range(300)]
    return [
        [None, True, False, 1, -1, 255, 65535, 2**40, -(2**40), 2**3000, 0.5, 1e300],
        ["", "text", "é" * 300, b"", b"bytes", b"b" * 300, bytearray(b"a"), bytearray(70_000)],
        [[], [1], [1, 2], (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {}, {1: 2}, {1: 2, 3: 4}, set(), {1}],
        [frozenset(), frozenset({1})], cycle, long_cycle, [many, many, *many],
        [Slots(), Keywords(a=1), Fraction(1, 2), Fraction, PickleBuffer(b"read"), PickleBuffer(bytearray(b"write"))],
    ]


def emitted() -> set[str]:
    streams = [dumps(obj, protocol, buffer_callback=[].append if protocol == 5 and buffered else None)
               for protocol in range(6) for buffered in (False, True) for obj in everything()
               if protocol == 5 or "PickleBuffer" not in repr(obj)]
    for protocol in range(6):
        file = io.BytesIO()
        Persistent(file, protocol).dump(["mine"])
        streams.append(file.getvalue())
    for member in Registered:
        copyreg.add_extension(__name__, f"Class{member.name}", member)
        try:
            streams += [dumps(globals()[f"Class{member.name}"], protocol) for protocol in (2, 5)]
        finally:
            copyreg.remove_extension(__name__, f"Class{member.name}", member)
    return {op.name for stream in streams for op, _, _ in pickletools.genops(stream)}


for member in Registered:
    globals()[f"Class{member.name}"] = type(f"Class{member.name}", (), {"__module__": __name__})

# More than 4 GiB of one thing: too much for a test that runs every day.
HUGE = {"BINBYTES8", "BINUNICODE8"}


def test_writer_emits_the_rows_that_say_so_and_no_other() -> None:
    assert emitted() | HUGE == {op.name for op in OPCODES if op.written}
