"""The sources say what is on the slides; the settings of an instructor are checked."""

import base64
import re
import subprocess
import sys

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import ROOT
from docutils import nodes
from docutils.core import publish_doctree

sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import lecture
import slides
from decks import speaker_notes
from decks.around import LAST
from decks.deck import KINDS
from directives import ledger

CHAPTERS = slides.chapters()
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def parsed(built_slides) -> dict[int, BeautifulSoup]:
    return {
        number: BeautifulSoup((built_slides / f"{name}.html").read_text("utf-8"), "html.parser")
        for number, name in CHAPTERS.items()
        if (built_slides / f"{name}.html").exists()
    }


@pytest.fixture(scope="module")
def decks(built_slides):
    return parsed(built_slides)


def settings(tmp_path, **values):
    file = tmp_path / "slides.yml"
    file.write_text(yaml.safe_dump(values))
    return slides.settings(file)


def chapter_of(row) -> int:
    """The chapter where the label of a row of the ledger stands."""
    for number, name in CHAPTERS.items():
        text = (ROOT / "book" / f"{name}.md").read_text()
        if f"({row['label']})=" in text or f":label: {row['label']}\n" in text:
            return number
    raise AssertionError(row["label"])


@pytest.mark.parametrize("name", CHAPTERS.values())
def test_cells_say_nothing_but_what_the_bridge_knows(name):
    notebook = nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        says = cell.metadata.get("slideshow", {})
        assert set(says) <= {"slide_type", "title", "code", "fragments"}, says
        assert says.get("slide_type", "-") in KINDS
        if says.get("slide_type") in ("slide", "subslide"):
            assert "title" in says or re.search("^## ", cell.source, re.M), cell.source


@pytest.mark.parametrize("name", CHAPTERS.values())
def test_text_that_only_slides_show_is_in_no_page_of_the_book(name, built_book):
    page = (built_book / f"{name}.html").read_text("utf-8")
    notebook = nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "slideshow" in cell.metadata:
            only = "remove-cell" in cell.metadata.get("tags", [])
            assert not only or cell.metadata.slideshow.slide_type != "skip"
    assert "slideshow" not in page


@pytest.mark.parametrize("row", ledger.rows(), ids=lambda row: str(row["item"]))
def test_each_statement_and_its_figure_are_on_a_slide(row, decks):
    number = chapter_of(row)
    deck = decks[number]
    figure = deck.find(id=row["slide"])
    assert figure, f"{row['slide']} is on no slide"
    assert figure.find_parent("section")
    assert not figure.find_parent("aside")
    if row["kind"] == "prf:ref" or row["label"].startswith("ex-"):
        box = deck.find(id=row["label"])
        assert box, f"{row['label']} is on no slide"
        assert not box.find_parent("aside"), "it is only in the notes"
        title = re.sub(r"\s+", " ", box.select_one("p.admonition-title").get_text())
        assert re.match(rf"\w+ {re.escape(str(row['item']))}\b", title.strip()), title


def test_each_slide_of_a_statement_has_notes(decks):
    found = 0
    for deck in decks.values():
        for slide in deck.select("section.statement"):
            notes = slide.select_one("aside.notes").get_text().strip()
            assert len(notes.split()) >= 15, slide.h2.get_text()
            found += 1
    assert found == sum(1 for item in lecture.items() if item.kind)


def test_no_deck_holds_a_solution_or_an_answer(decks):
    for number, deck in decks.items():
        assert not deck.select(".solution")
        text = deck.get_text()
        for word in ("Check yourself", "Solution of", "Answer"):
            assert word not in text, f"deck {number}: {word}"


def test_each_deck_opens_with_a_title_and_an_outline_and_ends_with_what_to_remember(decks):
    for deck in decks.values():
        titles = [h2.get_text().strip() for h2 in deck.select("section > .frame > h2")]
        assert titles[1] == "Outline"
        assert "What to remember" in titles[-2:]
        assert titles[-1] in ("References", "What to remember")
        assert all(titles), "a slide without a title"


def test_the_opening_slide_leads_back_to_the_page_of_the_book(decks):
    for number, deck in decks.items():
        link = deck.select_one("section.opening .back a")["href"]
        assert link == f"../html/{CHAPTERS[number]}.html"


def test_links_lead_to_slides_of_the_deck_or_to_the_book(decks):
    for deck in decks.values():
        names = {tag["id"] for tag in deck.select("[id]")}
        for link in deck.select(".slides a[href]"):
            where = link["href"]
            if where.startswith("#"):
                assert where[1:] in names, where
            else:
                assert re.match(r"\.\./html/[\w-]+\.html|https?://", where), where


def test_the_index_names_all_decks(decks, built_slides):
    index = BeautifulSoup((built_slides / "index.html").read_text("utf-8"), "html.parser")
    links = [a["href"] for a in index.select("li a") if a["href"].endswith(".html")]
    assert links == [f"{CHAPTERS[number]}.html" for number in decks]


def test_each_deck_weighs_at_most_8_megabytes(built_slides):
    everything = sum(file.stat().st_size for file in built_slides.rglob("*") if file.is_file())
    pdf = sum(file.stat().st_size for file in built_slides.glob("*.pdf"))
    assert everything - pdf <= 8e6  # all decks together, with what they load


def test_the_defaults_are_complete_and_documented():
    text = slides.DEFAULTS.read_text()
    values = yaml.safe_load(text)
    documented = {"title", "author", "institute", "date", "logo", "theme", "aspect", "extra"}
    documented |= {"footer", "opening", "accent", "font", "leave_out", "first", "book"}
    assert documented == set(values)
    assert slides._checked(values, slides.DEFAULTS)["width"] == 1280


def test_an_unknown_key_is_an_error_that_names_the_known_ones(tmp_path):
    with pytest.raises(slides.SettingsError, match=r"unknown key 'tittle'; known are: title, "):
        settings(tmp_path, tittle="x")


@pytest.mark.chapter(2, 3)
def test_an_unknown_statement_is_an_error_that_names_the_known_ones(tmp_path):
    with pytest.raises(slides.SettingsError, match=r"leave_out names '2\.9'.*2\.5.*barycenters"):
        settings(tmp_path, leave_out=["2.9"])
    with pytest.raises(slides.SettingsError, match="first names"):
        settings(tmp_path, first=["a heading that is none"])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("theme", "pink", "light, dark"),
        ("aspect", "3:2", "16:9, 4:3"),
        ("accent", "pink", "source, target, plan, potential, neutral"),
        ("opening", "none.md", "no file of extra slides"),
        ("logo", "none.png", "no logo"),
        ("extra", {7: "x.md"}, "chapters are 1, "),
        ("extra", {1: "none.md"}, "no file of extra slides"),
        ("extra", "x.md", "extra is a map"),
        ("leave_out", "2.5", "leave_out is a list"),
    ],
)
def test_a_wrong_value_is_an_error_that_says_what_is_accepted(tmp_path, key, value, message):
    with pytest.raises(slides.SettingsError, match=message):
        settings(tmp_path, **{key: value})


def test_what_is_no_yaml_and_what_is_not_there_are_errors(tmp_path):
    (tmp_path / "slides.yml").write_text("title: [")
    with pytest.raises(slides.SettingsError, match="not YAML"):
        slides.settings(tmp_path / "slides.yml")
    with pytest.raises(slides.SettingsError, match="there is no file"):
        slides.settings(tmp_path / "mine.yml")


@pytest.mark.chapter(2)
def test_statements_and_headings_are_found_by_their_names(tmp_path):
    found = settings(tmp_path, leave_out=["2.5", "comparisons", "2.2 Comparisons"], first=["2.6"])
    assert found["leave_out"] == ["rem-noncompact", "sec-comparisons", "sec-comparisons"]
    assert found["first"] == ["thm-weak"]


def test_an_aspect_without_quotes_is_understood(tmp_path):
    (tmp_path / "slides.yml").write_text("aspect: 4:3\n")
    assert slides.settings(tmp_path / "slides.yml")["width"] == 960


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no slide\n", r"mine\.md:1: each slide begins"),
        ("## A\n\nx\n\n![alt](none.png)\n", r"mine\.md:5: there is no picture"),
        ("## A\nx\n## B\nafter: 9.9\n", r"mine\.md:4: after names '9\.9'"),
        ("## A\n```{code-cell}\n1 / 0\n```\n", r"mine\.md: .*ZeroDivisionError: division by zero"),
    ],
)
@pytest.mark.chapter(3)
def test_errors_in_own_slides_name_the_file_and_the_line(tmp_path, text, message):
    (tmp_path / "mine.md").write_text(text)
    with pytest.raises(slides.SettingsError, match=message):
        settings(tmp_path, extra={3: "mine.md"})


@pytest.mark.chapter(3)
def test_own_slides_keep_their_lines_headings_and_code(tmp_path):
    text = "## A\nafter: 3.2\n\n### Small\n\n"
    text += "```{code-cell}\n:tags: [hide-input]\n6 * 7\n```\n\n## B\nend\n"
    (tmp_path / "mine.md").write_text(text)
    [(file, (a, b))] = settings(tmp_path, extra={3: "mine.md"})["extra"][CHAPTERS[3]]
    assert file.endswith("mine.md")
    assert (a["title"], a["after"], b["title"], b["after"]) == ("A", "prop-geodesic", "B", "")
    (small, _), (code, line) = a["cells"]
    assert small["source"].strip() == "**Small**"
    assert (code["source"], line, code["metadata"]["tags"]) == ("6 * 7", 8, ["hide-input"])
    assert code["outputs"][0]["data"]["text/plain"] == "42"
    assert [line for _, line in b["cells"]] == [12]


@pytest.mark.parametrize(
    ("prose", "empty", "kept"),
    [
        ("One. Two.", True, 1),
        ("One. Two.", False, 0),
        ("What was seen.\n\nThen the next.", False, 1),
        ("Looks back.\n\nToo.\n\n**What to watch.** A film.\n\nMore.", False, 2),
        ("**What was seen.** It fell.\n\n**Next** comes this.", True, 1),
    ],
)
def test_prose_goes_to_the_slide_that_it_speaks_of(prose, empty, kept):
    blocks = parse_prose(prose)
    before, after = speaker_notes.divide(blocks, empty)
    assert (len(before), len(after)) == (kept, len(blocks) - kept)


def test_notes_are_short_lines_and_the_first_sentences_of_all_paragraphs():
    blocks = parse_prose("**What to watch.** One *two* three. Four five.\n\nSix seven. Eight.")
    [found] = speaker_notes.lines(blocks, words=7)
    assert [item.astext() for item in found] == ["One two three.", "Four five.", "Six seven."]
    [found] = speaker_notes.lines(blocks, words=5)
    assert [item.astext() for item in found] == ["One two three.", "Six seven."]


def parse_prose(text):
    document = publish_doctree(text)
    return [block for block in document.children if isinstance(block, nodes.paragraph)]


def test_the_summary_has_at_most_60_words_one_line_at_a_time(decks):
    for number, deck in decks.items():
        [last] = [s for s in deck.select("section:has(> .frame)") if s.h2.get_text() == LAST]
        items = last.select(".slide-body li")
        assert len(items) >= 4, number
        assert all("fragment" in item["class"] for item in items)
        words = re.sub(r"\s+", " ", " ".join(item.get_text() for item in items)).split()
        assert len(words) <= 60, (number, len(words))


def test_no_slide_shows_a_number_that_leads_nowhere(decks):
    for number, deck in decks.items():
        frames = " ".join(frame.get_text() for frame in deck.select(".frame"))
        listed = deck.select_one(".references")
        for label in set(re.findall(r"\[(\d+)\]", frames)):
            assert listed, (number, label)
            assert f"[{label}]" in listed.get_text(), (number, label)
        names = {tag["id"] for tag in deck.select(".frame [id]")}
        for link in deck.select(".frame a[href]"):
            if re.fullmatch(r"\([\d.]+\)", link.get_text()):
                assert link["href"][1:] in names, (number, link)


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("Three axioms", marks=pytest.mark.chapter(2)),
        pytest.param("The proof: a chain", marks=pytest.mark.chapter(3)),
        pytest.param("The proof: a sandwich", marks=pytest.mark.chapter(4)),
        pytest.param("The proof, in three", marks=pytest.mark.chapter(4)),
        pytest.param("First half", marks=pytest.mark.chapter(5)),
        pytest.param("Second half", marks=pytest.mark.chapter(5)),
    ],
)
def test_proofs_come_step_by_step(decks, title):
    found = [s for deck in decks.values() for s in deck.select("section:has(> .frame)")]
    [slide] = [s for s in found if s.h2.get_text().startswith(title)]
    assert len(slide.select(".slide-body li.fragment")) >= 3


@pytest.mark.chapter(4)
def test_the_settings_of_an_instructor_change_the_deck(tmp_path):
    (tmp_path / "mine.md").write_text("## A slide of my own\n\nIt says $W_2$.\n")
    (tmp_path / "dot.png").write_bytes(DOT)
    (tmp_path / "title.md").write_text("# Own title\n\nA page of one's own.\n")
    (tmp_path / "after.md").write_text("## Behind\nafter: 4.1\n\n![a dot](dot.png)\n")
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    values = dict(
        title="Course & Co", author="Ada", date="1 May", theme="dark", aspect="4:3", logo="logo.svg"
    )
    values |= dict(leave_out=["4.2"], first=["4.1"], extra={4: ["mine.md", "after.md"]})
    values |= dict(footer="Orsay 2026", opening="title.md", accent="target", font="sans")
    (tmp_path / "slides.yml").write_text(yaml.safe_dump(values))
    command = [sys.executable, ROOT / "scripts" / "slides.py", "--chapter", "4"]
    command += ["--settings", tmp_path / "slides.yml", "--output", tmp_path / "out"]
    subprocess.run(command, check=True, capture_output=True)
    deck = parsed(tmp_path / "out")[4]
    assert deck.html["data-theme"] == "dark"
    assert "otlecSlides(960, 720)" in str(deck)
    opening = deck.select_one("section.opening").get_text()
    assert "Own title" in opening
    assert "A page of one's own." in opening.replace("’", "'")
    assert deck.select_one(".deck-footer").get_text() == "Orsay 2026"
    assert deck.select_one("img.deck-logo")["src"] == "_static/logo.svg"
    assert "--accent: var(--otlec-target)" in str(deck)
    assert (tmp_path / "out" / "_static" / "logo.svg").exists()
    assert not deck.find(id="prop-uniqueness")
    assert "4.2" not in deck.select_one("section.outline-slide").get_text()
    [last] = [s for s in deck.select("section:has(> .frame)") if s.h2.get_text() == LAST]
    assert "4.1" in last.get_text()
    assert "4.2" not in last.get_text()
    columns = deck.select(".slides > section")
    assert columns[2].find(id="thm-derivative")
    assert columns[3].h2.get_text() == "Behind"
    assert columns[3].find("img", alt="a dot")
    titles = [h2.get_text().strip() for h2 in deck.select("section > .frame > h2")]
    assert titles.index("A slide of my own") == titles.index("What to remember") - 1
