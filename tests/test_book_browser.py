"""Every page in a real browser, from file://, with the network cut."""

import pytest
from chromium import visit

pytestmark = pytest.mark.browser


def addresses(built_book):
    return {page.name: page.as_uri() for page in sorted(built_book.glob("*.html"))}


def test_every_page_renders_its_formulas_and_asks_nobody(browser, built_book):
    problems = []
    for name, address in addresses(built_book).items():
        page, complaints = visit(browser, address)
        sources = page.locator("article .math").count()
        rendered = page.locator("article .math mjx-container").count()
        if rendered < sources:
            problems.append(f"{name}: {rendered} of {sources} formulas are rendered")
        if broken := page.locator("mjx-merror, [data-mjx-error]").count():
            problems.append(f"{name}: {broken} formulas have errors")
        blank = page.evaluate(
            "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        )
        problems += [f"{name}: {what}" for what in complaints + blank]
        page.context.close()
    assert not problems, "\n".join(problems)


def test_moving_pictures_move_by_keyboard(browser, built_book):
    moved = 0
    for address in addresses(built_book).values():
        page, complaints = visit(browser, address)
        for picture in page.locator(".otlec-moving").all():
            assert "otlec-live" in picture.get_attribute("class")
            control = picture.locator("input[type=range], .otlec-triangle").first
            before = picture.locator("output").inner_text(), picture.locator("svg").all()
            drawn = picture.locator(".otlec-panels").inner_html()
            control.focus()
            page.keyboard.press("ArrowRight")
            assert picture.locator("output").inner_text() != before[0]
            assert picture.locator(".otlec-panels").inner_html() != drawn
            assert control.get_attribute("aria-valuetext") == picture.locator("output").inner_text()
            moved += 1
        assert not complaints
        page.context.close()
    assert moved >= 1, "the book has no moving picture"


def test_letters_of_readouts_and_labels_are_set_as_mathematics(browser, built_book):
    """Kills: a readout prints "W_2"; what a figure computes anew has upright letters again."""
    page, complaints = visit(browser, (built_book / "03-geodesics.html").as_uri())
    for text in page.locator(".otlec-moving :is(output, svg text)").all_text_contents():
        assert "_" not in text
    film = page.locator(".otlec-moving:has(output:has-text('W₂'))").first
    assert film.locator("output i").all_text_contents()[-1] == "W"
    assert (
        film.locator("svg text tspan").first.evaluate("e => getComputedStyle(e).fontStyle")
        == "italic"
    )
    figure = page.locator("#live-walk")
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("#live-walk.otlec-ready")
    figure.get_by_role("slider").last.press("ArrowRight")
    figure.locator("output i").first.wait_for()
    assert not complaints
    page.context.close()


def test_captions_and_notes_stand_in_the_margin_of_a_wide_screen(browser, built_book):
    """Kills: the contents lie over them; a narrower screen has them outside of the page."""
    address = (built_book / "04-differentiability.html").as_uri()
    page, _ = visit(browser, address, viewport={"width": 1280, "height": 900})
    for name in ("figure:has(figcaption)", "div.admonition.note"):
        found = page.locator(f"section > {name}, section > .cell > .cell_output > {name}").first
        found.evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 200)")
        page.wait_for_selector(".bd-sidebar-secondary.hide")
        aside = found.locator("figcaption") if "figure" in name else found
        text = page.locator("article p").first.bounding_box()
        box = aside.bounding_box()
        assert box["x"] > text["x"] + text["width"]
        assert box["x"] + box["width"] < 1280
        assert abs(box["y"] - 200) < 60
    page.set_viewport_size({"width": 1000, "height": 900})
    assert page.locator("figcaption").first.bounding_box()["x"] < text["x"] + text["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    page.context.close()
