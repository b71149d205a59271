"""otlec: the kernels behind a living companion to a lecture on Wasserstein space.

Each module holds one idea of the lecture, its compiled kernel and its public function in one file.
"""

from .assignment_points import assignment_points
from .bottleneck import Bottleneck, bottleneck
from .cost import cost_matrix, half_square_cost
from .distance import optimal_plan, transport_cost, wasserstein
from .dynamic import DynamicPlan, benamou_brenier
from .geodesics import (
    curve_length,
    distribution_function,
    geodesic,
    interpolation,
    is_constant_speed,
    quantile_function,
    quantile_interpolation,
    speed_matrix,
)
from .gluing import Coupling, Gluing, compose, glue, gluing_cost_range
from .hungarian import assignment, shortest_augmenting_paths
from .measure import Measure
from .network_simplex import transport
from .plan import Assignment, Plan
from .quantile import transport_1d

__version__ = "0.1.0"

__all__ = [
    "Assignment",
    "Bottleneck",
    "Coupling",
    "DynamicPlan",
    "Gluing",
    "Measure",
    "Plan",
    "assignment",
    "assignment_points",
    "benamou_brenier",
    "bottleneck",
    "compose",
    "cost_matrix",
    "curve_length",
    "distribution_function",
    "geodesic",
    "glue",
    "gluing_cost_range",
    "half_square_cost",
    "interpolation",
    "is_constant_speed",
    "optimal_plan",
    "quantile_function",
    "quantile_interpolation",
    "shortest_augmenting_paths",
    "speed_matrix",
    "transport",
    "transport_1d",
    "transport_cost",
    "wasserstein",
]
