"""Run one student's notebook and judge its exercises, in a process started by the grader.

usage: python -m otlec.classroom.exercises._worker TASK.json      (with a token on standard input)

The process limits itself before it touches the notebook: address space, processor time, size of
files. Each step is written to the results at once, so that what was judged before a crash is kept,
and so that the parent knows what the crash was in. A cell that fails does not stop the next ones.
``otlec.check`` does nothing here: the grader judges by itself, at the end.
"""

import json
import linecache
import os
import re
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


def read_cells(file: Path) -> list[str]:
    """The code cells of a notebook; ValueError says why there are none."""
    if file.stat().st_size > 20 * 2**20:
        raise ValueError("the file is larger than 20 MB")
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        sources = [c["source"] for c in notebook["cells"] if c["cell_type"] == "code"]
        return ["".join(source) for source in sources]
    except RecursionError:
        raise ValueError("not a notebook: nested too deeply") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a notebook: {type(error).__name__}: {error}") from None


def compiled(source: str, name: str):
    """The code of a cell; lines for the notebook alone (%matplotlib, !pip) are left out."""
    if source.lstrip().startswith("%%"):
        source = ""
    try:
        code = compile(source, name, "exec")
    except SyntaxError:
        source = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.M)
        code = compile(source, name, "exec")
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return code


def main() -> None:
    """Do the task; the results file is all that the parent looks at."""
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    token = sys.stdin.readline().strip()
    # before the limits: the imports are not the student's
    import otlec
    from otlec.classroom.exercises import _guard, find, judge

    results = os.open(task["results"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def report(**entry):
        os.write(results, (json.dumps({"token": token, **entry}) + "\n").encode())

    otlec.check = otlec.classroom.check.check = lambda *args, **options: None
    limit(task["memory"], task["time"])
    module = types.ModuleType("__main__")
    space = module.__dict__
    space.update(display=lambda *args, **options: None, get_ipython=lambda: None)
    sys.modules["__main__"] = module
    errors = []
    for number, source in enumerate(read_cells(Path(task["notebook"])), 1):
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
        answer = find(name).answer
        if answer in space:
            verdict = judge(name, space[answer], seconds=task["call"])
            entry = {"status": verdict.status, "reason": verdict.reason, "text": repr(verdict),
                     "mistake": verdict.mistake or ""}  # fmt: skip
        else:
            reason = "; ".join([f"the notebook defines no {answer}", *errors])
            entry = {"status": "missing", "reason": reason, "text": reason, "mistake": ""}
        report(event="verdict", name=name, seconds=time.perf_counter() - start, **entry)
    report(event="end")
    os._exit(0)  # whatever threads and exit handlers the notebook has left behind


if __name__ == "__main__":
    main()
