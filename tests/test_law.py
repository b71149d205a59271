"""Laws on the line with densities and atoms: distances, maps, geodesics, barycenters, exactly."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from otlec import (
    Law,
    Measure,
    barycenter,
    curve_length,
    displacement_velocity,
    distribution_function,
    geodesic,
    half_square_cost,
    kantorovich_rubinstein,
    mixture,
    optimal_plan,
    quantile_function,
    transport_cost,
    wasserstein,
)

UNIFORM = Law([0.0], [1.0])
STEEP = Law.from_density([0, 2 / 3, 1], [0.5, 0.5])  # 3/4 on [0, 2/3] and 3/2 on [2/3, 1]


def random_law(rng) -> Law:
    """Overlapping intervals, gaps and atoms, on a coarse grid, so that ends coincide."""
    n = int(rng.integers(1, 6))
    left = rng.integers(-4, 5, n) / 2
    return Law(left, left + rng.integers(0, 4, n) / 2, rng.dirichlet(np.ones(n)))


def by_quadrature(mu, nu, p):
    levels = np.unique(np.concatenate([mu.levels, nu.levels]))
    gap = lambda s: abs(quantile_function(mu, s) - quantile_function(nu, s)) ** p  # noqa: E731
    return sum(
        quad(gap, s + 1e-12, t - 1e-12, limit=200)[0]
        for s, t in itertools.pairwise(levels)
        if t - s > 1e-9
    )


@pytest.mark.statement("1")
@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1, 1.5, 2, 3, 7]))
def test_distances_are_integrals_of_quantile_functions(seed, p):
    rng = np.random.default_rng(seed)
    mu, nu = random_law(rng), random_law(rng)
    expected = by_quadrature(mu, nu, p)
    assert wasserstein(mu, nu, p) ** p == pytest.approx(expected, rel=1e-6, abs=1e-9)
    plan = optimal_plan(mu, nu, p)
    assert plan.value == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert plan.distance == pytest.approx(wasserstein(mu, nu, p), rel=1e-13)
    assert wasserstein(mu, nu, np.inf) >= wasserstein(mu, nu, p) * (1 - 1e-12)


@pytest.mark.statement("1")
@given(st.integers(0, 10**6))
def test_w_1_is_the_area_between_distribution_functions(seed):
    rng = np.random.default_rng(seed)
    mu, nu = random_law(rng), random_law(rng)
    edges = np.unique(np.concatenate([mu.left, mu.right, nu.left, nu.right]))
    area = 0.0
    for x, y in itertools.pairwise(edges):
        # F - G is affine inside: its values there give those at both ends
        z = x + (y - x) * np.array([1 / 3, 2 / 3])
        u, v = distribution_function(mu, z) - distribution_function(nu, z)
        u, v = 2 * u - v, 2 * v - u
        area += (y - x) * (
            (abs(u) + abs(v)) / 2 if u * v >= 0 else (u * u + v * v) / (2 * (abs(u) + abs(v)))
        )
    assert wasserstein(mu, nu, 1) == pytest.approx(area, abs=1e-12)


@pytest.mark.statement("2.6")
def test_known_distances_to_the_uniform_law():
    five = Measure([0.1, 0.3, 0.5, 0.7, 0.9])
    assert wasserstein(five, UNIFORM, 1) == pytest.approx(0.05, abs=1e-15)
    assert wasserstein(five, UNIFORM, 2) == pytest.approx(1 / np.sqrt(300), abs=1e-15)
    assert wasserstein(UNIFORM, five, np.inf) == pytest.approx(0.1, abs=1e-15)
    assert wasserstein(STEEP, UNIFORM, 1) == pytest.approx(1 / 12, abs=1e-15)
    for p in (1, 2, 3, 30):
        shifted = Law([5.0], [6.0])
        assert wasserstein(UNIFORM, shifted, p) == pytest.approx(5, rel=1e-14)
        assert wasserstein(Measure([0.0]), UNIFORM, p) == pytest.approx((p + 1) ** (-1 / p))
        for n in (1, 2, 10):  # the mean of delta_(i/n) against U[0, 1]
            atoms = Measure(np.arange(1, n + 1) / n)
            expected = (p + 1) ** (-1 / p) / n
            assert wasserstein(atoms, UNIFORM, p) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("scale", [1e-200, 1e-11, 1e160, 1e300])
def test_every_scale_is_exact(scale):
    mu, nu = Law([0.0], [scale]), Law([0.0, scale], [0.0, scale])
    for p in (1, 2, 30):
        expected = scale * wasserstein(UNIFORM, Measure([0.0, 1.0]), p)
        assert wasserstein(mu, nu, p) == pytest.approx(expected, rel=1e-12)
    assert wasserstein(mu, mu, 30) == 0


def test_the_same_law_written_twice_is_at_distance_0():
    twice = Law([0.0, 0.0, 0.5, 2.0], [0.5, 1.0, 1.0, 2.0], [0.1, 0.3, 0.2, 0.4])
    again = mixture(
        [Law([0.0, 0.5, 0], [0.5, 1.0, 1.0], [1 / 6, 2 / 6, 3 / 6]), Measure([2.0])], [0.6, 0.4]
    )
    for p in (1, 2, 10):
        assert wasserstein(twice, again, p) <= 1e-15
    assert wasserstein(twice, again, np.inf) <= 1e-14


@pytest.mark.statement("3.2")
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_geodesics_have_interpolated_quantiles_and_constant_speed(seed, t):
    rng = np.random.default_rng(seed)
    mu, nu = random_law(rng), random_law(rng)
    plan = optimal_plan(mu, nu)
    middle = geodesic(plan, t)
    apart = plan.distance
    assert wasserstein(mu, middle) == pytest.approx(t * apart, abs=1e-7)
    assert wasserstein(middle, nu) == pytest.approx((1 - t) * apart, abs=1e-7)
    assert curve_length(lambda s: geodesic(plan, s), [0, 0.3, 1]) == pytest.approx(apart, abs=1e-7)


@pytest.mark.statement("3.2")
def test_the_density_of_a_geodesic_spreads_with_the_map():
    plan = optimal_plan(UNIFORM, Law([2.0], [4.0]))
    middle = geodesic(plan, 0.5)  # uniform on [1, 2.5]
    np.testing.assert_allclose(middle.density([0.99, 1.0, 2.4, 2.5]), [0, 2 / 3, 2 / 3, 0])
    np.testing.assert_allclose(plan.map([0.0, 0.25, 1.0]), [2, 2.5, 4])
    assert plan.is_map


def test_the_monotone_map_pushes_one_law_to_the_other():
    plan = optimal_plan(STEEP, UNIFORM)
    x = np.linspace(0, 1, 50)
    np.testing.assert_allclose(plan.map(x), distribution_function(STEEP, x), atol=1e-15)
    atom = optimal_plan(mixture([UNIFORM, Measure([0.5])]), UNIFORM)
    assert not atom.is_map
    np.testing.assert_allclose(atom.map([0.25, 0.5, 0.75]), [0.125, 0.5, 0.875])
    assert optimal_plan(Measure([0.0, 1.0]), Measure([5.0, 6.0])).is_map
    halves = optimal_plan(Law([0.0], [0.0]), Measure([1.0, 2.0]))
    assert not halves.is_map
    assert halves.map([0.0]) == pytest.approx(1.5)


@pytest.mark.statement("barycenters")
@given(st.integers(0, 10**6))
def test_barycenters_average_quantiles_and_meet_their_bound(seed):
    rng = np.random.default_rng(seed)
    laws = [random_law(rng), random_law(rng), Measure(rng.normal(size=3))]
    weights = rng.dirichlet(np.ones(3))
    result = barycenter(laws, weights)
    assert abs(result.gap) <= 1e-12 * max(result.objective, 1)
    assert result.certificate.startswith("certified")
    s = rng.random(20)
    mean = sum(w * quantile_function(mu, s) for w, mu in zip(weights, laws, strict=True))
    np.testing.assert_allclose(quantile_function(result.measure, s), mean, atol=1e-9)


@given(st.integers(0, 10**6))
def test_mixtures_average_distribution_functions(seed):
    rng = np.random.default_rng(seed)
    laws, weights = [random_law(rng), random_law(rng), Measure([0.3])], rng.dirichlet(np.ones(3))
    both = mixture(laws, weights)
    x = rng.uniform(-3, 5, 40)
    mean = sum(w * distribution_function(mu, x) for w, mu in zip(weights, laws, strict=True))
    np.testing.assert_allclose(distribution_function(both, x), mean, atol=1e-12)
    assert both.mean == pytest.approx(sum(w * mu.mean for w, mu in zip(weights, laws, strict=True)))
    assert (both.left[1:] >= both.right[:-1]).all()


def test_quantile_functions_may_jump_and_bend():
    jump = Law.from_quantiles(lambda s: np.where(s <= 0.5, s, s + 1), [0, 0.5, 1])
    np.testing.assert_allclose([jump.left, jump.right], [[0, 1.5], [0.5, 2]], atol=1e-15)
    levels = np.concatenate([[0], np.linspace(0, 1, 2001)[1:]])
    square = Law.from_quantiles(lambda s: s**2, levels)
    assert wasserstein(square, UNIFORM, 1) == pytest.approx(1 / 6, abs=1e-7)
    with pytest.raises(ValueError, match=r"not at the level 1\.0: .* lambda s: Q\(np\.clip"):
        Law.from_quantiles(norm.ppf, [0, 0.5, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Law([0.0], [-1.0]), ValueError, r"interval 0 ends at -1\.0, before it begins"),
        (lambda: Law([0.0, 1], [1.0]), ValueError, "left has 2 entries, but right has 1"),
        (lambda: Law([0.0], [1.0], [0.5]), ValueError, "mass must sum to 1"),
        (lambda: Law.from_density([0, 0, 1], [0.5, 0.5]), ValueError, r"0\.0 follows 0\.0"),
        (lambda: Law.from_density([0], []), ValueError, "k cells have k"),
        (lambda: Law.from_density([0, 2], [1, 0]), ValueError, "each of the 1 cell, but it has 2"),
        (lambda: Law.from_density([0, 2 / 3, 1], [0.75, 1.5]), ValueError, r"heights \* np\.diff"),
        (lambda: Law.from_density([0, 1, 2], [220, 221]), ValueError, r"their sum is 441\.0"),
        (lambda: Law.from_quantiles([0, 1], [0, 1]), TypeError, "Q must be a function of levels"),
        (lambda: Law.of([0.0, 1.0]), TypeError, r"mu must be an otlec\.Measure, but it is a list"),
        (lambda: barycenter([UNIFORM], support=[0.0, 1]), ValueError, "without support and start"),
        (lambda: mixture(UNIFORM), TypeError, r"write mixture\(\[mu, nu\]\)"),
        (lambda: mixture([UNIFORM], [0.5, 0.5]), ValueError, "each of the 1 measure, but it has 2"),
        (
            lambda: geodesic(optimal_plan(UNIFORM, UNIFORM), 0.5, path=lambda x, y, t: x),
            ValueError,
            "leave path out",
        ),
        (lambda: kantorovich_rubinstein(UNIFORM, UNIFORM), TypeError, r"help\(otlec\.Law\) lists"),
        (
            lambda: displacement_velocity(optimal_plan(UNIFORM, UNIFORM), 0.5),
            TypeError,
            "a Plan between measures",
        ),
        (lambda: Measure(UNIFORM), TypeError, "points must be an array, but it is a Law"),
        (lambda: Law.from_quantiles(lambda s: s, [0, 0.5]), ValueError, "levels must increase fr"),
        (lambda: Law.from_quantiles(lambda s: -s, [0, 1]), ValueError, "Q must not decrease"),
        (lambda: Law.from_quantiles(lambda s: 1, [0, 1]), ValueError, "Q must give one number"),
        (lambda: Law.of(Measure([[0.0, 1.0]])), ValueError, "a law lives on the line"),
        (lambda: wasserstein(UNIFORM, [0.0]), TypeError, r"nu must be an otlec\.Measure"),
        (lambda: wasserstein(Measure([[0.0, 1]]), UNIFORM), ValueError, "lives on the line"),
        (
            lambda: optimal_plan(UNIFORM, UNIFORM, cost=half_square_cost),
            ValueError,
            r"between laws the cost is \|x - y\|\^p",
        ),
        (lambda: optimal_plan(UNIFORM, Law([1e300], [1e300])), ValueError, "overflows: scale"),
        (lambda: barycenter([UNIFORM], p=1), ValueError, "the barycenter of laws is for p = 2"),
        (lambda: barycenter(UNIFORM), TypeError, r"write barycenter\(\[mu, nu\]\)"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_plan_that_crosses_or_misses_a_law_is_not_certified():
    plan = optimal_plan(STEEP, UNIFORM)
    assert plan.certificate == "certified to 1e-12"
    crossed = dataclasses.replace(plan, y=plan.y[::-1].copy())
    assert crossed.certificate == "not certified: the plan crosses itself"
    missed = dataclasses.replace(plan, y=plan.y * 0.9)
    assert missed.certificate == "not certified: the marginals are not the two laws"


def test_a_law_describes_itself():
    assert repr(mixture([UNIFORM, Measure([0.5])])) == "Law(2 intervals and 1 atom on the line)"
    assert repr(optimal_plan(UNIFORM, UNIFORM)) == "LawPlan(1 piece, value=0)"
    assert "2 pieces by quantiles" in repr(barycenter([STEEP]))


def test_two_numbers_are_the_uniform_law_between_them():
    uniform = Law(2, 5)
    np.testing.assert_allclose(uniform.density([1.9, 2, 4.9, 5]), [0, 1 / 3, 1 / 3, 0])
    assert wasserstein(uniform, Law([2.0], [5.0])) == 0


def test_half_of_the_square_is_the_cost_of_section_4_between_laws_too():
    assert transport_cost(STEEP, UNIFORM) == wasserstein(STEEP, UNIFORM) ** 2 / 2
    with pytest.raises(ValueError, match=r"between laws the cost is"):
        transport_cost(STEEP, UNIFORM, lambda x, y: np.abs(x[:, None] - y))


@pytest.mark.parametrize("side", [1, -1])
def test_a_tiny_mass_far_away_is_not_lost_in_the_levels(side):
    outlier = Measure([0.0, side * 1e20], [1.0, 1e-30])
    assert wasserstein(outlier, UNIFORM) == pytest.approx(np.sqrt(1 / 3 + 1e10), rel=1e-4)
    assert wasserstein(outlier, UNIFORM, 1) == pytest.approx(0.5, rel=1e-4)
    point = Law([0.0], [0.0])
    far = Measure([0.0, side * 1e9], [1.0, 1e-17])
    for p in (1, 2, np.inf):
        assert wasserstein(far, point, p) == wasserstein(far, Measure([0.0]), p)
    assert barycenter([UNIFORM, outlier]).objective == pytest.approx(2.5e9, rel=1e-4)


@pytest.mark.parametrize("change", [{"value": 0.0}, {"value": np.nan}, {"p": 1.0}])
def test_a_plan_between_laws_is_certified_with_its_value(change):
    plan = optimal_plan(UNIFORM, Law([0.0], [2.0]))
    assert plan.certificate == "certified to 1e-12"
    wrong = dataclasses.replace(plan, **change)
    assert wrong.certificate.startswith("not certified: the plan costs")


def test_no_contents_of_a_plan_between_laws_raise():
    plan = optimal_plan(UNIFORM, Law([0.0], [2.0]))
    for change in ({"x": plan.x * np.nan}, {"y": plan.y[:, :1]}, {"mass": -plan.mass}):
        assert dataclasses.replace(plan, **change).certificate.startswith("not certified")
    moved = dataclasses.replace(plan, y=plan.y + 1e-6)
    assert moved.certificate == "not certified: the marginals are not the two laws"


def test_a_cheap_part_of_a_plan_between_laws_is_not_hidden_by_an_outlier():
    plan = optimal_plan(Law([0.0, 1e20], [1.0, 1e20], [1 - 1e-12, 1e-12]), UNIFORM)
    assert plan.certificate.startswith("certified")
    wrong = dataclasses.replace(plan, x=np.minimum(plan.x, 1e20) * [[0.5], [1.0]])
    assert wrong.certificate.startswith("not certified")


def test_a_value_below_the_rounding_of_the_places_says_so():
    first = Law([1e9], [1e9 + 1], None)
    second = Law([1e9, 1e9 + 0.25], [1e9 + 0.5, 1e9 + 1.1])
    words = optimal_plan(first, second).certificate
    assert (
        words == "certified to 1e-12 of the places, whose rounding is more than that of the value"
    )
    assert optimal_plan(first, first).certificate == "certified to 1e-12"


def test_an_interval_longer_than_the_largest_float_is_refused():
    with pytest.raises(ValueError, match="overflows: scale the law down"):
        Law([-1.7e308], [1.7e308])
    with pytest.raises(ValueError, match="overflows: scale the laws down"):
        wasserstein(Law([-1.7e308], [-1.6e308]), Law([1.6e308], [1.7e308]))
    assert np.isinf(Law([0.0], [5e-324]).density([0.0])).all()
