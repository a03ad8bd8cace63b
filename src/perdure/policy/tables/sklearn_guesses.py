"""What gradient boosting begins with: an estimator whose answer has as many rows as it is asked for, and a column for
each class, for the trees' values are added to it in C without a look."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["is_sound_guess"]

_LINEAR = {
    "sklearn.linear_model._base": ("LinearRegression",),
    "sklearn.linear_model._ridge": ("Ridge",),
    "sklearn.linear_model._coordinate_descent": ("Lasso", "ElasticNet"),
}


def is_sound_guess(first: Any, columns: int, features: int) -> bool:
    """Whether it guesses for so many columns, from so many features; those of one loss have two classes or none."""
    cls, attributes = type(first), getattr(first, "__dict__", {})
    module, name = cls.__module__, cls.__qualname__
    if module == "sklearn.dummy":
        return _is_constant(name, attributes, max(columns, 2))
    if not _is_linear(attributes, features):
        return False
    rows = attributes["coef_"].shape[0] if attributes["coef_"].ndim == 2 else 0
    if module == "sklearn.linear_model._logistic" and name == "LogisticRegression":
        classes: Any = attributes.get("classes_")
        return (
            type(classes) is import_module("numpy").ndarray and classes.shape == (max(columns, 2),) and rows == columns
        )
    return name in _LINEAR.get(module, ()) and rows <= 1 == columns


def _is_constant(name: str, attributes: dict[str, Any], classes: int) -> bool:
    numpy = import_module("numpy")
    if not _is_number(attributes.get("n_outputs_"), 1):
        return False
    if name == "DummyRegressor":
        return True
    prior: Any = attributes.get("class_prior_")
    return (
        name == "DummyClassifier" and attributes.get("_strategy") == "prior"
        and _is_number(attributes.get("n_classes_"), classes)
        and type(prior) is numpy.ndarray and prior.shape == (classes,)
    )  # fmt: skip


def _is_number(value: Any, wanted: int) -> bool:
    return (type(value) is int or isinstance(value, import_module("numpy").integer)) and bool(value == wanted)


def _is_linear(attributes: dict[str, Any], features: int) -> bool:
    """Weights of these features, in one row or several, and a number to add for each row: no more, which numpy would
    make rows of."""
    numpy = import_module("numpy")
    weights: Any = attributes.get("coef_")
    added: Any = attributes.get("intercept_")
    if type(weights) is not numpy.ndarray or weights.dtype.kind != "f" or weights.shape[-1:] != (features,):
        return False
    if weights.ndim == 1 or type(added) is not numpy.ndarray:
        return bool(weights.ndim <= 2) and (type(added) is float or isinstance(added, numpy.floating))
    return bool(weights.ndim == 2 and added.dtype.kind == "f" and added.shape == weights.shape[:1])
