"""A page for each student: one file, in the book's look, by day, by night and on paper.

Whatever came from a notebook is shown as text only.
"""

import hashlib
import html
import re
from pathlib import Path

from ...drawing.palette import INK, ON_DARK, PALETTE, RIGHT, WRONG
from .course import Course
from .marks import Mark

_MATRIX = re.compile(r"\[\[[-+\d.e\s\[\]]*\]\]")
_HEADS = {
    "right": "right",
    "wrong": "not yet",
    "blank": "still blank",
    "error": "it stops with an error",
    "time": "it takes too long",
    "refused": "this cannot be judged",
    "missing": "not there",
    "broken": "the file cannot be read",
    "stopped": "it was stopped",
    "ignored": "not judged",
}


def write_feedback(found: list[Mark], folder: Path, course: Course) -> dict[str, Path]:
    """Write the pages; return where that of each student is."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {}
    for mark in found:
        pages[mark.student] = folder / f"{_file_name(mark.student)}.html"
        pages[mark.student].write_text(page(mark, course), encoding="utf-8")
    return pages


def _file_name(student: str) -> str:
    """A name that every system takes, and that no two students share."""
    name = re.sub(r"[^\w.-]", "_", student)
    if name != student or name.startswith("."):
        name = f"{name.lstrip('.')}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"
    return name


def page(mark: Mark, course: Course) -> str:
    """The page of one student."""
    text = html.escape
    exercises = {row["exercise"] for row in mark.rows if row["exercise"]}
    said = "".join(f"<p>{text(comment)}.</p>" for comment in mark.comments)
    worth = f'<p class="mark"><b>{mark.mark:g}</b> of {mark.out_of:g} points</p>'
    right = f"<p>{mark.right} of {len(exercises)} exercises are right.</p>"
    absent = [row for row in mark.rows if not row["notebook"]]
    body = [_section(row, course) for row in mark.rows if row["notebook"] and not _spare(row)]
    spare = [_section(row, course) for row in mark.rows if _spare(row)]
    if absent and body:
        names = ", ".join(f"{row['exercise']} {row['title']}" for row in absent)
        body.append(f"<section><h2>Not handed in</h2><p>{text(names)}</p></section>")
    if spare:
        head = "<summary>Attempts that do not count</summary>"
        body.append(f"<details>{head}{''.join(spare)}</details>")
    return _PAGE.format(
        title=text(course.title or "Exercises"),
        student=text(mark.student),
        style=_style(),
        head=worth + right + said,
        body="\n".join(body),
    )


def _spare(row: dict) -> bool:
    """Whether another notebook of the student counts instead."""
    return row["notebook"] != "" and row["spare"]


def _value(value: str) -> str:
    """An input; a matrix, as NumPy writes it, becomes a table."""
    rows = [line.strip(" []").split() for line in value.splitlines()]
    if not _MATRIX.fullmatch(value) or len({len(row) for row in rows}) != 1:
        return html.escape(value)
    lines = ("".join(f"<td>{cell.rstrip('.')}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _section(row: dict, course: Course) -> str:
    """One exercise: its verdict first, then why, then the input that shows it."""
    text = html.escape
    name = f"{row['exercise']} {row['title']}".strip() or row["notebook"]
    sign = "✓" if row["right"] else "✗" if row["exercise"] else "–"
    points = ""
    if row["of"]:
        points = f"{row['points']:g} of {row['of']:g}" if row["counts"] else "does not count"
        bonus = ", bonus" if row["exercise"] in course.bonus else ""
        points = f'<span class="points">{points}{bonus}</span>'
    status = _HEADS.get(row["status"], row["status"])
    out = [
        f'<section class="{"right" if row["right"] else "wrong"}">',
        f"<h2>{text(name)}{points}</h2>",
        f'<p class="verdict">{sign} {text(status)}</p>',
        *(f"<p>{text(line)}</p>" for line in row["reason"].splitlines() if line.strip()),
    ]
    if row["right_parts"]:
        out.append(f"<p>Right already, {text(row['parts'])}: {text(row['right_parts'])}.</p>")
    if row["example"]:
        shown = "".join(f"<dt>{text(n)}</dt><dd>{_value(v)}</dd>" for n, v in row["example"])
        out.append(f"<p>The input that shows it:</p><dl>{shown}</dl>")
    if row["advice"]:
        head = "<em>A known mistake.</em> " if row["known"] else ""
        out.append(f'<p class="advice">{head}{text(row["advice"])}</p>')
    if row["score"]:
        out.append(f"<p>An open question; you reached {text(row['score'])}.</p>")
    if row["printed"]:
        out.append("<p>What your function prints is not shown.</p>")
    note = "; ".join(part for part in (row["note"], f"in {row['notebook']}") if part)
    out.append(f'<p class="note">{text(note)}</p></section>')
    return "\n".join(out)


def _style() -> str:
    colours = {"right": RIGHT, "wrong": WRONG, "ink": INK, "quiet": PALETTE["neutral"]}
    dark = {"right": ON_DARK["plan"], "wrong": ON_DARK["target"], "ink": "#e6e6e6",
            "quiet": "#a8a8a8"}  # fmt: skip
    by_day, by_night = (
        "; ".join(f"--{name}: {colour}" for name, colour in scheme.items())
        for scheme in (colours | {"ground": "#ffffff"}, dark | {"ground": "#14181e"})
    )
    return f":root {{{by_day}}}\n@media (prefers-color-scheme: dark) {{:root {{{by_night}}}}}" + (
        f"\n@media print {{:root {{{by_day}}}}}\n{_STYLE}"
    )


_STYLE = """\
:root {color-scheme: light dark}
body {font: 1.125rem/1.55 "Source Serif Pro", "Source Serif 4", Georgia, serif; color: var(--ink);
  background: var(--ground); max-width: 42rem; margin: 2.5rem auto; padding: 0 1.2rem;
  overflow-wrap: break-word}
h1, h2, .mark, .points, .verdict, .note, .sheet, dt {
  font-family: "Source Sans Pro", "Source Sans 3", system-ui, sans-serif; line-height: 1.25}
h1 {font-size: 2.1rem; margin: 0 0 1rem}
h2 {font-size: 1.2rem; margin: 0 0 .4rem; display: flex; flex-wrap: wrap; gap: 0 1rem;
  justify-content: space-between}
p {margin: .4rem 0}
section {border-left: 3px solid var(--quiet); padding-left: 1rem; margin: 2rem 0}
section.right {border-color: var(--right)}
section.wrong {border-color: var(--wrong)}
.sheet, .note, .points {color: var(--quiet); font-size: .95rem; font-weight: 400}
.mark {font-size: 1.35rem}
.right .verdict {color: var(--right)}
.wrong .verdict {color: var(--wrong)}
.verdict {font-weight: 600}
dl {display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .4rem 0}
dd {margin: 0; white-space: pre-wrap; font-variant-numeric: tabular-nums; min-width: 0;
  overflow-x: auto}
table {border-collapse: collapse; border: 1px solid var(--quiet); border-width: 0 1px;
  border-radius: 4px}
td {padding: 0 .5rem; text-align: right}
summary {cursor: pointer; color: var(--quiet);
  font-family: "Source Sans Pro", "Source Sans 3", system-ui, sans-serif}
@media print {body {margin: 0; max-width: none; font-size: 11pt} section {break-inside: avoid}}
"""

_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Feedback for {student}</title>
<style>
{style}</style>
<p class="sheet">{title}</p>
<h1>{student}</h1>
{head}
{body}
</html>
"""
