"""Misread images, and the pairs of digits that are confused most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Array, Indices, Labels


@dataclass(frozen=True, eq=False, repr=False)
class Mistakes:
    """The misread images of an evaluation, most confident mistake first."""

    indices: Indices  # (m,), of the images among all that were evaluated
    labels: Labels  # (m,), what they show
    digits: Indices  # (m,), what they were read as
    probabilities: Array  # (m, 10), calibrated

    @property
    def confidences(self) -> Array:
        """The probabilities (m,) of the digits that they were read as."""
        return pick(self.probabilities, self.digits)

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        return f"<Mistakes: {len(self):,} misread images>"


@dataclass(frozen=True)
class ConfusedPair:
    """How often a digit was read as another one."""

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
    """Return the probability of the digit in each row: (n,), of (n, 10) and (n,)."""
    picked: Array = probabilities[np.arange(len(digits)), digits]
    return picked


def collect_mistakes(labels: Labels, digits: Indices, probabilities: Array) -> Mistakes:
    """Return the images whose digit is not their label; equally confident ones by index.

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

    There are at most `count`, the most frequent first; of equally frequent ones,
    the first in the matrix.
    """
    pairs = [
        ConfusedPair(actual, predicted, int(confusion[actual, predicted]))
        for actual, predicted in np.argwhere(confusion).tolist()
        if actual != predicted
    ]
    return sorted(pairs, key=lambda pair: -pair.count)[:count]
