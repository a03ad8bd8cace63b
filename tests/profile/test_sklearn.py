"""The pack "sklearn": every estimator, fitted, loads and answers as the one that the standard module loads."""

import pickle
import warnings

import pytest

import perdure
from perdure import CorruptError, UntrustedError

pytest.importorskip("sklearn", reason="the pack's own library is not installed")

import numpy as np
from sklearn import linear_model, pipeline, preprocessing
from sklearn.svm import SVC

from tests.profile import estimators as cases
from tests.profile.apart import verdicts
from tests.profile.compare import same_answers
from tests.profile.forge import changed, having, tampered
from tests.profile.hostile_sklearn import CASES, REBUILT

NAMES = cases.estimators()


class Mine(SVC):
    threshold = 0.5

    def fit(self, X: object, y: object) -> "Mine":
        self.threshold = 0.25
        return super().fit(X, y)


def loaded(stream: bytes) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # loading is silent, for it is of this release
        return perdure.loads(stream, trusted=["sklearn"])


def standard(stream: bytes) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pickle.loads(stream)


def check(found: object, given: object) -> None:
    for protocol in range(6):
        stream = pickle.dumps(found, protocol)
        one, other = loaded(stream), standard(stream)
        assert type(one) is type(other)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_answers(one, other, given)


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator(name: str) -> None:
    check(cases.fitted(name, NAMES[name]), cases.data(name)[0])


@pytest.mark.parametrize("name", cases.FURTHER)
def test_what_estimators_hold_with_other_arguments(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, given = cases.FURTHER[name]()
    check(found, given)


def test_another_release_is_told_of() -> None:
    from sklearn import exceptions
    from sklearn.preprocessing import StandardScaler

    told = exceptions.InconsistentVersionWarning if cases.SKLEARN >= (1, 3) else UserWarning
    stream = tampered(StandardScaler(), StandardScaler, having(_sklearn_version="0.1"))
    with pytest.warns(told, match="from version 0.1"):
        assert type(perdure.loads(stream, trusted=["sklearn"])) is StandardScaler
    with warnings.catch_warnings(), pytest.raises(told):
        warnings.simplefilter("error")
        perdure.loads(stream, trusted=["sklearn"])


@pytest.mark.parametrize("case", CASES)
def test_states_that_are_not_sound(case: str) -> None:
    verdict = verdicts("tests.profile.hostile_sklearn")[case]
    if case in REBUILT:
        assert verdict == "loaded"  # and answered as if nobody had touched it: the case itself asks
    else:
        assert verdict.startswith(("CorruptError: ", "UntrustedError: ", "LimitError: ")), verdict


def test_nothing_of_it_loads_without_the_pack() -> None:
    from sklearn.preprocessing import StandardScaler

    with pytest.raises(UntrustedError) as caught:
        perdure.loads(pickle.dumps(StandardScaler()))
    assert caught.value.names == ("sklearn.preprocessing._data.StandardScaler",)


def test_a_class_of_ones_own_is_held_to_what_it_inherits() -> None:
    """It needs to be trusted besides the pack; the checks of its bases are its own."""
    found = Mine().fit(cases.X, cases.LABELS)
    stream = pickle.dumps(found)
    with pytest.raises(UntrustedError):
        perdure.loads(stream, trusted=["sklearn"])
    same_answers(perdure.loads(stream, trusted=["sklearn", Mine]), pickle.loads(stream), cases.X)
    with pytest.raises(CorruptError):
        perdure.loads(tampered(found, Mine, changed("_n_support", lambda n: n * 9)), trusted=["sklearn", Mine])


@pytest.mark.parametrize("kept", ["a path", "a Memory", "a Memory of nothing"])
def test_a_memory_is_left_out(kept, tmp_path):
    """fit would load pickles that lie in its folder."""
    import joblib

    folder = str(tmp_path / "kept")
    memory = {"a path": folder, "a Memory": joblib.Memory(folder, verbose=0), "a Memory of nothing": joblib.Memory(None)}
    steps = [("scale", preprocessing.StandardScaler()), ("line", linear_model.Ridge())]
    given = np.arange(12.0).reshape(4, 3)
    whole = pipeline.Pipeline(steps).fit(given, given[:, 0]).set_params(memory=memory[kept])
    for protocol in range(6):
        with pytest.warns(UserWarning, match="memory of a Pipeline is left out"):
            found = perdure.loads(pickle.dumps(whole, protocol), trusted=["sklearn"])
        np.testing.assert_array_equal(found.predict(given), whole.predict(given))
        found.fit(given, given[:, 0])
        assert not (tmp_path / "kept" / "joblib" / "sklearn").exists()
