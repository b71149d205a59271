r"""W_inf between clouds of points: an assignment whose dearest pair is as cheap as possible.

As p grows, the plans that are optimal for |x - y|^p come to minimise the longest move alone:

    W_inf = min_s max_i |x_i - y_s(i)|,        in general  min_s max_i c[i, s(i)].

Only comparisons matter. The method raises a threshold t: the pairs with c <= t form a graph, and
augmenting paths in it assign one row after the other. When a row has no augmenting path, the rows R
that it reaches share only |R| - 1 columns, so one of them needs a pair above t (Hall's theorem);
t rises to the cheapest such pair and the search goes on. The last block of rows R and columns that
they do not reach is the certificate: all its costs are >= t, and, having n + 1 lines, it meets
every permutation (König).

Source: Gross (1959); Derigs and Zimmermann (1978); Burkard, Dell'Amico and Martello (2009), ch. 6.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from .. import _validate
from .._kernel import kernel
from .._read_only import ReadOnly
from ..certificate import UNKNOWN, Certificate, judge_bottleneck, with_verdict
from .hungarian import _flip


@dataclass(frozen=True, eq=False, repr=False)
class Bottleneck(ReadOnly):
    r"""A permutation whose dearest pair is as cheap as possible, with its certificate.

    Attributes
    ----------
    permutation : integer array of shape (n,)
        Row i is assigned to column ``permutation[i]``.
    value : float
        Its largest cost, $\min_s \max_i c_{i, s(i)}$: an entry of the matrix.
    rows, cols : integer arrays
        The proof: all costs in these rows and columns are >= ``value``. There are n + 1 of them
        together, so every permutation assigns one of the rows to one of the columns.
    """

    permutation: np.ndarray
    value: float
    rows: np.ndarray
    cols: np.ndarray

    verdict: Certificate = field(default=UNKNOWN, init=False)

    @property
    def a(self) -> np.ndarray:
        """The marginals: a mass of 1 in each row."""
        return np.ones(self.permutation.size)

    b = a

    @property
    def entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, columns and masses of the plan: a mass of 1 on each pair."""
        return np.arange(self.permutation.size), self.permutation, self.a

    @property
    def block(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows and columns between which no pair is cheaper than the value."""
        return self.rows, self.cols

    @property
    def gap(self) -> float:
        """The value minus its lower bound: 0, by comparisons alone, or nan if nobody checked it."""
        return 0.0 if self.verdict.holds else math.nan

    @property
    def certificate(self) -> str:
        """What is proved, as ``certified to 1e-12``: value and block, checked when it was made."""
        return str(self.verdict)

    def __repr__(self) -> str:
        return f"Bottleneck(n={self.permutation.size}, value={self.value:.6g})"


def bottleneck(cost) -> Bottleneck:
    r"""Minimise the largest cost of an assignment, $\min_s \max_i c_{i, s(i)}$.

    With ``cost = cost_matrix(x, y, 1)`` the value is $W_\infty$ of two uniform measures.

    Parameters
    ----------
    cost : array of shape (n, n)
        Real costs of any sign; +inf forbids a pair.

    Returns
    -------
    Bottleneck
        With ``.permutation``, ``.value``, and the block ``.rows``, ``.cols`` that proves it least.

    Raises
    ------
    TypeError
        If the costs are not real numbers.
    ValueError
        If the matrix is empty or not square, holds nan or -inf, or if the forbidden pairs leave no
        assignment.
    """
    cost = _validate.cost(cost, square=True)
    value, rows, cols = _lower_bound(cost)
    n = cost.shape[0]
    row_of, col_of = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    in_rows, in_cols = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    in_rows[rows], in_cols[cols] = True, True
    value = _augment_all(cost, value, row_of, col_of, in_rows, in_cols)
    if value == np.inf:
        raise ValueError("cost forbids every assignment: no permutation avoids its +inf entries")
    best = Bottleneck(col_of, float(value), np.flatnonzero(in_rows), np.flatnonzero(in_cols))
    return with_verdict(best, judge_bottleneck(best, cost))


def _lower_bound(cost: np.ndarray):
    """Each row and each column needs a pair: the largest of their minima, and its block."""
    row_least, col_least = cost.min(axis=1), cost.min(axis=0)
    i, j = int(row_least.argmax()), int(col_least.argmax())
    if row_least[i] >= col_least[j]:
        return row_least[i], [i], slice(None)
    return col_least[j], slice(None), [j]


@kernel
def _augment_all(cost, threshold, row_of, col_of, in_rows, in_cols):
    """Assign every row; return the least threshold for which that is possible, +inf if none is.

    The block that proves it is left in ``in_rows`` and ``in_cols``, which come with the block that
    proves the initial threshold.
    """
    n = cost.shape[0]
    lowest = np.empty(n)  # the cheapest pair of each column with a reached row
    parent = np.empty(n, np.int64)  # that row
    reached = np.empty(n, np.bool_)  # columns
    for start in range(n):
        lowest[:] = np.inf
        reached[:] = False
        row = start
        while True:
            _relax(cost[row], lowest, parent, row)
            j = _next(lowest, reached, row_of, threshold)
            if lowest[j] > threshold:
                # Hall: the reached rows have no pair left at this threshold
                threshold = lowest[j]
                in_rows[:] = False
                in_rows[start] = True
                for k in range(n):
                    in_cols[k] = not reached[k]
                    if reached[k]:
                        in_rows[row_of[k]] = True
            if threshold == np.inf:
                return threshold
            if row_of[j] < 0:
                break
            reached[j] = True
            lowest[j] = -np.inf  # its parent is final
            row = row_of[j]
        _flip(row_of, col_of, parent, start, j)
    return threshold


@kernel
def _relax(cost_row, lowest, parent, row):
    """Let ``row`` offer its pairs to the columns."""
    for j in range(lowest.size):
        lower = cost_row[j] < lowest[j]
        lowest[j] = cost_row[j] if lower else lowest[j]
        parent[j] = row if lower else parent[j]


@kernel
def _next(lowest, reached, row_of, threshold):
    """A free column within the threshold; else one within it; else the nearest above it."""
    nearest = -1
    for j in range(lowest.size):
        if reached[j]:
            continue
        if row_of[j] < 0 and lowest[j] <= threshold:
            return j
        if nearest < 0 or lowest[j] < lowest[nearest]:
            nearest = j
    return nearest
