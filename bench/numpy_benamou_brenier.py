"""The primal-dual scheme of `otlec.benamou_brenier` for p = 2, in plain NumPy with `scipy.fft`.

One line a formula, whole arrays at a time: the contender of the benchmark and an oracle of the
tests. Arrays have time first; K is the interpolation from faces to centres.
"""

import numpy as np
from scipy import fft


def iterations(rho0, rho1, steps, *, step=0.13, relax=1.0):
    """Yield (energy, rho) after each iteration, without end; rho has shape (steps + 1, n, m)."""
    n, m = rho0.shape
    t = np.linspace(0, 1, steps + 1)[:, None, None]
    rho = (1 - t) * rho0 + t * rho1
    u = project([rho, np.zeros((steps, n + 1, m)), np.zeros((steps, n, m + 1))], rho0, rho1)
    v = [np.zeros((steps, n, m)) for _ in range(3)]
    tau = 0.99 / step
    while True:
        spread = interpolate_adjoint(v)
        new_u = project([x - tau * y for x, y in zip(u, spread, strict=True)], rho0, rho1)
        bar = [2 * x - y for x, y in zip(new_u, u, strict=True)]
        z = [x + step * y for x, y in zip(v, interpolate(bar), strict=True)]
        density, *momentum = prox([x / step for x in z], 1 / step)
        new_v = [x - step * y for x, y in zip(z, [density, *momentum], strict=True)]
        square = sum(x * x for x in momentum)
        energy = np.divide(square, density, out=np.zeros_like(square), where=density > 0).mean()
        u = [x + relax * (y - x) for x, y in zip(u, new_u, strict=True)]
        v = [x + relax * (y - x) for x, y in zip(v, new_v, strict=True)]
        yield energy, u[0]


def prox(z, step):
    """The proximal map of |m|^2 / (2 rho): the largest root of (X - r)(X + s)^2 = s |m|^2 / 2."""
    r, a, b = z
    half = 0.5 * step * (a * a + b * b)
    x = np.maximum(r, 0) + np.cbrt(half)
    for _ in range(14):
        y, g = x + step, x - r
        x = np.maximum(x - (g * y * y - half) / (y * (y + 2 * g)), 0)
    x = np.where(a * a + b * b + 2 * step * r > 0, x, 0)
    return [x, x / (x + step) * a, x / (x + step) * b]


def interpolate(u):
    rho, a, b = u
    return [(rho[1:] + rho[:-1]) / 2, (a[:, 1:] + a[:, :-1]) / 2, (b[:, :, 1:] + b[:, :, :-1]) / 2]


def interpolate_adjoint(v):
    """The adjoint of the interpolation of interior faces: 0 on the boundary."""
    return [
        np.pad((w[i1] + w[i0]) / 2, pad)
        for w, i1, i0, pad in (
            (v[0], np.s_[1:], np.s_[:-1], ((1, 1), (0, 0), (0, 0))),
            (v[1], np.s_[:, 1:], np.s_[:, :-1], ((0, 0), (1, 1), (0, 0))),
            (v[2], np.s_[:, :, 1:], np.s_[:, :, :-1], ((0, 0), (0, 0), (1, 1))),
        )
    ]


def project(u, rho0, rho1):
    """The nearest faces with divergence 0 and the given ends: a Poisson equation by cosines."""
    rho, a, b = (x.copy() for x in u)
    rho[0], rho[-1] = rho0, rho1
    a[:, 0] = a[:, -1] = b[:, :, 0] = b[:, :, -1] = 0
    steps, n, m = a.shape[0], b.shape[1], a.shape[2]
    div = steps * np.diff(rho, axis=0) + n * np.diff(a, axis=1) + m * np.diff(b, axis=2)
    lines = [k**2 * (2 - 2 * np.cos(np.pi * np.arange(k) / k)) for k in (steps, n, m)]
    values = lines[0][:, None, None] + lines[1][:, None] + lines[2]
    values[0, 0, 0] = 1
    wave = fft.dctn(div) / -values
    wave[0, 0, 0] = 0
    q = fft.idctn(wave)
    rho[1:-1] -= steps * np.diff(q, axis=0)
    a[:, 1:-1] -= n * np.diff(q, axis=1)
    b[:, :, 1:-1] -= m * np.diff(q, axis=2)
    return [rho, a, b]
