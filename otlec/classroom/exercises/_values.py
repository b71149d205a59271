"""What judges ask of a value: its type, its shape, its numbers, or `Wrong` says why not."""

from dataclasses import dataclass

import numpy as np

from ...distance import wasserstein
from ...measure import Measure


class Wrong(Exception):
    """A property fails; ``mistake`` names an entry of the exercise's catalogue, if it is known.

    ``general`` is what can be said of such a value in any exercise, where nothing else is known.
    """

    def __init__(self, text: str, mistake: str | None = None, general: str | None = None):
        super().__init__(text)
        self.text, self.mistake, self.general = text, mistake, general


@dataclass(frozen=True)
class Score:
    """What an answer to an open question reaches, and the best that is known."""

    value: float
    best: float
    what: str  # "the objective", with a formula where it helps
    less: bool = True  # whether less is better


def require(condition, text: str, mistake: str | None = None, general: str | None = None) -> None:
    """Raise `Wrong` unless the condition holds; ``general`` is what it is if no more is known."""
    if not condition:
        raise Wrong(text, mistake, general)


def array(value, shape=None, what: str = "the result") -> np.ndarray:
    """The value as a float array of a shape (None for any length), or `Wrong` says why not."""
    _not_none(value, what)
    if isinstance(value, Measure):
        raise Wrong(f"{what} should be an array, but it is a Measure")
    try:
        out = np.asarray(value)
    except ValueError:
        raise Wrong(f"{what} is ragged: its rows have different lengths") from None
    if out.dtype.kind == "c" and not np.any(out.imag):
        out = out.real
    if out.dtype.kind not in "biuf":
        raise Wrong(f"{what} should hold real numbers, but it is {describe(value)}")
    if shape is not None and not _fits(out.shape, shape):
        wanted = "a number" if shape == () else f"an array of shape {_shape(shape)}"
        more = out.ndim - len(shape)
        kind = "an axis too many" if more > 0 else "an axis is missing" if more < 0 else None
        raise Wrong(f"{what} should be {wanted}, but its shape is {out.shape}", general=kind)
    if np.isnan(out).any():
        where = np.argwhere(np.isnan(out))[0].tolist()
        raise Wrong(f"{what} is nan{f' at {where}' if where else ''}", general="nan")
    if np.isinf(out).any():
        raise Wrong(f"{what} is infinite{' somewhere' if out.ndim else ''}", general="infinite")
    return out.astype(np.float64)


def number(value, what: str = "the result") -> float:
    """The value as a float; arrays with one entry count as numbers."""
    _not_none(value, what)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())
    if isinstance(value, int):
        value = float(value)  # NumPy has no integers beyond 64 bits
    return float(array(value, (), what))


def truth(value, what: str = "the result") -> bool:
    """The value as True or False."""
    _not_none(value, what)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if not isinstance(value, bool | np.bool_) and not (
        isinstance(value, int | float) and value in (0, 1)
    ):
        raise Wrong(f"{what} should be True or False, but it is {describe(value)}")
    return bool(value)


def parts(value, count: int, what: str = "the result") -> tuple:
    """The value as a tuple of so many things."""
    _not_none(value, what)
    if isinstance(value, np.ndarray | list | tuple):
        if isinstance(value, np.ndarray) and value.ndim == 0:
            raise Wrong(f"{what} should be {count} things, but it is one number")
        if len(value) != count:
            raise Wrong(f"{what} should be {count} things, but there are {len(value)}")
        return tuple(value)
    raise Wrong(f"{what} should be {count} things, but it is {describe(value)}")


def measure(value, what: str = "the result", dim: int | None = None) -> Measure:
    """The value as a Measure; a pair (points, weights) is accepted."""
    _not_none(value, what)
    if not isinstance(value, Measure):
        points, weights = parts(value, 2, f"{what} (points and weights)")
        points = array(points, None, f"the points of {what}")
        weights = array(weights, (None,), f"the weights of {what}")
        if weights.size and weights.min() < -1e-9:
            raise Wrong(f"the weights of {what} are negative somewhere: {weights.min():.4g}")
        if abs(weights.sum() - 1) > 1e-4:
            raise Wrong(f"the weights of {what} sum to {weights.sum():.6g}, not to 1")
        weights = np.maximum(weights, 0.0)
        try:
            value = Measure(points, weights / weights.sum())
        except ValueError as error:
            raise Wrong(f"{what} is no measure: {error}") from None
    if dim is not None and value.dim != dim:
        raise Wrong(f"{what} should live in dimension {dim}, but it lives in {value.dim}")
    return value


def same(found, expected, text: str, tolerance: float, mistake=None, general=None) -> None:
    """Raise `Wrong` with the text, and how far off, unless two arrays agree to the tolerance."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    off = np.abs(found - expected)
    if off.size == 0 or (off <= tolerance * max(1.0, np.abs(expected).max())).all():
        return
    at = np.unravel_index(int(off.argmax()), off.shape)
    place = f" at {[int(k) for k in at]}" if at else ""
    mine, right = (0.0 if abs(v[at]) < 1e-9 * off[at] else v[at] for v in (found, expected))
    raise Wrong(
        f"{text}: found {mine:.6g}{place} where {right:.6g} is needed, off by {off[at]:.3g}",
        mistake,
        general,
    )


def sorted_atoms(value) -> np.ndarray:
    """A measure in one form: atoms with mass, merged where equal, in order."""
    mu = measure(value)
    points = mu.points.reshape(mu.size, -1)[mu.weights > 1e-12]
    atoms, which = np.unique(np.round(points, 9), axis=0, return_inverse=True)
    mass = np.bincount(which.ravel(), mu.weights[mu.weights > 1e-12])
    return np.column_stack([atoms, mass])


def close(mu, nu, text, tolerance, general=None):
    """Raise unless two measures agree in W_1, and say how far apart they are."""
    far = wasserstein(mu, nu, 1)
    text = f"{text}: it is off by {far:.4g} in W_1"
    require(far <= max(tolerance, 1e-9) * 10, text, general=general)


def chords(positions):
    """The distances of all pairs of points."""
    gaps = positions[:, None] - positions[None]
    return np.sqrt((gaps**2).sum(axis=2))


def _not_none(value, what: str) -> None:
    if value is None:
        raise Wrong(f"{what} is None: is a return missing?", "nothing returned")


def _fits(found, wanted) -> bool:
    return len(found) == len(wanted) and all(
        w is None or f == w for f, w in zip(found, wanted, strict=True)
    )


def _shape(shape) -> str:
    inner = ", ".join("any" if s is None else str(s) for s in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def describe(value) -> str:
    article = "an" if type(value).__name__[0] in "aeiou" else "a"
    text = repr(value)
    return f"{article} {type(value).__name__}" + (f", {text}" if len(text) <= 40 else "")
