"""Draw book/images/cover.png: a pagoda becomes a dahlia along the geodesic of W_2.

Each dot carries the same mass. The Hungarian method pairs the dots of one picture with those of
the other at the least sum of squares, and each dot travels straight at constant speed. The dots
are of middle lightness on a transparent ground, so that the picture shows on white and on black.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import otlec
from otlec import pictures

COVER = Path(__file__).resolve().parents[1] / "book" / "images" / "cover.png"


def main() -> None:
    """Solve, draw, save."""
    n, times = 2000, np.linspace(0, 1, 5)
    pagoda, start = pictures.dotted(pictures.pagoda, n)
    dahlia, end = pictures.dotted(pictures.dahlia, n)
    plan = otlec.optimal_plan(pagoda, dahlia)
    end = end[plan.cols]
    figure, axes = plt.subplots(1, times.size, figsize=(10, 2.0))
    for ax, t in zip(axes, times, strict=True):
        place = otlec.geodesic(plan, t).points
        ax.scatter(*place.T, s=5.5, c=(1 - t) * start + t * end, linewidths=0)
        ax.set(aspect="equal", xlim=(-0.55, 0.55), ylim=(-0.45, 0.65))
        ax.axis("off")
    figure.subplots_adjust(0, 0, 1, 1, wspace=0)
    COVER.parent.mkdir(exist_ok=True)
    figure.savefig(COVER, dpi=120, transparent=True, metadata={"Software": None})
    plt.close(figure)
    # A palette of 256 colours, transparency kept, takes a third of the bytes.
    from PIL import Image

    Image.open(COVER).quantize(256, dither=Image.Dither.NONE).save(COVER, optimize=True)
    print(f"{COVER.name}: {COVER.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
