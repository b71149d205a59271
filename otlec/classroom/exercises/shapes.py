"""The project of chapter 3: one shape turns into another, and a barycenter to be found."""

import itertools

import hypothesis.strategies as st
import numpy as np

from ...cost import cost_matrix
from ...distance import wasserstein
from ...measure import Measure
from ...solvers.hungarian import assignment
from ._inputs import HALVES, matrix
from ._machine import Mistake, exercise
from ._values import Score, array, measure, number, parts, require, same

# Three measures with three atoms each, as the page gives them.
TRIANGLES = (
    np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 2.0]]),
    np.array([[3.0, 1.0], [5.0, 2.0], [4.0, -1.0]]),
    np.array([[1.0, 4.0], [2.0, 6.0], [0.0, 5.0]]),
)


def _objective(nu) -> float:
    return sum(wasserstein(Measure(x), nu, 2) ** 2 for x in TRIANGLES) / 3


def _best_of_permutations():
    """The least objective of means of three atoms, one of each measure."""
    first, second, third = TRIANGLES
    orders = [list(order) for order in itertools.permutations(range(3))]
    return min(
        _objective(Measure((first + second[a] + third[b]) / 3)) for a in orders for b in orders
    )


@exercise(
    "barycenters-c",
    item="barycenters",
    title="A barycenter to be found",
    answer="compromise",
    kind="construct",
    difficulty=3,
    minutes=30,
    right="No measure known here does better by more than one percent. Each of its atoms is the "
    "mean of three atoms, one of each measure; which ones belong together is the question.",
    hints=(
        "For a fixed choice of partners, the best place is the mean of the three partners.",
        "Nine atoms make three groups of one atom from each measure: there are 36 ways.",
        "Or start somewhere, and repeat: pair your atoms with those of each measure by "
        "otlec.assignment, and move each one to the mean of its partners.",
    ),
    mistakes=(
        Mistake(
            "one of the three",
            "This is one of the given measures, or half way between two: the third one is far.",
        ),
        Mistake(
            "mixture",
            "The linear mean keeps all atoms in their places. To be near to all three, average "
            "places.",
        ),
        Mistake(
            "one place",
            "All mass at one place is near to all three, but they have a size of their own: use "
            "three atoms.",
        ),
        Mistake(
            "partners in the order given",
            "The atoms were paired in the order in which they are listed. Other groups are nearer "
            "together.",
        ),
        Mistake(
            "centres of the three",
            "Each atom is the centre of one measure here. Let each be the mean of three atoms, one "
            "of each measure.",
        ),
        Mistake(
            "not yet the best",
            "Move each atom to the mean of the atoms that it is paired with, pair again, and so "
            "on; or try another grouping.",
        ),
    ),
)
def _compromise(answer):
    nu = measure(answer, "the result", 2)
    require(nu.size <= 100, "take at most 100 atoms")
    value, best = _objective(nu), _best_of_permutations()
    mus = [Measure(x) for x in TRIANGLES]
    simple = {
        "partners in the order given": [Measure(sum(TRIANGLES) / 3)],
        "one place": [Measure(np.concatenate(TRIANGLES).mean(axis=0)[None])],
        "mixture": [Measure(np.concatenate(TRIANGLES))],
        "centres of the three": [Measure(np.array([x.mean(axis=0) for x in TRIANGLES]))],
        "one of the three": [
            *mus,
            *(
                Measure((_matched(*pair) + pair[0]) / 2)
                for pair in itertools.combinations(TRIANGLES, 2)
            ),
        ],
    }
    known = None
    for name, candidates in simple.items():
        if any(wasserstein(nu, other, 2) < 1e-6 for other in candidates):
            known = name
    if nu.weights.max() >= 1 - 1e-9:
        known = "one place"
    require(
        value <= 1.01 * best,
        f"the mean of the three W_2^2 is {value:.6g}, but {best:.6g} can be reached",
        known,
        "not yet the best",
    )
    return Score(value, best, "the mean of W_2^2 to the three measures")


# Project ------------------------------------------------------------------------------------------


@st.composite
def _clouds(draw):
    n = draw(st.integers(1, 4))
    return draw(matrix(n, 2, HALVES)), draw(matrix(n, 2, HALVES))


_SQUARE = (
    np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
    np.array([[3.0, 1.0], [2.0, 2.5], [2.0, 0.0], [3.0, 3.0]]),
)
_PAIR = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[3.0, 0.0], [1.0, 1.0]])
_CUBES = (  # the third powers of the distances would choose otherwise
    np.array([[1.0, 1.0], [3.0, 0.0]]),
    np.array([[3.0, 4.0], [1.0, 1.0]]),
)
_TRIPLE = (
    np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]),
    np.array([[2.0, 3.0], [0.0, 1.0], [3.0, 0.0]]),
)


def _matched(x, y, p=2):
    return y[assignment(cost_matrix(x, y, p)).permutation]


def _greedy_pairs(x, y):
    free, rows = list(range(len(y))), []
    for point in x:
        rows.append(min(free, key=lambda j: np.linalg.norm(point - y[j])))
        free.remove(rows[-1])
    return y[rows]


def _cost(x, y):
    return ((x - y) ** 2).sum(axis=1).mean()


@exercise(
    "3-project-a",
    item="3.3",
    title="From one shape to another: who goes where",
    answer="partners",
    solution=lambda x, y: _matched(x, y),
    kind="compute",
    difficulty=2,
    minutes=15,
    arguments=("x", "y"),
    inputs=_clouds(),
    closed=("optimal_plan", "wasserstein", "geodesic"),
    cases=(_PAIR, _TRIPLE, _SQUARE, _CUBES),
    right="Row k of the result is where the grain at x[k] goes; no other pairing of the two "
    "shapes is cheaper.",
    hints=(
        "otlec.cost_matrix(x, y, 2) holds the squared distances, and otlec.assignment(cost) pairs "
        "rows with columns: .permutation[i] is the column of row i.",
        "Return the rows of y in the new order.",
    ),
    mistakes=(
        Mistake(
            "sorted by one coordinate",
            "Sorting solves the problem on the line. In the plane both coordinates count: solve "
            "the assignment.",
            (
                lambda x, y: y[np.argsort(y[:, 0])][np.argsort(np.argsort(x[:, 0]))],
                lambda x, y: y[np.argsort(y[:, 1])][np.argsort(np.argsort(x[:, 1]))],
            ),
        ),
        Mistake(
            "the permutation itself",
            "Return places, not numbers: the rows of y in this order.",
            lambda x, y: assignment(cost_matrix(x, y, 2)).permutation,
        ),
        Mistake("not paired", "This keeps the order of y.", lambda x, y: y.copy()),
        Mistake(
            "inverse",
            "permutation[i] is the column of row i: take y[permutation], not its inverse.",
            lambda x, y: y[np.argsort(assignment(cost_matrix(x, y, 2)).permutation)],
        ),
        Mistake(
            "nearest",
            "Two grains may not go to the same place: each row of y is used once.",
            lambda x, y: y[cost_matrix(x, y, 2).argmin(axis=1)],
        ),
        Mistake(
            "distance instead of its square",
            "For W_2 the cost is the squared distance.",
            lambda x, y: _matched(x, y, 1),
        ),
        Mistake(
            "nearest that is free",
            "Who comes first takes the nearest place, and the last ones pay for it: the whole cost "
            "counts.",
            lambda x, y: _greedy_pairs(x, y),
        ),
    ),
)
def _partners(call, x, y):
    found = array(call(x, y), y.shape)
    tol = max(1e-8, 10 * call.tolerance)
    rows = (np.array(sorted(map(tuple, z))) for z in (found, y))
    same(*rows, "each row of y stands once in the result", tol)
    best = _cost(x, _matched(x, y))
    mine = _cost(x, found)
    require(
        mine <= best + tol * max(1.0, best),
        f"the mean squared distance is {mine:.6g}, but {best:.6g} can be reached",
    )


def _film(x, y, times, matched=True):
    z = _matched(x, y) if matched else y
    t = np.asarray(times)[:, None, None]
    return (1 - t) * x + t * z, np.sqrt(_cost(x, z))


@exercise(
    "3-project-b",
    item="3.3",
    title="From one shape to another: the film",
    answer="film",
    solution=lambda *a: _film(*a),
    parts=("the frames", "the speed"),
    kind="compute",
    difficulty=2,
    minutes=15,
    arguments=("x", "y", "times"),
    inputs=st.tuples(_clouds(), st.sampled_from([(0.0, 0.5, 1.0), (0.25, 1.0)])).map(
        lambda given: (*given[0], np.array(given[1]))
    ),
    examples=30,
    closed=("optimal_plan", "wasserstein", "geodesic", "interpolation", "speed_matrix"),
    cases=(
        (*_PAIR, np.array([0.0, 0.5, 1.0])),
        (*_CUBES, np.array([0.0, 0.5])),
        (*_TRIPLE, np.array([0.0, 0.25, 1.0])),
        (*_SQUARE, np.array([0.0, 0.25, 0.5, 1.0])),
    ),
    right="The distance of any two frames is |s - t| times the speed: the film is the geodesic of "
    "W_2 from one shape to the other.",
    hints=(
        "First pair x with y. Then the grain k is at (1 - t) x[k] + t y[k].",
        "times[:, None, None] has the shape (T, 1, 1): NumPy repeats it over grains and "
        "coordinates.",
        "The speed is W_2(x, y): the root of the mean squared distance of partners.",
    ),
    mistakes=(
        Mistake(
            "not paired",
            "The rows of y are in any order: pair them first, by the first part.",
            lambda x, y, times: _film(x, y, times, False),
        ),
        Mistake(
            "time runs backwards",
            "At t = 0 the shape is x.",
            lambda x, y, times: _film(x, y, 1 - times),
        ),
        Mistake(
            "squared speed",
            "The speed is a length: the root of the mean squared distance.",
            lambda x, y, times: (_film(x, y, times)[0], _film(x, y, times)[1] ** 2),
        ),
        Mistake(
            "sum instead of mean",
            "Each grain has the mass 1/n.",
            lambda x, y, times: (
                _film(x, y, times)[0],
                _film(x, y, times)[1] * np.sqrt(len(x)),
            ),
        ),
        Mistake(
            "mean distance",
            "W_2 is the root of the mean square, not the mean distance.",
            lambda x, y, times: (
                _film(x, y, times)[0],
                np.sqrt(((x - _matched(x, y)) ** 2).sum(axis=1)).mean(),
            ),
        ),
    ),
)
def _film_judge(call, x, y, times):
    pair = parts(call(x, y, times), 2, "the result (frames and speed)")
    frames = array(pair[0], (len(times), *x.shape), "frames")
    speed = number(pair[1], "the speed")
    tol = max(1e-7, 10 * call.tolerance)
    whole = wasserstein(Measure(x), Measure(y), 2)
    same(speed, whole, "the speed is W_2 of the two shapes", tol)
    for t, frame in zip(times, frames, strict=True):
        for other, share, name in ((x, t, "x"), (y, 1 - t, "y")):
            same(
                wasserstein(Measure(frame), Measure(other), 2),
                share * whole,
                f"the frame at t = {t:g} is its share of the way from {name}",
                tol,
            )


@st.composite
def _palettes(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, count = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    colours = [np.round(rng.random((k, 3)), 2) for k in (count, n, n)]
    return (*colours, draw(st.sampled_from([0.0, 0.5, 1.0])))


def _recolour(pixels, x, y, t, matched=True, move=True):
    z = _matched(x, y) if matched else y
    nearest = cost_matrix(pixels, x, 2).argmin(axis=1)
    return pixels + t * (z - x)[nearest] if move else (1 - t) * x[nearest] + t * z[nearest]


_COLOURS = (
    np.array([[0.1, 0.2, 0.3], [0.9, 0.8, 0.1], [0.5, 0.6, 0.4]]),
    np.array([[0.0, 0.2, 0.3], [0.8, 0.9, 0.2]]),
    np.array([[1.0, 0.7, 0.5], [0.3, 0.1, 0.2]]),
)


@exercise(
    "3-project-c",
    item="3.3",
    title="Two photographs of your own: half way between their colours",
    answer="recolour",
    kind="compute",
    difficulty=3,
    minutes=40,
    arguments=("pixels", "x", "y", "t"),
    inputs=_palettes(),
    examples=30,
    solution=lambda *a: _recolour(*a),
    cases=((*_COLOURS, 0.0), (*_COLOURS, 1.0), (*_COLOURS, 0.5)),
    right="Colours travel along the geodesic of the two samples, and take with them what is near: "
    "at t = 1/2 the photograph is half way between two moods.",
    hints=(
        "First pair the samples: y[otlec.assignment(otlec.cost_matrix(x, y, 2)).permutation].",
        "otlec.cost_matrix(pixels, x, 2).argmin(axis=1) says for each pixel which sample is "
        "nearest.",
        "A pixel keeps its difference from that sample: add t times the way of the sample.",
    ),
    mistakes=(
        Mistake(
            "not paired",
            "The samples are in any order: pair them by an optimal plan first.",
            lambda *a: _recolour(*a, matched=False),
        ),
        Mistake(
            "the colour of the sample",
            "This gives each pixel the colour of its sample, and the photograph becomes a poster. "
            "Move the pixel by as much as the sample moves.",
            lambda *a: _recolour(*a, move=False),
        ),
        Mistake(
            "time runs backwards",
            "At t = 0 the photograph is as it was.",
            lambda pixels, x, y, t: _recolour(pixels, x, y, 1 - t),
        ),
        Mistake(
            "t not used",
            "At the time t only the part t of the way is done.",
            lambda pixels, x, y, t: _recolour(pixels, x, y, 1.0),
        ),
        Mistake(
            "to the target of the sample",
            "All pixels near a sample would end at one colour. Add to each pixel the way of the "
            "sample: the difference between them stays.",
            lambda pixels, x, y, t: (
                (1 - t) * pixels + t * _matched(x, y)[cost_matrix(pixels, x, 2).argmin(axis=1)]
            ),
        ),
        Mistake(
            "one way for all",
            "Each sample has a way of its own: this moves all pixels by the mean of the ways.",
            lambda pixels, x, y, t: pixels + t * (y - x).mean(axis=0),
        ),
        Mistake(
            "nearest target",
            "Look for the sample near the pixel among x, the colours of its own photograph.",
            lambda pixels, x, y, t: (
                pixels + t * (_matched(x, y) - x)[cost_matrix(pixels, y, 2).argmin(axis=1)]
            ),
        ),
    ),
)
def _recolour_judge(call, pixels, x, y, t):
    found = array(call(pixels, x, y, t), pixels.shape)
    tol = max(1e-8, 10 * call.tolerance)
    if t == 0.0:
        same(found, pixels, "at t = 0 nothing has moved", tol)
    same(found, _recolour(pixels, x, y, t), f"the colours at t = {t:g}", tol)
