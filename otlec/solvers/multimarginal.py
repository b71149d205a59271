r"""The exact barycenter of N measures, by the program over all ways to meet (many marginals).

A barycenter only needs atoms at the means of one point from each measure, since |y - x_i|^2 summed
with weights is least at their mean. So the least objective is that of a linear program,

    min  sum_K w_K c_K,    c_K = sum_i lambda_i |x_{i, k_i} - mean_K|^2,

over masses w on the tuples K = (k_1, ..., k_N) with the marginals mu_i. Its dual bounds it from
below: sum_i int f_i dmu_i for all f with sum_i f_i(x_{i, k_i}) <= c_K.

Source: Gangbo and Swiech (1998); Agueh and Carlier (2011); Anderes, Borgwardt and Miller (2016).
"""

import math

import numpy as np

LARGEST = 300_000  # tuples, of the program that HiGHS is given


def meeting_points(points, masses, shares) -> tuple[np.ndarray, np.ndarray, float]:
    """Atoms and masses of an exact barycenter, and the lower bound that proves it.

    ``points`` are N arrays of shape (n_i, d), ``masses`` N of shape (n_i,), all positive, and
    ``shares`` the N positive weights. Nothing is checked.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    sizes = [a.size for a in masses]
    index = np.unravel_index(np.arange(math.prod(sizes)), sizes)
    means = sum(share * x[k] for share, x, k in zip(shares, points, index, strict=True))
    cost = sum(
        share * ((x[k] - means) ** 2).sum(axis=1)
        for share, x, k in zip(shares, points, index, strict=True)
    )
    scale = float(cost.max()) or 1.0  # the tolerances of the solver are absolute
    ends = np.cumsum([0, *sizes])
    rows = np.concatenate([k + start for k, start in zip(index, ends, strict=False)])
    cols = np.tile(np.arange(cost.size), len(sizes))
    matrix = sparse.csr_array((np.ones(rows.size), (rows, cols)), shape=(ends[-1], cost.size))
    # Each marginal has the same sum: one equation of each but the first follows from the others.
    kept = np.setdiff1d(np.arange(ends[-1]), ends[2:] - 1)
    heavy = ends[-1] / len(sizes)
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    solution = linprog(
        cost / scale, A_eq=matrix[kept], b_eq=heavy * np.concatenate(masses)[kept],
        method="highs", options=options,
    )  # fmt: skip
    if not solution.success:
        raise RuntimeError(f"HiGHS could not solve the multimarginal program: {solution.message}")
    prices = np.zeros(ends[-1])
    prices[kept] = scale * solution.eqlin.marginals
    earned = sum(prices[start + k] for k, start in zip(index, ends, strict=False))
    bound = math.fsum(np.concatenate(masses) * prices) + min(float((cost - earned).min()), 0.0)
    used = solution.x > 1e-12
    return means[used], solution.x[used] / solution.x[used].sum(), bound
