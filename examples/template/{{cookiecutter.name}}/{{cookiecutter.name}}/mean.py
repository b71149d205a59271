"""The mean of some numbers, and its kernel."""

import numpy as np

from otlec._kernel import kernel


@kernel
def _mean(x):
    """The mean of x, which has an entry; it checks nothing."""
    total = 0.0
    for value in x:
        total += value
    return total / x.size


def mean(x) -> float:
    """Return the number m with the least sum of (x_i - m)^2 (Theorem 1.1).

    Raises
    ------
    ValueError
        If x is not a list of at least one finite number.
    """
    x = np.ascontiguousarray(x, float)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise ValueError("x must be a list of at least one finite number")
    return float(_mean(x))
