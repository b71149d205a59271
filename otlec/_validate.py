"""Validation, once, at the public functions: kernels see only what has passed here.

Each function takes the argument and its name, and returns a new or shared C-contiguous array of
float64, or raises an error whose message names the argument, says what is wrong with it and what is
accepted. Inputs are never written to.
"""

import math
import numbers

import numpy as np


def real_array(value, name: str) -> np.ndarray:
    """Coerce to a C-contiguous float64 array; refuse complex numbers, text, objects and masks."""
    if hasattr(value, "points") and hasattr(value, "weights"):
        raise TypeError(
            f"{name} must be an array, but it is a Measure: give its .points or its .weights, "
            "or let otlec.optimal_plan(mu, nu) do the rest"
        )
    if callable(value):
        raise TypeError(f"{name} must be an array, but it is a function: evaluate it first")
    if type(value).__module__.startswith("otlec.") and not hasattr(value, "__array__"):
        raise TypeError(f"{name} must be an array, but it is {brief(value)}")
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise TypeError(f"{name} has masked entries; fill or drop them first")
        value = value.data
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is ragged: its rows have different lengths") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, but its dtype is {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)


def finite(array: np.ndarray, name: str) -> np.ndarray:
    """Refuse nan and inf."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but it contains nan or inf")
    return array


def points(value, name: str) -> np.ndarray:
    """Points as an array of shape (n,) on the line or (n, d) in R^d, finite, n and d at least 1."""
    array = real_array(value, name)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (n, d), but its shape is {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: at least one point is needed")
    return finite(array, name)


def points_on_the_line(value, name: str) -> np.ndarray:
    """Points of R as an array of shape (n,); (n, 1) is accepted."""
    array = points(value, name)
    if array.ndim == 2:
        if array.shape[1] != 1:
            raise ValueError(
                f"{name} must be points on the line, of shape (n,), but its shape is {array.shape}"
            )
        array = array[:, 0].copy()
    return array


def masses(value, name: str, size: int | None = None, things: str = "points") -> np.ndarray:
    """Non-negative masses of shape (n,) with a positive, finite total: those of ``size`` things."""
    array = real_array(value, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (n,), but its shape is {array.shape}")
    if array.size == 0:
        raise ValueError(
            f"{name} is empty: at least one mass is needed; equal masses are np.full(n, 1 / n), "
            "and those of a Measure if its weights are left out"
        )
    if size is not None and array.size != size:
        raise ValueError(
            f"{name} must have one entry for each of the {_counted(size, things)}, but it has "
            f"{array.size}"
        )
    finite(array, name)
    if (array < 0).any():
        worst = int(array.argmin())
        raise ValueError(
            f"{name} must be non-negative, but entry {worst} is {float(array[worst])!r}"
        )
    total = array.sum()
    if not 0 < total < math.inf:
        raise ValueError(f"{name} must have a positive finite sum, but it is {float(total)!r}")
    return array


def _counted(size: int, things: str) -> str:
    return f"{size} {things}" if size != 1 else f"1 {things.removesuffix('s')}"


def shares(value, name: str, size: int, things: str = "points") -> np.ndarray:
    """Weights of shape (size,) with sum 1, up to 1e-9 or 1e-6 in 32 bits; None: equal ones."""
    if value is None:
        return np.full(size, 1.0 / size)
    array = masses(value, name, size, things)
    kind = getattr(value, "dtype", None)
    total = array.sum()
    if abs(total - 1.0) > (1e-6 if kind == np.float32 else 1e-9):
        raise ValueError(
            f"{name} must sum to 1, but their sum is {float(total)!r}; divide them by their sum "
            + ("as 64-bit floats: w = w.astype(float); w / w.sum()" if _is_short(kind) else "first")
        )
    return array / total


def _is_short(kind) -> bool:
    return kind is not None and kind.kind == "f" and kind.itemsize < 8


def exponent(value, name: str = "p", *, infinity: bool = False) -> float:
    """An exponent p >= 1; p = inf only where ``infinity`` allows it."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(
            f"{name} must be a real number, but it is {brief(value)}; costs are given by name, "
            "otlec.optimal_plan(mu, nu, cost=C), and weights to Measure(points, weights)"
        )
    value = float(value)
    if not value > 0:
        raise ValueError(f"{name} must be at least 1, but it is {value!r}")
    if value < 1:
        raise ValueError(
            f"{name} must be at least 1, but it is {value!r}: for {name} < 1 the cost "
            f"|x - y|^{name} is concave in the distance, its p-th root is no distance (the "
            "triangle inequality fails), and on the line the monotone plan is not optimal. Such a "
            "problem is solved by otlec.optimal_plan(mu, nu, cost=lambda x, y: "
            f"otlec.cost_matrix(x, y, 1) ** {value!r})."
        )
    if math.isinf(value) and not infinity:
        raise ValueError(
            f"{name} must be finite here; otlec.wasserstein accepts {name} = inf, and "
            "otlec.bottleneck_transport gives a plan"
        )
    return value


def count(value, name: str, least: int = 1) -> int:
    """A whole number, at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, but it is {brief(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, but it is {value}")
    return int(value)


def tolerance(value, name: str = "tolerance") -> float:
    """A finite number >= 0."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, but it is {brief(value)}")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be finite and at least 0, but it is {float(value)!r}")
    return float(value)


def time(value, name: str = "t") -> float:
    """A time in [0, 1]."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, but it is {brief(value)}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in [0, 1], but it is {float(value)!r}")
    return float(value)


def brief(value) -> str:
    """What an argument is, in a line: numbers and short texts as they are, the rest by its type."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    text = repr(value)
    kind = type(value).__name__
    short = value is None or isinstance(value, numbers.Number | str)
    if short and len(text) <= 40:
        return text
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def cost(value, name: str = "cost", *, square: bool = False) -> np.ndarray:
    """A cost matrix: two-dimensional, not empty, free of nan and -inf; +inf forbids a pair."""
    array = cost_unread(value, name, square=square)
    least_cost(array.min(), name)
    return array


def cost_unread(value, name: str = "cost", *, square: bool = False) -> np.ndarray:
    """A cost matrix whose entries are still to be checked, by `least_cost`."""
    array = real_array(value, name)
    if array.ndim != 2:
        raise ValueError(f"{name} must be a matrix, but its shape is {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}")
    if square and array.shape[0] != array.shape[1]:
        n, m = array.shape
        pad = f"((0, {max(m - n, 0)}), (0, {max(n - m, 0)}))"
        raise ValueError(
            f"{name} must be square, but its shape is {array.shape}: an assignment uses each row "
            f"and each column; np.pad({name}, {pad}) adds partners at no cost for those left over"
        )
    return array


def least_cost(lowest: float, name: str = "cost") -> None:
    """Refuse nan and -inf, given the least entry of a cost matrix (nan if there is a nan)."""
    if np.isnan(lowest):
        raise ValueError(f"{name} contains nan")
    if lowest == -np.inf:
        raise ValueError(f"{name} contains -inf; only +inf is accepted, and forbids the pair")


def transport_problem(a, b, matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Masses of the same sum, and the cost from each of ``a`` to each of ``b``.

    The masses are copies; ``b`` is rescaled to the sum of ``a``, from which it differs by rounding.
    """
    matrix = cost(matrix)
    short = any(getattr(side, "dtype", None) == np.float32 for side in (a, b))
    a = masses(a, "a").copy()
    b = masses(b, "b")
    if matrix.shape != (a.size, b.size):
        raise ValueError(
            f"cost must have shape {(a.size, b.size)}, one row for each entry of a and one column "
            f"for each of b, but its shape is {matrix.shape}"
        )
    total, other = float(a.sum()), float(b.sum())
    if abs(total - other) > (1e-6 if short else 1e-9) * total:
        raise ValueError(
            f"a and b must have the same sum, but they sum to {total!r} and {other!r}; "
            "divide each by its sum first"
        )
    return a, b * (total / other), matrix


def density(value, name: str) -> np.ndarray:
    """A non-negative array of shape (n,) or (n, m) with positive mass."""
    array = real_array(value, name)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (n, m), but its shape is {array.shape}")
    if max(array.shape) < 2 or array.size == 0:
        raise ValueError(f"{name} needs at least two cells, but its shape is {array.shape}")
    finite(array, name)
    if (array < 0).any():
        raise ValueError(
            f"{name} must be non-negative, but its least value is {float(array.min())!r}"
        )
    if not 0 < array.sum() < math.inf:
        raise ValueError(
            f"{name} must have a positive finite mass, but it is {float(array.sum())!r}"
        )
    return array
