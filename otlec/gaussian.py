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

import math
from dataclasses import dataclass, field

import numpy as np

from . import _validate
from ._read_only import ReadOnly
from .certificate import Certificate

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False, repr=False)
class GaussianBarycenter(ReadOnly):
    r"""The barycenter N(m, Sigma) of Gaussians, with the equation that proves it.

    Attributes
    ----------
    mean : array of shape (d,)
        $m = \sum_i \lambda_i m_i$.
    covariance : array of shape (d, d)
    objective : float
        The weighted sum of the squared distances: $\sum_i \lambda_i W_2^2(\mu_i, \mu)$.
    lower_bound : float
        No measure has a smaller objective than this.
    defect : float
        The largest entry of $\bar A - I$, $\bar A$ being the mean of the maps from the barycenter
        to the $\Sigma_i$: 0, up to rounding, proves it.
    """

    mean: np.ndarray
    covariance: np.ndarray
    objective: float
    lower_bound: float
    defect: float
    is_proved: bool = field(default=False, init=False)

    @property
    def gap(self) -> float:
        """The objective minus the lower bound: 0, up to rounding, proves optimality."""
        return self.objective - self.lower_bound

    @property
    def certificate(self) -> str:
        """What the bound proves of the objective, as ``certified to 1e-12``.

        It is believed of a result as it was computed, not of a copy with other contents.
        """
        if not self.is_proved:
            return "not certified: the lower bound was not computed for this measure"
        spread = np.trace(self.covariance)
        if self.objective <= 1e-12 * spread and abs(self.gap) <= 1e-12 * spread:
            return "certified to 1e-12 of the variance: the measures are equal, up to rounding"
        share = abs(self.gap) / self.objective if self.gap else 0.0
        return str(Certificate(0.0, 0.0, self.gap, 0.0, 0.0, share, self.objective, 1))

    def __repr__(self) -> str:
        return f"GaussianBarycenter(in R^{self.mean.size}, objective={self.objective:.6g})"


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
    (Sigma0, scale0), (Sigma1, scale1) = map(_unit, _pair(Sigma0, Sigma1))
    if not _is_definite(Sigma0):
        raise ValueError(
            "Sigma0 is singular, and no map spreads its mass out of a subspace; "
            "gaussian_geodesic and gaussian_distance need no map"
        )
    return np.sqrt(scale1) / np.sqrt(scale0) * _map(Sigma0, Sigma1)


def gaussian_geodesic(Sigma0, Sigma1, t: float) -> np.ndarray:
    r"""The covariance $\Sigma_t$ at time t of the geodesic between two centred Gaussians.

    $\Sigma_t = ((1-t) I + t A) \Sigma_0 ((1-t) I + t A)$ where A exists. Elsewhere there may be
    several geodesics; this is the one of an optimal coupling $(R_0 z, R_1 z)$ of the two, with a
    standard Gaussian z and roots $R_i R_i^T = \Sigma_i$ that are turned to fit each other.
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
    return float(np.hypot(_length(root0 - root1), _length(shift)))


def gaussian_barycenter(
    Sigmas, weights=None, *, means=None, steps: int = 1000, tolerance: float = 1e-13
) -> GaussianBarycenter:
    r"""The $W_2$ barycenter of Gaussians N(m_i, Sigma_i), which is Gaussian, by a fixed point.

    Its mean is $\sum_i \lambda_i m_i$. Its covariance is the only positive definite solution of
    $\Sigma = \sum_i \lambda_i (\Sigma^{1/2} \Sigma_i \Sigma^{1/2})^{1/2}$: the maps $A_i$ from the
    barycenter to the $\Sigma_i$ have the identity as their mean. Each step replaces $\Sigma$ by
    $\bar A \Sigma \bar A$ with that mean $\bar A$, which lowers the objective. Of two Gaussians it
    lies on the geodesic, and needs no steps; nor does one.

    Parameters
    ----------
    Sigmas : sequence of N covariances of shape (d, d), or numbers if d = 1
        At least one with a positive weight is positive definite.
    weights : array of shape (N,), optional
        The numbers $\lambda_i \geq 0$, with sum 1. Equal if left out.
    means : sequence of N arrays of shape (d,), or numbers if d = 1, optional
        The means, 0 if left out.
    steps, tolerance : int, float
        The loop ends when no entry of $\bar A - I$ exceeds the tolerance, or when it stops falling.

    Returns
    -------
    GaussianBarycenter
        With ``.mean``, ``.covariance``, ``.objective`` and ``.defect``.

    Raises
    ------
    TypeError, ValueError
        If a covariance, a mean, the weights, the steps or the tolerance are not valid, or all
        covariances are singular.
    RuntimeError
        If the loop has not converged after ``steps`` steps.
    """
    steps, tolerance = _validate.count(steps, "steps"), _validate.tolerance(tolerance)
    covariances = [_covariance(Sigma, f"Sigmas[{i}]") for i, Sigma in enumerate(Sigmas)]
    if not covariances:
        raise ValueError("Sigmas is empty: at least one covariance is needed")
    n, d = len(covariances), covariances[0].shape[0]
    for i, Sigma in enumerate(covariances):
        if Sigma.shape[0] != d:
            raise ValueError(f"Sigmas[{i}] has dimension {Sigma.shape[0]}, but Sigmas[0] has {d}")
    weights = _validate.shares(weights, "weights", n, "covariances")
    points = _means(means, n, d)
    mean = weights @ points
    heavy = [i for i in range(n) if weights[i] > 0]
    scale = max(float(covariances[i].max()) for i in heavy)
    units = [covariances[i] / scale if scale > 0 else covariances[i] for i in heavy]
    if not any(_is_definite(Sigma) for Sigma in units):
        raise ValueError("Sigmas must contain a positive definite matrix of positive weight")
    Sigma, defect = _fixed_point(units, weights[heavy], steps, tolerance)
    apart = [
        float(share * _length(m - mean) ** 2) for share, m in zip(weights, points, strict=True)
    ]
    bound = scale * _lower_bound(Sigma, units, weights[heavy]) + math.fsum(apart)
    Sigma = scale * Sigma
    objective = sum(
        share * gaussian_distance(Sigma, other, mean, m) ** 2
        for share, other, m in zip(weights, covariances, points, strict=True)
    )
    result = GaussianBarycenter(mean, Sigma, float(objective), bound, defect)
    object.__setattr__(result, "is_proved", True)
    return result


def _fixed_point(covariances, weights, steps, tolerance) -> tuple[np.ndarray, float]:
    """The covariance, and how far the mean of its maps is from the identity."""
    Sigma = np.tensordot(weights, covariances, axes=1)
    if len(covariances) <= 2:
        Sigma = gaussian_geodesic(covariances[0], covariances[-1], float(weights[-1]))
        steps, tolerance = 1, np.inf
    previous = np.inf
    for _ in range(steps):
        mean = sum(share * _map(Sigma, to) for share, to in zip(weights, covariances, strict=True))
        defect = float(np.abs(mean - np.eye(Sigma.shape[0])).max())
        # Near the floor of rounding the defect no longer falls: that is as far as doubles go.
        values = np.linalg.eigvalsh(Sigma)
        floor = max(1e-8, _EPS * (values[-1] / max(values[0], _noise(values))) ** 2)
        if defect <= tolerance or (defect <= floor and defect >= 0.99 * previous):
            return Sigma, defect
        previous = defect
        Sigma = _symmetric(mean @ Sigma @ mean)
    raise RuntimeError(
        f"the fixed point has not converged after {steps} steps: the mean of the maps is still "
        f"{defect:.1e} away from the identity; allow more steps or a larger tolerance"
    )


def _lower_bound(Sigma, covariances, weights) -> float:
    r"""A lower bound of the objective, by duality, for covariances of the order of 1.

    For matrices $B_i > 0$ with $\sum_i \lambda_i B_i = I$ and any y,
    $\sum_i \lambda_i |x_i - y|^2 \geq \sum_i \lambda_i x_i^T (I - B_i^{-1}) x_i$, since each
    $|x - y|^2 - y^T (I - B) y$ is least at $y = B^{-1} x$. The maps $A_i$ are such matrices at the
    barycenter; nearby their mean is taken to I.
    """
    maps = np.array([_map(Sigma, to) for to in covariances])
    off = np.tensordot(weights, maps, axes=1) - np.eye(Sigma.shape[0])
    maps -= off / weights.sum()
    for blend in (0.0, 1e-8):  # the map to a singular covariance is singular
        mixed = (1 - blend) * maps + blend * np.eye(Sigma.shape[0])
        if np.linalg.eigvalsh(mixed).min() > max(1e-10, blend / 2):
            break
    else:
        return 0.0
    earned = (
        np.trace(to) - np.trace(np.linalg.solve(matrix, to))
        for matrix, to in zip(mixed, covariances, strict=True)
    )
    return math.fsum(weights * list(earned))


def _map(Sigma0: np.ndarray, Sigma1: np.ndarray) -> np.ndarray:
    """The Brenier matrix of two covariances of the order of 1, the first of them definite."""
    values, vectors = np.linalg.eigh(Sigma0)
    values = np.maximum(values, _noise(values))
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse_root = (vectors / np.sqrt(values)) @ vectors.T
    return _symmetric(inverse_root @ _root(_symmetric(root @ Sigma1 @ root)) @ inverse_root)


def _aligned_roots(Sigma0, Sigma1) -> tuple[np.ndarray, np.ndarray]:
    """Matrices R and S with R R^T = Sigma0, S S^T = Sigma1 and |R - S| as small as can be."""
    (Sigma0, scale0), (Sigma1, scale1) = _unit(Sigma0), _unit(Sigma1)
    root0, root1 = _root(Sigma0), _root(Sigma1)
    left, _, right = np.linalg.svd(root1 @ root0)
    return np.sqrt(scale0) * root0, np.sqrt(scale1) * (root1 @ (left @ right))


def _unit(Sigma: np.ndarray) -> tuple[np.ndarray, float]:
    """The matrix in units of its largest entry, so that no product overflows or vanishes."""
    scale = float(np.abs(Sigma).max())
    return (Sigma / scale, scale) if scale > 0 else (Sigma, 1.0)


def _length(array: np.ndarray) -> float:
    """The Euclidean norm, by units in which no square overflows or vanishes."""
    unit, scale = _unit(array)
    return scale * float(np.linalg.norm(unit))


def _root(Sigma: np.ndarray) -> np.ndarray:
    """The symmetric positive semidefinite square root; what rounding left of 0 counts as 0."""
    values, vectors = np.linalg.eigh(Sigma)
    return (vectors * np.sqrt(np.where(values > _noise(values), values, 0.0))) @ vectors.T


def _noise(values: np.ndarray) -> float:
    """What an eigenvalue 0 may have become by rounding of the matrix."""
    return max(float(values[-1]), 0.0) * values.size * _EPS


def _is_definite(Sigma: np.ndarray) -> bool:
    values = np.linalg.eigvalsh(Sigma)
    return bool(values[0] > _noise(values))


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return matrix / 2 + matrix.T / 2


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
    short = getattr(value, "dtype", None) in (np.float32, np.float16)
    accepted = 1e-4 if short else 1e-10  # of the largest entry: asymmetry, and what is below 0
    matrix = matrix.reshape(1, 1) if matrix.ndim == 0 else matrix
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(
            f"{name} must be a square matrix, but its shape is {matrix.shape}: covariances come "
            "first, then means"
        )
    scale = np.abs(matrix).max()
    if scale == 0:
        return matrix
    if np.abs(matrix / scale - matrix.T / scale).max() > accepted:
        raise ValueError(f"{name} must be symmetric")
    matrix = _symmetric(matrix)
    values, vectors = np.linalg.eigh(matrix / scale)
    least = float(values[0] * scale)
    if values[0] < -accepted:
        raise ValueError(
            f"{name} must be positive semidefinite, but it has an eigenvalue {least!r}"
        )
    if short and values[0] < 0:  # the covariance that 24 binary digits have blurred
        matrix = scale * _symmetric((vectors * np.maximum(values, 0.0)) @ vectors.T)
    return matrix


def _means(means, n: int, d: int) -> np.ndarray:
    if means is None:
        return np.zeros((n, d))
    means = list(means)
    if len(means) != n:
        raise ValueError(f"means has {len(means)} entries, but there are {n} covariances")
    return np.array([_mean(m, f"means[{i}]", d) for i, m in enumerate(means)])


def _mean(value, name: str, d: int) -> np.ndarray:
    if value is None:
        return np.zeros(d)
    vector = np.atleast_1d(_validate.finite(_validate.real_array(value, name), name))
    if vector.shape != (d,):
        raise ValueError(f"{name} must have shape ({d},), but its shape is {vector.shape}")
    return vector
