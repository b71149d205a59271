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

Larger problems that sorting solves, as on the line, do not come here: see `monge`.

Source: Dantzig (1951); Cunningham (1976) for strongly feasible trees; Ahuja, Magnanti and Orlin,
Network Flows (1993), chapter 11.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from .. import _validate
from .._kernel import driver, kernel
from ..measure import measures_at
from ..plan import Plan
from .exact import extended, proved, settled
from .monge import sorted_plan
from .units import crumb, extremes, grains, tame, total_cost

_BLOCK = 64  # columns, of which a sweep proposes the one that is violated most
_ROWS = 8  # whose candidates are compared before one enters
_TOLERANCE = 1e-13  # of the largest potential: a violation below it may be rounding
_PIVOTS_PER_CALL = 100_000  # so that Ctrl-C is heard in between
_PIVOTS_PER_ATOM = 1_000  # a budget that has never been needed: 10 are usual
_PATIENCE = 15  # pivots an atom, before the search starts again from a better guess
_SMALL = 64  # atoms on a side, below which no guess is worth the effort


def transport(a, b, cost, *, points=None) -> Plan:
    r"""Solve $\min_\gamma \sum_{ij} c_{ij} \gamma_{ij}$ over the plans $\gamma$ from a to b.

    Parameters
    ----------
    a, b : arrays of shape (n,) and (m,)
        Masses in any unit, as loaves: non-negative, with the same positive sum up to 1e-9 relative,
        or 1e-6 for arrays of float32 (then ``b`` is rescaled to the sum of ``a``).
    cost : array of shape (n, m)
        Real costs of any sign, for one unit of mass; +inf forbids a pair.
    points : pair of arrays, optional
        The places of a, of shape (n,) or (n, d), and those of b. The plan then has a ``.source``
        and a ``.target``, which are probability measures: it can be drawn, and moved by
        `geodesic`. Its ``.mass``, ``.a``, ``.b`` and ``.value`` keep their units.

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
        If no plan is found that is certified to 1e-9, or the budget of pivots is used up.
    """
    a, b, cost = _validate.transport_problem(a, b, cost)
    on_a, on_b = np.flatnonzero(a), np.flatnonzero(b)
    if on_a.size == a.size and on_b.size == b.size:
        rows, cols, mass, phi, psi = _solve(a, b, cost)
    else:
        rows, cols, mass, phi_on, psi_on = _solve(a[on_a], b[on_b], cost[np.ix_(on_a, on_b)])
        rows, cols = on_a[rows], on_b[cols]
        phi, psi = extended(cost, on_a, on_b, phi_on, psi_on)
    value = total_cost(mass, cost[rows, cols], phi, psi)
    plan = proved(Plan(a, b, rows, cols, mass, value, phi, psi), cost)
    if points is None:
        return plan
    source, target = measures_at(points, a, b)
    return dataclasses.replace(plan, source=source, target=target)


def _solve(a, b, cost):
    """Entries and potentials of an optimal plan between positive masses of equal sum."""
    cost, unit = tame(cost)
    supply, demand, grain = grains(a, b)
    found = (
        sorted_plan(supply, demand, crumb(*cost.shape), cost) if min(cost.shape) >= _SMALL else None
    )
    rows, cols, count, phi, psi = found or _by_pivots(a, b, cost, supply, demand)
    with np.errstate(over="ignore"):
        phi, psi = phi * unit, psi * unit
    mass = settled(rows, cols, np.ldexp(count * grain[0], grain[1]), a, b)
    return rows, cols, mass, phi, psi


def _by_pivots(a, b, cost, supply, demand):
    """The edges of an optimal tree, what they carry, and potentials, by the network simplex."""
    n, m = cost.shape
    phi, psi = _nearest_potentials(cost)
    # Where a few rows are the nearest ones of nearly all columns, prices decide who gets them, and
    # those of a coarser problem are a good guess. So they are where the first guess takes too long.
    small = min(n, m) < _SMALL
    crowded = np.count_nonzero(phi == 0) < 0.2 * min(n, m)
    potential = None
    if small or not crowded:
        patience = _PIVOTS_PER_ATOM if small else _PATIENCE
        tree, potential = _simplex(cost, supply, demand, phi, psi, patience * (n + m))
    if potential is None and not small:
        phi, psi = _coarse_potentials(a, b, cost)
        tree, potential = _simplex(cost, supply, demand, phi, psi, _PIVOTS_PER_ATOM * (n + m))
    if potential is None:
        raise RuntimeError(
            f"the network simplex did not finish in {_PIVOTS_PER_ATOM * (n + m)} pivots; "
            "please report this together with a, b and cost"
        )
    rows, cols, count = _entries(supply, demand, tree[0], tree[1], crumb(n, m))
    return rows, cols, count, potential[:n], -potential[n:-1]


@driver
def _candidates(n, m):
    """Room for the candidates of each row: columns, costs, how many, and where to add next."""
    most = 2 * (-(-m // _BLOCK))
    return (
        np.zeros((n, most), np.int64),
        np.zeros((n, most)),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )


def _nearest_potentials(cost):
    """Feasible potentials: the least cost in each column, and what that leaves in each row."""
    psi = _least(cost, axis=0)
    return _least(cost - psi, axis=1), psi


def _coarse_potentials(a, b, cost):
    """Feasible potentials from the problem of every other row and column, solved exactly."""
    try:
        *_, psi = _solve(a[::2] / a[::2].sum(), b[::2] / b[::2].sum(), cost[::2, ::2].copy())
    except ValueError:  # a part of a problem with forbidden pairs need not have a plan
        return _nearest_potentials(cost)
    phi = _least(cost[:, ::2] - psi, axis=1)
    psi = _least(cost - phi[:, None], axis=0)
    return _least(cost - psi, axis=1), psi


@driver
def _star(flow):
    """The first tree: each atom is a child of the root, an artificial node that takes all mass.

    Returns the arrays that `_pivot` works on. The list ``after`` (and back, ``before``) runs
    through the tree from the root, each node followed by all of its descendants; ``last`` is the
    last of them, ``size`` their number, the node included.
    """
    root = flow.size - 1
    nodes = np.arange(root + 1)
    parent, size, last = 0 * nodes + root, 0 * nodes + 1, nodes.copy()
    parent[root], size[root], last[root] = -1, root + 1, root - 1
    return parent, flow, (nodes + 1) % (root + 1), (nodes + root) % (root + 1), last, size


def spanning_trees(a, b, cost) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The trees that `transport` visits between positive masses, one after each pivot.

    Yields the parent of each node, -1 for the root, and the mass on the edge to it. Nodes are the
    rows, the columns, and the artificial root. Each tree is reached from the start again.
    """
    a, b, cost = _validate.transport_problem(a, b, cost)
    cost, _ = tame(cost)
    supply, demand, grain = grains(a, b)
    phi, psi = _nearest_potentials(cost)
    for pivots in range(_PIVOTS_PER_ATOM * sum(cost.shape)):
        tree, optimal = _simplex(cost, supply, demand, phi, psi, pivots, 1)
        if optimal is not None:
            return
        yield tree[0], np.ldexp(tree[1] * grain[0], grain[1])


def _simplex(cost, supply, demand, phi, psi, budget, portion=_PIVOTS_PER_CALL):
    """The last tree, and the potentials of its nodes or None if the budget is used up."""
    flow = np.concatenate([supply, demand, [0]])
    potentials = np.concatenate([phi, psi, [0.0]])
    few, prices = crumb(*cost.shape), _prices(cost, phi, psi)
    *tree, potential, left = _drive(cost, flow, potentials, *prices, few, budget, portion)
    if left < 0:
        raise ValueError("cost forbids every plan: its +inf entries cannot all be avoided")
    return tree, potential if left > 0 else None


@driver
def _drive(cost, flow, potentials, price, enough, crumbs, budget, portion):
    """The tree, the potentials of its nodes, and what is left of the budget; -1 without a plan.

    The search starts from feasible potentials, and the root charges them and a price besides. If
    mass still uses the root at the end, the price was too low, or the problem has no plan. The
    mass of each atom comes in ``flow``, with 0 for the root, and on the edges it is returned.
    """
    n, m = cost.shape
    root = n + m
    candidates = _candidates(n, m)
    # potentials so high that most pairs are violated: each block of columns proposes its best
    _sweep(cost, potentials[:n] + 2 * price, potentials[n:root], 0.0, *candidates)
    tree, potential = _star(flow), np.empty(root + 1)
    parent = tree[0]
    while price < 10 * enough:
        budget = _improve(cost, potentials + price, candidates, tree, potential, budget, portion)
        if budget == 0 or not (flow[parent == root] > crumbs).any():
            return *tree, potential, budget
        price *= 10
    return *tree, potential, -1


def _prices(cost, phi, psi) -> tuple[float, float]:
    """A typical reduced cost, and a price that outweighs any way around the root."""
    n, m = cost.shape
    rows, cols = slice(None, None, 1 + n // 100), slice(None, None, 1 + m // 100)
    sample = cost[rows, cols] - phi[rows, None] - psi[cols]
    sample = sample[np.isfinite(sample) & (sample > 0)]
    lowest, highest = extremes(cost)
    # where costs are nearly equal, what they differ by drowns in the rounding of a price
    enough = (n + m) * (highest - lowest) + 1e-6 * max(abs(highest), abs(lowest)) or 1.0
    typical = float(np.median(sample)) if sample.size else enough
    return min(typical, enough), enough


@driver
def _improve(cost, prices, candidates, tree, potential, budget, portion):
    """Pivot until no pair is violated; what is left of the budget, 0 if it was not enough."""
    n, parent, after = cost.shape[0], tree[0], tree[2]
    while True:
        tolerance = _TOLERANCE * _measure(cost, prices, parent, after, potential)
        pivots = limit = 1
        while pivots == limit:
            limit = min(budget, portion)
            if limit <= 0:
                return 0
            pivots = _pivot(*candidates[:3], tolerance, *tree, potential, limit)
            budget -= pivots
        tolerance = _TOLERANCE * _measure(cost, prices, parent, after, potential)
        if _sweep(cost, potential[:n], -potential[n:-1], tolerance, *candidates) == 0:
            return budget


@driver
def _entries(supply, demand, parent, flow, crumbs):
    """Rows, columns and grains of the edges that carry more than the rounding of the masses."""
    n, root = supply.size, flow.size - 1
    child = np.nonzero(parent[:-1] != root)[0]
    above, count = parent[child], flow[child]
    rows, cols = np.minimum(child, above), np.maximum(child, above) - n
    smaller = np.minimum(supply[rows], demand[cols])
    real = (count > crumbs) | (count > 1e-6 * smaller)
    return rows[real], cols[real], count[real]


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
            k = i % block.size  # another one in each row, where many are equal
            while block[k] != highest:
                k = k + 1 if k + 1 < block.size else 0
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
def _measure(cost, prices, parent, after, potential):
    """Potentials from the root down: the difference along an edge, in its direction, is its cost.

    The first child of the root gets 0: where it is the only one, no price spoils the digits.
    Returns the largest potential in absolute value.
    """
    n = cost.shape[0]
    root = parent.size - 1
    node = after[root]
    largest = 0.0
    potential[root] = -prices[node] if node < n else prices[node]
    while node != root:
        above = parent[node]
        if above == root:
            length = prices[node]
        elif node < n:
            length = cost[node, above - n]
        else:
            length = cost[above, node - n]
        potential[node] = potential[above] + (length if node < n else -length)
        largest = max(largest, abs(potential[node]))
        node = after[node]
    return largest


# long: a kernel takes plain arrays; three hold the candidates, six the tree
@kernel
def _pivot(
    columns, costs, counts, tolerance, parent, flow, after, before, last, size, potential, limit
):
    """Bring violated candidates into the tree until there is none, or ``limit`` times.

    Returns the number of pivots.
    """
    n = columns.shape[0]
    row = 0
    for pivots in range(limit):
        i, j, violation, row = _enter(columns, costs, counts, tolerance, potential, row)
        if i < 0:
            return pivots
        j += n
        leaving, amount, top = _leave(i, j, n, parent, flow, size)
        if _push(i, j, n, leaving, amount, top, parent, flow):
            node, above, change = i, j, -violation
        else:
            node, above, change = j, i, violation
        _resize(node, above, leaving, top, parent, size)
        _rehang(node, above, leaving, amount, parent, flow, after, before, last)
        for _ in range(size[node]):
            potential[node] += change
            node = after[node]
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
            violation = phi - potential[n + j] - costs[row, k]
            if violation > worst:
                worst = violation
                best_i, best_j = row, j
        row = row + 1 if row + 1 < n else 0
        if best_i >= 0 and looked >= _ROWS:
            break
    return best_i, best_j, worst, row


@kernel
def _leave(i, j, n, parent, flow, size):
    """The edge that empties first when mass goes i -> j and back around, and how much goes.

    An edge is named by its lower end. On the way up from i, mass that leaves a row shrinks; on the
    way up from j, mass that enters a column does. Among equals the last one, walking around from
    the top in the direction of the mass, keeps the tree strongly feasible.
    """
    amount = np.int64(2**63 - 1)
    leaving = -1
    while i != j:
        if size[i] < size[j]:  # then i is not above j
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
def _resize(node, above, leaving, top, parent, size):
    """The sizes after the part below ``leaving`` has moved to ``above``, and hangs by ``node``."""
    moved = size[leaving]
    up = parent[leaving]
    while up != top:
        size[up] -= moved
        up = parent[up]
    up = above
    while up != top:
        size[up] += moved
        up = parent[up]
    below = 0
    while True:
        size[node], below = moved - below, size[node]
        if node == leaving:
            return
        node = parent[node]


@kernel
def _rehang(node, above, leaving, amount, parent, flow, after, before, last):
    """Cut the edge above ``leaving``, and hang the part cut off below ``above`` by ``node``.

    The edges between ``node`` and ``leaving`` turn round. In the list, the descendants of each
    node on this path follow those of the one before it, all of them right behind ``above``.
    """
    up, end = parent[leaving], last[leaving]
    new_parent, tail, gap, old_last = above, above, -1, -1
    while True:
        # the descendants of this node that still stand behind it
        stop = gap if last[node] == old_last else last[node]
        old_last, gap, old_tail = last[node], before[node], tail
        _join(gap, after[stop], after, before)
        behind = after[tail]
        _join(tail, node, after, before)
        _join(stop, behind, after, before)
        tail = stop
        old_parent, old_flow = parent[node], flow[node]
        parent[node], flow[node] = new_parent, amount
        if node == leaving:
            break
        node, new_parent, amount = old_parent, node, old_flow
    while node != above:
        last[node] = tail
        node = parent[node]
    end_left = tail if gap == old_tail else gap
    while up >= 0 and last[up] == end:
        last[up] = end_left
        up = parent[up]
    up = above
    while up >= 0 and last[up] == above:
        last[up] = tail
        up = parent[up]


@kernel
def _join(node, follower, after, before):
    after[node], before[follower] = follower, node
