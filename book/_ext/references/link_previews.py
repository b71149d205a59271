"""Permalinks on statements, and cards that show what a link cites.

Where a link leads to a statement, a formula, a figure, an exercise, a term, a work or a function,
``static/cards.js`` shows it beside the link. The pieces are cut out of the pages once all are
written, one script for each page that is cited, which a reader's browser loads when the first card
from that page is asked for: so pages do not grow, and it works from ``file://``. sphinx-hoverxref
asks a server; sphinx-tippy loads two libraries from elsewhere, repeats ids, names its scripts at
random, so that no two builds are equal, and its cards neither close with Escape nor open by touch.
"""

import html
import json
import re
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes

# The same pattern decides in static/cards.js which links have a card.
CITABLE = re.compile(
    r"#(?:(?:def|prop|lem|ex|rem|thm|exm|cor|fig|equation|term|x)-|otlec\.|id\d+$)"
)
LINKS = "article a.reference.internal[href]"
UNWANTED = "a.headerlink, script, button, details, .sd-summary-title"


def add_permalinks(app, doctree, docname):
    """Let the title of a statement end in a link to it, as headings and captions do."""
    if app.builder.name != "html":
        return
    for box in doctree.findall(nodes.Element):
        if "realtype" not in box and box.tagname != "exercise_enumerable_node":
            continue
        title = next(iter(box.findall(nodes.title)), None)
        if title is None or not box["ids"]:
            continue
        icon = app.config.html_permalinks_icon
        link = f'<a class="headerlink" href="#{box["ids"][0]}" title="Link to this statement">'
        title += nodes.raw("", f"{link}{icon}</a>", format="html")


def _cut(node) -> str:
    """The HTML of a node without ids, links to itself, and what does not belong into a card."""
    node = BeautifulSoup(str(node), "html.parser")
    for unwanted in node.select(UNWANTED):
        unwanted.decompose()
    for part in node.select("[id]"):
        del part["id"]
    for link in node.select("a.image-reference, a[role=doc-backlink]"):
        link.unwrap()
    return str(node).strip()


def _opening(section) -> str:
    """The heading of a section and its text up to the first cell."""
    parts = []
    for child in section.find_all(True, recursive=False):
        if child.name in ("section", "details") or "cell" in child.get("class", []):
            break
        if child.name in ("h2", "h3"):
            parts.append(f"<p><strong>{child.decode_contents()}</strong></p>")
        elif child.name != "span":
            parts.append(str(child))
    return _cut("".join(parts))


def card(node) -> str | None:
    """What a card shows of the element that a link leads to, or nothing."""
    kinds = node.get("class", [])
    if node.name == "dt":
        text = node.find_next_sibling("dd")
        if "sig" not in kinds:
            return _cut(f"<p><strong>{node.decode_contents()}</strong></p>{text.decode_contents()}")
        signature = html.escape(" ".join(node.get_text().rstrip("#\n").split()))
        first = text.find("p", recursive=False) or ""
        return f'<p><code class="sig">{signature}</code></p>{_cut(first)}'
    if node.name == "figure":
        cell = node.find_parent(class_="cell")
        around = " ".join(cell["class"]) if cell else ""
        return f'<div class="{around}"><div class="cell_output">{_cut(node)}</div></div>'
    if {"proof", "exercise", "math", "citation"} & set(kinds):
        return _cut(node)
    section = node if node.name == "section" else node.find_parent("section")
    return _opening(section) if section else None


def cards(folder: Path) -> dict[str, dict[str, str]]:
    """For each page that is cited, what its cards show, by the id of their target."""
    pages, cited = {}, {}
    for file in sorted(folder.glob("*.html")):
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").find("article")
        if soup is None:
            continue
        pages[file.stem] = soup
        for link in soup.select("a.reference.internal[href]"):
            if CITABLE.search(link["href"]):
                page, _, target = link["href"].partition("#")
                cited.setdefault(page.removesuffix(".html") or file.stem, set()).add(target)
    found = {}
    for page in sorted(cited.keys() & pages.keys()):  # in a preview there is one page alone
        for target in sorted(cited[page]):
            node = pages[page].find(id=target)
            if node is not None and (shown := card(node)):
                found.setdefault(page, {})[target] = shown
    return found


def write_cards(app, exception):
    """Write a script for each page that is cited."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "_static" / "cards"
    folder.mkdir(parents=True, exist_ok=True)
    for page, shown in cards(Path(app.outdir)).items():
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{page}.js").write_text(f'otlecCards("{page}",{text});\n', encoding="utf-8")


def load_scripts(app):
    """Load the script on all pages of the book, but not on slides."""
    if app.builder.name == "html":
        app.add_js_file("cards.js", loading_method="defer")


def setup(app):
    """Connect the three steps."""
    app.connect("builder-inited", load_scripts)
    app.connect("doctree-resolved", add_permalinks)
    app.connect("build-finished", write_cards, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
