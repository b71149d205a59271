"""Decks of slides from the executed notebooks of the book, written by sphinx-revealjs.

A cell says in its metadata what it is on a slide, as in Jupyter: ``slide_type`` is ``slide`` (a new
column), ``subslide`` (below it), ``fragment`` (appears on a key), ``-`` (stays on the same slide),
``notes`` or ``skip``. Three keys more make a talk of a page: ``title``, ``code: false`` (only the
output) and ``fragments: true`` (the items of a list appear one by one). A cell that says nothing is
the book's longer text: prose goes to the speaker notes, code is left out.

sphinx-revealjs makes a slide of each heading, nbconvert prints the directives of MyST raw, and
neither knows the boxes of sphinx-proof. So the page is read as ever, with a mark before each cell;
its references and numbers are resolved as ever; then the marked pieces are put together anew, as
nodes that stand for the slides of a deck.
"""

import json
import struct
from datetime import date
from pathlib import Path

from directives import ledger
from docutils import nodes
from docutils.parsers.rst import directives
from pybtex.richtext import Text
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator
from sphinx_revealjs.builders import RevealjsHTMLBuilder

KINDS = ("slide", "subslide", "fragment", "-", "notes", "skip")
LAST = "What to remember"


class Mark(nodes.Invisible, nodes.Element):
    """Where a cell begins, and what it is on a slide."""


class Stack(nodes.General, nodes.Element):
    """A column of slides."""


class Slide(nodes.General, nodes.Element):
    """One slide; its last child may be `Notes`."""


class Heading(nodes.General, nodes.TextElement):
    """The title of a slide, or the small line above it."""


class Notes(nodes.General, nodes.Element):
    """What the speaker sees."""


class SlideMark(SphinxDirective):
    """``{slide-mark} title``, written by `mark_cells` before each cell."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {"kind": directives.unchanged, "fragments": directives.flag}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Keep the options; parse the title, which may hold formulas."""
        mark = Mark(kind=self.options["kind"], fragments="fragments" in self.options)
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
        kind = says.get("slide_type") or ("skip" if code else "notes")
        if kind not in KINDS:
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
    for title, text in app.config.slides_extra.get(docname, []):
        cell = {"cell_type": "markdown", "metadata": {}, "source": text}
        marked += [_mark("slide", {"title": title}), cell]
    for place, cell in enumerate(marked):
        cell["id"] = f"cell-{place}"
    notebook["cells"] = marked
    source[0] = json.dumps(notebook)


def _mark(kind: str, says: dict) -> dict:
    lines = [f"```{{slide-mark}} {says.get('title', '')}", f":kind: {kind}"]
    lines += [":fragments:"] if says.get("fragments") else []
    return {"cell_type": "markdown", "metadata": {}, "source": "\n".join([*lines, "```"])}


def _copies(node) -> list[nodes.Node]:
    return [child.deepcopy() for child in node.children]


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
        self.epigraph, self.title, self.kind = None, None, "notes"
        self.first_notes = Notes()
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

    def _begin(self, mark):
        self.kind, self.mark = mark["kind"], mark
        if self.kind not in ("slide", "subslide"):
            return
        if self.kind == "slide" or not self.stacks:
            self.stacks.append(Stack(labels=set(), section=self.section))
        slide, title = Slide(body=[]), Heading(kind="title")
        for part in mark.children:
            title += part.children if isinstance(part, nodes.paragraph) else part
        slide += [Heading(kind="kicker"), title, Notes()]
        if self.section is not None:
            slide.children[0] += _copies(self.section[0])
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
        if self.kind in ("slide", "subslide", "-"):
            slide = self.stacks[-1].children[-1]
            if not slide.children[1].children:
                slide.children[1] += _copies(title)
            if level == 2:
                slide.children[0].children = []
                self.stacks[-1]["section"] = section

    def _block(self, node):
        if self.kind == "skip":
            return
        if isinstance(node, nodes.block_quote) and "epigraph" in node["classes"]:
            self.epigraph = node
            return
        if node.get("is_guess"):
            self._guess(node)
            return
        slide = self.stacks[-1].children[-1] if self.stacks else None
        if self.kind == "notes":
            if isinstance(node, nodes.raw):  # a live figure
                return
            (slide.children[-1] if slide else self.first_notes).append(node)
            return
        if self.kind == "fragment":
            node = nodes.container("", node, classes=["fragment"])
        if self.mark["fragments"]:
            for item in node.findall(nodes.list_item):
                item["classes"].append("fragment")
        slide["body"].append(node)

    def _guess(self, box):
        """A guess has a slide of its own, below the last; its answer is the next key."""
        if not self.stacks:
            self.stacks.append(Stack(labels=set(), section=self.section))
        slide = Slide(body=[])
        title, fold = box.children[0], box.children[-1]
        slide += [Heading(kind="kicker"), Heading(kind="title"), Notes()]
        slide.children[1] += _copies(title)
        if self.section is not None:
            slide.children[0] += _copies(self.section[0])
        self.stacks[-1] += slide
        answer = nodes.container("", *fold.children[1:], classes=["fragment"])
        inside = [*box.children[1:-1], answer]
        slide["body"].append(nodes.container("", *inside, classes=box["html"]["class"].split()))
        self.kind = "notes"  # what follows in the same cell


def _statements(node):
    return [
        found for found in node.findall(nodes.Element) if "realtype" in found or _is_exercise(found)
    ]


def _is_exercise(node) -> bool:
    return node.tagname in ("exercise_node", "exercise_enumerable_node")


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
    before = [_title_slide(deck, settings, chapter, page), _outline(app, deck, docname)]
    after = [found for found in [_references(app, docname)] if found]
    last = [s for s in stacks if s["section"] is not None and s["section"][0].astext() == LAST]
    middle = [s for s in stacks if s not in last]
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
        slide.attributes.pop("body")
        slide.insert(2, body)
        kicker, title = slide.children[:2]
        if kicker.astext() == title.astext():
            kicker.children = []
        slide["classes"] = _picture_shape(app, body)
        boxes = _statements(body)
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
    first = []
    for label in _labels(settings["first"]):
        first += [stack for stack in stacks if label in stack["labels"] and stack not in first]
    return first + [stack for stack in stacks if stack not in first]


def _plain(slide_title, *blocks, classes=(), kicker="") -> Stack:
    slide = Slide(classes=list(classes))
    title = Heading(kind="title")
    title += nodes.Text(slide_title) if isinstance(slide_title, str) else slide_title
    small = Heading(kind="kicker")
    small += nodes.Text(kicker)
    slide += [small, title, nodes.container("", *blocks, classes=["slide-body"]), Notes()]
    stack = Stack(labels=set(), section=None)
    stack += slide
    return stack


def _title_slide(deck, settings, chapter, page) -> Stack:
    blocks = [deck.epigraph] if deck.epigraph is not None else []
    when = settings["date"]
    when = f"{date.today():%d %B %Y}".lstrip("0") if when == "today" else when
    who = [settings[key] for key in ("author", "institute") if settings[key]]
    for text, name in ((", ".join(who), "who"), (when, "when")):
        if text:
            blocks.append(nodes.paragraph("", str(text), classes=[name]))
    link = nodes.reference("", "This chapter in the book", refuri=page, internal=False)
    blocks.append(nodes.paragraph("", "", link, classes=["back"]))
    if settings["logo"]:
        name = Path(settings["logo"]).name
        html = f'<img class="logo" src="_static/{name}" alt="">'
        blocks.append(nodes.raw("", html, format="html"))
    title = [nodes.Text(f"{chapter}. " if chapter else ""), *_copies(deck.title)]
    stack = _plain(title, *blocks, classes=["opening"], kicker=settings["title"])
    stack.children[0].children[-1].extend(deck.first_notes.children)
    return stack


def _outline(app, deck, docname) -> Stack:
    """The sections with their statements."""
    numbers = app.env.toc_fignumbers.get(docname, {})
    numbers = {**numbers.get("theorem", {}), **numbers.get("exercise", {})}
    found = nodes.bullet_list(classes=["outline"])
    for section in deck.sections:
        inside = [s for s in deck.stacks if s["section"] is section]
        if not inside or section[0].astext() == LAST:
            continue
        item = nodes.list_item("", nodes.paragraph("", "", *_copies(section[0])))
        names = []
        for stack in inside:
            for box in _statements(stack):
                kind = box.get("realtype", "exercise").title()
                names.append(f"{kind} {'.'.join(map(str, numbers[box['ids'][0]]))}")
        if names:
            item += nodes.paragraph("", ", ".join(names), classes=["numbers"])
        found += item
    return _plain("Outline", found, classes=["outline-slide"])


def _references(app, docname) -> Stack | None:
    """What the chapter cites, from the bibliography of the book."""
    domain = app.env.get_domain("cite")
    keys = {key for ref in domain.citation_refs if ref.docname == docname for key in _keys(ref)}
    entries = {key: domain.bibdata.data.entries[key] for key in keys}
    if not entries:
        return None
    order = sorted(entries.values(), key=lambda entry: (_who(entry), entry.fields.get("year", "")))
    found = nodes.bullet_list(classes=["references"])
    for entry in order:
        field = entry.fields
        where = field.get("journal") or field.get("booktitle") or field.get("publisher") or ""
        text = nodes.paragraph("", _clean(f"{_who(entry)}. "))
        text += nodes.emphasis("", _clean(field.get("title", "")))
        text += nodes.Text(
            _clean(
                f". {where}, {field.get('year', '')}." if where else f". {field.get('year', '')}."
            )
        )
        found += nodes.list_item("", text)
    many = ["many"] if len(order) > 8 else []
    return _plain("References", found, classes=["references-slide", *many])


def _keys(ref) -> list[str]:
    return [target.key for target in ref.targets]


def _who(entry) -> str:
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(person.last_names) for person in people]
    return (
        names[0]
        if len(names) == 1
        else ", ".join(names[:-1]) + " and " + names[-1]
        if names
        else ""
    )


def _clean(text: str) -> str:
    return str(Text.from_latex(text))


def _link_back(app, document, docname, book):
    """Links to what is on no slide of this deck lead to the page of the book."""
    here = {name for node in document.findall(nodes.Element) for name in node.get("ids", [])}
    for link in document.findall(nodes.reference):
        where = link.get("refuri", "")
        if "refid" in link:
            where = f"#{link.attributes.pop('refid')}"
        if where.startswith("#"):
            link["refuri"] = where if where[1:] in here else f"{book}/{docname}.html{where}"
        elif link.get("internal"):
            link["refuri"] = f"{book}/{where}"


class Translator(HTML5Translator):
    """The translator of the book, and the nodes of a deck."""

    permalink_text = False

    def visit_stack(self, node):
        """Open a column."""
        self.body.append("<section>\n")

    def depart_stack(self, node):
        """Close a column."""
        self.body.append("</section>\n")

    def visit_slide(self, node):
        """Open a slide and its frame."""
        name = f' id="{node["ids"][0]}"' if node["ids"] else ""
        self.body.append(
            f'<section class="{" ".join(node["classes"])}"{name}><div class="frame">\n'
        )

    def depart_slide(self, node):
        """Close the slide, unless its notes did."""
        self.body.append("</section>\n")

    def visit_heading(self, node):
        """A title, or the small line above it."""
        self.body.append("<h2>" if node["kind"] == "title" else '<p class="kicker">')

    def depart_heading(self, node):
        """Close it."""
        self.body.append("</h2>\n" if node["kind"] == "title" else "</p>\n")

    def visit_notes(self, node):
        """The notes stand behind the frame."""
        self.body.append('</div><aside class="notes">\n')

    def depart_notes(self, node):
        """Close the notes."""
        self.body.append("</aside>\n")


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
