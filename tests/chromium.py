"""Chromium for the tests that need a browser, with the network cut; and an empty Firefox."""

import contextlib
import json
import os
import shutil
from pathlib import Path

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


class Firefox:
    """An empty page of a Firefox, with what the tests use of a page of Playwright.

    Playwright drives no Firefox but its own, so this takes Mozilla's own driver.
    """

    def __init__(self, client):
        self.client = client
        client.timeout.script = 300
        client.navigate("about:blank")

    def add_script_tag(self, path: str):
        """Run a file as a script of the page."""
        self.client.execute_script(
            """const script = document.createElement("script");
            script.textContent = arguments[0];
            document.documentElement.append(script);""",
            [Path(path).read_text(encoding="utf-8")],
        )

    def evaluate(self, function: str, value):
        """What an asynchronous function of the page returns."""
        code = f"(text) => ({function})(JSON.parse(text)).then((v) => [JSON.stringify(v), null])"
        answer, error = self.client.execute_async_script(
            """const [code, text, done] = arguments;
            window.wrappedJSObject.eval(code)(text).then(done, (e) => done([null, String(e)]));""",
            [code, json.dumps(value)],
        )
        assert error is None, error
        return json.loads(answer)


@contextlib.contextmanager
def firefox(folder):
    """A page of a Firefox, from the variable FIREFOX or the PATH, or a skipped test."""
    marionette = pytest.importorskip("marionette_driver.marionette")
    names = [os.environ.get("FIREFOX"), shutil.which("firefox"), shutil.which("firefox-esr")]
    found = [Path(name).resolve() for name in names if name]
    # Some of these are scripts that start it; the driver wants the program in its own folder.
    found = [file for file in found if (file.parent / "application.ini").exists()]
    if not found:
        pytest.skip("no Firefox: none is named by FIREFOX, or on the PATH")
    client = marionette.Marionette(bin=str(found[0]), headless=True, gecko_log=str(folder))
    client.start_session()
    try:
        yield Firefox(client)
    finally:
        client.quit()


def visit(browser, address: str, **options):
    """Open a page with the network cut; return it and all complaints."""
    context = browser.new_context(**options)
    context.set_default_timeout(120_000)  # a machine may be busy; no test is about seconds
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
    # On a phone what is out of sight is laid out when the page has loaded.
    page.wait_for_function("() => !document.querySelector('.otlec-arriving')")
    return page, complaints


def come_near(page, *names):
    """Scroll to live figures, or to all where none is named, so that they are solved; and back."""
    chosen = ", ".join(f"#live-{name}" for name in names) or ".otlec-figure"
    page.wait_for_function(
        "(chosen) => [...document.querySelectorAll(chosen)].every((root) => root.otlec)", arg=chosen
    )
    page.evaluate(
        """async (chosen) => {
          const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          const before = scrollY;
          for (const root of document.querySelectorAll(chosen)) {
            while (!root.dataset.frames) {
              root.scrollIntoView({behavior: "instant"});
              await frame();
            }
          }
          scrollTo({top: before, behavior: "instant"});
        }""",
        chosen,
    )
