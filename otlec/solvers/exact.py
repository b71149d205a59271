r"""A last phase without rounding: pivots of the network simplex that compare exactly.

The ordinary methods compare reduced costs in floats. Where one problem has two scales, as two
distant clusters or costs with heavy tails have, the potentials carry the digits of the large scale,
and what is left of the small one is rounding: a plan is called optimal that is not.

Here a reduced cost is computed where it belongs, on the cycle that the pair closes in the tree:

    c_ij - c(first edge) + c(second edge) - ...,

a sum of a few costs, in double-double, in which a cost of 1e12 that two atoms share cancels without
a trace. That costs the length of the cycle, so only pairs are looked at whose reduced cost is near
0 in ordinary numbers. Few pivots are needed, since the ordinary methods have done the work.

The tree consists of the edges of the plan; its parts hang on an artificial root, each at the price
that the potentials found so far give it. No mass ever uses these edges. They leave the tree when a
pair joins two parts.

At the end every part of the plan gets potentials of its own, as small as the pairs between the
parts allow: then their digits are those of its own costs.
"""

import dataclasses
import math

import numpy as np

from .._kernel import kernel
from ..certificate import judge, with_evidence
from ..evidence import MatrixCosts
from ..parts import edges_of_atoms, greatest_shifts
from ..plan import Assignment, Plan
from .clear import NEEDED, add, clear_evidence
from .rational import rational_plan

_ENOUGH = 1e-9  # and a worse one than that does not leave
_DENORMAL = 1e-300  # a value below has few digits, and its certificate says how few
_PIVOTS_PER_ATOM = 200
_ROUNDS = 500  # of shortest paths between parts
_GRAINS = 2.0**53


def proved(result: Plan | Assignment, cost: np.ndarray) -> Plan | Assignment:
    """The result with its evidence; improved, where its certificate is poor.

    Raises
    ------
    RuntimeError
        If no plan is found that is optimal to 1e-9 of its value, in all of its parts.
    """
    if isinstance(result, Assignment):
        evidence = clear_evidence(result, cost)
        if evidence is not None:
            object.__setattr__(result, "evidence", evidence)  # nobody else has it yet
            return result
    result, (error, stored) = _judged(result, cost)
    if max(error, stored) <= NEEDED:
        return result
    for better in _improved(result, cost):
        better, its_errors = _judged(better, cost)
        if its_errors < (error, stored):
            result, (error, stored) = better, its_errors
        if max(error, stored) <= NEEDED:
            break
    if error > _ENOUGH and abs(result.value) > _DENORMAL:
        raise RuntimeError(
            f"the plan that was found is {result.certificate}: the masses or the costs differ by "
            "too many orders of magnitude for double precision; divide the problem"
        )
    return result


def _judged(result, cost: np.ndarray):
    """The result with its evidence; its error, in steps of the claim, and that of stored digits."""
    result = with_evidence(result, MatrixCosts(cost))
    verdict = judge(result, result.evidence)
    violated = verdict.violation * float(result.a.sum())
    stored = violated / verdict.scale if verdict.scale > 0 else (math.inf if violated > 0 else 0.0)
    return result, (max(verdict.error, NEEDED), stored)


def _improved(result, cost: np.ndarray):
    """Plans that may be better: first the same one with small potentials, then another one."""
    on_a, on_b = np.flatnonzero(result.a), np.flatnonzero(result.b)
    whole = on_a.size == result.a.size and on_b.size == result.b.size
    inside = np.ascontiguousarray(cost if whole else cost[np.ix_(on_a, on_b)])
    largest = np.abs(inside[np.isfinite(inside)]).max(initial=0.0)
    exponent = math.frexp(largest)[1]
    inside = np.ldexp(inside, -exponent)
    rows, cols = np.searchsorted(on_a, result.rows), np.searchsorted(on_b, result.cols)
    used = np.isin(result.rows, on_a) & np.isin(result.cols, on_b) & (result.mass > 0)
    mass = result.mass[used]
    rows, cols = rows[used], cols[used]
    phi, psi = (
        np.ldexp(potential, -exponent) for potential in (result.phi[on_a], result.psi[on_b])
    )

    def with_potentials(rows, cols, mass, phi, psi):
        phi, psi = np.ldexp(phi, exponent), np.ldexp(psi, exponent)
        return _rebuilt(result, cost, (on_a, on_b), (on_a[rows], on_b[cols], mass), (phi, psi))

    if np.unique(rows).size == on_a.size and np.unique(cols).size == on_b.size:
        for entries in _pivoted(result, inside, on_a, on_b, (rows, cols, mass, phi, psi)):
            yield with_potentials(*entries)
    found = None
    if isinstance(result, Plan):
        found = rational_plan(result.a[on_a], result.b[on_b], inside)
    if found is not None:
        yield with_potentials(*found[:3], *_small(inside, *found[:2], *found[3:]))
        yield with_potentials(*found)


def _pivoted(result, inside, on_a, on_b, entries):
    """The same entries with small potentials, and those that exact pivots find."""
    rows, cols, mass, phi, psi = entries
    unit = 1.0 if isinstance(result, Assignment) else mass.sum() / _GRAINS
    flow = np.maximum(np.rint(mass / unit), 1.0).astype(np.int64)
    yield rows, cols, mass, *_small(inside, rows, cols, phi, psi)
    found = _optimum(inside, rows, cols, flow, phi, psi)
    if found is None:
        return
    rows, cols, moved, phi, psi = found
    mass = moved * unit
    if isinstance(result, Plan):
        mass = settled(rows, cols, mass, result.a[on_a], result.b[on_b])
    yield rows, cols, mass, *_small(inside, rows, cols, phi, psi)
    yield rows, cols, mass, phi, psi


def _rebuilt(result, cost, atoms, entries, potentials):
    """A result of the same kind with other entries and potentials, extended to atoms of mass 0."""
    (on_a, on_b), (rows, cols, mass) = atoms, entries
    if isinstance(result, Assignment):
        permutation = np.empty_like(result.permutation)
        permutation[rows] = cols
        value = math.fsum(cost[rows, cols].tolist())
        return Assignment(permutation, value, *potentials)
    phi, psi = potentials
    if on_a.size < result.a.size or on_b.size < result.b.size:
        phi, psi = extended(cost, on_a, on_b, phi, psi)
    value = math.fsum((mass * cost[rows, cols]).tolist())
    return dataclasses.replace(
        result, rows=rows, cols=cols, mass=mass, value=value, phi=phi, psi=psi, evidence=None
    )


def extended(cost, on_a, on_b, phi_on, psi_on):
    """Potentials on all atoms from those where there is mass, as high as is feasible elsewhere.

    They stay a rounding below that: atoms without mass shall not spoil a certificate.
    """
    phi, psi = np.empty(cost.shape[0]), np.empty(cost.shape[1])
    psi[on_b] = psi_on
    phi[:] = _least(cost[:, on_b], psi_on[None, :], axis=1)
    phi[on_a] = phi_on
    psi[:] = _least(cost, phi[:, None], axis=0)
    psi[on_b] = psi_on
    return phi, psi


def _least(cost, potential, axis):
    """The least reduced costs, rounded down; 0 where all are +inf: there nothing bounds them."""
    reduced = cost - potential
    at = np.expand_dims(reduced.argmin(axis=axis), axis)
    least = np.take_along_axis(reduced, at, axis).squeeze(axis)
    size = np.abs(np.take_along_axis(cost, at, axis).squeeze(axis)) + np.abs(least)
    return np.where(np.isinf(least), 0.0, least - 2.0**-51 * size)


def settled(rows, cols, mass, a, b):
    """The masses on the edges of a forest that the marginals determine, each rounded once.

    Masses that were counted in grains of the whole are coarse where an atom is tiny. What the two
    sides of a part differ by, to rounding, is left to its heaviest atom.
    """
    parent, part = _hang(rows, cols, a.size, b.size)
    exact = _peel(rows, cols, part[:-1], np.concatenate([a, b]), a.size)
    # a forest has fewer edges than atoms; and a mass that rounding alone made is left as it is
    is_forest = rows.size == a.size + b.size - np.count_nonzero(parent[: a.size] == parent.size - 1)
    close = np.abs(exact - mass) <= 2.0**-40 * mass.sum()
    return exact if is_forest and (exact > 0).all() and close.all() else mass


def _small(cost, rows, cols, phi, psi):
    """Potentials that are tight on the edges, part by part, as small as the other pairs allow."""
    n, m = cost.shape
    parent, part = _hang(rows, cols, n, m)
    high, low, *_ = _potentials(cost, parent, np.zeros(n))
    inside, parts = (high[:n], high[n:-1]), (part[:n], part[n:-1])
    shift = greatest_shifts(cost, inside, parts, (phi, psi), _ROUNDS)
    if not np.isfinite(shift).all():  # too many rounds: keep the differences between the parts
        root = parent[:n] == n + m
        shift[:] = 0.0
        shift[part[:n][root]] = phi[root]
    return (
        high[:n] + shift[part[:n]] + low[:n],
        high[n:-1] - shift[part[n:-1]] + low[n:-1],
    )


def _optimum(cost, rows, cols, flow, phi, psi):
    """Pivot until no pair is violated, exactly; None if that takes too long."""
    n, m = cost.shape
    parent, _ = _hang(rows, cols, n, m)
    on_edge = np.zeros(n + m + 1, np.int64)
    _load(rows, cols, flow, parent, on_edge, n)
    budget = _PIVOTS_PER_ATOM * (n + m)
    while True:
        state = _potentials(cost, parent, phi)
        i, j = _violated(cost, parent, phi, *state)
        if i.size == 0:
            break
        pivots = _pivot_all(cost, parent, on_edge, phi, i, j)
        budget -= max(pivots, 1)
        if budget < 0:
            return None
    high = state[0]  # the lower float is less than a rounding of it
    child = np.flatnonzero((on_edge > 0) & (parent != n + m))
    above = parent[child]
    rows, cols = np.minimum(child, above), np.maximum(child, above) - n
    order = np.lexsort((cols, rows))
    return (
        rows[order], cols[order], on_edge[child][order], high[:n], high[n:-1],
    )  # fmt: skip


@kernel
def _hang(rows, cols, n, m):
    """Hang each part of a forest on the root n + m, by its first row; the parent and part of each.

    Edges beyond a forest are left out.
    """
    first, edges = edges_of_atoms(rows, cols, n, m)
    root = n + m
    parent = np.full(root + 1, -1)
    part = np.full(root + 1, -1)
    queue = np.empty(root, np.int64)
    for start in range(n):
        if parent[start] >= 0:
            continue
        parent[start] = root
        part[start] = start
        queue[0] = start
        head, tail = 0, 1
        while head < tail:
            atom = queue[head]
            head += 1
            for k in range(first[atom], first[atom + 1]):
                neighbour = n + cols[edges[k]] if atom < n else rows[edges[k]]
                if parent[neighbour] < 0:
                    parent[neighbour] = atom
                    part[neighbour] = start
                    queue[tail] = neighbour
                    tail += 1
    return parent, part


@kernel
def _peel(rows, cols, part, mass, n):
    """Take leaf after leaf from a forest: its edge carries what is left of it."""
    atoms, edges = mass.size, rows.size
    heaviest = np.full(atoms, -1)
    for atom in range(atoms):
        if part[atom] >= 0 and (
            heaviest[part[atom]] < 0 or mass[atom] > mass[heaviest[part[atom]]]
        ):
            heaviest[part[atom]] = atom
    degree, sum_of_edges = np.zeros(atoms, np.int64), np.zeros(atoms, np.int64)
    for q in range(edges):
        for atom in (rows[q], n + cols[q]):
            degree[atom] += 1
            sum_of_edges[atom] += q  # of a leaf, it is the one edge
    high, low = mass.copy(), np.zeros(atoms)
    flow = np.zeros(edges)
    for start in range(atoms):
        leaf = start
        while degree[leaf] == 1 and heaviest[part[leaf]] != leaf:
            q = sum_of_edges[leaf]
            other = n + cols[q] if leaf < n else rows[q]
            flow[q] = high[leaf] + low[leaf]
            high[other], low[other] = add(high[other], low[other], -high[leaf])
            low[other] -= low[leaf]
            degree[leaf] = 0
            degree[other] -= 1
            sum_of_edges[other] -= q
            if other > start:
                break
            leaf = other
    return flow


@kernel
def _load(rows, cols, flow, parent, on_edge, n):
    """Put the flow of each entry on its edge of the tree."""
    for q in range(rows.size):
        i, j = rows[q], n + cols[q]
        if parent[i] == j:
            on_edge[i] += flow[q]
        elif parent[j] == i:
            on_edge[j] += flow[q]


@kernel
def _length(cost, parent, base, node):
    """The cost of the edge above a node; below the root, where a row is, the price of its part."""
    n = cost.shape[0]
    above = parent[node]
    if above == parent.size - 1:
        return base[node]
    return cost[node, above - n] if node < n else cost[above, node - n]


@kernel
def _potentials(cost, parent, base):
    """Potentials in double-double, from the root down, the largest on the way, and the depths."""
    root = parent.size - 1
    high, low, largest = np.zeros(root + 1), np.zeros(root + 1), np.zeros(root + 1)
    depth = np.full(root + 1, -1)
    depth[root] = 0
    path = np.empty(root, np.int64)
    for start in range(root):
        count = 0
        node = start
        while depth[node] < 0:
            path[count] = node
            count += 1
            node = parent[node]
        for k in range(count - 1, -1, -1):
            node = path[k]
            above = parent[node]
            # phi_i + psi_j = c_ij on an edge; the root has potential 0 and counts as a column
            high[node], low[node] = add(
                -high[above], -low[above], _length(cost, parent, base, node)
            )
            largest[node] = max(largest[above], abs(high[node]))
            depth[node] = depth[above] + 1
    return high, low, largest, depth


@kernel
def _excess(cost, parent, base, depth, i, j):
    """The violation phi_i + psi_j - c_ij, summed around the cycle; 0 if it is only rounding."""
    n = cost.shape[0]
    high, low = -cost[i, j], 0.0
    size = abs(high)
    up, down = i, n + j
    while up != down:
        if depth[up] >= depth[down]:
            term = _length(cost, parent, base, up)
            term = term if up < n else -term
            up = parent[up]
        else:
            term = _length(cost, parent, base, down)
            term = -term if down < n else term
            down = parent[down]
        size += abs(term)
        high, low = add(high, low, term)
    return high if abs(high) > 2.0**-96 * size else 0.0


@kernel
def _violated(cost, parent, base, high, low, largest, depth):
    """The most violated pair of each row that has one."""
    n, m = cost.shape
    rows, cols = np.empty(n, np.int64), np.empty(n, np.int64)
    found = 0
    for i in range(n):
        worst, column = 0.0, -1
        for j in range(m):
            excess = high[i] + high[n + j] - cost[i, j]
            doubt = 4e-16 * (abs(high[i]) + abs(high[n + j]))
            doubt += 2.0**-96 * (largest[i] + largest[n + j])
            if not excess > -doubt:
                continue
            if excess <= doubt:
                excess = _excess(cost, parent, base, depth, i, j)
            if excess > worst:
                worst, column = excess, j
        if column >= 0:
            rows[found], cols[found] = i, column
            found += 1
    return rows[:found], cols[:found]


@kernel
def _pivot_all(cost, parent, flow, base, rows, cols):
    """Bring the given pairs into the tree, one after the other, those that are still violated."""
    n = cost.shape[0]
    depth, path = np.empty_like(parent), np.empty_like(parent)
    pivots = 0
    fresh = False
    for q in range(rows.size):
        if not fresh:
            _measure_depths(parent, depth, path)
            fresh = True
        if _excess(cost, parent, base, depth, rows[q], cols[q]) > 0:
            _exchange(rows[q], n + cols[q], n, parent, flow, depth)
            pivots += 1
            fresh = False
    return pivots


@kernel
def _measure_depths(parent, depth, path):
    root = parent.size - 1
    depth[:] = -1
    depth[root] = 0
    for start in range(root):
        count = 0
        node = start
        while depth[node] < 0:
            path[count] = node
            count += 1
            node = parent[node]
        for k in range(count - 1, -1, -1):
            depth[path[k]] = depth[parent[path[k]]] + 1


@kernel
def _exchange(i, j, n, parent, flow, depth):
    """One pivot: mass goes i -> j and back around, until an edge is empty, which leaves the tree.

    Among equals the last one, walking around from the top in the direction of the mass, leaves:
    that keeps the tree strongly feasible, and the method from running in circles.
    """
    amount = np.int64(2**63 - 1)
    leaving, on_row_side = -1, False
    up, down = i, j
    while up != down:
        if depth[up] >= depth[down]:
            if up < n and flow[up] < amount:
                leaving, amount, on_row_side = up, flow[up], True
            up = parent[up]
        else:
            if down >= n and flow[down] <= amount:
                leaving, amount, on_row_side = down, flow[down], False
            down = parent[down]
    top = up
    up = i
    while up != top:
        flow[up] += amount if up >= n else -amount
        up = parent[up]
    down = j
    while down != top:
        flow[down] += amount if down < n else -amount
        down = parent[down]
    node, above = (i, j) if on_row_side else (j, i)
    while True:
        old_parent, old_flow = parent[node], flow[node]
        parent[node], flow[node] = above, amount
        if node == leaving:
            return
        node, above, amount = old_parent, node, old_flow
