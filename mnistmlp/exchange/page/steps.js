// The forward pass layer by layer, with the equation of each step.

/** Steps from the image, step 0, through the layers to the probabilities after the last. */
class Steps {
  constructor(network, changed) {
    this.network = network;
    this.changed = changed;
    this.at = null; // all at once
    onClick("step-through", () => this.go(this.at === null ? 0 : null));
    onClick("step-back", () => this.go(this.at - 1));
    onClick("step-next", () => this.go(this.at + 1));
    document.addEventListener("keydown", (event) => this.#key(event), true); // before others
  }

  /** The step after that of the outputs. */
  get end() {
    return this.network.layers.length + 1;
  }

  /** The last layer that has been computed. */
  get upTo() {
    return this.at ?? Infinity;
  }

  go(step) {
    this.at = step === null ? null : clip(step, 0, this.end);
    this.changed();
  }

  /** A presentation remote sends the page keys. */
  #key(event) {
    if (this.at === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = { PageDown: this.at + 1, PageUp: this.at - 1, Escape: null }[event.key];
    if (to === undefined) return;
    event.preventDefault(); // Escape clears only when pressed again
    event.stopPropagation();
    this.go(to);
  }

  /** Show the buttons and the equation of the step, given the network's answer for an image. */
  show(found) {
    if (!found) this.at = null;
    const { at, end } = this;
    const focused = document.activeElement;
    const stepping = at !== null;
    element("step-through").disabled = !found;
    element("step-through").ariaPressed = stepping;
    element("inside").classList.toggle("stepping", stepping);
    if (!stepping) {
      if (element("steps").contains(focused)) element("step-through").focus();
      return;
    }
    element("step-back").disabled = at === 0;
    element("step-next").disabled = at === end;
    if (focused.disabled) element(at ? "step-back" : "step-next").focus();
    const title = word("step", { step: at + 1, count: end + 1, name: this.#name(found) });
    const text = `${title}\n${this.#equation()}`;
    if (element("equation").textContent !== text) element("equation").textContent = text;
  }

  #name({ digit }) {
    if (this.at === 0) return word("stepImage");
    if (this.at === this.end) return word("stepAnswer", { digit });
    return word(this.at === this.end - 1 ? "stepOutputs" : "stepLayer", { layer: this.at });
  }

  #equation() {
    const { at, end, network } = this;
    const [l, before] = [raise(at), raise(at - 1)];
    if (at === 0) return word("equationImage", { count: SIDE * SIDE });
    if (at < end) {
      const { fanIn, fanOut } = network.layers[at - 1];
      const f = WRITTEN[at === end - 1 ? network.output : network.activation](`z${l}`, l);
      const shapes = `W${l}: ${groupDigits(fanOut)} × ${groupDigits(fanIn)}`;
      return `z${l} = W${l} a${before} + b${l},   a${l} = ${f}     (${shapes})`;
    }
    const a = `a${raise(end - 1)}`;
    const scaled = network.output === "softmax" ? a : `${a} / Σ ${a}`;
    const { temperature } = network;
    if (temperature === 1) return `p = ${scaled}`;
    const calibrated = `p = q^(1/T) / Σ q^(1/T),   T = ${temperature.toFixed(2)}`;
    return `q = ${scaled},   ${word("calibrated")}: ${calibrated}`;
  }
}
