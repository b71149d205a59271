r"""The map that a plan comes closest to: its barycentric projection (Example 3.3).

A plan that sends each atom to one place is a map, $\gamma = (\mathrm{id}, T)_\# \mu$. Any other one
splits atoms. Its barycentric projection sends each atom to the mean of its targets,

    T(x_i) = sum_j gamma_ij y_j / a_i,

which is the conditional mean E[Y | X = x_i]: of all maps it has the least mean square distance to
the plan. It need not push mu to nu.
"""

from dataclasses import dataclass

import numpy as np

from . import _validate
from ._read_only import ReadOnly


@dataclass(frozen=True, eq=False, repr=False)
class Projection(ReadOnly):
    r"""The barycentric projection of a plan.

    Attributes
    ----------
    points : array of shape (n,) or (n, d)
        $T(x_i)$ for each atom of the source; nan where it has no mass.
    split : float
        The share of the mass that lies in atoms which are sent to more than one place: 0 for a map.
    """

    points: np.ndarray
    split: float

    def __repr__(self) -> str:
        return f"Projection({self.points.shape[0]} points, {100 * self.split:.3g} % split)"


class Moves:
    """What plans and couplings tell from ``rows``, ``cols``, ``mass``, ``shape`` and ``target``."""

    def map(self, y=None) -> Projection:
        r"""The barycentric projection $T(x_i) = \sum_j \gamma_{ij} y_j / a_i$.

        ``y``, of shape (m,) or (m, d), are the points of the target; its own if left out.
        Raises ValueError if the plan knows no points and none are given.
        """
        y = self._targets(y)
        mass = np.bincount(self.rows, self.mass, self.shape[0])
        columns = y[self.cols].reshape(self.rows.size, -1).T
        sums = [np.bincount(self.rows, self.mass * c, self.shape[0]) for c in columns]
        with np.errstate(invalid="ignore", divide="ignore"):
            points = np.stack(sums, axis=-1) / mass[:, None]
        splits = self._places(y) > 1
        share = float(mass[splits].sum() / mass.sum())
        return Projection(points[:, 0] if y.ndim == 1 else points, share)

    @property
    def is_map(self) -> bool:
        """Whether each atom of the source is sent to one place."""
        y = np.arange(self.shape[1]) if self.target is None else self.target.points
        return bool((self._places(y) <= 1).all())

    @property
    def permutation(self) -> np.ndarray:
        """Where the plan pairs n atoms with n atoms: the number of the partner of each.

        Raises ValueError if the plan splits an atom, merges two, or the numbers differ.
        """
        n, m = self.shape
        if not (n == m == self.rows.size == np.unique(self.rows).size == np.unique(self.cols).size):
            raise ValueError(
                f"the plan is no permutation: {self.rows.size} entries join {n} atoms to {m}; "
                "plan.map() gives its barycentric projection"
            )
        partners = np.empty(n, dtype=np.int64)
        partners[self.rows] = self.cols
        return partners

    def _targets(self, y) -> np.ndarray:
        if y is None and self.target is None:
            raise ValueError(
                "the plan has no points: give those of the target, plan.map(y), or compute the "
                "plan by otlec.optimal_plan(mu, nu)"
            )
        y = self.target.points if y is None else _validate.points(y, "y")
        if y.shape[0] != self.shape[1]:
            raise ValueError(f"y has {y.shape[0]} points, but the plan has {self.shape[1]} columns")
        return y

    def _places(self, y: np.ndarray) -> np.ndarray:
        """To how many different places each atom is sent."""
        _, place = np.unique(y.reshape(y.shape[0], -1), axis=0, return_inverse=True)
        pairs = np.unique(np.stack([self.rows, place.ravel()[self.cols]]), axis=1)
        return np.bincount(pairs[0], minlength=self.shape[0])
