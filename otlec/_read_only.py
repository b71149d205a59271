"""Results never change: their arrays are read-only, and stay so in copies and from a pickle.

Nor do they raise where somebody only looks at them, whatever `dataclasses.replace` put into them.
"""

import functools
import math

import numpy as np

_NONSENSE = "not certified: its contents are not of the kinds that a result has"


class ReadOnly:
    """The base of results and measures, for frozen dataclasses that hold arrays."""

    def __init_subclass__(cls) -> None:
        for name, otherwise in (("certificate", _NONSENSE), ("gap", math.nan)):
            own = vars(cls).get(name)
            if isinstance(own, property):
                setattr(cls, name, property(_without_errors(own.fget, otherwise)))
        if "__repr__" in vars(cls):
            cls.__repr__ = _without_errors(cls.__repr__, f"{cls.__name__}(of other contents)")

    def __post_init__(self) -> None:
        self._lock()

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._lock()  # a pickle remembers the numbers of an array, but not that it is read-only

    def _lock(self) -> None:
        for value in vars(self).values():
            for array in value if isinstance(value, tuple) else (value,):
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False


def _without_errors(look, otherwise):
    """The same function of a result, with another answer where its contents make it fail."""

    @functools.wraps(look)
    def answer(self):
        try:
            with np.errstate(all="ignore"):
                return type(otherwise)(look(self))
        except Exception:  # lists, text, complex numbers, arrays of a wrong shape, ...
            return otherwise

    return answer
