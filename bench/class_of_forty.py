"""A class of forty with everything that happens in one, graded in one run by `otlec-grade`.

usage: python bench/class_of_forty.py [--keep FOLDER]

It stops if a student is missing, or has another mark than what was handed in is worth. With a
folder, tables, pages of feedback, and the files for Moodle and Canvas are kept there to look at.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import classroom  # noqa: E402
from classroom import RIGHT, WRONG, notebook  # noqa: E402

COURSE = """\
title: Sheet 1 – Reminders
points: {1a: 2, 1b: 4, 1d: 3}
bonus: {'2.3': 3}
attempts: best
deadline: 2031-03-01 23:59
late: {percent_a_day: 10, at_most: 50, days: 7}
roster: roster.csv
"""
LINES = """\
def weak_duality(cost, gamma, phi, psi):
    mu, nu = gamma.sum(axis=1), gamma.sum(axis=0)
    first = mu @ phi + nu @ psi
    return {first}, np.sum(gamma * (phi[:, None] + psi)), {third}"""
ALL = RIGHT | {"1d": LINES.format(first="first", third="np.sum(gamma * cost)")}
TWO = RIGHT | {"1d": LINES.format(first="first", third="2 * np.sum(gamma * cost)")}
GLUE = """\
def glue(gamma12, gamma23):
    b = gamma12.sum(axis=0)
    return gamma12[:, :, None] * (gamma23 / np.where(b > 0, b, 1)[:, None])[None]"""
IN_TIME, TWO_LATE, TOO_LATE = (datetime(2031, 3, day, 12) for day in (1, 3, 20))
PLATFORM = "{}_{}_assignsubmission_file"

# The student, files, the moment of handing in, and the mark out of 9.
MORE = (
    ("Nora Fähnrich", {"x1-exercises.ipynb": notebook(ALL)}, IN_TIME, 9),
    ("Ole Größe", {"x1-exercises.ipynb": notebook(TWO)}, IN_TIME, 8),
    ("Pia", {"x1-exercises.ipynb": notebook(WRONG), "x1-exercises (1).ipynb": notebook(ALL)},
     IN_TIME, 9),
    ("Quirin", {"x1-exercises.ipynb": notebook(ALL)}, TWO_LATE, 7.2),
    ("Ria", {"x1-exercises.ipynb": notebook(ALL)}, TOO_LATE, 0),
    ("Sam", {"x1-exercises.ipynb": notebook(WRONG)}, IN_TIME, 3.5),  # by hand
    ("Tove", {"x1-exercises.ipynb": notebook(RIGHT | {"2.3": GLUE})}, IN_TIME, 9),
    ("Uli", {"x1-exercises.ipynb": notebook(ALL | {"2.3": GLUE})}, IN_TIME, 9),
    ("Vera", {"x1-exercises.ipynb": notebook(ALL).encode("utf-16")}, IN_TIME, 9),
    ("Wim", {"x1-exercises.ipynb": notebook(ALL), "data.csv": "1,2\n"}, IN_TIME, 9),
)  # fmt: skip
ABSENT = ("Xaver Ödön", "Yuna")
BROKEN = {"exits": 6, "call-exits": 4, "call-loops": 4, "recursion": 4, "crashes": 4, "forges": 0,
          "judges": 0, "deletes": 6, "=cmd()": 0, "<b>bold": 0}  # fmt: skip
WORTH = {"right": 1, "wrong": 0, "blank": 0, "missing": 0, "broken": 0}


def write_class(folder: Path) -> dict[str, float]:
    """Write all submissions and the files of the course; return the marks that are due."""
    due = {}
    for student, statuses in classroom.write_arrivals(folder / "class").items():
        first, second = (WORTH[status] for status in statuses.split())
        due[student] = 2 * first + 4 * second
    for number, (student, files, when, mark) in enumerate(MORE, 50):
        home = folder / "class" / PLATFORM.format(student, number)
        home.mkdir()
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (home / name).write_bytes(data)
            os.utime(home / name, (when.timestamp(),) * 2)
        due[student] = mark
    for kind, mark in BROKEN.items():
        home = folder / "class" / kind
        home.mkdir()
        (home / "x1-exercises.ipynb").write_text(classroom.BROKEN[kind][0], encoding="utf-8")
        due[kind] = mark
    due |= dict.fromkeys(ABSENT, 0)
    (folder / "course.yml").write_text(COURSE, encoding="utf-8")
    roster = "student;id\n"
    roster += "".join(f"{name};{k}\n" for k, name in enumerate(due, 900) if name != "Wim")
    (folder / "roster.csv").write_text(roster, encoding="cp1252")
    overrides = "student,exercise,points,comment\nSam,1b,3.5,A good idea with a slip in its sign\n"
    (folder / "overrides.csv").write_text(overrides, encoding="utf-8")
    return due


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="an empty folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.keep or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        due = write_class(home)
        command = Path(sys.executable).with_name("otlec-grade")
        subprocess.run(
            [command, "class", "--out", "grades.csv", "--course", "course.yml"],
            cwd=home,
            check=True,
        )
        totals = {line["student"]: line for line in table(home / "grades-totals.csv")}
        got = {name.removeprefix("'"): float(line["mark"]) for name, line in totals.items()}
        wrong = {name: (got.get(name), mark) for name, mark in due.items() if got.get(name) != mark}
        if wrong or len(got) != len(due):
            sys.exit(f"marks that differ, as (given, due): {wrong}; {len(got)} of {len(due)}")
        for line in totals.values():
            print(
                f"{line['student']:16s} {line['mark']:>4s} of {line['out_of']}  {line['comment']}"
            )
        with zipfile.ZipFile(home / "grades-feedback.zip") as archive:
            pages = len(archive.namelist())
        lines = {name: len(table(home / f"grades-{name}.csv")) for name in ("moodle", "canvas")}
        print(
            f"{len(due)} students, {len(table(home / 'grades.csv'))} rows, {pages} pages to upload"
        )
        print(f"{lines['moodle']} marks for Moodle, {lines['canvas'] - 1} for Canvas")


if __name__ == "__main__":
    main()
