"""The three statements: closed forms, linear programming, and properties of random instances."""

import numpy as np
import pytest
from entropic import relative_entropy, sinkhorn, soft_min
from scipy.optimize import linprog


def instance(seed: int):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 7, 2)
    return rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)), rng.uniform(0, 2, (n, m))


def entropy(a):
    return -(a[a > 0] * np.log(a[a > 0])).sum()


def cheapest(a, b, cost):
    """The least cost of a plan, by SciPy's linear programming."""
    rows = np.kron(np.eye(a.size), np.ones(b.size))
    columns = np.kron(np.ones(a.size), np.eye(b.size))
    return linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.append(a, b)).fun


@pytest.mark.statement("1.1")
@pytest.mark.parametrize("seed", range(10))
def test_the_soft_minimum_lies_between_the_minimum_and_the_mean(seed):
    a, _, cost = instance(seed)
    z = cost[:, 0]
    values = [soft_min(z, a, eps) for eps in (1e-3, 0.1, 1.0, 10.0, 1e4)]
    assert z.min() - 1e-12 <= values[0]
    assert values[0] == pytest.approx(z.min(), abs=1e-3 * -np.log(a.min()) + 1e-12)
    assert np.all(np.diff(values) >= -1e-12)
    assert values[-1] == pytest.approx(a @ z, abs=1e-3)


@pytest.mark.statement("1.1")
def test_the_soft_minimum_is_the_formula_and_never_overflows():
    z, w = np.array([0.3, -0.2, 1.0]), np.array([0.5, 0.25, 0.25])
    assert soft_min(z, w, 0.7) == pytest.approx(-0.7 * np.log(w @ np.exp(-z / 0.7)), rel=1e-14)
    assert soft_min(z + 1e6, w, 1e-3) == pytest.approx(1e6 - 0.2 + 1e-3 * np.log(4), rel=1e-12)


@pytest.mark.statement("1.2")
@pytest.mark.parametrize("eps", [0.02, 0.3, 5.0])
def test_two_points_have_a_closed_form(eps):
    half = np.array([0.5, 0.5])
    plan = sinkhorn(half, half, 1 - np.eye(2), eps)
    exact = -eps * np.log((1 + np.exp(-1 / eps)) / 2)
    assert plan.dual_value - 1e-12 <= exact <= plan.value + 1e-12
    assert plan.value == pytest.approx(exact, abs=1e-9)
    assert plan.matrix[0, 1] == pytest.approx(0.5 / (1 + np.exp(1 / eps)), abs=1e-9)


@pytest.mark.statement("1.2")
@pytest.mark.parametrize("seed", range(8))
def test_the_bound_never_falls_and_meets_the_value_of_a_plan(seed):
    a, b, cost = instance(seed)
    plan = sinkhorn(a, b, cost, 0.1)
    assert np.all(np.diff(plan.dual_values) >= -1e-12)
    assert -1e-12 <= plan.gap <= 2e-9
    np.testing.assert_allclose(plan.matrix.sum(axis=1), a, atol=1e-14)
    np.testing.assert_allclose(plan.matrix.sum(axis=0), b, atol=1e-14)
    value = (plan.matrix * cost).sum() + 0.1 * relative_entropy(plan.matrix, a, b)
    assert plan.value == pytest.approx(value, abs=1e-14)


@pytest.mark.statement("1.3")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("eps", [0.02, 0.2, 2.0])
def test_the_true_cost_lies_within_eps_times_an_entropy(seed, eps):
    a, b, cost = instance(seed)
    value = sinkhorn(a, b, cost, eps, tol=1e-5).value
    true = cheapest(a, b, cost)
    assert true - 1e-9 <= value <= true + eps * min(entropy(a), entropy(b)) + 2e-5


@pytest.mark.statement("1.3")
def test_the_bound_of_the_limit_is_reached_where_the_best_plan_is_a_permutation():
    third = np.full(3, 1 / 3)
    far = 50 * (1 - np.eye(3))
    assert sinkhorn(third, third, far, 0.1).value == pytest.approx(0.1 * np.log(3), abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "cost", "eps", "message"),
    [
        ([0.5, 0.6], [1.0], [[1.0], [1.0]], 1.0, "a must be a list of masses"),
        ([1.0], [-1.0, 2.0], [[1.0, 1.0]], 1.0, "b must be a list of masses"),
        ([1.0], [1.0], [[np.inf]], 1.0, "cost must be a finite matrix"),
        ([1.0], [1.0], [1.0], 1.0, "cost must be a finite matrix"),
        ([1.0], [1.0], [[1.0]], 0.0, "eps must be positive"),
    ],
)
def test_bad_input_is_named(a, b, cost, eps, message):
    with pytest.raises(ValueError, match=message):
        sinkhorn(a, b, cost, eps)


def test_too_few_rounds_are_an_error_that_says_how_far_it_is():
    a, b, cost = instance(3)
    with pytest.raises(RuntimeError, match=r"after 1 rounds the gap is .*take a larger eps"):
        sinkhorn(a, b, cost, 1e-4, rounds=1)


def test_atoms_without_mass_receive_nothing():
    plan = sinkhorn([0.5, 0.0, 0.5], [0.3, 0.7], np.array([[0.0, 1], [0, 0], [1, 0]]), 0.05)
    assert plan.matrix[1].tolist() == [0, 0]
    assert np.isfinite(plan.value)
