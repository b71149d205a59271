"""What ``book/lecture.yml`` says about the lecture: chapters, files, statements and their numbers.

Tools and tests ask here, so that none of them knows which lecture it is about. ``chapters()`` are
those that ``book/_toc.yml`` shows, with the lecture's numbers: leaving one out moves no number. A
chapter's exercises go with it, and ``left_out_labels()`` says what links to it are to say instead.
"""

import functools
import importlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ENGINE = Path(__file__).resolve().parents[1]  # scripts, extensions, styles: of all lectures
# The folder of the lecture: this repository's, or another one (make lecture NAME=...).
ROOT = Path(os.environ.get("LECTURE") or ENGINE).resolve()
BOOK = ROOT / "book"
# Where a source says a name that links may use: (name)=, :label: name, :name: name, name: name.
LABEL = re.compile(r"^(?:\((?=\S+\)=$)| *:?(?:label|name): *)([\w.-]+)", re.M)


@dataclass(frozen=True)
class Item:
    """A statement of the lecture (``item`` is its number), or a part that has none (a word)."""

    item: str
    label: str
    kind: str = ""

    @property
    def name(self) -> str:
        """As the book writes it: "Lemma 2.3"; nothing for a part without a number."""
        return f"{self.kind} {self.item}" if self.kind else ""


@dataclass(frozen=True)
class Chapter:
    """A section of the lecture, and the files of the book that are about it."""

    number: int
    title: str
    page: str
    exercises: str
    judges: tuple[str, ...]
    items: tuple[Item, ...]


@functools.cache
def all_chapters() -> tuple[Chapter, ...]:
    """The chapters of the lecture, left out or not."""
    found = yaml.safe_load((BOOK / "lecture.yml").read_text(encoding="utf-8"))["chapters"]
    return tuple(
        Chapter(
            **{
                **chapter,
                "judges": tuple(chapter["judges"]),
                "items": tuple(Item(**item) for item in chapter["items"]),
            }
        )
        for chapter in found
    )


def config() -> dict:
    """What ``_config.yml`` says; another lecture's lies over the engine's."""
    read = yaml.safe_load((ENGINE / "_config.yml").read_text(encoding="utf-8"))
    if ROOT == ENGINE:
        return read
    extensions = ENGINE / "book" / "_ext"
    local = dict.fromkeys(read["sphinx"]["local_extensions"], str(extensions))
    read["sphinx"]["local_extensions"] = local
    static = ENGINE / "book" / "_static"
    settings = read["sphinx"]["config"]
    settings["html_static_path"] = [str(static)]
    for kind in ("css", "js"):  # Jupyter Book loads those of the book's own folder
        settings[f"html_{kind}_files"] = sorted(file.name for file in static.glob(f"*.{kind}"))
    read["html"]["favicon"] = str(extensions / "static" / "favicon.svg")
    own = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return _merged(read, own)


def _merged(one: dict, other: dict) -> dict:
    out = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merged(out[key], value) if both else value
    return out


def config_file() -> Path:
    """The file that Jupyter Book reads: for another lecture it is written here."""
    if ROOT == ENGINE:
        return ENGINE / "_config.yml"
    file = ROOT / "_build" / "_config.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(config(), sort_keys=False), encoding="utf-8")
    return file


def registry() -> dict:
    """The exercises, those of the lecture's own package included."""
    from otlec.classroom.exercises import REGISTRY

    for chapter in all_chapters():
        for judges in chapter.judges:
            if "." in judges:  # a module of another package, as in entropic.exercises
                importlib.import_module(judges)
    return REGISTRY


@functools.cache
def about() -> dict[str, str]:
    """Title, author and address of the lecture itself."""
    return yaml.safe_load((BOOK / "lecture.yml").read_text(encoding="utf-8"))["lecture"]


def toc(book: Path | None = None) -> list[str]:
    """The pages that a book shows, in the order of its table of contents.

    The exercises of a chapter that is not there are left out, too.
    """
    read = yaml.safe_load(((book or BOOK) / "_toc.yml").read_text(encoding="utf-8"))
    pages = [read["root"]]

    def walk(entry):
        for key in ("parts", "chapters", "sections"):
            for inner in entry.get(key, []):
                pages.extend([inner["file"]] if "file" in inner else [])
                walk(inner)

    walk(read)
    pages = [page.removesuffix(".md").removesuffix(".ipynb") for page in pages]
    without = {c.exercises for c in all_chapters() if c.page not in pages}
    return [page for page in pages if page not in without]


def chapters() -> tuple[Chapter, ...]:
    """The chapters that the table of contents shows."""
    shown = set(toc())
    return tuple(chapter for chapter in all_chapters() if chapter.page in shown)


def left_out() -> tuple[Chapter, ...]:
    """The chapters that the table of contents does not show."""
    shown = chapters()
    return tuple(chapter for chapter in all_chapters() if chapter not in shown)


@functools.cache
def left_out_labels() -> dict[str, str]:
    """What stands for each label of a chapter that is left out: "Theorem 4.1", "section 4"."""
    found = {}
    for chapter in left_out():
        section = f"section {chapter.number}"
        found |= {chapter.page: section, chapter.exercises: section}
        for page in (chapter.page, chapter.exercises):
            file = BOOK / f"{page}.md"
            if file.exists():
                found |= dict.fromkeys(LABEL.findall(file.read_text(encoding="utf-8")), section)
        found |= {item.label: item.name or section for item in chapter.items}
    return found


def left_out_words(said: str, name: str, explicit: bool) -> tuple[str, str]:
    """What stands before the reference to the lecture, and the reference.

    "chapter 4" is that of the lecture; other words get the name behind them.
    """
    if not explicit:
        return "", f"{name} of the lecture"
    number = re.escape(name.rpartition(" ")[2])
    if re.search(rf"\b(chapter|section|{name.partition(' ')[0]}) {number}$", said, re.I):
        return "", f"{said} of the lecture"
    return f"{said} (", f"{name} of the lecture"


def items() -> tuple[Item, ...]:
    """The items of all chapters that are shown, in the order of the lecture."""
    return tuple(item for chapter in chapters() for item in chapter.items)


def chapter(number: int) -> Chapter:
    """The chapter of this number, left out or not."""
    return next(chapter for chapter in all_chapters() if chapter.number == number)


def functions() -> tuple[str, ...]:
    """The modules of the package in the order in which the reference shows them."""
    found = yaml.safe_load((BOOK / "lecture.yml").read_text(encoding="utf-8"))["functions"]
    return tuple(found)


def of_page(page: str) -> Chapter | None:
    """The chapter that a page is, or whose exercises it holds."""
    return next((c for c in all_chapters() if page in (c.page, c.exercises)), None)


if __name__ == "__main__":
    print(config_file())
