"""A short, seeded part of bench/fuzz.py: awkward problems against other routes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "bench"))
import fuzz


@pytest.mark.parametrize("category", fuzz.CATEGORIES)
@pytest.mark.needs_jit
def test_awkward_problems_are_solved_right_and_certified(category):
    failures = []
    table = fuzz.run([category], first=0, count=12, report=failures.append)
    assert not failures
    assert table[category] == {"right": 12}


def test_there_are_twelve_categories_or_more():
    assert len(fuzz.CATEGORIES) >= 12


@pytest.mark.needs_jit
def test_the_first_problem_of_a_process_is_solved_while_its_kernels_are_compiled(tmp_path):
    """A part of the search was compiled while the rest ran as plain Python, and handed it a list.

    Numba takes no list that is empty from plain Python: this problem raised, in a fresh cache.
    """
    command = [sys.executable, fuzz.__file__, "--only", "points", "--first", "2000541"]
    fresh = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [*command, "--count", "1"], env=fresh, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
