"""Exercises of chapter 4: the derivative of the transport cost, and unique potentials."""

import hypothesis.strategies as st
import numpy as np

from ...cost import half_square_cost
from ...solvers.network_simplex import transport
from ._machine import Mistake, exercise
from ._values import number, parts, require, same


def _generic(seed: int):
    """Weights and costs without ties, so that potentials are unique up to a constant."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 5, size=2)
    sigma, rho0, rho1 = (np.round(rng.dirichlet(np.ones(k)), 3) + 0.01 for k in (n, m, m))
    cost = np.round(rng.uniform(0, 2, (n, m)), 3)
    return cost, sigma / sigma.sum(), rho0 / rho0.sum(), rho1 / rho1.sum()


def _line(points, targets, *masses):
    cost = half_square_cost(np.array(points), np.array(targets))
    return cost, *(np.array(a) for a in masses)


_SMALL = _line([0.0, 1.0], [0.0, 2.0], [0.25, 0.75], [0.5, 0.5], [0.125, 0.875])
_LARGER = _line([0.0, 0.5, 1.0], [0.0, 2.0], [0.25, 0.375, 0.375], [0.5, 0.5], [0.75, 0.25])


def _cost(cost, sigma, rho):
    return transport(sigma, rho, cost).value


def _phi(cost, sigma, rho):
    return transport(sigma, rho, cost).phi


def _psi(cost, sigma, rho):
    return transport(sigma, rho, cost).psi


@exercise(
    "4.1a",
    title="The derivative of the transport cost",
    answer="derivative",
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("cost", "sigma", "rho0", "rho1"),
    examples=30,
    inputs=st.integers(0, 10**6).map(_generic),
    closed=("derivative", "sandwich", "potential_band"),
    cases=(_SMALL, _LARGER, _generic(3), _generic(8)),
    right="It agrees with finite differences, and a constant added to the cost changes nothing: it "
    "moves psi by a constant, and rho1 - rho0 has total 0.",
    hints=(
        "otlec.transport(sigma, rho0, cost) returns a plan with its potentials phi and psi.",
        "Theorem 4.1: integrate psi, the potential on the side that changes, against rho1 - rho0.",
    ),
    mistakes=(
        Mistake(
            "rho1 alone",
            "The direction is rho1 - rho0: integrate psi against the difference. "
            "Otherwise a constant in psi would change the result.",
            lambda cost, sigma, rho0, rho1: _psi(cost, sigma, rho0) @ rho1,
        ),
        Mistake(
            "wrong sign",
            "The direction is rho1 - rho0, in this order.",
            lambda cost, sigma, rho0, rho1: _psi(cost, sigma, rho0) @ (rho0 - rho1),
        ),
        Mistake(
            "potential of the other side",
            "rho changes, so that psi, the potential on its side, counts; phi belongs to sigma.",
            (
                lambda cost, sigma, rho0, rho1: _phi(cost, sigma, rho0) @ (rho1 - rho0),
                lambda cost, sigma, rho0, rho1: (
                    _phi(cost, sigma, rho0) @ sigma + _psi(cost, sigma, rho0) @ rho1
                ),
            ),
        ),
        Mistake(
            "the cost itself",
            "This is the cost at t = 0, not its derivative.",
            (
                lambda cost, sigma, rho0, rho1: _cost(cost, sigma, rho0),
                lambda cost, sigma, rho0, rho1: _psi(cost, sigma, rho0) @ rho0,
            ),
        ),
        Mistake(
            "difference of the costs",
            "This is the slope from t = 0 to t = 1. The cost is convex "
            "in t, so the derivative at 0 is smaller or equal.",
            lambda cost, sigma, rho0, rho1: _cost(cost, sigma, rho1) - _cost(cost, sigma, rho0),
        ),
        Mistake(
            "potential at the other end",
            "The derivative at t = 0 needs the potential for rho0, not for rho1.",
            lambda cost, sigma, rho0, rho1: _psi(cost, sigma, rho1) @ (rho1 - rho0),
        ),
    ),
)
def _derivative(call, cost, sigma, rho0, rho1):
    found = number(call(cost, sigma, rho0, rho1))
    tol = max(1e-9, call.tolerance)
    shifted = number(call(cost + 1.0, sigma, rho0, rho1))
    same(shifted, found, "a constant added to the cost changes nothing", 10 * tol)
    step = 1e-4  # the cost is piecewise linear in t: exact below the first kink
    here = _cost(cost, sigma, rho0)
    quotient = (_cost(cost, sigma, rho0 + step * (rho1 - rho0)) - here) / step
    same(found, quotient, f"the difference quotient for t = {step:g}", max(1e-7, 10 * tol))


def _slopes(cost, sigma, rho0, rho1, t, divide=True, last=1.0, order=(0, 1, 2)):
    rho = rho0 + t * (rho1 - rho0)
    change = rho1 - rho0
    middle = _cost(cost, sigma, rho) - _cost(cost, sigma, rho0)
    lines = (
        _psi(cost, sigma, rho0) @ change,
        middle / t if divide else middle,
        last * (_psi(cost, sigma, rho) @ change),
    )
    return tuple(lines[k] for k in order)


@exercise(
    "4.1b",
    title="The sandwich of the proof",
    answer="sandwich",
    kind="explain",
    difficulty=2,
    minutes=20,
    arguments=("cost", "sigma", "rho0", "rho1", "t"),
    examples=30,
    inputs=st.tuples(st.integers(0, 10**6).map(_generic), st.sampled_from([0.3, 0.6, 0.9])).map(
        lambda pair: (*pair[0], pair[1])
    ),
    closed=("derivative", "sandwich"),
    cases=((*_SMALL, 0.6), (*_generic(3), 0.6), (*_generic(8), 0.9)),
    right="Both inequalities are duality: the potentials for one measure are feasible for the "
    "other. As t falls to 0 the outer lines meet, if the potentials are unique.",
    hints=(
        "rho_t = rho0 + t (rho1 - rho0). Line 1 uses psi_0, line 3 uses psi_t.",
        "Line 2 is the difference quotient: divide by t.",
    ),
    mistakes=(
        Mistake(
            "no division",
            "Line 2 is a slope: divide the difference of the costs by t.",
            lambda *args: _slopes(*args, divide=False),
        ),
        Mistake(
            "sign of line 3",
            "The printed proof has this sign at its converse inequality, see the "
            "errata: solved for the quotient, line 3 is plus the integral of psi_t.",
            lambda *args: _slopes(*args, last=-1.0),
        ),
        Mistake(
            "psi_1 for psi_t",
            "Line 3 uses the potential at the time t, between sigma and rho_t; this is the one for "
            "rho1.",
            lambda cost, sigma, rho0, rho1, t: (
                *_slopes(cost, sigma, rho0, rho1, t)[:2],
                _psi(cost, sigma, rho1) @ (rho1 - rho0),
            ),
        ),
        Mistake(
            "change of rho_t",
            "All three lines are slopes in t: integrate against rho1 - rho0, not against "
            "rho_t - rho0, which is t times as much.",
            lambda cost, sigma, rho0, rho1, t: (
                t * _slopes(cost, sigma, rho0, rho1, t)[0],
                _slopes(cost, sigma, rho0, rho1, t)[1],
                t * _slopes(cost, sigma, rho0, rho1, t)[2],
            ),
        ),
        Mistake(
            "psi_0 twice",
            "Line 3 needs a new solve: the potential between sigma and rho_t.",
            lambda cost, sigma, rho0, rho1, t: (
                *_slopes(cost, sigma, rho0, rho1, t)[:2],
                _slopes(cost, sigma, rho0, rho1, t)[0],
            ),
        ),
        Mistake(
            "outer lines exchanged",
            "The slope of a convex function grows: psi_0 is below, psi_t above.",
            lambda *args: _slopes(*args, order=(2, 1, 0)),
        ),
    ),
)
def _sandwich(call, cost, sigma, rho0, rho1, t):
    lines = parts(call(cost, sigma, rho0, rho1, t), 3, "the result (three lines)")
    found = [number(v, f"line {k}") for k, v in enumerate(lines, 1)]
    tol = max(1e-8, 10 * call.tolerance)
    for k in (0, 1):
        require(
            found[k] <= found[k + 1] + tol,
            f"line {k + 1} is at most line {k + 2}, but {found[k]:.6g} > {found[k + 1]:.6g}",
        )
    names = ("the integral of psi_0", "the difference quotient", "the integral of psi_t")
    for k, value in enumerate(_slopes(cost, sigma, rho0, rho1, t)):
        same(found[k], value, f"line {k + 1} is {names[k]}", tol)


@exercise(
    "4.2",
    title="How far potentials can slide",
    answer="offsets",
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
