"""scipy.sparse: the seven formats, as matrices and as arrays, under the names that they had and have.

Every operation on them runs in C++ and believes what the instance says of itself. So the indices are proven
to lie inside the shape, and what a stream could still change (the lists of a lil, the dict of a dok) is copied.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, bare, class_row, kind_in, never

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["LOOK", "kind", "plain_array", "row"]

LOOK = 1024  # what looking at an array counts for, however small it is, in bytes that are copied

_FORMATS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
# What scipy notes of an instance besides its contents: how much of it to print, and what it found when it last looked.
_NOTES = {"maxprint": int, "has_canonical_format": bool, "_has_canonical_format": bool, "_has_sorted_indices": bool}


def _numpy() -> Any:
    return import_module("numpy")


def plain_array(what: str, found: Any, ndim: int | None = 1, kinds: str = "biufc") -> Any:
    """An array of numbers in this machine's byte order, with these dimensions. Who asks goes through all of it: a
    stream that gives one array to many instances pays for each."""
    numpy = _numpy()
    if type(found) not in (numpy.ndarray, numpy.memmap) or ndim not in (None, found.ndim):
        raise CorruptError(f"{what} is an array of {ndim or 'some'} dimensions")
    if found.dtype.kind not in kinds:
        raise CorruptError(f"{what} is an array of another kind than {found.dtype.kind}")
    charge_copy(LOOK + found.nbytes)
    return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))


def _index_array(what: str, found: Any) -> Any:
    found = plain_array(what, found, 1, "i")
    if found.dtype.itemsize not in (4, 8):
        raise CorruptError(f"{what} has items of four or eight bytes")
    return found


def _inside(what: str, indices: Any, size: int) -> None:
    """Indices that are all in [0, size), of a type that can count to size."""
    if size > _numpy().iinfo(indices.dtype).max:
        raise CorruptError(f"{what} can't count as far as the shape goes")
    if indices.size and not (indices.min() >= 0 and indices.max() < size):
        raise CorruptError(f"{what} lies outside the shape")


def _shape_of(what: str, state: Any, dimensions: tuple[int, ...]) -> tuple[int, ...]:
    if type(state) is not dict:
        raise CorruptError(f"the state of a {what} is a dict")
    shape = state.get("_shape")
    integers = (int, _numpy().int64, _numpy().int32)
    if type(shape) is not tuple or not all(type(axis) in integers and 0 <= axis < 1 << 62 for axis in shape):
        raise CorruptError(f"the shape of a {what} is a tuple of sizes")
    if len(shape) not in dimensions:
        raise CorruptError(f"a {what} has not {len(shape)} dimensions")
    return tuple(map(int, shape))


def _fill(instance: Any, state: Any, shape: tuple[int, ...], contents: dict[str, Any]) -> None:
    """What is proven, and the notes of a state; nothing else may be in it."""
    if instance.__dict__:
        raise CorruptError(f"BUILD on a {type(instance).__name__} that has contents already")
    notes = {}
    for key, value in state.items():
        if type(key) is str and key in _NOTES:
            if type(value) is not _NOTES[key]:
                raise CorruptError(f"{key} of a {type(instance).__name__} is of another type")
            notes[key] = value
        elif key not in (*contents, "_shape", "coords", "row", "col"):
            raise CorruptError(f"the state of a {type(instance).__name__} has a key that it never has")
    instance.__dict__.update({"_shape": shape, **notes, **contents})


def _build_compressed(instance: Any, state: Any) -> None:
    """csr, csc and bsr: for each row (or column) where its indices begin, and the indices."""
    what = type(instance).__name__
    form = what[:3]
    shape = _shape_of(what, state, (1, 2) if what == "csr_array" else (2,))
    indptr, indices = (_index_array(f"{key} of a {what}", state.get(key)) for key in ("indptr", "indices"))
    data = plain_array(f"data of a {what}", state.get("data"), 3 if form == "bsr" else 1, "biufcO")
    major, minor = shape[::-1] if form == "csc" else shape if len(shape) == 2 else (1, *shape)
    if form == "bsr":
        _, rows, columns = data.shape
        if rows < 1 or columns < 1 or major % rows or minor % columns:
            raise CorruptError("the blocks of a bsr do not fill its shape")
        major, minor = major // rows, minor // columns
    if len(indptr) != major + 1 or indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():
        raise CorruptError(f"indptr of a {what} begins with 0, and never falls")
    stored = int(indptr[-1])
    if stored > len(indices) or len(indices) != len(data):
        raise CorruptError(f"a {what} has not as many indices and values as indptr says")
    if stored < len(indices):  # room that scipy left for more
        indices, data = indices[:stored].copy(), data[:stored].copy()
    _inside(f"an index of a {what}", indices, minor)
    if max(major, stored) > _numpy().iinfo(indptr.dtype).max:
        raise CorruptError(f"indptr of a {what} can't count as far as the shape goes")
    canonical = state.get("_has_canonical_format") is True
    if (canonical or state.get("_has_sorted_indices") is True) and not _in_order(indptr, indices, canonical):
        state = {key: value for key, value in state.items() if not key.startswith("_has_")}
    _fill(instance, state, shape, {"indptr": indptr, "indices": indices, "data": data})


def _in_order(indptr: Any, indices: Any, canonical: bool) -> bool:
    """Whether the indices of each row rise: operations believe a note that says so, so it has to be true."""
    rises = indices[1:] > indices[:-1] if canonical else indices[1:] >= indices[:-1]
    begins = indptr[1:-1]
    rises[begins[(begins > 0) & (begins < len(indices))] - 1] = True
    return bool(rises.all())


def _build_coo(instance: Any, state: Any) -> None:
    what = type(instance).__name__
    shape = _shape_of(what, state, tuple(range(1, 65)) if what == "coo_array" else (2,))
    coords = state.get("coords")
    if coords is None:  # before scipy 1.13
        coords = (state.get("row"), state.get("col"))
    data = plain_array(f"data of a {what}", state.get("data"), 1, "biufcO")
    if type(coords) is not tuple or len(coords) != len(shape):
        raise CorruptError(f"a {what} has coordinates for each dimension")
    coords = tuple(_index_array(f"coordinates of a {what}", each) for each in coords)
    for each, size in zip(coords, shape, strict=True):
        if len(each) != len(data):
            raise CorruptError(f"a {what} has not as many coordinates as values")
        _inside(f"a coordinate of a {what}", each, size)
    if not hasattr(type(instance), "row"):  # which it has for as long as coords are what is stored
        contents = {"row": coords[0], "col": coords[1]}
    else:
        contents = {"coords": coords}
    _fill(instance, state, shape, {**contents, "data": data})


def _build_dia(instance: Any, state: Any) -> None:
    what = type(instance).__name__
    shape = _shape_of(what, state, (2,))
    offsets = _index_array(f"offsets of a {what}", state.get("offsets"))
    data = plain_array(f"data of a {what}", state.get("data"), 2, "biufcO")
    numpy = _numpy()
    if len(data) != len(offsets) or len(numpy.unique(offsets)) != len(offsets):
        raise CorruptError(f"a {what} has one offset for each diagonal, no two the same")
    offsets = offsets.astype(numpy.int64) if 2 * sum(shape) > numpy.iinfo(offsets.dtype).max else offsets
    if len(offsets) and max(-int(offsets.min()), int(offsets.max())) > sum(shape):
        raise CorruptError(f"an offset of a {what} lies outside the shape")
    _fill(instance, state, shape, {"offsets": offsets, "data": data})


def _build_dok(instance: Any, state: Any) -> None:
    what = type(instance).__name__
    shape = _shape_of(what, state, (1, 2) if what == "dok_array" else (2,))
    # Before scipy 1.12 the instance itself held them, and nothing else did.
    items = dict(state["_dict"] if type(state.get("_dict")) is dict else dict.items(instance))
    charge_copy(LOOK + 128 * len(items))
    for key, value in items.items():
        places = key if type(key) is tuple and len(shape) > 1 else (key,)
        if len(places) != len(shape) or not all(
            _is_index(place, size) for place, size in zip(places, shape, strict=True)
        ):
            raise CorruptError(f"a key of a {what} lies outside the shape")
        _check_number(what, value)
    contents = {"_dict": items, "dtype": _dtype_of(what, state)}
    _fill(instance, state, shape, contents)
    if not _has_dict():
        del instance.__dict__["_dict"]
    dict.clear(instance)
    dict.update(instance, items)


@cache
def _has_dict() -> bool:
    return hasattr(import_module("scipy.sparse").dok_matrix((1, 1)), "_dict")


def _build_lil(instance: Any, state: Any) -> None:
    what = type(instance).__name__
    shape = _shape_of(what, state, (2,))
    numpy = _numpy()
    rows, data = (plain_array(f"{key} of a {what}", state.get(key), 1, "O") for key in ("rows", "data"))
    if not len(rows) == len(data) == shape[0]:
        raise CorruptError(f"a {what} has one list for each row")
    new_rows, new_data = numpy.empty(shape[0], object), numpy.empty(shape[0], object)
    for place, (columns, values) in enumerate(zip(rows, data, strict=True)):
        if type(columns) is not list or type(values) is not list or len(columns) != len(values):
            raise CorruptError(f"the rows of a {what} are lists, as long as those of its values")
        charge_copy(LOOK + 64 * len(columns))
        before = -1
        for column in columns:
            if not _is_index(column, shape[1]) or column <= before:
                raise CorruptError(f"the columns of a {what} rise, inside the shape")
            before = column
        for value in values:
            _check_number(what, value)
        new_rows[place], new_data[place] = list(map(int, columns)), list(values)
    _fill(instance, state, shape, {"rows": new_rows, "data": new_data, "dtype": _dtype_of(what, state)})


def _is_index(value: Any, size: int) -> bool:
    return (type(value) is int or isinstance(value, _numpy().integer)) and 0 <= value < size


def _check_number(what: str, value: Any) -> None:
    if type(value) not in (int, float, complex, bool) and not isinstance(value, (_numpy().number, _numpy().bool_)):
        raise CorruptError(f"a {what} holds numbers")


def _dtype_of(what: str, state: Any) -> Any:
    dtype = state.get("dtype")
    if not isinstance(dtype, _numpy().dtype) or dtype.kind not in "biufcO":
        raise CorruptError(f"the dtype of a {what} is one of numbers")
    return dtype


def _dok_row(cls: type) -> Callee:
    """A dict, which copyreg._reconstructor makes of another."""

    def new(*args: Any) -> Any:
        return dict.__new__(cls) if not args else never(cls.__qualname__, args)

    return class_row(cls, None, new=new)


_BUILD: dict[str, Callable[[Any, Any], None]] = {
    "bsr": _build_compressed, "coo": _build_coo, "csc": _build_compressed, "csr": _build_compressed,
    "dia": _build_dia, "dok": _build_dok, "lil": _build_lil,
}  # fmt: skip
KINDS: Kinds = {
    (f"scipy.sparse._{form}", f"{form}_{what}"): Kind(_BUILD[form], unseen=True)
    for form in _FORMATS
    for what in ("matrix", "array")
}


def row(module: str, name: str) -> Answer | None:
    """Before scipy 1.8 the modules had no underscore."""
    form, _, what = name.partition("_")
    if form not in _FORMATS or what not in ("matrix", "array"):
        return None
    if module not in (f"scipy.sparse._{form}", f"scipy.sparse.{form}"):
        return None
    found = getattr(import_module(f"scipy.sparse._{form}"), name, None)
    if found is None:
        return None
    return _dok_row(found) if form == "dok" else bare(found)


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
