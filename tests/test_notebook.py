"""Measures and plans show themselves as pictures in a notebook, or else as text."""

import io
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from otlec import Measure, optimal_plan, transport
from otlec.drawing import plot


def cloud(n, d, seed=0):
    rng = np.random.default_rng([n, d, seed])
    return Measure(rng.random((n, d) if d else n), rng.dirichlet(np.ones(n)))


def picture(thing):
    image = Image.open(io.BytesIO(thing._repr_png_()))
    image.load()
    return image


THINGS = {
    "measure on the line": lambda: cloud(9, 0),
    "measure in the plane": lambda: cloud(9, 2),
    "plan on the line": lambda: optimal_plan(cloud(9, 0), cloud(7, 0)),
    "large plan on the line": lambda: optimal_plan(cloud(300, 1), cloud(200, 1)),
    "plan in the plane": lambda: optimal_plan(cloud(9, 2), cloud(7, 2)),
    "plan in space": lambda: optimal_plan(cloud(9, 3), cloud(7, 3)),
    "plan without points": lambda: transport([1, 1], [1, 1], [[0, 1], [1, 0]]),
}


@pytest.mark.parametrize("name", THINGS)
def test_a_notebook_shows_a_transparent_picture(name):
    open_figures = plt.get_fignums()
    image = picture(THINGS[name]())
    assert image.size == (420, 320)
    pixels = np.asarray(image.convert("RGBA"))
    assert pixels[0, 0, 3] == 0  # the ground is transparent
    assert (pixels[..., 3] > 0).mean() > 0.01  # and something is drawn on it
    assert plt.get_fignums() == open_figures


def test_what_has_no_picture_is_shown_as_text():
    assert cloud(5, 3)._repr_png_() is None
    assert Measure(np.arange(20_001.0))._repr_png_() is None
    n = 5000
    assert optimal_plan(Measure(np.arange(n)), Measure(np.arange(n)))._repr_png_() is None


def test_stems_are_as_high_as_the_masses():
    _, ax = plt.subplots()
    mu = Measure([1.0, 3.0], [0.25, 0.75])
    stems = plot.measure(mu, ax, color=plot.TARGET)
    np.testing.assert_allclose(
        [segment for segment in stems.get_segments()], [[[1, 0], [1, 0.25]], [[3, 0], [3, 0.75]]]
    )
    plt.close()


def test_discs_are_as_large_as_the_masses():
    _, ax = plt.subplots()
    discs = plot.measure(Measure([[0.0, 0.0], [1.0, 1.0]], [0.25, 0.75]), ax)
    sizes = discs.get_sizes()
    assert sizes[1] == pytest.approx(3 * sizes[0])
    with pytest.raises(ValueError, match=r"on the line or in the plane, not in R\^3"):
        plot.measure(cloud(4, 3), ax)
    plt.close()


def test_lines_in_the_plane_join_what_the_plan_joins():
    _, ax = plt.subplots()
    plan = optimal_plan(cloud(6, 2), cloud(4, 2))
    lines, _, _ = plot.plan(plan, ax)
    for (start, end), i, j in zip(lines.get_segments(), plan.rows, plan.cols, strict=True):
        np.testing.assert_array_equal(start, plan.source.points[i])
        np.testing.assert_array_equal(end, plan.target.points[j])
    plt.close()


def test_matplotlib_is_imported_only_for_a_picture():
    code = (
        "import sys, otlec\n"
        "mu = otlec.Measure([0.0, 1.0]); repr(otlec.optimal_plan(mu, mu))\n"
        "assert 'matplotlib' not in sys.modules\n"
        "mu._repr_png_()\n"
        "assert 'matplotlib' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=1800)
