"""Every estimator of scikit-learn, fitted to little; and what else its pickles are made of."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))
_RNG = np.random.RandomState(0)
X = _RNG.uniform(0.1, 3.0, (40, 5))
LABELS = (X[:, 0] > 1.5).astype(int) + 1  # positive, so that every regressor takes them too
BOTH = np.column_stack((LABELS, 3 - LABELS))
TEXTS = [("the cat sat", "the dog ran far")[k % 2] for k in range(40)]
DICTS = [{"a": 1, "b": k} for k in range(40)]
WORDS = [("a", "b"), ("b", "c")] * 20

_TEXT = {"CountVectorizer", "TfidfVectorizer", "HashingVectorizer"}
_DICT = {"DictVectorizer", "FeatureHasher"}
_TARGETS = {"LabelBinarizer", "LabelEncoder"}
_TWO = {"CCA", "ClassifierChain", "MultiOutputClassifier", "MultiOutputRegressor", "PLSCanonical", "PLSRegression",
        "PLSSVD", "RegressorChain"}  # fmt: skip
_COUNTS = {"CategoricalNB"}
# What takes too long, or can't be made without arguments.
_ARGUMENTS = {
    "LinearDiscriminantAnalysis": {"n_components": 1},
    "OrthogonalMatchingPursuitCV": {"max_iter": 4},
    "QuantileRegressor": {"solver": "highs"},
    "SelectKBest": {"k": 3},
    "SpectralBiclustering": {"n_best": 2},
    "SequentialFeatureSelector": {"n_features_to_select": 1, "cv": 2},
    "SparseCoder": {"dictionary": _RNG.uniform(size=(3, 5))},
    "TSNE": {"perplexity": 5, "max_iter" if SKLEARN >= (1, 5) else "n_iter": 250},
}


def _make(name: str, cls: type) -> BaseEstimator:
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    simple = LinearRegression() if name.endswith("Regressor") else LogisticRegression()
    pair = [("one", simple), ("two", simple)]
    made = {
        ColumnTransformer: lambda: cls([("a", StandardScaler(), [0, 1]), ("b", "passthrough", slice(2, 4))]),
        FeatureUnion: lambda: cls([("a", StandardScaler()), ("b", PCA(2))]),
        Pipeline: lambda: cls([("a", MinMaxScaler()), ("b", LogisticRegression())]),
    }
    if cls in made:
        return made[cls]()
    if name == "FrozenEstimator":
        return cls(LogisticRegression().fit(X, LABELS))
    if name.startswith(("Voting", "Stacking")):
        return cls(pair)
    if name in ("GridSearchCV", "HalvingGridSearchCV"):
        return cls(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)
    if name in ("RandomizedSearchCV", "HalvingRandomSearchCV"):
        from scipy.stats import loguniform

        more = {"n_iter": 2} if name == "RandomizedSearchCV" else {}
        return cls(LogisticRegression(), {"C": loguniform(0.1, 1.0)}, cv=2, random_state=0, **more)
    if name == "SelfTrainingClassifier":
        return cls(simple)
    for given in ((), (simple,)):
        try:
            found = cls(*given, **_ARGUMENTS.get(name, {}))
        except TypeError:
            continue
        _quicken(found)
        return found
    raise AssertionError(f"{name} can't be made")


def _quicken(found: BaseEstimator) -> None:
    few = {"n_estimators": 3, "max_iter": 50, "n_init": 1, "n_components": 2, "n_clusters": 3, "cv": 2, "n_resampling": 2,
           "random_state": 0, "n_neighbors": 3, "min_samples": 3}  # fmt: skip
    have = found.get_params(deep=False)
    given = _ARGUMENTS.get(type(found).__name__, {})
    found.set_params(**{key: value for key, value in few.items() if key in have and key not in given})


def data(name: str) -> tuple[object, object]:
    """What an estimator of this name is fitted to: X and y."""
    if name in _TEXT:
        return TEXTS, None
    if name in _DICT:
        return DICTS, None
    if name in _TARGETS:
        return LABELS, None
    if name == "MultiLabelBinarizer":
        return WORDS, None
    if name == "IsotonicRegression":
        return X[:, 0], X[:, 1]
    if name == "KernelCenterer":
        return X @ X.T, None
    if name == "PatchExtractor":
        return X.reshape(2, 10, 10), None
    if name in _COUNTS:
        return X.round().astype(int), LABELS
    if name in _TWO or name.startswith("MultiTask"):
        return X, BOTH
    return X, LABELS


def fitted(name: str, cls: type) -> BaseEstimator:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _make(name, cls)
        given, targets = data(name)
        if name in _TARGETS:
            return found.fit(given)
        return found.fit(given, targets) if targets is not None else found.fit(given)


def estimators() -> dict[str, type]:
    from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401

    return dict(all_estimators())


def _further() -> dict[str, Callable[[], tuple[BaseEstimator, object]]]:
    """Estimators whose arguments bring other types, or other loops in C, into their state; and data for them."""
    from scipy import sparse
    from sklearn import (
        compose,
        ensemble,
        feature_selection,
        gaussian_process,
        kernel_approximation,
        linear_model,
        metrics,
        model_selection,
        neighbors,
        pipeline,
        preprocessing,
        svm,
    )
    from sklearn.feature_extraction import text

    rounded, narrow = X.round(), sparse.csr_matrix(X.round())
    mixed = np.column_stack((X[:, :4], np.arange(40) % 3))

    def given(found: BaseEstimator, data: object = X, targets: object = LABELS) -> Callable[[], Any]:
        return lambda: (found.fit(data, targets), data)

    kernels = gaussian_process.kernels
    return {
        **{f"neighbours: {algorithm}, {metric}": given(
            neighbors.KNeighborsClassifier(algorithm=algorithm, metric=metric, metric_params=more))
           for algorithm, metric, more in (
               ("brute", "euclidean", None), ("brute", "cosine", None), ("kd_tree", "manhattan", None),
               ("ball_tree", "minkowski", {"p": 3}), ("ball_tree", "mahalanobis", {"V": np.eye(5)}),
               ("ball_tree", "seuclidean", {"V": np.ones(5)}), ("ball_tree", "canberra", None))},
        "neighbours: two targets": given(neighbors.KNeighborsClassifier(algorithm="brute"), X, BOTH),
        "neighbours: sparse": given(neighbors.KNeighborsClassifier(), narrow),
        "neighbours: weights of a density": lambda: (
            neighbors.KernelDensity(algorithm="ball_tree").fit(X, sample_weight=np.arange(1.0, 41.0)), X),
        "vectors: sparse": given(svm.SVC(), narrow),
        "vectors: probabilities": given(svm.NuSVC(probability=True, random_state=0)),
        "vectors: precomputed": given(svm.SVC(kernel="precomputed"), X @ X.T),
        "vectors: a kernel that is a function": given(svm.SVC(kernel=metrics.pairwise.laplacian_kernel)),
        "vectors: a linear kernel": given(svm.SVR(kernel="linear")),
        "trees: sparse": given(ensemble.RandomForestClassifier(n_estimators=3), narrow),
        "trees: two targets": given(ensemble.ExtraTreesRegressor(n_estimators=3), X, BOTH),
        "trees: few leaves": given(ensemble.RandomForestRegressor(n_estimators=3, max_leaf_nodes=4)),
        "trees: pruned": given(ensemble.RandomForestRegressor(n_estimators=3, ccp_alpha=0.05)),
        "boosting: three classes": given(ensemble.GradientBoostingClassifier(n_estimators=2), X, np.arange(40) % 3),
        "boosting: from zero": given(ensemble.GradientBoostingRegressor(n_estimators=2, init="zero")),
        "boosting: from a line": given(ensemble.GradientBoostingRegressor(n_estimators=2, init=linear_model.Ridge())),
        "boosting: from a classifier": given(
            ensemble.GradientBoostingClassifier(n_estimators=2, init=linear_model.LogisticRegression())),
        "boosting: from a classifier of three": given(
            ensemble.GradientBoostingClassifier(n_estimators=2, init=linear_model.LogisticRegression()), X,
            np.arange(40) % 3),
        "boosting: quantiles": given(ensemble.GradientBoostingRegressor(n_estimators=2, loss="quantile")),
        "histogram: categories": given(
            ensemble.HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2, categorical_features=[4]), mixed),
        "histogram: three classes": given(
            ensemble.HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2), X, np.arange(40) % 3),
        "one-hot: first dropped": given(preprocessing.OneHotEncoder(drop="first"), rounded),
        "one-hot: rare ones grouped": given(
            preprocessing.OneHotEncoder(min_frequency=12, handle_unknown="infrequent_if_exist"), rounded),
        "one-hot: words": given(preprocessing.OneHotEncoder(drop="if_binary"), np.array([list("ab"), list("ba")])[:1]),
        "words, scaled and classified": given(
            pipeline.make_pipeline(text.TfidfVectorizer(max_features=3), linear_model.SGDClassifier(average=True)), TEXTS),
        "functions: numpy's": given(preprocessing.FunctionTransformer(np.log1p, np.expm1)),
        "functions: scores": given(feature_selection.SelectKBest(feature_selection.mutual_info_classif, k=2)),
        "functions: a scorer": given(model_selection.GridSearchCV(
            linear_model.Ridge(), {"alpha": [1, 2]}, scoring=metrics.make_scorer(metrics.mean_squared_error),
            cv=model_selection.RepeatedKFold(n_splits=2, n_repeats=2, random_state=0))),
        "functions: several scorers": given(model_selection.GridSearchCV(
            linear_model.LogisticRegression(), {"C": [1, 2]}, scoring=["accuracy", "roc_auc"], refit="accuracy",
            cv=model_selection.StratifiedShuffleSplit(2, random_state=0))),
        "kernels": given(gaussian_process.GaussianProcessRegressor(
            kernels.ConstantKernel() * kernels.Matern() + kernels.WhiteKernel() + kernels.RationalQuadratic()
            + kernels.DotProduct() ** 2, optimizer=None, alpha=1.0)),
        "kernels: approximated": given(kernel_approximation.Nystroem(n_components=3)),
        "columns: by what they are": given(compose.ColumnTransformer(
            [("a", preprocessing.KBinsDiscretizer(3), [0, 1]), ("b", "drop", [2])], remainder="passthrough")),
        **({"splines, sparse": given(preprocessing.SplineTransformer(sparse_output=True))} if SKLEARN >= (1, 3) else {}),
        "coefficients, sparse": lambda: (linear_model.LogisticRegression().fit(X, LABELS).sparsify(), X),
        "losses": given(linear_model.TweedieRegressor(power=1.5)),
    }  # fmt: skip


FURTHER = _further()
