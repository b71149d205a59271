r"""An upper bound for densities with vacuum: momentum flows only where there is mass.

Between densities with empty cells the faces of the iterate converge slowly where nothing is: their
noise, divided by a density next to 0, costs more than the whole film. The output of the proximal
step has no such noise: it is exactly 0 in the vacuum, and its speeds are bounded. Here it is made
into a solution of the continuity equation:

- Density and momentum are carried to the faces, with the iterate's own values where they agree with
  it. A small share of their means over neighbours widens the support, so that small errors find a
  way (means of a film cost no more than the film).
- What the equation lacks is corrected by $w \nabla \psi$, with the gradient in time and space and
  weights w equal to the density: $-\nabla \cdot (w \nabla \psi) = $ what is lacking. In space the
  weight of a face is the harmonic mean of its two cells, 0 if one of them is empty.
- Cells that the correction empties are taken out of the support, and the rest is corrected again.
- At the density so found, Newton steps look for the momentum of least energy: one for p = 2, a few
  for other p.

The result is exact up to rounding, whatever the iterate was; only its energy depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import staggered_grid
from .bounds import energy
from .grids import Grid
from .proximal import _dual_step
from .staggered_grid import Field, cut, mean

_ROUNDS = 24
_BALANCED = 1e-10  # what the continuity equation may lack, in densities of mean 1
_NO_BOUND = np.inf, None
_NEWTON = 8  # steps at most; the last ones gain a thousandth
_THIN = 1e-3  # densities of faces whose momentum is left as it is: they make systems hard to solve
_SLOW = 0.1  # of the typical speed: slower cells weigh no more, or less, than these


def proximal_point(faces, dual, step: float, p: float) -> Field:
    """Density and momentum at the centres: what the projection on K takes off."""
    faces = tuple(u.astype(float) for u in faces)
    moved = tuple(v.astype(float) for v in dual)
    sums = tuple(np.empty((len(dual[0]), dual[0].shape[2])) for _ in range(3))
    _dual_step(faces, moved, step, 1.0, p, sums, 0, len(dual[0]))
    centred = staggered_grid.interpolate(faces)
    # in this order, since what is not moved by the projection is 0 to the last bit
    return tuple((v + step * u - w) / step for u, v, w in zip(centred, dual, moved, strict=True))


def _harmonic(grid: Grid, cells: np.ndarray) -> list[np.ndarray]:
    """The harmonic means of neighbours in space, on the faces: 0 next to an empty cell."""
    out = []
    for axis in range(1, cells.ndim):
        wide = grid.pad(cells, axis)
        a, b = cut(wide, axis, None, -1), cut(wide, axis, 1, None)
        out.append(np.divide(2 * a * b, a + b, out=np.zeros_like(a), where=a + b > 0))
    return out


def _smooth(grid: Grid, array: np.ndarray, axis: int) -> np.ndarray:
    """Weights 1/4, 1/2, 1/4 along an axis."""
    return mean(mean(grid.pad(array, axis), axis), axis)


def _smooth_faces(grid: Grid, m: np.ndarray, axis: int) -> np.ndarray:
    """The same for faces along their own axis, whose values on the walls are 0."""
    means = mean(m, axis)
    around = mean(grid.pad(means, axis), axis)
    wall = slice(None) if grid.wraps[axis - 1] else slice(1, -1)
    out = 0.5 * m
    cut(out, axis, wall.start, wall.stop)[...] = cut(around, axis, wall.start, wall.stop)
    return out


def _widen(grid: Grid, rho: np.ndarray, momentum, share: float = 0.03, width: int = 3):
    """Mix in means over neighbours in time and space, more in the middle of time."""
    steps = len(rho) - 1
    wide, moved = _smooth(grid, rho, 0), [_smooth(grid, m, 0) for m in momentum]
    for _ in range(width):
        for axis in range(1, rho.ndim):
            wide = _smooth(grid, wide, axis)
            moved = [
                _smooth_faces(grid, m, axis) if k == axis else _smooth(grid, m, axis)
                for k, m in enumerate(moved, start=1)
            ]
    column = (-1, *[1] * (rho.ndim - 1))
    at_ends = share * np.sin(np.pi * np.arange(steps + 1) / steps).reshape(column)
    between = mean(at_ends, 0)
    mixed = grid.clear((1 - at_ends) * rho + at_ends * wide)
    inner = grid.keep_mass(mixed[1:-1], rho[0])
    momentum = [(1 - between) * m + between * w for m, w in zip(momentum, moved, strict=True)]
    return np.concatenate([rho[:1], inner, rho[-1:]]), momentum


def _on_faces(grid: Grid, centred, faces, rho0, rho1, cap: float, trust: float = 0.8):
    """The film of the centres on the faces, and the iterate's own values where they are near."""
    density, *momentum = centred
    inner = mean(grid.clear(density), 0)
    inner += np.clip(faces[0][1:-1] - inner, -trust * inner, trust * inner)
    rho = np.concatenate([rho0[None], inner, rho1[None]])
    moved = []
    carried = grid.spread((np.zeros(density.shape), *momentum))[1:]
    weights = _harmonic(grid, mean(rho, 0))
    for axis, (m, w) in enumerate(zip(carried, weights, strict=True), start=1):
        first = np.clip(m, -cap * w, cap * w)
        moved.append(first + np.clip(faces[axis] - first, -trust * w, trust * w))
    return _widen(grid, rho, grid.close_walls(moved))


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not chosen
def upper_bound(
    grid: Grid,
    faces: Sequence[np.ndarray],
    dual: Sequence[np.ndarray],
    ends: Sequence[np.ndarray],
    p: float,
    known: float = np.inf,
    step: float = 0.32,
) -> tuple[float, Field | None]:
    """An upper bound of the energy with the feasible pair that has it; inf and None if none.

    It is for p > 1 and densities with vacuum: where many cells hold mass, the repair in `bounds`
    is quicker and as good, unless ``known``, the bound so found, is poor. It gives up where it will
    not be better than that.
    """
    centred = proximal_point(faces, dual, step, p)
    filled = grid.clear(centred[0]) > 1e-3
    if p == 1 or not filled.any():
        return _NO_BOUND
    density, *momentum = centred
    poor = known > 1.02 * energy(density, momentum, p)
    if filled.mean() > 0.3 and not poor:
        return _NO_BOUND
    speed = np.sqrt(sum(m[filled] ** 2 for m in momentum)) / density[filled]
    cap = 1.3 * float(speed.max())
    rho, momentum = _on_faces(grid, centred, faces, *ends, cap)
    start, faces = rho, (rho, *momentum)
    best = _NO_BOUND
    for k in range(_ROUNDS):
        weights = _harmonic(grid, mean(faces[0], 0))
        most = cap * 1.5**k
        faces = (
            faces[0],
            *(np.clip(m, -most * w, most * w) for m, w in zip(faces[1:], weights, strict=True)),
        )
        # The first rounds find the support; they need no digits.
        faces = _corrected(grid, faces, (faces[0], *weights), 1e-4 if k < 2 else 0.0)
        if k >= 4 and faces[0].min() >= -1e-2 * _BALANCED / max(grid.scales):
            found = _evaluated(grid, faces, ends, p)
            best = found if found[0] < best[0] else best
            if np.isfinite(best[0]):
                break
        if k == 2 and _energy_where_dense(faces, p) >= known:
            break
        emptied = faces[0] < 0.1 * start
        rho = np.where(emptied, 0.0, faces[0])
        rho[0], rho[-1] = ends
        faces = (rho, *faces[1:])
    return best if best[1] is None else _with_best_momentum(grid, best, ends, p)


def _with_best_momentum(grid: Grid, found, ends, p: float) -> tuple[float, Field]:
    r"""The same density with a momentum of less energy, by Newton steps.

    The energy $|m|^p / \rho^{p-1}$ has the second derivative $(p - 1) p / w$ in the direction of
    m, with $w = \rho |v|^{2-p}$ and the speed $v = m / \rho$. A step minimises up to second order,
    under the continuity equation: m becomes $\frac{p-2}{p-1} m + w \nabla \psi$. For p < 2, where
    that goes too far, it is $w \nabla \psi$, the minimum of a quadratic that lies above.
    """
    kept = max((p - 2) / (p - 1), 0.0)
    value, (rho, *momentum) = found
    typical = value ** (1 / p)
    filled = [np.where(w > _THIN, w, 0.0) for w in _harmonic(grid, mean(rho, 0))]
    standing = np.zeros_like(rho)  # no weight: the density stays
    for _ in range(_NEWTON):
        density, *moved = staggered_grid.interpolate((rho, *momentum))
        square = sum(m * m for m in moved)
        speed = np.sqrt(square) / np.where(density > 0, density, 1.0) / typical
        weights, predicted = [standing], [rho]
        for axis, (w, m) in enumerate(zip(filled, momentum, strict=True), start=1):
            around = mean(grid.pad(speed, axis), axis)
            weights.append(w * np.maximum(around, _SLOW) ** (2 - p))
            predicted.append(np.where(w > 0, kept * m, m))
        _, *aim = _corrected(grid, predicted, weights, 0.0)
        for share in (1.0, 0.5, 0.25):
            tried = [(1 - share) * m + share * a for m, a in zip(momentum, aim, strict=True)]
            trial = _evaluated(grid, (rho, *tried), ends, p)
            if trial[0] < found[0]:
                break
        else:
            return found
        gained, found, momentum = 1 - trial[0] / found[0], trial, tried
        if gained < 1e-4:
            return found
    return found


def _energy_where_dense(faces: Field, p: float) -> float:
    """The energy of the cells that hold some mass: hardly more than the final one, mostly less."""
    density, *momentum = staggered_grid.interpolate(faces)
    dense = density > 1e-2
    moved = [np.where(dense, m, 0.0) for m in momentum]
    return energy(np.maximum(density, 0.0), moved, p)


def _evaluated(grid: Grid, faces: Field, ends, p: float) -> tuple[float, Field | None]:
    """The energy of a pair whose density is non-negative up to rounding, if it is in balance."""
    rho = np.maximum(faces[0], 0.0)
    rho[0], rho[-1] = ends
    faces = (rho, *faces[1:])
    if np.abs(grid.divergence(faces)).max() > 10 * _BALANCED:
        return _NO_BOUND
    density, *momentum = staggered_grid.interpolate(faces)
    value = energy(density, momentum, p)
    return (value, faces) if np.isfinite(value) else _NO_BOUND


def _corrected(grid: Grid, faces: Field, weights: Field, tolerance: float) -> Field:
    """Add ``w grad psi`` in time and space until the continuity equation holds."""
    weights = grid.close(weights)
    lack = grid.divergence(faces)
    goal = max(_BALANCED, tolerance * float(np.abs(lack).max()))
    psi = _weighted_poisson(grid, weights, lack, goal)
    slopes = grid.gradient(psi)
    return tuple(u + w * s for u, w, s in zip(faces, weights, slopes, strict=True))


def _weighted_poisson(grid: Grid, weights: Field, source: np.ndarray, goal: float) -> np.ndarray:
    """Solve -div(weights grad psi) = source on the cells that an open face has, to ``goal``.

    Conjugate gradients on the graph of these cells, scaled by the diagonal.
    """
    from scipy import sparse

    one, two, weight = _edges(grid, weights)
    active, compress = np.unique(np.concatenate([one, two]), return_inverse=True)
    one, two, size = *np.split(compress.astype(np.int32), 2), active.size
    root = np.sqrt(np.bincount(one, weight, size) + np.bincount(two, weight, size))
    off, diagonal = -weight / (root[one] * root[two]), np.arange(size)
    rows = np.concatenate([one, two, diagonal])
    columns = np.concatenate([two, one, diagonal])
    values = np.concatenate([off, off, np.ones(size)])
    matrix = sparse.csr_array((values, (rows, columns)), (size, size))
    psi = np.zeros(source.size)
    solution = _conjugate_gradients(matrix, source.ravel()[active] / root, goal / root)
    psi[active] = solution / root
    return psi.reshape(source.shape)


def _edges(grid: Grid, weights: Field) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of the two cells of each face of positive weight, and its weight with units."""
    index = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    parts = []
    for axis, w in enumerate(weights):
        pair, inner = grid.neighbours(index, axis), grid.inner_faces(w, axis)
        faces = inner > 0
        parts.append((pair[0][faces], pair[1][faces], grid.scales[axis] ** 2 * inner[faces]))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _conjugate_gradients(matrix, b: np.ndarray, goal: np.ndarray, most: int = 1500) -> np.ndarray:
    """Solve ``matrix x = b`` until no entry of the residual exceeds ``goal``."""

    def dot(u, v):  # without BLAS, whose threads cost more than they gain here
        return float(np.einsum("i,i->", u, v))

    x, residual = np.zeros_like(b), b.copy()
    direction, square = b.copy(), dot(b, b)
    for _ in range(most):
        if not (np.abs(residual) > goal).any():
            break
        image = matrix @ direction
        length = square / dot(direction, image)
        x += length * direction
        residual -= length * image
        old, square = square, dot(residual, residual)
        direction = residual + (square / old) * direction
    return x
