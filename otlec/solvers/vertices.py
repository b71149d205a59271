r"""All optimal plans of a small problem, and where the optimal plan changes with the cost.

The optimal plans are a face of the polytope of all plans: those that use only pairs which are tight
for one optimal pair of potentials (complementary slackness). Its vertices are the plans without a
cycle, of at most n + m - 1 entries; all others are their mixtures. Where a cost c + t d changes
with t, the value is the least of finitely many affine functions of t, one a vertex: concave, with
corners where the optimal vertex changes.

Source: Klee and Witzgall (1968) for the vertices; Eisner and Severance (1976) for the corners.
"""

import itertools
import numbers
from dataclasses import dataclass, replace

import numpy as np

from .. import _validate
from .._read_only import ReadOnly
from ..certificate import worst
from ..evidence import MatrixCosts
from ..plan import Plan
from .network_simplex import transport

_STATES = 200_000  # partial plans that are looked at, at most
_CRUMB = 1e-12  # of the whole mass: what rounding leaves of an atom that is used up


@dataclass(frozen=True, eq=False, repr=False)
class OptimalPlans(ReadOnly):
    """The vertices of the set of optimal plans.

    Attributes
    ----------
    plans : tuple of Plans
        All of them, or the first ones that were found, with the same potentials.
    complete : bool
        Whether these are all.
    """

    plans: tuple[Plan, ...]
    complete: bool

    @property
    def is_unique(self) -> bool:
        """Whether there is one optimal plan only."""
        return self.complete and len(self.plans) == 1

    @property
    def certificate(self) -> str:
        """What is proved of the plan that is proved least: that it is optimal, as the others are.

        That there are no more than these is no part of it.
        """
        return str(worst(self.plans))

    def __repr__(self) -> str:
        number = f"{'' if self.complete else 'at least '}{len(self.plans)}"
        return f"OptimalPlans({number} {'vertex' if len(self.plans) == 1 else 'vertices'})"


@dataclass(frozen=True, eq=False, repr=False)
class ParametricPlans(ReadOnly):
    """The optimal plans for the costs c + t d, from the first to the last t.

    Attributes
    ----------
    breakpoints : array of shape (k,)
        The t at which the optimal plan changes, in increasing order: between ``start`` and ``end``,
        but none of them.
    plans : tuple of k + 1 Plans
        Each is optimal from one breakpoint to the next; its value and potentials are those at the
        middle.
    """

    breakpoints: np.ndarray
    plans: tuple[Plan, ...]

    @property
    def certificate(self) -> str:
        """What is proved of the plan that is proved least, at the middle of its interval of t."""
        return str(worst(self.plans))

    def __repr__(self) -> str:
        n = self.breakpoints.size
        return f"ParametricPlans({n + 1} plan{'s' * (n > 0)}, {n} breakpoint{'s' * (n != 1)})"


def optimal_vertices(a, b, cost, most: int = 100, *, tolerance: float = 1e-9) -> OptimalPlans:
    r"""List the vertices of the set of optimal plans of a small problem.

    Parameters
    ----------
    a, b : arrays of shape (n,) and (m,)
        Non-negative masses of the same sum.
    cost : array of shape (n, m)
        Real costs; +inf forbids a pair.
    most : int
        How many vertices to list at most: there may be very many.
    tolerance : float
        A pair is tight if its reduced cost is at most this share of the largest cost.

    Returns
    -------
    OptimalPlans
        With ``.plans``, ``.complete`` and ``.is_unique``.

    Raises
    ------
    TypeError, ValueError
        As for `transport`, and if ``most`` is no whole number >= 1.
    """
    most, tolerance = _validate.count(most, "most"), _validate.tolerance(tolerance)
    first = transport(a, b, cost)
    cost = _validate.cost(cost)
    finite = np.abs(cost[np.isfinite(cost)])
    reduced = cost - first.phi[:, None] - first.psi
    tight = reduced <= tolerance * finite.max(initial=0.0)
    found, complete = _vertices(first.a, first.b, tight, most)
    plans = (_plan(first, entries, cost) for entries in found)
    return OptimalPlans(tuple(plans), complete)


def _plan(first: Plan, entries, cost: np.ndarray) -> Plan:
    """The plan of these entries beside the potentials of the first one."""
    rows, cols = np.array([pair for pair, _ in entries], dtype=np.int64).T.copy()
    mass = np.array([moved for _, moved in entries])
    value = float(mass @ cost[rows, cols])
    evidence = MatrixCosts(cost)
    return replace(first, rows=rows, cols=cols, mass=mass, value=value, evidence=evidence)


def _vertices(a, b, tight, most):
    """Plans without a cycle, through tight pairs: each empties one atom after the other.

    A plan without a cycle has an atom with one partner, which takes all of its mass: the lesser of
    the two. Without that pair the rest is such a plan again. So all of them come from moving the
    lesser mass along some pair, again and again; partial plans that were met before are left out.
    The pairs alone do not tell two of them apart: of (1, 1), (2, 1) either may have come first.
    With the atoms that are not yet empty they do, since a tree of pairs has at most one of these.
    """
    crumb = _CRUMB * a.sum()
    stack, seen, found = [(tuple(a), tuple(b), frozenset())], set(), {}
    while stack and len(seen) < _STATES:
        left, right, entries = stack.pop()
        rows = [i for i, mass in enumerate(left) if mass > crumb]
        if not rows:
            found.setdefault(frozenset(pair for pair, _ in entries), sorted(entries))
            if len(found) > most:
                return list(found.values())[:most], False
            continue
        for i in rows:
            for j in np.flatnonzero(tight[i]):
                moved = min(left[i], right[j])
                if moved <= crumb:
                    continue
                after = entries | {((i, int(j)), moved)}
                rest = _less(left, i, moved), _less(right, j, moved)
                alive = tuple(mass > crumb for masses in rest for mass in masses)
                key = frozenset(pair for pair, _ in after), alive
                if key not in seen:
                    seen.add(key)
                    stack.append((*rest, after))
    return list(found.values()), not stack


def _less(masses: tuple, k: int, moved: float) -> tuple:
    return (*masses[:k], masses[k] - moved, *masses[k + 1 :])


def parametric_plans(a, b, cost, direction, start: float = 0, end: float = 1) -> ParametricPlans:
    r"""Follow the optimal plan while the cost is c + t d, with t from ``start`` to ``end``.

    The value is concave and piecewise affine in t; between two of its corners one plan is optimal.

    Parameters
    ----------
    a, b : arrays of shape (n,) and (m,)
        Non-negative masses of the same sum.
    cost, direction : arrays of shape (n, m)
        The finite costs c and d.
    start, end : float
        The first and the last t.

    Returns
    -------
    ParametricPlans
        With ``.breakpoints`` and ``.plans``.

    Raises
    ------
    TypeError, ValueError
        As for `transport`; and if the shapes differ, or ``start`` is not less than ``end``.
    """
    cost = _validate.finite(_validate.cost(cost), "cost")
    direction = _validate.finite(_validate.cost(direction, "direction"), "direction")
    if cost.shape != direction.shape:
        raise ValueError(f"direction must have shape {cost.shape}, but it has {direction.shape}")
    if not all(isinstance(t, numbers.Real) for t in (start, end)):
        raise TypeError(f"start and end must be real numbers, but they are {start!r} and {end!r}")
    if not (np.isfinite([start, end]).all() and start < end):
        raise ValueError(f"start must be less than end, but they are {start!r} and {end!r}")

    def line(t):
        plan = transport(a, b, cost + t * direction)
        cells = plan.rows, plan.cols
        return float(plan.mass @ cost[cells]), float(plan.mass @ direction[cells])

    corners = _corners(line, (start, *line(start)), (end, *line(end)))
    ends = [start, *corners, end]
    middles = [(s + t) / 2 for s, t in itertools.pairwise(ends)]
    plans = tuple(transport(a, b, cost + t * direction) for t in middles)
    return ParametricPlans(np.array(corners, dtype=float), plans)


def _corners(line, left, right) -> list[float]:
    """Where the concave function changes its slope, between two points with their lines."""
    (s, c, d), (t, e, f) = left, right
    scale = max(abs(c), abs(e), abs(d * t), abs(f * t), abs(d * s), abs(f * s))
    if abs(d - f) * (t - s) <= 1e-12 * scale or abs(c + d * t - e - f * t) <= 1e-12 * scale:
        return []
    if abs(c + d * s - e - f * s) <= 1e-12 * scale:
        return []
    cross = (e - c) / (d - f)
    value, slope = line(cross)
    if value + slope * cross >= c + d * cross - 1e-12 * scale:
        return [cross]
    middle = (cross, value, slope)
    return [*_corners(line, left, middle), *_corners(line, middle, right)]
