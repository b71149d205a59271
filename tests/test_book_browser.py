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
