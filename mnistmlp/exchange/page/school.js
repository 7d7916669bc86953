// Train from scratch: a network with new weights learns, in slices that keep the page responsive.

const SLICE = 12; // milliseconds of training at a time
const REFRESH = 300; // milliseconds before the drawing is read again
const STEPS = 3000; // before it stops by itself
const FEWEST = 10; // drawings to train on
const SMALL_SIZES = [784, 20, 20, 10]; // sizes of the network if the page's own is too large

/**
 * Trains a network from scratch.  Calls `adopt` with a network that replaces the page's, `changed`
 * when the weights change, and `busy` with whether it is training.
 */
class School {
  constructor(network, collection, { adopt, changed, busy }) {
    Object.assign(this, { network, collection, adopt, changed, busy });
    this.embedded = { ...network };
    this.training = null;
    this.running = false;
    this.curve = new Curve(element("curve"));
    onClick("train", () => (this.running ? this.stop() : this.#go()));
    onClick("anew", () => this.#startAnew());
    onClick("return", () => this.#goBack());
    for (const choice of this.#choices) choice.addEventListener("change", () => this.show());
    const sizes = this.#sizes().join("-");
    element("train-note").textContent = word("trainNote", { sizes });
    element("return").textContent = word("backTo", { name: network.name });
  }

  get #choices() {
    return element("sources").querySelectorAll("input");
  }

  #sizes() {
    return countParameters(this.embedded) <= MOST_TAUGHT ? this.embedded.sizes : SMALL_SIZES;
  }

  /** Return the examples of the chosen source. */
  async #examples() {
    const chosen = [...this.#choices].find(({ checked }) => checked).value;
    const own = this.collection.examples;
    if (chosen === "own") return own;
    this.digits ??= await loadDigits(element("digits").textContent);
    return chosen === "made" ? this.digits : [...this.digits, ...own];
  }

  /** What would be trained on, in one word. */
  get #source() {
    const { value } = [...this.#choices].find(({ checked }) => checked);
    return value === "made" ? value : value + this.collection.version;
  }

  async #go() {
    if (!this.#goesOn) return this.#startAnew();
    this.#run();
  }

  get #goesOn() {
    return this.training && this.source === this.#source;
  }

  /** Measure again: the weights were changed elsewhere. */
  measureAgain() {
    if (!this.training || this.running) return;
    const { curve } = this.training;
    curve[curve.length - 1] = this.training.measure();
    this.show();
  }

  async #startAnew() {
    this.stop();
    element("train").focus(); // the button to start over is disabled meanwhile
    const source = this.#source;
    const examples = await this.#examples();
    const { sizes, ...fresh } = newNetwork({ ...this.embedded, normalization: "moments" }, this.#sizes());
    const known = { name: word("newNetwork"), recipe: null, validation: null, tested: null };
    this.adopt({ ...fresh, ...known, sizes, epochs: 0, changed: word("trained") });
    this.training = new Training(this.network, examples);
    this.source = source;
    this.milliseconds = 0;
    this.#run();
  }

  #goBack() {
    this.stop();
    this.training = null;
    this.adopt(this.embedded);
    this.show();
    element("train").focus();
  }

  stop() {
    this.running = false;
  }

  async #run() {
    const { training } = this;
    this.running = true;
    this.busy(true);
    this.show();
    const past = this.milliseconds - performance.now();
    for (let steps = 0, read = 0; steps < STEPS && this.running && this.training === training; ) {
      const begun = performance.now();
      do training.step();
      while (++steps < STEPS && performance.now() - begun < SLICE);
      this.milliseconds = past + performance.now();
      this.network.epochs = training.epochs;
      this.show();
      if (begun - read > REFRESH) {
        this.changed();
        read = begun;
      }
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (this.running && this.training !== training) return; // another one continues
    this.running = false;
    this.busy(false);
    this.changed();
    this.show();
    element("told").textContent = this.#describe(); // once, not at each step
  }

  // --- Display -------------------------------------------------------------

  show() {
    const { training, running, collection } = this;
    const own = collection.examples.length;
    element("train").textContent = word(running ? "stopTraining" : this.#goesOn ? "goOn" : "train");
    const [made] = this.#choices;
    for (const choice of this.#choices) choice.disabled = running || (choice !== made && own < (choice.value === "own" ? FEWEST : 1));
    if ([...this.#choices].some(({ checked, disabled }) => checked && disabled) && !running) made.checked = true;
    element("anew").hidden = element("return").hidden = !training;
    element("anew").disabled = element("return").disabled = running;
    element("progress").textContent = this.#describe();
    this.curve.show(training?.curve ?? []);
    if (!running) element("curve").ariaLabel = training ? this.#describe() : word("curve");
  }

  #describe() {
    const { training } = this;
    if (!training) return this.collection.examples.length < FEWEST ? word("drawMore", { count: FEWEST }) : "";
    const { accuracy, epochs, heldOut, examples } = training;
    return word("progress", {
      epochs: groupDigits(epochs),
      seconds: (this.milliseconds / 1000).toFixed(1),
      count: groupDigits(examples.length),
      share: Math.round(100 * accuracy),
      heldOut: groupDigits(heldOut.length),
    });
  }
}
