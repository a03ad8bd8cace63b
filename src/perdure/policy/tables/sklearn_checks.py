"""What an estimator's methods hand to C without a look: proven while the estimator is filled in.

scikit-learn's loops in C run without bound checks, over arrays that the estimator holds. Each check here gets the
attributes of one class before they are set; it raises where they disagree, and puts copies where a stream could
still change what it has proven (lists and dicts). What is not there is not checked: a method that needs it fails.
"""

from __future__ import annotations

import functools
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.tables.sklearn_guesses import is_sound_guess
from perdure.policy.tables.sklearn_native import MAKING, NEIGHBOURS, check_predictor
from perdure.policy.tables.sklearn_words import (
    check_binarizer,
    check_hasher,
    check_one_hot,
    check_vocabulary,
    features_of,
    is_whole,
)
from perdure.policy.tables.sparse import plain_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Attributes = dict[str, Any]

__all__ = ["after_for", "checks_for"]


def _numpy() -> Any:
    return import_module("numpy")


def _is(found: Any, module: str, *names: str) -> bool:
    """Whether something is an instance of just one of these classes, and filled in."""
    cls = type(found)
    return cls.__module__ == module and cls.__qualname__ in names and bool(getattr(found, "__dict__", True))


def _function_only(what: str, found: Any) -> None:
    if isinstance(found, type):
        raise CorruptError(f"{what} is a function, not a class")


# ---- trees -----------------------------------------------------------------------------------


def _check_tree_of(attributes: Attributes) -> None:
    if "tree_" in attributes:
        tree = attributes["tree_"]
        if type(tree) is not import_module("sklearn.tree._tree").Tree or tree.node_count < 1:
            raise CorruptError("the tree of a decision tree is a Tree")
        if tree.n_features != features_of("decision tree", attributes):
            raise CorruptError("a decision tree and its Tree have not the same features")


def _check_boosting(attributes: Attributes) -> None:
    """predict_stages adds the value of each tree of a stage to a column of its own."""
    if "estimators_" not in attributes:
        return
    stages = plain_array("estimators_ of gradient boosting", attributes["estimators_"], 2, "O")
    features = features_of("gradient boosting", attributes)
    for tree in stages.flat:
        if not _is(tree, "sklearn.tree._classes", "DecisionTreeRegressor") or "tree_" not in tree.__dict__:
            raise CorruptError("gradient boosting is made of trees for regression")
        if tree.tree_.n_features != features:
            raise CorruptError("gradient boosting and its trees have not the same features")
    columns = stages.shape[1]
    loss: Any = attributes.get("_loss")
    if _is(loss, "sklearn._loss.loss", *_LOSSES):
        wanted = getattr(loss, "n_classes", 0) if loss.is_multiclass else 1
    elif _is(loss, "sklearn.ensemble._gb_losses", *_OLD_LOSSES):  # before 1.4, where K is the number of columns
        wanted = loss.K if loss.is_multi_class and is_whole(loss.K, 1, 1 << 31) else 1
        if loss.K != wanted:
            raise CorruptError("gradient boosting has a loss of as many classes as that is for")
    else:
        raise CorruptError("gradient boosting has a loss")
    if columns != wanted or attributes.get("n_trees_per_iteration_", columns) != columns:
        raise CorruptError("gradient boosting has not as many trees a stage as its loss has classes")
    first = attributes.get("init_")
    if type(first) is str and first == "zero":
        return
    if not is_sound_guess(first, columns, features):
        raise CorruptError("gradient boosting begins with a constant or a linear model of as many columns")


def _check_boosted_regression(attributes: Attributes) -> None:
    """What it begins with is one column, whatever the loss makes of it."""
    if "estimators_" in attributes and plain_array("estimators_", attributes["estimators_"], 2, "O").shape[1] != 1:
        raise CorruptError("gradient boosting for regression has one tree a stage")


def _check_histogram_boosting(attributes: Attributes) -> None:
    if "_predictors" not in attributes:
        return
    numpy = _numpy()
    mapper: Any = attributes.get("_bin_mapper")
    if not _is(mapper, "sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"):
        raise CorruptError("histogram gradient boosting has a _BinMapper")
    features = features_of("histogram gradient boosting", attributes)
    categorical = mapper.__dict__.get("is_categorical_")
    if categorical is None or len(categorical) != features or mapper.n_bins != attributes.get("max_bins", 255) + 1:
        raise CorruptError("histogram gradient boosting and its _BinMapper have not the same features and bins")
    rounds = attributes["_predictors"]
    if type(rounds) is not list or not all(type(each) is list for each in rounds):
        raise CorruptError("the trees of histogram gradient boosting are lists in a list")
    attributes["_predictors"] = rounds = [list(each) for each in rounds]
    for predictor in (each for one in rounds for each in one):
        if not _is(predictor, "sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"):
            raise CorruptError("histogram gradient boosting is made of TreePredictors")
        charge_copy(MAKING + predictor.nodes.nbytes)
        inner = predictor.nodes[predictor.nodes["is_leaf"] == 0]
        looked_at = inner["feature_idx"]
        if len(looked_at) and looked_at.max() >= features:
            raise CorruptError("a node of a TreePredictor looks at a feature that there is not")
        if not categorical[numpy.unique(looked_at[inner["is_categorical"] != 0])].all():
            raise CorruptError("a node of a TreePredictor takes a number for a category")
    if attributes.get("_preprocessor") is not None:
        _check_preprocessor(attributes["_preprocessor"], features)


def _check_preprocessor(columns: Any, features: int) -> None:
    """The ColumnTransformer that fit makes, which puts the categories first: as many columns as before."""
    numpy = _numpy()
    found = columns.__dict__ if _is(columns, "sklearn.compose._column_transformer", "ColumnTransformer") else {}
    steps, kept = found.get("transformers_"), found.get("_transformer_to_input_indices")
    if type(steps) is not list or not all(type(step) is tuple and len(step) == 3 for step in steps):
        raise CorruptError("the preprocessor of histogram gradient boosting has two steps")
    found["transformers_"] = steps = list(steps)
    steps = [step for step in steps if not (type(step[1]) is str and step[1] == "drop")]  # the rest, which is none
    names = [step[0] for step in steps]
    masks = [step[2] for step in steps]
    if (
        names != ["encoder", "numerical"] or found.get("n_features_in_") != features or type(kept) is not dict
        or found.get("transformer_weights") is not None
        or not all(type(mask) is numpy.ndarray and mask.shape == (features,) and mask.dtype == bool for mask in masks)
        or not (masks[0] != masks[1]).all()
    ):  # fmt: skip
        raise CorruptError("the preprocessor of histogram gradient boosting has two steps")
    for name, mask in zip(names, masks, strict=True):
        places = kept.get(name)
        if places is None or list(places) != numpy.flatnonzero(mask).tolist():
            raise CorruptError("the preprocessor of histogram gradient boosting drops a column")
    encoder, rest = steps[0][1], steps[1][1]
    function: Any = getattr(rest, "func", None)
    if type(function) is functools.partial:
        function = function.func
    if (
        not _is(encoder, "sklearn.preprocessing._encoders", "OrdinalEncoder")
        or not _is(rest, "sklearn.preprocessing._function_transformer", "FunctionTransformer")
        or function is not import_module("sklearn.utils.validation").check_array
    ):
        raise CorruptError("the preprocessor of histogram gradient boosting encodes, and checks")
    found["_transformer_to_input_indices"] = {name: list(kept[name]) for name in kept}


def _check_mapper(attributes: Attributes) -> None:
    """Bins are counted in bytes: as many thresholds as there is room for."""
    if "bin_thresholds_" not in attributes:
        return
    thresholds = attributes["bin_thresholds_"]
    bins: Any = attributes.get("n_bins")
    categorical = plain_array("is_categorical_ of a _BinMapper", attributes.get("is_categorical_"), 1, "u")
    counts = plain_array("n_bins_non_missing_ of a _BinMapper", attributes.get("n_bins_non_missing_"), 1, "u")
    if type(thresholds) is not list or not len(thresholds) == len(categorical) == len(counts):
        raise CorruptError("a _BinMapper has thresholds for each feature")
    if not is_whole(bins, 3, 257) or attributes.get("missing_values_bin_idx_") != bins - 1:
        raise CorruptError("a _BinMapper has up to 256 bins, the last for what is missing")
    attributes["bin_thresholds_"] = thresholds = list(thresholds)
    if any(len(plain_array("thresholds of a _BinMapper", each)) >= bins for each in thresholds):
        raise CorruptError("a _BinMapper has more thresholds than bins")


# ---- support vectors -------------------------------------------------------------------------


def _check_support(attributes: Attributes) -> None:
    """libsvm's model, as libsvm_helper.c takes it from the arrays."""
    if "support_vectors_" not in attributes and "_n_support" not in attributes:
        return
    numpy = _numpy()
    sparse, kernel = attributes.get("_sparse"), attributes.get("kernel")
    shape, vectors = attributes.get("shape_fit_"), attributes.get("support_vectors_")
    support = plain_array("support_ of a support vector machine", attributes.get("support_"), 1, "i")
    counts = plain_array("_n_support of a support vector machine", attributes.get("_n_support"), 1, "i").astype("i8")
    intercept = plain_array("_intercept_ of a support vector machine", attributes.get("_intercept_"), 1, "f")
    if type(sparse) is not bool or type(shape) is not tuple or not all(is_whole(axis, 0, 1 << 31) for axis in shape):
        raise CorruptError("a support vector machine knows what it was fitted to")
    groups = len(counts)
    pairs, length = groups * (groups - 1) // 2, len(support)
    classes = attributes.get("classes_")
    if groups < 2 or counts.min() < 0 or groups > 1 << 15 or len(intercept) < pairs:
        raise CorruptError("a support vector machine has counts for each class, and an intercept for each pair")
    if classes is not None and (len(classes) != groups or int(counts.sum()) != length):
        raise CorruptError("the counts of a support vector machine are not those of its vectors")
    # Whether they are read is a flag that only the loops for sparse vectors take; before 1.9 it was a parameter.
    flag = attributes.get("_effective_probability", attributes.get("probability"))
    for key in ("_probA", "_probB"):
        size = len(plain_array(f"{key} of a support vector machine", attributes.get(key), 1, "f"))
        if size < pairs and (size or (sparse and flag)):
            raise CorruptError("a support vector machine has probabilities for each pair of classes")
    dual = attributes.get("_dual_coef_")
    if sparse:
        if callable(kernel) or kernel == "precomputed":
            raise CorruptError("a support vector machine for sparse vectors has a kernel of its own")
        if not all(_is_csr(each) for each in (vectors, dual)) or vectors.shape[0] != length:  # type: ignore[union-attr]
            raise CorruptError("the vectors of a support vector machine are as many as it says")
        if len(dual.data) < (groups - 1) * length:  # type: ignore[union-attr]
            raise CorruptError("a support vector machine has coefficients for each vector")
        features_of("support vector machine", attributes)
        return
    vectors = plain_array("vectors of a support vector machine", vectors, 2, "f")
    dual = plain_array("coefficients of a support vector machine", dual, 2, "f")
    if dual.shape[0] < groups - 1 or dual.shape[1] != length:
        raise CorruptError("a support vector machine has coefficients for each vector")
    if callable(kernel) or kernel == "precomputed":
        if not shape or (length and not (support.min() >= 0 and support.max() < shape[0])):
            raise CorruptError("a support vector is none of those that were fitted")
        if callable(kernel):
            _check_kernel(kernel, attributes.get("_BaseLibSVM__Xfit"), int(shape[0]))
    elif vectors.shape != (length, features_of("support vector machine", attributes)):
        raise CorruptError("the vectors of a support vector machine are as many as it says, and as long")
    if vectors.dtype != numpy.float64:
        raise CorruptError("the vectors of a support vector machine are of doubles")


def _check_classes(attributes: Attributes) -> None:
    """Only where there are classes is it known whether the counts of vectors are read."""
    if "_n_support" in attributes and type(attributes.get("classes_")) is not _numpy().ndarray:
        raise CorruptError("a support vector machine that classifies has classes")


def _is_csr(found: Any) -> bool:
    return _is(found, "scipy.sparse._csr", "csr_matrix", "csr_array") and len(found.shape) == 2


def _check_kernel(kernel: Any, fitted: Any, count: int) -> None:
    """A function that gives a column for each vector that was fitted; for one of somebody's own he vouches."""
    if getattr(fitted, "shape", (None,))[0] != count:
        raise CorruptError("a support vector machine keeps what it was fitted to")
    cls, home = type(kernel), getattr(kernel, "__module__", None) or ""
    if cls.__module__ == "sklearn.gaussian_process.kernels":
        return
    name = getattr(kernel, "__name__", "")
    if home == "sklearn.metrics.pairwise" and (name.endswith("_kernel") or name == "cosine_similarity"):
        return
    if isinstance(kernel, type) or home.split(".")[0] in ("", "builtins", "functools", "numpy", "scipy", "sklearn"):
        raise CorruptError("the kernel of a support vector machine is none")


# ---- clusters --------------------------------------------------------------------------------


def _check_centers(attributes: Attributes) -> None:
    if "cluster_centers_" not in attributes:
        return
    centers = plain_array("cluster_centers_", attributes["cluster_centers_"], 2, "f")
    if not len(centers) or centers.shape[1] != features_of("clustering", attributes):
        raise CorruptError("the centers of clusters have as many features as the rest")
    if not is_whole(attributes.get("_n_threads", 1), 1, 1 << 12):  # of others OpenMP ends the process
        raise CorruptError("a clustering uses one thread, or more")
    if "_counts" in attributes and len(plain_array("_counts of a clustering", attributes["_counts"], 1, "f")) != len(
        centers
    ):
        raise CorruptError("a clustering counts the points of each cluster")


def _check_bisecting(attributes: Attributes) -> None:
    """Its predict goes down a tree of centers."""
    root = attributes.get("_bisecting_tree")
    if root is None:
        return
    features = features_of("clustering", attributes)
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if not _is(node, "sklearn.cluster._bisect_k_means", "_BisectingTree") or id(node) in seen:
            raise CorruptError("the clusters of BisectingKMeans are no tree")
        seen.add(id(node))
        center, left, right = (node.__dict__.get(key) for key in ("center", "left", "right"))
        if plain_array("center of a cluster", center, 1, "f").shape != (features,) or (left is None) != (right is None):
            raise CorruptError("the centers of clusters have as many features as the rest")
        waiting += [] if left is None else [left, right]


def _check_subclusters(attributes: Attributes) -> None:
    """Birch: the norms of its centers are read in C, and its leaves are gone through from one to the next."""
    if "subcluster_centers_" in attributes:
        centers = plain_array("centers of subclusters", attributes["subcluster_centers_"], 2, "f")
        for key in ("_subcluster_norms", "subcluster_labels_"):
            if key in attributes and plain_array(key, attributes[key], 1, "fi").shape != centers.shape[:1]:
                raise CorruptError(f"{key} of Birch are not as many as its centers")
    leaf, seen = attributes.get("dummy_leaf_"), set()
    while leaf is not None:
        if not _is(leaf, "sklearn.cluster._birch", "_CFNode") or id(leaf) in seen:
            raise CorruptError("the leaves of Birch come one after another")
        seen.add(id(leaf))
        leaf = leaf.__dict__.get("next_leaf_")
    charge_copy(64 * len(seen))


def _check_hierarchy(attributes: Attributes) -> None:
    """dbscan_clustering cuts the tree of single links: row i joins two of what came before."""
    tree = attributes.get("_single_linkage_tree_")
    if tree is None:
        return
    if type(tree) is not _numpy().ndarray or tree.ndim != 1 or tree.dtype.names is None:
        raise CorruptError("the links of HDBSCAN are an array of records")
    for key in ("left_node", "right_node"):
        if key not in tree.dtype.names or not ((tree[key] >= 0).all() and (tree[key] <= 2 * len(tree)).all()):
            raise CorruptError("a link of HDBSCAN joins what there is not")


# ---- neighbours ------------------------------------------------------------------------------


def _check_neighbours(attributes: Attributes) -> None:
    if "_fit_method" not in attributes:
        return
    method, points, tree = (attributes.get(key) for key in ("_fit_method", "_fit_X", "_tree"))
    if method == "brute":
        if not _is_csr(points):
            plain_array("points of neighbours", points, 2)
        count, features = points.shape  # type: ignore[union-attr]
    else:
        if not _is_neighbours(tree):
            raise CorruptError("a search for neighbours has a tree")
        count, features = tree.data.shape  # type: ignore[union-attr]
        if getattr(points, "shape", None) != (count, features):
            raise CorruptError("a search for neighbours has other points than its tree")
    if attributes.get("n_samples_fit_") != count or attributes.get("n_features_in_", features) != features:
        raise CorruptError("a search for neighbours has not as many points and features as it says")
    wanted = attributes.get("n_neighbors")
    if wanted is not None and not is_whole(wanted, 1, 1 << 62):
        raise CorruptError("a search for neighbours looks for one, or more")
    if method == "brute":
        attributes["n_features_in_"] = features  # so that the width of what is asked is looked at
    if "classes_" in attributes and "_y" in attributes:
        _check_labels(attributes, int(count))


def _is_neighbours(found: Any) -> bool:
    cls = type(found)
    return cls.__qualname__ in NEIGHBOURS.get(cls.__module__, ())


def _check_labels(attributes: Attributes, count: int) -> None:
    """Votes are counted in C where the points are searched one by one."""
    labels, classes = attributes["_y"], attributes["classes_"]
    if attributes.get("outputs_2d_") is not True:
        labels = plain_array("labels of neighbours", labels, 1, "i")
        if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes)):
            raise CorruptError("a label of a neighbour is none of the classes")
    if len(labels) != count:
        raise CorruptError("there is a label for each neighbour")
    if attributes["_fit_method"] == "brute" and not is_whole(attributes.get("n_neighbors", 1), 1, count + 1):
        raise CorruptError("more neighbours vote than there are")


def _check_density(attributes: Attributes) -> None:
    if "tree_" in attributes and not _is_neighbours(attributes["tree_"]):
        raise CorruptError("the tree of a KernelDensity is none")


# ---- linear models ---------------------------------------------------------------------------


def _check_coefficients(attributes: Attributes) -> None:
    """What partial_fit and warm_start go on from."""
    numpy = _numpy()
    names = ("coef_", "_standard_coef", "_average_coef", "standard_coef_", "average_coef_")
    arrays = {key: attributes[key] for key in names if isinstance(attributes.get(key), numpy.ndarray)}
    if arrays:
        features = features_of("linear model", attributes)
        for key, found in arrays.items():
            if found.ndim not in (1, 2) or found.shape[-1] != features:
                raise CorruptError(f"{key} has not as many columns as there are features")


def _check_scores(attributes: dict[str, Any]) -> None:
    """One score for each class, or one alone where there are two: others make the columns of sparse matrices of it."""
    coefficients: Any = attributes.get("coef_")
    classes: Any = attributes.get("classes_")
    if coefficients is None or classes is None:
        return
    if not _is(coefficients, "scipy.sparse._csr", "csr_matrix", "csr_array"):
        plain_array("coef_ of a linear classifier", coefficients, None)
    rows = coefficients.shape[0] if len(coefficients.shape) == 2 else 1
    intercept = _numpy().asarray(attributes.get("intercept_", 0.0))
    if rows != (1 if len(classes) <= 2 else len(classes)) or intercept.ndim > 1 or intercept.size not in (1, rows):
        raise CorruptError("a linear classifier has a score for each class")


# ---- functions, losses, steps ----------------------------------------------------------------


def _check_functions(attributes: Attributes) -> None:
    for key in ("func", "inverse_func"):
        _function_only(key, attributes.get(key))


_LINKS = ("HalfLogitLink", "IdentityLink", "LogLink", "LogitLink", "MultinomialLogit")
_LOSSES = (
    "HalfSquaredError", "AbsoluteError", "PinballLoss", "HuberLoss", "HalfPoissonLoss", "HalfGammaLoss",
    "HalfTweedieLoss", "HalfTweedieLossIdentity", "HalfBinomialLoss", "HalfMultinomialLoss", "ExponentialLoss",
)  # fmt: skip

_OLD_LOSSES = (
    "BinomialDeviance", "ExponentialLoss", "HuberLossFunction", "LeastAbsoluteError", "LeastSquaresError",
    "MultinomialDeviance", "QuantileLossFunction",
)  # fmt: skip


def _check_loss(attributes: Attributes) -> None:
    link = type(attributes.get("link"))
    if link.__module__ != "sklearn._loss.link" or link.__qualname__ not in _LINKS:
        raise CorruptError("the link of a loss is one of scikit-learn's")
    if type(attributes.get("closs")).__module__ not in ("_loss", "sklearn._loss._loss"):
        raise CorruptError("a loss is computed by one of scikit-learn's")


def _check_isotonic(attributes: Attributes) -> None:
    """Its function is made again, of these."""
    attributes.pop("f_", None)
    if "X_thresholds_" in attributes and "y_thresholds_" in attributes:
        found = [plain_array(key, attributes[key], 1, "f") for key in ("X_thresholds_", "y_thresholds_")]
        if len(found[0]) != len(found[1]):
            raise CorruptError("an isotonic regression has as many x as y")


def _finish_isotonic(instance: Any) -> None:
    found = instance.__dict__
    if "X_thresholds_" in found and "y_thresholds_" in found:
        charge_copy(8 * MAKING + 8 * found["X_thresholds_"].nbytes)
        instance._build_f(found["X_thresholds_"], found["y_thresholds_"])


# ---- which class is checked for what ---------------------------------------------------------

_CHECKS: dict[tuple[str, str], Callable[[Attributes], None]] = {
    ("sklearn._loss.loss", "BaseLoss"): _check_loss,
    ("sklearn.cluster._birch", "Birch"): _check_subclusters,
    ("sklearn.cluster._bisect_k_means", "BisectingKMeans"): _check_bisecting,
    ("sklearn.cluster._hdbscan.hdbscan", "HDBSCAN"): _check_hierarchy,
    ("sklearn.cluster._kmeans", "_BaseKMeans"): _check_centers,
    ("sklearn.compose._target", "TransformedTargetRegressor"): _check_functions,
    ("sklearn.ensemble._gb", "BaseGradientBoosting"): _check_boosting,
    ("sklearn.ensemble._gb", "GradientBoostingRegressor"): _check_boosted_regression,
    ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"): _check_mapper,
    ("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", "BaseHistGradientBoosting"):
        _check_histogram_boosting,
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"): check_predictor,
    ("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer"): check_vocabulary,
    ("sklearn.feature_extraction._hash", "FeatureHasher"): check_hasher,
    ("sklearn.feature_extraction.text", "CountVectorizer"): check_vocabulary,
    ("sklearn.feature_extraction.text", "HashingVectorizer"): check_hasher,
    ("sklearn.isotonic", "IsotonicRegression"): _check_isotonic,
    ("sklearn.linear_model._base", "LinearClassifierMixin"): _check_scores,
    ("sklearn.linear_model._coordinate_descent", "ElasticNet"): _check_coefficients,
    ("sklearn.linear_model._stochastic_gradient", "BaseSGD"): _check_coefficients,
    ("sklearn.neighbors._base", "NeighborsBase"): _check_neighbours,
    ("sklearn.neighbors._kde", "KernelDensity"): _check_density,
    ("sklearn.preprocessing._encoders", "OneHotEncoder"): check_one_hot,
    ("sklearn.preprocessing._function_transformer", "FunctionTransformer"): _check_functions,
    ("sklearn.preprocessing._label", "MultiLabelBinarizer"): check_binarizer,
    ("sklearn.svm._base", "BaseLibSVM"): _check_support,
    ("sklearn.svm._base", "BaseSVC"): _check_classes,
    ("sklearn.tree._classes", "BaseDecisionTree"): _check_tree_of,
}  # fmt: skip
_AFTER: dict[tuple[str, str], Callable[[Any], None]] = {("sklearn.isotonic", "IsotonicRegression"): _finish_isotonic}


def checks_for(names: Iterable[tuple[str, str]]) -> Iterator[Callable[[Attributes], None]]:
    """The checks of a class, by the names of itself and its bases."""
    return (_CHECKS[name] for name in names if name in _CHECKS)


def after_for(names: Iterable[tuple[str, str]]) -> Iterator[Callable[[Any], None]]:
    """What is made again once the attributes are set."""
    return (_AFTER[name] for name in names if name in _AFTER)
