/* Downloads of a book that is read from a folder. Browsers save a file that a server offers, but Chromium shows
   a local one, and no page may read it. A page may load it as a script: beside each file FILE to download
   book/_ext/pages/page_menus.py writes FILE.js, which hands its name and its text to otlecSave. */
if (location.protocol === "file:") {
  window.otlecSave = (name, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[download], a.download");
    if (!link || link.href.startsWith("blob:") || link.href.endsWith(".pdf")) return;
    event.preventDefault();
    const script = document.createElement("script");
    script.src = `${link.href}.js`;
    script.onload = () => script.remove();
    script.onerror = () => { location.href = link.href; };
    document.head.append(script);
  });
}
