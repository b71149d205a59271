"""The primal-dual iteration on one grid, and the cascade of grids from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from . import bounds, staggered_grid, vacuum
from .grids import Grid, GridWithObstacles, PeriodicGrid
from .proximal import _dual_step, _dual_step_quadratic


@dataclass(frozen=True)
class Problem:
    """What is to be minimised, on which grid, and how: the same for all iterations.

    The ends have two axes (n = 1 on the line), ``real`` is the type of the iteration's numbers and
    ``pool`` the second thread. The sides of the box are ``unit`` times those of ``box``, which are
    at most 1; ``wraps`` is 1 for an axis whose ends meet.
    """

    rho0: np.ndarray
    rho1: np.ndarray
    steps: int
    p: float
    relax: float
    real: type = np.float64
    mask: np.ndarray | None = None
    box: tuple[float, float] = (1.0, 1.0)
    unit: float = 1.0
    wraps: tuple[int, int] = (0, 0)
    pool: Executor | None = None

    @property
    def has_vacuum(self) -> bool:
        """Whether in the plane, for p > 1, most free cells are empty at both ends."""
        filled = (self.rho0 > 0) | (self.rho1 > 0)
        free = filled.size if self.mask is None else int((~self.mask).sum())
        return self.p > 1 and min(filled.shape) > 1 and 2 * int(filled.sum()) <= free

    def grid(self, speed: float) -> Grid:
        """The staggered grid on which time runs from 0 to ``speed``."""
        shape = (self.steps, *self.rho0.shape)
        work = math.prod(shape) * (1 if self.p == 2 else 8)  # powers are slow
        pool = self.pool if work >= _CELLS_FOR_THREADS else None
        cells = (n / side for n, side in zip(self.rho0.shape, self.box, strict=True))
        scales = (self.steps / speed, *cells)
        if self.mask is not None:
            return GridWithObstacles(self.mask, shape, scales, self.real, pool)
        if any(self.wraps):
            return PeriodicGrid(self.wraps, shape, scales, self.real, pool)
        return Grid(shape, scales, self.real, pool)

    def coarser(self, shape: Sequence[int]) -> Problem:
        """The same problem on steps x n x m other cells."""
        rho0, rho1 = (_coarsen(rho, shape[1:]) for rho in (self.rho0, self.rho1))
        return replace(self, rho0=rho0, rho1=rho1, steps=shape[0])


# Below, the second thread gains little, and costs where the other core is busy.
_CELLS_FOR_THREADS = 300_000


class Level:
    """The iteration on one grid of steps x n x m cells (n = 1 on the line).

    Time runs from 0 to ``speed``: mass then moves at a speed near 1 whatever the distance and p,
    and one dual step size fits all problems. Inside, momenta are therefore divided by ``pace``,
    which is the speed in the units of the problem, and energies by ``pace**p``.
    """

    def __init__(self, problem: Problem, speed: float):
        self.problem, self.speed, self.p = problem, speed, problem.p
        self.pace = speed * problem.unit
        self.ends = problem.rho0, problem.rho1
        self.grid = problem.grid(speed)
        steps, _, m = self.grid.shape
        self.sums = tuple(np.empty((steps, m), problem.real) for _ in range(3))
        self.means = None

    def start(self, faces=None, dual=None):
        """Set the unknowns: by default the straight mixture of the two ends, and no potential."""
        steps, n, m = self.grid.shape
        if faces is None:
            t = np.linspace(0.0, 1.0, steps + 1)[:, None, None]
            rho = (1 - t) * self.ends[0] + t * self.ends[1]
            faces = (rho, np.zeros((steps, n + 1, m)), np.zeros((steps, n, m + 1)))
        if dual is None:
            dual = [np.zeros(self.grid.shape) for _ in range(3)]
        self.faces = faces
        self.clean()
        self.bar = tuple(u.copy() for u in self.faces)
        self.dual = tuple(np.ascontiguousarray(v, self.problem.real) for v in dual)

    def clean(self):
        """Project the faces on the continuity equation, against the drift of rounding."""
        faces = self.grid.project([u.astype(float) for u in self.faces], *self.ends)
        self.faces = tuple(np.ascontiguousarray(u, self.problem.real) for u in faces)

    def iterate(self, step: float) -> tuple[float, float, float]:
        """One over-relaxed step of Chambolle and Pock; energy, residual and violation."""
        real, relax = self.problem.real, self.problem.relax
        self.grid.descend(self.faces, self.bar, self.dual, 0.5 * 0.99 / step, relax)
        if self.p == 2:
            tol = 1e-13 if real is np.float64 else 1e-6
            dual_step = _dual_step_quadratic
            options = [real(x) for x in (step, relax, 0.5, 1.0, tol)]
        else:
            dual_step, options = _dual_step, [step, relax, self.p]
        self.grid.run(dual_step, self.bar, self.dual, *options, self.sums)
        energy, square, worst = self.sums
        cells = math.prod(self.grid.shape)
        return (
            self.pace**self.p * float(energy.sum(dtype=float)) / (step * cells),
            math.sqrt(float(square.sum(dtype=float)) / cells) / step,
            math.sqrt(float(worst.max())) / step,
        )

    def remember(self, iteration: int) -> None:
        r"""Keep means of faces and dual variables; iteration k counts like k^3, the first is 1.

        Between densities with vacuum the iterates swing for long about a point that their means
        are near. The means are in balance, and in the convex set K, as the iterates are (up to
        over-relaxation): what the bounds make feasible is smaller.
        """
        if iteration == 1:
            self.means = [tuple(u.copy() for u in now) for now in (self.faces, self.dual)]
            return
        share = self.problem.real(4.0 / (iteration + 3.0))
        for means, now in zip(self.means, (self.faces, self.dual), strict=True):
            for mean, u in zip(means, now, strict=True):
                mean += share * (u - mean)

    def lower_bound(self, careful: bool = True) -> tuple[float, np.ndarray, staggered_grid.Field]:
        """A lower bound of the minimum, its potential and its slopes on the cells."""
        dual, mean = self.dual, None if self.means is None else self.means[1]
        value, potential, (in_time, *in_space) = bounds.lower_bound(
            self.grid, dual, *self.ends, self.p, careful, mean
        )
        unit = self.p * self.pace ** (self.p - 1)
        slopes = (unit * self.pace * in_time, *(unit * b for b in in_space))
        return unit * self.pace * value, unit * self.problem.unit * potential, slopes

    def upper_bound(self, depth: float):
        """An upper bound of the minimum, and its pair (momentum still in the scaled unit)."""
        faces, dual = self.means or (self.faces, self.dual)
        value, faces = bounds.upper_bound(self.grid, faces, dual, *self.ends, self.p, depth)
        return self.pace**self.p * value, faces

    def vacuum_bound(self, known: float):
        """As `upper_bound`, for densities with vacuum, if below ``known``; else inf and None."""
        unit = self.pace**self.p
        faces, dual = self.means or (self.faces, self.dual)
        value, faces = vacuum.upper_bound(self.grid, faces, dual, self.ends, self.p, known / unit)
        return unit * value, faces

    def prolong(self, finer: Level) -> None:
        """Start a finer level from this one, by linear interpolation."""
        unit, shape, wraps = self.speed / finer.speed, finer.grid.shape, (0, *self.problem.wraps)
        rho, *momentum = (_resize(u, shape, wraps, axis) for axis, u in enumerate(self.faces))
        time, *space = (_resize(v, shape, wraps) for v in self.dual)
        p = self.p
        finer.start(
            (rho, *(unit * m for m in momentum)),
            (unit**p * time, *(unit ** (p - 1) * v for v in space)),
        )


def _resize(
    array: np.ndarray, shape: Sequence[int], wraps: Sequence[int], face_axis: int = -1
) -> np.ndarray:
    """Linear interpolation to ``shape`` cells, or to their faces along ``face_axis``."""
    for axis, size in enumerate(shape):
        old = array.shape[axis]
        if axis == face_axis:
            at = np.linspace(0.0, old - 1.0, size + 1)
        else:
            at = (np.arange(size) + 0.5) * (old / size) - 0.5
        low, most = np.floor(at).astype(int), max(old - 2, 0)
        low = low if wraps[axis] and axis != face_axis else np.clip(low, 0, most)
        weight = np.clip(at - low, 0.0, 1.0).reshape([-1 if i == axis else 1 for i in range(3)])
        low, high = low % old, (low + 1) % old if wraps[axis] else np.minimum(low + 1, old - 1)
        array = (1 - weight) * array.take(low, axis) + weight * array.take(high, axis)
    return array


def _coarsen(density: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The averages of a density over the cells of a coarser grid, any sizes."""
    for axis, size in enumerate(shape):
        old = density.shape[axis]
        total = np.concatenate(
            [
                np.zeros_like(staggered_grid.cut(density, axis, None, 1)),
                np.cumsum(density, axis=axis),
            ],
            axis,
        )
        at = np.linspace(0.0, old, size + 1)
        low = np.minimum(at.astype(int), old - 1)
        weight = (at - low).reshape([-1 if i == axis else 1 for i in range(2)])
        total = (1 - weight) * total.take(low, axis) + weight * total.take(low + 1, axis)
        density = np.diff(total, axis=axis) * (size / old)
    return density


def _typical_speed(problem: Problem) -> float:
    """How far mass goes: W_1 of the marginals, at least a twentieth of the box."""
    total = 0.0
    for axis in (0, 1):
        flux = np.cumsum((problem.rho0 - problem.rho1).mean(axis=1 - axis))
        if problem.wraps[axis]:
            flux -= np.median(flux)
        total += (problem.box[axis] * float(np.abs(flux).mean()) / flux.size) ** 2
    return max(math.sqrt(total), 0.05)


_COARSE_ITERATIONS = 80


def coarse_levels(problem: Problem, levels: int | None = None, step: float | None = None) -> Level:
    """Iterate on the coarser grids; the finest level, ready to start."""
    shapes = [(problem.steps, *problem.rho0.shape)]
    # An obstacle of single cells has no coarse picture.
    limit = 1 if problem.mask is not None else (levels or 99)
    while len(shapes) < limit:
        finer = shapes[-1]
        coarser = (max(finer[0] // 2, 4), *(max(n // 2, 1) for n in finer[1:]))
        if max(coarser[1:]) < 8 or min(n for n in coarser[1:] if n > 1) < 4:
            break
        shapes.append(coarser)
    speed = _typical_speed(problem)
    level = None
    for shape in shapes[:0:-1]:
        level = _started(problem.coarser(shape), speed, level)
        for k in range(_COARSE_ITERATIONS):
            energy = level.iterate(step or default_step(k, _COARSE_ITERATIONS))[0]
        speed = max(max(energy, 0.0) ** (1 / problem.p) / problem.unit, 0.05)
    return _started(problem, speed, level)


def _started(problem: Problem, speed: float, coarser: Level | None) -> Level:
    level = Level(problem, speed)
    if coarser is None:
        level.start()
    else:
        coarser.prolong(level)
    return level


def default_step(iteration: int, middle: int = 80) -> float:
    """Small first: the potential converges; then large: the density does."""
    return 0.08 if iteration < middle else 0.32


def vacuum_step(problem: Problem) -> float:
    """Smaller still between densities with vacuum, for the means that `Level.remember` keeps.

    With obstacles the iteration has no coarse start, and a larger one goes the long way in time.
    """
    return 0.01 if problem.mask is None else 0.03
