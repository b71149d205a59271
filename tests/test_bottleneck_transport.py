"""The least largest cost of a plan, with the block that proves it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from instances import costs, weights
from scipy.optimize import linprog

from otlec import Measure, bottleneck, bottleneck_transport, cost_matrix, transport, wasserstein


def has_plan(a, b, cost, threshold) -> bool:
    """Whether pairs of cost <= threshold carry a plan, by linear programming."""
    i, j = np.nonzero(cost <= threshold)
    rows = (i == np.arange(a.size)[:, None]).astype(float)
    cols = (j == np.arange(b.size)[:, None]).astype(float)
    masses = np.concatenate([a, b])
    return linprog(np.zeros(i.size), A_eq=np.vstack([rows, cols]), b_eq=masses).success


def assert_proved(best, cost):
    gamma = best.matrix
    np.testing.assert_allclose(gamma.sum(axis=1), best.a, atol=1e-13)
    np.testing.assert_allclose(gamma.sum(axis=0), best.b, atol=1e-13)
    assert cost[best.rows, best.cols].max() == best.value
    assert cost[np.ix_(best.block_rows, best.block_cols)].min() >= best.value
    assert best.excess > 0


@given(st.integers(0, 10**6))
def test_no_threshold_below_the_value_has_a_plan(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 7, 2)
    a, b = rng.integers(1, 9, n), rng.integers(1, 9, m)
    cost = rng.integers(0, 12, (n, m)).astype(float)
    best = bottleneck_transport(a / a.sum(), b / b.sum(), cost)
    assert_proved(best, cost)
    assert has_plan(best.a, best.b, cost, best.value)
    if best.value > cost.min():
        assert not has_plan(best.a, best.b, cost, best.value - 1)


def test_every_family_of_costs_and_weights_is_proved():
    rng = np.random.default_rng(1)
    for _, a in weights(9, rng):
        for _, b in weights(7, rng):
            for _, cost in costs(9, 7, rng):
                assert_proved(bottleneck_transport(a, b, cost), cost)


def test_equal_masses_agree_with_the_bottleneck_of_assignments():
    x = np.random.default_rng(2).random((2, 12, 3))
    cost = cost_matrix(*x, 1)
    equal = np.full(12, 1 / 12)
    best = bottleneck_transport(equal, equal, cost)
    assert best.value == bottleneck(cost).value == wasserstein(*map(Measure, x), np.inf)
    assert repr(best).startswith("BottleneckPlan(12 x 12, ")


def test_forbidden_pairs_are_avoided_or_refused():
    cost = np.array([[np.inf, 1.0], [2.0, 3.0]])
    assert bottleneck_transport([0.5, 0.5], [0.5, 0.5], cost).value == 2
    assert bottleneck_transport([0.3, 0.7], [0.5, 0.5], cost).value == 3
    with pytest.raises(ValueError, match="cost forbids every plan"):
        bottleneck_transport([0.7, 0.3], [0.5, 0.5], cost)


def test_short_floats_and_wrong_sizes_are_answered_as_by_transport():
    rng = np.random.default_rng(4)
    a, b = (rng.dirichlet(np.ones(n)).astype(np.float32) for n in (5, 6))
    cost = rng.random((5, 6))
    assert bottleneck_transport(a, b, cost).certificate == "certified to 1e-12"
    assert transport(a, b, cost).certificate == "certified to 1e-12"
    with pytest.raises(ValueError, match="one row for each entry of a and one column"):
        bottleneck_transport([1, 2], [3], [[1, 2]])
    with pytest.raises(TypeError, match="cost must be an array, but it is a function"):
        bottleneck_transport(a, b, cost_matrix)


def test_w_inf_is_a_plain_number_on_the_line_too():
    mu, nu = Measure([0.0, 1.0], [0.3, 0.7]), Measure([0.0, 2.0])
    assert type(wasserstein(mu, nu, np.inf)) is float
