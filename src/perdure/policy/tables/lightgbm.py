"""LightGBM (pack "lightgbm"): boosters, and the estimators around them.

A Booster's state is the text of its model, which LightGBM's reader in C++ believes: `lightgbm_text` proves it first.
Parameters go to C++ as text too, each time that something is predicted or fitted; they name no files and machines.
"""

from __future__ import annotations

import re
from importlib import import_module

from perdure.errors import CorruptError, UntrustedError
from perdure.policy.rows import Kind, attributes_of, bare, build_attributes, imported, kind_in
from perdure.policy.tables.lightgbm_text import proven_model
from perdure.policy.tables.sklearn import attributes_around, check_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "kind", "row"]

TOPS = ("lightgbm",)
NEEDS = ("sklearn",)

_ESTIMATORS = ("LGBMModel", "LGBMClassifier", "LGBMRegressor", "LGBMRanker")
_BOOSTER, _PREDICTOR = ("lightgbm.basic", "Booster"), ("lightgbm.basic", "_InnerPredictor")
_FOLDS = ("lightgbm.engine", "CVBooster")
# Parameters by which LightGBM reads or writes files, or talks to other machines.
_OUTWARD = (
    "config", "data", "forcedbins_filename", "forcedsplits_filename", "input_model", "machine_list_filename",
    "machines", "output_model", "output_result", "parser_config_file", "position", "valid",
)  # fmt: skip
_TEXT = re.compile(r"[^\s=\0]*")  # parameters are told apart by spaces


def _check_parameters(cls: type, found: Any) -> None:
    """A dict of parameters as they go to C++ by their names or other names of theirs."""
    what = cls.__name__
    if type(found) is not dict or not all(type(key) is str and _TEXT.fullmatch(key) for key in found):
        raise CorruptError(f"the parameters of a {what} have names")
    names = import_module("lightgbm.basic")._ConfigAliases
    outward, threads = names.get(*_OUTWARD), names.get("num_threads")
    for key, value in found.items():
        for item in value if type(value) in (list, tuple, set) else (value,):
            if type(item) is str and _TEXT.fullmatch(item) is None:
                raise CorruptError(f"the parameter {key:.40} of a {what} is more than one")
        if key in outward and value not in (None, "", [], 0):
            raise UntrustedError(f"the parameter {key:.40} of a {what} is a file or a machine", ())
        if key in threads:
            check_threads(cls, key, value)


def _build_booster(booster: Any, state: Any) -> None:
    attributes = attributes_of(booster, state)
    if booster.__dict__:
        raise CorruptError("BUILD on a Booster that has a model already")
    if "train_set" in attributes or "valid_sets" in attributes or ("_handle" in attributes) == ("handle" in attributes):
        raise CorruptError("a Booster has one model, and no data")
    text = attributes.pop("_handle" if "_handle" in attributes else "handle")  # which it was before 4.0
    attributes["_handle"] = None if text is None else proven_model(text)
    first = attributes.get("_Booster__init_predictor")
    if first is not None and type(first) is not import_module("lightgbm.basic")._InnerPredictor:
        raise CorruptError("a Booster goes on from another one")
    if "params" in attributes:
        attributes["params"] = dict(attributes["params"]) if type(attributes["params"]) is dict else None
        _check_parameters(type(booster), attributes["params"])
    if attributes.get("_network") not in (None, False):
        raise UntrustedError("a Booster is part of a network of machines", ())
    buffers = attributes.get("_Booster__inner_predict_buffer")
    if buffers is not None:  # C++ writes into what is there
        attributes["_Booster__inner_predict_buffer"] = [None] * len(buffers)
    import_module("lightgbm.basic").Booster.__setstate__(booster, attributes)


def _build_predictor(predictor: Any, state: Any) -> None:
    """Of a predictor its pickles keep no model, so that it is of no use; but it is there."""
    attributes = attributes_of(predictor, state)
    if predictor.__dict__ or "_handle" in attributes or "handle" in attributes:
        raise CorruptError("the state of an _InnerPredictor has no model")
    predictor.__dict__.update(attributes)


def _build_folds(folds: Any, state: Any) -> None:
    """It has every method that a Booster has, whatever its name: what is called on its boosters is theirs."""
    attributes = attributes_of(folds, state)
    cls = import_module("lightgbm.basic").Booster
    boosters = attributes.get("boosters")
    if type(boosters) is not list or not all(type(each) is cls for each in boosters):
        raise CorruptError("a CVBooster is made of boosters")
    folds.__dict__.update(attributes, boosters=list(boosters))


def _build_estimator(estimator: Any, state: Any) -> None:
    cls = type(estimator)
    attributes = attributes_around(estimator, state, import_module("lightgbm.basic").Booster)
    if "_other_params" in attributes:
        if type(attributes["_other_params"]) is not dict:
            raise CorruptError(f"the parameters of a {cls.__name__:.100} are a dict")
        attributes["_other_params"] = dict(attributes["_other_params"])
    together = {key: value for key, value in attributes.items() if not key.startswith("_")}
    _check_parameters(cls, {**together, **attributes.get("_other_params", {})})
    estimator.__dict__.update(attributes)


_ESTIMATOR = Kind(_build_estimator)
KINDS: Kinds = {
    **{("lightgbm.sklearn", name): _ESTIMATOR for name in _ESTIMATORS},
    _BOOSTER: Kind(_build_booster),
    _PREDICTOR: Kind(_build_predictor),
    _FOLDS: Kind(_build_folds),
    ("lightgbm.sklearn", "_ObjectiveFunctionWrapper"): Kind(build_attributes),
}


def row(module: str, name: str) -> Answer | None:
    return imported(module, name, bare) if (module, name) in KINDS else None


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
