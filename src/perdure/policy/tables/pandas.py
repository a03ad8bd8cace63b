"""pandas: frames, series, indexes and what they are made of. Names of its releases since 1.0.

A frame is blocks of columns, and each block says which columns they are; pandas believes that when it writes
down where each column is. Here it is proven first, and so are the codes of a MultiIndex. Rules:

- Blocks belong to one frame: pandas moves their places when a column is put in. Each frame gets blocks of its own.
- A name is hashed, at a bounded cost, before it becomes one.
- What is looked at again each time that a stream uses it, at no cost in bytes, is charged to the load.
- Arrays and dtypes are in `pandas_arrays`, scalars and offsets in `pandas_scalars`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, class_row, never, too_much
from perdure.policy.tables import pandas_arrays, pandas_arrow, pandas_scalars
from perdure.policy.tables.pandas_arrays import (
    CLOSED,
    array_of,
    check_ends,
    check_zone,
    codes_among,
    is_array,
    shape_of,
)
from perdure.policy.tables.pandas_names import NUMERIC, canonical, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer

__all__ = ["kind", "row"]

_PLAIN = frozenset((str, int, float, bool, type(None)))
_PARTS = 1000  # of a name that is a tuple
_BITS = 1 << 16  # of a name that is a number
_WORK = 2048  # what looking at a block or a level is worth in bytes copied
_FREE = 1 << 20  # columns of a frame without rows, which cost nothing in a stream
_LONG = 1 << 63


def _check_name(name: Any) -> None:
    """Raises unless a name can be hashed, and at a bounded cost: tuples in tuples may be the same ones."""
    if type(name) in _PLAIN:
        if type(name) is int and name.bit_length() > _BITS:
            too_much("a name that is a number of so many digits", "hashing")
        return
    parts, left = [name], _PARTS
    while parts:
        part = parts.pop()
        if isinstance(part, (tuple, slice)):
            inner = part if isinstance(part, tuple) else (part.start, part.stop, part.step)
            left -= len(inner)
            if left < 0:
                too_much("a name that is a tuple of too many parts", "hashing")
            parts.extend(inner)
    hash(name)


# ---- indexes ---------------------------------------------------------------------------------


def _known(what: str, given: Any, *keys: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if type(given) is not dict or not set(keys) <= set(given) <= {*keys, *optional}:
        raise CorruptError(f"a {what} is made of {', '.join(keys)}")
    _check_name(given.get("name"))
    return given


def _index(name: str) -> Callable[[Any], Callable[[Any], Any]]:
    def bind(function: Any) -> Callable[[Any], Any]:
        cls = find(name)
        if find(NUMERIC[0]) is find("Index"):
            return _plain_index(function, cls, "iubcOf")
        return _plain_index(function, cls, "bO" if name == "Index" else "")  # numbers have their own classes

    return bind


def _plain_index(function: Any, cls: Any, kinds: str) -> Callable[[Any], Any]:
    """Of one array, which is just taken if it is of these kinds; pandas' helper looks at others."""
    array = import_module("numpy").ndarray
    texts = {find(name) for name in ("StringArray", "ArrowStringArray", "ArrowStringArrayNumpySemantics")} - {None}

    def make(given: Any) -> Any:
        given = _known("Index", given, "data", "name")
        data, name = given["data"], given["name"]
        if len(shape_of(data)) != 1:
            raise CorruptError("an Index has an array of one dimension")
        kind = data.dtype.kind
        if (type(data) is array and kind in kinds and (kind != "f" or data.itemsize > 2)) or (
            type(data) in texts and kinds
        ):
            return cls._simple_new(data, name)
        if type(data) is array:  # pandas makes an object, or a number of 64 bits, of each item, whenever they are given
            charge_copy((64 if kind == "S" else 8) * data.size)
        return function(cls, {"data": data, "name": name})

    return make


def _range_index(function: Any) -> Callable[[Any], Any]:
    cls = find("RangeIndex")

    def make(given: Any) -> Any:
        given = _known("RangeIndex", given, "start", "stop", "step", "name")
        start, stop, step = given["start"], given["stop"], given["step"]
        if not (
            type(start) is int and -_LONG <= start < _LONG and type(stop) is int and -_LONG <= stop < _LONG
            and type(step) is int and -_LONG <= step < _LONG
        ):  # fmt: skip
            raise CorruptError("a RangeIndex is made of whole numbers of 64 bits")
        numbers = range(start, stop, step)
        len(numbers)  # OverflowError of one that is too long
        return cls._simple_new(numbers, given["name"])

    return make


def _multi_parts(given: Any) -> dict[str, Any]:
    given = _known("MultiIndex", given, "levels", "sortorder", "names", optional=("codes", "labels"))
    levels, names = given["levels"], given["names"]
    codes = given.get("codes", given.get("labels"))  # as it was before 0.24
    if not all(isinstance(part, (list, tuple)) and 0 < len(part) == len(levels) for part in (levels, codes, names)):
        raise CorruptError("a MultiIndex has a name and codes for each of its levels")
    charge_copy(_WORK * len(levels))
    for name in names:
        _check_name(name)
    if not all(isinstance(level, find("Index")) for level in levels):
        raise CorruptError("the levels of a MultiIndex are indexes")
    proven = [codes_among(part, len(level)) for part, level in zip(codes, levels, strict=True)]
    if len({len(part) for part in proven}) != 1:
        raise CorruptError("the codes of a MultiIndex have one length")
    for part, level in zip(proven, levels, strict=True):
        if part.dtype.itemsize > 1 or len(level) > 100:  # pandas makes them as small, or as large, as they have to be
            charge_copy(8 * part.size)
    order = given["sortorder"]
    if order is not None and (type(order) is not int or not 0 <= order <= _sorted_levels(proven)):
        raise CorruptError("a MultiIndex is not sorted as it says")
    return {"levels": list(levels), "codes": proven, "sortorder": order, "names": list(names)}


def _sorted_levels(codes: list[Any]) -> int:
    """How many levels, from the first one, are in the order of a dictionary."""
    numpy = import_module("numpy")
    equal = numpy.ones(max(len(codes[0]) - 1, 0), bool)
    for depth, part in enumerate(codes):
        if (equal & (part[:-1] > part[1:])).any():
            return depth
        equal &= part[:-1] == part[1:]
    return len(codes)


def _data_parts(array: str, *optional: str) -> Callable[[Any], dict[str, Any]]:
    """Of an index whose data are one of pandas' arrays."""

    def parts(given: Any) -> dict[str, Any]:
        given = _known(f"index of a {array}", given, "data", "name", optional=optional)
        data, freq = given["data"], given.get("freq")
        if type(data) is not find(array) or data.ndim != 1:
            raise CorruptError(f"the data of this index are a {array}")
        if freq is not None and not isinstance(freq, find("BaseOffset")):
            raise CorruptError("the frequency of an index is an offset")
        if given.get("tz") is not None:
            check_zone(given["tz"])
        return dict(given)

    return parts


def _period_parts(given: Any) -> dict[str, Any]:
    parts = _data_parts("PeriodArray", "freq")(given)
    return {"data": parts["data"], "name": parts["name"]}  # its array has the frequency


def _interval_parts(given: Any) -> dict[str, Any]:
    given = _known("IntervalIndex", given, "left", "right", "closed", "name")
    check_ends(array_of(given["left"]), array_of(given["right"]))
    if given["closed"] not in CLOSED:
        raise CorruptError("an interval is closed in one of four ways")
    return dict(given)


def _made_of(name: str, parts: Callable[[Any], dict[str, Any]]) -> Callable[[Any], Callable[[Any], Any]]:
    """Indexes that pandas' helper makes of proven parts."""

    def bind(function: Any) -> Callable[[Any], Any]:
        cls = find(name)
        return lambda given: function(cls, parts(given))

    return bind


_INDEXES: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    **{name: _index(name) for name in (*NUMERIC, "Index")},
    "RangeIndex": _range_index,
    "MultiIndex": _made_of("MultiIndex", _multi_parts),
    "CategoricalIndex": _made_of("CategoricalIndex", _data_parts("Categorical")),
    "PeriodIndex": _made_of("PeriodIndex", _period_parts),
    "DatetimeIndex": _made_of("DatetimeIndex", _data_parts("DatetimeArray", "freq", "tz")),
    "TimedeltaIndex": _made_of("TimedeltaIndex", _data_parts("TimedeltaArray", "freq")),
    "IntervalIndex": _made_of("IntervalIndex", _interval_parts),
}


def _new_index(*names: str) -> Callable[[Any], Callee]:
    """One of pandas' helpers: (class, dict of what it is made of), for the classes of these names."""

    def make(function: Any) -> Callee:
        # Older releases had one helper for durations and the rest; the new one keeps what they kept elsewhere.
        durations = find("_new_TimedeltaIndex") or function
        made = {find(name): _INDEXES[name](durations if name == "TimedeltaIndex" else function) for name in names}

        def call(*args: Any) -> Any:
            if len(args) != 2 or not isinstance(args[0], type) or args[0] not in made:
                never(function.__name__, args)
            return made[args[0]](args[1])

        return Callee(f"{function.__module__}.{function.__name__}", call)

    return make


def _frozen_list(cls: type) -> Callee:
    """What the names of a MultiIndex are in."""

    def call(*args: Any) -> Any:
        made: Any = cls
        return made(args[0]) if len(args) == 1 and type(args[0]) is list else never("FrozenList", args)

    return class_row(cls, call)


# ---- blocks ----------------------------------------------------------------------------------


def _unpickle_block(function: Any) -> Callee:
    """(values, which columns, dimensions)."""
    numpy = import_module("numpy")
    class_of = import_module("pandas.core.internals.blocks").get_block_type
    ordinary = {code[0]: class_of(numpy.dtype(code)) for code in ("b1", "i8", "u8", "f8", "c16", "O")}
    placement, array = find("BlockPlacement"), numpy.ndarray
    flat = {find(name) for name in _FLAT}

    def call(*args: Any) -> Any:
        if len(args) != 3 or type(args[2]) is not int or args[2] not in (1, 2):
            never("pandas._libs.internals._unpickle_block", args)
        values, given, dimensions = args
        places = _places(given)
        count = len(places)
        if type(values) is array and values.dtype.kind in ordinary:
            if values.ndim != dimensions or len(values) != count:
                raise CorruptError("the values of a block are not those of its columns")
            cls = ordinary[values.dtype.kind]
        elif type(values) in flat:
            length = len(values)  # AttributeError of one that was never filled in
            if count != (1 if dimensions == 2 else length):
                raise CorruptError("the values of a block are not those of its columns")
            cls = class_of(values.dtype)
        else:
            return function(_fitting(values, count, dimensions), _indexer(places), dimensions)
        return cls(values, placement=placement(_indexer(places)), ndim=dimensions)

    return Callee("pandas._libs.internals._unpickle_block", call)


# Arrays of one dimension even in a frame.
_FLAT = ("IntegerArray", "FloatingArray", "BooleanArray", "Categorical", "StringArray", "IntervalArray", "SparseArray",
         "ArrowExtensionArray", "ArrowStringArray")  # fmt: skip


def _places(given: Any) -> Any:
    """The numbers of columns: a range of a slice, or an array that is a copy, for pandas writes where they say."""
    if type(given) is slice:
        start, stop, step = given.start, given.stop, given.step
        if (
            type(start) is int and 0 <= start < _LONG and type(step) is int
            and ((type(stop) is int and 0 <= stop < _LONG) or (stop is None and step < 0))
        ):  # fmt: skip
            return range(start, -1 if stop is None else stop, step)
        raise CorruptError("the places of a block are a slice")
    if not is_array(given, "i", 1) or given.itemsize != 8:
        raise CorruptError("the places of a block are a slice or an array")
    charge_copy(given.nbytes)
    return given.copy()


def _indexer(places: Any) -> Any:
    if type(places) is not range:
        return places
    return slice(places.start, None if places.stop < 0 else places.stop, places.step)


def _fitting(values: Any, count: int, dimensions: int) -> Any:
    """Values for so many columns; those of one column may have one dimension only."""
    shape = shape_of(values)
    if dimensions == 2 and len(shape) == 1 and hasattr(values, "_from_sequence"):
        if isinstance(values.dtype, find("ExtensionDtype")) and not getattr(values.dtype, "_supports_2d", False):
            shape = (1, *shape)
        else:
            values = values.reshape(1, -1)  # as it was not before 1.3
            shape = values.shape
    if len(shape) != dimensions or shape[0] != count:
        raise CorruptError("the values of a block are not those of its columns")
    return values


def _check_axes(axes: Any, count: int) -> None:
    if type(axes) is not list or len(axes) != count or not all(isinstance(axis, find("Index")) for axis in axes):
        raise CorruptError("the axes of a frame or a series are indexes")


def _check_columns(blocks: list[tuple[Any, Any]], axes: Any) -> None:
    """Whether blocks, as values and indexers, are the columns of a frame: each once, and as long as its index."""
    _check_axes(axes, 2)
    columns, rows = map(len, axes)
    spans, others, total = [], [], 0
    for values, places in blocks:
        if values.shape[-1] != rows:
            raise CorruptError("the values of a block are not as many as the rows")
        if type(places) is slice and places.step == 1:
            spans.append((places.start, places.stop))
            total += places.stop - places.start
        else:
            places = range(*places.indices(_LONG - 1)) if type(places) is slice else places
            others.append(places)
            total += len(places)
    if total != columns:
        raise CorruptError("the columns of a frame are not those of its blocks")
    if others:
        _check_places(spans, others, columns, rows)
        return
    spans.sort()
    stop = 0
    for start, following in spans:
        if start != stop:
            raise CorruptError("two blocks have one column")
        stop = following


def _check_places(spans: list[tuple[int, int]], others: list[Any], columns: int, rows: int) -> None:
    if not rows and columns > _FREE:
        too_much("a frame without rows, of so many columns", "memory")
    seen = import_module("numpy").zeros(columns, bool)
    for places in (*(range(*span) for span in spans), *others):
        if len(places):
            first, last = (min(places), max(places)) if type(places) is range else (places.min(), places.max())
            if first < 0 or last >= columns:
                raise CorruptError("a place of a block is out of bounds")
            seen[_indexer(places)] = True
    if not seen.all():
        raise CorruptError("two blocks have one column")


def _manager(cls: Any) -> Callee:
    """(blocks, [columns, rows])."""
    base, index = find("SharedBlock"), find("Index")

    def call(*args: Any) -> Any:
        if len(args) != 2 or type(args[0]) is not tuple:
            never("pandas.core.internals.managers.BlockManager", args)
        blocks, axes = args
        charge_copy(_WORK * len(blocks))
        parts, fresh = [], []
        for block in blocks:
            if not isinstance(block, base) or block.ndim != 2:
                raise CorruptError("a frame is made of blocks")
            values, places = block.values, block._mgr_locs
            parts.append((values, places.indexer))
            fresh.append(type(block)(values, placement=places, ndim=2))
        _check_columns(parts, axes)
        return cls(tuple(fresh), axes, verify_integrity=False)

    def new(*args: Any) -> Any:
        return cls((), [index([]), index([])]) if not args else never("BlockManager", args)

    return class_row(cls, call, new=new)


def _single_manager(cls: Any) -> Callee:
    return class_row(cls, None, new=lambda *args: cls.__new__(cls) if not args else never(cls.__name__, args))


def _build_manager(manager: Any, state: Any) -> None:
    """(..., {version: {axes, blocks}}): a series, or a frame of a release before 1.3."""
    if type(state) is not tuple or len(state) != 4 or type(state[3]) is not dict:
        raise CorruptError("the state of a series or a frame is its axes and blocks")
    inner = state[3].get("0.14.1")
    if type(inner) is not dict or set(inner) != {"axes", "blocks"} or type(inner["blocks"]) is not list:
        raise CorruptError("the state of a series or a frame is its axes and blocks")
    axes, blocks = inner["axes"], inner["blocks"]
    charge_copy(_WORK * len(blocks))
    if not all(type(block) is dict and set(block) == {"values", "mgr_locs"} for block in blocks):
        raise CorruptError("a block has values and places")
    if type(manager) is not find("SingleBlockManager"):
        places = [_places(block["mgr_locs"]) for block in blocks]
        proven = [(_fitting(block["values"], len(place), 2), _indexer(place))
                  for block, place in zip(blocks, places, strict=True)]  # fmt: skip
        _check_columns(proven, axes)
        parts = [{"values": values, "mgr_locs": place} for values, place in proven]
        type(manager).__setstate__(manager, ((), (), (), {"0.14.1": {"axes": list(axes), "blocks": parts}}))
        return
    _check_axes(axes, 1)
    if len(blocks) != 1:
        raise CorruptError("a series has one block")
    count = len(axes[0])
    block = _block_maker()(blocks[0]["values"], slice(0, count, 1), 1)
    manager.axes = list(axes)
    manager.blocks = (block,)


@cache
def _block_maker() -> Any:
    return _unpickle_block(find("_unpickle_block")).call


# ---- frames and series -----------------------------------------------------------------------


def _frame_class(cls: type) -> Callee:
    return Callee(f"pandas.{cls.__name__}", None, value=cls, plain=cls)


_FIELDS = frozenset(("_mgr", "_data", "_typ", "_metadata", "attrs", "_attrs", "_flags"))


def _build_frame(frame: Any, state: Any) -> None:
    """A frame, a series, or one of a class that somebody derived from them and trusts."""
    cls = type(frame)
    series = isinstance(frame, find("Series"))
    if type(state) is not dict or "_mgr" in frame.__dict__:
        raise CorruptError("the state of a frame or a series is a dict, which fills it in once")
    manager: Any = state.get("_mgr", state.get("_data"))  # as it was before 1.1
    if type(manager) is not find("SingleBlockManager" if series else "BlockManager"):
        raise CorruptError("the data of a frame or a series are no manager of blocks")
    if len(manager.axes) != (1 if series else 2):  # AttributeError of one that was never filled in
        raise CorruptError("the data of a frame or a series have other dimensions")
    typ, attrs = state.get("_typ"), state.get("attrs", state.get("_attrs", {}))
    if typ != ("series" if series else "dataframe") or type(attrs) is not dict:
        raise CorruptError("the attrs of a frame or a series are a dict")
    flags = state.get("_flags", {"allows_duplicate_labels": True})
    if type(flags) is not dict or len(flags) != 1 or type(flags["allows_duplicate_labels"]) is not bool:
        raise CorruptError("a frame or a series has one flag")
    proven = {"_mgr": manager, "_typ": typ, "_attrs": attrs}
    if series:
        name = state.get("_name", state.get("name"))
        _check_name(name)
        proven["_name"] = name
    others = state.keys() - _FIELDS
    if others:  # what the class itself says that it keeps
        own = {key for key in cls._metadata if key not in ("name", "_name")}
        if not others <= ({*own, "name", "_name"} if series else own):
            raise CorruptError("the state of a frame or a series has an unknown part")
        proven |= {key: state[key] for key in own & others}
    proven |= _fields_of_frame()
    proven["_flags"] = find("Flags")(frame, allows_duplicate_labels=flags["allows_duplicate_labels"])
    frame.__dict__.update(proven)


def _fields_of_frame() -> dict[str, Any]:
    """What pandas keeps in a frame besides: 3.0 nothing, older ones a cache of columns."""
    return {"_item_cache": {}} if "_item_cache" in find("NDFrame")._internal_names else {}


# ---- the table -------------------------------------------------------------------------------


def _value(cls: type) -> Callee:
    return class_row(cls, None)


_ROWS: dict[str, Callable[[Any], Answer]] = {
    **dict.fromkeys(_INDEXES, _value),
    **dict.fromkeys(("DataFrame", "Series"), _frame_class),
    "_new_Index": _new_index(
        *NUMERIC, "Index", "RangeIndex", "MultiIndex", "CategoricalIndex", "PeriodIndex", "TimedeltaIndex",
    ),
    "_new_DatetimeIndex": _new_index("DatetimeIndex"),
    "_new_TimedeltaIndex": _new_index("TimedeltaIndex"),
    "_new_IntervalIndex": _new_index("IntervalIndex"),
    "FrozenList": _frozen_list,
    "_unpickle_block": _unpickle_block,
    "BlockManager": _manager,
    "SingleBlockManager": _single_manager,
    **pandas_arrays.ROWS,
    **pandas_arrow.ROWS,
    **pandas_scalars.ROWS,
}
_frame_kind = Kind(_build_frame)  # a frame may hold itself, by then
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("DataFrame", "Series", "NDFrame"), _frame_kind),
    **dict.fromkeys(("BlockManager", "SingleBlockManager"), Kind(_build_manager, unseen=True)),
    **pandas_arrays.KINDS,
    **pandas_arrow.KINDS,
    **pandas_scalars.KINDS,
}


def row(module: str, name: str) -> Answer | None:
    known = canonical(module, name)
    make = _ROWS.get(known) if known is not None else None
    if make is None:
        return None
    found = find(known)
    return None if found is None else make(found)


def kind(cls: type) -> Kind | None:
    known = _KINDS.get(cls.__name__)
    return known if known is not None and find(cls.__name__) is cls else None
