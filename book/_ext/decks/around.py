"""The slides around those of the page: the title, the outline, the references."""

from datetime import date

from docutils import nodes
from pybtex.richtext import Text

from decks import speaker_notes
from decks.parts import Heading, Notes, Slide, Stack, copies, statements

LAST = "What to remember"


def plain(slide_title, *blocks, classes=(), kicker="") -> Stack:
    """A column of one slide that stands in no page."""
    slide = Slide(classes=list(classes))
    title = Heading(kind="title")
    title += nodes.Text(slide_title) if isinstance(slide_title, str) else slide_title
    small = Heading(kind="kicker")
    small += nodes.Text(kicker)
    slide += [small, title, nodes.container("", *blocks, classes=["slide-body"]), Notes()]
    stack = Stack(labels=set(), section=None, own="")
    stack += slide
    return stack


def title_slide(deck, settings, chapter, page) -> Stack:
    """The lecturer's own page, or what the settings say, with the words that open the chapter."""
    own = [stack for stack in deck.stacks if stack["own"] == "opening"]
    if own:
        own[0].children[0]["classes"].append("opening")
        return own[0]
    blocks = [deck.epigraph] if deck.epigraph is not None else []
    when = settings["date"]
    when = f"{date.today():%d %B %Y}".lstrip("0") if when == "today" else when
    who = [settings[key] for key in ("author", "institute") if settings[key]]
    for text, name in ((", ".join(who), "who"), (when, "when")):
        if text:
            blocks.append(nodes.paragraph("", str(text), classes=[name]))
    link = nodes.reference("", "This chapter in the book", refuri=page, internal=False)
    blocks.append(nodes.paragraph("", "", link, classes=["back"]))
    title = [nodes.Text(f"{chapter}. " if chapter else ""), *copies(deck.title)]
    stack = plain(title, *blocks, classes=["opening"], kicker=settings["title"])
    stack.children[0].children[-1].extend(speaker_notes.lines(deck.first_notes))
    return stack


def outline(app, deck, stacks, docname) -> Stack:
    """The sections with their statements."""
    numbers = app.env.toc_fignumbers.get(docname, {})
    numbers = {**numbers.get("theorem", {}), **numbers.get("exercise", {})}
    found = nodes.bullet_list(classes=["outline"])
    for section in deck.sections:
        inside = [s for s in deck.stacks if s["section"] is section and s in stacks]
        if not inside or section[0].astext() == LAST:
            continue
        item = nodes.list_item("", nodes.paragraph("", "", *copies(section[0])))
        names = []
        for stack in inside:
            for box in statements(stack):
                kind = box.get("realtype", "exercise").title()
                names.append(f"{kind} {'.'.join(map(str, numbers[box['ids'][0]]))}")
        if names:
            item += nodes.paragraph("", ", ".join(names), classes=["numbers"])
        found += item
    return plain("Outline", found, classes=["outline-slide"])


def references(app, docname) -> Stack | None:
    """What the chapter cites, from the bibliography of the book."""
    domain = app.env.get_domain("cite")
    keys = {key for ref in domain.citation_refs if ref.docname == docname for key in _keys(ref)}
    entries = {key: domain.bibdata.data.entries[key] for key in keys}
    if not entries:
        return None
    labels = {cited.key: cited.formatted_entry.label for cited in domain.citations}
    order = sorted(entries, key=lambda key: (labels.get(key, "").rjust(5), _who(entries[key])))
    found = nodes.bullet_list(classes=["references"])
    for key in order:
        entry = entries[key]
        field = entry.fields
        where = field.get("journal") or field.get("booktitle") or field.get("publisher") or ""
        # The number that the slides cite it by, which is that of the book.
        text = nodes.paragraph("", _clean(f"[{labels[key]}] {_who(entry)}. "))
        text += nodes.emphasis("", _clean(field.get("title", "")))
        end = ", ".join(filter(None, [where, field.get("year", "")]))
        text += nodes.Text(_clean(f". {end}."))
        found += nodes.list_item("", text)
    many = ["many"] if len(order) > 8 else []
    return plain("References", found, classes=["references-slide", *many])


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
