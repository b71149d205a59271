"""What the solvers return: entries, potentials, and the certificate that follows from them."""

import dataclasses

import numpy as np
import pytest

from otlec import Measure, assignment, geodesic, half_square_cost, optimal_plan, transport

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def small_plan():
    return transport([0.5, 0.5], [0.25, 0.75], [[0, 1], [2, 0]])


def test_the_matrix_has_the_marginals():
    plan = small_plan()
    np.testing.assert_array_equal(plan.matrix, [[0.25, 0.25], [0, 0.5]])
    np.testing.assert_array_equal(plan.matrix.sum(axis=1), plan.a)
    np.testing.assert_array_equal(plan.matrix.sum(axis=0), plan.b)
    assert plan.shape == (2, 2)


def test_the_gap_is_the_value_minus_the_dual_value():
    plan = small_plan()
    assert plan.value == 0.25
    assert plan.dual_value == pytest.approx(0.25, abs=1e-16)
    raised = dataclasses.replace(plan, value=1.0)
    assert raised.gap == pytest.approx(0.75, abs=1e-15)


def test_a_distance_needs_an_exponent():
    mu, nu = Measure([0.0, 1.0]), Measure([2.0, 3.0])
    assert optimal_plan(mu, nu, 3).distance == pytest.approx(2)
    with pytest.raises(AttributeError, match=r"no exponent p: its transport cost is .value"):
        _ = optimal_plan(mu, nu, cost=half_square_cost).distance


def test_results_cannot_be_written_to():
    plan, best = small_plan(), assignment([[1.0, 2.0], [2.0, 1.0]])
    for array in (plan.a, plan.b, plan.rows, plan.cols, plan.mass, plan.phi, plan.psi):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        best.permutation[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.value = 0


def test_results_say_what_they_are():
    assert repr(small_plan()) == "Plan(2 x 2, 3 entries, value=0.25)"
    assert repr(assignment([[1.0]])) == "Assignment(n=1, value=1)"


def test_an_assignment_proves_itself():
    best = assignment([[1.0, 5.0], [2.0, 1.0]])
    assert best.dual_value == 2
    assert best.gap == 0


def test_the_certificate_says_the_gap_in_words():
    plan, best = small_plan(), assignment([[1.0, 5.0], [2.0, 1.0]])
    assert plan.certificate == best.certificate == "certified to 1e-12"
    doubtful = dataclasses.replace(plan, value=plan.value + 1e-6)
    assert doubtful.certificate == "certified to 1e-05"
    worthless = dataclasses.replace(best, value=4.0)
    assert worthless.certificate.startswith("not certified: the value exceeds")
    nothing = transport([1.0], [1.0], [[0.0]])
    assert nothing.certificate == "certified to 1e-12"


def loaves():
    """Two bakeries and three cafes on the line, in loaves and kilometres."""
    x, y = [0.0, 4.0], [1.0, 3.0, 6.0]
    return transport([300, 141], [141, 200, 100], np.abs(np.subtract.outer(x, y)), points=(x, y))


def test_a_plan_in_loaves_keeps_its_unit_and_knows_its_places():
    plan = loaves()
    # 141 loaves to 1 and 159 to 3; from 4 go 41 to 3 and 100 to 6
    assert plan.value == pytest.approx(141 * 1 + 159 * 3 + 41 * 1 + 100 * 2, abs=1e-9)
    np.testing.assert_allclose(plan.matrix, [[141, 159, 0], [0, 41, 100]], atol=1e-9)
    assert plan.source.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(plan.target.weights, np.array([141, 200, 100]) / 441)
    np.testing.assert_allclose(plan.map().points, [(141 + 3 * 159) / 300, (3 * 41 + 600) / 141])
    assert plan.certificate == "certified to 1e-12"


def test_a_plan_in_loaves_moves_and_is_drawn():
    half = geodesic(loaves(), 0.5, path=lambda x, y, t: (1 - t) * x + t * y)
    assert half.weights.sum() == pytest.approx(1)
    assert half.mean == pytest.approx(0.5 * (loaves().source.mean + loaves().target.mean))
    halves = np.subtract.outer([0.0, 4.0], [2.0, 3.0]) ** 2 / 2
    straight = geodesic(transport([8, 4], [8, 4], halves, points=([0.0, 4.0], [2.0, 3.0])), 1)
    assert straight.mean == pytest.approx(2 * 2 / 3 + 3 / 3)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([0.0, 1.0, 2.0], "pair of arrays"),
        (([0.0, 1.0], [[0.0, 1.0], [1.0, 2.0]]), "dimension 1, those of b in dimension 2"),
        (([0.0, 1.0, 2.0], [0.0, 1.0]), "a has 2 masses, but 3 points"),
        (([0.0, 1.0], [np.nan, 1.0]), "the points of b must be finite"),
    ],
)
def test_points_that_do_not_fit_the_masses_are_named(points, message):
    with pytest.raises(ValueError, match=message):
        transport([1, 1], [1, 1], np.eye(2), points=points)
