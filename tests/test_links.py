"""Links of the built book: downloads, launches, permalinks, cards, terms; what others see of it."""

import itertools
import json
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlsplit

import jsonschema
import jupytext
import lecture
import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import ROOT
from links import REPOSITORY, SITE, build_published
from PIL import Image

sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import addresses
import exercise_notebooks
import handouts
import myst_to_markdown
import notebooks
from directives import cite_this
from references import glossary_links, link_previews

OUR_PAGES = handouts.names()


@pytest.fixture(scope="module")
def pages(built_book) -> dict[str, BeautifulSoup]:
    return {
        page.stem: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in sorted(built_book.glob("*.html"))
    }


@pytest.fixture(scope="module")
def contents(pages) -> list[str]:
    """The pages of the book in the order of its table of contents."""
    return lecture.toc()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return build_published(tmp_path_factory.mktemp("published"))


def soup(file) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def menus(page) -> dict[str, list[tuple[str, str]]]:
    return {
        menu.button["aria-label"]: [(a.get_text(), a["href"]) for a in menu.select("a")]
        for menu in page.select(".otlec-menu")
    }


def meta(page, name) -> str | None:
    node = page.select_one(f'meta[name="{name}"], meta[property="{name}"]')
    return node["content"] if node else None


# Addresses


def test_without_a_repository_everything_that_needs_one_is_empty():
    none = addresses.read({})
    assert none == addresses.Addresses(binder=none.binder, colab=none.colab)
    assert none.site == ""
    assert none.launches("03-geodesics") == []
    assert none.sources("03-geodesics") == []
    assert none.requirement == "otlec"


def test_one_address_gives_all_others():
    found = addresses.read({"REPOSITORY": REPOSITORY + "/", "HUB": "https://hub.example.org"})
    assert found.repository == REPOSITORY
    assert found.site == SITE
    assert found.requirement == f"git+{REPOSITORY}"
    assert found.launches("03-geodesics") == [
        (
            "Binder",
            "https://mybinder.org/v2/gh/someone/otlec/main"
            "?urlpath=lab/tree/_build/notebooks/03-geodesics.ipynb",
        ),
        (
            "Colab",
            "https://colab.research.google.com/github/someone/otlec/blob/notebooks/03-geodesics.ipynb",
        ),
        (
            "JupyterHub",
            "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A//github.com/someone/"
            "otlec&branch=notebooks&urlpath=lab/tree/otlec/03-geodesics.ipynb",
        ),
    ]
    assert found.sources("03-geodesics") == [
        ("Repository", REPOSITORY),
        ("Edit this page", f"{REPOSITORY}/edit/main/book/03-geodesics.md"),
        ("Report a mistake", f"{REPOSITORY}/issues/new?title=03-geodesics%3A%20"),
    ]


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("https://github.com/Some-One/otlec.git", "https://some-one.github.io/otlec/"),
        ("https://github.com/someone/someone.github.io", "https://someone.github.io/"),
        ("https://gitlab.com/a/b/otlec", "https://a.gitlab.io/b/otlec/"),
        ("https://git.example.org/a/otlec", ""),
    ],
)
def test_the_site_is_where_the_host_puts_it(repository, site):
    assert addresses.read({"REPOSITORY": repository}).site == site
    own = addresses.read({"REPOSITORY": repository, "ADDRESS": "https://ot.example.org"})
    assert own.site == "https://ot.example.org/"


def test_other_hosts_get_what_works_there():
    gitlab = addresses.read({"REPOSITORY": "https://gitlab.com/a/otlec"})
    assert [name for name, _ in gitlab.launches("index")] == ["Binder"]
    assert "/v2/gl/a%2Fotlec/main" in gitlab.launches("index")[0][1]
    assert gitlab.sources("index")[1][1] == "https://gitlab.com/a/otlec/-/edit/main/book/index.md"
    other = addresses.read({"REPOSITORY": "https://git.example.org/a/otlec"})
    assert "/v2/git/https%3A%2F%2Fgit.example.org%2Fa%2Fotlec/main" in other.launches("index")[0][1]
    assert other.sources("index") == [("Repository", "https://git.example.org/a/otlec")]


@pytest.mark.parametrize("wrong", ["github.com/a/b", "git@github.com:a/b", "https://a.b/<c>"])
def test_what_is_no_address_is_reported(wrong):
    with pytest.raises(ValueError, match="no address"):
        addresses.read({"REPOSITORY": wrong})


# Downloads


def test_every_page_offers_its_source_and_every_notebook_itself(pages, contents, built_book):
    for name in contents:
        links = dict(menus(pages[name])["Download this page"])
        offered = {"Source (.md)": f"_sources/{name}.md"}
        if name in OUR_PAGES:
            offered["Notebook (.ipynb)"] = f"_sources/{name}.ipynb"
        for text, address in offered.items():
            assert links.pop(text) == address
        for address in links.values():  # the PDF, where the site has one
            assert address.endswith(".pdf")
        for address in offered.values():
            assert (built_book / address).stat().st_size > 200, address
        for link in pages[name].select(".otlec-menu a"):
            assert link.has_attr("download")
    assert "window.print()" not in str(pages["index"].select_one(".bd-header-article"))


@pytest.mark.parametrize("page", handouts.pages(), ids=lambda page: page.stem)
def test_a_downloaded_notebook_runs_the_cells_of_the_page(page, built_book):
    """Its code is that of the committed notebook, which nbval runs, behind a cell that installs."""
    notebook = nbformat.read(built_book / "_sources" / f"{page.stem}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0] == exercise_notebooks.setup_cell(notebook.cells[2:], "otlec")
    committed = nbformat.read(page.with_suffix(".ipynb"), as_version=4)
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert code[1:] == [exercise_notebooks.blank(cell.source) for cell in cells]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\{[a-z:]+\}`|^:::|^`{3,}\{|^\([\w-]+\)=", cell.source, re.M), (
                cell
            )
            for name in myst_to_markdown.macros():
                assert not re.search(rf"\\{name}(?![a-zA-Z])", cell.source), (name, cell.source)


@pytest.mark.parametrize("page", handouts.pages(), ids=lambda page: page.stem)
def test_a_downloaded_source_is_the_same_notebook(page, built_book):
    read = jupytext.read(built_book / "_sources" / page.name)
    cells = [cell.source for cell in read.cells if cell.cell_type == "code"]
    committed = nbformat.read(page.with_suffix(".ipynb"), as_version=4)
    given = [exercise_notebooks.blank(c.source) for c in committed.cells if c.cell_type == "code"]
    assert cells == given


def test_the_downloads_of_exercises_hold_no_solution(built_book):
    from test_exercises_pages import leaks

    for file in (built_book / "_sources").glob("x*-exercises.*"):
        assert leaks(file.read_text(encoding="utf-8")) == [], file.name


def test_students_download_no_solution_at_all():
    from test_exercises_pages import leaks

    for page in notebooks.sources():
        text = handouts.source(page, students=True)
        assert leaks(text) == [], page.name
        assert leaks(nbformat.writes(handouts.handout(page, "otlec", students=True))) == [], (
            page.name
        )


def test_links_become_the_words_of_the_book(pages):
    shown = {}
    for page in pages.values():
        for formula in page.select("div.math[id]"):
            number = formula.select_one(".eqno").get_text().strip("()#")
            shown[formula["id"].removeprefix("equation-")] = number
    counted = myst_to_markdown.equations()
    assert counted == {label: shown[label] for label in counted}


@pytest.mark.chapter(2)
def test_links_in_notebooks_are_words_with_numbers():
    text = myst_to_markdown.plain(
        "{prf:ref}`lem-gluing`, {eq}`eq-chain`, {cite:t}`Villani2008`, {ref}`ch-wasserstein`"
    )
    assert text == "Lemma 2.3, (2.1), Villani (2008), Wasserstein space"


# Launching, and what search engines see: without an address, and with one


def test_without_an_address_nothing_leads_to_one(pages, built_book):
    if addresses.read().repository:
        pytest.skip("a repository is configured")
    for stem, page in pages.items():
        assert set(menus(page)) <= {"Download this page"}, stem
        assert not page.select('link[rel="canonical"]'), stem
        assert meta(page, "og:image") is None
    for name in ("sitemap.xml", "robots.txt", "404.html"):
        assert not (built_book / name).exists()


def test_with_an_address_pages_are_launched_edited_and_reported(published):
    name = "x1-exercises"
    found = menus(soup(published / f"{name}.html"))
    expected = addresses.read({"REPOSITORY": REPOSITORY})
    assert found["Run this page"] == expected.launches(name)
    assert found["Source of this page"] == expected.sources(name)
    assert "Run this page" not in menus(soup(published / "ledger.html")), "it is no notebook"


def test_with_an_address_exercises_are_installed_from_there(published):
    for file in ("exercises/x1-exercises.ipynb", "_sources/x1-exercises.ipynb"):
        notebook = nbformat.read(published / file, as_version=4)
        assert f'@ git+{REPOSITORY}"\n' in notebook.cells[1].source


def test_with_an_address_pages_say_where_they_are_and_show_a_card(published):
    for name in ("index", "x1-exercises"):
        page = soup(published / f"{name}.html")
        assert page.select_one('link[rel="canonical"]')["href"] == f"{SITE}{name}.html"
        assert meta(page, "og:url") == f"{SITE}{name}.html"
        assert meta(page, "og:image") == f"{SITE}_static/card.png"
        assert meta(page, "twitter:card") == "summary_large_image"
    file = published / "_static" / "card.png"
    assert file.stat().st_size <= 200e3
    with Image.open(file) as card:
        assert card.size == (1200, 630)


def test_with_an_address_the_site_has_a_map(published):
    spaces = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    tree = ElementTree.parse(published / "sitemap.xml")
    listed = [node.text for node in tree.findall("s:url/s:loc", spaces)]
    assert listed == [f"{SITE}{name}.html" for name in ("index", "ledger", "x1-exercises")]
    assert f"Sitemap: {SITE}sitemap.xml" in (published / "robots.txt").read_text()


def test_the_page_for_wrong_addresses_works_at_any_depth(published):
    page = soup(published / "404.html")
    inside = urlsplit(SITE).path
    for node in page.select("[href], [src], [action]"):
        address = node.get("href") or node.get("src") or node.get("action")
        assert address.startswith((inside, "#", "data:")), node
        if address.startswith(inside):
            file = urlsplit(address).path.removeprefix(inside)
            assert (published / file).exists(), address
    assert page.select_one("article form input[name=q]")
    assert meta(page, "robots") == "noindex"


def test_every_page_has_a_title_and_a_description_of_its_own(pages, contents):
    descriptions = yaml.safe_load((ROOT / "book" / "descriptions.yml").read_text("utf-8"))
    out = {page for chapter in lecture.left_out() for page in (chapter.page, chapter.exercises)}
    descriptions = {name: text for name, text in descriptions.items() if name not in out}
    assert set(descriptions) == {*pages, "404"}
    titles = set()
    for stem, page in pages.items():
        title = page.title.get_text()
        assert title.endswith("otlec")
        titles.add(title)
        assert meta(page, "description") == descriptions[stem]
        if stem in contents:
            assert meta(page, "og:description") == descriptions[stem]
            assert meta(page, "og:title") + " — otlec" == title
    assert len(titles) == len(pages)
    assert len(set(descriptions.values())) == len(descriptions)
    for sentence in descriptions.values():
        assert 60 <= len(sentence) <= 160, sentence
        assert sentence.endswith(".")


# Links within the book


def test_pages_lead_to_the_next_and_to_the_previous(pages, contents):
    for before, after in itertools.pairwise(contents):
        assert pages[before].select_one("a.right-next")["href"] == f"{after}.html"
        assert pages[after].select_one("a.left-prev")["href"] == f"{before}.html"


def test_statements_figures_formulas_and_headings_have_permalinks(pages, contents):
    seen = {"statement": 0, "image": 0, "equation": 0, "heading": 0}
    boxes = "div.proof.admonition:not([id^=proof-]), div.exercise.admonition"
    places = f"{boxes}, figure[id], div.math[id], section[id]"
    for name in contents:
        for place in pages[name].select(f"article :is({places})"):
            if place.find_parent(class_="otlec-card") or place["id"].endswith("-content"):
                continue
            if place.name == "section" and not place.find(re.compile("^h[1-6]$"), recursive=False):
                continue
            link = place.select_one("a.headerlink")
            assert link, f"{name}: {place['id']}"
            target = link["href"].removeprefix("#")
            assert target == place["id"] or place.find(id=target), f"{name}: {place['id']}"
            kind = re.match(r"Link to this (\w+)", link["title"]).group(1)
            seen[kind] = seen.get(kind, 0) + 1
            (icon,) = link.contents
            assert icon["aria-hidden"] == "true", "the title of the link is its name"
    assert seen["statement"] == sum(1 for item in lecture.items() if item.kind)
    assert seen["image"] >= 30
    assert seen["equation"] >= 30


def pieces(built_book, page) -> dict[str, str]:
    text = (built_book / "_static" / "cards" / f"{page}.js").read_text(encoding="utf-8")
    found = re.fullmatch(r'otlecCards\("([\w-]+)",(\{.*\})\);\n', text, re.S)
    assert found.group(1) == page
    return json.loads(found.group(2))


def test_every_link_to_a_statement_has_a_card(pages, built_book):
    script = (ROOT / "book" / "_ext" / "static" / "cards.js").read_text()
    assert f"/{link_previews.CITABLE.pattern}/" in script, "the script and the extension agree"
    known, cited = {}, 0
    for stem, page in pages.items():
        for link in page.select("article a.reference.internal[href]"):
            if not link_previews.CITABLE.search(link["href"]):
                continue
            target, _, name = link["href"].partition("#")
            target = target.removesuffix(".html") or stem
            known.setdefault(target, pieces(built_book, target))
            assert known[target].get(name), f"{stem}: {link}"
            cited += 1
    assert cited > 300
    for target, shown in known.items():
        for name, piece in shown.items():
            part = BeautifulSoup(piece, "html.parser")
            assert not part.select("[id], script, button, details, a.headerlink"), (target, name)
            assert part.get_text(strip=True) or part.img, (target, name)
            assert len(piece) < 25e3, (target, name)


@pytest.mark.chapter(2, 3)
def test_a_card_shows_the_whole_statement(pages, built_book):
    for page, label in (
        (lecture.chapter(2).page, "thm-weak"),
        (lecture.chapter(3).page, "prop-geodesic"),
    ):
        shown = BeautifulSoup(pieces(built_book, page)[label], "html.parser")
        box = pages[page].find(id=label)
        assert shown.get_text().split() == box.get_text().replace("#", "", 1).split()


# The glossary and the citation

LECTURE = """
action, assignment, barycenter, Benamou–Brenier formula, c-concave, c-transform, certificate,
constant speed geodesic, continuity equation, coupling, disintegration, dual problem, duality gap,
Eulerian view, first variation, flow, Fréchet mean, geodesic space, gluing, isometry,
Kantorovich potential, Kantorovich–Rubinstein formula, Lagrangian view, marginal,
McCann interpolation, moment, momentum, monotone plan, narrow convergence, optimal map,
optimal plan, primal problem, push-forward, quantile function, support, tangent space, tightness,
total variation, transport plan, triangle inequality, Wasserstein distance, Wasserstein space,
weak convergence
"""


def test_the_glossary_has_the_terms_of_the_lecture():
    names = {name for names in glossary_links.entries() for name in names}
    wanted = {" ".join(name.split()) for name in LECTURE.split(",")}
    assert wanted <= names


def test_every_entry_of_the_glossary_says_where_its_term_is_explained(pages):
    explained = pages["glossary"].select("dl.glossary > dd")
    assert len(explained) == len(glossary_links.entries())
    for text in explained:
        links = [link["href"] for link in text.select("a.reference.internal")]
        elsewhere = "of the lecture" in text.get_text()  # in a chapter that is left out
        assert elsewhere or any(not link.startswith("#") for link in links), text.get_text()


@pytest.mark.parametrize("name", [chapter.page for chapter in lecture.chapters()])
def test_terms_are_linked_once_in_a_chapter_in_running_text(pages, name):
    group = {n: names[0] for names in glossary_links.entries() for n in names}
    ids = {
        term["id"]: group[term.get_text().strip().rstrip("#").replace("’", "'")]
        for term in pages["glossary"].select("dl.glossary > dt")
    }
    links = pages[name].select('article a[href^="glossary.html#"]')
    entries = [ids[link["href"].partition("#")[2]] for link in links]
    assert len(entries) == len(set(entries))
    assert len(entries) >= 12
    for link in links:
        assert link.find_parent("p"), link
        unwanted = link.find_parent(["h1", "h2", "h3", "figcaption", "code", "blockquote", "table"])
        assert not unwanted, link


def test_only_the_first_use_of_a_term_becomes_a_link():
    from docutils import nodes, utils

    document = utils.new_document("page")
    section = nodes.section(
        "", nodes.title("", "", nodes.Text("Transport plans and the support of"))
    )
    texts = [
        [nodes.Text("A couplings' tale: transport plans, a transport plan, marginal costs.")],
        [nodes.Text("The "), nodes.math("", "c"), nodes.Text("-transform of prices, its support.")],
        [nodes.literal("", "moments"), nodes.Text(" and Dirac masses, then an atom.")],
    ]
    for text in texts:
        section += nodes.paragraph("", "", *text)
    document += section

    class App:
        builder = type("Builder", (), {"name": "html"})
        env = type(
            "Environment",
            (),
            {"docname": lecture.chapter(2).page, "note_dependency": lambda self, f: 0},
        )()

    glossary_links.link_terms(App, document)
    links = [n for n in document.findall(nodes.Element) if n.tagname == "pending_xref"]
    found = [(link["reftarget"], link.astext()) for link in links]
    assert found == [
        ("coupling", "couplings"),
        ("c-transform", "c-transform"),
        ("price", "prices"),
        ("Dirac mass", "Dirac masses"),
    ]
    assert document.astext().count("transport plan") == 2, "nothing is lost"


def test_the_citation_is_valid_and_in_step():
    """The schema is that of the Citation File Format 1.2.0, by its authors, under CC BY 4.0."""
    given = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "tests" / "cff-1.2.0.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(given, schema)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert given["version"] == project["version"]
    assert given["license"] == project["license"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert given["title"] == config["title"]
    assert [author["name"] for author in given["authors"]] == [config["author"]]


def test_the_book_shows_the_bibtex_of_the_same_file(pages):
    from pybtex.database import parse_string

    given = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    shown = pages["references"].select_one("#cite-this-book pre").get_text()
    address = addresses.read()
    assert shown.strip() == cite_this.bibtex(given, "2026", address.site or address.repository)
    (entry,) = parse_string(shown, "bibtex").entries.values()
    assert entry.fields["title"].strip("{}") == given["title"]
    assert entry.fields["note"] == f"Version {given['version']}"
    assert (
        "url"
        in parse_string(cite_this.bibtex(given, "2026", SITE), "bibtex").entries["otlec"].fields
    )
