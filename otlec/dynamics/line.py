r"""The iteration on the line in one compiled piece, which a live figure of the book runs.

The kernels of `levels.Level.iterate` and of the first bound of `bounds.lower_bound`, in their
order, on a grid with walls and an even number of cells in space. In place of SciPy's cosine
transform, which no page has, stands a product with a matrix of cosines.
"""

import numpy as np

from .._kernel import driver, kernel
from .corners import _carry_to_corners, _certify
from .primal import _divergence_of_spread, _primal_step, _solve_in_time
from .proximal import _dual_step, _dual_step_quadratic


@driver
def prepare(cosines, scales, tables, pivots):
    """Fill in what `_solve` needs, from ``cosines[k]`` = cos(pi k / 2n) for k < 4n.

    Even frequencies come first. Cosines are even or odd about the middle, so that half of the
    cells tell all: ``tables`` are the matrices from cells to even and odd frequencies, and back.
    ``pivots`` are those of `grids._pivots`.
    """
    steps, _, n = pivots.shape
    for q in range(n):
        odd, place = q % 2, q // 2
        for i in range(n // 2):
            wave = cosines[q * (2 * i + 1) % (4 * n)]
            tables[odd, i, place] = wave
            tables[2 + odd, place, i] = wave * (2.0 if q > 0 else 1.0) / n
        sine = cosines[n - q] if q > 0 else 0.0
        root = 2.0 * scales[2] * sine / scales[0]
        square = rest = root * root
        for k in range(steps):
            pivot = rest if k == steps - 1 else 1.0 + rest
            pivot = 1.0 / pivot if pivot > 0.0 else 0.0
            pivots[k, 0, place + odd * (n // 2)] = pivot
            rest = square + rest * pivot


@kernel
def _multiply(two, tables, first, out):
    """Two vectors, one behind the other, times the matrices ``first`` and ``first + 1``."""
    half = two.size // 2
    for q in range(two.size):
        out[q] = 0.0
    for i in range(half):
        a, b = two[i], two[half + i]
        for q in range(half):
            out[q] += a * tables[first, i, q]
            out[half + q] += b * tables[first + 1, i, q]


@driver
def _solve(source, tables, pivots):
    """Solve -div grad u = source times the squared scale of time, in place; see `Grid.solve`."""
    steps, _, n = source.shape
    half = n // 2
    wave, folded = np.empty(source.shape), np.empty(n)
    for k in range(steps):
        line = source[k, 0]
        for i in range(half):
            folded[i] = line[i] + line[n - 1 - i]
            folded[half + i] = line[i] - line[n - 1 - i]
        _multiply(folded, tables, 0, wave[k, 0])
    _solve_in_time(wave, pivots, 0, 1)
    for k in range(steps):
        line = source[k, 0]
        _multiply(wave[k, 0], tables, 2, folded)
        for i in range(half):
            line[i] = folded[i] + folded[half + i]
            line[n - 1 - i] = folded[i] - folded[half + i]


@driver
def _balance(dual, weight, source, tables, pivots, scales):
    """The potential whose gradient is nearest to the spread dual variable times 2 ``weight``."""
    unit = weight / (scales[0] * scales[0])
    weights = (unit * scales[0], unit * scales[1], unit * scales[2])
    _divergence_of_spread(dual, weights, source, 0, source.shape[0])
    _solve(source, tables, pivots)


# long: the arrays of one level and its transform, and three numbers
@driver
def iterate(faces, bar, dual, source, tables, pivots, scales, step, relax, p, sums):
    """One over-relaxed step of Chambolle and Pock; see `levels.Level.iterate`.

    Returns the sums over the cells of the energy (times ``step``) and of the squared distance of
    the two pairs (times its square).
    """
    steps, half_tau = source.shape[0], 0.5 * 0.99 / step
    _balance(dual, half_tau, source, tables, pivots, scales)
    _primal_step(faces, bar, dual, source, half_tau, scales, relax, 0, steps)
    if p == 2.0:
        _dual_step_quadratic(bar, dual, step, relax, 0.5, 1.0, 1e-13, sums, 0, steps)
    else:
        _dual_step(bar, dual, step, relax, p, sums, 0, steps)
    energy = square = 0.0
    for k in range(steps):
        for j in range(source.shape[2]):
            energy += sums[0][k, j]
            square += sums[1][k, j]
    return energy, square


@driver
def bound(dual, ends, free, source, tables, pivots, scales, p, fields):
    """A lower bound of the energy divided by p, from the potential carried to the corners."""
    _balance(dual, 0.5, source, tables, pivots, scales)
    for k in range(source.shape[0]):
        for j in range(source.shape[2]):
            source[k, 0, j] *= -1.0
    _carry_to_corners(source, ends, free, scales, (0, 0), p, fields)
    return _certify(fields, ends, free, scales, p)
