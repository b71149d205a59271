"""Costs that sorting solves: found in any order of rows and columns, never believed unproved."""

import numpy as np
import pytest
from certificates import assert_optimal
from scipy.optimize import linear_sum_assignment

from otlec import Assignment, assignment, cost_matrix
from otlec.solvers.monge import sorted_assignment

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def monge_costs(n, seed):
    """Monge matrices, their rows and columns in random order."""
    rng = np.random.default_rng([n, seed])
    i = np.arange(1.0, n + 1)
    yield np.outer(i, i)  # Machol and Wien
    yield -np.outer(rng.permutation(i), i)
    yield rng.random((n, 1)) * rng.random(n)
    yield rng.random((n, 1)) + rng.random(n)
    yield np.full((n, n), 2.5)
    for p in (1, 1.5, 2):
        yield cost_matrix(rng.random(n), rng.random(n) + 0.2, p)
        yield cost_matrix(rng.integers(0, 9, n) * 1.0, rng.integers(0, 9, n) * 1.0, p)
    density = rng.random((n, n))  # -sums of a density over rectangles are the general Monge matrix
    density = density[rng.permutation(n)]
    general = -density.cumsum(axis=0).cumsum(axis=1) + rng.random((n, 1)) + rng.random(n)
    yield general[rng.permutation(n)][:, rng.permutation(n)]


@pytest.mark.parametrize("n", [8, 9, 50, 131])
def test_monge_costs_in_any_order_are_solved_by_sorting(n):
    for cost in monge_costs(n, 0):
        before = cost.copy()
        col_of, phi, psi = sorted_assignment(cost)
        value = cost[np.arange(n), col_of].sum()
        assert_optimal(Assignment(col_of, value, phi, psi), cost)
        rows, columns = linear_sum_assignment(cost)
        assert value == pytest.approx(cost[rows, columns].sum(), rel=1e-12)
        np.testing.assert_array_equal(cost, before)


@pytest.mark.parametrize("n", [50, 131])
def test_other_costs_are_left_to_the_auction(n):
    rng = np.random.default_rng(n)
    points = rng.random((n, 2)), rng.random((n, 2))
    for cost in (rng.random((n, n)), cost_matrix(*points), rng.integers(0, 9, (n, n)) * 1.0):
        assert sorted_assignment(cost) is None


def test_a_matrix_that_is_monge_only_where_one_looks_is_not_believed():
    n = 80
    cost = np.outer(np.arange(1.0, n + 1), np.arange(1.0, n + 1))
    assert sorted_assignment(cost) is not None
    cost[37, 52] -= 1e4
    assert sorted_assignment(cost) is None
    cost[37, 52] = np.inf
    assert sorted_assignment(cost) is None
    cost[:] = np.inf
    assert sorted_assignment(cost) is None


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_sums_that_overflow_are_not_believed():
    rng = np.random.default_rng(1)
    assert sorted_assignment(1.5e308 * rng.random((60, 1)) * rng.random(60)) is None


@pytest.mark.needs_jit
def test_large_monge_problems_take_this_route_and_nearly_monge_ones_are_exact():
    n = 400
    for cost in monge_costs(n, 1):
        assert_optimal(assignment(cost), cost)
    cost = next(monge_costs(n, 2))
    cost[17, 203] -= 5e4
    result = assignment(cost)
    assert_optimal(result, cost)
    rows, columns = linear_sum_assignment(cost)
    assert result.value == cost[rows, columns].sum()


@pytest.mark.parametrize("off", [1e-8, 1e-10, 1e-12])
def test_a_matrix_that_is_nearly_monge_is_not_taken_for_one(off):
    # two neighbours would rather change places, by a gain that is tiny beside the largest cost
    x = np.arange(400.0)
    cost = (x[:, None] - x) ** 2
    cost[[200, 201], [201, 200]] = -off * cost.max()
    for lift in (0.0, cost.max()):  # potentials that are 0, and such as the largest cost
        found = sorted_assignment(cost + lift)
        assert found is None or found[0][200] == 201
    assert assignment(cost).value == pytest.approx(-2 * off * cost.max())
