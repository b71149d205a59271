"""Judge an answer by properties, and say what is wrong on a small input.

An exercise is a *judge*: a function that calls the student's function and raises `Wrong` where a
mathematical property fails. The machine feeds it fixed cases first, small ones before large ones,
then random ones from Hypothesis, which shrinks a failure to the smallest input that it finds. The
same inputs come in every run. A wrong answer that the catalogue knows (it does what a catalogued
wrong function does, on all fixed cases and on the failing one) gets the hint written for it. Of any
other one it is said what its results have in common with those of the solution, if they have.

Where an answer has several parts, each of them is judged apart as well: together with the other
parts of the solution it has to pass.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from ._call import Call, attempt, search
from ._diagnosis import explain
from ._show import Verdict
from ._values import describe

# What an exercise asks for, by the words that its page says.
KINDS = {
    "compute": "Compute",
    "construct": "Construct",
    "decide": "Decide",
    "explain": "Explain by a number",
}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that students give: its name, its hint, and functions that make it."""

    name: str
    hint: str
    like: Callable | tuple[Callable, ...] | None = None

    @property
    def makers(self) -> tuple[Callable, ...]:
        """The functions that make it."""
        return self.like if isinstance(self.like, tuple) else (self.like,) * bool(self.like)


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is asked, how it is judged, and what is said."""

    name: str  # "2.3", or "2.4b" where a statement has several
    item: str  # the row of the ledger
    title: str
    answer: str  # the name of the student's function
    kind: str  # one of KINDS
    difficulty: int  # 1, 2 or 3
    minutes: int
    judge: Callable
    right: str  # what is said when all properties hold
    hints: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    arguments: tuple[str, ...] = ()  # names of the inputs; none where values are chosen
    cases: tuple = ()
    probes: tuple = ()  # more inputs, by which a known mistake is told from what resembles it
    inputs: object = None  # a Hypothesis strategy of tuples of arguments
    closed: tuple[str, ...] = ()  # public functions that may not be used
    examples: int = 60
    patience: float = 1.0  # so many times the usual limit a call may take
    canonical: Callable | None = None  # brings two forms of one answer to the same arrays
    solution: Callable | None = None  # a right answer, in the form that the page asks for
    parts: tuple[str, ...] = ()  # the names of those that are judged apart; needs a solution
    lecture: str = ""  # "Exercise 2.4", where it is the lecture's own


REGISTRY: dict[str, Exercise] = {}
_RESULTS: dict[str, list[float]] = {}  # of the open questions, in this session


def exercise(name: str, **options):
    """Register the decorated function as the judge of an exercise."""

    def register(judge):
        if name in REGISTRY:
            raise ValueError(f"exercise {name} exists already")
        options.setdefault("item", name.rstrip("abcdefgh"))
        if options["kind"] not in KINDS:
            raise ValueError(f"exercise {name} is of no known kind: {options['kind']!r}")
        REGISTRY[name] = Exercise(name=name, judge=judge, **options)
        return judge

    return register


# Judging ----------------------------------------------------------------------------------------


def judge(
    name: str,
    answer,
    *,
    hint: int = 0,
    seconds: float = 2.0,
    examples: int | None = None,
    shrink: bool = True,
    diagnose: bool = True,
) -> Verdict:
    """Judge an answer; see `otlec.check`."""
    task = find(name)
    verdict = Verdict(
        name=task.name,
        title=task.title,
        kind=task.kind,
        hints=task.hints[: max(int(hint), 0)],
        hints_left=max(len(task.hints) - max(int(hint), 0), 0),
        call=task.answer,
    )
    if not task.arguments and not callable(answer) and answer is not None:
        answer = _Given(answer)
    failure = _judge_function(task, answer, verdict, seconds, examples or task.examples, shrink)
    if failure is not None:
        explain(task, *failure, verdict, diagnose)
    return verdict


class _Given:
    """Values that were passed as they are, where a function that returns them is asked for."""

    __module__ = "__main__"

    def __init__(self, value):
        self.value = value

    def __call__(self):
        return self.value


def find(name) -> Exercise:
    """The exercise of a name; an error lists those that exist."""
    task = REGISTRY.get(str(name))
    if task is None:
        raise KeyError(f"there is no exercise {name!r}; there are {', '.join(REGISTRY)}")
    return task


def _judge_function(task, function, verdict, seconds, examples, shrink) -> tuple | None:
    """Write down what is right, or return the call, the input that fails, and the failure."""
    if not callable(function):
        verdict.fail(
            "refused",
            f"pass the function itself: otlec.check({task.name!r}, "
            f"{task.answer}); what was passed is {describe(function)}",
        )
        return None
    if (getattr(function, "__module__", None) or "").split(".")[0] == "otlec":
        verdict.fail("refused", f"this is otlec's own function; write your own {task.answer}")
        return None
    wanted = f"{task.answer}({', '.join(task.arguments)})"
    try:
        inspect.signature(function).bind(*task.arguments)
    except TypeError:
        verdict.fail("refused", f"it cannot be called as {wanted}: look at its parameters")
        return None
    except ValueError:  # some compiled functions have no signature
        pass
    call = Call(task, function, seconds * task.patience)
    count = 0
    for args in task.cases if task.arguments else ((),):
        failure = attempt(task, call, args, twice=True)
        if failure is not None:
            return call, args, failure
        count += 1
    count = count if task.arguments else 0
    if task.inputs is not None:
        found = search(task, call, examples, shrink)
        if found is not None:
            return call, *found
        count += examples
    verdict.printed = call.sink.written
    verdict.succeed(task.right, count)
    if call.score is not None:
        _RESULTS.setdefault(task.name, []).append(call.score.value)
        verdict.score, verdict.results = call.score, tuple(_RESULTS[task.name])
    return None
