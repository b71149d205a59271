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
        """All pairs (i, j) with c_ij - phi_i - psi_j < room_i + reach_j, and their costs.

        Also whether these pairs vouch for all others, however the parts are shifted.
        """
        cost = self.cost if unit == 0 else scaled(self.cost, unit)
        return *_near(cost, phi, psi, room, reach, strict), False


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

    def is_of(self, x: np.ndarray, y: np.ndarray, p: float) -> bool:
        """Whether these are the costs |x - y|^p of these points, of shapes (n, d) and (m, d)."""
        mine, theirs = self._tables(), (x, y)
        same = all(m is t or np.array_equal(m, t) for m, t in zip(mine, theirs, strict=True))
        return same and self.p == p and self.factor == 1.0

    def near(self, entries, phi, psi, room, reach, unit, strict):
        """As `MatrixCosts.near`; on the line, pairs along the staircase vouch for all others."""
        x, y = self._tables()
        beside = _beside(x[:, 0], y[:, 0], *entries) if x.shape[1] == 1 else None
        if beside is not None:
            return *beside, scaled(self.of(*beside), unit), True
        found = []
        height = max(1, _MOST // y.shape[0])
        for k in range(0, x.shape[0], height):
            some = slice(k, k + height)
            cost = cost_matrix(x[some], y, self.p)
            cost = scaled(cost if self.factor == 1.0 else self.factor * cost, unit)
            i, j, c = _near(cost, phi[some], psi, room[some], reach, strict)
            found.append((i + k, j, c))
        return *(np.concatenate(parts) for parts in zip(*found, strict=True)), False

    def _tables(self):
        return self.x.reshape(self.x.shape[0], -1), self.y.reshape(self.y.shape[0], -1)


@dataclass(frozen=True, eq=False)
class Evidence(ReadOnly):
    """What has been read of the costs, once, when a plan was made: enough to judge it at any time.

    It holds for these entries and these potentials, counted in units of 2^unit. No pair that is not
    listed has a reduced cost below ``room`` and ``reach`` together; or the listed ones vouch for
    all others, as long as no potential is changed by more than these.
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


def _beside(x, y, rows, cols):
    """Pairs beside the steps of a staircase; None if the entries are none, or the pairs too many.

    If no reduced cost is negative there, none is anywhere: the cost of the line is Monge, and
    reduced costs only grow on the way from the staircase, where they are 0. An atom without an
    entry lies between two steps, and stands beside both; two such atoms between the same steps are
    a pair of their own.
    """
    order = np.lexsort((cols, rows, y[cols], x[rows]))
    i, j = rows[order], cols[order]
    if (np.diff(y[j]) < 0).any():
        return None
    (row,), (col,) = (
        np.nonzero(np.bincount(i, minlength=x.size) == 0),
        np.nonzero(np.bincount(j, minlength=y.size) == 0),
    )
    row, col = row[np.argsort(x[row])], col[np.argsort(y[col])]
    row_step, col_step = (
        np.searchsorted(side, lone, side="right") for side, lone in ((x[i], x[row]), (y[j], y[col]))
    )
    first, last = (np.searchsorted(col_step, row_step, side=side) for side in ("left", "right"))
    shared = last - first
    if shared.sum() > _MOST:
        return None
    of_row = np.repeat(np.arange(row.size), shared)
    of_col = np.arange(of_row.size) - np.repeat(np.cumsum(shared) - shared - first, shared)
    end = i.size - 1
    pairs = [
        (i[1:], j[:-1]), (i[:-1], j[1:]), (row[of_row], col[of_col]),
        (row, j[np.maximum(row_step - 1, 0)]), (row, j[np.minimum(row_step, end)]),
        (i[np.maximum(col_step - 1, 0)], col), (i[np.minimum(col_step, end)], col),
    ]  # fmt: skip
    return tuple(np.concatenate(side) for side in zip(*pairs, strict=True))


@kernel
def _near(cost, phi, psi, room, reach, strict):
    """The pairs with c_ij - phi_i - psi_j < room_i + reach_j; if ``strict``, less than 0 besides.

    The difference is rounded once where it is near 0, by an error of at most 2^-53 |phi_i|.
    """
    n, m = cost.shape
    raised, lowered = psi + reach, phi + room + 2.0**-52 * np.abs(phi)
    counts = np.zeros(n, np.int64)
    for i in range(n):
        row = cost[i]
        below = lowered[i]
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
        for j in range(m):
            if not cost[i, j] - raised[j] >= lowered[i]:
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
