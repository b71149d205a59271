"""Theorem 1.1: the mean and its kernel."""

import numpy as np
import pytest
from {{ cookiecutter.name }} import mean


@pytest.mark.statement("1.1")
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_of_numpy(seed):
    x = np.random.default_rng(seed).normal(size=seed + 1)
    assert mean(x) == pytest.approx(x.mean(), rel=1e-12)


@pytest.mark.statement("1.1")
@pytest.mark.parametrize("step", [-0.1, 0.1])
def test_any_other_number_has_a_larger_sum_of_squares(step):
    x = np.array([0.1, 0.2, 0.4, 0.9])
    assert ((x - mean(x)) ** 2).sum() < ((x - mean(x) - step) ** 2).sum()


@pytest.mark.parametrize("wrong", [[], [np.nan], [[1.0]]])
def test_bad_input_is_named(wrong):
    with pytest.raises(ValueError, match="at least one finite number"):
        mean(wrong)
