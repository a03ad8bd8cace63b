"""The model and the configuration of an XGBoost Booster: proven, and put together anew from what was proven.

XGBoost checks how long the arrays of a tree are, and nothing of what is in them: its loops go from node to node by
their numbers, into arrays of features and groups, and into bits of categories. Here the nodes that can be reached
are a tree, and whatever they name is there. What XGBoost does not read is left out.
"""

from __future__ import annotations

import re
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError, LimitError, UntrustedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["DEEPEST", "proven"]

DEEPEST = 2048  # levels: XGBoost goes down by recursion, and for contributions takes the square of it
_MOST = 1 << 31
_MOST_FEATURES = 1 << 24
_MOST_CATEGORIES = 1 << 24
_MOST_THREADS = 1 << 12
_DELETED = _MOST - 1  # the feature of a node that was pruned away
_NUMBER = r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,4})?|inf|nan)"
_NUMBERS = re.compile(rf"{_NUMBER}|\[{_NUMBER}(?:, ?{_NUMBER})*\]", re.IGNORECASE)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PLAIN = re.compile(r"[-+\w .,:;@()\[\]*/]*", re.ASCII)


def _no(what: str) -> NoReturn:
    raise CorruptError(f"the model of an XGBoost Booster: {what}")


def _vectors() -> NoReturn:
    raise UntrustedError("trees with a vector in each leaf (multi_strategy) are not covered by the pack xgboost", ())


def _dict(found: Any, what: str) -> Any:
    return found if type(found) is dict else _no(f"{what} is no object")


def _list(found: Any, what: str) -> Any:
    return found if type(found) is list else _no(f"{what} is no array")


def _text(found: Any, what: str) -> str:
    if type(found) is not str or "\0" in found or _SURROGATE.search(found):
        _no(f"{what} is no text")
    return found


def _whole(found: Any, low: int, high: int, what: str) -> int:
    """A whole number, which XGBoost writes as text."""
    if type(found) is str and re.fullmatch(r"-?[0-9]{1,19}", found):
        found = int(found)
    if type(found) is not int or not low <= found < high:
        _no(f"{what} is no number that it can be")
    return int(found)


def _array(owner: dict[str, Any], key: str, dtype: str, count: int | None = None) -> Any:
    """An array of numbers by its name, as long as it should be; of JSON it is a list."""
    numpy = import_module("numpy")
    found: Any = owner.get(key)
    if type(found) is list and all(type(item) in (int, float, bool) for item in found):
        found = numpy.array(found) if found else numpy.zeros(0, dtype)
    if type(found) is not numpy.ndarray or found.ndim != 1 or found.dtype.kind not in "iubf":
        _no(f"{key} is no array of numbers")
    if count is not None and len(found) != count:
        _no(f"{key} has not {count} numbers")
    if dtype[0] != "f":
        if found.dtype.kind == "f":
            _no(f"{key} is no array of whole numbers")
        limits = numpy.iinfo(dtype)
        if len(found) and not (int(found.min()) >= limits.min and int(found.max()) <= limits.max):
            _no(f"{key} has a number that is too large")
    with numpy.errstate(over="ignore"):
        return found.astype(dtype)


def proven(found: Any) -> dict[str, Any]:
    """Model and configuration, as XGBoost may have them; CorruptError where they are none."""
    found = _dict(found, "it")
    learner = _dict(_dict(found.get("Model"), "Model").get("learner"), "learner")
    numbers = _dict(learner.get("learner_model_param"), "learner_model_param")
    features = _whole(numbers.get("num_feature"), 0, _MOST_FEATURES, "num_feature")
    classes = _whole(numbers.get("num_class"), 0, _MOST, "num_class")
    targets = _whole(numbers.get("num_target", "1"), 1, _MOST, "num_target")
    groups = max(classes, targets)
    base = numbers.get("base_score")
    if type(base) is not str or _NUMBERS.fullmatch(base) is None or base.count(",") + 1 not in (1, classes, targets):
        _no("base_score is not a number for each group")
    param = {"num_feature": str(features), "num_class": str(classes), "num_target": str(targets), "base_score": base}
    if "boost_from_average" in numbers:
        param["boost_from_average"] = str(_whole(numbers["boost_from_average"], 0, 2, "boost_from_average"))
    objective = _objective(learner.get("objective"), classes)
    booster = _booster(_dict(learner.get("gradient_booster"), "gradient_booster"), features, groups)
    attributes = _dict(learner.get("attributes", {}), "attributes")
    model: dict[str, Any] = {
        "learner_model_param": param,
        "objective": objective,
        "gradient_booster": booster,
        "attributes": {_text(key, "a name"): _text(value, "an attribute") for key, value in attributes.items()},
    }
    for key in ("feature_names", "feature_types"):
        names = _list(learner.get(key, []), key)
        if len(names) not in (0, features):
            _no(f"{key} are not as many as features")
        model[key] = [_text(name, key) for name in names]
    config = _config(_dict(found.get("Config"), "Config"), booster["name"], objective)
    return {"Model": {"learner": model, "version": _version(found["Model"])}, "Config": config}


def _version(owner: dict[str, Any]) -> list[int]:
    return [_whole(part, -1, 1 << 15, "version") for part in _list(owner.get("version"), "version")[:3]]


def _objective(found: Any, classes: int) -> dict[str, Any]:
    found = _dict(found, "objective")
    name = _text(found.get("name"), "the name of the objective")
    made = _settings(found)
    multi = made.get("softmax_multiclass_param")
    if (name.startswith("multi:") or multi is not None) and (
        type(multi) is not dict or classes < 1 or _whole(multi.get("num_class"), 1, _MOST, "num_class") != classes
    ):
        _no("its objective has other classes")
    return made


# ---- boosters --------------------------------------------------------------------------------


def _booster(found: dict[str, Any], features: int, groups: int) -> dict[str, Any]:
    name = found.get("name")
    if name == "gblinear":
        model = _dict(found.get("model"), "model")
        weights = _array(model, "weights", "f4")
        if len(weights) not in (0, (features + 1) * groups) or (groups > 1024 and not len(weights)):
            _no("a linear model has not a weight for each feature")
        rounds = _whole(model.get("boosted_rounds", 0), 0, _MOST, "boosted_rounds")
        return {"name": name, "model": {"weights": weights, "boosted_rounds": rounds}}
    if name == "dart":
        inner = _booster(_dict(found.get("gbtree"), "gbtree"), features, groups)
        if inner["name"] != "gbtree":
            _no("a dart is made of trees")
        weights = found.get("weight_drop")
        count = len(inner["model"]["trees"])
        if type(weights) is list:
            weights = _array(found, "weight_drop", "f8", count).tolist()
        else:
            weights = _array(found, "weight_drop", "f4", count)
        return {"name": name, "gbtree": inner, "weight_drop": weights}
    if name != "gbtree":
        _no("its booster is none")
    return {"name": name, "model": _trees(_dict(found.get("model"), "model"), features, groups)}


def _trees(found: dict[str, Any], features: int, groups: int) -> dict[str, Any]:
    numpy = import_module("numpy")
    trees = _list(found.get("trees"), "trees")
    param = _dict(found.get("gbtree_model_param"), "gbtree_model_param")
    count = _whole(param.get("num_trees"), 0, _MOST, "num_trees")
    parallel = _whole(param.get("num_parallel_tree", "1"), 1, _MOST, "num_parallel_tree")
    places = [_whole(_dict(tree, "a tree").get("id"), 0, _MOST, "id") for tree in trees]
    if count != len(trees) or sorted(places) != list(range(count)):
        _no("its trees are not as many as it says")
    of_group = _array(found, "tree_info", "i4", count)
    if count and not (of_group.min() >= 0 and of_group.max() < groups):
        _no("a tree is of a group that there is not")
    if groups > max(count, 1024):  # each row that is asked for has as many answers
        _no("it has more groups than trees")
    made = {
        "gbtree_model_param": {"num_trees": str(count), "num_parallel_tree": str(parallel)},
        "trees": [_tree(tree, features) for tree in trees],
        "tree_info": of_group.tolist(),
    }
    if "iteration_indptr" in found:
        bounds = _array(found, "iteration_indptr", "i4")
        if not len(bounds) or bounds[0] != 0 or bounds[-1] != count or (bounds[1:] < bounds[:-1]).any():
            _no("the trees of its rounds are not those that there are")
        made["iteration_indptr"] = bounds.tolist()
    elif count % (parallel * (int(of_group.max()) + 1 if count else 1)):
        _no("its last round is not whole")
    if "cats" in found:
        made["cats"] = _encoding(_dict(found["cats"], "cats"), numpy)
    return made


def _tree(found: dict[str, Any], features: int) -> dict[str, Any]:
    numpy = import_module("numpy")
    param = _dict(found.get("tree_param"), "tree_param")
    count = _whole(param.get("num_nodes"), 1, _MOST, "num_nodes")
    deleted = _whole(param.get("num_deleted", "0"), 0, _MOST, "num_deleted")
    own = _whole(param.get("num_feature"), 0, features + 1, "num_feature of a tree")
    if _whole(param.get("size_leaf_vector", "1"), 0, _MOST, "size_leaf_vector") > 1:
        _vectors()
    made: dict[str, Any] = {"id": _whole(found["id"], 0, _MOST, "id")}
    for key in ("loss_changes", "sum_hessian", "base_weights", "split_conditions"):
        made[key] = _array(found, key, "f4", count)
    for key in ("left_children", "right_children", "parents", "split_indices"):
        made[key] = _array(found, key, "i4", count)
    made["default_left"] = _array(found, "default_left", "u1", count)
    made["split_type"] = _array(found, "split_type", "u1", count) if "split_type" in found else numpy.zeros(count, "u1")
    pruned = (made["split_indices"] == _DELETED) & (made["default_left"] != 0)
    pruned[0] = False
    if int(pruned.sum()) != deleted:
        _no("a tree has not as many deleted nodes as it says")
    inner = _check_nodes(made, count, pruned)
    looked_at = made["split_indices"][inner]
    if len(looked_at) and not (looked_at.min() >= 0 and looked_at.max() < features):
        _no("a node looks at a feature that there is not")
    _check_categories(made, found, count, inner)
    made["tree_param"] = {"num_nodes": str(count), "num_deleted": str(deleted), "num_feature": str(own),
                          "size_leaf_vector": "1"}  # fmt: skip
    return made


def _check_nodes(tree: dict[str, Any], count: int, pruned: Any) -> Any:
    """Which nodes are inner ones: from the root on, level by level, each is reached once, by its one parent."""
    numpy = import_module("numpy")
    left, right, parents = (tree[key].astype("i8") for key in ("left_children", "right_children", "parents"))
    for each in (left, right):
        if not (each.min() >= -1 and each.max() < count):
            _no("a node has a child that there is not")
    if ((left == -1) != (right == -1))[~pruned].any():
        _no("a node has one child")
    if count > 1 and not (parents[1:].min() >= 0 and parents[1:].max() < count):
        _no("a node has a parent that there is not")
    level, seen, inner = numpy.zeros(1, "i8"), numpy.zeros(count, bool), numpy.zeros(count, bool)
    seen[0] = True
    reached = 1
    for _ in range(DEEPEST + 1):
        level = level[left[level] != -1]
        if not len(level):
            break
        inner[level] = True
        children = numpy.concatenate((left[level], right[level]))
        if (parents[children] != numpy.concatenate((level, level))).any() or pruned[children].any():
            _no("a child has another parent")
        reached += len(children)
        if reached > count or seen[children].any():
            _no("the nodes are no tree")
        seen[children] = True
        level = children
    else:
        raise LimitError(f"a tree of XGBoost is more than {DEEPEST} levels deep", "depth")
    if int(seen.sum()) != reached or not (seen | pruned).all():
        _no("the nodes are no tree")
    return inner


def _check_categories(made: dict[str, Any], found: dict[str, Any], count: int, inner: Any) -> None:
    """For each node that takes categories a range of the array of those that go right."""
    numpy = import_module("numpy")
    names = ("categories_nodes", "categories_segments", "categories_sizes", "categories")
    nodes, begins, sizes, categories = (
        _array(found, key, dtype) if key in found else numpy.zeros(0, dtype)
        for key, dtype in zip(names, ("i4", "i8", "i8", "i4"), strict=True)
    )
    taken = made["split_type"] == 1
    if (made["split_type"] > 1).any() or not len(nodes) == len(begins) == len(sizes):
        _no("a node splits in a way that there is not")
    if len(nodes) and not (nodes[0] >= 0 and nodes[-1] < count and (nodes[1:] > nodes[:-1]).all()):
        _no("the nodes of categories do not rise")
    told = numpy.zeros(count, bool)
    told[nodes] = True
    if (taken & inner & ~told).any():
        _no("a node has no categories")
    if not ((begins >= 0) & (sizes > 0) & (begins <= len(categories)) & (sizes <= len(categories) - begins)).all():
        _no("the categories of a node are not where it says")
    if len(categories) and not (categories.min() >= 0 and categories.max() < _MOST_CATEGORIES):
        _no("a category is too large")
    for begin, size in zip(begins.tolist(), sizes.tolist(), strict=True):
        charge_copy(4 * size + int(categories[begin : begin + size].max()) // 8)  # it is a bit of as many
    made.update(zip(names, (nodes, begins, sizes, categories), strict=True))


_KINDS = ("i1", "u1", "i2", "i4", "i8", "f4", "f8")


def _encoding(found: dict[str, Any], numpy: Any) -> dict[str, Any]:
    """How the categories of a table are numbered: for each feature its texts or numbers, one after another."""
    columns = _list(found.get("enc", []), "enc")
    bounds = _array(found, "feature_segments", "i4") if "feature_segments" in found else numpy.zeros(0, "i4")
    order = _array(found, "sorted_idx", "i4") if "sorted_idx" in found else numpy.zeros(0, "i4")
    made, sizes = [], []
    for column in columns:
        column = _dict(column, "enc")
        if "offsets" in column:
            offsets, values = _array(column, "offsets", "i4"), _array(column, "values", "i1")
            rises = len(offsets) == 0 or (offsets[0] == 0 and not (offsets[1:] < offsets[:-1]).any())
            if not rises or (int(offsets[-1]) if len(offsets) else 0) != len(values):
                _no("a category is not where it says")
            made.append({"offsets": offsets, "values": values})
            sizes.append(max(len(offsets) - 1, 0))
        else:
            kept = column.get("values")
            if type(kept) is not numpy.ndarray or kept.dtype.str[1:] not in _KINDS:
                _no("the categories of a feature are no numbers")
            made.append({"type": _whole(column.get("type"), 0, 256, "type"), "values": kept})
            sizes.append(len(kept))
    if len(bounds) != (len(columns) + 1 if columns else len(bounds)) or len(bounds) > len(columns) + 1:
        _no("the categories are not of as many features")
    if len(columns) and (bounds != numpy.concatenate(([0], numpy.cumsum(sizes)))).any():
        _no("the categories of a feature are not where it says")
    if not columns and (bounds != 0).any():
        _no("the categories of a feature are not where it says")
    if len(order) != sum(sizes):
        _no("the categories have not an order")
    for begin, size in zip(bounds.tolist(), sizes, strict=False):
        if (numpy.sort(order[begin : begin + size]) != numpy.arange(size)).any():
            _no("the order of categories is none")
    return {"enc": made, "feature_segments": bounds, "sorted_idx": order}


# ---- configuration ---------------------------------------------------------------------------


def _config(found: dict[str, Any], booster: str, objective: dict[str, Any]) -> dict[str, Any]:
    """What training would go on with. The objective is the model's, whatever is said of it here."""
    learner = _dict(found.get("learner"), "learner")
    made = _settings(learner)
    threads = _dict(learner.get("generic_param"), "generic_param")
    for key in ("nthread", "n_jobs"):
        if key in threads:
            _whole(threads[key], -1, _MOST_THREADS, key)
    strategy = _dict(learner.get("learner_train_param"), "learner_train_param").get("multi_strategy")
    if strategy not in (None, "one_output_per_tree"):
        _vectors()
    if _dict(learner.get("gradient_booster"), "gradient_booster").get("name") != booster:
        _no("it is configured for another booster")
    if _dict(learner.get("objective"), "objective").get("name") != objective["name"]:
        _no("it is configured for another objective")
    made["objective"] = objective
    return {"learner": made, "version": _version(found)}


def _settings(found: dict[str, Any]) -> dict[str, Any]:
    """Names and values, some in groups: XGBoost looks at each that it knows. Values that are JSON again are flat."""
    made: dict[str, Any] = {}
    for key, value in found.items():
        _text(key, "a name")
        if type(value) is dict:
            made[key] = _settings(value)
        elif type(value) is list:
            made[key] = [_settings(each) if type(each) is dict else _setting(each) for each in value]
        elif type(value) is import_module("numpy").ndarray:
            made[key] = value
        else:
            made[key] = _setting(value)
    return made


def _setting(value: Any) -> Any:
    if type(value) is str and (_PLAIN.fullmatch(value) is None or "[[[" in value.replace(" ", "")):
        _no("a setting is no plain text")
    if type(value) is int and not -_MOST <= value < _MOST:
        _no("a setting is too large")
    return value if value is None or type(value) in (str, bool, int, float) else _no("a setting is no plain value")
