"""What transformers look up for each thing that they are given, and what is handed on by name: proven, as in
`sklearn_checks`.

Words, categories and labels become columns of sparse matrices, which scipy fills in C: each has to be one that there
is.
"""

from __future__ import annotations

from importlib import import_module

from perdure._engine.reader.guard import charge_copy, charge_hashing
from perdure.errors import CorruptError
from perdure.policy.tables.sklearn_native import MAKING
from perdure.policy.tables.sparse import plain_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Attributes = dict[str, Any]

__all__ = [
    "check_arguments", "check_binarizer", "check_hasher", "check_one_hot", "check_vocabulary", "features_of",
    "is_whole",
]  # fmt: skip


def _numpy() -> Any:
    return import_module("numpy")


def is_whole(value: Any, low: int, high: int) -> bool:
    """An int in [low, high), of Python or numpy."""
    return (type(value) is int or isinstance(value, _numpy().integer)) and low <= value < high


def features_of(what: str, attributes: Attributes) -> int:
    """How many columns its methods let through: n_features_in_ is what they compare."""
    found = attributes.get("n_features_in_")
    if not is_whole(found, 1, 1 << 31):
        raise CorruptError(f"a fitted {what} has a number of features")
    return int(found)  # type: ignore[arg-type]


# ---- words, categories, labels ---------------------------------------------------------------


def check_vocabulary(attributes: Attributes) -> None:
    """The columns of the sparse matrix that transform makes: each number below their count, once."""
    words = attributes.get("vocabulary_")
    if words is None:
        return
    numpy = _numpy()
    if type(words) is not dict or not set(map(type, words.values())) <= {int, numpy.int64, numpy.int32}:
        raise CorruptError("a vocabulary gives each word its number")
    charge_copy(256 * len(words))
    if sorted(words.values()) != list(range(len(words))):
        raise CorruptError("the numbers of a vocabulary are those of its columns")
    attributes["vocabulary_"] = dict(words)


def check_hasher(attributes: Attributes) -> None:
    if not is_whole(attributes.get("n_features", 1), 1, 1 << 31):
        raise CorruptError("a hasher has a number of features")


def check_one_hot(attributes: Attributes) -> None:
    """The columns of the sparse matrix that transform makes: for each feature as many as it can give."""
    if "categories_" not in attributes:
        return
    categories = attributes["categories_"] = list(_list("categories_", attributes["categories_"]))
    count = len(categories)
    # Before 1.3 what was dropped was drop_idx_; what follows looks at what is there.
    dropped = attributes.get("_drop_idx_after_grouping", attributes.get("drop_idx_"))
    if dropped is not None and (type(dropped) is not _numpy().ndarray or dropped.shape != (count,)):
        raise CorruptError("an encoder drops one category of each feature")
    grouped = bool(attributes.get("_infrequent_enabled"))
    rare = _list("_infrequent_indices", attributes.get("_infrequent_indices")) if grouped else [None] * count
    groups = _list("mappings", attributes.get("_default_to_infrequent_mappings")) if grouped else [None] * count
    widths = attributes["_n_features_outs"] = list(_list("_n_features_outs", attributes.get("_n_features_outs")))
    if not len(rare) == len(groups) == len(widths) == count:
        raise CorruptError("an encoder knows of each feature how many columns it becomes")
    if grouped:
        attributes["_infrequent_indices"], attributes["_default_to_infrequent_mappings"] = list(rare), list(groups)
    for place, (found, few, group, width) in enumerate(zip(categories, rare, groups, widths, strict=True)):
        charge_copy(MAKING)
        size = _check_categories(found)
        for each, limit in ((few, size), (group, size)):
            if each is not None and len(plain_array("rare categories", each, 1, "i")):
                if not (each.min() >= 0 and each.max() < limit):
                    raise CorruptError("a rare category is none")
        reach = size if group is None else int(group.max()) + 1 if len(group) else 0
        if dropped is not None and dropped[place] is not None:
            if not is_whole(dropped[place], 0, size + 1):
                raise CorruptError("an encoder drops a category that there is not")
            reach -= dropped[place] < reach
        if not is_whole(width, reach, 1 << 31):
            raise CorruptError("a feature has more categories than columns")


def _list(what: str, found: Any) -> Any:
    if type(found) is not list:
        raise CorruptError(f"{what} of an encoder is a list")
    return found


def _check_categories(found: Any) -> int:
    """Numbers are looked up by bisection, so they rise; nan, where there is one, is the last."""
    numpy = _numpy()
    if type(found) is not numpy.ndarray or found.ndim != 1:
        raise CorruptError("the categories of a feature are an array")
    charge_copy(16 * found.nbytes)
    if found.dtype.kind in "US" or (found.dtype.kind == "O" and not all(_is_number(item) for item in found)):
        return len(found)
    core = found[:-1] if len(found) and found[-1] != found[-1] else found
    if not (core[1:] > core[:-1]).all():
        raise CorruptError("the categories of a feature rise")
    return len(found)


def _is_number(item: Any) -> bool:
    return type(item) in (int, float, bool) or isinstance(item, _numpy().number)


def check_binarizer(attributes: Attributes) -> None:
    """Which column is which class: made again when it is needed, of classes that are not the same."""
    if "_cached_dict" in attributes:
        attributes["_cached_dict"] = None
    if "classes_" not in attributes:
        return
    classes = attributes["classes_"]
    if type(classes) is not _numpy().ndarray or classes.ndim != 1:
        raise CorruptError("the classes of a binarizer are an array")
    charge_copy(256 * len(classes))
    labels = list(classes)
    if not all(_is_label(label) for label in labels):
        raise CorruptError("a class of a binarizer is a number, a text, or some of these")
    charge_hashing(labels)
    if len(set(labels)) != len(labels):
        raise CorruptError("a class of a binarizer is there twice")


def _is_label(label: Any) -> bool:
    """What has a hash of its own, that no stream changes."""
    if type(label) is tuple:
        return all(type(part) in (str, bytes, int, float, bool) for part in label)
    return type(label) in (str, bytes) or _is_number(label) or isinstance(label, _numpy().generic)


# ---- arguments by name -----------------------------------------------------------------------

_WRITTEN = frozenset(("out", "X_norm_squared", "Y_norm_squared"))


def check_arguments(what: str, found: Any, attributes: Attributes) -> Any:
    """What is given by name to a metric or a function, as nobody can change it any more: nothing that is written to,
    nor what C reads without a look (the inverse of mahalanobis; the norms that only scikit-learn itself knows)."""
    if type(found) is not dict:
        if hasattr(type(found), "keys"):
            raise CorruptError(f"{what} are a dict")
        return found
    if not _WRITTEN.isdisjoint(key for key, value in found.items() if value is not None):
        raise CorruptError(f"{what} have one that is never given")
    if found.get("VI") is not None:
        features = features_of(what, attributes)
        if plain_array(f"VI of {what}", found["VI"], 2, "f").shape != (features, features):
            raise CorruptError(f"VI of {what} has not as many rows and columns as there are features")
    return dict(found)
