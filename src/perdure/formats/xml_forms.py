"""How XML spells the forms that both texts have (`forms`): an element named like the tag, with the first field as its
content, the others as attributes; one that is a node is the element's one child."""

from __future__ import annotations

import re
from struct import unpack

from perdure._engine.text import xml_writer
from perdure.formats import forms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.graph import Graph

__all__ = ["DECLARATION", "FORMS", "Form", "number", "real", "write"]

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'  # of a document in a file

_INT = re.compile(r"-?[0-9]+")
_FLOAT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|inf)")
_NAN = re.compile(r"nan:([0-9a-f]{16})")


def write(graph: Graph, indent: int | str | None = None, arrays: str = "auto") -> bytes:
    """The document of a graph, in UTF-8."""
    if isinstance(indent, int):
        indent = " " * indent
    elif indent is not None and indent.strip(" \t"):
        raise ValueError(f"indent= is a number of spaces, or spaces and tabs, not {indent!r:.50}")
    return xml_writer.write(graph, indent, forms.writing(arrays))


def real(text: str) -> float:
    """ValueError where it is none, as XML spells one."""
    if len(text) <= 2000 and _FLOAT.fullmatch(text):
        return float(text)
    nan = _NAN.fullmatch("nan:7ff8000000000000" if text == "nan" else text)
    if nan is not None:
        value: float = unpack(">d", bytes.fromhex(nan[1]))[0]
        if value != value:
            return value
    raise ValueError(f"the float {text!r:.80}")


def number(text: str) -> int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    if len(text) <= 640 and _INT.fullmatch(text):
        return int(text)
    return real(text)


def _text(text: str, parts: list[str]) -> Any:
    return text


def _number(text: str, parts: list[str]) -> Any:
    return number(text)


def _numbers(text: str, parts: list[str]) -> Any:
    return [number(each) for each in text.split()]


def _parts(text: str, parts: list[str]) -> Any:
    forms.expect(not text.strip(" \t\r\n"), "a <str> for each part")
    return parts


def _flag(text: str) -> bool:
    forms.expect(text == "true", '"true"')
    return True


def _lengths(text: str) -> list[int]:
    lengths = [number(each) for each in text.split()]
    forms.expect(all(type(each) is int for each in lengths), "a shape, a list of lengths,")
    return lengths  # type: ignore[return-value]


_ATTRIBUTES = {"fold": number, "shape": _lengths, "readonly": _flag}  # others are text


class Form:
    """How one form is spelt."""

    def __init__(self, tag: str, content: Any, attributes: tuple[str, ...] = (), child: str = "") -> None:
        self.tag = f"${tag}"
        self.content = content  # None: a child is the content
        self.attributes = attributes
        self.child = child  # the field that is one

    def fields(self, given: dict[str, str], text: str, parts: list[str], child: Any) -> dict[str, Any]:
        """What there is, as fields. ValueError where it isn't spelt so."""
        fields: dict[str, Any] = {}
        if given.get("encoding", "base64") != "base64":
            raise ValueError('encoding, if it is there, is "base64"')
        if self.content is None:
            forms.expect(not text.strip(" \t\r\n"), "no text")
        else:
            fields[self.tag] = text.strip() if "encoding" in given else self.content(text, parts)
        for name, value in given.items():
            if name != "encoding":
                fields[name] = _ATTRIBUTES.get(name, str)(value)
        if child is not None:
            forms.expect(self.child not in fields, f"one {self.child}")
            fields[self.child] = child
        return fields


FORMS = {
    "datetime": Form("datetime", _text, ("fold",), "zone"),
    "date": Form("date", _text),
    "time": Form("time", _text, ("fold",), "zone"),
    "timedelta": Form("timedelta", _numbers),
    "timezone": Form("timezone", _text, ("name",)),
    "zoneinfo": Form("zoneinfo", _text),
    "decimal": Form("decimal", _text),
    "fraction": Form("fraction", _text),
    "complex": Form("complex", _numbers),
    "uuid": Form("uuid", _text),
    "posixpath": Form("posixpath", _parts),
    "windowspath": Form("windowspath", _parts),
    "pureposixpath": Form("pureposixpath", _parts),
    "purewindowspath": Form("purewindowspath", _parts),
    "member": Form("member", None, ("name",), "$member"),
    "dtype": Form("dtype", _text),
    "array": Form("array", _numbers, ("dtype", "shape", "order", "readonly", "encoding"), "dtype"),
    "scalar": Form("scalar", _number, ("dtype",), "dtype"),
}
