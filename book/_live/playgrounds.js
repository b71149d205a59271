/* More live figures, whose first instances stand in playgrounds.py: sequences of measures, one more
   grain, boats between two ends, three pictures. What they share with the others is in figures.js. */
(() => {
  "use strict";
  const {figures, tools} = otlecLive;
  const {six, sum, range, clamp, unit, centres, dot, segment, histogram, dragged, painted, costs, assign, monotone, transport, shares, CORNERS} = tools;

  // ---- which distances fall -----------------------------------------------------------------------
  const CELLS = centres(1024), SIZES = range(7).map((k) => 2 ** k);
  const UNIFORM = ["grid", "ripples", "samples"];
  const TESTS = {x: (x) => x, "x²": (x) => x * x, "cos 6x": (x) => Math.cos(6 * x), "1 where x > 0": (x) => (x > 0 ? 1 : 0)};
  function drawn(seed) {
    let v = 12345678 + 7654321 * seed;
    return range(64).map(() => (v = (v * 16807) % 2147483647) / 2147483647);
  }
  const ripple = (n) => (x) => (1 + Math.sin(2 * Math.PI * n * x));
  const even = (x) => [x, x.map(() => 1 / x.length)];
  const SEQUENCES = {
    grid: (n) => even(centres(n)),
    ripples: (n) => [CELLS, CELLS.map((x) => ripple(n)(x) / 1024)],
    samples: (n, s) => even(drawn(s.seed).slice(0, n).sort((a, b) => a - b)),
    leak: (n) => [[0, 1], [1 - 1 / n, 1 / n]],
    runaway: (n) => [[0, n], [1 - 1 / n, 1 / n]],
    slide: (n) => [[1 / n], [1]],
  };
  const FATES = ["?", "falls", "stays", "grows"], GUESSES = ["distance", "variation", "mean"];
  let told = false; // whether the page has answered, not the reader
  const anew = (s) => { told = false; for (const name of GUESSES) s[name] = "?"; };
  function three(s, n, kernels) {
    const [x, mass] = SEQUENCES[s.sequence](n, s), kept = range(x.length).filter((k) => mass[k] > 0), pick = (v) => kept.map((k) => v[k]);
    const [y, w] = UNIFORM.includes(s.sequence) ? even(CELLS) : even([0]), f = TESTS[s.f];
    const far = {ripples: () => sum(mass.map((v) => Math.abs(v - 1 / 1024))), leak: () => 2 / n, runaway: () => 2 / n}[s.sequence];
    const value = monotone(kernels, pick(x), y, Float64Array.from(pick(mass)), Float64Array.from(w), s.p).value;
    return [value ** (1 / s.p), far ? far() : 2, Math.abs(dot(mass, x.map(f)) - dot(w, y.map(f)))];
  }
  function rate(values) {
    if (Math.max(...values) <= 1e-12) return -Infinity;
    const x = SIZES.map(Math.log), y = values.map((v) => Math.log(Math.max(v, 1e-12))), mean = sum(x) / 7;
    return sum(x.map((v, k) => (v - mean) * y[k])) / sum(x.map((v) => (v - mean) ** 2));
  }
  const fate = (slope) => (slope <= -0.15 ? "falls" : slope >= 0.15 ? "grows" : "stays");
  const log = (v) => clamp(Math.log10(Math.max(v, 1e-12)), -4, 1);
  const level = (s, kernels) => three(s, s.n, kernels).map(log);
  let lately = {rows: []}; // the table of what is chosen, which a walk along n leaves as it is
  const tableOf = (s, kernels) => {
    const key = [s.sequence, s.p, s.f, s.seed].join();
    if (lately.key !== key) lately = {key, rows: SIZES.map((size) => three(s, size, kernels))};
    return lately.rows;
  };
  let height = 0; // of the point on the first curve
  figures.lab = {
    limits: {n: [1, 64], seed: [1, 99]},
    whole: ["n", "seed"],
    crowded: true, // it has many controls
    tasks: [
      (f, s) => !told && s.sequence !== "grid" && f.right === 3,
      (f) => f.guessed && f.fates[1] === "falls" && f.fates[0] !== "falls",
      (f) => f.guessed && f.fates[0] === "falls" && f.fates[2] !== "falls",
    ],
    handles: [{
      panel: 1, name: "n on the curves",
      where: (s) => [[Math.log2(s.n), height]],
      move(s, k, x) {
        const next = Math.round(2 ** x), step = x - Math.log2(s.n);
        s.n = clamp(next === s.n && Math.abs(step) > 0.05 ? next + Math.sign(step) : next, 1, 64);
      },
    }],
    controls: [
      {choice: "sequence", label: "sequence", options: Object.keys(SEQUENCES), then: anew},
      {choice: "p", label: "p", options: [1, 2, 4], then: anew},
      {choice: "f", label: "f", options: Object.keys(TESTS), then: anew},
      {slider: "n", label: "n", min: 1, max: 64, step: 1},
      ...[["distance", "Wₚ"], ["variation", "total variation"], ["mean", "mean of f"]].map(([choice, label]) => ({choice, label, options: FATES, then: () => { told = false; }})),
      {button: "Show me", press(s, kernels) { rates(s, kernels).forEach((slope, k) => { s[GUESSES[k]] = fate(slope); }); told = true; }},
      {button: "New sample", press: (s) => { s.seed = (s.seed % 99) + 1; }},
    ],
    solve(s, kernels) {
      const n = s.n, now = three(s, n, kernels), table = tableOf(s, kernels), columns = range(3).map((k) => table.map((row) => row[k]));
      const slopes = columns.map(rate), fates = slopes.map(fate), guesses = GUESSES.map((name) => s[name]), guessed = !guesses.includes("?");
      const right = fates.filter((v, k) => v === guesses[k]).length, powers = slopes.map((v) => (v === -Infinity ? "-∞" : (Math.round(v * 100) / 100 + 0).toFixed(2)));
      const [x, mass] = SEQUENCES[s.sequence](n, s), waves = s.sequence === "ripples", shown = CELLS.filter((_, k) => k % 4 === 0), uniform = UNIFORM.includes(s.sequence);
      height = +log(now[0]).toFixed(2);
      return {
        layers: [
          [{x: [0, 1], y: uniform ? [0.5, 0.5] : [0, 0]}, {x: [0], y: [uniform ? 0 : 1]},
            waves ? {x: shown, y: shown.map((v) => ripple(n)(v) / 2)} : {x: [0, 0.001], y: [0, 0]},
            waves ? {x: [0], y: [0]} : {x: x.map((v) => clamp(v, -0.05, 1.04)), y: mass.map(Math.sqrt)}],
          [...columns.map((v, k) => (guesses[k] === "?" ? {x: [], y: []} : {x: range(7), y: v.map(log)})),
            ...now.map((v, k) => ({xy: guesses[k] === "?" ? [] : [[Math.log2(n), log(v)]]}))],
        ],
        facts: {fates, guessed, right},
        text: `n = ${n}: Wₚ ${six(now[0])}, total variation ${six(now[1])}, the means of f differ by ${six(now[2])}; ${guessed ? `as powers of n: ${powers.join(", ")}` : "guess all three, and the curves appear"}`,
        more: guessed && right < 3 ? `; not as guessed: ${["Wₚ", "total variation", "mean of f"].filter((_, k) => fates[k] !== guesses[k]).map((name) => `${name} ${fates[[`Wₚ`, "total variation", "mean of f"].indexOf(name)]}`).join(", ")}` : "",
      };
    },
  };
  const rates = (s, kernels) => range(3).map((k) => rate(tableOf(s, kernels).map((row) => row[k])));

  // ---- one more grain -----------------------------------------------------------------------------
  /* The shortest chains of hand-overs: an atom that serves j can serve k instead, at the difference of
     its two costs. The last place is that of the grain, which serves nobody yet. */
  function chains(pairs, cost, places) {
    const step = range(places).map(() => new Array(places).fill(Infinity)), by = range(places).map(() => new Array(places).fill(-1));
    for (const [i, j] of pairs)
      for (let k = 0; k < places; k++) {
        const more = (cost.data[i * places + k] - cost.data[i * places + j]) / 2;
        if (k !== j && more < step[j][k]) [step[j][k], by[j][k]] = [more, i];
      }
    const far = step.map((row) => row.slice()), after = step.map(() => range(places));
    for (let m = 0; m < places - 1; m++)
      for (let j = 0; j < places; j++)
        for (let k = 0; k < places; k++)
          if (j !== k && far[j][m] + far[m][k] < far[j][k] - 1e-12) [far[j][k], after[j][k]] = [far[j][m] + far[m][k], after[j][m]];
    return {far, after, by};
  }
  figures.grain = {
    limits: {w: [0.02, 1]},
    tasks: [(f) => f.length >= 3, (f) => f.most >= 0.1, (f, s) => s.gap >= 0.3 && f.most <= 0.001],
    handles: [
      {...dragged(0, ["y", "grain"], "four targets, then the grain", (k) => (k < 4 ? k + 1 : "")), tap: 4},
      {panel: 2, name: "weights of the targets", paint: true, small: true, where: (s) => s.w.map((v, k) => [k + 0.5, v]), move(s, k, x, y) { s.w[k] = Math.max(y, 0.02); }},
    ],
    controls: [
      {choice: "origin", label: "taken from target", options: [1, 2, 3, 4]},
      {slider: "gap", label: "gap", min: 0, max: 0.6, step: 0.02},
    ],
    solve(s, kernels) {
      const across = range(24).map((k) => (((k % 4) + ((k * 0.618034) % 1)) / 8) * (1 - s.gap)), up = range(24).map((k) => (Math.floor(k / 4) + ((k * 0.754878) % 1)) / 6);
      const x = [...across.map((v, k) => [v, up[k]]), ...across.map((v, k) => [1 - v, 1 - up[k]])], w = unit(s.w), from = s.origin - 1;
      const pairs = transport(kernels, new Float64Array(48).fill(1 / 48), w, costs(kernels, x, s.y)).entries.map(([i, j]) => [i, j]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const places = [...s.y, s.grain[0]], {far, after, by} = chains(pairs, costs(kernels, x, places), 5), handed = [];
      for (let at = from; at !== 4; at = after[at][4]) handed.push([by[at][after[at][4]], at, after[at][4]]);
      const serves = x.map((_, i) => pairs.find((pair) => pair[0] === i)[1]);
      const bands = range(4).map((j) => (j === from ? [0, 0] : [-far[j][from], far[from][j]])), cut = (v) => clamp(v, -0.3, 0.3);
      const most = Math.max(...bands.map(([low, high]) => high - low)), [gx, gy] = s.grain[0];
      return {
        layers: [
          [{ends: pairs.map(([i, j]) => segment(x[i], s.y[j]))}, {ends: handed.map(([i, , k]) => segment(x[i], places[k]))},
            ...range(4).map((j) => ({xy: x.filter((_, i) => serves[i] === j)})), {xy: s.y}, {xy: s.grain}],
          [{ends: bands.map(([low, high], j) => [j + 1, cut(low), j + 1, cut(high)])}, {xy: bands.map(([low], j) => [j + 1, cut(low)])}],
          [{x: range(4).map((k) => k + 0.5), y: s.w}],
        ],
        facts: {length: handed.length, most},
        text: `A grain taken from target ${s.origin} and added at (${gx.toFixed(2)}, ${gy.toFixed(2)}) costs ${six(far[from][4])} for each unit of its mass; the freest price has ${six(most)} to move in`,
        more: `; ${handed.length === 1 ? "one atom comes" : `${handed.length} atoms change their place: target ${handed.map(([, j]) => j + 1).join(", to ")}, to the grain`}`,
      };
    },
  };

  // ---- the river's ends again ---------------------------------------------------------------------
  figures.boats = {
    limits: figures.river.limits,
    shared: figures.river.shared,
    tasks: [(f) => f.walk >= 0.01 && f.fade >= 10 * f.walk, (f) => f.walk >= 0.01 && f.fade <= 1.8 * f.walk],
    handles: [painted(0, {"ρ₀": "rho0", "ρ₁": "rho1"}, "density that the brush paints", 0.01)],
    controls: [
      {choice: "brush", label: "paint", options: ["ρ₀", "ρ₁"]},
      {button: "Flat", press(s) { const name = s.brush === "ρ₀" ? "rho0" : "rho1"; s[name] = s[name].map(() => 0.5); }},
      {slider: "t", label: "t", min: 0, max: 1, step: 0.01},
    ],
    solve(s, kernels) {
      const x = centres(64), a = unit(s.rho0), b = unit(s.rho1), {t} = s, plan = monotone(kernels, x, x, a, b);
      let flux = 0;
      const crossed = range(63).map((k) => Math.abs((flux += a[k] - b[k])));
      const spent = (r) => sum(crossed.map((v, k) => (v * v) / (32 * ((1 - r) * (a[k] + a[k + 1]) + r * (b[k] + b[k + 1])))) ) / 64;
      const times = centres(32), power = times.map(spent), fade = sum(power) / 32, cut = (v, most) => Math.min(v, most);
      const mass = [];
      plan.mass.reduce((total, v, k) => (mass[k] = total + v), 0);
      const at = centres(24).map((level) => { const k = mass.findIndex((v) => v >= level); return k < 0 ? mass.length - 1 : k; });
      const start = at.map((k) => x[plan.rows[k]]), end = at.map((k) => x[plan.cols[k]]), moved = plan.rows.map((i, k) => (1 - t) * x[i] + t * x[plan.cols[k]]);
      const base = dot(a, plan.phi), both = [plan.phi.map((v) => v - base), plan.psi.map((v) => v + base)];
      const tallest = Math.max(...a, ...b), part = (v, whole) => (whole > 1e-12 ? v / whole : 0), largest = Math.max(...both.flatMap((w) => [...w].map(Math.abs)));
      return {
        layers: [
          [{x, y: s.rho0}, {x, y: s.rho1}],
          [{ends: start.map((v, k) => [v, 0, end[k], 1])}, {xy: start.map((v, k) => [(1 - t) * v + t * end[k], t])}],
          [{x, y: x.map((_, k) => ((1 - t) * a[k] + t * b[k]) / tallest)}, {x: centres(32), y: histogram(moved, plan.mass, 32).map((v) => cut(v / 2 / tallest, 1.2))}],
          [{x: times, y: power.map((v) => cut(part(v, plan.value), 12))}, {x: [0, 1], y: [1, 1]}],
          both.map((w) => ({x, y: [...w].map((v) => part(v, largest))})),
        ],
        facts: {walk: plan.value, fade},
        text: `The boats spend ${six(plan.value)}, the potentials prove ${six(dot(a, plan.phi) + dot(b, plan.psi))}; fading spends ${six(fade)}; at t = ${t.toFixed(2)} the mean is ${six(dot(moved, plan.mass))}`,
        more: fade < plan.value && plan.value > 1e-9 ? "; that fading spends less, only the cells say: they are too coarse for ends so near" : "",
      };
    },
  };

  // ---- three pictures -----------------------------------------------------------------------------
  const DOTS = 96, turned = (k, far) => [far * Math.cos(k * 2.399963), far * Math.sin(k * 2.399963)];
  const CLOUDS = [
    (k, far) => turned(k, 0.7 + 0.3 * far),
    (k, far) => turned(k, far * (0.55 + 0.45 * Math.cos(5 * k * 2.399963))),
    (k, far) => { const [u, v] = turned(k, 0.38 * far); return [u + (k % 2 ? 0.6 : -0.6), v]; },
  ].map((place) => range(DOTS).map((k) => place(k, Math.sqrt((k + 0.5) / DOTS))));
  let between = null; // W_2^2 of each two pictures
  const prices = CLOUDS.map(() => new Float64Array(DOTS)); // of the plans before, from which the next are quickly found
  /* otlec.barycenter(clouds, share, start=clouds[0]): plans for fixed atoms, atoms for fixed plans. */
  function meeting(kernels, share) {
    let atoms = CLOUDS[0], before = Infinity;
    for (const psi of prices) { const most = Math.max(...psi); psi.forEach((v, j) => { psi[j] = v - most; }); } // lest they drift
    for (let round = 0; round < 200; round++) {
      const plans = CLOUDS.map((cloud, k) => assign(kernels, costs(kernels, cloud, atoms), prices[k]));
      const objective = sum(plans.map((plan, k) => (share[k] * plan.value) / DOTS));
      if (round && before - objective <= 1e-10 * before) return {atoms, objective};
      before = objective;
      const next = range(DOTS).map(() => [0, 0]);
      plans.forEach((plan, k) => plan.partner.forEach((j, i) => { for (const d of [0, 1]) next[j][d] += share[k] * CLOUDS[k][i][d]; }));
      atoms = next;
    }
    return {atoms, objective: before};
  }
  figures.pictures = {
    tasks: [(f) => f.objective >= 0.0855, (f) => Math.min(...f.share) >= 0.1 && f.objective <= 1.005 * f.bound],
    handles: [shares(0, "shares", ["ring", "star", "discs"])],
    solve(s, kernels) {
      const share = [...unit(s.share)];
      between ??= [[0, 1], [0, 2], [1, 2]].map(([i, j]) => [i, j, assign(kernels, costs(kernels, CLOUDS[i], CLOUDS[j])).value / DOTS]);
      const {atoms, objective} = meeting(kernels, share), bound = sum(between.map(([i, j, v]) => share[i] * share[j] * v));
      return {
        layers: [
          [null, ...CORNERS.map(() => null), {xy: figures.pictures.handles[0].where(s)}],
          [{xy: atoms}],
          CLOUDS.map((xy, k) => ({xy, opacity: share[k]})),
        ],
        facts: {objective, bound, share},
        text: `Shares: ${["ring", "star", "discs"].map((name, k) => `${name} ${share[k].toFixed(2)}`).join(", ")}; objective ${six(objective)}, no picture is below ${six(bound)}`,
      };
    },
  };
})();
