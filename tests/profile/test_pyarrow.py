"""pyarrow under the built-in profile, and pandas' columns that it keeps: what they write loads; arrays whose parts
disagree, which pyarrow's code in C++ would believe or die of, are refused."""

import datetime
import decimal
import pickle

import pytest

import perdure
from tests.profile.apart import verdicts

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: make .venv/.group-tables")
pd = pytest.importorskip("pandas")

from tests.profile import hostile_pyarrow
from tests.profile.test_pandas import assert_same

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
NAN = float("nan")
DAY = datetime.datetime(2020, 1, 2, 3, 4, 5)
PAIRS = pa.struct([("x", pa.int8()), ("y", pa.list_(pa.string()))])

# ---- types and arrays ------------------------------------------------------------------------

VALUES = {
    "null": (pa.null(), [None, None]),
    "bool": (pa.bool_(), [True, None, False]),
    **{str(dtype): (dtype, [1, None, 2]) for dtype in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
    )},
    **{str(dtype): (dtype, [0.5, None, 2]) for dtype in (pa.float16(), pa.float32(), pa.float64())},
    **{str(dtype): (dtype, ["a", None, "", "é" * 9]) for dtype in (pa.string(), pa.large_string())},
    **{str(dtype): (dtype, [b"a", None, b"", b"\xff"]) for dtype in (pa.binary(), pa.large_binary())},
    "all missing": (pa.string(), [None, None]),
    "bytes of three": (pa.binary(3), [b"abc", None]),
    **{str(dtype): (dtype, [DAY.date(), None]) for dtype in (pa.date32(), pa.date64())},
    **{str(dtype): (dtype, [DAY.time(), None]) for dtype in (
        pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"),
    )},
    **{str(dtype): (dtype, [DAY, None]) for unit in ("s", "ms", "us", "ns") for dtype in (
        pa.timestamp(unit), pa.timestamp(unit, "Europe/Paris"), pa.timestamp(unit, "+05:30"),
    )},
    **{str(dtype): (dtype, [datetime.timedelta(1), None]) for dtype in (pa.duration("s"), pa.duration("ns"))},
    "interval": (pa.month_day_nano_interval(), [(1, 2, 3), None]),
    **{str(dtype): (dtype, [decimal.Decimal("1.50"), None]) for dtype in (
        pa.decimal32(5, 2), pa.decimal64(5, 2), pa.decimal128(5, 2), pa.decimal256(60, 2),
    )},
    "list": (pa.list_(pa.int8()), [[1, None], None, []]),
    "large list": (pa.large_list(pa.string()), [["a", None], None, []]),
    "list of two": (pa.list_(pa.int8(), 2), [[1, 2], None]),
    "list of none": (pa.list_(pa.int8(), 0), [[], None]),
    "list of lists": (pa.list_(pa.list_(pa.decimal128(3, 1))), [[[decimal.Decimal("1.5")], None], None, []]),
    "map": (pa.map_(pa.string(), pa.int8()), [[("a", 1), ("b", None)], None, []]),
    "struct": (PAIRS, [{"x": 1, "y": ["a"]}, None, {"x": None, "y": None}]),
    "struct of nothing": (pa.struct([]), [{}, None]),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["a", "b", None, "a"]),
    "ordered dictionary": (pa.dictionary(pa.uint16(), pa.int64(), ordered=True), [7, 8, None]),
    "list of dictionaries": (pa.list_(pa.dictionary(pa.int32(), pa.large_string())), [["a", None], None]),
    "field with metadata": (pa.struct([pa.field("x", pa.int8(), nullable=False, metadata={"a": "b"})]), [{"x": 1}]),
}  # fmt: skip


def arrays():
    for name, (dtype, values) in VALUES.items():
        whole = pa.array(values, dtype)
        yield name, whole
        yield f"{name}: a slice", pa.concat_arrays([whole, whole])[1:3]
        yield f"{name}: empty", pa.array([], dtype)
        yield f"{name}: an empty slice", whole[1:1]
        yield f"{name}: chunks", pa.chunked_array([whole, whole[:1]])
    yield "no chunks", pa.chunked_array([], pa.int8())
    table = pa.table({name: pa.array((values * 4)[:4], dtype) for name, (dtype, values) in VALUES.items()})
    yield "table", table.replace_schema_metadata({"a": "b"})
    yield "table of pandas", pa.Table.from_pandas(pd.DataFrame({"a": [1, 2]}, index=["x", "y"]))
    yield "table of chunks", pa.concat_tables([table, table])
    yield "batch", table.to_batches()[0]
    yield "schema", table.schema


ARRAYS = dict(arrays())


@pytest.mark.parametrize("dumps", [pickle.dumps, perdure.dumps], ids=["pickle", "perdure"])
@pytest.mark.parametrize("name", ARRAYS)
def test_what_pyarrow_writes(name, dumps):
    for protocol in PROTOCOLS:
        stream = dumps(ARRAYS[name], protocol)
        found, expected = perdure.loads(stream), pickle.loads(stream)
        assert type(found) is type(expected)
        if isinstance(found, pa.Schema):
            assert found.equals(expected, check_metadata=True)
            continue
        assert found.equals(expected)
        assert found.to_pylist() == expected.to_pylist()
        if isinstance(found, (pa.Array, pa.ChunkedArray)):
            assert (found.type, found.null_count) == (expected.type, expected.null_count)
            same_metadata(found.type, expected.type)
            assert found.filter(pa.array([True] * len(found), pa.bool_())).equals(expected)
        else:
            assert found.schema.equals(expected.schema, check_metadata=True)
        found.validate(full=True)


def same_metadata(one, other):
    assert pa.schema([("x", one)]).equals(pa.schema([("x", other)]), check_metadata=True)


def test_buffers_out_of_band():
    for name in ("string", "list", "dictionary", "table"):
        buffers = []
        stream = pickle.dumps(ARRAYS[name], 5, buffer_callback=buffers.append)
        assert perdure.loads(stream, buffers=buffers).equals(ARRAYS[name])


def test_memory_that_nobody_writes_to_is_not_copied():
    values = pa.array(range(1000))
    kept = pa.py_buffer(pa.py_buffer(values.buffers()[1]).to_pybytes())
    mapped = pa.Array.from_buffers(pa.int64(), 1000, [None, kept])
    buffers = []
    stream = pickle.dumps(mapped, 5, buffer_callback=buffers.append)
    memory = memoryview(values.buffers()[1]).toreadonly()
    found = perdure.loads(stream, buffers=[memory])
    assert found.equals(values)
    assert found.buffers()[1].address == values.buffers()[1].address


# ---- pandas ----------------------------------------------------------------------------------

ROWS = 4
COLUMNS = {
    "str": pd.array(["a", None, "", "é"], dtype="str"),
    "string[pyarrow]": pd.array(["a", None, "", "é"], dtype="string[pyarrow]"),
    **{
        name: pd.array(pd.arrays.ArrowExtensionArray(pa.array((values * ROWS)[:ROWS], dtype)))
        for name, (dtype, values) in VALUES.items()
        if name != "interval"  # which pandas does not compare
    },
}
INDEXES = {
    name: pd.Index(column, name="n")
    for name, column in COLUMNS.items()
    if name in ("str", "string[pyarrow]", "int64", "double", "bool", "timestamp[ns]", "date32[day]", "dictionary")
}
FRAMES = {
    **{f"array of {name}": column for name, column in COLUMNS.items()},
    **{f"series of {name}": pd.Series(column) for name, column in COLUMNS.items()},
    **{f"frame of {name}": pd.DataFrame({"a": column, "b": [1, 2, 3, 4], "c": column}) for name, column in
       COLUMNS.items()},
    **{f"index of {name}": index for name, index in INDEXES.items()},
    **{f"series by {name}": pd.Series(range(ROWS), index=index) for name, index in INDEXES.items()},
    **{f"categories of {name}": pd.Categorical.from_codes([0, -1], pd.Index(index.dropna().unique()[:2]))
       for name, index in INDEXES.items() if name not in ("string[pyarrow]",)},
    "all": pd.DataFrame(COLUMNS),
    "pairs": pd.MultiIndex.from_product([["a", "b"], pd.Index([1, 2], dtype="int64[pyarrow]")]),
    "dtypes": [column.dtype for column in COLUMNS.values()],
    "some rows": pd.DataFrame(COLUMNS).iloc[1:3],
    "no rows": pd.DataFrame(COLUMNS).iloc[:0],
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_what_pandas_writes(name):
    for protocol in PROTOCOLS:
        stream = pickle.dumps(FRAMES[name], protocol)
        assert_same(perdure.loads(stream), pickle.loads(stream))


def test_strings_work_on():
    found = perdure.loads(pickle.dumps(pd.Series(["a", None, "b"], name="s")))
    assert found.str.upper().tolist()[::2] == ["A", "B"]
    found[1] = "c"
    assert found.tolist() == ["a", "c", "b"]
    assert pd.concat([found, found]).value_counts().loc["a"] == 2


def test_strings_of_older_releases():
    """All chunks, under another name; and text whose offsets have 32 bits."""
    for key, data in (("_data", pa.chunked_array([["a"], [None]])), ("_pa_array", pa.array(["a", None]))):
        state = {key: data, "_dtype": pd.StringDtype("pyarrow")}
        found = perdure.loads(pickle.dumps(hostile_pyarrow.New(pd.arrays.ArrowStringArray, state)))
        assert found.tolist() == ["a", pd.NA]


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("name", hostile_pyarrow.CASES)
def test_refused(name):
    verdict = verdicts("tests.profile.hostile_pyarrow")[name]
    assert verdict.partition(":")[0] in ("CorruptError", "LimitError", "UntrustedError"), verdict


@pytest.mark.parametrize("name", hostile_pyarrow.SOUND)
def test_the_forms_of_what_is_refused_load_where_they_are_sound(name):
    value = hostile_pyarrow.SOUND[name]
    assert perdure.loads(pickle.dumps(value)).to_pylist() == pickle.loads(pickle.dumps(value)).to_pylist()


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_nothing_else_writes_to_offsets(protocol):
    """The stream may make arrays of numpy's of the same bytes, which somebody writes to."""
    np = pytest.importorskip("numpy")
    offsets = np.array([0, 1, 2], "i4")
    raw = offsets.tobytes()
    for memory in (raw, bytearray(raw)):
        shared = hostile_pyarrow.Call(np._core.multiarray._reconstruct, np.ndarray, (0,), b"b",
                                      state=(1, (3,), np.dtype("i4"), False, raw))  # fmt: skip
        view = hostile_pyarrow.Call(np._core.numeric._frombuffer, memory, np.dtype("i4"), (3,), "C")
        text = hostile_pyarrow.parts(pa.string(), 2, [None, memory, b"ab"])
        found, *others = perdure.loads(pickle.dumps([text, shared, view], protocol))
        for other in others:
            if other.flags.writeable:
                other[:] = 1 << 30
        assert found.to_pylist() == ["a", "b"]


def test_rows_that_no_bytes_are_for_have_a_budget():
    assert len(perdure.loads(pickle.dumps(pa.nulls(1_000_000)))) == 1_000_000
    with pytest.raises(perdure.LimitError):
        perdure.loads(pickle.dumps(hostile_pyarrow.parts(pa.null(), 1 << 50, [None])))


def test_looking_at_things_again_has_a_budget():
    text = hostile_pyarrow.Call(pa.py_buffer, b"a" * 1_000_000)
    used = [
        hostile_pyarrow.Call(pa.lib._restore_array, (pa.binary(1_000_000), 1, 0, 0, [None, text], [], None))
        for _ in range(20_000)
    ]
    stream = pickle.dumps(used)
    with pytest.raises(perdure.LimitError):
        perdure.loads(stream)
    assert len(perdure.loads(pickle.dumps(used[:3]))) == 3
