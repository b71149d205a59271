r"""Gaussian measures: the one family in R^d whose transport is known in closed form (Example 3.3).

Between centred Gaussians of covariances Sigma_0 and Sigma_1 the optimal map is linear, and
symmetric positive semidefinite, being the gradient of a convex function (Brenier):

    A = Sigma_0^(-1/2) (Sigma_0^(1/2) Sigma_1 Sigma_0^(1/2))^(1/2) Sigma_0^(-1/2),
    A Sigma_0 A = Sigma_1.

The geodesic stays Gaussian, with Sigma_t = ((1-t) I + t A) Sigma_0 ((1-t) I + t A). Means move
apart from covariances: W_2^2 = |m_0 - m_1|^2 + B^2(Sigma_0, Sigma_1), with the Bures distance

    B^2 = tr Sigma_0 + tr Sigma_1 - 2 tr (Sigma_0^(1/2) Sigma_1 Sigma_0^(1/2))^(1/2)
        = min_U | Sigma_0^(1/2) - Sigma_1^(1/2) U |^2,        U orthogonal.

The second form is the one used here: it loses no digits where the two are near each other, and it
needs no inverse, so that covariances may be singular.

Source: Olkin and Pukelsheim (1982); Takatsu (2011); Álvarez-Esteban et al. (2016) for barycenters.
"""

import numpy as np

from . import _validate


def gaussian_map(Sigma0, Sigma1) -> np.ndarray:
    r"""The Brenier matrix A, with $x \mapsto m_1 + A (x - m_0)$ optimal from N(m_0, Sigma_0) on.

    Parameters
    ----------
    Sigma0 : array of shape (d, d), or a number if d = 1
        A positive definite covariance.
    Sigma1 : the same, positive semidefinite

    Returns
    -------
    Array of shape (d, d), symmetric positive semidefinite, with $A \Sigma_0 A = \Sigma_1$.

    Raises
    ------
    TypeError, ValueError
        If a covariance is not symmetric or not positive semidefinite, or Sigma0 is singular: mass
        that lies in a subspace cannot be spread out of it by a map.
    """
    Sigma0, Sigma1 = _pair(Sigma0, Sigma1)
    values, vectors = np.linalg.eigh(Sigma0)
    if values[0] <= values[-1] * values.size * np.finfo(float).eps:
        raise ValueError(
            "Sigma0 is singular, and no map spreads its mass out of a subspace; "
            "gaussian_geodesic and gaussian_distance need no map"
        )
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse_root = (vectors / np.sqrt(values)) @ vectors.T
    A = inverse_root @ _root(_symmetric(root @ Sigma1 @ root)) @ inverse_root
    return _symmetric(A)


def gaussian_geodesic(Sigma0, Sigma1, t: float) -> np.ndarray:
    r"""The covariance $\Sigma_t$ at time t of the geodesic between two centred Gaussians.

    $\Sigma_t = ((1-t) I + t A) \Sigma_0 ((1-t) I + t A)$ where A exists, and its limit elsewhere.
    The means, if any, move on a straight line: $m_t = (1-t) m_0 + t m_1$.

    Parameters
    ----------
    Sigma0, Sigma1 : arrays of shape (d, d), or numbers if d = 1
        Covariances; they may be singular.
    t : float
        A time in [0, 1].

    Returns
    -------
    Array of shape (d, d).
    """
    t = _validate.time(t)
    root0, root1 = _aligned_roots(*_pair(Sigma0, Sigma1))
    root = (1.0 - t) * root0 + t * root1
    return root @ root.T


def gaussian_distance(Sigma0, Sigma1, mean0=None, mean1=None) -> float:
    r"""The distance $W_2$ between two Gaussians, $\sqrt{|m_0 - m_1|^2 + B^2(\Sigma_0, \Sigma_1)}$.

    Parameters
    ----------
    Sigma0, Sigma1 : arrays of shape (d, d), or numbers if d = 1
        Covariances; they may be singular.
    mean0, mean1 : arrays of shape (d,), or numbers if d = 1, optional
        The means, 0 if left out.
    """
    Sigma0, Sigma1 = _pair(Sigma0, Sigma1)
    root0, root1 = _aligned_roots(Sigma0, Sigma1)
    d = Sigma0.shape[0]
    shift = _mean(mean0, "mean0", d) - _mean(mean1, "mean1", d)
    return float(np.hypot(np.linalg.norm(root0 - root1), np.linalg.norm(shift)))


def gaussian_barycenter(
    Sigmas, weights=None, *, steps: int = 1000, tolerance: float = 1e-13
) -> np.ndarray:
    r"""The covariance of the $W_2$ barycenter of centred Gaussians, by a fixed point.

    It is the only positive definite solution of
    $\Sigma = \sum_i \lambda_i (\Sigma^{1/2} \Sigma_i \Sigma^{1/2})^{1/2}$: the maps $A_i$ from the
    barycenter to the $\Sigma_i$ have the identity as their mean. Each step replaces $\Sigma$ by
    $\bar A \Sigma \bar A$ with that mean $\bar A$, which lowers the objective.

    Parameters
    ----------
    Sigmas : sequence of N covariances of shape (d, d), or numbers if d = 1
        At least one with a positive weight is positive definite.
    weights : array of shape (N,), optional
        The numbers $\lambda_i \geq 0$, with sum 1. Equal if left out.
    steps, tolerance : int, float
        The loop ends when no entry of $\bar A - I$ exceeds the tolerance, or when it stops falling.

    Returns
    -------
    Array of shape (d, d).

    Raises
    ------
    TypeError, ValueError
        If a covariance or the weights are not valid, or all covariances are singular.
    RuntimeError
        If the loop has not converged after ``steps`` steps.
    """
    covariances = [_covariance(Sigma, f"Sigmas[{i}]") for i, Sigma in enumerate(Sigmas)]
    if not covariances:
        raise ValueError("Sigmas is empty: at least one covariance is needed")
    d = covariances[0].shape[0]
    for i, Sigma in enumerate(covariances):
        if Sigma.shape[0] != d:
            raise ValueError(f"Sigmas[{i}] has dimension {Sigma.shape[0]}, but Sigmas[0] has {d}")
    weights = _validate.shares(weights, "weights", len(covariances))
    if not any(
        share > 0 and np.linalg.matrix_rank(Sigma, hermitian=True) == d
        for share, Sigma in zip(weights, covariances, strict=True)
    ):
        raise ValueError("Sigmas must contain a positive definite matrix of positive weight")
    average = np.tensordot(weights, covariances, axes=1)
    return _fixed_point(covariances, weights, average, steps, tolerance)


def _fixed_point(covariances, weights, Sigma, steps, tolerance) -> np.ndarray:
    identity = np.eye(Sigma.shape[0])
    previous = np.inf
    for _ in range(steps):
        maps = [gaussian_map(Sigma, other) for other in covariances]
        mean = np.tensordot(weights, maps, axes=1)
        defect = float(np.abs(mean - identity).max())
        # Near the floor of rounding the defect no longer falls: that is as far as doubles go.
        if defect <= tolerance or (defect <= 1e-8 and defect >= 0.99 * previous):
            return Sigma
        previous = defect
        Sigma = _symmetric(mean @ Sigma @ mean)
    raise RuntimeError(
        f"the fixed point has not converged after {steps} steps: the mean of the maps is still "
        f"{defect:.1e} away from the identity; allow more steps or a larger tolerance"
    )


def _aligned_roots(Sigma0, Sigma1) -> tuple[np.ndarray, np.ndarray]:
    """Matrices R and S with R R^T = Sigma0, S S^T = Sigma1 and |R - S| as small as can be."""
    root0, root1 = _root(Sigma0), _root(Sigma1)
    left, _, right = np.linalg.svd(root1 @ root0)
    return root0, root1 @ (left @ right)


def _root(Sigma: np.ndarray) -> np.ndarray:
    """The symmetric positive semidefinite square root."""
    values, vectors = np.linalg.eigh(Sigma)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return (matrix + matrix.T) / 2


def _pair(Sigma0, Sigma1) -> tuple[np.ndarray, np.ndarray]:
    Sigma0, Sigma1 = _covariance(Sigma0, "Sigma0"), _covariance(Sigma1, "Sigma1")
    if Sigma0.shape != Sigma1.shape:
        raise ValueError(
            f"Sigma0 and Sigma1 must have the same shape, not {Sigma0.shape} and {Sigma1.shape}"
        )
    return Sigma0, Sigma1


def _covariance(value, name: str) -> np.ndarray:
    """A symmetric positive semidefinite matrix, up to rounding; a number is a matrix (1, 1)."""
    matrix = _validate.finite(_validate.real_array(value, name), name)
    matrix = matrix.reshape(1, 1) if matrix.ndim == 0 else matrix
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name} must be a square matrix, but its shape is {matrix.shape}")
    scale = np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > 1e-10 * scale:
        raise ValueError(f"{name} must be symmetric")
    matrix = _symmetric(matrix)
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -1e-10 * scale:
        raise ValueError(
            f"{name} must be positive semidefinite, but it has an eigenvalue {least!r}"
        )
    return matrix


def _mean(value, name: str, d: int) -> np.ndarray:
    if value is None:
        return np.zeros(d)
    vector = np.atleast_1d(_validate.finite(_validate.real_array(value, name), name))
    if vector.shape != (d,):
        raise ValueError(f"{name} must have shape ({d},), but its shape is {vector.shape}")
    return vector
