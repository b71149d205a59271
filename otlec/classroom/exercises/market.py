"""The project of chapter 1: an auction that finds prices."""

import itertools

import hypothesis.strategies as st
import numpy as np

from ._inputs import matrix, vector
from ._machine import Mistake, exercise
from ._values import array, number, parts, require, same
from .reminders import SOLVERS


@st.composite
def _markets(draw):
    n = draw(st.integers(2, 4))
    return draw(matrix(n, n, st.integers(0, 8).map(float))), draw(vector(n))


_MARKET = (
    np.array([[0.0, 2.0, 5.0], [1.0, 1.0, 3.0], [4.0, 0.0, 6.0]]),
    np.array([0.0, 0.0, 0.0]),
)


def _bid(cost, psi, i, eps, sign=1.0, rise=True):
    gain = cost[i] - sign * psi
    order = np.argsort(gain, kind="stable")
    j = int(order[0])
    return j, psi[j] - (gain[order[1]] - gain[j] if rise else 0.0) - eps


@exercise(
    "1-project-a",
    item="1",
    title="A market that finds its prices: one bid",
    answer="bid",
    solution=lambda *a: _bid(*a),
    parts=("the place", "the new price"),
    kind="compute",
    difficulty=2,
    minutes=20,
    arguments=("cost", "psi", "i", "eps"),
    inputs=_markets().flatmap(
        lambda given: st.tuples(
            st.just(given[0]),
            st.just(given[1]),
            st.integers(0, len(given[1]) - 1),
            st.sampled_from([0.5, 0.125]),
        )
    ),
    cases=(
        (*_MARKET, 0, 0.5),
        (*_MARKET, 2, 0.125),
        (_MARKET[0], np.array([-3.0, 0.5, -1.0]), 1, 0.5),
    ),
    right="After the bid the chosen place is worse than the second best by eps only: the bidder "
    "would go there next, and has bid as much as it can without regret.",
    hints=(
        "What i has to pay at j is cost[i, j] - psi[j]: psi is what the place pays to whoever "
        "comes.",
        "The best place is the argmin; the second best is the least value among the others.",
        "Lower psi at the best place by the gap between the two, and by eps.",
    ),
    mistakes=(
        Mistake(
            "psi not used",
            "The place pays psi back: the best place is that of the least cost minus psi.",
            (
                lambda cost, psi, i, eps: (cost[i].argmin(), psi[cost[i].argmin()] - eps),
                lambda cost, psi, i, eps: (
                    cost[i].argmin(),
                    psi[cost[i].argmin()] - np.sort(cost[i])[1] + cost[i].min() - eps,
                ),
                lambda cost, psi, i, eps: (
                    cost[i].argmin(),
                    cost[i].min() - np.delete(cost[i] - psi, cost[i].argmin()).min() - eps,
                ),
            ),
        ),
        Mistake(
            "eps alone",
            "The bid may be as high as the gap to the second best place, plus eps: bids of eps "
            "alone take for ever.",
            lambda cost, psi, i, eps: _bid(cost, psi, i, eps, rise=False),
        ),
        Mistake(
            "sign of the bid",
            "A bidder offers to receive less: psi falls at the place it wants.",
            lambda cost, psi, i, eps: (
                _bid(cost, psi, i, eps)[0],
                2 * psi[_bid(cost, psi, i, eps)[0]] - _bid(cost, psi, i, eps)[1],
            ),
        ),
        Mistake(
            "psi added",
            "The place pays psi to whoever comes: the price of the way is cost minus psi.",
            lambda cost, psi, i, eps: _bid(cost, psi, i, eps, sign=-1.0),
        ),
        Mistake(
            "no eps",
            "Without eps two bidders may raise each other by 0 for ever.",
            lambda cost, psi, i, eps: _bid(cost, psi, i, 0.0),
        ),
        Mistake(
            "the bid, not the price",
            "Return the new psi at the place, not by how much it falls.",
            lambda cost, psi, i, eps: (
                _bid(cost, psi, i, eps)[0],
                psi[_bid(cost, psi, i, eps)[0]] - _bid(cost, psi, i, eps)[1],
            ),
        ),
        Mistake(
            "another price",
            "The bid changes the price of the place that it is made for: start from psi[j].",
            lambda cost, psi, i, eps: (_bid(cost, psi, i, eps)[0], psi.min() - eps),
        ),
        Mistake(
            "second of the costs",
            "The second best place, too, is told after what it pays: by cost minus psi.",
            (
                lambda cost, psi, i, eps: (
                    _bid(cost, psi, i, eps)[0],
                    psi[_bid(cost, psi, i, eps)[0]] - np.diff(np.sort(cost[i]))[0] - eps,
                ),
                lambda cost, psi, i, eps: (
                    _bid(cost, psi, i, eps)[0],
                    cost[i][_bid(cost, psi, i, eps)[0]] - np.sort(cost[i])[1] - eps,
                ),
            ),
        ),
        Mistake(
            "places from 1",
            "Places are counted from 0, as the entries of an array are.",
            lambda *a: (_bid(*a)[0] + 1, _bid(*a)[1]),
        ),
        Mistake(
            "sign of eps",
            "The bidder offers eps more than the gap, not eps less: psi falls by both.",
            lambda cost, psi, i, eps: _bid(cost, psi, i, -eps),
        ),
    ),
)
def _bid_judge(call, cost, psi, i, eps):
    pair = parts(call(cost, psi, i, eps), 2, "the result (place and new price)")
    j, price = number(pair[0], "the place"), number(pair[1], "the new price")
    require(j in range(len(psi)), f"the place is a number from 0 to {len(psi) - 1}, not {j:g}")
    j = int(j)
    tol = 10 * call.tolerance
    gain = cost[i] - psi
    require(
        gain[j] <= gain.min() + tol,
        f"place {j} costs {gain[j]:.6g} after what it pays, and another one {gain.min():.6g}",
    )
    second = np.delete(gain, j).min()
    same(cost[i, j] - price, second + eps, "after the bid it costs eps more than the second", tol)


def _market(cost, eps):
    """Rounds of bids until everybody has a place: who is where, and the prices."""
    n = len(cost)
    psi, owner = np.zeros(n), np.full(n, -1)
    waiting = list(range(n))
    while waiting:
        i = waiting.pop()
        j, psi[j] = _bid(cost, psi, i, eps)
        if owner[j] >= 0:
            waiting.append(owner[j])
        owner[j] = i
    return np.argsort(owner), psi


@exercise(
    "1-project-b",
    item="1",
    title="A market that finds its prices: the auction",
    answer="market",
    solution=lambda *a: _market(*a),
    parts=("the places", "the prices"),
    kind="compute",
    difficulty=3,
    minutes=40,
    arguments=("cost", "eps"),
    inputs=st.tuples(_markets().map(lambda given: given[0]), st.sampled_from([0.5, 0.125])),
    examples=40,
    closed=SOLVERS,
    cases=(
        (_MARKET[0], 0.5),
        (np.array([[0.0, 1.0], [0.0, 5.0]]), 0.25),
        (np.array([[5.0, 0.0, 5.0], [5.0, 5.0, 0.0], [0.0, 5.0, 5.0]]), 0.25),
        (np.array([[3.0, 3.0, 4.0], [0.0, 1.0, 7.0], [0.0, 2.0, 8.0]]), 0.125),
    ),
    right="At these prices everybody is content up to eps, so that the total cost is at most n eps "
    "above the least. For whole numbers and eps < 1/n it is the least: prices have solved the "
    "problem.",
    hints=(
        "Keep a list of those who have no place, the owner of each place, and psi.",
        "Take one from the list and let it bid. It gets the place; the former owner, if there is "
        "one, goes back to the list.",
        "Each bid lowers a price by eps at least, and a place once taken stays taken: it ends.",
    ),
    mistakes=(
        Mistake(
            "no prices",
            "The assignment alone is not enough: return (permutation, psi), with the prices that "
            "make everybody content.",
            lambda cost, eps: (_cheapest(cost), np.zeros(len(cost))),
        ),
        Mistake(
            "owners, not places",
            "The permutation says for each i its place j; this one says for each place its owner.",
            lambda cost, eps: (np.argsort(_market(cost, eps)[0]), _market(cost, eps)[1]),
        ),
        Mistake(
            "everybody takes the cheapest",
            "Two may not have the same place: a permutation has each number once.",
            lambda cost, eps: (cost.argmin(axis=1), np.zeros(len(cost))),
        ),
        Mistake(
            "first come, first served",
            "Who comes later may bid more, and then the former owner has to look again.",
            lambda cost, eps: _greedy(cost),
        ),
        Mistake(
            "sign of the prices",
            "psi is what a place pays: it falls where many want to go, and phi + psi <= c.",
            lambda cost, eps: (_market(cost, eps)[0], -_market(cost, eps)[1]),
        ),
    ),
)
def _market_judge(call, cost, eps):
    n = len(cost)
    pair = parts(call(cost, eps), 2, "the result (permutation and psi)")
    place, psi = array(pair[0], (n,), "the permutation"), array(pair[1], (n,), "psi")
    require(
        np.array_equal(np.sort(place), np.arange(n)),
        f"the permutation should hold each of 0, ..., {n - 1} once",
        general="everybody takes the cheapest",
    )
    gain = cost - psi
    regret = gain[np.arange(n), place.astype(int)] - gain.min(axis=1)
    i = int(regret.argmax())
    require(
        regret[i] <= eps + 100 * call.tolerance,
        f"bidder {i} would save {regret[i]:.6g} at another place, which is more than eps",
    )


def _cheapest(cost):
    rows = np.arange(len(cost))
    orders = map(list, itertools.permutations(rows))
    return np.array(min(orders, key=lambda order: cost[rows, order].sum()))


def _greedy(cost):
    free, place = list(range(len(cost))), []
    for row in cost:
        place.append(min(free, key=lambda j: row[j]))
        free.remove(place[-1])
    return np.array(place), np.zeros(len(cost))
