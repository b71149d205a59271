r"""The price of motion and its conjugate: the proximal map, and the projection on the set K.

The energy density $|m|^p / (p \rho^{p-1})$ is convex and homogeneous of degree 1. Its convex
conjugate is therefore the indicator of a convex set, the slopes (a, b) with
$a + |b|^q / q \le 0$, where q is the conjugate exponent. Without the factor 1/p, which is only a
unit, the set is $a + (p - 1) |b / p|^q \le 0$. By Moreau's theorem the projection on K takes off
the proximal point: density and momentum.
"""

import math

import numpy as np

from .. import _validate
from .._kernel import kernel


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
def _dual_step(faces, dual, sigma, relax, p, sums, first, last):
    """Project ``dual + sigma * (mean of the two barred faces)`` on K, over-relaxed, for any p.

    The density and momentum of the proximal step are what the projection takes off, divided by
    sigma. Three ``sums`` over the first axis of space: the energy of that pair (times sigma), the
    square of its distance to the barred faces (times sigma) and the worst of these.
    """
    f, m1, m2 = faces
    a, b, c = dual
    energy, square, worst = sums
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
def _dual_step_quadratic(faces, dual, sigma, relax, half, one, tol, sums, first, last):
    r"""As `_dual_step` for p = 2, where lam solves (lam - alpha) (1 + lam)^2 = |beta|^2 / 2.

    This cubic is convex and increasing right of max(alpha, 0). Six Newton steps without a branch,
    which the compiler turns into vector code, start from the density, since the previous iterate
    predicts it well; the rare cells where the sixth was not yet small go on alone.
    """
    f, m1, m2 = faces
    a, b, c = dual
    _, n, m = a.shape
    zero = one - one
    h = half * sigma
    lams, alphas = np.empty(m, a.dtype), np.empty(m, a.dtype)
    halves, steps = np.empty(m, a.dtype), np.empty(m, a.dtype)
    for k in range(first, last):
        en, sq, wo = sums[0][k], sums[1][k], sums[2][k]
        for j in range(m):
            en[j], sq[j], wo[j] = zero, zero, zero
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
                count = 0
                while steps[j] > zero and count < 100:
                    count += 1
                    y, g = one + lams[j], lams[j] - alphas[j]
                    new = lams[j] - (g * y * y - halves[j]) / (y * (y + g + g))
                    new = new if new > zero else zero
                    d = new - lams[j]
                    lams[j] = new
                    steps[j] = d * d - tol * (one + new)
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
