"""The tasks of the live figures, by mouse, by keyboard and by touch; links, undo, reloads."""

import re
import sys

import pytest
from chromium import come_near, visit
from conftest import ROOT
from test_live_browser import EXTRAS, NAMES, copied, of, place_of, printed, settle

pytestmark = [pytest.mark.browser, pytest.mark.needs_jit]

sys.path.insert(0, str(ROOT / "book" / "_live"))
import stills  # noqa: E402

MIDPOINTS = [[0.5, 0.175], [0.5, 0.4], [0.5, 0.625], [0.5, 0.9]]
LAST = stills.FIGURES["rounds"].state["y"][6]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# For each figure a task, counted from 0, and what the reader does to reach it.
SOLUTIONS = {
    "assignment": (
        1,
        [("slide", "atoms", 2)]
        + [
            ("drag", 0, k, at)
            for k, at in enumerate([(0.2, 0.2), (0.8, 0.8), (0.2, 0.8), (0.8, 0.2)])
        ],
    ),
    "rounds": (1, [("drag", 0, 6, LAST), ("slide", "round", 7)]),
    "prices": (
        0,
        [("paint", 0, 0, 0.3), ("press", "Best ψ for this φ"), ("press", "Best φ for this ψ")],
    ),
    "walk": (0, [("drag", 0, 4, (0.22, 0.7))]),
    "line": (0, [("slide", "t", 0.54)]),
    "weights": (0, [("paint", 0, k, 1.0 if k == 3 else 0.1) for k in range(6)]),
    "glue": (
        0,
        [("paint", 1, k, 0.5) for k in range(4)]
        + [("drag", 0, 4 + k, at) for k, at in enumerate(MIDPOINTS)],
    ),
    "slope": (2, [("slide", "gap", 0), ("paint", 0, 0, 0.1), ("paint", 0, 1, 0.6)]),
    "river": (0, [("press", "Start")]),
    "mixing": (0, [("share", 1, (0.14, 0.22, 0.64))]),
    "swirl": (0, [("slide", "swirl", 0)]),
    "lab": (
        2,
        [
            ("choose", "f", "1 where x > 0"),
            ("choose", "sequence", "slide"),
            ("press", "Show me"),
        ],
    ),
    "grain": (0, [("tap", 0, 4, (0.12, 0.42))]),
    "boats": (1, [("choose", "paint", "ρ₁"), ("press", "Flat")]),
    "pictures": (1, [("share", 0, (0.8, 0.1, 0.1))]),
}


def open_live(browser, built_book, address="live.html", **options):
    page, complaints = visit(browser, (built_book / "live.html").as_uri(), **options)
    come_near(page)
    assert page.locator(".otlec-figure.otlec-ready[data-frames]").count() == len(NAMES)
    return page, complaints


def corner(page, name, panel, handle, at):
    """Where a handle is, and where it is to go, in px of the window."""
    svg = of(page, name).locator("svg.otlec-panel").nth(panel)
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    u, v = place_of(page, name, panel, handle)
    start = box["x"] + u * box["width"], box["y"] + v * box["height"]
    end = page.evaluate(
        """([name, panel, [a, b]]) => {
          const root = document.querySelector(`#live-${name}`);
          const data = JSON.parse(root.querySelector(".otlec-data").textContent);
          const {box: [l, t, r, c], xlim: [x0, x1], ylim: [y0, y1]} = data.panels[panel];
          const u = l + (a - x0) / (x1 - x0) * (r - l), v = c - (b - y0) / (y1 - y0) * (c - t);
          const matrix = root.querySelectorAll("svg.otlec-panel")[panel].getScreenCTM();
          const to = new DOMPoint(u, v).matrixTransform(matrix);
          return [to.x, to.y];
        }""",
        [name, panel, [0 if v is None else v for v in at]],
    )
    return start, tuple(s if v is None else e for s, v, e in zip(start, at, end, strict=True))


def within(shares):
    """The place in the triangle that has these shares of its corners."""
    corners = [(0.5, 0.866), (0, 0), (1, 0)]
    return tuple(sum(w * c[d] for w, c in zip(shares, corners, strict=True)) for d in (0, 1))


def slider(figure, label):
    return figure.locator("label", has_text=label).locator("input[type=range]").first


def thumb(page, control, value):
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    low, high = (float(control.get_attribute(name)) for name in ("min", "max"))
    part = (value - low) / (high - low)
    # at the ends beside the thumb, which would be held, not moved
    x = {0: 1, 1: box["width"] - 1}.get(part, 8 + part * (box["width"] - 16))
    return box["x"] + x, box["y"] + box["height"] / 2


class _Mouse:
    def __init__(self, page, name):
        self.page, self.name, self.figure = page, name, of(page, name)

    def drag(self, panel, handle, at):
        start, end = corner(self.page, self.name, panel, handle, at)
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=3)
        self.page.mouse.up()

    def share(self, panel, shares):
        self.drag(panel, 0, within(shares))

    def paint(self, panel, handle, height):
        _, end = corner(self.page, self.name, panel, handle, (None, height))
        self.page.mouse.click(*end)

    def slide(self, label, value):
        self.page.mouse.click(*thumb(self.page, slider(self.figure, label), value))

    def press(self, label):
        self.figure.get_by_role("button", name=label, exact=True).click()

    def tap(self, panel, handle, at):
        """Click at a place beside all handles: the last one comes there."""
        _, end = corner(self.page, self.name, panel, handle, at)
        self.page.mouse.click(*end)

    def choose(self, label, option):
        self.figure.locator("label", has_text=re.compile(f"^{label} ")).locator(
            "select"
        ).select_option(option)


class _Keyboard(_Mouse):
    def tap(self, panel, handle, at):
        self.drag(panel, handle, at)

    def choose(self, label, option):
        select = self.figure.locator("label", has_text=re.compile(f"^{label} ")).locator("select")
        select.focus()
        for _ in range(10):
            if select.input_value() == option:
                break
            self.page.keyboard.press("ArrowDown")
        assert select.input_value() == option

    def type(self, panel, handle, **numbers):
        page = self.page
        if self.figure.locator(".otlec-boxes").get_attribute("open") is None:
            self.figure.locator(".otlec-boxes summary").focus()
            page.keyboard.press("Enter")
        panels = page.evaluate("(n) => otlecLive.figures[n].handles.map((h) => h.panel)", self.name)
        row = self.figure.locator(".otlec-typing").nth(panels.index(panel))
        for label, value in {"no.": handle + 1, **numbers}.items():
            row.locator(f"input[aria-label^='{label}, of']").focus()
            page.keyboard.press("Control+a")
            page.keyboard.type(str(value))
            page.keyboard.press("Tab")

    def drag(self, panel, handle, at):
        self.type(panel, handle, x=at[0], y=at[1])

    def share(self, panel, shares):
        """The first two as shares; the third is what is left."""
        self.figure.locator(".otlec-boxes summary").focus()
        self.page.keyboard.press("Enter")
        row = self.figure.locator(".otlec-typing", has_text="shares: ")
        for n, value in enumerate(shares[:2]):
            row.locator("input").nth(n).focus()
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(str(value))
            self.page.keyboard.press("Tab")
        third = row.locator("input").nth(2)
        assert float(third.input_value()) == pytest.approx(shares[2], abs=1e-4)

    def paint(self, panel, handle, height):
        self.type(panel, handle, height=height)

    def slide(self, label, value):
        control = slider(self.figure, label)
        ends = {control.get_attribute("min"): "Home", control.get_attribute("max"): "End"}
        if str(value) in ends:
            control.focus()
            self.page.keyboard.press(ends[str(value)])
        else:
            control.focus()
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(str(value))
            self.page.keyboard.press("Enter")

    def press(self, label):
        self.figure.get_by_role("button", name=label, exact=True).focus()
        self.page.keyboard.press("Enter")


class _Touch(_Mouse):
    def drag(self, panel, handle, at):
        start, end = corner(self.page, self.name, panel, handle, at)
        client = self.page.context.new_cdp_session(self.page)
        middle = tuple((a + b) / 2 for a, b in zip(start, end, strict=True))
        for kind, points in (
            ("touchStart", [start]),
            ("touchMove", [middle]),
            ("touchMove", [end]),
            ("touchEnd", []),
        ):
            client.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
            )
            if kind == "touchStart":  # a finger that rests takes hold, whichever way it then goes
                self.page.wait_for_selector(f"#live-{self.name} .otlec-held")
        client.detach()

    def paint(self, panel, handle, height):
        _, end = corner(self.page, self.name, panel, handle, (None, height))
        self.page.touchscreen.tap(*end)

    def tap(self, panel, handle, at):
        _, end = corner(self.page, self.name, panel, handle, at)
        self.page.touchscreen.tap(*end)

    def slide(self, label, value):
        self.page.touchscreen.tap(*thumb(self.page, slider(self.figure, label), value))

    def press(self, label):
        self.figure.get_by_role("button", name=label, exact=True).tap()


@pytest.fixture(
    scope="module", params=[_Mouse, _Keyboard, _Touch], ids=lambda c: c.__name__[1:].lower()
)
def reader(request, browser, built_book):
    page, complaints = open_live(browser, built_book, **(PHONE if request.param is _Touch else {}))
    yield page, request.param
    assert not complaints, complaints
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_task_of_each_figure_is_solved(reader, name):
    page, kind = reader
    hand, (task, steps) = kind(page, name), SOLUTIONS[name]
    assert hand.figure.locator(".otlec-done").count() == 0
    for what, *rest in steps:
        settle(page, hand.figure)
        getattr(hand, what)(*rest)
    page.wait_for_function(
        """([name, task]) => document.querySelectorAll(`#live-${name} .otlec-tasks li`)[task]
          .classList.contains("otlec-done")""",
        arg=[name, task],
    )
    said = hand.figure.locator("[role=status]").inner_text()
    assert said == f"Task {task + 1} of {len(stills.FIGURES[name].tasks)} is done."
    if name == "river":
        hand.press("Pause")
    shown = re.split(EXTRAS, settle(page, hand.figure))[0]
    assert shown == printed(copied(hand.figure))


@pytest.mark.parametrize("box", ["x", "t"], ids=["place", "slider"])
def test_a_redrawing_leaves_what_is_being_typed(phone, box):
    """Killed: a number half typed that the next frame replaces by the old one."""
    figure = of(phone, "walk")
    if figure.locator(".otlec-boxes").get_attribute("open") is None:
        figure.locator(".otlec-boxes summary").click()
    number = figure.locator(f"input[type=number][aria-label^='{box},']").first
    number.click()
    phone.keyboard.press("Control+a")
    phone.keyboard.type("0.6")
    phone.evaluate("() => document.querySelector('#live-walk').otlec.set({t: 0.25})")
    settle(phone, figure)
    assert number.input_value() == "0.6"
    phone.keyboard.type("25")
    phone.keyboard.press("Tab")
    settle(phone, figure)
    assert number.input_value() == "0.625"


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_asks_and_judges_all_its_tasks(reader, name):
    page, _ = reader
    figure = of(page, name)
    assert figure.locator(".otlec-ask").inner_text().endswith("?")
    tasks = figure.locator(".otlec-tasks li").count()
    assert 1 <= tasks == page.evaluate("(n) => otlecLive.figures[n].tasks.length", name) <= 3


STRAIGHT = [[0.523, 0.45], [0.523, 0.45], [0.35, 0.55], [0.35, 0.55]]
LEFT = [1.1 if 3 < k < 20 else 0.01 for k in range(64)]
# Tasks that take many gestures: for a figure and a task, a state that fulfils it.
REACHED = {
    # all on parallel lines, with the stops at different parts of the way
    ("glue", 1): {
        "x1": [[0, 0.05], [0, 0.35], [0, 0.65], [0, 0.95]],
        "x2": [[0.2, 0.05], [0.8, 0.35], [0.2, 0.65], [0.8, 0.95]],
        "x3": [[1, 0.05], [1, 0.35], [1, 0.65], [1, 0.95]],
        "b": [0.5, 0.5, 0.5, 0.5],
    },
    # straight ways with the stop half way, by partners that the direct plan would not choose
    ("glue", 2): {
        "x1": [[0.2, 0.3], [0.2, 0.3], [0.2, 0.7], [0.2, 0.7]],
        "x2": STRAIGHT,
        "x3": [[0.846, 0.6], [0.846, 0.6], [0.5, 0.4], [0.5, 0.4]],
        "b": [0.5, 0.5, 0.5, 0.5],
    },
    ("lab", 0): {"sequence": "leak", "variation": "falls"},
    ("lab", 1): {"sequence": "runaway", "variation": "falls", "distance": "grows"},
    # the gap times what changes: wide, or closed
    ("slope", 0): {"w0": [0.21, 0.29, 0.5], "w1": [0.55, 0.2, 0.25], "gap": 0.6},
    ("slope", 1): {"w0": [0.21, 0.29, 0.5], "w1": [1, 0.05, 0.05], "gap": 0},
    ("grain", 1): {"gap": 0.5},
    ("grain", 2): {"gap": 0.4, "w": [0.5, 0.47, 0.5, 0.5]},
    ("boats", 0): {"rho0": LEFT, "rho1": LEFT[::-1]},
    ("pictures", 0): {"share": [0.4, 0.3, 0.3]},
}


# What looks like a solution and is none: nothing moves; the energy of what is not yet a film.
NOT_REACHED = {
    ("boats", 0): {"rho0": [0.5] * 64, "rho1": [0.5] * 64},
    ("river", 0): {"p": 3, "step": 0.02, "iterations": 20, "rho0": LEFT, "rho1": LEFT[::-1]},
    ("river", 1): {"p": 3, "step": 0.02, "iterations": 200},
    # what the button Counterexample shows
    ("slope", 0): {"w0": [0.21, 0.29, 0.5], "w1": [0.55, 0.2, 0.25], "gap": 0.4},
    ("assignment", 1): {"x": [[0.2, 0.2], [0.3, 0.2]], "y": [[0.2, 0.3], [0.3, 0.3]]},
}


@pytest.mark.parametrize(("name", "task"), NOT_REACHED, ids=lambda v: str(v))
def test_what_only_looks_like_a_solution_is_not_ticked(phone, name, task):
    """Killed: tasks of boats that spend nothing, of an energy below its bound."""
    figure = of(phone, name)
    phone.evaluate(
        "([n, state]) => document.querySelector(`#live-${n}`).otlec.set(state)",
        [name, NOT_REACHED[name, task]],
    )
    settle(phone, figure)
    assert "otlec-done" not in (
        figure.locator(".otlec-tasks li").nth(task).get_attribute("class") or ""
    )


@pytest.mark.parametrize(("name", "task"), REACHED, ids=lambda v: str(v))
def test_tasks_of_many_gestures_can_be_reached(phone, name, task):
    phone.evaluate(
        "([n, state]) => document.querySelector(`#live-${n}`).otlec.set(state)",
        [name, REACHED[name, task]],
    )
    shown = settle(phone, of(phone, name))
    done = of(phone, name).locator(".otlec-tasks li").nth(task)
    assert "otlec-done" in (done.get_attribute("class") or ""), shown


def test_what_is_painted_once_is_carried_to_the_other_figures(browser, built_book):
    page, complaints = open_live(browser, built_book)
    hand = _Mouse(page, "boats")
    before = settle(page, of(page, "river"))
    hand.choose("paint", "ρ₁")
    hand.press("Flat")
    page.wait_for_function(
        "document.querySelector('#live-river').otlec.state.rho1.every((v) => v === 0.5)"
    )
    assert settle(page, of(page, "river")) != before
    page.reload()
    come_near(page, "river")
    assert set(page.evaluate("document.querySelector('#live-river').otlec.state.rho1")) == {0.5}
    of(page, "river").get_by_role("button", name="Reset").click()
    page.wait_for_function(
        "document.querySelector('#live-boats').otlec.state.rho1.some((v) => v !== 0.5)"
    )
    assert not complaints
    page.context.close()


def test_no_task_is_done_before_the_reader_has_done_anything(browser, built_book):
    page, _ = open_live(browser, built_book)
    for name in NAMES:  # a change that changes nothing: the first instance itself is judged
        page.evaluate("(n) => document.querySelector(`#live-${n}`).otlec.set({})", name)
        settle(page, of(page, name))
        assert of(page, name).locator(".otlec-done").count() == 0, name
    page.context.close()


def test_a_drag_that_passes_over_a_solution_does_no_task(browser, built_book):
    page, _ = open_live(browser, built_book)
    figure, done = of(page, "mixing"), of(page, "mixing").locator(".otlec-done")
    drag = 1, 0, within(SOLUTIONS["mixing"][1][0][2])
    start, end = corner(page, "mixing", *drag)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    reached = settle(page, figure)
    assert done.count() == 0
    page.mouse.move(start[0] + 5, start[1], steps=3)
    page.mouse.up()
    assert settle(page, figure) != reached
    assert done.count() == 0
    _Mouse(page, "mixing").drag(*drag)
    at_rest = settle(page, figure)
    assert done.count() == 1
    # while it moves four decimals, at rest all that the copied cell prints
    decimals = [len(found) for found in re.findall(r"\d\.(\d+)", reached)]
    assert decimals == [4] * len(decimals)
    moving, still = (
        [float(v) for v in re.findall(r"\d\.\d+", text)] for text in (reached, at_rest)
    )
    assert moving == pytest.approx(still, abs=5.001e-5)
    assert at_rest == printed(copied(figure))
    page.context.close()


def test_reset_keeps_the_ticks_of_what_is_solved(browser, built_book):
    """Mutants: ticks that Reset takes away, in the page or in what is kept over a reload."""
    page, complaints = open_live(browser, built_book)
    hand = _Mouse(page, "swirl")
    first = settle(page, hand.figure)
    for what, *rest in SOLUTIONS["swirl"][1]:
        getattr(hand, what)(*rest)
    page.wait_for_selector("#live-swirl .otlec-done")
    for again in (False, True):
        hand.press("Reset")
        assert settle(page, hand.figure) == first
        assert "stays ticked" in hand.figure.locator("[role=status]").inner_text()
        page.reload()
        come_near(page, "swirl")
        assert settle(page, hand.figure) == first, again
        assert hand.figure.locator(".otlec-done").count() == 1
        assert hand.figure.locator("[role=status]").inner_text() == ""
    assert not complaints
    page.context.close()


def test_undo_takes_back_a_whole_drag_and_reset_all(browser, built_book):
    page, _ = open_live(browser, built_book)
    hand = _Mouse(page, "assignment")
    first = settle(page, hand.figure)
    hand.drag(0, 3, (0.9, 0.9))
    second = settle(page, hand.figure)
    hand.drag(0, 4, (0.1, 0.9))
    assert len({first, second, settle(page, hand.figure)}) == 3
    hand.press("Undo")
    assert settle(page, hand.figure) == second
    hand.press("Undo")
    assert settle(page, hand.figure) == first
    hand.slide("atoms", 60)
    hand.press("Reset")
    assert settle(page, hand.figure) == first
    page.context.close()


def test_a_link_carries_the_state_and_a_reload_keeps_it_with_the_ticks(browser, built_book):
    page, complaints = open_live(browser, built_book)
    wanted = {}
    for name in ("slope", "swirl", "rounds"):
        hand = _Mouse(page, name)
        for what, *rest in SOLUTIONS[name][1]:
            getattr(hand, what)(*rest)
        wanted[name] = settle(page, hand.figure)
        hand.press("Copy link")
    link = of(page, "slope").get_attribute("data-link")
    page.wait_for_function(
        "() => Object.keys(localStorage).filter((k) => k.startsWith('otlec-live:')).length === 3"
    )
    page.reload()
    come_near(page, *wanted)
    for name, text in wanted.items():
        assert settle(page, of(page, name)) == text
        assert of(page, name).locator(".otlec-done").count() == 1
    other, more = visit(browser, link)
    other.wait_for_function("() => document.querySelector('#live-slope')?.dataset.frames")
    assert settle(other, of(other, "slope")) == wanted["slope"]
    assert of(other, "slope").bounding_box()["y"] < 200
    of(other, "slope").get_by_role("button", name="Reset").click()
    assert settle(other, of(other, "slope")) != wanted["slope"]
    assert not complaints + more
    other.context.close()
    page.context.close()


@pytest.mark.parametrize(
    "change",
    [
        ("t=0.4", "t=1.4"),  # out of range
        ("t=0.4", "t=alert(1)"),
        ("t=0.4", "t=1e-1"),
        ("t=0.4", "t=0.4,0.5"),
        ("t=0.4", "t=0.4&t=0.4"),
        ("t=0.4", "__proto__=1"),
        ("&gap=0.4", ""),
        ("brush=1", "brush=2"),
        ("y=0.12,", "y="),
        ("w1=0.55", "w1=0"),
    ],
    ids=lambda change: change[1] or "nothing",
)
def test_a_link_that_does_not_fit_is_refused(reader, change):
    page, _ = reader
    text = page.evaluate(
        """() => {
          const root = document.querySelector("#live-slope");
          const data = JSON.parse(root.querySelector(".otlec-data").textContent);
          return otlecFrame.encode(data.state, data, otlecLive.figures.slope);
        }"""
    )
    decode = """(text) => {
      const root = document.querySelector("#live-slope");
      const data = JSON.parse(root.querySelector(".otlec-data").textContent);
      return otlecFrame.decode(text, data, otlecLive.figures.slope);
    }"""
    assert page.evaluate(decode, text) == stills.FIGURES["slope"].state
    assert change[0] in text
    assert page.evaluate(decode, text.replace(*change)) is None


def test_a_bad_link_says_so_and_shows_the_first_instance(browser, built_book):
    page, complaints = visit(browser, (built_book / "live.html").as_uri() + "#live:slope&t=9")
    come_near(page, "slope")
    assert "does not fit" in of(page, "slope").locator("[role=status]").inner_text()
    state = page.evaluate("() => document.querySelector('#live-slope').otlec.state")
    first = stills.FIGURES["slope"].state
    assert {name: state[name] for name in first} == first
    assert not complaints
    page.context.close()


SCREEN = 844 - 56  # the header stays in view


@pytest.mark.parametrize("name", NAMES)
def test_on_a_phone_the_whole_figure_fits_one_screen(browser, built_book, name, phone):
    """Mutant: a panel to drag that does not stand beside the others."""
    figure = of(phone, name)
    assert figure.bounding_box()["height"] <= SCREEN
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    figure.locator(".otlec-boxes summary").click()
    top, below = (figure.locator(f".otlec-{part}").bounding_box() for part in ("panels", "label"))
    figure.locator(".otlec-boxes summary").click()
    assert below["y"] + below["height"] - top["y"] <= SCREEN, "with the numbers to type"


def test_on_a_phone_a_slider_is_wide_enough_for_its_steps(phone):
    """Mutant: a slider of 67 px between two choices."""
    widths = phone.locator(".otlec-figure input[type=range]").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().width)"
    )
    assert len(widths) >= 10
    assert min(widths) >= 120


def test_atoms_carry_the_numbers_that_the_readout_names(phone):
    """Mutant: numbers that count from 1 in each list, where "no." counts through both."""
    for name, numbers in {
        "walk": [1, 2, 3, 4, 5, 6, 7, 8],
        "rounds": [*range(1, 15)],
        "weights": [*range(1, 14)],
        "grain": [1, 2, 3, 4, ""],
    }.items():
        found = of(phone, name).locator(".otlec-number").all_text_contents()
        assert found == [str(n) for n in numbers], name
    pairs = re.findall(r"(\d) to (\d)", settle(phone, of(phone, "walk")).split("; pairs")[1])
    assert sorted(int(j) for _, j in pairs) == [5, 6, 7, 8]
    pairs = re.findall(r"(\d+) to (\d+)", settle(phone, of(phone, "rounds")))
    assert pairs
    assert all(int(i) <= 7 < int(j) for i, j in pairs)
    said = of(phone, "walk").locator(".otlec-legend > span").all_inner_texts()
    assert said == ["start", "end", "t Wₚ, atoms at t", "the fade"]


def test_what_is_pointed_at_is_framed_wherever_it_is_named(browser, built_book):
    """A bar of weights, its atom, and its row or column in the matrix of the plan."""
    page, _ = open_live(browser, built_book)
    figure = of(page, "weights")
    framed = figure.locator("g.otlec-here > .otlec-strip")
    for k, step in ((3, "height"), (9, "width")):  # a source is a row, a target a column
        start, _ = corner(page, "weights", 0, k, (None, None))
        page.mouse.move(*start)
        assert (
            figure.locator(".otlec-here").evaluate_all("(all) => all.map((e) => e.dataset.name)")
            == [str(k + 1)] * 3
        )
        bar, cells = (framed.nth(i).bounding_box() for i in (0, 1))
        assert cells[step] < 60 < bar["height"]
    page.mouse.move(2, 2)
    assert framed.count() == 0
    figure.locator("svg.otlec-panel").first.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    assert figure.locator("text.otlec-here").get_attribute("data-name") == "3"
    page.context.close()


def test_all_triangles_stand_one_way_up(phone):
    """Mutant: the first of three at the left in one triangle and above in the next."""
    assert phone.evaluate("otlecLive.tools.CORNERS") == [[0.5, 0.866], [0, 0], [1, 0]]
    script = (ROOT / "book" / "_static" / "otlec-moving.js").read_text(encoding="utf-8")
    assert "corners = [[side / 2, 18], [8, " in script
    drawn = stills.FIGURES["mixing"].still()[0].panels[1].layers
    assert [layer.arrays["xy"].tolist() for layer in drawn[1:4]] == [
        [[0.5, 0.866]], [[0.0, 0.0]], [[1.0, 0.0]]
    ]  # fmt: skip


@pytest.fixture(scope="module")
def phone(browser, built_book):
    page, complaints = open_live(browser, built_book, **PHONE)
    yield page
    assert not complaints
    page.context.close()
