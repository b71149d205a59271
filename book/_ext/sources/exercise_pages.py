"""The exercise pages of the book, from the same source as the student notebooks.

The committed notebook of an exercise page holds the solutions. On its way into the book each of
them becomes a blank, and goes, folded, below the check; with ``STUDENTS=1`` it is left out, from
the chapters as well. The link that each chapter gets at its end offers the student notebook; so do
the download buttons (``pages/page_menus.py``). No extension writes one page in two ways and guards
what can be downloaded.
"""

import json
import os
import sys
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxRole

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
import addresses  # noqa: E402
import exercise_notebooks  # noqa: E402
import lecture  # noqa: E402


def read(app, name: str, text: list[str]) -> None:
    """Transform the source of a page before it is parsed."""
    is_notebook = Path(app.env.doc2path(name)).suffix == ".ipynb"
    if not is_notebook:
        return
    notebook = nbformat.reads(text[0], as_version=4)
    students = app.config.exercises_for_students
    chapter = lecture.of_page(name)
    if chapter and name == chapter.exercises:
        notebook = (
            exercise_notebooks.strip(notebook) if students else exercise_notebooks.as_page(notebook)
        )
    elif students:
        notebook = exercise_notebooks.strip(notebook)
    built = app.builder.name in ("html", "singlehtml")
    if built and chapter and name == chapter.page and chapter.exercises in app.env.found_docs:
        page = chapter.exercises
        notebook.cells.append(
            nbformat.v4.new_markdown_cell(
                f"**Exercises.** The {{doc}}`exercises of this chapter <{page}>` check your "
                f"answers. Work on them in a notebook: {{exercise-notebook}}`{page}`.",
                id="exercises-of-this-chapter",
            )
        )
    text[0] = json.dumps(notebook)


class ExerciseNotebook(SphinxRole):
    """``{exercise-notebook}`x2-exercises```: a link to the student notebook."""

    def run(self):
        """Return a link that the browser saves."""
        file = f"exercises/{self.text}.ipynb"
        return [nodes.reference("", f"{self.text}.ipynb", refuri=file, classes=["download"])], []


def write_notebooks(app, exception) -> None:
    """Put the student notebooks beside the pages."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir) / "exercises"
    exercise_notebooks.write_students(out, addresses.read().requirement)
    (out / "index.html").unlink()  # the pages of the book are the index here


def setup(app):
    """Connect to the reading of sources and to the end of the build."""
    students = os.environ.get("STUDENTS", "") not in ("", "0")
    app.add_config_value("exercises_for_students", students, "env", [bool])
    app.add_role("exercise-notebook", ExerciseNotebook())
    app.connect("source-read", read, priority=400)
    app.connect("build-finished", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
