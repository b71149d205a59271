"""Turn the book's MyST sources into executed notebooks, reproducibly.

usage: notebooks.py [--check | --prose] [SOURCE.md ...]    (default: every source of the book)

A page with code is written as MyST Markdown (``book/*.md`` with a jupytext header). This script
executes it and writes the ``.ipynb`` beside it, which is what the book shows and nbval validates.
``jupytext --execute`` would do, but writes random cell ids and times, so that each run changes each
file. Here ids are hashed from the cells and nothing is timed: a second run is identical, byte for
byte, on the same machine. ``--check`` executes nothing; it fails where a notebook no longer matches
its source. ``--prose`` executes only pages whose code has changed: where the text alone has, the
outputs that are there stay, in a second and not a minute.
"""

import argparse
import hashlib
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture import BOOK


def sources() -> list[Path]:
    """All pages of the book that are jupytext sources."""
    return [page for page in sorted(BOOK.glob("*.md")) if "format_name: myst" in page.read_text()]


def read_source(page: Path) -> nbformat.NotebookNode:
    """Read a source as a notebook without outputs, whose cell ids depend on their content only."""
    notebook = jupytext.read(page, fmt="md:myst")
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["language_info"] = {"name": "python"}
    seen = {}
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] = seen.get(content, 0) + 1
        cell["id"] = hashlib.sha256(f"{seen[content]}\n{content}".encode()).hexdigest()[:12]
    return notebook


def execute(page: Path, *, write: bool = True) -> float:
    """Execute a source in a fresh kernel, write the notebook beside it, return the seconds."""
    notebook = read_source(page)
    start = time.perf_counter()
    NotebookClient(
        notebook,
        kernel_name="python3",
        extra_arguments=["--log-level=CRITICAL"],
        timeout=600,
        record_timing=False,
        coalesce_streams=True,  # or prints split where they happen to be flushed
        resources={"metadata": {"path": str(page.parent)}},
    ).execute()
    seconds = time.perf_counter() - start
    if write:
        save(notebook, page)
    return seconds


def save(notebook: nbformat.NotebookNode, page: Path) -> None:
    """Write a notebook beside its source."""
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    nbformat.validate(notebook)
    nbformat.write(notebook, page.with_suffix(".ipynb"))


def keep_outputs(page: Path) -> bool:
    """Write the notebook anew with the outputs that it has, if its code is still the same."""
    out = page.with_suffix(".ipynb")
    if not out.exists():
        return False
    notebook, old = read_source(page), nbformat.read(out, as_version=4)
    new_code, old_code = (
        [cell for cell in nb.cells if cell.cell_type == "code"] for nb in (notebook, old)
    )
    if [cell.source for cell in new_code] != [cell.source for cell in old_code]:
        return False
    for new, done in zip(new_code, old_code, strict=True):
        new.outputs, new.execution_count = done.outputs, done.execution_count
    notebook.metadata = old.metadata
    save(notebook, page)
    return True


def essence(notebook: nbformat.NotebookNode) -> list:
    """What a source decides of a notebook: its cells and their metadata."""
    return [(cell.id, cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]


def stale(page: Path) -> str | None:
    """Say why the notebook of a source is out of date, or None."""
    out = page.with_suffix(".ipynb")
    if not out.exists():
        return f"{out.name} is missing"
    notebook = nbformat.read(out, as_version=4)
    if essence(notebook) != essence(read_source(page)):
        return f"{out.name} differs from {page.name}"
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            return f"{out.name} has a cell that was not executed"
    return None


def main() -> int:
    """Execute or check the sources; the exit code counts the stale ones."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="execute nothing, report drift")
    parser.add_argument("--prose", action="store_true", help="keep outputs where no code changed")
    parser.add_argument("pages", nargs="*", type=Path, help="sources (default: all)")
    options = parser.parse_args()
    pages = [page.resolve() for page in options.pages] or sources()
    if options.check:
        problems = [reason for page in pages if (reason := stale(page))]
        for reason in problems:
            print(f"{reason}: run 'make notebooks'", file=sys.stderr)
        print(f"{len(pages) - len(problems)} of {len(pages)} notebooks match their sources")
        return min(len(problems), 99)
    for page in pages:
        if options.prose and keep_outputs(page):
            print(f"{page.name}: outputs kept", flush=True)
        else:
            print(f"{page.name}: {execute(page):.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
