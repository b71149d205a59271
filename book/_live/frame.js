/* What stands around a live figure: tasks that it ticks, undo, links, and what is kept over a reload.

   A state is written as numbers only, name=1,2,3&name=4: in the address of a link, and in the storage
   of this browser. What is read back is checked against the first state of the figure: names, counts
   and ranges must be its own, and nothing is executed. Choices go by their place in the list. */
const otlecFrame = (() => {
  "use strict";
  const NUMBER = /^-?\d{1,5}(\.\d{1,17})?$/;
  const PREFIX = "#live:";
  const MOST_UNDONE = 200;
  const plain = (v) => v.toFixed(12).replace(/\.?0+$/, "");

  /* What is known of one entry of the state: its choices, its range, how many numbers it may have. */
  function rules(name, data, definition, state) {
    const control = (definition.controls ?? []).find((c) => c.slider === name || c.choice === name) ?? {};
    const first = data.state[name];
    const most = typeof control.max === "function" ? control.max(state) : control.max;
    const [low, high] = control.slider ? [control.min, most] : (definition.limits?.[name] ?? [0, 1]);
    const count = Array.isArray(first) ? first.length : 1;
    const [fewest, largest] = definition.sizes?.[name] ?? [count, count];
    const whole = control.step === 1 || definition.whole?.includes(name);
    return {options: control.options, low, high, fewest, largest, whole, list: Array.isArray(first), pairs: Array.isArray(first?.[0])};
  }

  function encode(state, data, definition) {
    return Object.keys(data.state).map((name) => {
      const {options} = rules(name, data, definition, state);
      const value = options ? options.indexOf(state[name]) : state[name];
      return `${name}=${[value].flat(2).map(plain).join(",")}`;
    }).join("&");
  }

  /* The state that a text describes, or null where it does not fit the figure. */
  function decode(text, data, definition) {
    const state = {}, fields = text.split("&").map((field) => field.split("="));
    if (fields.length !== Object.keys(data.state).length) return null;
    for (const [name, list, ...rest] of fields) {
      if (!Object.hasOwn(data.state, name) || Object.hasOwn(state, name) || !list || rest.length) return null;
      const words = list.split(",");
      if (!words.every((word) => NUMBER.test(word))) return null;
      const rule = rules(name, data, definition, state), values = words.map(Number);
      if (rule.options) {
        if (values.length !== 1 || !(values[0] in rule.options)) return null;
        state[name] = rule.options[values[0]];
        continue;
      }
      const count = rule.pairs ? values.length / 2 : values.length;
      if (!Number.isInteger(count) || count < rule.fewest || count > rule.largest) return null;
      if (!values.every((v) => v >= rule.low && v <= rule.high && (!rule.whole || Number.isInteger(v)))) return null;
      if (rule.pairs) state[name] = Array.from({length: count}, (_, k) => values.slice(2 * k, 2 * k + 2));
      else state[name] = rule.list ? values : values[0];
    }
    return definition.fits?.(state) === false ? null : state;
  }

  /* What the address says to this figure: nothing, a state, or null for one that does not fit. */
  function fromAddress(name, data, definition) {
    const [figure, ...fields] = decodeURIComponent(location.hash).slice(PREFIX.length).split("&");
    if (!location.hash.startsWith(PREFIX) || figure !== name) return undefined;
    return decode(fields.join("&"), data, definition);
  }
  const address = (name, text) => `${location.href.split("#")[0]}${PREFIX}${name}&${text}`;

  /* The storage of this browser, which may be shut: then what is kept lasts for this visit. */
  function storage(name, page = location.pathname.split("/").pop()) {
    const key = `otlec-live:${page}:${name}`;
    return {
      read() { try { return localStorage.getItem(key); } catch { return null; } },
      write(text) { try { text === null ? localStorage.removeItem(key) : localStorage.setItem(key, text); } catch { /* for this visit */ } },
    };
  }

  /* What several figures show alike: told to those of this page, and kept for those of other pages. */
  const common = storage("shared", "all");
  function share(root, values) {
    common.write(Object.entries(values).map(([name, list]) => `${name}=${list.map(plain).join(",")}`).join("&"));
    root.dispatchEvent(new CustomEvent("otlec-shared", {bubbles: true, detail: values}));
  }
  function shared(state, data, definition) {
    const text = definition.shared && common.read(), found = {};
    if (!text) return found;
    const rest = encode(state, data, definition).split("&").filter((field) => !definition.shared.includes(field.split("=")[0]));
    const whole = decode([text, ...rest].join("&"), data, definition);
    for (const name of whole ? definition.shared : []) found[name] = whole[name];
    return found;
  }

  /* The states before: one a gesture, so that a whole drag is undone at once. */
  function history(current) {
    const past = [];
    let gesture = null;
    return {
      get length() { return past.length; },
      note(name = null) {
        if (name === null || name !== gesture) past.push(structuredClone(current()));
        if (past.length > MOST_UNDONE) past.shift();
        gesture = name;
      },
      end() { gesture = null; },
      back() { gesture = null; return past.pop(); },
    };
  }

  /* The list of tasks: it ticks those that the computed numbers fulfil, and says so once. */
  function tasks(root, judges = []) {
    const items = [...root.querySelectorAll(".otlec-tasks li")], done = new Set();
    const said = Object.assign(document.createElement("p"), {className: "otlec-said"});
    said.setAttribute("role", "status");
    root.querySelector(".otlec-label").after(said);
    const show = () => items.forEach((item, k) => {
      item.classList.toggle("otlec-done", done.has(k));
      if (done.has(k)) item.setAttribute("aria-label", `Done: ${item.textContent}`);
      else item.removeAttribute("aria-label");
    });
    return {
      say(text) { said.textContent = text; },
      judge(state, facts) {
        judges.forEach((fulfilled, k) => {
          if (done.has(k) || !fulfilled(facts, state)) return;
          done.add(k);
          said.textContent = items.length > 1 ? `Task ${k + 1} of ${items.length} is done.` : "The task is done.";
          show();
        });
      },
      get text() { return [...done].sort().join(","); },
      set text(list) {
        done.clear();
        for (const word of list.split(",")) if (/^\d$/.test(word) && +word < items.length) done.add(+word);
        show();
      },
    };
  }

  return {encode, decode, fromAddress, address, storage, share, shared, history, tasks};
})();
