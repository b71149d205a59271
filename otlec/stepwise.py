"""The exact solvers one step at a time, for the appendix "Inside the kernels".

Nothing is computed here: each function calls the compiled steps of a solver in the order in which
the solver itself does, and yields the state in between. A test holds the last state against the
solver's own result.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import _check, hungarian


@dataclass(frozen=True, eq=False)
class Augmentation:
    """One round of the Hungarian method.

    Attributes
    ----------
    row : int
        The free row that the round assigns.
    length : float
        The length of the shortest augmenting path, in reduced costs.
    path : list of (row, column)
        The new pairs of the path, from the free row to the free column.
    phi, psi : arrays of shape (n,)
        The potentials after the round: the pairs of the path are tight.
    before, after : integer arrays of shape (n,)
        The column of each row before and after the path is flipped, -1 for a free row.
    """

    row: int
    length: float
    path: list[tuple[int, int]]
    phi: np.ndarray
    psi: np.ndarray
    before: np.ndarray
    after: np.ndarray


def augmentations(cost) -> Iterator[Augmentation]:
    """The rounds of `hungarian.shortest_augmenting_paths` on a finite square matrix of costs."""
    cost = _check.finite(_check.cost(cost, square=True), "cost")
    n = cost.shape[0]
    row_of, col_of, phi, psi = hungarian._start(cost)
    distance, at = np.empty(n), np.empty(n)
    parent, reached = np.empty(n, np.int64), np.empty(n, np.int64)
    barred = psi.copy()
    for row in range(n):
        sink, length, k = hungarian._search(
            cost, phi, barred, row_of, row, distance, parent, reached, at
        )
        hungarian._update(phi, psi, barred, row_of, row, length, reached[:k], at)
        before, path = col_of.copy(), [(int(parent[sink]), int(sink))]
        while path[0][0] != row:
            j = before[path[0][0]]
            path.insert(0, (int(parent[j]), int(j)))
        hungarian._flip(row_of, col_of, parent, row, sink)
        yield Augmentation(row, length, path, phi.copy(), psi.copy(), before, col_of.copy())
