"""statsmodels (pack "statsmodels"): regressions, generalized and discrete models, and their results.

They are Python around arrays of numpy's. What is dangerous is text: a formula is code, which loading such a model, or
asking it for predictions, would run. So a formula is held to names of columns, ``C(name)`` and operators, and a model
has its data from nobody but statsmodels. State space models (ARIMA, SARIMAX) and exponential smoothing go through
loops in C by sizes that they say themselves, and are refused.
"""

from __future__ import annotations

import re
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError, UntrustedError
from perdure.policy.rows import Callee, Constant, Kind, attributes_of, bare, class_row, imported, kind_in, never
from perdure.policy.tables.statsmodels_names import CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "kind", "row"]

TOPS = ("statsmodels",)
NEEDS = ("scipy",)

_NAMES: dict[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in CLASSES.items()}
_BUNCH = ("statsmodels.tools.tools", "Bunch")
_STATE_SPACE = ("statsmodels.tsa.statespace", "statsmodels.tsa.arima", "statsmodels.tsa.holtwinters")
_SOLVERS = (  # functions that results of a regularized fit name
    ("statsmodels.base.l1_slsqp", "fit_l1_slsqp"), ("statsmodels.base.l1_cvxopt", "fit_l1_cvxopt_cp"),
)  # fmt: skip
_TOKEN = re.compile(r"\s*(?:(C)\(\s*([A-Za-z_]\w*)\s*\)|([A-Za-z_]\w*)|([01])|([-+*:]))", re.ASCII)
_LONG, _MANY = 2000, 6


def _is_own(found: Any) -> bool:
    return any(base.__qualname__ in _NAMES.get(base.__module__, ()) for base in type(found).__mro__)


def _overridden(state: Any) -> dict[str, Any]:
    """What statsmodels itself sets on instances in the place of a method of the class, or as text about it."""
    found: dict[str, Any] = {}
    if type(state) is not dict:
        return found
    numpy = import_module("numpy")
    if type(state.get("normalized_cov_params")) in (numpy.ndarray, type(None)):
        found["normalized_cov_params"] = state.get("normalized_cov_params")
    if type(state.get("variance")).__module__ == "statsmodels.genmod.families.varfuncs":
        found["variance"] = state["variance"]
    if type(state.get("__doc__")) in (str, type(None)):
        found["__doc__"] = state.get("__doc__")
    return {key: value for key, value in found.items() if key in state}


def _build(instance: Any, state: Any) -> None:
    cls = type(instance)
    kept = _overridden(state)
    rest = {key: state[key] for key in state if key not in kept} if kept else state
    attributes = attributes_of(instance, rest) | kept
    own = object.__getattribute__(instance, "__dict__")  # a wrapper of results would look into what it has not yet
    if own:
        raise CorruptError(f"BUILD on a {cls.__name__:.100} that has attributes already")
    if not attributes.keys().isdisjoint(("model_spec", "design_info", "restore_design_info")):  # the last is 0.14's
        raise UntrustedError(f"a {cls.__name__:.100} with a design of its own, which is code", ())
    restore = attributes.pop("restore_model_spec", None)
    if restore is not None:
        attributes["model_spec"] = _design(attributes)
    elif "formula" in attributes and attributes["formula"] is not None and type(attributes["formula"]) is not str:
        raise CorruptError("a formula is text")
    for key in ("model", "_results"):
        if key in attributes and not _is_own(attributes[key]):
            raise CorruptError(f"{key} of a {cls.__name__:.100} is none of statsmodels")
    base, data = import_module("statsmodels.base.model").Model, import_module("statsmodels.base.data").ModelData
    if issubclass(cls, base) and not isinstance(attributes.get("data"), data):
        raise CorruptError(f"the data of a {cls.__name__:.100} is none of statsmodels")
    if "loglike_method" in attributes and cls.__qualname__ == "NegativeBinomial":
        if attributes["loglike_method"] not in ("nb2", "nb1", "geometric"):
            raise CorruptError("a model of counts has a likelihood")
        cls.__setstate__(instance, attributes)
    own.update(attributes)


def _design(attributes: dict[str, Any]) -> Any:
    """What a formula says of a table: made anew from both, as statsmodels does, once it is no code."""
    pandas = import_module("pandas")
    formula: Any = attributes.get("formula")
    frame: Any = attributes.get("frame")
    if type(formula) is not str or type(frame) is not pandas.DataFrame:
        raise CorruptError("a formula is text, about a table")
    left, tilde, right = formula.partition("~")
    terms = _terms(right, set(frame.columns))
    if not tilde or re.fullmatch(r"\s*[A-Za-z_]\w*\s*", left, re.ASCII) is None or left.strip() not in frame.columns:
        _refuse(formula)
    width = 1
    for names in terms:  # a category of a term makes a column with each of the others'
        size = 1
        for name, counted in names:
            found = frame[name]
            size *= 1 + (1 if pandas.api.types.is_numeric_dtype(found) and not counted else int(found.nunique()))
        width += size
    charge_copy(8 * width * len(frame))
    manager = import_module("statsmodels.formula._manager").FormulaManager()
    manager.get_matrices(formula, frame, eval_env={}, pandas=True)
    return manager.spec


def _terms(text: str, columns: set[Any]) -> list[list[tuple[str, bool]]]:
    """The names that stand together in each term, and whether each is a category; refuses what may be more."""
    terms: list[list[tuple[str, bool]]] = [[]]
    place, crossings = 0, 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or len(text) > _LONG:
            _refuse(text)
        name = match[2] or match[3]
        if name and name not in columns:
            _refuse(text)
        if match[5] in ("+", "-"):
            terms.append([])
        crossings += match[5] == "*"
        if name:
            terms[-1].append((name, match[1] == "C"))
        place = match.end()
    if crossings > _MANY:
        _refuse(text)
    return terms


def _refuse(formula: str) -> NoReturn:
    shown = f"the formula {formula[:200]!r} may be code"
    raise UntrustedError(f"{shown}: the pack statsmodels takes names of columns, C(name), + - * and :", ())


def _beyond(*args: Any) -> Any:
    what = "ARIMA, state space or exponential smoothing: their loops in C look at no bounds"
    raise UntrustedError(f"the pack statsmodels has no {what}", ())


def _bunch(cls: type) -> Callee:
    def new(*args: Any) -> Any:
        return dict.__new__(cls) if not args else never("statsmodels.tools.tools.Bunch", args)

    return class_row(cls, None, new=new)


def _build_bunch(bunch: Any, state: Any) -> None:
    """Its attributes are its items, which SETITEMS has brought."""
    if state is not bunch:
        raise CorruptError("the state of a Bunch is itself")
    bunch.__dict__ = bunch


_KIND = Kind(_build)
KINDS: Kinds = {
    **{(module, name): _KIND for module, names in _NAMES.items() for name in names},
    _BUNCH: Kind(_build_bunch, fill=True),
}


def row(module: str, name: str) -> Answer | None:
    if module.startswith(_STATE_SPACE):
        return Callee(f"{module}.{name}", _beyond, new=_beyond)
    if (module, name) in _SOLVERS:
        return Constant(getattr(import_module(module), name), shared=True)
    if (module, name) not in KINDS:
        return None
    return imported(module, name, _bunch if (module, name) == _BUNCH else bare)


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
