"""The network simplex: each plan proves itself, whatever the masses and the costs are."""

import instances
import naive
import numpy as np
import pytest
from certificates import assert_optimal
from hypothesis import given
from hypothesis import strategies as st

from otlec import transport
from otlec.solvers import network_simplex, units

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (6, 1), (2, 2), (5, 5), (4, 9), (12, 7)])
def test_every_plan_proves_its_optimality(n, m):
    rng = np.random.default_rng([n, m])
    for cost_name, cost in instances.costs(n, m, rng):
        for a_name, a in instances.weights(n, rng):
            for b_name, b in instances.weights(m, rng):
                plan = transport(a, b, cost)
                try:
                    assert_optimal(plan, cost, error=1e-9)
                except AssertionError as error:
                    raise AssertionError(f"{cost_name}, {a_name} to {b_name}: {error}") from error


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_value_is_that_of_linear_programming(n, m, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(1, 5, n) / 1.0, rng.integers(1, 5, m) / 1.0
    a, b = a / a.sum(), b / b.sum()
    cost = rng.integers(0, 6, (n, m)) / 4
    assert transport(a, b, cost).value == pytest.approx(naive.transport_value(a, b, cost), abs=1e-9)


def test_masses_need_not_sum_to_one():
    plan = transport([2, 1], [1, 2], [[0, 1], [1, 0]])
    np.testing.assert_array_equal(plan.matrix, [[1, 1], [0, 1]])
    assert plan.value == 1


@pytest.mark.parametrize("side", ["a", "b"])
def test_where_one_side_has_atoms_without_mass_no_entry_lies_on_them(side):
    """Killed: such atoms are taken out only if both sides have some."""
    rng = np.random.default_rng(3)
    a, b = np.array([0.0, 0.5, 0.0, 0.25, 0.25]), rng.random(7)
    b /= b.sum()
    cost = rng.random((5, 7))
    plan = transport(a, b, cost) if side == "a" else transport(b, a, cost.T.copy())
    assert_optimal(plan, cost if side == "a" else cost.T, error=1e-12)
    assert (plan.a[plan.rows] > 0).all()
    assert (plan.b[plan.cols] > 0).all()


def test_potentials_are_feasible_at_atoms_of_mass_zero():
    cost = np.random.default_rng(0).random((6, 8))
    a, b = np.array([0, 0.5, 0, 0.25, 0.25, 0]), np.zeros(8)
    b[[2, 7]] = 0.5
    plan = transport(a, b, cost)
    assert_optimal(plan, cost)
    assert set(plan.rows) <= {1, 3, 4}
    assert set(plan.cols) <= {2, 7}


def test_a_plan_has_no_entries_that_are_only_rounding():
    a, b = np.full(3, 1 / 3), np.full(6, 1 / 6)
    plan = transport(a, b, np.abs(np.arange(3)[:, None] * 2.0 - np.arange(6)))
    assert plan.mass.size == 6
    assert plan.mass.min() > 0.1


def test_forbidden_pairs_are_avoided():
    rng = np.random.default_rng(3)
    for _ in range(30):
        n = int(rng.integers(2, 12))
        cost = rng.random((n, n))
        cost[rng.random((n, n)) < 0.5] = np.inf
        np.fill_diagonal(cost, 1.0)  # so that some plan exists
        a = rng.dirichlet(np.ones(n))
        plan = transport(a, a, cost)
        assert_optimal(plan, cost)
        assert np.isfinite(cost[plan.rows, plan.cols]).all()


def test_blocks_that_may_not_mix_are_solved_each_for_itself():
    rng = np.random.default_rng(4)
    cost = np.full((8, 8), np.inf)
    cost[:4, :4], cost[4:, 4:] = rng.random((4, 4)), rng.random((4, 4))
    a, b = np.full(8, 1 / 8), np.concatenate([rng.dirichlet(np.ones(4)) / 2 for _ in range(2)])
    plan = transport(a, b, cost)
    assert_optimal(plan, cost)
    halves = [
        transport(a[part], b[part], cost[part, part]).value for part in (slice(4), slice(4, 8))
    ]
    assert plan.value == pytest.approx(sum(halves), rel=1e-12)


@pytest.mark.parametrize(
    "cost",
    [
        [[np.inf, np.inf], [np.inf, np.inf]],
        [[np.inf, np.inf], [0.0, 1.0]],
        [[0.0, np.inf], [0.0, np.inf]],
        [[0.0, np.inf], [1.0, 0.0]],  # possible for equal masses only
    ],
)
def test_a_problem_without_any_plan_is_refused(cost):
    with pytest.raises(ValueError, match=r"cost forbids every plan"):
        transport([0.7, 0.3], [0.3, 0.7], cost)


def test_a_large_problem_without_any_plan_is_refused():
    cost = np.random.default_rng(5).random((70, 70))
    cost[:40, :40] = np.inf
    with pytest.raises(ValueError, match=r"cost forbids every plan"):
        transport(np.ones(70), np.ones(70), cost)


def test_a_coarser_problem_without_any_plan_does_not_matter():
    n = 70
    cost = np.full((n, n), np.inf)  # row i may go to i + 1 only, so every other one to none
    cost[np.arange(n), (np.arange(n) + 1) % n] = np.arange(n)
    phi, psi = network_simplex._coarse_potentials(np.ones(n), np.ones(n), cost)
    assert (cost - phi[:, None] - psi >= 0).all()


def test_the_second_guess_leads_to_the_same_value(monkeypatch):
    rng = np.random.default_rng(6)
    cost, a, b = rng.random((70, 80)), rng.dirichlet(np.ones(70)), rng.dirichlet(np.ones(80))
    first = transport(a, b, cost)
    monkeypatch.setattr(network_simplex, "_PATIENCE", 1)
    second = transport(a, b, cost)
    assert_optimal(second, cost)
    assert second.value == pytest.approx(first.value, rel=1e-12)


def test_a_crowd_that_wants_the_same_few_atoms_is_solved():
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((70, 2)), 0.1 * rng.standard_normal((65, 2)) + 5
    cost = ((x[:, None] - y) ** 2).sum(axis=2)
    assert_optimal(transport(rng.dirichlet(np.ones(70)), rng.dirichlet(np.ones(65)), cost), cost)


def test_pivots_in_small_portions_lead_to_the_same_plan(monkeypatch):
    rng = np.random.default_rng(8)
    cost, a, b = rng.random((20, 30)), rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(30))
    first = transport(a, b, cost)
    monkeypatch.setattr(network_simplex, "_PIVOTS_PER_CALL", 7)
    second = transport(a, b, cost)
    assert_optimal(second, cost)
    assert second.value == pytest.approx(first.value, rel=1e-13)


def test_a_used_up_budget_says_what_to_report(monkeypatch):
    monkeypatch.setattr(network_simplex, "_PIVOTS_PER_ATOM", 1)
    cost = np.random.default_rng(9).random((30, 30))
    with pytest.raises(RuntimeError, match=r"60 pivots; please report this together with a, b"):
        transport(np.ones(30), np.ones(30), cost)


def test_the_order_of_the_atoms_does_not_matter():
    rng = np.random.default_rng(10)
    cost, a, b = rng.random((15, 12)), rng.dirichlet(np.ones(15)), rng.dirichlet(np.ones(12))
    rows, cols = rng.permutation(15), rng.permutation(12)
    mixed = transport(a[rows], b[cols], cost[np.ix_(rows, cols)])
    assert mixed.value == pytest.approx(transport(a, b, cost).value, rel=1e-12)


@pytest.mark.parametrize("factor", [2.0**-900, 1e-200, 1e200, 2.0**900])
def test_the_unit_of_the_costs_does_not_matter(factor):
    rng = np.random.default_rng(11)
    cost, a, b = rng.random((9, 12)), rng.dirichlet(np.ones(9)), rng.dirichlet(np.ones(12))
    plan = transport(a, b, cost * factor)
    assert_optimal(plan, cost * factor)
    assert plan.value == pytest.approx(transport(a, b, cost).value * factor, rel=1e-12)


@pytest.mark.parametrize(("mass", "cost"), [(1.0, 1.7e308), (1e200, 1e200)])
def test_values_that_do_not_fit_into_a_number_are_an_error(mass, cost):
    costs = cost * (0.5 + 0.5 * np.random.default_rng(12).random((4, 4)))
    with pytest.raises(ValueError, match="cost or the masses are too large"):
        transport(np.full(4, mass), np.full(4, mass), costs)


def test_every_tree_is_strongly_feasible():
    """Empty edges point to the root, so that no pivots run in a circle (Cunningham)."""
    empty = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 9))
        cost = rng.integers(0, 4, (n, n)).astype(float)
        for parent, mass in network_simplex.spanning_trees(np.ones(n), np.ones(n), cost):
            hanging = np.flatnonzero((mass == 0) & (parent >= 0))
            assert (hanging < n).all()  # rows, whose pairs lead upwards
            empty += hanging.size
    assert empty > 100


def test_each_atom_of_either_side_may_have_been_rounded_by_a_grain():
    assert units.crumb(3, 5000) == units.crumb(5000, 3) > 5003


def test_the_price_of_the_root_is_a_typical_reduced_cost_and_grows_beyond_all_ways_around_it():
    cost = np.random.default_rng(13).random((20, 30)) - 0.25
    phi, psi = network_simplex._nearest_potentials(cost)
    price, enough = network_simplex._prices(cost, phi, psi)
    reduced = cost - phi[:, None] - psi
    assert price == np.median(reduced[reduced > 0])
    assert enough > 50 * np.ptp(cost)
    # costs that are equal, or nearly: a price far above the rounding of potentials
    for cost in (np.full((3, 4), 7.0), np.full((3, 4), -7.0) + 1e-15 * np.eye(3, 4)):
        price, enough = network_simplex._prices(cost, *network_simplex._nearest_potentials(cost))
        assert 0 < price <= enough
        assert enough >= 7e-6


def test_a_crowd_starts_from_the_prices_of_a_coarser_problem_and_others_do_not(monkeypatch):
    coarser, guess = [], network_simplex._coarse_potentials

    def noted(a, b, cost):
        coarser.append(cost.shape)
        return guess(a, b, cost)

    monkeypatch.setattr(network_simplex, "_coarse_potentials", noted)
    rng = np.random.default_rng(14)
    a, b = rng.dirichlet(np.ones(70)), rng.dirichlet(np.ones(65))
    transport(a, b, rng.random((70, 65)))
    assert coarser == []
    x, y = rng.standard_normal((70, 2)), 0.1 * rng.standard_normal((65, 2)) + 5
    transport(a, b, ((x[:, None] - y) ** 2).sum(axis=2))
    assert coarser == [(70, 65)]
