"""The check of an exercise: one light function, which loads the judges when it is called."""


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
        True if the answer is right. It shows itself in a notebook and in a terminal.

    Raises
    ------
    KeyError
        If there is no such exercise; the message lists them.
    ModuleNotFoundError
        If hypothesis, which makes the random inputs, is not installed.
    """
    from .exercises import judge  # imports hypothesis, which takes a while

    return judge(name, answer, hint=hint, seconds=seconds)
