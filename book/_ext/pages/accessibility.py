"""What the theme and its neighbours write that a screen reader stumbles over, set right.

A page is mended after Sphinx has written it, because none of these has an option:

- docutils gives each entry of a bibliography the role ``doc-biblioentry``, which WAI-ARIA has
  deprecated, inside a list that must hold list items;
- the theme folds its contents beside what it knows to stand in the margin: on wide screens,
  captions and notes do;
- the theme leaves the name of the book outside of every landmark (``templates/navbar-logo.html``).

What makes the pages readable on a phone, by keyboard, without colours or motion is in
``_static/otlec.css`` and ``_static/otlec-reading.js``; ``tests/test_reading_browser.py`` looks at
all of it.
"""

from pathlib import Path

TEMPLATES = str(Path(__file__).resolve().parents[1] / "templates")


def add_templates(app, config):
    """Let Sphinx find the templates of the book before those of the theme."""
    if TEMPLATES not in config.templates_path:
        config.templates_path.append(TEMPLATES)


def mend(app, pagename, templatename, context, doctree):
    """Mend the body of a page."""
    if context.get("body"):
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        for name in ('<figure class="align-default', '<div class="admonition note'):
            body = body.replace(f'{name}"', f'{name} tag_margin"')
        context["body"] = body


def setup(app):
    """Mend each page before it is put into the template."""
    app.connect("config-inited", add_templates, priority=900)
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
