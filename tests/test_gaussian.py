"""Gaussians: the map, the geodesic, the distance and the barycenter in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import norm

from otlec import (
    Measure,
    gaussian_barycenter,
    gaussian_distance,
    gaussian_geodesic,
    gaussian_map,
    optimal_plan,
    speed_matrix,
    wasserstein,
)

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so

J = np.array([[0.0, -1.0], [1.0, 0.0]])


def covariance(rng, d: int) -> np.ndarray:
    root = rng.normal(size=(d, d)) + 0.5 * np.eye(d)
    return root @ root.T + 0.05 * np.eye(d)


def covariances(n: int):
    """Strategies for n random positive definite matrices of one dimension between 1 and 4."""

    def draw(seed_and_d):
        rng = np.random.default_rng(seed_and_d[0])
        return [covariance(rng, seed_and_d[1]) for _ in range(n)]

    return st.tuples(st.integers(0, 10**6), st.integers(1, 4)).map(draw)


@pytest.mark.statement("3.3")
@given(covariances(2))
def test_the_brenier_matrix_is_symmetric_positive_and_pushes_one_gaussian_to_the_other(pair):
    Sigma0, Sigma1 = pair
    A = gaussian_map(Sigma0, Sigma1)
    np.testing.assert_array_equal(A, A.T)
    assert np.linalg.eigvalsh(A)[0] > 0
    np.testing.assert_allclose(A @ Sigma0 @ A, Sigma1, atol=1e-9 * np.abs(Sigma1).max())
    inverse = gaussian_map(Sigma1, Sigma0)
    np.testing.assert_allclose(inverse @ A, np.eye(len(A)), atol=1e-7)


@pytest.mark.statement("3.3")
@given(covariances(2), st.floats(0, 1))
def test_the_geodesic_is_the_formula_with_the_brenier_matrix(pair, t):
    Sigma0, Sigma1 = pair
    A = gaussian_map(Sigma0, Sigma1)
    move = (1 - t) * np.eye(len(A)) + t * A
    np.testing.assert_allclose(
        gaussian_geodesic(Sigma0, Sigma1, t), move @ Sigma0 @ move, atol=1e-10, rtol=1e-9
    )


@pytest.mark.statement("3.3")
@given(covariances(2))
def test_the_distance_is_that_of_bures_and_speeds_are_constant(pair):
    Sigma0, Sigma1 = pair
    root = np.real(sqrtm(Sigma0))
    overlap = np.real(np.trace(sqrtm(root @ Sigma1 @ root)))
    squared = np.trace(Sigma0) + np.trace(Sigma1) - 2 * overlap
    distance = gaussian_distance(Sigma0, Sigma1)
    assert distance**2 == pytest.approx(squared, abs=1e-9, rel=1e-9)
    assert distance == pytest.approx(gaussian_distance(Sigma1, Sigma0), rel=1e-9)
    speeds = speed_matrix(
        lambda t: gaussian_geodesic(Sigma0, Sigma1, t), [0, 0.3, 0.6, 1], distance=gaussian_distance
    )
    np.testing.assert_allclose(speeds[~np.eye(4, dtype=bool)], distance, rtol=1e-6)


@pytest.mark.statement("3.3")
def test_on_the_line_distances_are_differences_of_standard_deviations():
    assert gaussian_distance(4.0, 9.0) == pytest.approx(1.0, abs=1e-15)
    assert gaussian_distance(4.0, 4.0, 1.0, 4.0) == pytest.approx(3.0, abs=1e-15)
    assert gaussian_distance(4.0, 9.0, mean1=[1.0]) == pytest.approx(np.sqrt(2.0), abs=1e-15)
    assert gaussian_geodesic(1.0, 9.0, 0.5)[0, 0] == pytest.approx(4.0)
    assert gaussian_map(1.0, 9.0)[0, 0] == pytest.approx(3.0)
    assert gaussian_barycenter([1.0, 9.0], [0.75, 0.25]).covariance[0, 0] == pytest.approx(2.25)


@pytest.mark.statement("3.3")
@given(st.lists(st.floats(0.1, 9), min_size=2, max_size=4))
def test_covariances_that_commute_move_along_their_axes(deviations):
    s0, s1 = np.array(deviations), np.array(deviations[::-1])
    A = gaussian_map(np.diag(s0**2), np.diag(s1**2))
    np.testing.assert_allclose(A, np.diag(s1 / s0), rtol=1e-12, atol=1e-12)
    assert gaussian_distance(np.diag(s0**2), np.diag(s1**2)) == pytest.approx(
        np.linalg.norm(s0 - s1), rel=1e-12, abs=1e-12
    )


@pytest.mark.statement("3.3")
def test_the_matrix_moves_samples_optimally():
    rng = np.random.default_rng(3)
    Sigma0, Sigma1 = covariance(rng, 2), covariance(rng, 2)
    x = rng.normal(size=(60, 2))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(x.T @ x / 60)).T @ np.linalg.cholesky(Sigma0).T
    mu = Measure(x)
    nu = mu.push(lambda x: x @ gaussian_map(Sigma0, Sigma1))
    plan = optimal_plan(mu, nu)
    np.testing.assert_array_equal(plan.rows, plan.cols)
    assert plan.distance == pytest.approx(gaussian_distance(Sigma0, Sigma1), rel=1e-10)


def test_no_digits_are_lost_between_covariances_that_are_near():
    Sigma = np.diag([4.0, 1.0])
    near = np.diag([(2 + 1e-9) ** 2, 1.0])
    assert gaussian_distance(Sigma, near) == pytest.approx(1e-9, rel=1e-5)
    assert gaussian_distance(Sigma, Sigma) <= 1e-14


@pytest.mark.statement("3.3")
def test_singular_covariances_have_a_distance_and_a_geodesic_but_no_map():
    flat, upright = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    assert gaussian_distance(flat, upright) == pytest.approx(np.sqrt(2))
    middle = gaussian_geodesic(flat, upright, 0.5)
    assert gaussian_distance(flat, middle) == pytest.approx(np.sqrt(0.5))
    assert gaussian_distance(middle, upright) == pytest.approx(np.sqrt(0.5))
    assert gaussian_distance(np.zeros((2, 2)), flat) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="Sigma0 is singular, and no map"):
        gaussian_map(flat, upright)
    np.testing.assert_allclose(gaussian_map(np.eye(2), flat), flat, atol=1e-15)


@pytest.mark.statement("2.4")
@given(covariances(3))
def test_composing_maps_bounds_the_distance_and_the_bound_is_strict_off_symmetry(triple):
    Sigma1, Sigma2, Sigma3 = triple
    A, B = gaussian_map(Sigma1, Sigma2), gaussian_map(Sigma2, Sigma3)
    # E |x - B A x|^2, the cost of the composed map
    move = np.eye(len(A)) - B @ A
    composed = np.sqrt(np.trace(move @ Sigma1 @ move.T))
    direct = gaussian_distance(Sigma1, Sigma3)
    assert direct <= composed + 1e-9
    assert composed <= gaussian_distance(Sigma1, Sigma2) + gaussian_distance(Sigma2, Sigma3) + 1e-9
    if np.abs(B @ A - (B @ A).T).max() > 1e-2:
        assert direct < composed


@pytest.mark.statement("barycenters")
@given(covariances(3), st.integers(0, 10**6))
def test_the_barycenter_solves_the_covariance_equation_and_nothing_near_is_better(Sigmas, seed):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(3))
    Sigma = gaussian_barycenter(Sigmas, weights).covariance
    root = np.real(sqrtm(Sigma))
    mean = sum(
        share * np.real(sqrtm(root @ other @ root))
        for share, other in zip(weights, Sigmas, strict=True)
    )
    np.testing.assert_allclose(mean, Sigma, atol=1e-7 * np.abs(Sigma).max())

    def objective(candidate):
        return sum(
            share * gaussian_distance(other, candidate) ** 2
            for share, other in zip(weights, Sigmas, strict=True)
        )

    for _ in range(3):
        move = np.eye(len(Sigma)) + 0.1 * rng.normal(size=Sigma.shape)
        assert objective(move @ Sigma @ move.T) >= objective(Sigma) - 1e-10


@pytest.mark.statement("barycenters")
@given(covariances(2), st.floats(0.05, 0.95))
def test_two_gaussians_have_their_barycenter_on_the_geodesic(pair, t):
    result = gaussian_barycenter(pair, [1 - t, t])
    np.testing.assert_allclose(result.covariance, gaussian_geodesic(*pair, t), rtol=1e-9)
    assert result.defect <= 1e-7
    assert result.objective == pytest.approx(t * (1 - t) * gaussian_distance(*pair) ** 2, abs=1e-9)


def test_one_covariance_is_its_own_barycenter_and_singular_ones_may_join():
    Sigma = np.diag([2.0, 5.0])
    np.testing.assert_allclose(gaussian_barycenter([Sigma]).covariance, Sigma, rtol=1e-12)
    root = np.vander([1.0, 1.1, 1.2, 1.3])  # a condition of 1e13: its own map is far from I
    np.testing.assert_allclose(gaussian_barycenter([root @ root.T]).covariance, root @ root.T)
    with_dirac = gaussian_barycenter([Sigma, np.zeros((2, 2))]).covariance
    np.testing.assert_allclose(with_dirac, Sigma / 4, rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gaussian_map(np.ones((2, 3)), np.eye(2)), ValueError, "Sigma0 must be a square"),
        (lambda: gaussian_map(np.eye(2), np.eye(3)), ValueError, "must have the same shape"),
        (lambda: gaussian_map(np.eye(2) + J, np.eye(2)), ValueError, "Sigma0 must be symmetric"),
        (lambda: gaussian_distance(1.0, -1.0), ValueError, "Sigma1 must be positive semidefinite"),
        (
            lambda: gaussian_distance(-np.eye(2), np.eye(2)),
            ValueError,
            r"it has an eigenvalue -1\.0$",
        ),
        (lambda: gaussian_distance([0, 0], [1, 1]), ValueError, "covariances come first, then me"),
        (lambda: gaussian_distance(1.0, np.nan), ValueError, "Sigma1 must be finite"),
        (lambda: gaussian_distance(1.0, "x"), TypeError, "Sigma1 must hold real numbers"),
        (lambda: gaussian_distance(1.0, 1.0, [0, 1]), ValueError, r"mean0 must have shape \(1,\)"),
        (lambda: gaussian_geodesic(1.0, 1.0, 2), ValueError, r"t must lie in \[0, 1\]"),
        (lambda: gaussian_geodesic(1.0, 1.0, "x"), TypeError, "t must be a real number"),
        (lambda: gaussian_barycenter([]), ValueError, "Sigmas is empty"),
        (lambda: gaussian_barycenter([1.0, np.eye(2)]), ValueError, r"Sigmas\[1\] has dimension 2"),
        (lambda: gaussian_barycenter([1.0], [0.5]), ValueError, "weights must sum to 1"),
        (lambda: gaussian_barycenter([0.0, 1.0], [1, 0]), ValueError, "must contain a positive"),
        (lambda: gaussian_barycenter([1.0, 4, 9], steps=1), RuntimeError, "not converged after 1"),
        (lambda: gaussian_barycenter([1.0, 4], steps=0), ValueError, "steps must be at least 1"),
        (lambda: gaussian_barycenter([1.0, 4], tolerance=np.nan), ValueError, "tolerance must be"),
        (lambda: gaussian_barycenter([1.0, 4], means=[0]), ValueError, "means has 1 entries, but"),
        (
            lambda: gaussian_barycenter([1.0, 4], means=[0, [1, 2]]),
            ValueError,
            r"means\[1\] must have shape \(1,\)",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.statement("3.3")
def test_fine_quantile_grids_approach_the_distance_of_gaussians():
    levels = (np.arange(4000) + 0.5) / 4000
    mu, nu = Measure(norm.ppf(levels)), Measure(1 + 2 * norm.ppf(levels))
    assert wasserstein(mu, nu) == pytest.approx(gaussian_distance(1.0, 4.0, 0.0, 1.0), rel=1e-3)


SIGMA = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]])


@pytest.mark.parametrize("scale", [1e-310, 1e-220, 1e155, 1e300])
def test_no_scale_of_the_covariances_is_too_small_or_too_large(scale):
    other = SIGMA[::-1, ::-1]
    small, large = SIGMA * scale, other * scale
    digits = 1e-12 if scale > 1e-300 else 1e-4  # the least floats have few digits themselves
    A = gaussian_map(SIGMA, other)
    np.testing.assert_allclose(gaussian_map(small, large), A, rtol=digits)
    np.testing.assert_allclose(gaussian_map(SIGMA, large), A * np.sqrt(scale), rtol=digits)
    root = np.sqrt(scale)
    distance = gaussian_distance(SIGMA, other)
    assert gaussian_distance(small, large) / root == pytest.approx(distance, rel=digits)
    one = gaussian_barycenter([SIGMA, other, np.eye(3)])
    scaled = gaussian_barycenter([small, large, np.eye(3) * scale])
    np.testing.assert_allclose(scaled.covariance / scale, one.covariance, rtol=10 * digits)


def test_a_covariance_of_rank_one_has_its_distance_to_twelve_digits():
    u = np.array([1.0, 2, 3]) / 7
    squared = u @ u + np.trace(SIGMA) - 2 * np.sqrt(u @ SIGMA @ u)
    assert gaussian_distance(np.outer(u, u), SIGMA) ** 2 == pytest.approx(squared, rel=1e-13)
    result = gaussian_barycenter([np.outer(u, u), SIGMA], [0.99, 0.01])
    assert result.objective == pytest.approx(0.99 * 0.01 * squared, rel=1e-9)
    with pytest.raises(ValueError, match="Sigma0 is singular"):
        gaussian_map(np.outer(u, u), SIGMA)


def test_float32_covariances_of_low_rank_are_accepted():
    x = np.random.default_rng(0).normal(size=(5, 20))
    exact, short = x.T @ x / 5, (x.T @ x / 5).astype(np.float32)
    assert np.linalg.eigvalsh(short.astype(float))[0] < -1e-8
    expected = gaussian_distance(exact, np.eye(20))
    assert gaussian_distance(short, np.eye(20)) == pytest.approx(expected, rel=1e-2)
    with pytest.raises(ValueError, match="positive semidefinite"):
        gaussian_distance(short.astype(float) - 1e-6 * np.eye(20), np.eye(20))


def test_means_move_with_their_weights():
    means, Sigmas, weights = [[0.0, 0], [3, 1], [1, 1]], [SIGMA[:2, :2]] * 3, [0.5, 0.25, 0.25]
    result = gaussian_barycenter(Sigmas, weights, means=means)
    np.testing.assert_allclose(result.mean, [1, 0.5])
    np.testing.assert_allclose(result.covariance, Sigmas[0], rtol=1e-12)
    expected = weights @ ((np.array(means) - [1, 0.5]) ** 2).sum(axis=1)
    assert result.objective == pytest.approx(expected)
    assert repr(result) == "GaussianBarycenter(in R^2, objective=1.75)"
    on_the_line = gaussian_barycenter([1.0, 4.0], means=[0, 2])
    assert (on_the_line.mean[0], on_the_line.covariance[0, 0]) == pytest.approx((1, 2.25))


def test_two_gaussians_of_a_public_sheet():
    first, second = [[1, 0.3], [0.3, 0.5]], [[0.6, -0.4], [-0.4, 1.5]]
    distance = gaussian_distance(first, second, [0, 0], [3, 1])
    assert distance == pytest.approx(3.2597065104, abs=1e-10)
