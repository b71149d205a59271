"""The project of chapter 5: two ways to fill a room, and what they cost."""

import hypothesis.strategies as st
import numpy as np

from ._inputs import vector
from ._machine import Mistake, exercise
from ._values import array, number, same


@st.composite
def _density_films(draw):
    n, steps = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    frames = np.array([draw(vector(n, st.integers(1, 4))) for _ in range(steps + 1)])
    return (frames / frames.mean(axis=1, keepdims=True),)


_FADE = np.array([[2.0, 1.0, 0.5, 0.5], [1.25, 1.0, 0.75, 1.0], [0.5, 1.0, 1.0, 1.5]])
_SHORT = np.array([[1.5, 0.5], [0.5, 1.5]])


def _momentum(rho, sign=-1.0, time=True, width=True):
    steps, n = rho.shape[0] - 1, rho.shape[1]
    change = np.diff(rho, axis=0) * (steps if time else 1)
    return sign * np.cumsum(change, axis=1)[:, :-1] / (n if width else 1)


def _action(rho, m=None, half=1.0, faces=None, inverse=True):
    m = _momentum(rho) if m is None else m
    middle = (rho[1:] + rho[:-1]) / 2
    at = (middle[:, 1:] + middle[:, :-1]) / 2 if faces is None else faces(middle)
    return half * (m**2 / at if inverse else m**2 * at).sum() / (m.shape[0] * rho.shape[1])


@exercise(
    "5-project-a",
    item="continuity",
    title="Two ways to fill a room: who has to pass",
    answer="momentum",
    solution=lambda rho: _momentum(rho),
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("rho",),
    inputs=_density_films(),
    closed=("continuity_residual",),
    cases=((_SHORT,), (_FADE,)),
    right="What is missing to the left of a face has passed it: in one dimension the continuity "
    "equation leaves no choice.",
    hints=(
        "In the step k the mass in cell i changes by (rho[k + 1, i] - rho[k, i]) / n, in the time "
        "1/K.",
        "What passes the face between i and i + 1, to the right, is what the cells 0, ..., i lose.",
        "np.cumsum along axis 1; the last face is the wall, where nothing passes.",
    ),
    mistakes=(
        Mistake(
            "sign and scale",
            "Two things at once: what passes to the right is what the cells on the left lose, and "
            "a cell holds rho/n, a step takes 1/K.",
            (
                lambda rho: _momentum(rho, sign=1.0, time=False, width=False),
                lambda rho: _momentum(rho, sign=1.0, time=False),
                lambda rho: _momentum(rho, sign=1.0, width=False),
                lambda rho: _momentum(rho, time=False, width=False),
            ),
        ),
        Mistake(
            "sign",
            "The momentum is positive to the right: it is what the cells on the left lose.",
            lambda rho: _momentum(rho, sign=1.0),
        ),
        Mistake(
            "duration of a step",
            "A step takes the time 1/K: the rate is K times the change.",
            (
                lambda rho: _momentum(rho, time=False),
                lambda rho: _momentum(rho) * len(rho) / (len(rho) - 1),
            ),
        ),
        Mistake(
            "width of a cell",
            "A cell holds the mass rho/n: its width counts.",
            lambda rho: _momentum(rho, width=False),
        ),
        Mistake(
            "walls",
            "n cells have n - 1 faces between them: what has passed all cells, or none, stands at "
            "a wall, and is left out.",
            (
                lambda rho: np.pad(_momentum(rho), ((0, 0), (0, 1))),
                lambda rho: np.pad(_momentum(rho), ((0, 0), (1, 0))),
                lambda rho: np.pad(_momentum(rho), ((0, 0), (1, 1))),
            ),
        ),
        Mistake(
            "change of the cell alone",
            "Through a face goes what all cells on its left lose together.",
            lambda rho: -np.diff(rho, axis=0)[:, :-1] * (len(rho) - 1) / rho.shape[1],
        ),
    ),
)
def _momentum_judge(call, rho):
    steps, n = rho.shape[0] - 1, rho.shape[1]
    m = array(call(rho), (steps, n - 1))
    walls = np.pad(m, ((0, 0), (1, 1)))
    same(
        np.diff(rho, axis=0) * steps,
        -np.diff(walls, axis=1) * n,
        "in each cell and step, the rate of change of rho is minus the difference of m times n",
        100 * call.tolerance,
    )


@exercise(
    "5-project-b",
    item="5.1",
    title="Two ways to fill a room: what it costs",
    answer="film_action",
    solution=lambda rho: _action(rho),
    kind="compute",
    difficulty=2,
    minutes=25,
    arguments=("rho",),
    inputs=_density_films(),
    closed=("action", "continuity_residual"),
    cases=((_SHORT,), (_FADE,)),
    right="Mass that fades out here and in there has to travel all the same, and through places "
    "that are nearly empty it must run: displacement is cheaper.",
    hints=(
        "Start from the momentum m of part one, of shape (K, n - 1).",
        "The action is the sum of m^2/rho over all steps and inner faces, each of duration 1/K and "
        "width 1/n.",
        "rho is needed at the faces and in the middle of the steps: take the mean of the two cells "
        "and of the two times, of four values.",
    ),
    mistakes=(
        Mistake(
            "density in the wrong place",
            "Take rho in the middle of the step and at the face: the mean of four values.",
            (
                lambda rho: _action(rho, faces=lambda r: rho[:-1, 1:]),
                lambda rho: _action(rho, faces=lambda r: rho[:-1, :-1]),
                lambda rho: _action(rho, faces=lambda r: r[:, 1:]),
                lambda rho: _action(rho, faces=lambda r: r[:, :-1]),
                lambda rho: _action(rho, faces=lambda r: (rho[:-1, 1:] + rho[:-1, :-1]) / 2),
                lambda rho: _action(rho, faces=lambda r: (rho[1:, 1:] + rho[1:, :-1]) / 2),
            ),
        ),
        Mistake(
            "momentum times density",
            "The energy is v^2 rho, and v = m/rho: there remains m^2/rho.",
            (
                lambda rho: _action(rho, inverse=False),
                lambda rho: _action(rho, faces=lambda r: np.ones((len(r), r.shape[1] - 1))),
            ),
        ),
        Mistake(
            "kinetic energy with 1/2",
            "The action of Theorem 5.1 has no factor 1/2.",
            lambda rho: _action(rho, half=0.5),
        ),
        Mistake(
            "sum for integral",
            "Each face counts with the width 1/n, each step with the duration 1/K.",
            (
                lambda rho: _action(rho) * rho.shape[1],
                lambda rho: _action(rho) * (len(rho) - 1),
                lambda rho: _action(rho) * rho.shape[1] * (len(rho) - 1),
                lambda rho: _action(rho) * rho.shape[1] / (rho.shape[1] - 1),
            ),
        ),
        Mistake(
            "momentum not squared",
            "The energy is quadratic in the momentum: m^2/rho.",
            lambda rho: _action(rho, m=np.sqrt(np.abs(_momentum(rho)))),
        ),
    ),
)
def _film_action(call, rho):
    found = number(call(rho))
    tol = 100 * call.tolerance
    steps, faces = len(rho) - 1, rho.shape[1] - 1
    same(found, _action(rho), f"the sum of m^2/rho over {faces} faces and {steps} steps", tol)
