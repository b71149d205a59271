"""What all figures have in common: the colours and their maps, the style, the axes at hand."""

import numpy as np

from .._extras import optional

mpl = optional("matplotlib", "plot")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import LinearSegmentedColormap  # noqa: E402

from .palette import INK, PALETTE  # noqa: E402

SOURCE, TARGET, PLAN, POTENTIAL, NEUTRAL = PALETTE.values()

TIME = LinearSegmentedColormap.from_list("otlec-time", [SOURCE, "#8E6C8A", TARGET])
DENSITY = LinearSegmentedColormap.from_list(
    "otlec-density", ["#FFFFFF00", "#7FBFDF", SOURCE, "#00263D"]
)
MASS = LinearSegmentedColormap.from_list("otlec-mass", ["#FFFFFF00", "#7FCFB9", PLAN, "#00382A"])


def style() -> None:
    """Set the look of the book: quiet axes, direct labels, a transparent background, crisp PNG.

    In a notebook the pictures are made at twice their shown size. Their dark ink on transparent
    ground is turned light by the style sheet of the book where the page is dark.
    """
    mpl.rcParams.update(
        {
            "figure.figsize": (7.0, 3.2),
            "figure.dpi": 100,
            "figure.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.bbox": "tight",
            "figure.constrained_layout.use": True,
            "axes.facecolor": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": NEUTRAL,
            "axes.labelcolor": INK,
            "axes.titlesize": 11,
            "axes.labelsize": 11,
            "axes.prop_cycle": mpl.cycler(color=[SOURCE, TARGET, PLAN, POTENTIAL, NEUTRAL]),
            "xtick.color": NEUTRAL,
            "ytick.color": NEUTRAL,
            "xtick.labelsize": 11,
            "ytick.labelsize": 11,
            "text.color": INK,
            "font.size": 11,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "image.cmap": "otlec-density",
            "mathtext.fontset": "cm",
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    set_matplotlib_formats("retina")


for _map in (TIME, DENSITY, MASS):
    mpl.colormaps.register(_map, force=True)


def _axes(ax):
    return plt.gca() if ax is None else ax


def time_colors(n: int) -> np.ndarray:
    """The n colours of the times 0, 1/(n-1), ..., 1, from the source's to the target's."""
    return TIME(np.linspace(0, 1, n))
