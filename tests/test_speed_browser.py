"""On a phone with a slow line: what must arrive before text and formulas, and nothing that jumps.

What arrives is counted, in bytes and in round trips, so that a busy machine changes nothing: a line
of slow 4G then needs the seconds below. How long it takes on a machine is in bench/reading.py.
"""

import gzip
import re

import lecture
import pytest
from speed import NETWORK, measure, serve

CHAPTERS = [chapter.page for chapter in lecture.chapters()]
WITH_TABLES = ["a0-notation", "a2-inside-the-kernels"]
TEXT, FORMULAS, SHIFT = 1.5, 3.0, 0.1  # seconds, seconds, and the browsers' own unit
SCREENFUL = 60_000  # bytes of an article, unpacked


def packed(folder, names) -> int:
    """What a server sends for these files; fonts are packed already."""
    files = [(folder / name).read_bytes() for name in names]
    return sum(
        len(data) if name.endswith("woff2") else len(gzip.compress(data, 6, mtime=0))
        for name, data in zip(names, files, strict=True)
    )


def awaited(folder, page: str) -> tuple[list[str], list[str], list[str]]:
    """What a browser waits for before it paints; fonts of formulas, beside that and after it."""
    head = (folder / page).read_text(encoding="utf-8").partition("</head>")[0]
    styles = [
        re.search(r'href="([^"?]+)', tag)[1]
        for tag in re.findall(r"<link[^>]*>", head)
        if 'rel="stylesheet"' in tag
    ]
    scripts = [
        re.search(r'src="([^"?]+)', tag)[1]
        for tag in re.findall(r"<script[^>]*src[^>]*>", head)
        if not re.search(r"\b(defer|async)\b", tag)
    ]
    css = "".join((folder / name).read_text(encoding="utf-8") for name in styles)
    fonts = set(re.findall(r'url\("?([^")]*fonts/MathJax[^")]*\.woff2)', css))
    fonts = [f"_static/{name}" for name in sorted(fonts)]
    beside = [name for name in fonts if name in head]  # first_screen.py
    return [*styles, *scripts], beside, [name for name in fonts if name not in beside]


@pytest.mark.parametrize("chapter", CHAPTERS + WITH_TABLES)
def test_little_must_arrive_before_a_chapter_is_read(built_book, chapter, record_property):
    page = f"{chapter}.html"
    opening = (built_book / page).read_bytes().partition(b"<article")
    opening = gzip.compress(opening[0] + opening[2][:SCREENFUL], 6, mtime=0)
    first, beside, later = awaited(built_book, page)
    assert first, "the style sheet is not found"
    assert beside, "the fonts of the formulas are not found"
    trip, speed = NETWORK["latency"] / 1000, NETWORK["downloadThroughput"]
    # A connection, the page as far as the window shows it, what its head names; then other fonts.
    text = 3 * trip + (len(opening) + packed(built_book, [*first, *beside])) / speed
    formulas = text + (trip + packed(built_book, later) / speed if later else 0)
    record_property("seconds", {"text": text, "formulas": formulas})
    assert text <= TEXT, f"{text:.2f} s for {first}"
    assert formulas <= FORMULAS, f"{formulas:.2f} s for {later}"


@pytest.fixture(scope="module")
def site(browser, built_book):
    with serve(built_book) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("chapter", CHAPTERS + WITH_TABLES)
def test_nothing_jumps_while_a_chapter_arrives(browser, site, chapter):
    visit = measure(browser, f"{site}/{chapter}.html")
    assert visit.shift <= SHIFT, sorted(visit.shifts, key=lambda entry: -entry[1])[:3]
