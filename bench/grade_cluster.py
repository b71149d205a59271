"""A class of 2000 on a Dask cluster on this machine, one of two workers killed half way.

usage: python bench/grade_cluster.py [--count 2000] [--quick]

A real scheduler and two workers, as `dask scheduler` and `dask worker` start them. It stops if a
row is lost, or if a mark or a text of a row differs from what one machine says of the notebook.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import save

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import classroom  # noqa: E402

from otlec.classroom import grade  # noqa: E402

ODD = ("not-json", "empty", "no-cells", "syntax", "exits", "call-exits", "crashes", "recursion",
       "nothing", "renames")  # fmt: skip


def write_class(folder: Path, count: int) -> dict[str, str]:
    """So many small submissions, one of ten of them odd; return the text of each."""
    half = classroom.RIGHT | {"1a": classroom.WRONG["1a"]}
    kinds = [classroom.notebook(one) for one in (classroom.WRONG, classroom.BLANK, half)]
    odd = [classroom.BROKEN[name][0] for name in ODD]
    texts = {}
    for k in range(count):
        text = odd[k // 10 % len(odd)] if k % 10 == 9 else kinds[k % len(kinds)]
        if k % 40 == 0:
            text = classroom.notebook(classroom.RIGHT)
        home = folder / f"student-{k:04d}"
        home.mkdir(parents=True)
        (home / "x1-exercises.ipynb").write_text(text, encoding="utf-8")
        texts[home.name] = text
    return texts


def start(program: str, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{program}", "--no-dashboard", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def address_of(scheduler: subprocess.Popen, file: Path) -> str:
    while scheduler.poll() is None:
        if file.exists() and (text := file.read_text()):
            return json.loads(text)["address"]
        time.sleep(0.1)
    sys.exit("the scheduler did not start")


def killed_half_way(worker: subprocess.Popen, done: int):
    """Lets the grader go on as it does, and ends a worker after so many notebooks."""
    on_cluster = grade.on_cluster

    def run(tasks, limits, address):
        for count, pair in enumerate(on_cluster(tasks, limits, address)):
            if count == done:
                worker.send_signal(signal.SIGKILL)
            yield pair

    return run


def said(found: grade.Grades) -> dict[str, tuple]:
    """The mark and the rows of each student, without name and time."""
    kept = {}
    for mark in found.marks:
        rows = [{k: v for k, v in row.items() if k not in ("student", "seconds")}
                for row in mark.rows]  # fmt: skip
        kept[mark.student] = (mark.mark, rows)
    return kept


def on_cluster(home: Path, count: int) -> tuple[dict, dict, float]:
    texts = write_class(home / "class", count)
    file = home / "scheduler.json"
    started = [start("scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", file)]
    try:
        address = address_of(started[0], file)
        options = ("--nthreads", "2", "--no-nanny", "--local-directory", home)
        started += [start("worker", address, *options) for _ in range(2)]
        grade.on_cluster = killed_half_way(started[1], count // 2)
        begin = time.perf_counter()
        found = grade.grade(home / "class", home / "there" / "grades.csv", cluster=address)
        hours = (time.perf_counter() - begin) / 3600
        if started[1].poll() is None:
            sys.exit("no worker was killed")
    finally:
        for process in started:
            process.kill()
            process.wait()
    return texts, said(found), hours


def on_one_machine(home: Path, texts: dict[str, str]) -> dict[str, tuple]:
    """What this machine says of each text, by the text: one student for each kind."""
    first = {text: student for student, text in reversed(texts.items())}
    for student in first.values():
        (home / "class" / student).rename(home / "kinds" / student)
    found = said(grade.grade(home / "kinds", home / "here" / "grades.csv"))
    return {text: found[student] for text, student in first.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="60 submissions, prints only")
    options = parser.parse_args()
    count = 60 if options.quick else options.count
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("there", "here", "kinds"):
            (home / name).mkdir()
        texts, there, hours = on_cluster(home, count)
        here = on_one_machine(home, texts)
    lost = sorted(texts.keys() - there.keys())
    differ = [student for student in there if there[student] != here[texts[student]]]
    rows = sum(len(rows) for _, rows in there.values())
    if lost or differ or rows != 2 * count:
        sys.exit(f"{rows} rows; lost: {lost[:10]}; differ from one machine: {differ[:10]}")
    if options.quick:
        print(f"{rows} rows, none lost")
        return
    table = [
        ["rows written", rows, 2 * count],
        ["rows lost", 0, 2 * count],
        ["rows that differ from those of one machine", 0, rows],
    ]
    save("grade_cluster", [{
        "title": f"{count} submissions of {len(here)} kinds, two workers, one killed half way",
        "columns": ["", "number", "of"], "rows": table,
        "note": "The marks, and every word of the rows, are those of one machine. "
        "A notebook is sent again to the worker that is left.",
    }], ("distributed",), f"python bench/grade_cluster.py --count {count}")  # fmt: skip
    print(f"{count / hours:.0f} notebooks an hour, beside whatever else the machine did")


if __name__ == "__main__":
    main()
