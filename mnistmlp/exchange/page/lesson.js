// Learn: the user labels a drawing, and the network takes steps of gradient descent towards it.

const MOST_TAUGHT = 200_000; // weights and biases
const MOST_UNDONE = 100; // clicks on step
const STEP_RATE = 2; // times the learning rate of training: a visible change
const STUCK = 0.01; // δ of outputs that hardly learn, however wrong they are

const countParameters = ({ parameters }) => parameters.length;

/** Write two numbers with at least four digits, and as many as it takes to tell them apart. */
function tellApart(one, other) {
  const digits = [4, 5, 6, 7].find((count) => one.toPrecision(count) !== other.toPrecision(count));
  return [one, other].map((number) => number.toPrecision(digits ?? 4));
}

/**
 * Teaches a network one image; calls `changed` when its weights change, and `flow` with the δ of a
 * step, from the first layer to the last.
 */
class Lesson {
  constructor(network, { changed, flow }) {
    Object.assign(this, { network, changed, flow });
    this.image = null; // what the network sees
    this.label = null; // what it should say
    this.paused = false; // while it is being trained
    this.past = []; // before steps, first one first
    this.last = null; // what the last steps did
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.rate = element("rate");
    this.rate.addEventListener("input", () => this.#showRate());
    onClick("step", () => this.take(1));
    onClick("ten-steps", () => this.take(10));
    for (const [id, keep] of [["unlearn", (count) => count - 1], ["unlearn-all", () => 0]])
      onClick(id, () => {
        this.undo(keep(this.past.length));
        if (!this.past.length) element("step").focus(); // nothing left to undo
      });
    this.begin();
  }

  /** Start from the current network. */
  begin() {
    const possible = countParameters(this.network) <= MOST_TAUGHT;
    element("lesson").hidden = !possible;
    element("no-lesson").hidden = possible;
    const counts = { count: groupDigits(countParameters(this.network)), most: groupDigits(MOST_TAUGHT) };
    element("no-lesson").textContent = word("tooLarge", counts);
    this.possible = possible;
    this.past = [];
    this.last = null;
    if (possible) this.#fillIn();
    this.#show();
  }

  #fillIn() {
    this.rate.value = Math.log10(STEP_RATE * rateOf(this.network)).toFixed(1);
    this.#showRate();
    const deltas = this.network.layers.map((_, l) => makeDelta(this.network, l + 1));
    element("deltas").replaceChildren(...deltas.reverse());
  }

  #showRate() {
    const shown = (10 ** this.rate.value).toPrecision(2);
    element("rate-shown").textContent = this.rate.ariaValueText = `${+shown}`;
  }

  /** Show the network's output for an image, or null, and its label, or null. */
  show(image, label) {
    const same = image && this.image && image.every((level, i) => level === this.image[i]);
    if (!same || label !== this.label) this.last = null;
    this.image = image;
    this.label = label;
    this.#show();
  }

  /** Take steps of gradient descent. */
  take(count) {
    const { network, image, label } = this;
    this.past.push(keepState(network));
    if (this.past.length > MOST_UNDONE) this.past.splice(1, 1); // but not the first
    Object.assign(network, { temperature: 1, validation: null, tested: null }); // of other weights
    const before = { ...this.#examine(), weights: network.layers[0].weights.slice() };
    let step = null;
    for (let i = 0; i < count; i++) {
      step = backpropagate(network, [image], [label], step?.gradient);
      descend(network, step.gradient, 10 ** this.rate.value);
    }
    network.changed = word("taught");
    if (!network.parameters.every(Number.isFinite)) return this.#giveUp();
    this.last = { count, before, after: this.#examine(), deltas: step.deltas };
    this.changed();
    this.#flow();
  }

  /** Undo steps so large that weights overflowed, and say so. */
  #giveUp() {
    this.undo(this.past.length - 1);
    element("taught").textContent = word("diverged");
  }

  /** Return the loss of the image and its probabilities. */
  #examine() {
    const outputs = forward(this.network, this.image).at(-1);
    const loss = LOSSES[this.network.output].value(outputs, oneHot(this.label));
    return { loss, probabilities: probabilities(outputs) };
  }

  /** Return δ¹ … δᴸ of the image. */
  #deltas() {
    const layers = forward(this.network, this.image);
    return backward(this.network, layers, LOSSES[this.network.output].delta(layers.at(-1), oneHot(this.label)));
  }

  /** Undo all but a number of steps. */
  undo(count) {
    const { parameters, ...rest } = this.past[count];
    this.network.parameters.set(parameters);
    Object.assign(this.network, rest);
    this.past.length = count;
    this.last = null;
    this.changed();
  }

  // --- Display -------------------------------------------------------------

  #show() {
    if (!this.possible) return;
    const ready = Boolean(this.image && this.label !== null && !this.paused);
    for (const id of ["step", "ten-steps"]) element(id).disabled = !ready;
    for (const id of ["unlearn", "unlearn-all"]) element(id).disabled = this.paused || !this.past.length;
    element("taught").textContent = this.#describe();
    element("stuck").hidden = true;
    for (const id of ["deltas-title", "delta-colours", "deltas"]) element(id).hidden = !ready;
    element("outcome").hidden = !this.last;
    element("uncalibrated").hidden = !this.last || this.past.at(-1).temperature === 1;
    if (!ready) return;
    const deltas = this.last?.deltas ?? this.#deltas();
    const wrong = this.#examine().probabilities[this.label] < 0.5;
    element("stuck").hidden = !(wrong && most(deltas.at(-1).map(Math.abs)) < STUCK);
    [...element("deltas").children].reverse().forEach((row, l) => showDelta(row, deltas[l]));
    if (!this.last) return;
    showChanges(element("changes"), this.last.before.probabilities, this.last.after.probabilities, this.label);
    this.showWeights();
  }

  #describe() {
    if (this.paused) return word("teachLater");
    if (!this.image) return word("teachBegin");
    if (this.label === null) return word("teachLabel");
    const { label, last } = this;
    if (!last) return word("lossNow", { loss: this.#examine().loss.toPrecision(4) });
    const [before, after] = [last.before, last.after];
    const losses = tellApart(before.loss, after.loss);
    return word(last.count === 1 ? "stepTaken" : "stepsTaken", {
      count: last.count,
      before: losses[0],
      after: losses[1],
      digit: label,
      from: percent(before.probabilities[label]),
      to: percent(after.probabilities[label]),
    });
  }

  /** Show the weights of a first-layer neuron before and after: of the one pointed at. */
  showWeights(selected = this.selected) {
    this.selected = selected;
    if (!this.last) return;
    const { weights, fanIn } = this.network.layers[0];
    const { before } = this.last;
    const neuron = selected?.layer === 1 ? selected.neuron : changedMost(before.weights, this.network.layers[0]);
    const start = neuron * (fanIn + 1);
    const [old, now] = [before.weights, weights].map((all) => all.subarray(start, start + fanIn));
    const strongest = Math.max(...[...old, ...now].map(Math.abs));
    showSigned(element("weights-before"), old, strongest);
    showSigned(element("weights-after"), now, strongest);
    const change = now.map((weight, i) => weight - old[i]);
    showSigned(element("weights-change"), change);
    element("weights-which").textContent = word("weightsOf", { number: neuron + 1 });
  }

  /** Let δ flow backwards, from the outputs to the first layer. */
  #flow() {
    if (this.still.matches) return;
    this.flow(this.last.deltas);
    [...element("deltas").children].forEach((row, i) =>
      row.animate([{ opacity: 0, translate: "32px 0" }, { opacity: 1, translate: "0 0" }], {
        ...{ duration: 300, delay: BACKWARDS * i, fill: "backwards", easing: "ease-out" },
      }),
    );
  }
}

/** Return what steps change: the weights, and what is known about them. */
function keepState({ parameters, temperature, validation, tested, changed }) {
  return { parameters: parameters.slice(), temperature, validation, tested, changed };
}

/** Return the neuron whose weights have changed most, by the sum of squares. */
function changedMost(before, { weights, fanIn, fanOut }) {
  const changes = Array.from({ length: fanOut }, (_, neuron) => {
    let sum = 0;
    for (let i = neuron * (fanIn + 1); i < (neuron + 1) * (fanIn + 1); i++) sum += (weights[i] - before[i]) ** 2;
    return sum;
  });
  return changes.indexOf(most(changes));
}

// --- δ -----------------------------------------------------------------------

// How f' is written
const DERIVED = { sigmoid: "σ′", tanh: "tanh′", relu: "max′" };

/** Make the row of a layer: δ, how it is computed, and a strip of its neurons. */
function makeDelta({ activation, output, layers }, l) {
  const [row, name, formula, strip, size] = create("li", "span", "span", "canvas", "span");
  name.textContent = `δ${raise(l)}`;
  name.className = "name";
  const slope = (of) => ` ⊙ ${DERIVED[of]}(z${raise(l)})`;
  const last = l === layers.length;
  const error = `a${raise(l)} − y`;
  if (last) formula.textContent = output === "softmax" ? error : `(${error})${slope(output)}`;
  else formula.textContent = `(W${raise(l + 1)})ᵀ δ${raise(l + 1)}${slope(activation)}`;
  formula.className = "formula";
  strip.setAttribute("aria-hidden", "true");
  size.className = "size";
  row.append(name, formula, strip, size);
  return row;
}

/** Show the δ of a layer, one cell per neuron. */
function showDelta(row, delta) {
  const largest = most(delta.map(Math.abs));
  const strip = row.querySelector("canvas");
  Object.assign(strip, { width: delta.length, height: 1 });
  showSigned(strip, delta, largest, delta.length);
  row.querySelector(".size").textContent = `max |δ| = ${written(largest)}`;
}

/** Write a number with two significant digits. */
function written(value) {
  return value !== 0 && value < 0.001 ? value.toExponential(1).replace("-", "−") : `${+value.toPrecision(2)}`;
}

// --- The outcome -------------------------------------------------------------

function showChanges(list, before, after, label) {
  [...list.children].forEach((row, digit) => {
    row.classList.toggle("wanted", digit === label);
    row.querySelector(".before").style.width = `${100 * before[digit]}%`;
    row.querySelector(".after").style.width = `${100 * after[digit]}%`;
    row.querySelector(".share").textContent = `${percent(before[digit])} → ${percent(after[digit])}`;
  });
}
