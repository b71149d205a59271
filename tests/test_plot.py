"""Figures: what the drawing functions put on the axes."""

import ast
import base64
import io
import json
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from conftest import ROOT
from matplotlib.font_manager import FontProperties
from PIL import Image

from otlec import Law, Measure, assignment, cost_matrix, mixture, optimal_plan
from otlec.drawing import plot


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


@pytest.fixture
def line_plan():
    rng = np.random.default_rng(0)
    return optimal_plan(Measure(rng.normal(size=6)), Measure(rng.normal(size=9)))


def test_a_line_joins_each_pair_between_which_mass_moves(ax, line_plan):
    lines, source, target = plot.plan_lines(line_plan, ax)
    ends = np.array([line.get_xdata() for line in lines])
    np.testing.assert_array_equal(ends[:, 0], line_plan.source.points[line_plan.rows])
    np.testing.assert_array_equal(ends[:, 1], line_plan.target.points[line_plan.cols])
    assert (len(source.get_offsets()), len(target.get_offsets())) == (6, 9)


def test_a_law_is_drawn_by_its_density_and_a_plan_between_laws_by_its_pairs(ax):
    law = mixture([Law(0, 2), Measure([3.0])], [0.75, 0.25])
    bars, stems = plot.measure(law, ax)
    assert [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in bars] == [(0, 2, 0.375)]
    np.testing.assert_array_equal(stems.get_segments(), [[[3, 0], [3, 0.25]]])
    plan = optimal_plan(law, Law(0, 1))
    (climb, jump) = plot.plan(plan, ax).get_segments()
    np.testing.assert_allclose(climb, [[0, 0], [2, 0.75]])
    np.testing.assert_allclose(jump, [[3, 0.75], [3, 1]])
    for picture in (lambda: plot.plan_lines(plan, ax), lambda: plot.contact_picture(plan, None)):
        with pytest.raises(TypeError, match=r"plot\.plan draws one of laws"):
            picture()
    assert law._repr_png_()[:4] == plan._repr_png_()[:4] == b"\x89PNG"


def test_the_contact_picture_shows_the_potentials_over_sorted_points(line_plan):
    mu, nu = line_plan.source, line_plan.target
    figure = plt.figure()
    cost = cost_matrix(mu.points, nu.points)
    square, below, left = plot.contact_picture(line_plan, cost, figure)
    by_x, by_y = np.argsort(mu.points), np.argsort(nu.points)
    np.testing.assert_array_equal(below.lines[0].get_ydata(), line_plan.phi[by_x])
    np.testing.assert_array_equal(left.lines[0].get_xdata(), line_plan.psi[by_y])
    assert len(square.collections[-1].get_offsets()) == line_plan.mass.size
    plt.close(figure)


def test_the_bars_of_an_optimal_pair_meet_and_no_others_pass(ax):
    rng = np.random.default_rng(1)
    cost = rng.uniform(size=(5, 5))
    best = assignment(cost)
    primal = [cost[np.arange(5), rng.permutation(5)].sum() for _ in range(4)] + [best.value]
    dual = [best.dual_value, cost.min(axis=1).sum()]
    up, down = plot.meeting_bars(primal, dual, ax)
    reached = [bar.get_x() + bar.get_width() for bar in up]
    came_to = [bar.get_x() for bar in down]
    assert reached == sorted(reached)
    assert came_to == sorted(came_to, reverse=True)
    assert reached[-1] == pytest.approx(came_to[-1], abs=1e-12)


def test_photographs_are_laid_out_in_rows_and_the_page_shows_between_them():
    red, blue = np.zeros((20, 30, 3)), np.zeros((20, 30, 3))
    red[..., 0] = blue[..., 2] = 1.0
    shown = plot.photographs([[red, blue], [blue, red]], width=60, gap=10)
    drawn = ElementTree.fromstring(shown.data)
    assert drawn.get("viewBox") == "0 0 130 90"
    assert all(child.tag.endswith("}image") for child in drawn)  # no ground of its own
    places = [tuple(child.get(name) for name in ("x", "y", "width", "height")) for child in drawn]
    assert places == [(x, y, "60", "40") for y in ("0", "50") for x in ("0", "70")]
    found = []
    for child in drawn:
        head, data = child.get("href").split(",")
        assert head == "data:image/jpeg;base64"
        found.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))
    assert [photo[10, 10].argmax() for photo in found] == [0, 2, 2, 0]


SIZES = {"fontsize", "labelsize", "title_fontsize"}
WORDS = {"title", "xlabel", "ylabel", "suptitle", "text", "annotate", "tick_params"}
WORDS |= {f"set_{name}" for name in WORDS}


def _sizes_of_text(source: str) -> list[float]:
    """Every size that a call which writes words asks for."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        writes = getattr(call.func, "attr", getattr(call.func, "id", "")) in WORDS
        for word in call.keywords:
            if word.arg in SIZES or (writes and word.arg == "size"):
                found.append(ast.literal_eval(word.value))
    return found


def test_no_text_of_a_figure_is_smaller_than_the_style_says():
    """Eleven points; tests/test_reading_browser.py multiplies them by the scale of each figure."""
    with matplotlib.rc_context():
        plot.style()
        for name, size in matplotlib.rcParams.items():
            if name.endswith(("fontsize", "labelsize", "titlesize", "font.size")):
                assert FontProperties(size=size).get_size_in_points() >= 11, name
    drawing = sorted((ROOT / "otlec" / "drawing").glob("*.py"))
    sources = [file.read_text(encoding="utf-8") for file in drawing]
    for page in sorted((ROOT / "book").glob("*.ipynb")):
        cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
        sources += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    sizes = [size for source in sources for size in _sizes_of_text(source)]
    assert len(sizes) >= 5, "no sizes are found: the search is blind"
    assert min(sizes) >= 11


def test_links_between_layers_are_as_wide_as_their_mass_and_atoms_as_large(ax):
    first = np.array([[0.5, 0.25], [0.0, 0.25]])
    second = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])
    columns = [[0.0, 1.0], [0.0, 2.0], [0.0, 1.0, 3.0]]
    artists = plot.layers(columns, [first, second], ax, labels=["left", "middle", "right"])
    links, atoms = artists[:5], artists[5:]
    assert [link.get_linewidth() for link in links] == [7.0, 3.5, 3.5, 7.0, 7.0]
    np.testing.assert_array_equal(links[1].get_xydata(), [[0, 0], [1, 2]])
    np.testing.assert_allclose(atoms[0].get_sizes(), [675, 225])
    assert [len(empty.get_offsets()) for empty in atoms[1::2]] == [0, 0, 1]  # an atom without mass
    assert [label.get_text() for label in ax.get_xticklabels()] == ["left", "middle", "right"]


def test_a_table_holds_each_number_where_it_stands_in_the_matrix(ax):
    plot.table([[0.125, 0.5], [1.0, 0.25]], ax, digits=3)
    numbers = {tuple(text.get_position()): text.get_text() for text in ax.texts}
    assert numbers == {(0, 0): "0.125", (1, 0): "0.500", (0, 1): "1.000", (1, 1): "0.250"}
