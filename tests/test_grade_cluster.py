"""A class on a Dask cluster: a real scheduler, two workers, and one of them killed half way."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import classroom
import pytest
from conftest import ROOT

from otlec.classroom import grade

pytest.importorskip("distributed", reason="the 'cluster' extra is not installed")
pytestmark = [
    pytest.mark.needs_jit,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the worker is killed by a signal"),
]


def start(program, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{program}", "--no-dashboard", *arguments],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler, and its two workers."""
    file = tmp_path / "scheduler.json"
    started = [start("scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", file)]
    try:
        while not file.exists() and started[0].poll() is None:
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        alone = ("--nthreads", "1", "--no-nanny", "--local-directory", tmp_path)
        started += [start("worker", address, *alone) for _ in range(2)]
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def plain(rows):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_no_row_is_lost_with_a_worker_and_marks_are_those_of_one_machine(cluster, tmp_path):
    address, workers = cluster
    classroom.write_class(tmp_path / "class", 4, 0)
    (tmp_path / "class" / "nothing").mkdir()
    out = tmp_path / "there" / "grades.csv"
    kept = out.with_name("grades.csv.parts")
    done = threading.Event()

    def kill():
        while len(list(kept.glob("*.json"))) < 1 and not done.is_set():
            time.sleep(0.02)
        workers[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        there = grade.grade(tmp_path / "class", out, quiet=True, cluster=address)
    finally:
        done.set()
        killer.join()
    assert workers[0].wait() == -signal.SIGKILL
    assert workers[1].poll() is None
    assert len(there.rows) == 5 * 2
    (tmp_path / "here").mkdir()
    here = grade.grade(tmp_path / "class", tmp_path / "here" / "grades.csv", quiet=True)
    assert plain(there.rows) == plain(here.rows)
    assert [m.mark for m in there.marks] == [m.mark for m in here.marks]
    before = {file: file.stat().st_mtime_ns for file in kept.glob("*.json")}
    again = grade.grade(tmp_path / "class", out, quiet=True, cluster=address)
    assert again.rows == there.rows
    assert {file: file.stat().st_mtime_ns for file in kept.glob("*.json")} == before
