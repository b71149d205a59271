"""The faces of the book: Source Serif for text, Source Sans for titles, captions and controls.

Both come from packages that hold nothing else, ``font-source-serif-pro`` and
``font-source-sans-pro`` (SIL Open Font License 1.1, by Adobe). They are cut, when the book is
built, to the characters that a text in English with Greek letters and signs of mathematics needs,
104 kB for five files, and stand beside the pages: a reader's browser asks nobody. Until they are
there the text shows in a face of the system whose widths and heights are set to theirs, so that
hardly a line breaks elsewhere when they come. Paper takes the same files, whole
(``scripts/print_assembly.py``). Services like Google Fonts would see each reader.
"""

from pathlib import Path

import font_source_sans_pro
import font_source_serif_pro
from fontTools import subset
from fontTools.ttLib import TTFont

SERIF = Path(font_source_serif_pro.font_directory)
SANS = Path(font_source_sans_pro.font_directory)
FACES = (  # family, file, weight, style
    ("Book Text", SERIF / "SourceSerifPro-Regular.ttf", 400, "normal"),
    ("Book Text", SERIF / "SourceSerifPro-It.ttf", 400, "italic"),
    ("Book Text", SERIF / "SourceSerifPro-Semibold.ttf", 600, "normal"),
    ("Book Display", SANS / "SourceSansPro-Regular.ttf", 400, "normal"),
    ("Book Display", SANS / "SourceSansPro-Semibold.ttf", 600, "normal"),
)
TEXT = [(0x20, 0x7F), (0xA0, 0x100), (0x2010, 0x2028), (0x2030, 0x2040), (0x2080, 0x208A)]
TEXT += [(ord(letter), ord(letter) + 1) for letter in "ćčęğįłńőřśšžżāēī"]
SIGNS = [
    *TEXT,
    (0x100, 0x180),
    (0x370, 0x400),
    (0x2000, 0x20A0),
    (0x2190, 0x2300),
    (0x25A0, 0x2600),
]
FEATURES = ["kern", "liga", "tnum", "lnum", "ccmp", "mark"]
# Mean widths of letters, as often as English has them, over the size: of ours, and of the faces
# that systems have.
WIDTHS = {"Book Text": 0.444, "Book Display": 0.414}
SYSTEM = {
    "Book Text": {"Georgia": 0.446, "Times New Roman": 0.406, "DejaVu Serif": 0.510},
    "Book Display": {"Arial": 0.441, "Roboto": 0.443, "DejaVu Sans": 0.505},
}


def cut(source: Path, target: Path, ranges) -> None:
    """Write a font with the characters of these ranges."""
    options = subset.Options(
        flavor="woff2", hinting=False, layout_features=FEATURES, notdef_outline=True
    )
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in ranges for code in range(low, high)])
    subsetter.subset(font)
    font.flavor = "woff2"
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target, reorderTables=None)


def fallbacks(family: str) -> list[str]:
    """Rules for faces of the system that take the room of a face of ours."""
    metrics = TTFont(next(file for name, file, *_ in FACES if name == family))
    units = metrics["head"].unitsPerEm
    rules = []
    for system, width in SYSTEM[family].items():
        size = WIDTHS[family] / width
        ascent, descent = metrics["hhea"].ascent / units, -metrics["hhea"].descent / units
        rules.append(
            f'@font-face{{font-family:"{family} {system}";src:local("{system}");'
            f"size-adjust:{size:.1%};ascent-override:{ascent / size:.1%};"
            f"descent-override:{descent / size:.1%};line-gap-override:0%}}"
        )
    return rules


def styles() -> str:
    """The style sheet: our faces, those that stand in for them, and two variables with both."""
    rules = [
        f'@font-face{{font-family:"{family}";font-weight:{weight if weight == 400 else "600 800"};'
        f"font-style:{style};font-display:swap;"
        f'src:url("fonts/{file.stem}.woff2") format("woff2")}}'
        for family, file, weight, style in FACES
    ]
    rules += [rule for family in SYSTEM for rule in fallbacks(family)]
    stacks = {
        family: ", ".join([f'"{family}"', *(f'"{family} {name}"' for name in SYSTEM[family])])
        for family in SYSTEM
    }
    variables = f"--book-text: {stacks['Book Text']}, serif; "
    variables += f"--book-display: {stacks['Book Display']}, sans-serif;"
    return "\n".join([*rules, f":root{{{variables}}}", ""])


def write(app, exception):
    """Write the fonts and the style sheet beside the pages or the decks."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for family, file, *_ in FACES:
        target = static / "fonts" / f"{file.stem}.woff2"
        if not target.exists():
            cut(file, target, TEXT if family == "Book Text" else SIGNS)
    (static / "typefaces.css").write_text(styles(), encoding="utf-8")


def load(app):
    """Link the style sheet; decks name theirs in ``scripts/slides.py``."""
    if app.builder.name == "html":
        app.add_css_file("typefaces.css")


def setup(app):
    """Connect before the style sheets are put together."""
    app.connect("builder-inited", load)
    app.connect("build-finished", write, priority=650)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
