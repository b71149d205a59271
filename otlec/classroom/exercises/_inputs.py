"""Random inputs for the exercises: small numbers, so that what fails can be read."""

import hypothesis.strategies as st
import numpy as np

from ...measure import Measure

SIZES = st.integers(1, 4)
HALVES = st.integers(-6, 6).map(lambda k: k / 2)
EXPONENTS = st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.0])


def _numbers(count: int, entries):
    """So many numbers; more are drawn, and cut off, so that a smaller size needs no new draws."""
    cap = next(size for size in (4, 16, 64) if count <= size)
    return st.lists(entries, min_size=cap, max_size=cap).map(lambda v: np.array(v, dtype=float))


def vector(n: int, entries=HALVES):
    """An array of shape (n,)."""
    return _numbers(n, entries).map(lambda v: v[:n].copy())


def matrix(n: int, m: int, entries=HALVES):
    """An array of shape (n, m), at most 8 x 8."""
    side = 4 if max(n, m) <= 4 else 8
    return _numbers(side**2, entries).map(lambda v: v.reshape(side, side)[:n, :m].copy())


def _normalised(v: np.ndarray) -> np.ndarray:
    if not v.any():
        v.flat[0] = 1.0
    return v / v.sum()


def weights(n: int, least: int = 0):
    """Non-negative weights with sum 1; with ``least=1`` they are all positive."""
    return vector(n, st.integers(least, 4)).map(_normalised)


def tensors(shape):
    """Masses of sum 1 in three dimensions of at most 4."""
    n, m, k = shape
    cubes = _numbers(64, st.integers(0, 4)).map(lambda v: v.reshape(4, 4, 4)[:n, :m, :k].copy())
    return cubes.map(_normalised)


@st.composite
def measures(draw, most: int = 4, least: int = 0, low: int = -6, high: int = 6):
    """A measure on the line; atoms unsorted, perhaps equal, perhaps without mass."""
    n = draw(st.integers(1, most))
    points = vector(n, st.integers(low, high).map(lambda k: k / 2))
    return Measure(draw(points), draw(weights(n, least)))


@st.composite
def plans(draw):
    """A plan as a matrix of sum 1; some rows or columns may be 0."""
    n, m = draw(SIZES), draw(SIZES)
    return _normalised(draw(matrix(n, m, st.integers(0, 4))))


@st.composite
def plan_pairs(draw):
    """Two plans that share their middle marginal."""
    first = draw(plans())
    b = first.sum(axis=0)
    rows = draw(matrix(b.size, draw(SIZES), st.integers(0, 4)))
    return first, b[:, None] * np.array([_normalised(row) for row in rows])


@st.composite
def spd_matrices(draw, d: int | None = None):
    """A symmetric positive definite matrix of size 1 to 3."""
    d = d or draw(st.integers(1, 3))
    root = draw(matrix(d, d, st.integers(-2, 2)))
    return root @ root.T + np.eye(d) / 2
