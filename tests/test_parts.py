"""Shifts of the parts of a plan, against rounds of Bellman and Ford in whole numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otlec import assignment, parts


def rounds(lengths):
    """The greatest shifts <= 0 with shift[i] - shift[j] <= lengths[i, j], or None."""
    shift = np.zeros(len(lengths))
    for _ in range(len(lengths) + 1):
        lower = np.minimum(shift, (lengths + shift).min(axis=1))
        if (lower == shift).all():
            return shift
        shift = lower
    return None


def matrices(low, high):
    sizes = st.integers(1, 8)
    return sizes.flatmap(
        lambda n: st.lists(st.integers(low, high), min_size=n * n, max_size=n * n).map(
            lambda entries: np.array(entries, float).reshape(n, n)
        )
    )


@given(matrices(-2, 9))
def test_shifts_are_the_greatest_that_fit_and_none_where_none_fit(lengths):
    n = len(lengths)
    np.fill_diagonal(lengths, 0)
    above, below = map(np.ravel, np.indices((n, n)))
    found = parts.shifts(above, below, lengths.ravel(), n, 1000)
    expected = rounds(lengths)
    np.testing.assert_array_equal(found, np.zeros(n) if expected is None else expected)


@given(st.integers(1, 7).flatmap(lambda n: st.permutations(range(n))))
def test_each_edge_of_an_assignment_is_a_part_in_whichever_order_they_come(order):
    """Killed: the k-th entry is taken for that of row k, wherever no entry is."""
    n = len(order)
    rows, cols, residual = np.array(order), np.arange(n), np.arange(1.0, n + 1)
    count, row, col, delta_phi, delta_psi = parts.join(rows, cols, residual, n, n)
    assert count == n
    np.testing.assert_array_equal(row[rows], col[cols])
    np.testing.assert_array_equal(delta_phi[rows] + delta_psi[cols], residual)


def test_rows_that_meet_in_the_first_column_alone_are_one_part():
    rows, cols, residual = np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([1.0, 3.0, 5.0])
    count, row, col, delta_phi, delta_psi = parts.join(rows, cols, residual, 3, 2)
    assert (count, row.tolist(), col.tolist()) == (2, [0, 0, 1], [0, 1])
    np.testing.assert_array_equal(delta_phi[rows] + delta_psi[cols], residual)


def test_as_many_entries_as_rows_are_no_assignment_where_they_share_a_column():
    rows, cols = np.arange(2), np.zeros(2, np.int64)
    count, row, col, *_ = parts.join(rows, cols, np.zeros(2), 2, 2)
    assert (count, row.tolist(), col.tolist()) == (2, [0, 0], [0, 1])


def test_too_many_rounds_shift_nothing():
    chain = np.arange(1, 9), np.arange(8)  # each part is one below the part before it
    np.testing.assert_array_equal(parts.shifts(*chain, -np.ones(8), 9, 1000), -np.arange(9.0))
    np.testing.assert_array_equal(parts.shifts(*chain, -np.ones(8), 9, 0), np.zeros(9))


@given(matrices(0, 9))
def test_the_greatest_shifts_of_an_assignment_make_all_pairs_feasible(cost):
    """Killed: shortest paths that are found by their repair alone, and not by Dijkstra's way."""
    best = assignment(cost)
    n = len(cost)
    order = best.permutation
    inside = np.zeros(n), np.empty(n)
    inside[1][order] = cost[np.arange(n), order]
    numbers = np.arange(n), np.argsort(order)
    found = parts.greatest_shifts(cost, inside, numbers, (best.phi, best.psi), 100)
    # a pair (i, j) bounds the shift of row i's part by that of the part of column j
    lengths = (cost - inside[1])[:, order]
    np.testing.assert_array_equal(found, rounds(lengths))
    ahead = parts._by_dijkstra(cost, *inside, best.phi, best.psi, *numbers)
    np.testing.assert_array_equal(ahead, found)


@pytest.mark.parametrize("start", [np.zeros(3), np.array([0.0, -1.0, 0.0])])
def test_what_is_not_settled_yet_is_lowered(start):
    cost = np.array([[0.0, 3.0, 3.0], [-2.0, 0.0, 3.0], [3.0, -1.0, 0.0]])
    phi, psi = np.array([0.5, 1.0, -1.0]), np.array([0.5, 0.0, 2.0])
    numbers = np.arange(3), np.arange(3)
    cost = cost + phi[:, None] + psi
    found = parts._settled(cost, phi, psi, *numbers, start.copy(), 10)
    np.testing.assert_array_equal(found, [0.0, -2.0, -3.0])
    assert np.isnan(parts._settled(cost, phi, psi, *numbers, np.zeros(3), 1)).all()
