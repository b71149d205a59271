"""A certificate looks at the plan, at the prices, and at both values, each at its own scale."""

import dataclasses
import pickle
from fractions import Fraction

import naive
import numpy as np
import pytest

from otlec import (
    Assignment,
    Measure,
    Plan,
    assignment,
    barycenter,
    bottleneck,
    cost_matrix,
    glue,
    kantorovich_rubinstein,
    optimal_plan,
    transport,
    verify,
)
from otlec import evidence as evidence_module
from otlec.certificate import judge, read
from otlec.continued import continued, parts_of, residual
from otlec.evidence import MatrixCosts, PointCosts, _near
from otlec.solvers.bottleneck_transport import bottleneck_transport

HALF = np.full(2, 0.5)
SWAP = np.array([[0.0, 1.0], [1.0, 0.0]])
TWO = np.arange(2)


def plan_by_hand(cols=TWO, mass=HALF, value=0.0, phi=(0.0, 0.0), psi=(0.0, 0.0)):
    return Plan(
        HALF, HALF, TWO, np.array(cols), np.array(mass), value, np.array(phi), np.array(psi)
    )


def test_a_plan_by_hand_is_certified_only_once_it_was_checked():
    plan = plan_by_hand()
    assert plan.certificate.startswith("not certified: the cost is not known here")
    assert str(verify(plan, SWAP)) == "certified to 1e-12"


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (plan_by_hand([1, 0], value=1.0, phi=(1.0, 1.0)), "phi + psi exceeds the cost by 1"),
        (plan_by_hand([1, 0], value=1.0), "the value exceeds what the potentials earn by 1"),
        (plan_by_hand(mass=[0.5, 0.25]), "the marginals are missed by 0.25"),
        (plan_by_hand([0, 0]), "the marginals are missed by 0.5"),
        (plan_by_hand(phi=(5e-10, 5e-10)), "the dual value is above the primal one"),
        (plan_by_hand(value=-1e-3), "the value exceeds"),
        (plan_by_hand(value=np.nan), "the value is nan"),
        (plan_by_hand(mass=[np.nan, 0.5]), "a mass of the plan is negative, nan or infinite"),
        (plan_by_hand(mass=[1.0, -0.5]), "a mass of the plan is negative, nan or infinite"),
        (plan_by_hand(phi=(np.nan, 0.0)), "a potential is nan or infinite"),
        (plan_by_hand(phi=(-np.inf, 0.0)), "a potential is nan or infinite"),
        (plan_by_hand([2, 0]), "an entry of the plan lies outside of it"),
    ],
)
def test_a_wrong_plan_is_refused_with_the_reason(plan, reason):
    certificate = verify(plan, SWAP)
    assert not certificate.holds
    assert str(certificate).startswith(f"not certified: {reason}")
    assert repr(certificate)
    assert repr(plan)
    assert isinstance(plan.gap, float)


def test_a_forbidden_pair_that_carries_mass_is_refused():
    cost = np.array([[np.inf, 1.0], [1.0, 0.0]])
    assert "a forbidden pair carries mass" in str(verify(plan_by_hand(), cost))
    assert verify(plan_by_hand([1, 0], value=1.0, phi=(1.0, 0.0), psi=(1.0, 0.0)), cost).holds


def test_a_wrong_permutation_is_refused():
    twice = Assignment(np.zeros(2, np.int64), 1.0, np.zeros(2), np.zeros(2))
    assert "the marginals are missed by 1" in str(verify(twice, SWAP))
    crossed = Assignment(np.array([1, 0]), 2.0, np.zeros(2), np.zeros(2))
    assert "the value exceeds what the potentials earn by 2" in str(verify(crossed, SWAP))


def test_a_change_of_a_plan_changes_its_certificate():
    rng = np.random.default_rng(3)
    plan = transport(rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(6)), rng.random((5, 6)))
    assert plan.certificate == "certified to 1e-12"
    for change in (
        {"value": plan.value * 1.01},
        {"phi": plan.phi + 1e-3},
        {"mass": np.roll(plan.mass, 1)},
        {"cols": np.roll(plan.cols, 1)},
        {"b": np.roll(plan.b, 1)},
    ):
        assert dataclasses.replace(plan, **change).certificate.startswith("not certified")
    nearly = dataclasses.replace(plan, value=plan.value * (1 + 3e-10))
    assert nearly.certificate == "certified to 1e-09"


def test_a_certificate_survives_pickling():
    plan = optimal_plan(Measure([[0.0, 1], [2, 3]]), Measure([[0.0, 0], [1, 1], [2, 2]]))
    assert pickle.loads(pickle.dumps(plan)).certificate == plan.certificate == "certified to 1e-12"


def test_each_part_of_a_plan_is_judged_at_its_own_scale():
    # two problems side by side: in the cheap one the plan is the wrong one
    cost = np.full((4, 4), 1e9)
    cost[:2, :2], cost[2:, 2:] = 1e6 * (1 + SWAP), 1e-6 * (1 + SWAP)
    quarter, four = np.full(4, 0.25), np.arange(4)
    value = float(quarter @ cost[four, four])
    right = Plan(quarter, quarter, four, four, quarter, value, cost[four, four], np.zeros(4))
    assert str(verify(right, cost)) == "certified to 1e-12"
    wrong = [0, 1, 3, 2]
    value = float(quarter @ cost[four, wrong])
    wrong = Plan(quarter, quarter, four, np.array(wrong), quarter, value, right.phi, right.psi)
    certificate = verify(wrong, cost)
    assert not certificate.holds
    assert abs(certificate.gap) < 1e-11 * certificate.scale
    assert certificate.parts == 4


def test_potentials_are_continued_where_their_digits_do_not_suffice():
    # clouds a billionth apart: the value is 1e-18, far below the rounding of potentials near 1
    rng = np.random.default_rng(0)
    x = rng.random((30, 2))
    y = x + 1e-9 * rng.random((30, 2))
    cost = cost_matrix(x, y)
    best = assignment(cost)
    lifted = dataclasses.replace(best, phi=best.phi + 0.1, psi=best.psi - 0.1)
    assert np.abs(lifted.phi + lifted.psi).max() == 0  # of the costs nothing is left
    assert str(verify(best, cost)) == str(verify(lifted, cost)) == "certified to 1e-12"
    swapped = np.array([1, 0, *range(2, 30)])
    value = float(cost[np.arange(30), best.permutation[swapped]].sum())
    worse = Assignment(best.permutation[swapped], value, lifted.phi, lifted.psi)
    assert not verify(worse, cost).holds


def test_what_the_costs_forbid_to_tell_apart_is_no_failure():
    # 0.3 and 0.1 + 0.2: a tie, up to the rounding of the costs themselves
    plan = transport([0.5, 0.5], [0.5, 0.5], [[0.3, 0.1 + 0.2], [0.1 + 0.2, 0.3]])
    assert plan.certificate == "certified to 1e-12"


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_certificates_do_not_depend_on_the_unit_of_the_costs(scale):
    cost = scale * np.random.default_rng(1).random((6, 6))
    best = assignment(cost)
    assert str(verify(best, cost)) == "certified to 1e-12"
    worse = best.permutation[[1, 0, 2, 3, 4, 5]]
    value = float(cost[np.arange(6), worse].sum())
    assert not verify(Assignment(worse, value, best.phi, best.psi), cost).holds


def test_a_certified_value_is_right_to_what_the_certificate_says():
    rng = np.random.default_rng(2)
    for _ in range(300):
        cost = 10.0 ** rng.uniform(-8, 8, (4, 4)) * rng.integers(0, 3, (4, 4))
        best = assignment(cost)
        potential = rng.permutation(4) if rng.random() < 0.5 else best.permutation
        value = float(cost[np.arange(4), potential].sum())
        certificate = verify(Assignment(potential, value, best.phi, best.psi), cost)
        least = naive.assignment_value(cost)
        if certificate.holds:
            assert value <= least * (1 + 1e-12) + certificate.error * certificate.scale


def test_verify_asks_for_a_plan_and_its_matrix():
    with pytest.raises(TypeError, match=r"plan must be an otlec.Plan or Assignment, .* ndarray"):
        verify(SWAP, SWAP)
    with pytest.raises(ValueError, match=r"cost must have shape \(2, 2\)"):
        verify(plan_by_hand(), np.zeros((2, 3)))


def test_a_bottleneck_is_proved_by_its_block():
    cost = np.random.default_rng(4).random((9, 9))
    best = bottleneck(cost)
    assert best.certificate == str(verify(best, cost)) == "certified to 1e-12"
    assert best.gap == 0
    without = dataclasses.replace(best)
    assert without.certificate.startswith("not certified: the cost is not known")
    assert np.isnan(without.gap)
    for change, reason in (
        ({"value": best.value * 0.9}, "the dearest pair costs"),
        ({"permutation": np.zeros(9, np.int64)}, "the marginals are missed"),
        ({"rows": best.rows[1:]}, "the block is too small"),
        ({"cols": np.arange(9), "rows": np.arange(9)}, "a pair of the block is cheaper"),
    ):
        certificate = verify(dataclasses.replace(best, **change), cost)
        assert not certificate.holds
        if change.get("permutation") is None:
            assert reason in str(certificate)
    with pytest.raises(ValueError, match=r"cost must have shape \(9, 9\)"):
        verify(best, np.zeros((2, 2)))


def test_a_block_of_a_whole_side_proves_a_bottleneck_however_light_it_is():
    # the second row is dear everywhere; it has 1e-17 of the mass, less than a rounding of the whole
    cost = np.array([[1.0, 1.0], [5.0, 5.0]])
    best = bottleneck_transport(np.array([1.0, 1e-17]), HALF, cost)
    assert best.value == 5.0
    assert str(verify(best, cost)) == "certified to 1e-12"


def test_a_plan_without_mass_is_no_plan():
    nothing = dataclasses.replace(plan_by_hand(mass=np.zeros(2)), a=np.zeros(2), b=np.zeros(2))
    assert str(verify(nothing, SWAP)) == "not certified: the mass is not positive and finite"


def test_a_bottleneck_of_any_masses_is_proved_by_its_block():
    rng = np.random.default_rng(5)
    a, b, cost = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(7)), rng.random((5, 7))
    best = bottleneck_transport(a, b, cost)
    assert best.certificate == str(verify(best, cost)) == "certified to 1e-12"
    light = dataclasses.replace(best, block_rows=best.block_rows[:0])
    assert not verify(light, cost).holds
    leaky = dataclasses.replace(best, mass=best.mass * 0.5)
    assert "the marginals are missed" in str(verify(leaky, cost))


def test_a_gluing_says_whether_it_has_both_plans():
    rng = np.random.default_rng(6)
    one, two = rng.random((3, 4)), rng.random((4, 5))
    two *= (one.sum(axis=0) / two.sum(axis=1))[:, None]
    sigma = glue(one, two)
    assert sigma.certificate == "certified to 1e-12"
    assert dataclasses.replace(sigma, mass=sigma.mass * 2).certificate.startswith("not certified")
    one[0, 0] *= 1 + 3e-10  # middle marginals agree to 1e-9 only: so does the gluing
    assert glue(one, two).certificate in ("certified to 1e-10", "certified to 1e-11")


def test_a_lipschitz_potential_proves_the_distance():
    rng = np.random.default_rng(7)
    f = kantorovich_rubinstein(Measure(rng.random((6, 2))), Measure(rng.random((8, 2))))
    assert f.certificate == "certified to 1e-12"
    steep = dataclasses.replace(f, values=2 * f.values)
    assert steep.certificate.startswith("not certified: f is")
    flat = dataclasses.replace(f, values=0.5 * f.values)
    assert flat.certificate.startswith("not certified: the value exceeds")


def test_a_barycenter_is_certified_by_its_bound():
    measures = [Measure([0.0, 1.0]), Measure([2.0, 5.0]), Measure([1.0, 7.0])]
    best = barycenter(measures)
    assert best.certificate == "certified to 1e-12"

    def as_if_computed(**changes):
        result = dataclasses.replace(best, **changes)
        object.__setattr__(result, "is_proved", True)
        return result.certificate

    assert as_if_computed() == best.certificate
    below = as_if_computed(lower_bound=best.objective / 2)
    assert below == "at most 50 % above the least objective"
    above = as_if_computed(lower_bound=best.objective * (1 + 1e-6))
    assert "the lower bound exceeds the objective" in above
    assert as_if_computed(objective=2 * best.objective).startswith("not certified: the plans cost")
    for plan in (
        dataclasses.replace(best.plans[0], phi=best.plans[0].phi + 1),
        dataclasses.replace(best.plans[0], mass=0.75 * best.plans[0].mass),
    ):
        plans = (plan, *best.plans[1:])
        assert as_if_computed(plans=plans).startswith("not certified")


@pytest.mark.parametrize(
    "changes",
    [
        {"lower_bound": np.nan},
        {"lower_bound": 4.0},
        {"measure": Measure([0.0, 9.0])},
        {"weights": np.array([1.0, 0.0, 0.0])},
        {"plans": ()},
    ],
)
def test_a_barycenter_with_other_contents_is_not_believed(changes):
    best = barycenter([Measure([0.0, 1.0]), Measure([2.0, 5.0]), Measure([1.0, 7.0])])
    assert dataclasses.replace(best, **changes).certificate.startswith("not certified")
    assert pickle.loads(pickle.dumps(best)).certificate == "certified to 1e-12"


def cloud(seed, n=6):
    rng = np.random.default_rng(seed)
    return Measure(rng.normal(size=(n, 2)))


def test_a_block_with_a_line_twice_proves_nothing():
    cost = np.arange(36.0).reshape(6, 6)
    best = bottleneck_transport(np.full(6, 1 / 6), np.full(6, 1 / 6), cost)
    i, j = np.array([5] * 7), np.array([5] * 7)  # the dearest pair alone, counted seven times
    dear = dataclasses.replace(best, value=35.0, block_rows=i, block_cols=j)
    dear = dataclasses.replace(dear, rows=np.arange(6), cols=np.arange(6), mass=np.full(6, 1 / 6))
    assert (
        str(verify(dear, cost))
        == "not certified: the block is too small: a plan may keep out of it"
    )
    one = dataclasses.replace(
        bottleneck(cost), rows=i, cols=j, value=35.0, permutation=np.arange(6)
    )
    assert str(verify(one, cost)).startswith("not certified: the block is too small")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("permutation", lambda old: old + 100),
        ("permutation", lambda old: old - 6),
        ("permutation", lambda old: old[:0]),
        ("permutation", lambda old: old.astype(float)),
        ("rows", lambda old: old + 100),
        ("cols", lambda old: old - 6),
        ("cols", lambda old: old * np.nan),
    ],
)
def test_no_contents_of_a_bottleneck_raise_in_verify(field, change):
    rng = np.random.default_rng(0)
    cost = rng.random((6, 6))
    best = bottleneck(cost)
    broken = dataclasses.replace(best, **{field: change(getattr(best, field))})
    assert str(verify(broken, cost)).startswith("not certified")


def verify_or_shape(plan, mu, nu):
    return plan.phi.size == mu.size and bool(verify(plan, cost_matrix(mu.points, nu.points)))


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: {"rows": plan.rows.astype(float)},
        lambda plan: {"cols": plan.cols - 6},
        lambda plan: {"phi": plan.phi[:3]},
        lambda plan: {"a": plan.a[:3]},
        lambda plan: {"mass": plan.mass[:3]},
        lambda plan: {"value": np.nan},
        lambda plan: {"psi": plan.psi + np.inf},
    ],
)
def test_no_contents_of_a_plan_raise(change):
    mu, nu = cloud(0), cloud(1)
    plan = optimal_plan(mu, nu)
    broken = dataclasses.replace(plan, **change(plan))
    assert broken.certificate.startswith("not certified")
    assert not verify_or_shape(broken, mu, nu)
    assert isinstance(broken.gap, float)
    assert repr(broken).startswith("Plan(")


@pytest.mark.parametrize(
    "change", [{"p": 1.0}, {"source": cloud(2)}, {"target": cloud(2)}, {"source": cloud(2, 5)}]
)
def test_a_distance_is_certified_for_its_own_points_and_exponent_only(change):
    plan = optimal_plan(cloud(0), cloud(1))
    assert plan.certificate == "certified to 1e-12"
    other = dataclasses.replace(plan, **change)
    assert other.certificate.startswith("not certified: its costs are not |x - y|^p")


def test_what_was_read_of_the_costs_cannot_be_changed():
    cost = np.random.default_rng(3).random((4, 4))
    plan = Plan.from_matrix(np.eye(4), cost)
    before = plan.certificate
    cost[:] = 0
    assert plan.certificate == before
    with pytest.raises(ValueError, match="read-only"):
        transport(HALF, HALF, SWAP).evidence.costs[0] = 7


def test_a_plan_from_elsewhere_has_the_marginals_of_its_measures():
    mu, nu = cloud(0), cloud(1)
    cost = cost_matrix(mu.points, nu.points)
    with pytest.raises(ValueError, match="gamma must have a positive finite sum"):
        Plan.from_matrix(0 * cost, cost)
    with pytest.raises(ValueError, match="source has 5 atoms, but gamma 6"):
        Plan.from_matrix(np.eye(6) / 6, cost, source=cloud(0, 5))
    with pytest.raises(TypeError, match=r"source must be an otlec\.Measure, but it is a ndarray"):
        Plan.from_matrix(np.eye(6) / 6, cost, source=np.zeros((6, 2)))
    with pytest.raises(ValueError, match=r"miss the weights of target by 0\.0833"):
        Plan.from_matrix(np.diag([1, 2, 3, 2, 2, 2]) / 12, cost, target=nu)


def test_a_certificate_counts_its_parts():
    two = repr(verify(plan_by_hand(), SWAP))
    assert two.endswith("in 2 parts)")
    assert "of the mean cost of a part\n" in two
    plan = transport(HALF, [1.0], SWAP[:, :1])
    one = repr(verify(plan, SWAP[:, :1]))
    assert one.endswith("in 1 part)")
    assert "of the mean cost\n" in one


def test_all_pairs_that_are_nearly_tight_are_listed_and_no_others():
    rng = np.random.default_rng(8)
    cost, phi, psi = rng.random((9, 12)), rng.random(9) / 4, rng.random(12) / 4
    room, reach = rng.normal(size=9) / 8, rng.random(12) / 8
    reduced = cost - phi[:, None] - psi
    for strict in (False, True):
        expected = np.nonzero((reduced < room[:, None] + reach) & ((reduced < 0) | (not strict)))
        i, j, costs = _near(cost, phi, psi, room, reach, strict)
        np.testing.assert_array_equal((i, j), expected)
        np.testing.assert_array_equal(costs, cost[expected])


def with_a_shift(back=5.0):
    """A plan of two parts whose potentials have few digits; one part has to be lowered by 1."""
    far, cost = 2.0**20, np.array([[1.0, 1.0], [back, 2.0]])
    return plan_by_hand(value=1.5, phi=(far, far), psi=(2 - far, 2 - far)), cost


@pytest.mark.parametrize("back", [5.0, 2.0])  # both ways round cost the same, to the last bit
def test_continued_potentials_are_those_whose_reduced_costs_are_judged(back):
    plan, cost = with_a_shift(back)
    evidence = read(plan, MatrixCosts(cost))
    parts = parts_of(plan.rows, plan.cols, plan.mass, evidence.costs, plan.phi, plan.psi)
    slack, pairs, shift_phi, shift_psi = continued(parts, evidence, plan.phi, plan.psi)
    np.testing.assert_allclose(shift_phi, [-1.0, 0.0], atol=1e-9)
    reduced = cost - (plan.phi + shift_phi)[:, None] - (plan.psi + shift_psi)
    np.testing.assert_allclose(pairs, reduced[evidence.i, evidence.j], atol=1e-9)
    np.testing.assert_allclose(slack, reduced[plan.rows, plan.cols], atol=1e-9)


def test_a_shift_that_takes_all_the_room_may_hide_a_rounding_of_the_potential():
    plan, cost = with_a_shift()
    evidence = read(plan, MatrixCosts(cost))
    parts = parts_of(plan.rows, plan.cols, plan.mass, evidence.costs, plan.phi, plan.psi)
    shift_phi, shift_psi = (np.abs(s) for s in continued(parts, evidence, plan.phi, plan.psi)[2:])
    just = dataclasses.replace(evidence, room=shift_phi, reach=shift_psi)
    # of the first row, whose part has the mean cost 1; the other potentials stay as they are
    assert judge(plan, just).violation_relative == pytest.approx(2.0**-52 * 2.0**20)
    ample = dataclasses.replace(just, room=shift_phi + 2.0**-31)
    assert judge(plan, ample).violation_relative <= 1e-12


@pytest.mark.parametrize(("n", "m"), [(10, 90), (90, 10)])
def test_on_the_line_stored_potentials_may_drift_by_a_rounding_a_step_and_a_margin(n, m):
    rng = np.random.default_rng(9)
    mu, nu = Measure(rng.random(n), rng.dirichlet(np.ones(n))), Measure(rng.random(m))
    plan, far = optimal_plan(mu, nu), 1e6
    step = 2.0**-52 * far

    def error(steps):
        drift = np.full(n, steps * step)
        drift[0] = 0.0  # the potentials are continued from there
        plan_off = dataclasses.replace(plan, phi=plan.phi + far - drift, psi=plan.psi - far)
        return judge(plan_off, PointCosts(mu.points, nu.points, 2.0)).error

    assert error(160) <= 1e-12
    assert error(170) > 5 * step


def test_an_excess_below_the_rounding_of_a_potential_is_listed_and_what_is_tight_is_not():
    one, none = np.ones(1), np.zeros(1)
    for low, found in ((2.0**-54, 1), (0.0, 0), (-(2.0**-54), 0)):
        psi = np.array([low])
        assert _near(np.ones((1, 1)), one, psi, none, none, True)[0].size == found
        assert _near(np.ones((1, 1)), psi, one, none, none, True)[0].size == found
        assert _near(np.ones((1, 1)), one, psi, none, none, False)[0].size == 1


def test_points_list_the_pairs_that_their_matrix_lists_however_few_are_computed_at_a_time(
    monkeypatch,
):
    rng = np.random.default_rng(10)
    x, y = rng.random((7, 2)), rng.random((5, 2))
    phi, psi, room = rng.random(7) / 4, rng.random(5) / 4, np.full(7, 0.1)
    arguments = (None, phi, psi, room, np.zeros(5), 0, False)
    *listed, _ = MatrixCosts(cost_matrix(x, y)).near(*arguments)
    assert listed[0].size > 5
    monkeypatch.setattr(evidence_module, "_MOST", 10)
    points = PointCosts(x, y, 2.0)
    for mine, theirs in zip(points.near(*arguments), listed, strict=False):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(points.of(*listed[:2]), listed[2])


def test_what_the_value_and_what_the_entries_lose_is_added():
    cost = np.array([[1.0, 5.0], [5.0, 1.0]])
    short = np.full(2, 1 - 1e-6)
    certificate = verify(plan_by_hand(value=1 + 1e-6, phi=short), cost)
    assert certificate.gap_relative == pytest.approx(2e-6)


@pytest.mark.parametrize("ulps", [-1, 0, 1])
def test_large_potentials_may_earn_too_much_by_their_rounding(ulps):
    rng = np.random.default_rng(11)
    cost, a, b = rng.random((5, 6)), rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(6))
    plan = transport(a, b, cost)
    phi = plan.phi + 1e6 + ulps * np.spacing(1e6)
    assert str(verify(dataclasses.replace(plan, phi=phi, psi=plan.psi - 1e6), cost)) == (
        "certified to 1e-12"
    )


def test_an_entry_without_mass_is_no_fault_of_a_plan():
    plan = Plan(
        HALF, HALF, np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0.5, 0.0, 0.5]),
        0.0, np.zeros(2), np.zeros(2),
    )  # fmt: skip
    assert str(verify(plan, SWAP)) == "certified to 1e-12"


def test_a_block_of_atoms_without_mass_proves_nothing():
    a, cost = np.array([1.0, 0.0]), np.array([[1.0, 3.0], [5.0, 5.0]])
    best = bottleneck_transport(a, a, cost)
    assert best.value == 1
    dear = dataclasses.replace(
        best, rows=np.zeros(2, np.int64), cols=TWO, mass=a, value=3.0,
        block_rows=np.array([1]), block_cols=TWO,
    )  # fmt: skip
    assert str(verify(dear, cost)).startswith("not certified: the block is too small")


def test_a_reduced_cost_is_right_to_twice_the_digits():
    rng = np.random.default_rng(12)
    phi = rng.normal(size=200) * 10.0 ** rng.integers(-3, 9, 200)
    psi = -phi * (1 + rng.integers(-4, 5, 200) * 2.0**-52) + rng.normal(size=200)
    costs = (phi + psi) * (1 + rng.integers(-4, 5, 200) * 2.0**-52)
    for c, f, g, found in zip(costs, phi, psi, residual(costs, phi, psi), strict=True):
        off = Fraction(found) - (Fraction(c) - Fraction(f) - Fraction(g))
        assert abs(off) <= 2.0**-103 * (abs(c) + abs(f) + abs(g))


def test_a_column_that_is_continued_by_more_than_its_reach_may_hide_a_pair():
    far, cost = 2.0**20, np.array([[1.0, 9.0], [9.0, 2.0]])
    plan = plan_by_hand(value=1.5, phi=(far, far), psi=(2 - far, 2 - far))
    evidence = read(plan, MatrixCosts(cost))
    short = dataclasses.replace(evidence, reach=np.array([0.5, 0.0]))  # the first one falls by 1
    assert judge(plan, short).violation_relative == pytest.approx(0.5)


def test_an_atom_without_mass_is_shifted_as_far_as_its_neighbours():
    # 2^50 leaves a quarter; the third row has the potential 0, and has to be lowered by a half
    far = 2.0**50
    cost = np.array([[1.0, 9.0], [9.0, 2.0], [0.5 - far, far]])
    plan = Plan(
        np.array([0.5, 0.5, 0.0]), HALF, TWO, TWO, HALF, 1.5, np.array([far, far, 0.0]),
        np.array([1 - far, 2 - far]),
    )  # fmt: skip
    assert str(verify(plan, cost)) == "certified to 1e-12"


def test_what_an_atom_misses_is_worth_what_it_pays_beside_an_atom_without_mass_too():
    a, cost = np.array([1 - 1e-9, 1e-9, 0.0]), np.full((3, 3), 1e13)
    cost[[0, 1], [0, 1]] = 0.0, 1e12
    plan = transport(a, a, cost)
    light = dataclasses.replace(plan, mass=plan.mass - [0, 1e-17], value=plan.value * (1 - 1e-8))
    assert verify(light, cost).marginals_relative == pytest.approx(2e-8)


@pytest.mark.parametrize("digits", [60, 97, 120, 300])
def test_potentials_far_above_all_costs_hide_no_wrong_plan(digits):
    # Its excess of 2^-97 was below all digits that were looked at.
    unit = 2.0**-digits
    half, both, high = np.full(2, 0.5), np.arange(2), np.ones(2)
    wrong, right = unit * np.eye(2), unit * (1 - np.eye(2))
    plan = Plan(half, half, both, both, half, unit, high, -high)
    assert not verify(plan, wrong)
    assert not verify(Assignment(both, 2 * unit, high, -high), wrong)
    best = dataclasses.replace(plan, value=0.0)
    assert str(verify(best, right)) == "certified to 1e-12"


@pytest.mark.parametrize("between", [5.0e-31, 5.1e-31, 5.2e-31, 5.3e-31])
def test_parts_whose_shifts_need_more_digits_than_a_double_has_get_several(between):
    # Pairs at 1, 1e-30 and 1e-60. A potential is 2^-52 too high: as a double, the shift that
    # takes this back is right to 1e-32 only.
    cost = np.array([[1.0, 3.0, 3.0], [3.0, 1e-30, between], [3.0, 2e-30, 1e-60]])
    phi = np.array([0.5, 1.0 + 2.0**-52, 1.0])
    best = Assignment(np.arange(3), 1.0, phi, np.diag(cost) - phi)
    assert str(verify(best, cost)) == "certified to 1e-12"
    cost[1, 2] = cost[2, 1] = 4e-31  # then the other way is cheaper
    assert not verify(best, cost)
