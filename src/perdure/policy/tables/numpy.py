"""numpy: arrays, scalars, dtypes, generators. Names of numpy 1 and 2 alike.

numpy's own ``__setstate__`` methods believe the sizes that they are told. Here a state is proven first:
an array's bytes against its shape and dtype, a dtype by having numpy's public constructor make the same,
a generator's position against its words.
"""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from importlib import import_module
from math import prod

from perdure._engine.reader.guard import charge_copy, charge_items, is_lent
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Constant, Kind, bare, class_row, kind_in, never
from perdure.policy.tables.memory import exporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["array_parts", "build_array", "kind", "reconstruct", "row"]

DIMENSIONS = 64
NESTED = 32  # levels of structured dtypes
MANY_FIELDS = 10_000  # with those within
LARGE_ITEM = 1 << 24  # bytes
_FORMAT = re.compile(
    r"[|<>=]?(?:b1|\?|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|O(?:4|8)?|[SUVa][0-9]{0,9}|[Mm]8"
    r"(?:\[[0-9]{0,9}[a-zA-Z]{1,7}\])?)"
)


@cache
def _numpy() -> Any:
    return import_module("numpy")


# ---- arrays ----------------------------------------------------------------------------------


def reconstruct(make_class: Callable[[Any], bool], *args: Any) -> Any:
    """multiarray._reconstruct: an empty array, which BUILD fills. ``make_class`` says whether a class is
    one that a stream may make arrays of."""
    numpy = _numpy()
    if len(args) == 3 and args[0] is numpy.ndarray and _is_nothing(*args[1:]):
        return numpy.ndarray((0,), "b")
    if len(args) != 3 or not isinstance(args[0], type) or not _is_nothing(*args[1:]):
        never("numpy._core.multiarray._reconstruct", args)
    if not issubclass(args[0], numpy.ndarray) or not (args[0] in _array_classes() or make_class(args[0])):
        raise CorruptError(f"{args[0].__name__:.100} is no class of arrays that the policy lets the stream create")
    return numpy.ndarray.__new__(args[0], (0,), "b")


def _array_classes() -> frozenset[type]:
    numpy = _numpy()
    return frozenset((numpy.ndarray, numpy.matrix, numpy.memmap, numpy.recarray, numpy.char.chararray))


def _is_nothing(shape: Any, code: Any) -> bool:
    """Whether these are the shape and type code of an array that is to be filled in."""
    return type(shape) is tuple and shape == (0,) and type(code) in (str, bytes) and code in ("b", b"b")


def _size(shape: Any, dtype: Any) -> int:
    """How many items an array has, of a shape and dtype that it could have."""
    numpy = _numpy()
    if type(shape) is not tuple or len(shape) > DIMENSIONS:
        raise CorruptError("an array's shape is a tuple of sizes")
    for axis in shape:
        if type(axis) is not int or not 0 <= axis < 1 << 62:
            raise CorruptError("an array's shape is a tuple of sizes")
    if not isinstance(dtype, numpy.dtype):
        raise CorruptError("an array's dtype is no dtype")
    if dtype.subdtype is not None:
        raise CorruptError("the shape of an array's items is part of its own")
    # An empty array has memory for one item, and is of the size of its other axes where numpy counts.
    if prod(axis for axis in shape if axis) * dtype.itemsize >= 1 << 62 or (0 in shape and dtype.itemsize > LARGE_ITEM):
        raise CorruptError("an array of that size is out of bounds")
    count = prod(shape)
    if dtype.itemsize == 0 and count > 1 << 20:
        raise CorruptError("an array of that many items without a size")
    return count


def array_parts(shape: Any, dtype: Any, raw: Any) -> tuple[tuple[int, ...], Any, Any]:
    """Shape, dtype and contents of an array, proven to agree."""
    count = _size(shape, dtype)
    if type(raw) is str:  # Python 2, read as latin-1
        raw = raw.encode("latin-1")
    if dtype.hasobject or _is_string(dtype):
        if type(raw) is not list or len(raw) != count:
            raise CorruptError(f"an array of {count} objects has a list of as many")
        charge_copy(count * dtype.itemsize)  # records may be large, however little they hold
        charge_items(raw)
        if _is_string(dtype):
            _check_strings(dtype, raw)
        elif dtype.fields is not None:
            _check_records(dtype, raw)
    elif type(raw) not in (bytes, bytearray) or len(raw) != count * dtype.itemsize:
        raise CorruptError(f"an array of {count} times {dtype.itemsize} bytes has not these bytes")
    elif dtype.kind == "U" and raw and not _is_text(raw, dtype):
        raise CorruptError("an array of text has code points that are none")
    if type(raw) is bytes and is_lent(raw):  # numpy would make an array of it that can be written to
        charge_copy(len(raw))
        raw = bytes(bytearray(raw))
    return shape, dtype, raw


def _is_text(raw: Any, dtype: Any) -> bool:
    """Whether a buffer of UTF-32 has no number beyond the last character."""
    if dtype.itemsize == 0:
        return True
    numpy = _numpy()
    codes = numpy.dtype("u4").newbyteorder(dtype.byteorder)
    return bool(numpy.frombuffer(raw, codes).max() <= 0x10FFFF)


def _check_strings(dtype: Any, items: list[Any]) -> None:
    """Items of a StringDType: numpy makes text of anything, and forgets its own errors."""
    for item in items:
        if type(item) is str:
            charge_copy(len(item) + 16)
            item.encode()  # UnicodeEncodeError for surrogates
        elif item is not dtype.na_object:
            raise CorruptError("an array of strings holds strings")


def _check_records(dtype: Any, items: list[Any]) -> None:
    """Items of records with objects: what is for another field numpy would convert, by methods of the item."""
    numpy = _numpy()
    charge_copy(256 * len(items))
    for item in items:
        _check_item(dtype, item)
    numpy.array(items, dtype)  # for its errors, which ndarray.__setstate__ forgets


def _check_item(dtype: Any, item: Any) -> None:
    if dtype.fields is not None:
        if type(item) is not tuple or len(item) != len(dtype.names):
            raise CorruptError("an array of records with objects holds tuples of their fields")
        for name, part in zip(dtype.names, item, strict=True):
            _check_item(dtype.fields[name][0], part)
    elif dtype.subdtype is not None:
        base, shape = dtype.subdtype
        if type(item) is not _numpy().ndarray or item.dtype != base or item.shape != shape:
            raise CorruptError("a field that is an array holds one of its dtype and shape")
    elif not dtype.hasobject and not _is_plain(item):
        raise CorruptError(f"a {type(item).__name__:.100} is no item of a {dtype.kind} field")


def _is_plain(item: Any) -> bool:
    """What numpy gives for an item of a number, a text or a time."""
    numpy = _numpy()
    if type(item).__module__ == "datetime":
        return getattr(item, "tzinfo", None) is None
    return type(item) in (int, float, complex, bool, str, bytes, type(None)) or (
        isinstance(item, numpy.generic) and not item.dtype.hasobject
    )


def _is_string(dtype: Any) -> bool:
    return bool(dtype.kind == "T")


def build_array(array: Any, state: Any) -> None:
    numpy = _numpy()
    if type(state) is not tuple or len(state) not in (4, 5) or (len(state) == 5 and state[0] not in (0, 1)):
        raise CorruptError("an array's state is a version, shape, dtype, order and contents")
    shape, dtype, raw = array_parts(state[-4], state[-3], state[-1])
    if array.size or array.base is not None or array.dtype.char != "b":
        raise CorruptError("BUILD on an array that has contents already")
    if isinstance(array, numpy.matrix) and len(shape) != 2:
        raise CorruptError("a matrix has two axes")  # numpy relies on it, in memory
    numpy.ndarray.__setstate__(array, (1, shape, dtype, bool(state[-2]), raw))


def _frombuffer(*args: Any) -> Any:
    """(buffer, dtype, shape, order), and for order "K" that of the axes."""
    numpy = _numpy()
    if len(args) not in (4, 5) or type(args[3]) is not str or args[3] not in ("C", "F", "K"):
        never("numpy._core.numeric._frombuffer", args)
    buffer, dtype, shape, order = args[:4]
    count = _size(shape, dtype)
    if dtype.hasobject or _is_string(dtype):
        raise CorruptError("an array of objects can't be made from bytes")
    view = memoryview(buffer)
    if "O" in view.format or _is_derived(view):
        raise CorruptError("the bytes of objects, or a view of views, are no array's")
    if dtype.itemsize == 0 or count * dtype.itemsize != view.nbytes:
        raise CorruptError("an array's bytes disagree with its shape and dtype")
    buffer = exporter(buffer)
    if dtype.kind == "U" and count and not _is_text(buffer, dtype):
        raise CorruptError("an array of text has code points that are none")
    flat = numpy.frombuffer(buffer, dtype=dtype)
    if order != "K":
        return flat.reshape(shape, order=order)
    axes: Any = args[4] if len(args) == 5 else None
    whole = type(axes) is tuple and all(type(axis) is int for axis in axes)
    if not whole or sorted(axes) != list(range(len(shape))):
        never("numpy._core.numeric._frombuffer", args)
    return flat.reshape(shape).transpose(axes)


def _is_derived(view: Any) -> bool:
    """Whether it shows an array that shows an array, and so on: each is freed by the one after it."""
    numpy = _numpy()
    for _ in range(10):
        owner = view.obj if isinstance(view, memoryview) else view
        if not isinstance(owner, numpy.ndarray):
            return False
        view = owner.base
    return True


def _scalar(*args: Any) -> Any:
    numpy = _numpy()
    if not 1 <= len(args) <= 2 or not isinstance(args[0], numpy.dtype):
        never("numpy._core.multiarray.scalar", args)
    dtype = args[0]
    if dtype.kind == "O":
        return args[1] if len(args) == 2 else None
    raw = args[1] if len(args) == 2 else b""
    if type(raw) is str:
        raw = raw.encode("latin-1")
    if dtype.hasobject or _is_string(dtype) or type(raw) is not bytes or len(raw) != dtype.itemsize:
        raise CorruptError("a scalar has the bytes of its dtype")
    if dtype.subdtype is not None or (dtype.kind == "U" and raw and not _is_text(raw, dtype)):
        raise CorruptError("no scalar has this dtype, or these characters")
    if len(raw) == 0:
        return numpy.zeros((), dtype)[()]
    return _function("numpy._core.multiarray", "scalar")(dtype, raw)


def _function(module: str, name: str) -> Any:
    try:
        return getattr(import_module(module), name)
    except ImportError:
        return getattr(import_module(module.replace("_core", "core")), name)


# ---- dtypes ----------------------------------------------------------------------------------


def _dtype(*args: Any) -> Any:
    """numpy.dtype(format, align, copy): always a copy, for BUILD would change everybody's."""
    numpy = _numpy()
    if not 1 <= len(args) <= 3:
        never("numpy.dtype", args)
    base = args[0].decode("ascii") if type(args[0]) is bytes else args[0]
    if type(base) is str:
        base = _format(base)
    elif base is not numpy.record and base is not numpy.void:
        never("numpy.dtype", args)
    return numpy.dtype(base, bool(args[1]) if len(args) > 1 else False, True)


@lru_cache(maxsize=1000)
def _format(text: str) -> str:
    """A dtype's format as numpy knows it now."""
    if _FORMAT.fullmatch(text) is None:
        raise CorruptError(f"{text:.50} is no dtype that a pickle names")
    bare = text.lstrip("|<>=")
    text = text.replace("a", "S", 1) if bare[:1] == "a" else text
    return "O" if bare in ("O4", "O8") else text


_NATIVE = "<" if sys.byteorder == "little" else ">"


def build_dtype(dtype: Any, state: Any) -> None:
    """The state that numpy itself gives to a dtype made by its public constructor from the same parts."""
    numpy = _numpy()
    if dtype.kind in "biufcO" and type(state) is tuple and _is_simple(state):
        return  # the dtype is that already
    if type(state) is not tuple or len(state) not in (8, 9) or state[0] not in (3, 4):
        raise CorruptError("a dtype's state is a tuple of eight or nine")
    _, order, subarray, names, fields, size, _, flags = state[:8]
    metadata = state[8] if len(state) == 9 else None
    order = order.decode("ascii") if type(order) is bytes else order
    if order not in ("<", ">", "|", "=") or type(size) is not int or type(flags) is not int:
        raise CorruptError("a dtype's byte order is one of four signs, its size a number")
    kind = dtype.kind
    if kind in "Mm":
        if type(metadata) is tuple and len(metadata) == 2 and metadata[0] == {} and size in (-1, 8):
            unit = metadata[1]
            if type(unit) is tuple and len(unit) == 4 and type(unit[0]) is bytes and type(unit[1]) is int:
                numpy.dtype.__setstate__(dtype, _time_state(order, kind, unit[0], unit[1]))
                return  # there is nothing of the user's in it
        target = numpy.dtype(f"{order.replace('|', '=')}{kind}8{_unit(metadata)}")
        extra = metadata[0] if type(metadata) is tuple and metadata else None
        metadata = extra if type(extra) is dict and extra else None
    elif subarray is not None:
        if type(subarray) is not tuple or len(subarray) != 2 or not isinstance(subarray[0], numpy.dtype) or names:
            raise CorruptError("a dtype's subarray is a dtype and a shape")
        shape = subarray[1] if type(subarray[1]) is tuple else (subarray[1],)
        if len(shape) > DIMENSIONS or not all(type(axis) is int and 0 <= axis < 1 << 31 for axis in shape):
            raise CorruptError("a dtype's shape is a tuple of sizes")
        target = numpy.dtype((subarray[0], shape))
    elif names is not None or fields is not None:
        target = _structured(names, fields, size, bool(flags & 0x80))
    elif kind in "SUV":
        width = 4 if kind == "U" else 1
        if not 0 <= size < 1 << 31 or size % width:
            raise CorruptError("a dtype's size is out of bounds")
        target = numpy.dtype(f"{order.replace('|', '=')}{kind}{size // width}")
    else:
        target = numpy.dtype(dtype, copy=True)
        if order in "<>":
            target = target.newbyteorder(order)
    if size not in (-1, target.itemsize):
        raise CorruptError("a dtype's size is not that of its parts")
    if dtype.type is numpy.record:
        target = numpy.dtype((numpy.record, target))
    if type(metadata) is dict and metadata:
        target = numpy.dtype(target, metadata=metadata)
    elif metadata is not None and type(metadata) is not dict:
        raise CorruptError("a dtype's metadata is a dict")
    _, arguments, sound = target.__reduce__()
    if kind in "V" and target.subdtype is None and target.kind != "V":
        raise CorruptError("a dtype's state is of another kind")
    if target.kind != kind:
        raise CorruptError("a dtype's state is of another kind")
    numpy.dtype.__setstate__(dtype, sound)
    if dtype != target:
        raise CorruptError("a dtype's state disagrees with its format")


@lru_cache(maxsize=1000)
def _time_state(order: str, kind: str, unit: bytes, number: int) -> Any:
    """The state that numpy gives to a datetime64 or a timedelta64."""
    text = _unit(({}, (unit, number, 1, 1)))
    return _numpy().dtype(f"{order.replace('|', '=')}{kind}8{text}").__reduce__()[2]


def _is_simple(state: tuple[Any, ...]) -> bool:
    """Whether it is the state of a number or an object in this machine's byte order."""
    return (
        len(state) == 8 and state[0] == 3 and type(state[1]) is str and state[1] in (_NATIVE, "|", "=")
        and state[2] is None and state[3] is None and state[4] is None and state[5] == -1
    )  # fmt: skip


def _unit(metadata: Any) -> str:
    """ "[25us]", of the (metadata, (unit, number, ...)) of a datetime64."""
    numbers = metadata[1] if type(metadata) is tuple and len(metadata) == 2 else metadata
    if type(numbers) is not tuple or len(numbers) not in (3, 4):
        raise CorruptError("a datetime64's state has its unit")
    unit = numbers[0].decode("ascii") if type(numbers[0]) is bytes else numbers[0]
    if type(unit) is not str or type(numbers[1]) is not int or not 0 < numbers[1] < 1 << 31:
        raise CorruptError("a datetime64's state has its unit")
    if unit not in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic"):
        raise CorruptError("a datetime64's state has its unit")
    return "" if unit == "generic" else f"[{numbers[1]}{unit}]"


def _fields_within(dtype: Any, levels: int, count: int) -> int:
    """``count`` and the fields of a dtype at all levels, few of both: numpy compares and hashes them by recursion."""
    if dtype.subdtype is not None:
        dtype = dtype.subdtype[0]
    for field in () if dtype.fields is None else dtype.fields.values():
        count += 1
        if levels == 0 or count > MANY_FIELDS:
            raise CorruptError("a dtype of too many dtypes, or of dtypes of dtypes, and so on")
        count = _fields_within(field[0], levels - 1, count)
    return count


def _structured(names: Any, fields: Any, size: int, aligned: bool) -> Any:
    numpy = _numpy()
    if type(names) is not tuple or type(fields) is not dict or not all(type(name) in (str, bytes) for name in names):
        raise CorruptError("a structured dtype has names and fields")
    formats, offsets, titles, count = [], [], [], 0
    for name in names:
        field = fields.get(name)
        if (
            type(field) is not tuple or len(field) not in (2, 3) or not isinstance(field[0], numpy.dtype)
            or type(field[1]) is not int or field[1] < 0
        ):  # fmt: skip
            raise CorruptError("a field of a dtype is a dtype and an offset")
        count = _fields_within(field[0], NESTED, count + 1)
        formats.append(field[0])
        offsets.append(field[1])
        titles.append(field[2] if len(field) == 3 else None)
    charge_copy(1024 * count)
    spec = {"names": [name if type(name) is str else name.decode("ascii") for name in names], "formats": formats,
            "offsets": offsets, "itemsize": size}  # fmt: skip
    if any(title is not None for title in titles):
        if not all(title is None or type(title) is str for title in titles):
            raise CorruptError("the titles of a dtype's fields are str")
        spec["titles"] = titles
    return numpy.dtype(spec, align=aligned)


def _string_dtype(*args: Any) -> Any:
    numpy = _numpy()
    if len(args) not in (1, 2) or type(args[0]) not in (bool, int) or args[0] not in (0, 1):
        never("numpy.dtypes.StringDType", args)
    if len(args) == 1:
        return numpy.dtypes.StringDType(coerce=bool(args[0]))
    missing = args[1]
    if not (missing is None or type(missing) in (str, float) or type(missing).__name__ == "NAType"):
        never("numpy.dtypes.StringDType", args)
    return numpy.dtypes.StringDType(coerce=bool(args[0]), na_object=missing)


# ---- masked arrays ---------------------------------------------------------------------------


def _mareconstruct(*args: Any) -> Any:
    numpy = _numpy()
    if (
        len(args) != 4 or not isinstance(args[0], type) or args[0] not in (numpy.ma.MaskedArray, numpy.ma.core.mvoid)
        or not isinstance(args[1], type) or args[1] not in _array_classes() or not _is_nothing(*args[2:])
    ):  # fmt: skip
        never("numpy.ma.core._mareconstruct", args)
    return numpy.ma.core._mareconstruct(args[0], args[1], args[2], "b")


def build_masked(array: Any, state: Any) -> None:
    numpy = _numpy()
    if type(state) is not tuple or len(state) != 7:
        raise CorruptError("a masked array's state is a tuple of seven")
    _, shape, dtype, order, raw, mask, fill = state
    shape, dtype, raw = array_parts(shape, dtype, raw)
    mask_dtype = numpy.ma.make_mask_descr(dtype)
    array_parts(shape, mask_dtype, mask)
    if array.shape != (0,):
        raise CorruptError("BUILD on an array that has contents already")
    if type(fill) not in (int, float, complex, str, bytes, bool, type(None)) and not (
        isinstance(fill, (numpy.generic, numpy.ndarray)) and not fill.dtype.hasobject and fill.size == 1
    ):
        raise CorruptError("a masked array's fill value is a value")
    numpy.ma.MaskedArray.__setstate__(array, (1, shape, dtype, bool(order), raw, mask, fill))


def _masked(*args: Any) -> Any:
    return _numpy().ma.masked if not args else never("numpy.ma.core.MaskedConstant", args)


# ---- generators ------------------------------------------------------------------------------

SEEDING = 32768  # what seeding a generator counts for, in bytes that are copied
_GENERATORS = {"MT19937": 0, "PCG64": 0, "PCG64DXSM": 0, "Philox": 0, "SFC64": 0}


def _bit_generator(*args: Any) -> Any:
    numpy = _numpy()
    named = args[0] if args else "MT19937"
    name = named if type(named) is str else named.__name__ if isinstance(named, type) else ""
    if (
        len(args) > 1
        or name not in _GENERATORS
        or (type(named) is not str and named is not getattr(numpy.random, name))
    ):
        never("numpy.random._pickle.__bit_generator_ctor", args)
    charge_copy(SEEDING)
    return getattr(numpy.random, name)(0)


def _generator(*args: Any) -> Any:
    return _numpy().random.Generator(_source("__generator_ctor", args))


def _random_state(*args: Any) -> Any:
    return _numpy().random.RandomState(_source("__randomstate_ctor", args))


def _source(what: str, args: tuple[Any, ...]) -> Any:
    """A bit generator, made already or named; (source, how to make it) as numpy 1 wrote it."""
    numpy = _numpy()
    if not 0 <= len(args) <= 2:
        never(f"numpy.random._pickle.{what}", args)
    if args and isinstance(args[0], numpy.random.BitGenerator):
        return args[0]
    return _bit_generator(*args[:1])


def _words(value: Any, count: int, limit: int) -> bool:
    numpy = _numpy()
    if isinstance(value, numpy.ndarray):
        return (
            value.shape == (count,) and value.dtype.kind in "ui" and value.dtype.itemsize * 8 >= limit.bit_length() - 1
        )
    return (
        type(value) in (list, tuple) and len(value) == count and all(type(v) is int and 0 <= v < limit for v in value)
    )


def _is_int(value: Any, limit: int) -> bool:
    return (type(value) is int or isinstance(value, _numpy().integer)) and 0 <= int(value) < limit


def check_bits(name: str, state: Any) -> None:
    """The dict of a bit generator's ``state``."""
    if type(state) is not dict or state.get("bit_generator") != name or type(state.get("state")) is not dict:
        raise CorruptError(f"the state of a {name} is a dict that says so")
    inner = state["state"]
    sound = _is_int(state.get("has_uint32", 0), 2) and _is_int(state.get("uinteger", 0), 1 << 32)
    if name == "MT19937":
        sound = _words(inner.get("key"), 624, 1 << 32) and _is_int(inner.get("pos"), 625)
    elif name in ("PCG64", "PCG64DXSM"):
        sound = (
            sound
            and _is_int(inner.get("state"), 1 << 128)
            and _is_int(inner.get("inc"), 1 << 128)
            and inner["inc"] % 2 == 1
        )
    elif name == "Philox":
        sound = (
            sound and _words(inner.get("counter"), 4, 1 << 64) and _words(inner.get("key"), 2, 1 << 64)
            and _words(state.get("buffer"), 4, 1 << 64) and _is_int(state.get("buffer_pos"), 5)
        )  # fmt: skip
    else:
        sound = sound and _words(inner.get("state"), 4, 1 << 64)
    if "gauss" in state:
        sound = sound and _is_int(state.get("has_gauss", 0), 2) and isinstance(state["gauss"], (int, float))
    if not sound:
        raise CorruptError(f"the state of a {name} is out of bounds")


def _kind_of_bits(generator: Any) -> str:
    """Which of numpy's bit generators it is, or inherits from."""
    return next((cls.__name__ for cls in type(generator).__mro__ if cls.__name__ in _GENERATORS), "")


def build_bits(generator: Any, state: Any) -> None:
    numpy = _numpy()
    seeds = None
    if type(state) is tuple and len(state) == 2:
        state, seeds = state
    check_bits(_kind_of_bits(generator), state)
    if seeds is not None and type(seeds) is not numpy.random.SeedSequence:
        raise CorruptError("a generator's seed sequence is none")
    if seeds is None:
        generator.state = state
    else:
        type(generator).__setstate__(generator, (state, seeds))


def build_generator(generator: Any, state: Any) -> None:
    """As numpy 1 wrote it: the state of the bit generator within."""
    if state is None:
        return
    bits = generator.bit_generator
    check_bits(_kind_of_bits(bits), state)
    bits.state = state


def build_random_state(generator: Any, state: Any) -> None:
    bits = generator._bit_generator
    if type(state) is not dict:
        raise CorruptError("the state of a RandomState is a dict")
    check_bits(_kind_of_bits(bits), state)
    type(generator).set_state(generator, state)


def _seed_sequence(*args: Any) -> Any:
    """Cython's own: (class, checksum, state or None)."""
    numpy = _numpy()
    if len(args) != 3 or args[0] is not numpy.random.SeedSequence or type(args[1]) is not int:
        never("numpy.random.bit_generator.__pyx_unpickle_SeedSequence", args)
    charge_copy(SEEDING)
    made = numpy.random.SeedSequence(0)
    if args[2] is not None:
        build_seeds(made, args[2])
    return made


def build_seeds(seeds: Any, state: Any) -> None:
    numpy = _numpy()
    if type(state) is not tuple or len(state) not in (5, 6):
        raise CorruptError("the state of a SeedSequence is a tuple of five")
    entropy, children, pool, size, key = state[:5]
    if (
        not _is_entropy(entropy) or not _is_int(children, 1 << 32) or not isinstance(pool, numpy.ndarray)
        or pool.dtype != numpy.uint32 or not _is_int(size, 1025) or pool.shape != (size,) or size < 4
        or type(key) is not tuple or len(key) > 1000 or not all(_is_int(part, 1 << 64) for part in key)
    ):  # fmt: skip
        raise CorruptError("the state of a SeedSequence is out of bounds")
    # Each word of the entropy, and of the pool, is mixed with all of the pool.
    charge_copy(SEEDING + 8 * int(size) * (int(size) + 2 * len(key) + _words_of(entropy)))
    made = numpy.random.SeedSequence(entropy, spawn_key=key, pool_size=int(size), n_children_spawned=int(children))
    numpy.random.SeedSequence.__setstate__(
        seeds, (made.entropy, made.n_children_spawned, made.pool, made.pool_size, made.spawn_key)
    )


def _words_of(entropy: Any) -> int:
    """How many words of 32 bits numpy makes of it, at most."""
    parts = entropy if type(entropy) in (list, tuple) or getattr(entropy, "ndim", None) else [entropy]
    return sum(part.bit_length() // 32 + 2 if type(part) is int else 4 for part in parts)


def _is_entropy(value: Any) -> bool:
    if value is None or (type(value) is int and 0 <= value < 1 << 4096):
        return True
    if type(value) in (list, tuple):
        return len(value) <= 1000 and all(type(part) is int and 0 <= part < 1 << 4096 for part in value)
    numpy = _numpy()
    return isinstance(value, numpy.unsignedinteger) or (
        isinstance(value, numpy.ndarray) and value.dtype.kind == "u" and value.size <= 1000
    )


# ---- polynomials -----------------------------------------------------------------------------


def build_polynomial(instance: Any, state: Any) -> None:
    numpy = _numpy()
    names = {"coef": 1, "domain": 1, "window": 1, "_symbol": 0, "symbol": 0, "_coeffs": 1, "coeffs": 1, "_variable": 0,
             "variable": 0, "order": 0}  # fmt: skip
    if type(state) is not dict or not set(state) <= set(names):
        raise CorruptError("the state of a polynomial is a dict of its coefficients")
    for key, value in state.items():
        if names[key] and not (isinstance(value, numpy.ndarray) and value.ndim == 1 and not value.dtype.fields):
            raise CorruptError("the coefficients of a polynomial are an array of one dimension")
        if not names[key] and type(value) not in (str, int):
            raise CorruptError("the symbol of a polynomial is a str")
    instance.__dict__.update(state)


# ---- the table -------------------------------------------------------------------------------

_HELPERS: dict[str, Any] = {
    "multiarray.scalar": _scalar,
    "numeric._frombuffer": _frombuffer,
    "_internal._convert_to_stringdtype_kwargs": _string_dtype,
}
_RANDOM: dict[str, Any] = {
    "_pickle.__generator_ctor": _generator,
    "_pickle.__randomstate_ctor": _random_state,
    "bit_generator.__pyx_unpickle_SeedSequence": _seed_sequence,
    "_bit_generator.__pyx_unpickle_SeedSequence": _seed_sequence,
}
_POLYNOMIALS = {
    "polynomial.Polynomial", "chebyshev.Chebyshev", "legendre.Legendre", "hermite.Hermite", "hermite_e.HermiteE",
    "laguerre.Laguerre",
}  # fmt: skip
# Classes by all the names that they had, and by the one under which they are found.
_CLASSES = {
    "record": ("record", "rec.record", "core.records.record", "_core.records.record"),
    "recarray": ("recarray", "rec.recarray", "core.records.recarray", "_core.records.recarray"),
    "matrix": ("matrix", "matrixlib.defmatrix.matrix"),
    "memmap": ("memmap", "core.memmap.memmap", "_core.memmap.memmap"),
    "char.chararray": ("chararray", "char.chararray", "core.defchararray.chararray", "_core.defchararray.chararray"),
    "ma.MaskedArray": ("ma.MaskedArray", "ma.core.MaskedArray"),
    "ma.core.mvoid": ("ma.core.mvoid", "ma.mvoid"),
}
_CLASS_OF = {alias: home for home, aliases in _CLASSES.items() for alias in aliases}


def row(module: str, name: str) -> Answer | None:
    if module != "numpy" and not module.startswith("numpy."):
        return None
    path = f"{module}.{name}"[len("numpy.") :]
    short = path.removeprefix("_core.").removeprefix("core.")
    if short == "_ufunc_reconstruct":
        return Callee("numpy._core._ufunc_reconstruct", _ufunc_reconstruct)
    if short in _HELPERS and short != path:
        if short == "numeric._frombuffer":
            function = _function("numpy._core.numeric", "_frombuffer")
            return Callee(f"numpy.{path}", _frombuffer, direct=function, arrays=True)
        if short == "multiarray.scalar":
            return Callee(f"numpy.{path}", _scalar, direct=_function("numpy._core.multiarray", "scalar"), arrays=True)
        return Callee(f"numpy.{path}", _HELPERS[short])
    if path.startswith("random."):
        return _random_row(path[len("random.") :])
    if path in ("ma.core._mareconstruct", "ma._mareconstruct"):
        return Callee("numpy.ma.core._mareconstruct", _mareconstruct)
    if path in ("ma.core.MaskedConstant", "ma.MaskedConstant"):
        return class_row(_numpy().ma.core.MaskedConstant, _masked)
    if path == "dtype":
        return Callee("numpy.dtype", _dtype, value=_numpy().dtype)
    if path == "poly1d" or path == "lib.polynomial.poly1d" or path == "lib._polynomial_impl.poly1d":
        return bare(_numpy().poly1d)
    if path.startswith("polynomial.") and path[len("polynomial.") :] in _POLYNOMIALS:
        home, _, name = path.rpartition(".")
        return bare(getattr(import_module(f"numpy.{home}"), name))
    if path in _CLASS_OF:
        found = _numpy()
        for part in _CLASS_OF[path].split("."):
            found = getattr(found, part)
        return Constant(found)
    if path.startswith("dtypes."):
        return None
    return _value_row(path, short)


def _random_row(path: str) -> Answer | None:
    numpy = _numpy()
    if path == "_pickle.__bit_generator_ctor":
        # numpy 1 wrote it among the arguments of the other two, which make of it what they like: nothing.
        return Callee(f"numpy.random.{path}", _bit_generator, value=None)
    if path in _RANDOM:
        return Callee(f"numpy.random.{path}", _RANDOM[path])
    module, _, name = path.rpartition(".")
    if name in _GENERATORS and module.lstrip("_") == name.lower().removesuffix("dxsm"):
        return Constant(getattr(numpy.random, name))
    if path in ("bit_generator.SeedSequence", "_bit_generator.SeedSequence"):
        return Constant(numpy.random.SeedSequence)
    return None


def _value_row(path: str, short: str) -> Answer | None:
    """Scalar types, ndarray, and the universal functions: values, never called."""
    numpy = _numpy()
    name = (
        short.removeprefix("_multiarray_umath.")
        .removeprefix("multiarray.")
        .removeprefix("umath.")
        .removeprefix("numerictypes.")
    )
    if "." in name or (name != path and short == path):
        return None
    found = vars(numpy).get(name)
    if found is None and name in ("bool_", "bool", "str_", "bytes_", "void", "object_"):
        found = vars(numpy).get(name.rstrip("_"))
    if found is numpy.ndarray or isinstance(found, numpy.ufunc):
        return Constant(found)
    if isinstance(found, type) and issubclass(found, numpy.generic):
        return Constant(found)
    return None


def _ufunc_reconstruct(*args: Any) -> Any:
    numpy = _numpy()
    if len(args) == 2 and type(args[1]) is str:
        found = vars(numpy).get(args[1])
        if isinstance(found, numpy.ufunc):
            return found
    return never("numpy.core._ufunc_reconstruct", args)


_array_kind = Kind(build_array, unseen=True)
KINDS: Kinds = {
    ("numpy", "ndarray"): _array_kind,
    **{("numpy", name): _array_kind for name in ("matrix", "memmap", "recarray", "chararray")},
    **{("numpy.rec", name): _array_kind for name in ("recarray",)},
    **{("numpy.char", name): _array_kind for name in ("chararray",)},
    **{(f"numpy{part}", "MaskedArray"): Kind(build_masked, unseen=True) for part in (".ma", ".ma.core")},
    **{(f"numpy{part}", "mvoid"): Kind(build_masked, unseen=True) for part in (".ma", ".ma.core")},
    ("numpy.random._generator", "Generator"): Kind(build_generator, unseen=True),
    ("numpy.random.mtrand", "RandomState"): Kind(build_random_state, unseen=True),
    **{(f"numpy.random._{name.lower().removesuffix('dxsm')}", name): Kind(build_bits, unseen=True)
       for name in _GENERATORS},
    ("numpy.random.bit_generator", "SeedSequence"): Kind(build_seeds, unseen=True),
    ("numpy.random.bit_generator", "BitGenerator"): Kind(build_bits, unseen=True),  # which their subclasses inherit
    ("numpy", "poly1d"): Kind(build_polynomial, unseen=True),
    **{(f"numpy.polynomial.{path.rpartition('.')[0]}", path.rpartition(".")[2]): Kind(build_polynomial, unseen=True)
       for path in _POLYNOMIALS},
}  # fmt: skip
_dtype_kind = Kind(build_dtype, unseen=True)


def kind(cls: type) -> Kind | None:
    """A dtype is of a class of its format."""
    return _dtype_kind if issubclass(cls, _numpy().dtype) else kind_in(KINDS, cls)
