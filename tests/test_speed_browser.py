"""On a phone with a slow line, the chapters: first text, formulas in view, nothing that jumps."""

import pytest
from conftest import ROOT
from speed import first_in_line, measure, serve

pytestmark = pytest.mark.browser

CHAPTERS = sorted(page.stem for page in (ROOT / "book").glob("0[1-5]-*.md"))
WITH_TABLES = ["a0-notation", "a2-inside-the-kernels"]
TEXT, FORMULAS, SHIFT = 1.5, 3.0, 0.1  # seconds, seconds, and the browsers' own unit
VISITS = 3  # the best one counts: a busy machine makes a page slower, never faster


@pytest.fixture(scope="module")
def site(browser, built_book):
    with first_in_line(), serve(built_book) as address:
        yield address


@pytest.mark.parametrize("chapter", CHAPTERS + WITH_TABLES)
def test_a_chapter_is_there_soon_on_a_phone(browser, site, chapter, record_property):
    visits = []
    for _ in range(VISITS):
        visits.append(measure(browser, f"{site}/{chapter}.html"))
        text, formulas, shift = (
            min(getattr(visit, what) for visit in visits) for what in ("text", "formulas", "shift")
        )
        if text <= TEXT and formulas <= FORMULAS and shift <= SHIFT:
            break
    blocked = min(visit.blocked for visit in visits)
    record_property("seconds", {"text": text, "formulas": formulas, "blocked": blocked})
    print(f"{chapter}: text {text:.2f} s, formulas {formulas:.2f} s, blocked {blocked:.2f} s")
    assert text <= TEXT
    assert formulas <= FORMULAS
    assert shift <= SHIFT, sorted(visits[-1].shifts, key=lambda entry: -entry[1])[:3]
