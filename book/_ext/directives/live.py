"""Live figures: ``{live} NAME`` puts one on a page, with its still frame and its kernels' source.

The figures stand in ``book/_live``. Their kernels are compiled by ``scripts/webassembly.py`` before
the book is read, where a source has changed since the last time; where that fails, so does the
build. The scripts are loaded on those pages alone that have a live figure. ``sphinx-thebe`` and
JupyterLite answer the same wish with a server or with ten megabytes.
"""

import ast
import base64
import html
import io
import json
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from sources.dependencies import note_files
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset

from otlec.drawing import moving
from otlec.drawing.palette import PALETTE

ENGINE = Path(__file__).resolve().parents[3]
LIVE = ENGINE / "book" / "_live"
SCRIPTS = ("kernels.js", "loader.js", "frame.js", "live.js")
sys.path[:0] = [str(LIVE), str(ENGINE / "scripts")]

import lecture  # noqa: E402
import stills  # noqa: E402

ROOT = lecture.ROOT
COMPILED = ROOT / "_build" / "live" / "kernels.js"
# Another lecture has its own figures: own_stills.py, figures.js and kernels.yml in its book/_live.
FIGURES = lecture.BOOK / "_live"
OWN = tuple(name for name in ("figures.js", "playgrounds.js") if (FIGURES / name).exists())
if ROOT != ENGINE:
    stills.FIGURES.clear()
    if FIGURES.exists():
        sys.path.insert(0, str(FIGURES))
        import own_stills  # noqa: F401

MANY_CELLS = 600


def compile_kernels(app=None, out: Path = COMPILED, *options: str):
    """Bring the compiled kernels up to date, in a process of its own."""
    if not stills.FIGURES:
        return
    command = [sys.executable, str(ENGINE / "scripts" / "webassembly.py"), *options, str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("remark:")]
        reason = "\n".join(lines[-12:])
        raise ExtensionError(f"the kernels cannot be compiled for the pages:\n{reason}")


def kernel_file(kernel: str) -> str:
    """The source file of a kernel, as ``otlec/solvers/hungarian.py``."""
    package = lecture.about().get("package", "otlec")
    return f"{package}/{'/'.join(kernel.split('.')[:-1])}.py"


def source(kernel: str) -> str:
    """The lines of a kernel, from its file itself."""
    file, name = kernel_file(kernel), kernel.split(".")[-1]
    text = (ROOT / file).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise ExtensionError(f"{file} has no function {name}, which a live figure shows")


def still_html(figure: stills.Figure) -> str:
    """The still frame, and the data that the script needs, as HTML."""
    picture, text = figure.still()
    panels = "".join(_with_images(moving._panel_svg(panel, 0), panel) for panel in picture.panels)
    data = {
        "state": figure.state,
        "code": figure.code,
        "home": figure.home if figure.home in lecture.toc() else "live",
        "all": "live" in lecture.toc(),
        "panels": [
            {
                "box": moving._box(panel),
                "equal": panel.equal,
                "xlim": panel.xlim,
                "ylim": panel.ylim,
                "layers": [
                    {"kind": layer.kind, "color": layer.color, **layer.options}
                    for layer in panel.layers
                ],
            }
            for panel in picture.panels
        ],
    }
    tasks = "".join(f"<li>{html.escape(task)}</li>" for task in figure.tasks)
    legend = "".join(f'<span style="--mark: var(--otlec-{color})">{html.escape(text)}</span>'
                     for color, text in figure.legend.items())  # fmt: skip
    legend = f'<p class="otlec-legend">{legend}</p>' if legend else ""
    packed = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    return (
        f'<div class="otlec-figure" id="live-{figure.name}" data-figure="{figure.name}" '
        f'role="group" aria-label="{html.escape(figure.alt)}">'
        f'<p class="otlec-ask">{html.escape(figure.ask)}</p><ol class="otlec-tasks">{tasks}</ol>'
        f'<div class="otlec-panels">{panels}</div>{legend}'
        f'<p class="otlec-label"><output aria-live="polite">{html.escape(text)}</output></p>'
        f'<script type="application/json" class="otlec-data">{packed}</script></div>'
    )


def _with_images(svg: str, panel: moving.Panel) -> str:
    """Replace thousands of cells by one image."""
    for layer in panel.layers:
        if layer.kind == "cells" and layer.arrays["z"].size > MANY_CELLS:
            shape = moving._shape(layer, panel, 0, 2)
            svg = svg.replace(shape, _image(layer, panel))
    return svg


def _image(layer: moving.Layer, panel: moving.Panel) -> str:
    import numpy as np
    from matplotlib.colors import to_rgb
    from matplotlib.image import imsave

    z = layer.arrays["z"][::-1].clip(0, 1)
    pixels = np.dstack([*(np.full(z.shape, c) for c in to_rgb(PALETTE[layer.color])), z])
    file = io.BytesIO()
    imsave(file, pixels, format="png", metadata={"Software": None})
    left, top, right, bottom = moving._box(panel)
    return (
        f'<image x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" '
        'preserveAspectRatio="none" '
        f'href="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"/>'
    )


class Live(SphinxDirective):
    """``{live} NAME``: the figure, and folded beneath it the kernels that run in it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The still frame, the scripts' data, and the source."""
        name = self.arguments[0]
        if name not in stills.FIGURES:
            raise self.error(f"no live figure is named {name!r}; there are {[*stills.FIGURES]}")
        figure = stills.FIGURES[name]
        note_files(self.env, "book/_live/*", "otlec/**/*.py")
        files = sorted({kernel_file(kernel) for kernel in figure.kernels})
        listing = nodes.literal_block("", "\n\n\n".join(source(k) for k in figure.kernels))
        listing["language"] = "python"
        return [
            nodes.raw("", still_html(figure), format="html"),
            nodes.raw(
                "",
                '<details class="otlec-source"><summary>This code is what runs above '
                f"({html.escape(', '.join(files))})</summary>",
                format="html",
            ),
            listing,
            nodes.raw("", "</details>", format="html"),
        ]


def load_scripts(app, pagename, templatename, context, doctree):
    """Load the scripts on the pages that have a live figure."""
    if doctree is None or 'class="otlec-figure"' not in "".join(
        node.astext() for node in doctree.findall(nodes.raw)
    ):
        return
    app.add_css_file("live/live.css")
    styles = context.get("css_files", [])
    if not any("live/live.css" in str(getattr(file, "filename", file)) for file in styles):
        context["css_files"] = [*styles, "_static/live/live.css"]  # the slides' list is made before
    for script in (*SCRIPTS, *OWN):
        app.add_js_file(f"live/{script}", loading_method="defer")


def copy_scripts(app, exception):
    """Copy the scripts to ``_static/live``."""
    if exception or app.builder.format != "html" or not stills.FIGURES:
        return
    target = Path(app.outdir) / "_static" / "live"
    target.mkdir(parents=True, exist_ok=True)
    engine = (LIVE / name for name in (*SCRIPTS[1:], "live.css"))
    for file in (COMPILED, *engine, *(FIGURES / name for name in OWN)):
        copy_asset(str(file), str(target))


def setup(app):
    """Register the directive, and compile before anything is read."""
    app.connect("builder-inited", compile_kernels)
    app.add_directive("live", Live)
    app.connect("html-page-context", load_scripts)
    app.connect("build-finished", copy_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
