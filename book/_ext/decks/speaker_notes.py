"""Which slide the prose of the book belongs to, and what of it one says there.

Prose around a figure is read in the order of the page: what was seen on the last slide, then what
to watch on the next. The speaker has no time for paragraphs: each becomes a few lines.
"""

import re

from docutils import nodes

WORDS = 90  # what is said in three quarters of a minute
ASIDES = ("What to watch.", "What was seen.")


class Break(nodes.Invisible, nodes.Element):
    """A heading of the book: what follows speaks of the next slide."""


def divide(blocks: list, empty: bool) -> tuple[list, list]:
    """Prose between two slides: what the last one keeps, and what the next one gets.

    A heading or a paragraph with a bold beginning opens what is next. Without one the first
    paragraph looks back, unless it is the only one and the last slide has notes (not ``empty``).
    """
    for place, block in enumerate(blocks):
        if isinstance(block, Break) or _opens(block):
            return blocks[:place], blocks[place:]
    cut = 1 if empty or len(blocks) > 1 else 0
    return blocks[:cut], blocks[cut:]


def is_for_readers(block) -> bool:
    """Whether a paragraph sends readers to an exercise: no speaker says that."""
    return isinstance(block, nodes.paragraph) and block.astext().startswith("Check yourself. ")


def _opens(block) -> bool:
    first = block.children[0] if block.children else None
    return (
        isinstance(block, nodes.paragraph)
        and isinstance(first, nodes.strong)
        and not first.astext().startswith("What was seen")
    )


def lines(blocks: list, words: int = WORDS) -> list[nodes.Node]:
    """A list of short lines: the first sentences of all paragraphs, then the second ones, ..."""
    paragraphs = [found for block in blocks for found in _paragraphs(block)]
    paragraphs = [_sentences(*found) for found in paragraphs]
    order = sorted(
        (place, number)
        for number, sentences in enumerate(paragraphs)
        for place in range(len(sentences))
    )
    chosen, said = set(), 0
    for place, number in order:
        said += len(" ".join(part.astext() for part in paragraphs[number][place]).split())
        if chosen and said > words:
            break
        chosen.add((number, place))
    items = [
        nodes.list_item("", nodes.paragraph("", "", *_inline(sentence)), *_displays(sentence))
        for number, sentences in enumerate(paragraphs)
        for place, sentence in enumerate(sentences)
        if (number, place) in chosen
    ]
    return [nodes.bullet_list("", *items)] if items else []


def _inline(sentence):
    return [part for part in sentence if not isinstance(part, nodes.math_block)]


def _displays(sentence):
    return [part for part in sentence if isinstance(part, nodes.math_block)]


def _paragraphs(block):
    """Paragraphs of a block with the displays after them; folds and boxes are on paper only."""
    if isinstance(block, nodes.paragraph):
        following, node = [], block.next_node(descend=False, siblings=True)
        while isinstance(node, nodes.math_block | nodes.target):  # a target is its label
            following += [node] if isinstance(node, nodes.math_block) else []
            node = node.next_node(descend=False, siblings=True)
        yield block, following
    elif isinstance(block, nodes.bullet_list | nodes.enumerated_list):
        for item in block.children:
            for inner in item.children:
                yield from _paragraphs(inner)


def _sentences(paragraph, displays) -> list[list[nodes.Node]]:
    found = [[]]
    for part in paragraph.children:
        if isinstance(part, nodes.strong) and part.astext().strip() in ASIDES:
            continue
        if not isinstance(part, nodes.Text):
            found[-1].append(part.deepcopy())
            continue
        text = str(part) if found[-1] else str(part).lstrip()
        first, *others = re.split(r"(?<=[.?!])\s+", text)
        found[-1].append(nodes.Text(first))
        found += [[nodes.Text(other)] for other in others]
    if found[0] and found[0][0].astext()[:1].islower():  # it ends what a formula began
        found = found[1:]
    found = [s for s in found if "".join(part.astext() for part in s).strip(" .")]
    if found and displays:
        found[-1] += [display.deepcopy() for display in displays]
    return found
