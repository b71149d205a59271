r"""Transport on the line: the monotone plan, read off the quantile functions (section 1).

For a cost h(y - x) with h convex, the optimal plan on the line never crosses: it pairs the smallest
atoms first, and is the image of the Lebesgue measure on [0, 1] under the two quantile functions,

    gamma = (Q_mu, Q_nu)_# Leb,        T_c(mu, nu) = integral_0^1 h(Q_nu(s) - Q_mu(s)) ds.

Sort both sides, then walk up a staircase of pairs (i, j): move what the smaller of the two
leftovers allows, and step past the atom that is used up. Consecutive pairs of the staircase share
an atom, so the equalities phi_i + psi_j = c_ij along it determine all potentials from phi = 0 at
the first atom. They are feasible because the cost has the Monge property,
c(x, y) + c(x', y') <= c(x, y') + c(x', y) for x <= x' and y <= y'.
"""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .. import _validate
from .._kernel import kernel
from ..cost import power
from ..evidence import PointCosts
from ..measure import Measure
from ..plan import Plan

_MANY = 10_000  # atoms from which on `_order` repays its steps
_ROUNDS = 4  # in which it exchanges neighbours
_ALL_BUT_SIGN = np.iinfo(np.int64).max
_CRUMB = (
    2.0**-50
)  # of the mass walked past: what rounding of the weights alone may leave of an atom


def transport_1d(x, y, a=None, b=None, p: float = 2) -> Plan:
    r"""The optimal plan on the line for the cost $|x - y|^p$, $p \geq 1$: the monotone plan.

    Parameters
    ----------
    x, y : arrays of shape (n,) and (m,)
        Atoms, in any order.
    a, b : arrays of shape (n,) and (m,), optional
        Non-negative weights that sum to 1 up to 1e-9. Uniform if left out.
    p : float
        The exponent, finite and >= 1.

    Returns
    -------
    Plan
        With ``.rows .cols .mass .value .phi .psi .gap .matrix .distance``. The entries come in
        increasing order of x and of y; there are at most n + m - 1.

    Raises
    ------
    TypeError, ValueError
        If the points or weights are not valid (see `Measure`), or if p < 1: the monotone plan is
        not optimal for a concave cost.
    """
    p = _validate.exponent(p)
    mu = Measure(_validate.points_on_the_line(x, "x"), None if a is None else a)
    nu = Measure(_validate.points_on_the_line(y, "y"), None if b is None else b)
    plan = monotone_plan(mu.points, nu.points, mu.weights, nu.weights, p)
    return dataclasses.replace(plan, source=mu, target=nu)


def monotone_plan(x, y, a, b, p: float) -> Plan:
    """The plan of `transport_1d` from valid points x and y, of valid weights a and b."""
    x, y = x.reshape(-1), y.reshape(-1)
    (by_x, _), (by_y, _) = _both(_order, (x,), (y,))
    rows, cols, mass, costs, phi, psi = _merge(x, y, a, b, by_x, by_y, p)
    for potential, weights in ((phi, a), (psi, b)):  # a rounding below, where no mass needs it
        empty = weights == 0
        if empty.any():
            potential[empty] -= 2.0**-50 * np.abs(potential[empty])
    value = float(np.sum(mass * costs))
    if not (math.isfinite(value) and np.isfinite(phi).all() and np.isfinite(psi).all()):
        raise ValueError(f"|x - y|^{p} overflows: scale the points down, or choose a smaller p")
    return Plan(a, b, rows, cols, mass, value, phi, psi, p, evidence=PointCosts(x, y, p))


def shared_masses(a, b):
    """How the masses of two measures in order share each other: rows, columns and masses."""
    by_a, by_b = np.arange(a.size), np.arange(b.size)
    rows, cols, mass, *_ = _merge(by_a * 0.0, by_b * 0.0, a, b, by_a, by_b, 1.0)
    return rows, cols, mass


def monotone_distance(x, y, a, b, p: float) -> float:
    """The distance W_p of the line, p = inf included, without the plan, for valid arguments.

    Between n atoms and n atoms of equal mass, where a and b are None, the plan pairs the sorted
    atoms: it is all sorting.
    """
    x, y = x.reshape(-1), y.reshape(-1)
    if not math.isfinite(float(max(x.max(), y.max())) - float(min(x.min(), y.min()))):
        raise ValueError("|x - y| overflows: scale the points down")
    if a is not None:
        (x, a), (y, b) = _both(_sorted, (x, a), (y, b))
        value, longest = _value(x, y, a, b, p if p < np.inf else 1.0, 1.0)
        if p == np.inf:
            return float(longest)
        if p == 1 or longest == 0 or 1e-200 < value < 1e200:
            return _root(value, p)
        # lengths in units of the longest: no power overflows, nor do all of them vanish
        return longest * _root(_value(x, y, a, b, p, longest)[0], p)
    apart, y = _both(np.sort, (x,), (y,))
    apart -= y
    np.abs(apart, out=apart)
    if p < np.inf:
        value = _mean_power(apart, p, y)
        if p == 1 or 1e-200 < value < 1e200:
            return _root(value, p)
    longest = float(apart.max())
    if p == np.inf or longest == 0:
        return longest
    return longest * _root(_mean_power(apart / longest, p, y), p)


def _root(value: float, p: float) -> float:
    return math.sqrt(value) if p == 2 else value ** (1 / p)


def _mean_power(distances: np.ndarray, p: float, scratch: np.ndarray) -> float:
    """The mean of ``distances**p``, by products, which are quick, for a small whole number p."""
    with np.errstate(over="ignore", under="ignore"):
        if p == 1:
            scratch = distances
        elif p > 8 or p != int(p):
            np.power(distances, p, out=scratch)
        else:
            np.multiply(distances, distances, out=scratch)
            for _ in range(int(p) - 2):
                scratch *= distances
        return float(scratch.mean())


def _both(work, left: tuple, right: tuple):
    """Do two equal works at once where they are large: NumPy sorts without the GIL."""
    if left[0].size + right[0].size < 1_000_000:  # less does not repay the start of a thread
        return work(*left), work(*right)
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(work, *right)
        return work(*left), other.result()


def _sorted(x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order, x = _order(x)
    return x, a[order]


def _order(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``np.argsort(x)`` and the sorted x, in less time where atoms are many.

    NumPy sorts whole numbers much faster than it finds the order of floats. So each atom becomes a
    whole number: the bits of x, of which the last are replaced by the place of x. Atoms that differ
    in those last bits only come in a wrong order; where these are few, they change places.
    """
    n = x.size
    if n >= _MANY:
        bits = x.view(np.int64)
        numbers = bits >> 63  # in place from here on: new arrays would cost as much as the sort
        numbers &= _ALL_BUT_SIGN
        numbers ^= bits  # in the order of the floats
        room = (n - 1).bit_length()
        numbers >>= room
        numbers <<= room
        numbers |= np.arange(n)
        numbers.sort()
        order = numbers
        order &= (1 << room) - 1
        inside = x[order]
        for _ in range(_ROUNDS):
            wrong = np.flatnonzero(inside[1:] < inside[:-1])
            if wrong.size == 0:
                return order, inside
            if wrong.size > n // 1000:
                break
            wrong = wrong[np.diff(wrong, prepend=-2) > 1]  # pairs of neighbours without overlap
            for values in (order, inside):
                values[wrong], values[wrong + 1] = values[wrong + 1], values[wrong]
    order = np.argsort(x)
    return order, x[order]


@kernel
def _value(x, y, a, b, p, unit):
    """The cost of the monotone plan between sorted atoms, and its longest move, without the plan.

    Lengths are counted in ``unit``: with the longest move, no power overflows, nor do all vanish.
    """
    i = j = 0
    last_i, last_j = _last_with_mass(a), _last_with_mass(b)
    left_x, left_y, crumb, passed = a[0], b[0], 0.0, 0.0
    value = longest = 0.0
    past_x = True
    while i < last_i or j < last_j:
        moved, left_x, left_y, crumb, passed, past_x = _step(
            left_x, left_y, crumb, passed, a[i], b[j], i == last_i, j == last_j
        )
        if moved > 0:
            distance = abs(x[i] - y[j]) / unit
            longest = max(longest, distance)
            value += moved * power(distance, p)
        if past_x:
            i += 1
            left_x = a[i]
        else:
            j += 1
            left_y = b[j]
    distance = abs(x[i] - y[j]) / unit
    value += (left_x if past_x else left_y) * power(distance, p)
    return value, max(longest, distance)


@kernel
def _merge(x, y, a, b, by_x, by_y, p):
    """Walk up the staircase of two measures of mass 1, in the order of their sorted atoms."""
    n, m = x.size, y.size
    rows, cols = np.empty(n + m - 1, np.int64), np.empty(n + m - 1, np.int64)
    mass, costs = np.empty(n + m - 1), np.empty(n + m - 1)
    phi, psi = np.empty(n), np.empty(m)
    last_i, last_j = _last_with_mass(a[by_x]), _last_with_mass(b[by_y])
    entries = i = j = 0
    row, col = by_x[0], by_y[0]
    left_x, left_y, crumb, passed = a[row], b[col], 0.0, 0.0
    cost = power(abs(x[row] - y[col]), p)
    phi[row] = 0.0
    psi[col] = cost
    past_x = True
    for _ in range(n + m - 1):
        if i < last_i or j < last_j:
            moved, left_x, left_y, crumb, passed, past_x = _step(
                left_x, left_y, crumb, passed, a[row], b[col], i == last_i, j == last_j
            )
        else:  # the last pair with mass, then the atoms of mass 0 after it
            moved, past_x = (left_x if past_x else left_y), i < n - 1
            left_x = left_y = 0.0
        if moved > 0:
            rows[entries], cols[entries] = row, col
            mass[entries], costs[entries] = moved, cost
            entries += 1
        if past_x:
            i += 1
            row = by_x[i]
            left_x = a[row]
            cost = power(abs(x[row] - y[col]), p)
            phi[row] = cost - psi[col]
        elif j < m - 1:
            j += 1
            col = by_y[j]
            left_y = b[col]
            cost = power(abs(x[row] - y[col]), p)
            psi[col] = cost - phi[row]
    return rows[:entries], cols[:entries], mass[:entries], costs[:entries], phi, psi


@kernel
def _last_with_mass(weights):
    i = weights.size - 1
    while i > 0 and weights[i] == 0:
        i -= 1
    return i


@kernel
def _step(left_x, left_y, crumb, passed, mass_x, mass_y, last_x, last_y):
    """Move what the smaller leftover allows: the mass, what is left, and whether x is used up.

    The leftovers are exact: ``crumb`` holds what rounding takes from their difference (Knuth's
    sum). So the only error is that of the weights themselves, a share of the mass ``passed`` since
    the two sides last agreed; a difference below it is none, and the two sides agree again.
    """
    if last_x:  # all that is left on one side goes to the last atom of the other, crumbs included
        return left_y, left_x - left_y, 0.0, 0.0, passed, False
    if last_y:
        return left_x, 0.0, left_y - left_x, 0.0, passed, True
    rough = left_x - left_y
    part = rough - left_x
    lost = (left_x - (rough - part)) - (left_y + part) + crumb
    rest = rough + lost
    crumb = (rough - rest) + lost
    moved = min(left_x, left_y)
    passed += moved
    if abs(rest) <= _CRUMB * passed and abs(rest) <= 0.25 * min(mass_x, mass_y):
        return moved, 0.0, 0.0, 0.0, 0.0, True
    if rest <= 0:
        return moved, 0.0, -rest, crumb, passed, True
    return moved, rest, 0.0, crumb, passed, False
