"""What the guesses of the book call right, computed: every number, and every choice that can be."""

import re
import sys
from fractions import Fraction

import numpy as np
import pytest
from conftest import ROOT
from scipy.integrate import quad

import otlec
from otlec import Measure, wasserstein

sys.path.insert(0, str(ROOT / "scripts"))
import guesses
import myst_to_markdown

BLOCK = re.compile(
    r"^```\{(guess|guess-start|proof-order)\} (\S+)\n((?::[^\n]*\n)*)(.*?)^```$", re.M | re.S
)


def uniform(n, low=0.0, high=1.0):
    return Measure(low + (high - low) * (np.arange(n) + 0.5) / n)


def blocks() -> dict:
    """Kind, options and items (mark, text, sentence) of each guess of the book."""
    found = {}
    for page in sorted((ROOT / "book").glob("0*.md")):
        for kind, name, options, body in BLOCK.findall(page.read_text(encoding="utf-8")):
            options = dict(myst_to_markdown.OPTION.findall(options))
            found[name] = kind, options, guesses._items(body)[1]
    return found


BLOCKS = blocks()
NUMBERS = {name: options for name, (_, options, _) in BLOCKS.items() if "number" in options}


def leak(n):
    return Measure([0.0, n], [1 - 1 / n, 1 / n])


def derivative_towards(y):
    sigma = uniform(2000)
    return otlec.derivative(sigma, Measure([0.0]), Measure([y])).value


def switch_length(pieces):
    def curve(t):
        return Measure([0.0, 1.0], [1 - t, t])

    return otlec.curve_length(curve, np.linspace(0, 1, pieces + 1), 2)


def normal(deviation, n=4000):
    from scipy.stats import norm

    return Measure(deviation * norm.ppf((np.arange(n) + 0.5) / n))


def midpoint_variance():
    half = otlec.geodesic(otlec.optimal_plan(normal(1), normal(3)), 0.5)
    return half.weights @ half.points.reshape(-1) ** 2


def median():
    places = np.linspace(0, 5, 501)
    cost = [
        sum(wasserstein(Measure([x]), Measure([y]), 1) for x in (0.0, 1.0, 5.0)) for y in places
    ]
    return places[np.argmin(cost)]


def gap_width():
    sigma = Measure(np.concatenate([np.linspace(0, 1, 41), 3 + np.linspace(0, 1, 41)]))
    return otlec.potential_width(sigma, sigma) - 2 / 40  # each half adds the grid's spacing


def kink():
    two = Measure([0.0, 1.0])
    return 2 * otlec.derivative(two, two, Measure([1.0])).value  # towards delta_1, s is t / 2


def dimension_factor():
    """Whether sixteen times more samples halve the distance in dimension four."""
    rng = np.random.default_rng(0)

    def between(n, repetitions):
        return np.mean([wasserstein(Measure(x), Measure(y), 1)
                        for x, y in rng.uniform(0, 1, (repetitions, 2, n, 4))])  # fmt: skip

    ratio = between(640, 4) / between(40, 60)
    return 16 if abs(ratio - 0.5) < 0.04 else ratio


def tangent_norm_squared(k):
    return quad(lambda x: (np.sin(np.pi * k * x) / (np.pi * k)) ** 2, 0, 1)[0]


COMPUTED = {
    "half-dirac": lambda: wasserstein(Measure([0.0]), Measure([0.0, 2.0])),
    "stops": lambda: 100 * wasserstein(Measure([0.0]), Measure([0.02])) ** 2,
    "leak": lambda: wasserstein(Measure([0.0]), leak(100.0)),
    "powers": lambda: (3**2 / 3) / wasserstein(Measure([0.0, 1, 2]), Measure([1.0, 2, 3])) ** 2,
    "grid-rate": lambda: 16 * wasserstein(Measure(np.arange(1, 17) / 16), uniform(2**14), 1),
    "dimension": dimension_factor,
    "clock": lambda: 0.5**2,
    "antipodes": lambda: 2,
    "variance": midpoint_variance,
    "switch-length": lambda: switch_length(100),
    "median": median,
    "break-even": lambda: 2 if abs(derivative_towards(2.0)) < 1e-3 > derivative_towards(1.9) else 0,
    "kink": kink,
    "gap-width": gap_width,
    "boat": lambda: (2 - 1) * 2 / (1 - 1 + 1 * 2),
    "hurry": lambda: quad(lambda t: (2 * t) ** 2, 0, 1)[0],
    "ripple-norm": lambda: tangent_norm_squared(3) / tangent_norm_squared(6),
    "thin": lambda: 0.01 * (1 / 0.01) ** 2,
}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_number_that_a_guess_states_is_the_one_that_is_computed(name):
    value = float(Fraction(NUMBERS[name]["number"]))
    assert COMPUTED[name]() == pytest.approx(value, abs=max(float(NUMBERS[name]["within"]), 1e-9))


@pytest.mark.parametrize("name", NUMBERS)
def test_no_known_mistake_is_within_the_tolerance_of_the_truth(name):
    value, within = (float(Fraction(NUMBERS[name][key])) for key in ("number", "within"))
    mistakes = [float(Fraction(m[1:].strip())) for m, *_ in BLOCKS[name][2] if m.startswith("=")]
    assert all(abs(mistake - value) > 2 * within for mistake in mistakes)


def right(name) -> list[int]:
    return [n for n, (mark, *_) in enumerate(BLOCKS[name][2]) if mark == "x"]


def test_the_concave_cost_is_cheaper_on_the_crossing_plan():
    root = np.sqrt(abs(np.subtract.outer([0.0, 1.0], [1.0, 2.0])))
    sort, cross = root[[0, 1], [0, 1]].mean(), root[[0, 1], [1, 0]].mean()
    assert right("concave") == [int(cross < sort)]


def test_prices_may_touch_the_cost_where_no_plan_has_mass():
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    phi, psi = np.array([0.0, -1.0]), np.array([0.0, 1.0])
    slack = cost - phi[:, None] - psi
    assert (slack >= 0).all()
    assert phi.mean() + psi.mean() == 0 == otlec.transport([0.5, 0.5], [0.5, 0.5], cost).value
    assert slack[0, 1] == 0
    assert right("contact") == [2]


def test_the_tent_earns_the_cost():
    tent = BLOCKS["tent"][1]["draw"]
    values = {x: y for x, y in (map(float, p.split()) for p in tent.split(","))}
    earned = (values[0.0] + values[1.0]) / 2 - values[0.5]
    assert earned == wasserstein(Measure([0.0, 1.0]), Measure([0.5]), 1)
    steps = np.diff(sorted(values)), np.diff([values[x] for x in sorted(values)])
    assert (abs(steps[1]) <= steps[0]).all()


def test_most_of_the_slack_is_lost_off_the_straight_way():
    rng = np.random.default_rng(0)
    lost = []
    for _ in range(40):
        m1, m2, m3 = (Measure(rng.uniform(0, 1, 2) + 0.3 * rng.normal(size=(8, 2))) for _ in "123")
        sigma = otlec.glue(otlec.optimal_plan(m1, m2), otlec.optimal_plan(m2, m3))
        x = m1.points[sigma.i], m2.points[sigma.j], m3.points[sigma.k]
        d12, d23, d13 = (np.linalg.norm(x[i] - x[j], axis=1) for i, j in ((0, 1), (1, 2), (0, 2)))
        norms = [np.sqrt(sigma.mass @ d**2) for d in (d13, d12 + d23, d12, d23)]
        chain = [wasserstein(m1, m3), norms[0], norms[1], norms[2] + norms[3]]
        lost.append(np.argmax(np.diff(chain)))
    assert np.mean(np.array(lost) == right("slack")[0]) > 0.9


def test_symmetric_maps_compose_exactly_if_they_commute():
    rng = np.random.default_rng(1)
    cloud = rng.normal(size=(60, 2))
    for A, B in (
        (np.diag([2.0, 0.5]), np.diag([1.0, 3.0])),
        (np.diag([2.0, 0.5]), [[1, 0.7], [0.7, 1]]),
    ):
        M = A @ np.array(B)
        image = cloud @ M
        best = otlec.assignment_points(cloud, image).permutation
        assert np.array_equal(best, np.arange(60)) == np.allclose(M, M.T)
    assert right("compose") == [1]


def test_moments_decide_what_is_infinitely_far():
    x = np.geomspace(1, 1e9, 4001)
    tails = [np.trapezoid(x**2 / (1 + x**k), x) for k in (2, 3, 4)]
    assert right("infinite") == [int(np.argmin(tails))] == [2]
    assert tails[2] < 1 < 20 < tails[1] < tails[0]


def test_total_variation_and_w1_of_the_sequences():
    n = 400
    leaks = [leak(float(n)), Measure([0.0, np.sqrt(n)], [1 - 1 / n, 1 / n]), Measure([1 / n])]
    far = [wasserstein(Measure([0.0]), m, 1) for m in leaks]
    assert far == pytest.approx([1, n**-0.5, 1 / n])
    assert wasserstein(Measure([0.0]), Measure([0.0, float(n)]), 1) > 1
    assert right("escape") == [0, 1]
    ripple = quad(lambda x: abs(np.cos(2 * np.pi * x)), 0, 1)[0]
    assert ripple == pytest.approx(2 / np.pi)
    assert right("variation") == [3]


def test_the_midpoints_of_atoms_and_of_hills():
    ends = Measure([0.0]), Measure([1.0])
    for half in (Measure([0.0, 1.0]), Measure([0.5]), uniform(4000)):
        both = [wasserstein(end, half) for end in ends]
        assert (max(both) == pytest.approx(0.5)) == (half.size == 1)
    assert right("midpoint") == [1]
    hill = normal(1).points.reshape(-1)
    far = wasserstein(Measure(hill), Measure(np.concatenate([hill, hill + 10])))
    assert far == pytest.approx(6.5, abs=0.05), "stated in the guess two-hills"


def test_the_places_of_the_square_are_midpoints():
    mu, nu = Measure([[0.0, 0.0], [1.0, 1.0]]), Measure([[1.0, 0.0], [0.0, 1.0]])
    places = [mark[1:].split() for mark, *_ in BLOCKS["square"][2] if mark.startswith("x")]
    assert len(places) == 4
    for place in places:
        x, y = map(float, place)
        half = Measure([[x, y], [1 - x, 1 - y]])
        far = [wasserstein(end, half) for end in (mu, nu)]
        assert far == pytest.approx([wasserstein(mu, nu) / 2] * 2)


def test_the_quantiles_of_the_half_way_measure_are_drawn():
    drawn = [tuple(map(float, p.split())) for p in BLOCKS["halfway"][1]["draw"].split(",")]
    assert all(abs(y - (s + s**2) / 2) < 1e-3 for s, y in drawn)


@pytest.mark.parametrize("case", range(5))
def test_which_prices_are_free(case):
    h = 1 / 40
    part = np.linspace(0, 1, 41)
    two = Measure(np.concatenate([part, 2 + part]))
    pair = Measure([0.0, 1.0])
    sigma, rho = (
        (Measure(part), Measure(part)), (two, two), (two, Measure([1.5])), (pair, pair),
        (pair, Measure([0.0, 1.0], [1 / 3, 2 / 3])),
    )[case]  # fmt: skip
    free = otlec.potential_width(sigma, rho) > 3 * h
    assert free == (case in right("free"))


def test_the_slope_may_be_negative_although_the_cost_ends_higher():
    sigma, start = uniform(200), Measure([0.0])
    costs = [otlec.transport_cost(sigma, start)]
    far = Measure([1.9])
    slope = otlec.derivative(sigma, start, far).value
    assert slope < 0 < otlec.transport_cost(sigma, far) - costs[0]
    assert right("sign") == [2]


@pytest.mark.parametrize("name", [n for n, (kind, *_) in BLOCKS.items() if kind == "proof-order"])
def test_every_line_of_a_proof_is_needed_for_its_end(name):
    marks = [mark for mark, *_ in BLOCKS[name][2]]
    assert marks.count("!") == 2
    grounds = dict(map(guesses.line, marks))
    grounds.pop(None)
    needed, todo = set(), ["end"]
    while todo:
        line = todo.pop()
        needed.add(line)
        todo += [g for g in grounds[line] if g not in needed]
    assert needed == set(grounds)


def test_there_are_forty_guesses_and_seven_proofs():
    kinds = [kind for kind, *_ in BLOCKS.values()]
    assert kinds.count("proof-order") >= 7
    assert len(kinds) - kinds.count("proof-order") >= 40
