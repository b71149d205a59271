"""Every figure of the book, and the only import of matplotlib.

Each function draws on the axes ``ax`` (the current ones if left out) and returns its artists. The
colours have one meaning each, on every figure, slide and live picture, and are named only here: the
style sheet of the book is generated from them.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

# From the palette of Okabe and Ito (2008), which is safe for colour-blind readers.
SOURCE = "#0072B2"  # mu, mu_0, rho_0 and the potential phi that lives there
TARGET = "#D55E00"  # nu, mu_1, rho_1 and the potential psi that lives there
PLAN = "#009E73"  # gamma, maps, matchings, momentum
POTENTIAL = "#AA4499"  # dual quantities: bounds, certificates, gaps
NEUTRAL = "#6B6B6B"  # everything that is only context
INK = "#222222"

PALETTE = {
    "source": SOURCE,
    "target": TARGET,
    "plan": PLAN,
    "potential": POTENTIAL,
    "neutral": NEUTRAL,
}

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
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
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
