r"""Geodesics of Wasserstein space: move each grain of mass along its segment (section 3).

An optimal plan gamma says which x goes with which y. Let every pair travel on a straight line at
its own constant speed,

    pi_t(x, y) = (1 - t) x + t y,        mu_t = (pi_t)_# gamma        (Proposition 3.2).

Then W_p(mu_s, mu_t) = |s - t| W_p(mu_0, mu_1) for all s and t: a geodesic at constant speed
(Definition 3.1). On the line the same curve interpolates the quantile functions,
Q_t = (1 - t) Q_0 + t Q_1. The formula defines a curve for any coupling, but only an optimal one
gives a geodesic; `speed_matrix` tells the two apart.
"""

import itertools
import math
import warnings
from collections.abc import Callable, Iterable

import numpy as np

from . import _validate
from ._hints import hints
from .gluing import Coupling, _entries
from .law import Law, LawPlan, cumulative, law_interpolation, quantiles
from .measure import Measure, require_measure
from .plan import Plan

Path = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


@hints(2, "between two measures it is geodesic(optimal_plan(mu, nu), t)")
def geodesic(
    plan: Plan | Coupling | LawPlan, t: float, *, path: Path | None = None
) -> Measure | Law:
    r"""The measure $\mu_t = (\pi_t)_\# \gamma$ at time t (Proposition 3.2).

    Parameters
    ----------
    plan : Plan
        An optimal plan between two measures, from `optimal_plan` or `transport_1d`. A `Coupling`
        that knows its points is pushed forward in the same way; the curve is then no geodesic.
        From a `LawPlan` comes a `Law`, with its density.
    t : float
        A time in [0, 1].
    path : function, optional
        Maps points x and y, row by row, and the time to points of the geodesics of a space that is
        not R^d, as a circle is. Straight lines if left out. A plan for a cost that was given then
        warns that they may be none of its geodesics, unless its value is that of $|x - y|$,
        $|x - y|^2$ or half of the square.

    Returns
    -------
    Measure
        One atom for each entry of the plan, in its order: at t = 0 an atom whose mass splits is
        listed once for each part.

    Raises
    ------
    TypeError, ValueError
        If the plan knows no points, or t is not a number in [0, 1].
    """
    if isinstance(plan, LawPlan):
        t = _validate.time(t)
        if path is not None:
            raise ValueError(
                "a plan between laws is of the line, and moves straight: leave path out"
            )
        left, right = ((1.0 - t) * plan.x + t * plan.y).T
        return Law(left, np.maximum(left, right), plan.mass)
    if not isinstance(plan, Plan | Coupling):
        raise TypeError(
            f"plan must be a Plan or a Coupling, but it is {_validate.brief(plan)}: between two "
            "measures it is geodesic(optimal_plan(mu, nu), t)"
        )
    if plan.source is None or plan.target is None:
        raise ValueError(
            "plan has no points: compute it by otlec.optimal_plan(mu, nu), "
            "or give the measures to otlec.interpolation(gamma, mu, nu, t)"
        )
    if path is not None:
        if not callable(path):
            raise TypeError(f"path must be a function of x, y and t, not {_validate.brief(path)}")
        x, y = plan.source.points[plan.rows], plan.target.points[plan.cols]
        points = _validate.points(path(x, y, _validate.time(t)), "path(x, y, t)")
        if points.shape[0] != plan.mass.size:
            raise ValueError(
                f"path must give one point an entry, {plan.mass.size}, not {points.shape[0]}"
            )
        return Measure(points, plan.mass / plan.mass.sum())
    if isinstance(plan, Plan) and plan.p is None and not _costs_as_lengths(plan):
        warnings.warn(
            "the plan was made for a cost of its own, and straight lines may be no geodesics for "
            "it: give path=lambda x, y, t: ..., or path=lambda x, y, t: (1 - t) * x + t * y",
            stacklevel=3,
        )
    total = plan.mass.sum()  # of a plan in units of its own: loaves, say
    mass = plan.mass if abs(total - 1) <= 1e-9 else plan.mass / total
    return _move(plan.source, plan.target, plan.rows, plan.cols, mass, t)


def _costs_as_lengths(plan: Plan) -> bool:
    """Whether the plan costs as much as for |x - y|, |x - y|^2 or half of the square."""
    x, y = (mu.points.reshape(mu.size, -1) for mu in (plan.source, plan.target))
    if x.shape[1] != y.shape[1]:
        return False
    squares = ((x[plan.rows] - y[plan.cols]) ** 2).sum(axis=1)
    square = plan.mass @ squares
    known = np.array([plan.mass @ np.sqrt(squares), square, square / 2])
    return bool((np.abs(known - plan.value) <= 1e-9 * (known + abs(plan.value))).any())


def interpolation(gamma, mu: Measure, nu: Measure, t: float) -> Measure:
    r"""Push any coupling of two measures forward by $\pi_t(x, y) = (1 - t) x + t y$.

    Parameters
    ----------
    gamma : Plan, Coupling, or matrix of shape (n, m)
        Its marginals are the weights of mu and nu, up to 1e-9.
    mu, nu : Measure
        Measures in the same R^d, with n and m atoms.
    t : float
        A time in [0, 1].

    Returns
    -------
    Measure
        One atom for each positive entry of gamma.
    """
    require_measure(mu, "mu")
    require_measure(nu, "nu")
    shape, rows, cols, mass = _entries(gamma, "gamma")
    if shape != (mu.size, nu.size):
        raise ValueError(f"gamma must have shape {(mu.size, nu.size)}, but its shape is {shape}")
    for name, side, total in (
        ("mu", mu, np.bincount(rows, mass, mu.size)),
        ("nu", nu, np.bincount(cols, mass, nu.size)),
    ):
        if np.abs(total - side.weights).max() > 1e-9:
            raise ValueError(f"gamma does not have the weights of {name} as its marginal")
    return _move(mu, nu, rows, cols, mass, t)


def _move(mu: Measure, nu: Measure, rows, cols, mass, t) -> Measure:
    t = _validate.time(t)
    if mu.dim != nu.dim:
        raise ValueError(f"the source has dimension {mu.dim}, but the target has {nu.dim}")
    x, y = mu.points, nu.points
    if x.ndim != y.ndim:  # the line, written as (n,) on one side and as (n, 1) on the other
        x, y = x.reshape(-1), y.reshape(-1)
    return Measure((1.0 - t) * x[rows] + t * y[cols], mass / mass.sum())


def speed_matrix(
    curve: Callable[[float], object],
    times: Iterable[float],
    p: float = 2,
    *,
    distance: Callable[[object, object], float] | None = None,
) -> np.ndarray:
    r"""The matrix of mean speeds $d(x_s, x_t) / |s - t|$ of a curve (Definition 3.1).

    The curve is a geodesic at constant speed when all entries are $d(x_0, x_1)$.

    Parameters
    ----------
    curve : callable
        Maps a time to a point of the metric space; to a `Measure`, unless ``distance`` is given.
    times : sequence of at least two distinct numbers
    p : float
        The exponent of W_p, >= 1; inf is allowed. Not used where ``distance`` is given.
    distance : callable, optional
        The distance of the metric space, W_p if left out.

    Returns
    -------
    Array of shape (k, k), symmetric, nan on the diagonal, where no time passes.
    """
    times = _times(times)
    points = [curve(float(t)) for t in times]
    distance = _distance(p, distance)
    speeds = np.full((times.size, times.size), np.nan)
    for k in range(times.size):
        for l in range(k):
            elapsed = abs(times[k] - times[l])
            speeds[k, l] = speeds[l, k] = distance(points[l], points[k]) / elapsed
    return speeds


def is_constant_speed(speeds, tolerance: float = 1e-10) -> bool:
    """Whether all mean speeds of a `speed_matrix` agree, up to a share of the greatest of them."""
    speeds = _validate.real_array(speeds, "speeds")
    if speeds.ndim != 2 or speeds.shape[0] != speeds.shape[1] or speeds.shape[0] < 2:
        raise ValueError(f"speeds must be a matrix (k, k), k >= 2, but its shape is {speeds.shape}")
    off_diagonal = speeds[~np.eye(speeds.shape[0], dtype=bool)]
    greatest = off_diagonal.max()
    return bool(greatest - off_diagonal.min() <= tolerance * greatest)


def curve_length(
    curve: Callable[[float], object],
    times: Iterable[float],
    p: float = 2,
    *,
    distance: Callable[[object, object], float] | None = None,
) -> float:
    r"""The length of the polygon through a curve at increasing times.

    It is $\sum_k d(x_{t_k}, x_{t_{k+1}})$. Refining the times never shortens it; its supremum is
    the length of the curve. A geodesic has the length $d(x_0, x_1)$ at every refinement
    (Corollary 3.5). Parameters as for `speed_matrix`.
    """
    times = _times(times)
    if (np.diff(times) <= 0).any():
        raise ValueError("times must increase")
    points = [curve(float(t)) for t in times]
    distance = _distance(p, distance)
    return math.fsum(distance(x, y) for x, y in itertools.pairwise(points))


def _distance(p, distance) -> Callable[[object, object], float]:
    if distance is not None:
        return distance
    from .distance import wasserstein

    p = _validate.exponent(p, infinity=True)
    return lambda mu, nu: wasserstein(mu, nu, p)


def _times(times) -> np.ndarray:
    times = _validate.finite(_validate.real_array(list(times), "times"), "times")
    if times.ndim != 1 or times.size < 2 or np.unique(times).size < times.size:
        raise ValueError("times must be at least two distinct numbers")
    return times


def distribution_function(mu: Measure | Law, x) -> np.ndarray:
    r"""The distribution function $F(x) = \mu((-\infty, x])$ of a measure on the line."""
    x = _validate.real_array(x, "x")
    if np.isnan(x).any():
        raise ValueError("x must hold numbers, but it contains nan")
    if isinstance(mu, Law):
        return cumulative(mu, x)
    points, levels = _sorted_on_the_line(mu)
    below = np.searchsorted(points, x, side="right")
    return np.concatenate([[0.0], levels])[below]


def quantile_function(mu: Measure | Law, s) -> np.ndarray:
    r"""The quantile function $Q(s) = \inf \{x : F(x) \geq s\}$, s in (0, 1], on the line."""
    s = _validate.real_array(s, "s")
    if not ((s > 0) & (s <= 1)).all():
        raise ValueError("s must lie in (0, 1]")
    if isinstance(mu, Law):
        return quantiles(mu, s)
    points, levels = _sorted_on_the_line(mu)
    # A level that is s up to rounding counts as s.
    index = np.searchsorted(levels, s - 4 * np.finfo(float).eps, side="left")
    return points[np.minimum(index, points.size - 1)]


def quantile_interpolation(measures, weights) -> Measure | Law:
    r"""The measure on the line whose quantile function is $\sum_i \lambda_i Q_i$.

    With two measures and the weights 1 - t and t it is the geodesic $\mu_t$; with more, it is
    their barycenter in $W_2$.

    Parameters
    ----------
    measures : sequence of N measures on the line
    weights : array of shape (N,)
        The numbers $\lambda_i \geq 0$, with sum 1.

    Returns
    -------
    Measure
        Its atoms increase. There are at most $\sum_i n_i - N + 1$.
    """
    measures = list(measures)
    if not measures:
        raise ValueError("measures is empty: at least one measure is needed")
    weights = Measure(np.arange(len(measures), dtype=float), weights).weights
    measures = [mu for mu, share in zip(measures, weights, strict=True) if share > 0]
    weights = weights[weights > 0]
    if any(isinstance(mu, Law) for mu in measures):
        return law_interpolation(measures, weights)
    staircases = [_sorted_on_the_line(mu) for mu in measures]
    levels = np.sort(np.concatenate([steps for _, steps in staircases]))
    # Two levels that differ by rounding are one: there is no mass between them.
    tiny = 8 * np.finfo(float).eps
    levels = levels[np.diff(levels, prepend=0.0) > tiny]
    levels[-1] = 1.0
    middle = (levels + np.concatenate([[0.0], levels[:-1]])) / 2
    atoms = np.zeros(levels.size)
    for share, (points, steps) in zip(weights, staircases, strict=True):
        atoms += share * points[np.minimum(np.searchsorted(steps, middle), points.size - 1)]
    return Measure(atoms, np.diff(levels, prepend=0.0))


def _sorted_on_the_line(mu: Measure) -> tuple[np.ndarray, np.ndarray]:
    """Increasing atoms that carry mass, and the values of F there."""
    if require_measure(mu, "mu").dim != 1:
        raise ValueError(f"the measure must live on the line, but its dimension is {mu.dim}")
    carries = mu.weights > 0
    points = mu.points.reshape(-1)[carries]
    order = np.argsort(points, kind="stable")
    levels = np.minimum(np.cumsum(mu.weights[carries][order]), 1.0)
    levels[-1] = 1.0
    return points[order], levels
