"""Exercises of chapter 3: optimal maps, by a matrix and by hand."""

import hypothesis.strategies as st
import numpy as np

from ._inputs import spd_matrices
from ._machine import Mistake, exercise
from ._values import array, parts, require, same, truth

# Example 3.3 --------------------------------------------------------------------------------------


def _power(S, exponent):
    values, vectors = np.linalg.eigh(S)
    return (vectors * values**exponent) @ vectors.T


def _root_of(M):
    """The root of a matrix with positive eigenvalues that need not be symmetric."""
    values, vectors = np.linalg.eig(M)
    return np.real((vectors * np.sqrt(values + 0j)) @ np.linalg.inv(vectors))


@exercise(
    "3.3",
    title="The Brenier matrix",
    answer="brenier",
    solution=lambda S0, S1: _brenier_matrix(S0, S1),
    kind="compute",
    difficulty=3,
    minutes=25,
    arguments=("S0", "S1"),
    closed=("gaussian_map", "gaussian_geodesic"),
    examples=40,
    inputs=st.integers(1, 3).flatmap(lambda d: st.tuples(spd_matrices(d), spd_matrices(d))),
    cases=(
        (np.array([[4.0]]), np.array([[9.0]])),
        (np.diag([1.0, 4.0]), np.diag([4.0, 1.0])),
        (np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 3.0]])),
    ),
    right="A is symmetric, its eigenvalues are not negative, and A S0 A = S1: x -> A x is the "
    "gradient of a convex function, and so it is optimal.",
    hints=(
        "Multiply A S0 A = S1 by the root R of S0 from both sides: (R A R)^2 = R S1 R.",
        "So R A R is the root of R S1 R. Compute roots from the eigenvectors (np.linalg.eigh).",
    ),
    mistakes=(
        Mistake(
            "not symmetric",
            "The product of two roots maps one Gaussian to the other, but it is "
            "symmetric only if they commute: no gradient, not optimal.",
            (
                lambda S0, S1: _power(S1, 0.5) @ _power(S0, -0.5),
                lambda S0, S1: _power(S0, -0.5) @ _power(S1, 0.5),
            ),
        ),
        Mistake(
            "by Cholesky factors",
            "Cholesky factors give a triangular map: it carries the "
            "measure over, but it is not the optimal one.",
            lambda S0, S1: np.linalg.cholesky(S1) @ np.linalg.inv(np.linalg.cholesky(S0)),
        ),
        Mistake(
            "the way back", "This is the map from S1 to S0.", lambda S0, S1: _brenier_matrix(S1, S0)
        ),
        Mistake(
            "roots exchanged",
            "The inner factors are R, the outer ones its inverse: R A R is the root of R S1 R.",
            (
                lambda S0, S1: (
                    _power(S0, 0.5)
                    @ _power(_power(S0, -0.5) @ S1 @ _power(S0, -0.5), 0.5)
                    @ _power(S0, 0.5)
                ),
                lambda S0, S1: (
                    _power(S0, 0.5)
                    @ _power(_power(S0, 0.5) @ S1 @ _power(S0, 0.5), 0.5)
                    @ _power(S0, 0.5)
                ),
                lambda S0, S1: _power(_power(S0, 0.5) @ S1 @ _power(S0, 0.5), 0.5),
            ),
        ),
        Mistake(
            "root of the quotient",
            "A A is S0^-1 S1 if A and S0 commute. If not, A S0 A = S1 becomes a square when it is "
            "multiplied by the root of S0 from both sides.",
            (
                lambda S0, S1: _root_of(np.linalg.solve(S0, S1)),
                lambda S0, S1: _root_of(np.linalg.solve(S0, S1)).T,
            ),
        ),
        Mistake(
            "root of each entry",
            "np.sqrt takes the root of each entry. The root of a matrix has the same "
            "eigenvectors, and the roots of the eigenvalues.",
            (
                lambda S0, S1: np.sqrt(S1) @ np.linalg.inv(np.sqrt(S0)),
                lambda S0, S1: np.linalg.inv(np.sqrt(S0)) @ np.sqrt(S1),
                lambda S0, S1: (
                    np.linalg.inv(np.sqrt(S0))
                    @ np.sqrt(np.sqrt(S0) @ S1 @ np.sqrt(S0))
                    @ np.linalg.inv(np.sqrt(S0))
                ),
            ),
        ),
        Mistake(
            "missing root",
            "A S0 A = S1 has A twice: the ratio of the covariances is its square.",
            (
                lambda S0, S1: S1 @ np.linalg.inv(S0),
                lambda S0, S1: np.linalg.inv(S0) @ S1,
            ),
        ),
        Mistake(
            "root of a product",
            "S0^-1 S1 is not symmetric: eigh does not decompose it, and its root is not A.",
            (
                lambda S0, S1: _power(np.linalg.inv(S0) @ S1, 0.5),
                lambda S0, S1: _power(S1 @ np.linalg.inv(S0), 0.5),
                lambda S0, S1: np.sqrt(np.linalg.inv(S0) @ S1),
                lambda S0, S1: np.sqrt(S1 @ np.linalg.inv(S0)),
            ),
        ),
    ),
)
def _brenier(call, S0, S1):
    A = array(call(S0, S1), S0.shape)
    tol = 1e-7 if call.tolerance < 1e-6 else 1e-2
    same(A @ S0 @ A.T, S1, "A carries S0 to S1: A S0 A^T = S1", tol)
    same(A, A.T, "A is symmetric", tol)
    least = np.linalg.eigvalsh((A + A.T) / 2).min()
    require(least >= -tol, f"an eigenvalue of A is negative: {least:.4g}")


def _brenier_matrix(S0, S1):
    R, inverse = _power(S0, 0.5), _power(S0, -0.5)
    return inverse @ _power(R @ S1 @ R, 0.5) @ inverse


@st.composite
def _laws(draw):
    rate, b = draw(st.sampled_from([0.5, 1.0, 2.0])), draw(st.sampled_from([0.5, 1.0, 3.0]))
    count = draw(st.integers(1, 3))
    eighths = st.integers(0, 24).map(lambda k: k / 8)
    x = np.array(draw(st.lists(eighths, min_size=count, max_size=count)))
    y = b * np.array(draw(st.lists(st.integers(0, 7), min_size=count, max_size=count))) / 8
    return x, y, rate, b


def _there_and_back(x, y, rate, b):
    return b * (1 - np.exp(-rate * x)), -np.log(1 - y / b) / rate


@exercise(
    "3.3b",
    title="A map by hand",
    answer="there_and_back",
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("x", "y", "rate", "b"),
    inputs=_laws(),
    solution=lambda *a: _there_and_back(*a),
    parts=("the map there", "the map back"),
    cases=(
        (np.array([0.0, 1.0]), np.array([0.0, 0.5]), 1.0, 1.0),
        (np.array([0.5, 2.0]), np.array([0.75, 2.25]), 2.0, 3.0),
        (np.array([1.5]), np.array([0.25]), 0.5, 0.5),
    ),
    right="Both are increasing, and carry the one law to the other: the share of mass below x is "
    "that below T(x). On the line no other map is optimal.",
    hints=(
        "On the line the optimal map keeps ranks: F(x) = G(T(x)), with the distribution "
        "functions of the two laws.",
        "F(x) = 1 - exp(-rate x), and G(y) = y/b.",
        "The map back solves the same equation for x.",
    ),
    mistakes=(
        Mistake(
            "decreasing",
            "This map carries the law over as well, but it turns the order round: it is the "
            "worst one, not the best.",
            (
                lambda x, y, rate, b: (b * np.exp(-rate * x), _there_and_back(x, y, rate, b)[1]),
                lambda x, y, rate, b: (b * np.exp(-rate * x), -np.log(y / b) / rate),
            ),
        ),
        Mistake(
            "maps exchanged",
            "First the map from the exponential law to the uniform one, then the map back.",
            lambda x, y, rate, b: (-np.log(1 - x / b) / rate, b * (1 - np.exp(-rate * y))),
        ),
        Mistake(
            "mean for rate",
            "The exponential law with this rate has the mean 1/rate: the exponent is -rate x.",
            lambda x, y, rate, b: _there_and_back(x, y, 1 / rate, b),
        ),
        Mistake(
            "always onto [0, 1]",
            "The uniform law lives on [0, b]: its distribution function is y/b.",
            (
                lambda x, y, rate, b: _there_and_back(x, y, rate, 1.0),
                lambda x, y, rate, b: (1 - np.exp(-rate * x), -np.log(1 - y / b) / rate),
            ),
        ),
        Mistake(
            "density for distribution function",
            "Ranks are told by the distribution function, the integral of the density.",
            lambda x, y, rate, b: (
                b * rate * np.exp(-rate * x),
                _there_and_back(x, y, rate, b)[1],
            ),
        ),
        Mistake(
            "sign of the logarithm",
            "The logarithm of 1 - y/b is negative: minus makes it a place of the law.",
            lambda x, y, rate, b: (
                _there_and_back(x, y, rate, b)[0],
                -_there_and_back(x, y, rate, b)[1],
            ),
        ),
    ),
)
def _there_and_back_judge(call, x, y, rate, b):
    pair = parts(call(x, y, rate, b), 2, "the result (two arrays)")
    there, back = array(pair[0], x.shape, "T(x)"), array(pair[1], y.shape, "S(y)")
    tol = 10 * call.tolerance
    below = 1 - np.exp(-rate * x)
    same(there / b, below, "the share of the uniform law below T(x), which is that below x", tol)
    same(
        1 - np.exp(-rate * back),
        y / b,
        "the share of the exponential law below S(y), which is that below y",
        tol,
    )


_MAPS = (False, True, False, True, True, False)


@exercise(
    "3.3c",
    title="Is there a map?",
    answer="by_a_map",
    kind="decide",
    difficulty=2,
    minutes=10,
    solution=lambda: _MAPS,
    parts=tuple(f"number {k}" for k in range(1, 7)),
    right="A map may gather mass, but it cannot split an atom; and where every point would have "
    "to go two ways at once, no map is as good as the plan that lets it.",
    hints=(
        "A map sends all the mass of a point to one place.",
        "In number 6 the distance from x to the nearest target is 1 for every x. What would a "
        "map have to do to cost no more than that?",
    ),
    mistakes=(
        Mistake("an atom is split", "Here an atom would have to go to more than one place."),
        Mistake("gathering is allowed", "Many points may go to one place: that is a map."),
        Mistake(
            "two ways at once",
            "Maps carry the one to the other, and their costs come as near to 1 as one likes. But "
            "only the plan that splits every point costs 1, and it is no map.",
        ),
    ),
)
def _by_a_map(answer):
    found = [truth(v, f"number {k}") for k, v in enumerate(parts(answer, 6, "the result"), 1)]
    for k, (mine, right) in enumerate(zip(found, _MAPS, strict=True), 1):
        mistake = "gathering is allowed" if right else "an atom is split"
        require(
            mine == right, f"number {k} is not {mine}", "two ways at once" if k == 6 else mistake
        )
