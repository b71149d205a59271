"""Assignments whose stored potentials leave no doubt: their proof is one pass over the costs.

Each pair of an assignment is a part of its own. Where its potentials add up to its cost, up to the
last digits, and no other pair is cheaper than they say, neither repair nor a second look is needed.
"""

import math

import numpy as np

from .._kernel import kernel
from ..evidence import Evidence
from ..plan import Assignment

NEEDED = 1e-12  # a certificate to that needs no repair
_CLEAR = 5e-13  # of its own cost, an error of each pair that leaves no doubt
_NEAR = 64 * 2.0**-52  # of its potentials: pairs that are listed as nearly tight, as in `read`


def clear_evidence(best: Assignment, cost: np.ndarray) -> Evidence | None:
    """The evidence of an assignment whose stored potentials leave no doubt; None if they do.

    That is enough for a certificate to 1e-12, and one pass over the matrix; the verdict itself is
    only spoken when somebody asks. In an assignment each pair is a part of its own, so that an
    error of 5e-13 of the cost of a pair is one of its scale.
    """
    phi, psi, cols = best.phi, best.psi, best.permutation
    listed, used, i, j = _doubts(cost, cols, phi, psi, best.value)
    if listed < 0:
        return None
    i, j = i[:listed], j[:listed]
    # an assignment has n pairs at least that are nearly tight; none is listed where all is exact
    near = _NEAR if listed > 0 else 0.0
    room, reach = (near * np.abs(potential) for potential in (phi, psi))
    return Evidence(best.rows, cols, phi, psi, 0, used, i, j, cost[i, j], room, reach)


@kernel
def _doubts(cost, col_of, phi, psi, value):
    """The number of pairs that are nearly tight, the costs of the assigned ones, and the former.

    The number is 0 where all assigned pairs are tight to the last bit, and no other pair is cheaper
    than the potentials say, not by a bit: where costs are few whole numbers, very many pairs are
    tight. It is -1 where the proof is not clear: if a column is taken twice, if a pair lacks more
    than `_CLEAR` of its own cost, or if other pairs exceed theirs by more than that, be it in their
    row or in their column; if there are too many pairs to list; or for huge and tiny numbers.
    """
    n = psi.size
    used, row_of = np.empty(n), np.full(n, -1)
    raised = np.empty(n)
    rows, cols = np.empty(2 * n, np.int64), np.empty(2 * n, np.int64)
    total, lost, size = 0.0, 0.0, 0.0
    inexact = 0
    for i in range(n):
        j = col_of[i]
        if j < 0 or j >= n or row_of[j] >= 0:
            return -1, used, rows, cols
        row_of[j] = i
        used[i] = cost[i, j]
        total, lost = add(total, lost, used[i])
        size += abs(used[i])
        raised[i] = psi[i] + _NEAR * abs(psi[i])
        largest = max(abs(phi[i]), abs(psi[j]), abs(used[i]))
        if not (2.0**-400 < largest < 2.0**400 or largest == 0):
            return -1, used, rows, cols
        excess = _excess_of(phi[i], psi[j], used[i])
        inexact += excess != 0
        if not abs(excess) <= _CLEAR * abs(used[i]):
            return -1, used, rows, cols
    if not abs((value - total) - lost) <= _CLEAR * size:
        return -1, used, rows, cols
    if inexact == 0 and _none_is_violated(cost, phi, psi):
        return 0, used, rows, cols
    found = 0
    worst = 0.0
    for i in range(n):
        row = cost[i]
        below = phi[i] + (_NEAR + 2.0**-52) * abs(phi[i])
        count = _count_below(row, raised, below)
        if found + count > rows.size:
            return -1, used, rows, cols
        own = col_of[i]
        if count == 1 and not row[own] - raised[own] >= below:  # as in most rows
            rows[found], cols[found] = i, own
            found += 1
            worst = max(worst, _excess_of(phi[i], psi[own], row[own]))
            continue
        for j in range(n if count > 0 else 0):
            if not row[j] - raised[j] >= below:
                rows[found], cols[found] = i, j
                found += 1
                excess = _excess_of(phi[i], psi[j], row[j])
                worst = max(worst, excess)
                scale = max(abs(used[i]), abs(used[row_of[j]]))
                if j != own and not excess <= _CLEAR * scale:
                    return -1, used, rows, cols
    if worst * n > NEEDED * size:
        return -1, used, rows, cols
    return found, used, rows, cols


@kernel
def _none_is_violated(cost, phi, psi):
    """Whether no pair is cheaper than the potentials say, not by a bit."""
    exact = _sums_are_exact(phi, psi)
    for i in range(phi.size):
        if exact:
            violated = _count_below_sum(cost[i], psi, phi[i])
        else:
            violated = _count_violated(cost[i], psi, phi[i])
        if violated > 0:
            return False
    return True


@kernel
def _count_below(row, raised, below):
    """The number of reduced costs that are not at least ``below``; a nan is not."""
    count = 0
    for j in range(row.size):
        count += not row[j] - raised[j] >= below
    return count


@kernel
def _sums_are_exact(phi, psi):
    """Whether no sum of two potentials is rounded: all are few multiples of one power of 2."""
    largest = 0.0
    for i in range(phi.size):
        largest = max(largest, abs(phi[i]), abs(psi[i]))
    unit = 2.0**-500
    while unit * 2.0**50 < largest:
        unit *= 2.0
    parts = 0
    for i in range(phi.size):
        for whole in (phi[i] / unit, psi[i] / unit):
            parts += whole != math.floor(whole)
    return parts == 0


@kernel
def _count_below_sum(row, psi, phi_row):
    """The number of costs that are not at least phi + psi; a nan is not."""
    count = 0
    for j in range(row.size):
        count += not row[j] >= psi[j] + phi_row
    return count


@kernel
def _count_violated(row, psi, phi_row):
    """The number of pairs that are not c - psi >= phi, without rounding; a nan is not."""
    count = 0
    for j in range(row.size):
        # c - psi = difference + lost, and |lost| is too small to matter unless the former is phi
        difference = row[j] - psi[j]
        part = difference - row[j]
        lost = (row[j] - (difference - part)) - (psi[j] + part)
        count += not (difference > phi_row) | ((difference == phi_row) & (lost >= 0))
    return count


@kernel
def _excess_of(phi, psi, cost):
    """Return phi + psi - cost, rounded once where it is near 0."""
    high, low = add(phi, 0.0, psi)
    return (high - cost) + low


@kernel
def add(high, low, term):
    """A double-double number plus a float."""
    total = high + term
    part = total - high
    low += (high - (total - part)) + (term - part)
    high = total + low
    return high, low - (high - total)
