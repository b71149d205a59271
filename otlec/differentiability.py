r"""How the transport cost changes when one measure changes (section 4).

The cost T_c(sigma, rho) is a supremum of affine functions of rho, one for each pair of potentials:
it is convex, and along rho_t = rho_0 + t (rho_1 - rho_0) its one-sided derivative at t = 0+ is the
greatest of the slopes of the functions that touch it at rho_0,

    d/dt T_c(sigma, rho_t) at 0+   =   max { int psi d(rho_1 - rho_0) : psi optimal for rho_0 }.

Where psi is unique up to a constant, this is Theorem 4.1. On atoms it need not be. An optimal plan
joins the atoms into connected *pieces*. Inside a piece phi_i + psi_j = c_ij along the plan makes
the potentials rigid; but two pieces C and D may still slide against each other, by offsets k with

    phi_i + k_C  for i in C,    psi_j - k_C  for j in C,    k_C - k_D <= min_{i in C, j in D} r_ij,

where r = c - phi - psi >= 0 is the reduced cost. The greatest value of k_C - k_D is a shortest path
between pieces, and so every bound here is computed without an optimiser. Put differently: let
D(y, y') be the greatest optimal psi(y') - psi(y). Then the derivative is itself the cost of a
transport problem, from rho_0 to rho_1 at the price D, and `transport` solves it exactly.

One piece means a unique pair of potentials. This is what a connected support is for in Proposition
4.2: a fine grid of a connected set leaves the pieces no room to slide, a gap in the support does.
"""

import dataclasses
import math
import numbers
from dataclasses import dataclass, field

import numpy as np

from . import _validate
from ._read_only import ReadOnly
from .barycenters import _carried, mixture
from .certificate import Certificate, judge, with_verdict, worst
from .cost import half_square_cost
from .distance import Cost, optimal_plan, transport_cost
from .evidence import MatrixCosts
from .measure import Measure, require_measure
from .parts import join
from .solvers.network_simplex import transport

_CRUMB = 1e-13  # plan entries below this are what rounding left, and join nothing
_ROUNDING = 2.0**-49  # of a sum of a few costs and potentials
_BY_HAND = Certificate(failure="its contents are not those that were computed")


@dataclass(frozen=True, eq=False, repr=False)
class Derivative(ReadOnly):
    r"""The one-sided derivative of $t \mapsto \mathcal{T}_c(\sigma, \rho_0 + t (\rho_1 - \rho_0))$.

    Attributes
    ----------
    value : float
        The derivative at t = 0+.
    slopes : (float, float)
        An interval that holds $\int \psi d(\rho_1 - \rho_0)$ for all optimal conjugate potentials.
        Its upper end is ``value``, and is attained. Its lower end is attained where rho_1 has no
        atoms of its own, and is then the derivative at t = 0-.
    points : array of shape (n0 + n1,) or (n0 + n1, d)
        The atoms of rho_0, then those of rho_1.
    psi : array of shape (n0 + n1,)
        A maximising potential there: optimal between sigma and rho_0, and conjugate.
    pieces : int
        Into how many connected pieces the optimal plan falls. One piece: potentials are unique.
    """

    value: float
    slopes: tuple[float, float]
    points: np.ndarray
    psi: np.ndarray
    pieces: int
    verdict: Certificate = field(default=_BY_HAND, init=False)

    @property
    def certificate(self) -> str:
        r"""What is proved, in words, as ``certified to 1e-12`` of the value's own scale.

        The plan between sigma and rho_0 is optimal, psi is an optimal potential whose slope is the
        value, and no optimal potential has a greater slope: a plan between rho_0 and rho_1 says so,
        at the greatest differences that optimal potentials may have. Checked when it was made.
        """
        return str(self.verdict)

    def __repr__(self) -> str:
        low, high = self.slopes
        return f"Derivative({self.value:.6g}, slopes in [{low:.6g}, {high:.6g}])"


@dataclass(frozen=True, eq=False, repr=False)
class PotentialBand(ReadOnly):
    r"""How far optimal conjugate potentials with $\varphi(x_0) = 0$ can lie apart.

    Attributes
    ----------
    phi_low, phi_high : arrays of shape (n,)
        The least and the greatest value of phi at each atom of mu, both attained.
    psi_low, psi_high : arrays of shape (m,)
        The same for psi at each atom of nu.
    """

    phi_low: np.ndarray
    phi_high: np.ndarray
    psi_low: np.ndarray
    psi_high: np.ndarray
    verdict: Certificate = field(default=_BY_HAND, init=False)

    @property
    def certificate(self) -> str:
        """Whether both ends are optimal potentials, phi_low with psi_high and the other two.

        Each pair was judged with an optimal plan when the band was made.
        """
        return str(self.verdict)

    @property
    def width(self) -> float:
        """The greatest difference of two optimal potentials at one atom: 0 if they are unique."""
        at_mu, at_nu = self.phi_high - self.phi_low, self.psi_high - self.psi_low
        return float(max(at_mu.max(), at_nu.max()))

    def __repr__(self) -> str:
        return f"PotentialBand(width={self.width:.6g})"


def derivative(
    sigma: Measure,
    rho0: Measure,
    rho1: Measure,
    cost: Cost = half_square_cost,
) -> Derivative:
    r"""The derivative of $\mathcal{T}_c(\sigma, \rho_0 + t (\rho_1 - \rho_0))$ at t = 0+.

    Theorem 4.1, without its assumption that the potentials are unique: the maximum of
    $\int \psi d(\rho_1 - \rho_0)$ over all optimal psi. On atoms the cost is piecewise affine in t,
    so a difference quotient with small t is exact.

    Parameters
    ----------
    sigma, rho0, rho1 : Measure
        Measures in the same dimension; rho0 and rho1 may have different atoms.
    cost : function or array of shape (n, n0 + n1)
        Maps two arrays of points to their matrix of finite costs, or holds the costs between the
        atoms of sigma and those of rho0, then rho1.

    Returns
    -------
    Derivative
        With ``.value``, ``.slopes``, ``.points``, ``.psi`` and ``.pieces``.

    Raises
    ------
    TypeError, ValueError
        If a cost is not finite, a matrix has the wrong shape, or the dimensions differ.
    """
    for name, mu in (("sigma", sigma), ("rho0", rho0), ("rho1", rho1)):
        require_measure(mu, name)
    everywhere = mixture([rho0, rho1]).points
    if not callable(cost):
        (sigma, rho0, rho1), cost = _numbered(sigma, rho0, rho1, cost=cost)
    pieces = _Pieces(sigma, rho0, cost)
    start, end = _carried(rho0), _carried(rho1)
    rise = pieces.greatest_rise(end.points)
    right = transport(start.weights, end.weights, rise)
    left = -transport(end.weights, start.weights, pieces.greatest_fall(end.points)).value
    sites = mixture([rho0, rho1]).points
    # The dual solution at rho_0, extended by the prices: it is conjugate, and optimal as well.
    psi = (pieces.greatest_rise(sites) - right.phi[:, None]).min(axis=0)
    left = min(left, right.value)  # rounding may cross them where the slope is unique
    result = Derivative(right.value, (left, right.value), everywhere, psi, pieces.count)
    return with_verdict(result, _verdict_on_slope(result, right, rise, pieces, rho0, rho1))


def _verdict_on_slope(result: Derivative, right, rise, pieces, rho0, rho1) -> Certificate:
    """The verdict on both plans, on psi as a potential of the first, and on its slope."""
    prices = pieces.costs(pieces.mu.points, pieces.nu.points)
    everywhere = pieces.costs(pieces.mu.points, mixture([rho0, rho1]).points)
    attains = dataclasses.replace(
        pieces.plan,
        phi=(everywhere - result.psi).min(axis=1),
        psi=result.psi[: rho0.size][rho0.weights > 0],
    )
    verdicts = worst([pieces.plan, right]), judge(attains, MatrixCosts(prices))
    # along the plan between rho_0 and rho_1 the differences of psi are the greatest, to rounding
    start, end = result.psi[: rho0.size], result.psi[rho0.size :]
    differences = end[rho1.weights > 0][right.cols] - start[rho0.weights > 0][right.rows]
    greatest = rise[right.rows, right.cols]
    rounding = _ROUNDING * float(np.abs(everywhere).max() + np.abs(result.psi).max())
    lost = float(right.mass @ (np.abs(differences - greatest) + rounding * (greatest != 0)))
    scale = float(right.mass @ np.abs(greatest))
    lost = lost / scale if scale > 0 else (0.0 if lost == 0 else math.inf)
    verdict = max(verdicts, key=lambda verdict: verdict.error)
    return dataclasses.replace(verdict, gap_relative=max(verdict.gap_relative, lost))


def sandwich(
    sigma: Measure,
    rho0: Measure,
    rho1: Measure,
    t: float,
    cost: Cost = half_square_cost,
) -> tuple[float, float, float]:
    r"""The difference quotient at a time t in (0, 1] between the two bounds of Theorem 4.1's proof.

    $$\max_{\psi_0} \int \psi_0 d(\rho_1 - \rho_0) \leq
    \frac{\mathcal{T}_c(\sigma, \rho_t) - \mathcal{T}_c(\sigma, \rho_0)}{t} \leq
    \int \psi_t d(\rho_1 - \rho_0),$$ psi_t being optimal between sigma and rho_t.

    Returns
    -------
    (float, float, float)
        Lower bound, quotient, upper bound.
    """
    if isinstance(t, bool) or not isinstance(t, numbers.Real):
        raise TypeError(f"t must be a real number, but it is {_validate.brief(t)}")
    t = float(t)
    if not 0 < t <= 1:
        raise ValueError(f"t must lie in (0, 1], but it is {t!r}")
    if not callable(cost):
        (sigma, rho0, rho1), cost = _numbered(sigma, rho0, rho1, cost=cost)
    lower = derivative(sigma, rho0, rho1, cost).value
    plan = optimal_plan(sigma, mixture([rho0, rho1], [1 - t, t]), cost=cost)
    quotient = (plan.value - transport_cost(sigma, rho0, cost)) / t
    upper = rho1.weights @ plan.psi[rho0.size :] - rho0.weights @ plan.psi[: rho0.size]
    return lower, quotient, float(upper)


def potential_band(
    mu: Measure,
    nu: Measure,
    cost: Cost = half_square_cost,
    anchor: int = 0,
) -> PotentialBand:
    r"""The least and greatest optimal potentials, conjugate and with $\varphi(x_0) = 0$.

    Proposition 4.2 gives conditions under which the band has width 0.

    Parameters
    ----------
    mu, nu : Measure
        Measures with n and m atoms in the same dimension.
    cost : function or array of shape (n, m)
        Maps two arrays of points to their matrix of finite costs, or is that matrix.
    anchor : int
        The number of the atom x_0 of mu, which must carry mass.

    Returns
    -------
    PotentialBand
    """
    require_measure(mu, "mu")
    require_measure(nu, "nu")
    if not (0 <= anchor < mu.size and mu.weights[anchor] > 0):
        raise ValueError(
            f"anchor must be the number of an atom of mu with mass, not {_validate.brief(anchor)}"
        )
    if not callable(cost):
        (mu, nu), cost = _numbered(mu, nu, cost=cost)
    atom = np.count_nonzero(mu.weights[:anchor])
    pieces = _Pieces(mu, nu, cost, anchor=atom)
    home, slide = pieces.row_piece[atom], pieces.slide
    # phi at x is the least of (best_from[D, x] + k_D), psi at y the least of (best_to[C, y] - k_C).
    best_from, best_to = pieces.from_points(mu.points), pieces.to_points(nu.points)
    band = PotentialBand(
        (best_from - slide[home][:, None]).min(axis=0),
        (best_from + slide[:, home][:, None]).min(axis=0),
        (best_to - slide[:, home][:, None]).min(axis=0),
        (best_to + slide[home][:, None]).min(axis=0),
    )
    carried, prices = (mu.weights > 0, nu.weights > 0), pieces.costs(mu.points, nu.points)
    # Where both atoms of a pair are without mass, the greater of the two potentials comes first.
    phi_low = np.where(carried[0], np.inf, (prices - band.psi_high).min(axis=1))
    psi_low = np.where(carried[1], np.inf, (prices - band.phi_high[:, None]).min(axis=0))
    band = dataclasses.replace(
        band,
        phi_low=np.minimum(band.phi_low, phi_low),
        psi_low=np.minimum(band.psi_low, psi_low),
    )
    ends = (band.phi_low, band.psi_high), (band.phi_high, band.psi_low)
    return with_verdict(band, worst([_with_ends(pieces.plan, *carried, prices, *e) for e in ends]))


def _with_ends(plan, in_mu, in_nu, prices, phi, psi):
    """The plan with other potentials, and all atoms; ready to be judged."""
    (rows,), (cols,) = np.nonzero(in_mu), np.nonzero(in_nu)
    a, b = np.zeros(phi.size), np.zeros(psi.size)
    a[rows], b[cols] = plan.a, plan.b
    return dataclasses.replace(
        plan, a=a, b=b, rows=rows[plan.rows], cols=cols[plan.cols], phi=phi, psi=psi,
        p=None, source=None, target=None, evidence=MatrixCosts(prices),
    )  # fmt: skip


def potential_width(
    mu: Measure,
    nu: Measure,
    cost: Cost = half_square_cost,
    anchor: int = 0,
) -> float:
    """The width of the `potential_band`: 0 where potentials are unique (Proposition 4.2)."""
    return potential_band(mu, nu, cost, anchor).width


def _numbered(source: Measure, *targets: Measure, cost):
    """Measures whose points are the numbers of rows and columns, and a function that looks up."""
    matrix = _validate.finite(_validate.cost(cost), "cost")
    shape = source.size, sum(mu.size for mu in targets)
    if matrix.shape != shape:
        raise ValueError(f"cost must have shape {shape}, but its shape is {matrix.shape}")
    ends = np.cumsum([mu.size for mu in targets])
    numbers = [np.arange(end - mu.size, end) for mu, end in zip(targets, ends, strict=True)]
    pairs = zip((np.arange(source.size), *numbers), (source, *targets), strict=True)
    measures = [Measure(number, mu.weights) for number, mu in pairs]
    return measures, lambda i, j: matrix[np.ix_(i.astype(int), j.astype(int))]


class _Pieces:
    """All optimal potentials between two measures: one optimal pair, and how its pieces slide."""

    def __init__(self, mu: Measure, nu: Measure, cost, anchor: int | None = None) -> None:
        self.mu, self.nu, self._cost = _carried(mu), _carried(nu), cost
        self.plan = optimal_plan(self.mu, self.nu, cost=cost)
        matrix = self.costs(self.mu.points, self.nu.points)
        self.phi, self.psi, pairs = _with_lone_atoms(self.plan, matrix)
        if anchor is not None:  # 0 there, and no rounding of larger potentials near it
            self.phi, self.psi = _from_atom(anchor, self.phi, self.psi, matrix, self.plan, pairs)
        self.count, self.row_piece, self.col_piece = _connected(self.plan, pairs)[:3]
        reduced = matrix - self.phi[:, None] - self.psi
        room = np.full((self.count, self.count), np.inf)
        np.minimum.at(room, (self.row_piece[:, None], self.col_piece[None, :]), reduced)
        self.slide = _shortest_paths(np.maximum(room, 0.0))  # of k_C - k_D, the greatest value

    def costs(self, x, y) -> np.ndarray:
        return _validate.finite(_validate.cost(self._cost(x, y)), "cost")

    def to_points(self, y) -> np.ndarray:
        """For each piece C and point y, min over x in C of c(x, y) - phi(x); then psi = phi^c."""
        return _least(self.costs(self.mu.points, y) - self.phi[:, None], self.row_piece, self.count)

    def from_points(self, x) -> np.ndarray:
        """For each piece D and point x, min over y in D of c(x, y) - psi(y); then phi = psi^c."""
        return _least(
            self.costs(x, self.nu.points).T - self.psi[:, None], self.col_piece, self.count
        )

    def greatest_rise(self, y) -> np.ndarray:
        """The greatest optimal psi(y) - psi(y_j) for all atoms y_j of the target: rows j."""
        best = self.to_points(y)
        # All k_C - k_D attain their bounds together for one D, the piece of y_j.
        reach = np.array([(best + out[:, None]).min(axis=0) for out in self.slide])
        return reach[self.col_piece] - self.psi[:, None]

    def greatest_fall(self, y) -> np.ndarray:
        """The greatest optimal psi(y_j) - psi(y) for all atoms y_j of the target: columns j."""
        best = self.to_points(y)
        reach = np.array([(into[:, None] - best).max(axis=0) for into in self.slide.T])
        return (reach[self.col_piece] + self.psi[:, None]).T


def _with_lone_atoms(plan, cost) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Potentials that are tight at every atom, and pairs for those that the plan leaves out.

    Their mass is lost beside the others in double precision, but an optimal plan moves it.
    """
    phi, psi = plan.phi.copy(), plan.psi.copy()
    rows = np.setdiff1d(np.arange(phi.size), plan.rows)
    reduced = cost[rows] - psi
    phi[rows] = reduced.min(axis=1)
    cols = np.setdiff1d(np.arange(psi.size), plan.cols)
    above = cost[:, cols] - phi[:, None]
    psi[cols] = above.min(axis=0)
    pairs = np.append(rows, above.argmin(axis=0)), np.append(reduced.argmin(axis=1), cols)
    return phi, psi, np.array(pairs, dtype=np.int64)


def _from_atom(atom, phi, psi, cost, plan, pairs) -> tuple[np.ndarray, np.ndarray]:
    """The potentials with phi = 0 at an atom, tight again along the pairs that join to it."""
    phi, psi = phi - phi[atom], psi + phi[atom]
    *_, on_phi, on_psi = _connected(plan, pairs, lambda i, j: cost[i, j] - phi[i] - psi[j])
    return phi + (on_phi - on_phi[atom]), psi + (on_psi + on_phi[atom])


def _connected(plan, pairs=((), ()), residual=lambda i, j: np.zeros(i.size)) -> tuple:
    """The pieces that the plan and these pairs join its atoms into: their number, and each's.

    Then what is to be added to the potentials of a piece, so that its residuals become 0.
    """
    n, m = plan.shape
    in_row, in_col = np.zeros(n), np.zeros(m)
    np.maximum.at(in_row, plan.rows, plan.mass)
    np.maximum.at(in_col, plan.cols, plan.mass)
    # The greatest entry of an atom always counts, however light the atom is.
    counts = plan.mass > np.minimum(_CRUMB, np.minimum(in_row[plan.rows], in_col[plan.cols]) / 2)
    rows = np.append(plan.rows[counts], pairs[0]).astype(np.int64)
    cols = np.append(plan.cols[counts], pairs[1]).astype(np.int64)
    return join(rows, cols, residual(rows, cols), n, m)


def _least(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """The minimum of the rows of each group."""
    least = np.full((count, values.shape[1]), np.inf)
    np.minimum.at(least, group, values)
    return least


def _shortest_paths(length: np.ndarray) -> np.ndarray:
    """All shortest paths between the pieces, by Floyd and Warshall; lengths >= 0."""
    path = length.copy()
    np.fill_diagonal(path, 0.0)
    for k in range(path.shape[0]):
        np.minimum(path, path[:, k, None] + path[k], out=path)
    return path
