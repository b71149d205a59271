"""Exercises of chapter 5: the theorem of Benamou and Brenier."""

import heapq

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...dynamics.proximal import prox as proximal
from ...measure import Measure
from ._inputs import matrix
from ._machine import Mistake, exercise
from ._values import number, parts, require, same

# Theorem 5.1 --------------------------------------------------------------------------------------


def _prox(rho, m, step):
    new, momentum = proximal(np.array([float(rho)]), np.array([[float(m)]]), step)
    return float(new[0]), float(momentum[0, 0])


def _by_cubic(rho, m, step):
    """The same from the greatest root of (r - rho) (r + 2 step)^2 = step m^2."""
    s = 2 * step
    roots = np.roots([1.0, 2 * s - rho, s**2 - 2 * s * rho, -rho * s**2 - step * m**2])
    r = roots.real[np.abs(roots.imag) < 1e-6].max()
    return (r, m * r / (r + s)) if r > 0 else (0.0, 0.0)


def _objective(r, n, rho, m, step):
    energy = 0.0 if r == n == 0 else (np.inf if r <= 0 else n**2 / r)
    return energy + ((r - rho) ** 2 + (n - m) ** 2) / (2 * step)


@exercise(
    "5.1a",
    title="The proximal step of the energy",
    answer="prox",
    solution=lambda *a: _by_cubic(*a),
    parts=("the density", "the momentum"),
    kind="compute",
    difficulty=3,
    minutes=40,
    arguments=("rho", "m", "step"),
    closed=("dynamics.proximal.prox",),
    inputs=st.tuples(
        *(st.integers(-8, 8).map(lambda k: k / 4),) * 2, st.sampled_from([0.25, 0.5, 1.0, 2.0])
    ),
    cases=(
        (1.0, 0.0, 1.0),
        (1.0, 1.0, 1.0),
        (1.0, -1.0, 0.5),
        (-1.0, 0.5, 2.0),
        (0.5, 2.0, 2.0),
        (-1.0, 3.0, 0.25),
    ),
    right="No pair does better. The step decides how far one goes; the new momentum keeps its "
    "sign, and the density is cut off at 0.",
    hints=(
        "For a given r the best n solves a linear equation: n = m r / (r + 2 step).",
        "Insert it: r solves (r - rho) (r + 2 step)^2 = step m^2, a cubic whose greatest root "
        "counts.",
        "If that root is not positive, the minimiser is (0, 0).",
    ),
    mistakes=(
        Mistake(
            "only cut off",
            "The energy pulls, too: the momentum shrinks, and the density grows where there is "
            "momentum.",
            (
                lambda rho, m, step: (max(rho, 0.0), m),
                lambda rho, m, step: (max(rho, 0.0), m if rho > 0 else 0.0),
                lambda rho, m, step: (rho, m),
            ),
        ),
        Mistake(
            "step 1", "This is right for step = 1 only.", lambda rho, m, step: _prox(rho, m, 1.0)
        ),
        Mistake(
            "sign of the momentum",
            "The new momentum points the way of the old one.",
            lambda rho, m, step: (_prox(rho, m, step)[0], -_prox(rho, m, step)[1]),
        ),
        Mistake(
            "energy with 1/2",
            "The energy of Theorem 5.1 has no factor 1/2: with it the step would count half.",
            lambda rho, m, step: _prox(rho, m, step / 2),
        ),
        Mistake(
            "density not cut off",
            "The energy is infinite for negative densities: cut off at 0.",
            lambda rho, m, step: _prox(rho, m, step) if _prox(rho, m, step)[0] > 0 else (rho, 0.0),
        ),
        Mistake(
            "density of before",
            "The momentum is right for this density. But the density grows as well, where there is "
            "momentum: what is the derivative in r?",
            lambda rho, m, step: (max(rho, 0.0), m * max(rho, 0.0) / (max(rho, 0.0) + 2 * step)),
        ),
        Mistake(
            "momentum of before",
            "The density is right. The momentum shrinks: n = m r / (r + 2 step).",
            lambda rho, m, step: (_prox(rho, m, step)[0], m),
        ),
        Mistake(
            "the step twice",
            "The squares are divided by 2 step, and this 2 is lost when they are differentiated.",
            lambda rho, m, step: _prox(rho, m, 2 * step),
        ),
    ),
)
def _prox_judge(call, rho, m, step):
    pair = parts(call(rho, m, step), 2, "the result (density and momentum)")
    r, n = number(pair[0], "the density"), number(pair[1], "the momentum")
    tol = max(1e-8, 10 * call.tolerance)
    require(r >= -1e-12, f"the density is negative: {r:.4g}")
    r = max(r, 0.0)
    if r <= 1e-7 and abs(n) <= 1e-7:
        r = n = 0.0
    best = _prox(rho, m, step)
    mine, least = _objective(r, n, rho, m, step), _objective(*best, rho, m, step)
    require(
        mine <= least + tol * max(1.0, least),
        f"({r:.4g}, {n:.4g}) gives the value {mine:.6g}, but {least:.6g} can be reached",
    )


@st.composite
def _paths(draw):
    steps, n = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    return draw(matrix(steps + 1, n)), draw(st.sampled_from([1.0, 2.0, 3.0]))


def _lines(X, p, scale=True, root=False, start=True):
    steps = X.shape[0] - 1
    moves = np.abs(np.diff(X, axis=0)) * (steps if scale else 1)
    action = (moves**p).sum(axis=0) / (steps if scale else 1)
    straight = np.abs(X[-1] - X[0]) ** p
    best = np.abs(np.sort(X[-1]) - np.sort(X[0])) ** p
    values = action.mean(), straight.mean(), best.mean()
    return tuple(v ** (1 / p) for v in values) if root else values


@exercise(
    "5.1b",
    title="The action is at least the distance",
    answer="action_chain",
    solution=lambda *a: _lines(*a),
    parts=("line 1", "line 2", "line 3"),
    kind="explain",
    difficulty=2,
    minutes=25,
    arguments=("X", "p"),
    inputs=_paths(),
    cases=(
        (np.array([[0.0], [1.0]]), 2.0),
        (np.array([[0.0], [1.0], [4.0]]), 2.0),
        (np.array([[0.0, 1.0], [2.0, 0.0], [3.0, 1.0]]), 3.0),
    ),
    right="Jensen's inequality straightens each path and gives it constant speed; then the plan of "
    "the ends is at least as dear as the optimal one. A geodesic turns both into equalities.",
    hints=(
        "Each step takes the time 1/K: the speed is K times the step, and its p-th power counts "
        "for the time 1/K.",
        "Line 2 compares the ends of each path; line 3 is W_p^p of the ends: on the line, sort.",
    ),
    mistakes=(
        Mistake(
            "no time",
            "A step of duration 1/K has the speed K times its length, and counts for the time 1/K.",
            (
                lambda X, p: _lines(X, p, scale=False),
                lambda X, p: (np.mean(np.abs(np.diff(X, axis=0)) ** p), *_lines(X, p)[1:]),
            ),
        ),
        Mistake(
            "roots",
            "Theorem 5.1 compares the energy with W_p^p: no roots here.",
            lambda X, p: _lines(X, p, root=True),
        ),
        Mistake(
            "W instead of its power",
            "The lines are costs: line 3 is W_p^p, without the root.",
            lambda X, p: (*_lines(X, p)[:2], _lines(X, p)[2] ** (1 / p)),
        ),
        Mistake(
            "sums for means",
            "Each of the n particles has the mass 1/n.",
            lambda X, p: tuple(X.shape[1] * v for v in _lines(X, p)),
        ),
        Mistake(
            "speed without its duration",
            "The speed of a step is K times its length, and it counts for the time 1/K.",
            lambda X, p: ((X.shape[0] - 1) * _lines(X, p)[0], *_lines(X, p)[1:]),
        ),
        Mistake(
            "order of the lines",
            "From the greatest to the least: action, straight, W_p^p.",
            lambda X, p: _lines(X, p)[::-1],
        ),
        Mistake(
            "ends not sorted",
            "Line 3 is W_p^p, the best plan of the ends, whoever came from "
            "where: on the line both ends are sorted.",
            lambda X, p: (*_lines(X, p)[:2], _lines(X, p)[1]),
        ),
        Mistake(
            "one step too many",
            "K + 1 times make K steps: K is len(X) - 1.",
            (
                lambda X, p: (
                    np.mean((len(X) * np.abs(np.diff(X, axis=0))) ** p),
                    *_lines(X, p)[1:],
                ),
                lambda X, p: (
                    (np.abs(len(X) * np.diff(X, axis=0)) ** p).sum(axis=0).mean() / len(X),
                    *_lines(X, p)[1:],
                ),
            ),
        ),
        Mistake(
            "length for action",
            "This is a power of the length. In the action each speed has the power p by itself.",
            lambda X, p: (
                np.mean(np.abs(np.diff(X, axis=0)).sum(axis=0) ** p),
                *_lines(X, p)[1:],
            ),
        ),
        Mistake(
            "p fixed",
            "This is the chain for one fixed p, whatever p is given.",
            (lambda X, p: _lines(X, 2.0), lambda X, p: _lines(X, 1.0)),
        ),
    ),
)
def _action_chain(call, X, p):
    lines = parts(call(X, p), 3, "the result (three lines)")
    found = [number(v, f"line {k}") for k, v in enumerate(lines, 1)]
    tol = 100 * call.tolerance
    for k in (0, 1):
        require(
            found[k] >= found[k + 1] - tol * max(1.0, found[k + 1]),
            f"line {k + 1} is at least line {k + 2}, but {found[k]:.6g} < {found[k + 1]:.6g}",
        )
    same(
        found[2],
        wasserstein(Measure(X[0]), Measure(X[-1]), p) ** p,
        "line 3 is W_p^p of the two ends",
        tol,
    )
    names = ("the action of the paths", "the cost of going straight")
    for k, value in enumerate(_lines(X, p)[:2]):
        same(found[k], value, f"line {k + 1} is {names[k]}", tol)


def energy(path, count=1500):
    """The energy of a path on [0, 1], its greatest polygon found by halving where it gains most.

    The polygons at more and more times have energies that grow to that of the path; near times at
    which the speed is infinite they do so slowly, and halving goes there by itself.
    """
    at = {k / 32: path(k / 32) for k in range(33)}

    def piece(s, t):
        return ((at[t] - at[s]) ** 2).sum() / (t - s)

    total, queue = 0.0, []

    def push(s, t):
        middle = (s + t) / 2
        at[middle] = path(middle)
        gain = piece(s, middle) + piece(middle, t) - piece(s, t) if s < middle < t else 0.0
        heapq.heappush(queue, (-gain, s, t))

    for k in range(32):
        total += piece(k / 32, (k + 1) / 32)
        push(k / 32, (k + 1) / 32)
    while queue[0][0] < -1e-7 and len(at) < count:
        gain, s, t = heapq.heappop(queue)
        total -= gain
        push(s, (s + t) / 2)
        push((s + t) / 2, t)
    return total


@exercise(
    "5.1c",
    title="A clock that wastes a quarter",
    answer="clock",
    kind="construct",
    difficulty=2,
    minutes=15,
    arguments=("t",),
    cases=((0.5,),),
    probes=((0.125,), (0.25,), (0.75,), (0.9,)),
    right="The energy grows by the integral of the squared speed of the clock, which is 1 for the "
    "even clock alone. The shape of the path does not matter.",
    hints=(
        "The factor is the integral of clock'(t)^2 over [0, 1].",
        "Wait for a while, and run evenly for the rest: how long a while?",
        "Or find a power a with a^2 / (2 a - 1) = 5/4.",
    ),
    mistakes=(
        Mistake("the even clock", "clock(t) = t has the factor 1, the least one.", lambda t: t),
        Mistake(
            "clock of the lecture's example", "clock(t) = t^2 has the factor 4/3.", lambda t: t**2
        ),
        Mistake(
            "wait a quarter",
            "Who waits for the time w runs at the speed 1/(1 - w), for the time 1 - w: the factor "
            "is 1/(1 - w).",
            (
                lambda t: max(0.0, (t - 0.25) / 0.75),
                lambda t: min(1.0, t / 0.75),
            ),
        ),
        Mistake(
            "half of the time",
            "At rest for half of the time, the speed is 2 for the other half: the factor is 2.",
            (lambda t: max(0.0, 2 * t - 1), lambda t: min(1.0, 2 * t)),
        ),
        Mistake(
            "ends",
            "The journey has to start at 0 and to end at 1.",
            (lambda t: 2 * t, lambda t: 1.25 * t, lambda t: np.sqrt(1.25) * t, lambda t: 1 - t),
        ),
        Mistake(
            "a jump",
            "A clock that jumps has no finite energy: to be at once somewhere else costs more than "
            "any number.",
            (
                lambda t: 0.0 if t < 0.5 else 1.0,
                lambda t: 0.0 if t < 1 else 1.0,
                lambda t: float(t > 0),
                lambda t: float(round(t)),
            ),
        ),
        Mistake(
            "another factor",
            "A power t^a has the factor a^2/(2 a - 1), and waiting for the time w has 1/(1 - w): "
            "for which a or w is that 5/4?",
        ),
    ),
)
def _clock(call, t):
    def place(s):
        return np.array(number(call(s), f"clock({s:g})"))

    start, end = place(0.0), place(1.0)
    ends = f"clock(0) = {start:.4g} and clock(1) = {end:.4g} should be 0 and 1"
    require(abs(start) <= 1e-6 and abs(end - 1) <= 1e-6, ends)
    factor = energy(place)
    require(
        factor <= 1e4,
        "the energy grows without bound when it is measured more finely: it jumps",
        "a jump",
    )
    require(
        abs(factor - 1.25) <= 2e-3,
        f"the energy grows by the factor {factor:.4f}, not 1.25",
        general="another factor",
    )
