"""How well a network does: accuracy, loss, confusion matrix, scores a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.core import DIGITS, LOSSES, Array, Bytes, Network

Digits = NDArray[np.integer[Any]]  # 0 … 9


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


def confusion_matrix(labels: Digits, predicted: Digits) -> NDArray[np.int64]:
    """Count label and prediction together.

    Parameters
    ----------
    labels, predicted : (n,)
        Digits 0 … 9.

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


def committee(networks: Sequence[Network], images: Bytes) -> Array:
    """Return the probabilities (n, 10) of images, averaged over networks."""
    mean: Array = np.mean([probabilities(n.outputs(images)) for n in networks], axis=0)
    return mean


def evaluate(networks: Sequence[Network], images: Bytes, labels: Digits) -> Evaluation:
    """Judge one network, or several by their average, on labelled images.

    Parameters
    ----------
    networks : sequence of Network
        The loss is that of the network, taken on its outputs.  Of several, it
        is the cross-entropy of the averaged probabilities, as their own
        losses may differ.
    images : (n, 28, 28) or (n, 784) uint8
    labels : (n,) of any integer type
    """
    if len(networks) == 1:
        outputs, loss = networks[0].outputs(images), LOSSES[networks[0].loss]
    else:
        outputs, loss = committee(networks, images), LOSSES["cross-entropy"]
    targets = np.eye(DIGITS, dtype=outputs.dtype)[labels]
    return Evaluation(
        loss=loss.value(outputs.T, targets.T),
        confusion=confusion_matrix(labels, outputs.argmax(axis=1)),
    )
