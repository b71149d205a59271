"""On the line: the monotone plan is optimal, and its potentials prove it."""

import naive
import numpy as np
import pytest
from certificates import assert_optimal
from conftest import JIT_IS_OFF
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from otlec import Measure, cost_matrix, transport_1d, verify, wasserstein
from otlec.solvers.quantile import _order

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def problem(seed):
    """Points with ties, masses with zeros; of any size from 1 to 12."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 13, 2)
    x, y = rng.integers(-4, 5, n) / 2, rng.integers(-4, 5, m) / 3
    if seed % 3 == 0:
        return x, y, None, None
    a, b = (10.0 ** rng.uniform(-12 * (seed % 3 == 1), 0, k) for k in (n, m))
    a[rng.random(n) < 0.2] = 0
    b[rng.random(m) < 0.2] = 0
    a[rng.integers(n)] += 1
    b[rng.integers(m)] += 1
    return x, y, a / a.sum(), b / b.sum()


@pytest.mark.statement("1")
@given(st.integers(0, 10**6), st.sampled_from([1, 1.5, 2, 3, 7.25]))
def test_the_monotone_plan_proves_its_optimality(seed, p):
    x, y, a, b = problem(seed)
    plan = transport_1d(x, y, a, b, p)
    # the matrix has other roundings of its largest costs
    assert_optimal(plan, cost_matrix(x, y, p), error=1e-10)
    expected = naive.quantile_value(x, y, plan.a, plan.b, p)
    assert plan.value == pytest.approx(expected, rel=1e-11, abs=1e-14)
    distance = wasserstein(Measure(x, a), Measure(y, b), p)
    assert distance == pytest.approx(plan.distance, rel=1e-11, abs=1e-14)


@pytest.mark.statement("1")
@given(st.integers(0, 10**6))
def test_the_monotone_plan_never_crosses(seed):
    x, y, a, b = problem(seed)
    plan = transport_1d(x, y, a, b)
    assert (np.diff(x[plan.rows]) >= 0).all()
    assert (np.diff(y[plan.cols]) >= 0).all()


@given(st.integers(0, 10**6))
def test_w_1_agrees_with_scipy(seed):
    x, y, a, b = problem(seed)
    expected = wasserstein_distance(x, y, a, b)
    assert wasserstein(Measure(x, a), Measure(y, b), 1) == pytest.approx(expected, abs=1e-13)


@given(st.integers(0, 10**6))
def test_w_infinity_is_the_longest_move(seed):
    x, y, a, b = problem(seed)
    mu, nu = Measure(x, a), Measure(y, b)
    plan = transport_1d(x, y, a, b)
    longest = np.abs(x[plan.rows] - y[plan.cols]).max()
    assert wasserstein(mu, nu, np.inf) == pytest.approx(longest, abs=1e-15)


def test_w_infinity_sees_no_mass_that_is_only_rounding():
    x = np.arange(3.0)
    y = np.repeat(x, 2) + 0.1
    assert wasserstein(Measure(x), Measure(y), np.inf) == pytest.approx(0.1)
    assert transport_1d(x, y).mass.size == 6


@pytest.mark.parametrize(("n", "m"), [(700, 700), (300, 700)])
@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_large_problems_prove_their_optimality(n, m, p):
    rng = np.random.default_rng([n, m])
    n, m = (n // 10, m // 10) if JIT_IS_OFF else (n, m)
    x, y = rng.standard_normal(n), rng.standard_normal(m) + 1
    assert_optimal(transport_1d(x, y, p=p), cost_matrix(x, y, p))
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    assert_optimal(transport_1d(x, y, a, b, p), cost_matrix(x, y, p))


def test_points_may_be_a_column():
    plan = transport_1d([[0.0], [2.0]], [[3.0], [1.0]], p=1)
    assert plan.value == 1
    np.testing.assert_array_equal(plan.matrix, [[0, 0.5], [0.5, 0]])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # from the kernels without the JIT
@pytest.mark.parametrize("a", [None, [0.25, 0.75]])
@pytest.mark.parametrize("unit", [1e-200, 1, 1e9, 1e200])
@pytest.mark.parametrize("p", [1, 2, 3, 500])
def test_no_power_overflows_or_vanishes_in_a_distance(a, unit, p):
    x, y = unit * np.array([0.0, 1e-3]), unit * np.array([2e-3, 3e-3])
    assert wasserstein(Measure(x, a), Measure(y, a), p) == pytest.approx(
        2e-3 * unit, rel=1e-12, abs=0
    )
    assert wasserstein(Measure(x, a), Measure(x, a), p) == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # from the kernels without the JIT
def test_an_overflow_of_the_cost_of_a_plan_is_an_error():
    with pytest.raises(ValueError, match=r"\|x - y\|\^2.0 overflows: scale the points down"):
        transport_1d([0.0, 1e200], [1e201, 2e201])


@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=pytest.mark.needs_jit)])
def test_large_sides_are_sorted_at_once_with_the_same_answer(weighted):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 50, 500_000) / 10
    a = None
    y = x + 1.0
    if weighted:
        a = rng.random(x.size)
        a /= a.sum()
    for p in [1, 2, 3]:
        assert wasserstein(Measure(x, a), Measure(y, a), p) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 2.5, 3.0, 7.5, 8.0, 8.5, 1.25])
def test_powers_by_products_are_powers(p):
    x, y = np.array([0.0, 1.0, 3.5, 1e-3]), np.array([2.25, 0.7, 1e3, 0.0])
    a = np.array([0.1, 0.2, 0.3, 0.4])
    plan = transport_1d(x, y, a, a[::-1], p=p)
    costs = np.abs(x[plan.rows] - y[plan.cols]) ** p
    np.testing.assert_allclose(plan.value, plan.mass @ costs, rtol=1e-14)
    assert abs(plan.gap) <= 1e-12 * plan.value


@pytest.mark.parametrize("digits", [1, 8, 12, 15])
@pytest.mark.parametrize("offset", [0.0, -3.0, 1e9])
def test_many_atoms_are_put_in_order(digits, offset):
    """From continuous to a few distinct values, and values that agree in most of their bits."""
    rng = np.random.default_rng(digits)
    x = offset + np.round(rng.standard_normal(40_000), digits)
    x[:7] = 0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, offset
    order, inside = _order(x)
    np.testing.assert_array_equal(inside, np.sort(x))
    np.testing.assert_array_equal(x[order], inside)
    assert (np.bincount(order, minlength=x.size) == 1).all()


def test_atoms_that_differ_in_their_last_bits_only_are_put_in_order():
    rng = np.random.default_rng(2)
    few, many = rng.random(40_000), 1 + 1e-15 * rng.integers(0, 99, 40_000)
    few[100:103], few[200:204] = many[:3], 0.5 + 1e-16 * np.array([3, 2, 1, 0])
    for x in (few, many):
        order, inside = _order(x)
        np.testing.assert_array_equal(inside, np.sort(x))
        assert (np.sort(order) == np.arange(x.size)).all()


def test_few_atoms_in_the_wrong_order_change_places_without_another_sort(monkeypatch):
    x = np.random.default_rng(3).random(40_000)
    x[[100, 101, 5000, 5001]] = 0.5 + 1e-16 * np.array([3, 1, 7, 5])
    right = np.argsort(x)
    monkeypatch.setattr(np, "argsort", lambda x: pytest.fail("neighbours had to change places"))
    order, inside = _order(x)
    np.testing.assert_array_equal(x[order], x[right])
    np.testing.assert_array_equal(inside, x[right])


EXPONENTS = (1, 1.5, 2, 10, 50, np.inf)


@pytest.mark.parametrize(
    ("mu", "nu"),
    [
        (Measure([0.0, 0, 1000], [0.1, 0.2, 0.7]), Measure([0.0, 1000], [0.3, 0.7])),
        (Measure([0.0] * 3 + [1.0] * 7), Measure([0.0, 1], [0.3, 0.7])),
        (Measure(np.repeat([0.0, 1.0], 5000)), Measure([0.0, 1], [0.5, 0.5])),
        (Measure([0.0, 1, 1, 9], [0.3, 1e-11, 0.2, 0.5 - 1e-11]),) * 2,
        (Measure([0.0, 0, 1000], [0.1, 0.2, 0.7]), Measure([0.0, 1000, 2000], [0.3, 0.7, 0.0])),
    ],
)
def test_the_same_measure_written_twice_is_at_distance_0_for_every_exponent(mu, nu):
    for p in EXPONENTS:
        assert wasserstein(mu, nu, p) == wasserstein(nu, mu, p) == 0
    assert transport_1d(mu.points, nu.points, mu.weights, nu.weights, 10).value == 0


@given(st.integers(0, 10**6), st.sampled_from([0, 3, 12]), st.booleans())
def test_splitting_atoms_moves_nothing(seed, decades, heavy):
    """Whatever the masses: over twelve orders of magnitude, and with one atom of mass 1e6."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    a = 10.0 ** rng.uniform(-decades, 0, n)
    if heavy:
        a[rng.integers(n)] = 1e6
    parts = rng.integers(0, n, 2 * n)
    x, y, b = np.arange(n), np.concatenate([np.arange(n), parts]), np.append(a, np.zeros(2 * n))
    for new, old in enumerate(parts, start=n):
        b[new] = b[old] * rng.random()
        b[old] -= b[new]
    order = rng.permutation(3 * n)
    mu, nu = Measure(x, a / a.sum()), Measure(y[order], (b / b.sum())[order])
    assert wasserstein(mu, nu, np.inf) == 0
    plan = transport_1d(x, nu.points, mu.weights, nu.weights, 3)
    assert plan.value == 0
    np.testing.assert_allclose(plan.matrix.sum(axis=1), mu.weights, rtol=0, atol=4e-15)
    np.testing.assert_allclose(plan.matrix.sum(axis=0), nu.weights, rtol=0, atol=4e-15)


def test_an_atom_of_tiny_mass_is_no_crumb():
    mu = Measure([0.0, 5, 10], [0.5, 1e-18, 0.5])
    nu = Measure([0.0, 10], [0.5, 0.5])
    assert wasserstein(mu, nu, np.inf) == 5
    far = Measure([0.0, 1e20], [1.0, 1e-17])
    assert wasserstein(far, Measure([0.0]), 1) == pytest.approx(1e3)
    assert wasserstein(far, Measure([0.0]), np.inf) == 1e20


def test_an_atom_of_mass_0_receives_nothing_wherever_it_stands():
    mu = Measure([-9.0, 0, 0, 9, 99], [0, 0.1, 0.9, 0, 0])
    nu = Measure([-5.0, 0, 0, 0, 55], [0, 0.2, 0.3, 0.5, 0])
    assert wasserstein(mu, nu, np.inf) == 0
    plan = transport_1d(mu.points, nu.points, mu.weights, nu.weights, 1)
    assert (mu.weights[plan.rows] > 0).all()
    assert (nu.weights[plan.cols] > 0).all()
    cost = cost_matrix(mu.points, nu.points, 1)
    assert (cost - plan.phi[:, None] - plan.psi).min() >= -1e-12


def test_a_far_atom_without_mass_does_not_spoil_the_certificate_of_its_matrix():
    """Killed: a price that is rounded to the nearest is above the cost of 1e21 by what it ate."""
    x, y = np.array([0.1, 2.0, 0.7]), np.array([0.4, 1.3e7])
    plan = transport_1d(x, y, [0.5, 0.2, 0.3], [1.0, 0.0], p=3)
    assert str(verify(plan, cost_matrix(x, y, 3))) == "certified to 1e-12"
