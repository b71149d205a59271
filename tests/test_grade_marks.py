"""From rows to marks, without running a notebook: points, attempts, days late, and overrides."""

from datetime import datetime
from pathlib import Path

import pytest

from otlec.classroom.grading.course import Course, Override, read_course, read_roster, same
from otlec.classroom.grading.feedback import page
from otlec.classroom.grading.marks import marks, strangers
from otlec.classroom.grading.run import row_of
from otlec.classroom.grading.submissions import Submission

NAMES = ["1a", "1b", "2.3"]
MAY = datetime(2027, 5, 1)


def handed(student="ann", source="x1.ipynb", when=MAY):
    return Submission(student, source, "x1", Path(student) / source, submitted=when)


def rows(statuses, student="ann", source="x1.ipynb"):
    return [
        row_of(student, source, name, status, "why")
        for name, status in zip(NAMES, statuses.split(), strict=False)
    ]


def mark_of(course, statuses="right wrong right", when=MAY):
    (found,) = marks(rows(statuses), [handed(when=when)], NAMES, course)
    return found


def test_every_exercise_is_worth_one_point_unless_the_course_says_otherwise():
    found = mark_of(Course())
    assert (found.mark, found.out_of, found.right) == (2, 3, 2)
    assert mark_of(Course(points={"1a": 3, "1b": 5, "2.3": 2})).mark == 5
    assert mark_of(Course(points={"1a": 3, "1b": 5, "2.3": 2}, out_of=100)).mark == 50


def test_the_lowest_is_dropped_and_the_one_that_costs_most_of_equals():
    found = mark_of(Course(points={"1a": 1, "1b": 2, "2.3": 3}, drop_lowest=1), "wrong wrong right")
    assert (found.earned, found.possible, found.out_of, found.mark) == (3, 4, 6, 4.5)
    assert [row["counts"] for row in found.rows] == [1, 0, 1]
    assert found.rows[1]["note"] == "dropped, as the lowest"


def test_bonus_fills_up_lost_points_to_full_marks():
    course = Course(points={"1a": 2, "1b": 2, "2.3": 3}, bonus=frozenset({"2.3"}))
    assert mark_of(course, "right wrong right").mark == 4
    assert mark_of(course, "wrong wrong right").mark == 3
    assert mark_of(course, "right right wrong").mark == mark_of(course, "right right right").mark


@pytest.mark.parametrize(
    ("late", "mark"),
    [("2027-05-01 12:00", 2), ("2027-05-01 12:01", 1.8), ("2027-05-03 12:00", 1.6),
     ("2027-05-05 13:00", 1.4), ("2027-05-09 13:00", 0)],
)  # fmt: skip
def test_late_days_cost_what_the_policy_says(late, mark):
    course = Course(deadline=datetime(2027, 5, 1, 12), percent_a_day=10, at_most=30, days=7)
    found = mark_of(course, when=datetime.fromisoformat(late))
    assert found.mark == mark
    assert ("late" in found.rows[0]["note"]) == (mark < 2)


@pytest.mark.parametrize(("attempts", "mark"), [("best", 2), ("latest", 1)])
def test_of_two_notebooks_one_counts_and_the_rows_say_which(attempts, mark):
    both = rows("right right wrong") + rows("wrong right wrong", source="x1 (1).ipynb")
    items = [handed(), handed(source="x1 (1).ipynb", when=datetime(2027, 5, 2))]
    (found,) = marks(both, items, NAMES, Course(attempts=attempts))
    assert found.mark == mark
    assert len(found.rows) == 6
    first = [row for row in found.rows if row["exercise"] == "1a"]
    counted = next(row for row in first if row["counts"])
    other = next(row for row in first if not row["counts"])
    assert counted["note"] == f"the {attempts} of 2 notebooks"
    assert other["note"] == f"the {attempts} of 2 counts: {counted['notebook']}"
    shown, _, spare = page(found, Course()).partition("<details>")
    assert shown.count("<h2>") == spare.count("<h2>") == 3


def test_what_a_person_decides_stands_and_is_said():
    by_hand = {
        ("ann", "1b"): Override(0.5, "a good idea"),
        ("ann", ""): Override(None, "see me"),
        ("bob", ""): Override(1.0, ""),
    }
    course = Course(overrides=by_hand)
    for _ in range(2):
        found = mark_of(course)
        assert found.mark == 2.5
        assert found.rows[1]["note"] == "0.5 points by hand, 0 by the grader; a good idea"
        assert found.comments == ["see me"]
    assert strangers([found], course) == ([], ["bob"])
    assert mark_of(Course(overrides={("ann", ""): Override(1.0, "copied")})).mark == 1


def test_who_hands_in_nothing_has_rows_and_a_mark():
    course = Course(roster=({"student": "ANN"}, {"student": "Bob Li", "email": "b@x.org"}))
    found = marks(rows("right"), [handed()], NAMES, course)
    assert [(m.student, m.mark, len(m.rows)) for m in found] == [("ann", 1, 3), ("Bob Li", 0, 3)]
    assert found[1].comments == ["nothing was handed in"]
    canvas = Course(roster=({"student": "Li, Bob"}, {"student": "Ann"}))
    found = marks([], [handed("libob"), handed("ann")], NAMES, canvas)
    assert [m.student for m in found] == ["ann", "libob"]


def test_a_notebook_of_another_sheet_has_a_row():
    found = marks([], [handed(source="other.ipynb")], NAMES, Course())[0]
    assert [row["status"] for row in found.rows] == ["ignored"] + ["missing"] * 3


def test_a_course_is_read_and_its_mistakes_are_named(tmp_path):
    file = tmp_path / "course.yml"
    file.write_text(
        "points: {1a: 2, '2.2': 6}\nbonus: {1b: 1}\ndeadline: 2027-03-01\ndrop_lowest: 1\n"
        "late: {percent_a_day: 25}\nroster: roster.csv\n"
    )
    (tmp_path / "roster.csv").write_text("Student,ID\n    Points Possible,\nJörg,7\n", "utf-8-sig")
    (tmp_path / "overrides.csv").write_text("student;exercise;points\nJÖRG;1a;1,5\n", "utf-8-sig")
    course = read_course(file)
    assert course.points == {"1a": 2, "2.2a": 3, "2.2b": 3, "1b": 1}
    assert course.exercises == ["1a", "1b", "2.2a", "2.2b"]
    assert course.deadline == datetime(2027, 3, 1, 23, 59, 59)
    assert [line["student"] for line in course.roster] == ["Jörg"]
    assert course.overrides[same("jörg"), "1a"].points == 1.5
    for text, said in (
        ("point: {1a: 2}", "knows no point; it knows"), ("points: {9z: 1}", "no exercise 9z"),
        ("points: {1a: -1}", "a number from 0 on"), ("points: [1a]", "points are a map"),
        ("attempts: last", "best or latest"), ("deadline: soon", "deadline is as"),
        ("late: {days: x}", "days is a number"), ("roster: none.csv", "there is no roster"),
        ("- 1", "names and values"), ("points: {", "course.yml"), ("bonus: {1a: 1}", "bonus needs"),
    ):  # fmt: skip
        file.write_text(text)
        with pytest.raises(ValueError, match=said):
            read_course(file)
    (tmp_path / "overrides.csv").write_text("student,exercise,points\nann,7z,1\n")
    file.write_text("title: x")
    with pytest.raises(ValueError, match=r"line 2: there is no exercise 7z"):
        read_course(file)
    (tmp_path / "empty.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match="no column student"):
        read_roster(tmp_path / "empty.csv")


def test_a_page_is_text_and_shows_the_input():
    bad = row_of("<b>ann", "x1.ipynb", "1a", "wrong", "1 < 2\nand more", "m",
                 advice="<i>take</i>", example=[["mu", "δ[0]"]], printed=True)  # fmt: skip
    found = marks([bad], [handed("<b>ann")], ["1a"], Course(title="A & B"))[0]
    text = page(found, Course(title="A & B"))
    assert "<b>ann" not in text
    assert "&lt;i&gt;take" in text
    assert "A &amp; B" in text
    assert "<dt>mu</dt><dd>δ[0]</dd>" in text
    matrix = "[[ 0.   1.5 ]\n [-2.   0.25]]"
    bad = row_of("ann", "x1.ipynb", "1a", "wrong", "why", example=[["cost", matrix], ["t", "1"]])
    found = marks([bad], [handed()], ["1a"], Course(bonus=frozenset({"1a"}), points={"1a": 2}))[0]
    shown = page(found, Course(bonus=frozenset({"1a"})))
    assert "<tr><td>0</td><td>1.5</td></tr><tr><td>-2</td><td>0.25</td></tr>" in shown
    assert "0 of 2, bonus" in shown
    assert "<details>" not in shown
    assert "<pre" not in text
    assert "monospace" not in text


def test_right_parts_of_an_answer_have_their_share_of_the_points_and_the_row_says_which():
    lines = [["line 1", True], ["line 2", False], ["line 3", True]]
    mine = [row_of("ann", "x1.ipynb", "1a", "wrong", "why", parts=lines)]
    mine += rows("right wrong right")[1:]
    course = Course(points={"1a": 6, "1b": 1, "2.3": 1})
    (found,) = marks(mine, [handed()], NAMES, course)
    assert (found.mark, found.right) == (5, 1)
    first = found.rows[0]
    assert (first["right"], first["parts"], first["points"]) == (0, "2 of 3", 4)
    shown = page(found, course)
    assert "Right already, 2 of 3: line 1, line 3." in shown
    assert "4 of 6" in shown
    mine = [row_of("ann", "x1.ipynb", "1a", "wrong", "why", parts=lines)]
    (found,) = marks(mine, [handed()], NAMES[:1], Course(partial=False))
    assert found.mark == 0


def test_a_course_says_whether_parts_count(tmp_path):
    file = tmp_path / "course.yml"
    for text, partial in (("{}", True), ("partial: true", True), ("partial: false", False)):
        file.write_text(text)
        assert read_course(file).partial is partial
    file.write_text("partial: half")
    with pytest.raises(ValueError, match=r"partial is true or false, not 'half'"):
        read_course(file)
