"""A search for cliffs: structured cost matrices drawn at random, and the worst ratios to lapx.

    python bench/cliffs.py             300 draws at n = 300 and 1000, 40 at 2000, where each takes
                                       ten seconds: bench/results/cliffs.json
    python bench/cliffs.py --draws 20  fewer, which writes nothing
    python bench/cliffs.py --seed 17 --n 1000   one draw again, with the way that the market took

A draw takes a structure, or mixes two, and permutes rows and columns. Its name and seed say all.
Times are processor times, interleaved, medians of five, of eleven for the twenty that seem worst.
The ratio is to the faster of lapx's two methods, and every value is compared with theirs.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import common
import lap
import numpy as np

import otlec
from otlec.solvers.assignment_routes import Market

DRAWS = {300: 300, 1000: 300, 2000: 40}
WORST = 10
SLOW = 2.5  # a rival this many times slower than the other
COMMAND = "python bench/cliffs.py"


def few_values(r, n):
    kinds = r.integers(2, 51)
    return r.choice(r.integers(0, 1000, kinds), (n, n), p=r.dirichlet(np.full(kinds, 0.3)))


def sparse(r, n):
    return np.where(r.random((n, n)) < r.choice([0.5, 0.9, 0.99, 0.999]), 1.0, r.random((n, n)))


def band(r, n):
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return np.where(apart < n * r.choice([0.02, 0.1, 0.5]), r.random((n, n)), 2.0)


def blocks(r, n):
    k = r.integers(2, 20)
    at = r.integers(0, k, n), r.integers(0, k, n)
    return r.random((k, k))[np.ix_(*at)] + 10.0 ** r.integers(-6, 1) * r.random((n, n))


def low_rank(r, n):
    k = r.integers(1, 8)
    return r.standard_normal((n, k)) @ r.standard_normal((k, n))


def popular_columns(r, n):
    return r.random((n, n)) + r.exponential(r.choice([0.1, 1.0, 10.0]), n)


def heavy_tails(r, n):
    kinds = (
        lambda: r.standard_cauchy((n, n)),
        lambda: np.exp(r.uniform(1, 8) * r.standard_normal((n, n))),
        lambda: r.pareto(0.7, (n, n)),
    )
    return kinds[r.integers(len(kinds))]()


def hamming(r, n):
    x, y = (r.integers(0, 2, (n, r.integers(4, 40))) for _ in "xy")
    d = min(x.shape[1], y.shape[1])
    x, y = x[:, :d].astype(float), y[:, :d].astype(float)
    return x.sum(1)[:, None] + y.sum(1) - 2 * x @ y.T


def lattice(r, n):
    side = r.integers(3, 40)
    return otlec.cost_matrix(*(r.integers(0, side, (n, 2)) for _ in "xy"), r.choice([1, 2]))


def points(r, n):
    d, p = r.choice([1, 2, 3, 10]), r.choice([1, 1.5, 2, 4])
    x, y = r.standard_normal((n, d)), r.standard_normal((n, d)) * r.uniform(0.1, 2)
    return otlec.cost_matrix(x, y + r.choice([0, 0.5, 5]), p)


def clusters(r, n):
    centres = r.standard_normal((r.integers(2, 8), 2)) * 10.0 ** r.integers(0, 3)
    x, y = (centres[r.integers(0, len(centres), n)] + r.standard_normal((n, 2)) for _ in "xy")
    return otlec.cost_matrix(x, y)


def near_monge(r, n):
    x, y = np.sort(r.random(n)), np.sort(r.random(n))
    return np.subtract.outer(x, y) ** 2 + 10.0 ** r.integers(-12, 0) * r.random((n, n))


STRUCTURES = (
    few_values, sparse, band, blocks, low_rank, popular_columns, heavy_tails, hamming, lattice,
    points, clusters, near_monge,
)  # fmt: skip


def draw(seed: int, n: int) -> tuple[str, np.ndarray]:
    """The name and the matrix of a draw."""
    r = np.random.default_rng([seed, n])
    chosen = [STRUCTURES[k] for k in r.choice(len(STRUCTURES), 1 + (r.random() < 0.3))]
    parts = [np.asarray(make(r, n), dtype=float) for make in chosen]
    cost = sum(part / (np.median(np.abs(part)) or 1.0) for part in parts[1:]) + parts[0]
    cost = np.ascontiguousarray(cost[r.permutation(n)][:, r.permutation(n)])
    return " + ".join(make.__name__ for make in chosen), cost


def seconds(run: Callable) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def ratio(cost: np.ndarray, rounds: int) -> float:
    """The time of `otlec.assignment` in units of the faster of lapx's methods, after comparison."""
    runs = [lambda solve=s: solve(cost) for s in (otlec.assignment, lap.lapjvr, lap.lapjvh)]
    value = otlec.assignment(cost).value  # and machine code is there
    times, theirs = [[seconds(runs[0])]], []
    for run in runs[1:]:
        start = time.process_time()
        theirs.append(run()[0])
        times.append([time.process_time() - start])
    if max(abs(value - other) for other in theirs) > 1e-9 * np.abs(cost).mean() * len(cost):
        raise SystemExit(f"otlec finds {value!r}, lapx {theirs!r}")
    fastest = min(first for (first,) in times[1:])
    slow = [False] + [first > SLOW * fastest for (first,) in times[1:]]  # timed once, no more
    for _ in range(rounds - 1):
        for run, taken, left in zip(runs, times, slow, strict=True):
            if not left:
                taken.append(seconds(run))
    ours, *others = map(statistics.median, times)
    return ours / max(min(others), 1e-6)


def main() -> None:
    """Draw, measure, and write down the worst."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--draws", type=int, help="at each size")
    parser.add_argument("--n", type=int, help="one size only")
    parser.add_argument("--seed", type=int, help="one draw only")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    common.compile_at_once()
    sizes = (options.n,) if options.n else DRAWS
    tables = []
    for n in sizes:
        found = []
        draws = range(options.draws or DRAWS.get(n, 300))
        for seed in draws if options.seed is None else [options.seed]:
            name, cost = draw(seed, n)
            found.append((ratio(cost, options.rounds), name, seed))
            if options.seed is not None:
                print(f"n = {n}, {name}: {found[0][0]:.2f}, by {Market(cost).settle()}")
        found.sort(reverse=True)
        # among the worst are those that other work has disturbed: they are measured again
        for k, (_, name, seed) in enumerate(found[: 2 * WORST]):
            found[k] = ratio(draw(seed, n)[1], 2 * options.rounds + 1), name, seed
        found.sort(reverse=True)
        median = statistics.median(r for r, *_ in found)
        rows = [[name, seed, f"{r:.2f}"] for r, name, seed in found[:WORST]]
        print(f"n = {n}: median {median:.2f}, worst:", *rows, sep="\n  ")
        title = f"Cliffs at n = {n}: median {median:.2f} of {len(found)} draws; the worst"
        tables.append({"title": title, "columns": ["structure", "seed", "ratio"], "rows": rows})
    if options.draws is None and options.seed is None and options.n is None:
        common.save("cliffs", tables, packages=("lapx",), command=COMMAND)


if __name__ == "__main__":
    main()
