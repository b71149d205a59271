"""``{cite-this}``: how to cite the book, as text and as BibTeX, from ``CITATION.cff``.

The same file is what GitHub and Zenodo read. cffconvert writes BibTeX from it too, but needs a
version of jsonschema that Jupyter no longer runs with, and knows no address that is configured
elsewhere.
"""

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CITATION = Path(__file__).resolve().parents[3] / "CITATION.cff"


def bibtex(citation: dict, year: str, address: str) -> str:
    """The entry for a list of references."""
    authors = " and ".join(f"{{{author['name']}}}" for author in citation["authors"])
    fields = {
        "author": authors,
        "title": f"{{{citation['title']}}}",
        "year": year,
        "note": f"Version {citation['version']}",
    }
    if address:
        fields["url"] = address
    lines = [f"  {name:6} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@misc{otlec,", *lines, "}"])


class CiteThis(SphinxDirective):
    """``{cite-this}``: a sentence and a BibTeX entry."""

    def run(self) -> list[nodes.Node]:
        """Write both."""
        self.env.note_dependency(str(CITATION))
        citation = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
        addresses = self.config.addresses
        address = addresses.site or addresses.repository
        year = self.config.copyright
        who = ", ".join(author["name"] for author in citation["authors"])
        text = nodes.paragraph("", f"{who}. ")
        text += nodes.emphasis("", citation["title"])
        text += nodes.Text(f". Version {citation['version']}, {year}.")
        if address:
            text += [nodes.Text(" "), nodes.reference("", address, refuri=address)]
        entry = nodes.literal_block("", bibtex(citation, year, address), language="bibtex")
        return [text, entry]


def setup(app):
    """Register the directive."""
    app.add_directive("cite-this", CiteThis)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
