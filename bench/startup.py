"""A fresh process: import and first calls, cached and cold, against ``import ot``."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import save

CALLS = {
    "assignment": "otlec.assignment(cost)",
    "assignment, textbook": "otlec.shortest_augmenting_paths(cost)",
    "assignment of points": "otlec.assignment_points(x, y)",
    "bottleneck": "otlec.bottleneck(cost)",
    "transport": "otlec.transport(a, b, cost)",
    "transport on the line": "otlec.transport_1d(x[:, 0], y[:, 0], a, b)",
    "distance on the line": "otlec.wasserstein(otlec.Measure(x[:, 0], a), otlec.Measure(y[:, 0]))",
    "distance in the plane": "otlec.wasserstein(otlec.Measure(x, a), otlec.Measure(y))",
}
DATA = """
import numpy as np, otlec
rng = np.random.default_rng(0)
n = 100
x, y, cost = rng.random((n, 2)), rng.random((n, 2)), rng.random((n, n))
a, b = rng.random(n), rng.random(n)
a, b = a / a.sum(), b / b.sum()
"""
EVERYTHING = DATA + "\n".join(CALLS.values())
ROOT = Path(__file__).resolve().parents[1]


def seconds(code: str, cache: str) -> float:
    """Wall time of a fresh process that runs ``code``, its own start included."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=ROOT)
    return time.perf_counter() - start


def main():
    with tempfile.TemporaryDirectory() as warm:
        cold = seconds(EVERYTHING, warm)
        runs = {
            "python alone": "pass",
            "import numpy": "import numpy",
            "import numba": "import numba",
            "import otlec": "import otlec",
            "otlec, every exact kernel": EVERYTHING,
            "import ot": "import ot",
        }
        times = {name: [] for name in runs}
        for _ in range(9):
            for name, code in runs.items():
                times[name].append(seconds(code, warm))
        medians = {name: statistics.median(values) for name, values in times.items()}
        imported = medians["import otlec"]
    first = []
    for name, call in CALLS.items():
        with tempfile.TemporaryDirectory() as empty:
            first.append([name, seconds(DATA + call, empty) - imported])
    ratio = medians["otlec, every exact kernel"] / medians["import ot"]
    save(
        "startup",
        [
            {
                "title": "A fresh process, kernels cached on disk",
                "columns": ["what it does", "seconds"],
                "rows": [[name, value] for name, value in medians.items()],
                "note": f"Import and first calls of every exact kernel take {ratio:.2f} of the "
                "time of 'import ot' (goal: at most 1).",
            },
            {
                "title": "The first call ever: compilation",
                "columns": ["first call", "seconds beyond the import"],
                "rows": [*first, ["all of them, in one process", cold - imported]],
                "note": "Each in a process of its own with an empty cache: a call compiles only "
                "what it needs. Aim: less than 8 s for all.",
            },
        ],
        ("POT",),
    )


if __name__ == "__main__":
    main()
