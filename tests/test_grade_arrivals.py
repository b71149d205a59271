"""What real classes hand in: every file becomes a row, and marks go back where they came from."""

import csv
import json
import os
import re
import zipfile

import classroom
import pytest

from otlec.classroom import grade
from otlec.classroom.grading import notebook, submissions
from otlec.classroom.grading.course import read_course

pytestmark = [
    pytest.mark.needs_jit,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the limits are those of Linux and macOS"),
]
ROSTER = "student;id;email\nAnna;11;anna@example.org\nÄnne Ötz;99;aenne@example.org\n"
COURSE = "title: Sheet 1\npoints: {1a: 2, 1b: 4}\nout_of: 12\nroster: roster.csv\n"


def table(file):
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def arrived(tmp_path_factory):
    home = tmp_path_factory.mktemp("arrivals")
    truth = classroom.write_arrivals(home / "class")
    (home / "roster.csv").write_text(ROSTER, encoding="cp1252")
    (home / "course.yml").write_text(COURSE)
    course = read_course(home / "course.yml")
    return home, truth, grade.grade(home / "class", home / "g.csv", course=course, quiet=True)


def test_every_way_of_handing_in_gets_its_rows(arrived):
    _, truth, found = arrived
    for student, statuses in truth.items():
        mine = {r["exercise"]: r["status"] for r in found.rows if r["student"] == student}
        assert mine == dict(zip(("1a", "1b"), statuses.split(), strict=True)), student
    assert {mark.student for mark in found.marks} == {*truth, "Änne Ötz"}


def test_reasons_say_what_to_do_and_nothing_of_bytes(arrived):
    _, _, found = arrived
    reasons = {row["student"]: row["reason"] for row in found.rows if row["exercise"] == "1a"}
    for student in ("Flo", "Mo (24)"):
        assert "save it again as .ipynb" in reasons[student]
        assert "byte" not in reasons[student]
    assert "it is a PDF" in reasons["Flo"]
    assert "hand in the file whose name ends in .ipynb" in reasons["Gil"]
    assert "pack it again" in reasons["Kim"]
    assert "holds no file" in reasons["Lea"]
    assert "defines no c_transform" in reasons["Cem Öz"]
    assert reasons["Änne Ötz"] == "not handed in"
    notes = {row["student"]: row["note"] for row in found.rows if row["exercise"] == "1a"}
    assert notes["Ina"] == "judged: my_transform, which the check of the notebook passes"
    assert "lastfirst is not on the roster" in found.warnings


def test_marks_go_back_to_moodle_and_to_canvas(arrived):
    home, _, found = arrived
    moodle = {line["Full name"]: line for line in table(home / "g-moodle.csv")}
    assert moodle["Anna"]["Identifier"] == "Participant 11"
    assert [moodle[n]["Grade"] for n in ("Anna", "Cem Öz", "Flo")] == ["12", "8", "0"]
    assert "1 of 2 exercises are right" in moodle["Cem Öz"]["Feedback comments"]
    canvas = table(home / "g-canvas.csv")
    assert [(line["ID"], line["Sheet 1"]) for line in canvas] == [("", "12"), ("31", "0")]
    totals = {line["student"]: line for line in table(home / "g-totals.csv")}
    assert set(totals) == {mark.student for mark in found.marks}
    assert totals["Änne Ötz"]["comment"] == "nothing was handed in"
    assert totals["Änne Ötz"]["email"] == "aenne@example.org"


def test_feedback_goes_back_under_the_names_that_the_platforms_know(arrived):
    home, _, found = arrived
    with zipfile.ZipFile(home / "g-feedback.zip") as archive:
        names = archive.namelist()
        page = archive.read("Cem Öz_13_assignsubmission_file/feedback.html").decode()
    assert "lastfirst_31_77_feedback.html" in names
    assert len(names) == sum(bool(mark.platform) for mark in found.marks)
    assert "<b>8</b> of 12 points" in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_pages_tell_nothing_of_the_machine(arrived):
    home, _, _ = arrived
    for file in (home / "feedback").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"/(home|root|tmp|usr|work|var)/", text)
        assert os.uname().nodename not in text


def test_a_zip_of_a_class_is_the_class(tmp_path):
    files = {name: content for name, content, _ in classroom.ARRIVALS.values()}
    whole = tmp_path / "Course-Sheet 1.zip"
    whole.write_bytes(classroom.zipped(files))
    assert {item.student for item in grade.collect(whole)} == set(classroom.ARRIVALS)
    inside = tmp_path / "class"
    inside.mkdir()
    whole.rename(inside / whole.name)
    found = {item.student for item in grade.collect(inside)}
    assert found >= {student for student in classroom.ARRIVALS if student[0].isupper()}


def test_a_renamed_notebook_is_asked_for_all_of_its_sheet(tmp_path):
    for student, name, answers in (
        ("a", "x1-exercises.ipynb", classroom.RIGHT),
        ("b", "x1-exercises (1).ipynb", {"1b": classroom.RIGHT["1b"]}),
        ("c", "final.ipynb", {"1a": classroom.RIGHT["1a"]}),
        ("d", "final final.ipynb", {}),
    ):
        (tmp_path / student).mkdir()
        (tmp_path / student / name).write_text(classroom.notebook(answers))
    found = grade.collect(tmp_path)
    assert [found[k].group for k in (0, 1)] == ["x1-exercises"] * 2
    assert list(grade.expected(found).values()) == [["1a", "1b"]] * 4
    chosen = submissions.wanted(grade.expected(found, ["2.3", "1b"]), ["2.3", "1b"])
    assert chosen == ["2.3", "1b"]


@pytest.mark.parametrize(
    ("cell", "x"),
    [
        ("%%time\nx = 3", 3),
        ("# mine\n%%capture\n%%timeit -n 1\nx = 3", 3),
        ("x = 3\nx?\n?x\nx??\n%timeit x", 3),
        ("x = !ls", None),
        ("%time x = 3", 3),
        ("if True:\n    !ls\nx = 7 % 4", 3),
        ('x = """\n%%bash"""', "\n%%bash"),
        ("x = 3\n%matplotlib inline", 3),
    ],
)
def test_cells_with_magics_are_judged(cell, x):
    space = {}
    exec(notebook.compiled(cell, "<cell>"), space)
    assert space["x"] == x


def test_old_and_strange_files_are_read_or_named():
    cell = {"cell_type": "code", "input": ["x = 1"]}
    old = json.dumps({"worksheets": [{"cells": [cell]}]}).encode()
    assert notebook.read_cells(old) == ["x = 1"]
    new = classroom.notebook({})
    assert notebook.read_cells(new.encode("utf-16")) == notebook.read_cells(new.encode())
    assert notebook.read_cells(b"\xef\xbb\xbf" + new.encode()) == notebook.read_cells(new.encode())
    for data, said in (
        (b"<html>", "a web page"), (b"PK\x03\x04", "a zip"), (new[:50].encode(), "end is missing"),
        (b"import otlec", "another kind"), (b"[1]", "no list of cells"), (b" ", "is empty"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            notebook.read_cells(data)
