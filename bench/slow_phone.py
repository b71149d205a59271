"""Frames a second while a live figure is dragged, on a processor that is four times slower.

Needs a built book (``make book``) and a Chromium, whose own brake is used: it lets the page compute
for one part of the time out of four. The thread of the page is also measured without the brake, by
its own clock, which other programs do not move: what a frame costs, and what part of it is script.
Three minutes.
"""

import os
import statistics
import sys
from pathlib import Path

from common import save

ROOT = Path(__file__).resolve().parents[1]
BOOK = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tests"))

from chromium import come_near, launch, playwright, visit  # noqa: E402

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SLOWER = 4
# The first handle goes round in circles: a place a frame, as a finger would bring it.
DRAG = """
async (name) => {
  const root = document.querySelector(`#live-${name}`), {state} = root.otlec;
  root.scrollIntoView({behavior: "instant"});
  root.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
  const {panels} = JSON.parse(root.querySelector(".otlec-data").textContent);
  const handles = otlecLive.figures[name].handles[0], panel = panels[handles.panel];
  const at = ([a, b], v) => a + (0.5 + 0.35 * v) * (b - a);
  const count = handles.where(state).length, frame = () => new Promise(requestAnimationFrame);
  const ms = [];
  let start = 0;
  for (let k = 0; k < 90; k++) {
    const next = structuredClone(root.otlec.state);
    handles.move(next, handles.paint ? k % count : 0, at(panel.xlim, Math.cos(k / 9)),
      at(panel.ylim, Math.sin(k / 7)));
    root.otlec.set(next);
    await frame();
    if (k === 29) start = performance.now();
    if (k > 29) ms.push(+root.dataset.ms);
  }
  const rate = 60 * 1000 / (performance.now() - start);
  dispatchEvent(new PointerEvent("pointerup", {bubbles: true}));
  return [rate, ms];
}
"""


def thread(client) -> list[float]:
    """The milliseconds that the thread of the page has worked, and those of its scripts."""
    found = client.send("Performance.getMetrics")["metrics"]
    seconds = {metric["name"]: metric["value"] for metric in found}
    return [1000 * seconds[name] for name in ("TaskDuration", "ScriptDuration")]


def main() -> None:
    with playwright() as running, launch(running) as browser:
        page, _ = visit(browser, (BOOK / "live.html").as_uri(), **PHONE)
        come_near(page)
        names = page.evaluate(
            "() => [...document.querySelectorAll('.otlec-figure')].map((e) => e.dataset.figure)"
        )
        client = page.context.new_cdp_session(page)
        client.send("Performance.enable", {"timeDomain": "threadTicks"})
        load, rows = os.getloadavg()[0], []
        for name in names:
            page.evaluate(DRAG, name)  # once for the compiler
            before = thread(client)
            page.evaluate(DRAG, name)
            work = [(b - a) / 90 for a, b in zip(before, thread(client), strict=True)]
            client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            rate, ms = page.evaluate(DRAG, name)
            client.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            rows.append([name, rate, statistics.median(ms), max(ms), *work])
        version = browser.version
    table = {
        "title": "Frames on a processor four times slower",
        "columns": [
            "figure",
            "frames a second",
            "solve and draw, ms",
            "slowest, ms",
            "thread, ms a frame",
            "script, ms a frame",
        ],
        "rows": rows,
        "note": "60 places of the first handle, one a frame, on a screen of 390 x 844. The browser "
        "draws at most 60 frames a second. The last two columns: without the brake, by the clock "
        f"of the thread. Chromium {version}, its own brake set to {SLOWER}; "
        f"the load of the machine (two cores, shared) was {load:.1f} when it began.",
    }
    save("slow_phone", [table])


if __name__ == "__main__":
    main()
