// What would change the answer: the image follows the gradient until it is another digit.

// The first finds the smallest changes, the last crosses the flat parts of sigmoids
const WAYS = [
  { length: 0.2, momentum: 0 },
  { length: 0.3, momentum: 0.8 },
  { length: 1, momentum: 0.9 },
];
const MOST_STEPS = 100;
const PLAIN = 26; // grey levels: a visible change

/**
 * Find a small change to an image of 784 bytes, as the network sees it, that makes it the wanted
 * digit: the smallest that any of `WAYS` finds.  Null if there is none.
 */
function findChange(network, image, wanted) {
  const found = WAYS.map((way) => goTowards(network, image, wanted, way)).filter(Boolean);
  return found.sort((one, other) => one.share - other.share)[0] ?? null;
}

/** Take steps of a length along an averaged gradient, starting from pixels from 0 to 1. */
function goTowards(network, image, wanted, { length, momentum }) {
  const start = Float64Array.from(image, (level) => level / 255);
  const x = start.slice();
  const velocity = new Float64Array(x.length);
  for (let steps = 1; steps <= MOST_STEPS; steps++) {
    const gradient = gradientTowards(network, x, wanted);
    const size = Math.hypot(...gradient);
    if (!size) return null;
    for (let i = 0; i < x.length; i++)
      velocity[i] = momentum * velocity[i] + gradient[i] / size;
    const speed = Math.hypot(...velocity);
    for (let i = 0; i < x.length; i++) x[i] = clip(x[i] + (length * velocity[i]) / speed, 0, 1);
    if (digitOf(network, inBytes(x)) === wanted)
      return describeChange(image, shorten(network, start, x, wanted), steps);
  }
  return null;
}

/** Return the gradient of zᵗ − ln Σ exp zᶜ by x, with zᵗ of the wanted digit and zᶜ of the others. */
function gradientTowards(network, x, wanted) {
  const layers = forward(network, x.map((each) => 255 * each));
  const outputs = { layer: network.layers.length };
  const sums = Array.from({ length: DIGITS }, (_, neuron) =>
    neuron === wanted ? -Infinity : termsOf(network, layers, { ...outputs, neuron }).z);
  softmax(sums);
  const delta = Float64Array.from(sums, (share, digit) => (digit === wanted ? 1 : -share));
  const gradient = inputGradient(network, backward(network, layers, delta));
  return gradient.map((each, i) => ((each > 0 ? x[i] >= 1 : x[i] <= 0) ? 0 : each)); // at its end
}

/** Return, in bytes, the first image on the straight line to x that is the digit. */
function shorten(network, start, x, wanted) {
  const between = (part) => inBytes(start.map((each, i) => each + part * (x[i] - each)));
  let [least, part] = [0, 1];
  for (let time = 0; time < 7; time++) {
    const middle = (least + part) / 2;
    if (digitOf(network, between(middle)) === wanted) part = middle;
    else least = middle;
  }
  return between(part);
}

const inBytes = (x) => Uint8Array.from(x, (each) => Math.round(255 * each));

function digitOf(network, image) {
  const outputs = forward(network, image).at(-1);
  return outputs.indexOf(most(outputs));
}

/** Return the changed image, the difference and its size. */
function describeChange(before, image, steps) {
  const difference = Float64Array.from(image, (level, i) => level - before[i]);
  const norm = (vector) => Math.hypot(...vector);
  return {
    image,
    difference,
    steps,
    plain: difference.filter((each) => Math.abs(each) >= PLAIN).length,
    most: most(difference.map(Math.abs)),
    share: norm(difference) / norm(before),
  };
}
