"""Decks of slides from the executed notebooks of the book, written by sphinx-revealjs.

A cell says in its metadata what it is on a slide, as in Jupyter: ``slide_type`` is ``slide`` (a new
column), ``subslide`` (below it), ``fragment`` (appears on a key), ``-`` (stays on the same slide),
``notes`` or ``skip``. Three keys more make a talk of a page: ``title``, ``code: false`` (only the
output) and ``fragments: true`` (the items of a list appear one by one). A cell that says nothing is
the book's longer text: prose goes to the speaker notes of the slide that it speaks of
(``speaker_notes.py``), code is left out. A cell that says ``notes`` goes to the slide before it.

sphinx-revealjs makes a slide of each heading, nbconvert prints the directives of MyST raw, and
neither knows the boxes of sphinx-proof. So the page is read as ever, with a mark before each cell;
its references and numbers are resolved as ever; then the marked pieces are put together anew, as
nodes that stand for the slides of a deck.
"""

import json
import re
import struct
from pathlib import Path

from directives import ledger
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx_revealjs.builders import RevealjsHTMLBuilder

from decks import around, speaker_notes
from decks.around import LAST
from decks.parts import Heading, Mark, Notes, Slide, Stack, Translator, copies, statements

KINDS = ("slide", "subslide", "fragment", "-", "notes", "skip")


class SlideMark(SphinxDirective):
    """``{slide-mark} title``, written by `mark_cells` before each cell."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {  # noqa: RUF012
        "kind": directives.unchanged,
        "fragments": directives.flag,
        "own": directives.unchanged,  # a lecturer's: "opening", "last", or after which label
    }

    def run(self) -> list[nodes.Node]:
        """Keep the options; parse the title, which may hold formulas."""
        mark = Mark(kind=self.options["kind"], fragments="fragments" in self.options)
        mark["own"] = self.options.get("own", "")
        if self.arguments:
            mark += self.parse_text_to_nodes(self.arguments[0])
        return [mark]


def mark_cells(app, docname, source):
    """Write a mark before each cell of a notebook, and drop the code that is on no slide."""
    if app.builder.name != "revealjs" or not source[0].lstrip().startswith("{"):
        return
    notebook, marked = json.loads(source[0]), []
    for cell in notebook["cells"]:
        metadata = cell["metadata"]
        says = metadata.get("slideshow", {})
        code = cell["cell_type"] == "code"
        kind = says.get("slide_type") or ("skip" if code else "prose")
        if kind not in (*KINDS, "prose"):
            raise ValueError(f"{docname}: slide_type {kind!r} is none of {', '.join(KINDS)}")
        tags = set(metadata.get("tags", []))
        if code:
            if kind in ("skip", "notes"):
                tags |= {"remove-cell"}
            elif "hide-input" in tags or says.get("code") is False:
                tags = tags - {"hide-input"} | {"remove-input"}
        else:
            tags -= {"remove-cell"}  # text that only the slides show
        metadata["tags"] = sorted(tags)
        marked += [_mark(kind, says), cell]
    marked = [m for m in marked if m.get("id") != "exercises-of-this-chapter"]
    places = {}
    for place, (file, slides) in enumerate(app.config.slides_extra.get(docname, [])):
        opening = place == 0 and app.config.slides_settings["opening"]
        for slide in slides:
            says = {"title": slide["title"]}
            says["own"] = "opening" if opening else slide["after"] or "last"
            marked.append(_mark("slide", says))
            for cell, line in slide["cells"]:
                marked += [_mark("-", {}), dict(cell)]
                places[len(marked) - 1] = file, line
    for place, cell in enumerate(marked):
        cell["id"] = f"cell-{place}"
    getattr(app, "slides_places", {})[docname] = places
    notebook["cells"] = marked
    source[0] = json.dumps(notebook)


def _mark(kind: str, says: dict) -> dict:
    lines = [f"```{{slide-mark}} {says.get('title', '')}", f":kind: {kind}"]
    lines += [":fragments:"] if says.get("fragments") else []
    lines += [f":own: {says['own']}"] if "own" in says else []
    return {"cell_type": "markdown", "metadata": {}, "source": "\n".join([*lines, "```"])}


def _stream(node):
    """Yield the headings, marks and blocks of a page in their order, without their sections."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield "heading", child
            yield from _stream(child)
        elif not isinstance(child, nodes.title):
            yield "block", child


class Deck:
    """Collects slides while a page is walked through."""

    def __init__(self, settings: dict):
        self.settings = settings
        self.stacks, self.skipped = [], set()
        self.sections, self.section = [], None
        self.epigraph, self.title, self.kind = None, None, "prose"
        self.first_notes, self.prose = [], []
        self.mark = None

    def walk(self, document):
        """Put each piece where its cell says."""
        for what, node in _stream(document):
            if what == "heading":
                self._heading(node)
            elif isinstance(node, Mark):
                self._begin(node)
            else:
                self._block(node)
        self._notes().extend(self.prose)

    def _notes(self) -> list:
        """The notes of the last slide, or of the title."""
        return self.stacks[-1].children[-1]["notes"] if self.stacks else self.first_notes

    def _new_slide(self) -> Slide:
        """A slide below the last one, with the prose that speaks of it."""
        before, after = speaker_notes.divide(self.prose, not self._notes())
        self._notes().extend(before)
        self.prose = []
        slide = Slide(body=[], notes=after)
        slide += [Heading(kind="kicker"), Heading(kind="title"), Notes()]
        if self.section is not None:
            slide.children[0] += copies(self.section[0])
        return slide

    def _begin(self, mark):
        self.kind, self.mark = mark["kind"], mark
        if self.kind not in ("slide", "subslide"):
            return
        self.section = None if mark["own"] else self.section
        slide = self._new_slide()
        new_section = not self.stacks or self.stacks[-1]["section"] is not self.section
        if self.kind == "slide" or new_section:
            self.stacks.append(Stack(labels=set(), section=self.section, own=mark["own"]))
        for part in mark.children:
            slide.children[1] += part.children if isinstance(part, nodes.paragraph) else part
        self.stacks[-1] += slide

    def _heading(self, section):
        level = 1
        parent = section.parent
        while isinstance(parent, nodes.section):
            level, parent = level + 1, parent.parent
        title = section[0]
        if level == 1:
            self.title = title
            return
        if level == 2:
            self.section = section
            self.sections.append(section)
        self.prose.append(speaker_notes.Break())
        if self.kind in ("slide", "subslide", "-"):
            slide = self.stacks[-1].children[-1]
            if not slide.children[1].children:
                slide.children[1] += copies(title)
            if level == 2:
                slide.children[0].children = []
                self.stacks[-1]["section"] = section

    def _block(self, node):
        if self.kind == "skip" or speaker_notes.is_for_readers(node):
            return
        if isinstance(node, nodes.block_quote) and "epigraph" in node["classes"]:
            self.epigraph = node
            return
        if node.get("is_guess"):
            self._guess(node)
            return
        if self.kind in ("notes", "prose"):
            (self._notes() if self.kind == "notes" else self.prose).append(node)
            return
        slide = self.stacks[-1].children[-1]
        if self.kind == "fragment":
            node = nodes.container("", node, classes=["fragment"])
        if self.mark["fragments"]:
            for item in node.findall(nodes.list_item):
                item["classes"].append("fragment")
        slide["body"].append(node)

    def _guess(self, box):
        """A guess has a slide of its own, below the last; its answer is the next key."""
        slide = self._new_slide()
        if not self.stacks:
            self.stacks.append(Stack(labels=set(), section=self.section, own=""))
        title, fold = box.children[0], box.children[-1]
        slide.children[1] += copies(title)
        self.stacks[-1] += slide
        answer = nodes.container("", *fold.children[1:], classes=["fragment"])
        inside = [*box.children[1:-1], answer]
        slide["body"].append(nodes.container("", *inside, classes=box["html"]["class"].split()))
        self.kind = "prose"  # what follows in the same cell


def _tidy(document):
    """Rewrite what would look like a slide, leak a solution, or fold what no reader can unfold."""
    for node in list(document.findall(nodes.Element)):
        if node.tagname.startswith("solution") and node.parent is not None:
            node.parent.remove(node)
    for node in document.findall(nodes.Element):
        if node.tagname == "dropdown_main":
            node["opened"] = True
    for raw in list(document.findall(nodes.raw)):
        if raw.astext().startswith('<details class="otlec-source">'):
            parent, place = raw.parent, raw.parent.index(raw)
            del parent.children[place : place + 3]  # the folded source of a live figure
    for section in list(document.findall(nodes.section)):
        if any("content" in name for name in [*section["ids"], *section["classes"]]):
            section.replace_self(
                nodes.container(
                    "", *section.children, classes=section["classes"], ids=section["ids"]
                )
            )


def _picture_shape(app, node):
    """Say by a class whether a picture is so tall that its caption should stand beside it."""
    for image in node.findall(nodes.image):
        file = Path(app.srcdir) / image["uri"].lstrip("/")
        file = file if file.exists() else Path(image["uri"])
        if file.suffix == ".png" and file.exists():
            width, height = struct.unpack(">II", file.read_bytes()[16:24])
            return ["tall"] if width < 1.55 * height else ["wide"]
    return []


def assemble(app, document, docname):
    """Replace a page by the slides of its deck."""
    if app.builder.name != "revealjs":
        return
    settings = app.config.slides_settings
    if docname not in settings["pages"]:
        document.children = []  # Sphinx writes the pages around a chapter, too
        return
    _tidy(document)
    deck = Deck(settings)
    deck.walk(document)
    numbers = app.env.toc_secnumbers[docname].get("", ())
    chapter = ".".join(map(str, numbers))
    page = f"{settings['book'].rstrip('/')}/{docname}.html"
    for stack in deck.stacks:
        _finish_stack(app, stack)
    stacks = _chosen(deck, settings)
    before = [
        around.title_slide(deck, settings, chapter, page),
        around.outline(app, deck, stacks, docname),
    ]
    after = [found for found in [around.references(app, docname)] if found]
    last = [s for s in stacks if s["section"] is not None and s["section"][0].astext() == LAST]
    middle = [s for s in stacks if s not in last and s["own"] != "opening"]
    document.children = []
    for stack in [*before, *middle, *last, *after]:
        document += stack
    for target in document.findall(nodes.target):
        target["classes"] = []
    _link_back(app, document, docname, settings["book"].rstrip("/"))


def _finish_stack(app, stack):
    """Give each slide its body, its classes and its name; name the stack by its statements."""
    for slide in stack.children:
        body = nodes.container("", *slide["body"], classes=["slide-body"])
        slide.children[-1].extend(speaker_notes.lines(slide.attributes.pop("notes")))
        slide.attributes.pop("body")
        slide.insert(2, body)
        kicker, title = slide.children[:2]
        if kicker.astext() == title.astext():
            kicker.children = []
        slide["classes"] = _picture_shape(app, body)
        boxes = statements(body)
        stack["labels"] |= {label for box in boxes for label in box["ids"]}
        if boxes:
            slide["classes"].append("statement")
            slide["ids"] = [f"slide-{boxes[0]['ids'][0]}"]
    section = stack["section"]
    if section is not None:
        stack["labels"] |= set(section["ids"])


def _labels(names) -> list[str]:
    """Items of the ledger stand for the labels of their boxes; other names are labels already."""
    rows = {str(row["item"]): row["label"] for row in ledger.rows()}
    return [rows.get(str(name), str(name)) for name in names]


def _chosen(deck, settings) -> list:
    out = set(_labels(settings["leave_out"]))
    stacks = [stack for stack in deck.stacks if not stack["labels"] & out]
    for stack in deck.stacks:
        out |= stack["labels"] if stack not in stacks else set()
    for stack in stacks:
        if stack["section"] is not None and stack["section"][0].astext() == LAST:
            _forget(stack, out)
    first = []
    for label in _labels(settings["first"]):
        first += [stack for stack in stacks if label in stack["labels"] and stack not in first]
    chosen = first + [stack for stack in stacks if stack not in first]
    for stack in [stack for stack in chosen if stack["own"] not in ("", "last", "opening")]:
        chosen.remove(stack)
        before = [s for s in chosen if stack["own"] in s["labels"] | {s["own"]}]
        chosen.insert(chosen.index(before[-1]) + 1 if before else len(chosen), stack)
    return chosen


def _forget(stack, out: set):
    """The summary names nothing that is left out."""
    for item in list(stack.findall(nodes.list_item)):
        if any(_target(link) in out for link in item.findall(nodes.reference)):
            item.parent.remove(item)


def _target(link) -> str:
    return link.get("refid") or link.get("refuri", "").rpartition("#")[2]


def _link_back(app, document, docname, book):
    """Links to what is on no slide of this deck lead to the page of the book, and say so."""
    here = set()
    for slide in document.findall(Slide):
        for part in slide.children[:-1]:  # without its notes
            here |= {name for node in part.findall(nodes.Element) for name in node.get("ids", [])}
        here |= set(slide["ids"])
    for link in document.findall(nodes.reference):
        where = link.get("refuri", "")
        if "refid" in link:
            where = f"#{link.attributes.pop('refid')}"
        shown = where.startswith("#") and where[1:] in here
        if re.fullmatch(r"\([\d.]+\)", link.astext()) and not shown:
            link += nodes.Text(" in the book")
        if where.startswith("#"):
            link["refuri"] = where if shown else f"{book}/{docname}.html{where}"
        elif link.get("internal"):
            link["refuri"] = f"{book}/{where}"


def setup(app):
    """Register the marks, the nodes and the two steps."""
    app.add_config_value("slides_settings", {}, "")
    app.add_config_value("slides_extra", {}, "env")  # pages are read again where it changes
    app.add_directive("slide-mark", SlideMark)
    for node, name in ((Stack, "stack"), (Slide, "slide"), (Heading, "heading"), (Notes, "notes")):
        visitors = (getattr(Translator, f"visit_{name}"), getattr(Translator, f"depart_{name}"))
        app.add_node(node, revealjs=visitors)
    app.add_node(Mark)
    RevealjsHTMLBuilder.default_translator_class = Translator
    app.connect("source-read", mark_cells)
    app.connect("doctree-resolved", assemble, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
