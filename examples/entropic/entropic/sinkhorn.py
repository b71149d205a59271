"""Sinkhorn's iteration in the log domain, and a bound that says how far it is from the end.

The problem, for marginals a, b, a cost c and eps > 0, is

    T_eps(a, b) = min over plans gamma of  <gamma, c> + eps KL(gamma | a b),

KL(gamma | a b) = sum_ij gamma_ij log(gamma_ij / (a_i b_j)). Potentials phi, psi give the bound

    D(phi, psi) = <a, phi> + <b, psi> - eps (sum_ij a_i b_j exp((phi_i + psi_j - c_ij) / eps) - 1).

Peyre and Cuturi, Computational Optimal Transport, chapter 4, have both, and the history.
"""

from dataclasses import dataclass

import numpy as np

from otlec._kernel import kernel


@kernel
def _half_step(cost, phi, log_a, eps, psi):
    """Write psi_j, the soft minimum over i of cost_ij - phi_i with the weights a_i.

    The largest exponent of a column is taken out first, so nothing overflows, however small eps.
    The caller makes sure that some log_a is finite.
    """
    n, m = cost.shape
    for j in range(m):
        top = -np.inf
        for i in range(n):
            top = max(top, log_a[i] + (phi[i] - cost[i, j]) / eps)
        total = 0.0
        for i in range(n):
            total += np.exp(log_a[i] + (phi[i] - cost[i, j]) / eps - top)
        psi[j] = -eps * (top + np.log(total))


def soft_min(z, weights, eps: float) -> float:
    """The soft minimum -eps log sum_j w_j exp(-z_j / eps) of numbers z (Definition 1.1).

    Parameters
    ----------
    z, weights : arrays of shape (m,)
        The numbers, and weights >= 0 with the sum 1.
    eps : float
        The softness, in the unit of z, positive.

    Raises
    ------
    ValueError
        If a shape, a weight or ``eps`` is not as said.
    """
    z, eps = np.ascontiguousarray(z, float), _positive(eps)
    weights = _masses(weights, "weights")
    if z.shape != weights.shape or not np.isfinite(z).all():
        raise ValueError(f"z must hold {weights.size} finite numbers, one for each weight")
    out = np.empty(1)
    _half_step(np.ascontiguousarray(z[:, None]), np.zeros(z.size), _log(weights), eps, out)
    return float(out[0])


@dataclass(frozen=True)
class EntropicPlan:
    """A plan with the potentials that bound its value from below."""

    matrix: np.ndarray  # (n, m), its marginals are a and b
    phi: np.ndarray  # (n,)
    psi: np.ndarray  # (m,)
    value: float  # <gamma, c> + eps KL(gamma | a b)
    dual_values: tuple[float, ...]  # D(phi, psi) after each round

    @property
    def dual_value(self) -> float:
        """The best lower bound of T_eps."""
        return self.dual_values[-1]

    @property
    def gap(self) -> float:
        """How far ``value`` may be above T_eps."""
        return self.value - self.dual_value


def relative_entropy(matrix, a, b) -> float:
    """KL(gamma | a b) = sum gamma log(gamma / (a b)) of a plan with marginals a and b."""
    matrix = np.asarray(matrix, float)
    on = matrix > 0
    return float((matrix[on] * np.log(matrix[on] / np.outer(a, b)[on])).sum())


def sinkhorn(a, b, cost, eps: float, *, tol: float = 1e-9, rounds: int = 10_000) -> EntropicPlan:
    """Solve the entropic problem: half steps in turn, each the best reply to the other (1.2).

    Parameters
    ----------
    a, b : arrays of shape (n,) and (m,)
        Masses >= 0 with the sum 1.
    cost : array of shape (n, m)
        Finite.
    eps : float
        The strength of the entropy, in the unit of ``cost``, positive.
    tol : float
        Stop when the gap is at most ``tol`` times the largest |cost| (or 1, if that is more).
    rounds : int
        At most so many rounds of two half steps.

    Raises
    ------
    ValueError
        If an argument is not as said.
    RuntimeError
        If the gap is still larger after so many rounds; the message says how large.
    """
    a, b, eps = _masses(a, "a"), _masses(b, "b"), _positive(eps)
    cost = np.ascontiguousarray(cost, float)
    if cost.shape != (a.size, b.size) or not np.isfinite(cost).all():
        raise ValueError(f"cost must be a finite matrix of shape {(a.size, b.size)}")
    transposed, log_a, log_b = np.ascontiguousarray(cost.T), _log(a), _log(b)
    phi, psi, values = np.zeros(a.size), np.empty(b.size), []
    scale = tol * max(1.0, np.abs(cost).max())
    for done in range(1, rounds + 1):
        _half_step(cost, phi, log_a, eps, psi)
        values.append(float(a @ phi + b @ psi))  # the mass of the plan is 1 after a half step
        if done % 10 == 0 or done == rounds:
            matrix = _rounded(_plan(cost, phi, psi, a, b, eps), a, b)
            value = float((matrix * cost).sum() + eps * relative_entropy(matrix, a, b))
            if value - values[-1] <= scale:
                return EntropicPlan(matrix, phi.copy(), psi.copy(), value, tuple(values))
        _half_step(transposed, psi, log_b, eps, phi)
    raise RuntimeError(
        f"after {rounds} rounds the gap is {value - values[-1]:.2g}, above {scale:.2g}; "
        "take a larger eps, more rounds or a larger tol"
    )


def _plan(cost, phi, psi, a, b, eps) -> np.ndarray:
    """a_i b_j exp((phi_i + psi_j - c_ij) / eps)."""
    with np.errstate(divide="ignore"):
        return np.exp((phi[:, None] + psi - cost) / eps + np.log(a)[:, None] + np.log(b))


def _rounded(matrix, a, b) -> np.ndarray:
    """A plan with these marginals next to a matrix (Altschuler, Weed and Rigollet 2017)."""
    rows = matrix.sum(axis=1)
    matrix = (
        matrix * np.minimum(1, np.divide(a, rows, out=np.ones_like(a), where=rows > 0))[:, None]
    )
    columns = matrix.sum(axis=0)
    matrix = matrix * np.minimum(1, np.divide(b, columns, out=np.ones_like(b), where=columns > 0))
    missing_a, missing_b = a - matrix.sum(axis=1), b - matrix.sum(axis=0)
    missing = missing_a.sum()
    return matrix + np.outer(missing_a, missing_b) / missing if missing > 0 else matrix


def _log(masses: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(masses)


def _masses(values, name: str) -> np.ndarray:
    values = np.ascontiguousarray(values, float)
    if values.ndim != 1 or not (values >= 0).all() or abs(values.sum() - 1) > 1e-9:
        raise ValueError(f"{name} must be a list of masses >= 0 with the sum 1")
    return values


def _positive(eps) -> float:
    if not 0 < eps < np.inf:
        raise ValueError(f"eps must be positive and finite, but it is {eps!r}")
    return float(eps)
