"""The book on paper: numbers, bookmarks, pages, and nothing cut off."""

import os
import re
import subprocess
import sys
import unicodedata

import pytest
from conftest import ROOT
from test_book_pages import STATEMENTS

sys.path.insert(0, str(ROOT / "scripts"))
print_assembly = pytest.importorskip("print_assembly", reason="Beautiful Soup is not installed")
print_pdf = pytest.importorskip("print_pdf", reason="pikepdf is not installed")
pikepdf = pytest.importorskip("pikepdf")
pypdfium2 = pytest.importorskip("pypdfium2")
bs4 = pytest.importorskip("bs4")

NUMBERS = [number for *_, number in STATEMENTS]


def plain(text: str) -> str:
    """Text without ligatures and double spaces, so that it compares."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def parse(page: str):
    """A page without the insides of its formulas, which take most of the time."""
    return bs4.BeautifulSoup(
        print_assembly.FORMULA.sub(r"\1></mjx-container>", page), "html.parser"
    )


# The pages put together, without a browser


@pytest.fixture(scope="module")
def assembled(built_book):
    return print_assembly.assemble(built_book, "0.1.0")


@pytest.fixture(scope="module")
def soup(assembled):
    return parse(assembled.page)


@pytest.fixture(scope="module")
def pages(built_book):
    names = [name for _, names in print_assembly.parts() for name in names]
    return {
        name: parse((built_book / f"{name}.html").read_text(encoding="utf-8")) for name in names
    }


def test_bookmarks_name_every_chapter_and_every_statement_in_order(assembled, pages):
    chapters = [text for level, _, text in assembled.bookmarks if level == 0]
    titles = []
    for page in pages.values():
        title = page.select_one("article h1")
        title.select_one(".headerlink").decompose()
        titles.append(plain(title.get_text()))
    assert chapters == [*titles, "Answers and solutions"]
    statements = [text for level, _, text in assembled.bookmarks if level == 2]
    assert [" ".join(text.split()[:2]) for text in statements] == NUMBERS
    assert not [text for *_, text in assembled.bookmarks if re.search(r"[\\{}$]", text)]


def test_paper_keeps_all_formulas_and_all_their_numbers(soup, pages):
    formulas = sum(len(page.select("article .math")) for page in pages.values())
    front = len(soup.select("nav .math")) + len(soup.select("#answers h2 .math, #answers h3 .math"))
    assert len(soup.select(".math")) - front == formulas
    assert all(formula.get("aria-label") for formula in soup.select("mjx-container"))
    numbers = [n.get_text() for page in pages.values() for n in page.select("article .eqno")]
    printed = [n.get_text() for n in soup.select(".eqno")]
    assert sorted(printed) == sorted(n.rstrip("#") for n in numbers)
    assert len(printed) > 30


def test_proofs_are_open_and_answers_stand_at_the_end(soup, pages):
    assert not soup.select("details, summary, .dropdown")
    proofs = [p for p in soup.select("div.proof") if not p.select_one(".caption-number")]
    assert len(proofs) >= 5
    assert not soup.select("#answers div.proof.theorem")
    folded = sum(
        bool(re.match("Answer|Solution|Show me", title.get_text(strip=True)))
        for page in pages.values()
        for title in page.select(
            ".sd-summary-text, .dropdown > .admonition-title, .otlec-fold > summary"
        )
    )
    answers = soup.select("#answers .answer")
    assert len(answers) == folded
    for answer in answers:
        assert len(plain(answer.get_text())) > 30
        question = answer.select_one("h3 .page-link")["href"].removeprefix("#")
        back = soup.find(id=question)
        assert back["class"] == ["to-answer"]
        assert back.a["href"] == f"#{answer['id']}"


def test_a_guess_is_asked_in_its_place_and_answered_at_the_end(soup):
    asked = soup.select(".otlec-guess")
    assert len(asked) >= 3
    for box in asked:
        assert not box.select(".otlec-reasons")
        answer = soup.find(id=box.select_one(".to-answer a")["href"].removeprefix("#"))
        assert answer.find_parent(id="answers")
        assert answer.select_one(".otlec-reasons .right")
        assert plain(answer.select_one(".of").get_text()).endswith(": guess")


def test_moving_and_live_figures_are_there_once_as_still_frames(soup, pages):
    moving = sum(len(page.select("article .otlec-moving")) for page in pages.values())
    assert len(soup.select(".otlec-moving")) == moving > 5
    live = {f["data-figure"] for page in pages.values() for f in page.select(".otlec-figure")}
    assert sorted(f["data-figure"] for f in soup.select(".otlec-figure")) == sorted(live)
    for figure in soup.select(".otlec-moving, .otlec-figure"):
        assert figure.select("svg path, svg rect, svg image"), figure.get("aria-label")
    assert not soup.select("script, button, input")


def test_a_link_that_leads_nowhere_is_an_error():
    with pytest.raises(print_assembly.PaperError, match=r"nowhere.*there"):
        print_assembly.check_links('<p id="here"><a href="#there">a link</a></p>')
    with pytest.raises(print_assembly.PaperError, match=r"twice.*here"):
        print_assembly.check_links('<p id="here"></p><p id="here"></p>')


def test_a_book_that_is_not_built_is_named(tmp_path):
    with pytest.raises(print_assembly.PaperError, match="run 'make book' first"):
        print_assembly.assemble(tmp_path, "0.1.0")


def test_without_a_chromium_the_error_says_what_to_install_and_to_set(built_book, tmp_path):
    command = [sys.executable, ROOT / "scripts" / "print_pdf.py", "--html", built_book]
    command += ["--out", tmp_path / "book.pdf"]
    nowhere = {"CHROMIUM": str(tmp_path / "no-browser"), "PATH": str(tmp_path)}
    run = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | nowhere, check=False
    )
    assert run.returncode == 2
    assert "apt install chromium" in run.stderr
    assert "make pdf CHROMIUM=" in run.stderr
    assert not (tmp_path / "book.pdf").exists()


# The PDF


@pytest.fixture(scope="module")
def file(browser, assembled, tmp_path_factory):
    return print_pdf.make(browser, assembled, tmp_path_factory.mktemp("pdf") / "otlec.pdf")


@pytest.fixture(scope="module")
def book(file):
    with pikepdf.open(file) as book:
        yield book


@pytest.fixture(scope="module")
def texts(file):
    with pypdfium2.PdfDocument(file) as book:
        return [plain(page.get_textpage().get_text_range()) for page in book]


@pytest.fixture(scope="module")
def bookmarks(book):
    """All bookmarks in order: level, title, page from 1."""
    number = {page.objgen: n for n, page in enumerate(book.pages, start=1)}

    def walk(items, level):
        for item in items:
            yield level, str(item.title), number[item.destination[0].objgen]
            yield from walk(item.children, level + 1)

    with book.open_outline() as outline:
        return list(walk(outline.root, 0))


def links(page):
    return [a for a in page.get("/Annots", []) if a.Subtype == "/Link"]


@pytest.mark.browser
def test_the_pdf_says_what_it_is_and_a_phone_can_bear_it(file, book):
    config = print_assembly.configuration()
    with book.open_metadata() as metadata:
        assert metadata["dc:title"] == config["title"]
        assert metadata["dc:creator"] == [config["author"]]
        assert metadata["dc:language"] == {"en"}
    assert book.Root.Lang == "en"
    assert book.Root.MarkInfo.Marked
    assert "/StructTreeRoot" in book.Root
    assert book.Root.PageMode == "/UseOutlines"
    assert file.stat().st_size < 15e6


@pytest.mark.browser
def test_bookmarks_lead_to_the_page_of_their_title(assembled, bookmarks, texts):
    assert [(level, title) for level, title, _ in bookmarks] == [
        (level, text) for level, _, text in assembled.bookmarks
    ]
    pages = [page for *_, page in bookmarks]
    assert pages == sorted(pages)
    for _, title, page in bookmarks:
        words = " ".join(title.split()[:2])
        assert plain(words) in texts[page - 1], f"{title}: page {page}"


@pytest.mark.browser
def test_each_page_has_its_number_and_something_on_it(book, texts):
    for number, (page, text) in enumerate(zip(book.pages, texts, strict=True), start=1):
        assert bool(re.search(rf"(?<!\d){number}(?!\d)", text[:90])) or number == 1, text[:90]
        assert len(text) > 120 or len(page.get_images()), f"page {number} is empty"


@pytest.mark.browser
def test_the_table_of_contents_shows_the_page_that_each_line_leads_to(file, book, assembled):
    pages, shown = print_pdf.pages_of(file), {}
    with pypdfium2.PdfDocument(file) as document:
        for number in range(2, 6):
            text = document[number].get_textpage()
            for link in links(book.pages[number]):
                _, bottom, right, top = map(float, link.Rect)
                inside = text.get_text_bounded(right - 20, bottom, right + 1, top)
                if found := re.fullmatch(r"[. ]*(\d+)\s*", inside):
                    shown.setdefault(str(link.Dest)[1:], int(found[1]))
    lines = re.findall(r'class="line (?:chapter|section)"><a href="#([^"]+)"', assembled.page)
    assert len(lines) > 80
    assert {name: shown.get(name) for name in lines} == {name: pages[name] for name in lines}


@pytest.mark.browser
def test_links_lead_to_a_page_or_to_the_web_and_never_to_a_file(file, book):
    pages, inside = print_pdf.pages_of(file), 0
    for page in book.pages:
        for link in links(page):
            if "/Dest" in link:
                assert str(link.Dest)[1:] in pages
                inside += 1
            else:
                assert re.match("https?://", str(link.A.URI)), link
    assert inside > 400


@pytest.mark.browser
def test_statements_are_on_one_page_each(soup, bookmarks, texts):
    pages = {" ".join(title.split()[:2]): page for level, title, page in bookmarks if level == 2}
    for box in soup.select("div.proof[id], div.exercise[id]"):
        title = box.select_one(".admonition-title")
        if title is None or not title.select_one(".caption-number"):
            continue
        name = plain(title.select_one(".caption-number").get_text())
        prose = [
            plain(text)
            for text in box.find_all(string=True)
            if len(plain(text).split()) > 2
            and text.find_parent(["mjx-container", "script"]) is None
        ]
        page = texts[pages[name] - 1]
        assert name in page
        assert prose[-1][-30:] in page, f"{name} goes on after page {pages[name]}"


MEASURE = """() => {
  const width = document.documentElement.clientWidth, found = [];
  const say = (what, element) => found.push(
    `${element.tagName}.${element.className} ${what}: ${element.textContent.slice(0, 60)}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest("svg, mjx-container") && !element.matches("svg, mjx-container, mjx-math"))
      continue;
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    if (box.width && (box.right > width + 1 || box.left < -1))
      say(`stands from ${box.left} to ${box.right}`, element);
    const hides = style.overflowX !== "visible";
    if (hides && element.clientWidth && element.scrollWidth > element.clientWidth + 1)
      say("is cut", element);
    if (element.matches("p, li, td, pre, h1, h2, h3") && style.color === "rgb(255, 255, 255)")
      say("has white ink", element);
  }
  for (const image of document.images) if (!image.naturalWidth) say("is empty", image);
  return found;
}"""


@pytest.mark.browser
def test_nothing_stands_outside_the_page_or_is_cut(file, browser):
    width = round(print_pdf.LINE["A4"] / 25.4 * 96)
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.set_default_timeout(240_000)
    page.emulate_media(media="print")
    page.goto(file.with_suffix(".html").as_uri())
    assert not page.evaluate(print_pdf.FIT, print_pdf.SMALLEST)
    found = page.evaluate(MEASURE)
    hidden = page.evaluate(
        "[...document.querySelectorAll('.otlec-moving svg, .otlec-figure svg')]"
        ".filter(svg => svg.clientHeight < 50).length"
    )
    page.close()
    assert not found, "\n".join(found)
    assert not hidden, "a still frame is not visible"


@pytest.mark.browser
def test_the_same_pages_give_the_same_bytes(browser, tmp_path):
    page = (
        '<html lang="en"><title>t</title><body><p><a href="#a">A <span class="page-of" '
        'data-target="a"></span></a></p><h1 id="a" style="break-before: page">A</h1></body></html>'
    )
    book, made = print_assembly.Paper(page, [(0, "a", "A")]), []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.html").write_text(page)
        print_pdf.print_book(browser, tmp_path / name / "p.html", tmp_path / name / "p.part", "A4")
        print_pdf.finish(tmp_path / name / "p.part", book, tmp_path / name / "p.pdf")
        made.append((tmp_path / name / "p.pdf").read_bytes())
    assert made[0] == made[1]
