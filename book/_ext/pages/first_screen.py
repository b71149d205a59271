"""What a phone shows first comes first: the fonts of formulas, and the layout of what is in sight.

A script of a few lines stands in the page before its style sheet, so that nothing waits for it:

- It asks for the fonts of formulas at once. Else a browser learns of them when style sheet and
  text are there, and asks for them after the book's typefaces and scripts. (A
  ``<link rel="preload">`` in the page would do the same, but browsers refuse it with an error where
  a page is read from a folder.)
- On a narrow screen it says that the reader arrives: sections out of sight then wait with their
  layout (``content-visibility`` in ``_static/otlec.css``), which takes a slow phone seconds, again
  with each piece of the page and each font that comes. Once the page is there,
  ``_static/otlec-reading.js`` lays them out, one in each pause. Whoever comes to a place within the
  page, or back to it, finds all of it laid out as ever: places are then exact.

The theme looks for boxes that scroll when a page has loaded, and lays it out once for each of them;
``otlec-reading.js`` does that too, and knows formulas. So the theme's search is left out.
"""

import json
import re
from pathlib import Path

FIRST = """
<script id="otlec-first">(() => {
  const visit = performance.getEntriesByType("navigation")[0], head = document.head;
  const begins = visit?.type === "navigate" && !location.hash && !visit.name.includes(":~:");
  if (begins && matchMedia("(max-width: 600px)").matches)
    document.documentElement.classList.add("otlec-arriving");
  if (location.protocol.startsWith("http")) for (const href of FONTS)
    head.append(Object.assign(document.createElement("link"),
      {rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href}));
})()</script>
"""
WRITTEN = re.compile(r'\n?<script id="otlec-first">.*?</script>\n', re.DOTALL)
STYLE = re.compile(r'<link [^>]*rel="stylesheet"')
SEARCH = re.compile(
    r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
)
THEME = "_static/scripts/pydata-sphinx-theme.js"


def put_first(text: str, fonts: list[str]) -> str:
    """Put the script into a page, before its style sheet; a second time changes nothing."""
    text = WRITTEN.sub("", text)
    style = STYLE.search(text)
    if style is None:
        return text
    root = re.search(r'data-content_root="([^"]*)"', text)
    wanted = [(root[1] if root else "") + font for font in fonts] if "<mjx-c " in text else []
    script = FIRST.replace("FONTS", json.dumps(wanted))
    return text[: style.start()] + script + text[style.start() :]


def write(app, exception):
    """Change the pages and the theme's script."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    fonts = [f"_static/fonts/{f.name}" for f in sorted(folder.glob("_static/fonts/MathJax*.woff2"))]
    for page in sorted(folder.glob("*.html")):
        before = page.read_text(encoding="utf-8")
        after = put_first(before, fonts)
        if after != before:
            page.write_text(after, encoding="utf-8")
    theme = folder / THEME
    if theme.exists():
        theme.write_text(SEARCH.sub("0", theme.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app):
    """Connect after everybody else: there is one style sheet, and the fonts are written."""
    app.connect("build-finished", write, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
