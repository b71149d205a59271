"""A class of students for the grader: most hand in something sound, the others break it.

usage: classroom.py FOLDER [COUNT]      writes that many submissions of chapter 1 to a folder
"""

import io
import json
import sys
import zipfile
from pathlib import Path

RIGHT = {
    "1a": "def c_transform(cost, psi):\n    return (cost - psi).min(axis=1)",
    "1b": "def crossing():\n    return [0, 100], [102, 200]",
}
WRONG = {
    "1a": "def c_transform(cost, psi):\n    return (cost - psi).max(axis=1)",
    "1b": "def crossing():\n    return [0, 2], [1, 3]",
}
BLANK = {
    "1a": 'def c_transform(cost, psi):\n    raise NotImplementedError("write me")',
    "1b": 'def crossing():\n    raise NotImplementedError("write me")',
}
NAMES = {"1a": "c_transform", "1b": "crossing", "1d": "weak_duality", "2.3": "glue"}
HEAD = "%matplotlib inline\nimport numpy as np\nimport otlec\nfrom otlec import Measure, check"


def notebook(answers: dict[str, str], *extra: str) -> str:
    """The text of a notebook with these answers, and more cells in front of them."""
    cells = [HEAD, *extra]
    for name, code in answers.items():
        cells += [code, f'otlec.check("{name}", {NAMES[name]})']
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": c.splitlines(keepends=True), "metadata": {},
                 "outputs": [], "execution_count": None}
                for c in cells
            ],
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
        }
    )  # fmt: skip


def function(name: str, body: str) -> dict[str, str]:
    """Right answers, but for the body of one function."""
    head = RIGHT[name].splitlines()[0]
    return RIGHT | {name: head + "\n    " + body.replace("\n", "\n    ")}


FORGED = """\
import glob, json, os
for file in glob.glob("../results") + glob.glob("/tmp/otlec-*/results"):
    with open(file, "a") as f:
        f.write(json.dumps({"event": "verdict", "name": "1a", "status": "right",
                            "reason": "trust me", "text": "", "token": "guess"}) + "\\n")"""

# One call into C that lasts for hours and cannot be interrupted.
HANG = "import hashlib\nhashlib.pbkdf2_hmac('sha1', b'', b'', 2**31 - 1)"

# What breaks, and the statuses of 1a and 1b that it should get.
BROKEN = {
    "not-json": ("{ this is no notebook", ("broken", "broken")),
    "empty": ("", ("broken", "broken")),
    "binary": ("\x00\x01\x02", ("broken", "broken")),
    "no-cells": ('{"cells": 3}', ("broken", "broken")),
    "nested": ("[" * 100_000, ("broken", "broken")),
    "cell-loops": (notebook(RIGHT, "while True: pass"), ("right", "right")),
    "syntax": (notebook(RIGHT | {"1a": "def c_transform(cost psi): 0"}), ("missing", "right")),
    "exits": (notebook(RIGHT, "import os\nos._exit(0)"), ("right", "right")),
    "call-exits": (notebook(function("1a", "import os; os._exit(1)")), ("stopped", "right")),
    "call-loops": (notebook(function("1a", "while True: pass")), ("time", "right")),
    "call-hangs": (
        notebook(function("1a", HANG)),
        ("stopped", "right"),
    ),
    "memory": (notebook(function("1a", "return np.ones(10**11)")), ("error", "right")),
    "hoards": (
        notebook(function("1a", "x = []\nwhile True: x.append(bytes(10**7))")),
        ("error", "right"),
    ),
    "crashes": (
        notebook(function("1a", "import ctypes; ctypes.string_at(0)")), ("stopped", "right"),
    ),
    "recursion": (notebook(function("1a", "return c_transform(cost, psi)")), ("error", "right")),
    "prints": (notebook(RIGHT, "for k in range(10**5): print('x' * 1000)"), ("right", "right")),
    "forks": (
        notebook(RIGHT, "import os, time\nif os.fork() == 0:\n    time.sleep(3600)"),
        ("right", "right"),
    ),
    "forges": (notebook(WRONG, FORGED), ("wrong", "wrong")),
    "judges": (
        notebook(WRONG, "otlec.check = lambda *a, **k: True\nimport otlec.classroom.check\n"
                 "otlec.classroom.check.check = otlec.check"),
        ("wrong", "wrong"),
    ),
    "reads": (notebook(RIGHT, "input('name?')"), ("right", "right")),
    "deletes": (
        notebook(RIGHT, "import os, shutil\nshutil.rmtree(os.getcwd())"), ("right", "right"),
    ),
    "nothing": (notebook({}), ("missing", "missing")),
    "renames": (
        notebook(RIGHT | {"1a": "def ctransform(cost, psi): pass"}), ("missing", "right"),
    ),
    "=cmd()": (notebook(WRONG), ("wrong", "wrong")),
    "<b>bold": (notebook(BLANK), ("blank", "blank")),
}  # fmt: skip
SOUND = [
    (notebook(RIGHT), ("right", "right")),
    (notebook(WRONG), ("wrong", "wrong")),
    (notebook(BLANK), ("blank", "blank")),
    (notebook(RIGHT | {"1b": WRONG["1b"]}), ("right", "wrong")),
]


def write_class(folder: Path, count: int = 200, broken: int = 50) -> dict[str, tuple[str, str]]:
    """Write submissions, so many of them broken; return the statuses that each should get."""
    folder.mkdir(parents=True, exist_ok=True)
    truth, kinds = {}, list(BROKEN.items())
    for number in range(count):
        if number < broken:
            kind, (text, statuses) = kinds[number % len(kinds)]
            student = f"{kind}-{number:03d}" if number >= len(kinds) else kind
        else:
            text, statuses = SOUND[number % len(SOUND)]
            student = f"student-{number:03d}"
        (folder / student).mkdir(exist_ok=True)
        (folder / student / "x1-exercises.ipynb").write_text(text, encoding="utf-8")
        truth[student] = statuses
    return truth


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _moodle(name: str, number: int) -> str:
    return f"{name}_{number}_assignsubmission_file"


def _notebook(*arguments) -> bytes:
    return notebook(*arguments).encode()


_LATIN = notebook(RIGHT, "# Lösung von Jörg").replace("\\u00f6", "ö").encode("cp1252")
_TIMED = {
    "1a": "%%time\n# mine\n" + RIGHT["1a"],
    "1b": RIGHT["1b"] + "\n%timeit crossing()\nfiles = !ls\n!pip list\nnp.min?\n%time x = 1",
}
_RENAMED = notebook(RIGHT).replace("c_transform", "my_transform").encode()

# How classes hand in: the file, its content, and the statuses of 1a and 1b of its student.
ARRIVALS = {
    "Anna": (_moodle("Anna", 11) + "/x1-exercises.ipynb", _notebook(RIGHT), "right right"),
    "Bea": (_moodle("Bea", 12) + "/x1-exercises.IPYNB", _notebook(WRONG), "wrong wrong"),
    "Cem Öz": (
        _moodle("Cem Öz", 13) + "/x1-exercises (1).ipynb",
        _notebook({"1b": RIGHT["1b"]}), "missing right",
    ),
    "Dora": (
        _moodle("Dora", 14) + "_/abgabe.zip",
        zipped({"my work/mine.ipynb": _notebook(RIGHT), "__MACOSX/my work/._mine.ipynb": b"x",
                "my work/.ipynb_checkpoints/mine-checkpoint.ipynb": _notebook(BLANK)}),
        "right right",
    ),
    "Emil": (_moodle("Emil", 15) + "/x1-exercises.ipynb", _LATIN, "right right"),
    "Flo": (_moodle("Flo", 16) + "/x1-exercises.ipynb", b"%PDF-1.4 \xb7", "broken broken"),
    "Gil": (_moodle("Gil", 17) + "/solution.pdf", b"%PDF-1.4", "broken broken"),
    "Hana": (_moodle("Hana", 18) + "/x1-exercises.ipynb.txt", _notebook(_TIMED), "right right"),
    "Ina": (_moodle("Ina", 19) + "/x1-exercises.ipynb", _RENAMED, "right right"),
    "Jo": (_moodle("Jo", 20) + "_x1-exercises.ipynb", _notebook(BLANK), "blank blank"),
    "Kim": (_moodle("Kim", 21) + "/work.zip", b"PK no zip", "broken broken"),
    "Lea": (_moodle("Lea", 22) + "/all.zip", zipped({}), "broken broken"),
    "Mo (23)": (_moodle("Mo", 23) + "/x1-exercises.ipynb", _notebook(WRONG), "wrong wrong"),
    "Mo (24)": (_moodle("Mo", 24) + "/x1-exercises.ipynb", b"", "broken broken"),
    "lastfirst": ("lastfirst_LATE_31_77_x1-exercises-1.ipynb", _notebook(BLANK), "blank blank"),
    "zoe": ("zoe.zip", zipped({"in.zip": zipped({"x1.ipynb": _notebook(WRONG)})}), "wrong wrong"),
    "plain": ("plain/x1-exercises.ipynb", _notebook({}), "missing missing"),
    "late": ("late/notes.docx", b"PK", "broken broken"),
}  # fmt: skip


def write_arrivals(folder: Path) -> dict[str, str]:
    """Write one submission of every kind; return the statuses that each should get."""
    for name, content, _ in ARRIVALS.values():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {student: statuses for student, (_, _, statuses) in ARRIVALS.items()}


if __name__ == "__main__":
    write_class(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
