"""Guesses and proofs to put in order: a small page of each kind, by mouse, keyboard and finger."""

import json
import re
import sys
import textwrap

import pytest
import reading
from bs4 import BeautifulSoup
from chromium import visit
from conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import guesses
import myst_to_markdown

CHOICE = """
```{guess-start} choice
Which one?

- [ ] The first.

  The first is early.
- [x] The second, see [there](https://example.org).

  The second is it.
- [ ] The third.

  The third is late.
```

What follows.

```{guess-end}
```
"""
SEVERAL = """
```{guess} several
:several:
Which ones?

- [x] One.

  One is odd.
- [ ] Two.

  Two is even.
- [x] Three.

  Three is odd.
```
"""
NUMBER = """
```{guess} number
:number: 1/2
:within: 0.01
How much?

- [x] It is half.
- [<] There is more.
- [>] There is less.
- [= 2] That is the other way up.
```
"""
ENDLESS = """
```{guess} endless
:number: ∞
:within: 0
How far?

- [x] Beyond all bounds.
- [<] Farther.
- [>] Nearer.
```
"""
ORDER = """
```{guess} order
Sort them.

1. Small.
2. Middle.
3. Large.

- [x] By size.
- [ ] Look at the sizes.
```
"""
PLACE = """
```{guess} place
:click:
:axes: 0 2 0 1
:within: 0.1
:source: 0 0, 2 0
:alt: Two points.
Where is the midpoint?

- [x 1 0] Half way.
- [0 0] That is an end.
- [ ] Elsewhere.
```
"""
CURVE = """
```{guess} curve
:draw: 0 0, 1 1
:axes: 0 1 0 1
:within: 0.1
:alt: An empty square.
Draw the identity.

- [x] A line.
- [~ 0 1, 1 0] It falls.
- [<] It lies higher.
- [>] It lies lower.
```
"""
PROOF = """
```{proof-order} proof
Put it in order.

- [a] Ground.
- [b < a] First floor.
- [c < a] Terrace.
- [d < b c] Roof.
- [!] The sky is green.

  It is blue.
- [!] Two is odd.

  It is even.
```
"""
PAGE = "# Guesses\n" + CHOICE + SEVERAL + NUMBER + ENDLESS + ORDER + PLACE + CURVE + PROOF


def build(folder, text: str, **options):
    """Build one page with the extension of the book and nothing else."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    source = folder / "source"
    source.mkdir(parents=True)
    (source / "index.md").write_text(text, encoding="utf-8")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            srcdir=source, confdir=None, outdir=folder / "html", doctreedir=folder / "doctrees",
            buildername="html", status=None, warningiserror=True,
            confoverrides={
                "extensions": ["myst_parser", "directives.guess"],
                "myst_enable_extensions": ["colon_fence"],
                "html_theme": "basic",
                "html_static_path": [str(ROOT / "book" / "_ext" / "static")],
                "html_css_files": ["otlec-guess.css"],
                "language": "en",
            },
        )  # fmt: skip
        app.build()
    style = (ROOT / "book" / "_static" / "otlec-guess.css").read_text(encoding="utf-8")
    (folder / "html" / "_static" / "otlec-guess.css").write_text(style, encoding="utf-8")
    return folder / "html" / "index.html"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("guess"), PAGE)


@pytest.fixture
def page(browser, built):
    page, complaints = visit(browser, built.as_uri(), viewport={"width": 900, "height": 900})
    yield page
    page.context.close()
    assert not complaints


@pytest.fixture
def phone(browser, built):
    size = {"width": 390, "height": 844}
    options = {"viewport": size, "has_touch": True, "is_mobile": True}
    page, complaints = visit(browser, built.as_uri(), **options)
    yield page
    page.context.close()
    assert not complaints


def box(page, name):
    return page.locator(f"#guess-{name}")


def reply(page, name) -> str:
    return box(page, name).locator(".otlec-reply").inner_text()


def is_open(page, name) -> bool:
    return box(page, name).locator(".otlec-fold").evaluate("fold => fold.open")


# By mouse -----------------------------------------------------------------------------------------


def test_each_choice_has_its_own_sentence_and_the_right_one_opens_the_fold(page):
    first, second, third = box(page, "choice").locator(".otlec-choice").all()
    assert not box(page, "choice").get_by_text("What follows.").is_visible()
    first.click()
    assert reply(page, "choice") == "No. The first is early."
    assert first.get_attribute("aria-pressed") == "true"
    third.click()  # a wrong one below the right one: mutant that tells the sentence of the latter
    assert reply(page, "choice") == "No. The third is late."
    assert not is_open(page, "choice")
    second.click()
    assert reply(page, "choice") == "Yes. The second is it."
    assert first.get_attribute("aria-pressed") == "false"
    assert box(page, "choice").get_by_text("What follows.").is_visible()


def test_where_several_are_right_the_reply_names_one_that_is_not_as_it_should_be(page):
    one, two, three = box(page, "several").locator(".otlec-choice").all()
    check = box(page, "several").get_by_role("button", name="Check")
    one.click()
    two.click()
    check.click()
    assert reply(page, "several") == "Look at (b). Two is even."
    two.click()
    check.click()
    assert reply(page, "several") == "Look at (c). Three is odd."
    three.click()
    check.click()
    assert reply(page, "several") == "Yes."


def type_number(page, text, name="number"):
    field = box(page, name).get_by_label("Your number")
    field.fill(text)
    field.press("Enter")
    return reply(page, name)


def test_a_number_is_told_too_large_once_and_shown_the_second_time(page):
    assert type_number(page, "0.9") == "Too large. There is less."
    assert not is_open(page, "number")
    said = type_number(page, "0.2")
    assert said == "Not that either: too small. There is more. Below stands what it is."
    assert is_open(page, "number")


@pytest.mark.parametrize("text", ["0.5", "1/2", "0,505", " .495 "])
def test_a_number_is_right_within_its_tolerance_however_it_is_typed(page, text):
    assert type_number(page, text) == "Yes. It is half."
    assert is_open(page, "number")


@pytest.mark.parametrize("text", ["∞", "inf", " Infinity ", "infinitely many", "+∞"])
def test_infinity_is_a_number(page, text):
    """Mutant: one that JSON keeps as null."""
    assert type_number(page, text) == "Too large. There is less."
    assert type_number(page, text, "endless") == "Yes. Beyond all bounds."
    assert type_number(page, "-" + text.strip().strip("+"), "endless").startswith("Not that either")
    assert type_number(page, text, "endless") == "Yes. Beyond all bounds."
    page.reload()
    assert reply(page, "endless") == "Yes. Beyond all bounds."
    assert reply(page, "number") == "Too large. There is less."
    assert (
        type_number(page, "12", "endless")
        == "Not that either: too small. Farther. Below stands what it is."
    )


def test_a_known_mistake_has_its_sentence_and_words_are_no_try(page):
    assert type_number(page, "half") == (
        "That is no number. Type one in digits, like 0.5 or 1/2; “infinity” is understood too."
    )
    assert type_number(page, "1/0").startswith("That is no number.")
    assert type_number(page, " ").startswith("Nothing is typed yet.")
    assert type_number(page, "2") == "No. That is the other way up."
    assert type_number(page, "0.511").startswith("Not that either: too large. There is less.")


def place_lines(page, name, words):
    for word in words:
        box(page, name).locator(".otlec-pool button", has_text=word).click()
    box(page, name).get_by_role("button", name="Check").click()
    return reply(page, name)


def test_lines_are_put_in_order_and_taken_out_again(page):
    assert place_lines(page, "order", ["Small"]).startswith("Not all are placed.")
    assert place_lines(page, "order", ["Large", "Middle"]).startswith("The first one stands right.")
    for word in ("Large", "Middle"):
        box(page, "order").locator(".otlec-made button", has_text=word).click()
    assert place_lines(page, "order", ["Middle", "Large"]) == "Yes. In this order."
    assert is_open(page, "order")


def click_at(page, name, x, y):
    box(page, name).locator(".otlec-desk svg").scroll_into_view_if_needed()
    area = box(page, name).locator(".otlec-desk svg").bounding_box()
    page.mouse.click(area["x"] + area["width"] * x, area["y"] + area["height"] * y)


def test_a_click_on_a_place_is_judged_and_the_fold_shows_it_beside_the_truth(page):
    click_at(page, "place", 34 / 360, 1 - 34 / 240)
    assert reply(page, "place") == "No. That is an end."
    click_at(page, "place", 0.5, 0.4)
    assert reply(page, "place") == "No. Elsewhere."
    click_at(page, "place", 0.5, 1 - 34 / 240)
    assert reply(page, "place") == "Yes. Half way."
    fold = box(page, "place").locator(".otlec-fold svg")
    assert fold.locator(".otlec-truth").count() == fold.locator(".otlec-mine").count() == 1


def stroke(page, ends):
    svg = box(page, "curve").locator(".otlec-desk svg")
    svg.scroll_into_view_if_needed()
    area = svg.bounding_box()

    def px(x):
        return area["x"] + area["width"] * (34 + x * 292) / 360

    def py(y):
        return area["y"] + area["height"] * (360 - 34 - y * 292) / 360

    page.mouse.move(px(0), py(ends[0]))
    page.mouse.down()
    page.mouse.move(px(0.5), py(sum(ends) / 2), steps=4)
    page.mouse.move(px(1), py(ends[1]), steps=4)
    page.mouse.up()
    box(page, "curve").get_by_role("button", name="Guess", exact=True).click()
    return reply(page, "curve")


def heights(page) -> list[float]:
    grips = box(page, "curve").locator(".otlec-desk").get_by_role("slider").all()
    return [float(grip.get_attribute("aria-valuenow")) for grip in grips]


def circle_at(page, n, height):
    """Where the n-th circle of the curve lies, and a place above or below it, in px."""
    svg = box(page, "curve").locator(".otlec-desk svg")
    svg.scroll_into_view_if_needed()
    area, grip = svg.bounding_box(), svg.get_by_role("slider").nth(n).bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    return (x, y), (x, area["y"] + area["height"] * (360 - 34 - height * 292) / 360)


def test_a_circle_is_moved_up_and_down_by_a_mouse_and_alone(page):
    """Mutant: the height is taken from the first of several points at the same place."""
    for n, height in ((3, 0.9), (3, 0.2), (8, 1)):
        start, end = circle_at(page, n, height)
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=5)
        page.mouse.move(end[0] + 30, end[1])  # it wanders sideways: still this circle
        page.mouse.up()
    assert heights(page) == pytest.approx([0.5] * 3 + [0.2] + [0.5] * 4 + [1], abs=0.02)


def test_a_finger_takes_a_circle_at_once_and_the_page_stays(phone):
    """Mutant: a touch on a circle that the browser may still take for a scroll."""
    (x, y), (_, there) = circle_at(phone, 4, 0.9)
    client, top = phone.context.new_cdp_session(phone), phone.evaluate("scrollY")
    for k in range(12):
        at = {"x": x + 10, "y": y + min(k, 10) / 10 * (there - y)}  # a finger is not exact
        kind = "touchEnd" if k == 11 else "touchMove" if k else "touchStart"
        points = [] if k == 11 else [at]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        phone.wait_for_timeout(16)
    assert heights(phone) == pytest.approx([0.5] * 4 + [0.9] + [0.5] * 4, abs=0.03)
    assert phone.evaluate("scrollY") == top


@pytest.mark.parametrize("way", [1, -1])
def test_a_finger_that_follows_a_bent_curve_draws_it(phone, way):
    """Each circle lies on the stroke: not at the last height on the way past it."""
    svg = box(phone, "curve").locator(".otlec-desk svg")
    press = box(phone, "curve").get_by_role("button", name="Guess", exact=True)
    press.click()
    assert reply(phone, "curve").startswith("Nothing is drawn yet.")
    svg.scroll_into_view_if_needed()
    area, client = svg.bounding_box(), phone.context.new_cdp_session(phone)
    for k in range(42):
        x = min(k, 40) / 40 if way > 0 else 1 - min(k, 40) / 40
        at = {
            "x": area["x"] + area["width"] * (34 + x * 292) / 360,
            "y": area["y"] + area["height"] * (360 - 34 - 0.4 * x**2 * 292) / 360,
        }
        kind = "touchEnd" if k == 41 else "touchMove" if k else "touchStart"
        points = [] if k == 41 else [at]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        phone.wait_for_timeout(16)
    assert heights(phone) == pytest.approx([0.4 * (n / 8) ** 2 for n in range(9)], abs=0.03)


def test_a_drawn_curve_is_judged_by_its_distance_and_known_mistakes_are_met(page):
    assert stroke(page, (1, 0)) == "No. It falls."
    assert stroke(page, (0, 0.4)) == "No. It lies higher."
    assert stroke(page, (0, 1)) == "Yes. A line."
    assert box(page, "curve").locator(".otlec-fold svg .otlec-truth").count() == 1


def test_any_valid_order_of_a_proof_passes_and_a_line_without_ground_is_named(page):
    names = {n: t.removeprefix(f"({n}) ") for n, t in lines(page, "proof").items()}
    ground, floor = (
        next(n for n, t in names.items() if t == x) for x in ("Ground.", "First floor.")
    )
    said = place_lines(page, "proof", ["First floor"])
    assert (
        said
        == f"({floor}) lacks its ground. It rests on ({ground}), which does not stand before it."
    )
    box(page, "proof").locator(".otlec-made button").click()
    assert place_lines(page, "proof", ["Ground", "Terrace"]).startswith("So far, so good.")
    assert place_lines(page, "proof", ["First floor", "Roof"]).startswith("Yes.")
    assert is_open(page, "proof")


def test_an_empty_proof_is_met_with_a_beginning_and_an_order_with_its_grounds(page):
    """Mutant: "Show me" that opens a list of letters and says nothing."""
    box(page, "proof").get_by_role("button", name="Check").click()
    assert reply(page, "proof").startswith("Nothing stands here yet. Begin with a line that rests")
    assert "there is one of them" in reply(page, "proof")
    box(page, "proof").locator("summary").click()
    page.wait_for_function(
        "document.querySelector('#guess-proof .otlec-reply').textContent.startsWith('Looking')"
    )
    steps = box(page, "proof").locator(".otlec-reasons ol li").all_inner_texts()
    assert len(steps) == 4
    assert "Ground. Rests on none of the others." in steps[0]
    assert steps[3].count("(") == 3, "the letter of the roof, and of its two grounds"
    box(page, "proof").locator("summary").click()
    page.wait_for_function("!document.querySelector('#guess-proof .otlec-reply').textContent")


def test_on_a_phone_the_reply_to_a_proof_stands_beside_its_lines(phone):
    """Mutant: a reply that is not kept in view while the lines are longer than the screen."""
    desk = box(phone, "proof")
    desk.evaluate("e => { e.querySelector('.otlec-desk').style.minHeight = '1200px'; }")
    desk.get_by_role("button", name="Check").tap()
    desk.evaluate("e => e.scrollIntoView({block: 'start', behavior: 'instant'})")
    said = desk.locator(".otlec-reply").bounding_box()
    assert 0 < said["y"] < 844 - said["height"]


def lines(page, name) -> dict:
    found = box(page, name).locator("li[data-letter]").all()
    return {line.get_attribute("data-letter"): line.inner_text() for line in found}


def test_after_three_tries_the_page_offers_to_take_a_false_line_away(page):
    help_button = box(page, "proof").locator(".otlec-help")
    assert "is not true. It is even." in place_lines(page, "proof", ["Two is odd"])
    check = box(page, "proof").get_by_role("button", name="Check")
    check.click()
    assert not help_button.is_visible()
    check.click()
    assert help_button.is_visible()
    help_button.click()
    assert len(lines(page, "proof")) == 5
    help_button.click()
    assert len(lines(page, "proof")) == 4
    assert not help_button.is_visible()


# By keyboard, by finger, by ear -------------------------------------------------------------------


def test_all_kinds_are_answered_by_keyboard_alone(page):
    def press(locator, *keys):
        locator.focus()
        for key in keys:
            page.keyboard.press(key)

    press(box(page, "choice").locator(".otlec-choice").nth(1), "Enter")
    assert reply(page, "choice").startswith("Yes.")
    for word in ("Small", "Middle", "Large"):
        press(box(page, "order").locator(".otlec-pool button", has_text=word), "Space")
        assert word in page.evaluate("document.activeElement.textContent"), "the focus is lost"
    press(box(page, "order").get_by_role("button", name="Check"), "Enter")
    assert reply(page, "order").startswith("Yes.")
    box(page, "place").get_by_label("x", exact=True).fill("1")
    box(page, "place").get_by_label("y", exact=True).fill("0")
    page.keyboard.press("Enter")
    assert reply(page, "place").startswith("Yes.")
    for n, grip in enumerate(box(page, "curve").get_by_role("slider").all()):
        steps = round(abs(n / 8 - 0.5) * 40)
        press(grip, *["ArrowUp" if n > 4 else "ArrowDown"] * steps)
    press(box(page, "curve").get_by_role("button", name="Guess", exact=True), "Enter")
    assert reply(page, "curve").startswith("Yes.")
    summary = box(page, "several").locator("summary")
    press(summary, "Enter")
    assert is_open(page, "several"), "what is to be seen can always be seen"


def test_all_kinds_are_answered_by_finger(phone):
    box(phone, "choice").locator(".otlec-choice").nth(1).tap()
    assert reply(phone, "choice").startswith("Yes.")
    for word in ("Ground", "Terrace", "First floor", "Roof"):
        box(phone, "proof").locator(".otlec-pool button", has_text=word).tap()
    box(phone, "proof").get_by_role("button", name="Check").tap()
    assert reply(phone, "proof").startswith("Yes.")
    svg = box(phone, "place").locator(".otlec-desk svg")
    area = svg.bounding_box()
    svg.tap(position={"x": area["width"] / 2, "y": area["height"] * (1 - 34 / 240)})
    assert reply(phone, "place").startswith("Yes.")


def swipe(page, svg, dx, dy):
    area = svg.bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + 0.7 * area["height"]  # beside the circles
    client = page.context.new_cdp_session(page)
    for step in range(11):
        point = {"x": x + dx * step / 10, "y": y + dy * step / 10}
        kind = "touchMove" if step else "touchStart"
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        page.wait_for_timeout(16)
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(200)


def test_a_vertical_swipe_on_a_figure_scrolls_and_a_horizontal_one_draws(phone):
    svg = box(phone, "curve").locator(".otlec-desk svg")
    svg.scroll_into_view_if_needed()
    before, top = svg.locator("path.otlec-mine").get_attribute("d"), phone.evaluate("scrollY")
    swipe(phone, svg, 0, -150)
    assert phone.evaluate("scrollY") > top + 80
    assert svg.locator("path.otlec-mine").get_attribute("d") == before
    top = phone.evaluate("scrollY")
    swipe(phone, svg, 120, -40)
    assert svg.locator("path.otlec-mine").get_attribute("d") != before
    assert abs(phone.evaluate("scrollY") - top) < 5


def test_axe_finds_nothing_before_and_after_the_answers(page):
    reading.prepare(page)
    page.evaluate("document.querySelectorAll('.related, .sphinxsidebar').forEach(e => e.remove())")
    page.add_style_tag(content=(ROOT / "book" / "_static" / "otlec.css").read_text())
    assert not reading.axe(page)
    box(page, "choice").locator(".otlec-choice").first.click()
    type_number(page, "0.9")
    reading.open_all(page)
    assert not reading.axe(page)
    assert box(page, "choice").locator("button a").count() == 0, "no link within a button"
    for name in ("choice", "proof"):
        assert box(page, name).locator(".otlec-reply").get_attribute("role") == "status"


def test_what_is_pressed_is_as_large_as_a_fingertip(phone):
    small = phone.evaluate(
        "[...document.querySelectorAll('.otlec-guess :is(button, input)')].filter(e =>"
        " e.checkVisibility() && e.getBoundingClientRect().height < 40).map(e => e.outerHTML)"
    )
    assert not small
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


# What is kept, and where there is no script ------------------------------------------------------


def test_guesses_are_kept_over_a_reload_and_forgotten_on_request(page):
    box(page, "choice").locator(".otlec-choice").first.click()
    type_number(page, "0.5")
    place_lines(page, "proof", ["Ground", "Terrace"])
    page.reload()
    assert reply(page, "choice") == "No. The first is early."
    assert reply(page, "number") == "Yes. It is half."
    assert is_open(page, "number")
    assert box(page, "proof").locator(".otlec-made li").count() == 2
    box(page, "number").get_by_role("button", name="Guess again").click()
    page.reload()
    assert reply(page, "number") == ""
    assert not is_open(page, "number")
    assert json.loads(page.evaluate("localStorage['otlec-guesses']")).keys() == {"choice", "proof"}


def test_a_kept_guess_of_an_earlier_edition_does_no_harm(page):
    old = {name: {"guess": ["z"], "tries": 1} for name in ("proof", "choice")}
    page.evaluate("old => localStorage['otlec-guesses'] = JSON.stringify(old)", old)
    page.reload()
    place_lines(page, "proof", ["Ground"])
    assert reply(page, "proof").startswith("So far")
    page.evaluate("localStorage['otlec-guesses'] = '{'")
    page.reload()
    assert box(page, "choice").locator(".otlec-choice").count() == 3


def test_without_scripts_each_is_a_question_and_a_fold(browser, built):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(built.as_uri())
    for name in ("choice", "several", "number", "endless", "order", "place", "curve", "proof"):
        fold = box(page, name).locator("details")
        assert fold.get_attribute("open") is None
        fold.locator("summary").click()
        assert fold.locator(".otlec-reasons > li.right").first.is_visible()
    assert box(page, "choice").get_by_text("(b) Yes. The second is it.").is_visible()
    assert box(page, "choice").get_by_text("What follows.").is_visible()
    assert not box(page, "number").get_by_text("There is more.").is_visible()
    assert box(page, "curve").locator("details .otlec-truth").is_visible()
    context.close()


# The source ---------------------------------------------------------------------------------------


def test_lines_are_never_shown_in_their_true_order():
    for count in range(2, 9):
        for name in ("a", "b", "proof"):
            order = guesses.shuffled(name, count)
            assert sorted(order) == list(range(count)) != order


def test_a_notebook_shows_a_guess_as_text():
    said = myst_to_markdown.plain(CHOICE)
    assert "**Guess first.** Which one?" in said
    assert "- (a) The first.\n- (b) The second" in said
    assert "<details><summary>Show me</summary>\n\n- (a) No. The first is early." in said
    assert "What follows." in said
    assert "guess" not in said.replace("Guess", "")
    assert "**1/2**" in myst_to_markdown.plain(NUMBER)
    assert "More" not in myst_to_markdown.plain(NUMBER)
    proof = myst_to_markdown.plain(PROOF)
    assert "Not true:" in proof
    assert "It is blue." in proof
    assert re.search(r"^1\. \(.\) Ground\. Rests on none of the others\.$", proof, re.M)


def test_a_notebook_a_page_and_the_truth_agree_on_the_letters(built):
    page = BeautifulSoup(built.read_text(encoding="utf-8"), "html.parser")
    for name, text in (("order", ORDER), ("proof", PROOF)):
        shown = page.select(f"#guess-{name} .otlec-lines li")
        written = re.findall(r"^- (\(.\) .*)$", myst_to_markdown.plain(text), re.M)
        assert [" ".join(li.get_text().split()) for li in shown] == written[: len(shown)]
    data = json.loads(page.select_one("#guess-order")["data-guess"])
    letters = {
        li["data-letter"]: li.get_text() for li in page.select("#guess-order li[data-letter]")
    }
    assert [letters[letter].split()[-1] for letter in data["order"]] == [
        "Small.",
        "Middle.",
        "Large.",
    ]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (CHOICE.replace("- [x]", "- [ ]"), "one with"),
        (CHOICE.replace("  The first is early.\n", ""), "has no sentence"),
        (CHOICE.replace("```{guess-end}\n```", ""), "no guess-end"),
        (CHOICE + "\n```{guess-end}\n```\n", "no guess-start"),
        (NUMBER.replace("- [x] It is half.\n", ""), "one sentence begins"),
        (PLACE.replace(":within: 0.1\n", ""), "needs :axes:"),
        (PROOF.replace("[a]", "[a < d]"), "in a circle"),
        (PROOF.replace("b c]", "b e]"), "no such line"),
        (PROOF.replace("\n  It is blue.\n", ""), "no reason"),
        ("```{guess} empty\nWhat?\n```\n", "a list must say"),
    ],
)
def test_what_is_wrong_in_a_source_is_named(tmp_path, wrong, complaint):
    from sphinx.errors import SphinxError

    with pytest.raises((SphinxError, Exception), match=complaint):
        build(tmp_path, "# Page\n" + textwrap.dedent(wrong))


def test_each_guess_of_the_book_has_a_name_of_its_own():
    names = [
        name
        for page in sorted((ROOT / "book").glob("*.md"))
        for name in re.findall(
            r"^[`:]{3,}\{(?:guess|guess-start|proof-order)\} (\S+)$", page.read_text(), re.M
        )
    ]
    assert len(names) == len(set(names))
    assert len(names) >= 3
