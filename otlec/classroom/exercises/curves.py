"""Exercises of chapter 3: maps, plans and curves."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...geodesics import interpolation
from ...measure import Measure
from ._machine import Mistake, exercise
from ._values import array, chords, close, measure, number, parts, require, same, sorted_atoms

_SIXTHS = np.pi / 3 * np.arange(6)


# Remark 3.4 ---------------------------------------------------------------------------------------


@exercise(
    "3.4a",
    title="Two geodesics between the same ends",
    answer="two_plans",
    kind="construct",
    difficulty=2,
    minutes=10,
    right="Each corner can send its mass to either neighbour, at the same cost: both turns are "
    "optimal plans, and each one makes a geodesic of its own.",
    hints=(
        "What does each of the nine moves cost?",
        "One plan turns the hexagon clockwise, one the other way.",
    ),
    mistakes=(
        Mistake("the same plan", "Both plans make the same geodesic."),
        Mistake(
            "across",
            "This plan sends mass across the hexagon, twice as far as to a neighbour: it is not "
            "optimal, and its curve no geodesic.",
        ),
        Mistake(
            "not a plan",
            "Each atom has the mass 1/3: all rows and all columns of a plan sum to 1/3.",
        ),
    ),
)
def _two_plans(answer):
    corner = np.column_stack([np.cos(_SIXTHS), np.sin(_SIXTHS)])
    ends = Measure(corner[::2]), Measure(corner[1::2])
    plans = [array(g, (3, 3), f"plan {k}") for k, g in enumerate(parts(answer, 2, "two_plans"), 1)]
    for k, gamma in enumerate(plans, 1):
        fits = np.abs(gamma.sum(0) - 1 / 3).max() + np.abs(gamma.sum(1) - 1 / 3).max() <= 1e-9
        require(
            gamma.min() >= 0 and fits, f"plan {k} does not couple the two measures", "not a plan"
        )
        cost = (gamma * chords(corner)[::2, 1::2] ** 2).sum()
        require(cost <= 1 + 1e-9, f"plan {k} costs {cost:.6g}, but 1 can be reached", "across")
    halves = [interpolation(gamma, *ends, 0.5) for gamma in plans]
    apart = wasserstein(*halves, 2)
    require(apart > 1e-6, "the two geodesics are the same at t = 1/2", "the same plan")


@exercise(
    "3.4b",
    item="3.4",
    title="A geodesic of W_1 along which nothing travels",
    answer="fade",
    kind="construct",
    difficulty=2,
    minutes=15,
    arguments=("t",),
    cases=((0.5,),),
    probes=((0.25,), (1.0,)),
    right="W_1 counts mass times distance, and does not care who travels: as long as all mass goes "
    "to the right, W_1 is the difference of the means. Only one plan joins the ends, so that "
    "Proposition 3.2 makes one geodesic only, and it is not this one.",
    hints=(
        "For two measures on the line of which one is to the right of the other, W_1 is the "
        "difference of their means.",
        "The chapter lets mass fade out at 0 and in at 1. Let only a part of it do so.",
    ),
    mistakes=(
        Mistake(
            "displacement",
            "This is the displacement of Proposition 3.2, and the geodesic for "
            "every p. Look for one that no plan makes.",
            lambda t: Measure([t]),
        ),
        Mistake(
            "only fading",
            "This is the curve of the chapter. It is a geodesic of W_1, but at t = 1/2 it has two "
            "places only.",
            lambda t: Measure([0.0, 1.0], [1 - t, t]),
        ),
        Mistake(
            "another clock",
            "The mean has to be t: constant speed asks for a mean that is linear in t.",
            (
                lambda t: Measure([0.0, 1.0], [1 - t**2, t**2]),
                lambda t: Measure([t**2]),
                lambda t: Measure([0.0, t**2, 1.0], [(1 - t**2) / 2, 0.5, t**2 / 2]),
            ),
        ),
        Mistake(
            "ends exchanged",
            "At t = 0 all mass is at 0.",
            (
                lambda t: Measure([0.0, 1.0], [t, 1 - t]),
                lambda t: Measure([0.0, 1 - t, 1.0], [t / 2, 0.5, (1 - t) / 2]),
            ),
        ),
        Mistake(
            "mass goes to the left",
            "The mean is t at all times, but W_1 is more: some mass goes to the left on the way, "
            "and has to come back.",
        ),
        Mistake(
            "not from end to end",
            "The curve goes from the one Dirac mass to the other: in between mass may be anywhere, "
            "at t = 0 and t = 1 it may not.",
        ),
    ),
    canonical=sorted_atoms,
)
def _fade(call, t):
    times = (0.0, t / 2, 0.93 * t, t, 0.07 + 0.93 * t, (1 + t) / 2, 1.0)
    curve = [measure(call(s), f"the measure at t = {s:g}", 1) for s in times]
    for k, place in ((0, 0.0), (6, 1.0)):
        text = f"at t = {times[k]:g} all mass is at {place:g}"
        close(curve[k], Measure([place]), text, 1e-9, general="not from end to end")
    even = max(abs(mu.weights @ mu.points - s) for mu, s in zip(curve, times, strict=True)) < 1e-9
    for k in range(7):
        for l in range(k):
            same(
                wasserstein(curve[k], curve[l], 1),
                times[k] - times[l],
                f"W_1 between the times {times[l]:g} and {times[k]:g}",
                1e-8,
                general="mass goes to the left" if even else "another clock",
            )
    places = sorted_atoms(curve[3])
    heavy = int((places[:, -1] >= 0.2 - 1e-9).sum())
    require(
        heavy >= 3,
        f"it is a geodesic of W_1, but at t = {t:g} the places with a mass of 0.2 or more are "
        f"{heavy}, and not three",
    )


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
    solution=lambda curve, n: _polygon(curve, np.linspace(0, 1, n + 1)),
    kind="compute",
    difficulty=1,
    minutes=10,
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
            (
                lambda curve, n: _polygon(curve, np.linspace(0, 1, n)),
                lambda curve, n: _polygon(curve, np.arange(n) / n),
            ),
        ),
        Mistake(
            "one norm for all steps",
            "Without axis=1 np.linalg.norm takes one root, of the sum of the squares of all "
            "entries: each step has a length, and the lengths are added.",
            lambda curve, n: _polygon(curve, np.linspace(0, 1, n + 1), 2) ** 0.5,
        ),
        Mistake(
            "squares",
            "Each step counts with its length, not with its square: the sum of the "
            "squares tends to 0.",
            lambda curve, n: _polygon(curve, np.linspace(0, 1, n + 1), 2),
        ),
        Mistake(
            "coordinate by coordinate",
            "A step has its Euclidean length, the root of the sum of squares.",
            lambda curve, n: float(
                np.abs(np.diff([curve(t) for t in np.linspace(0, 1, n + 1)], axis=0)).sum()
            ),
        ),
        Mistake(
            "one step only",
            "This is the length of one step: add all n of them.",
            (
                lambda curve, n: _polygon(curve, [0, 1 / n]),
                lambda curve, n: _polygon(curve, [1 - 1 / n, 1]),
            ),
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
    title="How many steps across the gap?",
    answer="steps",
    solution=lambda p, L: int(np.floor(L ** (p / (p - 1)))) + 1,
    kind="compute",
    difficulty=2,
    minutes=15,
    arguments=("p", "L"),
    closed=("wasserstein", "optimal_plan", "transport", "transport_1d", "transport_cost"),
    inputs=st.tuples(st.sampled_from([1.5, 2.0, 3.0]), st.sampled_from([1.1, 1.7, 2.5, 3.3])),
    examples=12,
    cases=((2.0, 1.5), (2.0, 2.5), (3.0, 1.5), (1.5, 1.3), (2.0, 2.0)),
    right="n steps of the mass 1/n have the length n^(1 - 1/p), and this passes every bound: for "
    "p > 1 no curve of finite length joins the two measures, since X has nothing between 0 and 1.",
    hints=(
        "In one step the mass 1/n changes its place, over the distance 1. What is W_p?",
        "The length is n times n^(-1/p). For which n is it more than L?",
    ),
    mistakes=(
        Mistake(
            "missing root",
            "In one step the cost is 1/n; its distance is the p-th root. (Without the root the "
            "length would stay 1, and no n would do.)",
            (lambda p, L: 1, lambda p, L: int(np.ceil(L))),
        ),
        Mistake(
            "one step short",
            "The length has to be greater than L: the next n is the first.",
            (
                lambda p, L: int(np.floor(L ** (p / (p - 1)))),
                lambda p, L: int(np.ceil(L ** (p / (p - 1)))),
            ),
        ),
        Mistake(
            "not rounded",
            "The number of steps is whole: the first one beyond this value.",
            lambda p, L: L ** (p / (p - 1)),
        ),
        Mistake(
            "exponent p",
            "The length is n^(1 - 1/p): to solve for n, the exponent is 1/(1 - 1/p).",
            (
                lambda p, L: int(np.floor(L**p)) + 1,
                lambda p, L: int(np.floor(L ** (1 / p))) + 1,
                lambda p, L: int(np.floor(L ** (1 - 1 / p))) + 1,
            ),
        ),
        Mistake(
            "length n",
            "n steps of the distance n^(-1/p) have the length n^(1 - 1/p), which is less than n.",
            (lambda p, L: int(np.floor(L)) + 1, lambda p, L: int(np.ceil(L)) + 1),
        ),
    ),
)
def _steps(call, p, L):
    n = number(call(p, L), "the number of steps")
    require(n >= 1 and n == int(n), f"the number of steps is whole and at least 1, not {n:.6g}")
    for count in (n, n - 1):
        step = Measure([0.0, 1.0], [1 - 1 / count, 1 / count]) if count else None
        length = count * wasserstein(Measure([0.0]), step, p) if count else 0.0
        enough = length > L * (1 + 1e-12)
        require(
            enough == (count == n),
            f"with n = {count:g} steps the length is {length:.6g}, "
            + ("more than L already" if enough else "not more than L"),
        )
