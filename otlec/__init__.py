"""otlec: the kernels behind a living companion to a lecture on Wasserstein space.

Each module holds one idea of the lecture, its compiled kernel and its public function in one file.
"""

from .barycenters import Barycenter, barycenter, mixture
from .certificate import Certificate, verify
from .classroom.check import check
from .cost import cost_matrix, half_square_cost
from .differentiability import (
    Derivative,
    PotentialBand,
    derivative,
    potential_band,
    potential_width,
    sandwich,
)
from .distance import optimal_plan, transport_cost, wasserstein
from .duality import LipschitzPotential, c_transform, contact_set, kantorovich_rubinstein
from .dynamics.benamou_brenier import benamou_brenier
from .dynamics.film import DynamicPlan, DynamicState
from .dynamics.flow import action, continuity_residual, displacement_velocity, flow, flow_density
from .dynamics.otto import Helmholtz, Tangent, helmholtz, tangent, tangent_norm
from .gaussian import (
    GaussianBarycenter,
    gaussian_barycenter,
    gaussian_distance,
    gaussian_geodesic,
    gaussian_map,
)
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
from .gluing import Coupling, Gluing, compose, glue, gluing_cost_range, product_plan
from .law import Law, LawPlan
from .measure import Measure
from .plan import Assignment, Plan
from .projection import Projection
from .solvers.bottleneck import Bottleneck, bottleneck
from .solvers.bottleneck_transport import BottleneckPlan, bottleneck_transport
from .solvers.hungarian import assignment, shortest_augmenting_paths
from .solvers.network_simplex import transport
from .solvers.points import assignment_points
from .solvers.quantile import transport_1d
from .solvers.vertices import OptimalPlans, ParametricPlans, optimal_vertices, parametric_plans

__version__ = "0.1.0"

__all__ = [
    "Assignment",
    "Barycenter",
    "Bottleneck",
    "BottleneckPlan",
    "Certificate",
    "Coupling",
    "Derivative",
    "DynamicPlan",
    "DynamicState",
    "GaussianBarycenter",
    "Gluing",
    "Helmholtz",
    "Law",
    "LawPlan",
    "LipschitzPotential",
    "Measure",
    "OptimalPlans",
    "ParametricPlans",
    "Plan",
    "PotentialBand",
    "Projection",
    "Tangent",
    "action",
    "assignment",
    "assignment_points",
    "barycenter",
    "benamou_brenier",
    "bottleneck",
    "bottleneck_transport",
    "c_transform",
    "check",
    "compose",
    "contact_set",
    "continuity_residual",
    "cost_matrix",
    "curve_length",
    "derivative",
    "displacement_velocity",
    "distribution_function",
    "flow",
    "flow_density",
    "gaussian_barycenter",
    "gaussian_distance",
    "gaussian_geodesic",
    "gaussian_map",
    "geodesic",
    "glue",
    "gluing_cost_range",
    "half_square_cost",
    "helmholtz",
    "interpolation",
    "is_constant_speed",
    "kantorovich_rubinstein",
    "mixture",
    "optimal_plan",
    "optimal_vertices",
    "parametric_plans",
    "potential_band",
    "potential_width",
    "product_plan",
    "quantile_function",
    "quantile_interpolation",
    "sandwich",
    "shortest_augmenting_paths",
    "speed_matrix",
    "tangent",
    "tangent_norm",
    "transport",
    "transport_1d",
    "transport_cost",
    "verify",
    "wasserstein",
]
