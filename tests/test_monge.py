"""Costs that sorting solves: found in any order of rows and columns, never believed unproved."""

import numpy as np
import pytest
from certificates import assert_optimal
from scipy.optimize import linear_sum_assignment

from otlec import Assignment, assignment, cost_matrix, transport
from otlec.solvers.monge import sorted_assignment, sorted_plan

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


def whole_masses(rng, n, m, kind):
    """Masses that are whole numbers of the same sum: equal ones, small ones, or of all sizes."""
    a, b = (
        (np.full(n, m), np.full(m, n)),
        (rng.integers(1, 4, n), rng.integers(1, 4, m)),
        (rng.integers(1, 1 << 40, n), rng.integers(1, 1 << 40, m)),
    )[kind]
    lack = int(b.sum() - a.sum())
    (a if lack > 0 else b)[-1] += abs(lack)
    return a.astype(np.int64), b.astype(np.int64)


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize(("n", "m"), [(20, 20), (31, 17), (9, 40)])
def test_sorting_finds_the_plan_of_any_masses_where_costs_are_monge_in_some_order(kind, n, m):
    # kills: a step in the wrong row; a part of the staircase that hangs on no other
    rng = np.random.default_rng([kind, n, m])
    x, y = rng.random(n), rng.random(m) + 0.3
    for cost in (
        np.abs(x[:, None] - y) ** 2,
        -np.outer(x, y),
        np.abs(np.subtract.outer(x, y)),
        rng.random((n, 1)) + rng.random(m),
    ):
        supply, demand = whole_masses(rng, n, m, kind)
        rows, cols, mass, phi, psi = sorted_plan(supply, demand, 0, cost)
        assert rows.size <= n + m - 1
        assert (mass > 0).all()
        np.testing.assert_array_equal(np.bincount(rows, mass, n), supply)
        np.testing.assert_array_equal(np.bincount(cols, mass, m), demand)
        reduced = cost - phi[:, None] - psi
        assert reduced.min() >= -1e-13
        assert np.abs(reduced[rows, cols]).max() <= 1e-13


def test_an_entry_that_rounding_alone_has_made_is_left_out():
    x = np.arange(8.0)
    cost = np.subtract.outer(x, x) ** 2
    supply, demand = np.full(8, 1 << 40), np.full(8, 1 << 40)
    supply[0] += 3
    demand[1] += 3
    assert sorted_plan(supply, demand, 0, cost)[0].size == 9
    rows, cols, *_ = sorted_plan(supply, demand, 3, cost)
    np.testing.assert_array_equal(np.sort(rows), np.arange(8))
    np.testing.assert_array_equal(rows, cols)


def test_sorting_finds_no_plan_where_costs_are_not_monge():
    rng = np.random.default_rng(3)
    masses = whole_masses(rng, 40, 30, 1)
    assert sorted_plan(*masses, 0, rng.random((40, 30))) is None
    cost = np.abs(rng.random(40)[:, None] - rng.random(30)) ** 2
    assert sorted_plan(*masses, 0, cost) is not None
    cost[17, 11] -= 10
    assert sorted_plan(*masses, 0, cost) is None
    cost[17, 11] = np.inf
    assert sorted_plan(*masses, 0, cost) is None


def test_transport_of_costs_that_are_monge_in_some_order_is_certified():
    rng = np.random.default_rng(4)
    for n, m in ((70, 90), (120, 80)):
        a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        for cost in (
            np.abs(rng.random(n)[:, None] - rng.random(m) - 0.3) ** 2,
            np.outer(rng.random(n), rng.random(m)),
        ):
            plan = transport(a, b, cost)
            assert_optimal(plan, cost)
            assert plan.certificate == "certified to 1e-12"
            assert plan.mass.size <= n + m - 1
