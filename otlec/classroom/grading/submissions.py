"""Find what a class has handed in: plain folders, and what Moodle and Canvas let one download."""

import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from ..exercises import REGISTRY
from .notebook import LARGEST, exercises_of

_MOODLE = re.compile(
    r"(?P<student>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)"
)
_CANVAS = re.compile(r"(?P<student>[^_]+)_(?:LATE_)?(?P<number>\d+)_(?P<file>\d+)_(?P<rest>.+)")
_HIDDEN = {"__MACOSX", ".ipynb_checkpoints"}
_NOT_HANDED_IN = {".csv", ".yml", ".yaml", ".md", ".txt", ".toml", ".ini"}  # the teacher's own
_COPY = re.compile(r"(\s*\(\d+\)|[\s_-]*(?:copy|kopie|copie)\s*\d*)+$")
_ARCHIVE = 200 * 2**20  # bytes of a zip in a zip


@dataclass(frozen=True)
class Submission:
    """One notebook of one student, or what was handed in in its place.

    ``platform`` is the name under which Moodle or Canvas wants the feedback back, and ``number``
    the student's there; ``trouble`` says why there is no notebook.
    """

    student: str
    source: str  # as the student would call it
    group: str  # notebooks of one group hold the same exercises
    path: Path
    inner: tuple[str, ...] = ()  # within a zip, and in a zip within it
    platform: str = ""
    number: str = ""
    submitted: datetime | None = None
    trouble: str = ""

    @property
    def place(self) -> str:
        """Where it lies, uniquely."""
        return "/".join([str(self.path), *self.inner])

    def read(self) -> bytes:
        """Its bytes; one more than a notebook may have, where there are more."""
        with self.path.open("rb") as file:
            return _member(file, self.inner)


def _member(file, inner: tuple[str, ...]) -> bytes:
    if not inner:
        return file.read(LARGEST + 1)
    with zipfile.ZipFile(file) as archive, archive.open(inner[0]) as found:
        if len(inner) == 1:
            return found.read(LARGEST + 1)
        return _member(io.BytesIO(found.read(_ARCHIVE)), inner[1:])


@dataclass(frozen=True)
class _File:
    """A file in the folder or in one of its zips: ``parts`` is the way to it."""

    parts: tuple[str, ...]
    path: Path
    inner: tuple[str, ...]
    when: datetime
    trouble: str = ""


def _files(root: Path) -> Iterator[_File]:
    """All files, those in zips included; links are not followed, and litter is left out."""
    for path in [root] if root.is_file() else sorted(root.rglob("*")):
        parts = () if path == root else path.relative_to(root).parts
        if path.is_symlink() or _is_litter(parts) or (path.is_dir() and any(path.iterdir())):
            continue
        when = datetime.fromtimestamp(path.stat().st_mtime)
        if path.is_dir():
            yield _File((*parts, ""), path, (), when, "the folder is empty")
        elif path.suffix.lower() == ".zip":
            with path.open("rb") as stream:
                yield from _unzipped(stream, _File(parts, path, (), when))
        else:
            yield _File(parts, path, (), when)


def _unzipped(stream, outer: _File) -> Iterator[_File]:
    """The files of a zip, and of the zips in it."""
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            kept = 0
            for info in infos:
                way = tuple(p for p in info.filename.replace("\\", "/").split("/") if p.strip("."))
                if _is_litter(way):
                    continue
                kept += 1
                inner = (*outer.inner, info.filename)
                file = _File((*outer.parts, *way), outer.path, inner, _zip_time(info, outer.when))
                if info.flag_bits & 1:
                    yield replace(file, trouble=f"{info.filename} asks for a password")
                elif way[-1].lower().endswith(".zip") and len(inner) < 4:
                    nested = io.BytesIO(archive.open(info).read(_ARCHIVE))
                    yield from _unzipped(nested, file)
                else:
                    yield file
            if not kept:
                yield replace(outer, trouble="the zip holds no file")
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError):
        yield replace(outer, trouble="the zip cannot be opened: pack it again, and hand that in")


def _zip_time(info: zipfile.ZipInfo, otherwise: datetime) -> datetime:
    try:
        return datetime(*info.date_time) if info.date_time[0] > 1980 else otherwise
    except ValueError:
        return otherwise


def _is_litter(parts: tuple[str, ...]) -> bool:
    return any(part in _HIDDEN or part.startswith(".") for part in parts)


def _is_notebook(name: str) -> bool:
    """Browsers add endings, and some systems write in capitals."""
    return ".ipynb" in name.lower()


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _stem(name: str) -> str:
    return re.sub(r"\.(ipynb\b.*|zip)$", "", name, flags=re.I) or name


def _owner(parts: tuple[str, ...]) -> tuple[str, str, str, tuple[str, ...]]:
    """Student, name on the platform, number there, and the way below."""
    for depth, part in enumerate(parts):
        below = parts[depth + 1 :]
        if found := _MOODLE.fullmatch(part):
            platform = f"{found['student']}_{found['number']}_assignsubmission_file"
            rest = (found["rest"],) if found["rest"] and not below else ()
            return found["student"], platform, found["number"], (*rest, *below)
        last = not below or _is_zip(part)
        if (found := _CANVAS.fullmatch(part)) and last:
            platform = f"{found['student']}_{found['number']}_{found['file']}"
            return found["student"], platform, found["number"], (found["rest"], *below)
    top, *below = parts or ("submission",)
    if below and not _is_zip(top):
        return top, "", "", tuple(below)
    return _stem(top), "", "", tuple(below)


def collect(folder: Path) -> list[Submission]:
    """Everything that was handed in to a folder or a zip, in order.

    A student without a notebook is there too, with the trouble. The same name with two numbers on a
    platform is two students.
    """
    students: dict[tuple[str, str], list[tuple[_File, str, tuple[str, ...]]]] = {}
    for file in _files(folder):
        student, platform, number, below = _owner(file.parts)
        own = len(file.parts) == 1 and not platform and not _is_zip(file.parts[0])
        if own and not _is_notebook(file.parts[0]) and _ending(file) in _NOT_HANDED_IN:
            continue
        student = unicodedata.normalize("NFC", student)
        students.setdefault((student, number), []).append((file, platform, below))
    names = Counter(student for student, _ in students)
    found = []
    for (student, number), files in students.items():
        shown = f"{student} ({number})" if names[student] > 1 and number else student
        found += _of_student(shown, number, files)
    return sorted(found, key=lambda item: (item.student, item.source))


def _ending(file: _File) -> str:
    return PurePosixPath(file.parts[-1]).suffix.lower()


def _of_student(student: str, number: str, files: list) -> list[Submission]:
    """The notebooks among the files of a student, or the trouble with what there is."""
    found = []
    for file, platform, below in files:
        name = file.parts[-1] if file.parts else file.path.name
        if not file.trouble and _is_notebook(name):
            last = below[-1] if below else ""
            group = _COPY.sub("", _stem(last).lower())
            source = "/".join(below) or name
            found.append(Submission(student, source, group, file.path, file.inner, platform,
                                    number, file.when))  # fmt: skip
        elif file.trouble and name:
            found.append(Submission(student, "/".join(below) or name, "", file.path, file.inner,
                                    platform, number, file.when, file.trouble))  # fmt: skip
    if found:
        return found
    file, platform, _ = files[0]
    shown = [entry[0].parts[-1] for entry in files if entry[0].parts and entry[0].parts[-1]]
    trouble = file.trouble or "no notebook: hand in the file whose name ends in .ipynb"
    return [Submission(student, ", ".join(shown[:5]), "", file.path, file.inner, platform, number,
                       file.when, trouble)]  # fmt: skip


def expected(
    submissions: list[Submission], chosen: list[str] | None = None
) -> dict[str, list[str]]:
    """The exercises of each submission, by its place, so that none is lost.

    Notebooks of one name are one sheet: each of them is asked for what any of them holds. A renamed
    notebook is asked for what the sheets hold that it has an exercise in common with.
    """
    if chosen:
        unknown = [name for name in chosen if name not in REGISTRY]
        if unknown:
            raise ValueError(f"there is no exercise {', '.join(unknown)}")
    own = {s.place: set() if s.trouble else _exercises(s) for s in submissions}
    everything = set(chosen) if chosen else set().union(*own.values())
    sheets, holders = {}, {}
    for item in submissions:
        if own[item.place]:
            sheets.setdefault(item.group, set()).update(own[item.place])
        holders.setdefault(item.group, set()).add(item.student)
    names = {}
    for item in submissions:
        mine = own[item.place]
        many = len(holders[item.group])
        names[item.place] = set(sheets.get(item.group, ()) if not item.trouble else ()).union(
            *(held for group, held in sheets.items()
              if held & mine and len(holders[group]) >= many)
        )  # fmt: skip
    covered = {}
    for item in submissions:
        covered.setdefault(item.student, set()).update(names[item.place])
    for item in submissions:  # what cannot be read may be any of those that are not there
        if not names[item.place]:
            rest = everything - covered[item.student]
            names[item.place] = rest if item.trouble or not own[item.place] else set()
    return {
        place: [n for n in REGISTRY if n in found & everything] for place, found in names.items()
    }


def _exercises(item: Submission) -> set[str]:
    try:
        return exercises_of(item.read())
    except (OSError, zipfile.BadZipFile, RuntimeError, EOFError):
        return set()


def wanted(names: dict[str, list[str]], chosen: list[str] | None) -> list[str]:
    """The exercises of the class: each student gets a row for each of them."""
    if chosen:
        return list(dict.fromkeys(chosen))
    held = set().union(*names.values())
    return [name for name in REGISTRY if name in held]
