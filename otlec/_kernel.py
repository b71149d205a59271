"""The one decorator of every compiled kernel.

Numba's cache looks only at the file of the kernel itself. A jitted helper or a constant imported
from another module would go stale there without a warning, so none is: each module of ``otlec``
holds its kernels and their helpers together.
"""

import os
import tempfile
from collections.abc import Callable

import numba

_OPTIONS = {"cache": True, "error_model": "numpy", "nogil": True}


def kernel(function: Callable) -> Callable:
    """Compile ``function`` at its first call and keep the machine code on disk.

    ``error_model="numpy"``: a division by zero gives inf or nan, as in NumPy, and costs no branch.
    There is no ``fastmath``: it would assume that inf and nan never occur, and forbidden pairs
    cost +inf here. ``nogil``: two Python threads can run kernels at the same time, on different
    parts of an array; no kernel starts threads of its own.

    Where Numba finds no folder that it may write to, the kernel is cached in a temporary folder
    of this user instead; where even that fails, it is compiled anew in each process.
    """
    try:
        return numba.njit(**_OPTIONS)(function)
    except RuntimeError:  # "cannot cache function: no locator available"
        pass
    numba.config.CACHE_DIR = os.path.join(tempfile.gettempdir(), f"otlec-numba-{_user()}")
    try:
        return numba.njit(**_OPTIONS)(function)
    except (RuntimeError, OSError):
        return numba.njit(error_model=_OPTIONS["error_model"])(function)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
