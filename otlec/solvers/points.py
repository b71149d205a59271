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

import heapq
import math

import numpy as np

from .. import _validate
from .._kernel import kernel
from ..certificate import PointCosts
from ..cost import cost_matrix
from ..plan import Assignment
from .auction import Market
from .hungarian import assignment
from .quantile import transport_1d

_SMALL = 512  # below this size the matrix is no burden
_HIGH = 5  # from this dimension on, a tree leaves out too little
_GROUP = 4  # neighbours that a mean replaces
_LEAF = 12  # points in a cell that is not divided, at most
_LISTED = 24  # columns on the short list of a row

_WITHOUT_STEP = 3  # bids a row without a step
_QUARREL = 50  # bids a row with a step, at most
_ATTEMPTS = 6  # auctions in search of a step that settles nearly all rows
_FIRST_STEP, _LAST_STEP = 0.4, 1e-6  # in diameters of a cell, to the power p
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
    shift = y.mean(axis=0) - x.mean(axis=0)
    if p == 2 and shift @ shift > x.var(axis=0).sum():
        return _bring_together(x, y, shift)
    return _solve(x, y, p)


def _refuse_overflow(x: np.ndarray, y: np.ndarray, p: float) -> None:
    """Raise if the diagonal of the box of all points, to the power p and times n, overflows."""
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has dimension {x.shape[1]}, but y has dimension {y.shape[1]}")
    low, high = np.minimum(x.min(axis=0), y.min(axis=0)), np.maximum(x.max(axis=0), y.max(axis=0))
    with np.errstate(over="ignore"):
        farthest = cost_matrix(low[None], high[None], p)[0, 0] * x.shape[0]
    if not math.isfinite(4 * farthest):
        raise ValueError("x and y are too far apart: the sum of |x - y|^p may exceed 1.8e308")


def _bring_together(x: np.ndarray, y: np.ndarray, shift: np.ndarray) -> Assignment:
    """Solve for p = 2 after a shift, which changes no assignment, but makes neighbours of partners.

    With z = y - shift, |x - y|^2 = |x - z|^2 - 2 shift.x + 2 shift.z + |shift|^2.
    """
    z = y - shift
    best = _solve(x, z, 2.0)
    centre = x.mean(axis=0)
    phi = best.phi - (x - centre) @ (2 * shift)
    psi = best.psi + (z - centre) @ (2 * shift) + shift @ shift
    return _assignment(x, y, 2.0, best.permutation, phi, psi)


def _solve(x: np.ndarray, y: np.ndarray, p: float) -> Assignment:
    n, dim = x.shape
    if n < _SMALL:
        return assignment(cost_matrix(x, y, p))
    if dim == 1:
        plan = transport_1d(x, y, p=p)
        permutation = plan.cols[np.argsort(plan.rows)]
        return _assignment(x, y, p, permutation, plan.phi, plan.psi)
    by_x, by_y = _Tree(x), _Tree(y)
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
    return Assignment(permutation, value, phi, psi, PointCosts(x, y, p))


def _prices_of_means(by_x: "_Tree", by_y: "_Tree", p: float) -> np.ndarray:
    """The c-transform of the potential between two clouds of fewer points."""
    x, y = by_x.means(), by_y.means()
    phi = _solve(x, y, p).phi
    tree = _Tree(x)
    phi = phi[tree.order]
    return _c_transform(by_y.points, p, tree.cells, (phi, tree.upwards(np.maximum, phi)))


def _auctions(x: np.ndarray, by_y: "_Tree", p: float, psi: np.ndarray):
    """Improve the prices psi by auctions with steps that shrink; return phi and who has what."""
    n = psi.size
    phi = np.zeros(n)
    assigned = row_of, col_of = np.full(n, -1), np.full(n, -1)
    prices = psi, by_y.upwards(np.maximum, psi)
    lists = np.zeros((n, _LISTED), np.int64), np.zeros((n, _LISTED)), np.full(n, -np.inf)

    def auction(step, bids_a_row):
        row_of[:] = col_of[:] = -1
        return _bid(x, p, by_y.cells, phi, prices, assigned, step, bids_a_row, lists)

    first = step = _FIRST_STEP * by_y.typical_diameter() ** p
    # a step below the spacing of floats would not change a price
    last = max(_LAST_STEP * first, 4 * np.spacing(np.abs(psi).max()))
    for _ in range(_ATTEMPTS):
        if step <= last or auction(step, _QUARREL) <= n // 64:
            break
        step *= _RATIO
    while step > last:
        step /= _RATIO
        auction(step, _QUARREL)
    auction(0.0, _WITHOUT_STEP)
    return phi, row_of, col_of


def _finish(x: np.ndarray, by_y: "_Tree", p: float, phi, psi, row_of, col_of) -> None:
    """Assign the rows that are still free."""
    barred = np.where(row_of < 0, -np.inf, psi)
    free = np.where(row_of < 0, psi, -np.inf)
    barred, free = ((values, by_y.upwards(np.maximum, values)) for values in (barred, free))
    _augment_all(x, p, by_y.cells, phi, psi, barred, free, row_of, col_of)


class _Tree:
    """Points in the order of a balanced k-d tree, and the boxes of its cells.

    Cell 1 holds all points, and cells 2k and 2k + 1 are the halves of cell k, divided across its
    longest side. The l-th leaf holds the points ``cuts[l]`` to ``cuts[l + 1] - 1``.
    """

    def __init__(self, points: np.ndarray):
        n = points.shape[0]
        depth = max(0, math.ceil(math.log2(n / _LEAF)))
        self.order = np.arange(n)
        for level in range(depth):
            cuts = np.arange(2**level + 1) * n >> level
            inside = points[self.order]
            low, high = (f.reduceat(inside, cuts[:-1]) for f in (np.minimum, np.maximum))
            cell = np.repeat(np.arange(2**level), np.diff(cuts))
            along = inside[np.arange(n), (high - low).argmax(axis=1)[cell]]
            self.order = self.order[np.lexsort((along, cell))]
        self.cuts = np.arange(2**depth + 1) * n >> depth
        self.points = points[self.order]
        self.low, self.high = (self.upwards(f, self.points) for f in (np.minimum, np.maximum))
        self.cells = self.points, self.cuts, self.low, self.high

    def upwards(self, function: np.ufunc, values: np.ndarray) -> np.ndarray:
        """The least or the largest value in every cell; entry 0 means nothing."""
        levels = [function.reduceat(values, self.cuts[:-1])]
        while len(levels[0]) > 1:
            levels.insert(0, function(levels[0][::2], levels[0][1::2]))
        return np.concatenate([levels[0], *levels])

    def means(self) -> np.ndarray:
        """The means of groups of points that are neighbours in the tree."""
        n = self.points.shape[0]
        cuts = np.arange(n // _GROUP + 1) * n // (n // _GROUP)
        return np.add.reduceat(self.points, cuts[:-1]) / np.diff(cuts)[:, None]

    def typical_diameter(self) -> float:
        """The diagonal of the box of the median leaf."""
        sides = (self.high - self.low)[-len(self.cuts) + 1 :]
        return float(np.median(np.sqrt((sides**2).sum(axis=1))))


@kernel
def _power_of_root(square, p):
    if p == 2.0:
        return square
    return math.sqrt(square) if p == 1.0 else square ** (0.5 * p)


@kernel
def _cost(u, v, p):
    square = 0.0
    for k in range(u.size):
        square += (u[k] - v[k]) ** 2
    return _power_of_root(square, p)


@kernel
def _costs_of_pairs(x, y, p, permutation):
    costs = np.empty(permutation.size)
    for i in range(costs.size):
        costs[i] = _cost(x[i], y[permutation[i]], p)
    return costs


@kernel
def _least_in_cell(u, p, cells, highest, cell):
    """What c - psi exceeds in a cell: the cost of reaching its box, less the highest psi inside."""
    low, high = cells[2], cells[3]
    square = 0.0
    for k in range(u.size):
        beyond = max(low[cell, k] - u[k], u[k] - high[cell, k], 0.0)
        square += beyond * beyond
    return _power_of_root(square, p) - highest[cell]


@kernel
def _best(u, p, cells, prices, bound, columns, reduced):
    """List the columns of least c - psi below ``bound`` for a row at u, as many as there is room.

    They are ordered. Returns their number, and a bound on c - psi for all others.
    """
    y, cuts = cells[0], cells[1]
    psi, highest = prices
    n_leaves = cuts.size - 1
    count = 0
    postponed = [(-np.inf, 1)]
    while len(postponed) > 0:
        least, cell = postponed.pop()
        while least < bound and cell < n_leaves:
            cell *= 2  # go down to the better half, and come back for the other
            least = _least_in_cell(u, p, cells, highest, cell)
            other = _least_in_cell(u, p, cells, highest, cell + 1)
            nearer = 0 if least <= other else 1
            if max(least, other) < bound:
                postponed.append((max(least, other), cell + 1 - nearer))
            least, cell = min(least, other), cell + nearer
        if least >= bound:
            continue
        top = -np.inf
        for j in range(cuts[cell - n_leaves], cuts[cell - n_leaves + 1]):
            top = max(top, psi[j])
            value = _cost(u, y[j], p) - psi[j]
            if value < bound:
                count = _insert(value, j, reduced, columns, count)
                if count == columns.size:
                    bound = reduced[count - 1]
        _lower(highest, cell, top)
    return count, bound


@kernel
def _insert(value, j, reduced, columns, count):
    """Insert into a sorted list, whose last entry is lost if there is no room."""
    count = min(count + 1, columns.size)
    q = count - 1
    while q > 0 and reduced[q - 1] > value:
        reduced[q], columns[q] = reduced[q - 1], columns[q - 1]
        q -= 1
    reduced[q], columns[q] = value, j
    return count


@kernel
def _lower(highest, cell, top):
    """Note that psi has fallen to ``top`` in a leaf, and what this means for the cells around."""
    while cell > 0 and top < highest[cell]:
        highest[cell] = top
        top = max(top, highest[cell ^ 1])
        cell >>= 1


@kernel
def _c_transform(x, p, cells, prices):
    """The least c - psi of every row: the c-transform of psi."""
    least = np.empty(x.shape[0])
    columns, reduced = np.empty(1, np.int64), np.empty(1)
    for i in range(least.size):
        _best(x[i], p, cells, prices, np.inf, columns, reduced)
        least[i] = reduced[0]
    return least


@kernel
def _bid(x, p, cells, phi, prices, assigned, step, bids_a_row, lists):
    """One auction, as in `starting_prices`; return how many rows have no column at its end."""
    psi = prices[0]
    row_of, col_of = assigned
    columns, costs, bounds = lists
    n = psi.size
    reduced = np.empty(columns.shape[1])
    queue = np.arange(n - 1, -1, -1)
    waiting, idle = n, 0
    n_bids = bids_a_row * n
    while waiting > 0 and (step == 0.0 or n_bids > 0):
        n_bids -= 1
        i = queue[waiting - 1]
        j, best, second = _two_best(columns[i], costs[i], psi)
        if not second <= bounds[i]:
            _, bounds[i] = _best(x[i], p, cells, prices, np.inf, columns[i], reduced)
            for q in range(reduced.size):
                costs[i, q] = _cost(x[i], cells[0][columns[i, q]], p)
            j, best, second = _two_best(columns[i], costs[i], psi)
        waiting -= 1
        if step == 0.0 and (second == best or n_bids < 0) and row_of[j] >= 0:
            # between equals, or after the last bid, rows take what is free and tight, or nothing
            second = best
            j = _free_among(columns[i], costs[i], psi, best, row_of)
        phi[i] = second
        if j < 0:
            idle += 1
            continue
        psi[j] -= second - best + step
        loser = row_of[j]
        row_of[j] = i
        col_of[i] = j
        if loser >= 0:
            col_of[loser] = -1
            queue[waiting] = loser
            waiting += 1
    return waiting + idle


@kernel
def _two_best(columns, costs, psi):
    """The favourite on a short list, its reduced cost, and that of the second best."""
    favourite = -1
    best = second = np.inf
    for q in range(columns.size):
        value = costs[q] - psi[columns[q]]
        if value < best:
            best, second, favourite = value, best, columns[q]
        elif value < second:
            second = value
    return favourite, best, second


@kernel
def _free_among(columns, costs, psi, best, row_of):
    """A free column that is liked best, or -1."""
    for q in range(columns.size):
        j = columns[q]
        if row_of[j] < 0 and costs[q] - psi[j] == best:
            return j
    return -1


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
        phi[start] += length
        for k in range(n_reached):
            j = reached[k]
            phi[row_of[j]] += length - at[k]
            psi[j] -= length - at[k]
            _set(j, psi[j], barred, cells)
        free[0][sink] = -np.inf
        _set(sink, psi[sink], barred, cells)
        row = -1
        while row != start:
            row = parent[sink]
            row_of[sink] = row
            sink, col_of[row] = col_of[row], sink


@kernel
def _set(j, value, prices, cells):
    """Give column j a psi, which the cells around it must allow for."""
    psi, highest = prices
    psi[j] = value
    n_leaves = cells[1].size - 1
    cell = n_leaves + ((j + 1) * n_leaves - 1) // psi.size
    while cell > 0 and highest[cell] < value:
        highest[cell] = value
        cell >>= 1


@kernel
def _search(x, p, cells, phi, barred, free, row_of, start, parent, reached, at, joined):
    """Dijkstra from row ``start`` to the nearest free column, in reduced costs.

    Each row that has joined waits in a heap with its nearest assigned column, of those that were
    not reached when it was asked. Returns the free column, its distance, and how many columns are
    reached before it.
    """
    column, reduced = np.empty(1, np.int64), np.empty(1)
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
            if _best(x[newcomer], p, cells, free, limit, column, reduced)[0] > 0:
                through = distance + max(reduced[0] - phi[newcomer], 0.0)
                if through < length:
                    sink, length = column[0], through
                    parent[sink] = newcomer
            if newcomer != row:
                _wait(newcomer, x, p, cells, phi, barred, length, joined, column, reduced, waiting)
        _wait(row, x, p, cells, phi, barred, length, joined, column, reduced, waiting)
    return sink, length, n_reached


@kernel
def _wait(i, x, p, cells, phi, barred, length, joined, column, reduced, waiting):
    """Let row i wait for its nearest assigned column, if that is nearer than a free one."""
    limit = length - joined[i] + phi[i]
    if _best(x[i], p, cells, barred, limit, column, reduced)[0] > 0:
        # c - phi - psi >= 0 on every pair; rounding must not shorten the path
        distance = joined[i] + max(reduced[0] - phi[i], 0.0)
        heapq.heappush(waiting, (distance, i, column[0]))
