"""The exact solvers one step at a time, for the appendix "Inside the kernels".

Nothing is computed here: each function asks a solver for the states between its steps.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .. import _validate
from ..solvers import hungarian, network_simplex


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
    cost = _validate.finite(_validate.cost(cost, square=True), "cost")
    for row, sink, length, parent, before, col_of, phi, psi in hungarian.rounds(cost):
        path = [(int(parent[sink]), int(sink))]
        while path[0][0] != row:
            j = before[path[0][0]]
            path.insert(0, (int(parent[j]), int(j)))
        yield Augmentation(row, length, path, phi, psi, before, col_of)


@dataclass(frozen=True, eq=False)
class Tree:
    """One spanning tree of the network simplex, and the pivot that leads to the next.

    Pairs are (row, column). The artificial root, which takes the mass that is not placed yet,
    counts as row -1 for a column, and as column -1 for a row.

    Attributes
    ----------
    rows, cols, mass : arrays of shape (n + m,)
        The edges of the tree and what they carry, 0 included.
    entering, leaving : (row, column) or None
        The edges that enter and leave next; None in the last tree, which is optimal.
    cycle : tuple of (row, column, sign)
        The edges that the entering pair closes a cycle with: sign 1 if mass is added, -1 if it is
        taken.
    amount : float
        The mass that is pushed around the cycle.
    """

    rows: np.ndarray
    cols: np.ndarray
    mass: np.ndarray
    entering: tuple[int, int] | None = None
    leaving: tuple[int, int] | None = None
    cycle: tuple[tuple[int, int, int], ...] = ()
    amount: float = 0.0

    @property
    def placed(self) -> float:
        """The mass that goes from a row to a column, not to the root."""
        return float(self.mass[(self.rows >= 0) & (self.cols >= 0)].sum())

    def value(self, cost: np.ndarray) -> float:
        """The cost of the mass that is placed."""
        real = (self.rows >= 0) & (self.cols >= 0)
        return float(self.mass[real] @ cost[self.rows[real], self.cols[real]])

    def saving(self, cost: np.ndarray) -> float:
        """What a unit of mass saves around the cycle: how much the entering pair is violated.

        Inf if the cycle passes the root, whose price is high.
        """
        if any(-1 in pair[:2] for pair in self.cycle):
            return float("inf")
        return -float(cost[self.entering] + sum(sign * cost[i, j] for i, j, sign in self.cycle))


def trees(a, b, cost) -> list[Tree]:
    """The trees that `network_simplex.transport` visits, for positive masses."""
    visited = list(network_simplex.spanning_trees(a, b, cost))
    n = len(a)
    return [_tree(now, then, n) for now, then in itertools.zip_longest(visited, visited[1:])]


def _tree(now, then, n: int) -> Tree:
    """Read a `Tree` from parents and masses, and its pivot from those that come next."""
    parent, mass = now
    root = parent.size - 1
    edges = [_edge(node, parent[node], n, root) for node in range(root)]
    rows, cols = np.array(edges).T
    state = rows, cols, mass[:-1]
    if then is None:
        return Tree(*state)
    later = [_edge(node, then[0][node], n, root) for node in range(root)]
    (entering,), (leaving,) = set(later) - set(edges), set(edges) - set(later)
    amount = then[1][later.index(entering)]
    cycle = []
    way = _way(parent, n + entering[1], entering[0])
    for u, v in itertools.pairwise(way):  # the way that the mass takes back to its row
        forward = u < n or (u == root and v >= n)
        cycle.append((*_edge(u, v, n, root), 1 if forward else -1))
    return Tree(*state, entering, leaving, tuple(cycle), float(amount))


def _way(parent: np.ndarray, start: int, end: int) -> list[int]:
    """The nodes of the tree from one node to another."""

    def up(node):
        nodes = [node]
        while parent[nodes[-1]] >= 0:
            nodes.append(int(parent[nodes[-1]]))
        return nodes

    there, back = up(start), up(end)
    while len(there) > 1 and len(back) > 1 and there[-2] == back[-2]:
        there.pop()
        back.pop()
    return there + back[-2::-1]


def _edge(u: int, v: int, n: int, root: int) -> tuple[int, int]:
    """The pair (row, column) of an edge between two nodes; the root is -1."""
    row, col = min(u, v), max(u, v)
    if col == root:
        return (int(row), -1) if row < n else (-1, int(row) - n)
    return int(row), int(col) - n
