/* Plays the films of dots that otlec/drawing/dots.py writes: places and colours are linear in time. */
(() => {
  "use strict";
  const LASTS = 5000, RESTS = 500; // ms, and at the beginning

  function unpack({n, packed}) {
    const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)), places = new Uint16Array(bytes.buffer, 0, 4 * n);
    return {from: places.subarray(0, 2 * n), to: places.subarray(2 * n), before: bytes.subarray(8 * n, 11 * n), after: bytes.subarray(11 * n)};
  }

  function mount(element) {
    const data = JSON.parse(element.querySelector(".otlec-data").textContent), {from, to, before, after} = unpack(data);
    const canvas = document.createElement("canvas"), ink = canvas.getContext("2d"), margin = 2 * data.size;
    const row = document.createElement("div"), play = document.createElement("button"), input = document.createElement("input"), said = document.createElement("output");
    row.className = "otlec-control";
    Object.assign(play, {type: "button", className: "otlec-play"});
    Object.assign(input, {type: "range", min: 0, max: 1, step: 0.002, value: 0});
    input.setAttribute("aria-label", "time t");
    let began = null, waiting = false;

    function draw() {
      waiting = false;
      const t = +input.value, width = Math.round(canvas.clientWidth * Math.min(devicePixelRatio, 2)), height = Math.round((width * (data.aspect + 2 * margin)) / (1 + 2 * margin));
      if (!width) return;
      if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
      ink.clearRect(0, 0, width, height);
      const unit = width / (1 + 2 * margin), radius = data.size * unit, mix = (a, b) => Math.round((1 - t) * a + t * b);
      for (let k = 0; k < data.n; k++) {
        const x = ((1 - t) * from[2 * k] + t * to[2 * k]) / 4095, y = ((1 - t) * from[2 * k + 1] + t * to[2 * k + 1]) / 4095;
        ink.fillStyle = `rgb(${mix(before[3 * k], after[3 * k])},${mix(before[3 * k + 1], after[3 * k + 1])},${mix(before[3 * k + 2], after[3 * k + 2])})`;
        ink.beginPath();
        ink.arc((x + margin) * unit, (y * data.aspect + margin) * unit, radius, 0, 7);
        ink.fill();
      }
      said.textContent = `t = ${t.toFixed(2)}`;
      input.setAttribute("aria-valuetext", said.textContent);
    }
    function ask() {
      if (!waiting) requestAnimationFrame(draw);
      waiting = true;
    }
    function stop() {
      began = null;
      play.textContent = "▶";
      play.setAttribute("aria-label", "play");
    }
    function step(now) {
      if (began === null) return;
      const t = (now - began) / LASTS;
      input.value = Math.min(Math.max(t, 0), 1);
      draw();
      if (t >= 1) stop();
      else requestAnimationFrame(step);
    }
    function start(rest = 0) {
      if (+input.value >= 1) input.value = 0;
      began = performance.now() + rest - input.value * LASTS;
      play.textContent = "❚❚";
      play.setAttribute("aria-label", "pause");
      requestAnimationFrame(step);
    }
    play.addEventListener("click", () => (began === null ? start() : stop()));
    for (const event of ["pointerdown", "keydown"]) input.addEventListener(event, stop);
    input.addEventListener("input", ask);
    row.append(play, input, said);
    stop();
    // of the still's shape from the start: what stands below does not move
    [canvas.width, canvas.height] = [1000, Math.round((1000 * (data.aspect + 2 * margin)) / (1 + 2 * margin))];
    element.querySelector("svg").replaceWith(canvas);
    element.append(row);
    element.classList.add("otlec-live");
    new ResizeObserver(ask).observe(canvas);
    matchMedia("print").addEventListener("change", ask);

    // The photographs that follow come to its sides.
    const ends = element.closest(".cell")?.nextElementSibling;
    if (ends?.matches(".otlec-ends")) {
      element.classList.add("otlec-between");
      element.append(...ends.querySelectorAll("img"));
      ends.remove();
    }
    // In a deck the slide starts it (otlec-slides.js).
    const waits = element.closest(".reveal") || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (waits || !("IntersectionObserver" in globalThis)) return;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      if (+input.value === 0) start(RESTS);
    }, {threshold: 0.6});
    seen.observe(canvas);
  }

  const start = () => document.querySelectorAll(".otlec-dots:not(.otlec-live)").forEach(mount);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
