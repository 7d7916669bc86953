"""How well a network does: accuracy, loss, confusion matrix, scores a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, Array, Bytes, Labels
from mnistmlp.core.calibration import at_temperature, calibration_error
from mnistmlp.core.network import LOSSES, Network


@dataclass(frozen=True)
class DigitScore:
    """Precision, recall and their harmonic mean F1 of one digit; 0 where undefined."""

    digit: int
    precision: float  # of the images predicted as this digit, the part that are it
    recall: float  # of the images of this digit, the part predicted as it
    f1: float
    support: int  # images of this digit


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found."""

    loss: float  # averaged over the images
    confusion: NDArray[np.int64]  # (10, 10) counts, [actual][predicted]
    calibration_error_before: float  # of the probabilities as they are, in [0, 1]
    calibration_error: float  # and calibrated

    @property
    def images(self) -> int:
        """How many images were judged."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """How many of them were predicted right."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """The part predicted right, in [0, 1]."""
        return self.correct / self.images

    @property
    def per_digit(self) -> list[DigitScore]:
        """Precision, recall and F1 of each digit."""
        return digit_scores(self.confusion)


def confusion_matrix(labels: Labels, predicted: Labels) -> NDArray[np.int64]:
    """Count label and prediction together.

    Parameters
    ----------
    labels, predicted : (n,)
        Labels 0 … 9.

    Returns
    -------
    (10, 10)
        Counts, ``[actual][predicted]``.
    """
    cells = labels.astype(np.intp) * DIGITS + predicted
    return np.bincount(cells, minlength=DIGITS**2).reshape(DIGITS, DIGITS)


def digit_scores(confusion: NDArray[np.int64]) -> list[DigitScore]:
    """Return the scores of each digit from a (10, 10) confusion matrix."""
    scores = []
    for digit in range(len(confusion)):
        hits = int(confusion[digit, digit])
        predicted, support = int(confusion[:, digit].sum()), int(confusion[digit].sum())
        scores.append(
            DigitScore(
                digit,
                precision=hits / predicted if predicted else 0.0,
                recall=hits / support if support else 0.0,
                f1=2 * hits / (predicted + support) if predicted + support else 0.0,
                support=support,
            )
        )
    return scores


def probabilities(outputs: Array) -> Array:
    """Scale rows of outputs (n, 10) to sum to 1; all zeros become all tenths."""
    total = outputs.sum(axis=1, keepdims=True)
    scaled: Array = np.where(total > 0, outputs / np.where(total > 0, total, 1), 1 / DIGITS)
    return scaled


def committee(
    networks: Sequence[Network], images: Bytes, temperatures: Sequence[float] | None = None
) -> Array:
    """Return the probabilities (n, 10) of images, averaged over networks.

    With temperatures, each network is calibrated by its own.
    """
    return _average([network.outputs(images) for network in networks], temperatures)


def _average(outputs: Sequence[Array], temperatures: Sequence[float] | None = None) -> Array:
    """Return the mean of the probabilities that outputs stand for, calibrated if asked for."""
    found = [probabilities(each) for each in outputs]
    if temperatures:
        found = [at_temperature(*pair) for pair in zip(found, temperatures, strict=True)]
    mean: Array = np.mean(found, axis=0)
    return mean


def evaluate(
    networks: Sequence[Network],
    images: Bytes,
    labels: Labels,
    temperatures: Sequence[float] | None = None,
) -> Evaluation:
    """Judge one network, or several by their average, on labelled images.

    Parameters
    ----------
    networks : sequence of Network
        The loss is that of the network, taken on its outputs.  Of several, it
        is the cross-entropy of the average of their calibrated probabilities,
        as their own losses may differ.
    images : (n, 28, 28) or (n, 784) uint8
    labels : (n,) of any integer type
    temperatures : sequence of float, optional
        That each network is calibrated at; 1 unless given.
    """
    outputs = [network.outputs(images) for network in networks]
    average, calibrated = _average(outputs), _average(outputs, temperatures)
    if len(networks) == 1:
        judged, loss = outputs[0], LOSSES[networks[0].loss]
    else:
        judged, loss = calibrated, LOSSES["cross-entropy"]
    targets = np.eye(DIGITS, dtype=judged.dtype)[labels]
    return Evaluation(
        loss=loss.value(judged.T, targets.T),
        confusion=confusion_matrix(labels, judged.argmax(axis=1)),
        calibration_error_before=calibration_error(average, labels),
        calibration_error=calibration_error(calibrated, labels),
    )
