"""Every page, from a phone to a projector, light and dark, by finger, by keyboard and by ear.

Each page is loaded once; its width and colours are then changed in place, and all that is found
wrong is collected. Each test looks at one kind of finding, over all pages.
"""

import collections

import pytest
import reading
from chromium import come_near, visit

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def judge(browser, address, note) -> None:
    """Everything about one page; ``note(kind, where, sentences)`` takes down what is wrong."""
    size = {"width": 1280, "height": 900}
    page, complaints = visit(browser, address, viewport=size, reduced_motion="reduce")
    note("complaints", "", complaints)
    note("skip", "", reading.no_way_to_skip(page))
    reading.prepare(page)
    note("motion", "", reading.moving_parts(page))
    note("mute", "", reading.mute_formulas(page))
    page.emulate_media(reduced_motion="no-preference")
    reading.open_all(page)
    for width in reversed(reading.WIDTHS):
        reading.show(page, width=width)
        note("sideways", f"{width} px", reading.sideways(page))
        note("targets", f"{width} px", reading.small_targets(page))
        if width == 1280:
            note("focus", "light", reading.invisible_focus(page))
        if width == 390:
            note("figures", f"{width} px", reading.small_text_in_figures(page))
    reading.lighten(page)
    for width in (390, 1280):
        reading.show(page, width=width)
        note("axe", f"{width} px", reading.axe(page, "no contrast"))
    for mode in ("dark", "light"):
        reading.show(page, mode=mode)
        if mode == "dark":
            note("focus", mode, reading.invisible_focus(page))
        for width in (390, 1280):
            reading.show(page, width=width)
            reading.mark(page)
    reading.thin(page)
    for mode in reading.MODES:
        for width in (1280, 390):
            reading.show(page, width=width, mode=mode)
            note("axe", f"{width} px, {mode}", reading.axe(page, "contrast"))
    page.context.close()


@pytest.fixture(scope="module")
def findings(browser, built_book):
    """What is wrong with the pages: for each kind a list of sentences."""
    found = collections.defaultdict(list)
    seen = 0
    for name, address in reading.pages(built_book).items():
        judge(
            browser,
            address,
            lambda kind, where, what, name=name: found[kind].extend(
                f"{name} {where}: {sentence}" for sentence in what
            ),
        )
        seen += 1
    assert seen >= 20, "the book has more pages than that"
    return found


KINDS = {
    "complaints": "no page complains, or asks the network for anything",
    "sideways": "no page scrolls sideways; a box that does shows it, and has a tab stop",
    "targets": "what is pressed is as large as a fingertip",
    "figures": "text in figures is legible on a phone",
    "axe": "axe-core finds nothing at WCAG 2.2 AA, in both modes",
    "focus": "focus is visible everywhere, in both modes",
    "skip": "the first stop of the keyboard leads past the menus",
    "motion": "nothing moves for readers who ask for that",
    "mute": "formulas reach a screen reader",
}


@pytest.mark.parametrize("kind", KINDS, ids=[text.replace(" ", "-") for text in KINDS.values()])
def test_pages_are_read_anywhere(findings, kind):
    assert not findings[kind], f"not so: {KINDS[kind]}\n" + "\n".join(findings[kind])


def test_the_checks_find_what_is_wrong(browser, tmp_path):
    """A page with each of the faults, so that none of the checks is blind."""
    wrong = tmp_path / "wrong.html"
    wrong.write_text(
        """<!doctype html><html lang="en"><head><title>wrong</title><style>
        * { transition: color 1s; } button { width: 20px; height: 20px; outline: none; padding: 0; }
        .cut, pre { width: 100px; overflow: hidden; white-space: nowrap; } pre { overflow: auto; }
        </style></head><body class="bd-main"><article class="bd-article">
        <h1>wrong</h1><h4 style="color: #aaa">order</h4><button></button>
        <p class="cut">a sentence that is cut off after a few of its words</p>
        <pre>code that scrolls sideways and does not show it in any way</pre>
        <div style="width: 3000px">wide</div><span class="math">x</span>
        <div class="cell_output"><img id="i" style="width: 100px" alt="a figure"></div>
        </article></body></html>"""
    )
    page, _ = visit(browser, wrong.as_uri(), viewport={"width": 1280, "height": 900})
    page.evaluate(
        """() => new Promise((done) => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 900;
          const image = document.querySelector("#i");
          image.onload = done;
          image.src = canvas.toDataURL();
        })"""
    )
    assert reading.no_way_to_skip(page)
    reading.prepare(page)
    assert any("transition" in what for what in reading.moving_parts(page))
    assert reading.mute_formulas(page)
    sideways = " ".join(reading.sideways(page))
    for part in ("the page is", "is cut by", "does not say that it scrolls"):
        assert part in sideways
    assert "20 x 20" in reading.small_targets(page)[0]
    assert "3.4 px" in reading.small_text_in_figures(page)[0]
    assert reading.invisible_focus(page)
    found = " ".join(reading.axe(page))
    for rule in ("button-name", "color-contrast", "heading-order", "landmark-one-main"):
        assert rule in found
    reading.mark(page)
    reading.thin(page)
    found = reading.axe(page, "contrast")
    assert any("color-contrast: h4" in what for what in found)
    assert "button" not in str(found)
    page.context.close()


@pytest.mark.chapter(1)
def test_the_contents_say_where_a_jump_leads(browser, built_book):
    """Mutant: the theme alone, which marks a heading that passes by, or none after a jump."""
    address = (built_book / "01-reminders.html").as_uri()
    page, _ = visit(browser, f"{address}#fig-brenier", viewport={"width": 1280, "height": 900})
    marked = "nav.page-toc a.active"
    last = page.locator(f"{marked}[aria-current]")
    for place in ("fig-brenier", "live-weights", "equation-eq-primal", "fig-colours"):
        page.evaluate("(name) => { location.hash = name; }", place)
        section = page.evaluate(
            """(name) => {
              const place = document.getElementById(name);
              return `#${place.closest("section[id]").id}`;
            }""",
            place,
        )
        page.wait_for_function(
            "([found, section]) => document.querySelector(found)?.hash === section",
            arg=[f"{marked}[aria-current]", section],
        )
        assert last.count() == 1
    page.context.close()


def test_sliders_follow_a_finger(browser, built_book):
    """Every slider of every page, on a telephone, dragged from its middle to the end it is not at.

    A drag to a fixed place could end at the value that the slider had before.
    """
    moved = 0
    value = "(e) => +(e.value ?? e.getAttribute('aria-valuenow'))"
    for address in reading.pages(built_book).values():
        if 'class="otlec-' not in (built_book / address.rpartition("/")[2]).read_text("utf-8"):
            continue
        page, complaints = visit(browser, address, **PHONE)
        come_near(page)
        page.wait_for_function("() => !document.querySelector('.otlec-moving:not(.otlec-live)')")
        client = page.context.new_cdp_session(page)
        for slider in page.locator("input[type=range]:visible, .otlec-triangle:visible").all():
            slider.scroll_into_view_if_needed()
            before, box = slider.evaluate(value), slider.bounding_box()
            drawn = slider.evaluate("e => e.tagName") == "svg"
            low, high = (0, 1) if drawn else slider.evaluate("e => [+e.min, +e.max]")
            end = 0.1 if not drawn and before > (low + high) / 2 else 0.9
            y = box["y"] + (0.8 if drawn else 0.5) * box["height"]
            for part, kind in (
                (0.5, "Start"),
                ((0.5 + end) / 2, "Move"),
                (end, "Move"),
                (0, "End"),
            ):
                at = {"x": box["x"] + part * box["width"], "y": y}
                points = [] if kind == "End" else [at]
                client.send(
                    "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points}
                )
            after = slider.evaluate(value)
            where = f"{address}: {slider.evaluate('e => e.outerHTML')}"
            assert after != before, where
            if not drawn:  # it is where the finger is, and stays there
                assert abs((after - low) / (high - low) - end) < 0.3, where
            moved += 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not complaints
        page.context.close()
    assert moved >= 15, moved
