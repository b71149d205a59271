r"""Optimal assignment of point clouds: $\min_s \sum_i |x_i - y_{s(i)}|^p$."""

import numpy as np

from .cost import cost_matrix
from .hungarian import assignment
from .plan import Assignment


def assignment_points(x, y, p: float = 2) -> Assignment:
    r"""Match two clouds of n points at least cost, $\min_s \sum_i |x_i - y_{s(i)}|^p$.

    Parameters
    ----------
    x, y : arrays of shape (n,) or (n, d)
        As many points in y as in x.
    p : float
        An exponent >= 1.

    Returns
    -------
    Assignment
        With ``.permutation``, ``.value`` (the sum of the costs, n W_p^p), ``.phi`` and ``.psi``.

    Raises
    ------
    TypeError, ValueError
        If the points are not finite real arrays of the same shape, p < 1, or a cost overflows.
    """
    cost = cost_matrix(x, y, p)
    if cost.shape[0] != cost.shape[1]:
        raise ValueError(
            f"x has {cost.shape[0]} points and y has {cost.shape[1]}: an assignment needs as many"
        )
    if not np.isfinite(cost).all():
        raise ValueError("x and y are too far apart: |x - y|^p exceeds 1.8e308")
    return assignment(cost)
