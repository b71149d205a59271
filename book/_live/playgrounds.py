"""More live figures: sequences of measures, one more grain, boats, three pictures."""

import numpy as np
from stills import ENDS, _joins, figure

import otlec


@figure(
    kernels="solvers.quantile._merge cost.power",
    state={
        "sequence": "grid",
        "p": 2,
        "f": "x",
        "n": 8,
        "seed": 1,
        "distance": "falls",
        "variation": "stays",
        "mean": "falls",
    },
    code="""
from itertools import accumulate

cells, sizes = (np.arange(1024) + 0.5) / 1024, 2 ** np.arange(7)
first = 12345678 + 7654321 * seed
drawn = accumulate(range(64), lambda v, _: v * 16807 % 2147483647, initial=first)
drawn = np.array(list(drawn)[1:]) / 2147483647
wave = {"x": lambda x: x, "x²": lambda x: x * x, "cos 6x": lambda x: np.cos(6 * x),
        "1 where x > 0": lambda x: 1.0 * (x > 0)}[f]
atoms = {"grid": lambda n: (np.arange(n) + 0.5) / n, "samples": lambda n: drawn[:n],
         "ripples": lambda n: cells, "leak": lambda n: np.array([0.0, 1.0]),
         "runaway": lambda n: np.array([0.0, n]), "slide": lambda n: np.array([1 / n])}[sequence]
masses = {"ripples": lambda n: (1 + np.sin(2 * np.pi * n * cells)) / 1024,
          "leak": lambda n: np.array([1 - 1 / n, 1 / n]),
          "runaway": lambda n: np.array([1 - 1 / n, 1 / n])}.get(sequence, lambda n: None)
limit = otlec.Measure(cells if sequence in ("grid", "ripples", "samples") else [0.0])


def distances(n):
    mu = otlec.Measure(atoms(n), masses(n))
    far = {"ripples": abs(mu.weights - 1 / 1024).sum() if sequence == "ripples" else 0,
           "leak": 2 / n, "runaway": 2 / n}.get(sequence, 2)
    return (otlec.wasserstein(mu, limit, p), far,
            abs(mu.weights @ wave(mu.points) - limit.weights @ wave(limit.points)))


def rate(values):
    x, y = np.log(sizes), np.log(np.maximum(values, 1e-12))
    slope = (x - x.mean()) @ y / ((x - x.mean()) ** 2).sum()
    return f"{round(slope, 2) + 0.0:.2f}" if max(values) > 1e-12 else "-∞"


table = np.array([distances(k) for k in sizes])
now, rates = distances(n), ", ".join(rate(column) for column in table.T)
guessed = "?" not in (distance, variation, mean)
print(f"n = {n}: Wₚ {now[0]:.6f}, total variation {now[1]:.6f}, "
      f"the means of f differ by {now[2]:.6f}; "
      f"{f'as powers of n: {rates}' if guessed else 'guess all three, and the curves appear'}")
""",
    alt="A measure on the line that changes with n, and on logarithmic scales three curves: its "
    "Wasserstein distance to the limit, its total variation, the difference of two means.",
    home="02-wasserstein-space",
    legend={"plan": "Wₚ", "neutral": "total variation", "potential": "mean of f"},
    ask="Which of the three goes to 0, and how fast?",
    tasks=(
        "Guess all three right for a sequence other than the grid.",
        "Find a case where the total variation goes to 0 and Wₚ does not.",
        "Find a case where Wₚ goes to 0 and the mean of f stays away.",
    ),
)
def lab(picture, v):
    """Sequences of measures: which distances fall, and at what rate."""
    n, sequence = v["n"], v["sequence"]
    mu = otlec.Measure(v["atoms"](n), v["masses"](n))
    uniform = sequence in ("grid", "ripples", "samples")
    plane = picture.panel((-0.05, 1.05), (0, 1.05), "x", title="μₙ (an atom's height: √mass)")
    plane.area([0, 1], [0.5, 0.5] if uniform else [0, 0], "neutral")
    plane.bars([0.0], [0.0 if uniform else 1.0], "neutral", width=0.03)
    if sequence == "ripples":
        shown = v["cells"][::4]
        plane.area(shown, (1 + np.sin(2 * np.pi * n * shown)) / 2, "source")
        plane.bars([0.0], [0.0], "source", width=0.012)
    else:
        plane.area([0, 0.001], [0, 0], "source")
        plane.bars(mu.points.clip(-0.05, 1.04), np.sqrt(mu.weights), "source", width=0.012)
    curves = picture.panel((0, 6), (-4, 1), "log₂ n", "", "log₁₀ of Wₚ, variation, means")
    steps = np.arange(7)
    logs = np.log10(np.maximum(v["table"], 1e-12)).clip(-4, 1)
    for column, color in zip(logs.T, ("plan", "neutral", "potential"), strict=True):
        curves.line(steps, column, color)
    at = np.log10(np.maximum(v["now"], 1e-12)).clip(-4, 1)
    for value, color in zip(at, ("plan", "neutral", "potential"), strict=True):
        curves.points([[np.log2(n), value]], color, size=4)


@figure(
    kernels="solvers.network_simplex._pivot solvers.network_simplex._enter "
    "solvers.network_simplex._leave solvers.network_simplex._push cost._distance_powers",
    state={
        "y": [[0.16, 0.2], [0.3, 0.8], [0.72, 0.25], [0.86, 0.76]],
        "grain": [[0.6, 0.55]],
        "w": [0.5, 0.5, 0.5, 0.5],
        "origin": 4,
        "gap": 0.1,
    },
    code="""
from otlec.differentiability import derivative

k = np.arange(24)
across = (k % 4 + k * 0.618034 % 1) / 8 * (1 - gap)
up = (k // 4 + k * 0.754878 % 1) / 6
sigma = otlec.Measure(np.column_stack([np.r_[across, 1 - across], np.r_[up, 1 - up]]))
shares = w / w.sum()
rho, taken = otlec.Measure(y, shares), shares * (np.arange(4) != origin - 1)
moved = otlec.Measure(np.vstack([y, grain]), np.r_[taken, shares[origin - 1]])
price = derivative(sigma, rho, moved).value / shares[origin - 1]


def free(j):  # how far the price of target j can move, when that of the origin stays
    to = otlec.Measure(y, taken + shares[origin - 1] * (np.arange(4) == j))
    low, high = derivative(sigma, rho, to).slopes
    return (high - low) / shares[origin - 1]


most = max(free(j) for j in range(4) if j != origin - 1)
print(f"A grain taken from target {origin} and added at ({grain[0, 0]:.2f}, {grain[0, 1]:.2f}) "
      f"costs {price:.6f} for each unit of its mass; the freest price has {most:.6f} to move in")
""",
    alt="Two crowds of blue atoms with a gap between, each joined to one of four orange targets; "
    "a purple chain shows which atoms change their target when a grain is added.",
    home="04-differentiability",
    ask="Who pays for one more grain?",
    tasks=(
        "Add a grain whose chain hands over three times or more.",
        "Open the gap until a price is free by 0.1 or more.",
        "With a gap of 0.3 or more, take that freedom away: 0.001 or less for every price.",
    ),
)
def grain(picture, v):
    """One more grain at y: the chain of hand-overs that psi prices, and how free prices are."""
    chain = Chains(v["sigma"].points, v["y"], v["shares"], v["grain"][0], v["origin"] - 1)
    x = v["sigma"].points
    plane = picture.panel((0, 1), (0, 1), title="click: one more grain", equal=True, ticks=False)
    plane.segments(_joins(x, v["y"], chain.pairs), "plan", width=0.8)
    plane.segments(chain.segments, "potential", width=3)
    for j in range(4):
        plane.points(x[chain.serves == j], "source", size=3.5, opacity=1 - 0.25 * j)
    plane.points(v["y"], "target", size=6)
    plane.points(v["grain"], "potential", size=6)
    band = picture.panel((0.5, 4.5), (-0.3, 0.3), "target", "", "prices, the origin's at 0")
    ends = [[j + 1, low, j + 1, high] for j, (low, high) in enumerate(chain.bands.clip(-0.3, 0.3))]
    band.segments(ends, "target", width=8)
    band.points([[j + 1, low] for j, (low, _) in enumerate(chain.bands.clip(-0.3, 0.3))], "target")
    small = picture.panel((0, 4), (0, 1), title="weights of the targets", ticks=False)
    small.bars(np.arange(4) + 0.5, v["w"], "target")


class Chains:
    """The shortest chains of hand-overs between four targets, and from one of them to a grain."""

    def __init__(self, x, y, weights, grain, origin):
        plan = otlec.optimal_plan(otlec.Measure(x), otlec.Measure(y, weights))
        self.pairs = sorted(zip(plan.rows.tolist(), plan.cols.tolist(), strict=True))
        self.serves = np.array([min(j for i, j in self.pairs if i == k) for k in range(len(x))])
        cost = otlec.cost_matrix(x, np.vstack([y, grain])) / 2
        step, by = np.full((5, 5), np.inf), np.full((5, 5), -1)
        for i, j in self.pairs:
            for k in range(5):
                if k != j and cost[i, k] - cost[i, j] < step[j, k]:
                    step[j, k], by[j, k] = cost[i, k] - cost[i, j], i
        far, after = step.copy(), np.tile(np.arange(5), (5, 1))
        for m in range(4):
            for j in range(5):
                for k in range(5):
                    if j != k and far[j, m] + far[m, k] < far[j, k] - 1e-12:
                        far[j, k], after[j, k] = far[j, m] + far[m, k], after[j, m]
        far[range(5), range(5)] = 0
        self.bands = np.column_stack([-far[:4, origin], far[origin, :4]])
        places, self.segments, at = np.vstack([y, grain]), [], origin
        while at != 4:
            then = after[at, 4]
            self.segments.append([*x[by[at, then]], *places[then]])
            at = then


@figure(
    kernels="solvers.quantile._merge cost.power",
    state={**ENDS, "t": 0.5, "brush": "ρ₀"},
    code="""
x, a, b = (np.arange(64) + 0.5) / 64, rho0 / rho0.sum(), rho1 / rho1.sum()
plan = otlec.transport_1d(x, x, a, b)
crossed = np.abs(np.cumsum(a - b))[:-1]  # the mass that fading moves over each edge
edge = lambda w: 64 * (w[1:] + w[:-1]) / 2
fade = np.mean([(crossed**2 / edge((1 - s) * a + s * b)).sum() / 64
                for s in (np.arange(32) + 0.5) / 32])
mean = otlec.geodesic(plan, t).mean
print(f"The boats spend {plan.value:.6f}, the potentials prove {plan.dual_value:.6f}; "
      f"fading spends {fade:.6f}; at t = {t:.2f} the mean is {mean:.6f}")
""",
    alt="Two painted densities, straight paths of boats from one to the other, the densities "
    "at t for walking and for fading, and what both spend in each moment.",
    home="05-dynamic-formulation",
    ask="What does it cost to fade, and what to walk?",
    tasks=(
        "Let fading spend ten times as much as the boats, which spend 0.01 or more.",
        "Let fading spend at most 1.8 times as much as the boats, which spend 0.01 or more.",
    ),
)
def boats(picture, v):
    """The painted ends again: boats, walk and fade, speed, potentials."""
    x, t, plan = v["x"], v["t"], v["plan"]
    ends = picture.panel((0, 1), (0, 1.1), title="paint the two ends, ρ₀ and ρ₁")
    ends.area(x, v["rho0"], "source")
    ends.area(x, v["rho1"], "target")
    paths = picture.panel((0, 1), (0, 1), "x", "t", "boats")
    levels, mass = (np.arange(24) + 0.5) / 24, np.cumsum(plan.mass)
    at = np.searchsorted(mass, levels).clip(0, mass.size - 1)
    start, end = x[plan.rows[at]], x[plan.cols[at]]
    paths.segments(np.column_stack([start, 0 * start, end, 0 * end + 1]), "neutral")
    paths.points(np.column_stack([(1 - t) * start + t * end, 0 * end + t]), "plan", size=3)
    # Gentle ends and cheap ways fill their panels too: heights, energies, prices have no units.
    middle = picture.panel((0, 1), (0, 1.2), "x", "", "at t: walk green, fade grey")
    tallest = max(v["a"].max(), v["b"].max())
    middle.area(x, ((1 - t) * v["a"] + t * v["b"]) / tallest, "neutral")
    where = (1 - t) * x[plan.rows] + t * x[plan.cols]
    heights = np.histogram(where, 32, (0, 1), weights=plan.mass)[0] / 2
    middle.area((np.arange(32) + 0.5) / 32, (heights / tallest).clip(0, 1.2), "plan")
    power = picture.panel((0, 1), (0, 12), "t", "", "energy: boats 1, fade grey")
    times = (np.arange(32) + 0.5) / 32
    fades = [
        (v["crossed"] ** 2 / v["edge"]((1 - s) * v["a"] + s * v["b"])).sum() / 64 for s in times
    ]
    power.line(times, np.clip(np.array(fades) / plan.value, 0, 12), "neutral")
    power.line([0, 1], [1, 1], "plan")
    phi = picture.panel((0, 1), (-1, 1), "x", "", "prices of both ends, scaled")
    level = plan.phi @ v["a"]
    largest = max(abs(plan.phi - level).max(), abs(plan.psi + level).max())
    phi.line(x, (plan.phi - level) / largest, "source")
    phi.line(x, (plan.psi + level) / largest, "target")


def three_clouds(n=96):
    """A ring, a star and two discs, of n dots each, by arithmetic alone."""
    k = np.arange(n)
    far, turn = np.sqrt((k + 0.5) / n), k * 2.399963
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * (0.7 + 0.3 * far)[:, None]
    star = (
        np.column_stack([np.cos(turn), np.sin(turn)])
        * (far * (0.55 + 0.45 * np.cos(5 * turn)))[:, None]
    )
    side = np.where(k % 2, 0.6, -0.6)
    discs = np.column_stack([0.38 * far * np.cos(turn) + side, 0.38 * far * np.sin(turn)])
    return ring, star, discs


@figure(
    kernels="solvers.hungarian._augment_all solvers.hungarian._search solvers.hungarian._update "
    "solvers.hungarian._flip cost._distance_powers",
    state={"share": [0.34, 0.33, 0.33]},
    code="""
k = np.arange(96)
far, turn = np.sqrt((k + 0.5) / 96), k * 2.399963
round_ = np.column_stack([np.cos(turn), np.sin(turn)])
ring, star = ((0.7 + 0.3 * far)[:, None] * round_,
              (far * (0.55 + 0.45 * np.cos(5 * turn)))[:, None] * round_)
discs = 0.38 * far[:, None] * round_ + np.column_stack([np.where(k % 2, 0.6, -0.6), 0 * far])
clouds = [otlec.Measure(cloud) for cloud in (ring, star, discs)]
share = share / share.sum()
best = otlec.barycenter(clouds, share, start=clouds[0])
print(f"Shares: ring {share[0]:.2f}, star {share[1]:.2f}, discs {share[2]:.2f}; "
      f"objective {best.objective:.6f}, no picture is below {best.lower_bound:.6f}")
""",
    alt="A ring, a star and two discs of dots at the corners of a triangle, the picture that lies "
    "between them where the reader stands, and beside it the three laid over each other.",
    home="03-geodesics",
    ask="What lies between three pictures?",
    tasks=(
        "Stand where the picture is dearest: an objective of 0.0855 or more.",
        "Stand inside, each share 0.1 or more, where the picture is proved to half a per cent.",
    ),
)
def pictures(picture, v):
    """The barycenter of three pictures of dots, against the linear mean."""
    share = v["share"] / v["share"].sum()
    corners = np.array([[0.5, 0.866], [0.0, 0.0], [1.0, 0.0]])
    colors = ("source", "target", "neutral")
    triangle = picture.panel((-0.3, 1.3), (-0.2, 1.1), title="move inside", equal=True, ticks=False)
    triangle.segments([[*corners[i], *corners[(i + 1) % 3]] for i in range(3)], "neutral")
    for corner, cloud, color in zip(corners, v["clouds"], colors, strict=True):
        away = corner + 0.11 * (corner - [0.5, 0.29]) / np.hypot(*(corner - [0.5, 0.29]))
        triangle.points(away + 0.11 * cloud.points, color, size=1)
    triangle.points([share @ corners], "plan", size=6)
    limits = (-1.35, 1.35), (-1.05, 1.05)
    bary = picture.panel(*limits, title="the picture between", equal=True, ticks=False)
    bary.points(v["best"].measure.points, "plan", size=3)
    mean = picture.panel(*limits, title="the linear mean", equal=True, ticks=False)
    for cloud, color, part in zip(v["clouds"], colors, share, strict=True):
        mean.points(cloud.points, color, size=3, opacity=float(part))
