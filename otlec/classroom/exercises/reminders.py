"""Exercises of chapter 1: potentials, the monotone plan, and what duality gives for free."""

import hypothesis.strategies as st
import numpy as np

from ...distance import wasserstein
from ...measure import Measure
from ...solvers.hungarian import assignment
from ._inputs import matrix, measures, plans, vector
from ._machine import Mistake, exercise
from ._values import array, number, parts, require, same

SOLVERS = (
    "wasserstein",
    "optimal_plan",
    "transport",
    "transport_1d",
    "transport_cost",
    "assignment",
    "assignment_points",
    "kantorovich_rubinstein",
)


@st.composite
def _cost_and_potential(draw):
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return draw(matrix(n, m)), draw(vector(m))


@exercise(
    "1a",
    title="The c-transform",
    answer="c_transform",
    solution=lambda cost, psi: (cost - psi).min(axis=1),
    kind="compute",
    difficulty=1,
    minutes=10,
    arguments=("cost", "psi"),
    inputs=_cost_and_potential(),
    closed=("c_transform",),
    cases=(
        (np.array([[0.0, 1.0], [3.0, 0.0]]), np.array([0.5, 0.0])),
        (np.array([[1.0, 4.0, 9.0], [0.0, 1.0, 5.0]]), np.array([0.0, -1.0, 2.0])),
    ),
    right="phi + psi stays below the cost, and touches it in every row: phi is the greatest "
    "potential that is feasible beside psi.",
    hints=(
        "phi(x) must be at most c(x, y) - psi(y), for every y at once.",
        "Subtract psi from each row of the cost; what remains is one number a row.",
    ),
    mistakes=(
        Mistake(
            "one number",
            "There is one bound for each x: take the minimum along axis 1, not of the whole "
            "matrix.",
            lambda cost, psi: (cost - psi).min(),
        ),
        Mistake(
            "maximum",
            "The bound must hold for every y, so phi is the least of the bounds, not the greatest, "
            "and not their mean.",
            (
                lambda cost, psi: (cost - psi).max(axis=1),
                lambda cost, psi: (cost - psi).mean(axis=1),
            ),
        ),
        Mistake(
            "psi not subtracted",
            "The least entry of a row bounds phi for psi = 0 only: subtract psi first.",
            lambda cost, psi: cost.min(axis=1),
        ),
        Mistake(
            "least psi",
            "Which y gives the least bound depends on the cost and on psi together: take the "
            "minimum of c - psi, and choose by nothing else.",
            (
                lambda cost, psi: cost.min(axis=1) - psi.max(),
                lambda cost, psi: cost.min(axis=1) - psi.min(),
                lambda cost, psi: cost.min(axis=1) - psi[cost.argmin(axis=1)],
                lambda cost, psi: cost[:, psi.argmax()] - psi.max(),
            ),
        ),
        Mistake(
            "sign of psi",
            "psi moves to the other side of phi + psi <= c with a minus sign.",
            lambda cost, psi: (cost + psi).min(axis=1),
        ),
        Mistake(
            "wrong axis",
            "psi lives on the columns (the y), phi on the rows: take the minimum "
            "over y, which is axis 1.",
            (
                lambda cost, psi: (cost - psi).min(axis=0),
                lambda cost, psi: (cost - psi[:, None]).min(axis=0),
                lambda cost, psi: (cost - psi[:, None]).min(axis=1),
            ),
        ),
    ),
)
def _c_transform(call, cost, psi):
    phi = array(call(cost, psi), (cost.shape[0],))
    room = cost - psi - phi[:, None]
    i, j = np.unravel_index(room.argmin(), room.shape)
    require(
        room[i, j] >= -10 * call.tolerance,
        f"phi + psi <= c fails at ({i}, {j}): {phi[i]:.4g} + {psi[j]:.4g} > {cost[i, j]:.4g}",
    )
    loose = room.min(axis=1)
    i = int(loose.argmax())
    require(
        loose[i] <= 10 * call.tolerance,
        f"phi is feasible, but not the greatest: phi[{i}] could be larger by {loose[i]:.4g}",
    )


@exercise(
    "1b",
    title="A cost for which sorting is not optimal",
    answer="crossing",
    kind="construct",
    difficulty=2,
    minutes=15,
    right="The concave cost charges little for making a long move longer: one grain goes nearly "
    "the whole way, and the other one hardly moves.",
    hints=(
        "The square root makes a long move cheap for its length.",
        "Let the first move end near the point where the second one begins: what does the other "
        "pairing cost then?",
        "Sorted, moves of lengths a and b cost the mean of their roots; paired the other way, "
        "with y1 = x2, they cost half of the root of a + b.",
    ),
    mistakes=(
        Mistake(
            "nothing to choose",
            "Two sources or two targets coincide, so both ways of pairing are "
            "the same: take different ones.",
        ),
        Mistake("nothing moves", "Sources and targets are the same, and sorting costs 0."),
        Mistake(
            "interleaved",
            "Sorted, the two moves lie apart. Paired the other way, one move has to cover both and "
            "the gap between them: close the gap.",
        ),
        Mistake(
            "not the same way",
            "Sorted, the two grains do not go the same way, so that paired the other way neither "
            "has less far to go. Let both go to the right.",
        ),
        Mistake(
            "a little is not enough",
            "Sorting loses, but by less than asked for. What happens when one of the moves of the "
            "other pairing gets ever shorter?",
        ),
        Mistake(
            "nobody may stay",
            "This uses that a grain may stay where it is, or nearly, as in the chapter. Keep each "
            "source a hundredth of the span away from each target.",
        ),
    ),
)
def _crossing(answer):
    x, y = parts(answer, 2, "crossing (x and y)")
    x = np.sort(array(x, (2,), "x"))
    y = np.sort(array(y, (2,), "y"))
    cost = np.sqrt(np.abs(x[:, None] - y)) / 2
    sorted_cost, best = np.trace(cost), assignment(cost).value
    span, gap = np.ptp([*x, *y]), np.abs(x[:, None] - y).min()
    if sorted_cost >= 1.25 * best - 1e-9 and best > 0:
        text = f"a source and a target are {gap:.4g} apart, and all four points {span:.4g}"
        require(gap >= span / 100 - 1e-9, text, "nobody may stay")
        return
    text = f"sorting costs {sorted_cost:.6g}, and the best pairing {best:.6g}"
    if sorted_cost > best + 1e-9:
        text += f", which is more by {sorted_cost / best - 1:.1%} of it"
        require(False, text, "a little is not enough")
    mistake = None
    if x[0] == x[1] or y[0] == y[1]:
        mistake = "nothing to choose"
    elif (x == y).all():
        mistake = "nothing moves"
    elif (y[0] - x[0]) * (y[1] - x[1]) <= 0:
        mistake = "not the same way"
    elif max(x[0], y[0]) <= min(x[1], y[1]):
        mistake = "interleaved"
    require(False, text, mistake)


def _by_staircases(mu, nu, lengths=True, absolute=True, order=True, sort=True, power=1, shift=0):
    """Integrate F - G, or one of the ways to get it wrong."""
    x = np.concatenate([mu.points, nu.points])
    a = np.concatenate([mu.weights, -nu.weights])
    way = np.argsort(x, kind="stable")
    height = np.cumsum(a[way] if order else a)
    height = height[shift : height.size - 1 + shift] ** power
    terms = (np.abs(height) if absolute else height) * (
        np.diff(x[way] if sort else x) if lengths else 1.0
    )
    return float(abs(terms.sum()))


def _greatest_height(mu, nu):
    x = np.concatenate([mu.points, nu.points])
    F, G = ((m.points <= x[:, None]) @ m.weights for m in (mu, nu))
    return float(np.abs(F - G).max())


def _by_trapezoids(mu, nu):
    x = np.unique(np.concatenate([mu.points, nu.points]))
    F, G = ((m.points <= x[:, None]) @ m.weights for m in (mu, nu))
    return float(np.trapezoid(np.abs(F - G), x))


@exercise(
    "1c",
    title="W_1 on the line",
    answer="w1",
    solution=lambda mu, nu: _by_staircases(mu, nu),
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("mu", "nu"),
    inputs=st.tuples(measures(), measures()),
    closed=SOLVERS,
    cases=(
        (Measure([0.0]), Measure([3.0])),
        (Measure([0.0, 1.0], [0.25, 0.75]), Measure([0.5])),
        (Measure([2.0, 0.0]), Measure([1.0, 3.0, -1.0], [0.5, 0.25, 0.25])),
    ),
    right="The area between the two distribution functions is the cost of the monotone plan, and "
    "by duality the greatest integral of a 1-Lipschitz function.",
    hints=(
        "Between two neighbouring atoms F - G is constant: the integral is a finite sum.",
        "Put all atoms into one sorted array, with weights +a and -b: the cumulative sum is F - G.",
    ),
    mistakes=(
        Mistake(
            "heights without widths",
            "An integral is height times width: multiply each value "
            "of |F - G| by the distance to the next atom.",
            (
                lambda mu, nu: _by_staircases(mu, nu, lengths=False),
                lambda mu, nu: np.abs(np.cumsum(mu.weights) - np.cumsum(nu.weights)).sum(),
            ),
        ),
        Mistake(
            "no absolute value",
            "Where F < G the integrand is G - F: take the absolute value "
            "before the sum. Without it there remains the difference of the means.",
            (
                lambda mu, nu: _by_staircases(mu, nu, absolute=False),
                lambda mu, nu: mu.points @ mu.weights - nu.points @ nu.weights,
                lambda mu, nu: nu.points @ nu.weights - mu.points @ mu.weights,
            ),
        ),
        Mistake(
            "not sorted",
            "Atoms come in any order: sort them, and put the weights into their order by the same "
            "argsort.",
            (
                lambda mu, nu: _by_staircases(mu, nu, order=False),
                lambda mu, nu: _by_staircases(mu, nu, sort=False),
            ),
        ),
        Mistake(
            "all pairs",
            "This is the mean distance of all pairs, the cost of the product plan: most of these "
            "moves are not made.",
            lambda mu, nu: mu.weights @ np.abs(mu.points[:, None] - nu.points) @ nu.weights,
        ),
        Mistake(
            "weights not used",
            "To pair sorted atoms one by one, both measures need as many atoms, all of the same "
            "mass. Here they carry weights.",
            (
                lambda mu, nu: np.abs(mu.points - nu.points).mean(),
                lambda mu, nu: np.abs(np.sort(mu.points) - np.sort(nu.points)).mean(),
                lambda mu, nu: np.abs(np.sort(mu.points) - np.sort(nu.points)).sum(),
            ),
        ),
        Mistake(
            "atom by atom",
            "Atoms and weights of the two measures do not belong together pair by pair: compare "
            "the distribution functions at the same place.",
            lambda mu, nu: np.sum(np.abs(mu.points * mu.weights - nu.points * nu.weights)),
        ),
        Mistake(
            "squared",
            "W_1 integrates |F - G| itself, not its square.",
            lambda mu, nu: _by_staircases(mu, nu, power=2),
        ),
        Mistake(
            "heights of the next gap",
            "Between the k-th atom and the next one F - G is the sum of the first k weights: the "
            "last of the cumulative sums, 0, belongs to no gap.",
            lambda mu, nu: _by_staircases(mu, nu, shift=1),
        ),
        Mistake(
            "greatest height",
            "This is the greatest value of |F - G|. W_1 is the area below it: a mass that goes "
            "twice as far costs twice as much.",
            lambda mu, nu: _greatest_height(mu, nu),
        ),
        Mistake(
            "trapezoid rule",
            "F - G is constant between two neighbouring atoms, and jumps at them: on each gap it "
            "has one value, the one just after the left atom, and no mean of two.",
            lambda mu, nu: _by_trapezoids(mu, nu),
        ),
        Mistake(
            "nearest atom",
            "Sending all mass to the nearest atom need not give nu: each of its atoms takes its "
            "own weight only.",
            lambda mu, nu: np.abs(mu.points[:, None] - nu.points).min(axis=1) @ mu.weights,
        ),
    ),
)
def _w1(call, mu, nu):
    found = number(call(mu, nu))
    if mu.size == nu.size == 1:
        same(
            found,
            abs(mu.points - nu.points)[0],
            "W_1 between two Dirac masses is their distance",
            call.tolerance,
        )
    same(found, wasserstein(mu, nu, 1), "the integral of |F - G|", 10 * call.tolerance)


def _lines(cost, gamma, phi, psi):
    dual = gamma.sum(axis=1) @ phi + gamma.sum(axis=0) @ psi
    return dual, (gamma * (phi[:, None] + psi)).sum(), (gamma * cost).sum()


@st.composite
def _feasible(draw):
    gamma = draw(plans())
    n, m = gamma.shape
    cost, psi = draw(matrix(n, m)), draw(vector(m))
    slack = draw(vector(n, st.integers(0, 2)))
    return cost, gamma, (cost - psi).min(axis=1) - slack, psi


@exercise(
    "1d",
    title="Weak duality, line by line",
    answer="weak_duality",
    solution=lambda *a: _lines(*a),
    parts=("line 1", "line 2", "line 3"),
    kind="explain",
    difficulty=1,
    minutes=10,
    arguments=("cost", "gamma", "phi", "psi"),
    inputs=_feasible(),
    cases=(
        (
            np.array([[0.0, 2.0], [1.0, 0.0]]),
            np.array([[0.25, 0.5], [0.0, 0.25]]),
            np.array([0.0, 0.0]),
            np.array([0.0, -1.0]),
        ),
        (
            np.array([[1.0, 4.0, 0.0]]),
            np.array([[0.5, 0.25, 0.25]]),
            np.array([-1.0]),
            np.array([2.0, 3.0, 0.0]),
        ),
    ),
    right="The first two lines agree because gamma has the marginals mu and nu; the third is no "
    "smaller because phi + psi <= c at every point. Equality holds if phi + psi = c where gamma "
    "has mass.",
    hints=(
        "mu and nu are the marginals of gamma: its sums over rows and over columns.",
        "The second line integrates the function phi(x) + psi(y), a matrix, against gamma.",
    ),
    mistakes=(
        Mistake(
            "no weights",
            "An integral against mu weighs each value by its mass.",
            (
                lambda cost, gamma, phi, psi: (
                    phi.sum() + psi.sum(),
                    (gamma * (phi[:, None] + psi)).sum(),
                    (gamma * cost).sum(),
                ),
                lambda cost, gamma, phi, psi: (
                    phi.mean() + psi.mean(),
                    *_lines(cost, gamma, phi, psi)[1:],
                ),
                lambda cost, gamma, phi, psi: (
                    _lines(cost, gamma, phi, psi)[0],
                    (phi[:, None] + psi)[gamma > 0].mean(),
                    (gamma * cost).sum(),
                ),
                lambda cost, gamma, phi, psi: (
                    _lines(cost, gamma, phi, psi)[0],
                    (phi[:, None] + psi).sum(),
                    (gamma * cost).sum(),
                ),
            ),
        ),
        Mistake(
            "order of the lines",
            "The dual value comes first, then its integral against gamma, then the cost.",
            lambda cost, gamma, phi, psi: _lines(cost, gamma, phi, psi)[::-1],
        ),
        Mistake(
            "marginals exchanged",
            "mu, the marginal on the x, has the sums over rows, sum(axis=1), and goes with phi.",
            lambda cost, gamma, phi, psi: (
                gamma.sum(0) @ phi + gamma.sum(1) @ psi,
                *_lines(cost, gamma, phi, psi)[1:],
            ),
        ),
        Mistake(
            "phi and psi exchanged",
            "phi lives on the rows: as a column it is phi[:, None].",
            lambda cost, gamma, phi, psi: (
                gamma.sum(1) @ phi + gamma.sum(0) @ psi,
                (gamma * (phi + psi[:, None])).sum(),
                (gamma * cost).sum(),
            ),
        ),
        Mistake(
            "product plan",
            "The last two lines integrate against the plan gamma that is given, "
            "not against the product of its marginals.",
            lambda cost, gamma, phi, psi: (
                gamma.sum(1) @ phi + gamma.sum(0) @ psi,
                gamma.sum(1) @ phi + gamma.sum(0) @ psi,
                gamma.sum(1) @ cost @ gamma.sum(0),
            ),
        ),
        Mistake(
            "product of the potentials",
            "phi + psi is the matrix of the sums phi_i + psi_j, not of the products.",
            lambda cost, gamma, phi, psi: (
                _lines(cost, gamma, phi, psi)[0],
                (gamma * phi[:, None] * psi).sum(),
                (gamma * cost).sum(),
            ),
        ),
    ),
)
def _weak_duality(call, cost, gamma, phi, psi):
    lines = parts(call(cost, gamma, phi, psi), 3, "the result (three lines)")
    first, second, third = (number(v, f"line {k}") for k, v in enumerate(lines, 1))
    tol = 10 * call.tolerance
    same(
        first,
        gamma.sum(axis=1) @ phi + gamma.sum(axis=0) @ psi,
        "line 1 is the integral of phi against mu plus that of psi against nu",
        tol,
    )
    same(second, first, "lines 1 and 2 agree, since gamma has these marginals", tol)
    require(second <= third + tol, f"line 2 is at most line 3, but {second:.6g} > {third:.6g}")
    same(third, (gamma * cost).sum(), "line 3 is the cost of gamma", tol)
