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
from collections.abc import Iterator

import numpy as np

from .. import _validate
from .._hints import hints
from .._kernel import kernel
from ..plan import Assignment
from .assignment_routes import Market
from .exact import proved

_TEXTBOOK = 60  # below this size, better potentials save less than they take to compile
_LARGE = 1e250  # sums of larger costs may overflow
_SCALE = 2.0**-500  # a power of 2: no digit is lost


@hints(
    1,
    "it takes the matrix of costs alone",
    maximize="the greatest sum is -assignment(-cost).value, with the same permutation",
)
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
        If the matrix is empty or not square, holds nan or -inf, if the forbidden pairs leave no
        assignment, or if the value exceeds the largest float.
    """
    cost = _validate.cost_unread(cost, square=True)
    if cost.shape[0] < _TEXTBOOK:
        return shortest_augmenting_paths(cost)
    market = Market(cost)
    if not market.has_prices:
        _validate.least_cost(cost.min())
    market.settle()
    return _finish(cost, market.phi, market.psi, market.row_of, market.col_of)


def shortest_augmenting_paths(cost) -> Assignment:
    """Solve the assignment problem by the textbook method alone: n shortest augmenting paths.

    It takes, returns and raises what `assignment` does, which only starts from better potentials.
    """
    cost = _validate.cost(cost, square=True)
    row_of, col_of, phi, psi = _start(cost)
    return _finish(cost, phi, psi, row_of, col_of)


def rounds(cost: np.ndarray) -> Iterator[tuple]:
    """The rounds of `shortest_augmenting_paths`, on a matrix that is valid and finite.

    Yields the row, the column where its path ends, the length of the path and the row before each
    of its columns; the columns of all rows before the round and after it; and the potentials.
    """
    row_of, col_of, phi, psi = _start(cost)
    room = _room(psi)
    parent = room[2]
    for row in range(psi.size):
        before = col_of.copy()
        sink, length = _augment(cost, phi, psi, row_of, col_of, row, room)
        yield row, sink, length, parent.copy(), before, col_of.copy(), phi.copy(), psi.copy()


def _start(cost: np.ndarray):
    """Nobody assigned, and feasible potentials: the least cost of each row, and 0."""
    free = np.full(cost.shape[0], -1, dtype=np.int64)
    least = cost.min(axis=1)
    return free, free.copy(), np.where(np.isfinite(least), least, 0.0), np.zeros_like(least)


def _finish(cost, phi, psi, row_of, col_of) -> Assignment:
    """Assign the rows that are still free, and return the assignment with its certificate."""
    status = _augment_all(cost, phi, psi, row_of, col_of)
    if status != 0:
        return _rescaled_or_refused(cost)
    try:
        value = math.fsum(cost[np.arange(col_of.size), col_of].tolist())
    except OverflowError:
        raise ValueError("cost is too large: its value exceeds 1.8e308; divide it") from None
    return proved(Assignment(col_of, value, phi, psi), cost)


def _rescaled_or_refused(cost: np.ndarray) -> Assignment:
    """Solve again with smaller costs, if a sum of them may have overflowed to +inf; or raise."""
    largest = np.abs(cost, where=np.isfinite(cost), out=np.zeros_like(cost)).max()
    if largest < _LARGE:
        raise ValueError("cost forbids every assignment: no permutation avoids its +inf entries")
    small = shortest_augmenting_paths(cost * _SCALE)
    with np.errstate(over="ignore"):
        phi, psi = small.phi / _SCALE, small.psi / _SCALE
        value = small.value / _SCALE
    if not (np.isfinite(phi).all() and np.isfinite(psi).all() and np.isfinite(value)):
        raise ValueError("cost is too large: its potentials or its value exceed 1.8e308; divide it")
    return proved(Assignment(small.permutation, value, phi, psi), cost)


@kernel
def _augment_all(cost, phi, psi, row_of, col_of):
    """Assign every free row by a shortest augmenting path; 0, or 1 + the row that has none.

    Returns -1 if a potential has overflowed. Needs potentials that are feasible, and tight on the
    assigned pairs. Does not check them.
    """
    room = _room(psi)
    for start in range(psi.size):
        if col_of[start] < 0 and _augment(cost, phi, psi, row_of, col_of, start, room)[0] < 0:
            return 1 + start
    return 0 if np.isfinite(phi).all() and np.isfinite(psi).all() else -1


@kernel
def _room(psi):
    """The arrays that rounds of the method work on."""
    n = psi.size
    barred = psi.copy()  # psi, but -inf at the reached columns, so that no path enters them again
    distance = np.empty(n)  # of each column from the free row, in reduced costs; inf once reached
    parent = np.empty(n, np.int64)  # the row before each column on the path
    reached = np.empty(n, np.int64)  # the columns whose distance is final, nearest first
    at = np.empty(n)  # their distances
    return barred, distance, parent, reached, at


@kernel
def _augment(cost, phi, psi, row_of, col_of, start, room):
    """One round: assign the free row ``start``; return the column where its path ends, and length.

    Where no path exists, the column is -1, and nothing changes.
    """
    barred, distance, parent, reached, at = room
    sink, length, n_reached = _search(
        cost, phi, barred, row_of, start, distance, parent, reached, at
    )
    if sink >= 0:
        _update(phi, psi, barred, row_of, start, length, reached[:n_reached], at)
        _flip(row_of, col_of, parent, start, sink)
    return sink, length


@kernel
def _search(cost, phi, barred, row_of, start, distance, parent, reached, at):
    """Dijkstra from row ``start`` to the nearest free column, in reduced costs.

    Returns the column (-1 if there is none), its distance, and the number of columns reached
    before it.
    """
    distance[:] = np.inf
    bits = distance.view(np.int64)
    row = start
    length = 0.0
    for n_reached in range(row_of.size):
        _relax(cost[row], phi[row], barred, length, distance, parent, row)
        j = _nearest(bits)
        length = distance[j]
        if length == np.inf:
            break
        if row_of[j] < 0:
            return j, length, n_reached
        reached[n_reached] = j
        at[n_reached] = length
        distance[j] = np.inf
        barred[j] = -np.inf
        row = row_of[j]
    return -1, np.inf, 0


@kernel
def _relax(cost_row, phi_row, barred, length, distance, parent, row):
    """Shorten the distances by the paths whose last row is ``row``."""
    # Without branches, so that the compiler handles several columns at once.
    for j in range(distance.size):
        # c - phi - psi >= 0 on every pair; rounding must not shorten the path
        through_row = length + max(cost_row[j] - barred[j] - phi_row, 0.0)
        # Both are read first: a read in one branch only is a branch again in a browser.
        distance_before, parent_before = distance[j], parent[j]
        shorter = through_row < distance_before
        distance[j] = through_row if shorter else distance_before
        parent[j] = row if shorter else parent_before


@kernel
def _nearest(bits):
    """The column of the least of the distances, given as ``bits``."""
    # Distances are >= 0, and floats >= 0 have the order of their bits read as integers. Numba
    # handles several columns at once for the least of integers, but not of floats, where a nan
    # might hide.
    least = bits[0]
    for j in range(bits.size):
        least = min(least, bits[j])
    # To prefer a free column among equals would save steps where costs are small integers, but
    # looking for it takes longer everywhere else.
    j = 0
    while bits[j] != least:
        j += 1
    return j


@kernel
def _update(phi, psi, barred, row_of, start, length, reached, at):
    """Raise the rows and lower the columns nearer than ``length``: the path becomes tight."""
    phi[start] += length
    for k in range(reached.size):
        j = reached[k]
        slack = length - at[k]
        phi[row_of[j]] += slack
        psi[j] -= slack
        barred[j] = psi[j]


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
