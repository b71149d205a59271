"""A chapter taken out of the table of contents, and nothing else: the rest is as it was."""

import re

import lecture
import myst_to_markdown
import preview
import pytest
import yaml

pytest.importorskip("jupyter_book", reason="the 'book' extra is not installed")
import small_book
from bs4 import BeautifulSoup
from sources import pages

THIRD = """\
# Third

By {prf:ref}`def-squeeze`, by the {prf:ref}`squeezing map <def-squeeze>`, by
{ref}`chapter 2 <ch-second>`, by {ref}`what comes before <ch-second>`, by {eq}`eq-area`, by
{doc}`02-second`, by {doc}`its exercises <x2-exercises>`, by {ref}`x-second`, by
[a page](02-second.md) and by {prf:ref}`thm-third`.

```{prf:theorem}
:label: thm-third

True.
```

```{math}
:label: eq-third
e^x
```

See {eq}`eq-third`.
"""
OWN = "# Own\n\n```{prf:remark}\n:label: rem-own\n\nMine.\n```\n"
EXERCISES = "# Exercises\n\nOf {prf:ref}`def-squeeze`.\n"
LECTURE = {
    "lecture": {"title": "A lecture", "author": "A. Author", "address": "https://example.org/l"},
    "chapters": [
        {"number": 1, "page": "01-first", "items": []},
        {
            "number": 2,
            "page": "02-second",
            "items": [{"item": "2.1", "kind": "Definition", "label": "def-squeeze"}],
        },
        {
            "number": 3,
            "page": "03-third",
            "items": [{"item": "3.1", "kind": "Theorem", "label": "thm-third"}],
        },
    ],
}
for _chapter in LECTURE["chapters"]:
    _number = _chapter["number"]
    _chapter |= {"title": f"{_number}", "exercises": f"x{_number}-exercises", "judges": []}


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A book whose second chapter is in the folder and not in its table of contents."""
    folder = tmp_path_factory.mktemp("fork")
    second = small_book.SECOND.replace("# Second", "(ch-second)=\n# Second")
    first = "# First\n\n```{math}\n:label: eq-first\nx\n```\n"
    pages = {"01-first": first, "03-third": THIRD, "04-own": OWN, "x2-exercises": EXERCISES}
    book = small_book.write(folder, pages)
    (book / "02-second.md").write_text(second, encoding="utf-8")
    (book / "lecture.yml").write_text(yaml.safe_dump(LECTURE), encoding="utf-8")
    assert small_book.build(book, folder, LECTURE=str(folder)) == []
    return folder / "html"


def words(page, name: str) -> str:
    soup = BeautifulSoup((page / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    return re.sub(r"\s+", " ", soup.select_one("article").get_text())


def test_links_to_it_become_text_with_a_reference_to_the_lecture(fork):
    pages = fork
    text = words(pages, "03-third")
    assert "By Definition 2.1 of the lecture, by" in text
    assert "the squeezing map (Definition 2.1 of the lecture), by" in text
    assert "by chapter 2 of the lecture, by" in text
    assert "what comes before (section 2 of the lecture), by" in text
    assert text.count("section 2 of the lecture") == 6
    html = (pages / "03-third.html").read_text(encoding="utf-8")
    assert 'href="https://example.org/l">Definition 2.1 of the lecture</a>' in html
    assert "02-second" not in html.replace("02-second.md", "")


def test_numbers_stay_and_a_page_of_ones_own_takes_the_next_free_one(fork):
    pages = fork
    text = words(pages, "03-third")
    assert text.strip().startswith("3. Third")
    assert "Theorem 3.1" in text
    assert "See (3.1)" in text
    assert words(pages, "04-own").strip().startswith("4. Own")
    assert "Remark 4.1" in words(pages, "04-own")
    contents = BeautifulSoup((pages / "index.html").read_text("utf-8"), "html.parser")
    titles = [link.get_text().strip() for link in contents.select("nav.bd-links a")]
    assert {"3. Third", "4. Own"} <= set(titles)


def test_neither_the_chapter_nor_its_exercises_are_built(fork):
    pages = fork
    assert {"index.html", "01-first.html", "03-third.html", "04-own.html"} <= {
        page.name for page in pages.glob("*.html")
    }
    assert not list(pages.rglob("*02-second*"))
    assert not list(pages.rglob("*x2-exercises*"))


@pytest.mark.parametrize(
    ("said", "name", "explicit", "expected"),
    [
        ("Theorem 4.1", "Theorem 4.1", False, "Theorem 4.1 of the lecture"),
        ("Chapter 4", "section 4", True, "Chapter 4 of the lecture"),
        ("theorem 4.1", "Theorem 4.1", True, "theorem 4.1 of the lecture"),
        ("the slope", "Theorem 4.1", True, "the slope (Theorem 4.1 of the lecture"),
        ("chapter 41", "section 4", True, "chapter 41 (section 4 of the lecture"),
    ],
)
def test_words_that_name_the_place_are_not_doubled(said, name, explicit, expected):
    assert "".join(lecture.left_out_words(said, name, explicit)) == expected


def test_notebooks_say_the_same(monkeypatch):
    away = {"thm-derivative": "Theorem 4.1", "ch-derivative": "section 4", "eq-slope": "section 4"}
    monkeypatch.setattr(lecture, "left_out_labels", lambda: away)
    text = "{prf:ref}`thm-derivative`, {ref}`Chapter 4 <ch-derivative>`, {eq}`eq-slope`, "
    assert myst_to_markdown.plain(text + "{prf:ref}`the slope <thm-derivative>`").strip() == (
        "Theorem 4.1 of the lecture, Chapter 4 of the lecture, section 4 of the lecture, "
        "the slope (Theorem 4.1 of the lecture)"
    )


def test_every_chapter_of_the_book_can_be_named_where_it_is_left_out():
    """What the sources of a chapter call a label is known when the chapter is not there."""
    for chapter in lecture.all_chapters():
        text = (lecture.BOOK / f"{chapter.page}.md").read_text(encoding="utf-8")
        found = set(lecture.LABEL.findall(text))
        assert {item.label for item in chapter.items} <= found
        assert set(re.findall(r"^ *:label: *(\S+)", text, re.M)) <= found
        assert set(re.findall(r"^\((\S+)\)=$", text, re.M)) <= found


def test_a_page_that_is_missing_says_what_to_do(tmp_path):
    code = "---\njupytext:\n  text_representation:\n    format_name: myst\n---\n# Code\n"
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: 06-own\n- file: x6-exercises\n"
        "- file: 07-code\n- file: plain.md\n"
    )
    for name, text in (("index", "# A\n"), ("06-renamed", "# B\n"), ("07-code", code)):
        (tmp_path / f"{name}.md").write_text(text)
    (tmp_path / "plain.md").write_text("# Plain\n")
    own, exercises, executed = pages.problems(tmp_path)
    assert own == (
        "book/_toc.yml names 06-own, and there is no book/06-own.md (there is 06-renamed: was it "
        "renamed?): write it, or take the line out"
    )
    assert "there is no book/x6-exercises.md: write it, or take the line out" in exercises
    assert executed == "book/07-code.md has code and was not executed: run 'make page P=07-code'"
    (tmp_path / "07-code.ipynb").write_text("{}")
    assert len(pages.problems(tmp_path)) == 2


@pytest.mark.chapter(3)
def test_a_page_that_cannot_be_shown_names_those_that_can():
    with pytest.raises(SystemExit, match=r"there is no page '3-geodesics'; .*03-geodesics"):
        preview.sources("3-geodesics")
    assert preview.sources("ledger") == (lecture.BOOK / "ledger.md", None)
    read, source = preview.sources("01-reminders")
    assert (read.suffix, source.suffix) == (".ipynb", ".md")
