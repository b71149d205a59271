"""Barycenters in W_2, by four ways, against closed forms and linear programming."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from otlec import (
    Measure,
    barycenter,
    cost_matrix,
    gaussian_barycenter,
    mixture,
    quantile_function,
    transport,
    wasserstein,
)
from otlec.solvers import multimarginal
from otlec.solvers.fixed_support import _bound, best_weights

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def family(seed: int, sizes, d: int) -> tuple[list[Measure], np.ndarray]:
    rng = np.random.default_rng(seed)
    measures = [
        Measure(
            rng.normal(size=n) if d == 1 else rng.normal(size=(n, d)), rng.dirichlet(np.ones(n))
        )
        for n in sizes
    ]
    return measures, rng.dirichlet(np.ones(len(measures)))


def objective(measures, weights, nu, p=2.0):
    return sum(
        share * wasserstein(mu, nu, p) ** p for share, mu in zip(weights, measures, strict=True)
    )


def multimarginal_value(measures, weights) -> float:
    """The least sum_i lambda_i |x_i - mean|^2 over all couplings of the N measures, N = 3."""
    a, b, c = measures
    points = [mu.points.reshape(mu.size, -1) for mu in measures]
    grid = np.stack(
        np.broadcast_arrays(points[0][:, None, None], points[1][None, :, None], points[2])
    )
    mean = np.tensordot(weights, grid, axes=1)
    cost = np.tensordot(weights, ((grid - mean) ** 2).sum(-1), axes=1)
    index = np.eye(cost.size).reshape(*cost.shape, cost.size)
    sums = [index.sum((1, 2)), index.sum((0, 2)), index.sum((0, 1))]
    masses = np.concatenate([a.weights, b.weights, c.weights])
    solution = linprog(cost.ravel(), A_eq=np.vstack(sums), b_eq=masses)
    assert solution.success
    return solution.fun


@pytest.mark.statement("barycenters")
@given(st.integers(0, 10**6), st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_on_the_line_quantiles_average_and_the_gap_is_zero(seed, sizes):
    measures, weights = family(seed, sizes, 1)
    result = barycenter(measures, weights)
    s = np.random.default_rng(1).random(40) * 0.999 + 5e-4
    expected = sum(w * quantile_function(mu, s) for w, mu in zip(weights, measures, strict=True))
    np.testing.assert_allclose(quantile_function(result.measure, s), expected, atol=1e-12)
    assert result.objective == pytest.approx(objective(measures, weights, result.measure))
    assert abs(result.gap) <= 1e-12 * max(result.objective, 1.0)
    assert result.method == "quantiles"


@pytest.mark.statement("barycenters")
@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 2))
def test_no_coupling_of_all_measures_beats_the_line_nor_the_lower_bound(seed, d):
    measures, weights = family(seed, (3, 4, 3), d)
    result = barycenter(measures, weights)
    best = multimarginal_value(measures, weights)
    assert result.lower_bound <= best + 1e-9
    assert best <= result.objective + 1e-9
    if d == 1:
        assert result.objective == pytest.approx(best, abs=1e-9)


@pytest.mark.statement("barycenters")
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4))
def test_the_barycenter_of_diracs_is_the_dirac_at_the_mean(seed, n, d):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(size=(n, d)), rng.dirichlet(np.ones(n))
    result = barycenter([Measure(x[None]) for x in points], weights)
    np.testing.assert_allclose(result.measure.points.mean(axis=0), weights @ points, atol=1e-12)
    expected = weights @ ((points - weights @ points) ** 2).sum(axis=1)
    assert result.objective == pytest.approx(expected, abs=1e-12)
    assert abs(result.gap) <= 1e-12


@pytest.mark.statement("barycenters")
@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 3), st.floats(0, 1))
def test_two_measures_have_their_barycenter_on_the_geodesic(seed, d, t):
    measures, _ = family(seed, (4, 5), d)
    result = barycenter(measures, [1 - t, t])
    squared = wasserstein(*measures) ** 2
    assert result.objective == pytest.approx(t * (1 - t) * squared, abs=1e-12)
    assert abs(result.gap) <= 1e-12
    assert result.method == "geodesic"


@pytest.mark.statement("barycenters")
def test_the_wasserstein_midpoint_of_two_diracs_is_not_the_linear_one():
    mu, nu = Measure([0.0]), Measure([4.0])
    np.testing.assert_array_equal(barycenter([mu, nu]).measure.points, [2.0])
    linear = mixture([mu, nu])
    np.testing.assert_array_equal(linear.points, [0.0, 4.0])
    np.testing.assert_array_equal(linear.weights, [0.5, 0.5])
    assert objective([mu, nu], [0.5, 0.5], linear) == pytest.approx(8.0)  # against 4


@pytest.mark.statement("barycenters")
def test_translates_have_the_translate_by_the_mean_as_barycenter():
    rng = np.random.default_rng(8)
    mu = Measure(rng.normal(size=(12, 2)))
    shifts = np.array([[0.0, 3.0], [1.0, -1.0], [5.0, 0.5]])
    weights = [0.2, 0.5, 0.3]
    measures = [mu.push(lambda x, a=a: x + a) for a in shifts]
    result = barycenter(measures, weights)
    expected = mu.push(lambda x: x + weights @ shifts)
    assert wasserstein(result.measure, expected) <= 1e-7
    assert abs(result.gap) <= 1e-12


@pytest.mark.statement("barycenters")
@pytest.mark.parametrize("seed", range(3))
def test_free_atoms_never_raise_the_objective_and_end_at_means_of_their_targets(seed):
    measures, weights = family(seed, (9, 7, 8), 2)
    result = barycenter(measures, weights, start=Measure(np.random.default_rng(9).random((6, 2))))
    assert result.method == "free support"
    assert (np.diff(result.history) <= 1e-12).all()
    assert result.history[-1] == pytest.approx(result.objective)
    assert result.gap >= -1e-12
    moved = sum(
        w * (plan.matrix.T @ mu.points) * result.measure.size
        for w, mu, plan in zip(weights, measures, result.plans, strict=True)
    )
    # The loop may end one step early, by the tolerance on the objective.
    assert np.abs(moved - result.measure.points).max() <= 1e-3


@pytest.mark.statement("barycenters")
def test_free_atoms_on_the_line_reach_the_quantile_barycenter():
    rng = np.random.default_rng(10)
    measures = [Measure(rng.normal(size=8)) for _ in range(3)]
    free = barycenter(measures, start=Measure(rng.normal(size=8)))
    np.testing.assert_allclose(
        np.sort(free.measure.points), barycenter(measures).measure.points, atol=1e-12
    )
    assert free.measure.points.ndim == 1


def test_atoms_of_the_start_without_mass_are_dropped():
    measures = [Measure([[0.0, 0.0]]), Measure([[2.0, 0.0]])]
    result = barycenter(measures, start=Measure([[9.0, 9.0], [1.0, 5.0]], [0.0, 1.0]))
    np.testing.assert_allclose(result.measure.points, [[1.0, 0.0]])


def test_steps_can_run_out():
    measures, weights = family(2, (5, 6, 4), 2)
    assert barycenter(measures, weights, steps=1).history.size == 1


@pytest.mark.statement("barycenters")
@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from([1.0, 2.0, 3.0]))
def test_on_a_given_support_nothing_is_better(seed, d, p):
    measures, weights = family(seed, (4, 3, 5), d)
    rng = np.random.default_rng(seed + 1)
    support = rng.normal(size=6) if d == 1 else rng.normal(size=(6, d))
    result = barycenter(measures, weights, support=support, p=p)
    assert abs(result.gap) <= 1e-9 * max(result.objective, 1.0)
    assert result.objective == pytest.approx(objective(measures, weights, result.measure, p))
    for _ in range(5):
        other = Measure(support, rng.dirichlet(np.full(6, 0.3)))
        assert objective(measures, weights, other, p) >= result.lower_bound - 1e-12


@pytest.mark.statement("barycenters")
def test_on_the_atoms_of_the_free_solution_linear_programming_finds_the_same_barycenter():
    measures, weights = family(5, (3, 4, 2), 1)
    free = barycenter(measures, weights)
    fixed = barycenter(measures, weights, support=free.measure.points)
    assert fixed.objective == pytest.approx(free.objective, abs=1e-9)
    assert fixed.method == "linear program"


@pytest.mark.statement("barycenters")
def test_in_W_1_every_geometric_median_is_a_barycenter():
    diracs = [Measure([0.0]), Measure([1.0]), Measure([5.0])]
    result = barycenter(diracs, support=np.arange(6.0), p=1)
    np.testing.assert_allclose(result.measure.weights, [0, 1, 0, 0, 0, 0], atol=1e-12)
    pair = diracs[:2]
    for y in (0.0, 0.3, 1.0):  # of two points every point between them is a median
        assert objective(pair, [0.5, 0.5], Measure([y]), 1.0) == pytest.approx(0.5)


@pytest.mark.statement("barycenters")
def test_square_corners_have_several_barycenters():
    pair = [Measure([[0.0, 0.0], [1.0, 1.0]]), Measure([[1.0, 0.0], [0.0, 1.0]])]
    values = [
        objective(pair, [0.5, 0.5], Measure(points))
        for points in ([[0.5, 0.0], [0.5, 1.0]], [[0.0, 0.5], [1.0, 0.5]])
    ]
    assert values == pytest.approx([0.25, 0.25])
    assert barycenter(pair).objective == pytest.approx(0.25)


@pytest.mark.statement("barycenters")
def test_the_barycenter_of_gaussian_clouds_tends_to_the_gaussian_barycenter():
    rng = np.random.default_rng(11)
    sample = rng.normal(size=(150, 2))
    sample -= sample.mean(axis=0)
    sample = sample @ np.linalg.inv(np.linalg.cholesky(sample.T @ sample / 150)).T
    roots = [np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.3], [-0.3, 3.0]])]
    measures = [Measure(sample @ root) for root in roots]  # linear images by symmetric matrices
    result = barycenter([*measures, Measure(sample)], [0.3, 0.3, 0.4])
    points = result.measure.points
    expected = gaussian_barycenter([*(r @ r for r in roots), np.eye(2)], [0.3, 0.3, 0.4]).covariance
    assert np.abs(points.T @ points / 150 - expected).max() <= 0.15


@pytest.mark.statement("barycenters")
def test_a_weight_of_0_leaves_its_measure_out():
    measures, _ = family(12, (3, 4, 5), 1)
    with_it = barycenter(measures, [0.5, 0.5, 0.0])
    without = barycenter(measures[:2], [0.5, 0.5])
    assert wasserstein(with_it.measure, without.measure) <= 1e-12
    assert abs(with_it.gap) <= 1e-12


@pytest.mark.statement("barycenters")
def test_plans_carry_their_certificates():
    measures, weights = family(13, (4, 5, 3), 2)
    for mu, plan in zip(measures, barycenter(measures, weights).plans, strict=True):
        assert plan.source is mu
        exact = transport(plan.a, plan.b, cost_matrix(mu.points, plan.target.points))
        assert plan.value == pytest.approx(exact.value, abs=1e-13)


@pytest.mark.statement("barycenters")
def test_a_mixture_keeps_atoms_and_shares_mass():
    mu, nu = Measure([0.0, 1.0], [0.25, 0.75]), Measure([[2.0]])
    both = mixture([mu, nu], [0.4, 0.6])
    np.testing.assert_array_equal(both.points, [[0.0], [1.0], [2.0]])
    np.testing.assert_allclose(both.weights, [0.1, 0.3, 0.6])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([],), {}, ValueError, "measures is empty"),
        (([[0.0]],), {}, TypeError, r"measures\[0\] must be an otlec\.Measure, but it is a list"),
        (([Measure([0.0]), Measure([[0.0, 1.0]])],), {}, ValueError, "has dimension 2, but"),
        (([Measure([0.0])], [0.5]), {}, ValueError, "weights must sum to 1"),
        (([Measure([0.0])], [0.5, 0.5]), {}, ValueError, "each of the 1 measure, but it has 2"),
        (([Measure([0.0])],), {"p": 1}, ValueError, "p must be 2 where support is not given"),
        (([Measure([0.0])],), {"start": [0.0]}, TypeError, r"start must be an otlec\.Measure"),
        (
            ([Measure([0.0])],),
            {"start": Measure([[0.0, 1.0]])},
            ValueError,
            "start has dimension 2, but",
        ),
        (([Measure([0.0])],), {"support": [[0.0, 1.0]]}, ValueError, "support has dimension 2"),
        (
            ([Measure([0.0])],),
            {"support": [0.0], "start": Measure([0.0])},
            ValueError,
            "give one of them",
        ),
        (
            ([Measure([0.0])],),
            {"support": [0.0], "exact": True},
            ValueError,
            "exact finds the atoms and support fixes them",
        ),
    ],
)
def test_bad_input_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        barycenter(*arguments, **options)


def test_a_barycenter_describes_itself():
    text = repr(barycenter([Measure([0.0]), Measure([2.0])]))
    assert text == "Barycenter(1 atoms by quantiles, objective=1, gap=0.0e+00)"


def hills(n: int):
    """Bell-shaped histograms on n cells of [-5, 8], whose tails go down to masses of 1e-100."""
    grid = np.linspace(-5, 8, n)
    heights = [np.exp(-0.5 * ((grid - m) / s) ** 2) for m, s in ((-3, 0.6), (0.75, 0.8), (4, 1))]
    return grid, [Measure(grid, h / h.sum()) for h in heights]


@pytest.mark.statement("barycenters")
@pytest.mark.parametrize(("n", "value"), [(81, 7.039669), (101, None), (131, None), (261, None)])
def test_hills_with_tiny_masses_have_their_barycenter_on_the_grid(n, value):
    grid, measures = hills(n)
    result = barycenter(measures, [0.4, 0.4, 0.2], support=grid)
    assert abs(result.gap) <= 1e-10 * result.objective
    free = barycenter(measures, [0.4, 0.4, 0.2]).objective
    step = grid[1] - grid[0]
    assert free <= result.objective <= free + step**2 / 4
    if value is not None:
        assert result.objective == pytest.approx(value, abs=5e-7)


@pytest.mark.statement("barycenters")
def test_two_hills_on_81_cells_are_no_infeasible_program():
    grid, measures = hills(81)
    result = barycenter(measures[:2], support=grid)
    assert abs(result.gap) <= 1e-10 * result.objective


def test_the_bound_of_the_linear_program_allows_for_each_of_its_roundings():
    # every sum is rounded up, by a quarter of the last digit: 40 of them are more than one digit
    costs = [np.full((1, 1), 2.0**53)] + [np.full((1, 1), 1.5)] * 40
    masses, shares, prices = ([np.ones(1)] * 41, np.ones(41), [np.zeros(1)] * 41)
    value = sum(Fraction(float(cost[0, 0])) for cost in costs)
    assert value - 200 < _bound(masses, costs, shares, prices) <= value


@given(st.integers(0, 10**6))
def test_the_bound_of_the_linear_program_holds_for_any_prices(seed):
    rng = np.random.default_rng(seed)
    masses = [rng.dirichlet(np.ones(n)) for n in (3, 4)]
    costs = [rng.random((n, 5)) for n in (3, 4)]
    shares = [0.3, 0.7]
    prices = [rng.normal(size=n) for n in (3, 4)]
    best, bound = best_weights(masses, costs, shares, np.full(5, 0.2))
    value = sum(
        share * transport(a, best, cost).value
        for share, a, cost in zip(shares, masses, costs, strict=True)
    )
    assert value == pytest.approx(bound, abs=1e-12)
    assert _bound(masses, costs, shares, prices) <= value + 1e-12
    # and a price that is raised on both sides alike leaves it as it is
    raised = [prices[0] + 2.0, prices[1] - 2.0]
    again = _bound(masses, costs, shares, raised)
    assert again == pytest.approx(_bound(masses, costs, shares, prices), abs=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": -5}, ValueError, "steps must be at least 1, but it is -5"),
        ({"steps": 2.5}, TypeError, "steps must be a whole number, but it is 2.5"),
        ({"tolerance": np.nan}, ValueError, "tolerance must be finite and at least 0, but it is n"),
        ({"tolerance": -1}, ValueError, "tolerance must be finite and at least 0"),
        ({"tolerance": [1e-3]}, TypeError, "tolerance must be a real number, but it is a list"),
    ],
)
def test_steps_and_tolerances_that_are_none_are_refused(options, error, message):
    plane = [Measure([[0.0, k]]) for k in range(3)]
    with pytest.raises(error, match=message):
        barycenter(plane, **options)


@pytest.mark.statement("barycenters")
@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_the_exact_barycenter_has_the_multimarginal_value_and_proves_it(seed):
    measures, weights = family(seed, (3, 4, 3), 2)
    result = barycenter(measures, weights, exact=True)
    assert result.method == "multimarginal program"
    assert result.objective == pytest.approx(multimarginal_value(measures, weights), abs=1e-9)
    assert abs(result.gap) <= 1e-9
    assert result.certificate.startswith("certified")
    assert result.measure.size <= 3 + 4 + 3 - 2
    free = barycenter(measures, weights)
    assert free.lower_bound <= result.objective + 1e-9 <= free.objective + 2e-9


@pytest.mark.statement("barycenters")
def test_the_free_support_starts_well_and_says_how_far_it_may_be_from_the_optimum():
    excess = []
    for seed in range(12):
        measures, weights = family(seed, (5, 6, 4), 2)
        exact, free = barycenter(measures, weights, exact=True), barycenter(measures, weights)
        largest = barycenter(measures, weights, start=measures[1])
        assert free.objective <= largest.objective
        if free.gap > 1e-9 * free.objective:
            assert free.certificate.endswith(" % above the least objective")
            percent = float(free.certificate.split()[2])
            assert free.objective * (1 - 1.1 * percent / 100) <= exact.objective
        excess.append(free.objective / exact.objective - 1)
    assert np.median(excess) <= 0.02


def test_exact_is_refused_where_it_would_take_too_long():
    plane = [Measure(np.random.default_rng(k).random((70, 2))) for k in range(3)]
    with pytest.raises(ValueError, match="exact would look at 343000 tuples of atoms, more than"):
        barycenter(plane, exact=True)
    with pytest.raises(ValueError, match="exact is for p = 2, and needs no start"):
        barycenter(plane, exact=True, start=plane[0])


def test_exact_looks_at_as_many_tuples_as_it_says_and_only_at_atoms_that_count(monkeypatch):
    plane = [Measure(np.random.default_rng(k).random((2, 2))) for k in range(3)]
    expected = barycenter(plane, exact=True).objective
    plane[1] = Measure([*plane[1].points, [0.5, 7.0]], [0.5, 0.5, 0.0])
    out_of_it = Measure(np.random.default_rng(3).random((9, 2)))
    monkeypatch.setattr(multimarginal, "LARGEST", 8)
    result = barycenter([*plane, out_of_it], [1 / 3, 1 / 3, 1 / 3, 0], exact=True)
    assert result.objective == pytest.approx(expected)
    assert abs(result.gap) <= 1e-9
    monkeypatch.setattr(multimarginal, "LARGEST", 7)
    with pytest.raises(ValueError, match="8 tuples of atoms, more than 7"):
        barycenter(plane, exact=True)


def test_the_bound_of_the_linear_program_of_one_measure_is_no_higher_than_its_value():
    assert _bound([np.ones(1)], [np.ones((1, 1))], np.ones(1), [np.zeros(1)]) <= 1


def test_the_bound_of_the_linear_program_allows_for_the_digits_of_large_prices():
    # the price 2^53 makes 1.25 a 2; the value 1.25 is what must not be exceeded
    prices, cost = [np.array([-(2.0**53)])], np.full((1, 1), 1.25)
    assert 1.25 - 200 < _bound([np.ones(1)], [cost], np.ones(1), prices) <= 1.25
