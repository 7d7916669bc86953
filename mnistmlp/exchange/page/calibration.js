// Confidence that means something, as in mnistmlp/core/calibration.py.

const EPSILON = 1e-12; // probabilities are no lower before their logarithm is taken

/** Return probabilities made less sure by a temperature above 1, surer below. */
function applyTemperature(probabilities, temperature) {
  if (temperature === 1) return probabilities;
  const logits = probabilities.map((p) => Math.log(Math.max(p, EPSILON)) / temperature);
  softmax(logits);
  return logits;
}
