"""A build after any edit gives the bytes of a build from nothing, in any folder, on any system."""

import os
from pathlib import Path

import pytest

pytest.importorskip("jupyter_book", reason="the 'book' extra is not installed")
import small_book
from small_book import FIRST, PAGES, SECOND


def compared(one: Path, other: Path) -> list[str]:
    """The files that differ, or that one of them lacks."""
    first, second = small_book.contents(one), small_book.contents(other)
    assert len(first) > 100
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """The small book, built from nothing."""
    folder = tmp_path_factory.mktemp("fresh")
    assert small_book.build(small_book.write(folder), folder) == []
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The same in a folder that all tests build in again, each after what the last has left."""
    folder = tmp_path_factory.mktemp("built")
    assert small_book.build(small_book.write(folder), folder) == []
    return folder


def from_nothing(folder: Path, pages: dict[str, str]) -> Path:
    """A book of these pages in a new folder, built once."""
    small_book.build(small_book.write(folder, pages), folder)
    return folder


def test_nothing_changes_where_nothing_was_changed(fresh, built):
    assert small_book.build(built / "book", built) == []
    assert compared(fresh, built) == []


def test_a_page_that_was_touched_stays_the_same(fresh, built):
    page = built / "book" / "02-second.md"
    os.utime(page, (page.stat().st_atime + 10, page.stat().st_mtime + 10))
    small_book.build(built / "book", built)
    assert compared(fresh, built) == []


def test_an_edit_is_followed_by_the_other_pages(built, tmp_path_factory):
    pages = {**PAGES, "01-first": FIRST.replace("# First", "# Beginning")}
    small_book.build(small_book.write(built, pages), built)
    other = from_nothing(tmp_path_factory.mktemp("edited"), pages)
    assert compared(other, built) == []
    assert "Beginning" in (built / "html" / "02-second.html").read_text(encoding="utf-8")


def test_a_page_that_is_removed_leaves_nothing_and_comes_back_whole(built, fresh, tmp_path_factory):
    alone = {"01-first": FIRST}
    lost = small_book.build(small_book.write(built, alone), built)
    assert any("def-squeeze" in line for line in lost)
    assert not [file for file in (built / "html").rglob("*") if "second" in file.name]
    assert compared(from_nothing(tmp_path_factory.mktemp("alone"), alone), built) == []
    assert small_book.build(small_book.write(built), built) == []
    assert compared(fresh, built) == []


def test_pages_in_another_order_get_the_numbers_of_their_place(built, tmp_path_factory):
    turned = dict(reversed(PAGES.items()))
    small_book.build(small_book.write(built, turned), built)
    assert "Definition 1.1" in (built / "html" / "02-second.html").read_text(encoding="utf-8")
    assert compared(from_nothing(tmp_path_factory.mktemp("turned"), turned), built) == []


@pytest.mark.parametrize("broken", ["$\\no{}$", "```{measured} nothing\n```"])
def test_a_build_that_failed_leaves_no_trace(fresh, built, broken):
    pages = {**PAGES, "02-second": f"{SECOND}\n{broken}\n"}
    assert small_book.build(small_book.write(built, pages), built)
    assert small_book.build(small_book.write(built), built) == []
    assert compared(fresh, built) == []


def test_a_build_that_broke_off_leaves_no_trace(fresh, built):
    toc = built / "book" / "_toc.yml"
    kept = toc.read_text(encoding="utf-8")
    toc.write_text("format: jb-book\nroot: nowhere\n")
    with pytest.raises(RuntimeError, match="nowhere"):
        small_book.build(built / "book", built)
    toc.write_text(kept, encoding="utf-8")
    assert small_book.build(built / "book", built) == []
    assert compared(fresh, built) == []


def test_neither_the_folder_nor_the_system_gets_into_the_bytes(fresh, tmp_path):
    """Spaces, an umlaut, line ends of Windows, another language, another time zone."""
    folder = tmp_path / "Bücher über Maße"
    book = small_book.write(folder, newline="\r\n")
    system = {"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "PYTHONUTF8": "1"}
    assert small_book.build(book, folder, **system) == []
    different = [name for name in compared(fresh, folder) if "/_sources/" not in name]
    assert different == []
