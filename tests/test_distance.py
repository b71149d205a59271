"""The Wasserstein distance, and the choice of solver."""

import numpy as np
import pytest
from certificates import assert_optimal

from otlec import (
    Measure,
    cost_matrix,
    distance,
    half_square_cost,
    optimal_plan,
    transport_cost,
    wasserstein,
)

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def pair(n, m, d, seed=0, weighted=False):
    rng = np.random.default_rng([n, m, d, seed])
    shape = () if d == 0 else (d,)
    a = rng.dirichlet(np.ones(n)) if weighted else None
    return Measure(rng.random((n, *shape)), a), Measure(rng.random((m, *shape)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (6, 6), (5, 8)])
@pytest.mark.parametrize("d", [0, 1, 2, 4])
@pytest.mark.parametrize("p", [1, 2, 2.5])
def test_every_pair_of_measures_gets_an_optimal_plan(n, m, d, p, weighted):
    mu, nu = pair(n, m, d, weighted=weighted)
    plan = optimal_plan(mu, nu, p)
    assert_optimal(plan, cost_matrix(mu.points, nu.points, p))
    assert plan.p == p
    assert plan.source is mu
    assert plan.target is nu
    assert wasserstein(mu, nu, p) == pytest.approx(plan.distance, rel=1e-14)


@pytest.mark.statement("2.1")
@pytest.mark.parametrize("d", [0, 3])
def test_between_dirac_masses_it_is_the_distance_of_the_points(d):
    mu, nu = pair(1, 1, d)
    expected = np.linalg.norm(np.atleast_1d(mu.points[0] - nu.points[0]))
    for p in (1, 2, 3.5, np.inf):
        assert wasserstein(mu, nu, p) == pytest.approx(expected, rel=1e-14)


@pytest.mark.statement("2.2")
@pytest.mark.parametrize("d", [0, 2])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_axioms_of_a_distance_hold(d, p):
    rng = np.random.default_rng(d)
    shape = () if d == 0 else (d,)
    mu, nu, rho = (Measure(rng.random((k, *shape)), rng.dirichlet(np.ones(k))) for k in (4, 6, 5))
    assert wasserstein(mu, mu, p) == pytest.approx(0, abs=1e-7)
    assert wasserstein(mu, nu, p) > 0.01
    assert wasserstein(mu, nu, p) == pytest.approx(wasserstein(nu, mu, p), rel=1e-12)
    two_steps = wasserstein(mu, nu, p) + wasserstein(nu, rho, p)
    assert wasserstein(mu, rho, p) <= two_steps * (1 + 1e-12)


@pytest.mark.statement("comparisons")
@pytest.mark.parametrize("d", [0, 2])
def test_w_p_grows_with_p_up_to_w_infinity(d):
    mu, nu = pair(7, 7, d)
    distances = [wasserstein(mu, nu, p) for p in (1, 1.5, 2, 4, 16, np.inf)]
    assert (np.diff(distances) >= -1e-14).all()
    assert wasserstein(mu, nu, 400) == pytest.approx(distances[-1], rel=0.02)


def test_the_cost_of_section_4_is_half_of_w_2_squared():
    for d in (0, 2):
        mu, nu = pair(6, 4, d)
        assert transport_cost(mu, nu) == pytest.approx(wasserstein(mu, nu, 2) ** 2 / 2, rel=1e-13)
        plan = optimal_plan(mu, nu, cost=half_square_cost)
        assert_optimal(plan, half_square_cost(mu.points, nu.points))
        assert plan.p is None


def test_any_cost_may_be_given_as_a_function_or_a_matrix():
    mu, nu = pair(5, 5, 1)
    cost = lambda x, y: np.sqrt(np.abs(x - y.T))  # noqa: E731  concave: not the monotone plan
    by_function = optimal_plan(mu, nu, cost=cost)
    by_matrix = optimal_plan(mu, nu, cost=cost(mu.points, nu.points))
    assert_optimal(by_function, cost(mu.points, nu.points))
    assert by_matrix.value == by_function.value
    assert transport_cost(mu, nu, cost) == by_function.value


@pytest.mark.parametrize("seed", range(4))
def test_w_infinity_of_any_weights_agrees_with_the_line_and_with_large_exponents(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.random(5), rng.random(7)
    a, b = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(7))
    on_the_line = wasserstein(Measure(x, a), Measure(y, b), np.inf)
    flat = Measure(np.stack([x, 0 * x], axis=1), a), Measure(np.stack([y, 0 * y], axis=1), b)
    assert wasserstein(*flat, np.inf) == on_the_line
    mu, nu = Measure(rng.random((5, 3)), a), Measure(rng.random((7, 3)), b)
    longest = wasserstein(mu, nu, np.inf)
    assert wasserstein(mu, nu, 300) == pytest.approx(longest, rel=0.03)
    assert wasserstein(mu, nu, 300) <= longest * (1 + 1e-12)


def test_a_cost_of_the_wrong_shape_is_refused():
    mu, nu = pair(3, 4, 2)
    with pytest.raises(ValueError, match=r"cost must be a matrix of shape \(3, 4\), or a function"):
        optimal_plan(mu, nu, cost=np.zeros((4, 3)))


def test_measures_of_different_dimensions_are_refused():
    with pytest.raises(ValueError, match="mu lives in dimension 1, but nu in dimension 2"):
        wasserstein(Measure([0.0]), Measure([[0.0, 0.0]]))


def test_plain_arrays_are_refused_with_a_hint():
    with pytest.raises(TypeError, match=r"nu must be an otlec.Measure, but it is a ndarray; wrap"):
        wasserstein(Measure([0.0]), np.zeros(2))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # from the kernels without the JIT
def test_a_power_that_overflows_is_an_error_of_the_plan_but_none_of_the_distance():
    mu, nu = Measure([[0.0, 0.0]]), Measure([[1e200, 0.0]])
    with pytest.raises(ValueError, match=r"\|x - y\|\^2.0 overflows"):
        optimal_plan(mu, nu)
    assert wasserstein(mu, nu) == 1e200


def test_large_clouds_need_no_matrix(monkeypatch):
    mu, nu = pair(9, 9, 2)
    expected = optimal_plan(mu, nu, 1.5)
    monkeypatch.setattr(distance, "_MATRIX", 8)
    monkeypatch.setattr(distance, "_distances", None)
    plan = optimal_plan(mu, nu, 1.5)
    assert_optimal(plan, cost_matrix(mu.points, nu.points, 1.5))
    assert plan.value == pytest.approx(expected.value, rel=1e-14)


@pytest.mark.parametrize("scale", [1e-250, 1e-170, 1e-11, 1e100, 1e160, 1e300])
@pytest.mark.parametrize("p", [1, 2, 30])
@pytest.mark.parametrize("weighted", [False, True])
def test_distances_in_the_plane_scale_with_the_points(scale, p, weighted):
    rng = np.random.default_rng(3)
    x, y = rng.random((6, 2)), rng.random((6, 2)) + 0.3
    a = rng.dirichlet(np.ones(6)) if weighted else None
    expected = wasserstein(Measure(x, a), Measure(y), p)
    mu, nu = Measure(scale * x, a), Measure(scale * y)
    assert wasserstein(mu, nu, p) == pytest.approx(scale * expected, rel=1e-12, abs=0)
    if scale < 1:  # the plan is optimal also where its cost is too small for a float
        plan = optimal_plan(Measure(x, a), Measure(y), p)
        np.testing.assert_allclose(optimal_plan(mu, nu, p).matrix, plan.matrix, atol=1e-12)


def test_short_moves_between_far_atoms_keep_their_length():
    x = np.array([[0.0, 0.0], [1.0, 0.0]])
    for weights in (None, [0.3, 0.7]):
        mu, nu = Measure(x, weights), Measure(x + np.array([0, 1e-11]), weights)
        assert wasserstein(mu, nu, 30) == pytest.approx(1e-11, rel=1e-12)
        assert wasserstein(mu, mu, 30) == 0


def test_distances_beyond_the_largest_float_are_refused():
    for x in (np.array([1.7e308]), np.array([[1.7e308, 0.0]])):
        for weights in ([1.0], [0.5, 0.5]):
            mu, nu = Measure(x), Measure(np.repeat(-x, len(weights), axis=0), weights)
            for p in (1, 2):
                with pytest.raises(ValueError, match="overflows: scale the points down"):
                    wasserstein(mu, nu, p)


def test_masses_that_are_nearly_equal_are_not_taken_for_equal():
    n = 6
    weights = np.full(n, 1 / n)
    weights[:2] += [1e-7, -1e-7]
    mu, nu = Measure(np.eye(n), weights), Measure(2 * np.eye(n))
    assert not mu.is_uniform
    plan = optimal_plan(mu, nu)
    np.testing.assert_allclose(plan.matrix.sum(axis=1), weights, rtol=1e-14)
    assert plan.certificate == "certified to 1e-12"


@pytest.mark.parametrize("weighted", [False, True])
def test_a_huge_exponent_comes_near_the_longest_move(weighted):
    mu, nu = pair(6, 6, 2, weighted=weighted)
    longest = wasserstein(mu, nu, np.inf)
    for p in (1e4, 1e6, 1e300):
        assert longest * 0.01 ** (1 / p) <= wasserstein(mu, nu, p) <= longest * (1 + 1e-12)
