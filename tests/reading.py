"""What a reader meets on a page that a browser has loaded: widths, cues, sizes, axe-core, focus.

A page is loaded once; its width and its colours are then changed in place, and each function here
says in sentences what is wrong with the page as it stands.
"""

from pathlib import Path

WIDTHS = (360, 390, 768, 1280, 1920)
MODES = ("light", "dark")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Good practice that WCAG does not ask for in so many words: order of headings, landmarks, skip link.
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
# The smallest text of a figure is 11 pt (tests/test_plot.py sees to it); a picture has 200 dots
# an inch, so that text is this high in the picture's own dots.
FIGURE_TEXT = 11 / 72 * 200

SETTLED = """() => Promise.all([
  document.fonts.ready,
  new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))),
])"""


def pages(book: Path) -> dict[str, str]:
    """The address of every page of a built book, by name."""
    return {page.name: page.as_uri() for page in sorted(book.glob("*.html"))}


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
    """Does the page scroll sideways, or is something cut off, or a box's overflow not announced?"""
    return page.evaluate(
        """() => {
          const wrong = [], width = document.documentElement.clientWidth;
          const name = (e) => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")} ` +
            `"${e.textContent.trim().slice(0, 40)}"`;
          const found = document.documentElement.scrollWidth;
          if (found > width) wrong.push(`the page is ${found} px wide`);
          for (const e of document.querySelectorAll(".bd-main *")) {
            const drawn = e.matches(".math, mjx-container") && e.querySelector("mjx-math");
            const over = (drawn ? drawn.getBoundingClientRect().width : e.scrollWidth) - e.clientWidth;
            if (over <= 1.5 || !e.clientWidth || e.closest("svg, mjx-math, mjx-assistive-mml")) continue;
            const how = getComputedStyle(e);
            if (how.overflowX === "visible" || e.matches(".bd-sidebar-secondary") || how.position === "absolute") continue;
            if (e.matches("div.math")) continue; // its formula is a box of its own
            if (["hidden", "clip"].includes(how.overflowX)) {
              if (e.tagName !== "IMG" && how.clipPath === "none") wrong.push(`${name(e)} is cut by ${over} px`);
            } else if (!e.dataset.more?.includes("right")) wrong.push(`${name(e)} does not say that it scrolls`);
            else if (e.tabIndex !== 0 || !e.getAttribute("aria-label"))
              wrong.push(`${name(e)} has no tab stop or no name`);
            else if (!getComputedStyle(e).maskImage.includes("gradient"))
              wrong.push(`${name(e)} shows no fading edge`);
          }
          for (const e of document.querySelectorAll(".bd-article [data-more]"))
            if (e.scrollWidth <= e.clientWidth) wrong.push(`${name(e)} says that it scrolls, and does not`);
          return wrong;
        }"""
    )


def small_targets(page) -> list[str]:
    """Controls that are smaller than a fingertip; links within a text are exempt."""
    return page.evaluate(
        """(least) => {
          const wrong = new Set();
          const controls = "button, summary, select, input, .btn, [role=slider], label.sidebar-toggle, .prev-next-area a";
          for (const e of document.querySelectorAll(controls)) {
            const box = e.getBoundingClientRect(), style = getComputedStyle(e);
            if (!box.width || style.visibility === "hidden" || e.closest("dialog:not([open])")) continue;
            if (box.width <= 1 || e.type === "checkbox") continue;
            const [width, height] = [box.width, box.height].map((v) => Math.round(10 * v) / 10);
            if (height < least || width < least)
              wrong.add(`${e.tagName.toLowerCase()}.${[...e.classList].join(".")} ` +
                `"${(e.ariaLabel || e.textContent || "").trim().slice(0, 30)}": ${width} x ${height} px`);
          }
          return [...wrong];
        }""",
        FINGERTIP,
    )


def small_text_in_figures(page) -> list[str]:
    """Figures whose smallest text is shown too small, pictures and drawings."""
    return page.evaluate(
        """([least, dots]) => {
          const wrong = [];
          for (const image of document.querySelectorAll(".cell_output img")) {
            if (!image.clientWidth) continue;
            const text = dots * image.clientWidth / image.naturalWidth;
            if (text < least) wrong.push(`${image.alt.slice(0, 50)}: ${text.toFixed(1)} px`);
          }
          for (const text of document.querySelectorAll(".bd-article svg.otlec-panel text, .otlec-triangle text")) {
            if (!text.textContent.trim() || !text.getClientRects().length) continue;
            const scale = Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b);
            const size = parseFloat(getComputedStyle(text).fontSize) * scale;
            if (size < least) wrong.push(`"${text.textContent}" in a drawing: ${size.toFixed(1)} px`);
          }
          return wrong;
        }""",
        [SMALLEST_TEXT, FIGURE_TEXT],
    )


def load_axe(page) -> None:
    """Put axe-core into the page."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)


def axe(page, rules: str = "all") -> list[str]:
    """The violations that axe-core finds: by all rules, or all but contrast, or contrast alone.

    Contrast is dear to judge and depends on an element's colours, its text's size and weight, and
    the grounds behind it; with ``rules="contrast"``, two of each kind are judged.
    """
    chosen = {"type": "tag", "values": WCAG}
    switched = {name: {"enabled": True} for name in PRACTICE}
    context = None
    if rules == "no contrast":
        switched["color-contrast"] = {"enabled": False}
    elif rules == "contrast":
        chosen, switched = {"type": "rule", "values": ["color-contrast"]}, {}
        context = page.evaluate(REPRESENTATIVES)
    found = page.evaluate(
        "([context, options]) => axe.run(context ?? document, options)",
        [
            context,
            {
                "runOnly": chosen,
                "rules": switched,
                "resultTypes": ["violations"],
                "preload": False,
            },
        ],
    )
    return [
        f"{violation['id']}: {node['target'][0]} "
        f"({(node['any'] + node['all'] + node['none'])[0]['message']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


REPRESENTATIVES = """() => {
  const seen = new Map(), grounds = new Map();
  const ground = (e) => {
    if (!e) return "";
    if (!grounds.has(e)) {
      const {backgroundColor, backgroundImage, opacity} = getComputedStyle(e);
      grounds.set(e, `${ground(e.parentElement)}|${backgroundColor}${backgroundImage}${opacity}`);
    }
    return grounds.get(e);
  };
  document.querySelectorAll("[data-judged]").forEach((e) => e.removeAttribute("data-judged"));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const elements = new Set();
  while (walker.nextNode()) if (walker.currentNode.data.trim()) elements.add(walker.currentNode.parentElement);
  for (const e of elements) {
    if (!e.getClientRects().length || e.closest("mjx-assistive-mml, script, style")) continue;
    const {color, fontSize, fontWeight} = getComputedStyle(e);
    const kind = `${color} ${fontSize} ${fontWeight} ${ground(e)}`, count = seen.get(kind) ?? 0;
    if (count < 2) e.setAttribute("data-judged", "");
    seen.set(kind, count + 1);
  }
  return {include: [["[data-judged]"]]};
}"""


def invisible_focus(page) -> list[str]:
    """What can be focused by keyboard and does not show it."""
    page.keyboard.press("Tab")  # from now on, focus is shown as to a keyboard's user
    return page.evaluate(
        """() => {
          const look = (e) => {
            const s = getComputedStyle(e), after = getComputedStyle(e, "::after");
            const ring = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 ? s.outline : "";
            const inner = [...e.querySelectorAll("*")].slice(0, 6)
              .map((c) => getComputedStyle(c)).map((c) => c.opacity + c.boxShadow + c.outline);
            return [ring, s.boxShadow, s.borderColor, s.backgroundColor, s.opacity, after.boxShadow, inner].join();
          };
          const wrong = new Set();
          const all = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])";
          for (const e of document.querySelectorAll(all)) {
            if (!e.checkVisibility({visibilityProperty: true}) || e.disabled) continue;
            e.blur();
            const before = look(e);
            e.focus({preventScroll: true});
            if (document.activeElement !== e) continue;
            if (look(e) === before)
              wrong.add(`${e.tagName.toLowerCase()}.${[...e.classList].join(".")} "${e.textContent.trim().slice(0, 30)}"`);
          }
          document.activeElement.blur();
          return [...wrong];
        }"""
    )


def moving_parts(page) -> list[str]:
    """What would move although the reader asks for no motion (emulated before the page is loaded)."""
    return page.evaluate(
        """() => {
          const wrong = new Set(), name = (e) => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")}`;
          for (const e of document.querySelectorAll("body, body *")) {
            if (e.closest("mjx-container")) continue;
            for (const pseudo of [null, "::before", "::after"]) {
              const s = getComputedStyle(e, pseudo);
              const longest = (v) => Math.max(...v.split(",").map(parseFloat));
              if (longest(s.transitionDuration) > 0.01) wrong.add(`${name(e)} has a transition`);
              if (s.animationName !== "none" && longest(s.animationDuration) > 0.01)
                wrong.add(`${name(e)} has an animation`);
            }
          }
          if (getComputedStyle(document.documentElement).scrollBehavior === "smooth") wrong.add("jumps are slow");
          return [...wrong];
        }"""
    )


def mute_formulas(page) -> list[str]:
    """Formulas that a screen reader would not find."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".math")].filter((e) => {
          const spoken = e.querySelector("mjx-assistive-mml math, mjx-assistive-mml > math");
          const drawn = e.querySelector("mjx-math");
          return !spoken || !spoken.textContent.trim() || spoken.closest("[aria-hidden=true]") ||
            drawn?.getAttribute("aria-hidden") !== "true";
        }).map((e) => `no MathML for a screen reader: ${e.textContent.slice(0, 40)}`)"""
    )
