"""A k-d tree of points that carry prices, to find the columns that a row likes best.

A row at u likes the columns y of least |u - y|^p - psi. A cell has nothing to offer if the distance
to its box, less the highest psi inside, is too long already: most cells need no look.
"""

import math

import numpy as np

from .._kernel import kernel
from ..cost import power_of_square

_GROUP = 4  # neighbours that a mean replaces
_LEAF = 12  # points in a cell that is not divided, at most


class Tree:
    """Points in the order of a balanced k-d tree, and the boxes of its cells.

    Cell 1 holds all points, and cells 2k and 2k + 1 are the halves of cell k, divided across its
    longest side. The l-th leaf holds the points ``cuts[l]`` to ``cuts[l + 1] - 1``.
    """

    def __init__(self, points: np.ndarray, order: np.ndarray | None = None):
        n = points.shape[0]
        depth = max(0, math.ceil(math.log2(n / _LEAF)))
        self.order = _order(points, depth) if order is None else order
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


def _order(points: np.ndarray, depth: int) -> np.ndarray:
    """The points in the order of a tree of this depth."""
    # Whole numbers are quicker to sort than coordinates: the rank of each point along each axis.
    inside = points.T.copy()
    ranks = inside.argsort(axis=1, kind="stable").argsort(axis=1)
    n = points.shape[0]
    order = np.arange(n)
    for level in range(depth):
        cuts = np.arange(2**level + 1) * n >> level
        low, high = (f.reduceat(inside, cuts[:-1], axis=1) for f in (np.minimum, np.maximum))
        longest, sizes = (high - low).argmax(axis=0), np.diff(cuts)
        key = np.repeat(cuts[:-1], sizes) * n + ranks[np.repeat(longest, sizes), np.arange(n)]
        by = key.argsort()
        order, inside, ranks = order[by], inside[:, by], ranks[:, by]
    return order


@kernel
def cost(u, v, p):
    """The cost |u - v|^p of a pair of points."""
    square = 0.0
    for k in range(u.size):
        square += (u[k] - v[k]) ** 2
    return power_of_square(square, p)


@kernel
def _least_in_cell(u, p, cells, highest, cell):
    """What c - psi exceeds in a cell: the cost of reaching its box, less the highest psi inside."""
    low, high = cells[2], cells[3]
    square = 0.0
    for k in range(u.size):
        beyond = max(low[cell, k] - u[k], u[k] - high[cell, k], 0.0)
        square += beyond * beyond
    return power_of_square(square, p) - highest[cell]


@kernel
def best(u, p, cells, prices, bound, columns, reduced):
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
            value = cost(u, y[j], p) - psi[j]
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
def set_psi(j, value, prices, cells):
    """Give column j a psi, which the cells around it must allow for."""
    psi, highest = prices
    psi[j] = value
    n_leaves = cells[1].size - 1
    cell = n_leaves + ((j + 1) * n_leaves - 1) // psi.size
    while cell > 0 and highest[cell] < value:
        highest[cell] = value
        cell >>= 1
