r"""Duality: potentials, their c-transforms, and the 1-Lipschitz potential of W_1 (section 1).

The dual problem asks for functions phi and psi with phi(x) + psi(y) <= c(x, y) and the greatest
int phi dmu + int psi dnu. For a given psi the best phi is its c-transform,

    psi^c(x) = min_y c(x, y) - psi(y),        phi^c(y) = min_x c(x, y) - phi(x),

and no third transform improves on two: ((phi^c)^c)^c = phi^c. For the cost |x - y| a function is a
c-transform just when it is 1-Lipschitz, and then phi^c = -phi. One function is left of the two,

    W_1(mu, nu) = max { int f d(mu - nu) : f is 1-Lipschitz }        (Kantorovich and Rubinstein).

Values of f at finitely many points that respect the Lipschitz condition extend to all of R^d by
McShane's formula, f(x) = min_z f(z) + |x - z|, which is a c-transform again.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from . import _validate
from ._read_only import ReadOnly
from .certificate import Certificate, judge
from .cost import cost_matrix
from .distance import optimal_plan
from .evidence import PointCosts
from .measure import Measure, require_measure
from .plan import Plan


def c_transform(cost, *, phi=None, psi=None) -> np.ndarray:
    r"""The c-transform of a potential, on the other side.

    $\varphi^c_j = \min_i c_{ij} - \varphi_i$, and $\psi^c_i = \min_j c_{ij} - \psi_j$.

    Parameters
    ----------
    cost : array of shape (n, m)
        Costs; +inf forbids a pair.
    phi : array of shape (n,), optional
    psi : array of shape (m,), optional
        Finite potentials: exactly one of the two.

    Returns
    -------
    array of shape (m,) if phi is given, of shape (n,) if psi is given
        The greatest potential that is feasible beside the given one.

    Raises
    ------
    TypeError, ValueError
        If both or none of phi and psi are given, or a shape or a number is wrong.
    """
    cost = _validate.cost(cost)
    if (phi is None) == (psi is None):
        raise TypeError("give exactly one of phi and psi, by name: c_transform(cost, psi=psi)")
    if phi is not None:
        return (cost - _potential(phi, "phi", cost.shape[0])[:, None]).min(axis=0)
    return (cost - _potential(psi, "psi", cost.shape[1])).min(axis=1)


def contact_set(cost, phi, psi, tolerance: float = 1e-9) -> np.ndarray:
    r"""The pairs where $\varphi(x) + \psi(y) = c(x, y)$, as a boolean matrix of shape (n, m).

    At optimality every optimal plan lives there. Pairs count as equal up to ``tolerance`` times
    the greatest finite cost.
    """
    cost = _validate.cost(cost)
    phi = _potential(phi, "phi", cost.shape[0])
    psi = _potential(psi, "psi", cost.shape[1])
    scale = np.abs(cost[np.isfinite(cost)]).max(initial=0.0)
    return cost - phi[:, None] - psi <= tolerance * scale


@dataclass(frozen=True, eq=False, repr=False)
class LipschitzPotential(ReadOnly):
    r"""A 1-Lipschitz function f with $\int f d(\mu - \nu) = W_1(\mu, \nu)$. Call it at any points.

    Attributes
    ----------
    points : array of shape (k,) or (k, d)
        The atoms of mu and nu together, each once.
    values : array of shape (k,)
        The values of f there, with least value 0.
    plan : Plan
        An optimal plan for the cost |x - y|.
    """

    points: np.ndarray
    values: np.ndarray
    plan: Plan

    @property
    def value(self) -> float:
        """The distance W_1, as the cost of the plan."""
        return self.plan.value

    @property
    def dual_value(self) -> float:
        r"""The integral $\int f d(\mu - \nu)$."""
        return self.plan.source.integral(self) - self.plan.target.integral(self)

    @property
    def gap(self) -> float:
        """The cost of the plan minus the integral: 0, up to rounding, proves both optimal."""
        return self.value - self.dual_value

    @property
    def certificate(self) -> str:
        """What is proved, in words: the plan, f as its potentials, and that f is 1-Lipschitz."""
        mu, nu = self.plan.source, self.plan.target
        if mu is None or nu is None:
            return str(Certificate(failure="the plan does not know its measures"))
        costs = PointCosts(mu.points, nu.points, 1.0)
        f = dataclasses.replace(self.plan, phi=self(mu.points), psi=-self(nu.points))
        verdict = judge(f, costs)
        # a function that is (1 + e)-Lipschitz, up to a constant d, earns at most (1 + e) W_1 + d
        distance = cost_matrix(self.points, self.points, 1)
        excess = np.maximum(np.abs(self.values[:, None] - self.values) - distance, 0.0)
        with np.errstate(all="ignore"):
            steep = np.fmin(excess / distance, excess / self.value)
        relative = float(np.nanmax(steep, initial=0.0))
        if not relative <= 1e-4:
            failure = f"f is {self.lipschitz:.6g}-Lipschitz, not 1-Lipschitz"
            return str(dataclasses.replace(verdict, failure=failure))
        relative = max(verdict.violation_relative, relative)
        return str(dataclasses.replace(verdict, violation_relative=relative))

    @property
    def lipschitz(self) -> float:
        """The greatest ratio |f(x) - f(y)| / |x - y| over the points: at most 1, up to rounding."""
        distance = cost_matrix(self.points, self.points, 1)
        rise = np.abs(self.values[:, None] - self.values)
        return float(np.divide(rise, distance, out=np.zeros_like(rise), where=distance > 0).max())

    def __call__(self, x) -> np.ndarray:
        """The value at points of shape (n,) or (n, d), by McShane: min_z f(z) + |x - z|."""
        return c_transform(cost_matrix(x, self.points, 1), psi=-self.values)

    def __repr__(self) -> str:
        return f"LipschitzPotential({self.values.size} points, value={self.value:.6g})"


def kantorovich_rubinstein(mu: Measure, nu: Measure) -> LipschitzPotential:
    r"""The distance W_1 with the 1-Lipschitz potential that proves it.

    $W_1(\mu, \nu) = \max \{\int f d(\mu - \nu) : f \text{ is 1-Lipschitz}\}$ (section 1).

    Parameters
    ----------
    mu, nu : Measure
        Measures in the same R^d.

    Returns
    -------
    LipschitzPotential
        With ``.value``, ``.points``, ``.values``, ``.plan`` and ``.gap``; a function of points.

    Raises
    ------
    TypeError, ValueError
        If an argument is no Measure, or the dimensions differ.
    """
    plan = optimal_plan(require_measure(mu, "mu"), require_measure(nu, "nu"), 1)
    if mu.points.ndim == nu.points.ndim == 1:
        points = np.unique(np.concatenate([mu.points, nu.points]))
    else:
        tables = [side.points.reshape(side.size, -1) for side in (mu, nu)]
        points = np.unique(np.concatenate(tables), axis=0)
    # psi^c >= phi on the atoms of mu, and psi^c <= -psi on those of nu: never worse than the pair.
    values = c_transform(cost_matrix(points, nu.points, 1), psi=plan.psi)
    return LipschitzPotential(points, values - values.min(), plan)


def _potential(value, name: str, size: int) -> np.ndarray:
    array = _validate.finite(_validate.real_array(value, name), name)
    if array.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), but its shape is {array.shape}")
    return array
