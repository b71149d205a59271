"""Exercises of chapter 2: weak convergence and moments."""

import numpy as np

from ...distance import wasserstein
from ...measure import Measure
from ._machine import Mistake, exercise
from ._values import measure, number, parts, require

_SOLVERS = (
    "wasserstein",
    "optimal_plan",
    "transport",
    "transport_1d",
    "transport_cost",
    "assignment",
    "assignment_points",
)


# Theorem 2.6 --------------------------------------------------------------------------------------


def _measured_rates() -> list[float]:
    """Slopes in n of four distances to the uniform measure, from two values of n each."""
    fine = (np.arange(20000) + 0.5) / 20000
    uniform = Measure(fine)
    few, many = 5, 40

    def wave(n):
        heights = 1 + np.cos(2 * np.pi * n * fine)
        return Measure(fine, heights / heights.sum())

    regular = [wasserstein(Measure(np.arange(1, n + 1) / n), uniform, 2) for n in (few, many)]
    waves = [wasserstein(wave(n), uniform, 1) for n in (few, many)]
    heights = [np.abs(wave(n).weights - uniform.weights).sum() for n in (few, many)]
    # of n independent uniform points E W_2^2 = 1/(6n)
    samples = [np.sqrt(1 / (6 * n)) for n in (few, many)]
    pairs = (regular, waves, heights, samples)
    return [float(np.log(a / b) / np.log(many / few)) for a, b in pairs]


@exercise(
    "2.6a",
    title="Predict four rates",
    answer="rates",
    solution=lambda: tuple(_measured_rates()),
    parts=(
        "the regular points",
        "the wave",
        "the total variation",
        "the random points",
    ),
    kind="decide",
    difficulty=2,
    minutes=15,
    right="A wave of wavelength 1/n is near the uniform measure, since its mass travels 1/n only; "
    "the difference of the heights does not notice that. Random points are spread much worse than "
    "regular ones.",
    hints=(
        "How far does a grain of mass travel in each case?",
        "The root of 1/(6n) has the rate of the square root.",
    ),
    mistakes=(
        Mistake(
            "the squared distance",
            "E W_2^2 = 1/(6n) is the squared distance; the rate of its root is half of that.",
        ),
        Mistake(
            "total variation",
            "The wave keeps its height 1 for every n, it only becomes finer: "
            "the total variation does not tend to 0.",
        ),
        Mistake(
            "regular points",
            "Nothing is random about the regular points: each grain of the uniform measure is "
            "within 1/n of one of them.",
        ),
        Mistake(
            "the square of W_2",
            "From the regular points grains travel a part of 1/n, as on the wave: it is the square "
            "of W_2 that falls like 1/n^2.",
        ),
        Mistake(
            "wave",
            "Within each of its n periods the wave has the mass of the uniform measure: grains "
            "travel a part of 1/n, a fixed share of the mass does.",
        ),
        Mistake(
            "sign", "The rate is the alpha in n^(-alpha): a positive number for what tends to 0."
        ),
    ),
)
def _rates(answer):
    found = [number(v, f"rate {k}") for k, v in enumerate(parts(answer, 4, "rates"), 1)]
    right = _measured_rates()
    names = (
        "W_2 of the regular points",
        "W_1 of the wave",
        "the total variation of the wave",
        "the root of E W_2^2 of random points",
    )
    known = ("regular points", "wave", "total variation", None)
    for k, (mine, measured) in enumerate(zip(found, right, strict=True)):
        mistake = known[k]
        if abs(mine + measured) < 0.1 < abs(measured):
            mistake = "sign"
        elif k == 0 and abs(mine - 2) < 0.1:
            mistake = "the square of W_2"
        elif k == 3 and abs(mine - 1) < 0.1:
            mistake = "the squared distance"
        require(
            abs(mine - measured) < 0.1,
            f"measured between n = 5 and n = 40, the rate of {names[k]} is "
            f"{abs(measured):.2f}, not {mine:.2f}",
            mistake,
        )


@exercise(
    "2.6b",
    title="Weak convergence that W_inf does not see",
    answer="mu_n",
    kind="construct",
    difficulty=2,
    minutes=15,
    arguments=("n",),
    cases=((10,), (100,), (10000,)),
    right="Ever less mass is on the wrong side. Any W_p with p < infinity weighs it by its mass "
    "and forgets it; W_inf only asks how far it has to go.",
    hints=(
        "Weak convergence allows a little mass to be far from where it should be.",
        "Let the mass 1/n sit on the other side.",
    ),
    mistakes=(
        Mistake(
            "the whole mass moves",
            "Here every grain comes near the limit, so W_inf tends to 0 too: leave a little mass "
            "far away.",
            (
                lambda n: Measure([0.0, 1 - 1 / n]),
                lambda n: Measure([1 / n, 1.0]),
                lambda n: Measure([1 / n, 1 - 1 / n]),
            ),
        ),
        Mistake(
            "another limit",
            "These measures converge to the Dirac mass at 0, not to half of the mass on each side.",
            lambda n: Measure([0.0, 1.0], [1 - 1 / n, 1 / n]),
        ),
        Mistake(
            "a third place",
            "This mass has to travel no further than 1/2, to the nearer of the two points: put it "
            "on the other side.",
            lambda n: Measure([0.0, 0.5, 1.0], [0.5 - 0.5 / n, 1 / n, 0.5 - 0.5 / n]),
        ),
        Mistake(
            "it is the limit",
            "This is the limit itself for all n, so that W_inf is 0.",
            lambda n: Measure([0.0, 1.0]),
        ),
        Mistake(
            "too much mass",
            "Too much mass is at the wrong place, or all of it too far away: of what is 1 away, "
            "there may be 2/sqrt(n) at most.",
        ),
        Mistake(
            "outside",
            "The mass on the wrong side has to stay in [0, 1]: that is far enough.",
        ),
    ),
)
def _mu_n(call, n):
    mu = measure(call(n), "mu_n", 1)
    inside = mu.points.min() >= 0 and mu.points.max() <= 1
    require(inside, "mu_n has to live on [0, 1]", "outside")
    limit = Measure([0.0, 1.0])
    near, far = wasserstein(mu, limit, 1), wasserstein(mu, limit, np.inf)
    require(
        near <= 2 / np.sqrt(n),
        f"W_1(mu_n, nu) = {near:.4g} at n = {n}, but 2/sqrt(n) is {2 / np.sqrt(n):.4g}",
        general="too much mass",
    )
    between = 0.1 < far <= 0.5 + 1e-9 and ((mu.points > 0.1) & (mu.points < 0.9)).any()
    require(
        far >= 0.9,
        f"W_inf(mu_n, nu) = {far:.4g} at n = {n}: it should stay above 0.9",
        general="a third place" if between else "it is the limit" if far <= 1e-12 else None,
    )


# Remark 2.7 ---------------------------------------------------------------------------------------


_FAR = 1e60, 1e120


@exercise(
    "2.7",
    title="W_2 tends to 0, and W_3 does not",
    answer="a",
    kind="construct",
    difficulty=2,
    minutes=10,
    arguments=("n",),
    cases=((100,),),
    probes=((8,), (1000,)),
    right="W_p^p = a_n^p / n: the p-th moment of the escaping mass decides, and each p has its own "
    "threshold, n^(1/p).",
    hints=(
        "Only one plan joins a measure with the Dirac mass at 0: W_p^p = a_n^p / n.",
        "a_n^2 / n has to tend to 0, and a_n^3 / n must not: choose a power of n between.",
    ),
    mistakes=(
        Mistake(
            "square root",
            "With a_n = n^(1/2) one has W_2 = 1 for all n. That is the threshold of p = 2.",
            (lambda n: n**0.5, lambda n: np.sqrt(n)),
        ),
        Mistake("too far", "With a_n = n not even W_1 tends to 0.", lambda n: n),
        Mistake(
            "too near",
            "W_3 = a_n / n^(1/3): with a bounded or slowly growing a_n it tends to 0 as well.",
            (lambda n: 1, lambda n: n**0.25, lambda n: np.log(n), lambda n: n**0.3),
        ),
        Mistake("much too far", "W_2 = a_n / sqrt(n) tends to infinity here.", lambda n: n**2),
        Mistake(
            "as the root",
            "W_2 = a_n / sqrt(n): where a_n grows like the root of n, it does not tend to 0.",
        ),
    ),
)
def _escape(call, n):
    sizes = [float(n) ** k for k in (1, 2, 4)]
    at = {size: number(call(size), "a(n)") for size in (*sizes, *_FAR)}
    for size, place in at.items():
        require(place >= 0, f"a({size:.0e}) is negative")
        require(place > 0, f"a({size:.0e}) is 0, so that W_3 is 0 there")
    values = {p: [at[size] / size ** (1 / p) for size in sizes] for p in (2, 3)}
    along = "along n = " + ", ".join(f"{size:.0e}" for size in sizes)
    # The exponent is looked at far out, where it no longer hides behind factors: n^0.49 in W_2
    # falls by a tenth only from 10^2 to 10^8, and tends to 0 all the same.
    slope = {
        p: np.log(at[_FAR[1]] / at[_FAR[0]]) / np.log(_FAR[1] / _FAR[0]) - 1 / p for p in (2, 3)
    }
    shown = {p: ", ".join(f"{v:.3g}" for v in values[p]) for p in (2, 3)}
    require(
        slope[2] < -1e-4,
        f"W_2 should tend to 0, but {along} it is {shown[2]}, and far out it behaves like "
        f"n^({slope[2]:.3f})",
        general="as the root" if abs(slope[2]) <= 1e-4 else "much too far",
    )
    require(
        slope[3] > -1e-4,
        f"W_3 should not tend to 0, but {along} it is {shown[3]}, and far out it behaves like "
        f"n^({slope[3]:.3f})",
        general="too near",
    )
