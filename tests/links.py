"""For the tests of links: a small copy of the book, built as for a public address."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from conftest import ROOT

REPOSITORY = "https://github.com/someone/otlec"
SITE = "https://someone.github.io/otlec/"
EXTENSIONS = (
    "sources.public_addresses",
    "sources.exercise_pages",
    "pages.page_menus",
    "pages.social_cards",
    "references.link_previews",
    "directives.downloads",
)  # what is tested there


def build_published(folder: Path) -> Path:
    """Build three pages with the book's own configuration and with an address; return the HTML."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    sphinx = config["sphinx"]
    ours = sphinx["local_extensions"]
    missing = [name for name in EXTENSIONS if name not in ours]
    assert not missing, f"_config.yml has no extension {missing}"
    dropped = {name for name in ours if name not in EXTENSIONS}
    sphinx["local_extensions"] = {name: str(ROOT / "book" / "_ext") for name in EXTENSIONS}
    extensions = sphinx["config"]["extensions"]
    sphinx["config"]["extensions"] = [name for name in extensions if name not in dropped]
    sphinx["config"]["html_math_renderer"] = "mathjax"
    config["html"]["favicon"] = ""
    config["exclude_patterns"] = ["_build"]
    book = folder / "book"
    book.mkdir()
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    (book / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: x1-exercises\n- file: ledger\n"
    )
    (book / "index.md").write_text("# A small book\n\nIts [only page](x1-exercises.ipynb).\n")
    (book / "ledger.md").write_text("# A page without code\n\nIt is short.\n")
    (book / "references.bib").write_text("")
    notebook = (ROOT / "book" / "x1-exercises.ipynb").read_bytes()
    (book / "x1-exercises.ipynb").write_bytes(notebook)
    command = [Path(sys.executable).parent / "jupyter-book", "build", "book", "--quiet"]
    done = subprocess.run(
        [*command, "--config", "_config.yml", "--path-output", "."],
        cwd=folder,
        env={**os.environ, "REPOSITORY": REPOSITORY, "STUDENTS": "", "ADDRESS": "", "HUB": ""},
        capture_output=True,
        text=True,
    )
    html = folder / "_build" / "html"
    assert (html / "index.html").exists(), done.stdout + done.stderr
    return html
