"""A class is graded whatever its notebooks do: no row is lost, and nothing hangs."""

import codecs
import csv
import os
import signal
import subprocess
import sys
import time

import classroom
import pytest
from conftest import ROOT

from otlec.classroom import grade
from otlec.classroom.grading import notebook, run

LIMITS = grade.Limits(time=40, exercise=5, cell=1, call=0.5, memory=3000)

pytestmark = [
    pytest.mark.needs_jit,
    pytest.mark.skipif(
        not hasattr(os, "fork"), reason="the hostile notebooks are written for Linux and macOS"
    ),
]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class with one of each broken notebook and four sound ones, graded once."""
    for answers in (classroom.RIGHT, classroom.WRONG):  # compiled before the limits are on
        run.grade_one("", "", classroom.notebook(answers).encode(), ["1a", "1b"], grade.Limits())
    home = tmp_path_factory.mktemp("class")
    truth = classroom.write_class(home / "submissions", len(classroom.BROKEN) + 4, 25)
    found = grade.grade(home / "submissions", home / "grades.csv", limits=LIMITS, quiet=True)
    return home, truth, found.rows


def test_every_broken_and_hostile_notebook_gets_the_rows_that_it_should(graded):
    _, truth, rows = graded
    found = {}
    for row in rows:
        found.setdefault(row["student"], {})[row["exercise"]] = row
    assert len(classroom.BROKEN) == 25
    assert set(found) == set(truth)
    for student, (first, second) in truth.items():
        mine = found[student]
        assert list(mine) == ["1a", "1b"]
        assert (mine["1a"]["status"], mine["1b"]["status"]) == (first, second), mine
        for row in mine.values():
            assert row["reason"]
            assert row["right"] == (row["status"] == "right")


def test_reasons_say_what_happened(graded):
    _, _, rows = graded
    reasons = {(row["student"], row["exercise"]): row["reason"] for row in rows}
    assert "not a notebook" in reasons["binary", "1a"]
    assert "defines no c_transform; cell 2: SyntaxError" in reasons["syntax", "1a"]
    assert "time limit of 5 s for an exercise" in reasons["call-hangs", "1a"]
    assert "signal 11" in reasons["crashes", "1a"]
    assert "exit code 1" in reasons["call-exits", "1a"]
    assert "MemoryError" in reasons["memory", "1a"]
    assert "calls itself too often" in reasons["recursion", "1a"]
    wrong = [row["mistake"] for row in rows if row["student"] == "forges"]
    assert wrong == ["maximum", "interleaved"]


def test_the_csv_has_a_line_a_student_and_exercise_and_no_formulas(graded):
    home, truth, _ = graded
    assert (home / "grades.csv").read_bytes().startswith(codecs.BOM_UTF8), "for spreadsheets"
    with (home / "grades.csv").open(encoding="utf-8-sig") as file:
        lines = list(csv.reader(file))
    assert tuple(lines[0]) == grade.COLUMNS
    assert len(lines) == 1 + 2 * len(truth)
    cells = [cell for line in lines for cell in line]
    assert "'=cmd()" in cells
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]


def test_every_student_has_a_page_of_feedback_in_which_nothing_is_markup(graded):
    home, truth, _ = graded
    pages = list((home / "feedback").glob("*.html"))
    assert len(pages) == len(truth)
    texts = [page.read_text(encoding="utf-8") for page in pages]
    assert any("&lt;b&gt;bold" in text for text in texts)
    assert not any("<b>bold" in text for text in texts)
    right = next(text for text in texts if "Feedback for student-025" in text)
    assert "exercises are right" in right


def test_graders_leave_no_process_and_no_folder_behind(graded):
    if not os.path.isdir("/proc"):
        pytest.skip("processes are listed in /proc")
    home = str(graded[0])
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                command = file.read()
        except OSError:
            continue
        assert not ("grading.worker" in command and home in command)


def test_an_interrupted_grading_goes_on_and_grades_again_only_what_changed(tmp_path):
    truth = classroom.write_class(tmp_path / "class", 4, 0)
    gate = tmp_path / "gate"
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    third = tmp_path / "class" / "student-002" / "x1-exercises.ipynb"
    third.write_text(classroom.notebook(classroom.BLANK, wait), encoding="utf-8")
    out = tmp_path / "grades.csv"
    limits = grade.Limits(time=400, exercise=400, cell=300, memory=3000)
    command = [sys.executable, "-m", "otlec.classroom.grade", str(tmp_path / "class"), "--out",
               str(out), "--jobs", "1", "--time", "400", "--exercise", "400", "--cell", "300",
               "--memory", "3000"]  # fmt: skip
    first = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    parts = tmp_path / "grades.csv.parts"
    while len(list(parts.glob("*.json"))) < 2 and first.poll() is None:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    gate.touch()
    assert not out.exists()
    kept = {file: file.stat().st_mtime_ns for file in parts.glob("*.json")}
    assert len(kept) == 2
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "4 students, 8 rows" in done.stdout
    assert "4/4" in done.stderr
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    with out.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == [s for pair in truth.values() for s in pair]
    before = {file: file.stat().st_mtime_ns for file in parts.glob("*.json")}
    (tmp_path / "class" / "student-001" / "x1-exercises.ipynb").write_text(
        classroom.notebook(classroom.RIGHT), encoding="utf-8"
    )
    again = grade.grade(tmp_path / "class", out, limits=limits, quiet=True).rows
    assert [row["status"] for row in again if row["student"] == "student-001"] == ["right"] * 2
    after = {file: file.stat().st_mtime_ns for file in parts.glob("*.json")}
    assert sum(before[file] != after[file] for file in before) == 1


def test_flat_folders_several_notebooks_and_chosen_exercises(tmp_path):
    for name in ("zoe", "adam"):
        text = classroom.notebook({"1b": classroom.RIGHT["1b"]})
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a submission")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "zoe.ipynb")
    found = grade.collect(tmp_path)
    assert [item.student for item in found] == ["adam", "zoe"]
    assert list(grade.expected(found).values()) == [["1b"], ["1b"]]
    assert list(grade.expected(found, ["1a", "1b"]).values()) == [["1b"], ["1b"]]
    with pytest.raises(ValueError, match="no exercise 9"):
        grade.expected(found, ["9"])


def test_the_command_explains_its_errors(tmp_path, capsys):
    with pytest.raises(SystemExit):
        grade.main([str(tmp_path)])
    assert "there is no notebook" in capsys.readouterr().err


def test_cells_for_the_notebook_alone_are_left_out():
    space = {}
    exec(notebook.compiled("%matplotlib inline\nx = 1\n!ls", "<cell>"), space)
    assert space["x"] == 1
    exec(notebook.compiled("%%bash\nrm -rf /", "<cell>"), space)
    with pytest.raises(SyntaxError):
        notebook.compiled("def f(:", "<cell>")
