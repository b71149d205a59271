"""Wrong answers to every exercise, written from its page alone, before any judge was read.

They measure how often a student would get a bare mismatch. Who adds a mistake to a catalogue
because of one of these has to write new ones, unseen, before the share counts again. When they
were written, 43 of the 163 got one, and one passed: the judge of 3.5b was mended.
A later 124, written as blindly, got 12 of them; two were told what is false of them (1b, 2.2a).
Of 97 rarer ones 22 got one, one passed (2.4c), and one was told what is false of it (5.1d);
of 53 still rarer ones 23, and one passed (3.4b): the rarer a mistake, the barer what is said of it.
"""

import numpy as np

import otlec
from otlec import Measure


def D(x, a=None):
    return Measure(np.array(x, float), a)


def norms(x, y):
    return np.linalg.norm(x[:, None] - y[None], axis=2)


def ranks(x):
    return np.argsort(np.argsort(x))


def one_pass(cost, eps):
    """Each bids once, and nobody is asked again."""
    n, psi, place = len(cost), np.zeros(len(cost)), np.zeros(len(cost), int)
    for i in range(n):
        pays = cost[i] - psi
        place[i] = np.argmin(pays)
        psi[place[i]] -= np.sort(pays)[1] - pays.min() + eps
    return place, psi


def greedy(cost, eps):
    """First come, first served."""
    left, place = list(range(len(cost))), []
    for row in cost:
        place.append(min(left, key=lambda j: row[j]))
        left.remove(place[-1])
    return np.array(place), np.zeros(len(cost))


def minkowski(sigma, x1, x2, x3, p, root=True, plus=1):
    d12 = abs(x1[:, None] - x2)[:, :, None]
    d23 = abs(x2[:, None] - x3)[None]
    d13 = abs(x1[:, None] - x3)[:, None]
    q = 1 / p if root else 1
    return ((sigma * d13**p).sum() ** q, (sigma * (d12 + plus * d23) ** p).sum() ** q,
            (sigma * d12**p).sum() ** q + (sigma * d23**p).sum() ** q)  # fmt: skip


def interpolated(x, y, t):
    return (1 - t) * x[:, None] + t * y


def root(S):
    w, v = np.linalg.eigh(S)
    return (v * np.sqrt(abs(w))) @ v.T


def plan_of(x, y):
    n, k = len(x), len(y)
    return otlec.transport(
        np.full(n, 1 / n), np.full(k, 1 / k), otlec.half_square_cost(x, y)
    ).matrix


def shared(rho1, v1, rho2, v2, v):
    return v, (rho1 * v1**2 + rho2 * v2**2).sum() - ((rho1 + rho2) * v**2).sum()


def chain(X, p, speeds):
    return (np.mean(speeds**p), np.mean(abs(X[-1] - X[0]) ** p),
            np.mean(abs(np.sort(X[-1]) - np.sort(X[0])) ** p))  # fmt: skip


def flux(rho):
    return -np.cumsum((len(rho) - 1) * np.diff(rho, axis=0), axis=1)[:, :-1] / rho.shape[1]


def faces(rho):
    middle = (rho[1:] + rho[:-1]) / 2
    return (middle[:, 1:] + middle[:, :-1]) / 2


HEXAGON = np.eye(3) / 3
SWAP = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]) / 3

ANSWERS = [
    ("1a", lambda cost, psi: cost - psi),
    ("1a", lambda cost, psi: np.min(cost, axis=1)),
    ("1a", lambda cost, psi: (psi - cost).max(axis=1)),
    ("1b", lambda: ([0, 4], [5, 6])),
    ("1b", lambda: ([0.0, 1.0], [0.5, 1.5])),
    ("1b", lambda: ([1, 2], [2, 1])),
    ("1c", lambda mu, nu: np.abs(np.cumsum(mu.weights) - np.cumsum(nu.weights)).sum()),
    ("1c", lambda mu, nu: _area(mu, nu, signed=True)),
    ("1c", lambda mu, nu: _area(mu, nu, power=2)),
    ("1d", lambda c, g, phi, psi: ((c * g).sum(), (g * (phi[:, None] + psi)).sum(),
                                   g.sum(1) @ phi + g.sum(0) @ psi)),
    ("1d", lambda c, g, phi, psi: (phi.mean() + psi.mean(), (g * (phi[:, None] + psi)).sum(),
                                   (g * c).sum())),
    ("1-project-a", lambda c, psi, i, eps: (int(np.argmin(c[i] - psi)), psi.min() - eps)),
    ("1-project-a", lambda c, psi, i, eps: (int(np.argmin(c[i] - psi)),
                                            np.sort(c[i] - psi)[1] + eps)),
    ("1-project-a", lambda c, psi, i, eps: (int(np.argmin(c[i] + psi)),
                                            psi[np.argmin(c[i] + psi)] - eps)),
    ("1-project-b", one_pass),
    ("1-project-b", greedy),
    ("2.1", lambda g, x, y, p: (g * norms(x, y) ** p).sum() ** p),
    ("2.1", lambda g, x, y, p: (g * np.abs(x[:, None] - y).sum(2) ** p).sum() ** (1 / p)),
    ("2.1", lambda g, x, y, p: ((g * norms(x, y)) ** p).sum() ** (1 / p)),
    ("2.2a", lambda: (D([0, 10]), D([0.5, 10.5]), D([1, 11]), 0.5)),
    ("2.2a", lambda: (D([0, 10]), D([1, 10]), D([1, 11]), 2)),
    ("2.2b", lambda s, x1, x2, x3, p: minkowski(s, x1, x2, x3, p, root=False)),
    ("2.2b", lambda s, x1, x2, x3, p: minkowski(s, x1, x2, x3, p, plus=-1)),
    ("2.2b", lambda s, x1, x2, x3, p: minkowski(s, x1, x2, x3, 2)),
    ("2.3", lambda a, b: a[:, :, None] * b[None] / b.sum(axis=0)),
    ("2.3", lambda a, b: (a[:, :, None] + b[None]) / 2),
    ("2.3", lambda a, b: a.sum(1)[:, None, None] * a.sum(0)[:, None] * b.sum(0)),
    ("2.3b", lambda: (np.eye(2) / 2, np.eye(2) / 2, np.eye(2)[::-1] / 2)),
    ("2.3b", lambda: (np.array([[0.3, 0.2], [0.2, 0.3]]),) * 2
     + (np.array([[0.2, 0.3], [0.3, 0.2]]),)),
    ("2.3c", lambda a, b, x1, x3: _glued(a, b, lambda m, n: np.outer(m, n))),
    ("2.3c", lambda a, b, x1, x3: _glued(a, b, lambda m, n: otlec.transport(
        m, n, abs(x1[:, None] - x3[::-1])).matrix)),
    ("2.3d", lambda: (np.roll(np.eye(3), 1, axis=1) / 3, np.eye(3))),
    ("2.3d", lambda: (np.where(SWAP > 0, 0.98, 0.01) / 3, -SWAP)),
    ("2.4a", lambda x, T, S, p: _three(x, T(x), S(x), p)),
    ("2.4a", lambda x, T, S, p: tuple(abs(v).sum() ** (1 / p) for v in (
        S(T(x)) - x, T(x) - x, S(T(x)) - T(x)))),
    ("2.4a", lambda x, T, S, p: tuple((abs(v) ** p).mean() for v in (
        S(T(x)) - x, T(x) - x, S(T(x)) - T(x)))),
    ("2.4b", lambda: (np.array([[1.0, 1], [0, 1]]), np.array([[2.0, 0], [0, 1]]))),
    ("2.4b", lambda: (np.array([[2.0, 1], [1, 2]]), np.array([[3.0, 1], [1, 3]]))),
    ("2.5", lambda mu, nu, p: abs(_moment(mu, p) ** (1 / p) - _moment(nu, p) ** (1 / p))),
    ("2.5", lambda mu, nu, p: max(_moment(mu, p), _moment(nu, p)) ** (1 / p)),
    ("2.5", lambda mu, nu, p: abs(mu.weights @ mu.points) + abs(nu.weights @ nu.points)),
    ("comparisons-a", lambda: ((D([0]), D([0.5])), (D([0]), D([0.5])))),
    ("comparisons-a", lambda: ((D([0]), D([0.5])), (D([0, 2]), D([1])))),
    ("comparisons-a", lambda: ((D([0]), D([0, 2], [0.75, 0.25])), (D([0]), D([0.5])))),
    ("comparisons-b", lambda g, d, p: ((g * d).sum(), (g * d**p).sum(),
                                       d.max() ** (p - 1) * (g * d).sum())),
    ("comparisons-b", lambda g, d, p: (d.mean(), (d**p).mean() ** (1 / p),
                                       d.max() ** ((p - 1) / p) * d.mean() ** (1 / p))),
    ("2.6a", lambda: (0.5, 1, 0, 0.5)),
    ("2.6a", lambda: (1, 1, 0, 1)),
    ("2.6a", lambda: (2, 1, 1, 0.5)),
    ("2.6b", lambda n: D([0, 0.5, 1], [0.5 - 1 / n, 2 / n, 0.5 - 1 / n])),
    ("2.6b", lambda n: D([1 / n, 1])),
    ("2.6b", lambda n: D([0, 1], [0.25, 0.75])),
    ("2.7", lambda n: n**0.5),
    ("2.7", lambda n: n**0.3),
    ("2.7", lambda n: n),
    ("2-project-a", lambda s: np.sqrt(((s[:, None] - s[None]) ** 2).mean(axis=2))),
    ("2-project-a", lambda s: ((np.sort(s)[:, None] - np.sort(s)[None]) ** 2).mean(axis=2)),
    ("2-project-a", lambda s: np.linalg.norm(np.sort(s)[:, None] - np.sort(s)[None], axis=2)),
    ("2-project-b", lambda d: _scaling(d)),
    ("2-project-b", lambda d: _scaling(d**2)[:, ::-1] * 2),
    ("3.1", lambda d, t: bool(np.allclose(d[0], t * d[0, -1]))),
    ("3.1", lambda d, t: bool(np.ptp(np.diag(d, 1)) < 1e-9)),
    ("3.1", lambda d, t: bool(np.allclose(d, abs(t[:, None] - t)))),
    ("3.2a", lambda x, y, g, t: ((1 - t) * x + t * y[g.argmax(axis=1)], g.sum(axis=1))),
    ("3.2a", lambda x, y, g, t: (np.r_[x, y], np.r_[(1 - t) * g.sum(1), t * g.sum(0)])),
    ("3.2a", lambda x, y, g, t: (interpolated(x, y, 1 - t).ravel(), g.ravel())),
    ("3.2b", lambda: (D([0]), D([2]), np.array([[1.0]]))),
    ("3.2b", lambda: (D([0, 1]), D([2, 3]), np.eye(2) / 2)),
    ("3.2b", lambda: (D([0, 1]), D([0, 1]), np.eye(2)[::-1] / 2)),
    ("3.2c", lambda x1, y1, x2, t: ((1 - t) * x1 + t * y1, 0.0)),
    ("3.2c", lambda x1, y1, x2, t: (y1 + t / (1 - t) * (x1 - x2),
                                    2 * t / (1 - t) * ((x1 - x2) ** 2).sum())),
    ("3.2c", lambda x1, y1, x2, t: (y1 + (1 - t) / t * (x1 - x2),
                                    (1 - t) / t * ((x1 - x2) ** 2).sum())),
    ("3.2d", lambda: (np.array([[0.0, 0], [1, 0]]), np.array([[1.0, 0], [0, 0]]))),
    ("3.2d", lambda: (np.array([[0.0, 0], [1, 0]]), np.array([[0.0, 1], [1, 1]]))),
    ("3.3", lambda S0, S1: root(S1) @ np.linalg.inv(root(S0))),
    ("3.3", lambda S0, S1: np.sqrt(np.linalg.inv(S0) @ S1)),
    ("3.3", lambda S0, S1: np.linalg.cholesky(S1) @ np.linalg.inv(np.linalg.cholesky(S0))),
    ("3.4a", lambda: (HEXAGON, HEXAGON)),
    ("3.4a", lambda: (HEXAGON, SWAP)),
    ("3.4a", lambda: (np.eye(3), np.roll(np.eye(3), -1, axis=1))),
    ("3.4b", lambda t: D([t])),
    ("3.4b", lambda t: D([0, 1], [1 - t, t])),
    ("3.5a", lambda c, n: float(np.linalg.norm(np.array(c(1)) - np.array(c(0))))),
    ("3.5a", lambda c, n: _polygon(c, n, n)),
    ("3.5a", lambda c, n: n * _polygon(c, n, n + 1)),
    ("3.5b", lambda p, L: int(np.ceil(L ** (p / (p - 1))))),
    ("3.5b", lambda p, L: int(np.floor(L**p)) + 1),
    ("3.5b", lambda p, L: L ** (p / (p - 1))),
    ("barycenters-a", lambda x0, x1: (Measure([x0, x1]), Measure([(x0 + x1) / 2]))),
    ("barycenters-a", lambda x0, x1: (Measure([(x1 - x0) / 2]), Measure([x0, x1]))),
    ("barycenters-b", lambda x, w: w @ x),
    ("barycenters-b", lambda x, w: np.sort(x, axis=1).mean(axis=0)),
    ("barycenters-b", lambda x, w: w @ np.sort(x, axis=0)),
    ("barycenters-c", lambda: D([[1, 4 / 3], [4, 2 / 3], [1, 5]])),
    ("barycenters-c", lambda: D([[2, 7 / 3]])),
    ("3-project-a", lambda x, y: y),
    ("3-project-a", lambda x, y: y[np.argmin(norms(x, y), axis=1)]),
    ("3-project-a", lambda x, y: y[otlec.assignment(norms(x, y)).permutation]),
    ("3-project-b", lambda x, y, t: _film(x, y, t, match=False)),
    ("3-project-b", lambda x, y, t: (_film(x, y, t)[0],
                                     np.linalg.norm(_matched(x, y) - x, axis=1).mean())),
    ("3-project-b", lambda x, y, t: (_film(x, y, 1 - np.asarray(t))[0], _film(x, y, t)[1])),
    ("4.1a", lambda c, s, r0, r1: (otlec.transport(s, r1, c).value
                                   - otlec.transport(s, r0, c).value)),
    ("4.1a", lambda c, s, r0, r1: otlec.transport(s, r0, c).psi @ r1),
    ("4.1a", lambda c, s, r0, r1: otlec.transport(s, r1, c).psi @ (r1 - r0)),
    ("4.1b", lambda c, s, r0, r1, t: _sandwich(c, s, r0, r1, t, per=1)),
    ("4.1b", lambda c, s, r0, r1, t: _sandwich(c, s, r0, r1, t)[::-1]),
    ("4.1b", lambda c, s, r0, r1, t: _sandwich(c, s, r0, r1, t, change=r1)),
    ("4.1c", lambda: (0.75, 1.5, 2.25, 0.375)),
    ("4.1c", lambda: (-0.25, 1.5, 3.25, -0.375)),
    ("4.1c", lambda: (0.125, 0.5, 0.125, 0.375)),
    ("4.1d", lambda x, y, s, r, c, v: _two(x, y, s, r, c, v, -1)),
    ("4.1d", lambda x, y, s, r, c, v: (_two(x, y, s, r, c, v)[1], _two(x, y, s, r, c, v)[0])),
    ("4.1d", lambda x, y, s, r, c, v: (_two(x, y, s, r, c, v)[0], _two(x, y, s, r, c, v)[0])),
    ("4.2", lambda g: (0, g**2 / 2)),
    ("4.2", lambda g: (-g / 2, g / 2)),
    ("4.2", lambda g: (-(g**2), g**2)),
    ("4.2b", lambda g, m: (0, m * g**2 / 2)),
    ("4.2b", lambda g, m: (-m * g**2 / 2, m * g**2 / 2)),
    ("4.2b", lambda g, m: (-abs(m) * g, abs(m) * g)),
    ("4.2c", lambda: (D([0.5, 2.5]), D([0.5, 2.5]))),
    ("4.2c", lambda: (D([0.2, 0.8, 2.5]), D([0.5, 2.2, 2.8]))),
    ("4.2c", lambda: (D([0.5, 1.5]), D([0.5, 2.5], [0.4, 0.6]))),
    ("4-project-a", lambda x, y: y - x.mean(axis=0)),
    ("4-project-a", lambda x, y: y - len(y) * plan_of(x, y).T @ x),
    ("4-project-a", lambda x, y: plan_of(x, y).T @ x - y / len(y)),
    ("4-project-b", lambda x, y: len(y) * plan_of(x, y).T @ x),
    ("4-project-b", lambda x, y: np.tile(x.mean(axis=0), (len(y), 1))),
    ("4-project-b", lambda x, y: y),
    ("continuity-a", lambda mx, my, h: (np.diff(mx, axis=0) + np.diff(my, axis=1)) * h),
    ("continuity-a", lambda mx, my, h: np.diff(mx, axis=0) + np.diff(my, axis=1)),
    ("continuity-a", lambda mx, my, h: -(np.diff(mx, axis=0) + np.diff(my, axis=1)) / h),
    ("continuity-b", lambda s, t, x: (s - 1) * x),
    ("continuity-b", lambda s, t, x: (s - 1) * x * (1 - t + t * s)),
    ("continuity-b", lambda s, t, x: s * x / (1 - t + t * s)),
    ("continuity-c", lambda a, v, b, w: shared(a, v, b, w, (v + w) / 2)),
    ("continuity-c", lambda a, v, b, w: shared(a, v, b, w, v + w)),
    ("continuity-c", lambda a, v, b, w: shared(a, v, b, w, (a * v + b * w) / (a + b))),
    ("5.1a", lambda r, m, s: (max(r, 0.0), m)),
    ("5.1a", lambda r, m, s: (max(r, 0.0), m * max(r, 0.0) / (max(r, 0.0) + 2 * s))),
    ("5.1b", lambda X, p: chain(X, p, abs(np.diff(X, axis=0)))),
    ("5.1b", lambda X, p: chain(X, p, len(X) * abs(np.diff(X, axis=0)))),
    ("5.1b", lambda X, p: tuple(v ** (1 / p) for v in chain(
        X, p, (len(X) - 1) * abs(np.diff(X, axis=0))))),
    ("5.1c", lambda t: 1.25 * t),
    ("5.1c", lambda t: t**1.25),
    ("5.1c", lambda t: t**0.5),
    ("5.1d", lambda t: (t, np.sin(np.pi * t))),
    ("5.1d", lambda t: (t, np.sqrt(3) * min(t, 1 - t))),
    ("5.1d", lambda t: (t, 0.0)),
    ("5.1e", lambda x, y: (x**2).sum(axis=1)),
    ("5.1e", lambda x, y: np.zeros(len(x))),
    ("5.1e", lambda x, y: (norms(x, y) ** 2).min(axis=1)),
    ("riemannian-a", lambda r, d: np.sqrt((d**2 / r).mean())),
    ("riemannian-a", lambda r, d: _otto(r, d, root=False)),
    ("riemannian-a", lambda r, d: _otto(r, d, scale=1)),
    ("riemannian-b", lambda v, d, r: d @ np.linalg.lstsq(d, v, rcond=None)[0]),
    ("riemannian-b", lambda v, d, r: d @ np.linalg.lstsq(r[:, None] * d, r * v, rcond=None)[0]),
    ("riemannian-b", lambda v, d, r: v),
    ("5-project-a", lambda rho: -flux(rho)),
    ("5-project-a", lambda rho: flux(rho) / (len(rho) - 1)),
    ("5-project-a", lambda rho: flux(rho) * rho.shape[1]),
    ("5-project-b", lambda rho: (flux(rho) ** 2 / faces(rho)).mean()),
    ("5-project-b", lambda rho: (flux(rho) ** 2 * faces(rho)).sum() / flux(rho).shape[0]
     / rho.shape[1]),
    ("5-project-b", lambda rho: (flux(rho) ** 2 / faces(rho)).sum()),
]  # fmt: skip


def _area(mu, nu, signed=False, power=1):
    x, a = np.r_[mu.points, nu.points], np.r_[mu.weights, -nu.weights]
    order = np.argsort(x)
    height = np.cumsum(a[order])[:-1] ** power
    height = height if signed else abs(height)
    return (height * np.diff(x[order])).sum()


def _glued(a, b, partners):
    sigma = np.zeros((*a.shape, b.shape[1]))
    for j, mass in enumerate(a.sum(axis=0)):
        if mass > 0:
            sigma[:, j] = mass * partners(a[:, j] / mass, b[j] / mass)
    return sigma


def _three(x, y, z, p):
    return tuple((abs(v) ** p).mean() ** (1 / p) for v in (z - x, y - x, z - y))


def _moment(mu, p):
    return mu.weights @ abs(mu.points) ** p


def _scaling(table):
    """Classical scaling, forgetting to square."""
    n = len(table)
    J = np.eye(n) - 1 / n
    w, v = np.linalg.eigh(-J @ table @ J / 2)
    out = np.zeros((n, 2))
    used = min(n, 2)
    out[:, :used] = v[:, n - used :] * np.sqrt(np.maximum(w[n - used :], 0))
    return out


def _polygon(curve, n, count):
    points = np.array([curve(t) for t in np.linspace(0, 1, count)])
    return np.linalg.norm(np.diff(points, axis=0), axis=1).sum()


def _matched(x, y):
    return y[otlec.assignment(norms(x, y) ** 2).permutation]


def _film(x, y, times, match=True):
    y = _matched(x, y) if match else y
    t = np.asarray(times)[:, None, None]
    return (1 - t) * x + t * y, np.sqrt(((y - x) ** 2).sum(axis=1).mean())


def _sandwich(cost, sigma, rho0, rho1, t, per=None, change=None):
    change = rho1 - rho0 if change is None else change
    before = otlec.transport(sigma, rho0, cost)
    after = otlec.transport(sigma, rho0 + t * (rho1 - rho0), cost)
    return before.psi @ change, (after.value - before.value) / (per or t), after.psi @ change


def _two(x, y, sigma, rho, change, v, sign=1):
    plan = otlec.transport(sigma, rho, otlec.half_square_cost(x, y))
    return plan.psi @ change, sign * (plan.matrix * (y - x[:, None])).sum(axis=0) @ v


def _otto(rho, delta, root=True, scale=None):
    n = len(rho)
    G = np.cumsum(delta)[:-1] / (scale or n)
    found = (G**2 / ((rho[1:] + rho[:-1]) / 2)).sum() / n
    return np.sqrt(found) if root else found
