"""Write marks as spreadsheets and learning platforms read them, each file whole or not at all."""

import csv
import zipfile
from pathlib import Path

from .course import Course
from .marks import Mark

COLUMNS = (
    "student", "notebook", "exercise", "title", "status", "right", "parts", "points", "of",
    "counts", "mistake", "reason", "note", "seconds",
)  # fmt: skip
_TOTALS = ("student", "id", "email", "mark", "out_of", "points", "of", "right", "comment")
_MOODLE = ("Identifier", "Full name", "Email address", "Grade", "Maximum grade",
           "Last modified (grade)", "Feedback comments")  # fmt: skip
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def safe(value) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value).replace("\r", " ").replace("\n", " ")
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def _write(out: Path, lines) -> None:
    """UTF-8 with the mark by which spreadsheets know it; only then is what was there replaced."""
    fresh = out.with_name(out.name + ".new")
    with fresh.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([[safe(cell) for cell in line] for line in lines])
    fresh.replace(out)


def _plain(value) -> str:
    return f"{value:g}" if isinstance(value, float) else value


def write_rows(rows: list[dict], out: Path) -> None:
    """One line a student and exercise."""
    _write(out, [COLUMNS, *([_plain(row[name]) for name in COLUMNS] for row in rows)])


def write_totals(found: list[Mark], out: Path) -> None:
    """One line a student."""
    lines = [
        (m.student, m.person.get("id", "") or m.number, m.person.get("email", ""), _plain(m.mark),
         _plain(m.out_of), _plain(m.earned), _plain(m.possible), m.right, "; ".join(m.comments))
        for m in found
    ]  # fmt: skip
    _write(out, [_TOTALS, *lines])


def write_moodle(found: list[Mark], out: Path) -> bool:
    """The grading worksheet of a Moodle assignment; False if nobody has a number there."""
    lines = []
    for m in found:
        given = m.person.get("identifier", "").removeprefix("Participant ")
        number = m.number if "_assignsubmission_" in m.platform else given
        if number:
            email = m.person.get("email address", "") or m.person.get("email", "")
            lines.append((f"Participant {number}", m.person.get("full name") or m.student, email,
                          f"{m.mark:g}", f"{m.out_of:g}", "-", _comment(m)))  # fmt: skip
    if lines:
        fresh = [[cell if cell == "-" else safe(cell) for cell in line] for line in lines]
        _write_as_is(out, [_MOODLE, *fresh])
    return bool(lines)


def _write_as_is(out: Path, lines) -> None:
    with out.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(lines)


def write_canvas(found: list[Mark], course: Course, out: Path) -> bool:
    """The gradebook that Canvas imports; False if nobody has a number there."""
    lines = []
    for m in found:
        ours = m.platform and "_assignsubmission_" not in m.platform
        number = m.number if ours else m.person.get("id", "")
        if number and (ours or "sis login id" in m.person):
            rest = [m.person.get(name.lower(), "") for name in _CANVAS[2:]]
            lines.append((m.person.get("student") or m.student, number, *rest, f"{m.mark:g}"))
    if lines:
        title = course.title or "otlec exercises"
        full = max((m.out_of for m in found), default=0.0)
        possible = ("    Points Possible", "", "", "", "", f"{full:g}")
        _write(out, [(*_CANVAS, title), possible, *lines])
    return bool(lines)


def _comment(mark: Mark) -> str:
    """What stands beside the mark: the student reads it on the platform."""
    tried = len({row["exercise"] for row in mark.rows if row["exercise"]})
    parts = [f"{mark.right} of {tried} exercises are right", *mark.comments]
    return "; ".join(parts) + "."


def zip_feedback(pages: dict[str, Path], found: list[Mark], out: Path) -> bool:
    """The pages under the names by which the platform gives them back; False if it has none."""
    named = [m for m in found if m.platform]
    if not named:
        return False
    fresh = out.with_name(out.name + ".new")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for m in named:
            moodle = "_assignsubmission_" in m.platform
            inner = f"{m.platform}/feedback.html" if moodle else f"{m.platform}_feedback.html"
            archive.write(pages[m.student], inner)
    fresh.replace(out)
    return True
