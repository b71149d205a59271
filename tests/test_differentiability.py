"""The one-sided derivative of the transport cost, and how far potentials may differ."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from otlec import (
    Measure,
    cost_matrix,
    derivative,
    differentiability,
    half_square_cost,
    mixture,
    optimal_plan,
    potential_band,
    potential_width,
    sandwich,
    transport,
    transport_cost,
)


def distance(x, y):
    return cost_matrix(x, y, 1)


@st.composite
def triples(draw, shared: bool = False):
    """Measures sigma, rho0, rho1 with few atoms and ties, so that potentials are seldom unique."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    d, tied = draw(st.integers(1, 2)), draw(st.booleans())
    sizes = [draw(st.integers(1, 5)) for _ in range(3)]
    if shared:
        sizes[2] = sizes[1]
    points = [rng.integers(0, 4, (n, d)) / 2.0 if tied else rng.normal(size=(n, d)) for n in sizes]
    points = [x[:, 0] if d == 1 else x for x in points]
    weights = [
        np.full(n, 1 / n) if tied or draw(st.booleans()) else rng.dirichlet(np.ones(n))
        for n in sizes
    ]
    sigma, rho0, rho1 = (Measure(x, a) for x, a in zip(points, weights, strict=True))
    if shared:
        rho1 = Measure(rho0.points, rng.dirichlet(np.ones(rho0.size)))
    return sigma, rho0, rho1


def slopes_by_linear_programming(sigma, rho0, rho1, cost) -> tuple[float, float]:
    """The least and greatest slope over the optimal dual face; rho1 on the atoms of rho0."""
    c = cost(sigma.points, rho0.points)
    n, m = c.shape
    value = naive.transport_value(sigma.weights, rho0.weights, c)
    pairs = np.hstack([np.kron(np.eye(n), np.ones((m, 1))), np.kron(np.ones((n, 1)), np.eye(m))])
    optimal = np.concatenate([sigma.weights, rho0.weights])
    slope = np.concatenate([np.zeros(n), rho1.weights - rho0.weights])
    bounds = [(0, 0)] + [(None, None)] * (n + m - 1)
    results = [
        linprog(
            sign * slope,
            A_ub=np.vstack([pairs, -optimal]),
            b_ub=np.append(c.ravel(), 1e-10 - value),
            bounds=bounds,
        )
        for sign in (1, -1)
    ]
    assert all(result.success for result in results)
    return results[0].fun, -results[1].fun


@pytest.mark.statement("4.1")
@pytest.mark.parametrize(("y0", "y1"), [(0.3, 0.8), (0.8, 0.3), (0.0, 1.0), (0.5, 0.5)])
def test_the_derivative_from_a_uniform_measure_is_the_closed_form(y0, y1):
    sigma = Measure(np.linspace(0, 1, 101))
    result = derivative(sigma, Measure([y0]), Measure([y1]))
    expected = (y1**2 - y0**2) / 2 + min(0.0, y0 - y1)
    assert result.value == pytest.approx(expected, abs=1e-14)
    assert result.slopes == pytest.approx((expected, expected), abs=1e-14)
    assert result.pieces == 1


@pytest.mark.statement("4.1")
@settings(max_examples=60)
@given(triples(), st.sampled_from([half_square_cost, distance]))
def test_the_value_is_the_difference_quotient_at_a_small_time(measures, cost):
    sigma, rho0, rho1 = measures
    result = derivative(sigma, rho0, rho1, cost)
    value = result.value
    assert result.slopes[0] <= result.slopes[1] == value

    def quotient(t):
        moved = transport_cost(sigma, mixture([rho0, rho1], [1 - t, t]), cost)
        return (moved - transport_cost(sigma, rho0, cost)) / t

    # Convex in t: quotients fall to the derivative as t does. Affine near 0: they reach it.
    assert quotient(0.5) >= value - 1e-10
    assert quotient(1e-5) == pytest.approx(value, abs=1e-4)
    assert quotient(1e-5) >= value - 1e-9


@pytest.mark.statement("4.1")
@settings(max_examples=40)
@given(triples(), st.sampled_from([half_square_cost, distance]))
def test_the_potential_is_optimal_and_its_integral_is_the_value(measures, cost):
    sigma, rho0, rho1 = measures
    result = derivative(sigma, rho0, rho1, cost)
    psi0, psi1 = result.psi[: rho0.size], result.psi[rho0.size :]
    assert rho1.weights @ psi1 - rho0.weights @ psi0 == pytest.approx(result.value, abs=1e-12)
    phi = (cost(sigma.points, rho0.points) - psi0).min(axis=1)
    dual = sigma.weights @ phi + rho0.weights @ psi0
    assert dual == pytest.approx(transport_cost(sigma, rho0, cost), abs=1e-12)
    conjugate = (cost(sigma.points, result.points) - phi[:, None]).min(axis=0)
    np.testing.assert_allclose(result.psi, conjugate, atol=1e-12)


@pytest.mark.statement("4.1")
@settings(max_examples=40)
@given(triples(shared=True), st.sampled_from([half_square_cost, distance]))
def test_the_interval_of_slopes_is_that_of_linear_programming(measures, cost):
    low, high = derivative(*measures, cost).slopes
    expected = slopes_by_linear_programming(*measures, cost)
    assert (low, high) == pytest.approx(expected, abs=1e-6)


@pytest.mark.statement("4.1")
@settings(max_examples=40)
@given(triples(), st.integers(0, 10**6))
def test_every_optimal_conjugate_potential_has_its_slope_in_the_interval(measures, seed):
    sigma, rho0, rho1 = measures
    low, high = derivative(sigma, rho0, rho1).slopes
    c = half_square_cost(sigma.points, rho0.points)
    n, m = c.shape
    value = naive.transport_value(sigma.weights, rho0.weights, c)
    pairs = np.hstack([np.kron(np.eye(n), np.ones((m, 1))), np.kron(np.ones((n, 1)), np.eye(m))])
    optimal = np.concatenate([sigma.weights, rho0.weights])
    direction = np.random.default_rng(seed).normal(size=n + m)
    vertex = linprog(
        direction,
        A_ub=np.vstack([pairs, -optimal]),
        b_ub=np.append(c.ravel(), 1e-10 - value),
        bounds=[(-50, 50)] * (n + m),
    )
    assert vertex.success
    phi = (c - vertex.x[n:]).min(axis=1)
    psi0 = (c - phi[:, None]).min(axis=0)
    psi1 = (half_square_cost(sigma.points, rho1.points) - phi[:, None]).min(axis=0)
    slope = rho1.weights @ psi1 - rho0.weights @ psi0
    assert low - 1e-6 <= slope <= high + 1e-6


@pytest.mark.statement("4.1")
@settings(max_examples=40)
@given(triples(), st.floats(0.01, 1))
def test_the_quotient_lies_between_the_bounds_of_the_proof(measures, t):
    lower, quotient, upper = sandwich(*measures, t)
    assert lower <= quotient + 1e-10
    assert quotient <= upper + 1e-10


@pytest.mark.statement("4.1")
def test_the_sandwich_closes_as_time_goes_to_0():
    grid = np.linspace(0, 1, 200)
    sigma, rho0, rho1 = Measure(grid), Measure([0.2, 0.6]), Measure([0.9])
    widths = [
        upper - lower
        for lower, _, upper in (sandwich(sigma, rho0, rho1, 2.0**-k) for k in range(8))
    ]
    assert (np.diff(widths) <= 1e-12).all()
    assert widths[-1] < 0.02 < widths[0]


@pytest.mark.statement("4.1")
def test_two_points_have_a_kink_and_the_right_slope_is_the_maximum():
    # T((delta_0 + delta_1)/2, (1/2 - s) delta_0 + (1/2 + s) delta_1) = |s| / 2
    ends = np.array([0.0, 1.0])
    sigma = Measure(ends)
    for s in (-0.5, -0.1, 0.3):
        assert transport_cost(sigma, Measure(ends, [0.5 - s, 0.5 + s])) == pytest.approx(abs(s) / 2)
    toward_one = derivative(sigma, sigma, Measure(ends, [0.0, 1.0]))  # s = t / 2
    assert toward_one.value == pytest.approx(0.25)
    assert toward_one.slopes == pytest.approx((-0.25, 0.25))
    assert toward_one.pieces == 2


@pytest.mark.statement("4.2")
def test_a_gap_in_the_support_leaves_an_offset_between_minus_a_half_and_a_half():
    half = 200
    x = np.concatenate([np.linspace(0, 1, half), np.linspace(2, 3, half)])
    mu = Measure(x)
    band = potential_band(mu, mu, anchor=0)
    # Each step of a grid of spacing h leaves h^2 / 2, the whole of it h / 2 on each side.
    h = 1 / (half - 1)
    assert band.width == pytest.approx(1 + 2 * h, rel=1e-9)
    assert band.phi_high[half] - band.phi_low[half] == pytest.approx(1 + h, rel=1e-9)
    assert potential_width(mu, mu) == band.width
    # rho_1 - rho_0 moves a half of the mass, so the slopes +-1/2 are halved.
    coarse = 20
    y = np.concatenate([np.linspace(0, 1, coarse), np.linspace(2, 3, coarse)])
    nu, to_right = Measure(y), Measure(y, np.repeat([0.0, 2.0], coarse) / (2 * coarse))
    expected = 1 / 4 + 1 / (4 * (coarse - 1))
    assert derivative(nu, nu, to_right).slopes == pytest.approx((-expected, expected), rel=1e-9)


@pytest.mark.statement("4.2")
@pytest.mark.parametrize("n", [10, 40, 160])
def test_on_a_connected_support_the_width_falls_with_the_grid(n):
    mu = Measure(np.linspace(0, 1, n))
    assert potential_width(mu, mu) == pytest.approx(1 / (n - 1), rel=1e-9)


@pytest.mark.statement("4.2")
@settings(max_examples=40)
@given(triples(), st.sampled_from([half_square_cost, distance]), st.integers(0, 10**6))
def test_every_optimal_pair_lies_in_the_band_and_its_edges_are_attained(measures, cost, seed):
    mu, nu, _ = measures
    anchor = int(np.random.default_rng(seed).integers(mu.size))
    band = potential_band(mu, nu, cost, anchor)
    c = cost(mu.points, nu.points)
    n, m = c.shape
    value = naive.transport_value(mu.weights, nu.weights, c)
    pairs = np.hstack([np.kron(np.eye(n), np.ones((m, 1))), np.kron(np.ones((n, 1)), np.eye(m))])
    optimal = np.concatenate([mu.weights, nu.weights])
    bounds = [(None, None)] * (n + m)
    bounds[anchor] = (0, 0)
    for index, low, high in zip(
        range(n + m),
        np.concatenate([band.phi_low, band.psi_low]),
        np.concatenate([band.phi_high, band.psi_high]),
        strict=True,
    ):
        for sign, edge in ((1, low), (-1, -high)):
            best = linprog(
                sign * np.eye(n + m)[index],
                A_ub=np.vstack([pairs, -optimal]),
                b_ub=np.append(c.ravel(), 1e-10 - value),
                bounds=bounds,
            )
            assert best.success
            assert best.fun == pytest.approx(edge, abs=1e-6)


def test_atoms_without_mass_change_nothing():
    sigma, rho0, rho1 = Measure([0.0, 1.0]), Measure([0.2, 0.7]), Measure([0.5, 1.5], [0.3, 0.7])
    padded = [
        Measure(np.append(mu.points, 7.0), np.append(mu.weights, 0.0)) for mu in (sigma, rho0, rho1)
    ]
    plain, with_zeros = derivative(sigma, rho0, rho1), derivative(*padded)
    assert with_zeros.value == pytest.approx(plain.value, abs=1e-14)
    assert with_zeros.slopes == pytest.approx(plain.slopes, abs=1e-14)
    assert with_zeros.psi.shape == (6,)
    band = potential_band(padded[0], padded[1], anchor=1)
    assert band.phi_low.shape == (3,)
    assert (band.phi_low[1], band.phi_high[1]) == pytest.approx((0.0, 0.0), abs=1e-15)
    with pytest.raises(ValueError, match="anchor must be the number of an atom of mu with mass"):
        potential_band(padded[0], padded[1], anchor=2)
    with pytest.raises(ValueError, match="anchor must be"):
        potential_band(sigma, rho0, anchor=-1)


def test_the_ends_of_a_band_are_feasible_between_atoms_without_mass_too():
    """Both potentials extended by the atoms with mass alone exceed such a pair's cost, by 1.5."""
    mu, nu = Measure([3.0, 0.0], [1.0, 0.0]), Measure([0.4, -1.1], [1.0, 0.0])
    band = potential_band(mu, nu)
    cost = half_square_cost(mu.points, nu.points)
    for phi, psi in ((band.phi_low, band.psi_high), (band.phi_high, band.psi_low)):
        np.testing.assert_allclose((cost - psi).min(axis=1), phi, atol=1e-14)
        np.testing.assert_allclose((cost - phi[:, None]).min(axis=0), psi, atol=1e-14)
    assert band.phi_high[1] - band.phi_low[1] > 1
    assert band.certificate == "certified to 1e-12"


def test_crumbs_of_rounding_do_not_join_pieces():
    sigma = Measure([0.0, 1.0])
    nearly = Measure([0.0, 1.0], [0.5 + 1e-14, 0.5 - 1e-14])
    assert derivative(sigma, nearly, sigma).pieces == 2
    assert derivative(sigma, Measure([0.0, 1.0], [0.5 + 1e-9, 0.5 - 1e-9]), sigma).pieces == 1
    # A light atom of its own is joined by its heaviest entry all the same.
    light = Measure([0.0, 1.0], [1e-14, 1 - 1e-14])
    assert derivative(light, Measure([5.0]), sigma).pieces == 1


@pytest.mark.statement("4.1")
@given(triples())
def test_adding_a_constant_to_the_potential_changes_no_slope(measures):
    sigma, rho0, rho1 = measures
    result = derivative(sigma, rho0, rho1)
    direction = np.concatenate([-rho0.weights, rho1.weights])
    assert direction @ (result.psi + 7.0) == pytest.approx(result.value, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda mu: derivative(mu, mu, mu, cost=np.zeros((1, 1))),
            ValueError,
            r"cost must have shape \(1, 2\), but its shape is \(1, 1\)",
        ),
        (
            lambda mu: derivative(mu, mu, mu, cost=lambda x, y: np.full((1, 1), np.inf)),
            ValueError,
            "cost",
        ),
        (lambda mu: derivative(mu, mu, [0.0]), TypeError, r"rho1 must be an otlec\.Measure"),
        (lambda mu: potential_band(mu, [0.0]), TypeError, r"nu must be an otlec\.Measure"),
        (lambda mu: sandwich(mu, mu, mu, "now"), TypeError, "t must be a real number"),
        (lambda mu: sandwich(mu, mu, mu, 0.0), ValueError, r"t must lie in \(0, 1\]"),
        (lambda mu: derivative(mu, mu, Measure([[0.0, 1.0]])), ValueError, "dimension"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(Measure([0.0]))


def test_results_describe_themselves():
    sigma = Measure([0.0, 1.0])
    text = repr(derivative(sigma, sigma, Measure([0.0, 1.0], [0.0, 1.0])))
    assert text == "Derivative(0.25, slopes in [-0.25, 0.25])"
    assert repr(potential_band(sigma, sigma)) == "PotentialBand(width=1)"


@pytest.mark.statement("4.1")
def test_a_matrix_is_a_cost_wherever_a_function_is():
    rng = np.random.default_rng(4)
    sigma = Measure(rng.random((4, 2)), rng.dirichlet(np.ones(4)))
    rho0, rho1 = Measure(rng.random((3, 2))), Measure(rng.random((5, 2)))
    near = half_square_cost(sigma.points, rho0.points)
    both = np.hstack([near, half_square_cost(sigma.points, rho1.points)])
    expected, found = derivative(sigma, rho0, rho1), derivative(sigma, rho0, rho1, both)
    assert found.value == pytest.approx(expected.value, abs=1e-12)
    np.testing.assert_allclose(found.slopes, expected.slopes, atol=1e-12)
    np.testing.assert_array_equal(found.points, expected.points)
    np.testing.assert_allclose(
        sandwich(sigma, rho0, rho1, 0.3, both), sandwich(sigma, rho0, rho1, 0.3)
    )
    band = potential_band(sigma, rho0, near)
    np.testing.assert_allclose(band.psi_high, potential_band(sigma, rho0).psi_high, atol=1e-12)
    with pytest.raises(
        ValueError, match=r"cost must have shape \(4, 8\), but its shape is \(4, 3\)"
    ):
        derivative(sigma, rho0, rho1, near)


def test_a_band_is_exact_at_its_anchor_beside_an_outlier_with_large_potentials():
    """Killed: potentials that only lose the anchor's by subtraction keep the rounding of 4e5."""
    mu = Measure([[0.3], [1.1], [953.7]], [1 - 1.3e-6, 6.5e-7, 6.5e-7])
    band = potential_band(mu, Measure([[2.2]]))
    assert band.phi_low[0] == band.phi_high[0] == 0
    assert band.certificate == "certified to 1e-12"


@pytest.mark.parametrize("atom", [0, 3])
def test_potentials_from_an_atom_are_tight_again_whatever_they_had_lost(atom):
    rng = np.random.default_rng(4)
    mu, nu = Measure(rng.random((5, 2)), rng.dirichlet(np.ones(5))), Measure(rng.random((6, 2)))
    cost = cost_matrix(mu.points, nu.points)
    plan = optimal_plan(mu, nu)
    lost = plan.phi + 0.1 * rng.random(5), plan.psi + 0.1 * rng.random(6)
    phi, psi = differentiability._from_atom(atom, *lost, cost, plan, ((), ()))
    assert phi[atom] == 0.0
    i, j = plan.rows, plan.cols
    np.testing.assert_allclose(phi[i] + psi[j], cost[i, j], rtol=0, atol=1e-14)


@pytest.mark.parametrize("b", [[0.1, 0.1, 0.3, 0.3, 0.2], [0.0, 0.3, 0.7, 0.0, 0.0]])
def test_atoms_that_the_plan_leaves_out_get_potentials_that_are_tight_and_feasible(b):
    cost = np.random.default_rng(5).random((4, 5))
    plan = transport([0.0, 0.5, 0.5, 0.0], b, cost)
    phi, psi, pairs = differentiability._with_lone_atoms(plan, cost)
    reduced = cost - phi[:, None] - psi
    assert reduced.min() >= -1e-15
    assert np.abs(reduced[tuple(pairs)]).max() <= 1e-15
    assert sorted(pairs[0][:2]) == [0, 3]
    assert sorted(pairs[1][2:]) == np.flatnonzero(np.array(b) == 0).tolist()


@pytest.mark.parametrize("far", [1e2, 1e4, 1e6])
def test_a_slope_is_certified_no_further_than_the_digits_of_its_costs_go(far):
    def slope(x):
        sigma = Measure([[0.0, 1.0], [1.0, 0.0]])
        return derivative(sigma, Measure([[x, 0.0], [x, 3.0]]), Measure([[x, 0.5], [x, 2.7]]))

    right, result = slope(0.0).value, slope(far)  # what is far away adds to phi alone
    assert abs(result.value - right) <= result.verdict.error * abs(right)
