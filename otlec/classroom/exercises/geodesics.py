"""Exercises of chapter 3: constant speed, displacement, and barycenters."""

import hypothesis.strategies as st
import numpy as np

from ...distance import optimal_plan, wasserstein
from ...geodesics import interpolation
from ...measure import Measure
from ._inputs import measures
from ._machine import Mistake, exercise
from ._values import (
    array,
    chords,
    close,
    measure,
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
    kind = draw(st.sampled_from(["line", "line", "clock", "circle", "spiral", "back", "bend"]))
    zero = np.zeros_like(times)
    turn = np.pi * times
    x, y = {
        "line": (0.6 * times, 0.8 * times),
        "clock": (times**2, zero),
        "circle": (np.cos(turn), np.sin(turn)),
        "spiral": (times * np.cos(turn), times * np.sin(turn)),
        "back": ((1 - times) * np.cos(turn), (1 - times) * np.sin(turn)),
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
    difficulty=2,
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
        (
            chords(np.array([[0.6, 0.8], [0.0, 0.5], [0.25, 0.0], [0.0, 0.0]])),
            np.array([0.0, 0.5, 0.75, 1.0]),
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
        Mistake(
            "speed not used",
            "The distance is |s - t| times the speed, and the speed is d(x_0, x_1), not always 1.",
            (
                lambda D, times: np.allclose(D, np.abs(times[:, None] - times)),
                lambda D, times: np.allclose(np.diag(D, 1), np.diff(times)),
            ),
        ),
        Mistake(
            "to the end only",
            "Constant speed towards the end is not enough, a spiral has that too. Compare all "
            "pairs of times.",
            lambda D, times: _uniform(D, times, lambda n: [(k, n - 1) for k in range(n)]),
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
        Mistake(
            "masses transposed",
            "gamma[i, j] is the mass from x_i to y_j: flatten places and masses in the same order.",
            (
                lambda x, y, gamma, t: (
                    ((1 - t) * x[:, None] + t * y).ravel(),
                    gamma.T.ravel(),
                ),
                lambda x, y, gamma, t: (
                    ((1 - t) * x[:, None] + t * y).T.ravel(),
                    gamma.ravel(),
                ),
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
