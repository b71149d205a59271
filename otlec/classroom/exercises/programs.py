"""Exercises of chapter 1: a linear program with units, its matrices, and how it is solved."""

import hypothesis.strategies as st
import numpy as np

from ...solvers.network_simplex import transport
from ._inputs import matrix, weights
from ._machine import Mistake, exercise
from ._values import array, number, parts, require, same

_SOLVERS = ("wasserstein", "optimal_plan", "transport", "transport_cost", "parametric_plans")

# Loaves that two bakeries bake, loaves that three cafes want, and kilometres between them.
BAKED, WANTED = np.array([40.0, 80.0]), np.array([70.0, 30.0, 20.0])
KILOMETRES = np.array([[2.0, 9.0, 6.0], [8.0, 1.0, 3.0]])
CENTS = 5.0  # for a loaf and a kilometre


def _bread():
    """The cost of the cheapest delivery in euros, and of one more loaf in cents."""
    plan = transport(BAKED, WANTED, KILOMETRES)
    one_more = transport(BAKED + np.eye(2)[0], WANTED + np.eye(3)[1], KILOMETRES)
    change = one_more.value - plan.value
    return plan.value * CENTS / 100, change * CENTS


@exercise(
    "1e",
    title="Bread in the morning",
    answer="bread",
    kind="compute",
    difficulty=2,
    minutes=20,
    solution=lambda: _bread(),
    parts=("the cost", "the change"),
    right="The new loaf does not drive from the first bakery to the second cafe: others make room "
    "for it, and save more than it costs. A price of a pair, phi + psi, is at most the cost of "
    "its way, and may be negative.",
    hints=(
        "otlec.transport takes masses of any equal total: loaves in, kilometres times loaves out.",
        "Then the units: 5 cents for a loaf and a kilometre, 100 cents in a euro.",
        "One more loaf baked, one more wanted: solve again and compare. Or add the two prices, "
        "phi of the bakery and psi of the cafe.",
    ),
    mistakes=(
        Mistake("cents for euros", "100 cents are a euro."),
        Mistake(
            "kilometres for money",
            "This counts kilometres of loaves: each of them costs 5 cents.",
        ),
        Mistake(
            "its own way",
            "This is what the new loaf costs if it drives straight there. Then all others stay as "
            "they are, and this need not be the best they can do.",
        ),
        Mistake(
            "sign of the change",
            "The change is what the new delivery costs minus what the old one did.",
        ),
        Mistake(
            "no change",
            "One loaf more is carried, and others take other ways to make room for it: compare the "
            "two cheapest deliveries as a whole.",
        ),
        Mistake("euros for cents", "The cost is asked for in euros, the change in cents."),
        Mistake(
            "everybody gets from everybody",
            "This is the product plan: each cafe gets from both bakeries in the same proportion. "
            "Others are cheaper.",
        ),
    ),
)
def _bread_judge(answer):
    pair = parts(answer, 2, "the result (euros and cents)")
    cost, change = number(pair[0], "the cost"), number(pair[1], "the change")
    euros, cents = _bread()
    product = (np.outer(BAKED, WANTED) * KILOMETRES).sum() / BAKED.sum() * CENTS / 100
    known = {
        100 * euros: "cents for euros",
        100 * euros / CENTS: "kilometres for money",
        product: "everybody gets from everybody",
    }
    require(
        abs(cost - euros) <= 5e-3,
        f"the cheapest delivery does not cost {cost:.6g} euros",
        next((name for value, name in known.items() if abs(cost - value) <= 5e-3), None),
    )
    known = {
        KILOMETRES[0, 1] * CENTS: "its own way",
        -cents: "sign of the change",
        cents / CENTS: "kilometres for money",
        cents / 100: "euros for cents",
        0.0: "no change",
    }
    require(
        abs(change - cents) <= 5e-3,
        f"with one more loaf the cost does not change by {change:.6g} cents",
        next((name for value, name in known.items() if abs(change - value) <= 5e-3), None),
    )


@st.composite
def _programs(draw):
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return draw(matrix(n, m)), draw(weights(n, 1)), draw(weights(m, 1))


def _program(cost, mu, nu, order="C", rows=True, columns=True):
    n, m = cost.shape
    A = np.zeros((n + m, n, m))
    for i in range(n):
        A[i, i, :] = rows
    for j in range(m):
        A[n + j, :, j] = columns
    flat = [A[k].ravel(order) for k in range(n + m)]
    return cost.ravel(order), np.array(flat), np.concatenate([mu, nu])


@exercise(
    "1f",
    title="The program as matrices",
    answer="program",
    kind="compute",
    difficulty=2,
    minutes=25,
    arguments=("cost", "mu", "nu"),
    inputs=_programs(),
    closed=_SOLVERS,
    solution=lambda *a: _program(*a),
    parts=("c", "A", "b"),
    cases=(
        (np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([0.25, 0.75]), np.array([0.5, 0.5])),
        (np.array([[0.0, 1.0, 4.0]]), np.array([1.0]), np.array([0.25, 0.25, 0.5])),
        (np.arange(6.0).reshape(3, 2), np.array([0.5, 0.25, 0.25]), np.array([0.75, 0.25])),
    ),
    right="These three say everything: any solver of linear programs is now a solver of transport "
    "problems. Each column of A has two ones, in the row of its i and in the row of its j; so A "
    "transposed times (phi, psi) is phi_i + psi_j.",
    hints=(
        "gamma.ravel() holds the rows of gamma one after the other: the entry (i, j) has the "
        "number i m + j.",
        "Row i of A picks the entries (i, j) for all j; row n + j picks the (i, j) for all i.",
        "np.kron(np.eye(n), np.ones(m)) makes the first n rows; which order of the factors makes "
        "the other m?",
    ),
    mistakes=(
        Mistake(
            "column by column",
            "gamma.ravel() runs through gamma row by row, and this runs column by column.",
            lambda *a: _program(*a, order="F"),
        ),
        Mistake(
            "rows only",
            "The sums of the columns are conditions as well: A has n + m rows.",
            (
                lambda *a: (_program(*a)[0], _program(*a)[1][: len(a[1])], a[1]),
                lambda *a: _program(*a, columns=False),
            ),
        ),
        Mistake(
            "marginals exchanged",
            "First the n conditions on the rows of gamma, with mu, then the m on its columns.",
            (
                lambda *a: (*_program(*a)[:2], np.concatenate([a[2], a[1]])),
                lambda *a: (
                    _program(*a)[0],
                    np.roll(_program(*a)[1], len(a[2]), axis=0),
                    np.concatenate([a[2], a[1]]),
                ),
            ),
        ),
        Mistake(
            "product for marginals",
            "b has n + m entries, one for each condition: the sums of the rows, then those of the "
            "columns. Their products are a plan.",
            lambda *a: (*_program(*a)[:2], np.outer(a[1], a[2]).ravel()),
        ),
        Mistake(
            "factors exchanged",
            "np.kron(P, Q) puts a copy of Q for each entry of P: for the rows of gamma P is the "
            "identity, for its columns it is a row of ones.",
            (
                lambda *a: (_program(*a)[0], _kron(a, True, True), _program(*a)[2]),
                lambda *a: (_program(*a)[0], _kron(a, True, False), _program(*a)[2]),
                lambda *a: (_program(*a)[0], _kron(a, False, True), _program(*a)[2]),
            ),
        ),
        Mistake(
            "transposed",
            "A has a row for each condition and a column for each entry of gamma.",
            lambda *a: (_program(*a)[0], _program(*a)[1].T, _program(*a)[2]),
        ),
        Mistake(
            "matrix for vector",
            "The unknown is one vector, gamma.ravel(): so is the cost.",
            lambda *a: (a[0], *_program(*a)[1:]),
        ),
    ),
)
def _program_judge(call, cost, mu, nu):
    n, m = cost.shape
    given = parts(call(cost, mu, nu), 3, "the result (c, A and b)")
    c, b = array(given[0], (n * m,), "c"), array(given[2], (n + m,), "b")
    A = array(given[1], (n + m, n * m), "A")
    tol = 10 * call.tolerance
    same(b, np.concatenate([mu, nu]), "b holds mu, then nu", tol)
    for i, j in np.ndindex(n, m):
        gamma = np.zeros((n, m))
        gamma[i, j] = 1.0
        sums = np.concatenate([gamma.sum(axis=1), gamma.sum(axis=0)])
        one = f"for the gamma that is 1 at ({i}, {j})"
        same(A @ gamma.ravel(), sums, f"A times gamma.ravel() has its sums, {one}", tol)
        same(c @ gamma.ravel(), cost[i, j], f"c times gamma.ravel() is the cost, {one}", tol)


def _kron(a, first, second):
    """The matrix A with the factors of its upper or lower part exchanged."""
    n, m = a[0].shape
    upper, lower = (np.eye(n), np.ones(m)), (np.ones(n), np.eye(m))
    return np.vstack([np.kron(*upper[:: -1 if first else 1]).reshape(n, -1),
                      np.kron(*lower[:: -1 if second else 1]).reshape(m, -1)])  # fmt: skip


@st.composite
def _timings(draw):
    count = draw(st.integers(2, 5))
    sizes = 100.0 * np.cumsum(draw(st.lists(st.integers(1, 8), min_size=count, max_size=count)))
    noise = [draw(st.sampled_from([0.9, 1.0, 1.05, 1.1])) for _ in range(count)]
    alpha = draw(st.sampled_from([1.0, 1.5, 2.0, 3.0]))
    return sizes, 1e-7 * sizes**alpha * noise, float(sizes[-1] * draw(st.sampled_from([2.0, 10.0])))


def _fit(sizes, seconds, n):
    slope, height = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return slope, np.exp(height + slope * np.log(n))


def _through_0(sizes, seconds, n):
    u, v = np.log(sizes), np.log(seconds)
    return u @ v / (u @ u), n ** (u @ v / (u @ u))


@exercise(
    "1g",
    item="1",
    title="What is the exponent?",
    answer="scaling",
    kind="compute",
    difficulty=2,
    minutes=15,
    arguments=("sizes", "seconds", "n"),
    inputs=_timings(),
    solution=lambda *a: _fit(*a),
    parts=("the exponent", "the seconds"),
    cases=(
        (np.array([100.0, 200.0, 400.0]), np.array([0.01, 0.08, 0.64]), 800.0),
        (np.array([100.0, 1000.0]), np.array([0.5, 50.0]), 10000.0),
        (np.array([100.0, 300.0, 500.0, 900.0]), np.array([0.02, 0.05, 0.11, 0.19]), 2000.0),
    ),
    right="In the logarithms a power is a line: its slope is the exponent, and the line continues "
    "to sizes for which one does not want to wait.",
    hints=(
        "seconds = C n^alpha means log(seconds) = log(C) + alpha log(n).",
        "np.polyfit(u, v, 1) returns the slope and the height of the line of least squares.",
        "The prediction is exp(height + slope log(n)).",
    ),
    mistakes=(
        Mistake(
            "no logarithms",
            "A power is a line in the logarithms of both, not in sizes and seconds themselves.",
            (
                lambda s, t, n: (np.polyfit(s, t, 1)[0], np.polyval(np.polyfit(s, t, 1), n)),
                lambda s, t, n: (np.polyfit(s, np.log(t), 1)[0],
                                 np.exp(np.polyval(np.polyfit(s, np.log(t), 1), n))),
            ),
        ),
        Mistake(
            "sizes from seconds",
            "The line gives seconds for a size: log(sizes) is its first coordinate.",
            lambda s, t, n: (np.polyfit(np.log(t), np.log(s), 1)[0], _fit(s, t, n)[1]),
        ),
        Mistake(
            "line through 0",
            "C is not known either: its logarithm is the height of the line, which need not go "
            "through the origin.",
            lambda s, t, n: _through_0(s, t, n),
        ),
        Mistake(
            "two bases",
            "One base for all: what log10 has made, 10 to the power undoes, and exp does not.",
            lambda s, t, n: (_fit(s, t, n)[0], np.exp(np.log10(_fit(s, t, n)[1]))),
        ),
        Mistake(
            "logarithm of the seconds",
            "The line predicts the logarithm of the seconds: take exp of it.",
            lambda s, t, n: (_fit(s, t, n)[0], np.log(_fit(s, t, n)[1])),
        ),
        Mistake(
            "two of them only",
            "This uses the first and the last time only, and one of them may be out of line: fit "
            "all of them.",
            (
                lambda s, t, n: _fit(s[[0, -1]], t[[0, -1]], n),
                lambda s, t, n: _fit(s[:2], t[:2], n),
                lambda s, t, n: _fit(s[-2:], t[-2:], n),
            ),
        ),
        Mistake(
            "proportional",
            "Twice the size need not take twice the time: that is the exponent 1.",
            lambda s, t, n: (_fit(s, t, n)[0], t[-1] * n / s[-1]),
        ),
    ),
)  # fmt: skip
def _scaling_judge(call, sizes, seconds, n):
    pair = parts(call(sizes, seconds, n), 2, "the result (exponent and seconds)")
    alpha, predicted = number(pair[0], "the exponent"), number(pair[1], "the seconds")
    right = _fit(sizes, seconds, n)
    tol = max(1e-6, 10 * call.tolerance)
    same(alpha, right[0], "the slope of the line of least squares through the logarithms", tol)
    same(predicted / right[1], 1.0, f"the seconds at n = {n:g}, over those of the line", tol)


def _drifting(seed: int):
    """A transport problem, and a direction of its cost in which the plan changes before t = 1."""
    rng = np.random.default_rng(seed)
    while True:
        n, m = rng.integers(2, 5, size=2)
        a, b = (np.round(rng.dirichlet(np.ones(k)), 3) + 0.01 for k in (n, m))
        cost = np.round(rng.uniform(0, 2, (n, m)), 3)
        direction = np.round(rng.uniform(-1, 1, (n, m)), 3)
        given = a / a.sum(), b / b.sum(), cost, direction
        if 0.05 < _first_change(*given) < 0.9:
            return given


def _first_change(a, b, cost, direction, rounds=100):
    """From t = 1 back to where the first plan meets the best one there, until it is the best."""
    first, t = transport(a, b, cost).matrix, 1.0
    for _ in range(rounds):
        other = transport(a, b, cost + t * direction).matrix
        ahead = ((first - other) * (cost + t * direction)).sum()
        if ahead <= 1e-12:
            break
        behind = ((other - first) * cost).sum()
        t *= behind / (behind + ahead)
    return t


_HALVES = np.array([0.5, 0.5])


@exercise(
    "1h",
    item="1",
    title="The moment at which the plan changes",
    answer="first_change",
    kind="compute",
    difficulty=3,
    minutes=35,
    arguments=("a", "b", "cost", "direction"),
    inputs=st.integers(0, 10**6).map(_drifting),
    examples=20,
    closed=("parametric_plans", "optimal_vertices"),
    solution=lambda *a: _first_change(*a),
    cases=(
        (_HALVES, _HALVES, np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[2.0, 0.0], [0.0, 0.0]])),
        _drifting(2),
        _drifting(5),
        _drifting(11),
    ),
    right="Each plan costs a linear function of t, and the least cost is the lowest of these "
    "lines: concave, with corners where the plan changes. In between the old plan stays optimal, "
    "exactly.",
    hints=(
        "A plan gamma costs the line sum gamma (cost + t direction) in t. The first plan is "
        "optimal as long as no other line runs below its own.",
        "Solve at t = 1. If another plan is better there, its line meets that of the first plan "
        "at some t before. Go there, and solve again.",
        "Bisection works as well: at which t is the value of the problem less than the line of "
        "the first plan?",
    ),
    mistakes=(
        Mistake(
            "the plan at t = 1",
            "Here the plan of t = 1 takes over from the first one. In between others may be better "
            "than both: solve again at this t.",
            lambda *a: _first_change(*a, rounds=1),
        ),
        Mistake(
            "always t = 1",
            "At t = 1 another plan is optimal already: when did it begin?",
            lambda *a: 1.0,
        ),
        Mistake(
            "to a grid",
            "This is right to a few digits only: corners of a function that consists of lines can "
            "be computed, or found by bisection to many digits.",
            (
                lambda *a: np.ceil(_first_change(*a) * 100) / 100,
                lambda *a: np.floor(_first_change(*a) * 100) / 100,
            ),
        ),
    ),
)
def _first_change_judge(call, a, b, cost, direction):
    t = number(call(a, b, cost, direction), "t")
    require(0 <= t <= 1, f"t lies between 0 and 1, and is not {t:.6g}")
    right, tol = _first_change(a, b, cost, direction), max(1e-6, call.tolerance)
    first, moved = transport(a, b, cost).matrix, cost + t * direction
    saved = (first * moved).sum() - transport(a, b, moved).value
    near = "to a grid" if abs(t - right) < 0.02 else None
    require(
        t <= right + tol,
        f"at t = {t:.6g} the first plan is not optimal: another one costs less by {saved:.4g}",
        general=near,
    )
    text = f"beyond t = {t:.6g} the first plan stays optimal for a while"
    require(t >= right - tol, text, general=near)
