"""Judge an answer by properties, and say what is wrong on a small input.

An exercise is a *judge*: a function that calls the student's function and raises `Wrong` where a
mathematical property fails. The machine feeds it fixed cases first, small ones before large ones,
then random ones from Hypothesis, which shrinks a failure to the smallest input that it finds. The
same inputs come in every run. A wrong answer that the catalogue knows (it does what a catalogued
wrong function does, on all fixed cases and on the failing one) gets the hint written for it.
"""

import copy
import inspect
import linecache
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...measure import Measure
from . import _guard
from ._show import Verdict
from ._values import Score, Wrong, describe

# What an exercise asks for, by the words that its page says.
KINDS = {
    "compute": "Compute",
    "construct": "Construct",
    "decide": "Decide",
    "explain": "Explain by a number",
}
BLANK = "write me"
_PACKAGE = str(Path(__file__).resolve().parents[1])


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
    warm: Callable | None = None  # compiles what answers call: that is not their time
    examples: int = 60
    canonical: Callable | None = None  # brings two forms of one answer to the same arrays
    lecture: str = ""  # "Exercise 2.4", where it is the lecture's own


REGISTRY: dict[str, Exercise] = {}
_RESULTS: dict[str, list[float]] = {}  # of the open questions, in this session


def exercise(name: str, **options):
    """Register the decorated function as the judge of an exercise."""

    def register(judge):
        if name in REGISTRY:
            raise ValueError(f"exercise {name} exists already")
        options.setdefault("item", name.rstrip("abcdef"))
        if options["kind"] not in KINDS:
            raise ValueError(f"exercise {name} is of no known kind: {options['kind']!r}")
        REGISTRY[name] = Exercise(name=name, judge=judge, **options)
        return judge

    return register


# Calling the student's function -----------------------------------------------------------------


class Refused(Exception):
    """The call did not give a value; ``status`` and the text say why."""

    def __init__(self, status: str, text: str):
        super().__init__(text)
        self.status, self.text = status, text


@dataclass
class Call:
    """The student's function, guarded: what a judge calls."""

    exercise: Exercise
    function: Callable
    seconds: float
    sink: _guard.Sink = field(default_factory=_guard.Sink)
    score: Score | None = None  # what an open question has reached, on the first input
    tolerance: float = 1e-9  # of the last result: larger if it was computed in single precision

    def __call__(self, *args):
        """Call with copies of the arguments, and raise `Wrong` if the call changes them."""
        given = copy.deepcopy(args)
        with _guard.quiet(self.sink), _guard.closed(self.exercise.closed):
            value = self._run(given)
        for name, before, after in zip(self.exercise.arguments, args, given, strict=False):
            if not _equal(before, after, 0.0):
                raise Wrong(
                    f"the call changes its argument {name}: work on a copy", "changes its input"
                )
        self.tolerance = 1e-4 if _is_single(value) else 1e-9
        return value

    def _run(self, args):
        name = self.exercise.answer
        try:
            return _guard.within(self.seconds, self.function, *args)
        except NotImplementedError as error:
            if BLANK in str(error):
                raise Refused("blank", f"{name} is still blank: {BLANK}") from None
            raise Refused("error", _trace(error)) from None
        except _guard.TimeLimit:
            raise Refused(
                "time",
                f"{name} did not return within {self.seconds:g} s: is there a loop or a "
                "recursion that never ends?",
            ) from None
        except _guard.ForbiddenCall as error:
            raise Refused(
                "refused",
                f"{name} calls otlec.{error}, which is what you are asked to write",
            ) from None
        except KeyboardInterrupt:
            raise
        except RecursionError as error:
            raise Refused("error", f"{name} calls itself too often. {_trace(error)}") from None
        except BaseException as error:
            raise Refused("error", _trace(error)) from None


def _trace(error: BaseException) -> str:
    """The error, and the student's own line that raised it."""
    place, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        file = code.co_filename
        inside = os.path.abspath(file).startswith(_PACKAGE)
        library = f"{os.sep}site-packages{os.sep}" in file or file.startswith(sys.base_prefix)
        if not inside and not library:
            line = linecache.getline(file, trace.tb_lineno).strip()
            place = f" in line {trace.tb_lineno} of {code.co_name}" + (f": {line}" if line else "")
        trace = trace.tb_next
    message = str(error)
    return f"{type(error).__name__}{place}" + (f"\n{message}" if message else "")


def _is_single(value) -> bool:
    if isinstance(value, list | tuple):
        return any(_is_single(item) for item in value)
    return getattr(value, "dtype", None) in (np.float32, np.float16)


def _equal(a, b, tolerance: float) -> bool:
    """Whether two inputs or outputs are the same, structure and numbers."""
    try:
        return _agree(a, b, tolerance)
    except Exception:  # what students return may be anything
        return False


def _agree(a, b, tolerance: float) -> bool:
    if isinstance(a, Measure) and isinstance(b, Measure):
        return _agree(a.points, b.points, tolerance) and _agree(a.weights, b.weights, tolerance)
    if callable(a) or callable(b):
        return a is b or tolerance == 0.0
    if isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and a == b
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_agree(x, y, tolerance) for x, y in zip(a, b, strict=True))
    a, b = (np.asarray(v, complex if np.iscomplexobj(v) else float) for v in (a, b))
    return a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


# Judging ----------------------------------------------------------------------------------------


def judge(
    name: str,
    answer,
    *,
    hint: int = 0,
    seconds: float = 2.0,
    examples: int | None = None,
    shrink: bool = True,
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
    _judge_function(task, answer, verdict, seconds, examples or task.examples, shrink)
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


def _judge_function(task, function, verdict, seconds, examples, shrink) -> None:
    if not callable(function):
        verdict.fail(
            "refused",
            f"pass the function itself: otlec.check({task.name!r}, "
            f"{task.answer}); what was passed is {describe(function)}",
        )
        return
    if (getattr(function, "__module__", None) or "").split(".")[0] == "otlec":
        verdict.fail("refused", f"this is otlec's own function; write your own {task.answer}")
        return
    wanted = f"{task.answer}({', '.join(task.arguments)})"
    try:
        inspect.signature(function).bind(*task.arguments)
    except TypeError:
        verdict.fail("refused", f"it cannot be called as {wanted}: look at its parameters")
        return
    except ValueError:  # some compiled functions have no signature
        pass
    if task.warm is not None:
        task.warm()
    call = Call(task, function, seconds)
    count = 0
    for args in task.cases if task.arguments else ((),):
        failure = _try(task, call, args, twice=True)
        if failure is not None:
            _explain(task, call, args, failure, verdict)
            return
        count += 1
    count = count if task.arguments else 0
    if task.inputs is not None:
        found = _search(task, call, examples, shrink)
        if found is not None:
            _explain(task, call, *found, verdict)
            return
        count += examples
    verdict.printed = call.sink.written
    verdict.succeed(task.right, count)
    if call.score is not None:
        _RESULTS.setdefault(task.name, []).append(call.score.value)
        verdict.score, verdict.results = call.score, tuple(_RESULTS[task.name])


def _try(task, call, args, twice: bool = False):
    """The failure of one input, or None."""
    try:
        score = task.judge(call, *args) if task.arguments else task.judge(call())
        call.score = call.score or score
        if not task.arguments:
            return None
        if twice and not _equal(call(*args), call(*args), call.tolerance):
            raise Wrong("two calls with the same input give two results", "remembers")
    except (Wrong, Refused) as failure:
        return failure
    except Exception as error:  # the values are so strange that no property can be asked of them
        return Wrong(f"the result cannot be judged: {type(error).__name__}: {error}")
    return None


def _search(task, call, examples: int, shrink: bool):
    """The smallest random input that fails, with its failure, or None."""
    from hypothesis import HealthCheck, Phase, Verbosity, errors, given, settings

    last = []

    def attempt(args):
        failure = _try(task, call, args)
        if failure is not None:
            last[:] = [args, failure]
            raise failure

    attempt.__qualname__ = f"exercise {task.name}"  # from which the random inputs are derived
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )(given(task.inputs)(attempt))
    try:
        run()
    except (Wrong, Refused):
        return tuple(last)
    except (errors.Flaky, BaseExceptionGroup):
        return last[0], Wrong("two calls with the same input give two results", "remembers")
    return None


def _explain(task, call, args, failure, verdict) -> None:
    """Write down the failure, the input that shows it, and the mistake if it is known."""
    verdict.printed = call.sink.written
    if isinstance(failure, Refused):
        verdict.fail(failure.status, failure.text)
        if failure.status == "error":
            verdict.show(task.arguments, args)
            _name_mistake(task, _recognise(task, call, args), verdict)
        return
    verdict.fail("wrong", failure.text)
    verdict.show(task.arguments, args)
    _name_mistake(task, failure.mistake or _recognise(task, call, args), verdict)


GENERAL = {
    "remembers": "A function of mathematics has one value: avoid global variables and random "
    "numbers, and build lists afresh in each call.",
    "changes its input": "Arrays are shared, not copied, when they are passed: start with "
    "x = np.array(x), which copies.",
    "nothing returned": "A function without a return gives None.",
}


def _name_mistake(task, name, verdict) -> None:
    if name is None:
        return
    for mistake in task.mistakes:
        if mistake.name == name:
            verdict.mistake, verdict.advice = name, mistake.hint
            return
    verdict.mistake, verdict.advice = name, GENERAL[name]


def _recognise(task, call, failing) -> str | None:
    """The catalogued mistake that does what the answer does on all fixed cases and the failure."""
    inputs = [*task.cases, *task.probes, failing] if task.arguments else []
    form = task.canonical or (lambda value: value)
    if task.arguments and not _equal(*(_outcome(call, failing, form) for _ in range(2)), 1e-12):
        return "remembers"
    found = [_outcome(call, args, form) for args in inputs]
    known = [(mistake, like) for mistake in task.mistakes for like in mistake.makers]
    for mistake, like in known if inputs else ():
        with _guard.quiet(_guard.Sink()):
            made = [_outcome(like, copy.deepcopy(args), form) for args in inputs]
        if all(_equal(f, m, 10 * call.tolerance) for f, m in zip(found, made, strict=True)):
            return mistake.name
    return None


def _outcome(function, args, form):
    try:
        return form(function(*args))
    except Refused as refused:
        return refused.text.split()[0]
    except Exception as error:
        return type(error).__name__
