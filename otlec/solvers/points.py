r"""Optimal assignment of point clouds without a cost matrix: $\min_s \sum_i |x_i - y_{s(i)}|^p$.

A matrix of n^2 costs does not fit into memory long before the problem becomes hard: 10,000 points
would need 800 MB. Points have neighbours, and that replaces the matrix three times:

- *Starting prices.* Four neighbours are replaced by their mean, and the two clouds of means are
  assigned first, in the same way. Their potential extends to all points by the c-transform
  $\psi(y) = \min_i |x_i - y|^p - \varphi_i$, and is nearly right.
- *The auction* of `starting_prices` makes the prices right. A row asks for the columns of least
  $|x - y|^p - \psi(y)$. A k-d tree answers without looking at most of them: a cell has nothing to
  offer if the distance to its box, less the highest psi inside, is too long already.
- *Augmenting paths*, those of `hungarian`, assign the rows that are left. Each row that a search
  reaches asks the tree for its nearest column that is not reached yet.

Every answer of the tree is exact, so the potentials are a certificate as they are for a matrix. In
high dimension hardly a cell can be left out. There the auction reads whole rows of costs, which are
computed when needed; and on the line the monotone plan is known without any search.
"""

import functools
import heapq
import math

import numpy as np

from .. import _validate
from .._kernel import kernel
from ..certificate import judge, with_evidence
from ..cost import cost_matrix
from ..evidence import PointCosts
from ..plan import Assignment
from . import auction, kd_tree
from .assignment_routes import Market
from .exact import proved
from .hungarian import _flip, _update, assignment
from .kd_tree import Tree
from .quantile import transport_1d

_SMALL = 512  # below this size the matrix is no burden
_COARSEST = 60  # so few means need the textbook method only, of which nothing must be compiled
_HIGH = 5  # from this dimension on, a tree leaves out too little
_REPAIRED = 4000  # points, up to which a poor assignment is repaired by means of the matrix
_LISTED = 24  # columns on the short list of a row

_WITHOUT_STEP = 3  # bids a row without a step
_QUICK = 30  # bids a row, where the step is as large as prices have to travel
_QUARREL = 200  # bids a row with a smaller step, at most
_PATIENT = 1 << 60  # lists: where rows quarrel, bids are counted
_ATTEMPTS = 6  # auctions in search of a step that settles all rows
_FIRST_STEP, _LAST_STEP = 0.4, 1e-9  # in diameters of a cell, to the power p
_ROUNDING = 2.0**-46  # of potentials that are taken back, more than there is
_RATIO = 8  # of one step and the next


def assignment_points(x, y, p: float = 2) -> Assignment:
    r"""Match two clouds of n points at least cost, $\min_s \sum_i |x_i - y_{s(i)}|^p$.

    Parameters
    ----------
    x, y : arrays of shape (n,) or (n, d)
        As many points in y as in x.
    p : float
        An exponent >= 1.

    Returns
    -------
    Assignment
        With ``.permutation``, ``.value`` (the sum of the costs, n W_p^p), ``.phi`` and ``.psi``.

    Raises
    ------
    TypeError, ValueError
        If the points are not finite real arrays of the same shape, p < 1, or a cost overflows.
    """
    x, y = _validate.points(x, "x"), _validate.points(y, "y")
    p = _validate.exponent(p)
    if x.shape[0] != y.shape[0]:
        raise ValueError(
            f"x has {x.shape[0]} points and y has {y.shape[0]}: an assignment needs as many"
        )
    n = x.shape[0]
    x, y = x.reshape(n, -1), y.reshape(n, -1)
    _refuse_overflow(x, y, p)
    if n < _SMALL:
        return assignment(cost_matrix(x, y, p))
    costs = TreeCosts(x, y, p)
    best = _solve(x, costs.brought, p, by_y=costs.tree)
    if costs.shift.any():
        phi, psi = costs.taken_back(best.phi, best.psi)
        best = _assignment(x, y, p, best.permutation, phi, psi)
    return _proved(best, costs)


def _proved(best: Assignment, costs: "TreeCosts") -> Assignment:
    """The assignment with its evidence; repaired where its certificate is poor.

    The tree is asked for all pairs that are nearly tight, which takes it a few percent of the time
    of the solution.
    """
    best = with_evidence(best, costs)
    error = judge(best, best.evidence).error
    if error > 1e-12 and costs.x.shape[0] <= _REPAIRED:
        return proved(best, cost_matrix(costs.x, costs.y, costs.p))
    if error > 1e-9:
        raise RuntimeError(
            f"the assignment that was found is {best.certificate}: the distances differ by too "
            "many orders of magnitude for double precision; divide the problem"
        )
    return best


class TreeCosts(PointCosts):
    """The costs of points, of which a k-d tree finds those that matter.

    Where the clouds are far apart and p = 2, y is brought to x by a ``shift``, which changes no
    assignment, but makes neighbours of partners. With z = y - shift,

        |x - y|^2 = |x - z|^2 - 2 shift.x + 2 shift.z + |shift|^2.
    """

    @functools.cached_property
    def shift(self) -> np.ndarray:
        """From the mean of x to that of y, where they are far apart and p = 2; else 0."""
        shift = self.y.mean(axis=0) - self.x.mean(axis=0)
        return shift * (self.p == 2 and shift @ shift > self.x.var(axis=0).sum())

    @functools.cached_property
    def brought(self) -> np.ndarray:
        """The points y, brought to x where that helps."""
        return self.y - self.shift

    @functools.cached_property
    def tree(self) -> Tree | None:
        """The tree of ``brought``, where the dimension is such that it pays."""
        return Tree(self.brought) if 1 < self.x.shape[1] < _HIGH else None

    def taken_back(self, phi: np.ndarray, psi: np.ndarray, sign: int = 1):
        """Potentials of the clouds as they are, from those of x and ``brought``; or the reverse."""
        centre, shift = self.x.mean(axis=0), self.shift
        phi = phi - sign * ((self.x - centre) @ (2 * shift))
        return phi, psi + sign * ((self.brought - centre) @ (2 * shift) + shift @ shift)

    def near(self, entries, phi, psi, room, reach, unit, strict):
        """As `PointCosts.near`, by questions to the tree."""
        tree = self.tree
        if unit != 0 or tree is None:
            return super().near(entries, phi, psi, room, reach, unit, strict)
        bounds = room + 2.0**-52 * np.abs(phi)
        if self.shift.any():  # some pairs more are listed, and none that counts is lost
            largest = max(np.abs(phi).max(), np.abs(psi).max())
            bounds += _ROUNDING * (largest + np.sqrt(largest) * np.abs(self.y).max())
            phi, psi = self.taken_back(phi, psi, -1)
        raised = (psi + reach)[tree.order]
        prices = raised, tree.upwards(np.maximum, raised)
        found, rows, cols = _below(self.x, self.p, tree.cells, prices, bounds + phi)
        if found < 0:
            return super().near(entries, phi, psi, room, reach, unit, strict)
        rows, cols = rows[:found], tree.order[cols[:found]]
        return rows, cols, self.of(rows, cols), False


def _refuse_overflow(x: np.ndarray, y: np.ndarray, p: float) -> None:
    """Raise if the diagonal of the box of all points, to the power p and times n, overflows."""
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has dimension {x.shape[1]}, but y has dimension {y.shape[1]}")
    low, high = np.minimum(x.min(axis=0), y.min(axis=0)), np.maximum(x.max(axis=0), y.max(axis=0))
    with np.errstate(over="ignore"):
        farthest = cost_matrix(low[None], high[None], p)[0, 0] * x.shape[0]
    if not math.isfinite(4 * farthest):
        raise ValueError("x and y are too far apart: the sum of |x - y|^p may exceed 1.8e308")


def _solve(x: np.ndarray, y: np.ndarray, p: float, *, by_x=None, by_y=None) -> Assignment:
    """The assignment of any two clouds of as many points, whose trees are made if not given."""
    n, dim = x.shape
    if n < _COARSEST:
        return assignment(cost_matrix(x, y, p))
    if dim == 1:
        plan = transport_1d(x, y, p=p)
        permutation = plan.cols[np.argsort(plan.rows)]
        return _assignment(x, y, p, permutation, plan.phi, plan.psi)
    # in high dimension the rows are asked in any order
    by_x = by_x or Tree(x, np.arange(n) if dim >= _HIGH else None)
    by_y = by_y or Tree(y)
    if dim < _HIGH:
        psi = _prices_of_means(by_x, by_y, p)
        phi, row_of, col_of = _auctions(by_x.points, by_y, p, psi)
    else:
        market = Market.of_points(by_x.points, by_y.points, p)
        market.settle()
        (phi, psi), (row_of, col_of) = market.potentials, market.assigned
    _finish(by_x.points, by_y, p, phi, psi, row_of, col_of)
    back_x, back_y = np.argsort(by_x.order), np.argsort(by_y.order)
    permutation = by_y.order[col_of][back_x]
    return _assignment(x, y, p, permutation, phi[back_x], psi[back_y])


def _assignment(x, y, p, permutation, phi, psi) -> Assignment:
    value = math.fsum(_costs_of_pairs(x, y, p, permutation).tolist())
    return Assignment(permutation, value, phi, psi)


def _prices_of_means(by_x: Tree, by_y: Tree, p: float) -> np.ndarray:
    """The c-transform of the potential between two clouds of fewer points."""
    x, y = by_x.means(), by_y.means()
    tree = Tree(x)
    phi = _solve(x, y, p, by_x=tree).phi[tree.order]
    return _c_transform(by_y.points, p, tree.cells, (phi, tree.upwards(np.maximum, phi)))


def _auctions(x: np.ndarray, by_y: Tree, p: float, psi: np.ndarray):
    """Improve the prices psi by auctions with steps that shrink; return phi and who has what."""
    n = psi.size
    phi = np.zeros(n)
    row_of, col_of = np.full(n, -1), np.full(n, -1)
    costs = None, (x, by_y.cells, p, by_y.upwards(np.maximum, psi))
    lists = auction.empty_lists(n, _LISTED)

    def bid(step, bids_a_row):
        row_of[:] = col_of[:] = -1
        patience = bids_a_row, _PATIENT
        return auction.bid(costs, (phi, psi), (row_of, col_of), step, patience, lists)

    first = step = _FIRST_STEP * by_y.typical_diameter() ** p
    # a step below the spacing of floats would not change a price
    last = max(_LAST_STEP * first, 4 * np.spacing(np.abs(psi).max()))
    for _ in range(_ATTEMPTS):
        if step <= last or bid(step, _QUICK) == 0:
            break
        step *= _RATIO
    while step > last:
        step /= _RATIO
        bid(step, _QUARREL)
    bid(0.0, _WITHOUT_STEP)
    return phi, row_of, col_of


def _finish(x: np.ndarray, by_y: Tree, p: float, phi, psi, row_of, col_of) -> None:
    """Assign the rows that are still free."""
    barred = np.where(row_of < 0, -np.inf, psi)
    free = np.where(row_of < 0, psi, -np.inf)
    barred, free = ((values, by_y.upwards(np.maximum, values)) for values in (barred, free))
    _augment_all(x, p, by_y.cells, phi, psi, barred, free, row_of, col_of)


@kernel
def _costs_of_pairs(x, y, p, permutation):
    costs = np.empty(permutation.size)
    for i in range(costs.size):
        costs[i] = kd_tree.cost(x[i], y[permutation[i]], p)
    return costs


@kernel
def _below(x, p, cells, prices, bounds):
    """All pairs with c - psi below the bound of the row; -1 of them if a row has too many."""
    n = x.shape[0]
    room = 4 * n
    rows, cols = np.empty(room, np.int64), np.empty(room, np.int64)
    columns, reduced = np.empty(64, np.int32), np.empty(64)
    found = 0
    for i in range(n):
        count, _ = kd_tree.best(x[i], p, cells, prices, bounds[i], columns, reduced)
        if count == columns.size or found + count > room:
            return -1, rows, cols
        for k in range(count):
            rows[found], cols[found] = i, columns[k]
            found += 1
    return found, rows, cols


@kernel
def _c_transform(x, p, cells, prices):
    """The least c - psi of every row: the c-transform of psi."""
    least = np.empty(x.shape[0])
    columns, reduced = np.empty(1, np.int32), np.empty(1)
    for i in range(least.size):
        kd_tree.best(x[i], p, cells, prices, np.inf, columns, reduced)
        least[i] = reduced[0]
    return least


@kernel
def _augment_all(x, p, cells, phi, psi, barred, free, row_of, col_of):
    """Assign every free row by a shortest augmenting path, as in `hungarian`.

    ``barred`` has psi at the assigned columns that a search has not reached yet, ``free`` at those
    without a row; both are -inf elsewhere.
    """
    n = psi.size
    parent = np.empty(n, np.int64)
    reached = np.empty(n, np.int64)
    at = np.empty(n)
    joined = np.empty(n)
    for start in range(n):
        if col_of[start] >= 0:
            continue
        sink, length, n_reached = _search(
            x, p, cells, phi, barred, free, row_of, start, parent, reached, at, joined
        )
        _update(phi, psi, barred[0], row_of, start, length, reached[:n_reached], at)
        for j in reached[:n_reached]:
            kd_tree.set_psi(j, psi[j], barred, cells)
        free[0][sink] = -np.inf
        kd_tree.set_psi(sink, psi[sink], barred, cells)
        _flip(row_of, col_of, parent, start, sink)


# long: a kernel takes plain arrays, and all memory is its caller's: one search follows another
@kernel
def _search(x, p, cells, phi, barred, free, row_of, start, parent, reached, at, joined):
    """Dijkstra from row ``start`` to the nearest free column, in reduced costs.

    Each row that has joined waits in a heap with its nearest assigned column, of those that were
    not reached when it was asked. Returns the free column, its distance, and how many columns are
    reached before it.
    """
    column, reduced = np.empty(1, np.int32), np.empty(1)
    sink, length, n_reached = -1, np.inf, 0
    waiting = [(0.0, start, -1)]
    while len(waiting) > 0 and waiting[0][0] < length:
        distance, row, j = heapq.heappop(waiting)
        if j < 0 or barred[0][j] > -np.inf:
            newcomer = start
            if j >= 0:
                parent[j] = row
                reached[n_reached], at[n_reached] = j, distance
                n_reached += 1
                barred[0][j] = -np.inf
                newcomer = row_of[j]
            joined[newcomer] = distance
            limit = length - distance + phi[newcomer]
            if kd_tree.best(x[newcomer], p, cells, free, limit, column, reduced)[0] > 0:
                through = distance + max(reduced[0] - phi[newcomer], 0.0)
                if through < length:
                    sink, length = np.int64(column[0]), through
                    parent[sink] = newcomer
            if newcomer != row:
                near, k = _wait(newcomer, x, p, cells, phi, barred, length, joined, column, reduced)
                if k >= 0:
                    heapq.heappush(waiting, (near, newcomer, k))
        near, k = _wait(row, x, p, cells, phi, barred, length, joined, column, reduced)
        if k >= 0:
            heapq.heappush(waiting, (near, row, k))
    return sink, length, n_reached


@kernel
def _wait(i, x, p, cells, phi, barred, length, joined, column, reduced):
    """How far row i waits for its nearest assigned column, and which: -1 if a free one is nearer.

    The heap stays with the caller: Numba takes no list that is empty from plain Python.
    """
    limit = length - joined[i] + phi[i]
    if kd_tree.best(x[i], p, cells, barred, limit, column, reduced)[0] > 0:
        # c - phi - psi >= 0 on every pair; rounding must not shorten the path
        return joined[i] + max(reduced[0] - phi[i], 0.0), np.int64(column[0])
    return np.inf, np.int64(-1)
