"""The pages, made light once all are written: on a phone they are to show their text in a second.

- The theme draws a dozen icons with a script and fonts of 1500: an icon becomes an SVG in the page,
  and the fonts keep the characters that the style sheets still name.
- Fourteen style sheets become one, ``_static/book.css``, without the rules for classes that no page
  and no script mentions.
- Scripts wait until the text is there, and the search index is loaded on the search page alone.
- Drawings keep 256 colours. Pictures carry their size, so that nothing moves when they come, and
  come when they are near.
- Names, commas and blanks in code lose a span that gives them the colour they have without it.
- Tables of words become, on a narrow screen, one card a row, each cell under its column's name.
  What the style sheet needs for that stands in the page: a script would move the text below.

No theme has an option for any of these. sphinx-minify and its like shorten what is there; PurgeCSS
and webpack need node. What is done to a page can be done twice: Sphinx writes anew only what has
changed. Pages are taken as text, since a parser would write every line of them differently.
"""

import hashlib
import html
import io
import posixpath
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import tinycss2
from bs4 import BeautifulSoup
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.util.logging import getLogger

from pages.typeset_formulas import write_font

logger = getLogger(__name__)

FONTS = {"solid": "fa-solid-900", "regular": "fa-regular-400", "brands": "fa-brands-400"}
KINDS = {"fa": "solid", "fas": "solid", "far": "regular", "fab": "brands"}
ICON = re.compile(r'<(i|span)((?:\s[^>]*)?\sclass="[^"]*\bfa-[^"]*"[^>]*)>\s*</\1>')
ICON_STYLE = """
.svg-inline--fa{display:inline-block;height:1em;overflow:visible;vertical-align:-.125em}
.svg-inline--fa.fa-lg{font-size:1.25em;line-height:.05em;vertical-align:-.2em}
"""
STYLE = re.compile(
    r'<link\b[^>]*\bhref="([^"]*)_static/([^"?]+\.css)[^"]*"[^>]*\brel="stylesheet"[^>]*>\s*'
    r'|<link\b[^>]*\brel="stylesheet"[^>]*\bhref="([^"]*)_static/([^"?]+\.css)[^"]*"[^>]*>\s*'
)
TABLE = re.compile(
    r'<table[^>]*\bclass="(?![^"]*\botlec-cards\b)(?:[^"]*\s)?table[\s"].*?</table>', re.DOTALL
)
WORD = re.compile(r"[^\s\d.,:%/×+−-]{3}")  # as opposed to a number, a mark or nothing
ROLES = {
    "thead, tbody": "rowgroup",
    "tr": "row",
    "thead th": "columnheader",
    "tbody tr > *": "cell",
}
BUNDLE = "book.css"
UNUSED = ("*.map", "fontawesome.js*", "fa-*.ttf")  # once icons are drawn and fonts are cut
SCRIPT = re.compile(r'<script(?![^>]*\b(?:defer|async|type)\b)([^>]*\bsrc="[^"]+"[^>]*)>')
OPTIONS = re.compile(r'<script[^>]*src="[^"]*documentation_options\.js[^"]*"[^>]*></script>')
UNUSED_SCRIPT = re.compile(
    r'\s*<script[^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>'
)
PLAIN_CODE = re.compile(r'<span class="[npw]">([^<]*)</span>')
PICTURE = re.compile(r'<img\b[^>]*?\bsrc="([^":]+)"[^>]*?>')


# Icons


@cache
def _font(file: Path) -> tuple[TTFont, dict]:
    font = TTFont(file)
    return font, font.getGlyphSet()


def icon(fonts: Path, attributes: str) -> str:
    """Draw what a tag with these attributes stands for; a KeyError names an unknown icon."""
    classes = re.search(r'class="([^"]*)"', attributes)[1].split()
    kinds = [KINDS.get(name) or (name[3:] if name[3:] in FONTS else None) for name in classes]
    kind = next(filter(None, kinds), "solid")
    font, glyphs = _font(fonts / f"{FONTS[kind]}.ttf")
    name = next((c[3:] for c in classes if c.startswith("fa-") and c[3:] in glyphs), None)
    if name is None:
        raise KeyError(" ".join(classes))
    pen = SVGPathPen(glyphs, ntos=lambda value: f"{value:.0f}")
    top = font["head"].unitsPerEm - 64  # as Font Awesome's own pictures stand on the line
    glyphs[name].draw(TransformPen(pen, (1, 0, 0, -1, 0, top)))
    others = re.sub(r'\s*\b(?:class|title|aria-hidden)="[^"]*"', "", attributes).strip()
    return (
        f'<svg class="svg-inline--fa {" ".join(classes)}" {others} aria-hidden="true" '
        f'viewBox="0 0 {glyphs[name].width:.0f} 512"><path fill="currentColor" '
        f'd="{pen.getCommands()}"/></svg>'
    )


def draw_icons(text: str, fonts: Path) -> str:
    """Draw all icons of a page, and leave out the script that would draw them."""

    def draw(match):
        try:
            return icon(fonts, match[2])
        except KeyError as error:
            logger.warning("no icon is named %s", error)
            return match[0]

    text = re.sub(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"[^>]*></script>', "", text)
    return ICON.sub(draw, text)


def shrink_icon_fonts(fonts: Path, styles: str):
    """Leave in the fonts the characters that a style sheet names."""
    named = {ord(character) for character in re.findall("[\uf000-\uf8ff]", styles)}
    for name in FONTS.values():
        if wanted := named & set(_font(fonts / f"{name}.ttf")[0].getBestCmap()):
            write_font(fonts / f"{name}.ttf", fonts / f"{name}.woff2", wanted)


# Style sheets


def read_style(static: Path, name: str) -> str:
    """Read a style sheet and what it imports; addresses become relative to ``_static``."""
    folder = posixpath.dirname(name)

    def move(match):
        return f"url({posixpath.normpath(posixpath.join(folder, match[1]))})"

    def include(match):
        return read_style(static, posixpath.normpath(posixpath.join(folder, match[1])))

    text = (static / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    text = re.sub(
        r'(\.woff2\) format\("woff2"\)),url\([^)]*\.ttf\) format\("truetype"\)', r"\1", text
    )
    text = re.sub(r"""url\(["']?(?!data:|https?:|#)([^"')]+)["']?\)""", move, text)
    return re.sub(r'@import "([^"]+)";', include, text.removeprefix('@charset "UTF-8";'))


def words(static: Path, pages) -> set[str]:
    """Every word of every page and script: what no class outside of them can be."""
    texts = [
        file.read_text(encoding="utf-8")
        for file in static.rglob("*.js")
        if file.name != "fontawesome.js"
    ]
    return {word for text in [*pages, *texts] for word in re.findall(r"[\w-]+", text)}


def _classes(tokens) -> list[str]:
    return [b.value for a, b in pairwise(tokens) if a == "." and b.type == "ident"]


def _needed(prelude, known: set[str]) -> str:
    """The selectors of a rule that can match something."""
    parts, kept = [[]], []
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    for part in parts:
        if all(name in known for name in _classes(part)):
            kept.append(tinycss2.serialize(part).strip())
    return ",".join(kept)


def purge(styles: str | list, known: set[str]) -> str:
    """Leave out rules for classes that are not known, and comments."""
    if isinstance(styles, str):
        rules = tinycss2.parse_stylesheet(styles, skip_comments=True, skip_whitespace=True)
    else:
        rules = tinycss2.parse_rule_list(styles, skip_comments=True, skip_whitespace=True)
    lines = []
    for rule in rules:
        if rule.type == "error":
            continue  # browsers skip it too
        if (
            rule.type == "at-rule"
            and rule.content
            and rule.lower_at_keyword
            in (
                "media",
                "supports",
                "layer",
                "container",
            )
        ):
            if inner := purge(rule.content, known):
                lines.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type == "at-rule":
            lines.append(rule.serialize())
        elif selectors := _needed(rule.prelude, known):
            lines.append(f"{selectors}{{{tinycss2.serialize(rule.content).strip()}}}")
    return "\n".join(lines)


def _merge(lists: list[list[str]]) -> list[str]:
    """All names, each after those that it follows on a page."""
    merged: list[str] = []
    for names in lists:
        place = 0
        for name in names:
            if name in merged:
                place = merged.index(name) + 1
            else:
                merged.insert(place, name)
                place += 1
    return merged


def _links(text: str) -> list[tuple[str, str]]:
    return [(m[1] or m[3] or "", m[2] or m[4]) for m in STYLE.finditer(text)]


def bundle(folder: Path, pages: dict[Path, str]) -> None:
    """Write the one style sheet, and link it from every page (the texts are changed in place)."""
    static, earlier = folder / "_static", re.compile(r'\bdata-parts="([^"]*)"')
    lists = []
    for text in pages.values():
        names = [name for _, name in _links(text)]
        if match := earlier.search(text):
            names = match[1].split()
        lists.append(names)
    parts = [name for name in _merge(lists) if (static / name).exists() and name != BUNDLE]
    styles = purge(
        "\n".join(read_style(static, name) for name in parts), words(static, pages.values())
    )
    shrink_icon_fonts(static / "vendor" / "fontawesome" / "webfonts", styles)
    (static / BUNDLE).write_text(f'@charset "UTF-8";\n{styles}{ICON_STYLE}', encoding="utf-8")
    digest = hashlib.sha256((static / BUNDLE).read_bytes()).hexdigest()[:8]
    for page, text in pages.items():
        links = _links(text)
        if not links:
            continue
        link = (
            f'<link rel="stylesheet" href="{links[0][0]}_static/{BUNDLE}?v={digest}" '
            f'data-parts="{" ".join(parts)}" />\n'
        )
        first = STYLE.search(text)
        pages[page] = text[: first.start()] + link + STYLE.sub("", text[first.end() :])


# Scripts and pictures


def postpone_scripts(text: str, options: str, searches: bool) -> str:
    """Let scripts wait for the text; without search, load nothing for it.

    The options of Sphinx's scripts are changed by lines in the page: they come into it too.
    """
    text = re.sub(r'\s*<link rel="preload" as="script"[^>]*>', "", text)
    if searches:  # its scripts count on their order in the page
        return text
    text = OPTIONS.sub(lambda _: f"<script>{options}</script>", UNUSED_SCRIPT.sub("", text))
    return SCRIPT.sub(r"<script defer\1>", text)


@cache
def size(file: Path) -> tuple[int, int] | None:
    """Width and height of a picture; a drawing may have none."""
    if file.suffix == ".svg":
        head = file.read_text(encoding="utf-8").partition("<svg")[2].partition(">")[0]
        sides = [re.search(rf'\s{side}="(\d+)(?:px)?"', head) for side in ("width", "height")]
        return (int(sides[0][1]), int(sides[1][1])) if all(sides) else None
    with Image.open(file) as picture:
        return picture.size


def settle_pictures(text: str, folder: Path) -> str:
    """Give pictures their size, and load them when they are near."""

    def settle(match):
        tag, file = match[0], folder / unquote(html.unescape(match[1]))
        if " loading=" in tag or not file.exists() or size(file) is None:
            return tag
        width, height = size(file)
        added = ' loading="lazy" decoding="async"'
        if not re.search(r"\s(?:width|height)=", tag):
            added += f' width="{width}" height="{height}"'
        return tag.replace("<img", f"<img{added}", 1)

    return PICTURE.sub(settle, text)


def fold_tables(text: str) -> str:
    """Prepare tables of words for narrow screens; in tables of numbers, columns are compared."""
    return TABLE.sub(lambda match: fold(match[0]), text)


def fold(text: str) -> str:
    """Prepare one table, if half of its cells are words in three columns, or code in two."""
    soup = BeautifulSoup(text, "html.parser")
    table = soup.table
    heads = [head.get_text().strip() for head in table.select("thead th")]
    rows = [row.find_all(["td", "th"], recursive=False) for row in table.select("tbody tr")]
    cells = [cell for row in rows for cell in row[1:]]
    wide = [cell for cell in cells if WORD.search(cell.get_text())]
    if len(heads) < 3:
        wide = [
            cell for cell in wide if cell.code
        ]  # two columns of words fit, lines of code do not
    if not wide or len(heads) < 2 or len(wide) < len(cells) / 2:
        return text
    table["class"] = [*table["class"], "otlec-cards"]
    # A table that is not laid out as one would no longer be one to a screen reader.
    table["role"] = "table"
    for selector, role in ROLES.items():
        for part in table.select(selector):
            part["role"] = role
    for row in rows:
        for head, cell in zip(heads[1:], row[1:], strict=False):
            if cell.get_text().strip():
                cell["data-label"] = head
    return str(soup)


def pack_pictures(folder: Path) -> None:
    """Give drawings a palette of 256 colours: their lines need no more, and weigh a third."""
    for file in folder.glob("*.png"):
        with Image.open(file) as picture:
            if picture.mode != "RGBA":
                continue  # a photograph, or packed before
            packed = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        before = file.stat().st_size
        data = io.BytesIO()
        packed.save(data, "PNG", optimize=True)
        if len(data.getvalue()) < before:
            file.write_bytes(data.getvalue())


def lighten(app, exception):
    """Do all of it to the pages that Sphinx has written."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    fonts = folder / "_static" / "vendor" / "fontawesome" / "webfonts"
    pack_pictures(folder / "_images")
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(folder.glob("*.html"))}
    before = dict(pages)
    options = (folder / "_static" / "documentation_options.js").read_text(encoding="utf-8").strip()
    for page, text in pages.items():
        text = draw_icons(text, fonts)
        text = PLAIN_CODE.sub(r"\1", text)
        text = postpone_scripts(text, options, searches=page.stem in ("search", "404"))
        pages[page] = fold_tables(settle_pictures(text, folder))
    bundle(folder, pages)
    for pattern in UNUSED:
        for file in (folder / "_static").rglob(pattern):
            file.unlink()
    for page, text in pages.items():
        if text != before[page]:
            page.write_text(text, encoding="utf-8")


def setup(app):
    """Connect, after everybody else: pages and style sheets are complete."""
    app.connect("build-finished", lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
