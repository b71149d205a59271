r"""Otto's metric: the space of densities as a Riemannian manifold (Section 5, p = 2).

A tangent vector at rho is a change of density $\delta\rho$ of total 0. Its length is that of the
cheapest velocity that causes it,

$$\|\delta\rho\|_\rho^2 = \min \left\{ \int |v|^2 d\rho \;\middle|\;
\delta\rho = -\nabla \cdot (v \rho) \right\},$$

and the minimiser is a gradient $v = \nabla \psi$, where
$-\nabla \cdot (\rho \nabla \psi) = \delta\rho$. On the line the flux $\rho v$ is minus the
integral of $\delta\rho$: nothing is left to minimise. In the plane this is a sparse linear system
on the staggered grid. The same system splits any field into the gradient that moves the mass and a
rest that moves nothing: the Helmholtz decomposition, orthogonal in $L^2(\rho)$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import _validate
from . import staggered_grid
from .staggered_grid import Field, cut


@dataclass(frozen=True, eq=False)
class Tangent:
    r"""The cheapest way to cause a change of density.

    Attributes
    ----------
    norm : float
        The length $\|\delta\rho\|_\rho$.
    potential : array of shape ``grid``
        $\psi$ at the centres of the cells, of mean 0 on each piece of the support.
    velocity : tuple of arrays, one an axis
        $\nabla \psi$ on the faces of the cells: one more than the cells along its own axis, 0 on
        the walls.
    """

    norm: float
    potential: np.ndarray
    velocity: Field


@dataclass(frozen=True, eq=False)
class Helmholtz:
    r"""The two parts of a field, on the faces of the cells: ``v = gradient + rest``.

    Attributes
    ----------
    gradient : tuple of arrays
        $\nabla \psi$: it moves the mass as v does, and is the cheapest field that does.
    rest : tuple of arrays
        It moves nothing, $\nabla \cdot (\rho\, \text{rest}) = 0$, and is orthogonal to all
        gradients in $L^2(\rho)$.
    potential : array of shape ``grid``
        $\psi$.
    """

    gradient: Field
    rest: Field
    potential: np.ndarray


def face_density(rho: np.ndarray) -> Field:
    """The mean density of the two cells of each face; 0 on the walls, which nothing crosses."""
    out = []
    for axis in range(rho.ndim):
        width = [(1, 1) if i == axis else (0, 0) for i in range(rho.ndim)]
        out.append(np.pad(staggered_grid.mean(rho, axis), width))
    return tuple(out)


def inner_product(v: Field, w: Field, rho) -> float:
    r"""The inner product $\int v \cdot w \, d\rho$ of two fields on the faces of the cells."""
    rho = _validate.density(rho, "rho")
    weights = face_density(rho)
    return sum(float((u * x * y).sum()) for u, x, y in zip(weights, v, w, strict=True)) / rho.size


def _solve(rho: np.ndarray, weights: Field, source: np.ndarray, what: str) -> np.ndarray:
    """Solve -div(weights grad psi) = source: a graph with the cells as its nodes."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    index = np.arange(rho.size).reshape(rho.shape)
    rows, cols, values = [], [], []
    for axis, (w, n) in enumerate(zip(weights, rho.shape, strict=True)):
        inner = cut(w, axis, 1, -1).ravel() * float(n) ** 2
        rows.append(cut(index, axis, None, -1).ravel()[inner > 0])
        cols.append(cut(index, axis, 1, None).ravel()[inner > 0])
        values.append(inner[inner > 0])
    i, j, w = np.concatenate(rows), np.concatenate(cols), np.concatenate(values)
    graph = sparse.coo_array((w, (i, j)), (rho.size, rho.size)).tocsr()
    graph = graph + graph.T
    pieces, label = connected_components(graph, directed=False)
    wanted = np.bincount(label, source.ravel(), pieces)
    if np.abs(wanted).max() > 1e-10 * max(np.abs(source).sum(), 1e-300):
        raise ValueError(
            f"{what} moves mass across vacuum: rho is zero on whole cells between places that lose "
            "and places that gain mass, so no velocity causes this change and the norm is infinite"
        )
    # Each piece has a free constant: hold its first cell, then take the mean off.
    held = np.zeros(rho.size)
    held[np.unique(label, return_index=True)[1]] = max(float(w.max(initial=0.0)), 1.0)
    matrix = sparse.diags_array(graph.sum(axis=1) + held) - graph
    order = {"permc_spec": "MMD_AT_PLUS_A", "options": {"SymmetricMode": True}}
    factor = splu(matrix.tocsc(), diag_pivot_thresh=0.0, **order)
    b = source.ravel() - (wanted / np.bincount(label))[label]
    psi = factor.solve(b)
    psi += factor.solve(b - (matrix @ psi))  # one refinement: rho may span many magnitudes
    psi -= (np.bincount(label, psi) / np.bincount(label))[label]
    return psi.reshape(rho.shape)


def tangent(rho, delta_rho) -> Tangent:
    r"""The cheapest velocity that changes the density ``rho`` by ``delta_rho``, and its length.

    Parameters
    ----------
    rho : array of shape (n,) or (n, m)
        A density by its cell averages on the unit interval or square; it is not normalised.
    delta_rho : array of the same shape
        The change per unit of time, of total 0.

    Returns
    -------
    Tangent

    Raises
    ------
    ValueError
        If the change has a total other than 0, or needs mass to move where there is none.
    """
    rho = _validate.density(rho, "rho")
    change = _validate.finite(_validate.real_array(delta_rho, "delta_rho"), "delta_rho")
    if change.shape != rho.shape:
        raise ValueError(
            f"delta_rho must have the shape of rho, {rho.shape}, but its shape is {change.shape}"
        )
    size = float(np.abs(change).sum())
    if abs(float(change.sum())) > 1e-9 * size:
        raise ValueError(
            f"delta_rho must have mean 0, since mass is kept, but it is {float(change.mean())!r}; "
            "subtract its mean"
        )
    if (np.abs(change)[rho == 0] > 1e-9 * np.abs(change).max()).any():
        raise ValueError(
            "delta_rho is not zero in the vacuum: where rho is 0 there is no mass to move, and the "
            "norm is infinite"
        )
    weights = face_density(rho)
    if rho.ndim == 1:
        return _tangent_on_the_line(rho, weights[0], change)
    psi = _solve(rho, weights, change, "delta_rho")
    velocity = staggered_grid.gradient(psi)
    return Tangent(np.sqrt(max(inner_product(velocity, velocity, rho), 0.0)), psi, velocity)


def _tangent_on_the_line(rho, weight, change) -> Tangent:
    """The closed form: rho v = -G with G the integral of the change from the left wall."""
    flux = -np.concatenate([[0.0], np.cumsum(change)]) / rho.size
    flux[-1] = 0.0
    if (np.abs(flux)[weight == 0] > 1e-12 * np.abs(change).mean()).any():
        raise ValueError(
            "delta_rho moves mass across vacuum: rho is zero on whole cells between places that "
            "lose and places that gain mass, so no velocity causes this change and the norm is "
            "infinite"
        )
    velocity = np.divide(flux, weight, out=np.zeros_like(flux), where=weight > 0)
    psi = np.concatenate([[0.0], np.cumsum(velocity[1:-1])]) / rho.size
    norm = np.sqrt((weight * velocity**2).sum() / rho.size)
    return Tangent(float(norm), psi - psi.mean(), (velocity,))


def tangent_norm(rho, delta_rho) -> float:
    r"""Otto's norm $\|\delta\rho\|_\rho$ of a change of density: see `tangent`.

    It is the speed of a curve of densities in W_2: $W_2(\rho, \rho + h\,\delta\rho) / h$ tends to
    it as h falls to 0, where the density is positive.
    """
    return tangent(rho, delta_rho).norm


def helmholtz(v, rho) -> Helmholtz:
    r"""Split a field into a gradient and a rest that moves no mass, orthogonal in $L^2(\rho)$.

    Parameters
    ----------
    v : tuple of arrays, one an axis of the grid
        The field on the faces of the cells: component i has one more entry than the cells along
        axis i. Values on the walls of the cube are dropped: nothing crosses them.
    rho : array of shape (n,) or (n, m)
        A density by its cell averages.

    Returns
    -------
    Helmholtz

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    rho = _validate.density(rho, "rho")
    v = (v,) if isinstance(v, np.ndarray) and rho.ndim == 1 else tuple(v)
    faces = [
        _validate.finite(_validate.real_array(u, f"v[{i}]"), f"v[{i}]") for i, u in enumerate(v)
    ]
    if len(faces) != rho.ndim or staggered_grid.cells(faces) != rho.shape:
        raise ValueError(
            f"v must hold one array an axis, on the faces of a grid of {rho.shape} cells, but the "
            f"shapes are {[u.shape for u in faces]}"
        )
    faces = staggered_grid.close(faces)
    weights = face_density(rho)
    moved = staggered_grid.divergence([w * u for w, u in zip(weights, faces, strict=True)])
    psi = _solve(rho, weights, -moved, "v")
    gradient = staggered_grid.gradient(psi)
    rest = tuple(u - g for u, g in zip(faces, gradient, strict=True))
    return Helmholtz(gradient, rest, psi)
