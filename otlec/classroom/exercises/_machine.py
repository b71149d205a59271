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

KINDS = ("compute", "decide", "prove")
BLANK = "write me"
_PACKAGE = str(Path(__file__).resolve().parents[1])


class Wrong(Exception):
    """A property fails; ``mistake`` names an entry of the exercise's catalogue, if it is known."""

    def __init__(self, text: str, mistake: str | None = None):
        super().__init__(text)
        self.text, self.mistake = text, mistake


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that students give: its name, its hint, and a function that makes it."""

    name: str
    hint: str
    like: Callable | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is asked, how it is judged, and what is said."""

    name: str  # "2.3", or "2.4b" where a statement has several
    item: str  # the row of the ledger
    title: str
    answer: str  # the name of the student's function
    kind: str  # compute, decide or prove
    difficulty: int  # 1, 2 or 3
    minutes: int
    judge: Callable
    right: str  # what is said when all properties hold
    hints: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    arguments: tuple[str, ...] = ()  # names of the inputs; none where values are chosen
    cases: tuple = ()
    inputs: object = None  # a Hypothesis strategy of tuples of arguments
    closed: tuple[str, ...] = ()  # public functions that may not be used
    examples: int = 60
    canonical: Callable | None = None  # brings two forms of one answer to the same arrays
    lecture: str = ""  # "Exercise 2.4", where it is the lecture's own


REGISTRY: dict[str, Exercise] = {}


def exercise(name: str, **options):
    """Register the decorated function as the judge of an exercise."""

    def register(judge):
        if name in REGISTRY:
            raise ValueError(f"exercise {name} exists already")
        options.setdefault("item", name.rstrip("abcdef"))
        REGISTRY[name] = Exercise(name=name, judge=judge, **options)
        return judge

    return register


# What judges use --------------------------------------------------------------------------------


def require(condition, text: str, mistake: str | None = None) -> None:
    """Raise `Wrong` unless the condition holds."""
    if not condition:
        raise Wrong(text, mistake)


def array(value, shape=None, what: str = "the result") -> np.ndarray:
    """The value as a float array of a shape (None for any length), or `Wrong` says why not."""
    _not_none(value, what)
    if isinstance(value, Measure):
        raise Wrong(f"{what} should be an array, but it is a Measure")
    try:
        out = np.asarray(value)
    except ValueError:
        raise Wrong(f"{what} is ragged: its rows have different lengths") from None
    if out.dtype.kind == "c" and not np.any(out.imag):
        out = out.real
    if out.dtype.kind not in "biuf":
        raise Wrong(f"{what} should hold real numbers, but it is {_describe(value)}")
    if shape is not None and not _fits(out.shape, shape):
        wanted = "a number" if shape == () else f"an array of shape {_shape(shape)}"
        raise Wrong(f"{what} should be {wanted}, but its shape is {out.shape}")
    if np.isnan(out).any():
        where = np.argwhere(np.isnan(out))[0].tolist()
        raise Wrong(f"{what} is nan{f' at {where}' if where else ''}")
    if np.isinf(out).any():
        raise Wrong(f"{what} is infinite{' somewhere' if out.ndim else ''}")
    return out.astype(np.float64)


def number(value, what: str = "the result") -> float:
    """The value as a float; arrays with one entry count as numbers."""
    _not_none(value, what)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())
    return float(array(value, (), what))


def truth(value, what: str = "the result") -> bool:
    """The value as True or False."""
    _not_none(value, what)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if not isinstance(value, bool | np.bool_) and not (
        isinstance(value, int | float) and value in (0, 1)
    ):
        raise Wrong(f"{what} should be True or False, but it is {_describe(value)}")
    return bool(value)


def parts(value, count: int, what: str = "the result") -> tuple:
    """The value as a tuple of so many things."""
    _not_none(value, what)
    if isinstance(value, np.ndarray | list | tuple):
        if isinstance(value, np.ndarray) and value.ndim == 0:
            raise Wrong(f"{what} should be {count} things, but it is one number")
        if len(value) != count:
            raise Wrong(f"{what} should be {count} things, but there are {len(value)}")
        return tuple(value)
    raise Wrong(f"{what} should be {count} things, but it is {_describe(value)}")


def measure(value, what: str = "the result", dim: int | None = None) -> Measure:
    """The value as a Measure; a pair (points, weights) is accepted."""
    _not_none(value, what)
    if not isinstance(value, Measure):
        points, weights = parts(value, 2, f"{what} (points and weights)")
        points = array(points, None, f"the points of {what}")
        weights = array(weights, (None,), f"the weights of {what}")
        if weights.size and weights.min() < -1e-9:
            raise Wrong(f"the weights of {what} are negative somewhere: {weights.min():.4g}")
        if abs(weights.sum() - 1) > 1e-4:
            raise Wrong(f"the weights of {what} sum to {weights.sum():.6g}, not to 1")
        weights = np.maximum(weights, 0.0)
        try:
            value = Measure(points, weights / weights.sum())
        except ValueError as error:
            raise Wrong(f"{what} is no measure: {error}") from None
    if dim is not None and value.dim != dim:
        raise Wrong(f"{what} should live in dimension {dim}, but it lives in {value.dim}")
    return value


def same(found, expected, text: str, tolerance: float, mistake: str | None = None) -> None:
    """Raise `Wrong` with the text, and how far off, unless two arrays agree to the tolerance."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    off = np.abs(found - expected)
    if off.size == 0 or (off <= tolerance * max(1.0, np.abs(expected).max())).all():
        return
    at = np.unravel_index(int(off.argmax()), off.shape)
    place = f" at {[int(k) for k in at]}" if at else ""
    raise Wrong(
        f"{text}: found {found[at]:.6g}{place} where {expected[at]:.6g} is needed, "
        f"off by {off[at]:.3g}",
        mistake,
    )


def _not_none(value, what: str) -> None:
    if value is None:
        raise Wrong(f"{what} is None: is a return missing?", "nothing returned")


def _fits(found, wanted) -> bool:
    return len(found) == len(wanted) and all(
        w is None or f == w for f, w in zip(found, wanted, strict=True)
    )


def _shape(shape) -> str:
    inner = ", ".join("any" if s is None else str(s) for s in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def _describe(value) -> str:
    article = "an" if type(value).__name__[0] in "aeiou" else "a"
    text = repr(value)
    return f"{article} {type(value).__name__}" + (f", {text}" if len(text) <= 40 else "")


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
    a, b = np.asarray(a, float), np.asarray(b, float)
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
            f"{task.answer}); what was passed is {_describe(function)}",
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


def _try(task, call, args, twice: bool = False):
    """The failure of one input, or None."""
    try:
        if not task.arguments:
            task.judge(call())
            return None
        task.judge(call, *args)
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
    inputs = [*task.cases, failing] if task.arguments else []
    form = task.canonical or (lambda value: value)
    if task.arguments and not _equal(*(_outcome(call, failing, form) for _ in range(2)), 1e-12):
        return "remembers"
    found = [_outcome(call, args, form) for args in inputs]
    for mistake in task.mistakes:
        if mistake.like is None or not inputs:
            continue
        with _guard.quiet(_guard.Sink()):
            made = [_outcome(mistake.like, copy.deepcopy(args), form) for args in inputs]
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
