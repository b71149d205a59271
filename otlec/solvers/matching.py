"""Matching rows to columns on tight pairs, where prices tie and bids would not tell them apart.

Which pairs are tight is kept, a byte each: a row of costs is read once, not at every visit, and
eight bytes that are read as one number pass over eight columns at once.
"""

import numpy as np

from .._kernel import kernel
from .rows import INFINITE, costs_of_row, subtract

_BARREN = 3  # phases in a row that find nothing: these are not costs of few values
_ALL = 0x0101010101010101  # eight columns, all of them
_ASKED = 16  # rows that tell which columns nearly all rows like
_NEARBY = 64  # columns among which a row looks first
_FAVOURITES = 12  # equally good columns that a row remembers


def no_tight_pairs(n: int) -> tuple:
    """Room for the tight pairs of n rows, eight in a number and one by one: no row is known yet."""
    words = np.zeros((n, (n + 7) // 8), np.int64)
    return words, words.view(np.bool_), np.zeros(n, np.bool_)


@kernel
def match_greedily(costs, potentials, assigned, tight):
    """Give rows columns that they like best; whether most rows have several of them.

    Rows with few tight pairs choose first, and take the column that fewest others want. Columns
    that nearly all rows like are left for those that find no other.
    """
    phi, psi = potentials
    row_of, col_of = assigned
    words, pairs, known = tight
    n = psi.size
    rare_words = np.zeros(words.shape[1], np.int64)
    rare = rare_words.view(np.bool_)
    n_popular = n - _note_rare(costs, psi, rare)
    columns = np.empty((n, _FAVOURITES), np.int32)
    counts, demand = np.zeros(n, np.int64), np.zeros(n, np.int64)
    room, reduced = np.empty(n), np.empty(n)
    n_tight = 0
    for i in range(n):
        row = costs_of_row(i, room, *costs)
        counts[i] = _favourites_nearby(i, row, psi, rare, columns[i])
        if counts[i] == 0:
            least = subtract(row, psi, reduced)
            known[i] = True
            if least == INFINITE:
                continue
            phi[i] = np.int64(least).view(np.float64)
            _note_tight(i, reduced, phi[i], pairs)
            counts[i] = _favourites(i, words, pairs, rare_words, rare, columns[i])
        n_tight += counts[i] if counts[i] > 0 else min(n_popular, _FAVOURITES)
        for q in range(counts[i]):
            demand[columns[i, q]] += 1
    for j in range(n):
        if not rare[j] and row_of[j] >= 0:
            col_of[row_of[j]] = row_of[j] = -1
    for few in range(1, _FAVOURITES + 1):
        for i in range(n):
            if counts[i] == few and col_of[i] < 0:
                _choose(columns[i], few, demand, i, row_of, col_of)
    _match_on_lists(columns, counts, row_of, col_of)
    _share_out(tight, counts, rare_words, rare, row_of, col_of)
    return n_tight >= 2 * n


@kernel
def _note_tight(i, reduced, phi_row, pairs):
    """Note which columns of row i have c - psi <= phi."""
    for j in range(reduced.size):
        pairs[i, j] = reduced[j] <= phi_row


@kernel
def _favourites_nearby(i, row, psi, rare, columns):
    """As `_favourites`, at the lowest prices, where those near place i are enough; else 0."""
    last = min(i + _NEARBY, psi.size)
    n_tight = 0
    for j in range(i, last):
        n_tight += row[j] == psi[j]
    count = 0
    for j in range(i, last if n_tight >= columns.size else i):
        if row[j] == psi[j] and rare[j] and count < columns.size:
            columns[count] = j
            count += 1
    return count if count == columns.size else 0


@kernel
def _note_rare(costs, psi, rare):
    """Note the columns that not all rows of a sample like best; return how many."""
    n = psi.size
    row, reduced = np.empty(n), np.empty(n)
    for i in range(0, n, max(n // _ASKED, 1)):
        least = np.int64(subtract(costs_of_row(i, row, *costs), psi, reduced)).view(np.float64)
        for j in range(n):
            rare[j] |= reduced[j] > least
    n_rare = 0
    for j in range(n):
        n_rare += rare[j]
    return n_rare


@kernel
def _favourites(i, words, pairs, rare_words, rare, columns):
    """List tight columns of row i that not all rows like, as many as there is room.

    Rows with many of them start at different places, so that they do not list the same ones.
    """
    count = 0
    here = i // 8
    for begin, end in ((here, rare_words.size), (0, here)):
        for k in range(begin, end):
            if words[i, k] & rare_words[k] == 0:
                continue
            for j in range(8 * k, 8 * k + 8):
                if pairs[i, j] and rare[j]:
                    columns[count] = j
                    count += 1
                    if count == columns.size:
                        return count
    return count


@kernel
def _choose(columns, count, demand, i, row_of, col_of):
    """Give row i the free column, among its tight ones, that fewest of the other rows want."""
    best = -1
    for q in range(count):
        j = columns[q]
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
def _share_out(tight, counts, open_words, is_open, row_of, col_of):
    """Give free rows free columns that they like best: first rows that like only popular ones.

    Rows that are not known like many others, and are left for later.
    """
    words, pairs, known = tight
    for j in range(row_of.size):
        is_open[j] = row_of[j] < 0
    for with_others in (False, True):
        for i in range(col_of.size):
            if col_of[i] < 0 and known[i] and (counts[i] > 0) == with_others:
                j = _first(i, words, pairs, open_words, is_open, 0)
                if j >= 0:
                    row_of[j], col_of[i] = i, j
                    is_open[j] = False


@kernel
def match_in_phases(costs, potentials, assigned, tight, budget):
    """Match the free rows on tight pairs, with dual steps in between; return how many stay free.

    A phase searches an augmenting path from each free row, depth first, and looks for a free column
    before it goes deeper; no column is visited twice. As long as it finds none, the rows R and the
    columns C that it visits have no tight pair from R to outside C, and later phases leave them
    out. If it finds none at all, they take the dual step at once: phi + delta on R, psi - delta on
    C, until such a pair becomes tight.

    Stops when all rows are matched, when dual steps do not help, or after ``budget`` looks at rows.

    Source: Pothen and Fan (1990); Kuhn (1955).
    """
    row_of, col_of = assigned
    n = row_of.size
    size = tight[0].shape[1]
    free_words, unseen_words = np.zeros(size, np.int64), np.zeros(size, np.int64)
    free = free_words, free_words.view(np.bool_)
    unseen = unseen_words, unseen_words.view(np.bool_)
    alive_words = np.full(size, _ALL)  # columns that may still lead to a free one
    path = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.empty(n)
    n_free = 0
    for j in range(n):
        free[1][j] = row_of[j] < 0
        n_free += row_of[j] < 0
    barren = 0
    while n_free > 0 and budget > 0:
        _copy(alive_words, unseen_words)  # columns that were not visited in this phase
        found = 0
        for start in range(n):
            if col_of[start] < 0 and budget > 0:
                success, looks = _augment(
                    start, costs, potentials, tight, free, unseen, assigned, path
                )
                found += success
                budget -= looks
                if found == 0:
                    _copy(unseen_words, alive_words)
        n_free -= found
        barren = 0 if found > 0 else barren + 1
        if found == 0 and budget > 0:
            if barren > _BARREN or not _dual_step(costs, potentials, col_of, tight, unseen):
                break
            alive_words[:] = _ALL
    return n_free


@kernel
def _copy(source, target):
    for k in range(target.size):
        target[k] = source[k]


@kernel
def _augment(start, costs, potentials, tight, free, unseen, assigned, path):
    """Search depth first from a free row, and flip the path; whether it has one, and all looks."""
    row_of, col_of = assigned
    words, pairs, known = tight
    rows, columns, room, reduced = path
    free_words, is_free = free
    unseen_words, is_unseen = unseen
    rows[0] = start
    depth, deepest = 0, -1  # where the path ends, and where it did when it grew last
    looks = 0
    while depth >= 0:
        i = rows[depth]
        if not known[i]:
            phi, psi = potentials
            subtract(costs_of_row(i, room, *costs), psi, reduced)
            _note_tight(i, reduced, phi[i], pairs)
            known[i] = True
        looks += 1
        if depth > deepest:
            columns[depth] = _first(i, words, pairs, free_words, is_free, 0)
            if columns[depth] >= 0:
                is_free[columns[depth]] = is_unseen[columns[depth]] = False
                for k in range(depth + 1):
                    row_of[columns[k]], col_of[rows[k]] = rows[k], columns[k]
                return True, looks
        deepest = depth
        # columns before the last one are no longer unseen, or were not tight
        columns[depth] = _first(i, words, pairs, unseen_words, is_unseen, max(columns[depth], 0))
        if columns[depth] >= 0:
            is_unseen[columns[depth]] = False
            depth += 1
            rows[depth] = row_of[columns[depth - 1]]
            deepest = depth - 1
        else:
            depth -= 1
    return False, looks


@kernel
def _first(i, words, pairs, open_words, is_open, begin):
    """The first open column that is tight with row i, of those from ``begin`` on, or -1."""
    for k in range(begin // 8, open_words.size):
        if words[i, k] & open_words[k] != 0:
            for j in range(8 * k, 8 * k + 8):
                if pairs[i, j] and is_open[j]:
                    return j
    return -1


@kernel
def _dual_step(costs, potentials, col_of, tight, unseen):
    """Raise the rows and lower the columns that were visited; whether a pair can become tight.

    Rows that such a pair belongs to are read anew when they are visited again.
    """
    phi, psi = potentials
    words, _, known = tight
    n = phi.size
    row, reduced, outside, slack = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for j in range(n):
        outside[j] = psi[j] if unseen[1][j] else -np.inf
    delta = np.inf
    for i in range(n):
        slack[i] = -1.0
        if col_of[i] < 0 or not unseen[1][col_of[i]]:
            least = subtract(costs_of_row(i, row, *costs), outside, reduced)
            slack[i] = max(np.int64(least).view(np.float64) - phi[i], 0.0)
            delta = min(delta, slack[i])
    if delta == np.inf:
        return False
    for i in range(n):
        if slack[i] >= 0:
            phi[i] += delta
            known[i] = slack[i] > delta
            if col_of[i] >= 0:
                psi[col_of[i]] -= delta
        else:  # it has no tight pair with the columns that were visited any more
            for k in range(words.shape[1]):
                words[i, k] &= unseen[0][k]
    return True
