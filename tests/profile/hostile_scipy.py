"""States of scipy's types that C or Fortran would follow out of bounds, or that Python would run as code."""

import pickle

import numpy as np
from scipy import interpolate, sparse, spatial, stats

from tests.profile.forge import changed, edited, having, tampered, without_state
from tests.profile.scipy_cases import BETWEEN, GRID, HEIGHT, INSIDE, PLANE, SCIPY, WAVE

_MATRIX = sparse.csr_matrix(np.array([[1.0, 0, 2], [0, 0, 3]]))
_MARK = "perdure_ran_code_of_a_stream"


def _sparse(form: str, change: object) -> object:
    found = _MATRIX.asformat(form)
    return lambda: (tampered(found, type(found), change), [], lambda loaded: (loaded.toarray(), loaded @ np.ones(3)))


def _item(place: int, value: object) -> object:
    return lambda kept: (*kept[:place], value, *kept[place + 1 :])


def _case(found: object, change: object, use: object, cls: type | None = None) -> object:
    return lambda: (tampered(found, cls or type(found), change), ["scipy"], use)


def _slots(**changes: object) -> object:
    """Of a state whose attributes are slots."""

    def change(kept: object) -> object:
        parts = tuple(None if part is None else {**part} for part in kept)
        for key, value in changes.items():
            for part in parts:
                if part is not None and (key in part or f"_{key}" in part):
                    part[key if key in part else f"_{key}"] = value
        return parts

    return change


def _under(key: str, value: object) -> object:
    """Of a state whose keys have an underscore or none."""
    return lambda kept: {**kept, (f"_{key}" if f"_{key}" in kept else key): value}


def _sphere(count: int, dims: int) -> np.ndarray:
    found = np.random.RandomState(0).normal(size=(count, dims))
    return found / np.linalg.norm(found, axis=1)[:, None]


def _flat(dims: int) -> dict[str, object]:
    """A spline of many dimensions and no coefficients: scipy makes a table of all corners of a cell."""
    knots = np.tile(np.array([0.0, 0.0, 1.0, 1.0]), (dims, 1))
    empty = np.zeros((2,) * dims + (0,))
    return {"_t": knots, "_len_t": np.full(dims, 4), "_k": np.ones(dims, int), "_c": empty}


VORONOI = spatial.SphericalVoronoi(_sphere(20, 3))
_SPLINE = interpolate.make_interp_spline(GRID, WAVE, 3)
_TRIANGLES = spatial.Delaunay(PLANE)
_NORM = type(stats.norm)
_TREE = spatial.cKDTree(PLANE, leafsize=3)
_TEMPLATE = f"import builtins\nbuiltins.{_MARK} = True\ndef _parse_args(self): pass\n"


def _ran(found: object) -> None:
    import builtins

    if hasattr(builtins, _MARK):
        raise AssertionError("code of the stream ran")
    found.mean()


def _at(found: object) -> None:
    found(BETWEEN)


def _in(found: object) -> None:
    found(INSIDE)


def _ask(found: object) -> None:
    found.query(INSIDE, 3)



CASES = {
    # ---- scipy.sparse, without any pack
    **{
        f"{form}: an index beyond the shape": _sparse(form, changed("indices", edited(0, 10**6)))
        for form in ("csr", "csc", "bsr")
    },
    "csr: a negative index": _sparse("csr", changed("indices", edited(0, -5))),
    "csr: indptr falls": _sparse("csr", changed("indptr", edited(1, 10**6))),
    "csr: indptr begins elsewhere": _sparse("csr", changed("indptr", edited(0, -3))),
    "csr: indptr goes beyond": _sparse("csr", changed("indptr", edited(2, 10**6))),
    "csr: more rows than indptr": _sparse("csr", having(_shape=(10**6, 3))),
    "csr: fewer values than indices": _sparse("csr", changed("data", lambda data: data[:1])),
    "csr: indices that are no numbers": _sparse("csr", changed("indices", lambda found: found.astype(object))),
    "csr: a shape that is negative": _sparse("csr", having(_shape=(-1, 3))),
    "csr: a method is hidden": _sparse("csr", having(toarray=len)),
    "bsr: blocks of no size": _sparse("bsr", changed("data", lambda data: data[:, :0])),
    "coo: a coordinate beyond the shape": _sparse("coo", having(coords=(np.array([9]), np.array([0])), data=np.ones(1))),
    "coo: fewer coordinates than values": _sparse("coo", having(coords=(np.array([0]), np.array([0])))),
    "dia: more diagonals than offsets": _sparse("dia", changed("offsets", lambda found: found[:0])),
    "dia: an offset beyond the shape": _sparse("dia", changed("offsets", edited(0, 2**31 - 1))),
    "dok: a key beyond the shape": _sparse("dok", having(_dict={(10**6, 0): 1.0})),
    "dok: a key that is none": _sparse("dok", having(_dict={"a": 1.0})),
    "lil: a column beyond the shape": _sparse("lil", having(rows=np.array([[0, 10**6], [2]], object))),
    "lil: columns that fall": _sparse("lil", having(rows=np.array([[2, 0], [2]], object))),
    "lil: fewer values than columns": _sparse("lil", having(data=np.array([[1.0], [3.0]], object))),
    # ---- interpolation
    "BSpline: a negative degree": _case(_SPLINE, having(k=-3), _at),
    "BSpline: fewer coefficients": _case(_SPLINE, _under("c", np.ones(2)), _at),
    "BSpline: fewer knots": _case(_SPLINE, _under("t", np.arange(3.0)), _at),
    "BSpline: knots that fall": _case(_SPLINE, _under("t", np.arange(24.0)[::-1].copy()), _at),
    "PPoly: fewer coefficients": _case(interpolate.PPoly.from_spline(_SPLINE), _slots(c=np.ones((4, 1))), _at),
    "PPoly: breaks of two dimensions": _case(
        interpolate.CubicSpline(GRID, WAVE), _slots(x=np.ones((2, 10))), _at
    ),
    **({"NdBSpline: degrees beyond the knots": _case(
        interpolate.NdBSpline((np.arange(8.0), np.arange(8.0)), np.ones((4, 4)), 3),
        lambda kept: {**kept, **({"_k": np.array([9, 9])} if "_k" in kept else {"k": (9, 9)})}, _in,
    )} if SCIPY >= (1, 12) else {}),
    "interp1d: a function of somebody's own": _case(
        interpolate.interp1d(GRID, WAVE), lambda kept: ({**kept[0], "_call": np.mean}, kept[1]), _at
    ),
    "grid: fewer values than points": _case(
        interpolate.RegularGridInterpolator((GRID, GRID), np.outer(WAVE, WAVE)), _under("values", np.ones((2, 2))), _in
    ),
    "RBF: fewer coefficients": _case(
        interpolate.RBFInterpolator(PLANE, HEIGHT),
        lambda kept: (kept[0], (*kept[1][:2], np.ones((1, 1)))) if type(kept) is tuple else
        {**kept, "_coeffs": np.ones((1, 1))}, _in,
    ),
    "FITPACK: a degree beyond the knots": _case(
        interpolate.UnivariateSpline(GRID, WAVE), changed("_eval_args", lambda found: (*found[:2], 500)), _at
    ),
    "FITPACK: fewer coefficients": _case(
        interpolate.UnivariateSpline(GRID, WAVE), changed("_eval_args", lambda found: (found[0], found[1][:1], 3)), _at
    ),
    "FITPACK: a surface of fewer coefficients": _case(
        interpolate.RectBivariateSpline(GRID, GRID, np.outer(WAVE, WAVE)),
        changed("tck", lambda found: (*found[:2], found[2][:2])), lambda found: found(1.0, 2.0),
    ),
    "triangles: a corner that there is not": _case(
        interpolate.LinearNDInterpolator(PLANE, HEIGHT), changed("simplices", edited((0, 0), 10**6)), _in, spatial.Delaunay
    ),
    "triangles: a neighbour that there is not": _case(
        _TRIANGLES, changed("neighbors", edited(slice(None), 10**6)), lambda found: found.find_simplex(INSIDE)
    ),
    "triangles: more than there are": _case(
        _TRIANGLES, having(nsimplex=10**6), lambda found: found.find_simplex(INSIDE)
    ),
    "triangles: fewer equations": _case(
        _TRIANGLES, changed("equations", lambda found: found[:1]), lambda found: found.find_simplex(INSIDE)
    ),
    "triangles: fewer values than points": _case(
        interpolate.LinearNDInterpolator(PLANE, HEIGHT), changed("values", lambda found: found[:1]), _in
    ),
    "sphere: a hull of ten dimensions": _case(
        VORONOI, having(points=_sphere(200, 10), center=np.zeros(10), radius=1.0), None
    ),
    **({"spline: of twenty dimensions": _case(
        interpolate.NdBSpline((np.arange(8.0),), np.ones(4), (3,)), lambda kept: {"extrapolate": True, **_flat(20)}, None
    )} if SCIPY >= (1, 12) else {}),
    # ---- trees, rotations
    "k-d tree: no nodes": _case(_TREE, _item(0, np.zeros(0, "S1")), _ask),
    "k-d tree: nodes that are none": _case(_TREE, _item(0, np.full(2000, b"\xff", "S1")), _ask),
    "k-d tree: an index beyond the last point": _case(_TREE, _item(7, np.full(30, 10**6)), _ask),
    "k-d tree: leaves of no size": _case(_TREE, _item(4, 0), _ask),
    "k-d tree: points that are none": _case(_TREE, _item(1, np.full((30, 2), np.nan)), _ask),
    "k-d tree: never filled in": lambda: (without_state(_TREE, spatial.cKDTree), ["scipy"], _ask),
    "rotation: of three numbers": _case(
        spatial.transform.Rotation.from_euler("z", [[0.5]]), _item(0, np.ones((2, 3))), lambda found: found.as_matrix()
    ),
    # ---- distributions
    "distribution: code in its state": _case(stats.norm(), having(_parse_arg_template=_TEMPLATE), _ran, _NORM),
    "distribution: code in that of a histogram": _case(
        stats.rv_histogram(np.histogram(WAVE)), having(_parse_arg_template=_TEMPLATE), _ran
    ),
    "distribution: a name that is none": _case(stats.norm(), having(name="os"), _ran, _NORM),
    "distribution: frozen with code": _case(
        stats.gamma(2.0), having(args=(np.mean,)), _ran
    ),
    "distribution: frozen of something else": _case(stats.gamma(2.0), having(dist=_SPLINE), _ran),
    "distribution: a vectorized function": lambda: (pickle.dumps(np.vectorize(np.mean)), ["scipy"], None),
    "density: fewer weights than points": _case(stats.gaussian_kde(WAVE), having(_weights=np.ones(1)), _at),
    "density: a covariance of another size": _case(
        stats.gaussian_kde(WAVE), having(cho_cov=np.ones((3, 3))), _at
    ),
    "density: more points than it has": _case(stats.gaussian_kde(WAVE), having(n=10**6), _at),
}  # fmt: skip
REBUILT = {
    "k-d tree: no nodes", "k-d tree: nodes that are none", "k-d tree: an index beyond the last point",
    "distribution: code in its state", "distribution: code in that of a histogram",
}  # fmt: skip
