"""Print the whole book as one PDF: ``_build/pdf/otlec.pdf``, from the pages that 'make book' built.

usage: print_pdf.py [--html FOLDER] [--out FILE] [--paper A4]

``print_assembly.py`` puts the pages together; a Chromium prints them. Formulas and tables that are
wider than the line are made smaller first. A browser cannot tell the page of a heading while it
prints, so the book is printed, the pages are read from the PDF and written into the table of
contents, and it is printed again, until nothing moves. In the end the PDF gets its bookmarks (the
browser's own leave formulas out, and miss the statements) and its metadata, with a fixed date: the
same pages, browser and fonts give the same bytes.
"""

import argparse
import contextlib
import os
import shutil
import sys
import time
import tomllib
from pathlib import Path

import pikepdf

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent
sys.path.insert(0, str(SCRIPTS))
import print_assembly  # noqa: E402

OLDEST = 131  # the first Chromium that writes the margins of a page (@bottom-center)
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
# The line is as wide on the screen as it will be on paper: 210 or 216 mm less 2 x 22 mm.
LINE = {"A4": 166, "letter": 172}
SMALLEST = 0.55

FIT = """async (smallest) => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode()));
  const tight = [];
  const shrink = (box, width, room, what) => {
    const factor = Math.min(1, room / width);
    if (factor >= 1) return;
    const size = parseFloat(getComputedStyle(box).fontSize);
    box.style.fontSize = `${(0.995 * factor * size).toFixed(2)}px`;
    if (factor < smallest) tight.push(`${what}: ${Math.round(100 * factor)} %`);
  };
  for (const box of document.querySelectorAll("mjx-container[display=true]")) {
    const formula = box.querySelector("mjx-math"), width = formula.getBoundingClientRect().width;
    shrink(box, width, box.clientWidth, formula.parentElement.parentElement.id || "a formula");
  }
  for (const box of document.querySelectorAll("mjx-container:not([display])")) {
    const line = box.closest("p, li, dd, td, h1, h2, h3, figcaption");
    shrink(box, box.getBoundingClientRect().width, line.clientWidth, "a formula in a line");
  }
  for (const table of document.querySelectorAll("table")) {
    const room = table.parentElement.clientWidth;
    for (let size = 9; table.offsetWidth > room + 0.5 && size > 5; size -= 0.25)
      table.style.fontSize = `${size}pt`;
    if (table.offsetHeight < 480) table.style.breakInside = "avoid"; // half a page
    if (table.offsetWidth > room + 0.5) tight.push(`a table: ${table.innerText.slice(0, 40)}`);
  }
  return tight;
}"""
NUMBER = """(pages) => {
  let changed = 0;
  for (const place of document.querySelectorAll(".page-of")) {
    const page = String(pages[place.dataset.target]);
    changed += place.textContent !== page;
    place.textContent = page;
  }
  return changed;
}"""


class PdfError(RuntimeError):
    """Why there is no PDF."""


def find_chromium() -> str | None:
    """From the variable CHROMIUM, or the PATH; None lets Playwright look for its own."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def chromium():
    """A Chromium that is new enough, or an error that says what to install or to set."""
    from playwright.sync_api import Error, sync_playwright

    flags = [*FLAGS, *["--no-sandbox"] * (hasattr(os, "getuid") and os.getuid() == 0)]
    with sync_playwright() as running:
        try:
            browser = running.chromium.launch(executable_path=find_chromium(), args=flags)
        except Error as error:
            raise PdfError(
                "the PDF needs a Chromium or Chrome, and none was found: install one (Debian: "
                "'apt install chromium'; anywhere: '.venv/bin/playwright install chromium'), or "
                f"name it: make pdf CHROMIUM=/path/to/chromium ({str(error).splitlines()[0]})"
            ) from error
        if int(browser.version.split(".")[0]) < OLDEST:
            raise PdfError(f"the PDF needs Chromium {OLDEST} or later; this is {browser.version}")
        yield browser
        browser.close()


def pages_of(file: Path) -> dict[str, int]:
    """The page, from 1, of each place that a link leads to."""
    with pikepdf.open(file) as pdf:
        number = {page.objgen: n for n, page in enumerate(pdf.pages, start=1)}
        return {name[1:]: number[place[0].objgen] for name, place in pdf.Root.Dests.items()}


def print_book(browser, html: Path, pdf: Path, size: str) -> None:
    """Print until the numbers of the pages are right."""
    options = {"path": pdf, "prefer_css_page_size": True, "print_background": True}
    width = round(LINE[size] / 25.4 * 96)
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme="light")
    page.set_default_timeout(240_000)  # a machine may be busy with other things
    page.emulate_media(media="print")
    page.goto(html.resolve().as_uri())
    if tight := page.evaluate(FIT, SMALLEST):
        raise PdfError("too wide for the page: " + "; ".join(tight))
    page.pdf(**options, tagged=False)  # three times as quick, with the same pages
    for _ in range(4):
        if not page.evaluate(NUMBER, pages_of(pdf)):
            break
        page.pdf(**options, tagged=True)
    else:
        raise PdfError("the numbers of the pages do not settle")
    page.close()


def finish(printed: Path, book: print_assembly.Paper, out: Path) -> None:
    """Write bookmarks and metadata, and pack what describes the structure."""
    config, says = print_assembly.configuration(), project()
    with pikepdf.open(printed) as pdf:
        with pdf.open_outline() as outline:
            siblings = {-1: outline.root}
            for level, place, text in book.bookmarks:
                item = pikepdf.OutlineItem(text, pdf.Root.Dests[f"/{place}"])
                item.is_closed = True
                siblings[level - 1].append(item)
                siblings[level] = item.children
        del pdf.docinfo
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["dc:title"] = config["title"]
            metadata["dc:creator"] = [config["author"]]
            metadata["dc:description"] = says["description"]
            metadata["dc:subject"] = set(says["keywords"])
            metadata["dc:language"] = {config["sphinx"]["config"]["language"]}
            metadata["xmp:CreatorTool"] = f"otlec {says['version']}"
            metadata["xmp:CreateDate"] = f"{config['copyright']}-01-01T00:00:00Z"
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)


def project() -> dict:
    """What pyproject.toml says of the project."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def make(browser, book: print_assembly.Paper, out: Path, size: str = "A4") -> Path:
    """Make the PDF of the pages that `paper.assemble` has put together."""
    out.parent.mkdir(parents=True, exist_ok=True)
    html = out.with_suffix(".html")
    html.write_text(book.page, encoding="utf-8")
    unfinished = out.with_suffix(".part")
    print_book(browser, html, unfinished, size)
    finish(unfinished, book, out)
    unfinished.unlink()
    return out


def main() -> int:
    """Print the book, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "pdf" / "otlec.pdf")
    parser.add_argument("--paper", choices=LINE, default="A4")
    options = parser.parse_args()
    start = time.perf_counter()
    try:
        with chromium() as browser:
            book = print_assembly.assemble(
                options.html.resolve(), project()["version"], options.paper
            )
            pdf = make(browser, book, options.out.resolve(), options.paper)
    except (PdfError, print_assembly.PaperError) as error:
        print(error, file=sys.stderr)
        return 2
    megabytes = pdf.stat().st_size / 1e6
    print(f"The PDF: {pdf} ({megabytes:.1f} MB, {time.perf_counter() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
