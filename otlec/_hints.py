"""What to call instead: sentences for arguments that other libraries take."""

import functools
from collections.abc import Callable


def hints(most: int | None = None, too_many: str = "", **by_name: str) -> Callable:
    """Let a function answer with a sentence to more than ``most`` arguments, or to foreign names.

    ``most`` is the number of arguments that it takes by position.
    """

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def checked(*args, **options):
            for name in options.keys() & by_name.keys():
                raise TypeError(f"{function.__name__} takes no {name}: {by_name[name]}")
            if most is not None and len(args) > most:
                raise TypeError(
                    f"{function.__name__} takes at most {most} argument{'s' * (most > 1)} by "
                    f"position: {too_many}"
                )
            return function(*args, **options)

        return checked

    return decorate
