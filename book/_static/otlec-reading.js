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

  /* Formulas on a line of their own that are a little too wide become a little smaller. */
  function fit(boxes) {
    const formulas = boxes.filter((box) => box.matches("div.math mjx-container"));
    for (const box of formulas) if (box.style.fontSize) box.style.fontSize = "";
    const sizes = formulas.map((box) => {
      const needed = box.querySelector("mjx-math").getBoundingClientRect().width;
      const share = (box.clientWidth - 1) / needed;
      return share < 1 && share >= 0.78 ? `${share * parseFloat(getComputedStyle(box).fontSize)}px` : "";
    });
    formulas.forEach((box, k) => { if (sizes[k]) box.style.fontSize = sizes[k]; });
  }

  function set(box, name, value) {
    if (value === null ? box.hasAttribute(name) : box.getAttribute(name) !== value)
      value === null ? box.removeAttribute(name) : box.setAttribute(name, value);
  }

  /* All boxes are measured, then all are changed: to change one between two measures is to lay out the page for each.
     What waits below (arrive) has no layout yet; its sizes come when it has. */
  function mark(boxes) {
    const here = [...boxes].filter((box) => !box.checkVisibility || box.checkVisibility({contentVisibilityAuto: true}));
    const shown = here.filter((box) => box.clientWidth);
    fit(shown.filter((box) => box.dataset.room !== String(box.clientWidth)));
    const measures = shown.map((box) => [box.clientWidth, box.scrollWidth - box.clientWidth, box.scrollLeft]);
    shown.forEach((box, k) => {
      const [room, hidden, left] = measures[k], more = [];
      set(box, "data-room", String(room));
      if (hidden > 1 && left > 1) more.push("left");
      if (hidden > 1 && left < hidden - 1) more.push("right");
      set(box, "data-more", more.join(" ") || null);
      if (hidden > 0 || box.hasAttribute("tabindex")) {
        set(box, "tabindex", hidden > 0 ? "0" : null);
        set(box, "role", hidden > 0 ? "group" : null);
        set(box, "aria-label", hidden > 0 ? `${kind(box)}, scrolls sideways` : null);
      }
    });
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
      if (document.documentElement.classList.contains("otlec-arriving")) return; // what waits has no place yet
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
    for (const event of ["scroll", "hashchange", "resize", "load", "otlec-arrived"]) addEventListener(event, soon, {passive: true});
  }

  /* On a narrow screen the sections far below wait (first_screen.py): they are laid out once the page has loaded, one
     in each pause, or all where the reader jumps. */
  function arrive() {
    const root = document.documentElement, sections = document.querySelectorAll(".bd-article > section section");
    const waiting = [...sections], pause = globalThis.requestIdleCallback ?? setTimeout;
    if (!root.classList.contains("otlec-arriving")) return;
    const all = () => {
      if (!root.classList.contains("otlec-arriving")) return;
      root.classList.remove("otlec-arriving");
      dispatchEvent(new Event("otlec-arrived"));
    };
    const next = () => {
      if (!waiting.length) return all();
      waiting.shift().classList.add("otlec-arrived");
      later();
    };
    const later = () => requestAnimationFrame(() => pause(next, {timeout: 500}));
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href*='#']");
      if (link?.pathname === location.pathname) all();
    }, true);
    addEventListener("hashchange", all, true);
    if (document.readyState === "complete") later();
    else addEventListener("load", later);
  }

  function start() {
    arrive();
    steadySliders();
    switchCode();
    followContents();
    // A box may keep its size while what it holds grows.
    const sizes = new ResizeObserver((entries) =>
      mark(new Set(entries.map((entry) => entry.target.closest(ALL)))),
    );
    document.querySelectorAll(ALL).forEach((box) => {
      sizes.observe(box);
      // Not the thousands of words of code, which have no size of their own and slow each frame.
      if (kind(box) !== "code") for (const part of box.children) sizes.observe(part);
    });
    document.fonts.addEventListener("loadingdone", () => mark(document.querySelectorAll(ALL)));
    const scrolled = (event) => event.target.matches?.(ALL) && mark([event.target]);
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
