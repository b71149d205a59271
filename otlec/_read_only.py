"""Results never change: their arrays are read-only, and stay so in copies and from a pickle."""

import numpy as np


class ReadOnly:
    """The base of results and measures, for frozen dataclasses that hold arrays."""

    def __post_init__(self) -> None:
        self._lock()

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._lock()  # a pickle remembers the numbers of an array, but not that it is read-only

    def _lock(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
