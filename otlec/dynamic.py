r"""The dynamic formulation of Theorem 5.1, solved by a primal-dual iteration.

$$W_p^p(\mu, \nu) = \inf \left\{ \int_0^1 \!\! \int \frac{|m|^p}{\rho^{p-1}} \, dx \, dt
\;\middle|\; \partial_t \rho + \nabla \cdot m = 0,\ \rho_0 = \mu,\ \rho_1 = \nu \right\}.$$

In density and momentum the problem is convex (Benamou and Brenier, 2000). The unknowns live on the
staggered grid of `otlec.staggered`; the energy is evaluated at the centres of its cells. Its
convex conjugate is the indicator of a set K of slopes of potentials, so that each iteration is

- a projection on the continuity equation (a Poisson equation, by cosine transforms), and
- a projection of each cell's dual variable on K (one scalar equation).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _check, staggered
from ._kernel import kernel


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
def _dual_step_quadratic(
    f, m1, m2, a, b, c, sigma, relax, half, one, energy, square, worst, first, last
):
    r"""Project ``v + sigma * (mean of the two barred faces)`` on K for p = 2, over-relaxed.

    With lam >= 0 the multiplier of K, the projection of (alpha, beta) is
    (alpha - lam, beta / (1 + lam)) and (lam - alpha) (1 + lam)^2 = |beta|^2 / 2: a cubic that is
    convex and increasing right of max(alpha, 0). Newton's steps are a fixed number, so that the
    loop has no branch; they start from the density, which the previous iterate predicts well.
    """
    steps, n, m = a.shape
    zero = one - one
    h = half * sigma
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
                for _ in range(6):
                    y = one + lam
                    g = lam - alpha
                    lam -= (g * y * y - s) / (y * (y + g + g))
                    lam = lam if lam > zero else zero
                lam = lam if alpha + s > zero else zero
                y = one / (one + lam)
                da = alpha - lam - va[j]
                db = b1 * y - vb[j]
                dc = b2 * y - vc[j]
                en[j] += lam * y * y * (s + s)
                d = da * da + db * db + dc * dc
                sq[j] += d
                wo[j] = d if d > wo[j] else wo[j]
                va[j] += relax * da
                vb[j] += relax * db
                vc[j] += relax * dc


@dataclass(frozen=True)
class History:
    """One entry an iteration: arrays of equal length.

    Attributes
    ----------
    energy : the energy at the output of the proximal step, where densities are non-negative.
    residual : root mean square over the cells of the distance between that output and the
        interpolated faces; 0 at a solution.
    violation : the largest such distance.
    """

    energy: np.ndarray
    residual: np.ndarray
    violation: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class DynamicPlan:
    r"""A curve of densities and its momentum, near the minimum of Theorem 5.1.

    Attributes
    ----------
    rho : array of shape (steps + 1, *grid)
        ``rho[k]`` is the density at time k/steps, of mean 1.
    momentum : tuple of arrays, one an axis of the grid
        On the faces of the cells: ``momentum[i]`` has shape (steps, *grid), but one more along its
        own axis. Momentum k belongs to the time (k + 1/2)/steps.
    p : float
        The exponent.
    energy : float
        The minimal energy, an approximation of $W_p^p$.
    history : History
        What each iteration did.
    converged : bool
        Whether the tolerance was met.
    """

    rho: np.ndarray
    momentum: tuple[np.ndarray, ...]
    p: float
    energy: float
    history: History
    converged: bool

    @property
    def steps(self) -> int:
        """The number of steps in time."""
        return self.rho.shape[0] - 1

    @property
    def grid(self) -> tuple[int, ...]:
        """The number of cells along each axis."""
        return self.rho.shape[1:]

    @property
    def distance(self) -> float:
        """The distance $W_p$: the energy to the power 1/p."""
        return max(self.energy, 0.0) ** (1.0 / self.p)

    @property
    def centred_density(self) -> np.ndarray:
        """The density at the centres of the cells of time: shape (steps, *grid)."""
        return 0.5 * (self.rho[:-1] + self.rho[1:])

    @property
    def centred_momentum(self) -> np.ndarray:
        """The momentum at the centres of the cells: shape (d, steps, *grid)."""
        return np.stack(staggered.interpolate((self.rho, *self.momentum))[1:])

    @property
    def velocity(self) -> np.ndarray:
        """Momentum over density at the centres of the cells: shape (d, steps, *grid).

        It is 0 where there is no mass.
        """
        rho, momentum = self.centred_density, self.centred_momentum
        carried = rho > 1e-6
        return np.where(carried, momentum, 0.0) / np.where(carried, rho, 1.0)

    def __repr__(self) -> str:
        grid = " x ".join(map(str, self.grid))
        state = "converged" if self.converged else "not converged"
        return f"DynamicPlan({grid}, {self.steps} steps, energy={self.energy:.6g}, {state})"


class _Solver:
    """The state of the iteration on one grid of steps x n x m cells (n = 1 on the line)."""

    def __init__(self, rho0, rho1, steps, step, relax, dtype):
        n, m = rho0.shape
        self.dtype, self.shape = np.dtype(dtype).type, (steps, n, m)
        self.scales = (float(steps), float(n), float(m))
        self.ends = rho0, rho1
        self.sigma, self.tau, self.relax = step, 0.99 / step, relax
        t = np.linspace(0.0, 1.0, steps + 1)[:, None, None]
        self.faces = (
            (1 - t) * rho0 + t * rho1,
            np.zeros((steps, n + 1, m)),
            np.zeros((steps, n, m + 1)),
        )
        self.clean()
        self.bar = [u.copy() for u in self.faces]
        self.dual = [np.zeros(self.shape, self.dtype) for _ in range(3)]
        self.source = np.empty(self.shape, self.dtype)
        values = staggered.eigenvalues(self.shape, self.scales)
        values.flat[0] = np.inf
        self.inverse = (1.0 / values).astype(self.dtype)
        self.sums = [np.empty((steps, m), self.dtype) for _ in range(3)]

    def clean(self):
        """Project the faces, against the drift of rounding."""
        faces = staggered.project([u.astype(float) for u in self.faces], *self.ends, self.scales)
        self.faces = [np.ascontiguousarray(u, self.dtype) for u in faces]

    def iterate(self) -> tuple[float, float, float]:
        """One over-relaxed step of Chambolle and Pock; energy, residual and violation."""
        from scipy import fft

        real, h = self.dtype, 0.5 * self.tau
        scales = [real(s) for s in self.scales]
        steps = self.shape[0]
        _divergence_of_spread(
            *self.dual, *(real(h * s) for s in self.scales), self.source, 0, steps
        )
        wave = fft.dctn(self.source, overwrite_x=True)
        wave *= self.inverse
        u = fft.idctn(wave, overwrite_x=True)
        _primal_step(
            *self.faces, *self.bar, *self.dual, u, real(h), *scales, real(self.relax), 0, steps
        )
        _dual_step_quadratic(
            *self.bar, *self.dual, real(self.sigma), real(self.relax), real(0.5), real(1.0),
            *self.sums, 0, steps,
        )  # fmt: skip
        energy, square, worst = self.sums
        cells = math.prod(self.shape)
        return (
            float(energy.sum(dtype=float)) / (self.sigma * cells),
            math.sqrt(float(square.sum(dtype=float)) / cells) / self.sigma,
            math.sqrt(float(worst.max())) / self.sigma,
        )


def benamou_brenier(
    rho0,
    rho1,
    *,
    steps: int = 32,
    p: float = 2,
    tol: float = 1e-3,
    max_iterations: int = 2000,
    relax: float = 1.9,
    step: float = 0.13,
    dtype=np.float64,
    callback: Callable | None = None,
) -> DynamicPlan:
    r"""Minimise the energy over all curves of densities from ``rho0`` to ``rho1`` (Theorem 5.1).

    Parameters
    ----------
    rho0, rho1 : arrays of shape (n,) or (n, m)
        Cell averages of two densities on the unit interval or square, non-negative, of the same
        mass. They are normalised to mean 1.
    steps : int
        The number of steps in time.
    p : float
        The exponent.
    tol : float
        Stop when the residual is below ``tol`` times the root mean square of the solution.
    max_iterations : int
        After so many iterations the state is returned with a warning.
    relax, step : float
        Over-relaxation in (0, 2) and dual step size of the iteration.
    dtype : float64 or float32
        The precision of the iteration.

    Returns
    -------
    DynamicPlan
    """
    rho0, rho1 = _densities(rho0, rho1)
    p = _check.exponent(p)
    if p != 2:
        raise NotImplementedError("only p = 2 is available")
    grid = rho0.shape
    plane = (1, *grid) if rho0.ndim == 1 else grid
    solver = _Solver(rho0.reshape(plane), rho1.reshape(plane), steps, step, relax, dtype)
    scale = math.sqrt(float(np.mean(rho0**2) + np.mean(rho1**2)) / 2)
    log, converged = [], False
    for iteration in range(max_iterations):
        log.append(solver.iterate())
        if iteration % 16 == 15:
            solver.clean()
        if callback is not None:
            callback(iteration, *log[-1])
        if log[-1][1] <= tol * scale:
            converged = True
            break
    if not converged:
        warnings.warn(
            f"benamou_brenier stopped after max_iterations = {max_iterations}: "
            "raise max_iterations or tol",
            RuntimeWarning,
            stacklevel=2,
        )
    solver.clean()
    rho, m1, m2 = (u.astype(float) for u in solver.faces)
    momentum = (m2[:, 0],) if rho0.ndim == 1 else (m1, m2)
    return DynamicPlan(
        rho=rho.reshape(-1, *grid),
        momentum=momentum,
        p=p,
        energy=log[-1][0],
        history=History(*np.array(log).T),
        converged=converged,
    )


def _densities(rho0, rho1) -> tuple[np.ndarray, np.ndarray]:
    """Two densities of mean 1 on one grid."""
    out = []
    for value, name in ((rho0, "rho0"), (rho1, "rho1")):
        array = _check.real_array(value, name)
        if array.ndim not in (1, 2) or array.size == 0:
            raise ValueError(
                f"{name} must have shape (n,) or (n, m), but its shape is {array.shape}"
            )
        _check.finite(array, name)
        if (array < 0).any():
            raise ValueError(f"{name} must be non-negative, but its least value is {array.min()!r}")
        if not array.sum() > 0:
            raise ValueError(f"{name} has no mass")
        out.append(array)
    if out[0].shape != out[1].shape:
        raise ValueError(
            f"rho0 and rho1 must live on one grid, but their shapes are {out[0].shape} and "
            f"{out[1].shape}"
        )
    mass0, mass1 = (float(array.mean()) for array in out)
    if abs(mass0 - mass1) > 1e-6 * max(mass0, mass1):
        raise ValueError(
            f"rho0 and rho1 must have the same mass, but their means are {mass0!r} and {mass1!r}; "
            "divide each by its mean"
        )
    return out[0] / mass0, out[1] / mass1
