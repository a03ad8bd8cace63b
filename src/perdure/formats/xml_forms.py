"""How XML spells the forms that both texts have (`forms`): an element named like the tag, with the first field as its
content, the others as attributes; one that is a node is the element's one child."""

from __future__ import annotations

from functools import partial

from perdure._engine.text.xml_vocabulary import define_form, number
from perdure.formats import forms
from perdure.formats.forms.fields import expect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.formats.forms.fields import Made, Read

__all__ = ["FORMS", "Form", "reading"]


def reading() -> dict[str, Callable[..., Made]]:
    """By element, for one document: a function that makes of its attributes, its text, the texts of its parts and the
    node in it how an object is made. It raises ValueError where they are not the form's."""
    table = forms.reading()
    return {name: partial(_read, form, table[form.tag]) for name, form in FORMS.items()}


def _read(form: Form, read: Read, given: dict[str, str], text: str, parts: list[str], child: Any) -> Made:
    return read(form.fields(given, text, parts, child))


def _text(text: str, parts: list[str]) -> Any:
    return text


def _number(text: str, parts: list[str]) -> Any:
    return number(text)


def _numbers(text: str, parts: list[str]) -> Any:
    return [number(each) for each in text.split()]


def _parts(text: str, parts: list[str]) -> Any:
    expect(not text.strip(" \t\r\n"), "a <str> for each part")
    return parts


def _flag(text: str) -> bool:
    expect(text == "true", '"true"')
    return True


def _lengths(text: str) -> list[int]:
    lengths = [number(each) for each in text.split()]
    expect(all(type(each) is int for each in lengths), "a shape, a list of lengths,")
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
            expect(not text.strip(" \t\r\n"), "no text")
        else:
            fields[self.tag] = text.strip() if "encoding" in given else self.content(text, parts)
        for name, value in given.items():
            if name != "encoding":
                fields[name] = _ATTRIBUTES.get(name, str)(value)
        if child is not None:
            expect(self.child not in fields, f"one {self.child}")
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
    "posixpath": Form("posixpath", _parts, ("module",)),
    "windowspath": Form("windowspath", _parts, ("module",)),
    "pureposixpath": Form("pureposixpath", _parts, ("module",)),
    "purewindowspath": Form("purewindowspath", _parts, ("module",)),
    "member": Form("member", None, ("name",), "$member"),
    "dtype": Form("dtype", _text),
    "array": Form("array", _numbers, ("dtype", "shape", "order", "readonly", "encoding"), "dtype"),
    "scalar": Form("scalar", _number, ("dtype",), "dtype"),
}
for _name, _form in FORMS.items():
    define_form(_name, _form.attributes, bool(_form.child), _form.content is _parts)
