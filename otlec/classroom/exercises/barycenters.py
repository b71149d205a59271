"""Exercises of chapter 3: midpoints and barycenters."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...measure import Measure
from ._inputs import vector, weights
from ._machine import Mistake, exercise
from ._values import array, measure, parts, require, same, sorted_atoms

# Barycenters --------------------------------------------------------------------------------------


def _dirac(x):
    return x[None], np.ones(1)


def _half(x0, x1):
    return np.stack([x0, x1]), np.array([0.5, 0.5])


@exercise(
    "barycenters-a",
    item="barycenters",
    title="Two midpoints of two Dirac masses",
    answer="midpoints",
    solution=lambda x0, x1: (_dirac((x0 + x1) / 2), _half(x0, x1)),
    parts=("the Wasserstein midpoint", "the linear midpoint"),
    kind="compute",
    difficulty=1,
    minutes=10,
    lecture="the comparison that the section on barycenters asks for",
    arguments=("x0", "x1"),
    closed=("barycenter", "geodesic", "interpolation", "mixture"),
    inputs=st.tuples(vector(2), vector(2)),
    cases=(
        (np.array([0.0, 0.0]), np.array([2.0, 0.0])),
        (np.array([1.0, -1.0]), np.array([3.0, 2.0])),
    ),
    right="The first is one Dirac mass half way; the second leaves both where they are, with half "
    "the mass. Both are means, of places and of masses. The second is no midpoint of W_2: its "
    "distance to each end is |x0 - x1| / sqrt(2), more than half of the way.",
    hints=(
        "The Wasserstein midpoint lies on the geodesic: the mass travels half of the way.",
        "The linear midpoint is the measure (delta_x0 + delta_x1) / 2.",
    ),
    mistakes=(
        Mistake(
            "exchanged",
            "The Wasserstein midpoint comes first, the linear one second.",
            lambda x0, x1: (_half(x0, x1), _dirac((x0 + x1) / 2)),
        ),
        Mistake(
            "twice the same",
            "The two notions differ: the linear midpoint does not move mass.",
            lambda x0, x1: (_dirac((x0 + x1) / 2), _dirac((x0 + x1) / 2)),
        ),
        Mistake(
            "half of the way from 0",
            "The midpoint is x0 + (x1 - x0)/2, the half of the sum: not half of the difference.",
            lambda x0, x1: (_dirac((x1 - x0) / 2), _half(x0, x1)),
        ),
        Mistake(
            "atom by coordinate",
            "A Dirac mass in the plane has one atom with two coordinates: points of shape (1, 2).",
            lambda x0, x1: (((x0 + x1) / 2, [0.5, 0.5]), _half(x0, x1)),
        ),
        Mistake(
            "sum instead of mean",
            "The midpoint is half of the sum.",
            lambda x0, x1: (_dirac(x0 + x1), _half(x0, x1)),
        ),
        Mistake(
            "nothing moves",
            "This leaves the mass where it is, twice. Half way on the geodesic it is half way.",
            lambda x0, x1: (_half(x0, x1), _half(x0, x1)),
        ),
    ),
    canonical=lambda value: [sorted_atoms(v) for v in parts(value, 2)],
)
def _midpoints(call, x0, x1):
    first, second = parts(call(x0, x1), 2, "the result (two measures)")
    first = measure(first, "the Wasserstein midpoint", 2)
    second = measure(second, "the linear midpoint", 2)
    tol = max(1e-8, 10 * call.tolerance)
    ends = Measure(x0[None]), Measure(x1[None])
    whole = np.linalg.norm(x1 - x0)
    for k, end in enumerate(ends):
        same(
            wasserstein(first, end, 2),
            whole / 2,
            f"the Wasserstein midpoint is half of the way from x{k}",
            tol,
        )
        same(
            wasserstein(second, end, 2),
            whole / np.sqrt(2),
            "the linear midpoint keeps half of the "
            "mass in its place, so that W_2 is the whole way over the root of 2",
            tol,
        )
    _close_2d(second, Measure(np.stack([x0, x1])), tol)


def _close_2d(mu, nu, tol):
    far = wasserstein(mu, nu, 1)
    require(far <= 10 * tol, f"the linear midpoint has the atoms x0 and x1: it is off by {far:.4g}")


@st.composite
def _families(draw):
    count, n = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    points = np.array([draw(vector(n)) for _ in range(count)])
    return points, draw(weights(count, 1))


@exercise(
    "barycenters-b",
    item="barycenters",
    title="Barycenters on the line",
    answer="barycenter",
    solution=lambda points, weights: weights @ np.sort(points, axis=1),
    kind="compute",
    difficulty=2,
    minutes=15,
    lecture="the question of the section on barycenters: more than two measures",
    arguments=("points", "weights"),
    inputs=_families(),
    closed=("barycenter", "quantile_interpolation"),
    cases=(
        (np.array([[0.0], [3.0]]), np.array([1 / 3, 2 / 3])),
        (np.array([[0.0, 2.0], [5.0, 1.0]]), np.array([0.5, 0.5])),
        (
            np.array([[3.0, 0.0, 1.0], [1.0, 2.0, 0.0], [5.0, 4.0, 9.0]]),
            np.array([0.25, 0.5, 0.25]),
        ),
    ),
    right="No measure does better: the objective meets its lower bound, the weighted sum of the "
    "squared distances of all pairs. On the line one averages quantiles, that is, sorted atoms.",
    hints=(
        "The sum of W_2^2 is least where each atom is the mean of the atoms that are sent to it.",
        "On the line the k-th smallest atom belongs to the k-th smallest: sort each measure first.",
    ),
    mistakes=(
        Mistake(
            "not sorted",
            "The atoms of each measure come in any order: sort each row before you average.",
            (
                lambda points, weights: weights @ points,
                lambda points, weights: np.sort(weights @ points),
            ),
        ),
        Mistake(
            "weights not used",
            "Each measure counts with its weight.",
            lambda points, weights: np.sort(points, axis=1).mean(axis=0),
        ),
        Mistake(
            "mixture",
            "This is the linear average, which keeps atoms in their places: those of the "
            "barycenter are means, and lie between.",
            (
                lambda points, weights: np.sort(points.ravel()),
                lambda points, weights: np.sort(points.ravel())[:: len(points)],
                lambda points, weights: np.sort(points.ravel())[len(points) // 2 :: len(points)],
            ),
        ),
        Mistake(
            "weights without the sum",
            "The weights add to 1: the mean is the weighted sum, not divided by the number of "
            "measures once more.",
            lambda points, weights: (weights[:, None] * np.sort(points, axis=1)).mean(axis=0),
        ),
        Mistake(
            "median",
            "The median minimises sums of distances; for squares it is the mean.",
            lambda points, weights: np.median(np.sort(points, axis=1), axis=0),
        ),
        Mistake(
            "sorted the wrong way",
            "Sort the atoms within each measure, along axis 1.",
            lambda points, weights: weights @ np.sort(points, axis=0),
        ),
    ),
    canonical=lambda value: np.sort(np.asarray(value, float)),
)
def _barycenter(call, points, weights):
    atoms = array(call(points, weights), (points.shape[1],), "the atoms")
    mus, nu = [Measure(row) for row in points], Measure(atoms)
    objective = sum(w * wasserstein(mu, nu, 2) ** 2 for w, mu in zip(weights, mus, strict=True))
    least = sum(
        weights[i] * weights[j] * wasserstein(mus[i], mus[j], 2) ** 2
        for i in range(len(mus))
        for j in range(i)
    )
    require(
        objective <= least + max(1e-9, call.tolerance) * max(1.0, least) * 10,
        f"the weighted sum of W_2^2 is {objective:.6g}, but {least:.6g} can be reached",
    )
