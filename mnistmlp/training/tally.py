"""The training accuracy: counts recognised images at almost no cost."""

from __future__ import annotations

import math

import numpy as np

from mnistmlp.arrays import DIGITS, Array, Labels

CAPACITY = 1 << 16  # images counted at once, at most: 2.6 MB


class Tally:
    """Counts the images of an epoch whose label alone has the highest logit.

    Batches are only copied, and many are counted at once: with batches of 32, the calls
    would take longer than the counting.

    Parameters
    ----------
    labels : (N,)
        Of an epoch, in the order of its batches; read when counting.
    batch_size : int
        Largest n.
    dtype : dtype
        Of the logits.
    """

    def __init__(self, labels: Labels, batch_size: int, dtype: np.dtype[np.floating]) -> None:
        size = math.ceil(min(CAPACITY, len(labels)) / batch_size) * batch_size
        self.labels, self.batch_size = labels, batch_size
        self.logits: Array = np.empty((DIGITS, size), dtype)
        self.places = [  # made beforehand, because slicing takes as long as copying
            self.logits[:, start : start + batch_size] for start in range(0, size, batch_size)
        ]
        self.columns = np.arange(size)
        self.filled = self.counted = self.recognised = 0

    def add(self, logits: Array) -> None:
        """Record the logits (10, n) of a batch; only the last of an epoch may be short."""
        n = logits.shape[1]
        if self.filled == len(self.columns):
            self._count()
        place = self.places[self.filled // self.batch_size]
        if n < self.batch_size:
            place = place[:, :n]
        place[...] = logits
        self.filled += n

    def finish(self) -> int:
        """Return the number of images of the epoch that were recognised."""
        self._count()
        recognised, self.counted, self.recognised = self.recognised, 0, 0
        return recognised

    def _count(self) -> None:
        """Count the recorded images, and make room for more."""
        logits, columns = self.logits[:, : self.filled], self.columns[: self.filled]
        labels = self.labels[self.counted : self.counted + self.filled]
        as_high = (logits >= logits[labels, columns]).sum(
            axis=0, dtype=np.uint8
        )  # including the label's own
        self.recognised += int(np.count_nonzero(as_high == 1))
        self.counted += self.filled
        self.filled = 0
