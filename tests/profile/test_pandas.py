"""pandas under the built-in profile: what it writes, and what old releases of it wrote, loads; what would make its
code in C read or write where it may not is refused."""

import datetime
import pickle
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import perdure

pd = pytest.importorskip("pandas", reason="pandas is not installed: make .venv/.group-tables")
np = pytest.importorskip("numpy")

import pandas.testing as tm
from pandas._libs import interval, sparse
from pandas._libs.arrays import __pyx_unpickle_NDArrayBacked as unpickle_backed
from pandas._libs.internals import _unpickle_block
from pandas._libs.tslibs.period import __pyx_unpickle_PeriodMixin as unpickle_periods
from pandas._libs.tslibs.timestamps import _unpickle_timestamp
from pandas.core.indexes.base import _new_Index
from pandas.core.indexes.datetimes import _new_DatetimeIndex
from pandas.core.indexes.interval import _new_IntervalIndex
from pandas.core.internals.managers import BlockManager, SingleBlockManager

from tests.profile.files import write
from tests.profile.forge import Call, New
from tests.profile.pandas_cases import ARRAYS, FRAMES, INDEXES, OBJECTS, OFFSETS, PANDAS, NumpyExtensionArray

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
FILES = sorted((Path(__file__).parent / "files").glob("*.pkl"))
NAN = float("nan")


# ---- what loads ------------------------------------------------------------------------------


def assert_same(found, expected):
    """Equal, in type too; of two indexes their frequencies as well, of two frames their attrs and flags."""
    if isinstance(expected, (list, tuple)):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
        return
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        assert_same(list(found.values()), list(expected.values()))
        return
    assert type(found) is type(expected)
    if isinstance(expected, pd.DataFrame):
        tm.assert_frame_equal(found, expected)
        assert (found.attrs, found.flags) == (expected.attrs, expected.flags)
    elif isinstance(expected, pd.Series):
        tm.assert_series_equal(found, expected)
        assert (found.attrs, found.flags) == (expected.attrs, expected.flags)
    elif isinstance(expected, pd.Index):
        assert getattr(found, "freq", None) == getattr(expected, "freq", None)
        tm.assert_index_equal(found, expected, exact=True)
    elif isinstance(expected, pd.api.extensions.ExtensionArray):
        tm.assert_extension_array_equal(found, expected)
    elif expected is pd.NaT or expected is pd.NA:
        assert found is expected
    else:
        assert found == expected
        if isinstance(expected, pd.Timestamp):
            assert found.tz == expected.tz
            assert getattr(found, "unit", None) == getattr(expected, "unit", None)


@pytest.mark.parametrize("dumps", [pickle.dumps, perdure.dumps], ids=["pickle", "perdure"])
@pytest.mark.parametrize("name", OBJECTS)
def test_what_pandas_writes(name, dumps):
    for protocol in PROTOCOLS:
        if protocol < 2 and type(OBJECTS[name]) is pd.DateOffset and PANDAS < (3, 0):
            continue  # which pandas itself can't pickle
        stream = dumps(OBJECTS[name], protocol)
        assert_same(perdure.loads(stream), pickle.loads(stream))


@pytest.mark.parametrize("name", ["frame: mixed", "frame: arrays", "index: pairs", "array: categorical"])
def test_buffers_out_of_band(name):
    buffers = []
    stream = pickle.dumps(OBJECTS[name], 5, buffer_callback=buffers.append)
    assert_same(perdure.loads(stream, buffers=buffers), OBJECTS[name])


def test_every_offset_of_pandas_is_tried():
    abstract = {"BaseOffset", "Tick"}
    assert set(pd.offsets.__all__) - abstract <= set(OFFSETS)


def test_a_file_of_to_pickle(tmp_path):
    FRAMES["mixed"].to_pickle(tmp_path / "frame.pkl")
    assert_same(perdure.load(tmp_path / "frame.pkl"), FRAMES["mixed"])


def test_what_is_shared_stays_shared():
    frame, index = FRAMES["mixed"], INDEXES["pairs"]
    first, second, one, other = perdure.loads(pickle.dumps([frame, frame, index, index.rename(["u", "v"])]))
    assert first is second
    assert_same([one, other], [index, index.rename(["u", "v"])])
    holder = pd.DataFrame({"a": [1]})
    holder.attrs["self"] = holder
    found = perdure.loads(pickle.dumps(holder))
    assert found.attrs["self"] is found


def test_a_categorical_stays_writeable():
    for protocol in PROTOCOLS:
        found = perdure.loads(pickle.dumps(pd.Categorical(["x", "y"] * 1000), protocol))
        found[0] = "y"
        assert found[0] == "y"


class Measured(pd.DataFrame):
    _metadata = ["unit"]


def test_a_class_derived_from_a_frame():
    frame = Measured({"a": [1, 2]})
    frame.unit = "m"
    with pytest.raises(perdure.UntrustedError):
        perdure.loads(pickle.dumps(frame))
    found = perdure.loads(pickle.dumps(frame), trusted=[Measured])
    assert (type(found), found.unit) == (Measured, "m")
    tm.assert_frame_equal(found, frame)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_files_of_old_releases(path):
    with pd.option_context("mode.string_storage", "python"):  # as they had it, without pyarrow
        expected = dict(write.objects())[path.stem.partition("-")[0]]
    assert_same(perdure.loads(path.read_bytes()), expected)


# ---- what is refused -------------------------------------------------------------------------


def codes(*values, dtype="i1"):
    return np.array(values, dtype)


def backed(cls, dtype, data, *more):
    return Call(unpickle_backed, cls, 0, None, state=(dtype, data, *more))


PARIS = ZoneInfo("Europe/Paris")


def times(dtype, *values, freq=None, zone=None):
    data = np.array(values, "i8").view(dtype)
    cls = pd.arrays.DatetimeArray if data.dtype.kind == "M" else pd.arrays.TimedeltaArray
    zoned = data.dtype if zone is None else pd.DatetimeTZDtype(np.datetime_data(data.dtype)[0], zone)
    return backed(cls, zoned, data, {"_freq": freq})


LEVEL, OTHER = pd.Index([1, 2]), pd.Index([3, 4])


def pairs(**changes):
    parts = {"levels": [LEVEL, OTHER], "codes": [codes(0, 1), codes(1, 0)], "sortorder": None, "names": [None, None]}
    return Call(_new_Index, pd.MultiIndex, parts | changes)


def frame(*blocks, columns=2, rows=3, axes=None):
    axes = [pd.RangeIndex(columns), pd.RangeIndex(rows)] if axes is None else axes
    state = {"_mgr": Call(BlockManager, blocks, axes), "_typ": "dataframe", "_metadata": [], "attrs": {},
             "_flags": {"allows_duplicate_labels": True}}  # fmt: skip
    return New(pd.DataFrame, state)


def block(values, places=slice(0, 2, 1), dimensions=2):
    return Call(_unpickle_block, values, places, dimensions)


def series(values, index=None, **changes):
    index = pd.RangeIndex(3) if index is None else index
    inner = {"axes": [index], "blocks": [{"values": values, "mgr_locs": slice(0, 3, 1)}]}
    state = {"_mgr": New(SingleBlockManager, ([], [], [], {"0.14.1": inner})), "_typ": "series", "_metadata": ["_name"],
             "attrs": {}, "_flags": {"allows_duplicate_labels": True}, "_name": None}  # fmt: skip
    return New(pd.Series, state | changes)


def nested(depth):
    value = ()
    for _ in range(depth):
        value = (value, value)
    return value


def zeros(*shape, dtype="f8"):
    return np.zeros(shape, dtype)


ABC = pd.CategoricalDtype(["a", "b", "c"])
MANY = 1 << 21
HOSTILE = {
    # codes
    "a code beyond the level": lambda: pairs(codes=[codes(0, 2), codes(1, 0)]),
    "a code far beyond": lambda: pairs(codes=[codes(0, 1 << 40, dtype="i8"), codes(1, 0)]),
    "a code below -1": lambda: pairs(codes=[codes(0, -2), codes(1, 0)]),
    "codes without a sign": lambda: pairs(codes=[codes(0, 255, dtype="u1"), codes(1, 0)]),
    "codes in two dimensions": lambda: pairs(codes=[zeros(1, 2, dtype="i1"), codes(1, 0)]),
    "codes of two lengths": lambda: pairs(codes=[codes(0, 1, 1), codes(1, 0)]),
    "codes of objects": lambda: pairs(codes=[np.array([0, "x"], object), codes(1, 0)]),
    "codes in a list": lambda: pairs(codes=[[0, 1], [1, 0]]),
    "codes for an empty level": lambda: pairs(levels=[pd.Index([], dtype="i8"), pd.Index([3, 4])]),
    "more levels than codes": lambda: pairs(levels=[pd.Index([1, 2])] * 3),
    "no levels": lambda: pairs(levels=[], codes=[], names=[]),
    "levels that are lists": lambda: pairs(levels=[[1, 2], [3, 4]]),
    "fewer names than levels": lambda: pairs(names=[None]),
    "names that can't be hashed": lambda: pairs(names=[None, []]),
    "an order that is none": lambda: pairs(sortorder=2, codes=[codes(1, 0), codes(0, 1)]),
    "categories' codes beyond them": lambda: backed(pd.Categorical, ABC, codes(0, 3)),
    "categories' codes below -1": lambda: backed(pd.Categorical, ABC, codes(0, -2)),
    "codes without categories": lambda: backed(pd.Categorical, pd.CategoricalDtype(), codes(0)),
    "codes that are floats": lambda: backed(pd.Categorical, ABC, zeros(2)),
    "categories that are a list": lambda: New(pd.CategoricalDtype, {"categories": ["a"], "ordered": False}),
    "1.1's codes beyond the categories": lambda: New(pd.Categorical, {"_dtype": ABC, "_codes": codes(0, 3)}),
    # arrays that are a struct in C
    "times that are numbers": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[ns]"), codes(1, 2, dtype="i8")),
    "times of another unit": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[ns]"), zeros(2, dtype="M8[s]")),
    "times of days": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[D]"), zeros(2, dtype="M8[D]")),
    "zoned times of another unit": lambda: backed(pd.arrays.DatetimeArray, pd.DatetimeTZDtype("s", "UTC"),
                                                  zeros(2, dtype="M8[ns]")),
    "times without an array": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[ns]"), [1, 2]),
    "times in no dimension": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[ns]"), zeros(dtype="M8[ns]")),
    "times with an attribute": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[ns]"), zeros(2, dtype="M8[ns]"),
                                              {"__len__": len}),
    "times with a frequency of text": lambda: backed(pd.arrays.DatetimeArray, np.dtype("M8[ns]"),
                                                     zeros(2, dtype="M8[ns]"), {"_freq": "D"}),
    "durations that are times": lambda: backed(pd.arrays.TimedeltaArray, np.dtype("M8[ns]"), zeros(2, dtype="M8[ns]")),
    "periods of floats": lambda: backed(pd.arrays.PeriodArray, pd.PeriodDtype("D"), zeros(2)),
    "periods of 32 bits": lambda: backed(pd.arrays.PeriodArray, pd.PeriodDtype("D"), codes(1, dtype="i4")),
    "periods without a frequency": lambda: backed(pd.arrays.PeriodArray, np.dtype("i8"), codes(1, dtype="i8")),
    "strings that are numbers": lambda: backed(pd.arrays.StringArray, pd.StringDtype("python"),
                                               np.array(["a", 1], object)),
    "strings that are no objects": lambda: backed(pd.arrays.StringArray, pd.StringDtype("python"), np.array(["a"])),
    "numpy's array of another dtype": lambda: backed(NumpyExtensionArray, ARRAYS["numpy"].dtype, zeros(2)),
    "an array of a class that is none": lambda: Call(unpickle_backed, dict, 0, None),
    "a state to begin with": lambda: Call(unpickle_backed, pd.arrays.DatetimeArray, 0, (np.dtype("M8[ns]"), zeros(1))),
    "periods' helper with another class": lambda: Call(unpickle_periods, pd.DataFrame, 0, None),
    # arrays with several
    "a mask that is shorter": lambda: New(pd.arrays.IntegerArray, {"_data": codes(1, 2, dtype="i8"),
                                                                   "_mask": zeros(1, dtype="?")}),
    "a mask of numbers": lambda: New(pd.arrays.IntegerArray, {"_data": codes(1), "_mask": codes(0)}),
    "integers that are floats": lambda: New(pd.arrays.IntegerArray, {"_data": zeros(1), "_mask": zeros(1, dtype="?")}),
    "floats of 16 bits": lambda: New(pd.arrays.FloatingArray, {"_data": zeros(1, dtype="f2"),
                                                               "_mask": zeros(1, dtype="?")}),
    "masked values in two dimensions": lambda: New(pd.arrays.BooleanArray, {"_data": zeros(1, 1, dtype="?"),
                                                                            "_mask": zeros(1, 1, dtype="?")}),
    "a masked array with a method": lambda: New(pd.arrays.BooleanArray, {"_data": zeros(1, dtype="?"), "copy": 1,
                                                                         "_mask": zeros(1, dtype="?")}),
    "sparse positions beyond the end": lambda: Call(sparse.IntIndex, 3, codes(1, 3, dtype="i4")),
    "sparse positions before the start": lambda: Call(sparse.IntIndex, 3, codes(-1, 1, dtype="i4")),
    "sparse positions out of order": lambda: Call(sparse.IntIndex, 3, codes(2, 1, dtype="i4")),
    "sparse positions of 64 bits": lambda: Call(sparse.IntIndex, 3, codes(1, dtype="i8")),
    "sparse positions among too many": lambda: Call(sparse.IntIndex, 1 << 40, codes(1, dtype="i4")),
    "sparse positions among many": lambda: Call(sparse.IntIndex, 1 << 30, codes(1, dtype="i4")),
    "sparse blocks among many": lambda: Call(sparse.BlockIndex, 1 << 30, codes(1, dtype="i4"), codes(1, dtype="i4")),
    "sparse blocks that overlap": lambda: Call(sparse.BlockIndex, 9, codes(0, 2, dtype="i4"), codes(3, 1, dtype="i4")),
    "sparse blocks beyond the end": lambda: Call(sparse.BlockIndex, 3, codes(2, dtype="i4"), codes(5, dtype="i4")),
    "sparse blocks of 32 bits' ends": lambda: Call(sparse.BlockIndex, 9, codes(1, dtype="i4"),
                                                   codes((1 << 31) - 1, dtype="i4")),
    "sparse blocks before the start": lambda: Call(sparse.BlockIndex, 9, codes(-5, dtype="i4"), codes(2, dtype="i4")),
    "sparse blocks of less than nothing": lambda: Call(sparse.BlockIndex, 9, codes(5, 6, dtype="i4"),
                                                       codes(-5, 1, dtype="i4")),
    "sparse blocks of two lengths": lambda: Call(sparse.BlockIndex, 9, codes(1, 3, dtype="i4"), codes(1, dtype="i4")),
    **({"what fills a sparse array of another type": lambda: New(pd.SparseDtype, {"_dtype": np.dtype("i8"),
                                                                                  "_fill_value": 1 << 70})}
       if PANDAS >= (2, 1) else {}),  # before it, SparseDtype itself took it
    "categories of a range without end": lambda: backed(
        pd.Categorical, pd.CategoricalDtype(pd.RangeIndex(1 << 60)), codes(0)
    ),
    "levels of a range without end": lambda: pairs(levels=[pd.RangeIndex(1 << 28), OTHER]),
    "fewer sparse values than positions": lambda: New(pd.arrays.SparseArray, {
        "_sparse_index": sparse.IntIndex(3, codes(0, 1, dtype="i4")), "_sparse_values": zeros(1),
        "_dtype": pd.SparseDtype("f8")}),
    "sparse values of another dtype": lambda: New(pd.arrays.SparseArray, {
        "_sparse_index": sparse.IntIndex(3, codes(0, dtype="i4")), "_sparse_values": codes(1, dtype="i8"),
        "_dtype": pd.SparseDtype("f8")}),
    "an interval that ends before it starts": lambda: Call(
        _new_IntervalIndex, pd.IntervalIndex,
        {"left": pd.Index([1, 5]), "right": pd.Index([2, 4]), "closed": "left", "name": None}),
    "an interval with one end": lambda: Call(
        _new_IntervalIndex, pd.IntervalIndex,
        {"left": pd.Index([0.0, NAN]), "right": pd.Index([1.0, 2.0]), "closed": "left", "name": None}),
    "intervals of a long range": lambda: Call(
        _new_IntervalIndex, pd.IntervalIndex,
        {"left": pd.RangeIndex(1 << 40), "right": pd.RangeIndex(1 << 40), "closed": "left", "name": None}),
    "an interval array with ends of two lengths": lambda: Call(
        interval.__pyx_unpickle_IntervalMixin, pd.arrays.IntervalArray, 0, None,
        state=({"_left": zeros(1), "_right": zeros(2), "_dtype": pd.IntervalDtype("f8", "left")},)),
    "an interval array of objects": lambda: Call(
        interval.__pyx_unpickle_IntervalMixin, pd.arrays.IntervalArray, 0, None,
        state=({"_left": zeros(1, dtype="O"), "_right": zeros(1, dtype="O"), "_dtype": None, "_closed": "left"},)),
    # dtypes
    "a zone that is text": lambda: New(pd.DatetimeTZDtype, {"unit": "ns", "tz": "UTC"}),
    "a unit that is none": lambda: New(pd.DatetimeTZDtype, {"unit": "D", "tz": datetime.UTC}),
    "periods of no length": lambda: Call(pd.PeriodDtype, "period[0D]"),
    "periods of an offset of no length": lambda: Call(pd.PeriodDtype, pd.offsets.Day(0)),
    "periods of a long text": lambda: Call(pd.PeriodDtype, "1D" * 100_000),
    "intervals of text": lambda: New(pd.IntervalDtype, {"subtype": np.dtype("O"), "closed": "left"}),
    "intervals closed in a fifth way": lambda: New(pd.IntervalDtype, {"subtype": np.dtype("i8"), "closed": "maybe"}),
    "a sparse dtype filled with a list": lambda: New(pd.SparseDtype, {"_dtype": np.dtype("f8"), "_fill_value": []}),
    "strings stored elsewhere": lambda: Call(pd.StringDtype, "elsewhere"),
    "strings with a missing value of text": lambda: Call(pd.StringDtype, "python", "none"),
    "a state for a dtype without one": lambda: New(pd.Int8Dtype, {"type": int}),
    # indexes
    "an index of two dimensions": lambda: Call(_new_Index, pd.Index, {"data": zeros(2, 2), "name": None}),
    "an index of a list": lambda: Call(_new_Index, pd.Index, {"data": [1, 2], "name": None}),
    "an index of records": lambda: Call(_new_Index, pd.Index, {"data": zeros(2, dtype="i4,f8"), "name": None}),
    "an index of a class that is none": lambda: Call(_new_Index, pd.DataFrame, {"data": zeros(2), "name": None}),
    "an index with another argument": lambda: Call(_new_Index, pd.Index, {"data": zeros(2), "name": None, "copy": 1}),
    "an index with a list for a name": lambda: Call(_new_Index, pd.Index, {"data": zeros(2), "name": []}),
    "a name of a million digits": lambda: Call(_new_Index, pd.Index, {"data": zeros(2), "name": 1 << 4_000_000}),
    "a name that takes for ever to hash": lambda: Call(_new_Index, pd.Index, {"data": zeros(2), "name": nested(60)}),
    "a slice as a name": lambda: Call(_new_Index, pd.Index, {"data": zeros(2), "name": slice(nested(60), 1, 1)}),
    "a range without steps": lambda: Call(_new_Index, pd.RangeIndex, {"start": 0, "stop": 3, "step": 0, "name": None}),
    "a range beyond 64 bits": lambda: Call(_new_Index, pd.RangeIndex,
                                           {"start": 0, "stop": 1 << 70, "step": 1, "name": None}),
    "a range of text": lambda: Call(_new_Index, pd.RangeIndex, {"start": "0", "stop": 3, "step": 1, "name": None}),
    "days that are no times": lambda: Call(_new_DatetimeIndex, pd.DatetimeIndex, {"data": zeros(2), "name": None}),
    "days that are durations": lambda: Call(_new_DatetimeIndex, pd.DatetimeIndex,
                                            {"data": ARRAYS["durations"], "name": None}),
    "days in a zone of text": lambda: Call(_new_DatetimeIndex, pd.DatetimeIndex,
                                           {"data": ARRAYS["days"], "name": None, "tz": "UTC"}),
    "a frequency that is text": lambda: Call(_new_DatetimeIndex, pd.DatetimeIndex,
                                             {"data": ARRAYS["days"], "name": None, "freq": "D"}),
    "days without the length of their frequency": lambda: times("M8[ns]", 0, 2_000_000_000, freq=pd.offsets.Nano(1)),
    "durations without the length of their frequency": lambda: times("m8[s]", 0, 7, freq=pd.offsets.Minute(1)),
    "days with a frequency of nothing": lambda: times("M8[ns]", 5, 5, freq=pd.offsets.Nano(0)),
    "days far from each other": lambda: times("M8[s]", -1 << 62, 1 << 62, freq=pd.offsets.Day(1)),
    "days in a zone far from each other": lambda: times("M8[s]", 0, 10**10, freq=pd.offsets.Day(1), zone=PARIS),
    "days of a frequency that is finer": lambda: times("M8[s]", 0, 0, freq=pd.offsets.Nano(1)),
    "days of a frequency beyond 64 bits": lambda: times("M8[s]", 0, 0, freq=pd.offsets.Day(1 << 60)),
    "days of an index without the length of its frequency": lambda: Call(
        _new_DatetimeIndex, pd.DatetimeIndex, {"data": times("M8[ns]", 0, 9), "name": None, "freq": pd.offsets.Nano(1)}
    ),
    "days in a zone after 9999": lambda: times("M8[ms]", 0, 1 << 62, zone=PARIS),
    "days in a zone before 1": lambda: times("M8[us]", -1 << 62, zone=datetime.timezone(datetime.timedelta(hours=-3))),
    # frames
    "a column twice": lambda: frame(block(zeros(2, 3)), block(zeros(1, 3), slice(1, 2, 1)), columns=3),
    "a column missing": lambda: frame(block(zeros(1, 3), slice(1, 2, 1)), columns=1),
    "a column too many": lambda: frame(block(zeros(2, 3)), columns=1),
    "a column too few": lambda: frame(block(zeros(2, 3)), columns=3),
    "places beyond the columns": lambda: frame(block(zeros(2, 3), codes(0, 1 << 40, dtype="i8"))),
    "places before the columns": lambda: frame(block(zeros(2, 3), codes(0, -7, dtype="i8"))),
    "places that are one": lambda: frame(block(zeros(2, 3), codes(1, 1, dtype="i8"))),
    "places that are floats": lambda: frame(block(zeros(2, 3), zeros(2))),
    "places that are text": lambda: frame(block(zeros(2, 3), "ab")),
    "places that step over the end": lambda: frame(block(zeros(2, 3), slice(0, 4, 2))),
    "places below zero": lambda: frame(block(zeros(2, 3), slice(-2, 0, 1))),
    "places of a slice without steps": lambda: frame(block(zeros(2, 3), slice(0, 2, 0))),
    "fewer values than rows": lambda: frame(block(zeros(2, 2))),
    "fewer values than places": lambda: frame(block(zeros(1, 3))),
    "values of one dimension": lambda: frame(block(zeros(2))),
    "values of three dimensions": lambda: frame(block(zeros(2, 3, 1))),
    "a block of records": lambda: frame(block(zeros(2, 3, dtype="i4,f8"))),
    "a block of text": lambda: frame(block(zeros(2, 3, dtype="U3"))),
    "a block of lists": lambda: frame(block([[1, 2, 3], [4, 5, 6]])),
    "a block of days": lambda: frame(block(zeros(2, 3, dtype="M8[D]"))),
    "an array in two columns": lambda: frame(block(pd.array([1, 2, 3], dtype="Int64"))),
    "an array of another length": lambda: frame(block(pd.array([1], dtype="Int64"), slice(0, 1, 1)), columns=1),
    "an array that was not filled in": lambda: frame(block(New(pd.arrays.IntegerArray, None), slice(0, 1, 1)),
                                                     columns=1),
    "a block of one dimension in a frame": lambda: frame(block(zeros(3), slice(0, 3, 1), 1)),
    "a block that is none": lambda: frame(zeros(2, 3)),
    "one axis": lambda: frame(block(zeros(2, 3)), axes=[pd.RangeIndex(2)]),
    "axes that are lists": lambda: frame(block(zeros(2, 3)), axes=[[0, 1], [0, 1, 2]]),
    "columns without rows": lambda: frame(block(zeros(MANY, 0), slice(0, MANY, 1)),
                                          block(zeros(3, 0), codes(MANY + 2, MANY, MANY + 1, dtype="i8")),
                                          columns=MANY + 3, rows=0),
    "1.1's frame with a column twice": lambda: New(BlockManager, ([], [], [], {"0.14.1": {
        "axes": [pd.RangeIndex(2), pd.RangeIndex(3)],
        "blocks": [{"values": zeros(2, 3), "mgr_locs": codes(1, 1, dtype="i8")}]}})),
    "1.1's frame with less than nothing in a block": lambda: New(BlockManager, ([], [], [], {"0.14.1": {
        "axes": [pd.RangeIndex(1), pd.RangeIndex(3)],
        "blocks": [{"values": zeros(3, 3), "mgr_locs": slice(0, 3, 1)},
                   {"values": zeros(0, 3), "mgr_locs": slice(3, 1, 1)}]}})),
    "columns without rows, in one block": lambda: frame(block(zeros(MANY, 0), slice(0, MANY, 1)), columns=MANY, rows=0),
    "fewer values than a series' index": lambda: series(zeros(2)),
    "a series of two dimensions": lambda: series(zeros(3, 1)),
    "a series of a list": lambda: series([1, 2, 3]),
    "a series by a list": lambda: series(zeros(3), index=[1, 2, 3]),
    "a series' name that can't be hashed": lambda: series(zeros(3), _name=[]),
    "a series' name that takes for ever": lambda: series(zeros(3), _name=nested(60)),
    "a series with a frame's blocks": lambda: series(zeros(3), _mgr=Call(BlockManager, (), [pd.RangeIndex(0)] * 2)),
    "a series without blocks": lambda: series(zeros(3), _mgr=New(SingleBlockManager, None)),
    "attrs that are a list": lambda: series(zeros(3), attrs=[]),
    "flags that are others": lambda: series(zeros(3), _flags={"allows_duplicate_labels": True, "x": 1}),
    "a flag that is text": lambda: series(zeros(3), _flags={"allows_duplicate_labels": "no"}),
    "a series that is a frame": lambda: series(zeros(3), _typ="dataframe"),
    "a method in a series' state": lambda: series(zeros(3), sum=len),
    "a property in a series' state": lambda: series(zeros(3), dtype=1),
    # scalars and offsets
    "a time of no resolution": lambda: Call(_unpickle_timestamp, 0, None, datetime.UTC, 99),
    "a time beyond 64 bits": lambda: Call(_unpickle_timestamp, 1 << 64, None, None, 10),
    "a time in a zone of text": lambda: Call(_unpickle_timestamp, 0, None, "UTC", 10),
    "a timestamp of text": lambda: Call(pd.Timestamp, "2020-01-01"),
    "a period of a frequency of text": lambda: Call(pd.Period, None, "D", 5),
    "an interval of objects": lambda: Call(pd.Interval, [], [], "left"),
    "an interval closed in a fifth way": lambda: Call(pd.Interval, 0, 1, "maybe"),
    "a thirteenth month": lambda: Call(pd.offsets.QuarterEnd, 1, False, 13),
    "an eighth weekday": lambda: Call(pd.offsets.Week, 1, False, 8),
    "more days than 64 bits": lambda: Call(pd.offsets.Day, 1 << 64, False),
    "days of text": lambda: Call(pd.offsets.Day, "1", False),
    "a calendar of holidays": lambda: Call(pd.offsets.CustomBusinessDay, 1, False, "Mon", (), {}, None),
    "holidays of text": lambda: Call(pd.offsets.CustomBusinessDay, 1, False, "Mon", ("2020",), None, None),
    "a week of no such days": lambda: Call(pd.offsets.CustomBusinessDay, 1, False, "x" * 50, (), None, None),
    "hours that touch": lambda: Call(pd.offsets.BusinessHour, 1, False, (datetime.time(9),), (datetime.time(9, 0),) * 2,
                                     datetime.timedelta(0)),
    "parts that are text": lambda: New(pd.DateOffset, {"n": 1, "normalize": False, "days": "1"}),
    "parts that are unknown": lambda: New(pd.DateOffset, {"n": 1, "normalize": False, "rollback": 1}),
    "a date offset without a number": lambda: New(pd.DateOffset, {"days": 1}),
    # names
    "a frame called": lambda: Call(pd.DataFrame, {"a": [1]}),
    "an index called": lambda: Call(pd.Index, [1, 2]),
    "a function of pandas": lambda: Call(pd.read_pickle, "/nowhere"),
    "a function of its core": lambda: Call(pd.core.computation.eval.eval, "1"),
    "a helper as a value": lambda: [_new_Index],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(name):
    value = HOSTILE[name]()
    for protocol in (2, 4, 5):
        with pytest.raises((perdure.CorruptError, perdure.LimitError, perdure.UntrustedError)):
            perdure.loads(pickle.dumps(value, protocol))


def test_the_forms_of_what_is_refused_load_where_they_are_sound():
    """So that what is refused is refused for what is wrong with it, not for how these tests write it."""
    assert_same(
        perdure.loads(pickle.dumps(pairs())), pd.MultiIndex(levels=[[1, 2], [3, 4]], codes=[[0, 1], [1, 0]])
    )
    assert_same(perdure.loads(pickle.dumps(frame(block(zeros(2, 3))))), pd.DataFrame(zeros(3, 2)))
    nothing = frame(block(zeros(2, 3)), block(zeros(0, 3), slice(5, 1, 1)), block(zeros(0, 3), slice(0, 9, -1)))
    assert_same(perdure.loads(pickle.dumps(nothing)), pd.DataFrame(zeros(3, 2)))
    apart = frame(block(zeros(1, 3), codes(1, dtype="i8")), block(zeros(1, 3), slice(0, 1, 1)))
    assert_same(perdure.loads(pickle.dumps(apart)), pd.DataFrame(zeros(3, 2)))
    assert_same(perdure.loads(pickle.dumps(series(zeros(3)))), pd.Series(zeros(3)))
    sound = backed(pd.Categorical, ABC, codes(0, 2))
    assert_same(perdure.loads(pickle.dumps(sound)), pd.Categorical(["a", "c"], dtype=ABC))
    made = New(pd.arrays.IntegerArray, {"_data": codes(1, dtype="i8"), "_mask": zeros(1, dtype="?")})
    assert_same(perdure.loads(pickle.dumps(made)), pd.array([1], dtype="Int64"))
    blocks = Call(sparse.BlockIndex, 9, codes(1, 4, dtype="i4"), codes(2, 5, dtype="i4"))
    assert perdure.loads(pickle.dumps(blocks)).npoints == 7
    if PANDAS >= (2, 0):  # which other units than nanoseconds came with
        summer = pd.date_range("2020-03-28", periods=3, freq="D", tz=PARIS)
        found = perdure.loads(pickle.dumps(times("M8[us]", *summer.as_unit("us").asi8, freq=summer.freq, zone=PARIS)))
        assert_same(found, summer.as_unit("us").array)
        late = times("M8[s]", 1 << 45, zone=datetime.UTC)
        assert perdure.loads(pickle.dumps(late)).year[0] > 9999
    offset = New(pd.DateOffset, {"n": 1, "normalize": False, "days": 1})
    assert perdure.loads(pickle.dumps(offset)) == pd.DateOffset(days=1)


def test_built_once():
    """What is part of something can't be filled in again."""
    stream = pickle.dumps([pd.array([1, 2], dtype="Int64")], 2)
    memo = stream[stream.index(b"\x81q") + 2]  # where the array is
    state = pickle.dumps({"_data": codes(1, dtype="i8"), "_mask": zeros(1, dtype="?")}, 2)[2:-1]
    with pytest.raises(perdure.CorruptError, match="in use already"):
        perdure.loads(stream[:-1] + bytes((ord("h"), memo)) + state + b"b0.")
    with pytest.raises(perdure.CorruptError, match="once"):
        empty = frame(columns=0).reduced[-1]
        perdure.loads(pickle.dumps(frame(columns=0), 2)[:-1] + pickle.dumps(empty, 2)[2:-1] + b"b.")


def test_codes_in_the_other_byte_order():
    with pytest.raises(perdure.CorruptError):
        perdure.loads(pickle.dumps(pairs(codes=[codes(0, 1, dtype=">i2"), codes(1, 0)]), 5))


def test_an_array_left_unfilled_is_empty():
    """pandas' code in C would follow its null pointers."""
    for cls in (pd.arrays.DatetimeArray, pd.arrays.PeriodArray, pd.Categorical, pd.arrays.StringArray):
        found = perdure.loads(pickle.dumps(Call(unpickle_backed, cls, 0, None)))
        assert (type(found), len(found), repr(found)[:1]) == (cls, 0, "<" if cls is not pd.Categorical else "[")
    assert len(perdure.loads(pickle.dumps(New(BlockManager, None))).axes[0]) == 0


@pytest.mark.parametrize("protocol", [2, 5])
def test_nothing_else_writes_to_codes(protocol):
    """The stream may use the array of codes, or its bytes, for a column that somebody writes to."""
    array = codes(*([0, 1] * 1000))
    found, column = perdure.loads(pickle.dumps([backed(pd.Categorical, ABC, array), array], protocol))
    if column.flags.writeable:
        column[:] = 99
    assert set(found.codes) == {0, 1}
    index, column = perdure.loads(pickle.dumps([pairs(codes=[array, array]), array], protocol))
    if column.flags.writeable:
        column[:] = 99
    assert set(index.codes[0]) == {0, 1}


def test_frequencies_are_not_remembered():
    """pandas keeps each for good, and what it found of one for those that are equal to it."""
    known = dict(pd.PeriodDtype._cache_dtypes)
    for freq in (pd.offsets.Nano(123), pd.offsets.Minute(120), "45s"):
        assert perdure.loads(pickle.dumps(Call(pd.PeriodDtype, freq))) == pd.PeriodDtype(freq)
        pd.PeriodDtype._cache_dtypes.clear()
        pd.PeriodDtype._cache_dtypes.update(known)
        perdure.loads(pickle.dumps(Call(pd.PeriodDtype, freq)))
        assert pd.PeriodDtype._cache_dtypes == known


def test_a_frame_keeps_its_axes():
    """A stream may append to the list that it made the frame of."""
    stream = pickle.dumps([(axes := [pd.RangeIndex(2), pd.RangeIndex(3)]), frame(block(zeros(2, 3)), axes=axes), axes], 2)
    end = stream.rindex(b"h", 0, -2)  # the list again, as the last item
    found = perdure.loads(stream[:end] + stream[end : end + 2] + b"K\x01a" + b"e.")
    assert len(found[0]) == 3 and found[1].ndim == len(found[1]._mgr.axes) == 2
    assert_same(found[1], pd.DataFrame(zeros(3, 2)))


def test_frames_do_not_share_blocks():
    """Putting a column into one would move the places in the other."""
    shared = block(zeros(2, 3))
    one, other = perdure.loads(pickle.dumps([frame(shared), frame(shared)]))
    one.insert(0, "first", 1.0)
    assert list(other.columns) == [0, 1] and other.iloc[0, 1] == 0


def strings(array):
    return backed(pd.arrays.StringArray, pd.StringDtype("python"), array)


def intervals(array):
    return Call(interval.__pyx_unpickle_IntervalMixin, pd.arrays.IntervalArray, 0, None,
                state=({"_left": array, "_right": array, "_dtype": pd.IntervalDtype("f8", "left")},))  # fmt: skip


MILLION = zeros(1_000_000, dtype="i1")
ENDS = zeros(100_000)
TEXT = np.array(["a"] * 100_000, dtype=object)
COLUMNS = tuple(block(zeros(1, 1), slice(i, i + 1, 1)) for i in range(1000))
LEVELS = {"levels": [pd.Index([1])] * 1000, "codes": [codes(0)] * 1000, "names": [None] * 1000}
TWO_LEVELS = {"levels": [pd.Index([1, 2])] * 2, "codes": [MILLION] * 2}
OPENING, CLOSING = (tuple(datetime.time(i // 10, i % 10 * 6 + minute) for i in range(240)) for minute in (0, 3))
AGAIN = {
    "codes of categories": lambda: backed(pd.Categorical, ABC, MILLION),
    "codes of levels": lambda: pairs(**TWO_LEVELS),
    "strings": lambda: strings(TEXT),
    "ends of intervals": lambda: intervals(ENDS),
    "columns": lambda: Call(BlockManager, COLUMNS, [pd.RangeIndex(1000), pd.RangeIndex(1)]),
    "levels": lambda: pairs(**LEVELS),
    "hours": lambda: Call(pd.offsets.BusinessHour, 1, False, OPENING, CLOSING, datetime.timedelta(0)),
}


@pytest.mark.parametrize("name", AGAIN)
def test_using_things_again_has_a_budget(name):
    """They cost a stream a few bytes each time, and pandas or these tables look at all of them."""
    used = [AGAIN[name]() for _ in range(20_000)]
    stream = pickle.dumps(used, 5)
    with pytest.raises(perdure.LimitError):
        perdure.loads(stream)
    assert len(stream) < 5_000_000
    assert len(perdure.loads(pickle.dumps(used[:3], 5))) == 3


def test_a_range_costs_nothing():
    long = pd.DataFrame(index=pd.RangeIndex(1 << 60))
    assert len(perdure.loads(pickle.dumps(long))) == 1 << 60


@pytest.mark.parametrize("name", ["pandas.core.frame.Nothing", "pandas.io.pickle.read_pickle", "pandas.eval"])
def test_names_that_are_not_known_are_not_imported(name):
    module, _, attribute = name.rpartition(".")
    program = (
        "import sys, perdure\n"
        f"try: perdure.loads(b'c{module}\\n{attribute}\\n.')\n"
        "except perdure.UntrustedError: print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
