/* Reading on any screen: boxes that scroll sideways say so, and tables fold on a phone.

   A box of code, a formula or a table that is wider than the page scrolls by itself. Where it has
   more to show, it carries data-more="left", "right" or both (the style sheet fades that edge), a
   name, and a tab stop, so that the arrow keys scroll it. A box that fits carries none of these.
   The theme gives tab stops to code alone, once, and no style sheet can tell whether a box
   overflows. Tables of words become, on a narrow screen, one card a row, each cell under its
   column's name; tables of numbers stay tables, because their columns are compared. */
(() => {
  "use strict";
  const KINDS = {
    ".bd-article pre": "code",
    ".bd-article div.math mjx-container, .bd-article span.math": "formula",
    ".bd-article .pst-scrollable-table-container": "table",
    ".bd-article .cell_output > .output": "output",
  };
  const ALL = Object.keys(KINDS).join();
  const kind = (box) => KINDS[Object.keys(KINDS).find((selector) => box.matches(selector))];

  function mark(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    if (!box.clientWidth) return;
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

  /* A cell of words, as opposed to a number, a mark or nothing. */
  const wordy = (cell) => /[^\s\d.,:%/×+−-]{3}/.test(cell.textContent);

  function fold(table) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    const rows = [...table.querySelectorAll("tbody tr")];
    const cells = rows.flatMap((row) => [...row.cells].slice(1));
    if (heads.length < 3 || cells.filter(wordy).length < cells.length / 2) return;
    table.classList.add("otlec-cards");
    // A table that is not laid out as one would no longer be one to a screen reader.
    table.setAttribute("role", "table");
    table.querySelectorAll("thead, tbody").forEach((part) => part.setAttribute("role", "rowgroup"));
    table.querySelectorAll("tr").forEach((row) => row.setAttribute("role", "row"));
    table.querySelectorAll("thead th").forEach((head) => head.setAttribute("role", "columnheader"));
    rows.forEach((row) =>
      [...row.cells].forEach((cell, i) => {
        cell.setAttribute("role", "cell");
        if (i && cell.textContent.trim()) cell.dataset.label = heads[i];
      }),
    );
  }

  function start() {
    document.querySelectorAll(".bd-article table.table").forEach(fold);
    // A box may keep its size while what it holds grows.
    const sizes = new ResizeObserver((entries) =>
      new Set(entries.map((entry) => entry.target.closest(ALL))).forEach(mark),
    );
    document.querySelectorAll(ALL).forEach((box) => {
      sizes.observe(box);
      for (const part of box.children) sizes.observe(part);
    });
    document.fonts.addEventListener("loadingdone", () => document.querySelectorAll(ALL).forEach(mark));
    const scrolled = (event) => event.target.matches?.(ALL) && mark(event.target);
    document.addEventListener("scroll", scrolled, {capture: true, passive: true});
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
