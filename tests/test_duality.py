"""Potentials: c-transforms, contact sets, and the 1-Lipschitz potential of W_1."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otlec import (
    Measure,
    assignment,
    c_transform,
    contact_set,
    cost_matrix,
    distribution_function,
    kantorovich_rubinstein,
    optimal_plan,
    wasserstein,
)

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


@st.composite
def pairs_of_measures(draw, largest: int = 7):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, m, d = draw(st.integers(1, largest)), draw(st.integers(1, largest)), draw(st.integers(1, 3))
    shapes = (n, m) if d == 1 else ((n, d), (m, d))
    return [
        Measure(rng.normal(size=shape), rng.dirichlet(np.ones(size)))
        for shape, size in zip(shapes, (n, m), strict=True)
    ]


@pytest.mark.statement("1")
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 9))
def test_three_transforms_are_one(seed, n, m):
    rng = np.random.default_rng(seed)
    # Whole numbers, so that there is no rounding.
    cost, phi = rng.integers(-9, 9, (n, m)).astype(float), rng.integers(-9, 9, n).astype(float)
    once = c_transform(cost, phi=phi)
    twice = c_transform(cost, psi=once)
    assert (twice >= phi).all()
    np.testing.assert_array_equal(c_transform(cost, phi=twice), once)
    assert (cost - twice[:, None] - once >= 0).all()


@pytest.mark.statement("1")
@given(pairs_of_measures())
def test_a_transform_never_lowers_the_dual_value_and_keeps_an_optimal_one(measures):
    mu, nu = measures
    cost = cost_matrix(mu.points, nu.points)
    plan = optimal_plan(mu, nu)
    psi = c_transform(cost, phi=plan.phi)
    assert (psi >= plan.psi - 1e-12).all()
    dual = mu.weights @ plan.phi + nu.weights @ psi
    assert dual == pytest.approx(plan.value, abs=1e-12)
    start = np.zeros(mu.size)
    once = c_transform(cost, phi=start)
    improved = c_transform(cost, psi=once)
    assert mu.weights @ improved + nu.weights @ once >= nu.weights @ once - 1e-12
    assert mu.weights @ improved + nu.weights @ once <= plan.value + 1e-12


@pytest.mark.statement("1")
def test_the_transform_of_a_small_example():
    cost = [[0.0, 1.0, 4.0], [1.0, 0.0, np.inf]]
    np.testing.assert_array_equal(c_transform(cost, phi=[0.0, 0.5]), [0.0, -0.5, 4.0])
    np.testing.assert_array_equal(c_transform(cost, psi=[0.0, 0.5, 5.0]), [-1.0, -0.5])


@pytest.mark.statement("1")
@given(pairs_of_measures())
def test_optimal_plans_live_on_the_contact_set(measures):
    mu, nu = measures
    plan, cost = optimal_plan(mu, nu), cost_matrix(*(side.points for side in measures))
    contact = contact_set(cost, plan.phi, plan.psi)
    assert contact[plan.rows, plan.cols].all()


@pytest.mark.statement("1")
def test_the_contact_set_of_two_squares_is_exact():
    contact = contact_set([[0.0, 2.0], [2.0, 0.0]], [0.0, 0.0], [0.0, 0.0])
    np.testing.assert_array_equal(contact, np.eye(2, dtype=bool))


@pytest.mark.statement("1")
@given(pairs_of_measures())
def test_the_potential_of_W_1_is_1_lipschitz_and_proves_the_distance(measures):
    mu, nu = measures
    f = kantorovich_rubinstein(mu, nu)
    assert f.lipschitz <= 1 + 1e-12
    assert f.values.min() == 0
    assert f.value == pytest.approx(wasserstein(mu, nu, 1), abs=1e-13)
    assert f.dual_value == pytest.approx(f.value, abs=1e-12)
    assert abs(f.gap) <= 1e-12


@pytest.mark.statement("1")
@given(pairs_of_measures())
def test_the_potential_extends_to_every_point_and_stays_1_lipschitz(measures):
    f = kantorovich_rubinstein(*measures)
    np.testing.assert_allclose(f(f.points), f.values, atol=1e-12)
    rng = np.random.default_rng(0)
    shape = 30 if measures[0].dim == 1 else (30, measures[0].dim)
    x, y = rng.normal(size=(2, *np.atleast_1d(shape)))
    distance = np.abs(x - y) if x.ndim == 1 else np.linalg.norm(x - y, axis=1)
    assert (np.abs(f(x) - f(y)) <= distance + 1e-12).all()


@pytest.mark.statement("1")
@given(pairs_of_measures(), st.integers(0, 10**6))
def test_no_1_lipschitz_function_does_better(measures, seed):
    mu, nu = measures
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(mu.dim, 5))
    direction /= np.linalg.norm(direction, axis=0)
    offsets = rng.normal(size=5)

    def g(x):  # the minimum of affine functions of slope 1 is 1-Lipschitz
        return (x.reshape(x.shape[0], -1) @ direction + offsets).min(axis=1)

    assert mu.integral(g) - nu.integral(g) <= kantorovich_rubinstein(mu, nu).value + 1e-12


@pytest.mark.statement("1")
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 9))
def test_on_the_line_W_1_is_the_area_between_the_distribution_functions(seed, n, m):
    rng = np.random.default_rng(seed)
    mu = Measure(rng.normal(size=n), rng.dirichlet(np.ones(n)))
    nu = Measure(rng.normal(size=m), rng.dirichlet(np.ones(m)))
    breaks = np.sort(np.concatenate([mu.points, nu.points]))
    gap = np.abs(distribution_function(mu, breaks) - distribution_function(nu, breaks))[:-1]
    area = gap @ np.diff(breaks)
    assert kantorovich_rubinstein(mu, nu).dual_value == pytest.approx(area, abs=1e-12)


def test_equal_measures_have_a_constant_potential_value_0():
    f = kantorovich_rubinstein(Measure([[1.0, 2.0]]), Measure([[1.0, 2.0]]))
    assert (f.value, f.lipschitz, f.points.shape) == (0.0, 0.0, (1, 2))


@pytest.mark.statement("1")
def test_for_a_concave_cost_the_monotone_plan_is_not_optimal():
    # Half of the mass stands where it should: moving the rest all the way is cheaper.
    x, y = np.array([0.0, 1.0]), np.array([1.0, 2.0])
    cost = np.sqrt(cost_matrix(x, y, 1))
    monotone = cost[0, 0] + cost[1, 1]
    best = assignment(cost)
    np.testing.assert_array_equal(best.permutation, [1, 0])
    assert best.value == pytest.approx(np.sqrt(2))
    assert monotone == 2.0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, TypeError, "give exactly one of phi and psi"),
        ({"phi": [0.0, 0.0], "psi": [0.0, 0.0]}, TypeError, "give exactly one of phi and psi"),
        ({"phi": [0.0]}, ValueError, r"phi must have shape \(2,\), but its shape is \(1,\)"),
        ({"psi": [0.0, np.inf]}, ValueError, "psi must be finite"),
        ({"psi": ["a", "b"]}, TypeError, "psi must hold real numbers"),
    ],
)
def test_bad_potentials_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        c_transform(np.eye(2), **options)


def test_a_potential_describes_itself_and_wants_two_measures():
    f = kantorovich_rubinstein(Measure([0.0]), Measure([[3.0]]))
    assert repr(f) == "LipschitzPotential(2 points, value=3)"
    with pytest.raises(TypeError, match=r"mu must be an otlec\.Measure"):
        kantorovich_rubinstein([0.0], Measure([0.0]))
