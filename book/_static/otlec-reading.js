/* Reading on any screen: boxes that scroll sideways say so, and the contents say where one is.

   A box of code, a formula or a table that is wider than the page scrolls by itself. Where it has
   more to show, it carries data-more="left", "right" or both (the style sheet fades that edge), a
   name, and a tab stop, so that the arrow keys scroll it. A box that fits carries none of these.
   The theme gives tab stops to code alone, once, and no style sheet can tell whether a box
   overflows. */
(() => {
  "use strict";
  // The theme hangs its tooltips below the body, outside of every landmark; this runs before it.
  for (const button of document.querySelectorAll('[data-bs-toggle="tooltip"]')) {
    button.dataset.bsContainer = "#main-content";
  }

  const KINDS = {
    ".bd-article pre": "code",
    ".bd-article div.math mjx-container, .bd-article span.math": "formula",
    ".bd-article .pst-scrollable-table-container": "table",
    ".bd-article .cell_output > .output": "output",
  };
  const ALL = Object.keys(KINDS).join();
  const kind = (box) => KINDS[Object.keys(KINDS).find((selector) => box.matches(selector))];

  /* A formula on a line of its own that is a little too wide becomes a little smaller. */
  function fit(box) {
    if (!box.matches("div.math mjx-container")) return;
    box.style.fontSize = "";
    const needed = box.querySelector("mjx-math").getBoundingClientRect().width;
    const share = (box.clientWidth - 1) / needed;
    if (share < 1 && share >= 0.78)
      box.style.fontSize = `${share * parseFloat(getComputedStyle(box).fontSize)}px`;
  }

  function mark(box) {
    if (!box.clientWidth) return;
    if (box.dataset.room !== String(box.clientWidth)) {
      box.dataset.room = box.clientWidth;
      fit(box);
    }
    const hidden = box.scrollWidth - box.clientWidth;
    const more = [];
    if (hidden > 1 && box.scrollLeft > 1) more.push("left");
    if (hidden > 1 && box.scrollLeft < hidden - 1) more.push("right");
    if (more.length) box.dataset.more = more.join(" ");
    else box.removeAttribute("data-more");
    if (hidden > 0) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${kind(box)}, scrolls sideways`);
    } else if (box.hasAttribute("tabindex")) {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }

  function switchCode() {
    const button = document.querySelector(".otlec-code-switch"), root = document.documentElement;
    if (!button) return;
    const show = () => button.setAttribute("aria-pressed", String(root.dataset.code === "hidden"));
    button.hidden = false;
    button.addEventListener("click", () => {
      // What the reader looks at stays where it is.
      const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
      const kept = middle?.closest(".bd-article p, .bd-article figure, .cell_output, .bd-article h2");
      const before = kept?.getBoundingClientRect().top;
      root.toggleAttribute("data-code");
      if (root.hasAttribute("data-code")) root.dataset.code = "hidden";
      try { localStorage["otlec-code"] = root.dataset.code ?? "shown"; } catch { /* for this visit */ }
      if (kept) scrollBy({top: kept.getBoundingClientRect().top - before, behavior: "instant"});
      show();
    });
    show();
  }

  /* A slider that a scrolling finger has touched goes back to where it was. */
  function steadySliders() {
    let touched = null;
    const isSlider = (e) => e.pointerType === "touch" && e.target.matches?.("input[type=range]");
    document.addEventListener("pointerdown", (event) => {
      if (isSlider(event)) touched = {input: event.target, value: event.target.value};
    }, true);
    document.addEventListener("pointercancel", () => {
      if (!touched) return;
      touched.input.value = touched.value;
      touched.input.dispatchEvent(new Event("input", {bubbles: true}));
      touched = null;
    }, true);
  }

  /* Where the reader has come to rest, in the contents of the page. The theme marks a heading that passes
     through the window; after a jump into the middle of a section it marks none, or the one before. */
  function followContents() {
    const entries = [...document.querySelectorAll("#pst-page-toc-nav .toc-entry")], places = [];
    for (const link of document.querySelectorAll("#pst-page-toc-nav a")) {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section) places.push({link, heading: section.querySelector(":is(h1, h2, h3, h4, h5, h6)") ?? section});
    }
    if (!places.length) return;
    let timer = 0;
    const show = () => {
      const tops = places.map(({heading}) => heading.getBoundingClientRect().top);
      const last = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      // at the end of a page the heading that was asked for cannot come up
      const asked = places.findIndex(({link}, k) => last && link.hash === location.hash && tops[k] >= 0 && tops[k] < innerHeight);
      const here = places[asked >= 0 ? asked : tops.findLastIndex((top) => top <= 0.3 * innerHeight)]?.link;
      for (const {link} of places) {
        link.classList.toggle("active", link === here);
        if (link === here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      for (const entry of entries) entry.classList.toggle("active", !!here && entry.contains(here));
    };
    const soon = () => { clearTimeout(timer); timer = setTimeout(show, 120); };
    for (const event of ["scroll", "hashchange", "resize", "load"]) addEventListener(event, soon, {passive: true});
  }

  function start() {
    steadySliders();
    switchCode();
    followContents();
    // A box may keep its size while what it holds grows.
    const sizes = new ResizeObserver((entries) =>
      new Set(entries.map((entry) => entry.target.closest(ALL))).forEach(mark),
    );
    document.querySelectorAll(ALL).forEach((box) => {
      sizes.observe(box);
      // Not the thousands of words of code, which have no size of their own and slow each frame.
      if (kind(box) !== "code") for (const part of box.children) sizes.observe(part);
    });
    document.fonts.addEventListener("loadingdone", () => document.querySelectorAll(ALL).forEach(mark));
    const scrolled = (event) => event.target.matches?.(ALL) && mark(event.target);
    document.addEventListener("scroll", scrolled, {capture: true, passive: true});
  }
  // Paper cannot be unfolded.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".bd-article details:not([open], .hide, .otlec-source)")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => { for (const fold of opened) fold.open = false; });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
