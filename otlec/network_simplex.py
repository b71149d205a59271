r"""The network simplex: a transport plan of least cost for any two vectors of masses.

A plan is a vertex of the polytope of all plans just when its entries, seen as edges between the
rows and the columns, form no cycle. So let the plan live on a spanning tree of the n + m atoms. The
equalities phi_i + psi_j = c_ij on the n + m - 1 edges of the tree determine the potentials from the
root down. Where they are feasible, phi_i + psi_j <= c_ij for all pairs, both are optimal:

    min_gamma sum_ij c_ij gamma_ij  =  max { sum_i a_i phi_i + sum_j b_j psi_j : phi + psi <= c }.

Otherwise a violated pair *enters* the tree and closes one cycle. Mass is pushed around the cycle,
more on the new pair, until an edge of it is empty; that edge *leaves*, and part of the tree moves.

Three things make this quick and safe. Masses are counted in whole grains, so that no rounding error
ever builds up in the plan. The empty edges of the tree all point to the root (the tree is *strongly
feasible*), which rules out that the method runs in circles. And most of the search for violated
pairs looks only at a few *candidates* in each row; all pairs are swept when those are exhausted.

Source: Dantzig (1951); Cunningham (1976) for strongly feasible trees; Ahuja, Magnanti and Orlin,
Network Flows (1993), chapter 11.
"""

import math

import numpy as np

from . import _check
from ._kernel import kernel
from .plan import Plan

_GRAINS = 2.0**60  # in the whole mass; sums of grains stay below 2^63
_BLOCK = 32  # columns, of which a sweep proposes the one that is violated most
_ROWS = 8  # whose candidates are compared before one enters
_TOLERANCE = 1e-13  # of the largest cost: what counts as violated
_PIVOTS_PER_CALL = 100_000  # so that Ctrl-C is heard in between
_PIVOTS_PER_ATOM = 1_000  # a budget some hundred times what has ever been seen


def transport(a, b, cost) -> Plan:
    r"""Solve $\min_\gamma \sum_{ij} c_{ij} \gamma_{ij}$ over the plans $\gamma$ from a to b.

    Parameters
    ----------
    a, b : arrays of shape (n,) and (m,)
        Masses: non-negative, with the same positive sum up to 1e-9 relative (then ``b`` is
        rescaled to the sum of ``a``).
    cost : array of shape (n, m)
        Real costs of any sign; +inf forbids a pair.

    Returns
    -------
    Plan
        With ``.rows .cols .mass .matrix .value .phi .psi .gap``, and at most n + m - 1 entries. The
        potentials are feasible at the atoms of mass 0 too. Entries that only the rounding of the
        masses makes, of about 1e-15 of the total, are left out.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape is wrong, a mass is negative or not finite, the sums differ, the cost holds nan
        or -inf, or if the forbidden pairs leave no plan.
    RuntimeError
        If the budget of pivots is used up, which should never happen: please report it.
    """
    a, b, cost = _check_problem(a, b, cost)
    on_a, on_b = np.flatnonzero(a), np.flatnonzero(b)
    if on_a.size == a.size and on_b.size == b.size:
        rows, cols, mass, phi, psi = _solve(a, b, cost)
    else:
        rows, cols, mass, phi_on, psi_on = _solve(a[on_a], b[on_b], cost[np.ix_(on_a, on_b)])
        rows, cols = on_a[rows], on_b[cols]
        phi, psi = _extend(cost, on_a, on_b, phi_on, psi_on)
    value = math.fsum(mass * cost[rows, cols])
    return Plan(a, b, rows, cols, mass, value, phi, psi)


def _check_problem(a, b, cost) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cost = _check.cost(cost)
    a = _check.masses(a, "a").copy()
    b = _check.masses(b, "b")
    if cost.shape != (a.size, b.size):
        raise ValueError(
            f"cost must have shape {(a.size, b.size)}, one row for each entry of a and one column "
            f"for each of b, but its shape is {cost.shape}"
        )
    total, other = float(a.sum()), float(b.sum())
    if abs(total - other) > 1e-9 * total:
        raise ValueError(
            f"a and b must have the same sum, but they sum to {total!r} and {other!r}; "
            "divide each by its sum first"
        )
    return a, b * (total / other), cost


def _solve(a, b, cost):
    """Entries and potentials of an optimal plan between positive masses of equal sum."""
    cost, unit, forbidden = _tame(cost)
    n, m = cost.shape
    scale = max(float(cost.max()), -float(cost.min()))
    supply, demand, grain = _grains(a, b)
    candidates = _candidates(n, m)
    psi = cost.min(axis=0)
    # potentials so high that every pair is violated: each block of columns proposes its best
    _sweep(cost, np.full(n, 4 * scale + 1), psi, 0.0, *candidates)
    tree = _first_tree(supply, demand, psi, *candidates)
    potential = _improve(cost, _TOLERANCE * scale, candidates, tree)
    rows, cols, count = _entries(supply, demand, tree)
    if forbidden is not None and forbidden[rows, cols].any():
        raise ValueError("cost forbids every plan: its +inf entries cannot all be avoided")
    potential *= unit
    return rows, cols, count * grain, potential[:n].copy(), potential[n:].copy()


def _tame(cost):
    """Costs between -1 and 1 where they are huge or tiny, and a finite price for +inf.

    Returns the costs, the unit that they are counted in (a power of 2, so that the change is
    exact), and the mask of forbidden pairs, or None.
    """
    forbidden = None
    highest, lowest = float(cost.max()), float(cost.min())
    if highest == np.inf:
        forbidden = np.isinf(cost)
        cost = np.where(forbidden, lowest if lowest < np.inf else 0.0, cost)
        highest, lowest = float(cost.max()), float(cost.min())
    scale = max(highest, -lowest)
    unit = 1.0
    if scale > 0 and not 1e-100 < scale < 1e100:
        unit = math.ldexp(1.0, min(math.frexp(scale)[1], 1023))
        # in two steps, because 1/unit may overflow
        half = math.ldexp(1.0, math.frexp(unit)[1] // 2)
        cost = cost / half / (unit / half)
        highest, lowest = highest / half / (unit / half), lowest / half / (unit / half)
    if forbidden is not None:
        # Around a cycle, one forbidden pair less must outweigh any change of the other pairs.
        price = highest + (2.0 * min(cost.shape) + 1.0) * max(highest - lowest, 1e-3 * abs(highest))
        cost[forbidden] = price if price > 0 else 1.0
    return cost, unit, forbidden


def _grains(a, b) -> tuple[np.ndarray, np.ndarray, float]:
    """Count the masses in whole grains, at least one each and equally many on both sides."""
    grain = float(a.sum()) / _GRAINS
    supply = np.maximum(np.rint(a / grain), 1.0).astype(np.int64)
    demand = np.maximum(np.rint(b / grain), 1.0).astype(np.int64)
    difference = int(supply.sum()) - int(demand.sum())
    if difference > 0:
        demand[demand.argmax()] += difference
    else:
        supply[supply.argmax()] -= difference
    return supply, demand, grain


def _candidates(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Room for the candidates of each row: columns, costs, how many, and where to add next."""
    most = 2 * (-(-m // _BLOCK))
    return (
        np.zeros((n, most), np.int64),
        np.zeros((n, most)),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )


def _first_tree(supply, demand, psi, columns, costs, counts, _):
    """A strongly feasible tree, greedily by reduced cost; the arrays that `_pivot` works on."""
    n, m = supply.size, demand.size
    proposed = np.arange(columns.shape[1]) < counts[:, None]
    rows, slots = np.nonzero(proposed)
    cols = columns[rows, slots]
    reduced = costs - psi[columns]
    reduced -= np.where(proposed, reduced, np.inf).min(axis=1)[:, None]
    order = np.argsort(reduced[rows, slots])
    parent = np.full(n + m, -1, np.int64)
    flow = np.zeros(n + m, np.int64)
    _greedy(rows[order], cols[order], supply.copy(), demand.copy(), parent, flow)
    links = np.full((3, n + m), -1, np.int64)  # first child, next sibling, previous sibling
    depth = np.empty(n + m, np.int64)
    _link(parent, links)
    return parent, flow, links, depth


def _improve(cost, tolerance, candidates, tree):
    """Pivot until no pair is violated, and return the potentials, of the rows and the columns."""
    n, m = cost.shape
    potential = np.empty(n + m)
    budget = _PIVOTS_PER_ATOM * (n + m)
    while budget > 0:
        _measure(cost, *tree, potential)
        if _sweep(cost, potential[:n], potential[n:], tolerance, *candidates) == 0:
            return potential
        pivots = _PIVOTS_PER_CALL
        while pivots == _PIVOTS_PER_CALL and budget > 0:
            pivots = _pivot(*candidates[:3], tolerance, *tree, potential, pivots)
            budget -= pivots
    raise RuntimeError(
        f"the network simplex did not finish in {_PIVOTS_PER_ATOM * (n + m)} pivots; "
        "please report this together with a, b and cost"
    )


def _entries(supply, demand, tree):
    """Rows, columns and grains of the edges that carry more than the rounding of the masses."""
    parent, flow = tree[:2]
    n = supply.size
    child = np.flatnonzero(flow)
    above = parent[child]
    rows, cols, count = np.minimum(child, above), np.maximum(child, above) - n, flow[child]
    smaller = np.minimum(supply[rows], demand[cols])
    real = (count > supply.size + demand.size) | (count > 1e-6 * smaller)
    return rows[real], cols[real], count[real]


def _extend(cost, on_a, on_b, phi_on, psi_on):
    """Potentials on all atoms from those where there is mass, as high as is feasible elsewhere."""
    phi, psi = np.empty(cost.shape[0]), np.empty(cost.shape[1])
    psi[on_b] = psi_on
    phi[:] = _least(cost[:, on_b] - psi_on, axis=1)
    phi[on_a] = phi_on
    psi[:] = _least(cost - phi[:, None], axis=0)
    psi[on_b] = psi_on
    return phi, psi


def _least(reduced, axis):
    """The least entries; 0 where all are +inf, since nothing bounds a potential there."""
    least = reduced.min(axis=axis)
    return np.where(np.isinf(least), 0.0, least)


@kernel
def _sweep(cost, phi, psi, tolerance, columns, costs, counts, oldest):
    """Look at all pairs; in each block of columns, propose the pair that is violated most.

    Returns the number of proposals. Where a row has no room left, its oldest ones are replaced.
    """
    n, m = cost.shape
    most = columns.shape[1]
    proposals = 0
    violation = np.empty(m)
    # Positive floats are ordered like the integers of the same bits, and a maximum of integers is
    # computed many at a time; one of floats is not, because of nan.
    bits = violation.view(np.int64)
    for i in range(n):
        for j in range(m):
            violation[j] = phi[i] + psi[j] - cost[i, j]
        for start in range(0, m, _BLOCK):
            block = bits[start : min(start + _BLOCK, m)]
            highest = np.int64(0)
            for k in range(block.size):
                highest = max(highest, block[k])
            if highest == 0:
                continue
            k = 0
            while block[k] != highest:
                k += 1
            j = start + k
            if violation[j] <= tolerance:
                continue
            slot = oldest[i]
            columns[i, slot] = j
            costs[i, slot] = cost[i, j]
            counts[i] = max(counts[i], slot + 1)
            oldest[i] = (slot + 1) % most
            proposals += 1
    return proposals


@kernel
def _greedy(rows, cols, left_a, left_b, parent, flow):
    """Move what is left along the pairs in the given order, then from corner to corner.

    Each move uses up one atom, which becomes the child of the other. A column is used up first:
    then its edge is not empty. A row may be used up later, empty-handed: its edge points up.
    """
    n, m = left_a.size, left_b.size
    for k in range(rows.size):
        if parent[rows[k]] < 0 and parent[n + cols[k]] < 0:
            _move(rows[k], cols[k], left_a, left_b, parent, flow)
    i = j = last = 0
    while j < m:
        if parent[n + j] >= 0:
            j += 1
        elif parent[i] >= 0 or left_a[i] == 0:
            i += 1
        else:
            _move(i, j, left_a, left_b, parent, flow)
            last = j
    # The rows that are left have nothing to move. One is the root; the others join its tree.
    node = n + last
    while parent[node] >= 0:
        node = parent[node]
    root = node
    for j in range(m):
        if parent[n + j] == root:
            last = j
    for i in range(n):
        if parent[i] < 0 and i != root:
            parent[i] = n + last


@kernel
def _move(i, j, left_a, left_b, parent, flow):
    n = left_a.size
    if left_a[i] < left_b[j]:
        parent[i], flow[i] = n + j, left_a[i]
        left_b[j] -= left_a[i]
        left_a[i] = 0
    else:
        parent[n + j], flow[n + j] = i, left_b[j]
        left_a[i] -= left_b[j]
        left_b[j] = 0


@kernel
def _link(parent, links):
    """The lists of children that belong to ``parent``."""
    for node in range(parent.size):
        if parent[node] >= 0:
            _attach(node, parent[node], links)


@kernel
def _attach(node, above, links):
    first, after, before = links
    sibling = first[above]
    after[node], before[node] = sibling, -1
    if sibling >= 0:
        before[sibling] = node
    first[above] = node


@kernel
def _detach(node, above, links):
    first, after, before = links
    if before[node] >= 0:
        after[before[node]] = after[node]
    else:
        first[above] = after[node]
    if after[node] >= 0:
        before[after[node]] = before[node]


@kernel
def _measure(cost, parent, flow, links, depth, potential):
    """Depths and potentials from the root down: phi_i + psi_j = c_ij on every edge."""
    n = cost.shape[0]
    stack = np.empty(parent.size, np.int64)
    for node in range(parent.size):
        if parent[node] < 0:
            stack[0] = node
    depth[stack[0]] = 0
    potential[stack[0]] = 0.0
    height = 1
    while height > 0:
        height -= 1
        above = stack[height]
        node = links[0, above]
        while node >= 0:
            i, j = min(node, above), max(node, above) - n
            depth[node] = depth[above] + 1
            potential[node] = cost[i, j] - potential[above]
            stack[height] = node
            height += 1
            node = links[1, node]


@kernel
def _pivot(columns, costs, counts, tolerance, parent, flow, links, depth, potential, limit):
    """Bring violated candidates into the tree until there is none, or ``limit`` times.

    Returns the number of pivots.
    """
    n = columns.shape[0]
    stack = np.empty(parent.size, np.int64)
    row = 0
    for pivots in range(limit):
        i, j, violation, row = _enter(columns, costs, counts, tolerance, potential, row)
        if i < 0:
            return pivots
        leaving, amount, top = _leave(i, n + j, n, parent, flow, depth)
        on_row_side = _push(i, n + j, n, leaving, amount, top, parent, flow)
        if on_row_side:
            _rehang(i, n + j, leaving, amount, parent, flow, links)
            _shift(i, -violation, n, parent, links, depth, potential, stack)
        else:
            _rehang(n + j, i, leaving, amount, parent, flow, links)
            _shift(n + j, -violation, n, parent, links, depth, potential, stack)
    return limit


@kernel
def _enter(columns, costs, counts, tolerance, potential, row):
    """The most violated candidate of the next few rows that have one; row -1 if there is none."""
    n = columns.shape[0]
    worst = tolerance
    best_i = best_j = -1
    for looked in range(n):
        phi = potential[row]
        for k in range(counts[row]):
            j = columns[row, k]
            violation = phi + potential[n + j] - costs[row, k]
            if violation > worst:
                worst = violation
                best_i, best_j = row, j
        row = row + 1 if row + 1 < n else 0
        if best_i >= 0 and looked >= _ROWS:
            break
    return best_i, best_j, worst, row


@kernel
def _leave(i, j, n, parent, flow, depth):
    """The edge that empties first when mass goes i -> j and back around, and how much goes.

    An edge is named by its lower end. On the way up from i, mass that leaves a row shrinks; on the
    way up from j, mass that enters a column does. Among equals the last one, walking around from
    the top in the direction of the mass, keeps the tree strongly feasible.
    """
    amount = np.int64(2**63 - 1)
    leaving = -1
    while i != j:
        if depth[i] >= depth[j]:
            if i < n and flow[i] < amount:
                leaving, amount = i, flow[i]
            i = parent[i]
        else:
            if j >= n and flow[j] <= amount:
                leaving, amount = j, flow[j]
            j = parent[j]
    return leaving, amount, i


@kernel
def _push(i, j, n, leaving, amount, top, parent, flow):
    """Move ``amount`` around the cycle; whether the leaving edge is on the way up from i."""
    on_row_side = False
    while i != top:
        on_row_side = on_row_side or i == leaving
        flow[i] += amount if i >= n else -amount
        i = parent[i]
    while j != top:
        flow[j] += amount if j < n else -amount
        j = parent[j]
    return on_row_side


@kernel
def _rehang(node, above, leaving, amount, parent, flow, links):
    """Cut the edge above ``leaving``, and hang the part cut off below ``above`` by ``node``."""
    while True:
        old_above, old_flow = parent[node], flow[node]
        _detach(node, old_above, links)
        parent[node], flow[node] = above, amount
        _attach(node, above, links)
        if node == leaving:
            return
        node, above, amount = old_above, node, old_flow


@kernel
def _shift(top, change, n, parent, links, depth, potential, stack):
    """Correct potentials and depths in the part that has moved: its side of ``top`` by +change."""
    first, after = links[0], links[1]
    row_change = change if top < n else -change
    stack[0] = top
    height = 1
    while height > 0:
        height -= 1
        node = stack[height]
        depth[node] = depth[parent[node]] + 1
        potential[node] += row_change if node < n else -row_change
        node = first[node]
        while node >= 0:
            stack[height] = node
            height += 1
            node = after[node]
