"""Read a notebook as students hand it in: any encoding, any magics; or say what it is instead."""

import codecs
import json
import linecache
import re

from ..exercises import REGISTRY

LARGEST = 20 * 2**20  # bytes
_AGAIN = "; save it again as .ipynb (in Jupyter: File, Save Notebook As) and hand that in"
_KINDS = {
    b"%PDF": "it is a PDF",
    b"PK": "it is a zip archive or an office document",
    b"<": "it is a web page",
    b"{\\rtf": "it is a text document",
}
# Cell magics under which Python stands, that the cell still runs.
_PYTHON = {"time", "timeit", "capture", "prun", "memit", "lprun", "mprun", "snakeviz"}
_LINES = (
    (re.compile(r"^(\s*)%time\s+(?=\w)(.+)$", re.M), r"\1\2"),
    (re.compile(r"^(\s*)[%!].*$", re.M), r"\1pass"),
    (re.compile(r"^(\s*[\w., ]+=\s*)[%!].*$", re.M), r"\1None"),
    (re.compile(r"^(\s*)(\?{1,2}[\w.*]+|[\w.*]+\?{1,2})\s*;?$", re.M), r"\1pass"),
)
_CHECK = re.compile(r"""check\(\s*["']([\w.-]+)["']""")
_DEFINED = re.compile(r"^\s*def\s+(\w+)\s*\(|^(\w+)\s*=\s*lambda", re.M)


def _text(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or the old encoding of Windows."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_cells(data: bytes) -> list[str]:
    """The code cells of a notebook; ValueError says why there are none, and what to do."""
    if len(data) > LARGEST:
        raise ValueError("the file is larger than 20 MB: clear the outputs, and hand it in again")
    if not data.strip():
        raise ValueError("not a notebook: the file is empty" + _AGAIN)
    start = data.lstrip()
    try:
        notebook = json.loads(_text(data))
    except RecursionError:
        raise ValueError("not a notebook: nested too deeply" + _AGAIN) from None
    except ValueError:
        kind = next((kind for sign, kind in _KINDS.items() if start.startswith(sign)), None)
        half = "its end is missing, or it was changed by hand"
        other = "it is a file of another kind"
        kind = kind or (half if start.startswith(b"{") else other)
        raise ValueError(f"not a notebook: {kind}{_AGAIN}") from None
    try:
        return _sources(notebook)
    except (KeyError, TypeError, AttributeError, IndexError):
        raise ValueError("not a notebook: it has no list of cells" + _AGAIN) from None


def _sources(notebook: dict) -> list[str]:
    if "cells" not in notebook:  # the format until 2014
        notebook = {"cells": [c for sheet in notebook["worksheets"] for c in sheet["cells"]]}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell["source"] if "source" in cell else cell["input"]) for cell in code]


def exercises_of(data: bytes) -> set[str]:
    """The exercises that a notebook checks or answers; none if it cannot be read."""
    try:
        cells = read_cells(data)
    except ValueError:
        return set()
    checked = {name for cell in cells for name in _CHECK.findall(cell)}
    defined = {a or b for cell in cells for a, b in _DEFINED.findall(cell)}
    return {name for name, task in REGISTRY.items() if name in checked or task.answer in defined}


def plain(source: str) -> str:
    """A cell without its cell magics; empty if what stands under them is not Python."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        if line.strip().startswith("%%"):
            words = line.strip()[2:].split()
            if not words or words[0] not in _PYTHON:
                return ""
            lines[number] = ""  # the others keep their numbers
        elif line.strip() and not line.strip().startswith("#"):
            break
    return "\n".join(lines)


def compiled(source: str, name: str):
    """The code of a cell; lines for the notebook alone (%matplotlib, !pip, x?) are left out."""
    source = plain(source)
    try:
        code = compile(source, name, "exec")
    except SyntaxError:
        for pattern, python in _LINES:
            source = pattern.sub(python, source)
        code = compile(source, name, "exec")
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return code
