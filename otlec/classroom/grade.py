"""Grade a class: ``otlec-grade submissions/ --out grades.csv --course course.yml``.

Submissions are ``NAME.ipynb``, folders ``NAME/`` with notebooks, or what Moodle and Canvas let one
download; zips are looked into. Each notebook is run in a process of its own, several at once, with
limits of time and memory; each exercise of each student becomes one row, whatever the notebook
does, and each student gets a total and a page of feedback. Finished notebooks are kept in
``grades.csv.parts/``: the same command goes on where it was interrupted, and grades again only what
has changed.

**This runs the code of students.** It protects from accidents: endless loops, lost memory, crashes,
floods of output, files left in the working folder. It is no wall against malice. The code runs with
your rights: it can read and delete your files, use the network, and start processes that outlive
it. It could also, with effort, forge its own verdicts, since they are reached in the same process.
For submissions that you do not trust, run the grader in a container without network (see the
README), and look at the notebooks of surprising grades.
"""

import argparse
import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import __version__
from .._extras import optional
from .grading import export
from .grading.course import OVERRIDES, Course, read_course
from .grading.export import COLUMNS
from .grading.feedback import write_feedback
from .grading.marks import Mark, marks, strangers
from .grading.pool import Task, on_cluster, on_this_machine
from .grading.run import Limits
from .grading.submissions import Submission, collect, expected, wanted

__all__ = ["COLUMNS", "Course", "Grades", "Limits", "Submission", "collect", "expected", "grade"]


@dataclass(frozen=True)
class Grades:
    """What a class reached: a row an exercise, a mark a student, and the files that were written.

    ``warnings`` are sentences about what a teacher should look at.
    """

    rows: list[dict]
    marks: list[Mark]
    files: list[Path]
    warnings: list[str]


def grade(
    folder: Path, out: Path, *, exercises: list[str] | None = None, limits: Limits | None = None,
    jobs: int | None = None, feedback: Path | None = None, quiet: bool = False,
    course: Course | None = None, cluster: str | None = None,
) -> Grades:  # fmt: skip
    """Grade all submissions of a folder.

    Parameters
    ----------
    folder : Path
        Holds NAME.ipynb, NAME/*.ipynb, or what Moodle or Canvas let one download; or that as a zip.
    out : Path
        The CSV file of all rows. What is finished is kept in a folder beside it, until you delete
        that; totals, marks for the platforms and feedback are written beside it too.
    exercises : list of str, optional
        The exercises to judge. If left out, those of the course, or all that any notebook holds.
    limits : Limits, optional
    jobs : int, optional
        How many notebooks at once; as many as there are processors if left out.
    feedback : Path, optional
        The folder of the pages for students; ``feedback`` beside the CSV file if left out.
    quiet : bool
        Show no progress bar.
    course : Course, optional
        Points, deadline, roster; every exercise is worth one point if left out.
    cluster : str, optional
        The address of a Dask scheduler, whose workers grade instead of this machine.

    Returns
    -------
    Grades

    Raises
    ------
    FileNotFoundError
        If nothing was handed in.
    ValueError
        If an exercise does not exist.
    """
    limits, course = limits or Limits(), course or Course()
    chosen = exercises or course.exercises
    submissions = collect(folder)
    if not submissions and not course.roster:
        raise FileNotFoundError(f"there is no notebook in {folder}")
    names = expected(submissions, chosen)
    tasks = [(item, names[item.place]) for item in submissions if names[item.place]]
    parts = out.with_name(out.name + ".parts")
    parts.mkdir(parents=True, exist_ok=True)
    found = dict(_graded(tasks, limits, parts, jobs, cluster, quiet))
    rows = [row for item, _ in tasks for row in found[item.place]]
    students = marks(rows, submissions, wanted(names, chosen), course)
    return _write(students, course, out, feedback or out.parent / "feedback")


def _graded(
    tasks: list[Task], limits: Limits, parts: Path, jobs: int | None, cluster: str | None,
    quiet: bool,
) -> Iterator[tuple[str, list[dict]]]:  # fmt: skip
    """The rows of each submission, by its place: those that were kept, then the others."""
    progress = optional("tqdm", "grade").tqdm(total=len(tasks), unit="notebook", disable=quiet)
    todo, homes = [], {}
    with progress:
        for item, names in tasks:
            part = homes[item.place] = _part(parts, item, names, limits)
            kept = _kept(part)
            if kept is None:
                todo.append((item, names))
            else:
                yield item.place, kept
                progress.update()
        progress.initial = progress.n  # what was kept does not count in the time left
        progress.unpause()
        run = on_cluster(todo, limits, cluster) if cluster else None
        for item, rows in run or on_this_machine(todo, limits, jobs):
            if not any(row["reason"].startswith("the grader failed") for row in rows):
                _keep(homes[item.place], rows)
            yield item.place, rows
            progress.update()


def _part(parts: Path, item: Submission, names: list[str], limits: Limits) -> tuple[Path, str]:
    """Where rows are kept, and what changes with the notebook, the exercises, limits or otlec."""
    try:
        content = hashlib.sha256(item.read()).hexdigest()
    except Exception:
        content = item.trouble
    shape = (COLUMNS, __version__)
    state = (content, names, limits, item.student, item.source, item.trouble, shape)
    name = hashlib.sha256(item.place.encode()).hexdigest()[:20]
    return parts / f"{name}.json", hashlib.sha256(repr(state).encode()).hexdigest()


def _kept(part: tuple[Path, str]) -> list[dict] | None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        kept = json.loads(part[0].read_text(encoding="utf-8"))
        if kept["digest"] == part[1]:
            return kept["rows"]
    return None


def _keep(part: tuple[Path, str], rows: list[dict]) -> None:
    fresh = part[0].with_suffix(".new")
    fresh.write_text(json.dumps({"digest": part[1], "rows": rows}), encoding="utf-8")
    fresh.replace(part[0])


def _write(students: list[Mark], course: Course, out: Path, feedback: Path) -> Grades:
    """Write all files of a class beside one another."""
    rows = [row for mark in students for row in mark.rows]
    beside = {name: out.with_name(f"{out.stem}-{name}") for name in
              ("totals.csv", "moodle.csv", "canvas.csv", "feedback.zip")}  # fmt: skip
    pages = write_feedback(students, feedback, course)
    export.write_rows(rows, out)
    export.write_totals(students, beside["totals.csv"])
    files = [out, beside["totals.csv"], feedback]
    if export.write_moodle(students, beside["moodle.csv"]):
        files.append(beside["moodle.csv"])
    if export.write_canvas(students, course, beside["canvas.csv"]):
        files.append(beside["canvas.csv"])
    if export.zip_feedback(pages, students, beside["feedback.zip"]):
        files.append(beside["feedback.zip"])
    outside, nobody = strangers(students, course)
    warnings = [f"{name} is not on the roster" for name in outside]
    warnings += [f"overrides: nobody is called {name}" for name in nobody]
    warnings += [
        f"{row['student']}: {row['notebook']}: {row['reason']}"
        for row in rows if row["status"] == "ignored"
    ]  # fmt: skip
    return Grades(rows, students, files, warnings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="otlec-grade",
        description="Grade a folder of exercise notebooks. Runs the students' code: see the README "
        "about isolation.",
    )
    add = parser.add_argument
    add("folder", type=Path, help="holds NAME.ipynb, NAME/*.ipynb, or what Moodle or Canvas let "
        "one download (a zip, too)")  # fmt: skip
    add("--out", type=Path, default=Path("grades.csv"), help="the CSV file (grades.csv)")
    add("--course", type=Path, help="a course.yml: points, deadline, roster, overrides")
    add("--feedback", type=Path, help="folder of the pages (default: beside it)")
    add("--exercises", nargs="+", metavar="NAME", help="as 2.1 2.3 (default: those of the course, "
        "or all that the notebooks hold)")  # fmt: skip
    add("--jobs", type=int, help="notebooks at once (default: all processors)")
    add("--cluster", metavar="ADDRESS", help="of a Dask scheduler, as tcp://10.0.0.1:8786")
    add("--time", type=int, default=120, help="processor seconds for a notebook (120)")
    add("--exercise", type=int, default=40, help="processor seconds for an exercise (40)")
    add("--cell", type=int, default=20, help="processor seconds for a cell (20)")
    add("--call", type=float, default=2.0, help="processor seconds for a call (2)")
    add("--memory", type=int, default=4096, help="megabytes for a notebook (4096)")
    return parser


def _course(file: Path | None) -> Course | None:
    """The settings; an empty table of overrides is laid beside them, and never written again."""
    if file is None:
        return None
    course = read_course(file)
    if not course.overrides_file.exists():
        with contextlib.suppress(OSError):  # the folder may be read-only
            course.overrides_file.write_text(",".join(OVERRIDES) + "\n", encoding="utf-8-sig")
    return course


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, grade, and say where the results are."""
    parser = _parser()
    options = parser.parse_args(arguments)
    limits = Limits(options.time, options.exercise, options.cell, options.call, options.memory)
    try:
        found = grade(
            options.folder, options.out, exercises=options.exercises, limits=limits,
            jobs=options.jobs, feedback=options.feedback, course=_course(options.course),
            cluster=options.cluster,
        )  # fmt: skip
    except (OSError, ValueError, ModuleNotFoundError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    for warning in found.warnings:
        print(f"note: {warning}", file=sys.stderr)
    files = ", ".join(str(file) for file in found.files)
    print(f"{len(found.marks)} students, {len(found.rows)} rows: {files}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
