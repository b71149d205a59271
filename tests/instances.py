"""Weighted problems that the exact solvers are tested on, each with a name."""

import numpy as np

from otlec import cost_matrix


def costs(n, m, rng):
    """Pairs (name, cost matrix): the five families, and structures that a solver may trip over."""
    i, j = np.arange(1.0, n + 1), np.arange(1.0, m + 1)
    yield "uniform", rng.random((n, m))
    yield "plane", cost_matrix(rng.random((n, 2)), rng.random((m, 2)))
    yield (
        "shift2",
        cost_matrix(rng.standard_normal((n, 2)), 0.5 * rng.standard_normal((m, 2)) + 3),
    )
    yield (
        "dimension 10",
        cost_matrix(rng.standard_normal((n, 10)), rng.standard_normal((m, 10)) + 0.5),
    )
    yield "ties", rng.integers(0, 100, (n, m)).astype(float)
    yield "few values", rng.integers(0, 2, (n, m)).astype(float)
    yield "constant", np.full((n, m), 7.25)
    yield "zero", np.zeros((n, m))
    yield "negative", -cost_matrix(rng.random((n, 2)), rng.random((m, 2)))
    yield "collinear", cost_matrix(np.outer(i, [1.0, 2.0]), np.outer(j, [1.0, 2.0]), 1)
    yield "shifted line", cost_matrix(rng.random(n), rng.random(m) + 0.3)
    yield "duplicates", cost_matrix(rng.integers(0, 3, (n, 2)), rng.integers(0, 3, (m, 2)))
    yield "products", np.outer(i, j)
    yield "ranks", -np.outer(rng.random(n), rng.random(m))
    yield "row plus column", rng.random((n, 1)) + rng.random(m)
    yield "heavy tails", 10.0 ** rng.uniform(-12, 12, (n, m))
    yield "nearly constant", 1 + 1e-9 * rng.random((n, m))
    yield "tiny", 1e-300 * rng.random((n, m))
    yield "huge", 1e300 * rng.random((n, m))


def weights(n, rng):
    """Pairs (name, probability vector of length n)."""
    yield "equal", np.full(n, 1 / n)
    yield "random", rng.dirichlet(np.ones(n))
    zeros = rng.integers(0, 3, n).astype(float)
    zeros[rng.integers(n)] += 1
    yield "with zeros", zeros / zeros.sum()
    orders = 10.0 ** rng.uniform(-12, 0, n)
    yield "twelve orders of magnitude", orders / orders.sum()
