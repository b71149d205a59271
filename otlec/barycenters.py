r"""Barycenters in W_2: a measure as near as possible to several measures at once (section 3).

In R^d the barycenter of points minimises sum_i lambda_i |y - x_i|^2. In Wasserstein space it
minimises the same sum with measures in the place of points,

    min_nu  sum_i lambda_i W_2^2(mu_i, nu).

Five ways, chosen by what is given. On the line the quantile function of the barycenter is
sum_i lambda_i Q_i. Two measures have their barycenter on the geodesic between them. On a given
support the weights of nu and the N plans solve one linear program, and so does the barycenter among
all measures, if there are few ways to take an atom from each. In all other cases the atoms are free
to move: compute the plans, move each atom to the mean of what it is sent to, repeat. The
objective never rises, but this problem is not convex, and the end may depend on the start.

A bound from below says how good the answer is. Since sum_i lambda_i |x_i - y|^2 is at least
sum_{i<j} lambda_i lambda_j |x_i - x_j|^2, with equality when y is the mean of the x_i,

    sum_i lambda_i W_2^2(mu_i, nu)  >=  sum_{i<j} lambda_i lambda_j W_2^2(mu_i, mu_j).

On the line and for two measures the two sides agree, which proves the answer optimal.

Source: Agueh and Carlier (2011); Cuturi and Doucet (2014) for the free support.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from . import _validate
from ._hints import hints
from ._read_only import ReadOnly
from .certificate import judge
from .cost import cost_matrix
from .distance import optimal_plan, wasserstein
from .geodesics import geodesic, quantile_interpolation
from .law import Law, LawPlan, law_mixture
from .measure import Measure, require_measure
from .plan import Plan
from .solvers.fixed_support import best_weights

_STEPS_OF_A_GUESS = 5
_CRUMB = 1e-14


@dataclass(frozen=True, eq=False, repr=False)
class Barycenter(ReadOnly):
    r"""A barycenter with the plans that lead to it and a bound that judges it.

    Attributes
    ----------
    measure : Measure, or Law
        The barycenter $\nu$.
    weights : array of shape (N,)
        The numbers $\lambda_i$.
    plans : tuple of N Plans, or LawPlans
        Optimal plans from each $\mu_i$ to $\nu$, each with its potentials.
    objective : float
        $\sum_i \lambda_i W_p^p(\mu_i, \nu)$, from those plans.
    lower_bound : float
        No measure has a smaller objective than this; for a fixed support, no measure on it.
    method : str
        ``"quantiles"``, ``"geodesic"``, ``"linear program"``, ``"multimarginal program"`` or
        ``"free support"``.
    history : array
        The objective at each step of the free support; the objective alone for the other methods.
    """

    measure: Measure | Law
    weights: np.ndarray
    plans: tuple[Plan | LawPlan, ...]
    objective: float
    lower_bound: float
    method: str
    history: np.ndarray
    is_proved: bool = field(default=False, init=False)

    @property
    def gap(self) -> float:
        """The objective minus the lower bound: 0, up to rounding, proves optimality."""
        return self.objective - self.lower_bound

    @property
    def certificate(self) -> str:
        """What is proved: that no measure has an objective less by more than this.

        The plans are part of the proof: a plan that is not certified speaks instead. The bound is
        believed of a result as it was computed, not of a copy with other contents.
        """
        if not (self.is_proved and math.isfinite(self.gap)):
            return "not certified: the lower bound was not computed for this measure"
        judged = [plan for plan in self.plans if isinstance(plan, Plan)]
        verdicts = [judge(plan, plan.evidence) for plan in judged]
        refused = [str(verdict) for verdict in verdicts if not verdict.holds]
        refused += [plan.certificate for plan in self.plans if plan.certificate.startswith("not")]
        if refused:
            return refused[0]
        shares = zip(self.weights, self.plans, strict=True)
        added = math.fsum(share * plan.value for share, plan in shares)
        if not abs(added - self.objective) <= 1e-9 * abs(self.objective):
            return f"not certified: the plans cost {added:.6g}, not {self.objective:.6g}"
        if self.gap < -1e-9 * abs(self.objective):
            return "not certified: the lower bound exceeds the objective"
        share = max(self.gap, 0.0) / (self.objective or 1.0)
        share = max([share, *(verdict.error for verdict in verdicts)])
        if share > 1e-9:
            return f"at most {100 * share:.2g} % above the least objective"
        return "certified to 1e-9" if share > 1e-12 else "certified to 1e-12"

    def __repr__(self) -> str:
        parts = "pieces" if isinstance(self.measure, Law) else "atoms"
        return (
            f"Barycenter({self.measure.size} {parts} by {self.method}, "
            f"objective={self.objective:.6g}, gap={max(self.gap, 0.0):.1e})"
        )


@hints(2, "the measures stand in a list, barycenter([mu, nu], weights), the rest has names")
def barycenter(
    measures: Sequence[Measure],
    weights=None,
    *,
    support=None,
    start: Measure | None = None,
    exact: bool = False,
    p: float = 2,
    steps: int = 200,
    tolerance: float = 1e-10,
) -> Barycenter:
    r"""A measure that minimises $\sum_i \lambda_i W_2^2(\mu_i, \nu)$.

    ``support`` selects the linear program, ``start`` the free support, and ``exact`` the program
    over all means of one atom from each measure. With none of them, measures on the line and pairs
    of measures are solved exactly, and other cases by the free support, from two starts: the
    largest of the measures, and what comes of averaging them one after the other.

    Parameters
    ----------
    measures : sequence of N Measures in the same R^d, or Laws on the line
    weights : array of shape (N,), optional
        The numbers $\lambda_i \geq 0$, with sum 1. Equal if left out.
    support : array of shape (k,) or (k, d), optional
        Points that $\nu$ must live on: its weights are found by linear programming (HiGHS).
    start : Measure, optional
        Its atoms are moved, and its weights kept.
    exact : bool
        Whether to prove optimality in all cases. The numbers of atoms may have a product of 300,000
        at most.
    p : float
        The exponent of $\sum_i \lambda_i W_p^p$; other than 2 only together with ``support``.
    steps, tolerance : int, float
        The free support stops when a step improves the objective by less than this share of it,
        or after so many steps.

    Returns
    -------
    Barycenter
        With ``.measure``, ``.plans``, ``.objective``, ``.lower_bound``, ``.gap`` and ``.history``.

    Raises
    ------
    TypeError, ValueError
        If the measures have different dimensions or none is given, the weights, the steps or the
        tolerance are not valid, more than one of ``support``, ``start`` and ``exact`` is given, or
        p is not 2 and ``support`` is missing.
    """
    measures, weights = _check_family(measures, weights)
    p = _validate.exponent(p)
    given = support is not None or start is not None or p != 2
    if given and any(isinstance(mu, Law) for mu in measures):
        raise ValueError("the barycenter of laws is for p = 2, without support and start")
    steps = _validate.count(steps, "steps")
    tolerance = _validate.tolerance(tolerance)
    if support is not None:
        if start is not None:
            raise ValueError("support fixes the atoms and start moves them: give one of them")
        if exact:
            raise ValueError("exact finds the atoms and support fixes them: give one of them")
        support = _validate.points(support, "support")
        _check_dimension(Measure(support), measures, "support")
        return _on_support(measures, weights, support, p)
    if exact and (start is not None or p != 2):
        raise ValueError("exact is for p = 2, and needs no start")
    if p != 2:
        raise ValueError(f"p must be 2 where support is not given, but it is {p!r}")
    _refuse_overflow(measures if start is None else [*measures, require_measure(start, "start")])
    if start is not None:
        _check_dimension(require_measure(start, "start"), measures, "start")
        return _free_support(measures, weights, start, steps, tolerance)
    if measures[0].dim == 1:
        nu = quantile_interpolation(measures, weights)
        return _judge(measures, weights, nu, _pairwise_bound(measures, weights), "quantiles")
    if len(measures) == 2:
        nu = geodesic(optimal_plan(*measures), weights[1])
        return _judge(measures, weights, nu, _pairwise_bound(measures, weights), "geodesic")
    if exact:
        return _exact(measures, weights)
    starts = (max(measures, key=lambda mu: mu.size), _one_after_the_other(measures, weights))
    results = [_free_support(measures, weights, nu, steps, tolerance) for nu in starts]
    return min(results, key=lambda result: result.objective)


def _exact(measures, weights) -> Barycenter:
    """The barycenter among all measures, by the multimarginal program."""
    from .solvers.multimarginal import LARGEST, meeting_points

    kept = [_carried(mu) for mu, share in zip(measures, weights, strict=True) if share > 0]
    tuples = math.prod(mu.size for mu in kept)
    if tuples > LARGEST:
        raise ValueError(
            f"exact would look at {tuples} tuples of atoms, more than {LARGEST}: leave it out, and "
            "the gap of the result says how far it may be from the optimum"
        )
    points, masses = [_table(mu) for mu in kept], [mu.weights for mu in kept]
    atoms, mass, bound = meeting_points(points, masses, weights[weights > 0])
    return _judge(measures, weights, Measure(atoms, mass), bound, "multimarginal program")


def _one_after_the_other(measures, weights) -> Measure:
    """Move from the mean of the first k measures to the next one, by its share of their weights."""
    heavy = np.flatnonzero(weights)
    nu, total = measures[heavy[0]], weights[heavy[0]]
    for i in heavy[1:]:
        total += weights[i]
        nu = geodesic(optimal_plan(nu, measures[i]), min(weights[i] / total, 1.0))
        counts = nu.weights > _CRUMB  # a start may forget what hardly weighs
        nu = Measure(nu.points[counts], nu.weights[counts] / nu.weights[counts].sum())
    return nu


def _carried(mu: Measure) -> Measure:
    """The measure without its atoms of mass 0."""
    carries = mu.weights > 0
    return mu if carries.all() else Measure(mu.points[carries], mu.weights[carries])


def mixture(measures: Sequence[Measure | Law], weights=None) -> Measure | Law:
    r"""The linear average $\sum_i \lambda_i \mu_i$: atoms stay where they are and share the mass.

    Parameters
    ----------
    measures : sequence of N Measures in the same R^d, or Laws on the line
    weights : array of shape (N,), optional
        The numbers $\lambda_i \geq 0$, with sum 1. Equal if left out.

    Returns
    -------
    Measure
        With the atoms of the first measure, then those of the second, and so on; a `Law` if one of
        them is a `Law`.
    """
    measures, weights = _check_family(measures, weights, "mixture")
    if any(isinstance(mu, Law) for mu in measures):
        return law_mixture(measures, weights)
    flat = all(mu.points.ndim == 1 for mu in measures)
    points = np.concatenate([mu.points if flat else _table(mu) for mu in measures])
    shares = [share * mu.weights for share, mu in zip(weights, measures, strict=True)]
    return Measure(points, np.concatenate(shares))


def _judge(measures, weights, nu, lower_bound, method, p=2.0, history=None) -> Barycenter:
    """The result for a candidate nu, with its exact plans."""
    plans = tuple(optimal_plan(mu, nu, p) for mu in measures)
    objective = math.fsum(share * plan.value for share, plan in zip(weights, plans, strict=True))
    history = np.array([objective]) if history is None else np.array(history)
    result = Barycenter(nu, weights, plans, objective, lower_bound, method, history)
    object.__setattr__(result, "is_proved", True)
    return result


def _pairwise_bound(measures, weights) -> float:
    """The bound of the module's text; over the measures that count, since a weight may be 0."""
    pairs = itertools.combinations(np.flatnonzero(weights), 2)
    return math.fsum(
        weights[i] * weights[j] * wasserstein(measures[i], measures[j]) ** 2 for i, j in pairs
    )


def _free_support(measures, weights, nu, steps, tolerance) -> Barycenter:
    """Alternate between the plans for fixed atoms and the atoms for fixed plans."""
    carries = nu.weights > 0
    nu = Measure(_table(nu)[carries], nu.weights[carries])
    flat = [Measure(_table(mu), mu.weights) for mu in measures]
    history = []
    for _ in range(steps):
        plans = [optimal_plan(mu, nu) for mu in flat]
        history.append(math.fsum(s * plan.value for s, plan in zip(weights, plans, strict=True)))
        if len(history) > 1 and history[-2] - history[-1] <= tolerance * history[-2]:
            break
        nu = Measure(_mean_of_targets(flat, weights, plans, nu), nu.weights)
    if measures[0].points.ndim == 1:
        nu = Measure(nu.points[:, 0], nu.weights)
    bound = _pairwise_bound(measures, weights)
    return _judge(measures, weights, nu, bound, "free support", history=history)


def _mean_of_targets(measures, weights, plans, nu) -> np.ndarray:
    """Move atom k to the mean of the points that the plans join it to."""
    atoms = np.zeros(nu.points.shape)
    for share, mu, plan in zip(weights, measures, plans, strict=True):
        brought = np.bincount(plan.cols, plan.mass, nu.size)
        part = plan.mass / brought[plan.cols]  # of a tiny mass too: a product would underflow
        np.add.at(atoms, plan.cols, share * part[:, None] * mu.points[plan.rows])
        atoms += share * nu.points * (brought == 0)[:, None]  # a mass below all rounding stays
    return atoms


def _on_support(measures, weights, support, p) -> Barycenter:
    """Find the weights by linear programming, starting from a barycenter that is free to move."""
    kept = [(mu, share) for mu, share in zip(measures, weights, strict=True) if share > 0]
    costs = [cost_matrix(mu.points, support, p)[mu.weights > 0] for mu, _ in kept]
    if not all(np.isfinite(cost).all() for cost in costs):
        raise ValueError(f"|x - y|^{p} overflows: scale the points down, or choose a smaller p")
    masses = [mu.weights[mu.weights > 0] for mu, _ in kept]
    guess = _nearest(_free(*map(list, zip(*kept, strict=True))), support)
    b, bound = best_weights(masses, costs, [share for _, share in kept], guess)
    return _judge(measures, weights, Measure(support, b), bound, "linear program", p)


def _free(measures, weights) -> Measure:
    """A measure near the barycenter of p = 2, which few steps find."""
    weights = np.array(weights) / math.fsum(weights)
    if measures[0].dim == 1:
        return quantile_interpolation(measures, weights)
    largest = max(measures, key=lambda mu: mu.size)
    return _free_support(measures, weights, largest, _STEPS_OF_A_GUESS, 1e-3).measure


def _nearest(nu: Measure, support: np.ndarray) -> np.ndarray:
    """The weights of nu, each atom's at the point of the support that is next to it."""
    nearest = cost_matrix(nu.points, support, 1).argmin(axis=1)
    return np.bincount(nearest, nu.weights, support.shape[0])


def _table(mu: Measure) -> np.ndarray:
    return mu.points.reshape(mu.size, -1)


def _check_family(
    measures, weights, function: str = "barycenter"
) -> tuple[list[Measure], np.ndarray]:
    if isinstance(measures, Measure | Law):
        raise TypeError(f"measures must be a sequence of measures: write {function}([mu, nu])")
    measures = list(measures)
    if not measures:
        raise ValueError("measures is empty: at least one measure is needed")
    for position, mu in enumerate(measures):
        name = f"measures[{position}]"
        _check_dimension(mu if isinstance(mu, Law) else require_measure(mu, name), measures, name)
    return measures, _validate.shares(weights, "weights", len(measures), "measures")


def _refuse_overflow(measures) -> None:
    """Raise where the square of a distance may exceed the largest float."""
    ends = [np.ravel([mu.left, mu.right] if isinstance(mu, Law) else mu.points) for mu in measures]
    extent = float(max(x.max() for x in ends)) - float(min(x.min() for x in ends))
    if not math.isfinite(extent * extent * 4 * measures[0].dim):
        raise ValueError("|x - y|^2 overflows: scale the points down")


def _check_dimension(mu: Measure, measures: list[Measure], name: str) -> None:
    if mu.dim != measures[0].dim:
        raise ValueError(
            f"{name} has dimension {mu.dim}, but measures[0] has dimension {measures[0].dim}"
        )
