r"""The Hungarian method: an assignment of least cost by shortest augmenting paths.

Between two uniform measures with n atoms each, some optimal plan is a permutation s, and

    min_s  sum_i c[i, s(i)]   =   max { sum_i phi_i + sum_j psi_j : phi_i + psi_j <= c[i, j] }.

The method keeps potentials that are feasible on the right, and a partial assignment that uses
only *tight* pairs, those with phi_i + psi_j = c[i, j]. Each round takes a free row and searches, by
Dijkstra's algorithm on the reduced costs c - phi - psi >= 0, the shortest path to a free column
that alternates between new pairs and assigned ones. The distances found on the way correct the
potentials, so that the whole path becomes tight; then the path is flipped, and one more row is
assigned. After n rounds all pairs are tight: the two sides agree, and each proves the other
optimal.

Source: Kuhn (1955); Jonker and Volgenant (1987); this form after Crouse (2016).
"""

import math

import numpy as np

from . import _check
from ._kernel import kernel
from .plan import Assignment


def assignment(cost) -> Assignment:
    r"""Solve the assignment problem $\min_s \sum_i c_{i, s(i)}$ over the permutations s.

    Parameters
    ----------
    cost : array of shape (n, n)
        Real costs of any sign; +inf forbids a pair.

    Returns
    -------
    Assignment
        With ``.permutation``, ``.value`` (the sum of the costs), ``.phi``, ``.psi`` and ``.gap``.

    Raises
    ------
    TypeError
        If the costs are not real numbers.
    ValueError
        If the matrix is empty or not square, holds nan or -inf, or if the forbidden pairs leave no
        assignment.
    """
    cost = _check.cost(cost, square=True)
    row_of, col_of, phi, psi = _start(cost)
    status = _augment_all(cost, phi, psi, row_of, col_of)
    if status != 0:
        raise ValueError(
            "cost forbids every assignment: no permutation avoids its +inf entries "
            f"(row {status - 1} cannot be assigned)"
        )
    value = math.fsum(cost[np.arange(cost.shape[0]), col_of])
    return Assignment(col_of, value, phi, psi)


def _start(cost: np.ndarray):
    """Nobody assigned, and feasible potentials: the least cost of each row, and 0."""
    free = np.full(cost.shape[0], -1, dtype=np.int64)
    least = cost.min(axis=1)
    return free, free.copy(), np.where(np.isfinite(least), least, 0.0), np.zeros_like(least)


@kernel
def _augment_all(cost, phi, psi, row_of, col_of):
    """Assign every free row by a shortest augmenting path; 0, or 1 + the row that has none.

    Needs potentials that are feasible, and tight on the assigned pairs. Does not check them.
    """
    n = cost.shape[0]
    distance = np.empty(n)  # of each column from the free row, in reduced costs
    parent = np.empty(n, np.int64)  # the row before each column on the path
    todo = np.empty(n, np.int64)  # columns not yet reached for good
    for start in range(n):
        if col_of[start] >= 0:
            continue
        sink, length, n_done = _search(cost, phi, psi, row_of, start, distance, parent, todo)
        if sink < 0:
            return 1 + start
        _update(phi, psi, row_of, start, length, distance, todo, n_done)
        _flip(row_of, col_of, parent, start, sink)
    return 0


@kernel
def _search(cost, phi, psi, row_of, start, distance, parent, todo):
    """Dijkstra from row ``start`` to the nearest free column, in reduced costs.

    Returns the column (-1 if there is none), its distance, and the number of columns that were
    reached for good before it; those stand at the end of ``todo``.
    """
    n = cost.shape[0]
    for j in range(n):
        distance[j] = np.inf
        todo[j] = j
    n_todo = n
    row = start
    length = 0.0
    while n_todo > 0:
        nearest = -1
        best = np.inf
        for k in range(n_todo):
            j = todo[k]
            # c - phi - psi >= 0 on every pair; rounding must not shorten the path
            through_row = length + max(cost[row, j] - phi[row] - psi[j], 0.0)
            if through_row < distance[j]:
                distance[j] = through_row
                parent[j] = row
            # among equals, a free column ends the search at once
            if distance[j] < best or (distance[j] == best and row_of[j] < 0):
                best = distance[j]
                nearest = k
        if best == np.inf:
            return -1, np.inf, n - n_todo
        length = best
        j = todo[nearest]
        if row_of[j] < 0:
            return j, length, n - n_todo
        n_todo -= 1
        todo[nearest] = todo[n_todo]
        todo[n_todo] = j
        row = row_of[j]
    return -1, np.inf, n


@kernel
def _update(phi, psi, row_of, start, length, distance, todo, n_done):
    """Raise the rows and lower the columns nearer than ``length``: the path becomes tight."""
    phi[start] += length
    n = todo.size
    for k in range(n - n_done, n):
        j = todo[k]
        slack = length - distance[j]
        phi[row_of[j]] += slack
        psi[j] -= slack


@kernel
def _flip(row_of, col_of, parent, start, sink):
    """Exchange the new pairs of the path for the assigned ones: one more row is assigned."""
    j = sink
    while True:
        row = parent[j]
        row_of[j] = row
        j, col_of[row] = col_of[row], j
        if row == start:
            return
