"""The figures of what moves: films of densities, ways of particles, the grid of a film."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from .look import DENSITY, NEUTRAL, PLAN, POTENTIAL, SOURCE, TARGET, _axes, plt, time_colors


def space_time(rho, ax=None, *, cmap=None, vmax=None):
    """Show a film of densities on [0, 1], of shape (steps + 1, n): time runs to the right, x up.

    The map has 64 colours, which a PNG packs well. Returns the image.
    """
    ax = _axes(ax)
    image = ax.imshow(
        np.asarray(rho).T, origin="lower", extent=(0, 1, 0, 1), aspect="auto", vmin=0, vmax=vmax,
        cmap=(DENSITY if cmap is None else cmap).resampled(64), interpolation="bilinear",
    )  # fmt: skip
    ax.set(xlabel="$t$", ylabel="$x$")
    return image


def trajectories(times, positions, ax=None, *, color=PLAN, width: float = 1.3) -> list:
    """Draw ways on the line: column q of ``positions``, shape (len(times), k), is one way.

    Where they start is a source dot, where they end a target dot. Returns the lines.
    """
    ax = _axes(ax)
    lines = ax.plot(times, positions, color=color, lw=width)
    for k, dot in ((0, SOURCE), (-1, TARGET)):
        ends = np.asarray(positions)[k]
        ax.scatter(np.full(ends.size, times[k]), ends, s=14, c=dot, zorder=3, clip_on=False)
    ax.set(xlabel="$t$", ylabel="$x$")
    return lines


def tracks(film, ax=None, *, every: int = 1) -> list:
    """Draw ways in the plane from ``film``, of shape (times, k, 2), with a dot every few times.

    The dots run through the colours of time. Returns the lines.
    """
    ax = _axes(ax)
    lines = ax.plot(film[:, :, 0], film[:, :, 1], color=NEUTRAL, lw=0.8, zorder=1)
    dots = film[::every]
    for at, color in zip(dots, time_colors(len(dots)), strict=True):
        ax.scatter(*at.T, s=16, color=color, zorder=2)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return lines


def staggered_cell(ax=None):
    """Draw where the unknowns of a film live on the grid of time (right) and space (up).

    Densities sit on the faces between times, momenta on the faces between cells of space, and the
    balance, the energy and the potential in the centres. Returns the axes.
    """
    ax = _axes(ax)
    for k in range(4):
        ax.plot([k, k], [0, 3], color=NEUTRAL, lw=0.8, alpha=0.6)
        ax.plot([0, 3], [k, k], color=NEUTRAL, lw=0.8, alpha=0.6)
    half = np.arange(3) + 0.5
    for k in range(4):
        color = {0: SOURCE, 3: TARGET}.get(k, NEUTRAL)
        ax.scatter(np.full(3, k), half, s=70, marker=">", c=color, zorder=3)
        wall = {"facecolors": "none", "edgecolors": PLAN} if k in (0, 3) else {"c": PLAN}
        ax.scatter(half, np.full(3, k), s=70, marker="^", zorder=3, **wall)
    centres = np.array(np.meshgrid(half, half)).reshape(2, -1)
    ax.scatter(*centres, s=36, c=POTENTIAL, zorder=3)
    ax.add_patch(plt.Rectangle((1, 1), 1, 1, fc=POTENTIAL, alpha=0.12, lw=0))
    ax.set(xlim=(-0.35, 3.35), ylim=(-0.35, 3.35), aspect="equal", xticks=[], yticks=[])
    ax.set(xlabel=r"time $\rightarrow$", ylabel=r"space $\rightarrow$")
    ax.spines[:].set_visible(False)
    return ax


def snapshots(film, ax=None, *, obstacles=None):
    """Show several densities on the unit square, of shape (k, n, m), in one picture.

    Each has the colour of its time, and is opaque where it is dense. Cells of the mask
    ``obstacles`` are grey. The first axis of a density is drawn to the right. Returns the images.
    """
    ax = _axes(ax)
    frame = {"origin": "lower", "extent": (0, 1, 0, 1), "interpolation": "bicubic"}
    images = []
    for rho, color in zip(film, time_colors(len(film)), strict=True):
        layer = np.empty((*rho.T.shape, 4))
        layer[...] = color
        layer[..., 3] = (1.03 * rho.T / rho.max() - 0.03).clip(0, 1) ** 0.8
        images.append(ax.imshow(layer, **frame))
    if obstacles is not None:
        wall = LinearSegmentedColormap.from_list("wall", ["#FFFFFF00", NEUTRAL])
        frame["interpolation"] = "nearest"
        images.append(ax.imshow(np.asarray(obstacles).T.astype(float), cmap=wall, **frame))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    return images


def velocity(rho, v, ax=None, *, every: int = 4, scale: float = 0.35):
    """Draw a density on the unit square, and a velocity of shape (2, n, m) where there is mass.

    The first axis of the density is drawn to the right. An arrow is ``scale`` times the velocity.
    Returns the image and the arrows.
    """
    ax = _axes(ax)
    n, m = rho.shape
    image = ax.imshow(
        rho.T, origin="lower", extent=(0, 1, 0, 1), cmap=DENSITY, alpha=0.7, vmax=1.6 * rho.max()
    )
    x, y = np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(m) + 0.5) / m, indexing="ij")
    seen = np.zeros(rho.shape, bool)
    seen[every // 2 :: every, every // 2 :: every] = True
    seen &= rho > 0.03 * rho.max()
    arrows = ax.quiver(
        x[seen], y[seen], *(scale * v[:, seen]), angles="xy", scale_units="xy", scale=1,
        color=PLAN, width=0.009,
    )  # fmt: skip
    ax.set(xticks=[], yticks=[], xlim=(0.12, 0.88), ylim=(0.12, 0.88))
    ax.spines[:].set_visible(False)
    return image, arrows
