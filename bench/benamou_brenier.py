"""Benamou–Brenier: the fused kernels against the same scheme in plain NumPy with scipy.fft.

The problem is one pair of Gaussians on the unit square, centres (.3, .3) and (.7, .6), deviations
.06 and .09, p = 2. The exact interpolant at t = 1/2 is the Gaussian at (.5, .45) with deviation
.075, and the exact energy .25 + .0018 on the plane.
"""

import resource
import statistics
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy_benamou_brenier as plain
from common import interleave, save

import otlec
from otlec.dynamics.levels import Level, Problem, coarse_levels, default_step

STEP = 0.13


def gaussian(n, centre, deviation):
    x = (np.arange(n) + 0.5) / n
    a, b = (np.exp(-((x - c) ** 2) / (2 * deviation**2)) for c in centre)
    rho = np.outer(a, b)
    return rho / rho.mean()


def problem(n):
    return gaussian(n, (0.3, 0.3), 0.06), gaussian(n, (0.7, 0.6), 0.09)


def level(n, steps, dtype=np.float64, pool=None):
    """The finest level alone, started from the mixture, on one or (with a pool) two threads."""
    out = Level(Problem(*problem(n), steps, 2.0, 1.9, dtype), 1.0)
    out.grid.pool = pool
    out.start()
    return out


def per_iteration(pool):
    rows = []
    for n, steps in ((32, 16), (64, 32), (128, 32)):
        numpy_version = plain.iterations(*problem(n), steps, step=STEP, relax=1.9)
        contenders = {"numpy": lambda it=numpy_version: next(it)}
        for dtype in (np.float64, np.float32):
            for threads in (None, pool):
                solver = level(n, steps, dtype, threads)
                name = f"{np.dtype(dtype).name}, {1 if threads is None else 2}"
                contenders[name] = lambda s=solver: s.iterate(STEP)
        seconds = interleave(contenders, repeats=9)
        base = seconds.pop("numpy")
        rows.append(
            [f"{n} x {n} x {steps}", 1e3 * base, *(value / base for value in seconds.values())]
        )
    return {
        "title": "One iteration",
        "columns": ["cells", "NumPy, ms", "float64, 1 thread", "float64, 2 threads",
                    "float32, 1 thread", "float32, 2 threads"],
        "rows": rows,
        "note": "Ratios to the time of NumPy and scipy.fft; medians of 9 interleaved rounds.",
    }  # fmt: skip


def count_until(next_value, goal, limit=400):
    """How many calls until the value meets the goal."""
    for k in range(1, limit + 1):
        if goal(next_value()):
            return k
    raise RuntimeError(f"not reached in {limit} iterations")


def count_to_stay(next_value, goal, length=120):
    """After how many of ``length`` calls the value has met the goal for good."""
    met = [goal(next_value()) for _ in range(length)]
    return length - met[::-1].index(False) + 1


def to_one_percent(pool):
    n, steps = 128, 32
    ends = problem(n)
    reference = otlec.benamou_brenier(*ends, steps=steps, tol=1e-3).energy

    def goal(energy):
        return abs(energy - reference) <= 1e-2 * reference

    def numpy_version(relax):
        it = plain.iterations(*ends, steps, step=STEP, relax=relax)
        return lambda: next(it)[0]

    def fused(dtype):
        solver = level(n, steps, dtype, pool)
        return lambda: solver.iterate(STEP)[0]

    starts = {
        "NumPy, no relaxation": lambda: numpy_version(1.0),
        "NumPy, relaxation 1.9": lambda: numpy_version(1.9),
        "float64": lambda: fused(np.float64),
        "float32": lambda: fused(np.float32),
    }
    counts = {name: count_to_stay(start(), goal) for name, start in starts.items()}

    def run(name):
        step = starts[name]()
        for _ in range(counts[name]):
            step()

    seconds = interleave({name: lambda name=name: run(name) for name in starts})
    base = seconds["NumPy, no relaxation"]
    return {
        "title": f"Time to 1 % of the energy, {n} x {n} x {steps}",
        "columns": ["solver", "iterations", "seconds", "ratio"],
        "rows": [[name, counts[name], s, s / base] for name, s in seconds.items()],
        "note": "One level, dual step .13, until the energy stays within 1 % of the certified one; "
        "ratios to NumPy without relaxation. Medians of 5 interleaved rounds, two threads.",
    }


def to_the_density(pool):
    n, steps = 128, 32
    ends, middle = problem(n), gaussian(n, (0.5, 0.45), 0.075)

    def wrong(solver):
        return float(np.abs(solver.faces[0][steps // 2] - middle).mean())

    def one_level(step):
        solver = level(n, steps, np.float64, pool)

        def next_value():
            solver.iterate(step)
            return wrong(solver)

        return count_until(next_value, lambda e: e <= 0.1)

    def coarse_to_fine():
        solver = coarse_levels(Problem(*ends, steps, 2.0, 1.9, pool=pool))
        if wrong(solver) <= 0.1:
            return 0
        k = iter(range(1000))

        def next_value():
            solver.iterate(default_step(next(k)))
            return wrong(solver)

        return count_until(next_value, lambda e: e <= 0.1)

    single = {step: one_level(step) for step in (0.02, 0.03, 0.04, 0.06, 0.08, 0.13, 0.2, 0.3)}
    best = min(single, key=single.get)
    contenders = {
        f"one level, step {best}": lambda: one_level(best),
        "coarse to fine": coarse_to_fine,
    }
    counts = {name: run() for name, run in contenders.items()}
    seconds = interleave(contenders)
    base = seconds[f"one level, step {best}"]
    return {
        "title": f"Time to an L1 error of .1 of the density at t = 1/2, {n} x {n} x {steps}",
        "columns": ["solver", "iterations on the finest grid", "seconds", "ratio"],
        "rows": [[name, counts[name], s, s / base] for name, s in seconds.items()],
        "note": "float64, two threads; the best single step of eight. Medians of 5 interleaved "
        "rounds; the coarse levels are counted in the time.",
    }


def certified():
    rows = []
    x = (np.arange(128) + 0.5) / 128
    line = [np.exp(-((x - c) ** 2) / (2 * s**2)) for c, s in ((0.3, 0.06), (0.7, 0.09))]
    cases = [("128 x 32", [rho / rho.mean() for rho in line], 32, {})]
    cases += [(f"{n} x {n} x 32", problem(n), 32, {}) for n in (64, 128)]
    cases += [("64 x 64 x 32, float32", problem(64), 32, {"dtype": np.float32})]
    for name, ends, steps, options in cases:
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            film = otlec.benamou_brenier(*ends, steps=steps, **options)
            seconds.append(time.perf_counter() - start)
        rows.append(
            [name, len(film.history.energy), statistics.median(seconds[1:]),
             film.gap / film.lower_bound, film.energy]
        )  # fmt: skip
    return {
        "title": "The whole solver, to a certified gap of 1e-3",
        "columns": ["cells", "iterations", "seconds", "relative gap", "energy"],
        "rows": rows,
        "note": "With the coarse levels and both bounds; iterations on the finest grid.",
    }


def vacuum():
    """Both bounds where most cells are empty: after 100 iterations, and after 400."""
    n = 64
    x, y = np.meshgrid(*2 * [(np.arange(n) + 0.5) / n], indexing="ij")

    def mass(*shapes):
        rho = np.logical_or.reduce(shapes).astype(float)
        return rho / rho.mean()

    def disc(u, v, radius):
        return (x - u) ** 2 + (y - v) ** 2 < radius**2

    def block(u, v, half):
        return np.maximum(abs(x - u), abs(y - v)) < half

    walls = np.zeros((n, n), bool)
    walls[20:24, :44] = walls[40:44, 20:] = True
    cases = {
        "discs": (mass(disc(0.3, 0.3, 0.15)), mass(disc(0.7, 0.65, 0.1), disc(0.3, 0.75, 0.1))),
        "blocks": (mass(block(0.25, 0.5, 0.12)), mass(block(0.7, 0.25, 0.1), block(0.8, 0.8, 0.1))),
        "maze": (mass(disc(0.16, 0.2, 0.1)), mass(disc(0.84, 0.8, 0.1))),
    }
    rows = []
    for name, ends in cases.items():
        options = {"steps": 32, "tol": 1e-9, "obstacles": walls if name == "maze" else None}
        for p in (1.5, 2.0, 4.0):
            gaps, seconds = [], []
            for iterations in (100, 400):
                start = time.process_time()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # not converged to 1e-9: that is the point
                    film = otlec.benamou_brenier(*ends, p=p, max_iterations=iterations, **options)
                seconds.append(time.process_time() - start)
                gaps.append(film.upper_bound / film.lower_bound - 1)
            rows.append([name, p, *gaps, seconds[-1]])
            print(*rows[-1], flush=True)
    return {
        "title": "In vacuum, 64 x 64 x 32",
        "columns": [
            "ends",
            "p",
            "gap, 100 iterations",
            "gap, 400 iterations",
            "seconds of the 400",
        ],
        "rows": rows,
        "note": "How far the upper bound lies above the lower one, in units of the lower one. "
        "Most cells are empty; the maze has two walls. One run each, processor time.",
    }


def large(pool):
    n, steps = 256, 64
    solver = level(n, steps, np.float64, pool)
    for _ in range(2):
        solver.iterate(STEP)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        solver.iterate(STEP)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    solver.lower_bound()
    solver.upper_bound(0.03)
    bounds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "title": f"A large grid, {n} x {n} x {steps}",
        "columns": ["what", "figure"],
        "rows": [["seconds an iteration, two threads", statistics.median(seconds)],
                 ["seconds for both bounds", bounds], ["peak memory, GiB", peak]],
        "note": "Memory of the process that did nothing else.",
    }  # fmt: skip


def shares():
    """Where the time of an iteration goes, on one thread, and the floor of the memory."""
    rows = []
    for n, steps in ((64, 32), (128, 32)):
        for dtype in (np.float64, np.float32):
            solver = level(n, steps, dtype)
            for _ in range(3):
                solver.iterate(STEP)
            names = "_divergence_of_spread _solve_in_time _primal_step _dual_step_quadratic"
            parts = {name: [] for name in names.split()}
            run, transform = solver.grid.run, []

            def timed(function, *arguments, axis=0, run=run, parts=parts):
                start = time.perf_counter()
                run(function, *arguments, axis=axis)
                parts[function.__name__].append(time.perf_counter() - start)

            poisson = solver.grid.solve

            def timed_poisson(poisson=poisson, transform=transform):
                start = time.perf_counter()
                out = poisson()
                transform.append(time.perf_counter() - start)
                return out

            solver.grid.run, solver.grid.solve = timed, timed_poisson
            for _ in range(15):
                solver.iterate(STEP)
            divergence, in_time, primal, dual = map(statistics.median, parts.values())
            cosine = statistics.median(transform) - in_time
            total = cosine + in_time + divergence + primal + dual
            # 4 + 10 + 9 arrays of the kernels, 3 of the elimination, 2 passes each way of the DCT
            moved = (4 + 10 + 9 + 3 + 8) * np.dtype(dtype).itemsize * n * n * steps
            floor = moved / bandwidth()
            rows.append(
                [f"{n} x {n} x {steps}, {np.dtype(dtype).name}", cosine / total, in_time / total,
                 dual / total, (divergence + primal) / total, 1e3 * total, total / floor]
            )  # fmt: skip
    return {
        "title": "Where an iteration spends its time",
        "columns": ["cells", "cosine transforms", "elimination in time", "projection on K",
                    "operators", "ms", "over the floor"],
        "rows": rows,
        "note": "One thread. The floor is the bytes that the passes move, over the measured "
        "bandwidth of a sum of two large arrays.",
    }  # fmt: skip


def bandwidth():
    """Bytes a second of ``c = a + b`` on arrays far larger than the caches."""
    a = np.ones(1 << 24)
    c = np.empty_like(a)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        np.add(a, a, out=c)
        seconds.append(time.perf_counter() - start)
    return 2 * a.nbytes / min(seconds)  # one read, one write


def startup():
    solve = "import numpy as np, otlec; x = np.ones(16); otlec.benamou_brenier(x, x, steps=4)"
    contenders = {
        "import otlec and solve": lambda: subprocess.run([sys.executable, "-c", solve], check=True),
        "import ot": lambda: subprocess.run([sys.executable, "-c", "import ot"], check=True),
    }
    seconds = interleave(contenders)
    base = seconds["import ot"]
    return {
        "title": "A fresh process",
        "columns": ["what", "seconds", "ratio"],
        "rows": [[name, s, s / base] for name, s in seconds.items()],
        "note": "With the compiled kernels cached on disk. Medians of 5 interleaved rounds.",
    }


if __name__ == "__main__":
    with ThreadPoolExecutor(1) as pool:
        tables = [large(pool), per_iteration(pool), to_one_percent(pool), to_the_density(pool)]
    tables = [*tables[1:], certified(), vacuum(), tables[0], shares(), startup()]
    save("benamou_brenier", tables, packages=("POT",))
