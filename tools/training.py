"""The work by whose profile the compiler lays out the engine: a little of everything, in no benchmark's proportions.

tools/profiled.py runs it against an engine with counters in it. What stands here decides which
branches count as likely, so it should look like what people store; it needs nothing but perdure.
"""

import collections
import dataclasses
import datetime
import decimal
import enum
import io
import marshal
import pickle
import random
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import perdure
import perdure.graph
import perdure.json
import perdure.marshal
import perdure.pickle
import perdure.xml
from perdure import TRUST_ALL
from perdure._engine.text.plain_text import is_plain_text


@dataclasses.dataclass
class Customer:
    number: int
    name: str
    balance: float
    tags: list[int]


@dataclasses.dataclass(slots=True)
class Point:
    x: float
    y: float
    label: str


class Node:
    def __init__(self, parent: "Node | None", value: int) -> None:
        self.parent, self.value = parent, value
        self.children: list[Node] = []


class State(enum.Enum):
    OPEN = 1
    CLOSED = "closed"
    WAITING = 3


class Account:
    def __init__(self, owner: str, state: State) -> None:
        self.owner, self.state = owner, state
        self.history: dict[str, int] = {}


class Reduced:
    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return Reduced, (self.value,)


Row = collections.namedtuple("Row", "number name value")


def text(rng: random.Random, longest: int, letters: str = "etaoinshrdlu _-") -> str:
    return "".join(rng.choices(letters, k=rng.randint(1, longest)))


def document(rng: random.Random, depth: int = 0) -> Any:
    """What a web service answers: few keys, many times; nested lists and dicts; texts of any length."""
    kind = rng.random()
    if depth < 5 and kind < 0.35:
        keys = rng.sample(["id", "name", "created_at", "url", "user", "items", "count", "text", "lang", "tags"], 6)
        return {key: document(rng, depth + 1) for key in keys}
    if depth < 5 and kind < 0.45:
        return [document(rng, depth + 1) for _ in range(rng.randint(0, 6))]
    return rng.choice([None, True, False, rng.randint(0, 300), rng.randint(-10**6, 10**14), rng.random(), text(rng, 12),
                       text(rng, 60), text(rng, 200), text(rng, 30, "aeióüß漢字 "), ""])


def tree(rng: random.Random, size: int) -> Node:
    nodes = [Node(None, 0)]
    for i in range(size):
        parent = rng.choice(nodes)
        parent.children.append(Node(parent, i))
        nodes.append(parent.children[-1])
    return nodes[0]


def plain(rng: random.Random) -> Iterator[Any]:
    yield [rng.randint(0, 500) for _ in range(3000)]
    yield [rng.randint(-2**60, 2**60) >> rng.randint(0, 60) for _ in range(3000)]
    yield [rng.random() for _ in range(3000)]
    yield [text(rng, 15) for _ in range(3000)]
    yield [text(rng, 80) for _ in range(1000)]
    yield [text(rng, 4000) for _ in range(50)]
    yield [text(rng, 20, "aeiouäöü漢字🙂") for _ in range(1000)]
    yield [(i, text(rng, 12), rng.random()) for i in range(1500)]
    yield [{"id": i, "name": text(rng, 12), "score": rng.random(), "ok": i % 3 == 0, "note": None} for i in range(800)]
    yield [[rng.random(), rng.random()] for _ in range(1500)]
    yield [[[i, i + 1], (i, (i, i))] for i in range(500)]
    yield [document(rng) for _ in range(120)]
    yield {text(rng, 12): rng.randint(0, 9) for _ in range(800)}
    yield {i: text(rng, 9) for i in range(800)}
    yield {(i, i % 7): float(i) for i in range(400)}
    yield [text(rng, 8).encode() for _ in range(800)] + [bytearray(b"abc")] * 3 + [bytes(100_000)]
    yield [set(rng.sample(range(1000), 20)) for _ in range(100)] + [frozenset("abc")]
    shared = [[i] for i in range(9)]
    yield [rng.choice(shared) for _ in range(1500)]


def objects(rng: random.Random) -> Iterator[Any]:
    yield [Customer(i, text(rng, 12), i / 7, [i]) for i in range(800)]
    yield [Point(rng.random(), rng.random(), text(rng, 5)) for _ in range(800)]
    yield [Row(i, text(rng, 9), rng.random()) for i in range(800)]
    yield [Account(text(rng, 9), rng.choice(list(State))) for _ in range(800)]
    yield [rng.choice(list(State)) for _ in range(800)]
    yield tree(rng, 600)
    start = datetime.datetime(2024, 2, 29, 12)
    yield [start + datetime.timedelta(seconds=37 * i) for i in range(600)] + [start.date(), start.time()]
    yield [decimal.Decimal(i) / 7 for i in range(400)]
    yield [uuid.UUID(int=rng.getrandbits(128)) for _ in range(400)]
    yield [collections.OrderedDict((key, i) for key in "abcdef") for i in range(200)]
    yield [collections.defaultdict(list, {"a": [1]}), collections.deque(range(50)), range(5), slice(1, 2), 1 + 2j]
    yield [Reduced(i) for i in range(300)]
    yield [State, Row, len, print, collections.OrderedDict, Customer.__init__]


def messages(rng: random.Random) -> Iterator[Any]:
    for _ in range(150):
        yield {"id": rng.randint(0, 10**9), "kind": rng.choice(["put", "get", "delete"]), "key": text(rng, 12),
               "size": rng.random(), "ok": True, "error": None, "tags": [text(rng, 6)], "user": "root"}
        yield Customer(1, text(rng, 9), 0.5, [])
        yield [1, text(rng, 3), 2.5]
        yield datetime.datetime(2026, 1, 2, 3, 4, 5)
        yield rng.choice([None, 7, text(rng, 10), (1, 2)])


def arrays() -> Iterator[Any]:
    try:
        import numpy
    except ImportError:
        return
    yield [numpy.arange(12) * i for i in range(300)]
    yield numpy.ones((300, 300))


def work(obj: object) -> None:
    data = perdure.pickle.dumps(obj)
    perdure.pickle.loads(data)
    perdure.pickle.loads(pickle.dumps(obj))
    file = io.BytesIO()
    perdure.pickle.Pickler(file, 4).dump(obj)
    file.seek(0)
    perdure.pickle.Unpickler(file).load()
    perdure.loads(perdure.dumps(obj), trusted=TRUST_ALL)


def work_on_texts(obj: Any) -> None:
    stream = perdure.dumps(obj)
    perdure.graph.dumps(perdure.graph.loads(stream))
    text = perdure.json.dumps(obj)
    perdure.json.loads(text, trusted=TRUST_ALL)
    is_plain_text(text)  # the library may not be here that is then given it
    perdure.xml.loads(perdure.xml.dumps(obj), trusted=TRUST_ALL)
    try:
        data = marshal.dumps(obj)
    except ValueError:
        return
    for _ in range(4):
        perdure.marshal.loads(data)


def once(obj: object) -> None:
    """What is rare."""
    for protocol in range(4):
        perdure.pickle.loads(perdure.pickle.dumps(obj, protocol))
    perdure.dumps(obj, canonical=True)
    data = perdure.dumps(obj)
    for i in range(0, len(data), max(1, len(data) // 20)):
        try:
            perdure.loads(data[:i])
        except Exception:
            pass
    try:
        perdure.dumps([obj, {"a": threading.Lock()}])
    except TypeError:
        pass


def main(seconds: float = 20.0) -> None:
    rng = random.Random(20261124)
    inputs = [*plain(rng), *objects(rng), *arrays()]
    small = [*messages(rng)]
    for obj in small[:20]:
        once(obj)
    pickler = perdure.pickle.Pickler(io.BytesIO())
    end = time.monotonic() + seconds
    while True:
        for obj in inputs:
            work(obj)
            work_on_texts(obj)
        for obj in small:
            work(obj)
            work_on_texts(obj)
            pickler.clear_memo()
            pickler.dump(obj)
        if time.monotonic() > end:
            break


if __name__ == "__main__":
    main()
