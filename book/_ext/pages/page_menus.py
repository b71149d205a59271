"""The menus at the top of a page: download it, run it elsewhere, see where it comes from.

A page is downloaded as a notebook that runs anywhere (``scripts/handouts.py``) and as its MyST
source, both without solutions where the page is an exercise page or the book is for students; the
whole book as PDF where the site has one (``directives/downloads.py``). In a folder, without a
server, it is ``static/buttons.js`` that saves. Launch buttons and links to the source need an
address (``scripts/addresses.py``) and are left out without one. The theme's own buttons offer the
committed notebook, solutions included, open it in a tab instead of saving it, and fail where launch
services are configured without a repository; so ``templates/otlec-buttons.html`` takes their
place. On pages with code it has a switch that hides all of it.
"""

import json
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
import handouts  # noqa: E402


def configure(app, config):
    """Take over from the theme."""
    config.templates_path.append(str(Path(__file__).resolve().parents[1] / "templates"))
    config.html_static_path.append(str(Path(__file__).resolve().parents[1] / "static"))
    options = config.html_theme_options
    for theirs in ("launch_buttons", "repository_url", "repository_branch"):
        options.pop(theirs, None)
    options["use_download_button"] = False
    options["article_header_end"] = ["otlec-buttons.html"]


def load_assets(app):
    """Load the style sheet of menus, cards and terms on pages of the book, but not on slides."""
    if app.builder.name == "html":
        app.add_css_file("links.css")
        app.add_js_file("buttons.js", loading_method="defer")


def menus(app, pagename, templatename, context, doctree):
    """Hand the template what it shows: for each menu its name, its icon, and its links."""
    context["otlec_menus"] = []
    if doctree is None or app.builder.name != "html":
        return
    notebook = pagename in handouts.names()
    context["otlec_has_code"] = notebook
    files = [("Notebook (.ipynb)", f"_sources/{pagename}.ipynb")] if notebook else []
    files.append(("Source (.md)", f"_sources/{pagename}.md"))
    if pdf := app.config.downloads.get("pdf"):
        files.append(("Whole book (.pdf)", pdf))
    launches = app.config.addresses.launches(pagename) if notebook else []
    context["otlec_menus"] = [
        {"name": "Download this page", "icon": "fas fa-download", "links": files, "save": True},
        {"name": "Run this page", "icon": "fas fa-rocket", "links": launches},
        {
            "name": "Source of this page",
            "icon": "fas fa-code-branch",
            "links": app.config.addresses.sources(pagename),
        },
    ]


def write_downloads(app, exception):
    """Put the files beside the pages, under the names that the buttons have."""
    if exception or app.builder.name != "html":
        return
    handouts.write(
        Path(app.outdir) / "_sources",
        requirement=app.config.addresses.requirement,
        students=app.config.exercises_for_students,
        sources=True,
    )
    for folder in ("_sources", "exercises"):
        for file in sorted((Path(app.outdir) / folder).iterdir()):
            _write_as_script(file)


def _write_as_script(file: Path):
    """Write what ``static/buttons.js`` saves in a folder: a notebook leaves its outputs behind."""
    if file.suffix not in (".ipynb", ".md"):
        return
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".ipynb":
        notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        text = nbformat.writes(notebook) + "\n"
    call = f"otlecSave({json.dumps(file.name)},{json.dumps(text, ensure_ascii=False)});\n"
    file.with_name(f"{file.name}.js").write_text(call, encoding="utf-8")


def setup(app):
    """Connect."""
    app.connect("config-inited", configure)
    app.connect("builder-inited", load_assets)
    app.connect("html-page-context", menus)
    app.connect("build-finished", write_downloads, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
