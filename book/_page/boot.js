/* On every page: which exercises are solved, from what this browser keeps, and the button that brings Python.
   Nothing else is loaded before a reader presses it, or has written something on this page before.
   python_in_page.py writes otlecExercises = {page: [names]} in front, and otlecWithout = [packages]
   that the Python of this copy lacks. */
const otlecStore = (() => {
  "use strict";
  let storage = null;
  try { // in a private window, or where storage is forbidden, this throws
    storage = window.localStorage;
    storage.setItem("otlec:try", "1");
    storage.removeItem("otlec:try");
  } catch (error) { storage = null; }
  const read = (key) => {
    try { return JSON.parse(storage.getItem(`otlec:${key}`)); } catch (error) { return null; }
  };
  function write(key, value) { // whether it is kept
    try {
      if (value === null) storage.removeItem(`otlec:${key}`);
      else storage.setItem(`otlec:${key}`, JSON.stringify(value));
      return true;
    } catch (error) { return false; }
  }
  const keys = () => (storage ? Object.keys(storage).filter((k) => k.startsWith("otlec:")).map((k) => k.slice(6)) : []);
  const solved = (name) => {
    const answer = read(`exercise:${name}`);
    return Boolean(answer && answer.right && answer.right === answer.code);
  };

  function showTicks() {
    let all = 0, right = 0;
    for (const [page, names] of Object.entries(otlecExercises)) {
      const count = names.filter(solved).length;
      all += names.length;
      right += count;
      for (const link of document.querySelectorAll(`.bd-links a[href$="${page}.html"], .bd-links a.current[href="#"]`)) {
        if (link.getAttribute("href") === "#" && !location.pathname.endsWith(`/${page}.html`)) continue;
        let badge = link.querySelector(".otlec-badge");
        if (!badge && !count) continue;
        if (!badge) {
          badge = document.createElement("span");
          badge.className = "otlec-badge";
          link.append(" ", badge);
        }
        badge.textContent = `${count} of ${names.length}`;
        badge.title = "exercises solved in this browser";
      }
    }
    const total = document.querySelector(".otlec-solved");
    if (total && right) {
      total.hidden = false;
      total.textContent = `You have solved ${right} of ${all} exercises, in this browser.`;
    }
  }
  return {read, write, keys, solved, showTicks, works: storage !== null};
})();

(() => {
  "use strict";
  const here = new URL(".", document.currentScript.src).href;
  const bar = document.querySelector(".otlec-python");
  otlecStore.showTicks();
  addEventListener("storage", otlecStore.showTicks);
  if (!bar) return;
  const page = bar.dataset.page, button = bar.querySelector("button");
  let loading = null;
  /* What will not run is said before anything is loaded. */
  function lacking() {
    const code = [...document.querySelectorAll(".cell_input")].map((cell) => cell.textContent).join("\n");
    const named = {matplotlib: /\bmatplotlib\b|otlec\.drawing/, "scikit-learn": /\bsklearn\b/};
    const lacks = otlecWithout.filter((name) => (named[name] ?? RegExp(`\\b${name}\\b`)).test(code));
    if (!lacks.length) return;
    const list = lacks.join(", ").replace(/, ([^,]*)$/, " and $1");
    bar.querySelector("p").append(` This copy comes without ${list}: cells that need ${lacks.length > 1 ? "them" : "it"} run in the notebook of this page only.`);
  }
  lacking();
  const bring = (name) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = here + name;
    script.onload = done;
    script.onerror = () => failed(new Error(name));
    document.head.append(script);
  });
  async function open(startPython) {
    try {
      loading ??= Promise.all(["config.js", "worker.js", "page.js"].map(bring));
      await loading;
      otlecPage.open(bar, here, bring);
      if (startPython) otlecPage.start();
    } catch (error) {
      loading = null;
      bar.querySelector("p").textContent = `${error.message} of this book could not be loaded. Look at your network, and press again.`;
    }
  }
  button.addEventListener("click", () => open(true));
  const written = otlecStore.keys().some((key) => key.startsWith(`cell:${page}:`)) ||
    (otlecExercises[page] || []).some((name) => otlecStore.read(`exercise:${name}`));
  if (written) open(false);
})();
