r"""The three grids of the dynamic problem: a box with walls, without some, or with forbidden cells.

A grid knows what the iteration and its bounds ask of it: the operators of `staggered_grid` with its
own scales, the solution of its Poisson equations, and which cells and faces are open. All arrays
have three axes, time first; on the line the first axis of space has one cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

from . import primal, staggered_grid
from .staggered_grid import Field, cut, pad


class Grid:
    """A box of ``shape`` = (steps, n, m) cells with walls.

    The scale of an axis is the number of its cells over its length. ``real`` is the type of the
    iteration's arrays, and ``pool`` a thread that shares its work. ``wraps`` is 1 for an axis of
    space whose ends meet, ``free_cells`` 1 in the cells that mass may enter.
    """

    wraps = (0, 0)

    def __init__(
        self,
        shape: Sequence[int],
        scales: Sequence[float],
        real: type = np.float64,
        pool: Executor | None = None,
    ):
        self.shape, self.scales = tuple(shape), tuple(map(float, scales))
        self.real, self.pool = real, pool
        self.source = np.empty(self.shape, real)
        self._prepare()

    def _prepare(self) -> None:
        self.pivots = _pivots(self.shape, self.scales, self.wraps).astype(self.real)
        self.free_cells = np.ones(self.shape[1:])

    @property
    def on_a_line(self) -> bool:
        """Whether the continuity equation alone determines the momentum."""
        return sum(n > 1 for n in self.shape[1:]) == 1

    # ---- operators ------------------------------------------------------------------------------

    def pad(self, cells: np.ndarray, axis: int) -> np.ndarray:
        """The cells of an axis between those that lie beyond its ends."""
        return pad(cells, axis)

    def neighbours(self, cells: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """The cells before and behind each face of an axis that has two."""
        return cut(cells, axis, None, -1), cut(cells, axis, 1, None)

    def inner_faces(self, faces: np.ndarray, axis: int) -> np.ndarray:
        """The faces of an axis that have two cells, in the order of `neighbours`."""
        return cut(faces, axis, 1, -1)

    def close_walls(self, momentum: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Momentum that is 0 on the walls; it is written to."""
        for axis, m in enumerate(momentum, start=1):
            cut(m, axis, None, 1)[...] = 0.0
            cut(m, axis, -1, None)[...] = 0.0
        return list(momentum)

    def close(self, faces: Sequence[np.ndarray]) -> Field:
        """A copy of faces that is 0 at both ends of time and on the walls."""
        return staggered_grid.close(faces)

    def divergence(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """`staggered_grid.divergence` in the units of this grid."""
        return staggered_grid.divergence(faces, self.scales)

    def gradient(self, potential: np.ndarray) -> Field:
        """`staggered_grid.gradient` in the units of this grid."""
        return staggered_grid.gradient(potential, self.scales)

    def spread(self, centres: Sequence[np.ndarray]) -> Field:
        """`staggered_grid.spread`, and 0 at both ends of time and on the walls."""
        return self.close(staggered_grid.spread(centres))

    def space_divergence(self, momentum: Sequence[np.ndarray]) -> np.ndarray:
        """The divergence in space alone."""
        return sum(
            s * np.diff(m, axis=axis)
            for axis, (m, s) in enumerate(zip(momentum, self.scales[1:], strict=True), start=1)
        )

    def space_gradient(self, potential: np.ndarray) -> list[np.ndarray]:
        """The gradient in space alone, 0 on the walls."""
        out = []
        for axis in range(1, potential.ndim):
            faces = np.diff(self.pad(potential, axis), axis=axis)
            faces *= self.scales[axis]
            out.append(faces)
        return self.close_walls(out)

    def project(self, faces: Sequence[np.ndarray], rho0: np.ndarray, rho1: np.ndarray) -> Field:
        """The nearest faces in balance, with these ends; each connected piece keeps its mass."""
        faces = self.close(faces)
        faces[0][0], faces[0][-1] = rho0, rho1
        slopes = self.gradient(self.poisson(self.divergence(faces)))
        return tuple(u - slope for u, slope in zip(faces, slopes, strict=True))

    def poisson(self, source: np.ndarray, first: int = 0) -> np.ndarray:
        """`staggered_grid.poisson` in the units of this grid; each piece loses its mean."""
        return staggered_grid.poisson(source, self.scales, first, (0, *self.wraps))

    def smooth_out(self, potential: np.ndarray) -> np.ndarray:
        """The potential without what is no mean of slopes on the cells: with walls, all of it."""
        return potential

    def invert_spread(self, faces: Sequence[np.ndarray]) -> Field:
        """`staggered_grid.invert_spread` for the open faces."""
        return staggered_grid.invert_spread(faces)

    # ---- cells and corners ----------------------------------------------------------------------

    def clear(self, cells: np.ndarray) -> np.ndarray:
        """The values with 0 in forbidden cells."""
        return cells

    def keep_mass(self, rho: np.ndarray, rho0: np.ndarray) -> np.ndarray:
        """Multiply each layer, on each piece, to the mass of ``rho0``, whose mean is 1."""
        rho *= 1.0 / rho.mean(axis=tuple(range(1, rho.ndim)), keepdims=True)
        return rho

    # ---- the iteration --------------------------------------------------------------------------

    def run(self, function, *arguments, axis: int = 0) -> None:
        """Call a kernel on the whole of an axis, time mostly, or on its halves in two threads."""
        size = self.shape[axis]
        if self.pool is None:
            function(*arguments, 0, size)
            return
        half = size // 2
        other = self.pool.submit(function, *arguments, half, size)
        function(*arguments, 0, half)
        other.result()

    def descend(self, faces, bar, dual, half_tau: float, relax: float) -> None:
        """Move the faces against the spread dual variable, along the continuity equation."""
        self._move(faces, bar, dual, self._balance(dual, half_tau), half_tau, relax)

    def _move(self, faces, bar, dual, u, half_tau: float, relax: float) -> None:
        real = self.real
        scales = tuple(real(s) for s in self.scales)
        step = (real(half_tau), scales, real(relax))
        self.run(primal._primal_step, tuple(faces), tuple(bar), tuple(dual), u, *step)

    def _balance(self, dual, half_tau: float) -> np.ndarray:
        """The potential whose gradient keeps the descent on the continuity equation."""
        scales = tuple(self.real(half_tau * s / self.scales[0] ** 2) for s in self.scales)
        self.run(primal._divergence_of_spread, tuple(dual), scales, self.source)
        self._join_ends(dual, scales)
        return self.solve()

    def _join_ends(self, dual, scales) -> None:
        """Add to the source what passes where ends meet: nowhere, with walls."""

    def solve(self) -> np.ndarray:
        """Solve -div grad u = source times the squared scale of time; u up to a constant.

        Cosines in space, elimination in time: two thirds of the time of cosines in both.
        """
        options = dict(overwrite_x=True, workers=1 if self.pool is None else 2)
        wave = staggered_grid.to_waves(self.source, (1, 2), self.wraps, **options)
        self.run(primal._solve_in_time, wave, self.pivots, axis=1)
        return staggered_grid.to_waves(wave, (1, 2), self.wraps, inverse=True, **options)


def _pivots(
    shape: Sequence[int], scales: Sequence[float], wraps: Sequence[int] = (0, 0)
) -> np.ndarray:
    r"""The inverse pivots of Gauss's elimination in time, for each cosine in space.

    In units of the squared scale of time, minus div grad is, for a cosine of eigenvalue lam in
    space, the matrix with rows (-1, 2 + lam, -1), and 1 + lam in its two corners. Its pivots are
    1 + e, but e in the last row, where e = lam in the first row and lam + e / (1 + e) after a row
    with e: nothing is ever subtracted, so that a small lam loses no digits. For lam = 0 the matrix
    is singular; a last factor 0 picks the solution that is 0 at the end.
    """
    lam = staggered_grid.eigenvalues(shape[1:], scales[1:], wraps) / scales[0] ** 2
    out = np.empty(shape)
    e = lam
    for k in range(shape[0] - 1):
        out[k] = 1.0 / (1.0 + e)
        e = lam + e * out[k]
    out[-1] = np.divide(1.0, e, out=np.zeros_like(e), where=e > 0)
    return out


class PeriodicGrid(Grid):
    """A box in which the two ends of the axes with ``wraps`` 1 are one face."""

    def __init__(self, wraps: Sequence[int], *arguments, **options):
        self.wraps = tuple(wraps)
        super().__init__(*arguments, **options)

    @property
    def on_a_line(self) -> bool:
        """Not on a circle, around which any constant momentum may flow."""
        moving = [wrap for n, wrap in zip(self.shape[1:], self.wraps, strict=True) if n > 1]
        return moving == [0]

    def _wrapped(self) -> list[int]:
        return [axis for axis, wrap in enumerate(self.wraps, start=1) if wrap]

    def pad(self, cells: np.ndarray, axis: int) -> np.ndarray:
        """The cells of an axis between those that follow at its ends."""
        if axis not in self._wrapped():
            return super().pad(cells, axis)
        return np.concatenate([cut(cells, axis, -1, None), cells, cut(cells, axis, None, 1)], axis)

    def neighbours(self, cells: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """The cells before and behind each face but the last, which is the first one."""
        if axis not in self._wrapped():
            return super().neighbours(cells, axis)
        return np.roll(cells, 1, axis), cells

    def inner_faces(self, faces: np.ndarray, axis: int) -> np.ndarray:
        """All faces but the last, which is the first one."""
        if axis not in self._wrapped():
            return super().inner_faces(faces, axis)
        return cut(faces, axis, None, -1)

    def close_walls(self, momentum: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Momentum that is 0 on the walls, and the same at ends that meet; it is written to."""
        for axis, (m, wrap) in enumerate(zip(momentum, self.wraps, strict=True), start=1):
            first, last = cut(m, axis, None, 1), cut(m, axis, -1, None)
            first[...] = 0.5 * (first + last) if wrap else 0.0
            last[...] = first
        return list(momentum)

    def close(self, faces: Sequence[np.ndarray]) -> Field:
        """A copy of faces, 0 at both ends of time and on the walls, the same where ends meet."""
        rho, *momentum = (u.copy() for u in faces)
        rho[0], rho[-1] = 0.0, 0.0
        return rho, *self.close_walls(momentum)

    def gradient(self, potential: np.ndarray) -> Field:
        """The gradient, also on the faces where ends meet."""
        rho, *_ = super().gradient(potential)
        return rho, *self.space_gradient(potential)

    def spread(self, centres: Sequence[np.ndarray]) -> Field:
        """Half of each cell's value to both of its faces; where ends meet they add up."""
        rho, *momentum = staggered_grid.spread(centres)
        for axis in self._wrapped():
            m = momentum[axis - 1]
            cut(m, axis, None, 1)[...] += cut(m, axis, -1, None)
            cut(m, axis, -1, None)[...] = cut(m, axis, None, 1)
        return self.close((rho, *momentum))

    def smooth_out(self, potential: np.ndarray) -> np.ndarray:
        """Without the part that alternates around an even circle: no slopes have such means."""
        for axis in self._wrapped():
            n = potential.shape[axis]
            if n % 2 == 0:
                signs = (-1.0) ** np.arange(n).reshape([-1 if k == axis else 1 for k in range(3)])
                potential = potential - signs * (signs * potential).mean(axis=axis, keepdims=True)
        return potential

    def invert_spread(self, faces: Sequence[np.ndarray]) -> Field:
        """As `staggered_grid.invert_spread`; around a circle by its waves."""
        from scipy import fft

        out = list(staggered_grid.invert_spread(faces))
        for axis in self._wrapped():
            n = self.shape[axis]
            wave = fft.fft(cut(faces[axis], axis, None, -1), axis=axis)
            factor = 0.5 + 0.5 * np.exp(-2j * np.pi * np.arange(n) / n)
            factor[np.abs(factor) < 1e-9] = np.inf
            wave /= factor.reshape([-1 if k == axis else 1 for k in range(3)])
            out[axis] = fft.ifft(wave, axis=axis).real
        return tuple(out)

    def _join_ends(self, dual, scales) -> None:
        for axis in self._wrapped():
            passing = cut(dual[axis], axis, -1, None) + cut(dual[axis], axis, None, 1)
            cut(self.source, axis, None, 1)[...] -= scales[axis] * passing
            cut(self.source, axis, -1, None)[...] += scales[axis] * passing

    def _move(self, faces, bar, dual, u, half_tau: float, relax: float) -> None:
        super()._move(faces, bar, dual, u, half_tau, relax)
        real = self.real
        for axis in self._wrapped():
            first, last = (cut(faces[axis], axis, *at) for at in ((None, 1), (-1, None)))
            v, rise = dual[axis], cut(u, axis, -1, None) - cut(u, axis, None, 1)
            step = real(self.scales[axis]) * rise
            step -= real(half_tau) * (cut(v, axis, -1, None) + cut(v, axis, None, 1))
            for at in ((None, 1), (-1, None)):
                cut(bar[axis], axis, *at)[...] = first + 2 * step
            first += real(relax) * step
            last[...] = first


class GridWithObstacles(Grid):
    """The same box with forbidden cells: no flux passes the faces of a cell of ``mask``.

    The cosines still diagonalise time. In space one sparse matrix a frequency is factorised once:
    the Laplacian of the graph of free cells, shifted by the eigenvalue of time.
    """

    def __init__(self, mask: np.ndarray, *arguments, **options):
        self.free = ~mask
        super().__init__(*arguments, **options)

    def _prepare(self) -> None:
        from scipy import ndimage

        self.free_cells = self.free.astype(float)
        labels, self.pieces = ndimage.label(self.free)
        self.labels = labels[self.free] - 1  # faces join, corners do not
        self.open = (
            np.broadcast_to(self.free, (self.shape[0] + 1, *self.free.shape)),
            *(self._open_faces(axis) for axis in range(self.free.ndim)),
        )
        self._factors = None

    @property
    def on_a_line(self) -> bool:
        """Never: what an obstacle leaves is not taken for a line."""
        return False

    def _open_faces(self, axis: int) -> np.ndarray:
        closed = np.zeros((*self.free.shape[:axis], 1, *self.free.shape[axis + 1 :]), bool)
        both = cut(self.free, axis, None, -1) & cut(self.free, axis, 1, None)
        return np.concatenate([closed, both, closed], axis)[None]

    def close_walls(self, momentum: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Momentum that is 0 on closed faces."""
        return [m * is_open for m, is_open in zip(momentum, self.open[1:], strict=True)]

    def close(self, faces: Sequence[np.ndarray]) -> Field:
        """Faces with no flux through forbidden cells, and no density there."""
        return self._close(super().close(faces))

    def _close(self, faces: Sequence[np.ndarray]) -> Field:
        return tuple(u * is_open for u, is_open in zip(faces, self.open, strict=True))

    def gradient(self, potential: np.ndarray) -> Field:
        """The gradient on the open faces."""
        return self._close(super().gradient(potential))

    def laplacian(self):
        """Minus div grad in space, on the free cells: a sparse, positive semi-definite matrix."""
        from scipy import sparse

        index = np.full(self.free.shape, -1)
        size = int(self.free.sum())
        index[self.free] = np.arange(size)
        matrix = sparse.csc_array((size, size))
        for axis, scale in enumerate(self.scales[1:]):
            a, b = cut(index, axis, None, -1), cut(index, axis, 1, None)
            joined = (a >= 0) & (b >= 0)
            a, b = a[joined], b[joined]
            weight = np.full(2 * a.size, scale**2)
            off = sparse.coo_array((weight, (np.r_[a, b], np.r_[b, a])), (size, size))
            matrix = matrix + sparse.diags_array(off.sum(axis=1)) - off
        return matrix.tocsc()

    def factors(self) -> list:
        """One factorisation a frequency of time.

        At frequency 0 the solution is free up to a constant: the first cell of each piece is tied.
        """
        if self._factors is None:
            from scipy import sparse
            from scipy.sparse.linalg import splu

            matrix = self.laplacian()
            tied = np.zeros(matrix.shape[0])
            tied[np.unique(self.labels, return_index=True)[1]] = self.scales[-1] ** 2
            times = staggered_grid.eigenvalues(self.shape[:1], self.scales[:1])
            shifts = [tied, *(np.full(tied.size, t) for t in times[1:])]
            order = {"permc_spec": "MMD_AT_PLUS_A", "options": {"SymmetricMode": True}}
            self._factors = [
                splu((matrix + sparse.diags_array(s)).tocsc(), diag_pivot_thresh=0.0, **order)
                for s in shifts
            ]
        return self._factors

    def poisson(self, source: np.ndarray, first: int = 0) -> np.ndarray:
        """As `staggered_grid.poisson`; the mean over each connected piece is lost."""
        from scipy import fft

        out = np.zeros(source.shape)
        wave = source[:, self.free].astype(float)
        if first == 1:
            out[:, self.free] = -self._solve_singular(wave.T).T
            return out
        wave = fft.dct(wave, axis=0, norm="ortho")
        solution = np.empty_like(wave)
        solution[0] = -self._solve_singular(wave[0])
        for k in range(1, self.shape[0]):
            solution[k] = -self.factors()[k].solve(wave[k])
        out[:, self.free] = fft.idct(solution, axis=0, norm="ortho")
        return out

    def _solve_singular(self, columns: np.ndarray) -> np.ndarray:
        return self.factors()[0].solve(columns - self.piece_mean(columns))

    def invert_spread(self, faces: Sequence[np.ndarray]) -> Field:
        """As `staggered_grid.invert_spread`, for the open faces and the free cells."""
        from scipy import sparse
        from scipy.sparse.linalg import splu

        out = [staggered_grid.invert_spread_along(faces[0], 0) * self.free]
        index = np.arange(self.free.size).reshape(self.free.shape)
        for axis, u in enumerate(faces[1:]):
            is_open = self.open[axis + 1][0]
            values = np.zeros(self.shape)
            count = int(is_open.sum())
            if count:
                joined = cut(is_open, axis, 1, -1)
                cols = [cut(index, axis, None, -1)[joined], cut(index, axis, 1, None)[joined]]
                rows = np.tile(np.arange(count), 2)
                shape = (count, self.free.size)
                halves = sparse.csr_array(
                    (np.full(2 * count, 0.5), (rows, np.concatenate(cols))), shape
                )
                solution = splu((halves @ halves.T).tocsc()).solve(u[:, is_open].T)
                values = (halves.T @ solution).T.reshape(values.shape)
            out.append(values)
        return tuple(out)

    def piece_mean(self, columns: np.ndarray) -> np.ndarray:
        """The mean over each piece, at each of its cells; ``columns`` has the free cells first."""
        out = np.empty_like(columns)
        for piece in range(self.pieces):
            inside = self.labels == piece
            out[inside] = columns[inside].mean(axis=0)
        return out

    def clear(self, cells: np.ndarray) -> np.ndarray:
        """The values with 0 in forbidden cells."""
        return np.where(self.free, cells, 0.0)

    def keep_mass(self, rho: np.ndarray, rho0: np.ndarray) -> np.ndarray:
        """Multiply each layer, on each piece, to the mass of ``rho0``."""
        columns = rho[:, self.free].T
        wanted = self.piece_mean(rho0[self.free][:, None])
        rho[:, self.free] = (columns * (wanted / self.piece_mean(columns))).T
        return rho

    def descend(self, faces, bar, dual, half_tau: float, relax: float) -> None:
        """As without obstacles; closed faces stay at 0."""
        super().descend(faces, bar, dual, half_tau, relax)
        for fields in (faces, bar):
            for u, is_open in zip(fields, self.open, strict=True):
                u *= is_open

    def _balance(self, dual, half_tau: float) -> np.ndarray:
        source = 2 * half_tau * self.divergence(self.spread(dual))
        return -self.poisson(source).astype(self.real)
