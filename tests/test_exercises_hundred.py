"""Wrong answers: none passes, and of a hundred at most ten get a mismatch without a diagnosis."""

import pytest
from blind_wrong_answers import ANSWERS as BLIND
from hundred_wrong_answers import ANSWERS

from otlec.classroom.exercises import REGISTRY, judge


@pytest.mark.parametrize("answers", [ANSWERS, BLIND[::2], BLIND[1::2]], ids=("first", "2", "3"))
def test_hardly_any_wrong_answer_is_left_without_a_diagnosis(answers):
    bare = []
    for name, answer in answers:
        verdict = judge(name, answer, shrink=False, seconds=20.0, examples=10)
        assert not verdict, (name, verdict)
        assert verdict.status in ("wrong", "error", "refused"), (name, verdict)
        if verdict.status == "wrong" and verdict.mistake is None:
            bare.append(verdict)
    print(*bare, sep="\n")
    assert len(bare) <= len(answers) / 10, bare


def test_there_are_enough_of_them():
    assert len(ANSWERS) >= 100
    assert len(BLIND) >= 100
    assert {name for name, _ in ANSWERS} == set(REGISTRY)
    assert len({name for name, _ in BLIND}) >= 50
