"""A finger that scrolls over figures and sliders changes nothing; one that moves sideways does."""

import lecture
import pytest
from chromium import visit

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def live(browser, built_book):
    page, complaints = visit(browser, (built_book / "live.html").as_uri(), **PHONE)
    page.wait_for_selector(".otlec-figure.otlec-ready")
    yield page
    page.context.close()
    assert not complaints


def swipe(page, locator, dx, dy):
    """Move a finger over the middle of an element; return how far the page scrolled."""
    locator.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    area, top = locator.bounding_box(), page.evaluate("scrollY")
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    client = page.context.new_cdp_session(page)
    for step in range(11):
        point = {"x": x + dx * step / 10, "y": y + dy * step / 10}
        kind = "touchMove" if step else "touchStart"
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        page.wait_for_timeout(16)
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(150)
    return abs(page.evaluate("scrollY") - top)


def test_a_vertical_swipe_on_a_painted_panel_scrolls_and_paints_nothing(live):
    painted = live.locator(".otlec-figure svg.otlec-grip[style*='pan-y']").all()
    assert len(painted) >= 6
    for panel in painted:
        before = panel.inner_html()
        assert swipe(live, panel, 0, -150) > 80, panel.get_attribute("aria-label")
        assert panel.inner_html() == before


def test_a_horizontal_stroke_paints_and_does_not_scroll(live):
    panel = live.locator(".otlec-figure svg.otlec-grip[style*='pan-y']").first
    before = panel.inner_html()
    assert swipe(live, panel, 90, -30) < 5
    assert panel.inner_html() != before


def test_a_slider_keeps_its_value_while_the_page_scrolls_over_it(live):
    sliders = live.locator(".otlec-figure input[type=range]").all()
    assert len(sliders) >= 3
    for slider in sliders:
        before = slider.input_value()
        assert swipe(live, slider, 3, -150) > 80
        assert slider.input_value() == before


def test_one_switch_hides_all_code_and_is_remembered(browser, built_book):
    address = (built_book / f"{lecture.chapter(1).page}.html").as_uri()
    page, complaints = visit(browser, address, viewport={"width": 1280, "height": 900})
    cells = "[...document.querySelectorAll('.bd-article .cell_input')]"
    shown = f"{cells}.filter(e => e.checkVisibility()).length"
    assert page.evaluate(shown) > 5
    switch = page.get_by_role("button", name="Hide all code")
    switch.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(shown) == 0
    assert switch.get_attribute("aria-pressed") == "true"
    assert page.locator(".cell_output pre").first.is_visible()
    page.goto((built_book / f"{lecture.chapter(2).page}.html").as_uri())
    assert page.evaluate(shown) == 0
    page.get_by_role("button", name="Hide all code").click()
    page.reload()
    assert page.evaluate(shown) > 5
    page.context.close()
    assert not complaints


def test_no_line_begins_with_the_sign_that_follows_a_formula(browser, built_book):
    address = (built_book / f"{lecture.chapter(2).page}.html").as_uri()
    page, _ = visit(browser, address, viewport={"width": 390, "height": 844})
    apart = page.evaluate(
        """() => [...document.querySelectorAll(".bd-article span.math")].filter((formula) => {
          const after = formula.nextSibling;
          if (after?.nodeType !== 3 || !/^[.,;:?!)]/.test(after.data)) return false;
          return formula.checkVisibility() &&
            getComputedStyle(formula.parentElement).whiteSpace !== "nowrap";
        }).map((formula) => formula.dataset.tex)"""
    )
    assert not apart
    page.context.close()


def test_the_faces_are_those_of_the_book_and_weigh_little(browser, built_book):
    page, _ = visit(browser, (built_book / f"{lecture.chapter(1).page}.html").as_uri())
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    )
    assert {"Book Text", "Book Display"} <= {family.strip('"') for family in loaded}
    family = page.evaluate("getComputedStyle(document.querySelector('article p')).fontFamily")
    assert family.startswith('"Book Text"')
    files = (built_book / "_static" / "fonts").glob("Source*.woff2")
    assert 0 < sum(file.stat().st_size for file in files) <= 120_000
    page.context.close()
