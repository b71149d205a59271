/* How each live figure is solved and moved. Its first instance, its panels and their layers stand in
   stills.py, in the same order. Whatever takes time is a compiled kernel; what is written here are
   sums, and the calls in the order of the public functions of otlec. */
(() => {
  "use strict";
  const {figures} = otlecLive;
  const six = (v) => v.toFixed(6);
  const nine = (v) => six(Number(v.toFixed(9))); // numbers that rounding parts are one again
  const sum = (v) => { let total = 0; for (const w of v) total += w; return total; };
  const range = (n) => Array.from({length: n}, (_, k) => k);
  const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
  const unit = (w) => { const total = sum(w); return Float64Array.from(w, (v) => v / total); };
  const numbers = (v) => Array.from(v, Number);
  const integers = (v) => BigInt64Array.from(v, BigInt);
  const table = (points) => ({data: Float64Array.from(points.flat()), shape: [points.length, points[0].length]});
  const segment = (x, y) => [...x, ...y];
  const centres = (n) => range(n).map((k) => (k + 0.5) / n);
  const agree = (gap, scale) => (Math.abs(gap) <= 1e-12 * scale ? "equal to 1e-12" : "NOT equal");
  const dot = (a, b) => sum(Array.from(a, (v, k) => v * b[k]));
  const histogram = (x, mass, cells) => {
    const out = new Array(cells).fill(0);
    x.forEach((v, k) => { out[clamp(Math.floor(v * cells), 0, cells - 1)] += mass[k]; });
    return out;
  };

  // ---- handles -------------------------------------------------------------------------------
  /* Drag the atoms of the named lists of points. */
  const dragged = (panel, names, label, number) => ({
    panel, name: label, number,
    where: (s) => names.flatMap((name) => s[name]),
    move(s, k, x, y) {
      for (const name of names) {
        if (k < s[name].length) return void (s[name][k] = [x, y]);
        k -= s[name].length;
      }
    },
  });
  /* Paint the bars of the histogram that the brush names; a measure needs some mass. */
  const painted = (panel, names, label, floor = 0) => {
    const chosen = (s) => (s.brush === undefined || !(s.brush in names) ? Object.values(names)[0] : names[s.brush]);
    return {
      panel, name: label, paint: true,
      where: (s) => s[chosen(s)].map((v, k) => [(k + 0.5) / s[chosen(s)].length, v]),
      move(s, k, x, y) {
        const bars = s[chosen(s)], before = bars[k];
        bars[k] = Math.max(y, floor);
        if (sum(bars) < 1e-3) bars[k] = before;
      },
    };
  };

  // ---- the solvers of otlec, from their compiled steps ------------------------------------------
  function costs(kernels, x, y, p = 2) {
    return kernels["cost._distance_powers"](table(x), table(y), p)[0];
  }

  /* The first state of otlec.solvers.hungarian.shortest_augmenting_paths, or one from prices psi: any
     will do, if phi are the best that go with them. */
  function unassigned(cost, psi = new Float64Array(cost.shape[0])) {
    const n = cost.shape[0], free = () => new BigInt64Array(n).fill(-1n), phi = new Float64Array(n).fill(Infinity);
    for (let i = 0, k = 0; i < n; i++) for (let j = 0; j < n; j++, k++) phi[i] = Math.min(phi[i], cost.data[k] - psi[j]);
    return {phi, psi, rowOf: free(), colOf: free()};
  }

  function assign(kernels, cost, psi) {
    const s = unassigned(cost, psi), n = cost.shape[0];
    const [status] = kernels["solvers.hungarian._augment_all"](cost, s.phi, s.psi, s.rowOf, s.colOf);
    if (status !== 0) throw new Error(`Source ${status} has no free partner.`);
    const partner = numbers(s.colOf);
    return {...s, partner, value: sum(partner.map((j, i) => cost.data[i * n + j])), dual: sum([...s.phi]) + sum([...s.psi])};
  }

  /* otlec.transport_1d between sorted atoms. */
  function monotone(kernels, x, y, a, b, p = 2) {
    const order = (v) => integers(range(v.length));
    const [rows, cols, mass, cost, phi, psi] = kernels["solvers.quantile._merge"](Float64Array.from(x), Float64Array.from(y), a, b, order(x), order(y), p);
    return {rows: numbers(rows), cols: numbers(cols), mass: [...mass], value: dot(mass, cost), phi, psi};
  }

  /* The best prices of one side for given prices of the other: otlec.c_transform. */
  const bestPsi = (cost, phi, m) => range(m).map((j) => Math.min(...phi.map((v, i) => cost.data[i * m + j] - v)));
  const bestPhi = (cost, psi, n) => range(n).map((i) => Math.min(...psi.map((v, j) => cost.data[i * psi.length + j] - v)));

  /* otlec.transport for positive masses of sum 1 on few atoms: as otlec/solvers/network_simplex.py, from other first prices. */
  function transport(kernels, a, b, cost) {
    const [n, m] = cost.shape, whole = 2 ** 60, largest = (w) => w.reduce((best, v, k) => (v > w[best] ? k : best), 0);
    const [supply, demand] = [a, b].map((w) => BigInt64Array.from(w, (v) => BigInt(Math.max(Math.round(v * whole), 1))));
    const difference = supply.reduce((u, v) => u + v, 0n) - demand.reduce((u, v) => u + v, 0n);
    if (difference > 0n) demand[largest(demand)] += difference;
    else supply[largest(supply)] -= difference;
    const below = bestPsi(cost, new Array(n).fill(0), m), spread = Math.max(...cost.data) - Math.min(...cost.data) || 1, crumbs = n + m + 1024;
    const [parent, flow, , , , , potential] = kernels["solvers.network_simplex._drive"](
      cost, BigInt64Array.from([...supply, ...demand, 0n]), Float64Array.from([...bestPhi(cost, below, n), ...below, 0]), spread, (n + m) * spread, crumbs, 1e6, 1e6);
    const [rows, cols, grains] = kernels["solvers.network_simplex._entries"](supply, demand, parent, flow, crumbs);
    const entries = numbers(grains).map((v, k) => [Number(rows[k]), Number(cols[k]), v / whole]), matrix = range(n).map(() => new Array(m).fill(0));
    for (const [i, j, w] of entries) matrix[i][j] = w;
    const phi = potential.slice(0, n), psi = potential.slice(n, n + m).map((v) => -v);
    return {entries, phi, psi, matrix, value: sum(entries.map(([i, j, w]) => w * cost.data[i * m + j])), dual: dot(a, phi) + dot(b, psi)};
  }

  // ---- 1: the optimal matching -------------------------------------------------------------------
  const random = (seed) => () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  function scatter(s) {
    const next = random(100 + s.n), some = () => range(s.n).map(() => [0.03 + 0.94 * next(), 0.03 + 0.94 * next()].map((v) => +v.toFixed(3)));
    s.x = some();
    s.y = some();
  }
  const priceBars = (phi, psi) => {
    const n = phi.length, x = centres(n), width = 0.8 / n, bar = (v) => clamp(v, -0.6, 0.6);
    return [{x, y: [...phi].map(bar), width}, {x: x.map((v) => 1 + v), y: [...psi].map(bar), width}];
  };
  figures.assignment = {
    sizes: {x: [2, 200], y: [2, 200]},
    fits: (s) => s.x.length === s.y.length,
    tasks: [(f) => f.n >= 4 && f.farthest, (f) => f.n === 2 && Math.abs(f.swap) <= 0.02 && f.value >= 0.5],
    handles: [dragged(0, ["x", "y"], "atoms of source and target")],
    controls: [{slider: "n", label: "atoms", min: 2, max: 200, step: 1, then: scatter}],
    solve(s, kernels) {
      s.n = s.x.length;
      const n = s.n, cost = costs(kernels, s.x, s.y), best = assign(kernels, cost), tight = [], at = (i, j) => cost.data[i * n + j];
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) if (cost.data[i * n + j] - best.phi[i] - best.psi[j] <= 1e-12) tight.push(segment(s.x[i], s.y[j]));
      const size = n > 60 ? 2.5 : 4;
      return {
        layers: [[{ends: tight}, {ends: best.partner.map((j, i) => segment(s.x[i], s.y[j]))}, {xy: s.x, size}, {xy: s.y, size}], priceBars(best.phi, best.psi)],
        facts: {
          n, value: best.value, swap: at(0, 0) + at(1, 1) - at(0, 1) - at(1, 0),
          farthest: best.partner.some((j, i) => range(n).every((k) => at(i, k) <= at(i, j))),
        },
        text: `n = ${n}: the pairs cost ${six(best.value)}, the prices pay ${six(best.dual)}, ${agree(best.value - best.dual, Math.max(1, best.value))}; ${tight.length} pairs are tight`,
      };
    },
  };

  // ---- prices by hand ----------------------------------------------------------------------------
  figures.prices = {
    limits: {phi: [-3, 3], psi: [-3, 3]},
    handles: [{
      panel: 0, name: "prices of sources, then of targets", paint: true,
      where: (s) => [...s.phi, ...s.psi].map((v, k) => [k + 0.5, v]),
      move(s, k, x, y) { (k < s.phi.length ? s.phi : s.psi)[k % s.phi.length] = y; },
    }],
    controls: [
      {button: "Best ψ for this φ", press: (s, kernels) => { s.psi = bestPsi(costs(kernels, s.x, s.y), s.phi, s.psi.length); }},
      {button: "Best φ for this ψ", press: (s, kernels) => { s.phi = bestPhi(costs(kernels, s.x, s.y), s.psi, s.phi.length); }},
      {button: "Solve", press(s, kernels) { const best = assign(kernels, costs(kernels, s.x, s.y)); s.phi = [...best.phi]; s.psi = [...best.psi]; }},
      {button: "φ up, ψ down", press(s) { s.phi = s.phi.map((v) => v + 0.05); s.psi = s.psi.map((v) => v - 0.05); }},
    ],
    tasks: [
      (f) => !f.broken && f.moved <= 1e-9 && f.best - f.paid >= 0.05,
      (f) => !f.broken && f.best - f.paid <= 0.001,
      (f, s) => !f.broken && f.best - f.paid <= 0.001 && s.phi[0] >= 0.3,
    ],
    solve(s, kernels) {
      const n = s.x.length, cost = costs(kernels, s.x, s.y), best = assign(kernels, cost).value, paid = sum(s.phi) + sum(s.psi);
      const pairs = (test) => range(n * n).filter((k) => test(cost.data[k] - s.phi[Math.floor(k / n)] - s.psi[k % n]));
      const tight = pairs((v) => Math.abs(v) <= 1e-9), broken = pairs((v) => v < -1e-9);
      const ends = (list) => ({ends: list.map((k) => segment(s.x[Math.floor(k / n)], s.y[k % n]))});
      const bar = (v) => clamp(v, -0.4, 0.6), at = range(n).map((k) => k + 0.5);
      const moved = Math.max(...bestPsi(cost, s.phi, n).map((v, j) => Math.abs(v - s.psi[j])), ...bestPhi(cost, s.psi, n).map((v, i) => Math.abs(v - s.phi[i])));
      return {
        layers: [
          [{x: at, y: s.phi.map(bar)}, {x: at.map((v) => v + n), y: s.psi.map(bar)}],
          [ends(tight), ends(broken), {xy: s.x}, {xy: s.y}],
          [{x: [0.5], y: [clamp(paid, 0, 1)]}, {x: [1.5], y: [clamp(best, 0, 1)]}],
        ],
        facts: {paid, best, moved, broken: broken.length},
        text: `The prices pay ${six(paid)}, the plan costs ${six(best)}; ${tight.length} pairs are tight, ${broken.length} violated: ${broken.length ? "the prices prove nothing" : "no plan costs less than the prices pay"}`,
      };
    },
  };

  // ---- 2: the Hungarian method, a round a click -----------------------------------------------------
  figures.rounds = {
    tasks: [(f) => f.path >= 3, (f) => f.done === f.n && f.path === 1],
    handles: [dragged(0, ["x", "y"], "atoms of source and target", (k) => k + 1)],
    controls: [
      {button: "Back", press: (s) => { s.done = Math.max(s.done - 1, 0); }},
      {button: "Next round", press: (s) => { s.done = Math.min(s.done + 1, s.x.length); }},
      {slider: "done", label: "round", min: 0, max: (s) => s.x.length, step: 1},
    ],
    solve(s, kernels) {
      const n = s.x.length, cost = costs(kernels, s.x, s.y), now = unassigned(cost), barred = now.psi.slice();
      const distance = new Float64Array(n), at = new Float64Array(n), parent = new BigInt64Array(n), reached = new BigInt64Array(n);
      let before = numbers(now.colOf), path = [], text = `Round 0 of ${n}: nobody has a partner`;
      for (let row = 0; row < s.done; row++) {
        const [sink, length, k] = kernels["solvers.hungarian._search"](cost, now.phi, barred, now.rowOf, row, distance, parent, reached, at);
        kernels["solvers.hungarian._update"](now.phi, now.psi, barred, now.rowOf, row, length, reached.slice(0, k), at);
        before = numbers(now.colOf);
        path = [[Number(parent[sink]), sink]];
        while (path[0][0] !== row) { const j = before[path[0][0]]; path.unshift([Number(parent[j]), j]); }
        kernels["solvers.hungarian._flip"](now.rowOf, now.colOf, parent, row, sink);
        const paid = sum([...now.phi.subarray(0, s.done)]) + sum([...now.psi]);
        text = `Round ${s.done} of ${n}, new pairs ${path.map(([i, j]) => `${i + 1} to ${n + j + 1}`).join(", ")}: length ${six(length)}; all pairs so far cost ${six(paid)}`;
      }
      const joined = (partner) => partner.flatMap((j, i) => (j >= 0 ? [segment(s.x[i], s.y[j])] : []));
      return {
        layers: [[{ends: joined(before)}, {ends: path.map(([i, j]) => segment(s.x[i], s.y[j]))}, {ends: joined(numbers(now.colOf))}, {xy: s.x}, {xy: s.x.slice(s.done)}, {xy: s.y}], priceBars(now.phi, now.psi)],
        facts: {n, done: s.done, path: path.length},
        text,
      };
    },
  };

  // ---- 3: two histograms on the line ------------------------------------------------------------------
  /* The quantile function of a histogram at the levels (k + 1/2)/count. */
  function quantiles(x, w, count = 200) {
    let k = 0, level = w[0];
    return centres(count).map((s) => {
      while (level < s && k < x.length - 1) level += w[++k];
      return x[k];
    });
  }
  figures.line = {
    tasks: [
      (f) => Math.abs(f.mean - 0.5) <= 0.01,
      (f) => { const [one, four] = [f.distance(1), f.distance(4)]; return one > 0.1 && four - one <= 0.002; },
    ],
    handles: [painted(0, {source: "a", target: "b"}, "bars of the histogram that the brush paints")],
    controls: [
      {choice: "brush", label: "paint", options: ["source", "target"]},
      {slider: "p", label: "p", min: 1, max: 4, step: 0.5},
      {slider: "t", label: "t", min: 0, max: 1, step: 0.01},
    ],
    solve(s, kernels) {
      const x = centres(s.a.length), a = unit(s.a), b = unit(s.b), plan = monotone(kernels, x, x, a, b, s.p);
      const moved = plan.rows.map((i, k) => (1 - s.t) * x[i] + s.t * x[plan.cols[k]]);
      const levels = centres(200), start = quantiles(x, a), end = quantiles(x, b);
      const pairs = plan.rows.map((i, k) => [x[i], x[plan.cols[k]]]), heights = histogram(moved, plan.mass, x.length);
      return {
        layers: [
          [{x, y: s.a}, {x, y: s.b}],
          [{x: levels, y: start}, {x: levels, y: end}, {x: levels, y: start.map((v, k) => (1 - s.t) * v + s.t * end[k])}],
          [{x: pairs.map((v) => v[0]), y: pairs.map((v) => v[1])}, {xy: pairs}],
          [{x, y: heights.map((v) => v / Math.max(...heights))}],
        ],
        facts: {mean: dot(moved, plan.mass), distance: (p) => monotone(kernels, x, x, a, b, p).value ** (1 / p)},
        text: `Wₚ = ${six(plan.value ** (1 / s.p))} at p = ${s.p}; ${plan.mass.length} entries in the plan; at t = ${s.t.toFixed(2)} the mean is ${six(dot(moved, plan.mass))}`,
      };
    },
  };

  // ---- 4: weighted atoms --------------------------------------------------------------------------------
  const cells = (matrix, factor) => matrix.map((row) => row.map((v) => Math.min(factor * v, 1)));
  figures.weights = {
    limits: {a: [0.02, 1], b: [0.02, 1]},
    tasks: [(f) => f.partners >= 5, (f) => f.value < 0.02],
    handles: [
      {
        panel: 0, name: "weights of source and target", paint: true,
        where: (s) => [...s.a, ...s.b].map((v, k) => [k + 0.5, v]),
        move(s, k, x, y) { (k < s.a.length ? s.a : s.b)[k < s.a.length ? k : k - s.a.length] = Math.max(y, 0.02); },
      },
      dragged(1, ["x", "y"], "atoms of source and target", (k) => k + 1),
    ],
    solve(s, kernels) {
      const n = s.a.length, m = s.b.length, a = unit(s.a), b = unit(s.b);
      const plan = transport(kernels, a, b, costs(kernels, s.x, s.y));
      const off = Math.max(...plan.matrix.map((row, i) => Math.abs(sum(row) - a[i])), ...range(m).map((j) => Math.abs(sum(plan.matrix.map((row) => row[j])) - b[j])));
      const between = (low, high) => ({ends: plan.entries.filter((e) => e[2] > low && e[2] <= high).map(([i, j]) => segment(s.x[i], s.y[j]))});
      return {
        layers: [
          [{x: range(n).map((k) => k + 0.5), y: s.a}, {x: range(m).map((k) => n + k + 0.5), y: s.b}],
          [between(0, 0.05), between(0.05, 0.1), between(0.1, 2), {xy: s.x}, {xy: s.y}],
          [{z: cells(plan.matrix, 4)}],
        ],
        facts: {value: plan.value, partners: Math.max(...range(n).map((i) => plan.entries.filter((e) => e[0] === i).length))},
        text: `The plan costs ${six(plan.value)}, the prices pay ${six(plan.dual)}, ${agree(plan.value - plan.dual, 1)}; ${plan.entries.length} entries, at most ${n + m - 1}; marginals ${off <= 1e-12 ? "exact to 1e-12" : "NOT exact"}`,
      };
    },
  };

  // ---- 5: gluing --------------------------------------------------------------------------------------------
  figures.glue = {
    limits: {b: [0.02, 1]},
    tasks: [
      (f) => f.first + f.second + f.third <= 0.005,
      (f) => f.first <= 0.001 && f.second <= 0.001 && f.third >= 0.01,
      (f) => f.first >= 0.05 && f.second + f.third <= 0.005,
    ],
    handles: [
      dragged(0, ["x1", "x2", "x3"], "atoms of the three measures"),
      {panel: 1, name: "weights of the middle measure", paint: true, small: true, where: (s) => s.b.map((v, k) => [k + 0.5, v]), move(s, k, x, y) { s.b[k] = Math.max(y, 0.02); }},
    ],
    solve(s, kernels) {
      const [n1, n2, n3] = [s.x1, s.x2, s.x3].map((x) => x.length), b = unit(s.b);
      const even = (n) => new Float64Array(n).fill(1 / n), cost13 = costs(kernels, s.x1, s.x3);
      const plan12 = transport(kernels, even(n1), b, costs(kernels, s.x1, s.x2));
      const plan23 = transport(kernels, b, even(n3), costs(kernels, s.x2, s.x3));
      const plan13 = transport(kernels, even(n1), even(n3), cost13);
      // sigma_ijk = gamma1_ij gamma2_jk / b_j
      const triples = plan12.entries.flatMap(([i, j, u]) => plan23.entries.filter((e) => e[0] === j).map(([, k, v]) => [i, j, k, u * (v / b[j])]));
      const composed = range(n1).map(() => new Array(n3).fill(0)), blocks = range(n1).map(() => new Array(n2 * n3).fill(0));
      for (const [i, j, k, w] of triples) { composed[i][k] += w; blocks[i][j * n3 + k] += w; }
      const through = Math.sqrt(sum(composed.flatMap((row, i) => row.map((w, k) => w * cost13.data[i * n3 + k]))));
      const [cost12, cost23] = [costs(kernels, s.x1, s.x2), costs(kernels, s.x2, s.x3)];
      const leg = (cost, columns, i, j) => Math.sqrt(cost.data[i * columns + j]);
      const both = Math.sqrt(sum(triples.map(([i, j, k, w]) => w * (leg(cost12, n2, i, j) + leg(cost23, n3, j, k)) ** 2)));
      const [d12, d23, d13] = [plan12, plan23, plan13].map((plan) => Math.sqrt(plan.value));
      const lines = [d13, through, both, d12 + d23].map((v) => Math.min(v, 1.2));
      const joined = (plan, x, y) => ({ends: [...plan.entries].map(([i, j]) => segment(x[i], y[j]))});
      return {
        layers: [
          [joined(plan12, s.x1, s.x2), joined(plan23, s.x2, s.x3), {xy: s.x1}, {xy: s.x2}, {xy: s.x3}],
          [{x: range(n2).map((k) => k + 0.5), y: s.b}],
          [{x: range(4).map((k) => k + 0.5), y: lines}, {x: [4.5], y: [Math.min(d12, 1.2)]}, {ends: [[0.1, lines[0], 4.9, lines[0]]]}],
          [{z: cells(blocks, 8)}],
          [{z: cells(composed, 4)}],
        ],
        facts: {first: through - d13, second: both - through, third: d12 + d23 - both},
        text: `W₂(1, 3) = ${six(d13)} ≤ ${six(through)} by the glued plan ≤ ${six(both)} with a stop on the way ≤ ${six(d12 + d23)} = W₂(1, 2) + W₂(2, 3); ${triples.length} triples carry mass`,
      };
    },
  };

  // ---- a geodesic in the plane --------------------------------------------------------------------
  const orders = (list) => (list.length < 2 ? [list] : list.flatMap((v, k) => orders(list.filter((_, q) => q !== k)).map((rest) => [v, ...rest])));
  const ORDERS = orders(range(4));
  let fadeCurve = {}; // how far the fade is from the start, which a walk along t leaves as it is
  figures.walk = {
    handles: [dragged(0, ["x", "y"], "atoms of both ends", (k) => k + 1)],
    controls: [
      {choice: "mode", label: "from one to the other:", options: ["walk", "fade"]},
      {choice: "p", label: "p", options: [1, 2]},
      {slider: "t", label: "t", min: 0, max: 1, step: 0.01},
    ],
    tasks: [
      (f) => f.more <= 0.005,
      (f, s) => s.mode === "fade" && f.gone - f.line >= 0.08,
      (f, s) => s.mode === "fade" && Math.abs(f.gone - f.line) <= 1e-9 && s.t >= 0.2 && s.t <= 0.8,
    ],
    solve(s, kernels, held) {
      const n = 4, cost = costs(kernels, s.x, s.y, s.p), best = assign(kernels, cost), root = (v) => Math.max(v, 0) ** (1 / s.p);
      const whole = root(best.value / n), moved = s.x.map((v, i) => v.map((u, d) => (1 - s.t) * u + s.t * s.y[best.partner[i]][d]));
      const even = new Float64Array(n).fill(1 / n), both = costs(kernels, s.x, [...s.x, ...s.y], s.p);
      const faded = (t) => {
        if (t === 0 || t === 1) return t * whole;
        return root(transport(kernels, even, Float64Array.from(range(2 * n), (k) => (k < n ? 1 - t : t) / n), both).value);
      };
      const gone = s.mode === "walk" ? root(assign(kernels, costs(kernels, s.x, moved, s.p)).value / n) : faded(s.t);
      const all = ORDERS.map((order) => sum(order.map((j, i) => cost.data[i * n + j])) / n).sort((a, b) => a - b);
      const fades = s.mode === "fade", cut = (v) => Math.min(v, 1);
      const key = [s.x, s.y, s.p].join(), parts = held && fadeCurve.key !== key ? 10 : 20; // half of them while it moves
      if (fadeCurve.key !== key || fadeCurve.x.length < parts) {
        const x = range(parts + 1).map((k) => k / parts);
        fadeCurve = {key, x, y: x.map((t) => cut(faded(t)))};
      }
      return {
        layers: [
          [{ends: best.partner.map((j, i) => segment(s.x[i], s.y[j]))}, {xy: s.x}, {xy: s.y}, {xy: fades ? [] : moved},
            {xy: fades ? s.x : [], size: 7 * Math.sqrt(1 - s.t)}, {xy: fades ? s.y : [], size: 7 * Math.sqrt(s.t)}],
          [{x: fadeCurve.x, y: fadeCurve.y}, {x: [0, 1], y: [0, cut(whole)]}, {xy: [[s.t, cut(gone)]]}],
        ],
        facts: {gone, line: s.t * whole, more: all[1] - all[0]},
        text: `At t = ${s.t.toFixed(2)} the ${s.mode} is ${six(gone)} from the start, and t Wₚ = ${six(s.t * whole)}; the next pairing costs ${six(all[1] - all[0])} more`,
        more: `; pairs ${best.partner.map((j, i) => `${i + 1} to ${n + j + 1}`).join(", ")}`,
      };
    },
  };

  // ---- 6: Theorem 4.1 -----------------------------------------------------------------------------------------
  // whether some of the targets, from the left, take half of the mass, as each part of sigma gives
  const halved = (w) => [w[0], w[0] + w[1]].some((v) => Math.abs(v - 0.5) <= 1e-6);
  figures.slope = {
    limits: {w0: [0.05, 1], w1: [0.05, 1]},
    tasks: [
      (f) => f.high - f.low > 0.04,
      (f, s) => f.half && s.gap === 0 && f.high - f.low > 1e-9 && f.high - f.low < 0.01,
      (f) => f.high - f.low <= 1e-6 && Math.abs(f.high) <= 5e-4 && f.changed >= 0.1,
    ],
    handles: [{
      panel: 0, name: "weights of the measure that the brush paints", paint: true,
      where: (s) => s.y.map((y, k) => [y, (s.brush === "ρ₀" ? s.w0 : s.w1)[k]]),
      move(s, k, x, y) { (s.brush === "ρ₀" ? s.w0 : s.w1)[k] = Math.max(y, 0.05); },
    }],
    controls: [
      {choice: "brush", label: "paint", options: ["ρ₀", "ρ₁"]},
      {slider: "t", label: "t", min: 0.01, max: 1, step: 0.01},
      {slider: "gap", label: "gap", min: 0, max: 0.6, step: 0.02},
      {button: "Counterexample", press: (s) => Object.assign(s, {w0: [0.21, 0.29, 0.5], w1: [0.55, 0.2, 0.25], gap: 0.4})},
    ],
    solve(s, kernels) {
      const half = range(12).map((k) => ((k + 0.5) / 24) * (1 - s.gap)), sigma = [...half, ...half.map((v) => 1 - v).reverse()];
      const even = new Float64Array(24).fill(1 / 24), w0 = unit(s.w0), w1 = unit(s.w1), change = w1.map((v, k) => v - w0[k]);
      const plan = (t) => monotone(kernels, sigma, s.y, even, w0.map((v, k) => (1 - t) * v + t * w1[k]));
      const tilted = (found) => dot(found.psi, change) / 2, tilt = (t) => tilted(plan(t)), cost = (t) => plan(t).value / 2;
      // The cost is piecewise affine in t: a slope next to 0 is one of the two at 0.
      const high = tilt(1e-7), low = Math.min(tilt(-1e-7), high), first = cost(0);
      const times = range(41).map((k) => k / 40), inner = times.slice(1), found = times.map(plan), rise = found.map(({value}) => value / 2 - first);
      const quotient = (cost(s.t) - first) / s.t;
      return {
        layers: [
          [{x: s.y.map((y) => y - 0.015), y: s.w0}, {x: s.y.map((y) => y + 0.015), y: s.w1}, {xy: sigma.map((x) => [x, 0])}],
          [{x: [0, 1], y: [0, low]}, {x: [0, 1], y: [0, high]}, {x: times, y: rise}, {xy: [[s.t, s.t * quotient]]}],
          [{x: inner, y: inner.map(() => high)}, {x: inner, y: found.slice(1).map(tilted)}, {x: inner, y: inner.map((t, k) => rise[k + 1] / t)}, {xy: [[s.t, quotient]]}, {ends: [[0, low, 0, high]]}],
        ],
        facts: {low, high, half: halved(w0), changed: Math.max(...change.map(Math.abs))},
        text: `At t = ${s.t.toFixed(2)}: ${nine(high)} ≤ quotient ${nine(quotient)} ≤ ${nine(tilt(s.t))}; at t = 0 ${high - low > 1e-9 ? `the slopes fill [${nine(low)}, ${nine(high)}]` : `the slope is ${nine(high)}`}`,
      };
    },
  };

  // ---- 7: Benamou and Brenier ------------------------------------------------------------------------------------
  const STEPS = 32;
  const films = new WeakMap(); // of a state: the iteration that belongs to it

  /* Arrays that lie where the kernels of otlec/dynamics/line.py work on them. */
  class Film {
    constructor(s, kernels) {
      kernels.forget(); // the film before
      const n = s.rho0.length, mean = (w) => { const total = sum(w) / n; return w.map((v) => v / total); };
      const grid = (values, ...shape) => { const out = kernels.lasting(...shape); out.data[typeof values === "number" ? "fill" : "set"](values); return out; };
      const [rho0, rho1] = [mean(s.rho0), mean(s.rho1)], flux = [0];
      rho0.slice(1).forEach((_, k) => flux.push(flux[k] + rho0[k] - rho1[k]));
      flux.push(0);
      const speed = Math.max(sum(flux.map(Math.abs)) / n / n, 0.05), cells = [STEPS, 1, n];
      Object.assign(this, {key: Film.key(s), n, p: s.p, speed, scales: [STEPS / speed, 1, n], energies: [], count: 0, judged: 0, lower: 0});
      // the straight mixture of both ends, and the momentum that it asks for
      const straight = [range(STEPS + 1).flatMap((k) => rho0.map((v, j) => v + (k / STEPS) * (rho1[j] - v))), 0, range(STEPS).flatMap(() => flux.map((v) => v / (speed * n)))];
      const faces = () => [grid(straight[0], STEPS + 1, 1, n), grid(0, STEPS, 2, n), grid(straight[2], STEPS, 1, n + 1)];
      this.faces = faces();
      this.bar = faces();
      [this.dual, this.sums, this.fields] = [[3, ...cells], [3, STEPS, n], [4, ...cells]].map(([count, ...shape]) => range(count).map(() => grid(0, ...shape)));
      this.layers = [rho0, rho1, 1].map((w) => grid(w, 1, n)); // both ends, and where mass may go
      this.solver = [grid(0, ...cells), grid(0, 4, n / 2, n / 2), grid(0, ...cells)];
      kernels["dynamics.line.prepare"](Float64Array.from(range(4 * n), (k) => Math.cos((Math.PI * k) / (2 * n))), ...this.scales, ...this.solver.slice(1));
    }
    static key(s) { return JSON.stringify([s.rho0, s.rho1, s.p, s.relax, s.step]); }

    iterate(kernels, step, relax) {
      const {n, faces, bar, dual, solver, scales, p, sums} = this, cells = STEPS * n;
      const [energy, square] = kernels["dynamics.line.iterate"](...faces, ...bar, ...dual, ...solver, ...scales, step, relax, p, ...sums);
      this.energies.push((this.speed ** p * energy) / (step * cells));
      this.residual = Math.sqrt(square / cells) / step;
      this.count += 1;
    }

    /* A lower bound of the minimum. */
    bound(kernels) {
      const {dual, layers, solver, scales, p, fields} = this, [value] = kernels["dynamics.line.bound"](...dual, ...layers, ...solver, ...scales, p, ...fields);
      this.judged = this.count;
      this.lower = Math.max(this.lower, p * this.speed ** p * value);
    }
  }
  /* The iteration of a state, started again where its problem has changed. */
  function filmOf(s, kernels) {
    let film = films.get(s);
    if (!film || film.key !== Film.key(s) || film.count > s.iterations) films.set(s, (film = new Film(s, kernels)));
    return film;
  }
  figures.river = {
    limits: {rho0: [0.01, 1.1], rho1: [0.01, 1.1], iterations: [1, 3000]},
    shared: ["rho0", "rho1"], // the other figures of the chapter show the same two ends
    whole: ["iterations"],
    tasks: [(f) => f.mismatch < 0.002, (f, s) => s.p === 3 && f.mismatch < 0.002 && f.lower > 1e-3 && f.energy >= f.lower && f.energy - f.lower <= 0.005 * f.lower],
    handles: [painted(3, {"ρ₀": "rho0", "ρ₁": "rho1"}, "density that the brush paints", 0.01)],
    controls: [
      {button: (s) => (s.running ? "Pause" : "Start"), press: (s) => { s.running = !s.running; }},
      {button: "One step", press: (s) => { s.running = false; s.iterations += 1; }},
      {button: "From the beginning", press: (s) => { s.iterations = 1; films.delete(s); }},
      {choice: "brush", label: "paint", options: ["ρ₀", "ρ₁"]},
      {choice: "p", label: "p", options: [1, 1.5, 2, 3], then: (s) => { s.iterations = 30; }},
      {slider: "step", label: "step size", min: 0.02, max: 0.5, step: 0.02, then: (s) => { s.iterations = 30; }},
      {slider: "relax", label: "relaxation", min: 0.5, max: 1.95, step: 0.05, then: (s) => { s.iterations = 30; }},
    ],
    // As many iterations as fit in a part of a frame, at most 40.
    every(s, kernels) {
      const film = filmOf(s, kernels), start = performance.now();
      for (let k = 0; k < 40 && performance.now() - start < 5; k++) film.iterate(kernels, s.step, s.relax);
      s.iterations = film.count;
      if (film.count >= 3000) s.running = false;
    },
    solve(s, kernels, held) {
      const film = filmOf(s, kernels), enough = held ? Math.min(s.iterations, 12) : s.iterations; // while painted: a first look
      while (film.count < enough) film.iterate(kernels, s.step, s.relax);
      if (!s.running || film.count > film.judged + 100) film.bound(kernels);
      const n = film.n, f = film.faces[0].data, m = film.faces[2].data, count = film.count, every = Math.max(1, Math.floor(count / 200));
      const shown = range(count).filter((k) => k % every === 0 || k === count - 1);
      const density = new Float64Array(STEPS * n), momentum = new Float64Array(STEPS * n), shape = [STEPS, n];
      for (let k = 0; k < STEPS; k++)
        for (let j = 0; j < n; j++) {
          density[k * n + j] = 0.125 * (f[k * n + j] + f[(k + 1) * n + j]);
          momentum[k * n + j] = 0.5 * film.speed * Math.abs(m[k * (n + 1) + j] + m[k * (n + 1) + j + 1]);
        }
      const iteration = shown.map((k) => (k + 1) / count), x = centres(n);
      return {
        layers: [
          [{image: density, shape}],
          [{image: momentum, shape}],
          [{x: iteration, y: shown.map((k) => clamp(film.energies[k], 0, 0.5))}, {x: iteration, y: shown.map(() => film.lower)}],
          [{x, y: s.rho0}, {x, y: s.rho1}],
        ],
        facts: {energy: film.energies[count - 1], mismatch: film.residual, lower: film.lower},
        text: `After ${count} iteration${count === 1 ? "" : "s"}: energy ${six(film.energies[count - 1])}, mismatch ${six(film.residual)}${film.residual <= 0.01 ? "" : " (not a film yet: the energy proves nothing)"}`,
        more: `; no film of these cells costs less than ${film.lower.toFixed(4)}${film.energies[count - 1] < film.lower ? ", so this is not yet one" : ""}`,
      };
    },
  };

  // ---- 8: barycenters -----------------------------------------------------------------------------------------------
  const CORNERS = [[0.5, 0.866], [0, 0], [1, 0]]; // as in the films and in plot.triangle: the first one above
  /* A point in a triangle, whose nearness to a corner is the share of that corner. */
  const shares = (panel, name, names) => ({
    panel, name,
    typed: names.map((label, k) => ({
      label,
      read: (s) => unit(s.share)[k],
      write(s, v) { // the last of the others gives way, then the other
        const now = unit(s.share), last = k === 2 ? 0 : 2, other = 3 - k - last;
        now[k] = clamp(v, 0, 1);
        now[other] = Math.min(now[other], 1 - now[k]);
        now[last] = 1 - now[k] - now[other];
        s.share = [...now].map((w) => +Math.max(w, 0).toFixed(4));
      },
    })),
    where: (s) => { const share = unit(s.share); return [[0, 1].map((d) => sum(CORNERS.map((c, k) => share[k] * c[d])))]; },
    move(s, k, x, y) {
      const first = clamp(y / 0.866, 0, 1), third = clamp(x - 0.5 * first, 0, 1 - first);
      s.share = [first, 1 - first - third, third].map((v) => +Math.max(v, 0).toFixed(3));
    },
  });
  figures.mixing = {
    tasks: [(f) => Math.abs(f.mean - 0.7) <= 0.01, (f) => f.objective <= 5e-4 && Math.min(...f.share) >= 0.2],
    handles: [
      painted(0, {first: "a", second: "b", third: "c"}, "bars of the histogram that the brush paints"),
      shares(1, "shares", ["first", "second", "third"]),
    ],
    controls: [{choice: "brush", label: "paint", options: ["first", "second", "third"]}],
    solve(s, kernels) {
      const n = s.a.length, x = centres(n), w = [s.a, s.b, s.c].map(unit), share = unit(s.share);
      // Merge the first two, then the pairs with the third: triples of atoms at equal quantiles.
      const pair = monotone(kernels, x, x, w[0], w[1]);
      const triple = monotone(kernels, range(pair.mass.length), x, Float64Array.from(pair.mass), w[2]);
      const atoms = triple.rows.map((q, k) => share[0] * x[pair.rows[q]] + share[1] * x[pair.cols[q]] + share[2] * x[triple.cols[k]]);
      const mass = unit(triple.mass);
      const objective = sum(w.map((v, k) => share[k] * monotone(kernels, x, atoms, v, mass).value));
      const bound = sum([[0, 1], [0, 2], [1, 2]].map(([i, j]) => share[i] * share[j] * monotone(kernels, x, x, w[i], w[j]).value));
      return {
        layers: [
          [{x, y: s.a}, {x, y: s.b}, {x, y: s.c}],
          [null, null, null, null, {xy: figures.mixing.handles[1].where(s)}],
          [{x, y: histogram(atoms, mass, n).map((v) => Math.min(v, 0.25))}],
        ],
        facts: {objective, mean: dot(atoms, mass), share},
        text: `Objective ${six(objective)}, no measure is below ${six(bound)}, ${agree(objective - bound, 1)}; mean ${six(dot(atoms, mass))}`,
      };
    },
  };

  // ---- 9: particles over a field --------------------------------------------------------------------------------------
  figures.swirl = {
    tasks: [(f) => f.action - f.least <= 0.001, (f) => f.action >= 2 * f.least],
    handles: [{panel: 0, name: "goal of the cloud", where: (s) => [s.centre], move(s, k, x, y) { s.centre = [x, y]; }}],
    controls: [
      {slider: "swirl", label: "swirl", min: 0, max: 3, step: 0.1},
      {slider: "t", label: "t", min: 0, max: 1, step: 1 / 32},
    ],
    solve(s, kernels) {
      const from = [0.25, 0.35], drift = [s.centre[0] - from[0], s.centre[1] - from[1]];
      const points = range(60).map((k) => { const r = 0.03 + 0.17 * Math.sqrt((k + 0.5) / 60); return [from[0] + r * Math.cos(k * 2.399963), from[1] + r * Math.sin(k * 2.399963)]; });
      const field = (t, [x, y]) => [across(t, y), up(t, x)], along = ([x, y], h, [u, v]) => [x + h * u, y + h * v], h = 1 / 32;
      const across = (t, y) => drift[0] - s.swirl * (y - from[1] - t * drift[1]), up = (t, x) => drift[1] + s.swirl * (x - from[0] - t * drift[0]);
      let action = 0;
      const paths = points.map(([x, y]) => {
        const path = [[x, y]];
        for (let k = 0; k < 32; k++) { // Runge and Kutta, as in otlec.flow
          const t = k * h, half = t + h / 2;
          const u1 = across(t, y), v1 = up(t, x), u2 = across(half, y + (h / 2) * v1), v2 = up(half, x + (h / 2) * u1);
          const u3 = across(half, y + (h / 2) * v2), v3 = up(half, x + (h / 2) * u2), u4 = across(t + h, y + h * v3), v4 = up(t + h, x + h * u3);
          const du = (h / 6) * (u1 + 2 * u2 + 2 * u3 + u4), dv = (h / 6) * (v1 + 2 * v2 + 2 * v3 + v4);
          action += (32 / 60) * (du * du + dv * dv);
          path.push([x += du, y += dv]);
        }
        return path;
      });
      const ends = paths.map((path) => path[32]), least = assign(kernels, costs(kernels, points, ends)).value / 60;
      const k = Math.round(32 * s.t), t = k / 32, grid = centres(12), at = grid.flatMap((y) => grid.map((x) => [x, y]));
      const offset = points.map((q) => [q[0] - from[0], q[1] - from[1]]), mean = [0, 1].map((d) => sum(offset.map((q) => q[d])) / 60);
      const radius = sum(offset.map(([u, v]) => u * u + v * v)) / 60, side = 2 * (drift[1] * mean[0] - drift[0] * mean[1]);
      const swirls = range(31).map((q) => q / 10);
      return {
        layers: [
          [{ends: at.map((q) => segment(q, along(q, 0.06, field(t, q))))},
            ...range(15).map((q) => ({x: paths[4 * q].map((v) => v[0]), y: paths[4 * q].map((v) => v[1])})),
            {xy: points}, {xy: paths.map((path) => path[k])}, {xy: [s.centre]}],
          [{x: swirls, y: swirls.map((v) => drift[0] ** 2 + drift[1] ** 2 + v * side + v * v * radius)}, {x: [0, 3], y: [least, least]}, {xy: [[s.swirl, action]]}],
        ],
        facts: {action, least},
        text: `Swirl ${s.swirl.toFixed(2)}: the particles spend ${six(action)}; W₂² of the first and the last cloud is ${six(least)}`,
      };
    },
  };

  otlecLive.tools = {six, sum, range, clamp, unit, centres, dot, segment, histogram, dragged, painted, costs, assign, monotone, transport, shares, CORNERS};
})();
