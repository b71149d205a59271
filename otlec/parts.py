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


@kernel
def join(rows, cols, residual, n, m):
    """Number the parts; and from the first atom of each, continue the potentials along the edges.

    On a forest the continued potentials are tight on all edges; on cycles, on some tree of them.
    """
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


@kernel
def shifts(above, below, lengths, count, rounds):
    """Shifts of the parts with shift[above] - shift[below] <= length, by Bellman and Ford.

    If there are none, or they take too many rounds, no part is shifted.
    """
    shift = np.zeros(count)
    for sweep in range(rounds):
        changed = False
        for k in range(lengths.size):
            q = k if sweep % 2 == 0 else lengths.size - 1 - k  # forth and back: parts in a row
            most = shift[below[q]] + lengths[q]
            if shift[above[q]] > most and above[q] != below[q]:
                shift[above[q]] = most
                changed = True
        if not changed:
            return shift
    return np.zeros(count)
