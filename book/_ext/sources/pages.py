"""Which files are pages, and what to do where one is missing.

A page with code is a MyST source (``.md``) and its executed notebook (``.ipynb``) beside it. Sphinx
reads the notebook, and would take the source for a second file of the same name. Where the table of
contents names a page that nobody has written or executed, it says "unknown document" of whatever
links there; this says which command or line is missing.
"""

import sys
from pathlib import Path

from sphinx.errors import ConfigError

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import lecture


def with_code(folder: Path) -> list[Path]:
    """The sources that become notebooks."""
    pages = sorted(folder.glob("*.md"))
    return [page for page in pages if "format_name: myst" in page.read_text(encoding="utf-8")]


def problems(folder: Path) -> list[str]:
    """For each page of the table of contents that cannot be built, what to do."""
    found = []
    for name in lecture.toc(folder):
        page, notebook = folder / f"{name}.md", folder / f"{name}.ipynb"
        other = (folder / f"{name}.rst").exists() or (
            page.exists() and page not in with_code(folder)
        )
        if notebook.exists() or other:
            continue
        if page.exists():
            found.append(f"book/{name}.md has code and was not executed: run 'make page P={name}'")
        else:
            near = [file.stem for file in sorted(folder.glob(f"{name.split('-')[0]}*.md"))]
            hint = f" (there is {', '.join(near)}: was it renamed?)" if near else ""
            found.append(
                f"book/_toc.yml names {name}, and there is no book/{name}.md{hint}: write it, or "
                "take the line out"
            )
    return found


def configure(app, config) -> None:
    """Stop where a page is missing; leave the sources of notebooks to those who execute them."""
    folder = Path(app.srcdir)
    if (folder / "_toc.yml").exists() and (missing := problems(folder)):
        raise ConfigError("\n".join(missing))
    sources = [page.name for page in with_code(folder) if page.with_suffix(".ipynb").exists()]
    config.exclude_patterns = [*config.exclude_patterns, *sources]


def setup(app):
    """Connect before the table of contents is read."""
    app.connect("config-inited", configure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
