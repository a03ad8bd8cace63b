"""Objects as XML: whatever perdure pickles, readable, with a schema (docs/xml.md).

    from perdure import xml

    text = xml.dumps(obj, indent=2)
    obj = xml.loads(text, trusted=["mypkg.*"])

What loads is what would load from the pickle: the same policy decides. A document chooses no code, only names.
"""

from __future__ import annotations

import io
import os

from perdure import api
from perdure.errors import CorruptError, LimitError, UntrustedError
from perdure.files import durable
from perdure.formats import unseen, xml_text
from perdure.graph import Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Literal

    from perdure.api import Trusted

__all__ = ["dump", "dumps", "load", "loads"]

_PIECE = 1 << 16


def dumps(
    obj: object,
    *,
    indent: int | str | None = None,
    canonical: bool = False,
    arrays: Literal["auto", "numbers", "base64"] = "auto",
) -> str:
    """``obj`` as an XML document, without a declaration.

    ``indent`` is a number of spaces, or spaces and tabs, by which each level is indented; without it all stands on one
    line. ``canonical=True`` gives equal texts for equal values, in every process: for comparing and for digests.
    ``arrays`` writes those of numpy as "numbers", as "base64", or by "auto" as numbers up to 500.

    Raises PicklingError, or whatever a method of the object raised; either says where in the object it arose.

    >>> from perdure import xml
    >>> print(xml.dumps({"name": "ada", "tags": {1}}, indent=2))
    <perdure xmlns="urn:perdure:graph:1">
      <dict>
        <entry key="name"><str>ada</str></entry>
        <entry key="tags"><set>
          <int>1</int>
        </set></entry>
      </dict>
    </perdure>
    """
    return _document(obj, indent, canonical, arrays).decode()


def loads(text: Any, *, trusted: Trusted = None, limits: Mapping[str, int] | None = None) -> Any:
    """The object that a document describes: a ``str``, or bytes of UTF-8 or UTF-16.

    ``trusted`` and ``limits`` are those of :func:`perdure.loads`: without ``trusted`` values of known types load, and
    no code runs, whatever the document says.

    Raises UntrustedError for a name outside the policy; CorruptError for what is no document of this vocabulary, with
    the byte offset (in the UTF-8 of a ``str``) where it is the text's fault; LimitError.

    >>> from perdure import xml
    >>> xml.loads('<perdure xmlns="urn:perdure:graph:1"><tuple><int>1</int><none/></tuple></perdure>')
    (1, None)
    """
    return _loaded(*_encoded(iter((text,))), trusted, limits)


def dump(
    obj: object,
    file: str | os.PathLike[str] | Any,
    *,
    indent: int | str | None = None,
    canonical: bool = False,
    arrays: Literal["auto", "numbers", "base64"] = "auto",
) -> None:
    """Writes ``obj`` as an XML document in UTF-8 to a path, or to a file object, binary or of text.

    A path is replaced whole or not at all. Arguments and errors are those of :func:`dumps`, and OSError.

    >>> from perdure import xml
    >>> xml.dump([1, 2], "numbers.xml")
    >>> xml.load("numbers.xml")
    [1, 2]
    """
    document = _document(obj, indent, canonical, arrays) + b"\n"
    if isinstance(file, (str, os.PathLike)):
        with durable.opened(file) as opened:
            opened.write(xml_text.DECLARATION + document)
    elif isinstance(file, io.TextIOBase):
        file.write(document.decode())
    else:
        file.write(xml_text.DECLARATION + document)


def load(
    file: str | os.PathLike[str] | Any, *, trusted: Trusted = None, limits: Mapping[str, int] | None = None
) -> Any:
    """The object in a file: a path, or a file object, binary or of text, which is read to its end, piece by piece.

    Arguments and errors are those of :func:`loads`, and OSError.
    """
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as opened:
            return load(opened, trusted=trusted, limits=limits)
    return _loaded(*_encoded(iter(lambda: file.read(_PIECE) or None, None)), trusted, limits)


def _document(obj: object, indent: int | str | None, canonical: bool, arrays: str) -> bytes:
    return xml_text.write(Graph(api.dumps(obj, 5, canonical=canonical)), indent, arrays)


def _encoded(pieces: Iterator[Any]) -> tuple[Iterable[bytes | memoryview], str | None]:
    """The bytes of a document's pieces, and their encoding where it is known: that of text."""
    first = next(pieces, b"")
    if isinstance(first, str):
        return (_utf8(piece) for piece in _again(first, pieces)), "utf-8"
    return (memoryview(piece).cast("B") for piece in _again(first, pieces)), None


def _again(first: Any, others: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from others


def _utf8(piece: str) -> bytes:
    try:
        return piece.encode()
    except UnicodeEncodeError as error:
        raise CorruptError(f"XML: a lone surrogate at character {error.start} of the text") from None


def _loaded(
    pieces: Iterable[bytes | memoryview],
    encoding: str | None,
    trusted: Trusted,
    limits: Mapping[str, int] | None,
) -> Any:
    stream = xml_text.read(pieces, encoding).dumps()
    try:
        return api.loads(stream, trusted=trusted, limits=limits)
    except UntrustedError as error:
        raise unseen.without_offsets(error) from None
    except (CorruptError, LimitError) as error:
        raise unseen.without_offsets(error) from error.__cause__
