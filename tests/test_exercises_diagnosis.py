"""What is said of a wrong answer that no catalogue knows, and which of its parts are right."""

import numpy as np
import pytest

import otlec
from otlec.classroom.exercises import REGISTRY, judge
from otlec.classroom.exercises._relations import relation

SOLVED = [name for name, task in REGISTRY.items() if task.solution]
PARTS = [name for name, task in REGISTRY.items() if task.parts]
NAMES = ("x", "h")
INPUTS = [(np.arange(1.0, n + 1), h) for n, h in ((3, 0.5), (4, 0.25), (2, 2.0), (5, 3.0))]
RIGHT = [x * (1 + h) for x, h in INPUTS]
SIGNED = [np.array([-1.0, 2.0]) * h for _, h in INPUTS]


def of(change, right=RIGHT):
    found = [change(r, x, h) for r, (x, h) in zip(right, INPUTS, strict=True)]
    return relation(found, right, NAMES, INPUTS)


@pytest.mark.parametrize("name", SOLVED)
def test_the_solution_that_others_are_compared_with_is_right(name):
    task = REGISTRY[name]
    verdict = judge(name, lambda *args: task.solution(*args), examples=20, seconds=20)
    assert verdict, verdict


def test_what_has_parts_has_a_solution_of_so_many():
    for name in PARTS:
        task = REGISTRY[name]
        assert len(task.solution(*(task.cases[0] if task.arguments else ()))) == len(task.parts) > 1
        assert len(set(task.parts)) == len(task.parts)


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        (lambda r, x, h: -r, "another sign", "only the sign is wrong"),
        (lambda r, x, h: 2.5 * r, "a factor", "is 2.5 times"),
        (lambda r, x, h: h * r, "a factor", "is h times"),
        (lambda r, x, h: r / h**2, "a factor", r"is 1/h\^2 times"),
        (lambda r, x, h: len(x) * r, "a factor", r"is len\(x\) times"),
        (lambda r, x, h: r / np.sqrt(len(x) - 1), "a factor", r"1/sqrt\(\(len\(x\) - 1\)\) times"),
        (lambda r, x, h: r**2, "a power", "is the square of"),
        (lambda r, x, h: r**0.5, "a power", "is the root of"),
        (lambda r, x, h: 1 / r, "a power", "is one over"),
        (lambda r, x, h: r**h, "a power", "to the power h"),
        (lambda r, x, h: r[::-1], "another order", "read from its end"),
        (lambda r, x, h: np.roll(r, 1), "another order", "right, but not their order|from its end"),
    ],
)
def test_a_relation_that_holds_on_all_inputs_is_found(change, name, words):
    import re

    found = of(change)
    assert found is not None
    assert found[0] == name
    assert re.search(words, found[1]), found
    # one input on which it does not hold, and nothing is said
    spoiled = of(lambda r, x, h: change(r, x, h) + (0.1 if len(x) == 4 else 0.0))
    assert spoiled is None


def test_a_missing_sign_is_found_where_it_matters():
    assert of(lambda r, x, h: np.abs(r), SIGNED)[0] == "another sign"


@pytest.mark.parametrize(
    "change",
    [
        lambda r, x, h: r,
        lambda r, x, h: r + h,
        lambda r, x, h: 0 * r,
        lambda r, x, h: r[:-1],
        lambda r, x, h: "text",
        lambda r, x, h: r * np.nan,
        lambda r, x, h: np.cos(r),
    ],
)
def test_nothing_is_said_where_there_is_no_relation(change):
    assert of(change) is None


def test_two_inputs_are_too_few_to_see_a_relation():
    assert relation([-r for r in RIGHT[:2]], RIGHT[:2], NAMES, INPUTS[:2]) is None


def test_each_part_is_judged_beside_the_right_others():
    task = REGISTRY["2.2b"]

    def half(*args):
        first, second, third = task.solution(*args)
        return 3 * first, second, third

    verdict = otlec.check("2.2b", half)
    assert not verdict
    assert verdict.parts == {"line 1": False, "line 2": True, "line 3": True}
    assert verdict.share == pytest.approx(2 / 3)
    assert verdict.mistake == "a factor"
    assert "line 1: on every input that was tried the result is 3 times" in repr(verdict).lower()
    assert "Right already (2 of 3): line 2, line 3" in repr(verdict)
    assert not verdict.known
    assert "known mistake" not in repr(verdict)


@pytest.mark.parametrize("name", PARTS)
def test_the_parts_of_a_solution_with_one_part_spoiled_are_told_apart(name):
    task = REGISTRY[name]
    for spoiled in range(len(task.parts)):

        def answer(*args, spoiled=spoiled):
            parts = list(task.solution(*args))
            parts[spoiled] = np.full(7, 1e6)  # of no use in any exercise
            return tuple(parts)

        verdict = judge(name, answer, seconds=20, shrink=False)
        assert list(verdict.parts.values()) == [k != spoiled for k in range(len(task.parts))]
        assert 0 < verdict.share < 1


def test_what_is_exchanged_is_named():
    task = REGISTRY["4.1d"]
    verdict = judge("4.1d", lambda *args: (task.solution(*args)[1],) * 2, seconds=20, shrink=False)
    assert verdict.parts == {
        "the derivative along the masses": False,
        "the derivative along the motion": True,
    }
    assert verdict.advice == (
        "What stands in the place of the derivative along the masses is the derivative along the "
        "motion."
    )


@pytest.mark.parametrize("status", ["right", "blank"])
def test_only_wrong_answers_have_parts(status):
    task = REGISTRY["4.2"]

    def blank(g):
        raise NotImplementedError("write me")

    answer = blank if status == "blank" else lambda g: task.solution(g)
    verdict = otlec.check("4.2", answer)
    assert verdict.status == status
    assert verdict.parts == {}
    assert verdict.share == (status == "right")
