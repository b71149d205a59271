"""What all benchmarks share: fair timing, the machine in words, result files that the book shows.

Only ratios mean something on a shared machine. So contenders run interleaved, round after round,
and their medians are compared; whatever else the machine does then hits all alike.
"""

import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def interleave(
    contenders: dict[str, Callable], repeats: int = 5, clock: Callable = time.perf_counter
) -> dict[str, float]:
    """Run every contender once unmeasured, then ``repeats`` rounds; the median seconds of each.

    With ``clock=time.process_time`` these are a processor's seconds: two threads count twice.
    """
    for run in contenders.values():
        run()
    seconds = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, run in contenders.items():
            start = clock()
            run()
            seconds[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def compile_at_once() -> None:
    """Compile each kernel when it is first called, on small data too: later calls are measured.

    What first calls take is the matter of bench/startup.py.
    """
    importlib.import_module("otlec._kernel")._PATIENCE = 0.0


def machine(*packages: str) -> dict[str, str]:
    """The processor, and the versions of Python, otlec's dependencies and the packages named."""
    info = {"processor": _processor(), "cores": str(os.cpu_count())}
    info["Python"] = platform.python_version()
    for name in ("numba", "numpy", "scipy", *packages):
        info[name] = importlib.metadata.version(name)
    return info


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def save(
    name: str,
    tables: list[dict],
    packages: tuple[str, ...] = (),
    command: str | None = None,
    **more,
) -> None:
    """Write ``bench/results/NAME.json`` and print its tables.

    A table has a ``title``, ``columns``, ``rows`` (the first entry a name, then numbers or text),
    and a ``note`` that says what the figures are. ``more`` is kept beside them.
    """
    RESULTS.mkdir(exist_ok=True)
    result = {
        "command": command or f"python bench/{name}.py",
        "machine": machine(*packages),
        "tables": tables,
        **more,
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    for table in tables:
        print(f"\n{table['title']}")
        for row in [table["columns"], *table["rows"]]:
            print("  ".join(f"{_text(cell):>12s}" for cell in row))
        print(table.get("note", ""))


def _text(cell) -> str:
    return f"{cell:.3g}" if isinstance(cell, float) else "" if cell is None else str(cell)
