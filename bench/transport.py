"""Weighted transport: the network simplex against POT's, on five families and on many more.

Ratios of wall time, otlec / POT ``ot.emd``, both certified optimal: medians over three instances
that nothing was tuned on, each timed in interleaved rounds.
"""

import statistics

import numpy as np
import ot
from common import compile_at_once, interleave, save

import otlec

SEEDS = (101, 102, 103)
SIZES = (300, 1000, 2000)


def families(n, rng):
    """The five families that the goals are set for."""
    plane = [rng.random((n, 2)) for _ in range(2)]
    shift = rng.standard_normal((n, 2)), 0.5 * rng.standard_normal((n, 2)) + 3
    high = rng.standard_normal((n, 10)), rng.standard_normal((n, 10)) + 0.5
    return {
        "uniform": lambda: rng.random((n, n)),
        "plane": lambda: otlec.cost_matrix(*plane),
        "shift2": lambda: otlec.cost_matrix(*shift),
        "Gaussian d=10": lambda: otlec.cost_matrix(*high),
        "integer ties": lambda: rng.integers(0, 100, (n, n)).astype(float),
    }


def others(n, rng):
    """Structures on which a method tuned on the five families might collapse."""
    i = np.arange(1.0, n + 1)
    angle = 2 * np.pi * rng.random(n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    centres = 20 * rng.random((5, 2))
    clusters = [
        centres[rng.integers(0, 5, n)] + 0.1 * rng.standard_normal((n, 2)) for _ in range(2)
    ]
    side = int(np.ceil(np.sqrt(n)))
    grid = np.stack(np.divmod(np.arange(n), side), axis=1).astype(float)
    return {
        "distances, p=1": lambda: otlec.cost_matrix(rng.random((n, 2)), rng.random((n, 2)), 1),
        "p=6": lambda: otlec.cost_matrix(rng.random((n, 2)), rng.random((n, 2)), 6),
        "grid to itself": lambda: otlec.cost_matrix(grid, grid),
        "clusters": lambda: otlec.cost_matrix(*clusters),
        "blob to circle": lambda: otlec.cost_matrix(0.1 * rng.standard_normal((n, 2)), circle),
        "line": lambda: otlec.cost_matrix(rng.random(n), rng.random(n), 1),
        "shifted line": lambda: otlec.cost_matrix(rng.random(n), rng.random(n) + 0.3),
        "products": lambda: np.outer(rng.random(n), rng.random(n)),
        "i times j": lambda: np.outer(i, i),
        "row + column": lambda: 100 * (rng.random((n, 1)) + rng.random(n)) + rng.random((n, n)),
        "heavy tails": lambda: np.exp(8 * rng.standard_normal((n, n))),
        "two values": lambda: rng.integers(0, 2, (n, n)).astype(float),
        "constant": lambda: np.ones((n, n)),
    }


def ratio(make, n, rng, repeats):
    """Seconds of POT and of otlec on one instance, after checking that they agree."""
    a, b = (rng.random(n) + 0.01 for _ in range(2))
    a, b = a / a.sum(), b / b.sum()
    cost = make()
    plan = otlec.transport(a, b, cost)
    scale = np.abs(cost).max()
    value = ot.emd2(a, b, cost, numItermax=10**7)
    assert abs(plan.gap) <= 1e-12 * scale, plan.gap
    assert abs(plan.value - value) <= 1e-9 * scale, (plan.value, value)
    seconds = interleave(
        {
            "POT": lambda: ot.emd(a, b, cost, numItermax=10**7),
            "otlec": lambda: otlec.transport(a, b, cost),
        },
        repeats,
    )
    return seconds["POT"], seconds["otlec"]


def table(title, kind, sizes, seeds, repeats, note):
    rows = []
    for name in kind(2, np.random.default_rng(0)):
        for n in sizes:
            timings = []
            for seed in seeds:
                rng = np.random.default_rng([seed, n])
                timings.append(ratio(kind(n, rng)[name], n, rng, repeats))
            pot = 1e3 * statistics.median(pot for pot, _ in timings)
            ours = 1e3 * statistics.median(ours for _, ours in timings)
            share = statistics.median(ours / pot for pot, ours in timings)
            rows.append([name, n, pot, ours, share])
            print(name, n, *[f"{cell:.3g}" for cell in rows[-1][2:]], flush=True)
    columns = ["family", "n", "POT, ms", "otlec, ms", "ratio"]
    return {"title": title, "columns": columns, "rows": rows, "note": note}


def growth(rows) -> list:
    """For each family the exponents of time against n, fitted on log axes: of POT, and of otlec."""
    fits = {}
    for name in dict.fromkeys(row[0] for row in rows):
        _, n, *times, _ = zip(*(row for row in rows if row[0] == name), strict=True)
        fits[name] = [float(np.polyfit(np.log(n), np.log(t), 1)[0]) for t in times]
    return [[name, *exponents] for name, exponents in fits.items()]


def main():
    compile_at_once()
    first = table(
        "Weighted transport on the five families",
        families,
        SIZES,
        SEEDS,
        5,
        "Random weights. Goals: ratios of at most 0.95 / 0.85 / 0.7 (aims 0.6 / 0.45 / 0.35).",
    )
    exponents = {
        "title": "Growth of the time with n, fitted exponents",
        "columns": ["family", "POT", "otlec"],
        "rows": growth(first["rows"]),
        "note": f"Over n = {', '.join(map(str, SIZES))}; reading the matrix alone is 2.",
    }
    second = table(
        "Weighted transport on other structures",
        others,
        SIZES[:2],
        SEEDS,
        5,
        "No goal was set for these; above 1, POT is faster.",
    )
    save("transport", [first, exponents, second], ("POT",))


if __name__ == "__main__":
    main()
