"""What people who teach this ask for: kinds of tasks on public sheets, in one or two calls each.

Numbers with a source are those of the sheets; the other tasks are put in numbers of our own.
"""

import itertools

import numpy as np
import pytest
from scipy.stats import norm

import otlec
from otlec import Law, Measure

SUPPLY, DEMAND = np.array([50, 100, 150]), np.array([25, 115, 60, 30, 70])
FREIGHT = np.array([[10, 15, 20, 20, 40], [20, 40, 15, 30, 30], [30, 35, 40, 55, 25]])


def test_factories_supply_markets_at_least_freight():
    plan = otlec.transport(SUPPLY, DEMAND, FREIGHT)
    assert plan.value == 7225
    assert plan.certificate == "certified to 1e-12"
    np.testing.assert_array_equal(plan.matrix.sum(axis=0), DEMAND)


def test_shadow_prices_say_what_one_more_unit_costs():
    plan = otlec.transport(SUPPLY, DEMAND, FREIGHT)
    more = otlec.transport([50, 100, 151], [25, 115, 60, 30, 71], FREIGHT)
    assert more.value - plan.value <= plan.phi[2] + plan.psi[4] + 1e-9 <= 25 + 1e-9


def test_all_cheapest_shipments_are_listed():
    found = otlec.optimal_vertices(SUPPLY, DEMAND, FREIGHT)
    assert found.complete
    assert {plan.value for plan in found.plans} == {7225}
    assert all(plan.mass.size <= 3 + 5 - 1 for plan in found.plans)


def test_a_dearer_road_changes_the_plan_at_a_price():
    toll = np.zeros((3, 5))
    toll[1, 2] = 1  # per unit on the road from the second factory to the third market
    found = otlec.parametric_plans(SUPPLY, DEMAND, FREIGHT, toll, 0, 100)
    used = [plan.matrix[1, 2] for plan in found.plans]
    assert used[0] == 60
    assert (np.diff(used) < 0).all()  # the dearer the road, the less it is used
    assert found.breakpoints.size >= 1


def test_three_sites_swap_a_quarter():
    sites = np.arange(3.0)
    before, after = Measure(sites, [0.5, 0.25, 0.25]), Measure(sites, [0.25, 0.25, 0.5])
    assert otlec.wasserstein(before, after) ** 2 == pytest.approx(0.5, abs=1e-15)


def test_a_concave_cost_leaves_common_mass_where_it_is():
    before, after = Measure([0.0, 1.0]), Measure([1.0, 2.0])
    plan = otlec.optimal_plan(before, after, cost=lambda x, y: abs(x[:, None] - y) ** 0.5)
    assert plan.value == pytest.approx(1 / np.sqrt(2))
    np.testing.assert_allclose(plan.matrix, [[0, 0.5], [0.5, 0]])


def test_sand_with_a_step_is_carried_to_its_mirror_image():
    x, y = (np.arange(30) + 0.5) / 10, (np.arange(20) + 0.5) / 10  # cells of [0, 3] x [0, 2]
    x, y = (axis.ravel() for axis in np.meshgrid(x, y, indexing="ij"))
    heavy = (x < 1) | ((x < 2) & (y < 1))
    mass = np.where(heavy, 2, 1) / 9 / 100  # densities 2/9 and 1/9, cells of area 1/100
    pile = Measure(np.stack([x, y], axis=1), mass / mass.sum())
    mirror = pile.push(lambda points: np.array([3.0, 2.0]) * [1, 0] + points * [-1, 1])
    assert otlec.wasserstein(pile, mirror, 1) == pytest.approx(4 / 9, rel=1e-9)


def test_two_gaussians_with_correlations():
    first, second = [[1, 0.3], [0.3, 0.5]], [[0.6, -0.4], [-0.4, 1.5]]
    distance = otlec.gaussian_distance(first, second, [0, 0], [3, 1])
    assert distance == pytest.approx(3.2597065104, abs=1e-10)


def test_the_mean_of_three_hills_on_a_grid():
    grid = np.linspace(-5, 8, 81)
    hills = [norm.pdf(grid, m, s) for m, s in ((-3, 0.6), (0.75, 0.8), (4, 1))]
    measures = [Measure(grid, hill / hill.sum()) for hill in hills]
    result = otlec.barycenter(measures, [0.4, 0.4, 0.2], support=grid)
    assert result.objective == pytest.approx(7.039669, abs=5e-7)


def test_five_midpoints_stand_for_the_uniform_law():
    midpoints, uniform = Measure([0.1, 0.3, 0.5, 0.7, 0.9]), Law([0.0], [1.0])
    assert otlec.wasserstein(midpoints, uniform, 1) == pytest.approx(0.05)
    assert otlec.wasserstein(midpoints, uniform, 2) == pytest.approx(1 / np.sqrt(300))


def test_a_map_by_hand_is_checked_exactly():
    """From density 3/4 on [0, 2/3] and 3/2 on [2/3, 1] to the uniform law: T = F."""
    steep, uniform = Law.from_density([0, 2 / 3, 1], [0.5, 0.5]), Law([0.0], [1.0])
    x = np.linspace(0, 1, 7)
    by_hand = np.where(x < 2 / 3, 3 * x / 4, 0.5 + 3 * (x - 2 / 3) / 2)
    np.testing.assert_allclose(otlec.optimal_plan(steep, uniform).map(x), by_hand)


def test_a_point_spread_evenly_costs_its_second_moment():
    assert otlec.wasserstein(Measure([0.0]), Law([0.0], [1.0])) == pytest.approx(1 / np.sqrt(3))


def test_an_exponential_law_is_stretched():
    """Q(s) = -log(1 - s) by its chords, and its double: W_2 is the root of the second moment."""
    levels = np.append(1 - np.exp(-np.linspace(0, 12, 2000)), 1.0)
    quantiles = lambda s: -np.log1p(-np.minimum(s, levels[-2]))  # noqa: E731
    one = Law.from_quantiles(quantiles, levels)
    two = Law.from_quantiles(lambda s: 2 * quantiles(s), levels)
    assert otlec.wasserstein(one, two) == pytest.approx(np.sqrt(2), rel=1e-3)


def test_halfway_between_two_densities_is_a_density():
    plan = otlec.optimal_plan(Law([0.0], [1.0]), Law([2.0], [5.0]))
    np.testing.assert_allclose(otlec.geodesic(plan, 0.5).density([0.5, 1.5, 2.9]), [0, 0.5, 0.5])


def test_loaves_go_to_cafes_in_whole_numbers():
    """441 loaves from eight bakeries to five cafes: totals other than 1, and integers all along."""
    rng = np.random.default_rng(8)
    bakeries, cafes = rng.random((8, 2)), rng.random((5, 2))
    baked, eaten = rng.multinomial(441, np.ones(8) / 8), rng.multinomial(441, np.ones(5) / 5)
    plan = otlec.transport(baked, eaten, otlec.cost_matrix(bakeries, cafes, 1))
    np.testing.assert_allclose(plan.mass, np.round(plan.mass), rtol=1e-14)
    assert plan.mass.sum() == pytest.approx(441, rel=1e-14)
    assert plan.map(cafes).points.shape == (8, 2)


def test_a_matching_of_people_and_tasks_is_a_permutation():
    hours = np.array([[9.0, 2, 7], [6, 4, 3], [5, 8, 1]])
    best = otlec.assignment(hours)
    by_hand = min(itertools.permutations(range(3)), key=lambda s: hours[range(3), s].sum())
    assert tuple(best.permutation) == by_hand
    relaxed = otlec.transport(np.ones(3), np.ones(3), hours)  # Birkhoff: a vertex is one
    np.testing.assert_array_equal(relaxed.permutation, best.permutation)


def test_colours_of_one_picture_are_sent_to_those_of_another():
    rng = np.random.default_rng(1)
    sunset, sea = rng.random((40, 3)) * [1, 0.5, 0.2], rng.random((50, 3)) * [0.2, 0.5, 1]
    recoloured = otlec.optimal_plan(Measure(sunset), Measure(sea)).map().points
    assert recoloured.shape == sunset.shape
    np.testing.assert_allclose(recoloured.mean(axis=0), sea.mean(axis=0))  # the mean arrives


def test_how_often_is_the_nearest_point_the_partner():
    """A frequency over a hundred random instances."""
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(100):
        cost = otlec.cost_matrix(*rng.random((2, 20, 2)))
        shares.append(np.mean(otlec.assignment(cost).permutation == cost.argmin(axis=1)))
    assert 0.3 < np.mean(shares) < 0.7


def test_the_longest_walk_is_made_as_short_as_can_be():
    homes, schools = np.array([[0.0, 0], [0, 1], [4, 0]]), np.array([[0.0, 2], [3, 0]])
    walks = otlec.bottleneck_transport([10, 20, 15], [25, 20], otlec.cost_matrix(homes, schools, 1))
    assert walks.value == 3  # five children at least walk from the first home to the second school
    assert walks.excess > 0


def test_points_of_three_clouds_meet_at_an_exact_mean():
    rng = np.random.default_rng(3)
    clouds = [Measure(rng.random((6, 2))) for _ in range(3)]
    result = otlec.barycenter(clouds, exact=True)
    assert result.certificate.startswith("certified")


def test_0_1_costs_are_the_total_variation():
    a, b = np.array([0.2, 0.5, 0.3]), np.array([0.4, 0.1, 0.5])
    assert otlec.transport(a, b, 1 - np.eye(3)).value == pytest.approx(np.abs(a - b).sum() / 2)


def test_the_square_of_the_distance_is_not_convex_along_geodesics():
    fixed = Measure([[-1.0, 0.0], [1.0, 0.0]])
    start, end = Measure([[-1.0, 1.0], [1.0, -1.0]]), Measure([[1.0, 1.0], [-1.0, -1.0]])
    plan = otlec.transport([0.5, 0.5], [0.5, 0.5], np.eye(2)[::-1])  # each point keeps its height
    squares = []
    for t in (0.0, 0.5, 1.0):
        middle = otlec.interpolation(plan, start, end, t)
        squares.append(otlec.wasserstein(fixed, middle) ** 2)
    assert squares == pytest.approx([1, 2, 1])
