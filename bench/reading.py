"""Every page of the book as a reader meets it: weight, times on a slow phone, axe-core, widths.

Run: ``python bench/reading.py [FOLDER]``, where FOLDER is the built book (``_build/html``). The
times are those of ``tests/speed.py``, the median of three visits;
``tests/reading.py`` looks at the rest.
"""

import os
import statistics
import sys
from pathlib import Path

from common import save

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import reading  # noqa: E402
import speed  # noqa: E402
from chromium import launch, playwright, visit  # noqa: E402

VISITS = int(os.environ.get("VISITS", "3"))  # fewer, where the machine is busy


def violations(page) -> int:
    """What axe-core finds, light and dark, on a desktop and on a phone, everything opened."""
    count = 0
    reading.open_all(page)
    reading.prepare(page)
    for width in (390, 1280):
        reading.show(page, width=width)
        count += len(reading.axe(page, "no contrast"))
    for mode in reading.MODES:
        for width in (390, 1280):
            reading.show(page, width=width, mode=mode)
            reading.mark(page)
            count += len(reading.axe(page, "contrast"))
    return count


def overflows(page) -> list[int]:
    """By how many pixels the page is wider than each width."""
    found = []
    for width in reading.WIDTHS:
        reading.show(page, width=width)
        whole = page.evaluate("document.documentElement.scrollWidth")
        found.append(max(0, whole - width))
    return found


def main(folder: Path) -> None:
    os.environ.setdefault("OTLEC_REQUIRE_BROWSER", "1")
    times, looks = [], []
    with playwright() as running, launch(running) as browser, speed.serve(folder) as root:
        for name, address in reading.pages(folder).items():
            if name != "search.html":  # has no formula to wait for, and keeps its line busy
                with speed.first_in_line():
                    visits = [speed.measure(browser, f"{root}/{name}") for _ in range(VISITS)]
                middle = [
                    round(statistics.median(getattr(seen, part) for seen in visits), 2)
                    for part in ("text", "formulas", "blocked", "shift")
                ]
                times.append([name, round(visits[-1].sent / 1000), *middle])
                print(*times[-1], flush=True)
            page, _ = visit(browser, address, viewport={"width": 1280, "height": 900})
            wide = overflows(page)
            looks.append([name, violations(page), *wide])
            page.context.close()
            print(*looks[-1], flush=True)
    save(
        "reading",
        [
            {
                "title": "On a slow phone",
                "columns": [
                    "page",
                    "kB sent",
                    "first text, s",
                    "formulas in view, s",
                    "blocked, s",
                    "layout shift",
                ],
                "rows": times,
                "note": "A processor four times slower, 1.6 Mbit/s down, 150 ms a request, an "
                f"empty cache; visits a page: {VISITS}. Goals: text in 1.5 s, formulas "
                "in 3 s, a shift of at most 0.1.",
            },
            {
                "title": "To every eye and at every width",
                "columns": ["page", "axe", *(f"{width} px" for width in reading.WIDTHS)],
                "rows": looks,
                "note": "What axe-core finds at WCAG 2.2 AA, and in the order of headings and "
                "landmarks, light and dark, at 1280 and 390 px, everything opened; and by how many "
                "pixels the page is wider than the screen.",
            },
        ],
        packages=("playwright", "axe-playwright-python"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "html")
