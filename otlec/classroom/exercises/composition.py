"""Exercises of chapter 2: composing optimal maps."""

import itertools

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...gaussian import gaussian_distance
from ...measure import Measure
from ._inputs import EXPONENTS, SIZES, vector
from ._machine import Mistake, exercise
from ._values import array, number, parts, require, same

_SOLVERS = (
    "wasserstein",
    "optimal_plan",
    "transport",
    "transport_1d",
    "transport_cost",
    "assignment",
    "assignment_points",
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


def _norms(p, *moves):
    return tuple(np.mean(np.abs(u) ** p) ** (1 / p) for u in moves)


_MAPS = st.builds(_Map, st.sampled_from([0.5, 1.0, 2.0]), st.integers(-3, 3), st.booleans())


@exercise(
    "2.4a",
    title="The triangle inequality by maps",
    answer="triangle",
    solution=lambda x, T, S, p: _norms(p, x - S(T(x)), x - T(x), T(x) - S(T(x))),
    parts=("norm 1", "norm 2", "norm 3"),
    kind="explain",
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
            (
                lambda x, T, S, p: _norms(p, x - T(S(x)), x - T(x), T(x) - S(T(x))),
                lambda x, T, S, p: _norms(p, x - T(S(x)), x - S(x), S(x) - T(S(x))),
                lambda x, T, S, p: _norms(p, x - T(S(x)), x - T(x), x - S(x)),
            ),
        ),
        Mistake(
            "second map at x",
            "The second map starts from T(x), the atoms of mu2, not from x.",
            lambda x, T, S, p: _norms(p, x - S(T(x)), x - T(x), x - S(x)),
        ),
        Mistake(
            "parts exchanged",
            "First the whole move, then its part by T, then its part by S.",
            lambda x, T, S, p: _norms(p, x - S(T(x)), T(x) - S(T(x)), x - T(x)),
        ),
        Mistake(
            "p not used",
            "This is the norm for one fixed p, whatever p is given.",
            (
                lambda x, T, S, p: _norms(2, x - S(T(x)), x - T(x), T(x) - S(T(x))),
                lambda x, T, S, p: _norms(1, x - S(T(x)), x - T(x), T(x) - S(T(x))),
            ),
        ),
        Mistake(
            "places instead of moves",
            "The norms are those of moves, such as x - T(x), not of the places themselves.",
            lambda x, T, S, p: _norms(p, S(T(x)), T(x), S(T(x)) - T(x)),
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
        Mistake(
            "S alone",
            "mu3 is the image of mu2 by S: go by T first, and compare with S(T(x)).",
            lambda x, T, S, p: _norms(p, x - S(x), x - T(x), T(x) - S(x)),
        ),
        Mistake(
            "power of the sum",
            "The p-th power belongs to each move, before the mean; the root comes after it.",
            (
                lambda x, T, S, p: tuple(
                    np.abs(u).sum() ** (1 / p) for u in (x - S(T(x)), x - T(x), T(x) - S(T(x)))
                ),
                lambda x, T, S, p: tuple(
                    np.abs(u).mean() ** (1 / p) for u in (x - S(T(x)), x - T(x), T(x) - S(T(x)))
                ),
            ),
        ),
        Mistake(
            "greatest move",
            "The greatest move is the norm for p infinite: here it is the p-th root of a mean.",
            (
                lambda x, T, S, p: tuple(
                    np.abs(u).max() for u in (x - S(T(x)), x - T(x), T(x) - S(T(x)))
                ),
                lambda x, T, S, p: (
                    *_norms(p, x - S(T(x))),
                    *(np.abs(u).max() for u in (x - T(x), T(x) - S(T(x)))),
                ),
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
    kind="construct",
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


def how_often(count: int = 20000, exchanged: bool = False) -> float:
    """The share of triples of three random points for which two optimal pairings compose to one.

    ``exchanged`` composes them in the wrong order.
    """
    orders = np.array(list(itertools.permutations(range(3))))
    sets = np.random.default_rng(7).random((3, count, 3, 2))

    def best(x, y):
        squares = ((x[:, :, None] - y[:, None]) ** 2).sum(axis=3)
        return orders[squares[:, range(3), orders].sum(axis=2).argmin(axis=1)]

    first, second = best(sets[0], sets[1]), best(sets[1], sets[2])
    pair = (first, second) if exchanged else (second, first)
    composed = np.take_along_axis(*pair, axis=1)
    return float((composed == best(sets[0], sets[2])).all(axis=1).mean())


@exercise(
    "2.4c",
    title="How often is it optimal?",
    answer="share",
    patience=10.0,
    kind="explain",
    difficulty=2,
    minutes=20,
    right="In more than half of the cases nothing is lost, and yet it is no rule: on the line "
    "the share is 1, in the plane one has to look.",
    hints=(
        "np.random.default_rng(0).random((3, 3, 2)) holds three sets of three points.",
        "otlec.assignment(otlec.cost_matrix(x, y, 2)).permutation is an array p: the point i goes "
        "to the point p[i].",
        "First p12, then p23: the point i arrives at p23[p12[i]]. Compare with p13.",
    ),
    mistakes=(
        Mistake("always", "On the line it is always optimal; in the plane it is not."),
        Mistake("never", "It happens: two sets that are only shifted, for instance."),
        Mistake(
            "by chance",
            "That is the share if one of the six pairings were drawn at random: but the pairings "
            "know of one another.",
        ),
        Mistake(
            "percent",
            "The share is a number between 0 and 1.",
        ),
        Mistake(
            "the others",
            "That is the share of the cases in which it is *not* optimal.",
        ),
        Mistake(
            "permutations in the wrong order",
            "This counts p12[p23], as if the second pairing came first: p23[p12] it is.",
        ),
        Mistake(
            "too few",
            "Among a hundred cases chance moves the share by 0.05 and more: take two thousand.",
        ),
    ),
)
def _how_often(answer):
    found, right = number(answer, "the share"), how_often()
    text = f"in 20000 cases the share is not {found:.4g}"
    known = {1.0: "always", 0.0: "never", 1 / 6: "by chance", 1 - right: "the others",
             how_often(exchanged=True): "permutations in the wrong order"}  # fmt: skip
    mistake = next((name for value, name in known.items() if abs(found - value) < 0.02), None)
    if abs(found / 100 - right) <= 0.05:
        mistake = "percent"
    near = abs(found - right) <= 0.15
    require(abs(found - right) <= 0.04, text, mistake, "too few" if near else None)
