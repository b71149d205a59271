"""The archive of the site: the same bytes from any build, and a book that needs no network."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import zipfile

import lecture
import pytest
from chromium import visit
from conftest import ROOT

sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "book" / "_ext")]
import archive  # noqa: E402


def contents(packed) -> dict[str, str]:
    """Names and digests of what an archive holds."""
    with zipfile.ZipFile(packed) as opened:
        return {
            name.partition("/")[2]: hashlib.sha256(opened.read(name)).hexdigest()
            for name in opened.namelist()
        }


@pytest.fixture(scope="module")
def packed(built_book, tmp_path_factory):
    return archive.pack(built_book, tmp_path_factory.mktemp("packed") / "otlec-book.zip")


@pytest.fixture(scope="module")
def unpacked(packed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("a stick, somewhere")
    shutil.unpack_archive(packed, folder)
    return folder / "otlec-book"


def test_the_bytes_know_neither_times_nor_modes_nor_the_order_of_writing(tmp_path):
    files = {f"_static/{name}.css": f"{name} {{}}" for name in "abcdef"}
    files |= {"index.html": "<p>a book</p>", ".buildinfo": "1", "_images/e.png": "png"}
    made = []
    for seed, folder in enumerate((tmp_path / "here", tmp_path / "somewhere" / "else")):
        names = list(files)
        random.Random(seed).shuffle(names)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{seed}" if name == ".buildinfo" else files[name])
            os.utime(folder / name, (1e9 + 1e8 * seed, 1e9 + 1e8 * seed))
            (folder / name).chmod(0o644 if seed else 0o600)
        made.append(archive.pack(folder, tmp_path / f"{seed}" / "book.zip").read_bytes())
    assert made[0] == made[1]
    (tmp_path / "here" / "index.html").write_text("<p>another book</p>")
    other = archive.pack(tmp_path / "here", tmp_path / "2" / "book.zip").read_bytes()
    assert other != made[0]


def test_a_folder_without_a_book_is_an_error(tmp_path):
    command = [sys.executable, ROOT / "scripts" / "archive.py", tmp_path, tmp_path / "book.zip"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "run 'make book' first" in run.stderr
    assert not (tmp_path / "book.zip").exists()


def test_two_builds_in_two_folders_give_the_same_bytes(packed, tmp_path_factory):
    """The second build stands in a longer path, another time zone, another order of sets.

    The first has read again only what had changed (tests/test_builds.py has the small cases).
    """
    copy = tmp_path_factory.mktemp("another place with a longer name") / "project"
    unneeded = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=unneeded)
    command = [shutil.which("jupyter-book", path=os.path.dirname(sys.executable)), "build", "book"]
    command += ["--config", "_config.yml", "--path-output", ".", "-W", "-n", "--quiet"]
    different = {"PYTHONPATH": str(copy), "PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati"}
    build = subprocess.run(
        command, cwd=copy, env=os.environ | different, capture_output=True, text=True, check=False
    )
    assert build.returncode == 0, build.stderr[-3000:]
    again = archive.pack(copy / "_build" / "html", copy / "otlec-book.zip")
    first, second = contents(packed), contents(again)
    assert len(second) > 150
    names = {*first, *second}
    assert sorted(name for name in names if second.get(name) != first.get(name)) == []
    assert again.read_bytes() == packed.read_bytes()


def test_nothing_in_the_archive_names_the_folder_it_was_built_in(packed):
    with zipfile.ZipFile(packed) as opened:
        for name in opened.namelist():
            assert os.fsencode(ROOT) + b"/" not in opened.read(name), name


def test_all_links_between_the_unpacked_files_work(unpacked):
    assert archive.dead_links(unpacked) == []
    page = unpacked / "further-reading.html"
    page.write_text(page.read_text(encoding="utf-8") + '<a href="nowhere.html#x">a link</a>')
    assert archive.dead_links(unpacked) == ["further-reading.html: nowhere.html"]


def test_the_archive_offers_everything_but_itself(tmp_path):
    for name in ("otlec.pdf", "slides/index.html"):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text("file")
    page = tmp_path / "site" / "index.html"
    page.write_text(listing(published=True))
    archive.pack(tmp_path / "site", tmp_path / "site" / "otlec-book.zip")
    assert archive.dead_links(tmp_path / "site") == []
    shutil.unpack_archive(tmp_path / "site" / "otlec-book.zip", tmp_path / "read")
    inside = (tmp_path / "read" / "otlec-book" / "index.html").read_text()
    assert "otlec-book.zip" in page.read_text()
    assert "otlec-book.zip" not in inside
    assert "otlec.pdf" in inside
    assert archive.dead_links(tmp_path / "read") == []


def test_a_book_that_is_not_published_offers_no_downloads():
    assert "otlec" not in listing(published=False)


def listing(published: bool) -> str:
    """What the directive ``{downloads}`` writes, in a book of one page."""
    code = """
import sys, tempfile, pathlib
from sphinx.application import Sphinx
root = pathlib.Path(tempfile.mkdtemp())
(root / "index.rst").write_text("A book\\n======\\n\\n.. downloads::\\n")
settings = {"html_theme": "basic", "html_sidebars": {"**": []}}
settings["extensions"] = ["directives.downloads"]
app = Sphinx(root, None, root / "out", root / "trees", "html", settings, status=None)
app.build()
body = (root / "out" / "index.html").read_text()
print(body[body.index("<h1>"):body.index("</section>")])
"""
    environment = os.environ | {"SITE": "1" if published else "", "PYTHONUTF8": "1"}
    environment["PYTHONPATH"] = str(ROOT / "book" / "_ext")
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout


@pytest.mark.chapter(3)
@pytest.mark.browser
def test_search_works_from_the_unpacked_folder_without_a_network(browser, unpacked):
    address = (unpacked / "search.html").as_uri()
    page, complaints = visit(browser, f"{address}?q=barycenter")
    page.locator("#search-results li a").first.wait_for()
    page.wait_for_function(
        "document.querySelector('.search-summary').textContent.includes('found')"
    )
    found = page.locator("#search-results li a").evaluate_all(
        "links => links.map(link => [link.href, link.textContent])"
    )
    assert len(found) >= 3
    assert any(f"{lecture.chapter(3).page}.html" in link for link, _ in found)
    assert not complaints
    for link, words in found:
        file, _, place = link.partition("#")
        page.goto(link)
        assert page.locator("article h1").count() == 1, words
        if place:
            assert page.evaluate("place => !!document.getElementById(place)", place), link
        assert (unpacked / os.path.basename(file)).exists()
    page.context.close()


@pytest.mark.browser
def test_a_word_typed_on_a_page_is_searched_for(browser, unpacked):
    page, complaints = visit(browser, (unpacked / f"{lecture.chapter(1).page}.html").as_uri())
    page.keyboard.press("Control+k")
    page.locator(
        "dialog input[type=search], .search-button__wrapper input[type=search]"
    ).first.fill("monotone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=monotone*")
    page.locator("#search-results li a").first.wait_for()
    assert not complaints
    page.context.close()
