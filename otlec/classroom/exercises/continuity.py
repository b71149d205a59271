"""Exercises of chapter 5: the continuity equation."""

import hypothesis.strategies as st
import numpy as np

from ._inputs import HALVES, matrix, vector
from ._machine import Mistake, exercise
from ._values import array, number, parts, require, same

# The continuity equation --------------------------------------------------------------------------


@st.composite
def _momenta(draw):
    n, m = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    h = draw(st.sampled_from([1.0, 0.5, 0.25]))
    return draw(matrix(n + 1, m)), draw(matrix(n, m + 1)), h


def _diverge(mx, my, h, sign=1.0):
    return sign * (mx[1:] - mx[:-1] + my[:, 1:] - my[:, :-1]) / h


_MX = np.array([[0.0], [1.0], [0.0]])
_MY = np.array([[0.0, 2.0], [1.0, 0.0]])


@exercise(
    "continuity-a",
    item="continuity",
    title="The divergence on a staggered grid",
    answer="divergence",
    solution=lambda *a: _diverge(*a),
    kind="compute",
    difficulty=1,
    minutes=15,
    arguments=("mx", "my", "h"),
    inputs=_momenta(),
    closed=("continuity_residual", "dynamics.staggered_grid.divergence"),
    cases=(
        (_MX, np.zeros((2, 2)), 0.5),
        (_MX, _MY, 0.5),
        (_MX.T @ np.ones((3, 1)) * 0 + np.array([[0.0], [2.0]]), np.array([[1.0, 3.0]]), 0.25),
    ),
    right="What leaves one cell enters its neighbour, so that only the walls count in the total; "
    "and minus the divergence is the adjoint of the gradient, on the grid as in the continuum.",
    hints=(
        "Each cell has a left and a right face in mx, a lower and an upper one in my.",
        "Outflow minus inflow, over the width h of a cell, for both directions.",
    ),
    mistakes=(
        Mistake(
            "sign",
            "The divergence is what flows out: the value at the right face minus that at "
            "the left face.",
            lambda mx, my, h: _diverge(mx, my, h, -1.0),
        ),
        Mistake(
            "width of the cell",
            "Divide by the width h: a difference is not yet a derivative.",
            lambda mx, my, h: _diverge(mx, my, 1.0),
        ),
        Mistake(
            "one direction",
            "Both components flow out of a cell: add their differences.",
            lambda mx, my, h: (mx[1:] - mx[:-1]) / h,
        ),
        Mistake(
            "difference of the directions",
            "The divergence adds the two differences.",
            lambda mx, my, h: (mx[1:] - mx[:-1] - my[:, 1:] + my[:, :-1]) / h,
        ),
    ),
)
def _divergence(call, mx, my, h):
    shape = (mx.shape[0] - 1, mx.shape[1])
    found = array(call(mx, my, h), shape)
    tol = 10 * call.tolerance
    out = (mx[-1] - mx[0]).sum() + (my[:, -1] - my[:, 0]).sum()
    same(h * found.sum(), out, "in total, what leaves the cells leaves through the walls", tol)
    for k in range(found.size):  # adjointness, tested on the indicator of each cell
        i, j = np.unravel_index(k, shape)
        outflow = (mx[i + 1, j] - mx[i, j] + my[i, j + 1] - my[i, j]) / h
        same(
            found[i, j],
            outflow,
            f"the flow out of the cell ({i}, {j}), which is the adjoint of minus the gradient",
            tol,
        )


@exercise(
    "continuity-b",
    item="continuity",
    title="The velocity field of a dilation",
    answer="velocity",
    solution=lambda s, t, x: (s - 1) * x / (1 - t + t * s),
    kind="compute",
    difficulty=2,
    minutes=15,
    arguments=("s", "t", "x"),
    inputs=st.tuples(
        st.sampled_from([0.5, 2.0, 3.0]),
        st.sampled_from([0.0, 0.25, 0.5, 0.75]),
        st.integers(1, 4).flatmap(vector),
    ),
    cases=(
        (2.0, 0.0, np.array([1.0])),
        (2.0, 0.5, np.array([1.0, 3.0])),
        (0.5, 0.75, np.array([-2.0])),
    ),
    right="A particle keeps its speed (s - 1) x_0 for ever, but the field is asked at a place: "
    "first find out who is there at time t.",
    hints=(
        "T_t(x_0) = (1 - t + t s) x_0. How fast does this particle move?",
        "Which x_0 is at x at time t? Put it into the speed.",
    ),
    mistakes=(
        Mistake(
            "speed of another particle",
            "(s - 1) x is the speed of the particle that *started* "
            "at x. At time t another one is there.",
            lambda s, t, x: (s - 1) * x,
        ),
        Mistake(
            "not inverted",
            "The particle at x started at x / (1 - t + t s): divide.",
            lambda s, t, x: (s - 1) * x * (1 - t + t * s),
        ),
        Mistake(
            "position instead of speed",
            "This is where the particle started; its speed is s - 1 times as much.",
            lambda s, t, x: x / (1 - t + t * s),
        ),
        Mistake(
            "speed s",
            "The place is (1 - t + t s) x_0: its derivative in t is (s - 1) x_0, not s x_0.",
            (
                lambda s, t, x: s * x / (1 - t + t * s),
                lambda s, t, x: s * x,
            ),
        ),
    ),
)
def _velocity(call, s, t, x):
    start = x  # particles that start at x are followed to time t
    place = (1 - t + t * s) * start
    found = array(call(s, t, place), x.shape)
    ahead = (1 - (t + 0.125) + (t + 0.125) * s) * start
    same(
        found,
        (ahead - place) / 0.125,
        f"the particles that started at {start} move with the field at time {t:g}",
        10 * call.tolerance,
    )
    asked = array(call(s, t, x), x.shape)
    same(asked, (s - 1) * x / (1 - t + t * s), "the field at x", 10 * call.tolerance)


@st.composite
def _two_crowds(draw):
    n = draw(st.integers(1, 4))
    density = st.integers(0, 3).map(lambda k: k / 2)
    rows = [draw(vector(n, entries)) for entries in (density, HALVES) * 2]
    return tuple(rows)


def _mean(rho1, v1, rho2, v2):
    total = rho1 + rho2
    return np.where(total > 0, (rho1 * v1 + rho2 * v2) / np.where(total > 0, total, 1), 0.0)


def _energies(rho1, v1, rho2, v2, v):
    return v, (rho1 * v1**2 + rho2 * v2**2 - (rho1 + rho2) * v**2).sum()


@exercise(
    "continuity-c",
    item="continuity",
    title="Two crowds that cross",
    answer="crossing_crowds",
    solution=lambda *a: _energies(*a, _mean(*a)),
    parts=("the velocity", "the energy saved"),
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("rho1", "v1", "rho2", "v2"),
    inputs=_two_crowds(),
    cases=(
        (np.array([1.0, 1.0, 0.0]), np.ones(3), np.array([0.0, 1.0, 1.0]), -np.ones(3)),
        (np.array([1.0, 3.0]), np.array([2.0, 1.0]), np.array([1.0, 1.0]), np.array([0.0, -3.0])),
        (np.array([0.0, 2.0]), np.array([1.0, 1.0]), np.array([0.0, 1.0]), np.array([2.0, 4.0])),
    ),
    right="One field moves the mass of both, with their mean velocity, and with less energy: "
    "crowds that cross do not exchange places, as far as the density can tell.",
    hints=(
        "The field v moves the whole density as the two crowds do if it has the same momentum: "
        "(rho1 + rho2) v = rho1 v1 + rho2 v2.",
        "Where nobody is, choose 0. The energy is the sum of rho v^2 over the cells.",
    ),
    mistakes=(
        Mistake(
            "nothing saved",
            "Where both crowds are and their velocities differ, the one field has less energy "
            "than the two together.",
            lambda *a: (_mean(*a), 0.0),
        ),
        Mistake(
            "plain mean",
            "The greater crowd counts for more: weigh the velocities by the densities.",
            lambda *a: _energies(*a, (a[1] + a[3]) / 2),
        ),
        Mistake(
            "sum of the velocities",
            "Velocities of two crowds at one place do not add; their momenta do.",
            lambda *a: _energies(*a, a[1] + a[3]),
        ),
        Mistake(
            "momentum for velocity",
            "This is the momentum. Divide it by the whole density.",
            lambda *a: _energies(*a, a[0] * a[1] + a[2] * a[3]),
        ),
        Mistake(
            "0/0",
            "Where nobody is, 0/0 gives nan: put 0 there.",
            lambda *a: _energies(*a, (a[0] * a[1] + a[2] * a[3]) / (a[0] + a[2])),
        ),
        Mistake(
            "energy with 1/2",
            "Theorem 5.1 has no factor 1/2 in its energy.",
            lambda *a: (_mean(*a), _energies(*a, _mean(*a))[1] / 2),
        ),
        Mistake(
            "sign of the energy",
            "What is saved: the energy of the two crowds minus that of the one field.",
            lambda *a: (_mean(*a), -_energies(*a, _mean(*a))[1]),
        ),
        Mistake(
            "a share",
            "What is saved is a difference of two energies, not its share of the greater one.",
            lambda *a: (_mean(*a), _energies(*a, _mean(*a))[1] / (_energies(*a, 0.0)[1] or 1.0)),
        ),
        Mistake(
            "not divided by the density",
            "What is saved in a cell is rho1 rho2 (v1 - v2)^2 over the whole density rho1 + rho2.",
            lambda *a: (_mean(*a), (a[0] * a[2] * (a[1] - a[3]) ** 2).sum()),
        ),
    ),
)
def _crowds(call, rho1, v1, rho2, v2):
    pair = parts(call(rho1, v1, rho2, v2), 2, "the result (velocity and energy saved)")
    v, saved = array(pair[0], rho1.shape, "the velocity"), number(pair[1], "the energy saved")
    tol = 100 * call.tolerance
    same((rho1 + rho2) * v, rho1 * v1 + rho2 * v2, "the momentum of the field is that of both", tol)
    empty = rho1 + rho2 == 0
    require(not v[empty].any(), "where nobody is the velocity should be 0")
    gain = _energies(rho1, v1, rho2, v2, v)[1]
    same(saved, gain, "the energy of both minus that of the field", tol)
