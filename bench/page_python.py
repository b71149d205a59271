"""Measure Python in the page: bytes, seconds to ready and a check, kernels, heavy cells.

usage: page_python.py      (needs a book that was built with PYODIDE=FOLDER, and a Chromium)

Writes ``results/page_python.json``. Cells that take longer than ten seconds say so in the page,
before they start: ``heavy`` holds their seconds by page and by the digest of ``page.js``.
"""

import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts"), str(ROOT / "bench")]

import nbformat  # noqa: E402
from chromium import launch, playwright  # noqa: E402
from page_site import Server, drive  # noqa: E402
from test_exercises_answers import CELLS, NAMES  # noqa: E402
from test_page_python_numpy import NO_PICTURES  # noqa: E402

import otlec  # noqa: E402
from otlec.classroom.exercises import REGISTRY  # noqa: E402

BOOK = ROOT / "_build" / "html"
HEAVY = 10.0
KERNELS = """
import time, numpy as np, otlec
rng = np.random.default_rng(0)
x, y = (otlec.Measure(rng.random((200, 2))) for _ in range(2))
otlec.optimal_plan(x, y)
times = []
for _ in range(9):
    start = time.perf_counter()
    otlec.optimal_plan(x, y)
    times.append(time.perf_counter() - start)
print(sorted(times)[4])
"""


def digest(text: str) -> str:
    """That of ``page.js``."""
    h = 5381
    for c in text:
        h = (h * 33 + ord(c)) % 2**32
    digits = ""
    while h:
        h, k = divmod(h, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[k] + digits
    return digits


def main() -> int:
    """Measure, and write the results."""
    if not (BOOK / "_static" / "python").exists():
        print("build the book with 'make book PYODIDE=FOLDER' first", file=sys.stderr)
        return 2
    found = {"bytes": {}, "checks": {}, "cells": {}, "heavy": {}}
    for folder in ("page", "python"):
        files = (BOOK / "_static" / folder).iterdir()
        found["bytes"][folder] = sum(file.stat().st_size for file in files)
    with Server(BOOK) as server, playwright() as running, launch(running) as browser:
        page = browser.new_page()

        def run(source):
            start = time.perf_counter()
            result = page.evaluate("s => runPython(s, 'cell')", source)
            return time.perf_counter() - start, result

        start = time.perf_counter()
        drive(page, server.address)
        found["ready"] = round(time.perf_counter() - start, 1)
        found["import"] = round(run("import numpy as np, otlec\nfrom otlec import Measure")[0], 1)
        for name in NAMES:
            source = f"{CELLS[name]}\notlec.check({name!r}, {REGISTRY[name].answer})"
            found["checks"][name] = round(run(source)[0], 2)
        here = []
        for _ in range(3):
            space = {"print": here.append}
            exec(KERNELS, space)
        there = float(run(KERNELS)[1]["outputs"][0]["text"])
        found["optimal_plan of 200 atoms, ms"] = {
            "page": round(1e3 * there, 2), "numba": round(1e3 * statistics.median(here), 2)
        }  # fmt: skip
        for path in sorted((ROOT / "book").glob("[0a]*.ipynb")):
            run("import sys\nsys.modules['__main__'].__dict__.setdefault('x', 0)")
            run(NO_PICTURES)
            times = []
            for cell in nbformat.read(path, as_version=4).cells:
                if cell.cell_type == "code":
                    seconds, result = run(cell.source)
                    times.append(round(seconds, 1) if result["ok"] else None)
                    if seconds > HEAVY:
                        heavy = found["heavy"].setdefault(path.stem, {})
                        heavy[digest(cell.source)] = round(seconds)
            found["cells"][path.stem] = times
            print(path.stem, times, flush=True)
    found["version"] = otlec.__version__
    out = ROOT / "bench" / "results" / "page_python.json"
    out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({k: found[k] for k in found if k not in ("cells", "checks")}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
