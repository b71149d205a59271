"""Python in the page: every exercise is written, checked and explained there, and every cell runs.

Each page with code gets a bar with one button, and a script of two kilobytes. What the button
loads stands in ``_static/page`` (``book/_page``, ``scripts/page_python.py``). Python itself is
Pyodide, from the address in ``_config.yml``, or from this site where ``PYODIDE`` names a folder or
is ``download``; ``PYODIDE=off`` leaves the buttons out. JupyterLite is a site of its own beside a
book, thebe-lite is stale, and neither runs from a folder, nor knows of exercises.
"""

import html
import json
import os
import re
import sys
from pathlib import Path

from sphinx.errors import ConfigError, ExtensionError
from sphinx.util.fileutil import copy_asset
from sphinx.util.logging import getLogger

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
import exercise_notebooks  # noqa: E402
import lecture  # noqa: E402
import notebooks  # noqa: E402
import page_python  # noqa: E402
from directives import live  # noqa: E402

logger = getLogger(__name__)

PAGE = page_python.PAGE
BAR = """
<div class="otlec-python" data-page="{page}"><button type="button">Run Python in this page</button>
<p role="status">{offer} Nothing has to be installed.</p></div>
"""
OFFER = {
    True: "Write your answers here, in your browser: Check tries them, Hint helps.",
    False: "Change the code, and run it here, in your browser.",
}
CELL = '<div class="cell '
SOLVED = '\n<p class="otlec-solved" hidden></p>\n'


def exercises() -> dict[str, list[str]]:
    """The exercises of each page."""
    return {
        page.stem: exercise_notebooks.names_of(notebooks.read_source(page))
        for page in exercise_notebooks.sources()
    }


def configure(app, config):
    """Read where Python comes from."""
    config.page_python_source = os.environ.get("PYODIDE", "").strip()
    if lecture.ROOT != lecture.ENGINE:
        config.page_python_source = "off"  # a page brings otlec, and no other package
    if unknown := {"python", "core", "packages", "sha256"} - set(config.page_python):
        raise ConfigError(f"page_python in _config.yml lacks {', '.join(sorted(unknown))}")


def is_on(app) -> bool:
    """Whether pages get buttons."""
    return app.builder.name == "html" and app.config.page_python_source != "off"


def load_assets(app):
    """Load the small script and the style sheet on every page of the book; compile kernels."""
    if is_on(app):
        live.compile_kernels(app, page_python.COMPILED, "--python")
        app.add_css_file("page/page.css")
        app.add_js_file("page/boot.js", loading_method="defer")


def add_bar(app, pagename, templatename, context, doctree):
    """Put the button below the title of a page that has code."""
    body = context.get("body") or ""
    if doctree is None or not is_on(app):
        return
    if pagename == "index":
        context["body"] = body = body.replace("</h1>", "</h1>" + SOLVED, 1)
    if CELL in body and pagename in {page.stem for page in notebooks.sources()}:
        offer = OFFER["tag_exercise" in body]
        bar = BAR.format(page=html.escape(pagename), offer=offer)
        context["body"] = below_title(body, bar)


def below_title(body: str, bar: str) -> str:
    """Put the bar below the title; where a film opens the page, above the cell after it."""
    head, title, rest = body.partition("</h1>")
    first = rest.find(CELL)
    if (
        not re.sub(r"<[^>]*>", "", rest[:first]).strip()
        and (then := rest.find(CELL, first + 1)) > 0
    ):
        return head + title + rest[:then] + bar + rest[then:]
    return head + title + bar + rest


def settings(app) -> dict:
    """What the page's script is told, after Pyodide has been put in its place."""
    values = {**app.config.page_python, "first": ["numpy"], "own": False}
    source, target = app.config.page_python_source, Path(app.outdir) / "_static" / "python"
    if source:
        if source == "download":
            folder = ROOT / "_build" / "pyodide" / values["python"]
            source = page_python.download(values, folder)
        found = page_python.distribution(Path(source).expanduser(), target, values["first"])
        if found["without"]:  # no warning: what is there works, and pages say what does not
            logger.info("no cell of a page can use %s: not in %s", found["without"], source)
        values |= {**found, "core": "../python/", "packages": "../python/", "own": True}
    measured = ROOT / "bench" / "results" / "page_python.json"
    if measured.exists():
        values["heavy"] = json.loads(measured.read_text(encoding="utf-8")).get("heavy", {})
    return values


def write_scripts(app, exception):
    """Write what the button loads."""
    if exception or not is_on(app):
        return
    target = Path(app.outdir) / "_static" / "page"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("page.js", "worker.js", "page.css"):
        copy_asset(str(PAGE / name), str(target))
    try:
        values = settings(app)
        without = json.dumps(values.pop("without", []))
        texts = {
            "packages.js": page_python.packages(),
            "config.js": f"const otlecPython = {json.dumps(values)};\n",
        }
    except page_python.PageError as error:
        raise ExtensionError(f"Python cannot be put into the pages: {error}") from None
    names = json.dumps(exercises(), separators=(",", ":"))
    boot = (PAGE / "boot.js").read_text(encoding="utf-8")
    texts["boot.js"] = f"const otlecExercises = {names}, otlecWithout = {without};\n{boot}"
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")


def setup(app):
    """Connect to the writing of pages and to the end of the build, before pages are made light."""
    app.add_config_value("page_python", {}, "html", [dict])
    app.add_config_value("page_python_source", "", "html", [str])
    app.connect("config-inited", configure)
    app.connect("builder-inited", load_assets)
    app.connect("html-page-context", add_bar)
    app.connect("build-finished", write_scripts, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
