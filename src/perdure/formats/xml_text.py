"""Graphs and XML: docs/xml.md describes the documents.

``write`` and ``read`` go between a graph and a document; nothing is built.

- The parser is expat, which calls back at each tag and keeps no tree. No DTD is read, hence no entity is ever expanded
  and nothing is fetched: a document with one is refused where it says so. UTF-8 and UTF-16 alone are read.
- After an exception expat goes through the rest of a piece in silence. So pieces are short, and those before the root
  element, where a DTD would stand, are very short.
- Work and memory are in proportion to the document: a tag is bounded, for expat looks through an open one again with
  each piece; so is the depth.
"""

from __future__ import annotations

from xml.parsers import expat

from perdure._engine.text import xml_reader, xml_writer
from perdure.errors import CorruptError, LimitError, TruncatedError
from perdure.formats import forms, xml_forms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from perdure.graph import Graph

__all__ = ["DECLARATION", "read", "write"]

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'  # of a document in a file

_PIECE = 1 << 16
_FIRST_PIECES = 256  # bytes, until the root element has begun
_PROLOG = 1 << 16
_TAG = 1 << 20
_HANDLERS = (
    "StartElementHandler", "EndElementHandler", "CharacterDataHandler", "XmlDeclHandler", "StartDoctypeDeclHandler",
)  # fmt: skip
_CUT_SHORT = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}  # fmt: skip


def write(graph: Graph, indent: int | str | None = None, arrays: str = "auto") -> bytes:
    """The document of a graph, in UTF-8, without a declaration."""
    if isinstance(indent, int):
        indent = " " * indent
    elif indent is not None and indent.strip(" \t"):
        raise ValueError(f"indent= is a number of spaces, or spaces and tabs, not {indent!r:.50}")
    return xml_writer.write(graph, indent, forms.writing(arrays))


def read(pieces: Iterable[bytes | memoryview], encoding: str | None = None) -> Graph:
    """The graph of a document that comes in pieces; ``encoding`` is what is known of it from elsewhere.

    Raises CorruptError with the byte offset and the line, LimitError.
    """
    parser = expat.ParserCreate(encoding, " ")
    parser.buffer_text = True
    parser.buffer_size = _PIECE
    parser.ordered_attributes = True
    elements = xml_reader.Elements(parser, xml_forms.reading())

    def declaration(version: str, declared: str | None, standalone: int) -> None:
        if version != "1.0":
            raise _placed(CorruptError, f"version {version:.20}, where 1.0 is read", parser)
        if encoding is None and declared is not None and declared.lower() not in ("utf-8", "utf-16"):
            raise _placed(CorruptError, f"the encoding {declared!r:.50}, where UTF-8 and UTF-16 are read", parser)

    def doctype(*_: object) -> None:
        raise _placed(CorruptError, "a DTD, which is never read", parser)

    handlers = (elements.start, elements.end, elements.characters, declaration, doctype)
    for name, handler in zip(_HANDLERS, handlers, strict=True):
        setattr(parser, name, handler)
    try:
        _feed(parser, elements, pieces)
    except expat.ExpatError as error:
        kind = TruncatedError if error.code in _CUT_SHORT else CorruptError
        raise _placed(kind, expat.errors.messages[error.code], parser) from None
    finally:  # they hold each other
        elements.let_go()
        for name in _HANDLERS:
            setattr(parser, name, None)
    return elements.graph()


def _feed(parser: expat.XMLParserType, elements: xml_reader.Elements, pieces: Iterable[bytes | memoryview]) -> None:
    fed = 0
    for piece in pieces:
        at = 0
        while at < len(piece):
            if not elements.begun and fed > _PROLOG:
                raise LimitError(f"XML: more than {_PROLOG} bytes before the root element", "prolog")
            part = piece[at : at + (_PIECE if elements.begun else _FIRST_PIECES)]
            at += len(part)
            fed += len(part)
            parser.Parse(part)
            if fed - parser.CurrentByteIndex > _TAG:
                place = f"(line {parser.CurrentLineNumber}, byte {parser.CurrentByteIndex})"
                raise LimitError(f"XML: a tag or a comment of more than {_TAG} bytes {place}", "tag")
    parser.Parse(b"", True)


def _placed(kind: type[CorruptError], message: str, parser: expat.XMLParserType) -> CorruptError:
    offset = parser.CurrentByteIndex
    return kind(f"XML: {message} (line {parser.CurrentLineNumber}, byte {offset})", offset)
