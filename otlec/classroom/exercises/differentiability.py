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
    solution=lambda cost, sigma, rho0, rho1: _psi(cost, sigma, rho0) @ (rho1 - rho0),
    kind="compute",
    difficulty=1,
    minutes=15,
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
            "coarse quotient",
            "A step as long as this passes a corner of the cost: take one that is much smaller, or "
            "the potential.",
            lambda cost, sigma, rho0, rho1: (
                10 * (_cost(cost, sigma, 0.9 * rho0 + 0.1 * rho1) - _cost(cost, sigma, rho0))
            ),
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
    solution=lambda *a: _slopes(*a),
    parts=("line 1", "line 2", "line 3"),
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
            "t = 1",
            "Lines 2 and 3 belong to the time t: between 0 and t the measure moves to rho_t only, "
            "and the quotient divides by t.",
            (
                lambda cost, sigma, rho0, rho1, t: _slopes(cost, sigma, rho0, rho1, 1.0),
                lambda cost, sigma, rho0, rho1, t: (
                    *_slopes(cost, sigma, rho0, rho1, 1.0)[:2],
                    _slopes(cost, sigma, rho0, rho1, t)[2],
                ),
            ),
        ),
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
        Mistake(
            "rho1 alone",
            "All three lines are integrals against the change rho1 - rho0.",
            lambda cost, sigma, rho0, rho1, t: (
                _psi(cost, sigma, rho0) @ rho1,
                _slopes(cost, sigma, rho0, rho1, t)[1],
                _psi(cost, sigma, rho0 + t * (rho1 - rho0)) @ rho1,
            ),
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


# What potentials tell -----------------------------------------------------------------------------


def _roof(y):
    """The price of exercise 4.1c: it rises with slope 1/2, is flat, and falls with slope -1/2."""
    return np.minimum(np.minimum(y, 1.0), 3.0 - y) / 2


@exercise(
    "4.1c",
    title="Read the price",
    answer="reading",
    solution=lambda: (-0.25, 1.5, 3.25, 0.375),
    parts=("the first origin", "the second origin", "the third origin", "the rate"),
    kind="decide",
    difficulty=2,
    minutes=15,
    right="The slope of the price at y is the displacement y - x of the grain that has come there, "
    "and differences of the price are slopes of the cost. One curve tells both.",
    hints=(
        "psi(y) is the least value of |x - y|^2 / 2 - phi(x), reached at the grain x that goes to "
        "y. What is its slope in y?",
        "psi'(y) = y - x. So the grain at y has come from y - psi'(y).",
        "For the last number use Theorem 4.1: psi at the place that wins minus psi at the place "
        "that loses.",
    ),
    mistakes=(
        Mistake(
            "wrong way",
            "The slope is y - x, so that x is y minus the slope: where the price rises, grains "
            "have come from the left.",
        ),
        Mistake("where it stands", "This is where the grains are now, not where they come from."),
        Mistake("the slope alone", "The slope is how far the grain has moved: subtract it from y."),
        Mistake(
            "the price itself", "The place follows from the slope of psi, not from its height."
        ),
        Mistake(
            "sign of the change",
            "Mass comes to 1.5 and leaves 2.75: psi(1.5) - psi(2.75). The dearer place has the "
            "higher price.",
        ),
        Mistake(
            "one price only",
            "What leaves counts as well: the direction rho1 - rho0 is positive at 1.5 and negative "
            "at 2.75.",
        ),
    ),
)
def _reading(answer):
    *found, change = (
        number(v, f"number {k}") for k, v in enumerate(parts(answer, 4, "reading"), 1)
    )
    place = np.array([0.25, 1.5, 2.75])
    slope = (_roof(place + 1e-3) - _roof(place - 1e-3)) / 2e-3
    mistakes = {
        "wrong way": place + slope,
        "where it stands": place,
        "the slope alone": slope,
        "the price itself": place - _roof(place),
    }
    known = [name for name, wrong in mistakes.items() if np.allclose(found, wrong, atol=0.02)]
    if np.allclose(found, _roof(place), atol=0.02):
        known = ["the price itself"]
    for mine, right, at in zip(found, place - slope, place, strict=True):
        require(
            abs(mine - right) <= 0.02,
            f"the grain that is at y = {at:g} does not come from {mine:g}: the picture shows "
            f"another slope there",
            known[0] if known else None,
        )
    gain = _roof(1.5) - _roof(2.75)
    mistake = "sign of the change" if abs(change + gain) <= 0.02 else None
    if min(abs(change - _roof(1.5)), abs(change + _roof(2.75))) <= 0.02:
        mistake = "one price only"
    require(abs(change - gain) <= 0.02, f"the cost does not change at the rate {change:g}", mistake)


def _moving(seed: int):
    """Points and weights on the line without ties, a change of the weights, and a motion."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 5, size=2)
    x, y = np.sort(np.round(rng.uniform(0, 4, n), 2)), np.round(rng.uniform(0, 4, m), 2)
    sigma, rho, other = (np.round(rng.dirichlet(np.ones(k)), 3) + 0.05 for k in (n, m, m))
    sigma, rho, other = sigma / sigma.sum(), rho / rho.sum(), other / other.sum()
    return x, y, sigma, rho, other - rho, rng.integers(-4, 5, m) / 2


def _two(x, y, sigma, rho, change, v):
    plan = transport(sigma, rho, half_square_cost(x, y))
    gamma = plan.matrix
    return plan.psi @ change, (gamma * (y - x[:, None])).sum(axis=0) @ v


@exercise(
    "4.1d",
    item="4.1",
    title="Two derivatives",
    answer="two_derivatives",
    solution=lambda *a: _two(*a),
    parts=("the derivative along the masses", "the derivative along the motion"),
    kind="compute",
    difficulty=3,
    minutes=25,
    arguments=("x", "y", "sigma", "rho", "change", "v"),
    examples=25,
    inputs=st.integers(0, 10**6).map(_moving),
    closed=("derivative", "sandwich", "potential_band"),
    cases=(
        (
            np.array([0.0, 1.0]),
            np.array([0.5, 3.0]),
            np.array([0.25, 0.75]),
            np.array([0.5, 0.5]),
            np.array([0.25, -0.25]),
            np.array([1.0, 0.0]),
        ),
        _moving(1),
        _moving(4),
    ),
    right="Mass that appears somewhere pays the price psi there; mass that is moved pays the slope "
    "of psi, which is the displacement y - x, mass by mass.",
    hints=(
        "The first one is Theorem 4.1, with the cost |x - y|^2 / 2.",
        "For the second one keep the plan: what is the derivative of |x - y|^2 / 2 in y?",
        "Sum gamma_ij (y_j - x_i) v_j: a plan that is optimal stays so for the first order.",
    ),
    mistakes=(
        Mistake(
            "the factor two",
            "In this chapter the cost is |x - y|^2 / 2: its derivative in y is y - x.",
            (
                lambda *a: (_two(*a)[0], 2 * _two(*a)[1]),
                lambda *a: (2 * _two(*a)[0], 2 * _two(*a)[1]),
                lambda *a: (_two(*a)[0], _two(*a)[1] / 2),
            ),
        ),
        Mistake(
            "sign of the displacement",
            "A target that runs away from its grains makes the cost greater: the derivative in y "
            "is y - x, not x - y.",
            lambda *a: (_two(*a)[0], -_two(*a)[1]),
        ),
        Mistake(
            "exchanged",
            "First the derivative along the change of the masses, then the one along the motion.",
            lambda *a: _two(*a)[::-1],
        ),
        Mistake(
            "velocity without mass",
            "Each displacement counts with the mass gamma_ij that makes it.",
            (
                lambda x, y, sigma, rho, change, v: (
                    _two(x, y, sigma, rho, change, v)[0],
                    (y - x[:, None]).sum(axis=0) @ v,
                ),
                lambda x, y, sigma, rho, change, v: (
                    _two(x, y, sigma, rho, change, v)[0],
                    v.sum(),
                ),
            ),
        ),
        Mistake(
            "price times velocity",
            "A motion changes the cost by the slope of psi, not by its value.",
            lambda x, y, sigma, rho, change, v: (
                _two(x, y, sigma, rho, change, v)[0],
                _psi(half_square_cost(x, y), sigma, rho) @ (rho * v),
            ),
        ),
        Mistake(
            "potential of the other side",
            "The weights of y change: psi is their potential.",
            lambda x, y, sigma, rho, change, v: (
                _phi(half_square_cost(x, y), sigma, rho) @ change,
                _two(x, y, sigma, rho, change, v)[1],
            ),
        ),
    ),
)
def _two_derivatives(call, x, y, sigma, rho, change, v):
    pair = parts(call(x, y, sigma, rho, change, v), 2, "the result (two derivatives)")
    found = [number(value, f"derivative {k}") for k, value in enumerate(pair, 1)]
    step = 1e-5
    here = _cost(half_square_cost(x, y), sigma, rho)
    masses = (_cost(half_square_cost(x, y), sigma, rho + step * change) - here) / step
    ahead, behind = (_cost(half_square_cost(x, y + s * v), sigma, rho) for s in (step, -step))
    tol = max(1e-6, 10 * call.tolerance)
    same(found[0], masses, f"the difference quotient along the masses, for t = {step:g}", tol)
    same(found[1], (ahead - behind) / (2 * step), "the difference quotient along the motion", tol)
