"""Gluing and composition of plans: Lemma 2.3, Proposition 2.2, Exercise 2.4."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from otlec import (
    Coupling,
    Measure,
    compose,
    cost_matrix,
    glue,
    gluing_cost_range,
    optimal_plan,
    transport_1d,
)

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def chain(seed: int, n1: int, n2: int, n3: int):
    """Two random sparse matrices that share their middle marginal, some of it 0."""
    rng = np.random.default_rng(seed)
    b = rng.random(n2) * (rng.random(n2) < 0.7)
    if b.sum() == 0:
        b[0] = 1.0
    b /= b.sum()
    into = (rng.random((n1, n2)) * (rng.random((n1, n2)) < 0.6)) + 1e-12 * np.eye(n1, n2)
    into[0] += 1e-3
    out = rng.random((n2, n3)) * (rng.random((n2, n3)) < 0.6)
    out[:, 0] += 1e-3
    return into / into.sum(axis=0) * b, out / out.sum(axis=1, keepdims=True) * b[:, None], b


chains = st.tuples(
    st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 6), st.integers(1, 4)
).map(lambda sizes: chain(*sizes))


@pytest.mark.statement("2.3")
def test_the_tensor_of_a_small_example_is_the_formula():
    gamma1 = np.array([[0.25, 0.25, 0.0], [0.25, 0.25, 0.0]])
    gamma2 = np.array([[0.5, 0.0], [0.25, 0.25], [0.0, 0.0]])
    sigma = glue(gamma1, gamma2)
    expected = np.zeros((2, 3, 2))
    expected[:, 0, 0] = 0.25
    expected[:, 1, :] = 0.125
    np.testing.assert_array_equal(sigma.tensor, expected)
    np.testing.assert_array_equal(sigma.marginal13, [[0.375, 0.125], [0.375, 0.125]])


@pytest.mark.statement("2.3")
@given(chains)
def test_both_pairs_of_a_gluing_follow_their_plans(plans):
    gamma1, gamma2, b = plans
    sigma = glue(gamma1, gamma2)
    np.testing.assert_allclose(sigma.marginal12, gamma1, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(sigma.marginal23, gamma2, rtol=1e-12, atol=1e-16)
    assert (sigma.mass > 0).all()
    assert not sigma.tensor[:, b == 0].any()


@pytest.mark.statement("2.3")
@given(chains)
def test_a_gluing_is_the_product_formula_in_every_entry(plans):
    gamma1, gamma2, b = plans
    expected = np.zeros((gamma1.shape[0], b.size, gamma2.shape[1]))
    for j in np.flatnonzero(b):
        expected[:, j] = np.outer(gamma1[:, j], gamma2[j]) / b[j]
    sigma = glue(gamma1, gamma2)
    np.testing.assert_allclose(sigma.tensor, expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(sigma.marginal1, gamma1.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(sigma.marginal2, b, rtol=1e-12)
    np.testing.assert_allclose(sigma.marginal3, gamma2.sum(axis=0), rtol=1e-12, atol=1e-16)


@given(chains)
def test_a_composition_is_the_matrix_product_divided_by_b(plans):
    gamma1, gamma2, b = plans
    inverse = np.divide(1.0, b, out=np.zeros_like(b), where=b > 0)
    composed = compose(gamma1, gamma2)
    np.testing.assert_allclose(
        composed.matrix, gamma1 @ (inverse[:, None] * gamma2), rtol=1e-11, atol=1e-16
    )
    np.testing.assert_allclose(composed.matrix, glue(gamma1, gamma2).marginal13, rtol=1e-12)
    np.testing.assert_allclose(composed.a, gamma1.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(composed.b, gamma2.sum(axis=0), rtol=1e-12, atol=1e-16)


def test_tiny_masses_survive_gluing():
    gamma = np.array([[1e-200, 0.0], [0.0, 1.0]])
    sigma = glue(gamma, gamma)
    assert sigma.tensor[0, 0, 0] == 1e-200


def measures(seed: int, *sizes: int) -> list[Measure]:
    rng = np.random.default_rng(seed)
    return [Measure(rng.normal(size=(n, 2)), rng.dirichlet(np.ones(n))) for n in sizes]


@pytest.mark.statement("2.2")
@pytest.mark.parametrize("p", [1, 1.5, 2, 4])
@pytest.mark.parametrize("seed", range(4))
def test_the_glued_measure_proves_the_triangle_inequality_line_by_line(seed, p):
    mu1, mu2, mu3 = measures(seed, 6, 5, 7)
    plan12, plan23, plan13 = (
        optimal_plan(mu, nu, p) for mu, nu in ((mu1, mu2), (mu2, mu3), (mu1, mu3))
    )
    sigma = glue(plan12, plan23)
    d12 = cost_matrix(mu1.points, mu2.points, 1)[sigma.i, sigma.j]
    d23 = cost_matrix(mu2.points, mu3.points, 1)[sigma.j, sigma.k]
    d13 = cost_matrix(mu1.points, mu3.points, 1)[sigma.i, sigma.k]

    def norm(distances):
        return (sigma.mass @ distances**p) ** (1 / p)

    chain_of_bounds = [
        plan13.distance,
        norm(d13),
        norm(d12 + d23),
        norm(d12) + norm(d23),
        plan12.distance + plan23.distance,
    ]
    assert (np.diff(chain_of_bounds[:4]) >= -1e-12).all()
    assert chain_of_bounds[3] == pytest.approx(chain_of_bounds[4], abs=1e-12)


@pytest.mark.statement("2.4")
def test_on_the_line_composing_monotone_plans_is_optimal():
    rng = np.random.default_rng(7)
    x, y, z = rng.normal(size=(3, 40))
    plan12, plan23 = transport_1d(x, y), transport_1d(y, z)
    composed = compose(plan12, plan23)
    assert composed.cost(cost_matrix(x, z)) == pytest.approx(transport_1d(x, z).value, abs=1e-14)
    assert composed.source.points is plan12.source.points
    assert composed.target.points is plan23.target.points


@pytest.mark.statement("2.4")
def test_in_the_plane_composing_two_optimal_maps_is_not_optimal():
    # Symmetric positive maps are optimal for |x - y|^2; their product is not symmetric.
    A = np.array([[2.0, 0.0], [0.0, 0.5]])
    B = np.array([[1.25, 0.75], [0.75, 1.25]])
    angles = 2 * np.pi * np.arange(24) / 24
    mu1 = Measure(np.column_stack([np.cos(angles), np.sin(angles)]))
    mu2, mu3 = mu1.push(lambda x: x @ A.T), mu1.push(lambda x: x @ (B @ A).T)
    plan12, plan23 = optimal_plan(mu1, mu2), optimal_plan(mu2, mu3)
    identity = np.eye(24) / 24
    np.testing.assert_allclose(plan12.matrix, identity, atol=1e-15)
    np.testing.assert_allclose(plan23.matrix, identity, atol=1e-15)
    composed = compose(plan12, plan23).cost(cost_matrix(mu1.points, mu3.points))
    assert composed > optimal_plan(mu1, mu3).value + 1e-2


@pytest.mark.statement("2.3")
def test_the_range_of_costs_over_all_gluings_agrees_with_linear_programming():
    mu1, mu2, mu3 = measures(3, 4, 3, 5)
    plan12, plan23 = optimal_plan(mu1, mu2), optimal_plan(mu2, mu3)
    cost = cost_matrix(mu1.points, mu3.points)
    low, high = gluing_cost_range(plan12, plan23, cost)
    shape = (4, 3, 5)
    triples = np.eye(60).reshape(*shape, 60)
    constraints = np.vstack([triples.sum(2).reshape(12, 60), triples.sum(0).reshape(15, 60)])
    masses = np.concatenate([plan12.matrix.ravel(), plan23.matrix.ravel()])
    objective = np.broadcast_to(cost[:, None, :], shape).ravel()
    assert low == pytest.approx(linprog(objective, A_eq=constraints, b_eq=masses).fun, abs=1e-9)
    assert high == pytest.approx(-linprog(-objective, A_eq=constraints, b_eq=masses).fun, abs=1e-9)
    assert low <= compose(plan12, plan23).cost(cost) <= high
    assert high - low > 1e-3


def test_the_range_of_costs_is_a_point_where_a_map_leaves_nothing_free():
    x, y, z = np.random.default_rng(5).normal(size=(3, 6))
    plan12, plan23 = transport_1d(x, y), transport_1d(y, z)
    low, high = gluing_cost_range(plan12, plan23, cost_matrix(x, z))
    assert low == pytest.approx(high, abs=1e-14)
    assert low == pytest.approx(naive.transport_value(*[np.full(6, 1 / 6)] * 2, cost_matrix(x, z)))


@pytest.mark.statement("2.3")
def test_a_cycle_of_three_plans_may_have_no_gluing():
    # On {0, 1}: equal, equal, and different cannot hold together.
    equal, different = np.eye(2) / 2, np.eye(2)[::-1] / 2
    triples = np.eye(8).reshape(2, 2, 2, 8)
    pairs = [triples.sum(axis).reshape(4, 8) for axis in (2, 0, 1)]

    def status(plan13):
        masses = np.concatenate([equal.ravel(), equal.ravel(), plan13.ravel()])
        return linprog(np.zeros(8), A_eq=np.vstack(pairs), b_eq=masses).status

    assert status(different) == 2  # infeasible
    assert status(equal) == 0


@pytest.mark.statement("2.3")
def test_plans_whose_middle_marginals_differ_are_refused():
    with pytest.raises(ValueError, match=r"middle marginals differ: .* atom 0"):
        glue(np.diag([0.6, 0.4]), np.diag([0.5, 0.5]))
    with pytest.raises(ValueError, match="ends at 2 atoms, but plan23 starts from 3"):
        compose(np.eye(2) / 2, np.eye(3) / 3)
    with pytest.raises(ValueError, match=r"the atoms of plan12\.target are not those"):
        glue(transport_1d([0.0, 1.0], [2.0, 3.0]), transport_1d([2.0, 4.0], [0.0, 1.0]))


@pytest.mark.parametrize(
    ("plan", "error", "message"),
    [
        (np.zeros((2, 2)), ValueError, "positive total mass"),
        (np.array([[1.5, -0.5]]), ValueError, "plan12 must be non-negative"),
        (np.ones(3), ValueError, "plan12 must be a plan or a matrix"),
        (np.ones((0, 3)), ValueError, "plan12 must be a plan or a matrix"),
        (np.array([[np.nan]]), ValueError, "plan12 must be finite"),
        ("plan", TypeError, "plan12 must hold real numbers"),
    ],
)
def test_what_is_no_plan_is_refused(plan, error, message):
    with pytest.raises(error, match=message):
        glue(plan, np.eye(2) / 2)


def test_costs_of_the_wrong_shape_are_refused():
    composed = compose(np.eye(2) / 2, np.eye(2) / 2)
    with pytest.raises(ValueError, match=r"cost must have shape \(2, 2\)"):
        composed.cost(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"cost must have shape \(2, 2\)"):
        gluing_cost_range(np.eye(2) / 2, np.eye(2) / 2, np.zeros((2, 3)))


def test_results_describe_themselves_and_cannot_be_changed():
    sigma, composed = glue(np.eye(2) / 2, np.eye(2) / 2), compose(np.eye(2) / 2, np.eye(2) / 2)
    assert repr(sigma) == "Gluing(2 x 2 x 2, 2 entries)"
    assert repr(composed) == "Coupling(2 x 2, 2 entries)"
    assert isinstance(composed, Coupling)
    assert (composed.source, composed.target) == (None, None)
    with pytest.raises(ValueError, match="read-only"):
        sigma.mass[0] = 1.0


def test_middle_marginals_that_differ_by_a_millionth_are_not_shared():
    one, two = np.full((2, 2), 0.25), np.full((2, 2), 0.25)
    two[0] += 5e-7
    two[1] -= 5e-7
    with pytest.raises(ValueError, match="marginal"):
        glue(one, two)


def test_mass_that_is_lost_at_the_middle_is_in_the_certificate():
    # 5e-10 arrive at an atom from which nothing leaves: less than what is refused
    sigma = glue(np.array([[1.0, 5e-10]]), np.array([[1.0], [0.0]]))
    assert sigma.certificate == "certified to 1e-09"
    sigma = glue(np.array([[1.0], [0.0]]).T, np.array([[1.0], [5e-10]]))
    assert sigma.certificate == "certified to 1e-09"
