"""The one decorator of every compiled kernel.

Numba's cache looks only at the file of the kernel itself. A jitted helper or a constant imported
from another module would go stale there without a warning, so none is: each module of ``otlec``
holds its kernels and their helpers together.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator

import numba
from numba.core.caching import FunctionCache


def kernel(function: Callable) -> Callable:
    """Compile ``function`` at its first call and keep the machine code on disk.

    ``error_model="numpy"``: a division by zero gives inf or nan, as in NumPy, and costs no branch.
    There is no ``fastmath``: it would assume that inf and nan never occur, and forbidden pairs
    cost +inf here. ``nogil``: two Python threads can run kernels at the same time, on different
    parts of an array; no kernel starts threads of its own.

    Where Numba finds no folder that it may write to, the kernel is cached in a temporary folder
    of this user instead; where even that fails, it is compiled anew in each process.
    """
    compiled = numba.njit(error_model="numpy", nogil=True)(function)
    if compiled is not function:  # it is where NUMBA_DISABLE_JIT is set
        compiled._cache = _cache(function) or compiled._cache
    return compiled


class _Cache(FunctionCache):
    """A cache on disk whose failures are no failures of the kernel.

    Numba checks once, when a function is decorated, that it may write to the folder. The folder
    may be gone, full or read-only when the function is called.
    """

    def load_overload(self, signature, context):
        try:
            return super().load_overload(signature, context)
        except OSError:
            return None

    def save_overload(self, signature, data):
        with contextlib.suppress(OSError):
            super().save_overload(signature, data)


def _cache(function: Callable) -> _Cache | None:
    try:
        return _Cache(function)
    except RuntimeError:  # "cannot cache function: no locator available"
        pass
    try:
        with _temporary_folder():
            return _Cache(function)
    except (RuntimeError, OSError):
        return None


@contextlib.contextmanager
def _temporary_folder() -> Iterator[None]:
    """Let Numba cache in a temporary folder that belongs to this user and to nobody else."""
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = os.path.join(tempfile.gettempdir(), f"otlec-numba-{user}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # machine code is loaded from there, so it must not be a folder that someone else prepared
    if hasattr(os, "getuid") and os.stat(folder).st_uid != os.getuid():
        raise OSError(f"{folder} belongs to somebody else")
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = folder
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before
