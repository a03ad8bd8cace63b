"""scikit-learn's types in C, and what its loops in C read without a look: proven, or made anew.

- A tree's nodes are proven to be a tree: each node but the root is the child of one node before it.
- Trees of neighbours are built again from their points; of the stream's nodes nothing is used.
- Metrics, losses and bit sets have few numbers each, and their sizes agree.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure._engine.reader.proofs import depth_of_tree
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Constant, Kind, fields, never
from perdure.policy.tables.sparse import plain_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["KINDS", "MAKING", "NEIGHBOURS", "check_links", "check_predictor", "native_row"]


MAKING = 1 << 14  # what making something of a state counts for, in bytes that are copied
_SORTING = 32  # as much for each byte that is sorted into a tree


@cache
def _numpy() -> Any:
    return import_module("numpy")


# ---- trees -----------------------------------------------------------------------------------


def check_links(what: str, left: Any, right: Any, inner: Any) -> int:
    """Proves that nodes are a tree, each but the first the child of one that comes before it; how deep it is."""
    whole = _numpy().ascontiguousarray
    depth = depth_of_tree(whole(left, "i8"), whole(right, "i8"), whole(inner, "?"))
    if depth < 0:
        raise CorruptError(f"the nodes of a {what} are no tree, each but the first the child of one before it")
    return depth


def _tree(*args: Any) -> Any:
    """Tree(n_features, n_classes, n_outputs): without nodes, which only BUILD brings."""
    numpy = _numpy()
    if len(args) != 3 or type(args[0]) is not int or type(args[1]) is not numpy.ndarray or type(args[2]) is not int:
        never("sklearn.tree._tree.Tree", args)
    features, classes, outputs = args
    if classes.ndim != 1 or classes.dtype.kind != "i" or classes.dtype.itemsize not in (4, 8):
        raise CorruptError("a Tree has a number of classes for each output")
    charge_copy(MAKING + classes.nbytes)
    classes = classes.astype(numpy.intp)
    if not 1 <= features < 1 << 31 or not 1 <= outputs == len(classes) or not 1 <= classes.min():
        raise CorruptError("a Tree has features, outputs and classes")
    if int(classes.max()) * outputs >= 1 << 31:
        raise CorruptError("a Tree has no value of that size")
    return import_module("sklearn.tree._tree").Tree(features, classes, outputs)


@cache
def _node_dtype() -> Any:
    numpy = _numpy()
    return import_module("sklearn.tree._tree").Tree(1, numpy.ones(1, numpy.intp), 1).__getstate__()["nodes"].dtype


def _converted(what: str, nodes: Any, wanted: Any) -> Any:
    """Nodes as this machine and this release have them."""
    numpy = _numpy()
    if type(nodes) not in (numpy.ndarray, numpy.memmap) or nodes.ndim != 1 or len(nodes) < 1:
        raise CorruptError(f"the nodes of a {what} are an array of one dimension")
    charge_copy(MAKING + 2 * nodes.nbytes)
    if nodes.dtype.names != wanted.names:
        raise CorruptError(f"the nodes of a {what} are of another release's layout")
    return numpy.ascontiguousarray(nodes.astype(wanted, casting="same_kind", copy=False))


def _build_tree(tree: Any, state: Any) -> None:
    numpy = _numpy()
    depth, count, nodes, values = fields(
        "Tree", state, max_depth=int, node_count=int, nodes=(numpy.ndarray, numpy.memmap),
        values=(numpy.ndarray, numpy.memmap),
    )  # fmt: skip
    if tree.node_count != 0:
        raise CorruptError("BUILD on a Tree that has nodes already")
    nodes = _converted("Tree", nodes, _node_dtype())
    if count != len(nodes):
        raise CorruptError("a Tree has not as many nodes as it says")
    left, right, feature = nodes["left_child"], nodes["right_child"], nodes["feature"]
    inner = left != -1
    if (right[~inner] != -1).any():
        raise CorruptError("a leaf of a Tree has a child")
    if inner.any() and not (feature[inner].min() >= 0 and feature[inner].max() < tree.n_features):
        raise CorruptError("a node of a Tree looks at a feature that there is not")
    depth = check_links("Tree", left, right, inner)
    if values.dtype.kind != "f" or values.shape != (count, tree.n_outputs, tree.max_n_classes):
        raise CorruptError("a Tree has a value for each node, output and class")
    charge_copy(values.nbytes)
    values = numpy.ascontiguousarray(values, "f8")
    # decision_path makes room for as many nodes as the depth says.
    type(tree).__setstate__(tree, {"max_depth": depth, "node_count": count, "nodes": nodes, "values": values})


def check_predictor(attributes: dict[str, Any]) -> None:
    """A tree of histogram gradient boosting: a Python object around arrays that C reads."""
    wanted = import_module("sklearn.ensemble._hist_gradient_boosting.common").PREDICTOR_RECORD_DTYPE
    nodes = attributes["nodes"] = _converted("TreePredictor", attributes.get("nodes"), wanted)
    sets: list[Any] = [attributes.get(key) for key in ("binned_left_cat_bitsets", "raw_left_cat_bitsets")]
    numpy = _numpy()
    for each in sets:
        if type(each) is not numpy.ndarray or each.ndim != 2 or each.dtype != numpy.uint32 or each.shape[1] != 8:
            raise CorruptError("the sets of categories of a TreePredictor are an array of eight words each")
    inner = nodes["is_leaf"] == 0
    if inner.any() and nodes["feature_idx"][inner].min() < 0:
        raise CorruptError("a node of a TreePredictor looks at a feature that there is not")
    chosen = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    if len(chosen) and chosen.max() >= min(map(len, sets)):
        raise CorruptError("a node of a TreePredictor looks into a set that there is not")
    check_links("TreePredictor", nodes["left"], nodes["right"], inner)


# ---- metrics and trees of neighbours ---------------------------------------------------------

_METRICS = frozenset((
    "Euclidean", "SEuclidean", "Manhattan", "Chebyshev", "Minkowski", "WMinkowski", "Mahalanobis", "Hamming",
    "Canberra", "BrayCurtis", "Jaccard", "Matching", "Dice", "Kulsinski", "RogersTanimoto", "RussellRao",
    "SokalMichener", "SokalSneath", "Haversine",
))  # fmt: skip
_METRICS_AT = "sklearn.metrics._dist_metrics"
NEIGHBOURS = {
    "sklearn.neighbors._kd_tree": ("KDTree", "KDTree64", "KDTree32"),
    "sklearn.neighbors._ball_tree": ("BallTree", "BallTree64", "BallTree32"),
}


def _metric_name(name: str) -> str:
    """ "Euclidean", of "EuclideanDistance64"; "" of what is none, or calls a function of Python's."""
    short = name.removesuffix("64").removesuffix("32").removesuffix("Distance")
    return short if short in _METRICS and short != name else ""


def _one(args: tuple[Any, ...]) -> Any:
    return args[0] if len(args) == 1 else None


def _is_found(cls: type, module: str) -> bool:
    """Whether a class is the one that goes by its name in a module."""
    return getattr(import_module(module), cls.__name__, None) is cls


def _new_metric(*args: Any) -> Any:
    """newObj(class): sound as it is, until BUILD brings its numbers."""
    cls = _one(args)
    if not isinstance(cls, type) or not _metric_name(cls.__name__):
        never(f"{_METRICS_AT}.newObj", args)
    if not _is_found(cls, _METRICS_AT):
        never(f"{_METRICS_AT}.newObj", args)
    charge_copy(MAKING)
    numpy = _numpy()
    needed = {
        "SEuclidean": {"V": numpy.ones(1)}, "Mahalanobis": {"VI": numpy.ones((1, 1))}, "Minkowski": {"p": 2.0},
        "WMinkowski": {"p": 2.0, "w": numpy.ones(1)},
    }  # fmt: skip
    return cls(**needed.get(_metric_name(cls.__name__), {}))


def _build_metric(metric: Any, state: Any) -> None:
    if type(state) is not tuple or len(state) != 3 or type(state[0]) is not float:
        raise CorruptError("the state of a metric is a number and two arrays")
    vector, matrix = (
        plain_array("an array of a metric", found, ndim, "f") for found, ndim in zip(state[1:], (1, 2), strict=True)
    )
    if vector.dtype.itemsize != 8 or matrix.dtype.itemsize != 8 or not state[0] > 0.0:
        raise CorruptError("the arrays of a metric are of doubles")
    numpy = _numpy()
    vector, matrix = numpy.ascontiguousarray(vector), numpy.ascontiguousarray(matrix)
    name = _metric_name(type(metric).__name__)
    if name == "Mahalanobis" and matrix.shape[0] != matrix.shape[1]:
        raise CorruptError("the matrix of a metric is square")
    if name in ("SEuclidean", "WMinkowski") and not len(vector):
        raise CorruptError("a metric has weights")
    type(metric).__setstate__(metric, (state[0], vector, matrix))


def _new_neighbours(*args: Any) -> Any:
    """newObj(class): a tree of one point, until BUILD brings the others."""
    cls = _one(args)
    if not isinstance(cls, type) or cls.__name__ not in NEIGHBOURS.get(cls.__module__, ()):
        never("sklearn.neighbors._kd_tree.newObj", args)
    if not _is_found(cls, cls.__module__):
        never("sklearn.neighbors._kd_tree.newObj", args)
    charge_copy(16 * MAKING)
    return cls(_numpy().zeros((1, 1)))


def _build_neighbours(tree: Any, state: Any) -> None:
    """The points, how many make a leaf, the metric and the weights; the nodes follow from these."""
    if type(state) is not tuple or len(state) not in (12, 13):
        raise CorruptError("the state of a tree of neighbours is a tuple of thirteen")
    points = plain_array("points of a tree of neighbours", state[0], 2)
    leaf, metric = state[4], state[11]
    weights = state[12] if len(state) == 13 else None
    if weights is not None:
        weights = plain_array("weights of a tree of neighbours", weights, 1)
        if len(weights) != len(points):
            raise CorruptError("a tree of neighbours has one weight for each point")
    if type(leaf) is not int or not 1 <= leaf < 1 << 31 or not _metric_name(type(metric).__name__):
        raise CorruptError("a tree of neighbours has a size of leaves and a metric")
    charge_copy(16 * MAKING + _SORTING * points.nbytes)
    type(tree).__init__(tree, points, leaf_size=leaf, metric=metric, sample_weight=weights)


# ---- losses ----------------------------------------------------------------------------------

_LOSSES_AT = "sklearn._loss._loss"
_SGD_AT = "sklearn.linear_model._sgd_fast"
# How many numbers each of them has.
_LOSSES = {
    **dict.fromkeys((
        "CyHalfSquaredError", "CyAbsoluteError", "CyHalfPoissonLoss", "CyHalfGammaLoss", "CyHalfBinomialLoss",
        "CyHalfMultinomialLoss", "CyExponentialLoss",
    ), 0),
    **dict.fromkeys(("CyPinballLoss", "CyHuberLoss", "CyHalfTweedieLoss", "CyHalfTweedieLossIdentity"), 1),
}  # fmt: skip
_SGD_LOSSES = {
    **dict.fromkeys(("ModifiedHuber", "Log", "SquaredLoss"), 0),
    **dict.fromkeys(("Hinge", "SquaredHinge", "Huber", "EpsilonInsensitive", "SquaredEpsilonInsensitive"), 1),
}
_UNPICKLE = "__pyx_unpickle_"


def _loss_row(cls: type, count: int) -> Callee:
    """Called with its numbers; by Cython's own function with those in a tuple."""

    def call(*args: Any) -> Any:
        numbers = (int, float, _numpy().float64)
        if len(args) != count or not all(type(arg) in numbers for arg in args):
            never(cls.__name__, args)
        return cls(*map(float, args))

    return Callee(f"{cls.__module__}.{cls.__name__}", call, value=cls)


def _unpickled_loss(name: str, loss: Callee) -> Callee:
    def call(*args: Any) -> Any:
        if len(args) != 3 or args[0] is not loss.value or type(args[1]) is not int or type(args[2]) is not tuple:
            never(name, args)
        return loss.call(*args[2])  # type: ignore[misc]

    return Callee(name, call)


# ---- the table -------------------------------------------------------------------------------


def native_row(module: str, name: str) -> Answer | None:
    if (module, name) == ("sklearn.tree._tree", "Tree"):
        return Callee("sklearn.tree._tree.Tree", _tree, value=import_module(module).Tree, pending=True)
    if module == _METRICS_AT:
        if name == "newObj":
            return Callee(f"{module}.newObj", _new_metric)
        found = getattr(import_module(module), name, None) if _metric_name(name) else None
        return None if found is None else Constant(found)
    if module in NEIGHBOURS:
        if name == "newObj":
            return Callee(f"{module}.newObj", _new_neighbours)
        found = getattr(import_module(module), name, None) if name in NEIGHBOURS[module] else None
        return None if found is None else Constant(found)
    if module in ("_loss", _LOSSES_AT, _SGD_AT):
        names, home = (_SGD_LOSSES, _SGD_AT) if module == _SGD_AT else (_LOSSES, _LOSSES_AT)
        short = name.removeprefix(_UNPICKLE)
        found = getattr(import_module(home), short, None) if short in names else None
        if found is None:
            return None
        loss = _loss_row(found, names[short])
        return loss if short == name else _unpickled_loss(name, loss)
    return None


_METRIC_KIND = Kind(_build_metric, unseen=True)
KINDS: Kinds = {
    ("sklearn.tree._tree", "Tree"): Kind(_build_tree, unseen=True, pending=True),
    **{(_METRICS_AT, f"{name}Distance{size}"): _METRIC_KIND for name in _METRICS for size in ("", "64", "32")},
    **{(module, name): Kind(_build_neighbours, unseen=True) for module, names in NEIGHBOURS.items() for name in names},
}
