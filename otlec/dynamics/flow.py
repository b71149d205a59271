r"""The continuity equation of Section 5, seen by Euler and by Lagrange.

Euler watches densities and momenta on a grid: `continuity_residual` is the defect of
$\partial_t \rho + \nabla \cdot m = 0$, `action` the energy $\int \int |m|^p / \rho^{p-1}$.
Lagrange follows points: `flow` solves $\dot T_t(x) = v_t(T_t(x))$, and the density at time t is
the push-forward of the first one, which `flow_density` counts in cells. `displacement_velocity` is
the field $v_t = (T - \mathrm{id}) \circ T_t^{-1}$ of a plan, for which Theorem 5.1 is an equality.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence

import numpy as np

from .. import _validate
from ..geodesics import geodesic
from ..law import LawPlan
from ..measure import Measure
from ..plan import Plan
from . import bounds, staggered_grid
from .film import DynamicPlan


def _fields(rho, momentum) -> tuple[np.ndarray, ...]:
    """Validated faces (rho, *momentum) of one staggered grid."""
    rho = _validate.finite(_validate.real_array(rho, "rho"), "rho")
    if rho.ndim < 2:
        raise ValueError(
            f"rho must have shape (steps + 1, *grid), time first, but its shape is {rho.shape}"
        )
    if isinstance(momentum, np.ndarray) and rho.ndim == 2:
        momentum = (momentum,)
    if len(momentum) != rho.ndim - 1:
        raise ValueError(
            f"momentum must hold one array an axis of the grid, {rho.ndim - 1}, "
            f"but it holds {len(momentum)}"
        )
    parts = [
        _validate.finite(_validate.real_array(m, f"momentum[{i}]"), f"momentum[{i}]")
        for i, m in enumerate(momentum)
    ]
    faces = (rho, *parts)
    staggered_grid.cells(faces)
    return faces


def continuity_residual(rho, momentum, lengths=None) -> np.ndarray:
    r"""The defect $\partial_t \rho + \nabla \cdot m$ of the continuity equation in each cell.

    Parameters
    ----------
    rho : array of shape (steps + 1, *grid)
        ``rho[k]`` is the density at time k/steps.
    momentum : tuple of arrays, one an axis of the grid
        On the faces: shape (steps, *grid), one more along its own axis. On the line one array will
        do. Momentum on the outer walls carries mass in or out.
    lengths : sequence of floats, optional
        The sides of the box, where they are not 1, as in `DynamicPlan.lengths`.

    Returns
    -------
    array of shape (steps, *grid)

    Raises
    ------
    ValueError
        If the shapes belong to no staggered grid, or a number is not finite.
    """
    faces = _fields(rho, momentum)
    if lengths is None:
        return staggered_grid.divergence(faces)
    sides = _validate.finite(_validate.real_array(lengths, "lengths"), "lengths")
    if sides.shape != (len(faces) - 1,) or not (sides > 0).all():
        raise ValueError(
            f"lengths must hold one positive number an axis of the grid, {len(faces) - 1}, "
            f"but it is {lengths!r}"
        )
    steps, *cells = staggered_grid.cells(faces)
    return staggered_grid.divergence(faces, (steps, *(np.array(cells) / sides)))


def action(rho, momentum, p: float = 2) -> float:
    r"""The energy $A_p = \int_0^1 \int |m|^p / \rho^{p-1} \, dx\, dt$ (no factor 1/2; Section 5).

    The arguments are those of `continuity_residual`. Densities and momenta are averaged to the
    centres of the cells first. Where momentum flows without mass, or the density is negative, the
    energy is +inf.
    """
    p = _validate.exponent(p)
    rho, *momentum = staggered_grid.interpolate(_fields(rho, momentum))
    return bounds.energy(rho, momentum, p)


def displacement_velocity(plan: Plan, t: float) -> tuple[Measure, np.ndarray]:
    r"""The velocity $v_t = (T - \mathrm{id}) \circ T_t^{-1}$ of an optimal plan's geodesic.

    Parameters
    ----------
    plan : Plan
        An optimal plan between two measures. An atom whose mass splits is several atoms on its way.
    t : float
        A time in [0, 1].

    Returns
    -------
    (mu_t, v) : Measure and array
        The measure `geodesic` at time t, one atom an entry of the plan, and the velocity y - x of
        each: shape (k,) on the line and (k, d) in R^d. The integral of |v|^2 under mu_t is W_2^2.
    """
    if isinstance(plan, LawPlan):
        raise TypeError("plan must be a Plan between measures; of laws, plan.map(x) - x moves x")
    mu = geodesic(plan, t)
    return mu, plan.target.points[plan.cols] - plan.source.points[plan.rows]


def flow(
    velocity: Callable | DynamicPlan | np.ndarray, points, *, steps: int | None = None
) -> np.ndarray:
    r"""Follow points through a velocity field: $\dot x = v_t(x)$ for t in [0, 1].

    Parameters
    ----------
    velocity : callable, DynamicPlan, or array of shape (d, m, *grid)
        ``velocity(t, x)`` for a time and an array of points like ``points``; or the result of
        `benamou_brenier`, whose momentum and density are interpolated (the points lie in its
        box, and leave it where its ends meet); or values at the centres of the cells of the unit
        cube and of m steps of time, as in `DynamicPlan.velocity`.
    points : array of shape (n,) or (n, d)
        Where they start.
    steps : int, optional
        The number of steps of the Runge-Kutta method of order 4: by default those of the field, or
        64 for a callable.

    Returns
    -------
    array of shape (steps + 1, n) or (steps + 1, n, d)
        The paths, time first.

    Raises
    ------
    TypeError, ValueError
        If the field is of another kind, or does not fit the points.
    """
    start = _validate.points(points, "points")
    field, default = _field(velocity, start)
    steps = default if steps is None else steps
    if isinstance(steps, bool) or not isinstance(steps, numbers.Integral):
        raise TypeError(f"steps must be an integer, but it is {steps!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, but it is {steps}")
    h = 1.0 / steps
    paths = np.empty((steps + 1, *start.shape))
    paths[0] = start
    for k in range(steps):
        x, t = paths[k], k * h
        v1 = field(t, x)
        v2 = field(t + 0.5 * h, x + 0.5 * h * v1)
        v3 = field(t + 0.5 * h, x + 0.5 * h * v2)
        v4 = field(t + h, x + h * v3)
        paths[k + 1] = x + (h / 6.0) * (v1 + 2.0 * v2 + 2.0 * v3 + v4)
    return paths


def _field(velocity, start: np.ndarray) -> tuple[Callable, int]:
    """The field as a checked function of (t, x), and its natural number of steps."""
    if isinstance(velocity, DynamicPlan):
        d, steps = len(velocity.grid), velocity.steps
        arrays, to_unit = _beyond_the_border(velocity)
        faces = list(range(d + 1))

        def values(t, x):
            rho, *momentum = _interpolate_at(arrays, faces, t, to_unit(x))
            return np.divide(momentum, rho, out=np.zeros((d, rho.size)), where=rho > 0)

    elif callable(velocity):

        def checked(t, x):
            v = _validate.real_array(velocity(t, x), "velocity(t, x)")
            if v.shape != start.shape:
                raise ValueError(
                    f"velocity(t, x) must have the shape of the points, {start.shape}, "
                    f"but its shape is {v.shape}"
                )
            return _validate.finite(v, "velocity(t, x)")

        return checked, 64
    elif isinstance(velocity, np.ndarray):
        field = _validate.finite(_validate.real_array(velocity, "velocity"), "velocity")
        d = field.ndim - 2
        if d < 1 or field.shape[0] != d or field.size == 0:
            raise ValueError(
                "velocity must have shape (d, steps, *grid) with d axes of the grid, "
                f"but its shape is {field.shape}"
            )
        steps = field.shape[1]

        def values(t, x):
            return np.array(_interpolate_at(list(field), [-1] * d, t, x))

    else:
        raise TypeError(
            "velocity must be a function v(t, x), a DynamicPlan or an array, "
            f"but it is a {type(velocity).__name__}"
        )
    dimension = 1 if start.ndim == 1 else start.shape[1]
    if dimension != d:
        raise ValueError(f"velocity has {d} components, but the points lie in R^{dimension}")

    def on_grid(t, x):
        return values(t, x.reshape(-1, d)).T.reshape(x.shape)

    return on_grid, steps


def _beyond_the_border(film: DynamicPlan) -> tuple[list[np.ndarray], Callable]:
    """Density and momentum, continued by a cell where ends meet; how points come to their cube."""
    arrays = [film.rho, *film.momentum]
    offset, cells = np.zeros(len(film.grid)), np.array(film.grid)
    for axis in np.flatnonzero(film.periodic):
        offset[axis] = 1
        for k, array in enumerate(arrays):
            face = int(k == axis + 1)  # its last layer is its first one
            before = staggered_grid.cut(array, axis + 1, -1 - face, -1 if face else None)
            after = staggered_grid.cut(array, axis + 1, face, face + 1)
            arrays[k] = np.concatenate([before, array, after], axis + 1)

    def to_unit(x):
        x = x / film.lengths
        x = np.where(film.periodic, x - np.floor(x), x)
        return (x * cells + offset) / (cells + 2 * offset)

    return arrays, to_unit


def _interpolate_at(
    arrays: Sequence[np.ndarray], faces: Sequence[int], t: float, x: np.ndarray
) -> list[np.ndarray]:
    """Multilinear interpolation at time t and points x; constant beyond the outermost values.

    ``faces[i]`` is the axis along which array i lives on the faces of the cells; -1 if on none.
    """
    out = []
    places = [np.full(len(x), t), *x.T]
    for array, face_axis in zip(arrays, faces, strict=True):
        value = 0.0
        lows, weights = [], []
        for axis, at in enumerate(places):
            size = array.shape[axis]
            cells = size - 1 if axis == face_axis else size
            at = np.clip(at * cells - (0.0 if axis == face_axis else 0.5), 0.0, size - 1.0)
            low = np.minimum(at.astype(int), max(size - 2, 0))
            lows.append(low)
            weights.append(at - low)
        for corner in np.ndindex(*(2,) * array.ndim):
            index = tuple(
                np.minimum(low + c, n - 1)
                for low, c, n in zip(lows, corner, array.shape, strict=True)
            )
            weight = np.prod(
                [w if c else 1.0 - w for w, c in zip(weights, corner, strict=True)], axis=0
            )
            value = value + weight * array[index]
        out.append(value)
    return out


def flow_density(paths, grid: Sequence[int], weights=None) -> np.ndarray:
    r"""The push-forward density of points on their paths: Euler's view of Lagrange's.

    Parameters
    ----------
    paths : array of shape (steps + 1, n) or (steps + 1, n, d)
        As from `flow`.
    grid : tuple of d integers
        The number of cells along each axis of the unit cube. Points outside count in no cell.
    weights : array of shape (n,), optional
        The masses; uniform with sum 1 if left out.

    Returns
    -------
    array of shape (steps + 1, *grid)
        Mass over volume of each cell at each time.
    """
    paths = _validate.finite(_validate.real_array(paths, "paths"), "paths")
    if paths.ndim not in (2, 3):
        raise ValueError(
            f"paths must have shape (steps + 1, n) or (steps + 1, n, d), not {paths.shape}"
        )
    places = paths.reshape(*paths.shape[:2], -1)
    grid = tuple(int(n) for n in np.atleast_1d(grid))
    if len(grid) != places.shape[2] or min(grid) < 1:
        raise ValueError(
            f"grid must give {places.shape[2]} positive numbers of cells, but it is {grid}"
        )
    n = places.shape[1]
    a = np.full(n, 1.0 / n) if weights is None else _validate.masses(weights, "weights", n)
    unit = [(0.0, 1.0)] * len(grid)
    volume = 1.0 / np.prod(grid)
    return np.stack([np.histogramdd(x, grid, unit, weights=a)[0] / volume for x in places])
