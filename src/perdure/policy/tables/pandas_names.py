"""pandas' names: by which ones its releases since 1.0 have pickled a thing, and where the installed one has it.

A class moved often, and `pandas.set_module` gave most of them a third name in 3.0; all lead to one. What the
other modules of this table say of a thing, they say by its own name alone, which is unique.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["NUMERIC", "canonical", "find"]

NUMERIC = ("Int64Index", "UInt64Index", "Float64Index", "NumericIndex")  # classes of indexes before 2.0

# Where a thing is found now; several where it was found elsewhere in a release that may be installed.
_HOMES: dict[str, tuple[str, ...]] = {
    "pandas": (
        "DataFrame", "Series", "Index", "RangeIndex", "MultiIndex", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex",
        "IntervalIndex", "CategoricalIndex", "Categorical", "Timestamp", "Timedelta", "Period", "Interval", "NaT", "NA",
        "CategoricalDtype", "DatetimeTZDtype", "PeriodDtype", "IntervalDtype", "SparseDtype", "StringDtype",
        "Int8Dtype", "Int16Dtype", "Int32Dtype", "Int64Dtype", "UInt8Dtype", "UInt16Dtype", "UInt32Dtype",
        "UInt64Dtype", "Float32Dtype", "Float64Dtype", "BooleanDtype", "ArrowDtype",
    ),
    "pandas.arrays": (
        "IntegerArray", "FloatingArray", "BooleanArray", "IntervalArray", "SparseArray", "StringArray",
        "DatetimeArray", "TimedeltaArray", "PeriodArray", "NumpyExtensionArray", "ArrowExtensionArray",
        "ArrowStringArray",
    ),
    "pandas.api.extensions": ("ExtensionArray", "ExtensionDtype"),
    "pandas.core.arrays.string_": ("StringArrayNumpySemantics",),
    "pandas.core.arrays.string_arrow": ("ArrowStringArrayNumpySemantics",),
    "pandas.core.dtypes.dtypes": ("NumpyEADtype", "PandasDtype"),
    "pandas.core.arrays.numpy_": ("PandasArray",),
    "pandas.core.generic": ("NDFrame",),
    "pandas.core.flags": ("Flags",),
    "pandas.core.internals.managers": ("BlockManager", "SingleBlockManager"),
    "pandas.core.indexes.base": ("_new_Index",),
    "pandas.core.indexes.numeric": NUMERIC,
    "pandas.core.indexes.datetimes": ("_new_DatetimeIndex",),
    "pandas.core.indexes.timedeltas": ("_new_TimedeltaIndex",),
    "pandas.core.indexes.interval": ("_new_IntervalIndex",),
    "pandas.core.indexes.frozen": ("FrozenList",),
    "pandas._libs.internals": ("_unpickle_block", "SharedBlock", "Block", "BlockPlacement"),
    "pandas._libs.arrays": ("__pyx_unpickle_NDArrayBacked", "NDArrayBacked"),
    "pandas._libs.interval": ("__pyx_unpickle_IntervalMixin", "IntervalMixin"),
    "pandas._libs.tslibs.period": ("__pyx_unpickle_PeriodMixin",),
    "pandas._libs.sparse": ("IntIndex", "BlockIndex"),
    "pandas._libs.tslibs.timestamps": ("_unpickle_timestamp",),
    "pandas._libs.tslibs.timedeltas": ("_timedelta_unpickle",),
    "pandas._libs.tslibs.nattype": ("_nat_unpickle", "__nat_unpickle"),
    "pandas._libs.tslibs.offsets": (
        "BaseOffset", "Tick", "Day", "Hour", "Minute", "Second", "Milli", "Micro", "Nano", "BusinessDay",
        "BusinessHour", "BusinessMonthBegin", "BusinessMonthEnd", "CustomBusinessDay", "CustomBusinessHour",
        "CustomBusinessMonthBegin", "CustomBusinessMonthEnd", "MonthBegin", "MonthEnd", "SemiMonthBegin",
        "SemiMonthEnd", "Week", "WeekOfMonth", "LastWeekOfMonth", "QuarterBegin", "QuarterEnd", "BQuarterBegin",
        "BQuarterEnd", "HalfYearBegin", "HalfYearEnd", "BHalfYearBegin", "BHalfYearEnd", "YearBegin", "YearEnd",
        "BYearBegin", "BYearEnd", "FY5253", "FY5253Quarter", "Easter", "DateOffset",
    ),
}  # fmt: skip

# Other modules that a thing was pickled by.
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "pandas.core.frame": ("DataFrame",),
    "pandas.core.series": ("Series",),
    "pandas.core.internals": ("BlockManager", "SingleBlockManager"),
    "pandas.core.indexes.base": ("Index",),
    "pandas.core.indexes.range": ("RangeIndex",),
    "pandas.core.indexes.multi": ("MultiIndex",),
    "pandas.core.indexes.datetimes": ("DatetimeIndex",),
    "pandas.core.indexes.timedeltas": ("TimedeltaIndex",),
    "pandas.core.indexes.period": ("PeriodIndex",),
    "pandas.core.indexes.interval": ("IntervalIndex",),
    "pandas.core.indexes.category": ("CategoricalIndex",),
    "pandas.core.arrays.categorical": ("Categorical",),
    "pandas.core.arrays.integer": (
        "IntegerArray", "Int8Dtype", "Int16Dtype", "Int32Dtype", "Int64Dtype", "UInt8Dtype", "UInt16Dtype",
        "UInt32Dtype", "UInt64Dtype",
    ),
    "pandas.core.arrays.floating": ("FloatingArray", "Float32Dtype", "Float64Dtype"),
    "pandas.core.arrays.boolean": ("BooleanArray", "BooleanDtype"),
    "pandas.core.arrays.interval": ("IntervalArray",),
    "pandas.core.arrays.sparse.array": ("SparseArray",),
    "pandas.core.arrays.sparse.dtype": ("SparseDtype",),
    "pandas.core.arrays.string_": ("StringArray", "StringDtype"),
    "pandas.core.arrays.string_arrow": ("ArrowStringArray",),
    "pandas.core.arrays.arrow.array": ("ArrowExtensionArray",),
    "pandas.core.arrays.arrow.dtype": ("ArrowDtype",),
    "pandas.core.arrays.datetimes": ("DatetimeArray",),
    "pandas.core.arrays.timedeltas": ("TimedeltaArray",),
    "pandas.core.arrays.period": ("PeriodArray",),
    "pandas.core.arrays.numpy_": ("NumpyExtensionArray",),
    "pandas.core.dtypes.dtypes": (
        "CategoricalDtype", "DatetimeTZDtype", "PeriodDtype", "IntervalDtype", "SparseDtype", "ArrowDtype",
    ),
    "pandas._libs.interval": ("Interval",),
    "pandas._libs.missing": ("NA",),
    "pandas._libs.tslibs.period": ("Period",),
    "pandas._libs.tslibs.timestamps": ("Timestamp",),
    "pandas._libs.tslibs.timedeltas": ("Timedelta",),
    "pandas": ("DateOffset",),
    "pandas.tseries.offsets": _HOMES["pandas._libs.tslibs.offsets"],
}  # fmt: skip

# Names that are gone, and what stands for them now.
_GONE: dict[tuple[str, str], str] = {
    ("pandas.core.internals.blocks", "new_block"): "_unpickle_block",
    ("pandas._libs.tslibs.nattype", "__nat_unpickle"): "_nat_unpickle",
    ("pandas.core.arrays.numpy_", "PandasArray"): "NumpyExtensionArray",
    ("pandas.core.arrays.numpy_", "PandasDtype"): "NumpyEADtype",
    ("pandas.core.dtypes.dtypes", "PandasDtype"): "NumpyEADtype",
}

_CANONICAL: dict[tuple[str, str], str] = {
    **{(module, name): name for table in (_ELSEWHERE, _HOMES) for module, names in table.items() for name in names},
    **_GONE,
}
# What stands in where the installed release has no such thing: 2.3 had two classes where 3.0 has one.
_INSTEAD = {
    **dict.fromkeys(NUMERIC, "Index"),
    "StringArrayNumpySemantics": "StringArray",
    "ArrowStringArrayNumpySemantics": "ArrowStringArray",
    "_nat_unpickle": "__nat_unpickle",
    "SharedBlock": "Block",
    "NumpyExtensionArray": "PandasArray",
    "NumpyEADtype": "PandasDtype",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def canonical(module: str, name: str) -> str | None:
    """The one name of what a stream names; None: nothing that this table knows."""
    return _CANONICAL.get((module, name))


@cache
def find(name: str) -> Any:
    """What the installed pandas has by a canonical name; None: it is of another release."""
    import_module("pandas")  # its parts can't be imported alone
    try:
        found = getattr(import_module(_HOME_OF[name]), name, None)
    except ImportError:
        found = None
    return find(_INSTEAD[name]) if found is None and name in _INSTEAD else found
