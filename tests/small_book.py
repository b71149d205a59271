"""A book of a few pages, built by the extensions of the whole one."""

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import yaml
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))

# Left out: what writes files of the whole book, whatever pages there are.
DROPPED = (
    *("sources.exercise_pages", "pages.page_menus", "directives.live", "references.bib"),
    "pages.typefaces",
)

FIRST = """\
# First

The {prf:ref}`squeeze <def-squeeze>` is on [another page](02-second.md), and {eq}`eq-area` too.

```{math}
:label: eq-one
\\int_0^1 x \\dd x = \\tfrac12
```

{numref}`fig-square` is a square.

```{figure} square.png
:name: fig-square
:alt: A square.

A square.
```
"""
SECOND = """\
# Second

```{prf:definition} Squeeze
:label: def-squeeze

Let $\\lambda > 0$. It squeezes $\\Prob(\\R)$.
```

```{math}
:label: eq-area
\\pi r^2
```

```{exercise}
:label: x-second

Why?
```

```{prf:remark}
:label: rem-second

Because, by {prf:ref}`def-squeeze` and {ref}`x-second`.
```
"""
INDEX = "# A small book\n\nIt begins with {doc}`01-first`.\n"
PAGES = {"01-first": FIRST, "02-second": SECOND}


def write(folder: Path, pages: dict[str, str] = PAGES, newline: str = "\n") -> Path:
    """Write the sources of a book with these chapters; return its folder."""
    from PIL import Image

    book = folder / "book"
    book.mkdir(parents=True, exist_ok=True)
    toc = {"format": "jb-book", "root": "index", "parts": [{"caption": "Chapters", "numbered": 1}]}
    toc["parts"][0]["chapters"] = [{"file": name} for name in pages]
    for file in book.glob("*.md"):
        if file.stem not in pages:
            file.unlink()
    texts = {f"{name}.md": text for name, text in pages.items()}
    texts |= {"index.md": INDEX, "_toc.yml": yaml.safe_dump(toc), "references.bib": ""}
    for name, text in texts.items():
        if not (book / name).exists() or (book / name).read_text(encoding="utf-8") != text:
            (book / name).write_text(text, encoding="utf-8", newline=newline)
    Image.new("RGB", (30, 20), "#0072b2").save(book / "square.png")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    settings["extensions"] = [name for name in settings["extensions"] if name not in DROPPED]
    config["sphinx"].pop("local_extensions")
    config["exclude_patterns"] = []
    config["html"]["favicon"] = ""
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return book


def build(book: Path, out: Path, **environment: str) -> list[str]:
    """Build the pages of a book to OUT/html in a process of its own; return the warnings.

    Of its own, because sphinx-external-toc switches off the collectors of every Sphinx that the
    process has ever held.
    """
    done = subprocess.run(
        [sys.executable, __file__, str(book), str(out)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def main(book: Path, out: Path) -> list[str]:
    """Build the pages here; return the warnings."""
    from jupyter_book.config import get_final_config
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    settings, _ = get_final_config(
        user_yaml=book.parent / "_config.yml",
        cli_config={"latex_individualpages": False},
        sourcedir=book,
    )
    warnings = io.StringIO()
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            srcdir=book,
            confdir=None,
            outdir=out / "html",
            doctreedir=out / "doctrees",
            buildername="html",
            confoverrides=settings,
            status=None,
            warning=warnings,
        )
        app.build()
    return [
        line for line in warnings.getvalue().splitlines() if "WARNING" in line or "ERROR" in line
    ]


def contents(out: Path) -> dict[str, str]:
    """The digest of each file of the pages."""
    files = sorted(file for file in (out / "html").rglob("*") if file.is_file())
    files = [file for file in files if file.name != ".buildinfo"]  # Sphinx's own note
    return {
        file.relative_to(out).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
