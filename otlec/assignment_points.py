r"""Optimal assignment of point clouds without a cost matrix: $\min_s \sum_i |x_i - y_{s(i)}|^p$.

A matrix of n^2 costs does not fit into memory long before the problem becomes hard: 10,000 points
would need 800 MB. But the costs of a row are n distances, as quick to compute as to read. So the
prices come from the same auction as for a matrix, whose short lists take O(n) memory; and the last
augmenting paths are those of the Hungarian method, with each row of costs computed when the search
comes to it.
"""

import math

import numpy as np

from . import _check
from .cost import cost_matrix
from .hungarian import _nearest, _relax, assignment
from .plan import Assignment
from .starting_prices import Market

_SMALL = 512  # below this size the matrix is no burden


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
    x, y = _check.points(x, "x"), _check.points(y, "y")
    p = _check.exponent(p)
    if x.shape[0] != y.shape[0]:
        raise ValueError(
            f"x has {x.shape[0]} points and y has {y.shape[0]}: an assignment needs as many"
        )
    n = x.shape[0]
    x, y = x.reshape(n, -1), y.reshape(n, -1)
    _refuse_overflow(x, y, p)
    if n < _SMALL:
        return assignment(cost_matrix(x, y, p))
    market = Market.of_points(x, y, p)
    market.settle()
    _augment_all(x, y, p, market.phi, market.psi, market.row_of, market.col_of)
    used = [cost_matrix(x[i : i + 1], y[j : j + 1], p)[0, 0] for i, j in enumerate(market.col_of)]
    return Assignment(market.col_of, math.fsum(used), market.phi, market.psi)


def _refuse_overflow(x: np.ndarray, y: np.ndarray, p: float) -> None:
    """Raise if the diagonal of the box of all points, to the power p and times n, overflows."""
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has dimension {x.shape[1]}, but y has dimension {y.shape[1]}")
    low, high = np.minimum(x.min(axis=0), y.min(axis=0)), np.maximum(x.max(axis=0), y.max(axis=0))
    with np.errstate(over="ignore"):
        farthest = cost_matrix(low[None], high[None], p)[0, 0] * x.shape[0]
    if not math.isfinite(4 * farthest):
        raise ValueError("x and y are too far apart: the sum of |x - y|^p may exceed 1.8e308")


def _augment_all(x, y, p, phi, psi, row_of, col_of) -> None:
    """Assign every free row by a shortest augmenting path, as in `hungarian`."""
    n = phi.size
    parent = np.empty(n, np.int64)
    barred = psi.copy()  # psi, but -inf at the columns that the search has reached
    for start in np.flatnonzero(col_of < 0):
        distance = np.full(n, np.inf)
        reached, at = [], []
        row, length, before = start, 0.0, -1
        while True:
            costs = cost_matrix(x[row : row + 1], y, p)[0]
            _relax(costs, phi[row], barred, length, distance, parent, row)
            sink = _nearest(distance.view(np.int64), row_of, before)
            length = distance[sink]
            if row_of[sink] < 0:
                break
            before = distance[sink].view(np.int64)
            reached.append(sink)
            at.append(length)
            distance[sink], barred[sink] = np.inf, -np.inf
            row = row_of[sink]
        slack = length - np.array(at)
        phi[start] += length
        phi[row_of[reached]] += slack
        psi[reached] -= slack
        barred[reached] = psi[reached]
        _flip(row_of, col_of, parent, start, sink)


def _flip(row_of, col_of, parent, start, sink) -> None:
    """Exchange the new pairs of the path for the assigned ones: one more row is assigned."""
    row = -1
    while row != start:
        row = parent[sink]
        row_of[sink] = row
        sink, col_of[row] = col_of[row], sink
