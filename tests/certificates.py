"""One check for every exact solver: marginals, feasibility, and a gap of zero."""

import numpy as np

from otlec import Assignment, Plan

GAP = 1e-12  # relative to the scale of the costs
SLACK = 1e-11  # how far below 0 a reduced cost may lie, relative to the same scale


def cost_scale(cost) -> float:
    """The largest finite cost in absolute value."""
    finite = np.abs(cost[np.isfinite(cost)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def assert_optimal(result: Assignment | Plan, cost) -> None:
    """Assert that ``result`` proves its own optimality for this cost matrix."""
    cost = np.asarray(cost, dtype=float)
    scale = cost_scale(cost)
    n, m = cost.shape
    assert result.phi.shape == (n,)
    assert result.psi.shape == (m,)
    assert np.isfinite(result.phi).all()
    assert np.isfinite(result.psi).all()
    with np.errstate(over="ignore"):
        reduced = cost - result.phi[:, None] - result.psi[None, :]
    assert reduced.min() >= -SLACK * scale, f"a reduced cost is {reduced.min()}, scale {scale}"
    if isinstance(result, Assignment):
        assert sorted(result.permutation) == list(range(n))
        used = cost[np.arange(n), result.permutation]
        mass, total = np.ones(n), n
    else:
        gamma = result.matrix
        np.testing.assert_allclose(gamma.sum(axis=1), result.a, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(gamma.sum(axis=0), result.b, rtol=1e-12, atol=1e-15)
        assert (result.mass > 0).all()
        assert result.mass.size <= n + m - 1
        used = cost[result.rows, result.cols]
        mass, total = result.mass, result.a.sum()
    assert np.isfinite(used).all(), "a forbidden pair is used"
    value = float(mass @ used)
    assert abs(result.value - value) <= GAP * scale * total, "the value is not the cost of the plan"
    assert abs(result.gap) <= GAP * scale * total, f"the gap is {result.gap}, scale {scale}"
