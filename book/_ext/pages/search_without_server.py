"""Search from a folder, without a server.

Sphinx's search works from ``file://``: its index is a script. But below each result it shows an
excerpt, for which it fetches the page, and a browser fetches nothing from a folder: each result
then costs an error. ``html_show_search_summary`` turns excerpts off for all readers; this turns
them off where the page comes from a folder, and leaves them on a server.
"""

SCRIPT = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'


def quiet_search(app, pagename, templatename, context, doctree):
    """Put the line on the search page, after the options that it changes."""
    if pagename == "search" and app.builder.name == "html":
        app.add_js_file(None, body=SCRIPT, priority=600)


def setup(app):
    """Connect to the writing of pages."""
    app.connect("html-page-context", quiet_search)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
