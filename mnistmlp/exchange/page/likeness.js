// Whether an image shows a digit at all, rather than a letter or a drawing.
// As in mnistmlp/brains/likeness.py, with the same names.

/** Return the small network, with whole numbers as weights and a scale for each layer. */
function loadLikeness({ least, sizes, scales, weights }) {
  const numbers = new Int8Array(fromBase64(weights).buffer);
  const layers = layerMatrices(Float32Array.from(numbers), sizes);
  layers.forEach((layer, i) => (layer.weights = layer.weights.map((each) => scales[i] * each)));
  return { layers, least, activation: "relu", output: "sigmoid" };
}

/** Return how much an image of 784 bytes looks like a digit, from 0 to 1. */
function measureLikeness(likeness, image) {
  return forward(likeness, halve(image)).at(-1)[0];
}

/** Return an image normalised and at half size. */
function halve(image) {
  const reduced = new Float32Array(image.length / 4);
  normaliseByMoments(image, "moments").forEach((level, i) => {
    reduced[Math.floor(i / (2 * SIDE)) * (SIDE / 2) + ((i % SIDE) >> 1)] += level / 4;
  });
  return reduced;
}
