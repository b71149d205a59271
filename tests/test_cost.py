"""Costs: powers of the Euclidean distance, to the last digits."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import otlec
from otlec import Measure, cost_matrix, half_square_cost, optimal_plan

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


def test_the_message_for_p_below_1_leads_to_an_answer():
    mu, nu = Measure([0.0, 1.0]), Measure([1.0, 2.0])
    with pytest.raises(ValueError, match="p must be at least 1") as raised:
        optimal_plan(mu, nu, 0.5)
    call = str(raised.value).split("is solved by ")[1].rstrip(".")
    plan = eval(call, {"otlec": otlec, "mu": mu, "nu": nu})
    assert plan.value == pytest.approx(1 / np.sqrt(2))  # 1 stays, and 0 goes to 2


def test_a_cost_function_of_scipy_gets_points_in_a_column_or_is_told_so():
    x, y = np.array([0.0, 1.0]), np.array([2.0, 4.0])
    with pytest.raises(
        ValueError, match=r"as arrays of shape \(n,\); those of Measure\(x\[:, None"
    ):
        optimal_plan(Measure(x), Measure(y), cost=cdist)
    column = optimal_plan(Measure(x[:, None]), Measure(y[:, None]), cost=cdist)
    assert column.value == pytest.approx(2.5)
