"""Pack the built site as one archive that is unpacked anywhere and read without a network.

usage: archive.py FOLDER ARCHIVE

The same site gives the same bytes, wherever and whenever it is built: names are sorted, times and
modes are fixed, and what only the next build needs (``.buildinfo``, which knows the folder) stays
out, with the maps and templates that the theme brings for its developers. ``shutil.make_archive``
keeps times, modes and the order of the file system. (Python's zlib does the packing: another zlib
may pack otherwise; what is unpacked is the same.)
"""

import argparse
import re
import sys
import time
import zipfile
from pathlib import Path
from urllib.parse import unquote

import page_python

WHEN = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name
# A server's files have no use in a folder; the page for wrong addresses names the site in links.
NOT_FOR_READERS = re.compile(
    r"\.buildinfo|\.doctrees/|\.nojekyll|(404\.html|sitemap\.xml|robots\.txt)$"
    r"|_static/.*(\.map|macros\.html)$"
)
# The list that book/_ext/directives/downloads.py writes offers this archive: not in itself.
TO_ITSELF = re.compile(rb'<li class="download-archive">.*?</li>\n?', re.S)
LINK = re.compile(r'<(?:a|img|script|link|source)\b[^>]*?\b(?:href|src)="([^"#?]+)[^"]*"')


def files(folder: Path) -> list[Path]:
    """What a reader needs, sorted by name."""
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return [folder / name for name in sorted(names) if not NOT_FOR_READERS.match(name)]


def pack(folder: Path, archive: Path) -> Path:
    """Write the archive; all names in it begin with its own."""
    if not (folder / "index.html").exists():
        raise FileNotFoundError(f"{folder} holds no book: run 'make book' first")
    archive.parent.mkdir(parents=True, exist_ok=True)
    # a browser reads no WebAssembly from a folder, but scripts
    python, settings = folder / "_static" / "python", folder / "_static" / "page" / "config.js"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in files(folder):
            if file == archive:
                continue
            entry = zipfile.ZipInfo(f"{archive.stem}/{file.relative_to(folder).as_posix()}", WHEN)
            entry.create_system = 3  # the modes below are those of Unix, on every system
            entry.external_attr = 0o100644 << 16
            content = file.read_bytes()
            if file.suffix == ".html":
                content = TO_ITSELF.sub(b"", content)
            if file.parent == python:
                entry.filename, content = f"{entry.filename}.js", page_python.as_script(file)
            if file == settings and python.exists():
                content = content.replace(b'"own": true', b'"own": true, "scripts": true')
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return archive


def dead_links(folder: Path) -> list[str]:
    """Links from a page to a file that is not there."""
    dead = []
    for page in files(folder):
        if page.suffix != ".html":
            continue
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:|//", target):
                continue
            if not (page.parent / unquote(target)).exists():
                dead.append(f"{page.relative_to(folder)}: {target}")
    return dead


def main() -> int:
    """Pack, and say where the archive is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("archive", type=Path)
    options = parser.parse_args()
    start = time.perf_counter()
    try:
        archive = pack(options.folder.resolve(), options.archive.resolve())
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    size = archive.stat().st_size / 1e6
    print(f"The archive: {archive} ({size:.1f} MB, {time.perf_counter() - start:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
