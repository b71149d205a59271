"""The kernels that Python in the page has besides give the same bits as Numba, in Chromium."""

import importlib
import sys
import warnings

import numpy as np
import pytest
from chromium import visit
from test_webassembly import (
    INSTANCES,
    ROOT,
    SCRIPT,
    Pages,
    _copied,
    compile_to,
    differing,
    webassembly,
)

import otlec
from otlec import Measure
from otlec.solvers import auction
from otlec.solvers.assignment_routes import Market

pytestmark = [pytest.mark.browser, pytest.mark.needs_jit]

MOST = 300  # calls of a kernel that are compared


@pytest.fixture(scope="module")
def pages(browser, tmp_path_factory):
    out = ROOT / "_build" / "live" / "kernels-for-python.js"
    if not webassembly.is_current(out):
        out = tmp_path_factory.mktemp("kernels") / "kernels.js"
        done = compile_to(out, SCRIPT, "--python")
        assert done.returncode == 0, done.stderr
    page, complaints = visit(browser, "about:blank")
    yield Pages(page, out)
    assert not complaints


def assignments(rng):
    for k, n in enumerate([1, 2, *rng.integers(3, 40, 40), 200]):
        cost = rng.random((n, n))
        otlec.assignment(np.round(cost, 1) if k % 3 == 0 else cost).certificate  # noqa: B018


def auctions(rng):
    for n in (3, 5, 9, 20, 40, 60, 70, 80, 100, 150):
        market = Market(rng.random((n, n)))
        market.few_bids()
        market.lists = auction.empty_lists(n, auction.ROOM)
        for step in (0.0, 0.1, 0.01, 0.0):
            market._dismiss()
            market._bid(step, 20)


def transports(rng):
    for k, (n, m) in enumerate(rng.integers(1, 12, (60, 2))):
        a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        if k % 2:
            a, b = np.full(n, 1 / n), np.full(m, 1 / m)
        x, y = rng.random((n, 2)), rng.random((m, 2))
        otlec.optimal_plan(Measure(x, a), Measure(y, b), p=(1, 2)[k % 2]).certificate  # noqa: B018


def doubtful(rng):
    """Proofs that need shifts of parts: whole numbers, which tie."""
    for n, m in rng.integers(3, 12, (200, 2)):
        a, b = rng.integers(1, 4, n).astype(float), rng.integers(1, 4, m).astype(float)
        cost = rng.integers(0, 4, (n, m)) + 1e-15 * rng.random((n, m))
        otlec.transport(a / a.sum(), b / b.sum(), cost).certificate  # noqa: B018


def lines(rng):
    for k, (n, m) in enumerate(rng.integers(1, 30, (60, 2))):
        x, y = rng.normal(size=n), rng.normal(size=m)
        mu, nu = Measure(np.round(x), rng.dirichlet(np.ones(n))), Measure(y)
        otlec.wasserstein(mu, nu, p=(1, 1.5, 2, 4)[k % 4])
        otlec.optimal_plan(mu, nu, p=(1, 1.5, 2)[k % 3]).certificate  # noqa: B018


def flows(rng):
    for n in (4, 8, 16):
        rho = rng.random((2, n)) + 0.1
        otlec.benamou_brenier(*rho / rho.sum(axis=1, keepdims=True), steps=6, tol=0.2)


def short_flows(rng):
    with warnings.catch_warnings(action="ignore"):  # they stop after one step
        for n in range(3, 15):
            rho = rng.random((2, n)) + 0.1
            rho /= rho.sum(axis=1, keepdims=True)
            otlec.benamou_brenier(*rho, steps=4, levels=1, max_iterations=1)


WORK = {
    "cost.costs_of_pairs": lines,
    "solvers.auction.bid": auctions,
    "solvers.clear._doubts": assignments,
    "solvers.exact._hang": transports,
    "solvers.exact._peel": transports,
    "solvers.quantile._value": lines,
    "solvers.assignment_routes._lowest_prices": auctions,
    "solvers.assignment_routes._bid_on_rows": auctions,
    "evidence._near": transports,
    "parts._walk": transports,
    "parts._handed_on": doubtful,
    "dynamics.corners._lower_in_time": short_flows,
    "dynamics.primal._solve_in_time": flows,
}


def recorded(name: str) -> list[tuple]:
    """The arguments with which solvers call a kernel, over many problems."""
    module, _, function = name.rpartition(".")
    kernel, calls = getattr(importlib.import_module(f"otlec.{module}"), function), []

    def watched(*arguments):
        if len(calls) < MOST:
            calls.append(_copied(arguments))
        return kernel(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        for one in [m for key, m in sys.modules.items() if key.startswith("otlec.")]:
            if vars(one).get(function) is kernel:
                patch.setattr(one, function, watched)
        WORK[name](np.random.default_rng(6))
    return calls


def settled(returned: list[bytes]) -> list[bytes]:
    """What `clear._doubts` has filled in: it returns the room for more, too."""
    count, used, *pairs = returned
    return [count, used, *(v[: 8 * int(count)] for v in pairs)] if count >= 0 else [count]


@pytest.mark.parametrize("name", webassembly.FOR_PYTHON)
def test_the_page_computes_the_same_bits_as_numba(pages, name):
    made = INSTANCES.get(name)
    calls = made(np.random.default_rng(6)) if made else recorded(name)
    assert len(calls) >= 10
    assert differing(pages, name, calls, settled=settled if "_doubts" in name else None) == []
