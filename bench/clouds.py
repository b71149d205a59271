"""One pair of clouds in the plane, in a process of its own: seconds, peak of memory in MB, value.

    python bench/clouds.py uniform 20000 otlec

Processor time; ``scipy`` fills a matrix first. Kernels are compiled before the clock starts.
"""

import re
import sys
import time
from pathlib import Path

import common
import numpy as np

import otlec

AWAY = np.array([10.0, 3.0])


def clouds(kind: str, n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Two clouds of n points in the plane, and the exponent of their cost."""
    r = np.random.default_rng([1001, n])

    def both(*parts):
        return np.concatenate([part(n // len(parts)) for part in parts])

    def normal(m):
        return r.standard_normal((m, 2))

    def far(m):
        return 0.3 * r.standard_normal((m, 2)) + [5.0, 1.0]

    def ring(m):
        angle = 2 * np.pi * r.random(m)
        radius = 1 + 0.1 * r.standard_normal(m)
        return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    match kind:
        case "uniform":
            return r.random((n, 2)), r.random((n, 2)), 2.0
        case "normal":
            return normal(n), normal(n), 2.0
        case "two clusters":
            return both(normal, far), both(normal, far), 2.0
        case "ring to two clusters":
            return ring(n), both(normal, far), 2.0
        case "far apart":
            return r.random((n, 2)), AWAY + r.random((n, 2)), 2.0
        case "far apart, p = 1":
            return r.random((n, 2)), AWAY + r.random((n, 2)), 1.0
        case "heavy tails":
            return r.standard_t(2, (n, 2)), r.standard_t(2, (n, 2)), 2.0
    raise ValueError(kind)


def main() -> None:
    kind, n, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    common.compile_at_once()
    x, y, p = clouds(kind, n)
    if how == "otlec":
        otlec.assignment_points(*clouds(kind, 600)[:2], p)
        start = time.process_time()
        value = otlec.assignment_points(x, y, p).value
    else:
        from scipy.optimize import linear_sum_assignment

        start = time.process_time()
        cost = otlec.cost_matrix(x, y, p)
        rows, cols = linear_sum_assignment(cost)
        value = cost[rows, cols].sum()
    seconds = time.process_time() - start
    # VmHWM begins anew with this program; getrusage would report its parent's peak
    status = Path("/proc/self/status").read_text()
    print(seconds, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024, value)


if __name__ == "__main__":
    main()
