"""The kernels in the page against the same kernels under Numba, and how smoothly figures drag.

Needs a built book (``make book``) and a Chromium. Numba and the page run in turns, call after call
of the same instance, the copies in and out of the page's memory included.
"""

import base64
import gzip
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
from common import save

from otlec import cost
from otlec.solvers import hungarian, network_simplex

ROOT = Path(__file__).resolve().parents[1]
BOOK = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "html"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

import webassembly  # noqa: E402
from chromium import come_near, launch, playwright, visit  # noqa: E402

ROUNDS = 7
TIME = """
([name, given, seconds]) => {
  const kinds = {float64: Float64Array, int64: BigInt64Array};
  const arrays = () => given.map((v) => {
    if (typeof v === "number") return v;
    const bytes = Uint8Array.from(atob(v.bytes), (c) => c.charCodeAt(0));
    const data = new kinds[v.kind](bytes.buffer);
    return v.shape.length === 1 ? data : {data, shape: v.shape};
  });
  const fresh = arrays();
  const copy = () => fresh.map((v) => typeof v === "number" ? v
    : v.data ? {data: v.data.slice(), shape: v.shape} : v.slice());
  let spent = 0, count = 0;
  const start = performance.now();
  while (performance.now() - start < 1000 * seconds) {
    const batch = Array.from({length: 8}, copy), before = performance.now();
    for (const values of batch) window.kernels[name](...values);
    spent += performance.now() - before;
    count += batch.length;
  }
  return spent / count;
}
"""


def watched(function: str, run) -> tuple:
    """The arguments of the longest call of a kernel of the network simplex during ``run``."""
    kernel, calls = getattr(network_simplex, function), []

    def watch(*arguments):
        given = tuple(np.array(v) if isinstance(v, np.ndarray) else v for v in arguments)
        start = time.perf_counter()
        result = kernel(*arguments)
        calls.append((time.perf_counter() - start, given))
        return result

    setattr(network_simplex, function, watch)
    try:
        run()
    finally:
        setattr(network_simplex, function, kernel)
    return max(calls, key=lambda call: call[0])[1]


def instances() -> list[tuple[str, str, tuple]]:
    """Kernel, size in words, arguments."""
    rng = np.random.default_rng(0)
    points = {n: (rng.random((n, 2)), rng.random((n, 2))) for n in (60, 100, 200)}
    found = [("cost._distance_powers", "n = 200", (*points[200], 2.0))]
    for n in (100, 200):
        row_of, col_of, phi, psi = hungarian._start(cost.cost_matrix(*points[n]))
        arguments = cost.cost_matrix(*points[n]), phi, psi, row_of, col_of
        found.append(("solvers.hungarian._augment_all", f"n = {n}", arguments))
    x, y = np.sort(rng.random((2, 1000)))
    a, b = rng.random((2, 1000)) / 500
    order = np.arange(1000)
    found.append(
        ("solvers.quantile._merge", "n = 1000", (x, y, a / a.sum(), b / b.sum(), order, order, 2.0))
    )
    masses = rng.random((2, 60))
    masses /= masses.sum(axis=1, keepdims=True)

    def solve():
        network_simplex.transport(*masses, cost.cost_matrix(*points[60]))

    solve()
    for function in ("_sweep", "_measure", "_pivot"):
        found.append((f"network_simplex.{function}", "n = 60", watched(function, solve)))
    steps, n = 32, 64
    faces = [rng.random(s) for s in ((33, 1, n), (steps, 2, n), (steps, 1, n + 1))]
    dual = [rng.normal(size=(steps, 1, n)) for _ in range(3)]
    sums = [np.zeros((steps, n)) for _ in range(3)]
    grid, ends = np.zeros((steps, 1, n)), (0, steps)
    bars = [u.copy() for u in faces]
    for function, arguments in {
        "_divergence_of_spread": (*dual, 0.1, 0.2, 0.3, grid, *ends),
        "_primal_step": (*faces, *bars, *dual, grid, 0.1, 32.0, 1.0, 64.0, 1.9, *ends),
        "_dual_step": (*faces, *dual, 0.1, 1.9, 1.5, *sums, *ends),
        "_dual_step_quadratic": (*faces, *dual, 0.1, 1.9, 0.5, 1.0, 1e-13, *sums, *ends),
    }.items():
        found.append((f"dynamic.{function}", "64 x 32", arguments))
    return found


def by_numba(kernel, arguments, seconds=0.1) -> float:
    """Milliseconds a call."""
    spent, count, start = 0.0, 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        batch = [
            [v.copy() if isinstance(v, np.ndarray) else v for v in arguments] for _ in range(8)
        ]
        before = time.perf_counter()
        for values in batch:
            kernel(*values)
        spent += time.perf_counter() - before
        count += len(batch)
    return 1000 * spent / count


def packed(value):
    if not isinstance(value, np.ndarray):
        return value
    content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"kind": str(value.dtype), "shape": value.shape, "bytes": content}


def sizes() -> dict[str, tuple[int, int]]:
    """Bytes and bytes compressed of each kernel as a module of its own."""
    found = {}
    text = Path(webassembly.__file__).read_text()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "scripts" / "each.py"
        script.parent.mkdir()
        (Path(folder) / "otlec").symlink_to(ROOT / "otlec")
        end = "\n\ndef main()"
        body = text[: text.index(end)] + (
            '\n\nif __name__ == "__main__":\n'
            "    for name in KERNELS:\n"
            "        wasm = compile_all({name: KERNELS[name]})[0]\n"
            "        print(name, len(wasm), len(zlib.compress(wasm, 9)))\n"
        )
        script.write_text(body)
        command = [sys.executable, str(script)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in lines.splitlines():
        name, size, small = line.split()
        found[name] = int(size), int(small)
    return found


def times_table(page) -> dict:
    """How long one call of each kernel takes in the page, and by Numba."""
    rows = []
    for name, size, arguments in instances():
        module, _, function = name.rpartition(".")
        kernel = getattr(importlib.import_module(f"otlec.{module}"), function)
        given = [name, [packed(v) for v in arguments], 0.1]
        page.evaluate(TIME, [*given[:2], 1.0])  # until the browser has optimised it
        pairs = [(page.evaluate(TIME, given), by_numba(kernel, arguments)) for _ in range(ROUNDS)]
        here, there = (statistics.median(values) for values in zip(*pairs, strict=True))
        rows.append([f"`{name}`", size, here, there, here / there])
    return {
        "title": "Kernels in the page",
        "columns": ["kernel", "size", "page, ms", "Numba, ms", "ratio"],
        "rows": rows,
        "note": "Time a call, the copies in and out of the page's memory included; the ratio is "
        "that of the page to Numba, below 1 where the page is quicker. Medians of "
        f"{ROUNDS} rounds in turns. Numba uses the vectors of this processor, the page those of "
        "two numbers that every browser has.",
    }


def bytes_table() -> dict:
    """What each kernel weighs, and all of them together."""
    rows = [[f"`{name}`", *weight] for name, weight in sizes().items()]
    script = (BOOK / "_static" / "live" / "kernels.js").read_bytes()
    data = json.loads(script.decode().partition("const otlecCompiled = ")[2].rstrip(";\n"))
    wasm = zlib.decompress(base64.b64decode(data["packed"]))
    rows.append(["all, as one module", len(wasm), len(zlib.compress(wasm, 9))])
    rows.append(["all, as the script", len(script), len(gzip.compress(script, 9))])
    return {
        "title": "What they weigh",
        "columns": ["kernel", "bytes", "compressed"],
        "rows": rows,
        "note": "Each as a module of its own, and all together.",
    }


DRAG = """
async (n) => {
  const root = document.querySelector("#live-assignment"), slider = root.querySelector("input");
  slider.value = n;
  slider.dispatchEvent(new Event("input"));
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const ms = [];
  let start = 0;
  for (let k = 0; k < 260; k++) {
    const x = root.otlec.state.x.slice();
    x[0] = [0.5 + 0.4 * Math.cos(k / 9), 0.5 + 0.4 * Math.sin(k / 7)];
    root.otlec.set({x});
    await frame();
    if (k === 60) start = performance.now();
    if (k > 60) ms.push(+root.dataset.ms);
  }
  return [199 * 1000 / (performance.now() - start), ms];
}
"""


def frames_table(page) -> dict:
    rows = []
    for n in (12, 100, 200):
        rate, ms = page.evaluate(DRAG, n)
        rows.append([f"assignment, n = {n}", rate, statistics.median(ms), max(ms)])
    rate = page.evaluate(
        """async () => {
          const root = document.querySelector("#live-river"), ms = [], n = [];
          [...root.querySelectorAll("button")].find((b) => b.textContent === "Start").click();
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          for (let k = 0; k < 20; k++) await frame();
          const start = performance.now(), first = root.otlec.state.iterations;
          for (let k = 0; k < 60 && root.otlec.state.running; k++) {
            await frame(); ms.push(+root.dataset.ms); n.push(root.otlec.state.iterations);
          }
          const passed = performance.now() - start;
          return [ms.length * 1000 / passed, ms, (n.at(-1) - first) / ms.length];
        }"""
    )
    rows.append(
        [
            f"river, {rate[2]:.0f} iterations a frame",
            rate[0],
            statistics.median(rate[1]),
            max(rate[1]),
        ]
    )
    return {
        "title": "Frames while something is dragged",
        "columns": ["figure", "frames a second", "solve and draw, ms", "slowest, ms"],
        "rows": rows,
        "note": "200 positions of one atom, one a frame; the browser draws at most 60 frames a "
        "second. Solving is on the main thread, and so is all of the drawing.",
    }


def main() -> None:
    with playwright() as running, launch(running) as browser:
        page, _ = visit(browser, (BOOK / "live.html").as_uri())
        come_near(page)
        page.evaluate("async () => { window.kernels = await otlecKernels.load(otlecCompiled) }")
        tables = [times_table(page), bytes_table(), frames_table(page)]
        version = browser.version
    tables[-1]["note"] += f" Chromium {version}."
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, webassembly.__file__, f"{folder}/kernels.js"]
        subprocess.run(command, capture_output=True, check=True)
    print(f"compiling all kernels takes {time.perf_counter() - started:.1f} s")
    save("web", tables)


if __name__ == "__main__":
    main()
