"""POT's and SciPy's own tests of exact solvers, run with otlec in the place of their solvers.

    python bench/foreign_tests.py --pot FOLDER

FOLDER is a checkout of POT (its tests are not in its wheel); those of SciPy are installed with it.
Each test runs twice: as it is, and with the functions below in the place of the library's. What
does not pass as it is says nothing, and is left out; so is what calls none of the functions. Where
a call has no counterpart in otlec, the test is not applicable, and the reason is counted.
"""

import argparse
import collections
import json
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import ot
import pytest
import scipy.optimize
import scipy.stats
from common import save

import otlec

CALLS = collections.Counter()
SCIPY = Path(scipy.__file__).parent
# What the tests of errors look for are the words of SciPy; the kind of the error is the same.
WORDS = "it looks for the words of an error message"


def count(function):
    """Count the calls, so that tests that make none are known."""

    def counted(*args, **options):
        CALLS[function.__name__] += 1
        return function(*args, **options)

    return counted


def given(*arrays) -> None:
    """Skip a test whose arrays are not NumPy's."""
    for array in arrays:
        if not isinstance(array, np.ndarray | list | tuple):
            pytest.skip("its arrays are not NumPy's")


def without(options: dict) -> None:
    """Skip a test that uses an option which otlec has not."""
    for name in sorted(name for name, value in options.items() if value not in (None, False)):
        pytest.skip(f"it uses the option {name}")


def shares(weights, size: int) -> np.ndarray:
    """Weights of sum 1; equal ones where none are given."""
    if weights is None or len(weights) == 0:
        return np.full(size, 1 / size)
    weights = np.asarray(weights, float)
    return weights / weights.sum() if 0 < weights.sum() < np.inf else weights


@count
def emd(a, b, M, numItermax=100_000, log=False, center_dual=True, numThreads=1,
        check_marginals=True, **options):  # fmt: skip
    """``ot.emd``, by ``otlec.transport``."""
    given(a, b, M)
    without(options)
    if numItermax < 100:
        pytest.skip("it stops the solver early: otlec's has no limit")
    plan = transport(a, b, M)
    facts = {"cost": plan.value, "u": plan.phi, "v": plan.psi, "warning": None, "result_code": 1}
    return (plan.matrix, facts) if log else plan.matrix


def transport(a, b, M):
    """The plan; POT's kind of error where the masses or the shapes do not match."""
    M = np.asarray(M)
    a, b = (np.full(n, 1 / n) if len(z) == 0 else z for z, n in zip((a, b), M.shape, strict=True))
    try:
        return otlec.transport(a, b, M)
    except ValueError as error:
        raise AssertionError(str(error)) from error


@count
def emd2(a, b, M, processes=1, numItermax=100_000, log=False, return_matrix=False,
         center_dual=True, numThreads=1, check_marginals=True, **options):  # fmt: skip
    """``ot.emd2``, by ``otlec.transport``; one value for each column of b."""
    given(a, b, M)
    without(options)
    if len(b) and np.ndim(b) == 2:
        columns = [emd2(a, column, M, log=log, return_matrix=return_matrix) for column in b.T]
        return columns if log else np.array(columns)
    plan = transport(a, b, M)
    facts = {"u": plan.phi, "v": plan.psi, "warning": None, "result_code": 1}
    facts |= {"G": plan.matrix} if return_matrix else {}
    return (plan.value, facts) if log or return_matrix else plan.value


def on_the_line(x_a, x_b, a, b, metric, p):
    """The plan of the line; POT's kind of error for other metrics."""
    given(x_a, x_b)
    exponents = {"sqeuclidean": 2, "euclidean": 1, "cityblock": 1, "minkowski": p}
    if metric not in exponents:
        raise ValueError(f"{metric} is no power of the distance")
    x, y = (np.asarray(z, float) for z in (x_a, x_b))
    if x.ndim == 2 and x.shape[1] > 1:
        raise AssertionError("points of the line are wanted")
    weights = shares(a, x.shape[0]), shares(b, y.shape[0])
    return otlec.transport_1d(x, y, *weights, p=exponents[metric])


@count
def emd_1d(x_a, x_b, a=None, b=None, metric="sqeuclidean", p=1.0, dense=True, log=False,
           check_marginals=True):  # fmt: skip
    """``ot.emd_1d``, by ``otlec.transport_1d``."""
    plan = on_the_line(x_a, x_b, a, b, metric, p)
    return (plan.matrix, {"cost": plan.value}) if log else plan.matrix


@count
def emd2_1d(x_a, x_b, a=None, b=None, metric="sqeuclidean", p=1.0, dense=True, log=False):
    """``ot.emd2_1d``, by ``otlec.transport_1d``."""
    plan = on_the_line(x_a, x_b, a, b, metric, p)
    return (plan.value, {"G": plan.matrix}) if log else plan.value


@count
def wasserstein_1d(u, v, u_weights=None, v_weights=None, p=1, require_sort=True, **options):
    """``ot.wasserstein_1d``, by ``otlec.wasserstein``; one value for each column of points."""
    given(u, v)
    without(options)
    columns = zip(*(np.asarray(z).reshape(len(z), -1).T for z in (u, v)), strict=True)
    values = []
    for k, (x, y) in enumerate(columns):
        a, b = (
            w[:, k] if np.ndim(w) == 2 else w for w in (u_weights, v_weights)
        )  # weights of their own for each column
        mu, nu = (otlec.Measure(z, shares(w, z.size)) for z, w in ((x, a), (y, b)))
        values.append(otlec.wasserstein(mu, nu, p) ** p)
    return np.array(values) if np.ndim(u) == 2 else values[0]


@count
def linear_sum_assignment(cost_matrix, maximize=False):
    """SciPy's function, by ``otlec.assignment``: padded to a square, and with the sign changed."""
    cost = np.asarray(cost_matrix)
    if cost.size == 0 and cost.ndim == 2:
        pytest.skip("it has nothing to assign")
    cost = -cost if maximize else cost
    if cost.ndim == 2 and cost.dtype.kind in "biuf":
        n, m = cost.shape
        cost = np.pad(cost.astype(float), ((0, max(m - n, 0)), (0, max(n - m, 0))))
        cols = otlec.assignment(cost).permutation[:n]
        rows = np.flatnonzero(cols < m)
        return rows, cols[rows]
    return otlec.assignment(cost), None


@count
def wasserstein_distance(u_values, v_values, u_weights=None, v_weights=None):
    """SciPy's function of one variable, by ``otlec.wasserstein``."""
    return distance(u_values, v_values, u_weights, v_weights)


@count
def wasserstein_distance_nd(u_values, v_values, u_weights=None, v_weights=None):
    """SciPy's function of several variables, by ``otlec.wasserstein``."""
    return distance(u_values, v_values, u_weights, v_weights)


def distance(u, v, a, b):
    """W_1."""
    if not all(np.isfinite(np.asarray(z, float)).all() for z in (u, v)):
        pytest.skip("it has points at infinity")
    u, v = np.asarray(u, float), np.asarray(v, float)
    for z, w in ((u, a), (v, b)):
        if w is not None and np.shape(w) != z.shape[:1]:
            raise ValueError("a weight for each value")
    mu, nu = (otlec.Measure(z, shares(w, len(z))) for z, w in ((u, a), (v, b)))
    return otlec.wasserstein(mu, nu, 1)


PLACES = {
    "emd": (ot, ot.lp), "emd2": (ot, ot.lp), "emd_1d": (ot, ot.lp), "emd2_1d": (ot, ot.lp),
    "wasserstein_1d": (ot, ot.lp), "linear_sum_assignment": (scipy.optimize,),
    "wasserstein_distance": (scipy.stats,), "wasserstein_distance_nd": (scipy.stats,),
}  # fmt: skip


class Record:
    """What became of each test, why it was skipped, and whether it called otlec."""

    def __init__(self) -> None:
        self.outcome, self.before = {}, 0

    def pytest_runtest_setup(self, item):
        """Remember how many calls there were before the test."""
        self.before = CALLS.total()

    def pytest_runtest_logreport(self, report):
        """Keep the outcome; the first one that is no success wins."""
        known = self.outcome.get(report.nodeid, ("passed",))[0]
        if known == "passed":
            why = str(report.longrepr)
            called = CALLS.total() > self.before
            self.outcome[report.nodeid] = report.outcome, why[-300:], called


def run(names: list[str], own: bool) -> dict:
    """Run tests in a process of their own, with the library's functions or with those of otlec."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outcome.json"
        if (child := os.fork()) == 0:
            if not own:
                for name, modules in PLACES.items():
                    for module in modules:
                        setattr(module, name, globals()[name])
            record = Record()
            warnings.simplefilter("ignore")
            options = [
                "-q",
                "-p",
                "no:cacheprovider",
                "--no-header",
                "-W",
                "ignore",
                "-c",
                os.devnull,
            ]
            pytest.main([*options, "--rootdir", "/", *names], plugins=[record])
            file.write_text(json.dumps(record.outcome))
            os._exit(0)
        os.waitpid(child, 0)
        return json.loads(file.read_text())


def table(title: str, names: list[str]) -> list:
    """The row of one file, and what failed or was not applicable."""
    before, after = run(names, own=True), run(names, own=False)
    counts, reasons = collections.Counter(), collections.Counter()
    for test, (outcome, *_) in before.items():
        new, why, called = after.get(test, ("missing", "", False))
        if outcome != "passed" or (not called and new == "passed"):
            continue
        if new == "failed" and "Regex pattern did not match" in why:
            new, why = "skipped", WORDS
        counts[new] += 1
        if new == "skipped":
            reasons[why.rpartition("Skipped: ")[2].strip("')\n")] += 1
        elif new != "passed":
            print(f"{test}: {new}: {why}")
    for reason, number in reasons.items():
        print(f"{title}: {number} not applicable: {reason}")
    return [title, counts["passed"], counts["failed"] + counts["missing"], counts["skipped"]]


def main() -> None:
    """Run all, and save the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pot", type=Path, required=True, help="a checkout of POT")
    tests = parser.parse_args().pot.resolve() / "test"
    stats = SCIPY / "stats/tests/test_stats.py"
    rows = [
        table("POT, test_ot.py", [str(tests / "test_ot.py")]),
        table("POT, test_1d_solver.py", [str(tests / "test_1d_solver.py")]),
        table(
            "SciPy, test_linear_assignment.py",
            [str(SCIPY / "optimize/tests/test_linear_assignment.py")],
        ),
        table(
            "SciPy, wasserstein_distance in test_stats.py",
            [f"{stats}::TestWassersteinDistance", f"{stats}::TestWassersteinDistanceND"],
        ),
    ]
    save(
        "foreign_tests",
        [
            {
                "title": "Tests of other libraries, with otlec in the place of their solvers",
                "columns": ["file", "passed", "failed", "not applicable"],
                "rows": rows,
                "note": "Tests that call one of the solvers, and pass as they are. Not applicable: "
                "arrays that are not NumPy's, options and points at infinity that otlec does not "
                "know, and tests of the words of a message.",
            }
        ],
        ("POT",),
        "python bench/foreign_tests.py --pot FOLDER",
    )


if __name__ == "__main__":
    main()
