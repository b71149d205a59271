r"""The two bounds that certify a solution of the discrete dynamic problem.

On the staggered grid the energy of a density and a momentum is the mean over the cells of
$|m|^p / \rho^{p-1}$ at their centres. Weak duality, as in the informal argument for Theorem 5.1:

- *Above*: the energy of any solution of the continuity equation with the given ends and
  $\rho \ge 0$. The iterate is repaired into one: noise and negative values in the vacuum are cut
  off, a thin floor is added, and the momentum is corrected so that the equation holds again.
- *Below*: for a potential on the corners of the cells, let a and b be the means over each cell of
  its slopes in time and in space. If $a + |b|^q / q \le 0$ in each cell (q the conjugate exponent)
  then p times the mean of $\phi_1 \rho_1 - \phi_0 \rho_0$ is at most the energy. The iterate's
  potential is carried to the corners, and where it is infeasible it is lowered.

Both are bounds of the discrete problem. Its minimum differs from $W_p^p$ by the discretisation
error, which they do not see.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import staggered
from .staggered import Field, Obstacles, cut, mean, pad


def energy(rho: np.ndarray, momentum: Sequence[np.ndarray], p: float) -> float:
    r"""The mean of $|m|^p / \rho^{p-1}$ at centres: 0 where both vanish, +inf outside its domain."""
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
    corners: np.ndarray, sign: float, scales: Sequence[float], p: float, free: np.ndarray | None
) -> np.ndarray:
    """Continue a potential by one step in time, as steeply as the constraint asks for.

    The new layer is ``corners + sign * w``, where the mean of w over each cell must reach the
    conjugate of the slope half way. Raising w by what is missing around each corner makes what is
    missing small in a few rounds; what is left, the caller takes off everywhere.
    """
    inside = slice(None) if free is None else (slice(None), free)

    def missing(w):
        slope = _slopes(corners + (0.5 * sign) * w, scales)
        out = _conjugate(slope, p) - scales[0] * _to_cells(w)
        return out if free is None else np.where(free, out, 0.0)

    w = _to_corners(_conjugate(_slopes(corners, scales), p), free) / scales[0]
    best, best_cost = w, np.inf
    for _ in range(6):
        lack = missing(w)
        cost = float((scales[0] * _to_cells(w))[inside].mean() + lack[inside].max())
        if cost < best_cost:
            best, best_cost = w, cost
        w = w + (0.7 / scales[0]) * _largest_around(lack)
    return corners + sign * best


def lower_bound(
    dual: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    scales: Sequence[float],
    p: float,
    obstacles: Obstacles | None = None,
) -> tuple[float, np.ndarray]:
    """A lower bound of the energy divided by p, and the feasible potential on the corners.

    ``dual`` is the dual variable of the iteration: the slopes of a potential, up to its error. The
    scale of time may differ from the number of steps: time then runs to steps / scale.
    """
    free = None if obstacles is None else obstacles.free
    inside = slice(None) if free is None else (slice(None), free)
    spread = staggered.close(staggered.spread([v.astype(float) for v in dual]))
    if obstacles is None:
        potential = staggered.poisson(staggered.divergence(spread, scales), scales)
    else:
        spread = obstacles.close(spread)
        potential = obstacles.poisson(staggered.divergence(spread, scales))
    # Means of feasible slopes are feasible: K is convex. Only the two outer layers are missing.
    inner = _to_corners(mean(potential, 0), free)
    start = _extend(inner[:1], 1.0, scales, p, free)
    end = _extend(inner[-1:], -1.0, scales, p, free)
    corners = np.concatenate([start, inner, end])

    in_time, in_space = slopes(corners, scales)
    ends = _to_cells(corners[[0, -1]])
    value = float((ends[1] * rho1 - ends[0] * rho0).mean()) * scales[0] / len(in_time)
    steepest = np.sqrt(max(float(sum(b * b for b in in_space)[inside].max()), 1e-300))
    factors = [1.0, 0.9999, 0.9995, 0.998, 0.99, 0.95]
    if p == 1:
        factors = [min(1.0, 1.0 / steepest)]
    conjugate = _conjugate(in_space, p)
    q = np.inf if p == 1 else p / (p - 1)
    best = (-np.inf, 1.0, np.zeros(len(in_time)))
    for factor in factors:
        # (a, b) -> factor (a, b) multiplies |b|^q by factor^q
        bent = factor * in_time + (0.0 if p == 1 else factor**q) * conjugate
        excess = bent[inside].reshape(len(bent), -1).max(axis=1)
        best = max(
            best, (factor * value - float(excess.mean()), factor, excess), key=lambda b: b[0]
        )
    bound, factor, excess = best
    lowered = np.concatenate([[0.0], np.cumsum(excess) / scales[0]])
    return bound, factor * corners - lowered.reshape(-1, *[1] * (corners.ndim - 1))


def _to_faces(cells: np.ndarray) -> Field:
    """The means of neighbours in space, on the faces of the momentum."""
    return tuple(mean(pad(cells, axis), axis) for axis in range(1, cells.ndim))


def _clean_density(rho, rho0, rho1, depth, floor, obstacles):
    """Cut off what is small against ``depth``, add a floor that fades at the ends, keep the mass."""
    rho = np.maximum(rho, 0.0)
    steps = len(rho) - 1
    fade = np.sin(np.pi * np.arange(1, steps) / steps).reshape(-1, *[1] * (rho.ndim - 1))
    inner = rho[1:-1]
    inner = inner * (inner**2 / (inner**2 + depth**2)) + floor * depth * fade
    if obstacles is None:
        inner = inner / inner.mean(axis=tuple(range(1, rho.ndim)), keepdims=True)
    else:
        columns = inner[:, obstacles.free].T
        wanted = obstacles.piece_mean(rho0[obstacles.free][:, None])
        columns = columns * (wanted / obstacles.piece_mean(columns))
        inner = np.zeros_like(inner)
        inner[:, obstacles.free] = columns.T
    return np.concatenate([rho0[None], inner, rho1[None]])


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
        return staggered.poisson(source, scales, first=1)
    return obstacles.poisson(source, first=1)


def correct_momentum(rho, momentum, scales, obstacles, rounds: int = 20) -> list[np.ndarray]:
    r"""Add to the momentum what the continuity equation lacks, mostly where there is mass.

    The cheapest correction is $\rho \nabla \psi$ (Otto's metric). Conjugate gradients,
    preconditioned by the cosine transform, come near it in a few rounds; an unweighted gradient
    then makes the equation exact.
    """
    weights = _to_faces(mean(rho, 0))
    axes = tuple(range(1, rho.ndim))

    def lack(m):
        return scales[0] * np.diff(rho, axis=0) + _space_divergence(m, scales)

    def flux(potential):
        slopes = _space_gradient(potential, scales, obstacles)
        return [w * g for w, g in zip(weights, slopes, strict=True)]

    # Solve -div(rho grad psi) = lack, all times side by side.
    residual = lack(momentum)
    psi = np.zeros_like(residual)
    direction = np.zeros_like(residual)
    old = np.full(residual.shape[:1], np.inf).reshape(-1, *[1] * len(axes))
    for _ in range(rounds):
        z = -_space_poisson(residual, scales, obstacles)
        new = (residual * z).sum(axis=axes, keepdims=True)
        direction = z + np.divide(new, old, out=np.zeros_like(new), where=old > 0) * direction
        image = -_space_divergence(flux(direction), scales)
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
    rounds = 0 if on_a_line and obstacles is None else 20
    momentum = correct_momentum(rho, momentum, scales, obstacles, rounds)
    centred = staggered.interpolate((rho, *momentum))
    return energy(centred[0], centred[1:], p), (rho, *momentum)
