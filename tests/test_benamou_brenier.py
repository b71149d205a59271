"""Benamou–Brenier: closed forms, certificates, order of convergence, symmetries, bad input."""

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pytest

import otlec
from otlec.dynamics import bounds, levels, proximal, staggered_grid, vacuum
from otlec.dynamics.grids import Grid

quick = dict(tol=1e-2, max_iterations=400)


def bump(centre, width, n):
    """Cell averages of a Gaussian on the unit interval, of mean 1."""
    walls = np.linspace(0, 1, 16 * n + 1)
    x = 0.5 * (walls[1:] + walls[:-1])
    rho = np.exp(-((x - centre) ** 2) / (2 * width**2)).reshape(n, 16).mean(axis=1)
    return rho / rho.mean()


def exact_cost(rho0, rho1, p):
    """W_p^p of two densities that are constant on the cells of one grid of the line."""
    n = rho0.size
    walls = np.linspace(0, 1, n + 1)
    levels = (np.arange(200_000) + 0.5) / 200_000
    Q = [
        np.interp(levels, np.concatenate([[0], np.cumsum(rho) / rho.sum()]), walls)
        for rho in (rho0, rho1)
    ]
    return float((np.abs(Q[0] - Q[1]) ** p).mean())


def assert_certified(plan, tol=None):
    """The pair is feasible with the energy that it claims, the potential is, and they enclose."""
    faces = (plan.rho, *plan.momentum)
    assert np.abs(staggered_grid.divergence(faces)).max() <= 1e-9
    assert (plan.rho >= 0).all()
    for axis, m in enumerate(plan.momentum, start=1):
        assert (np.take(m, [0, -1], axis) == 0).all()
    assert otlec.action(plan.rho, plan.momentum, plan.p) == pytest.approx(
        plan.upper_bound, rel=1e-9, abs=1e-14
    )
    a, *b = plan.slopes
    speed = np.sqrt(sum(x * x for x in b))
    if plan.p == 1:
        assert a.max() <= 1e-12
        assert speed.max() <= 1 + 1e-12
    else:
        q = plan.p / (plan.p - 1)
        assert (a + (plan.p - 1) * (speed / plan.p) ** q).max() <= 1e-10
    gradient = staggered_grid.gradient(plan.cell_potential)
    for u, v in zip(
        staggered_grid.close(staggered_grid.spread(plan.slopes)), gradient, strict=True
    ):
        np.testing.assert_allclose(u, v, atol=1e-9)
    value = np.mean(plan.potential[-1] * plan.rho[-1] - plan.potential[0] * plan.rho[0])
    assert value == pytest.approx(plan.lower_bound, rel=1e-9, abs=1e-12)
    assert plan.lower_bound <= plan.energy <= plan.upper_bound
    assert plan.gap == plan.upper_bound - plan.lower_bound
    if tol is not None:
        assert plan.converged
        assert plan.gap <= tol * plan.lower_bound


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 4])
def test_a_translation_by_a_costs_a_to_the_p(p):
    rho0, rho1 = bump(0.35, 0.08, 64), bump(0.65, 0.08, 64)
    plan = otlec.benamou_brenier(rho0, rho1, steps=32, p=p, tol=2e-2)
    assert_certified(plan, 2e-2)
    assert plan.energy == pytest.approx(0.3**p, rel=5e-3)
    assert plan.distance == pytest.approx(0.3, rel=5e-3)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
def test_the_error_against_quantiles_falls_with_order_two():
    errors = []
    for n, steps in ((24, 24), (48, 48), (96, 96)):
        ends = bump(0.35, 0.1, n) + 0.2, bump(0.6, 0.13, n) + 0.2
        plan = otlec.benamou_brenier(*ends, steps=steps, tol=2e-5, max_iterations=6000)
        exact = exact_cost(*(e / e.mean() for e in (bump(0.35, 0.1, 512) + 0.2,
                                                    bump(0.6, 0.13, 512) + 0.2)), 2)  # fmt: skip
        assert_certified(plan, 2e-5)
        errors.append(abs(plan.energy - exact) / exact)
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders.min() >= 1.9


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.parametrize("mixture", [False, True])
def test_at_256_by_64_the_energy_is_within_2e_4_of_the_quantiles(mixture):
    rho0, rho1 = bump(0.3, 0.06, 256), bump(0.7, 0.09, 256)
    if mixture:
        rho0, rho1 = 0.5 * (rho0 + bump(0.55, 0.05, 256)), 0.6 * rho1 + 0.4 * bump(0.5, 0.05, 256)
    plan = otlec.benamou_brenier(rho0, rho1, steps=64, tol=2e-4, max_iterations=4000)
    assert_certified(plan)
    assert plan.energy == pytest.approx(exact_cost(rho0, rho1, 2), rel=2e-4)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.filterwarnings("ignore:benamou_brenier stopped")
def test_two_gaussians_of_the_plane_cost_the_sum_over_the_axes():
    # A product of densities moves by the product of the monotone maps: W_2^2 is the sum.
    factors = [
        (bump(0.3, 0.06, 64), bump(0.7, 0.09, 64)),
        (bump(0.3, 0.06, 64), bump(0.6, 0.09, 64)),
    ]
    rho0, rho1 = (np.outer(factors[0][i], factors[1][i]) for i in (0, 1))
    plan = otlec.benamou_brenier(rho0, rho1, steps=32, tol=1e-3)
    assert_certified(plan, 1e-3)
    exact = sum(exact_cost(*pair, 2) for pair in factors)
    assert plan.energy == pytest.approx(exact, rel=1e-3)
    closer = otlec.benamou_brenier(rho0, rho1, steps=32, tol=1e-9, max_iterations=500)
    assert closer.energy == pytest.approx(exact, rel=3e-4)


@pytest.mark.statement("5.1")
def test_time_reversal_and_translation_change_nothing():
    rho0 = np.array([0, 1, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0.0])
    rho1 = np.array([0, 0, 0, 1, 1, 2, 3, 1, 0, 0, 0, 0.0])
    one = otlec.benamou_brenier(rho0, rho1, steps=6, tol=1e-2)
    assert_certified(one, 1e-2)
    back = otlec.benamou_brenier(rho1, rho0, steps=6, tol=1e-2)
    mirror = otlec.benamou_brenier(rho0[::-1], rho1[::-1], steps=6, tol=1e-2)
    for other in (back, mirror):
        assert abs(other.energy - one.energy) <= 1e-2 * one.energy
        assert other.lower_bound <= one.upper_bound
        assert one.lower_bound <= other.upper_bound
    moved = otlec.benamou_brenier(np.roll(rho0, 2), np.roll(rho1, 2), steps=6, tol=1e-2)
    assert moved.energy == pytest.approx(one.energy, rel=2e-2)


def test_a_density_that_varies_along_one_axis_only_is_a_problem_on_the_line():
    rho0, rho1 = bump(0.35, 0.15, 12), bump(0.6, 0.15, 12)
    line = otlec.benamou_brenier(rho0, rho1, steps=6, tol=5e-3)
    for axis in (0, 1):
        ends = [np.repeat(np.expand_dims(r, 1 - axis), 3, 1 - axis) for r in (rho0, rho1)]
        plane = otlec.benamou_brenier(*ends, steps=6, tol=5e-3)
        assert plane.rho.shape == (7, *ends[0].shape)
        assert_certified(plane, 5e-3)
        assert plane.energy == pytest.approx(line.energy, rel=5e-3)
        assert plane.momentum[axis].shape[1 + axis] == 13


@pytest.mark.parametrize("p", [1, 1.3, 2, 2.5])
def test_the_same_density_twice_costs_nothing(p):
    rho = np.array([1.0, 2.0, 3.0, 0.0])
    plan = otlec.benamou_brenier(rho, rho, steps=3, p=p)
    assert plan.converged
    assert plan.energy == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(plan.rho, np.tile(rho / rho.mean(), (4, 1)), atol=1e-3)


@pytest.mark.parametrize("p", [1, 2])
def test_one_cell_moves_to_one_cell(p):
    rho0, rho1 = np.eye(8)[1], np.eye(8)[6]
    plan = otlec.benamou_brenier(rho0, rho1, steps=8, p=p, tol=0.05, max_iterations=3000)
    assert_certified(plan)
    assert plan.energy == pytest.approx((5 / 8) ** p, rel=0.15)


def _discs(n):
    """A disc and two smaller ones of half its mass each, as 0 and a constant: jumps, and vacuum."""
    at = (np.arange(n) + 0.5) / n
    x, y = np.meshgrid(at, at, indexing="ij")

    def disc(a, b, r):
        return ((x - a) ** 2 + (y - b) ** 2 < r * r).astype(float)

    ends = disc(0.3, 0.3, 0.15), disc(0.7, 0.65, 0.1) + disc(0.3, 0.75, 0.1)
    return tuple(rho / rho.mean() for rho in ends)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.filterwarnings("ignore:benamou_brenier stopped")
@pytest.mark.parametrize(("p", "near"), [(1.5, 0.004), (2, 0.007), (4, 0.035)])
def test_between_discs_with_vacuum_the_bounds_are_near_after_100_iterations(p, near):
    plan = otlec.benamou_brenier(*_discs(32), steps=16, p=p, tol=1e-6, max_iterations=100)
    assert_certified(plan)
    assert plan.gap <= near * plan.lower_bound
    empty = _discs(32)[0] + _discs(32)[1] == 0
    assert (plan.rho[8][empty] == 0).mean() > 0.5  # vacuum stays vacuum


@pytest.mark.parametrize(("p", "left"), [(1.5, 1e-30), (2.0, 1e-30), (4.0, (2 / 3) ** 32)])
def test_a_momentum_that_only_swirls_is_taken_away(p, left):
    grid = Grid((4, 8, 8), (4.0, 8.0, 8.0), np.float64, None)
    rho = np.ones((5, 8, 8))
    stream = np.zeros((9, 9))
    stream[1:-1, 1:-1] = np.random.default_rng(0).random((7, 7))
    swirl = np.diff(stream, axis=1), -np.diff(stream, axis=0)
    faces = (rho, *(np.tile(m, (4, 1, 1)) for m in swirl))
    assert np.abs(grid.divergence(faces)).max() < 1e-13
    found = vacuum._evaluated(grid, faces, (rho[0], rho[0]), p)
    better, (density, *_) = vacuum._with_best_momentum(grid, found, (rho[0], rho[0]), p)
    assert better <= 1.001 * left * found[0]
    np.testing.assert_array_equal(density, rho)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.filterwarnings("ignore:benamou_brenier stopped")
def test_in_a_maze_and_p_4_the_upper_bound_is_near_after_100_iterations():
    # It was three times the lower one on 64 x 64 x 32: a few cells of low density were fast.
    n = 32
    x, y = np.meshgrid(*2 * [(np.arange(n) + 0.5) / n], indexing="ij")
    ends = [(np.hypot(x - a, y - b) < 0.1).astype(float) for a, b in ((0.16, 0.2), (0.84, 0.8))]
    walls = np.zeros((n, n), bool)
    walls[10:12, :22] = walls[20:22, 10:] = True
    plan = otlec.benamou_brenier(
        *(rho / rho.mean() for rho in ends),
        p=4, steps=16, obstacles=walls, tol=1e-6, max_iterations=100,
    )  # fmt: skip
    assert np.abs(staggered_grid.divergence((plan.rho, *plan.momentum))).max() <= 1e-9
    assert otlec.action(plan.rho, plan.momentum, 4) == pytest.approx(plan.upper_bound, rel=1e-9)
    assert plan.lower_bound <= plan.upper_bound <= 1.5 * plan.lower_bound


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
def test_in_vacuum_the_means_of_the_iterates_prove_more_than_the_last_one():
    # Kills a mean that is not kept, or kept and not used for either bound.
    problem = levels.Problem(*_discs(32), 16, 2.0, 1.9)
    level = levels.coarse_levels(problem)
    for k in range(1, 101):
        level.iterate(levels.vacuum_step(problem))
        level.remember(k)
    means, level.means = level.means, None
    lower, upper = level.lower_bound()[0], level.upper_bound(0.1)[0]
    level.means = means
    assert lower * 1.0005 < level.lower_bound()[0]
    assert level.lower_bound()[0] < level.upper_bound(0.1)[0] < 0.8 * upper


@pytest.mark.parametrize(
    ("filled", "p", "vacuum"), [(32, 2.0, True), (33, 2.0, False), (32, 1.0, False)]
)
def test_most_cells_of_a_problem_with_vacuum_are_empty_at_both_ends(filled, p, vacuum):
    rho = np.zeros((8, 8))
    rho.flat[:filled] = 1.0
    assert levels.Problem(rho, rho, 4, p, 1.9).has_vacuum == vacuum
    line = rho.reshape(1, -1)
    assert not levels.Problem(line, line, 4, p, 1.9).has_vacuum
    forbidden = np.zeros((8, 8), bool)
    forbidden.flat[-1] = True  # 63 free cells
    assert levels.Problem(rho, rho, 4, p, 1.9, mask=forbidden).has_vacuum == (
        vacuum and filled <= 31
    )


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.filterwarnings("ignore:benamou_brenier stopped")
def test_the_bounds_enclose_the_minimum_that_an_interior_point_method_finds():
    # Clarabel 0.11, on the cone program of the same staggered grid: its minimum for any densities,
    # and for densities that are non-negative at all times, as those of a film are.
    minimum, of_films = 0.2318725622, 0.2318874978
    for count in (40, 100, 1000):
        plan = otlec.benamou_brenier(*_discs(16), steps=8, tol=1e-6, max_iterations=count)
        assert plan.lower_bound <= minimum * (1 + 1e-7)
        assert plan.upper_bound >= of_films * (1 - 1e-7)
    assert plan.energy == pytest.approx(minimum, rel=5e-4)
    assert plan.certificate == "certified to 1e-2"


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (1.0, 1.0009, "certified to 1e-3"),
        (1.0, 1.0, "certified to 1e-12"),
        (0.0, 0.0, "certified to 1e-12"),
        (1.0, 3.0, "not certified"),
        (1.0, 0.5, "not certified"),
        (0.0, 0.5, "not certified"),
        (1.0, np.inf, "not certified"),
        (-np.inf, np.inf, "not certified"),
        (np.nan, 1.0, "not certified"),
    ],
)
def test_the_certificate_of_a_film_says_what_its_bounds_prove(lower, upper, words):
    plan = otlec.benamou_brenier([1.0, 2, 3], [3.0, 2, 1], steps=4, **quick)
    judged = dataclasses.replace(plan, lower_bound=lower, upper_bound=upper)
    assert judged.certificate.startswith("not certified: the bounds were not computed")
    object.__setattr__(judged, "is_proved", True)  # as if they were those of the solver
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judged.certificate.startswith(words)
        assert repr(judged).startswith("DynamicPlan(3, 4 steps")


@pytest.mark.needs_jit
@pytest.mark.filterwarnings("ignore:benamou_brenier stopped")
def test_bounds_that_overflow_are_silent():
    rho0, rho1 = np.zeros((9, 9)), np.zeros((9, 9))
    mask = np.zeros((9, 9), bool)
    mask[2:, 4] = True
    rho0[5:8, 1:3], rho1[5:8, 6:8] = 1, 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "benamou_brenier stopped")
        for p in (1, 1.05, 4):
            otlec.benamou_brenier(rho0, rho1, p=p, obstacles=mask, max_iterations=40)


@pytest.mark.statement("5.1")
@pytest.mark.parametrize("p", [1, 1.2, 2, 3])
def test_the_bounds_enclose_whatever_the_iteration_has_reached(p):
    rho0, rho1 = bump(0.3, 0.1, 16), bump(0.7, 0.15, 16)
    lower, upper = [], []
    for count in (1, 5, 40):
        with pytest.warns(RuntimeWarning, match="raise max_iterations or tol"):
            plan = otlec.benamou_brenier(
                rho0, rho1, steps=6, p=p, tol=1e-12, levels=1, max_iterations=count
            )
        assert_certified(plan)
        assert not plan.converged
        lower.append(plan.lower_bound)
        upper.append(plan.upper_bound)
    assert max(lower) <= min(upper)
    assert (upper[-1] - lower[-1]) < 0.2 * (upper[0] - lower[0])


@pytest.mark.parametrize("p", [1.0, 1.05, 1.5, 2.0, 3.0, 8.0])
def test_the_prox_beats_every_neighbour_for_steps_over_twenty_decades(p):
    rng = np.random.default_rng(0)
    count = 40
    step = 1.0
    for _ in range(21):
        rho = rng.standard_normal(count) * 10.0 ** rng.uniform(-3, 3, count)
        m = rng.standard_normal((2, count)) * 10.0 ** rng.uniform(-3, 3, count)
        rho[:3], m[:, 1:4] = 0.0, 0.0
        r, n = proximal.prox(rho, m, step, p)
        assert (r >= 0).all()

        def objective(r, n, rho=rho, m=m, step=step):
            size = np.sqrt((n**2).sum(axis=0))
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                energy = np.where(r > 0, r * (size / r) ** p, np.where(size > 0, np.inf, 0.0))
            energy = size if p == 1 else energy
            return energy + ((r - rho) ** 2 + ((n - m) ** 2).sum(axis=0)) / (2 * step)

        best = objective(r, n)
        room = 1e-11 * (1 + best + (rho**2 + (m**2).sum(axis=0)) / step)
        for size in (1e-4, 1e-2, 0.5):
            for dr, dn in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)):
                other = objective(r * (1 + size * dr), n * (1 + size * dn))
                assert (best <= other + room).all()
        assert (best <= objective(np.zeros(count), np.zeros((2, count))) + room).all()
        step = 10.0 ** rng.uniform(-10, 10)


def test_the_prox_of_the_quadratic_case_solves_its_cubic():
    r, (n,) = proximal.prox(np.array([0.3]), np.array([[0.8]]), 0.25, 2)
    # |m|^2 / rho with step s: (r - rho) (r + 2 s)^2 = s |m|^2, n = r m / (r + 2 s)
    assert (r - 0.3) * (r + 0.5) ** 2 == pytest.approx(0.25 * 0.64)
    assert n == pytest.approx(r * 0.8 / (r + 0.5))


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_both_dual_steps_are_one_projection(p):
    rng = np.random.default_rng(3)
    shape = (3, 4, 5)
    faces = [rng.standard_normal([n + (i == k) for i, n in enumerate(shape)]) for k in range(3)]
    dual = [3 * rng.standard_normal(shape) for _ in range(3)]
    dual[0][0, 0] = 1e9  # the branch-free Newton steps do not get there from the density
    sigma, relax = 0.3, 1.0
    centred = staggered_grid.interpolate(faces)
    z = [v + sigma * u for v, u in zip(dual, centred, strict=True)]
    rho, momentum = proximal.prox(z[0] / sigma, np.stack(z[1:]) / sigma, 1 / (p * sigma), p)
    expected = [z[0] - sigma * rho, *(z[1:] - sigma * momentum)]
    faces = tuple(faces)
    general, sums = (tuple(map(np.copy, group)) for group in (dual, np.empty((3, 3, 5))))
    proximal._dual_step(faces, general, sigma, relax, p, sums, 0, 3)
    for got, want in zip(general, expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6, rtol=1e-12)
    energy = bounds.energy(rho, list(momentum), p) * sigma * rho.size
    assert sums[0].sum() == pytest.approx(energy, rel=1e-6)
    assert np.sqrt(sums[2].max()) == pytest.approx(
        np.sqrt(max(sum((w - v) ** 2 for v, w in zip(dual, expected, strict=True)).ravel()))
    )
    if p == 2:
        quadratic, again = (tuple(map(np.copy, group)) for group in (dual, np.empty((3, 3, 5))))
        options = sigma, relax, 0.5, 1.0, 1e-13
        proximal._dual_step_quadratic(faces, quadratic, *options, again, 0, 3)
        for got, want in zip(quadratic, general, strict=True):
            np.testing.assert_allclose(got, want, atol=1e-6, rtol=1e-12)
        np.testing.assert_allclose(sums[1], again[1], rtol=1e-9)


@pytest.mark.parametrize("shape", [(2, 1, 5), (7, 6, 1), (4, 5, 6)])
@pytest.mark.parametrize("speed", [0.05, 1.0])
def test_elimination_in_time_solves_the_same_equation_as_cosines_in_time(shape, speed):
    rng = np.random.default_rng(6)
    grid = Grid(shape, (shape[0] / speed, *shape[1:]))
    source = rng.standard_normal(shape)
    source -= source.mean()
    grid.source[...] = -source / grid.scales[0] ** 2
    u = grid.solve()
    expected = staggered_grid.poisson(source, grid.scales)
    np.testing.assert_allclose(u - u.mean(), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(grid.divergence(grid.gradient(u)), source, atol=1e-11)


def test_the_plain_numpy_version_of_the_scheme_takes_the_same_steps(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "bench"))
    import numpy_benamou_brenier as plain

    rng = np.random.default_rng(5)
    rho0, rho1 = (rho / rho.mean() for rho in 0.5 + rng.random((2, 6, 5)))
    level = levels.Level(levels.Problem(rho0, rho1, steps=7, p=2.0, relax=1.7), speed=1.0)
    level.start()
    for _, (energy, rho) in zip(
        range(12), plain.iterations(rho0, rho1, 7, step=0.2, relax=1.7), strict=False
    ):
        assert level.iterate(0.2)[0] == pytest.approx(energy, rel=1e-9)
        np.testing.assert_allclose(level.faces[0], rho, atol=1e-10)


def test_single_precision_reaches_the_same_energy_and_the_result_is_exact():
    rho0, rho1 = bump(0.3, 0.1, 16), bump(0.6, 0.12, 16)
    double = otlec.benamou_brenier(rho0, rho1, steps=8, tol=5e-3)
    single = otlec.benamou_brenier(rho0, rho1, steps=8, tol=5e-3, dtype=np.float32)
    assert_certified(single, 5e-3)
    assert single.energy == pytest.approx(double.energy, rel=1e-3)


def test_the_result_does_not_depend_on_threads_or_on_the_run(monkeypatch):
    rho0, rho1 = np.outer(bump(0.3, 0.1, 9), bump(0.5, 0.2, 8)), np.ones((9, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = dict(steps=5, max_iterations=12, tol=1e-9)
        serial = otlec.benamou_brenier(rho0, rho1, **options)
        monkeypatch.setattr(levels, "_CELLS_FOR_THREADS", 1)
        threaded = otlec.benamou_brenier(rho0, rho1, **options)
    assert (serial.rho == threaded.rho).all()
    assert serial.energy == threaded.energy


@pytest.mark.statement("5.1")
@pytest.mark.filterwarnings("ignore:benamou_brenier stopped")
@pytest.mark.parametrize("p", [1.5, 2])
def test_mass_goes_around_an_obstacle(p):
    mask = np.zeros((9, 9), bool)
    mask[2:, 4] = True  # a wall with a gap at the top
    rho0, rho1 = np.zeros((9, 9)), np.zeros((9, 9))
    rho0[5:8, 1:3], rho1[5:8, 6:8] = 1, 1
    plan = otlec.benamou_brenier(rho0, rho1, steps=6, p=p, obstacles=mask, tol=0.1)
    assert np.abs(staggered_grid.divergence((plan.rho, *plan.momentum))).max() <= 1e-9
    assert (plan.rho[:, mask] == 0).all()
    assert (plan.rho >= 0).all()
    np.testing.assert_allclose(plan.rho.mean(axis=(1, 2)), 1, atol=1e-12)
    for m in plan.centred_momentum:
        assert (m[:, mask] == 0).all()
    free = otlec.benamou_brenier(rho0, rho1, steps=6, p=p, tol=0.2, max_iterations=200)
    assert plan.lower_bound > 1.2 * free.energy
    open_field = otlec.benamou_brenier(
        rho0, rho1, steps=6, p=p, tol=0.2, max_iterations=200, obstacles=np.zeros((9, 9), bool)
    )
    assert open_field.energy == pytest.approx(free.energy, rel=0.02)


def test_an_obstacle_that_cuts_the_source_from_the_target_is_an_error():
    mask = np.zeros((6, 5), bool)
    mask[:, 2] = True
    rho0, rho1 = np.zeros((6, 5)), np.zeros((6, 5))
    rho0[1, 0], rho1[1, 4] = 1, 1
    with pytest.raises(ValueError, match="cut the source from the target"):
        otlec.benamou_brenier(rho0, rho1, obstacles=mask)
    two = rho0 + rho1
    plan = otlec.benamou_brenier(two, np.roll(two, 1, axis=0), steps=4, obstacles=mask, tol=0.2)
    np.testing.assert_allclose(plan.rho[:, :, :2].sum(axis=(1, 2)), 15, atol=1e-9)
    line = otlec.benamou_brenier(
        [1.0, 2, 0, 0, 0], [2.0, 1, 0, 0, 0], steps=4, tol=0.1,
        obstacles=[False, False, True, False, False],
    )  # fmt: skip
    assert (line.rho[:, 2:] == 0).all()


def test_the_callback_the_bar_and_the_history_tell_the_same_story(capsys):
    seen = []
    rho0, rho1 = bump(0.3, 0.1, 16), bump(0.6, 0.12, 16)
    plan = otlec.benamou_brenier(
        rho0, rho1, steps=8, tol=5e-3, progress=True,
        callback=lambda state: seen.append((state.iteration, state.energy, state.rho.copy())),
    )  # fmt: skip
    assert [k for k, _, _ in seen] == list(range(1, len(plan.history.energy) + 1))
    np.testing.assert_array_equal([e for _, e, _ in seen], plan.history.energy)
    assert seen[0][2].shape == plan.rho.shape
    assert plan.history.upper_bound[-1] == plan.upper_bound
    assert (np.diff(plan.history.upper_bound[np.isfinite(plan.history.upper_bound)]) <= 0).all()
    assert (np.diff(plan.history.lower_bound[np.isfinite(plan.history.lower_bound)]) >= 0).all()
    assert plan.history.residual.shape == plan.history.violation.shape == (len(seen),)
    assert plan.history.residual[-1] < plan.history.residual[0]
    assert "gap" in capsys.readouterr().err


def test_an_interrupt_comes_through_at_once():
    count = []

    def stop(state):
        count.append(state.iteration)
        if state.iteration == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        otlec.benamou_brenier([1.0, 2, 3], [3.0, 2, 1], callback=stop, progress=True)
    assert count == [1, 2, 3]


def test_the_result_offers_fields_at_the_centres():
    plan = otlec.benamou_brenier(bump(0.3, 0.15, 12), bump(0.5, 0.15, 12), steps=6, **quick)
    assert plan.steps == 6
    assert plan.grid == (12,)
    assert plan.centred_density.shape == (6, 12)
    assert plan.centred_momentum.shape == plan.velocity.shape == (1, 6, 12)
    np.testing.assert_allclose(plan.velocity * plan.centred_density, plan.centred_momentum)
    moving = plan.centred_density > 1
    np.testing.assert_allclose(plan.velocity[0][moving], 0.2, atol=0.05)
    assert repr(plan).startswith("DynamicPlan(12, 6 steps, p=2, energy=0.0")
    with pytest.raises(ValueError, match="read-only"):
        plan.rho[0] = 1


ONE = np.ones(4)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((-ONE, ONE), {}, ValueError, "rho0 must be non-negative"),
        ((ONE, [1, np.nan, 1, 1]), {}, ValueError, "rho1 must be finite"),
        ((ONE, 2 * ONE), {}, ValueError, "same mass"),
        ((ONE, np.ones(5)), {}, ValueError, "one grid"),
        ((np.ones((2, 2, 2)), ONE), {}, ValueError, "rho0 must have shape"),
        ((ONE[:1], ONE[:1]), {}, ValueError, "at least two cells"),
        ((0 * ONE, ONE), {}, ValueError, "positive finite mass"),
        ((ONE, ["a"] * 4), {}, TypeError, "rho1 must hold real numbers"),
        ((ONE, ONE), {"p": 0.5}, ValueError, "p must be at least 1"),
        ((ONE, ONE), {"p": np.inf}, ValueError, "p must be finite"),
        ((ONE, ONE), {"steps": 1}, ValueError, "steps must be at least 2"),
        ((ONE, ONE), {"steps": 2.5}, TypeError, "steps must be an integer"),
        ((ONE, ONE), {"max_iterations": 0}, ValueError, "max_iterations must be at least 1"),
        ((ONE, ONE), {"levels": 0}, ValueError, "levels must be at least 1"),
        ((ONE, ONE), {"tol": 0}, ValueError, "tol must lie in"),
        ((ONE, ONE), {"relax": 2}, ValueError, "relax must lie in"),
        ((ONE, ONE), {"step": -1}, ValueError, "step must lie in"),
        ((ONE, ONE), {"step": "a"}, TypeError, "step must be a real number"),
        ((ONE, ONE), {"dtype": np.float16}, ValueError, "dtype must be"),
        ((ONE, ONE), {"obstacles": ONE}, TypeError, "booleans"),
        ((ONE, ONE), {"obstacles": [True] * 3}, ValueError, "shape of the densities"),
        ((ONE, ONE), {"obstacles": [True] + [False] * 3}, ValueError, "inside the obstacles"),
    ],
)
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        otlec.benamou_brenier(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(3), np.ones((1, 3)), 0.0), "step must be positive"),
        ((np.ones(3), np.ones((1, 4)), 1.0), "momentum must have shape"),
    ],
)
def test_a_bad_prox_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        proximal.prox(*arguments)
