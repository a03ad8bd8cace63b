"""Objects of real libraries go through JSON and behave as they did."""

import pytest

import perdure
from perdure import json

np = pytest.importorskip("numpy")


def back(value, trusted=None, **options):
    return json.loads(json.dumps(value, **options), trusted=trusted)


ARRAYS = [
    np.arange(3.0), np.arange(6, dtype="i4").reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(5.0),
    np.arange(6.0)[::2], np.zeros((0, 3)), np.array([True, False]), np.array([0.5, np.nan, np.inf, -0.0], "f2"),
    np.array([1, 2], ">i8"), np.array([1 + 2j]), np.array(["a", "bc"]), np.array([b"a", b"bc"]), np.array(["a", None], object),
    np.array(["2001-01-01", "NaT"], "M8[D]"), np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]), np.arange(1000),
    np.array([2**63 - 1, -(2**63)]), np.array([2**64 - 1], "u8"), np.ma.masked_array([1, 2], [True, False]),
]  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
@pytest.mark.parametrize("arrays", ["auto", "numbers", "base64"])
def test_arrays(array, arrays):
    same, trusted = perdure.loads(perdure.dumps(array, 5), trusted=perdure.TRUST_ALL), perdure.TRUST_ALL
    again = back(array, trusted, arrays=arrays)
    assert (type(again), again.dtype, again.shape, again.strides) == (type(same), same.dtype, same.shape, same.strides)
    assert again.tobytes() == same.tobytes() or array.dtype == object and again.tolist() == same.tolist()
    assert again.flags.writeable == same.flags.writeable


def test_arrays_are_readable():
    assert json.dumps(np.arange(3.0)) == '{"$perdure":1,"value":{"$array":[0.0,1.0,2.0],"dtype":"<f8","shape":[3]}}'
    assert json.dumps(np.arange(2, dtype="i4"), arrays="base64").count('"AAAAAAEAAAA="') == 1
    text = json.dumps([np.arange(2.0), np.arange(2.0), np.float64(1.5), np.dtype("<f8")])
    assert text.count('"$dtype":"<f8"') <= 2
    first, second, scalar, dtype = json.loads(text)
    assert first.dtype is second.dtype is dtype
    assert type(scalar) is np.float64 and scalar == 1.5


def test_a_read_only_array_stays_so():
    array = np.frombuffer(b"12345678")
    assert array.flags.writeable == back(array).flags.writeable == perdure.loads(perdure.dumps(array, 5)).flags.writeable


def test_tables():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({
        "a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"]), "d": pd.date_range("2001-02-03", periods=2, tz="Europe/Paris"),
        "e": [1.5, np.nan],
    })  # fmt: skip
    again = back(table)
    pd.testing.assert_frame_equal(again, table)
    series = pd.Series([1, 2], pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]), name="s")
    pd.testing.assert_series_equal(back(series), series)


def test_models():
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = load_iris(return_X_y=True)
    for model in (make_pipeline(StandardScaler(), LogisticRegression()), RandomForestClassifier(5, random_state=0)):
        model.fit(x, y)
        again = back(model, ["sklearn"])
        assert (again.predict_proba(x) == model.predict_proba(x)).all()
        with pytest.raises(perdure.UntrustedError):
            back(model)
