"""Pictures as measures: dots that stand for darkness."""

import itertools

import numpy as np
import pytest

from otlec import Measure, wasserstein
from otlec.drawing import pictures


def test_dots_keep_the_mean_of_the_picture_where_each_holds_an_equal_mass():
    dots = pictures.stipple(np.ones((8, 8)), 64)
    assert len(np.unique(dots, axis=0)) == 64
    np.testing.assert_allclose(dots.mean(axis=0), [0.5, 0.5], atol=1e-12)


def test_one_dot_stands_at_the_mean_of_the_darkness():
    darkness = np.zeros((2, 4))
    darkness[0, 0], darkness[1, 3] = 1.0, 3.0  # top left, bottom right
    x = 0.25 * 0.125 + 0.75 * 0.875
    y = 0.25 * 0.375 + 0.75 * 0.125
    np.testing.assert_allclose(pictures.stipple(darkness, 1), [[x, y]], rtol=1e-14)


def test_more_rounds_bring_the_dots_nearer_to_the_picture():
    darkness = np.add.outer(np.arange(12.0), np.arange(12.0)) ** 2
    row, column = np.nonzero(darkness)
    pixels = np.column_stack([column + 0.5, 12 - row - 0.5]) / 12
    mass = darkness[row, column] / darkness.sum()

    def quantisation(rounds):
        dots = pictures.stipple(darkness, 10, rounds)
        return mass @ ((pixels[:, None] - dots) ** 2).sum(axis=2).min(axis=1)

    errors = [quantisation(rounds) for rounds in (0, 1, 2, 5, 20)]
    assert all(later < earlier for earlier, later in itertools.pairwise(errors))


def test_the_photographs_give_dots_and_colours():
    for picture in (pictures.pagoda, pictures.dahlia):
        image, darkness = picture()
        assert image.shape[:2] == darkness.shape
        dots, colours = pictures.dotted(picture, 50)
        assert colours.shape == (50, 3)
        assert 0 <= colours.min() <= colours.max() <= 1
        np.testing.assert_allclose(dots.mean, 0, atol=1e-14)
        again = Measure(pictures.stipple(darkness, 50))
        assert wasserstein(dots, again.push(lambda x: x - x.mean(axis=0))) == 0


@pytest.mark.parametrize(
    ("darkness", "n", "message"),
    [
        (np.ones(3), 1, "must be a matrix"),
        (-np.ones((2, 2)), 1, "must be a matrix"),
        (np.zeros((2, 2)), 1, "not all 0"),
        (np.ones((2, 2)), 5, "between 1 and 4"),
    ],
)
def test_a_wrong_picture_is_refused(darkness, n, message):
    with pytest.raises(ValueError, match=message):
        pictures.stipple(darkness, n)
