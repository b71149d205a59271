r"""The staggered grid of the unit cube in time and space, and its operators.

Time is cut into ``steps`` cells and the unit cube into ``n`` (or ``n x m``) cells. A density lives
on the faces between time cells, ``rho[k]`` at time k/steps; component i of the momentum lives on
the faces between the cells of axis i. On this grid the continuity equation of Section 5,

$$\partial_t \rho + \nabla \cdot m = 0,$$

is one equation a cell: what flows in through its faces is what it gains. `divergence` is its left
side, `gradient` minus its adjoint, `interpolate` carries faces to centres and `spread` is the
adjoint of that. `project` returns the nearest solution of the equation with given ends: one Poisson
equation with Neumann conditions on all faces, diagonal in the basis of cosines (after Papadakis,
Peyré and Oudet, *Optimal transport with proximal splitting*, 2014).

All arrays have time first. The operators work for any number of axes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Field = tuple[np.ndarray, ...]


def cut(array: np.ndarray, axis: int, start: int | None, stop: int | None) -> np.ndarray:
    """The view ``array[..., start:stop, ...]`` along one axis."""
    index: list[slice] = [slice(None)] * array.ndim
    index[axis] = slice(start, stop)
    return array[tuple(index)]


def cells(faces: Sequence[np.ndarray]) -> tuple[int, ...]:
    """The numbers of cells of the grid on which ``faces`` live; a ValueError if they disagree."""
    shape = tuple(u.shape[axis] - 1 if u.ndim > axis else 0 for axis, u in enumerate(faces))
    for axis, u in enumerate(faces):
        expected = (*shape[:axis], shape[axis] + 1, *shape[axis + 1 :])
        if u.shape != expected or min(shape) < 1:
            raise ValueError(
                f"the faces of axis {axis} have shape {u.shape}, but on a grid of {shape} cells "
                f"their shape is {expected}: along its own axis one more than the cells"
            )
    return shape


def divergence(faces: Sequence[np.ndarray], scales: Sequence[float] | None = None) -> np.ndarray:
    r"""The sum over the axes of ``scale * difference of the two faces`` of each cell.

    ``faces[i]`` is one longer than the cells along axis i. The scale of an axis is the number of
    its cells, unless ``scales`` gives another. With ``faces = (rho, *momentum)`` this is
    $\partial_t \rho + \nabla \cdot m$.
    """
    scales = cells(faces) if scales is None else scales
    return sum(s * np.diff(u, axis=i) for i, (u, s) in enumerate(zip(faces, scales, strict=True)))


def gradient(potential: np.ndarray, scales: Sequence[float] | None = None) -> Field:
    r"""Minus the adjoint of `divergence` on interior faces; 0 on the boundary of the cube."""
    scales = potential.shape if scales is None else scales
    out = []
    for axis, scale in enumerate(scales):
        shape = list(potential.shape)
        shape[axis] += 1
        slope = np.zeros(shape, potential.dtype)
        cut(slope, axis, 1, -1)[...] = scale * np.diff(potential, axis=axis)
        out.append(slope)
    return tuple(out)


def mean(array: np.ndarray, axis: int) -> np.ndarray:
    """The mean of neighbours along an axis, one shorter."""
    return 0.5 * (cut(array, axis, None, -1) + cut(array, axis, 1, None))


def pad(array: np.ndarray, axis: int) -> np.ndarray:
    """The array with its first and its last layer along an axis repeated."""
    return np.concatenate([cut(array, axis, None, 1), array, cut(array, axis, -1, None)], axis)


def interpolate(faces: Sequence[np.ndarray]) -> Field:
    """The mean of the two faces of each cell, for each axis."""
    return tuple(mean(u, axis) for axis, u in enumerate(faces))


def spread(centres: Sequence[np.ndarray]) -> Field:
    """The adjoint of `interpolate`: half of each cell's value to each of its two faces."""
    return tuple(spread_along(v, axis) for axis, v in enumerate(centres))


def spread_along(v: np.ndarray, axis: int) -> np.ndarray:
    """The entry of `spread` for one axis."""
    shape = list(v.shape)
    shape[axis] += 1
    u = np.zeros(shape, v.dtype)
    cut(u, axis, None, -1)[...] += 0.5 * v
    cut(u, axis, 1, None)[...] += 0.5 * v
    return u


def close(faces: Sequence[np.ndarray]) -> Field:
    """A copy of faces that is 0 on the boundary of the cube."""
    out = []
    for axis, u in enumerate(faces):
        u = u.copy()
        cut(u, axis, None, 1)[...] = 0.0
        cut(u, axis, -1, None)[...] = 0.0
        out.append(u)
    return tuple(out)


def set_ends(faces: Sequence[np.ndarray], rho0: np.ndarray, rho1: np.ndarray) -> Field:
    """A copy with density ``rho0`` at time 0, ``rho1`` at time 1, and no flux through the walls."""
    faces = close(faces)
    faces[0][0], faces[0][-1] = rho0, rho1
    return faces


def eigenvalues(
    shape: Sequence[int], scales: Sequence[float], wraps: Sequence[int] = ()
) -> np.ndarray:
    r"""The eigenvalues $\sum_i s_i^2 (2 - 2 \cos(\pi j_i / n_i))$ of minus div grad.

    Along an axis that wraps, waves of the whole circle take the place of cosines: $2 \pi j_i$.
    """
    total = np.zeros(shape)
    wraps = wraps or [0] * len(shape)
    for axis, (n, scale, wrap) in enumerate(zip(shape, scales, wraps, strict=True)):
        angle = np.pi if wrap else 0.5 * np.pi
        line = (2.0 * scale * np.sin(angle * np.arange(n) / n)) ** 2
        total += line.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return total


def to_waves(
    array: np.ndarray, axes: Sequence[int], wraps: Sequence[int], inverse: bool = False, **options
) -> np.ndarray:
    """Cosine transforms along some axes, and along those that wrap Hartley's, real as they are."""
    from scipy import fft

    walls = tuple(axis for axis, wrap in zip(axes, wraps, strict=True) if not wrap)
    if walls:
        array = (fft.idctn if inverse else fft.dctn)(array, axes=walls, **options)
    for axis in set(axes) - set(walls):
        wave = fft.fft(array, axis=axis)
        array = wave.real - wave.imag
        if inverse:
            array /= array.shape[axis]
    return array


def poisson(
    source: np.ndarray, scales: Sequence[float], first: int = 0, wraps: Sequence[int] = ()
) -> np.ndarray:
    """Solve ``divergence(gradient(u)) = source`` in the axes from ``first`` on.

    The mean of ``source`` over these axes is lost, and that of ``u`` is 0. With ``first = 1`` each
    time has its own equation in space. ``wraps`` is 1 for the axes whose ends meet.
    """
    axes = tuple(range(first, source.ndim))
    wraps = tuple(wraps or [0] * source.ndim)[first:]
    values = -eigenvalues(source.shape[first:], scales[first:], wraps)
    values.flat[0] = np.inf
    workers = 2 if source.size >= 500_000 else 1
    wave = to_waves(source, axes, wraps, workers=workers)
    wave /= values.astype(wave.dtype, copy=False)
    return to_waves(wave, axes, wraps, inverse=True, workers=workers, overwrite_x=True)


def project(
    faces: Sequence[np.ndarray],
    rho0: np.ndarray,
    rho1: np.ndarray,
    scales: Sequence[float] | None = None,
) -> Field:
    """The nearest ``faces`` with `divergence` 0, the given ends and no flux through the walls.

    The two ends must have the same mass: otherwise no solution exists, and the divergence that is
    left is constant.
    """
    scales = cells(faces) if scales is None else scales
    faces = set_ends(faces, rho0, rho1)
    slopes = gradient(poisson(divergence(faces, scales), scales), scales)
    return tuple(u - slope for u, slope in zip(faces, slopes, strict=True))


def invert_spread(faces: Sequence[np.ndarray]) -> Field:
    """The smallest values at centres whose `spread` is ``faces`` on the interior faces."""
    return tuple(invert_spread_along(u, axis) for axis, u in enumerate(faces))


def invert_spread_along(u: np.ndarray, axis: int) -> np.ndarray:
    """The entry of `invert_spread` for one axis."""
    from scipy import fft

    n = u.shape[axis] - 1
    padded = np.zeros_like(u)
    if n > 1:  # sines diagonalise "spread of interpolate" on the interior faces of a line
        values = np.cos(0.5 * np.pi * np.arange(1, n) / n) ** 2
        values = values.reshape([-1 if i == axis else 1 for i in range(u.ndim)])
        wave = fft.dst(cut(u, axis, 1, -1), type=1, axis=axis) / values
        cut(padded, axis, 1, -1)[...] = fft.idst(wave, type=1, axis=axis)
    return mean(padded, axis)
