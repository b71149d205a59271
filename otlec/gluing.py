r"""Gluing: plans that share a marginal fit together into one measure on triples (Lemma 2.3).

Given a plan gamma1 between mu1 and mu2 and a plan gamma2 between mu2 and mu3, let the mass that
arrives at an atom j of mu2 forget where it came from, and leave as gamma2 says:

    sigma_ijk = gamma1_ij gamma2_jk / b_j,        and 0 where b_j = 0,

b being the weights of mu2. Summing over k gives gamma1 back, and summing over i gives gamma2.
Summing over j gives a plan between mu1 and mu3, the *composition* of the two; it is admissible, in
general not optimal, and its cost proves the triangle inequality of Proposition 2.2. Other gluings
exist: at each j, any coupling of what arrives with what leaves will do, and the formula takes the
independent one.

Source: Ambrosio, Gigli and Savaré, *Gradient Flows* (2008), Lemma 5.3.2.
"""

from dataclasses import dataclass, field

import numpy as np

from . import _validate
from ._read_only import ReadOnly
from .certificate import Certificate, with_verdict
from .measure import Measure, require_measure
from .plan import Plan
from .projection import Moves


@dataclass(frozen=True, eq=False, repr=False)
class Coupling(ReadOnly, Moves):
    r"""A measure $\gamma \in \Pi(\mu, \nu)$ that makes no claim to be optimal.

    It is what a `Plan` is without value, potentials and gap.

    Attributes
    ----------
    rows, cols, mass : arrays of shape (k,)
        ``mass[q] > 0`` stands on the pair (``rows[q]``, ``cols[q]``). No pair comes twice.
    shape : (int, int)
        The numbers of atoms on both sides.
    source, target : Measure or None
        The measures that it couples, where there are points.
    """

    rows: np.ndarray
    cols: np.ndarray
    mass: np.ndarray
    shape: tuple[int, int]
    source: Measure | None = None
    target: Measure | None = None

    @classmethod
    def from_matrix(cls, gamma, source=None, target=None) -> "Coupling":
        """A coupling from a non-negative matrix of shape (n, m), and its measures, if any."""
        shape, rows, cols, mass = _entries(gamma, "gamma")
        return cls(rows, cols, mass, shape, source, target)

    @property
    def a(self) -> np.ndarray:
        """The first marginal, of shape (n,)."""
        return np.bincount(self.rows, self.mass, self.shape[0])

    @property
    def b(self) -> np.ndarray:
        """The second marginal, of shape (m,)."""
        return np.bincount(self.cols, self.mass, self.shape[1])

    @property
    def matrix(self) -> np.ndarray:
        """The coupling as a dense matrix of shape (n, m)."""
        return _dense(self.shape, (self.rows, self.cols), self.mass)

    def cost(self, cost) -> float:
        r"""The cost $\sum_{ij} c_{ij} \gamma_{ij}$ for a matrix of costs of shape (n, m)."""
        cost = _validate.cost(cost)
        if cost.shape != self.shape:
            raise ValueError(f"cost must have shape {self.shape}, but its shape is {cost.shape}")
        return float(self.mass @ cost[self.rows, self.cols])

    def __repr__(self) -> str:
        return f"Coupling({self.shape[0]} x {self.shape[1]}, {self.mass.size} entries)"


@dataclass(frozen=True, eq=False, repr=False)
class Gluing(ReadOnly):
    r"""A measure $\sigma$ on triples whose pairs (1, 2) and (2, 3) follow two given plans.

    Attributes
    ----------
    i, j, k : integer arrays of shape (q,)
        The triples that carry mass: atoms of the first, second and third measure.
    mass : array of shape (q,)
        The mass of each triple, positive.
    shape : (int, int, int)
        The numbers of atoms of the three measures.
    """

    i: np.ndarray
    j: np.ndarray
    k: np.ndarray
    mass: np.ndarray
    shape: tuple[int, int, int]
    verdict: Certificate = field(
        default=Certificate(failure="it was made by hand, not by otlec.glue"), init=False
    )

    @property
    def certificate(self) -> str:
        """Whether both plans are found again in it, in words, as ``certified to 1e-12``."""
        return str(self.verdict)

    @property
    def tensor(self) -> np.ndarray:
        """The gluing as a dense array of shape (n1, n2, n3)."""
        return _dense(self.shape, (self.i, self.j, self.k), self.mass)

    @property
    def marginal12(self) -> np.ndarray:
        r"""The plan $(\pi_{1,2})_\# \sigma$ that was glued on the left, as a matrix (n1, n2)."""
        return _dense(self.shape[:2], (self.i, self.j), self.mass)

    @property
    def marginal23(self) -> np.ndarray:
        r"""The plan $(\pi_{2,3})_\# \sigma$ that was glued on the right, as a matrix (n2, n3)."""
        return _dense(self.shape[1:], (self.j, self.k), self.mass)

    @property
    def marginal13(self) -> np.ndarray:
        r"""The composed plan $(\pi_{1,3})_\# \sigma$, as a matrix (n1, n3)."""
        return _dense((self.shape[0], self.shape[2]), (self.i, self.k), self.mass)

    @property
    def marginal1(self) -> np.ndarray:
        """The weights of the first measure, of shape (n1,)."""
        return np.bincount(self.i, self.mass, self.shape[0])

    @property
    def marginal2(self) -> np.ndarray:
        """The weights of the second measure, of shape (n2,)."""
        return np.bincount(self.j, self.mass, self.shape[1])

    @property
    def marginal3(self) -> np.ndarray:
        """The weights of the third measure, of shape (n3,)."""
        return np.bincount(self.k, self.mass, self.shape[2])

    def __repr__(self) -> str:
        n1, n2, n3 = self.shape
        return f"Gluing({n1} x {n2} x {n3}, {self.mass.size} entries)"


def product_plan(mu: Measure, nu: Measure) -> Coupling:
    r"""The coupling $\mu \otimes \nu$ that forgets where mass came from: $\gamma_{ij} = a_i b_j$.

    Atoms of mass 0 have no entries. The measures may live in spaces of different dimensions.
    """
    require_measure(mu, "mu")
    require_measure(nu, "nu")
    (rows,), (cols,) = np.nonzero(mu.weights), np.nonzero(nu.weights)
    mass = np.outer(mu.weights[rows], nu.weights[cols]).ravel()
    pairs = np.repeat(rows, cols.size), np.tile(cols, rows.size)
    return Coupling(*pairs, mass, (mu.size, nu.size), mu, nu)


def glue(plan12, plan23) -> Gluing:
    r"""Glue two plans along the measure they share (Lemma 2.3 for three measures).

    $$\sigma_{ijk} = \gamma^1_{ij} \gamma^2_{jk} / b_j,$$ and 0 where $b_j = 0$.

    Parameters
    ----------
    plan12, plan23 : Plan, Coupling, or matrix
        The second marginal of ``plan12`` is the first marginal of ``plan23``, up to 1e-9 of the
        mass; where both know their points, those agree too.

    Returns
    -------
    Gluing
        With ``.i .j .k .mass``, ``.tensor``, ``.marginal12``, ``.marginal23``, ``.marginal13``.

    Raises
    ------
    TypeError, ValueError
        If a matrix is not made of non-negative real numbers, or the middle marginals differ.
    """
    shape1, rows1, cols1, mass1 = _entries(plan12, "plan12")
    shape2, rows2, cols2, mass2 = _entries(plan23, "plan23")
    b = _shared_marginal(plan12, plan23, shape1, shape2, cols1, mass1, rows2, mass2)
    # Entry q of the first plan, which ends at j, meets each entry of the second that starts at j.
    by_row = np.argsort(rows2, kind="stable")
    leaving = np.bincount(rows2, minlength=b.size)
    first = np.cumsum(leaving) - leaving
    meets = leaving[cols1]
    q = np.repeat(np.arange(cols1.size), meets)
    position = np.arange(q.size) - np.repeat(np.cumsum(meets) - meets, meets)
    r = by_row[first[cols1[q]] + position]
    # mass2 / b is at most 1, so that small masses do not underflow in a product.
    mass = mass1[q] * (mass2[r] / b[rows2[r]])
    sigma = Gluing(rows1[q], cols1[q], cols2[r], mass, (*shape1, shape2[1]))
    missed = max(
        np.abs(np.bincount(q, mass, mass1.size) - mass1).max(),
        np.abs(np.bincount(r, mass, mass2.size) - mass2).max(),
    )
    relative = float(missed / mass1.sum())
    return with_verdict(sigma, Certificate(missed, 0.0, 0.0, relative, 0.0, 0.0))


def compose(plan12, plan23) -> Coupling:
    r"""Compose two plans, $(\pi_{1,3})_\# \sigma$: go from 1 to 2, forget, and go on to 3.

    For plans given by maps it is the plan of $T_{23} \circ T_{12}$ (Exercise 2.4). It couples the
    first measure with the third, in general not optimally, and therefore carries no potentials.

    Parameters
    ----------
    plan12, plan23 : Plan, Coupling, or matrix
        As for `glue`.

    Returns
    -------
    Coupling
        With ``.matrix``, ``.cost(matrix)``, and the points of both ends where the plans know them.
    """
    sigma = glue(plan12, plan23)
    n, m = sigma.shape[0], sigma.shape[2]
    pairs, entry = np.unique(sigma.i * m + sigma.k, return_inverse=True)
    mass = np.bincount(entry, sigma.mass, pairs.size)
    source, target = getattr(plan12, "source", None), getattr(plan23, "target", None)
    return Coupling(pairs // m, pairs % m, mass, (n, m), source, target)


def gluing_cost_range(plan12, plan23, cost) -> tuple[float, float]:
    r"""The least and the greatest $\int c(x_1, x_3) d\sigma$ over *all* gluings of two plans.

    At each atom j of the middle measure a gluing couples what arrives with what leaves, freely. The
    extreme costs are therefore sums of small transport problems, one for each j.

    Parameters
    ----------
    plan12, plan23 : Plan, Coupling, or matrix
        As for `glue`.
    cost : array of shape (n1, n3)
        Finite costs $c(x_1, x_3)$.

    Returns
    -------
    (float, float)
    """
    from .solvers.network_simplex import transport

    sigma = glue(plan12, plan23)
    cost = _validate.finite(_validate.cost(cost), "cost")
    if cost.shape != (sigma.shape[0], sigma.shape[2]):
        raise ValueError(
            f"cost must have shape {(sigma.shape[0], sigma.shape[2])}, "
            f"but its shape is {cost.shape}"
        )
    arriving, leaving, b = sigma.marginal12, sigma.marginal23, sigma.marginal2
    low = high = 0.0
    for j in np.flatnonzero(b):
        comes, goes = arriving[:, j] / b[j], leaving[j] / b[j]
        low += b[j] * transport(comes, goes, cost).value
        high -= b[j] * transport(comes, goes, -cost).value
    return float(low), float(high)


def _entries(plan, name: str):
    """Shape, rows, columns and positive masses of a plan or of a matrix."""
    if isinstance(plan, Plan | Coupling):
        return plan.shape, plan.rows, plan.cols, plan.mass
    matrix = _validate.finite(_validate.real_array(plan, name), name)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(
            f"{name} must be a plan or a matrix that is not empty, but its shape is {matrix.shape}"
        )
    if matrix.min() < 0:
        raise ValueError(f"{name} must be non-negative, but it has an entry {matrix.min()!r}")
    if matrix.max() == 0:
        raise ValueError(f"{name} must have a positive total mass, but all its entries are 0")
    rows, cols = np.nonzero(matrix)
    return matrix.shape, rows, cols, matrix[rows, cols]


def _shared_marginal(plan12, plan23, shape1, shape2, cols1, mass1, rows2, mass2) -> np.ndarray:
    """The weights b of the middle measure, or an error that says where the two plans differ."""
    if shape1[1] != shape2[0]:
        raise ValueError(
            f"plan12 ends at {shape1[1]} atoms, but plan23 starts from {shape2[0]}: "
            "the middle measures must be the same"
        )
    end = np.bincount(cols1, mass1, shape1[1])
    start = np.bincount(rows2, mass2, shape2[0])
    difference = np.abs(end - start)
    if difference.max() > 1e-9 * max(end.sum(), start.sum()):
        j = int(difference.argmax())
        raise ValueError(
            f"the middle marginals differ: plan12 brings {end[j]:.10g} to atom {j}, "
            f"but plan23 takes {start[j]:.10g} from it"
        )
    target, source = getattr(plan12, "target", None), getattr(plan23, "source", None)
    if (
        target is not None
        and source is not None
        and (target.dim != source.dim or not np.array_equal(_rows(target), _rows(source)))
    ):
        raise ValueError(
            "the middle measures differ: the atoms of plan12.target are not those of plan23.source"
        )
    return start


def _rows(measure: Measure) -> np.ndarray:
    return measure.points.reshape(measure.size, -1)


def _dense(shape, indices, mass) -> np.ndarray:
    array = np.zeros(shape)
    np.add.at(array, indices, mass)
    return array
