"""Evaluation metrics: accuracy, loss, confusion matrix, and scores per digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, Array, Bytes, Indices, Labels
from mnistmlp.core.calibration import apply_temperature, measure_reliability
from mnistmlp.core.inputs import check_pair
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.mistakes import ConfusedPair, Mistakes, collect_mistakes, most_confused, pick
from mnistmlp.core.network import Network
from mnistmlp.core.significance import wilson_interval
from mnistmlp.workers import Workers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class DigitScore:
    """Precision, recall and F1, their harmonic mean, of one digit; 0 where undefined."""

    digit: int
    precision: float  # fraction of the images predicted as this digit that show it
    recall: float  # fraction of the images of this digit that are predicted as it
    f1: float
    support: int  # number of images of this digit


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The result of `evaluate`, for n images."""

    loss: float  # averaged over the images
    labels: Labels  # (n,), what they show
    digits: Indices  # (n,), what they were read as
    probabilities: Array  # (n, 10), calibrated
    uncalibrated: Array  # (n, 10), before calibration
    class_names: tuple[str, ...] | None = None  # None for digits
    members: tuple[Evaluation, ...] = ()  # of a committee: each network on its own

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which images were read right, (n,)."""
        right: NDArray[np.bool_] = self.digits == self.labels
        return right

    @property
    def confidences(self) -> Array:
        """The probabilities (n,) of the digits that the images were read as."""
        return pick(self.probabilities, self.digits)

    @property
    def calibrated(self) -> bool:
        """Whether calibration changed the probabilities."""
        return not np.array_equal(self.probabilities, self.uncalibrated)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Counts of the images (10, 10), [actual][predicted]."""
        return confusion_matrix(self.labels, self.digits)

    @cached_property
    def mistakes(self) -> Mistakes:
        """The misclassified images."""
        return collect_mistakes(self.labels, self.digits, self.probabilities)

    @property
    def calibration_error_before(self) -> float:
        """The expected calibration error of the uncalibrated probabilities, in [0, 1]."""
        return measure_reliability(self.uncalibrated, self.labels).error

    @property
    def calibration_error(self) -> float:
        """The expected calibration error of the calibrated probabilities, in [0, 1]."""
        return measure_reliability(self.probabilities, self.labels).error

    @property
    def images(self) -> int:
        """The number of images evaluated."""
        return len(self.labels)

    @property
    def correct(self) -> int:
        """The number of images predicted correctly."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """The fraction of images predicted correctly, in [0, 1]."""
        return self.correct / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy, in [0, 1]."""
        return wilson_interval(self.correct, self.images)

    @property
    def per_digit(self) -> list[DigitScore]:
        """Precision, recall and F1 of each digit."""
        return digit_scores(self.confusion)

    def name(self, digit: int) -> str:
        """Return the name of a class; a digit's name is the digit."""
        return self.class_names[digit] if self.class_names else str(digit)

    def most_confused(self, count: int = 3) -> list[ConfusedPair]:
        """Return the pairs of digits that are confused most, at most `count`."""
        return most_confused(self.confusion, count)

    def describe_confusion(self) -> str:
        """Say in words which digits are confused most."""
        pairs = ", ".join(each.describe(self.name) for each in self.most_confused())
        return f"most often misread: {pairs}" if pairs else "no mistakes"

    def __repr__(self) -> str:
        found = f"{self.correct:,} of {self.images:,} images"
        return f"<Evaluation: accuracy {self.accuracy:.2%} ({found}), loss {self.loss:.4f}>"

    def _repr_html_(self) -> str:
        from mnistmlp.core.notebook import draw_confusion, make_table, put_side_by_side

        headings = ("class" if self.class_names else "digit", "precision", "recall", "F1", "images")
        scores = [
            (
                self.name(each.digit),
                *(f"{x:.2%}" for x in (each.precision, each.recall, each.f1)),
                f"{each.support:,}",
            )
            for each in self.per_digit
        ]
        found = f"accuracy {self.accuracy:.2%} ({self.correct:,} of {self.images:,})"
        return f"<p>{found}, loss {self.loss:.4f}</p>" + put_side_by_side(
            draw_confusion(self.confusion, self.class_names),
            make_table(scores, headings, align="right"),
        )


def confusion_matrix(labels: Labels, predicted: Labels) -> NDArray[np.int64]:
    """Count the images of each pair of label and prediction.

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
    """Scale each row of outputs (…, 10) to sum to 1; a row of zeros becomes uniform."""
    total = outputs.sum(axis=-1, keepdims=True)
    scaled: Array
    if total.all():
        scaled = outputs / total
        return scaled
    scaled = np.where(total > 0, outputs / np.where(total > 0, total, 1), 1 / DIGITS)
    return scaled


def committee(
    networks: Sequence[Network], images: ArrayLike, temperatures: Sequence[float] | None = None
) -> Array:
    """Return the probabilities (n, 10) of images, averaged over networks; (10,) for one image.

    With temperatures, each network's probabilities are calibrated first.
    """
    members = [probabilities(network.outputs(images)) for network in networks]
    if temperatures:
        members = [apply_temperature(*pair) for pair in zip(members, temperatures, strict=True)]
    if len(members) == 1:
        return members[0]
    mean: Array = np.mean(members, axis=0)
    return mean


def evaluate(
    networks: Sequence[Network],
    images: ArrayLike,
    labels: ArrayLike,
    temperatures: Sequence[float] | None = None,
    workers: Workers | None = None,
    class_names: tuple[str, ...] | None = None,
) -> Evaluation:
    """Evaluate a network, or the average of several, on labelled images.

    Parameters
    ----------
    networks : sequence of Network
        With one network, the loss is its own, computed on its outputs.  With
        several, whose losses may differ, it is the cross-entropy of their
        averaged calibrated probabilities.
    images : (n, 28, 28) or (n, 784)
        Grey levels from 0 to 255, at least one image.
    labels : (n,)
        Integers from 0 to 9.
    temperatures : sequence of float, optional
        One per network, for calibration; 1 by default.
    workers : Workers, optional
        Threads that share the images; the caller's own by default.
    class_names : tuple of str, optional
        None for digits.

    Raises
    ------
    InputError
        If images or labels are not what they should be.
    DivergenceError
        If an output is not finite.
    """
    pixels, checked = check_pair(images, labels)
    members = tuple(
        _evaluate_network(network, temperature, pixels, checked, workers, class_names)
        for network, temperature in zip(networks, temperatures or [1] * len(networks), strict=True)
    )
    return members[0] if len(members) == 1 else _combine(members)


def _evaluate_network(
    network: Network,
    temperature: float,
    images: Bytes,
    labels: Labels,
    workers: Workers | None,
    class_names: tuple[str, ...] | None,
) -> Evaluation:
    outputs = network.outputs(images, workers=workers)
    targets = np.eye(DIGITS, dtype=outputs.dtype)[labels]
    uncalibrated = probabilities(outputs)
    return Evaluation(
        loss=LOSSES[network.loss].value(outputs.T, targets.T),
        labels=labels,
        digits=outputs.argmax(axis=1),
        probabilities=apply_temperature(uncalibrated, temperature),
        uncalibrated=uncalibrated,
        class_names=class_names,
    )


def _combine(members: tuple[Evaluation, ...]) -> Evaluation:
    """Return the evaluation of a committee of networks, each evaluated on the same images."""
    labels = members[0].labels
    calibrated: Array = np.mean([each.probabilities for each in members], axis=0)
    targets = np.eye(DIGITS, dtype=calibrated.dtype)[labels]
    return Evaluation(
        loss=LOSSES["cross-entropy"].value(calibrated.T, targets.T),
        labels=labels,
        digits=calibrated.argmax(axis=1),
        probabilities=calibrated,
        uncalibrated=np.mean([each.uncalibrated for each in members], axis=0),
        members=members,
        class_names=members[0].class_names,
    )
