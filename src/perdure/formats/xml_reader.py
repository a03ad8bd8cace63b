"""From XML to a graph (docs/xml.md has the vocabulary), in one pass over pieces of a document.

- The parser is expat, which calls back at each tag and keeps no tree. No DTD is read, hence no entity is ever expanded
  and nothing is fetched: a document with one is refused where it says so. UTF-8 and UTF-16 alone are read.
- An element is taken if the one around it accepts it there, with the attributes that it has in the vocabulary; anything
  else is an error with its place.
- After an exception expat goes through the rest of a piece in silence. So pieces are short, and those before the root
  element, where a DTD would stand, are very short.
- Work and memory are in proportion to the document: a tag is bounded, for expat looks through an open one again with
  each piece; so is the depth.
"""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64
from xml.parsers import expat

from perdure._engine.text.formed import construct, node_of
from perdure.errors import CorruptError, LimitError, TruncatedError
from perdure.formats import forms
from perdure.formats.xml_forms import FORMS, real
from perdure.graph import Builder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

    from perdure.graph import Graph

__all__ = ["NAMESPACE", "read"]

NAMESPACE = "urn:perdure:graph:1"

_PIECE = 1 << 16
_FIRST_PIECES = 256  # bytes, until the root element has begun
_PROLOG = 1 << 16
_TAG = 1 << 20
_DEPTH = 4_000_000
_DIGITS = 640  # of an int in decimal: the least that sys.set_int_max_str_digits can forbid more than

_SPACE = " \t\r\n"
_SPACES = _SPACE.encode()
_INT = re.compile(r"-?[0-9]+|-?0x[0-9a-f]+")
_CODE = re.compile(r"[0-9a-f]{1,6}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_LABEL = re.compile(r"[\w.-]{1,100}")
_CUT_SHORT = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}  # fmt: skip


def read(pieces: Iterable[bytes | memoryview], encoding: str | None = None) -> Graph:
    """The graph of a document that comes in pieces; ``encoding`` is what is known of it from elsewhere.

    Raises CorruptError with the byte offset and the line, LimitError.
    """
    reading = _Reading(encoding)
    try:
        return reading.graph(pieces)
    finally:
        reading.let_go()


class _Frame:
    """An element that is open."""

    __slots__ = ("element", "given", "label", "nodes", "row", "stage", "text")

    def __init__(self, element: _Element) -> None:
        self.element = element
        self.row = 0
        self.label: str | None = None
        self.given: str | None = None  # its other attribute
        self.stage = 0
        self.nodes: Any = []
        self.text: list[str] | None = [] if element.text else None


class _Made(_Frame):
    """One that makes an object of what is in it, in order, and does steps to it."""

    __slots__ = ("args", "attributes", "callee", "kwargs", "made")

    def __init__(self, element: _Element) -> None:
        super().__init__(element)
        self.made = False
        self.callee = 0
        self.args: Any = None
        self.kwargs = 0
        self.attributes: list[int] = []


class _Formed(_Frame):
    """One that has a form of its own."""

    __slots__ = ("fields",)

    def __init__(self, element: _Element) -> None:
        super().__init__(element)
        self.fields: dict[str, str] = {}


class _Element:
    """What the vocabulary says of an element."""

    __slots__ = (
        "accepts", "attribute", "begins", "end", "frame", "labelled", "name", "needed", "parts",
        "role", "stage", "text",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        end: Callable[[_Reading, Any, Any], int],
        *,
        role: str = "",
        accepts: Iterable[str] = (),
        text: bool = False,
        labelled: bool = False,
        attribute: str | None = None,
        needed: bool = False,
        begins: str | None = None,
        stage: int = 0,
        frame: type[_Frame] = _Frame,
    ) -> None:
        self.name = name
        self.end = end  # of its row; 0: it has told its parent what there is to tell
        self.role = role or name
        self.accepts = frozenset(accepts)
        self.parts = "str" in self.accepts  # it takes the texts of <str>, not their nodes
        self.text = text
        self.labelled = labelled  # whether it may have an id
        self.attribute = attribute  # another one that it may have, or must, if needed
        self.needed = needed
        self.begins = begins  # the node that it begins as, which what is in it may lead to
        self.stage = stage  # its turn among what makes an object
        self.frame = frame


class _Reading:
    """The elements that are open at a place of a document."""

    def __init__(self, encoding: str | None) -> None:
        self.builder = Builder()
        self.labels: dict[str, int] = {}
        self.top = _Frame(_DOCUMENT)
        self.frames = [self.top]
        self.empty = 0
        self.forms = forms.reading()
        self.encoding = encoding
        self.parser = parser = expat.ParserCreate(encoding, " ")
        parser.buffer_text = True
        parser.buffer_size = _PIECE
        parser.ordered_attributes = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.XmlDeclHandler = self.declaration
        parser.StartDoctypeDeclHandler = self.doctype

    def let_go(self) -> None:
        """The parser and its handlers hold each other."""
        for name in ("StartElement", "EndElement", "CharacterData", "XmlDecl", "StartDoctypeDecl"):
            setattr(self.parser, f"{name}Handler", None)

    def graph(self, pieces: Iterable[bytes | memoryview]) -> Graph:
        parser = self.parser
        fed = 0
        try:
            for piece in pieces:
                at = 0
                while at < len(piece):
                    begun = len(self.frames) > 1 or self.top.nodes
                    if not begun and fed > _PROLOG:
                        raise LimitError(f"more than {_PROLOG} bytes before the root element", "prolog")
                    size = _PIECE if begun else _FIRST_PIECES
                    part = piece[at : at + size]
                    at += size
                    parser.Parse(part)
                    fed += len(part)
                    if fed - parser.CurrentByteIndex > _TAG:
                        self.limit(f"a tag or a comment of more than {_TAG} bytes", "tag")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            kind = TruncatedError if error.code in _CUT_SHORT else CorruptError
            raise self.placed(kind, expat.errors.messages[error.code]) from None
        return self.builder.finish(self.top.nodes[0])

    # -- errors

    def placed(self, kind: type[CorruptError], message: str) -> CorruptError:
        offset = self.parser.CurrentByteIndex
        return kind(f"XML: {message} (line {self.parser.CurrentLineNumber}, byte {offset})", offset)

    def fail(self, message: str) -> NoReturn:
        raise self.placed(CorruptError, message) from None

    def limit(self, message: str, name: str) -> NoReturn:
        raise LimitError(
            f"XML: {message} (line {self.parser.CurrentLineNumber}, byte {self.parser.CurrentByteIndex})", name
        )

    # -- what expat calls

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            self.fail(f"version {version:.20}, where 1.0 is read")
        if self.encoding is None and encoding is not None and encoding.lower() not in ("utf-8", "utf-16"):
            self.fail(f"the encoding {encoding!r:.50}, where UTF-8 and UTF-16 are read")

    def doctype(self, *_: object) -> None:
        self.fail("a DTD, which is never read")

    def characters(self, data: str) -> None:
        text = self.top.text
        if text is not None:
            text.append(data)
        elif data.strip(_SPACE):
            self.fail(f"text in <{self.top.element.name}>, which has none: {data.strip(_SPACE)!r:.50}")

    def start(self, name: str, attributes: list[str]) -> None:
        element = _ELEMENTS.get(name)
        top = self.top
        if element is None or (element.role not in top.element.accepts and element.name not in top.element.accepts):
            self.misplaced(name)
        if element.stage:
            if element.stage <= top.stage and not element.stage == top.stage == _STEP:
                self.fail(f"<{element.name}> comes too late in <{top.element.name}>")
            top.stage = element.stage
        if len(self.frames) > _DEPTH:
            self.limit(f"more than {_DEPTH:,} elements in one another", "depth")
        frame = element.frame(element)
        if attributes:
            self.take(frame, attributes)
        if element.needed and frame.given is None:
            self.fail(f"<{element.name}> without {element.attribute}=")
        if element.begins is not None:
            frame.row = self.builder.begin(element.begins)
            if frame.label is not None:
                self.labels[frame.label] = frame.row
        self.frames.append(frame)
        self.top = frame

    def take(self, frame: _Frame, attributes: list[str]) -> None:
        element = frame.element
        for name, value in zip(attributes[::2], attributes[1::2], strict=True):
            if name == element.attribute:
                frame.given = value
            elif isinstance(frame, _Formed) and name in FORMS[element.name].attributes:
                frame.fields[name] = value
            elif name == "id" and element.labelled:
                if not _LABEL.fullmatch(value):
                    self.fail(f"the id {value!r:.50}: letters, digits, '.', '_' and '-', 100 at most, make one")
                if value in self.labels:
                    self.fail(f"the id {value!r} a second time")
                frame.label = value
                self.labels[value] = 0
            else:
                self.fail(f"<{element.name}> has no attribute {name!r:.80}")

    def end(self, name: str) -> None:
        frame = self.frames.pop()
        top = self.top = self.frames[-1]
        row = frame.element.end(self, frame, top)
        if row:
            top.nodes.append(row)
            if frame.label is not None:
                self.labels[frame.label] = row

    def misplaced(self, name: str) -> NoReturn:
        space, _, short = name.rpartition(" ")
        if space == NAMESPACE and name in _ELEMENTS:
            around = self.top.element.name
            self.fail(f"<{short}> in <{around}>, where it has no place" if around else f"<{short}> as the root element")
        if space != NAMESPACE and re.fullmatch(r"urn:perdure:graph:\d{1,9}", space):
            self.fail(f"a vocabulary of another version, {space!r}; this release reads {NAMESPACE!r}")
        self.fail(f"the element {short!r:.80} of {f'the namespace {space!r:.80}' if space else 'no namespace'}")

    # -- what elements have in common

    def one(self, frame: _Frame) -> int:
        if len(frame.nodes) != 1:
            self.fail(f"<{frame.element.name}> holds one value, not {len(frame.nodes)}")
        return int(frame.nodes[0])

    def tuple_of(self, nodes: list[int]) -> int:
        if not nodes and self.empty:
            return self.empty
        row = self.builder.begin("tuple")
        self.builder.made_of(row, "items", nodes)
        if not nodes:
            self.empty = row
        return row

    def name(self, text: str) -> int:
        module, colon, qualname = text.partition(":")
        if not colon:
            self.fail(f"the name {text!r:.80}, which is not module:qualname")
        return self.builder.name(module, qualname)

    def base64(self, frame: _Frame) -> bytes:
        try:
            data = "".join(frame.text or ()).encode("ascii").translate(None, _SPACES)
            return a2b_base64(data, strict_mode=True)
        except (BinasciiError, UnicodeEncodeError):
            self.fail(f"what is in <{frame.element.name}> is not base64")


# -- leaves


def _none(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.builder.none()


def _true(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.builder.boolean(True)


def _false(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.builder.boolean(False)


def _int(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    text = "".join(frame.text or ()).strip(_SPACE)
    if not _INT.fullmatch(text):
        reading.fail(f"the int {text!r:.80}")
    if "x" in text:
        return reading.builder.integer(int(text, 16))
    if len(text) > _DIGITS:
        reading.fail(f"an int of more than {_DIGITS} digits is written in hexadecimal, 0x...")
    return reading.builder.integer(int(text))


def _float(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    try:
        return reading.builder.real(real("".join(frame.text or ()).strip(_SPACE)))
    except ValueError as error:
        reading.fail(str(error))


def _str(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    text = "".join(frame.text or ())
    if top.element.parts:
        top.nodes.append(text)
        return 0
    return reading.builder.text(text)


def _char(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    if not _CODE.fullmatch(frame.given or "") or int(frame.given or "", 16) > 0x10FFFF:
        reading.fail(f"the code {frame.given!r:.50}, which is no character's in hexadecimal")
    assert top.text is not None
    top.text.append(chr(int(frame.given or "", 16)))
    return 0


def _bytes(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.builder.octets(reading.base64(frame))


def _bytearray(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.builder.octet_array(reading.base64(frame))


def _string(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.builder.string(reading.base64(frame))


def _buffer(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    if frame.given not in (None, "true", "false"):
        reading.fail(f"readonly={frame.given!r:.50}, which is true or false")
    return reading.builder.buffer(frame.given == "true")


def _name(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    text = "".join(frame.text or ())
    if not frame.nodes:
        return reading.name(text)
    if len(frame.nodes) != 2 or text.strip(_SPACE):
        reading.fail("a <name> is module:qualname, or two <str>")
    return reading.builder.name(*frame.nodes)


def _extension(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    try:
        if _NUMBER.fullmatch(frame.given or ""):
            return reading.builder.extension(int(frame.given or ""))
    except (ValueError, OverflowError):
        pass
    reading.fail(f"the code {frame.given!r:.50}, which is a number from 1 to 2,147,483,647")


def _ref(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    row = reading.labels.get(frame.given or "", 0)
    if not row:
        reading.fail(f"a <ref> to {frame.given!r:.50}, which is nobody's id up to here")
    return row


# -- containers


def _items(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    reading.builder.fill(frame.row, "adds" if frame.element.name == "set" else "items", frame.nodes)
    return frame.row


def _fixed(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    reading.builder.made_of(frame.row, "items", frame.nodes)
    return frame.row


def _dict(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    reading.builder.fill(frame.row, "pairs", frame.nodes)
    return frame.row


def _key(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    if top.given is not None or top.nodes:
        reading.fail("a <key> comes first in an <entry> without key=")
    top.stage = _KEYED
    return reading.one(frame)


def _entry(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    if frame.given is not None:
        top.nodes += (reading.builder.key(frame.given), reading.one(frame))
    elif frame.stage != _KEYED or len(frame.nodes) != 2:
        reading.fail("an <entry> has a key= and a value, or a <key> and a value")
    else:
        top.nodes += frame.nodes
    return 0


# -- objects


def _attr(reading: _Reading, frame: _Frame, top: _Made) -> int:
    top.attributes += (reading.builder.key(frame.given or ""), reading.one(frame))
    return 0


def _callee(reading: _Reading, frame: _Frame, top: _Made) -> int:
    if top.given is not None:
        reading.fail(f"a <callee> besides {top.element.attribute}=")
    top.callee = reading.one(frame)
    return 0


def _args(reading: _Reading, frame: _Frame, top: _Made) -> int:
    top.args = frame.nodes
    return 0


def _arguments(reading: _Reading, frame: _Frame, top: _Made) -> int:
    top.args = reading.one(frame)
    return 0


def _kwargs(reading: _Reading, frame: _Frame, top: _Made) -> int:
    top.kwargs = reading.one(frame)
    return 0


def _make(reading: _Reading, frame: _Made) -> None:
    """What comes so far makes the object; attributes that came are its state."""
    builder = reading.builder
    element = frame.element
    if not frame.made:
        frame.made = True
        if element.name == "altered":
            frame.row = reading.one(frame)
        else:
            if frame.given is not None:
                frame.callee = reading.name(frame.given)
            elif not frame.callee:
                reading.fail(f"<{element.name}> without {element.attribute}= or <callee>")
            if element.name == "instance":
                builder.made_of(frame.row, "obj", [frame.callee, *(frame.args or ())])
            else:
                args = frame.args if isinstance(frame.args, int) else reading.tuple_of(frame.args or [])
                how = "call" if element.name == "call" else "new_ex" if frame.kwargs else "new"
                builder.made_of(frame.row, how, [frame.callee, args, *([frame.kwargs] if frame.kwargs else ())])
    if frame.attributes:
        state = builder.begin("dict")
        builder.fill(state, "pairs", frame.attributes)
        builder.fill(frame.row, "state", [state])
        frame.attributes = []


def _object(reading: _Reading, frame: _Made, top: _Frame) -> int:
    _make(reading, frame)
    if frame.element.name == "altered":
        reading.one(frame)
    return frame.row


def _step(reading: _Reading, frame: _Frame, top: _Made) -> int:
    _make(reading, top)
    what = frame.element.name
    if what in ("state", "effect"):
        reading.one(frame)
    reading.builder.fill(top.row, "call" if what == "effect" else what, frame.nodes)
    return 0


def _persistent(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    reading.builder.made_of(frame.row, "id", [reading.one(frame)])
    return frame.row


def _form(reading: _Reading, frame: _Formed, top: _Frame) -> int:
    name = frame.element.name
    form = FORMS[name]
    parts = frame.nodes if frame.element.parts else []
    if len(frame.nodes) > 1 and not frame.element.parts:
        reading.fail(f"<{name}> holds one value, not {len(frame.nodes)}")
    child = node_of(reading.builder, frame.nodes[0]) if frame.nodes and not frame.element.parts else None
    try:
        fields = form.fields(frame.fields, "".join(frame.text or ()), parts, child)
        construct(reading.builder, frame.row, reading.forms[form.tag](fields))
    except (ValueError, OverflowError) as error:
        reading.fail(f"<{name}>: {str(error)[:200]}")
    return frame.row


def _perdure(reading: _Reading, frame: _Frame, top: _Frame) -> int:
    return reading.one(frame)


# -- the vocabulary

_STEP = 4  # the stage that comes again and again
_KEYED = 9  # of an entry, behind its key
_VALUE = ("value",)
_STEPS = ("items", "pairs", "adds", "state", "effect", "attr")

_DOCUMENT = _Element("", _perdure, accepts=("perdure",))
_ELEMENTS = {
    f"{NAMESPACE} {element.name}": element
    for element in (
        _Element("perdure", _perdure, accepts=_VALUE),
        _Element("none", _none, role="value"),
        _Element("true", _true, role="value"),
        _Element("false", _false, role="value"),
        _Element("int", _int, role="value", text=True),
        _Element("float", _float, role="value", text=True),
        _Element("str", _str, role="value", text=True, accepts=("char",)),
        _Element("char", _char, attribute="code", needed=True),
        _Element("bytes", _bytes, role="value", text=True, labelled=True),
        _Element("bytearray", _bytearray, role="value", text=True, labelled=True),
        _Element("string", _string, role="value", text=True, labelled=True),
        _Element("buffer", _buffer, role="value", labelled=True, attribute="readonly"),
        _Element("list", _items, role="value", accepts=_VALUE, labelled=True, begins="list"),
        _Element("tuple", _fixed, role="value", accepts=_VALUE, labelled=True, begins="tuple"),
        _Element("set", _items, role="value", accepts=_VALUE, labelled=True, begins="set"),
        _Element("frozenset", _fixed, role="value", accepts=_VALUE, labelled=True, begins="frozenset"),
        _Element("dict", _dict, role="value", accepts=("entry",), labelled=True, begins="dict"),
        _Element("entry", _entry, accepts=("value", "key"), attribute="key"),
        _Element("key", _key, accepts=_VALUE),
        _Element("name", _name, role="value", text=True, accepts=("str",)),
        _Element("extension", _extension, role="value", attribute="code", needed=True),
        _Element("persistent", _persistent, role="value", accepts=_VALUE, labelled=True, begins="persistent"),
        _Element("ref", _ref, role="value", attribute="id", needed=True),
        _Element("object", _object, role="value", accepts=("callee", "args", "arguments", "kwargs", *_STEPS),
                 labelled=True, attribute="class", begins="object", frame=_Made),
        _Element("call", _object, role="value", accepts=("callee", "args", "arguments", *_STEPS),
                 labelled=True, attribute="function", begins="object", frame=_Made),
        _Element("instance", _object, role="value", accepts=("callee", "args", *_STEPS),
                 labelled=True, attribute="class", begins="object", frame=_Made),
        _Element("altered", _object, role="value", accepts=("value", *_STEPS), frame=_Made),
        _Element("callee", _callee, accepts=_VALUE, stage=1),
        _Element("args", _args, accepts=_VALUE, stage=2),
        _Element("arguments", _arguments, accepts=_VALUE, stage=2),
        _Element("kwargs", _kwargs, accepts=_VALUE, stage=3),
        _Element("items", _step, accepts=_VALUE, stage=_STEP),
        _Element("pairs", _step, accepts=("entry",), stage=_STEP),
        _Element("adds", _step, accepts=_VALUE, stage=_STEP),
        _Element("state", _step, accepts=_VALUE, stage=_STEP),
        _Element("effect", _step, accepts=_VALUE, stage=_STEP),
        _Element("attr", _attr, accepts=_VALUE, attribute="name", needed=True, stage=_STEP),
        *(
            _Element(name, _form, role="value", text=True, labelled=True, begins="object", frame=_Formed,
                     accepts=("str",) if name.endswith("path") else _VALUE if form.child else ())
            for name, form in FORMS.items()
        ),
    )
}  # fmt: skip
