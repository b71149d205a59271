"""What makes a page light: one style sheet, drawn icons, scripts that wait, sized pictures."""

import re
import shutil
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT
from PIL import Image

pytest.importorskip("tinycss2", reason="the 'book' extra is not installed")
pytest.importorskip("py_mini_racer", reason="the 'book' extra is not installed")
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from pages import unused_assets

GOLDEN = ROOT / "tests" / "golden"
FONTS = "_static/vendor/fontawesome/webfonts"


def icon_font(file):
    """Write a font that has one character, a house."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    builder, pen = FontBuilder(512, isTTF=True), TTGlyphPen(None)
    pen.moveTo((64, 0))
    for place in ((64, 256), (256, 448), (448, 256), (448, 0)):
        pen.lineTo(place)
    pen.closePath()
    builder.setupGlyphOrder([".notdef", "house"])
    builder.setupCharacterMap({0xF015: "house"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "house": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (512, 0), "house": (576, 64)})
    builder.setupHorizontalHeader(ascent=448, descent=-64)
    builder.setupNameTable({})
    builder.setupPost()
    builder.save(file)


@pytest.fixture
def small_pages(tmp_path):
    """A folder as Sphinx leaves it, with one page."""
    images = tmp_path / "_images"
    for folder in (tmp_path / FONTS, images, tmp_path / "_static/styles"):
        folder.mkdir(parents=True)
    Image.new("RGBA", (30, 20), "white").save(images / "a drawing.png")
    (images / "lines.svg").write_text("<svg/>")
    shutil.copy(GOLDEN / "before.html", tmp_path / "page.html")
    shutil.copy(GOLDEN / "theme.css", tmp_path / "_static/styles/theme.css")
    static = tmp_path / "_static"
    (static / "base.css").write_text("p{margin:1em}")
    (static / "page.css").write_text('.fa-house::before{content:"\uf015"}.by-script{top:0}')
    (static / "page.js").write_text('document.body.className = "by-script";')
    (static / "documentation_options.js").write_text("const DOCUMENTATION_OPTIONS = {};\n")
    (static / "vendor/fontawesome/fontawesome.js").write_text("loud, but it goes")
    return tmp_path


def test_a_whole_page_and_its_style_sheet_become_those_that_are_kept(small_pages):
    """The golden page: where a change of it is meant, write tests/golden anew and read the diff."""
    app = SimpleNamespace(outdir=small_pages, builder=SimpleNamespace(name="html"))
    for _ in range(2):  # the second time Sphinx has copied the fonts again, and written no page
        for name in unused_assets.FONTS.values():
            icon_font(small_pages / FONTS / f"{name}.ttf")
        unused_assets.lighten(app, None)
        page = (small_pages / "page.html").read_text(encoding="utf-8")
        styles = (small_pages / "_static" / unused_assets.BUNDLE).read_text(encoding="utf-8")
        assert page == (GOLDEN / "after.html").read_text(encoding="utf-8")
        assert styles == (GOLDEN / "after.css").read_text(encoding="utf-8")
        assert not (small_pages / "_static/vendor/fontawesome/fontawesome.js").exists()


@pytest.fixture(scope="module")
def pages(built_book):
    return {
        page.stem: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in sorted(built_book.glob("*.html"))
    }


@pytest.mark.parametrize(
    ("styles", "kept"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a .b,.a:not(.b){x:1}", ".a:not(.b){x:1}"),
        ("p.b{x:1}p[class]{x:2}", "p[class]{x:2}"),
        ("@media print{.b{x:1}}@media screen{.a{x:1}.b{y:2}}", "@media screen{.a{x:1}}"),
        ('.a::before{content:"} .b {"}', '.a::before{content:"} .b {"}'),
        ("@font-face{font-family:b}/* .b */", "@font-face{font-family:b}"),
        ('.a{background:url("data:image/svg+xml,.b{}")}', None),
    ],
)
def test_rules_go_whose_classes_nobody_mentions(styles, kept):
    assert unused_assets.purge(styles, {"a"}).replace("\n", "") == (kept or styles)


def test_style_sheets_keep_the_order_of_every_page():
    merged = unused_assets._merge([["a", "c"], ["a", "b", "c"], ["a", "c", "d"]])
    assert merged == ["a", "b", "c", "d"]


def test_addresses_in_a_style_sheet_follow_it(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.css").write_text("p{background:url(paper.png)}")
    (tmp_path / "deep" / "theme.css").write_text(
        '@import "../base.css";\nq{src:url("../fonts/x.woff2");mask:url("data:image/png;base64,A")}'
    )
    styles = unused_assets.read_style(tmp_path, "deep/theme.css")
    assert "url(paper.png)" in styles
    assert "url(fonts/x.woff2)" in styles
    assert 'url("data:image/png;base64,A")' in styles


def test_pictures_get_their_size_once(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a picture.png")
    tag = '<img alt="x" src="a%20picture.png" /><img src="a picture.png" style="width: 50%"/>'
    settled = unused_assets.settle_pictures(tag, tmp_path)
    assert settled.count('loading="lazy" decoding="async" width="30" height="20"') == 2
    assert unused_assets.settle_pictures(settled, tmp_path) == settled


def test_scripts_wait_in_their_order():
    text = unused_assets.postpone_scripts(
        '<script src="_static/documentation_options.js?v=1"></script><script src="a.js"></script>'
        "<script>DOCUMENTATION_OPTIONS.pagename = 1;</script>"
        '<script async src="b.js"></script>'
        '<script src="_static/searchtools.js"></script><script src="searchindex.js"></script>',
        r"const DOCUMENTATION_OPTIONS = {'\n'};",
        searches=False,
    )
    assert text == (
        r"<script>const DOCUMENTATION_OPTIONS = {'\n'};</script>"
        '<script defer src="a.js"></script>'
        "<script>DOCUMENTATION_OPTIONS.pagename = 1;</script>"
        '<script async src="b.js"></script>'
    )


def test_tables_of_words_are_prepared_for_narrow_screens():
    head = "<thead><tr><th>name</th><th>what it is</th><th>where</th></tr></thead>"
    words = "<tbody><tr><td>mu</td><td>the <b>source</b></td><td></td></tr></tbody>"
    numbers = "<tbody><tr><td>mu</td><td>1.5</td><td>2 %</td></tr></tbody>"
    folded = unused_assets.fold_tables(f'<p><table class="table x">{head}{words}</table>')
    table = BeautifulSoup(folded, "html.parser").table
    assert table["role"] == "table"
    assert table["class"] == ["table", "x", "otlec-cards"]
    assert [cell["role"] for cell in table.select("td")] == ["cell"] * 3
    assert [cell.get("data-label") for cell in table.select("td")] == [None, "what it is", None]
    assert unused_assets.fold_tables(folded) == folded
    for other in (f'<table class="table">{head}{numbers}</table>', f"<table>{head}{words}</table>"):
        assert unused_assets.fold_tables(other) == other


def test_two_columns_are_prepared_where_they_hold_code():
    """Kills: the second column is cut on a phone. Words in two columns fit, and stay a table."""
    head = "<thead><tr><th>there</th><th>here</th></tr></thead>"
    code = "<tr><td><code>ot.emd(a, b)</code></td><td><code>otlec.transport(a, b)</code></td></tr>"
    table = f'<table class="table">{head}<tbody>{code}</tbody></table>'
    folded = unused_assets.fold_tables(table)
    cells = BeautifulSoup(folded, "html.parser").select("table.otlec-cards td")
    assert [cell.get("data-label") for cell in cells] == [None, "here"]
    words = re.sub("</?code>", "", table)
    assert unused_assets.fold_tables(words) == words


def test_every_page_has_one_style_sheet_and_no_icon_left_to_a_script(pages, built_book):
    styles = (built_book / "_static" / unused_assets.BUNDLE).read_text(encoding="utf-8")
    assert 10_000 < len(styles) < 250_000
    for name in ("otlec-cards", "svg-inline--fa", "headerlink", "otlec-panels"):
        assert f".{name}" in styles
    for file in re.findall(r"url\((?!\"?data:)\"?([^)\"#]+)", styles):
        if not file.startswith("http"):
            assert (built_book / "_static" / file).exists(), file
    for name, page in pages.items():
        sheets = [link["href"] for link in page.select('link[rel="stylesheet"]')]
        assert len(sheets) == 1, f"{name}: {sheets}"
        assert f"_static/{unused_assets.BUNDLE}?v=" in sheets[0], name
        assert not page.select('script[src*="fontawesome"]'), name
        assert not page.select("i[class*='fa-'], span[class*='fa-']"), name
        assert page.select("svg.svg-inline--fa > path[d]"), name


def test_every_script_waits_for_the_text(pages):
    for name, page in pages.items():
        searches = name in ("search", "404")
        scripts = page.select("script[src]")
        assert scripts, name
        assert any("searchindex" in s["src"] for s in scripts) == searches, name
        if not searches:
            assert all(s.has_attr("defer") or s.has_attr("async") for s in scripts), name


def test_pictures_are_lazy_and_reserve_their_place(pages):
    found = 0
    for name, page in pages.items():
        for picture in page.select("article img[src^=_images]"):
            assert picture.get("loading") == "lazy", f"{name}: {picture['src']}"
            assert int(picture["width"]) > 0, f"{name}: {picture['src']}"
            assert int(picture["height"]) > 0, f"{name}: {picture['src']}"
            found += 1
    assert found > 40
