"""Statements of the lecture that need more than one module: closed forms, properties, and limits.

Sections 1, 2 and 4. What belongs to a single module is tested beside it (gluing, geodesics,
barycenters, duality, differentiability).
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from otlec import (
    Measure,
    assignment,
    compose,
    cost_matrix,
    geodesic,
    interpolation,
    is_constant_speed,
    optimal_plan,
    speed_matrix,
    transport,
    transport_1d,
    transport_cost,
    wasserstein,
)

EXPONENTS = [1.0, 1.5, 2.0, 4.0]
seeds = st.integers(0, 10**6)


@st.composite
def measures(draw, count: int, largest: int = 6):
    """Measures in one dimension d; some share atoms, some have atoms without mass."""
    rng = np.random.default_rng(draw(seeds))
    d, tied = draw(st.integers(1, 3)), draw(st.booleans())
    family = []
    for _ in range(count):
        n = draw(st.integers(1, largest))
        x = rng.integers(0, 3, (n, d)).astype(float) if tied else rng.normal(size=(n, d))
        a = rng.dirichlet(np.ones(n)) * (rng.random(n) < 0.8)
        a = a / a.sum() if a.sum() > 0 else np.full(n, 1 / n)
        family.append(Measure(x[:, 0] if d == 1 else x, a))
    return family


def dirac(x) -> Measure:
    return Measure([x])


def uniform(n: int) -> Measure:
    """The uniform measure on [0, 1], by the midpoints of n cells."""
    return Measure((np.arange(n) + 0.5) / n)


# ------------------------------------------------------------------ section 1: reminders


@pytest.mark.statement("1")
@given(seeds, st.integers(1, 12), st.sampled_from(EXPONENTS))
def test_on_the_line_quantiles_assignments_and_the_simplex_agree(seed, n, p):
    x, y = np.random.default_rng(seed).normal(size=(2, n))
    cost = cost_matrix(x, y, p)
    weights = np.full(n, 1 / n)
    monotone = transport_1d(x, y, p=p)
    assert assignment(cost).value / n == pytest.approx(monotone.value, abs=1e-12)
    assert transport(weights, weights, cost).value == pytest.approx(monotone.value, abs=1e-12)
    assert np.mean(np.abs(np.sort(x) - np.sort(y)) ** p) == pytest.approx(monotone.value, abs=1e-12)


@pytest.mark.statement("1")
@given(measures(2), st.sampled_from(EXPONENTS))
def test_primal_and_dual_values_meet(pair, p):
    plan = optimal_plan(*pair, p)
    cost = cost_matrix(pair[0].points, pair[1].points, p)
    scale = max(cost.max(), 1.0)
    assert (cost - plan.phi[:, None] - plan.psi).min() >= -1e-11 * scale
    assert abs(plan.gap) <= 1e-12 * scale


# ------------------------------------------------------------------ Definition 2.1


@pytest.mark.statement("2.1")
@given(seeds, st.integers(1, 4), st.sampled_from([*EXPONENTS, np.inf]))
def test_diracs_are_as_far_apart_as_their_points(seed, d, p):
    x, y = np.random.default_rng(seed).normal(size=(2, d))
    expected = pytest.approx(np.linalg.norm(x - y), rel=1e-12)
    assert wasserstein(dirac(x), dirac(y), p) == expected


@pytest.mark.statement("2.1")
@settings(max_examples=40)
@given(seeds, st.integers(1, 8), st.integers(1, 3), st.sampled_from([*EXPONENTS, np.inf]))
def test_a_translate_is_as_far_away_as_the_translation_is_long(seed, n, d, p):
    rng = np.random.default_rng(seed)
    mu, shift = Measure(rng.normal(size=(n, d))), rng.normal(size=d)
    moved = mu.push(lambda x: x + shift)
    assert wasserstein(mu, moved, p) == pytest.approx(np.linalg.norm(shift), rel=1e-9)


@pytest.mark.statement("2.1")
def test_without_the_root_the_triangle_inequality_fails_on_diracs():
    square = {(x, y): wasserstein(dirac(x), dirac(y)) ** 2 for x, y in ((0, 1), (1, 2), (0, 2))}
    assert square[0, 2] == pytest.approx(4)
    assert square[0, 2] > square[0, 1] + square[1, 2] + 1.9


# ------------------------------------------------------------------ Proposition 2.2


@pytest.mark.statement("2.2")
@given(measures(3), st.sampled_from(EXPONENTS))
def test_the_triangle_inequality_holds(triple, p):
    mu1, mu2, mu3 = triple
    slack = wasserstein(mu1, mu2, p) + wasserstein(mu2, mu3, p) - wasserstein(mu1, mu3, p)
    # The p-th root of rounding noise is a slack of its own.
    assert slack >= -(1e-15 ** (1 / p)) - 1e-12


@pytest.mark.statement("2.2")
@given(measures(2), st.sampled_from(EXPONENTS))
def test_the_distance_is_symmetric_and_not_negative(pair, p):
    mu, nu = pair
    there, back = wasserstein(mu, nu, p), wasserstein(nu, mu, p)
    assert there >= 0
    assert there**p == pytest.approx(back**p, abs=1e-12, rel=1e-12)


@pytest.mark.statement("2.2")
@given(measures(1), seeds, st.sampled_from(EXPONENTS))
def test_a_measure_is_at_distance_0_from_itself_however_it_is_listed(single, seed, p):
    (mu,) = single
    order = np.random.default_rng(seed).permutation(mu.size)
    halves = np.concatenate([mu.weights[order], mu.weights]) / 2
    again = Measure(np.concatenate([mu.points[order], mu.points]), halves)
    assert wasserstein(mu, mu, p) == 0
    assert wasserstein(mu, again, p) ** p <= 1e-14


@pytest.mark.statement("2.2")
@given(measures(2), st.sampled_from(EXPONENTS))
def test_measures_that_differ_in_one_mass_are_apart(pair, p):
    mu, nu = (Measure(m.points.reshape(m.size, -1), m.weights) for m in pair)
    here = mu.points[0]
    masses = [m.weights[(m.points == here).all(axis=1)].sum() for m in (mu, nu)]
    others = np.concatenate([mu.points, nu.points])
    gaps = np.linalg.norm(others - here, axis=1)
    assume(abs(masses[0] - masses[1]) > 1e-9 and gaps.max() > 0)
    # At least the difference of the masses has to reach another atom.
    least = abs(masses[0] - masses[1]) * gaps[gaps > 0].min() ** p
    assert wasserstein(mu, nu, p) ** p >= least * (1 - 1e-9) - 1e-14


@pytest.mark.statement("2.2")
@pytest.mark.parametrize("p", [0.25, 0.5, 0.9])
def test_below_1_the_root_breaks_the_triangle_inequality(p):
    zero, both, one = dirac(0.0), Measure([0.0, 1.0]), dirac(1.0)

    def power(x, y):
        return cost_matrix(x, y, 1) ** p

    def rooted(mu, nu):
        return transport_cost(mu, nu, power) ** (1 / p)

    assert rooted(zero, one) == pytest.approx(1)
    assert rooted(zero, both) + rooted(both, one) == pytest.approx(2 ** (1 - 1 / p))
    assert rooted(zero, one) > rooted(zero, both) + rooted(both, one) + 0.05


@pytest.mark.statement("2.2")
@settings(max_examples=40)
@given(measures(3), st.sampled_from([0.25, 0.5, 0.9]))
def test_below_1_the_cost_itself_is_a_distance(triple, p):
    # |x - y|^p is a distance for p <= 1, and its transport cost is the W_1 of that distance.
    def power(x, y):
        return cost_matrix(x, y, 1) ** p

    mu1, mu2, mu3 = triple
    there = transport_cost(mu1, mu2, power) + transport_cost(mu2, mu3, power)
    assert there >= transport_cost(mu1, mu3, power) - 1e-12


# ------------------------------------------------------------------ Exercise 2.4


@pytest.mark.statement("2.4")
@settings(max_examples=40)
@given(seeds, st.integers(1, 8), st.integers(1, 3), st.sampled_from(EXPONENTS))
def test_the_inequalities_of_the_proof_by_maps_hold_in_order(seed, n, d, p):
    x, y, z = np.random.default_rng(seed).normal(size=(3, n, d))
    first, second = assignment(cost_matrix(x, y, p)), assignment(cost_matrix(y, z, p))
    at_y = y[first.permutation]  # T12(x)
    at_z = z[second.permutation[first.permutation]]  # T23(T12(x))

    def norm(steps):
        return np.mean(steps**p) ** (1 / p)

    there = np.linalg.norm(x - at_y, axis=1)
    onward = np.linalg.norm(at_y - at_z, axis=1)
    chain = [
        wasserstein(Measure(x), Measure(z), p),
        norm(np.linalg.norm(x - at_z, axis=1)),
        norm(there + onward),
        norm(there) + norm(onward),
    ]
    assert (np.diff(chain) >= -1e-12).all()
    distances = wasserstein(Measure(x), Measure(y), p) + wasserstein(Measure(y), Measure(z), p)
    assert chain[-1] == pytest.approx(distances, rel=1e-12)


# ------------------------------------------------------------------ Remark 2.5


def moment(mu: Measure, p: float, x0) -> float:
    distances = np.linalg.norm(mu.points.reshape(mu.size, -1) - x0, axis=1)
    return float(mu.weights @ distances**p)


@pytest.mark.statement("2.5")
@given(measures(2), st.sampled_from(EXPONENTS), st.floats(-3, 3))
def test_the_distance_is_bounded_by_the_moments(pair, p, x0):
    mu, nu = pair
    point = np.full(mu.dim, x0)
    origin = dirac(x0) if mu.points.ndim == 1 else dirac(point)
    roots = [moment(m, p, point) ** (1 / p) for m in pair]
    assert wasserstein(mu, origin, p) == pytest.approx(roots[0], rel=1e-9, abs=1e-12)
    assert wasserstein(mu, nu, p) <= sum(roots) + 1e-9


@pytest.mark.statement("2.5")
@pytest.mark.parametrize("p", EXPONENTS)
def test_opposite_diracs_attain_the_bound_by_moments(p):
    assert wasserstein(dirac(-1.0), dirac(2.0), p) == pytest.approx(1.0 + 2.0)


def truncated_cauchy(R: float, n: int) -> Measure:
    """The quantiles of the Cauchy law restricted to [-R, R], at the midpoints of n levels."""
    return Measure(np.tan((2 * (np.arange(n) + 0.5) / n - 1) * np.arctan(R)))


@pytest.mark.statement("2.5")
def test_cauchy_laws_drift_away_from_every_dirac():
    distances = []
    for R in (1.0, 10.0, 100.0, 1000.0):
        distance = wasserstein(truncated_cauchy(R, 40_000), dirac(0.0), 1)
        assert distance == pytest.approx(np.log1p(R**2) / (2 * np.arctan(R)), rel=1e-2)
        distances.append(distance)
    assert (np.diff(distances) > 0.8).all()  # grows like ln R: no bound


# ------------------------------------------------------------------ section 2.2: comparisons


@pytest.mark.statement("comparisons")
@given(measures(2), st.sampled_from(EXPONENTS), st.sampled_from(EXPONENTS))
def test_w_p_is_at_most_w_q(pair, p, q):
    p, q = min(p, q), max(p, q)
    assert wasserstein(*pair, p) <= wasserstein(*pair, q) + 1e-12


@pytest.mark.statement("comparisons")
@given(measures(2), st.sampled_from(EXPONENTS))
def test_w_p_is_bounded_by_the_diameter_and_w_1(pair, p):
    x = np.concatenate([m.points.reshape(m.size, -1) for m in pair])
    diameter = np.linalg.norm(x[:, None] - x, axis=2).max()
    bound = diameter ** ((p - 1) / p) * wasserstein(*pair, 1) ** (1 / p)
    assert wasserstein(*pair, p) <= bound + 1e-9


@pytest.mark.statement("comparisons")
@pytest.mark.parametrize("p", EXPONENTS)
def test_both_edges_of_the_comparison_are_reached(p):
    mu = uniform(7)
    moved = mu.push(lambda x: x + 0.3)
    assert wasserstein(mu, moved, p) == pytest.approx(wasserstein(mu, moved, 1), abs=1e-10)
    for e in (0.01, 0.4, 1.0):
        nu = Measure([0.0, 1.0], [1 - e, e])  # the diameter is 1
        expected = wasserstein(dirac(0.0), nu, 1) ** (1 / p)
        assert wasserstein(dirac(0.0), nu, p) == pytest.approx(expected, abs=1e-10)
        assert expected == pytest.approx(e ** (1 / p), abs=1e-10)


@pytest.mark.statement("comparisons")
@pytest.mark.parametrize("n", [1, 4, 100, 10_000])
def test_on_an_unbounded_space_w_1_does_not_control_w_2(n):
    mu = Measure([0.0, float(n)], [1 - 1 / n, 1 / n])
    assert wasserstein(mu, dirac(0.0), 1) == pytest.approx(1)
    assert wasserstein(mu, dirac(0.0), 2) == pytest.approx(np.sqrt(n))


# ------------------------------------------------------------------ Theorem 2.6


@pytest.mark.statement("2.6")
@pytest.mark.parametrize("p", EXPONENTS)
def test_grids_tend_to_the_uniform_measure_at_the_known_rate(p):
    fine = uniform(27_000)
    for n in (1, 3, 10, 30):
        grid = Measure(np.arange(1, n + 1) / n)
        expected = (p + 1) ** (-1 / p) / n
        assert wasserstein(grid, fine, p) == pytest.approx(expected, rel=2e-3)


@pytest.mark.statement("2.6")
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_a_density_that_oscillates_converges_weakly_but_not_in_L1(n):
    cells = 4000
    edges = np.linspace(0, 1, cells + 1)
    masses = np.diff(edges + np.sin(2 * np.pi * n * edges) / (2 * np.pi * n))
    centres = (edges[1:] + edges[:-1]) / 2
    distance = wasserstein(Measure(centres, masses), Measure(centres), 1)
    assert distance == pytest.approx(1 / (np.pi**2 * n), rel=1e-3)
    assert np.abs(masses - 1 / cells).sum() == pytest.approx(2 / np.pi, rel=1e-3)


@pytest.mark.statement("2.6")
def test_empirical_measures_converge_at_the_rate_one_over_6n():
    rng = np.random.default_rng(26)
    for n in (10, 40):
        # For a sorted sample x the integral of (x_i - s)^2 over each of n levels is exact.
        values = []
        for _ in range(4000):
            x = np.sort(rng.random(n))
            left, right = np.arange(n) / n, np.arange(1, n + 1) / n
            values.append((((right - x) ** 3 - (left - x) ** 3) / 3).sum())
        deviation = np.std(values) / np.sqrt(len(values))
        assert abs(np.mean(values) - 1 / (6 * n)) <= 4 * deviation
        assert wasserstein(Measure(x), uniform(4000)) ** 2 == pytest.approx(values[-1], abs=1e-6)


@pytest.mark.statement("2.6")
@pytest.mark.parametrize("n", [2, 10, 1000])
def test_w_infinity_does_not_metrise_weak_convergence(n):
    mu = Measure([0.0, 1.0], [1 - 1 / n, 1 / n])
    assert wasserstein(mu, dirac(0.0), 2) == pytest.approx(n**-0.5)
    assert wasserstein(mu, dirac(0.0), np.inf) == 1


@pytest.mark.statement("2.6")
@given(measures(2), seeds)
def test_w_1_bounds_the_integrals_of_lipschitz_functions(pair, seed):
    mu, nu = (Measure(m.points.reshape(m.size, -1), m.weights) for m in pair)
    rng = np.random.default_rng(seed)
    direction, phase = rng.normal(size=mu.dim), rng.random()
    lipschitz = np.linalg.norm(direction)

    def f(x):
        return np.sin(x @ direction + phase)

    assert abs(mu.integral(f) - nu.integral(f)) <= lipschitz * wasserstein(mu, nu, 1) + 1e-12


@pytest.mark.statement("2.6")
@given(seeds, st.integers(1, 8), st.integers(1, 3), st.sampled_from(EXPONENTS))
def test_total_variation_and_diameter_bound_the_distance(seed, n, d, p):
    rng = np.random.default_rng(seed)
    x, a, b = rng.normal(size=(n, d)), rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    variation = np.abs(a - b).sum() / 2
    bound = cost_matrix(x, x, p).max() * variation
    assert wasserstein(Measure(x, a), Measure(x, b), p) ** p <= bound + 1e-12


# ------------------------------------------------------------------ Remark 2.7


@pytest.mark.statement("2.7")
@given(st.integers(1, 10**6), st.floats(0, 1e3), st.sampled_from(EXPONENTS))
def test_a_far_atom_of_small_mass_counts_by_its_moment(n, far, p):
    mu = Measure([0.0, far], [1 - 1 / n, 1 / n])
    assert wasserstein(mu, dirac(0.0), p) ** p == pytest.approx(far**p / n, rel=1e-9)


@pytest.mark.statement("2.7")
def test_mass_that_escapes_keeps_w_1_at_1_while_test_integrals_converge():
    def bounded(x):
        return np.minimum(x, 1.0)

    for n in (10, 1000, 100_000):
        mu = Measure([0.0, float(n)], [1 - 1 / n, 1 / n])
        assert wasserstein(mu, dirac(0.0), 1) == pytest.approx(1)
        assert mu.integral(bounded) == pytest.approx(1 / n)  # tends to 0, its value at delta_0


@pytest.mark.statement("2.7")
def test_between_the_exponents_w_1_can_vanish_while_w_2_grows():
    far = [
        Measure([0.0, n**0.75], [1 - 1 / n, 1 / n]) for n in (10.0**2, 10.0**4, 10.0**6, 10.0**8)
    ]
    first = [wasserstein(mu, dirac(0.0), 1) for mu in far]
    second = [wasserstein(mu, dirac(0.0), 2) for mu in far]
    np.testing.assert_allclose(first, 10.0 ** -np.array([0.5, 1.0, 1.5, 2.0]), rtol=1e-7)
    np.testing.assert_allclose(second, 10.0 ** np.array([0.5, 1.0, 1.5, 2.0]), rtol=1e-7)


# ------------------------------------------------------------------ section 3, across modules


@pytest.mark.statement("3.4")
@settings(max_examples=40)
@given(measures(2), st.sampled_from([1.5, 2.0, 4.0]), st.floats(0.1, 0.9))
def test_two_halves_of_a_geodesic_glue_to_an_optimal_plan(pair, p, t):
    # Why every geodesic is a displacement for p > 1: the plans through mu_t compose optimally.
    mu, nu = (Measure(m.points.reshape(m.size, -1), m.weights) for m in pair)
    plan = optimal_plan(mu, nu, p)
    middle = geodesic(plan, t)
    whole = compose(optimal_plan(mu, middle, p), optimal_plan(middle, nu, p))
    cost = cost_matrix(mu.points, nu.points, p)
    assert whole.cost(cost) == pytest.approx(plan.value, rel=1e-6, abs=1e-9)


@pytest.mark.statement("3.4")
@settings(max_examples=25)
@given(seeds, st.integers(1, 4), st.floats(0, 1))
def test_every_mixture_of_optimal_plans_gives_a_geodesic(seed, n, share):
    # n pairs of opposite corners in a row, far apart: two optimal plans, and all their mixtures.
    places = np.repeat(9.0 * np.arange(n), 2)[:, None] * [1.0, 0.0]
    mu = Measure(places + np.tile([[0.0, 0.0], [1.0, 1.0]], (n, 1)))
    nu = Measure(places + np.tile([[1.0, 0.0], [0.0, 1.0]], (n, 1)))
    swap = np.kron(np.eye(n), np.eye(2)[::-1])
    shares = np.repeat(np.random.default_rng(seed).random(n) * share, 2)
    gamma = (shares[:, None] * np.eye(2 * n) + (1 - shares[:, None]) * swap) / (2 * n)
    speeds = speed_matrix(lambda t: interpolation(gamma, mu, nu, t), [0, 0.25, 0.6, 1])
    assert speeds[0, 3] == pytest.approx(1)
    assert is_constant_speed(speeds)


# ------------------------------------------------------------------ section 4: its convention


@pytest.mark.statement("4.1")
@given(measures(2))
def test_the_square_of_w_2_is_twice_the_cost_of_section_4(pair):
    assert wasserstein(*pair) ** 2 == pytest.approx(2 * transport_cost(*pair), abs=1e-12)
