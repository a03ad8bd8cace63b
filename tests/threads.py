"""``make threads``: eight threads dump one graph that others change, or load at once, and every value is checked.

    python -m tests.threads --seconds 60
    python -m tests.threads --only mutate --threads 16

Whatever a dump wrote while the graph changed must load into values that the graph could
have held: each dict's values fit their keys, each list's items fit their list. A dump
may end in the RuntimeError of a container that changed size. A crash ends the process,
so the exit code tells.
"""

import argparse
import collections
import copyreg
import faulthandler
import io
import pickle
import random
import sys
import sysconfig
import threading
import time
from collections.abc import Callable

from tests.subject import NAME, subject


class Item:
    """Its attributes always fit each other: b is twice a."""

    def __init__(self, a):
        self.a = a
        self.b = 2 * a


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a
        self.b = 2 * a


class Hooked:
    """Gives the other threads their turn in the middle of a dump."""

    def __reduce__(self):
        time.sleep(0)
        return Hooked, ()


FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


class Wrong(Exception):
    pass


def require(condition: bool, what: object) -> None:
    if not condition:
        raise Wrong(repr(what)[:500])


# One graph, changed all the time ---------------------------------------------------------------------


class Graph:
    """Containers that keep their own laws, whatever happens to them."""

    def __init__(self) -> None:
        self.numbers = list(range(1000))
        self.floats = [float(i) for i in range(100)]
        self.texts = [f"text {i}" for i in range(100)]
        self.squares = {i: i * i for i in range(200)}
        self.named = {f"key {i}": i for i in range(200)}
        self.even = set(range(0, 400, 2))
        self.items = [Item(i) for i in range(50)]
        self.slotted = [Slotted(i) for i in range(50)]
        self.queue = collections.deque(range(100), maxlen=200)
        self.ordered = collections.OrderedDict((f"o{i}", i) for i in range(50))
        self.array = bytearray(b"x" * 3000)
        self.rows = [(i, f"row {i}") for i in range(100)]
        self.hooks = [Hooked() for _ in range(20)]
        self.nested = [[self.numbers, self.squares], self.items]

    def change(self, rng: random.Random) -> None:
        i = rng.randrange(1000)
        for x in (self.numbers, self.queue):
            x.append(i) if rng.random() < 0.5 else x and x.pop()
        if rng.random() < 0.02:
            self.numbers[:] = range(rng.randrange(1500))
        self.floats[i % 50:i % 50 + 3] = [float(i)] * rng.randrange(6)
        self.texts.insert(i % 10, f"text {i}")
        del self.texts[100:]
        self.squares.pop(i, None) if rng.random() < 0.5 else self.squares.__setitem__(i, i * i)
        self.named.pop(f"key {i}", None) if rng.random() < 0.5 else self.named.__setitem__(f"key {i}", i)
        if rng.random() < 0.01:
            self.named.clear()
        self.even.discard(2 * i) if rng.random() < 0.5 else self.even.add(2 * i)
        if rng.random() < 0.01:
            self.even.clear()
        if self.items:
            self.items[i % len(self.items)] = Item(i)
        item = self.slotted[i % 50]
        item.a, item.b = item.b // 2, item.b
        self.slotted[i % 50] = Slotted(i)
        self.rows[i % 100] = (i, f"row {i}")
        if not FREE_THREADED:  # there Python itself crashes when two threads change one of these
            self.ordered.pop(f"o{i}", None) if rng.random() < 0.5 else self.ordered.__setitem__(f"o{i}", i)
            self.array.extend(b"x" * (i % 7)) if rng.random() < 0.5 else self.array.__delitem__(slice(0, i % 7))


def check(graph: Graph) -> None:
    for numbers in (graph.numbers, graph.queue):
        require(all(type(i) is int for i in numbers), numbers)
    require(all(type(f) is float for f in graph.floats), graph.floats)
    require(all(t.startswith("text ") for t in graph.texts), graph.texts)
    require(all(v == k * k for k, v in graph.squares.items()), graph.squares)
    require(all(k == f"key {v}" for k, v in graph.named.items()), graph.named)
    require(all(e % 2 == 0 for e in graph.even), graph.even)
    require(all(i.b == 2 * i.a for i in graph.items), [(i.a, i.b) for i in graph.items])
    require(all(type(i) is Slotted for i in graph.slotted), graph.slotted)
    require(all(k == f"o{v}" for k, v in graph.ordered.items()), graph.ordered)
    require(set(graph.array) <= {ord("x")}, graph.array)
    require(all(name == f"row {i}" for i, name in graph.rows), graph.rows)
    require(graph.nested[0][0] is graph.numbers and graph.nested[0][1] is graph.squares, "sharing")


shared = Graph()


def mutate(rng: random.Random, turn: int) -> None:
    """Half of the threads change the graph, the others dump it and look at what they wrote."""
    if turn % 2:
        for _ in range(20):
            try:
                shared.change(rng)
            except (IndexError, KeyError, RuntimeError):
                pass
        return
    protocol = rng.randrange(pickle.HIGHEST_PROTOCOL + 1) if rng.random() < 0.2 else 5
    try:
        if rng.random() < 0.5:
            stream = subject.dumps(shared, max(protocol, 2))
        else:
            file = io.BytesIO()
            subject.Pickler(file, max(protocol, 2)).dump(shared)
            stream = file.getvalue()
    except RuntimeError as error:
        require("chang" in str(error) or "mutated" in str(error), error)
        return
    except KeyError as error:  # what OrderedDict's own iterator gives when its key has just gone
        require(str(error).startswith("'o"), error)
        return
    check(pickle.loads(stream) if rng.random() < 0.5 else subject.loads(stream))


# Loads at once ---------------------------------------------------------------------------------------

still = Graph()
streams = [pickle.dumps(still, protocol) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
messages = [{f"key {i}": i, "name": f"name {i}", "tags": ["a", str(i)]} for i in range(500)]
message_streams = [pickle.dumps(m, 5) for m in messages]


def load(rng: random.Random, turn: int) -> None:
    """The same streams and small messages in every thread, from bytes and files."""
    stream = rng.choice(streams)
    graph = subject.loads(stream) if rng.random() < 0.5 else subject.load(io.BytesIO(stream))
    check(graph)
    require(graph.named == still.named and graph.numbers == still.numbers and graph.even == still.even, "another graph")
    for _ in range(200):
        i = rng.randrange(len(messages))
        require(subject.loads(message_streams[i]) == messages[i], i)
        require(pickle.loads(subject.dumps(messages[i], 5)) == messages[i], i)


# Classes that come, change and go --------------------------------------------------------------------


def classes(rng: random.Random, turn: int) -> None:
    """A class made, dumped, given a reduce of its own, dumped, and dropped."""
    name = f"Class{turn}_{threading.get_ident()}"
    cls = type(name, (Item,), {"__module__": __name__})
    globals()[name] = cls
    try:
        one = cls(turn)
        require(subject.loads(subject.dumps([one, one], 5))[0].b == 2 * turn, name)
        copyreg.pickle(cls, lambda self: (Item, (self.a + 1,)))
        require(subject.loads(subject.dumps(one, 5)).a == turn + 1, "a copyreg entry that came later")
        copyreg.dispatch_table.pop(cls)
        cls.__reduce__ = lambda self: (Item, (self.a + 2,))
        require(subject.loads(subject.dumps(one, 5)).a == turn + 2, "a __reduce__ that came later")
    finally:
        del globals()[name]


# One Pickler, one Unpickler, many threads ------------------------------------------------------------

pickler = subject.Pickler(io.BytesIO(), 5)
unpickler = subject.Unpickler(io.BytesIO(b"".join(message_streams * 20)))


def share(rng: random.Random, turn: int) -> None:
    """Nobody promises what comes of it; only that it is a value or an exception."""
    try:
        if rng.random() < 0.5:
            pickler.dump([Hooked(), messages[turn % 500]])
            if rng.random() < 0.2:
                pickler.clear_memo()
        else:
            unpickler.load()
    except (RuntimeError, pickle.PickleError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError,
            UnicodeDecodeError, OverflowError, ImportError):
        pass


WORKS: dict[str, Callable[[random.Random, int], None]] = {"mutate": mutate, "load": load, "classes": classes, "share": share}


def run(name: str, seconds: float, count: int) -> int:
    """Rounds done by all threads together; the first wrong value is raised."""
    until = time.monotonic() + seconds
    rounds = [0] * count
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        rng = random.Random(number)
        turn = number
        try:
            while time.monotonic() < until and not wrong:
                WORKS[name](rng, turn)
                turn += 0 if name == "mutate" else count
                rounds[number] += 1
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return sum(rounds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.threads", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="in all, divided among the works")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--only", choices=WORKS, action="append")
    options = parser.parse_args()
    faulthandler.enable()
    print(f"threads: {NAME}, Python {sys.version.split()[0]}{', free-threaded' if FREE_THREADED else ''}, {options.threads} threads")
    if FREE_THREADED and sys._is_gil_enabled():
        print("  the GIL is on: a module of the engine does not declare itself safe without it")
        return 1
    names = options.only or list(WORKS)
    for name in names:
        rounds = run(name, options.seconds / len(names), options.threads)
        print(f"  {name:10} {rounds:8,} rounds, nothing wrong: {WORKS[name].__doc__.splitlines()[0]}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
