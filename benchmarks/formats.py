"""``make formats``: the table of docs/formats.md, measured: speed, size, what survives, what a hostile text gets.

Speeds are the C pickle's time over the format's, interleaved in one run, the geometric mean over the inputs that the
format holds; size is the bytes over pickle's. What survives is counted over VALUES: a value survives if what comes back
has the same types, the same shared references and cycles, and the same bits.
"""

import argparse
import array
import collections
import copy
import datetime
import decimal
import fractions
import json
import marshal
import math
import os
import pathlib
import pickle
import statistics
import subprocess
import sys
import tempfile
import uuid
import warnings
import zoneinfo
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy
import pandas

import perdure
import perdure.json
import perdure.marshal
import perdure.xml
from benchmarks.inputs import TRUSTED, Colour, Plain, Point, Row, SlotPoint, of_group
from benchmarks.timing import compete, ratio
from tests.property.graphs import difference

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "formats.md"
BEGIN, END = "<!-- measured: make formats -->\n", "<!-- end -->\n"
PLAIN = ["twitter.json", "citm_catalog.json", "canada.json", "rows of dicts"]
NAMED = (*TRUSTED, len)  # what the values name
OBJECTS = ["dataclass", "plain class", "named tuple", "datetime", "Decimal", "UUID", "sets", "OrderedDict"]


class Format(NamedTuple):
    dumps: Callable[[Any], Any]
    loads: Callable[[Any], Any]
    readers: str  # who else reads it


def formats() -> dict[str, Format]:
    found = {
        "perdure": Format(perdure.dumps, lambda data: perdure.loads(data, trusted=NAMED), "any Python's `pickle`"),
        "perdure.json": Format(perdure.json.dumps, lambda text: perdure.json.loads(text, trusted=NAMED),
                               "anything that reads JSON; tags by the schema"),
        "perdure.xml": Format(perdure.xml.dumps, lambda text: perdure.xml.loads(text, trusted=NAMED),
                              "anything that reads XML, by the schema"),
        "perdure.marshal": Format(perdure.marshal.dumps, perdure.marshal.loads, "Python's `marshal`"),
        "pickle": Format(lambda value: pickle.dumps(value, 5), pickle.loads, "any Python"),
        "json": Format(json.dumps, json.loads, "anything that reads JSON"),
        "marshal": Format(marshal.dumps, marshal.loads, "Python, nearly the same version"),
    }  # fmt: skip
    try:
        import jsonpickle

        found["jsonpickle"] = Format(jsonpickle.encode, jsonpickle.decode, "jsonpickle")
    except ImportError:
        pass
    return found


def values() -> list[Any]:
    """One of each kind of thing that people keep."""
    shared, ring, me = [1], [], Plain(1, 2.0, "x")
    ring.append(ring)
    me.x = me  # type: ignore[attr-defined]
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    zone = zoneinfo.ZoneInfo("Europe/Paris")
    return [
        None, True, 12345678901234567890, 1 << 3000, -0.0, math.inf, struct_nan(), "text \0 \u20ac", "\ud800", b"\x00\xff", bytearray(b"x"),
        (1, (2,)), {1, 2}, frozenset("ab"), 1 + 2j, {1: "a", "1": "b"}, {(1, 2): 3}, {"$set": [1]}, {"py/object": "builtins.int"}, {None: 1},
        [shared, shared], ring, me, [(shared,), (shared,)], deep, datetime.datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=zone), datetime.date(2001, 2, 3),
        datetime.time(4, 5, tzinfo=datetime.UTC), datetime.timedelta(1, 2, 3), decimal.Decimal("1.50"), fractions.Fraction(1, 3), uuid.UUID(int=5),
        pathlib.PurePosixPath("/a/b"), Colour.RED if hasattr(Colour, "RED") else next(iter(Colour)), Row(1, "a", 2.0), Point(1, 2.0, "a", 3.0),
        SlotPoint(1, 2.0, "a", 3.0), Plain(1, 2.0, "a"), collections.OrderedDict(b=1, a=2), collections.defaultdict(list, a=[1]),
        collections.deque([1, 2], 5), collections.Counter("aab"), array.array("d", [1.0, 2.0]), range(1, 9, 2), ValueError("x", 1), Point, len,
        numpy.arange(12.0).reshape(3, 4), numpy.array(["2001-02-03"], "datetime64[D]"), numpy.float32(1.5),
        pandas.DataFrame({"a": [1, 2], "b": ["x", None]}), pandas.date_range("2001-02-03", periods=3, tz="UTC"),
    ]  # fmt: skip


def struct_nan() -> float:
    import struct

    return float(struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000123))[0])


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, numpy.ndarray):
        return bool(one.dtype == other.dtype and one.tobytes() == other.tobytes() and one.shape == other.shape)
    if isinstance(one, numpy.generic):
        return one.tobytes() == other.tobytes()
    if isinstance(one, (pandas.DataFrame, pandas.Index)):
        return one.equals(other) and (not isinstance(one, pandas.DataFrame) or list(one.dtypes) == list(other.dtypes))
    if isinstance(one, pathlib.PurePath):
        return one == other
    try:
        return difference(one, other) is None
    except RecursionError:
        return pickle.dumps(one) == pickle.dumps(other)


def survives(format_: Format, value: Any) -> bool:
    try:
        return same(value, format_.loads(format_.dumps(value)))
    except Exception:
        return False


def hostile(name: str) -> str:
    """What becomes of whoever reads a text made to run a command, or to crash: in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-m", "benchmarks.formats", "--victim", name, folder], capture_output=True, text=True)
        if (pathlib.Path(folder) / "ran").exists():
            return "runs what it says"
        return "dies" if done.returncode else done.stdout.strip()


class Evil:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (os.path.join(self.folder, "ran"),)


def victim(name: str, folder: str) -> None:
    if name == "json":
        print("has no names")
        return
    if name.endswith("marshal"):  # which names nothing either
        text: Any = b"<\x01\x00\x00\x00\xa9\x01r\x00\x00\x00\x00"  # a set with a tuple that holds itself
    elif name == "perdure":
        text = pickle.dumps(Evil(folder))
    else:
        text = formats()[name].dumps(Evil(folder))
    try:
        formats()[name].loads(text)
    except Exception as error:
        print(f"`{type(error).__name__}`")
    else:
        print("a value")


def _return(value: Any) -> Any:
    return value


def speeds(names: list[str], groups: tuple[str, ...], rounds: int) -> dict[str, tuple[float, float, float]]:
    """Each format's (dumps, loads, size) beside pickle, over the inputs that it holds."""
    found: dict[str, list[tuple[float, float, float]]] = collections.defaultdict(list)
    for given in [each for group in groups for each in of_group(group) if each.name in names]:
        value = given.make()
        if value is None:
            continue
        able = formats()
        able = {name: each for name, each in able.items() if name == "pickle" or survives(each, value)}
        texts = {name: each.dumps(value) for name, each in able.items()}
        sizes = {name: len(text.encode() if isinstance(text, str) else text) for name, text in texts.items()}
        wanted: dict[str, Any] = {"rounds": rounds, "least": 0.02}
        written = compete({n: f.dumps for n, f in able.items()}, {n: partial(_return, value) for n in able}, **wanted)
        read = compete({n: f.loads for n, f in able.items()}, {n: partial(_return, texts[n]) for n in able}, **wanted)
        for name in able:
            ratios = ratio(written["pickle"], written[name]), ratio(read["pickle"], read[name])
            found[name].append((*ratios, sizes[name] / sizes["pickle"]))
    return {name: tuple(map(statistics.geometric_mean, zip(*each, strict=True))) for name, each in found.items()}  # type: ignore[misc]


def table(rounds: int) -> str:
    plain, objects = speeds(PLAIN, ("plain",), rounds), speeds(OBJECTS, ("objects",), rounds)
    kept = values()
    lines = [
        f"| | plain data: dumps, loads, size | objects: dumps, loads, size | survive, of {len(kept)} kinds | a hostile text | who else reads it |",
        "|---|---|---|---|---|---|",
    ]
    for name, format_ in formats().items():
        cells = [f"{d:.2g}x, {r:.2g}x, {s:.2g}" if (d, r, s) != (0, 0, 0) else "no" for d, r, s in
                 (plain.get(name, (0, 0, 0)), objects.get(name, (0, 0, 0)))]  # fmt: skip
        held = sum(survives(format_, copy.copy(value)) if isinstance(value, int) else survives(format_, value) for value in kept)
        lines.append(f"| `{name}` | {cells[0]} | {cells[1]} | {held} | {hostile(name)} | {format_.readers} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.formats", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/formats.md")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--victim", nargs=2, metavar=("FORMAT", "FOLDER"), help="read a hostile text (run as a child)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # jsonpickle's, of its next version
    if options.victim:
        victim(*options.victim)
        return
    made = table(options.rounds)
    print(made)
    if options.write:
        page = PAGE.read_text()
        head, tail = page[: page.index(BEGIN) + len(BEGIN)], page[page.index(END) :]
        PAGE.write_text(head + "\n" + made + "\n" + tail)


if __name__ == "__main__":
    main()
