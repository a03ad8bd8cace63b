"""The stream of a file: a plain pickle's, or a perdure file's, which is proven first; expanded if compressed."""

from __future__ import annotations

import os

from perdure._engine.graph.nodes import Graph
from perdure.files.reading import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["load"]


def load(file: Any, /) -> Graph:
    """The graph of the pickle in a file: a path, or a binary file object, which is left behind the stream if it can be
    moved. What perdure wrote at a path is proven first, whoever sealed it: looking needs no trust.

    Raises CorruptError for a damaged file and for what is no sound stream, and OSError.

    >>> import perdure
    >>> from perdure import graph
    >>> perdure.dump({"a": [1, 2]}, "numbers.sav")
    >>> graph.load("numbers.sav").root.pairs[0][0].value
    'a'
    """
    if not isinstance(file, (str, bytes, os.PathLike)):
        return _from_file(file)
    with open(file, "rb") as opened:
        return Graph(Source(opened).looked_at())


def _from_file(file: Any) -> Graph:
    begin = file.tell() if getattr(file, "seekable", bool)() else None
    g = Graph(file.read())
    if begin is not None:
        file.seek(begin + g.end)
    return g
