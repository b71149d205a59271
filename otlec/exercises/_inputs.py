"""Random inputs for the exercises: small numbers, so that what fails can be read."""

import hypothesis.strategies as st
import numpy as np

from ..measure import Measure

SIZES = st.integers(1, 4)
HALVES = st.integers(-6, 6).map(lambda k: k / 2)
EXPONENTS = st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.0])


def vector(n: int, entries=HALVES):
    """An array of shape (n,)."""
    return st.lists(entries, min_size=n, max_size=n).map(lambda v: np.array(v, dtype=float))


def matrix(n: int, m: int, entries=HALVES):
    """An array of shape (n, m)."""
    return vector(n * m, entries).map(lambda v: v.reshape(n, m))


def weights(n: int, least: int = 0):
    """Non-negative weights with sum 1; with ``least=1`` they are all positive."""
    return (
        st.lists(st.integers(least, 4), min_size=n, max_size=n)
        .filter(any)
        .map(lambda v: np.array(v, dtype=float) / sum(v))
    )


@st.composite
def measures(draw, most: int = 4, least: int = 0, low: int = -6, high: int = 6):
    """A measure on the line; atoms unsorted, perhaps equal, perhaps without mass."""
    n = draw(st.integers(1, most))
    points = vector(n, st.integers(low, high).map(lambda k: k / 2))
    return Measure(draw(points), draw(weights(n, least)))


@st.composite
def plans(draw, n: int | None = None, m: int | None = None):
    """A plan as a matrix of sum 1; some rows or columns may be 0."""
    n, m = n or draw(SIZES), m or draw(SIZES)
    return draw(weights(n * m)).reshape(n, m)


@st.composite
def plan_pairs(draw):
    """Two plans that share their middle marginal."""
    first = draw(plans())
    b = first.sum(axis=0)
    m = b.size
    k = draw(SIZES)
    rows = [draw(weights(k)) for _ in range(m)]
    return first, b[:, None] * np.array(rows)


@st.composite
def spd_matrices(draw, d: int | None = None):
    """A symmetric positive definite matrix of size 1 to 3."""
    d = d or draw(st.integers(1, 3))
    root = draw(matrix(d, d, st.integers(-2, 2)))
    return root @ root.T + np.eye(d) / 2
