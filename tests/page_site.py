"""Sites for the tests of Python in the page: a few cells, a server, a worker without a page.

Pyodide's core comes from the npm package of the version in ``_config.yml``, into a cache outside of
the repository, or from the folder that ``OTLEC_PYODIDE`` names. The core has no NumPy.
"""

import functools
import html
import http.server
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import page_python

SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]["page_python"]
VERSION = SETTINGS["core"].rstrip("/").rpartition("@")[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "otlec-pyodide"


def core() -> Path:
    """A folder with Pyodide's core, or a skipped test that says why."""
    if named := os.environ.get("OTLEC_PYODIDE"):
        return Path(named)
    folder = CACHE / VERSION
    if (folder / "pyodide.asm.wasm").exists():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Pyodide is not here: no npm to fetch it, and OTLEC_PYODIDE names no folder")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"pyodide@{VERSION}", "--silent"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode:
        pytest.skip(f"npm cannot fetch Pyodide: {done.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(folder / f"pyodide-{VERSION}.tgz") as packed:
        for member in packed.getmembers():
            if member.isfile():
                (folder / Path(member.name).name).write_bytes(packed.extractfile(member).read())
    return folder


CELL = """<div class="cell {tags} docutils container"><div class="cell_input docutils container">
<div class="highlight"><pre><span></span>{code}
</pre></div></div>{output}</div>"""
OUTPUT = '<div class="cell_output docutils container"><div class="output"><pre>{}</pre></div></div>'
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="_static/page/page.css">
</head><body><nav class="bd-links"><a href="x1-exercises.html">Exercises</a></nav>
<main class="bd-article"><h1>{name}</h1>
<div class="otlec-python" data-page="{name}"><button type="button">Run Python in this page</button>
<p role="status"></p></div>{cells}<p class="otlec-solved" hidden></p></main>
<script defer src="_static/page/boot.js"></script></body></html>"""


def cell(code: str, tags: str = "", output: str | None = None) -> str:
    """A cell as the book writes it."""
    shown = "" if output is None else OUTPUT.format(html.escape(output))
    return CELL.format(tags=tags, code=html.escape(code), output=shown)


def exercise(name: str, answer: str) -> str:
    """An exercise as the book writes it: a blank, and its check."""
    blank = f'def {answer}():\n    raise NotImplementedError("write me")'
    return cell(blank, "tag_exercise") + cell(f'otlec.check("{name}", {answer})')


def write_site(
    folder: Path, pages: dict[str, str], exercises: dict, source: Path, **changes
) -> None:
    """A folder of pages, with the scripts of the book and the core of Pyodide beside them."""
    scripts = folder / "_static" / "page"
    scripts.mkdir(parents=True)
    for name in ("page.js", "worker.js", "page.css"):
        shutil.copy(page_python.PAGE / name, scripts)
    found = page_python.distribution(source, folder / "_static" / "python", [])
    without = json.dumps(found.pop("without"))
    settings = {**SETTINGS, "first": [], **found, "core": "../python/", "packages": "../python/",
                "own": True, **changes}  # fmt: skip
    startup = (page_python.PAGE / "startup.py").read_text()
    (scripts / "config.js").write_text(f"const otlecPython = {json.dumps(settings)};")
    (scripts / "packages.js").write_text(
        f"const otlecPackages = {json.dumps({'files': {}, 'kernels': '', 'startup': startup})};"
    )
    boot = (page_python.PAGE / "boot.js").read_text()
    told = f"const otlecExercises = {json.dumps(exercises)}, otlecWithout = {without};"
    (scripts / "boot.js").write_text(f"{told}\n{boot}")
    for name, cells in pages.items():
        (folder / f"{name}.html").write_text(PAGE.format(name=name, cells=cells))


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_):
        pass


class Server:
    """A server of static files, in a thread."""

    def __init__(self, folder: Path):
        handler = functools.partial(_Handler, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# A worker of the built book without its page: sources in, outputs out.
DRIVER = """async (folder) => {
  const bring = (name) => new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, {src: folder + name, onload: done, onerror: failed});
    document.head.append(script);
  });
  await Promise.all(["config.js", "worker.js", "packages.js"].map(bring));
  const source = new Blob([`(${otlecWorker})()`], {type: "text/javascript"});
  const worker = new Worker(URL.createObjectURL(source));
  let waiting, outputs = [];
  const next = new Promise((done, failed) => { waiting = {done, failed}; });
  worker.onmessage = ({data}) => {
    if (data.kind === "output") outputs.push(data.output);
    else if (data.kind === "ready" || data.kind === "done") waiting.done({ok: data.ok, outputs});
    else if (data.kind === "trouble") waiting.failed(new Error(JSON.stringify(data)));
  };
  const at = (path) => new URL(path, folder).href;
  const settings = {...otlecPython, core: at(otlecPython.core), packages: at(otlecPython.packages)};
  worker.postMessage({kind: "start", ...settings, ...otlecPackages});
  window.runPython = (source, name) => new Promise((done, failed) => {
    outputs = [];
    waiting = {done, failed};
    worker.postMessage({kind: "run", source, name});
  });
  await next;
}"""


def drive(page, address: str) -> None:
    """Start Python in a page; afterwards ``page.evaluate("s => runPython(s, 'cell')", source)``."""
    page.goto(address + "index.html")
    page.evaluate(DRIVER, f"{address}_static/page/")
