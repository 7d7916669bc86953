// The network as columns of neurons that light up, with the strongest connections.
"use strict";

const MOST_SHOWN = 24; // neurons of a layer
const CONNECTIONS = 36; // between two layers
const PATIENCE = 500; // milliseconds before other neurons of wide layers are shown
const FOOT = 20; // pixels below the neurons, for how many they are

/** Draws a network's layers, and calls `pointed` with a neuron of the first when it is chosen. */
class NetworkView {
  constructor(canvas, group, network, pointed) {
    this.canvas = canvas;
    this.group = group;
    this.network = network;
    this.pointed = pointed;
    this.activations = null; // of all layers, the image first
    this.frame = null; // the next of the motion
    this.later = null; // the time to show other neurons
    this.samples = sampleLayers(network, null, null);
    this.chosen = this.samples[0][0]; // a neuron of the first layer
    this.lines = new Map(); // connections by name, each { from, to, now, aim }
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    new ResizeObserver(() => this.layOut()).observe(canvas);
  }

  // --- What is where ---------------------------------------------------------

  layOut() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.fromImage = width > 360; // the image is to the left of it
    const left = this.fromImage ? 72 : 12;
    const last = this.network.layers.length - 1;
    this.columns = this.network.layers.map(({ fanOut }, layer) => {
      const shown = this.samples[layer];
      const pitch = (height - FOOT) / (layer === last ? DIGITS : Math.max(shown.length, 14));
      const top = (height - FOOT - pitch * shown.length) / 2;
      return {
        x: last ? left + ((width - 12 - left) * layer) / last : width - 12,
        shown,
        size: fanOut,
        radius: Math.min(9, 0.38 * pitch),
        ys: shown.map((_, i) => top + pitch * (i + 0.5)),
        now: shown.map((neuron) => this.#lit(layer, neuron)), // from -1 to 1
      };
    });
    this.lines.clear();
    this.#placeButtons();
    this.show(this.activations);
  }

  /** Return how a neuron is lit where the columns are laid out anew. */
  #lit(layer, neuron) {
    const column = this.columns?.[layer];
    return column?.now[column.shown.indexOf(neuron)] ?? 0;
  }

  /** Show the neurons of wide layers that count most for this image. */
  #resample() {
    this.later = null;
    if (!this.activations) return; // cleared in the meantime
    const samples = sampleLayers(this.network, this.activations, this.chosen);
    if (String(samples) === String(this.samples)) return;
    this.samples = samples;
    const focused = this.group.contains(document.activeElement);
    this.layOut();
    if (focused) this.group.children[samples[0].indexOf(this.chosen)].focus();
  }

  /** Put a button on each neuron of the first layer, one of them within reach of the Tab key. */
  #placeButtons() {
    const [first] = this.columns;
    this.group.replaceChildren(
      ...first.shown.map((neuron, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.tabIndex = neuron === this.chosen ? 0 : -1;
        button.ariaLabel = word("neuron", { number: neuron + 1, count: first.size });
        const size = `${2 * first.radius + 4}px`;
        const place = { left: `${first.x}px`, top: `${first.ys[i]}px`, width: size, height: size };
        Object.assign(button.style, place);
        for (const name of ["pointerenter", "focus", "click"])
          button.addEventListener(name, () => this.choose(i));
        button.addEventListener("keydown", (event) => this.#moveOn(event, i));
        return button;
      }),
    );
  }

  /** Choose one of the neurons that are shown of the first layer. */
  choose(i) {
    [...this.group.children].forEach((button, at) => (button.tabIndex = at === i ? 0 : -1));
    this.chosen = this.columns[0].shown[i];
    this.pointed(this.chosen);
    this.#animate();
  }

  #moveOn(event, i) {
    const buttons = this.group.children;
    const to = { ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  }

  // --- What it shows ---------------------------------------------------------

  /** Show the activations of all layers, the image first; null for a network at rest. */
  show(activations) {
    this.activations = activations;
    if (activations) this.later ??= setTimeout(() => this.#resample(), PATIENCE);
    this.columns.forEach((column, layer) => {
      const values = activations?.[layer + 1];
      const scale = values ? Math.max(1, most(values)) : 1; // ReLU has no upper end
      column.aim = column.shown.map((neuron) => (values ? values[neuron] / scale : 0));
    });
    for (const line of this.lines.values()) line.aim = 0;
    this.columns.forEach((_, layer) => this.#connect(layer));
    this.#animate();
  }

  /** Aim at the strongest connections into a layer: weight times activation, or weight at rest. */
  #connect(layer) {
    if (layer === 0 && !(this.fromImage && this.activations)) return;
    const found = layer ? this.#between(layer) : this.#fromImage();
    found.sort((a, b) => Math.abs(b.strength) - Math.abs(a.strength));
    const strongest = Math.abs(found[0]?.strength) || 1;
    for (const { from, to, strength } of found.slice(0, CONNECTIONS)) {
      if (!strength) break;
      const name = `${layer} ${from} ${to}`;
      const line = this.lines.get(name) ?? { layer, from, to, now: 0 };
      line.aim = (strength / strongest) * (this.activations ? 1 : 0.35);
      this.lines.set(name, line);
    }
  }

  #between(layer) {
    const { weights, fanIn } = this.network.layers[layer];
    const a = this.activations?.[layer];
    const found = [];
    this.columns[layer].shown.forEach((neuron, to) => {
      this.columns[layer - 1].shown.forEach((before, from) => {
        const weight = weights[neuron * (fanIn + 1) + before];
        found.push({ from, to, strength: a ? weight * a[before] : weight });
      });
    });
    return found;
  }

  /** Return for each neuron of the first layer the pixel that moves it most. */
  #fromImage() {
    const { weights, fanIn } = this.network.layers[0];
    const image = this.activations[0];
    return this.columns[0].shown.map((neuron, to) => {
      let [from, strength] = [0, 0];
      for (let i = 0; i < fanIn; i++) {
        const each = weights[neuron * (fanIn + 1) + i] * image[i];
        if (Math.abs(each) > Math.abs(strength)) [from, strength] = [i, each];
      }
      return { from, to, strength };
    });
  }

  // --- Motion: everything nears its aim, the later layers a little later ------

  #animate() {
    this.frame ??= requestAnimationFrame((time) => this.#step(time, time));
  }

  #step(before, time) {
    const elapsed = time - before;
    const part = (layer) => (this.still.matches ? 1 : 1 - Math.exp(-elapsed / (70 + 45 * layer)));
    let moving = elapsed === 0; // the first frame only tells the time
    const near = (now, aim, layer) => {
      if (Math.abs(aim - now) < 0.004) return aim;
      moving = true;
      return now + (aim - now) * part(layer);
    };
    this.columns.forEach(({ now, aim }, layer) => {
      for (let i = 0; i < now.length; i++) now[i] = near(now[i], aim[i], layer);
    });
    for (const [name, line] of this.lines) {
      line.now = near(line.now, line.aim, line.layer);
      if (!line.now && !line.aim) this.lines.delete(name);
    }
    this.#draw();
    this.frame = moving ? requestAnimationFrame((next) => this.#step(time, next)) : null;
  }

  // --- Drawing ---------------------------------------------------------------

  /** Draw again, in the colours of the theme as it is now. */
  render() {
    if (this.columns) this.#draw();
  }

  #draw() {
    const context = fitted(this.canvas);
    context.scale(devicePixelRatio, devicePixelRatio);
    const palette = theme();
    for (const line of this.lines.values()) this.#drawLine(context, line, palette);
    this.columns.forEach((column, layer) => this.#drawColumn(context, column, layer, palette));
  }

  #drawLine(context, { layer, from, to, now }, palette) {
    const column = this.columns[layer];
    const [x, y] = [column.x, column.ys[to]];
    const before = this.columns[layer - 1];
    const [startX, startY] = before ? [before.x, before.ys[from]] : [0, this.#rowOf(from)];
    const middle = (startX + x) / 2;
    context.beginPath();
    context.moveTo(startX, startY);
    context.bezierCurveTo(middle, startY, middle, y, x, y);
    context.strokeStyle = rgb(now > 0 ? palette.for : palette.against);
    context.globalAlpha = 0.75 * Math.abs(now);
    context.lineWidth = 0.6 + 1.4 * Math.abs(now);
    context.stroke();
    context.globalAlpha = 1;
  }

  /** Return the height of a pixel's row in the image to the left. */
  #rowOf(pixel) {
    const image = document.getElementById("seen").getBoundingClientRect();
    const top = image.top - this.canvas.getBoundingClientRect().top;
    return top + (image.height * (Math.floor(pixel / SIDE) + 0.5)) / SIDE;
  }

  #drawColumn(context, { x, ys, now, shown, size, radius }, layer, palette) {
    ys.forEach((y, i) => {
      const chosen = layer === 0 && shown[i] === this.chosen;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = rgb(diverging(now[i], palette));
      context.fill();
      context.strokeStyle = rgb(chosen ? palette.ink : palette.edge);
      context.lineWidth = chosen ? 2.5 : 1;
      context.stroke();
    });
    context.fillStyle = rgb(palette.muted);
    context.font = `12px ${getComputedStyle(this.canvas).fontFamily}`;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const text = groupDigits(size);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(x, half), width - half) - half, height - 3);
  }
}

// --- Which neurons are shown -------------------------------------------------

/** Return which neurons of each layer are shown; one of the first layer has to be among them. */
function sampleLayers({ layers }, activations, wanted) {
  const samples = [];
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const { fanOut } = layers[layer];
    const counts = fanOut > MOST_SHOWN ? influence(layers, layer, samples[0], activations) : null;
    if (counts && layer === 0 && wanted !== null) counts[wanted] = Infinity;
    const neurons = Array.from({ length: fanOut }, (_, neuron) => neuron);
    if (counts) neurons.sort((one, other) => counts[other] - counts[one]);
    samples.unshift(neurons.slice(0, MOST_SHOWN).sort((one, other) => one - other));
  }
  return samples;
}

/** Return how much each neuron of a layer moves those that are shown of the next, and are lit. */
function influence(layers, layer, nextShown, activations) {
  const { weights, fanIn } = layers[layer + 1];
  const [a, next] = activations?.slice(layer + 1) ?? [];
  const sums = new Float32Array(fanIn);
  for (const neuron of nextShown) {
    const start = neuron * (fanIn + 1);
    const lit = next ? Math.abs(next[neuron]) : 1;
    for (let i = 0; i < fanIn; i++) sums[i] += lit * Math.abs(weights[start + i] * (a ? a[i] : 1));
  }
  return sums;
}

/** Say of which layers only a part is shown. */
function describeSample(network) {
  const parts = network.layers
    .filter(({ fanOut }) => fanOut > MOST_SHOWN)
    .map(({ fanOut }) => word("part", { shown: MOST_SHOWN, count: groupDigits(fanOut) }))
    .join(word("then"));
  return parts ? word("shown", { parts, lines: word("lines") }) : word("lines");
}

// --- Colours -----------------------------------------------------------------

/** Return the theme's colours as red, green and blue. */
function theme() {
  const names = ["for", "against", "zero", "ink", "edge", "muted"];
  return Object.fromEntries(
    names.map((name) => {
      const number = parseInt(colour(`--${name}`).trim().slice(1), 16);
      return [name, [number >> 16, (number >> 8) & 255, number & 255]];
    }),
  );
}

/** Return the colour of a value from -1, all against, by 0 to 1, all for. */
function diverging(value, palette) {
  const end = value > 0 ? palette.for : palette.against;
  const part = Math.min(Math.abs(value), 1);
  return palette.zero.map((level, k) => level + (end[k] - level) * part);
}

const rgb = (levels) => `rgb(${levels.map(Math.round).join(" ")})`;
