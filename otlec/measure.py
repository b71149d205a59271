"""Discrete probability measures: mu = sum_i a_i delta_{x_i}."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import _validate
from ._read_only import ReadOnly


@dataclass(frozen=True, eq=False)
class Measure(ReadOnly):
    r"""A probability measure with finitely many atoms, $\mu = \sum_i a_i \delta_{x_i}$.

    Parameters
    ----------
    points : array of shape (n,) or (n, d)
        The atoms, on the line or in R^d. They need be neither sorted nor distinct.
    weights : array of shape (n,), optional
        Their masses: non-negative, with sum 1 up to 1e-9, or 1e-6 for an
        array of float32 (then normalised). Uniform if left out.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape is wrong, a number is not finite, a weight is negative, or the sum is not 1.

    Notes
    -----
    Both arrays are copies and read-only, so that a measure never changes.
    """

    points: np.ndarray
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        x = _validate.points(self.points, "points").copy()
        n = x.shape[0]
        if self.weights is None:
            a = np.full(n, 1.0 / n)
            self.__dict__["is_uniform"] = True
        else:
            a = _validate.shares(self.weights, "weights", n)
        object.__setattr__(self, "points", x)
        object.__setattr__(self, "weights", a)
        super().__post_init__()

    @property
    def size(self) -> int:
        """The number n of atoms, those of mass 0 included."""
        return self.points.shape[0]

    @property
    def dim(self) -> int:
        """The dimension d of the space that the atoms lie in."""
        return 1 if self.points.ndim == 1 else self.points.shape[1]

    @cached_property
    def is_uniform(self) -> bool:
        """Whether all n atoms have the mass 1/n, to rounding."""
        return bool(np.abs(self.weights * self.size - 1.0).max() <= 1e-12)

    @property
    def mean(self) -> np.ndarray:
        """The mean, sum_i a_i x_i, a number on the line or an array of shape (d,) in R^d."""
        return self.weights @ self.points

    def integral(self, f: Callable[[np.ndarray], np.ndarray]) -> float:
        """Integrate a function that maps the array of points to an array of n values."""
        values = _validate.real_array(f(self.points), "f(points)")
        if values.shape != (self.size,):
            raise ValueError(f"f must give one value a point, {self.size}, not {values.shape}")
        return float(self.weights @ values)

    def push(self, T: Callable[[np.ndarray], np.ndarray]) -> "Measure":
        r"""Push the measure forward by a map: $T_\# \mu = \sum_i a_i \delta_{T(x_i)}$.

        ``T`` maps the array of n points to an array of n points, in any dimension.
        """
        image = _validate.points(T(self.points), "T(points)")
        if image.shape[0] != self.size:
            raise ValueError(f"T must give one point a point, {self.size}, not {image.shape[0]}")
        return Measure(image, self.weights)

    def __repr__(self) -> str:
        where = "the line" if self.dim == 1 else f"R^{self.dim}"
        kind = "equal" if self.is_uniform else "unequal"
        atoms = "1 atom" if self.size == 1 else f"{self.size} atoms of {kind} mass"
        return f"Measure({atoms} on {where})" if self.dim == 1 else f"Measure({atoms} in {where})"

    def _repr_png_(self) -> bytes | None:
        """Show a picture in a notebook; where there is none, the text of `__repr__` is shown."""
        if self.dim > 2 or self.size > 20_000:
            return None
        from .drawing import plot

        return plot.png(plot.measure, self)


def require_measure(value, name: str) -> Measure:
    """A `Measure`, and nothing that merely looks like one."""
    if not isinstance(value, Measure):
        kind = type(value).__name__
        other = "help(otlec.Law) lists what takes one"
        raise TypeError(
            f"{name} must be an otlec.Measure, but it is a {kind}; "
            + (other if kind == "Law" else "wrap points and weights: Measure(points, weights)")
        )
    return value


def measures_at(points, a: np.ndarray, b: np.ndarray) -> tuple[Measure, Measure]:
    """Two vectors of masses in any unit as probability measures at a pair of arrays of points."""
    try:
        x, y = points
    except (TypeError, ValueError):
        raise ValueError("points must be a pair of arrays: those of a, and those of b") from None
    x, y = _validate.points(x, "the points of a"), _validate.points(y, "the points of b")
    for name, side, masses in (("a", x, a), ("b", y, b)):
        if side.shape[0] != masses.size:
            raise ValueError(f"{name} has {masses.size} masses, but {side.shape[0]} points")
    source, target = Measure(x, a / a.sum()), Measure(y, b / b.sum())
    if source.dim != target.dim:
        raise ValueError(
            f"the points of a lie in dimension {source.dim}, those of b in dimension {target.dim}"
        )
    return source, target
