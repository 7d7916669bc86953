// The network as columns of neurons that light up, with what speaks for and against one of them.

const CONNECTIONS = 36; // between two layers
const PATIENCE = 500; // milliseconds before other neurons of wide layers are shown
const BACKWARDS = 400; // milliseconds that a layer is lit while δ flows back through it
const FOOT = 20; // pixels below the neurons, for their number

/** Draws a network's layers, and calls `changed` when another neuron is selected. */
class NetworkView {
  constructor(canvas, group, network, changed) {
    this.canvas = canvas;
    this.group = group;
    this.network = network;
    this.changed = changed;
    this.activations = null; // of all layers, the image first
    this.frame = null; // the next animation frame
    this.later = null; // the timer for showing other neurons
    this.chosen = null; // a neuron, until chosen again
    this.usual = null; // a neuron, if none is requested
    this.pointed = null; // a neuron, while pointed at or focused
    this.reach = { layer: 1, neuron: 0 }; // the one that Tab reaches
    this.samples = sampleLayers(network, null, null);
    this.upTo = Infinity; // the last layer shown
    this.lines = new Map(); // by name, each { layer, from, to, now, aim }
    this.pixels = null; // how much each counts for the selection
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    new ResizeObserver(() => this.layOut()).observe(canvas);
  }

  // --- What is selected ------------------------------------------------------

  get last() {
    return this.network.layers.length;
  }

  /** The explained neuron: by default the winning output, if there is an image. */
  get selected() {
    const there = (neuron) => (neuron && neuron.layer <= this.upTo ? neuron : null);
    return there(this.pointed) ?? there(this.chosen) ?? this.usual;
  }

  /** Return the neuron to explain if none is requested: in a step, the one that counts most. */
  #usual() {
    const { activations, upTo, samples } = this;
    if (!activations || upTo >= this.last) return this.#winner();
    const { shares } = traceBack(this.network, activations, this.#winner(), samples);
    const sizes = shares[upTo].map(Math.abs);
    const shown = samples[upTo] ?? [...sizes.keys()];
    const larger = (one, other) => (sizes[other] > sizes[one] ? other : one);
    return { layer: upTo, neuron: shown.reduce(larger) };
  }

  #winner() {
    const outputs = this.activations?.[this.last];
    return outputs ? { layer: this.last, neuron: outputs.indexOf(most(outputs)) } : null;
  }

  /** Explain a neuron while it is pointed at; null to stop. */
  point(neuron) {
    this.pointed = neuron;
    if (neuron?.layer) this.#setReach(neuron);
    this.#select();
  }

  /** Keep explaining a neuron, whatever is pointed at later; null to return to the winner. */
  choose(neuron) {
    if (neuron && !this.activations) return; // nothing has been drawn yet
    this.chosen = neuron && !same(neuron, this.chosen) ? neuron : null;
    if (!this.chosen) this.pointed = null;
    this.#resample();
    this.#select();
  }

  #select() {
    for (const button of this.group.children)
      button.ariaPressed = same(neuronOf(button), this.chosen);
    this.#connect();
    this.#animate();
    this.changed();
  }

  /** Show another network: the same object with other layers. */
  reset() {
    this.chosen = this.pointed = this.activations = null;
    this.samples = sampleLayers(this.network, null, null);
    this.layOut();
  }

  #setReach(neuron) {
    this.reach = neuron;
    for (const button of this.group.children)
      button.tabIndex = same(neuronOf(button), neuron) ? 0 : -1;
  }

  // --- Layout ----------------------------------------------------------------

  layOut() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { fontSize, fontFamily } = getComputedStyle(this.canvas);
    this.font = `${0.75 * parseFloat(fontSize)}px ${fontFamily}`;
    this.fromImage = width > 360; // the image is to its left
    const edge = this.fromImage ? 18 : 12; // room for half a neuron
    const left = this.fromImage ? 72 : edge;
    const last = this.last - 1;
    const tallest = Math.max(14, ...this.samples.slice(1).map((shown) => shown.length));
    const radius = Math.min(edge - 3, (0.38 * (height - FOOT)) / tallest);
    this.columns = this.network.layers.map(({ fanOut }, index) => {
      const shown = this.samples[index + 1];
      const pitch = (height - FOOT) / (index === last ? DIGITS : Math.max(shown.length, 14));
      const top = (height - FOOT - pitch * shown.length) / 2;
      return {
        layer: index + 1,
        x: last ? left + ((width - edge - left) * index) / last : width - edge,
        shown,
        size: fanOut,
        pitch,
        radius,
        ys: shown.map((_, i) => top + pitch * (i + 0.5)),
        now: shown.map((neuron) => this.#lit(index, neuron)), // from -1 to 1
      };
    });
    this.#placeButtons();
    this.show(this.activations, this.upTo);
  }

  /** Return how a neuron is lit in a new layout of the columns. */
  #lit(index, neuron) {
    const column = this.columns?.[index];
    return column?.now[column.shown.indexOf(neuron)] ?? 0;
  }

  /** Show the neurons of wide layers that count most for the selection. */
  #resample() {
    clearTimeout(this.later);
    this.later = null;
    if (!this.activations) return; // cleared in the meantime
    const samples = sampleLayers(this.network, this.activations, this.chosen);
    if (String(samples) === String(this.samples)) return;
    this.samples = samples;
    const focused = this.group.contains(document.activeElement) ? this.reach : null;
    this.layOut();
    if (focused) this.#buttonOf(focused)?.focus();
  }

  // --- A button on each neuron -----------------------------------------------

  #placeButtons() {
    this.group.replaceChildren(...this.columns.flatMap((column) => this.#buttonsOf(column)));
    this.#setReach(this.#buttonOf(this.reach) ? this.reach : neuronOf(this.group.firstChild));
  }

  #buttonsOf({ layer, shown, ys, x, pitch, size }) {
    return shown.map((neuron, i) => {
      const button = document.createElement("button");
      Object.assign(button.dataset, { layer, neuron });
      button.ariaLabel = nameOf({ layer, neuron }, this.network);
      button.ariaPressed = same({ layer, neuron }, this.chosen);
      button.setAttribute("aria-describedby", "sum");
      const place = { left: `${x}px`, top: `${ys[i]}px`, width: "24px", height: `${pitch}px` };
      Object.assign(button.style, place);
      const point = () => this.point({ layer, neuron });
      button.addEventListener("pointerenter", (event) => event.pointerType === "touch" || point());
      button.addEventListener("pointerleave", () => this.point(null));
      button.addEventListener("focus", point);
      button.addEventListener("blur", () => this.point(null));
      button.addEventListener("click", () => this.choose({ layer, neuron }));
      button.addEventListener("keydown", (event) => this.#moveOn(event, layer - 1, i));
      return button;
    });
  }

  #buttonOf(neuron) {
    return [...this.group.children].find((button) => same(neuronOf(button), neuron));
  }

  /** Move up and down in a layer, and across to the nearest neuron of the next. */
  #moveOn(event, index, i) {
    const column = this.columns[index];
    const across = { ArrowLeft: index - 1, ArrowRight: index + 1 }[event.key];
    const end = column.ys.length - 1;
    const along = { ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: end }[event.key];
    if (across === undefined && along === undefined) return;
    event.preventDefault();
    const to = this.columns[across ?? index];
    if (!to) return;
    const near = (y) => Math.abs(y - column.ys[i]);
    const at = along ?? to.ys.indexOf(to.ys.reduce((a, b) => (near(b) < near(a) ? b : a)));
    if (at in to.shown) this.#buttonOf({ layer: to.layer, neuron: to.shown[at] }).focus();
  }

  // --- Display ---------------------------------------------------------------

  /** Show the activations of layers, the image first; null for a network at rest. */
  show(activations, upTo = Infinity) {
    clearTimeout(this.flowing);
    Object.assign(this, { activations, upTo });
    this.usual = this.#usual();
    if (activations) this.later ??= setTimeout(() => this.#resample(), PATIENCE);
    else if (this.chosen) this.choose(null);
    for (const column of this.columns) {
      const values = column.layer <= upTo ? activations?.[column.layer] : null;
      const scale = values ? Math.max(1, most(values)) : 1; // ReLU has no upper end
      column.aim = column.shown.map((neuron) => (values ? values[neuron] / scale : 0));
    }
    this.#connect();
    this.#animate();
  }

  /** Light up layer after layer by its δ, from the last one back; then as before. */
  flow(deltas, layer = this.last) {
    clearTimeout(this.flowing);
    if (!layer) return this.show(this.activations, this.upTo);
    const delta = deltas[layer - 1];
    const largest = most(delta.map(Math.abs)) || 1;
    for (const column of this.columns)
      column.aim = column.shown.map((neuron) => (column.layer === layer ? delta[neuron] / largest : 0));
    for (const line of this.lines.values()) line.aim = 0;
    this.#animate();
    this.flowing = setTimeout(() => this.flow(deltas, layer - 1), BACKWARDS);
  }

  /** Aim at the lines to and from the selected neuron. */
  #connect() {
    for (const line of this.lines.values()) line.aim = 0;
    const { activations, network, selected, upTo } = this;
    if (!activations || !selected) return (this.pixels = null);
    const traced = selected.layer ? selected : this.#winner();
    const { lines, pixels } = traceBack(network, activations, traced, this.samples);
    this.pixels = traced.layer <= upTo ? pixels : null;
    const { layer, neuron } = selected;
    const first = upTo <= this.last ? layer : 1; // in a step, only its own lines
    for (let at = first; at <= layer; at++) this.#aim(lines.filter((line) => line.layer === at));
    if (layer === Math.min(this.last, upTo)) return;
    const { terms } = onwardOf(network, activations, selected);
    const onward = this.samples[layer + 1];
    this.#aim(onward.map((to) => ({ layer: layer + 1, from: neuron, to, strength: terms[to] })));
  }

  /** Aim at the strongest lines into a layer. */
  #aim(found) {
    found.sort((a, b) => Math.abs(b.strength) - Math.abs(a.strength));
    const strongest = Math.abs(found[0]?.strength) || 1;
    for (const { layer, from, to, strength } of found.slice(0, CONNECTIONS)) {
      if (!strength || (layer === 1 && !this.fromImage)) break;
      const name = `${layer} ${from} ${to}`;
      const line = this.lines.get(name) ?? { layer, from, to, now: 0 };
      line.aim = strength / strongest;
      this.lines.set(name, line);
    }
  }

  // --- Motion: everything nears its aim, later layers a little later ------

  #animate() {
    this.frame ??= requestAnimationFrame((time) => this.#step(time, time));
  }

  #step(before, time) {
    const elapsed = time - before;
    const part = (layer) => (this.still.matches ? 1 : 1 - Math.exp(-elapsed / (25 + 45 * layer)));
    let moving = elapsed === 0; // the first frame only sets the time
    const near = (now, aim, layer) => {
      if (Math.abs(aim - now) < 0.004) return aim;
      moving = true;
      return now + (aim - now) * part(layer);
    };
    for (const { now, aim, layer } of this.columns)
      for (let i = 0; i < now.length; i++) now[i] = near(now[i], aim[i], layer);
    for (const [name, line] of this.lines) {
      line.now = near(line.now, line.aim, line.layer);
      if (!line.now && !line.aim) this.lines.delete(name);
    }
    this.#draw();
    this.frame = moving ? requestAnimationFrame((next) => this.#step(time, next)) : null;
  }

  // --- Drawing ---------------------------------------------------------------

  /** Redraw in the current theme's colours. */
  render() {
    if (this.columns) this.#draw();
  }

  #draw() {
    const context = fitted(this.canvas);
    context.scale(devicePixelRatio, devicePixelRatio);
    const palette = theme();
    for (const line of this.lines.values()) this.#drawLine(context, line, palette);
    context.setLineDash([]);
    for (const column of this.columns) this.#drawColumn(context, column, palette);
  }

  #drawLine(context, { layer, from, to, now }, palette) {
    const [startX, startY] = this.#placeOf(layer - 1, from);
    const [x, y] = this.#placeOf(layer, to);
    if (startY === undefined || y === undefined) return; // no longer shown
    const middle = (startX + x) / 2;
    context.beginPath();
    context.moveTo(startX, startY);
    context.bezierCurveTo(middle, startY, middle, y, x, y);
    context.strokeStyle = rgb(now > 0 ? palette.for : palette.against);
    context.setLineDash(now > 0 ? [] : [5, 4]);
    context.globalAlpha = 0.15 + 0.7 * Math.abs(now);
    context.lineWidth = 3 * Math.abs(now);
    context.stroke();
    context.globalAlpha = 1;
  }

  #placeOf(layer, neuron) {
    if (!layer) return [0, this.#rowOf(neuron)];
    const { x, ys, shown } = this.columns[layer - 1];
    return [x, ys[shown.indexOf(neuron)]];
  }

  /** Return the height of a pixel's row in the image to the left. */
  #rowOf(pixel) {
    const image = document.getElementById("seen").getBoundingClientRect();
    const top = image.top - this.canvas.getBoundingClientRect().top;
    return top + (image.height * (Math.floor(pixel / SIDE) + 0.5)) / SIDE;
  }

  #drawColumn(context, { layer, x, ys, now, shown, size, radius }, palette) {
    const { selected } = this;
    ys.forEach((y, i) => {
      const marked = same({ layer, neuron: shown[i] }, selected);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = rgb(diverging(now[i], palette));
      context.fill();
      context.strokeStyle = rgb(marked ? palette.ink : palette.edge);
      context.lineWidth = marked ? 3 : 1;
      context.stroke();
      if (now[i] > -0.1) return;
      context.fillStyle = rgb(palette.ink); // a minus: tanh goes below 0
      context.fillRect(x - radius / 2, y - 1, radius, 2);
    });
    context.fillStyle = rgb(palette.muted);
    context.font = this.font;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const text = groupDigits(size);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(x, half), width - half) - half, height - 3);
  }
}

const same = (one, other) => one?.layer === other?.layer && one?.neuron === other?.neuron;

const neuronOf = ({ dataset }) => ({ layer: +dataset.layer, neuron: +dataset.neuron });

/** Return the name of a neuron, in words. */
function nameOf({ layer, neuron }, { sizes }) {
  const row = Math.floor(neuron / SIDE);
  if (!layer) return word("pixel", { row: row + 1, column: (neuron % SIDE) + 1 });
  if (layer === sizes.length - 1) return word("output", { digit: neuron });
  return word("neuron", { number: neuron + 1, count: groupDigits(sizes[layer]), layer });
}

/** Say which layers are shown only in part. */
function describeSample(network) {
  const parts = network.layers
    .filter(({ fanOut }) => fanOut > MOST_SHOWN)
    .map(({ fanOut }) => word("part", { shown: MOST_SHOWN, count: groupDigits(fanOut) }))
    .join(word("then"));
  return parts ? word("shown", { parts, lines: word("lines") }) : word("lines");
}
