"""otlec in the page: with NumPy for Pyodide, every verdict and every output is that of CPython.

Only where ``OTLEC_PYODIDE`` names a folder with Pyodide's core and NumPy, and the book was built
with ``PYODIDE`` naming it too: the wheels are on no package registry. The workflows download them.
"""

import csv
import json
import linecache
import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import page_site as site
import pytest
from conftest import ROOT
from test_exercises_answers import CELLS, NAMES, answer
from wrong_answers import WRONG

from otlec.classroom.exercises import REGISTRY, judge

sys.path.insert(0, str(ROOT / "scripts"))
import exercise_notebooks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not os.environ.get("OTLEC_PYODIDE"),
        reason="OTLEC_PYODIDE names no folder with NumPy for Pyodide, which no registry has",
    ),
]
LONG = 300_000  # milliseconds: a slow machine is no error
# Where the folder has no matplotlib: drawing does nothing, so that the texts of all cells remain.
NO_PICTURES = """
import importlib.util, sys
if importlib.util.find_spec("matplotlib") is None:
    class Nothing:  # which outlives the names of a chapter, so it asks for none
        import numpy as np
        __path__, __spec__ = [], type(sys.__spec__)("matplotlib", None)
        def __init__(self, *_, **__): pass
        def __call__(self, *_, **__): return type(self)()
        def __iter__(self): return iter(())
        def __getitem__(self, _): return type(self)()
        def __setitem__(self, *_): pass
        def __enter__(self): return self
        def __exit__(self, *_): pass
        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(name)
            return type(self)()
        def subplots(self, rows=1, columns=1, **_):
            axes = [[type(self)() for _ in range(columns)] for _ in range(rows)]
            axes = self.np.array(axes, object)
            return type(self)(), axes.squeeze() if axes.size > 1 else axes[0, 0]
    for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.collections", "matplotlib.colors",
                 "matplotlib.figure", "matplotlib.patches", "matplotlib.image", "matplotlib.tri",
                 "matplotlib.lines", "matplotlib.ticker", "otlec_page_backend"):
        sys.modules[name] = Nothing()
"""


@pytest.fixture(scope="module")
def python(browser, built_book):
    if not (built_book / "_static" / "python" / "pyodide.asm.wasm").exists():
        pytest.skip("the book was not built with PYODIDE=FOLDER")
    with site.Server(built_book) as server:
        page = browser.new_page()
        page.set_default_timeout(LONG)
        site.drive(page, server.address)
        yield lambda source, name="cell": page.evaluate(
            "([source, name]) => runPython(source, name)", [source, name]
        )


def text(result: dict) -> str:
    return "".join(item["text"] for item in result["outputs"] if item["kind"] != "verdict")


# a student's function, to which is closed what is closed to students
LEND = "lend = lambda like: lambda *args: like(*args)"
# another rounding, of a number near 0 or of which of two equal errors is the larger one
NOISE = re.compile(r"found (0|-?[\d.]+e-1\d) at \[\d+\] where -?\d+")


def same(one: str, other: str) -> bool:
    """Whether two verdicts are one, but for the digits of a zero."""
    return NOISE.sub("found 0", one) == NOISE.sub("found 0", other)


def test_every_solution_is_right(python):
    python("import numpy as np, otlec\nfrom otlec import Measure")
    wrong = {}
    for name in NAMES:
        python(CELLS[name])
        shown = text(python(f'print(repr(otlec.check("{name}", {REGISTRY[name].answer})))'))
        if shown.strip() != repr(judge(name, answer(name, CELLS[name]))):
            wrong[name] = shown
    assert not wrong


def test_wrong_answers_get_the_verdict_of_cpython(python):
    source = (ROOT / "tests" / "wrong_answers.py").read_text()
    python(source)
    python("from otlec.classroom.exercises import judge")
    differ, count = {}, 0
    made = [
        (name, k, j)
        for name in NAMES
        for k, mistake in enumerate(REGISTRY[name].mistakes)
        for j in range(len(mistake.makers))
        if name != "5.1a"  # those call the solver itself
    ]
    for name, answers in WRONG.items():
        for k, (_, wrong) in enumerate(answers):
            here = repr(judge(name, wrong))
            there = text(python(f"print(repr(judge({name!r}, WRONG[{name!r}][{k}][1])))")).rstrip()
            count += 1
            if not same(here, there):
                differ[name, k] = here, there
    python("from otlec.classroom.exercises import REGISTRY")
    python(LEND)
    space = {}
    linecache.cache["<lend>"] = len(LEND), None, [LEND], "<lend>"  # verdicts quote the line
    exec(compile(LEND, "<lend>", "exec"), space)
    for name, k, j in made:
        here = repr(judge(name, space["lend"](REGISTRY[name].mistakes[k].makers[j])))
        there = f"print(repr(judge({name!r}, lend(REGISTRY[{name!r}].mistakes[{k}].makers[{j}]))))"
        there = text(python(there)).rstrip()
        count += 1
        if not same(here, there):
            differ[name, k, j] = here, there
    assert count >= 60
    assert not differ, json.dumps({str(k): v for k, v in differ.items()}, indent=1)


def digest(text: str) -> str:
    """That of ``page.js``."""
    h = 5381
    for c in text:
        h = (h * 33 + ord(c)) % 2**32
    return np.base_repr(h, 36).lower()


def outputs(cell) -> str:
    """The text of a notebook's cell, without what is drawn."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


TOO_HEAVY = 60  # seconds, as measured by bench/page_python.py
RESULTS = ROOT / "bench" / "results" / "page_python.json"
MEASURED = json.loads(RESULTS.read_text())["heavy"] if RESULTS.exists() else {}
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("0*.ipynb"))


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_texts_of_a_chapter_are_those_of_its_notebook(python, page):
    notebook = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4)
    python("import otlec_startup\notlec_startup.reset()")
    python(NO_PICTURES)
    differ, same, lacking = [], 0, 0
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        if MEASURED.get(page, {}).get(digest(cell.source), 0) > TOO_HEAVY:
            print(f"{page}: cell {number} is too heavy for a page")
            continue
        result = python(cell.source, f"cell {number}")
        shown = "".join(o["text"] for o in result["outputs"] if o.get("type") == "stdout")
        lacking += any(o.get("missing") or o["kind"] == "lack" for o in result["outputs"])
        if not result["ok"] and lacking:
            continue  # SciPy, which the folder may not hold, and what stands on its results
        if outputs(cell) and shown != outputs(cell):
            differ.append((number, outputs(cell), text(result)[-600:]))
        elif outputs(cell):
            same += 1
    print(f"{page}: {same} the same, {lacking} lack a package")
    assert not differ, json.dumps(differ, indent=1)
    assert same >= 5


def one_of(page: str) -> str:
    """The first exercise of a page, as the book orders them."""
    return next(name for name in NAMES if name.startswith(page[1]))


def test_five_exercises_of_five_chapters_are_solved_on_a_telephone_and_the_grader_agrees(
    browser, built_book, tmp_path
):
    if not (built_book / "_static" / "python").exists():
        pytest.skip("the book was not built with PYODIDE=FOLDER")
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(LONG)
    page = context.new_page()
    names = [one_of(f"x{k}") for k in range(1, 6)]
    submissions = tmp_path / "submissions"
    said = {}
    with site.Server(built_book) as server:
        for k, name in enumerate(names, 1):
            page.goto(f"{server.address}x{k}-exercises.html")
            page.get_by_role("button", name="Run Python in this page").tap()
            area = page.get_by_label(f"Your answer to {name}", exact=True)
            check = page.get_by_role("button", name=f"Check {name}", exact=True)
            verdict = page.get_by_label(f"Verdict on {name}", exact=True)
            if k == 1:  # break it on purpose, before
                area.fill("while True:\n    pass")
                page.locator(".otlec-python[data-state=ready]").wait_for(timeout=LONG)
                check.tap()
                page.get_by_role("button", name="Stop").locator("visible=true").tap()
            area.fill(exercise_notebooks.solved(CELLS[name]))
            check.tap()
            verdict.get_by_text("right").first.wait_for(timeout=LONG)
            assert verdict.inner_text().startswith(f"✓ {name}")
            if k == 2:  # a second answer, which is wrong
                other = NAMES[NAMES.index(name) + 1]
                function = REGISTRY[other].answer
                wrong = f"def {function}(*args):\n    return 0"
                page.get_by_label(f"Your answer to {other}", exact=True).fill(wrong)
                page.get_by_role("button", name=f"Check {other}", exact=True).tap()
                page.get_by_label(f"Verdict on {other}").get_by_text("✗").wait_for(timeout=LONG)
                said[other] = False
            said[name] = True
        page.goto(f"{server.address}x1-exercises.html")
        area = page.get_by_label(f"Your answer to {names[0]}", exact=True)
        assert area.input_value() == exercise_notebooks.solved(CELLS[names[0]])
        for k in range(1, 6):
            page.goto(f"{server.address}x{k}-exercises.html")
            with page.expect_download() as waiting:
                page.get_by_role("button", name="Download my notebook").tap()
            waiting.value.save_as(submissions / "student" / waiting.value.suggested_filename)
        page.goto(f"{server.address}index.html")
        assert "5 of" in page.locator(".otlec-solved").inner_text()
    context.close()
    grades = tmp_path / "grades.csv"
    subprocess.run(
        [sys.executable, "-m", "otlec.classroom.grade", submissions, "--out", grades],
        check=True, capture_output=True,
    )  # fmt: skip
    with grades.open(newline="", encoding="utf-8") as file:
        rows = {row["exercise"]: row["status"] for row in csv.DictReader(file)}
    for name in NAMES:
        assert (rows[name] == "right") == said.get(name, False), (name, rows[name])
        if name not in said:
            assert rows[name] == "blank"


SOLVERS = """
import hashlib, numpy as np, otlec
rng = np.random.default_rng(3)
def digest(*arrays):
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:16]
for n in (1, 7, 60, 200):
    cost = rng.random((n, n))
    plan = otlec.assignment(cost)
    print(n, digest(plan.permutation.astype(np.int64), plan.phi, plan.psi))
    plan = otlec.shortest_augmenting_paths(np.round(cost, 1))
    print(n, digest(plan.permutation.astype(np.int64), plan.phi, plan.psi))
a, b = rng.integers(1, 9, 40).astype(float), rng.integers(1, 9, 30).astype(float)
a, b = a / a.sum(), b / b.sum()
cost = rng.random((40, 30))
for plan in (otlec.transport(a, b, cost), otlec.transport_1d(rng.random(40), rng.random(30), a, b)):
    print(digest(plan.rows.astype(np.int64), plan.cols.astype(np.int64), plan.mass))
"""


def test_the_solvers_compute_the_same_bits_with_the_pages_kernels(python):
    space = {"print": lambda *words: lines.append(" ".join(map(str, words)))}
    lines = []
    exec(SOLVERS, space)
    result = python(SOLVERS)
    assert text(result).split("\n")[:-1] == lines, result
    used = python("import otlec_page\nprint(sorted(otlec_page.CALLED))")
    for name in ("hungarian._augment_all", "assignment_routes._bid_on_rows",
                 "network_simplex._pivot", "quantile._merge"):  # fmt: skip
        assert name in text(used)
