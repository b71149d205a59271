r"""The dynamic formulation of Theorem 5.1, solved by a primal-dual iteration.

$$W_p^p(\mu, \nu) = \inf \left\{ \int_0^1 \!\! \int \frac{|m|^p}{\rho^{p-1}} \, dx \, dt
\;\middle|\; \partial_t \rho + \nabla \cdot m = 0,\ \rho_0 = \mu,\ \rho_1 = \nu \right\}.$$

In density and momentum the problem is convex (Benamou and Brenier, 2000). The unknowns live on the
staggered grid of `staggered_grid`; the energy is evaluated at the centres of its cells. Divided by
p, its convex conjugate is the indicator of the slopes (a, b) with $a + |b|^q / q \le 0$, a convex
set K, so that each iteration is

- a projection on the continuity equation (a Poisson equation, by cosine transforms in space and
  elimination in time), and
- a projection of each cell's dual variable on K (one scalar equation).

This is the over-relaxed method of Chambolle and Pock. It starts on a coarse grid and doubles it.
It stops on the distance of two bounds of the minimum (`bounds`, and `vacuum` where cells are
empty), which the result carries (`film`).
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .. import _validate
from .._extras import optional
from .film import DynamicPlan, DynamicState, History, resolved
from .levels import Level, Problem, coarse_levels, default_step, vacuum_step


# long: two densities, and thirteen settings that may only be given by name
def benamou_brenier(
    rho0,
    rho1,
    *,
    steps: int = 32,
    p: float = 2,
    tol: float = 1e-3,
    max_iterations: int = 2000,
    relax: float = 1.9,
    step: float | None = None,
    levels: int | None = None,
    lengths=1.0,
    periodic=False,
    obstacles=None,
    dtype=np.float64,
    progress: bool = False,
    callback: Callable[[DynamicState], object] | None = None,
) -> DynamicPlan:
    r"""Minimise the energy over all curves of densities from ``rho0`` to ``rho1`` (Theorem 5.1).

    $$\min \int_0^1 \!\! \int \frac{|m|^p}{\rho^{p-1}} \, dx \, dt \quad \text{with} \quad
    \partial_t \rho + \nabla \cdot m = 0,\ \rho_0, \rho_1 \text{ given},\ m \cdot n = 0
    \text{ on the walls} \quad = \quad W_p^p(\rho_0, \rho_1),$$

    on a staggered grid of an interval or a rectangle. The iteration stops when a feasible pair
    and a feasible potential enclose the minimum of the discrete problem (`bounds`).

    Parameters
    ----------
    rho0, rho1 : arrays of shape (n,) or (n, m)
        Cell averages of two densities, by default on the unit interval or square: cell i is
        centred at (i + 1/2)/n. Non-negative, of the same mass; they are normalised to mean 1, so
        that the whole mass is 1. With total mass M, multiply energies and bounds by M.
    steps : int
        The number of steps in time, at least 2.
    p : float
        The exponent, at least 1.
    tol : float
        Stop when ``gap <= tol * lower_bound``, or when it is at most the energy of moving all mass
        by a thousandth of a cell.
    max_iterations : int
        After so many iterations on the finest grid the best pair is returned, with a warning.
    relax : float
        Over-relaxation in (0, 2).
    step : float, optional
        The dual step size. By default, it is small first, which is good for the potential, and
        then larger, which is good for the density. Where in the plane most cells are empty at both
        ends it stays small, and the bounds are those of means of the iterates.
    levels : int, optional
        The number of grids, each twice as fine as the one before. By default down to 8 cells; 1
        starts on the finest grid.
    lengths : float or two floats
        The sides a and b of the box $[0, a]$ or $[0, a] \times [0, b]$, in any unit of length: cell
        i is centred at a (i + 1/2)/n. One number is that of all sides.
    periodic : bool or two bools
        Whether the ends of each axis meet: a circle, a cylinder or a torus. The energy is then
        $W_p^p$ for the distance that may cross the border. A momentum that changes sign from face
        to face costs nothing around an even number of cells, and little around an odd one: the
        bounds come near slowly. After 2000 iterations they may still be 0.1 to 3 % apart, and 10 %
        on a coarse even torus: finer grids and odd numbers of cells help. Not with obstacles, and
        with three cells at least.
    obstacles : boolean array of the shape of the densities, optional
        True marks cells that no mass may enter. The energy is then that of the shortest ways
        around them, and no longer $W_p^p$ of the square.
    dtype : float64 or float32
        The precision of the iteration; the bounds are computed in float64 always.
    progress : bool
        Show a bar with the energy and the relative gap (tqdm).
    callback : callable, optional
        Called as ``callback(state)`` with a `DynamicState` after each iteration on the finest grid.

    Returns
    -------
    DynamicPlan

    Raises
    ------
    ValueError
        Where the data are no densities of the same mass on one grid of 1 or 2 axes, an obstacle
        holds mass or cuts the mass of the source from the target, obstacles stand on a periodic
        grid, or an option is out of range.
    TypeError
        Where a value is of the wrong kind.

    References
    ----------
    Benamou and Brenier, *A computational fluid mechanics solution to the Monge-Kantorovich mass
    transfer problem*, 2000. Papadakis, Peyré and Oudet, *Optimal transport with proximal
    splitting*, 2014. Chambolle and Pock, *On the ergodic convergence rates of a first-order
    primal-dual algorithm*, 2016 (the over-relaxed form).
    """
    rho0, rho1 = _densities(rho0, rho1)
    p = _validate.exponent(p)
    _options(steps, tol, max_iterations, relax, step, levels, dtype)
    grid = rho0.shape
    box, wraps = _box(lengths, periodic, grid)
    mask = None
    if obstacles is not None:
        if any(wraps):
            raise ValueError("obstacles need walls around them: leave periodic or obstacles out")
        rho0, rho1, mask = _around_obstacles(rho0, rho1, obstacles)
    plane = (1, *grid) if len(grid) == 1 else grid
    mask = None if mask is None else mask.reshape(plane)
    real = np.dtype(dtype).type
    with ThreadPoolExecutor(1) as pool:
        ends = rho0.reshape(plane), rho1.reshape(plane)
        unit = max(box)
        sides = tuple(side / unit for side in box)
        wraps = tuple(int(wrap and n > 1) for wrap, n in zip(wraps, plane, strict=True))
        problem = Problem(*ends, steps, p, relax, real, mask, sides, unit, wraps, pool)
        run = _Run(coarse_levels(problem, levels, step), grid, tol, max_iterations, step)
        run.go(progress, callback)
    if not run.converged:
        warnings.warn(
            f"benamou_brenier stopped after max_iterations = {max_iterations} with a relative gap "
            f"of {run.relative_gap:.1e} > tol = {tol:g}; raise max_iterations or tol. "
            + run.advice,
            RuntimeWarning,
            stacklevel=2,
        )
    return run.result()


class _Run:
    """The iteration on the finest grid, with its bounds, history and stopping rule."""

    def __init__(self, level: Level, grid, tol: float, max_iterations: int, step: float | None):
        self.level, self.grid, self.tol, self.max_iterations = level, grid, tol, max_iterations
        self.step = step
        self.log = []
        self.lower, self.upper = (-np.inf, None, None), (np.inf, None)
        self.depth, self.next_vacuum = 0.1, 100
        self.converged = False

    @property
    def scale(self) -> float:
        """The lower bound; where next to nothing moves, `resolved` is the tolerance of it."""
        problem = self.level.problem
        least = resolved(problem.unit, self.level.grid.shape[1:], self.level.p)
        return max(self.lower[0], least / self.tol)

    @property
    def relative_gap(self) -> float:
        """The gap over the scale."""
        return (self.upper[0] - self.lower[0]) / self.scale

    @property
    def advice(self) -> str:
        """What else may make the bounds meet."""
        if any(self.level.problem.wraps):
            return (
                "(Around a circle the bounds come near slowly: a finer grid helps, and an odd "
                "number of cells rather than an even one.)"
            )
        return "(Densities with jumps may keep a gap of a few thousandths: smooth them.)"

    def go(self, progress: bool, callback: Callable | None) -> None:
        """Iterate until the bounds are near enough, and tell the bar and the callback."""
        bar = None
        if progress:
            tqdm = optional("tqdm", "grade").tqdm

            bar = tqdm(total=self.max_iterations, unit="iteration")
        next_check, problem = 30, self.level.problem
        vacuum = vacuum_step(problem) if problem.has_vacuum else None
        try:
            for iteration in range(1, self.max_iterations + 1):
                step = self.step or vacuum or default_step(iteration)
                energy, residual, violation = self.level.iterate(step)
                if vacuum:
                    self.level.remember(iteration)
                if iteration in (next_check, self.max_iterations):
                    self.check(iteration, energy)
                    # The gap falls a little faster than one over the number of iterations.
                    most = 2.5 if self.upper[0] < np.inf else 1.5
                    factor = min(max((self.relative_gap / self.tol) ** 0.7, 1.15), most)
                    next_check = iteration + max(8, int((factor - 1) * iteration))
                self.log.append((energy, residual, violation, self.lower[0], self.upper[0]))
                if bar is not None:
                    bar.update()
                    bar.set_postfix(energy=f"{energy:.5g}", gap=f"{self.relative_gap:.1e}")
                if callback is not None:
                    callback(DynamicState(iteration, *self.log[-1], *self.shaped()))
                self.converged = self.relative_gap <= self.tol
                if self.converged:
                    break
        finally:
            if bar is not None:
                bar.close()

    def check(self, iteration: int, energy: float) -> None:
        """Compute the bounds: the upper ones, which cost more, only where they may be the last."""
        last = iteration == self.max_iterations
        self.level.clean()
        careful = last or not energy - self.lower[0] <= self.tol * self.scale
        self.lower = max(self.lower, self.level.lower_bound(careful), key=lambda pair: pair[0])
        if not last and energy - self.lower[0] > self.tol * self.scale:
            return
        self.repair()
        if self.relative_gap > self.tol and (last or iteration >= self.next_vacuum):
            self.next_vacuum = 2 * iteration  # it costs some ten iterations
            trial = self.level.vacuum_bound(self.upper[0])
            self.upper = min(self.upper, trial, key=lambda pair: pair[0])

    def repair(self) -> None:
        """The upper bound by repair of the iterate, again while that helps."""
        # The noise in the vacuum falls: follow it down, as long as that helps.
        depth = self.depth
        while depth > 1e-7:
            trial = self.level.upper_bound(depth)
            better = trial[0] < self.upper[0]
            if better:
                self.upper, self.depth = trial, depth
            if self.relative_gap <= self.tol or not (better or depth == self.depth):
                return
            depth /= 3

    def shaped(self, faces=None):
        """Density and momentum in the user's shapes and units."""
        rho, m1, m2 = self.level.faces if faces is None else faces
        if len(self.grid) == 1:
            return rho[:, 0], (self.level.pace * m2[:, 0],)
        return rho, (self.level.pace * m1, self.level.pace * m2)

    def result(self) -> DynamicPlan:
        rho, momentum = self.shaped(self.upper[1])
        _, potential, slopes = self.lower
        problem = self.level.problem
        lengths = tuple(problem.unit * side for side in problem.box)[-len(self.grid) :]
        if len(self.grid) == 1:
            potential, slopes = potential[:, 0], (slopes[0][:, 0], slopes[2][:, 0])
        plan = DynamicPlan(
            rho=rho,
            momentum=momentum,
            p=self.level.p,
            energy=min(max(self.log[-1][0], self.lower[0]), self.upper[0]),
            upper_bound=self.upper[0],
            lower_bound=float(self.lower[0]),
            cell_potential=potential,
            slopes=tuple(slopes),
            history=History(*np.array(self.log).T),
            converged=bool(self.converged),
            lengths=lengths,
            periodic=tuple(map(bool, problem.wraps[-len(self.grid) :])),
        )
        object.__setattr__(plan, "is_proved", True)
        return plan


def _options(steps, tol, max_iterations, relax, step, levels, dtype) -> None:
    """Refuse options out of range, by name."""
    whole = [("steps", steps, 2), ("max_iterations", max_iterations, 1)]
    whole += [] if levels is None else [("levels", levels, 1)]
    for name, value, least in whole:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(f"{name} must be an integer, but it is {value!r}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, but it is {value}")
    ranges = [("tol", tol, math.inf), ("relax", relax, 2.0)]
    ranges += [] if step is None else [("step", step, math.inf)]
    for name, value, most in ranges:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"{name} must be a real number, but it is {value!r}")
        if not 0 < value < most:
            raise ValueError(f"{name} must lie in (0, {most:g}), but it is {value!r}")
    if np.dtype(dtype) not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, but it is {dtype!r}")


def _box(lengths, periodic, grid: tuple) -> tuple[tuple[float, float], tuple[bool, bool]]:
    """The sides of the box and whether their ends meet; the line has a first axis of no account."""
    axes = len(grid)
    sides = np.atleast_1d(_validate.real_array(lengths, "lengths"))
    if sides.shape not in ((1,), (axes,)) or not ((sides > 0) & (sides < math.inf)).all():
        raise ValueError(
            f"lengths must be positive and finite, one number or one an axis ({axes}), "
            f"but they are {lengths!r}"
        )
    meet = np.atleast_1d(np.asarray(periodic))
    if meet.dtype != bool or meet.shape not in ((1,), (axes,)):
        raise TypeError(
            f"periodic must be a truth value or one an axis ({axes}), but it is {periodic!r}"
        )
    sides, meet = np.broadcast_to(sides, axes).tolist(), np.broadcast_to(meet, axes).tolist()
    if any(wrap and n == 2 for wrap, n in zip(meet, grid, strict=True)):
        raise ValueError(
            f"periodic needs at least three cells along the axis, but the grid is {grid}: around "
            "two cells, mass would pass from one to the other both ways at no cost"
        )
    return (sides[0], sides[-1]) if axes == 2 else (sides[0], sides[0]), (
        (meet[0], meet[1]) if axes == 2 else (False, meet[0])
    )


def _densities(rho0, rho1) -> tuple[np.ndarray, np.ndarray]:
    """Two densities of mean 1 on one grid."""
    first, second = _validate.density(rho0, "rho0"), _validate.density(rho1, "rho1")
    if first.shape != second.shape:
        raise ValueError(
            f"rho0 and rho1 must live on one grid, but their shapes are {first.shape} and "
            f"{second.shape}"
        )
    mass0, mass1 = float(first.mean()), float(second.mean())
    if abs(mass0 - mass1) > 1e-6 * max(mass0, mass1):
        raise ValueError(
            f"rho0 and rho1 must have the same mass, but their means are {mass0!r} and {mass1!r}; "
            "divide each by its mean"
        )
    return first / mass0, second / mass1


def _around_obstacles(rho0, rho1, obstacles):
    """The densities and the mask, once each piece of the free cells has the same mass in both."""
    from scipy import ndimage

    mask = np.asarray(obstacles)
    if mask.dtype != bool:
        raise TypeError(f"obstacles must be an array of booleans, but its dtype is {mask.dtype}")
    if mask.shape != rho0.shape:
        raise ValueError(
            f"obstacles must have the shape of the densities, {rho0.shape}, but its shape is "
            f"{mask.shape}"
        )
    for rho, name in ((rho0, "rho0"), (rho1, "rho1")):
        if (rho[mask] > 0).any():
            raise ValueError(f"{name} has mass inside the obstacles; set it to 0 there")
    labels, count = ndimage.label(~mask)
    rho1, mask = rho1.copy(), mask.copy()
    for piece in range(1, count + 1):
        inside = labels == piece
        mass0, mass1 = float(rho0[inside].sum()), float(rho1[inside].sum())
        if abs(mass0 - mass1) > 1e-6 * rho0.sum():
            raise ValueError(
                "the obstacles cut the source from the target: a connected piece of the free cells "
                f"holds {mass0 / rho0.sum():.3g} of the mass of rho0 but {mass1 / rho1.sum():.3g} "
                "of that of rho1, and nothing can leave it"
            )
        if mass0 == 0:
            mask |= inside  # nothing moves in an empty piece
        else:
            rho1[inside] *= mass0 / mass1
    return rho0, rho1, mask
