"""The units in which the network simplex counts: costs near 1, and masses in whole grains.

So huge and tiny problems are solved like all others, and no rounding error builds up in the plan.
"""

import math

import numpy as np

_GRAINS = 2.0**60  # in the whole mass; sums of grains stay below 2^63


def tame(cost):
    """Costs between -1 and 1 where they are huge or tiny, and the unit that they are counted in.

    The unit is a power of 2, so that the change is exact.
    """
    lowest, highest = extremes(cost)
    scale = max(highest, -lowest)
    if scale == 0 or 1e-100 < scale < 1e100:
        return cost, 1.0
    exponent = min(math.frexp(scale)[1], 1023)
    return np.ldexp(cost, -exponent), math.ldexp(1.0, exponent)


def extremes(cost) -> tuple[float, float]:
    """The least and the largest finite cost."""
    highest = float(cost.max())
    if highest == np.inf:
        highest = float(cost.max(where=np.isfinite(cost), initial=-np.inf))
    lowest = float(cost.min())
    return (lowest, highest) if lowest < np.inf else (0.0, 0.0)


def grains(a, b) -> tuple[np.ndarray, np.ndarray, tuple[float, int]]:
    """Count the masses in whole grains, at least one each and equally many on both sides."""
    exponent = math.frexp(float(a.sum()))[1]  # a grain of a tiny mass would have no digits
    a, b = np.ldexp(a, -exponent), np.ldexp(b, -exponent)
    grain = float(a.sum()) / _GRAINS
    supply = np.maximum(np.rint(a / grain), 1.0).astype(np.int64)
    demand = np.maximum(np.rint(b / grain), 1.0).astype(np.int64)
    difference = int(supply.sum()) - int(demand.sum())
    if difference > 0:
        demand[demand.argmax()] += difference
    else:
        supply[supply.argmax()] -= difference
    return supply, demand, (grain, exponent)


def crumb(n: int, m: int) -> int:
    """So many grains may be nothing but the rounding of the masses, before and by `grains`."""
    return n + m + round(4 * np.finfo(float).eps * _GRAINS)


def total_cost(mass, costs, phi, psi) -> float:
    """The sum of mass times cost, rounded once; an error where that or a potential overflows."""
    with np.errstate(over="ignore"):
        terms = mass * costs
        partial = np.abs(terms).sum()  # bounds all partial sums
    if not (np.isfinite(partial) and np.isfinite(phi).all() and np.isfinite(psi).all()):
        raise ValueError(
            "cost or the masses are too large: the value or the potentials exceed 1.8e308; "
            "divide one of them"
        )
    return math.fsum(terms)
