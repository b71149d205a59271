"""Costs: powers of the Euclidean distance, to the last digits."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from otlec import cost_matrix, half_square_cost

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 6])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_costs_are_powers_of_the_distance(p, d):
    rng = np.random.default_rng(d)
    x, y = rng.standard_normal((6, d)), rng.standard_normal((4, d))
    np.testing.assert_allclose(cost_matrix(x, y, p), cdist(x, y) ** p, rtol=1e-13)


def test_points_on_the_line_need_no_second_axis():
    x, y = np.array([0.0, 1.0]), np.array([3.0])
    np.testing.assert_array_equal(cost_matrix(x, y), [[9], [4]])
    np.testing.assert_array_equal(cost_matrix(x, y[:, None]), [[9], [4]])


def test_the_cost_of_section_4_has_its_factor_one_half():
    np.testing.assert_array_equal(half_square_cost([0.0, 1.0], [3.0]), [[4.5], [2]])


def test_no_digits_are_lost_far_from_the_origin():
    x, y = np.array([1e8, 1e8 + 1]), np.array([1e8 + 3])
    np.testing.assert_array_equal(cost_matrix(x, y), [[9], [4]])


def test_points_of_different_dimensions_have_no_cost():
    with pytest.raises(ValueError, match="x has dimension 2, but y has dimension 3"):
        cost_matrix(np.zeros((4, 2)), np.zeros((4, 3)))


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-11, 1e160, 1e200, 1e300])
@pytest.mark.parametrize("p", [1, 1.5, 2, 30])
def test_costs_vanish_or_overflow_only_where_their_value_does(scale, p):
    x, y = scale * np.array([[0.0, 0.0], [3.0, 0.0]]), scale * np.array([[3.0, 4.0]])
    lengths = [float(np.float64(5)) * scale, 4.0 * scale]
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_allclose(cost_matrix(x, y, p)[:, 0], np.power(lengths, p), rtol=1e-13)
