"""From rows to marks: which attempt counts, what it is worth, and one total a student."""

from dataclasses import dataclass, field
from datetime import datetime

from .course import Course, same
from .run import row_of
from .submissions import Submission

ABSENT = "not handed in"


@dataclass
class Mark:
    """The total of one student, with the rows it is made of."""

    student: str
    rows: list[dict]
    earned: float = 0.0
    possible: float = 0.0
    mark: float = 0.0
    out_of: float = 0.0
    comments: list[str] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=dict)  # a line of the roster
    platform: str = ""
    number: str = ""

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(row["right"] for row in self.rows if row["counts"])

    @property
    def handed_in(self) -> bool:
        """Whether there is anything of this student."""
        return any(row["notebook"] for row in self.rows)


def marks(
    rows: list[dict], submissions: list[Submission], wanted: list[str], course: Course
) -> list[Mark]:
    """The marks of a class, students of the roster who handed in nothing included.

    Rows get ``points``, ``of``, ``counts`` and what was decided in ``note``.
    """
    times = {(item.student, item.source): item.submitted for item in submissions}
    mine: dict[str, list[dict]] = {}
    for item in submissions:
        mine.setdefault(item.student, [])
    for row in rows:
        mine[row["student"]].append(row)
    people = _people(mine, submissions, course)
    found = []
    for student in sorted(mine, key=lambda name: same(name)):
        own = [item for item in submissions if item.student == student]
        mark = Mark(student, mine[student], person=people.get(student, {}))
        mark.platform = next((item.platform for item in own if item.platform), "")
        mark.number = next((item.number for item in own if item.number), "")
        mark.rows = _complete(mark, own, wanted)
        _value(mark.rows, times, course)
        _choose(mark.rows, times, course)
        _total(mark, course)
        found.append(mark)
    return found


def _people(mine: dict, submissions: list[Submission], course: Course) -> dict[str, dict]:
    """The line of the roster of each student; who has handed in nothing is added."""
    by_name = {same(student): student for student in mine}
    by_letters = {_letters([student]): student for student in mine}
    numbers = {item.number: item.student for item in submissions if item.number}
    people = {}
    for line in course.roster:
        name = line["student"]
        number = line.get("id", "") or line.get("identifier", "").removeprefix("Participant ")
        student = numbers.get(number) or by_name.get(same(name))
        words = name.replace(",", " ").split()
        for turn in range(len(words)):  # Canvas writes lastnamefirstname
            student = student or by_letters.get(_letters(words[turn:] + words[:turn]))
        if student is None:
            student = name
            mine.setdefault(name, [])
        people[student] = line
    return people


def _letters(words: list[str]) -> str:
    return "".join(c for c in same("".join(words)) if c.isalnum())


def _complete(mark: Mark, own: list[Submission], wanted: list[str]) -> list[dict]:
    """A row for each exercise, and for each notebook that has none of them."""
    there = {row["exercise"] for row in mark.rows}
    names = {row["notebook"] for row in mark.rows}
    rows = list(mark.rows)
    for item in own:
        if item.source not in names:
            reason = item.trouble or "it holds none of the exercises that are judged"
            rows.append(row_of(mark.student, item.source, "", "ignored", reason))
    rows += [
        row_of(mark.student, "", name, "missing", ABSENT) for name in wanted if name not in there
    ]
    order = {name: number for number, name in enumerate(wanted)}
    return sorted(rows, key=lambda row: (row["notebook"] == "", row["notebook"],
                                         order.get(row["exercise"], len(order))))  # fmt: skip


def _value(rows: list[dict], times: dict, course: Course) -> None:
    """What each row is worth, late or overridden."""
    for row in rows:
        name = row["exercise"]
        row["of"] = course.worth(name) if name else 0.0
        share, late = course.late_share(times.get((row["student"], row["notebook"])))
        part = row["share"] if course.partial else row["right"]
        row["points"] = round(part * row["of"] * share, 4)
        row["counts"], row["spare"] = int(bool(name)), False
        if late and row["notebook"]:
            _say(row, late)


def _choose(rows: list[dict], times: dict, course: Course) -> None:
    """Of several notebooks with one exercise, one counts; then what a person decided."""
    by_name: dict[str, list[dict]] = {}
    for row in rows:
        if row["exercise"]:
            by_name.setdefault(row["exercise"], []).append(row)
    for name, several in by_name.items():

        def when(row):
            return times.get((row["student"], row["notebook"])) or datetime.min

        key = when if course.attempts == "latest" else lambda row: (row["points"], when(row))
        best = max(several, key=key)
        for row in several:
            if row is not best:
                row["counts"], row["spare"] = 0, True
                _say(row, f"the {course.attempts} of {len(several)} counts: {best['notebook']}")
        if len(several) > 1:
            _say(best, f"the {course.attempts} of {len(several)} notebooks")
        override = course.overrides.get((same(best["student"]), name))
        if override:
            if override.points is not None:
                _say(best, f"{override.points:g} points by hand, {best['points']:g} by the grader")
                best["points"] = override.points
            if override.comment:
                _say(best, override.comment)


def _say(row: dict, text: str) -> None:
    row["note"] = f"{row['note']}; {text}" if row["note"] else text


def _total(mark: Mark, course: Course) -> None:
    """Add up: the lowest are dropped, bonus fills up, and a person has the last word."""
    counted = [row for row in mark.rows if row["counts"] and row["of"] > 0]
    ordinary = [row for row in counted if row["exercise"] not in course.bonus]
    dropped = sorted(ordinary, key=lambda row: (row["points"] / row["of"], -row["of"]))
    full = sum(row["of"] for row in ordinary)
    for row in dropped[: min(course.drop_lowest, len(ordinary) - 1)] if ordinary else ():
        row["counts"] = 0
        _say(row, "dropped, as the lowest")
    kept = [row for row in ordinary if row["counts"]]
    mark.possible = sum(row["of"] for row in kept)
    earned = sum(row["points"] for row in counted if row["counts"])
    mark.earned = round(min(earned, mark.possible), 4)
    mark.out_of = full if course.out_of is None else course.out_of
    share = mark.earned / mark.possible if mark.possible else 0.0
    mark.mark = round(share * mark.out_of, 2)
    override = course.overrides.get((same(mark.student), ""))
    if override and override.points is not None:
        mark.comments.append(f"{override.points:g} by hand, {mark.mark:g} by the grader")
        mark.mark = override.points
    if override and override.comment:
        mark.comments.append(override.comment)
    if not mark.handed_in:
        mark.comments.append("nothing was handed in")


def strangers(found: list[Mark], course: Course) -> tuple[list[str], list[str]]:
    """Students who are not on the roster, and overrides that are nobody's."""
    names = {same(mark.student) for mark in found}
    outside = [m.student for m in found if course.roster and not m.person]
    return outside, sorted({student for student, _ in course.overrides} - names)
