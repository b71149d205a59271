"""The dynamic problem on boxes of any sides, and where their ends meet: circle, cylinder, torus."""

import numpy as np
import pytest

import otlec
from otlec.dynamics import levels
from otlec.dynamics.grids import PeriodicGrid


def bump(centre, width, n):
    """A Gaussian around a circle of length 1, of mean 1 on n cells."""
    x = (np.arange(n) + 0.5) / n - centre
    rho = np.exp(-((x - np.round(x)) ** 2) / (2 * width**2))
    return rho / rho.mean()


def circle_cost(rho0, rho1, p, count=4000):
    """W_p^p on the circle: the least over all cuts of the monotone plans (a brute-force oracle)."""
    n, s = rho0.size, (np.arange(count) + 0.5) / count
    walls = np.arange(-n, 2 * n + 1) / n
    lifted = [np.concatenate([[0], np.cumsum(np.tile(rho / rho.sum(), 3))]) - 1 for rho in
              (rho0, rho1)]  # fmt: skip
    quantiles = [lambda t, F=F: np.interp(t, F, walls) for F in lifted]
    shifts = np.linspace(-0.9, 0.9, 361)
    return min((np.abs(quantiles[0](s) - quantiles[1](s + h)) ** p).mean() for h in shifts)


def assert_certified(film):
    """Balance, walls, feasible slopes that fit the potential, and both values, by `numpy.roll`."""
    faces = list(film.momentum)
    assert (film.rho >= 0).all()
    assert np.abs(otlec.continuity_residual(film.rho, faces, film.lengths)).max() <= 1e-9
    scales = [n / side for n, side in zip(film.grid, film.lengths, strict=True)]
    for axis, (m, b) in enumerate(zip(faces, film.slopes[1:], strict=True), start=1):
        first, last = np.take(m, 0, axis), np.take(m, -1, axis)
        rise = film.cell_potential - np.roll(film.cell_potential, 1, axis)
        fits = np.abs(0.5 * (b + np.roll(b, 1, axis)) - scales[axis - 1] * rise)
        if film.periodic[axis - 1]:
            assert (first == last).all()
        else:
            assert (first == 0).all()
            assert (last == 0).all()
            fits = np.delete(fits, 0, axis)
        assert fits.max(initial=0) <= 1e-8 * max(film.lengths) ** film.p
    a, b = film.slopes[0], np.sqrt(sum(b * b for b in film.slopes[1:]))
    if film.p == 1:
        assert max(a.max(), b.max() - 1) <= 1e-10
    else:
        q = film.p / (film.p - 1)
        excess = a + (film.p - 1) * (b / film.p) ** q
        assert excess.max() <= 1e-9 * max(film.lengths) ** film.p
    value = np.mean(film.potential[-1] * film.rho[-1] - film.potential[0] * film.rho[0])
    assert value == pytest.approx(film.lower_bound, rel=1e-9)
    assert otlec.action(film.rho, faces, film.p) == pytest.approx(film.upper_bound, rel=1e-9)
    assert film.lower_bound <= film.energy <= film.upper_bound


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_on_a_circle_the_shorter_way_crosses_the_border(p):
    ends = bump(0.125, 0.05, 32), bump(0.875, 0.05, 32)
    film = otlec.benamou_brenier(*ends, steps=16, p=p, periodic=True, tol=2e-2)
    assert_certified(film)
    assert film.converged
    assert film.distance == pytest.approx(0.25, rel=0.02)
    assert film.rho[8][12:20].max() < 0.1  # nothing passes the middle
    walls = otlec.benamou_brenier(*ends, steps=16, p=p, tol=5e-2)
    assert walls.distance > 0.7


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.parametrize(("n", "tol"), [(32, 2e-2), (33, 1e-3)])
def test_the_energy_on_a_circle_is_that_of_the_best_cut(n, tol):
    first = bump(0.1, 0.12, n) + 0.3 * bump(0.6, 0.1, n)
    second = bump(0.8, 0.1, n) + 0.3 * bump(0.35, 0.15, n) + 0.1
    film = otlec.benamou_brenier(
        first / first.mean(), second / second.mean(), steps=24, periodic=True, tol=tol
    )
    assert_certified(film)
    assert film.converged
    assert film.energy == pytest.approx(circle_cost(first, second, 2), rel=0.01 + tol)


@pytest.mark.needs_jit
def test_where_an_even_circle_converges_slowly_the_warning_says_what_helps():
    ends = bump(0.1, 0.12, 8) + 0.2, bump(0.7, 0.15, 8) + 0.2
    with pytest.warns(RuntimeWarning, match="odd number of cells"):
        film = otlec.benamou_brenier(*ends, steps=4, periodic=True, tol=1e-9, max_iterations=40)
    assert_certified(film)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
def test_turning_a_torus_changes_nothing():
    factors = [(bump(0.3, 0.12, 15), bump(0.5, 0.12, 15)), (bump(0.2, 0.1, 11), bump(0.9, 0.1, 11))]
    ends = [np.outer(factors[0][k], factors[1][k]) for k in (0, 1)]
    options = dict(steps=8, tol=2e-2, periodic=(True, True), lengths=(1.5, 1.0))
    one = otlec.benamou_brenier(*ends, **options)
    other = otlec.benamou_brenier(*(np.roll(e, (6, 3), (0, 1)) for e in ends), **options)
    # the squares of the sides, 2.25 and 1, as factors of what each circle costs
    exact = 2.25 * circle_cost(*factors[0], 2) + circle_cost(*factors[1], 2)
    for film in (one, other):
        assert_certified(film)
        assert film.converged
        assert film.energy == pytest.approx(exact, rel=0.05)
    assert one.lower_bound <= other.upper_bound
    assert other.lower_bound <= one.upper_bound


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
def test_a_cylinder_has_walls_along_one_axis_alone():
    ends = [np.outer(bump(x, 0.06, 16), bump(y, 0.08, 16)) for x, y in ((0.3, 0.1), (0.6, 0.9))]
    film = otlec.benamou_brenier(*ends, steps=8, tol=5e-2, periodic=(False, True))
    assert_certified(film)
    assert film.energy == pytest.approx(0.3**2 + 0.2**2, rel=0.08)
    turned = otlec.benamou_brenier(*(e.T for e in ends), steps=8, tol=5e-2, periodic=(True, False))
    assert turned.energy == pytest.approx(film.energy, rel=0.03)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("periodic", [False, True])
def test_sides_a_times_as_long_cost_a_to_the_p_times_as_much(p, periodic):
    ends = bump(0.4, 0.1, 16), bump(0.6, 0.12, 16)
    options = dict(steps=8, p=p, tol=2e-2, periodic=periodic)
    unit, long = (otlec.benamou_brenier(*ends, lengths=side, **options) for side in (1, 50.0))
    assert_certified(long)
    assert long.energy == pytest.approx(50.0**p * unit.energy, rel=1e-9)
    np.testing.assert_allclose(long.momentum[0], 50 * unit.momentum[0], atol=1e-9)
    np.testing.assert_allclose(long.rho, unit.rho, atol=1e-9)
    assert len(long.history.energy) == len(unit.history.energy)


@pytest.mark.statement("5.1")
@pytest.mark.needs_jit
def test_on_a_rectangle_each_axis_counts_in_its_own_length():
    ends = [np.outer(bump(x, 0.08, 24), bump(y, 0.1, 16)) for x, y in ((0.35, 0.45), (0.6, 0.55))]
    film = otlec.benamou_brenier(*ends, steps=12, lengths=(3, 2), tol=2e-2)
    assert_certified(film)
    assert film.lengths == (3.0, 2.0)
    assert film.periodic == (False, False)
    assert film.energy == pytest.approx((3 * 0.25) ** 2 + (2 * 0.1) ** 2, rel=0.03)


@pytest.mark.needs_jit
def test_points_follow_a_film_across_the_border_and_in_its_own_unit():
    ends = bump(0.125, 0.05, 32), bump(0.875, 0.05, 32)
    film = otlec.benamou_brenier(*ends, steps=16, lengths=10, periodic=True, tol=2e-2)
    paths = otlec.flow(film, np.array([1.2, 1.25, 1.3]))
    np.testing.assert_allclose(paths[-1], np.array([1.2, 1.25, 1.3]) - 2.5, atol=0.1)


def test_the_operators_of_a_torus_are_adjoint_and_its_projection_is_in_balance():
    rng = np.random.default_rng(0)
    grid = PeriodicGrid((1, 1), (4, 6, 5), (4.0, 3.0, 2.5))
    faces = grid.close([rng.normal(size=s) for s in ((5, 6, 5), (4, 7, 5), (4, 6, 6))])
    centres, potential = rng.normal(size=(3, 4, 6, 5)), rng.normal(size=(4, 6, 5))

    def once(u, v, axis):  # the two ends are one face
        return float((u * v)[tuple(slice(None, -1 if k == axis else None) for k in range(3))].sum())

    spread, gradient = grid.spread(centres), grid.gradient(potential)
    means = [0.5 * (np.delete(u, -1, k) + np.delete(u, 0, k)) for k, u in enumerate(faces)]
    assert sum(once(u, s, k) for k, (u, s) in enumerate(zip(faces, spread, strict=True))) == (
        pytest.approx(float(sum((m * c).sum() for m, c in zip(means, centres, strict=True))))
    )
    assert sum(once(u, g, k) for k, (u, g) in enumerate(zip(faces, gradient, strict=True))) == (
        pytest.approx(-float((grid.divergence(faces) * potential).sum()))
    )
    ends = rng.random((2, 6, 5))
    projected = grid.project(faces, *(end / end.mean() for end in ends))
    assert np.abs(grid.divergence(projected)).max() <= 1e-12


def test_a_finer_grid_of_a_circle_begins_with_values_across_the_border():
    wave = np.cos(2 * np.pi * (np.arange(32) + 0.5) / 32).reshape(1, 1, 32)
    finer = levels._resize(wave, (1, 1, 64), (0, 0, 1))
    wanted = np.cos(2 * np.pi * (np.arange(64) + 0.5) / 64)
    assert np.abs(finer[0, 0] - wanted).max() <= 5e-3
    straight = levels._resize(wave, (1, 1, 64), (0, 0, 0))
    assert straight[0, 0, 0] == wave[0, 0, 0]


@pytest.mark.needs_jit
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("periodic", [False, True])
def test_equal_ends_are_certified_at_the_first_look(p, periodic):
    """Kills a stopping rule that compares the energy with a share of the lower bound 0."""
    rho = np.array([1.0, 2, 3, 4, 3, 2, 1, 1])
    film = otlec.benamou_brenier(rho, rho, steps=8, p=p, periodic=periodic, lengths=5)
    assert film.energy <= (1e-3 * 5 / 8) ** p
    assert film.history.energy.size <= 30
    assert film.converged is True
    assert film.certificate == "certified to the energy of a thousandth of a cell"


def test_around_two_cells_mass_would_pass_for_nothing():
    with pytest.raises(ValueError, match=r"at least three cells .* grid is \(2, 3\)"):
        otlec.benamou_brenier(np.ones((2, 3)), np.ones((2, 3)), periodic=(True, False))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lengths": 0}, ValueError, "lengths must be positive"),
        ({"lengths": (1, 2)}, ValueError, "one number or one an axis"),
        ({"lengths": np.inf}, ValueError, "lengths must be positive and finite"),
        ({"lengths": "long"}, TypeError, "lengths must hold real numbers"),
        ({"periodic": 1}, TypeError, "periodic must be a truth value"),
        ({"periodic": (True, False)}, TypeError, "one an axis"),
        ({"periodic": True, "obstacles": [False] * 4}, ValueError, "obstacles need walls"),
    ],
)
def test_bad_sides_are_named(options, error, message):
    with pytest.raises(error, match=message):
        otlec.benamou_brenier(np.ones(4), np.ones(4), **options)


def test_bad_lengths_of_a_residual_are_named():
    with pytest.raises(ValueError, match="one positive number an axis"):
        otlec.continuity_residual(np.ones((3, 4)), np.zeros((2, 5)), lengths=(1, 2))
