"""The continuity equation seen by Euler and by Lagrange."""

import numpy as np
import pytest

import otlec

RNG = np.random.default_rng


def _dilation(steps, n, s=2.0):
    """Cell averages and wall fluxes of the exact dilation of a smooth density by s."""
    walls = np.linspace(0, 1, n + 1)

    def distribution(x):
        u = np.clip((x - 0.1) / 0.35, 0, 1)
        return u - np.sin(2 * np.pi * u) / (2 * np.pi)

    F = np.array([distribution(walls / (1 - t + t * s)) for t in np.linspace(0, 1, steps + 1)])
    return n * np.diff(F, axis=1), -steps * np.diff(F, axis=0)


@pytest.mark.statement("continuity")
def test_a_dilation_solves_the_continuity_equation_and_keeps_mass():
    rho, momentum = _dilation(32, 64)
    assert np.abs(otlec.continuity_residual(rho, (momentum,))).max() < 1e-11
    np.testing.assert_allclose(rho.mean(axis=1), 1, atol=1e-12)
    momentum[3, 20] += 0.5  # one wall leaks
    residual = otlec.continuity_residual(rho, momentum)
    assert sorted(np.abs(residual[np.abs(residual) > 1e-9]).round(6)) == [32.0, 32.0]


@pytest.mark.statement("5.1")
def test_the_action_of_a_dilation_is_its_integral():
    rho, momentum = _dilation(256, 512)
    x = (np.arange(512) + 0.5) / 512
    exact = (rho[0] * x**2).mean()  # |T(x) - x| = x for s = 2, at constant speed
    assert otlec.action(rho, momentum, 2) == pytest.approx(exact, rel=1e-3)
    assert otlec.action(rho, momentum, 1) == pytest.approx((rho[0] * x).mean(), rel=1e-3)


@pytest.mark.statement("5.1")
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_the_clock_t_squared_costs_2_to_the_p_over_p_plus_1_times_more(p):
    steps, n, a = 400, 32, 0.25
    clock = np.linspace(0, 1, steps + 1) ** 2
    rho = np.ones((steps + 1, n))
    momentum = np.repeat(a * np.diff(clock)[:, None] * steps, n + 1, axis=1)
    assert otlec.action(rho, (momentum,), p) == pytest.approx(
        a**p * 2**p / (p + 1), rel=1e-3 if p > 1 else 1e-12
    )


def test_momentum_without_mass_has_infinite_action():
    rho, m = np.zeros((3, 4)), np.zeros((2, 5))
    assert otlec.action(rho, m) == 0
    m[0, 2] = 1.0
    assert otlec.action(rho, m) == np.inf
    assert otlec.action(rho - 1, 0 * m) == np.inf
    assert otlec.action(rho, m, p=1) == pytest.approx(1 / 8)  # two half cells of eight


@pytest.mark.statement("5.1")
@pytest.mark.parametrize("d", [1, 2])
def test_the_energy_of_the_displacement_velocity_is_the_cost_of_the_plan(d):
    rng = RNG(0)
    x, y = (rng.random(12) if d == 1 else rng.random((12, 2)) for _ in range(2))
    plan = otlec.optimal_plan(otlec.Measure(x), otlec.Measure(y))
    for t in (0.0, 0.4, 1.0):
        mu, v = otlec.displacement_velocity(plan, t)
        assert v.shape == mu.points.shape
        speed2 = (v.reshape(mu.size, -1) ** 2).sum(axis=1)
        assert mu.weights @ speed2 == pytest.approx(plan.value, abs=1e-14)
        np.testing.assert_allclose(mu.points - t * v, plan.source.points[plan.rows], atol=1e-14)


@pytest.mark.statement("continuity")
def test_flow_has_order_four():
    x = np.linspace(0.1, 0.4, 7)
    exact = np.e * x
    errors = [np.abs(otlec.flow(lambda t, y: y, x, steps=n)[-1] - exact).max() for n in (4, 8)]
    assert 3.7 < np.log2(errors[0] / errors[1]) < 4.3
    assert otlec.flow(lambda t, y: 0 * y, x).shape == (65, 7)


def test_flow_turns_the_plane():
    x = RNG(1).random((5, 2))
    paths = otlec.flow(lambda t, y: np.pi * y[:, ::-1] * [-1, 1], x, steps=100)
    assert paths.shape == (101, 5, 2)
    np.testing.assert_allclose(paths[-1], -x, atol=1e-6)


def test_flow_through_a_film_carries_quantiles_to_quantiles():
    n = 64
    x = (np.arange(n) + 0.5) / n
    rho0, rho1 = (1 + 0.5 * s * np.cos(2 * np.pi * x) for s in (1, -1))
    film = otlec.benamou_brenier(rho0, rho1, steps=16, tol=1e-4)
    levels = np.linspace(0.1, 0.9, 9)
    walls = np.linspace(0, 1, n + 1)
    Q = [
        np.interp(levels, np.concatenate([[0], np.cumsum(rho) / n]), walls) for rho in (rho0, rho1)
    ]
    for field in (film, film.velocity):
        paths = otlec.flow(field, Q[0])
        assert paths.shape == (17, 9)
        np.testing.assert_allclose(paths[-1], Q[1], atol=2e-3)


def test_flow_reads_a_field_of_the_plane_at_its_cells():
    centres = [(np.arange(n) + 0.5) / n for n in (5, 6)]
    field = np.zeros((2, 3, 5, 6))
    field[0] = 0.1 * centres[0][:, None]  # linear: interpolation is exact between the centres
    field[1] = 0.2
    paths = otlec.flow(field, np.array([[0.4, 0.3], [0.5, 0.5]]), steps=50)
    np.testing.assert_allclose(paths[-1, :, 0], np.array([0.4, 0.5]) * np.exp(0.1), atol=1e-8)
    np.testing.assert_allclose(paths[-1, :, 1], [0.5, 0.7], atol=1e-12)


@pytest.mark.statement("continuity")
def test_the_push_forward_density_counts_mass_in_cells():
    paths = np.array([[0.1, 0.6, 0.9], [0.3, 0.4, 0.9]])
    np.testing.assert_allclose(otlec.flow_density(paths, (2,), [1, 2, 3]), [[2, 10], [6, 6]])
    plane = np.stack([paths, paths], axis=2)
    assert otlec.flow_density(plane, (4, 2)).shape == (2, 4, 2)
    np.testing.assert_allclose(otlec.flow_density(plane, (4, 2)).mean(axis=(1, 2)), 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: otlec.continuity_residual(np.ones(3), ()), ValueError, "time first"),
        (lambda: otlec.continuity_residual(np.ones((3, 4)), ()), ValueError, "one array an axis"),
        (
            lambda: otlec.continuity_residual(np.ones((3, 4)), np.ones((2, 4))),
            ValueError,
            "along its own axis one more",
        ),
        (
            lambda: otlec.continuity_residual(np.full((3, 4), np.nan), np.ones((2, 5))),
            ValueError,
            "rho must be finite",
        ),
        (lambda: otlec.action(np.ones((3, 4)), np.ones((2, 5)), 0.5), ValueError, "p must be"),
        (lambda: otlec.flow("x", [0.5]), TypeError, "velocity must be a function"),
        (lambda: otlec.flow(np.ones((2, 3, 4)), [0.5]), ValueError, "velocity must have shape"),
        (lambda: otlec.flow(np.ones((1, 3, 4)), [[0.5, 1]]), ValueError, "points lie in R\\^2"),
        (lambda: otlec.flow(lambda t, x: x[:1], [0.5, 1]), ValueError, "shape of the points"),
        (lambda: otlec.flow(lambda t, x: x, [0.5], steps=0), ValueError, "at least 1"),
        (lambda: otlec.flow(lambda t, x: x, [0.5], steps=1.5), TypeError, "steps must be an int"),
        (lambda: otlec.flow_density(np.ones(3), (2,)), ValueError, "paths must have shape"),
        (lambda: otlec.flow_density(np.ones((3, 4)), (2, 2)), ValueError, "grid must give 1"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
