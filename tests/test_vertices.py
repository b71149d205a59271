"""All optimal plans of small problems, and costs that depend on a parameter."""

import itertools

import naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from otlec import optimal_vertices, parametric_plans, transport


def by_bases(a, b, cost):
    """The optimal vertices, by solving for every set of n + m - 1 pairs that is a tree."""
    n, m = cost.shape
    equations = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    plans = {}
    for pairs in itertools.combinations(range(n * m), n + m - 1):
        basis = equations[:, pairs]
        if np.linalg.matrix_rank(basis) < n + m - 1:
            continue
        mass = np.linalg.lstsq(basis, np.concatenate([a, b]), rcond=None)[0]
        if mass.min() >= -1e-9:
            gamma = np.zeros(n * m)
            gamma[list(pairs)] = mass
            plans[tuple(np.round(gamma, 9) + 0.0)] = gamma @ cost.ravel()
    least = min(plans.values())
    return {plan for plan, value in plans.items() if value <= least + 1e-9}


@pytest.mark.statement("1")
@settings(max_examples=40)
@given(st.integers(0, 10**6))
@example(358)  # two orders of the same two pairs leave different masses
def test_the_optimal_vertices_are_those_among_all_bases(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 4, 2)
    a, b = rng.integers(1, 4, n), rng.integers(1, 4, m)
    a, b = a / a.sum(), b / b.sum()
    cost = rng.integers(0, 3, (n, m)).astype(float)
    found = optimal_vertices(a, b, cost)
    assert found.complete
    assert {tuple(np.round(p.matrix.ravel(), 9) + 0.0) for p in found.plans} == by_bases(a, b, cost)
    for plan in found.plans:
        assert plan.certificate == "certified to 1e-12"
        assert plan.mass.size <= n + m - 1


@pytest.mark.statement("1")
def test_equal_costs_leave_all_permutations():
    equal = np.full(4, 0.25)
    found = optimal_vertices(equal, equal, np.ones((4, 4)))
    assert (len(found.plans), found.complete, found.is_unique) == (24, True, False)
    some = optimal_vertices(equal, equal, np.ones((4, 4)), most=5)
    assert (len(some.plans), some.complete) == (5, False)
    assert repr(some) == "OptimalPlans(at least 5 vertices)"
    assert optimal_vertices([0.3, 0.7], [0.4, 0.6], [[1, 2], [3, 1]]).is_unique


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_between_breakpoints_one_plan_is_optimal_and_at_them_the_slope_falls(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 5, 2)
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    cost, direction = rng.normal(size=(n, m)), rng.normal(size=(n, m))
    found = parametric_plans(a, b, cost, direction, -1, 2)
    ends = [-1, *found.breakpoints, 2]
    assert len(found.plans) == len(ends) - 1
    slopes = [plan.mass @ direction[plan.rows, plan.cols] for plan in found.plans]
    assert (np.diff(slopes) < 0).all()
    for plan, (s, t) in zip(found.plans, itertools.pairwise(ends), strict=True):
        assert s < t
        for at in (s, (s + t) / 2, t):
            value = plan.mass @ (cost + at * direction)[plan.rows, plan.cols]
            assert value == pytest.approx(naive.transport_value(a, b, cost + at * direction))


def test_the_plan_changes_where_the_two_matchings_cost_the_same():
    equal = [0.5, 0.5]
    found = parametric_plans(equal, equal, [[0, 1], [1, 0.0]], [[1, 0], [0, 1.0]], 0, 3)
    np.testing.assert_allclose(found.breakpoints, [1])
    np.testing.assert_array_equal(found.plans[0].matrix, np.eye(2) / 2)
    np.testing.assert_array_equal(found.plans[1].matrix, np.eye(2)[::-1] / 2)
    assert repr(found) == "ParametricPlans(2 plans, 1 breakpoint)"
    still = parametric_plans(equal, equal, np.eye(2), np.zeros((2, 2)))
    assert still.plans[0].value == transport(equal, equal, np.eye(2)).value == 0
    assert still.breakpoints.size == 0


def test_what_is_wrong_is_refused():
    with pytest.raises(ValueError, match="most must be at least 1"):
        optimal_vertices([1.0], [1.0], [[0.0]], most=0)
    with pytest.raises(ValueError, match=r"direction must have shape \(1, 1\)"):
        parametric_plans([1.0], [1.0], [[0.0]], [[0.0, 1.0]])
    with pytest.raises(ValueError, match="start must be less than end, but they are 1 and 0"):
        parametric_plans([1.0], [1.0], [[0.0]], [[1.0]], 1, 0)
    with pytest.raises(TypeError, match="start and end must be real numbers, but they are '0'"):
        parametric_plans([1.0], [1.0], [[0.0]], [[1.0]], "0", 1)
