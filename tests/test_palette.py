"""The colours keep apart for colour-blind readers, on light and on dark ground.

Vision with one kind of cone missing is simulated with the matrices of Machado, Oliveira and
Fernandes (2009), at full severity; distances are Euclidean in CIE Lab, where 2.3 is just noticed.
"""

import colorsys
import itertools
import re

import lecture
import numpy as np
import pytest
from colorspacious import cspace_convert
from conftest import ROOT

from otlec.drawing.palette import INK, ON_DARK, PALETTE, RIGHT, WORDS, WRONG

CVD = {"protanopia": "protanomaly", "deuteranopia": "deuteranomaly", "tritanopia": "tritanomaly"}
# The three that meet in every figure: far apart for everybody. The least are source and plan
# without blue cones, 17 on light and 12 in dark figures, where their hues are also lighter.
LEAST = {"light": 15, "dark drawing": 15, "dark figure": 10}


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255


def turned(colour: np.ndarray, share: float) -> np.ndarray:
    """What ``filter: invert(share) hue-rotate(180deg)`` makes of a colour (Filter Effects, 10)."""
    inverted = share * (1 - colour) + (1 - share) * colour
    luma = np.array([0.213, 0.715, 0.072])
    return np.clip(2 * luma @ inverted - inverted, 0, 1)


def palette(ground: str) -> dict[str, np.ndarray]:
    chosen = ON_DARK if ground == "dark drawing" else PALETTE
    colours = {name: rgb(colour) for name, colour in chosen.items()}
    if ground != "dark figure":
        return colours
    css = (ROOT / "book" / "_static" / "otlec.css").read_text(encoding="utf-8")
    (share,) = re.findall(r"filter: invert\(([\d.]+)\) hue-rotate\(180deg\)", css)
    return {name: turned(colour, float(share)) for name, colour in colours.items()}


def seen(colour: np.ndarray, kind: str | None) -> np.ndarray:
    """A colour in CIE Lab, as somebody with this kind of vision sees it."""
    if kind:
        space = {"name": "sRGB1+CVD", "cvd_type": CVD[kind], "severity": 100}
        colour = np.clip(cspace_convert(colour, space, "sRGB1"), 0, 1)
    return cspace_convert(colour, "sRGB1", "CIELab")


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """The contrast ratio of WCAG 2."""
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (one, other)]
    low, high = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ c) for c in linear)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", [None, *CVD])
@pytest.mark.parametrize("ground", LEAST)
def test_source_target_and_plan_keep_apart(ground, kind):
    colours = {name: seen(colour, kind) for name, colour in palette(ground).items()}
    for one, other in itertools.combinations(("source", "target", "plan"), 2):
        distance = np.linalg.norm(colours[one] - colours[other])
        assert distance >= LEAST[ground], f"{one} and {other}: {distance:.1f}"


@pytest.mark.parametrize("kind", [None, *CVD])
@pytest.mark.parametrize("ground", LEAST)
def test_potentials_keep_apart_from_targets_and_plans(ground, kind):
    colours = {name: seen(colour, kind) for name, colour in palette(ground).items()}
    for other in ("target", "plan"):
        assert np.linalg.norm(colours["potential"] - colours[other]) >= 25


def test_both_palettes_name_the_same_things():
    assert list(ON_DARK) == list(PALETTE)


@pytest.mark.parametrize("ground", LEAST)
def test_every_colour_stands_out_from_its_ground(ground):
    page = rgb("#FFFFFF" if ground == "light" else "#121212")
    for name, colour in palette(ground).items():
        assert contrast(colour, page) >= 3, f"{name}: {contrast(colour, page):.2f}"  # WCAG 1.4.11


def test_the_simulation_confuses_what_colour_blind_readers_confuse():
    """Blue and a violet of the same lightness differ by red alone."""
    blue, violet = rgb(PALETTE["source"]), rgb(PALETTE["potential"])
    assert np.linalg.norm(seen(blue, None) - seen(violet, None)) > 50
    assert np.linalg.norm(seen(blue, "protanopia") - seen(violet, "protanopia")) < 10


def test_the_filter_of_dark_figures_is_the_one_that_browsers_apply():
    """Black ink turns to light grey, and a hue stays what it is."""
    assert np.allclose(turned(rgb("#000000"), 0.93), 0.93)
    blue = turned(rgb(PALETTE["source"]), 0.93)
    assert blue[2] > blue[1] > blue[0]


# Names of colours, the palette's and others, as a text may use them.
NAMES = re.compile(
    r"(?<!\")\b(blue|orange|green|purple|grey|red|yellow|violet|pink|magenta|cyan|brown|gray)s?\b",
    re.I,
)
TEXTS = [
    *sorted((ROOT / "book").glob("*.md")),
    *sorted((ROOT / "book" / "_live").glob("*.py")),
    *sorted((ROOT / "otlec").rglob("*.py")),
]
OF_PHOTOGRAPHS = {"red"}  # chapter 1, and a project of chapter 3, speak of the channels of a pixel


def hue(colour: str) -> str:
    """What people call a colour, from its hue alone."""
    angle, _, saturation = colorsys.rgb_to_hls(*rgb(colour))
    ends = {30: "orange", 75: "yellow", 170: "green", 255: "blue", 330: "purple", 360: "red"}
    if saturation < 0.05:
        return "grey"
    return next(name for end, name in ends.items() if 360 * angle < end)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("colours", [PALETTE, ON_DARK], ids=["light", "dark"])
def test_each_colour_is_called_what_it_looks_like(colours, name):
    assert hue(colours[name]) == WORDS[name]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_texts_name_colours_of_the_palette_and_give_each_its_meaning(file):
    text = file.read_text(encoding="utf-8")
    found = {name.lower() for name in NAMES.findall(text)} - set(WORDS.values())
    photographs = file.stem in (lecture.chapter(1).page, lecture.chapter(3).exercises)
    assert found <= (OF_PHOTOGRAPHS if photographs else set())
    for colour, role in re.findall(
        r"(?i)\b(blue|orange|green|purple) (source|target|plan)\b", text
    ):
        assert colour.lower() == WORDS[role.lower()], f"{colour} {role}"
    for symbol, role in ((r"\\mu", "source"), (r"\\nu", "target"), (r"\\gamma", "plan")):
        for colour in re.findall(rf"\${symbol}\$ \((\w+)\)", text):
            assert colour == WORDS[role], f"{symbol}: {colour}"


@pytest.mark.parametrize("page", sorted((ROOT / "book").glob("*.md")), ids=lambda file: file.stem)
def test_prices_are_drawn_in_the_colours_of_their_ends(page):
    """Phi is blue and psi orange, also where one of them stands alone; purple is for bounds."""
    lines = page.read_text(encoding="utf-8").splitlines()
    drawn = [line for line in lines if re.search(r"\bplot\.(SOURCE|TARGET|POTENTIAL)", line)]
    for line in drawn:
        code = line.split("color=")[0]
        for price, color in (("phi", "SOURCE"), ("psi", "TARGET")):
            if re.search(rf"\b{price}\b", code):
                assert f"plot.{color}" in line, line


def test_colours_are_written_down_in_one_file_only():
    colours = {*PALETTE.values(), *ON_DARK.values(), RIGHT, WRONG, INK}
    kinds = (".py", ".css", ".js", ".html")
    for folder in ("otlec", "book", "scripts"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix not in kinds or file.name == "palette.py":
                continue
            text = file.read_text(encoding="utf-8").lower()
            again = [colour for colour in colours if colour.lower() in text]
            assert not again, f"{file.relative_to(ROOT)} writes {again} again"
