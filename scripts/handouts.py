"""Write the notebooks for readers: every page with code, ready to run wherever it is opened.

usage: handouts.py [--out FOLDER]      (default: _build/notebooks)

These are the notebooks behind the download and launch buttons. A cell in front installs otlec where
it is missing, the text is plain Markdown, and the exercise pages are the students' (with
``STUDENTS=1`` no chapter shows a solution either). The committed notebooks keep their MyST, which
the book needs and no notebook editor shows.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))
import addresses  # noqa: E402
import exercise_notebooks  # noqa: E402
import lecture  # noqa: E402
import notebooks  # noqa: E402


def names() -> list[str]:
    """The pages of the book that are notebooks."""
    return [page.stem for page in pages()]


def pages() -> list[Path]:
    """Their sources."""
    shown = set(lecture.toc())
    return [page for page in notebooks.sources() if page.stem in shown]


def handout(page: Path, requirement: str, students: bool = False) -> nbformat.NotebookNode:
    """The notebook of one page: an exercise page as students get it, a chapter with its outputs."""
    if page in exercise_notebooks.sources():
        return exercise_notebooks.student(page, requirement)
    notebook = nbformat.read(page.with_suffix(".ipynb"), as_version=4)
    return exercise_notebooks.dressed(
        exercise_notebooks.strip(notebook) if students else notebook, requirement
    )


def source(page: Path, students: bool = False) -> str:
    """The MyST of one page, which jupytext opens as a notebook, without what students must find."""
    text = page.read_text(encoding="utf-8")
    if students or page in exercise_notebooks.sources():
        text = exercise_notebooks.without_solutions(exercise_notebooks.blank(text)) + "\n"
    return text


def write(folder: Path, requirement: str, students: bool = False, sources: bool = False) -> None:
    """Write the notebooks of all pages, and their MyST beside them if it is asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    exercise_notebooks.keep_only(folder, [folder / f"{name}.ipynb" for name in names()])
    for page in pages():
        nbformat.write(handout(page, requirement, students), folder / f"{page.stem}.ipynb")
        if sources:
            (folder / page.name).write_text(source(page, students), encoding="utf-8")


def main() -> int:
    """Write the notebooks, and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=lecture.ROOT / "_build" / addresses.HANDOUTS)
    out = parser.parse_args().out.resolve()
    students = os.environ.get("STUDENTS", "") not in ("", "0")
    write(out, addresses.read().requirement, students)
    print(f"{len(names())} notebooks: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
