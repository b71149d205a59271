"""Wrong answers as students write them, each with the name of its mistake in the catalogue.

Where the catalogue of the judges holds a function that makes the mistake, the tests use that
one too; these here are written independently.
"""

import numpy as np

from otlec import Measure

ZERO, ONE, HALF = Measure([0.0]), Measure([1.0]), Measure([0.5])
EQUAL = np.eye(2) / 2
SWAP = np.array([[2.0, -1.0, 1.0], [-1.0, 2.0, 1.0], [1.0, 1.0, 0.0]])


def mixed(a):
    return Measure([0.0, 1.0], [1 - a, a])


def glue_without_care(gamma12, gamma23):
    n, m = gamma12.shape
    sigma = np.zeros((n, m, gamma23.shape[1]))
    for i, j, k in np.ndindex(sigma.shape):
        sigma[i, j, k] = gamma12[i, j] * gamma23[j, k] / gamma23[j].sum()
    return sigma


def glue_without_division(gamma12, gamma23):
    return np.einsum("ij,jk->ijk", gamma12, gamma23)


def cost_of_the_plan(gamma, x, y, p):
    return sum(gamma[i, j] * np.linalg.norm(x[i] - y[j]) ** p for i, j in np.ndindex(gamma.shape))


def cubic_root(rho, m, step):
    roots = np.roots([1.0, 4 * step - rho, 4 * step**2 - 4 * step * rho,
                      -4 * rho * step**2 - step * m**2])  # fmt: skip
    r = roots.real[np.abs(roots.imag) < 1e-6].max()
    return (r, m * r / (r + 2 * step)) if r > 0 else (0.0, 0.0)


def cubic_root_with_step_1(rho, m, step):
    return cubic_root(rho, m, 1.0)


def cubic_root_with_the_sign(rho, m, step):
    r, n = cubic_root(rho, m, step)
    return r, -n


def cubic_root_halved(rho, m, step):
    return cubic_root(rho, m, step / 2)


WRONG = {
    "1b": [
        ("nothing to choose", ([0, 0], [1, 2])),
        ("nothing moves", ([0, 1], [1, 0])),
        ("interleaved", lambda: ([0.0, 2.0], [1.0, 3.0])),
        ("nobody may stay", lambda: ([0.0, 1.0], [1.0, 2.0])),
        ("nobody may stay", lambda: ([0.0, 1.0], [1.005, 2.0])),
        ("a little is not enough", lambda: ([0.0, 1.0], [2.0, 3.0])),
        ("not the same way", lambda: ([0.0, 10.0], [1.0, 9.0])),
        ("not the same way", lambda: ([1.0, 2.0], [0.0, 2.0])),
    ],
    "1e": [
        ("cents for euros", lambda: (2050, -25)),
        ("kilometres for money", lambda: (410, -25)),
        ("everybody gets from everybody", lambda: (5 * 120 * sum(
            a * b * c for a, row in ((1 / 3, (2, 9, 6)), (2 / 3, (8, 1, 3)))
            for b, c in zip((7 / 12, 3 / 12, 2 / 12), row, strict=True)) / 100, -25)),
        ("its own way", lambda: (20.5, 45)),
        ("sign of the change", lambda: (20.5, 25)),
        ("kilometres for money", lambda: (20.5, -5)),
        ("euros for cents", lambda: (20.5, -0.25)),
        ("no change", lambda: (20.5, 0)),
    ],
    "2.1": [("missing root", cost_of_the_plan)],
    "2.2a": [
        ("p at least 1", lambda: (ZERO, Measure([0.0, 1.0]), ONE, 2.0)),
        ("three Dirac masses", lambda: (ZERO, HALF, ONE, 0.5)),
        ("a Dirac mass", lambda: (ZERO, Measure([0.0, 1.0]), ONE, 0.5)),
        ("another one in the middle", lambda: (mixed(0.2), mixed(0.8), mixed(0.5), 0.5)),
        ("the inequality holds", lambda: (*(Measure([0.0, b]) for b in (1.0, 2.0, 3.0)), 0.5)),
    ],
    "2.3": [("0/0", glue_without_care), ("no division", glue_without_division)],
    "2.3b": [
        ("zeros", lambda: (EQUAL, EQUAL, 0.5 - EQUAL)),
        ("it can be glued", lambda: [np.full((2, 2), 0.25)] * 3),
        ("middle marginals differ",
         lambda: ([[0.7, 0.1], [0.1, 0.1]], np.full((2, 2), 0.25), np.full((2, 2), 0.25))),
    ],
    "2.3d": [
        ("not uniform", lambda: (np.eye(3), np.zeros((3, 3)))),
        ("zeros", lambda: (np.eye(3)[[1, 0, 2]] / 3, SWAP)),
        ("it goes round", lambda: (0.3 * np.eye(3)[[1, 2, 0]] + 1 / 90, SWAP)),
        ("a walk with negative sum", lambda: (0.3 * np.eye(3)[[1, 0, 2]] + 1 / 90, SWAP - 1)),
        ("not negative on gamma", lambda: (0.3 * np.eye(3)[[1, 0, 2]] + 1 / 90, SWAP + 1)),
    ],
    "2.4c": [
        ("always", lambda: 1.0),
        ("never", lambda: 0),
        ("by chance", lambda: 1 / 6),
        ("percent", lambda: 55.3),
        ("permutations in the wrong order", lambda: 0.3),
        ("the others", lambda: 0.45),
        ("too few", lambda: 0.65),
        ("too few", lambda: 0.5),
    ],
    "3.3c": [
        ("an atom is split", lambda: (True, True, False, True, True, False)),
        ("gathering is allowed", lambda: (False, True, False, False, True, False)),
        ("two ways at once", lambda: (False, True, False, True, True, True)),
    ],
    "2.4b": [
        ("they commute", lambda: (np.diag([1.0, 2.0]), np.diag([3.0, 1.0]))),
        ("not an optimal map", lambda: (np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]]))),
    ],
    "comparisons-a": [
        ("another distance", lambda: (ZERO, ZERO, ZERO, HALF)),
        ("another distance", lambda: ((ZERO, ONE), (ZERO, HALF))),
        ("outside of X", lambda: (Measure([2.0]), Measure([2.5]), ZERO, ONE)),
        ("length 1", lambda: ((ZERO, HALF), (ZERO, Measure([0.0, 1.0])))),
        ("pairs exchanged", lambda: ((ZERO, Measure([0.0, 2.0], [0.75, 0.25])), (ZERO, HALF))),
    ],
    "2.6a": [
        ("the squared distance", lambda: (1, 1, 0, 1)),
        ("total variation", lambda: (1, 1, 1, 0.5)),
        ("regular points", lambda: (0.5, 1, 0, 0.5)),
        ("wave", lambda: (1, 0, 0, 0.5)),
        ("sign", lambda: (-1, -1, 0, -0.5)),
        ("the square of W_2", lambda: (2, 1, 0, 0.5)),
    ],
    "3.2b": [
        ("optimal", lambda: (Measure([0.0, 1.0]), Measure([2.0, 3.0]), EQUAL)),
        ("not a plan", lambda: (Measure([0.0, 1.0]), Measure([2.0, 3.0]), np.eye(2))),
        ("the same measure", lambda: (Measure([0.0, 1.0]), Measure([0.0, 1.0]), 0.5 - EQUAL)),
    ],
    "3.4b": [
        ("another clock",
         lambda t: Measure([0.0, 0.3, 1.0], [(1 - t) ** 2, 2 * t * (1 - t), t**2])),
        ("mass goes to the left",
         lambda t: Measure([0.0, 0.5, 1.0], [1 - t, 0, t] if t != 0.5 else [1 / 3] * 3)),
        ("mass goes to the left", lambda t: Measure([t - 2 * t * (1 - t), t, t + 2 * t * (1 - t)])),
    ],
    "3.4a": [
        ("the same plan", lambda: (np.eye(3) / 3, np.eye(3) / 3)),
        ("not a plan", lambda: (np.eye(3) / 3, np.eye(3))),
        ("across", lambda: (np.eye(3) / 3, np.roll(np.eye(3) / 3, 1, axis=1))),
    ],
    "3.2d": [
        ("optimal", lambda: ([[0, 0], [1, 0]], [[0, 1], [1, 1]])),
        ("encounter", lambda: ([[0, 0], [1, 0]], [[1, 0], [0, 0]])),
        ("nobody moves", lambda: ([[0, 0]], [[0, 0]])),
        ("a small detour", lambda: ([[0, 0], [1, 1]], [[1, 0], [0, 0.8]])),
    ],
    "barycenters-c": [
        ("one place", lambda: ([[2.0, 19 / 9]], [1.0])),
        ("one of the three", lambda: Measure([[0.0, 0.0], [2.0, 0.0], [1.0, 2.0]])),
        ("mixture", lambda: Measure([[0.0, 0], [2, 0], [1, 2], [3, 1], [5, 2], [4, -1],
                                     [1, 4], [2, 6], [0, 5]])),
        ("partners in the order given",
         lambda: Measure(np.array([[4.0, 5], [9, 8], [5, 6]]) / 3)),
    ],
    "5.1d": [
        ("even speed", lambda t: (t, np.sqrt(3) * min(t, 1 - t))),
        ("wrong path", lambda t: (t, np.sqrt(5) * min(t, 1 - t))),
        ("wrong clock", lambda t: (t**2, np.sqrt(3) * min(t**2, 1 - t**2))),
        ("ends", lambda t: (2 * t, 0.0)),
        ("a jump", lambda t: (float(t > 0.3), 0.0)),
    ],
    "4.1c": [
        ("wrong way", lambda: (0.75, 1.5, 2.25, 0.375)),
        ("where it stands", lambda: (0.25, 1.5, 2.75, 0.375)),
        ("the slope alone", lambda: (0.5, 0, -0.5, 0.375)),
        ("the price itself", lambda: (0.125, 1.0, 2.625, 0.375)),
        ("sign of the change", lambda: (-0.25, 1.5, 3.25, -0.375)),
        ("one price only", lambda: (-0.25, 1.5, 3.25, 0.5)),
    ],
    "4.2c": [
        ("balanced sides", lambda: (Measure([0.5, 2.5]), Measure([0.2, 2.2]))),
        ("pieces within a side",
         lambda: (Measure([0.1, 0.8, 2.5], [0.3, 0.3, 0.4]),
                  Measure([0.1, 0.8, 2.5], [0.3, 0.2, 0.5]))),
        ("no gap", lambda: (Measure([0.5, 1.5]), Measure([0.5, 2.5]))),
        ("one side", lambda: (Measure([0.5, 2.5]), Measure([2.5]))),
    ],
    "5.1e": [
        ("sign", lambda x, y: np.array([4.0, 1.0])[: len(x)] * (len(x) == 2)),
    ],
    "5.1a": [
        ("step 1", cubic_root_with_step_1),
        ("sign of the momentum", cubic_root_with_the_sign),
        ("energy with 1/2", cubic_root_halved),
    ],
}  # fmt: skip
