"""The built HTML: the lecture's numbers, links that show them, and nothing from elsewhere."""

import re
from pathlib import Path

import lecture
import pytest
from bs4 import BeautifulSoup

# What the pages must show: the lecture's statements with its kinds and numbers, and its sections.
STATEMENTS = [
    (chapter.page, item.label, item.name)
    for chapter in lecture.chapters()
    for item in chapter.items
    if item.kind
]
CHAPTERS = {chapter.page: f"{chapter.number}. {chapter.title}" for chapter in lecture.chapters()}


@pytest.fixture(scope="module")
def pages(built_book) -> dict[str, BeautifulSoup]:
    return {
        page.stem: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in sorted(built_book.glob("*.html"))
    }


def text_of(node) -> str:
    return re.sub(r"\s+", " ", node.get_text()).strip()


def test_the_statements_have_the_kinds_numbers_and_order_of_the_lecture(pages):
    found = []
    for chapter in CHAPTERS:
        for box in pages[chapter].select("div.proof[id], div.exercise[id]"):
            if box["id"].startswith("proof-"):
                continue
            title = text_of(box.select_one("p.admonition-title"))
            match = re.match(r"(\w+ \d+\.\d+)", title)
            assert match, f"{chapter}: a box without a number: {title}"
            found.append((chapter, box["id"], match.group(1)))
    assert found == STATEMENTS


def test_links_to_statements_show_their_numbers(pages):
    names = {f"{page}.html#{label}": number for page, label, number in STATEMENTS}
    names |= {f"#{label}": number for _, label, number in STATEMENTS}
    seen = set()
    for stem, page in pages.items():
        for link in page.select("article a.reference.internal[href]"):
            number = names.get(link["href"])
            if number is None:
                continue
            if not re.search(r"\d", text_of(link)):
                continue  # a link in words, such as "the gluing lemma"
            assert text_of(link).startswith(number), f"{stem}: {link}"
            seen.add(number)
    assert seen == {number for *_, number in STATEMENTS}, "a statement that no page links to"


def test_chapters_are_numbered_as_the_sections_of_the_lecture(pages):
    for stem, title in CHAPTERS.items():
        assert text_of(pages[stem].select_one("article h1")).rstrip("#") == title


@pytest.mark.chapter(2)
def test_sections_are_numbered_where_the_lecture_numbers_them(pages):
    headings = [text_of(h).rstrip("#") for h in pages[lecture.chapter(2).page].select("article h2")]
    numbered = [h for h in headings if re.match(r"\d", h)]
    assert numbered == [
        "2.1 Definition and elementary properties",
        "2.2 Comparisons",
        "2.3 Topological properties",
    ]


def test_the_reference_shows_what_plans_inherit_and_whole_sentences(pages):
    """Kills a list of members without map and is_map, and "0 proves it. Type: The gap"."""
    reference = pages["functions"]
    for name in ("Plan.map", "Plan.is_map", "Coupling.permutation", "BottleneckPlan.map"):
        assert reference.find(id=f"otlec.{name}"), name
    gap = reference.find(id="otlec.Plan.gap").find_next("dd")
    assert text_of(gap).startswith("The primal value minus the dual value: 0, up to rounding")
    fields = {text_of(field).rstrip(":") for field in reference.select("dl.field-list dt")}
    assert "Type" not in fields


def test_no_page_loads_anything_from_elsewhere(pages):
    for stem, page in pages.items():
        for node in page.select("script[src], link[href], img[src], iframe[src], source[src]"):
            if node.name == "link" and "stylesheet" not in node.get("rel", []):
                continue
            address = node.get("src") or node.get("href")
            assert not re.match(r"(https?:)?//", address), f"{stem} loads {address}"


def test_every_figure_says_what_is_to_be_seen(pages):
    for stem, page in pages.items():
        for image in page.select("article img"):
            alt = image.get("alt", "")
            assert len(alt.split()) >= 8, f"{stem}: alt text {alt!r} of {image.get('src')}"


def test_every_chapter_computes_and_shows_figures(pages):
    for chapter in CHAPTERS:
        cells = pages[chapter].select("div.cell")
        with_figures = [c for c in cells if c.select(".cell_output img, .otlec-moving")]
        assert len(with_figures) >= 2, chapter


def test_internal_links_lead_somewhere(pages, built_book):
    ids = {stem: {n["id"] for n in page.select("[id]")} for stem, page in pages.items()}
    for stem, page in pages.items():
        for link in page.select("article a[href]"):
            address = link["href"]
            if re.match(r"[a-z]+:", address):
                continue
            target, _, fragment = address.partition("#")
            if target and not target.endswith(".html"):
                assert (built_book / target).exists(), f"{stem}: {address}"
                continue
            name = Path(target).stem if target else stem
            assert name in pages, f"{stem}: {address}"
            assert not fragment or fragment in ids[name], f"{stem}: {address}"


def test_pages_and_site_stay_light(built_book):
    for page in built_book.glob("0*.html"):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        images = {node["src"] for node in soup.select("article img[src]")}
        weight = page.stat().st_size + sum((built_book / i).stat().st_size for i in images)
        assert weight <= 1.5e6, f"{page.name} with its images weighs {weight / 1e6:.2f} MB"
    site = sum(file.stat().st_size for file in built_book.rglob("*") if file.is_file())
    assert site <= 25e6, f"the site weighs {site / 1e6:.1f} MB"
    static = sum(f.stat().st_size for f in (built_book / "_static").rglob("*") if f.is_file())
    assert static <= 4e6, f"what all pages share weighs {static / 1e6:.1f} MB"
