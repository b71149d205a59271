"""Measure how long each notebook of the book takes, cold and warm, for the page of computing times.

usage: notebook_times.py        (writes bench/results/notebooks.json)

Cold: with an empty folder for compiled kernels, as on a first run. Warm: the same notebook again.
jupyter-book has a page of execution times, but it lists nothing where the notebooks were executed
beforehand, and knows no cold run.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import common
import notebooks


def main() -> int:
    """Execute each source twice and save the table."""
    rows = []
    for page in notebooks.sources():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["NUMBA_CACHE_DIR"] = folder
            cold = notebooks.execute(page, write=False)
            warm = notebooks.execute(page, write=False)
        rows.append([f"`{page.name}`", round(cold, 1), round(warm, 1)])
    rows.append(["together", *(round(sum(row[k] for row in rows), 1) for k in (1, 2))])
    table = {
        "title": "Seconds to execute each notebook",
        "columns": ["notebook", "cold", "warm"],
        "rows": rows,
        "note": "Cold: no compiled kernel on disk. Warm: the second run. Each starts a new kernel.",
    }
    common.save(
        "notebooks", [table], ("matplotlib", "jupyter-book"), "python scripts/notebook_times.py"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
