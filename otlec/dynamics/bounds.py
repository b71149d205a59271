r"""The two bounds that certify a solution of the discrete dynamic problem.

On the staggered grid the energy of a density and a momentum is the mean over the cells of
$|m|^p / \rho^{p-1}$ at their centres. Weak duality, as in the informal argument for Theorem 5.1:

- *Above*: the energy of any solution of the continuity equation with the given ends and
  $\rho \ge 0$. The iterate is repaired into one: noise and negative values in the vacuum are cut
  off, a thin floor is added, and the momentum is corrected so that the equation holds again.
- *Below*: a potential phi on the cells and slopes (a, b) on the cells that agree with it on the
  faces between them (`spread` of the slopes is the gradient). If $a + |b|^q / q \le 0$
  in each cell, q the conjugate exponent, then p times the mean of $\phi_1 \rho_1 - \phi_0 \rho_0$
  is at most the energy. Where the iterate's slopes are infeasible, its potential is lowered.

Both are bounds of the discrete problem. Its minimum differs from $W_p^p$ by the discretisation
error, which they do not see.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import staggered_grid
from .corners import _carry_to_corners, _certify, _lower_in_time
from .grids import Grid
from .staggered_grid import Field, mean


def energy(rho: np.ndarray, momentum: Sequence[np.ndarray], p: float) -> float:
    r"""The mean of $|m|^p / \rho^{p-1}$ at centres, where 0 / 0 is 0.

    It is +inf where momentum flows without mass, or the density is negative.
    """
    square = sum(m * m for m in momentum)
    if (rho < 0).any() or (p > 1 and ((rho == 0) & (square > 0)).any()):
        return np.inf
    if p == 1:
        return float(np.sqrt(square).mean())
    with np.errstate(over="ignore"):
        density = np.where(rho > 0, rho, 1.0)
        cells = square / density if p == 2 else density * (square / density**2) ** (0.5 * p)
        return float(cells.mean())


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not chosen
def lower_bound(
    grid: Grid,
    dual: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    p: float,
    careful: bool = True,
    mean_dual: Sequence[np.ndarray] | None = None,
) -> tuple[float, np.ndarray, Field]:
    """A lower bound of the energy divided by p, with its potential and slopes on the cells.

    ``dual`` is the dual variable of the iteration: the slopes of a potential, up to its error. The
    scale of time may differ from the number of steps: time then runs to steps / scale. A
    ``careful`` bound takes twice the time, and is better by a half. ``mean_dual`` are means of
    dual variables, with which a better bound is tried. It does not matter for the proof what they
    are: each candidate is a potential with slopes that agree with it, brought into K by sums with
    others of this kind, by a factor below 1 and by lowering.
    """
    ends, free, scales = (rho0, rho1), grid.free_cells, grid.scales
    late = _with_potential(grid, dual)
    potential = late[0]

    # Early, the slopes are noisy: carry the potential to the corners.
    early = tuple(np.empty(potential.shape) for _ in range(4))
    _carry_to_corners(potential, ends, free, scales, grid.wraps, p, early)
    candidates = [early]
    if careful:
        candidates.append(tuple(field.copy() for field in early))
        _lower_in_time(candidates[1], free, scales, grid.wraps, p)

    # Late, the dual variable itself is better: means over cells lose a term of second order.
    candidates.append(late)
    if mean_dual is not None:
        candidates.append(_with_potential(grid, mean_dual))
        _lower_in_time(candidates[-1], free, scales, grid.wraps, p)

    bounds = [(_certify(fields, ends, free, scales, p), fields) for fields in candidates]
    bound, (potential, *slopes) = max(bounds, key=lambda pair: pair[0])
    return bound, potential, tuple(slopes)


def _with_potential(grid: Grid, dual: Sequence[np.ndarray]) -> Field:
    """The potential nearest to a dual variable, and the nearest slopes that agree with it."""
    dual = [v.astype(float) for v in dual]
    halves = grid.spread(dual)
    potential = grid.smooth_out(grid.poisson(grid.divergence(halves)))
    lack = [g - h for g, h in zip(grid.gradient(potential), halves, strict=True)]
    shifted = (v + w for v, w in zip(dual, grid.invert_spread(lack), strict=True))
    return potential, *map(np.ascontiguousarray, shifted)


def _to_faces(grid: Grid, cells: np.ndarray) -> Field:
    """The means of neighbours in space, on the faces of the momentum."""
    return tuple(mean(grid.pad(cells, axis), axis) for axis in range(1, cells.ndim))


def _clean_density(grid, rho, rho0, rho1, depth, floor):
    """Cut off what is small against ``depth`` and add a floor that fades at the ends.

    What this takes or gives is settled with the mass nearby, not with all mass: otherwise a flux
    would have to cross the vacuum, where it is expensive.
    """
    steps = len(rho) - 1
    fade = np.sin(np.pi * np.arange(1, steps) / steps).reshape(-1, *[1] * (rho.ndim - 1))
    inner = rho[1:-1].astype(float)
    kept = np.maximum(inner, 0.0)
    kept = kept * (kept**2 / (kept**2 + depth**2)) + grid.clear(floor * depth * fade)
    share = np.maximum(_blur(grid, kept), 1e-300)
    kept = kept * np.maximum(1.0 + _blur(grid, (inner - kept) / share), 0.1)
    return np.concatenate([rho0[None], grid.keep_mass(kept, rho0), rho1[None]])


def _blur(grid: Grid, cells: np.ndarray, width: float = 0.1) -> np.ndarray:
    """Apply (1 - width^2 Laplace)^-1 in space at each time: positive, and keeps the mass."""
    values = staggered_grid.eigenvalues(cells.shape[1:], grid.scales[1:], grid.wraps)
    waves = staggered_grid.to_waves(cells, (1, 2), grid.wraps) / (1.0 + width**2 * values)
    return staggered_grid.to_waves(waves, (1, 2), grid.wraps, inverse=True)


def correct_momentum(grid, rho, momentum, rounds: int = 12) -> list[np.ndarray]:
    r"""Add to the momentum what the continuity equation lacks, mostly where there is mass.

    The cheapest correction is $\rho \nabla \psi$ (Otto's metric). Conjugate gradients,
    preconditioned by the cosine transform, come near it in a few rounds; an unweighted gradient
    then makes the equation exact.
    """
    axes = tuple(range(1, rho.ndim))
    # Half the precision is enough for a correction that is itself corrected.
    weights = [w.astype(np.float32) for w in _to_faces(grid, mean(rho, 0))]

    def lack(m):
        return grid.scales[0] * np.diff(rho, axis=0) + grid.space_divergence(m)

    def flux(potential):
        return [w * g for w, g in zip(weights, grid.space_gradient(potential), strict=True)]

    # Solve -div(rho grad psi) = lack, all times side by side.
    residual = lack(momentum).astype(np.float32)
    psi = np.zeros_like(residual)
    direction = np.zeros_like(residual)
    old = np.full((len(residual), *[1] * len(axes)), np.inf, np.float32)
    for _ in range(rounds):
        z = -grid.poisson(residual, first=1).astype(np.float32, copy=False)
        new = (residual * z).sum(axis=axes, keepdims=True)
        direction = z + np.divide(new, old, out=np.zeros_like(new), where=old > 0) * direction
        image = -grid.space_divergence(flux(direction))
        curvature = (direction * image).sum(axis=axes, keepdims=True)
        length = np.divide(new, curvature, out=np.zeros_like(new), where=curvature > 0)
        psi += length * direction
        residual -= length * image
        old = new
    if rounds:
        momentum = [m + g for m, g in zip(momentum, flux(psi), strict=True)]
    rest = grid.space_gradient(grid.poisson(-lack(momentum), first=1))
    return [m + g for m, g in zip(momentum, rest, strict=True)]


def upper_bound(
    grid: Grid,
    faces: Sequence[np.ndarray],
    dual: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    p: float,
    depth: float = 0.03,
    floor: float = 0.003,
) -> tuple[float, Field]:
    """An upper bound of the energy, and the feasible pair that has it.

    ``depth`` is the density that counts as vacuum. There the momentum of the iterate is noise, and
    is replaced by density times the velocity of the dual variable.
    """
    rho = _clean_density(grid, faces[0], rho0, rho1, depth, floor)
    weights = _to_faces(grid, mean(rho, 0))
    momentum = [m.astype(float) for m in faces[1:]]
    if p > 1:
        slope = np.sqrt(sum(b.astype(float) ** 2 for b in dual[1:]))
        stretch = np.divide(
            slope ** (1 / (p - 1)), slope, out=np.zeros_like(slope), where=slope > 0
        )
        for axis, (w, b) in enumerate(zip(weights, dual[1:], strict=True), start=1):
            trust = w**2 / (w**2 + depth**2)
            carried = w * mean(grid.pad(stretch * b, axis), axis)
            momentum[axis - 1] = trust * momentum[axis - 1] + (1 - trust) * carried
    momentum = grid.close_walls(momentum)
    momentum = correct_momentum(grid, rho, momentum, 0 if grid.on_a_line else 12)
    centred = staggered_grid.interpolate((rho, *momentum))
    return energy(centred[0], centred[1:], p), (rho, *momentum)
