"""Answers on both sides of the edge of a judge, and diagnoses that say nothing false."""

import io
import subprocess
import sys

import numpy as np
import pytest

import otlec
from otlec import Measure
from otlec.classroom.exercises import judge
from otlec.classroom.exercises.dynamic import energy

LINE = Measure([0.0, 1.0])


def power(exponent):
    return lambda t: t**exponent


def from_the_end(exponent):
    return lambda t: 1 - (1 - t) ** exponent


# name, what is right, what is wrong; two of each at least where a number decides
EDGES = {
    "1b": (
        [([0, 1.01], [0.99, 2]), ([0, 1], [1.03, 2]), ([0, 1], [0.97, 2.0]), ([0, 9], [9.2, 18])],
        [([0, 1], [1.05, 2.0]), ([0, 1], [2, 3]), ([0, 1.01], [3, 4.01]), ([0, 1], [0, 1]),
         ([0, 1], [1, 2]), ([0, 1], [1.019, 2])],
    ),
    "2.2a": (
        [(Measure([0.0, 10.0]), Measure([1.0, 10.0]), Measure([1.0, 11.0]), p)
         for p in (0.3, 0.5, 0.99)],
        [(Measure([0.0, 10.0]), Measure([1.0, 10.0]), Measure([1.0, 11.0]), 1.0),
         (Measure([0.0, 9.0], [0.81, 0.19]), Measure([1.0, 9.0, 0.0], [0.4, 0.19, 0.41]),
          Measure([1.0, 9.0], [0.81, 0.19]), 0.5)],
    ),
    "2.3b": (
        [([[a, 0.5 - a], [0.5 - a, a]],) * 2 + ([[b, 0.5 - b], [0.5 - b, b]],)
         for a, b in ((0.49, 0.47), (0.4, 0.29), (0.05, 0.1))],
        [([[a, 0.5 - a], [0.5 - a, a]],) * 2 + ([[b, 0.5 - b], [0.5 - b, b]],)
         for a, b in ((0.49, 0.485), (0.4, 0.31), (0.25, 0.25))],
    ),
    "comparisons-a": (
        [((LINE, Measure([0.5, 1.5])), (Measure([0.0]), Measure([0.0, 2.0], [0.75, 0.25]))),
         (LINE, Measure([0.5, 1.5]), Measure([2.0]), Measure([2.0, 0.0], [0.75, 0.25]))],
        [((LINE, Measure([0.5, 1.50001])), (Measure([0.0]), Measure([0.0, 2.0], [0.75, 0.25]))),
         ((LINE, Measure([0.5, 1.5])), (Measure([0.0]), Measure([0.0, 1.9], [0.75, 0.25]))),
         (LINE, LINE)],
    ),
    "2.6b": (
        [lambda n: Measure([0.0, 1.0], [0.5 - 1 / n, 0.5 + 1 / n]),
         lambda n: Measure([0.0, 1.0], [0.5 + n**-0.5, 0.5 - n**-0.5])],
        [lambda n: Measure([0.0, 1.0], [0.5 - n**-0.4, 0.5 + n**-0.4]),
         lambda n: Measure([0.0, 0.8, 1.0], [0.5 - 1 / n, 1 / n, 0.5])],
    ),
    "2.7": (
        [power(e) for e in (1 / 3, 0.34, 0.4, 0.45, 0.49)]
        + [lambda n: np.sqrt(n) / np.log(n), lambda n: n ** (1 / 3) * (1 + 1 / np.log(n)),
           lambda n: int(n**0.4), lambda n: 7 * n**0.35, lambda n: 0.001 * n**0.45],
        [power(e) for e in (0.0, 0.25, 0.3, 0.33, 0.5, 0.51, 1.0)]
        + [lambda n: n ** (1 / 3) / np.log(n), lambda n: np.sqrt(n) * np.log(n), np.log,
           lambda n: 7 * n**0.3, lambda n: 0.001 * np.sqrt(n)],
    ),
    "3.2b": (
        [(LINE, Measure([2.0, 3.0]), [[0, 0.5], [0.5, 0]]),
         (LINE, Measure([2.0, 2.1]), [[0.2, 0.3], [0.3, 0.2]])],
        [(LINE, Measure([2.0, 3.0]), [[0.5, 0], [0, 0.5]]),
         (LINE, Measure([0.5, 1.5]), [[0, 0.5], [0.5, 0]])],
    ),
    "3.4a": (
        [(np.eye(3) / 3, np.roll(np.eye(3) / 3, -1, axis=1)),
         (np.eye(3) / 3, (np.eye(3) + np.roll(np.eye(3), -1, axis=1)) / 6)],
        [(np.eye(3) / 3, np.full((3, 3), 1 / 9)), (np.eye(3) / 3, np.eye(3) / 3)],
    ),
    "3.4b": (
        [lambda t: Measure([0.0, t, 1.0], [(1 - t) / 2, 0.5, t / 2]),
         lambda t: Measure([0.0, t, 1.0], [0.59 * (1 - t), 0.41, 0.59 * t])],
        [lambda t: Measure([0.0, t, 1.0], [0.3 * (1 - t), 0.7, 0.3 * t]),
         lambda t: Measure([0.0, 1.0], [1 - t, t]),
         lambda t: Measure([0.0, t * t, 1.0], [(1 - t) / 2, 0.5, t / 2])],
    ),
    "3.5b": (
        [lambda p, L: int(L ** (p / (p - 1))) + 1],
        [lambda p, L: int(L ** (p / (p - 1))) + 2, lambda p, L: int(L ** (p / (p - 1)))],
    ),
    "5.1c": (
        [power((5 - 5**0.5) / 4), power((5 + 5**0.5) / 4), from_the_end((5 - 5**0.5) / 4),
         lambda t: max(0.0, 1.25 * t - 0.25), lambda t: min(1.0, 1.25 * t),
         lambda t: t + np.sqrt(0.125) * np.sin(2 * np.pi * t) / np.pi,
         lambda t: 0.5 + 0.5 * np.sign(t - 0.5) * abs(2 * t - 1) ** ((5 - 5**0.5) / 4)],
        [power(0.68), power(0.7), power(1.8), power(0.5), power(2 - 2**0.5),
         lambda t: max(0.0, 1.26 * t - 0.26), lambda t: 1.25 * t, lambda t: float(t > 0.3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_answers_near_the_edge_fall_on_their_side(name):
    right, wrong = EDGES[name]
    for answer in right:
        assert judge(name, answer), judge(name, answer)
    for answer in wrong:
        assert not judge(name, answer), answer


@pytest.mark.parametrize("exponent", [0.6, 0.75, 1.0, 1.5, 3.0])
def test_the_energy_of_a_power_is_found_also_where_its_speed_is_infinite(exponent):
    exact = exponent**2 / (2 * exponent - 1)
    assert energy(lambda t: np.array(t**exponent)) == pytest.approx(exact, abs=2e-3)
    assert energy(lambda t: np.array(1 - (1 - t) ** exponent)) == pytest.approx(exact, abs=2e-3)


def test_a_clock_is_not_taken_for_another_one_by_one_of_its_values():
    like_a_square = judge("5.1c", lambda t: max(t / 2, 1.5 * t - 0.5))  # 1/4 at 1/2, factor 5/4
    assert like_a_square
    verdict = judge("5.1c", lambda t: max(0.25 * (2 * t) ** 3, 1.5 * t - 0.5))
    assert not verdict
    assert verdict.mistake is None
    verdict = judge("5.1c", lambda t: float(t > 0.4))
    assert "jumps" in verdict.reason
    assert verdict.mistake == "a jump"


def test_the_pairing_of_two_points_is_told_what_is_true_of_it():
    assert judge("1b", ([0.0, 1.01], [0.99, 2.0]))
    verdict = judge("1b", ([0.0, 1.01], [1.0, 2.01]))  # a hundredth, but not of the span
    assert "a source and a target are 0.01 apart, and all four points 2.01" in verdict.reason
    assert verdict.mistake == "nobody may stay"
    verdict = judge("1b", ([0.0, 2.0], [1.0, 3.0]))
    assert "sorting costs 1, and the best pairing 1" in verdict.reason
    assert judge("1b", ([0.0, 1.0], [1.0, 0.0])).mistake == "nothing moves"


def test_the_bound_by_moments_is_judged_by_what_its_text_asks_for():
    def moments(mu, nu, p):
        return [m.weights @ np.abs(m.points) ** p for m in (mu, nu)]

    def with_a_factor(mu, nu, p):
        return 2 ** (1 - 1 / p) * sum(moments(mu, nu, p)) ** (1 / p)

    def exact(mu, nu, p):
        return float(np.max(np.abs(mu.points[:, None] - nu.points)))

    verdict = judge("2.5", with_a_factor)
    assert (
        "for Dirac masses at 2 and 0, which are 2 apart, the bound is not reached" in verdict.reason
    )
    assert verdict.mistake == "one root, with a factor"
    assert judge("2.5", exact).mistake == "more than moments"
    assert judge("2.5", lambda mu, nu, p: sum(m ** (1 / p) for m in moments(mu, nu, p)))


def test_values_that_are_not_real_are_compared_and_nobody_is_told_to_avoid_chance():
    for name in ("3.5b", "1c", "2.1"):
        verdict = judge(name, lambda *args: np.nan)
        assert verdict.mistake == "nan"
        assert "0/0" in verdict.advice
        verdict = judge(name, lambda *args: 1 + 1j)
        assert verdict.mistake is None
        assert not verdict


def test_the_input_that_is_shown_is_the_one_of_the_message():
    verdict = judge("3.2a", lambda x, y, gamma, t: (y, gamma.sum(axis=0)))
    assert "at t = 0 the measure is mu_0" in verdict.reason
    assert dict(verdict.example)["t"] == 0.0
    verdict = judge("2.1", lambda gamma, x, y, p: np.sum(gamma * np.abs(x - y.T)) ** 2)
    assert verdict.reason.startswith("two Dirac masses are as far apart")


def test_no_number_has_two_signs():
    for rates in ((-1, 1, 0, 0.5), (1, 1, -1, 0.5), (2, 1, 0, 0.5), (1, 1, 0, -0.5)):
        assert "--" not in judge("2.6a", rates).reason


SCRIPT = """
import otlec
print(bool(otlec.check("1b", lambda: ([0, 9], [9.2, 18]))))
otlec.check("1c", lambda mu, nu: 0.0)
"""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_a_script_prints_its_verdicts_on_any_console(encoding):
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", SCRIPT],
        env={"PYTHONIOENCODING": encoding, "PATH": ""}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    sign = {"utf-8": "✓"}.get(encoding, "[ok]")
    assert text.startswith(f"{sign} 1b A cost for which sorting is not optimal: right")
    assert "\nTrue\n" in text
    assert "mu = 1 δ[0]" in text if encoding == "utf-8" else "mu = 1 delta[0]" in text


def test_a_verdict_is_writable_wherever_it_is_shown(monkeypatch):
    verdict = judge("1c", lambda mu, nu: 0.0)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    print(verdict)
    assert "δ" not in repr(verdict)
    monkeypatch.undo()
    assert "δ" in repr(verdict)


def test_in_a_notebook_nothing_is_printed_twice():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    code = "import otlec\notlec.check('1b', ([0, 9], [9.2, 18]))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output["output_type"] == "execute_result"
    assert otlec.check("1b", ([0, 9], [9.2, 18]))
