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

import math

import numpy as np

from . import _check
from ._kernel import kernel
from .measure import Measure
from .plan import Plan


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
    p = _check.exponent(p)
    mu = Measure(_check.points_on_the_line(x, "x"), None if a is None else a)
    nu = Measure(_check.points_on_the_line(y, "y"), None if b is None else b)
    return monotone_plan(mu, nu, p)


def monotone_plan(mu: Measure, nu: Measure, p: float) -> Plan:
    """The plan of `transport_1d` between two valid measures on the line."""
    x, y = mu.points.reshape(-1), nu.points.reshape(-1)
    by_x, by_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    rows, cols, mass, costs, phi, psi = _merge(
        x[by_x], y[by_y], mu.weights[by_x], nu.weights[by_y], p
    )
    moved = mass > 0
    value = math.fsum(mass[moved] * costs[moved])
    potential_x, potential_y = np.empty_like(phi), np.empty_like(psi)
    potential_x[by_x], potential_y[by_y] = phi, psi
    return Plan(
        mu.weights, nu.weights, by_x[rows[moved]], by_y[cols[moved]], mass[moved], value,
        potential_x, potential_y, p, mu, nu,
    )  # fmt: skip


def monotone_value(mu: Measure, nu: Measure, p: float) -> float:
    """The distance W_p between two valid measures on the line, p = inf included."""
    if math.isinf(p):
        plan = monotone_plan(mu, nu, 1.0)
        x, y = mu.points.reshape(-1), nu.points.reshape(-1)
        return float(np.abs(x[plan.rows] - y[plan.cols]).max())
    return monotone_plan(mu, nu, p).distance


@kernel
def _merge(x, y, a, b, p):
    """Walk up the staircase of two sorted measures of equal mass; entries may have mass 0."""
    n, m = x.size, y.size
    rows = np.empty(n + m - 1, np.int64)
    cols = np.empty(n + m - 1, np.int64)
    mass = np.empty(n + m - 1)
    costs = np.empty(n + m - 1)
    phi, psi = np.empty(n), np.empty(m)
    i = j = 0
    left_x, left_y = a[0], b[0]
    phi[0] = 0.0
    psi[0] = abs(x[0] - y[0]) ** p
    for k in range(n + m - 1):
        rows[k], cols[k] = i, j
        costs[k] = abs(x[i] - y[j]) ** p
        # Step past the atom that is used up; past x where both are. At an end, only one can step.
        step_x = (left_x <= left_y and i < n - 1) or j == m - 1
        if step_x:
            # rounding leaves a crumb at the last atoms: give it to the last entry
            mass[k] = left_x
            left_y = max(left_y - left_x, 0.0)
            i += 1
            if i < n:
                left_x = a[i]
                phi[i] = abs(x[i] - y[j]) ** p - psi[j]
        else:
            mass[k] = left_y
            left_x = max(left_x - left_y, 0.0)
            j += 1
            if j < m:
                left_y = b[j]
                psi[j] = abs(x[i] - y[j]) ** p - phi[i]
    return rows, cols, mass, costs, phi, psi
