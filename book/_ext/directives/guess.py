"""Questions that a reader answers before the book does: ``{guess}`` and ``{proof-order}``.

A guess has a name, a question, a list that says what may be answered, and a fold, "Show me", with
what the book says. What the reader does follows from the source:

- to choose: items ``- [x] text`` and ``- [ ] text``; a paragraph below an item is the sentence that
  meets this choice; ``:several:`` where more than one may be chosen;
- to type a number: ``:number: 1/3`` (or ``∞``) and ``:within: 0.01``; items ``- [x]``, ``- [<]``
  (too small), ``- [>]`` (too large) and ``- [= 0.5]`` (a known mistake) hold the sentences;
- to put in order: the items of a numbered list, in their true order, and below it ``- [x]``;
- to click a place: ``:click:`` and items ``- [x 0.5 0]``, ``- [0 1]`` (others), ``- [ ]`` (any);
- to draw a curve: ``:draw: 0 0, 0.5 0.25, 1 1`` and items ``- [x]``, ``- [<]``, ``- [>]``, and
  ``- [~ 0 0, 1 1]`` (a curve that is a known mistake).

What follows the list stands in the fold. ``{guess-start}`` takes the same, and all up to
``{guess-end}``, cells included, goes into its fold; both stand in one section.

``{proof-order} name`` has lines ``- [b < a] text``: line b rests on line a; ``- [!] text`` is a
false line, and the paragraph below it says why. Any order in which each line follows its grounds
passes.

Without scripts these are a question and a fold. On a slide the answer is the next key
(``decks/deck.py``), on paper it stands at the end, in a notebook it is text
(``scripts/guesses.py``). sphinx-exercise judges nothing; teachbooks-questions and jupyterquiz load
scripts from elsewhere, and neither works by keyboard.
"""

import json
import sys
from fractions import Fraction
from math import isfinite
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives as options
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import guesses

from directives.guess_figure import drawing, points


class Part(nodes.General, nodes.Element):
    """An element of HTML, with its attributes."""


class Item(Part):
    """A choice or a line: it becomes a button, so nothing in it may be a link."""


class End(nodes.Invisible, nodes.Element):
    """Where a gated guess ends."""


def _part(name, *children, cls=Part, **attributes) -> Part:
    attributes = {key.replace("_", "-"): value for key, value in attributes.items() if value}
    return cls("", *children, tag=name, html=attributes)


def _marked(item) -> str | None:
    """Take the mark off an item and return it, or None."""
    first = item.children[0] if item.children else None
    text = first.children[0] if isinstance(first, nodes.paragraph) and first.children else None
    mark = guesses.MARK.match(text) if isinstance(text, nodes.Text) else None
    if mark is None:
        return None
    first.replace(text, nodes.Text(text[mark.end() :]))
    return mark[1].strip()


def _lettered(letter: str, *children) -> Item:
    """One of the things to choose or to put in order."""
    item = _part("li", *children, cls=Item, data_letter=letter)
    first = item.children[0]
    first.insert(0, [nodes.inline("", f"({letter})", classes=["otlec-letter"]), nodes.Text(" ")])
    return item


def _number(text: str) -> float:
    text = text.strip().replace("∞", "inf")
    return float(Fraction(text)) if "/" in text else float(text)


class Guess(SphinxDirective):
    """``{guess} name``: see the top of the file."""

    has_content = True
    required_arguments = 1
    option_spec = {  # noqa: RUF012
        "several": options.flag,
        "number": options.unchanged,
        "within": _number,
        "click": options.flag,
        "draw": points,
        "axes": options.unchanged,
        "source": points,
        "target": points,
        "line": options.unchanged,
        "xlabel": options.unchanged,
        "ylabel": options.unchanged,
        "alt": options.unchanged,
    }
    title = "Guess first"

    def run(self) -> list[nodes.Node]:
        """Build the box: a title, the question, the list, the figure, the fold."""
        self.name_ = self.arguments[0]
        before, lists, after = self._read()
        self.data = {"within": self.options.get("within", 0.0)}
        kind, shown, reasons = self._kind(lists)
        if self.env.app.builder.name == "revealjs":
            reasons = [reason for reason in reasons if reason.get("right")]
        answer = _part("ul", *reasons, **{"class": "otlec-reasons"})
        fold = _part("details", **{"class": "otlec-fold"})
        fold += _part("summary", nodes.Text("Show me"))
        fold += [answer] if reasons else []
        if kind in ("place", "curve"):
            shown = [nodes.raw("", drawing(self.options, answer=False), format="html")]
            fold += nodes.raw(
                "", drawing(self.options, answer=True, marks=self.marks), format="html"
            )
        fold += after
        box = Part(tag="div", html={
            "class": f"otlec-guess otlec-{kind}", "data-kind": kind,
            "data-name": self.name_, "data-guess": json.dumps(self.data, sort_keys=True),
        }, gated=self.name == "guess-start", is_guess=True)  # fmt: skip
        box["ids"] = [f"guess-{self.name_}"]
        box += _part("p", nodes.Text(self.title), **{"class": "otlec-guess-title"})
        box += [*before, *shown, fold]
        self.state.document.note_explicit_target(box, box)
        return [box]

    def _read(self):
        """The nodes before the lists, the lists, and the nodes after them."""
        content = self.parse_content_to_nodes()
        is_list = [isinstance(node, nodes.bullet_list | nodes.enumerated_list) for node in content]
        if True not in is_list:
            raise self.error(f"guess {self.name_}: a list must say what may be answered")
        first = is_list.index(True)
        last = first + 1
        while last < len(content) and is_list[last]:
            last += 1
        return content[:first], content[first:last], content[last:]

    def _kind(self, lists):
        items = [item for found in lists for item in found.children]
        self.marks = [_marked(item) for item in items]
        if "number" in self.options:
            return "number", [], self._number(items)
        if "click" in self.options or "draw" in self.options:
            return self._figure(items)
        if None in self.marks:
            return self._order(items)
        return self._choices(items)

    def _reason(self, item, when: str, right: bool, hidden: bool = False) -> Part:
        attributes = {"data-when": when or "other", "class": "right" if right else ""}
        attributes["hidden"] = "hidden" if hidden else ""
        found = _part("li", *item.children, **attributes)
        found["right"] = right
        return found

    def _word(self, text: str) -> list[nodes.Node]:
        return [nodes.strong("", text), nodes.Text(" ")]

    def _lead(self, item, text: str) -> None:
        """Put words in front of the first paragraph of an item."""
        if not item.children or not isinstance(item.children[0], nodes.paragraph):
            item.insert(0, nodes.paragraph())
        item.children[0].insert(0, self._word(text))

    def _choices(self, items):
        if "x" not in self.marks or set(self.marks) - {"x", ""}:
            raise self.error(f"guess {self.name_}: choices begin with [x] or [ ], one with [x]")
        self.data["several"] = "several" in self.options
        choices, reasons = [], []
        for place, (item, mark) in enumerate(zip(items, self.marks, strict=True)):
            letter, right = guesses.LETTERS[place], mark == "x"
            choices.append(_lettered(letter, item.children.pop(0)))
            if not item.children:
                raise self.error(f"guess {self.name_}: choice {letter} has no sentence")
            self._lead(item, f"({letter}) {'Yes.' if right else 'No.'}")
            reasons.append(self._reason(item, letter, right))
        self.data["right"] = [r["html"]["data-when"] for r in reasons if r["right"]]
        return "choice", [_part("ul", *choices, **{"class": "otlec-choices"})], reasons

    def _number(self, items):
        value = self.options["number"]
        number = _number(value)
        self.data["value"] = number if isfinite(number) else value  # JSON has no infinite number
        if "x" not in self.marks:
            raise self.error(f"guess {self.name_}: one sentence begins with [x]")
        reasons = []
        for item, mark in zip(items, self.marks, strict=True):
            if mark is None or (mark not in ("x", "<", ">") and not mark.startswith("=")):
                raise self.error(f"guess {self.name_}: marks are [x], [<], [>] and [= number]")
            if mark == "x":
                self._lead(item, f"{value}.")
            elif mark.startswith("="):
                _number(mark[1:])
                self._lead(item, f"Not {mark[1:].strip()}.")
            reasons.append(self._reason(item, mark, mark == "x", mark in "<>"))
        return reasons

    def _order(self, items):
        steps = [item for item, mark in zip(items, self.marks, strict=True) if mark is None]
        order = guesses.shuffled(self.name_, len(steps))
        lines = [_lettered(guesses.LETTERS[at], *steps[place].children)
                 for at, place in enumerate(order)]  # fmt: skip
        self.data["order"] = [guesses.LETTERS[order.index(n)] for n in range(len(steps))]
        reasons = []
        for item, mark in zip(items, self.marks, strict=True):
            if mark is not None:
                if mark == "x":
                    self._lead(item, f"{', '.join(self.data['order'])}.")
                reasons.append(self._reason(item, mark, mark == "x", mark != "x"))
        if not any(reason["right"] for reason in reasons):
            raise self.error(
                f"guess {self.name_}: below the numbered list, one item begins with [x]"
            )
        return "order", [_part("ul", *lines, **{"class": "otlec-lines"})], reasons

    def _figure(self, items):
        if "axes" not in self.options or not self.data["within"] or "alt" not in self.options:
            raise self.error(f"guess {self.name_}: a figure needs :axes:, :within: and :alt:")
        self.options["axes"] = [float(part) for part in self.options["axes"].split()]
        self.data["axes"] = self.options["axes"]
        self.data["curve"] = self.options.get("draw")
        reasons = []
        for item, mark in zip(items, self.marks, strict=True):
            right = mark.startswith("x")
            first = right and not any(reason["right"] for reason in reasons)
            reasons.append(self._reason(item, mark, first, not first))
        kind = "curve" if "draw" in self.options else "place"
        if kind == "place" and not any(len(mark.split()) == 3 for mark in self.marks):
            raise self.error(f"guess {self.name_}: one item begins with [x 0.5 0], the right place")
        return kind, [], reasons


class ProofOrder(Guess):
    """``{proof-order} name``: lines to put in order, some of them false."""

    title = "Put the proof in order"

    def _kind(self, lists):
        items = [item for found in lists for item in found.children]
        self.marks = [_marked(item) for item in items]
        if None in self.marks or "!" not in self.marks:
            raise self.error(f"proof {self.name_}: lines begin with [name < grounds] or [!]")
        try:
            valid = guesses.valid_order(self.marks)
        except ValueError as error:
            raise self.error(f"proof {self.name_}: {error}") from None
        order = guesses.shuffled(self.name_, len(items))
        letter = {place: guesses.LETTERS[at] for at, place in enumerate(order)}
        names = {guesses.line(mark)[0]: letter[place] for place, mark in enumerate(self.marks)}
        self.data["grounds"] = {
            letter[place]: [names[ground] for ground in grounds]
            for place, (name, grounds) in enumerate(map(guesses.line, self.marks)) if name
        }  # fmt: skip
        lines = [_lettered(letter[place], items[place].children[0]) for place in order]
        one = nodes.paragraph(
            "",
            "",
            *self._word("One order:"),
            nodes.Text(", ".join(letter[place] for place in valid) + "."),
        )
        whole = nodes.list_item("", one)
        if self.env.app.builder.name != "revealjs":  # a slide has no room for all of it again
            whole += nodes.enumerated_list(
                "", *(self._grounded(items[p].children[0], letter[p]) for p in valid)
            )
        reasons = [self._reason(whole, "x", True)]
        for place in sorted(
            (p for p, mark in enumerate(self.marks) if mark == "!"), key=letter.get
        ):
            why = nodes.list_item("", *items[place].children[1:])
            if not why.children:
                raise self.error(f"proof {self.name_}: a false line has no reason below it")
            self._lead(why, f"({letter[place]}) is not true.")
            reasons.append(self._reason(why, letter[place], False))
        return "proof", [_part("ul", *lines, **{"class": "otlec-lines"})], reasons

    def _grounded(self, line, letter: str) -> nodes.list_item:
        """A line once more, and what it rests on."""
        copy = line.deepcopy()
        said = f" {guesses.rests(self.data['grounds'][letter])}"
        copy += nodes.inline("", said, classes=["otlec-ground"])
        return nodes.list_item("", copy)


class GuessEnd(SphinxDirective):
    """``{guess-end}``: what a ``{guess-start}`` folds ends here."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark."""
        return [End()]


class Gather(SphinxTransform):
    """Move what stands between the two marks into the fold; on slides it stays where it is."""

    default_priority = 10

    def apply(self):
        """Gather, or say which mark has no partner."""
        opened = None
        slides = self.app.builder.name == "revealjs"
        for node in list(self.document.findall(lambda n: isinstance(n, End | Part))):
            if isinstance(node, End):
                if opened is None or node.parent is not opened.parent:
                    raise ExtensionError(f"{self.env.docname}: a guess-end has no guess-start")
                if not slides:
                    parent, fold = opened.parent, opened.children[-1]
                    first = parent.index(opened) + 1
                    for child in parent.children[first : parent.index(node)]:
                        parent.remove(child)
                        fold += child
                node.parent.remove(node)
                opened = None
            elif node.get("gated"):
                if opened is not None:
                    break
                opened = node
        if opened is not None:
            raise ExtensionError(
                f"{self.env.docname}: {opened['ids'][0]} has no guess-end in its section"
            )


def visit(self, node):
    """Open the element."""
    attributes = dict(node["html"])
    name = attributes.pop("class", "")
    self.body.append(self.starttag(node, node["tag"], "", CLASS=name, **attributes))


def depart(self, node):
    """Close it."""
    self.body.append(f"</{node['tag']}>\n")


def load_scripts(app, pagename, templatename, context, doctree):
    """Load the script on the pages that have a guess."""
    if app.builder.name == "html" and doctree is not None and any(
        node.get("is_guess") for node in doctree.findall(Part)
    ):  # fmt: skip
        app.add_js_file("guess.js", loading_method="defer")


def setup(app):
    """Register the directives and their nodes."""
    for node in (Part, Item):
        app.add_node(node, html=(visit, depart), revealjs=(visit, depart))
    app.add_node(End)
    app.add_directive("guess", Guess)
    app.add_directive("guess-start", Guess)
    app.add_directive("guess-end", GuessEnd)
    app.add_directive("proof-order", ProofOrder)
    app.add_transform(Gather)
    app.connect("html-page-context", load_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
