"""pandas' arrays and dtypes that pyarrow keeps. What is in them the table of pyarrow has proven; it never changes."""

from __future__ import annotations

from importlib import import_module

from perdure.errors import CorruptError
from perdure.policy.rows import Kind, bare
from perdure.policy.tables.pandas_arrays import flag, state_of
from perdure.policy.tables.pandas_names import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer

__all__ = ["KINDS", "ROWS"]


def _build_dtype(dtype: Any, state: Any) -> None:
    state_of("ArrowDtype", state, "pyarrow_dtype", optional=("storage", "_storage"))
    if not isinstance(state["pyarrow_dtype"], import_module("pyarrow").DataType):
        raise CorruptError("an ArrowDtype has a type of pyarrow's")
    dtype.__dict__.update(find("ArrowDtype")(state["pyarrow_dtype"]).__dict__)


def _build_array(array: Any, state: Any) -> None:
    """One chunk; the releases before 2.1 had all chunks, under another name."""
    arrow = import_module("pyarrow")
    key = "_data" if type(state) is dict and "_data" in state else "_pa_array"
    state_of(type(array).__name__, state, key, "_dtype", optional=("_readonly",))
    data, dtype = state[key], state["_dtype"]
    if isinstance(data, arrow.Array):
        data = arrow.chunked_array([data], data.type)
    if not isinstance(data, arrow.ChunkedArray):
        raise CorruptError(f"the data of a {type(array).__name__:.100} are an array of pyarrow's")
    if type(dtype) is find("StringDtype"):
        sound = dtype.storage == "pyarrow" and str(data.type) in ("string", "large_string")
    else:
        sound = type(dtype) is find("ArrowDtype") and bool(dtype.pyarrow_dtype.equals(data.type))
    if not sound or isinstance(array, find("ArrowStringArray")) != (type(dtype) is find("StringDtype")):
        raise CorruptError(f"the dtype of a {type(array).__name__:.100} is not that of its array")
    array.__dict__.update(_pa_array=data, _dtype=dtype, _cache={}, **flag(state))


_ARRAYS = ("ArrowExtensionArray", "ArrowStringArray", "ArrowStringArrayNumpySemantics")

ROWS: dict[str, Callable[[Any], Answer]] = {"ArrowDtype": bare, **dict.fromkeys(_ARRAYS, bare)}
KINDS: dict[str, Kind] = {
    "ArrowDtype": Kind(_build_dtype, unseen=True),
    **dict.fromkeys(_ARRAYS, Kind(_build_array, unseen=True)),
}
