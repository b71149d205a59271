"""Transport in whole numbers of any length, where masses differ by more than a float has digits."""

import numpy as np
import pytest
from scipy.optimize import linprog

from otlec import transport, verify
from otlec.solvers.bottleneck_transport import bottleneck_transport
from otlec.solvers.rational import LARGEST, rational_plan


@pytest.mark.parametrize("seed", range(12))
def test_plan_and_prices_prove_each_other(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 7, 2)
    a, b, cost = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)), rng.random((n, m))
    if seed % 2:
        cost = np.round(3 * cost)
    rows, cols, mass, phi, psi = rational_plan(a, b, cost)
    np.testing.assert_allclose(np.bincount(rows, mass, n), a, atol=1e-15)
    np.testing.assert_allclose(np.bincount(cols, mass, m), b, atol=1e-15)
    assert (cost - phi[:, None] - psi).min() >= -1e-15
    marginals = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    right = linprog(cost.ravel(), A_eq=marginals[1:], b_eq=np.append(a, b)[1:]).fun
    assert mass @ cost[rows, cols] == pytest.approx(right, abs=1e-12)
    assert a @ phi + b @ psi == pytest.approx(right, abs=1e-12)


def test_forbidden_pairs_are_kept_out_or_leave_no_plan():
    cost = np.array([[np.inf, 1.0], [2.0, np.inf]])
    rows, cols, *_ = rational_plan(np.array([0.5, 0.5]), np.array([0.5, 0.5]), cost)
    assert list(zip(rows, cols, strict=True)) == [(0, 1), (1, 0)]
    assert rational_plan(np.array([0.25, 0.75]), np.array([0.5, 0.5]), cost) is None


def test_a_large_problem_is_left_alone():
    size = LARGEST + 1
    assert rational_plan(np.ones(1), np.full(size, 1 / size), np.ones((1, size))) is None


def test_all_that_costs_may_be_a_mass_below_the_rounding_of_the_whole():
    a = np.array([1.0, 0.0, 1.6e-255, 2.4e-232, 3.5e-285, 3e-54])
    b = np.array([8.25e-71, 1.0, 1.12e-36])
    cost = 1e200 * np.array([[1, 0, 2], [0, 1, 1], [2, 1, 5], [2, 1, 1], [4, 1, 5], [5, 8, 10]])
    plan = transport(a, b, cost)
    assert plan.certificate == str(verify(plan, cost)) == "certified to 1e-12"
    assert plan.value == pytest.approx(1.12e-36 * 2e200, rel=1e-9)


def test_the_longest_move_of_tiny_atoms_is_proved_by_their_own_line():
    cost = np.array([[0.0, 1.0], [5.0, 3.0], [1.0, 0.0]])
    for tiny in (1e-17, 1e-30, 1e-200):
        best = bottleneck_transport([0.5, tiny, 0.5], [0.5, 0.5], cost)
        assert best.value == 3
        assert best.certificate == "certified to 1e-12"
        assert best.matrix[1].tolist() == [0.0, tiny]
        turned = bottleneck_transport([0.5, 0.5], [0.5, tiny, 0.5], cost.T)
        assert (turned.value, turned.certificate) == (3, "certified to 1e-12")
