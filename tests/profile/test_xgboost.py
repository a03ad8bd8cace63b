"""The pack "xgboost": what people pickle of it loads and answers as by the standard module, and nothing else does."""

import json
import pickle
import warnings

import numpy as np
import pytest

import perdure
from perdure import CorruptError, LimitError, UntrustedError

xgb = pytest.importorskip("xgboost", reason="the pack's own library is not installed: make test-heavy")
pytest.importorskip("sklearn", reason="the estimators are scikit-learn's")
pytest.importorskip("pandas", reason="the tables are pandas'")

from perdure.policy.tables import ubjson
from tests.profile import boosted
from tests.profile.apart import verdicts
from tests.profile.compare import same
from tests.profile.forge import changed, tampered
from tests.profile.hostile_xgboost import CASES, chain

MODELS = boosted.xgboost()


def booster_of(found: object) -> object:
    return found if isinstance(found, xgb.Booster) else vars(found).get("_Booster")


def check(stream: bytes, given: object) -> None:
    one, other = perdure.loads(stream, trusted=["xgboost"]), pickle.loads(stream)
    assert type(one) is type(other)
    assert vars(one).keys() == vars(other).keys()
    if booster_of(other) is not None:
        assert booster_of(one).save_raw() == booster_of(other).save_raw()
        assert booster_of(one).save_config() == booster_of(other).save_config()
        assert booster_of(one).get_dump(with_stats=True) == booster_of(other).get_dump(with_stats=True)
    if given is not None:
        same(one.predict(given), other.predict(given))


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    found, given = MODELS[name]()
    for protocol in range(2, 6):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(pickle.dumps(found, protocol), given)


@pytest.mark.parametrize("name", ["a booster", "a booster of categories", "a classifier of three", "dart", "linear"])
def test_models_of_releases_that_wrote_json(name: str) -> None:
    found, given = MODELS[name]()
    stream = tampered(found, xgb.Booster, changed("handle", as_json))  # which XGBoost 3.2 itself does not read again
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(perdure.loads(stream, trusted=["xgboost"]).predict(given), found.predict(given))


def as_json(handle: bytearray) -> bytearray:
    content = ubjson.read(bytes(handle))
    booster = content["Model"]["learner"]["gradient_booster"]
    booster.get("gbtree", booster)["model"].pop("cats", None)  # which is younger
    plain = json.dumps(content, default=np.ndarray.tolist, separators=(",", ":"))
    return bytearray(plain.encode())


@pytest.mark.parametrize("case", CASES)
def test_states_that_are_not_sound(case: str) -> None:
    verdict = verdicts("tests.profile.hostile_xgboost")[case]
    assert verdict.startswith(("CorruptError: ", "UntrustedError: ", "LimitError: ")), verdict


def test_depth_is_bounded() -> None:
    for levels in (100, 2000):
        found = perdure.loads(chain(levels), trusted=["xgboost"])
        assert found.predict(xgb.DMatrix(boosted.X[:3]), pred_contribs=True).shape == (3, 6)
    with pytest.raises(LimitError) as caught:
        perdure.loads(chain(3000), trusted=["xgboost"])
    assert caught.value.limit == "depth"


def test_the_pack_is_needed_and_brings_that_of_scikit_learn() -> None:
    found = MODELS["a classifier"]()[0]
    with pytest.raises(UntrustedError) as caught:
        perdure.loads(pickle.dumps(found))
    assert "xgboost.sklearn.XGBClassifier" in caught.value.names


def test_trees_of_vectors_and_the_old_binary_format_are_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vectors = xgb.XGBRegressor(multi_strategy="multi_output_tree", n_estimators=2, n_jobs=1)
        vectors.fit(boosted.X, boosted.X[:, :2])
    with pytest.raises(UntrustedError, match="multi_strategy"):
        perdure.loads(pickle.dumps(vectors), trusted=["xgboost"])
    old = tampered(MODELS["a booster"]()[0], xgb.Booster, changed("handle", lambda kept: bytearray(b"CONFIG-offset:")))
    with pytest.raises(UntrustedError, match="binary format"):
        perdure.loads(old, trusted=["xgboost"])


def test_a_model_is_built_once() -> None:
    stream = pickle.dumps(MODELS["a booster"]()[0], 2)
    with pytest.raises(CorruptError):
        perdure.loads(stream[:-1] + stream[stream.index(b"}") : -2] + b"b.", trusted=["xgboost"])
