r"""Cost functions: $|x - y|^p$ of sections 2, 3 and 5, and $\tfrac12 |x - y|^2$ of section 4."""

import math

import numpy as np

from . import _validate
from ._kernel import kernel

_SMALL, _LARGE = 1e-290, 1e300  # squares between them have lost no digit


def cost_matrix(x, y, p: float = 2) -> np.ndarray:
    r"""The matrix of costs $c_{ij} = |x_i - y_j|^p$ (Definition 2.1), |.| being the Euclidean norm.

    Parameters
    ----------
    x, y : arrays of shape (n,) and (m,), or (n, d) and (m, d)
    p : float
        An exponent >= 1. There is no factor 1/2: see `half_square_cost` for section 4.

    Returns
    -------
    Array of shape (n, m). It overflows to +inf where a cost exceeds 1.8e308.

    Raises
    ------
    TypeError, ValueError
        If the points are not finite real arrays of the same dimension, or p < 1.
    """
    x, y = _pair_of_points(x, y)
    return _distance_powers(x, y, _validate.exponent(p))


def half_square_cost(x, y) -> np.ndarray:
    r"""The matrix of $c_{ij} = \tfrac12 |x_i - y_j|^2$, the cost of section 4 and Proposition 4.2.

    Its transport cost is half of W_2^2: $W_2^2 = 2 \mathcal{T}_c$.
    """
    return 0.5 * cost_matrix(x, y, 2)


def _pair_of_points(x, y) -> tuple[np.ndarray, np.ndarray]:
    x = _validate.points(x, "x")
    y = _validate.points(y, "y")
    x = x[:, None] if x.ndim == 1 else x
    y = y[:, None] if y.ndim == 1 else y
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has dimension {x.shape[1]}, but y has dimension {y.shape[1]}")
    return x, y


@kernel
def _distance_powers(x, y, p):
    # Differences first, squares after: |x|^2 + |y|^2 - 2 x.y would lose half of the digits.
    n, m = x.shape[0], y.shape[0]
    c = np.empty((n, m))
    columns = np.empty((y.shape[1], m))
    for j in range(m):
        for k in range(columns.shape[0]):
            columns[k, j] = y[j, k]
    for i in range(n):
        squares_of_row(x[i], columns, c[i])
        outside = 0
        for j in range(m):
            outside += 0 if _SMALL < c[i, j] < _LARGE else 1
        if outside:
            _measure_again(x[i], y, p, c[i])
        elif p == 1.0:
            for j in range(m):
                c[i, j] = np.sqrt(c[i, j])
        elif p != 2.0:
            for j in range(m):
                c[i, j] = power_of_square(c[i, j], p)
    return c


@kernel
def squares_of_row(x, columns, squares):
    """The squared distances of a point to others, of which ``columns`` holds the coordinates."""
    squares[:] = 0.0
    for k in range(columns.shape[0]):
        for j in range(squares.size):  # the inner loop, so that several are handled at once
            apart = x[k] - columns[k, j]
            squares[j] += apart * apart


@kernel
def costs_of_pairs(x, y, p, rows, cols):
    """The costs of some pairs, to the last bit those of the matrix."""
    costs = np.empty(rows.size)
    for q in range(rows.size):
        square = 0.0
        for k in range(x.shape[1]):
            square += (x[rows[q], k] - y[cols[q], k]) ** 2
        if _SMALL < square < _LARGE:
            costs[q] = power_of_square(square, p)
        else:
            costs[q] = _length(x[rows[q]], y[cols[q]]) ** p
    return costs


@kernel
def _measure_again(x, y, p, squares):
    """Turn squares into costs where some have vanished or overflowed: by lengths in units."""
    for j in range(y.shape[0]):
        if not _SMALL < squares[j] < _LARGE:
            squares[j] = _length(x, y[j]) ** p
        else:
            squares[j] = power_of_square(squares[j], p)


@kernel
def _length(x, y):
    """The Euclidean norm of x - y in units of its largest entry."""
    unit = 0.0
    for k in range(x.size):
        unit = max(unit, abs(x[k] - y[k]))
    if unit == 0.0 or unit == np.inf:
        return unit
    square = 0.0
    for k in range(x.size):
        square += ((x[k] - y[k]) / unit) ** 2
    return unit * np.sqrt(square)


@kernel
def power_of_square(square, p):
    """``distance**p`` from the square of the distance."""
    # not by `power`: inlined where neighbours are searched, its loop would cost a fifth of the time
    if p == 2.0:
        return square
    return math.sqrt(square) if p == 1.0 else square ** (0.5 * p)


@kernel
def power(distance, p):
    """``distance**p``; where 2p is a small whole number, by products and at most one root.

    These are quicker, and the same to the last bit on every machine: a general power is not.
    """
    if p == 2.0:
        return distance * distance
    if p > 8.0 or 2 * p != math.floor(2 * p):
        return distance**p
    whole = math.floor(p)
    value = distance if p == whole else distance * math.sqrt(distance)
    for _ in range(int(whole) - 1):
        value *= distance
    return value
