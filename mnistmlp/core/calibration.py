"""Calibration: of the predictions made with 90 % confidence, nine in ten should be right.

Also how many images are left, and how accurate they are, if low confidence is rejected.

Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
ICML 2017: temperature scaling (section 4.2) and the expected calibration error
(section 2, equation 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Array, Labels

Numbers = NDArray[np.float64]

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
BINS = 15
SIGNIFICANT = 1.645  # standard errors: exceeded by chance one time in 20
EPSILON = 1e-12  # lower bound of probabilities, so that their logarithm is finite


def apply_temperature(probabilities: Array, temperature: float) -> Array:
    """Return probabilities (…, 10) scaled by a temperature.

    A temperature above 1 makes them less confident, below 1 more confident; the
    most likely digit stays the same.  For softmax outputs this divides the
    logits by the temperature.
    """
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities, EPSILON)) / temperature
    logits -= logits.max(axis=-1, keepdims=True)
    scaled: Array = np.exp(logits)
    scaled /= scaled.sum(axis=-1, keepdims=True)
    return scaled


def fit_temperature(probabilities: Array, labels: Labels) -> float:
    """Return the temperature at which probabilities (n, 10) fit labels (n,) best.

    It is the only minimum of the cross-entropy, found by
    golden-section search over the logarithm of the temperature (Kiefer,
    "Sequential minimax search for a maximum", Proceedings of the AMS 4, 1953).
    The target probability of a label is (n + 1) / (n + 2) rather than 1, so
    that n images without a mistake do not lead to certainty (Platt,
    "Probabilistic outputs for support vector machines", 1999, section 2.2).
    """
    n, digits = probabilities.shape
    targets = np.full((n, digits), 1 / (n + 2) / (digits - 1), probabilities.dtype)
    targets[np.arange(n), labels] = (n + 1) / (n + 2)

    def loss(log_temperature: float) -> float:
        scaled = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return -float(np.einsum("ij,ij->", targets, np.log(np.maximum(scaled, EPSILON))))

    ratio = (5**0.5 - 1) / 2
    low, high = np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-3:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    return round(float(np.exp((low + high) / 2)), 3)


def calibrate(probabilities: Array, labels: Labels) -> float:
    """Return the temperature that fits best, or 1 if it does not help significantly.

    The images are split into two folds.  The temperature fitted to one is tried on
    the other, so that each image is scaled by a temperature that it had no part in.
    The fall in cross-entropy must be significant at 5 %, one-sided, in a paired
    test: its mean more than 1.645 standard errors above zero.
    """
    folds = np.arange(len(labels)) % 2 == 0
    falls = np.zeros(len(labels))
    for fold in (folds, ~folds):
        if not fold.any():  # a single image
            return 1.0
        temperature = fit_temperature(probabilities[fold], labels[fold])
        held_out = probabilities[~fold], labels[~fold]
        before, after = _cross_entropies(*held_out, 1), _cross_entropies(*held_out, temperature)
        falls[~fold] = before - after
    helps = falls.mean() > SIGNIFICANT * falls.std() / np.sqrt(len(falls))
    return fit_temperature(probabilities, labels) if helps else 1.0


def _cross_entropies(probabilities: Array, labels: Labels, temperature: float) -> Array:
    """Return the cross-entropy of each image (n,) at a temperature."""
    scaled = apply_temperature(probabilities, temperature)
    losses: Array = -np.log(np.maximum(scaled[np.arange(len(labels)), labels], EPSILON))
    return losses


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often predictions are right by confidence, in bins of equal width."""

    counts: NDArray[np.int64]  # (15,), images in each bin
    confidences: Numbers  # (15,), their mean confidence; NaN in an empty bin
    accuracies: Numbers  # (15,), the fraction that is right; NaN in an empty bin

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1].

        The difference between mean confidence and accuracy in each bin,
        averaged over the images.
        """
        gaps = np.nan_to_num(np.abs(self.accuracies - self.confidences))
        return float(gaps @ self.counts / self.counts.sum())


def measure_reliability(probabilities: Array, labels: Labels) -> Reliability:
    """Sort images into 15 bins by the confidence of probabilities (n, 10) in their digit."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin
        return Reliability(
            counts,
            np.bincount(bins, weights=confidence, minlength=BINS) / counts,
            np.bincount(bins, weights=correct, minlength=BINS) / counts,
        )


@dataclass(frozen=True, eq=False)
class Selection:
    """Coverage and accuracy if digits of low confidence are rejected.

    One entry for each of the m thresholds, highest first.  The last rejects nothing.
    """

    thresholds: Array  # (m,), lowest confidence accepted
    coverage: Numbers  # (m,), fraction of the images accepted
    accuracy: Numbers  # (m,), fraction of the accepted images that are right

    def at(self, threshold: float) -> tuple[float, float | None]:
        """Return coverage and accuracy at a threshold; no accuracy without an accepted image."""
        accepted = int(np.count_nonzero(self.thresholds >= threshold))
        if not accepted:
            return 0.0, None
        return float(self.coverage[accepted - 1]), float(self.accuracy[accepted - 1])


def measure_selection(confidences: Array, correct: NDArray[np.bool_]) -> Selection:
    """Return coverage and accuracy at each threshold that makes a difference.

    El-Yaniv and Wiener, "On the foundations of noise-free selective
    classification", Journal of Machine Learning Research 11 (2010), section 2.

    Parameters
    ----------
    confidences, correct : (n,)
        The confidence in the digit of each image, and whether it is right.
    """
    order = np.argsort(-confidences, kind="stable")
    thresholds = confidences[order]
    last = np.append(np.flatnonzero(np.diff(thresholds)), len(order) - 1)  # of equal confidences
    accepted = last + 1
    hits = np.cumsum(correct[order])[last]
    return Selection(thresholds[last], accepted / len(order), hits / accepted)
