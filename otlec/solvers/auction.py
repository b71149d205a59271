r"""Good starting prices: an auction, so that few augmenting paths are left to search.

Read -psi_j as the price of column j. Row i likes best the column of least c[i, j] - psi_j. In an
*auction* the free rows bid in turn: a row takes its favourite column, whoever had it, and raises
its price until the second choice looks as good, plus a small step:

    psi_j  <-  psi_j - (second best - best) - step.

Once every row has a column, each pays at most ``step`` more than it must. A large step settles fast
but coarsely; so the auction is repeated with steps that shrink (epsilon scaling), each time from
the prices found before. Bids without a step come last: they may leave rows without a column, but
all assigned pairs are tight, which is what the Hungarian method needs to go on and finish exactly.

Prices only rise. What a row once found too dear stays too dear; so a *short list* of some 20
columns serves it for many bids, together with a bound for the columns that are not on it. A price
is only as good as its step, and so may be the list: it is made anew when a column beyond it may be
better by several steps. Bids without a step take the best of all columns. Costs are read a row at a
time, from a matrix or computed from points: one code serves both.

Source: Bertsekas (1979, 1988); column minima and bids without a step after Jonker and Volgenant
(1987).
"""

import numpy as np

from .._kernel import kernel
from . import kd_tree
from .rows import costs_of_row, rows_without_column, take, where_equal

ROOM = 64  # columns that fit on a short list
_LANES = 64  # columns j, j + 64, j + 128, ... make a lane; least costs by lane are quick to find
_CHOSEN = 20  # a short list holds what is no dearer than the 20th of the lanes' best columns
_ROUGH = 8  # steps by which a column that is not listed may be better than the second choice
_BLOCK = 32  # columns that are compared before looking which one it was
_LARGEST = np.finfo(np.float64).max


def empty_lists(n: int, room: int) -> tuple:
    """Room for the short lists of n rows: their columns, costs and lengths, and bounds.

    The reduced cost of a column that is not listed is no less than the bound: nothing is known yet.
    """
    columns, values = np.empty((n, room), np.int32), np.empty((n, room))
    return columns, values, np.zeros(n, np.int64), np.full(n, -np.inf)


@kernel
def bid(costs, potentials, assigned, step, patience, lists):
    """One auction of the free rows; return how many are still free when bids or lists run out.

    ``costs`` are those of ``rows, tree``, of which one is None: see `rows`, and `kd_tree` for the
    ``(x, cells, p, highest)`` of a tree. ``patience`` says how often a row may bid, on average, and
    how many lists are made at most.

    Without a step phi is feasible where a row has bid: one pair has reduced cost phi and no other
    less; later bids only raise reduced costs. With one, phi may be too high by several steps.
    """
    phi, psi = potentials
    row_of, col_of = assigned
    n_bids, n_lists = patience
    columns, values, counts, bounds = lists
    n = psi.size
    work = np.empty(n), np.empty(n), np.empty(_LANES)
    stack, waiting = rows_without_column(col_of)
    n_bids *= waiting
    idle = 0
    rough = _ROUGH * step
    while waiting > 0 and (step == 0.0 or (n_bids > 0 and n_lists > 0)):
        waiting -= 1
        i = stack[waiting]
        j, best, second = _two_best(columns, values, counts, i, psi)
        if not second <= bounds[i] + rough:
            _shortlist(i, psi, lists, work, *costs)
            j, best, second = _two_best(columns, values, counts, i, psi)
            n_lists -= 1
        n_bids -= 1
        # a row with a single allowed column has no second choice: it insists, step by step
        second = second if second < np.inf else best
        if step == 0.0 and (second == best or n_bids < 0) and j >= 0 and row_of[j] >= 0:
            # between equals, or after the last bid, rows take what is free and tight, or nothing
            second = best
            j = _free_among(columns, values, counts, i, psi, best, row_of)
        if second < np.inf:
            phi[i] = second
        if j < 0:
            idle += 1
            continue
        psi[j] -= second - best + step
        waiting = take(i, j, row_of, col_of, stack, waiting)
    return waiting + idle


@kernel
def _two_best(columns, values, counts, i, psi):
    """The favourite of row i on its short list, its reduced cost, and that of the second best."""
    favourite = -1
    best = second = np.inf
    for q in range(counts[i]):
        j = columns[i, q]
        reduced = values[i, q] - psi[j]
        if reduced < second:
            if reduced < best:
                second = best
                best = reduced
                favourite = j
            else:
                second = reduced
    return favourite, best, second


@kernel
def _free_among(columns, values, counts, i, psi, best, row_of):
    """A free column that row i likes best, or -1."""
    for q in range(counts[i]):
        j = columns[i, q]
        if row_of[j] < 0 and values[i, q] - psi[j] == best:
            return j
    return -1


@kernel
def _shortlist(i, psi, lists, work, rows, tree):
    """List the columns of least reduced cost for row i, and a bound that holds for the others."""
    if rows is not None:
        _shortlist_of_rows(i, psi, lists, work, costs_of_row(i, work[0], *rows))
    if tree is not None:
        columns, values, counts, bounds = lists
        x, cells, p, highest = tree
        reduced = work[2][: columns.shape[1]]
        # the list of before bounds the search: what is dearer than all of it need not be found
        bound = -np.inf if counts[i] >= _CHOSEN else np.inf
        for q in range(counts[i]):
            bound = max(bound, values[i, q] - psi[columns[i, q]])
        prices = psi, highest
        counts[i], bounds[i] = kd_tree.best(x[i], p, cells, prices, bound, columns[i], reduced)
        for q in range(counts[i]):
            values[i, q] = kd_tree.cost(x[i], cells[0][columns[i, q]], p)


@kernel
def _shortlist_of_rows(i, psi, lists, work, costs):
    """List the columns of least reduced cost for row i, and a bound that holds for the others."""
    columns, values, counts, bounds = lists
    _, reduced, lanes = work
    bits = reduced.view(np.int64)
    lane_bits = lanes.view(np.int64)
    lanes[:] = np.inf
    n = psi.size
    whole = n - n % _LANES
    for j in range(n):
        reduced[j] = costs[j] - psi[j]
    for first in range(0, whole, _LANES):
        block = bits[first : first + _LANES]
        for k in range(_LANES):
            lane_bits[k] = min(lane_bits[k], block[k])
    for j in range(whole, n):
        lanes[j - whole] = min(lanes[j - whole], reduced[j])
    least, bound = _least_and_bound(lanes)
    count = _collect(reduced, bound, columns[i])
    if count < 0:  # too many ties: keep some of the best
        bound = least
        count = where_equal(reduced, np.full(n, least), i, columns[i])
    counts[i] = count
    bounds[i] = bound
    for q in range(counts[i]):
        values[i, q] = costs[columns[i, q]]


@kernel
def _least_and_bound(lanes):
    """The least number, and the 20th: an insertion sort that stops there."""
    smallest = np.empty(_CHOSEN)
    count = 0
    for value in lanes:
        if count < _CHOSEN:
            count += 1
        elif value >= smallest[count - 1]:
            continue
        q = count - 1
        while q > 0 and smallest[q - 1] > value:
            smallest[q] = smallest[q - 1]
            q -= 1
        smallest[q] = value
    # forbidden pairs, of cost +inf, stay off the list
    return min(smallest[0], _LARGEST), min(smallest[count - 1], _LARGEST)


@kernel
def _collect(reduced, bound, columns):
    """List the columns with ``reduced <= bound``; return how many, or -1 if they do not fit."""
    count = 0
    for first in range(0, reduced.size, _BLOCK):
        block = reduced[first : first + _BLOCK]
        inside = 0
        for k in range(block.size):
            inside += block[k] <= bound
        if inside == 0:
            continue
        if count + inside >= columns.size:
            return -1
        for k in range(block.size):
            # every column is written, and kept by counting it: there is no branch to mispredict
            columns[count] = first + k
            count += block[k] <= bound
    return count
