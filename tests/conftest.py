"""Shared by all tests: where kernels are cached, and the book that was built."""

import hashlib
import os
import sys
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "book" / "_ext")]


def _source_hash() -> str:
    """A name for the sources of the kernels and for the flags that change how they compile.

    A folder of its own for each state of the package lets several states be tested side by side.
    """
    digest = hashlib.sha256()
    for file in sorted((ROOT / "otlec").rglob("*.py")):
        digest.update(file.read_bytes())
    for name in sorted(os.environ):
        if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR":
            digest.update(f"{name}={os.environ[name]}".encode())
    return digest.hexdigest()[:16]


# As on a machine, or in a page, where it is not installed (make plain).
WITHOUT_NUMBA = bool(os.environ.get("OTLEC_WITHOUT_NUMBA"))
if WITHOUT_NUMBA:
    sys.modules["numba"] = None

# Before numba is imported by anything; the kernels of notebooks inherit it.
os.environ["NUMBA_CACHE_DIR"] = str(ROOT / "_build" / "numba-cache" / _source_hash())

# A first call compiles, so no deadline; the same examples in every run, so that a failure is news.
hypothesis.settings.register_profile("otlec", deadline=None, derandomize=True)
hypothesis.settings.load_profile("otlec")

JIT_IS_OFF = WITHOUT_NUMBA or os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def pytest_sessionstart():
    """Tests in this process are of machine code, however small their data are."""
    from otlec import _kernel

    _kernel._PATIENCE = 0


def pytest_configure(config):
    """As plain Python the kernels use NumPy's scalars, which warn where compiled code gives inf."""
    if JIT_IS_OFF:
        config.addinivalue_line("filterwarnings", "ignore:overflow encountered:RuntimeWarning")


# What takes minutes starts first, or one worker is left with it when the other has nothing to do.
LONGEST = """reading_browser exercises_answers page_python_browser nbgrader slides_browser
    exercises_pages builds archive links_browser book_browser pdf speed_browser playgrounds_browser
    live_browser without_numba lectures grade kernel"""


def _start(item) -> int:
    """When the file of a test starts: a place among the longest ones, or after them."""
    name, longest = item.path.stem.removeprefix("test_"), LONGEST.split()
    return longest.index(name) if name in longest else len(longest)


def pytest_collection_modifyitems(items):
    """The longest first; skip tests of chapters that are left out, and what needs the JIT."""
    import lecture

    items.sort(key=_start)
    shown = {chapter.number for chapter in lecture.chapters()}
    for item in items:
        needed = {number for mark in item.iter_markers("chapter") for number in mark.args}
        if needed - shown:
            item.add_marker(pytest.mark.skip(reason=f"this book has no chapter {needed - shown}"))
    if JIT_IS_OFF:
        skip = pytest.mark.skip(reason="too slow without the JIT; the branches are covered smaller")
        for item in items:
            if item.get_closest_marker("needs_jit"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def built_book() -> Path:
    """The folder of the built HTML; 'make test' builds it before it runs the tests."""
    folder = Path(os.environ.get("OTLEC_BOOK", ROOT / "_build" / "html"))
    if not (folder / "index.html").exists():
        pytest.skip("the book is not built: run 'make book' first")
    return folder


@pytest.fixture(scope="session")
def built_slides() -> Path:
    """The folder of the decks; 'make test' builds them before it runs the tests."""
    folder = Path(os.environ.get("OTLEC_SLIDES", ROOT / "_build" / "slides"))
    if not (folder / "index.html").exists():
        pytest.skip("the slides are not built: run 'make slides' first")
    return folder


@pytest.fixture(scope="module")
def browsers():
    """A running Playwright."""
    from chromium import playwright

    with playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(browsers):
    """A Chromium, from CHROMIUM, the PATH or Playwright."""
    from chromium import launch

    with launch(browsers) as browser:
        yield browser
