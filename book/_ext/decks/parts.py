"""The nodes of a deck, and how they are written."""

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator


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


def copies(node) -> list[nodes.Node]:
    """Copies of what a node holds."""
    return [child.deepcopy() for child in node.children]


def statements(node) -> list[nodes.Node]:
    """The boxes of the lecture's statements and exercises in a node."""
    return [
        found for found in node.findall(nodes.Element) if "realtype" in found or _is_exercise(found)
    ]


def _is_exercise(node) -> bool:
    return node.tagname in ("exercise_node", "exercise_enumerable_node")


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
