"""Cards, permalinks, menus and copy buttons in a browser, and the page for wrong addresses."""

import functools
import http.server
import sys
import threading
from urllib.parse import urlsplit

import lecture
import nbformat
import pytest
import reading
from chromium import visit
from conftest import ROOT
from links import SITE, build_published

sys.path.insert(0, str(ROOT / "scripts"))
import exercise_notebooks
import handouts

# The links and the cards of chapter 2.
pytestmark = [pytest.mark.browser, pytest.mark.chapter(2)]

CARD = "#otlec-card"
# Each button by a call of its own: a browser lets a page copy for five seconds after a press.
COPY_NEXT = """() => {
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
  const buttons = "article div.cell_input button.copybtn:not([data-pressed])";
  const button = document.querySelector(buttons);
  if (!button) return null;
  let copied = "";
  button.dataset.pressed = "";
  document.addEventListener("copy", () => {
    const field = document.activeElement;
    copied = field.value === undefined ? String(getSelection()) : field.value;
  }, {once: true});
  button.click();
  return copied;
}"""


def opened(page, selector: str):
    """The first link of a kind, with everything around it unfolded, in the middle of the window."""
    link = page.locator(f"article a.reference{selector}").first
    link.evaluate(
        """(link) => {
          for (let d = link.closest("details"); d; d = d.parentElement.closest("details"))
            d.open = true;
          link.scrollIntoView({block: "center"});
        }"""
    )
    return link


@pytest.fixture(scope="module")
def chapter(browser, built_book):
    address = (built_book / f"{lecture.chapter(2).page}.html").as_uri()
    page, complaints = visit(browser, address, viewport={"width": 1280, "height": 800})
    yield page
    assert not complaints
    page.context.close()


def test_a_card_opens_on_hovering_and_stays_while_the_pointer_is_on_it(chapter):
    link = opened(chapter, '[href="#thm-weak"]')
    link.hover()
    chapter.wait_for_selector(f"{CARD}:popover-open")
    card = chapter.locator(CARD)
    statement = chapter.locator("#thm-weak").inner_text().split()
    assert card.locator(".proof").inner_text().split() == [w for w in statement if w != "#"]
    card.hover()
    chapter.wait_for_timeout(600)
    assert card.is_visible(), "one can move onto it, and read"
    chapter.mouse.move(5, 5)
    chapter.wait_for_selector(CARD, state="detached")


def test_a_card_opens_for_the_keyboard_and_closes_with_escape(chapter):
    link = opened(chapter, '[href="#rem-moments"]')
    link.focus()
    chapter.keyboard.press("Shift+Tab")
    chapter.keyboard.press("Tab")  # as a reader does, so that the focus is visible
    chapter.wait_for_selector(f"{CARD}:popover-open")
    assert link.get_attribute("aria-details") == "otlec-card"
    assert chapter.locator(CARD).get_attribute("aria-label") == link.inner_text()
    chapter.keyboard.press("Escape")
    chapter.wait_for_selector(CARD, state="detached")
    assert link.get_attribute("aria-details") is None
    assert link.evaluate("node => node === document.activeElement"), "the focus stays where it was"


def test_a_card_of_another_page_has_its_formulas_and_asks_no_server(chapter):
    first = f'[href="{lecture.chapter(1).page}.html#equation-eq-kantorovich-rubinstein"]'
    opened(chapter, first + ', article a'
           '.reference[href^="glossary.html#"]').hover()  # fmt: skip
    chapter.wait_for_selector(f"{CARD}:popover-open")
    assert chapter.locator(f"{CARD} .otlec-card-body").inner_text().strip()
    for formula in chapter.locator(f"{CARD} .math").all():
        assert formula.locator("mjx-container").count() == 1
    chapter.keyboard.press("Escape")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_card_stays_inside_the_window_and_has_the_colours_of_the_page(chapter, width, mode):
    chapter.emulate_media(color_scheme=mode)
    chapter.set_viewport_size({"width": width, "height": 800})
    for target in ("#prop-metric", "#equation-eq-chain", "#ex-triangle"):
        opened(chapter, f'[href="{target}"]').hover()
        chapter.wait_for_selector(f"{CARD}[aria-label]:popover-open")
        box = chapter.locator(CARD).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert 0 <= box["y"] < 800 - 80
        colours = chapter.evaluate(
            """() => [document.body, document.querySelector("#otlec-card")].map((node) => {
              const style = getComputedStyle(node);
              return [style.backgroundColor, style.color];
            })"""
        )
        assert colours[0] == colours[1]
        assert chapter.evaluate("document.documentElement.scrollWidth") <= width
        chapter.keyboard.press("Escape")
        chapter.mouse.move(5, 5)
    chapter.emulate_media(color_scheme="light")
    chapter.set_viewport_size({"width": 1280, "height": 800})


def test_an_open_card_is_accessible(browser, built_book):
    address = (built_book / "glossary.html").as_uri()  # it cites all kinds, and is a small page
    page, complaints = visit(browser, address, viewport={"width": 1280, "height": 800})
    reading.prepare(page)
    options = {"runOnly": {"type": "tag", "values": reading.WCAG}, "preload": False}
    for mode in reading.MODES:
        reading.show(page, mode=mode)
        for target in (
            f"{lecture.chapter(2).page}.html#prop-metric",
            f"{lecture.chapter(1).page}.html#fig-contact",
        ):
            opened(page, f'[href="{target}"]').hover()
            page.wait_for_selector(f"{CARD}:popover-open")
            page.wait_for_function(
                "[...document.querySelectorAll('#otlec-card img')].every((image) => image.complete)"
            )
            page.wait_for_timeout(100)
            found = page.evaluate("options => axe.run('#otlec-card', options)", options)
            assert len(found["passes"]) >= 2, "there was something to judge"
            assert [violation["id"] for violation in found["violations"]] == []
            page.keyboard.press("Escape")
            page.mouse.move(5, 5)
    assert not complaints
    page.context.close()


def test_by_touch_the_first_tap_shows_the_card_and_a_link_goes_there(browser, built_book):
    size = {"width": 390, "height": 800}
    address = (built_book / "ledger.html").as_uri()
    page, complaints = visit(browser, address, viewport=size, has_touch=True)
    link = opened(page, f'[href="{lecture.chapter(2).page}.html#lem-gluing"]')
    link.tap()
    page.wait_for_selector(f"{CARD}.otlec-card-sheet:popover-open")
    assert page.url == address, "no page is left by a tap that was meant to look"
    for part in page.locator(f"{CARD} .otlec-card-foot > *").all():
        box = part.bounding_box()
        assert min(box["width"], box["height"]) >= 40
    page.locator(f"{CARD} button").tap()
    page.wait_for_selector(CARD, state="detached")
    link.tap()
    page.wait_for_selector(f"{CARD}:popover-open")
    page.locator(f"{CARD} .otlec-card-foot a").tap()
    page.wait_for_url(f"**/{lecture.chapter(2).page}.html#lem-gluing")
    assert not complaints
    page.context.close()


def test_permalinks_are_reached_by_the_keyboard_and_seen_there(chapter):
    link = chapter.locator("#thm-weak a.headerlink")
    assert link.evaluate("node => getComputedStyle(node).opacity") == "0"
    link.evaluate("node => node.closest('p').scrollIntoView({block: 'center'})")
    link.focus()
    chapter.keyboard.press("Shift+Tab")
    chapter.keyboard.press("Tab")
    assert link.evaluate("node => node === document.activeElement")
    assert link.evaluate("node => getComputedStyle(node).opacity") == "1"
    chapter.keyboard.press("Enter")
    chapter.wait_for_url("**#thm-weak")


@pytest.mark.parametrize("source", handouts.pages(), ids=lambda page: page.stem)
def test_copy_buttons_copy_what_runs(browser, built_book, source):
    """What is copied from the page, cell by cell, is the code of the notebook, and no output."""
    page, _ = visit(browser, (built_book / f"{source.stem}.html").as_uri())
    copied = list(iter(lambda: page.evaluate(COPY_NEXT), None))
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    hidden = {"remove-cell", "remove-input"}
    cells = [
        exercise_notebooks.blank(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code" and not hidden & set(cell.metadata.get("tags", []))
    ]
    assert [text.rstrip("\n") for text in copied] == [cell.rstrip("\n") for cell in cells]
    assert page.locator(".cell_output .copybtn").count() == 0
    page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_menus_open_close_and_save_files(browser, built_book, width):
    address = (built_book / f"{lecture.chapter(2).exercises}.html").as_uri()
    size = {"width": width, "height": 800}
    page, complaints = visit(browser, address, viewport=size, accept_downloads=True)
    button = page.get_by_role("button", name="Download this page")
    button.focus()
    page.keyboard.press("Enter")
    items = page.locator(".otlec-menu .dropdown-menu.show a")
    assert items.count() >= 2
    for item in [*items.all(), button]:
        box = item.bounding_box()
        assert min(box["width"], box["height"]) >= 40
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    page.keyboard.press("Escape")
    assert items.count() == 0
    button.click()
    with page.expect_download() as download:
        items.first.click()
    name = lecture.chapter(2).exercises
    assert download.value.suggested_filename == f"{name}.ipynb"
    saved = nbformat.read(download.value.path(), as_version=4)
    assert saved.cells == exercise_notebooks.student(ROOT / "book" / f"{name}.md").cells
    assert not complaints
    page.context.close()


# The page for wrong addresses -------------------------------------------------------------------


class Pages(http.server.SimpleHTTPRequestHandler):
    """Serves a folder below /otlec/ and answers wrong addresses with 404.html, as Pages does."""

    def translate_path(self, path):
        """The file of an address, whose first part names the site."""
        inside = urlsplit(path).path.removeprefix(urlsplit(SITE).path)
        return super().translate_path("/" + inside.lstrip("/"))

    def send_error(self, code, message=None, explain=None):
        """Answer with the page for wrong addresses."""
        body = (type(self).folder / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    html = build_published(tmp_path_factory.mktemp("served"))
    handler = functools.partial(type("Here", (Pages,), {"folder": html}), directory=str(html))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{urlsplit(SITE).path}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("wrong", ["nothing.html", "deep/er/still/nothing"])
def test_a_wrong_address_shows_a_page_that_searches(browser, served, wrong):
    page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    failed = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    assert page.goto(served + wrong).status == 404
    assert page.locator("article h1").inner_text().startswith("Page not found")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in page.locator("article .otlec-search > *").all():
        assert part.bounding_box()["height"] >= 40
    assert failed == [served + wrong], "everything else is found"
    page.locator("article input[name=q]").fill("cumulative")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served}search.html?q=cumulative")
    page.context.close()
