// From an image to a digit: normalisation, the network, its probabilities, and their calibration.

/** Return what the network sees of an image, and makes of it: activations, probabilities, digit. */
function recognise(network, image) {
  return { image, ...recogniseSeen(network, normaliseByMoments(image, network.normalization)) };
}

/** Return what the network makes of an image that is normalised. */
function recogniseSeen(network, seen) {
  const layers = forward(network, seen);
  const found = applyTemperature(probabilities(layers.at(-1)), network.temperature);
  const confidence = Math.max(...found);
  return { seen, layers, probabilities: found, confidence, digit: found.indexOf(confidence) };
}
