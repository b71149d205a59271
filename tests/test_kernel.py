"""The cache of compiled kernels: what it notices, and that no failure of it is an error."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.caching import FunctionCache

import otlec
from otlec import _kernel

USE_KERNELS = """
import numpy as np, otlec
otlec._kernel._PATIENCE = {patience}
cost = np.array([[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]])
{before}
assert otlec.assignment(cost).value == 5
assert otlec.transport([1, 2, 1], [2, 1, 1], cost).value == 7
assert otlec.transport_1d([0, 1], [2, 3]).value == 4
print("right")
"""


def run(
    cache_folder,
    temporary_folder,
    before="",
    package=Path(otlec.__file__).parent,
    patience=0,
    **more,
):
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(cache_folder),
        "TMPDIR": str(temporary_folder),
        "PYTHONPATH": str(package.parent),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", USE_KERNELS.format(before=before, patience=patience)],
        env=environment,
        cwd=temporary_folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )


def run_where_nothing_is_writable(tmp_path):
    """A copy of the package whose cache, user's cache and given cache cannot be folders."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    package = tmp_path / "installed" / "otlec"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(otlec.__file__).parent, package, ignore=ignore)
    for folder in {file.parent for file in package.rglob("*.py")}:
        (folder / "__pycache__").write_text("not a folder")
    home = {"HOME": str(in_the_way), "XDG_CACHE_HOME": str(in_the_way)}
    return run(in_the_way, tmp_path, package=package, **home)


@pytest.mark.needs_jit
def test_without_a_folder_to_write_to_a_temporary_one_is_used(tmp_path):
    result = run_where_nothing_is_writable(tmp_path)
    assert result.stdout == "right\n", result.stderr
    (folder,) = tmp_path.glob("otlec-numba-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*.nbi"))


@pytest.mark.needs_jit
def test_not_even_a_temporary_folder_is_needed(tmp_path):
    user = os.getuid() if hasattr(os, "getuid") else os.environ["USERNAME"]
    (tmp_path / f"otlec-numba-{user}").write_text("not a folder either")
    result = run_where_nothing_is_writable(tmp_path)
    assert result.stdout == "right\n", result.stderr


@pytest.mark.needs_jit
def test_a_cache_folder_that_is_lost_after_it_was_found_is_no_error(tmp_path):
    cache = tmp_path / "cache"
    lose = (
        "import shutil, pathlib; from otlec.solvers.network_simplex import _pivot; "
        "_pivot._cache.cache_path; "
        f"shutil.rmtree({str(cache)!r}); pathlib.Path({str(cache)!r}).write_text('no folder')"
    )
    result = run(cache, tmp_path, before=lose)
    assert result.stdout == "right\n", result.stderr
    assert cache.is_file()


def test_failures_of_the_cache_are_not_passed_on(monkeypatch):
    def fail(*args):
        raise OSError("disk full")

    cache = _kernel._cache(run)
    assert isinstance(cache, FunctionCache)
    monkeypatch.setattr(FunctionCache, "load_overload", fail)
    monkeypatch.setattr(FunctionCache, "save_overload", fail)
    assert cache.load_overload(None, None) is None
    assert cache.save_overload(None, None) is None


def test_a_folder_of_somebody_else_is_not_trusted(monkeypatch, tmp_path):
    monkeypatch.setattr(_kernel.tempfile, "gettempdir", lambda: str(tmp_path))
    uid = os.getuid()
    monkeypatch.setattr(_kernel.os, "getuid", lambda: uid)
    before = _kernel.numba.config.CACHE_DIR
    with _kernel._temporary_folder():
        assert _kernel.numba.config.CACHE_DIR.startswith(str(tmp_path))
    assert before == _kernel.numba.config.CACHE_DIR
    answers = iter([uid, uid + 1])
    monkeypatch.setattr(_kernel.os, "getuid", lambda: next(answers))
    with pytest.raises(OSError, match="belongs to somebody else"), _kernel._temporary_folder():
        pass


def test_without_any_folder_there_is_no_cache(monkeypatch, tmp_path):
    def refuse(self, function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(_kernel.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(_kernel._Cache, "__init__", refuse)
    assert _kernel._cache(run) is None


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Import a small package anew, and call a kernel that calls one of another module.

    Returns the value and how often the kernel came from the disk.
    """
    package = tmp_path / "small"
    package.mkdir()
    shutil.copy(_kernel.__file__, package)
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text(
        "from ._kernel import kernel\n\nADDED = 1.0\n\n\n"
        "@kernel\ndef shifted(x):\n    return x + ADDED\n"
    )
    (package / "caller.py").write_text(
        "from ._kernel import kernel\nfrom .helper import shifted\n\n\n"
        "@kernel\ndef twice(x):\n    return 2 * shifted(x)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # Python's own cache looks at times
    monkeypatch.setattr(_kernel.numba.config, "CACHE_DIR", str(tmp_path / "cache"))

    def call():
        for name in [name for name in sys.modules if name.partition(".")[0] == "small"]:
            monkeypatch.delitem(sys.modules, name)
        importlib.import_module("small._kernel")._PATIENCE = 0
        twice = importlib.import_module("small.caller").twice
        return twice(20.0), sum(twice.stats.cache_hits.values())

    return call


@pytest.mark.needs_jit
def test_a_change_in_another_module_is_noticed(called, tmp_path):
    assert called() == (42, 0)
    assert called() == (42, 1)
    helper = tmp_path / "small" / "helper.py"
    for old, new, value in [("ADDED = 1", "ADDED = 2", 44), ("x + ", "x - ", 36)]:
        helper.write_text(helper.read_text().replace(old, new))
        assert called() == (value, 0)
        assert called() == (value, 1)


@pytest.mark.needs_jit
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("kept", [0, 1, 20, 0.5, 0.99])
def test_a_damaged_file_is_compiled_anew_and_replaced(called, tmp_path, ending, kept):
    assert called() == (42, 0)
    (file,) = (tmp_path / "cache").rglob(f"caller*.{ending}")
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole)) if 0 < kept < 1 else kept])
    assert called() == (42, 0)
    assert called() == (42, 1)


@pytest.mark.needs_jit
def test_the_import_looks_for_no_cache_and_a_first_call_for_no_blas(tmp_path):
    before = """
import sys
import numba.np.linalg as linalg
look = linalg.ensure_blas
assert not pathlib.Path(os.environ["NUMBA_CACHE_DIR"]).exists(), "looked for at import"
otlec.transport_1d([0, 1], [2, 3])
assert "scipy.linalg" not in sys.modules, "numba has imported it"
assert linalg.ensure_blas is look
"""
    result = run(tmp_path / "cache", tmp_path, "import os, pathlib" + before)
    assert result.stdout == "right\n", result.stderr


@pytest.mark.needs_jit
def test_importing_compiles_nothing_and_a_call_compiles_only_what_it_needs(tmp_path):
    before = """
from otlec import cost as costs
from otlec.solvers import hungarian, network_simplex, quantile
kernels = [network_simplex._sweep, network_simplex._pivot, quantile._merge, quantile._value]
assert not any(kernel.signatures for kernel in kernels), "compiled at import"
otlec.wasserstein(otlec.Measure([0.0, 1.0]), otlec.Measure([1.0, 2.0]))
assert not any(kernel.signatures for kernel in kernels), "sorting needs no kernel"
otlec.assignment(cost)
assert not any(kernel.signatures for kernel in kernels), "an assignment needs no simplex"
otlec.transport_1d([0, 1], [2, 3])
assert quantile._merge.signatures and not network_simplex._pivot.signatures
"""
    result = run(os.environ["NUMBA_CACHE_DIR"], tmp_path, before)
    assert result.stdout == "right\n", result.stderr


@pytest.mark.needs_jit
def test_small_data_are_not_worth_a_compilation_and_large_data_are(tmp_path):
    cache, large = (
        tmp_path / "cache",
        "otlec.assignment(np.random.default_rng(0).random((120, 120)))",
    )
    result = run(cache, tmp_path, patience="np.inf")
    assert result.stdout == "right\n", result.stderr
    assert not list(cache.rglob("*.nb?"))
    result = run(cache, tmp_path, large, patience="np.inf")
    assert result.stdout == "right\n", result.stderr
    assert list(cache.rglob("hungarian._augment_all*.nbc"))
    assert not list(cache.rglob("quantile*"))


@pytest.mark.needs_jit
def test_a_kernel_is_compiled_once_its_patience_is_gone(called, monkeypatch):
    assert called() == (42, 0)
    small = importlib.import_module("small.caller")
    kernel = importlib.import_module("small._kernel")
    monkeypatch.setattr(kernel, "_PATIENCE", 1e-9)
    small.twice.overloads.clear()
    fresh = kernel.kernel(lambda x: x + 1)
    assert fresh(1.0) == 2
    assert not fresh.signatures
    assert fresh(1.0) == 2
    assert fresh.signatures


BITS = """
import hashlib
import numpy as np, otlec
otlec._kernel._PATIENCE = {patience}
rng = np.random.default_rng(0)
results = []
for n in (2, 5, 30):
    cost, x, y = rng.random((n, n)), rng.random((n, 2)), rng.random((n, 2)) + 1
    a, b = rng.dirichlet(np.ones(n), 2)
    ties = np.rint(5 * cost)
    ties[rng.random((n, n)) < 0.2] = np.inf
    np.fill_diagonal(ties, 9)
    found = [otlec.assignment(cost), otlec.assignment(ties), otlec.assignment_points(x, y, p=3)]
    found += [otlec.transport(a, b, cost), otlec.transport(a, b, ties)]
    found += [otlec.optimal_plan(otlec.Measure(x, a), otlec.Measure(y, b))]
    found += [otlec.optimal_plan(otlec.Measure(x[:, 0], a), otlec.Measure(y[:, 0], b), p=1)]
    results += [(best.rows, best.cols, best.mass, best.value, best.phi, best.psi) for best in found]
    results += [best.certificate for best in found] + [otlec.bottleneck(cost).value]
compiled = otlec.solvers.hungarian._augment_all.signatures
bits = repr([
    (type(one).__name__, np.asarray(one).dtype.str, np.asarray(one).tobytes())
    for result in results for one in (result if isinstance(result, tuple) else (result,))
])
print(bool(compiled), hashlib.sha256(bits.encode()).hexdigest())
"""


@pytest.mark.needs_jit
def test_plain_python_and_machine_code_give_the_same_bits(tmp_path):
    printed = []
    for patience, cache in (("np.inf", tmp_path), (0, os.environ["NUMBA_CACHE_DIR"])):
        result = subprocess.run(
            [sys.executable, "-c", BITS.format(patience=patience)],
            env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
            capture_output=True, text=True, check=False, timeout=1800,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        printed.append(result.stdout.split())
    assert [compiled for compiled, _ in printed] == ["False", "True"]
    assert printed[0][1] == printed[1][1]
