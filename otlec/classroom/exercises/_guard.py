"""Run a student's function, and come back whatever it does.

A call can print, warn, change its arguments, run for ever, recurse, leave the program, or ask the
solver that it is meant to replace. Each of these ends in an ordinary exception here. The function
runs in the student's own process and thread: a thread of its own could not be stopped, and a
process of its own would not know the notebook's variables and would lose the traceback.

The time limit counts processor time, so that a right answer passes on a busy machine too; a call
that only waits is ended after `_PATIENCE` times as long. The limit raises an exception *inside* the
running function. In the main thread of Linux and
macOS an alarm does it, which also ends a ``sleep``; everywhere else a second thread asks the
interpreter to raise it (``PyThreadState_SetAsyncExc``), at the next line of Python. Neither can end
one long call into compiled code, such as the inverse of a huge matrix: it is noticed when the call
returns. The grader, which runs whole notebooks in processes of their own, stops those too. A page
of the book plays the alarm itself (``signal.setitimer``), and ends its worker when asked to.
"""

import contextlib
import ctypes
import importlib
import inspect
import io
import signal
import sys
import threading
import time
import warnings

import numpy as np

from ..._kernel import COMPILATION

_PATIENCE = 8  # a call may take so many times its processor time by the clock on the wall
_AGAIN = 0.005  # seconds after which a function that swallowed the first exception gets another


class TimeLimit(Exception):
    """The call took longer than it may."""


class ForbiddenCall(BaseException):
    """The call used the function of otlec that the exercise asks for."""


class _Stop(BaseException):
    """Raised inside the student's function; ``except Exception`` does not catch it."""


def within(seconds: float, function, *args):
    """Return ``function(*args)``, or raise `TimeLimit` after so many seconds."""
    in_main = threading.current_thread() is threading.main_thread()
    alarm = _Alarm if in_main and hasattr(signal, "setitimer") else _Watch
    if sys.platform == "emscripten" and alarm is _Watch:
        return function(*args)  # no threads there; what runs for ever is ended from outside
    clock = alarm(seconds)
    stopped, error, value = False, None, None
    try:
        try:
            clock.start()
            value = function(*args)
        except _Stop:
            stopped = True
        except BaseException as raised:
            error = raised
        clock.stop()
    except _Stop:
        stopped = True
    while clock.armed:
        try:
            clock.stop()
        except _Stop:
            stopped = True
    if stopped or clock.used() > 2 * seconds + 1:
        raise TimeLimit(f"{seconds:g}")
    if error is not None:
        raise error
    return value


class _Clock:
    """The processor time of this process since the start, and the time on the wall.

    That otlec compiles its kernels, once, is not the time of the call that happens to need them.
    """

    def __init__(self, seconds: float):
        self.seconds, self.armed = seconds, True
        self._start = self._now()

    @staticmethod
    def _now() -> np.ndarray:
        return np.array([time.process_time(), time.perf_counter()]) - COMPILATION.spent()

    def used(self) -> float:
        """Seconds of processor time."""
        return float((self._now() - self._start)[0])

    def over(self) -> bool:
        """Whether the call has had its time."""
        used, waited = self._now() - self._start
        return used >= self.seconds or waited >= _PATIENCE * self.seconds


class _Alarm(_Clock):
    """The operating system's timer; a signal handler may raise, and interrupts a sleep."""

    _before = None

    def _raise(self, *_):
        if self.armed and self.over():
            raise _Stop

    def start(self) -> None:
        self._before = signal.signal(signal.SIGALRM, self._raise)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, _AGAIN)

    def stop(self) -> None:
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._before is not None:
            signal.signal(signal.SIGALRM, self._before)


class _Watch(_Clock):
    """A thread that asks the interpreter to raise in another one."""

    def __init__(self, seconds: float):
        super().__init__(seconds)
        self._lock, self._done = threading.Lock(), threading.Event()
        self._target = ctypes.c_ulong(threading.get_ident())

    def _watch(self) -> None:
        wait = self.seconds
        while not self._done.wait(wait):
            wait = _AGAIN
            with self._lock:
                if self.armed and self.over():
                    self._ask(ctypes.py_object(_Stop))

    def _ask(self, what) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(self._target, what)

    def start(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        self._done.set()
        with self._lock:
            self._ask(None)  # what was asked for but not yet raised
            self.armed = False


class Sink(io.TextIOBase):
    """Takes everything that is printed, and keeps the beginning."""

    def __init__(self):
        self.kept, self.written = "", False

    def writable(self) -> bool:
        return True

    def write(self, text) -> int:
        self.written = True
        if len(self.kept) < 200:
            self.kept += str(text)[: 200 - len(self.kept)]
        return len(text)


@contextlib.contextmanager
def quiet(sink: Sink):
    """Send prints to the sink, and let 0/0 be nan without a warning."""
    with (
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def closed(names):
    """Let the named public functions of otlec raise `ForbiddenCall` for a while.

    The code of each function is exchanged, so that it makes no difference under which name, or by
    which import, a student reaches it.
    """
    saved = {}
    try:
        for name in names:
            function = inspect.unwrap(_public(name))  # past the check of its arguments
            saved[function] = function.__code__
            stub = _stub(name.split(".")[-1])
            # a function with a closure takes only code with as many free variables
            function.__code__ = stub.replace(co_freevars=function.__code__.co_freevars)
        yield
    finally:
        for function, code in saved.items():
            function.__code__ = code


def _public(name: str):
    """A function of otlec by its name, as ``glue`` or ``dynamics.proximal.prox``."""
    module, _, function = name.rpartition(".")
    home = importlib.import_module(f"otlec.{module}" if module else "otlec")
    return getattr(home, function)


def _stub(name: str):
    """The code of a function that only raises; its globals will be those of another module."""
    text = (
        f"def {name}(*args, **kwargs):\n"
        "    from otlec.classroom.exercises._guard import ForbiddenCall\n"
        f"    raise ForbiddenCall({name!r})\n"
    )
    space = {}
    exec(text, space)
    return space[name].__code__
