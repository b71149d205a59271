"""The reference of the package: docstrings of all public names, grouped by module.

``{functions}`` walks through ``otlec.__all__`` and hands each name to sphinx.ext.autodoc. Formulas
in docstrings stand between dollars, as in the book; autodoc reads reStructuredText, which knows no
dollars, so they become math roles on the way.
"""

import inspect
import operator
import re
import sys
from pathlib import Path

from docutils import nodes
from sources.dependencies import note_files
from sphinx.util.docutils import SphinxDirective

import otlec
from otlec.drawing import plot

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lecture


def names_by_module() -> dict[str, list[str]]:
    """The public names of each module, the modules in the order of the lecture, figures last."""
    groups = {module: [] for module in lecture.functions()}
    for name in otlec.__all__:
        module = getattr(otlec, name).__module__.removeprefix("otlec.")
        groups.setdefault(module, []).append(name)
    drawing = [
        f"drawing.plot.{name}"
        for name, thing in vars(plot).items()
        if inspect.isfunction(thing)
        and thing.__module__.startswith("otlec.drawing.")
        and name[0] != "_"
    ]
    return {module: names for module, names in groups.items() if names} | {"drawing.plot": drawing}


class Functions(SphinxDirective):
    """``{functions}``: all public names with their docstrings."""

    def run(self) -> list[nodes.Node]:
        """Write autodoc directives and let them be parsed as reStructuredText."""
        note_files(self.env, "otlec/**/*.py", "book/lecture.yml")
        found = []
        for module, names in names_by_module().items():
            section = nodes.section(ids=[f"module-{module.replace('_', '-')}"])
            section += nodes.title(text=f"otlec.{module}")
            lines = []
            for name in names:
                thing = operator.attrgetter(name)(otlec)
                kind = "autoclass" if isinstance(thing, type) else "autofunction"
                lines += [f".. {kind}:: otlec.{name}"]
                if kind == "autoclass":  # what plans inherit is theirs: map, is_map, permutation
                    lines += ["   :members:", "   :inherited-members: tuple"]
                lines += [""]
            source = "\n".join(["```{eval-rst}", *lines, "```"])
            section += self.parse_text_to_nodes(source)
            found.append(section)
        return found


def _to_restructured(piece: str) -> str:
    """One piece of a docstring: a formula, a name in backticks, or prose whose signs are meant."""
    if piece.startswith("$"):
        return f":math:`{' '.join(piece.strip('$').split())}`"
    if piece.startswith("`"):
        return piece
    piece = re.sub(r"\|", r"\\|", piece)
    piece = re.sub(r"\*(?!\w[\w ]*\*)(?<!\w\*)", r"\\*", piece)
    return re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", piece)


def dollars_to_roles(app, what, name, obj, options, lines):
    """Turn $...$ in a docstring into :math:`...`, across line ends too, and protect |x| and a*b."""
    pieces = re.split(r"(\$\$[^$]+\$\$|\$[^$]+\$|``.+?``|`[^`]+`)", "\n".join(lines), flags=re.S)
    lines[:] = "".join(map(_to_restructured, pieces)).split("\n")


def whole_sentences(app, what, name, obj, options, lines):
    """Mend what napoleon takes for a type: "The gap: 0 proves it." comes as "0 proves it."."""
    start = next((k for k, line in enumerate(lines) if line.startswith(":type: ")), None)
    if what == "property" and start is not None:
        lines[0] = f"{lines[start].removeprefix(':type: ')}: {lines[0]}"
        del lines[start:]


def setup(app):
    """Register the directive and the treatment of docstrings."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.add_directive("functions", Functions)
    app.connect("autodoc-process-docstring", dollars_to_roles, priority=100)
    app.connect("autodoc-process-docstring", whole_sentences, priority=900)  # after napoleon
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
