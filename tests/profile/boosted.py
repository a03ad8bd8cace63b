"""Models of LightGBM and XGBoost, small ones of every kind that people pickle, and data to ask them about."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

X = np.random.RandomState(0).uniform(0.1, 3.0, (200, 5))
Y = (X[:, 0] > 1.5).astype(int)
THREE = np.arange(200) % 3
LETTERS = np.array(list("xyzw"))[np.arange(200) % 4]
TABLE = pd.DataFrame(X, columns=list("abcde"))
MIXED = TABLE.assign(c=pd.Categorical(THREE), e=pd.Categorical(LETTERS))

Maker = Callable[[], tuple[Any, Any]]


def _quiet(make: Maker) -> Maker:
    @functools.cache
    def made() -> tuple[Any, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()

    return made


def lightgbm() -> dict[str, Maker]:
    import lightgbm as lgb

    few = {"verbose": -1, "num_leaves": 5, "n_estimators": 4, "n_jobs": 1}

    def fitted(cls: type, targets: Any = Y, data: Any = X, more: Any = None, **arguments: Any) -> Maker:
        return _quiet(lambda: (cls(**few, **arguments).fit(data, targets, **(more or {})), data))

    def trained(targets: Any = Y, data: Any = X, more: Any = None, columns: Any = "auto", **arguments: Any) -> Maker:
        def make() -> tuple[Any, Any]:
            found = lgb.Dataset(data, targets, categorical_feature=columns)
            return lgb.train({"verbose": -1, "num_threads": 1, **arguments}, found, 4, **(more or {})), data

        return _quiet(make)

    counted = np.c_[THREE * 7, X]
    classifier, regressor, ranker = lgb.LGBMClassifier, lgb.LGBMRegressor, lgb.LGBMRanker
    return {
        "a classifier": fitted(classifier),
        "a classifier of three": fitted(classifier, THREE),
        "a classifier of letters": fitted(classifier, LETTERS, class_weight="balanced"),
        "a regressor": fitted(regressor, X[:, 0]),
        "a ranker": fitted(ranker, THREE, more={"group": [100, 100]}),
        "a ranker by xendcg": fitted(ranker, THREE, more={"group": [100, 100]}, objective="rank_xendcg"),
        "a model": fitted(lgb.LGBMModel, objective="regression"),
        "a table with categories": fitted(classifier, data=MIXED),
        "a sparse matrix": fitted(regressor, data=sparse.csr_matrix(X.round())),
        "constraints": fitted(
            regressor, monotone_constraints=[1, 0, -1, 0, 0], interaction_constraints=[[0, 1], [2, 3]]
        ),
        "stopped early": fitted(
            classifier, more={"eval_set": [(X, Y)], "callbacks": [lgb.early_stopping(2, verbose=False)]}
        ),
        "a constant": fitted(regressor, np.ones(200)),
        "roots": fitted(regressor, X[:, 0], reg_sqrt=True),
        "a generator": fitted(regressor, random_state=np.random.RandomState(1)),
        **{f"objective: {name}": fitted(regressor, X[:, 0] / 4 + 0.1, objective=name) for name in (
            "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie", "cross_entropy",
            "cross_entropy_lambda")},
        "objective: multiclassova": fitted(classifier, THREE, objective="multiclassova"),
        "boosting: dart": fitted(classifier, boosting_type="dart"),
        "boosting: goss": fitted(classifier, boosting_type="goss"),
        "boosting: rf": fitted(classifier, boosting_type="rf", subsample=0.5, subsample_freq=1),
        "not fitted": _quiet(lambda: (classifier(**few), None)),
        "a booster": trained(),
        "a booster with its data": trained(more={"keep_training_booster": True}),
        "a booster that went on": _quiet(lambda: trained(
            more={"keep_training_booster": True, "init_model": trained()()[0]})()),
        "a booster of linear trees": trained(X[:, 1], linear_tree=True),
        "a booster of categories": trained(
            THREE, counted, columns=[0], min_data_per_group=1, cat_smooth=0, max_cat_to_onehot=1),
        "boosters of cv": _quiet(lambda: (lgb.cv(
            {"verbose": -1, "objective": "binary", "num_threads": 1}, lgb.Dataset(X, Y), 3, nfold=2,
            return_cvbooster=True)["cvbooster"], X)),
    }  # fmt: skip


def xgboost() -> dict[str, Maker]:
    import xgboost as xgb

    few = {"max_depth": 3, "n_estimators": 4, "n_jobs": 1}

    def fitted(cls: type, targets: Any = Y, data: Any = X, more: Any = None, **arguments: Any) -> Maker:
        return _quiet(lambda: (cls(**{**few, **arguments}).fit(data, targets, **(more or {})), data))

    def trained(targets: Any = Y, data: Any = X, more: Any = None, **arguments: Any) -> Maker:
        def make() -> tuple[Any, Any]:
            found = xgb.DMatrix(data, targets, enable_categorical=True)
            return xgb.train({"nthread": 1, **arguments}, found, 4, **(more or {})), found

        return _quiet(make)

    def raw(form: str) -> tuple[Any, Any]:
        found = xgb.Booster()
        found.load_model(bytearray(trained()()[0].save_raw(form)))
        return found, xgb.DMatrix(X)

    def survival() -> tuple[Any, Any]:
        found = xgb.DMatrix(X)
        found.set_float_info("label_lower_bound", Y + 1.0)
        found.set_float_info("label_upper_bound", Y + 2.0)
        return xgb.train({"nthread": 1, "objective": "survival:aft"}, found, 3), found

    classifier, regressor, ranker = xgb.XGBClassifier, xgb.XGBRegressor, xgb.XGBRanker
    groups = {"qid": np.repeat([0, 1], 100)}
    return {
        "a classifier": fitted(classifier),
        "a classifier of three": fitted(classifier, THREE),
        "a classifier of three, by number": fitted(classifier, THREE, objective="multi:softmax"),
        "a classifier of several labels": fitted(classifier, np.c_[Y, 1 - Y]),
        "a regressor": fitted(regressor, X[:, 0]),
        "a regressor of two": fitted(regressor, X[:, :2]),
        "a ranker": fitted(ranker, THREE, more=groups),
        "a ranker without bias": fitted(ranker, THREE, more=groups, objective="rank:ndcg", lambdarank_unbiased=True),
        "a forest that classifies": fitted(xgb.XGBRFClassifier),
        "a forest": fitted(xgb.XGBRFRegressor),
        "a model": fitted(xgb.XGBModel, objective="reg:squarederror"),
        "a table with categories": fitted(classifier, data=MIXED, enable_categorical=True, max_cat_to_onehot=1),
        "one category apart": fitted(classifier, data=MIXED, enable_categorical=True, max_cat_to_onehot=10),
        "names of features": fitted(regressor, data=TABLE.rename(columns={"a": "größe (m)"})),
        "linear": fitted(regressor, booster="gblinear", max_depth=None),
        "linear, of three": fitted(classifier, THREE, booster="gblinear", max_depth=None),
        "dart": fitted(regressor, booster="dart", rate_drop=0.5),
        "quantiles": fitted(regressor, X[:, 1], objective="reg:quantileerror", quantile_alpha=[0.1, 0.5]),
        "exact": fitted(regressor, X[:, 1], tree_method="exact", gamma=1),
        "approx, by loss": fitted(regressor, X[:, 1], tree_method="approx", grow_policy="lossguide", max_leaves=7),
        "constraints": fitted(
            regressor, data=TABLE, monotone_constraints=(1, 0, -1, 0, 0), interaction_constraints=[["a", "b"], ["c", "d"]]
        ),
        "stopped early": fitted(
            classifier, more={"eval_set": [(X, Y)], "verbose": False}, early_stopping_rounds=2,
            eval_metric=["auc", "error@0.3"],
        ),
        "a callback": fitted(
            classifier, more={"eval_set": [(X, Y)], "verbose": False}, callbacks=[xgb.callback.EarlyStopping(rounds=2)]
        ),
        "not fitted": _quiet(lambda: (classifier(**few), None)),
        "a booster": trained(),
        "a booster of categories": trained((THREE == 1) ^ (LETTERS == "x"), MIXED, max_cat_to_onehot=1),
        "a booster that was pruned": _quiet(lambda: trained(
            more={"xgb_model": trained()()[0]}, process_type="update", updater="prune", gamma=0.5, max_depth=2)()),
        "a booster from JSON": _quiet(lambda: raw("json")),
        "a part of a booster": _quiet(lambda: (trained()()[0][1:3], xgb.DMatrix(X))),
        "a booster of survival": _quiet(survival),
        **{f"objective: {name}": trained(Y + 1 if name == "reg:gamma" else Y, objective=name) for name in (
            "reg:pseudohubererror", "reg:absoluteerror", "reg:squaredlogerror", "reg:logistic", "count:poisson",
            "reg:gamma", "reg:tweedie", "survival:cox", "binary:hinge", "binary:logitraw")},
    }  # fmt: skip
