"""Run one student's notebook and judge its exercises, in a process started by the grader.

usage: python -m otlec.classroom.grading.worker TASK.json      (with a token on standard input)

The process limits itself before it touches the notebook: address space, processor time, size of
files. Each step is written to the results at once, so that what was judged before a crash is kept,
and so that the parent knows what the crash was in. A cell that fails does not stop the next ones.
``otlec.check`` only notes here what it is given: the grader judges by itself, at the end.
"""

import gc
import json
import os
import sys
import time
import types
from pathlib import Path


def limit(memory: int, seconds: int) -> None:
    """Set the limits that the system offers; on Windows there are none of these."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    wanted = {
        "RLIMIT_AS": memory * 2**20,
        "RLIMIT_CPU": seconds + 5,
        "RLIMIT_FSIZE": 50 * 2**20,
        "RLIMIT_CORE": 0,
    }
    for name, value in wanted.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def chosen(task, space: dict, passed: dict):
    """The answer to judge, and the name under which it was found; None if there is none.

    It is the function of the exercise's name, unless the notebook's own check passes another one.
    """
    name = task.answer
    if task.name in passed:
        answer = passed[task.name]
        other = getattr(answer, "__name__", name) if callable(answer) else name
        if other != name and space.get(other) is not None:
            return space[other], other
        if name not in space:
            return answer, other
    return (space[name], name) if name in space else (None, "")


def entry_of(verdict, answer: str, found: str) -> dict:
    """What a row and a page of feedback need of a verdict, as plain text."""
    from otlec.classroom.exercises._show import text

    note = f"judged: {found}, which the check of the notebook passes" if found != answer else ""
    return {
        "status": verdict.status, "reason": verdict.reason, "mistake": verdict.mistake or "",
        "advice": verdict.advice, "known": bool(verdict.known), "note": note,
        "printed": bool(verdict.printed),
        "example": [[name, text(value)] for name, value in verdict.example],
        "score": str(verdict.score.value) if verdict.score else "",
        "parts": [[name, bool(good)] for name, good in verdict.parts.items()],
    }  # fmt: skip


def main() -> None:
    """Do the task; the results file is all that the parent looks at."""
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    token = sys.stdin.readline().strip()
    # before the limits: the imports are not the student's
    import otlec
    from otlec.classroom.exercises import _guard, find, judge
    from otlec.classroom.grading.notebook import compiled, read_cells

    results = os.open(task["results"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def report(**entry):
        os.write(results, (json.dumps({"token": token, **entry}) + "\n").encode())

    passed = {}

    def note(name, answer=None, **_):
        passed[str(name)] = answer

    otlec.check = otlec.classroom.check.check = note
    limit(task["memory"], task["time"])
    module = types.ModuleType("__main__")
    space = module.__dict__
    space.update(display=lambda *args, **options: None, get_ipython=lambda: None)
    sys.modules["__main__"] = module
    errors = []
    for number, source in enumerate(read_cells(Path(task["notebook"]).read_bytes()), 1):
        if number in task["skip_cells"]:
            continue
        report(event="cell", number=number)
        try:
            code = compiled(source, f"<cell {number}>")
            with _guard.quiet(_guard.Sink()):
                _guard.within(task["cell"], exec, code, space)
        except _guard.TimeLimit:
            errors.append(f"cell {number} did not end within {task['cell']} s")
        except NotImplementedError:
            continue
        except BaseException as error:
            errors.append(f"cell {number}: {type(error).__name__}: {str(error)[:300]}")
    for name in task["names"]:
        report(event="judge", name=name)
        start = time.perf_counter()
        task_of = find(name)
        answer, found = chosen(task_of, space, passed)
        if found:
            entry = entry_of(judge(name, answer, seconds=task["call"]), task_of.answer, found)
        else:
            reason = "; ".join([f"the notebook defines no {task_of.answer}", *errors])
            entry = {"status": "missing", "reason": reason}
        gc.collect()  # what a traceback kept: the next exercise needs the memory
        report(event="verdict", name=name, seconds=time.perf_counter() - start, **entry)
    report(event="end")
    os._exit(0)  # whatever threads and exit handlers the notebook has left behind


if __name__ == "__main__":
    main()
