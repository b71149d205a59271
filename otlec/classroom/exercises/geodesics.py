"""Exercises of chapter 3: constant speed, displacement, and barycenters."""

import hypothesis.strategies as st
import numpy as np

from ...distance import optimal_plan, wasserstein
from ...geodesics import interpolation
from ...measure import Measure
from ._inputs import measures, spd_matrices, vector, weights
from ._machine import Mistake, array, exercise, measure, number, parts, require, same, truth

TIMES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def sorted_atoms(value) -> np.ndarray:
    """A measure in one form: atoms with mass, merged where equal, in order."""
    mu = measure(value)
    points = mu.points.reshape(mu.size, -1)[mu.weights > 1e-12]
    atoms, which = np.unique(np.round(points, 9), axis=0, return_inverse=True)
    mass = np.bincount(which.ravel(), mu.weights[mu.weights > 1e-12])
    return np.column_stack([atoms, mass])


def _close(mu, nu, text, tolerance, mistake=None):
    """Raise unless two measures agree in W_1, and say how far apart they are."""
    far = wasserstein(mu, nu, 1)
    require(far <= max(tolerance, 1e-9) * 10, f"{text}: it is off by {far:.4g} in W_1", mistake)


# Definition 3.1 -----------------------------------------------------------------------------------


def _chords(positions):
    gaps = positions[:, None] - positions[None]
    return np.sqrt((gaps**2).sum(axis=2))


@st.composite
def _curves(draw):
    inner = draw(st.sets(st.integers(1, 7), min_size=1, max_size=3))
    times = np.array([0, *sorted(inner), 8]) / 8
    speed = draw(st.integers(0, 3))
    kind = draw(st.sampled_from(["line", "line", "clock", "circle", "spiral", "bend"]))
    zero = np.zeros_like(times)
    turn = np.pi * times
    x, y = {
        "line": (0.6 * times, 0.8 * times),
        "clock": (times**2, zero),
        "circle": (np.cos(turn), np.sin(turn)),
        "spiral": (times * np.cos(turn), times * np.sin(turn)),
        "bend": (np.minimum(times, 0.5), np.maximum(times - 0.5, 0)),
    }[kind]
    return _chords(speed * np.column_stack([x, y])), times


def _uniform(D, times, pairs):
    return bool(
        all(
            abs(D[i, j] - abs(times[i] - times[j]) * D[0, -1]) <= 1e-8 for i, j in pairs(len(times))
        )
    )


_LINE = np.array([0.0, 0.25, 1.0])


@exercise(
    "3.1",
    title="A detector of constant speed",
    answer="constant_speed",
    kind="compute",
    difficulty=1,
    minutes=15,
    arguments=("D", "times"),
    inputs=_curves(),
    closed=("is_constant_speed", "speed_matrix"),
    cases=(
        (_chords(np.column_stack([2 * _LINE, 0 * _LINE])), _LINE),
        (_chords(np.column_stack([_LINE**2, 0 * _LINE])), _LINE),
        (
            _chords(np.column_stack([np.cos([0, 1.5, 3.0]), np.sin([0, 1.5, 3.0])])),
            np.array([0.0, 0.5, 1.0]),
        ),
        (
            _chords(np.array([[0.0, 0.0], [0.25, 0.0], [0.0, 0.5], [0.6, 0.8]])),
            np.array([0.0, 0.25, 0.5, 1.0]),
        ),
        (np.zeros((3, 3)), _LINE),
    ),
    right="All pairs of times count: equal steps on a circle, and a spiral that leaves its start "
    "at constant speed, are no geodesics. A curve that stays where it is is one.",
    hints=(
        "Compare the whole matrix D with |s - t| d(x_0, x_1).",
        "abs(times[:, None] - times) is the matrix of the |s - t|; compare up to rounding.",
    ),
    mistakes=(
        Mistake(
            "neighbours only",
            "Equal speeds between neighbours are not enough: on a circle they are equal too. "
            "Compare with the distance of the ends, |s - t| d(x_0, x_1).",
            lambda D, times: bool(np.ptp(np.diag(D, 1) / np.diff(times)) <= 1e-9),
        ),
        Mistake(
            "from the start only",
            "A spiral leaves its start at constant speed. Compare all "
            "pairs of times, not those with time 0 alone.",
            lambda D, times: _uniform(D, times, lambda n: [(0, k) for k in range(n)]),
        ),
        Mistake(
            "times not used",
            "The times need not be equally spaced: divide each distance by the time that passes.",
            lambda D, times: bool(np.ptp(np.diag(D, 1)) <= 1e-9),
        ),
    ),
)
def _constant_speed(call, D, times):
    found = truth(call(D.copy(), times))
    wanted = np.abs(times[:, None] - times) * D[0, -1]
    off = np.abs(D - wanted)
    i, j = np.unravel_index(off.argmax(), off.shape)
    if off.max() <= 1e-9:
        require(found, "all distances are |s - t| d(x_0, x_1), but the answer is False")
    else:
        require(
            not found,
            f"between times {times[i]:g} and {times[j]:g} the distance is "
            f"{D[i, j]:.4g}, not {wanted[i, j]:.4g}, but the answer is True",
        )


# Proposition 3.2 ----------------------------------------------------------------------------------


@st.composite
def _moves(draw):
    mu, nu = draw(measures(3, 1)), draw(measures(3, 1))
    return mu.points, nu.points, optimal_plan(mu, nu).matrix, draw(TIMES)


def _mean_target(x, y, gamma, t):
    a = gamma.sum(axis=1)
    return (1 - t) * x + t * (gamma @ y) / a, a


_SPLIT = (np.array([0.0]), np.array([-1.0, 2.0]), np.array([[0.25, 0.75]]))
_TWO = (np.array([0.0, 1.0]), np.array([2.0, 5.0]), np.array([[0.5, 0.0], [0.125, 0.375]]))


@exercise(
    "3.2a",
    title="Displacement interpolation",
    answer="displacement",
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("x", "y", "gamma", "t"),
    inputs=_moves(),
    examples=40,
    closed=("geodesic", "interpolation", "quantile_interpolation", "barycenter"),
    cases=((*_SPLIT, 0.25), (*_TWO, 0.5), (*_TWO, 0.75), (*_SPLIT, 1.0)),
    right="Each entry of the plan travels on its own segment. The curve has constant speed, up to "
    "rounding, because the plan is optimal.",
    hints=(
        "There is one atom for each pair (i, j), at (1 - t) x_i + t y_j.",
        "Its mass is gamma[i, j]; flatten both matrices.",
    ),
    mistakes=(
        Mistake(
            "mixture",
            "This lets mass fade out at x and appear at y. Here mass travels: the "
            "atoms move, the masses stay.",
            lambda x, y, gamma, t: (
                np.concatenate([x, y]),
                np.concatenate([(1 - t) * gamma.sum(1), t * gamma.sum(0)]),
            ),
        ),
        Mistake(
            "time runs backwards",
            "At t = 0 the measure is mu_0: the weight of x is 1 - t.",
            lambda x, y, gamma, t: ((t * x[:, None] + (1 - t) * y).ravel(), gamma.ravel()),
        ),
        Mistake(
            "mean of the targets",
            "An atom whose mass splits goes to several places. Its mean "
            "target is not enough: keep one atom for each pair.",
            _mean_target,
        ),
        Mistake(
            "equal masses",
            "The masses are those of the plan.",
            lambda x, y, gamma, t: (
                ((1 - t) * x[:, None] + t * y)[gamma > 0],
                np.full((gamma > 0).sum(), 1 / (gamma > 0).sum()),
            ),
        ),
    ),
    canonical=sorted_atoms,
)
def _displacement(call, x, y, gamma, t):
    mu = measure(call(x, y, gamma, t), "mu_t", 1)
    tol = call.tolerance
    start, end = Measure(x, gamma.sum(axis=1)), Measure(y, gamma.sum(axis=0))
    _close(measure(call(x, y, gamma, 0.0), "mu_0", 1), start, "at t = 0 the measure is mu_0", tol)
    _close(measure(call(x, y, gamma, 1.0), "mu_1", 1), end, "at t = 1 the measure is mu_1", tol)
    whole = wasserstein(start, end, 2)
    for other, share in ((start, t), (end, 1 - t)):
        same(
            wasserstein(mu, other, 2),
            share * whole,
            f"constant speed at t = {t:g}: W_2 to an end is its share of the whole",
            max(1e-8, 100 * tol),
        )
    _close(mu, interpolation(gamma, start, end, t), f"mu_t at t = {t:g}", tol)


@exercise(
    "3.2b",
    item="3.2",
    title="A plan that makes no geodesic",
    answer="detour",
    kind="decide",
    difficulty=1,
    minutes=10,
    right="The curve of a plan that is not optimal is longer than the distance of its ends. Its "
    "speed may be constant all the same; it is no shortest way.",
    hints=(
        "Proposition 3.2 asks for an optimal plan: choose one that is not.",
        "Let the mass of two atoms cross: x = (0, 1), y = (0, 1), each to the other.",
    ),
    mistakes=(
        Mistake("optimal", "This plan is optimal, so its curve is a geodesic: let grains cross."),
        Mistake(
            "not a plan",
            "The entries of gamma are non-negative, and its row and column sums are "
            "the weights of the two measures.",
        ),
    ),
)
def _detour(answer):
    mu, nu, gamma = parts(answer, 3, "detour (mu, nu and gamma)")
    mu, nu = measure(mu, "mu", 1), measure(nu, "nu", 1)
    gamma = array(gamma, (mu.size, nu.size), "gamma")
    fits = np.abs(gamma.sum(1) - mu.weights).max() + np.abs(gamma.sum(0) - nu.weights).max() <= 1e-9
    require(gamma.min() >= 0 and fits, "gamma does not couple mu with nu", "not a plan")
    times = np.linspace(0, 1, 5)
    curve = [interpolation(gamma, mu, nu, t) for t in times]
    length = sum(wasserstein(curve[k], curve[k + 1], 2) for k in range(4))
    whole = wasserstein(mu, nu, 2)
    value = (gamma * (mu.points.reshape(-1, 1) - nu.points.reshape(-1)) ** 2).sum()
    optimal = "optimal" if value <= whole**2 + 1e-9 else None
    require(length > whole + 1e-6, f"the curve is as short as it can be: {length:.6g}", optimal)


# Example 3.3 --------------------------------------------------------------------------------------


def _power(S, exponent):
    values, vectors = np.linalg.eigh(S)
    return (vectors * values**exponent) @ vectors.T


@exercise(
    "3.3",
    title="The Brenier matrix",
    answer="brenier",
    kind="compute",
    difficulty=3,
    minutes=25,
    arguments=("S0", "S1"),
    closed=("gaussian_map", "gaussian_geodesic"),
    examples=40,
    inputs=st.integers(1, 3).flatmap(lambda d: st.tuples(spd_matrices(d), spd_matrices(d))),
    cases=(
        (np.array([[4.0]]), np.array([[9.0]])),
        (np.diag([1.0, 4.0]), np.diag([4.0, 1.0])),
        (np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 3.0]])),
    ),
    right="A is symmetric, its eigenvalues are not negative, and A S0 A = S1: x -> A x is the "
    "gradient of a convex function, and so it is optimal.",
    hints=(
        "Multiply A S0 A = S1 by the root R of S0 from both sides: (R A R)^2 = R S1 R.",
        "So R A R is the root of R S1 R. Compute roots from the eigenvectors (np.linalg.eigh).",
    ),
    mistakes=(
        Mistake(
            "not symmetric",
            "The product of two roots maps one Gaussian to the other, but it is "
            "symmetric only if they commute: no gradient, not optimal.",
            lambda S0, S1: _power(S1, 0.5) @ _power(S0, -0.5),
        ),
        Mistake(
            "by Cholesky factors",
            "Cholesky factors give a triangular map: it carries the "
            "measure over, but it is not the optimal one.",
            lambda S0, S1: np.linalg.cholesky(S1) @ np.linalg.inv(np.linalg.cholesky(S0)),
        ),
        Mistake(
            "the way back", "This is the map from S1 to S0.", lambda S0, S1: _brenier_matrix(S1, S0)
        ),
        Mistake(
            "missing root",
            "A S0 A = S1 has A twice: the ratio of the covariances is its square.",
            lambda S0, S1: S1 @ np.linalg.inv(S0),
        ),
    ),
)
def _brenier(call, S0, S1):
    A = array(call(S0, S1), S0.shape)
    tol = 1e-7 if call.tolerance < 1e-6 else 1e-2
    same(A @ S0 @ A.T, S1, "A carries S0 to S1: A S0 A^T = S1", tol)
    same(A, A.T, "A is symmetric", tol)
    least = np.linalg.eigvalsh((A + A.T) / 2).min()
    require(least >= -tol, f"an eigenvalue of A is negative: {least:.4g}")


def _brenier_matrix(S0, S1):
    R, inverse = _power(S0, 0.5), _power(S0, -0.5)
    return inverse @ _power(R @ S1 @ R, 0.5) @ inverse


# Remark 3.4 ---------------------------------------------------------------------------------------


@exercise(
    "3.4a",
    title="Two geodesics between the same ends",
    answer="two_plans",
    kind="decide",
    difficulty=2,
    minutes=10,
    right="All four ways of length 1 cost the same: every plan is optimal here, and each one "
    "makes a geodesic of its own.",
    hints=(
        "What does each of the four moves cost?",
        "One plan moves all mass along the horizontal sides, one along the vertical sides.",
    ),
    mistakes=(
        Mistake("the same plan", "Both plans are the same, and so are their geodesics."),
        Mistake(
            "not a plan",
            "Each atom has the mass 1/2: both rows and both columns of a plan sum to 1/2.",
        ),
    ),
)
def _two_plans(answer):
    corners = Measure([[0.0, 0.0], [1.0, 1.0]]), Measure([[1.0, 0.0], [0.0, 1.0]])
    plans = [array(g, (2, 2), f"plan {k}") for k, g in enumerate(parts(answer, 2, "two_plans"), 1)]
    for k, gamma in enumerate(plans, 1):
        fits = np.abs(gamma.sum(0) - 0.5).max() + np.abs(gamma.sum(1) - 0.5).max() <= 1e-9
        require(
            gamma.min() >= 0 and fits, f"plan {k} does not couple the two measures", "not a plan"
        )
    halves = [interpolation(gamma, *corners, 0.5) for gamma in plans]
    apart = wasserstein(*halves, 2)
    require(apart > 1e-6, "the two geodesics are the same at t = 1/2", "the same plan")


@exercise(
    "3.4b",
    item="3.4",
    title="A geodesic of W_1 along which nothing travels",
    answer="fade",
    kind="decide",
    difficulty=2,
    minutes=15,
    arguments=("t",),
    cases=((0.5,),),
    right="For p = 1 the mass may fade out here and in there: W_1 counts mass times distance, and "
    "does not care who travels. For p > 1 this curve is not even of finite length.",
    hints=(
        "W_1((1-s) delta_0 + s delta_1, (1-t) delta_0 + t delta_1) = |s - t|.",
        "Return a measure with atoms 0 and 1, whose weights depend on t.",
    ),
    mistakes=(
        Mistake(
            "displacement",
            "This is the displacement of Proposition 3.2, and the geodesic for "
            "every p. Look for one that no plan makes.",
            lambda t: Measure([t]),
        ),
        Mistake(
            "another clock",
            "The weights change too slowly at first: constant speed asks for "
            "weights that are linear in t.",
            lambda t: Measure([0.0, 1.0], [1 - t**2, t**2]),
        ),
        Mistake(
            "ends exchanged",
            "At t = 0 all mass is at 0.",
            lambda t: Measure([0.0, 1.0], [t, 1 - t]),
        ),
    ),
    canonical=sorted_atoms,
)
def _fade(call, t):
    times = (0.0, t / 2, t, 1.0)
    curve = [measure(call(s), f"the measure at t = {s:g}", 1) for s in times]
    for k, place in ((0, 0.0), (3, 1.0)):
        _close(curve[k], Measure([place]), f"at t = {times[k]:g} all mass is at {place:g}", 1e-9)
    for k in range(4):
        for l in range(k):
            same(
                wasserstein(curve[k], curve[l], 1),
                times[k] - times[l],
                f"W_1 between the times {times[l]:g} and {times[k]:g}",
                1e-8,
            )
    far = wasserstein(curve[2], Measure([t]), 1)
    require(far > 1e-6, "at t = 1/2 all mass is at 1/2: this is the displacement")


# Corollary 3.5 ------------------------------------------------------------------------------------


class _Curve:
    """A curve in the plane that says what it is."""

    def __init__(self, name, formula):
        self.__doc__, self.formula = name, formula

    def __call__(self, t):
        return np.array(self.formula(t), dtype=float)


_CURVES = (
    _Curve("the segment t (3, 4)", lambda t: (3 * t, 4 * t)),
    _Curve(
        "the half circle (cos pi t, sin pi t)", lambda t: (np.cos(np.pi * t), np.sin(np.pi * t))
    ),
    _Curve("the parabola (t, t^2)", lambda t: (t, t * t)),
    _Curve("the point (1, 1)", lambda t: (1.0, 1.0)),
    _Curve("the curve (t, exp t)", lambda t: (t, np.exp(t))),
)


def _polygon(curve, times, power=1.0):
    points = np.array([curve(t) for t in times])
    return float((np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1)) ** power).sum())


@exercise(
    "3.5a",
    title="The length of a curve",
    answer="length",
    kind="compute",
    difficulty=1,
    minutes=15,
    arguments=("curve", "n"),
    inputs=st.tuples(st.sampled_from(_CURVES), st.integers(1, 9)),
    examples=30,
    closed=("curve_length",),
    cases=((_CURVES[0], 1), (_CURVES[0], 3), (_CURVES[1], 2), (_CURVES[2], 4), (_CURVES[4], 2)),
    right="Halving the steps never shortens the polygon, and a segment has its length at every "
    "refinement: this is how one recognises a geodesic.",
    hints=(
        "n steps have n + 1 times, k/n for k = 0, ..., n.",
        "Add the distances of neighbouring points.",
    ),
    mistakes=(
        Mistake(
            "ends only",
            "This is the distance of the ends. Add the steps between them.",
            lambda curve, n: _polygon(curve, [0, 1]),
        ),
        Mistake(
            "one step short",
            "n points make n - 1 steps: np.linspace(0, 1, n + 1).",
            lambda curve, n: _polygon(curve, np.linspace(0, 1, n)),
        ),
        Mistake(
            "squares",
            "Each step counts with its length, not with its square: the sum of the "
            "squares tends to 0.",
            lambda curve, n: _polygon(curve, np.linspace(0, 1, n + 1), 2),
        ),
    ),
)
def _length(call, curve, n):
    found = number(call(curve, n))
    finer = number(call(curve, 2 * n))
    tol = 100 * call.tolerance
    require(
        finer >= found - tol * max(1.0, found),
        f"halving the steps shortens the length, from {found:.6g} to {finer:.6g}",
    )
    same(found, _polygon(curve, np.linspace(0, 1, n + 1)), f"the sum of the {n} steps", tol)


@exercise(
    "3.5b",
    item="3.5",
    title="No way between two points",
    answer="two_points",
    kind="compute",
    difficulty=2,
    minutes=10,
    arguments=("a", "b", "p"),
    closed=("wasserstein", "optimal_plan", "transport", "transport_1d", "transport_cost"),
    inputs=st.tuples(
        st.integers(0, 8).map(lambda k: k / 8),
        st.integers(0, 8).map(lambda k: k / 8),
        st.sampled_from([1.0, 2.0, 3.0]),
    ),
    cases=((0.0, 1.0, 2.0), (0.25, 0.5, 2.0), (0.75, 0.5, 3.0)),
    right="The mass |a - b| crosses from one point to the other, over the distance 1. In n steps "
    "the way from 0 to 1 costs n^(1 - 1/p), which grows: for p > 1 no curve of finite length joins "
    "them.",
    hints=(
        "How much mass has to change its place, and how far?",
        "The cost is |a - b| 1^p; the distance is its root.",
    ),
    mistakes=(
        Mistake(
            "missing root",
            "This is the cost; the distance is its p-th root.",
            lambda a, b, p: abs(a - b),
        ),
        Mistake(
            "power in the wrong place",
            "It is the mass |a - b| that moves, not its power: the distance 1 takes the power p.",
            lambda a, b, p: abs(a ** (1 / p) - b ** (1 / p)),
        ),
        Mistake(
            "power instead of root",
            "A root, not a power: small masses are far apart.",
            lambda a, b, p: abs(a - b) ** p,
        ),
    ),
)
def _two_points(call, a, b, p):
    mu, nu = Measure([0.0, 1.0], [1 - a, a]), Measure([0.0, 1.0], [1 - b, b])
    same(
        number(call(a, b, p)),
        wasserstein(mu, nu, p),
        "W_p between the two measures",
        max(1e-7, call.tolerance),
    )


# Barycenters --------------------------------------------------------------------------------------


def _dirac(x):
    return x[None], np.ones(1)


def _half(x0, x1):
    return np.stack([x0, x1]), np.array([0.5, 0.5])


@exercise(
    "barycenters-a",
    item="barycenters",
    title="Two midpoints of two Dirac masses",
    answer="midpoints",
    kind="compute",
    difficulty=1,
    minutes=10,
    lecture="the comparison that the section on barycenters asks for",
    arguments=("x0", "x1"),
    closed=("barycenter", "geodesic", "interpolation", "mixture"),
    inputs=st.tuples(vector(2), vector(2)),
    cases=(
        (np.array([0.0, 0.0]), np.array([2.0, 0.0])),
        (np.array([1.0, -1.0]), np.array([3.0, 2.0])),
    ),
    right="The first is one Dirac mass half way; the second leaves both where they are, with half "
    "the mass. Both are means, of places and of masses. The second is as far as W_2 can tell from "
    "being a midpoint: its distance to the ends is |x0 - x1| / sqrt(2).",
    hints=(
        "The Wasserstein midpoint lies on the geodesic: the mass travels half of the way.",
        "The linear midpoint is the measure (delta_x0 + delta_x1) / 2.",
    ),
    mistakes=(
        Mistake(
            "exchanged",
            "The Wasserstein midpoint comes first, the linear one second.",
            lambda x0, x1: (_half(x0, x1), _dirac((x0 + x1) / 2)),
        ),
        Mistake(
            "twice the same",
            "The two notions differ: the linear midpoint does not move mass.",
            lambda x0, x1: (_dirac((x0 + x1) / 2), _dirac((x0 + x1) / 2)),
        ),
        Mistake(
            "sum instead of mean",
            "The midpoint is half of the sum.",
            lambda x0, x1: (_dirac(x0 + x1), _half(x0, x1)),
        ),
    ),
    canonical=lambda value: [sorted_atoms(v) for v in parts(value, 2)],
)
def _midpoints(call, x0, x1):
    first, second = parts(call(x0, x1), 2, "the result (two measures)")
    first = measure(first, "the Wasserstein midpoint", 2)
    second = measure(second, "the linear midpoint", 2)
    tol = max(1e-8, 10 * call.tolerance)
    ends = Measure(x0[None]), Measure(x1[None])
    whole = np.linalg.norm(x1 - x0)
    for k, end in enumerate(ends):
        same(
            wasserstein(first, end, 2),
            whole / 2,
            f"the Wasserstein midpoint is half of the way from x{k}",
            tol,
        )
        same(
            wasserstein(second, end, 2),
            whole / np.sqrt(2),
            "the linear midpoint keeps half of the "
            "mass in its place, so that W_2 is the whole way over the root of 2",
            tol,
        )
    _close_2d(second, Measure(np.stack([x0, x1])), tol)


def _close_2d(mu, nu, tol):
    far = wasserstein(mu, nu, 1)
    require(far <= 10 * tol, f"the linear midpoint has the atoms x0 and x1: it is off by {far:.4g}")


@st.composite
def _families(draw):
    count, n = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    points = np.array([draw(vector(n)) for _ in range(count)])
    return points, draw(weights(count, 1))


@exercise(
    "barycenters-b",
    item="barycenters",
    title="Barycenters on the line",
    answer="barycenter",
    kind="compute",
    difficulty=2,
    minutes=20,
    lecture="the question of the section on barycenters: more than two measures",
    arguments=("points", "weights"),
    inputs=_families(),
    closed=("barycenter", "quantile_interpolation"),
    cases=(
        (np.array([[0.0], [3.0]]), np.array([1 / 3, 2 / 3])),
        (np.array([[0.0, 2.0], [5.0, 1.0]]), np.array([0.5, 0.5])),
        (
            np.array([[3.0, 0.0, 1.0], [1.0, 2.0, 0.0], [5.0, 4.0, 9.0]]),
            np.array([0.25, 0.5, 0.25]),
        ),
    ),
    right="No measure does better: the objective meets its lower bound, the weighted sum of the "
    "squared distances of all pairs. On the line one averages quantiles, that is, sorted atoms.",
    hints=(
        "The sum of W_2^2 is least where each atom is the mean of the atoms that are sent to it.",
        "On the line the k-th smallest atom belongs to the k-th smallest: sort each measure first.",
    ),
    mistakes=(
        Mistake(
            "not sorted",
            "The atoms of each measure come in any order: sort each row before you average.",
            lambda points, weights: weights @ points,
        ),
        Mistake(
            "weights not used",
            "Each measure counts with its weight.",
            lambda points, weights: np.sort(points, axis=1).mean(axis=0),
        ),
        Mistake(
            "mixture",
            "This is the linear average, which keeps all atoms in their places.",
            lambda points, weights: np.sort(points.ravel()),
        ),
        Mistake(
            "sorted the wrong way",
            "Sort the atoms within each measure, along axis 1.",
            lambda points, weights: weights @ np.sort(points, axis=0),
        ),
    ),
    canonical=lambda value: np.sort(np.asarray(value, float)),
)
def _barycenter(call, points, weights):
    atoms = array(call(points, weights), (points.shape[1],), "the atoms")
    mus, nu = [Measure(row) for row in points], Measure(atoms)
    objective = sum(w * wasserstein(mu, nu, 2) ** 2 for w, mu in zip(weights, mus, strict=True))
    least = sum(
        weights[i] * weights[j] * wasserstein(mus[i], mus[j], 2) ** 2
        for i in range(len(mus))
        for j in range(i)
    )
    require(
        objective <= least + max(1e-9, call.tolerance) * max(1.0, least) * 10,
        f"the weighted sum of W_2^2 is {objective:.6g}, but {least:.6g} can be reached",
    )
