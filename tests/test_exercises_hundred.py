"""A hundred wrong answers: none passes, and at most ten get a mismatch without a diagnosis."""

from hundred_wrong_answers import ANSWERS

from otlec.classroom.exercises import REGISTRY, judge


def test_hardly_any_wrong_answer_is_left_without_a_diagnosis():
    bare = []
    for name, answer in ANSWERS:
        verdict = judge(name, answer, shrink=False, seconds=20.0, examples=15)
        assert not verdict, (name, verdict)
        assert verdict.status in ("wrong", "error", "refused"), (name, verdict)
        if verdict.status == "wrong" and verdict.mistake is None:
            bare.append(verdict)
    assert len(ANSWERS) >= 100
    assert {name for name, _ in ANSWERS} == set(REGISTRY)
    print(*bare, sep="\n")
    assert len(bare) <= 10, bare
