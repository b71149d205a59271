"""otlec: the kernels behind a living companion to a lecture on Wasserstein space.

Each module holds one idea of the lecture, its compiled kernel and its public function in one file.
"""

from .cost import cost_matrix, half_square_cost
from .hungarian import assignment
from .measure import Measure
from .plan import Assignment, Plan
from .quantile import transport_1d

__version__ = "0.1.0"

__all__ = [
    "Assignment",
    "Measure",
    "Plan",
    "assignment",
    "cost_matrix",
    "half_square_cost",
    "transport_1d",
]
