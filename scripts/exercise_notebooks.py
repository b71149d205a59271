"""Write the exercise notebooks: for students, for instructors, for nbgrader.

usage: exercise_notebooks.py [--out FOLDER] [--nbgrader]

One source, ``book/x*-exercises.md``, holds the texts, the solutions between solution marks, and the
written proofs in folded blocks. From it come the page of the book (the functions below are used in
``book/_ext/sources/exercise_pages.py``), the student notebook, where each solution is a line that
raises ``NotImplementedError("write me")``, and the instructor's notebook. JupyterLab and Colab know
no MyST, so the text becomes plain Markdown (``myst_to_markdown.py``).
"""

import argparse
import copy
import html
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))
import addresses  # noqa: E402
import lecture  # noqa: E402
import notebooks  # noqa: E402
from myst_to_markdown import plain  # noqa: E402

BLANK = 'raise NotImplementedError("write me")'
MARKED = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.M | re.S)
CHECK = re.compile(r'otlec\.check\("([\w.-]+)", (\w+)\)')
SETUP = """\
# On your own machine: pip install {requirement}
# Colab and Binder install it here, beside what they have.
try:
    from otlec import Measure
except ImportError:  # not installed, or only a folder that a former installation has left
    %pip install --quiet {requirement}
    import sys; sys.modules.pop("otlec", None)
import otlec"""
# What a page needs beside numba, NumPy and SciPy: the extra of otlec, and what gives it away.
EXTRAS = {
    "exercises": re.compile(r"otlec\.check\("),
    "photos": re.compile(r"\bpictures\b|\bsklearn\b|\bPIL\b|plot\.(paletted|photographs)"),
    "plot": re.compile(r"\bmatplotlib\b|\bplot\b"),
}


def setup_cell(cells, requirement: str) -> str:
    """The cell that installs what the code cells need, and nothing else."""
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    extras = ",".join(name for name, sign in EXTRAS.items() if sign.search(code))
    if extras:
        named, _, address = requirement.partition("git+")
        requirement = f"otlec[{extras}] @ git+{address}" if address else f"{named}[{extras}]"
    return SETUP.format(requirement=f'"{requirement}"')


def sources() -> list[Path]:
    """The exercise pages, in the order of the chapters."""
    shown = set(lecture.toc())
    names = [chapter.exercises for chapter in lecture.chapters()]
    return [lecture.BOOK / f"{name}.md" for name in names if name in shown]


# Solutions --------------------------------------------------------------------------------------


def blank(code: str) -> str:
    """The code with each marked solution replaced by a line that asks for it."""
    return MARKED.sub(lambda found: found.group(1) + BLANK, code)


def solved(code: str) -> str:
    """The code without the marks."""
    return re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", code, flags=re.M).rstrip("\n")


def written_solutions(text: str) -> list[tuple[int, int, int]]:
    """Where folded solutions stand in MyST: (begin, begin of the content, end)."""
    found, position = [], 0
    opening = re.compile(r"^(:{3,}|`{3,})\{(?:solution\}.*|dropdown\} *Solution.*)\n", re.M)
    while match := opening.search(text, position):
        closing = re.compile(rf"^{match.group(1)}\s*?$", re.M).search(text, match.end())
        end = closing.end() if closing else len(text)
        found.append((match.start(), match.end(), end))
        position = end
    return found


def without_solutions(text: str) -> str:
    """The MyST text without its folded solutions."""
    for begin, _, end in reversed(written_solutions(text)):
        text = text[:begin] + text[end:].lstrip("\n")
    return text.rstrip("\n")


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy without any solution, and without what checks of solutions have said."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = without_solutions(cell.source)
        elif MARKED.search(cell.source):
            cell.source, cell.outputs = blank(cell.source), []
        elif CHECK.search(cell.source):
            cell.outputs = []
    return notebook


def as_page(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy as the book shows it: the blank, the verdict, and the folded solution."""
    notebook = copy.deepcopy(notebook)
    code = verdict = ""
    for cell in notebook.cells:
        if cell.cell_type == "code" and MARKED.search(cell.source):
            code = solved(cell.source)
            cell.source, cell.outputs = blank(cell.source), []
        elif cell.cell_type == "code" and CHECK.search(cell.source):
            verdict = "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs)
            cell.outputs = []
        elif cell.cell_type == "markdown" and code:
            for _, content, _ in written_solutions(cell.source)[:1]:
                block = f"```python\n{code}\n```\n\n```{{raw}} html\n{verdict}\n```\n\n"
                cell.source = cell.source[:content] + block + cell.source[content:]
                code = verdict = ""
    return notebook


# Notebooks --------------------------------------------------------------------------------------


def dressed(notebook, requirement: str) -> nbformat.NotebookNode:
    """Plain Markdown, no tags, a cell in front that installs otlec where it is missing."""
    notebook = copy.deepcopy(notebook)
    cells = []
    for cell in notebook.cells:
        if "remove-cell" in cell.metadata.get("tags", []):
            continue  # for slides only
        if cell.cell_type == "markdown":
            text = plain(cell.source)
            # a notebook is easier to work in when each exercise begins a cell of its own
            pieces = [piece for piece in re.split(r"^(?=## )", text, flags=re.M) if piece.strip()]
            cells += [new_markdown_cell(piece.strip("\n")) for piece in pieces]
        else:
            shown = {"outputs": cell.outputs, "execution_count": cell.execution_count}
            cells.append(new_code_cell(cell.source, **shown))
    cells.insert(1, new_code_cell(setup_cell(cells, requirement)))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:03d}"
    notebook.cells = cells
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "otlec": {"exercises": names_of(notebook)},
    })  # fmt: skip
    nbformat.validate(notebook)
    return notebook


def names_of(notebook) -> list[str]:
    """The exercises that a notebook checks."""
    return [
        name
        for cell in notebook.cells
        if cell.cell_type == "code"
        for name, _ in CHECK.findall(cell.source)
    ]


def student(page: Path, requirement: str = "otlec") -> nbformat.NotebookNode:
    """The notebook to work in."""
    return dressed(strip(notebooks.read_source(page)), requirement)


def instructor(page: Path, requirement: str = "otlec") -> nbformat.NotebookNode:
    """The same with solutions, not executed."""
    return dressed(notebooks.read_source(page), requirement)


def for_nbgrader(page: Path) -> nbformat.NotebookNode:
    """The same in nbgrader's terms: solutions to be cleared, checks to be graded."""
    registry = lecture.registry()
    source = notebooks.read_source(page)
    for cell in source.cells:
        if cell.cell_type == "markdown":
            cell.source = without_solutions(cell.source)
    notebook = dressed(source, "otlec")
    name = ""
    for cell in reversed(notebook.cells):
        if cell.cell_type != "code":
            continue
        if found := CHECK.fullmatch(cell.source.strip()):
            name, answer = found.groups()
            cell.source = f'verdict = otlec.check("{name}", {answer})\nassert verdict, verdict'
            points = registry[name].difficulty
            cell.metadata["nbgrader"] = _grading("check", name, points=points)
        elif MARKED.search(cell.source):
            cell.metadata["nbgrader"] = _grading("answer", name)
    return notebook


def _grading(part: str, name: str, points: int | None = None) -> dict:
    identity = f"{part}-{name}".replace(".", "-")  # nbgrader takes letters, digits, _ and -
    graded = points is not None
    entry = {
        "schema_version": 3, "grade_id": identity, "grade": graded, "solution": not graded,
        "locked": graded, "task": False,
    }  # fmt: skip
    return entry | ({"points": points} if graded else {})


NBGRADER_CONFIG = f"""\
c = get_config()
c.CourseDirectory.course_id = "otlec"
c.ClearSolutions.code_stub = {{"python": {BLANK!r}}}
c.Execute.timeout = 300
"""


INDEX_HEAD = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>otlec: exercises</title>
<style>
body {font: 16px/1.6 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em}
td {padding: .1em 1em .1em 0}
</style>
<h1>Exercises</h1>
<p>Open a notebook in JupyterLab, write the functions, and run the checks.</p>"""


def index_page(pages: list[Path]) -> str:
    """An index of the notebooks: what each exercise asks, how hard it is, how long it takes."""
    from otlec.classroom.exercises import KINDS

    registry = lecture.registry()
    out = [INDEX_HEAD]
    for page in pages:
        chapter = lecture.of_page(page.stem)
        title = f"{chapter.number} {html.escape(chapter.title)}"
        out.append(f"<h2><a href='{page.stem}.ipynb'>{title}</a></h2><table>")
        for name in names_of(notebooks.read_source(page)):
            task = registry[name]
            stars = "★" * task.difficulty + "☆" * (3 - task.difficulty)
            cells = (name, task.title, KINDS[task.kind], stars, f"{task.minutes} min", task.lecture)
            out.append("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
        out.append("</table>")
    return "\n".join(out) + "\n"


def keep_only(folder: Path, written: list[Path]) -> None:
    """Delete the notebooks of pages that the book no longer has, and nobody else's."""
    for file in set(folder.glob("*.ipynb")) - set(written):
        if "otlec" in nbformat.read(file, as_version=4).metadata:
            file.unlink()


def write_students(folder: Path, requirement: str = "otlec") -> list[Path]:
    """Write all student notebooks and their index to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for page in sources():
        written.append(folder / f"{page.stem}.ipynb")
        nbformat.write(student(page, requirement), written[-1])
    keep_only(folder, written)
    (folder / "index.html").write_text(index_page(sources()), encoding="utf-8")
    return written


def main() -> int:
    """Write the notebooks, and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=lecture.ROOT / "_build" / "exercises")
    parser.add_argument("--nbgrader", action="store_true", help="write a course for nbgrader too")
    parser.add_argument(
        "--requirement",
        default=addresses.read().requirement,
        help="what pip installs in Colab (git+ and the repository, where one is configured)",
    )
    options = parser.parse_args()
    out = options.out.resolve()
    written = write_students(out, options.requirement)
    print(f"{len(written)} student notebooks: {out / 'index.html'}")
    # beside the students' folder, so that the latter can be handed out as it is
    folder = out.with_name(out.name + "-instructor")
    folder.mkdir(parents=True, exist_ok=True)
    for page in sources():
        nbformat.write(instructor(page, options.requirement), folder / f"{page.stem}.ipynb")
    keep_only(folder, [folder / f"{page.stem}.ipynb" for page in sources()])
    print(f"with solutions: {folder}")
    if options.nbgrader:
        course = out.with_name(out.name + "-nbgrader")
        shutil.rmtree(course / "source", ignore_errors=True)
        for page in sources():
            (course / "source" / page.stem).mkdir(parents=True, exist_ok=True)
            target = course / "source" / page.stem / f"{page.stem}.ipynb"
            nbformat.write(for_nbgrader(page), target)
        (course / "nbgrader_config.py").write_text(NBGRADER_CONFIG)
        print(f"a course for nbgrader: {course}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
