"""Matching rows to columns on tight pairs, where prices tie and bids would not tell them apart."""

import numpy as np

from .._kernel import kernel
from .rows import INFINITE, costs_of_row, subtract, where_equal

_BLOCK = 32  # columns that are compared before looking which one it was
_BARREN = 3  # phases in a row that find nothing: these are not costs of few values
_ASKED = 16  # rows that tell which columns nearly all rows like
_FAVOURITES = 12  # equally good columns that a row remembers


@kernel
def match_greedily(costs, phi, psi, row_of, col_of):
    """Give rows columns that they like best; return the number of tight pairs that were listed.

    Rows with few tight pairs choose first, and take the column that fewest others want. Columns
    that nearly all rows like are left for those that find no other.
    """
    rare = _without_popular(costs, psi)
    for j in range(psi.size):
        if rare[j] < psi[j] and row_of[j] >= 0:
            col_of[row_of[j]] = row_of[j] = -1
    columns, counts = _list_and_choose(costs, phi, psi, rare, True, row_of, col_of)
    _match_on_lists(columns, counts, row_of, col_of)
    listed = counts.sum()
    if rare.min() == -np.inf:
        listed += _list_and_choose(costs, phi, psi, psi, False, row_of, col_of)[1].sum()
    return listed


@kernel
def _without_popular(costs, psi):
    """A copy of psi with -inf at the columns that all rows of a sample like best."""
    n = psi.size
    likes = np.zeros(n, np.int64)
    row, reduced = np.empty(n), np.empty(n)
    asked = 0
    for i in range(0, n, max(n // _ASKED, 1)):
        least = np.int64(subtract(costs_of_row(i, row, *costs), psi, reduced)).view(np.float64)
        for j in range(n):
            likes[j] += reduced[j] == least
        asked += 1
    for j in range(n):
        reduced[j] = -np.inf if likes[j] == asked else psi[j]
    return reduced


@kernel
def _list_and_choose(costs, phi, psi, open_psi, all_rows, row_of, col_of):
    """Let the free rows choose among the columns where ``open_psi`` is psi, and not -inf.

    Returns the lists of tight columns, of all rows or of the free ones, and their lengths.
    """
    n = psi.size
    columns = np.empty((n, _FAVOURITES), np.int32)
    counts = np.zeros(n, np.int64)
    demand = np.zeros(n, np.int64)
    row = np.empty(n)
    reduced = np.empty(n)
    for i in range(n):
        if col_of[i] >= 0 and not all_rows:
            continue
        row_costs = costs_of_row(i, row, *costs)
        counts[i] = where_equal(row_costs, open_psi, i, columns[i])
        if counts[i] == 0 and where_equal(row_costs, psi, i, columns[i]) == 0:
            least = subtract(row_costs, psi, reduced)
            if least < INFINITE:
                phi[i] = np.int64(least).view(np.float64)
            counts[i] = where_equal(reduced, np.full(n, phi[i]), i, columns[i])
        for j in columns[i, : counts[i]]:
            demand[j] += 1
    for few in range(1, columns.shape[1] + 1):
        for i in range(n):
            if counts[i] == few and col_of[i] < 0:
                _choose(columns[i, :few], demand, i, row_of, col_of)
    return columns, counts


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
def _match_on_lists(columns, counts, row_of, col_of):
    """Flip augmenting paths of listed pairs, in phases, until there is none.

    A phase searches from each free row, depth first, and visits no column twice.
    """
    n = counts.size
    ahead = np.zeros(n, np.int64)  # how many columns of each row are known not to be free
    begun = np.zeros(n, np.int64)  # how many were tried in this phase
    visited = np.zeros(n, np.int64)  # the last phase that has visited a column
    rows = np.empty(n, np.int64)
    phase, found = 0, 1
    while found > 0:
        phase, found = phase + 1, 0
        begun[:] = 0
        for start in range(n):
            if col_of[start] >= 0:
                continue
            rows[0] = start
            depth = 0
            while depth >= 0:
                i = rows[depth]
                while ahead[i] < counts[i] and row_of[columns[i, ahead[i]]] >= 0:
                    ahead[i] += 1
                if ahead[i] < counts[i]:
                    j = np.int64(columns[i, ahead[i]])
                    for k in range(depth, -1, -1):
                        row_of[j] = rows[k]
                        j, col_of[rows[k]] = col_of[rows[k]], j
                    found += 1
                    break
                while begun[i] < counts[i] and visited[columns[i, begun[i]]] == phase:
                    begun[i] += 1
                if begun[i] == counts[i]:
                    depth -= 1
                    continue
                visited[columns[i, begun[i]]] = phase
                depth += 1
                rows[depth] = row_of[columns[i, begun[i]]]


@kernel
def match_in_phases(costs, potentials, assigned, budget):
    """Match the free rows on tight pairs, with dual steps in between; return how many stay free.

    A phase searches an augmenting path from each free row, depth first, and looks for a free column
    before it goes deeper; no column is visited twice. As long as it finds none, the rows R and the
    columns C that it visits have no tight pair from R to outside C, and later phases leave them
    out. If it finds none at all, they take the dual step at once: phi + delta on R, psi - delta on
    C, until such a pair becomes tight.

    Stops when all rows are matched, when dual steps do not help, or after ``budget`` looks at rows.

    Source: Pothen and Fan (1990); Kuhn (1955).
    """
    phi, psi = potentials
    row_of, col_of = assigned
    n = psi.size
    free = np.empty(n)  # psi where a column is free
    n_free = 0
    for j in range(n):  # np.where and slices of slices take seconds to compile
        free[j] = psi[j] if row_of[j] < 0 else -np.inf
        n_free += row_of[j] < 0
    alive = psi.copy()  # psi where a column may still lead to a free one
    barren = 0
    while n_free > 0 and budget > 0:
        unseen = alive.copy()  # psi where a column was not visited in this phase
        found = 0
        for start in range(n):
            if col_of[start] < 0 and budget > 0:
                success, looks = _augment(start, costs, phi, free, unseen, row_of, col_of)
                found += success
                budget -= looks
                if found == 0:
                    alive = unseen.copy()
        n_free -= found
        barren = 0 if found > 0 else barren + 1
        if found == 0 and budget > 0:
            if barren > _BARREN or not _dual_step(costs, phi, psi, col_of, unseen):
                break
            alive = psi.copy()
    return n_free


@kernel
def _augment(start, costs, phi, free, unseen, row_of, col_of):
    """Search depth first from a free row, and flip the path; whether it has one, and all looks."""
    n = phi.size
    row = np.empty(n)
    rows, columns = np.empty(n, np.int64), np.empty(n, np.int64)
    rows[0] = start
    depth, deepest = 0, -1  # where the path ends, and where it did when it grew last
    looks = 0
    while depth >= 0:
        i = rows[depth]
        row_costs = costs_of_row(i, row, *costs)
        looks += 1
        if depth > deepest:
            columns[depth] = _next_tight(row_costs, free, phi[i], 0)
            if columns[depth] >= 0:
                free[columns[depth]] = unseen[columns[depth]] = -np.inf
                for k in range(depth + 1):
                    row_of[columns[k]], col_of[rows[k]] = rows[k], columns[k]
                return True, looks
        deepest = depth
        # columns before the last one are no longer unseen, or were not tight
        columns[depth] = _next_tight(row_costs, unseen, phi[i], columns[depth] + 1)
        if columns[depth] >= 0:
            unseen[columns[depth]] = -np.inf
            depth += 1
            rows[depth] = row_of[columns[depth - 1]]
            deepest = depth - 1
        else:
            depth -= 1
    return False, looks


@kernel
def _next_tight(row_costs, psi, phi_row, begin):
    """The first column from ``begin`` on with c - psi <= phi, or -1."""
    for first in range(begin, psi.size, _BLOCK):
        last = min(first + _BLOCK, psi.size)
        some_costs, some_psi = row_costs[first:last], psi[first:last]
        n_tight = 0
        for k in range(some_psi.size):
            n_tight += some_costs[k] - some_psi[k] <= phi_row
        if n_tight > 0:
            k = 0
            while some_costs[k] - some_psi[k] > phi_row:
                k += 1
            return first + k
    return -1


@kernel
def _dual_step(costs, phi, psi, col_of, unseen):
    """Raise the rows and lower the columns that were visited; whether a pair can become tight."""
    n = phi.size
    row, reduced = np.empty(n), np.empty(n)
    visited = np.empty(n, np.bool_)
    delta = np.inf
    for i in range(n):
        visited[i] = col_of[i] < 0 or unseen[col_of[i]] == -np.inf
        if visited[i]:
            least = subtract(costs_of_row(i, row, *costs), unseen, reduced)
            delta = min(delta, np.int64(least).view(np.float64) - phi[i])
    if delta == np.inf:
        return False
    for i in range(n):
        if visited[i]:
            phi[i] += delta
            if col_of[i] >= 0:
                psi[col_of[i]] -= delta
    return True
