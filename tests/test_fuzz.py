"""A short, seeded part of bench/fuzz.py: awkward problems against other routes."""

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
