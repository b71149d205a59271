"""Grade a folder of exercise notebooks: ``otlec-grade submissions/ --out grades.csv``.

A submission is ``submissions/NAME.ipynb``, or any notebook in ``submissions/NAME/``. Each is run in
a process of its own, several at once, with limits of time and memory; each exercise of each student
becomes one row, whatever the notebook does, and each student gets a page of feedback. Finished
notebooks are kept in ``grades.csv.parts/``: the same command goes on where it was interrupted, and
grades again only what has changed.

**This runs the code of students.** It protects from accidents: endless loops, lost memory, crashes,
floods of output, files left in the working folder. It is no wall against malice. The code runs with
your rights: it can read and delete your files, use the network, and start processes that outlive
it. It could also, with effort, forge its own verdicts, since they are reached in the same process.
For submissions that you do not trust, run the grader in a container without network (see the
README), and look at the notebooks of surprising grades.
"""

import argparse
import contextlib
import csv
import hashlib
import html
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import __version__
from .._extras import optional
from ..drawing.palette import RIGHT, WRONG
from .exercises import REGISTRY
from .exercises._worker import read_cells

COLUMNS = (
    "student", "notebook", "exercise", "title", "status", "right", "mistake", "reason", "seconds",
)  # fmt: skip
_CHECK = re.compile(r"""check\(\s*["']([\w.-]+)["']""")
_RESTARTS = 4  # after a crash the rest of a notebook gets another chance, so often


@dataclass(frozen=True)
class Submission:
    """One notebook of one student."""

    student: str
    file: Path
    group: str  # notebooks of one group hold the same exercises


@dataclass(frozen=True)
class Limits:
    """Seconds for a notebook, an exercise, a cell and a call; megabytes of memory."""

    time: int = 120
    exercise: int = 40
    cell: int = 20
    call: float = 2.0
    memory: int = 4096


def collect(folder: Path) -> list[Submission]:
    """All notebooks of a folder, in order; links are not followed."""
    found = []
    for file in sorted(folder.rglob("*.ipynb")):
        if file.is_symlink() or ".ipynb_checkpoints" in file.parts or not file.is_file():
            continue
        inner = file.relative_to(folder)
        flat = len(inner.parts) == 1
        student = inner.stem if flat else inner.parts[0]
        found.append(Submission(student, file, "" if flat else "/".join(inner.parts[1:])))
    return found


def exercises_of(file: Path) -> set[str]:
    """The exercises that a notebook checks; none if it cannot be read."""
    try:
        cells = read_cells(file)
    except (ValueError, OSError):
        return set()
    return {name for cell in cells for name in _CHECK.findall(cell) if name in REGISTRY}


def expected(submissions: list[Submission], chosen: list[str] | None) -> dict[str, list[str]]:
    """The exercises of each group: what any of its notebooks checks, so that none is lost."""
    if chosen:
        unknown = [name for name in chosen if name not in REGISTRY]
        if unknown:
            raise ValueError(f"there is no exercise {', '.join(unknown)}")
        return {item.group: chosen for item in submissions}
    groups = {}
    for item in submissions:
        groups.setdefault(item.group, set()).update(exercises_of(item.file))
    everything = set().union(*groups.values())
    return {
        group: [name for name in REGISTRY if name in (names or everything)]
        for group, names in groups.items()
    }


# One notebook -----------------------------------------------------------------------------------


def grade_one(item: Submission, names: list[str], limits: Limits) -> list[dict]:
    """The rows of one notebook, one for each name, whatever happens."""
    try:
        read_cells(item.file)
    except (ValueError, OSError) as error:
        return [_row(item, name, "broken", str(error)) for name in names]
    rows, skip, culprit = {}, [], ""
    deadline = time.monotonic() + limits.time
    for _ in range(1 + _RESTARTS):
        left = [name for name in names if name not in rows]
        seconds = deadline - time.monotonic()
        if not left or seconds <= 0:
            break
        events, ending = _run(item.file, left, skip, limits, seconds)
        for event in events:
            if event["event"] == "verdict" and event["name"] in left:
                rows[event["name"]] = _row(item, event["name"], **_only(event))
        if events and events[-1]["event"] == "end":
            break
        last = events[-1] if events else {"event": "start"}
        if last["event"] == "judge" and last["name"] in left:
            rows[last["name"]] = _row(item, last["name"], "stopped", ending)
        elif last["event"] == "cell":
            skip.append(last["number"])
            culprit = f"{ending} in cell {last['number']}"
        else:
            culprit = ending
    for name in names:
        rows.setdefault(name, _row(item, name, "stopped", culprit or "the time limit was reached"))
        if culprit and rows[name]["status"] == "missing":
            rows[name]["reason"] += f"; {culprit}"
    return [rows[name] for name in names]


def _only(event: dict) -> dict:
    keys = ("status", "reason", "mistake", "seconds", "text")
    return {key: event[key] for key in keys if key in event}


def _row(item, name, status, reason, mistake="", seconds=0.0, text=None) -> dict:
    title = REGISTRY[name].title
    return {
        "student": item.student, "notebook": item.file.name, "exercise": name, "title": title,
        "status": str(status), "right": int(status == "right"), "mistake": str(mistake),
        "reason": str(reason), "seconds": round(float(seconds), 2),
        "text": str(text or f"{name} {title}: {status}\n  {reason}"),
    }  # fmt: skip


def _run(file: Path, names, skip, limits: Limits, seconds: float) -> tuple[list[dict], str]:
    """Start a worker, wait for it, and return what it reported and how it ended."""
    home = Path(tempfile.mkdtemp(prefix="otlec-"))
    token = secrets.token_hex(16)
    try:
        (home / "work").mkdir()
        task = asdict(limits) | {
            "notebook": str(file.resolve()), "results": str(home / "results"), "names": names,
            "skip_cells": skip,
        }  # fmt: skip
        (home / "task.json").write_text(json.dumps(task), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "otlec.classroom.exercises._worker", str(home / "task.json")],
            cwd=home / "work", env=_environment(home / "work"), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            with contextlib.suppress(OSError):
                process.stdin.write(f"{token}\n".encode())
                process.stdin.close()
            ending = _wait(process, home / "results", limits, seconds)
        finally:
            _kill(process)
        return _events(home / "results", token), ending
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait(process, results: Path, limits: Limits, seconds: float) -> str:
    """Wait until a worker ends, or until it or one of its steps takes too long."""
    start = last = time.monotonic()
    size = -1
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _ending(process.wait(timeout=0.1))
        now = time.monotonic()
        if now - start > seconds:
            return f"the time limit of {limits.time} s for a notebook was reached"
        grown = results.stat().st_size if results.exists() else -1
        if grown != size:
            size, last = grown, now
        elif now - last > limits.exercise:
            return f"the time limit of {limits.exercise} s for an exercise was reached"


def _environment(work: Path) -> dict[str, str]:
    """What a worker needs of the environment, and nothing that may be secret."""
    keep = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "NUMBA_CACHE_DIR", "PYTHONPATH")
    found = {name: os.environ[name] for name in keep if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return found | threads | {"HOME": str(work), "TMPDIR": str(work), "MPLBACKEND": "Agg"}


def _kill(process: subprocess.Popen) -> None:
    """End a worker and the processes that it started, unless those left its group."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _ending(code: int) -> str:
    if code == -getattr(signal, "SIGXCPU", -1000):
        return "the limit of processor time was reached"
    if code < 0:
        return f"the process was ended by signal {-code}"
    return f"the process ended by itself, with exit code {code}"


def _events(file: Path, token: str) -> list[dict]:
    """The lines of a results file that carry the token."""
    found = []
    with contextlib.suppress(OSError):
        for line in file.read_bytes()[: 50 * 2**20].splitlines():
            with contextlib.suppress(ValueError, AttributeError, KeyError):
                event = json.loads(line)
                if event.pop("token") == token and "event" in event:
                    found.append(event)
    return found


# A class ----------------------------------------------------------------------------------------


def _digest(item: Submission, names: list[str], limits: Limits) -> str:
    """Changes when the notebook, the exercises, the limits or otlec change."""
    try:
        content = hashlib.sha256(item.file.read_bytes()).hexdigest()
    except OSError:
        content = ""
    return hashlib.sha256(repr((content, names, limits, __version__)).encode()).hexdigest()


def grade(
    folder: Path, out: Path, *, exercises: list[str] | None = None, limits: Limits | None = None,
    jobs: int | None = None, feedback: Path | None = None, quiet: bool = False,
) -> list[dict]:  # fmt: skip
    """Grade all submissions of a folder.

    Parameters
    ----------
    folder : Path
        Holds NAME.ipynb, or NAME/*.ipynb.
    out : Path
        The CSV file. What is finished is kept in a folder beside it, until you delete that.
    exercises : list of str, optional
        The exercises to judge. If left out, those that any notebook of the same name checks.
    limits : Limits, optional
    jobs : int, optional
        How many notebooks at once; as many as there are processors if left out.
    feedback : Path, optional
        The folder of the pages for students; ``feedback`` beside the CSV file if left out.
    quiet : bool
        Show no progress bar.

    Returns
    -------
    list of dict
        The rows of the CSV file.

    Raises
    ------
    FileNotFoundError
        If the folder holds no notebook.
    ValueError
        If an exercise does not exist.
    """
    tqdm = optional("tqdm", "grade").tqdm

    limits = limits or Limits()
    submissions = collect(folder)
    if not submissions:
        raise FileNotFoundError(f"there is no notebook in {folder}")
    names = expected(submissions, exercises)
    parts = out.with_name(out.name + ".parts")
    parts.mkdir(parents=True, exist_ok=True)

    def work(item: Submission) -> list[dict]:
        wanted = names[item.group]
        digest = _digest(item, wanted, limits)
        inner = str(item.file.relative_to(folder))
        part = parts / (hashlib.sha256(inner.encode()).hexdigest()[:20] + ".json")
        with contextlib.suppress(OSError, ValueError, KeyError):
            kept = json.loads(part.read_text(encoding="utf-8"))
            if kept["digest"] == digest:
                return kept["rows"]
        try:
            rows = grade_one(item, wanted, limits)
        except Exception as error:  # a row in any case
            reason = f"the grader failed: {type(error).__name__}: {error}"
            return [_row(item, name, "stopped", reason) for name in wanted]
        fresh = part.with_suffix(".new")
        fresh.write_text(json.dumps({"digest": digest, "rows": rows}), encoding="utf-8")
        fresh.replace(part)
        return rows

    found = {}
    pool = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
    try:
        tasks = {pool.submit(work, item): item for item in submissions}
        progress = tqdm(as_completed(tasks), total=len(tasks), unit="notebook", disable=quiet)
        for done in progress:
            found[tasks[done].file] = done.result()
    finally:
        pool.shutdown(cancel_futures=True)
    rows = [row for item in submissions for row in found[item.file]]
    write_csv(rows, out)
    write_feedback(rows, feedback or out.parent / "feedback")
    return rows


def _safe(value) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value).replace("\r", " ").replace("\n", " ")
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def write_csv(rows: list[dict], out: Path) -> None:
    """Write one line a student and exercise, and only then replace what was there."""
    fresh = out.with_name(out.name + ".new")
    with fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([_safe(row[name]) for name in COLUMNS] for row in rows)
    fresh.replace(out)


def write_feedback(rows: list[dict], folder: Path) -> None:
    """Write a page for each student; what students wrote is shown as text only."""
    folder.mkdir(parents=True, exist_ok=True)
    for student in dict.fromkeys(row["student"] for row in rows):
        mine = [row for row in rows if row["student"] == student]
        right = sum(row["right"] for row in mine)
        blocks = [
            f'<section class="{"right" if row["right"] else "wrong"}">'
            f"<pre>{html.escape(row['text'])}</pre></section>"
            for row in mine
        ]
        page = _PAGE.format(
            student=html.escape(student),
            right=right,
            count=len(mine),
            blocks="\n".join(blocks),
            right_line=RIGHT,
            wrong_line=WRONG,
        )
        name = re.sub(r"[^\w.-]", "_", student)
        if name != student or name.startswith("."):
            name = f"{name.lstrip('.')}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Feedback for {student}</title>
<style>
body {{font: 16px/1.6 system-ui, sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em}}
section {{border-left: 3px solid {wrong_line}; padding-left: 1em; margin: 1em 0}}
section.right {{border-color: {right_line}}}
pre {{white-space: pre-wrap; font-size: 14px}}
</style>
<h1>{student}</h1>
<p>{right} of {count} exercises are right.</p>
{blocks}
"""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, grade, and say where the results are."""
    parser = argparse.ArgumentParser(
        prog="python -m otlec.classroom.grade",
        description="Grade a folder of exercise notebooks. Runs the students' code: see the README "
        "about isolation.",
    )
    parser.add_argument("folder", type=Path, help="holds NAME.ipynb, or NAME/*.ipynb")
    parser.add_argument("--out", type=Path, default=Path("grades.csv"), help="the CSV file")
    parser.add_argument("--feedback", type=Path, help="folder of the pages (default: beside it)")
    parser.add_argument("--exercises", nargs="+", metavar="NAME", help="as 2.1 2.3 (default: all "
                        "that the notebooks check)")  # fmt: skip
    parser.add_argument("--jobs", type=int, help="notebooks at once (default: all processors)")
    parser.add_argument("--time", type=int, default=120, help="seconds for a notebook (120)")
    parser.add_argument("--exercise", type=int, default=40, help="seconds for an exercise (40)")
    parser.add_argument("--cell", type=int, default=20, help="seconds for a cell (20)")
    parser.add_argument("--call", type=float, default=2.0, help="seconds for a call (2)")
    parser.add_argument("--memory", type=int, default=4096, help="megabytes for a notebook (4096)")
    options = parser.parse_args(arguments)
    limits = Limits(options.time, options.exercise, options.cell, options.call, options.memory)
    try:
        rows = grade(
            options.folder, options.out, exercises=options.exercises, limits=limits,
            jobs=options.jobs, feedback=options.feedback,
        )  # fmt: skip
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    students = len({row["student"] for row in rows})
    print(f"{students} students, {len(rows)} rows: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
