"""Start a lecture of one's own from ``examples/template``: pages, a kernel, an exercise, a deck.

usage: new_lecture.py NAME [--into FOLDER] [--title TITLE] [--author AUTHOR]

cookiecutter fills the template in; here the name is checked, because it becomes a package of
Python, and the new folder is told where the engine is.
"""

import argparse
import importlib.util
import os
import re
import sys
from pathlib import Path

from cookiecutter.main import cookiecutter

ENGINE = Path(__file__).resolve().parents[1]


def problem(name: str, folder: Path) -> str | None:
    """What is wrong with a name, and what to do, or None."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return f"NAME is {name!r}; small letters, digits and _ are expected, as in NAME=heat"
    if (folder / name).exists():
        return f"there is a folder {folder / name} already: take another NAME, or remove it"
    if importlib.util.find_spec(name) is not None:
        return f"NAME is {name!r}, a module of Python or of a library: take another one"
    return None


def main() -> int:
    """Write the folder, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="of the folder and of its package, as heat")
    parser.add_argument("--into", type=Path, default=ENGINE / "examples")
    parser.add_argument("--title")
    parser.add_argument("--author")
    options = parser.parse_args()
    folder = options.into.resolve()
    if wrong := problem(options.name, folder):
        print(wrong, file=sys.stderr)
        return 2
    said = {"title": options.title, "author": options.author}
    said = {key: value for key, value in said.items() if value}
    try:
        engine = Path(os.path.relpath(ENGINE, folder / options.name)).as_posix()
    except ValueError:  # another drive of Windows
        engine = ENGINE.as_posix()
    made = cookiecutter(
        str(ENGINE / "examples" / "template"),
        no_input=True,
        output_dir=str(folder),
        extra_context={"name": options.name, "engine": engine, **said},
    )
    print(f"The lecture: {made}; there, make book and make test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
