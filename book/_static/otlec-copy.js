/* What is copied from a page has its formulas as TeX, not as the loose characters of their parts. */
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed || !event.clipboardData) return;
  const piece = document.createElement("div");
  const holder = selection.getRangeAt(0).commonAncestorContainer;
  const inside = (holder.closest ? holder : holder.parentElement).closest(".math[data-tex]");
  piece.append(inside ? inside.cloneNode(true) : selection.getRangeAt(0).cloneContents());
  const formulas = piece.querySelectorAll(".math[data-tex]");
  if (!formulas.length) return;
  for (const math of formulas) {
    const [left, right] = math.localName === "div" ? ["\\[", "\\]\n"] : ["\\(", "\\)"];
    math.querySelector("mjx-container")?.replaceWith(left + math.dataset.tex + right);
  }
  // A copy that is laid out, out of sight, has the line breaks that a reader has seen.
  piece.style.cssText = "position: fixed; left: -99999px; width: 40em";
  document.body.append(piece);
  event.clipboardData.setData("text/plain", piece.innerText);
  piece.remove();
  event.preventDefault();
});
