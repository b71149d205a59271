r"""The staggered grid of the unit cube in time and space, and its operators.

Time is cut into ``steps`` cells and the unit cube into ``N`` (or ``N x M``) cells. A density lives
on the faces between time cells, ``rho[k]`` at time k/steps; component i of the momentum lives on
the faces between the cells of axis i. On this grid the continuity equation of Section 5,

$$\partial_t \rho + \nabla \cdot m = 0,$$

is one equation a cell: what flows in through its faces is what it gains. `divergence` is its left
side, `gradient` minus its adjoint, `interpolate` carries faces to centres and `spread` is the
adjoint of that. `project` returns the nearest solution of the equation with given ends: one Poisson
equation with Neumann conditions on all faces, diagonal in the basis of cosines (after Papadakis,
Peyré and Oudet, *Optimal transport with proximal splitting*, 2014).

All arrays have time first. Every operator works for any number of axes.
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


def interpolate(faces: Sequence[np.ndarray]) -> Field:
    """The mean of the two faces of each cell, for each axis."""
    return tuple(
        0.5 * (cut(u, axis, None, -1) + cut(u, axis, 1, None)) for axis, u in enumerate(faces)
    )


def spread(centres: Sequence[np.ndarray]) -> Field:
    """The adjoint of `interpolate`: half of each cell's value to each of its two faces."""
    out = []
    for axis, v in enumerate(centres):
        shape = list(v.shape)
        shape[axis] += 1
        u = np.zeros(shape, v.dtype)
        cut(u, axis, None, -1)[...] += 0.5 * v
        cut(u, axis, 1, None)[...] += 0.5 * v
        out.append(u)
    return tuple(out)


def cells(faces: Sequence[np.ndarray]) -> tuple[int, ...]:
    """The numbers of cells of the grid on which ``faces`` live; a ValueError if they disagree."""
    shape = tuple(u.shape[axis] - 1 for axis, u in enumerate(faces))
    for axis, u in enumerate(faces):
        expected = shape[:axis] + (shape[axis] + 1,) + shape[axis + 1 :]
        if u.ndim != len(shape) or u.shape != expected or min(shape) < 1:
            raise ValueError(
                f"the faces of axis {axis} have shape {u.shape}, but on a grid of {shape} cells "
                f"their shape is {expected}: along its own axis one more than the cells"
            )
    return shape


def eigenvalues(shape: Sequence[int], scales: Sequence[float]) -> np.ndarray:
    r"""The eigenvalues $\sum_i s_i^2 (2 - 2 \cos(\pi j_i / n_i))$ of minus div grad."""
    total = np.zeros(shape)
    for axis, (n, scale) in enumerate(zip(shape, scales, strict=True)):
        line = (2.0 * scale * np.sin(0.5 * np.pi * np.arange(n) / n)) ** 2
        total += line.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return total


def poisson(source: np.ndarray, scales: Sequence[float] | None = None) -> np.ndarray:
    """Solve ``divergence(gradient(u)) = source``, with mean 0; the mean of ``source`` is lost."""
    from scipy import fft

    values = eigenvalues(source.shape, source.shape if scales is None else scales)
    values.flat[0] = np.inf
    return fft.idctn(fft.dctn(source) / -values)


def set_ends(faces: Sequence[np.ndarray], rho0: np.ndarray, rho1: np.ndarray) -> Field:
    """A copy with density ``rho0`` at time 0, ``rho1`` at time 1, and no flux through the walls."""
    rho, *momentum = (u.copy() for u in faces)
    rho[0], rho[-1] = rho0, rho1
    for axis, m in enumerate(momentum, start=1):
        cut(m, axis, None, 1)[...] = 0.0
        cut(m, axis, -1, None)[...] = 0.0
    return (rho, *momentum)


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
