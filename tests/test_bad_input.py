"""Whatever is passed in: the right answer, or an error that names the argument and what is wrong.

Each public function of the exact solvers is called with each kind of input in each place.
"""

import numpy as np
import pytest

from otlec import (
    Measure,
    assignment,
    assignment_points,
    bottleneck,
    cost_matrix,
    half_square_cost,
    optimal_plan,
    shortest_augmenting_paths,
    transport,
    transport_1d,
    transport_cost,
    wasserstein,
)

COST = np.array([[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]])
LINE = np.array([0.0, 2.0, 1.0])
PLANE = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]])
MASS = np.array([0.25, 0.25, 0.5])
MU, NU = Measure(PLANE), Measure(PLANE + 1, MASS)

# Each place that takes an array: the function of that argument alone, its name in messages, a
# valid value, and how its answer is read.
PLACES = {
    "assignment(cost)": (lambda c: assignment(c).value, "cost", COST),
    "shortest_augmenting_paths(cost)": (
        lambda c: shortest_augmenting_paths(c).value,
        "cost",
        COST,
    ),
    "bottleneck(cost)": (lambda c: bottleneck(c).value, "cost", COST),
    "transport(cost)": (lambda c: transport(MASS, MASS, c).value, "cost", COST),
    "optimal_plan(cost)": (lambda c: optimal_plan(MU, NU, cost=c).value, "cost", COST),
    "transport_cost(cost)": (lambda c: transport_cost(MU, NU, c), "cost", COST),
    "transport(a)": (lambda a: transport(a, MASS, COST).value, "a", MASS),
    "transport(b)": (lambda b: transport(MASS, b, COST).value, "b", MASS),
    "transport_1d(a)": (lambda a: transport_1d(LINE, LINE, a).value, "weights", MASS),
    "transport_1d(b)": (lambda b: transport_1d(LINE, LINE, None, b).value, "weights", MASS),
    "Measure(weights)": (lambda a: Measure(PLANE, a).mean[0], "weights", MASS),
    "transport_1d(x)": (lambda x: transport_1d(x, LINE).value, "x", LINE),
    "transport_1d(y)": (lambda y: transport_1d(LINE, y).value, "y", LINE),
    "Measure(points)": (lambda x: Measure(x).mean[0], "points", PLANE),
    "cost_matrix(x)": (lambda x: cost_matrix(x, PLANE).sum(), "x", PLANE),
    "cost_matrix(y)": (lambda y: cost_matrix(PLANE, y).sum(), "y", PLANE),
    "half_square_cost(x)": (lambda x: half_square_cost(x, PLANE).sum(), "x", PLANE),
    "assignment_points(x)": (lambda x: assignment_points(x, PLANE).value, "x", PLANE),
    "assignment_points(y)": (lambda y: assignment_points(PLANE, y).value, "y", PLANE),
}
COSTS = [place for place in PLACES if "cost)" in place and not place.startswith("half")]
MASSES = [place for place, (_, name, _) in PLACES.items() if name in ("a", "b", "weights")]
POINTS = [place for place in PLACES if place not in COSTS + MASSES]


def with_entry(value, entry):
    """A copy whose second entry is another one."""
    array = np.array(value)
    array.flat[1] = entry
    return array


def read_only(value):
    array = value.copy()
    array.flags.writeable = False
    return array


# What is accepted: each gives the same answer as the plain array.
ACCEPTED = {
    "list": lambda v: v.tolist(),
    "tuple": lambda v: tuple(v.tolist()),
    "float32": lambda v: v.astype(np.float32),
    "float16": lambda v: v.astype(np.float16),
    "long double": lambda v: v.astype(np.longdouble),
    "other byte order": lambda v: v.astype(v.dtype.newbyteorder()),
    "read-only": read_only,
    "not contiguous": lambda v: np.repeat(v, 2, axis=0)[::2],
    "Fortran order": np.asfortranarray,
    "reversed view": lambda v: v[::-1].copy()[::-1],
    "mask without entries": lambda v: np.ma.masked_array(v, mask=False),
    "subclass": lambda v: np.asarray(v).view(np.recarray),
}

# What is refused: the input, the type of error, and what the message says after the name.
REFUSED = {
    "nan": (lambda v: with_entry(v, np.nan), ValueError, "nan"),
    "minus infinity": (lambda v: with_entry(v, -np.inf), ValueError, "inf"),
    "text": (lambda v: np.full(v.shape, "1"), TypeError, "must hold real numbers"),
    "a word": (lambda v: "points", TypeError, "must hold real numbers"),
    "objects": (lambda v: v.astype(object), TypeError, "must hold real numbers"),
    "None inside": (lambda v: [*v.tolist()[:2], None], (TypeError, ValueError), ""),
    "complex": (lambda v: v + 1j, TypeError, "must hold real numbers"),
    "dates": (lambda v: v.astype("datetime64[s]"), TypeError, "must hold real numbers"),
    "masked entry": (
        lambda v: np.ma.masked_array(v, mask=np.arange(v.size).reshape(v.shape) == 1),
        TypeError,
        "masked",
    ),
    "empty": (lambda v: v[:0], ValueError, ""),
    "a number": (lambda v: 3.0, ValueError, "shape"),
    "three axes": (lambda v: np.zeros((2, 2, 2)), ValueError, "shape"),
    "ragged": (lambda v: [[1.0, 2.0], [3.0]], ValueError, "different lengths"),
}


@pytest.mark.parametrize("kind", ACCEPTED)
@pytest.mark.parametrize("place", PLACES)
def test_every_form_of_the_same_numbers_gives_the_same_answer(place, kind):
    call, _, value = PLACES[place]
    given = ACCEPTED[kind](value)
    before = np.array(given)
    assert call(given) == pytest.approx(call(value), rel=1e-15)
    np.testing.assert_array_equal(np.array(given), before)  # and is not modified


@pytest.mark.parametrize("place", PLACES)
def test_whole_numbers_are_numbers(place):
    call, name, value = PLACES[place]
    whole = np.array([0, 0, 1]) if name in ("a", "b", "weights") else value.astype(int)
    if place in ("transport(a)", "transport(b)"):
        assert call(whole) == pytest.approx(call(whole.astype(float)))
    else:
        assert call(whole) == call(whole.astype(float)) == call(whole.astype(np.uint8))


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_wrong_is_refused_by_name(place, kind):
    call, name, value = PLACES[place]
    make, error, words = REFUSED[kind]
    with pytest.raises(error, match=rf"(?s)^{name}\b.*{words}"):
        call(make(value))


@pytest.mark.parametrize("place", MASSES + POINTS)
def test_infinity_is_refused_where_it_means_nothing(place):
    call, name, value = PLACES[place]
    with pytest.raises(ValueError, match=rf"^{name} must be finite, but it contains nan or inf"):
        call(with_entry(value, np.inf))


@pytest.mark.parametrize("place", COSTS)
def test_infinite_costs_forbid_a_pair(place):
    call, _, value = PLACES[place]
    assert np.isfinite(call(with_entry(value, np.inf)))
    with pytest.raises(ValueError, match=r"^cost forbids every (assignment|plan)"):
        call(np.full((3, 3), np.inf))


@pytest.mark.parametrize("place", MASSES)
def test_masses_that_are_none_are_refused(place):
    call, name, value = PLACES[place]
    with pytest.raises(ValueError, match=rf"^{name} must be non-negative, but entry 1 is -0.25"):
        call(value * [1, -1, 1])
    with pytest.raises(ValueError, match=rf"^{name} must have a positive finite sum, but it is 0"):
        call(0 * value)
    with pytest.raises(
        ValueError, match=rf"^({name}|cost) (must have one entry for each of|must have shape)"
    ):
        call([0.5, 0.5])
    with pytest.raises(ValueError, match=r"(sum to 1|same sum), but .*; divide"):
        call(2 * value)


@pytest.mark.parametrize("place", ["assignment(cost)", "bottleneck(cost)"])
def test_an_assignment_needs_a_square(place):
    with pytest.raises(ValueError, match=r"^cost must be square, but its shape is \(2, 3\)"):
        PLACES[place][0](COST[:2])


@pytest.mark.parametrize("place", ["transport(cost)", "optimal_plan(cost)"])
def test_costs_need_a_row_for_each_atom(place):
    with pytest.raises(ValueError, match=r"^cost must .*\(3, 3\).*but its shape is \(2, 3\)"):
        PLACES[place][0](COST[:2])


def test_dimensions_must_match():
    with pytest.raises(ValueError, match="x has dimension 2, but y has dimension 3"):
        assignment_points(PLANE, np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"^x must be points on the line, of shape \(n,\)"):
        transport_1d(PLANE, LINE)


def test_an_assignment_of_points_needs_as_many_on_both_sides():
    with pytest.raises(ValueError, match=r"3.*2|2.*3"):
        assignment_points(PLANE, PLANE[:2])


EXPONENTS = {
    "transport_1d": lambda p: transport_1d(LINE, LINE, p=p),
    "cost_matrix": lambda p: cost_matrix(PLANE, PLANE, p),
    "assignment_points": lambda p: assignment_points(PLANE, PLANE, p),
    "optimal_plan": lambda p: optimal_plan(MU, NU, p),
    "wasserstein": lambda p: wasserstein(MU, NU, p),
}


@pytest.mark.parametrize("place", EXPONENTS)
def test_exponents_below_one_are_refused_with_the_reason(place):
    with pytest.raises(ValueError, match=r"^p must be at least 1, but it is 0\.5: .*concave"):
        EXPONENTS[place](0.5)


@pytest.mark.parametrize("place", EXPONENTS)
@pytest.mark.parametrize("p", [0, -1, np.nan, -np.inf])
def test_exponents_for_which_there_is_no_such_problem_are_refused_in_a_line(place, p):
    with pytest.raises(ValueError, match=r"^p must be at least 1, but it is \S+$"):
        EXPONENTS[place](p)


@pytest.mark.parametrize("place", EXPONENTS)
@pytest.mark.parametrize("p", ["2", None, 2j, [1, 2], True])
def test_exponents_that_are_no_numbers_are_refused(place, p):
    with pytest.raises(TypeError, match=r"^p must be a real number"):
        EXPONENTS[place](p)


@pytest.mark.parametrize("place", [place for place in EXPONENTS if place != "wasserstein"])
def test_an_infinite_exponent_is_for_the_distance_alone(place):
    with pytest.raises(ValueError, match=r"^p must be finite here; otlec.wasserstein accepts"):
        EXPONENTS[place](np.inf)


@pytest.mark.parametrize("place", EXPONENTS)
@pytest.mark.parametrize("p", [2, np.float32(2), np.int64(2)])
def test_any_kind_of_number_is_an_exponent(place, p):
    EXPONENTS[place](p)
