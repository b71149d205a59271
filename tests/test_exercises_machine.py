"""The check comes back whatever a student's function does, and says what was wrong."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import otlec
from otlec import glue as the_librarys_glue
from otlec._kernel import COMPILATION, kernel
from otlec.classroom.exercises import REGISTRY, _guard, judge
from otlec.classroom.exercises._call import search


def right_glue(gamma12, gamma23):
    b = gamma12.sum(axis=0)
    return gamma12[:, :, None] * gamma23[None] / np.where(b > 0, b, 1)[None, :, None]


def check(function, **options):
    return otlec.check("2.3", function, **options)


def test_import_otlec_does_not_import_hypothesis():
    code = "import sys, otlec; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_hypothesis_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['hypothesis'] = None; import otlec\n"
        "otlec.check('2.3', print)"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "otlec[exercises]"' in done.stderr


def test_an_unknown_exercise_is_named_with_those_that_exist():
    with pytest.raises(KeyError, match=r"no exercise '9\.9'; there are 1a, "):
        otlec.check("9.9", print)


def test_a_right_answer_is_true_and_explained():
    verdict = check(right_glue)
    assert verdict
    assert verdict.inputs == 3 + REGISTRY["2.3"].examples
    assert "Both marginals are exact" in repr(verdict)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "is None: is a return missing"),
        ("sigma", "should hold real numbers, but it is a str, 'sigma'"),
        ({}, "should hold real numbers, but it is a dict"),
        ([[1, 2], [3]], "is ragged"),
        (np.zeros(3), r"should be an array of shape (2, 2, 2), but its shape is (3,)"),
        (1.0, "should be an array of shape (2, 2, 2), but its shape is ()"),
        (np.full((2, 2, 2), np.nan), "is nan at [0, 0, 0]"),
        (np.full((2, 2, 2), np.inf), "is infinite"),
        (np.full((2, 2, 2), 1j), "should hold real numbers"),
        (np.full((2, 2, 2), -1.0), "a mass is negative: -1"),
        (np.full((2, 2, 2), 0.125), "the marginal of sigma"),
        (otlec.Measure([0.0]), "it is a Measure"),
        (iter([1]), "should hold real numbers, but it is a list_iterator"),
    ],
)
def test_values_of_a_wrong_type_or_shape_are_described(value, says):
    verdict = check(lambda gamma12, gamma23: value)
    assert verdict.status == "wrong"
    assert says in verdict.reason, verdict


def test_a_wrong_number_says_how_far_off_it_is_and_where():
    def glue(gamma12, gamma23):
        sigma = right_glue(gamma12, gamma23)
        sigma[0, 0, 0] += 0.25
        return sigma

    assert check(glue).reason == (
        "the marginal of sigma on factors 1 and 2 is gamma12: found 0.75 at [0, 0] where 0.5 is "
        "needed, off by 0.25"
    )


def test_an_exception_points_at_the_students_line():
    def glue(gamma12, gamma23):
        return gamma12 @ undefined  # noqa: F821

    verdict = check(glue)
    assert verdict.status == "error"
    assert "NameError in line" in verdict.reason
    assert "of glue: return gamma12 @ undefined" in verdict.reason


def test_changing_an_argument_is_noticed_and_does_no_harm():
    def glue(gamma12, gamma23):
        sigma = right_glue(gamma12, gamma23)
        gamma23 *= 0
        return sigma

    verdict = check(glue)
    assert "changes its argument gamma23" in verdict.reason
    assert verdict.mistake == "changes its input"
    assert check(right_glue)


def test_prints_and_warnings_are_kept_out_of_the_way(capsys):
    def glue(gamma12, gamma23):
        print("x" * 10_000)
        print("y", file=sys.stderr)
        np.log(-1.0 * gamma12.sum())
        return right_glue(gamma12, gamma23)

    verdict = judge("2.3", glue)
    assert verdict
    assert verdict.printed
    assert capsys.readouterr() == ("", "")


def swallow(gamma12, gamma23):
    while True:
        try:
            sum(range(100))
        except:  # noqa: E722
            gamma12 = gamma12 + 1


def loop(gamma12, gamma23):
    while True:
        gamma12 = gamma12 + 1


def sleep(gamma12, gamma23):
    time.sleep(60)


@pytest.mark.parametrize("function", [loop, swallow, sleep])
def test_an_endless_call_is_stopped_in_the_main_thread(function):
    if function is sleep and not hasattr(_guard.signal, "setitimer"):
        pytest.skip("a sleep can be interrupted by an alarm only")
    assert check(function, seconds=0.2).status == "time"


@pytest.mark.parametrize("function", [loop, swallow])
def test_an_endless_call_is_stopped_in_another_thread_as_on_windows(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(check(function, seconds=0.2)))
    thread.start()
    thread.join(20)
    assert [verdict.status for verdict in found] == ["time"]


def test_the_guard_without_alarms_passes_values_and_errors_on(monkeypatch):
    monkeypatch.setattr(_guard, "_Alarm", _guard._Watch)  # what Windows has in its main thread
    assert _guard.within(1.0, sum, [1, 2]) == 3
    with pytest.raises(ZeroDivisionError):
        _guard.within(1.0, lambda: 1 / 0)
    with pytest.raises(_guard.TimeLimit):
        _guard.within(0.1, loop, np.zeros(1), None)
    time.sleep(0.1)  # nothing arrives late


def test_another_alarm_of_the_program_keeps_its_handler():
    signal = pytest.importorskip("signal")
    if not hasattr(signal, "SIGALRM"):
        pytest.skip("no alarms here")
    before = signal.getsignal(signal.SIGALRM)
    _guard.within(1.0, sum, [1, 2])
    assert signal.getsignal(signal.SIGALRM) == before


def test_endless_recursion_and_exits_are_reported():
    def forever(gamma12, gamma23):
        return forever(gamma12, gamma23)

    def leave(gamma12, gamma23):
        sys.exit(3)

    def give_up(gamma12, gamma23):
        raise BaseException("no")

    assert "calls itself too often" in check(forever).reason
    assert "SystemExit" in check(leave).reason
    assert "BaseException" in check(give_up).reason


def test_the_users_own_interrupt_goes_through():
    def interrupt(gamma12, gamma23):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(interrupt)


def test_global_state_is_noticed():
    seen = []

    def glue(gamma12, gamma23):
        seen.append(1)
        return right_glue(gamma12, gamma23) * (1 + 1e-3 * (len(seen) % 3 == 2))

    verdict = check(glue)
    assert not verdict

    def number(mu, nu, calls=[]):  # noqa: B006
        calls.append(0)
        return len(calls)

    verdict = otlec.check("1c", number)
    assert verdict.mistake == "remembers"


def test_the_solver_under_test_is_closed_by_whatever_name_and_open_again_afterwards():
    def glue(gamma12, gamma23):
        return the_librarys_glue(gamma12, gamma23).tensor

    def indirect(gamma12, gamma23):
        from otlec.gluing import glue as hidden

        try:
            return hidden(gamma12, gamma23).tensor
        except Exception:
            return right_glue(gamma12, gamma23)

    for function in (glue, indirect):
        verdict = check(function)
        assert verdict.status == "refused"
        assert "otlec.glue, which is what you are asked to write" in verdict.reason
    assert the_librarys_glue(np.eye(1), np.eye(1)).tensor == np.ones((1, 1, 1))


def test_every_closed_function_of_every_exercise_is_closed_and_opens_again():
    for task in REGISTRY.values():
        with _guard.closed(task.closed):
            for name in task.closed:
                with pytest.raises(_guard.ForbiddenCall, match=name.split(".")[-1]):
                    _guard._public(name)()
    assert otlec.wasserstein(otlec.Measure([0.0]), otlec.Measure([2.0]), 1) == 2.0


def test_the_librarys_own_functions_values_and_other_signatures_are_refused():
    assert "otlec's own" in check(otlec.glue).reason
    assert "pass the function itself" in check(np.zeros(3)).reason
    assert "cannot be called as glue(gamma12, gamma23)" in check(lambda plan: plan).reason


def test_random_inputs_are_shrunk_to_a_small_one_and_the_same_in_every_run():
    def glue(gamma12, gamma23):
        sigma = right_glue(gamma12, gamma23)
        if gamma12.shape[0] >= 2 and gamma23.shape[1] >= 3:  # no fixed case is of this shape
            sigma[0] *= 1.5
        return sigma

    first, second = check(glue), check(glue)
    assert repr(first) == repr(second)
    gamma12, gamma23 = (value for _, value in first.example)
    assert gamma12.shape == (2, 1)
    assert gamma23.shape == (1, 3)


def test_a_flaky_function_is_told_from_a_wrong_one():
    calls = []

    def glue(gamma12, gamma23):
        calls.append(1)
        return right_glue(gamma12, gamma23) * (1.0 if len(calls) < 40 or len(calls) % 2 else 1.5)

    verdict = check(glue)
    assert not verdict
    assert verdict.mistake == "remembers"


def test_values_that_no_property_can_be_asked_of_are_reported_not_raised():
    verdict = otlec.check("3.2a", lambda x, y, gamma, t: (x[:, None] * 1e300, np.ones(len(x))))
    assert not verdict


def test_numbers_of_single_precision_are_good_enough():
    assert check(lambda g, h: right_glue(g, h).astype(np.float32))
    assert not check(lambda g, h: right_glue(g, h) * (1 + 1e-6))


def test_the_page_of_a_verdict_escapes_what_students_write():
    def w1(mu, nu):
        raise ValueError("<script>alert(1)</script>")

    verdict = otlec.check("1c", w1)
    page = verdict._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page


def test_the_input_is_shown_as_sums_of_dirac_masses_with_a_picture_and_as_a_table():
    verdict = otlec.check("1c", lambda mu, nu: 0.0)
    assert "mu = 1 δ[0]" in repr(verdict)
    assert "<svg" in verdict._repr_html_()
    verdict = check(lambda g, h: right_glue(g, h) + 1)
    assert "<table" in verdict._repr_html_()
    assert "gamma12 = [[0.5  0.25]" in repr(verdict)


def test_an_exercise_without_fixed_cases_would_still_find_the_failure():
    from otlec.classroom.exercises._call import Call

    task = REGISTRY["2.3"]
    call = Call(task, lambda g, h: right_glue(g, h).transpose(2, 1, 0), 1.0)
    args, failure = search(task, call, 60, True)
    assert args[0].size <= 4
    assert "shape" in failure.text
    assert judge("2.3", right_glue, examples=5).inputs == 8


def test_a_kernel_survives_an_endless_loop_and_goes_on():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cells = [
        "import otlec\ndef glue(g, h):\n    while True: pass",
        'otlec.check("2.3", glue, seconds=0.3)',
        "print('alive')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    assert "it takes too long" in notebook.cells[1].outputs[0]["data"]["text/html"]
    assert notebook.cells[2].outputs[0]["text"] == "alive\n"


@pytest.mark.needs_jit
def test_what_compilation_takes_is_not_the_time_of_the_call_that_needs_it():
    def work(x):
        order = np.argsort(x)
        y = np.sort(x) + np.unique(x).sum()
        return (y[order] @ y) * np.median(x) + np.percentile(x, 20)

    fresh, x = kernel(work), np.arange(5.0)
    before = COMPILATION.spent()
    value = _guard.within(0.1, fresh, x)
    assert value == pytest.approx(work(x))
    spent = COMPILATION.spent() - before
    assert (spent > 0.1).all(), "the function is too small to tell"
    with pytest.raises(_guard.TimeLimit):
        _guard.within(0.1, lambda: [fresh(x) for _ in iter(int, 1)])
