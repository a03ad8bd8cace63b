"""States of XGBoost's that its C++ would follow out of bounds, each made from a genuine one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost as xgb

from perdure.policy.tables import ubjson
from tests.profile import boosted
from tests.profile.forge import changed, having, tampered

MODELS = boosted.xgboost()
BOOSTER, CATEGORIES, THREE, DART, LINEAR = (
    "a booster", "a booster of categories", "a classifier of three", "dart", "linear",
)  # fmt: skip


def _edited(name: str, change: Callable[[dict], object]) -> bytes:
    """A booster's stream, where the learner of its model is changed in place."""

    def edit(handle: bytearray) -> bytearray:
        content = ubjson.read(bytes(handle))
        change(content)
        return ubjson.write(content)

    return tampered(MODELS[name]()[0], xgb.Booster, changed("handle", edit))


def _learner(name: str, change: Callable[[dict], object]) -> bytes:
    return _edited(name, lambda content: change(content["Model"]["learner"]))


def _param(name: str, **values: str) -> bytes:
    return _learner(name, lambda learner: learner["learner_model_param"].update(values))


def _model(name: str, change: Callable[[dict], object]) -> bytes:
    def edit(learner: dict) -> None:
        booster = learner["gradient_booster"]
        change(booster.get("gbtree", booster)["model"])

    return _learner(name, edit)


def _tree(change: Callable[[dict], object], name: str = BOOSTER) -> bytes:
    return _model(name, lambda model: change(model["trees"][0]))


def _node(key: str, place: int, value: int, name: str = BOOSTER) -> bytes:
    def edit(tree: dict) -> None:
        tree[key][place] = value

    return _tree(edit, name)


def _config(change: Callable[[dict], object]) -> bytes:
    return _edited(BOOSTER, lambda content: change(content["Config"]["learner"]))


def _raw(change: Callable[[bytes], bytes]) -> bytes:
    return tampered(MODELS[BOOSTER]()[0], xgb.Booster, changed("handle", lambda kept: bytearray(change(bytes(kept)))))


def _rows(tree: dict, count: int) -> None:
    """More nodes than there are numbers for."""
    tree["tree_param"]["num_nodes"] = str(count)


def _same_ids(model: dict) -> None:
    for tree in model["trees"]:
        tree["id"] = 0


def _loop(tree: dict) -> None:
    tree["left_children"][0] = tree["right_children"][0] = 0
    tree["parents"][0] = 0


def _prune(tree: dict) -> None:
    """The root's child is no longer one of the tree's."""
    place = int(tree["left_children"][0])
    tree["split_indices"][place], tree["default_left"][place] = 2**31 - 1, 1
    tree["tree_param"]["num_deleted"] = "1"


def _categories(count: int) -> Callable[[dict], None]:
    """As many nodes, each with one category, which takes two megabytes of bits."""

    def edit(tree: dict) -> None:
        left = list(range(1, 2 * count + 1, 2))
        leaves = [-1] * (count + 1)
        order = [*left, *leaves][: 2 * count + 1]
        tree.update(_arrays([*left, *leaves][: 2 * count + 1], order))
        tree["categories_nodes"] = np.arange(count, dtype="i4")
        tree["categories_segments"] = np.arange(count, dtype="i8")
        tree["categories_sizes"] = np.ones(count, "i8")
        tree["categories"] = np.full(count, 2**24 - 1, "i4")
        tree["split_type"] = (np.arange(2 * count + 1) < count).astype("u1")

    return edit


def _arrays(left: list[int], order: list[int]) -> dict[str, Any]:
    """The arrays of a tree in which node n has the children left[n] and left[n] + 1."""
    count = len(left)
    lefts = np.array(left, "i4")
    parents = np.full(count, 2**31 - 1, "i4")
    for place, child in enumerate(left):
        if child >= 0:
            parents[child] = parents[child + 1] = place
    zeros = np.zeros(count, "f4")
    return {
        "left_children": lefts, "right_children": np.where(lefts < 0, -1, lefts + 1).astype("i4"), "parents": parents,
        "split_indices": np.zeros(count, "i4"), "default_left": np.zeros(count, "u1"),
        "split_conditions": np.linspace(3, 0, count, dtype="f4"), "loss_changes": zeros, "base_weights": zeros,
        "sum_hessian": zeros + 1, "split_type": np.zeros(count, "u1"),
        "tree_param": {"num_nodes": str(count), "num_deleted": "0", "num_feature": "5", "size_leaf_vector": "1"},
    }  # fmt: skip


def chain(levels: int) -> bytes:
    """A tree in which each node has the next node and a leaf."""
    left = [-1] * (2 * levels + 1)
    for level in range(levels):
        left[max(2 * level - 1, 0)] = 2 * level + 1
    return _tree(lambda tree: tree.update(_arrays(left, left)))


def _predict(found: Any) -> None:
    if isinstance(found, xgb.Booster):
        found.predict(xgb.DMatrix(boosted.X))
    else:
        found.predict(boosted.X)


def _mixed(found: Any) -> None:
    found.predict(MODELS[CATEGORIES]()[1])


def _contributions(found: Any) -> None:
    found.predict(xgb.DMatrix(boosted.X), pred_contribs=True)


def _go_on(found: Any) -> None:
    found.update(xgb.DMatrix(boosted.X, boosted.Y), 0)


_FAR = 10**8
_LONG = (1 << 40).to_bytes(8, "big")

CASES: dict[str, Callable[[], tuple[bytes, list[str], Any]]] = {
    name: (lambda make=make, use=use: (make(), ["xgboost"], use))
    for name, (make, use) in {
        # ---- nodes
        "a feature beyond the last": (lambda: _node("split_indices", 0, _FAR), _predict),
        "a negative feature": (lambda: _node("split_indices", 0, -7), _predict),
        "a child beyond the last": (lambda: _node("left_children", 0, _FAR), _predict),
        "a negative child": (lambda: _node("right_children", 0, -_FAR), _predict),
        "a parent beyond the last": (lambda: _node("parents", 2, _FAR), _predict),
        "another parent": (lambda: _node("parents", 1, 5), _predict),
        "a node that is its own child": (lambda: _tree(_loop), None),  # it would never end
        "one child": (lambda: _node("right_children", 0, -1), _predict),
        "two parents of one node": (lambda: _node("right_children", 0, 1), _predict),
        "a node that was pruned, and is there": (lambda: _tree(_prune), _predict),
        "more nodes than numbers": (lambda: _tree(lambda tree: _rows(tree, 10**6)), _predict),
        "nodes below zero": (lambda: _tree(lambda tree: _rows(tree, -1)), _predict),
        "no nodes": (lambda: _tree(lambda tree: tree.update(_arrays([], []))), _predict),
        "more nodes deleted": (lambda: _tree(lambda tree: tree["tree_param"].update(num_deleted="3")), _predict),
        "a tree that is a chain": (lambda: chain(200_000), _contributions),
        "a tree without nodes": (lambda: _tree(lambda tree: tree.pop("left_children")), _predict),
        "nodes that are no numbers": (lambda: _tree(lambda tree: tree.update(left_children=["a"])), _predict),
        "children that are fractions": (
            lambda: _tree(lambda tree: tree.update(left_children=tree["left_children"].astype("f4"))), _predict,
        ),
        "a vector in each leaf": (
            lambda: _tree(lambda tree: tree["tree_param"].update(size_leaf_vector="9")), _predict,
        ),
        # ---- categories
        "categories: of a node that has none": (
            lambda: _tree(lambda tree: tree.update(split_type=np.ones(len(tree["parents"]), "u1"))), _predict,
        ),
        "categories: a node beyond the last": (
            lambda: _model(CATEGORIES, lambda model: [
                tree["categories_nodes"].__iadd__(_FAR) for tree in model["trees"]]),
            _mixed,
        ),
        "categories: a beginning elsewhere": (
            lambda: _model(CATEGORIES, lambda model: [
                tree["categories_segments"].__imul__(0).__iadd__(_FAR) for tree in model["trees"]]),
            _mixed,
        ),
        "categories: a size without end": (
            lambda: _model(CATEGORIES, lambda model: [
                tree["categories_sizes"].__imul__(0).__iadd__(_FAR) for tree in model["trees"]]),
            _mixed,
        ),
        "categories: fewer sizes than nodes": (
            lambda: _model(CATEGORIES, lambda model: [
                tree.update(categories_sizes=np.zeros(0, "i8")) for tree in model["trees"]]),
            _mixed,
        ),
        "categories: negative ones": (
            lambda: _model(CATEGORIES, lambda model: [
                tree["categories"].__imul__(0).__iadd__(-5) for tree in model["trees"]]),
            _mixed,
        ),
        "categories: of two megabytes each": (lambda: _tree(_categories(4000), CATEGORIES), _mixed),
        "categories: a text that begins elsewhere": (
            lambda: _model(CATEGORIES, lambda model: [
                column["offsets"].__iadd__(_FAR) for column in model["cats"]["enc"] if "offsets" in column]),
            _mixed,
        ),
        "categories: an order beyond the last": (
            lambda: _model(CATEGORIES, lambda model: model["cats"]["sorted_idx"].__iadd__(_FAR)), _mixed,
        ),
        "categories: of other features": (
            lambda: _model(CATEGORIES, lambda model: model["cats"]["feature_segments"].__iadd__(_FAR)), _mixed,
        ),
        # ---- trees and groups
        "trees of one number": (lambda: _model(BOOSTER, _same_ids), _predict),
        "a tree's number beyond the last": (lambda: _tree(lambda tree: tree.update(id=_FAR)), _predict),
        "a tree's number below zero": (lambda: _tree(lambda tree: tree.update(id=-3)), _predict),
        "a group beyond the last": (lambda: _model(BOOSTER, lambda model: model["tree_info"].__setitem__(0, _FAR)), _predict),
        "a group below zero": (lambda: _model(BOOSTER, lambda model: model["tree_info"].__setitem__(0, -5)), _predict),
        "more trees than there are": (
            lambda: _model(BOOSTER, lambda model: model["gbtree_model_param"].update(num_trees="1000000")), _predict,
        ),
        "rounds of trees that are not there": (
            lambda: _model(BOOSTER, lambda model: model.update(iteration_indptr=[0, 1000, 2000, 3000, 4])),
            lambda found: found.predict(xgb.DMatrix(boosted.X), iteration_range=(1, 3)),
        ),
        "no rounds": (lambda: _model(BOOSTER, lambda model: model.update(iteration_indptr=[])), _predict),
        "no trees in parallel": (
            lambda: _model(BOOSTER, lambda model: (
                model["gbtree_model_param"].update(num_parallel_tree="0"), model.pop("iteration_indptr"))),
            _predict,
        ),
        "weights of fewer trees": (
            lambda: _learner(DART, lambda learner: learner["gradient_booster"].update(weight_drop=[])), _predict,
        ),
        "a dart of none": (
            lambda: _learner(DART, lambda learner: learner["gradient_booster"]["gbtree"].update(name="dart")), _predict,
        ),
        "fewer weights than features": (
            lambda: _learner(LINEAR, lambda learner: learner["gradient_booster"]["model"].update(
                weights=np.ones(2, "f4"))),
            _predict,
        ),
        # ---- numbers of the learner
        "fewer features": (lambda: _param(BOOSTER, num_feature="1"), lambda found: found.predict(xgb.DMatrix(boosted.X[:, :1]))),
        "features without end": (lambda: _param(BOOSTER, num_feature="4294967295"), _predict),
        "classes without end": (lambda: _param(BOOSTER, num_class="1000000000"), _predict),
        "targets without end": (lambda: _param(BOOSTER, num_target="1000000000"), _predict),
        "an objective of no classes": (
            lambda: _edited(THREE, lambda content: [
                content[part]["learner"]["objective"]["softmax_multiclass_param"].update(num_class="0")
                for part in ("Model", "Config")]),
            _predict,
        ),
        "an objective of more classes": (
            lambda: _learner(THREE, lambda learner: learner["objective"]["softmax_multiclass_param"].update(
                num_class="1000")),
            _predict,
        ),
        "an objective without classes": (
            lambda: _learner(BOOSTER, lambda learner: learner.update(objective={"name": "multi:softprob"})), _predict,
        ),
        "more names than features": (
            lambda: _learner(BOOSTER, lambda learner: learner.update(feature_names=["a"] * 9)),
            lambda found: found.get_dump(),
        ),
        "a base that is deep": (lambda: _param(BOOSTER, base_score="[" * 10**6), _predict),
        # ---- configuration
        "threads without end": (
            lambda: _config(lambda learner: learner["generic_param"].update(nthread="100000000")), None,
        ),
        "constraints that are deep": (
            lambda: _config(lambda learner: learner["gradient_booster"]["tree_train_param"].update(
                interaction_constraints="[" * 10**6)),
            _go_on,
        ),
        "another booster in the configuration": (
            lambda: _config(lambda learner: learner["gradient_booster"].update(name="gblinear")), _predict,
        ),
        # ---- UBJSON
        "a text longer than the bytes": (
            lambda: _raw(lambda data: data.replace(b"L" + (5).to_bytes(8, "big") + b"Model", b"L" + _LONG + b"Model", 1)),
            _predict,
        ),
        "a text of negative length": (
            lambda: _raw(lambda data: data.replace(
                b"L" + (5).to_bytes(8, "big") + b"Model", b"L" + b"\xff" * 8 + b"Model", 1)),
            _predict,
        ),
        "a text a little longer": (
            lambda: _raw(lambda data: data.replace(
                b"L" + (5).to_bytes(8, "big") + b"Model", b"L" + (1 << 22).to_bytes(8, "big") + b"Model", 1)),
            _predict,
        ),
        "an array longer than the bytes": (
            lambda: _raw(lambda data: data.replace(b"[$d#L", b"[$d#L" + (1 << 26).to_bytes(8, "big"), 1)), _predict,
        ),
        "an array of what there is not": (lambda: _raw(lambda data: data.replace(b"[$d#L", b"[$x#L", 1)), _predict),
        "a million levels": (lambda: _raw(lambda data: b"{L" + (1).to_bytes(8, "big") + b"a" + b"[" * 10**6), _predict),
        "a million levels of JSON": (lambda: _raw(lambda data: b'{"a":' + b"[" * 10**6), _predict),
        "bytes that end early": (lambda: _raw(lambda data: data[: len(data) // 2]), _predict),
        "bytes that go on": (lambda: _raw(lambda data: data + b"Z"), None),
        "no bytes": (lambda: _raw(lambda data: b""), _predict),
        "an empty object": (lambda: _raw(lambda data: b"{}"), _predict),
        # ---- what is around it
        "a handle that is a number": (
            lambda: tampered(MODELS[BOOSTER]()[0], xgb.Booster, having(handle=12345)), _predict,
        ),
        "no handle": (lambda: tampered(MODELS[BOOSTER]()[0], xgb.Booster, lambda kept: {"a": 1}), None),
        "an estimator's threads": (
            lambda: tampered(MODELS["a classifier"]()[0], xgb.XGBClassifier, having(n_jobs=10**8)), None,
        ),
        "an estimator's threads, by another name": (
            lambda: tampered(MODELS["a classifier"]()[0], xgb.XGBClassifier, having(kwargs={"nthread": 10**8})), None,
        ),
        "another booster": (
            lambda: tampered(MODELS["a classifier"]()[0], xgb.XGBClassifier, having(_Booster=xgb.XGBRegressor())), None,
        ),
        "a method that is hidden": (lambda: tampered(MODELS[BOOSTER]()[0], xgb.Booster, having(predict=1)), None),
    }.items()
}  # fmt: skip
