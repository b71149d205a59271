"""The page for people who come from POT or SciPy: both sides of each line give the same numbers."""

import re

import nbformat
import numpy as np
import pytest
from conftest import ROOT

PAGE = ROOT / "book" / "a3-other-libraries.md"
LINES = re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", PAGE.read_text(), flags=re.M)


@pytest.fixture(scope="module")
def names():
    """What the first cell of the page defines, and POT."""
    import ot

    notebook = nbformat.read(PAGE.with_suffix(".ipynb"), as_version=4)
    scope = {"ot": ot}
    exec(next(c.source for c in notebook.cells if c.cell_type == "code"), scope)
    return scope


@pytest.mark.parametrize(("theirs", "ours"), LINES, ids=[theirs for theirs, _ in LINES])
def test_both_sides_of_a_line_are_equal(theirs, ours, names):
    np.testing.assert_allclose(eval(ours, names), eval(theirs, names), rtol=1e-9, atol=1e-12)


def test_the_page_has_the_calls_that_people_know():
    known = {
        "emd",
        "emd2",
        "wasserstein_1d",
        "dist",
        "linear_sum_assignment",
        "wasserstein_distance",
    }
    assert known <= {name for theirs, _ in LINES for name in re.findall(r"(\w+)\(", theirs)}
    assert len(LINES) >= 18
