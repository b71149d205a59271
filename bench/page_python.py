"""Measure Python in the page: bytes, seconds to ready and a check, kernels, heavy cells.

usage: page_python.py      (needs a book that was built with PYODIDE=FOLDER, and a Chromium)

Writes ``results/page_python.json``. Cells that take longer than ten seconds say so in the page,
before they start: ``heavy`` holds their seconds by page and by the digest of ``page.js``. Seconds
are those of a processor; a busy one is slower.
"""

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts"), str(ROOT / "bench")]

import nbformat  # noqa: E402
from chromium import launch, playwright  # noqa: E402
from common import save  # noqa: E402
from page_site import Server, drive  # noqa: E402
from test_exercises_answers import CELLS, NAMES  # noqa: E402
from test_page_python_numpy import NO_PICTURES, digest  # noqa: E402

from otlec.classroom.exercises import REGISTRY  # noqa: E402

BOOK = ROOT / "_build" / "html"
HEAVY = 10.0  # seconds of a processor
PROBLEM = """
import numpy as np, otlec
rng = np.random.default_rng(0)
x, y = (otlec.Measure(rng.random((200, 2))) for _ in range(2))
otlec.optimal_plan(x, y)
"""
TIMES = 100
KERNELS = f"for _ in range({TIMES}): otlec.optimal_plan(x, y)"
STARTS = 3
ROUNDS = 5  # of the kernels, here and there by turns, so that a load falls on both
LIMIT = """
import signal
def ring(*_):
    signal.setitimer(signal.ITIMER_REAL, 0)
    raise TimeoutError("a cell is too slow for this measurement")
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 300)
"""


class Page:
    """Python in a page of a browser, and the seconds of a processor that it has used."""

    def __init__(self, browser, address: str):
        self.browser = browser.new_browser_cdp_session()
        self.page = browser.new_page()
        before = self.processor()
        drive(self.page, address)
        self.start = self.processor() - before

    def processor(self) -> float:
        """The seconds of all pages until now: other programs do not count."""
        every = self.browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return sum(process["cpuTime"] for process in every if process["type"] == "renderer")

    def run(self, source: str) -> tuple[float, dict]:
        """Run a cell; the seconds of a processor that it took, and what it shows."""
        before = self.processor()
        result = self.page.evaluate("s => runPython(s, 'cell')", source)
        return self.processor() - before, result


def kernels(page: Page) -> dict:
    """A table of one problem here and there: the mean of many times, then medians of rounds."""
    space, here, there = {}, [], []
    exec(PROBLEM + KERNELS, space)
    page.run(PROBLEM + KERNELS)
    for _ in range(ROUNDS):
        begin = time.process_time()
        exec(KERNELS, space)
        here.append(1e3 * (time.process_time() - begin) / TIMES)
        there.append(1e3 * page.run(KERNELS)[0] / TIMES)
    ratio = statistics.median(b / a for a, b in zip(here, there, strict=True))
    row = ["optimal_plan of 200 atoms", statistics.median(there), statistics.median(here), ratio]
    return {
        "title": "The compiled kernels of a page",
        "columns": ["problem", "page, ms", "Numba, ms", "ratio"],
        "rows": [row],
        "note": "Milliseconds of a processor, by turns, on the same machine. Aim: within 3 times.",
    }


def start(page: Page, ready: float) -> dict:
    """A table of what a reader waits for."""
    sizes = {
        folder: sum(file.stat().st_size for file in (BOOK / "_static" / folder).iterdir()) / 1e6
        for folder in ("page", "python")
    }
    first = page.run("import numpy as np, otlec\nfrom otlec import Measure")[0]
    checks, right = {}, 0
    for name in NAMES:
        check = f"{CELLS[name]}\notlec.check({name!r}, {REGISTRY[name].answer})"
        checks[name], result = page.run(check)
        right += any(o["kind"] == "verdict" and o["text"] == "right" for o in result["outputs"])
    slowest = max(checks, key=checks.get)
    return {
        "title": "Python in a page",
        "columns": ["what", "MB or s"],
        "rows": [
            ["the book's own part, MB as files", sizes["page"]],
            ["Pyodide and its packages, MB as files", sizes["python"]],
            ["ready after the click, from this machine, s of a processor", ready],
            ["import of NumPy and otlec, s of a processor", first],
            ["a check, median, s of a processor", statistics.median(checks.values())],
            [f"the slowest check, {slowest}, s of a processor", checks[slowest]],
        ],
        "note": "Seconds of a processor; a busy one is slower, and the load was "
        f"{os.getloadavg()[0]:.0f}. "
        f"{len(checks)} solutions were checked, {right} are right. Ready is a median of {STARTS} "
        "starts; aim: 6 s after the download.",
    }


def chapter(page: Page, path: Path) -> tuple[list, dict]:
    """The seconds of each cell, None where it lacks a package; and those of the heavy ones."""
    page.run("import otlec_startup\notlec_startup.reset()")
    page.run(NO_PICTURES)
    times, heavy = [], {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        page.run(LIMIT)
        seconds, result = page.run(cell.source)
        times.append(round(seconds, 1) if result["ok"] else None)
        if seconds > HEAVY:
            heavy[digest(cell.source)] = round(seconds)
    return times, heavy


def main() -> int:
    """Measure, and write the results."""
    if not (BOOK / "_static" / "python").exists():
        print("build the book with 'make book PYODIDE=FOLDER' first", file=sys.stderr)
        return 2
    rows, heavy = [], {}
    with Server(BOOK) as server, playwright() as running, launch(running) as browser:
        pages = [Page(browser, server.address) for _ in range(STARTS)]
        page, ready = pages[-1], statistics.median(page.start for page in pages)
        tables = [start(page, ready), kernels(page)]
        for path in sorted((ROOT / "book").glob("[0a]*.ipynb")):
            times, slow = chapter(page, path)
            ran = [seconds for seconds in times if seconds is not None]
            rows.append(
                [f"`{path.stem}`", len(times), len(ran), sum(ran), max(ran, default=0.0), len(slow)]
            )
            if slow:
                heavy[path.stem] = slow
            print(path.stem, times, flush=True)
        version = browser.version
    tables.append(
        {
            "title": "The cells of the chapters, without their pictures",
            "columns": ["page", "cells", "ran", "s together", "s of the slowest", "over 10 s"],
            "rows": rows,
            "note": f"Seconds of a processor, in Chromium {version}. Those over 10 s say so before "
            "they start. What did not run needs SciPy, scikit-learn or a picture, which the "
            "folder named by PYODIDE does not hold.",
        }
    )
    save("page_python", tables, heavy=heavy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
