"""Random problems of awkward kinds, solved and checked: `python bench/fuzz.py --count 1000`.

Each category draws problems whose numbers are ties, integers up to 2^53, tiny and huge, near
duplicates, clusters, outliers, forbidden pairs, perturbed Monge costs, heavy tails; solves them;
and checks the answer against another route: SciPy, POT, or all permutations in rational numbers.
A failure is one of

- wrong: the value differs by more than 1e-9 of itself from the other route's;
- false: a certificate claims more than is true;
- refused: a feasible problem raises an error;
- warned: NumPy warns.

Every problem has a number, so that each failure can be repeated: ``--only transport --first 1234``.
"""

import argparse
import collections
import itertools
import json
import sys
import time
import traceback
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import ot
from scipy.optimize import linear_sum_assignment, linprog

import otlec
from otlec import Measure, cost_matrix
from otlec.solvers.bottleneck_transport import bottleneck_transport

TOLERANCE = 1e-9


class Wrong(AssertionError):
    """A value that another route contradicts."""


class False_(AssertionError):
    """A certificate that claims more than is true."""


def points(rng, n):
    """Points of one of several kinds, in R^1 to R^4."""
    dim = int(rng.integers(1, 5))
    kind = rng.integers(7)
    x = rng.normal(size=(n, dim))
    if kind == 1:
        x = rng.integers(0, 4, (n, dim)).astype(float)  # ties and duplicates
    elif kind == 2:
        x = 1 + 10.0 ** -rng.integers(3, 12) * x  # near duplicates
    elif kind == 3:
        x[rng.random(n) < 0.5] += 10.0 ** rng.integers(2, 8)  # clusters
    elif kind == 4:
        x[rng.integers(n)] *= 10.0 ** rng.integers(2, 8)  # an outlier
    elif kind == 5:
        x *= 10.0 ** rng.integers(-140, 140)
    elif kind == 6:
        x = np.column_stack([np.linspace(0, 1, n)] * dim)  # collinear
    return x


def cost(rng, n, m):
    """A matrix of costs of one of several kinds, forbidden pairs among them."""
    kind = rng.integers(14)
    c = rng.random((n, m))
    if kind == 1:
        c = rng.integers(0, rng.integers(2, 5), (n, m)).astype(float)  # ties
    elif kind == 2:
        c = rng.integers(-(2**53), 2**53, (n, m)).astype(float)
    elif kind == 3:
        c *= 10.0 ** rng.integers(-300, 300)
    elif kind == 4:
        c = np.exp(rng.integers(2, 60) * rng.standard_normal((n, m)))  # heavy tails
    elif kind == 5:
        c = 1 + 10.0 ** -rng.integers(3, 16) * c  # nearly equal
    elif kind == 6:
        i, j = np.sort(rng.random(n)), np.sort(rng.random(m))
        c = (i[:, None] - j) ** 2 * (1 + 10.0 ** -rng.integers(4, 16) * c)  # perturbed Monge
    elif kind == 7:
        c[rng.random((n, m)) < 0.5] = 10.0 ** rng.integers(5, 15)  # big M
    elif kind == 8:
        c[rng.random((n, m)) < 0.4] = np.inf
        c[np.arange(min(n, m)), np.arange(min(n, m))] = rng.random(min(n, m))
    elif kind == 9:
        c = np.add.outer(rng.normal(size=n), rng.normal(size=m))  # every plan is optimal
    elif kind == 10:
        c = rng.standard_cauchy((n, m))
    elif kind == 11:
        c *= 5e-324 * 2.0 ** rng.integers(1, 40)  # denormals
    elif kind == 12:
        c = np.full((n, m), float(rng.normal()))
    elif kind == 13:
        x, y = points(rng, n), rng.normal(size=(m, 4))
        p = float(rng.choice([1, 2, 3.5]))
        if np.abs(x).max() > 1e60:
            x *= 1e-100  # no power overflows: each would forbid its pair
        c = cost_matrix(x, np.ascontiguousarray(y[:, : x.shape[1]]), p)
    return c


def masses(rng, n):
    """A vector of masses, some of them 0."""
    kind = rng.integers(6)
    a = rng.dirichlet(np.ones(n))
    if kind == 1:
        a = np.full(n, 1 / n)
    elif kind == 2:
        a = rng.integers(0, 4, n).astype(float)
        a[rng.integers(n)] += 1
    elif kind == 3:
        a = 10.0 ** rng.uniform(-12, 0, n)
    elif kind == 4:
        a = rng.integers(1, 10, n) / 10.0  # tenths, whose sums round
    return a / a.sum()


def size(rng):
    """Mostly small problems; now and then one that takes the large routes."""
    return int(rng.integers(1, 9)) if rng.random() < 0.8 else int(rng.integers(9, 80))


def claimed(certificate: str) -> float:
    """The bound that a certificate claims, 1 if it claims none."""
    return (
        float(certificate.split("1e")[1]) and 10.0 ** int(certificate.split("1e")[1])
        if (certificate.startswith("certified to"))
        else 1.0
    )


def compare(value, right, scale, certificate=None):
    """Raise if a value is wrong, or further from the right one than its certificate says."""
    if scale == 0 or not np.isfinite(scale):
        scale = abs(right) or 5e-324
    error = float(abs(Fraction(value) - Fraction(right)) / Fraction(scale))
    tiny = 1e-315 / scale if scale < 1e-300 else 0.0  # the spacing of denormals
    if certificate is not None and error > 10 * claimed(certificate) + tiny:
        raise False_(f"{value!r} is {certificate}, but {right!r} is right (error {error:.1e})")
    if error > TOLERANCE + tiny:
        raise Wrong(f"{value!r}, but {right!r} is right (error {error:.1e} of {scale:.3g})")


def audit(result, c):
    """What anybody can check of a certificate in rational numbers: prices, for small problems."""
    if result.certificate != str(otlec.verify(result, c)):
        raise False_(f"{result.certificate} when made, {otlec.verify(result, c)} when verified")
    # denormals have no digits that could be certified
    if not result.certificate.startswith("certified") and abs(result.value) > 1e-300:
        raise Wrong(result.certificate)


def least_assignment(c):
    """The least cost over all permutations, in rational numbers; SciPy's for more than 6 rows."""
    n = c.shape[0]
    if n > 6:
        rows, cols = linear_sum_assignment(c)
        return float(sum(Fraction(v) for v in c[rows, cols]))
    exact = [[None if np.isinf(v) else Fraction(v) for v in row] for row in c]
    sums = [
        sum(exact[i][s[i]] for i in range(n))
        for s in itertools.permutations(range(n))
        if all(exact[i][s[i]] is not None for i in range(n))
    ]
    return float(min(sums))


def least_transport(a, b, c):
    """The least cost of a plan: POT's simplex, on masses and costs of ordinary size."""
    finite = np.abs(c[np.isfinite(c)])
    unit = finite.max(initial=0.0) or 1.0
    scaled = np.where(np.isfinite(c), c / unit, 1e7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = ot.emd(a, b, scaled, numItermax=10**7)
    return float((plan * np.where(np.isfinite(c), c, 0.0)).sum())


def fuzz_assignment(rng):
    """Against all permutations, or SciPy."""
    n = size(rng)
    c = cost(rng, n, n)
    best = otlec.assignment(c)
    scale = float(np.abs(c[np.arange(n), best.permutation]).sum())
    compare(best.value, least_assignment(c), scale, best.certificate)
    audit(best, c)


def fuzz_transport(rng):
    """Against POT, and its own certificate."""
    n, m = size(rng), size(rng)
    c = cost(rng, n, m)
    a, b = masses(rng, n), masses(rng, m)
    if np.isinf(c).any():
        c[np.isinf(c)] = 1e6
    plan = otlec.transport(a, b, c)
    audit(plan, c)
    scale = float((plan.mass * np.abs(c[plan.rows, plan.cols])).sum())
    theirs = least_transport(a, b, c)
    if theirs < plan.value - 1e-6 * scale - 1e-12 * np.abs(c).max() - 1e-322:
        raise Wrong(f"{plan.value!r}, but POT finds {theirs!r}")


def fuzz_scaled(rng):
    """Masses and costs in other units."""
    n, m = size(rng), size(rng)
    c, a, b = rng.random((n, m)), masses(rng, n), masses(rng, m)
    unit, mass = 2.0 ** rng.integers(-900, 900), 2.0 ** rng.integers(-900, 100)
    plan = otlec.transport(a, b, c)
    if abs(np.log2(unit) + np.log2(mass)) > 1000:
        mass = 1.0
    other = otlec.transport(a * mass, b * mass, c * unit)
    compare(other.value / mass / unit, plan.value, plan.value, other.certificate)
    audit(other, c * unit)


def fuzz_forbidden(rng):
    """Forbidden pairs: 0 and +inf, where a plan exists because one was drawn first."""
    n, m = size(rng), size(rng)
    gamma = rng.random((n, m)) * (rng.random((n, m)) < 0.4)
    gamma[:, 0] += 0.01
    gamma[0] += 0.01
    c = np.where(gamma > 0, rng.random((n, m)), np.inf)
    a, b = gamma.sum(axis=1), gamma.sum(axis=0)
    plan = otlec.transport(a, b, c)
    audit(plan, c)
    big = np.where(np.isinf(c), 1e3, c)
    compare(plan.value, least_transport(a, b, big), plan.value, plan.certificate)


def fuzz_line(rng):
    """The monotone plan against the network simplex."""
    n, m = size(rng), size(rng)
    x, y = points(rng, n)[:, 0], points(rng, m)[:, 0]
    p = float(rng.choice([1, 1.5, 2, 3]))
    a, b = masses(rng, n), masses(rng, m)
    c = cost_matrix(x, y, p)
    if not (np.isfinite(c).all() and c.max() < 1e290 and (c.max() > 1e-280 or c.max() == 0)):
        return
    plan = otlec.transport_1d(x, y, a, b, p)
    other = otlec.transport(a, b, c)
    compare(plan.value, other.value, other.value + 1e-13 * c.max())
    if not plan.certificate.startswith("certified"):
        raise Wrong(plan.certificate)


def fuzz_points(rng):
    """Clouds against SciPy; the large ones take the tree."""
    n = int(rng.integers(1, 40)) if rng.random() < 0.97 else int(rng.integers(512, 700))
    x, y = points(rng, n), None
    y = x[rng.permutation(n)] + 10.0 ** rng.uniform(-9, 0) * rng.normal(size=x.shape) * np.abs(x)
    p = float(rng.choice([1, 2, 3]))
    c = cost_matrix(x, y, p)
    if not (np.isfinite(c).all() and c.max() < 1e290 and (c.max() > 1e-280 or c.max() == 0)):
        return
    best = otlec.assignment_points(x, y, p)
    rows, cols = linear_sum_assignment(c)
    compare(best.value, float(c[rows, cols].sum()), best.value, best.certificate)


def fuzz_plan(rng):
    """`optimal_plan` between measures: its certificate, and the distance against itself."""
    n, m = size(rng), size(rng)
    x = points(rng, n)
    y = points(rng, m)
    dim = min(x.shape[1], y.shape[1])
    mu = Measure(np.ascontiguousarray(x[:, :dim]), masses(rng, n))
    nu = Measure(np.ascontiguousarray(y[:, :dim]), masses(rng, m))
    p = float(rng.choice([1, 2, 3]))
    c = cost_matrix(mu.points, nu.points, p)
    if not (np.isfinite(c).all() and c.max() < 1e290 and (c.max() > 1e-280 or c.max() == 0)):
        return
    plan = otlec.optimal_plan(mu, nu, p)
    if c.max() < 1e3 * plan.value:  # else the rounding of c itself may be seen beside the value
        audit(plan, c)
    compare(otlec.optimal_plan(nu, mu, p).value, plan.value, plan.value + 1e-15 * c.max())


def fuzz_bottleneck(rng):
    """Against thresholds tried one by one."""
    n = int(rng.integers(1, 8))
    c = cost(rng, n, n)
    best = otlec.bottleneck(c)
    audit(best, c)
    if n <= 6:
        right = min(max(c[i, s[i]] for i in range(n)) for s in itertools.permutations(range(n)))
        compare(best.value, float(right), abs(float(right)))


def fuzz_bottleneck_of_masses(rng):
    """The block proves it."""
    n, m = size(rng), size(rng)
    c = cost(rng, n, m)
    c[np.isinf(c)] = 2.0
    audit(bottleneck_transport(masses(rng, n), masses(rng, m), c), c)


def fuzz_duality(rng):
    """Kantorovich and Rubinstein: the potential proves the distance."""
    n, m = size(rng), size(rng)
    x, y = points(rng, n), points(rng, m)
    dim = min(x.shape[1], y.shape[1])
    x, y = (np.ascontiguousarray(z[:, :dim]) for z in (x, y))
    if max(np.abs(x).max(), np.abs(y).max()) > 1e100:
        return
    f = otlec.kantorovich_rubinstein(Measure(x, masses(rng, n)), Measure(y, masses(rng, m)))
    if not f.certificate.startswith("certified"):
        raise Wrong(f.certificate)


def spread_masses(rng, n):
    """Masses over up to 300 orders of magnitude, some of them 0."""
    a = 10.0 ** -rng.uniform(0, rng.integers(1, 310), n)
    a[rng.random(n) < rng.choice([0.0, 0.4])] = 0.0
    a[rng.integers(n)] = 1.0
    return a / a.sum()


def fuzz_band(rng):
    """The ends of the band are optimal potentials, whatever the masses."""
    n, m = (int(k) for k in rng.integers(1, 9, 2))
    x, y = points(rng, n), points(rng, m)
    dim = min(x.shape[1], y.shape[1])
    x, y = (np.ascontiguousarray(z[:, :dim]) for z in (x, y))
    if max(np.abs(x).max(), np.abs(y).max()) > 1e100:
        return
    mu, nu = Measure(x, spread_masses(rng, n)), Measure(y, spread_masses(rng, m))
    band = otlec.potential_band(mu, nu, anchor=int(mu.weights.argmax()))
    if not (band.phi_high - band.phi_low >= -1e-9 * np.abs(band.phi_high).max()).all():
        raise Wrong(f"phi_low {band.phi_low} is above phi_high {band.phi_high}")
    # One anchor serves all parts: potentials as large as largest^2 leave their rounding, 2e-16 of
    # that, in the sum that is to meet the value. With outliers farther than 1e4, or where a part
    # costs next to nothing, a band may say that it is not proved (a known limit).
    value, largest = otlec.transport_cost(mu, nu), max(np.abs(x).max(), np.abs(y).max())
    plan = otlec.optimal_plan(mu, nu)
    cheapest = cost_matrix(x, y, 2)[plan.rows, plan.cols].min()
    plain = value > 1e-6 * largest**2 and largest < 1e4
    plain &= band.verdict.violation > 0 or cheapest > 1e-6 * largest**2
    plain &= cheapest == 0 or cheapest > 1e-100 * largest**2
    if plain and not band.certificate.startswith("certified"):
        raise Wrong(band.certificate)


def fuzz_gluing(rng):
    """Both plans are found again; the composition costs no less than the optimum."""
    n, m, k = size(rng), size(rng), size(rng)
    a, b, c = masses(rng, n), masses(rng, m), masses(rng, k)
    one = otlec.transport(a, b, rng.random((n, m)))
    two = otlec.transport(b, c, rng.random((m, k)))
    sigma = otlec.glue(one, two)
    if not sigma.certificate.startswith("certified"):
        raise Wrong(sigma.certificate)


def fuzz_derivative(rng):
    """The derivative against a difference quotient, which is exact for small t."""
    n, m = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    draw = rng.integers(0, 5, (3, 6, 2)).astype(float)
    sigma, rho0, rho1 = Measure(draw[0]), Measure(draw[1][:n]), Measure(draw[2][:m])
    slope = otlec.derivative(sigma, rho0, rho1).value
    lower, quotient, upper = otlec.sandwich(sigma, rho0, rho1, 1e-4)
    compare(slope, lower, 1 + abs(lower))
    if not lower - 1e-8 <= quotient <= upper + 1e-8:
        raise Wrong(f"{lower} <= {quotient} <= {upper} fails")
    compare(slope, quotient, 1e3 * (1 + abs(quotient)))


def fuzz_linear_program(rng):
    """Costs of ordinary size, against HiGHS."""
    n, m = (int(k) for k in rng.integers(1, 9, 2))
    c, a, b = rng.random((n, m)), masses(rng, n), masses(rng, m)
    if rng.random() < 0.5:
        c = np.round(5 * c)
    plan = otlec.transport(a, b, c)
    marginals = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    right = linprog(c.ravel(), A_eq=marginals[1:], b_eq=np.append(a, b)[1:])
    if right.status == 0 and abs(right.fun - plan.value) > 1e-6 * (1 + plan.value):
        raise Wrong(f"{plan.value!r}, but HiGHS finds {right.fun!r}")
    audit(plan, c)


def fuzz_tiny_masses(rng):
    """Masses over 300 orders of magnitude."""
    n, m = (int(k) for k in rng.integers(1, 12, 2))
    c = cost_matrix(*(10.0 ** rng.integers(-100, 101) * rng.normal(size=(k, 2)) for k in (n, m)))
    depth = rng.integers(5, 301)
    a, b = (10.0 ** -rng.uniform(0, depth, k) for k in (n, m))
    plan = otlec.transport(a / a.sum(), b / b.sum(), c)
    audit(plan, c)
    audit(bottleneck_transport(a / a.sum(), b / b.sum(), c), c)


def fuzz_laws(rng):
    """Densities on the line: atoms as a law and as a measure, and the plan's certificate."""
    n, m = size(rng), size(rng)
    mu, nu = Measure(rng.normal(size=n), masses(rng, n)), Measure(rng.normal(size=m))
    p = float(rng.choice([1, 2, 3]))
    compare(otlec.wasserstein(otlec.Law.of(mu), nu, p), otlec.wasserstein(mu, nu, p), 1.0)
    left = rng.normal(size=n) * 10.0 ** rng.integers(-50, 50)
    law = otlec.Law(left, left + np.abs(left) * rng.random(n), masses(rng, n))
    plan = otlec.optimal_plan(law, otlec.Law.of(nu), p)
    if not plan.certificate.startswith("certified"):
        raise Wrong(plan.certificate)


def fuzz_dynamic(rng):
    """A few steps of Benamou and Brenier between histograms: the bounds hold the distance."""
    n = int(rng.integers(4, 13))
    rho0, rho1 = (masses(rng, n) + 0.01 for _ in range(2))
    rho0, rho1 = rho0 / rho0.sum(), rho1 / rho1.sum()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*iterations")  # it is asked to stop early
        plan = otlec.benamou_brenier(rho0, rho1, steps=4, max_iterations=20)
    if not plan.lower_bound <= plan.upper_bound * (1 + 1e-9):
        raise Wrong(f"bounds {plan.lower_bound}, {plan.upper_bound}")


def fuzz_barycenter(rng):
    """On the line: the objective meets its bound."""
    measures = [Measure(points(rng, size(rng))[:, 0] % 10, None) for _ in range(3)]
    best = otlec.barycenter(measures)
    if best.gap < -1e-9 * (1 + best.objective) or best.gap > 1e-9 * (1 + best.objective):
        raise Wrong(f"objective {best.objective}, lower bound {best.lower_bound}")


def fuzz_grid_barycenter(rng):
    """Histograms on a common support: the bound is met, or the certificate says how nearly."""
    k, dim = int(rng.integers(2, 20)), int(rng.integers(1, 3))
    support = rng.normal(size=(k, dim)) if rng.random() < 0.5 else np.arange(k * dim) / k
    support = support.reshape(k, dim)
    measures = [Measure(support, masses(rng, k)) for _ in range(rng.integers(2, 5))]
    best = otlec.barycenter(measures, masses(rng, len(measures)) + 0.0, support=support)
    largest = max(1.0, float(cost_matrix(support, support, 2).max()))
    if not -1e-9 <= best.gap / max(best.objective, 1e-3 * largest) <= 1e-6:  # HiGHS works to 1e-10
        raise Wrong(f"objective {best.objective}, lower bound {best.lower_bound}")
    if best.certificate.startswith("not"):
        raise Wrong(best.certificate)


def fuzz_gaussian_barycenter(rng):
    """The dual bound proves the barycenter."""
    dim, count = (int(k) for k in rng.integers(1, 5, 2))
    roots = rng.normal(size=(count, dim, dim)) * 10.0 ** rng.integers(-70, 70)
    weights = rng.dirichlet(np.ones(count))
    best = otlec.gaussian_barycenter([r @ r.T for r in roots], weights)
    if count > 1 and not best.certificate.startswith("certified"):
        raise Wrong(best.certificate)


def fuzz_gaussian(rng):
    """The map carries one covariance to the other; the distance is symmetric."""
    dim = int(rng.integers(1, 5))
    unit = 10.0 ** rng.integers(-100, 100)
    one, two = (unit * (r @ r.T + 0.1 * np.eye(dim)) for r in rng.normal(size=(2, dim, dim)))
    zero = np.zeros(dim)
    forth = otlec.gaussian_distance(one, two, zero, zero)
    back = otlec.gaussian_distance(two, one, zero, zero)
    compare(forth, back, np.sqrt(unit))


def fuzz_curves(rng):
    """A geodesic has constant speed."""
    n = int(rng.integers(1, 8))
    mu, nu = Measure(rng.normal(size=(n, 2))), Measure(rng.normal(size=(n, 2)))
    plan = otlec.optimal_plan(mu, nu)
    speeds = otlec.speed_matrix(lambda t: otlec.geodesic(plan, t), [0, 0.3, 1])
    whole = otlec.wasserstein(mu, nu)
    for value in speeds[~np.eye(3, dtype=bool)]:
        compare(float(value), whole, 1 + whole)


CATEGORIES = {
    name.removeprefix("fuzz_"): function
    for name, function in globals().items()
    if name.startswith("fuzz_")
}


def kind_of(error: BaseException) -> str:
    """Which of the four failures an exception is; anything else counts as refused."""
    if isinstance(error, Wrong):
        return "wrong"
    if isinstance(error, False_):
        return "false"
    return "warned" if isinstance(error, Warning) else "refused"


def run(names, first: int, count: int, seconds: float = np.inf, report=print) -> dict:
    """Run the categories in turn; return how often each of the outcomes occurred."""
    table = {name: collections.Counter() for name in names}
    start = time.monotonic()
    for number in range(first, first + count):
        for name in names:
            rng = np.random.default_rng([number, *name.encode()])
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    CATEGORIES[name](rng)
                table[name]["right"] += 1
            except Exception as error:
                table[name][kind_of(error)] += 1
                report(f"{name} {number}: {type(error).__name__}: {str(error)[:200]}")
                if "--trace" in sys.argv:
                    traceback.print_exc()
        if time.monotonic() - start > seconds:
            break
    return table


def _add(table: dict, file: Path) -> None:
    """Add the counts to those of other runs."""
    known = json.loads(file.read_text()) if file.exists() else {}
    for name, counts in table.items():
        known[name] = dict(collections.Counter(known.get(name, {})) + counts)
    file.write_text(json.dumps(known, indent=1))


def main() -> int:
    """Run, print the table, and return the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100, help="problems in each category")
    parser.add_argument("--first", type=int, default=0, help="the number of the first problem")
    parser.add_argument("--seconds", type=float, default=np.inf, help="stop after that long")
    parser.add_argument("--only", nargs="*", default=list(CATEGORIES), choices=list(CATEGORIES))
    parser.add_argument("--add-to", help="a file of counts that these are added to")
    parser.add_argument("--trace", action="store_true", help="print where each failure arose")
    arguments = parser.parse_args()
    table = run(arguments.only, arguments.first, arguments.count, arguments.seconds)
    if arguments.add_to:
        _add(table, Path(arguments.add_to))
    outcomes = ("right", "wrong", "false", "refused", "warned")
    print(f"{'':24}" + "".join(f"{word:>9}" for word in outcomes))
    for name, counts in table.items():
        print(f"{name.replace('_', ' '):24}" + "".join(f"{counts[word]:9}" for word in outcomes))
    return sum(sum(counts.values()) - counts["right"] for counts in table.values())


if __name__ == "__main__":
    sys.exit(min(main(), 1))
