"""JSON and XML under the fuzzer: any bytes are a value or one of the documented errors, whichever way they come.

- A text reads as the standard parsers read it: plain JSON as `json`, to the value; in XML what expat or the schema
  refuses is refused.
- Whatever reads writes again, in either language and with any options, to a text that reads to the same graph.
- Whoever trusts a few classes gets these and nothing else: what a load does besides is noticed.
"""

import io
import json as standard
import pickle
import random
import re
import sys
import zlib
from collections.abc import Callable
from typing import Any, NoReturn
from xml.parsers import expat

from tests import xml_schema
from tests.attacks import victim, watch
from tests.fuzz import json_trees, profile, seeds, xml_trees
from tests.fuzz.doors import CLASSES, Door, looked_at
from tests.fuzz.mutation import Tokens
from tests.fuzz.same_graph import difference
from tests.property import kinds

XML = re.compile(rb"\s*(?:<|\xef\xbb\xbf\s*<|\xff\xfe|\xfe\xff|\0)")  # JSON has none of these in front
DECLARED = re.compile(r"\s*<\?xml[^>]*encoding")
TOLERATED = "Excessive depth", "is not a valid URI"  # of libxml2: depth has no limit here, and no namespace is looked up
ALLOWED = (pickle.UnpicklingError,)
LANGUAGES = json_trees.Json(), xml_trees.Xml()


def is_xml(text: bytes) -> bool:
    return XML.match(text) is not None


# ---- texts -----------------------------------------------------------------------------------


def streams() -> list[bytes]:
    """Texts to start from: those of the vocabularies, and what is written of values and of other streams."""
    from perdure import graph, json, xml
    from perdure.formats import json_text, xml_text

    found = [*json_trees.TEXTS, *xml_trees.TEXTS]
    for value in [*seeds.values(), *profile.numpy_values()]:
        try:
            found += [json.dumps(value, text=False), json.dumps(value, indent=1, arrays="base64", text=False)]
            found += [xml.dumps(value).encode(), xml.dumps(value, indent=1, arrays="numbers").encode()]
        except (TypeError, pickle.PicklingError):  # an object of Python 2's kinds, or one that refuses
            pass
    for stream in seeds.STREAMS:
        try:
            nodes = graph.loads(stream)
        except pickle.UnpicklingError:
            continue
        found += [json_text.write(nodes), xml_text.write(nodes)]
    return list(dict.fromkeys(found))


def tokens(text: bytes) -> Tokens:
    return LANGUAGES[is_xml(text)].tokens(text)


def mutate(rng: random.Random, pieces: Tokens, other: Tokens) -> Tokens:
    """By the language of the text; values of the other language are not lent, mostly."""
    language = is_xml(b"".join(pieces[:4]))
    if is_xml(b"".join(other[:4])) != language and rng.random() < 0.98:
        other = pieces
    return LANGUAGES[language].mutate(rng, pieces, other)


# ---- doors -----------------------------------------------------------------------------------

Outcome = tuple[Any, pickle.UnpicklingError | None]


def outcome(call: Callable[..., Any], *arguments: Any, **options: Any) -> Outcome:
    try:
        return call(*arguments, **options), None
    except pickle.UnpicklingError as error:
        return None, error


def wrong(message: str) -> NoReturn:
    raise AssertionError(message)


def decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def check_place(error: pickle.UnpicklingError | None, size: int) -> None:
    offset = getattr(error, "offset", None)
    if offset is not None and not 0 <= offset <= size:
        wrong(f"the offset {offset} of {size}")


def same_error(one: pickle.UnpicklingError | None, other: pickle.UnpicklingError | None, ways: str) -> None:
    if type(one) is not type(other):
        wrong(f"{ways}: {one!r:.200} and {other!r:.200}")


def read_json(data: bytes) -> Any:
    """Each way to read a text gives the same, and that is what the standard module gives."""
    from perdure import json

    value, error = outcome(json.loads, data)
    check_place(error, len(data))
    fast, json.orjson = json.orjson, None  # type: ignore[assignment]
    try:
        alone, alone_error = outcome(json.loads, data)
    finally:
        json.orjson = fast
    same_error(error, alone_error, "with orjson and without")
    text = decoded(data)
    if text is None:
        if error is None:
            wrong("what is not UTF-8 was read")
    else:
        of_text, text_error = outcome(json.loads, text)
        same_error(error, text_error, "bytes and str")
        check_place(text_error, len(text))
        as_the_standard(text, (value, alone, of_text), error)
    if error is not None:
        raise error
    return value


def as_the_standard(text: str, values: tuple[Any, ...], error: pickle.UnpicklingError | None) -> None:
    try:
        expected = standard.loads(text, parse_constant=lambda name: wrong(name))
        tagged = isinstance(expected, dict) and next(iter(standard.loads(text, object_pairs_hook=FirstKey)), "") == "$perdure"
    except (standard.JSONDecodeError, AssertionError):
        if error is None:
            wrong("what is no JSON was read")
        return
    except (ValueError, RecursionError):  # an int of too many digits; too deep for it
        return
    if tagged:
        return
    if error is not None:
        wrong(f"plain JSON was refused: {error}")
    try:
        written = repr(expected)
    except RecursionError:
        return
    if any(repr(value) != written for value in values):
        wrong("the standard module reads another value")


class FirstKey(list):
    """An object's first key, in the order of the text."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__([pairs[0][0]] if pairs else [])


class Slow:
    """A file that gives a few bytes at a time."""

    def __init__(self, data: bytes | str) -> None:
        self.file: Any = io.BytesIO(data) if isinstance(data, bytes) else io.StringIO(data)

    def read(self, size: int = -1) -> Any:
        return self.file.read(min(size, 7) if size > 0 else 7)


def read_xml(data: bytes) -> Any:
    """Each way to read a document gives the same, and nothing that other parsers refuse."""
    from perdure import xml
    from perdure.formats import xml_text

    value, error = outcome(xml.loads, data)
    check_place(error, len(data))
    nodes, read_error = outcome(xml_text.read, [data])
    whole = None if read_error else outcome(nodes.dumps)[0]
    file = Slow(data)
    pieces, pieces_error = outcome(xml_text.read, iter(lambda: file.read() or None, None))
    if (read_error is None) != (pieces_error is None):  # of a text with two faults expat may tell either
        wrong(f"whole and in pieces: {read_error!r:.200} and {pieces_error!r:.200}")
    if whole is not None and pieces.dumps() != whole:
        wrong("in pieces it reads as something else")
    text = (decoded(data) or "").removeprefix("\ufeff")
    if text and "\0" not in text and not DECLARED.match(text):
        for encoding in ("utf-8", "utf-16"):
            other, other_error = outcome(xml_text.read, [text.encode(encoding)], *(["utf-8"] if encoding == "utf-8" else []))
            same_error(read_error, other_error, f"bytes and {encoding}")
            if whole is not None and other.dumps() != whole:
                wrong(f"as {encoding} it reads as something else")
    if read_error is None:
        as_expat(data)
        if b"\0" not in data:  # in UTF-16 without a mark, which libxml2 alone does not know
            by_schema(data)
    if error is not None:
        raise error
    return value


def as_expat(data: bytes) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    types: list[Any] = []
    parser.StartDoctypeDeclHandler = lambda *given: types.append(given)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        wrong(f"expat refuses it: {error}")
    if types:
        wrong("a document with a DTD was read")


def by_schema(document: bytes) -> None:
    try:
        if not xml_schema.valid(document):
            wrong(f"the schema refuses it: {xml_schema.problems(document)}")
    except xml_schema.etree.XMLSyntaxError as error:
        if not any(reason in str(error) for reason in TOLERATED):
            wrong(f"libxml2 refuses it: {error}")


def read(data: bytes) -> Any:
    return read_xml(data) if is_xml(data) else read_json(data)


def law(data: bytes) -> None:
    """Whatever reads writes again to a text that reads to the same graph."""
    from perdure import graph
    from perdure.formats import json_text, xml_text

    if is_xml(data):
        g = xml_text.read([data])
    else:
        g = json_text.read(json_text.encoded(data))
    chosen = zlib.crc32(data)
    options: dict[str, Any] = {"arrays": ("auto", "numbers", "base64")[chosen % 3]}
    indent = (None, 1, "\t")[chosen // 3 % 3]
    try:
        as_json = json_text.write(g, safe_integers=chosen & 1, **options)
        standard.loads(as_json, parse_constant=lambda name: wrong(name), object_pairs_hook=list)
        again = json_text.read(as_json)
        if json_text.write(again, safe_integers=chosen & 1, **options) != as_json:
            wrong("the JSON of a text is not that of its own graph")
        laid_out = json_text.escaped(as_json if indent is None else json_text.indented(as_json, indent))
        as_xml = xml_text.write(g, indent, **options)
        by_schema(as_xml)
        crossed = xml_text.read([as_xml])
        if xml_text.write(crossed, indent, **options) != as_xml:
            wrong("the XML of a text is not that of its own graph")
        across = json_text.write(crossed, safe_integers=chosen & 1, **options)
        if across != as_json or xml_text.write(json_text.read(across)) != xml_text.write(again):
            wrong("JSON and XML of a text are not of the same graph")
        for other in (again, json_text.read(laid_out), crossed):
            if found := difference(g, other):
                wrong(f"another graph: {found}")
    except RecursionError:  # of the standard module's parser
        return
    except pickle.UnpicklingError as error:
        wrong(f"what was read cannot be written and read: {error!r}")
    stream = g.dumps()
    if b"call" in as_json:  # one that something else has is no step of a stream's
        stream = graph.loads(stream).dumps()
    elif found := difference(g, graph.loads(stream)):
        wrong(f"its stream is another graph: {found}")
    looked_at(stream)


def trusting() -> Callable[[bytes], None]:
    """Loads that trust a few classes, watched; and what came back, written."""
    from perdure import json, xml

    trusted = [*CLASSES, kinds.Colour, "tests.attacks.victim.*"]
    options: list[dict[str, Any]] = [{}, {"indent": 1}, {"ensure_ascii": True}, {"default": repr}, {"safe_integers": True}]
    audit = watch.Audit()
    own_calls = "a class that a stream planted, for others to call"

    def write(value: Any, data: bytes) -> None:
        """What its own classes do with odd states is their affair; what they allow reads again."""
        chosen = options[zlib.crc32(data) % len(options)]
        try:
            as_json, as_xml = json.dumps(value, **chosen), xml.dumps(value)
        except SystemError:
            raise
        except Exception:
            return
        for call, text in ((json.loads, as_json), (xml.loads, as_xml)):
            try:
                call(text, trusted=trusted)
            except pickle.UnpicklingError:  # of a name that it was not loaded by
                pass

    def enter(data: bytes) -> None:
        loads = xml.loads if is_xml(data) else json.loads
        before = [dict(vars(cls)) for cls in CLASSES]
        numpy_before = watch.numpy_state() if b"numpy" in data and "numpy" in sys.modules else None
        audit.events.clear()
        victim.ran.clear()
        audit.armed = True
        try:
            value = loads(data, trusted=trusted)
        finally:
            audit.armed = False
            if own_calls in victim.ran:  # by the text itself, which may
                victim.ran.remove(own_calls)
            if audit.events or victim.ran:
                wrong(f"the load was noticed: {[*audit.events, *victim.ran]}")
            if before != [dict(vars(cls)) for cls in CLASSES] or (numpy_before is not None and watch.numpy_state() != numpy_before):
                wrong("the load changed what is everybody's")
        if faults := watch.faults(value, frozenset(), len(data)):
            wrong(f"{faults}")
        watch.use(value)
        write(value, data)

    return enter


def doors() -> list[Door]:
    from perdure import json, xml

    watch.warm_up()
    profile.warm_up_zones()
    for value in (pickle, kinds.Plain(1), lambda: 0):  # what the writers and readers import late
        xml.loads(xml.dumps(json.loads(json.dumps([repr(value), (1,)], ensure_ascii=True, default=repr))))
    return [
        Door("loads", read, ALLOWED),
        Door("loads, a few classes trusted, watched", trusting(), ALLOWED),
        Door("the graph, and back", law, ALLOWED),
    ]
