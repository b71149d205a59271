r"""The dynamic formulation of Theorem 5.1, solved by a primal-dual iteration.

$$W_p^p(\mu, \nu) = \inf \left\{ \int_0^1 \!\! \int \frac{|m|^p}{\rho^{p-1}} \, dx \, dt
\;\middle|\; \partial_t \rho + \nabla \cdot m = 0,\ \rho_0 = \mu,\ \rho_1 = \nu \right\}.$$

In density and momentum the problem is convex (Benamou and Brenier, 2000). The unknowns live on the
staggered grid of `staggered_grid`; the energy is evaluated at the centres of its cells. Its
convex conjugate is the indicator of the slopes (a, b) with $a + |b|^q / q \\le 0$, a convex set K,
so that each iteration is

- a projection on the continuity equation (a Poisson equation, by cosine transforms in space and
  elimination in time), and
- a projection of each cell's dual variable on K (one scalar equation).

This is the over-relaxed method of Chambolle and Pock. It starts on a coarse grid and doubles it.
It stops on the distance of two bounds of the minimum (`bounds`), which the result carries
(`film`).
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .. import _validate
from .._extras import optional
from .._kernel import kernel
from . import bounds, staggered_grid
from .film import DynamicPlan, DynamicState, History


@kernel
def _divergence_of_spread(a, b, c, scale_t, scale_x, scale_y, out, first, last):
    """Write the divergence of the faces spread from centres (a, b, c), walls and ends at 0."""
    steps, n, m = out.shape
    for k in range(first, last):
        for i in range(n):
            row = out[k, i]
            va, vb, vc = a[k, i], b[k, i], c[k, i]
            row[:] = 0
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


def _pivots(shape: Sequence[int], scales: Sequence[float]) -> np.ndarray:
    r"""The inverse pivots of Gauss's elimination in time, for each cosine in space.

    In units of the squared scale of time, minus div grad is, for a cosine of eigenvalue lam in
    space, the matrix with rows (-1, 2 + lam, -1), and 1 + lam in its two corners. Its pivots are
    1 + e, but e in the last row, where e = lam in the first row and lam + e / (1 + e) after a row
    with e: nothing is ever subtracted, so that a small lam loses no digits. For lam = 0 the matrix
    is singular; a last factor 0 picks the solution that is 0 at the end.
    """
    lam = staggered_grid.eigenvalues(shape[1:], scales[1:]) / scales[0] ** 2
    out = np.empty(shape)
    e = lam
    for k in range(shape[0] - 1):
        out[k] = 1.0 / (1.0 + e)
        e = lam + e * out[k]
    out[-1] = np.divide(1.0, e, out=np.zeros_like(e), where=e > 0)
    return out


@kernel
def _primal_step(
    f,
    m1,
    m2,
    f_bar,
    m1_bar,
    m2_bar,
    a,
    b,
    c,
    u,
    step,
    scale_t,
    scale_x,
    scale_y,
    relax,
    first,
    last,
):
    """Move interior faces by ``d = -grad u - step * (sum of both dual neighbours)``, over-relaxed.

    The barred faces become ``face + 2 d``, the faces ``face + relax * d``.
    """
    _, n, m = u.shape
    for k in range(first, last):
        for i in range(n):
            if k > 0:
                face, bar, v0, v1, u0, u1 = (
                    f[k, i],
                    f_bar[k, i],
                    a[k - 1, i],
                    a[k, i],
                    u[k - 1, i],
                    u[k, i],
                )
                for j in range(m):
                    d = scale_t * (u0[j] - u1[j]) - step * (v0[j] + v1[j])
                    bar[j] = face[j] + d + d
                    face[j] += relax * d
            if i > 0:
                face, bar, v0, v1, u0, u1 = (
                    m1[k, i],
                    m1_bar[k, i],
                    b[k, i - 1],
                    b[k, i],
                    u[k, i - 1],
                    u[k, i],
                )
                for j in range(m):
                    d = scale_x * (u0[j] - u1[j]) - step * (v0[j] + v1[j])
                    bar[j] = face[j] + d + d
                    face[j] += relax * d
            face, bar, v, w = m2[k, i], m2_bar[k, i], c[k, i], u[k, i]
            for j in range(1, m):
                d = scale_y * (w[j - 1] - w[j]) - step * (v[j - 1] + v[j])
                bar[j] = face[j] + d + d
                face[j] += relax * d


@kernel
def _multiplier(alpha, beta, guess, p):
    r"""The multiplier lam >= 0 and the length b of the projection of (alpha, beta) on K.

    The projection is (alpha - lam, b) with b + lam b^(q-1) = beta and, outside K,
    lam = alpha + b^q / q. In b (for p < 2) or in v = b^(q-1) (for p >= 2) this is a convex,
    increasing function where lam >= 0, so that Newton's steps fall to its root from any point
    above; from below, the first one jumps above. They start from a guess of b, and from an upper
    bound that drops all terms but one where the guess is useless.
    """
    if p == 1.0:
        return max(alpha, 0.0), min(beta, 1.0)
    if beta == 0.0:
        return max(alpha, 0.0), 0.0
    q = p / (p - 1.0)
    if alpha <= 0.0 and alpha + beta**q / q <= 0.0:
        return 0.0, beta
    # The unknown x is b and e = q, or v and e = p: x^(e-2) is the one power of a step.
    if p < 2.0:
        x, e, up, down = guess, q, q, 1.0
    else:
        x, e, up, down = guess ** (1.0 / (p - 1.0)), p, p, p - 1.0
    warm = x > 0.0
    k = 0
    while k < 100:
        k += 1
        if not warm and k == 1:
            # b^q = v^p is at most this, and b at most beta
            most = max(-q * alpha, 0.0) + (q * beta) ** (q / (2.0 * q - 1.0))
            x = min(beta ** (1.0 / down), most ** (1.0 / up))
            if alpha > 0.0:
                x = min(x, (beta / alpha) ** (down / (e - 1.0)))
        r = x ** (e - 2.0)
        lam = alpha + r * x * x / q
        if p < 2.0:
            value = x - beta + lam * r * x
            slope = 1.0 + r * ((q - 1.0) * lam + r * x * x)
        else:
            value = r * x - beta + lam * x
            slope = (p - 1.0) * r + lam + p / q * r * x * x
        new = x - value / slope
        if warm and (lam < 0.0 or not new < 4.0 * x):
            warm = False  # below the branch of the root, or too far: start from above
            k = 0
            continue
        done = abs(new - x) <= 1e-9 * x or (new >= x and (k > 1 or not warm))
        x = max(new, 0.0)
        if done:
            break
    b = x**down
    return max(alpha + x**up / q, 0.0), b


@kernel
def _dual_step(f, m1, m2, a, b, c, sigma, relax, p, energy, square, worst, first, last):
    """Project ``dual + sigma * (mean of the two barred faces)`` on K, over-relaxed, for any p.

    The density and momentum of the proximal step are what the projection takes off, divided by
    sigma. Sums over the first axis of space: ``energy`` of that pair (times sigma), ``square`` of
    its distance to the barred faces (times sigma) and the ``worst`` of these.
    """
    _, n, m = a.shape
    h = 0.5 * sigma
    for k in range(first, last):
        for j in range(m):
            energy[k, j] = 0.0
            square[k, j] = 0.0
            worst[k, j] = 0.0
        for i in range(n):
            for j in range(m):
                alpha = a[k, i, j] + h * (f[k, i, j] + f[k + 1, i, j])
                b1 = b[k, i, j] + h * (m1[k, i, j] + m1[k, i + 1, j])
                b2 = c[k, i, j] + h * (m2[k, i, j] + m2[k, i, j + 1])
                beta = math.sqrt(b1 * b1 + b2 * b2)
                old = math.sqrt(b[k, i, j] * b[k, i, j] + c[k, i, j] * c[k, i, j])
                lam, length = _multiplier(alpha, beta, old, p)
                shrink = length / beta if beta > 0.0 else 0.0
                da = alpha - lam - a[k, i, j]
                db = b1 * shrink - b[k, i, j]
                dc = b2 * shrink - c[k, i, j]
                # Euler's identity: the energy is the product with its own slope.
                energy[k, j] += p * ((alpha - lam) * lam + length * (beta - length))
                d = da * da + db * db + dc * dc
                square[k, j] += d
                worst[k, j] = max(worst[k, j], d)
                a[k, i, j] += relax * da
                b[k, i, j] += relax * db
                c[k, i, j] += relax * dc


@kernel
def _dual_step_quadratic(
    f, m1, m2, a, b, c, sigma, relax, half, one, tol, energy, square, worst, first, last
):
    r"""As `_dual_step` for p = 2, where lam solves (lam - alpha) (1 + lam)^2 = |beta|^2 / 2.

    This cubic is convex and increasing right of max(alpha, 0). Six Newton steps without a branch,
    which the compiler turns into vector code, start from the density, since the previous iterate
    predicts it well; the rare cells where the sixth was not yet small go on alone.
    """
    _, n, m = a.shape
    zero = one - one
    h = half * sigma
    lams = np.empty(m, a.dtype)
    alphas = np.empty(m, a.dtype)
    halves = np.empty(m, a.dtype)
    steps = np.empty(m, a.dtype)
    for k in range(first, last):
        en, sq, wo = energy[k], square[k], worst[k]
        en[:] = zero
        sq[:] = zero
        wo[:] = zero
        for i in range(n):
            f0, f1, p0, p1, q = f[k, i], f[k + 1, i], m1[k, i], m1[k, i + 1], m2[k, i]
            va, vb, vc = a[k, i], b[k, i], c[k, i]
            for j in range(m):
                density = h * (f0[j] + f1[j])
                alpha = va[j] + density
                b1 = vb[j] + h * (p0[j] + p1[j])
                b2 = vc[j] + h * (q[j] + q[j + 1])
                s = half * (b1 * b1 + b2 * b2)
                lam = density if density > alpha else alpha
                lam = lam if lam > zero else zero
                d = zero
                for _ in range(6):
                    y = one + lam
                    g = lam - alpha
                    new = lam - (g * y * y - s) / (y * (y + g + g))
                    new = new if new > zero else zero
                    d = new - lam
                    lam = new
                alphas[j] = alpha
                halves[j] = s
                lams[j] = lam
                steps[j] = d * d - tol * (one + lam)
            for j in range(m):
                if steps[j] > zero:
                    lams[j] = _multiplier(alphas[j], math.sqrt(2.0 * halves[j]), 0.0, 2.0)[0]
            for j in range(m):
                alpha = alphas[j]
                s = halves[j]
                lam = lams[j] if alpha + s > zero else zero
                y = one / (one + lam)
                da = alpha - lam - va[j]
                db = (vb[j] + h * (p0[j] + p1[j])) * y - vb[j]
                dc = (vc[j] + h * (q[j] + q[j + 1])) * y - vc[j]
                en[j] += lam * y * y * (s + s)
                d = da * da + db * db + dc * dc
                sq[j] += d
                wo[j] = d if d > wo[j] else wo[j]
                va[j] += relax * da
                vb[j] += relax * db
                vc[j] += relax * dc


@kernel
def _prox(rho, size, step, p, out_rho, out_size):
    for i in range(rho.size):
        alpha, beta = rho[i] / step, size[i] / step
        lam, b = _multiplier(alpha, beta, 0.0, p)
        out_rho[i] = step * lam
        out_size[i] = step * (beta - b)


def prox(rho, momentum, step: float, p: float = 2) -> tuple[np.ndarray, np.ndarray]:
    r"""The proximal map of the energy density $|m|^p / \rho^{p-1}$.

    Parameters
    ----------
    rho : array of any shape, negative values included.
    momentum : array of shape (d, *shape of rho)
        Its components come first.
    step : float
        The step size, positive.
    p : float
        The exponent, at least 1.

    Returns
    -------
    (rho, momentum) : arrays of the same shapes
        For each entry the pair $(r, n)$, $r \ge 0$, that minimises
        $|n|^p / r^{p-1} + ((r - \rho)^2 + |n - m|^2) / (2\,\text{step})$.
    """
    p = _validate.exponent(p)
    if not 0 < step < math.inf:
        raise ValueError(f"step must be positive and finite, but it is {step!r}")
    rho = _validate.finite(_validate.real_array(rho, "rho"), "rho")
    momentum = _validate.finite(_validate.real_array(momentum, "momentum"), "momentum")
    if momentum.shape[1:] != rho.shape or momentum.ndim == 0:
        raise ValueError(
            f"momentum must have shape (d, {', '.join(map(str, rho.shape))}), one component after "
            f"another, but its shape is {momentum.shape}"
        )
    size = np.sqrt((momentum**2).sum(axis=0))
    out_rho, out_size = np.empty(rho.size), np.empty(rho.size)
    # K belongs to |m|^p / (p rho^(p-1)): the factor p goes to the step.
    _prox(rho.ravel(), size.ravel(), float(step) * p, p, out_rho, out_size)
    shrink = np.divide(out_size.reshape(size.shape), size, out=np.zeros_like(size), where=size > 0)
    return out_rho.reshape(rho.shape), momentum * shrink


class _Level:
    """The iteration on one grid of steps x n x m cells (n = 1 on the line).

    Time runs from 0 to ``speed``: mass then moves at a speed near 1 whatever the distance and p,
    and one dual step size fits all problems. Inside, momenta are therefore divided by ``speed``,
    and energies by ``speed**p``.
    """

    def __init__(self, rho0, rho1, steps, p, speed, dtype, obstacles_mask, pool):
        n, m = rho0.shape
        self.p, self.speed = p, speed
        self.real, self.shape = np.dtype(dtype).type, (steps, n, m)
        self.scales = (steps / speed, float(n), float(m))
        self.ends = rho0, rho1
        self.obstacles = None
        if obstacles_mask is not None:
            self.obstacles = staggered_grid.Obstacles(obstacles_mask, steps, self.scales)
        work = steps * n * m * (1 if p == 2 else 8)  # powers are slow
        self.pool = pool if work >= _CELLS_FOR_THREADS else None
        self.source = np.empty(self.shape, self.real)
        if self.obstacles is None:
            self.pivots = _pivots(self.shape, self.scales).astype(self.real)
        self.sums = [np.empty((steps, m), self.real) for _ in range(3)]

    def start(self, faces=None, dual=None):
        """Set the unknowns: by default the straight mixture of the two ends, and no potential."""
        steps, n, m = self.shape
        if faces is None:
            t = np.linspace(0.0, 1.0, steps + 1)[:, None, None]
            rho = (1 - t) * self.ends[0] + t * self.ends[1]
            faces = (rho, np.zeros((steps, n + 1, m)), np.zeros((steps, n, m + 1)))
        if dual is None:
            dual = [np.zeros(self.shape) for _ in range(3)]
        self.faces = faces
        self.clean()
        self.bar = [u.copy() for u in self.faces]
        self.dual = [np.ascontiguousarray(v, self.real) for v in dual]

    def clean(self):
        """Project the faces on the continuity equation, against the drift of rounding."""
        faces = [u.astype(float) for u in self.faces]
        if self.obstacles is None:
            faces = staggered_grid.project(faces, *self.ends, self.scales)
        else:
            faces = self.obstacles.project(faces, *self.ends)
        self.faces = [np.ascontiguousarray(u, self.real) for u in faces]

    def _run(self, function, *arguments, axis: int = 0):
        """Call a kernel on the whole of an axis, time mostly, or on its halves in two threads."""
        size = self.shape[axis]
        if self.pool is None:
            function(*arguments, 0, size)
            return
        half = size // 2
        other = self.pool.submit(function, *arguments, half, size)
        function(*arguments, 0, half)
        other.result()

    def _poisson(self):
        """Solve -div grad u = source times the squared scale of time; u up to a constant.

        Cosines in space, elimination in time: two thirds of the time of cosines in both.
        """
        from scipy import fft

        options = dict(axes=(1, 2), overwrite_x=True, workers=1 if self.pool is None else 2)
        wave = fft.dctn(self.source, **options)
        self._run(_solve_in_time, wave, self.pivots, axis=1)
        return fft.idctn(wave, **options)

    def iterate(self, step: float, relax: float) -> tuple[float, float, float]:
        """One over-relaxed step of Chambolle and Pock; energy, residual and violation."""
        real, half_tau = self.real, 0.5 * 0.99 / step
        if self.obstacles is None:
            scales = [real(half_tau * s / self.scales[0] ** 2) for s in self.scales]
            self._run(_divergence_of_spread, *self.dual, *scales, self.source)
            u = self._poisson()
        else:
            spread = self.obstacles.close(staggered_grid.close(staggered_grid.spread(self.dual)))
            source = 2 * half_tau * staggered_grid.divergence(spread, self.scales)
            u = -self.obstacles.poisson(source).astype(real)
        scales = [real(s) for s in self.scales]
        primal = (*self.faces, *self.bar, *self.dual, u, real(half_tau), *scales, real(relax))
        if self.p == 2:
            tol = 1e-13 if self.real is np.float64 else 1e-6
            dual_step = _dual_step_quadratic
            numbers_ = [real(x) for x in (step, relax, 0.5, 1.0, tol)]
        else:
            dual_step, numbers_ = _dual_step, [step, relax, self.p]
        dual = (*self.bar, *self.dual, *numbers_, *self.sums)
        if self.obstacles is not None:
            _primal_step(*primal, 0, self.shape[0])
            for faces in (self.faces, self.bar):
                for u, is_open in zip(faces, self.obstacles.open, strict=True):
                    u *= is_open
            dual_step(*dual, 0, self.shape[0])
        else:
            self._run(_primal_step, *primal)
            self._run(dual_step, *dual)
        energy, square, worst = self.sums
        cells = math.prod(self.shape)
        return (
            self.speed**self.p * float(energy.sum(dtype=float)) / (step * cells),
            math.sqrt(float(square.sum(dtype=float)) / cells) / step,
            math.sqrt(float(worst.max())) / step,
        )

    def lower_bound(self) -> tuple[float, np.ndarray, staggered_grid.Field]:
        """A lower bound of the minimum, its potential and its slopes on the cells."""
        value, potential, (in_time, *in_space) = bounds.lower_bound(
            self.dual, *self.ends, self.scales, self.p, self.obstacles
        )
        unit = self.p * self.speed ** (self.p - 1)
        slopes = (unit * self.speed * in_time, *(unit * b for b in in_space))
        return unit * self.speed * value, unit * potential, slopes

    def upper_bound(self, depth: float):
        """An upper bound of the minimum, and its pair (momentum still in the scaled unit)."""
        value, faces = bounds.upper_bound(
            self.faces, self.dual, *self.ends, self.scales, self.p, self.obstacles, depth
        )
        return self.speed**self.p * value, faces

    def prolong(self, finer: _Level) -> None:
        """Start a finer level from this one, by linear interpolation."""
        unit = self.speed / finer.speed
        rho, *momentum = (_resize(u, finer.shape, axis) for axis, u in enumerate(self.faces))
        time, *space = (_resize(v, finer.shape) for v in self.dual)
        p = self.p
        finer.start(
            (rho, *(unit * m for m in momentum)),
            (unit**p * time, *(unit ** (p - 1) * v for v in space)),
        )


# Below, the second thread gains little, and costs where the other core is busy.
_CELLS_FOR_THREADS = 300_000


def _resize(array: np.ndarray, shape: Sequence[int], face_axis: int = -1) -> np.ndarray:
    """Linear interpolation to ``shape`` cells, or to their faces along ``face_axis``."""
    for axis, size in enumerate(shape):
        old = array.shape[axis]
        if axis == face_axis:
            at = np.linspace(0.0, old - 1.0, size + 1)
        else:
            at = (np.arange(size) + 0.5) * (old / size) - 0.5
        low = np.clip(np.floor(at).astype(int), 0, max(old - 2, 0))
        weight = np.clip(at - low, 0.0, 1.0).reshape([-1 if i == axis else 1 for i in range(3)])
        high = np.minimum(low + 1, old - 1)
        array = (1 - weight) * array.take(low, axis) + weight * array.take(high, axis)
    return array


def _coarsen(density: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The averages of a density over the cells of a coarser grid, any sizes."""
    for axis, size in enumerate(shape):
        old = density.shape[axis]
        total = np.concatenate(
            [
                np.zeros_like(staggered_grid.cut(density, axis, None, 1)),
                np.cumsum(density, axis=axis),
            ],
            axis,
        )
        at = np.linspace(0.0, old, size + 1)
        low = np.minimum(at.astype(int), old - 1)
        weight = (at - low).reshape([-1 if i == axis else 1 for i in range(2)])
        total = (1 - weight) * total.take(low, axis) + weight * total.take(low + 1, axis)
        density = np.diff(total, axis=axis) * (size / old)
    return density


def _typical_speed(rho0: np.ndarray, rho1: np.ndarray) -> float:
    """How far mass goes: W_1 of the marginals, at least a twentieth of the cube."""
    total = 0.0
    for axis in range(rho0.ndim):
        others = tuple(i for i in range(rho0.ndim) if i != axis)
        profile = (rho0 - rho1).mean(axis=others)
        total += float(np.abs(np.cumsum(profile)).mean() / profile.size) ** 2
    return max(math.sqrt(total), 0.05)


def benamou_brenier(
    rho0,
    rho1,
    *,
    steps: int = 32,
    p: float = 2,
    tol: float = 1e-3,
    max_iterations: int = 2000,
    relax: float = 1.9,
    step: float | None = None,
    levels: int | None = None,
    obstacles=None,
    dtype=np.float64,
    progress: bool = False,
    callback: Callable[[DynamicState], object] | None = None,
) -> DynamicPlan:
    r"""Minimise the energy over all curves of densities from ``rho0`` to ``rho1`` (Theorem 5.1).

    $$\min \int_0^1 \!\! \int \frac{|m|^p}{\rho^{p-1}} \, dx \, dt \quad \text{with} \quad
    \partial_t \rho + \nabla \cdot m = 0,\ \rho_0, \rho_1 \text{ given},\ m \cdot n = 0
    \text{ on the walls} \quad = \quad W_p^p(\rho_0, \rho_1),$$

    on a staggered grid of the unit interval or square. The iteration stops when a feasible pair
    and a feasible potential enclose the minimum of the discrete problem (`bounds`).

    Parameters
    ----------
    rho0, rho1 : arrays of shape (n,) or (n, m)
        Cell averages of two densities on the unit interval or square: cell i is centred at
        (i + 1/2)/n. Non-negative, of the same mass; they are normalised to mean 1.
    steps : int
        The number of steps in time, at least 2.
    p : float
        The exponent, at least 1.
    tol : float
        Stop when ``gap <= tol * lower_bound``.
    max_iterations : int
        After so many iterations on the finest grid the best pair is returned, with a warning.
    relax : float
        Over-relaxation in (0, 2).
    step : float, optional
        The dual step size. By default, it is small first, which is good for the potential, and
        then larger, which is good for the density.
    levels : int, optional
        The number of grids, each twice as fine as the one before. By default down to 8 cells; 1
        starts on the finest grid.
    obstacles : boolean array of the shape of the densities, optional
        True marks cells that no mass may enter. The energy is then that of the shortest ways
        around them, and no longer $W_p^p$ of the square.
    dtype : float64 or float32
        The precision of the iteration; the bounds are computed in float64 always.
    progress : bool
        Show a bar with the energy and the relative gap (tqdm).
    callback : callable, optional
        Called as ``callback(state)`` with a `DynamicState` after each iteration on the finest grid.

    Returns
    -------
    DynamicPlan

    Raises
    ------
    ValueError
        Where the data are no densities of the same mass on one grid of 1 or 2 axes, an obstacle
        holds mass or cuts the mass of the source from the target, or an option is out of range.
    TypeError
        Where a value is of the wrong kind.

    References
    ----------
    Benamou and Brenier, *A computational fluid mechanics solution to the Monge-Kantorovich mass
    transfer problem*, 2000. Papadakis, Peyré and Oudet, *Optimal transport with proximal
    splitting*, 2014. Chambolle and Pock, *On the ergodic convergence rates of a first-order
    primal-dual algorithm*, 2016 (the over-relaxed form).
    """
    rho0, rho1 = _densities(rho0, rho1)
    p = _validate.exponent(p)
    _options(steps, tol, max_iterations, relax, step, levels, dtype)
    grid = rho0.shape
    mask = None
    if obstacles is not None:
        rho0, rho1, mask = _around_obstacles(rho0, rho1, obstacles)
    plane = (1, *grid) if len(grid) == 1 else grid
    rho0, rho1 = rho0.reshape(plane), rho1.reshape(plane)
    mask = None if mask is None else mask.reshape(plane)
    with ThreadPoolExecutor(1) as pool:
        level = _coarse_levels(rho0, rho1, steps, p, levels, mask, dtype, pool, step, relax)
        run = _Run(level, grid, tol, max_iterations, relax, step, progress, callback)
        run.go()
    if not run.converged:
        warnings.warn(
            f"benamou_brenier stopped after max_iterations = {max_iterations} with a relative gap "
            f"of {run.relative_gap:.1e} > tol = {tol:g}; raise max_iterations or tol. "
            "(Densities with jumps may keep a gap of the order of a cell: smooth them.)",
            RuntimeWarning,
            stacklevel=2,
        )
    return run.result()


def _coarse_levels(rho0, rho1, steps, p, levels, mask, dtype, pool, step, relax) -> _Level:
    """Iterate on the coarser grids; the finest level, ready to start."""
    shapes = [(steps, *rho0.shape)]
    # An obstacle of single cells has no coarse picture.
    limit = 1 if mask is not None else (levels or 99)
    while len(shapes) < limit:
        finer = shapes[-1]
        coarser = (max(finer[0] // 2, 4), *(max(n // 2, 1) for n in finer[1:]))
        if max(coarser[1:]) < 8 or min(n for n in coarser[1:] if n > 1) < 4:
            break
        shapes.append(coarser)
    speed = _typical_speed(rho0, rho1)
    level = None
    for shape in reversed(shapes):
        ends = [_coarsen(rho, shape[1:]) for rho in (rho0, rho1)]
        if shape is shapes[0]:
            ends = [rho0, rho1]
        finer = _Level(*ends, shape[0], p, speed, dtype, mask, pool)
        if level is None:
            finer.start()
        else:
            level.prolong(finer)
        level = finer
        if shape is not shapes[0]:
            for k in range(_COARSE_ITERATIONS):
                energy = level.iterate(step or _default_step(k, _COARSE_ITERATIONS), relax)[0]
            speed = max(energy, 0.0) ** (1 / p)
            speed = max(speed, 0.05)
    return level


_COARSE_ITERATIONS = 80


def _default_step(iteration: int, middle: int = 80) -> float:
    """Small first: the potential converges; then large: the density does."""
    return 0.08 if iteration < middle else 0.32


class _Run:
    """The iteration on the finest grid, with its bounds, history and stopping rule."""

    def __init__(self, level, grid, tol, max_iterations, relax, step, progress, callback):
        self.level, self.grid, self.tol, self.max_iterations = level, grid, tol, max_iterations
        self.relax, self.step, self.progress, self.callback = relax, step, progress, callback
        self.log = []
        self.lower, self.upper = (-np.inf, None, None), (np.inf, None)
        self.depth = 0.1
        self.converged = False

    @property
    def relative_gap(self) -> float:
        """The gap over the lower bound; where next to nothing moves, over what the grid resolves.

        That is the energy of moving all mass by a thousandth of a cell.
        """
        resolved = (1e-3 / max(self.level.shape[1:])) ** self.level.p
        return (self.upper[0] - self.lower[0]) / max(self.lower[0], resolved / self.tol)

    def go(self):
        bar = None
        if self.progress:
            tqdm = optional("tqdm", "grade").tqdm

            bar = tqdm(total=self.max_iterations, unit="iteration")
        next_check = 30
        try:
            for iteration in range(1, self.max_iterations + 1):
                step = self.step or _default_step(iteration)
                energy, residual, violation = self.level.iterate(step, self.relax)
                last = iteration == self.max_iterations
                if iteration >= next_check or last:
                    self.check(energy, last)
                    # The gap falls a little faster than one over the number of iterations.
                    most = 2.5 if self.upper[0] < np.inf else 1.5
                    factor = min(max((self.relative_gap / self.tol) ** 0.7, 1.15), most)
                    next_check = iteration + max(8, int((factor - 1) * iteration))
                self.log.append((energy, residual, violation, self.lower[0], self.upper[0]))
                if bar is not None:
                    bar.update()
                    bar.set_postfix(energy=f"{energy:.5g}", gap=f"{self.relative_gap:.1e}")
                if self.callback is not None:
                    self.callback(DynamicState(iteration, *self.log[-1], *self.shaped()))
                self.converged = self.relative_gap <= self.tol
                if self.converged:
                    break
        finally:
            if bar is not None:
                bar.close()

    def check(self, energy: float, last: bool):
        """Compute the bounds: the upper one, which costs more, only where it may be the last."""
        self.level.clean()
        self.lower = max(self.lower, self.level.lower_bound(), key=lambda pair: pair[0])
        if not last and energy - self.lower[0] > self.tol * self.lower[0]:
            return
        # The noise in the vacuum falls: follow it down, as long as that helps.
        depth = self.depth
        while depth > 1e-7:
            trial = self.level.upper_bound(depth)
            better = trial[0] < self.upper[0]
            if better:
                self.upper, self.depth = trial, depth
            if self.relative_gap <= self.tol or not (better or depth == self.depth):
                return
            depth /= 3

    def shaped(self, faces=None):
        """Density and momentum in the user's shapes and units."""
        rho, m1, m2 = self.level.faces if faces is None else faces
        if len(self.grid) == 1:
            return rho[:, 0], (self.level.speed * m2[:, 0],)
        return rho, (self.level.speed * m1, self.level.speed * m2)

    def result(self) -> DynamicPlan:
        rho, momentum = self.shaped(self.upper[1])
        _, potential, slopes = self.lower
        if len(self.grid) == 1:
            potential, slopes = potential[:, 0], (slopes[0][:, 0], slopes[2][:, 0])
        return DynamicPlan(
            rho=rho,
            momentum=momentum,
            p=self.level.p,
            energy=min(max(self.log[-1][0], self.lower[0]), self.upper[0]),
            upper_bound=self.upper[0],
            lower_bound=self.lower[0],
            cell_potential=potential,
            slopes=tuple(slopes),
            history=History(*np.array(self.log).T),
            converged=self.converged,
        )


def _options(steps, tol, max_iterations, relax, step, levels, dtype) -> None:
    """Refuse options out of range, by name."""
    whole = [("steps", steps, 2), ("max_iterations", max_iterations, 1)]
    whole += [] if levels is None else [("levels", levels, 1)]
    for name, value, least in whole:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(f"{name} must be an integer, but it is {value!r}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, but it is {value}")
    ranges = [("tol", tol, math.inf), ("relax", relax, 2.0)]
    ranges += [] if step is None else [("step", step, math.inf)]
    for name, value, most in ranges:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"{name} must be a real number, but it is {value!r}")
        if not 0 < value < most:
            raise ValueError(f"{name} must lie in (0, {most:g}), but it is {value!r}")
    if np.dtype(dtype) not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, but it is {dtype!r}")


def _densities(rho0, rho1) -> tuple[np.ndarray, np.ndarray]:
    """Two densities of mean 1 on one grid."""
    first, second = density(rho0, "rho0"), density(rho1, "rho1")
    if first.shape != second.shape:
        raise ValueError(
            f"rho0 and rho1 must live on one grid, but their shapes are {first.shape} and "
            f"{second.shape}"
        )
    mass0, mass1 = float(first.mean()), float(second.mean())
    if abs(mass0 - mass1) > 1e-6 * max(mass0, mass1):
        raise ValueError(
            f"rho0 and rho1 must have the same mass, but their means are {mass0!r} and {mass1!r}; "
            "divide each by its mean"
        )
    return first / mass0, second / mass1


def density(value, name: str) -> np.ndarray:
    """A non-negative array of shape (n,) or (n, m) with positive mass."""
    array = _validate.real_array(value, name)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (n, m), but its shape is {array.shape}")
    if max(array.shape) < 2 or array.size == 0:
        raise ValueError(f"{name} needs at least two cells, but its shape is {array.shape}")
    _validate.finite(array, name)
    if (array < 0).any():
        raise ValueError(
            f"{name} must be non-negative, but its least value is {float(array.min())!r}"
        )
    if not 0 < array.sum() < math.inf:
        raise ValueError(f"{name} must have a positive finite mass, but it is {array.sum()!r}")
    return array


def _around_obstacles(rho0, rho1, obstacles):
    """The densities and the mask, once each piece of the free cells has the same mass in both."""
    from scipy import ndimage

    mask = np.asarray(obstacles)
    if mask.dtype != bool:
        raise TypeError(f"obstacles must be an array of booleans, but its dtype is {mask.dtype}")
    if mask.shape != rho0.shape:
        raise ValueError(
            f"obstacles must have the shape of the densities, {rho0.shape}, but its shape is "
            f"{mask.shape}"
        )
    for rho, name in ((rho0, "rho0"), (rho1, "rho1")):
        if (rho[mask] > 0).any():
            raise ValueError(f"{name} has mass inside the obstacles; set it to 0 there")
    labels, count = ndimage.label(~mask)
    rho1, mask = rho1.copy(), mask.copy()
    for piece in range(1, count + 1):
        inside = labels == piece
        mass0, mass1 = float(rho0[inside].sum()), float(rho1[inside].sum())
        if abs(mass0 - mass1) > 1e-6 * rho0.sum():
            raise ValueError(
                "the obstacles cut the source from the target: a connected piece of the free cells "
                f"holds {mass0 / rho0.sum():.3g} of the mass of rho0 but {mass1 / rho1.sum():.3g} "
                "of that of rho1, and nothing can leave it"
            )
        if mass0 == 0:
            mask |= inside  # nothing moves in an empty piece
        else:
            rho1[inside] *= mass0 / mass1
    return rho0, rho1, mask
