"""Say which mistake a wrong answer makes, and which of its parts are right.

A mistake of the catalogue is known by what it does: an answer makes it if it does what a catalogued
wrong function does, on all fixed cases and on the failing one. What an answer has in common with
the solution is true of all inputs that were tried. A part is right if, together with the other
parts of the solution, it passes.
"""

import copy
from collections.abc import Callable

from . import _guard
from ._call import Call, Refused, attempt, equal, examples, search
from ._relations import relation
from ._values import Wrong, parts


def explain(task, call, args, failure, verdict, diagnose: bool = True) -> None:
    """Write down the failure, the input that shows it, and, if asked, the mistake and the parts."""
    verdict.printed = call.sink.written
    if isinstance(failure, Refused):
        verdict.fail(failure.status, failure.text)
        if failure.status == "error":
            verdict.show(task.arguments, args)
            if diagnose:
                _name_mistake(task, _recognise(task, call, args), verdict)
        return
    verdict.fail("wrong", failure.text)
    verdict.show(task.arguments, args)
    if not diagnose:
        return
    verdict.parts = _right_parts(task, call)
    known = failure.mistake or _recognise(task, call, args)
    if known is None and (related := _related(task, call, args)):
        verdict.mistake, verdict.advice = related
    else:
        _name_mistake(task, known or failure.general, verdict)


GENERAL = {
    "remembers": "A function of mathematics has one value: avoid global variables and random "
    "numbers, and build lists afresh in each call.",
    "changes its input": "Arrays are shared, not copied, when they are passed: start with "
    "x = np.array(x), which copies.",
    "nothing returned": "A function without a return gives None.",
    "an axis too many": "Perhaps a sum, a mean or a minimum is still to be taken over one axis.",
    "an axis is missing": "Perhaps a sum, a mean or a minimum has run over too much: it takes an "
    "axis, as in x.sum(axis=1).",
    "nan": "nan comes of 0/0, and of negative numbers under a root or to a power like 1.5.",
    "infinite": "Infinite values come of a division by 0, or of a power beyond all numbers.",
}


def _name_mistake(task, name, verdict) -> None:
    if name is None:
        return
    for mistake in task.mistakes:
        if mistake.name == name:
            verdict.mistake, verdict.advice, verdict.known = name, mistake.hint, True
            return
    verdict.mistake, verdict.advice = name, GENERAL[name]


def _recognise(task, call, failing) -> str | None:
    """The catalogued mistake that does what the answer does on all fixed cases and the failure."""
    inputs = [*task.cases, *task.probes, failing] if task.arguments else []
    form = task.canonical or (lambda value: value)
    if task.arguments and not equal(*(_outcome(call, failing, form) for _ in range(2)), 1e-12):
        return "remembers"
    found = [_outcome(call, args, form) for args in inputs]
    known = [(mistake, like) for mistake in task.mistakes for like in mistake.makers]
    for mistake, like in known if inputs else ():
        with _guard.quiet(_guard.Sink()):
            made = [_outcome(like, copy.deepcopy(args), form) for args in inputs]
        if all(equal(f, m, 10 * call.tolerance) for f, m in zip(found, made, strict=True)):
            return mistake.name
    return None


def _outcome(function, args, form):
    try:
        return form(function(*args))
    except Refused as refused:
        return refused.text.split()[0]
    except Exception as error:
        return type(error).__name__


# Parts, and relations to the solution -------------------------------------------------------------


class _Mixed:
    """An answer of which one part is the student's, and the others are those of the solution."""

    def __init__(self, call: Call, solution: Callable, kept: int, count: int):
        self._call, self._solution, self._kept, self._count = call, solution, kept, count
        self.score = None

    @property
    def tolerance(self) -> float:
        return self._call.tolerance

    def __call__(self, *args):
        mine = parts(self._call(*args), self._count)
        others = tuple(self._solution(*copy.deepcopy(args)))
        return (*others[: self._kept], mine[self._kept], *others[self._kept + 1 :])


def _right_parts(task, call) -> dict[str, bool]:
    """Which parts of a wrong answer are right, by their names; nothing where there are no parts."""
    right = {}
    for kept, name in enumerate(task.parts):
        mixed = _Mixed(call, task.solution, kept, len(task.parts))
        tried = task.cases if task.arguments else ((),)
        fails = any(attempt(task, mixed, args) is not None for args in tried)
        if not fails and task.inputs is not None:
            fails = search(task, mixed, min(task.examples, 20), shrink=False) is not None
        right[name] = not fails
    return right


def _related(task, call, failing) -> tuple[str, str] | None:
    """What the results have in common with those of the solution: a name and a sentence."""
    if task.solution is None or not task.arguments:
        return None
    inputs = [*task.cases, *task.probes, failing, *examples(task, 8)]
    try:
        found = [call(*args) for args in inputs]
        with _guard.quiet(_guard.Sink()):
            right = [task.solution(*copy.deepcopy(args)) for args in inputs]
        if not task.parts:
            return relation(found, right, task.arguments, inputs)
        return _related_parts(task, found, right, inputs)
    except (Wrong, Refused):  # some inputs give no value, or not so many parts
        return None


def _related_parts(task, found, right, inputs) -> tuple[str, str] | None:
    """The same for each part that is not what it should be; and whether parts are exchanged."""
    count = len(task.parts)
    mine, wanted = ([parts(v, count) for v in values] for values in (found, right))
    for k, name in enumerate(task.parts):
        columns = [row[k] for row in mine], [row[k] for row in wanted]
        for other in range(count):
            exchanged = [row[other] for row in wanted]
            if other != k and all(map(_same, columns[0], exchanged)) and not all(
                map(_same, exchanged, columns[1])
            ):  # fmt: skip
                text = f"What stands in the place of {name} is {task.parts[other]}."
                return "another order", text
        if said := relation(*columns, task.arguments, inputs):
            return said[0], f"{name[0].upper()}{name[1:]}: {said[1][0].lower()}{said[1][1:]}"
    return None


def _same(a, b) -> bool:
    return equal(a, b, 1e-7)
