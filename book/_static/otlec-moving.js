/* Moves the pictures that otlec/drawing/moving.py writes: a slider or a triangle of weights over panels of SVG.
   The drawing (shapes, draw) knows nothing of where the data come from: mount() feeds it the frames
   that stand in the page; a kernel in the page may feed it instead. */
const otlecMoving = (() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const f1 = (v) => v.toFixed(1);
  const css = (color, part) =>
    color === "time"
      ? `color-mix(in oklab, var(--otlec-target) ${Math.round(100 * part)}%, var(--otlec-source))`
      : `var(--otlec-${color})`;
  const joined = (xs, ys) => (xs.length ? "M" : "") + xs.map((x, i) => `${f1(x)} ${f1(ys[i])}`).join("L");

  /* Readouts and labels, their letters set as mathematics: W_2, ρ_0, "t = 0.5", "level s". */
  const VALUE = /^[₀-₉ₚₜ]?(?: [=<>≤≥] [-−]?[\d.]*\d)?/; // what is said of a letter stays on its line: "t = 0.5"
  const LETTER = /(?<!\p{L})(W(?=[_₀-₉ₚ])|[μνρσφψ](?!\p{L})|[tpxynsj](?= =|$| W))(?:_([0-9pt]))?/gu;
  const lowered = (sign) => (sign ? "₀₁₂₃₄₅₆₇₈₉ₚₜ"["0123456789pt".indexOf(sign)] : "");
  const plain = (text) => text.replace(LETTER, (_, letter, sign) => letter + lowered(sign));
  /* The words of a text, each with its form: a letter (i), what stays on the line of a letter (w), the rest (.). */
  function words(text) {
    const found = [];
    let end = 0;
    for (const match of text.matchAll(LETTER)) {
      const gap = text.slice(end, match.index); // of a product, "t Wₚ"
      found.push([gap === " " && end ? "w" : ".", gap], ["i", match[1]]);
      end = match.index + match[0].length;
      const [value] = text.slice(end).match(VALUE);
      found.push(["w", lowered(match[2]) + value]);
      end += value.length;
    }
    return [...found, [".", text.slice(end)]];
  }
  const set = new WeakMap();
  function typeset(node, text = node.textContent) {
    const before = set.get(node);
    if (before?.text === text) return;
    const found = words(text), form = found.map(([kind]) => kind).join("");
    if (before?.form === form) { // other numbers in the same words
      before.text = text;
      found.forEach(([, word], k) => { if (before.nodes[k].data !== word) before.nodes[k].data = word; });
      return;
    }
    const drawn = node instanceof SVGElement, nodes = found.map(([, word]) => document.createTextNode(word));
    let whole = null;
    const parts = found.flatMap(([kind], k) => {
      if (kind === ".") return (whole = null), nodes[k];
      let part = nodes[k];
      if (kind === "i") {
        part = drawn ? document.createElementNS(SVG, "tspan") : document.createElement("i");
        part.setAttribute("class", "otlec-letter");
        part.append(nodes[k]);
      }
      if (drawn) return part;
      if (whole) return whole.append(part), [];
      whole = document.createElement("span");
      whole.className = "otlec-whole";
      whole.append(part);
      return whole;
    });
    node.replaceChildren(...parts);
    set.set(node, {text, form, nodes});
  }
  const typesetAll = (root) => root.querySelectorAll(":is(.otlec-panel, .otlec-triangle) text, output, .otlec-ask, .otlec-tasks li, .otlec-legend > span").forEach((node) => typeset(node));

  function scale(panel) {
    const [left, top, right, bottom] = panel.box;
    const [x0, x1] = panel.xlim, [y0, y1] = panel.ylim;
    return {
      left, top, right, bottom,
      x: (v) => left + ((v - x0) / (x1 - x0)) * (right - left),
      y: (v) => bottom - ((v - y0) / (y1 - y0)) * (bottom - top),
    };
  }

  const head = (p, q, u, v) => { // two strokes at the end of an arrow
    const length = Math.hypot(u - p, v - q), part = Math.min(5, 0.5 * length) / Math.max(length, 1e-9);
    const x = u - part * (u - p), y = v - part * (v - q), dx = (part * (v - q)) / 2, dy = (part * (u - p)) / 2;
    return `M${f1(x + dx)} ${f1(y - dy)}L${f1(u)} ${f1(v)}L${f1(x - dx)} ${f1(y + dy)}`;
  };
  /* One function a kind of layer: arrays in data coordinates in; a path and its style out, of cells their rectangles. */
  const shapes = {
    line: (s, a, l, c) =>
      [joined(a.x.map(s.x), a.y.map(s.y)),
        `fill:none;stroke:${c};stroke-width:${l.width};stroke-linejoin:round` + (l.dash ? ";stroke-dasharray:5 4" : "")],
    area: (s, a, l, c) => {
      const x = a.x.map(s.x), zero = f1(s.y(0));
      return [`${joined(x, a.y.map(s.y))}L${f1(x[x.length - 1])} ${zero}L${f1(x[0])} ${zero}Z`,
        `fill:${c};fill-opacity:.45;stroke:${c};stroke-width:1.5`];
    },
    points: (s, a, l, c) =>
      [a.xy.map(([x, y]) => `M${f1(s.x(x))} ${f1(s.y(y))}h0`).join(""),
        `stroke:${c};stroke-width:${2 * l.size};stroke-linecap:round` + (l.opacity < 1 ? `;stroke-opacity:${l.opacity}` : "")],
    segments: (s, a, l, c) =>
      [a.ends.map(([x, y, u, v]) => `M${f1(s.x(x))} ${f1(s.y(y))}L${f1(s.x(u))} ${f1(s.y(v))}${l.heads ? head(s.x(x), s.y(y), s.x(u), s.y(v)) : ""}`).join(""),
        `fill:none;stroke:${c};stroke-width:${l.width}`],
    bars: (s, a, l, c) => {
      const zero = f1(s.y(0)), h = l.width / 2;
      return [a.x.map((x, i) => `M${f1(s.x(x - h))} ${zero}V${f1(s.y(a.y[i]))}H${f1(s.x(x + h))}V${zero}Z`).join(""),
        `fill:${c};fill-opacity:.75`];
    },
    cells: (s, a, l, c) => {
      const rows = a.z.length, cols = a.z[0].length;
      const h = (s.bottom - s.top) / rows, w = (s.right - s.left) / cols;
      let out = "";
      a.z.forEach((row, i) => row.forEach((v, j) => {
        if (v >= 0.005)
          out += `<rect x="${f1(s.left + j * w)}" y="${f1(s.bottom - (i + 1) * h)}" width="${f1(w + 0.2)}" height="${f1(h + 0.2)}" style="fill:${c};fill-opacity:${Math.min(v, 1)}"/>`;
      }));
      return [out];
    },
  };

  /* Draw one layer of a panel from arrays; `part` in [0, 1] is the place in time. What is as before stays. */
  function draw(group, panel, layer, arrays, part) {
    const [d, style] = shapes[layer.kind](scale(panel), arrays, layer, css(layer.color, part));
    if (style === undefined) {
      if (group.d !== d) group.innerHTML = d;
    } else {
      const node = group.firstElementChild ?? group.appendChild(document.createElementNS(SVG, "path"));
      if (group.d !== d) node.setAttribute("d", d);
      if (group.look !== style) node.setAttribute("style", style);
    }
    Object.assign(group, {d, look: style});
  }

  function arraysOf(layer, k) {
    const arrays = {};
    for (const name of ["x", "y", "xy", "ends", "z"])
      if (name in layer) arrays[name] = layer.moving.includes(name) ? layer[name][k] : layer[name];
    return arrays;
  }

  function show(element, data, k) {
    const frames = data.labels.length;
    element.querySelectorAll("svg.otlec-panel").forEach((svg, p) => {
      data.panels[p].layers.forEach((layer, index) => {
        if (layer.moving.length || layer.color === "time")
          draw(svg.querySelector(`[data-layer="${index}"]`), data.panels[p], layer, arraysOf(layer, k), k / (frames - 1));
      });
    });
    typeset(element.querySelector("output"), data.labels[k]);
  }

  function slider(element, data, moved) {
    const row = document.createElement("div"), input = document.createElement("input"), play = document.createElement("button");
    row.className = "otlec-control";
    Object.assign(input, {type: "range", min: 0, max: data.labels.length - 1, step: 1, value: data.start});
    input.setAttribute("aria-label", data.name);
    const update = () => {
      input.setAttribute("aria-valuetext", plain(data.labels[input.value]));
      moved(+input.value);
    };
    input.addEventListener("input", update);
    play.type = "button";
    play.className = "otlec-play";
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶"; play.setAttribute("aria-label", "play"); };
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (+input.value === +input.max) input.value = 0;
      play.textContent = "❚❚"; play.setAttribute("aria-label", "pause");
      timer = setInterval(() => {
        if (+input.value >= +input.max) return stop();
        input.value = +input.value + 1;
        update();
      }, Math.max(60, 3000 / data.labels.length));
    });
    input.addEventListener("pointerdown", stop);
    input.addEventListener("keydown", stop);
    stop();
    row.append(play, input);
    input.setAttribute("aria-valuetext", plain(data.labels[data.start]));
    return row;
  }

  /* Call begin(event) where a mouse is pressed, and where a finger moves sideways, rests or taps, and
     then follow(event). A finger that moves up or down scrolls the page: then passed() is called. */
  const touch = {rest: 350}; // ms
  function take(node, {begin, follow, wanted = () => true, passed = () => {}}) {
    let landed = null, timer = 0, held = null;
    const leave = () => { clearTimeout(timer); landed = null; };
    const hold = () => {
      const event = landed;
      leave();
      if (begin(event) === false) return;
      held = event.pointerId;
      node.setPointerCapture(held);
      node.classList.add("otlec-held");
    };
    const drop = () => {
      leave();
      held = null;
      node.classList.remove("otlec-held");
    };
    node.style.touchAction = "pan-y pinch-zoom";
    node.dataset.preventSwipe = ""; // a swipe that turns slides
    node.addEventListener("pointerdown", (e) => {
      if (!e.isPrimary || !wanted(e)) return;
      landed = e;
      if (e.pointerType === "touch") timer = setTimeout(hold, touch.rest);
      else hold();
    });
    node.addEventListener("pointermove", (e) => {
      if (landed && Math.abs(e.clientX - landed.clientX) > Math.max(6, Math.abs(e.clientY - landed.clientY))) hold();
      if (held === e.pointerId) follow(e);
    });
    node.addEventListener("pointerup", () => { if (landed) hold(); drop(); });
    node.addEventListener("pointercancel", () => { if (landed) passed(); drop(); });
    // What is held is dragged up and down too, and does not scroll.
    node.addEventListener("touchmove", (e) => { if (held !== null && e.cancelable) e.preventDefault(); }, {passive: false});
    node.addEventListener("contextmenu", (e) => { if (held !== null) e.preventDefault(); });
  }

  function triangle(element, data, moved) {
    const svg = document.createElementNS(SVG, "svg"), R = 60, side = 2 * R;
    const corners = [[side / 2, 18], [8, 18 + 0.866 * (side - 16)], [side - 8, 18 + 0.866 * (side - 16)]];
    const at = (w) => [0, 1].map((d) => w[0] * corners[0][d] + w[1] * corners[1][d] + w[2] * corners[2][d]);
    const nodes = data.weights.map(at), names = data.name.split(",").map((s) => s.trim());
    let k = data.start;
    svg.setAttribute("viewBox", `-14 0 ${side + 28} ${side + 12}`);
    svg.setAttribute("class", "otlec-triangle");
    for (const [key, value] of Object.entries({tabindex: 0, role: "slider", "aria-label": `weights ${data.name}`, "aria-valuemin": 0, "aria-valuemax": nodes.length - 1}))
      svg.setAttribute(key, value);
    svg.innerHTML = `<path class="otlec-edge" d="M${corners.map((p) => p.join(" ")).join("L")}Z"/>` +
      nodes.map(([x, y]) => `<circle class="otlec-node" cx="${x}" cy="${y}" r="1.4"/>`).join("") +
      corners.map(([x, y], i) => `<text x="${x}" y="${i ? y + 15 : y - 6}" text-anchor="middle">${names[i] ?? ""}</text>`).join("") +
      `<circle class="otlec-handle" r="8"/>`;
    const handle = svg.querySelector(".otlec-handle");
    const go = (next) => {
      k = next;
      handle.setAttribute("cx", nodes[k][0]);
      handle.setAttribute("cy", nodes[k][1]);
      svg.setAttribute("aria-valuenow", k);
      svg.setAttribute("aria-valuetext", plain(data.labels[k]));
      moved(k);
    };
    const nearest = (x, y, allowed = () => true) => {
      let best = k, least = Infinity;
      nodes.forEach(([u, v], i) => { const d = (u - x) ** 2 + (v - y) ** 2; if (allowed(i) && d < least) { least = d; best = i; } });
      return best;
    };
    const follow = (event) => {
      const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      go(nearest(p.x, p.y));
    };
    take(svg, {begin: follow, follow});
    svg.addEventListener("keydown", (e) => {
      const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[e.key];
      if (!step) return;
      e.preventDefault();
      const [x, y] = nodes[k];
      go(nearest(x + 12 * step[0], y + 12 * step[1], (i) => (nodes[i][0] - x) * step[0] + (nodes[i][1] - y) * step[1] > 0.5));
    });
    go(k);
    return svg;
  }

  function mount(element) {
    const data = JSON.parse(element.querySelector(".otlec-data").textContent);
    const control = (data.weights ? triangle : slider)(element, data, (k) => show(element, data, k));
    element.querySelector(".otlec-label").before(control);
    typesetAll(element);
    element.classList.add("otlec-live");
  }

  const start = () => document.querySelectorAll(".otlec-moving:not(.otlec-live)").forEach(mount);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  return {mount, draw, take, touch, typeset, typesetAll};
})();
