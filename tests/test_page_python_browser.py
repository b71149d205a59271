"""Python in the page: a real Chromium, the real Pyodide core, cells of plain Python."""

import json
import shutil

import archive
import page_site as site
import pytest
import reading

pytestmark = pytest.mark.browser

CHAPTER = "".join(
    [
        site.cell("a = 20"),
        site.cell('print("from above")\nb = a + 1'),
        site.cell("print(2 * b)\nb", output="the book's"),
        site.cell("1 / (b - b)"),
    ]
)
# The core holds no NumPy, so no otlec: a judge in plain Python (the real ones: ..._numpy.py).
JUDGE = """class Verdict:
    def __init__(self, name, value, hint):
        self.name, self.status = name, "right" if value == 1 else "wrong"
        self.text = f"{name}: {self.status}" + " Hint: it is 1." * min(hint, 1)
    def _repr_html_(self):
        return f"<p>{self.text}</p>"
class otlec:
    check = lambda name, answer, hint=0: Verdict(name, answer(), hint)"""
PAGES = {
    "x1-exercises": site.cell(JUDGE) + site.exercise("1a", "one") + site.exercise("1b", "two"),
    "01-chapter": CHAPTER,
    "02-drawn": site.cell("import numpy as np\nfrom otlec.drawing import plot"),
}
EXERCISES = {"x1-exercises": ["1a", "1b"]}
TEMPLATE = {
    "cells": [
        {"cell_type": kind, "source": text, "metadata": {}, **more}
        for kind, text, more in [
            ("markdown", "## Exercises", {}),
            ("code", 'def one():\n    raise NotImplementedError("write me")', {"outputs": []}),
            ("code", 'otlec.check("1a", one)', {"outputs": []}),
            ("code", 'def two():\n    raise NotImplementedError("write me")', {"outputs": []}),
            ("code", 'otlec.check("1b", two)', {"outputs": []}),
        ]
    ],
    "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip
LONG = 300_000  # milliseconds: a slow machine is no error
STATUS = ".otlec-python p"
READY = ".otlec-python[data-state=ready]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    site.write_site(folder, PAGES, EXERCISES, site.core())
    (folder / "exercises").mkdir()
    text = json.dumps(json.dumps(TEMPLATE))
    (folder / "exercises" / "x1-exercises.ipynb.js").write_text(f'otlecSave("x1", {text});')
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with site.Server(folder) as server:
        yield server


@pytest.fixture
def page(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(LONG)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()
    assert not page.errors


@pytest.fixture(scope="module")
def running(browser, server):
    """A chapter whose Python runs: shared, since a start takes seconds."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(LONG)
    page = context.new_page()
    page.goto(f"{server.address}01-chapter.html")
    page.click("text=Run Python in this page")
    page.wait_for_selector(READY, timeout=LONG)
    yield page
    context.close()


def edit(page, number: int, text: str | None = None):
    """Open the editor of a cell, unless it is open, and write into it."""
    area = page.get_by_label(f"Code of cell {number}", exact=True)
    if not area.count():
        page.get_by_role("button", name=f"Try it: cell {number}", exact=True).click()
    if text is not None:
        area.fill(text)
    return area


def run(page, number: int) -> str:
    """Run a cell, and return what it shows when it has ended."""
    area = page.get_by_label(f"Code of cell {number}", exact=True)
    area.press("Control+Enter")
    button = page.locator(".cell").nth(number - 1).get_by_role("button", name="Run", exact=True)
    button.and_(page.locator(":enabled")).wait_for(timeout=LONG)
    return page.get_by_label(f"Output of cell {number}", exact=True).inner_text()


def test_nothing_is_loaded_before_the_button_is_pressed_and_then_the_page_says_what_and_from_where(
    page, server
):
    asked = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server.address)))
    page.goto(f"{server.address}01-chapter.html")
    page.wait_for_load_state("networkidle")
    assert set(asked) <= {
        "01-chapter.html",
        "_static/page/page.css",
        "_static/page/boot.js",
        "favicon.ico",
    }
    assert page.locator(".otlec-tools, textarea, progress").count() == 0
    page.evaluate(
        """() => {
          window.lines = [];
          const look = () => lines.push([document.querySelector(".otlec-python p").textContent,
            document.querySelector("progress")?.value]);
          new MutationObserver(look).observe(document.querySelector(".otlec-python"),
            {subtree: true, childList: true, attributes: true});
        }"""
    )
    page.click("text=Run Python in this page")
    page.wait_for_selector(READY, timeout=LONG)
    lines = page.evaluate("lines")
    assert any(
        "Fetching Python 3.1" in text and "MB" in text and "this site" in text for text, _ in lines
    )
    assert len({value for _, value in lines if value}) > 3, "the bar moves"
    assert page.locator(STATUS).inner_text().startswith("Python 3.1")
    assert page.locator("progress").is_hidden()
    assert all(
        address.startswith(server.address) for address in asked if address.startswith("http")
    )


def test_a_cell_runs_after_those_above_and_its_output_takes_the_place_of_the_books(running):
    edit(running, 3)
    assert run(running, 3).split() == ["42", "21"]
    assert running.get_by_text("the book's", exact=True).is_hidden()
    edit(running, 2, "b = a + 2")
    marks = running.locator(".otlec-mark").all_inner_texts()
    assert marks[2] == "Not run since a change."
    assert run(running, 3).split() == ["44", "22"], "the changed cell above was run again"
    running.locator(".cell").nth(2).get_by_role("button", name="Back to the book's").click()
    assert running.get_by_text("the book's", exact=True).is_visible()
    running.locator(".cell").nth(1).get_by_role("button", name="Back to the book's").click()


def test_an_error_shows_the_readers_own_lines_and_an_advice_where_there_is_one(running):
    edit(running, 4)
    shown = run(running, 4)
    assert "ZeroDivisionError" in shown
    assert "1 / (b - b)" in shown
    assert "otlec_startup" not in shown
    edit(running, 4, "def f(n):\n    return f(n + 1)\nf(0)")
    shown = run(running, 4)
    assert "RecursionError" in shown
    assert "should stop" in shown
    edit(running, 4, "x = bytearray(10**10)")
    shown = run(running, 4)
    assert "MemoryError" in shown or "OverflowError" in shown
    edit(running, 4, "import pandas")
    assert "pandas" in run(running, 4)
    odd = "class Odd:\n    def __getattr__(self, name):\n        raise SystemError\nOdd().n"
    edit(running, 4, odd)
    assert "SystemError" in run(running, 4)
    edit(running, 4, "class Odd(Exception):\n    def __str__(self):\n        1 / 0\nraise Odd")
    assert "Odd" in run(running, 4)
    edit(running, 4, "if True print(1)")
    assert "SyntaxError" in run(running, 4)
    edit(running, 4, "print('still alive')")
    assert run(running, 4).strip() == "still alive"


def test_html_of_a_cell_is_shown_without_scripts(running):
    code = """class Page:
    def _repr_html_(self):
        return ('<p onclick="x()">kept</p><script>window.hurt = 1</script>'
                '<img src="x" onerror="window.hurt = 1"><a href="javascript:x()">link</a>')
Page()"""
    edit(running, 4, code)
    assert "kept" in run(running, 4)
    output = running.get_by_label("Output of cell 4", exact=True)
    markup = output.inner_html()
    for word in ("script", "onerror", "onclick", "javascript:"):
        assert word not in markup
    assert running.evaluate("window.hurt") is None


def test_stop_ends_an_endless_loop_and_a_fresh_python_keeps_what_was_written(running):
    endless = "a = 1\nwhile True:\n    pass"
    area = edit(running, 4, endless)
    area.press("Control+Enter")
    stop = running.locator(".cell").nth(3).get_by_role("button", name="Stop")
    stop.wait_for()
    stop.click()
    running.get_by_text("a fresh Python is ready").wait_for(timeout=LONG)
    assert area.input_value() == endless
    area.fill("print(b)")
    assert run(running, 4).strip() == "21", "the cells above were run again"


def test_keys_indent_dedent_and_leave_the_editor(running):
    area = edit(running, 4, "")
    running.keyboard.type("for i in range(2):\nprint(i)\n")
    assert area.input_value() == "for i in range(2):\n    print(i)\n    "
    running.keyboard.press("Shift+Tab")
    running.keyboard.press("Tab")
    running.keyboard.press("Backspace")
    running.keyboard.type("print(7)")
    assert area.input_value() == "for i in range(2):\n    print(i)\nprint(7)"
    assert run(running, 4).split() == ["0", "1", "7"]
    area.press("Control+a")
    area.press("Tab")
    assert area.input_value().startswith("    for")
    area.press("Shift+Tab")
    assert area.input_value().startswith("for")
    area.press("Escape")
    running.keyboard.press("Tab")
    focused = running.evaluate("document.activeElement.textContent")
    assert focused in ("Run", "Stop")
    for name, value in (("spellcheck", "false"), ("autocapitalize", "off"), ("autocorrect", "off")):
        assert area.get_attribute(name) == value


def test_answers_are_kept_in_the_browser_and_said_to_be_so(page, server):
    address = f"{server.address}x1-exercises.html"
    page.goto(address)
    page.click("text=Run Python in this page")
    area = page.get_by_label("Your answer to 1a")
    area.fill("def one():\n    return 1")
    note = page.locator(".cell", has=area).locator(".otlec-saved")
    assert note.inner_text().startswith("Saved in this browser at ")
    page.reload()
    assert area.input_value() == "def one():\n    return 1"
    assert page.get_by_label("Your answer to 1b").input_value().endswith('("write me")')
    assert "Here is what you wrote" in page.locator(STATUS).inner_text()
    page.get_by_role("button", name="Reset").first.click()
    assert "write me" in area.input_value()
    page.get_by_role("button", name="Undo the reset").click()
    assert "return 1" in area.input_value()


def check(page, name: str, button: str = "Check {}") -> str:
    """Press a button of an exercise, and return the verdict."""
    page.get_by_role("button", name=button.format(name), exact=True).click()
    verdict = page.get_by_label(f"Verdict on {name}", exact=True)
    verdict.get_by_text(f"{name}: ").wait_for(timeout=LONG)
    enabled = page.get_by_role("button", name=f"Check {name}", exact=True, disabled=False)
    enabled.wait_for(timeout=LONG)
    return verdict.inner_text().strip()


def test_check_hint_and_reset_of_an_exercise(page, server):
    page.goto(f"{server.address}x1-exercises.html")
    page.click("text=Run Python in this page")
    area = page.get_by_label("Your answer to 1a")
    area.fill("def one():\n    return 2")
    assert check(page, "1a") == "1a: wrong"
    assert check(page, "1a", "A hint for {}") == "1a: wrong Hint: it is 1."
    assert check(page, "1a") == "1a: wrong Hint: it is 1.", "a hint that was given stays"
    assert page.get_by_text("✓ solved").count() == 0
    area.fill("def one():\n    return 1")
    assert check(page, "1a").startswith("1a: right")
    assert page.get_by_text("✓ solved").is_visible()
    assert page.locator(".otlec-badge").inner_text() == "1 of 2"
    page.get_by_role("button", name="Reset").first.click()
    assert "write me" in area.input_value()
    assert page.get_by_text("✓ solved").count() == 0
    page.reload()
    page.get_by_role("button", name="Check 1a", exact=True).wait_for()
    assert "write me" in area.input_value()
    area.fill("def one():\n    return 1")
    assert page.get_by_text("✓ solved").is_visible(), "the answer that was right is still right"


def test_a_tick_stays_while_the_answer_is_the_one_that_was_right(page, server):
    address = f"{server.address}x1-exercises.html"
    page.goto(address)
    answer = {"code": "def one(): return 1", "right": "def one(): return 1", "at": "10:00"}
    page.evaluate("a => localStorage.setItem('otlec:exercise:1a', JSON.stringify(a))", answer)
    page.reload()
    badge = page.locator(".otlec-badge")
    assert badge.inner_text() == "1 of 2"
    assert "1 of 2 exercises" in page.locator(".otlec-solved").inner_text()
    assert page.get_by_text("✓ solved").is_visible()
    page.get_by_label("Your answer to 1a").fill("def one(): return 2")
    assert badge.inner_text() == "0 of 2"


def test_a_notebook_goes_out_and_comes_in(page, server, tmp_path):
    page.goto(f"{server.address}x1-exercises.html")
    page.click("text=Run Python in this page")
    page.get_by_label("Your answer to 1a").fill("def one():\n    return 'één'")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download my notebook").click()
    assert waiting.value.suggested_filename == "x1-exercises.ipynb"
    file = tmp_path / "x1-exercises.ipynb"
    waiting.value.save_as(file)
    notebook = json.loads(file.read_text(encoding="utf-8"))
    assert notebook["cells"][1]["source"] == "def one():\n    return 'één'"
    assert notebook["cells"][3] == TEMPLATE["cells"][3]
    notebook["cells"][1]["source"] = ["def one():\n", "    return 3"]
    notebook["cells"][3]["source"] = "two = lambda: 2"
    file.write_text(json.dumps(notebook))
    questions = []
    page.on("dialog", lambda dialog: (questions.append(dialog.message), dialog.accept()))
    page.get_by_label("A notebook to load").set_input_files(file)
    page.get_by_text("Taken from x1-exercises.ipynb: 1a, 1b").wait_for()
    assert page.get_by_label("Your answer to 1a").input_value() == "def one():\n    return 3"
    assert page.get_by_label("Your answer to 1b").input_value() == "two = lambda: 2"
    assert len(questions) == 1, "only what would be lost is asked about"
    assert "1a" in questions[0]
    assert "1b" not in questions[0]
    (tmp_path / "picture.ipynb").write_bytes(b"\x89PNG")
    page.get_by_label("A notebook to load").set_input_files(tmp_path / "picture.ipynb")
    page.get_by_text("is no notebook").wait_for()


def break_wasm(route):
    response = route.fetch()
    route.fulfill(body=response.body() + b"\0", headers={"access-control-allow-origin": "*"})


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda route: route.abort(), "cannot be reached"),
        (lambda route: route.fulfill(status=404), "is not there"),
        (break_wasm, "its checksum is wrong"),
    ],
)
def test_an_error_of_the_network_is_a_sentence_with_a_remedy_and_the_button_tries_again(
    page, server, answer, sentence
):
    page.goto(f"{server.address}01-chapter.html")
    page.context.route("**/pyodide.asm.wasm", answer)
    page.click("text=Run Python in this page")
    page.wait_for_selector(".otlec-python[data-state=trouble]", timeout=LONG)
    text = page.locator(STATUS).inner_text()
    assert sentence in text
    assert "is kept" in text
    page.context.unroute("**/pyodide.asm.wasm")
    page.click("text=Run Python in this page")
    page.wait_for_selector(READY, timeout=LONG)


def test_a_browser_that_keeps_nothing_says_so_before_anything_is_lost(page, server):
    page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('', 'SecurityError'); };"
    )
    page.goto(f"{server.address}x1-exercises.html")
    page.click("text=Run Python in this page")
    area = page.get_by_label("Your answer to 1a")
    area.fill("def one(): return 1")
    note = page.locator(".cell", has=area).locator(".otlec-saved")
    assert note.inner_text().startswith("Not saved")
    assert "Download" in note.inner_text()


def test_a_second_tab_tells_the_first_and_overwrites_nothing_there(page, server):
    address = f"{server.address}x1-exercises.html"
    page.goto(address)
    page.click("text=Run Python in this page")
    page.get_by_label("Your answer to 1a").fill("def one(): return 'first tab'")
    other = page.context.new_page()
    other.goto(address)
    other.get_by_label("Your answer to 1a").fill("def one(): return 'second tab'")
    page.get_by_text("Another tab has saved a newer version").wait_for()
    assert "first tab" in page.get_by_label("Your answer to 1a").input_value()
    page.get_by_role("button", name="Take it over").click()
    assert "second tab" in page.get_by_label("Your answer to 1a").input_value()


def test_a_page_from_a_folder_takes_python_from_an_address(page, server, folder, tmp_path):
    copy = tmp_path / "copy"
    elsewhere = {"core": f"{server.address}_static/python/", "packages": server.address}
    site.write_site(copy, PAGES, EXERCISES, site.core(), own=False, **elsewhere)
    page.goto((copy / "01-chapter.html").as_uri())
    page.click("text=Run Python in this page")
    page.wait_for_selector(READY, timeout=LONG)
    edit(page, 2)
    assert run(page, 2).strip() == "from above"


def test_a_site_with_python_in_it_says_from_a_folder_what_to_do(page, folder):
    """What goes wrong at once forgets its promise: that once hid the sentence behind an error."""
    page.goto((folder / "01-chapter.html").as_uri())
    page.click("text=Run Python in this page")
    page.get_by_text("a browser does not read this copy's Python from a folder").wait_for()


def test_an_archive_with_python_in_it_needs_no_network(browser, folder, tmp_path):
    (folder / "index.html").write_text("<title>a site</title>")
    shutil.unpack_archive(archive.pack(folder, tmp_path / "book.zip"), tmp_path)
    context = browser.new_context(offline=True)
    context.set_default_timeout(LONG)
    page = context.new_page()
    page.goto((tmp_path / "book" / "01-chapter.html").as_uri())
    page.click("text=Run Python in this page")
    page.wait_for_selector(READY)
    edit(page, 2)
    assert run(page, 2).strip() == "from above"
    edit(page, 4, "import pandas")
    assert "pandas" in run(page, 4)
    context.close()


def test_a_worker_that_dies_is_replaced(page, server):
    page.goto(f"{server.address}01-chapter.html")
    page.click("text=Run Python in this page")
    page.wait_for_selector(READY, timeout=LONG)
    # what a fatal error of Pyodide does: Python's own memory is damaged
    code = "from js import Function\nFunction('throw new RangeError(\"gone\")')()"
    edit(page, 4, "import ctypes\nctypes.string_at(2**31 - 8, 2**20)")
    shown = run(page, 4)
    page.get_by_text("fresh Python is ready").wait_for(timeout=LONG)
    assert "Python has broken down" in shown, code
    edit(page, 4, "print(a)")
    assert run(page, 4).strip() == "20"


def test_what_this_python_lacks_is_said_before_it_is_loaded(browser, server):
    said = {}
    for name in ("01-chapter", "02-drawn"):
        page = browser.new_page()
        page.goto(f"{server.address}{name}.html")
        said[name] = page.locator(STATUS).inner_text()
        assert page.evaluate("typeof otlecPython === 'undefined'")
        page.close()
    assert said["01-chapter"] == ""
    assert said["02-drawn"].startswith("This copy comes without matplotlib: cells that need it run")


STORED = """() => {
  const code = "def c_transform(cost, psi):\\n    return (cost - psi).min(axis=1)";
  localStorage.setItem("otlec:exercise:1a", JSON.stringify({code, right: code, at: "10:00"}));
}"""


def test_the_books_editors_fit_a_telephone_and_axe_finds_nothing(browser, built_book):
    if not (built_book / "_static" / "page").exists():
        pytest.skip("the book was built with PYODIDE=off")
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(LONG)
    page = context.new_page()
    page.add_init_script(f"({STORED})()")
    page.goto((built_book / "x1-exercises.html").as_uri())
    area = page.get_by_label("Your answer to 1a")
    area.wait_for()
    reading.prepare(page)
    problems = []
    for mode in ("light", "dark"):
        reading.show(page, mode=mode, width=390)
        problems += reading.sideways(page) + reading.small_targets(page)
        reading.lighten(page)
        problems += reading.axe(page)
    assert not problems
    assert page.evaluate("a => getComputedStyle(a).fontSize", area.element_handle()) == "16px"
    assert page.get_by_text("✓ solved").is_visible()
    context.close()
