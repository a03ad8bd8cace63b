"""The questions that the benchmarks answer: what is measured, and the figures to reach.

Each question is a table: its inputs, the operation, the peers, and the targets, which
are the project's own (issue 3). A figure is a ratio: the peer's time over ours.
"""

import functools
import io
import marshal
import pickle
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.inputs import TRUSTED, Input, message, of_group

PROTOCOL = 5


class Target(NamedTuple):
    what: str  # "geomean", "minimum", or an input's name
    peer: str
    least: float


class Contest(NamedTuple):
    """One row: our call and the peers', each with the function that makes its argument."""

    name: str
    calls: dict[str, Callable[[Any], Any]]
    arguments: dict[str, Callable[[], Any]]
    fresh: bool = False


class Question(NamedTuple):
    key: str
    title: str
    needs: tuple[str, ...]  # what the module under test must have
    contests: Callable[[Any], Iterator[Contest]]
    targets: list[Target]


class Peer(NamedTuple):
    dumps: Callable[[Any], bytes]
    loads: Callable[[bytes], Any]


def peers() -> dict[str, Peer]:
    """The rivals at hand, as they are on plain data."""
    found = {"marshal": Peer(marshal.dumps, marshal.loads)}
    try:
        import msgspec

        found["msgspec"] = Peer(msgspec.msgpack.encode, msgspec.msgpack.decode)
    except ImportError:
        pass
    try:
        import orjson

        found["orjson"] = Peer(orjson.dumps, orjson.loads)
    except ImportError:
        pass
    return found


def dumper(module) -> Callable[[Any], bytes]:
    return functools.partial(module.dumps, protocol=PROTOCOL)


def same(a: Any, b: Any) -> bool:
    """Equal, or (for arrays, frames and models, which do not compare) pickled to the same size."""
    try:
        return type(a) is type(b) and bool(a == b)
    except ValueError:
        return len(pickle.dumps(a)) == len(pickle.dumps(b))


def made(given: Input) -> Any:
    """The input; None where its library is not installed."""
    try:
        return given.make()
    except ImportError as error:
        print(f"  {given.name}: {error.name} is not installed", file=sys.stderr)
        return None


def dump_contests(group: str, with_peers: bool = False) -> Callable[[Any], Iterator[Contest]]:
    def contests(module):
        for given in of_group(group):
            value = made(given)
            if value is None:
                continue
            calls = {"perdure": dumper(module), "pickle": dumper(pickle)}
            if with_peers:
                calls |= {name: peer.dumps for name, peer in peers().items()}
            back = pickle.loads(calls["perdure"](value))
            if group != "arrays" and not same(back, value):
                raise AssertionError(f"{given.name}: what was dumped does not load as it was")
            del back
            make = given.make if given.fresh else functools.partial(_return, value)
            yield Contest(given.name, calls, dict.fromkeys(calls, make), given.fresh)

    return contests


def load_contests(group: str, with_peers: bool = False, by: str = "own") -> Callable[[Any], Iterator[Contest]]:
    """`by`: each loads its "own" stream, or both load the one that the C "pickle" wrote."""

    def contests(module):
        for given in of_group(group):
            value = made(given)
            if value is None or given.fresh:
                continue
            calls = {"perdure": module.loads, "pickle": pickle.loads}
            theirs = dumper(pickle)(value)
            streams = {"perdure": dumper(module)(value) if by == "own" else theirs, "pickle": theirs}
            if with_peers:
                for name, peer in peers().items():
                    calls[name], streams[name] = peer.loads, peer.dumps(value)
            if group != "arrays" and not same(module.loads(streams["perdure"]), value):
                raise AssertionError(f"{given.name}: what was loaded is not what was dumped")
            del value
            yield Contest(given.name, calls, {n: functools.partial(_return, s) for n, s in streams.items()})

    return contests


def trust_contests(*groups: str) -> Callable[[Any], Iterator[Contest]]:
    """What the policy costs: the careful door beside the standard one, on the same stream."""

    def contests(module):
        import perdure

        safely = and_collected(functools.partial(perdure.loads, trusted=(*TRUSTED, "sklearn")))
        freely = and_collected(module.loads)
        for given in (each for group in groups for each in of_group(group)):
            value = made(given)
            if value is None or given.fresh:
                continue
            stream = functools.partial(_return, dumper(module)(value))
            try:
                safely(stream())
            except perdure.UntrustedError as error:
                print(f"  {given.name}: {error}", file=sys.stderr)
                continue
            yield Contest(given.name, {"perdure": safely, "perdure.pickle": freely},
                          {"perdure": stream, "perdure.pickle": stream})

    return contests


def and_collected(loads: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """With an allocation after it that gives the collector its turn: a loop of C alone has none, and leaves its cycles
    to whoever comes next."""

    def timed(stream: Any) -> Any:
        value = loads(stream)
        _ = set()  # type: ignore[var-annotated]
        return value

    return timed


def _return(value: Any) -> Any:
    return value


# Small messages: a ten-key dict whose keys only it holds ---------------------------------------------

BATCH = 200


def messages() -> list[dict]:
    rng = random.Random(27)
    return [message(rng) for _ in range(BATCH)]


def one_by_one(call: Callable) -> Callable[[list], None]:
    def each(batch):
        for one in batch:
            call(one)

    return each


def reused_pickler(module, clear: bool) -> Callable[[list], bytes]:
    def write(batch):
        file = io.BytesIO()
        pickler = module.Pickler(file, PROTOCOL)
        dump, clear_memo = pickler.dump, pickler.clear_memo
        for one in batch:
            dump(one)
            if clear:
                clear_memo()
        return file.getvalue()

    return write


def reused_unpickler(module) -> Callable[[bytes], list]:
    def read(stream):
        load = module.Unpickler(io.BytesIO(stream)).load
        return [load() for _ in range(BATCH)]

    return read


def small_dump_contests(module):
    batch = functools.partial(_return, messages())
    both = {"perdure": module, "pickle": pickle}

    def contest(name, call):
        calls = {who: call(whose) for who, whose in both.items()}
        return Contest(name, calls, dict.fromkeys(calls, batch))

    yield contest("dumps", lambda m: one_by_one(dumper(m)))
    yield contest("a Pickler, memo cleared each time", lambda m: reused_pickler(m, clear=True))
    yield contest("a Pickler, memo kept", lambda m: reused_pickler(m, clear=False))


def small_load_contests(module):
    batch = messages()
    both = {"perdure": module, "pickle": pickle}

    def contest(name, call, write):
        streams = {who: functools.partial(_return, write(whose)) for who, whose in both.items()}
        return Contest(name, {who: call(whose) for who, whose in both.items()}, streams)

    yield contest("loads", lambda m: one_by_one(m.loads), lambda m: [dumper(m)(one) for one in batch])
    yield contest("an Unpickler, memo cleared", reused_unpickler, lambda m: reused_pickler(m, clear=True)(batch))
    yield contest("an Unpickler, memo kept", reused_unpickler, lambda m: reused_pickler(m, clear=False)(batch))


# perdure.marshal beside the standard module, on the same stream -----------------------------------------

def marshal_contests(_module):
    from perdure import marshal as ours

    def contest(name, value, each=lambda call: call):
        stream = functools.partial(_return, value)
        calls = {"perdure": each(ours.loads), "marshal": each(marshal.loads)}
        return Contest(name, calls, dict.fromkeys(calls, stream))

    for given in of_group("plain"):
        value = made(given)
        if value is not None and not given.fresh:
            yield contest(given.name, marshal.dumps(value))
    yield contest("sets", marshal.dumps([{i, str(i)} for i in range(5000)]))
    yield contest("keys of tuples", marshal.dumps({(i, str(i)): i for i in range(20_000)}))
    yield contest(f"{BATCH} small messages, one by one", [marshal.dumps(one) for one in messages()], one_by_one)


# perdure.xml beside the XML that the standard library writes --------------------------------------------

def xml_contests(way: str) -> Callable[[Any], Iterator[Contest]]:
    """``way`` is "dumps" or "loads"; of plain data, each peer what it can hold."""
    import plistlib
    import xmlrpc.client

    def contests(_module: Any) -> Iterator[Contest]:
        from perdure import xml as ours

        doors = {
            "perdure": (ours.dumps, ours.loads), "plistlib": (plistlib.dumps, plistlib.loads),
            "xmlrpc": (lambda value: xmlrpc.client.dumps((value,), allow_none=True), xmlrpc.client.loads),
        }  # fmt: skip
        for given in of_group("plain"):
            value = made(given)
            if value is None or given.fresh:
                continue
            calls, arguments = {}, {}
            for name, (dumps, loads) in doors.items():
                try:
                    text = dumps(value)
                except (TypeError, OverflowError, ValueError):
                    continue
                calls[name] = dumps if way == "dumps" else loads
                arguments[name] = functools.partial(_return, value if way == "dumps" else text)
            if len(calls) > 1:
                yield Contest(given.name, calls, arguments)

    return contests


# JSON: plain data beside orjson, objects beside jsonpickle ---------------------------------------------


def json_rivals() -> tuple[Any, Any]:
    import jsonpickle
    import orjson

    return orjson, jsonpickle


def json_plain_contests(loads: bool) -> Callable[[Any], Iterator[Contest]]:
    """The inputs that JSON holds; both sides read a str, both write bytes."""

    def contests(module):
        from perdure import json

        orjson, _ = json_rivals()
        for given in of_group("plain"):
            value = made(given)
            text = json.dumps(value)
            if orjson.loads(text) != value or (loads and given.fresh):
                continue
            if loads:
                calls = {"perdure": json.loads, "orjson": orjson.loads}
                yield Contest(given.name, calls, dict.fromkeys(calls, functools.partial(_return, text)))
                continue
            calls = {"perdure": functools.partial(json.dumps, text=False), "orjson": orjson.dumps}
            make = given.make if given.fresh else functools.partial(_return, value)
            yield Contest(given.name, calls, dict.fromkeys(calls, make), given.fresh)

    return contests


def json_object_contests(loads: bool) -> Callable[[Any], Iterator[Contest]]:
    def contests(module):
        from perdure import json

        _, jsonpickle = json_rivals()
        encode = functools.partial(jsonpickle.encode, keys=True)
        decode = functools.partial(jsonpickle.decode, keys=True)
        ours = functools.partial(json.loads, trusted=TRUSTED)
        for given in of_group("objects"):
            value = made(given)
            if not same(ours(json.dumps(value)), value):
                raise AssertionError(f"{given.name}: what was loaded is not what was dumped")
            if loads:
                texts = {"perdure": json.dumps(value), "jsonpickle": encode(value)}
                yield Contest(given.name, {"perdure": ours, "jsonpickle": decode},
                              {who: functools.partial(_return, text) for who, text in texts.items()})
            else:
                calls = {"perdure": json.dumps, "jsonpickle": encode}
                yield Contest(given.name, calls, dict.fromkeys(calls, functools.partial(_return, value)))

    return contests


# The table of questions ------------------------------------------------------------------------------

newer = sys.version_info >= (3, 13)  # their own loads have become faster, ours are bound by allocation

QUESTIONS = [
    Question("dumps-plain", "dumps, plain data", ("dumps",), dump_contests("plain", with_peers=True), [
        Target("geomean", "pickle", 6.0), Target("minimum", "pickle", 1.5),
        Target("geomean", "marshal", 1.0), Target("geomean", "msgspec", 1.0), Target("geomean", "orjson", 1.0)]),
    Question("dumps-objects", "dumps, objects", ("dumps",), dump_contests("objects"), [
        Target("geomean", "pickle", 9.0), Target("minimum", "pickle", 1.5)]),
    Question("dumps-arrays", "dumps, arrays and models", ("dumps",), dump_contests("arrays"), [
        Target("one large array, 32 MB", "pickle", 3.0), Target("many small arrays", "pickle", 3.0),
        Target("minimum", "pickle", 1.0)]),
    Question("dumps-small", f"dumping {BATCH} small messages", ("dumps", "Pickler"), small_dump_contests, [
        Target("minimum", "pickle", 2.0)]),
    Question("loads-plain", "loads, plain data", ("dumps", "loads"), load_contests("plain", with_peers=True), [
        Target("geomean", "pickle", 1.7 if newer else 2.0), Target("minimum", "pickle", 1.0),
        Target("geomean", "msgspec", 1.0)]),
    Question("loads-objects", "loads, objects", ("dumps", "loads"), load_contests("objects"), [
        Target("geomean", "pickle", 2.7 if newer else 3.0), Target("minimum", "pickle", 1.0)]),
    Question("loads-arrays", "loads, arrays and models", ("dumps", "loads"), load_contests("arrays"), [
        Target("many small arrays", "pickle", 3.0), Target("minimum", "pickle", 1.0)]),
    Question("loads-plain-c", "loads of C pickle's streams, plain data", ("loads",), load_contests("plain", by="pickle"), [
        Target("geomean", "pickle", 1.5), Target("minimum", "pickle", 1.0)]),
    Question("loads-objects-c", "loads of C pickle's streams, objects", ("loads",), load_contests("objects", by="pickle"), [
        Target("geomean", "pickle", 1.5), Target("minimum", "pickle", 1.0)]),
    Question("loads-small", f"loading {BATCH} small messages", ("dumps", "loads", "Pickler", "Unpickler"),
             small_load_contests, [Target("minimum", "pickle", 2.0)]),
    Question("dumps-json-plain", "perdure.json.dumps, plain data", ("dumps",), json_plain_contests(False), [
        Target("geomean", "orjson", 1 / 1.15)]),
    Question("loads-json-plain", "perdure.json.loads, plain data", ("loads",), json_plain_contests(True), [
        Target("geomean", "orjson", 1 / 1.15)]),
    Question("dumps-json-objects", "perdure.json.dumps, objects", ("dumps",), json_object_contests(False), [
        Target("geomean", "jsonpickle", 10.0)]),
    Question("loads-json-objects", "perdure.json.loads under a policy, objects", ("loads",), json_object_contests(True), [
        Target("geomean", "jsonpickle", 10.0)]),
    Question("trust-plain", "loads under the built-in profile, plain data", ("dumps", "loads"), trust_contests("plain"), [
        Target("geomean", "perdure.pickle", 1 / 1.05)]),
    Question("trust-objects", "loads under a policy, objects and tables", ("dumps", "loads"),
             trust_contests("objects", "arrays"), [Target("geomean", "perdure.pickle", 1 / 1.2)]),
    Question("marshal", "perdure.marshal.loads, plain data", (), marshal_contests, [
        Target("geomean", "marshal", 1.0), Target("minimum", "marshal", 0.9)]),
    Question("xml-dumps", "perdure.xml.dumps, plain data", (), xml_contests("dumps"), [
        Target("geomean", "plistlib", 3.0), Target("geomean", "xmlrpc", 1.5)]),
    Question("xml-loads", "perdure.xml.loads, plain data", (), xml_contests("loads"), [
        Target("geomean", "plistlib", 1.5), Target("geomean", "xmlrpc", 1.5)]),
]


def geomean(values: list[float]) -> float:
    return statistics.geometric_mean(values)
