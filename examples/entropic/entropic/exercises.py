"""The judges of this lecture's exercises; their texts stand in ``book/x1-exercises.md``."""

import hypothesis.strategies as st
import numpy as np

from otlec.classroom.exercises import Mistake, array, exercise, number, require, same

from .sinkhorn import sinkhorn, soft_min


def _numbers(seed: int):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 6))
    z = np.round(rng.normal(0, 3, m), 2)
    return z, rng.dirichlet(np.ones(m)), float(rng.choice([0.001, 0.1, 1.0, 10.0]))


def _plain(z, weights, eps):
    with np.errstate(all="ignore"):
        return -eps * np.log((weights * np.exp(-z / eps)).sum())


@exercise(
    "entropic-1.1",
    item="1.1",
    title="A soft minimum that never overflows",
    answer="soft_minimum",
    kind="compute",
    difficulty=1,
    minutes=10,
    arguments=("z", "weights", "eps"),
    examples=40,
    inputs=st.integers(0, 10**6).map(_numbers),
    cases=(
        (np.array([0.0, 1.0]), np.array([0.5, 0.5]), 1.0),
        (np.array([1000.0, 1001.0]), np.array([0.5, 0.5]), 0.1),
        (np.array([-2.0, 3.0, 5.0]), np.array([0.2, 0.3, 0.5]), 0.001),
    ),
    right="It agrees with the formula where that can be computed, and where it cannot.",
    hints=(
        "exp(-z / eps) underflows when z / eps is large: then the logarithm of 0 is taken.",
        "The soft minimum of z + t is t plus that of z. Take t so that the smallest z becomes 0.",
    ),
    mistakes=(
        Mistake("the formula as it stands", "For small eps the exponentials are 0.", _plain),
        Mistake(
            "weights forgotten",
            "The weights stand before the exponentials, inside the logarithm.",
            lambda z, weights, eps: soft_min(z, np.full(z.size, 1 / z.size), eps),
        ),
        Mistake(
            "a soft maximum",
            "Two signs: minus in the exponent, and minus before eps.",
            lambda z, weights, eps: -soft_min(-z, weights, eps),
        ),
    ),
)
def _soft_min_judge(call, z, weights, eps):
    found = number(call(z, weights, eps))
    same(found, soft_min(z, weights, eps), "the soft minimum", max(1e-9, call.tolerance))


def _instance(seed: int):
    rng = np.random.default_rng(seed)
    n, m = (int(k) for k in rng.integers(1, 4, 2))
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    return a, b, np.round(rng.uniform(0, 2, (n, m)), 2), float(rng.choice([0.1, 0.5, 2.0]))


_SMALL = np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([[0.0, 1.0], [1.0, 0.0]]), 1.0


@exercise(
    "entropic-1.3",
    item="1.3",
    title="Two numbers that hold the true cost",
    answer="interval",
    kind="construct",
    difficulty=2,
    minutes=20,
    arguments=("a", "b", "cost", "eps"),
    examples=20,
    inputs=st.integers(0, 10**6).map(_instance),
    cases=(_SMALL, _instance(3), _instance(8)),
    right="The entropic value lies above the true cost, by eps times an entropy at most.",
    hints=(
        "entropic.sinkhorn(a, b, cost, eps) has .value and .dual_value.",
        "Theorem 1.3: T_eps - eps min(H(a), H(b)) <= T <= T_eps, with H(a) = -sum a log a.",
    ),
    mistakes=(
        Mistake(
            "the other entropy",
            "The smaller entropy of the two is enough, and the judge asks for it.",
            lambda a, b, cost, eps: _interval(a, b, cost, eps, max),
        ),
        Mistake(
            "eps forgotten",
            "The entropy counts eps times.",
            lambda a, b, cost, eps: _interval(a, b, cost, eps, min, 1 / eps),
        ),
    ),
)
def _interval_judge(call, a, b, cost, eps):
    low, high = array(call(a, b, cost, eps), (2,))
    want_low, want_high = _interval(a, b, cost, eps, min)
    require(low <= high, "the lower end is above the upper end")
    same(low, want_low, "the lower end", 1e-6)
    same(high, want_high, "the upper end", 1e-6)


def _entropy(masses) -> float:
    masses = masses[masses > 0]
    return float(-(masses * np.log(masses)).sum())


def _interval(a, b, cost, eps, which, factor=1.0):
    plan = sinkhorn(a, b, cost, eps)
    high = plan.value
    return np.array([high - factor * eps * which(_entropy(a), _entropy(b)), high])
