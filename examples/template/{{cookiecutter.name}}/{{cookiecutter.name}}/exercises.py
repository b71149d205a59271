"""The judges of the exercises; their texts stand in ``book/x1-exercises.md``."""

import hypothesis.strategies as st
import numpy as np

from otlec.classroom.exercises import Mistake, exercise, number, same


def _numbers(seed: int):
    rng = np.random.default_rng(seed)
    return (np.round(rng.normal(size=int(rng.integers(1, 6))), 2),)


@exercise(
    "{{ cookiecutter.name }}-1.1",
    item="1.1",
    title="The mean",
    answer="my_mean",
    kind="compute",
    difficulty=1,
    minutes=5,
    arguments=("x",),
    inputs=st.integers(0, 10**6).map(_numbers),
    cases=((np.array([0.0, 1.0, 5.0]),), (np.array([2.0]),)),
    right="It is the number with the least sum of squares.",
    hints=("Where does the derivative of the sum of squares vanish?", "Divide the sum by n."),
    mistakes=(
        Mistake("the median", "That is right without the square.", np.median),
        Mistake("the sum", "Divide by the number of numbers.", np.sum),
    ),
)
def _mean_judge(call, x):
    same(number(call(x)), x.mean(), "the mean", max(1e-9, call.tolerance))
