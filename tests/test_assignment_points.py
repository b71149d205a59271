"""Assignment of points without a cost matrix: the same answers, the same certificate."""

import numpy as np
import pytest
from certificates import assert_optimal

from otlec import assignment, assignment_points, cost_matrix


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


def test_clouds_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="x has 2 points and y has 3"):
        assignment_points([0.0, 1.0], [0.0, 1.0, 2.0])


def test_an_overflowing_distance_is_refused():
    with pytest.raises(ValueError, match="too far apart"):
        assignment_points([[0.0], [1.0]], [[1e200], [-1e200]])
