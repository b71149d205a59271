"""Search: from a folder without a server, and with excerpts of the section that answers.

Sphinx's search works from ``file://``: its index is a script. But below each result it shows an
excerpt, for which it fetches the page, and a browser fetches nothing from a folder: each result
then costs an error. ``html_show_search_summary`` turns excerpts off for all readers; this turns
them off where the page comes from a folder. On a server ``static/search_excerpts.js`` makes better
ones.
"""

from pathlib import Path

from sphinx.util.fileutil import copy_asset

SCRIPT = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'
BETTER = Path(__file__).resolve().parents[1] / "static" / "search_excerpts.js"


def improve(app, pagename, templatename, context, doctree):
    """Put both on the search page, after Sphinx's own scripts, which they change."""
    if pagename == "search" and app.builder.name == "html":
        app.add_js_file(None, body=SCRIPT, priority=600)
        app.add_js_file("search_excerpts.js", priority=950, loading_method="defer")


def copy(app, exception):
    """Copy the script to ``_static``."""
    if not exception and app.builder.name == "html":
        copy_asset(str(BETTER), str(Path(app.outdir) / "_static"))


def setup(app):
    """Connect to the writing of pages, and to their end."""
    app.connect("html-page-context", improve)
    app.connect("build-finished", copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
