// From an image to a digit: normalisation, the network, its probabilities, and their calibration.
"use strict";

/** Return what the network sees of an image, and makes of it: activations, probabilities, digit. */
function recognise(network, image) {
  const seen = normaliseByMoments(image, network.normalization);
  const layers = forward(network, seen);
  const found = applyTemperature(probabilities(layers.at(-1)), network.temperature);
  const confidence = Math.max(...found);
  return { image, seen, layers, probabilities: found, confidence, digit: found.indexOf(confidence) };
}
