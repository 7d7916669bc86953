// From an image to a digit: the network, its probabilities, and their calibration.
"use strict";

/** Return what the network makes of an image: activations, probabilities, the digit. */
function recognise(network, image) {
  const layers = forward(network, image);
  const found = applyTemperature(probabilities(layers.at(-1)), network.temperature);
  const confidence = Math.max(...found);
  return { layers, probabilities: found, confidence, digit: found.indexOf(confidence) };
}
