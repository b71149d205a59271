r"""The kernels of the lower bound: a potential on the corners of the cells, brought into the set K.

A potential on the corners has slopes in time and space on the cells: means over the cell, which
agree with the means of the potential. What asks for $a + |b|^q / q \le 0$ in each cell is settled
around its corners, one layer in time after the other. `bounds` says what this proves.

Arrays of corners have one entry more than the cells along each axis; those of a layer have the two
axes of space. ``free`` is 1 in the cells that mass may enter and 0 in others, ``wraps`` is 1 for an
axis of space whose ends meet. ``fields`` are a potential and its slopes in time and space, on the
cells.
"""

import math

import numpy as np

from .._kernel import kernel


@kernel
def _conjugate(square, p):
    """The conjugate |b|^q / q for the square of b; for p = 1, where |b| <= 1 is asked for, 0."""
    if p == 2.0:
        return 0.5 * square
    if p == 1.0:
        return 0.0
    q = p / (p - 1.0)
    return square ** (0.5 * q) / q


@kernel
def _around(i, n, wrap):
    """The cells on both sides of corner i of an axis; beyond a wall there is the cell itself."""
    if wrap:
        return (i - 1) % n, i % n
    return max(i - 1, 0), min(i, n - 1)


@kernel
def _copy(values, out):
    """Write the values of a layer (a slice would bring Numba's messages along to the page)."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = values[i, j]


@kernel
def _to_corners(one, other, free, wraps, out):
    """The mean of two layers over the free cells around each corner."""
    n, m = one.shape
    for i in range(n + 1):
        i0, i1 = _around(i, n, wraps[0])
        for j in range(m + 1):
            j0, j1 = _around(j, m, wraps[1])
            v00, v01 = one[i0, j0] + other[i0, j0], one[i0, j1] + other[i0, j1]
            v10, v11 = one[i1, j0] + other[i1, j0], one[i1, j1] + other[i1, j1]
            value = free[i0, j0] * v00 + free[i0, j1] * v01
            value += free[i1, j0] * v10 + free[i1, j1] * v11
            weight = free[i0, j0] + free[i0, j1] + free[i1, j0] + free[i1, j1]
            out[i, j] = 0.5 * value / weight if weight > 0.0 else 0.0


@kernel
def _largest_around(cells, wraps, out):
    """The largest of the cells around each corner."""
    n, m = cells.shape
    for i in range(n + 1):
        i0, i1 = _around(i, n, wraps[0])
        for j in range(m + 1):
            j0, j1 = _around(j, m, wraps[1])
            first = max(cells[i0, j0], cells[i0, j1])
            out[i, j] = max(first, max(cells[i1, j0], cells[i1, j1]))


@kernel
def _mean(layer, i, j):
    """The mean over the corners of a cell."""
    return 0.25 * ((layer[i, j] + layer[i, j + 1]) + (layer[i + 1, j] + layer[i + 1, j + 1]))


@kernel
def _slopes(known, layer, i, j):
    """The differences in space of a cell between two layers in time, as means."""
    k00, k01 = known[i, j] + layer[i, j], known[i, j + 1] + layer[i, j + 1]
    k10, k11 = known[i + 1, j] + layer[i + 1, j], known[i + 1, j + 1] + layer[i + 1, j + 1]
    return 0.25 * ((k10 - k00) + (k11 - k01)), 0.25 * ((k01 - k00) + (k11 - k10))


@kernel
def _lack(known, layer, slopes, free, scales, sign, p, out):
    """How far each cell between two layers, with ``slopes`` added, is out of K; the most of it.

    ``layer`` follows in time where ``sign`` is 1. The most is infinite where a number overflows.
    """
    n, m = out.shape
    most = -math.inf
    for i in range(n):
        for j in range(m):
            out[i, j] = 0.0
            if free[i, j] > 0.0:
                x, y = _slopes(known, layer, i, j)
                x, y = scales[1] * x + slopes[1][i, j], scales[2] * y + slopes[2][i, j]
                rise = sign * scales[0] * (_mean(layer, i, j) - _mean(known, i, j))
                out[i, j] = slopes[0][i, j] + rise + _conjugate(x * x + y * y, p)
                if not abs(out[i, j]) < math.inf:
                    return math.inf
                most = max(most, out[i, j])
    return most


@kernel
def _extend(known, rho, free, scales, wraps, sign, p, out):
    """Continue a potential by one step in time, as steeply as the constraint asks for.

    Its distance w to the new layer, before it where ``sign`` is 1, must in each cell reach the
    conjugate of the slope half way. Raising w by what is missing around each corner makes what is
    missing small in a few rounds; what is left, the caller takes off everywhere. The best round is
    the one whose layer costs the least under the density ``rho`` of that end.
    """
    nothing = np.zeros(free.shape)
    slopes = (nothing, nothing, nothing)
    lack, layer, raised = np.empty(free.shape), np.empty(known.shape), np.empty(known.shape)
    _copy(known, out)
    _copy(known, layer)
    best = math.inf
    for k in range(17):
        least = _lack(known, layer, slopes, free, scales, -sign, p, lack)
        if k == 0:  # the new layer is still the known one
            if not least < math.inf:
                return
            _to_corners(lack, lack, free, wraps, raised)
        else:
            cost = 0.0
            for i in range(rho.shape[0]):
                for j in range(rho.shape[1]):
                    cost += (_mean(layer, i, j) - _mean(known, i, j)) * rho[i, j]
            cost = sign * scales[0] * cost / rho.size + least
            if not abs(cost) < math.inf:
                break
            if cost < best:
                best = cost
                _copy(layer, out)
            _largest_around(lack, wraps, raised)
        # First to where nothing is missing and nothing wasted, then only upwards.
        for i in range(raised.shape[0]):
            for j in range(raised.shape[1]):
                share = 1.0 if k == 0 else 0.7
                more = share * raised[i, j] if k < 9 else max(raised[i, j], 0.0)
                layer[i, j] += sign * more / scales[0]


@kernel
def _next_layer(known, slopes, free, scales, wraps, sign, p, out):
    """The next layer of a correction: as near to 0 as the slopes between allow, and of one sign."""
    lack, layer, raised = np.empty(free.shape), np.empty(known.shape), np.empty(known.shape)
    _copy(known, out)
    _copy(known, layer)
    least = math.inf
    for k in range(24):
        most = _lack(known, layer, slopes, free, scales, sign, p, lack)
        if most < least:
            least = most
            _copy(layer, out)
        if not abs(most) < math.inf or (most < 1e-9 and k >= 6):
            break
        # First to where nothing is missing and nothing wasted, then only further from 0.
        _largest_around(lack, wraps, raised)
        for i in range(raised.shape[0]):
            for j in range(raised.shape[1]):
                more = (0.7 * raised[i, j] if k < 12 else max(raised[i, j], 0.0)) / scales[0]
                layer[i, j] = sign * min(sign * layer[i, j] - more, 0.0)


@kernel
def _add_corners(corners, scales, fields):
    """Add to a potential and its slopes on the cells those of a potential on the corners."""
    potential, in_time, in_x, in_y = fields
    steps, n, m = potential.shape
    for k in range(steps):
        for i in range(n):
            for j in range(m):
                before, after = _mean(corners[k], i, j), _mean(corners[k + 1], i, j)
                x, y = _slopes(corners[k], corners[k + 1], i, j)
                potential[k, i, j] += 0.5 * (before + after)
                in_time[k, i, j] += scales[0] * (after - before)
                in_x[k, i, j] += scales[1] * x
                in_y[k, i, j] += scales[2] * y


@kernel
def _lower_in_time(fields, free, scales, wraps, p):
    """Lower a potential only where its slopes leave K, step by step, as Hopf and Lax do.

    Taking off the largest excess everywhere, as `_certify` does, costs its mean over time. Taken
    off around its cell, it moves on along the characteristics and ends where there is slack. A
    correction on the corners is carried from the middle of time to both ends: downwards to time 1,
    upwards to time 0. What is left is small.
    """
    potential, in_time, in_x, in_y = fields
    steps, n, m = potential.shape
    change = np.zeros((steps + 1, n + 1, m + 1))
    half = steps // 2
    for q in range(steps):
        k = half + q if half + q < steps else steps - 1 - q
        known, wanted, sign = (k, k + 1, 1.0) if k >= half else (k + 1, k, -1.0)
        slopes = (in_time[k], in_x[k], in_y[k])
        _next_layer(change[known], slopes, free, scales, wraps, sign, p, change[wanted])
    _add_corners(change, scales, fields)


@kernel
def _excess(fields, free, p, factor, bent, out):
    """The largest excess over K of each layer in time, once the slopes are scaled by ``factor``."""
    power = 0.0 if p == 1.0 else factor ** (p / (p - 1.0))
    steps, n, m = bent.shape
    total = 0.0
    for k in range(steps):
        most = -math.inf
        for i in range(n):
            for j in range(m):
                if free[i, j] > 0.0:
                    most = max(most, factor * fields[1][k, i, j] + power * bent[k, i, j])
        out[k] = most
        total += most
    return total / steps


@kernel
def _certify(fields, ends, free, scales, p):
    """Scale and lower a potential and its slopes, in place, until they are in K; their bound."""
    potential, in_time, in_x, in_y = fields
    steps, n, m = potential.shape
    bent = np.empty(potential.shape)
    value, steepest, half = 0.0, 1.0, 0.5 / scales[0]
    for i in range(n):
        for j in range(m):
            last = potential[steps - 1, i, j] + half * in_time[steps - 1, i, j]
            first = potential[0, i, j] - half * in_time[0, i, j]
            value += last * ends[1][i, j] - first * ends[0][i, j]
            for k in range(steps):
                square = in_x[k, i, j] ** 2 + in_y[k, i, j] ** 2
                bent[k, i, j] = _conjugate(square, p)
                if free[i, j] > 0.0:
                    steepest = max(steepest, square)
    value *= scales[0] / (steps * n * m)
    # With p = 1 the slopes have to be at most 1; else a little less may allow for less excess.
    most = 1.0 if p > 1.0 or steepest == 1.0 else (1.0 - 1e-15) / math.sqrt(steepest)
    best, factor, excess = -math.inf, most, np.empty(steps)
    shares = (1.0, 0.9999, 0.9995, 0.998, 0.99, 0.95)
    for k in range(len(shares) + 1):  # at last the best one again
        trial = shares[k] * most if k < len(shares) else factor
        bound = trial * value - _excess(fields, free, p, trial, bent, excess)
        if bound > best:
            best, factor = bound, trial
    lowered = 0.0
    for k in range(steps):
        if k > 0:
            lowered += 0.5 * (excess[k - 1] + excess[k]) / scales[0]
        for i in range(n):
            for j in range(m):
                potential[k, i, j] = factor * potential[k, i, j] - lowered
                in_time[k, i, j] = factor * in_time[k, i, j] - excess[k]
                in_x[k, i, j] *= factor
                in_y[k, i, j] *= factor
    return best


@kernel
def _carry_to_corners(potential, ends, free, scales, wraps, p, fields):
    """Carry a potential on the cells to the corners and continue it to both ends of time.

    Means of feasible slopes are feasible, since K is convex: noise in the potential does not
    matter. The new potential and its slopes are written to ``fields``; at the ends of time the
    slopes may leave K a little.
    """
    steps, n, m = potential.shape
    corners = np.empty((steps + 1, n + 1, m + 1))
    for k in range(1, steps):
        _to_corners(potential[k - 1], potential[k], free, wraps, corners[k])
    for end in range(2):
        known, wanted, sign = (steps - 1, steps, -1.0) if end else (1, 0, 1.0)
        _extend(corners[known], ends[end], free, scales, wraps, sign, p, corners[wanted])
    value, in_time, in_x, in_y = fields
    for k in range(steps):
        for i in range(n):
            for j in range(m):
                value[k, i, j], in_time[k, i, j] = 0.0, 0.0
                in_x[k, i, j], in_y[k, i, j] = 0.0, 0.0
    _add_corners(corners, scales, fields)
