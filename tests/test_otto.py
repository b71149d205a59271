"""Otto's metric: closed forms, the limit of W_2, and the Helmholtz decomposition."""

import numpy as np
import pytest
import scipy.sparse.linalg

import otlec
from otlec.dynamics import otto, staggered_grid


def _centres(n):
    return (np.arange(n) + 0.5) / n


@pytest.mark.statement("riemannian")
@pytest.mark.parametrize("k", [1, 2, 5])
def test_on_the_uniform_density_a_cosine_has_norm_squared_1_over_2_pi_k_squared(k):
    ripple = np.cos(np.pi * k * _centres(512))
    exact = 1 / (2 * np.pi**2 * k**2)
    assert otlec.tangent_norm(np.ones(512), ripple) ** 2 == pytest.approx(exact, rel=1e-4)
    plane = np.repeat(ripple[::8, None], 5, axis=1)
    coarse = otlec.tangent_norm(np.ones(64), ripple[::8] - ripple[::8].mean())
    assert otlec.tangent_norm(np.ones((64, 5)), plane - plane.mean()) == pytest.approx(
        coarse, rel=1e-12
    )


@pytest.mark.statement("riemannian")
def test_the_norm_is_the_limit_of_w_2_over_h():
    k, h = 2, 1e-3
    F, G = (lambda x: 0.2 * x + 0.8 * x**2), (lambda x: np.sin(np.pi * k * x) / (np.pi * k))
    x, levels = np.linspace(0, 1, 200_001), (np.arange(20_000) + 0.5) / 20_000
    Q0, Q1 = np.interp(levels, F(x), x), np.interp(levels, F(x) + h * G(x), x)
    y = _centres(1024)
    norm = otlec.tangent_norm(0.2 + 1.6 * y, np.cos(np.pi * k * y))
    assert np.sqrt(np.mean((Q0 - Q1) ** 2)) / h == pytest.approx(norm, rel=1e-3)


@pytest.mark.statement("riemannian")
def test_the_velocity_causes_the_change_and_no_other_field_is_cheaper():
    rng = np.random.default_rng(0)
    rho, change = 0.5 + rng.random((7, 9)), rng.standard_normal((7, 9))
    change -= change.mean()
    tangent = otlec.tangent(rho, change)
    weights = otto.face_density(rho)
    flux = [w * v for w, v in zip(weights, tangent.velocity, strict=True)]
    np.testing.assert_allclose(-staggered_grid.divergence(flux), change, atol=1e-11)
    # a flux around one corner moves nothing
    loop = [np.zeros_like(w) for w in weights]
    loop[0][3, 4:6] = [1 / 7, -1 / 7]
    loop[1][2:4, 5] = [-1 / 9, 1 / 9]
    assert np.abs(staggered_grid.divergence(loop)).max() < 1e-14
    swirl = [
        np.divide(m, w, out=np.zeros_like(m), where=w > 0)
        for m, w in zip(loop, weights, strict=True)
    ]
    assert otto.inner_product(swirl, tangent.velocity, rho) == pytest.approx(0, abs=1e-13)
    other = [v + u for v, u in zip(tangent.velocity, swirl, strict=True)]
    assert otto.inner_product(other, other, rho) == pytest.approx(
        tangent.norm**2 + otto.inner_product(swirl, swirl, rho)
    )


@pytest.mark.statement("riemannian")
def test_a_gaussian_swirl_adds_two_e_squared_sigma_squared_and_moves_nothing():
    n, sigma, e = 96, 0.1, 0.7
    x, walls = _centres(n) - 0.5, np.linspace(-0.5, 0.5, n + 1)
    rho = np.exp(-(x[:, None] ** 2 + x**2) / (2 * sigma**2))
    rho /= rho.mean()
    stretch = (np.repeat(walls[:, None], n, 1), np.zeros((n, n + 1)))  # the gradient of x^2 / 2
    swirl = (np.repeat(-e * x[None], n + 1, 0), np.repeat(e * x[:, None], n + 1, 1))
    both = tuple(a + b for a, b in zip(stretch, swirl, strict=True))
    split = otlec.helmholtz(both, rho)
    weights = otto.face_density(rho)
    moved = staggered_grid.divergence([w * u for w, u in zip(weights, split.rest, strict=True)])
    assert np.abs(moved).max() < 1e-8
    assert otto.inner_product(split.gradient, split.rest, rho) == pytest.approx(0, abs=1e-12)
    added = otto.inner_product(split.rest, split.rest, rho)
    assert added == pytest.approx(2 * e**2 * sigma**2, rel=5e-3)
    for a, b in zip(both, split.gradient, strict=True):
        inside = np.s_[20:-20, 20:-20]
        rest = split.rest[0] if a.shape == (n + 1, n) else split.rest[1]
        np.testing.assert_allclose((a - b)[inside], rest[inside], atol=1e-12)


def test_on_the_line_every_field_is_a_gradient():
    v = np.random.default_rng(1).standard_normal(9)
    split = otlec.helmholtz(v, np.ones(8))
    np.testing.assert_allclose(split.rest[0], 0, atol=1e-12)
    np.testing.assert_allclose(split.gradient[0][1:-1], v[1:-1], atol=1e-12)
    np.testing.assert_allclose(8 * np.diff(split.potential), v[1:-1], atol=1e-12)


@pytest.mark.statement("riemannian")
def test_the_norm_blows_up_as_the_bridge_gets_thin():
    third = np.arange(48) * 3 // 48
    change = np.select([third == 0, third == 2], [-1.0, 1.0])
    norms = [
        otlec.tangent_norm(np.where(third == 1, thin, 1.0), change) ** 2
        for thin in (1e-1, 1e-2, 1e-3)
    ]
    np.testing.assert_allclose(np.diff(norms), [10 / 27 * 9, 100 / 27 * 9], rtol=0.2)
    with pytest.raises(ValueError, match="across vacuum"):
        otlec.tangent_norm(np.where(third == 1, 0.0, 1.0), change)
    plane = np.repeat(np.where(third == 1, 0.0, 1.0)[:, None], 4, 1)
    with pytest.raises(ValueError, match="across vacuum"):
        otlec.tangent_norm(plane, np.repeat(change[:, None], 4, 1))


def test_two_islands_may_each_change_within():
    rho = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 1.0])[:, None] * np.ones(3)
    change = np.array([1.0, -1.0, 0.0, 0.0, 2.0, -2.0])[:, None] * np.ones(3)
    line = otlec.tangent_norm(rho[:, 0], change[:, 0])
    assert otlec.tangent_norm(rho, change) == pytest.approx(line)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: otlec.tangent(np.ones(4), np.ones(4)), "mean 0"),
        (lambda: otlec.tangent(np.ones(4), np.zeros(3)), "shape of rho"),
        (lambda: otlec.tangent([1.0, 0.0, 1.0], [1.0, -1.0, 0.0]), "vacuum"),
        (lambda: otlec.tangent([1.0, -1.0], [1.0, -1.0]), "non-negative"),
        (lambda: otlec.tangent(np.ones((2, 2, 2)), np.zeros((2, 2, 2))), "shape"),
        (lambda: otlec.helmholtz((np.ones(4),), np.ones((3, 3))), "one array an axis"),
        (lambda: otlec.helmholtz(np.ones(4), np.ones(4)), "on the faces"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_the_factorisation_gets_wrong_is_refined_once(monkeypatch):
    splu = scipy.sparse.linalg.splu

    class Rough:
        def __init__(self, *args, **kwargs):
            self.factor = splu(*args, **kwargs)

        def solve(self, b):
            return self.factor.solve(b) * (1 + 1e-5 * np.cos(np.arange(b.size)))

    rng = np.random.default_rng(0)
    rho, change = 0.5 + rng.random((8, 8)), rng.standard_normal((8, 8))
    change -= change.mean()
    expected = otlec.tangent(rho, change).norm
    monkeypatch.setattr(scipy.sparse.linalg, "splu", Rough)
    assert otlec.tangent(rho, change).norm == pytest.approx(expected, rel=1e-8)


def test_no_change_has_norm_0():
    assert otlec.tangent(np.ones(5), np.zeros(5)).norm == 0
