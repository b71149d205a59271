"""How fast a page of the book is on a phone: the profile, the server, what is measured.

The profile is the one that Lighthouse calls slow 4G: a processor that is four times slower, 1.6
Mbit/s down, 0.75 Mbit/s up, 150 ms for each request, 390 px of width. The server packs what it
sends, as static hosts do. Each visit starts with an empty cache.
"""

import contextlib
import functools
import gzip
import http.server
import io
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

PHONE = {
    "viewport": {"width": 390, "height": 800},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SLOWDOWN = 4
NETWORK = {
    "offline": False,
    "latency": 150,  # ms for each request
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 0.75e6 / 8,
}
PACKED = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt"}

# Watches from before the page's own first line. The formulas are there when the text fills the
# window and each formula in it is typeset, its fonts loaded.
WATCH = """
(() => {
  const seen = {text: null, formulas: null, shift: 0, blocked: 0, shifts: []};
  globalThis.__speed = seen;
  const watch = (type, see) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(see));
    observer.observe({type, buffered: true});
  };
  watch("paint", (e) => {
    if (e.name === "first-contentful-paint") seen.text = e.startTime;
  });
  let first = 0, last = 0, burst = 0; // as browsers define it: pauses of 1 s, bursts of 5 s
  watch("layout-shift", (e) => {
    if (e.hadRecentInput) return;
    if (e.startTime - last > 1000 || e.startTime - first > 5000) burst = 0, first = e.startTime;
    last = e.startTime;
    burst += e.value;
    seen.shift = Math.max(seen.shift, burst);
    const what = e.sources.map((s) => s.node?.nodeName + "." + (s.node?.className ?? ""));
    seen.shifts.push([Math.round(e.startTime), e.value, what.join(" ")]);
  });
  watch("longtask", (e) => {
    if (seen.text !== null && e.startTime + e.duration > seen.text)
      seen.blocked += Math.max(0, e.duration - 50);
  });
  const inView = (part) => {
    const {top, bottom, width} = part.getBoundingClientRect();
    return width && bottom > 0 && top < innerHeight;
  };
  // What waits out of sight has no layout, and is to have none because of this question.
  const near = (section) =>
    !section || (near(section.parentElement.closest("section")) && inView(section));
  const done = () => {
    const article = document.querySelector("article") ?? document.body;
    if (seen.text === null || !article) return false;
    if (document.readyState === "loading" && article.getBoundingClientRect().bottom < innerHeight)
      return false;
    const parts = [article, ...[...article.querySelectorAll("section")].filter(near)];
    const own = (part) => [...part.querySelectorAll(".math")].filter(
      (math) => (math.parentElement.closest("section") ?? article) === part);
    const formulas = parts.flatMap(own).filter(inView);
    if (!formulas.every((math) => math.querySelector("mjx-container"))) return false;
    const characters = formulas.flatMap((math) => [...math.querySelectorAll("mjx-c")]);
    const fonts = new Set(characters.map((c) => getComputedStyle(c).fontFamily));
    return [...fonts].every((list) => {
      const names = list.replaceAll('"', "").split(", ").filter((name) => name !== "MJXZERO");
      const faces = [...document.fonts].filter((face) => names.includes(face.family));
      return faces.every((face) => face.status !== "loading")
        && faces.some((face) => face.status === "loaded");
    });
  };
  const look = () => {
    if (done()) seen.formulas = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


@dataclass(frozen=True)
class Visit:
    """What one visit has measured: times in seconds after the request, weights in bytes."""

    text: float  # first text (first contentful paint)
    formulas: float  # every formula in view is typeset, in its fonts
    blocked: float  # total blocking time after the first text
    shift: float  # cumulative layout shift: the worst burst, as browsers define it
    sent: int  # what went over the line, packed
    requests: int
    shifts: tuple = ()  # (ms, value, nodes) of every shift, for the curious


class _Packing(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_head(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix not in PACKED or not path.is_file():
            return super().send_head()
        body = _packed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *args):
        """Say nothing."""


@functools.lru_cache(maxsize=500)
def _packed(path: Path, changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


@contextlib.contextmanager
def serve(folder: Path):
    """Serve a folder on localhost, packed as static hosts do; the address is yielded."""
    handler = functools.partial(_Packing, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def first_in_line():
    """Let the browsers that this process has started go first, where that is permitted.

    Otherwise the tests beside this one would be measured too. Linux shares a processor among
    sessions before it does among processes, and a browser is started in a session of its own.
    """
    groups = {}
    for process in _descendants(os.getpid()):
        with contextlib.suppress(OSError):
            if os.getsid(process) == os.getsid(0):
                continue
            file = Path(f"/proc/{process}/autogroup")
            groups[file] = file.read_text().split()[-1]
            file.write_text("-20")
    yield
    for file, before in groups.items():
        with contextlib.suppress(OSError):
            file.write_text(before)


def _descendants(process: int) -> list[int]:
    """A process and those that it has started, on Linux; nothing elsewhere."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
    found = [process] if process in parents else []
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def measure(browser, address: str) -> Visit:
    """Visit a page as a phone on a slow line, with an empty cache."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", NETWORK)
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    sent = []
    client.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.add_init_script(WATCH)
    page.goto(address, wait_until="load", timeout=300_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("__speed.formulas !== null", timeout=300_000)
    page.wait_for_function("!document.querySelector('.otlec-arriving')", timeout=300_000)
    page.wait_for_timeout(300)  # for what a page does when it has loaded
    seen = page.evaluate("__speed")
    context.close()
    return Visit(
        text=seen["text"] / 1000,
        formulas=seen["formulas"] / 1000,
        blocked=seen["blocked"] / 1000,
        shift=seen["shift"],
        sent=int(sum(sent)),
        requests=len(sent),
        shifts=tuple(map(tuple, seen["shifts"])),
    )


def table(browser, folder: Path, names) -> dict[str, dict]:
    """Measure pages of a built book; a row for each."""
    with serve(folder) as root:
        return {name: asdict(measure(browser, f"{root}/{name}")) for name in names}
