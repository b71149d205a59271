"""The exercises as a course for nbgrader, with the real nbgrader: hand out, hand in, grade."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

apps = pytest.importorskip("nbgrader.apps", reason="the extra 'nbgrader' is not installed")
from nbgrader.api import Gradebook  # noqa: E402
from traitlets.config import Config  # noqa: E402

from otlec.classroom.exercises import REGISTRY  # noqa: E402

sys.path.insert(0, str(ROOT / "scripts"))
import exercise_notebooks  # noqa: E402

CHECKED = re.compile(r'otlec\.check\("([^"]+)"')


def half_right(source, released) -> set[str]:
    """Fill every second answer of a released notebook in; return the names of those exercises."""
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    given = sorted(answers)[::2]
    for cell in released.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in given:
            cell.source = answers[cell.metadata.nbgrader.grade_id]
    names = {re.sub(r"\W", "-", name): name for name in REGISTRY}
    return {names[identity.removeprefix("answer-")] for identity in given}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose notebooks are released, and handed in right, blank and half right."""
    folder = tmp_path_factory.mktemp("course")
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(folder), "otlec"
    config.ClearSolutions.code_stub = {"python": exercise_notebooks.BLANK}
    config.Execute.timeout = 300
    filled = {}
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    api = apps.NbGraderAPI(config=config)
    for page in exercise_notebooks.sources():
        name = page.stem
        source = exercise_notebooks.for_nbgrader(page)
        (folder / "source" / name).mkdir(parents=True)
        nbformat.write(source, folder / "source" / name / f"{name}.ipynb")
        done = api.generate_assignment(name)
        assert done["success"], done["log"]
        released = nbformat.read(folder / "release" / name / f"{name}.ipynb", as_version=4)
        half = nbformat.from_dict(released)
        filled[name] = half_right(source, half)
        for student, notebook in (("right", source), ("blank", released), ("half", half)):
            handed_in = folder / "submitted" / student / name
            handed_in.mkdir(parents=True)
            nbformat.write(notebook, handed_in / f"{name}.ipynb")
    yield folder, api, filled
    os.environ["PATH"] = before


@pytest.mark.needs_jit
@pytest.mark.parametrize("page", exercise_notebooks.sources(), ids=lambda page: page.stem)
def test_nbgrader_gives_the_marks_that_each_copy_deserves(course, page):
    folder, api, filled = course
    name = page.stem
    released = (folder / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in released
    names = set(CHECKED.findall(released.replace("\\", "")))
    points = {student: 0.0 for student in ("right", "blank", "half")}
    points["right"] = sum(REGISTRY[exercise].difficulty for exercise in names)
    points["half"] = sum(REGISTRY[exercise].difficulty for exercise in filled[name])
    for student in points:
        done = api.autograde(name, student)
        assert done["success"], done["log"]
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "otlec") as gradebook:
        scores = {student: gradebook.find_submission(name, student).score for student in points}
    assert scores == points
