"""The first use of each term of the glossary in a chapter is a link to its entry.

The entries are read from ``book/glossary.md``; the chapters stay as they are written. Only running
text is searched: no titles, mottos, formulas, code, captions or links. A term may stand in the
plural, and one that begins with a symbol ("c-transform", where the c is a formula) is found as
well. Sphinx links terms where an author marks each of them by hand, so that whoever moves a
paragraph has to move the mark too.
"""

import re
import sys
from pathlib import Path

from directives.guess import Item
from docutils import nodes
from sphinx import addnodes

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lecture

GLOSSARY = lecture.BOOK / "glossary.md"
# Words that mean something else in most sentences are linked in these forms alone.
FORMS = {
    "price": "prices",
    "moment": "moments",
    "cost": "cost function",
    "support": "support(?= of)",
    "marginal": "marginals?(?! cost)",
    "Brenier map": "Brenier['’]s maps?",
    "displacement interpolation": "displacements?(?: interpolation)?",
    "staggered grid": "staggered(?: grid)?",
    "Eulerian view": "Eulerian",
    "Lagrangian view": "Lagrangian",
}
SKIPPED = (
    nodes.title,
    nodes.block_quote,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.caption,
    nodes.figure,
    nodes.table,
    nodes.term,
    nodes.image,
    addnodes.pending_xref,
    Item,
)


def entries() -> list[list[str]]:
    """The names of each entry of the glossary."""
    text = GLOSSARY.read_text(encoding="utf-8")
    body = re.search(r"^```\{glossary\}\n:sorted:\n\n(.*?)^```$", text, re.M | re.S).group(1)
    return [re.findall(r"^(\S.*)$", block, re.M) for block in re.split(r"\n\n+", body)]


def _forms(name: str) -> str:
    """The name and its plural, with either kind of apostrophe."""
    return re.escape(name).replace("'", "['’]") + "(?:e?s)?"


def patterns() -> dict[str, re.Pattern]:
    """What is searched for each name, longer names first."""
    names = sorted((name for names in entries() for name in names), key=len, reverse=True)
    return {name: re.compile(rf"\b(?:{FORMS.get(name) or _forms(name)})\b", re.I) for name in names}


def _running_text(doctree):
    """Yield the pieces of text of all paragraphs."""
    for text in list(doctree.findall(nodes.Text)):
        parent, inside = text.parent, False
        while parent is not None and not isinstance(parent, SKIPPED):
            inside |= isinstance(parent, nodes.paragraph)
            if "cell_output" in parent.get("classes", []):
                break
            parent = parent.parent
        if parent is None and inside:
            yield text


def _link(name: str, said: list[nodes.Node], document: str) -> addnodes.pending_xref:
    link = addnodes.pending_xref(
        "", refdomain="std", reftype="term", reftarget=name, refexplicit=True, refwarn=True,
        refdoc=document,
    )  # fmt: skip
    link += nodes.inline("", "", *said, classes=["xref", "std", "std-term"])
    return link


def _after_symbol(text: nodes.Text, names) -> tuple[str, int] | None:
    """The name that a formula and the text behind it make, as in $c$-transform, and its length."""
    symbol = text.parent.children[text.parent.index(text) - 1] if text.parent.index(text) else None
    if not isinstance(symbol, nodes.math) or not text.startswith("-"):
        return None
    for name in names:
        head, dash, tail = name.partition("-")
        if dash and symbol.astext() == head and text.lower().startswith(f"-{tail}"):
            return name, len(tail) + 1
    return None


def link_terms(app, doctree):
    """Turn the first use of each term into a link."""
    document = app.env.docname
    chapter = lecture.of_page(document)
    if app.builder.name != "html" or chapter is None or chapter.page != document:
        return
    if not GLOSSARY.exists():
        return
    app.env.note_dependency(str(GLOSSARY))
    group = {name: number for number, names in enumerate(entries()) for name in names}
    open_names = patterns()
    for text in _running_text(doctree):
        pieces, rest = [], text
        if found := _after_symbol(text, open_names):
            name, length = found
            place = text.parent.index(text)
            symbol = text.parent.children[place - 1]
            text.parent.remove(symbol)
            pieces.append(_link(name, [symbol, nodes.Text(text[:length])], document))
            rest = text[length:]
            open_names = {n: p for n, p in open_names.items() if group[n] != group[name]}
        while open_names:
            found = [
                (m.start(), -m.end(), n) for n, p in open_names.items() if (m := p.search(rest))
            ]
            if not found:
                break
            start, end, name = min(found)
            link = _link(name, [nodes.Text(rest[start:-end])], document)
            pieces += [nodes.Text(rest[:start]), link]
            rest = rest[-end:]
            open_names = {n: p for n, p in open_names.items() if group[n] != group[name]}
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(rest)])


def setup(app):
    """Connect to the reading of pages, after ids are given."""
    app.connect("doctree-read", link_terms, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
