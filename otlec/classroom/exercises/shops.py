"""The project of chapter 4: shops that move to where their customers are."""

import hypothesis.strategies as st
import numpy as np

from ...cost import half_square_cost
from ...solvers.network_simplex import transport
from ._machine import Mistake, exercise
from ._values import array, require, same


def _town(seed: int):
    """Grains x and shops y in the plane, of n and k points, where k divides n; no ties."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 4))
    n = k * int(rng.integers(1, 4))
    return np.round(rng.uniform(0, 4, (n, 2)), 2), np.round(rng.uniform(0, 4, (k, 2)), 2)


_STREET = (
    np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [4.0, 0.0]]),
    np.array([[1.0, 1.0], [2.0, 0.5]]),
)


def _share(x, y):
    """The optimal plan of equal masses, as a matrix, and its cost."""
    plan = transport(
        np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y)), half_square_cost(x, y)
    )
    return plan.matrix, plan.value


def _pull(x, y, way=1.0, weigh=1.0):
    return way * weigh * (y / len(y) - _share(x, y)[0].T @ x)


@exercise(
    "4-project-a",
    item="4.1",
    title="Shops that follow their customers: the pull",
    answer="pull",
    solution=lambda x, y: _pull(x, y),
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("x", "y"),
    examples=20,
    inputs=st.integers(0, 10**6).map(_town),
    cases=(_STREET, _town(2), _town(5)),
    right="Each shop is pulled by the mean of its customers, with the mass that it serves: the "
    "derivative of the cost along any motion v is the sum of the products of pull and v.",
    hints=(
        "otlec.transport(a, b, cost) with equal masses and otlec.half_square_cost(x, y): the plan "
        "has a .matrix.",
        "Keep the plan and differentiate its cost in y_j: the sum of gamma_ij (y_j - x_i).",
    ),
    mistakes=(
        Mistake(
            "the way downhill",
            "The gradient points to where the cost grows, away from the customers: y - x.",
            lambda x, y: _pull(x, y, -1.0),
        ),
        Mistake(
            "displacement without mass",
            "Each shop serves the mass 1/k: y minus the mean of its customers, times 1/k.",
            lambda x, y: _pull(x, y, weigh=len(y)),
        ),
        Mistake(
            "the factor two",
            "The cost is half of the square.",
            lambda x, y: _pull(x, y, 2.0),
        ),
        Mistake(
            "mean of all customers",
            "A shop is pulled by its own customers, those to which the plan gives it.",
            (
                lambda x, y: (y - x.mean(axis=0)) / len(y),
                lambda x, y: y - x.mean(axis=0),
            ),
        ),
        Mistake(
            "nearest customers",
            "Not every grain goes to the nearest shop: all shops serve the same mass, and the plan "
            "says whom.",
            lambda x, y: np.array(
                [
                    ((y[j] - x[half_square_cost(x, y).argmin(axis=1) == j]) / len(x)).sum(axis=0)
                    for j in range(len(y))
                ]
            ),
        ),
        Mistake(
            "shop without its mass",
            "Both sides of the difference carry the mass 1/k: the plan weighs the customers "
            "already, but not the shop.",
            (
                lambda x, y: y - _share(x, y)[0].T @ x,
                lambda x, y: y / len(y) - len(y) * _share(x, y)[0].T @ x,
            ),
        ),
    ),
)
def _pull_judge(call, x, y):
    found = array(call(x, y), y.shape)
    tol = max(1e-6, 10 * call.tolerance)
    step = 1e-5
    for j, d in np.ndindex(y.shape):
        move = np.zeros_like(y)
        move[j, d] = step
        quotient = (_share(x, y + move)[1] - _share(x, y - move)[1]) / (2 * step)
        same(found[j, d], quotient, f"shop {j} moves along axis {d}: the difference quotient", tol)


def _settled(x, y, rounds=200, weigh=True):
    for _ in range(rounds):
        y = (len(y) if weigh else 1) * _share(x, y)[0].T @ x
    return y


@exercise(
    "4-project-b",
    item="4.1",
    title="Shops that follow their customers: at rest",
    answer="settle",
    kind="compute",
    difficulty=3,
    minutes=25,
    arguments=("x", "y"),
    examples=12,
    inputs=st.integers(0, 10**6).map(_town),
    cases=(_STREET, _town(2), _town(5), _town(9)),
    right="At rest each shop is at the mean of its customers, and no small motion lowers the cost. "
    "This need not be the best placement of all: start elsewhere, and see.",
    hints=(
        "Where is the cost of a fixed plan least, as a function of y_j?",
        "Send each shop to the mean of its customers; then solve again, since the plan has "
        "changed. Repeat until nothing moves.",
        "No step can raise the cost: the new places are best for the old plan, and the new plan "
        "is best for the new places.",
    ),
    mistakes=(
        Mistake(
            "one round",
            "When the shops have moved, other customers come: solve again, until nothing moves.",
            lambda x, y: _settled(x, y, 1),
        ),
        Mistake(
            "the middle of town",
            "All shops at one place: each has to be at the mean of its own customers.",
            lambda x, y: np.tile(x.mean(axis=0), (len(y), 1)),
        ),
        Mistake(
            "not moved",
            "The shops are where they were.",
            lambda x, y: y.copy(),
        ),
        Mistake(
            "nearest customers",
            "All shops serve the same mass: it is the plan that says whom, not the distance alone.",
            lambda x, y: _by_nearness(x, y),
        ),
        Mistake(
            "sum for mean",
            "A shop serves the mass 1/k: divide the weighed sum of its customers by that.",
            (
                lambda x, y: _share(x, y)[0].T @ x,
                lambda x, y: _settled(x, y, weigh=False),
            ),
        ),
        Mistake(
            "stopped early",
            "The cost has fallen, but the shops are not at rest: go on until nothing moves.",
        ),
    ),
)
def _settle(call, x, y):
    found = array(call(x, y), y.shape)
    tol = max(1e-6, 10 * call.tolerance)
    start, end = _share(x, y)[1], _share(x, found)[1]
    require(end <= start + tol, f"the cost has grown, from {start:.6g} to {end:.6g}")
    left = np.abs(_pull(x, found)).max()
    moved = len(y) * _share(x, found)[0].T @ x
    better = _share(x, moved)[1]
    require(
        left <= tol or better >= end - tol,
        f"the greatest pull is {left:.4g}: one more step lowers the cost from {end:.6g} to "
        f"{better:.6g}",
        general="stopped early" if end < start - tol else None,
    )


def _by_nearness(x, y):
    """Lloyd's algorithm without capacities."""
    for _ in range(50):
        home = half_square_cost(x, y).argmin(axis=1)
        y = np.array([x[home == j].mean(axis=0) if (home == j).any() else y[j]
                      for j in range(len(y))])  # fmt: skip
    return y
