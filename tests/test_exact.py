"""Several scales in one problem, and costs that are nearly equal: right in every part."""

import dataclasses
import warnings
from fractions import Fraction

import naive
import numpy as np
import pytest
from certificates import assert_optimal
from scipy.optimize import linear_sum_assignment

import otlec
from otlec import (
    Measure,
    assignment,
    barycenter,
    cost_matrix,
    derivative,
    gluing_cost_range,
    kantorovich_rubinstein,
    optimal_plan,
    potential_band,
    speed_matrix,
    transport,
    wasserstein,
)
from otlec.solvers import clear, exact


@pytest.fixture(autouse=True)
def _no_warning_leaks():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def circle(k, radius=1.0):
    angle = 2 * np.pi * np.arange(k) / k
    return Measure(radius * np.column_stack([np.cos(angle), np.sin(angle)]))


CENTRE = Measure([[0.0, 0.0]])


@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_centre_of_a_circle_is_at_its_radius_from_it(p):
    for k in range(2, 60):
        assert wasserstein(CENTRE, circle(k), p) == pytest.approx(1, abs=1e-15)
        assert wasserstein(circle(k, 3.0), CENTRE, p) == pytest.approx(3, abs=1e-14)


def test_the_centre_of_a_sphere_is_at_its_radius_from_it():
    x = np.random.default_rng(0).normal(size=(50, 3))
    sphere = Measure(x / np.linalg.norm(x, axis=1)[:, None])
    assert optimal_plan(Measure(np.zeros((1, 3))), sphere).certificate == "certified to 1e-12"


def test_what_is_built_on_plans_takes_nearly_equal_costs():
    assert kantorovich_rubinstein(CENTRE, circle(7)).value == pytest.approx(1)
    assert barycenter([CENTRE, circle(7)]).objective == pytest.approx(0.25)
    slope = derivative(CENTRE, circle(7), circle(7, 2.0)).value
    assert slope == pytest.approx(1.5)  # of (1 - t) / 2 + 4 t / 2
    assert potential_band(CENTRE, circle(7)).width == pytest.approx(0, abs=1e-15)
    speeds = speed_matrix(lambda t: circle(7, t) if t else CENTRE, [0, 0.5, 1])
    np.testing.assert_allclose(speeds[~np.eye(3, dtype=bool)], 1)
    two = Measure([[5.0, 5], [0, 0]], [0.0, 1.0])
    assert wasserstein(two, circle(7)) == pytest.approx(1)
    low, high = gluing_cost_range(np.full((1, 2), 0.5), np.full((2, 2), 0.25), [[0.1 + 0.2, 0.3]])
    assert low == pytest.approx(0.3) == high


def clusters(p, far, n, seed, weights):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 2 * n, 2))
    x[n:, 0] += far
    y[n:, 0] += far
    a, b = (weights(rng, n) / 2 for _ in range(2))
    return cost_matrix(x, y, p), a, b


@pytest.mark.parametrize(("p", "far", "n"), [(2, 1e6, 75), (2, 1e8, 75), (4, 1e3, 30), (2, 1e3, 5)])
def test_two_clusters_far_apart_are_solved_as_if_each_were_alone(p, far, n):
    cost, a, b = clusters(p, far, n, 0, lambda rng, n: rng.dirichlet(np.ones(n), 2))
    plan = transport(a.ravel(), b.ravel(), cost)
    right = 0.0
    for k, inside in enumerate((slice(0, n), slice(n, None))):
        right += transport(a[k], b[k] * a[k].sum() / b[k].sum(), cost[inside, inside]).value
    assert plan.value == pytest.approx(right, rel=1e-12)
    assert_optimal(plan, cost)
    # the stored potentials are those of the clusters, whose digits suffice
    assert (plan.phi[:, None] + plan.psi - cost).max() < 1e-12 * plan.value


def test_whole_masses_in_two_clusters():
    a, b = np.array([1.0, 2, 3, 1, 2, 3]), np.array([2.0, 2, 2, 3, 2, 1])
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x, y = rng.integers(0, 10, (2, 6, 2)) / 10.0
        x[3:, 0] += 1000
        y[3:, 0] += 1000
        cost = cost_matrix(x, y, 4)
        plan = transport(a, b, cost)
        right = sum(
            naive.transport_value(a[s], b[s], cost[s, s]) for s in (slice(0, 3), slice(3, None))
        )
        assert plan.value == pytest.approx(right, rel=1e-9)
        assert_optimal(plan, cost)


@pytest.mark.parametrize("n", [60, 360])
def test_heavy_tails_are_assigned_as_scipy_does(n):
    cost = np.exp(60 * np.random.default_rng(n).standard_normal((n, n)))
    best = assignment(cost)
    rows, cols = linear_sum_assignment(cost)
    assert best.value == pytest.approx(cost[rows, cols].sum(), rel=1e-12)
    assert_optimal(best, cost)
    a, b = np.random.default_rng(1).dirichlet(np.ones(n), 2)
    assert_optimal(transport(a, b, cost), cost)


@pytest.mark.parametrize("seed", [1, 4])
def test_what_is_below_all_digits_of_the_continued_potentials_is_no_violation(seed):
    cost = np.exp(200 * np.random.default_rng(seed).standard_normal((12, 12)))
    best = assignment(cost)
    assert best.value == cost[linear_sum_assignment(cost)].sum()
    assert best.certificate == "certified to 1e-12"


def test_an_outlier_does_not_spoil_the_others():
    rng = np.random.default_rng(5)
    x, y = rng.random((2, 40, 2))
    x[0] = [1e9, 0]
    cost = cost_matrix(x, y)
    a, b = rng.dirichlet(np.ones(40), 2)
    assert_optimal(transport(a, b, cost), cost)
    assert_optimal(assignment(cost), cost)


def test_a_large_number_in_place_of_infinity():
    rng = np.random.default_rng(6)
    cost = np.where(rng.random((30, 30)) < 0.5, 1e14, rng.random((30, 30)))
    forbidden = np.where(cost == 1e14, np.inf, cost)
    a, b = rng.dirichlet(np.full(30, 20.0), 2)
    assert_optimal(assignment(cost), cost)
    assert_optimal(assignment(forbidden), forbidden)
    assert assignment(cost).value == assignment(forbidden).value
    assert_optimal(transport(a, b, forbidden), forbidden)
    assert transport(a, b, cost).value == pytest.approx(transport(a, b, forbidden).value, rel=1e-12)


@pytest.mark.parametrize("total", [1e-300, 1e-200, 1e200])
def test_masses_of_any_size(total):
    rng = np.random.default_rng(7)
    a, b = rng.dirichlet(np.ones(9), 2)
    cost = rng.random((9, 9))
    plan = transport(total * a, total * b, cost)
    assert plan.value == pytest.approx(total * transport(a, b, cost).value, rel=1e-12)
    assert plan.certificate == "certified to 1e-12"


@pytest.mark.parametrize("top", [1e300, 1e307])
def test_costs_up_to_the_largest_float(top):
    rng = np.random.default_rng(8)
    cost = top * rng.random((6, 6))
    a, b = rng.dirichlet(np.ones(6), 2)
    assert assignment(cost).certificate == "certified to 1e-12"
    assert transport(a, b, cost).certificate == "certified to 1e-12"


def test_a_wrong_plan_is_repaired_before_it_leaves():
    rng = np.random.default_rng(9)
    cost = rng.random((12, 12))
    best = assignment(cost)
    worse = type(best)(np.roll(best.permutation, 1), 0.0, np.zeros(12), np.zeros(12))
    repaired = exact.proved(worse, cost)
    np.testing.assert_array_equal(repaired.permutation, best.permutation)
    assert repaired.value == best.value


def test_what_is_certified_is_not_repaired_and_a_repair_that_serves_is_the_last(monkeypatch):
    cost = np.random.default_rng(9).random((12, 12))
    best = assignment(cost)
    worse = type(best)(np.roll(best.permutation, 1), 0.0, np.zeros(12), np.zeros(12))

    def one(result, cost):
        yield best
        pytest.fail("the first repair was enough")

    monkeypatch.setattr(exact, "_improved", one)
    assert exact.proved(worse, cost).value == best.value
    monkeypatch.setattr(exact, "_improved", lambda result, cost: pytest.fail("it is certified"))
    plan = transport(np.full(12, 1 / 12), np.full(12, 1 / 12), cost)
    np.testing.assert_array_equal(exact.proved(plan, cost).mass, plan.mass)


def test_what_cannot_be_repaired_is_refused(monkeypatch):
    monkeypatch.setattr(exact, "_improved", lambda result, cost: iter(()))
    best = assignment(np.eye(3))
    worse = type(best)(np.array([0, 1, 2]), 3.0, best.phi, best.psi)
    with pytest.raises(RuntimeError, match=r"not certified: the value .* divide the problem"):
        exact.proved(worse, np.eye(3))


def test_a_tiny_mass_that_goes_far_is_counted_to_the_last_digit():
    # the value is that of one atom of 4e-9: in grains of the whole mass it had ten digits
    a, b = np.array([0.5, 0.5 - 4.57e-9, 4.57e-9]), np.array([0.3, 0.7])
    b[1] = 1 - b[0]
    cost = np.array([[0.0, 1.0], [1.0, 0.0], [1.5e13, 1.4e13]])
    plan = transport(a, b, cost)
    assert plan.mass[plan.rows == 2].sum() == a[2]
    assert plan.value == pytest.approx(4.57e-9 * 1.4e13 + 0.2, rel=1e-12)
    assert_optimal(plan, cost)


def test_a_crumb_of_a_dear_atom_spoils_the_certificate():
    a, cost = np.array([1 - 1e-9, 1e-9]), np.array([[0.0, 1e13], [1e13, 1e12]])
    plan = transport(a, a, cost)
    assert plan.certificate == "certified to 1e-12"
    light = dataclasses.replace(plan, mass=plan.mass - [0, 1e-17], value=plan.value * (1 - 1e-8))
    assert light.certificate in ("certified to 1e-07", "certified to 1e-08")


def test_what_is_clear_at_once_is_what_the_full_verdict_says():
    rng = np.random.default_rng(4)
    proved = 0
    for n in (2, 7, 30, 70):
        x = rng.random((n, 2))
        near = otlec.cost_matrix(x, x + 1e-7 * rng.random((n, 2)))
        for cost in (rng.random((n, n)), np.exp(9 * rng.normal(size=(n, n))), near):
            best = otlec.assignment(cost)
            assert best.certificate == str(otlec.verify(best, cost)) == "certified to 1e-12"
            proved += clear.clear_evidence(best, cost) is not None
            swapped = best.permutation.copy()
            swapped[:2] = swapped[1::-1]
            doubts = (
                {"permutation": swapped, "value": float(cost[range(n), swapped].sum())},
                {"permutation": np.full(n, best.permutation[0])},
                {"permutation": best.permutation + 1},
                {"value": best.value * (1 + 1e-11)},
                {"phi": best.phi + 1e-11 * best.value},
                {"psi": best.psi * np.nan},
            )
            for change in doubts:
                assert clear.clear_evidence(dataclasses.replace(best, **change), cost) is None
    assert proved >= 6


def test_a_pair_that_is_cheaper_than_its_prices_is_no_clear_proof():
    best = otlec.Assignment(np.arange(2), 2.0, np.ones(2), np.zeros(2))
    assert clear.clear_evidence(best, np.array([[1.0, 1.0], [1.0, 1.0]])) is not None
    assert clear.clear_evidence(best, np.array([[1.0, 1 - 1e-12], [1.0, 1.0]])) is None


def test_where_all_is_tight_to_the_last_bit_a_pair_is_compared_without_rounding():
    # kills: c - psi == phi, both rounded, is taken for feasible: phi + psi exceeds c by 2^-54
    phi, psi = np.array([1.0, 0.0]), np.array([0.0, 2.0**-54])
    best = otlec.Assignment(np.arange(2), 1.0 + 2.0**-54, phi, psi)
    above = np.array([[1.0, 1.0 + 2.0**-52], [1.0, 2.0**-54]])
    assert clear.clear_evidence(best, above).i.size == 0
    above[0, 1] = 1.0
    evidence = clear.clear_evidence(best, above)
    assert (0, 1) in set(zip(evidence.i.tolist(), evidence.j.tolist(), strict=True))


def test_sums_of_potentials_of_few_digits_are_compared_with_costs_as_they_are():
    # kills: a unit too fine or too coarse; a cost one bit below the sum that passes
    whole, fine = np.array([3.0, -(2.0**40)]), np.array([3.0, 2.0**-54])
    assert clear._sums_are_exact(whole, whole[::-1].copy())
    assert clear._sums_are_exact(np.zeros(2), np.zeros(2))
    assert clear._sums_are_exact(2.0**-300 * whole, whole * 2.0**-302)
    assert not clear._sums_are_exact(whole, fine)
    assert not clear._sums_are_exact(fine, np.array([1.0, 2.0]))
    assert not clear._sums_are_exact(np.array([1.0]), np.array([0.1]))
    best = otlec.Assignment(np.arange(2), 3.0, np.array([1.0, 2.0]), np.zeros(2))
    cost = np.array([[1.0, 1.0], [2.0, 2.0]])
    assert clear.clear_evidence(best, cost).i.size == 0
    for wrong in (np.nextafter(2.0, 0), np.nan):
        cost[1, 0] = wrong
        evidence = clear.clear_evidence(best, cost)
        assert evidence is None or evidence.i.size > 0


def test_ties_are_proved_at_once_and_as_the_full_verdict_says():
    cost = np.random.default_rng(2).integers(0, 3, (40, 40)).astype(float)
    best = otlec.assignment(cost)
    assert clear.clear_evidence(best, cost).i.size == 0
    assert best.certificate == str(otlec.verify(best, cost)) == "certified to 1e-12"
    cost[0, np.flatnonzero(best.phi[0] + best.psi == cost[0])] -= 1e-9
    assert clear.clear_evidence(best, cost) is None


def test_what_a_heavy_atom_passes_on_of_a_light_one_is_not_lost():
    rows, cols, tiny = np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), 2.0**-60
    flow = exact._peel(rows, cols, np.zeros(5, np.int64), np.array([tiny, 1.0, 2.0, 1.0, 2.0]), 3)
    np.testing.assert_array_equal(flow, [tiny, 1.0, tiny, 2.0])


def test_of_equal_edges_on_a_cycle_the_last_one_leaves():
    # rows 0, 1 and columns 2, 3 on a path 0 - 2 - 1 - 3 below the root 4; the pair (0, 3) comes in
    parent, flow = np.array([4, 2, 0, 1, -1]), np.array([0, 5, 3, 3, 0])
    exact._exchange(0, 3, 2, parent, flow, np.array([1, 3, 2, 4, 0]))
    # edges 2 and 3 are emptied by 3 units that go 0 -> 3: the one nearer to the top, the last
    assert parent.tolist() == [4, 3, 1, 0, -1]
    assert flow.tolist() == [0, 0, 8, 3, 0]
    # and where (1, 3) joins the branches 0 - 2 - 1 and 0 - 3: that of column 3, not that of row 1
    parent, flow = np.array([4, 2, 0, 0, -1]), np.array([0, 2, 7, 2, 0])
    exact._exchange(1, 3, 2, parent, flow, np.array([1, 3, 2, 2, 0]))
    assert parent.tolist() == [4, 2, 0, 1, -1]


def test_of_equal_edges_above_the_row_the_one_nearest_to_it_leaves():
    # rows 0, 1, 2 and columns 3, 4, 5: the path 0 - 3 - 1 - 4 - 2 and the pair 0 - 5; (2, 5) comes
    parent, flow = np.array([6, 3, 4, 0, 1, 0, -1]), np.array([0, 3, 3, 1, 2, 9, 0])
    exact._exchange(2, 5, 3, parent, flow, np.array([1, 3, 5, 2, 4, 2, 0]))
    # edges 1 and 2 are emptied by 3 units that come down from 0: first 1, and last 2
    assert parent.tolist() == [6, 3, 5, 0, 1, 0, -1]
    assert flow.tolist() == [0, 0, 3, 4, 5, 6, 0]


def test_an_excess_keeps_what_the_sum_of_the_potentials_loses():
    assert clear._excess_of(1.0, 2.0**-60, 1.0) == 2.0**-60
    assert clear._excess_of(1.0, -(2.0**-60), 1.0) == -(2.0**-60)


def test_potentials_are_continued_along_the_edges_and_shifted_until_all_pairs_are_feasible():
    """Killed: a shift of the parts that is taken away where it belongs."""
    rng = np.random.default_rng(7)
    shifted = 0
    for n in range(2, 9):
        cost = rng.random((n, n)) + rng.random(n)
        best = otlec.assignment(cost)
        phi, psi = exact._small(cost, best.rows, best.permutation, best.phi, best.psi)
        reduced = cost - phi[:, None] - psi
        assert reduced.min() >= -1e-14
        assert np.abs(reduced[best.rows, best.permutation]).max() <= 1e-14
        shifted += np.abs(phi).max() > 1e-3
    assert shifted > 0


def test_the_entries_of_a_forest_carry_what_their_atoms_leave_them():
    """Killed: edges that are counted at another atom than theirs."""
    rows, cols = np.array([0, 1, 1, 2, 2]), np.array([0, 0, 1, 1, 2])
    mass = np.array([0.25, 0.5, 0.25, 0.375, 0.5, 0.125])
    flow = exact._peel(rows, cols, np.zeros(6, np.int64), mass, 3)
    np.testing.assert_array_equal(flow, [0.25, 0.125, 0.375, 0.125, 0.125])


def test_what_the_first_column_leaves_to_a_row_goes_on_from_there():
    rows, cols = np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1])
    mass = np.array([0.25, 0.375, 0.5, 0.375, 0.75])
    flow = exact._peel(rows, cols, np.zeros(5, np.int64), mass, 3)
    np.testing.assert_array_equal(flow, [0.25, 0.125, 0.25, 0.5])


def test_the_first_column_joins_its_rows_as_every_other_one_does():
    # rows 0, 1, 2 and columns 3, 4: rows 0 and 1 meet in column 3 alone
    parent, part = exact._hang(np.array([0, 1, 2]), np.array([0, 0, 1]), 3, 2)
    assert parent.tolist() == [5, 3, 5, 0, 2, -1]
    assert part.tolist() == [0, 0, 2, 0, 2, -1]


def test_a_sum_in_two_floats_loses_nothing_that_two_floats_can_hold():
    high, low, total = 0.0, 0.0, Fraction(0)
    for term in (2.0**53, 1.0, 1.5, -(2.0**-40), 3.0, -(2.0**53), 2.0**-50, -5.5):
        high, low = clear.add(high, low, term)
        total += Fraction(term)
        assert Fraction(high) + Fraction(low) == total
        assert high == float(total)


def test_potentials_of_atoms_without_mass_exceed_no_cost_not_even_by_a_rounding():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cost, psi_on = rng.random((6, 7)), rng.normal(size=2)
        on_a, on_b = np.array([0, 2, 5]), np.array([1, 3])
        phi_on = (cost[np.ix_(on_a, on_b)] - psi_on).min(axis=1)
        phi, psi = exact.extended(cost, on_a, on_b, phi_on, psi_on)
        for i, j in np.ndindex(6, 7):
            if i not in on_a or j not in on_b:
                assert Fraction(phi[i]) + Fraction(psi[j]) <= Fraction(cost[i, j])
        reduced = cost - phi[:, None] - psi
        assert np.delete(reduced[:, on_b].min(axis=1), on_a).max() <= 1e-14
        assert np.delete(reduced.min(axis=0), on_b).max() <= 1e-14


def test_a_pair_is_summed_again_where_its_potentials_have_lost_more_than_it_is_violated_by():
    # a path 0 - 2 - 1 - 3 of costs 0 below the root 4: the pair (0, 3) is violated by 1e-26, which
    # the potential of column 3 does not show: it has been 1e6 on the way
    cost = np.array([[0.0, -1e-26], [0.0, 0.0]])
    parent, depth = np.array([4, 2, 0, 1, -1]), np.array([1, 3, 2, 4, 0])
    high, largest = np.array([0.0, 0, 0, -1e-25, 0]), np.array([0.0, 0, 0, 1e6, 0])
    rows, cols = exact._violated(cost, parent, np.zeros(2), high, 0 * high, largest, depth)
    assert (rows.tolist(), cols.tolist()) == ([0], [1])
    # and potentials of 1 and -1 that add up to 1e-17 do not violate the tie (0, 1)
    cost[0, 1] = 0.0
    high = np.array([1.0, 1, -1, 1e-17 - 1, 0])
    assert exact._violated(cost, parent, np.ones(2), high, 0 * high, largest, depth)[0].size == 0


def test_a_violated_pair_of_the_first_column_is_found_and_enters():
    # the path 0 - 3 - 1 - 2 below the root 4, and all its costs 1: the pair (0, 2) costs 0
    cost = np.array([[0.0, 1.0], [1.0, 1.0]])
    parent, flow = np.array([4, 3, 1, 0, -1]), np.array([0, 2, 3, 2, 0])
    base = np.zeros(2)
    state = exact._potentials(cost, parent, base)
    rows, cols = exact._violated(cost, parent, base, *state)
    assert (rows.tolist(), cols.tolist()) == ([0], [0])
    assert exact._pivot_all(cost, parent, flow, base, rows, cols) == 1
    assert exact._pivot_all(cost, parent, flow, base, rows, cols) == 0  # it is a tie by now


def test_too_many_rounds_leave_the_parts_where_they_were(monkeypatch):
    monkeypatch.setattr(exact, "_ROUNDS", 0)
    rng = np.random.default_rng(8)
    cost = rng.random((5, 5)) + rng.random(5)
    best = otlec.assignment(cost)
    phi, psi = exact._small(cost, best.rows, best.permutation, best.phi, best.psi)
    np.testing.assert_allclose(phi, best.phi, atol=1e-15)
    np.testing.assert_allclose(psi, best.psi, atol=1e-15)


def test_only_the_masses_of_a_forest_are_settled_and_none_that_rounding_has_made():
    a, b = np.array([0.25, 0.75]), np.array([0.5, 0.5])
    tree, exactly = (np.array([0, 1, 1]), np.array([0, 0, 1])), np.array([0.25, 0.25, 0.5])
    off = exactly + np.array([1e-14, -1e-14, 0.0])
    np.testing.assert_array_equal(exact.settled(*tree, off, a, b), exactly)
    far = exactly + np.array([1e-9, -1e-9, 0.0])
    np.testing.assert_array_equal(exact.settled(*tree, far, a, b), far)
    cycle, mass = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), np.array([1, 1, 2, 2]) / 8
    np.testing.assert_array_equal(exact.settled(*cycle, mass, a, b), mass)
    star = np.arange(3), np.zeros(3, np.int64)
    a3, off = np.array([0.25, 0.25, 0.5]), np.array([0.25 + 1e-14, 0.25, 0.5])
    np.testing.assert_array_equal(exact.settled(*star, off, a3, np.ones(1)), a3)
    made = np.array([0.5, 1e-17, 0.5])  # by masses that leave nothing to the entry between them
    np.testing.assert_array_equal(exact.settled(*tree, made, b, b), made)


def test_what_the_two_sides_differ_by_is_left_to_the_heaviest_atom():
    # a path 0 - 2 - 1 - 3 whose last atom is so light that it drowns in the rounding of the others
    rows, cols, tiny = np.array([0, 1, 1]), np.array([0, 0, 1]), 2.0**-60
    sides = np.array([1.0, 0.25]), np.array([1.25, tiny])
    flow = exact.settled(rows, cols, np.array([1 + 2.0**-50, 0.25, tiny]), *sides)
    np.testing.assert_array_equal(flow, [1, 0.25, tiny])


def test_a_plan_that_costs_nothing_is_not_repaired(monkeypatch):
    monkeypatch.setattr(exact, "_improved", lambda result, cost: pytest.fail("it is certified"))
    assert transport([0.5, 0.5], [0.25, 0.75], np.zeros((2, 2))).certificate == "certified to 1e-12"


def nearly_tight(n, steps):
    """An assignment along the diagonal that lacks a rounding, and the other pairs some steps."""
    cost = np.full((n, n), 2 + steps * 2.0**-52)
    np.fill_diagonal(cost, 2 + 2.0**-51)
    best = otlec.Assignment(np.arange(n), cost.trace(), np.ones(n), np.ones(n))
    return clear.clear_evidence(best, cost)


def test_pairs_are_listed_up_to_64_roundings_of_both_potentials_where_they_are_few():
    assert nearly_tight(2, 100).i.size == 4
    assert nearly_tight(2, 200).i.size == 2
    assert nearly_tight(8, 200).i.size == 8
    assert nearly_tight(8, 100) is None  # 64 pairs are more than two a row


def test_where_no_pair_is_listed_none_is_said_to_be_far():
    best = otlec.Assignment(np.arange(2), 4.0, np.ones(2), np.ones(2))
    evidence = clear.clear_evidence(best, np.full((2, 2), 2.0))
    assert evidence.i.size == evidence.room.max() == evidence.reach.max() == 0


def test_what_a_shift_leaves_of_a_potential_has_its_lower_digits():
    far, top = 2.0**53, 2.0**60
    # rows 0, 1 and columns 0, 2 are one part, which the pair (0, 1) lowers by 2^53
    cost = np.array([[-0.5, -far, top], [far, top, 0.0], [top, 0.0, top]])
    rows, cols = np.array([0, 1, 1, 2]), np.array([0, 0, 2, 1])
    near = np.array([-far, 0.5, 0.0]), np.array([far, 0.0, -0.5])
    phi, psi = exact._small(cost, rows, cols, *near)
    assert phi.tolist() == [-far, 0.5, 0.0]
    assert psi.tolist() == [far, 0.0, -0.5]


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_plan_with_atoms_without_mass_on_one_side_is_repaired(side):
    rng = np.random.default_rng(11)
    a, b = np.array([0.5, 0.0, 0.2, 0.3]), np.array([0.3, 0.3, 0.2, 0.1, 0.1])
    cost = rng.random((4, 5))
    if side == "b":
        a, b, cost = b, a, cost.T.copy()
    best = transport(a, b, cost)
    worse = dataclasses.replace(best, phi=np.zeros(a.size), psi=np.zeros(b.size), evidence=None)
    repaired = exact.proved(worse, cost)
    assert repaired.certificate == "certified to 1e-12"
    assert repaired.value == pytest.approx(best.value, rel=1e-14)


def test_a_repair_leaves_entries_without_mass_out():
    half, cost = np.full(2, 0.5), 1 - np.eye(2)
    rows, cols, mass = np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0.5, 0.0, 0.5])
    worse = otlec.Plan(half, half, rows, cols, mass, 0.0, -np.ones(2), np.zeros(2))
    for better in exact._improved(worse, cost):
        assert (better.rows.tolist(), better.cols.tolist()) == ([0, 1], [0, 1])


@pytest.mark.parametrize("seed", range(5))
def test_the_excess_around_a_cycle_is_that_of_the_potentials(seed):
    rng = np.random.default_rng(seed)
    cost, masses = rng.integers(0, 9, (5, 6)).astype(float), rng.integers(1, 9, 11)
    plan = transport(masses[:5] / masses[:5].sum(), masses[5:] / masses[5:].sum(), cost)
    parent, _ = exact._hang(plan.rows, plan.cols, 5, 6)
    base = rng.integers(-9, 9, 5).astype(float)
    high, _, _, depth = exact._potentials(cost, parent, base)
    for i, j in np.ndindex(5, 6):
        excess = exact._excess(cost, parent, base, depth, i, j)
        assert excess == high[i] + high[5 + j] - cost[i, j]


def test_violated_pairs_are_counted_without_any_rounding():
    rng = np.random.default_rng(15)
    psi, ulps = rng.normal(size=300), rng.integers(-2, 3, 300)
    for phi in (0.0, 1.0 / 3, -7.5, 1e9):
        row = (phi + psi) * (1 + ulps * 2.0**-52)
        expected = sum(Fraction(c) - Fraction(y) < phi for c, y in zip(row, psi, strict=True))
        assert clear._count_violated(row, psi, phi) == expected


def test_a_column_that_two_rows_take_is_no_clear_proof():
    twice = otlec.Assignment(np.zeros(2, np.int64), 2.0, np.ones(2), np.zeros(2))
    assert clear.clear_evidence(twice, np.ones((2, 2))) is None
