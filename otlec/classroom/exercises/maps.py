"""The project of chapter 2: a map on which measures are points."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...measure import Measure
from ._inputs import HALVES, vector
from ._machine import Mistake, exercise
from ._values import array, chords, same


@st.composite
def _samples(draw):
    n, count = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return (np.array([draw(vector(n, HALVES)) for _ in range(count)]),)


def _table(samples, order=True, mean=True, root=True):
    rows = np.sort(samples, axis=1) if order else samples
    squares = (rows[:, None] - rows) ** 2
    table = squares.mean(axis=2) if mean else squares.sum(axis=2)
    return np.sqrt(table) if root else table


@exercise(
    "2-project-a",
    item="2.2",
    title="A map of measures: the table of distances",
    answer="distances",
    solution=lambda samples: _table(samples),
    kind="compute",
    difficulty=2,
    minutes=15,
    arguments=("samples",),
    inputs=_samples(),
    closed=("wasserstein", "optimal_plan", "transport_1d", "transport", "transport_cost"),
    cases=(
        (np.array([[0.0], [2.0], [5.0]]),),
        (np.array([[0.0, 1.0], [3.0, 2.0], [0.5, 0.5]]),),
        (np.array([[2.0, 0.0, 1.0], [1.0, 4.0, -1.0]]),),
    ),
    right="The table is symmetric, zero on its diagonal, and obeys the triangle inequality: it is "
    "that of a distance, as Proposition 2.2 says.",
    hints=(
        "On the line atoms of equal rank are partners: sort each row.",
        "rows[:, None] - rows has the shape (N, N, n): the differences of all pairs of rows.",
    ),
    mistakes=(
        Mistake("not sorted", "Atoms come in any order: sort each row.",
                lambda samples: _table(samples, order=False)),
        Mistake("missing root", "W_2 is the root of the mean square.",
                lambda samples: _table(samples, root=False)),
        Mistake("sum instead of mean", "Each atom has the mass 1/n.",
                lambda samples: _table(samples, mean=False)),
        Mistake("means only", "This compares the centres of the measures only, not their shapes.",
                lambda samples: np.abs(samples.mean(axis=1)[:, None] - samples.mean(axis=1))),
        Mistake(
            "W_1",
            "This is W_1, the mean distance of partners.",
            lambda samples: np.abs(
                np.sort(samples, axis=1)[:, None] - np.sort(samples, axis=1)
            ).mean(axis=2),
        ),
        Mistake(
            "means and widths only",
            "Means and standard deviations tell Gaussians apart. Of other measures they give a "
            "bound of W_2 from below only.",
            lambda samples: np.hypot(
                samples.mean(axis=1)[:, None] - samples.mean(axis=1),
                samples.std(axis=1)[:, None] - samples.std(axis=1),
            ),
        ),
        Mistake(
            "sorted the wrong way",
            "Each row is a measure: sort along axis 1.",
            lambda samples: _table(np.sort(samples, axis=0), order=False),
        ),
    ),
)  # fmt: skip
def _distances(call, samples):
    count = len(samples)
    D = array(call(samples), (count, count))
    tol = max(1e-7, 10 * call.tolerance)
    for i, j in np.ndindex(count, count):
        exact = wasserstein(Measure(samples[i]), Measure(samples[j]), 2)
        same(D[i, j], exact, f"W_2 between the measures {i} and {j}", tol)


@st.composite
def _flat(draw):
    count = draw(st.integers(1, 5))
    points = np.array([draw(vector(2, HALVES)) for _ in range(count)])
    return (np.sqrt(((points[:, None] - points) ** 2).sum(axis=2)),)


def _place(D, centre=True, half=-0.5, square=True, root=True, least=False):
    squares = D**2 if square else D
    if centre:
        squares = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(half * squares)
    if least:
        values, vectors = values[:2], vectors[:, :2]
    values = np.pad(values, (max(0, 2 - len(D)), 0))[-2:]
    vectors = np.pad(vectors, ((0, 0), (max(0, 2 - len(D)), 0)))[:, -2:]
    return vectors * (np.sqrt(np.maximum(values, 0)) if root else values)


def _unit(columns):
    lengths = np.sqrt((columns**2).sum(axis=0))
    return columns / np.where(lengths > 0, lengths, 1)


@exercise(
    "2-project-b",
    item="2.2",
    title="A map of measures: points for measures",
    answer="embed",
    kind="compute",
    difficulty=3,
    minutes=35,
    arguments=("D",),
    canonical=lambda z: chords(np.asarray(z, float)),
    inputs=_flat(),
    cases=(
        (np.array([[0.0, 3.0], [3.0, 0.0]]),),
        (np.array([[0.0, 3.0, 5.0], [3.0, 0.0, 4.0], [5.0, 4.0, 0.0]]),),
        (chords(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [0.0, 2.0]])),),
    ),
    right="The points are as far apart as the table says. Up to a motion there is only one such "
    "map, if there is one at all.",
    hints=(
        "With the centre at 0, the matrix G of inner products of the points is -1/2 J D^2 J: D^2 "
        "entry by entry, and J = I - 1/N takes off means of rows and columns.",
        "np.linalg.eigh(G) gives G = V diag(w) V^T, with the greatest w last: the coordinates are "
        "the last two columns of V, times the roots of w.",
        "A table of one measure, or of points on a line, has fewer than two positive w: cut off at "
        "0 before the root, and see that the result has two columns.",
    ),
    mistakes=(
        Mistake(
            "eigenvectors of the table",
            "Eigenvectors of D are no places: first make the inner products out of the squares.",
            lambda D: np.linalg.eigh(D)[1][:, -2:],
        ),
        Mistake("no centre", "Take off the means of rows and columns before the eigenvectors.",
                lambda D: _place(D, centre=False)),
        Mistake("factor 1/2", "The inner products are -1/2 of the centred squares.",
                (lambda D: _place(D, half=-1.0), lambda D: _place(D, half=0.5))),
        Mistake("distances, not squares", "It is the squares that are polynomials of the places.",
                lambda D: _place(D, square=False)),
        Mistake("missing root", "The coordinates are the eigenvectors times the roots of w.",
                (lambda D: _place(D, root=False), lambda D: _unit(_place(D)))),
        Mistake(
            "least eigenvalues",
            "np.linalg.eigh sorts from the least to the greatest: the places are in the last two "
            "columns, not in the first two.",
            lambda D: _place(D, least=True),
        ),
        Mistake(
            "the table itself",
            "Rows of the table are no places: as points they have other distances than the table.",
            lambda D: D[:, :2],
        ),
        Mistake(
            "squared twice",
            "D holds the distances: square its entries once.",
            (lambda D: _place(D**2), lambda D: 2 * _place(D**2)),
        ),
        Mistake(
            "distances from one of them",
            "The distances from one of the points are not enough to place the others: use all.",
            (
                lambda D: np.column_stack([D[0], np.zeros(len(D))]),
                lambda D: np.column_stack([D[:, 0], D[:, -1]]),
            ),
        ),
    ),
)  # fmt: skip
def _embed(call, D):
    z = array(call(D), (len(D), 2))
    tol = max(1e-6, 10 * call.tolerance)
    same(chords(z), D, "the distances of the points are those of the table", tol)
