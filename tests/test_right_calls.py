"""What people who come from POT or SciPy write first: each mistake is told the right call."""

import numpy as np
import pytest

import otlec
from otlec import Measure, assignment, barycenter, cost_matrix, geodesic, optimal_plan, wasserstein

X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
MU, NU = Measure(X), Measure(X + 1, [0.2, 0.3, 0.5])
COST = cost_matrix(X, X + 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assignment(MU), r"cost must be an array, but it is a Measure: give its \.points"),
        (lambda: cost_matrix(MU, NU), r"x must be an array, but it is a Measure"),
        (lambda: otlec.transport(MU, NU, COST), r"a must be an array, but it is a Measure"),
        (
            lambda: wasserstein(MU, NU, COST),
            r"p must be a real number, but it is an array of shape \(3, 3\); costs are given by "
            r"name, otlec\.optimal_plan\(mu, nu, cost=C\)",
        ),
        (lambda: optimal_plan(MU, NU, otlec.half_square_cost), "it is a function; costs are given"),
        (
            lambda: wasserstein(X, X + 1),
            r"mu must be an otlec\.Measure, .*Measure\(points, weights\)",
        ),
        (lambda: wasserstein(MU, NU, 2, None), r"wasserstein\(Measure\(x, a\), Measure\(y, b\)"),
        (lambda: float(optimal_plan(MU, NU)), r"plan\.value is its cost, plan\.distance"),
        (lambda: np.asarray(optimal_plan(MU, NU)), r"plan\.matrix is one"),
        (lambda: np.asarray(assignment(COST)), r"\.permutation holds the column of each row"),
        (lambda: float(assignment(COST)), r"its cost is \.value"),
        (lambda: assignment(COST, maximize=True), r"takes no maximize: .*-assignment\(-cost\)"),
        (lambda: barycenter(MU, NU), r"write barycenter\(\[mu, nu\]\)"),
        (lambda: barycenter(MU, NU, 0.5), r"barycenter\(\[mu, nu\], weights\)"),
        (lambda: geodesic(MU, NU, 0.5), r"geodesic\(optimal_plan\(mu, nu\), t\)"),
        (lambda: geodesic(MU, 0.5), r"plan must be a Plan.*geodesic\(optimal_plan\(mu, nu\), t\)"),
    ],
)
def test_a_wrong_call_names_the_right_one_in_a_line(call, message):
    with pytest.raises(TypeError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250  # no matrix is printed


def test_empty_weights_are_told_how_to_be_equal():
    for call in (lambda: otlec.transport([], [], COST), lambda: Measure(X, [])):
        with pytest.raises(ValueError, match=r"is empty: .*np\.full\(n, 1 / n\)"):
            call()


def test_an_assignment_that_is_unpacked_names_its_arrays():
    with pytest.raises(TypeError, match=r"best\.rows and best\.cols, and best\.value is the cost"):
        _row, _col = assignment(COST)


@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (3, 5)])
def test_the_padding_that_rectangular_costs_are_told_solves_them(shape):
    from scipy.optimize import linear_sum_assignment

    cost = np.random.default_rng(0).random(shape)
    with pytest.raises(ValueError, match="must be square") as raised:
        assignment(cost)
    pad = str(raised.value).split("np.pad(cost, ")[1].split(") adds")[0]
    square = np.pad(cost, eval(pad))
    row, col = linear_sum_assignment(cost)
    assert assignment(square).value == pytest.approx(cost[row, col].sum())
