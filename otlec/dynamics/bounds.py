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
from .staggered_grid import Field, Obstacles, cut, mean, pad


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


def _to_corners(cells: np.ndarray, free: np.ndarray | None) -> np.ndarray:
    """Values at the corners in space: the mean over the free cells around each."""

    def lift(values):
        for axis in range(1, values.ndim):
            values = mean(pad(values, axis), axis)
        return values

    if free is None:
        return lift(cells)
    weight = lift(free[None].astype(float))
    return lift(np.where(free, cells, 0.0)) / np.where(weight > 0, weight, 1.0)


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
    square = sum(b * b for b in slopes)
    if p == 2:
        return 0.5 * square
    if p == 1:
        return np.zeros_like(square)
    q = p / (p - 1)
    with np.errstate(over="ignore"):
        return square ** (0.5 * q) / q


def slopes(corners: np.ndarray, scales: Sequence[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The means over the cells of the slopes in time and in space of a potential on the corners."""
    in_time = scales[0] * np.diff(_to_cells(corners), axis=0)
    return in_time, _slopes(mean(corners, 0), scales)


def _extend(
    corners: np.ndarray,
    rho: np.ndarray,
    sign: float,
    scales: Sequence[float],
    p: float,
    free: np.ndarray | None,
) -> np.ndarray:
    """Continue a potential by one step in time, as steeply as the constraint asks for.

    The new layer is ``corners + sign * w``, where the mean of w over each cell must reach the
    conjugate of the slope half way. Raising w by what is missing around each corner makes what is
    missing small in a few rounds; what is left, the caller takes off everywhere. The best round is
    the one whose layer costs the least under the density ``rho`` of that end.
    """
    inside = slice(None) if free is None else (slice(None), free)

    def missing(w):
        slope = _slopes(corners + (0.5 * sign) * w, scales)
        out = _conjugate(slope, p) - scales[0] * _to_cells(w)
        return out if free is None else np.where(free, out, 0.0)

    w = _to_corners(_conjugate(_slopes(corners, scales), p), free) / scales[0]
    best, best_cost = w, np.inf
    for k in range(16):
        lack = missing(w)
        cost = float((scales[0] * _to_cells(w) * rho).mean() + lack[inside].max())
        if cost < best_cost:
            best, best_cost = w, cost
        # First to where nothing is missing and nothing wasted, then only upwards.
        lack = 0.7 * _largest_around(lack) if k < 8 else np.maximum(_largest_around(lack), 0.0)
        w = w + lack / scales[0]
    return corners + sign * best


def lower_bound(
    dual: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    scales: Sequence[float],
    p: float,
    obstacles: Obstacles | None = None,
) -> tuple[float, np.ndarray, Field]:
    """A lower bound of the energy divided by p, with its potential and slopes on the cells.

    ``dual`` is the dual variable of the iteration: the slopes of a potential, up to its error. The
    scale of time may differ from the number of steps: time then runs to steps / scale.
    """
    free = None if obstacles is None else obstacles.free
    dual = [v.astype(float) for v in dual]
    halves = staggered_grid.close(staggered_grid.spread(dual))
    if obstacles is None:
        potential = staggered_grid.poisson(staggered_grid.divergence(halves, scales), scales)
    else:
        halves = obstacles.close(halves)
        potential = obstacles.poisson(staggered_grid.divergence(halves, scales))

    # Early, the slopes are noisy. Means of feasible slopes are feasible, since K is convex, and a
    # potential on the corners has such slopes but for its two outer layers.
    inner = _to_corners(mean(potential, 0), free)
    start = _extend(inner[:1], rho0, 1.0, scales, p, free)
    end = _extend(inner[-1:], rho1, -1.0, scales, p, free)
    corners = np.concatenate([start, inner, end])
    in_time, in_space = slopes(corners, scales)
    candidates = [(mean(_to_cells(corners), 0), (in_time, *in_space))]

    # Late, the dual variable itself is better: means lose a term of second order.
    slope = staggered_grid.gradient(potential, scales)
    if obstacles is not None:
        slope = obstacles.close(slope)
    lack = [g - h for g, h in zip(slope, halves, strict=True)]
    invert = staggered_grid.invert_spread if obstacles is None else obstacles.invert_spread
    shifted = tuple(v + w for v, w in zip(dual, invert(lack), strict=True))
    candidates.append((potential, shifted))
    bounds = [_make_feasible(*pair, rho0, rho1, scales, p, free) for pair in candidates]
    return max(bounds, key=lambda bound: bound[0])


def _make_feasible(potential, dual, rho0, rho1, scales, p, free):
    """Scale and lower a potential and its slopes until they are in K; the bound they give."""
    in_time, *in_space = dual
    inside = slice(None) if free is None else (slice(None), free)
    conjugate = _conjugate(in_space, p)
    q = np.inf if p == 1 else p / (p - 1)
    factors = [1.0, 0.9999, 0.9995, 0.998, 0.99, 0.95]
    if p == 1:
        steepest = np.sqrt(float(sum(b * b for b in in_space)[inside].max()))
        factors = [1.0 / max(1.0, steepest * (1 + 1e-15))]
    half = 0.5 / scales[0]
    last, first = potential[-1] + half * in_time[-1], potential[0] - half * in_time[0]
    value = float((last * rho1 - first * rho0).mean()) * scales[0] / len(in_time)
    best = (-np.inf, 1.0, np.zeros(len(in_time)))
    for factor in factors:
        # (a, b) -> factor (a, b) multiplies |b|^q by factor^q
        bent = factor * in_time + (0.0 if p == 1 else factor**q) * conjugate
        excess = bent[inside].reshape(len(bent), -1).max(axis=1)
        bound = factor * value - float(excess.mean())
        if bound > best[0]:
            best = (bound, factor, excess)
    bound, factor, excess = best
    column = (-1, *[1] * (in_time.ndim - 1))
    lowered = np.concatenate([[0.0], np.cumsum(mean(excess, 0))]) / scales[0]
    return (
        bound,
        factor * potential - lowered.reshape(column),
        (factor * in_time - excess.reshape(column), *(factor * b for b in in_space)),
    )


def _to_faces(cells: np.ndarray) -> Field:
    """The means of neighbours in space, on the faces of the momentum."""
    return tuple(mean(pad(cells, axis), axis) for axis in range(1, cells.ndim))


def _clean_density(rho, rho0, rho1, depth, floor, obstacles):
    """Cut off what is small against ``depth`` and add a floor that fades at the ends.

    What this takes or gives is settled with the mass nearby, not with all mass: otherwise a flux
    would have to cross the vacuum, where it is expensive.
    """
    axes = tuple(range(1, rho.ndim))
    steps = len(rho) - 1
    fade = np.sin(np.pi * np.arange(1, steps) / steps).reshape(-1, *[1] * len(axes))
    inner = rho[1:-1].astype(float)
    free = True if obstacles is None else obstacles.free
    kept = np.maximum(inner, 0.0)
    kept = kept * (kept**2 / (kept**2 + depth**2)) + floor * depth * fade * free
    share = np.maximum(_blur(kept), 1e-300)
    kept = kept * np.maximum(1.0 + _blur((inner - kept) / share), 0.1)
    if obstacles is None:
        kept *= 1.0 / kept.mean(axis=axes, keepdims=True)
    else:
        columns = kept[:, obstacles.free].T
        wanted = obstacles.piece_mean(rho0[obstacles.free][:, None])
        kept[:, obstacles.free] = (columns * (wanted / obstacles.piece_mean(columns))).T
    return np.concatenate([rho0[None], kept, rho1[None]])


def _blur(cells: np.ndarray, width: float = 0.1) -> np.ndarray:
    """Apply (1 - width^2 Laplace)^-1 in space at each time: positive, and keeps the mass."""
    from scipy import fft

    axes = tuple(range(1, cells.ndim))
    values = 1.0 + width**2 * staggered_grid.eigenvalues(cells.shape[1:], cells.shape[1:])
    return fft.idctn(fft.dctn(cells, axes=axes) / values, axes=axes)


def _close(momentum, obstacles):
    if obstacles is not None:
        return [m * is_open for m, is_open in zip(momentum, obstacles.open[1:], strict=True)]
    for axis, m in enumerate(momentum, start=1):
        cut(m, axis, None, 1)[...] = 0.0
        cut(m, axis, -1, None)[...] = 0.0
    return list(momentum)


def _space_divergence(momentum, scales):
    return sum(
        s * np.diff(m, axis=axis)
        for axis, (m, s) in enumerate(zip(momentum, scales[1:], strict=True), start=1)
    )


def _space_gradient(potential, scales, obstacles):
    out = []
    for axis in range(1, potential.ndim):
        faces = np.diff(pad(potential, axis), axis=axis)
        faces *= scales[axis]
        out.append(faces)
    return _close(out, obstacles)


def _space_poisson(source, scales, obstacles):
    if obstacles is None:
        return staggered_grid.poisson(source, scales, first=1)
    return obstacles.poisson(source, first=1)


def correct_momentum(rho, momentum, scales, obstacles, rounds: int = 12) -> list[np.ndarray]:
    r"""Add to the momentum what the continuity equation lacks, mostly where there is mass.

    The cheapest correction is $\rho \nabla \psi$ (Otto's metric). Conjugate gradients,
    preconditioned by the cosine transform, come near it in a few rounds; an unweighted gradient
    then makes the equation exact.
    """
    axes = tuple(range(1, rho.ndim))
    # Half the precision is enough for a correction that is itself corrected.
    weights = [w.astype(np.float32) for w in _to_faces(mean(rho, 0))]
    single = [np.float32(s) for s in scales]

    def lack(m):
        return scales[0] * np.diff(rho, axis=0) + _space_divergence(m, scales)

    def flux(potential):
        slopes = _space_gradient(potential, single, obstacles)
        return [w * g for w, g in zip(weights, slopes, strict=True)]

    # Solve -div(rho grad psi) = lack, all times side by side.
    residual = lack(momentum).astype(np.float32)
    psi = np.zeros_like(residual)
    direction = np.zeros_like(residual)
    old = np.full((len(residual), *[1] * len(axes)), np.inf, np.float32)
    for _ in range(rounds):
        z = -_space_poisson(residual, scales, obstacles).astype(np.float32, copy=False)
        new = (residual * z).sum(axis=axes, keepdims=True)
        direction = z + np.divide(new, old, out=np.zeros_like(new), where=old > 0) * direction
        image = -_space_divergence(flux(direction), single)
        curvature = (direction * image).sum(axis=axes, keepdims=True)
        length = np.divide(new, curvature, out=np.zeros_like(new), where=curvature > 0)
        psi += length * direction
        residual -= length * image
        old = new
    if rounds:
        momentum = [m + g for m, g in zip(momentum, flux(psi), strict=True)]
    rest = _space_gradient(_space_poisson(-lack(momentum), scales, obstacles), scales, obstacles)
    return [m + g for m, g in zip(momentum, rest, strict=True)]


def upper_bound(
    faces: Sequence[np.ndarray],
    dual: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    scales: Sequence[float],
    p: float,
    obstacles: Obstacles | None = None,
    depth: float = 0.03,
    floor: float = 0.003,
) -> tuple[float, Field]:
    """An upper bound of the energy, and the feasible pair that has it.

    ``depth`` is the density that counts as vacuum. There the momentum of the iterate is noise, and
    is replaced by density times the velocity of the dual variable.
    """
    rho = _clean_density(faces[0], rho0, rho1, depth, floor, obstacles)
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
    momentum = _close(momentum, obstacles)
    on_a_line = sum(n > 1 for n in rho.shape[1:]) == 1
    rounds = 0 if on_a_line and obstacles is None else 12
    momentum = correct_momentum(rho, momentum, scales, obstacles, rounds)
    centred = staggered_grid.interpolate((rho, *momentum))
    return energy(centred[0], centred[1:], p), (rho, *momentum)
