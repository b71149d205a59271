"""The package where numba cannot be imported, as in a page of the book: plain Python, same answers.

``make plain`` runs the tests of the solvers so; here are the exercises, and what is special.
"""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

BLOCKED = """
import sys
for name in {names!r}:
    sys.modules[name] = None
sys.path.insert(0, {tests!r})
"""


def run(code: str, *blocked: str) -> str:
    """What a new Python prints in which some packages are blocked."""
    head = BLOCKED.format(names=blocked, tests=str(ROOT / "tests"))
    done = subprocess.run(
        [sys.executable, "-c", head + code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_solution_is_right_without_numba_scipy_and_matplotlib():
    printed = run(
        """
import test_exercises_answers as answers
for name in answers.NAMES:
    print("=", name, answers.otlec.check(name, answers.answer(name, answers.CELLS[name])).status)
""",
        "numba", "scipy", "matplotlib", "tqdm",
    )  # fmt: skip
    verdicts = dict(line.split()[1:] for line in printed.splitlines() if line.startswith("= "))
    assert len(verdicts) >= 59
    assert set(verdicts.values()) == {"right"}, verdicts


def test_wrong_answers_get_the_same_verdict_without_numba():
    code = """
import test_exercises_answers as answers
from wrong_answers import WRONG
for name, wrong in WRONG.items():
    for mistake, answer in wrong:
        print(repr(answers.judge(name, answer)))
"""
    assert run(code, "numba", "scipy") == run(code)


def test_what_needs_scipy_names_it_when_it_is_missing():
    printed = run(
        """
import numpy as np, otlec
try:
    otlec.barycenter([otlec.Measure([0.0, 1.0])] * 3, support=[[0.0], [1.0]])
except ModuleNotFoundError as error:
    print(error.name, "|", error)
""",
        "numba",
        "scipy",
    )
    assert printed.startswith("scipy")
    assert "scipy" in printed.split("|")[1]  # and so does the text


def test_a_numba_that_is_broken_is_an_error(tmp_path):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("import no_such_part_of_numba\n")
    code = f"sys.path.insert(0, {str(tmp_path)!r})\ntry:\n    import otlec\n"
    code += "except ModuleNotFoundError as error:\n    print(error.name)"
    assert run(code).strip() == "no_such_part_of_numba"


PAGE = """
import types
import numpy as np
page = types.ModuleType("otlec_page")
asked = []
def lent(*arguments):
    asked.append(len(arguments))
    return {answer}
page.KERNELS = {{"cost._distance_powers": {{{types!r}: lent}}}}
sys.modules["otlec_page"] = page
import otlec
print(otlec.cost_matrix([[0.0], [1.0]], [[3.0, ], [5.0]], p=1.5).tolist(), asked)
"""
TYPES = ("2float64", "2float64", "float64")


@pytest.mark.parametrize(
    ("types", "answer", "same", "asked"),
    [
        (TYPES, "np.full((2, 2), 7.0)", False, "[3]"),
        (TYPES, "NotImplemented", True, "[3]"),  # it raised: plain Python says what is wrong
        (("2int64", "2float64", "float64"), "np.full((2, 2), 7.0)", True, "[]"),
    ],
)
def test_a_page_lends_kernels_by_name_and_types(types, answer, same, asked):
    plain = run(
        "import otlec\nprint(otlec.cost_matrix([[0.0], [1.0]], [[3.0], [5.0]], p=1.5).tolist())"
    )
    printed = run(PAGE.format(types=types, answer=answer), "numba").strip()
    assert printed == f"{plain.strip() if same else [[7.0, 7.0], [7.0, 7.0]]} {asked}"
