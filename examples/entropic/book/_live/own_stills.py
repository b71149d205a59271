"""The live figure of this lecture: its first instance, its still frame, and its Python."""

import numpy as np
from stills import figure

CELLS = 24


def _hills(*hills) -> list:
    x = (np.arange(CELLS) + 0.5) / CELLS
    return sum(h * np.exp(-(((x - c) / w) ** 2)) for h, c, w in hills).clip(0.02).round(3).tolist()


@figure(
    kernels="sinkhorn._half_step",
    state={
        "a": _hills((0.9, 0.3, 0.12)),
        "b": _hills((0.6, 0.5, 0.1), (0.5, 0.85, 0.07)),
        "eps": 0.05,
        "brush": "a",
    },
    code="""
import entropic

x = (np.arange(len(a)) + 0.5) / len(a)
mu, nu, cost = a / a.sum(), b / b.sum(), (x[:, None] - x) ** 2
plan = entropic.sinkhorn(mu, nu, cost, eps, tol=1e-11, rounds=100_000)
order = entropic.relative_entropy(plan.matrix, mu, nu)
print(f"ε = {eps:.2f}: the value is {plan.dual_value:.4f}, and the order of the plan {order:.3f}")
""",
    alt="Two histograms of 24 cells that can be painted; beside them their plan as a matrix, "
    "a band along the diagonal that is wide for large epsilon.",
    home="01-entropic",
    ask="How much order does a plan keep?",
    tasks=(
        "Make the plan forget where mass comes from: order below 0.05.",
        "Make it sharp: order above 1.",
    ),
)
def blur(picture, v):
    """Paint a and b, and change eps."""
    masses = picture.panel((0, 1), (0, 1), "x", title="paint a and b")
    masses.bars(v["x"] - 0.01, v["a"], "source", width=0.02)
    masses.bars(v["x"] + 0.01, v["b"], "target", width=0.02)
    cells = picture.panel((0, 1), (0, 1), "b", "a", "the plan", ticks=False, equal=True)
    cells.cells((CELLS * v["plan"].matrix).clip(0, 1), "plan")
