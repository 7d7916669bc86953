"""Confidence that means something: of the digits given with 90 %, nine in ten are right.

Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
ICML 2017: temperature scaling (section 4.2) and the expected calibration error
(section 2, equation 3).
"""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Array, Labels

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
BINS = 15
EPSILON = 1e-12  # probabilities are no lower: their logarithm is finite


def at_temperature(probabilities: Array, temperature: float) -> Array:
    """Return probabilities (n, 10) made less sure by a temperature above 1, surer below.

    The most likely digit stays so.  For softmax outputs this divides the
    logits by the temperature.
    """
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities, EPSILON)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    scaled: Array = np.exp(logits)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(probabilities: Array, labels: Labels) -> float:
    """Return the temperature at which probabilities (n, 10) give labels (n,) the least loss.

    The cross-entropy has one minimum over the temperature; it is found by
    golden-section search over its logarithm (Kiefer, "Sequential minimax
    search for a maximum", Proceedings of the AMS 4, 1953).  Labels count as
    right with (n + 1) / (n + 2), so that n images without an error do not
    make for certainty (Platt, "Probabilistic outputs for support vector
    machines", 1999, section 2.2).
    """
    n, digits = probabilities.shape
    targets = np.full((n, digits), 1 / (n + 2) / (digits - 1), probabilities.dtype)
    targets[np.arange(n), labels] = (n + 1) / (n + 2)

    def loss(log: float) -> float:
        found = at_temperature(probabilities, float(np.exp(log)))
        return -float(np.einsum("ij,ij->", targets, np.log(np.maximum(found, EPSILON))))

    ratio = (5**0.5 - 1) / 2
    low, high = np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE)
    while high - low > 1e-3:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 3)


def calibration_error(probabilities: Array, labels: Labels) -> float:
    """Return how far confidence and accuracy are apart, in [0, 1].

    Images are put into 15 bins of equal width by confidence; in each the mean
    confidence and the part that is right differ; those differences are
    averaged over the images.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence.astype(np.float64), minlength=BINS)
    return float(np.abs(gaps).sum() / len(labels))
