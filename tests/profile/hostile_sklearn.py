"""States of scikit-learn's types that its loops in C would follow out of bounds, each made from a genuine one."""

import functools
import pickle

import numpy as np
import sklearn._loss.link
import sklearn.datasets
import sklearn.linear_model._sgd_fast
import sklearn.tree._tree
from scipy import sparse
from sklearn import (
    _loss,
    cluster,
    compose,
    dummy,
    ensemble,
    feature_extraction,
    gaussian_process,
    isotonic,
    linear_model,
    metrics,
    neighbors,
    pipeline,
    preprocessing,
    svm,
    tree,
)  # fmt: skip
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.feature_extraction import text
from sklearn.metrics._dist_metrics import DistanceMetric

from tests.profile.estimators import SKLEARN
from tests.profile.forge import changed, edited, having, tampered, without_state

X = np.random.RandomState(0).uniform(0.1, 3.0, (40, 5))
Y = (X[:, 0] > 1.5).astype(int)
THREE = np.arange(40) % 3
_Tree = sklearn.tree._tree.Tree


def _tree() -> object:
    return tree.DecisionTreeClassifier(random_state=0).fit(X, THREE)


def _nodes(field: str, place: int, value: int) -> bytes:
    return tampered(_tree(), _Tree, changed("nodes", edited(place, value, field)))


def _altered(estimator: object, change: object) -> object:
    estimator.__dict__.update(change(vars(estimator)))
    return estimator


def _boosting(**changes: object) -> bytes:
    found = ensemble.GradientBoostingClassifier(n_estimators=2).fit(X, THREE)
    return tampered(found, type(found), having(**changes))


def _loss_of_columns(columns: int) -> object:
    """Of two classes, but with as many columns as somebody likes."""
    loss = ensemble.GradientBoostingClassifier(n_estimators=1).fit(X, Y)._loss
    loss.K = columns
    return loss


def _dummy(columns: int) -> object:
    return dummy.DummyClassifier(strategy="prior").fit(X[:columns], np.arange(columns))


def _predictor(field: str, place: int, value: int) -> bytes:
    found = ensemble.HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=2).fit(X, Y)
    return tampered(found, TreePredictor, changed("nodes", edited(place, value, field)))


def _categories(change: object, cls: type) -> bytes:
    given = X.copy()
    given[:, 0] = THREE
    found = ensemble.HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2, categorical_features=[0]).fit(
        given, THREE
    )
    return tampered(found, cls, change)


def _kernel_that_checks() -> object:
    """Called, it gives a column for each row."""
    found = gaussian_process.kernels.RBF()
    found.func = sklearn.utils.check_array
    return found


def _vectors(change: object, *, kernel: object = "rbf", given: object = X, cls: type = svm.SVC) -> bytes:
    found = cls(kernel=kernel).fit(given, THREE)
    return tampered(found, cls, change)


def _neighbours(cls: type, change: object, **arguments: object) -> bytes:
    found = cls(**arguments).fit(X, THREE)
    return tampered(found, cls, change)


def _trees(change: object, cls: object, algorithm: str) -> bytes:
    return tampered(neighbors.NearestNeighbors(algorithm=algorithm).fit(X), cls, change)


def _item(place: int, value: object) -> object:
    return lambda kept: (*kept[:place], value, *kept[place + 1 :])


def _one_hot(change: object, **arguments: object) -> bytes:
    found = preprocessing.OneHotEncoder(**arguments).fit(X.round())
    return tampered(found, type(found), change)


def _regression_of_classes() -> bytes:
    """What it begins with is one column: three trees a stage would write beyond it."""
    classifier = ensemble.GradientBoostingClassifier(n_estimators=2).fit(X, THREE)
    classifier._loss.link = _loss.link.IdentityLink()
    change = having(estimators_=classifier.estimators_, n_trees_per_iteration_=3, _loss=classifier._loss)
    return tampered(ensemble.GradientBoostingRegressor().fit(X, Y), ensemble.GradientBoostingRegressor, change)


def _without(key: str, **changes: object) -> object:
    return lambda kept: {**{name: kept[name] for name in kept if name != key}, **changes}


def _leaves_that_go_round() -> bytes:
    found = cluster.Birch(threshold=0.01, n_clusters=None).fit(X)
    leaf = found.dummy_leaf_.next_leaf_
    leaf.next_leaf_ = leaf
    return pickle.dumps(found)


def _deep(stream: bytes) -> bytes:
    """With a tuple of a hundred thousand levels in the place of a text, to which hash() would be fatal."""
    text = b"\x8c\x04DEEP"
    assert stream.count(text) == 1 and stream[2:3] == pickle.FRAME
    return stream[:2] + stream[11:].replace(text, b"N" + pickle.TUPLE1 * 100_000)


def _function(function: object, **arguments: object) -> bytes:
    return pickle.dumps(preprocessing.FunctionTransformer(function, kw_args=arguments).fit(X))


def _predict(found: object) -> None:
    found.predict(X)


def _transform(found: object) -> None:
    found.transform(X.round()).toarray()


# What not every release has.
_ONLY = {
    **dict.fromkeys(("boosting: a loss of two classes, and three columns", "boosting: a loss of no columns"),
                    ((0,), (1, 4))),
    "clusters: a link to what there is not": ((1, 3), (99,)),
    "histogram: a preprocessor that drops columns": ((1, 4), (99,)),
    "histogram: a preprocessor that says it checks": ((1, 4), (99,)),
    "histogram: a preprocessor that multiplies by a matrix": ((1, 4), (99,)),
}  # fmt: skip
CASES = {
    name: (lambda make=make, use=use: (make(), ["sklearn"], use))
    for name, (make, use) in {
        # ---- trees
        "tree: a feature beyond the last": (lambda: _nodes("feature", 0, 10**6), _predict),
        "tree: a negative feature": (lambda: _nodes("feature", 0, -7), _predict),
        "tree: a child beyond the last": (lambda: _nodes("left_child", 0, 10**6), _predict),
        "tree: a node that is its own child": (lambda: _nodes("left_child", 0, 0), _predict),
        "tree: a child before its parent": (lambda: _nodes("right_child", 2, 1), _predict),
        "tree: two parents of one node": (lambda: _nodes("right_child", 0, 1), _predict),
        "tree: one child": (lambda: _nodes("right_child", 0, -1), _predict),
        "tree: fewer values than nodes": (lambda: tampered(_tree(), _Tree, changed("values", lambda v: v[:1])), _predict),
        "tree: more nodes than it has": (lambda: tampered(_tree(), _Tree, having(node_count=10**6)), _predict),
        "tree: nodes of another layout": (
            lambda: tampered(_tree(), _Tree, changed("nodes", lambda nodes: nodes["feature"].copy())), _predict,
        ),
        "tree: never filled in": (lambda: without_state(_tree(), _Tree), _predict),
        "tree: more outputs than classes": (
            lambda: tampered(_tree(), _Tree, args=lambda given: (given[0], given[1], 1000)), _predict,
        ),
        "tree: an owner with more features": (
            lambda: tampered(_tree(), tree.DecisionTreeClassifier, having(n_features_in_=2)),
            lambda found: found.predict(X[:, :2]),
        ),
        "tree: an owner without features": (
            lambda: tampered(
                _tree(), tree.DecisionTreeClassifier,
                lambda kept: {key: kept[key] for key in kept if key != "n_features_in_"},
            ),
            lambda found: found.predict(X[:, :1]),
        ),
        "tree: none": (lambda: tampered(_tree(), tree.DecisionTreeClassifier, having(tree_=None)), _predict),
        "boosting: no trees in it": (
            lambda: _boosting(estimators_=np.array([[dummy.DummyRegressor()] * 3], object)), _predict,
        ),
        "boosting: a first guess of fewer columns": (lambda: _boosting(init_=_dummy(2)), _predict),
        "boosting: a first guess of somebody's own": (
            lambda: _boosting(init_=linear_model.LogisticRegression().fit(X, Y)), _predict,
        ),
        **{
            f"boosting: a first guess with {name}": (
                lambda change=change: _boosting(init_=_altered(linear_model.LogisticRegression().fit(X, THREE), change)), _predict,
            )
            for name, change in {
                "fewer rows": having(coef_=np.zeros((2, X.shape[1]))),
                "other features": having(coef_=np.zeros((3, 1))),
                "weights that are objects": having(coef_=np.zeros((3, X.shape[1]), object)),
                "weights that are a list": having(coef_=[[0.0]]),
                "no numbers to add": having(intercept_=np.zeros(0)),
                "rows to add": having(intercept_=np.zeros((50, 3))),
                "fewer classes": having(classes_=np.arange(2)),
            }.items()
        },
        "boosting: a first guess by another strategy": (
            lambda: tampered(
                ensemble.GradientBoostingClassifier(n_estimators=2).fit(X, THREE), dummy.DummyClassifier,
                having(_strategy="most_frequent", n_classes_=1),
            ),
            _predict,
        ),
        "boosting: a loss of two classes": (
            lambda: _boosting(_loss=ensemble.GradientBoostingClassifier(n_estimators=1).fit(X, Y)._loss), _predict,
        ),
        "boosting: a loss of two classes, and three columns": (lambda: _boosting(_loss=_loss_of_columns(3)), _predict),
        "boosting: a loss of no columns": (
            lambda: tampered(
                ensemble.GradientBoostingRegressor(n_estimators=1, init="zero").fit(X, Y),
                type(ensemble.GradientBoostingRegressor(n_estimators=1).fit(X, Y)._loss), having(K=0),
            ),
            _predict,
        ),
        "boosting: a regression with a tree for each class": (_regression_of_classes, _predict),
        "histogram: a feature beyond the last": (lambda: _predictor("feature_idx", 0, 10**6), _predict),
        "histogram: a child beyond the last": (lambda: _predictor("left", 0, 10**6), _predict),
        "histogram: a node that is its own child": (lambda: _predictor("right", 0, 0), _predict),
        "histogram: a category in a set that there is not": (lambda: _predictor("is_categorical", 0, 1), _predict),
        "histogram: a number for a category": (
            lambda: _categories(changed("nodes", edited(0, 3, "feature_idx")), TreePredictor), _predict,
        ),
        "histogram: a preprocessor of somebody's own": (
            lambda: _categories(
                having(_preprocessor=preprocessing.FunctionTransformer(np.mean).fit(X)),
                ensemble.HistGradientBoostingClassifier,
            ),
            _predict,
        ),
        "histogram: a preprocessor that says it checks": (
            lambda: _categories(having(func=_kernel_that_checks()), preprocessing.FunctionTransformer), _predict,
        ),
        "histogram: a preprocessor that drops columns": (
            lambda: _categories(
                changed("transformers_", lambda steps: [steps[0], (steps[1][0], steps[1][1], steps[0][2])]),
                compose.ColumnTransformer,
            ),
            _predict,
        ),
        "histogram: a preprocessor that multiplies by a matrix": (
            lambda: _categories(
                having(transformer_weights={"numerical": sparse.csr_matrix(np.ones((4, 1)))}), compose.ColumnTransformer
            ),
            _predict,
        ),
        "histogram: more thresholds than bins": (
            lambda: _categories(having(bin_thresholds_=[np.arange(1000.0)] * 5), _BinMapper), _predict,
        ),
        # ---- support vectors
        "vectors: counts that cancel out": (
            lambda: _vectors(changed("_n_support", lambda n: (n + np.array([10**6, -(10**6), 0])).astype(n.dtype))),
            _predict,
        ),
        "vectors: more than there are": (lambda: _vectors(changed("_n_support", lambda n: n * 1000)), _predict),
        "vectors: fewer coefficients": (lambda: _vectors(changed("_dual_coef_", lambda c: c[:1])), _predict),
        "vectors: no intercept": (lambda: _vectors(changed("_intercept_", lambda c: c[:1])), _predict),
        "vectors: shorter than the features": (
            lambda: _vectors(changed("support_vectors_", lambda v: v[:, :1].copy())), _predict,
        ),
        "vectors: probabilities of one pair": (
            lambda: _vectors(having(_probA=np.ones(1), _probB=np.ones(1), probability=True)),
            lambda found: found.predict_proba(X),
        ),
        "vectors: a support beyond what was fitted": (
            lambda: _vectors(
                changed("support_", lambda s: (s + 10**6).astype(s.dtype)), kernel="precomputed", given=X @ X.T
            ),
            lambda found: found.predict(X @ X.T),
        ),
        "vectors: a kernel that is none": (lambda: _vectors(having(kernel=np.mean)), _predict),
        "vectors: sparse, with fewer coefficients": (
            lambda: _vectors(
                changed("_dual_coef_", lambda c: sparse.csr_matrix((2, c.shape[1]))), given=sparse.csr_matrix(X)
            ),
            lambda found: found.predict(sparse.csr_matrix(X)),
        ),
        "vectors: sparse, with probabilities that it has not": (
            lambda: _vectors(having(_effective_probability=True, probability=True), given=sparse.csr_matrix(X)),
            lambda found: found.predict(sparse.csr_matrix(X)),
        ),
        "vectors: counts without classes": (
            lambda: _vectors(
                lambda kept: _without("classes_", _n_support=kept["_n_support"] * 10**6)(kept),
                given=sparse.csr_matrix(X),
            ),
            lambda found: found.predict(sparse.csr_matrix(X)),
        ),
        "vectors: of another machine": (lambda: _vectors(having(_impl="epsilon_svr")), _predict),
        # ---- neighbours
        "neighbours: an index beyond the last point": (
            lambda: _trees(_item(1, np.full(40, 10**6)), neighbors.KDTree, "kd_tree"),
            lambda found: np.testing.assert_array_equal(
                found.kneighbors(X, 3)[1], neighbors.NearestNeighbors(algorithm="kd_tree").fit(X).kneighbors(X, 3)[1]
            ),
        ),
        "neighbours: nodes that are none": (
            lambda: _trees(
                lambda kept: (*kept[:2], kept[2].view(np.uint8) | 255, *kept[3:]), neighbors.BallTree, "ball_tree"
            ),
            lambda found: np.testing.assert_array_equal(
                found.kneighbors(X, 3)[1], neighbors.NearestNeighbors(algorithm="ball_tree").fit(X).kneighbors(X, 3)[1]
            ),
        ),
        "neighbours: leaves of no size": (
            lambda: _trees(_item(4, 0), neighbors.KDTree, "kd_tree"), lambda found: found.kneighbors(X),
        ),
        "neighbours: no metric": (
            lambda: _trees(_item(11, None), neighbors.KDTree, "kd_tree"), lambda found: found.kneighbors(X),
        ),
        "neighbours: a metric that calls Python": (
            lambda: pickle.dumps(DistanceMetric.get_metric("pyfunc", func=np.mean)), None,
        ),
        "neighbours: weights of another length": (
            lambda: tampered(
                neighbors.NearestNeighbors(metric="mahalanobis", algorithm="ball_tree", metric_params={"V": np.eye(5)})
                .fit(X),
                type(DistanceMetric.get_metric("mahalanobis", V=np.eye(5))),
                lambda kept: (kept[0], kept[1], np.ones((5, 1))),
            ),
            lambda found: found.kneighbors(X),
        ),
        "neighbours: points that are wider": (
            lambda: _neighbours(
                neighbors.KNeighborsClassifier, having(_fit_X=np.ones((40, 5000))), algorithm="brute"
            ),
            _predict,
        ),
        "neighbours: a label that is no class": (
            lambda: _neighbours(
                neighbors.KNeighborsClassifier, changed("_y", lambda y: y + 10**6), algorithm="brute"
            ),
            _predict,
        ),
        "neighbours: more of them than there are": (
            lambda: _neighbours(neighbors.KNeighborsClassifier, having(n_neighbors=1000), algorithm="brute"), _predict,
        ),
        "neighbours: none of them": (
            lambda: _neighbours(neighbors.KNeighborsClassifier, having(n_neighbors=0), algorithm="kd_tree"), _predict,
        ),
        "neighbours: norms of fewer points": (
            lambda: _neighbours(
                neighbors.KNeighborsClassifier, having(effective_metric_params_={"Y_norm_squared": np.zeros(1)}),
                algorithm="brute",
            ),
            lambda found: found.kneighbors(X),
        ),
        "neighbours: an inverse of another width": (
            lambda: _neighbours(
                neighbors.KNeighborsClassifier, having(effective_metric_params_={"VI": np.zeros((1, 1))}),
                algorithm="brute", metric="mahalanobis", metric_params={"VI": np.eye(5)},
            ),
            lambda found: found.kneighbors(X.astype(np.float32)),
        ),
        "neighbours: arguments that are no dict": (
            lambda: _neighbours(
                neighbors.KNeighborsClassifier, having(metric_params=sklearn.utils.Bunch(p=2)), algorithm="brute"
            ),
            None,
        ),
        "neighbours: a graph that is wider": (
            lambda: _neighbours(neighbors.KNeighborsTransformer, having(n_samples_fit_=2)),
            lambda found: found.transform(X).toarray(),
        ),
        # ---- clusters
        "clusters: centers that are shorter": (
            lambda: tampered(
                cluster.KMeans(2, n_init=1).fit(X), cluster.KMeans, changed("cluster_centers_", lambda c: c[:, :1].copy())
            ),
            _predict,
        ),
        "clusters: fewer counts than centers": (
            lambda: tampered(
                cluster.MiniBatchKMeans(3, n_init=1).fit(X), cluster.MiniBatchKMeans, changed("_counts", lambda c: c[:1])
            ),
            lambda found: found.partial_fit(X),
        ),
        "clusters: a tree with a center that is shorter": (
            lambda: tampered(
                cluster.BisectingKMeans(2, n_init=1).fit(X), cluster._bisect_k_means._BisectingTree,
                having(center=np.ones(1)),
            ),
            _predict,
        ),
        "clusters: more threads than a machine has": (
            lambda: tampered(cluster.KMeans(2, n_init=1).fit(X), cluster.KMeans, having(_n_threads=10**6)), _predict,
        ),
        "clusters: fewer threads than one": (
            lambda: tampered(cluster.KMeans(2, n_init=1).fit(X), cluster.KMeans, having(_n_threads=-1)), _predict,
        ),
        "clusters: norms of fewer centers": (
            lambda: tampered(
                cluster.Birch(n_clusters=None).fit(X), cluster.Birch, changed("_subcluster_norms", lambda norms: norms[:0])
            ),
            _predict,
        ),
        "clusters: leaves that go round": (_leaves_that_go_round, None),
        "clusters: a link to what there is not": (
            lambda: tampered(
                cluster.HDBSCAN(min_cluster_size=3).fit(X), cluster.HDBSCAN,
                changed("_single_linkage_tree_", edited(0, 10**6, "left_node")),
            ),
            lambda found: found.dbscan_clustering(0.5),
        ),
        # ---- words and categories
        "words: a number beyond the columns": (
            lambda: tampered(
                text.CountVectorizer().fit(["a bc de"]), text.CountVectorizer, having(vocabulary_={"bc": 10**6, "de": 0})
            ),
            lambda found: found.transform(["bc de"]).toarray(),
        ),
        "words: names beyond the columns": (
            lambda: tampered(
                feature_extraction.DictVectorizer().fit([{"a": 1}]), feature_extraction.DictVectorizer,
                having(vocabulary_={"a": 10**6}),
            ),
            lambda found: found.transform([{"a": 1}]),
        ),
        "words: hashes of nothing": (
            lambda: tampered(text.HashingVectorizer(), text.HashingVectorizer, having(n_features=0)),
            lambda found: found.transform(["some words"]),
        ),
        "categories: fewer columns than categories": (
            lambda: _one_hot(having(_n_features_outs=[1] * 5)), _transform,
        ),
        "categories: one that is dropped before the first": (
            lambda: _one_hot(having(_drop_idx_after_grouping=np.array([-9] * 5, object)), drop="first"), _transform,
        ),
        "categories: that fall": (
            lambda: _one_hot(changed("categories_", lambda found: [each[::-1].copy() for each in found])), _transform,
        ),
        "categories: rare ones beyond the last": (
            lambda: _one_hot(
                changed(
                    "_default_to_infrequent_mappings",
                    lambda found: [None if each is None else each + 10**6 for each in found],
                ),
                min_frequency=12,
            ),
            _transform,
        ),
        "categories: a class twice": (
            lambda: tampered(
                preprocessing.MultiLabelBinarizer().fit([("a", "b")]), preprocessing.MultiLabelBinarizer,
                having(classes_=np.array(["a"] * 1000 + ["b"], object)),
            ),
            lambda found: found.transform([("b",)]),
        ),
        "categories: one too deep to look up": (
            lambda: _deep(pickle.dumps(preprocessing.LabelEncoder().fit(np.array(["DEEP", "b"], object)))), None,
        ),
        "attributes: a name too deep to look up": (
            lambda: _deep(pickle.dumps(pipeline.Pipeline([("DEEP", preprocessing.StandardScaler())]))),
            lambda found: found.named_steps,
        ),
        # ---- other attributes
        "attributes: a method is hidden": (
            lambda: tampered(preprocessing.StandardScaler(), preprocessing.StandardScaler, having(transform=np.mean)), None,
        ),
        "attributes: a special name": (
            lambda: tampered(preprocessing.StandardScaler(), preprocessing.StandardScaler, having(__class__=dict)), None,
        ),
        "attributes: a class in the place of a function": (
            lambda: tampered(
                preprocessing.FunctionTransformer(), preprocessing.FunctionTransformer, having(func=np.memmap)
            ),
            None,
        ),
        "attributes: a memory that is none": (
            lambda: pickle.dumps(pipeline.Pipeline([("a", preprocessing.StandardScaler())], memory=["/tmp/anywhere"])), None,
        ),
        "attributes: a function that is not data": (
            lambda: pickle.dumps(preprocessing.FunctionTransformer(sklearn.datasets.fetch_openml)), None,
        ),
        "functions: an array to write to": (lambda: _function(np.square, out=np.zeros((40, 5))), None),
        "functions: an inverse of another width": (
            lambda: _function(metrics.pairwise_distances, metric="mahalanobis", VI=np.zeros((1, 1))), _transform,
        ),
        "functions: one that hands norms on": (
            lambda: _function(
                metrics.pairwise_distances_argmin, Y=X, metric_kwargs={"Y_norm_squared": np.zeros(1)}
            ),
            _transform,
        ),
        "functions: arguments by their place": (
            lambda: pickle.dumps(preprocessing.FunctionTransformer(functools.partial(np.median, X, 0, np.zeros(5)))), None,
        ),
        "isotonic: fewer y than x": (
            lambda: tampered(
                isotonic.IsotonicRegression().fit(X[:, 0], X[:, 1]), isotonic.IsotonicRegression,
                changed("y_thresholds_", lambda y: y[:1]),
            ),
            None,
        ),
        "linear: coefficients that are fewer": (
            lambda: tampered(
                linear_model.SGDClassifier(average=True).fit(X, Y), linear_model.SGDClassifier,
                changed("_average_coef", lambda c: c[..., :1].copy()),
            ),
            lambda found: found.partial_fit(X, Y),
        ),
        "linear: coefficients, and no features": (
            lambda: tampered(
                linear_model.SGDClassifier(average=True).fit(X, Y), linear_model.SGDClassifier,
                _without("n_features_in_", _average_coef=np.zeros((1, 1))),
            ),
            lambda found: found.partial_fit(X, Y),
        ),
        "linear: coefficients that are fewer, in a matrix": (
            lambda: tampered(
                linear_model.SGDClassifier(average=True).fit(X, Y), linear_model.SGDClassifier,
                having(_average_coef=np.asmatrix(np.zeros((1, 1)))),
            ),
            lambda found: found.partial_fit(X, Y),
        ),
        "linear: more scores than classes": (
            lambda: tampered(
                linear_model.LogisticRegression().fit(X, Y), linear_model.LogisticRegression,
                changed("coef_", lambda c: np.concatenate((c, c))),
            ),
            None,
        ),
        "loss: a link of somebody's own": (
            lambda: tampered(
                linear_model.PoissonRegressor().fit(X, Y)._base_loss,
                type(linear_model.PoissonRegressor().fit(X, Y)._base_loss), having(link=preprocessing.StandardScaler()),
            ),
            None,
        ),
        "loss: arguments that are none": (
            lambda: tampered(
                linear_model._sgd_fast.Hinge(1.0), linear_model._sgd_fast.Hinge, args=lambda given: ([1.0],)
            ),
            None,
        ),
    }.items()
    if name not in _ONLY or _ONLY[name][0] <= SKLEARN < _ONLY[name][1]
}  # fmt: skip
REBUILT = {"neighbours: an index beyond the last point", "neighbours: nodes that are none"}
