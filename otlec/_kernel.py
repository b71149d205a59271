"""The one decorator of every compiled kernel.

Machine code on disk is used again while no source of the package has changed. Numba itself looks
only at the file of the kernel; but a kernel holds the code of those that it calls, and the values
of the constants that it uses, from whichever module. So they may be imported like anything else.

Compilation takes a second or so, once, which small data are not worth: as long as there is no
machine code, calls on few numbers run as plain Python, until they have taken as long together.

Where there is no numba, kernels run as plain Python: the same results, hundreds of times slower. A
page of the book runs Python so, and lends it kernels that were compiled to WebAssembly.
"""

import contextlib
import functools
import hashlib
import importlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

try:
    import numba
    from numba.core.caching import FunctionCache
except ModuleNotFoundError as missing:
    if missing.name != "numba":  # it is there, but broken
        raise
    numba, FunctionCache = None, object

try:  # a page's: name of the kernel -> types of the arguments -> function (book/_page/kernels.py)
    from otlec_page import KERNELS
except ModuleNotFoundError:
    KERNELS = {}


class _Compilation:
    """What compilation has taken so far, the one under way included: no limit counts it."""

    def __init__(self):
        self._spent, self._since = np.zeros(2), None

    @staticmethod
    def _now() -> np.ndarray:
        return np.array([time.process_time(), time.perf_counter()])

    def spent(self) -> np.ndarray:
        """Seconds of processor time, and on the wall."""
        since = self._since
        return self._spent if since is None else self._spent + self._now() - since

    def __enter__(self):
        self._since = self._now()

    def __exit__(self, *_):
        self._spent, self._since = self.spent(), None


COMPILATION = _Compilation()

_FEW = 12_000  # numbers among the arguments, up to which plain Python may be quick enough
_PATIENCE = 0.5  # seconds of plain Python, after which a kernel is compiled


def kernel(function: Callable) -> Callable:
    """Compile ``function`` when that pays, at the latest for large data, and keep it on disk.

    ``error_model="numpy"``: a division by zero gives inf or nan, as in NumPy, and costs no branch.
    There is no ``fastmath``: it would assume that inf and nan never occur, and forbidden pairs
    cost +inf here. ``nogil``: two Python threads can run kernels at the same time, on different
    parts of an array; no kernel starts threads of its own. ``no_cfunc_wrapper``: no C code calls
    them, and a wrapper for it is a tenth of the compilation.

    Where Numba finds no folder that it may write to, the kernel is cached in a temporary folder
    of this user instead; where even that fails, it is compiled anew in each process.
    """
    if numba is None:
        return _plain(function)
    compiled = numba.njit(error_model="numpy", nogil=True, no_cfunc_wrapper=True)(function)
    if compiled is function:  # NUMBA_DISABLE_JIT is set; compiled kernels do not warn either
        return np.errstate(all="ignore")(function)
    compiled._cache = _LateCache(function, compiled._cache)
    compiled._compile_for_args = _compile_late(compiled, function)
    return compiled


def driver(function: Callable) -> Callable:
    """A function that calls kernels and little else: plain Python, and machine code in pages.

    There it is compiled like a kernel (scripts/webassembly.py), so that a live figure takes the
    same steps in the same order. So it keeps to what Numba knows of Python and NumPy.
    """
    return function


def _compile_late(compiled, function: Callable) -> Callable:
    """What Numba asks for when there is no machine code for the types of a call yet.

    The answer is called with the same arguments: machine code, or the function itself, silent as
    machine code is. Both compute the same bits. Machine code on disk is always preferred.
    """
    compile_now = compiled._compile_for_args
    spent = 0.0

    def interpret(*args):
        nonlocal spent
        start = time.thread_time()  # the wall would count what others do
        try:
            with np.errstate(all="ignore"):
                return function(*args)
        finally:
            spent += time.thread_time() - start

    def answer(*args, **kwargs):
        late = spent < _PATIENCE and not compiled.overloads and _size(args) <= _FEW
        if late and (spent > 0 or not _is_on_disk(compiled)):  # looked for once: it reads a file
            return interpret
        _spare_blas()
        with COMPILATION:
            return compile_now(*args, **kwargs)

    return answer


@functools.cache
def _spare_blas() -> None:
    """Start Numba without its look at SciPy's BLAS: no kernel multiplies matrices.

    It would import all of scipy.linalg, a fifth of a second, to learn that there is one; where
    code of others multiplies matrices, it is looked for as ever.
    """
    linalg = importlib.import_module("numba.np.linalg")
    look, linalg.ensure_blas = linalg.ensure_blas, lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = look


def _size(argument) -> int:
    """How many numbers there are among the arguments."""
    if isinstance(argument, tuple):
        return sum(map(_size, argument))
    return argument.size if isinstance(argument, np.ndarray) else 1


def _is_on_disk(compiled) -> bool:
    """Whether there is machine code of today's sources, for whatever types."""
    try:
        return bool(compiled._cache._cache_file._load_index())
    except Exception:  # there is no cache, or a damaged one
        return False


@functools.cache
def _digest() -> bytes:
    """A digest of all sources of the package."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("*.py")):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()


def _plain(function: Callable) -> Callable:
    """The function itself, silent as compiled code is, or the page's own where types match."""
    lent = KERNELS.get(f"{function.__module__.removeprefix('otlec.')}.{function.__name__}", {})

    @functools.wraps(function)
    def plain(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    @functools.wraps(function)
    def run(*args):
        flat = _flat(args)
        compiled = lent.get(tuple(map(_type, flat)))
        result = compiled(*flat) if compiled else NotImplemented
        # it raised, or has no memory: let Python say so
        return plain(*args) if result is NotImplemented else result

    return run if lent else plain


def _flat(arguments: tuple) -> list:
    """The arguments without the tuples that hold them: machine code takes them so."""
    return [part for arg in arguments for part in (_flat(arg) if isinstance(arg, tuple) else [arg])]


# by NumPy's letters: those of a page for integers are of 32 bits, or of 64
_NAMES = {"d": "float64", "?": "bool", "i": "int64", "l": "int64", "q": "int64"}


def _type(argument) -> str:
    """As Numba names it: ``float64``, or with the number of axes ``2float64``.

    In a page, a machine of 32 bits, NumPy's own integers are int32: the page widens them.
    """
    if isinstance(argument, np.ndarray):
        name = _NAMES.get(argument.dtype.char, "")
        return f"{argument.ndim}{name}" if argument.flags.c_contiguous else "strided"
    if isinstance(argument, np.generic):
        return _NAMES.get(argument.dtype.char, "")
    names = {float: "float64", int: "int64", bool: "bool", type(None): "none"}
    return names.get(type(argument), "")


class _Cache(FunctionCache):
    """A cache on disk that notices each change of the package, and whose failures are none.

    Numba checks once, when a function is decorated, that it may write to the folder. The folder
    may be gone, full or read-only when the function is called; and its files may be damaged, as by
    a copy that was broken off. Then the kernel is compiled anew, and a damaged file replaced.
    """

    def __init__(self, function):
        super().__init__(function)
        file = self._cache_file  # its stamp decides whether what it holds is used
        file._source_stamp = file._source_stamp, _digest()

    def load_overload(self, signature, context):
        try:
            return super().load_overload(signature, context)
        except Exception:  # a damaged pickle may raise anything
            return None

    def save_overload(self, signature, data):
        with contextlib.suppress(OSError):
            try:
                super().save_overload(signature, data)
            except Exception:  # the index that the new entry should join is damaged
                self.flush()
                super().save_overload(signature, data)


class _LateCache:
    """The cache of a kernel, which finds its folder when it is first used: that takes time."""

    def __init__(self, function: Callable, none):
        self._function, self._none = function, none

    @functools.cached_property
    def _found(self):
        return _cache(self._function) or self._none

    def __getattr__(self, name: str):
        return getattr(self._found, name)


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
