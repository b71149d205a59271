"""The live figure: in the page its kernel says what Python says."""

import os
import re
import shutil

import lecture
import pytest


def test_the_page_says_what_python_says():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    page = lecture.ROOT / "_build" / "html" / "01-entropic.html"
    if not page.exists():
        pytest.skip("the book is not built: run 'make book' first")
    still = re.search(r'aria-live="polite">([^<]+)<', page.read_text(encoding="utf-8"))[1]
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    with sync_api.sync_playwright() as running:
        try:
            browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        except sync_api.Error as error:
            if os.environ.get("OTLEC_REQUIRE_BROWSER"):
                raise
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        tab = browser.new_page()
        tab.goto(page.as_uri())
        tab.wait_for_selector(".otlec-figure .otlec-controls", timeout=60_000)
        said = tab.locator(".otlec-figure output")
        assert said.inner_text() == still
        tab.locator("input[type=range]").first.evaluate(
            "s => { s.value = 1; s.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
        tab.wait_for_function(
            "document.querySelector('.otlec-figure output').textContent.startsWith('ε = 1.00')"
        )
        assert float(said.inner_text().split()[-1]) < 0.05
        browser.close()
