"""The states between the steps are those of the solvers, and end where the solvers end."""

import numpy as np
import pytest

import otlec
from otlec import stepwise


@pytest.mark.parametrize("seed", range(5))
def test_the_rounds_of_the_hungarian_method_keep_potentials_feasible_and_assigned_pairs_tight(seed):
    cost = np.random.default_rng(seed).integers(0, 20, (7, 7)).astype(float)
    for count, step in enumerate(stepwise.augmentations(cost), start=1):
        slack = cost - step.phi[:, None] - step.psi
        assigned = np.flatnonzero(step.after >= 0)
        assert slack.min() >= 0
        assert assigned.size == count
        assert (slack[assigned, step.after[assigned]] == 0).all()
        assert step.path[0][0] == step.row
        assert [step.after[i] for i, _ in step.path] == [j for _, j in step.path]
        assert [step.before[i] for i, _ in step.path[1:]] == [j for _, j in step.path[:-1]]
    assert (step.after == otlec.shortest_augmenting_paths(cost).permutation).all()
