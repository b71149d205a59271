"""Formulas that are typeset while the book is built: what they look like, and what they need."""

import base64
import io
import re
import sys

import pytest
from conftest import ROOT

pytest.importorskip("py_mini_racer", reason="the 'book' extra is not installed")
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from pages import typeset_formulas

MACROS = {"R": r"\mathbb{R}", "norm": [r"\lVert #1 \rVert", 1]}


@pytest.fixture(scope="module")
def typesetter():
    setter = typeset_formulas.Typesetter()
    yield setter
    setter.stop()


def test_a_formula_is_drawn_and_is_told_to_a_screen_reader(typesetter):
    html = typesetter.html(r"\norm{x} \in \R", False, MACROS)
    assert html.startswith("<mjx-container")
    assert '<mjx-math class=" MJX-TEX" aria-hidden="true">' in html
    spoken = re.search(r"<mjx-assistive-mml.*?>(<math.*</math>)", html)[1]
    assert re.sub(r"<.*?>", "", spoken) == "‖x‖∈R"


def test_a_displayed_formula_is_larger_than_one_in_a_line(typesetter):
    tex = r"\sum_i \frac{a_i}{2}"
    assert 'display="true"' in typesetter.html(tex, True, MACROS)
    assert "TEX-S2" in typesetter.html(tex, True, MACROS)
    assert "TEX-S2" not in typesetter.html(tex, False, MACROS)


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nonsense", r"\begin{aligned} x"])
def test_what_mathjax_cannot_read_is_an_error(typesetter, tex):
    with pytest.raises(ValueError, match=r"\S"):
        typesetter.html(tex, False, MACROS)
    assert "mjx-container" in typesetter.html("x", False, MACROS), "it goes on after an error"


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a = b", "a = b"),
        (r"a \\ b", r"\begin{split}a \\ b\end{split}"),
        ("a\n\nb", r"\begin{align}\begin{aligned}a\\b\end{aligned}\end{align}"),
    ],
)
def test_lines_and_paragraphs_stand_beneath_each_other(typesetter, text, tex):
    assert typeset_formulas._aligned(text) == tex
    assert "mjx-container" in typesetter.html(tex, True, MACROS)


def test_the_style_sheet_has_what_is_used_and_little_else(typesetter, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        typesetter.html(r"x \le \left\{ \frac{\frac12}{\frac12} \right\} \}", True, MACROS)
    )
    full = typesetter.styles(MACROS)
    styles, needed = typeset_formulas.reduce(full, typeset_formulas.used(tmp_path))
    assert len(styles) < len(full) / 5
    assert ord("x") in needed["MJXTEX-I"] or 0x1D465 in needed["MJXTEX-I"]
    assert 0x2264 in needed["MJXTEX"]
    assert ord("}") in needed["MJXTEX"]
    assert "MJXTEX-FR" not in needed
    assert 'mjx-container [size="s"]{font-size:70.7%;}' in styles
    quoted = re.sub(r'"[^"]*"', "", styles)
    assert quoted.count("{") == quoted.count("}") > 50
    assert styles.count("@font-face") == len(needed)


def test_a_font_has_the_characters_that_are_asked_for(tmp_path):
    from fontTools.ttLib import TTFont

    fonts = typeset_formulas.mathjax_folder() / "output" / "chtml" / "fonts" / "woff-v2"
    target = tmp_path / "font.woff2"
    typeset_formulas.write_font(fonts / "MathJax_Main-Regular.woff", target, {0x2264, ord("}")})
    assert set(TTFont(target).getBestCmap()) == {0x2264, ord("}")}
    again = tmp_path / "again.woff2"
    typeset_formulas.write_font(fonts / "MathJax_Main-Regular.woff", again, {0x2264, ord("}")})
    assert target.read_bytes() == again.read_bytes()


def test_every_character_of_the_book_has_its_rule_and_its_glyph(built_book):
    """And no page runs MathJax, or keeps a formula as TeX."""
    from fontTools.ttLib import TTFont

    static = built_book / "_static"
    styles = (static / "formulas.css").read_text(encoding="utf-8")
    glyphs = {}
    for family, address in re.findall(r'font-family:([\w-]+);src:url\("(.*?)"\)', styles):
        _, inside, packed = address.partition("base64,")
        font = io.BytesIO(base64.b64decode(packed)) if inside else static / address
        glyphs[family] = set(TTFont(font).getBestCmap())
    formulas = 0
    for page in built_book.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "mathjax/" not in text, page.name
        formulas += text.count("<mjx-container")
        assert len(re.findall(r'<(?:span|div) class="[^"]*\bmath ', text)) == text.count(
            "<mjx-container"
        ), page.name
        for found in set(re.findall(r'<mjx-c class="([^"]+)"', text)):
            selector = "mjx-c." + found.replace(" ", ".") + "::before{"
            assert selector in styles, f"{page.name}: {found}"
            content = re.search(re.escape(selector) + r'[^}]*content:"(.*?)"', styles)[1]
            letter = found.partition("TEX-")[2]
            family = f"MJXTEX-{letter}" if letter else "MJXTEX"
            assert typeset_formulas._characters(content) <= glyphs[family], f"{page.name}: {found}"
    assert formulas > 1500
