"""What a published copy of the book offers beside its pages: the PDF, the decks, the archive.

A link must never lead to a file that is not there, and a page cannot look before it is asked. So
the environment variable ``SITE`` decides: ``make site`` sets it, and puts the files in their place
after the pages are built, or fails; ``make book`` leaves the links out. The configuration value
``downloads`` is what other extensions ask, as in ``app.config.downloads.get("pdf")``: the path of
the file from the top of the site, or None. The directive ``{downloads}`` writes the list for the
reader, or nothing. No theme knows which files exist beside its pages.
"""

import os

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FILES = {"pdf": "otlec.pdf", "slides": "slides/index.html", "archive": "otlec-book.zip"}
WORDS = {
    "pdf": "the whole book as a PDF, for paper",
    "slides": "the slides, five decks",
    "archive": "the whole site as one archive, to unpack and read offline",
}


class Downloads(SphinxDirective):
    """``{downloads}``: links to the files that stand beside the pages, if there are any."""

    def run(self) -> list[nodes.Node]:
        """Write a list, or nothing."""
        items = []
        for kind, file in self.config.downloads.items():
            link = nodes.paragraph("", "", nodes.reference("", WORDS[kind], refuri=file))
            items.append(nodes.list_item("", link, classes=[f"download-{kind}"]))
        if not items:
            return []
        title = nodes.paragraph("", "To take along:")
        return [nodes.container("", title, nodes.bullet_list("", *items), classes=["downloads"])]


def setup(app):
    """Register the configuration value and the directive."""
    published = os.environ.get("SITE", "") not in ("", "0")
    app.add_config_value("downloads", FILES if published else {}, "env", [dict])
    app.add_directive("downloads", Downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
