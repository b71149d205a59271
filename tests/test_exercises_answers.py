"""Every exercise: its solution, its blank, the wrong answers that it knows, and another style."""

import ast
import copy
import sys

import another_style
import pytest
from conftest import ROOT
from wrong_answers import WRONG

import otlec
from otlec.classroom.exercises import KINDS, REGISTRY, judge

sys.path.insert(0, str(ROOT / "scripts"))
import exercise_notebooks
import lecture
import notebooks

NAMES = list(REGISTRY)


def cells_of_the_book() -> dict[str, str]:
    """The source of the answer to each exercise, with its solution marks."""
    found, code = {}, ""
    for chapter in lecture.all_chapters():  # shown or not, they are exercises of the package
        page = ROOT / "book" / f"{chapter.exercises}.md"
        for cell in notebooks.read_source(page).cells:
            if cell.cell_type == "code" and exercise_notebooks.MARKED.search(cell.source):
                code = cell.source
            elif cell.cell_type == "code" and (
                check := exercise_notebooks.CHECK.search(cell.source)
            ):
                found[check.group(1)] = code
    return found


CELLS = cells_of_the_book()


def answer(name: str, code: str):
    """Run the code of an answer and return the function that it defines."""
    import numpy as np

    space = {"__name__": "__main__", "np": np, "otlec": otlec, "Measure": otlec.Measure}
    exec(compile(code, f"<exercise {name}>", "exec"), space)
    return space[REGISTRY[name].answer]


def test_there_are_enough_exercises_of_all_kinds_and_the_lectures_own():
    assert len(NAMES) >= 26
    assert {task.kind for task in REGISTRY.values()} == set(KINDS)
    own = {name for name, task in REGISTRY.items() if task.lecture}
    assert own == {"2.4a", "2.5", "barycenters-a", "barycenters-b"}
    assert list(CELLS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes(name):
    verdict = otlec.check(name, answer(name, CELLS[name]))
    assert verdict, verdict
    assert verdict.reason == REGISTRY[name].right


@pytest.mark.parametrize("name", NAMES)
def test_the_blank_raises_only_that_it_is_to_be_written_and_the_verdict_says_so(name):
    task = REGISTRY[name]
    function = answer(name, exercise_notebooks.blank(CELLS[name]))
    with pytest.raises(NotImplementedError, match=r"^write me$"):
        function(*(task.cases[0] if task.arguments else ()))
    verdict = otlec.check(name, function)
    assert verdict.status == "blank"
    assert "write me" in verdict.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_right_answer_in_another_style_passes(name):
    verdict = otlec.check(name, getattr(another_style, REGISTRY[name].answer))
    assert verdict, verdict


def wrong_answers(name: str) -> list:
    """What students wrote, and what the catalogue holds."""
    made = [
        # called as a student's function: what is closed to students is closed to it as well
        (mistake.name, lambda *args, like=like: like(*args))
        for mistake in REGISTRY[name].mistakes
        for like in mistake.makers
        if name != "5.1a"  # those call the solver itself
    ]
    return WRONG.get(name, []) + made


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_are_rejected_each_with_its_own_hint(name):
    hints = {mistake.name: mistake.hint for mistake in REGISTRY[name].mistakes}
    tried = wrong_answers(name)
    assert len({mistake for mistake, _ in tried}) >= 2
    assert len(set(hints.values())) == len(hints)
    for mistake, wrong in tried:
        verdict = otlec.check(name, wrong)
        assert verdict.status in ("wrong", "error"), (mistake, verdict)
        assert verdict.mistake == mistake, verdict
        assert verdict.advice == hints[mistake]


@pytest.mark.parametrize("name", NAMES)
def test_hints_come_in_steps_and_texts_are_complete(name):
    task = REGISTRY[name]
    assert len(task.hints) >= 2
    assert task.difficulty in (1, 2, 3)
    assert 5 <= task.minutes <= 60
    for shown in range(len(task.hints) + 2):
        verdict = judge(name, answer(name, exercise_notebooks.blank(CELLS[name])), hint=shown)
        assert verdict.hints == task.hints[:shown]
        assert all(hint in repr(verdict) for hint in verdict.hints)


# Mutants ----------------------------------------------------------------------------------------

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.LtE: ast.Gt, ast.GtE: ast.Lt,
}  # fmt: skip
COMMUTE = {"max", "maximum", "min", "zeros_like"}
DROPPED = {"abs", "sqrt", "sort", "cumsum"}
RENAMED = {
    "min": "max",
    "max": "min",
    "sum": "mean",
    "mean": "sum",
    "maximum": "minimum",
    "psi": "phi",
}


def mutations(node):
    """Ways to spoil one node: a function that changes it in place, for each."""
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        yield lambda n: setattr(n, "op", SWAPS[type(n.op)]())
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):  # drop a root or a power
        yield lambda n: (setattr(n, "op", ast.Mult()), setattr(n, "right", ast.Constant(1)))
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield lambda n: setattr(n, "ops", [SWAPS[type(n.ops[0])]()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda n: setattr(n, "op", ast.UAdd())
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield lambda n: setattr(n, "value", n.value + 1)
        if node.value and not getattr(node, "counts", False):  # axis -1 is often axis 1
            yield lambda n: setattr(n, "value", -n.value)
    if isinstance(node, ast.Attribute) and node.attr == "T":  # forget a transposition
        yield lambda n: setattr(n, "attr", "real")
    if isinstance(node, ast.Attribute) and node.attr in RENAMED:
        yield lambda n: setattr(n, "attr", RENAMED[n.attr])
    if (  # arguments exchanged
        isinstance(node, ast.Call)
        and len(node.args) > 1
        and getattr(node.func, "attr", getattr(node.func, "id", "")) not in COMMUTE
    ):
        yield lambda n: n.args.insert(0, n.args.pop(1))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in DROPPED
    ):
        yield lambda n: setattr(n.func, "attr", "asarray") or n.keywords.clear()
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield lambda n: n.elts.reverse()


def mutants(code: str):
    """All programs that differ from a solution by one mutation of its function's body."""
    tree = ast.parse(exercise_notebooks.solved(code))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "axis":
            node.value.counts = True
        if isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "shape":
            node.slice.counts = True  # so is shape[-1]
    for place, node in enumerate(ast.walk(tree)):
        for which, _ in enumerate(mutations(node)):
            spoiled = copy.deepcopy(tree)
            target = list(ast.walk(spoiled))[place]
            list(mutations(target))[which](target)
            program = ast.unparse(ast.fix_missing_locations(spoiled))
            if program != ast.unparse(tree):
                yield program


def survivors(name: str) -> tuple[int, list[str]]:
    """How many mutants there are, and which pass."""
    count, alive = 0, []
    for code in mutants(CELLS[name]):
        count += 1
        try:
            function = answer(name, code)
        except Exception:
            continue
        if judge(name, function, seconds=1.0, shrink=False, diagnose=False):
            alive.append(code)
    return count, alive


@pytest.mark.needs_jit
def test_at_least_97_percent_of_the_mutants_of_the_solutions_are_killed():
    """Constructions are left out: there a mutant is often another right answer."""
    total, alive = 0, {}
    for name in NAMES:
        if REGISTRY[name].kind == "construct" or not REGISTRY[name].arguments:
            continue
        count, passed = survivors(name)
        assert count >= 2, name
        total += count
        alive[name] = passed
    lived = sum(map(len, alive.values()))
    print(f"{total - lived} of {total} mutants killed")
    assert total - lived >= 0.97 * total, alive
