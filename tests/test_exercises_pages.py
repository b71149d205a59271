"""One source: the page, the student notebook and the instructor's agree, and no solution leaks."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import ROOT

from otlec.classroom import exercises
from otlec.classroom.exercises import KINDS, REGISTRY

sys.path.insert(0, str(ROOT / "scripts"))
import exercise_notebooks
import handouts
import lecture
import myst_to_markdown
import notebooks

PAGES = exercise_notebooks.sources()
SHOWN = {item.item for item in lecture.items()}
NAMES = [name for name, task in REGISTRY.items() if task.item in SHOWN]
SCRIPT = ROOT / "scripts" / "exercise_notebooks.py"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_given_cell_takes_the_name_of_an_answer(page):
    notebook = notebooks.read_source(page)
    answers = {REGISTRY[name].answer for name in exercise_notebooks.names_of(notebook)}
    for cell in code_cells(notebook):
        if "exercise" in cell.metadata.get("tags", []):
            continue
        bound = {
            node.id
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert not bound & answers, cell.source


def solution_lines() -> set[str]:
    """What must not be seen by students: lines of solutions, of their code and of their text.

    Lines that also stand in what students are given, or in a chapter outside of its solutions, tell
    nothing; neither do very short ones.
    """
    secret, given = set(), set()
    for page in handouts.pages():
        notebook = notebooks.read_source(page)
        stripped = exercise_notebooks.strip(notebook)
        for full, open_ in zip(notebook.cells, stripped.cells, strict=True):
            secret |= set(full.source.splitlines()) - set(open_.source.splitlines())
            given |= set(open_.source.splitlines())
    secret = {line.strip() for line in secret} - {line.strip() for line in given}
    return {line for line in secret if len(line) >= 12 and not re.match(r"[:`]{3}|#", line)}


SECRET = solution_lines()


def squeeze(text: str) -> str:
    """The text without blanks and without the signs that turn into markup."""
    return re.sub(r"\s+|\\[()\[\]]|[$*`]", "", text).replace("’", "'")


def words_of(page: str) -> str:
    """What a page says, with the TeX of its formulas in their place."""
    soup = BeautifulSoup(page, "html.parser")
    for formula in soup.select("[data-tex]"):
        formula.string = formula["data-tex"]
    return soup.get_text(" ")


FORMS = [(line, json.dumps(line)[1:-1], squeeze(line)) for line in sorted(SECRET)]


def leaks(text: str) -> list[str]:
    """The secret lines that a text holds, also when it is JSON or HTML."""
    shown = squeeze(words_of(text)) if "<" in text else ""
    return [line for line, quoted, flat in FORMS if line in text or quoted in text or flat in shown]


@pytest.mark.chapter(2)
def test_the_lines_to_be_hidden_are_found():
    assert len(SECRET) > 150
    assert any("np.cumsum(a[order])" in line for line in SECRET)
    assert any("goes on to $k$ with the probability" in line for line in SECRET)
    assert leaks("x\n    height = np.cumsum(a[order])[:-1]\n")
    assert leaks("<pre>height <b>=</b> np.cumsum(a[order])[:-1]</pre>")


def test_the_marks_on_the_page_are_those_of_the_register():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name in exercise_notebooks.names_of(notebooks.read_source(page)):
            task = REGISTRY[name]
            heading = text.index(f"\n## {name} {task.title}\n")
            marks = text[heading:].split("\n\n")[1]
            stars = "★" * task.difficulty + "☆" * (3 - task.difficulty)
            assert f"**{KINDS[task.kind]}** · difficulty {stars} · {task.minutes} min" in marks
            assert f"(x-{name.replace('.', '-')})=" in text


def test_every_chapter_has_its_page_and_every_exercise_stands_on_one():
    assert [page.stem for page in PAGES] == [c.exercises for c in lecture.chapters()]
    names = [
        name for page in PAGES for name in exercise_notebooks.names_of(notebooks.read_source(page))
    ]
    assert names == NAMES


def test_the_lecture_file_names_the_judges_of_each_chapter():
    """The package has its own list, since it is installed without the book."""
    named = [judge for chapter in lecture.all_chapters() for judge in chapter.judges]
    assert named == list(exercises._FILES)
    package = ROOT / "otlec" / "classroom" / "exercises"
    assert set(named) == {file.stem for file in package.glob("[!_]*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_student_notebook_holds_blanks_and_no_solution(page):
    notebook = exercise_notebooks.student(page)
    nbformat.validate(notebook)
    names = exercise_notebooks.names_of(notebook)
    blanks = [cell for cell in code_cells(notebook) if exercise_notebooks.BLANK in cell.source]
    assert len(blanks) == len(names)
    whole = nbformat.writes(notebook)  # metadata and outputs included
    assert leaks(whole) == []
    assert "SOLUTION" not in whole
    assert "Solution" not in whole
    assert notebook.metadata["otlec"]["exercises"] == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_notebooks_are_legible_without_myst(page):
    for notebook in (exercise_notebooks.student(page), exercise_notebooks.instructor(page)):
        for cell in notebook.cells:
            if cell.cell_type != "markdown":
                continue
            assert not re.search(r"\{[a-z:]+\}`|^:::|^```\{|^\([\w-]+\)=", cell.source, re.M), cell
            for name in myst_to_markdown.macros():
                assert not re.search(rf"\\{name}(?![a-zA-Z])", cell.source), (name, cell.source)


@pytest.mark.chapter(2)
def test_abbreviations_are_spelt_out_with_their_arguments():
    assert myst_to_markdown.spell_out(r"$\R^d$ and $\abs{x_{1}}$") == (
        r"$\mathbb{R}^d$ and $\left\lvert\vphantom{(} x_{1} \right\rvert$"
    )
    assert myst_to_markdown.spell_out(r"$\Rightarrow$") == r"$\Rightarrow$"
    text = myst_to_markdown.plain(
        "(a-b)=\n:::{tip} Mind\nSee {prf:ref}`lem-gluing`.\n:::\n{ref}`x <y>`"
    )
    assert text == "> **Mind**\n>\n> See Lemma 2.3.\nx"


def test_the_first_cell_installs_what_is_missing():
    notebook = exercise_notebooks.student(PAGES[0], requirement="git+https://example.org/otlec")
    first = code_cells(notebook)[0].source
    assert '%pip install --quiet "otlec[exercises,plot] @ git+https://example.org/otlec"' in first


@pytest.mark.parametrize(
    ("code", "requirement"),
    [
        ("x = 1", '"otlec"'),
        ("from otlec.drawing import plot", '"otlec[plot]"'),
        ("from otlec.drawing import pictures", '"otlec[photos]"'),
        ('otlec.check("2.3", f)\nimport matplotlib', '"otlec[exercises,plot]"'),
    ],
)
def test_a_notebook_installs_just_what_its_code_needs(code, requirement):
    cell = exercise_notebooks.setup_cell([nbformat.v4.new_code_cell(code)], "otlec")
    assert f"%pip install --quiet {requirement}\n" in cell


def test_a_folder_that_an_uninstalled_package_left_does_not_count_as_installed(tmp_path):
    """Numba's cache files stay behind, in folders that Python imports as an empty package."""
    (tmp_path / "otlec" / "__pycache__").mkdir(parents=True)
    lines = exercise_notebooks.setup_cell([], "otlec").splitlines()
    install = next(k for k, line in enumerate(lines) if "%pip" in line)
    lines[install] = "    print('installs')"
    code = "\n".join([f"import sys; sys.path.insert(0, {str(tmp_path)!r})", *lines[:-1]])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "installs\n", done.stderr


@pytest.mark.chapter(4)
def test_a_student_notebook_runs_by_itself_up_to_its_blanks(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    notebook = exercise_notebooks.student(ROOT / "book" / "x4-exercises.md")
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    said = [
        output["data"]["text/plain"]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "data" in output and "image/png" not in output["data"]
    ]
    assert len(said) == sum(task.name.startswith("4") for task in REGISTRY.values())
    assert all("write me" in text for text in said)


@pytest.mark.chapter(2)
def test_the_command_writes_notebooks_an_index_and_apart_from_them_the_solutions(tmp_path):
    subprocess.run(
        [sys.executable, SCRIPT, "--out", tmp_path / "out", "--nbgrader"],
        check=True, capture_output=True,
    )  # fmt: skip
    students = {file.name for file in (tmp_path / "out").iterdir()}
    assert students == {"index.html", *(f"{page.stem}.ipynb" for page in PAGES)}
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert all(f"<td>{name}</td>" in index for name in NAMES)
    assert leaks(index) == []
    text = (tmp_path / "out-instructor" / "x1-exercises.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" in text
    source = tmp_path / "out-nbgrader" / "source" / "x2-exercises" / "x2-exercises.ipynb"
    cells = code_cells(nbformat.read(source, as_version=4))
    graded = [c.metadata["nbgrader"] for c in cells if "nbgrader" in c.metadata]
    count = len(exercise_notebooks.names_of(notebooks.read_source(PAGES[1])))
    assert sum(c["grade"] for c in graded) == sum(c["solution"] for c in graded) == count
    assert len({c["grade_id"] for c in graded}) == 2 * count
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", c["grade_id"]) for c in graded)


# The built book ---------------------------------------------------------------------------------


def test_the_page_of_the_book_shows_the_blank_and_folds_the_solution(built_book):
    for page in PAGES:
        soup = BeautifulSoup((built_book / f"{page.stem}.html").read_text("utf-8"), "html.parser")
        names = exercise_notebooks.names_of(notebooks.read_source(page))
        folded = soup.select("article details.sd-dropdown")
        assert len(folded) == len(names)
        for block in folded:
            assert "✓" in block.get_text()
            assert block.get("open") is None
        shown = [cell.get_text() for cell in soup.select("article div.cell_input")]
        assert sum("write me" in text for text in shown) == len(names)
        button = nbformat.read(built_book / "_sources" / f"{page.stem}.ipynb", as_version=4)
        assert button.cells == exercise_notebooks.student(page).cells


def test_the_search_for_leaks_would_see_the_solutions(built_book):
    """In the book with solutions it finds nearly all of them."""
    found = set()
    for page in built_book.glob("*.html"):
        found |= set(leaks(page.read_text(encoding="utf-8")))
    assert len(found) >= 0.97 * len(SECRET)


def test_every_chapter_offers_its_exercises_and_their_notebook(built_book):
    for page in PAGES:
        (chapter,) = built_book.glob(f"0{page.stem[1]}-*.html")
        soup = BeautifulSoup(chapter.read_text(encoding="utf-8"), "html.parser")
        links = {link["href"] for link in soup.select("article a[href]")}
        assert f"{page.stem}.html" in {link.split("#")[0] for link in links}
        assert f"exercises/{page.stem}.ipynb" in links
        assert (built_book / "exercises" / f"{page.stem}.ipynb").exists()


@pytest.fixture(scope="module")
def students_book(tmp_path_factory):
    """The book as ``make book STUDENTS=1`` builds it."""
    out = tmp_path_factory.mktemp("students")
    done = subprocess.run(
        [Path(sys.executable).with_name("jupyter-book"), "build", "book", "--config", "_config.yml",
         "--path-output", out, "-W", "-n", "--keep-going", "--quiet"],
        cwd=ROOT, env=os.environ | {"STUDENTS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out / "_build" / "html"


def test_no_file_of_the_students_book_holds_a_solution(students_book):
    """Pages, sources, the search index, notebooks for download: all files that are text."""
    looked_at = 0
    for file in students_book.rglob("*"):
        if file.suffix not in (".html", ".ipynb", ".md", ".txt", ".js", ".json", ".css", ".inv"):
            continue
        if "_static" in file.parts and file.suffix != ".json":
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        assert "BEGIN SOLUTION" not in text, file
        assert leaks(text) == [], file
        looked_at += 1
    assert looked_at >= 20


@pytest.mark.chapter(2)
def test_the_search_index_knows_no_word_of_a_solution_that_stands_on_no_page(students_book):
    stemmer = pytest.importorskip("snowballstemmer").stemmer("english")

    def stems(text: str) -> set[str]:
        return {stemmer.stemWord(word) for word in re.findall(r"[a-z]{3,}", text.lower())}

    text = (students_book / "searchindex.js").read_text(encoding="utf-8")
    terms = set(
        json.loads(re.fullmatch(r"Search\.setIndex\((.*)\);?\s*", text, re.S).group(1))["terms"]
    )
    shown = set()
    for page in students_book.glob("*.html"):
        shown |= stems(words_of(page.read_text(encoding="utf-8")))
    hidden = stems("\n".join(SECRET)) - shown
    assert len(hidden) >= 5
    assert "fluctuat" in hidden
    assert "minkowski" in terms
    assert hidden.isdisjoint(terms), hidden & terms


@pytest.mark.chapter(2)
def test_the_students_book_has_the_exercises_and_their_numbers(students_book):
    for page in PAGES:
        text = (students_book / f"{page.stem}.html").read_text(encoding="utf-8")
        assert "write me" in text
        assert "sd-dropdown" not in text
    chapter = (students_book / f"{lecture.chapter(2).page}.html").read_text(encoding="utf-8")
    assert "Exercise 2.4" in chapter
    assert "Remark 2.5" in chapter


def test_the_slides_hold_no_solution_of_an_exercise():
    """Slides are made from chapters; their own exercises, too, are stripped with STUDENTS=1."""
    decks = list((ROOT / "_build" / "slides").glob("*.html"))
    if not decks:
        pytest.skip("the slides are not built: run 'make slides' first")
    pages = set()
    for page in PAGES:
        notebook = notebooks.read_source(page)
        for full, stripped in zip(
            notebook.cells, exercise_notebooks.strip(notebook).cells, strict=True
        ):
            pages |= set(full.source.splitlines()) - set(stripped.source.splitlines())
    secret = {line.strip() for line in pages} & SECRET
    assert len(secret) > 150
    for deck in decks:
        text = deck.read_text(encoding="utf-8")
        assert [line for line in leaks(text) if line in secret] == [], deck


def test_notebooks_of_removed_pages_go_and_those_of_others_stay(tmp_path):
    mine = nbformat.v4.new_notebook()
    nbformat.write(mine, tmp_path / "my-own.ipynb")
    nbformat.write(exercise_notebooks.student(PAGES[0]), tmp_path / "x9-exercises.ipynb")
    written = exercise_notebooks.write_students(tmp_path)
    assert set(tmp_path.glob("*.ipynb")) == {*written, tmp_path / "my-own.ipynb"}
