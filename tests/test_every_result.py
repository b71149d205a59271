"""Every result says what is proved of it, whatever its masses; and none raises when looked at."""

import dataclasses
import warnings

import numpy as np
import pytest

import otlec
from otlec import Law, Measure, cost_matrix, optimal_plan
from otlec.certificate import judge
from otlec.differentiability import _Pieces, _verdict_on_slope
from otlec.evidence import PointCosts
from otlec.gaussian import _lower_bound

RNG = np.random.default_rng(0)
MU, NU, RHO = (Measure(RNG.normal(size=(4, 2))) for _ in range(3))
HEAVY = Measure(RNG.normal(size=(3, 2)), [0.2, 0.3, 0.5])
LINE, OTHER = (Measure(RNG.normal(size=4)) for _ in range(2))
COST = RNG.random((4, 4))
HALF = np.full(2, 0.5)

RESULTS = {
    "plan": lambda: optimal_plan(MU, HEAVY),
    "permutation": lambda: optimal_plan(MU, NU),
    "line": lambda: optimal_plan(LINE, OTHER),
    "assignment": lambda: otlec.assignment(COST),
    "bottleneck": lambda: otlec.bottleneck(COST),
    "bottleneck of masses": lambda: otlec.bottleneck_transport(HALF, [0.3, 0.7], COST[:2, :2]),
    "barycenter": lambda: otlec.barycenter([MU, NU]),
    "gluing": lambda: otlec.glue(optimal_plan(MU, HEAVY), optimal_plan(HEAVY, NU)),
    "potential of W_1": lambda: otlec.kantorovich_rubinstein(MU, NU),
    "derivative": lambda: otlec.derivative(MU, NU, RHO),
    "band": lambda: otlec.potential_band(MU, HEAVY),
    "gaussian barycenter": lambda: otlec.gaussian_barycenter([np.eye(2), np.diag([1.0, 4.0])]),
    "vertices": lambda: otlec.optimal_vertices(HALF, HALF, np.ones((2, 2))),
    "parametric plans": lambda: otlec.parametric_plans(HALF, HALF, np.eye(2), 1 - np.eye(2)),
    "plan of laws": lambda: optimal_plan(Law([0.0], [1.0], [1.0]), Law([0.0], [2.0], [1.0])),
    "film": lambda: otlec.benamou_brenier([1.0, 2, 3], [3.0, 2, 1], steps=4),
}
NONSENSE = (
    [1, 2], 1j, "text", b"x", None, np.array([1j]), np.array(["a"]), np.zeros((2, 2, 2)), [], {},
    object(), np.nan, -np.inf, 10**400, True, np.zeros(0), np.array([np.nan]), (1,), [[1], [2, 3]],
    np.array([None]), np.ma.masked, np.float32(1), 1e308,
)  # fmt: skip


@pytest.fixture(scope="module")
def results():
    return {name: make() for name, make in RESULTS.items()}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_of_a_solver_is_certified(results, name):
    assert results[name].certificate.startswith("certified to 1e-")


@pytest.mark.parametrize("name", RESULTS)
def test_no_contents_make_a_look_at_a_result_fail(results, name):
    result = results[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for field in (field for field in dataclasses.fields(result) if field.init):
            for value in NONSENSE:
                broken = dataclasses.replace(result, **{field.name: value})
                assert isinstance(broken.certificate, str)
                assert isinstance(getattr(broken, "gap", 0.0), float)
                assert repr(broken).startswith(type(result).__name__)


@pytest.mark.parametrize(
    "name", ["derivative", "band", "gaussian barycenter", "film", "gluing", "barycenter"]
)
def test_a_copy_with_other_contents_inherits_no_certificate(results, name):
    first = dataclasses.fields(results[name])[0].name
    copy = dataclasses.replace(results[name], **{first: getattr(results[name], first)})
    assert copy.certificate.startswith("not certified")


def test_the_nonsense_in_a_certificate_is_no_proof():
    for errors in ((np.nan, 0.0, 0.0), (0.0, np.nan, 0.0), (0.0, 0.0, np.nan), (0.0, 0.0, -1.0)):
        certificate = otlec.Certificate(0.0, 0.0, 0.0, *errors)
        assert not certificate
        assert str(certificate).startswith("not certified")


def on_slope(change=lambda result: {}, stretch=0.0):
    """The verdict on a derivative whose contents, or whose greatest differences, were changed."""
    pieces = _Pieces(MU, NU, otlec.half_square_cost)
    rise = pieces.greatest_rise(RHO.points)
    right = otlec.transport(NU.weights, RHO.weights, rise)
    result = otlec.derivative(MU, NU, RHO)
    result = dataclasses.replace(result, **change(result))
    return _verdict_on_slope(result, right, rise + stretch, pieces, NU, RHO)


def test_a_derivative_is_certified_for_an_optimal_potential_of_that_slope_only():
    assert on_slope().error <= 1e-12
    bump = 0.01 * np.eye(8)[5]
    assert not on_slope(lambda result: {"psi": result.psi + bump})  # a potential of another slope
    assert not on_slope(lambda result: {"psi": 0 * result.psi})
    assert not on_slope(lambda result: {"psi": result.psi - 0.01 * np.eye(8)[2]})
    assert on_slope(lambda result: {"psi": result.psi + 7})  # constants do not matter
    assert not on_slope(stretch=0.01)  # another potential may have greater differences


@pytest.mark.parametrize("digits", [20, 105, 290])
def test_a_tiny_change_of_measure_has_its_derivative_to_all_digits(digits):
    tiny = 10.0**-digits
    sigma, rho0 = Measure([0.0, 1.0]), Measure([0.0, 2.0])
    slope = otlec.derivative(sigma, rho0, Measure([0.0, 2.0, 5.0], [0.5, 0.5, tiny]))
    assert slope.certificate == "certified to 1e-12"
    # the mass comes from the atom 2, whose potential is that of the upper atom
    assert slope.value == pytest.approx(tiny * ((5 - 1) ** 2 - (2 - 1) ** 2) / 2, rel=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_masses_over_three_hundred_orders_of_magnitude_leak_no_warning(seed):
    rng = np.random.default_rng([seed, 14])
    n, m = rng.integers(1, 9, 2)
    measures = []
    for size in (n, m, n):
        mass = 10.0 ** -rng.uniform(0, 309, size)
        measures.append(Measure(rng.normal(size=(size, 2)), mass / mass.sum()))
    mu, nu, rho = measures
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        band = otlec.potential_band(mu, nu)
        assert band.certificate == "certified to 1e-12"
        assert np.isfinite([*band.phi_low, *band.phi_high, *band.psi_low, *band.psi_high]).all()
        assert np.isfinite(otlec.derivative(mu, nu, rho).psi).all()
        best = otlec.barycenter(measures)
    atoms = np.concatenate([measure.points for measure in measures])
    assert (best.measure.points <= atoms.max(axis=0) + 1e-9).all()  # means of the atoms
    assert (best.measure.points >= atoms.min(axis=0) - 1e-9).all()


@pytest.mark.parametrize("share", [1e-30, 1e-125, 1e-296])
def test_a_barycenter_with_shares_close_to_0_is_certified(share):
    rng = np.random.default_rng(3)
    measures = [Measure(1e-60 * rng.normal(size=5), rng.dirichlet(np.ones(5))) for _ in range(3)]
    best = otlec.barycenter(measures, [share, 1.0, share])
    assert best.certificate == "certified to 1e-12"


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_of_gaussians_holds_from_everywhere_and_is_met_at_the_barycenter(seed):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(4, 3, 3))
    one, *Sigmas = roots @ roots.transpose(0, 2, 1)
    weights = rng.dirichlet(np.ones(3))
    best = otlec.gaussian_barycenter(Sigmas, weights)
    assert best.gap == pytest.approx(0, abs=1e-12 * best.objective)
    assert _lower_bound(one, Sigmas, weights) <= best.objective
    near = _lower_bound(best.covariance + 0.01 * one, Sigmas, weights)
    assert 0 < best.objective - near < 0.1 * best.objective
    means = rng.normal(size=(3, 3))
    moved = otlec.gaussian_barycenter(Sigmas, weights, means=means)
    assert moved.lower_bound - best.lower_bound == pytest.approx(
        float(weights @ ((means - weights @ means) ** 2).sum(axis=1))
    )


def test_a_singular_covariance_costs_the_bound_no_more_than_a_few_digits():
    best = otlec.gaussian_barycenter([np.eye(2), np.diag([1.0, 0.0]), np.diag([2.0, 3.0])])
    assert best.certificate == "certified to 1e-08"


def on_the_line(seed, lone):
    """A plan on the line, some of whose atoms have no mass, and its costs."""
    rng = np.random.default_rng(seed)
    x, y = (np.round(3 * rng.normal(size=n)) for n in (20, 25))
    a, b = (rng.dirichlet(np.ones(z.size)) * (rng.random(z.size) > lone) for z in (x, y))
    a[0] = b[0] = 1.0
    return otlec.transport_1d(x, y, a / a.sum(), b / b.sum()), cost_matrix(x, y)


@pytest.mark.parametrize("lone", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_pairs_beside_the_staircase_vouch_for_atoms_without_mass_too(seed, lone):
    plan, cost = on_the_line(seed, lone)
    costs = PointCosts(plan.source.points, plan.target.points, 2.0)
    assert costs.near((plan.rows, plan.cols), plan.phi, plan.psi, *[None] * 4)[-1]
    assert plan.certificate == str(otlec.verify(plan, cost)) == "certified to 1e-12"
    reduced = cost - plan.phi[:, None] - plan.psi
    for i in range(plan.a.size):
        phi = plan.phi.copy()
        phi[i] += reduced[i].min() + 0.5  # too high at one atom, with mass or without
        assert not judge(dataclasses.replace(plan, phi=phi), costs)
    for j in range(plan.b.size):
        psi = plan.psi.copy()
        psi[j] += reduced[:, j].min() + 0.5
        assert not judge(dataclasses.replace(plan, psi=psi), costs)


def test_a_potential_is_1_lipschitz_at_the_scale_of_each_pair():
    # what is far away has large values of f, which are rounded, and says nothing about the value
    mu = Measure([0.0, 0.3, 1e7], [0.5, 0.5, 0.0])
    f = otlec.kantorovich_rubinstein(mu, Measure([0.1, 0.2]))
    assert f.certificate == "certified to 1e-12"
    steeper = dataclasses.replace(f, values=(1 + 9e-7) * f.values)
    assert steeper.certificate == "certified to 1e-06"
    assert "1.001-Lipschitz" in dataclasses.replace(f, values=1.001 * f.values).certificate


def test_equal_gaussians_are_proved_at_the_scale_of_their_variance():
    S = np.array([[2.0, 0.3], [0.3, 1.0]])
    best = otlec.gaussian_barycenter([S, S, S])
    assert best.certificate.startswith("certified to 1e-12 of the variance")
    apart = otlec.gaussian_barycenter([S, 1.001 * S])
    assert apart.certificate.startswith("certified to 1e-")
    assert "variance" not in apart.certificate
    assert dataclasses.replace(best, objective=1.0).certificate.startswith("not certified")
