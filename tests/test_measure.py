"""Measures: what they hold, how they move, and that they never change."""

import copy
import pickle

import numpy as np
import pytest

from otlec import (
    Measure,
    assignment,
    barycenter,
    bottleneck,
    compose,
    derivative,
    gaussian_barycenter,
    glue,
    kantorovich_rubinstein,
    optimal_plan,
    potential_band,
    wasserstein,
)
from otlec.drawing import plot
from otlec.measure import measures_at

pytestmark = pytest.mark.without_numba  # 'make plain' runs it so


def test_weights_are_uniform_unless_given():
    mu = Measure([3.0, 1.0, 2.0, 2.0])
    np.testing.assert_array_equal(mu.weights, np.full(4, 0.25))
    assert mu.is_uniform
    assert (mu.size, mu.dim) == (4, 1)


def test_given_weights_may_be_uniform_too():
    assert Measure([0.0, 1.0, 2.0], np.full(3, 1 / 3)).is_uniform
    assert not Measure([0.0, 1.0], [0.4, 0.6]).is_uniform


@pytest.mark.parametrize(("shape", "dim"), [((5,), 1), ((5, 1), 1), ((5, 2), 2), ((5, 7), 7)])
def test_the_dimension_is_that_of_the_points(shape, dim):
    assert Measure(np.zeros(shape)).dim == dim


def test_weights_that_sum_to_one_but_for_rounding_are_normalised():
    mu = Measure([0.0, 1.0], [0.5, 0.5 + 1e-10])
    assert mu.weights.sum() == pytest.approx(1, abs=1e-16)


def test_weights_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match=r"weights must sum to 1, but their sum is 3.0; divide"):
        Measure([0.0, 1.0], [1, 2])


def test_a_measure_keeps_copies_that_cannot_be_written_to():
    x, a = np.arange(3.0), np.array([0.5, 0.25, 0.25])
    mu = Measure(x, a)
    x[0], a[0] = 7, 7
    assert mu.points[0] == 0
    assert mu.weights[0] == 0.5
    for array in (mu.points, mu.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_mean_and_integrals_are_weighted_sums():
    mu = Measure([[0.0, 0.0], [4.0, 8.0]], [0.75, 0.25])
    np.testing.assert_array_equal(mu.mean, [1, 2])
    assert mu.integral(lambda x: x[:, 1] ** 2) == 16
    assert Measure([1.0, 3.0]).mean == 2


@pytest.mark.statement("3.3")
def test_the_push_forward_moves_the_atoms_and_keeps_their_mass():
    mu = Measure([1.0, 2.0], [0.25, 0.75])
    nu = mu.push(lambda x: np.stack([x, x**2], axis=1))
    np.testing.assert_array_equal(nu.points, [[1, 1], [2, 4]])
    np.testing.assert_array_equal(nu.weights, mu.weights)


def test_integrals_of_a_push_forward_are_integrals_of_the_composition():
    mu = Measure(np.random.default_rng(0).random((9, 2)))
    T = lambda x: np.sin(x @ [[1.0, 2.0], [3.0, 4.0]])  # noqa: E731
    f = lambda x: x[:, 0] * x[:, 1]  # noqa: E731
    assert mu.push(T).integral(f) == pytest.approx(mu.integral(lambda x: f(T(x))), rel=1e-15)


def test_functions_of_the_wrong_shape_are_refused():
    mu = Measure([[0.0, 1.0], [2.0, 3.0]])
    with pytest.raises(ValueError, match=r"f must give one value a point, 2, not \(2, 2\)"):
        mu.integral(lambda x: x)
    with pytest.raises(ValueError, match=r"T must give one point a point, 2, not 1"):
        mu.push(lambda x: x[:1])


@pytest.mark.parametrize(
    ("mu", "text"),
    [
        (Measure([0.0]), "Measure(1 atom on the line)"),
        (Measure([0.0, 1.0]), "Measure(2 atoms of equal mass on the line)"),
        (Measure([[0.0, 1], [1, 1]], [0.2, 0.8]), "Measure(2 atoms of unequal mass in R^2)"),
    ],
)
def test_a_measure_says_what_it_is(mu, text):
    assert repr(mu) == text


def test_float32_weights_divided_by_their_sum_are_accepted():
    for seed in range(200):
        w = np.random.default_rng(seed).random(784).astype(np.float32)
        mu = Measure(np.arange(784.0), w / w.sum())
        assert mu.weights.sum() == pytest.approx(1, abs=1e-15)


def test_shorter_floats_that_miss_1_by_more_are_told_what_to_do():
    w = np.array([0.5, 0.5 + 1e-5], dtype=np.float32)
    with pytest.raises(ValueError, match=r"sum to 1.*w = w.astype\(float\); w / w.sum\(\)"):
        Measure([0.0, 1.0], w)
    with pytest.raises(ValueError, match=r"divide them by their sum first"):
        Measure([0.0, 1.0], [0.5, 0.5 + 1e-8])
    with pytest.raises(ValueError, match=r"w.astype\(float\)"):
        Measure([0.0, 1.0], np.array([0.3, 0.7004], dtype=np.float16))


@pytest.mark.parametrize("off", [1e-3, 1e-6, 1e-10])
def test_weights_that_differ_a_little_are_not_equal(off):
    mu = Measure([0.0, 1.0], [0.5 - off, 0.5 + off])
    assert not mu.is_uniform
    assert wasserstein(mu, Measure([0.0, 1.0]), 1) == pytest.approx(off, rel=1e-5)
    plane = Measure([[0.0, 0.0], [0.0, 1.0]], [0.5 - off, 0.5 + off])
    other = Measure([[0.0, 0.0], [0.0, 1.0]])
    assert wasserstein(plane, other, 1) == pytest.approx(off, rel=1e-5)


def results():
    mu, nu = Measure([[0.0, 0], [1, 2]], [0.25, 0.75]), Measure([[1.0, 1], [3, 0], [2, 2]])
    plan = optimal_plan(mu, nu)
    yield from (mu, plan, assignment(np.eye(2)), bottleneck(np.eye(2)), barycenter([mu, nu]))
    yield from (glue(plan, plan.matrix.T), compose(plan, plan.matrix.T), potential_band(mu, nu))
    yield from (derivative(mu, nu, mu), kantorovich_rubinstein(mu, nu), gaussian_barycenter([1.0]))


@pytest.mark.parametrize("result", list(results()), ids=lambda result: type(result).__name__)
def test_results_are_read_only_also_in_copies_and_from_a_pickle(result):
    for again in (result, pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        arrays = {k: v for k, v in vars(again).items() if isinstance(v, np.ndarray)}
        assert arrays
        for name, array in arrays.items():
            assert not array.flags.writeable, name
            np.testing.assert_array_equal(array, getattr(result, name))


def test_measures_of_one_and_two_dimensions_and_20_000_atoms_have_a_picture(monkeypatch):
    monkeypatch.setattr(plot, "png", lambda draw, what: b"a picture")
    for points in (np.zeros(20_000), np.zeros((3, 2))):
        assert Measure(points)._repr_png_() == b"a picture"
    for points in (np.zeros(20_001), np.zeros((3, 3))):
        assert Measure(points)._repr_png_() is None


def test_places_of_masses_lie_in_one_dimension():
    two = np.ones(2)
    source, target = measures_at((np.zeros((2, 3)), np.zeros((2, 3))), two, two)
    assert source.dim == target.dim == 3
    with pytest.raises(
        ValueError, match="points of a lie in dimension 3, those of b in dimension 1"
    ):
        measures_at((np.zeros((2, 3)), np.zeros(2)), two, two)
