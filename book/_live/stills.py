"""The live figures of the book: their first instance, their still frame, and their Python.

A figure is a cell of Python that prints the readout, and a drawing of what the cell has computed.
The still frame executes that very cell, and "copy as Python" hands it out with the reader's own
numbers; ``figures.js`` computes the same in the page, with the compiled kernels. Tests compare the
two drawings at the first instance, and the two readouts wherever the reader has dragged something.
"""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import otlec
from otlec.drawing import moving
from otlec.geodesics import quantile_function

HEAD = "import numpy as np\nimport otlec\n"


@dataclass(frozen=True)
class Figure:
    """What the directive ``{live}`` needs to know of a figure."""

    name: str
    kernels: tuple[str, ...]
    state: dict
    code: str
    draw: Callable
    alt: str
    home: str
    ask: str
    tasks: tuple[str, ...]
    legend: dict[str, str]

    def still(self) -> tuple[moving.Picture, str]:
        """Run the cell on the first instance: the picture of what it computes, and its readout."""
        names, printed = {}, io.StringIO()
        exec(HEAD, names)
        for name, value in self.state.items():
            names[name] = np.array(value) if isinstance(value, list) else value
        with contextlib.redirect_stdout(printed):
            exec(self.code, names)
        picture = moving.Picture(slider="still", values=[0, 1], start=0, alt=self.alt)
        self.draw(picture, names)
        return picture, printed.getvalue().strip()


FIGURES: dict[str, Figure] = {}


def figure(*, kernels: str, state: dict, code: str, alt: str, home: str, ask: str, tasks: tuple,
           legend: dict | None = None):  # fmt: skip
    """Register the decorated drawing; underscores in its name become hyphens.

    ``home`` is the chapter that it belongs to. ``ask`` is its title, a question; ``tasks`` say what
    the reader is to reach, with the tolerance, and ``figures.js`` judges them in the same order.
    ``legend`` says of a colour of the palette what it shows, where the titles do not.
    """

    def register(draw):
        name = draw.__name__.replace("_", "-")
        FIGURES[name] = Figure(
            name, tuple(kernels.split()), state, code.strip() + "\n", draw, alt, home, ask, tasks,
            legend or {},
        )  # fmt: skip
        return draw

    return register


def _points(seed: int, n: int, low: float = 0.05, high: float = 0.95) -> list:
    drawn = np.random.default_rng(seed).uniform(low, high, (n, 2))
    return drawn.round(3).tolist()


def _hills(cells: int, *hills: tuple[float, float, float], floor: float = 0.0) -> list:
    """A histogram on [0, 1] of hills (height, centre, width)."""
    x = (np.arange(cells) + 0.5) / cells
    total = sum(h * np.exp(-(((x - c) / w) ** 2)) for h, c, w in hills) + floor
    return total.round(3).tolist()


# The one hill and the two hills of chapter 5.
ENDS = {
    "rho0": _hills(64, (1.0, 0.22, 0.085), floor=0.02),
    "rho1": _hills(64, (1.0, 0.6, 0.0636), (0.7, 0.84, 0.0707), floor=0.02),
}


def _joins(x, y, pairs) -> np.ndarray:
    """Segments from x_i to y_j for pairs (i, j)."""
    return np.array([[*x[i], *y[j]] for i, j in pairs]).reshape(-1, 4)


@figure(
    kernels="solvers.hungarian._augment_all solvers.hungarian._search "
    "solvers.hungarian._update solvers.hungarian._flip solvers.hungarian._relax "
    "solvers.hungarian._nearest cost._distance_powers",
    state={"x": _points(1, 12), "y": _points(2, 12)},
    code="""
from otlec.solvers.hungarian import shortest_augmenting_paths

cost = otlec.cost_matrix(x, y)
best = shortest_augmenting_paths(cost)
tight = np.argwhere(cost - best.phi[:, None] - best.psi <= 1e-12)
check = "equal to 1e-12" if abs(best.gap) <= 1e-12 * max(1, best.value) else "NOT equal"
print(f"n = {len(x)}: the pairs cost {best.value:.6f}, the prices pay {best.dual_value:.6f}, "
      f"{check}; {len(tight)} pairs are tight")
""",
    alt="Blue and orange atoms in a square, joined in pairs by green lines of least total cost; "
    "beside them the prices of all atoms as bars.",
    home="01-reminders",
    ask="Who goes to whom, when the sum of all costs is to be least?",
    tasks=(
        "With four atoms each or more: let a blue one go to the orange one farthest from it.",
        "With two atoms each: make both pairings cost the same, to 0.02, and 0.5 or more.",
    ),
)
def assignment(picture, v):
    """Drag atoms: the optimal matching, the tight pairs, the prices."""
    n, best = len(v["x"]), v["best"]
    plane = picture.panel((0, 1), (0, 1), title="drag the atoms", equal=True, ticks=False)
    plane.segments(_joins(v["x"], v["y"], v["tight"]), "neutral", width=0.8)
    plane.segments(_joins(v["x"], v["y"], enumerate(best.permutation)), "plan", width=2)
    plane.points(v["x"], "source", size=4)
    plane.points(v["y"], "target", size=4)
    prices = picture.panel((0, 2), (-0.6, 0.6), title="prices of sources, then of targets")
    at, width = (np.arange(n) + 0.5) / n, 0.8 / n
    prices.bars(at, best.phi.clip(-0.6, 0.6), "source", width=width)
    prices.bars(1 + at, best.psi.clip(-0.6, 0.6), "target", width=width)


@figure(
    kernels="solvers.hungarian._augment_all solvers.hungarian._search "
    "solvers.hungarian._update solvers.hungarian._flip cost._distance_powers",
    state={
        "x": [[0.1, 0.62], [0.32, 0.9], [0.42, 0.3], [0.7, 0.55], [0.86, 0.12]],
        "y": [[0.1, 0.35], [0.25, 0.64], [0.66, 0.69], [0.7, 0.21], [0.81, 0.79]],
        "phi": [0.1, 0.1, 0.1, 0.1, 0.1],
        "psi": [0.0, 0.0, 0.0, 0.0, 0.0],
    },
    code="""
from otlec.solvers.hungarian import shortest_augmenting_paths

cost = otlec.cost_matrix(x, y)
slack = cost - phi[:, None] - psi
broken, tight = (slack < -1e-9).sum(), (abs(slack) <= 1e-9).sum()
paid, best = phi.sum() + psi.sum(), shortest_augmenting_paths(cost).value
proof = "the prices prove nothing" if broken else "no plan costs less than the prices pay"
print(f"The prices pay {paid:.6f}, the plan costs {best:.6f}; {tight} pairs are tight, "
      f"{broken} violated: {proof}")
""",
    alt="Bars of prices that can be dragged; atoms in a square, joined where a pair is tight or "
    "its prices exceed its cost; beside them what the prices pay, and what the plan costs.",
    home="01-reminders",
    legend={"potential": "the prices pay", "plan": "the plan costs"},
    ask="How high can the prices climb, before a pair refuses them?",
    tasks=(
        "Get stuck: violate no pair, so that neither best partner moves, 0.05 or more too low.",
        "Reach the plan: pay what it costs, to 0.001, and violate no pair.",
        "Reach it with a first price of 0.3 or more.",
    ),
)
def prices(picture, v):
    """Edit the prices by hand: the pairs they violate, and how far they are from the plan."""
    n, phi, psi, slack = len(v["x"]), v["phi"], v["psi"], v["slack"]
    bars = picture.panel((0, 2 * n), (-0.4, 0.6), title="drag the prices φ, then ψ", ticks=False)
    bars.bars(np.arange(n) + 0.5, phi, "source")
    bars.bars(np.arange(n) + n + 0.5, psi, "target")
    plane = picture.panel((0, 1), (0, 1), title="pairs", equal=True, ticks=False)
    plane.segments(_joins(v["x"], v["y"], np.argwhere(abs(slack) <= 1e-9)), "plan", width=3)
    plane.segments(_joins(v["x"], v["y"], np.argwhere(slack < -1e-9)), "potential", width=2)
    plane.points(v["x"], "source", size=5)
    plane.points(v["y"], "target", size=5)
    height = picture.panel((0, 2), (0, 1), title="paid and cost")
    height.bars([0.5], [v["paid"]], "potential")
    height.bars([1.5], [v["best"]], "plan")


@figure(
    kernels="solvers.hungarian._search solvers.hungarian._relax solvers.hungarian._nearest "
    "solvers.hungarian._update solvers.hungarian._flip",
    state={"x": _points(15, 7), "y": _points(6, 7), "done": 6},
    code="""
from otlec.drawing import stepwise

cost = otlec.cost_matrix(x, y)
rounds = list(stepwise.augmentations(cost))[:done]
if rounds:
    last = rounds[-1]
    paid = last.phi[:done].sum() + last.psi.sum()
    path = ", ".join(f"{i + 1} to {len(x) + j + 1}" for i, j in last.path)
    print(f"Round {done} of {len(x)}, new pairs {path}: length {last.length:.6f}; "
          f"all pairs so far cost {paid:.6f}")
else:
    print(f"Round 0 of {len(x)}: nobody has a partner")
""",
    alt="Blue and orange atoms, partly joined by green lines; a thick purple path of new pairs "
    "assigns one more; beside them the prices after this round.",
    home="a2-inside-the-kernels",
    ask="How does one more atom find a partner, when all are taken?",
    tasks=(
        "Find a round that changes the partners of three atoms or more, with a path of "
        "three new pairs.",
        "Reach the last round, with an atom moved so that its path has one pair only.",
    ),
)
def rounds(picture, v):
    """One augmenting path a click, forwards and back."""
    n, done = len(v["x"]), v["done"]
    state = v["rounds"][-1]
    old = [(i, j) for i, j in enumerate(state.before) if j >= 0]
    plane = picture.panel(
        (0, 1), (0, 1), title="pairs so far, and the path", equal=True, ticks=False
    )
    plane.segments(_joins(v["x"], v["y"], old), "neutral", width=1.5)
    pairs = [(i, j) for i, j in enumerate(state.after) if j >= 0]
    plane.segments(_joins(v["x"], v["y"], state.path), "potential", width=5)
    plane.segments(_joins(v["x"], v["y"], pairs), "plan", width=2)
    plane.points(v["x"], "source", size=4)
    plane.points(v["x"][done:], "neutral", size=4)
    plane.points(v["y"], "target", size=4)
    prices = picture.panel((0, 2), (-0.6, 0.6), title="prices of sources, then of targets")
    at, width = (np.arange(n) + 0.5) / n, 0.8 / n
    prices.bars(at, state.phi.clip(-0.6, 0.6), "source", width=width)
    prices.bars(1 + at, state.psi.clip(-0.6, 0.6), "target", width=width)


@figure(
    kernels="solvers.quantile._merge cost.power",
    state={
        "a": _hills(24, (0.9, 0.25, 0.12)),
        "b": _hills(24, (0.6, 0.6, 0.08), (0.5, 0.87, 0.07)),
        "p": 2,
        "t": 0.4,
        "brush": "source",
    },
    code="""
x = (np.arange(len(a)) + 0.5) / len(a)
plan = otlec.transport_1d(x, x, a / a.sum(), b / b.sum(), p=p)
mu_t = otlec.geodesic(plan, t)
print(f"Wₚ = {plan.distance:.6f} at p = {p:g}; {plan.mass.size} entries in the plan; "
      f"at t = {t:.2f} the mean is {mu_t.mean:.6f}")
""",
    alt="Two painted histograms on a line, their quantile functions, the monotone plan as a "
    "staircase, and the measure on the geodesic between them.",
    home="01-reminders",
    ask="What does the monotone plan do with mass that you paint?",
    tasks=(
        "Bring the mean of the geodesic at t to 0.50, to 0.01.",
        "Make Wₚ the same for p = 1 and p = 4, to 0.002, and larger than 0.1.",
    ),
)
def line(picture, v):
    """Paint two histograms: quantile functions, monotone plan, distance, geodesic."""
    x, plan, cells = v["x"], v["plan"], len(v["a"])
    top = picture.panel((0, 1), (0, 1), title="paint the histograms")
    top.bars(x, v["a"], "source", width=0.9 / cells)
    top.bars(x, v["b"], "target", width=0.9 / cells)
    levels = (np.arange(200) + 0.5) / 200
    quantiles = picture.panel((0, 1), (0, 1), "mass s", "x", "quantile functions")
    mu, nu = plan.source, plan.target
    start, end = quantile_function(mu, levels), quantile_function(nu, levels)
    quantiles.line(levels, start, "source")
    quantiles.line(levels, end, "target")
    quantiles.line(levels, (1 - v["t"]) * start + v["t"] * end, "plan")
    stairs = picture.panel((0, 1), (0, 1), "x", "y", "monotone plan", equal=True)
    stairs.line(x[plan.rows], x[plan.cols], "neutral", width=1)
    stairs.points(np.column_stack([x[plan.rows], x[plan.cols]]), "plan", size=3)
    moved = picture.panel((0, 1), (0, 1.05), title="the geodesic at t, tallest bar 1")
    heights = np.histogram(v["mu_t"].points, cells, (0, 1), weights=v["mu_t"].weights)[0]
    moved.bars(x, heights / heights.max(), "plan", width=0.9 / cells)


@figure(
    kernels="solvers.network_simplex._drive solvers.network_simplex._improve "
    "solvers.network_simplex._pivot solvers.network_simplex._enter "
    "solvers.network_simplex._leave solvers.network_simplex._push "
    "solvers.network_simplex._sweep solvers.network_simplex._measure",
    state={
        "x": _points(11, 6),
        "y": _points(12, 7),
        "a": [0.3, 0.5, 0.2, 0.7, 0.4, 0.6],
        "b": [0.2, 0.6, 0.35, 0.5, 0.3, 0.45, 0.25],
    },
    code="""
plan = otlec.transport(a / a.sum(), b / b.sum(), otlec.cost_matrix(x, y))
off = max(abs(plan.matrix.sum(1) - plan.a).max(), abs(plan.matrix.sum(0) - plan.b).max())
check = "equal to 1e-12" if abs(plan.gap) <= 1e-12 else "NOT equal"
print(f"The plan costs {plan.value:.6f}, the prices pay {plan.dual_value:.6f}, {check}; "
      f"{plan.mass.size} entries, at most {len(a) + len(b) - 1}; "
      f"marginals {'exact to 1e-12' if off <= 1e-12 else 'NOT exact'}")
""",
    alt="Bars of weights that can be dragged, atoms in a square joined by the optimal plan, and "
    "the plan as a matrix of squares.",
    home="01-reminders",
    ask="How many partners does an atom need, when the weights differ?",
    tasks=(
        "Let one blue atom serve five orange ones or more.",
        "Make the plan cost less than 0.02.",
    ),
)
def weights(picture, v):
    """Drag the weights: the plan of the network simplex."""
    plan, n, m = v["plan"], len(v["a"]), len(v["b"])
    rows = [(str(k + 1), "source") for k in range(n)]
    columns = [(str(n + k + 1), "target") for k in range(m)]
    bars = picture.panel(
        (0, n + m), (0, 1), title="drag the weights", ticks=False, names=(rows + columns, [])
    )
    bars.bars(np.arange(n) + 0.5, v["a"], "source")
    bars.bars(n + np.arange(m) + 0.5, v["b"], "target")
    plane = picture.panel((0, 1), (0, 1), title="drag the atoms", equal=True, ticks=False)
    for low, high, width in ((0, 0.05, 1), (0.05, 0.1, 3), (0.1, 2, 5)):
        some = (plan.mass > low) & (plan.mass <= high)
        pairs = zip(plan.rows[some], plan.cols[some], strict=True)
        plane.segments(_joins(v["x"], v["y"], pairs), "plan", width=width)
    plane.points(v["x"], "source", size=4)
    plane.points(v["y"], "target", size=4)
    matrix = picture.panel(
        (0, m), (0, n), "targets", "sources", "the plan", ticks=False, names=(columns, rows)
    )
    matrix.cells((4 * plan.matrix).clip(0, 1), "plan")


@figure(
    kernels="solvers.network_simplex._pivot solvers.network_simplex._enter "
    "solvers.network_simplex._leave solvers.network_simplex._push",
    state={
        "x1": [[0.1, 0.15], [0.12, 0.5], [0.1, 0.85], [0.25, 0.3]],
        "x2": [[0.5, 0.1], [0.45, 0.42], [0.55, 0.62], [0.5, 0.92]],
        "x3": [[0.9, 0.2], [0.75, 0.5], [0.88, 0.75], [0.9, 0.95]],
        "b": [0.5, 0.25, 0.4, 0.3],
    },
    code="""
mu1, mu2, mu3 = otlec.Measure(x1), otlec.Measure(x2, b / b.sum()), otlec.Measure(x3)
plan12, plan23, plan13 = (
    otlec.transport(one.weights, two.weights, otlec.cost_matrix(one.points, two.points))
    for one, two in ((mu1, mu2), (mu2, mu3), (mu1, mu3)))
sigma = otlec.glue(plan12, plan23)
legs = otlec.cost_matrix(x1, x2)[:, :, None] ** 0.5 + otlec.cost_matrix(x2, x3) ** 0.5
both = (legs**2 * sigma.tensor).sum() ** 0.5
through = otlec.compose(plan12, plan23).cost(otlec.cost_matrix(x1, x3)) ** 0.5
d12, d23, d13 = (plan.value**0.5 for plan in (plan12, plan23, plan13))
print(f"W₂(1, 3) = {d13:.6f} ≤ {through:.6f} by the glued plan "
      f"≤ {both:.6f} with a stop on the way ≤ {d12 + d23:.6f} = W₂(1, 2) + W₂(2, 3); "
      f"{sigma.mass.size} triples carry mass")
""",
    alt="Three columns of atoms joined by two plans that share the middle one, whose weights can "
    "be dragged; the glued measure as blocks, and the composed plan as a matrix.",
    home="02-wasserstein-space",
    ask="Where does the triangle inequality lose?",
    tasks=(
        "Lose nothing: bring the right end within 0.005 of the left one.",
        "Lose in the third step only: 0.01 or more there, 0.001 or less before it.",
        "Lose in the first step only: 0.05 or more there, 0.005 or less in all others.",
    ),
)
def glue(picture, v):
    """Edit the middle marginal: the glued measure, and both sides of the triangle inequality."""
    x1, x2, x3, sigma = v["x1"], v["x2"], v["x3"], v["sigma"]
    plane = picture.panel((0, 1), (0, 1), title="drag the atoms", equal=True, ticks=False)
    plane.segments(_joins(x1, x2, zip(v["plan12"].rows, v["plan12"].cols, strict=True)), "plan")
    plane.segments(_joins(x2, x3, zip(v["plan23"].rows, v["plan23"].cols, strict=True)), "plan")
    plane.points(x1, "source", size=5)
    plane.points(x2, "neutral", size=5)
    plane.points(x3, "target", size=5)
    middle = picture.panel((0, 4), (0, 1), title="drag the middle weights", ticks=False)
    middle.bars(np.arange(4) + 0.5, v["b"], "neutral")
    lengths = [(name, "neutral") for name in ("1, 3", "glued", "stop", "sum", "1, 2")]
    proof = picture.panel(
        (0, 5), (0, 1.2), title="the lines of the proof", ticks=False, names=(lengths, [])
    )
    lines = np.array([v["d13"], v["through"], v["both"], v["d12"] + v["d23"]])
    proof.bars(np.arange(4) + 0.5, lines.clip(0, 1.2), "plan")
    proof.bars([4.5], [min(v["d12"], 1.2)], "neutral")
    proof.segments([[0.1, min(lines[0], 1.2), 4.9, min(lines[0], 1.2)]], "neutral")
    blocks = picture.panel(
        (0, 4), (0, 1), "(1, 3) for each middle atom", "", "the glued measure", ticks=False
    )
    blocks.cells((8 * np.hstack(list(sigma.tensor.transpose(1, 0, 2)))).clip(0, 1), "plan")
    matrix = picture.panel((0, 4), (0, 4), "3", "1", "the composed plan", ticks=False, equal=True)
    matrix.cells((4 * sigma.marginal13).clip(0, 1), "plan")


@figure(
    kernels="solvers.hungarian._augment_all solvers.hungarian._search solvers.hungarian._update "
    "solvers.hungarian._flip cost._distance_powers solvers.network_simplex._pivot",
    state={
        "x": [[0.2, 0.22], [0.7, 0.8], [0.4, 0.1], [0.9, 0.6]],
        "y": [[0.2, 0.75], [0.72, 0.2], [0.1, 0.45], [0.5, 0.95]],
        "t": 0.5,
        "p": 2,
        "mode": "walk",
    },
    code="""
from itertools import permutations

plan = otlec.optimal_plan(otlec.Measure(x), otlec.Measure(y), p=p)
target = plan.matrix.argmax(axis=1)
walk = otlec.Measure((1 - t) * x + t * y[target])
fade = otlec.Measure(np.vstack([x, y]), np.repeat([(1 - t) / 4, t / 4], 4))
whole, gone = (otlec.wasserstein(otlec.Measure(x), one, p)
               for one in (otlec.Measure(y), walk if mode == "walk" else fade))
cost = otlec.cost_matrix(x, y, p)
first, second = sorted(cost[range(4), s].mean() for s in map(list, permutations(range(4))))[:2]
print(f"At t = {t:.2f} the {mode} is {gone:.6f} from the start, and t Wₚ = {t * whole:.6f}; "
      f"the next pairing costs {second - first:.6f} more")
""",
    alt="Blue and orange atoms in a square, joined by the optimal plan, green atoms on their way; "
    "beside them the distance from the start as a function of t, for walking and for fading.",
    home="03-geodesics",
    legend={
        "source": "start",
        "target": "end",
        "plan": "t Wₚ, atoms at t",
        "neutral": "the fade",
    },
    ask="Fade or walk: what is a straight line between two measures?",
    tasks=(
        "Stand at a jump: drag an atom until the next pairing costs at most 0.005 more.",
        "Let the fade be 0.08 farther from the start than t Wₚ.",
        "Find the p for which the fade is a geodesic too: its dot on the straight line, "
        "at a t from 0.2 to 0.8.",
    ),
)
def walk(picture, v):
    """Drag the atoms of both ends: the measure at t that walks, and the one that fades."""
    x, y, t, target = v["x"], v["y"], v["t"], v["target"]
    plane = picture.panel((0, 1), (0, 1), title="drag the atoms", equal=True, ticks=False)
    plane.segments(_joins(x, y, enumerate(target)), "neutral", width=1.5)
    plane.points(x, "source", size=4)
    plane.points(y, "target", size=4)
    plane.points(v["walk"].points, "plan", size=6)
    plane.points(np.zeros((0, 2)), "plan", size=6)
    plane.points(np.zeros((0, 2)), "plan", size=6)
    pace = picture.panel((0, 1), (0, 1), "t", "", "distance from the start")
    start, half = otlec.Measure(x), np.full(4, 0.25)
    times = np.arange(21) / 20
    fades = [
        otlec.wasserstein(
            start, otlec.Measure(np.vstack([x, y]), np.r_[(1 - s) * half, s * half]), v["p"]
        )
        for s in times
    ]
    pace.line(times, np.clip(fades, 0, 1), "neutral")
    pace.line([0, 1], [0, min(v["whole"], 1)], "plan")
    pace.points([[t, min(v["gone"], 1)]], "plan", size=5)


@figure(
    kernels="solvers.quantile._merge cost.power",
    state={
        "y": [0.12, 0.45, 0.75],
        "w0": [0.21, 0.36, 0.43],
        "w1": [0.55, 0.2, 0.25],
        "t": 0.4,
        "gap": 0.4,
        "brush": "ρ₁",
    },
    code="""
from otlec.differentiability import derivative, sandwich

half = (np.arange(12) + 0.5) / 24 * (1 - gap)
sigma = otlec.Measure(np.concatenate([half, (1 - half)[::-1]]))
rho0, rho1 = otlec.Measure(y, w0 / w0.sum()), otlec.Measure(y, w1 / w1.sum())
lower, quotient, upper = (round(v, 9) + 0.0 for v in sandwich(sigma, rho0, rho1, t))
low, high = (round(v, 9) + 0.0 for v in derivative(sigma, rho0, rho1).slopes)
several = f"the slopes fill [{low:.6f}, {high:.6f}]"
print(f"At t = {t:.2f}: {lower:.6f} ≤ quotient {quotient:.6f} ≤ {upper:.6f}; at t = 0 "
      f"{several if high - low > 1e-9 else f'the slope is {high:.6f}'}")
""",
    alt="A source of 24 atoms with a gap, three target atoms whose weights change; beside them the "
    "cost as a function of t with its tangents, and the quotient between its two bounds.",
    home="04-differentiability",
    ask="When has the cost one slope at t = 0, and when many?",
    tasks=(
        "Make the interval of slopes wider than 0.04.",
        "Keep that ρ₀ and close the gap: the steps between the atoms leave less than 0.01.",
        "Make the slope zero, to 0.0005, though a weight of ρ₁ differs from that of ρ₀ by 0.1.",
    ),
)
def slope(picture, v):
    """Move t and rho_1: the sandwich of Theorem 4.1, and where it stays open."""
    sigma, y = v["sigma"], v["y"]
    w0, w1 = v["rho0"].weights, v["rho1"].weights
    atoms = picture.panel((0, 1), (0, 1), "x", title="paint the weights of ρ₀ and ρ₁")
    atoms.bars(y - 0.015, v["w0"], "neutral", width=0.03)
    atoms.bars(y + 0.015, v["w1"], "target", width=0.03)
    atoms.points(np.column_stack([sigma.points, np.zeros(24)]), "source", size=3)
    times = np.arange(41) / 40

    def plan(t):
        return otlec.transport_1d(sigma.points, y, None, (1 - t) * w0 + t * w1)

    costs = np.array([plan(t).value for t in times]) / 2
    rise = costs - costs[0]
    extent = 0.06
    curve = picture.panel((0, 1), (-extent, extent), "t", "", "growth of the cost")
    curve.line([0, 1], [0, v["low"]], "neutral", dash=True)
    curve.line([0, 1], [0, v["high"]], "potential")
    curve.line(times, rise, "plan")
    curve.points([[v["t"], v["t"] * v["quotient"]]], "plan", size=4)
    bounds = picture.panel((0, 1), (-0.065, 0.08), "t", "", "the quotient and its bounds")
    inner = times[1:]
    slopes = [plan(t).psi @ (w1 - w0) / 2 for t in inner]
    bounds.line(inner, np.full(40, v["lower"]), "potential")
    bounds.line(inner, slopes, "potential")
    bounds.line(inner, rise[1:] / inner, "plan")
    bounds.points([[v["t"], v["quotient"]]], "plan", size=4)
    bounds.segments([[0.0, v["low"], 0.0, v["high"]]], "potential", width=6)


@figure(
    kernels="dynamics.line.iterate dynamics.proximal._dual_step_quadratic "
    "dynamics.proximal._dual_step dynamics.proximal._multiplier "
    "dynamics.primal._primal_step "
    "dynamics.primal._divergence_of_spread dynamics.line._solve dynamics.line._multiply "
    "dynamics.line.bound dynamics.corners._carry_to_corners dynamics.corners._certify",
    state={
        **ENDS,
        "p": 2,
        "relax": 1.9,
        "step": 0.1,
        "iterations": 60,
        "brush": "ρ₀",
    },
    code="""
import warnings

warnings.simplefilter("ignore")  # it stops long before it has converged
film = otlec.benamou_brenier(rho0 / rho0.mean(), rho1 / rho1.mean(), steps=32, p=p, levels=1,
                             relax=relax, step=step, max_iterations=iterations, tol=1e-12)
energy, mismatch = film.history.energy[-1], film.history.residual[-1]
many = "s" * (iterations > 1)
print(f"After {iterations} iteration{many}: energy {energy:.6f}, mismatch {mismatch:.6f}"
      f"{'' if mismatch <= 0.01 else ' (not a film yet: the energy proves nothing)'}")
""",
    alt="A density over time and space that the iteration pulls straight, its momentum, and the "
    "energy that settles above a lower bound.",
    home="05-dynamic-formulation",
    legend={"plan": "energy", "potential": "lower bound"},
    ask="What does the cheapest film between two densities look like?",
    tasks=(
        "Let the iteration run until the mismatch is below 0.002.",
        "Prove it, at p = 3: the same, and a lower bound above 0, at most 0.5 per cent lower.",
    ),
)
def river(picture, v):
    """Benamou and Brenier's iteration on the line, while one watches."""
    film = v["film"]
    density = picture.panel((0, 1), (0, 1), "x", "t", "density")
    density.cells((0.25 * film.centred_density).clip(0, 1), "source")
    momentum = picture.panel((0, 1), (0, 1), "x", "t", "size of the momentum")
    momentum.cells(np.abs(film.centred_momentum[0]).clip(0, 1), "plan")
    history = picture.panel((0, 1), (0, 0.5), "part of the iterations", "", "energy")
    count = np.arange(1, v["iterations"] + 1) / v["iterations"]
    history.line(count, film.history.energy.clip(0, 0.5), "plan")
    history.line(count, np.full(count.size, max(film.lower_bound, 0.0)), "potential", dash=True)
    ends = picture.panel((0, 1), (0, 1.1), title="paint the two ends, ρ₀ and ρ₁")
    x = (np.arange(64) + 0.5) / 64
    ends.area(x, v["rho0"], "source")
    ends.area(x, v["rho1"], "target")


@figure(
    kernels="solvers.quantile._merge cost.power",
    state={
        "a": _hills(32, (0.9, 0.2, 0.08)),
        "b": _hills(32, (0.5, 0.45, 0.06), (0.6, 0.7, 0.06)),
        "c": _hills(32, (0.7, 0.85, 0.1)),
        "share": [0.4, 0.35, 0.25],
        "brush": "first",
    },
    code="""
x = (np.arange(len(a)) + 0.5) / len(a)
measures = [otlec.Measure(x, w / w.sum()) for w in (a, b, c)]
best = otlec.barycenter(measures, share / share.sum())
check = "equal to 1e-12" if abs(best.gap) <= 1e-12 else "NOT equal"
print(f"Objective {best.objective:.6f}, no measure is below {best.lower_bound:.6f}, {check}; "
      f"mean {best.measure.mean:.6f}")
""",
    alt="Three painted histograms, a triangle in which a point gives their shares, and the "
    "barycenter in green.",
    home="03-geodesics",
    ask="What lies between three measures?",
    tasks=(
        "Bring the mean of the barycenter to 0.70, to 0.01.",
        "Make the objective 0, to 0.0005, though each measure has a share of 0.2 or more.",
    ),
)
def mixing(picture, v):
    """The barycenter of three painted histograms."""
    x, cells = v["x"], len(v["a"])
    top = picture.panel((0, 1), (0, 1), title="paint the three histograms")
    for name, color in (("a", "source"), ("b", "target"), ("c", "neutral")):
        top.bars(x, v[name], color, width=0.9 / cells)
    corners = np.array([[0.5, 0.866], [0.0, 0.0], [1.0, 0.0]])
    share = v["share"] / v["share"].sum()
    triangle = picture.panel((-0.1, 1.1), (-0.1, 0.95), title="shares", equal=True, ticks=False)
    sides = [[*corners[i], *corners[(i + 1) % 3]] for i in range(3)]
    triangle.segments(sides, "neutral")
    for corner, color in zip(corners, ("source", "target", "neutral"), strict=True):
        triangle.points([corner], color, size=6)
    triangle.points([share @ corners], "plan", size=6)
    bary = picture.panel((0, 1), (0, 0.25), title="barycenter")
    measure = v["best"].measure
    heights = np.histogram(measure.points, cells, (0, 1), weights=measure.weights)[0]
    bary.bars(x, heights, "plan", width=0.9 / cells)


@figure(
    kernels="solvers.hungarian._augment_all solvers.hungarian._search "
    "solvers.hungarian._update solvers.hungarian._flip cost._distance_powers",
    state={"centre": [0.72, 0.6], "swirl": 1.5, "t": 1.0},
    code="""
r, angle = 0.03 + 0.17 * np.sqrt((np.arange(60) + 0.5) / 60), np.arange(60) * 2.399963
points = np.column_stack([0.25 + r * np.cos(angle), 0.35 + r * np.sin(angle)])
drift = centre - np.array([0.25, 0.35])


def velocity(time, at):
    out = at - np.array([0.25, 0.35]) - time * drift
    return drift + swirl * np.column_stack([-out[:, 1], out[:, 0]])


paths = otlec.flow(velocity, points, steps=32)
action = (np.diff(paths, axis=0) ** 2).sum() * 32 / 60
least = otlec.wasserstein(otlec.Measure(paths[0]), otlec.Measure(paths[-1])) ** 2
print(f"Swirl {swirl:.2f}: the particles spend {action:.6f}; "
      f"W₂² of the first and the last cloud is {least:.6f}")
""",
    alt="A cloud of particles that a velocity field carries across a square, turning on the way; "
    "arrows show the field at time t.",
    home="05-dynamic-formulation",
    legend={
        "neutral": "velocity at t",
        "plan": "particles, their ways",
        "source": "start",
        "target": "goal",
        "potential": "W₂²",
    },
    ask="What does a swirl cost, and what does it move?",
    tasks=(
        "Waste nothing: spend W₂², to 0.001.",
        "Waste as much as you need: spend 2 W₂² or more.",
    ),
)
def swirl(picture, v):
    """Particles over an Eulerian field; the swirl moves no mass, and costs."""
    k = round(32 * v["t"])
    paths, t = v["paths"], k / 32
    plane = picture.panel((0, 1), (0, 1), title="drag the goal", equal=True, ticks=False)
    grid = (np.arange(12) + 0.5) / 12
    at = np.column_stack([g.ravel() for g in np.meshgrid(grid, grid)])
    plane.segments(np.hstack([at, at + 0.06 * v["velocity"](t, at)]), "neutral", heads=True)
    for particle in range(0, 60, 4):
        plane.line(*paths[:, particle].T, "plan", width=0.8)
    plane.points(paths[0], "source", size=2)
    plane.points(paths[k], "plan", size=2.5)
    plane.points([v["centre"]], "target", size=5)
    spent = picture.panel((0, 3), (0, 0.5), "swirl", "", "action")
    swirls = np.arange(31) / 10
    radius2 = ((v["points"] - [0.25, 0.35]) ** 2).sum(axis=1).mean()
    offset = (v["points"] - [0.25, 0.35]).mean(axis=0)
    side = 2 * (v["drift"][1] * offset[0] - v["drift"][0] * offset[1])
    plain = (v["drift"] ** 2).sum()
    spent.line(swirls, plain + swirls * side + swirls**2 * radius2, "neutral", width=1)
    spent.line([0, 3], [v["least"]] * 2, "potential", dash=True)
    spent.points([[v["swirl"], v["action"]]], "plan", size=4)


import playgrounds  # noqa: E402, F401 - registers its figures
