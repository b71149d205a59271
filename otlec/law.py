r"""Laws on the line that are not only atoms: piecewise constant densities, and mixtures with atoms.

Such a law is a mixture of uniform distributions on intervals, some of which may be points. Its
quantile function Q is affine between finitely many levels, and so is the difference of two. Hence
each distance is a finite sum without any error but rounding: where Q_mu - Q_nu goes from u to v on
a piece of length h, and u and v have the same sign,

    integral |Q_mu - Q_nu|^p  =  h (|v|^(p+1) - |u|^(p+1)) / ((p+1) (|v| - |u|)).

The monotone plan (Q_mu, Q_nu)_# Leb is optimal for every p >= 1 (section 1), the geodesic has the
quantile function (1-t) Q_mu + t Q_nu (Proposition 3.2), and the barycenter sum_i lambda_i Q_i.
"""

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import _validate
from ._kernel import kernel
from ._read_only import ReadOnly
from .measure import Measure, require_measure
from .solvers.quantile import shared_masses

_CRUMB = 2.0**-50  # levels that differ by less differ by rounding


@dataclass(frozen=True, eq=False, repr=False)
class Law(ReadOnly):
    r"""A probability law on the line: ``mass[k]``, spread evenly over [``left[k]``, ``right[k]``].

    Parameters
    ----------
    left, right : arrays of shape (k,), or numbers for one interval: Law(0, 1) is uniform
        The ends of the intervals; an interval of length 0 is an atom. They may overlap, and are
        then cut into pieces that do not: the attributes are these pieces, in increasing order.
    mass : array of shape (k,), optional
        Their masses, with sum 1 up to 1e-9. Equal if left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or an interval ends before it begins.

    Notes
    -----
    `wasserstein`, `optimal_plan`, `transport_cost`, `barycenter`, `mixture`, `quantile_function`,
    `quantile_interpolation` and `distribution_function` take a Law wherever they take a Measure on
    the line, and `geodesic` takes the plan between two. `otlec.drawing.plot.measure` draws one.
    """

    left: np.ndarray
    right: np.ndarray
    mass: np.ndarray | None = None

    def __post_init__(self) -> None:
        left, right = _ends(self.left, "left"), _ends(self.right, "right")
        if left.size != right.size:
            raise ValueError(f"left has {left.size} entries, but right has {right.size}")
        if (right < left).any():
            k = int(np.argmax(right < left))
            raise ValueError(f"interval {k} ends at {float(right[k])!r}, before it begins")
        if not np.isfinite(float(right.max()) - float(left.min())):
            raise ValueError("right - left overflows: scale the law down")
        mass = _validate.shares(self.mass, "mass", left.size, "intervals")
        for name, array in zip(("left", "right", "mass"), _pieces(left, right, mass), strict=True):
            object.__setattr__(self, name, array)
        super().__post_init__()

    @classmethod
    def from_density(cls, edges, masses) -> "Law":
        """A piecewise constant density: ``masses``, of shape (k,), between k + 1 increasing edges.

        The masses are those of the cells, not heights, and have the sum 1 up to 1e-9.
        """
        edges = _validate.points_on_the_line(edges, "edges")
        if edges.size < 2:
            raise ValueError("edges must be at least two: k cells have k + 1 of them")
        if (np.diff(edges) <= 0).any():
            k = int(np.argmax(np.diff(edges) <= 0))
            ends = float(edges[k]), float(edges[k + 1])
            raise ValueError(f"edges must increase, but {ends[1]!r} follows {ends[0]!r}")
        _refuse_heights(masses, edges)
        masses = _validate.shares(masses, "masses", edges.size - 1, "cells")
        return cls(edges[:-1], edges[1:], masses)

    @classmethod
    def from_quantiles(cls, Q: Callable[[np.ndarray], np.ndarray], levels) -> "Law":
        """The law of a quantile function that is affine between ``levels``, from 0 to 1.

        ``Q`` maps an array of levels to as many numbers, and may jump at the given ones. Where it
        is not affine between them, its chords replace it: then take levels that are fine enough.
        A law is bounded: of an infinite tail take what lies between two levels,
        ``lambda s: Q(np.clip(s, 1e-6, 1 - 1e-6))``.
        """
        levels = _validate.points_on_the_line(levels, "levels")
        if levels[0] != 0 or levels[-1] != 1 or (np.diff(levels) <= 0).any():
            raise ValueError("levels must increase from 0 to 1")
        step = np.diff(levels)
        inside = levels[:-1, None] + step[:, None] * np.array([0.25, 0.5, 0.75])
        low, middle, high = _values(Q, inside).T
        left, right = (3 * low - high) / 2, (3 * high - low) / 2
        scale = np.abs(low) + np.abs(high)
        bent = np.abs(low + high - 2 * middle) > 1e-12 * scale
        ends = np.stack([np.nextafter(levels[:-1], 1), levels[1:]], axis=1)[bent]
        left[bent], right[bent] = _values(Q, ends).T
        if (right < left - 1e-12 * scale).any() or (left[1:] < right[:-1] - 1e-12).any():
            raise ValueError("Q must not decrease")
        return cls(left, np.maximum(left, right), step)

    @classmethod
    def of(cls, mu: "Measure | Law") -> "Law":
        """A measure with finitely many atoms on the line, as a law; a law stays what it is."""
        if isinstance(mu, Law):
            return mu
        if require_measure(mu, "mu").dim != 1:
            raise ValueError(f"a law lives on the line, but mu in dimension {mu.dim}")
        x = mu.points.reshape(-1)
        return cls(x, x, mu.weights)

    @property
    def dim(self) -> int:
        """The dimension of the line."""
        return 1

    @property
    def size(self) -> int:
        """The number of pieces."""
        return self.mass.size

    @property
    def levels(self) -> np.ndarray:
        """The levels between which the quantile function is affine, from 0 to 1."""
        return _levels(self.mass)

    @property
    def mean(self) -> float:
        """The mean."""
        return float(self.mass @ (self.left / 2 + self.right / 2))

    def density(self, x) -> np.ndarray:
        """The density at x; the atoms count for nothing. At an edge, the value to its right."""
        x = _validate.real_array(x, "x")
        wide = self.right > self.left
        left, right, mass = self.left[wide], self.right[wide], self.mass[wide]
        with np.errstate(over="ignore"):  # an interval may be as short as the least float
            heights = np.append(mass / (right - left), 0.0)
        k = np.searchsorted(right, x, side="right")
        return np.where(x >= np.append(left, np.inf)[k], heights[k], 0.0)

    def __repr__(self) -> str:
        atoms = int((self.left == self.right).sum())
        intervals = self.size - atoms
        return (
            f"Law({intervals} interval{'s' * (intervals != 1)} and {atoms} "
            f"atom{'s' * (atoms != 1)} on the line)"
        )

    def _repr_png_(self) -> bytes | None:
        """Show a picture in a notebook; where there is none, the text of `__repr__` is shown."""
        if self.size > 4000:
            return None
        from .drawing import plot

        return plot.png(plot.measure, self)


@dataclass(frozen=True, eq=False, repr=False)
class LawPlan(ReadOnly):
    r"""The monotone plan between two laws on the line, which is optimal for every p >= 1.

    Attributes
    ----------
    levels : array of shape (k + 1,)
        Levels from 0 to 1 between which both quantile functions are affine.
    mass : array of shape (k,)
        The masses between them, of which tiny ones would be lost in the levels.
    x, y : arrays of shape (k, 2)
        The values of $Q_\mu$ and $Q_\nu$ at the beginning and the end of each piece.
    value : float
        The cost $\int_0^1 |Q_\mu - Q_\nu|^p ds$.
    p : float
        The exponent.
    source, target : Law
        The two laws.
    """

    mass: np.ndarray
    x: np.ndarray
    y: np.ndarray
    value: float
    p: float
    source: Law
    target: Law

    @property
    def levels(self) -> np.ndarray:
        """The levels between the pieces, from 0 to 1."""
        return _levels(self.mass)

    @property
    def distance(self) -> float:
        r"""The Wasserstein distance $W_p$."""
        return _distance(self.mass, self.x, self.y, self.p)

    @property
    def certificate(self) -> str:
        """What is proved: the plan never crosses, which makes it optimal, and couples the laws.

        Where the laws differ by less than rounding of their places can tell, it says so.
        """
        pieces = (self.mass.size, 2)
        if not self.x.shape == self.y.shape == pieces:
            return "not certified: the pieces have different numbers of ends"
        with np.errstate(all="ignore"):
            return self._verdict()

    def _verdict(self) -> str:
        for side in (self.x, self.y):
            if not (np.diff(side.ravel()) >= -1e-12 * float(np.abs(side).max())).all():
                return "not certified: the plan crosses itself"
        if not (self.mass >= 0).all():
            return "not certified: a mass of the plan is negative or nan"
        for side, law in ((self.x, self.source), (self.y, self.target)):
            length, (mine, other) = common_pieces([_Pieces(side[:, 0], side[:, 1], self.mass), law])
            off = length @ np.abs(mine - other)
            if not (off <= 1e-12 * (length @ np.abs(other))).all():
                return "not certified: the marginals are not the two laws"
        value = float(self.mass @ _mean_powers(self.x - self.y, self.p))
        if not abs(value - self.value) <= 1e-12 * value:
            return f"not certified: the plan costs {value:.6g}, not {self.value:.6g}"
        away = float(self.mass @ np.abs(self.x - self.y).max(axis=1))
        rounded = 2.0**-52 * float(self.mass @ np.abs(self.x).max(axis=1))
        whole = np.isin(self.x, [self.source.left, self.source.right])
        whole &= np.isin(self.y, [self.target.left, self.target.right])
        if self.p * rounded <= 1e-12 * away or whole.all():
            return "certified to 1e-12"
        return "certified to 1e-12 of the places, whose rounding is more than that of the value"

    @property
    def is_map(self) -> bool:
        """Whether each atom of the source is sent to one place."""
        atoms = self.x[:, 0] == self.x[:, 1]
        spread = atoms & (self.y[:, 0] < self.y[:, 1])
        torn = atoms[1:] & (self.x[1:, 0] == self.x[:-1, 1]) & (self.y[1:, 0] > self.y[:-1, 1])
        return not (spread.any() or (torn & atoms[:-1]).any())

    def map(self, x) -> np.ndarray:
        r"""The monotone map $T = Q_\nu \circ F_\mu$ at the points x; an atom goes to a mean."""
        x = _validate.finite(_validate.real_array(x, "x"), "x")
        start, end = _levels_of(self.source, x)
        mean = (_integral(self.target, end) - _integral(self.target, start)) / np.where(
            end > start, end - start, 1.0
        )
        return np.where(end - start > _CRUMB, mean, quantiles(self.target, end))

    def __repr__(self) -> str:
        pieces = self.levels.size - 1
        return f"LawPlan({pieces} piece{'s' * (pieces != 1)}, value={self.value:.6g})"

    def _repr_png_(self) -> bytes | None:
        """Show a picture in a notebook, as for a `Plan`."""
        if self.mass.size > 4000:
            return None
        from .drawing import plot

        return plot.png(plot.plan, self)


def law_plan(mu: Measure | Law, nu: Measure | Law, p: float) -> LawPlan:
    """The monotone plan between two laws, or a law and a measure on the line."""
    mu, nu = Law.of(mu), Law.of(nu)
    mass, (x, y) = common_pieces([mu, nu])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        value = float(mass @ _mean_powers(x - y, p))
    if not np.isfinite(value):
        raise ValueError(f"|x - y|^{p} overflows: scale the laws down, or choose a smaller p")
    return LawPlan(mass, x, y, value, p, mu, nu)


def law_distance(mu: Measure | Law, nu: Measure | Law, p: float) -> float:
    """The distance W_p between two laws, p = inf included."""
    mass, (x, y) = common_pieces([Law.of(mu), Law.of(nu)])
    return _distance(mass, x, y, p)


def law_interpolation(laws: list, weights: np.ndarray) -> Law:
    """The law with the quantile function sum_i lambda_i Q_i."""
    mass, ends = common_pieces([Law.of(mu) for mu in laws])
    left, right = np.tensordot(weights, ends, axes=1).T
    return Law(left, np.maximum(left, right), mass)


def law_mixture(laws: list, weights: np.ndarray) -> Law:
    """The law sum_i lambda_i mu_i."""
    laws = [Law.of(mu) for mu in laws]
    parts = [(mu.left, mu.right, share * mu.mass) for share, mu in zip(weights, laws, strict=True)]
    return Law(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def quantiles(mu: Law, s: np.ndarray) -> np.ndarray:
    """The quantile function at levels in (0, 1]."""
    levels = mu.levels
    k = np.searchsorted(levels[1:], s - 4 * np.finfo(float).eps, side="left")
    k = np.minimum(k, mu.size - 1)
    share = np.clip((s - levels[k]) / mu.mass[k], 0.0, 1.0)
    return mu.left[k] + share * (mu.right[k] - mu.left[k])


def cumulative(mu: Law, x: np.ndarray) -> np.ndarray:
    """The distribution function at any numbers."""
    return _levels_of(mu, x)[1]


def common_pieces(laws):
    """Pieces on which all quantile functions are affine: masses, and the ends, a (k, 2) each."""
    mass, ends = laws[0].mass, [np.stack([laws[0].left, laws[0].right], axis=1)]
    for mu in laws[1:]:
        rows, cols, shared = shared_masses(mass, mu.mass)
        ends = [_cut(side, rows, shared, mass) for side in ends]
        ends.append(_cut(np.stack([mu.left, mu.right], axis=1), cols, shared, mu.mass))
        mass = shared
    return mass, np.array(ends)


def _cut(ends, which, shared, whole):
    """Cut pieces at their shares of the mass; the ends of what is not cut stay as they are."""
    left, right = ends[which].T
    start, end = _shares(which, shared, whole)
    with np.errstate(over="ignore", invalid="ignore"):
        length = right - left
        cut = [left + start * length, np.where(end == 1.0, right, left + end * length)]
    return np.stack(cut, axis=1)


@kernel
def _shares(which, shared, whole):
    """From which share of its piece on each part reaches, and up to which: the last one up to 1."""
    start, end = np.zeros(which.size), np.ones(which.size)
    for k in range(which.size - 1):
        if which[k + 1] == which[k]:
            end[k] = min(start[k] + shared[k] / whole[which[k]], 1.0)
            start[k + 1] = end[k]
    return start, end


def _levels(mass):
    levels = np.concatenate([[0.0], np.cumsum(mass)])
    levels[-1] = 1.0
    return np.minimum(levels, 1.0)


class _Pieces(NamedTuple):
    left: np.ndarray
    right: np.ndarray
    mass: np.ndarray


def _pieces(left, right, mass):
    """The same law by intervals that do not overlap, and atoms, in increasing order."""
    carries = mass > 0
    left, right, mass = left[carries], right[carries], mass[carries]
    points = left == right
    places, number = np.unique(left[points], return_inverse=True)
    atoms = np.bincount(number, mass[points], places.size)
    left, right, mass = left[~points], right[~points], mass[~points]
    edges = np.unique(np.concatenate([left, right, places]))
    first, last = np.searchsorted(edges, left), np.searchsorted(edges, right)
    cells = last - first  # that interval k covers, from first[k] on
    which = np.repeat(np.arange(left.size), cells)
    cell = np.arange(which.size) - np.repeat(np.cumsum(cells) - cells, cells) + first[which]
    share = (edges[cell + 1] - edges[cell]) / (right - left)[which] if which.size else cell
    dense = np.bincount(cell, mass[which] * share, max(edges.size - 1, 0))
    filled = dense > 0
    left = np.concatenate([edges[:-1][filled], places])
    right = np.concatenate([edges[1:][filled], places])
    order = np.lexsort([right, left])
    return left[order], right[order], np.concatenate([dense[filled], atoms])[order]


def _distance(lengths, x, y, p: float) -> float:
    """W_p from the ends of an affine difference, in units of the longest move."""
    with np.errstate(over="ignore", invalid="ignore"):
        apart = x - y
    longest = float(np.abs(apart).max())
    if not np.isfinite(longest):
        raise ValueError("|x - y| overflows: scale the laws down")
    if p == np.inf or longest == 0:
        return longest
    with np.errstate(under="ignore"):
        return longest * float(lengths @ _mean_powers(apart / longest, p)) ** (1 / p)


def _mean_powers(ends: np.ndarray, p: float) -> np.ndarray:
    """The mean of |z|^p for z between the two ends, row by row."""
    u, v = np.abs(ends).min(axis=1), np.abs(ends).max(axis=1)
    top = v**p
    with np.errstate(invalid="ignore", divide="ignore"):
        # (v^(p+1) - u^(p+1)) / ((p+1) (v - u)) without its cancellation where u is near v
        fall = (u - v) / v
        same = np.expm1((p + 1) * np.log1p(fall)) / ((p + 1) * fall)
    same = top * np.where(fall < 0, same, 1.0)
    across = (u * u**p + v * top) / ((p + 1) * np.where(u + v > 0, u + v, 1.0))
    return np.where(ends[:, 0] * ends[:, 1] < 0, across, np.where(v > 0, same, 0.0))


def _levels_of(mu: Law, x):
    """The levels F(x-) and F(x)."""
    levels = mu.levels
    ends = []
    for side in ("left", "right"):
        k = np.searchsorted(mu.right, x, side=side)  # pieces that end before x, or at x
        j = np.minimum(k, mu.size - 1)
        length = mu.right[j] - mu.left[j]
        share = np.clip((x - mu.left[j]) / np.where(length > 0, length, np.inf), 0.0, 1.0)
        ends.append(np.where(k < mu.size, levels[k] + share * mu.mass[j], 1.0))
    return ends[0], ends[1]


def _integral(mu: Law, s) -> np.ndarray:
    """The integral of the quantile function from 0 to s."""
    levels = mu.levels
    before = np.concatenate([[0.0], np.cumsum(mu.mass * (mu.left + mu.right) / 2)])
    k = np.clip(np.searchsorted(levels, s, side="right") - 1, 0, mu.size - 1)
    part = s - levels[k]
    slope = (mu.right[k] - mu.left[k]) / mu.mass[k]
    return before[k] + part * (mu.left[k] + slope * part / 2)


def _ends(value, name: str) -> np.ndarray:
    """Ends of intervals: an array, or one number."""
    return _validate.points_on_the_line(
        [value] if isinstance(value, numbers.Number) else value, name
    )


def _refuse_heights(masses, edges) -> None:
    """What does not sum to 1, but does so times the widths of the cells, are heights."""
    given = np.asarray(masses)
    if given.shape != (edges.size - 1,) or given.dtype.kind not in "iuf":
        return
    if abs(given.sum() - 1) > 1e-6 and abs(given @ np.diff(edges) - 1) < 1e-6:
        raise ValueError(
            "masses must sum to 1, but these are heights of a density: times the widths of the "
            "cells they do; give masses = heights * np.diff(edges)"
        )


def _values(Q, s) -> np.ndarray:
    if not callable(Q):
        raise TypeError(f"Q must be a function of levels, but it is {_validate.brief(Q)}")
    values = _validate.real_array(Q(s.ravel()), "Q(levels)")
    if values.shape != (s.size,):
        raise ValueError(f"Q must give one number a level, {s.size}, not {values.shape}")
    if not np.isfinite(values).all():
        level = float(s.ravel()[np.argmin(np.isfinite(values))])
        raise ValueError(
            f"Q must be finite, but it is not at the level {level!r}: a law is bounded; of an "
            "infinite tail take a part, as lambda s: Q(np.clip(s, 1e-6, 1 - 1e-6))"
        )
    return values.reshape(s.shape)
