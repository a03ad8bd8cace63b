"""Graphs and JSON: docs/json.md describes the text.

``write`` and ``read`` go between a graph and a text in UTF-8; nothing is built. What holds of strings and
bytes alike, and what a caller may ask of a text's look, is decided here.
"""

from __future__ import annotations

from perdure._engine.text import json_reader, json_writer, layout
from perdure.errors import CorruptError
from perdure.formats import forms
from perdure.graph import Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["SCHEMA", "check", "encoded", "escaped", "indented", "read", "write"]

SCHEMA = "json.schema.json"  # beside this module


def check(arrays: str, indent: int | str | None) -> None:
    """ValueError where they are not what `write` and `indented` take; TypeError where they are nothing like it."""
    if arrays not in forms.ARRAYS:
        raise ValueError(f"arrays= is {', '.join(map(repr, forms.ARRAYS))}, not {arrays!r:.50}")
    if not isinstance(indent, (int, str, type(None))):
        raise TypeError(f"indent= is a number or a string, not {type(indent).__name__}")
    if isinstance(indent, str) and indent.strip(" \t\n\r"):
        raise ValueError(f"indent= is white space, not {indent!r:.50}: the text would be no JSON")


def write(
    graph: Graph, *, arrays: str = "auto", sort_keys: bool = False, safe_integers: bool = False, inlined: bool = False
) -> bytes:
    """The text of a graph, compact."""
    return json_writer.write(
        graph, forms.writing(arrays), sort_keys=sort_keys, safe_integers=safe_integers, inlined=inlined
    )


def read(text: bytes) -> Graph:
    """The graph of a text. Raises CorruptError with the offset in bytes, and LimitError."""
    return json_reader.read(text, forms.reading())


def indented(text: bytes, indent: int | str) -> bytes:
    """A compact text with each item on a line of its own."""
    return layout.indented(text, (" " * indent if isinstance(indent, int) else indent).encode())


def escaped(text: bytes) -> bytes:
    """A text with all that is not ASCII as escapes, in two halves beyond U+FFFF."""
    if text.isascii():
        return text
    import re

    def escape(match: re.Match[str]) -> str:
        halves = match[0].encode("utf-16-be").hex()
        return "".join(f"\\u{halves[i : i + 4]}" for i in range(0, len(halves), 4))

    return re.sub("[^\0-\x7f]+", escape, text.decode()).encode()


def encoded(text: Any) -> bytes:
    """The text as bytes of sound UTF-8, without a byte order mark."""
    if isinstance(text, str):
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            where = f"at character {error.start:,}"
            raise CorruptError(f"a lone surrogate stands in the text ({where})", error.start) from None
    else:
        data = text if type(text) is bytes else bytes(memoryview(text))
        try:
            if not data.isascii():
                data.decode()
        except UnicodeDecodeError as error:
            raise CorruptError(f"the text is not UTF-8 (at byte {error.start:,})", error.start) from None
    if data.startswith(b"\xef\xbb\xbf"):
        raise CorruptError("the text begins with a byte order mark, which JSON has not (at byte 0)", 0)
    return data
