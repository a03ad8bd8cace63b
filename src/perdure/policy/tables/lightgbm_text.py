"""The text of a LightGBM model, held to what LightGBM writes, and put together anew from what was proven.

LightGBM's reader takes lengths, children and features as the text says them, and its loops follow them without a
look. So here every line is accounted for: each array has as many numbers as the tree has nodes or leaves, the nodes
are a tree of bounded depth, features and categories are there. What its reader skips is left out.
"""

from __future__ import annotations

import re
from importlib import import_module

from perdure.errors import CorruptError, LimitError
from perdure.policy.tables.sklearn_native import check_links

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["DEEPEST", "proven_model"]

DEEPEST = 2048  # levels: LightGBM goes down by recursion, and for contributions takes the square of it
_MOST = 1 << 31
_WHOLE = r"-?[0-9]{1,10}"
_NUMBER = r"-?(?:[0-9]{1,40}(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,4})?|inf|nan)"
_WHOLES = re.compile(rf"(?:{_WHOLE}(?: {_WHOLE})*)?")
_NUMBERS = re.compile(rf"(?:{_NUMBER}(?: {_NUMBER})*)?")
_GROUPS = re.compile(r"[-+.e0-9infa ]*")
_CONTROL = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
_INFO = re.compile(rf"none|\[{_NUMBER}:{_NUMBER}\]|{_WHOLE}(?::{_WHOLE})*")
_OBJECTIVE = re.compile(rf"([a-z_0-9]{{1,40}})((?: (?:[a-z_]{{1,40}}:{_NUMBER}|sqrt))*)")
_OBJECTIVES = frozenset((
    "regression", "regression_l1", "quantile", "huber", "fair", "poisson", "binary", "lambdarank", "rank_xendcg",
    "multiclass", "multiclassova", "cross_entropy", "cross_entropy_lambda", "mape", "gamma", "tweedie", "custom",
))  # fmt: skip
_PARAMETER = re.compile(r'\[([a-z_0-9]{1,60}): ([^"\\]*)\]')
_HEAD = (
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "average_output",
    "feature_names", "monotone_constraints", "feature_infos", "tree_sizes",
)  # fmt: skip

# What a tree has for each of its inner nodes and for each of its leaves, as whole numbers or others.
_OF_NODES = {
    "split_feature": _WHOLES, "split_gain": _NUMBERS, "threshold": _NUMBERS, "decision_type": _WHOLES,
    "left_child": _WHOLES, "right_child": _WHOLES, "internal_value": _NUMBERS, "internal_weight": _NUMBERS,
    "internal_count": _WHOLES,
}  # fmt: skip
_OF_LEAVES = {"leaf_value": _NUMBERS, "leaf_weight": _NUMBERS, "leaf_count": _WHOLES, "leaf_const": _NUMBERS,
              "num_features": _WHOLES}  # fmt: skip
_NEEDED = ("split_feature", "threshold", "left_child", "right_child", "leaf_value", "decision_type")
_FURTHER = frozenset((
    "num_leaves", "num_cat", "cat_boundaries", "cat_threshold", "is_linear", "leaf_features", "leaf_coeff",
    "shrinkage",
))  # fmt: skip


def _no(what: str) -> NoReturn:
    raise CorruptError(f"the text of a LightGBM model: {what}")


def _wholes(line: str, count: int, what: str) -> Any:
    """The whole numbers of a line; ``count`` of them, each of 32 bits."""
    numpy = import_module("numpy")
    if (line.count(" ") + 1 if line else 0) != count or _WHOLES.fullmatch(line) is None:
        _no(f"{what} has not {count} whole numbers")
    found = numpy.array(line.split(" ") if line else [], "i8")
    if count and not (found.min() >= -_MOST and found.max() < 2 * _MOST):
        _no(f"{what} has a number that is too large")
    return found


def _whole(line: str | None, low: int, high: int, what: str) -> int:
    if line is None or re.fullmatch(_WHOLE, line) is None or not low <= int(line) < high:
        _no(f"{what} is no number that it can be")
    return int(line)


def proven_model(text: Any) -> str:
    """The text of a model as LightGBM may have it; CorruptError where it is none."""
    if type(text) is not str:
        _no("it is no str")
    if "\0" in text or "\r" in text:
        _no("it has control characters")
    head, found, rest = text.partition("\n\nTree=")
    trees: list[str] = []
    if found:
        body, ended, rest = rest.partition("\nend of trees\n")
        if not ended:
            _no("its trees have no end")
        trees = ("\nTree=" + body).split("\nTree=")[1:]
    else:
        head, ended, rest = text.partition("\n\nend of trees\n")
        if not ended:
            _no("it has no trees")
    features, lines = _head(head, len(trees))
    made = []
    for place, tree in enumerate(trees):
        number, _, fields = tree.partition("\n")
        if number != str(place):
            _no("its trees are not in order")
        made.append(f"Tree={place}\n{_tree(fields.rstrip(chr(10)), features)}\n\n\n")
    lines.append("tree_sizes=" + " ".join(str(len(tree)) for tree in made))
    return "\n".join(lines) + "\n\n" + "".join(made) + "end of trees\n" + _parameters(rest)


def _head(head: str, trees: int) -> tuple[int, list[str]]:
    """How many features there are, and the lines before the trees."""
    first, *rest = head.split("\n")
    if first != "tree":
        _no("it is not of trees")
    found: dict[str, str] = {}
    for line in rest:
        key, _, value = line.partition("=")
        if key not in _HEAD or key in found or ("=" in value and key != "feature_names"):
            _no(f"{key:.40} is no line of its head")
        found[key] = value
    if re.fullmatch(r"v[0-9]{1,3}", found.get("version", "")) is None or found.get("average_output", "") != "":
        _no("it says of no version")
    classes = _whole(found.get("num_class"), 1, max(trees, 1024) + 1, "num_class")
    if _whole(found.get("num_tree_per_iteration", str(classes)), 1, _MOST, "num_tree_per_iteration") != classes:
        _no("it has not a tree for each class")
    if trees % classes:
        _no("its last round is not whole")
    _whole(found.get("label_index"), -1, _MOST, "label_index")
    features = _whole(found.get("max_feature_idx"), 0, _MOST - 1, "max_feature_idx") + 1
    names = found.get("feature_names", "")
    if names.count(" ") + 1 != features or not all(names.split(" ")) or _CONTROL.search(names):
        _no("its features have not a name each")
    infos = found.get("feature_infos", "").split(" ")
    if len(infos) != features or not all(map(_INFO.fullmatch, infos)):
        _no("its features have not a range each")
    if "monotone_constraints" in found:
        wholes = _wholes(found["monotone_constraints"], features, "monotone_constraints")
        if not (abs(wholes) <= 1).all():
            _no("a constraint is none of three")
    if "objective" in found:
        _objective(found["objective"], classes)
    lines = [key if key == "average_output" else f"{key}={found[key]}" for key in _HEAD if key in found]
    return features, ["tree", *(line for line in lines if not line.startswith("tree_sizes="))]


def _objective(text: str, classes: int) -> None:
    """What scores are made of: of as many classes as there are."""
    match = _OBJECTIVE.fullmatch(text)
    if match is None or match[1] not in _OBJECTIVES:
        _no("its objective is none")
    numbers = dict(part.split(":") for part in match[2].split() if ":" in part)
    if match[1] in ("multiclass", "multiclassova"):
        if _whole(numbers.get("num_class"), 1, _MOST, "num_class of its objective") != classes:
            _no("its objective has other classes")
    elif classes != 1 and match[1] != "custom":
        _no("its objective has no classes")


def _tree(text: str, features: int) -> str:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        key, _, value = line.partition("=")
        if key in found or key not in _OF_NODES and key not in _OF_LEAVES and key not in _FURTHER:
            _no(f"{key:.40} is no line of a tree")
        found[key] = value
    leaves = _whole(found.get("num_leaves"), 1, len(text) + 1, "num_leaves")
    kinds = _whole(found.get("num_cat"), 0, len(text) + 1, "num_cat")
    inner = leaves - 1
    for lines, count in ((_OF_NODES, inner), (_OF_LEAVES, leaves)):
        for key, pattern in lines.items():
            value = found.get(key, "")
            if key not in found or (value == "" and leaves == 1 and key in ("leaf_weight", "leaf_count")):
                continue  # of a constant they are not written
            if (value.count(" ") + 1 if value else 0) != count or pattern.fullmatch(value) is None:
                _no(f"{key} of a tree has not a number for each")
    if not all(key in found for key in _NEEDED):
        _no("a tree lacks a line")
    if re.fullmatch(_NUMBER, found.get("shrinkage", "1")) is None:
        _no("shrinkage of a tree is no number")
    if inner:
        _check_nodes(found, inner, kinds, features)
    if kinds:
        _check_categories(found, kinds)
    elif "cat_boundaries" in found or "cat_threshold" in found:
        _no("a tree has categories of no feature")
    if _whole(found.get("is_linear", "0"), 0, 2, "is_linear"):
        _check_linear(found, leaves, features)
    elif not {"leaf_const", "num_features", "leaf_features", "leaf_coeff"}.isdisjoint(found):
        _no("a tree has coefficients, and is not linear")
    return "\n".join(f"{key}={value}" for key, value in found.items())


def _check_nodes(found: dict[str, str], inner: int, kinds: int, features: int) -> None:
    """Each node but the root is the child of one that comes before it; leaves are counted after the inner nodes."""
    numpy = import_module("numpy")
    count = 2 * inner + 1
    left, right = numpy.full(count, -1), numpy.full(count, -1)
    for side, key in ((left, "left_child"), (right, "right_child")):
        children = _wholes(found[key], inner, key)
        if not (children >= ~inner).all():
            _no("a node has a leaf that there is not")
        if (children >= inner).any():
            _no("a node has a child that there is not")
        side[:inner] = numpy.where(children >= 0, children, inner + ~children)
    is_inner = numpy.arange(count) < inner
    if check_links("LightGBM tree", left, right, is_inner) > DEEPEST:
        raise LimitError(f"a tree of LightGBM is more than {DEEPEST} levels deep", "depth")
    looked_at = _wholes(found["split_feature"], inner, "split_feature")
    if not (looked_at.min() >= 0 and looked_at.max() < features):
        _no("a node looks at a feature that there is not")
    decisions = _wholes(found["decision_type"], inner, "decision_type")
    if not (decisions.min() >= 0 and decisions.max() < 16):
        _no("a node decides in a way that there is not")
    chosen = numpy.array(found["threshold"].split(" "), "f8")[decisions & 1 == 1]
    if not ((chosen >= 0) & (chosen < kinds)).all():  # nan is in neither
        _no("a node looks into categories that there are not")


def _check_categories(found: dict[str, str], kinds: int) -> None:
    bounds = _wholes(found.get("cat_boundaries", ""), kinds + 1, "cat_boundaries")
    sets = found.get("cat_threshold", "")
    words = _wholes(sets, sets.count(" ") + 1 if sets else 0, "cat_threshold")
    if bounds[0] != 0 or bounds[-1] != len(words) or (bounds[1:] < bounds[:-1]).any() or (words < 0).any():
        _no("the categories of a tree are not where it says")


def _check_linear(found: dict[str, str], leaves: int, features: int) -> None:
    if not {"leaf_const", "num_features", "leaf_features", "leaf_coeff"} <= found.keys():
        _no("a linear tree lacks a line")
    counts = _wholes(found["num_features"], leaves, "num_features")
    for key in ("leaf_features", "leaf_coeff"):
        if _GROUPS.fullmatch(found[key]) is None:
            _no(f"{key} of a tree are no numbers")
    places, numbers = found["leaf_features"].split(), found["leaf_coeff"].split()
    looked_at = _wholes(" ".join(places), len(places), "leaf_features")
    if (counts < 0).any() or int(counts.sum()) != len(places) or len(places) != len(numbers):
        _no("a leaf has not a coefficient for each of its features")
    if _NUMBERS.fullmatch(" ".join(numbers)) is None:
        _no("a coefficient is no number")
    if len(places) and not (looked_at.min() >= 0 and looked_at.max() < features):
        _no("a leaf looks at a feature that there is not")


def _parameters(rest: str) -> str:
    """What the model was trained with, as LightGBM tells it again. None of it is used to predict."""
    _, found, rest = rest.partition("\nparameters:\n")
    if not found:
        return ""
    text, ended, rest = rest.partition("\nend of parameters\n")
    if not ended or "\nparser:\n" in rest:
        _no("its parameters have no end, or it has a parser of its own")
    kept = []
    for line in text.split("\n"):
        match = _PARAMETER.fullmatch(line)
        if match is None and line:
            _no("a parameter is none")
        if line:
            kept.append(line)
    return "\nparameters:\n" + "\n".join(kept) + "\n\nend of parameters\n" if kept else ""
