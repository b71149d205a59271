"""A finger that scrolls over figures and sliders changes nothing; one that moves sideways does."""

import lecture
import pytest
from chromium import come_near, visit

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def live(browser, built_book):
    page, complaints = visit(browser, (built_book / "live.html").as_uri(), **PHONE)
    come_near(page)
    page.evaluate("otlecMoving.touch.rest = 1e6")  # a slow machine's finger does not rest either
    yield page
    page.context.close()
    assert not complaints


FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


def finger(page, at, dx, dy, rests=None):
    """Move a finger from a place of the window, once it has rested until a selector fits."""
    client = page.context.new_cdp_session(page)
    for step in range(6):
        point = {"x": at[0] + dx * step / 5, "y": at[1] + dy * step / 5}
        kind = "touchMove" if step else "touchStart"
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        if rests and not step:
            page.wait_for_selector(rests)
        page.evaluate(FRAME)
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    client.detach()
    page.evaluate(FRAME)


def swipe(page, locator, dx, dy, **how):
    """Move a finger over the middle of an element; return how far the page scrolled."""
    locator.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    area, top = locator.bounding_box(), page.evaluate("scrollY")
    finger(page, (area["x"] + area["width"] / 2, area["y"] + area["height"] / 2), dx, dy, **how)
    return abs(page.evaluate("scrollY") - top)


# Each handle of each panel that can be dragged or painted, at its place in the window.
HANDLES = """() => [...document.querySelectorAll(".otlec-figure")].flatMap((root) => {
  const {panels} = JSON.parse(root.querySelector(".otlec-data").textContent);
  return otlecLive.figures[root.dataset.figure].handles.map((handles) => {
    const {box: [l, t, r, b], xlim: [x0, x1], ylim: [y0, y1]} = panels[handles.panel];
    const [x, y] = handles.where(root.otlec.state)[0];
    return [root.dataset.figure, handles.panel, l + (x - x0) / (x1 - x0) * (r - l),
      b - (y - y0) / (y1 - y0) * (b - t)];
  });
})"""


def place(page, name, panel, u, v):
    """Bring a place of a drawing to the middle of the window; return where it then is."""
    return page.evaluate(
        """([name, panel, u, v]) => {
          const svg = document.querySelectorAll(`#live-${name} svg.otlec-panel`)[panel];
          svg.scrollIntoView({block: "center", behavior: "instant"});
          const at = new DOMPoint(u, v).matrixTransform(svg.getScreenCTM());
          return [at.x, at.y];
        }""",
        [name, panel, u, v],
    )


# How far the page is scrolled, and where in the window a panel begins.
TOPS = """([name, panel]) => [scrollY, document.querySelectorAll(
  `#live-${name} svg.otlec-panel`)[panel].getBoundingClientRect().top]"""


def state(page, name):
    return page.evaluate(f"JSON.stringify(document.querySelector('#live-{name}').otlec.state)")


def test_a_vertical_swipe_over_a_handle_scrolls_and_moves_nothing(live):
    handles = live.evaluate(HANDLES)
    assert len(handles) >= 12
    for name, panel, u, v in handles:
        before = state(live, name)
        at, top = place(live, name, panel, u, v), live.evaluate("scrollY")
        finger(live, at, 4, -150)
        assert abs(live.evaluate("scrollY") - top) > 80, (name, panel)
        assert state(live, name) == before, (name, panel)


def test_a_finger_that_rests_on_a_handle_moves_it_up_and_down_without_scrolling(live):
    # and a little sideways, since one handle moves along a curve
    live.evaluate("otlecMoving.touch.rest = 350")
    for k, (name, panel, u, v) in enumerate(live.evaluate(HANDLES)):
        before = state(live, name)
        at, tops = place(live, name, panel, u, v), live.evaluate(TOPS, [name, panel])
        far = 30 + k  # each its own: what two figures share is painted twice
        finger(live, at, far, far if at[1] < 422 and v < 100 else -far, f"#live-{name} .otlec-held")
        # A readout that needs another line moves the panel or, above the window, what is scrolled
        # past; a scroll moves both.
        moved = [abs(a - b) for a, b in zip(live.evaluate(TOPS, [name, panel]), tops, strict=True)]
        assert min(moved) < 20, (name, panel, moved)
        assert state(live, name) != before, (name, panel)
    live.evaluate("otlecMoving.touch.rest = 1e6")


def test_a_horizontal_stroke_paints_and_does_not_scroll(live):
    panel = live.locator("#live-line svg.otlec-grip").first
    before = state(live, "line")
    assert swipe(live, panel, 90, -30) < 5
    assert state(live, "line") != before


def test_a_slider_keeps_its_value_while_the_page_scrolls_over_it(live):
    sliders = live.locator(".otlec-figure input[type=range]").all()
    assert len(sliders) >= 3
    for slider in sliders:
        before = slider.input_value()
        assert swipe(live, slider, 3, -150) > 80
        assert slider.input_value() == before


def test_what_is_said_of_a_letter_stays_on_its_line(live):
    """Mutant: "at t" at the end of a line and "= 0.5" on the next."""
    output = live.locator("#live-walk output")
    said = output.inner_text()
    wholes = output.locator(".otlec-whole")
    assert wholes.first.inner_text() == "t = 0.50"
    assert wholes.first.evaluate("e => getComputedStyle(e).whiteSpace") == "nowrap"
    assert "At t = 0.50 the" in said, "no sign is added to what a copied cell prints"


def test_the_film_of_the_first_page_stands_above_the_bar_of_python(browser, built_book):
    """Mutant: a bar below the title, before a stranger has seen anything move."""
    page, _ = visit(browser, (built_book / "index.html").as_uri())
    bar = page.locator(".otlec-python")
    if not bar.count():
        pytest.skip("pages without Python")
    film = page.locator(".otlec-dots").first.bounding_box()
    assert film["y"] + film["height"] <= bar.bounding_box()["y"]
    page.context.close()


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
    page.goto((built_book / "x1-exercises.html").as_uri())
    assert page.evaluate(shown) == 0
    page.get_by_role("button", name="Hide all code").click()
    page.reload()
    assert page.evaluate(shown) > 5
    page.context.close()
    assert not complaints


@pytest.mark.chapter(2)
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
