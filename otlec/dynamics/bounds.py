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
from .grids import Grid
from .staggered_grid import Field, cut, mean, pad


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


def _largest_around(cells: np.ndarray) -> np.ndarray:
    """Values at the corners in space: the largest of the cells around each."""
    for axis in range(1, cells.ndim):
        cells = pad(cells, axis)
        cells = np.maximum(cut(cells, axis, None, -1), cut(cells, axis, 1, None))
    return cells


def _to_cells(corners: np.ndarray) -> np.ndarray:
    """The mean over the corners in space of each cell."""
    for axis in range(1, corners.ndim):
        corners = mean(corners, axis)
    return corners


def _slopes(corners: np.ndarray, scales: Sequence[float]) -> list[np.ndarray]:
    """The mean over each cell of the slopes in space of a potential on its corners."""
    out = []
    for axis in range(1, corners.ndim):
        slope = scales[axis] * np.diff(corners, axis=axis)
        for other in range(1, corners.ndim):
            slope = slope if other == axis else mean(slope, other)
        out.append(slope)
    return out


def _conjugate(slopes: Sequence[np.ndarray], p: float) -> np.ndarray:
    r"""$|b|^q / q$; for p = 1, where $|b| \le 1$ is asked for instead, 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        square = sum(b * b for b in slopes)
        if p == 2:
            return 0.5 * square
        if p == 1:
            return np.zeros_like(square)
        q = p / (p - 1)
        return square ** (0.5 * q) / q


def slopes(corners: np.ndarray, scales: Sequence[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The means over the cells of the slopes in time and in space of a potential on the corners."""
    in_time = scales[0] * np.diff(_to_cells(corners), axis=0)
    return in_time, _slopes(mean(corners, 0), scales)


def _extend(grid: Grid, corners: np.ndarray, rho: np.ndarray, sign: float, p: float) -> np.ndarray:
    """Continue a potential by one step in time, as steeply as the constraint asks for.

    The new layer is ``corners + sign * w``, where the mean of w over each cell must reach the
    conjugate of the slope half way. Raising w by what is missing around each corner makes what is
    missing small in a few rounds; what is left, the caller takes off everywhere. The best round is
    the one whose layer costs the least under the density ``rho`` of that end.
    """
    scales = grid.scales

    def missing(w):
        slope = _slopes(corners + (0.5 * sign) * w, scales)
        return grid.clear(_conjugate(slope, p) - scales[0] * _to_cells(w))

    w = grid.to_corners(_conjugate(_slopes(corners, scales), p)) / scales[0]
    best, best_cost = w, np.inf
    for k in range(16):
        lack = missing(w)
        cost = float((scales[0] * _to_cells(w) * rho).mean() + grid.open_cells(lack).max())
        if not np.isfinite(cost):
            break
        if cost < best_cost:
            best, best_cost = w, cost
        # First to where nothing is missing and nothing wasted, then only upwards.
        lack = 0.7 * _largest_around(lack) if k < 8 else np.maximum(_largest_around(lack), 0.0)
        w = w + lack / scales[0]
    return corners + sign * best


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not chosen
def lower_bound(
    grid: Grid,
    dual: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    p: float,
    careful: bool = True,
) -> tuple[float, np.ndarray, Field]:
    """A lower bound of the energy divided by p, with its potential and slopes on the cells.

    ``dual`` is the dual variable of the iteration: the slopes of a potential, up to its error. The
    scale of time may differ from the number of steps: time then runs to steps / scale. A
    ``careful`` bound takes twice the time, and is better by a half.
    """
    dual = [v.astype(float) for v in dual]
    halves = grid.close(staggered_grid.spread(dual))
    potential = grid.poisson(grid.divergence(halves))

    # Early, the slopes are noisy. Means of feasible slopes are feasible, since K is convex, and a
    # potential on the corners has such slopes but for its two outer layers.
    inner = grid.to_corners(mean(potential, 0))
    start = _extend(grid, inner[:1], rho0, 1.0, p)
    end = _extend(grid, inner[-1:], rho1, -1.0, p)
    corners = np.concatenate([start, inner, end])
    in_time, in_space = slopes(corners, grid.scales)
    candidates = [(mean(_to_cells(corners), 0), (in_time, *in_space))]
    if careful:
        candidates.append(_lowered_in_time(grid, *candidates[0], p))

    # Late, the dual variable itself is better: means lose a term of second order.
    lack = [g - h for g, h in zip(grid.gradient(potential), halves, strict=True)]
    shifted = tuple(v + w for v, w in zip(dual, grid.invert_spread(lack), strict=True))
    candidates.append((potential, shifted))
    bounds = [_make_feasible(grid, *pair, rho0, rho1, p) for pair in candidates]
    return max(bounds, key=lambda bound: bound[0])


def _lowered_in_time(
    grid: Grid, potential: np.ndarray, slopes_: Field, p: float
) -> tuple[np.ndarray, Field]:
    """Lower a potential only where its slopes leave K, step by step, as Hopf and Lax do.

    Taking off the largest excess everywhere, as `_make_feasible` does, costs its mean over time.
    Taken off around its cell, it moves on along the characteristics and ends where there is slack.
    A correction on the corners is carried from the middle of time to both ends: downwards to
    time 1, upwards to time 0. What is left is small.
    """
    in_time, *in_space = slopes_
    steps = len(in_time)
    change = np.zeros((steps + 1, *(n + 1 for n in in_time.shape[1:])))
    half = steps // 2
    for k in [*range(half, steps), *range(half - 1, -1, -1)]:
        known, wanted, sign = (k, k + 1, 1.0) if k >= half else (k + 1, k, -1.0)
        layer = in_time[k : k + 1], [b[k : k + 1] for b in in_space]
        change[wanted] = _next_layer(grid, change[known][None], *layer, sign, p)[0]
        if not np.isfinite(change[wanted]).all():
            return potential, slopes_
    time, space = slopes(change, grid.scales)
    moved = (in_time + time, *(b + s for b, s in zip(in_space, space, strict=True)))
    return potential + mean(_to_cells(change), 0), moved


def _next_layer(grid, known, in_time, in_space, sign, p, rounds=24):
    """The next layer of a correction: as near to 0 as the slopes between allow, and of one sign."""

    def excess(layer):
        space = _slopes(0.5 * (known + layer), grid.scales)
        time = in_time + sign * grid.scales[0] * (_to_cells(layer) - held)
        bent = _conjugate([b + s for b, s in zip(in_space, space, strict=True)], p)
        return grid.clear(time + bent)

    held = _to_cells(known)
    layer = best = known
    least = np.inf
    for k in range(rounds):
        lack = excess(layer)
        top = float(grid.open_cells(lack).max())
        if top < least:
            least, best = top, layer
        if not np.isfinite(top) or (top < 1e-9 and k >= 6):
            break
        # First to where nothing is missing and nothing wasted, then only further from 0.
        lack = _largest_around(lack) / grid.scales[0]
        lack = 0.7 * lack if k < rounds // 2 else np.maximum(lack, 0.0)
        layer = sign * np.minimum(sign * layer - lack, 0.0)
    return best


def _make_feasible(grid, potential, dual, rho0, rho1, p):
    """Scale and lower a potential and its slopes until they are in K; the bound they give."""
    in_time, *in_space = dual
    conjugate = _conjugate(in_space, p)
    q = np.inf if p == 1 else p / (p - 1)
    factors = [1.0, 0.9999, 0.9995, 0.998, 0.99, 0.95]
    if p == 1:
        steepest = np.sqrt(float(grid.open_cells(sum(b * b for b in in_space)).max()))
        factors = [1.0 / max(1.0, steepest * (1 + 1e-15))]
    half = 0.5 / grid.scales[0]
    last, first = potential[-1] + half * in_time[-1], potential[0] - half * in_time[0]
    value = float((last * rho1 - first * rho0).mean()) * grid.scales[0] / len(in_time)
    best = (-np.inf, 1.0, np.zeros(len(in_time)))
    for factor in factors:
        # (a, b) -> factor (a, b) multiplies |b|^q by factor^q
        bent = factor * in_time + (0.0 if p == 1 else factor**q) * conjugate
        excess = grid.open_cells(bent).max(axis=1)
        bound = factor * value - float(excess.mean())
        if bound > best[0]:
            best = (bound, factor, excess)
    bound, factor, excess = best
    column = (-1, *[1] * (in_time.ndim - 1))
    lowered = np.concatenate([[0.0], np.cumsum(mean(excess, 0))]) / grid.scales[0]
    return (
        bound,
        factor * potential - lowered.reshape(column),
        (factor * in_time - excess.reshape(column), *(factor * b for b in in_space)),
    )


def _to_faces(cells: np.ndarray) -> Field:
    """The means of neighbours in space, on the faces of the momentum."""
    return tuple(mean(pad(cells, axis), axis) for axis in range(1, cells.ndim))


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
    share = np.maximum(_blur(kept), 1e-300)
    kept = kept * np.maximum(1.0 + _blur((inner - kept) / share), 0.1)
    return np.concatenate([rho0[None], grid.keep_mass(kept, rho0), rho1[None]])


def _blur(cells: np.ndarray, width: float = 0.1) -> np.ndarray:
    """Apply (1 - width^2 Laplace)^-1 in space at each time: positive, and keeps the mass."""
    from scipy import fft

    axes = tuple(range(1, cells.ndim))
    values = 1.0 + width**2 * staggered_grid.eigenvalues(cells.shape[1:], cells.shape[1:])
    return fft.idctn(fft.dctn(cells, axes=axes) / values, axes=axes)


def correct_momentum(grid, rho, momentum, rounds: int = 12) -> list[np.ndarray]:
    r"""Add to the momentum what the continuity equation lacks, mostly where there is mass.

    The cheapest correction is $\rho \nabla \psi$ (Otto's metric). Conjugate gradients,
    preconditioned by the cosine transform, come near it in a few rounds; an unweighted gradient
    then makes the equation exact.
    """
    axes = tuple(range(1, rho.ndim))
    # Half the precision is enough for a correction that is itself corrected.
    weights = [w.astype(np.float32) for w in _to_faces(mean(rho, 0))]

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
    weights = _to_faces(mean(rho, 0))
    momentum = [m.astype(float) for m in faces[1:]]
    if p > 1:
        slope = np.sqrt(sum(b.astype(float) ** 2 for b in dual[1:]))
        stretch = np.divide(
            slope ** (1 / (p - 1)), slope, out=np.zeros_like(slope), where=slope > 0
        )
        for axis, (w, b) in enumerate(zip(weights, dual[1:], strict=True), start=1):
            trust = w**2 / (w**2 + depth**2)
            carried = w * mean(pad(stretch * b, axis), axis)
            momentum[axis - 1] = trust * momentum[axis - 1] + (1 - trust) * carried
    momentum = grid.close_walls(momentum)
    momentum = correct_momentum(grid, rho, momentum, 0 if grid.on_a_line else 12)
    centred = staggered_grid.interpolate((rho, *momentum))
    return energy(centred[0], centred[1:], p), (rho, *momentum)
