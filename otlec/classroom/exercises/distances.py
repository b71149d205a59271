"""Exercises of chapter 2: the distance, and its triangle inequality."""

import hypothesis.strategies as st
import numpy as np

from ...cost import cost_matrix
from ...solvers.network_simplex import transport
from ._inputs import EXPONENTS, SIZES, matrix, plans, tensors, vector
from ._machine import Mistake, exercise
from ._values import measure, number, parts, require, same, sorted_atoms

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
    solution=lambda gamma, x, y, p: _root(gamma, x, y, p, 1 / p),
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
            "p fixed at 2",
            "This is W_2, whatever p is: the power and the root are p and 1/p.",
            lambda gamma, x, y, p: _root(gamma, x, y, 2, 0.5),
        ),
        Mistake(
            "p not used",
            "This is the mean distance: raise it to the power p before the sum.",
            lambda gamma, x, y, p: _root(gamma, x, y, 1, 1.0),
        ),
        Mistake(
            "unweighted",
            "Each distance counts with the mass gamma that travels it.",
            (
                lambda gamma, x, y, p: (cost_matrix(x, y, 1) ** p).sum() ** (1 / p),
                lambda gamma, x, y, p: (cost_matrix(x, y, 1) ** p).mean() ** (1 / p),
            ),
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
            (
                lambda gamma, x, y, p: (
                    (gamma * (np.abs(x[:, None] - y) ** p).sum(axis=2)).sum() ** (1 / p)
                ),
                lambda gamma, x, y, p: (
                    (gamma * np.abs(x[:, None] - y).sum(axis=2) ** p).sum() ** (1 / p)
                ),
            ),
        ),
        Mistake(
            "greatest distance",
            "The greatest distance of the plan would be W_p for infinite p: here all distances "
            "count, each with its mass.",
            lambda gamma, x, y, p: cost_matrix(x, y, 1)[gamma > 0].max(),
        ),
        Mistake(
            "first coordinate",
            "The points have d coordinates, and the distance needs all of them.",
            lambda gamma, x, y, p: _root(gamma, x[:, :1], y[:, :1], p, 1 / p),
        ),
        Mistake(
            "squared distances",
            "The sum of the squares is the square of the distance: take its root before the power "
            "p.",
            (
                lambda gamma, x, y, p: _root(gamma, x, y, 2, 1 / p),
                lambda gamma, x, y, p: _root(gamma, x, y, 2 * p, 1 / p),
            ),
        ),
        Mistake(
            "power for root",
            "This takes the p-th power twice: at the end it is the p-th root, the power 1/p.",
            lambda gamma, x, y, p: _root(gamma, x, y, p, p),
        ),
        Mistake(
            "power of the masses",
            "The power p belongs to the distance alone: gamma is a mass, and counts once.",
            lambda gamma, x, y, p: ((gamma * cost_matrix(x, y, 1)) ** p).sum() ** (1 / p),
        ),
        Mistake(
            "mean of the weighed distances",
            "gamma weighs the distances already, and its sum is 1: add up, and do not divide.",
            lambda gamma, x, y, p: (gamma * cost_matrix(x, y, 1) ** p).mean() ** (1 / p),
        ),
    ),
)
def _plan_distance(call, gamma, x, y, p):
    found = number(call(gamma, x, y, p))
    tol = 10 * call.tolerance
    if gamma.size == 1:
        same(found, np.linalg.norm(x - y), "two Dirac masses are as far apart as their points", tol)
    double = number(call(gamma, 2 * x, 2 * y, p))
    require(
        abs(double - 2 * found) <= 2 * tol * max(1.0, abs(found)),
        f"the result is {found:.6g}, and {double:.6g} for points twice as far apart: a length "
        "would double",
    )
    same(found, _root(gamma, x, y, p, 1 / p), "the p-th root of the cost of the plan", tol)


# Proposition 2.2 ----------------------------------------------------------------------------------


def _rooted(mu, nu, p):
    distance = np.abs(mu.points[:, None] - nu.points)
    return max(transport(mu.weights, nu.weights, distance**p).value, 0.0) ** (1 / p)


@exercise(
    "2.2a",
    title="No triangle inequality below p = 1",
    answer="triple",
    kind="construct",
    difficulty=2,
    minutes=15,
    right="For p < 1 the p-th root is convex, and Minkowski's inequality turns round: moving half "
    "of the mass first and the other half afterwards has the smaller sum of roots.",
    hints=(
        "Three Dirac masses will not do. The chapter has a triple with two of them: what moves "
        "there, and when?",
        "Move half of the mass first, and the other half afterwards.",
        "Take that triple twice, far apart, with half of the mass each.",
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
        Mistake(
            "a Dirac mass",
            "One of your measures has nearly all its mass at one place. Here each has to have 0.2 "
            "at two places at least.",
        ),
        Mistake(
            "the inequality holds",
            "Below p = 1 a leg is short if little mass moves; moving all mass by a little does not "
            "help. Let each leg move another part of the mass, and leave the rest where it is.",
        ),
        Mistake(
            "another one in the middle",
            "In another order these three do break the inequality: the one that is to be in the "
            "middle stands first or last.",
        ),
        Mistake(
            "a leg of length 0",
            "Two of the three measures are the same: then the inequality is an equality.",
        ),
    ),
)
def _triple(answer):
    *given, p = parts(answer, 4, "triple (three measures and p)")
    mus = [measure(mu, f"measure {k}", 1) for k, mu in enumerate(given, 1)]
    p = number(p, "p")
    require(p > 0, f"p must be positive, but it is {p:.4g}")
    first, middle, last = mus
    direct, legs = _rooted(first, last, p), (_rooted(first, middle, p), _rooted(middle, last, p))
    way = sum(legs)
    if direct <= way * (1 + 1e-9) + 1e-12:
        text = f"the triangle inequality holds here: {direct:.6g} <= {way:.6g}"
        if p >= 1:
            require(False, text, "p at least 1")
        diracs = all(np.ptp(mu.points[mu.weights > 0]) == 0 for mu in mus)
        if min(direct, *legs) <= 1e-12:
            require(False, text, "a leg of length 0")
        if max(legs) > (direct + min(legs)) * (1 + 1e-9):
            require(False, text, "another one in the middle")
        require(False, text, "three Dirac masses" if diracs else "the inequality holds")
    for k, mu in enumerate(mus, 1):
        second = np.sort(sorted_atoms(mu)[:, -1])[-2:][0] if len(sorted_atoms(mu)) > 1 else 0.0
        require(
            second >= 0.2 - 1e-9,
            f"the inequality fails, as it should, but measure {k} has the mass {second:.3g} only "
            "at its second place",
            "a Dirac mass",
        )


@st.composite
def _tensor(draw):
    shape = draw(st.tuples(SIZES, SIZES, SIZES))
    sigma = draw(tensors(shape))
    return sigma, *(draw(vector(n)) for n in shape), draw(EXPONENTS)


def _legs(sigma, x1, x2, x3):
    d12 = np.abs(x1[:, None] - x2)[:, :, None]
    d23 = np.abs(x2[:, None] - x3)[None]
    return d12, d23, np.abs(x1[:, None] - x3)[:, None, :]


def _minkowski_with(last, root=True):
    def lines(sigma, x1, x2, x3, p):
        d12, d23, d13 = _legs(sigma, x1, x2, x3)
        first, second = (sigma * d12**p).sum(), (sigma * d23**p).sum()
        return (
            (sigma * d13**p).sum() ** (1 / p if root else 1),
            (sigma * (d12 + d23) ** p).sum() ** (1 / p if root else 1),
            last(first, second, p),
        )

    return lines


def _line_2(sigma, x1, x2, x3, p, sign):
    d12, d23, _ = _legs(sigma, x1, x2, x3)
    lines = _minkowski_with(lambda a, b, p: a ** (1 / p) + b ** (1 / p))(sigma, x1, x2, x3, p)
    return lines[0], (sigma * np.abs(d12 + sign * d23) ** p).sum() ** (1 / p), lines[2]


def _signed(sigma, x1, x2, x3, p, line_3=False):
    """The chain without absolute values: in all lines, or right in the first and the last one."""
    if line_3:
        lines = _line_2(sigma, x1, x2, x3, p, 1.0)
        return lines[0], lines[0], lines[2]
    d12, d23 = (x1[:, None] - x2)[:, :, None], (x2[:, None] - x3)[None]
    moves = (d12 + d23, d12, d23)
    whole, *legs = (abs((sigma * d**p).sum()) ** (1 / p) for d in moves)
    return whole, whole, sum(legs)


def _powers_apart(sigma, x1, x2, x3, p):
    d12, d23, d13 = _legs(sigma, x1, x2, x3)
    norms = [(sigma * d**p).sum() ** (1 / p) for d in (d12, d23)]
    return (
        (sigma * d13**p).sum() ** (1 / p),
        (sigma * (d12**p + d23**p)).sum() ** (1 / p),
        sum(norms),
    )


@exercise(
    "2.2b",
    title="The chain of Minkowski",
    answer="minkowski",
    solution=lambda *a: _minkowski_with(lambda a, b, p: a ** (1 / p) + b ** (1 / p))(*a),
    parts=("line 1", "line 2", "line 3"),
    kind="explain",
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
            "order of the lines",
            "From the least to the greatest: the norm of d(x1, x3) comes first.",
            lambda *a: _minkowski_with(lambda a, b, p: a ** (1 / p) + b ** (1 / p))(*a)[::-1],
        ),
        Mistake(
            "no roots",
            "A norm in L^p is the p-th root of the integral: each line needs it.",
            _minkowski_with(lambda a, b, p: a + b, root=False),
        ),
        Mistake(
            "last roots missing",
            "The last line adds two norms in L^p: take the p-th root of each integral.",
            _minkowski_with(lambda a, b, p: a + b),
        ),
        Mistake(
            "powers apart",
            "Line 2 adds the two distances first and takes the power of the sum.",
            lambda sigma, x1, x2, x3, p: _powers_apart(sigma, x1, x2, x3, p),
        ),
        Mistake(
            "unweighted",
            "Each triple counts with its mass sigma[i, j, k].",
            lambda sigma, x1, x2, x3, p: _minkowski_with(
                lambda a, b, p: a ** (1 / p) + b ** (1 / p)
            )(np.ones_like(sigma), x1, x2, x3, p),
        ),
        Mistake(
            "one root for both",
            "The root of a sum is less than the sum of the roots: Minkowski's "
            "inequality has one root for each integral.",
            _minkowski_with(lambda a, b, p: (a + b) ** (1 / p)),
        ),
        Mistake(
            "p not used",
            "This is the chain for one fixed p, whatever p is given.",
            (
                lambda *a: _minkowski_with(lambda a, b, p: a + b)(*a[:4], 1.0),
                lambda *a: _minkowski_with(lambda a, b, p: a**0.5 + b**0.5)(*a[:4], 2.0),
            ),
        ),
        Mistake(
            "no absolute values",
            "d(x1, x2) is |x1 - x2|: without the absolute values the two moves of line 2 may "
            "cancel, and their sum is x1 - x3 again.",
            (lambda *a: _signed(*a), lambda *a: _signed(*a, line_3=True)),
        ),
        Mistake(
            "difference of the legs",
            "Line 2 adds the two distances: to go by x2 one walks both.",
            lambda sigma, x1, x2, x3, p: _line_2(sigma, x1, x2, x3, p, -1.0),
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
