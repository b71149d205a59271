"""Assignment against SciPy, lapx and POT: interleaved runs, medians, ratios to the fastest rival.

    python bench/assignment.py            writes bench/results/assignment.json and prints a table
    python bench/assignment.py --quick    n = 100 to 1000 only, and writes nothing
    python bench/assignment.py --resume   keeps the rows that the result file has already

All contenders use one thread. Times are processor times of the process, so that other work on the
machine disturbs the ratios less. Seeds differ from those used while the constants were chosen.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import common
import lap
import numpy as np
import ot
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import otlec

SEEDS = (1001, 1002, 1003)
FAMILIES = ("uniform", "plane", "shift2", "gauss10", "ties")
OTHERS = (
    "machol_wien", "machol_wien_max", "line_p1", "line_p2_shuffled", "zero_one", "five_values",
    "sums", "rank_one", "low_rank", "log_uniform", "cauchy", "log_normal", "scaled_rows",
    "almost_constant", "blocks", "block_distances", "grid", "same_cloud", "half_forbidden",
    "most_forbidden", "near_diagonal", "graph_distances", "plane_p1", "clusters", "sorted_rows",
)  # fmt: skip
SLOW = 2.5  # a rival this many times slower than the fastest is timed once a seed, no more
RESULT = common.RESULTS / "assignment.json"
CLOUD = Path(__file__).with_name("clouds.py")
COMMAND = "python bench/assignment.py"


def problem(family: str, n: int, seed: int) -> np.ndarray:
    r = np.random.default_rng([seed, n])
    i = np.arange(1.0, n + 1)
    match family:
        case "uniform":
            return r.random((n, n))
        case "plane":
            return otlec.cost_matrix(r.random((n, 2)), r.random((n, 2)))
        case "shift2":
            return otlec.cost_matrix(r.standard_normal((n, 2)), 0.5 * r.standard_normal((n, 2)) + 3)
        case "gauss10":
            return otlec.cost_matrix(r.standard_normal((n, 10)), r.standard_normal((n, 10)) + 0.5)
        case "ties":
            return r.integers(0, 100, (n, n)).astype(float)
        case "machol_wien":
            return np.outer(i, i)
        case "machol_wien_max":
            return -np.outer(r.permutation(i), i)
        case "line_p1":
            return otlec.cost_matrix(r.random(n), r.random(n), 1)
        case "line_p2_shuffled":
            return (r.permutation(i)[:, None] - i) ** 2
        case "zero_one":
            return r.integers(0, 2, (n, n)).astype(float)
        case "five_values":
            return r.integers(0, 5, (n, n)).astype(float)
        case "sums":
            return r.random((n, 1)) + r.random(n)
        case "rank_one":
            return r.random((n, 1)) * r.random(n)
        case "low_rank":
            return r.standard_normal((n, 3)) @ r.standard_normal((3, n))
        case "log_uniform":
            return 10.0 ** r.uniform(-12, 12, (n, n))
        case "cauchy":
            return r.standard_cauchy((n, n))
        case "log_normal":
            return np.exp(3 * r.standard_normal((n, n)))
        case "scaled_rows":
            return r.random((n, n)) * 10.0 ** r.uniform(-6, 6, (n, 1))
        case "almost_constant":
            return 1 + 1e-9 * r.random((n, n))
        case "blocks":
            return np.kron(r.random((2, 2)), np.ones((n, n)))[:n, :n] + 1e-6 * r.random((n, n))
        case "block_distances":
            g, h = r.integers(0, 10, n), r.integers(0, 10, n)
            return r.random((10, 10))[g][:, h] + 0.01 * r.random((n, n))
        case "grid":
            return otlec.cost_matrix(r.integers(0, 30, (n, 2)), r.integers(0, 30, (n, 2)))
        case "same_cloud":
            x = r.random((n, 2))
            return otlec.cost_matrix(x, x[r.permutation(n)])
        case "half_forbidden" | "most_forbidden":
            share = 0.5 if family == "half_forbidden" else 0.98
            cost = np.where(r.random((n, n)) < share, np.inf, r.random((n, n)))
            cost[np.arange(n), r.permutation(n)] = r.random(n)  # one assignment exists
            return cost
        case "near_diagonal":
            return np.abs(i[:, None] - i) * r.random((n, n))
        case "graph_distances":
            a, b = r.integers(0, 2 * n, (2, 8 * n))
            graph = csr_matrix((np.ones(8 * n), (a, b)), shape=(2 * n, 2 * n))
            hops = dijkstra(graph, directed=False, indices=range(n), unweighted=True)[:, n:]
            return np.ascontiguousarray(np.where(np.isinf(hops), 99.0, hops))
        case "plane_p1":
            return otlec.cost_matrix(r.random((n, 2)), r.standard_normal((n, 2)), 1)
        case "clusters":
            centre = 10 * r.random((8, 3))
            x, y = (centre[r.integers(0, 8, n)] + 0.1 * r.standard_normal((n, 3)) for _ in "xy")
            return otlec.cost_matrix(x, y)
        case "sorted_rows":
            return np.sort(r.random((n, n)), axis=1)
    raise ValueError(family)


def contenders(cost: np.ndarray) -> dict:
    n = len(cost)
    rows, mass = np.arange(n), np.full(n, 1 / n)
    solvers = {
        "otlec": lambda: otlec.assignment(cost).value,
        "scipy": lambda: cost[rows, linear_sum_assignment(cost)[1]].sum(),
    }
    if np.isfinite(cost).all():  # the others take no forbidden pairs
        solvers |= {
            "lapjvr": lambda: lap.lapjvr(cost)[0],
            "lapjvh": lambda: lap.lapjvh(cost)[0],
            "emd": lambda: n * ot.emd2(mass, mass, cost, numItermax=10**8),
        }
    return solvers


def timed(solve) -> tuple[float, float]:
    start = time.process_time()
    value = solve()
    return time.process_time() - start, value


def measure(family: str, n: int, repeats: int, left_out: set) -> dict:
    """Ratios to the fastest rival, a seed each, and the median times of all contenders.

    From n = 1000 on, a rival that is far from the fastest runs once for a seed. If it was far at
    every seed, it joins ``left_out``: it does not run on larger problems of the family.
    """
    ratios, rows, worst, slow = [], [], 0.0, []
    for seed in SEEDS:
        cost = problem(family, n, seed)
        solvers = contenders(cost)
        times, values = {name: [] for name in solvers if name not in left_out}, {}
        slow.append(set())
        for round_ in range(repeats):
            for name in times:
                if name not in slow[-1]:
                    seconds, values[name] = timed(solvers[name])
                    times[name].append(seconds)
            if round_ == 0 and n >= 1000:
                limit = SLOW * min(t[0] for name, t in times.items() if name != "otlec")
                slow[-1] = {k for k, t in times.items() if k != "otlec" and t[0] > limit}
        scale = n * np.abs(cost[np.isfinite(cost)]).max()
        worst = max(worst, *((values["otlec"] - v) / scale for v in values.values()))
        medians = {name: float(np.median(t)) for name, t in times.items()}
        ratios.append(medians["otlec"] / min(v for k, v in medians.items() if k != "otlec"))
        rows.append(medians)
    left_out |= set.intersection(*slow)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {
        "family": family,
        "n": n,
        "repeats": repeats,
        "ratio": ratios,
        "seconds": {k: float(np.median([row[k] for row in rows if k in row])) for k in names},
        "excess_value": worst,
    }


CLOUDS = (
    ("uniform", 10_000, "otlec"), ("uniform", 10_000, "scipy"), ("uniform", 20_000, "otlec"),
    ("uniform", 100_000, "otlec"), ("normal", 20_000, "otlec"), ("two clusters", 20_000, "otlec"),
    ("ring to two clusters", 20_000, "otlec"), ("far apart", 20_000, "otlec"),
    ("far apart, p = 1", 2_000, "otlec"), ("heavy tails", 20_000, "otlec"),
)  # fmt: skip


def points(kind: str, n: int, how: str) -> dict:
    """Seconds, memory and value of one pair of clouds, in a process of its own."""
    command = [sys.executable, str(CLOUD), kind, str(n), how]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes, value = map(float, out.stdout.split())
    return {
        "clouds": kind, "n": n, "how": how,
        "seconds": seconds, "peak_megabytes": megabytes, "value": value,
    }  # fmt: skip


def exponent(rows: list, family: str, name: str) -> float:
    """The fitted a in time ~ n^a, over n >= 1000."""
    chosen = [r for r in rows if r["family"] == family and r["n"] >= 1000]
    if len(chosen) < 2:
        return float("nan")
    return float(
        np.polyfit(
            np.log([r["n"] for r in chosen]), np.log([r["seconds"][name] for r in chosen]), 1
        )[0]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    common.compile_at_once()
    quick = arguments.quick
    for n in (10, 70, 400):
        otlec.assignment(np.random.default_rng(0).random((n, n)))  # compile
        otlec.assignment(np.random.default_rng(0).integers(0, 9, (n, n)))
    plan = [(f, n) for n in (100, 300, 1000) for f in FAMILIES]
    if not quick:
        plan += [(f, n) for n in (2000, 4000) for f in FAMILIES]
        plan += [(f, n) for n in (1000, 2000) for f in OTHERS]
    rows = json.loads(RESULT.read_text())["assignment"] if arguments.resume else []
    done = {(row["family"], row["n"]) for row in rows}
    left_out = {family: set() for family in FAMILIES + OTHERS}
    print(f"{'n':>5} {'family':18} {'ratio to the fastest rival':28} milliseconds")
    for family, n in plan:
        if (family, n) in done:
            continue
        repeats = 25 if n <= 300 else 5 if n <= 2000 and family in FAMILIES else 3
        row = measure(family, n, repeats, left_out[family])
        rows.append(row)
        rows.sort(key=lambda row: (row["family"] in OTHERS, row["n"]))
        ratios = " ".join(f"{q:.2f}" for q in row["ratio"])
        times = "  ".join(f"{k} {1e3 * v:.2f}" for k, v in row["seconds"].items())
        print(f"{n:5d} {family:18} {ratios:28} {times}", flush=True)
        assert row["excess_value"] <= 1e-12, "a rival found a better assignment"
        if not quick:
            save(rows, [])
    if quick:
        return
    pairs = []
    for pair in CLOUDS:
        pairs.append(points(*pair))
        print(pairs[-1], flush=True)
    save(rows, pairs)


def tables(rows: list, pairs: list) -> list[dict]:
    """What the book shows: one table of ratios, one of times, one of points in the plane."""
    shown = [
        [row["family"], row["n"], *row["ratio"], 1e3 * row["seconds"]["otlec"], *_fastest(row)]
        for row in rows
    ]
    columns = ["family", "n", *(f"ratio, seed {s}" for s in SEEDS)]
    columns += ["otlec, ms", "fastest rival", "its ms"]
    note = (
        "Ratio: the time of `otlec.assignment` over that of the fastest of SciPy's "
        "`linear_sum_assignment`, lapx's `lapjvr` and `lapjvh`, and POT's `emd`, for each of three "
        "random matrices; below 1, otlec is faster. Milliseconds: the median over the three. "
        "Medians of interleaved runs, one thread, "
        "processor time; 25 runs up to n = 300, then {}. A rival 2.5 times slower than the fastest "
        "runs once for each matrix, and not for larger ones if it was so for all three."
    )
    known, others = "5 up to n = 2000 and 3 at n = 4000", "3"
    cut = sum(row["family"] in FAMILIES for row in rows)
    result = [
        _table("Assignment: five families", columns, shown[:cut], note.format(known)),
        _table("Assignment: other costs", columns, shown[cut:], note.format(others)),
    ]
    growth = [[family, exponent(rows, family, "otlec")] for family in FAMILIES]
    fitted = "The fitted exponent a in time ~ n^a, from n = 1000 to 4000."
    result.append(_table("Assignment: growth", ["family", "exponent"], growth, fitted))
    if pairs:
        shown = ("clouds", "n", "how", "seconds", "peak_megabytes", "value")
        cells = [[pair[key] for key in shown] for pair in pairs]
        note = (
            "One run each, a process each. SciPy's time includes filling its matrix; the peak is "
            "that of the whole process, of which importing the packages takes some 130 MB."
        )
        heads = ["clouds", "n", "solver", "seconds", "peak, MB", "value"]
        result.append(_table("Points in the plane, no matrix", heads, cells, note))
    return result


def _table(title: str, columns: list, rows: list, note: str) -> dict:
    return {"title": title, "columns": columns, "rows": rows, "note": note}


def _fastest(row: dict) -> tuple[str, float]:
    """The rival of the least median over the seeds, and its time in milliseconds."""
    rivals = {k: v for k, v in row["seconds"].items() if k != "otlec"}
    name = min(rivals, key=rivals.get)
    return name, 1e3 * rivals[name]


def save(rows: list, pairs: list) -> None:
    """Write the file after each row, in the form of `common.save`, and what --resume needs."""
    result = {
        "command": COMMAND,
        "machine": common.machine("lapx", "POT"),
        "tables": tables(rows, pairs),
        "seeds": SEEDS,
        "assignment": rows,
        "points_in_the_plane": pairs,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
