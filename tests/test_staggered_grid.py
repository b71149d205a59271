"""The staggered grid: adjoint operators, and a projection that is one."""

import numpy as np
import pytest

from otlec.dynamics import staggered_grid

GRIDS = [(4, 7), (5, 3, 6), (2, 1, 5), (8, 9, 4)]


def _faces(rng, shape):
    return tuple(
        rng.standard_normal([n + (i == axis) for i, n in enumerate(shape)])
        for axis in range(len(shape))
    )


def _dot(u, v):
    return sum(float((x * y).sum()) for x, y in zip(u, v, strict=True))


def _ends(rng, shape):
    rho0, rho1 = rng.random(shape[1:]), rng.random(shape[1:])
    return rho0 / rho0.mean(), rho1 / rho1.mean()


@pytest.mark.parametrize("shape", GRIDS)
@pytest.mark.statement("continuity")
def test_spread_is_the_adjoint_of_interpolate(shape):
    rng = np.random.default_rng(0)
    u, v = _faces(rng, shape), tuple(rng.standard_normal((len(shape), *shape)))
    left, right = _dot(staggered_grid.interpolate(u), v), _dot(u, staggered_grid.spread(v))
    assert abs(left - right) <= 1e-13 * np.sqrt(_dot(u, u) * _dot(v, v))


@pytest.mark.parametrize("shape", GRIDS)
@pytest.mark.statement("continuity")
def test_the_gradient_is_minus_the_adjoint_of_the_divergence(shape):
    rng = np.random.default_rng(1)
    potential = rng.standard_normal(shape)
    u = tuple(
        np.where(slope == 0, 0.0, face)  # no flux through the boundary
        for face, slope in zip(_faces(rng, shape), staggered_grid.gradient(potential), strict=True)
    )
    left = float((staggered_grid.divergence(u) * potential).sum())
    right = -_dot(u, staggered_grid.gradient(potential))
    size = np.sqrt(_dot(u, u)) * np.linalg.norm(potential) * max(shape)
    assert abs(left - right) <= 1e-13 * size


@pytest.mark.parametrize("shape", GRIDS)
@pytest.mark.statement("continuity")
def test_the_projection_solves_the_continuity_equation_and_keeps_the_ends(shape):
    rng = np.random.default_rng(2)
    rho0, rho1 = _ends(rng, shape)
    faces = staggered_grid.project(_faces(rng, shape), rho0, rho1)
    assert np.abs(staggered_grid.divergence(faces)).max() <= 1e-12
    assert (faces[0][0] == rho0).all()
    assert (faces[0][-1] == rho1).all()
    for axis, m in enumerate(faces[1:], start=1):
        assert (np.take(m, [0, -1], axis) == 0).all()


@pytest.mark.parametrize("shape", GRIDS)
def test_projecting_twice_is_projecting_once(shape):
    rng = np.random.default_rng(3)
    ends = _ends(rng, shape)
    once = staggered_grid.project(_faces(rng, shape), *ends)
    twice = staggered_grid.project(once, *ends)
    for u, v in zip(once, twice, strict=True):
        np.testing.assert_allclose(u, v, rtol=0, atol=1e-13)


@pytest.mark.parametrize("shape", GRIDS)
def test_the_projection_is_orthogonal_to_the_solutions(shape):
    rng = np.random.default_rng(4)
    ends = _ends(rng, shape)
    u = staggered_grid.set_ends(_faces(rng, shape), *ends)
    p = staggered_grid.project(u, *ends)
    other = staggered_grid.project(_faces(rng, shape), *ends)
    away = [x - y for x, y in zip(u, p, strict=True)]
    along = [x - y for x, y in zip(other, p, strict=True)]
    assert abs(_dot(away, along)) <= 1e-12 * np.sqrt(_dot(away, away) * _dot(along, along))


@pytest.mark.parametrize("shape", GRIDS)
def test_poisson_inverts_the_divergence_of_the_gradient(shape):
    rng = np.random.default_rng(5)
    source = rng.standard_normal(shape)
    source -= source.mean()
    scales = tuple(rng.uniform(0.5, 20, len(shape)))
    u = staggered_grid.poisson(source, scales)
    back = staggered_grid.divergence(staggered_grid.gradient(u, scales), scales)
    np.testing.assert_allclose(back, source, rtol=0, atol=1e-12)


def test_faces_that_fit_no_grid_are_refused():
    with pytest.raises(ValueError, match="along its own axis one more than the cells"):
        staggered_grid.cells((np.zeros((5, 5)), np.zeros((4, 5))))
