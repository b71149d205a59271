"""Assignment of points without a cost matrix: the same answers, the same certificate."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from certificates import assert_optimal

from otlec import assignment, assignment_points, cost_matrix, verify
from otlec.certificate import judge
from otlec.evidence import PointCosts
from otlec.solvers import kd_tree, points

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def clouds(n, seed):
    """Pairs of clouds: plane, shifted, dimension 10, on a line, duplicated points, grid."""
    rng = np.random.default_rng([n, seed])
    yield rng.random((n, 2)), rng.random((n, 2))
    yield rng.standard_normal((n, 2)), 0.5 * rng.standard_normal((n, 2)) + 3
    yield rng.standard_normal((n, 10)), rng.standard_normal((n, 10)) + 0.5
    yield rng.random(n), rng.standard_normal(n)
    yield np.outer(rng.random(n), [1.0, 2.0]), np.outer(rng.random(n), [1.0, 2.0])
    yield rng.random((n, 2))[rng.integers(0, n, n)], rng.random((n, 2))[rng.integers(0, n, n)]
    yield rng.integers(0, 5, (n, 2)), rng.integers(0, 5, (n, 2))
    yield np.ones((n, 3)), np.zeros((n, 3))
    yield 1e-150 * rng.random((n, 2)), 1e-150 * rng.random((n, 2))
    yield 1e150 * rng.random((n, 2)), 1e150 * rng.random((n, 2))


@pytest.mark.parametrize(
    "n", [1, 2, 3, 20, 70, *(pytest.param(n, marks=pytest.mark.needs_jit) for n in (200, 600))]
)
@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_points_are_assigned_as_by_their_cost_matrix(n, p):
    for x, y in clouds(n, 0):
        cost = cost_matrix(x, y, p)
        if not np.isfinite(cost).all():
            continue
        result = assignment_points(x, y, p)
        assert_optimal(result, cost)
        assert result.value == pytest.approx(assignment(cost).value, rel=1e-11, abs=1e-300)


def more_clouds(n, seed):
    """Clusters, heavy tails, circles, two places, one place, a lattice, one cloud twice."""
    rng = np.random.default_rng([n, seed])
    x, y, centre = rng.random((n, 2)), rng.random((n, 3)), 10 * rng.random((8, 3))
    around = x[:, :1] * [6, 6] - [0, np.pi / 2]
    yield (centre[rng.integers(0, 8, n)] + 0.1 * rng.standard_normal((n, 3)) for _ in "xy")
    yield rng.standard_cauchy((n, 2)), rng.standard_cauchy((n, 2))
    yield np.cos(around), 2 * np.cos(6 * rng.random((n, 1)) - [0, np.pi / 2])
    yield y, y + (2 * (y[:, :1] > 0.5) - 1) * [1, 0, 0]
    yield x, np.zeros((n, 2))
    yield np.argwhere(np.ones((n // 10, 10))), n * x
    yield x, rng.permutation(x) + np.array([0, 1e-9])
    yield 1e6 + x, y[:, :2]


@pytest.mark.needs_jit
@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
def test_clouds_of_every_shape_are_assigned(p):
    for x, y in more_clouds(700, 1):
        cost = cost_matrix(x, y, p)
        result = assignment_points(x, y, p)
        assert_optimal(result, cost)
        assert result.value == pytest.approx(assignment(cost).value, rel=1e-11)


@pytest.mark.parametrize("p", [1, 2, 2.5])
@pytest.mark.parametrize("quarrel", [1, 50])
def test_small_clouds_are_assigned_without_their_matrix_too(monkeypatch, p, quarrel):
    """However soon the auctions end: the augmenting paths finish what they leave."""
    monkeypatch.setattr(points, "_SMALL", 30)
    monkeypatch.setattr(points, "_QUARREL", quarrel)
    for x, y in (*clouds(60, 2), *more_clouds(60, 2)):
        cost = cost_matrix(x, y, p)
        if np.isfinite(cost).all():
            assert_optimal(assignment_points(x, y, p), cost)


def test_the_tree_finds_the_columns_that_a_row_likes_best():
    rng = np.random.default_rng(3)
    tree = kd_tree.Tree(rng.integers(0, 9, (100, 2)) + 0.1 * rng.random((100, 2)))
    psi = rng.random(100)
    prices = psi, tree.upwards(np.maximum, psi)
    columns, reduced = np.empty(7, np.int64), np.empty(7)
    for _ in range(
        30
    ):  # psi falls after each question: the cells must not be left with too low a bound
        u = 9 * rng.random(2)
        expected = cost_matrix(u[None], tree.points, 3)[0] - psi
        count, bound = kd_tree.best(u, 3.0, tree.cells, prices, np.inf, columns, reduced)
        assert count == 7
        np.testing.assert_array_equal(columns, np.argsort(expected)[:7])
        np.testing.assert_allclose(reduced, np.sort(expected)[:7], rtol=1e-14)
        assert bound == reduced[6]
        nearer = kd_tree.best(u, 3.0, tree.cells, prices, reduced[2], columns, reduced.copy())
        assert nearer == (2, reduced[2])
        psi[columns[:3]] -= rng.random(3)


def test_cells_allow_for_a_psi_that_rises():
    tree = kd_tree.Tree(np.random.default_rng(4).random((50, 3)))
    psi = np.zeros(50)
    prices = psi, tree.upwards(np.maximum, psi)
    for j in (0, 17, 49):
        kd_tree.set_psi(j, 1.0 + j, prices, tree.cells)
        np.testing.assert_array_equal(prices[1][1:], tree.upwards(np.maximum, psi)[1:])


def test_means_of_neighbours_have_the_same_centre():
    x = np.random.default_rng(5).random((400, 2))
    means = kd_tree.Tree(x).means()
    assert means.shape == (100, 2)
    np.testing.assert_allclose(means.mean(axis=0), x.mean(axis=0), rtol=1e-14)
    assert np.linalg.norm(means, axis=1).std() > 0.9 * np.linalg.norm(x, axis=1).std()


@pytest.mark.needs_jit
def test_a_cloud_of_any_dimension_takes_memory_in_proportion():
    """A matrix of 3000 x 3000 costs takes 72 MB."""
    rng = np.random.default_rng(6)
    for dim in (2, 6):
        x, y = rng.random((3000, dim)), rng.random((3000, dim))
        assignment_points(x[:600], y[:600])
        tracemalloc.start()
        assignment_points(x, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10e6


def test_clouds_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="x has 2 points and y has 3"):
        assignment_points([0.0, 1.0], [0.0, 1.0, 2.0])


def test_an_overflowing_distance_is_refused():
    with pytest.raises(ValueError, match="too far apart"):
        assignment_points([[0.0], [1.0]], [[1e200], [-1e200]])


@pytest.mark.needs_jit
def test_the_tree_finds_the_pairs_that_certify_a_large_cloud():
    rng = np.random.default_rng(11)
    x, y = rng.random((600, 2)), rng.random((600, 2))
    best = assignment_points(x, y)
    assert best.certificate == "certified to 1e-12"
    assert str(verify(best, cost_matrix(x, y))) == best.certificate


def test_a_tree_finds_the_pairs_that_a_verdict_needs():
    rng = np.random.default_rng(5)
    x, y = rng.random((2, 30, 2))
    best = assignment(cost_matrix(x, y, 2))
    tree = points.TreeCosts(x, y, 2.0)
    assert str(judge(best, tree)) == "certified to 1e-12"
    high = dataclasses.replace(best, phi=best.phi + 0.1 * np.eye(30)[3])
    assert not judge(high, tree)


@pytest.mark.parametrize("origin", [0.0, 1e6])
def test_a_tree_misses_no_pair_of_clouds_that_are_far_apart(origin):
    rng = np.random.default_rng(8)
    x, y = rng.random((2, 60, 2)) + origin
    y += [30.0, -10.0]
    best = assignment(cost_matrix(x, y))
    tree = points.TreeCosts(x, y, 2.0)
    assert tree.shift.any()
    room = reach = np.zeros(60)
    question = best.phi, best.psi, room, reach, 0, False
    pairs = (best.rows, best.cols)
    found = set(zip(*tree.near(pairs, *question)[:2], strict=True))
    needed = set(zip(*PointCosts(x, y, 2.0).near(pairs, *question)[:2], strict=True))
    assert needed <= found
    assert len(found) < 400
    high = dataclasses.replace(best, phi=best.phi + 0.1 * np.eye(60)[3])
    assert str(judge(best, tree)) == "certified to 1e-12"
    assert not judge(high, tree)
