/* Starts a deck once its formulas stand, and fits what is too long for its slide. An address that
   ends in ?handout=2 (or 6) lays the slides out on paper, with their notes. */
async function otlecSlides(width, height) {
  "use strict";
  document.documentElement.style.setProperty("--stage-width", `${width}px`);
  document.documentElement.style.setProperty("--stage-height", `${height}px`);
  if (document.readyState === "loading")  // deferred scripts, MathJax among them, have not run yet
    await new Promise((go) => document.addEventListener("DOMContentLoaded", go));
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  keepTogether();
  fit();
  const handout = new URLSearchParams(location.search).get("handout");
  if (handout) {
    document.documentElement.dataset.handout = handout;
    document.documentElement.classList.add("print-pdf");  // or reveal.css gives each slide a page
    document.documentElement.dataset.ready = "yes";
    return;
  }
  await Reveal.initialize({
    width, height, margin: 0, minScale: 0.1, maxScale: 4, center: false, hash: true,
    slideNumber: "c/t", transition: "none", backgroundTransition: "none", controlsTutorial: false,
    navigationMode: "linear",  // one key, or a clicker, visits every slide
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, scrollActivationWidth: null,
    plugins: [RevealNotes],
    keyboardCondition: (event) => !event.defaultPrevented,  // a triangle of weights used the key
  });
  Reveal.addKeyBinding({keyCode: 77, key: "M", description: "Move the picture (Esc: back)"}, () => {
    Reveal.getCurrentSlide().querySelector("input[type=range], .otlec-triangle, [role=slider]")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.activeElement.closest?.(".otlec-moving, .otlec-live")) return;
    document.activeElement.blur();
    event.stopImmediatePropagation();
  }, true);
  Reveal.addKeyBinding({keyCode: 80, key: "P", description: "Play or stop the film"}, () => {
    Reveal.getCurrentSlide().querySelector(".otlec-play")?.click();
  });
  /* A clicker sends Page Down and Page Up: they turn the page whatever has the focus. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "PageDown" && event.key !== "PageUp") return;
    document.activeElement.blur();
    event.preventDefault();
    event.stopImmediatePropagation();
    event.key === "PageDown" ? Reveal.next() : Reveal.prev();
  }, true);
  Reveal.on("slidechanged", ({previousSlide, currentSlide}) => {
    playing(previousSlide)?.click();
    playOnce(currentSlide);
  });
  carryFormulas();
  document.documentElement.dataset.ready = "yes";

  /* The button of a film that runs. */
  function playing(slide) {
    const button = slide?.querySelector(".otlec-play");
    return button?.getAttribute("aria-label") === "pause" ? button : null;
  }

  /* A film runs once when its slide is first shown; P stops it, and so does the next slide. */
  function playOnce(slide) {
    const button = slide.querySelector(":is(.otlec-moving, .otlec-dots) .otlec-play");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || Reveal.isOverview();
    if (!button || still || slide.dataset.played) return;
    slide.dataset.played = "yes";
    const time = button.parentElement.querySelector("input[type=range]");
    time.value = time.min;
    button.click();
  }

  /* No line begins with the full stop that follows a formula. */
  function keepTogether() {
    for (const formula of document.querySelectorAll(".slide-body span.math")) {
      const after = formula.nextSibling;
      const sign = after?.nodeType === 3 && after.data.match(/^[.,;:?!)]+/)?.[0];
      if (!sign) continue;
      after.data = after.data.slice(sign.length);
      const keep = document.createElement("span");
      keep.className = "keep";
      formula.replaceWith(keep);
      keep.append(formula, sign);
    }
  }

  /* Text shrinks by single pixels, never below 20, until the slide holds it; labels of drawings have
     at least 18 pixels of the slide. */
  function fit() {
    const deck = document.querySelector(".reveal");
    deck.classList.add("measuring");
    for (const body of document.querySelectorAll(".slide-body")) {
      const frame = body.closest(".frame");
      const long = () => frame.scrollHeight + body.scrollHeight - body.clientHeight > height + 1;
      const wide = () => body.scrollWidth > body.clientWidth;
      const large = parseInt(getComputedStyle(frame).getPropertyValue("--text"));
      for (let size = large - 1; size >= 20 && (long() || wide()); size--)
        frame.style.setProperty("--text", `${size}px`);
      for (const drawing of frame.querySelectorAll("svg[viewBox]")) {
        const scale = drawing.getScreenCTM()?.a;
        if (scale) drawing.style.setProperty("--least", `${(18 / scale).toFixed(2)}px`);
      }
    }
    deck.classList.remove("measuring");
  }

  /* The speaker's window shows notes as HTML, without the style sheet of their formulas. */
  function carryFormulas() {
    const open = window.open;
    window.open = (...how) => {
      const other = open.apply(window, how);
      setTimeout(() => {
        const sheet = document.getElementById("MJX-CHTML-styles");
        const style = other.document.createElement("style");
        style.textContent = [...sheet.sheet.cssRules].map((rule) => rule.cssText).join("\n") +
          "mjx-assistive-mml { display: none; }";
        other.document.head.append(style);
      }, 500);
      return other;
    };
  }
}
