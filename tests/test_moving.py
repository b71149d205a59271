"""The moving pictures: what they refuse, what they write, and that it is small and repeatable."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from otlec.drawing import moving

ALT = "a bump that slides from the left to the right as t grows"
TIMES = np.linspace(0, 1, 11)


def picture() -> moving.Picture:
    x = np.linspace(0, 1, 30)
    result = moving.Picture(slider="t", values=TIMES, alt=ALT)
    panel = result.panel((0, 1), (0, 2), "x", "density", "A < B")
    panel.line(x, x**2, "neutral", dash=True)
    panel.area(x, np.exp(-(((x - TIMES[:, None]) / 0.1) ** 2)), "time")
    panel.bars(np.array([0.2, 0.8]), np.stack([TIMES, 1 - TIMES], axis=1), width=0.1)
    other = result.panel((-1, 1), (0, 1), equal=True)
    other.points(np.zeros((11, 3, 2)) + TIMES[:, None, None])
    other.segments(np.array([[0, 0, 1, 1]]), heads=True)
    other.cells(np.eye(3))
    result.readout("the middle is at {:.1f}", TIMES)
    return result


def html_of(result: moving.Picture) -> ET.Element:
    return ET.fromstring(result._repr_html_())


def test_the_picture_is_well_formed_and_names_what_is_seen():
    root = html_of(picture())
    assert root.get("aria-label") == ALT
    assert len(root.findall(".//svg")) == 2
    assert root.find(".//output").text == "t = 0.50: the middle is at 0.5"


def test_every_frame_is_in_the_data_and_labelled():
    data = json.loads(html_of(picture()).find(".//script").text)
    assert len(data["labels"]) == 11
    area = data["panels"][0]["layers"][1]
    assert area["moving"] == ["y"]
    assert np.shape(area["y"]) == (11, 30)


def test_rounded_data_are_off_by_less_than_half_a_pixel():
    data = json.loads(html_of(picture()).find(".//script").text)
    x = np.linspace(0, 1, 30)
    exact = np.exp(-(((x - TIMES[:, None]) / 0.1) ** 2))
    pixels = (moving.HEIGHT - moving.TOP - moving.BOTTOM) / 2
    assert np.abs(np.array(data["panels"][0]["layers"][1]["y"]) - exact).max() * pixels < 0.5


def test_the_same_picture_is_the_same_text():
    assert picture()._repr_html_() == picture()._repr_html_()


def test_axes_with_equal_units_have_the_same_scale():
    panel = picture().panels[1]
    left, top, right, bottom = moving._box(panel)
    assert (right - left) / 2 == pytest.approx(bottom - top, abs=0.2)


def test_a_panel_without_writing_at_its_sides_stands_in_the_middle():
    """Mutant: room for the numbers of an axis that has none, which moves the square aside."""
    result = moving.Picture(slider="t", values=TIMES, alt=ALT)
    bare = result.panel((0, 1), (0, 1), equal=True, ticks=False)
    named = result.panel(
        (0, 2), (0, 1), ticks=False, names=([("1", "source"), ("2", "target")], [])
    )
    left, top, right, bottom = moving._box(bare)
    assert left + right == pytest.approx(moving.WIDTH, abs=0.2)
    assert top + bottom == pytest.approx(moving.HEIGHT, abs=0.2)
    assert moving._box(named)[3] < bottom
    drawn = moving._axes_svg(named, moving._Scale(named))
    assert re.findall(r'data-name="(\w+)"', drawn) == ["1", "2"]


def test_an_arrow_has_a_head_at_its_end():
    result = moving.Picture(slider="t", values=TIMES, alt=ALT)
    panel = result.panel((0, 1), (0, 1), ticks=False)
    panel.segments([[0.2, 0.5, 0.6, 0.5]], heads=True)
    panel.segments([[0.2, 0.5, 0.6, 0.5]])
    arrow, plain = (moving._shape(layer, panel, 0, 2) for layer in panel.layers)
    shaft, *head = np.reshape(
        [float(v) for v in re.findall(r"[\d.]+", arrow.split('"')[1])], (-1, 2)
    )
    tip = head[0]
    assert plain.split('"')[1] == "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*shaft, *tip)
    one, again, other = head[1:]
    assert np.allclose(again, tip)
    assert one[0] == other[0] < tip[0]
    assert one[1] - tip[1] == pytest.approx(tip[1] - other[1])


def test_three_weights_make_a_triangle():
    weights = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.3, 0.5]])
    result = moving.Picture(slider="a, b, c", values=weights, alt=ALT, start=3)
    result.panel((0, 1), (0, 1)).points(np.zeros((4, 1, 2)))
    data = json.loads(html_of(result).find(".//script").text)
    assert data["weights"] == weights.tolist()
    assert data["labels"][3] == "a = 0.20, b = 0.30, c = 0.50"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alt": "too short"}, "eight words"),
        ({"values": [0.0]}, "two frames or more"),
        ({"values": np.zeros((4, 2))}, "three columns"),
        ({"start": 11}, "0 to 10"),
        ({"values": [0.0, np.nan]}, "finite"),
    ],
)
def test_a_wrong_picture_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        moving.Picture(**{"slider": "t", "values": TIMES, "alt": ALT, **arguments})


@pytest.mark.parametrize(
    ("y", "color", "message"),
    [
        (np.zeros((10, 3)), "source", "10 frames, but the slider has 11"),
        (np.zeros((2, 11, 3)), "source", "must have 1 axes"),
        (np.zeros(3), "red", "color must be one of"),
    ],
)
def test_a_wrong_layer_is_refused(y, color, message):
    panel = moving.Picture(slider="t", values=TIMES, alt=ALT).panel((0, 1), (0, 1))
    with pytest.raises(ValueError, match=message):
        panel.line(np.zeros(3), y, color)


def test_the_script_draws_every_kind_of_layer_that_python_draws():
    script = (Path(__file__).parents[1] / "book" / "_static" / "otlec-moving.js").read_text()
    kinds = {layer.kind for panel in picture().panels for layer in panel.layers}
    assert kinds == set(re.findall(r"^    (\w+): \(s, a, l, c\)", script, flags=re.M))
