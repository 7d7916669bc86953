"""Misclassified images, and the pairs of digits that are confused most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Array, Indices, Labels


@dataclass(frozen=True, eq=False, repr=False)
class Mistakes:
    """The misclassified images of an evaluation, most confident first."""

    indices: Indices  # (m,), into the evaluated images
    labels: Labels  # (m,), what they show
    digits: Indices  # (m,), what they were read as
    probabilities: Array  # (m, 10), calibrated

    @property
    def confidences(self) -> Array:
        """The probabilities (m,) of the predicted digits."""
        return pick(self.probabilities, self.digits)

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        return f"<Mistakes: {len(self):,} misread images>"


@dataclass(frozen=True)
class ConfusedPair:
    """How often one digit was read as another."""

    actual: int
    predicted: int
    count: int

    def __str__(self) -> str:
        return self.describe(str)

    def describe(self, name: Callable[[int], str]) -> str:
        """Say what was read as what, with the names of the classes."""
        times = f"{self.count:,} times" if self.count > 1 else "once"
        return f"{name(self.actual)} as {name(self.predicted)} ({times})"


def pick(probabilities: Array, digits: Indices) -> Array:
    """Return the probability of each row's digit (n,), given (n, 10) and (n,)."""
    picked: Array = probabilities[np.arange(len(digits)), digits]
    return picked


def collect_mistakes(labels: Labels, digits: Indices, probabilities: Array) -> Mistakes:
    """Return the images whose prediction is not their label; ties are ordered by index.

    Parameters
    ----------
    labels, digits : (n,)
        What each image shows, and what it was read as.
    probabilities : (n, 10)
    """
    wrong = np.flatnonzero(labels != digits)
    wrong = wrong[np.argsort(-pick(probabilities[wrong], digits[wrong]), kind="stable")]
    return Mistakes(wrong, labels[wrong], digits[wrong], probabilities[wrong])


def most_confused(confusion: NDArray[np.int64], count: int) -> list[ConfusedPair]:
    """Return the pairs of digits that are confused most, from a confusion matrix (10, 10).

    At most `count`, most frequent first; ties are in the order of the matrix.
    """
    pairs = [
        ConfusedPair(actual, predicted, int(confusion[actual, predicted]))
        for actual, predicted in np.argwhere(confusion).tolist()
        if actual != predicted
    ]
    return sorted(pairs, key=lambda pair: -pair.count)[:count]
