"""Every exact solver at every size: a gap below 1e-12 and reduced costs above -1e-11, relative."""

import instances
import numpy as np
import pytest
from certificates import assert_optimal

from otlec import Measure, assignment, optimal_plan, transport, transport_1d

SIZES = [1, 2, 3, 10, 31, 64, 65, 130, 300, 500]


@pytest.mark.needs_jit
@pytest.mark.parametrize("n", SIZES)
def test_the_five_families_and_their_like(n):
    rng = np.random.default_rng(n)
    for name, cost in instances.costs(n, n, rng):
        masses = list(instances.weights(n, rng))
        # every kind of mass at small sizes, one kind in turn at large ones
        for k in range(4) if n <= 64 else [len(name) % 4]:
            plan = transport(masses[k][1], masses[(k + 1) % 4][1], cost)
            try:
                assert_optimal(plan, cost)
            except AssertionError as error:
                raise AssertionError(f"{name}, {masses[k][0]}: {error}") from error


@pytest.mark.needs_jit
@pytest.mark.parametrize(("n", "m"), [(3, 500), (500, 3), (100, 333), (400, 70)])
def test_rectangular_problems(n, m):
    rng = np.random.default_rng([n, m])
    for name, cost in instances.costs(n, m, rng):
        a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        try:
            assert_optimal(transport(a, b, cost), cost)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


@pytest.mark.needs_jit
@pytest.mark.parametrize("n", SIZES)
def test_equal_masses_do_not_cycle_in_the_simplex(n):
    """All the flows are equal: as degenerate as a problem can be."""
    rng = np.random.default_rng([n, 1])
    equal = np.full(n, 1 / n)
    for name, cost in instances.costs(n, n, rng):
        plan = transport(equal, equal, cost)
        assert_optimal(plan, cost)
        assert plan.mass.size == n, name
        assert plan.value == pytest.approx(assignment(cost).value / n, rel=1e-11), name


@pytest.mark.needs_jit
@pytest.mark.parametrize("n", [50, 300])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_forbidden_pairs(n, share):
    rng = np.random.default_rng([n, int(100 * share)])
    cost = rng.random((n, n))
    cost[rng.random((n, n)) < share] = np.inf
    np.fill_diagonal(cost, 1.0)
    a = rng.dirichlet(np.ones(n))
    assert_optimal(transport(a, a, cost), cost)
    assert_optimal(assignment(cost), cost)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_costs_at_the_ends_of_the_range(scale):
    rng = np.random.default_rng(1)
    cost = scale * rng.random((12, 12))
    assert_optimal(assignment(cost), cost)
    assert_optimal(transport(np.ones(12), np.ones(12), cost), cost)


@pytest.mark.parametrize("n", [2, 40])
def test_collinear_and_duplicated_points(n):
    rng = np.random.default_rng(n)
    t = rng.integers(0, 7, n) / 3.0
    mu = Measure(np.outer(t, [3.0, 4.0]), rng.dirichlet(np.ones(n)))
    nu = Measure(np.outer(rng.integers(0, 7, n) / 3.0, [3.0, 4.0]), rng.dirichlet(np.ones(n)))
    for p in (1, 2, 3):
        plan = optimal_plan(mu, nu, p)
        on_the_line = transport_1d(
            mu.points @ [0.6, 0.8], nu.points @ [0.6, 0.8], mu.weights, nu.weights, p
        )
        assert plan.value == pytest.approx(on_the_line.value, rel=1e-11, abs=1e-13)
