"""From one format to another by way of the graph: no object is built, nothing is imported or called.

So a file of anybody's can be looked at as JSON, and a pickle whose classes are gone be read elsewhere. (marshal alone
has no nodes: its values, which are data, are made and read.)
"""

from __future__ import annotations

import os

from perdure import graph
from perdure.errors import PicklingError
from perdure.files.compression import codec_for
from perdure.files.durable import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.graph import Graph

__all__ = ["FORMATS", "convert"]

# The suffixes of each format. A file of perdure's is a pickle with a trailer, and compressed by one more suffix.
FORMATS = {
    "pickle": (".pkl", ".pickle", ".p"),
    "perdure": (".sav", ".perdure"),
    "json": (".json",),
    "xml": (".xml",),
    "marshal": (".marshal",),
}


def convert(
    src: Any,
    dst: str | os.PathLike[str] | None = None,
    *,
    from_: str | None = None,
    to: str | None = None,
    indent: int | str | None = None,
    key: Any = False,
) -> bytes | None:
    """Converts a file, or bytes, from one format to another, without building the object.

    ``src`` is a path, or bytes; ``dst`` a path, which is replaced whole or not at all, or None: then the result is
    returned. The suffix says the format (docs/formats.md), or ``from_`` and ``to`` do: "pickle", "perdure", "json",
    "xml", "marshal". ``indent`` is for texts. ``key`` seals a file of perdure's, which is sealed by nobody otherwise:
    with a seal of yours you vouch for what it holds, whoever wrote the source.

    What the source holds comes back from the result as from the source, under the same policy. marshal holds built-in
    types alone: PicklingError says what is in the way, and where.

    Raises CorruptError and LimitError for a source that is not sound, ValueError for a format that isn't known, and
    OSError.

    >>> import perdure
    >>> from pathlib import Path
    >>> perdure.dump({"a": (1, 2)}, "numbers.sav")
    >>> perdure.convert("numbers.sav", "numbers.json")
    >>> print(Path("numbers.json").read_text())
    {"$perdure":1,"value":{"a":{"$tuple":[1,2]}}}
    >>> perdure.convert("numbers.json", to="pickle")[-1:]
    b'.'
    """
    path = src if isinstance(src, (str, os.PathLike)) else None
    source, target = _format(path, from_, "from_"), _format(dst, to, "to")
    if target not in ("json", "xml") and indent is not None:
        raise ValueError(f"indent= is for texts, and {target} is none")
    if target != "perdure" and key is not False:
        raise ValueError("key= is for files of perdure's, which alone have a seal")
    data = _written(_read(src, source), target, indent)
    if dst is None:
        if target == "perdure":
            raise ValueError('a file of perdure\'s is written to a path; to="pickle" gives its stream')
        return data
    if target == "perdure":
        from perdure.filing import write_stream

        write_stream(data, dst, compress=None, key=key)
    else:
        with opened(dst) as file:
            file.write(data)
    return None


def _format(path: Any, given: str | None, argument: str) -> str:
    if given is not None:
        if given not in FORMATS:
            raise ValueError(f"{argument}= is one of {', '.join(map(repr, FORMATS))}, not {given!r:.50}")
        return given
    if path is not None:
        name = os.fsdecode(path).lower()
        for format_, suffixes in FORMATS.items():
            if name.endswith(suffixes):
                return format_
        if codec_for(None, path) is not None:
            return "perdure"
    what = "bytes" if path is None else repr(os.fspath(path))
    raise ValueError(f"of what format {what} is, {argument}= has to say: {', '.join(map(repr, FORMATS))}")


def _read(src: Any, source: str) -> Graph:
    if source in ("pickle", "perdure"):
        if isinstance(src, (str, os.PathLike)):
            return graph.load(src)
        return graph.loads(src) if source == "pickle" else _of_sealed(src)
    if isinstance(src, (str, os.PathLike)):
        with open(src, "rb") as file:
            src = file.read()
    if source == "json":
        from perdure.formats import json_text

        return json_text.read(json_text.encoded(src))
    if source == "xml":
        from perdure.formats import xml_text

        return xml_text.read([src])
    from perdure import marshal
    from perdure._engine.writer import pickler

    return graph.loads(pickler.dumps(marshal.loads(src), 5))


def _of_sealed(data: Any) -> Graph:
    from perdure.files.reading import split

    return graph.loads(split(data)[0])


def _written(g: Graph, target: str, indent: int | str | None) -> bytes:
    if target == "json":
        from perdure.formats import json_text

        text = json_text.write(g)
        return text if indent is None else json_text.indented(text, indent)
    if target == "xml":
        from perdure.formats import xml_text

        return xml_text.DECLARATION + xml_text.write(g, indent) + b"\n"
    return g.dumps() if target != "marshal" else _marshalled(g)


def _marshalled(g: Graph) -> bytes:
    from perdure import api, marshal

    for node in graph.walk(g.root):
        known = node.kind not in ("name", "extension", "object", "persistent", "buffer", "string")
        if not known and node.name != "builtins:complex":
            what = f"{node.kind} {node.name}" if node.name else f"a {node.kind}"
            raise PicklingError(f"marshal can't hold {what} (at {graph.path(g, node) or 'root'})")
    try:
        return marshal.dumps(api.loads(g.dumps()))
    except ValueError as error:  # too deep for it
        raise PicklingError(f"marshal can't hold it: {error}") from None
