"""Draw book/images/cover.png: a pagoda becomes a dahlia along the geodesic of W_2.

Each dot carries the same mass. The Hungarian method pairs the dots of one picture with those of
the other at the least sum of squares, and each dot travels straight at constant speed. The dots
are of middle lightness on a transparent ground, so that the picture shows on white and on black.
The same pictures on white, with the title, are card.png, which messengers show beside a link.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import otlec
from otlec.drawing import pictures

IMAGES = Path(__file__).resolve().parents[1] / "book" / "images"
TIMES = np.linspace(0, 1, 5)


def draw(axes, size: float) -> None:
    """Draw the five pictures, with dots of a size."""
    pagoda, start = pictures.dotted(pictures.pagoda, 2000)
    dahlia, end = pictures.dotted(pictures.dahlia, 2000)
    plan = otlec.optimal_plan(pagoda, dahlia)
    end = end[plan.cols]
    for ax, t in zip(axes, TIMES, strict=True):
        place = otlec.geodesic(plan, t).points
        ax.scatter(*place.T, s=size, c=(1 - t) * start + t * end, linewidths=0)
        ax.set(aspect="equal", xlim=(-0.55, 0.55), ylim=(-0.45, 0.65))
        ax.axis("off")


def save(figure, name: str, **options) -> None:
    """Save with a palette of 256 colours, which takes a third of the bytes."""
    IMAGES.mkdir(exist_ok=True)
    file = IMAGES / name
    figure.savefig(file, dpi=120, metadata={"Software": None}, **options)
    plt.close(figure)
    Image.open(file).quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


def main() -> None:
    """Solve, draw, save."""
    figure, axes = plt.subplots(1, TIMES.size, figsize=(10, 2.0))
    draw(axes, size=5.5)
    figure.subplots_adjust(0, 0, 1, 1, wspace=0)
    save(figure, "cover.png", transparent=True)

    figure, axes = plt.subplots(1, TIMES.size, figsize=(10, 5.25))  # 1200 by 630 pixels
    draw(axes, size=5)
    figure.subplots_adjust(0.03, 0.17, 0.97, 0.62, wspace=0)
    figure.text(0.06, 0.82, "Wasserstein space,", size=34, weight="bold", va="center")
    figure.text(0.06, 0.69, "a lecture that runs", size=34, va="center")
    figure.text(
        0.06, 0.1, "Every statement computed, drawn, proved, tested.", size=17, color="#555"
    )
    save(figure, "card.png")


if __name__ == "__main__":
    main()
