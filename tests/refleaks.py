"""``make refleaks``: what is done a hundred times leaves no more behind than what is done once.

Each case, an opcode's streams, a type's dumps, an error's path, is looped in rounds. On
a debug build of Python the total reference count must be flat over them; on any build
the number of allocated blocks must be.

    python -m tests.refleaks                 all cases
    python -m tests.refleaks -k error -v     some, each named
"""

import argparse
import collections
import copyreg
import functools
import gc
import io
import itertools
import pickle
import random
import sys
import warnings
from collections.abc import Callable, Iterator

from tests.fuzz import mutation, seeds
from tests.property import kinds
from tests.subject import NAME, subject

LOOPS, ROUNDS = 20, 5


class Unpicklable:
    def __reduce__(self):
        raise ZeroDivisionError


class Given:
    """A reduce value for each occasion."""

    def __init__(self, value):
        self.value = value

    def __reduce_ex__(self, protocol):
        return self.value() if callable(self.value) else self.value


class Breaks:
    """A file that breaks at its n-th call."""

    def __init__(self, calls: int, data: bytes = b"") -> None:
        self.calls = calls
        self.file = io.BytesIO(data)

    def _count(self):
        self.calls -= 1
        if self.calls < 0:
            raise ZeroDivisionError

    def write(self, data):
        self._count()
        return len(data)

    def read(self, count):
        self._count()
        return self.file.read(count)

    def readline(self):
        self._count()
        return self.file.readline()

    def readinto(self, buffer):
        self._count()
        return self.file.readinto(buffer)


def failing(call: Callable, *arguments) -> None:
    try:
        call(*arguments)
    except Exception:
        pass


def by_file(value, protocol):
    subject.Pickler(io.BytesIO(), protocol).dump(value)


def from_file(stream):
    unpickler = subject.Unpickler(io.BytesIO(stream + stream))
    unpickler.load()
    unpickler.load()


class Hooked(subject.Pickler):
    def persistent_id(self, obj):
        if obj == "raise":
            raise ZeroDivisionError
        return "id" if obj == "persistent" else None

    def reducer_override(self, obj):
        if isinstance(obj, kinds.Plain):
            raise ZeroDivisionError
        return (list, ()) if isinstance(obj, kinds.Data) else NotImplemented


class HookedReader(subject.Unpickler):
    def persistent_load(self, name):
        return [name]

    def find_class(self, module, name):
        if name == "Plain":
            raise ZeroDivisionError
        return super().find_class(module, name)


def hooked(value, protocol):
    file = io.BytesIO()
    Hooked(file, protocol).dump(value)
    HookedReader(io.BytesIO(file.getvalue())).load()


def memo_rounds():
    pickler = subject.Pickler(io.BytesIO(), 5)
    shared = ["shared"]
    pickler.dump([shared, shared])
    copy = pickler.memo.copy()
    pickler.memo = copy
    pickler.memo = pickler.memo
    pickler.dump(shared)
    pickler.clear_memo()
    pickler.memo.clear()
    unpickler = subject.Unpickler(io.BytesIO(pickle.dumps([shared, shared]) * 2))
    unpickler.load()
    unpickler.memo = unpickler.memo.copy()
    unpickler.memo = {0: shared, 7: "seven"}
    unpickler.memo.clear()
    failing(setattr, unpickler, "memo", {-1: None})
    failing(setattr, pickler, "memo", {1: 2})


def passing_class():
    """A class that is made, dumped and dropped must go, record and all."""
    cls = type("Passing", (), {"__module__": __name__, "__slots__": ("a",)})
    globals()["Passing"] = cls
    one = cls()
    one.a = [1]
    subject.loads(subject.dumps([one, cls], 5))
    del globals()["Passing"]


def bad_values() -> Iterator[tuple[str, object]]:
    """Values that cannot be dumped, with the failure at every kind of place."""
    bad = Unpicklable()
    yield "alone", bad
    for name, make in {
        "list": lambda: [1, [2, bad]], "long list": lambda: [*range(1500), bad], "tuple": lambda: (1, (2, bad)),
        "long tuple": lambda: (1, 2, 3, 4, bad), "dict value": lambda: {"a": {"b": bad}}, "dict key": lambda: {bad: 1},
        "set": lambda: {bad}, "frozenset": lambda: frozenset([bad]), "ordered": lambda: collections.OrderedDict(a=bad),
        "deque": lambda: collections.deque([bad]), "list subclass": lambda: kinds.ListSubclass([bad]), "data": lambda: kinds.Data(bad),
        "slots": lambda: kinds.SlotData(bad), "named tuple": lambda: kinds.Pair(bad, 1), "frozen slots": lambda: kinds.FrozenSlotData(bad),
        "deep": lambda: [[[[[[{"x": ({"y": [kinds.Data(bad)]},)}]]]]]],
    }.items():
        yield name, make()
    for name, value in {
        "no tuple": 7, "short tuple": (list,), "long tuple": (list, (), 1, 2, 3, 4, 5), "not callable": (7, ()), "no arguments": (list, 7),
        "bad list items": (list, (), None, 7), "bad dict items": (dict, (), None, None, 7), "bad setter": (list, (), 1, None, None, 7),
        "bad pair": lambda: (dict, (), None, None, iter([(1,)])), "items raise": lambda: (list, (), None, (1 / 0 for _ in "a")),
        "pairs raise": lambda: (dict, (), None, None, (1 / 0 for _ in "a")), "argument": (list, (bad,)), "state": (list, (), bad),
        "setter argument": (list, (), bad, None, None, print), "item": lambda: (list, (), None, iter([1, bad])),
        "pair's value": lambda: (dict, (), None, None, iter([(1, bad)])), "newobj": (copyreg.__newobj__, ()),
        "newobj class": (copyreg.__newobj__, (7,)), "newobj wrong": (copyreg.__newobj__, (list,)), "newobj argument": (copyreg.__newobj__, (Given, bad)),
        "newobj_ex": (copyreg.__newobj_ex__, (Given, (), 7)), "newobj_ex argument": (copyreg.__newobj_ex__, (Given, (bad,), {})),
        "no such name": "no.such.name", "another's name": "Unpicklable", "a local": (lambda: 0, ()),
    }.items():
        yield f"reduce, {name}", Given(value)
    yield "generator", (i for i in ())
    yield "module", sys


def cases() -> Iterator[tuple[str, Callable[[], object]]]:
    """Every case: a name, and what is looped."""
    values = seeds.values()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"dumps, protocol {protocol}", lambda p=protocol: [failing(subject.dumps, v, p) for v in values]
        yield f"Pickler.dump, protocol {protocol}", lambda p=protocol: [failing(by_file, v, p) for v in values]
        yield f"hooks, protocol {protocol}", lambda p=protocol: [failing(hooked, v, p) for v in [*values, "raise", ["persistent", "raise"]]]
    by_opcode = collections.defaultdict(list)
    for stream in seeds.streams():
        for token in {t[:1] for t in mutation.tokens(stream)}:
            by_opcode[token].append(stream)
    for code, streams in sorted(by_opcode.items()):
        few = streams[:: max(1, len(streams) // 12)]
        yield f"loads, opcode {code!r}", lambda s=few: [failing(subject.loads, one) for one in s]
        yield f"Unpickler.load, opcode {code!r}", lambda s=few: [failing(from_file, one) for one in s]
    for name, value in bad_values():
        for protocol in (0, 2, 5):
            yield f"error in dumps: {name}, protocol {protocol}", lambda v=value, p=protocol: failing(subject.dumps, v, p)
            yield f"error in dump: {name}, protocol {protocol}", lambda v=value, p=protocol: failing(by_file, v, p)
    for calls in range(4):
        big = [b"x" * 100_000, *range(50_000), "y" * 100_000]
        yield f"error in write {calls}", lambda n=calls: failing(subject.dump, big, Breaks(n), 4)
    stream = pickle.dumps([b"x" * 100_000, {"a": [1, 2.5, "text"]}, kinds.Data(1)], 4)
    for calls in range(12):
        yield f"error in read {calls}", lambda n=calls: failing(subject.load, Breaks(n, stream))
        yield f"error in read {calls}, text", lambda n=calls: failing(subject.load, Breaks(n, pickle.dumps([1, "a", kinds.Data(2)], 0)))
    cut = [s for s in seeds.streams() if len(s) < 200][::3]
    yield "error: every stream cut everywhere", lambda: [failing(subject.loads, s[:i]) for s in cut for i in range(len(s))]
    rng = random.Random(1)
    pool = [mutation.tokens(s) for s in seeds.streams()]
    hostile = [b"".join(mutation.mutate(rng, rng.choice(pool), rng.choice(pool))) for _ in range(3000)]
    safe = [s for s in hostile if not any(word in s for word in (b"system", b"int\n", b"encode", b"rebuild", b"put_state"))]
    for i, part in enumerate(itertools.batched(safe, 250) if hasattr(itertools, "batched") else zip(*[iter(safe)] * 250, strict=False)):
        yield f"error: hostile streams {i}", lambda s=part: [failing(subject.loads, one) for one in s]
    for i, part in enumerate([cut[::2], cut[1::2]]):
        yield f"error: cut in a file {i}", lambda s=part: [failing(subject.load, io.BytesIO(one[:-1])) for one in s]
    buffers = [pickle.PickleBuffer(b"read only"), pickle.PickleBuffer(bytearray(b"writable"))]
    out: list = []
    outside = subject.dumps(buffers, 5, buffer_callback=out.append)
    yield "buffers, out of band", lambda: subject.dumps(buffers, 5, buffer_callback=lambda b: False)
    yield "buffers, in band", lambda: subject.dumps(buffers, 5, buffer_callback=lambda b: True)
    yield "buffers, given back", lambda: subject.loads(outside, buffers=out)
    yield "error: buffers run out", lambda: failing(lambda: subject.loads(outside, buffers=out[:1]))
    yield "error: buffers raise", lambda: failing(lambda: subject.loads(outside, buffers=(1 / 0 for _ in "a")))
    yield "error: the callback raises", lambda: failing(lambda: subject.dumps(buffers, 5, buffer_callback=lambda b: 1 / 0))
    yield "error: protocol too high", lambda: failing(subject.dumps, 1, 99)
    yield "error: no file", lambda: (failing(subject.Pickler, 1), failing(subject.Unpickler, 1))
    yield "memos", memo_rounds
    yield "a passing class", passing_class
    if subject.dumps.__module__ != "_pickle" and "canonical" in (subject.dumps.__doc__ or ""):
        yield "dumps, canonical", lambda: [failing(lambda v=v: subject.dumps(v, 5, canonical=True)) for v in values]


def marshal_cases() -> Iterator[tuple[str, Callable[[], object]]]:
    import perdure
    from perdure import marshal
    from tests.fuzz import marshalling

    def every_way(data: bytes) -> None:
        failing(marshal.loads, data)
        failing(marshal.load, io.BytesIO(data))
        failing(functools.partial(marshal.loads, trusted=perdure.TRUST_ALL), data)

    streams = marshalling.streams()
    rng = random.Random(1)
    pool = [marshalling.tokens(stream) for stream in streams]
    mutants = [b"".join(mutation.mutate(rng, rng.choice(pool), rng.choice(pool), marshalling.token)) for _ in range(3000)]
    yield "marshal, every stream", lambda: [every_way(one) for one in streams]
    for i in range(4):
        cut = [s[:end] for s in streams[i::4] if len(s) < 300 for end in range(len(s))]
        yield f"marshal, error: streams cut everywhere {i}", lambda s=cut: [every_way(one) for one in s]
    for i in range(0, len(mutants), 250):
        yield f"marshal, error: hostile streams {i}", lambda s=mutants[i:i + 250]: [every_way(one) for one in s]
    for calls in range(8):
        yield f"marshal, error in readinto {calls}", lambda n=calls: failing(marshal.load, Breaks(n, streams[-1]))


def text_cases() -> Iterator[tuple[str, Callable[[], object]]]:
    """Graphs, JSON, XML and what goes from one format to another."""
    import perdure
    from perdure import graph, json, xml
    from perdure.formats import json_text, xml_text
    from tests.fuzz import texts

    def load(data: bytes) -> None:
        loads, read = (xml.loads, lambda d: xml_text.read([d])) if texts.is_xml(data) else (json.loads, json_text.read)
        failing(loads, data)
        failing(functools.partial(loads, trusted=[kinds.Plain]), data)
        failing(lambda: json_text.write(read(data)))
        failing(lambda: xml_text.write(read(data)))
        failing(lambda: read(data).dumps())

    def look(stream: bytes) -> None:
        g = graph.loads(stream)
        for node in g:
            repr(node)
            node.parts, node.steps, node.name, node.how  # noqa: B018
        graph.path(g, list(g)[-1])
        failing(graph.find, g, "root[0]")
        failing(graph.find, g, "root['nothing'].there")
        added = graph.add(g, [1, {"a": 2.5}])
        failing(g.root.fill, "items", [added])
        failing(g.root.fill, "pairs", [(added, added)])
        failing(g.root.replace, added)
        g.dumps()

    def convert(stream: bytes) -> None:
        for suffix in ("json", "xml", "marshal", "pickle"):
            there = perdure.convert(stream, from_="pickle", to=suffix)
            perdure.convert(there, from_=suffix, to="pickle")
            failing(lambda there=there, suffix=suffix: perdure.convert(there[:-3], from_=suffix, to="pickle"))

    def refused(value: object) -> None:
        raise ZeroDivisionError

    json.orjson = None  # type: ignore[assignment]  # a wheel, as numpy's: in a debug build these count no references
    values, streams = seeds.values(), seeds.streams()
    for dumps in (json.dumps, xml.dumps):
        name = dumps.__module__
        for options in ({}, {"indent": 1}, {"arrays": "numbers"}, *([{"canonical": True}] if dumps is xml.dumps else [
                {"sort_keys": True}, {"ensure_ascii": True}, {"safe_integers": True}, {"default": repr}, {"default": refused}])):
            yield f"texts, {name}.dumps {options}", lambda d=dumps, o=options: [failing(functools.partial(d, **o), v) for v in values]
        for case, value in bad_values():
            yield f"texts, error in {name}.dumps: {case}", lambda d=dumps, v=value: failing(d, v)
    for case, value in bad_values():
        yield f"texts, json.dumps, default: {case}", lambda v=value: failing(functools.partial(json.dumps, default=str), v)
        yield f"texts, error in json.dumps, default: {case}", lambda v=value: failing(functools.partial(json.dumps, default=refused), v)
    for calls in range(4):
        yield f"texts, error in json.dump, write {calls}", lambda n=calls: failing(json.dump, values[:20], Breaks(n))
        yield f"texts, error in xml.dump, write {calls}", lambda n=calls: failing(xml.dump, values[:20], Breaks(n))
        yield f"texts, error in xml.load, read {calls}", lambda n=calls: failing(xml.load, Breaks(n, b"<perdure>" * 100_000))
    all_texts = [text for text in texts.streams() if b"numpy" not in text and b"dtype" not in text]
    for i in range(8):
        yield f"texts, every text {i}", lambda s=all_texts[i::8]: [load(one) for one in s]
        cut = [text[:end] for text in all_texts[i::16] if len(text) < 250 for end in range(0, len(text), 3)]
        yield f"texts, error: texts cut everywhere {i}", lambda s=cut: [load(one) for one in s]
    rng = random.Random(1)
    pool = [texts.tokens(text) for text in all_texts]
    hostile = [b"".join(texts.mutate(rng, rng.choice(pool), rng.choice(pool))) for _ in range(3000)]
    for i in range(0, len(hostile), 250):
        yield f"texts, error: hostile texts {i}", lambda s=hostile[i:i + 250]: [load(one) for one in s]
    for i in range(4):
        yield f"texts, graphs {i}", lambda s=streams[i::4]: [failing(look, one) for one in s]
        yield f"texts, error: graphs of cut streams {i}", lambda s=streams[i::4]: [failing(graph.loads, one[:len(one) // 2]) for one in s]
    yield "texts, convert", lambda: [failing(convert, one) for one in streams[::3]]
    yield "texts, error: convert", lambda: [failing(lambda f=f: perdure.convert(b"<[{nothing", from_=f, to="json")) for f in ("json", "xml", "marshal", "pickle")]
    yield "texts, a passing class", passing_class_in_texts


def passing_class_in_texts():
    """As above; what is called by a text goes with its class."""
    from perdure import json, xml

    cls = type("Passing", (), {"__module__": __name__})
    globals()["Passing"] = cls
    one = cls()
    one.a = [1]
    json.loads(json.dumps([one, cls]), trusted=[cls])
    xml.loads(xml.dumps([one, cls]), trusted=[cls])
    failing(json.loads, json.dumps(one))
    del globals()["Passing"]


def measure(case: Callable[[], object], loops: int = LOOPS) -> tuple[list[int], list[int]]:
    """References and blocks that each round left behind."""
    count = getattr(sys, "gettotalrefcount", lambda: 0)
    left, blocks = [0] * ROUNDS, [0] * ROUNDS  # made now, so that the rounds themselves make nothing
    for _ in range(3):
        case()
    for i in range(ROUNDS):
        gc.collect()
        before, before_blocks = count(), sys.getallocatedblocks()
        for _ in itertools.repeat(None, loops):
            case()
        gc.collect()
        left[i], blocks[i] = count() - before, sys.getallocatedblocks() - before_blocks
    return left, blocks


def leaks(left: list[int], blocks: list[int], loops: int) -> bool:
    """Whether each loop left something behind, in every round."""
    return min(left) >= loops // 2 or min(blocks) >= loops // 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.refleaks", description=__doc__.splitlines()[0])
    parser.add_argument("-k", metavar="WORD", default="", help="only cases whose name contains WORD")
    parser.add_argument("-v", action="store_true", help="name every case")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    debug = hasattr(sys, "gettotalrefcount")
    print(f"refleaks: {NAME}, Python {sys.version.split()[0]}; {'references and blocks' if debug else 'blocks only: no debug build'}")
    done = leaking = 0
    for name, case in [*cases(), *marshal_cases(), *text_cases()]:
        if options.k not in name:
            continue
        left, blocks = measure(case)
        done += 1
        bad = leaks(left, blocks, LOOPS)
        if bad:  # or is it a bounded cache that is still filling? Then the rate falls; a leak's does not
            left, blocks = measure(case, 10 * LOOPS)
            bad = leaks(left, blocks, 10 * LOOPS)
        leaking += bad
        if bad or options.v:
            print(f"  {'LEAKS' if bad else 'flat '} {name}: references {left}, blocks {blocks}", flush=True)
    print(f"refleaks: {done} cases, {leaking} leak")
    return bool(leaking or not done)


if __name__ == "__main__":
    sys.exit(main())
