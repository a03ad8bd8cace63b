"""scipy (pack "scipy"): interpolators, spatial trees, distributions, results; scipy.sparse is in the profile.

`scipy_checks` proves what goes to C and Fortran, `scipy_stats` makes distributions anew; the rest are Python
objects around arrays, by the names in `scipy_names`.
"""

from __future__ import annotations

import functools
from importlib import import_module

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy import partial
from perdure.policy.rows import (
    Callee,
    Constant,
    Kind,
    attributes_of,
    bare,
    build_attributes,
    class_row,
    imported,
    kind_in,
    never,
)
from perdure.policy.tables.scipy_checks import ASARRAY, MAKING, NEW, build_plain
from perdure.policy.tables.scipy_checks import KINDS as CHECKED
from perdure.policy.tables.scipy_names import DICTS, PLAIN, RESULTS
from perdure.policy.tables.scipy_stats import KINDS as STATS
from perdure.policy.tables.scipy_stats import METHOD, is_distribution, stats_row, vectorize_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "attribute", "kind", "row"]

# "perdure": the objects that stand for something until it is made.
TOPS = ("scipy", "numpy", "perdure")
NEEDS = ()

_PLAIN = {module: frozenset(names.split()) for module, names in PLAIN.items()}
_RESULTS = {module: frozenset(names.split()) for module, names in RESULTS.items()}
_DICTS = {module: frozenset(names.split()) for module, names in DICTS.items()}
_UFUNCS = ("scipy.special", "scipy.special._ufuncs", "scipy.special._special_ufuncs", "scipy.special._ufuncs_cxx")
_INTERP1D = ("scipy.interpolate._interpolate", "interp1d")
_RIGID = ("scipy.spatial.transform._rigid_transform", "RigidTransform")


def _new_result(cls: Any, *args: Any, **attributes: Any) -> Any:
    """A tuple with names, and of some the attributes that are no fields."""
    if cls.__qualname__ not in _RESULTS.get(cls.__module__, ()) or len(args) != len(cls._fields):
        never(cls.__name__, args)
    made = tuple.__new__(cls, args)
    if attributes:
        made.__dict__.update(attributes_of(made, attributes))
    return made


def _result_row(cls: type) -> Callee:
    return class_row(cls, None, new=functools.partial(_new_result, cls))


def _dict_row(cls: type) -> Callee:
    def new(*args: Any) -> Any:
        return dict.__new__(cls) if not args else never(cls.__name__, args)

    return class_row(cls, None, new=new)


def _from_matrix(*args: Any) -> Any:
    numpy = import_module("numpy")
    if len(args) != 1 or type(args[0]) is not numpy.ndarray or args[0].shape[-2:] != (4, 4):
        never("RigidTransform.from_matrix", args)
    if args[0].dtype.kind != "f":
        raise CorruptError("the matrix of a RigidTransform is of numbers")
    charge_copy(4 * MAKING + 16 * args[0].nbytes)
    return getattr(import_module(_RIGID[0]), _RIGID[1]).from_matrix(args[0])


def row(module: str, name: str) -> Answer | None:
    if (module, name) == ("numpy", "vectorize"):
        return vectorize_row()
    if module.partition(".")[0] != "scipy":
        return None
    if name in _PLAIN.get(module, ()) or ((module, name) in CHECKED and (module, name) not in NEW):
        return imported(module, name, bare)
    if (module, name) in NEW:
        return imported(module, name, NEW[module, name])
    if name in _RESULTS.get(module, ()):
        return imported(module, name, _result_row)
    if name in _DICTS.get(module, ()):
        return imported(module, name, _dict_row)
    if (module, name) == ASARRAY:
        return imported(module, name, lambda found: Constant(found, shared=True))
    return _member_row(module, name) or _ufunc_row(module, name) or stats_row(module, name)


def _member_row(module: str, name: str) -> Answer | None:
    """What is named as an attribute of a class: a result's __new__, interp1d's functions, a constructor."""
    outer, _, member = name.rpartition(".")
    if member == "__new__" and outer in _RESULTS.get(module, ()):
        return imported(module, outer, lambda cls: Constant(partial.NewOf(cls)))
    if (module, outer) == _INTERP1D and member.startswith("_call_"):
        function = vars(getattr(import_module(module), outer)).get(member)
        return None if function is None else Constant(function, shared=True)
    if (module, name) == _RIGID:
        return imported(module, name, Constant)
    if (module, outer) == _RIGID and member == "from_matrix":
        return Callee("RigidTransform.from_matrix", _from_matrix)
    return None


def _ufunc_row(module: str, name: str) -> Answer | None:
    if module not in _UFUNCS:
        return None
    special = import_module("scipy.special")
    found = vars(special).get(name) if name in special.__all__ else None
    return Constant(found, shared=True) if isinstance(found, import_module("numpy").ufunc) else None


def attribute(instance: Any, name: str) -> Any:
    """What stands for a bound method of something that is made anew, which has the method itself then."""
    cls = type(instance)
    if is_distribution(cls) or (cls.__module__, cls.__qualname__) == ("scipy.interpolate._rbf", "Rbf"):
        return METHOD
    return None


KINDS: Kinds = {
    **CHECKED,
    **STATS,
    **{(module, name): Kind(build_plain) for module, names in _PLAIN.items() for name in names},
    **{(module, name): Kind(build_attributes) for module, names in _RESULTS.items() for name in names},
    **{(module, name): Kind(fill=True) for module, names in _DICTS.items() for name in names},
}


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
