"""Exercises of chapter 3: grains that meet, and grains that go round."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...measure import Measure
from ._inputs import vector
from ._machine import Mistake, exercise
from ._values import array, number, parts, require, same


@st.composite
def _encounters(draw):
    x1, y1, x2 = draw(vector(2)), draw(vector(2)), draw(vector(2))
    if (x1 == x2).all():
        x2 = x2 + 1.0
    return x1, y1, x2, draw(st.sampled_from([0.25, 0.5, 0.75]))


def _encounter(x1, y1, x2, t):
    y2 = y1 + (1 - t) / t * (x1 - x2)
    return y2, 2 * (1 - t) / t * ((x1 - x2) ** 2).sum()


@exercise(
    "3.2c",
    item="3.2",
    title="What an encounter costs",
    answer="encounter",
    solution=lambda *a: _encounter(*a),
    parts=("the target", "the saving"),
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("x1", "y1", "x2", "t"),
    inputs=_encounters(),
    cases=(
        (np.array([0.0, 0.0]), np.array([2.0, 2.0]), np.array([2.0, 0.0]), 0.5),
        (np.array([0.0, 0.0]), np.array([4.0, 0.0]), np.array([0.0, 3.0]), 0.25),
        (np.array([1.0, -1.0]), np.array([1.0, 5.0]), np.array([-1.0, 0.0]), 0.75),
    ),
    right="Whoever meets saves by exchanging targets: 2 (1 - t)/t |x1 - x2|^2, which is positive. "
    "So grains of an optimal plan never meet on the way.",
    hints=(
        "They meet if (1 - t) x1 + t y1 = (1 - t) x2 + t y2: solve for y2.",
        "The saving is |x1 - y1|^2 + |x2 - y2|^2 - |x1 - y2|^2 - |x2 - y1|^2.",
        "All squares cancel: there remains -2 (x1 - x2) . (y1 - y2).",
    ),
    mistakes=(
        Mistake(
            "sign of the saving",
            "The saving is what the crossing plan costs more: crossing minus exchanged.",
            lambda *a: (_encounter(*a)[0], -_encounter(*a)[1]),
        ),
        Mistake(
            "time runs backwards",
            "At the time t a grain is at (1 - t) x + t y.",
            lambda x1, y1, x2, t: _encounter(x1, y1, x2, 1 - t),
        ),
        Mistake(
            "weights exchanged",
            "At the time t the second grain is at (1 - t) x2 + t y2: there y2 counts with t, and "
            "x2 with 1 - t.",
            lambda x1, y1, x2, t: _with_saving(
                x1, y1, x2, ((1 - t) * x1 + t * y1 - t * x2) / (1 - t)
            ),
        ),
        Mistake(
            "meeting at the end",
            "This sends both to the same target: they meet at the time 1, not at the time t.",
            (lambda x1, y1, x2, t: (y1, 0.0), lambda x1, y1, x2, t: (y1.copy(), 0)),
        ),
        Mistake(
            "place of the encounter",
            "This is where they meet. The second grain goes on from there, until t = 1.",
            (
                lambda x1, y1, x2, t: ((1 - t) * x1 + t * y1, _encounter(x1, y1, x2, t)[1]),
                lambda x1, y1, x2, t: _with_saving(x1, y1, x2, (1 - t) * x1 + t * y1),
                lambda x1, y1, x2, t: ((1 - t) * x1 + t * y1, 0.0),
            ),
        ),
        Mistake(
            "lengths, not squares",
            "For W_2 the cost is the square of the distance.",
            lambda x1, y1, x2, t: _with_saving(x1, y1, x2, _encounter(x1, y1, x2, t)[0], 1),
        ),
        Mistake(
            "half of the saving",
            "Both grains exchange: the mixed products count twice.",
            lambda *a: (_encounter(*a)[0], _encounter(*a)[1] / 2),
        ),
        Mistake(
            "x2 not weighed",
            "At the time t the second grain has left the part t of its way from x2 behind it: x2 "
            "counts with 1 - t.",
            lambda x1, y1, x2, t: (
                ((1 - t) * x1 + t * y1 - x2) / t,
                _encounter(x1, y1, x2, t)[1],
            ),
        ),
    ),
)
def _encounter_judge(call, x1, y1, x2, t):
    pair = parts(call(x1, y1, x2, t), 2, "the result (y2 and the saving)")
    y2, saving = array(pair[0], (2,), "y2"), number(pair[1], "the saving")
    tol = 100 * call.tolerance
    same(
        (1 - t) * x2 + t * y2,
        (1 - t) * x1 + t * y1,
        f"at t = {t:g} the second grain is where the first one is",
        tol,
    )
    same(saving, _with_saving(x1, y1, x2, y2)[1], "the saving, crossing minus exchanged", tol)


def _with_saving(x1, y1, x2, y2, power=2):
    def cost(x, y):
        return np.linalg.norm(x - y) ** power

    return y2, cost(x1, y1) + cost(x2, y2) - cost(x1, y2) - cost(x2, y1)


@exercise(
    "3.2d",
    item="3.2",
    title="A detour at constant speed",
    answer="round_trip",
    kind="construct",
    difficulty=3,
    minutes=25,
    right="From each moment to the next the grains go the shortest way, so that the speed is "
    "constant; over the whole time they do not. Definition 3.1 asks for all pairs of times.",
    hints=(
        "The speed is constant as long as nobody comes near to anybody else: then, for short "
        "times, no exchange pays.",
        "In the plane there is room for grains to pass each other. Where should they end, so that "
        "another plan is much cheaper?",
        "Let the ends be the same set of points: each grain goes to the place of the next one.",
    ),
    mistakes=(
        Mistake(
            "optimal",
            "Nobody could do better: this is a geodesic. Let the grains end where others could "
            "have gone with less effort.",
        ),
        Mistake(
            "encounter",
            "Some grains meet, or nearly: there an exchange pays even for a short time, and the "
            "step is shorter than the others. Let them pass at a distance.",
        ),
        Mistake("nobody moves", "All grains stay where they are."),
        Mistake(
            "a small detour", "The direct way is only a little shorter. Let the ends be nearer."
        ),
    ),
)
def _round_trip(answer):
    x, y = parts(answer, 2, "the result (x and y)")
    x = array(x, (None, 2), "x")
    y = array(y, x.shape, "y")
    require(1 <= len(x) <= 50, "take between 1 and 50 grains")
    speed = np.sqrt(((y - x) ** 2).sum(axis=1).mean())
    require(speed > 1e-6, "the length of the curve is 0", "nobody moves")
    frames = [Measure((1 - t) * x + t * y) for t in np.linspace(0, 1, 14)]
    steps = [13 * wasserstein(frames[k], frames[k + 1], 2) for k in range(13)]
    whole, slow = wasserstein(frames[0], frames[-1], 2), int(np.argmin(steps))
    require(
        whole < speed - 1e-9,
        f"the length of the curve is {speed:.6g}, the distance of its ends",
        "optimal",
    )
    require(
        steps[slow] >= speed * (1 - 1e-6),
        f"between t = {slow}/13 and {slow + 1}/13 the speed is {round(steps[slow], 6):.6g} only, "
        f"and at its greatest it is {max(steps):.6g}",
        "encounter",
    )
    require(
        speed >= 1.5 * whole,
        f"the length is {speed:.6g}, and the distance of the ends {whole:.6g}: not yet 3 to 2",
        "a small detour",
    )
