r"""Transport in whole numbers of any length: slow, without rounding, for small problems only.

Floats are rational numbers with powers of 2 as denominators, so masses and costs are whole numbers
in a common unit. Where masses differ by more orders of magnitude than a float has digits, the sums
on the two sides differ by rounding that exceeds a tiny atom; it is left to the heaviest atom of the
lighter side. Then masses are sent along shortest paths, from the rows that have some left to the
columns that lack some, and the lengths keep phi + psi <= c, with equality where mass is moved.

Source: Ford and Fulkerson (1957); Edmonds and Karp (1972) for the potentials.
"""

from fractions import Fraction

import numpy as np

LARGEST = 10_000  # pairs
_PATHS_PER_ATOM = 50


def rational_plan(a, b, cost):
    """Rows, columns, masses, phi and psi of an optimal plan, each number rounded once.

    None if the problem is too large, forbidden pairs leave no plan, or too many paths are needed.
    """
    n, m = cost.shape
    if n * m > LARGEST:
        return None
    (left, lacking), grain = _whole(a.tolist(), b.tolist())
    lighter = min(left, lacking, key=sum)
    lighter[lighter.index(max(lighter))] += abs(sum(left) - sum(lacking))
    lengths, unit = _whole(*cost.tolist())
    phi = [min((c for c in row if c is not None), default=0) for row in lengths]
    psi, flow = [0] * m, {}
    for _ in range(_PATHS_PER_ATOM * (n + m)):
        if not any(left):
            pairs = sorted(flow)
            mass = np.array([float(flow[pair] * grain) for pair in pairs])
            rows, cols = np.array(pairs, np.int64).T
            rounded = (np.array([float(price * unit) for price in side]) for side in (phi, psi))
            return rows, cols, mass, *rounded
        path = _shortest_path(lengths, left, lacking, flow, phi, psi)
        if path is None:
            return None
        _augment(path, left, lacking, flow)
    return None


def _whole(*lists):
    """Lists of floats as whole numbers of one unit, which is a power of 2; None for +inf."""
    exact = [[None if v == np.inf else Fraction(v) for v in values] for values in lists]
    unit = max(v.denominator for values in exact for v in values if v is not None)
    whole = [[None if v is None else int(v * unit) for v in values] for values in exact]
    return whole, Fraction(1, unit)


def _shortest_path(lengths, left, lacking, flow, phi, psi):
    """Rows and columns in turn, from a row with mass left to a column that lacks some (Dijkstra).

    The potentials move along: the path, and all that carries mass, has reduced cost 0.
    """
    n = len(left)
    senders = [[] for _ in lacking]
    for i, j in flow:
        senders[j].append(i)
    distance = {i: 0 for i in range(n) if left[i] > 0}
    before, done = {}, {}
    while distance:
        node = min(distance, key=distance.get)
        done[node] = reached = distance.pop(node)
        if node >= n and lacking[node - n] > 0:
            break
        if node < n:
            ends = ((n + j, c) for j, c in enumerate(lengths[node]) if c is not None)
            steps = [(end, c - phi[node] - psi[end - n]) for end, c in ends]
        else:
            steps = [(i, 0) for i in senders[node - n]]
        for end, length in steps:
            if end not in done and reached + length < distance.get(end, reached + length + 1):
                distance[end], before[end] = reached + length, node
    else:
        return None
    for atom, at in done.items():
        if atom < n:
            phi[atom] += reached - at
        else:
            psi[atom - n] -= reached - at
    path = [node]
    while path[-1] in before:
        path.append(before[path[-1]])
    return [atom if atom < n else atom - n for atom in reversed(path)]


def _augment(path, left, lacking, flow):
    """Send what the first row, the last column, and the pairs that give mass back allow."""
    forth = list(zip(path[::2], path[1::2], strict=True))
    back = list(zip(path[2::2], path[1::2], strict=False))
    amount = min(left[path[0]], lacking[path[-1]], *(flow[pair] for pair in back))
    left[path[0]] -= amount
    lacking[path[-1]] -= amount
    for pair in forth:
        flow[pair] = flow.get(pair, 0) + amount
    for pair in back:
        flow[pair] -= amount
        if flow[pair] == 0:
            del flow[pair]
