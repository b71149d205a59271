"""Exercises of chapter 2: gluing plans."""

import numpy as np

from ._inputs import plan_pairs
from ._machine import Mistake, exercise
from ._values import array, parts, require, same

_SOLVERS = (
    "wasserstein",
    "optimal_plan",
    "transport",
    "transport_1d",
    "transport_cost",
    "assignment",
    "assignment_points",
)


# Lemma 2.3 ----------------------------------------------------------------------------------------


def _glue_by(divide):
    def glue(gamma12, gamma23):
        product = gamma12[:, :, None] * gamma23[None]
        return divide(product, gamma12, gamma23)

    return glue


@exercise(
    "2.3",
    title="Gluing two plans",
    answer="glue",
    solution=_glue_by(lambda s, g, h: s / np.where(g.sum(0) > 0, g.sum(0), 1)[None, :, None]),
    kind="compute",
    difficulty=2,
    minutes=25,
    arguments=("gamma12", "gamma23"),
    inputs=plan_pairs(),
    closed=("glue", "compose"),
    cases=(
        (np.array([[0.5, 0.25], [0.0, 0.25]]), np.array([[0.25, 0.25], [0.5, 0.0]])),
        (np.array([[0.5, 0.0], [0.5, 0.0]]), np.array([[0.25, 0.75], [0.0, 0.0]])),
        (np.array([[0.25, 0.75]]), np.array([[0.25, 0.0, 0.0], [0.25, 0.25, 0.25]])),
    ),
    right="Both marginals are exact, and given the middle point, where the mass came from and "
    "where it goes are independent. Where the middle measure is 0, so is sigma.",
    hints=(
        "A grain that sits at j came from i with probability gamma12[i, j] / b[j].",
        "sigma[i, j, k] = gamma12[i, j] gamma23[j, k] / b[j], where b is the middle marginal.",
        "Where b[j] = 0 no mass passes: divide by something harmless there, such as 1.",
    ),
    mistakes=(
        Mistake(
            "two indices",
            "The product of the two plans has lost the middle point: keep the three indices i, j, "
            "k apart.",
            (
                lambda g, h: g @ h,
                lambda g, h: g @ (h / np.where(h.sum(axis=1) > 0, h.sum(axis=1), 1)[:, None]),
            ),
        ),
        Mistake(
            "0/0",
            "Where the middle measure has no mass, 0/0 gives nan: no grain passes "
            "there, so sigma is 0.",
            _glue_by(lambda s, g, h: s / g.sum(axis=0)[None, :, None]),
        ),
        Mistake(
            "no division",
            "The middle point is counted twice, once in each plan: divide by its mass.",
            _glue_by(lambda s, g, h: s),
        ),
        Mistake(
            "wrong marginal",
            "Divide by the middle marginal: the sums of the columns of "
            "gamma12, which are the sums of the rows of gamma23.",
            (
                _glue_by(lambda s, g, h: s / g.sum(axis=1)[None, :, None]),
                _glue_by(lambda s, g, h: s / g.sum(axis=1)[:, None, None]),
                _glue_by(lambda s, g, h: s / h.sum(axis=0)),
                _glue_by(
                    lambda s, g, h: np.where(s > 0, s / np.maximum(h.sum(axis=0), 1e-300), 0.0)
                ),
            ),
        ),
        Mistake(
            "normalised as a whole",
            "One number for the whole tensor cannot mend all marginals: each middle point j has "
            "a mass of its own.",
            _glue_by(lambda s, g, h: s / s.sum()),
        ),
        Mistake(
            "first one independent",
            "This forgets gamma12 but for its first marginal: where a grain came from must "
            "depend on where it is, j.",
            _glue_by(lambda s, g, h: g.sum(axis=1)[:, None, None] * h),
        ),
        Mistake(
            "third one independent",
            "This forgets gamma23 but for its last marginal: where a "
            "grain goes must depend on where it is, j.",
            _glue_by(lambda s, g, h: g[:, :, None] * h.sum(axis=0)),
        ),
        Mistake(
            "transposed",
            "The axes are i, j, k, in this order: first, middle, last.",
            _glue_by(
                lambda s, g, h: (
                    s / np.where(g.sum(axis=0) > 0, g.sum(axis=0), 1)[None, :, None]
                ).transpose(2, 1, 0)
            ),
        ),
        Mistake(
            "sum of the plans",
            "Probabilities of going from i to j and then on to k are multiplied, not added.",
            (
                lambda g, h: (g[:, :, None] + h) / 2,
                lambda g, h: g[:, :, None] + h,
            ),
        ),
        Mistake(
            "all independent",
            "This keeps the three measures and forgets both plans: where a grain goes must depend "
            "on where it is.",
            lambda g, h: g.sum(axis=1)[:, None, None] * g.sum(axis=0)[:, None] * h.sum(axis=0),
        ),
    ),
)
def _glue(call, gamma12, gamma23):
    shape = (*gamma12.shape, gamma23.shape[1])
    sigma = array(call(gamma12, gamma23), shape)
    require(sigma.min() >= -call.tolerance, f"a mass is negative: {sigma.min():.4g}")
    b = gamma12.sum(axis=0)
    for j in np.flatnonzero(b == 0):
        require(
            np.abs(sigma[:, j]).max() <= call.tolerance,
            f"the middle measure is 0 at j = {j}, so no mass of sigma may pass there",
        )
    same(
        sigma.sum(axis=2),
        gamma12,
        "the marginal of sigma on factors 1 and 2 is gamma12",
        call.tolerance,
    )
    same(
        sigma.sum(axis=0),
        gamma23,
        "the marginal of sigma on factors 2 and 3 is gamma23",
        call.tolerance,
    )


@exercise(
    "2.3b",
    item="2.3",
    title="A cycle that cannot be glued",
    answer="cycle",
    kind="construct",
    difficulty=3,
    minutes=20,
    right="If x1 and x3 differ, then x1 and x2 differ, or x2 and x3: the three probabilities "
    "have to fit together, and yours do not. Gluing needs a chain without a cycle.",
    hints=(
        "Work on two points with masses 1/2 and 1/2: a plan is a 2 x 2 matrix.",
        "Let two plans say 'probably equal'; what must the third not say?",
        "P(x1 != x3) is at most P(x1 != x2) + P(x2 != x3) on every gluing.",
    ),
    mistakes=(
        Mistake(
            "it can be glued",
            "A tensor with these three marginals exists. Make the plans more "
            "rigid: let each lie nearer to a permutation.",
        ),
        Mistake(
            "zeros",
            "With zeros, as in the chapter, the contradiction can be read off. Here every entry "
            "should be at least 0.01: move a little mass to the other entries.",
        ),
        Mistake(
            "middle marginals differ",
            "The plans do not even share their marginals: choose all "
            "three measures equal to (1/2, 1/2).",
        ),
    ),
)
def _cycle(answer):
    plans_ = [array(g, (2, 2), f"plan {k}") for k, g in enumerate(parts(answer, 3, "cycle"), 1)]
    for k, gamma in enumerate(plans_, 1):
        require(gamma.min() >= 0.01, f"plan {k} has an entry below 0.01", "zeros")
        require(abs(gamma.sum() - 1) <= 1e-9, f"the sum of plan {k} is {gamma.sum():.6g}, not 1")
    g12, g23, g13 = plans_
    for one, other, name in (
        (g12.sum(0), g23.sum(1), "second"),
        (g12.sum(1), g13.sum(1), "first"),
        (g23.sum(0), g13.sum(0), "third"),
    ):
        require(
            np.abs(one - other).max() <= 1e-9,
            f"the {name} measure is not the same in the two plans that have it",
            "middle marginals differ",
        )
    # A gluing has one free mass t = sigma[0, 0, 0]: the three plans fix the other seven, and each
    # of them is nonnegative up to some t, or from some t on.
    most = min(g12[0, 0], g13[0, 0], g23[0, 0], g12[1, 1] - g13[1, 0] + g23[0, 0])
    least = max(0, g13[0, 0] - g12[0, 1], g23[0, 0] - g12[1, 0], g23[0, 0] - g13[1, 0])
    require(
        least - most > 1e-6,
        "a measure on triples with these three marginals exists",
        "it can be glued",
    )
