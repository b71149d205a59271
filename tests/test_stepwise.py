"""The states between the steps are those of the solvers, and end where the solvers end."""

import itertools

import numpy as np
import pytest

import otlec
from otlec.drawing import stepwise


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


@pytest.mark.parametrize("seed", range(5))
def test_the_trees_of_the_network_simplex_fall_in_cost_and_end_at_the_optimal_plan(seed):
    rng = np.random.default_rng(seed)
    a, b, cost = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(6)), rng.uniform(0, 1, (7, 6))
    visited = stepwise.trees(a, b, cost)
    for tree in visited:
        assert tree.rows.size == 13
        for side, total in ((tree.rows, a), (tree.cols, b)):
            on = side >= 0
            assert np.allclose(np.bincount(side[on], tree.mass[on], total.size), total)
    for tree, later in itertools.pairwise(visited):
        assert (*tree.leaving, -1) in tree.cycle
        if np.isfinite(tree.saving(cost)):
            assert tree.saving(cost) > 0
            saved = tree.amount * tree.saving(cost)
            assert later.value(cost) == pytest.approx(tree.value(cost) - saved)
    assert visited[-1].placed == pytest.approx(1)
    assert visited[-1].value(cost) == pytest.approx(otlec.transport(a, b, cost).value, rel=1e-12)


def test_only_a_problem_that_has_a_plan_has_trees():
    with pytest.raises(ValueError, match="same sum"):
        stepwise.trees([1.0, 1.0], [1.0], [[1.0], [2.0]])
    with pytest.raises(ValueError, match="forbids every plan"):
        stepwise.trees([0.5, 0.5], [0.5, 0.5], [[1.0, np.inf], [2.0, np.inf]])
