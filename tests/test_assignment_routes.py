"""The market: potentials always feasible, tight on what is assigned, whatever route they took."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from test_hungarian import five_families, structured, with_diagonal

from otlec import assignment, cost_matrix
from otlec.solvers import assignment_routes as module
from otlec.solvers import matching
from otlec.solvers.assignment_routes import Market

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


@pytest.fixture(autouse=True)
def auctions_for_small_problems_too(monkeypatch):
    monkeypatch.setattr(module, "_DIRECT", 40)


def assert_feasible_and_tight(market, cost):
    scale = np.abs(cost[np.isfinite(cost)]).max() or 1.0
    reduced = cost - market.phi[:, None] - market.psi
    assert reduced.min() >= -1e-11 * scale
    rows = np.flatnonzero(market.col_of >= 0)
    columns = market.col_of[rows]
    assert np.unique(columns).size == columns.size
    np.testing.assert_array_equal(market.row_of[columns], rows)
    assert np.count_nonzero(market.row_of >= 0) == rows.size
    assert np.abs(reduced[rows, columns]).max(initial=0.0) <= 1e-11 * scale


@pytest.mark.parametrize("n", [33, 45, 70, 131])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_the_potentials_are_feasible_and_tight_on_assigned_pairs(n):
    for cost in (*five_families(n, 2), *map(with_diagonal, structured(n, 2))):
        market = Market(cost)
        market.settle()
        assert_feasible_and_tight(market, cost)


@pytest.mark.parametrize("n", [45, 131])
def test_most_rows_of_random_costs_are_assigned(n):
    for cost in list(five_families(n, 3))[:4]:
        market = Market(cost)
        market.settle()
        assert np.count_nonzero(market.col_of < 0) <= n // 4


@pytest.mark.parametrize("p", [1, 2, 3])
def test_prices_of_points_are_feasible_and_tight(p):
    rng = np.random.default_rng(4)
    for x, y in (
        (rng.random((90, 2)), rng.random((90, 2))),
        (rng.integers(0, 4, (90, 2)) * 1.0, rng.integers(0, 4, (90, 2)) * 1.0),
        (rng.random((90, 1)), rng.random((90, 1)) + 5),
    ):
        market = Market.of_points(x, y, p)
        market.settle()
        assert_feasible_and_tight(market, cost_matrix(x, y, p))


def test_rows_that_quarrel_without_end_are_stopped():
    n = 60
    cost = np.full((n, n), np.inf)
    cost[:, :2] = np.random.default_rng(5).random((n, 2))  # all want the same two columns
    market = Market(cost)
    market.settle()
    assert np.count_nonzero(market.col_of >= 0) <= 2
    assert_feasible_and_tight(market, cost)


def test_a_market_without_any_allowed_pair_settles_for_nothing():
    cost = np.full((50, 50), np.inf)
    market = Market(cost)
    market.settle()
    assert (market.col_of == -1).all()
    assert np.isfinite(market.phi).all()
    assert np.isfinite(market.psi).all()


@pytest.mark.parametrize("n", [131, pytest.param(400, marks=pytest.mark.needs_jit)])
def test_bids_at_equal_prices_settle_heavy_tails(n):
    cost = np.random.default_rng(6).standard_cauchy((n, n))
    market = Market(cost)
    assert market._lowest_prices_crowd()
    market.settle()
    assert np.count_nonzero(market.col_of < 0) <= n // 64
    assert_feasible_and_tight(market, cost)


@pytest.mark.parametrize("n", [131, pytest.param(400, marks=pytest.mark.needs_jit)])
def test_the_lowest_prices_are_kept_where_they_spread_the_rows(n):
    for cost in list(five_families(n, 7))[:4]:
        assert not Market(cost)._lowest_prices_crowd()


def test_rows_on_different_scales_are_settled_by_few_bids():
    rng = np.random.default_rng(11)
    n = 131
    costs = rng.random((n, n))
    scaled = costs * 10.0 ** rng.uniform(-6, 6, (n, 1))
    market = Market(scaled)
    assert market._scales_differ()
    market.settle()
    assert np.count_nonzero(market.col_of < 0) <= n // 16
    assert_feasible_and_tight(market, scaled)
    assert not Market(costs)._scales_differ()
    in_two = costs * np.where(np.arange(n) < n // 2, 1.0, 1e6)[:, None]  # bids leave more rows free
    market = Market(in_two)
    assert market._scales_differ()
    market.settle()
    assert_feasible_and_tight(market, in_two)


def test_sorting_settles_all_rows_where_costs_are_products():
    rng = np.random.default_rng(12)
    cost = rng.random((131, 1)) * rng.random(131)
    market = Market(cost)
    assert market.n_free > 0
    market.settle()
    assert (market.col_of >= 0).all()
    assert_feasible_and_tight(market, cost)


def test_each_column_to_the_row_that_it_costs_least_settles_a_cloud_and_itself():
    points = np.random.default_rng(13).random((131, 2))
    market = Market(cost_matrix(points, points[::-1]))
    assert market.n_free == 0
    market.settle()
    np.testing.assert_array_equal(market.col_of, np.arange(131)[::-1])


def test_bids_on_whole_rows_leave_few_rows_of_random_costs(monkeypatch):
    monkeypatch.setattr(module, "_DIRECT", 350)
    for n in (64, 300):
        for cost in list(five_families(n, 8))[:2]:
            market = Market(cost)
            market.settle()
            assert np.count_nonzero(market.col_of < 0) <= n // 3
            assert_feasible_and_tight(market, cost)


def test_bids_on_whole_rows_cope_with_ties_forbidden_rows_and_single_allowed_pairs(monkeypatch):
    monkeypatch.setattr(module, "_DIRECT", 350)
    rng = np.random.default_rng(9)
    n = 60
    ties = rng.integers(0, 4, (n, n)).astype(float)
    forbidden = ties.copy()
    forbidden[3] = np.inf  # nothing
    forbidden[4, 1:] = forbidden[5, 1:] = np.inf  # two rows with the same single column
    for cost in (ties, forbidden, np.full((n, n), 2.5)):
        market = Market(cost)
        market.settle()
        assert_feasible_and_tight(market, cost)
        assert np.count_nonzero(market.col_of < 0) <= n // 8


def few_values(n, density, seed):
    """Costs 0, or 1 with this probability: prices tie nearly everywhere."""
    return (np.random.default_rng([n, seed]).random((n, n)) < density).astype(float)


@pytest.mark.parametrize("density", [0.5, 0.9, 0.97, 0.99, 1.0])
@pytest.mark.parametrize("small", [40, 350])
def test_where_few_values_tie_the_market_itself_assigns_all_rows(monkeypatch, density, small):
    monkeypatch.setattr(module, "_DIRECT", small)
    for n, seed in itertools.product((41, 90), range(3)):
        cost = few_values(n, density, seed)
        cost[3] += 2
        cost[:, 5] *= 3
        market = Market(cost)
        way = market.settle()
        assert_feasible_and_tight(market, cost)
        if density in (0.97, 0.99):
            assert way in ("matching", "few_bids")
            assert (market.col_of >= 0).all()


def test_phases_on_lists_match_as_many_rows_as_possible():
    # kills: a column visited twice in a phase, or never again; a row given up too early
    rng = np.random.default_rng(3)
    for n, degree in itertools.product((5, 60), (1, 2, 4)):
        counts = np.minimum(rng.poisson(degree, n), 12)
        columns = rng.integers(0, n, (n, 12)).astype(np.int32)
        row_of, col_of = np.full(n, -1), np.full(n, -1)
        matching._match_on_lists(columns, counts, row_of, col_of)
        pairs = np.zeros((n, n))
        pairs[np.repeat(np.arange(n), counts), columns[np.arange(12) < counts[:, None]]] = 1
        (rows,) = np.nonzero(col_of >= 0)
        assert pairs[rows, col_of[rows]].all()
        assert (row_of[col_of[rows]] == rows).all()
        most = np.count_nonzero(maximum_bipartite_matching(csr_array(pairs)) >= 0)
        assert rows.size == np.count_nonzero(row_of >= 0) == most


def test_columns_that_all_rows_like_are_left_for_those_without_others():
    # kills: they are kept by the rows that they cost least; only free rows are listed
    for seed in range(4):
        cost = few_values(300, 1 - 1 / 300, seed)
        market = Market(cost)
        tight_pairs = matching.no_tight_pairs(300)
        assert matching.match_greedily(
            market.costs, market.potentials, market.assigned, tight_pairs
        )
        assert_feasible_and_tight(market, cost)
        tight = cost - market.phi[:, None] - market.psi <= 0
        most = np.count_nonzero(maximum_bipartite_matching(csr_array(tight)) >= 0)
        assert most - 6 <= np.count_nonzero(market.col_of >= 0) <= most < 300
        np.testing.assert_array_equal(tight_pairs[1][:, :300], tight)
        assert not tight_pairs[1][:, 300:].any()


def in_phases(cost, potentials, assigned, budget):
    tight = matching.no_tight_pairs(len(cost))
    return matching.match_in_phases((cost, None), potentials, assigned, tight, budget)


@pytest.mark.parametrize("n", [7, 8, 60])
def test_phases_and_dual_steps_alone_solve_costs_of_few_values(n):
    # kills: rows that keep pairs with lowered columns; rows not read anew after a step
    for seed in range(8):
        cost = np.random.default_rng([n, seed]).integers(0, 4, (n, n)).astype(float)
        potentials, assigned = (cost.min(axis=1), np.zeros(n)), (np.full(n, -1), np.full(n, -1))
        assert in_phases(cost, potentials, assigned, 10**6) == 0
        assert (cost - potentials[0][:, None] - potentials[1]).min() == 0
        assert cost[np.arange(n), assigned[1]].sum() == potentials[0].sum() + potentials[1].sum()


def test_a_dual_step_is_taken_by_all_trees_and_needs_an_allowed_pair():
    cost = np.array([[0.0, 5, 5], [0, 5, 7], [0, 6, 5]])
    potentials, assigned = (cost.min(axis=1), np.zeros(3)), (np.full(3, -1), np.full(3, -1))
    assert in_phases(cost, potentials, assigned, 1000) == 0
    assert cost[np.arange(3), assigned[1]].sum() == 10
    assert potentials[0].sum() + potentials[1].sum() == 10
    cost[:, 1:] = np.inf  # three rows, one column
    potentials, assigned = (cost.min(axis=1), np.zeros(3)), (np.full(3, -1), np.full(3, -1))
    assert in_phases(cost, potentials, assigned, 1000) == 2
    assert np.isfinite(potentials).all()


def test_the_budget_of_looks_ends_the_phases():
    cost = few_values(60, 0.97, 1)
    potentials, assigned = (np.zeros(60), np.zeros(60)), (np.full(60, -1), np.full(60, -1))
    free = in_phases(cost, potentials, assigned, 10)
    assert 30 < free == np.count_nonzero(assigned[1] < 0)


@pytest.mark.parametrize("n", [1, 5, 90, pytest.param(400, marks=pytest.mark.needs_jit)])
@pytest.mark.parametrize("value", [0.0, -2.5, 1e300])
def test_constant_costs_give_the_identity(n, value):
    result = assignment(np.full((n, n), value))
    np.testing.assert_array_equal(result.permutation, np.arange(n))


@pytest.mark.parametrize(("n", "share"), [(200, 0.99), (400, 0.9975), (1000, 0.999)])
def test_where_low_costs_are_few_the_rows_do_not_crowd_at_the_dear_columns(monkeypatch, n, share):
    # one row in two or three has no low cost; at the lowest prices all want the columns without
    monkeypatch.setattr(module, "_DIRECT", 350)
    rng = np.random.default_rng(n)
    cost = np.where(rng.random((n, n)) < share, 1.0, rng.random((n, n)))
    market = Market(cost)
    lowest = market.n_free
    market.settle()
    assert_feasible_and_tight(market, cost)
    assert lowest > n // 4
    assert (market.col_of < 0).sum() <= n // 50


def test_in_small_markets_with_ties_equal_prices_are_tried_even_for_few_rows(monkeypatch):
    """Killed: equal prices only where many rows stay free. These are some, and take long paths."""
    monkeypatch.setattr(module, "_DIRECT", 350)
    rng = np.random.default_rng(18)
    cost = np.where(rng.random((300, 300)) < 0.999, 1.0, rng.random((300, 300)))
    market = Market(cost)
    free = module._bid_on_rows(cost, *market.potentials, *market.assigned, module._FEW)
    assert 0 < free <= 300 // 8
    market = Market(cost)
    assert market.settle() == "few_bids"
    assert_feasible_and_tight(market, cost)
    assert (market.col_of >= 0).all()


def test_in_small_markets_prices_that_are_far_are_left_to_other_routes(monkeypatch):
    """Killed: bids that serve hardly any row, and are called enough."""
    monkeypatch.setattr(module, "_DIRECT", 350)
    rng = np.random.default_rng(11)
    cost = cost_matrix(rng.random((200, 1)), rng.random((200, 1)) + 5, 4)
    market = Market(cost)
    assert market.settle() == "sorting"
    assert (market.col_of >= 0).all()


def test_a_start_at_equal_prices_that_serves_few_rows_is_given_up():
    """Killed: it was kept, with nearly all rows free. Costs r_i + s_j tie up to their rounding."""
    rng = np.random.default_rng(1001)
    cost = rng.random((120, 1)) + rng.random(120)
    market = Market(cost)
    market.settle()
    assert_feasible_and_tight(market, cost)
    assert (market.col_of < 0).sum() <= 120 // 16
