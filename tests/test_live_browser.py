"""The live figures in Chromium: dragged, painted, stepped, copied, and where they cannot run."""

import contextlib
import io
import json
import math
import re
import sys

import pytest
from chromium import come_near, visit
from conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.needs_jit]

sys.path.insert(0, str(ROOT / "book" / "_live"))
import stills  # noqa: E402

NAMES = list(stills.FIGURES)
# What the readout says beyond what the copied cell prints.
EXTRAS = (
    "; no film of these cells|; not as guessed|; one atom comes|; [0-9]+ atoms change their place"
    "|; pairs 1 to|; that fading spends less"
)


@pytest.fixture(scope="module")
def live(browser, built_book):
    """The page of all live figures, once they run."""
    page, complaints = visit(browser, (built_book / "live.html").as_uri())
    come_near(page)
    assert page.locator(".otlec-figure.otlec-ready[data-frames]").count() == len(NAMES)
    yield page
    assert not complaints, complaints


def of(page, name):
    return page.locator(f"#live-{name}")


def settle(page, figure):
    """Wait until the figure has drawn what was asked for; return its readout."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 5)))")
    return figure.locator("output").inner_text()


def copied(figure) -> str:
    figure.get_by_text("Copy as Python").or_(figure.get_by_text("Copied")).click()
    return figure.get_attribute("data-python")


def printed(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue().strip()


def same_numbers(page, figure, name) -> None:
    """The readout is what the copied cell prints, in every word and digit."""
    shown = re.split(EXTRAS, settle(page, figure))[0]
    assert shown == printed(copied(figure))


def drag(page, svg, start, end, steps):
    """Drag from one place of a panel to another, both as parts of its size; a frame a step."""
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    at = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    for k in range(1, steps + 1):
        part = k / steps
        wave = 20 * math.sin(12 * part)
        page.mouse.move(*(a + part * (b - a) + wave for a, b in zip(*at, strict=True)))
    page.mouse.up()


def place_of(page, name, panel, handle):
    """Where a handle stands, as parts of the size of its panel."""
    return page.evaluate(
        """([name, panel, handle]) => {
          const root = document.querySelector(`#live-${name}`);
          const data = JSON.parse(root.querySelector(".otlec-data").textContent).panels[panel];
          const handles = otlecLive.figures[name].handles.find((h) => h.panel === panel);
          const [x, y] = handles.where(root.otlec.state)[handle];
          const [l, t, r, b] = data.box, [x0, x1] = data.xlim, [y0, y1] = data.ylim;
          const u = l + (x - x0) / (x1 - x0) * (r - l), v = b - (y - y0) / (y1 - y0) * (b - t);
          const svg = root.querySelectorAll("svg.otlec-panel")[panel];
          const at = new DOMPoint(u, v).matrixTransform(svg.getScreenCTM());
          const box = svg.getBoundingClientRect();
          return [(at.x - box.left) / box.width, (at.y - box.top) / box.height];
        }""",
        [name, panel, handle],
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_page_draws_what_the_still_frame_shows(browser, built_book, live, name):
    still, _ = visit(browser, (built_book / "live.html").as_uri(), java_script_enabled=False)
    text = of(still, name).locator("output").inner_text()
    assert re.split(EXTRAS, settle(live, of(live, name)))[0] == text
    paths = """(e) => [...e.querySelectorAll('.otlec-panel')]
      .map((panel) => panel.querySelectorAll('path').length)"""
    numbers = """(e) => [...e.querySelectorAll('[data-layer] path')]
      .flatMap((p) => p.getAttribute('d').match(/-?[0-9.]+/g) ?? []).map(Number)"""
    fixed = still.locator(f"#live-{name}")
    html = fixed.evaluate("(e) => e.outerHTML")
    still.context.close()
    fresh = live.context.new_page()
    fresh.set_content(html)
    wanted = fresh.locator(f"#live-{name}").evaluate(numbers)
    shape = fresh.locator(f"#live-{name}").evaluate(paths)
    fresh.close()
    assert of(live, name).evaluate(paths) == shape
    found = of(live, name).evaluate(numbers)
    assert len(found) == len(wanted) > 0
    if name != "river":  # its lower bound is another one in the page
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 0.1001


@pytest.mark.parametrize("name", NAMES)
def test_what_is_copied_prints_the_same_numbers(live, name):
    figure = of(live, name)
    same_numbers(live, figure, name)
    handles = live.evaluate("(n) => otlecLive.figures[n].handles.map((h) => h.panel)", name)
    for panel in handles:
        svg = figure.locator("svg.otlec-panel").nth(panel)
        drag(live, svg, place_of(live, name, panel, 0), (0.6, 0.45), 5)
        same_numbers(live, figure, name)
    for slider in figure.locator("input[type=range]").all():
        before = settle(live, figure)
        slider.focus()
        live.keyboard.press("ArrowLeft")
        after = settle(live, figure)
        assert after != before or slider.input_value() != ""
        same_numbers(live, figure, name)
    figure.get_by_text("Reset").click()
    figure.locator("svg.otlec-panel").nth(handles[0]).focus()
    before = settle(live, figure)
    live.keyboard.press("ArrowUp")
    live.keyboard.press("PageDown")
    live.keyboard.press("ArrowUp")
    live.keyboard.press("ArrowLeft")
    live.keyboard.press("ArrowUp")
    assert settle(live, figure) != before or name == "rounds"
    same_numbers(live, figure, name)
    figure.get_by_text("Reset").click()
    assert settle(live, figure) == before


def test_two_hundred_positions_end_where_python_does(live):
    figure = of(live, "assignment")
    svg = figure.locator("svg.otlec-panel").first
    frames = int(figure.get_attribute("data-frames"))
    drag(live, svg, place_of(live, "assignment", 0, 3), (0.7, 0.6), 200)
    same_numbers(live, figure, "assignment")
    assert int(figure.get_attribute("data-frames")) - frames >= 50


def test_two_hundred_frames_at_a_hundred_atoms_leave_memory_and_page_as_they_were(live):
    figure = of(live, "assignment")
    found = live.evaluate(
        """async () => {
          const root = document.querySelector("#live-assignment"), {otlec} = root;
          const slider = root.querySelector("input[type=range]");
          slider.value = 100;
          slider.dispatchEvent(new Event("input"));
          const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          const move = async (count) => {
            for (let k = 0; k < count; k++) {
              const x = otlec.state.x.slice();
              x[7] = [0.5 + 0.4 * Math.cos(k / 9), 0.5 + 0.4 * Math.sin(k / 7)];
              otlec.set({x});
              await frame();
            }
          };
          await move(60);
          const size = () => otlec.kernels.memory.buffer.byteLength;
          const count = () => document.querySelectorAll("*").length;
          const before = size(), nodes = count();
          await move(200);
          return {grown: size() - before, nodes: count() - nodes, n: otlec.state.n};
        }"""
    )
    assert found["n"] == 100
    assert found["grown"] == 0
    assert found["nodes"] == 0
    same_numbers(live, figure, "assignment")
    slider = figure.locator("input[type=range]")
    slider.fill("200")
    same_numbers(live, figure, "assignment")
    figure.get_by_text("Reset").click()


def test_the_hungarian_method_goes_forwards_and_back(live):
    figure = of(live, "rounds")
    for _ in range(7):
        figure.get_by_text("Back").click()
    assert settle(live, figure).startswith("Round 0 of 7")
    seen = []
    for k in range(1, 8):
        figure.get_by_text("Next round").click()
        seen.append(settle(live, figure))
        assert seen[-1].startswith(f"Round {k} of 7")
    figure.get_by_text("Back").click()
    assert settle(live, figure) == seen[5]
    figure.get_by_text("Reset").click()


def test_a_stroke_paints_every_bar_it_passes(live):
    figure = of(live, "line")
    svg = figure.locator("svg.otlec-panel").first
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    y = box["y"] + 0.3 * box["height"]
    live.mouse.move(box["x"] + 0.16 * box["width"], y)
    live.mouse.down()
    live.mouse.move(box["x"] + 0.95 * box["width"], y)
    live.mouse.up()
    settle(live, figure)
    bars = live.evaluate("() => document.querySelector('#live-line').otlec.state.a")
    assert max(bars) - min(bars) < 1e-9 or len({round(v, 6) for v in bars}) <= 2
    same_numbers(live, figure, "line")
    figure.get_by_text("Reset").click()


def test_the_sandwich_stays_open_at_the_counterexample(live):
    figure = of(live, "slope")

    assert "at t = 0 the slope is -0.0" in settle(live, figure)
    figure.get_by_text("Counterexample").click()
    text = settle(live, figure)
    low, high = json.loads(text[text.index("[") :])
    assert high - low > 0.02
    same_numbers(live, figure, "slope")
    figure.get_by_text("Reset").click()


def test_the_iteration_runs_pauses_and_certifies(live):
    figure = of(live, "river")
    figure.get_by_text("From the beginning").click()
    figure.get_by_text("Start").click()
    live.wait_for_function(
        "() => document.querySelector('#live-river').otlec.state.iterations >= 300"
    )
    figure.get_by_text("Pause").click()
    text = settle(live, figure)
    energy = float(text.split("energy ")[1].split(",")[0])
    bound = float(text.split("less than ")[1])
    assert settle(live, figure) == text
    assert energy * 0.98 <= bound <= energy * 1.001
    same_numbers(live, figure, "river")
    for p in ("1", "3"):
        figure.locator("select").nth(1).select_option(p)
        same_numbers(live, figure, "river")
    figure.get_by_text("Reset").click()


def test_a_product_and_its_value_stay_on_one_line(live):
    """Mutant: "t / Wₚ = 0.2", over two lines."""
    figure = of(live, "walk")
    whole = figure.locator("output .otlec-whole").all_inner_texts()
    assert any(re.fullmatch(r"t Wₚ = \d\.\d{6}", text) for text in whole), whole


def test_a_frame_writes_only_what_has_changed(live):
    """Mutants: a path, a control, a label or an unmoved panel written anew in each frame."""
    found = live.evaluate(
        """async () => {
          const root = document.querySelector("#live-assignment"), written = [];
          const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          const watch = new MutationObserver((list) => written.push(...list));
          watch.observe(root, {subtree: true, childList: true, attributes: true,
            characterData: true});
          root.otlec.set({});
          await frame();
          const idle = watch.takeRecords().concat(written.splice(0));
          const x = structuredClone(root.otlec.state.x);
          x[0][0] += 0.001;
          root.otlec.set({x});
          await frame();
          const moved = watch.takeRecords().concat(written);
          const names = (list) => list.map((r) => r.attributeName ?? r.type);
          return [names(idle), names(moved), moved.filter((r) => r.type === "childList").length];
        }"""
    )
    assert set(found[0]) <= {"data-ms", "data-frames"}, found[0]
    assert {"d", "characterData"} <= set(found[1])
    assert found[2] == 0, "nodes are kept"
    of(live, "assignment").get_by_text("Reset").click()


def test_a_finger_drags_too(browser, built_book):
    page, complaints = visit(
        browser,
        (built_book / "live.html").as_uri(),
        viewport={"width": 390, "height": 800},
        has_touch=True,
        is_mobile=True,
    )
    come_near(page, "assignment")
    figure = of(page, "assignment")
    svg = figure.locator("svg.otlec-panel").first
    svg.scroll_into_view_if_needed()
    before, box = settle(page, figure), svg.bounding_box()
    u, v = place_of(page, "assignment", 0, 0)
    client = page.context.new_cdp_session(page)
    x, y = box["x"] + u * box["width"], box["y"] + v * box["height"]
    touch = lambda kind, *points: client.send(  # noqa: E731
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]},
    )
    scrolled = page.evaluate("scrollY")
    touch("touchStart", (x, y))
    page.wait_for_selector("#live-assignment .otlec-held")  # it rests, and takes hold
    for k in range(1, 6):
        touch("touchMove", (x + 8 * k, y + 8 * k))
    touch("touchEnd")
    assert settle(page, figure) != before
    assert page.evaluate("scrollY") == scrolled
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert not complaints
    page.context.close()


def test_without_webassembly_the_still_frame_and_a_sentence_remain(browser, built_book):
    page, complaints = visit(browser, "about:blank")
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto((built_book / "live.html").as_uri())
    assert page.evaluate("typeof WebAssembly") == "undefined"
    for name in NAMES:
        figure = of(page, name)
        assert "still picture" in figure.locator(".otlec-still").inner_text()
        assert figure.locator("svg [data-layer]").count() >= 2
        assert figure.locator("output").inner_text() != ""
        assert figure.locator("button").count() == 0
    assert not complaints


def test_every_kernel_stands_beneath_its_figure(built_book):
    text = (built_book / "live.html").read_text(encoding="utf-8")
    assert text.count("This code is what runs above") == len(NAMES)
    for figure in stills.FIGURES.values():
        for kernel in figure.kernels:
            assert kernel.split(".")[1] in text


def test_the_scripts_are_small_and_only_where_they_are_needed(built_book):
    scripts = list((built_book / "_static" / "live").iterdir())
    assert sum(file.stat().st_size for file in scripts) <= 150_000
    for page in built_book.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert ("live/kernels.js" in text) == ('class="otlec-figure"' in text), page.name
        if 'class="otlec-figure"' in text:
            assert len(text) <= 1_500_000


def test_no_word_of_code_is_watched_in_each_frame(browser, built_book):
    """Mutant: the box of code watches its words, thousands on this page: 2 ms of every frame."""
    page, complaints = visit(browser, "about:blank")
    page.add_init_script("""
        globalThis.watched = [];
        const {observe} = ResizeObserver.prototype;
        ResizeObserver.prototype.observe = function (node, ...rest) {
          watched.push(node.parentElement.tagName);
          return observe.call(this, node, ...rest);
        };""")
    page.goto((built_book / "live.html").as_uri())
    page.wait_for_function("() => document.querySelector('.otlec-figure').dataset.frames")
    assert page.evaluate("watched.length") > len(NAMES)
    assert page.evaluate("watched.filter((tag) => tag === 'PRE').length") == 0
    assert not complaints
    page.context.close()


def test_a_figure_is_solved_when_the_reader_comes_near(browser, built_book):
    """Mutants: all figures are solved when the page has loaded; one that is near is not."""
    page, complaints = visit(browser, (built_book / "live.html").as_uri())
    page.wait_for_function(
        "() => [...document.querySelectorAll('.otlec-figure')].every((root) => root.otlec)"
    )
    solved = """() => [...document.querySelectorAll('.otlec-figure[data-frames]')]
      .map((root) => root.dataset.figure)"""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 5)))")
    assert len(page.evaluate(solved)) < len(NAMES) / 3
    last = page.locator(".otlec-figure").last
    name = last.get_attribute("data-figure")
    assert name not in page.evaluate(solved)
    assert last.locator("output").inner_text(), "the still frame stands there until then"
    come_near(page, name)
    assert name in page.evaluate(solved)
    assert len(page.evaluate(solved)) < len(NAMES)
    assert not complaints
    page.context.close()
