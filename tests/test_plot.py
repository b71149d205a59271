"""Figures: what the drawing functions put on the axes."""

import io

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from PIL import Image

from otlec import Measure, plot


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_an_ellipse_is_where_the_covariance_is_at_distance_one(ax):
    mean, Sigma = np.array([3.0, -1.0]), np.array([[1.0, 0.55], [0.55, 0.4]])
    patch, _ = plot.ellipse(mean, Sigma, ax)
    z = patch.get_xy() - mean
    np.testing.assert_allclose(np.einsum("ki,ij,kj->k", z, np.linalg.inv(Sigma), z), 1, rtol=1e-9)


def test_speeds_leave_the_diagonal_empty(ax):
    shown = plot.speeds(np.array([[np.nan, 2.0], [2.0, np.nan]]), [0, 1], ax)
    np.testing.assert_array_equal(shown.get_array().mask, np.eye(2, dtype=bool))


def test_a_triangle_has_its_corners_at_the_unit_weights_with_their_colours(ax):
    one_dot = [Measure(np.zeros((1, 2)))] * 3
    artists = plot.triangle(one_dot, np.eye(3), ax)
    places = np.array([artist.get_offsets()[0] for artist in artists])
    np.testing.assert_allclose(places, [[0.5, np.sqrt(0.75)], [0, 0], [1, 0]])
    for artist, colour in zip(artists, (plot.SOURCE, plot.TARGET, plot.PLAN), strict=True):
        np.testing.assert_allclose(
            artist.get_facecolor()[0], matplotlib.colors.to_rgba(colour), atol=1e-9
        )


def test_neighbours_in_a_triangle_are_one_apart(ax):
    weights = np.array([(i, j, 3 - i - j) for i in range(4) for j in range(4 - i)]) / 3
    artists = plot.triangle([Measure(np.zeros((1, 2)))] * len(weights), weights, ax)
    places = np.array([artist.get_offsets()[0] for artist in artists])
    gaps = np.linalg.norm(places[:, None] - places, axis=2)
    assert np.sort(gaps, axis=1)[:, 1] == pytest.approx(1)


def test_a_paletted_figure_is_lighter_and_keeps_its_transparent_ground():
    plot.style()
    figure, ax = plt.subplots(figsize=(3, 2))
    rng = np.random.default_rng(0)
    ax.scatter(*rng.random((2, 500)), c=rng.random((500, 3)), s=4, lw=0)
    ax.axis("off")
    plain = io.BytesIO()
    figure.savefig(plain, dpi=2 * figure.dpi, bbox_inches="tight")
    shown = plot.paletted(figure)
    assert len(shown.data) < 0.5 * plain.tell()
    assert shown.width == Image.open(plain).width // 2
    assert Image.open(io.BytesIO(shown.data)).convert("RGBA").getpixel((0, 0))[3] == 0
    assert not plt.fignum_exists(figure.number)
