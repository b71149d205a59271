"""Slides that a lecturer writes in a file of MyST Markdown: read, split into cells, run.

A slide begins at each line ``## Its title``. A line ``after: 3.2`` below the title puts it behind
the slides of that statement. Below it stands text, with ``###`` headings, pictures named by their
path from the file, and cells of code that are run here, once, in their order::

    ```{code-cell}
    :tags: [hide-input]
    print(1 + 1)
    ```
"""

import os
import re
from pathlib import Path

import nbformat
import yaml

CODE = re.compile(r"^(`{3,})\{code-cell\}.*?\n(.*?)^\1\s*$", re.M | re.S)
PICTURE = re.compile(r"(!\[[^\]]*\]\(|\{(?:figure|image)\} +)(?!https?:|data:|/)([^)\s]+)")


class SettingsError(ValueError):
    """What is wrong in a file of the lecturer, and what is accepted."""


def read(path: Path, book: Path, places: dict[str, str]) -> list[dict]:
    """The slides of a file: ``title``, ``after`` (a label, or nothing) and ``cells``.

    Each cell is one of a notebook, executed, with the ``line`` of the file where it begins.
    """
    slides, code = [], []
    for title, first, body in _split(path.read_text(encoding="utf-8")):
        after = re.match(r"\s*after: *(\S.*?) *\n", body)
        if after and after[1] not in places:
            raise SettingsError(
                f"{path}:{first + 1}: after names {after[1]!r}, which is no statement or section"
            )
        if after:  # an empty line, so that the numbers of lines stay
            body = body[: after.start(1)].rstrip(" ").removesuffix("after:") + body[after.end(1) :]
        cells = _cells(body, first + 1, path, book)
        code += [cell for cell, _ in cells if cell["cell_type"] == "code"]
        label = places[after[1]] if after else ""
        slides.append({"title": title, "after": label, "cells": cells})
    if not slides:
        raise SettingsError(f"{path}:1: each slide begins with a line '## Its title'")
    if code:
        _run(code, path)
    return slides


def _split(text: str):
    """Yield title, line and body of each slide; lines in fences begin none."""
    title, first, body, fence = None, 0, [], None
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.match(r"\s*(`{3,}|~{3,}|:{3,})", line)
        if mark and (fence is None or line.strip() == fence):
            fence = mark[1] if fence is None else None
        if fence is None and not mark and re.match(r"##? +\S", line):
            if title is not None:
                yield title, first, "\n".join(body) + "\n"
            title, first, body = line.lstrip("#").strip(), number, []
        elif title is not None:
            body.append(line)
    if title is not None:
        yield title, first, "\n".join(body) + "\n"


def _cells(body: str, first: int, path: Path, book: Path) -> list[tuple[dict, int]]:
    cells, end = [], 0
    for found in CODE.finditer(body):
        cells += _text(body[end : found.start()], first + body.count("\n", 0, end), path, book)
        line, source, tags = first + body.count("\n", 0, found.start(2)), found[2], []
        while option := re.match(r":(\w+):(.*)\n", source):
            tags = yaml.safe_load(option[2]) if option[1] == "tags" else tags
            source, line = source[option.end() :], line + 1
        cell = nbformat.v4.new_code_cell(source.rstrip())
        cell.metadata = {"tags": list(tags), "slideshow": {"slide_type": "-"}}
        cells.append((dict(cell), line))
        end = found.end()
    return cells + _text(body[end:], first + body.count("\n", 0, end), path, book)


def _text(source: str, line: int, path: Path, book: Path) -> list[tuple[dict, int]]:
    if not source.strip():
        return []
    for found in PICTURE.finditer(source):
        if not (path.parent / found[2]).exists():
            where = line + source.count("\n", 0, found.start())
            raise SettingsError(f"{path}:{where}: there is no picture {path.parent / found[2]}")
    source = PICTURE.sub(
        lambda m: m[1] + Path(os.path.relpath(path.parent / m[2], book)).as_posix(), source
    )
    source = re.sub(r"^###+ +(.+?) *$", r"**\1**", source, flags=re.M)
    cell = nbformat.v4.new_markdown_cell(source)
    cell.metadata = {"slideshow": {"slide_type": "-"}}
    return [(dict(cell), line)]


def _run(cells: list[dict], path: Path) -> None:
    """Execute the cells of a file together, where the file is; their outputs stand in them."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell in cells])
    client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute()
    except CellExecutionError as error:
        raise SettingsError(
            f"{path}: a cell of code fails with {error.ename}: {error.evalue}\n{error.traceback}"
        ) from error
    for cell, done in zip(cells, notebook.cells, strict=True):
        cell |= {"outputs": done.outputs, "execution_count": done.execution_count}
