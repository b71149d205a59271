"""What a reader meets on a page that a browser has loaded: widths, cues, sizes, axe-core, focus.

A page is loaded once; its width and its colours are then changed in place, and each function here
says in sentences what is wrong with the page as it stands. What is asked within the page is in
``reading.js``.
"""

from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT

WIDTHS = (360, 390, 768, 1280, 1920)
MODES = ("light", "dark")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Good practice that WCAG does not demand in so many words: headings, landmarks, the skip link.
PRACTICE = [
    "heading-order",
    "landmark-banner-is-top-level",
    "landmark-main-is-top-level",
    "landmark-no-duplicate-banner",
    "landmark-no-duplicate-contentinfo",
    "landmark-no-duplicate-main",
    "landmark-one-main",
    "landmark-unique",
    "page-has-heading-one",
    "region",
    "skip-link",
]
SMALLEST_TEXT = 11  # px, of a figure at 390 px
FINGERTIP = 40  # px
# The smallest text of a figure is 11 pt (tests/test_plot.py sees to it), and a picture has 200 dots
# an inch: so high is that text in the picture's own dots.
FIGURE_TEXT = 11 / 72 * 200

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
SETTLED = """() => Promise.all([
  document.fonts.ready,
  new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))),
])"""


def pages(book: Path) -> dict[str, str]:
    """The address of every page of a built book, by name."""
    return {page.name: page.as_uri() for page in sorted(book.glob("*.html"))}


def prepare(page) -> None:
    """Put axe-core and the questions of reading.js into the page."""
    page.evaluate(AXE_SCRIPT)
    page.evaluate(SCRIPT)


def show(page, *, width: int | None = None, mode: str | None = None) -> None:
    """Give the page another width or other colours, and wait until it stands."""
    if mode:
        page.emulate_media(color_scheme=mode)
        page.wait_for_function("m => document.documentElement.dataset.theme === m", arg=mode)
    if width:
        page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(SETTLED)


def open_all(page) -> None:
    """Open everything that is folded, so that nothing escapes the checks."""
    page.evaluate(
        """() => {
          document.querySelectorAll("details").forEach((details) => { details.open = true; });
          document.querySelectorAll("img").forEach((image) => { image.loading = "eager"; });
        }"""
    )
    page.evaluate(SETTLED)


def sideways(page) -> list[str]:
    """Where the page scrolls sideways, cuts something off, or hides that a box scrolls."""
    return page.evaluate("reading.sideways()")


def small_targets(page) -> list[str]:
    """Controls that are smaller than a fingertip; links within a text are exempt."""
    return page.evaluate("least => reading.smallTargets(least)", FINGERTIP)


def small_text_in_figures(page) -> list[str]:
    """Figures whose smallest text is shown too small, pictures and drawings."""
    return page.evaluate("sizes => reading.smallText(sizes)", [SMALLEST_TEXT, FIGURE_TEXT])


def moving_parts(page) -> list[str]:
    """What would move although the reader asks for no motion (emulated by the caller)."""
    return page.evaluate("reading.moving()")


def mute_formulas(page) -> list[str]:
    """Formulas that a screen reader would not find, or would find twice."""
    return page.evaluate("reading.mute()")


def invisible_focus(page) -> list[str]:
    """What can be focused by keyboard and does not show it."""
    page.keyboard.press("Tab")  # from now on, focus is shown as to a keyboard's user
    return page.evaluate("reading.invisibleFocus()")


def no_way_to_skip(page) -> list[str]:
    """On a page that was just opened, the first stop of the keyboard leads past the menus."""
    page.keyboard.press("Tab")
    seen = page.evaluate(
        """() => {
          const link = document.activeElement, box = link.getBoundingClientRect();
          return [link.getAttribute("href"), box.top >= 0 && box.width > 10 && box.height > 10];
        }"""
    )
    if seen != ["#main-content", True]:
        return [f"the first stop is {seen}"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("document.activeElement.closest('#main-content') !== null")
    return [] if inside else ["the skip link does not lead into the page's content"]


def lighten(page) -> None:
    """Empty the drawings of formulas, which axe-core need not walk through again.

    They are hidden from screen readers, and have the colour of the text around them; one letter
    of each stays for the judgement of contrast, and one in the MathML beside it.
    """
    page.evaluate(
        """() => {
          const drawings = [...document.querySelectorAll("mjx-math")];
          const widths = drawings.map((drawing) => drawing.offsetWidth);
          drawings.forEach((drawing, k) => {
            drawing.style.cssText = `display: inline-block; width: ${widths[k]}px`;
            drawing.textContent = "x";
          });
          for (const math of document.querySelectorAll("mjx-assistive-mml math"))
            math.textContent = "x";
        }"""
    )


def mark(page) -> None:
    """Mark what stands for all text as the page stands, in its width and its colours.

    Contrast is dear to judge and depends on an element's colours, its text's size and weight, and
    the grounds behind it: two of each kind are judged.
    """
    page.evaluate("reading.mark()")


def thin(page) -> None:
    """Empty what holds nothing that is marked: a tenth of the page is left to walk through."""
    page.evaluate("reading.thin()")


def axe(page, rules: str = "all") -> list[str]:
    """The violations that axe-core finds: by all rules, or all but contrast, or contrast alone.

    With ``rules="contrast"``, what `mark` has marked is judged.
    """
    chosen = {"type": "tag", "values": WCAG}
    switched = {name: {"enabled": True} for name in PRACTICE}
    context = None
    if rules == "no contrast":
        switched["color-contrast"] = {"enabled": False}
    elif rules == "contrast":
        chosen, switched = {"type": "rule", "values": ["color-contrast"]}, {}
        context = {"include": [["[data-judged]"]]}
    options = {
        "runOnly": chosen,
        "rules": switched,
        "resultTypes": ["violations"],
        "preload": False,
    }
    judged = "([context, options]) => axe.run(context ?? document, options)"
    found = page.evaluate(judged, [context, options])
    if found["violations"]:  # while a page changes its width, axe may meet it half way
        page.evaluate(SETTLED)
        page.wait_for_timeout(2000)
        found = page.evaluate(judged, [context, options])
    return [
        f"{violation['id']}: {node['target'][0]} "
        f"({(node['any'] + node['all'] + node['none'])[0]['message']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
