"""One check for every exact solver: what `otlec.verify` says, and what it does not look at."""

import numpy as np

from otlec import Assignment, Plan, verify


def cost_scale(cost) -> float:
    """The largest finite cost in absolute value."""
    finite = np.abs(cost[np.isfinite(cost)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def assert_optimal(result: Assignment | Plan, cost, error: float = 1e-12) -> None:
    """Assert that ``result`` proves its own optimality for this cost matrix."""
    cost = np.asarray(cost, dtype=float)
    n, m = cost.shape
    assert result.phi.shape == (n,)
    assert result.psi.shape == (m,)
    if isinstance(result, Assignment):
        assert sorted(result.permutation) == list(range(n))
    else:
        assert (result.mass > 0).all()
        assert result.mass.size <= n + m - 1
        np.testing.assert_allclose(result.matrix.sum(axis=1), result.a, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(result.matrix.sum(axis=0), result.b, rtol=1e-12, atol=1e-15)
    certificate = verify(result, cost)
    assert certificate.error <= error, repr(certificate)
    assert result.evidence is None or result.certificate == str(certificate)
