"""The same objects as JSON: what JSON holds natively stands as any program writes it, everything else is tagged.

    from perdure import json

    text = json.dumps({"rows": [(1, 2.5)], "when": datetime.date(2001, 2, 3)})
    json.loads(text)

Nothing is lost: what comes back is what pickle would give. Plain data, which needs no tag, is written at once, and read
by orjson where that is installed. What a text may name and build is decided by the policy of `perdure.loads`.
docs/json.md describes the text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import overload

from perdure import api
from perdure._engine.text import plain_writer
from perdure._engine.text.plain_text import is_plain_text
from perdure.errors import CorruptError, LimitError, UntrustedError
from perdure.formats import json_text, unseen
from perdure.graph import Graph
from perdure.graph import dumps as stream_of

try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, Protocol

    from perdure.api import Trusted

    class _Readable(Protocol):
        def read(self) -> str | bytes: ...

    class _Writable(Protocol):
        def write(self, text: Any, /) -> object: ...

__all__ = ["dump", "dumps", "load", "loads"]


@overload
def dumps(
    obj: object,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
    default: Callable[[Any], object] | None = None,
    safe_integers: bool = False,
    arrays: Literal["auto", "numbers", "base64"] = "auto",
    text: Literal[True] = True,
) -> str: ...
@overload
def dumps(
    obj: object,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
    default: Callable[[Any], object] | None = None,
    safe_integers: bool = False,
    arrays: Literal["auto", "numbers", "base64"] = "auto",
    text: Literal[False],
) -> bytes: ...
def dumps(
    obj: object,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
    default: Callable[[Any], object] | None = None,
    safe_integers: bool = False,
    arrays: Literal["auto", "numbers", "base64"] = "auto",
    text: bool = True,
) -> str | bytes:
    """The JSON text of ``obj``: a str, or with ``text=False`` its UTF-8 as bytes, which is what a file holds, and
    sooner there.

    ``indent`` puts each item on a line of its own: so many spaces, or white space. ``sort_keys`` sorts the dicts that
    stand as JSON objects. ``ensure_ascii`` escapes all that is not ASCII. ``default`` is called with what cannot be
    pickled, and what it returns is written instead. ``safe_integers`` tags ints beyond 2**53, which JavaScript
    would round. ``arrays`` writes those of numpy as "numbers", as "base64", or by "auto" as numbers up to 500.

    Raises PicklingError, or whatever a method of the object raised; either says where in the object it arose.

    >>> from perdure import json
    >>> json.dumps({"a": [1, 2.5, None]})
    '{"a":[1,2.5,null]}'
    >>> json.dumps((1, 2))
    '{"$perdure":1,"value":{"$tuple":[1,2]}}'
    """
    if arrays != "auto" or indent is not None:
        json_text.check(arrays, indent)
    compact = indent is None and not ensure_ascii
    data = plain_writer.write(obj, text=text and compact, sort_keys=sort_keys, safe_integers=safe_integers)
    if isinstance(data, str):
        return data
    if data is None:
        data = json_text.write(
            Graph(_stream(obj, default)), arrays=arrays, sort_keys=sort_keys, safe_integers=safe_integers,
            inlined=default is not None,
        )  # fmt: skip
    if indent is not None:
        data = json_text.indented(data, indent)
    if ensure_ascii:
        data = json_text.escaped(data)
    return data.decode() if text else data


def loads(text: Any, *, trusted: Trusted = None, limits: Mapping[str, int] | None = None) -> Any:
    """The object of a JSON text: a str, or bytes of UTF-8. Any JSON is taken, of whoever wrote it.

    ``trusted`` and ``limits`` are those of ``perdure.loads``, and hold as they do there.

    Raises CorruptError for what is not JSON, or has tags that do not belong there, with the offset in characters (of
    bytes: in bytes); LimitError; UntrustedError for a name outside the policy.

    >>> from perdure import json
    >>> json.loads('{"$perdure": 1, "value": {"$set": [1, 2]}}') == {1, 2}
    True
    >>> json.loads('{"$perdure": 1, "value": {"$call": "os:system", "args": ["true"]}}')  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    perdure.errors.UntrustedError: ...os.system...
    """
    if isinstance(trusted, Iterator):
        trusted = tuple(trusted)
    if trusted is not None or limits is not None:
        api.loads(b"N.", trusted=trusted, limits=limits)  # what is wrong with them is said whatever the text is
    if orjson is not None and type(text) in (str, bytes) and is_plain_text(text):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass  # too deep for it, a lone surrogate, or no JSON: read below, which tells them apart
    data = json_text.encoded(text)
    try:
        stream = stream_of(json_text.read(data))
    except CorruptError as error:
        raise _placed(error, text, data) from None
    try:
        return api.loads(stream, trusted=trusted, limits=limits)
    except (CorruptError, LimitError, UntrustedError) as error:
        raise unseen.without_offsets(error) from None


def dump(
    obj: object,
    file: str | os.PathLike[str] | _Writable,
    *,
    indent: int | str | None = None,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
    default: Callable[[Any], object] | None = None,
    safe_integers: bool = False,
    arrays: Literal["auto", "numbers", "base64"] = "auto",
) -> None:
    """Writes the JSON text of ``obj`` to a path, or to a file object, of text or binary.

    A path is replaced whole or not at all, as by ``perdure.dump``. The other arguments are those of :func:`dumps`.

    Raises what dumps raises, and OSError.

    >>> from perdure import json
    >>> json.dump({"answer": 42}, "answer.json")
    >>> json.load("answer.json")
    {'answer': 42}
    """
    data = dumps(
        obj, indent=indent, sort_keys=sort_keys, ensure_ascii=ensure_ascii, default=default,
        safe_integers=safe_integers, arrays=arrays, text=False,
    )  # fmt: skip
    if isinstance(file, (str, os.PathLike)):
        from perdure.files import durable

        with durable.opened(file) as opened:
            opened.write(data)
    elif _is_text(file):
        file.write(data.decode())
    else:
        file.write(data)


def load(
    file: str | os.PathLike[str] | _Readable, *, trusted: Trusted = None, limits: Mapping[str, int] | None = None
) -> Any:
    """The object of a JSON file: a path, or a file object, of text or binary, which is read to its end.

    The other arguments, and what is raised, are those of :func:`loads`; and OSError.
    """
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as opened:
            return loads(opened.read(), trusted=trusted, limits=limits)
    return loads(file.read(), trusted=trusted, limits=limits)


def _is_text(file: Any) -> bool:
    """Whether a file takes str: what io calls text, or any other that says its encoding."""
    import io

    return isinstance(file, io.TextIOBase) or hasattr(file, "encoding")


def _stream(obj: object, default: Callable[[Any], object] | None) -> bytes:
    try:
        return api.dumps(obj, 5)
    except Exception:
        if default is None:
            raise
    from perdure.formats import substitutes

    return substitutes.dumps(obj, default)


def _placed(error: CorruptError, text: Any, data: bytes) -> CorruptError:
    """The error with its place in the text as the caller has it."""
    offset = error.offset
    if offset is None:
        return error
    if isinstance(text, str):
        offset = len(data[:offset].decode(errors="replace"))
    return type(error)(f"{error} (at {'character' if isinstance(text, str) else 'byte'} {offset:,})", offset)
