"""The kernels of the step in density and momentum: divergence, elimination in time, descent.

All arrays have three axes: time, and two of space, of which the first has one cell on the line.
Faces, dual variables and scales come as tuples, one entry an axis. Each kernel works on the layers
``first`` to ``last`` of one axis, so that two threads can share an array.
"""

from .._kernel import kernel


@kernel
def _divergence_of_spread(dual, scales, out, first, last):
    """Write the divergence of the faces spread from centres, walls and ends at 0."""
    a, b, c = dual
    scale_t, scale_x, scale_y = scales
    steps, n, m = out.shape
    for k in range(first, last):
        for i in range(n):
            row = out[k, i]
            va, vb, vc = a[k, i], b[k, i], c[k, i]
            for j in range(m):
                row[j] = 0
            if k > 0:
                other = a[k - 1, i]
                for j in range(m):
                    row[j] -= scale_t * (other[j] + va[j])
            if k < steps - 1:
                other = a[k + 1, i]
                for j in range(m):
                    row[j] += scale_t * (other[j] + va[j])
            if i > 0:
                other = b[k, i - 1]
                for j in range(m):
                    row[j] -= scale_x * (other[j] + vb[j])
            if i < n - 1:
                other = b[k, i + 1]
                for j in range(m):
                    row[j] += scale_x * (other[j] + vb[j])
            if m > 1:
                row[0] += scale_y * (vc[0] + vc[1])
                row[m - 1] -= scale_y * (vc[m - 2] + vc[m - 1])
                for j in range(1, m - 1):
                    row[j] += scale_y * (vc[j + 1] - vc[j - 1])


@kernel
def _solve_in_time(wave, pivots, first, last):
    """Solve one tridiagonal system in time for each cosine in space, in place (see `_pivots`)."""
    steps, _, m = wave.shape
    for i in range(first, last):
        w, factor = wave[0, i], pivots[0, i]
        for j in range(m):
            w[j] *= factor[j]
        for k in range(1, steps):
            old, w, factor = wave[k - 1, i], wave[k, i], pivots[k, i]
            for j in range(m):
                w[j] = (w[j] + old[j]) * factor[j]
        for k in range(steps - 2, -1, -1):
            old, w, factor = wave[k + 1, i], wave[k, i], pivots[k, i]
            for j in range(m):
                w[j] += old[j] * factor[j]


@kernel
def _primal_step(faces, bar, dual, u, step, scales, relax, first, last):
    """Move interior faces by ``d = -grad u - step * (sum of both dual neighbours)``, over-relaxed.

    The barred faces become ``face + 2 d``, the faces ``face + relax * d``.
    """
    f, m1, m2 = faces
    f_bar, m1_bar, m2_bar = bar
    a, b, c = dual
    scale_t, scale_x, scale_y = scales
    _, n, m = u.shape
    for k in range(first, last):
        for i in range(n):
            w = u[k, i]
            if k > 0:
                face, moved = f[k, i], f_bar[k, i]
                v0, v1, u0 = a[k - 1, i], a[k, i], u[k - 1, i]
                for j in range(m):
                    d = scale_t * (u0[j] - w[j]) - step * (v0[j] + v1[j])
                    moved[j] = face[j] + d + d
                    face[j] += relax * d
            if i > 0:
                face, moved = m1[k, i], m1_bar[k, i]
                v0, v1, u0 = b[k, i - 1], b[k, i], u[k, i - 1]
                for j in range(m):
                    d = scale_x * (u0[j] - w[j]) - step * (v0[j] + v1[j])
                    moved[j] = face[j] + d + d
                    face[j] += relax * d
            face, moved, v = m2[k, i], m2_bar[k, i], c[k, i]
            for j in range(1, m):
                d = scale_y * (w[j - 1] - w[j]) - step * (v[j - 1] + v[j])
                moved[j] = face[j] + d + d
                face[j] += relax * d
