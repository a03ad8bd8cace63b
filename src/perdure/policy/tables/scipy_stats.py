"""scipy.stats: distributions, which are looked up and made anew, and estimates of densities.

A distribution's own ``__setstate__`` executes text that it finds in its state. Here the text is not even looked
at: the distribution of that name is scipy's, and what it was frozen with are numbers.
"""

from __future__ import annotations

from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, bare, class_row, imported, never
from perdure.policy.tables.scipy_names import DISTRIBUTIONS
from perdure.policy.tables.sparse import plain_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["KINDS", "METHOD", "is_distribution", "stats_row", "vectorize_row"]


MAKING = 1 << 18  # what making a distribution counts for, in bytes that are copied: it writes its documentation


class _Method:
    """Stands for a bound method in a state that is made anew: getattr(instance, name)."""

    __slots__ = ()


METHOD = _Method()
_INFRASTRUCTURE = "scipy.stats._distn_infrastructure"
_DISTRIBUTIONS = {module: frozenset(names.split()) for module, names in DISTRIBUTIONS.items()}
_FROZEN = {
    (_INFRASTRUCTURE, "rv_continuous_frozen"), (_INFRASTRUCTURE, "rv_discrete_frozen"), (_INFRASTRUCTURE, "rv_frozen"),
    ("scipy.stats._levy_stable", "levy_stable_frozen"),
}  # fmt: skip
_HISTOGRAM = ("scipy.stats._continuous_distns", "rv_histogram")
_SAMPLE = (_INFRASTRUCTURE, "rv_sample")
_KDE = ("scipy.stats._kde", "gaussian_kde")


def is_distribution(cls: type) -> bool:
    return (
        cls.__qualname__ in _DISTRIBUTIONS.get(cls.__module__, ())
        or (cls.__module__, cls.__qualname__) in (_HISTOGRAM, _SAMPLE)
    )  # fmt: skip


class _Vectorized:
    """Stands for numpy.vectorize of a bound method, which a discrete distribution keeps and makes anew."""

    __slots__ = ()


def vectorize_row() -> Callee:
    def new(*args: Any) -> Any:
        return _Vectorized() if not args else never("numpy.vectorize", args)

    return class_row(import_module("numpy").vectorize, None, new=new)


def _build_vectorized(instance: Any, state: Any) -> None:
    if type(state) is not dict or state.get("pyfunc") is not METHOD:
        raise CorruptError("numpy.vectorize of anything but a distribution's method is not made here")


# ---- distributions ---------------------------------------------------------------------------


def _random_state(state: dict[str, Any]) -> Any:
    random = import_module("numpy").random
    found = state.get("_random_state")
    if type(found) not in (random.RandomState, random.Generator):
        raise CorruptError("a distribution draws from a RandomState or a Generator")
    return found


def _state_of(what: str, state: Any) -> dict[str, Any]:
    if type(state) is not dict:
        raise CorruptError(f"the state of a {what} is a dict")
    return state


def _build_distribution(instance: Any, state: Any) -> None:
    cls = type(instance)
    name: Any = _state_of(cls.__name__, state).get("name")
    known = type(name) is str and name.isidentifier()
    found: Any = getattr(import_module("scipy.stats"), name, None) if known else None
    if type(found) is not cls:
        raise CorruptError(f"scipy.stats has no {cls.__name__} of that name")
    draws = _random_state(state)
    charge_copy(MAKING)
    cls.__init__(instance, **found._ctor_param)
    instance._random_state = draws


def _build_histogram(instance: Any, state: Any) -> None:
    parts: Any = _state_of("rv_histogram", state).get("_histogram")
    density = state.get("_density")
    if type(parts) not in (tuple, list) or len(parts) != 2 or type(density) not in (bool, type(None)):
        raise CorruptError("a histogram has counts and limits")
    counts, limits = (plain_array("counts and limits of a histogram", each, 1, "biuf") for each in parts)
    draws = _random_state(state)
    charge_copy(MAKING + 16 * counts.nbytes)
    type(instance).__init__(instance, (counts, limits), density=density)
    instance._random_state = draws


def _build_sample(instance: Any, state: Any) -> None:
    """A discrete distribution of values and their probabilities."""
    _state_of("rv_sample", state)
    values, chances = (plain_array(key, state.get(key), None, "biuf") for key in ("xk", "pk"))
    name, inc = state.get("name"), state.get("inc")
    if type(name) is not str or type(inc) is not int:
        raise CorruptError("a discrete distribution has a name and a step")
    draws = _random_state(state)
    charge_copy(MAKING + 16 * values.nbytes)
    type(instance).__init__(instance, values=(values, chances), name=name, inc=inc)
    instance._random_state = draws


def _build_frozen(instance: Any, state: Any) -> None:
    found: dict[str, Any] = _state_of("frozen distribution", state)
    args, keywords = found.get("args"), found.get("kwds")
    distribution: Any = found.get("dist")
    if not is_distribution(type(distribution)) or "_random_state" not in distribution.__dict__:
        raise CorruptError("what is frozen is a distribution")
    if type(args) is not tuple or type(keywords) is not dict or not all(type(key) is str for key in keywords):
        raise CorruptError("a distribution is frozen with arguments")
    for value in (*args, *keywords.values()):
        if type(value) not in (int, float, bool) and not isinstance(value, import_module("numpy").number):
            plain_array("an argument of a distribution", value, None, "biuf")
    charge_copy(MAKING)
    type(instance).__init__(instance, distribution, *args, **keywords)
    instance.dist._random_state = distribution._random_state


# ---- densities -------------------------------------------------------------------------------


def _build_density(instance: Any, state: Any) -> None:
    """Sums in C over as many points as the dataset has, with a weight for each."""
    found = dict(_state_of("gaussian_kde", state))
    data = plain_array("dataset of a gaussian_kde", found.get("dataset"), 2, "f")
    dims, count = data.shape
    if found.get("d") != dims or found.get("n") != count or not data.size:
        raise CorruptError("a gaussian_kde has as many points as it says")
    shapes = {"_weights": (count,), **dict.fromkeys(_SQUARE, (dims, dims))}
    for key, value in found.items():
        if key in shapes:
            if plain_array(f"{key} of a gaussian_kde", value, None, "f").shape != shapes[key]:
                raise CorruptError(f"{key} of a gaussian_kde is of another shape")
        elif key not in _SCALARS and key != "dataset":
            raise CorruptError("the state of a gaussian_kde has a key that it never has")
        elif (
            key != "dataset"
            and type(value) not in (int, float)
            and not isinstance(value, import_module("numpy").number)
        ):
            raise CorruptError(f"{key} of a gaussian_kde is a number")
    if "cho_cov" not in found:
        raise CorruptError("a gaussian_kde has a covariance")
    instance.__dict__.update(found)


_SQUARE = (
    "cho_cov", "covariance", "inv_cov", "_data_cho_cov", "_data_covariance", "_data_inv_cov", "_inv_cov",
)  # fmt: skip
_SCALARS = ("d", "n", "_neff", "factor", "log_det")


# ---- the table -------------------------------------------------------------------------------


def stats_row(module: str, name: str) -> Answer | None:
    known = (module, name) in _FROZEN or (module, name) in (_HISTOGRAM, _SAMPLE, _KDE)
    if not known and name not in _DISTRIBUTIONS.get(module, ()):
        return None
    return imported(module, name, bare)


KINDS: Kinds = {
    _HISTOGRAM: Kind(_build_histogram, unseen=True),
    _SAMPLE: Kind(_build_sample),
    _KDE: Kind(_build_density, unseen=True),
    (__name__, "_Vectorized"): Kind(_build_vectorized),
    **{key: Kind(_build_frozen, unseen=True) for key in _FROZEN},
    # What a discrete distribution keeps refers back to it.
    **{(module, name): Kind(_build_distribution) for module, names in _DISTRIBUTIONS.items() for name in names},
}
