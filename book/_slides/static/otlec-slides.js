/* Starts a deck once its formulas stand, and fits what is too long for its slide. */
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
  await Reveal.initialize({
    width, height, margin: 0, minScale: 0.1, maxScale: 4, center: false, hash: true,
    slideNumber: "c/t", transition: "none", backgroundTransition: "none", controlsTutorial: false,
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
  carryFormulas();
  document.documentElement.dataset.ready = "yes";

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

  /* Text shrinks by single pixels, never below 20, until the slide holds it. */
  function fit() {
    const deck = document.querySelector(".reveal");
    deck.classList.add("measuring");
    for (const body of document.querySelectorAll(".slide-body")) {
      const frame = body.closest(".frame");
      const long = () => frame.scrollHeight + body.scrollHeight - body.clientHeight > height + 1;
      const wide = () => body.scrollWidth > body.clientWidth;
      for (let size = 27; size >= 20 && (long() || wide()); size--)
        frame.style.setProperty("--text", `${size}px`);
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
