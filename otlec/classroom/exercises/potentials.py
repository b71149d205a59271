"""Exercises of chapter 4: potentials that are unique, and potentials that slide."""

import hypothesis.strategies as st
import numpy as np

from ...cost import half_square_cost
from ...differentiability import potential_width
from ._machine import Mistake, exercise
from ._values import measure, number, parts, require, same


@exercise(
    "4.2",
    title="How far potentials can slide",
    answer="offsets",
    solution=lambda g: (-(g**2) / 2, g**2 / 2),
    parts=("the least k", "the greatest k"),
    kind="compute",
    difficulty=3,
    minutes=20,
    arguments=("g",),
    closed=("potential_band", "potential_width"),
    inputs=st.tuples(st.integers(1, 12).map(lambda k: k / 4)),
    examples=12,
    cases=((1.0,), (2.0,), (0.5,)),
    right="Within an interval the potentials are rigid; the two can slide against each other until "
    "the cheapest way across the gap, of length g, costs nothing extra: g^2/2. Without a gap "
    "they are unique, as Proposition 4.2 says.",
    hints=(
        "Nothing moves: phi = psi = 0 is optimal. Add k to phi and subtract it from psi on the "
        "second interval; when is phi + psi <= c still true?",
        "Look at the pair of points where the cost is least across the gap.",
    ),
    mistakes=(
        Mistake(
            "forgotten half", "The cost of section 4 is |x - y|^2 / 2.", lambda g: (-(g**2), g**2)
        ),
        Mistake(
            "distance instead of cost",
            "The bound is the cost across the gap, g^2/2, not its length.",
            lambda g: (-g, g),
        ),
        Mistake(
            "no freedom at all",
            "k = 0 is possible, but so are small k of either sign: phi + psi stays below the cost "
            "across the gap.",
            lambda g: (0.0, 0.0),
        ),
        Mistake(
            "the gap of the chapter",
            "These are the ends for g = 1, which the chapter computes. They depend on g.",
            lambda g: (-0.5, 0.5),
        ),
        Mistake(
            "linear in g",
            "The cost across the gap is the half *square* of its length.",
            lambda g: (-g / 2, g / 2),
        ),
        Mistake(
            "from point to point further apart",
            "The two intervals are nearest to each other across the gap: that pair of points gives "
            "the first bound, not 0 and 2 + g, or their other ends.",
            (
                lambda g: (-((2 + g) ** 2) / 2, (2 + g) ** 2 / 2),
                lambda g: (-((1 + g) ** 2) / 2, (1 + g) ** 2 / 2),
            ),
        ),
        Mistake(
            "one side only",
            "phi + psi <= c has to hold both ways across the gap, and k may be negative too.",
            lambda g: (0.0, g**2 / 2),
        ),
    ),
)
def _offsets(call, g):
    low, high = (number(v, f"end {k}") for k, v in enumerate(parts(call(g), 2, "the interval"), 1))
    require(low <= high, f"the interval is empty: {low:.4g} > {high:.4g}")
    tol = max(1e-8, 10 * call.tolerance)
    grid = np.linspace(0, 1, 5)
    cost = half_square_cost(np.r_[grid, grid + 1 + g], np.r_[grid, grid + 1 + g])
    second = np.repeat([0.0, 1.0], 5)
    for k, name, way in ((low, "least", -1), (high, "greatest", 1)):
        room = cost - k * (second[:, None] - second)
        i, j = np.unravel_index(room.argmin(), room.shape)
        require(
            room[i, j] >= -tol,
            f"with k = {k:.6g} phi + psi <= c fails: it exceeds c by {-room[i, j]:.4g}",
        )
        further = (cost - (k + way * 1e-3) * (second[:, None] - second)).min()
        require(further < -tol, f"k = {k:.6g} is possible, but it is not the {name} k")


SIDES = ("left", "right")


@exercise(
    "4.2b",
    title="The slopes at a kink",
    answer="slopes",
    solution=lambda g, m: (-abs(m) * g**2 / 2, abs(m) * g**2 / 2),
    parts=("the left slope", "the right slope"),
    kind="compute",
    difficulty=3,
    minutes=25,
    arguments=("g", "m"),
    closed=("derivative", "potential_band", "potential_width", "sandwich"),
    inputs=st.tuples(
        st.integers(1, 12).map(lambda k: k / 4), st.sampled_from([-0.5, -0.25, 0.125, 0.25, 0.5])
    ),
    examples=12,
    cases=((1.0, 0.25), (2.0, 0.25), (1.0, -0.5), (0.5, 0.5)),
    right="From the right the slope is the greatest of the integrals over all optimal psi, from "
    "the left it is the least: whichever side has too much, the surplus crosses the gap.",
    hints=(
        "Within each interval psi may be taken constant: 0 on the first, -k on the second, with k "
        "as in exercise 4.2.",
        "The integral of psi against rho1 - rho0 is then -k m. Which k makes it greatest?",
        "The right slope is the greatest over all optimal psi, the left slope the least.",
    ),
    mistakes=(
        Mistake(
            "one derivative",
            "At a kink there are two: the integrals over the optimal psi fill an interval.",
            (
                lambda g, m: (m * g**2 / 2, m * g**2 / 2),
                lambda g, m: (abs(m) * g**2 / 2, abs(m) * g**2 / 2),
                lambda g, m: (0.0, 0.0),
            ),
        ),
        Mistake(
            "sign of m",
            "Mass crosses the gap whichever side has too much: for negative m the right slope is "
            "positive, too.",
            lambda g, m: (-m * g**2 / 2, m * g**2 / 2),
        ),
        Mistake(
            "all of the mass there",
            "Half of the mass is there at t = 0 already: what rho1 - rho0 adds, and what has to "
            "cross the gap, is m.",
            lambda g, m: (-(0.5 + m) * g**2 / 2, (0.5 + m) * g**2 / 2),
        ),
        Mistake(
            "left and right exchanged",
            "A convex function has the smaller slope on the left.",
            lambda g, m: (abs(m) * g**2 / 2, -abs(m) * g**2 / 2),
        ),
        Mistake(
            "mass not used",
            "The prices are integrated against rho1 - rho0, which moves the mass m from one "
            "interval to the other.",
            lambda g, m: (-(g**2) / 2, g**2 / 2),
        ),
        Mistake(
            "forgotten half",
            "The cost of section 4 is |x - y|^2 / 2.",
            lambda g, m: (-abs(m) * g**2, abs(m) * g**2),
        ),
        Mistake(
            "flat on one side",
            "Also for t < 0 mass has to cross the gap, the other way: the cost grows on both "
            "sides of t = 0.",
            (
                lambda g, m: (0.0, abs(m) * g**2 / 2),
                lambda g, m: (0.0, m * g**2 / 2),
                lambda g, m: (0, m * g**2 / 2),
                lambda g, m: (0, abs(m) * g**2 / 2),
            ),
        ),
        Mistake(
            "from point to point",
            "To carry a little mass across, it is enough that everything shifts a little: the "
            "crossing has the length g only.",
            (
                lambda g, m: (-abs(m) * (1 + g) ** 2 / 2, abs(m) * (1 + g) ** 2 / 2),
                lambda g, m: (-abs(m) * g, abs(m) * g),
            ),
        ),
    ),
)
def _kink(call, g, m):
    pair = parts(call(g, m), 2, "the result (left and right slope)")
    left, right = (number(v, f"the {side} slope") for v, side in zip(pair, SIDES, strict=True))
    tol = max(1e-8, 10 * call.tolerance)
    require(
        left <= right + tol,
        "the left slope of a convex function is at most the right one, but "
        f"{left:.6g} > {right:.6g}",
    )
    cross = abs(m) * g**2 / 2
    same(right, cross, "from the right: the surplus crosses the gap", tol)
    same(left, -cross, "from the left: the surplus would cross it the other way", tol)


@exercise(
    "4.2c",
    title="A gap, and unique prices",
    answer="gap_with_unique_prices",
    kind="construct",
    difficulty=2,
    minutes=15,
    right="Mass has to cross the gap, and the pair of atoms that it joins ties the prices of both "
    "sides together. A connected support is enough for unique prices, and not necessary.",
    hints=(
        "If each side sends its mass to its own side, the prices of the two sides slide: exercise "
        "4.2.",
        "Let one side have more mass in mu than in nu.",
        "Within one side, too, no part of the plan may be apart from the rest: two atoms that "
        "both send mass to a third one are tied.",
    ),
    mistakes=(
        Mistake(
            "balanced sides",
            "Each side has as much mass in mu as in nu. Nothing has to cross the gap, and the "
            "prices of the two sides slide against each other.",
        ),
        Mistake(
            "pieces within a side",
            "Mass crosses the gap, but some atoms exchange mass only among themselves: fewer "
            "atoms, or other masses, tie them to the rest.",
        ),
        Mistake("no gap", "All atoms have to be in [0, 1] or in [2, 3]."),
        Mistake("one side", "Both measures need a mass of 0.2 or more on both sides."),
    ),
)
def _unique_prices(answer):
    given = parts(answer, 2, "the result (mu and nu)")
    mu, nu = (measure(v, name, 1) for v, name in zip(given, ("mu", "nu"), strict=True))
    left = []
    for one, name in ((mu, "mu"), (nu, "nu")):
        x, a = one.points.reshape(-1), one.weights
        inside = ((x >= 0) & (x <= 1)) | ((x >= 2) & (x <= 3))
        require(inside.all(), f"{name} has an atom outside of [0, 1] and [2, 3]", "no gap")
        left.append(float(a[x <= 1].sum()))
        require(
            0.2 - 1e-9 <= left[-1] <= 0.8 + 1e-9,
            f"{name} has the mass {left[-1]:.3g} on the left side",
            "one side",
        )
    anchor = int(np.flatnonzero(mu.weights > 0)[0])
    width = potential_width(mu, nu, half_square_cost, anchor)
    balanced = abs(left[0] - left[1]) <= 1e-9
    require(
        width <= 1e-9,
        f"there are optimal prices that differ by {width:.4g}, up to a constant",
        "balanced sides" if balanced else "pieces within a side",
    )
