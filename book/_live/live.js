/* Live figures: pictures that are solved again, by the compiled kernels, whenever the reader moves
   something. book/_live/stills.py says what a figure shows and draws its still frame; figures.js says
   how it is solved; this file joins the two: pointers, keys, controls, the readout, the copied cell.

   A figure is {solve, handles, controls, every, tasks, limits, sizes, whole, fits}:
     solve(state, kernels, held) gives {layers, text, facts}, and may do less while a finger holds it: for each panel the arrays of each of its layers, in
       the order of the still frame, and the readout, in the words that the copied cell prints (and in `more` what it does not);
     tasks judge what the reader has reached, in the order of stills.py, from the facts of solve;
     limits, sizes, whole and fits say which states a link may carry (frame.js);
     handles lists what can be dragged or painted: {panel, paint, where, move, name, tap}, where a
       click beside all of them brings number `tap` there;
     a handle may have number(k, state), which is written beside it, and typed: [{label, read, write}],
       what is typed in place of its coordinates;
     where panels name their steps (moving.py), the number of the handle that is pointed at has a frame there;
     crowded makes the panels that only show small on a phone, where there are but two;
     shared names what is the same in all figures of this book that share it;
     controls lists sliders, choices and buttons: {slider|choice|button, label, ...};
     every(state), if given, is called in each frame while state.running is true.
   State is plain data, so that it can be reset, and copied as Python. */
const otlecLive = (() => {
  "use strict";
  const REACH = 30; // how far from a handle a finger may land, in px of the picture
  const figures = {};
  const element = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  // What is as before is not written again: each write costs the frame a style, a layout and a paint.
  const renew = (node, name, value) => { if (node[name] !== value) node[name] = value; };
  const mark = (node, name, value) => { if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value); };

  /* The readout while something moves: digits that nobody can read are left out until it rests. */
  const short = (text) => text.replace(/-?\d+\.\d{5,}/g, (v) => (+(+v).toFixed(4) + 0).toFixed(4));

  let loading = null;
  const kernels = () => (loading ??= otlecKernels.load(otlecCompiled));

  /* A cell of Python that makes this instance, and prints the readout. */
  function python(state, code) {
    const value = (v) => (Array.isArray(v) ? `np.array(${JSON.stringify(v)})` : typeof v === "string" ? JSON.stringify(v) : String(v));
    const lines = Object.entries(state).filter(([name]) => name !== "running" && name !== "brush").map(([name, v]) => `${name} = ${value(v)}`);
    return ["import numpy as np", "import otlec", "", ...lines, "", code].join("\n");
  }

  function mount(root) {
    const data = JSON.parse(root.querySelector(".otlec-data").textContent);
    const definition = figures[root.dataset.figure], output = root.querySelector("output");
    const panels = [...root.querySelectorAll("svg.otlec-panel")];
    const name = root.dataset.figure, kept = otlecFrame.storage(name), tasks = otlecFrame.tasks(root, definition.tasks);
    let state = structuredClone(data.state), solver = null, waiting = false, touched = false, held = false, saving = 0, near = false;
    const past = otlecFrame.history(() => state);

    function render() {
      waiting = false;
      const start = performance.now();
      let result;
      try {
        if (state.running) definition.every(state, solver);
        result = definition.solve(state, solver, held);
      } catch (error) {
        state.running = false;
        otlecMoving.typeset(output, error.message);
        return;
      }
      result.layers.forEach((layers, p) =>
        layers.forEach((arrays, k) => {
          if (!arrays) return;
          const layer = {...data.panels[p].layers[k], ...arrays};
          const group = panels[p].querySelector(`[data-layer="${k}"]`);
          if (arrays.image) paintImage(group, layer);
          else otlecMoving.draw(group, data.panels[p], layer, arrays, 0);
        }));
      const text = result.text + (result.more ?? "");
      otlecMoving.typeset(output, held || state.running ? short(text) : text);
      if (touched && !held) tasks.judge(state, result.facts);
      rings.forEach((ring) => ring());
      controls.forEach((refresh) => refresh());
      root.dataset.ms = performance.now() - start;
      root.dataset.frames = +(root.dataset.frames ?? 0) + 1;
      if (state.running) ask();
    }
    // At most one solve a frame, whatever the pointer does; none before the reader comes near, or something changes.
    function ask() {
      if (!near && !touched) return;
      if (!waiting) requestAnimationFrame(render);
      waiting = true;
    }
    function change() {
      touched = true;
      definition.changed?.(state);
      ask();
      saveSoon();
    }
    function saveSoon() {
      clearTimeout(saving);
      saving = setTimeout(save, 250);
    }
    // A task is judged where the reader lets go, not wherever a drag passes.
    root.addEventListener("pointerdown", () => { held = true; }, true);
    const release = () => {
      if (held && touched) {
        ask();
        saveSoon();
      }
      held = false;
    };
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, true);
    addEventListener("pagehide", () => { if (saving) save(); });
    function save() {
      clearTimeout(saving);
      saving = 0;
      kept.write(`${otlecFrame.encode(state, data, definition)}#${tasks.text}`);
      if (definition.shared) otlecFrame.share(root, Object.fromEntries(definition.shared.map((key) => [key, state[key]])));
    }
    function replace(next) {
      state = {...next, running: false};
      change();
    }

    const large = (p) => definition.handles.some((h) => h.panel === p && !h.small);
    const tall = root.closest(".reveal") ? -1 : data.panels.findIndex((panel, p) => panel.equal && large(p));
    panels.forEach((panel, p) => panel.classList.toggle("otlec-half", (panels.length > 2 || tall >= 0 || definition.crowded === true) && !large(p)));
    if (tall >= 0) stand(panels[tall], data.panels[tall].box);
    const typed = element("div", {className: "otlec-typed"});
    const boxes = element("details", {className: "otlec-boxes"}, element("summary", {textContent: "Type the numbers"}), typed);
    boxes.addEventListener("toggle", () => rings.forEach((ring) => ring()));
    const hint = () => tasks.say("To move it up or down, hold it for a moment, or begin sideways.");
    const rings = definition.handles.map((handles) => grip(panels[handles.panel], data.panels[handles.panel], handles, () => state, change, past, typed, hint));
    const row = element("div", {className: "otlec-controls"}), controls = [];
    row.addEventListener("keydown", (event) => event.stopPropagation());
    for (const control of definition.controls ?? []) {
      const [node, refresh] = widget(control, () => state, change, past, () => solver);
      row.append(node);
      controls.push(refresh);
    }
    const button = (label, press) => {
      const node = element("button", {type: "button", textContent: label});
      node.addEventListener("click", () => press(node));
      return node;
    };
    const undo = button("Undo", () => { if (past.length) replace(past.back()); });
    controls.push(() => mark(undo, "aria-disabled", !past.length));
    const reset = button("Reset", () => {
      past.note();
      replace(structuredClone(data.state));
      touched = false;
      save();
      kept.write(tasks.text ? `#${tasks.text}` : null);
      tasks.say(tasks.text ? "Begun anew; what you have solved stays ticked." : "Begun anew.");
    });
    const copy = button("Copy as Python", (node) => hand(node, (root.dataset.python = python(state, data.code))));
    const link = button("Copy link", (node) => hand(node, (root.dataset.link = otlecFrame.address(name, otlecFrame.encode(state, data, definition)))));
    const row2 = element("div", {className: "otlec-controls otlec-actions"}, undo, reset, copy, link);
    if (data.all && !root.closest(".reveal")) {
      const here = location.pathname.split("/").pop(), there = here === "live.html" ? `${data.home}.html` : "live.html";
      if (here !== there) row.append(element("a", {href: `${there}#live-${name}`, textContent: here === "live.html" ? "In its chapter" : "All figures"}));
    }
    row2.addEventListener("keydown", (event) => event.stopPropagation());

    /* The state that the address or this browser remembers. */
    function recall() {
      const [text, ticks] = (kept.read() ?? "").split("#"), sent = otlecFrame.fromAddress(name, data, definition);
      const before = text ? otlecFrame.decode(text, data, definition) : null;
      if (ticks && (before || !text)) tasks.text = ticks;
      if (sent || before) state = {...(sent ?? before), running: false};
      if (!sent) Object.assign(state, otlecFrame.shared(state, data, definition));
      if (sent === null) tasks.say("The link does not fit this figure: its numbers are not used.");
      else if (sent) tasks.say("As in the link; Reset begins anew.");
      else if (before) tasks.say("As you left it; Reset begins anew.");
      if (sent !== undefined) root.scrollIntoView();
    }
    if (definition.shared) document.addEventListener("otlec-shared", (event) => {
      if (event.target === root) return;
      Object.assign(state, structuredClone(event.detail));
      definition.shared.then?.(state);
      ask();
    });
    window.addEventListener("hashchange", () => {
      const sent = otlecFrame.fromAddress(name, data, definition);
      if (sent === undefined) return;
      if (sent) past.note();
      if (sent) replace(sent);
      tasks.say(sent ? "As in the link; Undo goes back." : "The link does not fit this figure: its numbers are not used.");
      root.scrollIntoView();
    });

    kernels().then((found) => {
      solver = found;
      root.querySelector(".otlec-label").before(row);
      if (root.closest(".reveal")) row.append(...row2.childNodes); // a slide has no room for one more row
      else root.querySelector(".otlec-said").after(row2);
      row.insertBefore(boxes, row.querySelector(":scope > a"));
      recall();
      otlecMoving.typesetAll(root);
      root.classList.add("otlec-ready");
      root.otlec = {get state() { return state; }, set(next) { Object.assign(state, next); change(); }, kernels: solver};
      whenNear(root, () => { near = true; ask(); });
    }).catch((error) => complain(root, error.message));
  }

  /* A figure far below costs nothing: until it is a screen away, its still frame stands there. */
  function whenNear(root, begin) {
    if (!("IntersectionObserver" in globalThis) || root.closest(".reveal")) return begin();
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      begin();
    }, {rootMargin: "100% 0px"});
    seen.observe(root);
  }

  /* On a phone a panel with equal units is cut to its square, and stands beside two others. */
  function stand(svg, [left, , right]) {
    const phone = matchMedia("(max-width: 600px)"), whole = svg.getAttribute("viewBox"), height = whole.split(" ")[3];
    svg.classList.add("otlec-tall");
    const fit = () => svg.setAttribute("viewBox", phone.matches ? `${left - 6} 0 ${right - left + 12} ${height}` : whole);
    phone.addEventListener("change", fit);
    fit();
  }

  /* Put a text on the clipboard, and say so on the button. */
  async function hand(node, text) {
    const label = (node.dataset.label ??= node.textContent);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element("textarea", {value: text});
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    node.textContent = "Copied";
    setTimeout(() => (node.textContent = label), 1500);
  }

  /* Cells as an image: a picture of thousands of cells is too slow as shapes. */
  function paintImage(group, layer) {
    const [rows, cols] = layer.shape, canvas = group.canvas ??= element("canvas", {width: cols, height: rows});
    const context = canvas.getContext("2d"), image = context.createImageData(cols, rows), pixels = image.data;
    group.style.color ||= `var(--otlec-${layer.color})`;
    const [r, g, b] = getComputedStyle(group).color.match(/\d+/g).map(Number);
    for (let i = 0, k = 0; i < rows; i++)
      for (let j = 0, at = 4 * (rows - 1 - i) * cols; j < cols; j++, k++, at += 4) {
        pixels[at] = r;
        pixels[at + 1] = g;
        pixels[at + 2] = b;
        pixels[at + 3] = 255 * Math.min(Math.max(layer.image[k], 0), 1);
      }
    context.putImageData(image, 0, 0);
    group.querySelector("image").setAttribute("href", canvas.toDataURL());
  }

  /* Whether a number is being typed: a redrawing must not replace what stands there so far. */
  function typing(input) {
    let edited = false;
    input.addEventListener("input", () => (edited = true));
    for (const end of ["change", "blur"]) input.addEventListener(end, () => (edited = false));
    return () => edited;
  }

  /* Dragging and painting in one panel, by mouse, finger and keys. */
  function grip(svg, panel, handles, state, change, past, typed, hint) {
    const [left, top, right, bottom] = panel.box, [x0, x1] = panel.xlim, [y0, y1] = panel.ylim;
    const toPage = ([x, y]) => [left + ((x - x0) / (x1 - x0)) * (right - left), bottom - ((y - y0) / (y1 - y0)) * (bottom - top)];
    const fromPage = (u, v) => [x0 + ((u - left) / (right - left)) * (x1 - x0), y0 + ((bottom - v) / (bottom - top)) * (y1 - y0)];
    const clamp = (v, a, b) => Math.min(Math.max(v, Math.min(a, b)), Math.max(a, b));
    let chosen = 0, last = null;
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    ring.setAttribute("class", "otlec-ring");
    for (const [key, value] of Object.entries({r: 8, fill: "none", stroke: "currentColor", "pointer-events": "none"})) ring.setAttribute(key, value);
    svg.append(ring);
    for (const [key, value] of Object.entries({tabindex: 0, role: "slider", "aria-label": handles.name, "aria-valuemin": 1}))
      svg.setAttribute(key, value);
    svg.classList.add("otlec-grip");

    // The chosen handle as numbers: which one, and where it is.
    const box = (label, read, write) => {
      const input = element("input", {type: "number", step: "any"}), node = element("label", {}, `${label} `, input);
      input.setAttribute("aria-label", `${label}, of ${handles.name}`);
      const edited = typing(input);
      input.addEventListener("change", () => { if (Number.isFinite(input.valueAsNumber)) write(input.valueAsNumber); show(); });
      input.addEventListener("keydown", (event) => event.stopPropagation());
      node.refresh = () => { if (!edited()) renew(input, "value", String(+read().toFixed(4))); };
      return node;
    };
    const at = () => handles.where(state())[chosen];
    const numbers = handles.typed?.map(({label, read, write}) => box(label, () => read(state()), (v) => { past.note(); write(state(), v); change(); })) ?? [
      box("no.", () => chosen + 1, (v) => { chosen = clamp(Math.round(v), 1, handles.where(state()).length) - 1; }),
      ...(handles.paint ? [] : [box("x", () => at()[0], (v) => { past.note(); move(chosen, v, at()[1]); })]),
      box(handles.paint ? "height" : "y", () => at()[1], (v) => { past.note(); move(chosen, at()[0], v); }),
    ];
    typed.append(element("span", {className: "otlec-typing"}, `${handles.name}: `, ...numbers));

    const written = []; // the numbers beside the handles
    function number(at, k) {
      const [u, v] = toPage(at);
      const node = written[k] ??= svg.appendChild(Object.assign(document.createElementNS(ring.namespaceURI, "text"), {textContent: handles.number(k, state())}));
      mark(node, "class", "otlec-number");
      mark(node, "data-name", node.textContent);
      mark(node, "x", u + (u > right - 24 ? -15 : 7));
      mark(node, "y", v + (v < top + 18 ? 17 : -6));
    }
    function show() {
      const where = handles.where(state());
      if (handles.number) where.forEach(number);
      chosen = Math.min(chosen, where.length - 1);
      const [x, y] = where[chosen], [u, v] = toPage([x, y]);
      mark(ring, "cx", u);
      mark(ring, "cy", v);
      if (typed.parentNode.open) for (const number of numbers) number.refresh();
      if (svg.classList.contains("otlec-held")) return; // what is read aloud waits for the finger
      mark(svg, "aria-valuemax", where.length);
      mark(svg, "aria-valuenow", chosen + 1);
      const said = handles.typed?.map(({label, read}) => `${label} ${read(state()).toFixed(2)}`).join(", ")
        ?? `${chosen + 1} of ${where.length}, at ${x.toFixed(2)}, ${y.toFixed(2)}`;
      mark(svg, "aria-valuetext", `${said}; arrows move it${where.length > 1 ? ", Page Up and Page Down choose another" : ""}`);
    }
    function move(k, x, y) {
      // four decimals: what is copied, linked and drawn is the same number
      handles.move(state(), k, +clamp(x, x0, x1).toFixed(4), +clamp(y, y0, y1).toFixed(4));
      change();
    }
    function place(event) {
      const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return [p.x, p.y];
    }
    const within = (u, v, k) => { const [s, t] = toPage(handles.where(state())[k]); return Math.hypot(s - u, t - v) < REACH; };
    function nearest(u, v) {
      let best = -1, least = Infinity;
      handles.where(state()).forEach((at, k) => {
        const [s, t] = toPage(at), d = handles.paint ? Math.abs(s - u) : Math.hypot(s - u, t - v);
        if (d < least) [best, least] = [k, d];
      });
      return handles.paint || least < REACH ? best : (handles.tap ?? -1);
    }
    // What is pointed at is shown wherever it is named: the bar, the atom, the row of a matrix.
    let lit = -1;
    function light(k) {
      if (k !== lit) for (const node of svg.closest(".otlec-panels").querySelectorAll("[data-name]"))
        node.classList.toggle("otlec-here", node.dataset.name === String(k + 1));
      lit = k;
    }
    svg.addEventListener("pointermove", (event) => light(svg.classList.contains("otlec-held") ? chosen : nearest(...place(event))));
    svg.addEventListener("pointerleave", () => light(-1));
    svg.addEventListener("focus", () => light(chosen));
    svg.addEventListener("blur", () => light(-1));
    // What the figure takes, neither the page nor a slide show may take too.
    const hold = (event) => { event.preventDefault(); event.stopPropagation(); };
    const near = (event) => nearest(...place(event)) >= 0;
    otlecMoving.take(svg, {begin, follow, wanted: near, passed: () => { if (!handles.paint) hint(); }});
    function begin(event) {
      const [u, v] = place(event), k = nearest(u, v);
      if (k < 0) return false;
      hold(event);
      svg.focus({preventScroll: true});
      chosen = k;
      last = k;
      past.note();
      if (handles.paint || (k === handles.tap && !within(u, v, k))) move(k, ...fromPage(u, v));
      show();
    }
    function follow(event) {
      const [u, v] = place(event);
      if (handles.paint) {
        // a quick stroke passes over bars between two events: paint those too
        chosen = nearest(u, v);
        const step = Math.sign(chosen - last) || 1;
        for (let k = last; k !== chosen + step; k += step) move(k, ...fromPage(u, v));
        last = chosen;
      } else move(chosen, ...fromPage(u, v));
    }
    svg.addEventListener("keydown", (event) => {
      const n = handles.where(state()).length, many = event.shiftKey ? 5 : 1;
      const choose = {PageDown: 1, PageUp: -1}[event.key] ?? (handles.paint && {ArrowRight: 1, ArrowLeft: -1}[event.key]);
      const arrow = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
      if (!choose && !arrow) return;
      hold(event);
      if (choose) light((chosen = (chosen + choose + n) % n));
      else {
        const [x, y] = at();
        past.note();
        move(chosen, x + (arrow[0] * many * Math.abs(x1 - x0)) / 50, y + (arrow[1] * many * Math.abs(y1 - y0)) / 50);
      }
      show();
    });
    return show;
  }

  /* A slider, a choice or a button: its node, and what brings it up to date. */
  function widget(control, state, change, past, solver) {
    if (control.button) {
      const node = element("button", {type: "button"});
      node.addEventListener("click", () => { past.note(); control.press(state(), solver()); change(); });
      const text = () => renew(node, "textContent", typeof control.button === "function" ? control.button(state()) : control.button);
      return text(), [node, text];
    }
    const label = element("label"), name = control.slider ?? control.choice;
    if (control.choice) {
      const select = element("select", {}, ...control.options.map((v) => element("option", {value: v, textContent: v})));
      select.addEventListener("change", () => { past.note(); state()[name] = typeof control.options[0] === "number" ? +select.value : select.value; control.then?.(state()); change(); });
      label.append(`${control.label} `, select);
      return [label, () => renew(select, "value", String(state()[name]))];
    }
    const input = element("input", {type: "range", min: control.min, max: control.max, step: control.step});
    const shown = element("input", {type: "number", className: "otlec-value", step: "any"});
    shown.setAttribute("aria-label", `${control.label}, as a number`);
    const put = (value, gesture) => { past.note(gesture); state()[name] = value; control.then?.(state()); change(); };
    input.addEventListener("input", () => put(+input.value, name));
    input.addEventListener("change", () => past.end());
    const edited = typing(shown);
    shown.addEventListener("change", () => {
      const value = control.step === 1 ? Math.round(shown.valueAsNumber) : shown.valueAsNumber;
      if (Number.isFinite(value)) put(+Math.min(Math.max(value, input.min), input.max).toFixed(5));
      else refresh();
    });
    const refresh = () => {
      renew(input, "max", String(typeof control.max === "function" ? control.max(state()) : control.max));
      if (+input.value !== +state()[name]) input.value = state()[name];
      if (!edited()) renew(shown, "value", String(+(+state()[name]).toFixed(4)));
    };
    label.append(`${control.label} `, input, shown);
    return [label, refresh];
  }

  function complain(root, reason) {
    root.append(element("p", {className: "otlec-still", textContent: `This is a still picture: the kernel cannot run in this browser (${reason}).`}));
  }

  function start() {
    const lacking = [["WebAssembly", "WebAssembly"], ["DecompressionStream", "DecompressionStream"]].filter(([name]) => !(name in globalThis));
    for (const root of document.querySelectorAll(".otlec-figure:not(.otlec-seen)")) {
      root.classList.add("otlec-seen");
      if (lacking.length) complain(root, `it has no ${lacking[0][1]}`);
      else mount(root);
    }
  }
  // Until then, the scripts that wait for the text are not all there.
  if (document.readyState === "complete") setTimeout(start);
  else for (const [target, event] of [[document, "DOMContentLoaded"], [window, "load"]]) target.addEventListener(event, start);
  return {figures, python};
})();
