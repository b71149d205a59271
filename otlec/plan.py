"""What an exact solver returns: a plan, its potentials, and the gap between the two."""

import math
from dataclasses import dataclass

import numpy as np

from . import _validate
from ._read_only import ReadOnly
from .certificate import Certificate, judge, with_evidence
from .cost import costs_of_pairs
from .evidence import Evidence, MatrixCosts, PointCosts
from .measure import Measure, require_measure
from .projection import Moves


def _earned(*pairs: tuple[np.ndarray, np.ndarray]) -> float:
    """The sum of all products of masses and potentials, rounded once; nan if they do not match."""
    if any(masses.shape != potential.shape for masses, potential in pairs):
        return math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        terms = np.concatenate([masses * potential for masses, potential in pairs])
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):  # of potentials that are huge, nan or infinite
        with np.errstate(over="ignore", invalid="ignore"):
            return float(terms.sum())


def _check_marginal(measure, marginal: np.ndarray, name: str) -> None:
    if measure is None:
        return
    require_measure(measure, name)
    if measure.size != marginal.size:
        raise ValueError(f"{name} has {measure.size} atoms, but gamma {marginal.size} on that side")
    missed = np.abs(marginal / marginal.sum() - measure.weights).max()
    if missed > 1e-9:
        raise ValueError(f"the marginals of gamma miss the weights of {name} by {missed:.3g}")


@dataclass(frozen=True, eq=False, repr=False)
class Plan(ReadOnly, Moves):
    r"""A transport plan $\gamma \in \Pi(\mu, \nu)$, kept by its entries, with its certificate.

    Attributes
    ----------
    a, b : arrays of shape (n,) and (m,)
        The marginals.
    rows, cols, mass : arrays of shape (k,)
        The plan moves ``mass[q]`` from atom ``rows[q]`` of the source to atom ``cols[q]`` of the
        target. No mass is 0.
    value : float
        The cost of the plan, $\sum_{ij} c_{ij} \gamma_{ij}$.
    phi, psi : arrays of shape (n,) and (m,)
        Kantorovich potentials: ``phi[i] + psi[j] <= c[i, j]`` for all pairs, atoms of mass 0
        included, with equality where the plan moves mass.
    p : float or None
        The exponent of the cost |x - y|^p, or None for any other cost.
    source, target : Measure or None
        The measures that the plan couples, where there are points.
    evidence : object
        What was read of the costs when the plan was made; `certificate` is judged from it. A plan
        made by hand has none: `otlec.verify` checks it against its cost.
    """

    a: np.ndarray
    b: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    mass: np.ndarray
    value: float
    phi: np.ndarray
    psi: np.ndarray
    p: float | None = None
    source: Measure | None = None
    target: Measure | None = None
    evidence: MatrixCosts | PointCosts | Evidence | Certificate | None = None

    @classmethod
    def from_matrix(cls, gamma, cost, *, source=None, target=None) -> "Plan":
        r"""A plan that came from elsewhere, beside the potentials of an optimal one.

        Its ``.gap`` says what it costs more than an optimal plan, and its ``.certificate`` whether
        it is one. ``gamma`` and ``cost`` have shape (n, m), and gamma is not negative; ``source``
        and ``target`` are the two measures, if there are any.
        """
        from .solvers.network_simplex import transport

        gamma, cost = _validate.real_array(gamma, "gamma"), _validate.cost(cost)
        if gamma.shape != cost.shape:
            raise ValueError(f"gamma has shape {gamma.shape}, but cost has shape {cost.shape}")
        if not (gamma >= 0).all() or not np.isfinite(gamma).all():
            raise ValueError("gamma must be finite and non-negative")
        if not 0 < gamma.sum() < math.inf:
            raise ValueError(f"gamma must have a positive finite sum, but it is {gamma.sum()}")
        for measure, axis, name in ((source, 1, "source"), (target, 0, "target")):
            _check_marginal(measure, gamma.sum(axis=axis), name)
        rows, cols = np.nonzero(gamma)
        a, b, mass = gamma.sum(axis=1), gamma.sum(axis=0), gamma[rows, cols]
        best = transport(a, b, cost)
        value = float((mass * cost[rows, cols]).sum())
        plan = cls(
            a, b, rows, cols, mass, value, best.phi, best.psi, source=source, target=target
        )  # fmt: skip
        return with_evidence(plan, MatrixCosts(cost))

    def __array__(self, *_, **__):
        raise TypeError("a Plan is no array: plan.matrix is one, and plan.mass holds its entries")

    def __float__(self):
        raise TypeError("a Plan is no number: plan.value is its cost, plan.distance its p-th root")

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers (n, m) of atoms of the source and of the target."""
        return self.a.size, self.b.size

    @property
    def matrix(self) -> np.ndarray:
        """The plan as a dense matrix of shape (n, m)."""
        gamma = np.zeros(self.shape)
        np.add.at(gamma, (self.rows, self.cols), self.mass)
        return gamma

    @property
    def dual_value(self) -> float:
        r"""The dual value $\int \varphi d\mu + \int \psi d\nu$, a lower bound of the cost."""
        return _earned((self.a, self.phi), (self.b, self.psi))

    @property
    def gap(self) -> float:
        """The primal value minus the dual value: 0, up to rounding, proves optimality."""
        return self.value - self.dual_value

    @property
    def certificate(self) -> str:
        """What is proved, in words that do not depend on rounding, as ``certified to 1e-12``.

        Marginals, feasibility and gap all hold to that, relative to the value, and in each part of
        the plan to its own: see `otlec.verify`, which gives the figures. No claim goes below 1e-12,
        and where one of the three fails, the words are ``not certified:`` and the reason.
        """
        known = None not in (self.p, self.source, self.target)
        if known and not self._costs_are_those_of_points():
            return "not certified: its costs are not |x - y|^p of its source and its target"
        return str(judge(self, self.evidence))

    def _costs_are_those_of_points(self) -> bool:
        read, x, y = self.evidence, self.source.points, self.target.points
        if (x.shape[0], y.shape[0]) != self.shape:
            return False
        x, y = x.reshape(x.shape[0], -1), y.reshape(y.shape[0], -1)
        if isinstance(read, PointCosts):
            return read.is_of(x, y, self.p)
        if not isinstance(read, Evidence):
            return True
        with np.errstate(all="ignore"):
            costs = np.ldexp(costs_of_pairs(x, y, self.p, read.rows, read.cols), -read.unit)
        return bool((np.abs(costs - read.costs) <= 1e-12 * np.abs(read.costs)).all())

    @property
    def distance(self) -> float:
        r"""The Wasserstein distance $W_p = (\text{value})^{1/p}$ of Definition 2.1."""
        if self.p is None:
            raise AttributeError(
                "this plan was computed for a general cost, which has no exponent p: "
                "its transport cost is .value"
            )
        return max(self.value, 0.0) ** (1.0 / self.p)

    def __repr__(self) -> str:
        n, m = self.shape
        return f"Plan({n} x {m}, {self.mass.size} entries, value={self.value:.6g})"

    def _repr_png_(self) -> bytes | None:
        """Show a picture in a notebook; a plan too large for one is shown as its text."""
        if self.mass.size > 4000:
            return None
        from .drawing import plot

        return plot.png(plot.plan, self)


@dataclass(frozen=True, eq=False, repr=False)
class Assignment(ReadOnly):
    r"""A permutation $s$ of least cost $\sum_i c_{i, s(i)}$, with its certificate.

    Attributes
    ----------
    permutation : integer array of shape (n,)
        Row i is assigned to column ``permutation[i]``.
    value : float
        The sum of the n costs (not their mean).
    phi, psi : arrays of shape (n,)
        Potentials: ``phi[i] + psi[j] <= cost[i, j]``, with equality on the assignment.
    evidence : object
        What was read of the costs when it was made, from which `certificate` is judged.
    """

    permutation: np.ndarray
    value: float
    phi: np.ndarray
    psi: np.ndarray
    evidence: MatrixCosts | PointCosts | Evidence | Certificate | None = None

    def __iter__(self):
        raise TypeError(
            "an Assignment is no pair of arrays: after best = assignment(cost) they are "
            "best.rows and best.cols, and best.value is the cost"
        )

    def __array__(self, *_, **__):
        raise TypeError("an Assignment is no array: .permutation holds the column of each row")

    def __float__(self):
        raise TypeError("an Assignment is no number: its cost is .value")

    @property
    def rows(self) -> np.ndarray:
        """The rows 0, 1, ..., n - 1, as the entries of a plan."""
        return np.arange(self.permutation.size)

    @property
    def cols(self) -> np.ndarray:
        """The columns that they are assigned to: the permutation."""
        return self.permutation

    @property
    def mass(self) -> np.ndarray:
        """A mass of 1 on each pair."""
        return np.ones(self.permutation.size)

    @property
    def a(self) -> np.ndarray:
        """The marginals: a mass of 1 in each row."""
        return np.ones(self.permutation.size)

    @property
    def b(self) -> np.ndarray:
        """The marginals: a mass of 1 in each column."""
        return np.ones(self.permutation.size)

    @property
    def dual_value(self) -> float:
        """The dual value, the sum of all potentials: a lower bound of every assignment's cost."""
        return _earned((self.a, self.phi), (self.b, self.psi))

    @property
    def gap(self) -> float:
        """The primal value minus the dual value: 0, up to rounding, proves optimality."""
        return self.value - self.dual_value

    @property
    def certificate(self) -> str:
        """What is proved, in words that do not depend on rounding: see `Plan.certificate`."""
        return str(judge(self, self.evidence))

    def __repr__(self) -> str:
        return f"Assignment(n={self.permutation.size}, value={self.value:.6g})"
