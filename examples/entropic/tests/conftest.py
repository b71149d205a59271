"""The engine's scripts and extensions, and the lecture's own package, can be imported."""

import os
import sys
from pathlib import Path

LECTURE = Path(__file__).resolve().parents[1]
ENGINE = Path(os.environ.get("ENGINE") or LECTURE.parents[1])
os.environ["LECTURE"] = str(LECTURE)
sys.path[:0] = [str(LECTURE), str(ENGINE / "scripts"), str(ENGINE / "book" / "_ext")]


def pytest_configure(config):
    config.addinivalue_line("markers", "statement(number): the statement that this test checks")
