"""What is dumped and loaded: every input of the benchmarks, in groups.

An input is made anew by its function, from a fixed seed, when its turn comes, so that
only one is alive at a time (the collector's work depends on what else lives).
`fresh` inputs are made anew for every sample: strings cache their UTF-8 form when the
standard pickle first dumps them, and later dumps flatter it.
"""

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import lzma
import os
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(os.environ.get("PERDURE_BENCH_DATA", Path(__file__).with_name("data")))


class Input(NamedTuple):
    name: str
    group: str
    make: Callable[[], Any]
    fresh: bool = False


INPUTS: list[Input] = []


def input_of(group: str, name: str, fresh: bool = False):
    def register(make):
        INPUTS.append(Input(name, group, make, fresh))
        return make

    return register


def of_group(group: str) -> list[Input]:
    return [i for i in INPUTS if i.group == group]


# Plain data: what JSON and MessagePack hold too ------------------------------------------------------

CONSONANTS, ACCENTS = "bcdfghklmnprst", "äéîõüßøłž"


def word(rng: random.Random, alphabet: str = string.ascii_lowercase, low: int = 3, high: int = 18) -> str:
    return "".join(rng.choices(alphabet, k=rng.randint(low, high)))


@input_of("plain", "ints")
def _():
    rng = random.Random(1)
    return [rng.randrange(-(2**31), 2**31) for _ in range(100_000)]


@input_of("plain", "small ints")
def _():
    rng = random.Random(2)
    return [rng.randrange(256) for _ in range(100_000)]


@input_of("plain", "floats")
def _():
    rng = random.Random(3)
    return [rng.random() for _ in range(100_000)]


@input_of("plain", "ascii strings")
def _():
    rng = random.Random(4)
    return [word(rng) for _ in range(50_000)]


@input_of("plain", "short strings")
def _():
    rng = random.Random(5)
    return [word(rng, low=2, high=6) for _ in range(50_000)]


@input_of("plain", "long strings")
def _():
    rng = random.Random(6)
    return [word(rng, low=200, high=2000) for _ in range(1_000)]


@input_of("plain", "non-ascii strings, first dump", fresh=True)
def _():
    rng = random.Random(7)
    return [word(rng, CONSONANTS + ACCENTS) for _ in range(50_000)]


@input_of("plain", "non-ascii strings")
def _():
    rng = random.Random(8)
    return [word(rng, CONSONANTS + ACCENTS) for _ in range(50_000)]


@input_of("plain", "rows of tuples")
def _():
    rng = random.Random(9)
    return [(i, word(rng), rng.random()) for i in range(30_000)]


@input_of("plain", "rows of dicts")
def _():
    rng = random.Random(10)
    return [
        {"id": i, "name": word(rng), "score": rng.random(), "active": rng.random() < 0.5, "tags": None}
        for i in range(20_000)
    ]


@input_of("plain", "nested number lists")
def _():
    rng = random.Random(11)
    return [[[rng.random(), rng.random()] for _ in range(100)] for _ in range(300)]


def document(name: str):
    path = FOLDER / f"{name}.json.xz"
    if path.exists():
        INPUTS.append(Input(f"{name}.json", "plain", lambda: json.loads(lzma.decompress(path.read_bytes()))))


for name in ("canada", "citm_catalog", "github", "twitter"):
    document(name)


def message(rng: random.Random, keys: list[str] | None = None) -> dict:
    """Ten keys and values of mixed kinds; without `keys`, keys that only this message holds."""
    keys = keys or [word(rng, low=4, high=10) for _ in range(10)]
    values = [rng.randrange(10**6), word(rng), rng.random(), True, None, word(rng), rng.randrange(200),
              [rng.random() for _ in range(3)], word(rng, CONSONANTS + ACCENTS), rng.randrange(10**9)]
    return dict(zip(keys, values, strict=True))


@input_of("plain", "many small messages")
def _():
    rng = random.Random(12)
    keys = [word(rng, low=4, high=10) for _ in range(10)]
    return [message(rng, keys) for _ in range(5_000)]


# Objects ---------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Point:
    x: int
    y: float
    label: str
    weight: float


@dataclasses.dataclass(slots=True)
class SlotPoint:
    x: int
    y: float
    label: str
    weight: float


class Plain:
    def __init__(self, x, y, label):
        self.x = x
        self.y = y
        self.label = label

    def __eq__(self, other):
        return vars(self) == vars(other)


class Row(NamedTuple):
    id: int
    name: str
    score: float


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"
    BLUE = "b"
    WHITE = "w"


class Node:
    """A tree whose nodes know their parents; equal when the same shape holds the same values."""

    def __init__(self, value, parent=None):
        self.value = value
        self.parent = parent
        self.children = []

    def __eq__(self, other):
        mine, theirs = [self], [other]
        while mine:
            a, b = mine.pop(), theirs.pop()
            if a.value != b.value or len(a.children) != len(b.children):
                return False
            if any(c.parent is not a for c in a.children) or any(c.parent is not b for c in b.children):
                return False
            mine += a.children
            theirs += b.children
        return True


TRUSTED = (Point, SlotPoint, Plain, Row, Colour, Node)  # what a policy has to let through


def points(cls):
    rng = random.Random(13)
    return [cls(i, rng.random(), word(rng), rng.random()) for i in range(10_000)]


input_of("objects", "dataclass")(lambda: points(Point))
input_of("objects", "dataclass, slots")(lambda: points(SlotPoint))


@input_of("objects", "plain class")
def _():
    rng = random.Random(14)
    return [Plain(i, rng.random(), word(rng)) for i in range(10_000)]


@input_of("objects", "named tuple")
def _():
    rng = random.Random(15)
    return [Row(i, word(rng), rng.random()) for i in range(10_000)]


@input_of("objects", "enum members")
def _():
    rng = random.Random(16)
    return rng.choices(list(Colour), k=50_000)


@input_of("objects", "tree with parents")
def _():
    root = Node(0)
    nodes = [root]
    for i in range(1, 10_000):  # shallow: the C pickle recurses
        parent = nodes[(i - 1) // 6]
        node = Node(i, parent)
        parent.children.append(node)
        nodes.append(node)
    return root


@input_of("objects", "datetime")
def _():
    start = datetime.datetime(2001, 2, 3, 4, 5, 6)
    return [start + datetime.timedelta(seconds=i * 977, microseconds=i) for i in range(10_000)]


@input_of("objects", "Decimal")
def _():
    rng = random.Random(18)
    return [decimal.Decimal(rng.randrange(10**9)).scaleb(-2) for _ in range(10_000)]


@input_of("objects", "UUID")
def _():
    rng = random.Random(19)
    return [uuid.UUID(int=rng.getrandbits(128)) for _ in range(10_000)]


@input_of("objects", "sets")
def _():
    rng = random.Random(20)
    return [{rng.randrange(10**6) for _ in range(10)} for _ in range(5_000)]


@input_of("objects", "OrderedDict")
def _():
    rng = random.Random(21)
    return [collections.OrderedDict((key, rng.random()) for key in "abcdef") for _ in range(5_000)]


@input_of("objects", "many references to few objects")
def _():
    rng = random.Random(22)
    few = [Plain(i, rng.random(), word(rng)) for i in range(100)]
    return [rng.choice(few) for _ in range(50_000)]


@input_of("objects", "one object shared often")
def _():
    one = Point(1, 2.0, "three", 4.0)
    return [one] * 50_000


# Arrays, frames, models: only where their libraries are ----------------------------------------------


@input_of("arrays", "one large array, 32 MB")
def _():
    import numpy as np

    return np.random.default_rng(23).random(4_000_000)


@input_of("arrays", "many small arrays")
def _():
    import numpy as np

    rng = np.random.default_rng(24)
    return [rng.random(10) for _ in range(5_000)]


@input_of("arrays", "frame of numbers")
def _():
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.random.default_rng(25).random((50_000, 8)), columns=list("abcdefgh"))


@input_of("arrays", "frame of mixed columns")
def _():
    import pandas as pd

    rng = random.Random(26)
    count = 20_000
    return pd.DataFrame({
        "id": range(count),
        "name": [word(rng) for _ in range(count)],
        "kind": pd.Categorical([rng.choice("abc") for _ in range(count)]),
        "when": pd.date_range("2001-02-03", periods=count, freq="min"),
        "score": [rng.random() for _ in range(count)],
    })


@input_of("arrays", "random forest")
def _():
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=0).fit(*load_digits(return_X_y=True))


@input_of("arrays", "gradient boosting")
def _():
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(random_state=0).fit(*load_diabetes(return_X_y=True))


@input_of("arrays", "pipeline, logistic regression")
def _():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*load_iris(return_X_y=True))
