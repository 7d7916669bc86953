// Calibrated confidence, as in mnistmlp/core/calibration.py.

const EPSILON = 1e-12; // lower bound of probabilities before their logarithm is taken

/** Return probabilities made less confident by a temperature above 1, more confident below. */
function applyTemperature(probabilities, temperature) {
  if (temperature === 1) return probabilities;
  const logits = probabilities.map((p) => Math.log(Math.max(p, EPSILON)) / temperature);
  softmax(logits);
  return logits;
}
