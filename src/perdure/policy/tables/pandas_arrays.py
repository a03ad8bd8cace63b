"""pandas' dtypes and extension arrays.

pandas' code in C indexes arrays by what other arrays hold, and looks at nothing again: a Categorical's codes,
a sparse array's positions. So every state is proven here, at numpy's speed, before it becomes one. Rules:

- An array is never without contents: what a stream makes before it fills it in is a sound empty one, for pandas'
  code in C follows the pointers of an unfilled one.
- What others are indexed by (`own`) is kept where nothing else that the stream makes can write to it.
- Caches that were pickled along are dropped.
"""

from __future__ import annotations

import warnings
from datetime import tzinfo
from functools import cache
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure._engine.reader.proofs import are_codes, are_text
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, bare, class_row, never
from perdure.policy.tables.memory import own
from perdure.policy.tables.pandas_names import NUMERIC, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer

__all__ = [
    "CLOSED", "KINDS", "ROWS", "UNITS", "array_of", "check_ends", "check_freq", "check_zone", "codes_among", "count_of",
    "flag", "is_array", "shape_of", "state_of",
]  # fmt: skip

UNITS = ("s", "ms", "us", "ns")
CLOSED = ("left", "right", "both", "neither")
_COLUMNS = "biufcOS"  # kinds of numpy's dtypes that a column may have; text is never one, it becomes objects
_MANY = 200  # characters of the name of a dtype


@cache
def _numpy() -> Any:
    return import_module("numpy")


# ---- arrays as parts of others ---------------------------------------------------------------


def is_array(value: Any, kinds: str, *dimensions: int) -> bool:
    """Whether it is an ndarray and no subclass, of one of these kinds, in this machine's byte order."""
    if type(value) is not _numpy().ndarray:
        return False
    dtype = value.dtype
    if dtype.kind not in kinds or value.ndim not in dimensions or not dtype.isnative:
        return False
    return dtype.kind not in "mM" or dtype in _units()


@cache
def _units() -> dict[Any, str]:
    """The dtypes of times that pandas supports, by their units."""
    return {_numpy().dtype(f"{kind}8[{unit}]"): unit for unit in UNITS for kind in "mM"}


def shape_of(values: Any) -> tuple[int, ...]:
    """The shape of what may be the values of a column or an index."""
    if type(values) is _numpy().ndarray:
        if values.dtype.kind not in _COLUMNS and not is_array(values, "mM", 1, 2):
            raise CorruptError(f"a column has no values of the dtype {values.dtype!s:.50}")
    elif not isinstance(values, find("ExtensionArray")) or type(values) is find("NumpyExtensionArray"):
        raise CorruptError(f"the values of a column are no {type(values).__name__:.100}")
    shape: tuple[int, ...] = values.shape  # AttributeError of an array that was never filled in
    return shape


def codes_among(codes: Any, count: int) -> Any:
    """Positions among ``count`` values, -1 for none, proven to be that."""
    if type(codes) is not _numpy().ndarray:
        raise CorruptError("codes are whole numbers in an array of one dimension")
    codes = own(codes)
    if not are_codes(codes, count):
        raise CorruptError("codes are whole numbers in an array of one dimension, none of them out of bounds")
    return codes


# ---- dtypes ----------------------------------------------------------------------------------


def state_of(what: str, state: Any, *keys: str, optional: tuple[str, ...] = ()) -> Any:
    """The state of a dtype or an array: a dict with these keys."""
    known = type(state) is dict and state.keys() >= set(keys)
    if not known or (len(state) > len(keys) and not state.keys() <= {*keys, *optional, "_cache"}):
        raise CorruptError(f"the state of a {what} is a dict of {', '.join(keys)}")
    return state


def _build_categorical_dtype(dtype: Any, state: Any) -> None:
    state_of("CategoricalDtype", state, "categories", "ordered")
    categories, ordered = state["categories"], state["ordered"]
    if categories is not None and not isinstance(categories, find("Index")):
        raise CorruptError("categories are an Index")
    if type(ordered) not in (bool, type(None)):
        raise CorruptError("categories are ordered or not")
    dtype.__dict__.update(_categories=categories, _ordered=ordered)


def _build_zoned_dtype(dtype: Any, state: Any) -> None:
    state_of("DatetimeTZDtype", state, "unit", "tz")
    if state["unit"] not in UNITS:
        raise CorruptError("a DatetimeTZDtype has a unit that pandas supports")
    check_zone(state["tz"])
    dtype.__dict__.update(_unit=state["unit"], _tz=state["tz"])


def check_zone(zone: Any) -> None:
    if not isinstance(zone, tzinfo):
        raise CorruptError("a time zone is a tzinfo")
    zone.utcoffset(None)  # raises where a zone was made and not filled in


def _period_dtype(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 1 or not (
            (type(args[0]) is str and len(args[0]) <= _MANY) or isinstance(args[0], find("BaseOffset"))
        ):
            never("pandas.PeriodDtype", args)
        known: Any = cls._cache_dtypes  # type: ignore[attr-defined]
        before = len(known)
        dtype: Any = cls(args[0])
        if len(known) > before:
            known.popitem()  # pandas keeps every frequency that it sees, and takes equal ones for the same
        if dtype.freq.n < 1:  # pandas divides by it
            raise CorruptError("the frequency of periods is not positive")
        return dtype

    return class_row(cls, call, new=call)


def _build_interval_dtype(dtype: Any, state: Any) -> None:
    state_of("IntervalDtype", state, "subtype", optional=("closed",))
    subtype, closed = state["subtype"], state.get("closed")
    if closed is not None and closed not in CLOSED:
        raise CorruptError("an interval is closed in one of four ways")
    if subtype is not None and not _is_subtype(subtype):
        raise CorruptError("the ends of intervals are numbers or times")
    dtype.__dict__.update(_subtype=subtype, _closed=closed)


def _is_subtype(dtype: Any) -> bool:
    if isinstance(dtype, _numpy().dtype):
        return dtype.kind in "iuf" or (dtype.kind in "mM" and dtype in _units())
    return type(dtype) is find("DatetimeTZDtype") and dtype.unit in UNITS


def _build_sparse_dtype(dtype: Any, state: Any) -> None:
    state_of("SparseDtype", state, "_dtype", "_fill_value")
    subtype, fill = state["_dtype"], state["_fill_value"]
    if not isinstance(subtype, _numpy().dtype) or subtype.kind not in "biufcmMO":
        raise CorruptError("the dtype of a sparse array's values is numpy's")
    if not import_module("pandas.api.types").is_scalar(fill):
        raise CorruptError("what fills a sparse array is one value")
    with warnings.catch_warnings():  # 2.x warned of what 3.0 refuses
        warnings.simplefilter("error")
        try:
            find("SparseDtype")(subtype, fill)
        except Warning as warning:
            raise CorruptError("what fills a sparse array is of its dtype") from warning
    dtype.__dict__.update(_dtype=subtype, _fill_value=fill)


def _string_dtype(cls: type) -> Callee:
    def call(*args: Any) -> Any:
        if not 1 <= len(args) <= 2 or args[0] not in ("python", "pyarrow"):
            never("pandas.StringDtype", args)
        made: Any = object.__new__(cls)
        made.__dict__.update(_string_fields(args[0], *args[1:]))
        return made

    # The releases before 2.3 made one and filled it in; the first ones had nothing to fill in.
    return class_row(cls, call, new=lambda *args: call("python") if not args else call(*args))


def _string_fields(storage: str, missing: Any = None) -> Any:
    if missing is None or missing is find("NA"):
        return _fields_of_string(storage)
    if type(missing) is not float or missing == missing:
        raise CorruptError("what is missing from strings is NA or nan")
    return _fields_of_string(storage, missing=True)


@cache
def _fields_of_string(storage: str, missing: bool = False) -> Any:
    """What pandas' own constructor makes of a storage, with nan for what is missing or not."""
    made = find("StringDtype")(storage, float("nan")) if missing else find("StringDtype")(storage)
    return made.__dict__


def _build_string_dtype(dtype: Any, state: Any) -> None:
    state_of("StringDtype", state, optional=("storage", "_na_value"))
    storage = state.get("storage", "python")
    if storage not in ("python", "pyarrow"):
        raise CorruptError("strings are stored in one of two ways")
    dtype.__dict__.update(_string_fields(storage, state.get("_na_value")))


def _build_nothing(dtype: Any, state: Any) -> None:
    state_of(type(dtype).__name__, state)


def _build_numpy_dtype(dtype: Any, state: Any) -> None:
    state_of("NumpyEADtype", state, "_dtype")
    if not isinstance(state["_dtype"], _numpy().dtype):
        raise CorruptError("a NumpyEADtype stands for a dtype of numpy's")
    dtype.__dict__["_dtype"] = state["_dtype"]


# ---- arrays with one array of numpy's: their memory is a struct in C ---------------------------


def _check_datetimes(data: Any, dtype: Any) -> Any:
    return _check_times(data, dtype, "M")


def _check_timedeltas(data: Any, dtype: Any) -> Any:
    return _check_times(data, dtype, "m")


def _check_times(data: Any, dtype: Any, kind: str) -> Any:
    if not is_array(data, kind, 1, 2):
        raise CorruptError("times are an array of datetime64 or timedelta64")
    if dtype is not data.dtype and not _same(dtype, data.dtype):
        if kind == "m" or type(dtype) is not find("DatetimeTZDtype") or dtype.unit != _units()[data.dtype]:
            raise CorruptError("the dtype of times is not that of their array")
        check_range(data, dtype.tz)
    return data


def check_range(data: Any, zone: Any) -> None:
    """Whether the times of a zone are such as Python's own may be: pandas makes datetimes of them to find out how
    far they are from UTC, and its writer of JSON frees what it never had where that fails."""
    if data.dtype in _units() and _units()[data.dtype] != "ns" and not _is_utc(zone):
        times = data.view("i8")
        charge_copy(data.nbytes)
        known = times[times != -1 << 63]
        first, last = (_numpy().datetime64(day).astype(data.dtype).view("i8") for day in ("0001-01-03", "9999-12-29"))
        if known.size and not (known.min() >= first and known.max() <= last):
            raise CorruptError("a time in a zone is out of the range of datetime")


def _is_utc(zone: Any) -> bool:
    return bool(import_module("pandas._libs.tslibs.timezones").is_utc(zone))


_TICKS = {"Day": 86_400_000_000_000, "Hour": 3_600_000_000_000, "Minute": 60_000_000_000, "Second": 1_000_000_000,
          "Milli": 1_000_000, "Micro": 1000, "Nano": 1}  # fmt: skip
_UNIT_SIZES = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}


def check_freq(data: Any, freq: Any, zone: Any = None) -> None:
    """Whether times may have a frequency: those of one of fixed length are that far apart. pandas makes a range of
    the first and the last one, however many there are between them."""
    if freq is None:
        return
    if not isinstance(freq, find("BaseOffset")):
        raise CorruptError("the frequency of times is an offset")
    name = type(freq).__name__
    if name not in _TICKS or type(freq) is not find(name) or data.dtype.kind not in "mM" or data.size < 2:
        return
    step, rest = divmod(freq.n * _TICKS[name], _UNIT_SIZES[_units()[data.dtype]])
    if data.ndim != 1 or rest or step == 0 or not -1 << 63 < step < 1 << 63:
        raise CorruptError("times are not as far apart as their frequency says")
    charge_copy(2 * data.nbytes)
    apart = _numpy().diff(data.view("i8"))
    if name == "Day" and zone is not None:  # those of summer time are shorter or longer
        slack = _TICKS["Day"] // _UNIT_SIZES[_units()[data.dtype]]
        sound = bool((apart >= step - slack).all() and (apart <= step + slack).all())
    else:
        sound = bool((apart == step).all())
    if not sound:
        raise CorruptError("times are not as far apart as their frequency says")


def _same(dtype: Any, other: Any) -> bool:
    return isinstance(dtype, _numpy().dtype) and bool(dtype == other)


def _check_periods(data: Any, dtype: Any) -> Any:
    if not is_array(data, "i", 1, 2) or data.dtype.itemsize != 8 or type(dtype) is not find("PeriodDtype"):
        raise CorruptError("periods are 64 bits each, and have a frequency")
    return data


def _check_categories(data: Any, dtype: Any) -> Any:
    if type(dtype) is not find("CategoricalDtype") or dtype.categories is None:
        raise CorruptError("a Categorical has categories")
    return codes_among(data, count_of(dtype.categories))


def count_of(index: Any) -> int:
    """How many values an index has, of which others hold the numbers; pandas makes all those of a range, to look
    some up."""
    count = len(index)
    if type(index) is find("RangeIndex"):
        charge_copy(min(8 * count, 1 << 60))
    return count


def _check_strings(data: Any, dtype: Any) -> Any:
    if type(dtype) is not find("StringDtype") or dtype.storage != "python" or not is_array(data, "O", 1):
        raise CorruptError("a StringArray has an array of objects")
    charge_copy(8 * data.size)
    if not are_text(data, find("NA")):
        raise CorruptError("a StringArray holds something else than strings")
    return data


def _check_numpy(data: Any, dtype: Any) -> Any:
    if type(data) is not _numpy().ndarray or data.ndim not in (1, 2) or data.dtype.kind not in "biufcmMOSU":
        raise CorruptError("a NumpyExtensionArray has an array of numpy's")
    if type(dtype) is not find("NumpyEADtype") or not _same(dtype.numpy_dtype, data.dtype):
        raise CorruptError("the dtype of a NumpyExtensionArray is not that of its array")
    return data


_BACKED: dict[str, tuple[Callable[[Any, Any], Any], str, Callable[[], Any]]] = {
    "DatetimeArray": (_check_datetimes, "M8[ns]", lambda: _numpy().dtype("M8[ns]")),
    "TimedeltaArray": (_check_timedeltas, "m8[ns]", lambda: _numpy().dtype("m8[ns]")),
    "PeriodArray": (_check_periods, "i8", lambda: find("PeriodDtype")("D")),
    "Categorical": (_check_categories, "i1", lambda: find("CategoricalDtype")([])),
    "StringArray": (_check_strings, "O", lambda: find("StringDtype")("python")),
    "StringArrayNumpySemantics": (_check_strings, "O", lambda: find("StringDtype")("python", float("nan"))),
    "NumpyExtensionArray": (_check_numpy, "O", lambda: find("NumpyEADtype")(_numpy().dtype("O"))),
}


@cache
def _backed() -> dict[type, tuple[Callable[[Any, Any], Any], Any, Any]]:
    """Classes by what proves their states, and an array and a dtype for empty ones."""
    found = {}
    for name, (check, code, dtype) in _BACKED.items():
        cls = find(name)
        if cls is not None and cls not in found:
            found[cls] = (check, _numpy().empty(0, code), dtype())
    return found


def _empty_backed(cls: type) -> Any:
    base = find("NDArrayBacked")
    _, data, dtype = _backed()[cls]
    made = base.__new__(cls)
    base.__init__(made, data, dtype)
    return made


def _unpickle_backed(function: Any) -> Callee:
    """Cython's own helper: (class, checksum, None), an instance that BUILD fills in."""

    def call(*args: Any) -> Any:
        if len(args) != 3 or not isinstance(args[0], type) or args[0] not in _backed() or args[2] is not None:
            never(function.__name__, args)
        return _empty_backed(args[0])

    return Callee(f"{function.__module__}.{function.__name__}", call)


def _backed_class(cls: type) -> Callee:
    """1.1 made these arrays as plain objects."""
    return class_row(cls, None, new=lambda *args: _empty_backed(cls) if not args else never(cls.__qualname__, args))


def build_backed(array: Any, state: Any) -> None:
    """(dtype, array, attributes); of the releases before 1.3 a dict that has all of them."""
    if type(state) is tuple and len(state) == 1:
        state = state[0]
    rest: Any = {}
    if type(state) is tuple and 2 <= len(state) <= 3:
        dtype, data = state[:2] if type(state[1]) is _numpy().ndarray else state[1::-1]
        rest = state[2] if len(state) == 3 else rest
    elif type(state) is dict:
        rest = dict(state)
        data = next((rest.pop(key) for key in ("_ndarray", "_data", "_codes") if key in rest), None)
        dtype = rest.pop("_dtype", None)
    else:
        data = dtype = None
    check = (_backed().get(type(array)) or _backed()[_base_of(type(array))])[0]
    attributes = {}
    data = check(data, dtype)
    if rest:
        if type(rest) is not dict or not set(rest) <= {"_freq", "_readonly", "_cache"}:
            raise CorruptError(f"the state of a {type(array).__name__:.100} is an array and its dtype")
        if "_freq" in rest:
            check_freq(data, rest["_freq"], getattr(dtype, "tz", None))
            attributes["_freq"] = rest["_freq"]
        attributes.update(flag(rest))
    find("NDArrayBacked").__init__(array, data, dtype)
    if attributes:
        array.__dict__.update(attributes)


def _base_of(cls: type) -> type:
    """The class of pandas' that one of somebody else's is derived from."""
    known = _backed()
    for base in cls.__mro__:
        if base in known:
            return base
    raise CorruptError(f"{cls.__name__:.100} is no array of pandas'")


# ---- arrays with several --------------------------------------------------------------------


def flag(state: Any) -> dict[str, bool]:
    """Since 3.0 an array may be read-only."""
    if "_readonly" not in state:
        return {}
    if type(state["_readonly"]) is not bool:
        raise CorruptError("an array is read-only or not")
    return {"_readonly": state["_readonly"]}


def _build_masked(kinds: str, dtype: str | None = None) -> Kind:
    def build(array: Any, state: Any) -> None:
        state_of(type(array).__name__, state, "_data", "_mask", optional=("_dtype", "_readonly"))
        data, mask = state["_data"], state["_mask"]
        plain = _numpy().ndarray
        if (
            type(data) is not plain or type(mask) is not plain or not data.ndim == mask.ndim == 1
            or data.dtype.kind not in kinds or not data.dtype.isnative or mask.dtype.kind != "b"
            or len(data) != len(mask)
        ):  # fmt: skip
            raise CorruptError("a masked array has values and a mask of the same length")
        if kinds == "f" and data.itemsize not in (4, 8):
            raise CorruptError("a FloatingArray has values of 32 or 64 bits")
        attributes = array.__dict__
        attributes["_data"], attributes["_mask"] = data, mask
        if dtype is not None and "_dtype" in state:
            attributes["_dtype"] = find(dtype)()
        if "_readonly" in state:
            attributes.update(flag(state))

    return Kind(build, unseen=True)


def check_ends(left: Any, right: Any) -> None:
    """Whether they may be the left and right ends of intervals: each left one is not after the right one."""
    if type(left) is not type(right) or left.shape != right.shape or left.ndim != 1:
        raise CorruptError("intervals have as many left ends as right ones, and of one type")
    if type(left) in (find("DatetimeArray"), find("TimedeltaArray")):
        if left.dtype != right.dtype:
            raise CorruptError("the ends of intervals have one dtype")
        left, right = left._ndarray, right._ndarray
    if not is_array(left, "iufmM", 1) or left.dtype != right.dtype:
        raise CorruptError("the ends of intervals are numbers or times")
    charge_copy(left.size)
    ordered = left <= right
    if not ordered.all():  # nan and NaT are not ordered, and come in pairs
        missing = left != left
        if not (ordered | missing).all() or not (missing == (right != right)).all():
            raise CorruptError("an interval ends before it starts")


def _unpickle_mixin(name: str) -> Callable[[Any], Callee]:
    """Cython's helper for an array whose base class in C has no fields."""

    def make(function: Any) -> Callee:
        def call(*args: Any) -> Any:
            cls = find(name)
            if len(args) != 3 or args[0] is not cls or args[2] is not None:
                never(function.__name__, args)
            return _empty_backed(cls) if cls in _backed() else find("IntervalMixin").__new__(cls)

        return Callee(f"{function.__module__}.{function.__name__}", call)

    return make


def _build_intervals(array: Any, state: Any) -> None:
    if type(state) is tuple and len(state) == 1:
        state = state[0]
    state_of("IntervalArray", state, "_left", "_right", optional=("_dtype", "_closed", "_readonly"))
    left, right = state["_left"], state["_right"]
    if isinstance(left, find("Index")):  # 1.1 had indexes here
        left, right = array_of(left), array_of(right)
    check_ends(left, right)
    dtype = state.get("_dtype")
    closed = dtype.closed if type(dtype) is find("IntervalDtype") else state.get("_closed")
    if closed not in CLOSED or (dtype is not None and (closed != dtype.closed or dtype.subtype != left.dtype)):
        raise CorruptError("the dtype of intervals is not that of their ends")
    dtype = dtype if dtype is not None else find("IntervalDtype")(left.dtype, closed)
    array.__dict__.update(_left=left, _right=right, _dtype=dtype, **flag(state))


def array_of(index: Any) -> Any:
    """The array of an index of numbers or times; None of any other, a range among them, which has no array yet."""
    if type(index) in map(find, ("Index", "DatetimeIndex", "TimedeltaIndex", *NUMERIC)):
        return index._data
    return None


_LONG_SPARSE = 1 << 26


def _is_length(value: Any) -> bool:
    """Whether positions of 32 bits may be among so many; pandas makes all of them where it shows what they are."""
    if type(value) is not int or not 0 <= value < 1 << 31:
        return False
    if value > _LONG_SPARSE:
        charge_copy(value)
    return True


def _int_index(cls: Any) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 2 or not _is_length(args[0]) or not is_array(args[1], "i", 1) or args[1].itemsize != 4:
            never("pandas._libs.sparse.IntIndex", args)
        return cls(args[0], own(args[1]))  # it looks at all of them

    return class_row(cls, call)


def _block_index(cls: Any) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 3 or not _is_length(args[0]):
            never("pandas._libs.sparse.BlockIndex", args)
        if not all(is_array(part, "i", 1) and part.itemsize == 4 for part in args[1:]):
            never("pandas._libs.sparse.BlockIndex", args)
        starts, lengths = own(args[1]), own(args[2])
        # pandas adds them up in 32 bits, and forgets those below zero.
        ends = starts.astype("i8") + lengths
        if starts.shape != lengths.shape or (
            starts.size and not (starts[0] >= 0 and (lengths > 0).all() and ends[-1] <= args[0]
                                 and (ends[:-1] <= starts[1:]).all())
        ):  # fmt: skip
            raise CorruptError("the blocks of a sparse array overlap or leave it")
        return cls(args[0], starts, lengths)

    return class_row(cls, call)


def _build_sparse(array: Any, state: Any) -> None:
    state_of("SparseArray", state, "_sparse_index", "_sparse_values", "_dtype", optional=("_readonly",))
    index, values, dtype = state["_sparse_index"], state["_sparse_values"], state["_dtype"]
    if type(index) not in (find("IntIndex"), find("BlockIndex")) or not is_array(values, "biufcmMO", 1):
        raise CorruptError("a SparseArray has values and their positions")
    if len(values) != index.npoints or type(dtype) is not find("SparseDtype") or not _same(dtype.subtype, values.dtype):
        raise CorruptError("a SparseArray has as many values as positions, all of its dtype")
    array.__dict__.update(_sparse_index=index, _sparse_values=values, _dtype=dtype, **flag(state))


# ---- the table -------------------------------------------------------------------------------

_MASKED = {"IntegerArray": _build_masked("iu"), "FloatingArray": _build_masked("f"),
           "BooleanArray": _build_masked("b", "BooleanDtype")}  # fmt: skip
_MASKED_DTYPES = ("Int8Dtype", "Int16Dtype", "Int32Dtype", "Int64Dtype", "UInt8Dtype", "UInt16Dtype", "UInt32Dtype",
                  "UInt64Dtype", "Float32Dtype", "Float64Dtype", "BooleanDtype")  # fmt: skip

ROWS: dict[str, Callable[[Any], Answer]] = {
    **dict.fromkeys(("CategoricalDtype", "DatetimeTZDtype", "IntervalDtype", "SparseDtype", "NumpyEADtype"), bare),
    **dict.fromkeys(_MASKED_DTYPES, bare),
    **dict.fromkeys(_MASKED, bare),
    "SparseArray": bare,
    "IntervalArray": lambda cls: class_row(cls, None),
    **dict.fromkeys(_BACKED, _backed_class),
    "PeriodDtype": _period_dtype,
    "StringDtype": _string_dtype,
    "__pyx_unpickle_NDArrayBacked": _unpickle_backed,
    "__pyx_unpickle_IntervalMixin": _unpickle_mixin("IntervalArray"),
    "__pyx_unpickle_PeriodMixin": _unpickle_mixin("PeriodArray"),
    "IntIndex": _int_index,
    "BlockIndex": _block_index,
}

KINDS: dict[str, Kind] = {
    **dict.fromkeys((*_BACKED, "NDArrayBacked", "PandasArray"), Kind(build_backed, unseen=True)),
    **dict.fromkeys(_MASKED_DTYPES, Kind(_build_nothing)),
    **_MASKED,
    "CategoricalDtype": Kind(_build_categorical_dtype, unseen=True),
    "DatetimeTZDtype": Kind(_build_zoned_dtype, unseen=True),
    "IntervalDtype": Kind(_build_interval_dtype, unseen=True),
    "SparseDtype": Kind(_build_sparse_dtype, unseen=True),
    "StringDtype": Kind(_build_string_dtype, unseen=True),
    **dict.fromkeys(("NumpyEADtype", "PandasDtype"), Kind(_build_numpy_dtype, unseen=True)),
    "IntervalArray": Kind(_build_intervals, unseen=True),
    "SparseArray": Kind(_build_sparse, unseen=True),
}
