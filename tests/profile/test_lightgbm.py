"""The pack "lightgbm": what people pickle of it loads and answers as by the standard module, and nothing else does."""

import pickle

import pytest

import perdure
from perdure import CorruptError, LimitError, UntrustedError

lgb = pytest.importorskip("lightgbm", reason="the pack's own library is not installed")
pytest.importorskip("sklearn", reason="the estimators are scikit-learn's")
pytest.importorskip("pandas", reason="the tables are pandas'")

from tests.profile import boosted
from tests.profile.apart import verdicts
from tests.profile.compare import same
from tests.profile.forge import having, tampered
from tests.profile.hostile_lightgbm import CASES, chain

MODELS = boosted.lightgbm()


def text_of(found: object) -> object:
    booster = found if isinstance(found, lgb.Booster) else vars(found).get("_Booster")
    return booster and booster.model_to_string()


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    found, given = MODELS[name]()
    for protocol in range(2, 6):
        stream = pickle.dumps(found, protocol)
        one, other = perdure.loads(stream, trusted=["lightgbm"]), pickle.loads(stream)
        assert type(one) is type(other)
        assert vars(one).keys() == vars(other).keys()
        assert text_of(one) == text_of(other)
        if given is not None:
            same(one.predict(given), other.predict(given))
        if isinstance(one, lgb.Booster):
            assert one.dump_model() == other.dump_model()
            assert one.params == other.params


@pytest.mark.parametrize("case", CASES)
def test_states_that_are_not_sound(case: str) -> None:
    verdict = verdicts("tests.profile.hostile_lightgbm")[case]
    assert verdict.startswith(("CorruptError: ", "UntrustedError: ", "LimitError: ")), verdict


def test_depth_is_bounded() -> None:
    booster = MODELS["a booster"]()[0]
    for levels in (100, 2000):
        found = perdure.loads(tampered(booster, lgb.Booster, having(_handle=chain(levels))), trusted=["lightgbm"])
        assert found.predict(boosted.X[:3], pred_contrib=True).shape == (3, 6)
    with pytest.raises(LimitError) as caught:
        perdure.loads(tampered(booster, lgb.Booster, having(_handle=chain(3000))), trusted=["lightgbm"])
    assert caught.value.limit == "depth"


def test_the_pack_is_needed_and_brings_that_of_scikit_learn() -> None:
    stream = pickle.dumps(MODELS["a classifier"]()[0])
    with pytest.raises(UntrustedError) as caught:
        perdure.loads(stream)
    assert "lightgbm.sklearn.LGBMClassifier" in caught.value.names
    assert type(perdure.loads(stream, trusted=["lightgbm"])._le).__name__ == "LabelEncoder"


def test_a_model_is_built_once() -> None:
    stream = pickle.dumps(MODELS["a booster"]()[0], 2)
    state = stream[stream.index(b"}") : -2]
    with pytest.raises(CorruptError):
        perdure.loads(stream[:-1] + state + b"b.", trusted=["lightgbm"])
