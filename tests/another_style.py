"""Right answers to every exercise, written differently: loops, lists, float32, other methods."""

import itertools
import math

import numpy as np

import otlec
from otlec import Measure


def c_transform(cost, psi):
    return [min(c - s for c, s in zip(row, psi, strict=True)) for row in cost.tolist()]


def crossing():
    return (0, 10), np.array([10.25, 20], dtype=np.float32)


def w1(mu, nu):
    places = sorted({*mu.points.tolist(), *nu.points.tolist()})
    area = 0.0
    for left, right in itertools.pairwise(places):
        f = sum(a for x, a in zip(mu.points, mu.weights, strict=True) if x <= left)
        g = sum(b for y, b in zip(nu.points, nu.weights, strict=True) if y <= left)
        area += abs(f - g) * (right - left)
    return area


def weak_duality(cost, gamma, phi, psi):
    n, m = cost.shape
    pairs = list(itertools.product(range(n), range(m)))
    first = sum(phi[i] * sum(gamma[i]) for i in range(n))
    first += sum(psi[j] * sum(gamma[:, j]) for j in range(m))
    second = sum(gamma[i, j] * (phi[i] + psi[j]) for i, j in pairs)
    return [first, second, sum(gamma[i, j] * cost[i, j] for i, j in pairs)]


def plan_distance(gamma, x, y, p):
    total = 0.0
    for i, j in np.ndindex(gamma.shape):
        total += gamma[i, j] * math.dist(x[i], y[j]) ** p
    return np.float32(total ** (1 / p))


def triple():
    first = ([0.0, 30.0], [0.4, 0.6])
    middle = ([30.0, 0.0, 1.0], [0.6, 0.2, 0.2])
    return first, middle, ([1.0, 30.0], [0.4, 0.6]), 0.25


def minkowski(sigma, x1, x2, x3, p):
    a = b = c = d = 0.0
    for i, j, k in np.ndindex(sigma.shape):
        one, two = abs(x1[i] - x2[j]), abs(x2[j] - x3[k])
        a += sigma[i, j, k] * abs(x1[i] - x3[k]) ** p
        b += sigma[i, j, k] * (one + two) ** p
        c += sigma[i, j, k] * one**p
        d += sigma[i, j, k] * two**p
    return np.array([a, b, 0]) ** (1 / p) + np.array([0, 0, c ** (1 / p) + d ** (1 / p)])


def glue(gamma12, gamma23):
    n, m = gamma12.shape
    sigma = np.zeros((n, m, gamma23.shape[1]), dtype=np.float32)
    for j in range(m):
        if gamma12[:, j].any():
            sigma[:, j] = np.outer(gamma12[:, j], gamma23[j]) / gamma12[:, j].sum()
    return sigma


def cycle():
    near = [[0.48, 0.02], [0.02, 0.48]]
    return [near, near, [[0.1, 0.4], [0.4, 0.1]]]


def triangle(x, T, S, p):
    def norm(u):
        return (sum(abs(float(v)) ** p for v in u) / len(u)) ** (1 / p)

    return norm(S(T(x)) - x), norm(T(x) - x), norm(S(T(x)) - T(x))


def maps():
    turn = np.array([[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]])
    return [[1, 0], [0, 5]], turn @ np.diag([1.0, 7.0]) @ turn.T


def moment_bound(mu, nu, p):
    zero = Measure([0.0])
    way = 0.0
    for measure in (mu, nu):
        cost = np.abs(measure.points[:, None] - zero.points) ** p
        way += float(measure.weights @ cost[:, 0]) ** (1 / p)
    return np.array([way])


def edges():
    return (
        ([0.1, 0.3], [0.5, 0.5]), ([0.6, 0.8], [0.5, 0.5]),
        ([0.0, 2.0], [0.5, 0.5]), ([2.0, 0.0], [0.75, 0.25]),
    )  # fmt: skip


def compare(gamma, d, p):
    flat = list(zip(gamma.ravel().tolist(), d.ravel().tolist(), strict=True))
    mean = math.fsum(g * v for g, v in flat)
    power = math.fsum(g * v**p for g, v in flat)
    return mean, power ** (1 / p), (max(v for _, v in flat) ** (p - 1) * mean) ** (1 / p)


def rates():
    return np.array([1.02, 0.97, 0.0, 0.5])


def mu_n(n):
    return [0.04, 0.0, 1.0], [n**-0.5 / 2, 0.5 - n**-0.5 / 2 - n**-0.5 / 2, 0.5 + n**-0.5 / 2]


def a(n):
    return np.sqrt(n) / math.log(n)


def constant_speed(D, times):
    k = len(times)
    for i in range(k):
        for j in range(i):
            if not math.isclose(D[i, j], (times[i] - times[j]) * D[0, k - 1], abs_tol=1e-9):
                return 0
    return 1


def displacement(x, y, gamma, t):
    atoms = [
        ((1 - t) * x[i] + t * y[j], gamma[i, j])
        for i, j in np.ndindex(gamma.shape)
        if gamma[i, j] > 0
    ]
    points, mass = zip(*reversed(atoms), strict=True)
    return Measure(list(points), list(mass))


def detour():
    gamma = np.full((2, 2), 0.25)
    return ([0, 1], [0.5, 0.5]), ([5, 7], [0.5, 0.5]), gamma


def brenier(S0, S1):
    from scipy.linalg import sqrtm

    # A S0 is the root of S1 S0
    return np.real(sqrtm(S1 @ S0)) @ np.linalg.inv(S0)


def two_plans():
    one = np.eye(3) / 3
    other = [[0, 0, 1 / 3], [1 / 3, 0, 0], [0, 1 / 3, 0]]
    return (one + np.array(other)) / 2, other


def fade(t):
    # one third after the other runs from 0 to 1
    return np.clip(3 * t - np.arange(3), 0, 1), np.full(3, 1 / 3)


def length(curve, n):
    return sum(math.dist(curve(k / n), curve((k + 1) / n)) for k in range(n))


def steps(p, L):
    n = 1
    while n * (1 / n) ** (1 / p) <= L:
        n += 1
    return np.int64(n)


def midpoints(x0, x1):
    linear = np.array([x1, x0, x0]), [0.5, 0.25, 0.25]
    return Measure([x0 / 2 + x1 / 2, x0], [1.0, 0.0]), linear


def barycenter(points, weights):
    rows = [sorted(row) for row in points.tolist()]
    best = [
        math.fsum(w * row[k] for w, row in zip(weights, rows, strict=True))
        for k in range(len(rows[0]))
    ]
    return best[::-1]


def derivative(cost, sigma, rho0, rho1):
    t = 1e-4
    before = otlec.transport(sigma, rho0, cost).value
    return (otlec.transport(sigma, (1 - t) * rho0 + t * rho1, cost).value - before) / t


def sandwich(cost, sigma, rho0, rho1, t):
    at = [otlec.transport(sigma, (1 - s) * rho0 + s * rho1, cost) for s in (0, t)]
    psi = [plan.psi - plan.psi[0] for plan in at]
    slopes = [math.fsum(p * d for p, d in zip(q, rho1 - rho0, strict=True)) for q in psi]
    return [slopes[0], (at[1].value - at[0].value) / t, slopes[1]]


def offsets(g):
    most = min((x - y) ** 2 / 2 for x in (1 + g, 2 + g) for y in (0, 1))
    return [-most, most]


def encounter(x1, y1, x2, t):
    meeting = (1 - t) * x1 + t * y1
    y2 = x2 + (meeting - x2) / t
    saving = sum((x1 - y1) ** 2) + sum((x2 - y2) ** 2) - sum((x1 - y2) ** 2) - sum((x2 - y1) ** 2)
    return y2.tolist(), float(saving)


def round_trip():
    # two grains that pass each other at a distance, as cars do
    return [[0, 0], [10, 1]], [[10, 0], [0, 1]]


def compromise():
    first = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 2.0]])
    others = (
        np.array([[3.0, 1.0], [5.0, 2.0], [4.0, -1.0]]),
        np.array([[1.0, 4.0], [2.0, 6.0], [0.0, 5.0]]),
    )
    best = None
    for orders in itertools.product(itertools.permutations(range(3)), repeat=2):
        rows = [first, *(x[list(order)] for x, order in zip(others, orders, strict=True))]
        middle = sum(rows) / 3
        spread = sum(((row - middle) ** 2).sum() for row in rows)
        if best is None or spread < best[0]:
            best = spread, middle
    return best[1], np.full(3, 1 / 3)


def partners(x, y):
    order = min(
        itertools.permutations(range(len(y))),
        key=lambda order: ((x - y[list(order)]) ** 2).sum(),
    )
    return y[list(order)].tolist()


def film(x, y, times):
    z = np.array(partners(x, y))
    speed = math.sqrt(np.mean([math.dist(a, b) ** 2 for a, b in zip(x, z, strict=True)]))
    return [x + t * (z - x) for t in times], speed


def reading():
    def price(y):
        return min(y, 1, 3 - y) / 2

    h = 1e-6
    places = [y - (price(y + h) - price(y - h)) / (2 * h) for y in (0.25, 1.5, 2.75)]
    return [*places, price(1.5) - price(2.75)]


def two_derivatives(x, y, sigma, rho, change, v):
    def cost(masses, places):
        return otlec.transport(sigma, masses, otlec.half_square_cost(x, places)).value

    h = 1e-5
    along = (cost(rho + h * change, y) - cost(rho, y)) / h
    return [along, (cost(rho, y + h * v) - cost(rho, y - h * v)) / (2 * h)]


def slopes(g, m):
    return np.array([-1, 1]) * abs(m) * g * g / 2


def gap_with_unique_prices():
    return ([0.0, 1.0, 2.2], [0.4, 0.4, 0.2]), ([0.5, 2.1, 2.9], [0.5, 0.25, 0.25])


def pull(x, y):
    n, k = len(x), len(y)
    gamma = otlec.transport(np.full(n, 1 / n), np.full(k, 1 / k), otlec.half_square_cost(x, y))
    out = np.zeros((k, 2))
    for i, j in np.ndindex(n, k):
        out[j] += gamma.matrix[i, j] * (y[j] - x[i])
    return out.tolist()


def settle(x, y):
    for _ in range(400):  # half of the way in each step
        y = y - 0.5 * len(y) * np.array(pull(x, y))
    return y


def divergence(mx, my, h):
    n, m = mx.shape[0] - 1, my.shape[1] - 1
    return [
        [(mx[i + 1][j] - mx[i][j] + my[i][j + 1] - my[i][j]) / h for j in range(m)]
        for i in range(n)
    ]


def velocity(s, t, x):
    return np.array([v - v / (1 + t * (s - 1)) for v in x]) / t if t > 0 else (s - 1) * x


def prox(rho, m, step):
    # bisection in the equation for r
    low, high = 0.0, max(rho, 0.0) + abs(m) + 10 * step + 1
    if (0 - rho) * (2 * step) ** 2 >= step * m**2:
        return [0.0, 0.0]
    for _ in range(200):
        r = (low + high) / 2
        if (r - rho) * (r + 2 * step) ** 2 < step * m**2:
            low = r
        else:
            high = r
    return [r, m * r / (r + 2 * step)]


def action_chain(X, p):
    steps, n = len(X) - 1, X.shape[1]
    action = sum(
        (steps * abs(X[k + 1, i] - X[k, i])) ** p / steps for k in range(steps) for i in range(n)
    )
    straight = sum(abs(X[-1, i] - X[0, i]) ** p for i in range(n))
    best = min(
        sum(abs(X[-1, j] - X[0, i]) ** p for i, j in enumerate(order))
        for order in itertools.permutations(range(n))
    )
    return action / n, straight / n, best / n


def clock(t):
    return 1 - (1 - t) ** ((5 - math.sqrt(5)) / 4)


def norm(rho, delta):
    n, flux, total = len(rho), 0.0, 0.0
    for k in range(n - 1):
        flux += delta[k] / n
        total += flux**2 * 2 / (rho[k] + rho[k + 1]) / n
    return math.sqrt(total)


def project(v, D, r):
    matrix = D.T @ np.diag(r) @ D
    return D @ (np.linalg.pinv(matrix) @ (D.T @ (r * v)))


def crossing_crowds(rho1, v1, rho2, v2):
    v, saved = [], 0.0
    for a, s, b, t in zip(rho1, v1, rho2, v2, strict=True):
        v.append((a * s + b * t) / (a + b) if a + b else 0)
        saved += a * b / (a + b) * (s - t) ** 2 if a + b else 0
    return v, saved


def journey(t):
    # half of an ellipse would do as well; here a walk up, and down, at another clock
    s = t ** ((3 - math.sqrt(3)) / 2) if t < 1 else 1.0
    return [s, math.sqrt(3) * (s if s < 0.5 else 1 - s)]


def certify(x, y):
    # prices of an auction, with ever smaller bids
    n = len(x)
    value = -((x[:, None] - y) ** 2).sum(axis=2).T  # of x for the bidder y
    price = np.zeros(n)
    for bid in (1.0, 0.1, 0.01, 0.001):
        owner = {}
        waiting = list(range(n))
        while waiting:
            j = waiting.pop()
            gains = value[j] - price
            best = int(gains.argmax())
            second = np.delete(gains, best).max() if n > 1 else gains[best]
            price[best] += gains[best] - second + bid
            if best in owner:
                waiting.append(owner[best])
            owner[best] = j
    return price


def momentum(rho):
    steps, n = len(rho) - 1, rho.shape[1]
    return [
        [-sum(rho[k + 1, l] - rho[k, l] for l in range(i + 1)) * steps / n for i in range(n - 1)]
        for k in range(steps)
    ]


def film_action(rho):
    steps, n = len(rho) - 1, rho.shape[1]
    total = 0.0
    for k, row in enumerate(momentum(rho)):
        for i, m in enumerate(row):
            total += m * m / rho[k : k + 2, i : i + 2].mean()
    return total / steps / n


def best_gluing(gamma12, gamma23, x1, x3):
    # from the upper left corner, for each middle point
    sigma = np.zeros((*gamma12.shape, gamma23.shape[1]))
    for j in range(gamma12.shape[1]):
        a, c = gamma12[:, j].copy(), gamma23[j].copy()
        i = k = 0
        while i < len(a) and k < len(c):
            move = min(a[i], c[k])
            sigma[i, j, k] += move
            a[i] -= move
            c[k] -= move
            if a[i] <= c[k]:
                i += 1
            else:
                k += 1
    return sigma


def round_the_cycle():
    gamma = [[0.3, 0.02, 0.04 / 3], [0.02, 0.04 / 3, 0.3], [0.04 / 3, 0.3, 0.02]]
    f = [[0, 1, 1], [1, 2, -1], [1, -1, 2]]
    return gamma, f


def distances(samples):
    rows = [sorted(row) for row in samples.tolist()]
    return [[math.dist(a, b) / math.sqrt(len(a)) for b in rows] for a in rows]


def embed(D):
    # the first point at 0, the most distant one from it on the axis, and so on
    n = len(D)
    far = int(D[0].argmax())
    base = D[0, far]
    if base == 0:
        return np.zeros((n, 2))
    u = (D[0] ** 2 + base**2 - D[far] ** 2) / (2 * base)
    height = np.sqrt(np.maximum(D[0] ** 2 - u**2, 0))
    third = int(height.argmax())
    sign = np.ones(n)
    for k in range(n):
        both = [abs(math.hypot(u[k] - u[third], s * height[k] - height[third]) - D[k, third])
                for s in (1, -1)]  # fmt: skip
        sign[k] = 1 if both[0] <= both[1] else -1
    return np.column_stack([u, sign * height])


def bid(cost, psi, i, eps):
    pays = sorted((c - s, j) for j, (c, s) in enumerate(zip(cost[i], psi, strict=True)))
    (_, j), (second, _) = pays[:2]
    return j, cost[i, j] - second - eps


def market(cost, eps):
    n = len(cost)
    psi, place = np.zeros(n), [None] * n
    while None in place:
        for i in range(n):
            if place[i] is None:
                j, psi[j] = bid(cost, psi, i, eps)
                place = [None if k == j else k for k in place]
                place[i] = j
    return place, psi


def bread():
    # by hand: all of bakery 1 to cafe 1, and one loaf more of it there, one less of bakery 2
    loaves = [(40, 2), (30, 8), (30, 1), (20, 3)]
    return [sum(n * km * 5 for n, km in loaves) / 100, 5.0 * (2 - 8 + 1)]


def program(cost, mu, nu):
    n, m = cost.shape
    A = [[0] * (n * m) for _ in range(n + m)]
    for i, j in itertools.product(range(n), range(m)):
        A[i][i * m + j] = A[n + j][i * m + j] = 1
    return [c for row in cost.tolist() for c in row], A, [*mu.tolist(), *nu.tolist()]


def scaling(sizes, seconds, n):
    u, v = np.log10(sizes), np.log10(seconds)
    alpha = ((u - u.mean()) * (v - v.mean())).sum() / ((u - u.mean()) ** 2).sum()
    return alpha, 10 ** (v.mean() + alpha * (math.log10(n) - u.mean()))


def first_change(a, b, cost, direction):
    first = otlec.transport(a, b, cost).matrix
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        moved = cost + middle * direction
        if (first * moved).sum() <= otlec.transport(a, b, moved).value + 1e-12:
            low = middle
        else:
            high = middle
    return low


def share():
    rng, orders, good = np.random.default_rng(5), list(itertools.permutations(range(3))), 0
    for _ in range(2000):
        x, y, z = rng.random((3, 3, 2)).tolist()
        best = [
            min(orders, key=lambda o: sum(math.dist(p[k], q[o[k]]) ** 2 for k in range(3)))
            for p, q in ((x, y), (y, z), (x, z))
        ]
        good += all(best[1][best[0][k]] == best[2][k] for k in range(3))
    return good / 2000


def there_and_back(x, y, rate, b):
    there = [b - b * math.exp(-rate * v) for v in x]
    return there, [math.log(b / (b - v)) / rate for v in y]


def by_a_map():
    return [0, 1, 0, 1, 1, 0]


def recolour(pixels, x, y, t):
    rows = itertools.permutations(range(len(x)))
    best = min(rows, key=lambda o: sum(math.dist(x[k], y[o[k]]) ** 2 for k in range(len(x))))
    out = []
    for pixel in pixels:
        k = min(range(len(x)), key=lambda k: math.dist(pixel, x[k]))
        out.append(pixel + t * (y[best[k]] - x[k]))
    return np.array(out)
