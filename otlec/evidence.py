"""What a verdict reads of the costs: those of the entries, and of all pairs that are nearly tight.

A matrix holds its costs; points give them when somebody asks, a block of rows at a time. What has
been read of them once is kept with the plan, so that it can be judged later.
"""

from dataclasses import dataclass

import numpy as np

from ._kernel import kernel
from ._read_only import ReadOnly
from .cost import cost_matrix, costs_of_pairs

_MOST = 200_000  # costs that are computed from points at a time


class MatrixCosts:
    """The costs of a matrix."""

    def __init__(self, cost: np.ndarray):
        self.cost = cost

    def of(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """The costs of some pairs."""
        return self.cost[rows, cols]

    def near(self, entries, phi, psi, room, reach, unit, strict):
        """All pairs (i, j) with c_ij - phi_i - psi_j < room_i + reach_j, and their costs."""
        cost = self.cost if unit == 0 else scaled(self.cost, unit)
        return _near(cost, phi, psi, room, reach, strict)


@dataclass(frozen=True)
class PointCosts:
    """The costs ``factor`` |x_i - y_j|^p of points, which are computed when somebody asks."""

    x: np.ndarray
    y: np.ndarray
    p: float
    factor: float = 1.0

    def of(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """The costs of some pairs."""
        size = _MOST // 8
        x, y = self._tables()
        blocks = [
            costs_of_pairs(x, y, self.p, rows[k : k + size], cols[k : k + size])
            for k in range(0, rows.size, size)
        ]
        return self.factor * np.concatenate([np.zeros(0), *blocks])

    def near(self, entries, phi, psi, room, reach, unit, strict):
        """As `MatrixCosts.near`; on the line, pairs along the staircase vouch for all others."""
        x, y = self._tables()
        if x.shape[1] == 1 and _is_staircase(x[:, 0], y[:, 0], *entries):
            i, j = _beside(x[:, 0], y[:, 0], *entries)
            return i, j, scaled(self.of(i, j), unit)
        found = []
        height = max(1, _MOST // y.shape[0])
        for k in range(0, x.shape[0], height):
            some = slice(k, k + height)
            cost = scaled(self.factor * cost_matrix(x[some], y, self.p), unit)
            i, j, c = _near(cost, phi[some], psi, room[some], reach, strict)
            found.append((i + k, j, c))
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))

    def _tables(self):
        return self.x.reshape(self.x.shape[0], -1), self.y.reshape(self.y.shape[0], -1)


@dataclass(frozen=True, eq=False)
class Evidence(ReadOnly):
    """What has been read of the costs, once, when a plan was made: enough to judge it at any time.

    It holds for these entries and these potentials, counted in units of 2^unit. No pair that is not
    listed has a reduced cost below ``room``, in each row.
    """

    rows: np.ndarray
    cols: np.ndarray
    phi: np.ndarray
    psi: np.ndarray
    unit: int
    costs: np.ndarray  # of the entries
    i: np.ndarray  # pairs that are nearly tight, or violated
    j: np.ndarray
    near: np.ndarray  # their costs
    room: np.ndarray
    reach: np.ndarray

    def is_of(self, plan) -> bool:
        """Whether it was read for the entries and the potentials of this plan."""
        pairs = ((self.rows, plan.rows), (self.cols, plan.cols))
        pairs += ((self.phi, plan.phi), (self.psi, plan.psi))
        return all(mine is theirs or np.array_equal(mine, theirs) for mine, theirs in pairs)


def scaled(array, unit: int):
    """The numbers, counted in units of 2^unit."""
    return np.ldexp(array, -unit) if unit else array


def _is_staircase(x, y, rows, cols) -> bool:
    """Whether the entries move up in x and y together, and every atom has one."""
    if np.unique(rows).size < x.size or np.unique(cols).size < y.size:
        return False
    order = np.lexsort((y[cols], x[rows]))
    return bool((np.diff(y[cols][order]) >= 0).all())


def _beside(x, y, rows, cols):
    """The pairs beside the steps of a staircase.

    If no reduced cost is negative there, none is anywhere: the cost of the line is Monge, and
    reduced costs only grow on the way from the staircase.
    """
    order = np.lexsort((cols, rows, y[cols], x[rows]))
    i, j = rows[order], cols[order]
    return np.concatenate([i[1:], i[:-1]]), np.concatenate([j[:-1], j[1:]])


@kernel
def _near(cost, phi, psi, room, reach, strict):
    """The pairs with c_ij - phi_i - psi_j < room_i + reach_j; if ``strict``, less than 0 besides.

    The difference is rounded once where it is near 0, by an error of at most 2^-53 |phi_i|.
    """
    n, m = cost.shape
    raised = psi + reach
    counts = np.zeros(n, np.int64)
    for i in range(n):
        row = cost[i]
        below = phi[i] + room[i] + 2.0**-52 * abs(phi[i])
        count = 0
        for j in range(m):
            count += not row[j] - raised[j] >= below  # a nan is not above
        counts[i] = count
    total = counts.sum()
    rows, cols, costs = np.empty(total, np.int64), np.empty(total, np.int64), np.empty(total)
    found = 0
    for i in range(n):
        if counts[i] == 0:
            continue
        below = phi[i] + room[i] + 2.0**-52 * abs(phi[i])
        for j in range(m):
            if not cost[i, j] - raised[j] >= below:
                if strict and _exceeds(phi[i], psi[j], cost[i, j]) <= 0:
                    continue
                rows[found], cols[found], costs[found] = i, j, cost[i, j]
                found += 1
    return rows[:found], cols[:found], costs[:found]


@kernel
def _exceeds(phi, psi, cost):
    """The excess phi + psi - cost, correct in sign."""
    total = phi + psi
    part = total - phi
    lost = (phi - (total - part)) + (psi - part)
    return (total - cost) + lost
