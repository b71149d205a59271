"""Run one notebook in a process of its own, and make a row of each exercise, whatever happens.

Limits count processor time, as those of the judges do, so that the marks do not depend on what else
the machine is doing; what only waits is ended after `PATIENCE` times as long. Where the system does
not tell the processor time of another process (macOS, Windows), only the longer wait ends a step
that hangs in compiled code.
"""

import contextlib
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
from dataclasses import asdict, dataclass
from pathlib import Path

from ..exercises import REGISTRY
from .notebook import read_cells

PATIENCE = 8  # a step may take so many times its processor time by the clock on the wall
_RESTARTS = 4  # after a crash the rest of a notebook gets another chance, so often
# Of a verdict, for its feedback and for the points of its parts.
_DETAILS = ("advice", "known", "example", "note", "printed", "score", "parts")


@dataclass(frozen=True)
class Limits:
    """Seconds for a notebook, an exercise, a cell and a call; megabytes of memory."""

    time: int = 120
    exercise: int = 40
    cell: int = 20
    call: float = 2.0
    memory: int = 4096


def grade_one(student: str, source: str, content: bytes, names: list[str], limits: Limits) -> list:
    """The rows of one notebook, one for each name, whatever happens."""

    def row(name, status, reason, **details):
        return row_of(student, source, name, status, reason, **details)

    try:
        read_cells(content)
    except ValueError as error:
        return [row(name, "broken", str(error)) for name in names]
    rows, skip, culprit, used = {}, [], "", 0.0
    for _ in range(1 + _RESTARTS):
        left = [name for name in names if name not in rows]
        if not left or used >= limits.time:
            break
        events, ending, seconds = _run(content, left, skip, limits, limits.time - used)
        used += seconds
        for event in events:
            if event["event"] == "verdict" and event["name"] in left:
                rows[event["name"]] = row(event["name"], **_only(event))
        if events and events[-1]["event"] == "end":
            break
        last = events[-1] if events else {"event": "start"}
        if last["event"] == "judge" and last["name"] in left:
            rows[last["name"]] = row(last["name"], "stopped", ending)
        elif last["event"] == "cell":
            skip.append(last["number"])
            culprit = f"{ending} in cell {last['number']}"
        else:
            culprit = ending
    for name in names:
        rows.setdefault(name, row(name, "stopped", culprit or "the time limit was reached"))
        if culprit and rows[name]["status"] == "missing":
            rows[name]["reason"] += f"; {culprit}"
    return [rows[name] for name in names]


def _only(event: dict) -> dict:
    keys = ("status", "reason", "mistake", "seconds", *_DETAILS)
    return {key: event[key] for key in keys if key in event}


def row_of(student, source, name, status, reason, mistake="", seconds=0.0, **details) -> dict:
    """A row: strings and numbers only, since a notebook may have forged what they say."""
    example = details.get("example", ())
    parts = [(str(pair[0]), bool(pair[1])) for pair in details.get("parts", ()) if len(pair) == 2]
    good = sum(good for _, good in parts)
    return {
        "student": student, "notebook": source, "exercise": name,
        "title": REGISTRY[name].title if name in REGISTRY else "",
        "status": str(status), "right": int(status == "right"), "mistake": str(mistake),
        "reason": str(reason), "seconds": round(float(seconds), 2),
        "parts": f"{good} of {len(parts)}" if parts else "",
        "share": 1.0 if status == "right" else good / max(len(parts), 1),
        "right_parts": ", ".join(name for name, good in parts if good),
        "advice": str(details.get("advice", "")), "note": str(details.get("note", "")),
        "known": bool(details.get("known")),
        "printed": bool(details.get("printed")), "score": str(details.get("score", "")),
        "example": [[str(part) for part in pair][:2] for pair in example if len(pair) == 2],
    }  # fmt: skip


def _run(content: bytes, names, skip, limits: Limits, seconds: float) -> tuple[list, str, float]:
    """Start a worker, wait for it, and return what it reported, how it ended, and its seconds."""
    home = Path(tempfile.mkdtemp(prefix="otlec-"))
    token = secrets.token_hex(16)
    try:
        (home / "work").mkdir()
        (home / "notebook.ipynb").write_bytes(content)
        task = asdict(limits) | {
            "notebook": str(home / "notebook.ipynb"), "results": str(home / "results"),
            "names": names, "skip_cells": skip,
        }  # fmt: skip
        (home / "task.json").write_text(json.dumps(task), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "otlec.classroom.grading.worker", str(home / "task.json")],
            cwd=home / "work", env=_environment(home / "work"), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            with contextlib.suppress(OSError):
                process.stdin.write(f"{token}\n".encode())
                process.stdin.close()
            ending, used = _wait(process, home / "results", limits, seconds)
        finally:
            _kill(process)
        return _events(home / "results", token, home), ending, used
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _Clock:
    """Seconds that a process has used: of a processor, or a part of those on the wall."""

    def __init__(self, pid: int):
        self._file, self._start, self._last = f"/proc/{pid}/stat", time.monotonic(), 0.0

    def used(self) -> float:
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(self._file, encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])  # its own, in user and in system mode
            self._last = max(self._last, ticks / os.sysconf("SC_CLK_TCK"))
        return max(self._last, (time.monotonic() - self._start) / PATIENCE)


def _wait(process, results: Path, limits: Limits, seconds: float) -> tuple[str, float]:
    """Wait until a worker ends, or until it or one of its steps takes too long."""
    clock, last, size = _Clock(process.pid), 0.0, -1
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _ending(process.wait(timeout=0.1)), clock.used()
        now = clock.used()
        if now > seconds:
            return f"the time limit of {limits.time} s for a notebook was reached", now
        grown = results.stat().st_size if results.exists() else -1
        if grown != size:
            size, last = grown, now
        elif now - last > limits.exercise:
            return f"the time limit of {limits.exercise} s for an exercise was reached", now


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


def _events(file: Path, token: str, home: Path) -> list[dict]:
    """The lines of a results file that carry the token, without what tells of this machine."""
    found = []
    with contextlib.suppress(OSError):
        for line in file.read_bytes()[: 50 * 2**20].splitlines():
            with contextlib.suppress(ValueError, AttributeError, KeyError):
                event = json.loads(line)
                if event.pop("token") == token and "event" in event:
                    found.append(_anonymous(event, home))
    return found


_FOLDERS = re.compile(
    r"(?<![\w.:/])(?:/[\w.+@~-]+){2,}/(?=[\w.<])|\b[A-Za-z]:\\(?:[^\\/\s\"']+\\)+"
)


def _anonymous(value, home: Path):
    """The same without the names of folders and of the machine: that of a file stays."""
    if isinstance(value, dict):
        return {key: _anonymous(inner, home) for key, inner in value.items()}
    if isinstance(value, list):
        return [_anonymous(inner, home) for inner in value]
    if not isinstance(value, str):
        return value
    value = value.replace(str(home / "work"), "(your folder)").replace(str(home), "(your folder)")
    value = _FOLDERS.sub("", value)
    machine = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    return re.sub(rf"\b{re.escape(machine)}\b", "(a computer)", value) if machine else value
