/* Cards: what a link cites, shown beside it. Hovering and the focus of the keyboard open a card, Escape
   closes it, the pointer may move onto it. By touch, the first tap shows the card at the bottom of the
   screen, with a link to go there. The pieces come from _static/cards/PAGE.js
   (book/_ext/references/link_previews.py). */
(() => {
  "use strict";
  const CITABLE = /#(?:(?:def|prop|lem|ex|rem|thm|exm|cor|fig|equation|term|x)-|otlec\.|id\d+$)/;
  const script = document.currentScript;
  const pieces = {}, waiting = {};
  let open = null, wanted = null, timer = 0, touching = false;

  const card = document.createElement("div");
  card.className = "otlec-card";
  card.id = "otlec-card";
  card.setAttribute("popover", "manual");
  card.setAttribute("role", "group");
  card.innerHTML = '<div class="otlec-card-body"></div><div class="otlec-card-foot">' +
    '<a>Go there</a><button type="button">Close</button></div>';
  const body = card.firstChild, go = card.querySelector("a"), close = card.querySelector("button");

  const linkOf = (node) => {
    const link = node instanceof Element ? node.closest("article a.reference.internal[href]") : null;
    return link && !card.contains(link) && CITABLE.test(link.getAttribute("href")) ? link : null;
  };

  window.otlecCards = (page, found) => { pieces[page] = found; };

  function load(page) {
    waiting[page] ??= new Promise((done) => {
      const node = document.createElement("script");
      node.src = new URL(`cards/${page}.js`, script.src);
      node.onload = node.onerror = done;
      document.head.append(node);
    });
    return waiting[page];
  }

  async function piece(link) {
    const url = new URL(link.href);
    const page = url.pathname.split("/").pop().replace(/\.html$/, "") || "index";
    await load(page);
    return pieces[page]?.[decodeURIComponent(url.hash.slice(1))];
  }

  function place(link) {
    const gap = 6, room = document.documentElement.clientWidth;
    const lines = [...link.getClientRects()], first = lines[0], last = lines[lines.length - 1];
    const left = Math.max(gap, Math.min(last.left, room - card.offsetWidth - gap));
    const below = innerHeight - last.bottom, above = first.top;
    const under = below > card.offsetHeight + gap || below > above;
    body.style.maxHeight = `${Math.max(under ? below : above, 160) - 3 * gap}px`;
    const top = under ? last.bottom + gap : first.top - gap - card.offsetHeight;
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${top + scrollY}px`;
  }

  /* Put the card in its place; what scrolls in it is a stop of the keyboard. Again when a picture has come. */
  function fit() {
    if (!open) return;
    if (!card.classList.contains("otlec-card-sheet")) place(open);
    for (const box of [body, ...body.querySelectorAll("mjx-container")]) {
      const scrolls = box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;
      if (scrolls && getComputedStyle(box).overflow !== "visible") box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  async function show(link) {
    wanted = link;
    const html = await piece(link);
    if (!html || wanted !== link || open === link) return;
    hide();
    wanted = link;
    open = link;
    body.innerHTML = html;
    body.style.maxHeight = "";
    go.href = link.href;
    go.setAttribute("aria-label", `Go there: ${link.textContent.trim()}`);
    card.setAttribute("aria-label", link.textContent.trim());
    card.classList.toggle("otlec-card-sheet", touching);
    card.style.left = card.style.top = "";
    link.after(card);  // so that the next Tab leads into it
    card.showPopover?.();
    fit();
    link.setAttribute("aria-details", card.id);
  }

  function hide() {
    clearTimeout(timer);
    wanted = null;
    if (!open) return;
    if (card.contains(document.activeElement)) open.focus({preventScroll: true});
    open.removeAttribute("aria-details");
    open = null;
    if (card.matches(":popover-open")) card.hidePopover();
    card.remove();
  }

  const soon = (action, delay) => { clearTimeout(timer); timer = setTimeout(action, delay); };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = linkOf(event.target);
    if (link && link !== open) { touching = false; soon(() => show(link), 250); }
    else if (link || card.contains(event.target)) clearTimeout(timer);
    else if (open || wanted) soon(() => { if (!open?.matches(":focus-visible")) hide(); }, 300);
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event.target);
    if (link && link !== open && link.matches(":focus-visible")) { touching = false; soon(() => show(link), 250); }
    else if (!link && !card.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("pointerdown", (event) => {
    touching = event.pointerType === "touch";
    if (!card.contains(event.target) && linkOf(event.target) !== open) hide();
  });
  document.addEventListener("click", (event) => {
    const link = linkOf(event.target);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (touching && link !== open) {
      event.preventDefault();
      show(link);
    } else hide();
  });
  body.addEventListener("load", fit, true);
  close.addEventListener("click", hide);
  go.addEventListener("click", () => setTimeout(hide));
})();
