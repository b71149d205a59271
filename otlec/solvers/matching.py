"""Matching rows to columns on tight pairs, where prices tie and bids would not tell them apart."""

import numpy as np

from .._kernel import kernel
from .rows import INFINITE, costs_of_row, subtract, where_equal

_FAVOURITES = 12  # equally good columns that a row remembers


@kernel
def match_tight(costs, phi, psi, row_of, col_of):
    """Match rows to columns that they like best; return how many stay free, and all tight pairs.

    Rows with few tight pairs choose first, and take the column that fewest others want; then
    augmenting paths of tight pairs are searched breadth first.
    """
    n = psi.size
    columns = np.empty((n, _FAVOURITES), np.int32)
    counts = np.zeros(n, np.int64)
    demand = np.zeros(n, np.int64)
    row = np.empty(n)
    reduced = np.empty(n)
    for i in range(n):
        row_costs = costs_of_row(i, row, *costs)
        counts[i] = where_equal(row_costs, psi, i, columns[i])
        if counts[i] == 0:
            least = subtract(row_costs, psi, reduced)
            if least < INFINITE:
                phi[i] = np.int64(least).view(np.float64)
            counts[i] = where_equal(reduced, np.full(n, phi[i]), i, columns[i])
        for j in columns[i, : counts[i]]:
            demand[j] += 1
    for few in range(1, columns.shape[1] + 1):
        for i in range(n):
            if counts[i] == few:
                _choose(columns[i, :few], demand, i, row_of, col_of)
    n_free = _augment_tight(columns, counts, row_of, col_of)
    return n_free, counts.sum()


@kernel
def _choose(columns, demand, i, row_of, col_of):
    """Give row i the free column, among its tight ones, that fewest of the other rows want."""
    best = -1
    for j in columns:
        if row_of[j] < 0 and (best < 0 or demand[j] < demand[best]):
            best = j
        demand[j] -= 1
    if best >= 0:
        row_of[best] = i
        col_of[i] = best


@kernel
def _augment_tight(columns, counts, row_of, col_of):
    """Search augmenting paths of listed tight pairs; return the number of rows left free."""
    n = counts.size
    seen = np.full(n, -1)
    parent = np.empty(n, np.int64)
    queue = np.empty(n, np.int64)
    n_free = 0
    for start in range(n):
        if col_of[start] >= 0:
            continue
        queue[0] = start
        head, tail, sink = 0, 1, -1
        while head < tail and sink < 0:
            i = queue[head]
            head += 1
            for j in columns[i, : counts[i]]:
                if seen[j] == start:
                    continue
                seen[j] = start
                parent[j] = i
                if row_of[j] < 0:
                    sink = j
                    break
                queue[tail] = row_of[j]
                tail += 1
        if sink < 0:
            n_free += 1
            continue
        j = sink
        i = -1
        while i != start:
            i = parent[j]
            row_of[j] = i
            j, col_of[i] = col_of[i], j
    return n_free
