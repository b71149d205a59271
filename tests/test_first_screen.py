"""A phone shows first what is in sight: fonts that are asked for at once, sections that wait."""

import re
import sys

import lecture
import pytest
from chromium import visit
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from pages import first_screen

CHAPTERS = [chapter.page for chapter in lecture.chapters()]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WAITING = """() => [...document.querySelectorAll(".bd-article > section section > :first-child")]
  .filter((part) => !part.checkVisibility({contentVisibilityAuto: true})).length"""
HEIGHTS = """() => [...document.querySelectorAll(".bd-article section")]
  .map((part) => Math.round(part.getBoundingClientRect().height))"""


def test_the_script_stands_before_the_style_sheet_and_stays_one():
    page = (ROOT / "tests" / "golden" / "before.html").read_text(encoding="utf-8")
    once = first_screen.put_first(page, ["_static/fonts/a.woff2"])
    assert once.index("otlec-first") < once.index("stylesheet")
    assert first_screen.put_first(once, ["_static/fonts/a.woff2"]) == once
    assert first_screen.WRITTEN.sub("", once) == page
    assert "woff2" not in once.replace("font/woff2", ""), "this page has no formula"
    formulas = first_screen.put_first(page + "<mjx-c ></mjx-c>", ["_static/fonts/a.woff2"])
    assert '["./_static/fonts/a.woff2"]' in formulas
    assert first_screen.put_first("<p>no style sheet</p>", []) == "<p>no style sheet</p>"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_asks_for_the_fonts_of_its_formulas_at_once(built_book, chapter):
    head = (built_book / f"{chapter}.html").read_text(encoding="utf-8").partition("</head>")[0]
    fonts = re.findall(r'"\./(_static/fonts/MathJax[^"]*)"', head)
    assert fonts
    assert all((built_book / font).exists() for font in fonts)
    assert head.index("otlec-first") < head.index("stylesheet")


def test_the_theme_does_not_lay_out_the_page_for_each_of_its_boxes(built_book):
    script = (built_book / first_screen.THEME).read_text(encoding="utf-8")
    assert 'addEventListener("load"' not in script
    once = '"complete"===document.readyState?I():window.addEventListener("load",I)'
    assert first_screen.SEARCH.sub("0", f"({once})") == "(0)"


def held(browser, address):
    """A page on a phone whose load is not over: one picture is held back until `go` is called."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => document.body.append(
          Object.assign(new Image(), {src: "held.svg", hidden: true})));"""
    )
    kept = []

    def hold(route):
        kept.append(route)

    page.route("**/held.svg", hold)
    page.goto(address, wait_until="domcontentloaded")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def go():
        while not kept:
            page.wait_for_timeout(20)
        kept.pop().abort()
        page.wait_for_function("() => !document.querySelector('.otlec-arriving')")

    return page, go


@pytest.mark.browser
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_is_out_of_sight_waits_and_is_then_as_it_is_without_waiting(
    browser, built_book, chapter
):
    """Mutants: no section waits; those that have waited keep a height that is guessed."""
    address = (built_book / f"{chapter}.html").as_uri()
    page, go = held(browser, address)
    sections = page.locator(".bd-article > section section").count()
    assert page.evaluate(WAITING) > sections / 2
    go()
    assert page.evaluate(WAITING) == 0
    page.evaluate("() => document.fonts.ready")
    found = page.evaluate(HEIGHTS)
    page.context.close()
    other, _ = visit(browser, f"{address}#what-to-remember", **PHONE)
    other.evaluate("() => document.fonts.ready")
    assert found == pytest.approx(other.evaluate(HEIGHTS), abs=1)
    assert other.evaluate("document.querySelector('.otlec-arriving, .otlec-arrived')") is None
    other.context.close()


@pytest.mark.browser
def test_a_jump_lands_where_it_leads_while_sections_still_wait(browser, built_book):
    """Mutant: a jump into what waits; what stands above it then grows and pushes it away."""
    page, go = held(browser, (built_book / f"{CHAPTERS[-1]}.html").as_uri())
    top = "Math.round(document.querySelector('#what-to-remember').getBoundingClientRect().top)"
    page.evaluate("document.querySelector('a[href=\"#what-to-remember\"]').click()")
    page.wait_for_function(f"() => scrollY > 0 && {top} < 200")
    landed = page.evaluate(top)
    assert page.evaluate(WAITING) == 0
    go()
    assert abs(page.evaluate(top) - landed) <= 2
    page.context.close()


@pytest.mark.browser
def test_boxes_that_scroll_are_measured_together(browser, built_book):
    """Mutant: each is measured and changed before the next, and the page laid out for each."""
    page, complaints = visit(browser, (built_book / f"{CHAPTERS[0]}.html").as_uri())
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")

    def layouts() -> int:
        found = client.send("Performance.getMetrics")["metrics"]
        return next(int(one["value"]) for one in found if one["name"] == "LayoutCount")

    page.evaluate("() => document.fonts.ready")
    before = layouts()
    boxes = page.evaluate(
        """() => {
          const boxes = document.querySelectorAll("[data-room]");
          for (const box of boxes) box.removeAttribute("data-room");
          document.fonts.dispatchEvent(new Event("loadingdone"));
          return boxes.length;
        }"""
    )
    assert boxes > 20
    assert layouts() - before < 12
    assert page.locator("[data-room]").count() == boxes
    assert not complaints
    page.context.close()
