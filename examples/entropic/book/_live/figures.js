/* How the live figure of this lecture is solved, by its compiled kernel, and moved. */
(() => {
  "use strict";
  const {figures} = otlecLive;
  const sum = (v) => v.reduce((a, b) => a + b, 0), unit = (v) => Float64Array.from(v, (w) => w / sum(v));
  const clamp = (v) => Math.min(Math.max(v, 0), 1);

  /* Sinkhorn's iteration, until the plan has its marginals to 1e-7. */
  function solve(kernels, a, b, eps) {
    const n = a.length, x = Array.from(a, (_, k) => (k + 0.5) / n);
    const cost = {data: Float64Array.from(x.flatMap((u) => x.map((v) => (u - v) ** 2))), shape: [n, n]};
    const logA = a.map(Math.log), logB = b.map(Math.log), phi = new Float64Array(n), psi = new Float64Array(n);
    let plan, before;
    for (let k = 0; k < 20000; k++) {
      kernels["sinkhorn._half_step"](cost, phi, logA, eps, psi);
      before = Float64Array.from(phi);
      kernels["sinkhorn._half_step"](cost, psi, logB, eps, phi); // the cost is symmetric
      if (Math.max(...phi.map((v, i) => Math.abs(v - before[i]))) < 1e-9) break;
    }
    plan = Float64Array.from(cost.data, (c, k) => {
      const i = Math.floor(k / n), j = k % n;
      return a[i] * b[j] * Math.exp((before[i] + psi[j] - c) / eps);
    });
    const value = sum(a.map((w, i) => w * before[i])) + sum(b.map((w, j) => w * psi[j]));
    const order = sum(plan.map((g, k) => (g > 0 ? g * Math.log(g / (a[Math.floor(k / n)] * b[k % n])) : 0)));
    return {plan, value, order, x, n};
  }

  figures.blur = {
    limits: {a: [0.02, 1], b: [0.02, 1]},
    tasks: [(f) => f.order < 0.05, (f) => f.order > 1],
    handles: [{
      panel: 0, name: "bars of the measure that the brush paints", paint: true,
      where: (s) => (s.brush === "b" ? s.b : s.a).map((v, k, all) => [(k + 0.5) / all.length, v]),
      move(s, k, x, y) { (s.brush === "b" ? s.b : s.a)[k] = Math.max(y, 0.02); },
    }],
    controls: [
      {choice: "brush", label: "paint", options: ["a", "b"]},
      {slider: "eps", label: "ε", min: 0.01, max: 1, step: 0.01},
    ],
    solve(s, kernels) {
      const {plan, value, order, x, n} = solve(kernels, unit(s.a), unit(s.b), s.eps);
      const rows = x.map((_, i) => Array.from(plan.subarray(i * n, i * n + n), (g) => clamp(n * g)));
      return {
        layers: [
          [{x: x.map((v) => v - 0.01), y: s.a}, {x: x.map((v) => v + 0.01), y: s.b}],
          [{z: rows}],
        ],
        facts: {order},
        text: `ε = ${s.eps.toFixed(2)}: the value is ${value.toFixed(4)}, and the order of the plan ${order.toFixed(3)}`,
      };
    },
  };
})();
