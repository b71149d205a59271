"""The sources of the book keep the house rules that a reader benefits from."""

import re
import sys

import lecture
import nbformat
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import notebooks

PAGES = [page.stem for page in notebooks.sources()]


@pytest.fixture(params=PAGES)
def cells(request):
    notebook = nbformat.read(ROOT / "book" / f"{request.param}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(cell):
    """What a cell printed or returned, without pictures and markup."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif "text/plain" in output.get("data", {}):
            yield output.data["text/plain"]


def test_every_chapter_is_executed():
    assert {"index", *(chapter.page for chapter in lecture.chapters())} <= set(PAGES)


def test_code_cells_are_short(cells):
    for cell in cells:
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 15, f"{len(lines)} lines:\n{cell.source}"


def test_figures_have_alt_text_in_the_metadata_of_their_cell(cells):
    for cell in cells:
        shown = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        shown += [o for o in cell.outputs if "image/jpeg" in o.get("data", {})]
        if shown:
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt.split()) >= 8, f"alt text {alt!r} of:\n{cell.source}"


def test_outputs_hold_nothing_that_another_processor_would_print_differently(cells):
    """Rounding noise differs between processors: so no raw gap, and no number to the last digit."""
    for cell in cells:
        for text in texts(cell):
            assert not re.search(r"\d\.\d{11,}", text), text
            assert not re.search(r"[1-9]\.\d+e-1[2-9]", text), text
            assert not re.search(r"\b0x[0-9a-f]{6,}", text), text


def test_no_cell_warns_or_writes_to_stderr(cells):
    for cell in cells:
        for output in cell.outputs:
            assert output.get("name") != "stderr", output.text
            assert output.output_type != "error", cell.source
