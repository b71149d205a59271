"""Put the whole site into one folder, ready to publish: pages, PDF, slides, and the archive of all.

usage: publish.py [--out FOLDER]                                  (default: ``_build/site``)

The pages of this build, and of no other, offer the files beside them (``SITE=1``, see
``book/_ext/directives/downloads.py``). So each of them is made before the folder is put in its
place, and a link from a page to a file that is not there is an error.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent
sys.path[:0] = [str(SCRIPTS), str(ROOT / "book" / "_ext")]
import archive  # noqa: E402
import print_assembly  # noqa: E402
import print_pdf  # noqa: E402
import slides  # noqa: E402
from directives import downloads  # noqa: E402


def build_pages(work: Path) -> Path:
    """Build the pages; return their folder."""
    html = work / "_build" / "html"
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book"]
    command += ["--config", "_config.yml", "--path-output", str(work)]
    command += ["-W", "-n", "--keep-going", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"SITE": "1"}, check=False)
    if done.returncode:
        raise SystemExit("the pages could not be built; see the warnings above")
    return html


def build_slides(work: Path, html: Path) -> None:
    """Build the decks, with links back to the pages that stand above them."""
    values = slides.settings() | {"book": ".."}
    slides.build(values, list(slides.chapters()), work / "slides")
    decks = html / Path(downloads.FILES["slides"]).parent
    shutil.copytree(work / "slides", decks, ignore=shutil.ignore_patterns("*.pdf"))


def publish(out: Path) -> Path:
    """Build everything beside its place, and put it there when it is whole."""
    work = out.with_name(f".{out.name}")
    with print_pdf.chromium() as browser:  # first, so that its absence is not noticed at the end
        html = build_pages(work)
        build_slides(work, html)
        book = print_assembly.assemble(html, print_pdf.project()["version"])
        shutil.copy(
            print_pdf.make(browser, book, work / "otlec.pdf"), html / downloads.FILES["pdf"]
        )
    archive.pack(html, html / downloads.FILES["archive"])
    if dead := archive.dead_links(html):
        raise SystemExit("links that lead nowhere:\n" + "\n".join(dead))
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(html, out, ignore=shutil.ignore_patterns(".buildinfo"))
    return out


def main() -> int:
    """Publish, and say where."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "site")
    options = parser.parse_args()
    start = time.perf_counter()
    try:
        out = publish(options.out.resolve())
    except (print_pdf.PdfError, print_assembly.PaperError, slides.SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    print(f"The site: {out / 'index.html'} ({size:.0f} MB, {time.perf_counter() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
