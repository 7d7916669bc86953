// The selected neuron, in numbers: its sum, what speaks for and against it, and where it leads.

const TERMS = 4; // of each kind

const two = (value) => value.toFixed(2).replace("-", "−");
const signed = (value, gap = "") => `${value < 0 ? "−" : "+"}${gap}${two(Math.abs(value))}`;
const raise = (number) => [...`${number}`].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");

// How an activation is written, for one sum or a layer's
const WRITTEN = {
  sigmoid: (z) => `σ(${z})`,
  tanh: (z) => `tanh(${z})`,
  relu: (z) => `max(0, ${z})`,
  softmax: (z, l) => `exp(${z}) / Σ exp(z${l})`,
};

/** Explains neurons in a panel; calls `choose` with the one chosen there. */
class Explanation {
  constructor(panel, network, choose) {
    this.part = (name) => panel.querySelector(`#${name}`);
    this.network = network;
    this.lists = Object.fromEntries(
      ["for", "against", "onward"].map((name) => [name, this.#makeRows(name, choose)]),
    );
  }

  #makeRows(name, choose) {
    return Array.from({ length: TERMS }, () => {
      const [row, button, term] = create("li", "button", "span");
      button.addEventListener("click", () => choose(neuronOf(button)));
      row.append(button, term);
      this.part(`terms-${name}`).append(row);
      return { row, button, term };
    });
  }

  /** Show a neuron's numbers, given the activations of all layers, or that there are none. */
  show(selected, layers, chosen) {
    const { part, network } = this;
    const there = Boolean(selected && layers);
    for (const name of ["sum", "terms"]) part(name).hidden = !there;
    part("explained").textContent = there ? nameOf(selected, network) : word("pointHere");
    part("explained").classList.toggle("hint", !there);
    part("back").hidden = !chosen;
    if (!there) return;
    const { layer, neuron } = selected;
    part("sum").textContent = layer ? this.#sum(selected, layers) : this.#pixel(neuron, layers);
    const last = layer === network.layers.length;
    for (const [name, hidden] of [["for", !layer], ["against", !layer], ["onward", last]])
      part(`part-${name}`).hidden = hidden;
    if (layer) this.#terms(selected, layers);
    if (!last) this.#onward(selected, layers);
  }

  #sum(selected, layers) {
    const { layer, neuron } = selected;
    const { raised, lowered, bias, z } = termsOf(this.network, layers, selected);
    const last = layer === this.network.layers.length;
    const written = WRITTEN[last ? this.network.output : this.network.activation];
    const [l, before] = [raise(layer), raise(layer - 1)];
    const parts = `${two(raised)} ${signed(lowered, " ")} ${signed(bias, " ")}`;
    const a = figure(layers[layer][neuron]);
    const sum = `z${l} = Σ w${l}·a${before} + b${l} = ${parts} = ${two(z)}`;
    return `${sum}\na${l} = ${written(two(z), l)} = ${a}`;
  }

  #pixel(pixel, [image]) {
    return `a⁰ = ${Math.round(255 * image[pixel])} / 255 = ${two(image[pixel])}`;
  }

  #terms(selected, layers) {
    const { terms, weights } = termsOf(this.network, layers, selected);
    const before = layers[selected.layer - 1];
    for (const [name, sign] of [["for", 1], ["against", -1]]) {
      const strongest = largest(terms, TERMS, (term) => sign * term);
      this.#fill(name, strongest, selected.layer - 1, (i) =>
        `${two(weights[i])} · ${two(before[i])} = ${signed(terms[i])}`);
    }
  }

  #onward(selected, layers) {
    const { terms, weights } = onwardOf(this.network, layers, selected);
    const a = two(layers[selected.layer][selected.neuron]);
    this.#fill("onward", largest(terms, TERMS, Math.abs), selected.layer + 1, (i) =>
      `${two(weights[i])} · ${a} = ${signed(terms[i])}`);
  }

  #fill(name, neurons, layer, write) {
    this.part(`none-${name}`).hidden = neurons.length > 0;
    this.lists[name].forEach(({ row, button, term }, at) => {
      const neuron = neurons[at];
      row.hidden = neuron === undefined;
      if (row.hidden) return;
      Object.assign(button.dataset, { layer, neuron });
      button.textContent = this.#shortName(layer, neuron);
      term.textContent = write(neuron);
    });
  }

  #shortName(layer, neuron) {
    if (layer && layer < this.network.layers.length)
      return word("shortNeuron", { number: neuron + 1 });
    return nameOf({ layer, neuron }, this.network);
  }
}

/** Write an activation; small ones are not rounded to 0. */
const figure = (a) => (a > 0 && a < 0.005 ? a.toExponential(1).replace("-", "−") : two(a));
