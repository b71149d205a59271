"""Exercises of chapter 2: the distance, gluing, comparisons, and convergence."""

import hypothesis.strategies as st
import numpy as np

from ...cost import cost_matrix
from ...distance import wasserstein
from ...gaussian import gaussian_distance
from ...measure import Measure
from ...solvers.network_simplex import transport
from ._inputs import EXPONENTS, SIZES, matrix, measures, plan_pairs, plans, tensors, vector
from ._machine import Mistake, array, exercise, measure, number, parts, require, same

_SOLVERS = (
    "wasserstein",
    "optimal_plan",
    "transport",
    "transport_1d",
    "transport_cost",
    "assignment",
    "assignment_points",
)


# Definition 2.1 -----------------------------------------------------------------------------------


@st.composite
def _plan_with_points(draw):
    gamma = draw(plans())
    n, m = gamma.shape
    d = draw(st.integers(1, 2))
    return gamma, draw(matrix(n, d)), draw(matrix(m, d)), draw(EXPONENTS)


def _root(gamma, x, y, p, root):
    return (gamma * cost_matrix(x, y, 1) ** p).sum() ** root


@exercise(
    "2.1",
    title="The distance, from a plan",
    answer="plan_distance",
    kind="compute",
    difficulty=1,
    minutes=15,
    arguments=("gamma", "x", "y", "p"),
    inputs=_plan_with_points(),
    cases=(
        (np.array([[1.0]]), np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), 3.0),
        (
            np.array([[0.5, 0.0], [0.25, 0.25]]),
            np.array([[0.0], [1.0]]),
            np.array([[0.0], [3.0]]),
            3.0,
        ),
        (np.array([[0.5, 0.5]]), np.array([[0.0, 0.0]]), np.array([[1.0, 1.0], [2.0, 0.0]]), 4.0),
    ),
    right="It is a length: points twice as far apart are at twice the distance. On Dirac masses it "
    "is the distance of the points, for every p.",
    hints=(
        "First the matrix of distances |x_i - y_j|, then its p-th power, then the sum against "
        "gamma.",
        "The cost of the plan has the unit of a length to the power p; the distance is a length.",
    ),
    mistakes=(
        Mistake(
            "missing root",
            "This is the cost of the plan. The distance is its p-th root: "
            "without it, on the points 0, 1, 2 the triangle inequality would read 4 <= 1 + 1 "
            "for p = 2.",
            lambda gamma, x, y, p: _root(gamma, x, y, p, 1.0),
        ),
        Mistake(
            "square root",
            "The square root belongs to p = 2; in general it is the p-th.",
            lambda gamma, x, y, p: _root(gamma, x, y, p, 0.5),
        ),
        Mistake(
            "distance without its power",
            "The p-th power of the distance is integrated, then the root is taken.",
            lambda gamma, x, y, p: _root(gamma, x, y, 1, 1 / p),
        ),
        Mistake(
            "coordinate by coordinate",
            "The distance in R^d is Euclidean: add the squares of the "
            "coordinates and take the root before the power p.",
            lambda gamma, x, y, p: (
                (gamma * (np.abs(x[:, None] - y) ** p).sum(axis=2)).sum() ** (1 / p)
            ),
        ),
    ),
)
def _plan_distance(call, gamma, x, y, p):
    found = number(call(gamma, x, y, p))
    tol = 10 * call.tolerance
    double = number(call(gamma, 2 * x, 2 * y, p))
    same(double, 2 * found, "points twice as far apart are at twice the distance", tol)
    if gamma.size == 1:
        same(found, np.linalg.norm(x - y), "two Dirac masses are as far apart as their points", tol)
    same(found, _root(gamma, x, y, p, 1 / p), "the p-th root of the cost of the plan", tol)


# Proposition 2.2 ----------------------------------------------------------------------------------


def _rooted(mu, nu, p):
    distance = np.abs(mu.points[:, None] - nu.points)
    return max(transport(mu.weights, nu.weights, distance**p).value, 0.0) ** (1 / p)


@exercise(
    "2.2a",
    title="No triangle inequality below p = 1",
    answer="triple",
    kind="decide",
    difficulty=2,
    minutes=15,
    right="For p < 1 the p-th root is convex, and Minkowski's inequality turns round: going half "
    "of the way twice is shorter.",
    hints=(
        "Three Dirac masses will not do. Let the middle measure have two atoms.",
        "Move half of the mass first, and the other half afterwards.",
    ),
    mistakes=(
        Mistake(
            "p at least 1",
            "For p >= 1 the triangle inequality is Proposition 2.2: choose p between 0 and 1.",
        ),
        Mistake(
            "three Dirac masses",
            "On Dirac masses W_p is the distance of the points, root "
            "included, for every p > 0: spread one of the measures.",
        ),
    ),
)
def _triple(answer):
    *given, p = parts(answer, 4, "triple (three measures and p)")
    first, middle, last = (measure(mu, f"measure {k}", 1) for k, mu in enumerate(given, 1))
    p = number(p, "p")
    require(p > 0, f"p must be positive, but it is {p:.4g}")
    direct, way = _rooted(first, last, p), _rooted(first, middle, p) + _rooted(middle, last, p)
    if direct > way * (1 + 1e-9) + 1e-12:
        return
    text = f"the triangle inequality holds here: {direct:.6g} <= {way:.6g}"
    if p >= 1:
        require(False, text, "p at least 1")
    diracs = all(np.ptp(mu.points[mu.weights > 0]) == 0 for mu in (first, middle, last))
    require(False, text, "three Dirac masses" if diracs else None)


@st.composite
def _tensor(draw):
    shape = draw(st.tuples(SIZES, SIZES, SIZES))
    sigma = draw(tensors(shape))
    return sigma, *(draw(vector(n)) for n in shape), draw(EXPONENTS)


def _legs(sigma, x1, x2, x3):
    d12 = np.abs(x1[:, None] - x2)[:, :, None]
    d23 = np.abs(x2[:, None] - x3)[None]
    return d12, d23, np.abs(x1[:, None] - x3)[:, None, :]


def _minkowski_with(last):
    def lines(sigma, x1, x2, x3, p):
        d12, d23, d13 = _legs(sigma, x1, x2, x3)
        first, second = (sigma * d12**p).sum(), (sigma * d23**p).sum()
        return (
            (sigma * d13**p).sum() ** (1 / p),
            (sigma * (d12 + d23) ** p).sum() ** (1 / p),
            last(first, second, p),
        )

    return lines


@exercise(
    "2.2b",
    title="The chain of Minkowski",
    answer="minkowski",
    kind="prove",
    difficulty=2,
    minutes=20,
    arguments=("sigma", "x1", "x2", "x3", "p"),
    inputs=_tensor(),
    examples=40,
    cases=(
        (np.array([[[1.0]]]), np.array([0.0]), np.array([1.0]), np.array([3.0]), 2.0),
        (
            np.array([[[0.25, 0.25]], [[0.5, 0.0]]]),
            np.array([0.0, 1.0]),
            np.array([2.0]),
            np.array([1.0, 3.0]),
            3.0,
        ),
    ),
    right="Line 2 is larger by the triangle inequality of the line, at every triple of points; "
    "line 3 by Minkowski's inequality in L^p(sigma), where p >= 1 is used.",
    hints=(
        "d12 has shape (n1, n2): give it a third axis of length 1, and NumPy repeats it.",
        "The last line is a sum of two norms: each has a root of its own.",
    ),
    mistakes=(
        Mistake(
            "last roots missing",
            "The last line adds two norms in L^p: take the p-th root of each integral.",
            _minkowski_with(lambda a, b, p: a + b),
        ),
        Mistake(
            "one root for both",
            "The root of a sum is less than the sum of the roots: Minkowski's "
            "inequality has one root for each integral.",
            _minkowski_with(lambda a, b, p: (a + b) ** (1 / p)),
        ),
    ),
)
def _minkowski(call, sigma, x1, x2, x3, p):
    lines = parts(call(sigma, x1, x2, x3, p), 3, "the result (three lines)")
    found = [number(v, f"line {k}") for k, v in enumerate(lines, 1)]
    tol = 100 * call.tolerance
    for k in (0, 1):
        require(
            found[k] <= found[k + 1] + tol * max(1, found[k]),
            f"line {k + 1} is at most line {k + 2}, but {found[k]:.6g} > {found[k + 1]:.6g}",
        )
    right = _minkowski_with(lambda a, b, p: a ** (1 / p) + b ** (1 / p))(sigma, x1, x2, x3, p)
    names = ("the norm of d(x1, x3)", "the norm of d(x1, x2) + d(x2, x3)", "the sum of two norms")
    for k in range(3):
        same(found[k], right[k], f"line {k + 1} is {names[k]} in L^p(sigma)", tol)


# Lemma 2.3 ----------------------------------------------------------------------------------------


def _glue_by(divide):
    def glue(gamma12, gamma23):
        product = gamma12[:, :, None] * gamma23[None]
        return divide(product, gamma12, gamma23)

    return glue


@exercise(
    "2.3",
    title="Gluing two plans",
    answer="glue",
    kind="compute",
    difficulty=2,
    minutes=25,
    arguments=("gamma12", "gamma23"),
    inputs=plan_pairs(),
    closed=("glue", "compose"),
    cases=(
        (np.array([[0.5, 0.25], [0.0, 0.25]]), np.array([[0.25, 0.25], [0.5, 0.0]])),
        (np.array([[0.5, 0.0], [0.5, 0.0]]), np.array([[0.25, 0.75], [0.0, 0.0]])),
        (np.array([[0.25, 0.75]]), np.array([[0.25, 0.0, 0.0], [0.25, 0.25, 0.25]])),
    ),
    right="Both marginals are exact, and given the middle point, where the mass came from and "
    "where it goes are independent. Where the middle measure is 0, so is sigma.",
    hints=(
        "A grain that sits at j came from i with probability gamma12[i, j] / b[j].",
        "sigma[i, j, k] = gamma12[i, j] gamma23[j, k] / b[j], where b is the middle marginal.",
        "Where b[j] = 0 no mass passes: divide by something harmless there, such as 1.",
    ),
    mistakes=(
        Mistake(
            "0/0",
            "Where the middle measure has no mass, 0/0 gives nan: no grain passes "
            "there, so sigma is 0.",
            _glue_by(lambda s, g, h: s / g.sum(axis=0)[None, :, None]),
        ),
        Mistake(
            "no division",
            "The middle point is counted twice, once in each plan: divide by its mass.",
            _glue_by(lambda s, g, h: s),
        ),
        Mistake(
            "wrong marginal",
            "Divide by the middle marginal: the sums of the columns of "
            "gamma12, which are the sums of the rows of gamma23.",
            _glue_by(lambda s, g, h: s / g.sum(axis=1)[None, :, None]),
        ),
        Mistake(
            "third one independent",
            "This forgets gamma23 but for its last marginal: where a "
            "grain goes must depend on where it is, j.",
            _glue_by(lambda s, g, h: g[:, :, None] * h.sum(axis=0)),
        ),
        Mistake(
            "transposed",
            "The axes are i, j, k, in this order: first, middle, last.",
            _glue_by(
                lambda s, g, h: (
                    s / np.where(g.sum(axis=0) > 0, g.sum(axis=0), 1)[None, :, None]
                ).transpose(2, 1, 0)
            ),
        ),
    ),
)
def _glue(call, gamma12, gamma23):
    shape = (*gamma12.shape, gamma23.shape[1])
    sigma = array(call(gamma12, gamma23), shape)
    require(sigma.min() >= -call.tolerance, f"a mass is negative: {sigma.min():.4g}")
    b = gamma12.sum(axis=0)
    for j in np.flatnonzero(b == 0):
        require(
            np.abs(sigma[:, j]).max() <= call.tolerance,
            f"the middle measure is 0 at j = {j}, so no mass of sigma may pass there",
        )
    same(
        sigma.sum(axis=2),
        gamma12,
        "the marginal of sigma on factors 1 and 2 is gamma12",
        call.tolerance,
    )
    same(
        sigma.sum(axis=0),
        gamma23,
        "the marginal of sigma on factors 2 and 3 is gamma23",
        call.tolerance,
    )


@exercise(
    "2.3b",
    item="2.3",
    title="A cycle that cannot be glued",
    answer="cycle",
    kind="decide",
    difficulty=3,
    minutes=20,
    right="If x1 and x3 differ, then x1 and x2 differ, or x2 and x3: the three probabilities "
    "have to fit together, and yours do not. Gluing needs a chain without a cycle.",
    hints=(
        "Work on two points with masses 1/2 and 1/2: a plan is a 2 x 2 matrix.",
        "Let two plans say 'probably equal'; what must the third not say?",
        "P(x1 != x3) is at most P(x1 != x2) + P(x2 != x3) on every gluing.",
    ),
    mistakes=(
        Mistake(
            "it can be glued",
            "A tensor with these three marginals exists. Make the plans more "
            "rigid: let each lie nearer to a permutation.",
        ),
        Mistake(
            "zeros",
            "With zeros, as in the chapter, the contradiction can be read off. Here every entry "
            "should be at least 0.01: move a little mass to the other entries.",
        ),
        Mistake(
            "middle marginals differ",
            "The plans do not even share their marginals: choose all "
            "three measures equal to (1/2, 1/2).",
        ),
    ),
)
def _cycle(answer):
    plans_ = [array(g, (2, 2), f"plan {k}") for k, g in enumerate(parts(answer, 3, "cycle"), 1)]
    for k, gamma in enumerate(plans_, 1):
        require(gamma.min() >= 0.01, f"plan {k} has an entry below 0.01", "zeros")
        require(abs(gamma.sum() - 1) <= 1e-9, f"the sum of plan {k} is {gamma.sum():.6g}, not 1")
    g12, g23, g13 = plans_
    for one, other, name in (
        (g12.sum(0), g23.sum(1), "second"),
        (g12.sum(1), g13.sum(1), "first"),
        (g23.sum(0), g13.sum(0), "third"),
    ):
        require(
            np.abs(one - other).max() <= 1e-9,
            f"the {name} measure is not the same in the two plans that have it",
            "middle marginals differ",
        )
    # A gluing has one free mass t = sigma[0, 0, 0]: the three plans fix the other seven, and each
    # of them is nonnegative up to some t, or from some t on.
    most = min(g12[0, 0], g13[0, 0], g23[0, 0], g12[1, 1] - g13[1, 0] + g23[0, 0])
    least = max(0, g13[0, 0] - g12[0, 1], g23[0, 0] - g12[1, 0], g23[0, 0] - g13[1, 0])
    require(
        least - most > 1e-6,
        "a measure on triples with these three marginals exists",
        "it can be glued",
    )


# Exercise 2.4 -------------------------------------------------------------------------------------


class _Map:
    """An increasing map of the line that says what it is."""

    def __init__(self, a, b, cube=False):
        self.a, self.b, self.cube = a, b, cube
        self.__doc__ = f"{a:g} x{'^3' if cube else ''} + {b:g}"

    def __call__(self, x):
        x = np.asarray(x, dtype=float)
        return self.a * (x**3 if self.cube else x) + self.b


_MAPS = st.builds(_Map, st.sampled_from([0.5, 1.0, 2.0]), st.integers(-3, 3), st.booleans())


@exercise(
    "2.4a",
    title="The triangle inequality by maps",
    answer="triangle",
    kind="prove",
    difficulty=2,
    minutes=20,
    lecture="Exercise 2.4",
    arguments=("x", "T", "S", "p"),
    closed=_SOLVERS,
    inputs=st.tuples(SIZES.flatmap(vector), _MAPS, _MAPS, EXPONENTS),
    examples=40,
    cases=(
        (np.array([0.0]), _Map(1.0, 1), _Map(2.0, 0), 2.0),
        (np.array([0.0, 1.0, 3.0]), _Map(2.0, 1), _Map(1.0, 0, True), 3.0),
        (np.array([-1.0, 2.0]), _Map(0.5, -2), _Map(2.0, 3), 1.0),
    ),
    right="S(T(x)) carries mu1 to mu3, so its norm is at least W_p(mu1, mu3); Minkowski splits it "
    "into two norms, and the second one is an integral against mu2, the image of mu1 by T.",
    hints=(
        "All three are norms in L^p(mu1), where mu1 has mass 1/n at each x.",
        "x - S(T(x)) = (x - T(x)) + (T(x) - S(T(x))).",
    ),
    mistakes=(
        Mistake(
            "maps in the wrong order",
            "T acts first: the composition is S(T(x)).",
            lambda x, T, S, p: tuple(
                np.mean(np.abs(u) ** p) ** (1 / p) for u in (x - T(S(x)), x - T(x), T(x) - S(T(x)))
            ),
        ),
        Mistake(
            "second map at x",
            "The second map starts from T(x), the atoms of mu2, not from x.",
            lambda x, T, S, p: tuple(
                np.mean(np.abs(u) ** p) ** (1 / p) for u in (x - S(T(x)), x - T(x), x - S(x))
            ),
        ),
        Mistake(
            "no root",
            "W_p is the p-th root of the mean of the p-th powers; only the roots "
            "obey the triangle inequality.",
            lambda x, T, S, p: tuple(
                np.mean(np.abs(u) ** p) for u in (x - S(T(x)), x - T(x), T(x) - S(T(x)))
            ),
        ),
        Mistake(
            "no mean",
            "Each atom has the mass 1/n: take the mean, not the sum.",
            lambda x, T, S, p: tuple(
                np.sum(np.abs(u) ** p) ** (1 / p) for u in (x - S(T(x)), x - T(x), T(x) - S(T(x)))
            ),
        ),
    ),
)
def _triangle(call, x, T, S, p):
    lines = parts(call(x, T, S, p), 3, "the result (three norms)")
    both, first, second = (number(v, f"norm {k}") for k, v in enumerate(lines, 1))
    tol = 100 * call.tolerance
    y, z = T(x), S(T(x))
    mu1, mu2, mu3 = Measure(x), Measure(y), Measure(z)
    same(first, wasserstein(mu1, mu2, p), "norm 2 is W_p(mu1, mu2), as T is optimal", tol)
    same(second, wasserstein(mu2, mu3, p), "norm 3 is W_p(mu2, mu3), as S is optimal", tol)
    require(
        both <= (first + second) * (1 + tol) + tol,
        f"norm 1 is at most norm 2 + norm 3, but {both:.6g} > {first + second:.6g}",
    )
    same(both, np.mean(np.abs(x - z) ** p) ** (1 / p), "norm 1 is that of x - S(T(x))", tol)


@exercise(
    "2.4b",
    title="Two optimal maps, one bad composition",
    answer="maps",
    kind="decide",
    difficulty=2,
    minutes=15,
    right="A linear map is optimal between Gaussians when it is symmetric and positive. The "
    "product of two such matrices is symmetric only if they commute.",
    hints=(
        "x -> B A x is the gradient of a function only if B A is symmetric.",
        "Stretch along the axes with A, and along the diagonals with B.",
    ),
    mistakes=(
        Mistake(
            "they commute",
            "A B = B A: then B A is symmetric and positive, and optimal. Let "
            "the two have different axes.",
        ),
        Mistake(
            "not an optimal map",
            "Each of the two maps has to be optimal by itself: symmetric, "
            "with positive eigenvalues.",
        ),
    ),
)
def _maps(answer):
    A, B = (array(M, (2, 2), name) for M, name in zip(parts(answer, 2, "maps"), "AB", strict=True))
    for M, name in ((A, "A"), (B, "B")):
        good = np.allclose(M, M.T, atol=1e-12) and np.linalg.eigvalsh((M + M.T) / 2).min() > 1e-9
        require(good, f"{name} is not symmetric and positive definite", "not an optimal map")
    composed = np.linalg.norm(np.eye(2) - B @ A)
    best = gaussian_distance(np.eye(2), B @ A @ A @ B)
    text = f"the composition is optimal: its cost is {composed**2:.6g}, the least is {best**2:.6g}"
    commute = np.allclose(A @ B, B @ A, atol=1e-9)
    require(composed > best + 1e-6, text, "they commute" if commute else None)


# Remark 2.5 ---------------------------------------------------------------------------------------


def _moments(mu, nu, p):
    return mu.weights @ np.abs(mu.points) ** p, nu.weights @ np.abs(nu.points) ** p


@exercise(
    "2.5",
    title="W_p is finite",
    answer="moment_bound",
    kind="prove",
    difficulty=2,
    minutes=15,
    lecture="the exercise of Remark 2.5",
    arguments=("mu", "nu", "p"),
    closed=_SOLVERS,
    inputs=st.tuples(measures(), measures(), EXPONENTS),
    cases=(
        (Measure([2.0]), Measure([0.0]), 2.0),
        (Measure([-1.0]), Measure([2.0]), 3.0),
        (Measure([0.0, 4.0], [0.75, 0.25]), Measure([-1.0, 1.0]), 2.0),
    ),
    right="W_p is at most the way through the Dirac mass at 0, W_p(mu, delta_0) + W_p(delta_0, "
    "nu), and these two are roots of moments, since there is only one plan to a Dirac mass. The "
    "bound is reached, by Dirac masses on either side of 0.",
    hints=(
        "Go from mu to the Dirac mass at 0, and on to nu.",
        "Only one plan joins mu with a Dirac mass: W_p(mu, delta_0)^p is a moment.",
    ),
    mistakes=(
        Mistake(
            "missing roots",
            "The moments are p-th powers of distances: take the p-th root of each before you add.",
            lambda mu, nu, p: sum(_moments(mu, nu, p)),
        ),
        Mistake(
            "one root for both",
            "With one root for the sum, two Dirac masses on either side of "
            "0 break the bound: each moment has its own root.",
            lambda mu, nu, p: sum(_moments(mu, nu, p)) ** (1 / p),
        ),
        Mistake(
            "the greater moment",
            "The way has two legs, and both count: add them.",
            lambda mu, nu, p: max(_moments(mu, nu, p)) ** (1 / p),
        ),
    ),
)
def _moment_bound(call, mu, nu, p):
    found = number(call(mu, nu, p))
    tol = 10 * call.tolerance
    exact = wasserstein(mu, nu, p)
    require(
        found >= exact - tol * max(1.0, exact),
        f"this is no upper bound: W_p is {exact:.6g}, but the bound says {found:.6g}",
    )
    a, b = (m ** (1 / p) for m in _moments(mu, nu, p))
    text = "the bound is that of the way through the Dirac mass at 0"
    if nu.size == 1 and nu.points[0] == 0:
        text = "against the Dirac mass at 0 the bound is reached"
    same(found, a + b, text, tol)


# Section 2.2 --------------------------------------------------------------------------------------


@exercise(
    "comparisons-a",
    item="comparisons",
    title="Both edges of the band",
    answer="edges",
    kind="decide",
    difficulty=2,
    minutes=20,
    right="W_1 = W_p when every grain moves equally far; W_p is greatest for its W_1 when each "
    "grain moves as far as the space allows, or not at all.",
    hints=(
        "Equality in Jensen's inequality: the distance is constant on the plan.",
        "|x - y|^3 = |x - y| holds where the distance is 0 or 1.",
    ),
    mistakes=(
        Mistake("equal measures", "All distances are 0 here: choose two measures that differ."),
        Mistake(
            "the corner",
            "At W_1 = 1 the band is a point, and both edges meet: let part of the "
            "mass stay, so that 0 < W_1 < 1.",
        ),
        Mistake("outside of X", "The measures have to live on X = [0, 1], whose diameter is 1."),
    ),
)
def _edges(answer):
    given = parts(answer, 4, "edges (two pairs of measures)")
    mus = [measure(mu, f"measure {k}", 1) for k, mu in enumerate(given, 1)]
    for k, mu in enumerate(mus, 1):
        inside = mu.points.min() >= 0 and mu.points.max() <= 1
        require(inside, f"measure {k} leaves [0, 1]", "outside of X")
    low = wasserstein(mus[0], mus[1], 1), wasserstein(mus[0], mus[1], 3)
    require(low[0] > 1e-6, "W_1 of the first pair is 0", "equal measures")
    require(
        low[1] - low[0] <= 1e-10,
        f"the first pair is above the lower edge: W_1 = {low[0]:.6g}, W_3 = {low[1]:.6g}",
    )
    high = wasserstein(mus[2], mus[3], 1), wasserstein(mus[2], mus[3], 3)
    require(high[0] > 1e-6, "W_1 of the second pair is 0", "equal measures")
    require(high[0] < 1 - 1e-6, "W_1 of the second pair is 1", "the corner")
    require(
        high[0] ** (1 / 3) - high[1] <= 1e-10,
        "the second pair is below the upper edge: "
        f"W_3 = {high[1]:.6g}, W_1^(1/3) = {high[0] ** (1 / 3):.6g}",
    )


@st.composite
def _plan_and_distances(draw):
    gamma = draw(plans())
    entries = st.integers(0, 6).map(lambda k: k / 2)
    return gamma, draw(matrix(*gamma.shape, entries)), draw(EXPONENTS)


def _band(gamma, d, p, root=True, power=None):
    mean = (gamma * d).sum()
    top = d.max() ** ((p - 1) / p if power is None else power(p))
    return mean, (gamma * d**p).sum() ** (1 / p if root else 1), top * mean ** (1 / p)


@exercise(
    "comparisons-b",
    item="comparisons",
    title="The comparison, line by line",
    answer="compare",
    kind="prove",
    difficulty=1,
    minutes=15,
    arguments=("gamma", "d", "p"),
    inputs=_plan_and_distances(),
    cases=(
        (np.array([[0.5, 0.0], [0.0, 0.5]]), np.array([[1.0, 2.0], [2.0, 3.0]]), 2.0),
        (np.array([[0.25, 0.75]]), np.array([[0.0, 2.0]]), 3.0),
    ),
    right="Line 1 to 2 is Jensen's inequality, line 2 to 3 the bound d^p <= diam^(p-1) d under the "
    "integral. Both hold for every plan, optimal or not.",
    hints=(
        "d^p = d^(p-1) d, and the first factor is at most diam^(p-1).",
        "Take the p-th root of diam^(p-1) times the integral of d.",
    ),
    mistakes=(
        Mistake(
            "missing root",
            "Line 2 is a norm: the p-th root of the integral of d^p.",
            lambda gamma, d, p: _band(gamma, d, p, root=False),
        ),
        Mistake(
            "exponent p - 1",
            "The p-th root falls on the diameter too: its exponent is (p - 1)/p.",
            lambda gamma, d, p: _band(gamma, d, p, power=lambda p: p - 1),
        ),
        Mistake(
            "exponent 1/p",
            "The diameter has the exponent (p - 1)/p, so that line 3 is a "
            "length: 1 - 1/p and 1/p add to 1.",
            lambda gamma, d, p: _band(gamma, d, p, power=lambda p: 1 / p),
        ),
    ),
)
def _compare(call, gamma, d, p):
    lines = parts(call(gamma, d, p), 3, "the result (three lines)")
    found = [number(v, f"line {k}") for k, v in enumerate(lines, 1)]
    tol = 100 * call.tolerance
    names = (
        "the integral of d",
        "the norm of d in L^p(gamma)",
        "diam^((p-1)/p) times line 1^(1/p)",
    )
    for k in (0, 1):
        require(
            found[k] <= found[k + 1] + tol * max(1, found[k]),
            f"line {k + 1} is at most line {k + 2}, but {found[k]:.6g} > {found[k + 1]:.6g}",
        )
    for k, value in enumerate(_band(gamma, d, p)):
        same(found[k], value, f"line {k + 1} is {names[k]}", tol)


# Theorem 2.6 --------------------------------------------------------------------------------------


def _measured_rates() -> list[float]:
    """Slopes in n of four distances to the uniform measure, from two values of n each."""
    fine = (np.arange(20000) + 0.5) / 20000
    uniform = Measure(fine)
    few, many = 5, 40

    def wave(n):
        heights = 1 + np.cos(2 * np.pi * n * fine)
        return Measure(fine, heights / heights.sum())

    regular = [wasserstein(Measure(np.arange(1, n + 1) / n), uniform, 2) for n in (few, many)]
    waves = [wasserstein(wave(n), uniform, 1) for n in (few, many)]
    heights = [np.abs(wave(n).weights - uniform.weights).sum() for n in (few, many)]
    # of n independent uniform points E W_2^2 = 1/(6n)
    samples = [np.sqrt(1 / (6 * n)) for n in (few, many)]
    pairs = (regular, waves, heights, samples)
    return [float(np.log(a / b) / np.log(many / few)) for a, b in pairs]


@exercise(
    "2.6a",
    title="Predict four rates",
    answer="rates",
    kind="decide",
    difficulty=2,
    minutes=15,
    right="A wave of wavelength 1/n is near the uniform measure, since its mass travels 1/n only; "
    "the difference of the heights does not notice that. Random points are spread much worse than "
    "regular ones.",
    hints=(
        "How far does a grain of mass travel in each case?",
        "The root of 1/(6n) has the rate of the square root.",
    ),
    mistakes=(
        Mistake(
            "the squared distance",
            "E W_2^2 = 1/(6n) is the squared distance; the rate of its root is half of that.",
        ),
        Mistake(
            "total variation",
            "The wave keeps its height 1 for every n, it only becomes finer: "
            "the total variation does not tend to 0.",
        ),
        Mistake(
            "sign", "The rate is the alpha in n^(-alpha): a positive number for what tends to 0."
        ),
    ),
)
def _rates(answer):
    found = [number(v, f"rate {k}") for k, v in enumerate(parts(answer, 4, "rates"), 1)]
    right = _measured_rates()
    names = (
        "W_2 of the regular points",
        "W_1 of the wave",
        "the total variation of the wave",
        "the root of E W_2^2 of random points",
    )
    for k, (mine, measured) in enumerate(zip(found, right, strict=True)):
        mistake = None
        if abs(mine + measured) < 0.1 < abs(measured):
            mistake = "sign"
        elif k == 2:
            mistake = "total variation"
        elif k == 3 and abs(mine - 1) < 0.1:
            mistake = "the squared distance"
        require(
            abs(mine - measured) < 0.1,
            f"{names[k]} falls like n^(-{max(measured, 0.0):.2f}) between n = 5 and n = 40, not "
            f"like n^(-{mine:.2f})",
            mistake,
        )


@exercise(
    "2.6b",
    title="Weak convergence that W_inf does not see",
    answer="mu_n",
    kind="decide",
    difficulty=2,
    minutes=15,
    arguments=("n",),
    cases=((10,), (100,), (10000,)),
    right="Ever less mass stays far away. Any W_p with p < infinity weighs it by its mass and "
    "forgets it; W_inf only asks how far it has to go.",
    hints=(
        "Weak convergence allows a little mass to stay far from 0.",
        "Leave the mass 1/n at the point 1.",
    ),
    mistakes=(
        Mistake(
            "the whole mass moves",
            "Here all mass comes near 0, so W_inf tends to 0 too: leave a little of it behind.",
            lambda n: Measure([1 / n]),
        ),
        Mistake(
            "too much stays",
            "The mass that stays far away does not tend to 0, so there is no "
            "weak convergence to the Dirac mass at 0.",
            lambda n: Measure([0.0, 1.0]),
        ),
    ),
)
def _mu_n(call, n):
    mu = measure(call(n), "mu_n", 1)
    require(mu.points.min() >= 0 and mu.points.max() <= 1, "mu_n has to live on [0, 1]")
    zero = Measure([0.0])
    near, far = wasserstein(mu, zero, 1), wasserstein(mu, zero, np.inf)
    require(
        near <= 2 / np.sqrt(n),
        f"W_1(mu_n, delta_0) = {near:.4g} at n = {n}: it should tend to 0, at least like 2/sqrt(n)",
    )
    require(far >= 0.5, f"W_inf(mu_n, delta_0) = {far:.4g} at n = {n}: it should stay above 1/2")


# Remark 2.7 ---------------------------------------------------------------------------------------


@exercise(
    "2.7",
    title="W_1 tends to 0, and W_2 does not",
    answer="a",
    kind="decide",
    difficulty=2,
    minutes=10,
    arguments=("n",),
    cases=((100,),),
    right="W_p^p = a_n^p / n: the p-th moment of the escaping mass decides, and each p has its own "
    "threshold, n^(1/p).",
    hints=(
        "Only one plan joins a measure with the Dirac mass at 0: W_p^p = a_n^p / n.",
        "Choose a_n between n^(1/2) and n.",
    ),
    mistakes=(
        Mistake("too far", "W_1 = a_n / n: with a_n = n it stays at 1.", lambda n: n),
        Mistake(
            "too near",
            "W_2 = a_n / sqrt(n): with a bounded a_n it tends to 0 as well.",
            lambda n: 1,
        ),
        Mistake("much too far", "W_1 = a_n / n tends to infinity for a_n = n^2.", lambda n: n**2),
    ),
)
def _escape(call, n):
    first, second = [], []
    for size in (n, n**2, n**4):
        at = number(call(size), "a(n)")
        require(at >= 0, f"a({size}) is negative")
        mu = Measure([0.0, at], [1 - 1 / size, 1 / size])
        first.append(wasserstein(mu, Measure([0.0]), 1))
        second.append(wasserstein(mu, Measure([0.0]), 2))
    along = "along n = " + ", ".join(f"{size:.0e}" for size in (n, n**2, n**4))
    values = ", ".join(f"{v:.3g}" for v in first)
    require(
        first[2] < first[1] < first[0] and first[2] < 0.3 * first[0],
        f"W_1 should tend to 0, but {along} it is {values}",
    )
    values = ", ".join(f"{v:.3g}" for v in second)
    require(
        second[2] >= 0.5 * second[1] > 0, f"W_2 should not tend to 0, but {along} it is {values}"
    )
