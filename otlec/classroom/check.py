"""The check of an exercise: one light function, which loads the judges when it is called."""

import sys


def check(name: str, answer, *, hint: int = 0, seconds: float = 2.0):
    """Check the answer of an exercise by the properties that it must have, and say what is wrong.

    Parameters
    ----------
    name : str
        The exercise, as ``"2.3"``.
    answer : function
        Yours: it is called with many inputs, each time with copies.
    hint : int
        How many hints to show.
    seconds : float
        The time limit of one call.

    Returns
    -------
    Verdict
        True if the answer is right. It shows itself in a notebook and in a terminal; in a script,
        where the value of a line is not shown, it is printed.

    Raises
    ------
    KeyError
        If there is no such exercise; the message lists them.
    ModuleNotFoundError
        If hypothesis, which makes the random inputs, is not installed.
    """
    from .exercises import judge  # imports hypothesis, which takes a while

    verdict = judge(name, answer, hint=hint, seconds=seconds)
    if not _shows_values():
        print(repr(verdict))
    return verdict


def _shows_values() -> bool:
    """Whether the value of a line is shown: in IPython, in a terminal, in a page of the book."""
    ipython = sys.modules.get("IPython")
    return (
        hasattr(sys, "ps1")
        or sys.platform == "emscripten"
        or (ipython is not None and ipython.get_ipython() is not None)
    )
