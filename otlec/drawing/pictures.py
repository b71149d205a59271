r"""Pictures as measures: a photograph's darkness is a mass, and n dots of equal mass stand for it.

A picture gives each pixel z a mass d(z). The dots are placed by Lloyd's method: give each pixel to
its nearest dot, move each dot to the mean of its pixels, repeat. Every step lowers

    sum_z d(z) min_i |z - x_i|^2,

which is the least W_2^2 between the picture and a measure that lives on the dots. Nothing is drawn
at random, so the same picture always gives the same dots.

Two photographs are at hand, both shipped by scikit-learn under the licence CC BY 2.0: a pagoda
by danielbuechele, and a dahlia from the page of vultilion (scikit-learn's credits name
danielbuechele for both).
"""

import numpy as np

from .. import _validate
from .._extras import optional
from ..measure import Measure

_LUMINANCE = np.array([0.299, 0.587, 0.114])


def stipple(darkness, n: int, rounds: int = 30) -> np.ndarray:
    """Place n dots in a picture, denser where it is darker.

    Parameters
    ----------
    darkness : array of shape (rows, columns)
        The mass of each pixel, non-negative and not all 0. The first row is the top.
    n : int
        The number of dots, at most the number of pixels with mass.
    rounds : int
        How often each pixel is given to its nearest dot.

    Returns
    -------
    Array of shape (n, 2): the dots (x, y), y upwards, where the picture is 1 wide.

    Raises
    ------
    TypeError, ValueError
        If darkness is not such an array, or n is not such a number.
    """
    from scipy.spatial import cKDTree

    darkness = _validate.finite(_validate.real_array(darkness, "darkness"), "darkness")
    if darkness.ndim != 2 or (darkness < 0).any() or not darkness.any():
        raise ValueError("darkness must be a matrix of masses >= 0 that are not all 0")
    row, column = np.nonzero(darkness)
    if not 1 <= n <= row.size:
        raise ValueError(f"n must lie between 1 and {row.size}, the pixels with mass, but is {n}")
    mass = darkness[row, column] / darkness.sum()
    height, width = darkness.shape
    pixels = np.column_stack([column + 0.5, height - row - 0.5]) / width
    dots = pixels[_equal_shares(mass, row, n)]
    for _ in range(rounds):
        nearest = cKDTree(dots).query(pixels)[1]
        dots = _means(dots, nearest, mass, pixels)
    return dots


def _equal_shares(mass, row, n) -> np.ndarray:
    """The n pixels at which equal shares of the mass are reached, reading row by row."""
    levels = (np.arange(n) + 0.5) / n
    return np.minimum(np.searchsorted(np.cumsum(mass), levels), row.size - 1)


def _means(dots, nearest, mass, pixels) -> np.ndarray:
    """Move each dot to the mean of its pixels; a dot without pixels stays where it is."""
    held = np.bincount(nearest, mass, dots.shape[0])
    moved = dots.copy()
    for axis in range(2):
        moment = np.bincount(nearest, mass * pixels[:, axis], dots.shape[0])
        np.divide(moment, held, out=moved[:, axis], where=held > 0)
    return moved


def pagoda() -> tuple[np.ndarray, np.ndarray]:
    """The pagoda: its colours, shape (rows, columns, 3) in [0, 1], and its darkness."""
    image = _photograph("china.jpg")[8:206, 20:218]
    return image, np.clip(0.62 - image @ _LUMINANCE, 0, None) ** 1.3


def dahlia() -> tuple[np.ndarray, np.ndarray]:
    """The dahlia: its colours, and its darkness, which is 0 off the blossom."""
    image = _photograph("flower.jpg")[30:178, 68:236]
    blossom = image[..., 0] > 0.45
    blossom[144:] = False  # the edge of a second blossom
    return image, blossom * (1.02 - image @ np.array([0.0, 0.6, 0.4])) ** 2


def _photograph(name: str) -> np.ndarray:
    """A photograph of scikit-learn at half its size: the mean of each 2 x 2 pixels."""
    image = optional("sklearn.datasets", "photos").load_sample_image(name).astype(float) / 255
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    blocks = image[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, 3)
    return blocks.mean(axis=(1, 3))


def colours_at(image, dots, darkest: float = 0.4, lightest: float = 0.62) -> np.ndarray:
    """The colours of a picture under the dots, with a luminance that is legible on any ground."""
    height, width = image.shape[:2]
    row = np.clip((height - dots[:, 1] * width).astype(int), 0, height - 1)
    column = np.clip((dots[:, 0] * width).astype(int), 0, width - 1)
    colours = image[row, column]
    luminance = np.maximum(colours @ _LUMINANCE, 0.05)
    scale = np.clip(luminance, darkest, lightest) / luminance
    return np.clip(colours * scale[:, None], 0, 1)


def dotted(picture, n: int, *, own: bool = False) -> tuple[Measure, np.ndarray]:
    """A picture as a measure: n dots of equal mass around their mean, and their colours.

    ``picture`` is `pagoda`, `dahlia`, or any function that returns colours and a darkness. The
    colours are legible on any ground, or with ``own`` those of the photograph.
    """
    image, darkness = picture()
    dots = stipple(darkness, n)
    colours = colours_at(image, dots, 0, 1) if own else colours_at(image, dots)
    return Measure(dots - dots.mean(axis=0)), colours
