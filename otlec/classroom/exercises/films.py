"""Exercises of chapter 5: films of given action, and potentials that prove bounds."""

import hypothesis.strategies as st
import numpy as np

from ...cost import cost_matrix
from ...solvers.network_simplex import transport
from ._machine import Mistake, exercise
from ._values import Score, array, require
from .dynamic import energy

_STEPS = 400


@exercise(
    "5.1d",
    title="A film of given length and given action",
    answer="journey",
    kind="construct",
    difficulty=3,
    minutes=30,
    arguments=("t",),
    cases=((0.5,),),
    probes=((0.25,), (0.75,), (0.9,)),
    right="The length is a matter of the path alone; the action is at least its square, and the "
    "clock decides by how much it is more.",
    hints=(
        "First a path of length 2 from (0, 0) to (1, 0), such as two sides of a triangle. At even "
        "speed its action is 2^2 = 4.",
        "Then a clock that makes the action grow by the factor 3/2: see exercise 5.1c.",
    ),
    mistakes=(
        Mistake(
            "straight",
            "This is the geodesic, of length 1 and action 1: it needs a detour, and a clock.",
            (lambda t: (t, 0.0), lambda t: np.array([t, 0.0])),
        ),
        Mistake(
            "even speed",
            "The path is long enough. At even speed the action is the square of the length, 4: "
            "change the clock.",
        ),
        Mistake(
            "wrong path",
            "The action is right, but the length is not: first find the path, then the clock.",
        ),
        Mistake(
            "wrong clock",
            "The path is long enough, but the action is not 6: keep the path, and change the "
            "clock.",
        ),
        Mistake("ends", "The journey starts at (0, 0) at t = 0, and ends at (1, 0) at t = 1."),
        Mistake("a jump", "A film that jumps has no finite action."),
        Mistake(
            "length and action",
            "Neither is right yet. First a path of length 2, whatever the clock; then the clock.",
        ),
        Mistake(
            "a clock, but no detour",
            "The way is still straight, of length 1: first a detour of length 2, then the clock.",
            lambda t: (max(0.0, (t - 1 / 3) / (2 / 3)), 0.0),
        ),
    ),
)
def _journey(call, t):
    def place(s):
        return array(call(s), (2,), f"the place at t = {s:g}")

    for s, end in ((0.0, [0.0, 0.0]), (1.0, [1.0, 0.0])):
        off = np.abs(place(s) - end).max()
        require(off <= 1e-6, f"at t = {s:g} it is at {place(s)}, not at {end}", "ends")
    points = np.array([place(k / _STEPS) for k in range(_STEPS + 1)])
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    action = energy(place)
    require(action <= 1e4, "the action grows without bound: the film jumps", "a jump")
    far, dear = abs(length - 2) > 5e-3, abs(action - 6) > 2e-2
    mistake = None
    if dear and not far:
        mistake = "even speed" if abs(action - length**2) <= 2e-2 else "wrong clock"
    elif far and not dear:
        mistake = "wrong path"
    require(
        not far and not dear,
        f"the length is {length:.4f} and the action {action:.4f}",
        mistake,
        "length and action",
    )


# A potential that certifies -----------------------------------------------------------------------


def _crowd(seed: int):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    return np.round(rng.uniform(0, 3, (n, 2)), 1), np.round(rng.uniform(1, 5, (n, 2)), 1)


_TOWN = _crowd(32)  # where a translation proves four fifths only


def _bound(phi, x, y):
    """What a potential proves: nothing it says about W_2^2 is more than that."""
    return (phi[:, None] + cost_matrix(x, y, 2)).min(axis=0).mean() - phi.mean()


def _least(x, y):
    equal = np.full(len(x), 1 / len(x))
    return transport(equal, equal, cost_matrix(x, y, 2)).value


def _ascent(x, y, rounds=500):
    """The best of the potentials that an ascent with shrinking steps passes."""
    phi, best, step = np.zeros(len(x)), np.zeros(len(x)), 2.0
    for k in range(rounds):
        nearest = (phi[:, None] + cost_matrix(x, y, 2)).argmin(axis=0)
        phi = phi + step / np.sqrt(k + 1) * (np.bincount(nearest, minlength=len(x)) / len(y)
                                             - 1 / len(x))  # fmt: skip
        if _bound(phi, x, y) > _bound(best, x, y):
            best = phi
    return best


@exercise(
    "5.1e",
    title="A potential that certifies",
    answer="certify",
    kind="construct",
    difficulty=3,
    minutes=40,
    arguments=("x", "y"),
    examples=3,
    inputs=st.integers(0, 10**6).map(_crowd),
    closed=(
        "transport",
        "transport_cost",
        "optimal_plan",
        "wasserstein",
        "assignment",
        "assignment_points",
        "potential_band",
        "benamou_brenier",
    ),
    cases=(
        (np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])),
        (np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[3.0, 0.0], [1.0, 2.0]])),
        _TOWN,
    ),
    right="Whatever films there are, none has less action than the bound that your potential "
    "proves, and one has hardly more.",
    hints=(
        "A place y takes part in the bound with the least phi_i + |x_i - y|^2. Call the i where "
        "this is least the choice of y.",
        "How does the bound change with phi_i? It grows by the share of the y that choose i, minus "
        "1/n. An optimal phi makes all i equally popular.",
        "Repeat many times: raise phi_i where too many choose i, lower it where too few do, by "
        "steps that shrink; keep the best phi.",
    ),
    mistakes=(
        Mistake(
            "no potential",
            "With phi = 0 each y counts its nearest x only. Raise phi where x is too popular.",
            (
                lambda x, y: np.zeros(len(x)),
                lambda x, y: np.ones(len(x)),
            ),
        ),
        Mistake(
            "sign",
            "Here popular x have to become dearer: the bound takes the minimum of phi + |x - y|^2.",
            lambda x, y: -_ascent(x, y),
        ),
        Mistake(
            "square of the place",
            "Such a potential is best where everything is translated or dilated. This crowd has "
            "more structure: adapt phi to who is popular.",
            (
                lambda x, y: -2 * x @ (y.mean(axis=0) - x.mean(axis=0)),
                lambda x, y: 2 * x @ (y.mean(axis=0) - x.mean(axis=0)),
                lambda x, y: (x**2).sum(axis=1),
                lambda x, y: -(x**2).sum(axis=1),
            ),
        ),
        Mistake(
            "not yet enough",
            "It proves at least as much as phi = 0 does. Take more rounds, or smaller steps: raise "
            "phi where too many choose x, lower it where too few do, and keep the best.",
        ),
        Mistake(
            "too low",
            "phi = 0 proves more than that. Raise phi where too many y choose x, lower it where "
            "too few do, and keep the best.",
        ),
    ),
)
def _certify(call, x, y):
    phi = array(call(x, y), (len(x),), "phi")
    reached, best = _bound(phi, x, y), _least(x, y)
    known = "not yet enough" if reached > _bound(np.zeros(len(x)), x, y) - 1e-9 else "too low"
    require(
        reached >= 0.97 * best - 1e-9,
        f"the potential proves that no film has less action than {reached:.6g}; "
        f"{best:.6g} can be proved",
        general="sign" if _bound(-phi, x, y) >= 0.97 * best - 1e-9 else known,
    )
    if len(x) == len(_TOWN[0]) and np.array_equal(x, _TOWN[0]):
        return Score(
            reached, best, f"the action that is proved necessary for {len(x)} people", less=False
        )
    return None
