"""W_inf of an assignment: least, and proved least by a block of n + 1 lines."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otlec import assignment, bottleneck, cost_matrix

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def assert_proved(result, cost):
    cost = np.asarray(cost, dtype=float)
    n = len(cost)
    assert sorted(result.permutation) == list(range(n))
    assert cost[np.arange(n), result.permutation].max() == result.value
    assert len(result.rows) + len(result.cols) == n + 1
    assert cost[np.ix_(result.rows, result.cols)].min() == result.value


def naive_bottleneck(cost):
    n = len(cost)
    return min(max(cost[i][s[i]] for i in range(n)) for s in itertools.permutations(range(n)))


@given(st.integers(1, 6), st.integers(0, 10**6), st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_the_bottleneck_is_the_least_maximum_over_all_permutations(n, seed, values):
    cost = np.random.default_rng(seed).integers(-values, values, (n, n))
    result = bottleneck(cost)
    assert result.value == naive_bottleneck(cost.tolist())
    assert_proved(result, cost)


@pytest.mark.parametrize("n", [1, 2, 17, 100, 300])
def test_large_bottlenecks_carry_their_proof(n):
    rng = np.random.default_rng(n)
    for cost in (
        rng.random((n, n)),
        cost_matrix(rng.random((n, 2)), rng.random((n, 2)), 1),
        rng.standard_normal((n, 1)) * rng.standard_normal(n),
        np.full((n, n), 3.0),
        1e300 * rng.random((n, n)),
    ):
        assert_proved(bottleneck(cost), cost)


def test_the_bottleneck_is_at_most_the_largest_move_of_an_optimal_assignment():
    rng = np.random.default_rng(3)
    cost = cost_matrix(rng.random((80, 2)), rng.random((80, 2)), 1)
    for p in (1, 2, 8):
        moved = cost[np.arange(80), assignment(cost**p).permutation].max()
        assert bottleneck(cost).value <= moved


def test_on_the_line_the_monotone_assignment_attains_the_bottleneck():
    rng = np.random.default_rng(4)
    x, y = np.sort(rng.standard_normal(60)), np.sort(rng.random(60))
    assert bottleneck(cost_matrix(x, y, 1)).value == np.abs(x - y).max()


def test_forbidden_pairs_are_avoided_or_refused():
    cost = np.array([[1.0, np.inf, 5.0], [np.inf, 9.0, 2.0], [0.0, np.inf, 3.0]])
    result = bottleneck(cost)
    assert result.value == 9.0
    assert_proved(result, cost)
    with pytest.raises(ValueError, match="cost forbids every assignment"):
        bottleneck([[np.inf, np.inf], [1.0, 2.0]])
    with pytest.raises(ValueError, match="cost forbids every assignment"):
        bottleneck([[1.0, np.inf, np.inf], [2.0, np.inf, np.inf], [0.0, 0.0, 0.0]])


def test_the_result_is_read_only_and_the_cost_is_not_changed():
    cost = np.random.default_rng(5).random((9, 9))
    before = cost.copy()
    result = bottleneck(cost)
    np.testing.assert_array_equal(cost, before)
    with pytest.raises(ValueError, match="read-only"):
        result.permutation[0] = 1


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        (np.ones((2, 3)), "cost must be square"),
        (np.ones((0, 0)), "cost is empty"),
        ([[np.nan]], "cost contains nan"),
        ([[-np.inf]], "cost contains -inf"),
        (np.ones(3), "cost must be a matrix"),
    ],
)
def test_bad_costs_are_refused(cost, message):
    with pytest.raises(ValueError, match=message):
        bottleneck(cost)
