"""XGBoost (pack "xgboost"): boosters, and the estimators around them.

A Booster's state is its model and configuration in UBJSON, or in the JSON of releases before 1.7. `xgboost_model`
proves it, and what XGBoost's reader in C++ gets is written anew. The binary format of before 1.0 is refused.
"""

from __future__ import annotations

import json
from importlib import import_module

from perdure.errors import CorruptError, UntrustedError
from perdure.policy.rows import Kind, attributes_of, bare, build_attributes, imported, kind_in
from perdure.policy.tables import ubjson
from perdure.policy.tables.sklearn import attributes_around, check_threads
from perdure.policy.tables.xgboost_model import proven

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "kind", "row"]

TOPS = ("xgboost",)
NEEDS = ("sklearn",)

_ESTIMATORS = (
    "XGBModel", "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor",
)  # fmt: skip
_BOOSTER = ("xgboost.core", "Booster")


def _content(handle: Any) -> Any:
    """What the bytes of a Booster say: nothing is read by XGBoost."""
    if type(handle) not in (bytes, bytearray):
        raise CorruptError("the model of an XGBoost Booster is bytes")
    data = bytes(handle)
    if data[:2] == b"{L":
        return ubjson.read(data)
    if data[:2] != b'{"':
        raise UntrustedError("the binary format of XGBoost before 1.0 is not covered by the pack xgboost", ())
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptError("the model of an XGBoost Booster is no JSON") from error


def _build_booster(booster: Any, state: Any) -> None:
    attributes = attributes_of(booster, state)
    if booster.__dict__:
        raise CorruptError("BUILD on a Booster that has a model already")
    handle = attributes.get("handle")
    if handle is not None:
        attributes["handle"] = ubjson.write(proven(_content(handle)))
    elif "handle" not in attributes:
        raise CorruptError("the state of a Booster has its model")
    import_module("xgboost.core").Booster.__setstate__(booster, attributes)


def _build_estimator(estimator: Any, state: Any) -> None:
    cls = type(estimator)
    attributes = attributes_around(estimator, state, import_module("xgboost.core").Booster)
    if attributes.get("kwargs") is not None:  # more parameters, by any name
        if type(attributes["kwargs"]) is not dict:
            raise CorruptError(f"the parameters of a {cls.__name__:.100} are a dict")
        attributes["kwargs"] = dict(attributes["kwargs"])
    for key in ("nthread", "n_jobs"):
        check_threads(cls, key, (attributes.get("kwargs") or {}).get(key))
        check_threads(cls, key, attributes.get(key))
    estimator.__dict__.update(attributes)


_ESTIMATOR = Kind(_build_estimator)
KINDS: Kinds = {
    **{("xgboost.sklearn", name): _ESTIMATOR for name in _ESTIMATORS},
    _BOOSTER: Kind(_build_booster),
    ("xgboost.callback", "EarlyStopping"): Kind(build_attributes),
}


def row(module: str, name: str) -> Answer | None:
    return imported(module, name, bare) if (module, name) in KINDS else None


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
