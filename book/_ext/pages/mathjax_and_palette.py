"""Everything that a deck of slides needs travels with it: MathJax, its fonts; and the palette.

Sphinx loads MathJax from a content network unless ``mathjax_path`` names a local copy, and no
extension puts a lean one there: sphinx-mathjax-offline copies all of its 24 MB. This one copies
the one script and the fonts that the slides use (1.7 MB; the pages of the book need neither, see
``typeset_formulas.py``), and writes the colours of ``otlec.drawing`` as CSS variables, so that
style sheets and scripts take them from where they are named.
"""

import importlib.util
from pathlib import Path

from sphinx.util.fileutil import copy_asset

from otlec.drawing import palette


def mathjax_folder() -> Path:
    """Return the folder of MathJax's components."""
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "sphinx-mathjax-offline is missing; install the project with its 'book' extra"
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def copy_mathjax(app, exception):
    """Copy the MathJax script and its fonts to ``_static/mathjax``, where browsers run it."""
    if exception or app.builder.format != "html" or app.builder.math_renderer_name != "mathjax":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    target.mkdir(parents=True, exist_ok=True)
    copy_asset(str(source / "tex-chtml-full.js"), str(target))
    fonts = Path("output") / "chtml" / "fonts" / "woff-v2"
    copy_asset(str(source / fonts), str(target / fonts))


def write_palette(app, exception):
    """Write ``_static/palette.css``: --otlec-source, --otlec-target, ... from otlec.drawing."""
    if exception or app.builder.format != "html":
        return
    text = ""
    for where, colours in (
        (":root", palette.PALETTE),
        ('html[data-theme="dark"]', palette.ON_DARK),
    ):
        lines = [f"  --otlec-{name}: {colour};" for name, colour in colours.items()]
        text += where + " {\n" + "\n".join(lines) + "\n}\n"
    target = Path(app.outdir) / "_static" / "palette.css"
    if not target.exists() or target.read_text() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def inherit_html_visitors(app, config):
    """Let the single-page builder write what the html builder can.

    sphinx-exercise registers visitors of its own for ``singlehtml``. Sphinx then no longer falls
    back to the html ones there, and the nodes of sphinx-proof would be unknown.
    """
    handlers = app.registry.translation_handlers
    for name, visitors in handlers.get("html", {}).items():
        handlers.setdefault("singlehtml", {}).setdefault(name, visitors)


def setup(app):
    """Connect the three steps."""
    app.add_css_file("palette.css")
    app.connect("config-inited", inherit_html_visitors, priority=900)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", write_palette)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
