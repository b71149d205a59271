/* Guesses (book/_ext/directives/guess.py): the page asks, the reader answers, the page says what follows.

   Without this script a guess is a question and a fold. Here the fold stays, as "Show me"; what may
   be answered becomes buttons. What was guessed is kept in this browser alone. */
(() => {
  "use strict";
  const KEY = "otlec-guesses", SVG = "http://www.w3.org/2000/svg";

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {};  // no storage, or not ours
    }
  }

  function keep(name, state) {
    const all = kept();
    if (state) all[name] = state;
    else delete all[name];
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
    } catch { /* a browser that keeps nothing */ }
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes))
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /* A number as people type it: 0.5, 0,5, 1/2, infinity; NaN for what is none. */
  const INFINITY = /^([-−+]?) *(∞|inf|infty|\\infty|infinity|infinite|infinitely many)$/i;
  function parse(text) {
    const endless = text.trim().match(INFINITY);
    if (endless) return /[-−]/.test(endless[1]) ? -Infinity : Infinity;
    const parts = text.trim().replace(/,/g, ".").replace(/−/g, "-").split("/");
    const values = parts.map((part) => (part.trim() === "" ? NaN : Number(part)));
    const value = values.length === 2 ? values[0] / values[1] : values[0];
    return parts.length <= 2 && Number.isFinite(value) ? value : NaN;
  }

  class Box {
    constructor(root) {
      this.root = root;
      this.name = root.dataset.name;
      this.data = JSON.parse(root.dataset.guess);
      this.fold = root.querySelector(":scope > .otlec-fold");
      this.tries = 0;
      this.desk = element("div", {class: "otlec-desk"});
      this.reply = element("div", {class: "otlec-reply", role: "status"});
      this.fold.before(this.desk, this.reply);
      this.again = element("button", {type: "button", class: "otlec-again", hidden: "",
        onclick: () => this.reset()}, "Guess again");
      this.fold.after(this.again);
      this.hand = new HANDS[root.dataset.kind](this);
      const state = kept()[this.name];
      if (state) this.restore(state);
    }

    reason(when) {
      const all = [...this.fold.querySelectorAll(":scope > .otlec-reasons > li")];
      return all.find((li) => li.dataset.when === when);
    }

    /* Say a word, and the sentence of the source if there is one. */
    say(word, ...sentences) {
      this.reply.replaceChildren();
      const first = element("p", {}, element("strong", {}, word), " ");
      this.reply.append(first);
      for (const sentence of sentences.filter(Boolean)) {
        if (typeof sentence === "string") {
          first.append(sentence);
          continue;
        }
        const copy = sentence.cloneNode(true);
        copy.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
        if (this.hand.leads) copy.querySelector("p > strong")?.remove();
        const [opening, ...more] = copy.children;
        first.append(...opening.childNodes);
        this.reply.append(...more);
      }
    }

    /* The reader has answered: judge, say, keep. */
    submit(guess, silent = false) {
      if (!silent) this.tries++;
      const {right, done = right} = this.hand.judge(guess, this.tries);
      this.root.dataset.state = right ? "right" : "wrong";
      this.again.hidden = false;
      if (done) this.fold.open = true;
      if (!silent) keep(this.name, {guess, tries: this.tries, open: this.fold.open});
    }

    restore({guess, tries, open}) {
      this.tries = tries;
      try {
        this.hand.show(guess);
        this.submit(guess, true);
        if (open) this.fold.open = true;
      } catch {
        this.reset();  // of an earlier edition of the page
      }
    }

    reset() {
      keep(this.name, null);
      this.tries = 0;
      delete this.root.dataset.state;
      this.reply.replaceChildren();
      this.fold.open = false;
      this.again.hidden = true;
      this.hand.show(null);
      this.desk.querySelector("button, input, [tabindex]")?.focus({preventScroll: true});
      // What was open above has closed: the question comes back into view.
      if (this.root.getBoundingClientRect().top < 60) this.root.scrollIntoView({block: "start", behavior: "instant"});
    }
  }

  /* A line of a list becomes a button: its paragraph moves into it, and no link stays in it. */
  function press(line, onclick) {
    const button = element("button", {type: "button", class: "otlec-choice", onclick});
    const paragraph = line.querySelector("p");
    button.append(...paragraph.childNodes);
    button.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes));
    return button;
  }

  class Choice {
    leads = true;
    constructor(box) {
      this.box = box;
      const list = box.root.querySelector(".otlec-choices");
      this.buttons = new Map();
      for (const line of list.children) {
        const letter = line.dataset.letter;
        const button = press(line, () => this.choose(letter));
        button.setAttribute("aria-pressed", "false");
        line.replaceChildren(button);
        this.buttons.set(letter, button);
      }
      box.desk.append(list);
      if (box.data.several)
        box.desk.append(element("p", {class: "otlec-tools"}, element("button", {type: "button",
          class: "otlec-check", onclick: () => box.submit(this.chosen())}, "Check"), " More than one may be right."));
    }
    chosen() {
      const pressed = ([, button]) => button.getAttribute("aria-pressed") === "true";
      return [...this.buttons].filter(pressed).map(([letter]) => letter);
    }
    choose(letter) {
      const now = new Set(this.chosen());
      if (!this.box.data.several) now.clear();
      if (!now.delete(letter)) now.add(letter);
      this.show([...now]);
      if (!this.box.data.several) this.box.submit([letter]);
    }
    show(guess) {
      for (const [letter, button] of this.buttons)
        button.setAttribute("aria-pressed", String(guess?.includes(letter) ?? false));
    }
    judge(guess) {
      const right = this.box.data.right;
      const differs = (letter) => guess.includes(letter) !== right.includes(letter);
      // Of several, the first that is not as it should be; else the chosen one, wherever it stands.
      const wrong = this.box.data.several ? [...this.buttons.keys()].find(differs) : guess.find(differs);
      if (wrong === undefined) {
        this.box.say("Yes.", this.box.data.several ? "" : this.box.reason(guess[0]));
        return {right: true};
      }
      const several = this.box.data.several ? `Look at (${wrong}).` : "No.";
      this.box.say(several, this.box.reason(wrong));
      return {right: false};
    }
  }

  class Numeral {
    leads = true;
    constructor(box) {
      this.box = box;
      this.input = element("input", {type: "text", inputmode: "text", autocomplete: "off",
        enterkeyhint: "go", id: `${box.root.id}-number`});
      const form = element("form", {class: "otlec-form"},
        element("label", {for: this.input.id}, "Your number"), this.input,
        element("button", {class: "otlec-check"}, "Guess"));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const value = parse(this.input.value);
        if (Number.isFinite(value)) box.submit(value);
        else if (value) box.submit(value > 0 ? "∞" : "-∞"); // JSON keeps no infinite number
        else if (this.input.value.trim() === "") box.say("Nothing is typed yet.", "Type a number like 0.5 or 1/2.");
        else box.say("That is no number.", "Type one in digits, like 0.5 or 1/2; “infinity” is understood too.");
      });
      box.desk.append(form);
    }
    show(guess) {
      this.input.value = guess === null ? "" : typeof guess === "string" ? guess : String(Math.round(guess * 1e6) / 1e6);
    }
    judge(answer, tries) {
      const {box} = this, {within} = box.data, [guess, value] = [answer, box.data.value].map((v) => parse(String(v)));
      const near = (other) => guess === other || Math.abs(guess - other) <= Math.max(within, 1e-9);
      if (near(value)) {
        box.say("Yes.", box.reason("x"));
        return {right: true};
      }
      const known = [...box.fold.querySelectorAll(".otlec-reasons > li")].find(
        (li) => li.dataset.when.startsWith("=") && near(parse(li.dataset.when.slice(1))));
      const low = guess < value, done = !known && tries > 1;
      if (known) box.say("No.", known);
      else if (done) box.say(`Not that either: too ${low ? "small" : "large"}.`, box.reason(low ? "<" : ">"), " Below stands what it is.");
      else box.say(low ? "Too small." : "Too large.", box.reason(low ? "<" : ">"));
      return {right: false, done};
    }
  }

  /* Lines to put in order: a press moves a line to the end of the order, or back. */
  class Order {
    constructor(box, words = {pool: "To put in order", made: "Your order"}) {
      this.box = box;
      const list = box.root.querySelector(".otlec-lines");
      this.lines = new Map();
      for (const line of [...list.children]) {
        const letter = line.dataset.letter;
        line.replaceChildren(press(line, () => this.move(letter)));
        this.lines.set(letter, line);
      }
      list.classList.add("otlec-pool");
      this.pool = list;
      this.made = element("ol", {class: "otlec-made"});
      for (const [part, name] of [[this.pool, words.pool], [this.made, words.made]])
        part.setAttribute("aria-label", name);
      this.heading = element("p", {class: "otlec-made-title"},
        "Press the lines in their order; press one again to take it out.");
      this.tools = element("p", {class: "otlec-tools"}, element("button", {type: "button",
        class: "otlec-check", onclick: () => box.submit(this.guess())}, "Check"));
      box.desk.append(this.heading, this.made, this.pool);
      // On a phone what is checked and what is said of it stay in view beside the lines.
      const foot = element("div", {class: "otlec-foot"}, this.tools);
      box.desk.after(foot);
      foot.append(box.reply);
    }
    guess() {
      return [...this.made.children].map((line) => line.dataset.letter);
    }
    move(letter) {
      const line = this.lines.get(letter);
      const inside = line.parentNode === this.made;
      if (inside) this.back(line);
      else this.made.append(line);
      line.querySelector("button").focus({preventScroll: true});
    }
    back(line) {
      const after = [...this.pool.children].find((l) => l.dataset.letter > line.dataset.letter);
      this.pool.insertBefore(line, after ?? null);
    }
    show(guess) {
      [...this.made.children].forEach((line) => this.back(line));
      guess?.forEach((letter) => this.made.append(this.lines.get(letter)));
    }
    judge(guess) {
      const {box} = this, {order} = box.data;
      if (guess.length < order.length) {
        box.say("Not all are placed.", "Each line has its place in the order.");
        return {right: false};
      }
      const wrong = guess.findIndex((letter, n) => letter !== order[n]);
      if (wrong < 0) {
        box.say("Yes.", "In this order.");
        return {right: true};
      }
      const other = box.reason("other");
      box.say(wrong ? `The first ${wrong > 1 ? wrong : "one"} stand${wrong > 1 ? "" : "s"} right.`
        : "Another one comes first.", other);
      return {right: false};
    }
  }

  class Proof extends Order {
    constructor(box) {
      super(box, {pool: "Lines", made: "Your proof"});
      this.help = element("button", {type: "button", class: "otlec-help", hidden: "",
        onclick: () => this.takeAway()}, "Take a false line away");
      this.tools.append(" ", this.help);
      box.fold.addEventListener("toggle", () => {
        const looking = box.fold.open && !this.guess().length;
        if (looking) box.say("Looking is fine.", "Here is one order, and what each line rests on. Fold "
          + "it again, and build the proof yourself: any order will do in which no line lacks its ground.");
        else if (this.looked) box.reply.replaceChildren();
        this.looked = looking;
      });
    }
    text(letter) {
      return `(${letter})`;
    }
    falseLines() {
      return [...this.lines.keys()].filter((letter) => !(letter in this.box.data.grounds));
    }
    takeAway() {
      const here = this.falseLines().find((letter) => this.lines.get(letter).isConnected);
      if (!here) return;
      this.lines.get(here).remove();
      this.box.say(`(${here}) is not true.`, this.shortReason(here));
      this.help.hidden = !this.falseLines().some((letter) => this.lines.get(letter).isConnected);
      this.tools.querySelector("button").focus({preventScroll: true});
    }
    shortReason(letter) {
      const copy = this.box.reason(letter).cloneNode(true);
      copy.querySelector("p > strong")?.remove();
      return copy;
    }
    show(guess) {
      for (const line of this.lines.values()) if (!line.isConnected) this.back(line);
      super.show(guess);
      if (guess === null) this.help.hidden = true;
    }
    judge(guess, tries) {
      const {box} = this, {grounds} = box.data, said = new Set();
      const left = this.falseLines().some((letter) => this.lines.get(letter).isConnected);
      this.help.hidden = tries < 3 || !left;
      for (const letter of guess) {
        if (!(letter in grounds)) {
          box.say(`(${letter}) is not true.`, this.shortReason(letter));
          return {right: false};
        }
        const missing = grounds[letter].filter((ground) => !said.has(ground));
        if (missing.length) {
          const names = missing.map((ground) => `(${ground})`).join(", ").replace(/, ([^,]*)$/, " and $1");
          box.say(`(${letter}) lacks its ground.`,
            `It rests on ${names}, which ${missing.length > 1 ? "do" : "does"} not stand before it.`);
          return {right: false};
        }
        said.add(letter);
      }
      if (!said.size) {
        const first = Object.values(grounds).filter((list) => !list.length).length;
        box.say("Nothing stands here yet.", "Begin with a line that rests on no other: there "
          + `${["is one", "are two", "are three"][first - 1] ?? "are some"} of them. “Show me” has one whole order, with its reasons.`);
        return {right: false};
      }
      if (said.size < Object.keys(grounds).length) {
        box.say("So far, so good.", "Each line has its ground, but the proof is not finished.");
        return {right: false};
      }
      box.say("Yes.", "Each line rests on lines before it.");
      this.help.hidden = true;
      return {right: true};
    }
  }

  /* Figures: the first is to be answered in, the one in the fold shows the truth and the guess. */
  class Figure {
    constructor(box) {
      this.box = box;
      this.svg = box.root.querySelector(":scope > svg");
      this.truth = box.fold.querySelector("svg.otlec-guess-figure");
      box.desk.append(this.svg);
      const [left, right, low, high] = box.data.axes;
      // From the attribute: viewBox.baseVal would have the page laid out down to here.
      const [, , width, height] = this.svg.getAttribute("viewBox").split(" ").map(Number), margin = 34;  // of guess_figure.py
      this.x = (v) => margin + ((v - left) / (right - left)) * (width - 2 * margin);
      this.y = (v) => height - margin - ((v - low) / (high - low)) * (height - 2 * margin);
      this.at = (event) => {
        const box = this.svg.getBoundingClientRect();
        const px = ((event.clientX - box.left) / box.width) * width;
        const py = ((event.clientY - box.top) / box.height) * height;
        const clip = (v, a, b) => Math.min(Math.max(v, a), b);
        return [clip(left + ((px - margin) / (width - 2 * margin)) * (right - left), left, right),
          clip(low + ((height - margin - py) / (height - 2 * margin)) * (high - low), low, high)];
      };
    }
    draw(name, attributes) {
      for (const svg of [this.svg, this.truth]) {
        let part = svg.querySelector("." + attributes.class);
        if (!part) svg.append((part = document.createElementNS(SVG, name)));
        for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      }
    }
    erase() {
      this.box.root.querySelectorAll(".otlec-mine").forEach((part) => part.remove());
    }
  }

  class Place extends Figure {
    constructor(box) {
      super(box);
      this.svg.addEventListener("click", (event) => this.answer(this.at(event)));
      const field = (name) => element("input", {type: "text", inputmode: "text",
        autocomplete: "off", id: `${box.root.id}-${name}`});
      this.fields = [field("x"), field("y")];
      const form = element("form", {class: "otlec-form"}, element("span", {},
        "Click a place in the figure, or type it:"),
        element("label", {for: this.fields[0].id}, "x"), this.fields[0],
        element("label", {for: this.fields[1].id}, "y"), this.fields[1],
        element("button", {class: "otlec-check"}, "Guess"));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const place = this.fields.map((input) => parse(input.value));
        if (place.every(Number.isFinite)) this.answer(place);
        else box.say("These are no numbers.", "Type two like 0.5 and 1.");
      });
      box.desk.append(form);
    }
    answer(place) {
      place = place.map((v) => Math.round(v * 100) / 100);
      this.show(place);
      this.box.submit(place);
    }
    show(guess) {
      this.fields.forEach((input, n) => (input.value = guess ? guess[n] : ""));
      if (!guess) return this.erase();
      this.draw("circle", {class: "otlec-mine", cx: this.x(guess[0]), cy: this.y(guess[1]), r: 6});
    }
    judge([x, y]) {
      const {box} = this;
      const found = [...box.fold.querySelectorAll(".otlec-reasons > li")].find((li) => {
        const where = li.dataset.when.replace(/^x/, "").trim().split(/\s+/).map(Number);
        return where.length === 2 && Math.hypot(x - where[0], y - where[1]) <= box.data.within;
      });
      const right = Boolean(found?.dataset.when.startsWith("x"));
      box.say(right ? "Yes." : "No.", found ?? box.reason("other"));
      return {right};
    }
  }

  class Curve extends Figure {
    constructor(box) {
      super(box);
      const [left, right, low, high] = box.data.axes, count = 9;
      this.range = [low, high];
      this.xs = Array.from({length: count}, (_, n) => left + ((right - left) * n) / (count - 1));
      this.svg.setAttribute("role", "group");
      this.svg.classList.add("otlec-drawn");
      this.handles = this.xs.map((x, n) => {
        const handle = document.createElementNS(SVG, "circle");
        for (const [key, value] of Object.entries({class: "otlec-grip", r: 7, cx: this.x(x),
          tabindex: 0, role: "slider", "aria-valuemin": low, "aria-valuemax": high,
          "aria-orientation": "vertical", "aria-label": `the curve at ${+x.toFixed(2)}`}))
          handle.setAttribute(key, value);
        handle.addEventListener("keydown", (event) => {
          const step = {ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5}[event.key];
          if (!step) return;
          event.preventDefault();
          this.set(n, this.values[n] + (step * (high - low)) / 40);
        });
        return handle;
      });
      const half = (right - left) / (count - 1) / 2;
      // Where the stroke passes a circle's place, the circle is on it; elsewhere it takes the height
      // of the nearest point, of the last one where several are. A quick stroke skips places: those
      // between lie on the line.
      const strip = (event) => {
        const [x, y] = this.at(event);
        const from = this.last ?? {x, y};
        this.near = this.last ? this.near : this.xs.map(() => half);
        this.xs.forEach((place, k) => {
          const passed = (place - from.x) * (place - x) <= 0;
          const away = passed ? 0 : Math.abs(place - x);
          if (!passed && away > this.near[k]) return;
          this.near[k] = away;
          this.set(k, passed && x !== from.x ? from.y + ((y - from.y) * (place - from.x)) / (x - from.x) : y);
        });
        this.last = {x, y};
      };
      // A circle that is taken goes up and down with the finger, at once; a slanting way from it, and a
      // level one from any place, is a stroke. Else a finger that moves up or down scrolls the page.
      const taken = ({clientX, clientY, pointerType}) => {
        const far = this.handles.map((handle) => {
          const {left, top, width, height} = handle.getBoundingClientRect();
          return Math.hypot(left + width / 2 - clientX, top + height / 2 - clientY);
        });
        const least = Math.min(...far);
        return least <= (pointerType === "mouse" ? 10 : 18) ? far.indexOf(least) : -1;
      };
      this.svg.addEventListener("pointerdown", (event) => {
        if (!event.isPrimary) return;
        this.start = event;
        this.last = null;
        this.held = taken(event);
        this.lifting = false;
        this.drawing = event.pointerType === "mouse" && this.held < 0;
        if (this.drawing) strip(event);
      });
      // What begins on a circle is no scroll: touch-action would have to be said of the circles,
      // which some browsers do not hear within a drawing.
      this.svg.addEventListener("touchstart", (event) => {
        if (this.held >= 0 && event.touches.length === 1) event.preventDefault();
      }, {passive: false});
      this.svg.addEventListener("pointermove", (event) => {
        if (this.start?.pointerId !== event.pointerId) return;
        const [dx, dy] = [event.clientX - this.start.clientX, event.clientY - this.start.clientY].map(Math.abs);
        if (!this.drawing && !this.lifting) {
          const moved = Math.hypot(dx, dy) > 6;
          this.lifting = moved && this.held >= 0 && dy > 1.5 * dx;
          this.drawing = moved && !this.lifting && (this.held >= 0 || dx > dy);
          if (this.drawing) strip(this.start);
        }
        if (!this.drawing && !this.lifting) return;
        this.svg.setPointerCapture(event.pointerId);
        if (this.lifting) this.set(this.held, this.at(event)[1]);
        else strip(event);
      });
      const tap = (event) => {
        if (this.drawing || this.lifting) return;
        this.last = null;
        strip(event);
      };
      this.svg.addEventListener("click", tap);
      this.svg.addEventListener("pointerup", (event) => {
        if (this.start && this.held >= 0) tap(event); // the click after it comes to nothing
        this.start = null;
      });
      this.svg.addEventListener("pointercancel", () => {
        if (!this.drawing && !this.lifting) box.say("That moved the page.", "To draw, take a circle, or begin sideways; or tap where the curve should pass.");
        this.start = null;
      });
      const submit = () => this.touched ? box.submit(this.values.map((v) => Math.round(v * 1000) / 1000))
        : box.say("Nothing is drawn yet.", "Take a circle, draw sideways, or tap where the curve should pass.");
      const check = element("button", {type: "button", class: "otlec-check", onclick: submit}, "Guess");
      box.desk.append(element("p", {class: "otlec-tools"}, check));
      this.show(null);
      this.svg.append(...this.handles);
    }
    set(n, value) {
      this.touched = true;
      this.values[n] = Math.min(Math.max(value, this.range[0]), this.range[1]);
      this.paint();
    }
    paint() {
      const line = this.values.map((v, n) => `${this.x(this.xs[n])} ${this.y(v)}`);
      this.draw("path", {class: "otlec-mine", d: "M" + line.join("L")});
      this.handles.forEach((handle, n) => {
        handle.setAttribute("cy", this.y(this.values[n]));
        handle.setAttribute("aria-valuenow", this.values[n].toFixed(2));
      });
    }
    show(guess) {
      this.touched = Boolean(guess);
      this.values = guess ? [...guess] : this.xs.map(() => (this.range[0] + this.range[1]) / 2);
      this.paint();
      this.svg.append(...this.handles);
    }
    judge(guess) {
      const {box} = this, {curve, within} = box.data;
      const value = (points, x) => {
        const k = Math.max(points.findIndex(([a]) => a >= x - 1e-9), 1);
        const [[a, u], [b, v]] = [points[k - 1], points[k]];
        return u + ((v - u) * (x - a)) / (b - a);
      };
      const off = (points) => this.xs.map((x, n) => guess[n] - value(points, x));
      const far = (points) => Math.max(...off(points).map(Math.abs));
      if (far(curve) <= within) {
        box.say("Yes.", box.reason("x"));
        return {right: true};
      }
      const known = [...box.fold.querySelectorAll(".otlec-reasons > li")].find((li) => {
        if (!li.dataset.when.startsWith("~")) return false;
        const points = li.dataset.when.slice(1).split(",").map((p) => p.trim().split(/\s+/).map(Number));
        return far(points) <= within;
      });
      const mean = off(curve).reduce((a, b) => a + b, 0);
      box.say("No.", known ?? box.reason(mean < 0 ? "<" : ">") ?? box.reason("other"));
      return {right: false};
    }
  }

  const HANDS = {choice: Choice, number: Numeral, order: Order, proof: Proof, place: Place, curve: Curve};

  /* A link into a fold opens it, and paper shows all. */
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target?.scrollIntoView();
  }
  document.querySelectorAll(".otlec-guess").forEach((root) => new Box(root));
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
  addEventListener("beforeprint", () =>
    document.querySelectorAll(".otlec-fold").forEach((fold) => (fold.open = true)));
})();
