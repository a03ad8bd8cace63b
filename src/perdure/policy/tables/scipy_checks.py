"""scipy.interpolate and scipy.spatial: what their loops in C and Fortran read is proven, or made anew.

Splines and polynomials go through scipy's own constructors, which check them; k-d trees are built again from their
points, never from the bytes of their nodes; a triangulation's indices are proven to lie inside it.
"""

from __future__ import annotations

import math
from importlib import import_module
from types import FunctionType, MemberDescriptorType

from perdure._engine.reader.guard import charge_copy
from perdure.errors import CorruptError
from perdure.policy.rows import Callee, Kind, attributes_of, class_row, never, too_much
from perdure.policy.tables.scipy_stats import METHOD
from perdure.policy.tables.sparse import plain_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Kinds

__all__ = ["ASARRAY", "KINDS", "MAKING", "NEW", "build_plain"]

MAKING = 1 << 14  # what making something of a state counts for, in bytes that are copied
_SORTING = 32  # as much for each byte that is sorted into a tree
_MOST_FACETS = 1 << 20  # of a hull

ASARRAY = ("scipy._lib.array_api_compat.numpy._aliases", "asarray")


def _numpy() -> Any:
    return import_module("numpy")


# ---- states ----------------------------------------------------------------------------------


def _merged(instance: Any, state: Any) -> dict[str, Any]:
    """A dict of attributes, or a tuple of one and of one of slots."""
    charge_copy(MAKING)
    parts = state if type(state) is tuple and len(state) == 2 else (state,)
    found: dict[str, Any] = {}
    for part in parts:
        if part is not None:
            found.update(attributes_of(instance, part))
    return found


def _set(instance: Any, attributes: dict[str, Any]) -> None:
    """Into slots where the class has them, else into the instance's dict."""
    for key, value in attributes.items():
        slot = next((base.__dict__[key] for base in type(instance).__mro__ if key in base.__dict__), None)
        if isinstance(slot, MemberDescriptorType):
            slot.__set__(instance, value)
        else:
            instance.__dict__[key] = value


def build_plain(instance: Any, state: Any) -> None:
    """A Python object around arrays; no attribute of it is code."""
    text = state.pop("__doc__", None) if type(state) is dict else None  # which distributions write for themselves
    found = _merged(instance, state)
    if type(text) is str:
        instance.__dict__["__doc__"] = text
    for key, value in found.items():
        if isinstance(value, FunctionType) and (value.__module__ or "").partition(".")[0] in ("numpy", "scipy"):
            raise CorruptError(f"{key:.100} of a {type(instance).__name__} is a function")
        if isinstance(value, type) and not issubclass(value, (_numpy().generic, int, float, complex)):
            raise CorruptError(f"{key:.100} of a {type(instance).__name__} is a class")
    if found.get("_qhull") is not None:
        raise CorruptError("a hull that is still being built is never pickled")
    _set(instance, found)


def _whole(what: str, value: Any, low: int, high: int) -> int:
    if (type(value) is not int and not isinstance(value, _numpy().integer)) or not low <= value < high:
        raise CorruptError(f"{what} is a whole number from {low}, below {high}")
    return int(value)


def _extrapolate(value: Any) -> Any:
    if value is not None and type(value) is not bool and not (type(value) is str and value == "periodic"):
        raise CorruptError("whether a spline goes on beyond its ends is a bool, or 'periodic'")
    return value


def _only(what: str, found: dict[str, Any], *names: str) -> list[Any]:
    """The values of a state that has just these keys; scipy 1.14 and later put an underscore before some, and
    keep a function that makes arrays, which the constructor finds again."""
    values = {key.lstrip("_"): value for key, value in found.items() if key != "_asarray"}
    if set(values) != set(names):
        raise CorruptError(f"the state of a {what} has {', '.join(names)}")
    return [values[name] for name in names]


# ---- splines and polynomials -----------------------------------------------------------------


def _build_bspline(spline: Any, state: Any) -> None:
    t, c, k, extrapolate, axis = _only("BSpline", _merged(spline, state), "t", "c", "k", "extrapolate", "axis")
    t, c = plain_array("knots of a BSpline", t, 1), plain_array("coefficients of a BSpline", c, None)
    degree = _whole("the degree of a BSpline", k, 0, max(len(t), 1))
    charge_copy(4 * (t.nbytes + c.nbytes))
    type(spline).__init__(spline, t, c, degree, extrapolate=_extrapolate(extrapolate))
    spline.axis = _whole("the axis of a BSpline", axis, 0, max(c.ndim, 1))


def _build_polynomial(polynomial: Any, state: Any) -> None:
    """PPoly and what is made of it: the constructors of those would compute it again."""
    what = type(polynomial).__name__
    c, x, extrapolate, axis = _only(what, _merged(polynomial, state), "c", "x", "extrapolate", "axis")
    c, x = plain_array(f"coefficients of a {what}", c, None), plain_array(f"breaks of a {what}", x, 1)
    base = import_module("scipy.interpolate._interpolate").PPoly
    base.__init__(polynomial, c, x, extrapolate=_extrapolate(extrapolate))
    polynomial.axis = _whole(f"the axis of a {what}", axis, 0, max(c.ndim - 1, 1))


def _build_nd_polynomial(polynomial: Any, state: Any) -> None:
    x, c, extrapolate = _only("NdPPoly", _merged(polynomial, state), "x", "c", "extrapolate")
    if type(x) is not tuple or not x:
        raise CorruptError("the breaks of an NdPPoly are a tuple of arrays")
    breaks = tuple(plain_array("breaks of an NdPPoly", each, 1) for each in x)
    type(polynomial).__init__(
        polynomial, plain_array("coefficients of an NdPPoly", c, None), breaks, extrapolate=_extrapolate(extrapolate)
    )


def _build_nd_spline(spline: Any, state: Any) -> None:
    found = _merged(spline, state)
    if "_t" in found:  # knots of all dimensions in one array, and how many each has
        knots = plain_array("knots of an NdBSpline", found.get("_t"), 2)
        lengths = plain_array("lengths of knots of an NdBSpline", found.get("_len_t"), 1, "i")
        if len(lengths) != len(knots) or not ((lengths >= 0).all() and (lengths <= knots.shape[1]).all()):
            raise CorruptError("an NdBSpline has knots for each dimension")
        t: Any = tuple(row[:length].copy() for row, length in zip(knots, lengths.tolist(), strict=True))
        k: Any = tuple(plain_array("degrees of an NdBSpline", found.get("_k"), 1, "i").tolist())
        c = found.get("_c")
    else:
        t, k, c = found.get("t"), found.get("k"), found.get("c")
    if type(t) is not tuple or type(k) is not tuple or not 1 <= len(t) == len(k) <= 32:
        raise CorruptError("an NdBSpline has knots and a degree for each dimension")
    knots = tuple(plain_array("knots of an NdBSpline", each, 1) for each in t)
    degrees = tuple(
        _whole("a degree of an NdBSpline", each, 0, max(len(row), 1)) for each, row in zip(k, knots, strict=True)
    )
    c = plain_array("coefficients of an NdBSpline", c, None)
    sizes = tuple(len(row) - degree - 1 for row, degree in zip(knots, degrees, strict=True))
    if c.shape[: len(sizes)] != sizes:
        raise CorruptError("an NdBSpline has coefficients for its knots")
    # scipy makes a table of this many indices for each dimension, before it looks at the coefficients
    charge_copy(32 * len(degrees) * math.prod(degree + 1 for degree in degrees))
    type(spline).__init__(
        spline, knots, c, degrees,
        extrapolate=_extrapolate(found.get("extrapolate")),
    )  # fmt: skip


_CALLS = tuple(f"_call_{name}" for name in (
    "linear", "linear_np", "nearest", "previousnext", "spline", "nan_spline", "linear_nan", "zero",
))  # fmt: skip


def _build_interp1d(instance: Any, state: Any) -> None:
    """Its arithmetic is numpy's; what it calls is one of its own functions."""
    found = _merged(instance, state)
    own = [type(instance).__dict__[name] for name in _CALLS if name in type(instance).__dict__]
    if not any(found.get("_call") is function for function in own):
        raise CorruptError("what an interp1d calls is one of its own functions")
    if "_spline" in found and not _is(found["_spline"], "scipy.interpolate._bsplines", "BSpline"):
        raise CorruptError("the spline of an interp1d is a BSpline")
    _check_scalar_class("interp1d", found.get("dtype"))
    _set(instance, found)


def _is(found: Any, module: str, *names: str) -> bool:
    return type(found).__module__ == module and type(found).__qualname__ in names


def _check_scalar_class(what: str, found: Any) -> None:
    if isinstance(found, type) and not issubclass(found, (_numpy().generic, float, complex)):
        raise CorruptError(f"the dtype of a {what} is one of numbers")


def _build_grid(instance: Any, state: Any) -> None:
    """RegularGridInterpolator: as many values along each axis as the grid has points."""
    found = _merged(instance, state)
    prefix = "_" if "_grid" in found else ""
    grid, values = found.get(prefix + "grid"), plain_array("values on a grid", found.get(prefix + "values"), None)
    if type(grid) is not tuple or not 1 <= len(grid) <= values.ndim:
        raise CorruptError("a grid is a tuple of arrays")
    for points, count in zip(grid, values.shape, strict=False):
        plain_array("points of a grid", points, 1, "f")
        if len(points) != count or not count or not (points[1:] > points[:-1]).all():
            raise CorruptError("the points of a grid rise, and are as many as the values")
    if "_asarray" in found and found["_asarray"] is not getattr(import_module(ASARRAY[0]), ASARRAY[1]):
        raise CorruptError("what makes arrays for a grid is numpy's")
    spline = found.get("_spline")
    if spline is not None and not _is(spline, "scipy.interpolate._ndbspline", "NdBSpline"):
        raise CorruptError("the spline of a grid is an NdBSpline")
    if type(found.get("method")) is not str:
        raise CorruptError("the method of a grid is a str")
    _set(instance, found)


_RBF = ("y", "d", "d_shape", "d_dtype", "neighbors", "smoothing", "kernel", "epsilon", "powers")


def _build_rbf(instance: Any, state: Any) -> None:
    """RBFInterpolator: a tuple of tuples from scipy 1.16 on, before that a dict."""
    new = type(state) is tuple and len(state) == 2 and type(state[0]) is tuple
    if new:
        rest = ("_shift", "_scale", "_coeffs") if len(state[0]) > 4 and state[0][4] is None else ("_tree",)
        if len(state[0]) != len(_RBF) or type(state[1]) is not tuple or len(state[1]) != len(rest):
            raise CorruptError("the state of an RBFInterpolator is two tuples")
        found = dict(zip((*_RBF, *rest), (*state[0], *state[1]), strict=True))
    else:
        found = _merged(instance, state)
    floats = {key: found.get(key) for key in ("y", "d", "smoothing")}
    points, values = (plain_array(f"{key} of an RBFInterpolator", floats[key], 2, "f") for key in ("y", "d"))
    (count, dims), wide = points.shape, values.shape[1]
    powers = plain_array("powers of an RBFInterpolator", found.get("powers"), 2, "i")
    shapes = {"d": (count, wide), "smoothing": (count,), "powers": (len(powers), dims)}
    if found.get("neighbors") is None:
        shapes |= {"_shift": (dims,), "_scale": (dims,), "_coeffs": (count + len(powers), wide)}
    elif (
        _whole("the neighbours of an RBFInterpolator", found["neighbors"], 1, count + 1) < 1
        or not _is(found.get("_tree"), "scipy.spatial._kdtree", "KDTree")
        or found["_tree"].data.shape != (count, dims)
    ):
        raise CorruptError("an RBFInterpolator has a tree of its points")
    for key, shape in shapes.items():
        if plain_array(f"{key} of an RBFInterpolator", found.get(key), None, "if").shape != shape:
            raise CorruptError(f"{key} of an RBFInterpolator is of another shape")
    if type(found.get("kernel")) is not str or type(found.get("epsilon")) not in (int, float, _numpy().float64):
        raise CorruptError("an RBFInterpolator has a kernel and a width")
    if found.get("d_dtype") not in (float, complex, _numpy().float64, _numpy().complex128):
        raise CorruptError("the values of an RBFInterpolator are numbers")
    if new:
        type(instance).__setstate__(instance, state)
    else:
        _set(instance, found)


_RADIAL = ("multiquadric", "inverse_multiquadric", "gaussian", "linear", "cubic", "quintic", "thin_plate")


def _build_old_rbf(instance: Any, state: Any) -> None:
    """Rbf: its function is a method of its own, by name."""
    found = _merged(instance, state)
    name = found.get("function")
    if type(name) is not str or found.pop("_function", None) is not METHOD or type(found.get("norm")) is not str:
        raise CorruptError("the function of an Rbf is one of its own, its norm has a name")
    function = getattr(instance, f"_h_{name.lower()}", None) if name.lower() in _RADIAL else None
    if function is None:
        raise CorruptError("the function of an Rbf is one of its own, its norm has a name")
    _set(instance, {**found, "_function": function})


# ---- FITPACK ---------------------------------------------------------------------------------


def _knots(what: str, t: Any, k: Any) -> tuple[Any, int]:
    degree = _whole(f"the degree of a {what}", k, 1, 6)
    t = plain_array(f"knots of a {what}", t, 1, "f")
    if len(t) < 2 * degree + 2 or not (t[1:] >= t[:-1]).all():
        raise CorruptError(f"the knots of a {what} rise, and are enough for its degree")
    return t, degree


def _build_univariate(instance: Any, state: Any) -> None:
    """What fitting would go on from (``_data``) is indices that Fortran believes: only the results are kept."""
    what = type(instance).__name__
    found = _merged(instance, state)
    data, parts = found.get("_data"), found.get("_eval_args")
    if type(data) is not tuple or len(data) != 14 or type(parts) is not tuple or len(parts) != 3:
        raise CorruptError(f"a {what} has knots, coefficients and a degree")
    t, k = _knots(what, parts[0], parts[2])
    c = plain_array(f"coefficients of a {what}", parts[1], 1, "f")
    if len(c) < len(t) - k - 1 or (len(c) < len(t) and len(c) != len(t) - k - 1):
        raise CorruptError(f"a {what} has fewer coefficients than its knots need")
    if len(c) < len(t):
        c = _numpy().concatenate((c, _numpy().zeros(len(t) - len(c))))
    spline = found.get("_spline_class")
    if spline is not None and getattr(spline, "__module__", "") != "scipy.interpolate._fitpack2":
        raise CorruptError(f"the class of a {what} is none of its module")
    residual = data[10] if type(data[10]) in (float, _numpy().float64) else None
    kept = (None, None, None, data[3], data[4], k, None, len(t), t, c, residual, None, None, data[13])
    numbers = (int, float, _numpy().float64, type(None))
    if not all(type(data[place]) in numbers for place in (3, 4, 13)):
        raise CorruptError(f"a {what} has an interval")
    _set(instance, {**found, "_data": kept, "_eval_args": (t, c, k), "ext": _whole("ext", found.get("ext"), 0, 4)})


def _build_bivariate(instance: Any, state: Any) -> None:
    what = type(instance).__name__
    found = _merged(instance, state)
    parts, degrees = found.get("tck"), found.get("degrees")
    if type(parts) is not tuple or len(parts) != 3 or type(degrees) is not tuple or len(degrees) != 2:
        raise CorruptError(f"a {what} has knots, coefficients and degrees")
    (tx, kx), (ty, ky) = (_knots(what, t, k) for t, k in zip(parts[:2], degrees, strict=True))
    c = plain_array(f"coefficients of a {what}", parts[2], 1, "f")
    if len(c) < (len(tx) - kx - 1) * (len(ty) - ky - 1):
        raise CorruptError(f"a {what} has fewer coefficients than its knots need")
    _set(instance, {**found, "tck": (tx, ty, c), "degrees": (kx, ky)})


# ---- triangulations --------------------------------------------------------------------------


def _contiguous(what: str, found: Any, kinds: str, dtype: str, *shape: int) -> Any:
    found = plain_array(what, found, len(shape), kinds)
    if found.shape != shape:
        raise CorruptError(f"{what} is of another shape")
    return _numpy().ascontiguousarray(found, dtype)


def _build_delaunay(instance: Any, state: Any) -> None:
    found = _merged(instance, state)
    points = plain_array("points of a Delaunay", found.get("_points", found.get("points")), 2, "f")
    count, dims = points.shape
    simplices = plain_array("simplices of a Delaunay", found.get("simplices"), 2, "i")
    if not 2 <= dims <= 32 or found.get("_qhull") is not None:
        raise CorruptError("a Delaunay has two dimensions or more, and is finished")
    for key, value in (("ndim", dims), ("npoints", count), ("nsimplex", len(simplices))):
        if found.get(key) != value:
            raise CorruptError(f"a Delaunay has another {key} than it says")
    width = dims + 1
    arrays = {
        "_points" if "_points" in found else "points": _contiguous("points", points, "f", "f8", count, dims),
        "simplices": _contiguous("simplices", simplices, "i", "i4", len(simplices), width),
        "neighbors": _contiguous("neighbors", found.get("neighbors"), "i", "i4", len(simplices), width),
        "equations": _contiguous("equations", found.get("equations"), "f", "f8", len(simplices), width + 1),
        "min_bound": _contiguous("min_bound", found.get("min_bound"), "f", "f8", dims),
        "max_bound": _contiguous("max_bound", found.get("max_bound"), "f", "f8", dims),
    }
    corners, neighbors = arrays["simplices"], arrays["neighbors"]
    if corners.size and not (corners.min() >= 0 and corners.max() < count):
        raise CorruptError("a simplex of a Delaunay has a corner that there is not")
    if neighbors.size and not (neighbors.min() >= -1 and neighbors.max() < len(corners)):
        raise CorruptError("a simplex of a Delaunay has a neighbour that there is not")
    for key in ("paraboloid_scale", "paraboloid_shift"):
        if type(found.get(key)) is not float:
            raise CorruptError(f"{key} of a Delaunay is a float")
    # These are computed when they are asked for.
    lazy = dict.fromkeys(("_transform", "_vertex_to_simplex", "_vertex_neighbor_vertices"))
    _set(instance, {**found, **arrays, **{key: None for key in lazy if key in found}})


def _build_triangular(instance: Any, state: Any) -> None:
    """LinearNDInterpolator and CloughTocher2DInterpolator: a value for each point of the triangulation."""
    what = type(instance).__name__
    found = _merged(instance, state)
    triangles: Any = found.get("tri")
    points = plain_array(f"points of a {what}", found.get("points"), 2, "f")
    if not _is(triangles, "scipy.spatial._qhull", "Delaunay") or "simplices" not in triangles.__dict__:
        raise CorruptError(f"a {what} has a Delaunay")
    if (triangles.npoints, triangles.ndim) != points.shape:
        raise CorruptError(f"a {what} has other points than its Delaunay")
    kinds, dtype = ("c", "c16") if found.get("is_complex") else ("f", "f8")
    values = plain_array(f"values of a {what}", found.get("values"), 2, kinds)
    arrays = {"points": _numpy().ascontiguousarray(points, "f8")}
    arrays["values"] = _contiguous(f"values of a {what}", values, kinds, dtype, len(points), values.shape[1])
    if what == "CloughTocher2DInterpolator":
        shape = (len(points), values.shape[1], 2)
        arrays["grad"] = _contiguous(f"gradients of a {what}", found.get("grad"), kinds, dtype, *shape)
        if points.shape[1] != 2:
            raise CorruptError(f"a {what} has two dimensions")
    _set(instance, {**found, **arrays})


def _build_sphere(instance: Any, state: Any) -> None:
    """SphericalVoronoi, of its points: its regions are lists of indices that C follows round."""
    found = _merged(instance, state)
    points = plain_array("points of a SphericalVoronoi", found.get("points"), 2, "f")
    center = plain_array("center of a SphericalVoronoi", found.get("center"), 1, "f")
    radius: Any = found.get("radius")
    if type(radius) not in (int, float, _numpy().float64):
        raise CorruptError("the radius of a SphericalVoronoi is a number")
    _check_hull(points, float(radius))
    type(instance).__init__(instance, points, radius=radius, center=center)


def _check_hull(points: Any, radius: float) -> None:
    """Before its hull is made: how large it may become, and that no points lie together, of which scipy would list
    all pairs."""
    count, dims = points.shape
    if count <= dims or dims < 1 or not _numpy().isfinite(points).all():
        raise CorruptError("a SphericalVoronoi has more points than dimensions")
    half = dims // 2
    facets = 2 * math.comb(count - dims + half, half)
    if facets > max(_MOST_FACETS, 8 * count):
        too_much("the hull of a SphericalVoronoi would have too many facets", "memory")
    charge_copy(8 * MAKING + _SORTING * points.nbytes + 48 * facets)
    nearest = import_module("scipy.spatial").cKDTree(points).query(points, 2)[0][:, 1]
    if not nearest.min() > 1e-6 * radius:
        raise CorruptError("the points of a SphericalVoronoi lie apart")


# ---- trees and rotations ---------------------------------------------------------------------


def _build_kdtree(tree: Any, state: Any) -> None:
    """(nodes, data, n, m, leafsize, maxes, mins, indices, boxsize, boxsize_data): of the nodes nothing is used."""
    if type(state) is not tuple or len(state) != 10 or tree.data is not None:
        raise CorruptError("the state of a k-d tree is a tuple of ten, once")
    points = plain_array("points of a k-d tree", state[1], 2)
    leaf = _whole("the size of a k-d tree's leaves", state[4], 1, 1 << 31)
    box = None if state[8] is None else plain_array("box of a k-d tree", state[8], 1, "f")
    if box is not None and len(box) != points.shape[1]:
        raise CorruptError("the box of a k-d tree has as many sides as its points")
    charge_copy(MAKING + _SORTING * points.nbytes)
    import_module("scipy.spatial").cKDTree.__init__(tree, points, leafsize=leaf, boxsize=box)


def _kdtree_row(cls: Any) -> Callee:
    def new(*args: Any) -> Any:
        return cls.__new__(cls) if not args else never(cls.__name__, args)

    return class_row(cls, None, new=new, pending=True)


def _build_rotation(rotation: Any, state: Any) -> None:
    if type(state) is not tuple or len(state) != 2 or type(state[1]) is not bool:
        raise CorruptError("the state of a Rotation is quaternions, and whether it is one")
    numbers = plain_array("quaternions of a Rotation", state[0], None, "f")
    dimensions = (1, 2) if hasattr(rotation, "__dict__") else (2,)  # before scipy 1.17 it is a type in C
    if numbers.ndim not in dimensions or numbers.shape[-1] != 4:
        raise CorruptError("quaternions have four numbers")
    numbers = _numpy().ascontiguousarray(numbers, "f8")
    type(rotation).__setstate__(rotation, (numbers, state[1]))


def _rotation_row(cls: type) -> Callee:
    """Sound as it is, until BUILD turns it."""

    def new(*args: Any) -> Any:
        charge_copy(MAKING)
        return cls(_numpy().array([0.0, 0.0, 0.0, 1.0])) if not args else never(cls.__name__, args)

    return class_row(cls, None, new=new)


NEW = {
    ("scipy.spatial._ckdtree", "cKDTree"): _kdtree_row,
    ("scipy.spatial._kdtree", "KDTree"): _kdtree_row,
    ("scipy.spatial.transform._rotation", "Rotation"): _rotation_row,
}
_INTERPOLATE = "scipy.interpolate."
_FITPACK = ("UnivariateSpline", "InterpolatedUnivariateSpline", "LSQUnivariateSpline")
_SURFACES = (
    "BivariateSpline", "RectBivariateSpline", "SmoothBivariateSpline", "LSQBivariateSpline", "SphereBivariateSpline",
    "SmoothSphereBivariateSpline", "LSQSphereBivariateSpline", "RectSphereBivariateSpline",
)  # fmt: skip
_CUBIC = ("CubicSpline", "CubicHermiteSpline", "PchipInterpolator", "Akima1DInterpolator")
# LinearND and CloughTocher2D were in a module without underscore before scipy 1.15.
_TRIANGULAR = [(_INTERPOLATE + module, name) for module in ("_interpnd", "interpnd")
               for name in ("LinearNDInterpolator", "CloughTocher2DInterpolator")]  # fmt: skip


def _nearest(instance: Any, state: Any) -> None:
    found = _merged(instance, state)
    if not _is(found.get("tree"), "scipy.spatial._ckdtree", "cKDTree"):
        raise CorruptError("a NearestNDInterpolator has a k-d tree")
    _set(instance, found)


KINDS: Kinds = {
    (_INTERPOLATE + "_bsplines", "BSpline"): Kind(_build_bspline, unseen=True),
    **{(_INTERPOLATE + "_interpolate", name): Kind(_build_polynomial, unseen=True) for name in ("PPoly", "BPoly")},
    **{(_INTERPOLATE + "_cubic", name): Kind(_build_polynomial, unseen=True) for name in _CUBIC},
    (_INTERPOLATE + "_interpolate", "NdPPoly"): Kind(_build_nd_polynomial, unseen=True),
    (_INTERPOLATE + "_ndbspline", "NdBSpline"): Kind(_build_nd_spline, unseen=True),
    (_INTERPOLATE + "_interpolate", "interp1d"): Kind(_build_interp1d, unseen=True),
    (_INTERPOLATE + "_rgi", "RegularGridInterpolator"): Kind(_build_grid, unseen=True),
    (_INTERPOLATE + "_rbfinterp", "RBFInterpolator"): Kind(_build_rbf, unseen=True),
    (_INTERPOLATE + "_rbf", "Rbf"): Kind(_build_old_rbf),
    **{(_INTERPOLATE + "_fitpack2", name): Kind(_build_univariate, unseen=True) for name in _FITPACK},
    **{(_INTERPOLATE + "_fitpack2", name): Kind(_build_bivariate, unseen=True) for name in _SURFACES},
    **{key: Kind(_build_triangular, unseen=True) for key in _TRIANGULAR},
    (_INTERPOLATE + "_ndgriddata", "NearestNDInterpolator"): Kind(_nearest, unseen=True),
    ("scipy.spatial._qhull", "Delaunay"): Kind(_build_delaunay, unseen=True),
    ("scipy.spatial._qhull", "ConvexHull"): Kind(build_plain, unseen=True),
    ("scipy.spatial._qhull", "Voronoi"): Kind(build_plain, unseen=True),
    ("scipy.spatial._spherical_voronoi", "SphericalVoronoi"): Kind(_build_sphere, unseen=True),
    ("scipy.spatial._ckdtree", "cKDTree"): Kind(_build_kdtree, unseen=True, pending=True),
    ("scipy.spatial._kdtree", "KDTree"): Kind(_build_kdtree, unseen=True, pending=True),
    ("scipy.spatial.transform._rotation", "Rotation"): Kind(_build_rotation, unseen=True),
}
