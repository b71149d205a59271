"""A hundred wrong answers, written from the texts of the exercises and not from their judges."""

import itertools

import numpy as np

import otlec
from otlec import Measure


def D(x, a=None):
    return Measure(np.array(x, float), a)


def halves(s):
    return np.array([[s, 0.5 - s], [0.5 - s, s]])


ANSWERS = [
    # chapter 1
    ("1a", lambda cost, psi: np.min(cost - psi)),
    ("1a", lambda cost, psi: cost.min(axis=1) - psi.min()),
    ("1a", lambda cost, psi: np.min(cost + psi[None, :], axis=1)),
    ("1a", lambda cost, psi: np.max(cost - psi, axis=1)),
    ("1a", lambda cost, psi: np.min(cost - psi, axis=0)),
    ("1b", lambda: ([0, 1], [2, 3])),
    ("1b", lambda: ([0, 3], [1, 2])),
    ("1b", lambda: ([0, 0], [1, 2])),
    ("1b", lambda: ([0, 10], [1, 11])),
    ("1c", lambda mu, nu: abs(mu.weights @ mu.points - nu.weights @ nu.points)),
    ("1c", lambda mu, nu: np.mean(np.abs(np.sort(mu.points) - np.sort(nu.points)))),
    ("1c", lambda mu, nu: (mu.weights[:, None] * nu.weights
                           * abs(mu.points[:, None] - nu.points)).sum()),
    ("1d", lambda cost, gamma, phi, psi: ((gamma * cost).sum(), gamma.sum(1) @ phi
                                          + gamma.sum(0) @ psi, gamma.sum(1) @ phi
                                          + gamma.sum(0) @ psi)),
    ("1d", lambda cost, gamma, phi, psi: (phi.sum() + psi.sum(),
                                          (gamma * (phi[:, None] + psi)).sum(),
                                          (gamma * cost).sum())),
    ("1e", lambda: (20.5, 45.0)),
    ("1f", lambda cost, mu, nu: (cost.ravel(), np.eye(cost.size), np.r_[mu, nu])),
    ("1g", lambda s, t, n: (np.log(t[-1] / t[0]) / np.log(s[-1] / s[0]), t[-1] * n / s[-1])),
    ("1h", lambda a, b, cost, direction: 1.0),
    ("2.4c", lambda: 1.0),
    ("3.3b", lambda x, y, rate, b: (b * np.exp(-rate * x), -np.log(y / b + 1e-9) / rate)),
    ("3.3c", lambda: (True,) * 6),
    ("3-project-c", lambda pixels, x, y, t: (1 - t) * pixels + t * y.mean(axis=0)),
    ("1-project-a", lambda cost, psi, i, eps: (int(np.argmin(cost[i] - psi)),
                                               psi[np.argmin(cost[i] - psi)] - eps)),
    ("1-project-a", lambda cost, psi, i, eps: (int(np.argmin(cost[i])),
                                               psi[np.argmin(cost[i])] - eps)),
    ("1-project-b", lambda cost, eps: (cost.argmin(axis=1), np.zeros(len(cost)))),
    ("1-project-b", lambda cost, eps: (np.arange(len(cost)), np.zeros(len(cost)))),
    # chapter 2
    ("2.1", lambda gamma, x, y, p: (gamma * np.linalg.norm(x[:, None] - y, axis=2) ** p).sum()),
    ("2.1", lambda gamma, x, y, p: np.sqrt(
        (gamma * np.linalg.norm(x[:, None] - y, axis=2) ** 2).sum())),
    ("2.1", lambda gamma, x, y, p: (gamma * np.linalg.norm(x[:, None] - y, axis=2)).sum()),
    ("2.1", lambda gamma, x, y, p: (np.linalg.norm(x[:, None] - y, axis=2) ** p).sum() ** (1 / p)),
    ("2.2a", lambda: (D([0]), D([0.5]), D([1]), 0.5)),
    ("2.2a", lambda: (D([0]), D([0, 1]), D([1]), 0.5)),
    ("2.2a", lambda: (D([0, 9]), D([1, 9]), D([1, 10]), 1)),
    ("2.2b", lambda sigma, x1, x2, x3, p: _chain(sigma, x1, x2, x3, p, lambda v: v)),
    ("2.2b", lambda sigma, x1, x2, x3, p: _chain(sigma, x1, x2, x3, p)[::-1]),
    ("2-project-a", lambda s: np.sqrt(((s[:, None] - s) ** 2).mean(axis=2))),
    ("2-project-a", lambda s: np.abs(np.sort(s)[:, None] - np.sort(s)).mean(axis=2)),
    ("2-project-b", lambda D: np.linalg.eigh(D)[1][:, -2:] if len(D) > 1 else np.zeros((1, 2))),
    ("2.3", lambda a, b: a[:, :, None] * b[None]),
    ("2.3", lambda a, b: a[:, :, None] * b[None] / a.sum(axis=0)[None, :, None]),
    ("2.3", lambda a, b: a[:, :, None] * b.sum(axis=0)),
    ("2.3", lambda a, b: np.einsum("ij,jk->ik", a, b)),
    ("2.3b", lambda: (halves(0.5), halves(0.5), halves(0))),
    ("2.3b", lambda: (halves(0.3), halves(0.3), halves(0.2))),
    ("2.3c", lambda a, b, x1, x3: otlec.glue(a, b).tensor),
    ("2.3c", lambda a, b, x1, x3: a[:, :, None] * b[None]
     / np.where(a.sum(0) > 0, a.sum(0), 1)[None, :, None]),
    ("2.3d", lambda: (np.array([[0.02, 0.96, 0.02], [0.02, 0.02, 0.96], [0.96, 0.02, 0.02]]) / 3,
                      -np.eye(3))),
    ("2.3d", lambda: (np.array([[0.02, 0.96, 0.02], [0.96, 0.02, 0.02], [0.02, 0.02, 0.96]]) / 3,
                      np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 0.0]]))),
    ("2.4a", lambda x, T, S, p: tuple(_norms(x, p, x - S(T(x)), x - T(x), x - S(x)))),
    ("2.4a", lambda x, T, S, p: tuple(_norms(x, p, x - S(T(x)), T(x) - S(T(x)), x - T(x)))),
    ("2.4a", lambda x, T, S, p: tuple(_norms(x, 2, x - S(T(x)), x - T(x), T(x) - S(T(x))))),
    ("2.4b", lambda: (np.diag([1.0, 2]), np.diag([2.0, 1]))),
    ("2.4b", lambda: (np.array([[0.0, -1], [1, 0]]), np.eye(2))),
    ("2.5", lambda mu, nu, p: _moment(mu, p) + _moment(nu, p)),
    ("2.5", lambda mu, nu, p: (_moment(mu, p) + _moment(nu, p)) ** (1 / p)),
    ("2.5", lambda mu, nu, p: 2 * (_moment(mu, p) ** (1 / p) + _moment(nu, p) ** (1 / p))),
    ("comparisons-a", lambda: ((D([0]), D([0.5])), (D([0]), D([1.0])))),
    ("comparisons-a", lambda: ((D([0]), D([1])), (D([0]), D([0, 2], [0.5, 0.5])))),
    ("comparisons-b", lambda gamma, d, p: ((gamma * d).sum(), (gamma * d**p).sum(),
                                           d.max() ** (p - 1) * (gamma * d).sum())),
    ("comparisons-b", lambda gamma, d, p: ((gamma * d).sum(), (gamma * d**p).sum() ** (1 / p),
                                           d.max() ** (1 / p) * (gamma * d).sum() ** (1 / p))),
    ("2.6a", lambda: (1, 1, 0, 1)),
    ("2.6a", lambda: (1, 1, 1, 0.5)),
    ("2.6a", lambda: (0.5, 1, 0, 0.5)),
    ("2.6b", lambda n: D([0, 1], [1 - 1 / n, 1 / n])),
    ("2.6b", lambda n: D([1 / n, 1])),
    ("2.7", lambda n: n**0.5),
    ("2.7", lambda n: n**0.25),
    ("2.7", lambda n: n),
    # chapter 3
    ("3.1", lambda D, times: np.allclose(np.diff(D[0]), D[0, 1])),
    ("3.1", lambda D, times: bool(np.all(np.abs(times[:, None] - times) * D[0, -1] == D))),
    ("3.1", lambda D, times: np.allclose(D[0], times * D[0, -1])),
    ("3.1", lambda D, times: np.allclose(D / D[0, -1], np.abs(times[:, None] - times))),
    ("3.2a", lambda x, y, gamma, t: (np.r_[x, y], np.r_[(1 - t) * gamma.sum(1),
                                                       t * gamma.sum(0)])),
    ("3.2a", lambda x, y, gamma, t: ((1 - t) * x + t * y[gamma.argmax(1)], gamma.sum(1))),
    ("3.2a", lambda x, y, gamma, t: ((t * x[:, None] + (1 - t) * y).ravel(), gamma.ravel())),
    ("3.2b", lambda: (D([0, 1]), D([0, 1]), np.array([[0, 0.5], [0.5, 0]]))),
    ("3.2b", lambda: (D([0, 1]), D([5, 6]), np.eye(2) / 2)),
    ("3.2c", lambda x1, y1, x2, t: (y1, 0.0)),
    ("3.2c", lambda x1, y1, x2, t: ((1 - t) * x1 + t * y1, 0.0)),
    ("3.2d", lambda: (np.array([[0.0, 0], [1, 0]]), np.array([[1.0, 0], [0, 0]]))),
    ("3.2d", lambda: (np.array([[0.0, 0], [0, 1]]), np.array([[1.0, 0], [1, 1]]))),
    ("3.3", lambda S0, S1: np.linalg.inv(S0) @ S1),
    ("3.3", lambda S0, S1: np.sqrt(S1) @ np.linalg.inv(np.sqrt(S0))),
    ("3.3", lambda S0, S1: np.linalg.cholesky(S1) @ np.linalg.inv(np.linalg.cholesky(S0))),
    ("3-project-a", lambda x, y: y[((x[:, None] - y) ** 2).sum(2).argmin(1)]),
    ("3-project-a", lambda x, y: y[np.argsort(y[:, 0])][np.argsort(np.argsort(x[:, 0]))]),
    ("3-project-b", lambda x, y, times: (np.array([(1 - t) * x + t * y for t in times]),
                                         np.sqrt(((x - y) ** 2).sum(1).mean()))),
    ("3.4a", lambda: (np.eye(3) / 3, np.full((3, 3), 1 / 9))),
    ("3.4a", lambda: (np.eye(3), np.roll(np.eye(3), 1, axis=0))),
    ("3.4b", lambda t: D([0, 1], [1 - t, t])),
    ("3.4b", lambda t: D([t])),
    ("3.5a", lambda curve, n: np.linalg.norm(np.array(curve(1)) - np.array(curve(0)))),
    ("3.5a", lambda curve, n: sum(np.linalg.norm(curve(k / n) - curve((k + 1) / n))
                                  for k in range(n - 1))),
    ("3.5b", lambda p, L: int(np.ceil(L))),
    ("3.5b", lambda p, L: L ** (p / (p - 1))),
    ("barycenters-a", lambda x0, x1: ((np.array([x0, x1]), [0.5, 0.5]), ([(x0 + x1) / 2], [1.0]))),
    ("barycenters-b", lambda points, weights: weights @ points),
    ("barycenters-b", lambda points, weights: np.sort(points, axis=1).mean(axis=0)),
    ("barycenters-c", lambda: D([[2, 19 / 9]])),
    # chapter 4
    ("4.1a", lambda c, s, r, q: otlec.transport(s, q, c).value - otlec.transport(s, r, c).value),
    ("4.1a", lambda c, s, r0, r1: otlec.transport(s, r0, c).psi @ r1),
    ("4.1a", lambda c, s, r0, r1: otlec.transport(s, r0, c).phi @ (s - s)),
    ("4.1b", lambda c, s, r0, r1, t: (otlec.transport(s, r0, c).psi @ (r1 - r0),
                                      otlec.transport(s, r1, c).value
                                      - otlec.transport(s, r0, c).value,
                                      otlec.transport(s, r1, c).psi @ (r1 - r0))),
    ("4.1c", lambda: (0.75, 1.5, 2.25, 0.375)),
    ("4.1c", lambda: (-0.25, 1.5, 3.25, -0.375)),
    ("4.1d", lambda x, y, s, r, change, v: (otlec.transport(s, r, otlec.half_square_cost(x, y)).psi
                                            @ change, (r * v).sum())),
    ("4.2", lambda g: (0, g**2 / 2)),
    ("4.2", lambda g: (-(g**2), g**2)),
    ("4.2b", lambda g, m: (m * g**2 / 2, m * g**2 / 2)),
    ("4.2b", lambda g, m: (-(g**2) / 2, g**2 / 2)),
    ("4.2c", lambda: (D([0.5, 2.5]), D([0.6, 2.6]))),
    ("4-project-a", lambda x, y: y - x.mean(axis=0)),
    ("4-project-b", lambda x, y: np.tile(x.mean(axis=0), (len(y), 1))),
    # chapter 5
    ("continuity-a", lambda mx, my, h: np.diff(mx, axis=0) + np.diff(my, axis=1)),
    ("continuity-b", lambda s, t, x: (s - 1) * x),
    ("continuity-c", lambda r1, v1, r2, v2: ((v1 + v2) / 2, 0.0)),
    ("5.1a", lambda rho, m, step: (max(rho, 0.0), m)),
    ("5.1b", lambda X, p: (np.mean(np.abs(np.diff(X, axis=0)) ** p),
                           np.mean(np.abs(X[-1] - X[0]) ** p),
                           np.mean(np.abs(X[-1] - X[0]) ** p))),
    ("5.1c", lambda t: t**2),
    ("5.1c", lambda t: max(0.0, 2 * t - 1)),
    ("5.1d", lambda t: (t, np.sqrt(3) * min(t, 1 - t))),
    ("5.1e", lambda x, y: np.zeros(len(x))),
    ("riemannian-a", lambda rho, delta: np.sqrt(np.mean(delta**2 / rho))),
    ("riemannian-b", lambda v, D, r: D @ np.linalg.lstsq(D, v, rcond=None)[0]),
    ("5-project-a", lambda rho: np.cumsum(np.diff(rho, axis=0), axis=1)[:, :-1]),
    ("5-project-b", lambda rho: np.mean(rho**2)),
]  # fmt: skip


def _moment(mu, p):
    return mu.weights @ np.abs(mu.points) ** p


def _norms(x, p, *moves):
    return [np.mean(np.abs(u) ** p) ** (1 / p) for u in moves]


def _chain(sigma, x1, x2, x3, p, root=None):
    lines = [0.0, 0.0, 0.0, 0.0]
    for i, j, k in itertools.product(*map(range, sigma.shape)):
        a, b = abs(x1[i] - x2[j]), abs(x2[j] - x3[k])
        for n, d in enumerate((abs(x1[i] - x3[k]), a + b, a, b)):
            lines[n] += sigma[i, j, k] * d**p
    lines = [root(v) if root else v ** (1 / p) for v in lines]
    return lines[0], lines[1], lines[2] + lines[3]
