"""The parts that the entries of a plan join its atoms to, and how far each may be shifted.

Inside a part the equalities phi_i + psi_j = c_ij along the entries leave one constant free. The
pairs between two parts bound the difference of their constants: shortest paths find some that fit.

Source: Ahuja, Magnanti and Orlin, *Network Flows* (1993), chapter 5.
"""

import numpy as np

from ._kernel import kernel


@kernel
def edges_of_atoms(rows, cols, n, m):
    """The edges of each atom, one atom after the other, and where those of each begin."""
    first = np.zeros(n + m + 1, np.int64)
    for q in range(rows.size):
        first[rows[q] + 1] += 1
        first[n + cols[q] + 1] += 1
    for k in range(n + m):
        first[k + 1] += first[k]
    place = first.copy()
    edges = np.empty(2 * rows.size, np.int64)
    for q in range(rows.size):
        for atom in (rows[q], n + cols[q]):
            edges[place[atom]] = q
            place[atom] += 1
    return first, edges


def join(rows, cols, residual, n: int, m: int):
    """Number the parts; and from the first atom of each, continue the potentials along the edges.

    On a forest the continued potentials are tight on all edges; on cycles, on some tree of them.
    In an assignment each edge is a part of its own.
    """
    first = np.arange(n)
    if n == m == rows.size and (rows == first).all() and (np.bincount(cols) == 1).all():
        col, delta = np.empty_like(first), np.empty(n)
        col[cols], delta[cols] = first, residual
        return n, first, col, np.zeros(n), delta
    return _walk(rows, cols, residual, n, m)


@kernel
def _walk(rows, cols, residual, n, m):
    """Walk along the edges, part by part."""
    first, edges = edges_of_atoms(rows, cols, n, m)
    part = np.full(n + m, -1)
    delta = np.zeros(n + m)
    queue = np.empty(n + m, np.int64)
    count = 0
    for start in range(n + m):
        if part[start] >= 0:
            continue
        part[start] = count
        queue[0] = start
        head, tail = 0, 1
        while head < tail:
            atom = queue[head]
            head += 1
            for k in range(first[atom], first[atom + 1]):
                q = edges[k]
                other = n + cols[q] if atom < n else rows[q]
                if part[other] < 0:
                    part[other] = count
                    delta[other] = residual[q] - delta[atom]
                    queue[tail] = other
                    tail += 1
        count += 1
    return count, part[:n], part[n:], delta[:n], delta[n:]


def shifts(above, below, lengths, count: int, rounds: int) -> np.ndarray:
    """Shifts of the parts with shift[above] - shift[below] <= length, by Bellman, Ford and Moore.

    Few are violated, as a rule: nothing is looked at but what they reach. If there are no such
    shifts, or they take too many rounds, no part is shifted.
    """
    apart = np.flatnonzero(above != below)
    apart = apart[np.argsort(below[apart], kind="stable")]
    first = np.searchsorted(below[apart], np.arange(count + 1))
    start = np.unique(below[apart][lengths[apart] < 0])
    return _handed_on(first, above[apart], lengths[apart], start, rounds)


@kernel
def _handed_on(first, above, lengths, start, rounds):
    """Let each part that is shifted hand that on, those at the start before all others."""
    count = first.size - 1
    shift = np.zeros(count)
    queue, waits = np.empty(count, np.int64), np.zeros(count, np.bool_)
    for k in range(start.size):
        queue[k] = start[k]
        waits[start[k]] = True
    head, waiting = 0, start.size
    left = rounds * count
    while waiting > 0 and left > 0:
        part = queue[head]
        head = (head + 1) % count
        waiting -= 1
        left -= 1
        waits[part] = False
        for k in range(first[part], first[part + 1]):
            most = shift[part] + lengths[k]
            if shift[above[k]] > most:
                shift[above[k]] = most
                if not waits[above[k]]:
                    queue[(head + waiting) % count] = above[k]
                    waits[above[k]] = True
                    waiting += 1
    return shift if waiting == 0 else np.zeros(count)


def greatest_shifts(cost, inside, parts, near, rounds: int) -> np.ndarray:
    """The greatest shifts <= 0 of the parts that make all pairs feasible; nan if not in time.

    A part has the number of its first row. ``inside`` are potentials in which that row has 0, and
    ``near`` potentials which are feasible nearly: in their reduced costs Dijkstra's way is open.
    Along the paths that it finds the shifts have all digits, and little is left to be settled.
    """
    shift = _by_dijkstra(cost, *inside, *near, *parts)
    return _settled(cost, *inside, *parts, shift, rounds)


@kernel
def _by_dijkstra(cost, phi, psi, near_phi, near_psi, row_part, col_part):
    """The shifts along the shortest paths from a source that bounds all parts by 0."""
    n = cost.shape[0]
    highest = near_phi[row_part].max()
    order = np.argsort(col_part)
    first = np.searchsorted(col_part[order], np.arange(n + 1))
    distance, shift, waits = np.full(n, np.inf), np.zeros(n), np.zeros(n, np.bool_)
    for i in range(n):
        if row_part[i] == i:
            distance[i], waits[i] = highest - near_phi[i], True
    while True:
        part, length = -1, np.inf
        for k in range(n):
            if waits[k] and distance[k] < length:
                part, length = k, distance[k]
        if part < 0:
            return shift
        waits[part] = False
        for j in order[first[part] : first[part + 1]]:
            for i in range(n):
                through = length + max(cost[i, j] - near_phi[i] - near_psi[j], 0.0)
                other = row_part[i]
                if through < distance[other]:
                    distance[other] = through
                    shift[other] = min(shift[part] + (cost[i, j] - phi[i] - psi[j]), 0.0)


@kernel
def _settled(cost, phi, psi, row_part, col_part, shift, rounds):
    """Lower the shifts as long as a pair is violated by more than rounding."""
    n, m = cost.shape
    for _ in range(rounds):
        changed = False
        for i in range(n):
            mine = row_part[i]
            least = shift[mine]
            for j in range(m):
                if col_part[j] != mine:
                    least = min(least, cost[i, j] - phi[i] - psi[j] + shift[col_part[j]])
            if least < shift[mine] - 4e-16 * abs(shift[mine]):
                shift[mine] = least
                changed = True
        if not changed:
            return shift
    shift[:] = np.nan
    return shift
