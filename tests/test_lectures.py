"""Other lectures on the same engine: one that is started anew, and the example."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytest.importorskip("cookiecutter", reason="the 'dev' extra is not installed")
import new_lecture

SCRIPTS = ROOT / "scripts"
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")


def run(lecture: Path, *command) -> str:
    """Run one of the commands behind make, for a lecture (see the Makefile)."""
    path = [lecture, SCRIPTS, ROOT / "book" / "_ext"]
    done = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env=os.environ | {"LECTURE": str(lecture), "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_lecture_that_is_started_has_all_its_parts_and_is_green(tmp_path):
    run(ROOT, sys.executable, SCRIPTS / "new_lecture.py", "heat", "--into", tmp_path,
        "--title", 'Heat: a "short" lecture', "--author", "Ada & Emmy")  # fmt: skip
    heat = tmp_path / "heat"
    ruff = Path(sys.executable).with_name("ruff")
    run(heat, ruff, "check", heat)
    run(heat, ruff, "format", "--check", heat)
    run(heat, sys.executable, SCRIPTS / "notebooks.py", "--prose")
    config = run(heat, sys.executable, SCRIPTS / "lecture.py").strip()
    run(heat, JUPYTER_BOOK, "build", heat / "book", "--config", config, "--path-output", heat,
        "-W", "-n", "--keep-going", "--quiet")  # fmt: skip
    run(heat, sys.executable, SCRIPTS / "slides.py")
    said = run(heat, sys.executable, "-m", "pytest", "-q", heat / "tests", "-p", "no:cacheprovider")
    assert "skipped" not in said
    run(heat, sys.executable, SCRIPTS / "preview.py", "01-heat")
    alone = heat / "_build" / "page"
    assert "Theorem 1.1" in (alone / "01-heat.html").read_text(encoding="utf-8")
    assert not (alone / "x1-exercises.html").exists()
    page = (heat / "_build" / "html" / "01-heat.html").read_text(encoding="utf-8")
    assert "Theorem 1.1" in page
    assert "short" in page
    assert not (heat / "_build" / "html" / "02-wasserstein-space.html").exists()


def test_the_example_computes_and_judges_what_its_statements_say():
    """Its pages and its deck are built by ``make test`` in its folder, in the workflow."""
    example = ROOT / "examples" / "entropic"
    run(example, sys.executable, SCRIPTS / "notebooks.py", "--check")
    rules = ["-q", "-p", "no:cacheprovider", "-k", "not page and not deck"]
    said = run(example, sys.executable, "-m", "pytest", example / "tests", *rules)
    assert "passed" in said


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Heat", "small letters"),
        ("2d", "small letters"),
        ("numpy", "a module"),
        ("entropic", "already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_what_to_do(name, message):
    assert message in new_lecture.problem(name, ROOT / "examples")


def test_nothing_of_the_example_is_in_the_book():
    for page in (ROOT / "book").glob("*.md"):
        assert "entropic" not in page.stem
        assert "import entropic" not in page.read_text(encoding="utf-8")
