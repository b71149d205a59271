r"""What the solver of the dynamic problem returns: a film, its certificate, and its history.

A density on time steps and a momentum between them that solve the continuity equation exactly, a
potential that proves that hardly anything is cheaper, and what each iteration reached. Velocities,
fields at the centres and the potential at each time are derived from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._read_only import ReadOnly
from . import staggered_grid


@dataclass(frozen=True, eq=False)
class History:
    """What happened on the finest grid: arrays with one entry an iteration.

    Attributes
    ----------
    energy : array
        The energy at the output of the proximal step, where densities are non-negative.
    residual : array
        The root mean square over the cells of the distance between that output and the
        interpolated faces; 0 at a solution.
    violation : array
        The largest such distance.
    lower_bound, upper_bound : arrays
        The best bounds known after the iteration; -inf and inf before the first.
    """

    energy: np.ndarray
    residual: np.ndarray
    violation: np.ndarray
    lower_bound: np.ndarray
    upper_bound: np.ndarray


@dataclass(frozen=True, eq=False)
class DynamicState:
    """What a callback receives after each iteration on the finest grid.

    ``rho`` has shape (steps + 1, *grid); it solves the continuity equation with ``momentum``, but
    may still be negative somewhere. Both are views of the solver's memory: copy what you keep.
    """

    iteration: int
    energy: float
    residual: float
    violation: float
    lower_bound: float
    upper_bound: float
    rho: np.ndarray
    momentum: tuple[np.ndarray, ...]


def resolved(side: float, grid: tuple[int, ...], p: float) -> float:
    """The energy of moving all mass by a thousandth of a cell: no grid tells smaller ones apart."""
    return (1e-3 * side / max(grid)) ** p


@dataclass(frozen=True, eq=False, repr=False)
class DynamicPlan(ReadOnly):
    r"""A curve of densities and its momentum, certified as nearly the best of Theorem 5.1.

    Attributes
    ----------
    rho : array of shape (steps + 1, *grid)
        ``rho[k]`` is the density at time k/steps: non-negative, of mean 1.
    momentum : tuple of arrays, one an axis of the grid
        On the faces of the cells: ``momentum[i]`` has shape (steps, *grid), but one more along its
        own axis. Momentum k belongs to the time (k + 1/2)/steps. With ``rho`` it solves the
        continuity equation exactly.
    p : float
        The exponent.
    energy : float
        The minimal energy, which approximates $W_p^p$: the iteration's own value, between the
        bounds.
    upper_bound : float
        The energy of ``rho`` and ``momentum``: the minimum is not larger.
    lower_bound : float
        The value of ``potential``: the minimum is not smaller. Both bound the minimum of the
        discrete problem, which differs from $W_p^p$ by the discretisation error.
    cell_potential : array of shape (steps, *grid)
        The dual potential phi at the centres of the cells.
    slopes : tuple of arrays of shape (steps, *grid)
        Its slopes a in time and b in space at the centres. They are feasible,
        $a + (p - 1) |b / p|^q \le 0$ with q the conjugate exponent (for p = 1: $a \le 0$ and
        $|b| \le 1$), and their means over two neighbours are the differences of
        ``cell_potential``.
    history : History
        What each iteration did.
    converged : bool
        Whether the relative gap is within the tolerance.
    lengths : tuple of floats, one an axis of the grid
        The sides of the box.
    periodic : tuple of bools, one an axis of the grid
        Whether its ends meet; then the first and the last face of that axis are one.
    """

    rho: np.ndarray
    momentum: tuple[np.ndarray, ...]
    p: float
    energy: float
    upper_bound: float
    lower_bound: float
    cell_potential: np.ndarray
    slopes: tuple[np.ndarray, ...]
    history: History
    converged: bool
    lengths: tuple[float, ...] = ()
    periodic: tuple[bool, ...] = ()
    is_proved: bool = field(default=False, init=False)

    @property
    def steps(self) -> int:
        """The number of steps in time."""
        return self.rho.shape[0] - 1

    @property
    def grid(self) -> tuple[int, ...]:
        """The number of cells along each axis."""
        return self.rho.shape[1:]

    @property
    def distance(self) -> float:
        """The distance $W_p$: the energy to the power 1/p."""
        return max(self.energy, 0.0) ** (1.0 / self.p)

    @property
    def gap(self) -> float:
        """The upper minus the lower bound."""
        return self.upper_bound - self.lower_bound

    @property
    def certificate(self) -> str:
        """What the two bounds prove of the discrete minimum, rounded up to a power of ten.

        Where next to nothing moves, it says that they differ by less than a thousandth of a cell
        costs. They are believed of a film as it was computed, not of a copy with other contents.
        """
        if not self.is_proved:
            return "not certified: the bounds were not computed for this film"
        share = self.gap / abs(self.lower_bound) if self.lower_bound else np.inf
        if self.gap == 0:
            share = 0.0
        power = int(np.ceil(np.log10(max(share, 1e-12)))) if 0 <= share < np.inf else 0
        if power < 0:
            return f"certified to 1e{power}"
        if 0 <= self.gap <= resolved(max(self.lengths, default=1.0), self.grid, self.p):
            return "certified to the energy of a thousandth of a cell"
        if not 0 <= share < np.inf:
            return "not certified: the bounds are not one above the other, or not finite"
        return "not certified: the bounds are far apart"

    @property
    def potential(self) -> np.ndarray:
        r"""The potential on the cells at each time: shape (steps + 1, *grid).

        ``lower_bound`` is the mean of ``potential[-1] * rho[-1] - potential[0] * rho[0]``, so that
        minus the first and the last layer approximate the Kantorovich potentials of |x - y|^p.
        """
        phi, half = self.cell_potential, 0.5 / self.steps
        first, last = phi[:1] - half * self.slopes[0][:1], phi[-1:] + half * self.slopes[0][-1:]
        return np.concatenate([first, staggered_grid.mean(phi, 0), last])

    @property
    def centred_density(self) -> np.ndarray:
        """The density at the centres of the cells of time: shape (steps, *grid)."""
        return staggered_grid.mean(self.rho, 0)

    @property
    def centred_momentum(self) -> np.ndarray:
        """The momentum at the centres of the cells: shape (d, steps, *grid)."""
        return np.stack(staggered_grid.interpolate((self.rho, *self.momentum))[1:])

    @property
    def velocity(self) -> np.ndarray:
        """Momentum over density at the centres of the cells: shape (d, steps, *grid).

        It is 0 where there is no mass.
        """
        rho, momentum = self.centred_density, self.centred_momentum
        return np.divide(momentum, rho, out=np.zeros_like(momentum), where=rho > 0)

    def __repr__(self) -> str:
        grid = " x ".join(map(str, self.grid))
        state = "converged" if self.converged else "not converged"
        return (
            f"DynamicPlan({grid}, {self.steps} steps, p={self.p:g}, energy={self.energy:.6g}, "
            f"gap={self.gap:.2g}, {state})"
        )
