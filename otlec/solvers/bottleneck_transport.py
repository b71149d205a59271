r"""A plan whose dearest pair is as cheap as possible, for any masses: W_inf by threshold and flow.

At a threshold t only pairs of cost <= t are open. A plan through open pairs exists just when no set
R of rows and C of columns without an open pair between them carries more than the whole mass,
a(R) + b(C) > 1 (Hall; max flow, min cut). The least t with a plan is an entry of the matrix, found
by bisection: `transport` with the cost 1 for a closed pair and 0 for an open one says how much mass
must break the threshold. Where that is 0, it gives the plan. Where it is not, its potentials give
the sets: phi_i + psi_j is at most 1 where the pair is closed, and at most 0 where it is open. So
all pairs of R = {phi >= s} and C = {psi >= 1 - s} are closed; and since the potentials, which are
whole numbers, earn something, these two are too heavy for one s.

Source: Garfinkel and Rao (1971), The bottleneck transportation problem.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from .. import _validate
from .._read_only import ReadOnly
from ..certificate import UNKNOWN, Certificate, judge_bottleneck, with_verdict
from ..projection import Moves
from .network_simplex import transport

_ROUNDING = 2.0**-46  # of the whole mass, that may be left over by the flow


@dataclass(frozen=True, eq=False, repr=False)
class BottleneckPlan(ReadOnly, Moves):
    r"""A plan whose dearest pair is as cheap as possible, with its certificate.

    Attributes
    ----------
    a, b : arrays of shape (n,) and (m,)
        The marginals.
    rows, cols, mass : arrays of shape (k,)
        The plan moves ``mass[q]`` from ``rows[q]`` to ``cols[q]``.
    value : float
        Its largest cost: an entry of the matrix.
    block_rows, block_cols : integer arrays
        The proof: all costs in these rows and columns are >= ``value``, and their masses together
        exceed the whole mass, so that each plan moves some of it there.
    """

    a: np.ndarray
    b: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    mass: np.ndarray
    value: float
    block_rows: np.ndarray
    block_cols: np.ndarray
    verdict: Certificate = field(default=UNKNOWN, init=False)
    target = None

    @property
    def entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, columns and masses of the plan."""
        return self.rows, self.cols, self.mass

    @property
    def block(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows and columns between which no pair is cheaper than the value."""
        return self.block_rows, self.block_cols

    @property
    def gap(self) -> float:
        """The value minus its lower bound: 0, by comparisons alone, or nan if nobody checked it."""
        return 0.0 if self.verdict.holds else math.nan

    @property
    def certificate(self) -> str:
        """What is proved, as ``certified to 1e-12``: value and block, checked when it was made."""
        return str(self.verdict)

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers (n, m) of atoms of the source and of the target."""
        return self.a.size, self.b.size

    @property
    def matrix(self) -> np.ndarray:
        """The plan as a dense matrix of shape (n, m)."""
        gamma = np.zeros(self.shape)
        np.add.at(gamma, (self.rows, self.cols), self.mass)
        return gamma

    @property
    def excess(self) -> float:
        """The mass that no plan keeps out of the block: positive, which proves ``value`` least."""
        inside = self.a[self.block_rows].sum() + self.b[self.block_cols].sum()
        return float(inside - self.a.sum())

    def __repr__(self) -> str:
        n, m = self.shape
        return f"BottleneckPlan({n} x {m}, {self.mass.size} entries, value={self.value:.6g})"


def bottleneck_transport(a, b, cost) -> BottleneckPlan:
    r"""Minimise the largest cost of a plan, $\min_\gamma \max \{c_{ij} : \gamma_{ij} > 0\}$.

    With ``cost = cost_matrix(x, y, 1)`` the value is $W_\infty$. For n masses 1/n on both sides
    `bottleneck` is quicker.

    Parameters
    ----------
    a, b : arrays of shape (n,) and (m,)
        Non-negative masses of the same sum, up to 1e-9 of it.
    cost : array of shape (n, m)
        Real costs of any sign; +inf forbids a pair.

    Returns
    -------
    BottleneckPlan
        With ``.rows .cols .mass .value``, and the block ``.block_rows``, ``.block_cols`` and its
        ``.excess``, which prove the value least. Masses below 1e-14 of the whole count as rounding,
        unless an atom has no more than that.

    Raises
    ------
    TypeError, ValueError
        As for `transport`.
    """
    a, b, cost = _validate.transport_problem(a, b, cost)
    (rows,), (cols,) = np.nonzero(a), np.nonzero(b)
    inside = cost[np.ix_(rows, cols)]
    value, plan, block = _least_threshold(a[rows], b[cols], inside)
    if value == np.inf:
        raise ValueError("cost forbids every plan: its +inf entries cannot all be avoided")
    i, j, mass = _with_crumbs(plan, inside, value)
    best = BottleneckPlan(
        a, b, rows[i], cols[j], mass, value, rows[block[0]], cols[block[1]]
    )  # fmt: skip
    return with_verdict(best, judge_bottleneck(best, cost))


def _with_crumbs(plan, cost, value):
    """The entries within the value; an atom that only rounding moved goes to its cheapest partner.

    Its own mass is rounding beside that of the partner.
    """
    kept = cost[plan.rows, plan.cols] <= value
    i, j, mass = plan.rows[kept], plan.cols[kept], plan.mass[kept]
    lost_rows = np.setdiff1d(np.arange(plan.a.size), i)
    i, j = np.append(i, lost_rows), np.append(j, cost[lost_rows].argmin(axis=1))
    lost_cols = np.setdiff1d(np.arange(plan.b.size), j)
    i, j = np.append(i, cost[:, lost_cols].argmin(axis=0)), np.append(j, lost_cols)
    return i, j, np.concatenate([mass, plan.a[lost_rows], plan.b[lost_cols]])


def _least_threshold(a, b, cost):
    """The least threshold with a plan, the plan, and the block that closes all lower ones."""
    least, block = _dearest_line(cost)
    levels = np.unique(cost[cost >= least])
    plan, closed = _flow(a, b, cost, levels[0])
    if plan is not None:
        return float(levels[0]), plan, block
    low, high, block, best = 1, levels.size - 1, closed, None  # the answer lies in between
    while low <= high:
        middle = (low + high) // 2
        plan, closed = _flow(a, b, cost, levels[middle])
        if plan is None:
            low, block = middle + 1, closed
        else:
            high, best = middle - 1, plan
    return float(levels[low]), best, block


def _dearest_line(cost):
    """Each row and each column needs a pair: the largest of their minima, and its block."""
    row_least, col_least = cost.min(axis=1), cost.min(axis=0)
    i, j = int(row_least.argmax()), int(col_least.argmax())
    n, m = cost.shape
    if row_least[i] >= col_least[j]:
        return row_least[i], (np.array([i]), np.arange(m))
    return col_least[j], (np.arange(n), np.array([j]))


def _flow(a, b, cost, threshold):
    """A plan within the threshold, or None; and then rows and columns that prove there is none."""
    plan = transport(a, b, (cost > threshold).astype(float))
    if plan.value <= _ROUNDING * a.sum():
        return plan, None
    best, block = -np.inf, None
    for level in np.unique(plan.phi):
        rows, cols = np.flatnonzero(plan.phi >= level), np.flatnonzero(plan.psi > 0.5 - level)
        excess = a[rows].sum() + b[cols].sum()
        if excess > best:
            best, block = excess, (rows, cols)
    return None, block
