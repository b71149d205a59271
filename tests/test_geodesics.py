"""Geodesics, speeds and quantile interpolation: section 3."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from otlec import (
    Measure,
    assignment,
    compose,
    cost_matrix,
    curve_length,
    distribution_function,
    geodesic,
    half_square_cost,
    interpolation,
    is_constant_speed,
    optimal_plan,
    quantile_function,
    quantile_interpolation,
    speed_matrix,
    transport,
    transport_1d,
    wasserstein,
)

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so

TIMES = [0.0, 0.2, 0.5, 0.9, 1.0]


def random_measure(rng, n: int, d: int) -> Measure:
    points = rng.normal(size=n) if d == 1 else rng.normal(size=(n, d))
    return Measure(points, rng.dirichlet(np.ones(n)))


def pair(seed: int, n: int, m: int, d: int) -> tuple[Measure, Measure]:
    rng = np.random.default_rng(seed)
    return random_measure(rng, n, d), random_measure(rng, m, d)


pairs = st.tuples(
    st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 7), st.integers(1, 3)
).map(lambda sizes: pair(*sizes))


@pytest.mark.statement("3.2")
@settings(max_examples=40)
@given(pairs, st.sampled_from([1.0, 1.5, 2.0, 3.0]))
def test_displacement_along_an_optimal_plan_has_constant_speed(measures, p):
    plan = optimal_plan(*measures, p)
    speeds = speed_matrix(lambda t: geodesic(plan, t), TIMES, p)
    off_diagonal = speeds[~np.eye(len(TIMES), dtype=bool)]
    np.testing.assert_allclose(off_diagonal, plan.distance, rtol=1e-10)
    assert is_constant_speed(speeds)


@pytest.mark.statement("3.2")
@given(pairs)
def test_a_geodesic_starts_at_mu_and_ends_at_nu(measures):
    mu, nu = measures
    plan = optimal_plan(mu, nu)
    assert wasserstein(geodesic(plan, 0), mu) <= 1e-7
    assert wasserstein(geodesic(plan, 1), nu) <= 1e-7
    middle = geodesic(plan, 0.5)
    np.testing.assert_allclose(middle.mean, (mu.mean + nu.mean) / 2, atol=1e-12)


@pytest.mark.statement("3.2")
@given(
    st.tuples(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 9), st.just(1)).map(
        lambda sizes: pair(*sizes)
    ),
    st.floats(0, 1),
)
def test_on_the_line_a_geodesic_interpolates_quantiles(measures, t):
    mu, nu = measures
    plan = transport_1d(mu.points, nu.points, mu.weights, nu.weights)
    by_plan, by_quantiles = geodesic(plan, t), quantile_interpolation([mu, nu], [1 - t, t])
    s = np.random.default_rng(0).random(50) * 0.999 + 5e-4
    expected = (1 - t) * quantile_function(mu, s) + t * quantile_function(nu, s)
    np.testing.assert_allclose(quantile_function(by_plan, s), expected, atol=1e-12)
    np.testing.assert_allclose(quantile_function(by_quantiles, s), expected, atol=1e-12)


@pytest.mark.statement("3.2")
def test_the_independent_coupling_gives_no_geodesic():
    # N(0, 1) with itself: mu_1/2 is N(0, 1/2), at the distance 1 - 1/sqrt(2) from both ends.
    n = 400
    mu = Measure(norm.ppf((np.arange(n) + 0.5) / n))
    independent = np.full((n, n), 1.0 / n**2)
    middle = interpolation(independent, mu, mu, 0.5)
    assert wasserstein(mu, middle) == pytest.approx(1 - np.sqrt(0.5), abs=2e-3)
    coupling = compose(np.full((n, 1), 1 / n), np.full((1, n), 1 / n))
    speeds = speed_matrix(lambda t: interpolation(coupling, mu, mu, t), [0, 0.5, 1])
    assert speeds[0, 2] == 0
    assert not is_constant_speed(speeds)


@pytest.mark.statement("3.2")
def test_mass_leaves_a_set_that_is_not_convex():
    # From one arm of an L to the other, the shortest way cuts the corner.
    mu, nu = Measure([[0.0, 1.0]]), Measure([[1.0, 0.0]])
    middle = geodesic(optimal_plan(mu, nu), 0.5).points
    np.testing.assert_array_equal(middle, [[0.5, 0.5]])
    in_the_L = (middle[:, 0] == 0) | (middle[:, 1] == 0)
    assert not in_the_L.any()


@pytest.mark.statement("3.4")
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_square_corners_have_many_geodesics(share):
    mu = Measure([[0.0, 0.0], [1.0, 1.0]])
    nu = Measure([[1.0, 0.0], [0.0, 1.0]])
    gamma = share * np.eye(2) / 2 + (1 - share) * np.eye(2)[::-1] / 2
    assert np.sum(gamma * cost_matrix(mu.points, nu.points)) == optimal_plan(mu, nu).value
    speeds = speed_matrix(lambda t: interpolation(gamma, mu, nu, t), TIMES)
    assert speeds[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert is_constant_speed(speeds)
    horizontal = interpolation(np.eye(2) / 2, mu, nu, 0.5)
    assert (wasserstein(interpolation(gamma, mu, nu, 0.5), horizontal) > 0.1) == (share < 1)


@pytest.mark.statement("3.3")
def test_where_a_map_exists_the_geodesic_moves_along_it():
    rng = np.random.default_rng(4)
    A = np.array([[2.0, 0.3], [0.3, 0.7]])  # symmetric positive: the gradient of a convex function
    mu = Measure(rng.normal(size=(30, 2)))
    plan = optimal_plan(mu, mu.push(lambda x: x @ A.T))
    for t in TIMES:
        moved = mu.push(lambda x, t=t: (1 - t) * x + t * (x @ A.T))
        assert wasserstein(geodesic(plan, t), moved) <= 1e-12


@pytest.mark.statement("3.3")
def test_where_no_map_exists_the_geodesic_splits_mass():
    middle = geodesic(transport_1d([0.0], [-1.0, 1.0]), 0.5)
    np.testing.assert_array_equal(middle.points, [-0.5, 0.5])
    np.testing.assert_array_equal(middle.weights, [0.5, 0.5])


@pytest.mark.statement("3.1")
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_straight_lines_have_constant_speed_and_a_new_clock_has_not(seed, d):
    x0, x1 = np.random.default_rng(seed).normal(size=(2, d))

    def euclid(x, y):
        return float(np.linalg.norm(x - y))

    speeds = speed_matrix(lambda t: (1 - t) * x0 + t * x1, TIMES, distance=euclid)
    np.testing.assert_allclose(speeds[0, 1:], euclid(x0, x1), rtol=1e-12)
    assert np.isnan(speeds.diagonal()).all()
    assert is_constant_speed(speeds)
    late = speed_matrix(lambda t: (1 - t**2) * x0 + t**2 * x1, TIMES, distance=euclid)
    # |s^2 - t^2| / |s - t| = s + t
    np.testing.assert_allclose(late[0, 1:], np.array(TIMES[1:]) * euclid(x0, x1), rtol=1e-12)
    assert not is_constant_speed(late)


@pytest.mark.statement("3.1")
def test_antipodes_of_a_circle_are_joined_by_two_geodesics_and_no_longer_arc_is_one():
    def arc(x, y):
        turn = abs(x - y) % (2 * np.pi)
        return min(turn, 2 * np.pi - turn)

    for angle in (np.pi, -np.pi):
        speeds = speed_matrix(lambda t, angle=angle: angle * t, TIMES, distance=arc)
        np.testing.assert_allclose(speeds[0, 1:], np.pi, rtol=1e-12)
    too_far = speed_matrix(lambda t: 1.5 * np.pi * t, TIMES, distance=arc)
    assert not is_constant_speed(too_far)


@pytest.mark.statement("3.5")
@settings(max_examples=25)
@given(pairs, st.integers(1, 6))
def test_a_geodesic_has_the_length_of_the_distance_at_every_refinement(measures, k):
    plan = optimal_plan(*measures)
    length = curve_length(lambda t: geodesic(plan, t), np.linspace(0, 1, k + 1))
    assert length == pytest.approx(plan.distance, rel=1e-10)


@pytest.mark.statement("3.5")
def test_on_two_points_the_distance_is_a_root_and_curves_have_infinite_length():
    def curve(t):
        return Measure([0.0, 1.0], [1 - t, t])

    for p in (1.0, 2.0, 3.0):
        speeds = speed_matrix(curve, TIMES, p)
        for k, s in enumerate(TIMES):
            for l, t in enumerate(TIMES):
                if k != l:
                    distance = abs(s - t) ** (1 / p)
                    assert speeds[k, l] * abs(s - t) == pytest.approx(distance, rel=1e-12)
    lengths = [curve_length(curve, np.linspace(0, 1, 2**k + 1), 2) for k in range(7)]
    np.testing.assert_allclose(lengths, 2.0 ** (np.arange(7) / 2), rtol=1e-10)  # n^(1 - 1/p)
    assert curve_length(curve, np.linspace(0, 1, 33), 1) == pytest.approx(1.0, rel=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 8))
def test_quantiles_and_distribution_functions_invert_each_other(seed, n):
    rng = np.random.default_rng(seed)
    mu = Measure(rng.integers(0, 5, n).astype(float), rng.dirichlet(np.ones(n)))
    s = rng.random(20) * 0.999 + 5e-4
    assert (distribution_function(mu, quantile_function(mu, s)) >= s - 1e-12).all()
    x = rng.uniform(-1, 6, 20)
    expected = [mu.weights[mu.points <= value].sum() for value in x]
    np.testing.assert_allclose(distribution_function(mu, x), expected, atol=1e-12)


def test_a_quantile_at_a_jump_is_the_lower_atom_and_atoms_of_mass_0_are_passed_over():
    mu = Measure([5.0, 0.0, 1.0, 9.0], [0.0, 0.5, 0.5, 0.0])
    np.testing.assert_array_equal(quantile_function(mu, [1e-300, 0.5, 0.51, 1.0]), [0, 0, 1, 1])
    tenths = Measure(np.arange(10.0))  # the levels 0.1 + 0.1 + ... are not exact
    np.testing.assert_array_equal(quantile_function(tenths, np.arange(1, 11) / 10), np.arange(10))


def test_interpolating_one_measure_sorts_it():
    nu = quantile_interpolation([Measure([2.0, 1.0, 0.0], [0.25, 0.0, 0.75])], [1.0])
    np.testing.assert_array_equal(nu.points, [0.0, 2.0])
    np.testing.assert_array_equal(nu.weights, [0.75, 0.25])


def test_points_on_the_line_may_be_written_in_two_shapes():
    mixed = interpolation(np.eye(2) / 2, Measure([0.0, 1.0]), Measure([[2.0], [5.0]]), 0.5)
    np.testing.assert_array_equal(mixed.points, [1.0, 3.0])


def test_what_cannot_be_interpolated_is_refused():
    mu, nu = Measure([0.0, 1.0]), Measure([[0.0, 1.0], [1.0, 1.0]])
    plan = transport_1d([0.0], [1.0])
    with pytest.raises(ValueError, match=r"t must lie in \[0, 1\], but it is 1.5"):
        geodesic(plan, 1.5)
    with pytest.raises(ValueError, match="t must lie in"):
        geodesic(plan, float("nan"))
    with pytest.raises(TypeError, match="t must be a real number"):
        geodesic(plan, "half")
    with pytest.raises(ValueError, match="plan has no points"):
        geodesic(transport([1.0], [1.0], [[0.0]]), 0.5)
    with pytest.raises(
        TypeError, match="plan must be a Plan or a Coupling, but it is an Assignment"
    ):
        geodesic(assignment([[0.0]]), 0.5)
    with pytest.raises(ValueError, match=r"gamma must have shape \(2, 2\)"):
        interpolation(np.ones((1, 2)) / 2, mu, mu, 0.5)
    with pytest.raises(ValueError, match="weights of mu as its marginal"):
        interpolation(np.array([[0.4, 0.3], [0.1, 0.2]]), mu, mu, 0.5)
    with pytest.raises(ValueError, match="weights of nu as its marginal"):
        interpolation(np.array([[0.4, 0.1], [0.4, 0.1]]), mu, mu, 0.5)
    with pytest.raises(ValueError, match="the source has dimension 1, but the target has 2"):
        interpolation(np.eye(2) / 2, mu, nu, 0.5)


def test_bad_times_speeds_and_levels_are_refused():
    plan = transport_1d([0.0], [1.0])

    def curve(t):
        return geodesic(plan, t)

    with pytest.raises(ValueError, match="at least two distinct numbers"):
        speed_matrix(curve, [0.5, 0.5])
    with pytest.raises(ValueError, match="times must increase"):
        curve_length(curve, [0.0, 1.0, 0.5])
    with pytest.raises(ValueError, match="p must be at least 1"):
        speed_matrix(curve, [0.0, 1.0], 0.5)
    with pytest.raises(ValueError, match="speeds must be a matrix"):
        is_constant_speed(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"s must lie in \(0, 1\]"):
        quantile_function(Measure([0.0]), [0.0])
    with pytest.raises(ValueError, match="measures is empty"):
        quantile_interpolation([], [])
    with pytest.raises(TypeError, match=r"mu must be an otlec\.Measure, but it is a list"):
        quantile_function([0.0, 1.0], [0.5])
    with pytest.raises(ValueError, match="must live on the line, but its dimension is 2"):
        distribution_function(Measure([[0.0, 1.0]]), 0.0)


def test_an_infinite_exponent_gives_speeds_in_W_inf():
    plan = transport_1d([0.0, 1.0], [2.0, 5.0])
    speeds = speed_matrix(lambda t: geodesic(plan, t), TIMES, np.inf)
    assert speeds[0, 1] == pytest.approx(4.0, rel=1e-12)


def test_distribution_functions_take_infinities_but_no_nan():
    mu = Measure([0.0, 1.0])
    np.testing.assert_array_equal(distribution_function(mu, [-np.inf, 0, np.inf]), [0, 0.5, 1])
    with pytest.raises(ValueError, match="x must hold numbers, but it contains nan"):
        distribution_function(mu, [np.nan])


def arc(x, y):
    """The length of the shorter arc of the circle of length 1."""
    apart = np.abs(x[:, None] - y) % 1
    return np.minimum(apart, 1 - apart)


def along_the_arc(x, y, t):
    return (x + t * ((y - x + 0.5) % 1 - 0.5)) % 1


@pytest.mark.statement("3.2")
def test_geodesics_of_a_circle_follow_its_arcs_or_warn():
    mu, nu = Measure([0.1, 0.9]), Measure([0.2, 0.0])
    plan = optimal_plan(mu, nu, cost=lambda x, y: arc(x, y) ** 2)
    middle = geodesic(plan, 0.5, path=along_the_arc)
    np.testing.assert_allclose(np.sort(middle.points), [0.15, 0.95])
    with pytest.warns(UserWarning, match="straight lines may be no geodesics for it: give path="):
        geodesic(plan, 0.5)
    with pytest.raises(ValueError, match="path must give one point an entry, 2, not 1"):
        geodesic(plan, 0.5, path=lambda x, y, t: x[:1])
    with pytest.raises(TypeError, match="path must be a function of x, y and t, not 'arc'"):
        geodesic(plan, 0.5, path="arc")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("p", [1, 2])
def test_a_matrix_of_lengths_or_their_squares_moves_straight_without_a_warning(p):
    x, y = np.random.default_rng(1).random((2, 5, 2))
    loaves = transport([1, 2, 3, 4, 5], [3, 3, 3, 3, 3], cost_matrix(x, y, p), points=(x, y))
    assert geodesic(loaves, 0.5).size == loaves.mass.size


@pytest.mark.filterwarnings("error")
def test_half_the_square_has_the_same_straight_geodesics():
    for shape in (4, (4, 2)):
        x = np.random.default_rng(0).random(shape)
        half = optimal_plan(Measure(x), Measure(1 - x), cost=half_square_cost)
        plan = optimal_plan(Measure(x), Measure(1 - x))
        middle = geodesic(half, 0.3)
        assert wasserstein(middle, geodesic(plan, 0.3)) == pytest.approx(0, abs=1e-8)
