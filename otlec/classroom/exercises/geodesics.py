"""Exercises of chapter 3: constant speed, displacement, and barycenters."""

import hypothesis.strategies as st
import numpy as np

from ...distance import optimal_plan, wasserstein
from ...geodesics import interpolation
from ...measure import Measure
from ._inputs import measures, vector
from ._machine import Mistake, exercise
from ._values import (
    array,
    chords,
    close,
    measure,
    number,
    parts,
    require,
    same,
    sorted_atoms,
    truth,
)

TIMES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


# Definition 3.1 -----------------------------------------------------------------------------------


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
    return chords(speed * np.column_stack([x, y])), times


def _uniform(D, times, pairs):
    return bool(
        all(
            abs(D[i, j] - abs(times[i] - times[j]) * D[0, -1]) <= 1e-8 for i, j in pairs(len(times))
        )
    )


_LINE = np.array([0.0, 0.25, 1.0])
_EVEN = np.linspace(0, 1, 5)
_THIRDS = np.array([0.0, 1 / 3, 0.7, 1.0])


@exercise(
    "3.1",
    title="A detector of constant speed",
    answer="constant_speed",
    kind="decide",
    difficulty=1,
    minutes=15,
    arguments=("D", "times"),
    inputs=_curves(),
    closed=("is_constant_speed", "speed_matrix"),
    cases=(
        (chords(np.column_stack([2 * _LINE, 0 * _LINE])), _LINE),
        (chords(np.column_stack([_LINE**2, 0 * _LINE])), _LINE),
        (
            chords(np.column_stack([np.cos([0, 1.5, 3.0]), np.sin([0, 1.5, 3.0])])),
            np.array([0.0, 0.5, 1.0]),
        ),
        (
            chords(np.array([[0.0, 0.0], [0.25, 0.0], [0.0, 0.5], [0.6, 0.8]])),
            np.array([0.0, 0.25, 0.5, 1.0]),
        ),
        (np.zeros((3, 3)), _LINE),
        (0.1 * chords(np.column_stack([_THIRDS, 0 * _THIRDS])), _THIRDS),
    ),
    probes=(
        (chords(np.column_stack([_EVEN, 0 * _EVEN])), _EVEN),
        (chords(np.column_stack([np.cos(3 * _EVEN), np.sin(3 * _EVEN)])), _EVEN),
        (chords(np.column_stack([_EVEN**2, 0 * _EVEN])), _EVEN),
        (chords(3 * np.column_stack([0.6 * _THIRDS, 0.8 * _THIRDS])), _THIRDS),
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
            (
                lambda D, times: bool(np.ptp(np.diag(D, 1) / np.diff(times)) <= 1e-9),
                lambda D, times: np.allclose(np.diag(D, 1), np.diff(times) * D[0, 1] / times[1]),
            ),
        ),
        Mistake(
            "from the start only",
            "A spiral leaves its start at constant speed. Compare all "
            "pairs of times, not those with time 0 alone.",
            lambda D, times: _uniform(D, times, lambda n: [(0, k) for k in range(n)]),
        ),
        Mistake(
            "rounding",
            "Two computed numbers are hardly ever equal: compare up to rounding, with np.isclose "
            "or np.allclose.",
            (
                lambda D, times: bool((np.abs(times[:, None] - times) * D[0, -1] == D).all()),
                lambda D, times: bool((np.abs(times[:, None] - times) * D[0, -1] == D).all()),
                lambda D, times: bool((D / D[0, -1] == np.abs(times[:, None] - times)).all()),
            ),
        ),
        Mistake(
            "division by the speed 0",
            "A curve that stays where it is has the speed 0, and 0/0 is nan: multiply instead "
            "of dividing.",
            (
                lambda D, times: np.allclose(D / D[0, -1], np.abs(times[:, None] - times)),
                lambda D, times: (
                    bool(D.any()) and np.allclose(D, np.abs(times[:, None] - times) * D[0, -1])
                ),
            ),
        ),
        Mistake(
            "direction of time",
            "D is symmetric, and s - t is not: take |s - t|.",
            (
                lambda D, times: np.allclose(D, (times[:, None] - times) * D[0, -1]),
                lambda D, times: np.allclose(D, (times - times[:, None]) * D[0, -1]),
            ),
        ),
        Mistake(
            "always the same answer",
            "Whatever D is, the answer is the same.",
            (lambda D, times: True, lambda D, times: False),
        ),
        Mistake(
            "times not used",
            "The times need not be equally spaced: divide each distance by the time that passes.",
            (
                lambda D, times: bool(np.ptp(np.diag(D, 1)) <= 1e-9),
                lambda D, times: np.allclose(np.diag(D, 1), np.diag(D, 1)[0]),
                lambda D, times: np.allclose(np.diff(D[0]), D[0, 1]),
            ),
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
    cases=(
        (*_SPLIT, 0.0),
        (*_SPLIT, 1.0),
        (*_SPLIT, 0.25),
        (*_TWO, 0.5),
        (*_TWO, 0.75),
    ),
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
            "main target only",
            "An atom whose mass splits goes to several places. The one that takes most is not "
            "enough: keep one atom for each pair.",
            (
                lambda x, y, gamma, t: (
                    (1 - t) * x + t * y[gamma.argmax(axis=1)],
                    gamma.sum(axis=1),
                ),
                lambda x, y, gamma, t: (
                    (1 - t) * x + t * y[gamma.argmax(axis=1)],
                    gamma.max(axis=1) / gamma.max(axis=1).sum(),
                ),
            ),
        ),
        Mistake(
            "product plan",
            "The mass of a pair is gamma[i, j], not the product of the two weights: this lets "
            "every atom of x go to every atom of y.",
            lambda x, y, gamma, t: (
                ((1 - t) * x[:, None] + t * y).ravel(),
                np.outer(gamma.sum(axis=1), gamma.sum(axis=0)).ravel(),
            ),
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
    for place, edge, name in ((0.0, start, "mu_0"), (1.0, end, "mu_1")):
        if t == place:
            close(mu, edge, f"at t = {t:g} the measure is {name}", tol)
    whole = wasserstein(start, end, 2)
    for other, share in ((start, t), (end, 1 - t)):
        same(
            wasserstein(mu, other, 2),
            share * whole,
            f"constant speed at t = {t:g}: W_2 to an end is its share of the whole",
            max(1e-8, 100 * tol),
        )
    close(mu, interpolation(gamma, start, end, t), f"mu_t at t = {t:g}", tol)


@exercise(
    "3.2b",
    item="3.2",
    title="A plan that makes no geodesic",
    answer="detour",
    kind="construct",
    difficulty=1,
    minutes=10,
    right="The grains meet on the way and go on, each to the target of the other: the curve is "
    "longer than the distance of its ends.",
    hints=(
        "Proposition 3.2 asks for an optimal plan: choose one that is not.",
        "Let two grains pass each other: the left one goes to the right, and the other way round.",
    ),
    mistakes=(
        Mistake("optimal", "This plan is optimal, so its curve is a geodesic: let grains cross."),
        Mistake(
            "the same measure",
            "mu and nu have to be at a distance of at least 1: move one of them.",
        ),
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
    whole = wasserstein(mu, nu, 2)
    require(whole >= 1 - 1e-9, f"W_2(mu, nu) is {whole:.6g}", "the same measure")
    value = (gamma * (mu.points.reshape(-1, 1) - nu.points.reshape(-1)) ** 2).sum()
    optimal = "optimal" if value <= whole**2 + 1e-9 else None
    curve = [interpolation(gamma, mu, nu, t) for t in np.linspace(0, 1, 5)]
    length = sum(wasserstein(curve[k], curve[k + 1], 2) for k in range(4))
    require(
        length > whole + 1e-6,
        f"in four steps the length of the curve is {length:.6g}, the distance of its ends",
        optimal,
    )


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
        f"between t = {slow}/13 and {slow + 1}/13 the speed is {steps[slow]:.6g} only, elsewhere "
        f"it is {max(steps):.6g}",
        "encounter",
    )
    require(
        speed >= 1.5 * whole,
        f"the length is {speed:.6g}, and the distance of the ends {whole:.6g}: not yet 3 to 2",
        "a small detour",
    )
