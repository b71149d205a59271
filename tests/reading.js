/* What tests/reading.py asks of a page: each function gives sentences about what is wrong. */
globalThis.reading = (() => {
  "use strict";
  const name = (e) =>
    `${e.tagName.toLowerCase()}.${[...e.classList].join(".")} "${e.textContent.trim().slice(0, 40)}"`;
  const all = (selector) => [...document.querySelectorAll(selector)];

  /* Does the page scroll sideways, is something cut, does a box hide that it scrolls? */
  function sideways() {
    const wrong = [], width = document.documentElement.clientWidth;
    const found = document.documentElement.scrollWidth;
    if (found > width) wrong.push(`the page is ${found} px wide`);
    for (const e of all(".bd-main *")) {
      const drawn = e.matches(".math, mjx-container") && e.querySelector("mjx-math");
      const needed = drawn ? drawn.getBoundingClientRect().width : e.scrollWidth;
      const over = needed - e.clientWidth;
      if (over <= 1.5 || !e.clientWidth || e.closest("svg, mjx-math, mjx-assistive-mml")) continue;
      if (!e.checkVisibility()) continue; // within a closed fold; marked when that opens
      if (e.matches(".bd-sidebar-secondary, div.math")) continue; // a menu; a formula's outer box
      const {overflowX, position, clipPath, maskImage} = getComputedStyle(e);
      if (overflowX === "visible" || position === "absolute") continue;
      if (["hidden", "clip"].includes(overflowX)) {
        if (e.tagName !== "IMG" && clipPath === "none") wrong.push(`${name(e)} is cut by ${over} px`);
      } else if (!e.dataset.more?.includes("right")) {
        wrong.push(`${name(e)} does not say that it scrolls`);
      } else if (e.tabIndex !== 0 || !e.getAttribute("aria-label")) {
        wrong.push(`${name(e)} has no tab stop or no name`);
      } else if (!maskImage.includes("gradient")) {
        wrong.push(`${name(e)} shows no fading edge`);
      }
    }
    for (const e of all(".bd-article [data-more]"))
      if (e.scrollWidth <= e.clientWidth) wrong.push(`${name(e)} says that it scrolls, and does not`);
    return wrong;
  }

  /* Controls that are smaller than a fingertip; links within a text are exempt. */
  function smallTargets(least) {
    const wrong = new Set();
    const controls =
      "button, summary, select, input, .btn, [role=slider], label.sidebar-toggle, .prev-next-area a";
    for (const e of all(controls)) {
      const box = e.getBoundingClientRect();
      if (box.width <= 1 || getComputedStyle(e).visibility === "hidden") continue;
      // A finger draws a curve across all its points at once; they are the stops of the keyboard.
      if (e.type === "checkbox" || e.closest("dialog:not([open]), .otlec-drawn")) continue;
      const [width, height] = [box.width, box.height].map((v) => Math.round(10 * v) / 10);
      if (height < least || width < least) wrong.add(`${name(e)}: ${width} x ${height} px`);
    }
    return [...wrong];
  }

  /* Text of figures that is shown too small: in pictures (whose text is `dots` high), in drawings.
     The photographs beside a film of dots have no words. */
  function smallText([least, dots]) {
    const wrong = [];
    for (const image of all(".cell_output img")) {
      if (!image.clientWidth || image.closest(".otlec-dots")) continue;
      const text = (dots * image.clientWidth) / image.naturalWidth;
      if (text < least) wrong.push(`${image.alt.slice(0, 50)}: ${text.toFixed(1)} px`);
    }
    for (const text of all(".bd-article svg.otlec-panel text, .otlec-triangle text")) {
      if (!text.textContent.trim() || !text.getClientRects().length) continue;
      const {a, b} = text.getScreenCTM();
      const size = parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
      if (size < least) wrong.push(`"${text.textContent}" in a drawing: ${size.toFixed(1)} px`);
    }
    return wrong;
  }

  /* Mark two elements of each look that text has as the page stands, to be judged for contrast. */
  function mark() {
    const seen = new Map(), grounds = new Map(), elements = new Set();
    const ground = (e) => {
      if (!e) return "";
      if (!grounds.has(e)) {
        const {backgroundColor, backgroundImage, opacity} = getComputedStyle(e);
        grounds.set(e, `${ground(e.parentElement)}|${backgroundColor}${backgroundImage}${opacity}`);
      }
      return grounds.get(e);
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
      if (walker.currentNode.data.trim()) elements.add(walker.currentNode.parentElement);
    for (const e of elements) {
      if (!e.getClientRects().length || e.closest("mjx-assistive-mml, script, style")) continue;
      const {color, fontSize, fontWeight} = getComputedStyle(e);
      const look = `${color} ${fontSize} ${fontWeight} ${ground(e)}`, count = seen.get(look) ?? 0;
      if (count < 2) e.setAttribute("data-judged", "");
      seen.set(look, count + 1);
    }
  }

  /* Empty what holds no marked element: axe-core walks through the whole page at each judgement.
     Boxes keep their height and their ground. */
  function thin() {
    const kept = new Set();
    for (const judged of all("[data-judged]"))
      for (let e = judged; e && !kept.has(e); e = e.parentElement) kept.add(e);
    const others = all("body *").filter((e) => !kept.has(e) && kept.has(e.parentElement));
    const heights = others.map((e) => e.offsetHeight);
    others.forEach((e, k) => {
      e.replaceChildren();
      if (heights[k]) e.style.minHeight = `${heights[k]}px`;
    });
  }

  /* What can be focused and does not show it (a key has to be pressed before). */
  function invisibleFocus() {
    const look = (e) => {
      const s = getComputedStyle(e), after = getComputedStyle(e, "::after");
      const ring = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 ? s.outline : "";
      const inner = [...e.querySelectorAll("*")].slice(0, 6).map((part) => {
        const {opacity, boxShadow, outline} = getComputedStyle(part);
        return opacity + boxShadow + outline;
      });
      const own = [ring, s.boxShadow, s.borderColor, s.backgroundColor, s.opacity, after.boxShadow];
      return [...own, ...inner].join();
    };
    const wrong = new Set();
    const stops = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    for (const e of all(stops)) {
      if (!e.checkVisibility({visibilityProperty: true}) || e.disabled) continue;
      e.blur();
      const before = look(e);
      e.focus({preventScroll: true});
      if (document.activeElement === e && look(e) === before) wrong.add(name(e));
    }
    document.activeElement.blur();
    return [...wrong];
  }

  /* What would move although the reader asks for no motion. */
  function moving() {
    const wrong = new Set(), longest = (times) => Math.max(...times.split(",").map(parseFloat));
    for (const e of all("body, body *")) {
      if (e.closest("mjx-container")) continue;
      for (const part of [null, "::before", "::after"]) {
        const s = getComputedStyle(e, part);
        if (longest(s.transitionDuration) > 0.01) wrong.add(`${name(e)} has a transition`);
        if (s.animationName !== "none" && longest(s.animationDuration) > 0.01)
          wrong.add(`${name(e)} has an animation`);
      }
    }
    if (getComputedStyle(document.documentElement).scrollBehavior === "smooth")
      wrong.add("jumps within the page are slow");
    return [...wrong];
  }

  /* Formulas that a screen reader would not find, or would find twice. */
  function mute() {
    const found = (e) => {
      const spoken = e.querySelector("mjx-assistive-mml math");
      const drawn = e.querySelector("mjx-math");
      return spoken?.textContent.trim() && !spoken.closest("[aria-hidden=true]") &&
        drawn?.getAttribute("aria-hidden") === "true";
    };
    return all(".math").filter((e) => !found(e)).map((e) => `no MathML: ${name(e)}`);
  }

  return {sideways, smallTargets, smallText, mark, thin, invisibleFocus, moving, mute};
})();
