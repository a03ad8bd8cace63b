"""Objects of numpy, pandas and scikit-learn go through XML and behave the same, under the same policy; so do pickles of
old releases, as graphs."""

import warnings

import pytest

from perdure import dumps as stream_of
from perdure import graph, loads, xml
from perdure.formats import xml_text
from perdure.formats.xml_text import write
from tests import xml_schema

np = pytest.importorskip("numpy")

from tests.profile.compare import same, same_answers
from tests.profile.test_files import FILES

ARRAYS = {
    "floats": np.linspace(0, 1, 700), "few": np.arange(6, dtype=">i2").reshape(2, 3), "by columns": np.asfortranarray(np.eye(3)),
    "nans": np.array([np.nan, np.inf, -0.0]), "text": np.array(["a", "é\n"]), "bytes": np.array([b"a"]), "none": np.empty((0, 3)),
    "objects": np.array([1, "a", None, [1]], dtype=object), "records": np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "times": np.array(["2026-01-02", "NaT"], dtype="M8[ns]"), "complex": np.array([1j]), "scalar": np.float32(1.5), "bool": np.bool_(True),
    "masked": np.ma.array([1, 2], mask=[True, False]), "a dtype": np.dtype("<f4"), "read-only": np.frombuffer(b"abcd", "u1"), "zero-d": np.array(7),
}  # fmt: skip


def there_and_back(obj: object, **policy: object) -> object:
    text = xml.dumps(obj)
    assert xml_schema.valid(text), xml_schema.problems(text)
    again = xml.loads(text, **policy)
    assert xml.dumps(again) == xml.dumps(loads(stream_of(obj, 5), **policy))
    return again


@pytest.mark.parametrize("name", ARRAYS)
def test_numpy(name: str) -> None:
    same(ARRAYS[name], there_and_back(ARRAYS[name]))


def test_numpys_generators() -> None:
    one = np.random.default_rng(7)
    assert there_and_back(one).random() == one.random()


def test_pandas() -> None:
    pytest.importorskip("pandas")
    from pandas._testing import assert_equal

    from tests.profile.pandas_cases import FRAMES, OBJECTS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in OBJECTS.items():
            again = there_and_back(value)
            assert type(again) is type(value), name
            if name.startswith("frame: "):
                assert_equal(again, FRAMES[name.removeprefix("frame: ")])


@pytest.mark.parametrize(
    "name", ["RandomForestClassifier", "LogisticRegression", "GradientBoostingRegressor", "KMeans", "StandardScaler", "SVC"]
)
def test_sklearn(name: str) -> None:
    pytest.importorskip("sklearn")
    from tests.profile.estimators import data, estimators, fitted

    model = fitted(name, estimators()[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_answers(model, there_and_back(model, trusted=["sklearn"]), data(name)[0])


@pytest.mark.parametrize("file", FILES)
def test_old_streams(file: str) -> None:
    for name, stream in FILES[file].items():
        text = write(graph.loads(stream))
        assert xml_schema.valid(text), name
        again = xml_text.read([text])
        assert write(again) == text, name
        assert write(graph.loads(graph.dumps(again))) == text, name
