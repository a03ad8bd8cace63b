"""scikit-learn (pack "sklearn"): its estimators, and what rides in them.

An estimator is a Python object, so it is its attributes: made without a call, filled in without its
``__setstate__``. What its methods hand to C without a look is proven first: `sklearn_checks` for attributes,
`sklearn_words` for what is looked up or handed on, `sklearn_native` for the types in C. The names are in
`sklearn_names`.
"""

from __future__ import annotations

import functools
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError, UntrustedError
from perdure.policy import partial
from perdure.policy.rows import (
    Callee,
    Constant,
    Kind,
    as_keys,
    attributes_of,
    bare,
    class_row,
    kind_in,
    never,
)  # fmt: skip
from perdure.policy.tables.builtin import build_exception, exception_row
from perdure.policy.tables.sklearn_checks import after_for, checks_for
from perdure.policy.tables.sklearn_names import ALIASES, CLASSES, EXCEPTIONS, FUNCTIONS, NUMPY_FUNCTIONS
from perdure.policy.tables.sklearn_native import KINDS as NATIVE_KINDS
from perdure.policy.tables.sklearn_native import MAKING, native_row
from perdure.policy.tables.sklearn_words import check_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "attributes_around", "check_threads", "kind", "row"]

# "_loss" is how Cython named a module of scikit-learn's until 1.6.
TOPS = ("sklearn", "_loss", "numpy", "functools", "joblib")
NEEDS = ("scipy",)

_NAMES: dict[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in CLASSES.items()}
_FUNCTIONS: dict[str, frozenset[str]] = {
    **{module: frozenset(names.split()) for module, names in FUNCTIONS.items()},
    "numpy": frozenset(NUMPY_FUNCTIONS.split()),
}
_TRIPLET = ("sklearn.impute._iterative", "_ImputerTriplet")
_BUNCH = ("sklearn.utils._bunch", "Bunch")
# Attributes that scikit-learn sets on instances though the class has them too.
_OVERRIDDEN = frozenset(("positive",))
_THREADS = frozenset(("n_jobs", "n_threads", "_n_threads"))
_ARGUMENTS = ("params", "args", "kwargs")  # how attributes end that are given by name to a metric or a function
_MOST_THREADS = 1 << 12  # beyond what any machine has, OpenMP ends the process


# ---- estimators ------------------------------------------------------------------------------


def build_estimator(instance: Any, state: Any) -> None:
    """Of scikit-learn's own classes, and of somebody's that inherits BaseEstimator's __setstate__."""
    if type(state) is tuple and len(state) == 2 and state[1] in (None, {}):  # of a class with empty __slots__
        state = state[0]
    charge_copy(MAKING)
    cls = type(instance)
    attributes = attributes_of(instance, {} if state is None else state)
    bases = [base for base in cls.__mro__ if base.__module__.partition(".")[0] == "sklearn"]
    if bases[0] is cls:
        if instance.__dict__:
            raise CorruptError(f"BUILD on a {cls.__name__:.100} that has attributes already")
        check_classes(cls, attributes)
        if any(base.__name__ == "BaseEstimator" for base in bases):
            _check_release(cls, attributes.pop("_sklearn_version", "pre-0.18"))
    else:
        attributes = {**instance.__dict__, **attributes}
    if any(base.__qualname__ in _NAMES.get(base.__module__, ()) for base in bases):
        check_values(cls, attributes)
    for key in attributes:
        if key not in _OVERRIDDEN and any(key in base.__dict__ and _is_data(base.__dict__[key]) for base in bases):
            raise CorruptError(f"{key:.100} of a {cls.__name__:.100} is its class's alone")
    names = [(base.__module__, base.__qualname__) for base in bases]
    for check in checks_for(names):
        check(attributes)
    instance.__dict__.update(attributes)
    for finish in after_for(names):
        finish(instance)


def attributes_around(estimator: Any, state: Any, booster: type) -> dict[str, Any]:
    """The attributes of another library's estimator by scikit-learn's rules, around a booster of this class."""
    cls = type(estimator)
    attributes = attributes_of(estimator, state)
    check_classes(cls, attributes)
    check_values(cls, attributes)
    attributes.pop("_sklearn_version", None)  # of a class of somebody's own
    if attributes.get("_Booster") is not None and type(attributes["_Booster"]) is not booster:
        raise CorruptError(f"the booster of a {cls.__name__:.100} is none")
    return attributes


def check_classes(cls: type, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        if isinstance(value, type) and not _is_harmless(value):
            raise CorruptError(f"{key:.100} of a {cls.__name__:.100} is a class")


def check_values(cls: type, attributes: dict[str, Any]) -> None:
    _look_up(list(attributes.values()), 3)
    for key, value in attributes.items():
        if key.rstrip("_").endswith(_ARGUMENTS):
            attributes[key] = check_arguments(f"{key:.100} of a {cls.__name__:.100}", value, attributes)
        if key in _THREADS:
            check_threads(cls, key, value)
    if attributes.get("memory") is not None:
        attributes["memory"] = _forgotten(cls, attributes["memory"])


def _forgotten(cls: type, memory: Any) -> Any:
    """What takes a memory's place: fit would load the pickles of its folder, whoever wrote them; only fit uses it."""
    if type(memory) is str:
        memory = None
    elif type(memory) is not _memory_class():
        raise UntrustedError(f"the memory of a {cls.__name__:.100} is a folder, or joblib's", ("joblib.memory.Memory",))
    import_module("warnings").warn(f"the memory of a {cls.__name__} is left out, for it loads pickles", stacklevel=5)
    return memory


def _memory_class() -> Any:
    return import_module("joblib.memory").Memory


def _memory(cls: Any) -> Callee:
    """One of no folder, which keeps nothing."""
    return class_row(cls, None, new=lambda *args: cls(None) if not args else never("joblib.Memory", args))


class _Store:
    """Stands for the folder of a memory: a part of what is not read."""

    __slots__ = ()


_Store.__module__, _Store.__qualname__ = "joblib._store_backends", "FileSystemStoreBackend"


def _store(cls: Any) -> Callee:
    return class_row(_Store, None, new=lambda *args: _Store() if not args else never("joblib's store", args))


def _build_nothing(instance: Any, state: Any) -> None:
    if type(state) is not dict:
        raise CorruptError("the state of a memory is a dict")


def check_threads(cls: type, key: str, value: Any) -> None:
    if not (value is None or (type(value) is int and -_MOST_THREADS < value < _MOST_THREADS)):
        raise CorruptError(f"{key:.100} of a {cls.__name__:.100} is no number of threads")


def _look_up(values: Any, levels: int) -> None:
    """Names, categories, words to leave out: what estimators look up in dicts and sets, whenever they are asked."""
    array = import_module("numpy").ndarray
    charge_copy(64 * len(values))
    as_keys(values)
    for value in values if levels else ():
        if isinstance(value, (list, tuple)):
            _look_up(value, levels - 1)
        elif isinstance(value, dict):
            _look_up(list(value.values()), levels - 1)
        elif isinstance(value, array) and value.dtype.kind == "O":
            _look_up(value.ravel(), levels - 1)


def _is_data(found: Any) -> bool:
    return not isinstance(found, (property, functools.cached_property)) and not callable(found)


def _is_harmless(cls: type) -> bool:
    """A class that says of what type numbers or texts are, or one of these here: whoever calls it makes one, no more.
    (numpy.memmap is a value too, for arrays' sake, and opens files.)"""
    generic = import_module("numpy").generic
    scalars = (int, float, bool, complex, str, bytes, object)
    return issubclass(cls, generic) or cls in scalars or cls.__qualname__ in _NAMES.get(cls.__module__, ())


def _check_release(cls: type, release: Any) -> None:
    """As BaseEstimator: an estimator of another release may not be what it was."""
    sklearn = import_module("sklearn")
    if release == sklearn.__version__:
        return
    if type(release) is not str or len(release) > 50 or not release.isprintable():
        raise CorruptError("the release of scikit-learn that an estimator is from is a str")
    told = getattr(import_module("sklearn.exceptions"), "InconsistentVersionWarning", None)
    warning: Warning
    if told is None:  # before 1.3
        warning = UserWarning(
            f"Trying to unpickle estimator {cls.__name__} from version {release} when using version "
            f"{sklearn.__version__}. This might lead to breaking code or invalid results. Use at your own risk."
        )
    else:
        warning = told(
            estimator_name=cls.__name__,
            current_sklearn_version=sklearn.__version__,
            original_sklearn_version=release,
        )
    import_module("warnings").warn(warning, stacklevel=4)


# ---- what is no estimator --------------------------------------------------------------------


def _is_function(found: Any) -> bool:
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    return (
        type(module) is str and type(name) is str and not isinstance(found, type)
        and name in _FUNCTIONS.get(module, ()) and found is getattr(import_module(module), name, None)
    )  # fmt: skip


def _build_function(function: Any, state: Any) -> None:
    """functools.partial of one of the functions: with arguments by name, and none that it would write to."""
    if type(state) is tuple and len(state) == 4:
        if state[1] != ():
            raise CorruptError("a function of a pack has its arguments by name")
        state = (*state[:2], check_arguments("arguments of a function", state[2], {}), state[3])
    partial.KINDS["functools", "partial"].build(function, state)  # type: ignore[operator,misc]


def _bunch(cls: type) -> Callee:
    def new(*args: Any) -> Any:
        return dict.__new__(cls) if not args else never("sklearn.utils.Bunch", args)

    return class_row(cls, None, new=new)


def _build_bunch(bunch: Any, state: Any) -> None:
    """Nothing, as Bunch itself: its items are all that it is."""


def _triplet(cls: type) -> Callee:
    def new(*args: Any) -> Any:
        return tuple.__new__(cls, args) if len(args) == 3 else never("_ImputerTriplet", args)

    return class_row(cls, None, new=new)


# ---- the table -------------------------------------------------------------------------------

_KIND = Kind(build_estimator)
KINDS: Kinds = {
    **NATIVE_KINDS,
    **partial.KINDS,
    ("functools", "partial"): Kind(_build_function, unseen=True),
    _BUNCH: Kind(_build_bunch, fill=True),
    ("joblib.memory", "Memory"): Kind(_build_nothing, unseen=True),
    # What a class of somebody's own inherits.
    ("sklearn.base", "BaseEstimator"): _KIND,
    **{(module, name): _KIND for module, names in _NAMES.items() for name in names},
    **{("sklearn.exceptions", name): Kind(build_exception) for name in EXCEPTIONS.split()},
}


_store_kind = Kind(_build_nothing, unseen=True)


def row(module: str, name: str) -> Answer | None:
    if (module, name) == ("functools", "partial"):
        return partial.partial_row(_is_function)
    module, name = ALIASES.get((module, name), (module, name))
    make: Any = None
    if name in _NAMES.get(module, ()):
        make = bare
    elif name in _FUNCTIONS.get(module, ()):
        make = _shared
    elif module == "sklearn.exceptions" and name in EXCEPTIONS.split():
        make = exception_row
    elif (module, name) == ("joblib.memory", "Memory"):
        make = _memory
    elif (module, name) == ("joblib._store_backends", "FileSystemStoreBackend"):
        make = _store
    elif (module, name) in (_BUNCH, _TRIPLET):
        make = _bunch if name == "Bunch" else _triplet
    else:
        return native_row(module, name)
    found = getattr(import_module(module), name, None)
    return None if found is None else make(found)


def _shared(found: Any) -> Constant:
    return Constant(found, shared=True)


def kind(cls: type) -> Kind | None:
    return _store_kind if cls is _Store else kind_in(KINDS, cls)
