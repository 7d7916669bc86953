// From outputs to probabilities, as in mnistmlp/core/metrics.py.

/** Scale outputs to sum to 1; zeros become uniform. */
function probabilities(outputs) {
  const total = outputs.reduce((sum, each) => sum + each, 0);
  return Array.from(outputs, (each) => (total > 0 ? each / total : 1 / DIGITS));
}
