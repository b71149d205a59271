r"""The Wasserstein distance (Definition 2.1), and which solver computes it for which measures.

    W_p(mu, nu) = ( min_gamma  integral |x - y|^p d gamma )^(1/p),   gamma in Pi(mu, nu).

Three exact solvers share the work, and any two of them agree where both apply:

- on the line the monotone plan is optimal, and costs no more than sorting (`transport_1d`);
- between n atoms and n atoms of equal mass some optimal plan is a permutation, since those are the
  vertices of the set of plans (Birkhoff), and the Hungarian method finds it (`assignment`);
- everything else is for the network simplex (`transport`).
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from . import _validate
from ._hints import hints
from .cost import cost_matrix, half_square_cost
from .evidence import PointCosts
from .law import Law, LawPlan, law_distance, law_plan
from .measure import Measure, require_measure
from .plan import Assignment, Plan
from .solvers.hungarian import assignment
from .solvers.network_simplex import transport
from .solvers.points import assignment_points
from .solvers.quantile import monotone_distance, monotone_plan

_MATRIX = 2000  # atoms, above which the costs of points are computed row by row instead
_VANISHES = 1e-200  # costs below it have lost digits, or will in a sum

Cost = Callable[[np.ndarray, np.ndarray], np.ndarray] | np.ndarray


@hints(
    3,
    "weights belong to the measures, optimal_plan(Measure(x, a), Measure(y, b), p)",
)
def optimal_plan(
    mu: Measure | Law, nu: Measure | Law, p: float = 2, *, cost: Cost | None = None
) -> Plan | LawPlan:
    r"""An optimal plan between two measures, for the cost $|x - y|^p$ or for any other one.

    Parameters
    ----------
    mu, nu : Measure, or Law on the line
        Probability measures in the same dimension, with n and m atoms.
    p : float
        The exponent, finite and >= 1. Not used where ``cost`` is given.
    cost : function or array of shape (n, m), optional
        A function that maps the two arrays of points to the matrix of costs, as
        `half_square_cost` does for section 4, or the matrix itself; +inf forbids a pair. Points
        come to the function as the measures hold them: on the line as (n,), or (n, 1) if so given.

    Returns
    -------
    Plan
        With its potentials, its gap, and the two measures as ``.source`` and ``.target``; a
        `LawPlan` if one of them is a `Law`.

    Raises
    ------
    TypeError
        If ``mu`` or ``nu`` is no `Measure`, or the cost is neither a function nor an array.
    ValueError
        If the dimensions differ, p < 1, a shape is wrong, or no plan avoids the forbidden pairs.
    """
    if isinstance(mu, Law) or isinstance(nu, Law):
        if cost is not None:
            raise ValueError("between laws the cost is |x - y|^p: leave cost out, and give p")
        return law_plan(*_laws(mu, nu), _validate.exponent(p))
    _check_measures(mu, nu)
    p = _validate.exponent(p)
    if cost is None and mu.dim == 1:
        return _monotone_plan(mu, nu, p)
    if cost is half_square_cost and mu.dim == 1:
        plan = _monotone_plan(mu, nu, 2.0)
        half = PointCosts(mu.points, nu.points, 2.0, factor=0.5)
        return dataclasses.replace(
            plan, value=plan.value / 2, phi=plan.phi / 2, psi=plan.psi / 2, p=None, evidence=half
        )
    permutes = _permutes(mu, nu)
    if cost is None and permutes and mu.size > _MATRIX:
        plan = _permutation(mu, assignment_points(mu.points, nu.points, p))
    elif cost is None:
        matrix = _distances(mu, nu, p)
        plan = _between(mu, nu, matrix) if matrix.max() > _VANISHES else _tiny(mu, nu, p)
    else:
        plan = _between(mu, nu, _given_cost(mu, nu, cost))
    p = p if cost is None else None
    return dataclasses.replace(plan, b=nu.weights, p=p, source=mu, target=nu)


def _between(mu: Measure, nu: Measure, matrix: np.ndarray) -> Plan:
    """An optimal plan for a valid matrix of costs."""
    if _permutes(mu, nu):
        return _permutation(mu, assignment(matrix))
    return transport(mu.weights, nu.weights, matrix)


def _tiny(mu: Measure, nu: Measure, p: float) -> Plan:
    """The plan where costs vanish, or nearly, though the points differ: in units of their lengths.

    Value and potentials are 0, or what the least floats can tell of them; the entries are right.
    """
    lengths = cost_matrix(mu.points, nu.points, 1)
    unit = float(lengths.max())
    if unit == 0:
        return _between(mu, nu, lengths)
    plan = _between(mu, nu, (lengths / unit) ** p)
    scale = unit**p
    evidence = PointCosts(mu.points, nu.points, p)
    phi, psi = plan.phi * scale, plan.psi * scale
    return dataclasses.replace(plan, value=plan.value * scale, phi=phi, psi=psi, evidence=evidence)


@hints(
    3,
    "weights belong to the measures, wasserstein(Measure(x, a), Measure(y, b), p)",
)
def wasserstein(mu: Measure | Law, nu: Measure | Law, p: float = 2) -> float:
    r"""The Wasserstein distance $W_p(\mu, \nu)$ of Definition 2.1, exact to rounding.

    Parameters
    ----------
    mu, nu : Measure, or Law on the line
        Probability measures in the same dimension.
    p : float
        The exponent >= 1. ``p = inf`` is accepted: $W_\infty$ is the least length of the longest
        move. `bottleneck` and `bottleneck_transport` give the plans and the proofs.

    Raises
    ------
    TypeError, ValueError
        As for `optimal_plan`.
    """
    p = _validate.exponent(p, infinity=True)
    if isinstance(mu, Law) or isinstance(nu, Law):
        return law_distance(*_laws(mu, nu), p)
    _check_measures(mu, nu)
    if mu.dim == 1:
        weights = (None, None) if _permutes(mu, nu) else (mu.weights, nu.weights)
        return monotone_distance(mu.points, nu.points, *weights, p)
    if p < np.inf:
        return _distance(mu, nu, p)
    return _longest_move(mu, nu, cost_matrix(mu.points, nu.points, 1))


def _distance(mu: Measure, nu: Measure, p: float) -> float:
    """W_p in R^d, in a unit of length for which no power of the lengths that count is lost."""
    with np.errstate(over="ignore", under="ignore"):
        farthest = _diagonal(mu, nu)
        if np.power(farthest, p) < 1e300 or (p == 1 and np.isfinite(farthest)):
            plan = optimal_plan(mu, nu, p)
            if p == 1 or plan.value > 1e-200:
                return plan.distance
            lengths = cost_matrix(mu.points, nu.points, 1)
            unit = float(lengths[plan.rows, plan.cols].max())
        else:
            lengths = cost_matrix(mu.points, nu.points, 1)
            unit = float(lengths.max())
        if not np.isfinite(unit):
            raise ValueError("|x - y| overflows: scale the points down")
        if unit == 0:
            return 0.0
        # What is too far for this unit costs more than can be worth it: +inf, which forbids it.
        value = _between(mu, nu, (lengths / unit) ** p).value
        shortest = _longest_move(mu, nu, lengths) if value <= 1e-200 else 0.0
        if shortest > 0:  # p is so large that only moves as long as W_inf are not lost
            unit = shortest
            value = _between(mu, nu, (lengths / unit) ** p).value
        return unit * value ** (1 / p)


def _longest_move(mu: Measure, nu: Measure, lengths: np.ndarray) -> float:
    """W_inf."""
    if _permutes(mu, nu):
        from .solvers.bottleneck import bottleneck

        return bottleneck(lengths).value
    from .solvers.bottleneck_transport import bottleneck_transport

    return bottleneck_transport(mu.weights, nu.weights, lengths).value


def _diagonal(mu: Measure, nu: Measure) -> float:
    """The diagonal of the box that holds all atoms: no two of them are farther apart."""
    low = np.minimum(mu.points.min(axis=0), nu.points.min(axis=0))
    high = np.maximum(mu.points.max(axis=0), nu.points.max(axis=0))
    return float(cost_matrix(low[None], high[None], 1)[0, 0])


def transport_cost(mu: Measure | Law, nu: Measure | Law, cost: Cost = half_square_cost) -> float:
    r"""The least cost $\mathcal{T}_c(\mu, \nu) = \min_\gamma \int c \, d\gamma$ of section 1.

    The cost is that of section 4, $\frac12 |x - y|^2$, unless another function or matrix is given;
    between laws it is no other.
    """
    if cost is half_square_cost and (isinstance(mu, Law) or isinstance(nu, Law)):
        return optimal_plan(mu, nu).value / 2
    return optimal_plan(mu, nu, cost=cost).value


def _laws(mu, nu) -> tuple[Law, Law]:
    return tuple(
        Law.of(side if isinstance(side, Law) else require_measure(side, name))
        for name, side in (("mu", mu), ("nu", nu))
    )


def _check_measures(mu, nu) -> None:
    require_measure(mu, "mu")
    require_measure(nu, "nu")
    if mu.dim != nu.dim:
        raise ValueError(f"mu lives in dimension {mu.dim}, but nu in dimension {nu.dim}")


def _permutes(mu: Measure, nu: Measure) -> bool:
    """Whether some optimal plan is a permutation: as many atoms on both sides, of equal mass."""
    return mu.size == nu.size and mu.is_uniform and nu.is_uniform


def _monotone_plan(mu: Measure, nu: Measure, p: float) -> Plan:
    plan = monotone_plan(mu.points, nu.points, mu.weights, nu.weights, p)
    return dataclasses.replace(plan, source=mu, target=nu)


def _distances(mu: Measure, nu: Measure, p: float) -> np.ndarray:
    matrix = cost_matrix(mu.points, nu.points, p)
    if not np.isfinite(matrix).all():
        raise ValueError(f"|x - y|^{p} overflows: scale the points down, or choose a smaller p")
    return matrix


def _given_cost(mu: Measure, nu: Measure, cost) -> np.ndarray:
    if callable(cost):
        try:
            cost = cost(mu.points, nu.points)
        except (ValueError, IndexError) as error:
            if mu.points.ndim == 2:
                raise
            raise ValueError(
                f"the cost function failed ({error}) on points of the line, which come to it as "
                "arrays of shape (n,); those of Measure(x[:, None]) come as (n, 1), as SciPy's "
                "cdist wants them"
            ) from error
    matrix = _validate.cost(cost)
    if matrix.shape != (mu.size, nu.size):
        raise ValueError(
            f"cost must be a matrix of shape {(mu.size, nu.size)}, or a function that returns one, "
            f"but its shape is {matrix.shape}"
        )
    return matrix


def _permutation(mu: Measure, best: Assignment) -> Plan:
    """An optimal assignment as a plan that moves 1/n along each of its pairs."""
    n = mu.size
    return Plan(
        mu.weights, mu.weights, np.arange(n), best.permutation, np.full(n, 1.0 / n),
        best.value / n, best.phi, best.psi, evidence=best.evidence,
    )  # fmt: skip
