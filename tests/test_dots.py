"""The film of dots: what it holds, what it refuses, how the page plays it."""

import base64
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from chromium import visit

import otlec
from otlec.drawing.dots import Dots

ALT = "dots of one picture walk straight to the dots of another"
HERE, THERE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 1], [2, 0], [1, 1]])
RED, BLUE = np.tile([1.0, 0, 0], (3, 1)), np.tile([0, 0, 0.5], (3, 1))


def film(there=THERE, **options):
    plan = otlec.optimal_plan(otlec.Measure(HERE), otlec.Measure(there))
    return plan, Dots(plan, RED, BLUE, alt=ALT, **options)


def test_the_packed_places_are_those_of_both_ends_of_the_geodesic():
    plan, dots = film()
    data = json.loads(ET.fromstring(dots._repr_html_()).find("script").text)
    packed = base64.b64decode(data["packed"])
    places = np.frombuffer(packed[: 8 * 3], "<u2").reshape(2, 3, 2) / 4095
    tints = np.frombuffer(packed[8 * 3 :], "u1").reshape(2, 3, 3)
    assert data["n"] == 3
    assert data["aspect"] == round(2 / 3, 4)
    for t, found in enumerate(places):
        wanted = otlec.geodesic(plan, t).points / [3, 2]
        assert np.abs(found - (wanted * [1, -1] + [0, 1])).max() <= 0.5 / 4095 + 1e-12
    assert (tints[0] == [255, 0, 0]).all()
    assert (tints[1] == [0, 0, 128]).all()


def test_without_scripts_the_dots_stand_half_way():
    root = ET.fromstring(film()[1]._repr_html_())
    assert root.get("aria-label") == ALT
    assert root.find("svg").get("viewBox").split()[2] == "1024"
    assert "".join(path.get("d") for path in root.find("svg")).count("M") == 3


def test_what_is_not_in_the_plane_and_what_is_not_described_is_refused():
    plan = otlec.optimal_plan(otlec.Measure([0.0, 1.0]), otlec.Measure([2.0, 3.0]))
    with pytest.raises(ValueError, match="in the plane"):
        Dots(plan, RED[:2], BLUE[:2], alt=ALT)
    with pytest.raises(ValueError, match="eight words"):
        Dots(film()[0], RED, BLUE, alt="dots")


@pytest.mark.browser
def test_the_cover_plays_from_the_start_to_the_end_between_its_photographs(browser, built_book):
    page, complaints = visit(browser, (built_book / "index.html").as_uri())
    time = "document.querySelector('.otlec-dots input').value"
    page.wait_for_function(f"{time} > 0 && {time} < 1")
    assert page.locator(".otlec-dots > img").count() == 2
    page.wait_for_function(f"{time} == 1")
    button = page.locator(".otlec-dots").get_by_role("button", name="play")
    button.click()
    page.wait_for_function(f"{time} < 0.9")
    assert not complaints
    page.context.close()


@pytest.mark.browser
def test_the_cover_waits_for_readers_who_ask_for_no_motion_and_follows_the_keys(
    browser, built_book
):
    address = (built_book / "index.html").as_uri()
    page, _ = visit(browser, address, reduced_motion="reduce")
    ink = """() => {
      const canvas = document.querySelector(".otlec-dots canvas");
      const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return all.reduce((sum, v, k) => (sum + v * (k % 9973)) % 1e9, 0);
    }"""
    page.wait_for_function(f"() => ({ink})() > 0")
    before = page.evaluate(ink)
    assert page.locator(".otlec-dots output").inner_text() == "t = 0.00"
    page.locator(".otlec-dots input").focus()
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.otlec-dots output').value === 't = 1.00'")
    assert page.evaluate(ink) != before
    page.context.close()
