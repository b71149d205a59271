"""Barycentric projections, maps and permutations, of plans and couplings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otlec import Coupling, Measure, Plan, cost_matrix, optimal_plan, product_plan, transport


@pytest.mark.statement("3.3")
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_the_projection_is_the_best_map_in_the_mean_square(seed, d):
    rng = np.random.default_rng(seed)
    mu = Measure(rng.random((4, d)), rng.dirichlet(np.ones(4)))
    nu = Measure(rng.random((5, d)), rng.dirichlet(np.ones(5)))
    plan = optimal_plan(mu, nu)
    projection = plan.map()

    def spread(points):
        apart = points[plan.rows] - nu.points[plan.cols]
        return plan.mass @ (apart**2).sum(axis=1)

    np.testing.assert_allclose(projection.points, (plan.matrix @ nu.points) / mu.weights[:, None])
    for _ in range(3):
        other = projection.points + 0.1 * rng.normal(size=(4, d))
        assert spread(projection.points) <= spread(other)
    assert 0 < projection.split <= 1  # 8 entries at least, for 4 atoms
    assert not plan.is_map


def test_a_map_is_its_own_projection():
    x = np.array([[0.0, 0], [1, 0], [5, 5]])
    plan = optimal_plan(Measure(x), Measure(x[::-1] + 0.1))
    np.testing.assert_array_equal(plan.permutation, [2, 1, 0])
    np.testing.assert_allclose(plan.map().points, x + 0.1)
    assert plan.is_map
    assert plan.map().split == 0
    assert repr(plan.map()) == "Projection(3 points, 0 % split)"


def test_half_an_atom_to_each_side_is_split_and_projected_to_the_middle():
    plan = optimal_plan(
        Measure([0.0, 9.0], [0.75, 0.25]), Measure([-1.0, 1.0, 9.0], [3 / 8, 3 / 8, 1 / 4])
    )
    np.testing.assert_allclose(plan.map().points, [0, 9])
    assert plan.map().split == pytest.approx(0.75)
    with pytest.raises(ValueError, match="the plan is no permutation: 3 entries join 2 atoms to 3"):
        plan.permutation  # noqa: B018
    # two targets at one place are one place
    assert optimal_plan(Measure([0.0]), Measure([2.0, 2.0])).is_map


def test_atoms_without_mass_have_no_image():
    plan = optimal_plan(Measure([0.0, 1.0], [1, 0]), Measure([3.0]))
    np.testing.assert_array_equal(plan.map().points, [3, np.nan])


def test_a_plan_without_points_is_given_them():
    plan = transport([0.5, 0.5], [0.25, 0.75], [[0, 1], [1, 0]])
    with pytest.raises(ValueError, match=r"has no points: .*plan\.map\(y\)"):
        plan.map()
    np.testing.assert_allclose(plan.map([0.0, 4.0]).points, [2, 4])
    with pytest.raises(ValueError, match="y has 3 points, but the plan has 2 columns"):
        plan.map([0.0, 1.0, 2.0])


@given(st.integers(0, 10**6))
def test_the_product_plan_costs_what_independent_points_are_apart(seed):
    rng = np.random.default_rng(seed)
    mu = Measure(rng.random((4, 2)), rng.dirichlet(np.ones(4)))
    nu = Measure(rng.random((3, 2)))
    product = product_plan(mu, nu)
    np.testing.assert_allclose(product.matrix, np.outer(mu.weights, nu.weights))
    spread = [m.integral(lambda x, m=m: ((x - m.mean) ** 2).sum(axis=1)) for m in (mu, nu)]
    expected = ((mu.mean - nu.mean) ** 2).sum() + sum(spread)
    assert product.cost(cost_matrix(mu.points, nu.points)) == pytest.approx(expected)
    np.testing.assert_allclose(product.map().points, np.tile(nu.mean, (4, 1)))


def test_a_matrix_from_elsewhere_is_judged():
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    good, bad = np.eye(2) / 2, np.eye(2)[::-1] / 2
    assert Plan.from_matrix(good, cost).certificate == "certified to 1e-12"
    plan = Plan.from_matrix(bad, cost)
    assert (plan.value, plan.gap) == (1, 1)
    assert plan.certificate.startswith("not certified")
    np.testing.assert_array_equal(Coupling.from_matrix(bad).matrix, bad)
    with pytest.raises(ValueError, match=r"gamma has shape \(2, 2\), but cost has shape \(1, 2\)"):
        Plan.from_matrix(bad, cost[:1])
    with pytest.raises(ValueError, match="gamma must be finite and non-negative"):
        Plan.from_matrix(-bad, cost)
