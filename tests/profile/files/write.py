"""Writes the pickles of this folder with whichever pandas is installed; README.md tells which ones did."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def objects():
    """Everything of the dtypes that all releases have in common: text is objects, times are nanoseconds."""

    def text(*values):
        return pd.Index(np.array(values, dtype=object), dtype=object)

    index = pd.MultiIndex.from_arrays([text("a", "b"), [1, None]], names=["x", "y"])
    yield "frame", pd.DataFrame(
        {
            "i": [1, 2],
            "f": [0.5, float("nan")],
            "s": pd.Series(["p", None], index=index, dtype=object),
            "t": np.array(["2020-01-01", "NaT"], "M8[ns]"),
            "j": [3, 4],
        },
        index=index,
        columns=text("i", "f", "s", "t", "j"),
    )
    yield "arrays", [
        pd.Series(pd.Categorical(["u", "v", None], categories=text("v", "u"), ordered=True), name="c"),
        pd.Series(pd.array([1, None], dtype="Int16")),
        pd.Series(pd.array([True, None], dtype="boolean")),
        pd.Series(pd.arrays.SparseArray([0.0, 1.5, 0.0], fill_value=0.0)),
        pd.Series(pd.array(["q", None], dtype="string")),
    ]
    yield "indexes", [
        pd.RangeIndex(0, 6, 2, name="r"),
        pd.Index(np.array([1, 2], dtype="int64"), name=("n", 1)),
        pd.Index(np.array([0.5, 2.0])),
        pd.DatetimeIndex(np.array(["2020-01-01", "2020-01-02"], "M8[ns]"), freq="D"),
        pd.TimedeltaIndex(np.array([86_400_000_000_000, 172_800_000_000_000], "m8[ns]"), freq="D"),
        pd.period_range("2020-01", periods=2, freq="M"),
        pd.IntervalIndex.from_breaks([0, 1, 2], closed="left"),
        pd.CategoricalIndex(["w", "w"], categories=text("w")),
    ]
    yield "scalars", [
        pd.Timestamp(1_577_934_245_678_901_234),
        pd.Timedelta(97_200_000_000_000),
        pd.Period("2020-01", "M"),
        pd.Interval(0, 1, closed="neither"),
        pd.NaT,
        pd.NA,
    ]
    yield "offsets", [
        pd.offsets.MonthEnd(2),
        pd.offsets.Week(weekday=2),
        pd.offsets.QuarterEnd(startingMonth=2),
        pd.offsets.CustomBusinessDay(holidays=["2020-01-01"], weekmask="Mon Tue"),
        pd.DateOffset(months=2, days=1),
    ]


if __name__ == "__main__":
    release = ".".join(pd.__version__.split(".")[:2])
    for name, value in objects():
        for protocol in map(int, sys.argv[1:]):
            path = HERE / f"{name}-{release}-p{protocol}.pkl"
            path.write_bytes(pickle.dumps(value, protocol))
