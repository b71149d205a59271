r"""Costs that sorting solves: an assignment guessed by two sorts, and certified.

A matrix is *Monge* if uncrossing two pairs never costs more,

    c[i, j] + c[k, l] <= c[i, l] + c[k, j]    for i < k and j < l.

Then the diagonal is an optimal assignment. So it is with h(y - x), h convex, for sorted points of
the line, and with products and sums of what belongs to the rows and what belongs to the columns.
But the rows and columns come in any order. It shows in the differences of two rows, which rise
along the columns; and sums of columns with weights that rise fall along the rows.

The potentials follow the diagonal: psi rises from one column to the next by no less than
c[k+1, k+1] - c[k+1, k], and by no more than c[k, k+1] - c[k, k]. They are a guess like the order;
one look at all reduced costs proves or discards it. With masses other than 1 the diagonal becomes a
staircase.

Source: Hoffman (1963); Burkard, Klinz and Rudolf (1996).
"""

import numpy as np

from .._kernel import kernel

_GLANCE = 8  # rows and columns of the sample that decides whether the guess is worth while
_LOOK = 100  # and of the next one: the first shows little where most costs are equal
_ROUNDING = 1e-14  # of sums of differences, in units of the largest cost
_SLACK = 1e-14  # of a reduced cost, in units of its own potentials


def sorted_assignment(cost: np.ndarray):
    """The assignment and potentials (col_of, phi, psi) that sorting finds; None if it does not.

    A small sample of rows and columns discards nearly all matrices that are not Monge.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # forbidden pairs are not Monge
        if not _looks_monge(cost):
            return None
        rows, columns = _orders(cost)
        phi, psi = _along_the_diagonal(cost, rows, columns)
    if not _are_feasible(cost, phi, psi, _SLACK):
        return None
    col_of = np.empty_like(rows)
    col_of[rows] = columns
    return col_of, phi, psi


def sorted_plan(supply, demand, crumbs: int, cost: np.ndarray):
    """The plan (rows, cols, mass) that sorting finds, and (phi, psi); None if it does not.

    The first row gives to the first column what it can, and then one of the two goes on: the
    north-west corner rule. psi rises along the staircase of its entries, from each column to the
    next, by what that costs in the row where both meet. Masses are whole numbers > 0 of the same
    sum. An entry of at most ``crumbs`` beside far heavier atoms is their rounding, and left out.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if not _looks_monge(cost):
            return None
        rows, columns = _orders(cost)
        from_left, from_right = np.cumsum(supply[rows]), np.cumsum(demand[columns])
        cuts = np.union1d(from_left, from_right)
        i, j = np.searchsorted(from_left, cuts), np.searchsorted(from_right, cuts)
        meet = rows[i[np.searchsorted(j, np.arange(1, columns.size))]]
        phi, psi = np.empty(rows.size), np.zeros(columns.size)
        psi[columns[1:]] = np.cumsum(cost[meet, columns[1:]] - cost[meet, columns[:-1]])
        at = columns[j[np.searchsorted(i, np.arange(rows.size))]]
        phi[rows] = cost[rows, at] - psi[at]
    if not _are_feasible(cost, phi, psi, _SLACK):
        return None
    rows, columns, mass = rows[i], columns[j], np.diff(cuts, prepend=0)
    real = (mass > crumbs) | (mass > 1e-6 * np.minimum(supply[rows], demand[columns]))
    return rows[real], columns[real], mass[real], phi, psi


def _looks_monge(cost: np.ndarray) -> bool:
    """Whether samples of few rows and columns have the property."""
    for size in (_GLANCE, _LOOK):
        i, j = (max(length // size, 1) for length in cost.shape)
        if not _is_monge(cost[::i, ::j]):
            return False
    return True


def _orders(cost: np.ndarray):
    """The orders of rows and columns in which the matrix is Monge, if there are any."""
    # Weights that are equal leave open which comes first; so we begin with two rows that differ
    # much, and weigh three times.
    differences = cost[:: cost.shape[0] // _GLANCE] - cost[0]
    of_columns = differences[(differences.max(axis=1) - differences.min(axis=1)).argmax()]
    of_rows = -np.einsum("ij,j->i", cost, of_columns - of_columns.mean())
    of_columns = -np.einsum("ij,i->j", cost, of_rows - of_rows.mean())
    of_rows = -np.einsum("ij,j->i", cost, of_columns - of_columns.mean())
    return of_rows.argsort(), of_columns.argsort()


def _is_monge(cost: np.ndarray) -> bool:
    rows, columns = _orders(cost)
    cost = cost[rows][:, columns]
    crossing = cost[:-1, :-1] + cost[1:, 1:] - cost[:-1, 1:] - cost[1:, :-1]
    return bool(crossing.max() <= _ROUNDING * np.abs(cost).max())


def _along_the_diagonal(cost: np.ndarray, rows: np.ndarray, columns: np.ndarray):
    """Potentials that are tight on the pairs of ``rows`` and ``columns``, and halfway between."""
    paired = cost[rows, columns]
    least = paired[1:] - cost[rows[1:], columns[:-1]]
    most = cost[rows[:-1], columns[1:]] - paired[:-1]
    phi, psi = np.empty_like(paired), np.zeros_like(paired)
    psi[columns[1:]] = np.cumsum(0.5 * least + 0.5 * most)
    phi[rows] = paired - psi[columns]
    return phi, psi


@kernel
def _are_feasible(cost, phi, psi, slack):
    """Whether no reduced cost is below 0 by more than ``slack`` times its own potentials."""
    raised = psi - slack * np.abs(psi)
    for i in range(phi.size):
        row = cost[i]
        n_below = 0
        least = -slack * abs(phi[i])
        for j in range(psi.size):
            # a nan is not above
            n_below += not row[j] - raised[j] - phi[i] >= least
        if n_below > 0:
            return False
    return True
