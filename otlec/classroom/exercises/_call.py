"""Call a student's function on inputs, guarded, and see whether a judge is content."""

import copy
import linecache
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...measure import Measure
from . import _guard
from ._values import Score, Wrong

BLANK = "write me"
_PACKAGE = str(Path(__file__).resolve().parents[1])


class Refused(Exception):
    """The call did not give a value; ``status`` and the text say why."""

    def __init__(self, status: str, text: str):
        super().__init__(text)
        self.status, self.text = status, text


@dataclass
class Call:
    """The student's function, guarded: what a judge calls."""

    exercise: object  # of the registry
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
            if not equal(before, after, 0.0):
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


def equal(a, b, tolerance: float) -> bool:
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


# Inputs, fixed and random -------------------------------------------------------------------------


def attempt(task, call, args, twice: bool = False):
    """The failure of one input, or None."""
    try:
        score = task.judge(call, *args) if task.arguments else task.judge(call())
        call.score = call.score or score
        if not task.arguments:
            return None
        if twice and not equal(call(*args), call(*args), call.tolerance):
            raise Wrong("two calls with the same input give two results", "remembers")
    except (Wrong, Refused) as failure:
        return failure
    except Exception as error:  # the values are so strange that no property can be asked of them
        return Wrong(f"the result cannot be judged: {type(error).__name__}: {error}")
    return None


def _settings(examples: int, shrink: bool):
    """The settings of Hypothesis: the same inputs in every run, nothing kept, no clock."""
    from hypothesis import HealthCheck, Phase, Verbosity, settings

    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )


def search(task, call, examples: int, shrink: bool):
    """The smallest random input that fails, with its failure, or None."""
    from hypothesis import errors, given

    last = []

    def on(args):
        failure = attempt(task, call, args)
        if failure is not None:
            last[:] = [args, failure]
            raise failure

    on.__qualname__ = f"exercise {task.name}"  # from which the random inputs are derived
    try:
        _settings(examples, shrink)(given(task.inputs)(on))()
    except (Wrong, Refused):
        return tuple(last)
    except (errors.Flaky, BaseExceptionGroup):
        return last[0], Wrong("two calls with the same input give two results", "remembers")
    return None


def examples(task, count: int) -> list[tuple]:
    """A few random inputs, the same in every run."""
    if task.inputs is None:
        return []
    from hypothesis import given

    drawn = []

    def keep(args):
        drawn.append(args)

    keep.__qualname__ = f"examples of {task.name}"
    _settings(count, shrink=False)(given(task.inputs)(keep))()
    return drawn
