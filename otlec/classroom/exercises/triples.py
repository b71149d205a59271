"""Exercises of chapter 2: which gluing is best, and which plans go round a cycle."""

import hypothesis.strategies as st
import numpy as np

from ...solvers.network_simplex import transport
from ._inputs import plan_pairs, vector
from ._machine import Mistake, exercise
from ._values import array, parts, require, same


@st.composite
def _chains(draw):
    gamma12, gamma23 = draw(plan_pairs())
    x1 = np.sort(draw(vector(gamma12.shape[0])))
    x3 = np.sort(draw(vector(gamma23.shape[1])))
    return gamma12, gamma23, x1, x3


def _glued(gamma12, gamma23, x1, x3, choose):
    """A gluing that couples, at each middle point, where mass comes from with where it goes."""
    sigma = np.zeros((*gamma12.shape, gamma23.shape[1]))
    for j, b in enumerate(gamma12.sum(axis=0)):
        if b > 0:
            sigma[:, j] = choose(gamma12[:, j], gamma23[j], np.abs(x1[:, None] - x3) ** 2, b)
    return sigma


def _monotone(a, c, cost, b):
    return b * transport(a / b, c / b, cost).matrix


def _worst(a, c, cost, b):
    return b * transport(a / b, c / b, -cost).matrix


def _independent(a, c, cost, b):
    return np.outer(a, c) / b


def _waste(sigma, x1, x3):
    return (sigma.sum(axis=1) * (x1[:, None] - x3) ** 2).sum()


@exercise(
    "2.3c",
    title="The gluing that wastes least",
    answer="best_gluing",
    solution=lambda *a: _glued(*a, _monotone),
    kind="compute",
    difficulty=3,
    minutes=35,
    arguments=("gamma12", "gamma23", "x1", "x3"),
    inputs=_chains(),
    examples=40,
    closed=("glue", "compose", "gluing_cost_range"),
    cases=(
        (np.full((2, 1), 0.5), np.full((1, 2), 0.5), np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        (
            np.array([[0.25, 0.0], [0.25, 0.5]]),
            np.array([[0.125, 0.375], [0.25, 0.25]]),
            np.array([0.0, 2.0]),
            np.array([-1.0, 1.0]),
        ),
        (
            np.array([[0.25, 0.25, 0.0], [0.25, 0.25, 0.0]]),
            np.array([[0.25, 0.25], [0.5, 0.0], [0.0, 0.0]]),
            np.array([0.0, 3.0]),
            np.array([1.0, 2.0]),
        ),
    ),
    right="At each middle point mass may be passed on as one likes: that is a transport problem of "
    "its own, from where it came to where it goes. The slack of the triangle inequality that "
    "remains is the fault of the middle measure.",
    hints=(
        "The two marginals fix, for each j, the sums of the matrix sigma[:, j, :]: gamma12[:, j] "
        "over rows, gamma23[j] over columns.",
        "So each j is a transport problem by itself, with the cost |x1 - x3|^2.",
        "Solve it with otlec.transport on masses divided by b_j, times b_j; or, as the points are "
        "sorted, fill the matrix from its upper left corner.",
    ),
    mistakes=(
        Mistake(
            "independent",
            "This is the gluing of the lemma, where mass forgets where it came from. Let it "
            "remember: who came from the left goes to the left.",
            lambda *a: _glued(*a, _independent),
        ),
        Mistake(
            "the wrong way round",
            "This wastes most: it sends to the right who came from the left.",
            lambda *a: _glued(*a, _worst),
        ),
        Mistake(
            "scaled",
            "The masses at j add to b_j, not to 1: give the solver masses that add to 1, and "
            "multiply its plan by b_j.",
            lambda *a: _glued(*a, lambda u, v, cost, b: transport(u / b, v / b, cost).matrix),
        ),
        Mistake(
            "two measures only",
            "This couples the first measure with the third as if there were nothing between: both "
            "given plans have to be kept.",
            lambda gamma12, gamma23, x1, x3: (
                transport(
                    gamma12.sum(axis=1), gamma23.sum(axis=0), np.abs(x1[:, None] - x3) ** 2
                ).matrix[:, None, :]
                * gamma12.sum(axis=0)[None, :, None]
            ),
        ),
    ),
)
def _best_gluing(call, gamma12, gamma23, x1, x3):
    sigma = array(call(gamma12, gamma23, x1, x3), (*gamma12.shape, gamma23.shape[1]))
    tol = max(1e-9, 10 * call.tolerance)
    require(sigma.min() >= -tol, f"a mass is negative: {sigma.min():.4g}")
    same(sigma.sum(axis=2), gamma12, "the marginal on factors 1 and 2 is gamma12", tol)
    same(sigma.sum(axis=0), gamma23, "the marginal on factors 2 and 3 is gamma23", tol)
    mine = _waste(sigma, x1, x3)
    least = _waste(_glued(gamma12, gamma23, x1, x3, _monotone), x1, x3)
    require(
        mine <= least + tol * max(1.0, least),
        f"the marginals are right, but the integral of |x1 - x3|^2 is {mine:.6g}, and "
        f"{least:.6g} can be reached",
    )


_WALKS = [(i, j, k) for i in range(3) for j in range(3) for k in range(3)]


def _closed_walks(f):
    return np.array([f[i, j] + f[j, k] + f[k, i] for i, j, k in _WALKS])


@exercise(
    "2.3d",
    title="Three times round",
    answer="round_the_cycle",
    kind="construct",
    difficulty=3,
    minutes=40,
    right="f is nowhere negative on a closed walk of three steps, and so its mean would not be "
    "negative on any gluing; on your plan it is. That proves that there is no gluing: plans, too, "
    "have their potentials.",
    hints=(
        "A plan that is nearly a permutation sends each point to one other. After three steps "
        "everybody has to be at home again: for which permutations of three points is that so?",
        "Exchange two of the points and keep the third one: three exchanges are one exchange.",
        "Let f be -1 on the two steps 0 to 1 and 1 to 0, and as small as the walks allow on the "
        "others: 0, 1, 0 needs one more step, from 0 to 0.",
    ),
    mistakes=(
        Mistake(
            "not uniform",
            "gamma is a plan from the uniform measure on three points to itself: all rows and "
            "columns sum to 1/3.",
        ),
        Mistake("zeros", "Each entry of gamma has to be at least 0.01."),
        Mistake(
            "it goes round",
            "This plan can be glued to a cycle: turning by one place, three times, leads home, and "
            "so does staying. Mixtures of turns all go round.",
        ),
        Mistake(
            "a walk with negative sum",
            "On some closed walk f is negative, so that it proves nothing: raise it on a step "
            "of this walk.",
        ),
        Mistake(
            "not negative on gamma",
            "f is in order on all walks, but its mean on gamma is not negative: lower it where "
            "gamma has much mass, as far as the walks allow.",
        ),
    ),
)
def _round(answer):
    gamma, f = parts(answer, 2, "the result (gamma and f)")
    gamma, f = array(gamma, (3, 3), "gamma"), array(f, (3, 3), "f")
    off = max(np.abs(gamma.sum(axis=axis) - 1 / 3).max() for axis in (0, 1))
    require(off <= 1e-9, f"a row or column of gamma is off by {off:.4g}", "not uniform")
    require(gamma.min() >= 0.01 - 1e-12, f"an entry of gamma is {gamma.min():.4g}", "zeros")
    circulant = np.allclose(gamma, np.roll(gamma, (1, 1), axis=(0, 1)), atol=1e-9)
    require(not circulant, "these plans can be glued, so that no f proves the contrary",
            "it goes round")  # fmt: skip
    sums = _closed_walks(f)
    i, j, k = _WALKS[int(sums.argmin())]
    require(
        sums.min() >= -1e-9,
        f"the sum of f on the closed walk {i}, {j}, {k}, {i} is {sums.min():.6g}",
        "a walk with negative sum",
    )
    mean = (gamma * f).sum()
    require(mean < -1e-9, f"the mean of f on gamma is {mean:.6g}", "not negative on gamma")
