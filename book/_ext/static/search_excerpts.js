/* Below a result of the search: the lines of its page that answer, without buttons, hidden code and
   formulas; and the result leads to the section in which they stand. Sphinx shows whatever text comes
   first, contents and buttons included, and leads to the top of the page. */
"use strict";
(() => {
  const UNREAD = "script, style, button, nav, details > summary, .headerlink, .toctree-wrapper, .visually-hidden, .cell.tag_hide-input .cell_input, .cell.tag_remove-input .cell_input, .contents, .sidebar";
  const EXCERPT = 240;

  /* The innermost section that has one of the words in its own text, the one with more of them first. */
  function sectionOf(main, words) {
    let best = null, most = 0;
    for (const section of main.querySelectorAll("section[id]")) {
      const own = [...section.children].filter((child) => child.tagName !== "SECTION");
      const text = own.map((child) => child.textContent).join(" ").toLowerCase();
      const found = words.filter((word) => text.includes(word)).length;
      if (found > most) [best, most] = [section, found];
    }
    return best;
  }

  Search.makeSearchSummary = (htmlText, keywords, anchor) => {
    const page = new DOMParser().parseFromString(htmlText, "text/html");
    page.querySelectorAll(UNREAD).forEach((element) => element.remove());
    page.querySelectorAll("mjx-container").forEach((formula) => formula.replaceWith("…"));
    const main = page.querySelector('[role="main"]') || page.body;
    const words = [...keywords].map((word) => word.toLowerCase());
    const home = (anchor && main.querySelector(anchor)) || sectionOf(main, words) || main;
    const text = home.textContent.replace(/\s+/g, " ").trim();
    const at = Math.max(0, Math.min(...words.map((word) => text.toLowerCase().indexOf(word)).filter((k) => k >= 0), text.length) - EXCERPT / 2);
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent = (at > 0 ? "…" : "") + text.slice(at, at + EXCERPT).trim() + (at + EXCERPT < text.length ? "…" : "");
    if (!anchor && home.id) queueMicrotask(() => {
      const link = summary.parentElement && summary.parentElement.querySelector("a");
      if (link) link.hash = home.id;
    });
    return summary;
  };
})();
