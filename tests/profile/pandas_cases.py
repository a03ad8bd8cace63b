"""What pandas' pickles hold: objects by what they are. Some need a later release than others."""

import datetime
import zoneinfo

import numpy as np
import pandas as pd

PANDAS = tuple(map(int, pd.__version__.split(".")[:2]))
NAN = float("nan")
if PANDAS >= (2, 1):
    NumpyExtensionArray = pd.arrays.NumpyExtensionArray
else:
    NumpyExtensionArray = pd.arrays.PandasArray  # as it was called


def with_attributes():
    frame = pd.DataFrame({"a": [1, 2]}).set_flags(allows_duplicate_labels=False)
    frame.attrs["origin"] = {"row": [1]}
    return frame


def inserted():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [3, 4]})
    frame.insert(1, "z", [True, False])
    return frame[["c", "z", "b", "a"]]


DAYS = pd.date_range("2020-01-01", periods=4, freq="D")
PAIRS = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", ("y", 1)])
INDEXES = {
    "range": pd.RangeIndex(0, 8, 2, name="r"),
    "ints": pd.Index([1, 2, 2, 4]),
    "uints": pd.Index(np.array([1, 2, 3, 4], "u2")),
    "floats": pd.Index([0.5, NAN, 2, 3], name="f"),
    "complex": pd.Index([1j, 2, 3, 4]),
    "bools": pd.Index([True, False, True, False]),
    "objects": pd.Index(["a", 1, None, (1, 2)], dtype=object, tupleize_cols=False, name=("n", 1)),
    "strings": pd.Index(["a", "b", None, "d"], name="s"),
    "bytes": pd.Index(np.array([b"a", b"b", b"c", b"d"])),
    "days": DAYS,
    "in Paris": pd.date_range("2020-01-01", periods=4, freq="h", tz=zoneinfo.ZoneInfo("Europe/Paris")),
    "in UTC": pd.DatetimeIndex(["2020-01-01", None, "2020-01-03", "2020-01-04"], tz="UTC"),
    "at an offset": DAYS.tz_localize(datetime.timezone(datetime.timedelta(hours=3))),
    "durations": pd.timedelta_range("1D", periods=4, name="t"),
    "months": pd.period_range("2020-01", periods=4, freq="M", name="p"),
    "hours by three": pd.period_range("2020-01-01", periods=4, freq="3h"),
    "intervals": pd.interval_range(0, 4, closed="left", name="i"),
    "intervals with none": pd.IntervalIndex.from_tuples([(0, 1), NAN, (2, 3), (3, 3.5)]),
    "intervals of days": pd.interval_range(pd.Timestamp("2020"), periods=4),
    "categories": pd.CategoricalIndex(["a", "b", "a", None], name="c"),
    "pairs": PAIRS,
    "pairs with none": pd.MultiIndex.from_tuples([("a", 1), ("b", None), (None, 2), ("b", 3)]),
    "sorted pairs": pd.MultiIndex(
        levels=[["a", "b"], [1, 2]], codes=[[0, 0, 1, 1], [0, 1, 0, 1]], sortorder=2
    ),
    "days by categories": pd.MultiIndex.from_product([DAYS[:2].tz_localize("UTC"), pd.CategoricalIndex(["u", "v"])]),
}  # fmt: skip
ARRAYS = {
    "categorical": pd.Categorical(["x", "y", None, "x"]),
    "ordered": pd.Categorical([3, 1, 2, 3], ordered=True),
    "of a range": pd.Categorical.from_codes([0, 2, -1, 1], pd.RangeIndex(3)),
    **{
        name: pd.array([1, 0, None, 1], dtype=name)
        for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64",
                     "boolean")
    },
    "string": pd.array(["a", None, "b", ""], dtype="string[python]"),
    "days": pd.array(DAYS),
    "zoned": pd.array(DAYS.tz_localize("Asia/Tokyo")),
    "durations": pd.array(pd.timedelta_range("1D", periods=4)),
    "periods": pd.array(pd.period_range("2020Q1", periods=4, freq="Q-NOV")),
    "intervals": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3, 4]),
    "sparse": pd.arrays.SparseArray([0, 0, 1, 2]),
    "sparse floats": pd.arrays.SparseArray([NAN, 1.0, NAN, 2.0]),
    "sparse blocks": pd.arrays.SparseArray([0, 0, 1, 2], kind="block"),
    "numpy": NumpyExtensionArray(np.arange(4)),
    "numpy text": NumpyExtensionArray(np.array(["a", "b", "c", "d"])),
}  # fmt: skip
SCALARS = {
    "timestamp": pd.Timestamp("2020-01-02 03:04:05.678901234"),
    "timestamp in a zone": pd.Timestamp("2020-01-02 03:04", tz="Europe/Paris"),
    "timedelta": pd.Timedelta("1D 3h"),
    "period": pd.Period("2020-01", "M"),
    "periods of three days": pd.Period("2020-01-01", "3D"),
    "interval": pd.Interval(0, 1.5, closed="neither"),
    "interval of times": pd.Interval(pd.Timestamp("2020"), pd.Timestamp("2021")),
    "none": [pd.NaT, pd.NA],
    "dtypes": [
        pd.CategoricalDtype(["a", "b"], ordered=True), pd.CategoricalDtype(), pd.DatetimeTZDtype(tz="Europe/Paris"),
        pd.PeriodDtype("M"), pd.IntervalDtype("int64", closed="left"), pd.IntervalDtype(), pd.SparseDtype("f8"),
        pd.StringDtype("python"), pd.Int8Dtype(), pd.Float32Dtype(),
        pd.BooleanDtype(), ARRAYS["numpy"].dtype,
    ],
    "classes": [pd.DataFrame, pd.Series, pd.Index, pd.Timestamp, pd.Int64Dtype, pd.offsets.Day, pd.DateOffset],
}  # fmt: skip
if PANDAS >= (2, 0):  # before it, times were nanoseconds
    INDEXES["seconds"] = pd.date_range("2020-01-01", periods=4, freq="MS", unit="s", name="u")
    SCALARS["timestamp of seconds"] = pd.Timestamp("2020-01-02").as_unit("s")
if PANDAS >= (2, 3):  # before it, what was missing from strings was NA
    ARRAYS["str"] = pd.array(["a", None, "b", ""], dtype=pd.StringDtype("python", na_value=NAN))
    SCALARS["dtype of str"] = ARRAYS["str"].dtype
FRAMES = {
    "series": pd.Series([1, 2, 3], index=list("abc"), name="n"),
    "series with a pair for a name": pd.Series([0.5, None], name=("a", 1)),
    "series of objects": pd.Series(["a", {"k": [1]}, None], dtype=object),
    "series of bytes": pd.Series(np.array([b"a", b"b"])),
    "empty series": pd.Series([], dtype=float),
    "empty": pd.DataFrame(),
    "columns alone": pd.DataFrame(columns=["a", "b"]),
    "rows alone": pd.DataFrame(index=[1, 2]),
    "mixed": pd.DataFrame({"a": [1, 2], "b": [0.5, NAN], "c": ["x", None], "d": [True, False], "e": DAYS[:2],
                           "f": [pd.Timedelta(1), pd.NaT], "g": [1j, 2], "h": [3, 4]}),
    "arrays": pd.DataFrame({name: array for name, array in ARRAYS.items() if not name.startswith("numpy")}),
    "inserted": inserted(),
    "reversed": pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [3, 4]})[["c", "b", "a"]].iloc[::-1],
    "columns of one name": pd.DataFrame(np.arange(4).reshape(2, 2), columns=["a", "a"]),
    "transposed": pd.DataFrame({"a": [1, 2], "b": [3, 4]}).T,
    "by pairs": pd.DataFrame(np.arange(16.0).reshape(4, 4), index=PAIRS, columns=PAIRS),
    "zoned columns": pd.DataFrame({"a": ARRAYS["zoned"], "b": ARRAYS["zoned"]}),
    "with attributes": with_attributes(),
    "big-endian": pd.DataFrame({"a": np.array([1, 2], ">i4")}),
}  # fmt: skip
OFFSETS = {
    **{name: getattr(pd.offsets, name)(n=3) for name in pd.offsets.__all__ if name not in ("BaseOffset", "Tick")},
    "a weekday": pd.offsets.Week(weekday=2, normalize=True),
    "a week of the month": pd.offsets.WeekOfMonth(-2, week=2, weekday=3),
    "holidays": pd.offsets.CustomBusinessDay(holidays=["2020-01-01", np.datetime64("2020-12-25")], weekmask="Mon Tue"),
    "hours": pd.offsets.BusinessHour(start=["09:00", "13:00"], end=["12:00", "17:00"]),
    "custom hours": pd.offsets.CustomBusinessHour(start="10:00", end="15:00", holidays=["2020-01-01"]),
    "an offset's offset": pd.offsets.BusinessDay(offset=datetime.timedelta(hours=2)),
    "a fiscal year": pd.offsets.FY5253(weekday=1, startingMonth=3, variation="last"),
    "parts": pd.DateOffset(n=2, months=2, days=1, hours=3, normalize=True),
    "small parts": pd.DateOffset(microseconds=3, nanoseconds=5),
}
OBJECTS = {
    f"{kind}: {name}": value
    for kind, values in {"index": INDEXES, "array": ARRAYS, "scalar": SCALARS, "frame": FRAMES,
                         "offset": OFFSETS}.items()
    for name, value in values.items()
} | {
    f"series by {name}": pd.Series(np.arange(4), index=index) for name, index in INDEXES.items()
} | {
    f"series of {name}": pd.Series(array) for name, array in ARRAYS.items()
}  # fmt: skip
