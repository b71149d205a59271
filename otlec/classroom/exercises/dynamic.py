"""Exercises of chapter 5: the continuity equation, Benamou and Brenier, Otto's metric."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...dynamics.otto import tangent_norm
from ...dynamics.proximal import prox as proximal
from ...measure import Measure
from ._inputs import matrix, vector
from ._machine import Mistake, array, exercise, number, parts, require, same

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
    kind="compute",
    difficulty=2,
    minutes=20,
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


# Theorem 5.1 --------------------------------------------------------------------------------------


def _prox(rho, m, step):
    new, momentum = proximal(np.array([float(rho)]), np.array([[float(m)]]), step)
    return float(new[0]), float(momentum[0, 0])


def _objective(r, n, rho, m, step):
    energy = 0.0 if r == n == 0 else (np.inf if r <= 0 else n**2 / r)
    return energy + ((r - rho) ** 2 + (n - m) ** 2) / (2 * step)


@exercise(
    "5.1a",
    title="The proximal step of the energy",
    answer="prox",
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
    kind="prove",
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
            lambda X, p: _lines(X, p, scale=False),
        ),
        Mistake(
            "roots",
            "Theorem 5.1 compares the energy with W_p^p: no roots here.",
            lambda X, p: _lines(X, p, root=True),
        ),
        Mistake(
            "ends not sorted",
            "Line 3 is W_p^p, the best plan of the ends, whoever came from "
            "where: on the line both ends are sorted.",
            lambda X, p: (*_lines(X, p)[:2], _lines(X, p)[1]),
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


@exercise(
    "5.1c",
    title="A clock that doubles the energy",
    answer="clock",
    kind="decide",
    difficulty=2,
    minutes=15,
    arguments=("t",),
    cases=((0.5,),),
    right="The energy grows by the integral of the squared speed of the clock, which is 1 for the "
    "even clock alone. The shape of the path does not matter.",
    hints=(
        "The factor is the integral of clock'(t)^2 over [0, 1].",
        "Wait for the first half of the time, or find the power a with a^2 / (2 a - 1) = 2.",
    ),
    mistakes=(
        Mistake("the even clock", "clock(t) = t has the factor 1, the least one.", lambda t: t),
        Mistake(
            "clock of the lecture's example", "clock(t) = t^2 has the factor 4/3.", lambda t: t**2
        ),
        Mistake("ends", "The journey has to start at 0 and to end at 1.", lambda t: 2 * t),
    ),
)
def _clock(call, t):
    steps = 1024
    values = np.array([number(call(k / steps), f"clock({k / steps:g})") for k in range(steps + 1)])
    ends = f"clock(0) = {values[0]:.4g} and clock(1) = {values[-1]:.4g} should be 0 and 1"
    require(abs(values[0]) <= 1e-6 and abs(values[-1] - 1) <= 1e-6, ends)
    factor = steps * (np.diff(values) ** 2).sum()
    require(abs(factor - 2) <= 2e-3, f"the energy grows by the factor {factor:.4f}, not 2")


# Riemannian interpretation ------------------------------------------------------------------------


@st.composite
def _tangents(draw):
    n = draw(st.integers(2, 5))
    rho = draw(vector(n, st.integers(1, 4)))
    delta = draw(vector(n, st.integers(-3, 3)))
    return rho / rho.mean(), delta - delta.mean()


def _norm(rho, delta, width=True, weigh=True, root=True):
    n = rho.size
    flux = np.cumsum(delta)[:-1] / (n if width else 1)
    weight = (rho[1:] + rho[:-1]) / 2 if weigh else np.ones(n - 1)
    return ((flux**2 / weight).sum() / n) ** (0.5 if root else 1.0)


@exercise(
    "riemannian-a",
    item="riemannian",
    title="The length of a tangent vector",
    answer="norm",
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("rho", "delta"),
    inputs=_tangents(),
    closed=("tangent_norm", "tangent"),
    cases=(
        (np.array([1.0, 1.0]), np.array([1.0, -1.0])),
        (np.array([0.5, 1.5]), np.array([1.0, -1.0])),
        (np.array([2.0, 1.0, 0.5, 0.5]), np.array([1.0, 0.0, -2.0, 1.0])),
    ),
    right="On the line the continuity equation leaves no choice: the flux is G, its velocity "
    "G/rho, and the energy the integral of G^2/rho. It is dear to cross a place where rho is "
    "small.",
    hints=(
        "Through the face between cells k and k + 1 passes the sum of delta over the cells before "
        "it, times 1/n.",
        "rho at a face is the mean of its two cells; sum G^2/rho over the inner faces, times 1/n.",
    ),
    mistakes=(
        Mistake(
            "missing root",
            "This is the squared norm.",
            lambda rho, delta: _norm(rho, delta, root=False),
        ),
        Mistake(
            "width of the cells",
            "G is an integral: each cell counts with its width 1/n.",
            lambda rho, delta: _norm(rho, delta, width=False),
        ),
        Mistake(
            "density not used",
            "The velocity is G/rho, and its square is weighed by rho: there remains a 1/rho.",
            lambda rho, delta: _norm(rho, delta, weigh=False),
        ),
    ),
)
def _norm_judge(call, rho, delta):
    found = number(call(rho, delta))
    tol = 10 * call.tolerance
    same(number(call(rho, 2 * delta)), 2 * found, "a norm doubles with its vector", tol)
    same(found, tangent_norm(rho, delta), "the root of the integral of G^2/rho", tol)


@st.composite
def _graphs(draw):
    nodes = draw(st.integers(2, 4))
    edges = [(i, j) for i in range(nodes) for j in range(i)]
    D = np.zeros((len(edges), nodes))
    for k, (i, j) in enumerate(edges):
        D[k, i], D[k, j] = 1.0, -1.0
    r = draw(vector(len(edges), st.integers(1, 4)))
    return draw(vector(len(edges))), D, r


def _project(v, D, r):
    root = np.sqrt(r)
    return D @ np.linalg.lstsq(root[:, None] * D, root * v, rcond=None)[0]


_D = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [1.0, 0.0, -1.0]])


@exercise(
    "riemannian-b",
    item="riemannian",
    title="The Helmholtz projection",
    answer="project",
    kind="compute",
    difficulty=3,
    minutes=30,
    arguments=("v", "D", "r"),
    inputs=_graphs(),
    closed=("helmholtz",),
    cases=(
        (np.array([1.0, 1.0, 0.0]), _D, np.array([1.0, 1.0, 1.0])),
        (np.array([1.0, 0.0, -1.0]), _D, np.array([1.0, 2.0, 4.0])),
    ),
    right="The gradient part moves mass exactly as v does, and the rest, orthogonal to all "
    "gradients for rho, moves none: of all fields that do the same, the gradient is the cheapest.",
    hints=(
        "Look for w = D u with D^T (r (v - w)) = 0: a least squares problem with weights r.",
        "np.linalg.lstsq has no weights: multiply rows by the root of r.",
    ),
    mistakes=(
        Mistake(
            "no weights",
            "Orthogonality is that of L^2(rho): each edge counts with r.",
            lambda v, D, r: _project(v, D, np.ones_like(r)),
        ),
        Mistake(
            "the rest",
            "This is the part that moves nothing; the gradient part is v minus it.",
            lambda v, D, r: v - _project(v, D, r),
        ),
        Mistake(
            "weights twice",
            "Least squares squares the rows: multiply them by the root of r.",
            lambda v, D, r: _project(v, D, r**2),
        ),
    ),
)
def _project_judge(call, v, D, r):
    w = array(call(v, D, r), v.shape)
    tol = max(1e-8, 10 * call.tolerance)
    same(D.T @ (r * w), D.T @ (r * v), "w moves mass as v does: D^T (r w) = D^T (r v)", tol)
    u = np.linalg.lstsq(D, w, rcond=None)[0]
    same(w, D @ u, "w is a gradient, D u", tol)
    require(r @ w**2 <= r @ v**2 + tol * max(1.0, r @ v**2), "w costs more than v")
