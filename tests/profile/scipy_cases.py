"""What scipy's pickles hold: objects, and a question to each."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy
from scipy import integrate, interpolate, optimize, signal, spatial, special, stats

SCIPY = tuple(map(int, scipy.__version__.split(".")[:2]))
_RNG = np.random.RandomState(0)
GRID = np.arange(20.0) / 2
WAVE = np.sin(GRID)
PLANE = _RNG.uniform(0.0, 1.0, (30, 2))
HEIGHT = PLANE.sum(axis=1)
BETWEEN = np.array([0.1, 1.25, 7.0])
INSIDE = np.array([[0.5, 0.5], [0.3, 0.6]])


def _drawn(found: Any) -> Any:
    return [found.mean(), found.std(), found.rvs(3), found.support()]


def _of_matrix(found: Any) -> Any:
    return [vars(found).keys() - {"_dist"}, found.rvs(2, random_state=0)]


_FROZEN = {
    "norm": (), "gamma": (2.0,), "beta": (1, 2), "uniform": (), "expon": (), "loguniform": (1, 10), "t": (3,),
    "truncnorm": (-1, 1), "levy_stable": (1.5, 0), "poisson": (3,), "binom": (5, 0.3), "randint": (1, 5), "zipf": (4,),
    "hypergeom": (20, 7, 12), "vonmises": (1.0,), "lognorm": (0.5,), "weibull_min": (1.5,), "nbinom": (3, 0.4),
}  # fmt: skip


def _results() -> dict[str, Any]:
    pair = (GRID, WAVE)
    return {
        "linregress": stats.linregress(*pair), "pearsonr": stats.pearsonr(*pair), "spearmanr": stats.spearmanr(*pair),
        "kendalltau": stats.kendalltau(*pair), "kstest": stats.kstest(WAVE, "norm"),
        "mannwhitneyu": stats.mannwhitneyu(*pair), "chi2_contingency": stats.chi2_contingency([[1, 2], [3, 4]]),
        "f_oneway": stats.f_oneway(*pair), "describe": stats.describe(GRID), "shapiro": stats.shapiro(GRID),
        "mode": stats.mode(GRID), "theilslopes": stats.theilslopes(*pair), "binomtest": stats.binomtest(3, 10),
        "bootstrap": stats.bootstrap((GRID,), np.mean, n_resamples=20, random_state=0),
        "fisher_exact": stats.fisher_exact([[1, 2], [3, 4]]), "binned_statistic": stats.binned_statistic(*pair),
        "minimize": optimize.minimize(_square, [1.0, 2.0]),
        "L-BFGS-B": optimize.minimize(_square, [1.0, 2.0], method="L-BFGS-B"),
        "linprog": optimize.linprog([1, 1], bounds=[(0, 1), (0, 1)]),
        "root_scalar": optimize.root_scalar(_line, bracket=[0, 3]),
        "solve_ivp": integrate.solve_ivp(_decay, (0, 1), [1.0]),
        "ecdf": stats.ecdf(GRID),
    }  # fmt: skip


def _square(point: Any) -> Any:
    return (point**2).sum()


def _line(point: Any) -> Any:
    return point - 1


def _decay(time: Any, value: Any) -> Any:
    return -value


def _cases() -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    def at(points: Any) -> Callable[[Any], Any]:
        return lambda found: found(points)

    spline = interpolate.make_interp_spline(GRID, WAVE, 3)
    one, two = at(BETWEEN), at(INSIDE)
    surface = np.outer(WAVE, WAVE)
    knots = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])
    turns = spatial.transform.Rotation.from_euler("zyx", _RNG.uniform(size=(3, 3)))
    return {
        "BSpline": (spline, one),
        "BSpline of an axis": (interpolate.make_interp_spline(GRID, np.ones((3, 20)), 3, axis=1), one),
        "BSpline, periodic": (interpolate.BSpline(spline.t, spline.c, 3, extrapolate="periodic"), one),
        **{name: (getattr(interpolate, name)(GRID, WAVE), one) for name in (
            "CubicSpline", "PchipInterpolator", "Akima1DInterpolator", "KroghInterpolator", "BarycentricInterpolator",
            "UnivariateSpline", "InterpolatedUnivariateSpline",
        )},
        "CubicHermiteSpline": (interpolate.CubicHermiteSpline(GRID, WAVE, np.cos(GRID)), one),
        "PPoly": (interpolate.PPoly.from_spline(spline), one),
        "BPoly": (interpolate.BPoly.from_derivatives([0, 1], [[0, 1], [1, 0]]), one),
        "NdPPoly": (interpolate.NdPPoly(_RNG.uniform(size=(2, 2, 3, 3)), (np.arange(4.0), np.arange(4.0))), two),
        **({"NdBSpline": (interpolate.NdBSpline((knots, knots), _RNG.uniform(size=(4, 4)), 3), two)}
           if SCIPY >= (1, 12) else {}),
        "LSQUnivariateSpline": (interpolate.LSQUnivariateSpline(GRID, WAVE, [3, 5]), one),
        "RectBivariateSpline": (interpolate.RectBivariateSpline(GRID, GRID, surface), lambda found: found(1.0, 2.0)),
        "SmoothBivariateSpline": (
            interpolate.SmoothBivariateSpline(PLANE[:, 0], PLANE[:, 1], HEIGHT), lambda found: found(0.5, 0.5)),
        **{f"interp1d, {kind}": (interpolate.interp1d(GRID, WAVE, kind=kind, **more), one) for kind, more in (
            ("linear", {}), ("nearest", {}), ("nearest-up", {}), ("zero", {}), ("slinear", {}), ("quadratic", {}),
            ("cubic", {"fill_value": "extrapolate"}), ("previous", {}), ("next", {"bounds_error": False}),
        )},
        **{f"RegularGridInterpolator, {method}": (
            interpolate.RegularGridInterpolator((GRID, GRID), surface, method=method), two)
           for method in ("linear", "nearest", "slinear", "cubic", "pchip")},
        "RBFInterpolator": (interpolate.RBFInterpolator(PLANE, HEIGHT), two),
        "RBFInterpolator of neighbours": (interpolate.RBFInterpolator(PLANE, HEIGHT, neighbors=8), two),
        "Rbf": (interpolate.Rbf(PLANE[:, 0], PLANE[:, 1], HEIGHT), lambda found: found(0.5, 0.5)),
        "LinearNDInterpolator": (interpolate.LinearNDInterpolator(PLANE, HEIGHT), two),
        "LinearNDInterpolator, complex": (interpolate.LinearNDInterpolator(PLANE, HEIGHT * 1j), two),
        "NearestNDInterpolator": (interpolate.NearestNDInterpolator(PLANE, HEIGHT), two),
        "CloughTocher2DInterpolator": (interpolate.CloughTocher2DInterpolator(PLANE, HEIGHT), two),
        "cKDTree": (spatial.cKDTree(PLANE, leafsize=5), lambda found: found.query(INSIDE, 4)),
        "KDTree in a box": (spatial.KDTree(PLANE, boxsize=1.5), lambda found: found.query(INSIDE, 4)),
        "Delaunay": (spatial.Delaunay(PLANE), lambda found: [found.find_simplex(INSIDE), found.convex_hull]),
        "ConvexHull": (spatial.ConvexHull(PLANE), lambda found: [found.volume, found.vertices]),
        "Voronoi": (spatial.Voronoi(PLANE), lambda found: [found.regions, found.vertices]),
        "SphericalVoronoi": (
            spatial.SphericalVoronoi(np.concatenate((np.eye(3), -np.eye(3)))), lambda found: found.calculate_areas()),
        "Rotation": (turns, lambda found: [found.as_quat(), found.apply([1.0, 2.0, 3.0])]),
        "Rotation, one": (turns[0], lambda found: found.as_quat()),
        "Slerp": (spatial.transform.Slerp([0, 1, 2], turns), lambda found: found([0.5]).as_quat()),
        "RotationSpline": (spatial.transform.RotationSpline([0, 1, 2], turns), lambda found: found([0.5]).as_quat()),
        **{f"frozen {name}": (getattr(stats, name)(*args), _drawn) for name, args in _FROZEN.items()},
        "frozen by name": (stats.norm(loc=np.arange(3.0), scale=2), lambda found: found.ppf(0.3)),
        "a distribution": (stats.norm, lambda found: found.rvs(size=3)),
        "rv_histogram": (stats.rv_histogram(np.histogram(WAVE)), _drawn),
        "rv_histogram, frozen": (stats.rv_histogram(np.histogram(WAVE))(), _drawn),
        "rv_discrete": (stats.rv_discrete(values=([1, 2], [0.5, 0.5])), lambda found: [found.mean(), found.rvs(size=3)]),
        "gaussian_kde": (stats.gaussian_kde(WAVE), one),
        "multivariate_normal": (stats.multivariate_normal([0, 0], np.eye(2)), lambda found: found.pdf(INSIDE)),
        "multivariate_t": (stats.multivariate_t([0, 0], np.eye(2)), lambda found: found.pdf(INSIDE)),
        "dirichlet": (stats.dirichlet([1, 2.0]), _of_matrix),
        "wishart": (stats.wishart(3, np.eye(2)), _of_matrix),
        "invwishart": (stats.invwishart(3, np.eye(2)), _of_matrix),
        "matrix_normal": (stats.matrix_normal(np.eye(2)), _of_matrix),
        "Covariance": (stats.Covariance.from_diagonal([1, 2]), lambda found: found.covariance),
        **{f"result of {name}": (found, lambda found: found if isinstance(found, (tuple, dict)) else vars(found))
           for name, found in _results().items()},
        "Bounds": (optimize.Bounds([0], [1]), vars),
        "LinearConstraint": (optimize.LinearConstraint(np.eye(2), 0, 1), vars),
        "dense output": (
            integrate.solve_ivp(_decay, (0, 1), [1.0], dense_output=True), lambda found: found.sol(0.5)),
        "TransferFunction": (signal.lti([1], [1, 2]), lambda found: found.impulse(T=[0.0, 1.0])),
        "StateSpace": (signal.StateSpace([[-1.0]], [[1.0]], [[1.0]], [[0.0]]), lambda found: found.step(T=[0.0, 1.0])),
        "ZerosPolesGain": (signal.ZerosPolesGain([1], [2], 3, dt=0.1), lambda found: found.to_tf().num),
        **{f"special.{name}": (getattr(special, name), str) for name in ("expit", "logit", "xlogy", "gamma")},
    }  # fmt: skip


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    CASES = _cases()
