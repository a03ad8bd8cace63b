"""States of LightGBM's that its C++ would follow out of bounds, each made from a genuine one."""

import re
from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np

from tests.profile import boosted
from tests.profile.forge import having, tampered

MODELS = boosted.lightgbm()
X = boosted.X


def _text(name: str, change: Callable[[str], str], **further: Any) -> bytes:
    """A booster whose text is another one: its trees' sizes are what they then are, or LightGBM would stop there."""

    def edit(kept: dict) -> dict:
        return {**kept, "_handle": _sized(change(kept["_handle"])), **further}

    return tampered(MODELS[name]()[0], lgb.Booster, edit)


def _sized(text: str) -> str:
    head, _, rest = text.partition("\n\nTree=")
    body, end, after = rest.partition("end of trees")
    trees = re.split(r"(?=Tree=[0-9]+\n)", "Tree=" + body)
    sizes = " ".join(str(len(tree)) for tree in trees if tree)
    head = re.sub(r"tree_sizes=.*", f"tree_sizes={sizes}", head)
    return head + "\n\n" + "".join(trees) + end + after


def _line(key: str, change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    """The first line of a key that has something, with other numbers."""

    def edit(text: str) -> str:
        return re.sub(
            rf"(?m)^{key}=(.+)$", lambda match: f"{key}=" + " ".join(change(match[1].split(" "))), text, count=1
        )

    return edit


def _item(place: int, value: object) -> Callable[[list[str]], list[str]]:
    def change(items: list[str]) -> list[str]:
        items[place] = str(value)
        return items

    return change


def _sub(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text, count=1)


def chain(levels: int) -> str:
    """A tree in which each node has a leaf and the next node."""
    count = levels
    arrays = {
        "split_feature": [0] * count, "split_gain": [1] * count, "threshold": [i / count for i in range(count)],
        "decision_type": [2] * count, "left_child": [~i for i in range(count)],
        "right_child": [*range(1, count), ~count], "leaf_value": [0.5] * (count + 1), "leaf_weight": [1] * (count + 1),
        "leaf_count": [1] * (count + 1), "internal_value": [0] * count, "internal_weight": [1] * count,
        "internal_count": [count + 1 - i for i in range(count)],
    }  # fmt: skip
    lines = [f"num_leaves={count + 1}", "num_cat=0"]
    lines += [f"{key}=" + " ".join(map(str, values)) for key, values in arrays.items()]
    tree = "Tree=0\n" + "\n".join([*lines, "is_linear=0", "shrinkage=1"]) + "\n\n\n"
    names = " ".join(f"Column_{place}" for place in range(5))
    head = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=4\n"
    head += f"objective=regression\nfeature_names={names}\nfeature_infos=none none none none none\n"
    return f"{head}tree_sizes={len(tree)}\n\n{tree}end of trees\n"


def _predict(found: object) -> None:
    found.predict(X if found.num_feature() == 5 else np.c_[X[:, 0], X])


def _contributions(found: object) -> None:
    found.predict(X, pred_contrib=True)


def _dump(found: object) -> None:
    found.dump_model()


def _ask(found: object) -> None:
    found.predict(X)


BOOSTER, CATEGORIES, LINEAR = "a booster", "a booster of categories", "a booster of linear trees"
_FAR = 10**8

CASES: dict[str, Callable[[], tuple[bytes, list[str], Any]]] = {
    name: (lambda make=make, use=use: (make(), ["lightgbm"], use))
    for name, (make, use) in {
        # ---- nodes
        "a feature beyond the last": (lambda: _text(BOOSTER, _line("split_feature", _item(0, _FAR))), _predict),
        "a negative feature": (lambda: _text(BOOSTER, _line("split_feature", _item(0, -_FAR))), _predict),
        "a child beyond the last": (lambda: _text(BOOSTER, _line("left_child", _item(0, _FAR))), _predict),
        "a leaf beyond the last": (lambda: _text(BOOSTER, _line("left_child", _item(0, -_FAR))), _predict),
        "a node that is its own child": (
            lambda: _text(BOOSTER, lambda text: _line("left_child", _item(0, 0))(_line("right_child", _item(0, 0))(text))),
            None,  # it would never end
        ),
        "a child before its parent": (lambda: _text(BOOSTER, _line("left_child", _item(1, 0))), None),
        "two parents of one leaf": (lambda: _text(BOOSTER, _line("left_child", _item(0, -1))), _predict),
        "fewer children than nodes": (lambda: _text(BOOSTER, _line("left_child", lambda items: items[:1])), _predict),
        "more leaves than values": (lambda: _text(BOOSTER, _sub(r"num_leaves=\d+", "num_leaves=100000")), _predict),
        "fewer leaves than values": (lambda: _text(BOOSTER, _sub(r"num_leaves=\d+", "num_leaves=2")), _predict),
        "no leaves": (lambda: _text(BOOSTER, lambda text: re.sub(r"num_leaves=\d+", "num_leaves=0", text)), _predict),
        "two billion leaves": (lambda: _text(BOOSTER, _sub(r"num_leaves=\d+", "num_leaves=2147483647")), _predict),
        "leaves below zero": (lambda: _text(BOOSTER, _sub(r"num_leaves=\d+", "num_leaves=-5")), _predict),
        "a way to decide that is none": (lambda: _text(BOOSTER, _line("decision_type", _item(0, 1))), _contributions),
        "a line twice": (lambda: _text(BOOSTER, _sub(r"(left_child=.*\n)", r"\1left_child=0\n")), _predict),
        "a line that is none": (lambda: _text(BOOSTER, _sub(r"is_linear=0", "is_linear=0\nis_quadratic=0")), _predict),
        "a tree without lines": (lambda: _text(BOOSTER, _sub(r"left_child=.*\n", "")), _predict),
        "a tree that is a chain": (lambda: _text(BOOSTER, lambda text: chain(200_000)), _contributions),
        # ---- categories and coefficients
        "categories that begin elsewhere": (
            lambda: _text(CATEGORIES, _line("cat_boundaries", _item(0, -_FAR))), _predict,
        ),
        "categories that end elsewhere": (
            lambda: _text(CATEGORIES, _line("cat_boundaries", _item(1, _FAR))), _predict,
        ),
        "categories that there are not": (
            lambda: _text(CATEGORIES, lambda text: re.sub(r"(?m)^threshold=\S+", f"threshold={_FAR}", text)), _predict,
        ),
        "categories: a number that is none": (
            lambda: _text(CATEGORIES, lambda text: re.sub(r"(?m)^threshold=\S+", "threshold=nan", text)), _predict,
        ),
        "a coefficient of a feature beyond the last": (
            lambda: _text(LINEAR, lambda text: re.sub(r"(?m)^leaf_features=\d+", f"leaf_features={_FAR}", text)), _predict,
        ),
        "more features than coefficients": (
            lambda: _text(LINEAR, _line("num_features", _item(0, 100_000))), _predict,
        ),
        "features below zero": (lambda: _text(LINEAR, _line("num_features", _item(0, -7))), _predict),
        "linear without coefficients": (
            lambda: _text(BOOSTER, lambda text: text.replace("is_linear=0", "is_linear=1")), _predict,
        ),
        # ---- the head
        "more trees than sizes": (
            lambda: tampered(
                MODELS[BOOSTER]()[0], lgb.Booster,
                lambda kept: {**kept, "_handle": re.sub(r"tree_sizes=.*", "tree_sizes=99999999 5", kept["_handle"])[:-100]},
            ),
            _predict,
        ),
        "classes beyond the trees": (
            lambda: _text(BOOSTER, lambda text: _sub("num_class=1", "num_class=7")(
                _sub("num_tree_per_iteration=1", "num_tree_per_iteration=100000")(text))),
            _predict,
        ),
        "more trees a round than classes": (
            lambda: _text(BOOSTER, _sub("num_tree_per_iteration=1", "num_tree_per_iteration=4")), _predict,
        ),
        "no trees a round": (
            lambda: _text(BOOSTER, _sub("num_tree_per_iteration=1", "num_tree_per_iteration=0")), _predict,
        ),
        "an objective of more classes": (
            lambda: _text(BOOSTER, _sub("objective=.*", "objective=multiclass num_class:100000000")), _predict,
        ),
        "an objective that is none": (lambda: _text(BOOSTER, _sub("objective=.*", "objective=")), _predict),
        "no name of a feature": (lambda: _text(BOOSTER, _sub("feature_names=.*", "feature_names=")), _predict),
        "more features than names": (
            lambda: _text(BOOSTER, _sub("max_feature_idx=4", "max_feature_idx=2147483646")), _predict,
        ),
        "a range that is none": (lambda: _text(BOOSTER, _sub(r"feature_infos=\S+", "feature_infos=[")), _dump),
        "a range without numbers": (lambda: _text(BOOSTER, _sub(r"feature_infos=\S+", "feature_infos=:")), _dump),
        "a parameter that is none": (
            lambda: _text(BOOSTER, _sub(r"\[boosting: gbdt\]", "x")), lambda found: found._get_loaded_param(),
        ),
        "no text": (lambda: _text(BOOSTER, lambda text: ""), _predict),
        "a text that ends early": (
            lambda: tampered(
                MODELS[BOOSTER]()[0], lgb.Booster,
                lambda kept: {**kept, "_handle": kept["_handle"][: kept["_handle"].index("Tree=2") + 40]},
            ),
            _predict,
        ),
        # ---- what is around it
        "a handle that is a number": (
            lambda: tampered(MODELS[BOOSTER]()[0], lgb.Booster, having(_handle=12345)), _predict,
        ),
        "a handle beside the text": (
            lambda: tampered(MODELS[BOOSTER]()[0], lgb.Booster, having(handle=12345)), None,
        ),
        "a predictor's handle": (
            lambda: tampered(
                MODELS["a booster that went on"]()[0], lgb.basic._InnerPredictor,
                having(_handle=12345, _InnerPredictor__is_manage_handle=True),
            ),
            lambda found: None,
        ),
        "a network": (lambda: tampered(MODELS[BOOSTER]()[0], lgb.Booster, having(_network=True)), None),
        "parameters that are machines": (
            lambda: tampered(
                MODELS[BOOSTER]()[0], lgb.Booster,
                lambda kept: {**kept, "params": {"machines": "127.0.0.1:80,127.0.0.1:81"}},
            ),
            None,
        ),
        "a parameter that is a file": (
            lambda: tampered(
                MODELS["a classifier"]()[0], lgb.LGBMClassifier, having(_other_params={"forced_splits": "/etc/passwd"})
            ),
            None,
        ),
        "a parameter that is two": (
            lambda: tampered(
                MODELS["a classifier"]()[0], lgb.LGBMClassifier, having(_other_params={"alpha": "1 num_threads=99999999"})
            ),
            _ask,
        ),
        "threads without end": (
            lambda: tampered(
                MODELS["a classifier"]()[0], lgb.LGBMClassifier, having(_other_params={"nthreads": 10**8})
            ),
            None,
        ),
        "another booster": (
            lambda: tampered(
                MODELS["a classifier"]()[0], lgb.LGBMClassifier, having(_Booster=lgb.LGBMRegressor())
            ),
            None,
        ),
        "a method that is hidden": (
            lambda: tampered(MODELS[BOOSTER]()[0], lgb.Booster, having(predict=1)), None,
        ),
        "boosters that are none": (
            lambda: tampered(MODELS["boosters of cv"]()[0], lgb.CVBooster, having(boosters=[lgb.LGBMRegressor()])), None,
        ),
    }.items()
}  # fmt: skip
