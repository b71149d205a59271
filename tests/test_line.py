"""The iteration that live figures run is that of the package, but for rounding."""

import numpy as np
import pytest

from otlec.dynamics import line
from otlec.dynamics.corners import _carry_to_corners, _certify
from otlec.dynamics.levels import Level, Problem


def of(level):
    """A level's arrays as `line` takes them, copied."""
    steps, _, n = level.grid.shape
    source, pivots = np.zeros((2, steps, 1, n))
    tables = np.zeros((4, n // 2, n // 2))
    line.prepare(np.cos(0.5 * np.pi * np.arange(4 * n) / n), level.grid.scales, tables, pivots)
    faces, bar, dual = (tuple(u.copy() for u in v) for v in (level.faces, level.bar, level.dual))
    return faces, bar, dual, (source, tables, pivots)


@pytest.fixture(params=[1.0, 1.5, 2.0, 3.0])
def level(request):
    rng = np.random.default_rng(1)
    rho = rng.random((2, 1, 24)) + 0.1
    rho /= rho.mean(axis=2, keepdims=True)
    level = Level(Problem(*rho, 10, request.param, 1.9), 0.17)
    level.start()
    return level


def test_poisson_is_solved_as_with_fast_transforms(level):
    """Kills a wrong table, a pivot of another frequency, and a lost factor 2 / n."""
    source, tables, pivots = of(level)[3]
    level.grid.source[:] = source[:] = np.random.default_rng(2).normal(size=source.shape)
    line._solve(source, tables, pivots)
    np.testing.assert_allclose(source, level.grid.solve(), atol=1e-12)


def test_fifty_iterations_are_those_of_the_package(level):
    """Kills a swapped order of steps, another step size, and sums of another axis."""
    faces, bar, dual, solver = of(level)
    sums = tuple(np.zeros((10, 24)) for _ in range(3))
    for _ in range(50):
        energy, residual, _ = level.iterate(0.1)
        found = line.iterate(
            *(faces, bar, dual, *solver, level.grid.scales, 0.1, 1.9, level.p, sums)
        )
    assert level.pace**level.p * found[0] / (0.1 * 240) == pytest.approx(energy, rel=1e-12)
    assert np.sqrt(found[1] / 240) / 0.1 == pytest.approx(residual, rel=1e-9)
    theirs = (*level.faces, *level.bar, *level.dual)
    for ours, wanted in zip((*faces, *bar, *dual), theirs, strict=True):
        np.testing.assert_allclose(ours, wanted, atol=1e-12)


def test_the_bound_is_that_of_the_nearest_potential(level):
    """Kills a potential of the wrong sign, or of another unit."""
    for _ in range(50):
        level.iterate(0.1)
    grid, free = level.grid, np.ones((1, 24))
    potential = grid.poisson(grid.divergence(grid.spread(level.dual)))
    fields = tuple(np.zeros((4, *potential.shape)))
    _carry_to_corners(potential, level.ends, free, grid.scales, (0, 0), level.p, fields)
    wanted = _certify(fields, level.ends, free, grid.scales, level.p)
    _, _, dual, solver = of(level)
    found = line.bound(dual, level.ends, free, *solver, grid.scales, level.p, fields)
    assert found == pytest.approx(wanted, rel=1e-10)
    assert 0 < found <= level.lower_bound()[0] * 1.000001 / (level.p * level.pace**level.p)
