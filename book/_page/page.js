/* Editors, checks and outputs of a page whose cells run in Python (worker.js). Loaded on the reader's click. */
const otlecPage = (() => {
  "use strict";
  const MOST = 100000; // characters of one output
  let bar, here, bring, status, progress, cells = [], opened = false;

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(properties))
      if (key in element) element[key] = value; else element.setAttribute(key, value);
    element.append(...children);
    return element;
  }
  const button = (text, act, label) => {
    const made = make("button", {type: "button", textContent: text, onclick: act});
    if (label) made.setAttribute("aria-label", label);
    return made;
  };
  const say = (text) => { if (status.textContent !== text) status.textContent = text; };
  const time = () => new Date().toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

  function hide(...elements) { // what is not seen does not say that it scrolls (otlec-reading.js)
    for (const element of elements) {
      element.hidden = true;
      for (const box of element.querySelectorAll("[data-more]")) box.removeAttribute("data-more");
    }
  }

  // Python ---------------------------------------------------------------------------------------

  const KEPT = "What you have written is kept.";
  const REMEDIES = {
    offline: () => `There is no network, and this browser does not have Python yet. ${KEPT} Go online, and press the button again.`,
    blocked: (at) => `${host(at)} cannot be reached: the network is down, or a filter blocks it. ${KEPT} Try another network, or take the notebook of this page.`,
    absent: (at) => `${at} is not there. ${KEPT} Try again later, or tell whoever publishes this book.`,
    broken: (at) => `The line broke while ${at.split("/").pop()} was coming. ${KEPT} Press the button again.`,
    checksum: (at) => `${at} is not the file that this book expects: its checksum is wrong, and nothing of it was run. ${KEPT} Reload the page; if that does not help, tell whoever publishes this book.`,
    fatal: () => `Python has broken down: a recursion was too deep, or its memory is full. ${KEPT} A fresh Python is starting: try smaller numbers.`,
    worker: () => `This browser does not let the page run Python. ${KEPT} Try a current Firefox, Chrome or Safari, or take the notebook of this page.`,
    unknown: (detail) => `Python does not start: ${detail} ${KEPT} Reload the page to try again.`,
  };
  const host = (address) => { try { return new URL(address).host || "The folder"; } catch (error) { return address; } };

  const python = {
    worker: null, ready: null, task: null, isReady: false,

    start() {
      if (this.ready) return this.ready;
      // what goes wrong at once forgets this promise, and starts the next one anew
      const ready = this.ready = new Promise((done, failed) => { this.settle = {done, failed}; });
      ready.catch(() => {});
      this.launch().catch((error) => this.trouble({reason: "unknown", detail: `${error.message}.`}));
      return ready;
    },

    async launch() {
      const settings = otlecPython, at = (path) => new URL(path, here).href;
      const core = at(settings.core), place = settings.scripts ? "this folder" : settings.own ? "this site" : host(core);
      if (settings.own && !settings.scripts && location.protocol === "file:")
        return this.trouble({reason: "unknown", detail: "a browser does not read this copy's Python from a folder. Take the archive of the book (make archive), serve the folder (python -m http.server), or read the book on its site."});
      say(`Fetching Python ${settings.python} from ${place}: about ${megabytes(settings.transfer)}, once; your browser keeps it.`);
      progress.hidden = false;
      progress.removeAttribute("value");
      await (this.parts ??= bring("packages.js"));
      let worker;
      try {
        const source = new Blob([`(${otlecWorker})()`], {type: "text/javascript"});
        worker = new Worker(URL.createObjectURL(source)); // from a folder, Chromium starts no module as one
      } catch (error) { return this.trouble({reason: "worker"}); }
      this.worker = worker;
      worker.onmessage = ({data}) => { if (worker === this.worker) this.hear(data); };
      worker.onerror = (event) => { if (worker === this.worker) this.trouble({reason: "worker", detail: event.message}); };
      worker.postMessage({kind: "start", ...settings, core, packages: at(settings.packages), ...otlecPackages});
    },

    hear(data) {
      if (data.kind === "progress") {
        progress.value = Math.min(1, data.got / otlecPython.bytes);
        if (progress.value >= 1) progress.removeAttribute("value");
      } else if (data.kind === "step") {
        if (data.again) this.task?.clear();
        say(`${data.text} …`);
      } else if (data.kind === "ready") {
        progress.hidden = true;
        this.isReady = true;
        say(`Python ${data.version} is ready.${otlecStore.works ? " What you write is saved in this browser, and nowhere else." : ""}`);
        bar.dataset.state = "ready";
        this.settle.done();
      } else if (data.kind === "output") this.task?.output(data.output);
      else if (data.kind === "ask") this.give(data.address);
      else if (data.kind === "done") this.finish(data.ok);
      else if (data.kind === "trouble") this.trouble(data);
    },

    async give(address) { // a file that lies in this folder as a script
      const {worker} = this, files = this.files ??= {}, name = address.split("/").pop();
      window.otlecFile = (one, text) => { files[one] = text; };
      try { await bring(`../python/${name}.js`); } catch (error) { files[name] = null; }
      worker.postMessage({kind: "given", address, text: files[name] ?? null});
      delete files[name];
    },

    finish(ok) {
      const task = this.task;
      this.task = null;
      task?.done(ok);
    },

    // One cell at a time; whoever comes second waits.
    async run(source, name, output, clear) {
      while (this.task) await this.task.ended;
      await this.start();
      if (this.task) return this.run(source, name, output, clear);
      return new Promise((done) => {
        this.task = {output, clear, done};
        this.task.ended = new Promise((ended) => { this.task.done = (ok) => { ended(); done(ok); }; });
        this.worker.postMessage({kind: "run", source, name});
      });
    },

    end() {
      this.worker?.terminate();
      this.worker = this.ready = null;
      this.isReady = false;
      cells.forEach((cell) => cell.forget());
    },

    stop() {
      this.end();
      this.task?.output({kind: "note", text: "Stopped."});
      this.finish(false);
      this.start().then(() => say("Stopped; a fresh Python is ready. What the cells had computed is gone, what you wrote is kept."), () => {});
    },

    trouble({reason, detail = "", during}) {
      const {settle} = this, text = (REMEDIES[reason] || REMEDIES.unknown)(detail);
      this.end();
      progress.hidden = true;
      say(text);
      bar.dataset.state = "trouble";
      this.task?.output({kind: "note", text});
      settle?.failed(new Error(text));
      this.finish(false);
      if (during === "run") this.start().then(() => say(`A fresh Python is ready. ${KEPT}`), () => {});
      else bar.querySelector("button").hidden = false;
    },
  };

  // Outputs --------------------------------------------------------------------------------------

  const TAGS = new Set(("a article aside b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img li ol p pre q s small span strong sub summary sup table tbody td tfoot th thead tr u ul " +
    "svg g path line rect circle ellipse polyline polygon text tspan title desc defs clippath lineargradient stop").split(" "));

  // HTML that a cell shows. It comes from the reader's own code, or from a notebook of somebody else: no scripts.
  function clean(markup) {
    const parsed = new DOMParser().parseFromString(markup, "text/html").body;
    for (const element of [...parsed.querySelectorAll("*")]) {
      if (!TAGS.has(element.localName.toLowerCase())) { element.remove(); continue; }
      for (const {name, value} of [...element.attributes]) {
        const address = /^(href|src|xlink:href)$/i.test(name);
        if (/^on/i.test(name) || /^(srcset|action|formaction)$/i.test(name) || /url\(|expression\(|@import/i.test(value) && name === "style" ||
            address && !/^(#|data:image\/(png|jpeg|svg\+xml);|https?:\/\/)/i.test(value.trim())) element.removeAttribute(name);
        else if (address && element.localName === "img" && !value.startsWith("data:")) element.removeAttribute(name);
      }
    }
    return [...parsed.childNodes];
  }

  const ADVICE = {
    RecursionError: "The function calls itself without an end, or too deeply: look at the case where it should stop.",
    MemoryError: "The memory of the page is full. Take smaller sizes; Stop begins with an empty one.",
    ModuleNotFoundError: "This package does not come with the Python of the page. Take the notebook of this page to use it.",
  };

  class Output {
    constructor(label) {
      this.element = make("div", {className: "cell_output docutils container otlec-output"});
      this.element.setAttribute("role", "region");
      this.element.setAttribute("aria-live", "polite");
      this.element.setAttribute("aria-label", label);
      this.clear();
    }
    clear() { this.element.replaceChildren(); this.size = 0; this.last = null; this.status = null; }
    block(...children) {
      const made = make("div", {className: "output"}, ...children);
      this.element.append(made);
      this.last = null;
      return made;
    }
    pre(text, name) {
      if (this.size > MOST) return;
      this.size += text.length;
      if (this.size > MOST) text += "\n… the rest of the output is left out.";
      if (!this.last || this.last.dataset.name !== name) {
        const made = make("pre", {tabIndex: 0});
        made.dataset.name = name;
        this.block(make("div", {className: "highlight"}, made)).classList.add("stream");
        this.last = made;
      }
      this.last.append(text);
    }
    take({kind, type, text, missing}) {
      if (kind === "stream") return this.pre(text, type);
      if (kind === "note") return void this.block(make("p", {className: "otlec-note", textContent: text}));
      if (kind === "lack") return this.take({kind: "note", text: REMEDIES[type](text).replace("the button", "Run")});
      if (kind === "verdict") { this.status = text; return; }
      if (kind === "error") {
        this.last = null;
        this.pre(text, "traceback");
        this.last?.closest(".output").classList.add("traceback");
        const advice = ADVICE[type];
        if (advice) this.block(make("p", {className: "otlec-note", textContent: missing ? `${missing}: ${advice}` : advice}));
        this.last = null;
        return;
      }
      if (type.startsWith("image/")) this.block(make("img", {src: `data:${type};base64,${text}`, alt: "The picture that this cell has drawn", className: "otlec-picture",
        onload() { if (type === "image/png") this.width = this.naturalWidth / 2; }}));
      else if (type === "text/html") this.block(...clean(text)).classList.add("text_html");
      else { this.last = null; this.pre(`${text}\n`, "value"); this.last = null; }
    }
    // Below the line that a keyboard on the screen leaves, nobody sees a verdict.
    show() {
      const view = window.visualViewport, bottom = view ? view.offsetTop + view.height : innerHeight;
      const box = this.element.getBoundingClientRect();
      if (box.top > bottom - 80 || box.top < 0) scrollBy({top: box.top - bottom / 3, behavior: "instant"});
    }
  }

  // Editors --------------------------------------------------------------------------------------

  function insert(area, text) {
    if (!document.execCommand(text ? "insertText" : "delete", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  }

  function shift(area, outwards) { // the lines of the selection, by four spaces
    const {value, selectionStart: from, selectionEnd: to} = area;
    const start = value.lastIndexOf("\n", from - 1) + 1;
    const end = value.indexOf("\n", Math.max(from, to - 1)) < 0 ? value.length : value.indexOf("\n", Math.max(from, to - 1));
    const lines = value.slice(start, end).split("\n");
    const moved = lines.map((line) => (outwards ? line.replace(/^ {1,4}/, "") : line && `    ${line}`));
    area.setSelectionRange(start, end);
    insert(area, moved.join("\n"));
    const first = moved[0].length - lines[0].length;
    area.setSelectionRange(Math.max(start, from + first), to + moved.join("\n").length - (end - start));
  }

  function keys(area, run) {
    let leaving = false;
    area.addEventListener("keydown", (event) => {
      const {selectionStart: from, selectionEnd: to, value} = area;
      if (event.key === "Escape") { leaving = true; return; }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.shiftKey)) run();
      else if (event.key === "Tab" && !leaving && !event.ctrlKey && !event.altKey) {
        if (event.shiftKey || value.slice(from, to).includes("\n")) shift(area, event.shiftKey);
        else insert(area, " ".repeat(4 - (from - value.lastIndexOf("\n", from - 1) - 1) % 4));
      } else if (event.key === "Enter" && !event.isComposing) {
        const line = value.slice(value.lastIndexOf("\n", from - 1) + 1, from);
        insert(area, `\n${line.match(/^ */)[0]}${/:\s*(#.*)?$/.test(line) ? "    " : ""}`);
      } else if (event.key === "Backspace" && from === to && /(^|\n) +$/.test(value.slice(0, from)) && (from - value.lastIndexOf("\n", from - 1) - 1) % 4 === 0) {
        area.setSelectionRange(from - 4, from);
        insert(area, "");
      } else {
        if (event.key !== "Shift") leaving = false;
        return;
      }
      leaving = false;
      event.preventDefault();
    });
    area.addEventListener("blur", () => { leaving = false; });
  }

  class Editor {
    constructor(label, text, run, changed) {
      this.note = make("span", {className: "otlec-saved"});
      this.area = make("textarea", {value: text, spellcheck: false, autocapitalize: "off", autocomplete: "off"});
      for (const [name, value] of [["autocorrect", "off"], ["aria-label", label], ["aria-description", "Tab indents. Escape, then Tab, leaves. Control and Enter run."]])
        this.area.setAttribute(name, value);
      this.area.addEventListener("input", () => { this.fit(); changed(); });
      keys(this.area, run);
      this.tools = make("div", {className: "otlec-tools", role: "group"});
      this.element = make("div", {className: "otlec-editor"}, this.area, this.tools);
      this.fit();
    }
    fit() { // where the style sheet (field-sizing) does not
      if (CSS.supports("field-sizing", "content")) return;
      this.area.style.height = "auto";
      if (this.area.scrollHeight) this.area.style.height = `${this.area.scrollHeight + 4}px`;
    }
    get text() { return this.area.value; }
    set text(value) { this.area.value = value; this.fit(); }
    saved(kept, at) {
      this.note.textContent = kept ? `Saved in this browser at ${at}.` :
        "Not saved: this browser keeps nothing here (a private window?). Download your notebook before you leave.";
      this.note.classList.toggle("otlec-unsaved", !kept);
    }
  }

  // Cells ----------------------------------------------------------------------------------------

  function digest(text) { // short, and the same in every build
    let h = 5381;
    for (const c of text) h = (h * 33 + c.codePointAt(0)) % 4294967296;
    return h.toString(36);
  }

  class Cell {
    constructor(element, index) {
      Object.assign(this, {element, index, ran: false, editor: null});
      this.input = element.querySelector(".cell_input");
      this.code = this.input.querySelector("pre").textContent.replace(/\n$/, "");
      this.key = `cell:${bar.dataset.page}:${digest(this.code)}`;
      this.output = null;
    }
    get text() { return this.editor ? this.editor.text : this.code; }
    get label() { return `cell ${this.index + 1}`; }

    offer() { // the button of a cell of a chapter
      const heavy = otlecPython.heavy?.[bar.dataset.page]?.[digest(this.code)];
      this.warning = heavy ? `In this page the cell takes about ${heavy} s.` : "";
      this.try = button("Try it", () => { this.edit(); this.editor.area.focus(); }, `Try it: ${this.label}`);
      this.mark = make("span", {className: "otlec-mark"});
      this.row = make("div", {className: "otlec-tools otlec-try"}, this.try, this.mark, make("span", {className: "otlec-saved", textContent: this.warning}));
      this.input.after(this.row);
      const kept = otlecStore.read(this.key);
      if (kept) { this.edit(kept.code); this.editor.saved(true, kept.at); }
    }

    edit(text = this.code) {
      this.input.closest("details")?.setAttribute("open", "");
      this.editor = new Editor(`Code of ${this.label}`, text, () => this.run(), () => this.changed());
      this.stopButton = button("Stop", () => python.stop());
      this.stopButton.hidden = true;
      this.editor.tools.append(button("Run", () => this.run()), this.stopButton, button("Back to the book's", () => this.back()), this.editor.note, this.mark);
      this.editor.element.append(make("span", {className: "otlec-saved", textContent: this.warning}));
      hide(this.input, this.row);
      this.row.after(this.editor.element);
      this.editor.fit();
      this.book = this.element.querySelector(".cell_output:not(.otlec-output)");
      this.output = new Output(`Output of ${this.label}`);
      this.output.element.hidden = true;
      (this.book || this.element.lastElementChild).after(this.output.element);
    }

    back() {
      this.changed(this.code);
      this.editor.element.remove();
      this.output.element.remove();
      this.editor = this.output = null;
      this.input.hidden = this.row.hidden = false;
      if (this.book) this.book.hidden = false;
      this.row.append(this.mark);
      this.try.focus();
    }

    changed(text = this.text) {
      const at = time(), same = text === this.code;
      const kept = otlecStore.write(this.key, same ? null : {code: text, at});
      if (same && this.editor) this.editor.note.textContent = ""; else this.editor.saved(kept, at);
      for (const cell of cells.slice(this.index)) if (cell.ran) cell.stale();
    }

    stale() { this.ran = false; this.mark.textContent = "Not run since a change."; }
    forget() { this.ran = false; if (this.mark) this.mark.textContent = ""; }

    async run() {
      const open = this.editor, before = cells.slice(0, this.index).filter((cell) => !cell.ran && !cell.check);
      if (this.running) return;
      this.running = true;
      open.tools.firstChild.disabled = true;
      this.stopButton.hidden = false;
      try {
        await python.start();
        for (const [k, cell] of [...before, this].entries()) {
          if (before.length) say(cell === this ? "Running this cell …" : `Running what stands above: ${k + 1} of ${before.length} …`);
          else say("Running …");
          const ok = await cell.execute(cell === this ? this : null);
          if (ok) continue;
          if (cell !== this && python.isReady) this.reveal().take({kind: "note", text: `A cell above (${cell.label}) did not run to its end; so this one was not run. ${cell.failure ?? ""}`});
          break;
        }
        if (python.isReady) say("Python is ready.");
      } catch (error) { this.reveal().take({kind: "note", text: error.message}); }
      this.running = false;
      open.tools.firstChild.disabled = false;
      this.stopButton.hidden = true;
      this.output?.show();
    }

    reveal() {
      this.output.clear();
      this.output.element.hidden = false;
      if (this.book) this.book.hidden = true;
      return this.output;
    }

    async execute(target) {
      const text = this.text;
      const output = this.editor ? this.reveal() : null;
      const failed = (item) => { if (item.kind === "error" || item.kind === "lack") this.failure = item.text.split("\n").pop(); };
      const ok = await python.run(text, this.label, (item) => { failed(item); output?.take(item); }, () => output?.clear());
      if (ok && text === this.text) { this.ran = true; this.mark.textContent = this.editor ? "" : "Run."; }
      if (ok && output && !output.element.childElementCount) output.take({kind: "note", text: "Done: this cell shows nothing."});
      return ok;
    }
  }

  // An exercise: the cell of the answer, and the one that checks it.
  class Exercise extends Cell {
    constructor(element, index, checkCell, name, answer) {
      super(element, index);
      Object.assign(this, {checkCell, name, answer, key: `exercise:${name}`, hints: 0});
      this.check = true;
    }
    get label() { return `exercise ${this.name}`; }

    offer() {
      const kept = otlecStore.read(this.key);
      this.mark = make("span", {className: "otlec-mark"});
      this.right = kept?.right;
      this.editor = new Editor(`Your answer to ${this.name}`, kept?.code ?? this.code, () => this.run(), () => this.changed());
      if (kept) this.editor.saved(true, kept.at);
      this.stopButton = button("Stop", () => python.stop());
      this.stopButton.hidden = true;
      this.resetButton = button("Reset", () => this.reset());
      this.editor.tools.append(button("Check", () => this.run(), `Check ${this.name}`), this.stopButton,
        button("Hint", () => { this.hints += 1; this.run(); }, `A hint for ${this.name}`), this.resetButton, this.mark, this.editor.note);
      this.output = new Output(`Verdict on ${this.name}`);
      hide(this.input, this.checkCell);
      this.element.append(this.editor.element, this.output.element);
      this.editor.fit();
      this.tick();
    }

    tick() {
      this.mark.textContent = this.right && this.right === this.text ? "✓ solved" : "";
      otlecStore.showTicks();
    }

    changed() {
      const at = time(), blank = this.text === this.code;
      const kept = otlecStore.write(this.key, blank && !this.right ? null : {code: this.text, right: this.right, at});
      if (blank && !this.right) this.editor.note.textContent = ""; else this.editor.saved(kept, at);
      this.resetButton.textContent = "Reset";
      this.tick();
    }

    reset() { // pressed once more, it takes it back
      const undo = this.resetButton.textContent !== "Reset";
      if (!undo) this.former = this.text;
      this.editor.text = undo ? this.former : this.code;
      this.changed();
      if (!undo && this.former !== this.code) this.resetButton.textContent = "Undo the reset";
    }

    fill(code) { this.editor.text = code; this.changed(); }
    forget() {}
    stale() {}

    async execute() {
      const {text, output} = this;
      output.clear();
      const run = (source, name) => python.run(source, name, (item) => output.take(item), () => output.clear());
      const hint = this.hints ? `, hint=${this.hints}` : "";
      const ok = await run(text, this.label) && await run(`otlec.check("${this.name}", ${this.answer}${hint})`, `check of ${this.name}`);
      if (ok && output.status === "right") this.right = text;
      else if (ok && this.right === text) this.right = null;
      if (ok) this.changed();
      return ok;
    }
    reveal() { this.output.clear(); return this.output; }
  }

  function collect() {
    const found = [...document.querySelectorAll(".bd-article .cell")].filter((cell) => cell.querySelector(".cell_input pre"));
    const code = (cell) => cell.querySelector(".cell_input pre").textContent.trim();
    const taken = new Set();
    for (const element of found) {
      if (taken.has(element)) continue;
      const next = found[found.indexOf(element) + 1];
      const check = element.classList.contains("tag_exercise") && next && code(next).match(/^otlec\.check\("([\w.-]+)", (\w+)\)$/);
      if (check) taken.add(next);
      cells.push(check ? new Exercise(element, cells.length, next, check[1], check[2]) : new Cell(element, cells.length));
    }
  }

  // Notebooks ------------------------------------------------------------------------------------

  const CHECK = /otlec\.check\("([\w.-]+)", (\w+)/;
  const exercises = () => cells.filter((cell) => cell.check);

  // The students' notebook stands in the site as a script that calls otlecSave, for readers from a folder.
  async function template() {
    const before = window.otlecSave;
    let text;
    window.otlecSave = (name, content) => { text = content; };
    try { await bring(`../../exercises/${bar.dataset.page}.ipynb.js`); } finally { window.otlecSave = before; }
    return JSON.parse(text);
  }

  // Where a notebook answers an exercise: the last cell above the check that defines it.
  function answers(notebook) {
    const found = new Map(), code = notebook.cells.filter((cell) => cell.cell_type === "code");
    const text = (cell) => (Array.isArray(cell.source) ? cell.source.join("") : String(cell.source ?? ""));
    code.forEach((cell, k) => {
      const match = text(cell).match(CHECK);
      if (!match) return;
      const defines = new RegExp(`^(def +${match[2]}\\b|${match[2]} *=)`, "m");
      const place = code.slice(0, k).findLast((other) => defines.test(text(other)));
      if (place) found.set(match[1], {cell: place, code: text(place)});
    });
    return found;
  }

  async function download() {
    let notebook;
    try { notebook = await template(); } catch (error) {
      return say("The notebook of this page could not be loaded: look at your network, and press again.");
    }
    const places = answers(notebook);
    for (const exercise of exercises())
      if (places.has(exercise.name)) places.get(exercise.name).cell.source = exercise.text;
    const file = new Blob([`${JSON.stringify(notebook, null, 1)}\n`], {type: "application/x-ipynb+json"});
    const link = make("a", {href: URL.createObjectURL(file), download: `${bar.dataset.page}.ipynb`});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say(`Your notebook is ${bar.dataset.page}.ipynb, in your downloads.`);
  }

  async function upload(file) {
    let found;
    try { found = answers(JSON.parse(await file.text())); } catch (error) {
      return say(`${file.name} is no notebook: choose a file that ends in .ipynb.`);
    }
    const mine = exercises().filter((exercise) => found.has(exercise.name));
    if (!mine.length) return say(`${file.name} has no exercise of this page.`);
    const differ = mine.filter((e) => e.text !== e.code && e.text !== found.get(e.name).code).map((e) => e.name);
    if (differ.length && !confirm(`Replace your answers to ${differ.join(", ")} by those of ${file.name}?`)) return;
    for (const exercise of mine) exercise.fill(found.get(exercise.name).code);
    say(`Taken from ${file.name}: ${mine.map((exercise) => exercise.name).join(", ")}. Check them to see their verdicts.`);
  }

  function offerNotebooks() {
    const chooser = make("input", {type: "file", accept: ".ipynb", hidden: true, onchange() { upload(this.files[0]); this.value = ""; }});
    chooser.setAttribute("aria-label", "A notebook to load");
    bar.append(make("div", {className: "otlec-tools"},
      button("Download my notebook", download), button("Load a notebook", () => chooser.click()), chooser));
  }

  // The page -------------------------------------------------------------------------------------

  function open(element, folder, loader) {
    if (opened) return;
    opened = true;
    [bar, here, bring] = [element, folder, loader];
    status = bar.querySelector("p");
    progress = make("progress", {max: 1, hidden: true});
    progress.setAttribute("aria-label", "Python on its way");
    status.after(progress);
    collect();
    for (const cell of cells) cell.offer();
    for (const cell of cells) cell.editor?.fit(); // now that they stand in the page
    addEventListener("resize", () => cells.forEach((cell) => cell.editor?.fit()));
    if (exercises().length) offerNotebooks();
    if (!otlecStore.works) say("This browser keeps nothing here (a private window?): download your notebook before you leave.");
    else if (!python.ready) say("Here is what you wrote, from this browser. Python comes when you press the button, or run something.");
    addEventListener("storage", elsewhere);
  }

  function elsewhere({key, newValue}) { // another tab has written
    const cell = cells.find((one) => key === `otlec:${one.key}` && one.editor);
    const text = newValue && JSON.parse(newValue).code;
    if (!cell || text === null || text === cell.text) return;
    const take = button("Take it over", () => { cell.editor.text = text; cell.changed(); });
    cell.editor.note.replaceChildren("Another tab has saved a newer version. ", take);
  }

  function start() {
    bar.querySelector("button").hidden = true;
    python.start().catch(() => {});
  }

  return {open, start};
})();
