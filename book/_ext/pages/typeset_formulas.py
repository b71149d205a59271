"""Formulas are typeset while the book is built: a page shows them with its first text.

A phone needs seconds to load and to run MathJax. Here MathJax runs once, at build time, in the V8
that the package mini-racer carries, on the formulas' TeX, and its output stands in the pages: the
characters, their places, and beside them MathML for screen readers, as MathJax itself writes it in
a browser. Each formula keeps its TeX in ``data-tex``. A style sheet and fonts with just the
characters that occur are written at the end. Sphinx's own renderers make images (imgmath) or leave
the work to the reader's browser (mathjax); sphinxcontrib-katex renders beforehand too, but asks for
a node installation, and writes no numbers of the environments that the book uses.

The size of a formula follows the text around it: 1 ex there is 0.442 em of MathJax's fonts.
"""

import atexit
import base64
import json
import logging
import re
from pathlib import Path

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util.logging import getLogger
from sphinx.util.math import get_node_equation_number

from pages.mathjax_and_palette import mathjax_folder

logger = getLogger(__name__)
logging.getLogger("fontTools.subset").setLevel(logging.WARNING)  # it reports each table

COMPONENTS = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)
PACKAGES = ["base", "ams", "newcommand", "configmacros", "textmacros", "boldsymbol", "mathtools"]
START = """
(macros, packages) => {
  const adaptor = MathJax._.adaptors.liteAdaptor.liteAdaptor();
  const handler = MathJax._.handlers.html_ts.RegisterHTMLHandler(adaptor);
  MathJax._.a11y["assistive-mml"].AssistiveMmlHandler(handler);
  const formatError = (jax, error) => { throw error; };
  const input = new MathJax._.input.tex_ts.TeX({packages, macros, formatError});
  const font = new MathJax._.output.chtml.fonts.tex_ts.TeXFont({fontURL: "."});
  const output = new MathJax._.output.chtml_ts.CHTML({font, adaptiveCSS: false});
  const page = MathJax._.mathjax.mathjax.document("", {InputJax: input, OutputJax: output});
  globalThis.typeset = (tex, display) =>
    adaptor.outerHTML(page.convert(tex, {display, em: 16, ex: 8, containerWidth: 1e6}));
  globalThis.styles = () => adaptor.textContent(output.styleSheet(page));
}
"""
PLACED = ' style="position: relative;"'  # of every formula: 16 kB in a chapter, so said once
PLACES = "mjx-container{position:relative}"
SIZE = 'mjx-container[jax="CHTML"] { font-size: calc(1ex / 0.442); }'
RULE = r'((?:"[^"]*"|[^{}"])+)\{((?:"[^"]*"|[^}"])*)\}'
SMALL = 4000  # bytes
# Of the brackets and braces that grow with what they hold.
STRETCHING = ("MJXTEX-S1", "MJXTEX-S4", "MJXTEX", "MJXTEX-A")


class Typesetter:
    """MathJax in a V8 of its own, started when the first formula comes."""

    def __init__(self):
        self.engine, self.known = None, {}

    def start(self, macros: dict):
        """Load MathJax with the book's macros."""
        from py_mini_racer import MiniRacer

        self.engine = MiniRacer()
        atexit.register(self.stop)
        self.engine.eval("var window = globalThis, console = {log() {}, warn() {}, error() {}};")
        self.engine.eval("globalThis.MathJax = {startup: {typeset: false, ready() {}}};")
        for name in COMPONENTS:
            self.engine.eval((mathjax_folder() / name).read_text(encoding="utf-8"))
        self.engine.eval(f"({START})({json.dumps(macros)}, {json.dumps(PACKAGES)})")

    def stop(self):
        """End V8; the interpreter would wait for it."""
        if self.engine is not None:
            self.engine.close()
        self.engine = None

    def html(self, tex: str, display: bool, macros: dict) -> str:
        """Return a formula as HTML; a formula that MathJax cannot read is a ValueError."""
        from py_mini_racer import JSEvalException

        if self.engine is None:
            self.start(macros)
        if (tex, display) not in self.known:
            try:
                html = self.engine.call("typeset", tex, display)
                self.known[tex, display] = html.replace(PLACED, "")
            except JSEvalException as error:
                raise ValueError(str(error).splitlines()[0]) from None
        return self.known[tex, display]

    def styles(self, macros: dict) -> str:
        """Return MathJax's style sheet for all characters that it knows."""
        if self.engine is None:
            self.start(macros)
        return self.engine.eval("styles()")


typesetter = Typesetter()


def _macros(config) -> dict:
    return (config.mathjax3_config or {}).get("tex", {}).get("macros", {})


def _formula(self, node, tex: str, display: bool) -> str:
    try:
        return typesetter.html(tex, display, _macros(self.builder.config))
    except ValueError as error:
        logger.warning("MathJax cannot read %s: %s", tex, error, location=node)
        return self.encode(tex)


def inline(self, node):
    """Write a formula in a line of text."""
    tex = node.astext()
    start = {"CLASS": "math notranslate nohighlight", "data-tex": tex}
    self.body.append(self.starttag(node, "span", "", **start))
    self.body.append(_formula(self, node, tex, display=False) + "</span>")
    raise nodes.SkipNode


def keep_together(app, doctree, docname):
    """Let no line begin with the full stop that follows a formula."""
    if not _typesets(app):
        return
    for formula in list(doctree.findall(nodes.math)):
        parent = formula.parent
        place = parent.index(formula)
        after = parent[place + 1] if place + 1 < len(parent) else None
        sign = isinstance(after, nodes.Text) and re.match(r"[.,;:?!)’”]+", after)
        if not sign or "keep" in parent.get("classes", []):
            continue
        rest = nodes.Text(after[sign.end() :])
        together = nodes.inline("", "", formula.deepcopy(), nodes.Text(sign[0]), classes=["keep"])
        parent[place : place + 2] = [together, rest]


def displayed(self, node):
    """Write a formula on a line of its own, with its number."""
    tex = node.astext() if node["nowrap"] else _aligned(node.astext())
    start = {"CLASS": "math notranslate nohighlight", "data-tex": tex}
    self.body.append(self.starttag(node, "div", **start))
    if node["number"] and not node["nowrap"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(_formula(self, node, tex, display=True) + "</div>\n")
    raise nodes.SkipNode


def _aligned(text: str) -> str:
    """Set paragraphs beneath each other, and lines within one too, as sphinx.ext.mathjax does."""
    parts = [part for part in text.split("\n\n") if part.strip()]
    parts = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    if len(parts) < 2:
        return "".join(parts)
    return r"\begin{align}\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}\end{align}"


# A style sheet and fonts with what the pages use


def used(folder: Path) -> set[str]:
    """Return the classes of the characters in the pages, such as 'mjx-c3BC.TEX-I'."""
    found = set()
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for classes in set(re.findall(r'class="([^"]*\bmjx-c[0-9A-F]+[^"]*)"', text)):
            names = [n for n in classes.split() if re.match(r"mjx-c[0-9A-F]+$|TEX-", n)]
            found |= {".".join(names), names[0]}
    return found


def reduce(styles: str, classes: set[str]) -> tuple[str, dict[str, set[int]]]:
    """Return the rules for these classes, and the characters that they need of each font."""
    rules, faces, needed = [], {}, {"MJXZERO": {0xEFFC}}  # of no height
    styles = re.sub(r"/\*.*?\*/", "", styles)
    for selector, body in re.findall(RULE, styles):
        selector = re.sub(r"\s+", " ", selector).strip()
        body = re.sub(r"\s*([:;])\s+", r"\1", body).strip()
        if selector == "@font-face":
            faces[re.search(r"font-family:([\w-]+)", body)[1]] = body
            continue
        character = re.search(r"\.(mjx-c[0-9A-F]+(?:\.TEX-\w+)?)", selector)
        if character and character[1] not in classes:
            continue
        rules.append(f"{selector}{{{body}}}")
        if character and (content := re.search(r'content:"(.*?)"', body)):
            letter = character[1].partition(".TEX-")[2]
            own = [f"MJXTEX-{letter}" if letter else "MJXTEX"]
            for name in STRETCHING if "mjx-stretchy" in selector else own:
                needed.setdefault(name, set()).update(_characters(content[1]))
    rules += [f"@font-face{{{faces[name]}}}" for name in faces if name in needed]
    return "\n".join([*rules, PLACES, SIZE, ""]), needed


def _characters(content: str) -> set[int]:
    escaped = re.findall(r"\\([0-9A-Fa-f]{1,6}) ?", content)
    plain = re.sub(r"\\[0-9A-Fa-f]{1,6} ?", "", content)
    return {int(code, 16) for code in escaped} | {ord(character) for character in plain}


def write_font(source: Path, target: Path, characters: set[int]):
    """Write a font that has these characters alone."""
    options = subset.Options(
        flavor="woff2",
        hinting=False,
        layout_features=[],
        bidi_closure=False,
        notdef_outline=True,
        drop_tables=["FFTM"],
    )
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff2"
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target, reorderTables=None)


def write_styles(app, exception):
    """Write ``_static/formulas.css`` and the fonts that it names."""
    if exception or not _typesets(app):
        return
    static = Path(app.outdir) / "_static"
    styles, needed = reduce(typesetter.styles(_macros(app.config)), used(Path(app.outdir)))
    fonts = mathjax_folder() / "output" / "chtml" / "fonts" / "woff-v2"
    for family, name in re.findall(r'font-family:(\S+?);src:url\("\./(\S+?)\.woff"\)', styles):
        target = static / "fonts" / f"{name}.woff2"
        write_font(fonts / f"{name}.woff", target, needed[family])
        address = f"fonts/{target.name}"
        if target.stat().st_size < SMALL:  # a request of its own would take longer
            packed = base64.b64encode(target.read_bytes()).decode("ascii")
            address = f"data:font/woff2;base64,{packed}"
            target.unlink()
        styles = styles.replace(
            f'url("./{name}.woff") format("woff")', f'url("{address}") format("woff2")'
        )
    (static / "formulas.css").write_text(styles, encoding="utf-8")
    typesetter.stop()


def _typesets(app) -> bool:
    return app.builder.format == "html" and app.builder.math_renderer_name == "typeset"


def require_engine(app):
    """Say what is missing before anything is built."""
    try:
        import py_mini_racer  # noqa: F401
    except ImportError as error:
        raise ExtensionError(f"mini-racer is missing ({error}): install the 'book' extra") from None


def add_styles(app):
    """Link the style sheet where formulas are typeset beforehand."""
    if _typesets(app):
        require_engine(app)
        app.add_css_file("formulas.css")


def setup(app):
    """Register the renderer that ``html_math_renderer: typeset`` chooses."""
    app.add_html_math_renderer("typeset", (inline, None), (displayed, None))
    app.connect("builder-inited", add_styles)
    app.connect("doctree-resolved", keep_together)
    app.connect("build-finished", write_styles, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
