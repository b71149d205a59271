"""Exercises of chapter 5: the metric of Otto."""

import hypothesis.strategies as st
import numpy as np

from ...dynamics.otto import tangent_norm
from ._inputs import vector
from ._machine import Mistake, exercise
from ._values import array, number, require, same

# Riemannian interpretation ------------------------------------------------------------------------


@st.composite
def _tangents(draw):
    n = draw(st.integers(2, 5))
    rho = draw(vector(n, st.integers(1, 4)))
    delta = draw(vector(n, st.integers(-3, 3)))
    return rho / rho.mean(), delta - delta.mean()


def _norm(rho, delta, width=True, weigh=True, root=True, at_faces=None):
    n = rho.size
    flux = np.cumsum(delta)[:-1] / (n if width else 1)
    weight = (rho[1:] + rho[:-1]) / 2 if weigh else np.ones(n - 1)
    if at_faces is not None:
        weight = at_faces(rho)
    return ((flux**2 / weight).sum() / n) ** (0.5 if root else 1.0)


@exercise(
    "riemannian-a",
    item="riemannian",
    title="The length of a tangent vector",
    answer="norm",
    solution=lambda rho, delta: _norm(rho, delta),
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
            "density of one cell",
            "G lives at the faces between the cells: rho has to be taken there, as the mean of "
            "the two cells.",
            (
                lambda rho, delta: _norm(rho, delta, at_faces=lambda r: r[:-1]),
                lambda rho, delta: _norm(rho, delta, at_faces=lambda r: r[1:]),
                lambda rho, delta: np.sqrt(
                    np.sum((np.cumsum(delta) / len(rho)) ** 2 / rho) / len(rho)
                ),
            ),
        ),
        Mistake(
            "sum for mean",
            "rho at a face is the mean of its two cells, half of their sum.",
            lambda rho, delta: _norm(rho, delta, at_faces=lambda r: r[:-1] + r[1:]),
        ),
        Mistake(
            "sum for integral",
            "An integral over the interval: each face counts with the width 1/n.",
            lambda rho, delta: _norm(rho, delta) * np.sqrt(rho.size),
        ),
        Mistake(
            "no flux",
            "This integrates delta itself. What crosses a face is the sum of all that is before "
            "it, G.",
            (
                lambda rho, delta: np.sqrt(np.sum(delta**2 / rho) / rho.size),
                lambda rho, delta: np.sqrt(np.mean(delta**2)),
            ),
        ),
        Mistake(
            "density not used",
            "The velocity is G/rho, and its square is weighed by rho: there remains a 1/rho.",
            lambda rho, delta: _norm(rho, delta, weigh=False),
        ),
        Mistake(
            "velocity not weighed",
            "The velocity is G/rho, and its square counts with the mass: one rho of two cancels.",
            lambda rho, delta: _norm(rho, delta, at_faces=lambda r: ((r[:-1] + r[1:]) / 2) ** 2),
        ),
        Mistake(
            "times the density",
            "The velocity is G/rho, and v^2 rho = G^2/rho: divide by rho.",
            lambda rho, delta: _norm(rho, delta, at_faces=lambda r: 2 / (r[:-1] + r[1:])),
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
    solution=lambda *a: _project(*a),
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
        Mistake(
            "v itself",
            "v moves mass as it should, but it is no gradient: look for the D u that does so too.",
            lambda v, D, r: v.copy(),
        ),
        Mistake(
            "the function, not its gradient",
            "This is u, on the nodes. The gradient is D u, on the edges.",
            lambda v, D, r: np.linalg.lstsq(np.sqrt(r)[:, None] * D, np.sqrt(r) * v, rcond=None)[0],
        ),
        Mistake(
            "weights on one side",
            "The root of r multiplies both sides of the least squares problem, D and v.",
            (
                lambda v, D, r: D @ np.linalg.lstsq(np.sqrt(r)[:, None] * D, v, rcond=None)[0],
                lambda v, D, r: D @ np.linalg.lstsq(D, np.sqrt(r) * v, rcond=None)[0],
                lambda v, D, r: D @ np.linalg.lstsq(D, r * v, rcond=None)[0],
            ),
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
