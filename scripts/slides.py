"""Build the decks of slides from the executed notebooks of the book.

usage: slides.py [--chapter N] [--pdf [slides|handout|handout6]] [--settings FILE] [--output FOLDER]

The decks are written to ``_build/slides``; they need no network and no server. What an instructor
may change is said in ``slides.yml``; ``book/_slides/slides.default.yml`` documents each key. The
cells of the sources say what goes on which slide (see ``book/_ext/decks/deck.py``).
"""

import argparse
import hashlib
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))
import lecture  # noqa: E402
import own_slides  # noqa: E402
from own_slides import SettingsError  # noqa: E402

ROOT, BOOK, ENGINE = lecture.ROOT, lecture.BOOK, lecture.ENGINE / "book"
ASSETS = ENGINE / "_slides"
DEFAULTS = ASSETS / "slides.default.yml"
STAGE = {"16:9": (1280, 720), "4:3": (960, 720)}
THEMES = ("light", "dark")
CHOICES = {
    "theme": THEMES,
    "aspect": tuple(STAGE),
    "accent": ("source", "target", "plan", "potential", "neutral"),
    "font": ("serif", "sans"),
}
SEXAGESIMAL = {60 * 4 + 3: "4:3", 60 * 16 + 9: "16:9"}  # what YAML makes of 4:3 without quotes
PAPER = {"1": "", "slides": "", "handout": "2", "handout6": "6"}  # slides a page, with notes
DROPPED = ("sphinx_togglebutton", "sphinx_copybutton", "sphinx_book_theme", "sphinx_comments")
KEPT = ("dist/reveal.js", "dist/reveal.css", "dist/reset.css", "plugin/notes/notes.js", "LICENSE")


def chapters() -> dict[int, str]:
    """The chapters of the book: the lecture's number, and the name of the page."""
    return {chapter.number: chapter.page for chapter in lecture.chapters()}


def places() -> dict[str, str]:
    """What may be left out or put first: items of the ledger, labels of sections, headings."""
    found = {item.item: item.label for item in lecture.items()}
    for name in chapters().values():
        text = (BOOK / f"{name}.md").read_text(encoding="utf-8")
        for label, heading in re.findall(r"^(?:\(([\w-]+)\)=\n)?## (.+)$", text, flags=re.M):
            found[heading] = label or nodes.make_id(heading)
            found[label or nodes.make_id(heading)] = found[heading]
    return found


def settings(file: Path | None = None) -> dict:
    """The settings of a file over the documented defaults; `SettingsError` for what is unknown."""
    values = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    if ROOT != lecture.ENGINE:
        values |= {"title": lecture.about()["title"], "author": lecture.about()["author"]}
    file = file or ROOT / "slides.yml"
    if file.exists():
        try:
            own = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise SettingsError(f"{file.name} is not YAML: {error}") from error
        if not isinstance(own, dict):
            raise SettingsError(f"{file.name}: lines of the form 'key: value' are expected")
        for key in own:
            if key not in values:
                known = ", ".join(values)
                raise SettingsError(f"{file.name}: unknown key {key!r}; known are: {known}")
        values |= {key: value for key, value in own.items() if value is not None}
    elif file != ROOT / "slides.yml":
        raise SettingsError(f"there is no file {file}")
    return _checked(values, file)


def _checked(values: dict, file: Path) -> dict:
    values["aspect"] = SEXAGESIMAL.get(values["aspect"], values["aspect"])
    for key, choices in CHOICES.items():
        if values[key] not in choices:
            raise SettingsError(
                f"{file.name}: {key} is {values[key]!r}; one of these is expected: "
                + ", ".join(choices)
            )
    for key in ("title", "author", "institute", "date", "logo", "footer", "opening", "book"):
        values[key] = str(values[key])
    known = places()
    for key in ("leave_out", "first"):
        if not isinstance(values[key], list):
            raise SettingsError(f"{file.name}: {key} is a list, as in {key}: ['2.5']")
        for name in values[key]:
            if str(name) not in known:
                statements = ", ".join(n for n in known if re.fullmatch(r"[\d.]+|[a-z]+", n))
                raise SettingsError(
                    f"{file.name}: {key} names {str(name)!r}, which is no statement or section; "
                    f"statements are {statements}; sections are named by their heading"
                )
        values[key] = [known[str(name)] for name in values[key]]
    if values["logo"] and not (file.parent / values["logo"]).exists():
        raise SettingsError(f"{file.name}: there is no logo {values['logo']}")
    if values["logo"]:
        values["logo"] = str((file.parent / values["logo"]).resolve())
    values["extra"] = _extra_slides(values["extra"], file, known)
    values["opening"] = _opening(values["opening"], file, known)
    values["pages"] = list(chapters().values())
    values["width"], values["height"] = STAGE[values["aspect"]]
    return values


def _extra_slides(extra, file: Path, known: dict[str, str]) -> dict[str, list]:
    """For each page the files that are named for its chapter, and their slides."""
    if not isinstance(extra, dict):
        raise SettingsError(f"{file.name}: extra is a map, as in extra: {{3: my-slides.md}}")
    numbered, found = chapters(), {}
    for chapter, names in extra.items():
        if chapter not in numbered:
            raise SettingsError(
                f"{file.name}: extra names chapter {chapter!r}; chapters are {_numbers()}"
            )
        paths = [
            file.parent / str(name) for name in (names if isinstance(names, list) else [names])
        ]
        found[numbered[chapter]] = [_own(path, known) for path in paths]
    return found


def _own(path: Path, known: dict[str, str]) -> tuple[str, list]:
    if not path.exists():
        raise SettingsError(f"there is no file of extra slides {path}")
    return str(path), own_slides.read(path.resolve(), BOOK, known)


def _opening(name: str, file: Path, known: dict[str, str]) -> tuple[str, list] | None:
    """The lecturer's own title page, the only slide of a file."""
    if not name:
        return None
    found = _own(file.parent / name, known)
    if len(found[1]) != 1:
        raise SettingsError(f"{file.parent / name}: one title page, '# Its title', is expected")
    return found


def _numbers() -> str:
    return ", ".join(map(str, chapters()))


def configuration(values: dict) -> dict:
    """The configuration of the book, with the builder, the theme and the assets of the decks."""
    from jupyter_book.config import get_final_config

    config, _ = get_final_config(
        user_yaml=lecture.config_file(),
        cli_config={"latex_individualpages": False},
        sourcedir=BOOK,
    )
    names = [name for name in config["extensions"] if name not in DROPPED]
    config["extensions"] = [*names, "sphinx_revealjs", "decks.deck"]
    config["html_math_renderer"] = "mathjax"  # a slide's formulas are scaled in the browser
    config["mathjax3_config"]["chtml"] = {"matchFontHeight": False}
    # of extensions that no deck needs
    for name in ("comments_config", "copybutton_selector", "copybutton_exclude"):
        config.pop(name, None)
    config |= {
        "html_theme": "basic",
        "html_theme_options": {},
        "html_theme_path": [str(ASSETS)],
        "html_copy_source": False,
        "html_scaled_image_link": False,
        "html_use_index": False,
        "html_domain_indices": False,
        "html_context": {"slides": values},
        "html_logo": "",
        "revealjs_html_theme": "theme",
        "revealjs_style_theme": "otlec.css",
        "revealjs_static_path": [str(ENGINE / "_static"), str(ASSETS / "static"), *_logo(values)],
        "revealjs_css_files": ["pygments.css", "palette.css", "typefaces.css", "otlec-slides.css"],
        "revealjs_js_files": [file.name for file in sorted((ENGINE / "_static").glob("*.js"))],
        "nb_mime_priority_overrides": [
            ("revealjs", kind, 10 * place)
            for place, kind in enumerate(
                (
                    "text/html",
                    "image/svg+xml",
                    "image/png",
                    "image/jpeg",
                    "text/latex",
                    "text/plain",
                )
            )
        ],
        "slides_settings": values,
        "slides_extra": {
            page: [*filter(None, [values["opening"]]), *values["extra"].get(page, [])]
            for page in values["pages"]
        },
    }
    return config


def _logo(values: dict) -> list[str]:
    return [values["logo"]] if values["logo"] else []


class Complaints(io.StringIO):
    """Where Sphinx warns: lines of a lecturer's file are named as such, on the standard error."""

    places: dict  # for each page, by the number of a cell: file and line

    def write(self, text: str) -> int:
        """Write what Sphinx says of cell and line in terms of the file."""

        def place(found):
            cell, line = divmod(int(found[2]), 10_000)
            file, first = self.places.get(Path(found[1]).stem, {}).get(cell - 1, (None, 0))
            return f"{file}:{first + line - 1}" if file else found[0]

        return sys.stderr.write(re.sub(r"(\S+\.ipynb):(\d{5,})", place, text))


def _forget_other_looks(values: dict, output: Path) -> None:
    """Remove decks that were built with other settings, or by another version of the tools."""
    decks = (ENGINE / "_ext/decks").glob("*.py")
    sources = [*SCRIPTS.glob("*slides.py"), *ASSETS.rglob("*"), *decks]
    look = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for source in sorted(sources):
        look.update(source.read_bytes() if source.is_file() else b"")
    stamp = output.parent / f".{output.name}-look"
    if not stamp.exists() or stamp.read_text() != look.hexdigest():
        for name in chapters().values():
            for kind in (".html", ".pdf", ".handout.pdf"):
                (output / f"{name}{kind}").unlink(missing_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(look.hexdigest())


def build(values: dict, numbers: list[int], output: Path) -> list[Path]:
    """Build the decks of these chapters and the index; return the decks.

    All of them are written into an empty folder. A single one stands beside those that are there
    and have the same look.
    """
    config = configuration(values)
    pages = chapters()
    _forget_other_looks(values, output)
    if numbers == list(pages) and (output / "_static" / "revealjs").exists():
        shutil.rmtree(output, ignore_errors=True)
    Complaints.places = {}
    sys.path.insert(0, str(ENGINE / "_ext"))
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            srcdir=BOOK,
            confdir=None,
            outdir=output,
            doctreedir=output.parent / f".{output.name}-doctrees",
            buildername="revealjs",
            confoverrides=config,
            status=None,
            warning=Complaints(),
            warningiserror=True,
            keep_going=True,
        )
        app.slides_places = Complaints.places
        app.build(filenames=[str(BOOK / f"{pages[number]}.ipynb") for number in numbers])
        if app.statuscode:
            raise SystemExit("the decks could not be built; see the warnings above")
    _keep_what_is_used(output)
    _write_index(values, output)
    return [output / f"{pages[number]}.html" for number in numbers]


def _keep_what_is_used(output: Path) -> None:
    """Take out what Sphinx and reveal.js bring along and no deck loads."""
    reveal = output / "_static" / "revealjs"
    for file in sorted(reveal.rglob("*"), reverse=True):
        if file.is_file() and file.relative_to(reveal).as_posix() not in KEPT:
            file.unlink()
        elif file.is_dir() and not any(file.iterdir()):
            file.rmdir()
    pages = [
        f"{page}{kind}"
        for page in chapters().values()
        for kind in (".html", ".pdf", ".handout.pdf")
    ]
    for file in output.iterdir():
        if file.name not in ("_static", "_images", *pages):
            shutil.rmtree(file) if file.is_dir() else file.unlink()


def _write_index(values: dict, output: Path) -> None:
    lines = []
    for number, page in chapters().items():
        deck = output / f"{page}.html"
        if not deck.exists():
            continue
        title = re.search(r"<title>(.*?) ·", deck.read_text(encoding="utf-8")).group(1)
        more = ""
        for kind, name in ((".pdf", "PDF"), (".handout.pdf", "handout")):
            if deck.with_suffix(kind).exists():
                more += f' · <a href="{deck.stem}{kind}">{name}</a>'
        lines.append(f'<li value="{number}"><a href="{deck.name}">{title}</a>{more}</li>')
    page = (ASSETS / "index.html").read_text(encoding="utf-8")
    for key in ("title", "author", "institute", "theme"):
        page = page.replace(f"{{{key}}}", html.escape(values[key]))
    page = page.replace("{decks}", "\n".join(lines))
    (output / "index.html").write_text(page, encoding="utf-8")


def find_chromium() -> str | None:
    """From the variable CHROMIUM, or the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def print_pdf(deck: Path, chromium: str, pdf: Path | None = None, handout: str = "") -> Path:
    """Print a deck, a slide a page, or "2" or "6" of them with their notes."""
    pdf = pdf or deck.with_suffix(".handout.pdf" if handout else ".pdf")
    for _ in range(3):  # on a busy machine Chromium may print before the deck stands
        pdf.unlink(missing_ok=True)
        complaint = _run_chromium(
            chromium, deck, pdf, f"handout={handout}" if handout else "print-pdf"
        )
        if not pdf.exists():
            raise SystemExit(f"{chromium} wrote no PDF:\n{complaint}")
        if len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) > 1:
            return pdf
    raise SystemExit(f"{chromium} printed a single page of {deck.name}; try again")


def _run_chromium(chromium: str, deck: Path, pdf: Path, how: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(chromium, "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--no-sandbox",) * (hasattr(os, "getuid") and os.getuid() == 0),
            f"--user-data-dir={profile}",
            "--virtual-time-budget=60000",  # and frames in that time, or it prints a single page
            "--run-all-compositor-stages-before-draw",
            "--no-pdf-header-footer",
            f"--print-to-pdf={pdf}",
            f"{deck.resolve().as_uri()}?{how}",
        ]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return run.stderr[-2000:]


def main() -> int:
    """Build, print where the decks are, and make PDF where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--chapter", type=int, help="one chapter (default: all)")
    parser.add_argument(
        "--pdf",
        nargs="?",
        const="slides",
        choices=list(PAPER),
        help="print each deck, too: a slide a page, or a handout with notes, two or six a page",
    )
    parser.add_argument("--settings", type=Path, help="default: slides.yml, if there is one")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "slides")
    options = parser.parse_args()
    numbers = [options.chapter] if options.chapter is not None else list(chapters())
    if options.chapter is not None and options.chapter not in chapters():
        print(f"there is no chapter {options.chapter}; chapters are {_numbers()}", file=sys.stderr)
        return 2
    chromium = find_chromium()
    if options.pdf and chromium is None:
        print(
            "PDF needs a Chromium or Chrome, and none is on the PATH; install one, or name it: "
            "make slides PDF=1 CHROMIUM=/path/to/chromium",
            file=sys.stderr,
        )
        return 2
    try:
        values = settings(options.settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    start = time.perf_counter()
    output = options.output.resolve()
    for deck in build(values, numbers, output):
        if options.pdf:
            deck = print_pdf(deck, chromium, handout=PAPER[options.pdf])
        print(f"The deck: {deck}")
    _write_index(values, output)
    print(f"All decks: {output / 'index.html'} ({time.perf_counter() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
