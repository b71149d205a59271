"""Every slide in a real browser, from file://, with the network cut."""

import re
import subprocess
import sys
import unicodedata

import pytest
from chromium import find_chromium, visit
from conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import slides

pytestmark = pytest.mark.browser
PAGES = list(slides.chapters().values())
THIRD = "03-geodesics"

MEASURE = """() => Reveal.getSlides().map((slide) => {
  const {h, v} = Reveal.getIndices(slide);
  Reveal.slide(h, v ?? 0, 99);
  const found = [], frame = slide.querySelector(".frame");
  const title = slide.querySelector("h2").innerText, body = slide.querySelector(".slide-body");
  for (const box of [frame, body]) {
    const [w, h] = [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight];
    if (w > 1 || h > 1) found.push(`${w} px too wide, ${h} px too high`);
  }
  for (const leaf of frame.querySelectorAll(".slide-body *, h2, .kicker")) {
    const r = leaf.getBoundingClientRect();
    const shown = r.width > 1 && r.height > 1 && !leaf.closest("mjx-assistive-mml");
    if (!shown) continue;
    if (r.bottom > innerHeight + 1 || r.right > innerWidth + 1 || r.left < -1)
      found.push(`${leaf.tagName}.${leaf.className.baseVal ?? leaf.className} sticks out`);
    const own = [...leaf.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || leaf.closest("svg, mjx-container, script")) continue;
    if (parseFloat(getComputedStyle(leaf).fontSize) < 18)
      found.push(`${leaf.tagName} has ${getComputedStyle(leaf).fontSize}: ${leaf.innerText}`);
  }
  for (const label of frame.querySelectorAll("svg text")) {
    const m = label.getScreenCTM(), scale = Math.hypot(m.a, m.b) * 1280 / innerWidth;
    const size = parseFloat(getComputedStyle(label).fontSize) * scale;
    if (innerWidth === 1280 && size < 17.5)
      found.push(`a label of ${size} px: ${label.textContent}`);
  }
  const picture = slide.querySelector(".cell_output img");
  const area = (box) => box.clientHeight * box.clientWidth;
  if (picture && area(picture) < 0.2 * area(frame))
    found.push(`a picture of ${picture.clientWidth} x ${picture.clientHeight}`);
  return found.map((what) => `${h}/${v} ${title}: ${what}`);
}).flat()"""


def open_deck(browser, built_slides, name, width=1280, height=720):
    deck = built_slides / f"{name}.html"
    if not deck.exists():
        pytest.skip(f"{deck.name} is not built")
    page, complaints = visit(browser, deck.as_uri(), viewport={"width": width, "height": height})
    page.wait_for_selector("html[data-ready]")
    return page, complaints


@pytest.mark.parametrize("name", PAGES)
def test_no_slide_overflows_and_nothing_is_too_small(browser, built_slides, name):
    page, complaints = open_deck(browser, built_slides, name)
    problems = page.evaluate(MEASURE)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_timeout(200)
    problems += page.evaluate(MEASURE)
    assert not problems, "\n".join(problems)
    assert not complaints
    formulas = page.locator(".slides .math").count()
    assert page.locator(".slides .math mjx-container").count() >= formulas
    assert not page.locator("mjx-merror, [data-mjx-error]").count()
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_sliders_move_by_keyboard_and_the_deck_stays(browser, built_slides, name):
    page, complaints = open_deck(browser, built_slides, name)
    places = page.evaluate(
        "Reveal.getSlides().filter(s => s.querySelector('.otlec-moving'))"
        ".map(s => Reveal.getIndices(s)).map(i => [i.h, i.v ?? 0])"
    )
    for h, v in places:
        page.evaluate(f"Reveal.slide({h}, {v})")
        picture = page.locator("section.present:not(.stack) .otlec-moving").first
        before = picture.locator("output").inner_text()
        page.keyboard.press("m")
        for key in ("ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        assert picture.locator("output").inner_text() != before
        assert page.evaluate("[Reveal.getIndices().h, Reveal.getIndices().v ?? 0]") == [h, v]
        page.keyboard.press("Escape")
        assert not page.evaluate("Reveal.isOverview()")
    page.evaluate("Reveal.slide(0, 0)")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices().h") == 1
    assert not complaints
    page.context.close()


@pytest.mark.chapter(3)
def test_a_deck_for_a_screen_of_4_to_3_overflows_nowhere(browser, tmp_path):
    (tmp_path / "slides.yml").write_text('aspect: "4:3"\ntheme: dark\n')
    command = [sys.executable, ROOT / "scripts" / "slides.py", "--chapter", "3"]
    command += ["--settings", tmp_path / "slides.yml", "--output", tmp_path / "out"]
    subprocess.run(command, check=True, capture_output=True)
    page, complaints = open_deck(browser, tmp_path / "out", THIRD, 1024, 768)
    problems = page.evaluate(MEASURE)
    assert not problems, "\n".join(problems)
    assert not complaints
    page.context.close()


@pytest.mark.chapter(3)
def test_the_speaker_sees_notes_with_formulas_the_overview_and_the_help(browser, built_slides):
    page, complaints = open_deck(browser, built_slides, THIRD)
    where = page.evaluate("Reveal.getIndices(document.querySelector('#slide-prop-geodesic'))")
    page.evaluate(f"Reveal.slide({where['h']}, {where['v'] or 0})")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.locator("mjx-container").first.wait_for(state="attached")
    popup.value.wait_for_timeout(800)
    assert "mjx" in popup.value.evaluate(
        "[...document.styleSheets].map(s => s.ownerNode.textContent).join()"
    )
    popup.value.close()
    page.keyboard.press("Escape")
    assert page.evaluate("Reveal.isOverview()")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Slash")
    assert page.locator(".r-overlay, .overlay").count()
    assert page.locator(".slide-number").inner_text().strip()
    assert not complaints
    page.context.close()


@pytest.mark.chapter(3)
def test_the_pdf_has_a_page_for_each_slide_and_the_statements(browser, built_slides, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    name = THIRD
    page, _ = open_deck(browser, built_slides, name)
    count = page.evaluate("Reveal.getTotalSlides()")
    page.context.close()
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium on the PATH")
    file = slides.print_pdf(built_slides / f"{name}.html", chromium, tmp_path / "deck.pdf")
    pdf = pypdf.PdfReader(file)
    assert len(pdf.pages) == count
    text = " ".join(page.extract_text() for page in pdf.pages)
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text))  # ligatures
    for statement in ("Definition 3.1", "Proposition 3.2", "Example 3.3", "Corollary 3.5"):
        assert statement in text


@pytest.mark.chapter(3)
def test_a_handout_has_two_slides_a_page_their_notes_and_all_fragments(
    browser, built_slides, tmp_path
):
    pypdf = pytest.importorskip("pypdf")
    page, _ = open_deck(browser, built_slides, THIRD)
    count = page.evaluate("Reveal.getTotalSlides()")
    page.context.close()
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium on the PATH")
    deck = built_slides / f"{THIRD}.html"
    for handout in (2, 6):
        file = slides.print_pdf(deck, chromium, tmp_path / "deck.pdf", str(handout))
        pages = pypdf.PdfReader(file).pages
        assert len(pages) == -(-count // handout)
    text = " ".join(page.extract_text() for page in pages)
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text))
    assert "These are dense" in text.replace("\u00a0", " ")  # the last step of a proof
    assert "Nothing is left to prove" in text  # a note


@pytest.mark.parametrize("key", ["ArrowRight", "PageDown"])
@pytest.mark.chapter(3)
def test_one_key_visits_every_slide_whatever_has_the_focus(browser, built_slides, key):
    page, _ = open_deck(browser, built_slides, THIRD)
    page.evaluate("document.documentElement.dataset.seen = ''")
    seen = page.evaluate(
        """async (key) => {
          const all = Reveal.getSlides(), seen = new Set();
          for (let k = 0; k < 400 && seen.size < all.length; k++) {
            const slide = Reveal.getCurrentSlide();
            seen.add(slide);
            const control = slide.querySelector("input[type=range]");
            if (key === "PageDown" && control) control.focus();
            const at = document.activeElement ?? document.body;
            const keyCode = key === "PageDown" ? 34 : 39;
            const how = {key, keyCode, bubbles: true, cancelable: true};
            at.dispatchEvent(new KeyboardEvent("keydown", how));
          }
          return [seen.size, all.length];
        }""",
        key,
    )
    assert seen[0] == seen[1]
    page.context.close()


@pytest.mark.chapter(3)
def test_a_film_runs_once_when_its_slide_is_shown_and_a_key_stops_it(browser, built_slides):
    page, _ = open_deck(browser, built_slides, THIRD)
    h, v = page.evaluate(
        "Reveal.getSlides().filter(s => s.querySelector('.otlec-play'))"
        ".map(s => Reveal.getIndices(s)).map(i => [i.h, i.v ?? 0])"
    )[0]
    page.evaluate(f"Reveal.slide({h}, {v})")
    play = page.locator("section.present:not(.stack) .otlec-play")
    assert play.get_attribute("aria-label") == "pause"
    page.keyboard.press("p")
    assert play.get_attribute("aria-label") == "play"
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    assert play.get_attribute("aria-label") == "play"  # once
    page.context.close()


def test_pdf_without_a_chromium_says_what_is_missing(tmp_path):
    command = [sys.executable, ROOT / "scripts" / "slides.py", "--pdf", "--chapter", "1"]
    run = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False
    )
    assert run.returncode == 2
    assert "PDF needs a Chromium" in run.stderr


def test_the_answer_to_a_guess_is_the_next_key(browser, built_slides):
    page, _ = open_deck(browser, built_slides, PAGES[0])
    places = page.evaluate(
        "Reveal.getSlides().filter(s => s.querySelector('.otlec-guess'))"
        ".map(s => Reveal.getIndices(s)).map(i => [i.h, i.v ?? 0])"
    )
    assert len(places) >= 3
    for h, v in places:
        page.evaluate(f"Reveal.slide({h}, {v}, -1)")
        answer = page.locator("section.present:not(.stack) .otlec-guess .fragment")
        assert not answer.is_visible()
        assert page.locator("section.present:not(.stack) .otlec-guess button").count() == 0
        page.keyboard.press("ArrowRight")
        assert answer.is_visible()
        assert page.evaluate("Reveal.getIndices().v ?? 0") == v
    page.context.close()
