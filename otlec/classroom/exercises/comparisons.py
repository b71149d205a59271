"""Exercises of chapter 2: moments, and comparisons of W_1 and W_p."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...measure import Measure
from ._inputs import EXPONENTS, matrix, measures, plans
from ._machine import Mistake, exercise
from ._values import measure, number, parts, require, same

_SOLVERS = (
    "wasserstein",
    "optimal_plan",
    "transport",
    "transport_1d",
    "transport_cost",
    "assignment",
    "assignment_points",
)


# Remark 2.5 ---------------------------------------------------------------------------------------


def _moments(mu, nu, p):
    return mu.weights @ np.abs(mu.points) ** p, nu.weights @ np.abs(nu.points) ** p


@exercise(
    "2.5",
    title="W_p is finite",
    answer="moment_bound",
    solution=lambda mu, nu, p: sum(m ** (1 / p) for m in _moments(mu, nu, p)),
    kind="explain",
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
    "nu), and these two are roots of moments, since there is only one plan to a Dirac mass. Dirac "
    "masses on either side of 0 reach it, so that no bound by these two moments is smaller.",
    hints=(
        "Go from mu to the Dirac mass at 0, and on to nu.",
        "Only one plan joins mu with a Dirac mass: W_p(mu, delta_0)^p is a moment.",
    ),
    mistakes=(
        Mistake(
            "too large",
            "It is too large: any two Dirac masses on either side of 0 have to reach it. Go from "
            "mu to the Dirac mass at 0, and from there to nu.",
            (
                lambda mu, nu, p: 2 * sum(m ** (1 / p) for m in _moments(mu, nu, p)),
                lambda mu, nu, p: 2 * sum(_moments(mu, nu, p)) ** (1 / p),
            ),
        ),
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
            "one root, with a factor",
            "A correct bound, and reached where both moments are equal. Dirac masses at 0 and at 2 "
            "do not reach it: give each moment a root of its own.",
            lambda mu, nu, p: 2 ** (1 - 1 / p) * sum(_moments(mu, nu, p)) ** (1 / p),
        ),
        Mistake(
            "more than moments",
            "This looks at the measures beyond their p-th moments. Only the two numbers m_p(mu) "
            "and m_p(nu) may enter.",
            (
                lambda mu, nu, p: np.abs(mu.points).max() + np.abs(nu.points).max(),
                lambda mu, nu, p: np.abs(mu.points[:, None] - nu.points).max(),
            ),
        ),
        Mistake(
            "first moments",
            "The p-th power of the distance is integrated: take the p-th power of |x|.",
            lambda mu, nu, p: sum(_moments(mu, nu, 1)),
        ),
        Mistake(
            "difference of the moments",
            "Moments do not say on which side of 0 the mass is: in the worst case it is on "
            "either side, and both ways count.",
            lambda mu, nu, p: abs(
                _moments(mu, nu, p)[0] ** (1 / p) - _moments(mu, nu, p)[1] ** (1 / p)
            ),
        ),
        Mistake(
            "the greater moment",
            "The way has two legs, and both count: add them.",
            lambda mu, nu, p: max(_moments(mu, nu, p)) ** (1 / p),
        ),
        Mistake(
            "means for moments",
            "The mean knows nothing of how far the mass is spread: with atoms at -1 and 1 it is 0.",
            lambda mu, nu, p: abs(mu.weights @ mu.points) + abs(nu.weights @ nu.points),
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
    alone = number(call(Measure([a]), Measure([-b]), p))
    require(
        alone >= (a + b) * (1 - tol) - tol,
        f"this is no upper bound: Dirac masses at {a:.6g} and {0.0 - b:.6g} are {a + b:.6g} apart, "
        f"but the bound says {alone:.6g}",
    )
    require(
        alone <= (a + b) * (1 + tol) + tol,
        f"for Dirac masses at {a:.6g} and {0.0 - b:.6g}, which are {a + b:.6g} apart, the bound is "
        f"not reached: it says {alone:.6g}",
        general="too large",
    )
    same(found, alone, f"it is the same as for Dirac masses with the moments {a**p:.6g} and "
         f"{b**p:.6g}, which are those of mu and nu", tol)  # fmt: skip


# Section 2.2 --------------------------------------------------------------------------------------


@exercise(
    "comparisons-a",
    item="comparisons",
    title="Both edges of the band",
    answer="edges",
    solution=lambda: (
        (Measure([0.0, 1.0]), Measure([0.5, 1.5])),
        (Measure([0.0]), Measure([0.0, 2.0], [0.75, 0.25])),
    ),
    parts=("the pair on the lower edge", "the pair on the upper edge"),
    kind="construct",
    difficulty=2,
    minutes=20,
    right="W_1 = W_p when every grain moves equally far; W_p is greatest for its W_1 when each "
    "grain moves as far as the space allows, or not at all.",
    hints=(
        "Equality in Jensen's inequality: the distance is constant on the plan.",
        "d^3 is at most 4 d for 0 <= d <= 2. Where are the two equal?",
    ),
    mistakes=(
        Mistake(
            "another distance",
            "Both pairs have to be at the distance W_1 = 1/2: change how far, or how much mass "
            "moves.",
        ),
        Mistake("outside of X", "The measures have to live on X = [0, 2], whose diameter is 2."),
        Mistake(
            "length 1",
            "Moves of length 0 and 1 would reach the upper edge if the diameter were 1; here it "
            "is 2.",
        ),
        Mistake("pairs exchanged", "The pair on the lower edge comes first."),
        Mistake(
            "moves of middle length",
            "On the upper edge each grain moves as far as X allows or not at all: let less mass "
            "move, and move it from one end to the other.",
        ),
    ),
)
def _edges(answer):
    pairs = parts(answer, len(answer) if len(answer) == 4 else 2, "edges (two pairs of measures)")
    given = pairs if len(pairs) == 4 else [mu for pair in pairs for mu in parts(pair, 2, "a pair")]
    mus = [measure(mu, f"measure {k}", 1) for k, mu in enumerate(given, 1)]
    for k, mu in enumerate(mus, 1):
        inside = mu.points.min() >= 0 and mu.points.max() <= 2
        require(inside, f"measure {k} leaves [0, 2]", "outside of X")
    low, high = ([wasserstein(*pair, p) for p in (1, 3)] for pair in (mus[:2], mus[2:]))
    for which, (one, _) in (("first", low), ("second", high)):
        require(
            abs(one - 0.5) <= 1e-9, f"W_1 of the {which} pair is {one:.6g}, not 1/2",
            "another distance",
        )  # fmt: skip
    top = (4 * 0.5) ** (1 / 3)
    swapped = "pairs exchanged" if abs(low[1] - top) + abs(high[1] - 0.5) <= 1e-9 else None
    require(
        low[1] - 0.5 <= 1e-9,
        f"the first pair is above the lower edge: W_1 = 0.5, W_3 = {low[1]:.6g}",
        swapped,
    )
    require(
        top - high[1] <= 1e-9,
        f"the second pair is below the upper edge, (4 W_1)^(1/3) = {top:.6g}: W_3 = {high[1]:.6g}",
        "length 1" if abs(high[1] - 0.5 ** (1 / 3)) <= 1e-9 else "moves of middle length",
    )


@st.composite
def _plan_and_distances(draw):
    gamma = draw(plans())
    entries = st.integers(0, 6).map(lambda k: k / 2)
    return gamma, draw(matrix(*gamma.shape, entries)), draw(EXPONENTS)


def _band(gamma, d, p, root=True, power=None, last=None):
    mean = (gamma * d).sum()
    top = d.max() ** ((p - 1) / p if power is None else power(p))
    return mean, (gamma * d**p).sum() ** (1 / p if root else 1), top * mean ** (last or 1 / p)


@exercise(
    "comparisons-b",
    item="comparisons",
    title="The comparison, line by line",
    answer="compare",
    solution=lambda *a: _band(*a),
    parts=("line 1", "line 2", "line 3"),
    kind="explain",
    difficulty=1,
    minutes=15,
    arguments=("gamma", "d", "p"),
    inputs=_plan_and_distances(),
    cases=(
        (np.array([[0.5, 0.0], [0.0, 0.5]]), np.array([[1.0, 4.0], [2.0, 3.0]]), 2.0),
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
            "no roots",
            "These are the p-th powers of the norms: lines 2 and 3 are lengths.",
            lambda gamma, d, p: (
                (gamma * d).sum(),
                (gamma * d**p).sum(),
                d.max() ** (p - 1) * (gamma * d).sum(),
            ),
        ),
        Mistake(
            "missing root",
            "Line 2 is a norm: the p-th root of the integral of d^p.",
            lambda gamma, d, p: _band(gamma, d, p, root=False),
        ),
        Mistake(
            "mean of all entries",
            "The integral is the sum weighed by gamma, not a mean over the entries of d.",
            lambda gamma, d, p: (
                d.mean(),
                (d**p).mean() ** (1 / p),
                d.max() ** ((p - 1) / p) * d.mean() ** (1 / p),
            ),
        ),
        Mistake(
            "line 1 without its root",
            "In line 3 the integral of d has the exponent 1/p.",
            lambda gamma, d, p: _band(gamma, d, p, last=1.0),
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
        Mistake(
            "diameter where mass goes",
            "The diameter is the greatest entry of d, whether mass goes that way or not.",
            lambda gamma, d, p: (
                *_band(gamma, d, p)[:2],
                d[gamma > 0].max() ** ((p - 1) / p) * (gamma * d).sum() ** (1 / p),
            ),
        ),
        Mistake(
            "diameter alone",
            "In line 3 the diameter has the exponent (p - 1)/p, and the integral of d stands "
            "beside it.",
            lambda gamma, d, p: (*_band(gamma, d, p)[:2], d.max()),
        ),
        Mistake(
            "sign of the exponent",
            "The exponent of the diameter is (p - 1)/p, which is not negative.",
            (
                lambda gamma, d, p: _band(gamma, d, p, power=lambda p: 1 - p),
                lambda gamma, d, p: _band(gamma, d, p, power=lambda p: (1 - p) / p),
            ),
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
