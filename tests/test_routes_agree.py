"""Independent routes to one number: line, assignment, simplex, linear programming, SciPy, POT."""

import instances
import naive
import numpy as np
import ot
import pytest
from certificates import assert_optimal, cost_scale
from conftest import JIT_IS_OFF
from scipy.optimize import linear_sum_assignment

from otlec import assignment, assignment_points, cost_matrix, transport, transport_1d

SEEDS = range(2 if JIT_IS_OFF else 10)


@pytest.mark.statement("1")
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_line_assignment_simplex_and_linear_programming_agree(n, p):
    rng = np.random.default_rng([n, int(10 * p)])
    x, y, equal = rng.standard_normal(n), rng.standard_normal(n), np.full(n, 1 / n)
    cost = cost_matrix(x, y, p)
    line = transport_1d(x, y, p=p).value
    assert assignment(cost).value / n == pytest.approx(line, rel=1e-12)
    assert assignment_points(x, y, p).value / n == pytest.approx(line, rel=1e-12)
    assert transport(equal, equal, cost).value == pytest.approx(line, rel=1e-12)
    assert naive.transport_value(equal, equal, cost) == pytest.approx(line, abs=1e-9)


@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_line_and_simplex_agree_for_any_masses(p):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        n, m = rng.integers(1, 40, 2)
        x, y = rng.standard_normal(n), rng.standard_normal(m)
        a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        line = transport_1d(x, y, a, b, p).value
        assert transport(a, b, cost_matrix(x, y, p)).value == pytest.approx(line, rel=1e-11)


@pytest.mark.parametrize("seed", range(100))
def test_a_thousand_random_problems_agree_with_pot_and_scipy(seed):
    """Ten problems a seed: five sizes, weighted (against POT) and as an assignment (SciPy)."""
    rng = np.random.default_rng([seed, 77])
    largest = 8 if JIT_IS_OFF else 60
    for _ in range(5):
        n, m = rng.integers(1, largest, 2)
        names, costs = zip(*instances.costs(n, m, rng), strict=True)
        which = int(rng.integers(len(names)))
        cost, name = costs[which], names[which]
        kinds = [list(instances.weights(k, rng)) for k in (n, m)]
        (_, a), (_, b) = (kind[rng.integers(4)] for kind in kinds)
        plan = transport(a, b, cost)
        assert_optimal(plan, cost)
        scale = cost_scale(cost)
        expected = ot.emd2(a, b, cost / scale, numItermax=10**6) * scale
        assert abs(plan.value - expected) <= 1e-9 * scale, name

        square = cost[: min(n, m), : min(n, m)]
        best = assignment(square)
        assert_optimal(best, square)
        rows, cols = linear_sum_assignment(square)
        # SciPy's rounding shows where entries differ by many orders of magnitude
        assert abs(best.value - square[rows, cols].sum()) <= 1e-10 * scale, name
