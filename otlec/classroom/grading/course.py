"""What a course decides: points, what is dropped, the deadline, who takes part, overrides.

``course.yml``, in which every line may be left out::

    title: Optimal transport, sheet 1
    points: {1a: 2, 1b: 3, 2.2: 6}        # 2.2: in equal parts for 2.2a and 2.2b
    bonus: {1c: 2}                        # fills up lost points, to full marks at most
    out_of: 10                            # what full marks are; the sum of the points if left out
    drop_lowest: 1
    attempts: best                        # of two notebooks, or latest
    partial: true                         # points for the right parts of an answer, or false
    deadline: 2027-03-01 23:59            # by the clock of the machine that grades
    late: {percent_a_day: 10, at_most: 50, days: 7}     # for each day begun; later nothing counts
    roster: roster.csv                    # columns student, and as known: id, email
    overrides: overrides.csv              # columns student, exercise, points, comment
"""

import csv
import io
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from ..._extras import optional
from ..exercises import REGISTRY

_KEYS = {"title", "points", "bonus", "out_of", "drop_lowest", "attempts", "partial", "deadline",
         "late", "roster", "overrides"}  # fmt: skip
_LATE = {"percent_a_day", "at_most", "days"}
OVERRIDES = ("student", "exercise", "points", "comment")


@dataclass(frozen=True)
class Override:
    """Points or a comment of a person, for an exercise or (``exercise`` empty) for the mark."""

    points: float | None
    comment: str


@dataclass(frozen=True)
class Course:
    """The settings of a course; by default every exercise is worth one point."""

    title: str = ""
    points: dict[str, float] = field(default_factory=dict)
    bonus: frozenset[str] = frozenset()
    out_of: float | None = None
    drop_lowest: int = 0
    attempts: str = "best"
    partial: bool = True
    deadline: datetime | None = None
    percent_a_day: float = 100.0
    at_most: float = 100.0
    days: float = float("inf")
    roster: tuple[dict[str, str], ...] = ()
    overrides: dict[tuple[str, str], Override] = field(default_factory=dict)
    overrides_file: Path | None = None

    @property
    def exercises(self) -> list[str] | None:
        """Those that are judged, if the course says which."""
        return [name for name in REGISTRY if name in self.points] or None

    def worth(self, name: str) -> float:
        """The points of an exercise."""
        return self.points.get(name, 0.0) if self.points else 1.0

    def late_share(self, submitted: datetime | None) -> tuple[float, str]:
        """Which part of the points counts, and why."""
        if self.deadline is None or submitted is None or submitted <= self.deadline:
            return 1.0, ""
        days = -((self.deadline - submitted) // timedelta(days=1))  # each day begun
        plural = "s" * (days > 1)
        said = f"handed in {submitted:%Y-%m-%d %H:%M}, {days} day{plural} late"
        if days > self.days:
            return 0.0, f"{said}: too late to count"
        lost = min(days * self.percent_a_day, self.at_most, 100.0)
        return 1 - lost / 100, f"{said}: {lost:g} % less"


def same(name: str) -> str:
    """A name as it is compared: case, spaces and the way of writing accents do not count."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def read_course(file: Path) -> Course:
    """Read ``course.yml``; ValueError says which line is not understood."""
    yaml = optional("yaml", "grade")
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8-sig")) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name}: {error}") from None
    _known(found, _KEYS, file.name)
    late = found.get("late") or {}
    _known(late, _LATE, f"{file.name}: late")
    points = _points(found.get("points") or {}, file.name)
    bonus = _points(found.get("bonus") or {}, file.name)
    if bonus and not points:
        raise ValueError(f"{file.name}: bonus needs points for the ordinary exercises too")
    attempts = found.get("attempts", "best")
    if attempts not in ("best", "latest"):
        raise ValueError(f"{file.name}: attempts is best or latest, not {attempts!r}")
    partial = found.get("partial", True)
    if not isinstance(partial, bool):
        raise ValueError(f"{file.name}: partial is true or false, not {partial!r}")
    out_of = found.get("out_of")
    by_hand = file.parent / found.get("overrides", "overrides.csv")
    return Course(
        title=str(found.get("title", "")),
        points=points | bonus,
        bonus=frozenset(bonus),
        out_of=None if out_of is None else _number(out_of, f"{file.name}: out_of"),
        drop_lowest=int(_number(found.get("drop_lowest", 0), f"{file.name}: drop_lowest")),
        attempts=attempts,
        partial=partial,
        deadline=_moment(found.get("deadline"), file.name),
        **{key: _number(value, f"{file.name}: {key}") for key, value in late.items()},
        roster=read_roster(file.parent / found["roster"]) if found.get("roster") else (),
        overrides=read_overrides(by_hand),
        overrides_file=by_hand,
    )


def _known(found, keys: set[str], where: str) -> None:
    if not isinstance(found, dict):
        raise ValueError(f"{where}: names and values are expected, as in title: Sheet 1")
    if strange := [str(key) for key in found if key not in keys]:
        known = ", ".join(sorted(keys))
        raise ValueError(f"{where} knows no {', '.join(strange)}; it knows {known}")


def _number(value, where: str) -> float:
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        raise ValueError(f"{where} is a number, not {value!r}") from None
    if not 0 <= number < float("inf"):
        raise ValueError(f"{where} is a number from 0 on, not {value!r}")
    return number


def _points(found, where: str) -> dict[str, float]:
    """The points of each exercise; those of a statement are shared by its exercises."""
    if not isinstance(found, dict):
        raise ValueError(f"{where}: points are a map, as in points: {{1a: 2, 1b: 3}}")
    points = {}
    for key, value in found.items():
        name, number = str(key), _number(value, f"{where}: the points of {key}")
        parts = [n for n, task in REGISTRY.items() if n.rstrip("abcdefgh") == name]
        parts = [name] if name in REGISTRY else parts
        if not parts:
            raise ValueError(f"{where}: there is no exercise {name} (2.10 needs quotes: '2.10')")
        points.update(dict.fromkeys(parts, number / len(parts)))
    return points


def _moment(value, where: str) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone().replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59))
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{where}: deadline is as 2027-03-01 23:59, not {value!r}") from None


def _table(file: Path) -> list[dict[str, str]]:
    """The lines of a CSV file, from whatever spreadsheet, by lower-case names of columns."""
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    sign = max(",;\t", key=first.count)
    lines = csv.DictReader(io.StringIO(text), delimiter=sign)
    return [
        {(k or "").strip().lower(): (v or "").strip() for k, v in line.items() if k is not None}
        for line in lines
    ]


def read_roster(file: Path) -> tuple[dict[str, str], ...]:
    """Who takes part; the names stand in a column student, name, or as Moodle and Canvas write."""
    try:
        lines = _table(file)
    except OSError:
        raise ValueError(f"there is no roster {file}") from None
    found = []
    for line in lines:
        full = f"{line.get('first name', '')} {line.get('last name', line.get('surname', ''))}"
        names = (line.get("student"), line.get("name"), line.get("full name"), full.strip())
        name = next((n for n in names if n), "")
        if name and name.lower() != "points possible":
            found.append(line | {"student": unicodedata.normalize("NFC", name)})
    if not found:
        raise ValueError(f"{file.name} has no column student with names in it")
    return tuple(found)


def read_overrides(file: Path) -> dict[tuple[str, str], Override]:
    """What a person has decided, by student (as `same` writes it) and exercise."""
    try:
        lines = _table(file)
    except OSError:
        return {}
    found = {}
    for number, line in enumerate(lines, 2):
        where = f"{file.name}, line {number}"
        name, points = line.get("exercise", ""), line.get("points", "")
        if name and name not in REGISTRY:
            raise ValueError(f"{where}: there is no exercise {name}")
        if not line.get("student"):
            if any(line.values()):
                raise ValueError(f"{where}: whose is it? student is empty")
            continue
        value = _number(points, f"{where}: points") if points else None
        found[same(line["student"]), name] = Override(value, line.get("comment", ""))
    return found
