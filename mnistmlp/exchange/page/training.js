// Training from scratch: batches in a new order each epoch, and accuracy on held-out images.
// As in mnistmlp/training/loop.py, with only the learning rate and the batch size as settings.

const HELD_OUT = 1 / 5; // of the images
const BATCH = 10; // images in a step

// Learning rates for batches of 10, by output and activation
const RATES = {
  sigmoid: { sigmoid: 3, tanh: 0.5, relu: 0.1 },
  softmax: { sigmoid: 0.5, tanh: 0.1, relu: 0.05 },
};

const rateOf = ({ output, activation }) => RATES[output][activation];

/** Return a copy in random order: Fisher and Yates. */
function shuffled(items, random = Math.random) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Trains a network on examples, each { image, label }: 784 bytes and a digit. */
class Training {
  constructor(network, examples, random = Math.random) {
    this.network = network;
    this.random = random;
    const seen = examples.map(({ image, label }) => ({
      image: normaliseByMoments(image, network.normalization),
      label,
    }));
    const mixed = shuffled(seen, random);
    const count = Math.max(1, Math.round(HELD_OUT * mixed.length));
    this.heldOut = mixed.slice(0, count);
    this.examples = mixed.slice(count);
    this.gradient = new Float32Array(network.parameters.length);
    this.left = []; // of this epoch
    this.curve = [this.measure()]; // the accuracy before each epoch and after the last
  }

  /** Complete epochs so far. */
  get epochs() {
    return this.curve.length - 1;
  }

  get accuracy() {
    return this.curve.at(-1);
  }

  /** Take a step with the next batch; at the end of an epoch, measure, and return true. */
  step() {
    if (!this.left.length) this.left = shuffled(this.examples, this.random);
    const batch = this.left.splice(0, BATCH);
    const [images, labels] = ["image", "label"].map((name) => batch.map((each) => each[name]));
    const { gradient } = backpropagate(this.network, images, labels, this.gradient);
    descend(this.network, gradient, rateOf(this.network));
    if (this.left.length) return false;
    this.curve.push(this.measure());
    return true;
  }

  /** Return the accuracy on the held-out images. */
  measure() {
    const right = this.heldOut.filter(({ image, label }) => {
      const outputs = forward(this.network, image).at(-1);
      return outputs.indexOf(most(outputs)) === label;
    });
    return right.length / this.heldOut.length;
  }
}
