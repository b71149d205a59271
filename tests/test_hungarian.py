"""Assignment: each answer proves itself, and agrees with SciPy and with all permutations."""

import naive
import numpy as np
import pytest
from certificates import assert_optimal
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from otlec import assignment, cost_matrix, shortest_augmenting_paths
from otlec.solvers import hungarian

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so

LARGE = [pytest.param(n, marks=pytest.mark.needs_jit) for n in (257, 500)]
SOLVERS = [assignment, shortest_augmenting_paths]


def five_families(n, seed):
    rng = np.random.default_rng([n, seed])
    yield rng.random((n, n))
    yield cost_matrix(rng.random((n, 2)), rng.random((n, 2)))
    yield cost_matrix(rng.standard_normal((n, 2)), 0.5 * rng.standard_normal((n, 2)) + 3)
    yield cost_matrix(rng.standard_normal((n, 10)), rng.standard_normal((n, 10)) + 0.5)
    yield rng.integers(0, 100, (n, n)).astype(float)


def structured(n, seed):
    """Costs on which a method tuned on random ones may stall."""
    rng = np.random.default_rng([n, seed, 1])
    i = np.arange(1.0, n + 1)
    yield np.outer(i, i)  # Machol and Wien
    yield -np.outer(i, i)
    yield np.abs(i[:, None] - i)
    yield (i[:, None] - i) ** 2
    yield np.full((n, n), -7.25)
    yield rng.integers(0, 2, (n, n)).astype(float)
    yield rng.random((n, 1)) + rng.random(n)  # every permutation is optimal, up to rounding
    yield rng.random((n, 1)) * rng.random(n)
    yield rng.standard_normal((n, 3)) @ rng.standard_normal((3, n))
    yield 10.0 ** rng.uniform(-12, 12, (n, n))
    yield rng.standard_cauchy((n, n))
    yield 1 + 1e-9 * rng.random((n, n))
    yield np.kron(rng.random((2, 2)), np.ones((n, n)))[:n, :n] + 1e-6 * rng.random((n, n))
    yield cost_matrix(rng.integers(0, 4, (n, 2)), rng.integers(0, 4, (n, 2)))
    points = rng.random((n, 2))
    yield cost_matrix(points, points)
    yield cost_matrix(rng.random(n), rng.random(n), 1)  # collinear
    yield 1e300 * rng.random((n, n))
    yield 1e-300 * rng.random((n, n))
    yield 1e-320 * rng.random((n, n))
    yield np.where(rng.random((n, n)) < 0.5, np.inf, rng.random((n, n))) * (1 - np.eye(n)) + 0.0


def with_diagonal(cost):
    """Replace what is not a number (inf * 0 on the diagonal) by 1."""
    return np.where(np.isnan(cost), 1.0, cost)


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 30, 64, 65, 100, *LARGE])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_every_answer_proves_its_optimality(solve, n):
    for cost in (*five_families(n, 0), *map(with_diagonal, structured(n, 0))):
        before = cost.copy()
        assert_optimal(solve(cost), cost)
        np.testing.assert_array_equal(cost, before)


@given(st.integers(1, 6), st.integers(0, 10**6), st.sampled_from([1, 3, 1000]))
@settings(max_examples=100, deadline=None)
def test_the_value_is_the_least_over_all_permutations(n, seed, top):
    cost = np.random.default_rng(seed).integers(-top, top + 1, (n, n))
    expected = naive.assignment_value(cost.tolist())
    for solve in SOLVERS:
        result = solve(cost)
        assert result.value == expected
        assert_optimal(result, cost)


@pytest.mark.parametrize("seed", range(100))
def test_values_agree_with_scipy(seed):
    rng = np.random.default_rng([seed, 7])
    n = int(rng.integers(60, 140))
    for cost in five_families(n, seed):
        rows, cols = linear_sum_assignment(cost)
        scale = n * np.abs(cost).max()
        assert abs(assignment(cost).value - cost[rows, cols].sum()) <= 1e-13 * scale


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize("n", [70, *LARGE])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")  # told only where the JIT is off
def test_costs_near_the_largest_float_are_solved_or_clearly_refused(solve, n):
    rng = np.random.default_rng(8)
    cost = rng.uniform(-1, 1, (n, n)) * 1.7e308
    with pytest.raises(ValueError, match="cost is too large"):
        solve(cost)
    cost = np.array([[1.7e308, -1.7e308], [-1.7e308, 1.7e308]])
    with pytest.raises(ValueError, match="cost is too large"):
        solve(cost)


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize("n", [2, 90, *LARGE])
def test_forbidden_pairs_without_an_assignment_are_refused(solve, n):
    rng = np.random.default_rng(9)
    cost = rng.random((n, n))
    cost[: n // 2 + 1, n // 2 :] = np.inf  # n/2 + 1 rows share n/2 columns
    with pytest.raises(ValueError, match="cost forbids every assignment"):
        solve(cost)
    with pytest.raises(ValueError, match="cost forbids every assignment"):
        solve(np.full((n, n), np.inf))


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize(
    ("cost", "error", "message"),
    [
        (np.ones((2, 3)), ValueError, "cost must be square"),
        (np.ones((0, 0)), ValueError, "cost is empty"),
        (np.ones(4), ValueError, "cost must be a matrix"),
        ([[1.0, np.nan], [0.0, 1.0]], ValueError, "cost contains nan"),
        ([[1.0, -np.inf], [0.0, 1.0]], ValueError, "cost contains -inf"),
        ([["a", "b"], ["c", "d"]], TypeError, "cost must hold real numbers"),
        ([[1j]], TypeError, "cost must hold real numbers"),
    ],
)
def test_bad_costs_are_refused(solve, cost, error, message):
    with pytest.raises(error, match=message):
        solve(cost)


def test_integers_lists_slices_and_read_only_arrays_are_accepted():
    cost = np.random.default_rng(10).integers(0, 50, (140, 140))
    expected = assignment(cost.astype(float)).value
    frozen = cost.astype(float)
    frozen.flags.writeable = False
    spread = np.zeros((280, 280), dtype=np.float32)
    spread[::2, ::2] = cost
    for given_cost in (cost, cost.tolist(), frozen, spread[::2, ::2], np.asfortranarray(cost)):
        assert assignment(given_cost).value == expected


def test_rounding_never_shortens_a_path():
    # 0.3 - 0.2 - 0.1 is -2.8e-17, and a length below 0 would be read as a huge one
    distance, parent = np.full(1, np.inf), np.empty(1, np.int64)
    hungarian._relax(np.array([0.3]), 0.1, np.array([0.2]), 0.0, distance, parent, 0)
    assert distance[0] == 0.0
    assert parent[0] == 0
