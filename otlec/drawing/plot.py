"""Every figure of the book, and the only import of matplotlib.

Each function draws on the axes ``ax`` (the current ones if left out) and returns its artists. The
colours have one meaning each, on every figure, slide and live picture; ``palette.py`` names them.
"""

import numpy as np

from .._extras import optional

mpl = optional("matplotlib", "plot")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.collections import LineCollection  # noqa: E402
from matplotlib.colors import LinearSegmentedColormap  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

# Pages ask `plot` for these too.
from ..law import Law, LawPlan  # noqa: E402
from .look import (  # noqa: E402, F401
    DENSITY,
    MASS,
    NEUTRAL,
    PLAN,
    POTENTIAL,
    SOURCE,
    TARGET,
    TIME,
    _axes,
    style,
    time_colors,
)
from .palette import INK  # noqa: E402
from .plot_dynamics import (  # noqa: E402, F401
    snapshots,
    space_time,
    staggered_cell,
    tracks,
    trajectories,
    velocity,
)


def measure(mu, ax=None, color=SOURCE):
    """Draw a measure: on the line, stems as high as the masses; in the plane, discs as large.

    Of a `Law` the density is drawn as a filled area, with a stem for each atom. Returns the artist:
    a `LineCollection` of stems, the `PathCollection` of discs, or the bars and stems of a law.
    """
    ax = _axes(ax)
    if isinstance(mu, Law):
        return _law(mu, ax, color)
    if mu.dim > 2:
        raise ValueError(f"a measure is drawn on the line or in the plane, not in R^{mu.dim}")
    if mu.dim == 1:
        stems = ax.vlines(np.ravel(mu.points), 0, mu.weights, color=color, lw=1.8)
        ax.set(ylim=(0, 1.1 * mu.weights.max()), ylabel="mass")
        return stems
    size = min(60.0, 6000 / mu.size) * mu.weights * mu.size
    discs = ax.scatter(*mu.points.T, s=np.minimum(size, 600), c=color, lw=0, alpha=0.8)
    ax.set_aspect("equal")
    return discs


def _law(mu, ax, color):
    width = mu.right - mu.left
    wide = width > 0
    heights = mu.mass[wide] / width[wide]
    bars = ax.bar(mu.left[wide], heights, width[wide], align="edge", color=color, alpha=0.4)
    stems = ax.vlines(mu.left[~wide], 0, mu.mass[~wide], color=color, lw=1.8)
    ax.set(ylim=(0, None), ylabel="density" if wide.all() else "density, mass of atoms")
    return bars, stems


def plan(plan, ax=None):
    """Draw a plan: lines between its two clouds, as wide as their mass, or else its matrix.

    On the line the source lies below and the target above; a large plan there is shown by its pairs
    (x, y), as a part of the square, and so is one between laws. Plans without points, or in more
    than two dimensions, are shown as matrices, rows downwards. Returns the artists.
    """
    ax = _axes(ax)
    if isinstance(plan, LawPlan):
        ax.set(xlabel="$x$", ylabel="$y$")
        ends = np.stack([plan.x, plan.y], axis=2)
        pieces = ax.add_collection(LineCollection(ends, colors=PLAN, capstyle="round"))
        ax.autoscale_view()
        return pieces
    dim = None if plan.source is None else plan.source.dim
    if dim == 1 and plan.mass.size <= 200:
        return plan_lines(plan, ax)
    if dim == 1:
        x, y = np.ravel(plan.source.points)[plan.rows], np.ravel(plan.target.points)[plan.cols]
        ax.set(xlabel="$x$", ylabel="$y$")
        return ax.scatter(x, y, s=6 * plan.mass / plan.mass.max(), c=PLAN, lw=0)
    if dim == 2:
        ends = np.stack([plan.source.points[plan.rows], plan.target.points[plan.cols]], axis=1)
        widths = 2.0 * np.sqrt(plan.mass / plan.mass.max())
        lines = ax.add_collection(LineCollection(ends, colors=PLAN, lw=widths, zorder=1))
        source = measure(plan.source, ax, SOURCE)
        target = measure(plan.target, ax, TARGET)
        return lines, source, target
    image = ax.imshow(plan.matrix, cmap=MASS, vmin=0, interpolation="nearest")
    ax.set(xlabel=r"atoms of $\nu$", ylabel=r"atoms of $\mu$")
    return image


def png(draw, thing, size=(4.2, 3.2)) -> bytes:
    """What ``draw(thing, ax)`` shows, as the bytes of a small PNG, aside from all open figures."""
    import io

    with mpl.rc_context({"savefig.facecolor": "none", "axes.facecolor": "none"}):
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.add_subplot()
        ax.spines[["top", "right"]].set_visible(False)
        draw(thing, ax)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def plan_lines(plan, ax=None, *, x=None, y=None, width: float = 2.0):
    """Draw a plan on the line: source atoms below, target atoms above, a line for each grain.

    The points come from the plan's measures, unless ``x`` and ``y`` are given. Areas of the atoms
    and widths of the lines grow with the mass. Returns the artists (lines, source, target).
    """
    ax = _axes(ax)
    x, y = _line_of(plan, "source", x), _line_of(plan, "target", y)
    unit = plan.mass.max()
    lines = [
        ax.plot([x[i], y[j]], [0, 1], color=PLAN, lw=width * np.sqrt(w / unit), zorder=1)[0]
        for i, j, w in zip(plan.rows, plan.cols, plan.mass, strict=True)
    ]
    source = ax.scatter(x, np.zeros(x.size), s=45 * plan.a / plan.a.max(), c=SOURCE, zorder=2)
    target = ax.scatter(y, np.ones(y.size), s=45 * plan.b / plan.b.max(), c=TARGET, zorder=2)
    ax.set(yticks=[0, 1], yticklabels=[r"$\mu$", r"$\nu$"], ylim=(-0.15, 1.15))
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False)
    return lines, source, target


def _line_of(plan, side: str, points=None) -> np.ndarray:
    """The points of one side on the line, given or the plan's own; or an error that says how."""
    if isinstance(plan, LawPlan):
        raise TypeError(
            "this picture is for plans between atoms; otlec.drawing.plot.plan draws one of laws"
        )
    size = plan.shape[0] if side == "source" else plan.shape[1]
    if points is None:
        own = getattr(plan, side)
        if own is None:
            raise ValueError(
                "the plan has no points: compute it by otlec.optimal_plan(mu, nu), or give them, "
                "plan_lines(plan, x=x, y=y); otlec.drawing.plot.plan shows its matrix"
            )
        points = own.points
    points = np.asarray(points, dtype=float)
    if points.size != size:
        raise ValueError(
            f"this picture is for plans on the line, but the points of the {side} have shape "
            f"{points.shape} for {size} atoms; otlec.drawing.plot.plan draws plans in the plane"
        )
    return points.ravel()


def contact_picture(plan, cost, figure=None):
    """Show a plan on the line, its potentials and its contact set in one picture.

    In the middle lies the square of all pairs (x, y): purple shade where the slack c - phi - psi is
    small, green dots where the plan moves mass. Below it stands phi, at its left psi. ``cost`` is
    the matrix of costs. Returns the three axes (square, phi, psi).
    """
    figure = plt.gcf() if figure is None else figure
    x, y = _line_of(plan, "source"), _line_of(plan, "target")
    by_x, by_y = np.argsort(x), np.argsort(y)
    slack = cost - plan.phi[:, None] - plan.psi[None, :]
    near = np.exp(-slack / (0.03 * slack.max()))[np.ix_(by_x, by_y)]
    grid = figure.add_gridspec(2, 2, width_ratios=[1, 3], height_ratios=[3, 1])
    square = figure.add_subplot(grid[0, 1])
    below = figure.add_subplot(grid[1, 1], sharex=square)
    left = figure.add_subplot(grid[0, 0], sharey=square)
    for level in (0.2, 0.45, 0.7, 0.9):
        square.contourf(x[by_x], y[by_y], near.T, [level, 2], colors=[POTENTIAL], alpha=0.2)
    square.scatter(x[plan.rows], y[plan.cols], s=10, c=PLAN, lw=0, zorder=3)
    square.tick_params(labelbottom=False, labelleft=False)
    below.plot(x[by_x], plan.phi[by_x], color=SOURCE)
    below.set(xlabel="$x$", yticks=[])
    below.set_ylabel(r"$\varphi$", rotation=0, color=SOURCE, size=15, labelpad=12)
    left.plot(plan.psi[by_y], y[by_y], color=TARGET)
    left.set(xticks=[])
    left.set_ylabel("$y$", rotation=0, labelpad=10)
    left.set_xlabel(r"$\psi$", color=TARGET, size=15)
    left.invert_xaxis()
    return square, below, left


def meeting_bars(primal, dual, ax=None):
    """Bars of dual values grow from the left, bars of primal values come from the right.

    Weak duality says that no purple bar passes a green one; optimality, that the last two meet.
    Returns the two bar containers.
    """
    ax = _axes(ax)
    primal, dual = np.sort(primal)[::-1], np.sort(dual)
    margin = 0.06 * (primal[0] - dual[0])  # so that the worst bars can be seen as well
    low, high = min(0.0, dual[0] - margin), primal[0] + margin
    up = ax.barh(np.arange(dual.size), dual - low, left=low, color=POTENTIAL, height=0.7)
    down = ax.barh(np.arange(primal.size), high - primal, left=primal, color=PLAN, height=0.7)
    ax.axvline(primal[-1], color=NEUTRAL, lw=1, ls=":")
    ax.set(yticks=[], xlim=(low, high))
    ax.spines["left"].set_visible(False)
    return up, down


def layers(columns, plans, ax=None, *, colors=None, labels=None, width=14.0) -> list:
    """Draw measures as columns of atoms, and the plans between neighbours as links (Lemma 2.3).

    ``columns`` are the heights of the atoms of each measure; ``plans[q]`` is the matrix of a plan
    from column q to column q + 1. The width of a link, in points, is ``width`` times its mass; the
    area of an atom shows its mass, and a circle an atom without mass. Returns the artists.
    """
    ax = _axes(ax)
    colors = [SOURCE, NEUTRAL, TARGET] if colors is None else colors
    artists = []
    for q, plan in enumerate(plans):
        for i, j in zip(*np.nonzero(plan), strict=True):
            ends = [columns[q][i], columns[q + 1][j]]
            artists += ax.plot([q, q + 1], ends, color=PLAN, lw=width * plan[i, j], alpha=0.75)
    for q, heights in enumerate(columns):
        mass = plans[q].sum(1) if q < len(plans) else plans[-1].sum(0)
        full = np.asarray(mass) > 0
        heights = np.asarray(heights)
        at = np.full(heights.size, q)
        size = 900 * np.asarray(mass)[full]
        artists.append(ax.scatter(at[full], heights[full], size, colors[q], zorder=3))
        artists.append(ax.scatter(at[~full], heights[~full], 60, "none", ec=colors[q], zorder=3))
    ax.set_xticks(range(len(columns)), labels or [""] * len(columns))
    ax.tick_params(length=0, labelcolor=INK)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.margins(0.12, 0.15)
    return artists


def photographs(rows, width: int = 420, gap: int = 8):
    """Lay photographs out in a grid, with nothing between them, so that any page shows there.

    ``rows`` is a list of lists of arrays of shape (height, width, 3) with values in [0, 1]; each is
    reduced to ``width`` pixels. Returns an `IPython.display.SVG` that holds them as JPEG: a PNG
    weighs five times more.
    """
    import base64
    import io

    Shown = optional("IPython.display", "photos").SVG
    Image = optional("PIL.Image", "photos")

    height = round(width * rows[0][0].shape[0] / rows[0][0].shape[1])
    across, down = len(rows[0]) * (width + gap) - gap, len(rows) * (height + gap) - gap
    parts = []
    for k, row in enumerate(rows):
        for j, pixels in enumerate(row):
            photo, data = (
                Image.fromarray(np.uint8(np.rint(255 * np.clip(pixels, 0, 1)))),
                io.BytesIO(),
            )
            photo = photo.resize((width, height), Image.Resampling.LANCZOS)
            photo.save(data, "JPEG", quality=82)
            parts.append(
                f'<image x="{j * (width + gap)}" y="{k * (height + gap)}" width="{width}" '
                f'height="{height}" href="data:image/jpeg;base64,'
                f'{base64.b64encode(data.getvalue()).decode()}"/>'
            )
    return Shown(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" '
        f'viewBox="0 0 {across} {down}">{"".join(parts)}</svg>'
    )


def paletted(figure, colours: int = 128):
    """Show a figure of many small dots as a PNG with a palette, at a fifth of the bytes.

    Closes the figure. Returns an `IPython.display.Image` of the size at which matplotlib would
    show it in a notebook, with twice the pixels.
    """
    import io

    Shown = optional("IPython.display", "photos").Image
    Image = optional("PIL.Image", "photos")

    drawn, data = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=2 * figure.dpi, bbox_inches="tight")
    plt.close(figure)
    picture = Image.open(drawn)
    picture.quantize(colours, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
    return Shown(data=data.getvalue(), format="png", width=picture.width // 2)


def table(values, ax=None, *, digits: int = 2):
    """Draw a small matrix as a table of shaded cells with their numbers; returns the image."""
    ax = _axes(ax)
    values = np.asarray(values)
    image = ax.imshow(values, cmap=_SHADES, vmin=0, vmax=values.max())
    for (i, j), value in np.ndenumerate(values):
        ax.text(j, i, f"{value:.{digits}f}", ha="center", va="center")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return image


_SHADES = LinearSegmentedColormap.from_list("shades", [NEUTRAL + "08", NEUTRAL + "AA"])


def speeds(matrix, times, ax=None, **options):
    """Show a matrix of mean speeds between pairs of times as cells (Definition 3.1).

    One colour means constant speed. The diagonal, where no time passes, stays empty. ``options`` go
    to ``imshow``. Returns the image.
    """
    ax = _axes(ax)
    n = len(times)
    image = ax.imshow(np.ma.masked_invalid(matrix), origin="lower", **options)
    labels = [f"{t:g}" for t in times]
    ax.set_xticks(range(n), labels)
    ax.set_yticks(range(n), labels)
    ax.set(xlabel="$s$", ylabel="$t$")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def ellipse(mean, Sigma, ax=None, *, color=SOURCE, alpha: float = 0.3):
    """Draw the ellipse of points at one standard deviation of a Gaussian in the plane.

    It is the image of the unit circle under the root of the covariance ``Sigma``. Returns the
    patch, filled lightly, and the dot at the mean.
    """
    ax = _axes(ax)
    values, vectors = np.linalg.eigh(Sigma)
    angle = np.linspace(0, 2 * np.pi, 120)
    circle = np.array([np.cos(angle), np.sin(angle)])
    outline = np.asarray(mean)[:, None] + vectors * np.sqrt(np.maximum(values, 0)) @ circle
    (patch,) = ax.fill(*outline, fc=mpl.colors.to_rgba(color, alpha), ec=color, lw=1.6)
    return patch, ax.scatter(*mean, s=14, color=[color], zorder=3)


def hungarian_round(cost, step, axes) -> None:
    """Show one round of the Hungarian method, a `stepwise.Augmentation`, on two axes.

    Left, the reduced costs c - phi - psi after the round, with the potentials around them: tight
    pairs are purple, the assigned ones green. Right, rows and columns: tight pairs are thin, new
    pairs of the path thick, and those that it gives up dashed.
    """
    left, right = axes
    n = cost.shape[0]
    reduced = cost - step.phi[:, None] - step.psi
    for i in range(n):
        for j in range(n):
            tight, assigned = reduced[i, j] == 0, step.after[i] == j
            face = PLAN if assigned else POTENTIAL + "55" if tight else "none"
            left.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fc=face, ec=NEUTRAL + "66"))
            ink = {"color": "white", "weight": "bold"} if assigned else {"color": INK}
            left.text(j, i, f"{reduced[i, j]:g}", ha="center", va="center", **ink)
        left.text(-0.8, i, f"{step.phi[i]:g}", ha="right", va="center", color=SOURCE)
        left.text(i, -0.9, f"{step.psi[i]:g}", ha="center", va="center", color=TARGET)
    left.text(-0.8, -0.9, r"$\varphi\ \backslash\ \psi$", ha="right", va="center", color=NEUTRAL)
    left.set(xlim=(-2.2, n - 0.4), ylim=(n - 0.4, -1.5), aspect="equal")
    new = set(step.path)
    dropped = {(i, int(step.before[i])) for i, _ in step.path[1:]}
    for i, j in zip(*np.nonzero(reduced == 0), strict=True):
        look = {"color": POTENTIAL, "lw": 0.8, "alpha": 0.6}
        if (i, j) in new:
            look = {"color": PLAN, "lw": 3.5}
        elif (i, j) in dropped:
            look = {"color": PLAN, "lw": 1.8, "ls": (0, (3, 2))}
        elif step.after[i] == j:
            look = {"color": PLAN, "lw": 1.8}
        right.plot([0, 1], [i, j], zorder=1, **look)
    for at, color in ((0, SOURCE), (1, TARGET)):
        free = (
            [k for k in range(n) if k not in step.after] if at else np.flatnonzero(step.after < 0)
        )
        right.scatter(np.full(n, at), range(n), s=170, c=color, zorder=2)
        right.scatter(np.full(len(free), at), free, s=60, c="white", zorder=3)
        for k in range(n):
            side = {"ha": "left"} if at else {"ha": "right"}
            right.text(at + 0.09 * (2 * at - 1), k, f"{k}", va="center", color=color, **side)
    right.set(xlim=(-0.3, 1.3), ylim=(n - 0.6, -0.5))
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)


def merge_bars(plan, ax=None):
    """Two unit bars, cut at the masses of the sorted atoms, and the pieces of the common cut.

    Each piece is one entry of the monotone plan: it belongs to one atom above and to one below.
    Returns the axes.
    """
    ax = _axes(ax)
    x, y = _line_of(plan, "source"), _line_of(plan, "target")
    for at, points, mass, color in ((1.0, x, plan.a, SOURCE), (0.0, y, plan.b, TARGET)):
        order = np.argsort(points)
        cuts = np.concatenate([[0], np.cumsum(mass[order])])
        for k, i in enumerate(order):
            shade = 0.35 + 0.3 * (k % 2)
            width = cuts[k + 1] - cuts[k]
            ax.barh(at, width, left=cuts[k], height=0.34, color=color, alpha=shade)
            ax.text(cuts[k] + width / 2, at, f"{points[i]:g}", ha="center", va="center")
    cuts = np.concatenate([[0], np.cumsum(plan.mass)])
    for k, width in enumerate(plan.mass):
        ax.barh(0.5, width, left=cuts[k], height=0.26, color=PLAN, alpha=0.45 + 0.4 * (k % 2))
    for cut in cuts:
        ax.plot([cut, cut], [-0.2, 1.2], color=NEUTRAL, lw=0.8, ls=":", zorder=0)
    ax.set(
        yticks=[1, 0.5, 0], yticklabels=[r"$\mu$", r"$\gamma$", r"$\nu$"], xlim=(0, 1),
        ylim=(-0.25, 1.25), xlabel="level $s$",
    )  # fmt: skip
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False, labelcolor=INK)
    return ax


def staircase(plan, ax=None):
    """The entries of a monotone plan as squares in the matrix of sorted atoms, and their walk.

    The area of a square is its mass. Returns the artists (squares, line).
    """
    ax = _axes(ax)
    by_x = np.argsort(np.argsort(_line_of(plan, "source")))
    by_y = np.argsort(np.argsort(np.ravel(plan.target.points)))
    rows, cols = by_x[plan.rows], by_y[plan.cols]
    (line,) = ax.plot(cols, rows, color=NEUTRAL, lw=1, zorder=1)
    squares = ax.scatter(cols, rows, s=1500 * plan.mass, marker="s", c=PLAN, zorder=2)
    n, m = plan.shape
    ax.set(
        xticks=range(m), yticks=range(n), xlim=(-0.6, m - 0.4), ylim=(-0.6, n - 0.4),
        xlabel=r"atom of $\nu$", ylabel=r"atom of $\mu$", aspect="equal",
    )  # fmt: skip
    return squares, line


def triangle(measures, weights, ax=None, *, size: float = 9, scale: float = 0.42) -> list:
    """Lay clouds of points out in a triangle, each at the place that its three weights name.

    The corners belong to the weights (1, 0, 0), top, (0, 1, 0), left, and (0, 0, 1), right. The
    colours of the source, the target and the plan are mixed by the weights. The clouds are drawn at
    ``scale`` times the distance of two neighbours. Returns the artists.
    """
    ax = _axes(ax)
    weights = np.asarray(weights, dtype=float)
    corners = np.array([[0.5, np.sqrt(0.75)], [0.0, 0.0], [1.0, 0.0]])
    colours = weights @ np.array([mpl.colors.to_rgb(c) for c in (SOURCE, TARGET, PLAN)])
    radius = max(np.abs(mu.points).max() for mu in measures) or 1.0  # 0: dots at the origin
    spacing = 1 / np.diff(np.unique(weights[:, 0].round(9))).min()  # neighbours are 1 apart
    artists = []
    for mu, place, colour in zip(measures, spacing * weights @ corners, colours, strict=True):
        dots = place + scale * mu.points / radius
        artists.append(ax.scatter(*dots.T, s=size * mu.size * mu.weights, color=[colour], lw=0))
    ax.set_aspect("equal")
    ax.axis("off")
    return artists


def tree(state, x, y, ax=None, *, root=(0.5, -0.12), pivot: bool = True):
    """Draw a tree of the network simplex, a `stepwise.Tree`, between atoms in the plane.

    An edge is as wide as the mass it carries; an empty one is thin. The edges of the cycle are
    green where mass is added and orange where it is taken, the entering pair purple and dashed. The
    artificial root is a square. Returns the axes.
    """
    ax = _axes(ax)
    x, y = np.asarray(x), np.asarray(y)
    signs = {pair[:2]: pair[2] for pair in state.cycle} if pivot else {}
    for i, j, mass in zip(state.rows, state.cols, state.mass, strict=True):
        if min(i, j) < 0 and mass == 0 and (i, j) not in signs:
            continue
        ends = np.array([root if i < 0 else x[i], root if j < 0 else y[j]])
        color = {1: PLAN, -1: TARGET}.get(signs.get((i, j), 0), NEUTRAL)
        look = {"ls": ":", "lw": 1.2 + 5 * mass} if min(i, j) < 0 else {"lw": 1.2 + 18 * mass}
        ax.plot(*ends.T, color=color, alpha=0.75, zorder=1, **look)
    if pivot and state.entering is not None:
        ends = np.array([x[state.entering[0]], y[state.entering[1]]])
        ax.plot(*ends.T, color=POTENTIAL, lw=2.2, ls=(0, (4, 2)), zorder=2)
    if state.placed < state.mass[state.rows >= 0].sum() - 1e-9:
        ax.scatter(*root, s=70, marker="s", c=NEUTRAL, zorder=3)
    ax.scatter(*x.T, s=70, c=SOURCE, zorder=3)
    ax.scatter(*y.T, s=70, c=TARGET, zorder=3)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.margins(0.06)
    ax.spines[:].set_visible(False)
    return ax
