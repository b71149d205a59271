"""Every page in a real browser, from file://, with the network cut."""

import os
import shutil

import pytest

pytestmark = pytest.mark.browser

CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """From the variable CHROMIUM, or the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    flags = list(CHROMIUM_FLAGS)
    if hasattr(os, "getuid") and os.getuid() == 0:
        flags.append("--no-sandbox")
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags)
        except sync_api.Error as error:
            if os.environ.get("OTLEC_REQUIRE_BROWSER"):
                raise
            pytest.skip(
                "no Chromium: none is named by CHROMIUM, on the PATH, or installed by Playwright "
                f"({str(error).splitlines()[0]})"
            )
        yield browser
        browser.close()


def visit(browser, address: str, **options):
    """Open a page with the network cut; return it and all complaints."""
    context = browser.new_context(**options)
    page = context.new_page()
    complaints = []

    def route(handler):
        if handler.request.url.startswith(("file:", "data:", "blob:")):
            handler.continue_()
        else:
            complaints.append(f"request: {handler.request.url}")
            handler.abort()

    page.route("**/*", route)
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda r: complaints.append(f"failed: {r.url}"))
    page.goto(address)
    page.wait_for_load_state("load")
    page.evaluate("() => window.MathJax?.startup?.promise")
    return page, complaints


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


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_scrolls_sideways(browser, built_book, width):
    wide = []
    for name, address in addresses(built_book).items():
        page, _ = visit(browser, address, viewport={"width": width, "height": 800})
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            wide.append(f"{name} is {found} px wide")
        page.context.close()
    assert not wide, "\n".join(wide)


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
