/* Python in a worker: what page.js starts from a Blob, so that it also works from a folder. The function is
   written out as text there, and sees nothing of the page; all that comes in and goes out are messages. */
const otlecWorker = function () {
  "use strict";
  let python, startup, settings, got = 0;
  const verified = new Map(); // what was fetched and checked, by its address
  const fetchIt = self.fetch.bind(self);
  const tell = (kind, rest) => self.postMessage({kind, ...rest});

  class Trouble extends Error {
    constructor(reason, detail) { super(detail); this.reason = reason; }
  }

  // Pyodide asks for its files by fetch: it gets those that were checked.
  self.fetch = (address, options) => {
    const bytes = verified.get(String(address.url || address));
    if (!bytes) return fetchIt(address, options);
    const type = String(address).endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return Promise.resolve(new Response(bytes, {headers: {"content-type": type}}));
  };

  const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");

  const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  // A page from a folder may read no file but scripts: in an archive Python is a few of these (archive.py).
  const asked = new Map();
  function given({address, text}) {
    if (text === null) asked.get(address).failed(new Trouble("absent", address));
    else asked.get(address).done(decode(text));
  }
  const ask = (address) => new Promise((done, failed) => {
    asked.set(address, {done, failed});
    tell("ask", {address});
  });

  function count(size) {
    got += size;
    tell("progress", {got});
  }

  async function download(address) {
    let answer;
    try { answer = await fetchIt(address, {credentials: "omit"}); }
    catch (error) { throw new Trouble(self.navigator.onLine === false ? "offline" : "blocked", address); }
    if (!answer.ok) throw new Trouble("absent", `${address} (${answer.status})`);
    const parts = [], reader = answer.body.getReader();
    for (;;) {
      let step;
      try { step = await reader.read(); } catch (error) { throw new Trouble("broken", address); }
      if (step.done) break;
      parts.push(step.value);
      count(step.value.length);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  async function get(address, sha256) {
    const bytes = await (settings.scripts ? ask : download)(address);
    if (settings.scripts) count(bytes.length);
    // where a page is served without encryption, browsers check nothing
    if (sha256 && self.crypto.subtle && hex(await self.crypto.subtle.digest("SHA-256", bytes)) !== sha256)
      throw new Trouble("checksum", address);
    verified.set(address, bytes);
    return bytes;
  }

  const module = (bytes) => import(URL.createObjectURL(new Blob([bytes], {type: "text/javascript"})));

  async function load(names) { // packages and what they need, by the lock file
    const needed = new Set();
    const add = (name) => {
      const entry = settings.lock.packages[name];
      if (needed.has(name) || python.loadedPackages[name] || !entry) return;
      needed.add(name);
      (entry.depends || []).forEach(add);
    };
    names.forEach(add);
    if (!needed.size) return;
    await Promise.all([...needed].map((name) => {
      const {file_name: file, sha256} = settings.lock.packages[name];
      return get(new URL(file, settings.packages).href, sha256);
    }));
    await python.loadPackage([...needed], {messageCallback() {}, checkIntegrity: false}); // done above
  }

  async function start(message) {
    settings = message;
    const core = (name) => get(settings.core + name, settings.sha256[name]);
    const names = Object.keys(settings.sha256);
    const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await core(name)])));
    settings.lock = JSON.parse(new TextDecoder().decode(files["pyodide-lock.json"]));
    tell("step", {text: "Starting Python"});
    await module(files["pyodide.asm.js"]);
    const {loadPyodide} = await module(files["pyodide.mjs"]);
    python = await loadPyodide({
      indexURL: settings.core, packageBaseUrl: settings.packages,
      stdout() {}, stderr() {},
    });
    await load(settings.first);
    const unpack = (name) => python.unpackArchive(decode(settings.files[name]), "bztar", {extractDir: "/lib"});
    if (settings.files.otlec) unpack("otlec"); // the others when they are first imported, which most pages never do
    if (settings.kernels) {
      const run = (0, eval); // the scripts of live figures, as they are
      const [kernels, types] = await run(`${settings.kernels}
        otlecKernels.load(otlecCompiled).then((kernels) => [kernels, otlecCompiled.types])`);
      self.otlecCompiledKernels = kernels.lend(() => python._module.HEAPU8.buffer);
      self.otlecCompiledTypes = types;
    }
    // The clock of otlec.check: Python looks here at every few lines whether a signal has come. Python runs at
    // half of its speed here, or less: a second lasts twice as long.
    let deadline = Infinity, every = 0;
    python.setInterruptBuffer({
      get 0() {
        if (performance.now() < deadline) return 0;
        deadline = every ? performance.now() + every : Infinity;
        return 14; // SIGALRM
      },
      set 0(value) { /* Python says that it has seen it */ },
    });
    python.FS.writeFile("/lib/otlec_startup.py", settings.startup);
    python.runPython("import sys; sys.path.append('/lib')");
    startup = python.pyimport("otlec_startup");
    startup.unpack = unpack;
    startup.packed = python.toPy(Object.keys(settings.files).filter((name) => name !== "otlec"));
    startup.post = (kind, type, text) => tell("output", {output: {kind, type, text}});
    startup.set_alarm = (seconds, interval) => {
      deadline = seconds > 0 ? performance.now() + 2000 * seconds : Infinity;
      every = 1000 * interval;
    };
    startup.reset();
    tell("ready", {version: python.runPython("sys.version.split()[0]")});
  }

  async function run({source, name}) {
    for (;;) {
      const result = startup.run(source, name);
      const [word, missing] = result.split(" ", 2);
      if (word !== "missing") return tell("done", {ok: result === ""});
      const text = result.slice(`missing ${missing} `.length);
      const packages = settings.lock.packages; // sklearn is in scikit-learn
      const found = Object.keys(packages).find((one) => packages[one].imports?.includes(missing));
      if (!found || python.loadedPackages[found] || (settings.has && !settings.has.includes(found))) {
        tell("output", {output: {kind: "error", type: "ModuleNotFoundError", text, missing}});
        return tell("done", {ok: false});
      }
      tell("step", {text: `Fetching ${missing}, which this needs`, again: true});
      try { await load([found]); } catch (error) { // Python lives on, with all that the cells have computed
        if (!error.reason) throw error;
        tell("output", {output: {kind: "lack", type: error.reason, text: error.message}});
        return tell("done", {ok: false});
      }
    }
  }

  self.onmessage = async ({data}) => {
    if (data.kind === "given") return given(data);
    try {
      await (data.kind === "start" ? start(data) : run(data));
    } catch (error) {
      tell("trouble", {
        reason: error.reason || (error.pyodide_fatal_error || error instanceof RangeError ? "fatal" : "unknown"),
        detail: String(error.message || error).slice(0, 300), during: data.kind,
      });
    }
  };
};
