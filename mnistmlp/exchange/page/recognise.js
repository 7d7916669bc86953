// From an image to a digit: normalisation, the network, its probabilities and calibration.

/** Return what the network sees of an image, its activations, probabilities and digit. */
function recognise(network, image) {
  return { image, ...recogniseSeen(network, normaliseByMoments(image, network.normalization)) };
}

/** Return the network's answer for a normalised image. */
function recogniseSeen(network, seen) {
  const layers = forward(network, seen);
  const found = applyTemperature(probabilities(layers.at(-1)), network.temperature);
  const confidence = Math.max(...found);
  return { seen, layers, probabilities: found, confidence, digit: found.indexOf(confidence) };
}
