"""Each entry of the errata page, computed: what is printed, what is meant, and that they differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otlec import (
    Measure,
    derivative,
    geodesic,
    half_square_cost,
    is_constant_speed,
    mixture,
    optimal_plan,
    potential_band,
    sandwich,
    speed_matrix,
    transport_cost,
    wasserstein,
)

TIMES = [0.0, 0.3, 0.5, 0.8, 1.0]


@pytest.mark.statement("4.1")
def test_theorem_4_1_the_second_inequality_needs_a_minus_sign():
    n, t = 800, 0.5
    sigma = Measure((np.arange(n) + 0.5) / n)
    rho_0, rho_1 = sigma, Measure([0.0])
    plan = optimal_plan(sigma, mixture([rho_0, rho_1], [1 - t, t]), cost=half_square_cost)
    integral = rho_1.weights @ plan.psi[n:] - rho_0.weights @ plan.psi[:n]
    left = (transport_cost(sigma, rho_0) - plan.value) / t
    assert left == pytest.approx(-1 / 12, abs=2e-3)
    assert integral == pytest.approx(1 / 6, abs=2e-3)
    assert not left >= integral  # as printed
    assert left >= -integral  # as meant


@pytest.mark.statement("4.1")
@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.05, 1.0))
def test_theorem_4_1_with_the_minus_sign_holds_for_all_measures(seed, t):
    rng = np.random.default_rng(seed)
    sigma, rho_0, rho_1 = (Measure(rng.normal(size=(n, 2))) for n in rng.integers(1, 6, 3))
    _, quotient, integral = sandwich(sigma, rho_0, rho_1, t)
    assert -quotient >= -integral - 1e-10


@pytest.mark.statement("4.1")
def test_theorem_4_1_the_derivative_is_one_sided():
    rho_0, rho_1 = Measure([0.0, 1.0]), Measure([0.5])
    sigma = rho_0
    # At t < 0 there is no measure: rho_t would have the mass t < 0 at 1/2.
    with pytest.raises(ValueError, match="weights must be non-negative"):
        mixture([rho_0, rho_1], [1.1, -0.1])
    # Where t < 0 is possible, the two sides may disagree.
    low, high = derivative(sigma, rho_0, Measure([0.0, 1.0], [0.0, 1.0])).slopes
    assert (low, high) == pytest.approx((-0.25, 0.25))


@pytest.mark.statement("3.4")
def test_remark_3_4_needs_p_above_1():
    zero, one = Measure([0.0]), Measure([1.0])

    def linear(t):
        return mixture([zero, one], [1 - t, t])

    speeds = speed_matrix(linear, TIMES, 1)
    assert speeds[0, 1] == pytest.approx(1)
    assert is_constant_speed(speeds)  # a geodesic of W_1
    assert not is_constant_speed(speed_matrix(linear, TIMES, 1.01))
    # There is one plan only, and it moves all mass through 1/2 at t = 1/2.
    plan = optimal_plan(zero, one, 1)
    assert plan.mass.size == 1
    np.testing.assert_array_equal(geodesic(plan, 0.5).points, [0.5])
    assert wasserstein(linear(0.5), geodesic(plan, 0.5), 1) == pytest.approx(0.5)


def dilation(s: float, n: int = 2001):
    """A uniform measure on [-1, 1], its images under 1 - t + t s, and the velocity field."""
    mu = Measure(np.linspace(-1, 1, n))

    def rho(t):
        return mu.push(lambda x: (1 - t + t * s) * x)

    def v(t, x):
        return (s - 1) * x / (1 - t + t * s)

    return mu, rho, v


@pytest.mark.statement("5.1")
def test_section_5_the_energy_integrates_against_rho_t_and_not_mu():
    mu, rho, v = dilation(3.0)
    target = wasserstein(mu, rho(1.0)) ** 2
    times = (np.arange(200) + 0.5) / 200
    energy = np.mean([rho(t).integral(lambda x, t=t: v(t, x) ** 2) for t in times])
    against_mu = np.mean([mu.integral(lambda x, t=t: v(t, x) ** 2) for t in times])
    assert energy == pytest.approx(target, rel=1e-9)
    assert against_mu == pytest.approx(target / 3, rel=1e-3)  # (s-1)^2 E|X|^2 / s


@pytest.mark.statement("5.1")
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_section_5_the_last_display_needs_its_integral_over_time(p):
    mu, rho, v = dilation(3.0)
    target = wasserstein(mu, rho(1.0), p) ** p
    times = (np.arange(400) + 0.5) / 400

    def power(t, clock, speed):  # at time t of the curve rho_clock(t)
        return rho(clock(t)).integral(lambda x: np.abs(speed(t) * v(clock(t), x)) ** p)

    even = [power(t, lambda t: t, lambda t: 1.0) for t in times]
    late = [power(t, lambda t: t**2, lambda t: 2 * t) for t in times]
    # With the even clock the integrand is constant, so that dropping the integral did no harm;
    np.testing.assert_allclose(even, target, rtol=1e-9)
    # with the clock t^2 it is not, and only its integral makes sense: 2^p / (p + 1) times more.
    assert max(late) - min(late) > target
    assert np.mean(late) == pytest.approx(2**p / (p + 1) * target, rel=1e-4)


@pytest.mark.statement("4.2")
def test_proposition_4_2_the_gradients_agree_almost_everywhere_for_mu():
    # The proof's sigma is the mu of the statement: y_0 = x_0 - phi'(x_0) at the atoms of mu.
    n = 400
    x = (np.arange(n) + 0.5) / n
    mu, nu = Measure(x), Measure(x**2)  # the optimal map is T(x) = x^2
    band = potential_band(mu, nu)
    h = 1 / n
    for phi in (band.phi_low, band.phi_high):
        slope = (phi[2:] - phi[:-2]) / (2 * h)
        np.testing.assert_allclose(x[1:-1] - slope, x[1:-1] ** 2, atol=3 * h)
    assert band.width <= 3 * h


@pytest.mark.statement("3.2")
@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([1.0, 2.0, 3.0]))
def test_proposition_3_2_the_last_display_means_the_distance_of_mu_0_and_mu_1(seed, p):
    rng = np.random.default_rng(seed)
    mu_0, mu_1 = (Measure(rng.normal(size=(n, 2))) for n in rng.integers(1, 6, 2))
    plan = optimal_plan(mu_0, mu_1, p)
    s, t = np.sort(rng.random(2))
    left = wasserstein(geodesic(plan, s), geodesic(plan, t), p) ** p
    right = (t - s) ** p * wasserstein(mu_0, mu_1, p) ** p
    assert left == pytest.approx(right, rel=1e-8, abs=1e-13)


@pytest.mark.statement("4.2")
def test_proposition_4_2_equality_almost_everywhere_for_mu_alone_would_not_be_enough():
    # mu lives on the gaps of a fat Cantor set. They are dense, so that its support is [0, 1]; yet
    # a Lipschitz function that is flat on all of them can climb on the set that is left, of length
    # 1/2. The proof has to use that contact sets are closed.
    kept, gaps = [(0.0, 1.0)], []
    for k in range(1, 11):
        width, pieces = 4.0**-k, []
        for left, right in kept:
            middle = (left + right) / 2
            gaps.append((middle - width / 2, middle + width / 2))
            pieces += [(left, gaps[-1][0]), (gaps[-1][1], right)]
        kept = pieces
    starts, ends = np.array(kept).T
    steps = np.concatenate([[0.0], np.cumsum(ends - starts)])

    def f(x):  # the length of what is kept to the left of x
        k = np.minimum(np.searchsorted(starts, x, side="right"), starts.size)
        return steps[k] - np.maximum(ends[k - 1] - x, 0.0)

    rng = np.random.default_rng(42)
    x, y = rng.random((2, 1000))
    assert (np.abs(f(x) - f(y)) <= np.abs(x - y) + 1e-12).all()  # 1-Lipschitz
    left, right = np.array(gaps).T
    np.testing.assert_allclose(f(left), f(right), atol=1e-12)  # flat wherever mu has mass
    assert (ends - starts).max() < 1e-3  # every interval of that length meets mu
    # 1/2 in the limit; each stage k removes 2^(-k-1)
    assert f(np.array([1.0]))[0] == pytest.approx(0.5 + 2.0**-11)
