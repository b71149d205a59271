"""Chromium for the tests that need a browser, with the network cut."""

import contextlib
import os
import shutil

import pytest

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """From the variable CHROMIUM, or the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def playwright():
    """Playwright, or a skipped test where it is not installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as running:
        yield running


@contextlib.contextmanager
def launch(running):
    """A Chromium of a running Playwright, or a skipped test where there is none."""
    from playwright.sync_api import Error

    flags = list(FLAGS)
    if hasattr(os, "getuid") and os.getuid() == 0:
        flags.append("--no-sandbox")
    try:
        browser = running.chromium.launch(executable_path=find_chromium(), args=flags)
    except Error as error:
        if os.environ.get("OTLEC_REQUIRE_BROWSER"):
            raise
        pytest.skip(
            "no Chromium: none is named by CHROMIUM, on the PATH, or installed by Playwright "
            f"({str(error).splitlines()[0]})"
        )
    yield browser
    browser.close()


@contextlib.contextmanager
def launch_firefox(running):
    """A Firefox that Playwright has installed, or a skipped test: it drives no other."""
    from playwright.sync_api import Error

    try:
        browser = running.firefox.launch()
    except Error as error:
        pytest.skip(f"no Firefox that Playwright can drive ({str(error).splitlines()[0]})")
    yield browser
    browser.close()


def visit(browser, address: str, **options):
    """Open a page with the network cut; return it and all complaints."""
    context = browser.new_context(**options)
    page = context.new_page()
    complaints = []

    def route(handler):
        if handler.request.url.startswith(("file:", "data:", "blob:")):
            handler.continue_()
        else:
            complaints.append(f"request: {handler.request.url}")
            handler.abort()

    page.route("**/*", route)
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda r: complaints.append(f"failed: {r.url}"))
    page.goto(address)
    page.wait_for_load_state("load")
    page.evaluate("() => window.MathJax?.startup?.promise")
    return page, complaints
