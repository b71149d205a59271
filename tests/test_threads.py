"""Threads that call at once get the answers that they would get alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from conftest import JIT_IS_OFF

from otlec import (
    Measure,
    assignment,
    assignment_points,
    bottleneck,
    cost_matrix,
    transport,
    transport_1d,
    wasserstein,
)

SIZE = 8 if JIT_IS_OFF else 60


def problem(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.random((SIZE, 2)), rng.random((SIZE, 2))
    return x, y, rng.dirichlet(np.ones(SIZE)), rng.dirichlet(np.ones(SIZE))


SOLVERS = {
    "assignment": lambda x, y, a, b: assignment(cost_matrix(x, y)).value,
    "assignment_points": lambda x, y, a, b: assignment_points(x, y).value,
    "bottleneck": lambda x, y, a, b: bottleneck(cost_matrix(x, y)).value,
    "transport": lambda x, y, a, b: transport(a, b, cost_matrix(x, y)).value,
    "transport_1d": lambda x, y, a, b: transport_1d(x[:, 0], y[:, 1], a, b).value,
    "wasserstein": lambda x, y, a, b: wasserstein(Measure(x, a), Measure(y), 1.5),
}


@pytest.mark.parametrize("name", SOLVERS)
def test_two_threads_at_once_get_right_answers(name):
    solve = SOLVERS[name]
    problems = [problem(seed) for seed in range(20)]
    alone = [solve(*arguments) for arguments in problems]
    together = Barrier(2)

    def work(_):
        together.wait(timeout=600)
        return [solve(*arguments) for arguments in problems]

    with ThreadPoolExecutor(2) as pool:
        for answers in pool.map(work, range(2)):
            assert answers == alone


def test_two_threads_share_one_input():
    x, y, a, b = problem(99)
    cost = cost_matrix(x, y)
    before = cost.copy()
    with ThreadPoolExecutor(2) as pool:
        values = set(pool.map(lambda _: transport(a, b, cost).value, range(8)))
    assert len(values) == 1
    np.testing.assert_array_equal(cost, before)
